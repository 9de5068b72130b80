// SPDX-License-Identifier: MIT
//! PLAN: the steps of a closure, as text. Its grammar is [`GRAMMAR`], which every PLAN begins with.
//!
//! The parser borrows from the text and checks each line by itself; [`Plan::check`] checks how the steps hang
//! together. Both sides use both: the packer before it writes a closure, the monitor before it runs one.
//!
//! Over 500 lines: the grammar, its types, its reader and its writer stay equal only beside each other.

use crate::hex::Digest;
use crate::path;
use crate::payload::decimal;
use crate::place;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The comment that the packer writes at the head of each PLAN.
pub const GRAMMAR: &str = "\
# PLAN: what is run, in this order. One statement a line; '#' begins a comment line; blanks indent.
#   plan 1                        version of this grammar; first statement
#   goal NAME                     what this plan makes
#   arch aarch64|x86_64           the processor it makes it for
#   steps N                       how many steps follow
#   keep PATH                     what of the outputs is in the root file system; no such line: everything
#   drop PATH                     what of that is not
#   step NAME                     begins a step
#     in PATH                     a file of the closure (at /PATH) or an output of an earlier step
#     out PATH [sha256 HEX]       must exist when the step ends; only outputs are kept
#     env NAME=VALUE              the whole environment
#     cwd PATH                    working directory, / if absent
#     run WORD... [< FILE] [> FILE [mode OCTAL]]
#                                 one program; words are split at blanks; \"a b\" is one word, in it \\\" and \\\\
#                                 stand for \" and \\; mode is 644 if absent; status 0 or the step fails
#   end                           ends a step
# Paths are absolute. PATH/ means everything below. A step sees its inputs at their paths and nothing else.
";

/// The processor that a closure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arch {
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit x86.
    X86_64,
}

impl Arch {
    /// Both, in order.
    pub const ALL: [Arch; 2] = [Arch::Aarch64, Arch::X86_64];

    /// The name used in every file and option.
    pub fn name(self) -> &'static str {
        match self {
            Arch::Aarch64 => "aarch64",
            Arch::X86_64 => "x86_64",
        }
    }

    /// The architecture of this name.
    pub fn parse(name: &str) -> Option<Arch> {
        match name {
            "aarch64" => Some(Arch::Aarch64),
            "x86_64" => Some(Arch::X86_64),
            _ => None,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An output of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// A path, or `PATH/` for everything below.
    pub path: &'a str,
    /// The digest that it must have (never for `PATH/`).
    pub sha256: Option<Digest>,
}

/// Where the standard output of a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect<'a> {
    /// The file, created or truncated.
    pub path: &'a str,
    /// Its permission bits.
    pub mode: u32,
}

/// One program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Line of PLAN, from 1.
    pub line: usize,
    /// The argument words; the first is the program's path. Never empty.
    pub words: Vec<String>,
    /// Standard input's file; none: standard input is empty.
    pub stdin: Option<&'a str>,
    /// Standard output's file; none: the console.
    pub stdout: Option<Redirect<'a>>,
}

impl Run<'_> {
    fn new(line: usize) -> Self {
        Run { line, words: Vec::new(), stdin: None, stdout: None }
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Line of PLAN, from 1.
    pub line: usize,
    /// Name; unique in the plan; letters, digits, `.`, `_`, `-`, `+`.
    pub name: &'a str,
    /// What the step sees: paths and `PATH/`.
    pub inputs: Vec<&'a str>,
    /// What it makes.
    pub outputs: Vec<Output<'a>>,
    /// The environment, `NAME=VALUE` each.
    pub env: Vec<&'a str>,
    /// Working directory.
    pub cwd: &'a str,
    /// The programs, in order.
    pub runs: Vec<Run<'a>>,
}

/// A parsed PLAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// What the plan makes.
    pub goal: &'a str,
    /// For which processor.
    pub arch: Arch,
    /// What of the outputs is in the root file system; empty: everything.
    pub keep: Vec<&'a str>,
    /// What of that is not.
    pub drop: Vec<&'a str>,
    /// The steps, in order.
    pub steps: Vec<Step<'a>>,
}

/// What is wrong with a PLAN, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError<'a> {
    /// Line, from 1; 0: the PLAN as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: PlanProblem,
    /// The path that it is about, where that is not seen in the line.
    pub path: &'a str,
}

impl PlanError<'static> {
    /// An error that is seen in its line.
    pub fn new(line: usize, problem: PlanProblem) -> Self {
        PlanError { line, problem, path: "" }
    }
}

/// The kinds of errors in a PLAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanProblem {
    /// Something other than printable ASCII, or the last line does not end.
    NotText,
    /// The first statement is not `plan 1`.
    Version,
    /// A statement that the grammar does not have, or has in another place.
    Statement,
    /// A path that is not absolute and clean.
    Path,
    /// A malformed name, number, digest or `NAME=VALUE`.
    Value,
    /// A quote that does not end, or text right behind one.
    Quote,
    /// `run` without a word, or words behind a redirection.
    Run,
    /// A statement that stands once, twice.
    Twice,
    /// `end`, `steps`, `goal` or `arch` is missing.
    Missing,
    /// `steps N` and the number of steps differ.
    StepCount,
    /// An input that is no file of the closure and no output of an earlier step.
    Input,
    /// An output that an earlier step makes too, or that is a file of the closure.
    Output,
    /// A kept or dropped path that no step makes.
    Keep,
}

impl fmt::Display for PlanError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "PLAN: ")?,
            line => write!(f, "PLAN, line {line}: ")?,
        }
        let path = self.path;
        match self.problem {
            PlanProblem::NotText => write!(f, "not printable ASCII, or cut off"),
            PlanProblem::Version => write!(f, "the first statement must be 'plan 1'"),
            PlanProblem::Statement => write!(f, "unknown or misplaced statement"),
            PlanProblem::Path => write!(f, "not a clean absolute path"),
            PlanProblem::Value => write!(f, "malformed value"),
            PlanProblem::Quote => write!(f, "quote does not end, or text follows it"),
            PlanProblem::Run => {
                write!(f, "'run' wants words, then at most one '< FILE' and one '> FILE [mode OCTAL]'")
            }
            PlanProblem::Twice => write!(f, "stands twice"),
            PlanProblem::Missing => write!(f, "one of 'end', 'steps', 'goal' and 'arch' is missing"),
            PlanProblem::StepCount => write!(f, "'steps' is not the number of steps: cut off?"),
            PlanProblem::Input => {
                write!(f, "input {path} is no file of the closure and no output of an earlier step")
            }
            PlanProblem::Output => write!(f, "output {path} exists already"),
            PlanProblem::Keep => write!(f, "kept or dropped {path} is made by no step"),
        }
    }
}

impl core::error::Error for PlanError<'_> {}

/// Bytes as text, one character each. Those that are not ASCII stay so: [`Plan::parse`] refuses them.
#[inline(never)]
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        text.push(char::from(*byte));
    }
    text
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Plan { goal: "", arch: Arch::Aarch64, keep: Vec::new(), drop: Vec::new(), steps: Vec::new() }
    }
}

impl<'a> Plan<'a> {
    /// Reads a PLAN.
    pub fn parse(text: &'a str) -> Result<Plan<'a>, PlanError<'static>> {
        let mut plan = Plan::default();
        plan.read(text)?;
        Ok(plan)
    }

    /// Fills a new, empty plan.
    pub fn read(&mut self, mut text: &'a str) -> Result<(), PlanError<'static>> {
        if !text.ends_with("\n") {
            return Err(PlanError::new(0, PlanProblem::NotText));
        }
        let mut parser = Parser { line: 0, version: false, plan: self, count: 0, seen: 0, open: false };
        while !text.is_empty() {
            parser.line += 1;
            let line = take(&mut text, b'\n');
            parser.statement(line).map_err(|problem| PlanError::new(parser.line, problem))?;
        }
        parser.finish().map_err(|problem| PlanError::new(0, problem))
    }

    /// Checks that every input exists when its step begins, every output is new, and what is kept or dropped is made.
    /// `is_member` tells whether the closure has the file `PATH`, or files below `PATH/`.
    pub fn check(&self, is_member: impl Fn(&str) -> bool) -> Result<(), PlanError<'a>> {
        for (number, step) in self.steps.iter().enumerate() {
            let before = &self.steps[..number];
            let fail = |problem, path| Err(PlanError { line: step.line, problem, path });
            for &input in &step.inputs {
                if !is_member(input) && !make(before, input) {
                    return fail(PlanProblem::Input, input);
                }
            }
            for output in &step.outputs {
                if is_member(output.path) || make(before, output.path) {
                    return fail(PlanProblem::Output, output.path);
                }
            }
        }
        for &path in self.keep.iter().chain(&self.drop) {
            if !make(&self.steps, path) {
                return Err(PlanError { line: 0, problem: PlanProblem::Keep, path });
            }
        }
        Ok(())
    }

    /// Whether an output at `path` is in the root file system.
    pub fn keeps<T: AsRef<[u8]> + ?Sized>(&self, path: &T) -> bool {
        let named = |list: &[&str]| list.iter().any(|pattern| path::covers(pattern, path));
        (self.keep.is_empty() || named(&self.keep)) && !named(&self.drop)
    }
}

/// Whether two patterns (paths, or `PATH/`) have a path in common.
pub fn overlap(a: &str, b: &str) -> bool {
    path::covers(a, b) || path::covers(b, a)
}

/// Whether one of the steps makes the path, or something of the pattern.
fn make(steps: &[Step<'_>], path: &str) -> bool {
    steps.iter().any(|step| step.outputs.iter().any(|output| overlap(output.path, path)))
}

fn is_printable(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Whether `name` can name a step or a goal.
pub fn is_name(name: &str) -> bool {
    let ok = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'_' | b'-' | b'+');
    !name.is_empty() && name.len() <= 64 && name.bytes().all(ok)
}

/// The statements but `plan 1`: those about the whole plan, which stand before the first step, `step`, and those of a
/// step. [`key`] has their places in this list.
const KEYS: &str = "goal arch steps keep drop step in out env cwd run end";
mod key {
    pub const GOAL: usize = 0;
    pub const ARCH: usize = 1;
    pub const STEPS: usize = 2;
    pub const KEEP: usize = 3;
    pub const DROP: usize = 4;
    pub const STEP: usize = 5;
    pub const IN: usize = 6;
    pub const OUT: usize = 7;
    pub const ENV: usize = 8;
    pub const CWD: usize = 9;
    pub const RUN: usize = 10;
    pub const END: usize = 11;
}
/// Those that stand once, in the plan or in a step; the first of them must stand.
const ONCE: u32 = REQUIRED | 1 << key::CWD;
const REQUIRED: u32 = 1 << key::GOAL | 1 << key::ARCH | 1 << key::STEPS;

struct Parser<'p, 'a> {
    line: usize,
    version: bool,
    plan: &'p mut Plan<'a>,
    /// What `steps N` says.
    count: u64,
    /// The statements that stood already, by the places of their keys; of those of a step, in this one.
    seen: u32,
    /// The last of the steps has not ended.
    open: bool,
}

fn absolute(text: &str) -> Result<&str, PlanProblem> {
    if path::is_absolute(text) { Ok(text) } else { Err(PlanProblem::Path) }
}

fn name(text: &str) -> Result<&str, PlanProblem> {
    if is_name(text) { Ok(text) } else { Err(PlanProblem::Value) }
}

impl<'a> Parser<'_, 'a> {
    fn statement(&mut self, line: &'a str) -> Result<(), PlanProblem> {
        if !is_printable(line) {
            return Err(PlanProblem::NotText);
        }
        let mut words = Words::new(line);
        if words.is_empty() || words.0.starts_with('#') {
            return Ok(());
        }
        let key = words.next();
        if !self.version {
            self.version = key == "plan" && words.rest() == "1";
            return if self.version { Ok(()) } else { Err(PlanProblem::Version) };
        }
        let plan = &mut *self.plan;
        let key = match place(KEYS, key.as_bytes()) {
            Some(key @ ..key::STEP) if plan.steps.is_empty() => key,
            Some(key::STEP) if !self.open => key::STEP,
            Some(key) if key > key::STEP && self.open => key,
            _ => return Err(PlanProblem::Statement),
        };
        if self.seen & ONCE & 1 << key != 0 {
            return Err(PlanProblem::Twice);
        }
        self.seen |= 1 << key;
        match (key, plan.steps.last_mut()) {
            (key::GOAL, _) => plan.goal = name(words.next())?,
            (key::ARCH, _) => plan.arch = Arch::parse(words.next()).ok_or(PlanProblem::Value)?,
            (key::STEPS, _) => self.count = decimal(words.next().as_bytes()).ok_or(PlanProblem::Value)?,
            (key::KEEP, _) => plan.keep.push(words.pattern()?),
            (key::DROP, _) => plan.drop.push(words.pattern()?),
            (key::STEP, _) => {
                let name = name(words.next())?;
                if plan.steps.iter().any(|step| step.name == name) {
                    return Err(PlanProblem::Twice);
                }
                let (inputs, outputs, env, runs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                plan.steps.push(Step { line: self.line, name, inputs, outputs, env, cwd: "/", runs });
                self.open = true;
                self.seen &= !(1 << key::CWD);
            }
            (key::IN, Some(step)) => step.inputs.push(words.pattern()?),
            (key::OUT, Some(step)) => {
                let path = words.pattern()?;
                let mut sha256 = None;
                if !words.is_empty() {
                    if words.next() != "sha256" {
                        return Err(PlanProblem::Statement);
                    }
                    // A tree has no digest of its own.
                    absolute(path)?;
                    sha256 = Some(Digest::parse(words.next().as_bytes()).ok_or(PlanProblem::Value)?);
                }
                step.outputs.push(Output { path, sha256 });
            }
            (key::ENV, Some(step)) => {
                let variable = words.rest();
                if variable.bytes().position(|b| b == b'=').unwrap_or(0) == 0 {
                    return Err(PlanProblem::Statement);
                }
                step.env.push(variable);
            }
            (key::CWD, Some(step)) => {
                let cwd = words.next();
                step.cwd = if cwd == "/" { cwd } else { absolute(cwd)? };
            }
            (key::RUN, Some(step)) => {
                step.runs.push(Run::new(self.line));
                step.runs.last_mut().map_or(Ok(()), |run| words.run(run))?;
            }
            (key::END, _) => self.open = false,
            _ => return Err(PlanProblem::Statement),
        }
        if words.is_empty() { Ok(()) } else { Err(PlanProblem::Statement) }
    }

    fn finish(self) -> Result<(), PlanProblem> {
        if !self.version {
            return Err(PlanProblem::Version);
        }
        if self.seen & REQUIRED != REQUIRED || self.open {
            return Err(PlanProblem::Missing);
        }
        if self.count != self.plan.steps.len() as u64 {
            return Err(PlanProblem::StepCount);
        }
        Ok(())
    }
}

/// Takes off what stands before the next separator, and that; everything if there is none.
fn take<'a>(text: &mut &'a str, separator: u8) -> &'a str {
    let end = text.bytes().position(|b| b == separator);
    let (part, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest.get(1..).unwrap_or_default();
    part
}

/// What is left of a line. There is no blank at its end.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn new(mut line: &'a str) -> Self {
        while let Some(rest) = line.strip_suffix(' ') {
            line = rest;
        }
        Words(line)
    }

    /// Whether nothing is left; blanks before what is left are gone.
    fn is_empty(&mut self) -> bool {
        while let Some(rest) = self.0.strip_prefix(' ') {
            self.0 = rest;
        }
        self.0.is_empty()
    }

    /// What stands before the next blank; empty at the end.
    fn next(&mut self) -> &'a str {
        self.is_empty();
        take(&mut self.0, b' ')
    }

    /// All that is left.
    fn rest(&mut self) -> &'a str {
        self.is_empty();
        core::mem::take(&mut self.0)
    }

    fn path(&mut self) -> Result<&'a str, PlanProblem> {
        absolute(self.next())
    }

    fn pattern(&mut self) -> Result<&'a str, PlanProblem> {
        let pattern = self.next();
        absolute(path::split_tree(pattern).0).map(|_| pattern)
    }

    /// `WORD... [< FILE] [> FILE [mode OCTAL]]`
    fn run(&mut self, run: &mut Run<'a>) -> Result<(), PlanProblem> {
        while !self.is_empty() {
            let redirected = run.stdin.is_some() || run.stdout.is_some();
            let quoted = self.0.starts_with('"');
            if !quoted {
                let before = self.0;
                match self.next() {
                    "<" if !redirected => {
                        run.stdin = Some(self.path()?);
                        continue;
                    }
                    ">" if run.stdout.is_none() => {
                        run.stdout = Some(Redirect { path: self.path()?, mode: 0o644 });
                        continue;
                    }
                    "mode" if redirected => {
                        let stdout = run.stdout.as_mut().ok_or(PlanProblem::Run)?;
                        stdout.mode = octal(self.next()).ok_or(PlanProblem::Value)?;
                        if !self.is_empty() {
                            return Err(PlanProblem::Run);
                        }
                        break;
                    }
                    _ => self.0 = before,
                }
            }
            if redirected {
                return Err(PlanProblem::Run);
            }
            run.words.push(self.word(quoted)?);
        }
        match run.words.first() {
            Some(program) if path::is_absolute(program) => Ok(()),
            Some(_) => Err(PlanProblem::Path),
            None => Err(PlanProblem::Run),
        }
    }

    /// The next word of a program's arguments.
    fn word(&mut self, quoted: bool) -> Result<String, PlanProblem> {
        let line = self.0.as_bytes();
        let mut word = Vec::new();
        let mut at = usize::from(quoted);
        loop {
            let mut byte = match line.get(at) {
                Some(b' ') | None if !quoted => break,
                Some(b'"') => {
                    at += 1;
                    if !quoted || !matches!(line.get(at), Some(b' ') | None) {
                        return Err(PlanProblem::Quote);
                    }
                    break;
                }
                Some(byte) => *byte,
                None => return Err(PlanProblem::Quote),
            };
            if quoted && byte == b'\\' {
                at += 1;
                byte = match line.get(at) {
                    Some(byte @ (b'"' | b'\\')) => *byte,
                    _ => return Err(PlanProblem::Quote),
                };
            }
            word.push(byte);
            at += 1;
        }
        self.0 = &self.0[at..];
        Ok(text(&word))
    }
}

/// Three octal digits.
fn octal(text: &str) -> Option<u32> {
    let mut mode = 0;
    for b in text.bytes() {
        if !matches!(b, b'0'..=b'7') {
            return None;
        }
        mode = mode << 3 | u32::from(b - b'0');
    }
    (text.len() == 3).then_some(mode)
}

/// Reads what follows `run`: for the packer, which takes commands from elsewhere.
pub fn run(text: &str, line: usize) -> Result<Run<'_>, PlanProblem> {
    if !is_printable(text) {
        return Err(PlanProblem::NotText);
    }
    let mut run = Run::new(line);
    Words::new(text).run(&mut run)?;
    Ok(run)
}

/// `word` as it stands in a `run` line; `None` if no spelling reads back as it.
pub fn quote(word: &str) -> Option<String> {
    if !is_printable(word) {
        return None;
    }
    let plain = !word.is_empty() && !matches!(word, "<" | ">" | "mode") && !word.contains([' ', '"']);
    if plain {
        return Some(word.into());
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    Some(out)
}

/// Writes the statements; [`GRAMMAR`] stands before them.
impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{GRAMMAR}plan 1\ngoal {}\narch {}\nsteps {}\n", self.goal, self.arch, self.steps.len())?;
        self.keep.iter().try_for_each(|path| writeln!(f, "keep {path}"))?;
        self.drop.iter().try_for_each(|path| writeln!(f, "drop {path}"))?;
        self.steps.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "step {}", self.name)?;
        self.inputs.iter().try_for_each(|input| writeln!(f, "  in {input}"))?;
        for output in &self.outputs {
            write!(f, "  out {}", output.path)?;
            if let Some(digest) = output.sha256 {
                write!(f, " sha256 {digest}")?;
            }
            writeln!(f)?;
        }
        self.env.iter().try_for_each(|env| writeln!(f, "  env {env}"))?;
        if self.cwd != "/" {
            writeln!(f, "  cwd {}", self.cwd)?;
        }
        self.runs.iter().try_for_each(|run| writeln!(f, "  run {run}"))?;
        writeln!(f, "end")
    }
}

impl fmt::Display for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", quote(word).ok_or(fmt::Error)?)?;
        }
        if let Some(path) = self.stdin {
            write!(f, " < {path}")?;
        }
        if let Some(stdout) = self.stdout {
            write!(f, " > {}", stdout.path)?;
            if stdout.mode != 0o644 {
                write!(f, " mode {:03o}", stdout.mode)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"# a comment
plan 1
goal hex
arch aarch64
steps 2
keep /bin/
step hex0
  in /seed/hex0
  in /src/hex0/
  out /bin/hex0 sha256 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
  run /seed/hex0 < /src/hex0/hex0.hex0 > /bin/hex0 mode 755
end
step use
  in /bin/hex0
  out /build/use/
  env A=b c
  cwd /build/use
  run /bin/hex0 "two words" "" "a\"b\\" plain-DX+=\ "<" ">" "mode" > /build/use/x
end
"#;

    #[test]
    fn example_parses_and_prints_back() {
        let plan = Plan::parse(EXAMPLE).unwrap();
        assert_eq!((plan.goal, plan.arch, plan.steps.len()), ("hex", Arch::Aarch64, 2));
        assert_eq!(plan.steps[0].runs[0].stdout, Some(Redirect { path: "/bin/hex0", mode: 0o755 }));
        assert_eq!(plan.steps[0].runs[0].stdin, Some("/src/hex0/hex0.hex0"));
        let words = ["/bin/hex0", "two words", "", "a\"b\\", "plain-DX+=\\", "<", ">", "mode"];
        assert_eq!(plan.steps[1].runs[0].words, words);
        assert_eq!(plan.steps[1].env, ["A=b c"]);
        plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap();

        let printed = plan.to_string();
        let again = Plan::parse(&printed).unwrap();
        assert_eq!(again.to_string(), printed);
        assert_eq!(again.steps[1].runs[0].words, plan.steps[1].runs[0].words);
        // A mode is three digits, whatever they are.
        let text = EXAMPLE.replace("mode 755", "mode 036");
        let printed = Plan::parse(&text).unwrap().to_string();
        let again = Plan::parse(&printed).unwrap();
        assert_eq!(again.steps[0].runs[0].stdout, Some(Redirect { path: "/bin/hex0", mode: 0o036 }));
    }

    #[test]
    fn each_broken_line_is_named() {
        let cases: [(&str, &str, PlanProblem); 15] = [
            ("plan 1", "plan 2", PlanProblem::Version),
            ("goal hex", "goal h/x", PlanProblem::Value),
            ("arch aarch64", "arch arm64", PlanProblem::Value),
            ("arch aarch64", "goal twice", PlanProblem::Twice),
            ("  in /seed/hex0", "  in seed/hex0", PlanProblem::Path),
            ("  in /seed/hex0", "  in /seed/../hex0", PlanProblem::Path),
            ("  in /seed/hex0", "  include /x", PlanProblem::Statement),
            ("env A=b c", "env A=b\u{e9}c", PlanProblem::NotText),
            ("sha256 0011", "sha256 0X11", PlanProblem::Value),
            ("mode 755", "mode 955", PlanProblem::Value),
            ("mode 755", "more", PlanProblem::Run),
            ("run /seed/hex0 <", "run <", PlanProblem::Run),
            ("\"two words\"", "\"two words", PlanProblem::Quote),
            ("step use", "step hex0", PlanProblem::Twice),
            ("  cwd /build/use", "  cwd build", PlanProblem::Path),
        ];
        for (from, to, problem) in cases {
            let text = EXAMPLE.replacen(from, to, 1);
            let line = 1 + text.lines().collect::<Vec<_>>().iter().rposition(|l| l.contains(to)).unwrap();
            let error = Plan::parse(&text).expect_err(to);
            assert_eq!(error, PlanError::new(line, problem), "{to}");
        }
    }

    #[test]
    fn other_bytes_than_printable_ascii_are_refused() {
        for byte in (0..b' ').chain(0x7f..=0xff).filter(|&byte| byte != b'\n') {
            let bytes: Vec<u8> = EXAMPLE.bytes().map(|b| if b == b'+' { byte } else { b }).collect();
            let refused = Plan::parse(&text(&bytes)).map(drop);
            assert_eq!(refused, Err(PlanError::new(18, PlanProblem::NotText)), "{byte}");
        }
        assert_eq!(text(EXAMPLE.as_bytes()), EXAMPLE);
        assert_eq!(run("/bin/echo é", 1), Err(PlanProblem::NotText));
        assert_eq!(quote("é"), None);
    }

    #[test]
    fn every_truncation_is_an_error() {
        for len in 0..EXAMPLE.len() {
            assert!(Plan::parse(&EXAMPLE[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn inputs_and_outputs_hang_together() {
        let plan = Plan::parse(EXAMPLE).unwrap();
        let error = plan.check(|path| path.starts_with("/src/")).unwrap_err();
        assert_eq!(error, PlanError { line: 7, problem: PlanProblem::Input, path: "/seed/hex0" });
        let error = plan.check(|_| true).unwrap_err();
        assert_eq!(error, PlanError { line: 7, problem: PlanProblem::Output, path: "/bin/hex0" });
        let text = EXAMPLE.replace("keep /bin/", "keep /usr/");
        let plan = Plan::parse(&text).unwrap();
        let error = plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap_err();
        assert_eq!((error.problem, error.path), (PlanProblem::Keep, "/usr/"));
        let text = EXAMPLE.replace("keep /bin/", "drop /bin/hex1");
        let plan = Plan::parse(&text).unwrap();
        let error = plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap_err();
        assert_eq!((error.problem, error.path), (PlanProblem::Keep, "/bin/hex1"));
    }

    #[test]
    fn what_is_kept_and_not_dropped_is_in_the_root() {
        let kept = |lines: &str, path: &str| {
            let text = EXAMPLE.replace("keep /bin/\n", lines);
            let plan = Plan::parse(&text).unwrap();
            assert_eq!(Plan::parse(&plan.to_string()).unwrap().to_string(), plan.to_string());
            plan.keeps(path)
        };
        assert!(kept("", "/build/use/x") && kept("keep /bin/\n", "/bin/hex0"));
        assert!(!kept("keep /bin/\n", "/build/use/x") && !kept("keep /bin/\ndrop /bin/hex0\n", "/bin/hex0"));
        assert!(!kept("drop /bin/\n", "/bin/hex0") && kept("drop /bin/\n", "/build/use/x"));
    }

    #[test]
    fn arbitrary_edits_never_panic() {
        for at in 0..EXAMPLE.len() {
            for value in ["\0", "\"", "\\", " ", "<", "/", ">", "\n", "#", "\u{ff}", "7", ""] {
                let mut text = String::from(EXAMPLE);
                text.replace_range(at..=at, value);
                if let Ok(plan) = Plan::parse(&text) {
                    assert!(text.is_ascii());
                    let _ = plan.check(|_| false);
                }
            }
        }
    }
}

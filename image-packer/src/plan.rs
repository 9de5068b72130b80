// SPDX-License-Identifier: MIT
//! PLAN: the steps of a closure, as text. Its grammar is [`GRAMMAR`], which every PLAN begins with.
//!
//! The parser borrows from the text and checks each line by itself; [`Plan::check`] checks how the steps hang
//! together. Both sides use both: the packer before it writes a closure, the monitor before it runs one.

use crate::hex::Digest;
use crate::path;
use crate::payload::decimal;
use crate::text;
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
pub struct PlanError {
    /// Line, from 1; 0: the PLAN as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: PlanProblem,
    /// The path that it is about, where that is not seen in the line.
    pub path: String,
}

impl PlanError {
    /// An error that is seen in its line.
    pub fn new(line: usize, problem: PlanProblem) -> PlanError {
        PlanError { line, problem, path: String::new() }
    }
}

/// The kinds of errors in a PLAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanProblem {
    /// Not UTF-8 text without control bytes, or the last line does not end.
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

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "PLAN: ")?,
            line => write!(f, "PLAN, line {line}: ")?,
        }
        let path = &self.path;
        match self.problem {
            PlanProblem::NotText => write!(f, "not text, or cut off"),
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

impl core::error::Error for PlanError {}

impl<'a> Plan<'a> {
    /// Reads a PLAN.
    pub fn parse(bytes: &'a [u8]) -> Result<Plan<'a>, PlanError> {
        let Some(text) = bytes.strip_suffix(b"\n").filter(|text| core::str::from_utf8(text).is_ok()) else {
            return Err(PlanError::new(0, PlanProblem::NotText));
        };
        let mut parser = Parser::default();
        for line in text.split(|&b| b == b'\n') {
            parser.line += 1;
            parser.statement(line).map_err(|problem| PlanError::new(parser.line, problem))?;
        }
        parser.finish().map_err(|problem| PlanError::new(0, problem))
    }

    /// Checks that every input exists when its step begins, every output is new, and what is kept or dropped is made.
    /// `is_member` tells whether the closure has the file `PATH`, or files below `PATH/`.
    pub fn check(&self, is_member: impl Fn(&str) -> bool) -> Result<(), PlanError> {
        let mut made: Vec<&str> = Vec::new();
        for step in &self.steps {
            let fail = |problem, path: &str| Err(PlanError { line: step.line, problem, path: path.into() });
            for &input in &step.inputs {
                if !is_member(input) && !overlaps(&made, input) {
                    return fail(PlanProblem::Input, input);
                }
            }
            for output in &step.outputs {
                if is_member(output.path) || overlaps(&made, output.path) {
                    return fail(PlanProblem::Output, output.path);
                }
            }
            for output in &step.outputs {
                made.push(output.path);
            }
        }
        for &path in self.keep.iter().chain(&self.drop) {
            if !overlaps(&made, path) {
                return Err(PlanError { line: 0, problem: PlanProblem::Keep, path: path.into() });
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

fn overlaps(made: &[&str], path: &str) -> bool {
    made.iter().any(|out| overlap(out, path))
}

/// Whether `name` can name a step or a goal.
pub fn is_name(name: &str) -> bool {
    let ok = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'_' | b'-' | b'+');
    !name.is_empty() && name.len() <= 64 && name.bytes().all(ok)
}

#[derive(Default)]
struct Parser<'a> {
    line: usize,
    version: bool,
    goal: Option<&'a str>,
    arch: Option<Arch>,
    count: Option<u64>,
    keep: Vec<&'a str>,
    drop: Vec<&'a str>,
    steps: Vec<Step<'a>>,
    /// The last of the steps has not ended.
    open: bool,
}

fn absolute(text: &str) -> Result<&str, PlanProblem> {
    if path::is_absolute(text) { Ok(text) } else { Err(PlanProblem::Path) }
}

fn name(text: &str) -> Result<&str, PlanProblem> {
    if is_name(text) { Ok(text) } else { Err(PlanProblem::Value) }
}

impl<'a> Parser<'a> {
    fn statement(&mut self, mut line: &'a [u8]) -> Result<(), PlanProblem> {
        if line.iter().any(|&b| b < b' ' || b == 0x7f) {
            return Err(PlanProblem::NotText);
        }
        while let [rest @ .., b' '] = line {
            line = rest;
        }
        let mut words = Words(line);
        if words.is_empty() || words.0[0] == b'#' {
            return Ok(());
        }
        let key = words.next();
        if !self.version {
            self.version = key == "plan" && words.rest() == "1";
            return if self.version { Ok(()) } else { Err(PlanProblem::Version) };
        }
        let mut twice = false;
        match self.steps.last_mut() {
            Some(step) if self.open => match key {
                "in" => step.inputs.push(words.pattern()?),
                "out" => {
                    step.outputs.push(Output { path: words.pattern()?, sha256: None });
                    if !words.is_empty()
                        && let Some(output) = step.outputs.last_mut()
                    {
                        if words.next() != "sha256" {
                            return Err(PlanProblem::Statement);
                        }
                        output.sha256 = Some(Digest::parse(words.next()).ok_or(PlanProblem::Value)?);
                        // A tree has no digest of its own.
                        absolute(output.path)?;
                    }
                }
                "env" => {
                    let variable = words.rest();
                    if variable.bytes().position(|b| b == b'=').unwrap_or(0) == 0 {
                        return Err(PlanProblem::Statement);
                    }
                    step.env.push(variable);
                }
                "cwd" => {
                    twice = step.cwd != "/";
                    let cwd = words.next();
                    step.cwd = if cwd == "/" { cwd } else { absolute(cwd)? };
                }
                "run" => {
                    step.runs.push(Run::new(self.line));
                    step.runs.last_mut().map_or(Ok(()), |run| words.run(run))?;
                }
                "end" => self.open = false,
                _ => return Err(PlanProblem::Statement),
            },
            _ => match key {
                "step" => {
                    let name = name(words.next())?;
                    twice = self.steps.iter().any(|step| step.name == name);
                    let (inputs, outputs, env, runs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                    self.steps.push(Step { line: self.line, name, inputs, outputs, env, cwd: "/", runs });
                    self.open = true;
                }
                _ if !self.steps.is_empty() => return Err(PlanProblem::Statement),
                "goal" => twice = self.goal.replace(name(words.next())?).is_some(),
                "arch" => {
                    let arch = Arch::parse(words.next()).ok_or(PlanProblem::Value)?;
                    twice = self.arch.replace(arch).is_some();
                }
                "steps" => {
                    let count = decimal(words.next()).ok_or(PlanProblem::Value)?;
                    twice = self.count.replace(count).is_some();
                }
                "keep" => self.keep.push(words.pattern()?),
                "drop" => self.drop.push(words.pattern()?),
                _ => return Err(PlanProblem::Statement),
            },
        }
        if !words.is_empty() {
            return Err(PlanProblem::Statement);
        }
        if twice { Err(PlanProblem::Twice) } else { Ok(()) }
    }

    fn finish(self) -> Result<Plan<'a>, PlanProblem> {
        if !self.version {
            return Err(PlanProblem::Version);
        }
        let (Some(goal), Some(arch), Some(count), false) = (self.goal, self.arch, self.count, self.open)
        else {
            return Err(PlanProblem::Missing);
        };
        if count != self.steps.len() as u64 {
            return Err(PlanProblem::StepCount);
        }
        Ok(Plan { goal, arch, keep: self.keep, drop: self.drop, steps: self.steps })
    }
}

/// What is left of a line. There is no blank at its end.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Whether nothing is left; blanks before what is left are gone.
    fn is_empty(&mut self) -> bool {
        while let [b' ', rest @ ..] = self.0 {
            self.0 = rest;
        }
        self.0.is_empty()
    }

    /// What stands before the next blank; empty at the end.
    fn next(&mut self) -> &'a str {
        self.is_empty();
        let end = self.0.iter().position(|&b| b == b' ').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        text(word)
    }

    /// All that is left.
    fn rest(&mut self) -> &'a str {
        self.is_empty();
        text(core::mem::take(&mut self.0))
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
            let quoted = self.0[0] == b'"';
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
        let mut word = Vec::new();
        if quoted {
            self.0 = &self.0[1..];
        }
        loop {
            let (&first, mut rest) = match self.0.split_first() {
                Some((b' ', _)) | None if !quoted => break,
                Some(split) => split,
                None => return Err(PlanProblem::Quote),
            };
            let mut byte = first;
            if quoted && first == b'\\' {
                (byte, rest) = match rest {
                    [byte @ (b'"' | b'\\'), rest @ ..] => (*byte, rest),
                    _ => return Err(PlanProblem::Quote),
                };
            }
            self.0 = rest;
            if first == b'"' {
                if !quoted || !matches!(rest, [] | [b' ', ..]) {
                    return Err(PlanProblem::Quote);
                }
                break;
            }
            word.push(byte);
        }
        String::from_utf8(word).map_err(|_| PlanProblem::NotText)
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
    let mut run = Run::new(line);
    Words(text.trim_end_matches(' ').as_bytes()).run(&mut run)?;
    Ok(run)
}

/// `word` as it stands in a `run` line; `None` if no spelling reads back as it.
pub fn quote(word: &str) -> Option<String> {
    if word.bytes().any(|b| b < b' ' || b == 0x7f) {
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
  run /bin/hex0 "two words" "" "a\"b\\" plain-DX=\ "<" ">" "mode" > /build/use/x
end
"#;

    #[test]
    fn example_parses_and_prints_back() {
        let plan = Plan::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!((plan.goal, plan.arch, plan.steps.len()), ("hex", Arch::Aarch64, 2));
        assert_eq!(plan.steps[0].runs[0].stdout, Some(Redirect { path: "/bin/hex0", mode: 0o755 }));
        assert_eq!(plan.steps[0].runs[0].stdin, Some("/src/hex0/hex0.hex0"));
        let words = ["/bin/hex0", "two words", "", "a\"b\\", "plain-DX=\\", "<", ">", "mode"];
        assert_eq!(plan.steps[1].runs[0].words, words);
        assert_eq!(plan.steps[1].env, ["A=b c"]);
        plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap();

        let printed = plan.to_string();
        let again = Plan::parse(printed.as_bytes()).unwrap();
        assert_eq!(again.to_string(), printed);
        assert_eq!(again.steps[1].runs[0].words, plan.steps[1].runs[0].words);
        // A mode is three digits, whatever they are.
        let text = EXAMPLE.replace("mode 755", "mode 036");
        let printed = Plan::parse(text.as_bytes()).unwrap().to_string();
        let again = Plan::parse(printed.as_bytes()).unwrap();
        assert_eq!(again.steps[0].runs[0].stdout, Some(Redirect { path: "/bin/hex0", mode: 0o036 }));
    }

    #[test]
    fn each_broken_line_is_named() {
        let cases: [(&str, &str, PlanProblem); 14] = [
            ("plan 1", "plan 2", PlanProblem::Version),
            ("goal hex", "goal h/x", PlanProblem::Value),
            ("arch aarch64", "arch arm64", PlanProblem::Value),
            ("arch aarch64", "goal twice", PlanProblem::Twice),
            ("  in /seed/hex0", "  in seed/hex0", PlanProblem::Path),
            ("  in /seed/hex0", "  in /seed/../hex0", PlanProblem::Path),
            ("  in /seed/hex0", "  include /x", PlanProblem::Statement),
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
            let error = Plan::parse(text.as_bytes()).expect_err(to);
            assert_eq!(error, PlanError::new(line, problem), "{to}");
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        for len in 0..EXAMPLE.len() {
            assert!(Plan::parse(&EXAMPLE.as_bytes()[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn inputs_and_outputs_hang_together() {
        let plan = Plan::parse(EXAMPLE.as_bytes()).unwrap();
        let error = plan.check(|path| path.starts_with("/src/")).unwrap_err();
        assert_eq!(error, PlanError { line: 7, problem: PlanProblem::Input, path: "/seed/hex0".into() });
        let error = plan.check(|_| true).unwrap_err();
        assert_eq!(error, PlanError { line: 7, problem: PlanProblem::Output, path: "/bin/hex0".into() });
        let text = EXAMPLE.replace("keep /bin/", "keep /usr/");
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let error = plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap_err();
        assert_eq!((error.problem, &error.path[..]), (PlanProblem::Keep, "/usr/"));
        let text = EXAMPLE.replace("keep /bin/", "drop /bin/hex1");
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let error = plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0").unwrap_err();
        assert_eq!((error.problem, &error.path[..]), (PlanProblem::Keep, "/bin/hex1"));
    }

    #[test]
    fn what_is_kept_and_not_dropped_is_in_the_root() {
        let kept = |lines: &str, path: &str| {
            let text = EXAMPLE.replace("keep /bin/\n", lines);
            let plan = Plan::parse(text.as_bytes()).unwrap();
            assert_eq!(Plan::parse(plan.to_string().as_bytes()).unwrap().to_string(), plan.to_string());
            plan.keeps(path)
        };
        assert!(kept("", "/build/use/x") && kept("keep /bin/\n", "/bin/hex0"));
        assert!(!kept("keep /bin/\n", "/build/use/x") && !kept("keep /bin/\ndrop /bin/hex0\n", "/bin/hex0"));
        assert!(!kept("drop /bin/\n", "/bin/hex0") && kept("drop /bin/\n", "/build/use/x"));
    }

    #[test]
    fn arbitrary_edits_never_panic() {
        let bytes = EXAMPLE.as_bytes();
        for at in 0..bytes.len() {
            for value in *b"\0\"\\ </>\n#\xff7" {
                let mut text = bytes.to_vec();
                text[at] = value;
                if let Ok(plan) = Plan::parse(&text) {
                    let _ = plan.check(|_| false);
                }
                text.remove(at);
                let _ = Plan::parse(&text);
            }
        }
    }
}

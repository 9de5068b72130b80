// SPDX-License-Identifier: MIT
//! `cargo xtask sizes`.

use crate::board::Board;
use crate::build;
use crate::project::Project;
use anyhow::{Context, Result};
use image_packer::host::seed;
use image_packer::host::tree::{self, Tree};
use image_packer::plan::Arch;
use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

/// Count what a person has to trust or read: bytes of the monitor and the seeds, lines and tokens of the text.
///
/// docs/sizes.md says how each number is counted, and holds the last recorded ones.
#[derive(clap::Args)]
pub struct Args {
    /// A flat JSON object.
    #[arg(long)]
    json: bool,
    /// Leave the monitor out, which takes a build.
    #[arg(long)]
    no_monitor: bool,
}

/// The stages from the seed to a compiler that compiles TinyCC, in order.
const STAGES: [&str; 7] = ["hex0", "hex1", "masm", "c0", "c1", "cc", "libc"];
/// The stages before `cc`.
const BEFORE_CC: [&str; 5] = ["hex0", "hex1", "masm", "c0", "c1"];
/// The stages whose per-architecture files are written by hand for one processor (`cc` has generated code).
const BY_HAND: [&str; 3] = ["hex0", "hex1", "masm"];

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let mut sizes = text_sizes(&project)?;
    if !args.no_monitor {
        for name in Board::names(&project)? {
            let board = Board::read(&project, &name)?;
            let monitor = build::monitor(&project, &board)?;
            sizes.insert(format!("monitor.{name}.bytes"), monitor.loaded.len() as u64);
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&sizes)?);
    } else {
        sizes.iter().for_each(|(key, value)| println!("{key:<32} {value:>9}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that is counted in text.
pub fn text_sizes(project: &Project) -> Result<BTreeMap<String, u64>> {
    let mut sizes = BTreeMap::new();
    for arch in Arch::ALL {
        for key in ["lines.per_arch", "bytes.handmade"] {
            sizes.insert(format!("{key}.{arch}"), 0);
        }
    }
    for key in ["lines.seed_to_tcc", "tokens.seed_to_tcc", "lines.before_cc"] {
        sizes.insert(key.to_owned(), 0);
    }
    for item in fs::read_dir(project.root.join("sources"))? {
        let folder = item?.path();
        let name =
            folder.file_name().and_then(|name| name.to_str()).context("a folder's name is not UTF-8")?;
        if !folder.is_dir() || matches!(name, "answers" | "closures") {
            continue;
        }
        let mut files: Tree = tree::read_folder(&folder)?;
        files.retain(|path, _| path != "source.toml");
        let mut whole = Count::default();
        for (path, entry) in &files {
            let Ok(text) = std::str::from_utf8(entry.data().unwrap_or_default()) else { continue };
            let count = Count::of(path, text);
            whole += count;
            let arch = Arch::ALL.into_iter().find(|arch| path.contains(arch.name()));
            // Programs assembled to show that the seed works are not on the way.
            if let Some(arch) = arch
                && BY_HAND.contains(&name)
                && !path.starts_with("cat-")
            {
                *sizes.entry(format!("lines.per_arch.{arch}")).or_default() += count.lines;
                *sizes.entry(format!("bytes.handmade.{arch}")).or_default() += hex_bytes(text);
            }
        }
        sizes.insert(format!("lines.{name}"), whole.lines);
        sizes.insert(format!("comments.{name}"), whole.comments);
        sizes.insert(format!("tokens.{name}"), whole.tokens);
        if STAGES.contains(&name) {
            *sizes.entry("lines.seed_to_tcc".into()).or_default() += whole.lines;
            *sizes.entry("tokens.seed_to_tcc".into()).or_default() += whole.tokens;
        }
        if BEFORE_CC.contains(&name) {
            *sizes.entry("lines.before_cc".into()).or_default() += whole.lines;
        }
    }
    for source in project.catalogue()?.sources.values() {
        let Some(listing) = &source.seed else { continue };
        for arch in Arch::ALL {
            let file = source.folder.join(listing.text.replace("{arch}", arch.name()));
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let bytes = seed::assemble(&text);
            let bytes = bytes.map_err(|(line, what)| anyhow::anyhow!("{}:{line}: {what}", file.display()))?;
            sizes.insert(format!("seed.{arch}.bytes"), bytes.len() as u64);
        }
    }
    Ok(sizes)
}

/// Lines with code, lines with nothing but comment, and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    lines: u64,
    comments: u64,
    tokens: u64,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.lines += other.lines;
        self.comments += other.comments;
        self.tokens += other.tokens;
    }
}

impl Count {
    /// Counts by the comment syntax of the file's kind: C's for `.c` and `.h`, `#` and `;` for hex listings, `#`
    /// for all other text.
    fn of(path: &str, text: &str) -> Count {
        let is_c = path.ends_with(".c") || path.ends_with(".h");
        let marks: &[char] = if path.contains(".hex") { &['#', ';'] } else { &['#'] };
        let mut count = Count::default();
        let mut in_comment = false;
        for line in text.lines() {
            let code = if is_c {
                without_c_comments(line, &mut in_comment)
            } else {
                without_line_comment(line, marks).to_owned()
            };
            if !code.trim().is_empty() {
                count.lines += 1;
                count.tokens += tokens(&code);
            } else if !line.trim().is_empty() {
                count.comments += 1;
            }
        }
        count
    }
}

/// The line up to a comment character that stands outside of quotes.
fn without_line_comment<'a>(line: &'a str, marks: &[char]) -> &'a str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted && marks.contains(&c) => return &line[..at],
            _ => {}
        }
    }
    line
}

fn without_c_comments(line: &str, in_comment: &mut bool) -> String {
    let mut code = String::new();
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if *in_comment {
            if c == '*' && chars.next_if_eq(&'/').is_some() {
                *in_comment = false;
                code.push(' ');
            }
        } else if let Some(end) = quote {
            code.push(c);
            match c {
                '\\' => code.extend(chars.next()),
                c if c == end => quote = None,
                _ => {}
            }
        } else if c == '/' && chars.next_if_eq(&'*').is_some() {
            *in_comment = true;
        } else if c == '/' && chars.peek() == Some(&'/') {
            break;
        } else {
            if matches!(c, '"' | '\'') {
                quote = Some(c);
            }
            code.push(c);
        }
    }
    code
}

/// Words, quoted strings and single punctuation characters.
fn tokens(code: &str) -> u64 {
    let mut count = 0;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        count += 1;
        if c.is_alphanumeric() || c == '_' {
            while chars.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {}
        } else if matches!(c, '"' | '\'') {
            while let Some(inner) = chars.next() {
                if inner == '\\' {
                    chars.next();
                } else if inner == c {
                    break;
                }
            }
        }
    }
    count
}

/// Bytes that a hex listing or macro table spells out: pairs of hex digits in words of nothing else.
fn hex_bytes(text: &str) -> u64 {
    let words = text.lines().flat_map(|line| without_line_comment(line, &['#', ';']).split_whitespace());
    words
        .filter(|word| word.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(|word| word.len() as u64)
        .sum::<u64>()
        / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_do_not_count() {
        let c = "/* head\n   more */\n\nint a; // tail\nchar *s = \"/*\"; /* x */ int b;\n// only\n";
        assert_eq!(Count::of("x.c", c), Count { lines: 2, comments: 3, tokens: 3 + 6 + 3 });
        let hex = "# head\n7F45 ; tail\n\n00\n";
        assert_eq!(Count::of("x.hex0", hex), Count { lines: 2, comments: 1, tokens: 2 });
        assert_eq!(Count::of("x.m", "\"#\" x # c\n").tokens, 2);
        assert_eq!(hex_bytes("=push 808F1FF8 # AABB\n@start 00 11 !x %5\n"), 6);
    }
}

// SPDX-License-Identifier: MIT
//! Unified diffs applied to a tree, exactly: no fuzz, no offset search beyond the stated line.

use super::tree::{Entry, Tree};
use super::{Error, Problem};
use crate::path;
use std::path::Path;

/// A hunk: where the old lines stand (from 1; 0 for an empty file), and its body.
struct Hunk<'a> {
    old_start: usize,
    old_count: usize,
    new_count: usize,
    body: Vec<&'a str>,
}

/// Applies the patch `text` (of the file `patch`, for errors) to `tree`. Names lose their first component, as
/// with `patch -p1`; `/dev/null` as the old name makes a file, as the new name removes one.
pub fn apply(tree: &mut Tree, patch: &Path, text: &str) -> Result<(), Error> {
    let bad = |line: usize, what: &str| Error::line(patch, line, Problem::Value(what.into()));
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).peekable();
    let mut applied = 0;
    while let Some((at, line)) = lines.next() {
        // Prose, `diff` and `index` lines may stand between files.
        let Some(old) = line.strip_prefix("--- ") else { continue };
        let Some((_, new)) = lines.next_if(|(_, line)| line.starts_with("+++ ")) else {
            return Err(bad(at, "'---' without '+++'"));
        };
        let old = name(old).map_err(|what| bad(at, what))?;
        let new = name(&new[4..]).map_err(|what| bad(at + 1, what))?;
        let mut hunks = Vec::new();
        while let Some((at, head)) = lines.next_if(|(_, line)| line.starts_with("@@ ")) {
            let mut hunk = header(head).ok_or_else(|| bad(at, "malformed hunk header"))?;
            let (mut old_left, mut new_left) = (hunk.old_count, hunk.new_count);
            while old_left > 0 || new_left > 0 || lines.peek().is_some_and(|(_, l)| l.starts_with('\\')) {
                let Some((at, line)) = lines.next() else {
                    return Err(bad(at, "the patch ends within a hunk"));
                };
                let (old_used, new_used) = match line.bytes().next() {
                    Some(b' ') | None => (1, 1),
                    Some(b'-') => (1, 0),
                    Some(b'+') => (0, 1),
                    Some(b'\\') => (0, 0),
                    Some(_) => return Err(bad(at, "not a line of a hunk")),
                };
                let left = old_left.checked_sub(old_used).zip(new_left.checked_sub(new_used));
                (old_left, new_left) =
                    left.ok_or_else(|| bad(at, "more lines than the hunk's header says"))?;
                hunk.body.push(line);
            }
            hunks.push(hunk);
        }
        let target = old.or(new).ok_or_else(|| bad(at, "both names are /dev/null"))?;
        if hunks.is_empty() {
            return Err(bad(at, "no hunks follow"));
        }
        let before = match (old, tree.get(target)) {
            (Some(_), Some(Entry::File { data, executable })) => Some((data.clone(), *executable)),
            (None, None) => None,
            (Some(_), _) => return Err(bad(at, &format!("{target}: the file to patch is not in the tree"))),
            (None, Some(_)) => {
                return Err(bad(at, &format!("{target}: the file to make is in the tree already")));
            }
        };
        if let Some(new) = new.filter(|&new| old != Some(new) && is_taken(tree, new)) {
            return Err(bad(
                at + 1,
                &format!("{new} is in the tree already, or above or below a file of it"),
            ));
        }
        let (data, executable) = before.unwrap_or_default();
        let data = patched(&data, &hunks).map_err(|(hunk, why)| {
            let problem = Problem::Hunk { patch: patch.to_owned(), hunk, why };
            Error::file(target, problem)
        })?;
        match new {
            Some(new) => {
                tree.remove(target);
                tree.insert(new.to_owned(), Entry::File { executable, data });
            }
            None if data.is_empty() => drop(tree.remove(target)),
            None => return Err(bad(at, &format!("{target}: the file to remove has further lines"))),
        }
        applied += 1;
    }
    if applied == 0 { Err(bad(0, "no unified diff in it")) } else { Ok(()) }
}

/// The name of a `---` or `+++` line without its first component; `None` for `/dev/null`.
fn name(field: &str) -> Result<Option<&str>, &'static str> {
    let name = field.split('\t').next().unwrap_or_default().trim_end();
    if name == "/dev/null" {
        return Ok(None);
    }
    let (_, name) = name.split_once('/').ok_or("name has no first component to strip")?;
    if path::is_member(name) { Ok(Some(name)) } else { Err("name is not a clean relative path") }
}

/// Whether something in the tree has this name, is a folder of this name, or is a file where it wants a folder.
fn is_taken(tree: &Tree, name: &str) -> bool {
    let folder = format!("{name}/");
    let below = tree.range(folder.clone()..).next().is_some_and(|(first, _)| first.starts_with(&folder));
    below || tree.contains_key(name) || name.match_indices('/').any(|(at, _)| tree.contains_key(&name[..at]))
}

/// `@@ -START[,COUNT] +START[,COUNT] @@ …`
fn header(line: &str) -> Option<Hunk<'static>> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let range = |word: &str, sign| {
        let word = word.strip_prefix(sign)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
    };
    let (old_start, old_count) = range(words.next()?, '-')?;
    let (_, new_count) = range(words.next()?, '+')?;
    (words.next()? == "@@").then_some(Hunk { old_start, old_count, new_count, body: Vec::new() })
}

/// The lines of `data`, each with its newline (the last may lack it).
fn split(data: &[u8]) -> Vec<&[u8]> {
    data.split_inclusive(|&b| b == b'\n').collect()
}

/// `data` with the hunks applied, or which hunk (from 1) does not apply and why.
fn patched(data: &[u8], hunks: &[Hunk<'_>]) -> Result<Vec<u8>, (usize, String)> {
    let lines = split(data);
    let mut out = Vec::new();
    let mut at = 0;
    for (number, hunk) in hunks.iter().enumerate().map(|(i, hunk)| (i + 1, hunk)) {
        // An empty old range stands behind its line, a filled one begins at it.
        let start = if hunk.old_count == 0 { hunk.old_start } else { hunk.old_start.saturating_sub(1) };
        if start < at || start > lines.len() {
            return Err((
                number,
                format!("line {} is out of order or beyond the file's end", hunk.old_start),
            ));
        }
        lines[at..start].iter().for_each(|line| out.extend_from_slice(line));
        at = start;
        for (index, row) in hunk.body.iter().enumerate() {
            let (kind, text) =
                if row.is_empty() { (' ', "") } else { (row.as_bytes()[0] as char, &row[1..]) };
            if kind == '\\' {
                continue;
            }
            let no_newline = hunk.body.get(index + 1).is_some_and(|next| next.starts_with('\\'));
            let mut line = text.as_bytes().to_vec();
            if !no_newline {
                line.push(b'\n');
            }
            if kind != '+' {
                if lines.get(at) != Some(&line.as_slice()) {
                    let found = lines.get(at).map_or("the file's end".into(), |line| {
                        format!("'{}'", String::from_utf8_lossy(line).trim_end())
                    });
                    return Err((number, format!("line {}: expected '{text}', found {found}", at + 1)));
                }
                at += 1;
            }
            if kind != '-' {
                out.extend(line);
            }
        }
    }
    lines[at..].iter().for_each(|line| out.extend_from_slice(line));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let data = b"one\ntwo\nthree\nfour".to_vec();
        [("src/f".into(), Entry::File { executable: false, data })].into()
    }

    const GOOD: &str = "\
prose
--- a/src/f\t2020
+++ b/src/f
@@ -1,2 +1,3 @@
 one
-two
+TWO
+and
@@ -4 +5 @@ context
-four
\\ No newline at end of file
+four
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+made
";

    #[test]
    fn hunks_apply() {
        let mut tree = tree();
        apply(&mut tree, Path::new("p"), GOOD).unwrap();
        assert_eq!(tree["src/f"].data().unwrap(), b"one\nTWO\nand\nthree\nfour\n");
        assert_eq!(tree["new"].data().unwrap(), b"made\n");
    }

    #[test]
    fn errors_name_file_and_hunk() {
        let text = GOOD.replace("-four", "-for");
        let error = apply(&mut tree(), Path::new("p"), &text).unwrap_err();
        assert!(matches!(error.problem, Problem::Hunk { hunk: 2, .. }), "{error}");
        assert_eq!(error.file, Path::new("src/f"));
        for (from, to) in
            [("+4,5", ""), ("b/new", "b/../new"), ("a/src/f", "a/src/g"), ("-1,2", "-1,9"), ("@@ -4", "@@ 4")]
        {
            let text = GOOD.replace(from, to);
            assert_eq!(apply(&mut tree(), Path::new("p"), &text).is_err(), from != "+4,5", "{from}");
        }
        assert!(apply(&mut tree(), Path::new("p"), "no diff").is_err());
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let mut tree = tree();
        tree.insert("src/g/h".into(), Entry::Symlink("../f".into()));
        let before = tree.clone();
        for (old, new) in [("/dev/null", "b/src/f/x"), ("/dev/null", "b/src/g"), ("a/src/f", "b/src/g/h")] {
            let range = if old == "/dev/null" { "@@ -0,0 +1 @@" } else { "@@ -4 +4,2 @@\n four\n\\ none" };
            let text = format!("--- {old}\n+++ {new}\n{range}\n+x\n");
            let error = apply(&mut tree, Path::new("p"), &text).unwrap_err().to_string();
            assert!(error.contains("in the tree already"), "{new}: {error}");
            assert_eq!(tree, before, "{new}");
        }
    }

    #[test]
    fn the_largest_counts_are_read() {
        let text = format!("--- a/src/f\n+++ b/src/f\n@@ -1,{0} +1,{0} @@\n one\n", usize::MAX);
        let error = apply(&mut tree(), Path::new("p"), &text).unwrap_err().to_string();
        assert!(error.contains("ends within a hunk"), "{error}");
    }
}

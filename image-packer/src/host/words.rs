// SPDX-License-Identifier: MIT
//! Word lists of a step: `{NAME}` in a `run` line stands for words that `source.toml` lists once, by name or by
//! pattern. PLAN has the words themselves, so that whoever reads or runs it needs no rule from here.
//!
//! An entry of a list is one of
//!
//! | entry | stands for |
//! |---|---|
//! | `text` without `*` | itself |
//! | `GLOB` | the step's source files that match, sorted; `*` is any run of characters but `/` |
//! | `GLOB unless OTHER` | those for which no file matches `OTHER`, in which the first `*` is what the first `*` of `GLOB` matched, and so on; further ones are anything |
//! | `!GLOB` | takes what matches out of what the entries above gave |
//!
//! Globs are relative to the step's working directory, or absolute. An entry that matches nothing is an error:
//! it is misspelt, or the package changed.

use std::collections::BTreeSet;

/// The words of a list. `files` are the step's source files, absolute; `cwd` is its working directory.
pub fn expand<'a>(
    entries: impl IntoIterator<Item = &'a str>,
    files: &BTreeSet<String>,
    cwd: &str,
) -> Result<Vec<String>, String> {
    let stem = if cwd == "/" { "/".to_owned() } else { format!("{cwd}/") };
    let shown = |file: &str| file.strip_prefix(&stem).unwrap_or(file).to_owned();
    let absolute = |glob: &str| if glob.starts_with('/') { glob.to_owned() } else { format!("{stem}{glob}") };
    let mut words: Vec<String> = Vec::new();
    for entry in entries {
        let before = words.len();
        if let Some(glob) = entry.strip_prefix('!') {
            let glob = absolute(glob);
            words.retain(|word| captures(&glob, &absolute(word)).is_none());
        } else if !entry.contains('*') {
            words.push(entry.to_owned());
        } else {
            let (glob, unless) = match entry.split_once(" unless ") {
                Some((glob, unless)) => (absolute(glob), Some(absolute(unless))),
                None => (absolute(entry), None),
            };
            for file in files {
                let Some(parts) = captures(&glob, file) else { continue };
                let replaced = unless.as_ref().is_some_and(|unless| {
                    let unless = fill(unless, &parts);
                    files.iter().any(|file| captures(&unless, file).is_some())
                });
                if !replaced && !words.contains(&shown(file)) {
                    words.push(shown(file));
                }
            }
        }
        if words.len() == before {
            return Err(format!("'{entry}' matches no file of the step's inputs"));
        }
    }
    Ok(words)
}

/// What the `*` of `glob` stand for in `text`, if it matches. The first match is taken, shortest parts first.
fn captures<'t>(glob: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let Some((fixed, rest)) = glob.split_once('*') else { return (glob == text).then(Vec::new) };
    let text = text.strip_prefix(fixed)?;
    let longest = text.find('/').unwrap_or(text.len());
    (0..=longest).filter(|&end| text.is_char_boundary(end)).find_map(|end| {
        let mut parts = captures(rest, &text[end..])?;
        parts.insert(0, &text[..end]);
        Some(parts)
    })
}

/// `glob` with its first `*` replaced by the first part, and so on.
fn fill(glob: &str, parts: &[&str]) -> String {
    let mut pieces = glob.split('*');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for (at, piece) in pieces.enumerate() {
        filled.push_str(parts.get(at).unwrap_or(&"*"));
        filled.push_str(piece);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(entries: &[&str]) -> Result<String, String> {
        let files = ["a/one.c", "a/two.c", "a/x/one.s", "b/one.c", "b/three.c", "b/x/note.h", "b/one.h"];
        let files = files.map(|file| format!("/src/p-1/{file}")).into();
        expand(entries.iter().copied(), &files, "/src/p-1").map(|words| words.join(" "))
    }

    #[test]
    fn stars_match_within_a_component_and_names_are_sorted() {
        assert_eq!(words(&["b/*.c", "a/*.c"]).unwrap(), "b/one.c b/three.c a/one.c a/two.c");
        assert_eq!(words(&["*/*.c", "-O2", "/src/p-1/*/one.*"]).unwrap(), {
            "a/one.c a/two.c b/one.c b/three.c -O2 b/one.h"
        });
        assert_eq!(words(&["*/x/*"]).unwrap(), "a/x/one.s b/x/note.h");
    }

    #[test]
    fn a_file_gives_way_to_another() {
        assert_eq!(
            words(&["*/*.c unless */x/*.*", "*/x/*.s"]).unwrap(),
            "a/two.c b/one.c b/three.c a/x/one.s"
        );
    }

    #[test]
    fn entries_take_out_what_came_before() {
        assert_eq!(words(&["*/*.c", "!b/*"]).unwrap(), "a/one.c a/two.c");
        assert_eq!(words(&["*/*.c", "!a/two.c"]).unwrap(), "a/one.c b/one.c b/three.c");
    }

    #[test]
    fn what_matches_nothing_is_an_error() {
        assert!(words(&["c/*.c"]).unwrap_err().contains("c/*.c"));
        assert!(words(&["a/*.c", "!b/*"]).unwrap_err().contains("!b/*"));
    }
}

// SPDX-License-Identifier: MIT
//! Digest lists in the form that `sha256sum -c` reads: answer files, OUTPUTS.sha256, INPUTS.sha256.

use super::{Error, Problem};
use crate::hex::Digest;
use crate::path;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Digests by name, sorted.
pub type Digests = BTreeMap<String, Digest>;

/// Reads a list; lines that begin with `#` are comments.
pub fn read(file: &Path) -> Result<Digests, Error> {
    let text = fs::read_to_string(file).map_err(Error::io(file))?;
    parse(&text).map_err(|line| Error::line(file, line, Problem::Value("not 'HEX  NAME'".into())))
}

/// Parses a list; the error is the line, from 1.
pub fn parse(text: &str) -> Result<Digests, usize> {
    let mut digests = Digests::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        let (hex, name) = line.split_once("  ").ok_or(index + 1)?;
        let digest = Digest::parse(hex.as_bytes()).ok_or(index + 1)?;
        if !path::is_member(name) || digests.insert(name.to_owned(), digest).is_some() {
            return Err(index + 1);
        }
    }
    Ok(digests)
}

/// Writes a list.
pub fn print(digests: &Digests) -> String {
    digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// What differs between two lists, a line each: `+ name`, `- name`, `! name` with both digests.
pub fn diff(old: &Digests, new: &Digests) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, digest) in new {
        match old.get(name) {
            None => lines.push(format!("+ {name}  {digest}")),
            Some(before) if before != digest => lines.push(format!("! {name}  {before} -> {digest}")),
            Some(_) => {}
        }
    }
    lines.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("- {name}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_round_trip_and_differ() {
        let (a, b) = (Digest([1; 32]), Digest([2; 32]));
        let old: Digests = [("bin/x".into(), a), ("lib/y".into(), a)].into();
        let new: Digests = [("bin/x".into(), b), ("z".into(), a)].into();
        assert_eq!(parse(&print(&old)), Ok(old.clone()));
        let lines = diff(&old, &new);
        assert_eq!(lines.iter().map(|l| &l[..1]).collect::<String>(), "!+-");
        assert_eq!(parse(&print(&old).replace("  bin", " bin")), Err(1));
    }
}

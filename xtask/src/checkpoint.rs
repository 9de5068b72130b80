// SPDX-License-Identifier: MIT
//! Reads the records on a board's output disk: what each finished step made (`docs/checkpoints.md`). It shares no
//! code with the monitor's reader.

use crate::bundle::{Node, Rootfs};
use anyhow::{Context, Result};
use image_packer::hex::Digest;
use image_packer::host::sha256;
use image_packer::plan::Plan;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

const SECTOR: u64 = 512;

// What a file is, of its mode.
const KIND: u32 = 0o170000;
const FOLDER: u32 = 0o040000;
const FILE: u32 = 0o100000;
const SYMLINK: u32 = 0o120000;
const FIFO: u32 = 0o010000;
const FURTHER_NAME: u32 = 0;

/// What steps made, by their names.
pub type Made = BTreeMap<String, Rootfs>;

/// The outputs of the steps of `plan` that have a record of the closure with this digest, from the first on. `disk` is
/// the whole target. Empty, if the disk is of another closure or has no records; an error, if it cannot be read.
pub fn read(disk: &Path, closure: &Digest, plan: &Plan<'_>) -> Result<Made> {
    let mut file = File::open(disk).with_context(|| disk.display().to_string())?;
    let mut end = file.seek(SeekFrom::End(0))? / SECTOR;
    let mut made = Made::new();
    for (number, step) in (1..).zip(&plan.steps) {
        let Some(last) = end.checked_sub(1) else { break };
        let header = sectors(&mut file, last, SECTOR)?;
        let Some((bytes, digest)) = header_of(&header, closure, number, step.name) else { break };
        let Some(start) = last.checked_sub(bytes.div_ceil(SECTOR)) else { break };
        let content = sectors(&mut file, start, bytes)?;
        if sha256(&content) != digest {
            break;
        }
        let outputs = outputs(Fields(&content));
        let outputs = outputs.with_context(|| {
            format!(
                "{}: the record of step {} is not in the form that it should have",
                disk.display(),
                step.name
            )
        })?;
        made.insert(step.name.to_owned(), outputs);
        end = start;
    }
    Ok(made)
}

fn sectors(file: &mut File, first: u64, bytes: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(first * SECTOR))?;
    let mut buffer = Vec::new();
    file.take(bytes).read_to_end(&mut buffer)?;
    Ok(buffer)
}

/// Bytes that are taken from the front; `None` where there are too few.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self, count: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(count)?).ok()
    }

    fn word(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn number(&mut self) -> Option<u64> {
        self.bytes(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn digest(&mut self) -> Option<Digest> {
        self.bytes(32)?.try_into().ok().map(Digest)
    }
}

/// Length and digest of the content, if this is the header that is expected.
fn header_of(sector: &[u8], closure: &Digest, number: u64, step: &str) -> Option<(u64, Digest)> {
    let mut fields = Fields(sector);
    let expected = fields.bytes(24)? == b"firstlight checkpoint 2\n"
        && fields.digest()? == *closure
        && fields.number()? == number
        && fields.text(64)?.trim_end_matches('\0') == step;
    expected.then_some((fields.number()?, fields.digest()?))
}

/// The files of a record's content.
fn outputs(mut content: Fields<'_>) -> Option<Rootfs> {
    let mut made = Rootfs::new();
    let events = content.number()?;
    content.bytes(events)?;
    while !content.0.is_empty() {
        let (size, length, mode) = (content.number()?, content.word()?, content.word()?);
        let path = content.text(length.into())?.strip_prefix('/')?;
        let permissions = mode & 0o777;
        let node = match mode & KIND {
            FOLDER => Node::Folder(permissions),
            FILE => Node::File { mode: permissions, data: content.bytes(size)?.to_vec() },
            SYMLINK => Node::Symlink(content.text(size)?.to_owned()),
            FURTHER_NAME => made.get(content.text(size)?.strip_prefix('/')?)?.clone(),
            // No later step can be given one under plain Linux either.
            FIFO => continue,
            _ => return None,
        };
        made.insert(path.trim_end_matches('/').to_owned(), node);
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_packer::plan::Plan;
    use std::io::Write;

    const PLAN: &str = "plan 1\ngoal g\narch x86_64\nsteps 2\nstep a\n  out /a\n  run /x\nend\n\
                        step b\n  out /b/\n  run /x\nend\n";

    fn record(closure: &Digest, number: u64, step: &str, content: &[u8]) -> Vec<u8> {
        let mut record = content.to_vec();
        record.resize(content.len().next_multiple_of(512), 0);
        record.extend(b"firstlight checkpoint 2\n");
        record.extend(closure.0);
        record.extend(number.to_le_bytes());
        record.extend(format!("{step:\0<64}").as_bytes());
        record.extend((content.len() as u64).to_le_bytes());
        record.extend(sha256(content).0);
        record.resize(record.len().next_multiple_of(512), 0);
        record
    }

    fn member(mode: u32, path: &str, data: &str) -> Vec<u8> {
        let mut member = (data.len() as u64).to_le_bytes().to_vec();
        member.extend((path.len() as u32).to_le_bytes());
        member.extend(mode.to_le_bytes());
        member.extend([path.as_bytes(), data.as_bytes()].concat());
        member
    }

    #[test]
    fn records_count_as_the_format_says() {
        let plan = Plan::parse(PLAN).unwrap();
        let closure = sha256(b"closure");
        let events = b"\x03\0\0\0\0\0\0\0x\0y".to_vec();
        let first = record(&closure, 1, "a", &[events, member(0o100755, "/a", "\nabc")].concat());
        let second = [
            vec![0; 8],
            member(0o040755, "/b/", ""),
            member(0o010644, "/b/fifo", ""),
            member(0o120777, "/b/l", "x"),
            member(0o100644, "/b/x y", ""),
            member(0, "/b/z", "/b/x y"),
        ];
        let second = record(&closure, 2, "b", &second.concat());
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        let write = |parts: &[&[u8]]| File::create(&disk).unwrap().write_all(&parts.concat()).unwrap();
        write(&[&[0; 1024], &second, &first]);
        let made = read(&disk, &closure, &plan).unwrap();
        assert_eq!(
            made["a"],
            Rootfs::from([("a".into(), Node::File { mode: 0o755, data: b"\nabc".into() })])
        );
        let empty = Node::File { mode: 0o644, data: Vec::new() };
        let expected = [
            ("b".into(), Node::Folder(0o755)),
            ("b/l".into(), Node::Symlink("x".into())),
            ("b/x y".into(), empty.clone()),
            ("b/z".into(), empty),
        ];
        assert_eq!(made["b"], Rootfs::from(expected));
        assert!(read(&disk, &sha256(b"another"), &plan).unwrap().is_empty());

        // A bit of the second record's content; a first record that is not of the first step.
        let mut bad = second.clone();
        bad[3] ^= 1;
        write(&[&bad, &first]);
        assert_eq!(read(&disk, &closure, &plan).unwrap().into_keys().collect::<Vec<_>>(), ["a"]);
        write(&[&second]);
        assert!(read(&disk, &closure, &plan).unwrap().is_empty());
        write(&[]);
        assert!(read(&disk, &closure, &plan).unwrap().is_empty());

        // The digest is right, the form is not.
        let cut = member(0o100755, "/a", "abc");
        for content in [vec![9, 0, 0, 0, 0, 0, 0, 0], [&[0; 8], &cut[..cut.len() - 1]].concat()] {
            write(&[&record(&closure, 1, "a", &content)]);
            let error = read(&disk, &closure, &plan).unwrap_err().to_string();
            assert!(error.contains("the record of step a is not in the form"), "{error}");
        }
    }
}

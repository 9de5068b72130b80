// SPDX-License-Identifier: MIT
//! Checkpoints: what each finished step made is on the device before the next step begins, so that a run goes
//! on from there after a power cut. The format stands in `docs/checkpoints.md`.
//!
//! A record counts if its header is right, belongs to this closure and to the next step in turn, and its
//! bytes have the digest that the header says. The first that does not count ends the list.

use super::{CHUNK, Disk, OutputError, SECTOR, SectorWriter};
use crate::errno::Errno;
use crate::events::{decimal, escape};
use crate::kernel::Kernel;
use crate::sha256::{Digest, Sha256, hex};
use crate::vfs::path::split;
use crate::vfs::{Body, Data, InodeId, Links, Origin};
use alloc::vec;
use alloc::vec::Vec;

const MAGIC: &[u8] = b"firstlight checkpoint 1\n";

/// The checkpoints of one closure on a device.
pub struct Checkpoints {
    disk: Disk,
    closure: Digest,
    /// The records end here: the next one lies directly before this sector.
    lowest: u64,
    /// Steps that have a record.
    pub steps: u32,
}

/// What a record's header says.
struct Header {
    closure: Vec<u8>,
    number: u64,
    step: Vec<u8>,
    bytes: u64,
    sha256: Vec<u8>,
}

fn number(text: &[u8]) -> Option<u64> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

fn parse(page: &[u8]) -> Option<Header> {
    let text = page.strip_prefix(MAGIC)?;
    let end = text.iter().position(|byte| *byte == 0)?;
    let mut lines = text[..end].split(|byte| *byte == b'\n');
    let mut value = |key: &[u8]| lines.next()?.strip_prefix(key);
    Some(Header {
        closure: value(b"closure ")?.into(),
        number: number(value(b"number ")?)?,
        step: value(b"step ")?.into(),
        bytes: number(value(b"bytes ")?)?,
        sha256: value(b"sha256 ")?.into(),
    })
}

/// Sectors of a record with that many bytes of content.
fn length(bytes: u64) -> u64 {
    bytes.div_ceil(SECTOR as u64) + 1
}

fn read_header(k: &mut Kernel, disk: &Disk, end: u64) -> Result<Option<Header>, OutputError> {
    let mut page = [0; SECTOR];
    if end == 0 {
        return Ok(None);
    }
    disk.read(k, end - 1, &mut page)?;
    Ok(parse(&page).filter(|header| header.bytes < end * SECTOR as u64 && length(header.bytes) <= end))
}

/// The lowest sector that a record of any closure reaches down to: what lies below is free for the image.
pub fn lowest(k: &mut Kernel, disk: &Disk) -> Result<u64, OutputError> {
    let mut end = disk.sectors;
    let mut closure = None;
    let mut expected = 1;
    while let Some(header) = read_header(k, disk, end)? {
        if header.number != expected || closure.as_ref().is_some_and(|known| *known != header.closure) {
            break;
        }
        expected += 1;
        end -= length(header.bytes);
        closure = Some(header.closure);
    }
    Ok(end)
}

/// One member of a record, in the order in which they are written.
enum Member<'a> {
    Text(Vec<u8>),
    Content(InodeId),
    Events(&'a [u8]),
}

impl Checkpoints {
    /// Without any record yet; whatever is on the device is ignored.
    pub fn new(disk: Disk, closure: Digest) -> Checkpoints {
        let lowest = disk.sectors;
        Checkpoints { disk, closure, lowest, steps: 0 }
    }

    /// Takes the next step's outputs from its record into the store, and gives its lines of the event log.
    /// `None`: there is no record of that step that counts.
    pub fn restore(&mut self, k: &mut Kernel, step: &str) -> Result<Option<Vec<u8>>, OutputError> {
        let Some(header) = read_header(k, &self.disk, self.lowest)? else {
            return Ok(None);
        };
        let due = u64::from(self.steps) + 1;
        let ours = header.closure == hex(&self.closure) && header.number == due;
        if !ours || header.step != step.as_bytes() {
            return Ok(None);
        }
        let start = self.lowest - length(header.bytes);
        let mut sha = Sha256::new();
        let mut reader = Reader::new(self.disk.clone(), start, header.bytes)?;
        while let Some(piece) = reader.piece(k, CHUNK)? {
            sha.update(piece);
        }
        if hex(&sha.finish())[..] != header.sha256[..] {
            return Ok(None);
        }
        let mut reader = Reader::new(self.disk.clone(), start, header.bytes)?;
        let Some(events) = import(k, &mut reader, due as u32)? else {
            return Ok(None);
        };
        self.steps += 1;
        self.lowest = start;
        Ok(Some(events))
    }

    /// Writes the record of the next step: the outputs at `patterns`, and its lines of the event log. The
    /// content is on the medium before the header is.
    pub fn save(
        &mut self,
        k: &mut Kernel,
        step: &str,
        patterns: &[&str],
        events: &[u8],
    ) -> Result<(), OutputError> {
        let members = members(k, patterns, events);
        let mut sha = Sha256::new();
        let mut bytes = 0;
        each_piece(k, &members, &mut |_, piece| {
            sha.update(piece);
            bytes += piece.len() as u64;
            Ok(())
        })?;
        let sectors = length(bytes);
        let Some(start) = self.lowest.checked_sub(sectors) else {
            let needed = self.disk.sectors - self.lowest + sectors;
            return Err(k.full(&self.disk, needed));
        };
        let mut writer = SectorWriter::new(self.disk.clone(), start)?;
        each_piece(k, &members, &mut |k, piece| writer.put(k, piece))?;
        writer.drain(k)?;
        self.disk.flush(k)?;

        let mut page = Vec::from(MAGIC);
        let mut line = |key: &[u8], value: &[u8]| {
            page.extend_from_slice(key);
            page.extend_from_slice(value);
            page.push(b'\n');
        };
        let text = |number| {
            let mut text = Vec::new();
            decimal(&mut text, number);
            text
        };
        line(b"closure ", &hex(&self.closure));
        line(b"number ", &text(u64::from(self.steps) + 1));
        line(b"step ", step.as_bytes());
        line(b"bytes ", &text(bytes));
        line(b"sha256 ", &hex(&sha.finish()));
        page.resize(SECTOR, 0);
        self.disk.write(k, self.lowest - 1, &page)?;
        self.disk.flush(k)?;
        self.steps += 1;
        self.lowest = start;
        Ok(())
    }
}

/// What a record of the outputs at `patterns` consists of.
fn members<'a>(k: &Kernel, patterns: &[&str], events: &'a [u8]) -> Vec<Member<'a>> {
    let mut members = Vec::new();
    let mut head = Vec::from(&b"events "[..]);
    decimal(&mut head, events.len() as u64);
    head.push(b'\n');
    members.push(Member::Text(head));
    members.push(Member::Events(events));
    let mut linked = Links::default();
    let all = k.vfs.members(k.vfs.store);
    for (number, member) in all.iter().enumerate() {
        let covers = |pattern: &&str| match pattern.strip_suffix('/') {
            Some(stem) => {
                let rest = member.path.strip_prefix(stem.as_bytes());
                rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
            }
            None => member.path == pattern.as_bytes(),
        };
        if !patterns.iter().any(covers) {
            continue;
        }
        let node = k.vfs.inode(member.inode);
        let mut line = Vec::new();
        let mut mode = Vec::new();
        decimal(&mut mode, u64::from(node.mode));
        if let Some(first) = linked.get(member.inode) {
            line.extend_from_slice(b"link ");
            escape(&mut line, &all[first].path);
            line.push(b' ');
            escape(&mut line, &member.path);
            line.push(b'\n');
            members.push(Member::Text(line));
            continue;
        }
        let mut content = None;
        match &node.body {
            Body::File(data) => {
                line.extend_from_slice(b"file ");
                line.extend_from_slice(&mode);
                line.push(b' ');
                decimal(&mut line, data.size());
                content = Some(member.inode);
            }
            Body::Directory { .. } => {
                line.extend_from_slice(b"directory ");
                line.extend_from_slice(&mode);
            }
            Body::Symlink(target) => {
                line.extend_from_slice(b"symlink ");
                escape(&mut line, target);
            }
            Body::Fifo(_) => {
                line.extend_from_slice(b"fifo ");
                line.extend_from_slice(&mode);
            }
            _ => continue,
        }
        line.push(b' ');
        escape(&mut line, &member.path);
        if node.links > 1 && content.is_some() {
            linked.insert(member.inode, number);
        }
        line.push(b'\n');
        members.push(Member::Text(line));
        members.extend(content.map(Member::Content));
    }
    members
}

/// Takes a piece of a record.
type Take<'a> = &'a mut dyn FnMut(&mut Kernel, &[u8]) -> Result<(), OutputError>;

fn each_piece(k: &mut Kernel, members: &[Member<'_>], take: Take<'_>) -> Result<(), OutputError> {
    let mut buffer = vec![0; 16 << 10];
    for member in members {
        match member {
            Member::Text(text) => take(k, text)?,
            Member::Events(text) => take(k, text)?,
            Member::Content(inode) => {
                let mut offset = 0;
                loop {
                    let data = k.vfs.data(*inode).ok_or(OutputError::Memory)?;
                    let count = data.read(&k.mem, offset, &mut buffer);
                    if count == 0 {
                        break;
                    }
                    take(k, &buffer[..count])?;
                    offset += count as u64;
                }
            }
        }
    }
    Ok(())
}

/// Reads a record's content in pieces.
struct Reader {
    disk: Disk,
    sector: u64,
    /// Bytes not yet read from the device.
    left: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Reader {
    fn new(disk: Disk, sector: u64, left: u64) -> Result<Reader, OutputError> {
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(CHUNK).map_err(|_| OutputError::Memory)?;
        Ok(Reader { disk, sector, left, buffer, at: 0 })
    }

    /// The next bytes, at most `max`; `None` at the end.
    fn piece(&mut self, k: &mut Kernel, max: usize) -> Result<Option<&[u8]>, OutputError> {
        if self.at == self.buffer.len() {
            let count = self.left.min(CHUNK as u64) as usize;
            if count == 0 {
                return Ok(None);
            }
            self.buffer.resize(count.next_multiple_of(SECTOR), 0);
            self.disk.read(k, self.sector, &mut self.buffer)?;
            self.sector += (self.buffer.len() / SECTOR) as u64;
            self.buffer.truncate(count);
            self.left -= count as u64;
            self.at = 0;
        }
        let from = self.at;
        self.at = self.buffer.len().min(from + max);
        Ok(Some(&self.buffer[from..self.at]))
    }

    /// The next line, without its end; `None` at the end, or where a line is longer than any that is written.
    fn line(&mut self, k: &mut Kernel) -> Result<Option<Vec<u8>>, OutputError> {
        let mut line = Vec::new();
        while line.len() < 8 * crate::vfs::path::PATH_MAX + 64 {
            match self.piece(k, 1)? {
                None => return Ok(None),
                Some(b"\n") => return Ok(Some(line)),
                Some(byte) => line.extend_from_slice(byte),
            }
        }
        Ok(None)
    }
}

/// The opposite of [`escape`].
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            bytes.push(text[at]);
            at += 1;
            continue;
        }
        let digits = text.get(at + 2..at + 4)?;
        bytes.push(u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()?);
        at += 4;
    }
    Some(bytes)
}

/// Takes a record's members into the store; its events. `None`: the record does not follow the format.
fn import(k: &mut Kernel, reader: &mut Reader, step: u32) -> Result<Option<Vec<u8>>, OutputError> {
    let Some(line) = reader.line(k)? else { return Ok(None) };
    let Some(mut left) = line.strip_prefix(b"events ").and_then(number) else {
        return Ok(None);
    };
    let mut events = Vec::new();
    while left > 0 {
        let Some(piece) = reader.piece(k, left.min(CHUNK as u64) as usize)? else {
            return Ok(None);
        };
        events.try_reserve(piece.len()).map_err(|_| OutputError::Memory)?;
        events.extend_from_slice(piece);
        left -= piece.len() as u64;
    }
    while let Some(line) = reader.line(k)? {
        if import_member(k, reader, step, &line)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(events))
}

fn import_member(
    k: &mut Kernel,
    reader: &mut Reader,
    step: u32,
    line: &[u8],
) -> Result<Option<()>, OutputError> {
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let Some(path) = words.last().and_then(|path| unescape(path)) else {
        return Ok(None);
    };
    let mode = |word: &[u8]| number(word).map(|mode| mode as u16 & 0o7777);
    k.vfs.heap_is_low = k.heap_is_low();
    let (mode, body, mut left) = match words[..] {
        [b"directory", word, _] => {
            let Some(mode) = mode(word) else { return Ok(None) };
            k.vfs.step = step;
            let Ok(dir) = k.vfs.make_directories(&mut k.mem, k.vfs.store, &path) else {
                return Ok(None);
            };
            k.vfs.inode_mut(dir).mode = mode;
            return Ok(Some(()));
        }
        [b"link", first, _] => {
            let store = k.vfs.store;
            let first = unescape(first).and_then(|first| k.vfs.at(store, &first));
            let (home, name) = split(&path);
            let (Some(first), Some(dir)) = (first, k.vfs.at(store, home)) else {
                return Ok(None);
            };
            if k.vfs.data(first).is_none() || k.vfs.names(dir).is_none_or(|names| names.get(name).is_some()) {
                return Ok(None);
            }
            k.vfs.link(dir, name, first)?;
            return Ok(Some(()));
        }
        [b"symlink", target, _] => {
            let Some(target) = unescape(target) else { return Ok(None) };
            (0o777, Body::Symlink(target.into()), 0)
        }
        [b"fifo", word, _] => {
            let Some(mode) = mode(word) else { return Ok(None) };
            (mode, Body::Fifo(None), 0)
        }
        [b"file", word, size, _] => {
            let (Some(mode), Some(size)) = (mode(word), number(size)) else {
                return Ok(None);
            };
            (mode, Body::File(Data::new()), size)
        }
        _ => return Ok(None),
    };
    k.vfs.step = step;
    let id = match k.vfs.add_body(&mut k.mem, &path, body, mode, Origin::Step(step)) {
        Ok(id) => id,
        Err(Errno::ENOSPC) => return Err(OutputError::Memory),
        Err(_) => return Ok(None),
    };
    let mut offset = 0;
    while left > 0 {
        let Some(piece) = reader.piece(k, left.min(CHUNK as u64) as usize)? else {
            return Ok(None);
        };
        let count = piece.len() as u64;
        let Body::File(data) = &mut k.vfs.inode_mut(id).body else {
            return Ok(None);
        };
        if data.write(&mut k.mem, offset, piece)? as u64 != count {
            return Err(OutputError::Memory);
        }
        offset += count;
        left -= count;
    }
    Ok(Some(()))
}

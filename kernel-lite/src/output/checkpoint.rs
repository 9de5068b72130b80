// SPDX-License-Identifier: MIT
//! Checkpoints: what each finished step made is on the device before the next step begins, so that a run goes
//! on from there after a power cut. The format stands in `docs/checkpoints.md`.
//!
//! A record counts if its header is right, belongs to this closure and to the next step in turn, and its
//! bytes have the digest that the header says. The first that does not count ends the list.

use super::target::le64;
use super::{CHUNK, Disk, Keeps, OutputError, SECTOR, SectorWriter, chunk, content, record};
use crate::ext2::{self, KIND};
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::sha256::{Digest, Sha256};
use crate::vfs::path::PATH_MAX;
use crate::vfs::step::Member;
use crate::vfs::{Body, Data, Links, Origin};
use alloc::vec::Vec;

// A header: where its fields begin. What is not known before the step has run comes last.
const MAGIC: &[u8; 24] = b"firstlight checkpoint 2\n";
const CLOSURE: usize = 24;
const NUMBER: usize = 56;
const STEP: usize = 64;
const BYTES: usize = 128;
const SHA256: usize = 136;
const END: usize = 168;

/// A record's header.
type Page = [u8; SECTOR];

/// The checkpoints of one closure on a device.
pub struct Checkpoints {
    disk: Disk,
    closure: Digest,
    /// The records end here: the next one lies directly before this sector.
    lowest: u64,
    /// Steps that have a record.
    pub steps: u32,
}

/// Sectors of a record with that many bytes of content.
fn length(bytes: u64) -> u64 {
    bytes.div_ceil(SECTOR as u64) + 1
}

/// Reads the header of the record that ends at `end`. How many sectors the record has; 0: there is none.
fn read_header(
    machine: &mut dyn Machine,
    disk: &Disk,
    end: u64,
    page: &mut Page,
) -> Result<u64, OutputError> {
    if end == 0 {
        return Ok(0);
    }
    disk.read(machine, end - 1, page)?;
    let sectors = length(le64(page, BYTES));
    Ok(if page.starts_with(MAGIC) && sectors <= end { sectors } else { 0 })
}

/// The lowest sector that a record of any closure reaches down to: what lies below is free for the image.
pub fn lowest(machine: &mut dyn Machine, disk: &Disk) -> Result<u64, OutputError> {
    let mut end = disk.sectors;
    let mut page = [0; SECTOR];
    let mut closure = [0; NUMBER - CLOSURE];
    let mut number = 1;
    loop {
        let sectors = read_header(machine, disk, end, &mut page)?;
        if number == 1 {
            closure.copy_from_slice(&page[CLOSURE..NUMBER]);
        }
        if sectors == 0 || page[CLOSURE..NUMBER] != closure || le64(&page, NUMBER) != number {
            return Ok(end);
        }
        number += 1;
        end -= sectors;
    }
}

impl Checkpoints {
    /// Without any record yet; whatever is on the device is ignored.
    pub fn new(disk: Disk, closure: Digest) -> Checkpoints {
        Checkpoints { disk, closure, lowest: disk.sectors, steps: 0 }
    }

    /// What is known of the next record's header.
    fn header(&self, step: &[u8]) -> Page {
        let mut page = [0; SECTOR];
        page[..CLOSURE].copy_from_slice(MAGIC);
        page[CLOSURE..NUMBER].copy_from_slice(&self.closure);
        page[NUMBER..STEP].copy_from_slice(&(u64::from(self.steps) + 1).to_le_bytes());
        // PLAN's names have at most 64 bytes.
        page[STEP..BYTES][..step.len()].copy_from_slice(step);
        page
    }

    /// Takes the next step's outputs from its record into the store, and gives its lines of the event log.
    /// `None`: there is no record of that step that counts.
    pub fn restore(&mut self, k: &mut Kernel, step: &[u8]) -> Result<Option<Vec<u8>>, OutputError> {
        let mut page = [0; SECTOR];
        let sectors = read_header(k.machine, &self.disk, self.lowest, &mut page)?;
        if sectors == 0 || page[..BYTES] != self.header(step)[..BYTES] {
            return Ok(None);
        }
        let start = self.lowest - sectors;
        let bytes = le64(&page, BYTES);
        let mut reader = Reader { disk: self.disk, sector: start, left: bytes, buffer: chunk()?, at: 0 };
        let mut sha = Sha256::new();
        while reader.left > 0 {
            sha.update(reader.piece(k.machine, CHUNK as u64)?);
        }
        if sha.finish() != page[SHA256..END] {
            return Ok(None);
        }
        (reader.sector, reader.left) = (start, bytes);
        match reader.import(k, self.steps + 1) {
            Ok(events) => {
                self.steps += 1;
                self.lowest = start;
                Ok(Some(events))
            }
            Err(OutputError::Record) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the record of the next step: the outputs that `keeps` accepts, and its lines of the event log. The
    /// content is on the medium before the header is.
    pub fn save(
        &mut self,
        k: &mut Kernel,
        step: &[u8],
        keeps: Keeps<'_>,
        events: &[u8],
    ) -> Result<(), OutputError> {
        let members = members(k, keeps, events);
        let mut bytes = 0;
        for member in &members {
            bytes += member.path.len() as u64 + k.vfs.data(member.inode).map_or(0, Data::size);
        }
        let sectors = length(bytes);
        let Some(start) = self.lowest.checked_sub(sectors) else {
            let needed = self.disk.sectors - self.lowest + sectors;
            return Err(k.full(&self.disk, needed));
        };
        let mut sha = Sha256::new();
        let mut writer = SectorWriter::new(self.disk, start)?;
        let mut block = [0; ext2::BLOCK];
        for member in &members {
            sha.update(&member.path);
            writer.put(k.machine, &member.path)?;
            let mut offset = 0;
            while let Some(data) = k.vfs.data(member.inode)
                && let count @ 1.. = data.read(&k.mem, offset, &mut block)
            {
                sha.update(&block[..count]);
                writer.put(k.machine, &block[..count])?;
                offset += count as u64;
            }
        }
        writer.drain(k.machine)?;
        self.disk.flush(k.machine)?;

        let mut page = self.header(step);
        page[BYTES..SHA256].copy_from_slice(&bytes.to_le_bytes());
        page[SHA256..END].copy_from_slice(&sha.finish());
        self.disk.write(k.machine, self.lowest - 1, &page)?;
        self.disk.flush(k.machine)?;
        self.steps += 1;
        self.lowest = start;
        Ok(())
    }
}

/// What a record consists of: bytes, and a file whose content follows them (or an inode that is no file).
fn members(k: &Kernel, keeps: Keeps<'_>, events: &[u8]) -> Vec<Member> {
    let store = k.vfs.store;
    let mut head = Vec::from((events.len() as u64).to_le_bytes());
    head.extend_from_slice(events);
    let mut members = alloc::vec![Member { path: head, inode: store }];
    let mut linked = Links::default();
    let all = k.vfs.members(store);
    for (number, Member { path, inode }) in all.iter().enumerate() {
        let Some((mode, size, text)) = content(&k.vfs, *inode).filter(|_| keeps(path)) else {
            continue;
        };
        members.push(match linked.get(*inode) {
            Some(first) => {
                let first = &all[first].path;
                Member { path: record(0, first.len() as u64, path, first), inode: store }
            }
            None => Member { path: record(mode, size, path, text), inode: *inode },
        });
        if k.vfs.inode(*inode).links > 1 && k.vfs.names(*inode).is_none() {
            linked.insert(*inode, number);
        }
    }
    members
}

/// Reads a record's content in pieces.
struct Reader {
    disk: Disk,
    sector: u64,
    /// Bytes not yet handed out.
    left: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Reader {
    /// The next bytes, at most `max` and not more than are left; there are some.
    fn piece(&mut self, machine: &mut dyn Machine, max: u64) -> Result<&[u8], OutputError> {
        if self.at == self.buffer.len() {
            let count = self.left.min(CHUNK as u64) as usize;
            self.buffer.resize(count.next_multiple_of(SECTOR), 0);
            self.disk.read(machine, self.sector, &mut self.buffer)?;
            self.sector += (CHUNK / SECTOR) as u64;
            self.buffer.truncate(count);
            self.at = 0;
        }
        let piece = &self.buffer[self.at..];
        let piece = &piece[..max.min(piece.len() as u64) as usize];
        self.at += piece.len();
        self.left -= piece.len() as u64;
        Ok(piece)
    }

    /// Fills `to` with the next bytes.
    fn fill(&mut self, machine: &mut dyn Machine, mut to: &mut [u8]) -> Result<(), OutputError> {
        while !to.is_empty() {
            if self.left == 0 {
                return Err(OutputError::Record);
            }
            let piece = self.piece(machine, to.len() as u64)?;
            let (now, later) = to.split_at_mut(piece.len());
            now.copy_from_slice(piece);
            to = later;
        }
        Ok(())
    }

    /// The next `count` bytes.
    fn bytes(&mut self, machine: &mut dyn Machine, count: u64) -> Result<Vec<u8>, OutputError> {
        if count > self.left {
            return Err(OutputError::Record);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(count as usize).map_err(|_| OutputError::Memory)?;
        bytes.resize(count as usize, 0);
        self.fill(machine, &mut bytes)?;
        Ok(bytes)
    }

    /// The next eight bytes as a number.
    fn number(&mut self, machine: &mut dyn Machine) -> Result<u64, OutputError> {
        let mut bytes = [0; 8];
        self.fill(machine, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Takes a record's members into the store; its events.
    fn import(&mut self, k: &mut Kernel, step: u32) -> Result<Vec<u8>, OutputError> {
        let length = self.number(k.machine)?;
        let events = self.bytes(k.machine, length)?;
        while self.left > 0 {
            k.vfs.heap_is_low = k.heap_is_low();
            k.vfs.step = step;
            self.import_member(k, Origin::Step(step))?;
        }
        Ok(events)
    }

    #[inline(never)]
    fn import_member(&mut self, k: &mut Kernel, origin: Origin) -> Result<(), OutputError> {
        let size = self.number(k.machine)?;
        let second = self.number(k.machine)?;
        let (length, mode) = (second as u32 as u64, (second >> 32) as u16);
        let kind = mode & KIND;
        if length > PATH_MAX as u64 || kind != ext2::FILE && size > PATH_MAX as u64 {
            return Err(OutputError::Record);
        }
        let path = self.bytes(k.machine, length)?;
        if size > self.left {
            return Err(OutputError::Record);
        }
        let (content, text) = if kind == ext2::FILE { (size, 0) } else { (0, size) };
        let text = self.bytes(k.machine, text)?;
        let body = match kind {
            ext2::FILE => Body::File(Data::new()),
            ext2::DIRECTORY => {
                let dir = k.vfs.make_directories(&mut k.mem, k.vfs.store, &path)?;
                k.vfs.inode_mut(dir).mode = mode & 0o7777;
                return Ok(());
            }
            ext2::SYMLINK => Body::Symlink(text[..].into()),
            ext2::FIFO => Body::Fifo(None),
            0 => {
                let first = k.vfs.at(k.vfs.store, &text).filter(|first| k.vfs.names(*first).is_none());
                let (dir, name) = k.vfs.new_name(&mut k.mem, &path)?;
                return Ok(k.vfs.link(dir, name, first.ok_or(OutputError::Record)?)?);
            }
            _ => return Err(OutputError::Record),
        };
        let id = k.vfs.add_body(&mut k.mem, &path, body, mode, origin)?;
        let mut offset = 0;
        while offset < content {
            let piece = self.piece(k.machine, content - offset)?;
            let data = k.vfs.data_mut(id).ok_or(OutputError::Record)?;
            if data.write(&mut k.mem, offset, piece)? < piece.len() {
                return Err(OutputError::Memory);
            }
            offset += piece.len() as u64;
        }
        Ok(())
    }
}

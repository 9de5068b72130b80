// SPDX-License-Identifier: MIT
//! Where results go: the one device that was named, the file system on it, and the checkpoints behind it.
//!
//! The target's beginning holds the ext2 image, its end the checkpoints ([`checkpoint`]), which grow towards
//! the beginning. Nothing else is ever written, and neither overwrites the other: if both do not fit, the
//! device is full, and what is on it stays.

pub mod checkpoint;
pub mod target;

use crate::errno::Errno;
use crate::ext2::{self, Image};
use crate::kernel::Kernel;
use crate::log::Line;
use crate::machine::{BlockError, Machine};
use crate::sha256::{Sha256, hex};
use crate::vfs::path::split;
use crate::vfs::step::Member;
use crate::vfs::{Body, InodeId, Links, Origin, Vfs};
use alloc::boxed::Box;
use alloc::vec::Vec;
pub use target::Disk;

/// Whether a path is wanted; a directory's ends in a slash.
pub type Keeps<'a> = &'a dyn Fn(&[u8]) -> bool;

/// Bytes in a sector.
pub const SECTOR: usize = 512;
/// Bytes that go to the device at a time.
const CHUNK: usize = 64 << 10;

/// Why a result could not be written, or a checkpoint not be read. As wide as a register, as [`Errno`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum OutputError {
    /// No device or partition has the name.
    Missing,
    /// More than one has it.
    Ambiguous,
    /// The device has no partition table, or a damaged one.
    PartitionTable,
    /// The device is write-protected.
    ReadOnly,
    /// The device is too small; how much so has been said.
    Full,
    /// The device reported an error.
    Device,
    /// The tree does not fit into an ext2 file system.
    Tree,
    /// Out of memory.
    Memory,
    /// A checkpoint's content is not what is written there.
    Record,
}

impl From<BlockError> for OutputError {
    fn from(error: BlockError) -> OutputError {
        match error {
            BlockError::ReadOnly => OutputError::ReadOnly,
            BlockError::OutOfRange | BlockError::Io => OutputError::Device,
        }
    }
}

impl From<ext2::Error> for OutputError {
    fn from(_: ext2::Error) -> OutputError {
        OutputError::Tree
    }
}

impl From<Errno> for OutputError {
    fn from(error: Errno) -> OutputError {
        match error {
            Errno::ENOMEM | Errno::ENOSPC => OutputError::Memory,
            _ => OutputError::Record,
        }
    }
}

impl OutputError {
    /// What happened, for a person.
    pub fn words(&self) -> &'static str {
        match self {
            OutputError::Missing => "no device or partition has the output's name; attach or name one",
            OutputError::Ambiguous => "more than one device or partition has the output's name; detach one",
            OutputError::PartitionTable => {
                "no partition has the output's name, and a partition table is damaged"
            }
            OutputError::ReadOnly => "the output device is write-protected",
            OutputError::Full => "the output device is full; give it a larger one",
            OutputError::Device => "the output device reported an error",
            OutputError::Tree | OutputError::Record => {
                "the outputs do not fit into ext2 (name, link count or size)"
            }
            OutputError::Memory => "out of memory while writing the output",
        }
    }
}

/// A buffer for what goes to the device, or comes from it, at a time.
fn chunk() -> Result<Vec<u8>, OutputError> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(CHUNK).map_err(|_| OutputError::Memory)?;
    Ok(buffer)
}

/// Collects bytes and writes them to a disk sector by sector.
struct SectorWriter {
    disk: Disk,
    sector: u64,
    buffer: Vec<u8>,
}

impl SectorWriter {
    fn new(disk: Disk, sector: u64) -> Result<SectorWriter, OutputError> {
        Ok(SectorWriter { disk, sector, buffer: chunk()? })
    }

    fn put(&mut self, machine: &mut dyn Machine, mut bytes: &[u8]) -> Result<(), OutputError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == CHUNK {
                self.drain(machine)?;
            }
        }
        Ok(())
    }

    /// Writes what is collected; the last sector is filled with zeros.
    fn drain(&mut self, machine: &mut dyn Machine) -> Result<(), OutputError> {
        let length = self.buffer.len().next_multiple_of(SECTOR);
        self.buffer.resize(length, 0);
        self.disk.write(machine, self.sector, &self.buffer)?;
        self.sector += (length / SECTOR) as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Directories that the root file system has for whoever boots or mounts it, and their modes.
const MOUNT_POINTS: &[(&[u8], u16)] = &[(b"dev", 0o755), (b"proc", 0o555), (b"sys", 0o555), (b"tmp", 0o1777)];

/// What begins a member's record, in a checkpoint and in what the image's identifier is made of: the length of what
/// follows the path, the length of the path, kind and mode; then the path, and the text where it is one.
fn record(mode: u16, size: u64, path: &[u8], text: &[u8]) -> Vec<u8> {
    let mut record = Vec::from(size.to_le_bytes());
    record.extend_from_slice(&(path.len() as u64 | u64::from(mode) << 32).to_le_bytes());
    record.extend_from_slice(path);
    record.extend_from_slice(text);
    record
}

/// Kind and mode, length and text of an inode that an output may be: a file's content is no text.
fn content(vfs: &Vfs, inode: InodeId) -> Option<(u16, u64, &[u8])> {
    let node = vfs.inode(inode);
    let (kind, text): (u16, &[u8]) = match &node.body {
        Body::File(_) => (ext2::FILE, b""),
        Body::Directory { .. } => (ext2::DIRECTORY, b""),
        Body::Symlink(target) => (ext2::SYMLINK, target),
        Body::Fifo(_) => (ext2::FIFO, b""),
        _ => return None,
    };
    Some((kind | node.mode, vfs.size(inode), text))
}

/// The image of the store's outputs.
struct Tree {
    image: Image,
    /// Of each node.
    inodes: Vec<InodeId>,
    /// Nodes of directories, and of inodes with more than one name.
    nodes: Links,
}

impl Tree {
    fn add(
        &mut self,
        vfs: &Vfs,
        parent: usize,
        name: &[u8],
        inode: InodeId,
        mode: u16,
    ) -> Result<usize, ext2::Error> {
        let (_, size, text) = content(vfs, inode).ok_or(ext2::Error::Name)?;
        let node = self.image.add(parent, name, mode, size, text)?;
        self.inodes.push(inode);
        if vfs.inode(inode).links > 1 {
            self.nodes.insert(inode, node);
        }
        Ok(node)
    }

    /// The directory's node, made with all its parents where it is missing.
    fn directory(&mut self, vfs: &Vfs, inode: InodeId, mode: u16) -> Result<usize, ext2::Error> {
        if let Some(node) = self.nodes.get(inode) {
            return Ok(node);
        }
        let Body::Directory { parent, name, .. } = &vfs.inode(inode).body else {
            return Err(ext2::Error::NotADirectory);
        };
        let parent = self.directory(vfs, *parent, ext2::DIRECTORY | 0o755)?;
        self.add(vfs, parent, name, inode, mode)
    }
}

impl Kernel {
    /// Says by how much a device is too small.
    fn full(&mut self, disk: &Disk, needed: u64) -> OutputError {
        let mut line = Line::new("output: bytes needed ");
        line.number(needed.saturating_mul(512)).text(", there ").number(disk.sectors * 512);
        self.say(&line);
        OutputError::Full
    }

    /// Whether a member of the store is in the root file system: what a step made, if `keeps` accepts its path, and the
    /// monitor's papers.
    fn is_kept(&self, member: &Member, keeps: Keeps<'_>) -> bool {
        match self.vfs.inode(member.inode).origin {
            Origin::Step(_) => keeps(&member.path),
            Origin::Monitor => self.vfs.data(member.inode).is_some(),
            _ => false,
        }
    }

    /// `OUTPUTS.sha256`: the digest of each regular file of the outputs, in the form that `sha256sum -c` reads
    /// inside the root file system. To be asked for before papers are added.
    pub fn outputs_sha256(&mut self, keeps: Keeps<'_>) -> Vec<u8> {
        let members = self.vfs.members(self.vfs.store);
        let mut files: Vec<(&[u8], InodeId)> = Vec::new();
        for member in &members {
            if self.vfs.data(member.inode).is_some() && self.is_kept(member, keeps) {
                files.push((&member.path[1..], member.inode));
            }
        }
        files.sort_unstable();
        let mut text = Vec::new();
        for &(path, inode) in &files {
            text.extend_from_slice(&hex(&self.vfs.digest(&self.mem, inode)));
            text.extend_from_slice(b"  ");
            text.extend_from_slice(path);
            text.push(b'\n');
        }
        text
    }

    /// Writes the root file system: the outputs that `keeps` accepts, papers, and mount points. Returns the image's
    /// sectors.
    pub fn write_root(&mut self, disk: &Disk, keeps: Keeps<'_>) -> Result<u64, OutputError> {
        let store = self.vfs.store;
        // It is the last thing that a run needs: nothing of it is given back.
        let tree = Tree { image: Image::new(), inodes: alloc::vec![store], nodes: Links::default() };
        let tree = Box::leak(Box::new(tree));
        tree.nodes.insert(store, 0);
        // The identifier is the digest of all that the image holds.
        let mut id = Sha256::new();
        for member in &self.vfs.members(store) {
            let Member { path, inode } = member;
            if !self.is_kept(member, keeps) {
                continue;
            }
            let digest = self.vfs.digest(&self.mem, *inode);
            let vfs = &self.vfs;
            let Some((mode, size, text)) = content(vfs, *inode) else {
                continue;
            };
            id.update(&record(mode, size, path, text));
            id.update(&digest);
            if vfs.names(*inode).is_some() {
                tree.directory(vfs, *inode, mode)?;
                continue;
            }
            let (home, name) = split(path);
            let parent =
                tree.directory(vfs, vfs.at(store, home).unwrap_or(store), ext2::DIRECTORY | 0o755)?;
            match tree.nodes.get(*inode) {
                Some(node) => tree.image.link(parent, name, node)?,
                None => drop(tree.add(vfs, parent, name, *inode, mode)?),
            }
        }
        for &(name, mode) in MOUNT_POINTS {
            let there = self.vfs.names(store).and_then(|names| names.get(name));
            if there.is_none_or(|inode| tree.nodes.get(inode).is_none()) {
                tree.image.add(0, name, ext2::DIRECTORY | mode, 0, b"")?;
            }
        }
        let digest = id.finish();
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&digest[..16]);
        // Version 8 of RFC 9562: an identifier made in a way of one's own.
        uuid[6] = uuid[6] & 0x0f | 0x80;
        uuid[8] = uuid[8] & 0x3f | 0x80;

        tree.image.finish(uuid)?;
        let sectors = tree.image.blocks() * (ext2::BLOCK / SECTOR) as u64;
        let free = checkpoint::lowest(self.machine, disk)?;
        if sectors > free {
            return Err(self.full(disk, sectors + (disk.sectors - free)));
        }
        let mut writer = SectorWriter::new(*disk, 0)?;
        let Kernel { vfs, mem, machine, .. } = self;
        let mut read = |node: usize, offset: u64, buffer: &mut [u8]| {
            if let Some(data) = vfs.data(tree.inodes[node]) {
                data.read(mem, offset, buffer);
            }
        };
        tree.image.write(&mut read, &mut |block| writer.put(*machine, block))?;
        writer.drain(*machine)?;
        disk.flush(*machine)?;
        Ok(sectors)
    }
}

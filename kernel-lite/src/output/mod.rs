// SPDX-License-Identifier: MIT
//! Where results go: the one device that was named, the file system on it, and the checkpoints behind it.
//!
//! The target's beginning holds the ext2 image, its end the checkpoints ([`checkpoint`]), which grow towards
//! the beginning. Nothing else is ever written, and neither overwrites the other: if both do not fit, the
//! device is full, and what is on it stays.

pub mod checkpoint;
pub mod target;

use crate::errno::Errno;
use crate::ext2::{self, Builder, Content};
use crate::kernel::Kernel;
use crate::log::Line;
use crate::machine::BlockError;
use crate::sha256::{self, Digest, Sha256, hex};
use crate::vfs::path::split;
use crate::vfs::{Body, InodeId, Links, Origin};
use alloc::vec::Vec;
pub use target::Disk;

/// Bytes in a sector.
pub const SECTOR: usize = 512;
/// Bytes that go to the device at a time.
const CHUNK: usize = 64 << 10;

/// Why a result could not be written, or a checkpoint not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    Tree(ext2::Error),
    /// Out of memory.
    Memory,
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
    fn from(error: ext2::Error) -> OutputError {
        OutputError::Tree(error)
    }
}

impl From<Errno> for OutputError {
    fn from(_: Errno) -> OutputError {
        OutputError::Memory
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
            OutputError::Tree(_) => "the outputs do not fit into ext2 (name, link count or size)",
            OutputError::Memory => "out of memory while writing the output",
        }
    }
}

/// Collects bytes and writes them to a disk sector by sector.
struct SectorWriter {
    disk: Disk,
    sector: u64,
    buffer: Vec<u8>,
}

impl SectorWriter {
    fn new(disk: Disk, sector: u64) -> Result<SectorWriter, OutputError> {
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(CHUNK).map_err(|_| OutputError::Memory)?;
        Ok(SectorWriter { disk, sector, buffer })
    }

    fn put(&mut self, k: &mut Kernel, mut bytes: &[u8]) -> Result<(), OutputError> {
        while !bytes.is_empty() {
            let count = bytes.len().min(CHUNK - self.buffer.len());
            self.buffer.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.buffer.len() == CHUNK {
                self.drain(k)?;
            }
        }
        Ok(())
    }

    /// Writes what is collected; the last sector is filled with zeros.
    fn drain(&mut self, k: &mut Kernel) -> Result<(), OutputError> {
        let length = self.buffer.len().next_multiple_of(SECTOR);
        self.buffer.resize(length, 0);
        self.disk.write(k, self.sector, &self.buffer)?;
        self.sector += (length / SECTOR) as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Directories that the root file system has for whoever boots or mounts it, and their modes.
const MOUNT_POINTS: [(&[u8], u16); 4] =
    [(b"/dev", 0o755), (b"/proc", 0o555), (b"/sys", 0o555), (b"/tmp", 0o1777)];

/// A file of the root file system that no step made: it tells of the run.
pub struct Paper<'a> {
    /// Absolute path.
    pub path: &'a [u8],
    /// What it holds.
    pub content: &'a [u8],
    /// The content's digest.
    pub digest: Digest,
}

impl<'a> Paper<'a> {
    /// With the digest of its content.
    pub fn new(path: &'a [u8], content: &'a [u8]) -> Paper<'a> {
        Paper { path, content, digest: sha256::digest(content) }
    }
}

/// Where a node's bytes come from.
enum Source<'a> {
    /// It has none: a directory.
    None,
    /// An inode of the store.
    Inode(InodeId),
    /// A text of the monitor's own.
    Text(&'a [u8]),
}

/// The image of the store's outputs.
struct Tree<'a> {
    builder: Builder,
    /// Of each node.
    sources: Vec<Source<'a>>,
    /// Directories' paths and nodes, sorted.
    directories: Vec<(Vec<u8>, usize)>,
    /// Nodes of inodes with more than one name.
    linked: Links,
}

impl Tree<'_> {
    fn directory(&mut self, path: &[u8], mode: u16) -> Result<usize, ext2::Error> {
        if path.is_empty() {
            return Ok(0);
        }
        if let Ok(place) = self.place(path) {
            return Ok(self.directories[place].1);
        }
        let (home, name) = split(path);
        let parent = self.directory(home, 0o755)?;
        let node = self.builder.add(parent, name, Content::Directory, mode)?;
        self.sources.push(Source::None);
        let place = self.place(path).unwrap_or_else(|place| place);
        self.directories.insert(place, (path.into(), node));
        Ok(node)
    }

    /// Where in the list of directories the path is (`Ok`) or belongs.
    fn place(&self, path: &[u8]) -> Result<usize, usize> {
        self.directories.binary_search_by(|known| known.0[..].cmp(path))
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

    /// Paths and inodes of the store's outputs that `keeps` accepts (a directory's path ends in a slash then), in
    /// the order of their names.
    fn outputs(&self, keeps: &dyn Fn(&[u8]) -> bool) -> Vec<(Vec<u8>, InodeId)> {
        let members = self.vfs.members(self.vfs.store);
        let outputs = members.into_iter().filter(|member| {
            let made = matches!(self.vfs.inode(member.inode).origin, Origin::Step(_));
            // A directory is asked for as `PATH/`.
            let mut path = member.path.clone();
            if self.vfs.names(member.inode).is_some() {
                path.push(b'/');
            }
            made && keeps(&path)
        });
        outputs.map(|member| (member.path, member.inode)).collect()
    }

    /// `OUTPUTS.sha256`: the digest of each regular file of the outputs, in the form that `sha256sum -c` reads
    /// inside the root file system.
    pub fn outputs_sha256(&mut self, keeps: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut files = self.outputs(keeps);
        files.retain(|(_, inode)| self.vfs.data(*inode).is_some());
        files.sort_unstable();
        let mut text = Vec::new();
        for (path, inode) in files {
            text.extend_from_slice(&hex(&self.vfs.digest(&self.mem, inode)));
            text.extend_from_slice(b"  ");
            text.extend_from_slice(&path[1..]);
            text.push(b'\n');
        }
        text
    }

    /// Writes the root file system: the outputs that `keeps` accepts, mount points, and papers. Returns the image's
    /// sectors.
    pub fn write_root(
        &mut self,
        disk: &Disk,
        keeps: &dyn Fn(&[u8]) -> bool,
        papers: &[Paper<'_>],
    ) -> Result<u64, OutputError> {
        let mut tree = Tree {
            builder: Builder::new(),
            sources: alloc::vec![Source::None],
            directories: Vec::new(),
            linked: Links::default(),
        };
        // The identifier is the digest of all that the image holds.
        let mut id = Sha256::new();
        let mut note = |path: &[u8], mode: u16, content: &[u8]| {
            id.update(&(path.len() as u64).to_le_bytes());
            id.update(path);
            id.update(&mode.to_le_bytes());
            id.update(&(content.len() as u64).to_le_bytes());
            id.update(content);
        };
        for (path, inode) in self.outputs(keeps) {
            let digest = self.vfs.digest(&self.mem, inode);
            let node = self.vfs.inode(inode);
            let (home, name) = split(&path);
            let content = match &node.body {
                Body::Directory { .. } => {
                    note(&path, node.mode, b"directory");
                    tree.directory(&path, node.mode)?;
                    continue;
                }
                Body::File(data) => Content::File(data.size()),
                Body::Symlink(target) => Content::Symlink(target.clone()),
                Body::Fifo(_) => Content::Fifo,
                _ => continue,
            };
            match &content {
                Content::File(_) => note(&path, node.mode, &digest),
                Content::Symlink(target) => note(&path, node.mode, target),
                _ => note(&path, node.mode, b"fifo"),
            }
            let parent = tree.directory(home, 0o755)?;
            if let Some(first) = tree.linked.get(inode) {
                tree.builder.link(parent, name, first)?;
                continue;
            }
            let number = tree.builder.add(parent, name, content, node.mode)?;
            tree.sources.push(Source::Inode(inode));
            if node.links > 1 {
                tree.linked.insert(inode, number);
            }
        }
        for paper in papers {
            note(paper.path, 0o644, &paper.digest);
            let (home, name) = split(paper.path);
            let parent = tree.directory(home, 0o755)?;
            tree.builder.add(parent, name, Content::File(paper.content.len() as u64), 0o644)?;
            tree.sources.push(Source::Text(paper.content));
        }
        for (path, mode) in MOUNT_POINTS {
            tree.directory(path, mode)?;
        }
        let digest = id.finish();
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&digest[..16]);
        // Version 8 of RFC 9562: an identifier made in a way of one's own.
        uuid[6] = uuid[6] & 0x0f | 0x80;
        uuid[8] = uuid[8] & 0x3f | 0x80;

        let image = tree.builder.finish(uuid)?;
        let sectors = image.blocks() * (ext2::BLOCK / SECTOR) as u64;
        let free = checkpoint::lowest(self, disk)?;
        if sectors > free {
            return Err(self.full(disk, sectors + (disk.sectors - free)));
        }
        let mut writer = SectorWriter::new(disk.clone(), 0)?;
        let sources = tree.sources;
        let Kernel { vfs, mem, machine, .. } = self;
        let mut read = |node: usize, offset: u64, buffer: &mut [u8]| match sources[node] {
            Source::None => {}
            Source::Text(text) => buffer.copy_from_slice(&text[offset as usize..][..buffer.len()]),
            Source::Inode(inode) => {
                if let Some(data) = vfs.data(inode) {
                    data.read(mem, offset, buffer);
                }
            }
        };
        image.write(&mut read, &mut |block| {
            writer.buffer.extend_from_slice(block);
            if writer.buffer.len() < CHUNK {
                return Ok(());
            }
            let result = writer.disk.write_on(&mut **machine, writer.sector, &writer.buffer);
            writer.sector += (writer.buffer.len() / SECTOR) as u64;
            writer.buffer.clear();
            result
        })?;
        writer.drain(self)?;
        disk.flush(self)?;
        Ok(sectors)
    }
}

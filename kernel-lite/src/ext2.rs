// SPDX-License-Identifier: MIT
//! The writer of the output: an ext2 file system, revision 1, as one sequence of blocks.
//!
//! Purpose: equal content is an equal image. So nothing comes from the device or from a clock: the size is
//! what the content needs, the identifier is given by the caller (who derives it from the content), every
//! time stamp is [`TIME`], owner and group are 0, inodes are numbered in the order of [`Image::add`], and
//! free blocks are zero.
//!
//! The layout is the plainest that Linux and e2fsck accept: blocks of 4096 bytes, a copy of the superblock
//! and of the group descriptors in every group, the feature `filetype` and, for files of 2 GiB and more,
//! `large_file`. Data blocks are handed out in one run that only steps over the groups' own blocks; a file's
//! indirect blocks follow its data. So the place of every block is arithmetic, the image is written from its
//! first byte to its last without going back, and the writer holds no block map.
//!
//! It refuses: names and link counts that ext2 cannot hold, and files beyond triple indirection.
//!
//! Over 500 lines: the layout is arithmetic that every writing function follows.
//!
//! Field offsets: the ext2 layout as documented in the Linux kernel's Documentation/filesystems/ext2.rst and
//! `struct ext2_super_block`, `ext2_group_desc`, `ext2_inode`.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes in a block.
pub const BLOCK: usize = 4096;
/// The time of every inode and of the superblock, in seconds since 1970; the mtime of all inputs, too.
pub const TIME: u32 = 1;

const BLOCKS_PER_GROUP: u64 = 8 * BLOCK as u64;
const INODES_PER_GROUP_MAX: u64 = 8 * BLOCK as u64;
const INODE_SIZE: u64 = 128;
const INODES_PER_BLOCK: u64 = BLOCK as u64 / INODE_SIZE;
const ROOT_INODE: u64 = 2;
const FIRST_INODE: u64 = 11;
const DIRECT: u64 = 12;
/// Block numbers in an indirect block.
const FAN: u64 = BLOCK as u64 / 4;
const LINK_MAX: u32 = 32000;
const FAST_LINK_MAX: usize = 60;
const SECTORS_PER_BLOCK: u64 = BLOCK as u64 / 512;

/// What every superblock says: offset and word.
const SUPERBLOCK: &[(u16, u32)] = &[
    (24, 2), // block size 1024 << 2
    (28, 2), // fragment size, the same
    (32, BLOCKS_PER_GROUP as u32),
    (36, BLOCKS_PER_GROUP as u32),
    (48, TIME),             // last write
    (52, 0xffff << 16),     // mounts: none, and no check by their count
    (56, 0xef53 | 1 << 16), // magic; clean
    (60, 1),                // errors: continue
    (64, TIME),             // last check
    (76, 1),                // revision 1
    (84, FIRST_INODE as u32),
    (88, INODE_SIZE as u32),
    (96, 2), // incompatible features: filetype
];

/// Why a tree does not fit into ext2. As wide as a register, as `Errno` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Error {
    /// A name is empty, longer than 255 bytes, `.`, `..`, or holds `/` or NUL; or it occurs twice.
    Name,
    /// An inode has more than 32000 names (a directory: subdirectories).
    Links,
    /// A file is larger than triple indirection reaches, or a symbolic link does not fit a block.
    Size,
    /// The parent is not a directory, or a directory would get a second name.
    NotADirectory,
    /// The image would have 2^32 blocks or inodes.
    TooLarge,
}

/// The kind of an inode: the upper bits of its mode.
pub const KIND: u16 = 0o170000;
/// A named pipe.
pub const FIFO: u16 = 0o010000;
/// A directory.
pub const DIRECTORY: u16 = 0o040000;
/// A regular file; its bytes are asked for when the image is written.
pub const FILE: u16 = 0o100000;
/// A symbolic link.
pub const SYMLINK: u16 = 0o120000;

struct Node {
    /// Kind and permission bits.
    mode: u16,
    links: u32,
    parent: usize,
    /// Of a directory: names and nodes.
    entries: Vec<(Box<[u8]>, usize)>,
    /// Where a symbolic link points.
    target: Box<[u8]>,
    /// Bytes: of a file, of a symbolic link's target, of a directory's blocks.
    size: u64,
    /// Index of the first data block in the run of all data blocks.
    start: u64,
    /// Data blocks, without indirect ones.
    blocks: u64,
}

/// A tree, which is collected; with its layout fixed it is ready to be written. Node 0 is the root directory.
pub struct Image {
    nodes: Vec<Node>,
    layout: Layout,
    id: [u8; 16],
    large: bool,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// An empty tree: a root directory of mode 755.
    pub fn new() -> Self {
        let nodes = vec![Node::new(DIRECTORY | 0o755, 0, b"", 0)];
        Image { nodes, layout: Layout::default(), id: [0; 16], large: false }
    }

    /// Adds an inode with its first name and returns its number for [`Image::link`] and the reader. `mode` says of
    /// what kind it is; `size` are the bytes of a file, `target` is where a symbolic link points.
    pub fn add(
        &mut self,
        parent: usize,
        name: &[u8],
        mode: u16,
        size: u64,
        target: &[u8],
    ) -> Result<usize, Error> {
        let fits = target.len() < BLOCK && indirect_blocks(size.div_ceil(BLOCK as u64)).is_some();
        if !fits || target.is_empty() != (mode & KIND != SYMLINK) {
            return Err(Error::Size);
        }
        if mode & KIND == DIRECTORY {
            self.raise_links(parent)?;
        }
        let node = self.nodes.len();
        self.enter(parent, name, node)?;
        self.nodes.push(Node::new(mode, size, target, parent));
        Ok(node)
    }

    /// Gives `node`, which is not a directory, a further name.
    pub fn link(&mut self, parent: usize, name: &[u8], node: usize) -> Result<(), Error> {
        if self.nodes[node].is_directory() {
            return Err(Error::NotADirectory);
        }
        self.raise_links(node)?;
        self.enter(parent, name, node)
    }

    fn enter(&mut self, parent: usize, name: &[u8], node: usize) -> Result<(), Error> {
        let parent = &mut self.nodes[parent];
        if !parent.is_directory() {
            return Err(Error::NotADirectory);
        }
        let bad = name.len() > 255 || matches!(name, b"" | b"." | b"..");
        if bad || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
            return Err(Error::Name);
        }
        parent.entries.push((name.into(), node));
        Ok(())
    }

    fn raise_links(&mut self, node: usize) -> Result<(), Error> {
        let links = &mut self.nodes[node].links;
        *links += 1;
        if *links > LINK_MAX { Err(Error::Links) } else { Ok(()) }
    }

    /// Fixes the layout. `id` becomes the UUID of the file system and must derive from the content alone.
    pub fn finish(&mut self, id: [u8; 16]) -> Result<(), Error> {
        let mut data = 0;
        for node in &mut self.nodes {
            node.entries.sort_unstable();
            if node.entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(Error::Name);
            }
            if node.is_directory() {
                node.size = directory_blocks(&node.entries) * BLOCK as u64;
            }
            // A short target stands in the inode.
            if node.target.is_empty() || node.target.len() >= FAST_LINK_MAX {
                node.blocks = node.size.div_ceil(BLOCK as u64);
            }
            self.large |= node.size >= 1 << 31;
            node.start = data;
            data += node.blocks + indirect_blocks(node.blocks).ok_or(Error::Size)?;
        }
        let inodes = FIRST_INODE - 1 + self.nodes.len() as u64 - 1;
        self.layout = Layout::new(data, inodes).ok_or(Error::TooLarge)?;
        self.id = id;
        Ok(())
    }
}

impl Node {
    fn new(mode: u16, size: u64, target: &[u8], parent: usize) -> Self {
        let links = if mode & KIND == DIRECTORY { 2 } else { 1 };
        let target: Box<[u8]> = target.into();
        let size = size.max(target.len() as u64);
        Node { mode, links, parent, entries: Vec::new(), target, size, start: 0, blocks: 0 }
    }

    fn is_directory(&self) -> bool {
        self.mode & KIND == DIRECTORY
    }
}

/// Indirect blocks of a file with that many data blocks, or `None` beyond triple indirection.
fn indirect_blocks(blocks: u64) -> Option<u64> {
    let mut rest = blocks.saturating_sub(DIRECT);
    let mut sum = 0;
    let mut reach = FAN;
    for _depth in 1..=3 {
        if rest == 0 {
            break;
        }
        let covered = rest.min(reach);
        let mut span = FAN;
        while span <= reach {
            sum += covered.div_ceil(span);
            span *= FAN;
        }
        rest -= covered;
        reach *= FAN;
    }
    (rest == 0).then_some(sum)
}

fn entry_length(name: &[u8]) -> usize {
    (8 + name.len()).next_multiple_of(4)
}

/// Blocks that a directory's entries fill: an entry does not cross a block's end.
fn directory_blocks(entries: &[(Box<[u8]>, usize)]) -> u64 {
    let mut blocks = 1;
    let mut used = 2 * entry_length(b"..");
    for (name, _) in entries {
        let length = entry_length(name);
        if used + length > BLOCK {
            blocks += 1;
            used = 0;
        }
        used += length;
    }
    blocks
}

/// Where the groups' own blocks and the data lie.
#[derive(Default)]
struct Layout {
    groups: u64,
    inodes_per_group: u64,
    inodes_used: u64,
    descriptor_blocks: u64,
    /// Blocks at the start of each group that are not data.
    overhead: u64,
    data: u64,
    blocks: u64,
}

impl Layout {
    fn new(data: u64, inodes_used: u64) -> Option<Self> {
        let mut groups = 1u64;
        loop {
            let inodes_per_group = inodes_used.div_ceil(groups).next_multiple_of(INODES_PER_BLOCK);
            let descriptor_blocks = (groups * 32).div_ceil(BLOCK as u64);
            let overhead = 1 + descriptor_blocks + 2 + inodes_per_group / INODES_PER_BLOCK;
            if groups * BLOCKS_PER_GROUP > u64::from(u32::MAX) || overhead >= BLOCKS_PER_GROUP {
                return None;
            }
            let room = BLOCKS_PER_GROUP - overhead;
            if inodes_per_group <= INODES_PER_GROUP_MAX && groups * room >= data {
                let last = data.saturating_sub((groups - 1) * room);
                let blocks = (groups - 1) * BLOCKS_PER_GROUP + overhead + last;
                return Some(Layout {
                    groups,
                    inodes_per_group,
                    inodes_used,
                    descriptor_blocks,
                    overhead,
                    data,
                    blocks,
                });
            }
            groups += 1;
        }
    }

    /// Block number of entry `index` of the run of data blocks.
    fn place(&self, index: u64) -> u32 {
        let room = BLOCKS_PER_GROUP - self.overhead;
        (index / room * BLOCKS_PER_GROUP + self.overhead + index % room) as u32
    }

    /// Blocks of group `group`, own ones included; only the last can be short.
    fn group_size(&self, group: u64) -> u64 {
        (self.blocks - group * BLOCKS_PER_GROUP).min(BLOCKS_PER_GROUP)
    }

    fn blocks_used(&self, group: u64) -> u64 {
        let room = BLOCKS_PER_GROUP - self.overhead;
        self.overhead + self.data.saturating_sub(group * room).min(room)
    }

    fn group_inodes_used(&self, group: u64) -> u64 {
        self.inodes_used.saturating_sub(group * self.inodes_per_group).min(self.inodes_per_group)
    }
}

/// Gives a file's bytes: node, offset, and the buffer to fill to its end.
pub type Reader<'a> = dyn FnMut(usize, u64, &mut [u8]) + 'a;
/// Takes the image's blocks one after the other.
pub type Sink<'a, E> = dyn FnMut(&[u8; BLOCK]) -> Result<(), E> + 'a;

impl Image {
    /// The size of the image in blocks of [`BLOCK`] bytes.
    pub fn blocks(&self) -> u64 {
        self.layout.blocks
    }

    /// Writes the image from its first block to its last; stops at the first error of `sink`.
    pub fn write<E>(&self, read: &mut Reader<'_>, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut out = Stream { image: self, sink, next: 0, group: 0 };
        let mut block = [0; BLOCK];
        for (index, node) in self.nodes.iter().enumerate() {
            if node.is_directory() {
                self.write_directory(index, &mut out)?;
            } else {
                for number in 0..node.blocks {
                    let offset = number * BLOCK as u64;
                    let length = (node.size - offset).min(BLOCK as u64) as usize;
                    block[length..].fill(0);
                    match node.target.len() {
                        0 => read(index, offset, &mut block[..length]),
                        _ => block[..length].copy_from_slice(&node.target),
                    }
                    out.data(&block)?;
                }
            }
            self.write_indirect(node, &mut out)?;
        }
        block.fill(0);
        while out.next < self.layout.groups * (BLOCKS_PER_GROUP - self.layout.overhead)
            && u64::from(self.layout.place(out.next)) < self.layout.blocks
        {
            out.data(&block)?;
        }
        // The last groups may hold inodes and no data.
        while out.group < self.layout.groups {
            out.group_header()?;
        }
        Ok(())
    }

    fn inode_number(&self, node: usize) -> u32 {
        if node == 0 { ROOT_INODE as u32 } else { (FIRST_INODE - 1) as u32 + node as u32 }
    }

    fn node_of_inode(&self, inode: u64) -> Option<&Node> {
        match inode {
            ROOT_INODE => self.nodes.first(),
            FIRST_INODE.. => self.nodes.get((inode - FIRST_INODE + 1) as usize),
            _ => None,
        }
    }

    fn write_directory<E>(&self, index: usize, out: &mut Stream<'_, '_, E>) -> Result<(), E> {
        let node = &self.nodes[index];
        let mut block = [0; BLOCK];
        let mut used = 0;
        let mut last = 0;
        for number in 0..node.entries.len() + 2 {
            let (name, child): (&[u8], usize) = match number {
                0 => (b".", index),
                1 => (b"..", node.parent),
                _ => (&node.entries[number - 2].0, node.entries[number - 2].1),
            };
            let length = entry_length(name);
            if used + length > BLOCK {
                put16(&mut block, last + 4, (BLOCK - last) as u16);
                out.data(&block)?;
                block.fill(0);
                used = 0;
            }
            put32(&mut block, used, self.inode_number(child));
            put16(&mut block, used + 4, length as u16);
            block[used + 6] = name.len() as u8;
            block[used + 7] = match self.nodes[child].mode & KIND {
                FILE => 1,
                DIRECTORY => 2,
                FIFO => 5,
                _ => 7,
            };
            block[used + 8..used + 8 + name.len()].copy_from_slice(name);
            last = used;
            used += length;
        }
        put16(&mut block, last + 4, (BLOCK - last) as u16);
        out.data(&block)
    }

    /// Indirect blocks: for each depth the root first, then the levels below it, each from left to right.
    fn write_indirect<E>(&self, node: &Node, out: &mut Stream<'_, '_, E>) -> Result<(), E> {
        let mut first = DIRECT;
        let mut reach = FAN;
        for _depth in 1..=3 {
            let covered = node.blocks.saturating_sub(first).min(reach);
            // `span` is what one entry of this level covers, `span * FAN` what one block does.
            let mut span = reach / FAN;
            let mut below = out.next;
            while covered > 0 && span > 0 {
                let blocks = covered.div_ceil(span * FAN);
                below += blocks;
                let target = if span == 1 { node.start + first } else { below };
                let entries = covered.div_ceil(span);
                for number in 0..blocks {
                    let mut block = [0; BLOCK];
                    for slot in 0..(entries - number * FAN).min(FAN) {
                        let place = self.layout.place(target + number * FAN + slot);
                        put32(&mut block, 4 * slot as usize, place);
                    }
                    out.data(&block)?;
                }
                span /= FAN;
            }
            first += reach;
            reach *= FAN;
        }
        Ok(())
    }

    fn inode(&self, node: &Node, raw: &mut [u8; INODE_SIZE as usize]) {
        let indirect = indirect_blocks(node.blocks).unwrap_or(0);
        put16(raw, 0, node.mode);
        put32(raw, 4, node.size as u32);
        put32(raw, 8, TIME); // last access
        put32(raw, 12, TIME); // creation
        put32(raw, 16, TIME); // last change
        put16(raw, 26, node.links as u16);
        put32(raw, 28, ((node.blocks + indirect) * SECTORS_PER_BLOCK) as u32);
        put32(raw, 108, (node.size >> 32) as u32);
        if node.blocks == 0 {
            raw[40..40 + node.target.len()].copy_from_slice(&node.target);
            return;
        }
        for slot in 0..node.blocks.min(DIRECT) {
            put32(raw, 40 + 4 * slot as usize, self.layout.place(node.start + slot));
        }
        let mut root = node.start + node.blocks;
        let mut covered = DIRECT;
        let mut reach = FAN;
        for slot in 12..15 {
            if node.blocks <= covered {
                break;
            }
            put32(raw, 40 + 4 * slot, self.layout.place(root));
            covered += reach;
            reach *= FAN;
            root = node.start + node.blocks + indirect_blocks(covered.min(node.blocks)).unwrap_or(0);
        }
    }

    fn superblock(&self, group: u64, raw: &mut [u8; 1024]) {
        let layout = &self.layout;
        let inodes = layout.groups * layout.inodes_per_group;
        let used: u64 = (0..layout.groups).map(|group| layout.blocks_used(group)).sum();
        for &(offset, value) in SUPERBLOCK {
            put32(raw, usize::from(offset), value);
        }
        put32(raw, 0, inodes as u32);
        put32(raw, 4, layout.blocks as u32);
        put32(raw, 12, (layout.blocks - used) as u32);
        put32(raw, 16, (inodes - layout.inodes_used) as u32);
        put32(raw, 40, layout.inodes_per_group as u32);
        put16(raw, 90, group as u16);
        put32(raw, 100, if self.large { 2 } else { 0 }); // read-only-compatible features: large_file
        raw[104..120].copy_from_slice(&self.id);
        raw[120..130].copy_from_slice(b"firstlight");
    }

    fn descriptor(&self, group: u64, raw: &mut [u8; 32]) {
        let layout = &self.layout;
        let bitmap = group * BLOCKS_PER_GROUP + 1 + layout.descriptor_blocks;
        put32(raw, 0, bitmap as u32);
        put32(raw, 4, bitmap as u32 + 1);
        put32(raw, 8, bitmap as u32 + 2);
        put16(raw, 12, (layout.group_size(group) - layout.blocks_used(group)) as u16);
        put16(raw, 14, (layout.inodes_per_group - layout.group_inodes_used(group)) as u16);
        let first = group * layout.inodes_per_group + 1;
        let directories = (first..first + layout.inodes_per_group)
            .filter_map(|inode| self.node_of_inode(inode))
            .filter(|node| node.is_directory())
            .count();
        put16(raw, 16, directories as u16);
    }
}

/// Emits data blocks in order and each group's own blocks when its turn comes.
struct Stream<'a, 'b, E> {
    image: &'a Image,
    sink: &'a mut Sink<'b, E>,
    /// Index of the next data block.
    next: u64,
    /// The next group whose own blocks are to be written.
    group: u64,
}

impl<E> Stream<'_, '_, E> {
    fn data(&mut self, block: &[u8; BLOCK]) -> Result<(), E> {
        if self.next == self.group * (BLOCKS_PER_GROUP - self.image.layout.overhead) {
            self.group_header()?;
        }
        self.next += 1;
        (self.sink)(block)
    }

    fn group_header(&mut self) -> Result<(), E> {
        let image = self.image;
        let layout = &image.layout;
        let group = self.group;
        self.group += 1;
        let mut block = [0; BLOCK];
        // The first superblock stands behind the boot sector, at byte 1024; copies at their block's start.
        let slot = if group == 0 { 1 } else { 0 };
        image.superblock(group, &mut block.as_chunks_mut().0[slot]);
        (self.sink)(&block)?;

        for number in 0..layout.descriptor_blocks {
            block.fill(0);
            for (slot, raw) in block.as_chunks_mut().0.iter_mut().enumerate() {
                let group = number * (BLOCK as u64 / 32) + slot as u64;
                if group < layout.groups {
                    image.descriptor(group, raw);
                }
            }
            (self.sink)(&block)?;
        }

        bitmap(&mut block, layout.blocks_used(group), layout.group_size(group));
        (self.sink)(&block)?;
        bitmap(&mut block, layout.group_inodes_used(group), layout.inodes_per_group);
        (self.sink)(&block)?;

        let first = group * layout.inodes_per_group + 1;
        for number in 0..layout.inodes_per_group / INODES_PER_BLOCK {
            block.fill(0);
            for (slot, raw) in block.as_chunks_mut().0.iter_mut().enumerate() {
                if let Some(node) = image.node_of_inode(first + number * INODES_PER_BLOCK + slot as u64) {
                    image.inode(node, raw);
                }
            }
            (self.sink)(&block)?;
        }
        Ok(())
    }
}

/// A bitmap whose first `used` bits are set and whose bits from `size` on are padding, set as well.
fn bitmap(block: &mut [u8; BLOCK], used: u64, size: u64) {
    for (index, byte) in block.iter_mut().enumerate() {
        let first = 8 * index as u64;
        *byte = 0;
        for bit in 0..8 {
            if first + bit < used || first + bit >= size {
                *byte |= 1 << bit;
            }
        }
    }
}

fn put16<const N: usize>(raw: &mut [u8; N], offset: usize, value: u16) {
    raw[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
}

fn put32<const N: usize>(raw: &mut [u8; N], offset: usize, value: u32) {
    raw[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

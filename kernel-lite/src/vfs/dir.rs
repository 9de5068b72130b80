// SPDX-License-Identifier: MIT
//! A directory's names.
//!
//! Entries stand in the order of their creation and carry an ever-increasing number, which is the position
//! that `getdents64` hands out: reading goes on behind a number, so entries may come and go meanwhile. A hash
//! table of positions finds a name among ten thousand as fast as among ten.

use super::InodeId;
use crate::errno::Errno;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Names longer than this are refused, as by Linux.
pub const NAME_MAX: usize = 255;

/// Directories of up to this many entries are searched without a hash table.
const SMALL: usize = 8;

struct Entry {
    /// Empty: the entry is gone.
    name: Box<[u8]>,
    inode: InodeId,
    number: u64,
}

/// The names of a directory, without `.` and `..`.
#[derive(Default)]
pub struct Directory {
    entries: Vec<Entry>,
    live: usize,
    /// Number of the newest entry.
    newest: u64,
    /// Open addressing; 0 is free, else index into `entries` + 1. Empty for small directories.
    table: Vec<u32>,
}

fn hash(name: &[u8]) -> usize {
    // FNV-1a.
    let hash =
        name.iter().fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 15)) as usize
}

impl Directory {
    /// How many names.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        if self.table.is_empty() {
            return self.entries.iter().position(|entry| *entry.name == *name);
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(name) & mask;
        while self.table[slot] != 0 {
            let index = self.table[slot] as usize - 1;
            if *self.entries[index].name == *name {
                return Some(index);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// What `name` names.
    pub fn get(&self, name: &[u8]) -> Option<InodeId> {
        if name.is_empty() {
            return None;
        }
        self.find(name).map(|index| self.entries[index].inode)
    }

    /// Adds a name that is not there yet.
    pub fn insert(&mut self, name: &[u8], inode: InodeId) -> Result<(), Errno> {
        if self.entries.len() == self.entries.capacity() {
            self.compact();
            self.entries.try_reserve(1).map_err(|_| Errno::ENOSPC)?;
        }
        if self.entries.len() >= SMALL && 2 * (self.entries.len() + 1) > self.table.len() {
            self.rebuild(4 * (self.entries.len() + 1))?;
        }
        self.newest += 1;
        self.entries.push(Entry { name: name.into(), inode, number: self.newest });
        self.live += 1;
        self.index(self.entries.len() - 1);
        Ok(())
    }

    /// Removes a name; what it named.
    pub fn remove(&mut self, name: &[u8]) -> Option<InodeId> {
        let index = self.find(name)?;
        let inode = self.entries[index].inode;
        // The table still leads here, to a name that nobody asks for.
        self.entries[index].name = Box::default();
        self.live -= 1;
        if self.live == 0 {
            self.entries.clear();
            self.table.clear();
        }
        Some(inode)
    }

    /// Makes an existing name name another inode; what it named before.
    pub fn replace(&mut self, name: &[u8], inode: InodeId) -> Option<InodeId> {
        let index = self.find(name)?;
        Some(core::mem::replace(&mut self.entries[index].inode, inode))
    }

    /// The first entry with a number above `number`: its number, name and inode.
    pub fn next(&self, number: u64) -> Option<(u64, &[u8], InodeId)> {
        let from = self.entries.partition_point(|entry| entry.number <= number);
        let entry = self.entries[from..].iter().find(|entry| !entry.name.is_empty())?;
        Some((entry.number, &entry.name, entry.inode))
    }

    /// All entries in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], InodeId)> {
        let live = self.entries.iter().filter(|entry| !entry.name.is_empty());
        live.map(|entry| (&entry.name[..], entry.inode))
    }

    fn index(&mut self, index: usize) {
        if self.table.is_empty() {
            return;
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(&self.entries[index].name) & mask;
        while self.table[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.table[slot] = index as u32 + 1;
    }

    fn rebuild(&mut self, size: usize) -> Result<(), Errno> {
        let size = size.next_power_of_two();
        self.table.clear();
        self.table.try_reserve_exact(size).map_err(|_| Errno::ENOSPC)?;
        self.table.resize(size, 0);
        for index in 0..self.entries.len() {
            self.index(index);
        }
        Ok(())
    }

    /// Drops the entries that are gone, if they are at least half, and the table with them.
    fn compact(&mut self) {
        if self.entries.len() > SMALL && 2 * self.live <= self.entries.len() {
            self.entries.retain(|entry| !entry.name.is_empty());
            self.table.clear();
        }
    }
}

// SPDX-License-Identifier: MIT
//! What a walk over a tree remembers of inodes with more than one name, so that hard links stay hard links.

use super::InodeId;
use alloc::vec::Vec;

/// A number for each inode that was seen; a sorted list, because there are few.
#[derive(Default)]
pub struct Links(Vec<(InodeId, usize)>);

impl Links {
    /// The inode's number, if it was seen.
    pub fn get(&self, inode: InodeId) -> Option<usize> {
        let place = self.0.binary_search_by_key(&inode, |seen| seen.0).ok()?;
        Some(self.0[place].1)
    }

    /// Gives an inode that is seen for the first time its number.
    pub fn insert(&mut self, inode: InodeId, number: usize) {
        let place = self.0.partition_point(|seen| seen.0 < inode);
        self.0.insert(place, (inode, number));
    }
}

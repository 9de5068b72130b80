// SPDX-License-Identifier: MIT
//! Address spaces.

use crate::arch::Root;
use crate::paging::PageTable;

/// An address space.
pub struct Space {
    /// Its page tables.
    pub table: PageTable,
    /// Its TLB tag.
    pub asid: u16,
    /// Processes (and vfork children) that use it; 0 is a free slot.
    pub users: u32,
}

impl Space {
    /// As the processor sees it.
    pub fn root(&self) -> Root {
        Root {
            table: self.table.root(),
            asid: self.asid,
        }
    }
}

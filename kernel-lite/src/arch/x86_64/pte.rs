// SPDX-License-Identifier: MIT
//! Page-table entries of 4-level paging (SDM volume 3, section 4.5).
//!
//! A leaf carries its protection a second time in the bits that are left to software, so that a page without
//! any right (PROT_NONE) is an entry that is not present and still names its frame.

use super::{DIRECT_MAP, mmu};
use crate::paging::Prot;
use crate::ram::PhysAddr;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
/// Bits 9 to 11, ignored by hardware: the `Prot`.
const PROT_SHIFT: u32 = 9;
/// Bit 52, ignored by hardware: a page of user mode, present or not.
const USER_PAGE: u64 = 1 << 52;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// An entry that points to the next level's table.
#[inline]
pub fn table(at: PhysAddr) -> u64 {
    at.0 | USER | WRITABLE | PRESENT | ACCESSED
}

/// A leaf entry for user mode. The hardware lets every page that has a right be read.
#[inline]
pub fn page(at: PhysAddr, prot: Prot) -> u64 {
    let mut entry = at.0 | USER_PAGE | (prot.0 as u64 & 7) << PROT_SHIFT;
    if prot != Prot::NONE {
        entry |= PRESENT | USER | ACCESSED | DIRTY;
        if prot.has(Prot::WRITE) {
            entry |= WRITABLE;
        }
        if !prot.has(Prot::EXEC) {
            entry |= NO_EXECUTE;
        }
    }
    entry
}

/// The table that `entry` points to.
#[inline]
pub fn decode_table(entry: u64) -> Option<PhysAddr> {
    (entry & PRESENT != 0).then_some(PhysAddr(entry & ADDRESS))
}

/// Whether `entry` maps a page for user mode.
#[inline]
pub fn is_page(entry: u64) -> bool {
    entry & USER_PAGE != 0
}

/// Where that page lies.
#[inline]
pub fn address(entry: u64) -> PhysAddr {
    PhysAddr(entry & ADDRESS)
}

/// What user mode may do with it.
#[inline]
pub fn prot(entry: u64) -> Prot {
    Prot((entry >> PROT_SHIFT & 7) as u8)
}

/// Fills a zeroed top-level table with the monitor's own entries, the upper half.
pub fn init_root(root: &mut [u8]) {
    let half = root.len() / 2;
    let own = (DIRECT_MAP + mmu::own_root().0) as *const u8;
    // SAFETY: the monitor's top-level table is a page in the direct map, and does not change after start.
    let own = unsafe { core::slice::from_raw_parts(own, root.len()) };
    root[half..].copy_from_slice(&own[half..]);
}

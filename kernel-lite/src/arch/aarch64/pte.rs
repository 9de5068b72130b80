// SPDX-License-Identifier: MIT
//! Page-table entries of the VMSAv8-64 format, 4 KiB granule, stage 1 (ARM ARM, "Descriptor formats").
//!
//! A leaf carries its protection a second time in the bits that are left to software, so that a page without
//! any right (PROT_NONE) is an invalid entry that still names its frame.

use crate::paging::Prot;
use crate::ram::PhysAddr;

const VALID: u64 = 1;
/// At levels 0 to 2 "table", at level 3 "page".
const TABLE_OR_PAGE: u64 = 1 << 1;
/// AttrIndx 0: normal memory, see `firmware/`'s MAIR_EL1.
const NORMAL: u64 = 0 << 2;
const AP_USER: u64 = 1 << 6;
const AP_READ_ONLY: u64 = 1 << 7;
const INNER_SHAREABLE: u64 = 0b11 << 8;
const ACCESSED: u64 = 1 << 10;
const NOT_GLOBAL: u64 = 1 << 11;
const PRIVILEGED_NEVER_EXECUTES: u64 = 1 << 53;
const USER_NEVER_EXECUTES: u64 = 1 << 54;
/// Bits 55 to 57, ignored by hardware: the `Prot`.
const PROT_SHIFT: u32 = 55;
/// Bit 58, ignored by hardware: a page of user mode, valid or not.
const USER_PAGE: u64 = 1 << 58;
const ADDRESS: u64 = 0x0000_ffff_ffff_f000;

/// An entry that points to the next level's table.
#[inline]
pub fn table(at: PhysAddr) -> u64 {
    at.0 | TABLE_OR_PAGE | VALID
}

/// A leaf entry for user mode. The hardware lets every page that has a right be read.
#[inline]
pub fn page(at: PhysAddr, prot: Prot) -> u64 {
    let mut entry = at.0 | USER_PAGE | (prot.0 as u64 & 7) << PROT_SHIFT;
    if prot != Prot::NONE {
        entry |= VALID | TABLE_OR_PAGE | NORMAL | AP_USER | INNER_SHAREABLE | ACCESSED | NOT_GLOBAL;
        entry |= PRIVILEGED_NEVER_EXECUTES;
        if !prot.has(Prot::WRITE) {
            entry |= AP_READ_ONLY;
        }
        if !prot.has(Prot::EXEC) {
            entry |= USER_NEVER_EXECUTES;
        }
    }
    entry
}

/// The table that `entry` points to.
#[inline]
pub fn decode_table(entry: u64) -> Option<PhysAddr> {
    (entry & (TABLE_OR_PAGE | VALID) == TABLE_OR_PAGE | VALID).then_some(PhysAddr(entry & ADDRESS))
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

/// Nothing to do: TTBR1 holds the monitor's half.
pub fn init_root(_root: &mut [u8]) {}

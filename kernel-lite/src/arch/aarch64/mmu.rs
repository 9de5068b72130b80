// SPDX-License-Identifier: MIT
//! Translation and cache maintenance (ARM ARM, "TLB maintenance instructions" and "Synchronization and
//! coherency issues between data and instruction accesses").

use super::{DIRECT_MAP, Root};
use crate::ram::PhysAddr;
use core::arch::asm;

/// Forgets one translation of a space.
pub fn tlb_flush_page(addr: u64, asid: u16) {
    let operand = (asid as u64) << 48 | (addr >> 12 & 0xfff_ffff_ffff);
    // SAFETY: invalidating a translation only makes the next access walk the tables again.
    unsafe {
        asm!("dsb nshst", "tlbi vae1, {}", "dsb nsh", in(reg) operand, options(nostack, preserves_flags))
    };
}

/// Forgets all translations of a space.
pub fn tlb_flush_space(asid: u16) {
    let operand = (asid as u64) << 48;
    // SAFETY: as above.
    unsafe {
        asm!("dsb nshst", "tlbi aside1, {}", "dsb nsh", in(reg) operand, options(nostack, preserves_flags))
    };
}

/// Makes instruction fetches of user mode see what was written to physical memory through the direct map.
pub fn sync_icache(at: PhysAddr, len: usize) {
    let ctr: u64;
    // SAFETY: CTR_EL0 is readable at EL1 and reading it has no effect.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
    // DminLine: log2 of the number of four-byte words in the smallest data cache line.
    let line = 4u64 << (ctr >> 16 & 15);
    let start = DIRECT_MAP + at.0;
    let mut va = start & !(line - 1);
    while va < start + len as u64 {
        // SAFETY: cleaning a line of mapped memory changes no value that a program can see.
        unsafe { asm!("dc cvau, {}", in(reg) va, options(nostack, preserves_flags)) };
        va += line;
    }
    // The whole instruction cache, because user mode sees the bytes at another address.
    // SAFETY: dropping cached instructions only makes them be fetched again.
    unsafe { asm!("dsb ish", "ic iallu", "dsb ish", "isb", options(nostack, preserves_flags)) };
}

/// The space is about to be freed: its tables leave TTBR0_EL1, which gets the empty ones, and its translations
/// are forgotten.
pub fn detach(root: Root) {
    super::trap::leave_space();
    tlb_flush_space(root.asid);
}

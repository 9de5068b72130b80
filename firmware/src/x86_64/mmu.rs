// SPDX-License-Identifier: MIT
//! The monitor's own translation tables: RAM and the image in the direct map with the rights that each part
//! needs, devices where a driver asks for them, nothing else (SDM volume 3, section 4.5).

use crate::regions::{BELOW_4_GIB, Regions};
use core::arch::asm;
use kernel_lite::arch::DIRECT_MAP;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
/// PWT and PCD: the reset value of the page attribute table has "uncacheable" there.
const UNCACHED: u64 = 1 << 3 | 1 << 4;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
/// At levels 3 and 2: a page of 1 GiB or 2 MiB.
const LARGE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const NEVER_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const COMMON: u64 = PRESENT | ACCESSED | DIRTY | GLOBAL;
/// CPUID leaf 0x8000_0001, edx: pages of 1 GiB.
const HAS_1_GIB: u32 = 1 << 26;

/// The kinds of memory.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum Kind {
    /// Data.
    Data = COMMON | WRITABLE | NEVER_EXECUTE,
    /// Constants.
    Constants = COMMON | NEVER_EXECUTE,
    /// The monitor's code.
    Code = COMMON,
    /// Device registers.
    Device = COMMON | WRITABLE | NEVER_EXECUTE | UNCACHED,
}

type Table = [u64; 512];

/// A tree of tables that grows. Tables are pages taken from `memory`, zeroed.
pub struct Mapper<'a> {
    root: u64,
    largest: u64,
    memory: &'a mut Regions,
}

/// The table at a physical address.
fn table(at: u64) -> *mut Table {
    (DIRECT_MAP + at) as *mut Table
}

fn new_table(memory: &mut Regions) -> Option<u64> {
    let at = memory.take(4096, 4096, BELOW_4_GIB)?;
    // SAFETY: `take` gave a page of RAM that nobody else has; the first tables reach what is below 4 GiB.
    unsafe { table(at).write([0; 512]) };
    Some(at)
}

impl<'a> Mapper<'a> {
    /// An empty tree; `None` when there is no memory.
    pub fn new(memory: &'a mut Regions) -> Option<Mapper<'a>> {
        let features = core::arch::x86_64::__cpuid(0x8000_0001).edx;
        let largest = if features & HAS_1_GIB != 0 { 1 << 30 } else { 1 << 21 };
        Some(Mapper { root: new_table(memory)?, largest, memory })
    }

    /// Maps a physical range into the direct map, in the largest pages that fit. The ends are rounded outwards
    /// to pages; a page that is mapped already keeps its kind.
    pub fn map(&mut self, start: u64, size: u64, kind: Kind) -> Option<()> {
        let end = start.checked_add(size)?.checked_add(4095)? & !4095;
        let mut at = start & !4095;
        while at < end {
            let mut table_at = self.root;
            let mut level = 3;
            loop {
                let span = 1u64 << (12 + 9 * level);
                let index = ((DIRECT_MAP + at) / span % 512) as usize;
                // SAFETY: every table of the tree came from `new_table`.
                let entry = unsafe { &mut (*table(table_at))[index] };
                if *entry & PRESENT == 0 {
                    let fits = span <= self.largest && at.is_multiple_of(span) && end - at >= span;
                    if fits || level == 0 {
                        *entry = at | kind as u64 | if level > 0 { LARGE } else { 0 };
                        at += span;
                        break;
                    }
                    *entry = new_table(self.memory)? | PRESENT | WRITABLE | ACCESSED;
                } else if level == 0 || *entry & LARGE != 0 {
                    at = (at | (span - 1)) + 1;
                    break;
                }
                table_at = *entry & ADDRESS;
                level -= 1;
            }
        }
        Some(())
    }

    /// Makes the tree the processor's, and takes the lower half away. Returns its top level.
    pub fn activate(self) -> u64 {
        // SAFETY: the tree maps the image, its stack and the devices in use as they were mapped before.
        unsafe { asm!("mov cr3, {}", in(reg) self.root, options(nostack, preserves_flags)) };
        self.root
    }
}

// SPDX-License-Identifier: MIT
//! The monitor's own translation tables: RAM and the image in the direct map with the rights that each part
//! needs, devices where a driver asks for them, nothing else (ARM ARM, "Descriptor formats").

use crate::regions::Regions;
use core::arch::asm;
use core::ops::Range;
use kernel_lite::arch::DIRECT_MAP;
use kernel_lite::ram::PhysAddr;

const TABLE: u64 = 0b11;
const BLOCK: u64 = 0b01;
const PAGE: u64 = 0b11;
const ACCESSED: u64 = 1 << 10;
const INNER_SHAREABLE: u64 = 0b11 << 8;
const READ_ONLY: u64 = 1 << 7;
const NEVER_EXECUTE: u64 = 1 << 53 | USER_NEVER_EXECUTES;
const USER_NEVER_EXECUTES: u64 = 1 << 54;
/// A block of the first tables.
const GIB: u64 = 1 << 30;
const ADDRESS: u64 = 0x0000_ffff_ffff_f000;

/// The kinds of memory. Attribute indices: see MAIR_EL1 in `entry.rs`.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum Kind {
    /// Data.
    Data = ACCESSED | INNER_SHAREABLE | NEVER_EXECUTE,
    /// Constants, and flash.
    Constants = ACCESSED | INNER_SHAREABLE | NEVER_EXECUTE | READ_ONLY,
    /// The monitor's code.
    Code = ACCESSED | INNER_SHAREABLE | USER_NEVER_EXECUTES | READ_ONLY,
    /// Device registers.
    Device = ACCESSED | NEVER_EXECUTE | 1 << 2,
}

type Table = [u64; 512];

/// A tree of tables that grows. Tables are pages taken from `memory`, zeroed.
pub struct Mapper<'a> {
    root: u64,
    /// Where tables may lie: what the first tables map as normal memory.
    near: Range<u64>,
    memory: &'a mut Regions,
}

/// The table at a physical address.
fn table(at: u64) -> *mut Table {
    (DIRECT_MAP + at) as *mut Table
}

fn new_table(memory: &mut Regions, near: &Range<u64>) -> Option<u64> {
    let at = memory.take(4096, 4096, near.clone())?;
    // SAFETY: `take` gave a page of RAM that nobody else has; the direct map reaches all of RAM.
    unsafe { table(at).write([0; 512]) };
    Some(at)
}

impl<'a> Mapper<'a> {
    /// An empty tree; `None` when there is no memory. `image` is where the monitor is.
    pub fn new(memory: &'a mut Regions, image: u64) -> Option<Mapper<'a>> {
        let gib = image & !(GIB - 1);
        let near = gib..gib + GIB;
        Some(Mapper { root: new_table(memory, &near)?, near, memory })
    }

    /// Maps a physical range into the direct map, in the largest blocks that fit. The ends are rounded
    /// outwards to pages; a page that is mapped already keeps its kind.
    pub fn map(&mut self, start: u64, size: u64, kind: Kind) -> Option<()> {
        let end = start.checked_add(size)?.checked_add(4095)? & !4095;
        let mut at = start & !4095;
        while at < end {
            let mut table_at = self.root;
            let mut level = 0;
            loop {
                let span = 1u64 << (39 - 9 * level);
                let index = (at / span % 512) as usize;
                // SAFETY: every table of the tree came from `new_table`.
                let entry = unsafe { &mut (*table(table_at))[index] };
                if *entry & 1 == 0 {
                    let fits = level > 0 && at.is_multiple_of(span) && end - at >= span;
                    if fits || level == 3 {
                        *entry = at | kind as u64 | if level == 3 { PAGE } else { BLOCK };
                        at += span;
                        break;
                    }
                    *entry = new_table(self.memory, &self.near)? | TABLE;
                } else if level == 3 || *entry & TABLE != TABLE {
                    at = (at | (span - 1)) + 1;
                    break;
                }
                table_at = *entry & ADDRESS;
                level += 1;
            }
        }
        Some(())
    }

    /// Makes the tree the processor's. Returns an empty table, for the lower half.
    pub fn activate(self) -> Option<PhysAddr> {
        let empty = new_table(self.memory, &self.near)?;
        // SAFETY: the tree maps the image, its stack and the devices in use as they were mapped before; a
        // change of TTBR1 between trees that agree needs no break in between when the TLB is dropped after.
        unsafe {
            asm!(
                "dsb ish",
                "msr ttbr1_el1, {root}",
                "msr ttbr0_el1, {empty}",
                "isb",
                "tlbi vmalle1",
                "dsb ish",
                "isb",
                root = in(reg) self.root,
                empty = in(reg) empty,
                options(nostack, preserves_flags)
            )
        };
        Some(PhysAddr(empty))
    }
}

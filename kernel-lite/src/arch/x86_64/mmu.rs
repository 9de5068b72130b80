// SPDX-License-Identifier: MIT
//! Translation maintenance (SDM volume 3, section 4.10). Process-context identifiers are not used.

use super::Root;
use crate::ram::PhysAddr;
use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

static OWN_ROOT: AtomicU64 = AtomicU64::new(0);
/// What CR3 holds: reading the register itself takes an emulator longer than a system call's own work.
static CURRENT: AtomicU64 = AtomicU64::new(0);

/// Remembers the monitor's own tables, which are in CR3.
pub(super) fn set_own_root(root: PhysAddr) {
    OWN_ROOT.store(root.0, Relaxed);
    CURRENT.store(root.0, Relaxed);
}

/// The tables in CR3.
#[inline]
pub(super) fn current() -> PhysAddr {
    PhysAddr(CURRENT.load(Relaxed))
}

/// Puts other tables into CR3.
///
/// # Safety
/// They map everything that the monitor uses as its own tables do.
pub(super) unsafe fn load(root: PhysAddr) {
    CURRENT.store(root.0, Relaxed);
    // SAFETY: the caller's promise.
    unsafe { asm!("mov cr3, {}", in(reg) root.0, options(nostack, preserves_flags)) };
}

/// The monitor's own top-level table.
pub(super) fn own_root() -> PhysAddr {
    PhysAddr(OWN_ROOT.load(Relaxed))
}

/// Forgets one translation of a space. Only the space in CR3 has any.
pub fn tlb_flush_page(addr: u64, _asid: u16) {
    // SAFETY: invalidating a translation only makes the next access walk the tables again.
    unsafe { asm!("invlpg [{}]", in(reg) addr, options(nostack, preserves_flags)) };
}

/// Forgets all translations of a space. Only the space in CR3 has any.
pub fn tlb_flush_space(_asid: u16) {
    // SAFETY: as above.
    unsafe { asm!("mov {t}, cr3", "mov cr3, {t}", t = out(reg) _, options(nostack, preserves_flags)) };
}

/// The space is about to be freed: its tables leave CR3.
pub fn detach(_root: Root) {
    // SAFETY: the monitor's own tables map everything that the monitor uses.
    unsafe { load(own_root()) };
}

/// Nothing to do: instruction fetches see stores, after the serialising return to user mode.
pub fn sync_icache(_at: PhysAddr, _len: usize) {}

// SPDX-License-Identifier: MIT
//! The time-stamp counter and the local APIC's timer (SDM volume 3, sections 18.17 and 11.5.4).

use core::arch::x86_64::_rdtsc;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Vectors: the timer's, and the one for interrupts that went away.
pub(super) const TIMER_VECTOR: u64 = 0x20;
pub(super) const SPURIOUS_VECTOR: u64 = 0xff;

// Registers of the local APIC, as memory.
const EOI: usize = 0x0b0;
const SPURIOUS: usize = 0x0f0;
const LVT_TIMER: usize = 0x320;
const LVT_LINT0: usize = 0x350;
const LVT_LINT1: usize = 0x360;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;
const MASKED: u32 = 1 << 16;
const ENABLE: u32 = 1 << 8;
/// DIVIDE: by 16.
const BY_16: u32 = 0b0011;

/// How often both clocks are measured.
const MEASUREMENTS: usize = 5;

static APIC: AtomicUsize = AtomicUsize::new(0);
static TSC_HZ: AtomicU64 = AtomicU64::new(1);
/// Ticks of the APIC's timer in 2^32 ticks of the TSC.
static APIC_PER_TSC: AtomicU64 = AtomicU64::new(0);

fn get(register: usize) -> u32 {
    // SAFETY: `init`'s contract.
    unsafe { with_exposed_provenance::<u32>(APIC.load(Relaxed) + register).read_volatile() }
}

fn set(register: usize, value: u32) {
    // SAFETY: `init`'s contract.
    unsafe { with_exposed_provenance_mut::<u32>(APIC.load(Relaxed) + register).write_volatile(value) }
}

/// Takes over the local APIC and measures both clocks: `wait` returns after a time that it knows, and gives
/// it in nanoseconds.
///
/// # Safety
/// `apic` is where the local APIC's registers are mapped as device memory, for ever.
pub(super) unsafe fn init(apic: usize, wait: &dyn Fn() -> u64) {
    APIC.store(apic, Relaxed);
    set(LVT_LINT0, MASKED);
    set(LVT_LINT1, MASKED);
    set(LVT_TIMER, MASKED);
    set(DIVIDE, BY_16);
    set(SPURIOUS, ENABLE | SPURIOUS_VECTOR as u32);
    // The middle one of a few: a host that looks away from its emulator spoils one.
    let mut measured = [(0u64, 0u64); MEASUREMENTS];
    for to in &mut measured {
        set(INITIAL_COUNT, u32::MAX);
        let (tsc, apic) = (counter(), get(CURRENT_COUNT));
        let nanoseconds = wait().max(1);
        let (tsc, apic) = (counter().wrapping_sub(tsc).max(1), apic.wrapping_sub(get(CURRENT_COUNT)));
        *to = ((tsc as u128 * 1_000_000_000 / nanoseconds as u128) as u64, ((apic as u64) << 32) / tsc);
    }
    set(INITIAL_COUNT, 0);
    measured.sort_unstable();
    let (hz, ratio) = measured[MEASUREMENTS / 2];
    TSC_HZ.store(hz, Relaxed);
    APIC_PER_TSC.store(ratio, Relaxed);
}

/// The counter, in ticks.
#[inline]
pub fn counter() -> u64 {
    // SAFETY: every x86_64 processor has a time-stamp counter, and ring 0 may read it.
    unsafe { _rdtsc() }
}

/// Ticks per second, as measured.
pub fn counter_hz() -> u64 {
    TSC_HZ.load(Relaxed)
}

/// Arms the one-shot timer to interrupt user mode `ticks` from now, or disarms it. Longer than the timer can
/// count (a minute or so), it comes early.
pub fn set_timer(ticks: Option<u64>) {
    let Some(ticks) = ticks else {
        set(LVT_TIMER, MASKED);
        return set(INITIAL_COUNT, 0);
    };
    let count = (ticks as u128 * APIC_PER_TSC.load(Relaxed) as u128) >> 32;
    set(LVT_TIMER, TIMER_VECTOR as u32);
    set(INITIAL_COUNT, count.clamp(1, u32::MAX as u128) as u32);
}

/// Tells the local APIC that its interrupt has been taken.
pub(super) fn end_of_interrupt() {
    set(EOI, 0);
}

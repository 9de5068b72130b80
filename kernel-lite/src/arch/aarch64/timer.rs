// SPDX-License-Identifier: MIT
//! The generic timer's virtual counter and timer (ARM ARM, "The Generic Timer in AArch64 state").

use core::arch::asm;

/// The counter, in ticks.
#[inline]
pub fn counter() -> u64 {
    let ticks: u64;
    // SAFETY: reading the counter has no effect; the ISB keeps it from being read early.
    unsafe { asm!("isb", "mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags)) };
    ticks
}

/// Ticks per second, as the firmware beneath or the emulator set it.
pub fn counter_hz() -> u64 {
    let hz: u64;
    // SAFETY: reading CNTFRQ_EL0 has no effect.
    unsafe { asm!("mrs {}, cntfrq_el0", out(reg) hz, options(nomem, nostack, preserves_flags)) };
    hz
}

/// Arms the one-shot timer to interrupt user mode `ticks` from now, or disarms it. The interrupt is
/// level-triggered and never acknowledged at the interrupt controller: disarming takes it back.
pub fn set_timer(ticks: Option<u64>) {
    let enable = ticks.is_some() as u64;
    let deadline = counter().saturating_add(ticks.unwrap_or(0));
    // SAFETY: the timer can only interrupt user mode; the monitor runs with interrupts masked.
    unsafe {
        asm!(
            "msr cntv_cval_el0, {deadline}",
            "msr cntv_ctl_el0, {enable}",
            "isb",
            deadline = in(reg) deadline,
            enable = in(reg) enable,
            options(nomem, nostack, preserves_flags)
        )
    };
}

// SPDX-License-Identifier: MIT
//! Power State Coordination Interface (Arm DEN 0022): off and reset.

use core::arch::asm;

const SYSTEM_OFF: u32 = 0x8400_0008;
const SYSTEM_RESET: u32 = 0x8400_0009;

/// How the firmware beneath is called (device tree, `/psci`, `method`). From 1 on, so that a variable without one is
/// zero.
#[derive(Clone, Copy)]
pub enum Conduit {
    /// Hypervisor call.
    Hvc = 1,
    /// Secure monitor call.
    Smc,
    /// There is no such firmware.
    None,
}

fn call(conduit: Conduit, function: u32) {
    // SAFETY: both functions take no arguments and do not return; if they fail, they come back with x0 to
    // x17 changed (SMC Calling Convention).
    unsafe {
        match conduit {
            Conduit::Hvc => asm!("hvc #0", inout("w0") function => _, clobber_abi("C")),
            Conduit::Smc => asm!("smc #0", inout("w0") function => _, clobber_abi("C")),
            Conduit::None => {}
        }
    }
}

fn stop() -> ! {
    loop {
        // SAFETY: waiting has no effect.
        unsafe { asm!("wfi", options(nomem, nostack, preserves_flags)) };
    }
}

/// Switches the machine off.
pub fn off(conduit: Conduit) -> ! {
    call(conduit, SYSTEM_OFF);
    stop()
}

/// Restarts the machine.
pub fn reset(conduit: Conduit) -> ! {
    call(conduit, SYSTEM_RESET);
    stop()
}

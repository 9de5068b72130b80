// SPDX-License-Identifier: MIT
//! Arm Generic Interrupt Controller, versions 2 (IHI 0048) and 3 (IHI 0069): just enough for one
//! level-triggered private interrupt, the timer's. Nothing is ever acknowledged: the monitor takes the
//! interrupt by leaving user mode and withdraws it by disarming the timer.

use core::arch::asm;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

const GICD_CTLR: usize = 0x000;
/// Banked per core, for interrupts 0 to 31 (GICv2's distributor, GICv3's redistributor).
const IGROUPR0: usize = 0x080;
const ISENABLER0: usize = 0x100;
const IPRIORITYR: usize = 0x400;
const GICC_CTLR: usize = 0x000;
const GICC_PMR: usize = 0x004;
const GICR_TYPER: usize = 0x008;
const GICR_WAKER: usize = 0x014;
/// A redistributor is two frames of 64 KiB; the second has the registers of interrupts 0 to 31.
const REDISTRIBUTOR: usize = 0x2_0000;
const SGI_FRAME: usize = 0x1_0000;
const PRIORITY: u8 = 0x80;

fn get(at: usize) -> u32 {
    // SAFETY: `enable_v2` and `enable_v3` have mapped register frames as their callers' contract.
    unsafe { with_exposed_provenance::<u32>(at).read_volatile() }
}

fn set(at: usize, value: u32) {
    // SAFETY: as above.
    unsafe { with_exposed_provenance_mut::<u32>(at).write_volatile(value) }
}

fn set_byte(at: usize, value: u8) {
    // SAFETY: as above; priority registers are byte-accessible.
    unsafe { with_exposed_provenance_mut::<u8>(at).write_volatile(value) }
}

/// Lets private interrupt `id` (16 to 31) through.
///
/// # Safety
/// `distributor` and `cpu` are the device-mapped register frames of a GICv2.
pub unsafe fn enable_v2(distributor: usize, cpu: usize, id: u32) {
    set_byte(distributor + IPRIORITYR + id as usize, PRIORITY);
    set(distributor + ISENABLER0, 1 << id);
    set(distributor + GICD_CTLR, 1);
    set(cpu + GICC_PMR, 0xff);
    set(cpu + GICC_CTLR, 1);
}

/// Lets private interrupt `id` (16 to 31) through.
///
/// # Safety
/// `distributor` is the device-mapped frame of a GICv3, `redistributors` the first of its redistributors,
/// of which `size` bytes are mapped.
pub unsafe fn enable_v3(distributor: usize, redistributors: usize, size: usize, id: u32) {
    // EnableGrp1NS and ARE_NS.
    set(distributor + GICD_CTLR, 1 << 1 | 1 << 4);
    let mpidr: u64;
    // SAFETY: reading MPIDR_EL1 has no effect.
    unsafe { asm!("mrs {}, mpidr_el1", out(reg) mpidr, options(nomem, nostack, preserves_flags)) };
    let affinity = (mpidr & 0xff_ffff | mpidr >> 8 & 0xff00_0000) as u32;
    let mut frame = redistributors;
    while get(frame + GICR_TYPER + 4) != affinity {
        frame += REDISTRIBUTOR;
        if frame + REDISTRIBUTOR > redistributors + size {
            return;
        }
    }
    // Wake it: clear ProcessorSleep (bit 1), wait for ChildrenAsleep (bit 2).
    set(frame + GICR_WAKER, get(frame + GICR_WAKER) & !(1 << 1));
    while get(frame + GICR_WAKER) & 1 << 2 != 0 {
        core::hint::spin_loop();
    }
    let private = frame + SGI_FRAME;
    set(private + IGROUPR0, get(private + IGROUPR0) | 1 << id);
    set_byte(private + IPRIORITYR + id as usize, PRIORITY);
    set(private + ISENABLER0, 1 << id);
    // SAFETY: ICC_SRE_EL1.SRE, then ICC_PMR_EL1 and ICC_IGRPEN1_EL1, by their encodings: the processor
    // has them, since its interrupt controller is a GICv3.
    unsafe {
        asm!(
            "mov {t}, #1",
            "msr s3_0_c12_c12_5, {t}",
            "isb",
            "mov {t}, #0xff",
            "msr s3_0_c4_c6_0, {t}",
            "mov {t}, #1",
            "msr s3_0_c12_c12_7, {t}",
            "isb",
            t = out(reg) _,
            options(nomem, nostack, preserves_flags)
        )
    };
}

// SPDX-License-Identifier: MIT
//! AArch64: EL1 for the monitor, EL0 for programs, one core.
//!
//! The monitor lives in the upper half (TTBR1), programs in the lower (TTBR0). `firmware/` builds the
//! monitor's own translation tables and calls [`init`]; from then on [`run_user`] is the only way into user
//! mode and every exception of user mode is its return value. An exception in the monitor itself is a bug
//! and ends in the panic handler.
//!
//! Sources: Arm Architecture Reference Manual for A-profile (DDI 0487), named "ARM ARM" below, by register
//! or section name.

mod context;
mod mmu;
mod signal;
mod timer;
mod trap;

pub mod pte;

use super::{Abi, Root, SignalDelivery, SignalReturn, Trap, UserRead, UserWrite};

pub use context::UserContext;
pub use mmu::{detach, sync_icache, tlb_flush_page, tlb_flush_space};
pub use timer::{counter, counter_hz, set_timer};
pub use trap::{init, run_user};

/// Whose numbers and layouts.
pub const ABI: Abi = Abi::Aarch64;
/// `e_machine`: EM_AARCH64.
pub const MACHINE: u16 = 183;
/// `uname -m`.
pub const UNAME: &str = "aarch64";
/// AT_HWCAP: HWCAP_FP and HWCAP_ASIMD, which every ARMv8-A application processor has. Fixed, so that runs
/// are alike on all of them.
pub const HWCAP: u64 = 0b11;
/// AT_HWCAP2.
pub const HWCAP2: u64 = 0;
/// AT_PLATFORM.
pub const PLATFORM: &[u8] = b"aarch64";
/// Which argument of `clone` is the thread pointer.
pub const CLONE_TLS_ARG: usize = 3;
/// The signal return page: `mov x8, #139` (rt_sigreturn), `svc #0`. C libraries of this architecture give
/// no restorer of their own.
pub const TRAMPOLINE: &[u8] = &[0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];

/// Kernel virtual address of physical address 0: the bottom of TTBR1's 48-bit range.
pub const DIRECT_MAP: u64 = 0xffff_0000_0000_0000;

// SPDX-License-Identifier: MIT
//! x86_64: ring 0 for the monitor, ring 3 for programs, one core.
//!
//! One tree of tables serves both halves: every program's top level carries the monitor's entries.
//! `firmware/` builds the monitor's own tables and calls [`init`]; from then on [`run_user`] is the only way
//! into user mode and every exception of user mode is its return value. An exception in the monitor itself is
//! a bug and ends in the panic handler.
//!
//! The floating-point state is x87 and SSE: OSXSAVE stays off, so programs see no AVX and behave alike on
//! every processor. What cannot be trapped: CPUID, RDRAND.
//!
//! Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, named "SDM" below, by section.

mod context;
mod mmu;
mod signal;
mod tables;
mod timer;
mod trap;

pub mod pte;

use super::{Abi, Root, SignalDelivery, SignalReturn, Trap, UserRead, UserWrite};

pub use context::UserContext;
pub use mmu::{detach, sync_icache, tlb_flush_page, tlb_flush_space};
pub use timer::{counter, counter_hz, set_timer};
pub use trap::{init, run_user};

/// Whose numbers and layouts.
pub const ABI: Abi = Abi::X86_64;
/// `e_machine`: EM_X86_64.
pub const MACHINE: u16 = 62;
/// `uname -m`.
pub const UNAME: &str = "x86_64";
/// AT_HWCAP, which Linux fills from CPUID; fixed, so that runs are alike.
pub const HWCAP: u64 = 0;
/// AT_HWCAP2.
pub const HWCAP2: u64 = 0;
/// AT_PLATFORM.
pub const PLATFORM: &[u8] = b"x86_64";
/// Which argument of `clone` is the thread pointer.
pub const CLONE_TLS_ARG: usize = 4;
/// The code of the signal return page; empty: every program brings its own.
pub const TRAMPOLINE: &[u8] = &[];

/// Kernel virtual address of physical address 0: the bottom of the upper half.
pub const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

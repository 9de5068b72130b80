// SPDX-License-Identifier: MIT
//! What depends on the processor, behind one set of names. `unsafe` lives below here and in drivers only.
//!
//! Each architecture provides:
//! - `ABI: Abi`, `MACHINE: u16` (ELF `e_machine`), `UNAME: &str`, `HWCAP`, `HWCAP2`, `PLATFORM: &[u8]`,
//!   `CLONE_TLS_ARG` (index of clone's `tls` argument), `TRAMPOLINE: &[u8]` (code of the signal return
//!   page, empty where programs bring their own);
//! - `DIRECT_MAP: u64`: kernel virtual address of physical address 0;
//! - `pte::{table, page, decode_table, is_page, address, prot, init_root}`: the bit encodings, see [`host`]'s for
//!   the contract;
//! - `detach(Root)`, `tlb_flush_page(addr, asid)`, `tlb_flush_space(asid)`, `sync_icache(at: PhysAddr, len)`;
//! - `UserContext` and `run_user(&mut UserContext, Root, calls: u32) -> Trap`. An architecture may answer some of the
//!   `calls` by itself, always fewer; `UserContext::calls_left` says how many are left.

use crate::errno::Errno;
use crate::paging::Access;
use crate::ram::PhysAddr;

#[cfg(all(target_os = "none", target_arch = "aarch64"))]
#[allow(unsafe_code)]
mod aarch64;
#[cfg(all(target_os = "none", target_arch = "aarch64"))]
pub use aarch64::*;

#[cfg(all(target_os = "none", target_arch = "x86_64"))]
#[allow(unsafe_code)]
mod x86_64;
#[cfg(all(target_os = "none", target_arch = "x86_64"))]
pub use x86_64::*;

#[cfg(not(target_os = "none"))]
mod host;
#[cfg(not(target_os = "none"))]
pub use host::*;

#[cfg(all(target_os = "none", not(any(target_arch = "aarch64", target_arch = "x86_64"))))]
compile_error!("no arch/ for this target architecture");

/// Whose system-call numbers, flags and structure layouts programs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    /// The generic numbers and layouts of AArch64.
    Aarch64,
    /// Those of x86_64.
    X86_64,
}

/// An address space as the processor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The top-level table.
    pub table: PhysAddr,
    /// Tag of its translations in the TLB; never 0.
    pub asid: u16,
}

/// Why user mode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// The program made a system call; its pc is behind the instruction.
    Syscall,
    /// No translation, or one that forbids the access.
    Fault {
        /// The address.
        addr: u64,
        /// What was tried.
        access: Access,
    },
    /// An instruction that the processor does not have or user mode may not use (SIGILL).
    Undefined,
    /// A break-point instruction (SIGTRAP).
    Breakpoint,
    /// A misaligned access (SIGBUS).
    Alignment {
        /// The address.
        addr: u64,
    },
    /// Division by zero or a floating-point exception (SIGFPE).
    Arithmetic,
    /// A read of the time-stamp counter; `what` is for [`UserContext::finish_counter`] only.
    Counter {
        /// Register and kind, encoded by the architecture.
        what: u32,
    },
    /// x86_64's #GP and its like (SIGSEGV without an address).
    GeneralProtection,
    /// The one-shot timer, or another interrupt.
    Timer,
    /// What should not happen; the number is the architecture's syndrome or vector.
    Other(u64),
}

/// What goes into a signal frame.
pub struct SignalDelivery<'a> {
    /// The signal, 1 to 64.
    pub signo: u32,
    /// The handler's address.
    pub handler: u64,
    /// `sa_restorer` where the program gave one, else the trampoline page's address.
    pub restorer: u64,
    /// Whether the handler wants `siginfo` and `ucontext` (SA_SIGINFO). Both are always built.
    pub siginfo: bool,
    /// The 128 bytes of `siginfo_t`.
    pub info: &'a [[u8; 8]; 16],
    /// The mask that `rt_sigreturn` restores.
    pub mask: u64,
    /// `uc_stack`: address, flags, size.
    pub altstack: (u64, u32, u64),
    /// Top of the stack to build the frame on: the alternate one, or `None` for the current sp.
    pub stack: Option<u64>,
    /// The address of a fault, else 0 (AArch64's `fault_address`, x86_64's `cr2`).
    pub fault_addr: u64,
}

/// What `rt_sigreturn` found in the frame.
pub struct SignalReturn {
    /// `uc_sigmask`.
    pub mask: u64,
    /// `uc_stack`: address, flags, size.
    pub altstack: (u64, u32, u64),
}

/// Writes user memory for a signal frame.
pub type UserWrite<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), Errno>;
/// Reads user memory for a signal return.
pub type UserRead<'a> = &'a mut dyn FnMut(u64, &mut [u8]) -> Result<(), Errno>;

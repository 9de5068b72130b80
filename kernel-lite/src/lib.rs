// SPDX-License-Identifier: MIT
//! The portable part of the Firstlight monitor: everything that is not entry code or a driver.
//!
//! Purpose: give user programs the Linux system-call interface of their architecture, run the steps of a
//! closure's PLAN one after the other, keep a proof of every exec, read and write, and write the result to
//! the named output device.
//!
//! Principles: one core, one kernel stack, no locks. A user thread runs until it traps; the trap is handled
//! to its end or the thread is put to wait and the call is dispatched again later. All physical memory that
//! user programs can see is one safely indexed slice ([`ram::Ram`]): page tables, user pages and file
//! contents are reached through it, so `unsafe` is confined to `arch/`.
//!
//! All is compiled for size but the functions with `optimize(speed)`: the way of a system call and of small reads and
//! writes, and what fork and page faults do for each page. Their times stand in `docs/performance.md`.
//!
//! It refuses: to execute anything that the closure's seed did not lead to, to write any device that was not
//! named as the target, and to panic on foreign input.
#![cfg_attr(target_os = "none", no_std, feature(optimize_attribute))]
#![deny(unsafe_code)]

extern crate alloc;

pub mod arch;
pub mod boot;
pub mod clock;
pub mod elf;
pub mod errno;
pub mod events;
pub mod exec;
pub mod ext2;
pub mod futex;
pub mod kernel;
pub mod log;
pub mod machine;
pub mod mem;
pub mod output;
pub mod paging;
pub mod plan;
pub mod process;
pub mod ram;
pub mod random;
pub mod sha256;
pub mod signal;
pub mod space;
pub mod syscall;
#[cfg(not(target_os = "none"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod umem;
pub mod vfs;

// SPDX-License-Identifier: MIT
//! The system calls: one line a call in [`table`]; numbers, dispatch and `docs/abi.md` come from it.
//!
//! A handler takes the kernel and the six arguments. It either answers, or has changed nothing and says
//! what it waits for: then it is called again, from the start, when that may have come about.

use crate::errno::Errno;

#[cfg(not(target_os = "none"))]
mod absent;
pub mod attributes;
pub mod io;
pub mod memory;
pub mod misc;
pub mod names;
pub mod open;
pub mod poll;
pub mod process;
pub mod signal;
mod table;
pub mod time;

#[cfg(not(target_os = "none"))]
pub use table::abi_markdown;
pub use table::{dispatch, name, number};

/// What a handler answers.
pub type SysResult = Result<u64, Stop>;

/// Why a call does not simply return a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It failed.
    Errno(Errno),
    /// The thread waits as [`Kernel::block`] was told, and the call is made again when it is woken.
    Block,
    /// The registers are already what they should be (sigreturn, exec), or the thread is gone (exit).
    Done,
}

impl From<Errno> for Stop {
    fn from(e: Errno) -> Stop {
        Stop::Errno(e)
    }
}

/// A call's arguments, as the registers hold them.
#[derive(Clone, Copy, Debug)]
pub struct Args(pub [u64; 6]);

impl Args {
    /// Argument `i`, 64 bits.
    #[inline]
    pub fn get(self, i: usize) -> u64 {
        self.0[i]
    }
    /// Argument `i` as an `int`: the upper half of the register is not looked at.
    #[inline]
    pub fn int(self, i: usize) -> i32 {
        self.0[i] as i32
    }
    /// Argument `i` as an `unsigned int`.
    #[inline]
    pub fn uint(self, i: usize) -> u32 {
        self.0[i] as u32
    }
}

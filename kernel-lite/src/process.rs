// SPDX-License-Identifier: MIT
//! Processes: what threads share.

use crate::signal::{Action, SignalInfo};
use crate::vfs::{Files, FsContext, InodeId};
use alloc::vec::Vec;

/// Whether a process lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// The slot is free.
    #[default]
    Free,
    /// It has threads.
    Alive,
    /// Its parent has not asked for its status yet.
    Zombie,
}

/// A process.
#[derive(Default)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Slot of its parent; the first process is its own.
    pub parent: usize,
    /// Process group and session.
    pub group: u32,
    /// Session.
    pub session: u32,
    /// Whether it lives.
    pub life: Life,
    /// Wait status as `wait4` gives it, once it is a zombie or stopped.
    pub status: u32,
    /// Stopped, and whether the parent has been told (1: not yet told of stop, 2: not yet of continue).
    pub stopped: bool,
    /// A stop or continue that `wait4` has not reported.
    pub unreported: bool,
    /// Slot of its address space.
    pub space: usize,
    /// Threads alive.
    pub threads: u32,
    /// Descriptors.
    pub files: Files,
    /// Working directory and umask.
    pub fs: FsContext,
    /// The program it executes; held.
    pub exe: Option<InodeId>,
    /// The first 15 bytes of the program's name (PR_SET_NAME).
    pub name: [u8; 16],
    /// What each signal does.
    pub actions: Vec<Action>,
    /// Signals sent to the process.
    pub pending: Vec<SignalInfo>,
    /// Signal sent to the parent at the end; 0 for none.
    pub exit_signal: u32,
    /// The child of the first process, of that the n-th child, and so on: its name in the event log.
    pub path: Vec<u32>,
    /// Children made so far.
    pub children: u32,
    /// Blocks its parent until exec or exit.
    pub vforked: bool,
    /// ITIMER_REAL: next expiry (CLOCK_MONOTONIC nanoseconds), and period.
    pub alarm: Option<(u64, u64)>,
    /// System calls made, its share of them by ended children.
    pub calls: u64,
    /// System calls made by children that were waited for.
    pub child_calls: u64,
    /// RLIMIT_* soft and hard limits that were changed: resource, soft, hard.
    pub limits: Vec<(u32, u64, u64)>,
}

// SPDX-License-Identifier: MIT
//! Threads: what the processor runs.

use crate::arch::UserContext;
use crate::signal::{AltStack, SignalInfo};
use alloc::vec::Vec;

/// What a waiting thread waits for. Whoever brings it about calls `Kernel::wake` with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A pipe (or another file object) that became readable, writable or closed, by its number.
    Pipe(u32),
    /// Input on the console.
    Console,
    /// Any of the file events above: poll and select. Each such wake also wakes these.
    Poll,
    /// A child of the process in this slot changed state.
    Child(usize),
    /// A futex word, by space and user address.
    Futex {
        /// Slot of the address space.
        space: usize,
        /// User address of the word.
        addr: u64,
    },
    /// The end of a vfork child's use of its parent's memory; the child's process slot.
    Vfork(usize),
    /// A lock on a file, by inode number.
    Lock(u32),
    /// Nothing but a signal or the deadline.
    Sleep,
}

/// A thread's reason to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What wakes it.
    pub key: Key,
    /// When it is woken at the latest, in nanoseconds of CLOCK_MONOTONIC.
    pub deadline: Option<u64>,
    /// Whether a signal handler with SA_RESTART lets the call be made again (else EINTR).
    pub restart: bool,
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The slot is free.
    Free,
    /// Runs or can run.
    Ready,
    /// Inside a system call that waits.
    Waiting(Wait),
    /// Its process is stopped (SIGSTOP). A call that waited is made again afterwards.
    Stopped,
}

/// What a call that is made again needs to remember. Reset when a call ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    /// The saved registers are in a system call that is to be made (again).
    pub pending: bool,
    /// The deadline fixed when the call first waited.
    pub deadline: Option<u64>,
    /// What the call has done so far (bytes written); its result if it is interrupted.
    pub progress: u64,
    /// Woken by key since it began to wait.
    pub woken: bool,
    /// It would have waited, but a signal is to be delivered first.
    pub interrupted: bool,
    /// If so: a handler with SA_RESTART lets it be made again.
    pub restart: bool,
}

impl Call {
    /// Back to the default, field by field: a whole value would be made on the stack first, in every call.
    #[inline]
    pub fn end(&mut self) {
        (self.deadline, self.progress) = (None, 0);
        (self.pending, self.woken, self.interrupted, self.restart) = (false, false, false, false);
    }
}

/// A thread.
pub struct Thread {
    /// Its registers.
    pub context: UserContext,
    /// Its number; the first thread's is its process's.
    pub tid: u32,
    /// Slot of its process.
    pub process: usize,
    /// What it is doing.
    pub state: State,
    /// The system call it is in.
    pub call: Call,
    /// Order among those that wait, first come first served.
    pub sequence: u64,
    /// Blocked signals; bit 0 is signal 1.
    pub mask: u64,
    /// The mask to go back to when the call or the handler ends (sigsuspend, ppoll).
    pub saved_mask: Option<u64>,
    /// Signals that sigtimedwait waits for.
    pub wait_set: u64,
    /// Signals sent to this thread.
    pub pending: Vec<SignalInfo>,
    /// sigaltstack.
    pub altstack: AltStack,
    /// set_tid_address: cleared and woken at the thread's end.
    pub clear_tid: u64,
    /// set_robust_list: the head's address.
    pub robust_list: u64,
    /// The bits of FUTEX_WAIT_BITSET.
    pub futex_bits: u32,
}

impl Thread {
    /// Whether its slot is free.
    #[inline]
    pub fn is_free(&self) -> bool {
        matches!(self.state, State::Free)
    }

    /// Whether it runs or can run.
    #[inline]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }
}

impl Default for Thread {
    fn default() -> Thread {
        Thread {
            context: UserContext::new(0, 0),
            tid: 0,
            process: 0,
            state: State::Free,
            call: Call::default(),
            sequence: 0,
            mask: 0,
            saved_mask: None,
            wait_set: 0,
            pending: Vec::new(),
            altstack: AltStack::default(),
            clear_tid: 0,
            robust_list: 0,
            futex_bits: !0,
        }
    }
}

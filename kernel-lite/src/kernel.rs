// SPDX-License-Identifier: MIT
//! The kernel: one structure, passed `&mut`. Here: who is running, waiting and waking.

use crate::clock::Clock;
use crate::machine::Machine;
use crate::mem::Mem;
use crate::process::Process;
use crate::space::Space;
use crate::thread::{Key, State, Thread};
use crate::vfs::Vfs;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Everything.
pub struct Kernel {
    /// Frames.
    pub mem: Mem,
    /// Files.
    pub vfs: Vfs,
    /// The machine beneath.
    pub machine: &'static mut dyn Machine,
    /// The logical clock.
    pub clock: Clock,
    /// Threads by slot. Slots are used again.
    pub threads: Vec<Box<Thread>>,
    /// Processes by slot.
    pub processes: Vec<Box<Process>>,
    /// Address spaces by slot.
    pub spaces: Vec<Space>,
    /// Slot of the thread that runs or whose call is being made.
    pub current: usize,
    /// Slots of the threads that can run, in turn.
    pub ready: VecDeque<usize>,
    /// How many threads wait: nobody to wake when 0.
    pub waiting: usize,
    /// A person is at the console: wall time counts and timers preempt.
    pub interactive: bool,
}

impl Kernel {
    /// The current thread.
    #[inline]
    pub fn thread(&mut self) -> &mut Thread {
        &mut self.threads[self.current]
    }

    /// The current process.
    #[inline]
    pub fn proc(&mut self) -> &mut Process {
        let slot = self.threads[self.current].process;
        &mut self.processes[slot]
    }

    /// Wakes all threads that wait for `key`.
    pub fn wake(&mut self, key: Key) {
        self.wake_some(key, usize::MAX, !0);
    }

    /// Wakes at most `n` of them, those that wait longest first; for futexes only those whose bits meet
    /// `bits`. Returns how many.
    pub fn wake_some(&mut self, _key: Key, _n: usize, _bits: u32) -> usize {
        0
    }

    /// Absolute deadline of the call being made: `relative` nanoseconds after it was first made.
    pub fn deadline(&mut self, relative: u64) -> u64 {
        let at = self.clock.now().saturating_add(relative);
        *self.thread().call.deadline.get_or_insert(at)
    }

    /// Whether the deadline of the call being made has come.
    pub fn timed_out(&mut self) -> bool {
        let now = self.clock.now();
        self.thread().call.deadline.is_some_and(|at| at <= now)
    }

    /// Writes a line of the monitor's own to the console.
    pub fn log(&mut self, line: &[u8]) {
        self.machine.console_write(line);
    }

    /// Logs a system call that the table does not have.
    pub fn unknown_call(&mut self, _number: i64) {}

    /// Sends a signal to the current process because of its own action (SIGPIPE).
    pub fn raise(&mut self, _signo: u32) {}

    /// Sends a signal to each process of a group (terminal: SIGINT, SIGTSTP …).
    pub fn signal_group(&mut self, _group: u32, _signo: u32) {}

    /// Whether any thread waits for the console.
    pub fn console_waited(&self) -> bool {
        self.threads
            .iter()
            .any(|t| matches!(t.state, State::Waiting(w) if w.key == Key::Console))
    }
}

// SPDX-License-Identifier: MIT
//! The kernel: one structure, passed `&mut`. Here: who runs, who waits, who is woken; and the main loop.
//!
//! Scheduling knows no time: a thread runs until it waits, ends or has made [`QUANTUM`] system calls. A call
//! that waits has no stack: it is made again, from the thread's saved registers, when it is woken.
//!
//! Over 500 lines: the structure's fields, and the loop that keeps their promises to each other.

use crate::arch::{self, Trap};
use crate::clock::Clock;
use crate::errno::Errno;
use crate::exec::Program;
use crate::machine::Machine;
use crate::mem::Mem;
use crate::paging::Access;
use crate::process::{FIRST_PID, NONE, Process};
use crate::ram::Frame;
use crate::random::Random;
use crate::signal::{SI_KERNEL, SignalInfo, sig};
use crate::space::{Refusal, Space};
use crate::syscall::{self, Args, Stop, SysResult, number};
use crate::thread::{Key, State, Thread, Wait};
use crate::vfs::{Files, FsContext, Vfs};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// System calls that a thread makes before others have their turn. A count, never a time.
const QUANTUM: u32 = 4096;
/// What a quantum moves the logical clock by, in nanoseconds: a program that polls without ever reading the
/// clock must not keep those that sleep from waking.
const QUANTUM_TIME: u64 = 4_000_000;
/// Heap bytes below which nothing new is created.
const HEAP_RESERVE: usize = 256 << 10;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first process ended with this wait status.
    Ended(u32),
    /// Everyone waits for someone.
    Deadlock,
    /// The time that the machine's board file allows is over.
    Watchdog,
}

/// What a thread does next.
enum Next {
    /// It goes on in user mode.
    Run,
    /// The call that it waited in is made again.
    Call,
    /// What is due is looked at again.
    Again,
    /// Others have their turn.
    Leave,
}

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
    /// The stream that getrandom reads.
    pub random: Random,
    /// Threads by slot. Slots are used again.
    pub threads: Vec<Box<Thread>>,
    /// Processes by slot.
    pub processes: Vec<Box<Process>>,
    /// Address spaces by slot.
    pub spaces: Vec<Space>,
    /// Slot of the thread that runs or whose call is being made.
    pub current: usize,
    /// Slots of the threads that can run, in turn; the current one is not among them.
    pub ready: Vec<usize>,
    /// How many threads wait: nobody to wake when 0.
    pub waiting: usize,
    /// Each line of the monitor's own is marked on the console.
    pub framed: bool,
    /// Unknown calls that were logged, a bit each.
    pub(crate) unknown: [u64; 8],
    /// A program with its only segment writable and executable was logged in this run.
    pub(crate) write_exec_said: bool,
    /// A person is at the console: the timer preempts and reads the console.
    pub interactive: bool,
    /// [`Machine::counter`] at which the watchdog ends the run.
    pub watchdog: Option<u64>,
    /// Wait status of the run's first process, once it has ended.
    pub(crate) first_status: Option<u32>,
    /// Number of the next process or thread.
    pub(crate) next_pid: u32,
    /// The page with the signal return code.
    pub(crate) trampoline: Option<Frame>,
    /// Slot of the thread whose floating-point registers the processor holds.
    pub(crate) fp_owner: usize,
    /// No deadline or alarm is earlier.
    next_timer: u64,
    sequence: u64,
    /// What the call being made waits for, if it answers [`Stop::Block`].
    pub blocked: Wait,
    /// System calls left to the current thread.
    quantum: u32,
    expired: bool,
}

impl Kernel {
    /// A kernel with an empty file system and nothing running.
    pub fn new(mut mem: Mem, machine: &'static mut dyn Machine) -> Kernel {
        let trampoline = match arch::TRAMPOLINE {
            [] => None,
            code => mem
                .alloc()
                .ok()
                .inspect(|&frame| mem.ram.frame_mut(frame)[..code.len()].copy_from_slice(code)),
        };
        if let Some(frame) = trampoline {
            arch::sync_icache(frame.addr(), arch::TRAMPOLINE.len());
        }
        let vfs = Vfs::new(&mut mem);
        Kernel {
            mem,
            vfs,
            machine,
            clock: Clock::new(),
            random: Random::new(),
            threads: Vec::new(),
            processes: Vec::new(),
            spaces: Vec::new(),
            current: 0,
            ready: Vec::new(),
            waiting: 0,
            framed: false,
            unknown: [0; 8],
            write_exec_said: false,
            interactive: false,
            watchdog: None,
            first_status: None,
            next_pid: FIRST_PID,
            trampoline,
            fp_owner: NONE,
            next_timer: u64::MAX,
            sequence: 0,
            blocked: Wait { key: Key::Sleep, deadline: None, restart: false },
            quantum: QUANTUM,
            expired: false,
        }
    }

    /// The current thread. Like the next ones a call and not a copy of its checks at each of a hundred places; what
    /// is on the way of every system call indexes by itself.
    #[inline(never)]
    pub fn thread(&mut self) -> &mut Thread {
        &mut self.threads[self.current]
    }

    /// The current process.
    #[inline(never)]
    pub fn proc(&mut self) -> &mut Process {
        let slot = self.threads[self.current].process;
        &mut self.processes[slot]
    }

    /// The current address space.
    #[inline(never)]
    pub fn space(&mut self) -> (&mut Space, &mut Mem, &mut Vfs) {
        let slot = self.processes[self.threads[self.current].process].space;
        (&mut self.spaces[slot], &mut self.mem, &mut self.vfs)
    }

    /// Whether the monitor's own memory is so low that nothing new may be created.
    pub fn heap_is_low(&self) -> bool {
        self.machine.heap_free() < HEAP_RESERVE
    }

    /// Starts a program as the first process of a run: number, clock and random stream are always the same.
    /// The process has `files` and `fs` even if the program cannot be started; [`Kernel::clear`] closes them.
    pub fn start(&mut self, program: Program, files: Files, fs: FsContext) -> Result<(), Errno> {
        self.clear();
        self.first_process(files, fs)?;
        let started = self.exec(program);
        match started {
            Ok(()) => self.ready.push(self.current),
            Err(_) => self.exit_group(127 << 8),
        }
        started
    }

    /// Ends all processes that are left of a run, and sets numbers, clock and random stream back.
    pub fn clear(&mut self) {
        self.end_all();
        self.clock = Clock::new();
        self.random = Random::new();
        (self.first_status, self.next_pid, self.next_timer) = (None, FIRST_PID, u64::MAX);
        (self.sequence, self.waiting, self.expired) = (0, 0, false);
        (self.unknown, self.write_exec_said) = ([0; 8], false);
    }

    /// Runs until the first process has ended.
    pub fn run(&mut self) -> Outcome {
        loop {
            if let Some(status) = self.first_status {
                return Outcome::Ended(status);
            }
            if self.expired {
                return Outcome::Watchdog;
            }
            if !self.ready.is_empty() {
                self.current = self.ready.remove(0);
                self.quantum = QUANTUM;
                self.run_thread();
            } else if !self.idle() {
                return Outcome::Deadlock;
            }
        }
    }

    /// Runs the current thread until it waits, ends, or its turn is over.
    #[cfg_attr(target_os = "none", optimize(speed))]
    #[inline(never)]
    fn run_thread(&mut self) {
        let slot = self.current;
        loop {
            let t = &*self.threads[slot];
            let p = &*self.processes[t.process];
            let nothing_due = t.is_ready()
                && !t.call.pending
                && t.pending.is_empty()
                && p.pending.is_empty()
                && self.quantum > 0
                && self.fp_owner == slot
                && self.clock.now() < self.next_timer;
            let root = self.spaces[p.space].root();
            let trap = match if nothing_due { Next::Run } else { self.attend(slot) } {
                Next::Run => {
                    let context = &mut self.threads[slot].context;
                    let trap = arch::run_user(context, root, self.quantum);
                    let answered = self.quantum - context.calls_left(self.quantum);
                    if answered > 0 {
                        self.count_answered(slot, answered);
                    }
                    trap
                }
                Next::Call => Trap::Syscall,
                Next::Again => continue,
                Next::Leave => return,
            };
            match trap {
                Trap::Syscall => self.make_call(),
                trap => self.handle_trap(trap),
            }
        }
    }

    /// So many calls were answered by the architecture.
    #[cold]
    fn count_answered(&mut self, slot: usize, calls: u32) {
        self.quantum -= calls;
        let process = self.threads[slot].process;
        self.processes[process].calls += calls as u64;
    }

    /// What may be due before the current thread goes on in user mode.
    #[inline(never)]
    fn attend(&mut self, slot: usize) -> Next {
        if !self.threads[slot].is_ready() {
            return Next::Leave;
        }
        if self.clock.now() >= self.next_timer {
            self.expire();
        }
        let call = self.threads[slot].call;
        if call.pending && !call.interrupted {
            return Next::Call;
        }
        if self.signal_ready(slot) {
            self.deliver_signals();
            if !self.threads[slot].is_ready() {
                return Next::Leave;
            }
        }
        if self.threads[slot].call.interrupted {
            // No handler came of it: the call goes on.
            self.threads[slot].call.interrupted = false;
            return Next::Again;
        }
        if self.quantum == 0 || self.expired {
            self.quantum = QUANTUM;
            self.clock.advance_to(self.clock.now() + QUANTUM_TIME);
            if !self.ready.is_empty() || self.expired {
                self.ready.push(slot);
                return Next::Leave;
            }
            return Next::Again;
        }
        self.fp_load(slot);
        Next::Run
    }

    /// Makes the system call that the current thread's registers ask for.
    #[inline]
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn make_call(&mut self) {
        let t = &*self.threads[self.current];
        let (number, args) = (t.context.syscall_number(), Args(t.context.args()));
        self.quantum = self.quantum.saturating_sub(1);
        match self.answer(number as i64, args) {
            Ok(value) => self.finish(value as i64),
            Err(Stop::Errno(e)) => self.finish(-(e as i64)),
            Err(Stop::Block) => self.wait(self.blocked),
            Err(Stop::Done) => {
                let t = &mut *self.threads[self.current];
                t.call.end();
                t.wait_set = 0;
            }
        }
    }

    /// What the system call answers.
    #[inline]
    pub fn answer(&mut self, number: i64, args: Args) -> SysResult {
        // What bootstrap tools do most stands here, and the rest behind a call more.
        match number {
            number::getpid => syscall::process::getpid(self, args),
            number::read => syscall::io::read(self, args),
            number::write => syscall::io::write(self, args),
            number => syscall::dispatch(self, number, args),
        }
    }

    #[inline]
    fn finish(&mut self, value: i64) {
        let t = &mut *self.threads[self.current];
        t.context.set_result(value);
        t.call.end();
        t.wait_set = 0;
        if let Some(mask) = t.saved_mask {
            (t.mask, t.saved_mask) = (mask, None);
        }
        self.processes[t.process].calls += 1;
    }

    /// What a handler answers when the thread has to wait for `key`, at most until `deadline` (nanoseconds of
    /// CLOCK_MONOTONIC). `restart`: a signal handler with SA_RESTART lets the call be made again (else EINTR).
    pub fn block(&mut self, key: Key, deadline: Option<u64>, restart: bool) -> Stop {
        self.blocked = Wait { key, deadline, restart };
        Stop::Block
    }

    /// The current thread waits, unless a signal comes first.
    #[inline(never)]
    fn wait(&mut self, wait: Wait) {
        let slot = self.current;
        if !matches!(wait.key, Key::Vfork(_)) && self.signal_ready(slot) {
            let call = &mut self.threads[slot].call;
            (call.pending, call.interrupted, call.restart) = (true, true, wait.restart);
            return;
        }
        self.sequence += 1;
        let t = &mut *self.threads[slot];
        (t.call.pending, t.call.woken) = (true, false);
        (t.state, t.sequence) = (State::Waiting(wait), self.sequence);
        self.waiting += 1;
        if let Some(at) = wait.deadline {
            self.next_timer = self.next_timer.min(at);
        }
    }

    /// The others have their turn first.
    pub(crate) fn end_turn(&mut self) {
        self.quantum = 0;
    }

    /// A waiting thread makes its call again.
    pub(crate) fn make_ready(&mut self, slot: usize) {
        self.threads[slot].state = State::Ready;
        self.waiting -= 1;
        self.ready.push(slot);
    }

    /// A thread neither runs nor waits any more; tells whether it did. Its new state is the caller's to set.
    pub(crate) fn leave_turn(&mut self, slot: usize) -> bool {
        match self.threads[slot].state {
            State::Ready => {
                if let Some(turn) = self.ready.iter().position(|&s| s == slot) {
                    self.ready.remove(turn);
                }
            }
            State::Waiting(_) => self.waiting -= 1,
            _ => return false,
        }
        true
    }

    /// Wakes all threads that wait for `key`.
    #[inline]
    pub fn wake(&mut self, key: Key) {
        if self.waiting > 0 {
            self.wake_some(key, usize::MAX, !0);
        }
    }

    /// Wakes at most `n` of them, those that wait longest first; for futexes only those whose bits meet `bits`.
    /// Returns how many.
    pub fn wake_some(&mut self, key: Key, n: usize, bits: u32) -> usize {
        let mut woken = 0;
        while woken < n
            && let Some(slot) = self.longest_waiting(key, bits)
        {
            self.threads[slot].call.woken = true;
            self.make_ready(slot);
            woken += 1;
        }
        woken
    }

    /// Who of those that a wake of `key` wakes has waited longest.
    pub(crate) fn longest_waiting(&self, key: Key, bits: u32) -> Option<usize> {
        let polled = matches!(key, Key::Pipe(_) | Key::Console);
        let (mut found, mut first) = (None, u64::MAX);
        for (slot, t) in self.threads.iter().enumerate() {
            if let State::Waiting(w) = &t.state
                && (w.key == key && t.futex_bits & bits != 0 || polled && w.key == Key::Poll)
                && t.sequence < first
            {
                (found, first) = (Some(slot), t.sequence);
            }
        }
        found
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

    /// Sets the signal mask for the duration of the call being made (ppoll, sigsuspend).
    pub fn temporary_mask(&mut self, mask: u64) {
        let t = self.thread();
        if t.saved_mask.is_none() {
            t.saved_mask = Some(t.mask);
        }
        t.mask = mask & !crate::signal::UNBLOCKABLE;
    }

    /// A timer may be due at `at`.
    pub fn timer_at(&mut self, at: u64) {
        self.next_timer = self.next_timer.min(at);
    }

    /// Wakes whose deadline has come, sends alarms that are due, and finds the next of both.
    fn expire(&mut self) {
        let now = self.clock.now();
        let mut next = u64::MAX;
        for slot in 0..self.threads.len() {
            if let State::Waiting(Wait { deadline: Some(at), .. }) = self.threads[slot].state {
                if at <= now {
                    self.make_ready(slot);
                } else {
                    next = next.min(at);
                }
            }
        }
        for slot in 0..self.processes.len() {
            let Some((at, period)) = self.processes[slot].alarm else { continue };
            if at <= now {
                // Periods that were missed count as one, as on Linux.
                let behind = now - at;
                let again = (period > 0).then(|| at + (behind / period + 1) * period);
                self.processes[slot].alarm = again.map(|at| (at, period));
                self.send(slot, SignalInfo { signo: sig::ALRM, code: SI_KERNEL, value: 0, status: 0 });
            }
            if let Some((at, _)) = self.processes[slot].alarm {
                next = next.min(at);
            }
        }
        self.next_timer = next;
    }

    /// Nobody can run: the clock jumps to the next deadline, or a person types. False if there is neither.
    fn idle(&mut self) -> bool {
        if self.interactive && self.console_waited() {
            return self.wait_for_person();
        }
        self.next_timer = 0;
        self.expire();
        if self.ready.is_empty() && self.next_timer != u64::MAX {
            self.clock.advance_to(self.next_timer);
            self.expire();
        }
        !self.ready.is_empty()
    }

    /// Waits for a key. The logical clock goes with the machine's meanwhile, so that who sleeps wakes.
    fn wait_for_person(&mut self) -> bool {
        let ticks_per_microsecond = (self.machine.counter_hz() / 1_000_000).max(1);
        let mut last = self.machine.counter();
        loop {
            if self.console_poll() {
                return true;
            }
            let now = self.machine.counter();
            let passed = now.wrapping_sub(last).saturating_mul(1000) / ticks_per_microsecond;
            self.clock.advance_to(self.clock.now() + passed);
            last = now;
            if self.clock.now() >= self.next_timer {
                self.expire();
                if !self.ready.is_empty() {
                    return true;
                }
            }
            core::hint::spin_loop();
        }
    }

    /// Whether any thread waits for the console.
    pub fn console_waited(&self) -> bool {
        self.threads
            .iter()
            .any(|t| matches!(t.state, State::Waiting(w) if matches!(w.key, Key::Console | Key::Poll)))
    }

    /// What is not a system call.
    #[cold]
    fn handle_trap(&mut self, trap: Trap) {
        // si_code values: Linux include/uapi/asm-generic/siginfo.h.
        let pc = self.thread().context.pc();
        let (signo, code, addr) = match trap {
            Trap::Syscall => return,
            Trap::Timer => return self.tick(),
            Trap::Counter { what } => {
                let now = self.clock.read();
                return self.thread().context.finish_counter(what, now);
            }
            Trap::Fault { addr, access } => match self.user_fault(addr, access) {
                Ok(()) => return,
                Err(Refusal::Unmapped) => (sig::SEGV, 1, addr),
                Err(Refusal::Forbidden) => (sig::SEGV, 2, addr),
                Err(Refusal::BehindEnd) => (sig::BUS, 2, addr),
                Err(Refusal::Memory) => {
                    self.monitor_line("out of memory, process killed", addr);
                    return self.exit_group(sig::KILL);
                }
            },
            Trap::Undefined => (sig::ILL, 1, pc),
            Trap::Breakpoint => (sig::TRAP, 1, pc),
            Trap::Alignment { addr } => (sig::BUS, 1, addr),
            Trap::Arithmetic => (sig::FPE, 1, pc),
            Trap::GeneralProtection => (sig::SEGV, SI_KERNEL, 0),
            Trap::Other(what) => {
                self.monitor_line("unexpected trap, process killed", what);
                return self.exit_group(sig::KILL);
            }
        };
        self.raise_fault(signo, code, addr);
    }

    fn user_fault(&mut self, addr: u64, access: Access) -> Result<(), Refusal> {
        let (space, mem, vfs) = self.space();
        space.fault(mem, vfs, addr, access).map(drop)
    }

    /// The timer: the watchdog, and in a shell preemption and what a person types.
    fn tick(&mut self) {
        let period = self.machine.counter_hz() / if self.interactive { 20 } else { 1 };
        self.machine.set_timer(Some(period));
        if self.watchdog.is_some_and(|end| self.machine.counter() >= end) {
            (self.expired, self.quantum) = (true, 0);
        }
        if self.interactive {
            self.console_poll();
            self.quantum = 0;
        }
    }
}

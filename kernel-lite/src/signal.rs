// SPDX-License-Identifier: MIT
//! Signals: sending, choosing, delivering. Numbers and default actions are Linux's, the same on both
//! architectures.

use crate::arch::SignalDelivery;
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::process::Life;
use crate::space::TRAMPOLINE;
use crate::thread::{Key, State};
use alloc::vec::Vec;

/// Signals that the monitor itself sends or treats specially.
#[allow(missing_docs)]
pub mod sig {
    pub const HUP: u32 = 1;
    pub const INT: u32 = 2;
    pub const QUIT: u32 = 3;
    pub const ILL: u32 = 4;
    pub const TRAP: u32 = 5;
    pub const BUS: u32 = 7;
    pub const FPE: u32 = 8;
    pub const KILL: u32 = 9;
    pub const SEGV: u32 = 11;
    pub const PIPE: u32 = 13;
    pub const ALRM: u32 = 14;
    pub const CHLD: u32 = 17;
    pub const CONT: u32 = 18;
    pub const STOP: u32 = 19;
    pub const TSTP: u32 = 20;
    pub const TTIN: u32 = 21;
    pub const TTOU: u32 = 22;
    pub const URG: u32 = 23;
    pub const WINCH: u32 = 28;
}

/// `si_code`: sent by `kill`.
pub const SI_USER: i32 = 0;
/// `si_code`: sent by the kernel.
pub const SI_KERNEL: i32 = 0x80;
/// `si_code`: sent by `tgkill`.
pub const SI_TKILL: i32 = -6;

/// `sa_flags`.
const SA_NOCLDSTOP: u64 = 1;
const SA_NOCLDWAIT: u64 = 2;
const SA_SIGINFO: u64 = 4;
const SA_ONSTACK: u64 = 0x0800_0000;
const SA_RESTART: u64 = 0x1000_0000;
const SA_NODEFER: u64 = 0x4000_0000;
const SA_RESETHAND: u64 = 0x8000_0000;
const SA_RESTORER: u64 = 0x0400_0000;

/// SIG_IGN.
const IGNORE: u64 = 1;
/// Signals that one thread or process can have waiting.
const MAX_PENDING: usize = 128;

/// The bit of a signal in a mask.
#[inline]
pub const fn bit(signo: u32) -> u64 {
    1 << (signo - 1)
}

/// Signals that cannot be caught, blocked or ignored.
pub const UNBLOCKABLE: u64 = bit(sig::KILL) | bit(sig::STOP);
const STOPPING: u64 = bit(sig::STOP) | bit(sig::TSTP) | bit(sig::TTIN) | bit(sig::TTOU);
const IGNORED_BY_DEFAULT: u64 = bit(sig::CHLD) | bit(sig::URG) | bit(sig::WINCH) | bit(sig::CONT);

/// What a signal does to a process: the kernel's `struct sigaction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// 0 default, 1 ignore, else the handler's address.
    pub handler: u64,
    /// SA_*.
    pub flags: u64,
    /// Where the handler returns to.
    pub restorer: u64,
    /// Blocked while the handler runs.
    pub mask: u64,
}

impl Action {
    fn ignores(&self, signo: u32) -> bool {
        self.handler == IGNORE || self.handler == 0 && IGNORED_BY_DEFAULT & bit(signo) != 0
    }
}

/// A signal on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalInfo {
    /// 1 to 64.
    pub signo: u32,
    /// SI_*, CLD_*, SEGV_* …
    pub code: i32,
    /// Sender's process, or the fault's address.
    pub value: u64,
    /// CLD_*: the status; rt_sigqueueinfo: the value.
    pub status: u64,
}

impl SignalInfo {
    /// A signal that the kernel sends.
    pub fn kernel(signo: u32) -> SignalInfo {
        SignalInfo { signo, code: SI_KERNEL, value: 0, status: 0 }
    }

    /// `siginfo_t`: Linux `include/uapi/asm-generic/siginfo.h`, 64-bit layout, as words.
    pub fn to_words(self) -> [[u8; 8]; 16] {
        let mut words = [[0; 8]; 16];
        words[0] = u64::from(self.signo).to_le_bytes();
        words[1] = u64::from(self.code as u32).to_le_bytes();
        words[2] = self.value.to_le_bytes();
        words[3] = self.status.to_le_bytes();
        words
    }
}

/// sigaltstack: address, flags, size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    /// Lowest address.
    pub sp: u64,
    /// SS_DISABLE or 0.
    pub flags: u32,
    /// Bytes.
    pub size: u64,
}

/// `ss_flags`: there is no alternate stack.
pub const SS_DISABLE: u32 = 2;

impl Default for AltStack {
    fn default() -> AltStack {
        AltStack { sp: 0, flags: SS_DISABLE, size: 0 }
    }
}

impl AltStack {
    /// Whether `sp` is on it.
    pub fn holds(&self, sp: u64) -> bool {
        self.flags & SS_DISABLE == 0 && sp.wrapping_sub(self.sp) <= self.size
    }
}

/// Takes the first of these signals out of a queue.
#[inline(never)]
fn take_first(queue: &mut Vec<SignalInfo>, signals: u64) -> Option<SignalInfo> {
    let at = queue.iter().position(|i| bit(i.signo) & signals != 0)?;
    Some(queue.remove(at))
}

/// Takes all of them out.
#[inline(never)]
fn forget(queue: &mut Vec<SignalInfo>, signals: u64) {
    while take_first(queue, signals).is_some() {}
}

/// Puts a signal into a queue; one of the first 31 only if it is not there yet.
#[inline(never)]
fn enqueue(queue: &mut Vec<SignalInfo>, info: SignalInfo) {
    let queued = info.signo < 32 && set_of(queue) & bit(info.signo) != 0;
    if !queued && queue.len() < MAX_PENDING {
        queue.push(info);
    }
}

/// The signals in a queue.
#[inline(never)]
pub fn set_of(queue: &[SignalInfo]) -> u64 {
    queue.iter().fold(0, |set, i| set | bit(i.signo))
}

impl Kernel {
    /// Sends a signal to the current process because of its own action (SIGPIPE).
    pub fn raise(&mut self, signo: u32) {
        let slot = self.thread().process;
        self.send(slot, SignalInfo::kernel(signo));
    }

    /// Sends a signal to each process of a group (terminal: SIGINT, SIGTSTP …); tells whether there is one.
    pub fn signal_group(&mut self, group: u32, info: SignalInfo) -> bool {
        let mut any = false;
        for slot in 0..self.processes.len() {
            if self.processes[slot].life == Life::Alive && self.processes[slot].group == group {
                any = true;
                self.send(slot, info);
            }
        }
        any
    }

    /// Signals that wait and are ignored from now on vanish.
    pub fn discard_ignored(&mut self, signo: u32) {
        let process = self.thread().process;
        let p = &mut *self.processes[process];
        if p.actions[signo as usize - 1].ignores(signo) {
            forget(&mut p.pending, bit(signo));
            for t in self.threads.iter_mut().filter(|t| t.process == process) {
                forget(&mut t.pending, bit(signo));
            }
        }
    }

    /// Sends a signal to a process.
    pub fn send(&mut self, process: usize, info: SignalInfo) {
        let p = &mut *self.processes[process];
        if p.life != Life::Alive || info.signo == 0 {
            return;
        }
        let this = bit(info.signo);
        if this & (bit(sig::CONT) | bit(sig::KILL)) != 0 {
            forget(&mut p.pending, STOPPING);
            self.resume(process, info.signo == sig::CONT);
        }
        let p = &mut *self.processes[process];
        if this & STOPPING != 0 {
            forget(&mut p.pending, bit(sig::CONT));
        }
        // Ignored signals vanish, unless a thread blocks them: it may be about to wait for them.
        let ignored = p.actions[info.signo as usize - 1].ignores(info.signo);
        let threads = self.threads.iter().filter(|t| !t.is_free() && t.process == process);
        if ignored && threads.clone().all(|t| (t.mask | t.wait_set) & this == 0) {
            return;
        }
        enqueue(&mut self.processes[process].pending, info);
        // One thread that can take it is enough; a running one will see it by itself.
        for slot in 0..self.threads.len() {
            let t = &*self.threads[slot];
            if t.process == process
                && !t.is_free()
                && self.interrupt_wait(slot, this)
                && info.signo != sig::KILL
            {
                return;
            }
        }
    }

    /// Sends a signal to one thread.
    pub fn send_thread(&mut self, slot: usize, info: SignalInfo) {
        let t = &mut *self.threads[slot];
        if UNBLOCKABLE & bit(info.signo) != 0 || info.signo == sig::CONT {
            let process = t.process;
            return self.send(process, info);
        }
        enqueue(&mut t.pending, info);
        self.interrupt_wait(slot, bit(info.signo));
    }

    /// Wakes the thread if it waits in a call that these signals end; tells whether it takes them.
    fn interrupt_wait(&mut self, slot: usize, signals: u64) -> bool {
        let t = &*self.threads[slot];
        let takes = signals & (!t.mask | t.wait_set | UNBLOCKABLE) != 0;
        if let State::Waiting(w) = t.state
            && takes
            && (!matches!(w.key, Key::Vfork(_)) || signals & bit(sig::KILL) != 0)
        {
            self.make_ready(slot);
        }
        takes
    }

    /// Whether a signal waits that the thread in `slot` does not block.
    #[inline]
    pub fn signal_ready(&self, slot: usize) -> bool {
        let t = &*self.threads[slot];
        let p = &*self.processes[t.process];
        if t.pending.is_empty() && p.pending.is_empty() {
            return false;
        }
        (set_of(&t.pending) | set_of(&p.pending)) & (!t.mask | UNBLOCKABLE) != 0
    }

    /// Takes the next signal of `set` that waits for the current thread: the thread's own first, lowest number
    /// first.
    pub fn take_signal(&mut self, set: u64) -> Option<SignalInfo> {
        let t = &mut *self.threads[self.current];
        let p = &mut *self.processes[t.process];
        for queue in [&mut t.pending, &mut p.pending] {
            let waiting = set_of(queue) & set;
            if waiting != 0 {
                return take_first(queue, 1 << waiting.trailing_zeros());
            }
        }
        None
    }

    /// Lets the signals that wait take their effect on the current thread, before it goes on in user mode.
    pub fn deliver_signals(&mut self) {
        while self.threads[self.current].is_ready() {
            let set = !self.thread().mask | UNBLOCKABLE;
            let Some(info) = self.take_signal(set) else { return };
            let action = self.proc().actions[info.signo as usize - 1];
            if action.ignores(info.signo) {
                continue;
            }
            if action.handler != 0 {
                self.call_handler(info, action);
            } else if bit(info.signo) & STOPPING != 0 {
                self.stop_process(info.signo);
            } else {
                self.exit_group(info.signo);
            }
        }
    }

    /// Builds the handler's frame; a program without room for it ends with SIGSEGV.
    fn call_handler(&mut self, info: SignalInfo, action: Action) {
        let slot = self.current;
        self.fp_save(slot);
        let t = &mut *self.threads[slot];
        if t.call.pending {
            if t.call.progress > 0 {
                t.context.set_result(t.call.progress as i64);
            } else if t.call.restart && action.flags & SA_RESTART != 0 {
                t.context.rewind_syscall();
            } else {
                t.context.set_result(-(Errno::EINTR as i64));
            }
            t.call.end();
            t.wait_set = 0;
        }
        let alt = t.altstack;
        let onto =
            action.flags & SA_ONSTACK != 0 && alt.flags & SS_DISABLE == 0 && !alt.holds(t.context.sp());
        let mask = t.saved_mask.take().unwrap_or(t.mask);
        let fault =
            matches!(info.signo, sig::SEGV | sig::BUS | sig::ILL | sig::FPE | sig::TRAP) && info.code > 0;
        let delivery = SignalDelivery {
            signo: info.signo,
            handler: action.handler,
            restorer: if action.flags & SA_RESTORER != 0 { action.restorer } else { TRAMPOLINE },
            siginfo: action.flags & SA_SIGINFO != 0,
            info: &info.to_words(),
            mask,
            altstack: (alt.sp, alt.flags, alt.size),
            stack: onto.then(|| alt.sp.wrapping_add(alt.size)),
            fault_addr: if fault { info.value } else { 0 },
        };
        t.mask |= action.mask & !UNBLOCKABLE;
        if action.flags & SA_NODEFER == 0 {
            t.mask |= bit(info.signo);
        }
        let space = &mut self.spaces[self.processes[t.process].space];
        let (mem, vfs) = (&mut self.mem, &mut self.vfs);
        let pushed =
            t.context.push_signal_frame(&delivery, &mut |at, bytes| space.write(mem, vfs, at, bytes));
        if action.flags & SA_RESETHAND != 0 {
            self.proc().actions[info.signo as usize - 1] = Action::default();
        }
        if pushed.is_err() {
            self.exit_group(sig::SEGV);
        }
    }

    /// rt_sigreturn: back to where the handler interrupted.
    pub fn return_from_handler(&mut self) {
        let slot = self.current;
        let process = self.threads[slot].process;
        let space = &mut self.spaces[self.processes[process].space];
        let (mem, vfs) = (&mut self.mem, &mut self.vfs);
        let t = &mut *self.threads[slot];
        match t.context.pop_signal_frame(&mut |at, bytes| space.read(mem, vfs, at, bytes)) {
            Ok(back) => {
                t.mask = back.mask & !UNBLOCKABLE;
                let (sp, flags, size) = back.altstack;
                t.altstack = AltStack { sp, flags: flags & SS_DISABLE, size };
                self.fp_forget(slot);
            }
            Err(_) => self.exit_group(sig::SEGV),
        }
    }

    /// A signal that the current thread's own instruction caused: not to be blocked or ignored.
    pub fn raise_fault(&mut self, signo: u32, code: i32, addr: u64) {
        let t = self.thread();
        let blocked = t.mask & bit(signo) != 0;
        t.mask &= !bit(signo);
        forget(&mut t.pending, bit(signo));
        enqueue(&mut t.pending, SignalInfo { signo, code, value: addr, status: 0 });
        let action = &mut self.proc().actions[signo as usize - 1];
        if blocked || action.handler == IGNORE {
            *action = Action::default();
        }
        if action.handler == 0 {
            self.report_fault(signo, addr);
        }
    }

    /// SIGSTOP and its like: the process's threads stand still until SIGCONT.
    fn stop_process(&mut self, signo: u32) {
        let process = self.thread().process;
        for slot in 0..self.threads.len() {
            if self.threads[slot].process == process && self.leave_turn(slot) {
                self.threads[slot].state = State::Stopped;
            }
        }
        let p = &mut *self.processes[process];
        (p.stopped, p.unreported, p.status) = (true, true, signo << 8 | 0x7f);
        self.tell_parent(process, 5, signo as u64); // CLD_STOPPED
    }

    /// SIGCONT or SIGKILL: they go on; those that waited make their call again.
    fn resume(&mut self, process: usize, tell: bool) {
        let p = &mut *self.processes[process];
        if !p.stopped {
            return;
        }
        p.stopped = false;
        for slot in 0..self.threads.len() {
            if self.threads[slot].process == process && matches!(self.threads[slot].state, State::Stopped) {
                self.threads[slot].state = State::Ready;
                self.ready.push(slot);
            }
        }
        if tell {
            let p = &mut *self.processes[process];
            (p.unreported, p.status) = (true, 0xffff);
            self.tell_parent(process, 6, sig::CONT as u64); // CLD_CONTINUED
        }
    }

    /// SIGCHLD (or the signal that clone named) to the parent, and its wait calls are made again. Tells whether
    /// the parent wants no zombies.
    pub fn tell_parent(&mut self, process: usize, code: i32, status: u64) -> bool {
        let p = &*self.processes[process];
        let (parent, pid) = (p.parent, p.pid);
        let ended = code <= 3;
        let signo = if ended { p.exit_signal } else { sig::CHLD };
        if parent == process || self.processes[parent].life != Life::Alive {
            return ended;
        }
        let action = self.processes[parent].actions[sig::CHLD as usize - 1];
        if signo != 0 && (ended || action.flags & SA_NOCLDSTOP == 0) {
            self.send(parent, SignalInfo { signo, code, value: pid as u64, status });
        }
        self.wake(Key::Child(parent));
        ended && signo == sig::CHLD && (action.handler == IGNORE || action.flags & SA_NOCLDWAIT != 0)
    }
}

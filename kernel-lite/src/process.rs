// SPDX-License-Identifier: MIT
//! Processes: what threads share; how they come and go.

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::PageTable;
use crate::signal::{Action, SignalInfo, sig};
use crate::space::Space;
use crate::thread::{Key, State, Thread};
use crate::vfs::{Files, FsContext, InodeId};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Processes and threads that there can be at a time: a fork bomb ends here.
pub const MAX_TASKS: usize = 1000;
/// Signals there are.
pub const SIGNALS: usize = 64;
/// Nobody's slot.
pub const NONE: usize = usize::MAX;
/// The number of a step's first process. Number 1 is nobody's: shells treat themselves specially as init.
pub const FIRST_PID: u32 = 2;
/// Frames that a fork leaves for the programs that run already.
const FORK_RESERVE: usize = 512;

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
    /// Slot of its parent; [`NONE`] when that has ended.
    pub parent: usize,
    /// Process group.
    pub group: u32,
    /// Session.
    pub session: u32,
    /// Whether it lives.
    pub life: Life,
    /// Wait status as `wait4` gives it, once it is a zombie, stopped or continued.
    pub status: u32,
    /// Stopped by a signal.
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
    /// The n-th child of its parent, from the first process down: its name in the event log.
    pub path: Vec<u32>,
    /// Children made so far.
    pub children: u32,
    /// Uses its parent's memory until exec or exit, and the parent waits.
    pub vforked: bool,
    /// ITIMER_REAL: next expiry (CLOCK_MONOTONIC nanoseconds), and period.
    pub alarm: Option<(u64, u64)>,
    /// System calls made.
    pub calls: u64,
    /// System calls made by children that were waited for.
    pub child_calls: u64,
    /// RLIMIT_* that were changed: resource, soft, hard.
    pub limits: Vec<(u32, u64, u64)>,
}

/// What `clone` was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CloneRequest {
    /// CLONE_*, and the exit signal in the low byte.
    pub flags: u64,
    /// The child's stack pointer, or 0 for the parent's.
    pub stack: u64,
    /// Where the child's number is written in the parent.
    pub parent_tid: u64,
    /// Where it is written in the child, or cleared at its end.
    pub child_tid: u64,
    /// The child's thread pointer.
    pub tls: u64,
}

/// `clone` flags. Linux `include/uapi/linux/sched.h`.
#[allow(missing_docs)]
pub mod clone {
    pub const VM: u64 = 0x100;
    pub const VFORK: u64 = 0x4000;
    pub const PARENT: u64 = 0x8000;
    pub const THREAD: u64 = 0x1_0000;
    pub const SETTLS: u64 = 0x8_0000;
    pub const PARENT_SETTID: u64 = 0x10_0000;
    pub const CHILD_CLEARTID: u64 = 0x20_0000;
    pub const CHILD_SETTID: u64 = 0x100_0000;
    /// Name spaces: there are none.
    pub const NEW: u64 = 0x7e02_0000;
}

impl Kernel {
    /// The slot of the live process `pid`.
    pub fn find_process(&self, pid: u32) -> Option<usize> {
        self.processes.iter().position(|p| p.life != Life::Free && p.pid == pid)
    }

    /// The slot of the live thread `tid`.
    pub fn find_thread(&self, tid: u32) -> Option<usize> {
        self.threads.iter().position(|t| !t.is_free() && t.tid == tid)
    }

    /// The slot that the next thread will have.
    fn thread_slot(&self) -> Result<usize, Errno> {
        let free = self.threads.iter().position(|t| t.is_free());
        self.or_new_slot(free, self.threads.len())
    }

    /// The slot that the next process will have.
    pub(crate) fn process_slot(&self) -> Result<usize, Errno> {
        let free = self.processes.iter().position(|p| p.life == Life::Free);
        self.or_new_slot(free, self.processes.len())
    }

    /// A free slot, or the one behind the last if there may be one more.
    fn or_new_slot(&self, free: Option<usize>, next: usize) -> Result<usize, Errno> {
        match free {
            Some(slot) => Ok(slot),
            None if next < MAX_TASKS && !self.heap_is_low() => Ok(next),
            None => Err(Errno::EAGAIN),
        }
    }

    /// Makes an empty address space with one user; returns its slot.
    pub(crate) fn new_space(&mut self) -> Result<usize, Errno> {
        if self.heap_is_low() {
            return Err(Errno::ENOMEM);
        }
        let slot = self.spaces.iter().position(|s| s.users == 0).unwrap_or(self.spaces.len());
        let table = PageTable::new(&mut self.mem)?;
        if slot == self.spaces.len() {
            self.spaces.push(Space::unused(slot as u16 + 1));
        }
        self.spaces[slot].begin(table);
        Ok(slot)
    }

    /// One user of the space less.
    pub(crate) fn leave_space(&mut self, slot: usize) {
        let space = &mut self.spaces[slot];
        if space.users > 1 {
            space.users -= 1;
        } else {
            space.free(&mut self.mem, &mut self.vfs);
        }
    }

    fn new_pid(&mut self) -> u32 {
        loop {
            let pid = self.next_pid;
            self.next_pid = if pid >= 32767 { 300 } else { pid + 1 };
            let taken = self.find_thread(pid).is_some()
                || self.processes.iter().any(|p| p.life != Life::Free && (p.pid == pid || p.group == pid));
            if !taken {
                return pid;
            }
        }
    }

    /// The first process of a run, with nothing mapped yet and its thread current.
    pub(crate) fn first_process(&mut self, files: Files, fs: FsContext) -> Result<(), Errno> {
        let slot = self.process_slot()?;
        let thread = self.thread_slot()?;
        let space = self.new_space()?;
        let pid = self.new_pid();
        let actions = Vec::from([Action::default(); SIGNALS]);
        let process = Process {
            life: Life::Alive,
            threads: 1,
            pid,
            group: pid,
            session: pid,
            parent: NONE,
            space,
            files,
            fs,
            actions,
            ..Default::default()
        };
        put(&mut self.processes, slot, Box::new(process));
        let mut t = new_thread(pid, slot);
        t.context.set_ids(pid, pid);
        put(&mut self.threads, thread, t);
        self.current = thread;
        Ok(())
    }

    /// Makes a thread, or a process that is a copy of the current one. Returns its number.
    pub fn clone_current(&mut self, r: CloneRequest) -> Result<u32, Errno> {
        let parent = self.thread().process;
        if r.flags & clone::NEW != 0 || r.flags & clone::THREAD != 0 && r.flags & clone::VM == 0 {
            return Err(Errno::EINVAL);
        }
        if self.mem.free_frames() < FORK_RESERVE {
            return Err(Errno::ENOMEM);
        }
        let thread = self.thread_slot()?;
        let process = if r.flags & clone::THREAD != 0 { parent } else { self.fork_process(parent, r.flags)? };
        let tid = self.new_pid();
        if process == parent {
            self.processes[process].threads += 1;
        } else {
            self.processes[process].pid = tid;
        }
        self.fp_save(self.current);
        let t = &*self.threads[self.current];
        let mut child = new_thread(tid, process);
        child.context = t.context.clone();
        child.context.set_result(0);
        child.mask = t.saved_mask.unwrap_or(t.mask);
        if r.stack != 0 {
            child.context.set_sp(r.stack);
        }
        if r.flags & clone::SETTLS != 0 {
            child.context.set_tls(r.tls);
        }
        child.context.set_ids(self.processes[process].pid, tid);
        if r.flags & (clone::VM | clone::VFORK) != clone::VM {
            child.altstack = t.altstack;
        }
        if r.flags & clone::CHILD_CLEARTID != 0 {
            child.clear_tid = r.child_tid;
        }
        put(&mut self.threads, thread, child);
        self.ready.push(thread);
        // A wild pointer here is the caller's loss, as on Linux: the child exists.
        if r.flags & clone::PARENT_SETTID != 0 {
            let _ = self.write_user_u32(r.parent_tid, tid);
        }
        if r.flags & clone::CHILD_SETTID != 0 {
            let space = &mut self.spaces[self.processes[process].space];
            let _ = space.write(&mut self.mem, &mut self.vfs, r.child_tid, &tid.to_le_bytes());
        }
        Ok(tid)
    }

    /// A copy of a process, without threads and without a number yet.
    fn fork_process(&mut self, parent: usize, flags: u64) -> Result<usize, Errno> {
        let slot = self.process_slot()?;
        let share = flags & clone::VM != 0;
        let space = if share {
            let space = self.processes[parent].space;
            self.spaces[space].users += 1;
            space
        } else {
            let copy = self.new_space()?;
            let space = self.processes[parent].space;
            if let Err(e) = Space::fork(&mut self.spaces, space, copy, &mut self.mem, &mut self.vfs) {
                self.leave_space(copy);
                return Err(e);
            }
            copy
        };
        let (files, fs) = match self.files_fork() {
            Ok(copied) => copied,
            Err(e) => {
                self.leave_space(space);
                return Err(e);
            }
        };
        let p = &mut *self.processes[parent];
        p.children += 1;
        let mut path = p.path.clone();
        path.push(p.children);
        let child = Box::new(Process {
            life: Life::Alive,
            threads: 1,
            path,
            parent: if flags & clone::PARENT != 0 { p.parent } else { parent },
            group: p.group,
            session: p.session,
            space,
            files,
            fs,
            exe: p.exe,
            name: p.name,
            actions: p.actions.clone(),
            exit_signal: (flags & 0xff) as u32 & 63,
            vforked: flags & clone::VFORK != 0,
            limits: p.limits.clone(),
            ..Default::default()
        });
        if let Some(exe) = child.exe {
            self.vfs.hold(exe);
        }
        put(&mut self.processes, slot, child);
        Ok(slot)
    }

    /// The parent that waits for its vfork child goes on.
    pub(crate) fn end_vfork(&mut self) {
        let slot = self.thread().process;
        if core::mem::take(&mut self.processes[slot].vforked) {
            self.wake(Key::Vfork(slot));
        }
    }

    /// Takes a thread out of the world. Its process's books are the caller's.
    fn drop_thread(&mut self, slot: usize) {
        self.leave_turn(slot);
        self.fp_forget(slot);
        let t = &mut *self.threads[slot];
        t.state = State::Free;
        t.call.end();
        t.pending.clear();
    }

    /// All threads of the current process but the current one end (exec).
    pub(crate) fn end_other_threads(&mut self) {
        let process = self.thread().process;
        for slot in 0..self.threads.len() {
            if slot != self.current && !self.threads[slot].is_free() && self.threads[slot].process == process
            {
                self.drop_thread(slot);
            }
        }
        self.processes[process].threads = 1;
    }

    /// The current thread ends; with the last one the process.
    pub fn exit_thread(&mut self, status: u32) {
        self.release_locks();
        if self.proc().threads == 1 {
            return self.exit_process(status);
        }
        self.proc().threads -= 1;
        self.drop_thread(self.current);
    }

    /// All threads of the current process end. `status` is what `wait4` gives.
    pub fn exit_group(&mut self, status: u32) {
        self.end_other_threads();
        self.release_locks();
        self.exit_process(status);
    }

    /// What others learn from a thread's end: its robust futexes and the word that `pthread_join` waits for.
    fn release_locks(&mut self) {
        self.release_robust_list();
        let clear = core::mem::take(&mut self.thread().clear_tid);
        let slot = self.proc().space;
        if clear != 0
            && (self.spaces[slot].users > 1 || self.proc().threads > 1)
            && self.write_user_u32(clear, 0).is_ok()
        {
            self.wake_some(Key::Futex { space: slot, addr: clear }, 1, !0);
        }
    }

    /// The last thread of the current process ends.
    fn exit_process(&mut self, status: u32) {
        let slot = self.thread().process;
        let p = &mut *self.processes[slot];
        let (files, fs, exe, space) =
            (core::mem::take(&mut p.files), core::mem::take(&mut p.fs), p.exe.take(), p.space);
        self.files_close(files, fs);
        if let Some(exe) = exe {
            self.vfs.release(&mut self.mem, exe);
        }
        self.leave_space(space);
        self.end_vfork();
        self.drop_thread(self.current);
        let p = &mut *self.processes[slot];
        (p.life, p.status, p.threads, p.alarm, p.stopped) = (Life::Zombie, status, 0, None, false);
        p.pending.clear();
        self.orphan_children(slot);
        if self.processes[slot].pid == FIRST_PID {
            self.first_status = Some(status);
        }
        let (code, value) = match status & 0x7f {
            0 => (1, status >> 8),                       // CLD_EXITED
            signal if status & 0x80 == 0 => (2, signal), // CLD_KILLED
            signal => (3, signal),                       // CLD_DUMPED
        };
        if self.processes[slot].parent == NONE || self.tell_parent(slot, code, value as u64) {
            self.processes[slot].life = Life::Free;
        }
    }

    /// Children of an ended process belong to nobody: nobody asks for their status.
    fn orphan_children(&mut self, parent: usize) {
        for child in 0..self.processes.len() {
            let p = &mut *self.processes[child];
            if p.life == Life::Free || p.parent != parent || child == parent {
                continue;
            }
            p.parent = NONE;
            if p.life == Life::Zombie {
                p.life = Life::Free;
            } else if p.stopped {
                // A stopped orphan would stand still for ever.
                self.send(child, SignalInfo::kernel(sig::HUP));
                self.send(child, SignalInfo::kernel(sig::CONT));
            }
        }
    }

    /// Ends everything that still runs: between two runs.
    pub(crate) fn end_all(&mut self) {
        for slot in 0..self.threads.len() {
            if !self.threads[slot].is_free() {
                self.current = slot;
                self.exit_group(sig::KILL);
            }
        }
        for p in &mut self.processes {
            p.life = Life::Free;
        }
        self.ready.clear();
    }

    /// Saves the thread's floating-point registers if the processor holds them.
    pub(crate) fn fp_save(&mut self, slot: usize) {
        if self.fp_owner == slot {
            self.threads[slot].context.fp_save();
        }
    }

    /// What the processor holds of the thread's floating-point registers is not what it should have.
    pub(crate) fn fp_forget(&mut self, slot: usize) {
        if self.fp_owner == slot {
            self.fp_owner = NONE;
        }
    }

    /// Makes the processor's floating-point registers the thread's.
    #[inline]
    pub(crate) fn fp_load(&mut self, slot: usize) {
        if self.fp_owner != slot {
            if let Some(t) = self.threads.get_mut(self.fp_owner) {
                t.context.fp_save();
            }
            self.threads[slot].context.fp_restore();
            self.fp_owner = slot;
        }
    }
}

/// A thread that can run. It has to be given its registers, its slot and its place in the turn.
fn new_thread(tid: u32, process: usize) -> Box<Thread> {
    let mut t = Box::<Thread>::default();
    (t.state, t.tid, t.process) = (State::Ready, tid, process);
    t
}

/// Puts a thread or a process into its slot, which is free or the next.
fn put<T>(slots: &mut Vec<T>, slot: usize, new: T) {
    match slots.get_mut(slot) {
        Some(free) => *free = new,
        None => slots.push(new),
    }
}

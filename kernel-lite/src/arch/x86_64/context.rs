// SPDX-License-Identifier: MIT
//! The registers of a user thread.

use super::tables::{USER_CODE, USER_DATA};
use core::arch::asm;

/// RFLAGS of a new thread: interrupts let through, the reserved one.
const RFLAGS_USER: u64 = 1 << 9 | 1 << 1;
/// What a program may choose of it: CF, PF, AF, ZF, SF, TF, DF, OF, AC, ID (as Linux's FIX_EFLAGS, and ID).
const RFLAGS_FREE: u64 =
    1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 18 | 1 << 21;
/// FCW and MXCSR of a new thread: all exceptions masked (System V psABI, "Process Initialization").
const FCW: u16 = 0x37f;
const MXCSR: u32 = 0x1f80;
/// Offset of MXCSR in the FXSAVE image, and its bits that may be set (SDM volume 1, section 10.2.3).
const MXCSR_AT: usize = 24;
const MXCSR_MASK: u32 = 0xffff;

/// The image that FXSAVE64 writes.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(super) struct FpState(pub [u8; 512]);

impl FpState {
    /// Makes foreign bytes an image that FXRSTOR64 takes.
    pub fn tame(&mut self) {
        let mut mxcsr = [0; 4];
        mxcsr.copy_from_slice(&self.0[MXCSR_AT..MXCSR_AT + 4]);
        let mxcsr = u32::from_le_bytes(mxcsr) & MXCSR_MASK;
        self.0[MXCSR_AT..MXCSR_AT + 4].copy_from_slice(&mxcsr.to_le_bytes());
    }
}

/// The registers of a user thread, in the order in which the assembly in `trap.rs` and the processor push
/// them: the interrupt stack of user mode is the end of `ss`.
#[derive(Clone)]
#[repr(C, align(16))]
pub struct UserContext {
    pub(super) r15: u64,
    pub(super) r14: u64,
    pub(super) r13: u64,
    pub(super) r12: u64,
    pub(super) rbx: u64,
    pub(super) rbp: u64,
    pub(super) r11: u64,
    pub(super) r10: u64,
    pub(super) r9: u64,
    pub(super) r8: u64,
    pub(super) rax: u64,
    pub(super) rcx: u64,
    pub(super) rdx: u64,
    pub(super) rsi: u64,
    pub(super) rdi: u64,
    pub(super) vector: u64,
    pub(super) error: u64,
    pub(super) rip: u64,
    pub(super) cs: u64,
    pub(super) rflags: u64,
    pub(super) rsp: u64,
    pub(super) ss: u64,
    /// The monitor's stack pointer while user mode runs.
    pub(super) kernel_rsp: u64,
    pub(super) fs_base: u64,
    pub(super) gs_base: u64,
    /// What the calls answer whose answer is always the same for a thread: the numbers of its process and its own,
    /// and root's.
    pub(super) pid: u64,
    pub(super) tid: u64,
    pub(super) root: u64,
    /// The calls that it may still make before the kernel has to look.
    pub(super) calls: u64,
    pub(super) fp: FpState,
}

impl UserContext {
    /// A thread about to execute its first instruction; all other registers are zero.
    pub fn new(entry: u64, sp: u64) -> UserContext {
        let mut fp = FpState([0; 512]);
        fp.0[..2].copy_from_slice(&FCW.to_le_bytes());
        fp.0[MXCSR_AT..MXCSR_AT + 4].copy_from_slice(&MXCSR.to_le_bytes());
        UserContext {
            r15: 0,
            r14: 0,
            r13: 0,
            r12: 0,
            rbx: 0,
            rbp: 0,
            r11: 0,
            r10: 0,
            r9: 0,
            r8: 0,
            rax: 0,
            rcx: 0,
            rdx: 0,
            rsi: 0,
            rdi: 0,
            vector: 0,
            error: 0,
            rip: entry,
            cs: USER_CODE,
            rflags: RFLAGS_USER,
            rsp: sp,
            ss: USER_DATA,
            kernel_rsp: 0,
            fs_base: 0,
            gs_base: 0,
            pid: 0,
            tid: 0,
            root: 0,
            calls: 0,
            fp,
        }
    }

    /// What getpid and gettid answer.
    pub fn set_ids(&mut self, pid: u32, tid: u32) {
        (self.pid, self.tid) = (pid as u64, tid as u64);
    }

    /// How many of the calls that `run_user` was given it has left.
    #[inline]
    pub fn calls_left(&self, _calls: u32) -> u32 {
        self.calls as u32
    }

    /// The number of the system call it is in.
    #[inline]
    pub fn syscall_number(&self) -> u64 {
        self.rax
    }

    /// Its arguments.
    #[inline]
    pub fn args(&self) -> [u64; 6] {
        [self.rdi, self.rsi, self.rdx, self.r10, self.r8, self.r9]
    }

    /// Sets what the call returns.
    #[inline]
    pub fn set_result(&mut self, value: i64) {
        self.rax = value as u64;
    }

    /// Makes the thread execute its system-call instruction again; `set_result` has not been called.
    pub fn rewind_syscall(&mut self) {
        self.rip = self.rip.wrapping_sub(2);
    }

    /// Address of the next instruction.
    pub fn pc(&self) -> u64 {
        self.rip
    }

    /// Sets it.
    pub fn set_pc(&mut self, pc: u64) {
        self.rip = pc;
    }

    /// The stack pointer.
    pub fn sp(&self) -> u64 {
        self.rsp
    }

    /// Sets it.
    pub fn set_sp(&mut self, sp: u64) {
        self.rsp = sp;
    }

    /// The thread pointer, FS base.
    pub fn tls(&self) -> u64 {
        self.fs_base
    }

    /// Sets it. Addresses outside user space, which `wrmsr` would refuse, become 0.
    pub fn set_tls(&mut self, tls: u64) {
        self.fs_base = user_address(tls);
    }

    /// GS base.
    pub fn gs(&self) -> u64 {
        self.gs_base
    }

    /// Sets it, with the same limit.
    pub fn set_gs(&mut self, gs: u64) {
        self.gs_base = user_address(gs);
    }

    /// Sets the flags from foreign bits; those that are not a program's are dropped.
    pub(super) fn set_flags(&mut self, rflags: u64) {
        self.rflags = RFLAGS_USER | rflags & RFLAGS_FREE;
    }

    /// Saves the processor's floating-point registers here.
    pub fn fp_save(&mut self) {
        // SAFETY: the 512 bytes belong to `self` and are 16-aligned; the monitor is built without
        // floating-point registers, so the compiler never keeps anything in them.
        unsafe { asm!("fxsave64 [{}]", in(reg) &mut self.fp, options(nostack, preserves_flags)) };
    }

    /// Loads the processor's floating-point registers from here.
    pub fn fp_restore(&self) {
        // SAFETY: as above; the image is one that `fp_save` wrote or `tame` made harmless.
        unsafe { asm!("fxrstor64 [{}]", in(reg) &self.fp, options(nostack, preserves_flags, readonly)) };
    }

    /// Completes a trapped counter read with the logical clock's nanoseconds and skips the instruction.
    /// `what` is its length: 2 is RDTSC, 3 is RDTSCP, which also gives the processor's number, 0. The logical
    /// counter runs at 1 GHz.
    pub fn finish_counter(&mut self, what: u32, nanoseconds: u64) {
        self.rax = nanoseconds & 0xffff_ffff;
        self.rdx = nanoseconds >> 32;
        if what == 3 {
            self.rcx = 0;
        }
        self.rip = self.rip.wrapping_add(what as u64);
    }
}

fn user_address(at: u64) -> u64 {
    if at < crate::paging::USER_END { at } else { 0 }
}

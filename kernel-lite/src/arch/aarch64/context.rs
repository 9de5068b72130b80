// SPDX-License-Identifier: MIT
//! The registers of a user thread.

use core::arch::asm;

/// PSTATE of a new thread: EL0, AArch64, all interrupts let through (ARM ARM, SPSR_EL1).
const PSTATE_USER: u64 = 0;
/// What a program may choose of it: the condition flags N, Z, C, V.
const PSTATE_FLAGS: u64 = 0xf000_0000;

/// The floating-point and SIMD registers.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(super) struct FpState {
    pub v: [u128; 32],
    pub fpsr: u64,
    pub fpcr: u64,
}

/// The registers of a user thread. The assembly in `trap.rs` knows the offsets of the first fields.
#[derive(Clone)]
#[repr(C, align(16))]
pub struct UserContext {
    /// x0 to x30.
    pub(super) x: [u64; 31],
    pub(super) sp: u64,
    pub(super) pc: u64,
    pub(super) pstate: u64,
    pub(super) tls: u64,
    /// The monitor's stack pointer while user mode runs.
    pub(super) kernel_sp: u64,
    pub(super) fp: FpState,
}

impl UserContext {
    /// A thread about to execute its first instruction; all other registers are zero.
    pub fn new(entry: u64, sp: u64) -> UserContext {
        UserContext {
            x: [0; 31],
            sp,
            pc: entry,
            pstate: PSTATE_USER,
            tls: 0,
            kernel_sp: 0,
            fp: FpState { v: [0; 32], fpsr: 0, fpcr: 0 },
        }
    }

    /// Nothing: no call is answered without the kernel.
    #[inline]
    pub fn set_ids(&mut self, _pid: u32, _tid: u32) {}

    /// How many of the calls that `run_user` was given it has left: all.
    #[inline]
    pub fn calls_left(&self, calls: u32) -> u32 {
        calls
    }

    /// The number of the system call it is in.
    #[inline]
    pub fn syscall_number(&self) -> u64 {
        self.x[8]
    }

    /// Its arguments.
    #[inline]
    pub fn args(&self) -> [u64; 6] {
        [self.x[0], self.x[1], self.x[2], self.x[3], self.x[4], self.x[5]]
    }

    /// Sets what the call returns.
    #[inline]
    pub fn set_result(&mut self, value: i64) {
        self.x[0] = value as u64;
    }

    /// Makes the thread execute its system-call instruction again; `set_result` has not been called.
    pub fn rewind_syscall(&mut self) {
        self.pc = self.pc.wrapping_sub(4);
    }

    /// Address of the next instruction.
    pub fn pc(&self) -> u64 {
        self.pc
    }

    /// Sets it.
    pub fn set_pc(&mut self, pc: u64) {
        self.pc = pc;
    }

    /// The stack pointer.
    pub fn sp(&self) -> u64 {
        self.sp
    }

    /// Sets it.
    pub fn set_sp(&mut self, sp: u64) {
        self.sp = sp;
    }

    /// The thread pointer, TPIDR_EL0.
    pub fn tls(&self) -> u64 {
        self.tls
    }

    /// Sets it.
    pub fn set_tls(&mut self, tls: u64) {
        self.tls = tls;
    }

    /// Sets the condition flags from foreign bits; whatever else they ask for is dropped.
    pub(super) fn set_flags(&mut self, pstate: u64) {
        self.pstate = PSTATE_USER | pstate & PSTATE_FLAGS;
    }

    /// Saves the processor's floating-point registers here.
    pub fn fp_save(&mut self) {
        let fp = &mut self.fp;
        let (fpsr, fpcr): (u64, u64);
        // SAFETY: the 512 bytes at `v` belong to `self` and are 16-aligned; the monitor is built without
        // floating-point registers, so the compiler never keeps anything in them.
        unsafe {
            asm!(
                ".arch_extension fp",
                ".arch_extension simd",
                "stp q0, q1, [{v}]",
                "stp q2, q3, [{v}, #32]",
                "stp q4, q5, [{v}, #64]",
                "stp q6, q7, [{v}, #96]",
                "stp q8, q9, [{v}, #128]",
                "stp q10, q11, [{v}, #160]",
                "stp q12, q13, [{v}, #192]",
                "stp q14, q15, [{v}, #224]",
                "stp q16, q17, [{v}, #256]",
                "stp q18, q19, [{v}, #288]",
                "stp q20, q21, [{v}, #320]",
                "stp q22, q23, [{v}, #352]",
                "stp q24, q25, [{v}, #384]",
                "stp q26, q27, [{v}, #416]",
                "stp q28, q29, [{v}, #448]",
                "stp q30, q31, [{v}, #480]",
                "mrs {sr}, fpsr",
                "mrs {cr}, fpcr",
                v = in(reg) &mut fp.v,
                sr = out(reg) fpsr,
                cr = out(reg) fpcr,
                options(nostack, preserves_flags)
            )
        }
        (fp.fpsr, fp.fpcr) = (fpsr, fpcr);
    }

    /// Loads the processor's floating-point registers from here.
    pub fn fp_restore(&self) {
        let fp = &self.fp;
        // SAFETY: as in `fp_save`; the registers belong to the last thread that ran, which is saved.
        unsafe {
            asm!(
                ".arch_extension fp",
                ".arch_extension simd",
                "ldp q0, q1, [{v}]",
                "ldp q2, q3, [{v}, #32]",
                "ldp q4, q5, [{v}, #64]",
                "ldp q6, q7, [{v}, #96]",
                "ldp q8, q9, [{v}, #128]",
                "ldp q10, q11, [{v}, #160]",
                "ldp q12, q13, [{v}, #192]",
                "ldp q14, q15, [{v}, #224]",
                "ldp q16, q17, [{v}, #256]",
                "ldp q18, q19, [{v}, #288]",
                "ldp q20, q21, [{v}, #320]",
                "ldp q22, q23, [{v}, #352]",
                "ldp q24, q25, [{v}, #384]",
                "ldp q26, q27, [{v}, #416]",
                "ldp q28, q29, [{v}, #448]",
                "ldp q30, q31, [{v}, #480]",
                "msr fpsr, {sr}",
                "msr fpcr, {cr}",
                v = in(reg) &fp.v,
                sr = in(reg) fp.fpsr,
                cr = in(reg) fp.fpcr,
                options(nostack, preserves_flags, readonly)
            )
        }
    }

    /// Completes a trapped counter read with the logical clock's nanoseconds and skips the instruction.
    /// `what` is the trap's ISS field (ARM ARM, ESR_EL1, "trapped MSR, MRS"): Rt in bits 5 to 9, Op2 in bits
    /// 17 to 19 (0: CNTFRQ_EL0, 2: CNTVCT_EL0). The logical counter runs at 1 GHz.
    pub fn finish_counter(&mut self, what: u32, nanoseconds: u64) {
        let register = (what >> 5 & 31) as usize;
        let value = if what >> 17 & 7 == 0 { 1_000_000_000 } else { nanoseconds };
        if let Some(x) = self.x.get_mut(register) {
            *x = value;
        }
        self.pc = self.pc.wrapping_add(4);
    }
}

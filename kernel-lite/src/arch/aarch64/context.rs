// SPDX-License-Identifier: MIT
//! The registers of a user thread.

use super::trap::{load_fp, save_fp};

/// PSTATE of a new thread: EL0, AArch64, all interrupts let through (ARM ARM, SPSR_EL1).
const PSTATE_USER: u64 = 0;
/// What a program may choose of it: the condition flags N, Z, C, V.
const PSTATE_FLAGS: u64 = 0xf000_0000;

/// The floating-point and SIMD registers. The assembly in `trap.rs` knows the layout.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(super) struct FpState {
    pub fpsr: u64,
    pub fpcr: u64,
    /// v0 to v31, the lower half of each first.
    pub v: [u64; 64],
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
            fp: FpState { fpsr: 0, fpcr: 0, v: [0; 64] },
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
        // SAFETY: what is written belongs to `self`; the monitor is built without floating-point registers, so the
        // compiler never keeps anything in them.
        unsafe { save_fp(&mut self.fp) }
    }

    /// Loads the processor's floating-point registers from here.
    pub fn fp_restore(&self) {
        // SAFETY: as above; the registers belong to the last thread that ran, which is saved.
        unsafe { load_fp(&self.fp) }
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

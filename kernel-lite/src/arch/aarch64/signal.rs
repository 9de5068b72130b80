// SPDX-License-Identifier: MIT
//! Signal frames in the layout of Linux (`arch/arm64/include/uapi/asm/sigcontext.h`, `ucontext.h`, and
//! `struct rt_sigframe` of `arch/arm64/kernel/signal.c`).
//!
//! Offsets in bytes from the frame's start, which is the handler's stack pointer:
//! 0 siginfo, 128 ucontext { flags, link, stack (3 words), sigmask, 120 unused bytes }, 304 mcontext
//! { fault address, x0 to x30, sp, pc, pstate }, 592 the record of the floating-point registers, then an
//! empty record that ends the list. Linux reserves 4096 bytes for the records; the frame record (x29, x30)
//! for debuggers lies behind them.

use super::{SignalDelivery, SignalReturn, UserContext, UserRead, UserWrite};
use crate::errno::Errno;

// In words of eight bytes.
const UCONTEXT: usize = 128 / 8;
const STACK: usize = UCONTEXT + 2;
const MASK: usize = UCONTEXT + 5;
const MCONTEXT: usize = UCONTEXT + 22;
const REGISTERS: usize = MCONTEXT + 1;
const SP: usize = REGISTERS + 31;
const RECORDS: usize = 592 / 8;
/// FPSIMD_MAGIC, and in the upper half the record's size in bytes: this word, fpsr and fpcr, v0 to v31.
const FPSIMD: u64 = 0x4650_8001 | 528 << 32;
/// What is written: up to the end of the empty record.
const WRITTEN: usize = RECORDS + (528 + 16) / 8;
/// Where the frame record lies, and the frame's end: in bytes.
const FRAME_RECORD: u64 = 592 + 4096;
const FRAME: u64 = FRAME_RECORD + 16;

impl UserContext {
    /// Builds the frame of a signal handler on the stack and points pc, sp and arguments at it. The
    /// floating-point state was saved before. Changes nothing when a write fails.
    pub fn push_signal_frame(&mut self, d: &SignalDelivery, write: UserWrite) -> Result<(), Errno> {
        let sp = d.stack.unwrap_or(self.sp).wrapping_sub(FRAME) & !15;
        let mut frame = [[0; 8]; WRITTEN];
        frame[..UCONTEXT].copy_from_slice(d.info);
        let mut put = |at: usize, value: u64| frame[at] = value.to_le_bytes();
        put(STACK, d.altstack.0);
        put(STACK + 1, d.altstack.1.into());
        put(STACK + 2, d.altstack.2);
        put(MASK, d.mask);
        put(MCONTEXT, d.fault_addr);
        for (i, &x) in self.x.iter().enumerate() {
            put(REGISTERS + i, x);
        }
        put(SP, self.sp);
        put(SP + 1, self.pc);
        put(SP + 2, self.pstate);
        put(RECORDS, FPSIMD);
        put(RECORDS + 1, self.fp.fpsr & 0xffff_ffff | self.fp.fpcr << 32);
        for (i, &v) in self.fp.v.iter().enumerate() {
            put(RECORDS + 2 + i, v);
        }
        let record_at = sp.wrapping_add(FRAME_RECORD);
        write(record_at, [self.x[29].to_le_bytes(), self.x[30].to_le_bytes()].as_flattened())?;
        write(sp, frame.as_flattened())?;

        self.x[0] = d.signo as u64;
        self.x[1] = sp;
        self.x[2] = sp.wrapping_add(8 * UCONTEXT as u64);
        self.x[29] = record_at;
        self.x[30] = d.restorer;
        (self.pc, self.sp) = (d.handler, sp);
        Ok(())
    }

    /// Undoes `push_signal_frame`: reads the frame at sp. The caller loads the floating-point state after.
    pub fn pop_signal_frame(&mut self, read: UserRead) -> Result<SignalReturn, Errno> {
        let mut frame = [[0; 8]; WRITTEN];
        read(self.sp, frame.as_flattened_mut())?;
        let get = |at: usize| u64::from_le_bytes(frame[at]);
        if get(RECORDS) != FPSIMD {
            return Err(Errno::EFAULT);
        }
        for (i, x) in self.x.iter_mut().enumerate() {
            *x = get(REGISTERS + i);
        }
        (self.sp, self.pc) = (get(SP), get(SP + 1));
        self.set_flags(get(SP + 2));
        (self.fp.fpsr, self.fp.fpcr) = (get(RECORDS + 1) & 0xffff_ffff, get(RECORDS + 1) >> 32);
        for (i, v) in self.fp.v.iter_mut().enumerate() {
            *v = get(RECORDS + 2 + i);
        }
        Ok(SignalReturn { mask: get(MASK), altstack: (get(STACK), get(STACK + 1) as u32, get(STACK + 2)) })
    }
}

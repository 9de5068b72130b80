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

const UCONTEXT: usize = 128;
const STACK: usize = UCONTEXT + 16;
const MASK: usize = UCONTEXT + 40;
const MCONTEXT: usize = UCONTEXT + 176;
const REGISTERS: usize = MCONTEXT + 8;
const RECORDS: usize = 592;
/// FPSIMD_MAGIC and the record's size: header 8, fpsr 4, fpcr 4, v0 to v31.
const FPSIMD: (u32, u32) = (0x4650_8001, 528);
/// What is written: up to the end of the empty record.
const WRITTEN: usize = RECORDS + FPSIMD.1 as usize + 16;
/// Where the frame record lies.
const FRAME_RECORD: usize = RECORDS + 4096;
const FRAME: u64 = FRAME_RECORD as u64 + 16;

fn put(to: &mut [u8], at: usize, value: u64) {
    to[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn put32(to: &mut [u8], at: usize, value: u32) {
    to[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn get(from: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&from[at..at + 8]);
    u64::from_le_bytes(word)
}

fn get32(from: &[u8], at: usize) -> u32 {
    get(from, at) as u32
}

impl UserContext {
    /// Builds the frame of a signal handler on the stack and points pc, sp and arguments at it. The
    /// floating-point state was saved before. Changes nothing when a write fails.
    pub fn push_signal_frame(&mut self, d: &SignalDelivery, write: UserWrite) -> Result<(), Errno> {
        let sp = d.stack.unwrap_or(self.sp).wrapping_sub(FRAME) & !15;
        let mut frame = [0u8; WRITTEN];
        frame[..UCONTEXT].copy_from_slice(d.info);
        put(&mut frame, STACK, d.altstack.0);
        put(&mut frame, STACK + 8, d.altstack.1 as u64);
        put(&mut frame, STACK + 16, d.altstack.2);
        put(&mut frame, MASK, d.mask);
        put(&mut frame, MCONTEXT, d.fault_addr);
        let registers = self.x.into_iter().chain([self.sp, self.pc, self.pstate]);
        for (i, value) in registers.enumerate() {
            put(&mut frame, REGISTERS + 8 * i, value);
        }
        put32(&mut frame, RECORDS, FPSIMD.0);
        put32(&mut frame, RECORDS + 4, FPSIMD.1);
        put32(&mut frame, RECORDS + 8, self.fp.fpsr as u32);
        put32(&mut frame, RECORDS + 12, self.fp.fpcr as u32);
        for (i, v) in self.fp.v.iter().enumerate() {
            let at = RECORDS + 16 + 16 * i;
            frame[at..at + 16].copy_from_slice(&v.to_le_bytes());
        }
        let mut record = [0; 16];
        put(&mut record, 0, self.x[29]);
        put(&mut record, 8, self.x[30]);
        let record_at = sp.wrapping_add(FRAME_RECORD as u64);
        write(record_at, &record)?;
        write(sp, &frame)?;

        self.x[0] = d.signo as u64;
        self.x[1] = sp;
        self.x[2] = sp.wrapping_add(UCONTEXT as u64);
        self.x[29] = record_at;
        self.x[30] = d.restorer;
        (self.pc, self.sp) = (d.handler, sp);
        Ok(())
    }

    /// Undoes `push_signal_frame`: reads the frame at sp. The caller loads the floating-point state after.
    pub fn pop_signal_frame(&mut self, read: UserRead) -> Result<SignalReturn, Errno> {
        let mut frame = [0u8; WRITTEN];
        read(self.sp, &mut frame)?;
        if (get32(&frame, RECORDS), get32(&frame, RECORDS + 4)) != FPSIMD {
            return Err(Errno::EFAULT);
        }
        for (i, x) in self.x.iter_mut().enumerate() {
            *x = get(&frame, REGISTERS + 8 * i);
        }
        self.sp = get(&frame, REGISTERS + 8 * 31);
        self.pc = get(&frame, REGISTERS + 8 * 32);
        self.set_flags(get(&frame, REGISTERS + 8 * 33));
        self.fp.fpsr = get32(&frame, RECORDS + 8) as u64;
        self.fp.fpcr = get32(&frame, RECORDS + 12) as u64;
        for (i, v) in self.fp.v.iter_mut().enumerate() {
            let at = RECORDS + 16 + 16 * i;
            *v = get(&frame, at) as u128 | (get(&frame, at + 8) as u128) << 64;
        }
        Ok(SignalReturn {
            mask: get(&frame, MASK),
            altstack: (get(&frame, STACK), get32(&frame, STACK + 8), get(&frame, STACK + 16)),
        })
    }
}

// SPDX-License-Identifier: MIT
//! Signal frames in the layout of Linux (`struct rt_sigframe` of `arch/x86/include/asm/sigframe.h`,
//! `sigcontext_64` of `arch/x86/include/uapi/asm/sigcontext.h`).
//!
//! Offsets in bytes from the frame's start, which is the handler's stack pointer:
//! 0 return address, 8 ucontext { flags, link, stack (3 words), 48 mcontext, 304 sigmask }, 312 siginfo.
//! mcontext: 18 registers, the four selectors in one word, error code, vector, old mask, cr2, and the address
//! of the FXSAVE image, which lies above the frame.

use super::context::FpState;
use super::{SignalDelivery, SignalReturn, UserContext, UserRead, UserWrite};
use crate::errno::Errno;

const UCONTEXT: usize = 8;
const STACK: usize = 24;
const REGISTERS: usize = 48;
const SELECTORS: usize = 192;
const ERROR: usize = 200;
const VECTOR: usize = 208;
const OLD_MASK: usize = 216;
const CR2: usize = 224;
const FP_ADDRESS: usize = 232;
const MASK: usize = 304;
const SIGINFO: usize = 312;
const FRAME: usize = 440;
/// UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS: the ss selector is saved.
const UC_FLAGS: u64 = 2 | 4;
/// Bytes below the stack pointer that the psABI leaves to leaf functions.
const RED_ZONE: u64 = 128;

fn put(to: &mut [u8], at: usize, value: u64) {
    to[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn get(from: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&from[at..at + 8]);
    u64::from_le_bytes(word)
}

impl UserContext {
    /// The registers in the order of mcontext.
    fn in_order(&mut self) -> [&mut u64; 18] {
        let c = self;
        [
            &mut c.r8,
            &mut c.r9,
            &mut c.r10,
            &mut c.r11,
            &mut c.r12,
            &mut c.r13,
            &mut c.r14,
            &mut c.r15,
            &mut c.rdi,
            &mut c.rsi,
            &mut c.rbp,
            &mut c.rbx,
            &mut c.rdx,
            &mut c.rax,
            &mut c.rcx,
            &mut c.rsp,
            &mut c.rip,
            &mut c.rflags,
        ]
    }

    /// Builds the frame of a signal handler on the stack and points pc, sp and arguments at it. The
    /// floating-point state was saved before. Changes nothing when a write fails.
    pub fn push_signal_frame(&mut self, d: &SignalDelivery, write: UserWrite) -> Result<(), Errno> {
        let top = d.stack.unwrap_or(self.rsp.wrapping_sub(RED_ZONE));
        let fp_at = top.wrapping_sub(512) & !63;
        // As if the handler had been called: 8 below a multiple of 16.
        let sp = (fp_at.wrapping_sub(FRAME as u64) & !15).wrapping_sub(8);
        let mut frame = [0u8; FRAME];
        put(&mut frame, 0, d.restorer);
        put(&mut frame, UCONTEXT, UC_FLAGS);
        put(&mut frame, STACK, d.altstack.0);
        put(&mut frame, STACK + 8, d.altstack.1 as u64);
        put(&mut frame, STACK + 16, d.altstack.2);
        for (i, register) in self.in_order().into_iter().enumerate() {
            put(&mut frame, REGISTERS + 8 * i, *register);
        }
        put(&mut frame, SELECTORS, self.cs | self.ss << 48);
        put(&mut frame, ERROR, self.error);
        put(&mut frame, VECTOR, self.vector);
        put(&mut frame, OLD_MASK, d.mask);
        put(&mut frame, CR2, d.fault_addr);
        put(&mut frame, FP_ADDRESS, fp_at);
        put(&mut frame, MASK, d.mask);
        frame[SIGINFO..].copy_from_slice(d.info.as_flattened());
        write(fp_at, &self.fp.0)?;
        write(sp, &frame)?;

        self.rdi = d.signo as u64;
        self.rsi = sp.wrapping_add(SIGINFO as u64);
        self.rdx = sp.wrapping_add(UCONTEXT as u64);
        self.rax = 0;
        (self.rip, self.rsp) = (d.handler, sp);
        // The psABI wants the direction flag clear at a function's entry; TF would stop in the handler.
        self.set_flags(self.rflags & !(1 << 8 | 1 << 10));
        Ok(())
    }

    /// Undoes `push_signal_frame`: reads the frame below sp, the handler's return having taken the return
    /// address. The caller loads the floating-point state after.
    pub fn pop_signal_frame(&mut self, read: UserRead) -> Result<SignalReturn, Errno> {
        let mut frame = [0u8; FRAME];
        read(self.rsp.wrapping_sub(8), &mut frame)?;
        let mut fp = FpState([0; 512]);
        let fp_at = get(&frame, FP_ADDRESS);
        if fp_at != 0 {
            read(fp_at, &mut fp.0)?;
            fp.tame();
            self.fp = fp;
        }
        for (i, register) in self.in_order().into_iter().enumerate() {
            *register = get(&frame, REGISTERS + 8 * i);
        }
        self.set_flags(self.rflags);
        Ok(SignalReturn {
            mask: get(&frame, MASK),
            altstack: (get(&frame, STACK), get(&frame, STACK + 8) as u32, get(&frame, STACK + 16)),
        })
    }
}

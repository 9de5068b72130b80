// SPDX-License-Identifier: MIT
//! The architecture of the unit tests: registers are plain fields, and user mode is a closure that a test
//! sets. It follows x86_64's numbers and layouts.
//!
//! This file is also the contract of the names that `arch/` provides.

use super::{Abi, Root, SignalDelivery, SignalReturn, Trap, UserRead, UserWrite};
use crate::errno::Errno;
use crate::ram::PhysAddr;
use alloc::boxed::Box;
use core::cell::RefCell;

/// Whose numbers and layouts.
pub const ABI: Abi = Abi::X86_64;
/// `e_machine`: EM_X86_64.
pub const MACHINE: u16 = 62;
/// `uname -m`.
pub const UNAME: &str = "x86_64";
/// AT_HWCAP, fixed so that runs are alike.
pub const HWCAP: u64 = 0;
/// AT_HWCAP2.
pub const HWCAP2: u64 = 0;
/// AT_PLATFORM.
pub const PLATFORM: &[u8] = b"x86_64";
/// Which argument of `clone` is the thread pointer.
pub const CLONE_TLS_ARG: usize = 4;
/// The code of the signal return page; empty: every program brings its own.
pub const TRAMPOLINE: &[u8] = &[];

/// Page-table entries.
pub mod pte {
    use crate::paging::Prot;
    use crate::ram::PhysAddr;

    const TABLE: u64 = 8;
    const PAGE: u64 = 16;
    const ADDR: u64 = 0x0000_ffff_ffff_f000;

    /// An entry that points to the next level's table.
    pub fn table(at: PhysAddr) -> u64 {
        at.0 | TABLE
    }
    /// A leaf entry for user mode.
    pub fn page(at: PhysAddr, prot: Prot) -> u64 {
        at.0 | PAGE | prot.0 as u64
    }
    /// The table that `entry` points to.
    pub fn decode_table(entry: u64) -> Option<PhysAddr> {
        (entry & TABLE != 0).then_some(PhysAddr(entry & ADDR))
    }
    /// Whether `entry` maps a page for user mode.
    pub fn is_page(entry: u64) -> bool {
        entry & PAGE != 0
    }
    /// Where that page lies.
    pub fn address(entry: u64) -> PhysAddr {
        PhysAddr(entry & ADDR)
    }
    /// What user mode may do with it.
    pub fn prot(entry: u64) -> Prot {
        Prot((entry & 7) as u8)
    }
    /// Fills a zeroed top-level table with the kernel's own entries, where one table serves both halves.
    pub fn init_root(_root: &mut [u8]) {}
}

/// Forgets one translation.
pub fn tlb_flush_page(_addr: u64, _asid: u16) {}
/// Forgets all translations of a space.
pub fn tlb_flush_space(_asid: u16) {}
/// The space is about to be freed: the processor must not use its tables any more, nor its tag's
/// translations (on x86_64, the kernel goes on with tables of its own).
pub fn detach(_root: Root) {}
/// Makes instruction fetches see what was written to physical memory.
pub fn sync_icache(_at: PhysAddr, _len: usize) {}

/// The registers of a user thread.
#[derive(Clone, Default)]
pub struct UserContext {
    /// System-call number.
    pub number: u64,
    /// System-call arguments.
    pub args: [u64; 6],
    /// The last result.
    pub result: i64,
    pc: u64,
    sp: u64,
    tls: u64,
}

impl UserContext {
    /// What a system-call instruction would do: the trap to return from a test's program.
    pub fn call(&mut self, number: u64, args: &[u64]) -> Trap {
        self.number = number;
        self.args = [0; 6];
        self.args[..args.len()].copy_from_slice(args);
        self.pc += 2;
        Trap::Syscall
    }
    /// A thread about to execute its first instruction; all other registers are zero.
    pub fn new(entry: u64, sp: u64) -> UserContext {
        UserContext { pc: entry, sp, ..Default::default() }
    }
    /// What getpid and gettid answer, for an architecture that answers them by itself.
    pub fn set_ids(&mut self, _pid: u32, _tid: u32) {}
    /// How many of the calls that `run_user` was given it has left.
    pub fn calls_left(&self, calls: u32) -> u32 {
        calls
    }
    /// The number of the system call it is in.
    pub fn syscall_number(&self) -> u64 {
        self.number
    }
    /// Its arguments.
    pub fn args(&self) -> [u64; 6] {
        self.args
    }
    /// Sets what the call returns.
    pub fn set_result(&mut self, value: i64) {
        self.result = value;
    }
    /// Makes the thread execute its system-call instruction again; `set_result` has not been called.
    pub fn rewind_syscall(&mut self) {
        self.pc -= 2;
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
    /// The thread pointer (TPIDR_EL0, FS base).
    pub fn tls(&self) -> u64 {
        self.tls
    }
    /// Sets it.
    pub fn set_tls(&mut self, tls: u64) {
        self.tls = tls;
    }
    /// Saves the processor's floating-point registers here.
    pub fn fp_save(&mut self) {}
    /// Loads the processor's floating-point registers from here.
    pub fn fp_restore(&self) {}
    /// Completes a trapped counter read with the logical clock's nanoseconds and skips the instruction.
    pub fn finish_counter(&mut self, _what: u32, _nanoseconds: u64) {}

    /// Builds the frame of a signal handler on the stack and points pc, sp and arguments at it. The
    /// floating-point state was saved before. Changes nothing when a write fails.
    pub fn push_signal_frame(&mut self, d: &SignalDelivery, write: UserWrite) -> Result<(), Errno> {
        let sp = d.stack.unwrap_or(self.sp.wrapping_sub(128)).wrapping_sub(64) & !15;
        let mut frame = [0; 56];
        let words =
            [self.pc, self.sp, d.mask, self.result as u64, d.altstack.0, d.altstack.1 as u64, d.altstack.2];
        for (to, w) in frame.chunks_mut(8).zip(words) {
            to.copy_from_slice(&w.to_le_bytes());
        }
        write(sp, &frame)?;
        (self.pc, self.sp) = (d.handler, sp);
        self.args[0] = d.signo as u64;
        Ok(())
    }

    /// Undoes `push_signal_frame`: reads the frame at sp. The caller loads the floating-point state after.
    pub fn pop_signal_frame(&mut self, read: UserRead) -> Result<SignalReturn, Errno> {
        let mut frame = [0; 56];
        read(self.sp, &mut frame)?;
        let mut w = [0u64; 7];
        for (w, from) in w.iter_mut().zip(frame.chunks(8)) {
            w.copy_from_bytes(from);
        }
        (self.pc, self.sp, self.result) = (w[0], w[1], w[3] as i64);
        Ok(SignalReturn { mask: w[2], altstack: (w[4], w[5] as u32, w[6]) })
    }
}

trait CopyFromBytes {
    fn copy_from_bytes(&mut self, from: &[u8]);
}
impl CopyFromBytes for u64 {
    fn copy_from_bytes(&mut self, from: &[u8]) {
        let mut b = [0; 8];
        b.copy_from_slice(from);
        *self = u64::from_le_bytes(b);
    }
}

/// A stand-in for the instructions of user programs.
pub type UserProgram = Box<dyn FnMut(&mut UserContext) -> Trap>;

std::thread_local! {
    static USER: RefCell<Option<UserProgram>> = const { RefCell::new(None) };
}

/// Sets what [`run_user`] runs on this test's thread; it tells programs apart by their pc.
pub fn set_user(program: UserProgram) {
    USER.with(|user| *user.borrow_mut() = Some(program));
}

/// Runs the thread in user mode until it traps.
pub fn run_user(context: &mut UserContext, _root: Root, _calls: u32) -> Trap {
    USER.with(|user| user.borrow_mut().as_mut().map_or(Trap::Other(0), |program| program(context)))
}

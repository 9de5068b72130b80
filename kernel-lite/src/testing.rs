// SPDX-License-Identifier: MIT
//! A machine and a kernel for unit tests on the host.

use crate::kernel::Kernel;
use crate::machine::{BlockDevice, Machine};
use crate::mem::Mem;
use crate::paging::Prot;
use crate::ram::{Bank, PAGE_SIZE, PhysAddr, Ram};
use crate::space::Backing;
use crate::syscall::{self, Args, Stop};
use crate::thread::State;
use crate::vfs::{Files, FsContext};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

/// What a test sees of its machine.
#[derive(Default)]
pub struct Console {
    /// Everything written to it.
    pub written: Vec<u8>,
    /// What is still to be typed.
    pub typed: VecDeque<u8>,
    /// What `heap_free` says, if not plenty.
    pub heap_free: Option<usize>,
}

/// A machine without disks, whose counter advances when it is read.
struct TestMachine {
    console: Rc<RefCell<Console>>,
    counter: core::cell::Cell<u64>,
}

impl Machine for TestMachine {
    fn console_write(&mut self, bytes: &[u8]) {
        self.console.borrow_mut().written.extend_from_slice(bytes);
    }
    fn console_read(&mut self) -> Option<u8> {
        self.console.borrow_mut().typed.pop_front()
    }
    fn counter(&self) -> u64 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }
    fn counter_hz(&self) -> u64 {
        1_000_000
    }
    fn set_timer(&mut self, _ticks: Option<u64>) {}
    fn heap_free(&self) -> usize {
        self.console.borrow().heap_free.unwrap_or(usize::MAX)
    }
    fn block_count(&self) -> usize {
        0
    }
    fn block(&mut self, index: usize) -> &mut dyn BlockDevice {
        panic!("no block device {index}")
    }
    fn power_off(&mut self, code: u8) -> ! {
        panic!("power off with {code}")
    }
    fn reset(&mut self) -> ! {
        panic!("reset")
    }
}

/// Readable and writable memory that [`kernel`]'s first process has mapped.
pub const SCRATCH: u64 = 0x10_0000;
/// Its length in bytes.
pub const SCRATCH_LEN: u64 = 16 * PAGE_SIZE as u64;

/// Two banks of memory, together `frames` frames.
pub fn mem(frames: usize) -> Mem {
    let bank = |base, frames: usize| Bank {
        base: PhysAddr(base),
        bytes: Box::leak(vec![0xaa; frames * PAGE_SIZE].into_boxed_slice()),
    };
    Mem::new(Ram::new(vec![bank(0x4000_0000, frames / 2), bank(0x8000_0000, frames - frames / 2)]))
}

/// A kernel with `frames` frames of memory and nothing running.
pub fn empty_kernel(frames: usize) -> (Kernel, Rc<RefCell<Console>>) {
    let console = Rc::new(RefCell::new(Console::default()));
    let machine = Box::leak(Box::new(TestMachine { console: console.clone(), counter: Default::default() }));
    (Kernel::new(mem(frames), machine), console)
}

/// A kernel whose first process is current, with no program but [`SCRATCH`] mapped.
pub fn kernel() -> Kernel {
    let (mut k, _) = empty_kernel(4096);
    begin(&mut k);
    k
}

/// Ends what runs in the kernel and makes it what [`kernel`] gives.
pub fn begin(k: &mut Kernel) {
    k.clear();
    k.first_process(Files::default(), FsContext::default()).unwrap();
    let (space, mem, vfs) = k.space();
    let prot = Prot::READ | Prot::WRITE;
    space.map(mem, vfs, SCRATCH, SCRATCH_LEN, true, prot, Backing::ZERO).unwrap();
}

impl Kernel {
    /// Makes a system call as the current thread and tells its raw answer; a call that waits stays undone.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<u64, Stop> {
        let number = (0..600).find(|&n| syscall::name(n) == Some(name)).expect("a call of the table");
        let mut all = [0; 6];
        all[..args.len()].copy_from_slice(args);
        self.answer(number, Args(all))
    }

    /// Makes a system call as thread `tid` would: registers, waiting and all. The answer is in its context.
    pub fn call_as(&mut self, tid: u32, name: &str, args: &[u64]) {
        let number = (0..600).find(|&n| syscall::name(n) == Some(name)).expect("a call of the table");
        self.current = self.find_thread(tid).expect("a thread");
        self.leave_turn(self.current);
        let context = &mut self.thread().context;
        context.call(number as u64, args);
        self.make_call();
        self.settle();
    }

    /// Lets every thread that was woken make its call again, and signals take effect.
    pub fn settle(&mut self) {
        let current = self.current;
        for slot in 0..self.threads.len() {
            self.current = slot;
            while self.threads[slot].state == State::Ready && self.threads[slot].call.pending {
                if self.threads[slot].call.interrupted {
                    self.deliver_signals();
                    self.threads[slot].call.interrupted = false;
                } else {
                    self.leave_turn(slot);
                    self.make_call();
                }
            }
        }
        self.current = current;
    }

    /// The last answer that thread `tid` got.
    pub fn result_of(&mut self, tid: u32) -> i64 {
        let slot = self.find_thread(tid).expect("a thread");
        self.threads[slot].context.result
    }

    /// What thread `tid` is doing.
    pub fn state_of(&self, tid: u32) -> Option<State> {
        self.find_thread(tid).map(|slot| self.threads[slot].state)
    }
}

// SPDX-License-Identifier: MIT
//! A machine with one disk in memory, whose kernel goes away with it, and programs that are nothing but the
//! system calls that they make.

use kernel_lite::arch::{self, Trap, UserContext};
use kernel_lite::kernel::Kernel;
use kernel_lite::machine::{BlockDevice, BlockError, Machine};
use kernel_lite::mem::Mem;
use kernel_lite::output::SECTOR;
use kernel_lite::ram::{Bank, PAGE_SIZE, PhysAddr, Ram};
use std::cell::{Cell, RefCell};

/// The disk's serial number.
pub const SERIAL: &[u8] = b"out";
/// Memory of a kernel, in frames.
const FRAMES: usize = 512;

struct RamDisk(Vec<u8>);

impl RamDisk {
    fn range(&mut self, sector: u64, len: usize) -> Result<&mut [u8], BlockError> {
        assert!(len.is_multiple_of(SECTOR), "not whole sectors: {len}");
        let at = usize::try_from(sector).ok().and_then(|sector| sector.checked_mul(SECTOR));
        at.and_then(|at| self.0.get_mut(at..at.checked_add(len)?)).ok_or(BlockError::OutOfRange)
    }
}

impl BlockDevice for RamDisk {
    fn serial(&self) -> &[u8] {
        SERIAL
    }
    fn sectors(&self) -> u64 {
        (self.0.len() / SECTOR) as u64
    }
    fn read_only(&self) -> bool {
        false
    }
    fn read(&mut self, sector: u64, buf: &mut [u8]) -> Result<(), BlockError> {
        buf.copy_from_slice(self.range(sector, buf.len())?);
        Ok(())
    }
    fn write(&mut self, sector: u64, buf: &[u8]) -> Result<(), BlockError> {
        self.range(sector, buf.len())?.copy_from_slice(buf);
        Ok(())
    }
    fn flush(&mut self) -> Result<(), BlockError> {
        Ok(())
    }
}

/// A machine with one disk. Nobody types, and what is written is not kept.
pub struct FuzzMachine {
    disk: RamDisk,
    counter: Cell<u64>,
}

impl FuzzMachine {
    /// With this disk.
    pub fn new(disk: Vec<u8>) -> FuzzMachine {
        FuzzMachine { disk: RamDisk(disk), counter: Cell::new(0) }
    }
}

impl Machine for FuzzMachine {
    fn console_write(&mut self, _: &[u8]) {}
    fn console_read(&mut self) -> Option<u8> {
        None
    }
    fn counter(&self) -> u64 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }
    fn counter_hz(&self) -> u64 {
        1_000_000
    }
    fn set_timer(&mut self, _: Option<u64>) {}
    fn block_count(&self) -> usize {
        1
    }
    fn block(&mut self, _: usize) -> &mut dyn BlockDevice {
        &mut self.disk
    }
    fn power_off(&mut self, code: u8) -> ! {
        panic!("power off with {code}")
    }
    fn reset(&mut self) -> ! {
        panic!("reset")
    }
}

thread_local! {
    /// Memory that no kernel uses: making it anew would take longer than most tests. What a former kernel left
    /// there is there, as on a machine that was not switched off.
    static MEMORY: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Lets `test` use a kernel of a machine with this disk, and `bytes` that live as long as the kernel. None of
/// what `test` gets may be kept.
pub fn with_kernel(disk: Vec<u8>, bytes: &[u8], test: impl FnOnce(&mut Kernel, &'static [u8])) {
    let memory = MEMORY.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0xaa; FRAMES * PAGE_SIZE].into());
    let memory = Box::into_raw(memory);
    let machine = Box::into_raw(Box::new(FuzzMachine::new(disk)));
    let bytes = Box::into_raw(Box::<[u8]>::from(bytes));
    // SAFETY: the three are borrowed by the kernel alone, which is gone before they are boxes again.
    unsafe {
        let bank = Bank { base: PhysAddr(0x4000_0000), bytes: &mut *memory };
        let mut kernel = Kernel::new(Mem::new(Ram::new(vec![bank])), &mut *machine);
        test(&mut kernel, &*bytes);
        drop(kernel);
        drop(Box::from_raw(bytes));
        drop(Box::from_raw(machine));
        MEMORY.with_borrow_mut(|free| free.push(Box::from_raw(memory)));
    }
}

/// User mode until further notice: every thread makes the next call of `script`, and ends when there is none.
///
/// A call is a byte for its number, a byte for how many arguments follow, and two bytes an argument: what kind,
/// and how far from there. `places` are addresses that hold something.
pub fn set_calls(script: &[u8], places: [u64; 2]) {
    let mut script = script.to_vec().into_iter();
    arch::set_user(Box::new(move |context: &mut UserContext| {
        const EXIT_GROUP: u64 = 231;
        let Some(number) = script.next() else { return context.call(EXIT_GROUP, &[0]) };
        let head = script.next().unwrap_or_default();
        if head >= 0xf0 {
            return Trap::Fault { addr: u64::from(number) << 12, access: kernel_lite::paging::Access::Read };
        }
        let mut args = [0; 6];
        for arg in args.iter_mut().take(usize::from(head & 7)) {
            let kind = script.next().unwrap_or_default();
            let offset = u64::from(script.next().unwrap_or_default());
            *arg = match kind % 10 {
                0 => offset,
                1 => places[0] + 8 * offset,
                2 => places[1] + offset,
                3 => offset << 12,
                4 => u64::MAX - offset,
                5 => 1 << (offset & 63),
                6 => (1 << 47) - offset,
                7 => u64::from(u32::MAX) - offset,
                8 => (1 << 63) + offset,
                _ => context.result as u64,
            };
        }
        // Beyond the first 256 numbers lie a hundred more.
        context.call(u64::from(number) + if head & 8 != 0 { 200 } else { 0 }, &args)
    }));
}

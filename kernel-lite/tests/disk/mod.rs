// SPDX-License-Identifier: MIT
//! A machine whose disks are bytes in memory.

use kernel_lite::machine::{BlockDevice, BlockError, Machine};
use kernel_lite::output::SECTOR;
use std::cell::RefCell;
use std::rc::Rc;

/// What a disk holds, and how it fails.
#[derive(Default)]
pub struct Medium {
    /// What is on it.
    pub bytes: Vec<u8>,
    /// Writes are refused.
    pub read_only: bool,
    /// Writes until the power is cut: later ones are lost.
    pub writes_left: Option<u32>,
    /// Every write fails.
    pub broken: bool,
}

/// A disk and its serial number.
pub struct TestDisk {
    serial: String,
    medium: Rc<RefCell<Medium>>,
}

impl BlockDevice for TestDisk {
    fn serial(&self) -> &[u8] {
        self.serial.as_bytes()
    }
    fn sectors(&self) -> u64 {
        (self.medium.borrow().bytes.len() / SECTOR) as u64
    }
    fn read_only(&self) -> bool {
        self.medium.borrow().read_only
    }
    fn read(&mut self, sector: u64, buf: &mut [u8]) -> Result<(), BlockError> {
        let at = sector as usize * SECTOR;
        let medium = self.medium.borrow();
        buf.copy_from_slice(medium.bytes.get(at..at + buf.len()).ok_or(BlockError::OutOfRange)?);
        Ok(())
    }
    fn write(&mut self, sector: u64, buf: &[u8]) -> Result<(), BlockError> {
        assert!(buf.len().is_multiple_of(SECTOR) && !buf.is_empty());
        let mut medium = self.medium.borrow_mut();
        if medium.broken {
            return Err(BlockError::Io);
        }
        if let Some(left) = &mut medium.writes_left {
            if *left == 0 {
                return Ok(());
            }
            *left -= 1;
        }
        let at = sector as usize * SECTOR;
        let place = medium.bytes.get_mut(at..at + buf.len()).ok_or(BlockError::OutOfRange)?;
        place.copy_from_slice(buf);
        Ok(())
    }
    fn flush(&mut self) -> Result<(), BlockError> {
        Ok(())
    }
}

/// Its disks, in order.
pub struct TestMachine(Vec<TestDisk>);

impl Machine for TestMachine {
    fn console_write(&mut self, _: &[u8]) {}
    fn console_read(&mut self) -> Option<u8> {
        None
    }
    fn counter(&self) -> u64 {
        0
    }
    fn counter_hz(&self) -> u64 {
        1
    }
    fn set_timer(&mut self, _: Option<u64>) {}
    fn heap_free(&self) -> usize {
        usize::MAX
    }
    fn block_count(&self) -> usize {
        self.0.len()
    }
    fn block(&mut self, index: usize) -> &mut dyn BlockDevice {
        &mut self.0[index]
    }
    fn power_off(&mut self, code: u8) -> ! {
        panic!("power off with {code}")
    }
    fn reset(&mut self) -> ! {
        panic!("reset")
    }
}

/// A disk of that many sectors, with something on it.
pub fn medium(sectors: usize) -> Rc<RefCell<Medium>> {
    Rc::new(RefCell::new(Medium { bytes: vec![0xa5; sectors * SECTOR], ..Default::default() }))
}

/// A machine with these disks, by serial number.
pub fn machine(disks: &[(&str, &Rc<RefCell<Medium>>)]) -> TestMachine {
    let disk = |(serial, medium): &(&str, &Rc<RefCell<Medium>>)| TestDisk {
        serial: serial.to_string(),
        medium: Rc::clone(medium),
    };
    TestMachine(disks.iter().map(disk).collect())
}

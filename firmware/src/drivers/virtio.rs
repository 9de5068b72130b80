// SPDX-License-Identifier: MIT
//! Virtio block devices behind the memory-mapped transport, in its legacy and its modern form (Virtual I/O
//! Device 1.2, sections 2.7 "Split Virtqueues", 4.2 "Virtio Over MMIO", 5.2 "Block Device").
//!
//! One request at a time, polled. Buffers are handed to the device where they lie: all memory of the monitor
//! is in the direct map and so contiguous for the device too. Why this is a driver of our own:
//! `docs/decisions/010-virtio.md`.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::sync::atomic::{Ordering, fence};
use kernel_lite::arch::DIRECT_MAP;
use kernel_lite::machine::{BlockDevice, BlockError};

// Registers of the transport. The legacy ones are those that the modern form retired.
const MAGIC: usize = 0x000;
const VERSION: usize = 0x004;
const DEVICE_ID: usize = 0x008;
const DEVICE_FEATURES: usize = 0x010;
const DEVICE_FEATURES_SEL: usize = 0x014;
const DRIVER_FEATURES: usize = 0x020;
const DRIVER_FEATURES_SEL: usize = 0x024;
const LEGACY_PAGE_SIZE: usize = 0x028;
const QUEUE_SEL: usize = 0x030;
const QUEUE_NUM_MAX: usize = 0x034;
const QUEUE_NUM: usize = 0x038;
const LEGACY_QUEUE_ALIGN: usize = 0x03c;
const LEGACY_QUEUE_PFN: usize = 0x040;
const QUEUE_READY: usize = 0x044;
const QUEUE_NOTIFY: usize = 0x050;
const STATUS: usize = 0x070;
const QUEUE_DESC: usize = 0x080;
const QUEUE_DRIVER: usize = 0x090;
const QUEUE_DEVICE: usize = 0x0a0;
const CONFIG: usize = 0x100;

/// "virt", little-endian.
const MAGIC_VALUE: u32 = 0x7472_6976;
const BLOCK: u32 = 2;

const ACKNOWLEDGE: u32 = 1;
const DRIVER: u32 = 2;
const DRIVER_OK: u32 = 4;
const FEATURES_OK: u32 = 8;

/// VIRTIO_BLK_F_RO and VIRTIO_BLK_F_FLUSH, in the low word; VIRTIO_F_VERSION_1 is bit 0 of the high one.
const FEATURE_READ_ONLY: u32 = 1 << 5;
const FEATURE_FLUSH: u32 = 1 << 9;
const FEATURE_VERSION_1: u32 = 1;

// Request types and their status.
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH: u32 = 4;
const GET_ID: u32 = 8;
const STATUS_OK: u8 = 0;
const STATUS_NONE: u8 = 0xff;

const SECTOR: usize = 512;
/// Most bytes in one request; more is split. Far below the device's and the transport's limits.
const LONGEST: usize = 1 << 20;
/// Entries of the queue: a request takes three.
const SIZE: usize = 4;

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Descriptor {
    addr: u64,
    len: u32,
    flags: u16,
    next: u16,
}
const NEXT: u16 = 1;
const DEVICE_WRITES: u16 = 2;

/// The queue, laid out as the legacy transport wants it (2.7.2), and the request's ends.
#[repr(C, align(4096))]
struct Queue {
    descriptors: [Descriptor; SIZE],
    available_flags: u16,
    available_index: u16,
    available_ring: [u16; SIZE],
    header: Header,
    status: u8,
    used: Used,
}

#[repr(C)]
struct Header {
    kind: u32,
    reserved: u32,
    sector: u64,
}

#[repr(C, align(4096))]
struct Used {
    flags: u16,
    index: u16,
    ring: [(u32, u32); SIZE],
}

/// A block device.
pub struct Block {
    registers: usize,
    queue: &'static mut Queue,
    sectors: u64,
    features: u32,
    /// Filled up with zeros.
    serial: [u8; 20],
}

impl Block {
    /// The block device whose transport's registers are at virtual address `registers`, if there is one
    /// that works.
    ///
    /// # Safety
    /// 512 bytes there are mapped as device memory, and nobody else drives them.
    pub unsafe fn probe(registers: usize) -> Option<Block> {
        let get = |r| get(registers, r);
        let set = |r, v| set(registers, r, v);
        let version = get(VERSION);
        if get(MAGIC) != MAGIC_VALUE || !(1..=2).contains(&version) || get(DEVICE_ID) != BLOCK {
            return None;
        }
        let modern = version == 2;
        set(STATUS, 0);
        set(STATUS, ACKNOWLEDGE | DRIVER);
        set(DEVICE_FEATURES_SEL, 0);
        let features = get(DEVICE_FEATURES) & (FEATURE_READ_ONLY | FEATURE_FLUSH);
        set(DRIVER_FEATURES_SEL, 0);
        set(DRIVER_FEATURES, features);
        if modern {
            set(DRIVER_FEATURES_SEL, 1);
            set(DRIVER_FEATURES, FEATURE_VERSION_1);
            set(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
            if get(STATUS) & FEATURES_OK == 0 {
                return None;
            }
        } else {
            set(LEGACY_PAGE_SIZE, 4096);
        }
        set(QUEUE_SEL, 0);
        if (get(QUEUE_NUM_MAX) as usize) < SIZE {
            return None;
        }
        set(QUEUE_NUM, SIZE as u32);
        // SAFETY: all of its fields are numbers, for which zero is a value.
        let queue: alloc::boxed::Box<Queue> = unsafe { alloc::boxed::Box::new_zeroed().assume_init() };
        let queue = alloc::boxed::Box::leak(queue);
        if modern {
            let place = |register, at: u64| {
                set(register, at as u32);
                set(register + 4, (at >> 32) as u32);
            };
            place(QUEUE_DESC, physical(&raw const queue.descriptors));
            place(QUEUE_DRIVER, physical(&raw const queue.available_flags));
            place(QUEUE_DEVICE, physical(&raw const queue.used));
            set(QUEUE_READY, 1);
        } else {
            set(LEGACY_QUEUE_ALIGN, 4096);
            set(LEGACY_QUEUE_PFN, (physical(&raw const *queue) >> 12) as u32);
        }
        set(STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK | if modern { FEATURES_OK } else { 0 });
        let sectors = get(CONFIG) as u64 | (get(CONFIG + 4) as u64) << 32;
        let mut block = Block { registers, queue, sectors, features, serial: [0; 20] };
        let mut id = [0; 20];
        if block.request(GET_ID, 0, id.as_mut_ptr(), id.len()).is_ok() {
            block.serial = id;
        }
        Some(block)
    }

    /// Makes one request and waits for its end. `data` is valid for `len` bytes, and for writing unless the
    /// request is OUT.
    fn request(&mut self, kind: u32, sector: u64, data: *const u8, len: usize) -> Result<(), BlockError> {
        let q: *mut Queue = self.queue;
        // SAFETY: the device reads the descriptors, ring and header, and writes status, used ring and the
        // data, only between the notification and its raising of `used.index`, which is waited for: the
        // caller's borrow of the data and ours of the queue last until then. Accesses are volatile, because
        // the device is the other side.
        unsafe {
            (&raw mut (*q).header).write_volatile(Header { kind, reserved: 0, sector });
            (&raw mut (*q).status).write_volatile(STATUS_NONE);
            let to_device = if kind == OUT { 0 } else { DEVICE_WRITES };
            let mut at = 0;
            let mut add = |addr: u64, len: usize, flags: u16| {
                let next = at as u16 + 1;
                (&raw mut (*q).descriptors[at]).write_volatile(Descriptor {
                    addr,
                    len: len as u32,
                    flags,
                    next,
                });
                at += 1;
            };
            add(physical(&raw const (*q).header), size_of::<Header>(), NEXT);
            if len > 0 {
                add(physical(data), len, NEXT | to_device);
            }
            add(physical(&raw const (*q).status), 1, DEVICE_WRITES);
            // The chain begins at descriptor 0 and the ring's slots all say so: they were zeroed.
            let index = (&raw const (*q).available_index).read_volatile().wrapping_add(1);
            fence(Ordering::SeqCst);
            (&raw mut (*q).available_index).write_volatile(index);
            fence(Ordering::SeqCst);
            set(self.registers, QUEUE_NOTIFY, 0);
            while (&raw const (*q).used.index).read_volatile() != index {
                core::hint::spin_loop();
            }
            fence(Ordering::SeqCst);
            if (&raw const (*q).status).read_volatile() == STATUS_OK { Ok(()) } else { Err(BlockError::Io) }
        }
    }

    fn check(&self, sector: u64, len: usize) -> Result<(), BlockError> {
        let end = sector.checked_add((len / SECTOR) as u64);
        if !len.is_multiple_of(SECTOR) || end.is_none_or(|end| end > self.sectors) {
            return Err(BlockError::OutOfRange);
        }
        Ok(())
    }
}

impl BlockDevice for Block {
    fn serial(&self) -> &[u8] {
        self.serial.split(|&b| b == 0).next().unwrap_or_default()
    }

    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read_only(&self) -> bool {
        self.features & FEATURE_READ_ONLY != 0
    }

    fn read(&mut self, mut sector: u64, buf: &mut [u8]) -> Result<(), BlockError> {
        self.check(sector, buf.len())?;
        for part in buf.chunks_mut(LONGEST) {
            self.request(IN, sector, part.as_mut_ptr(), part.len())?;
            sector += (part.len() / SECTOR) as u64;
        }
        Ok(())
    }

    fn write(&mut self, mut sector: u64, buf: &[u8]) -> Result<(), BlockError> {
        self.check(sector, buf.len())?;
        if self.read_only() {
            return Err(BlockError::ReadOnly);
        }
        for part in buf.chunks(LONGEST) {
            self.request(OUT, sector, part.as_ptr(), part.len())?;
            sector += (part.len() / SECTOR) as u64;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BlockError> {
        if self.features & FEATURE_FLUSH == 0 {
            return Ok(());
        }
        self.request(FLUSH, 0, core::ptr::null(), 0)
    }
}

/// Where the device finds what the monitor has at `at`: everything of the monitor is in the direct map.
fn physical<T>(at: *const T) -> u64 {
    (at.addr() as u64).wrapping_sub(DIRECT_MAP)
}

fn get(base: usize, register: usize) -> u32 {
    // SAFETY: `probe`'s contract.
    unsafe { with_exposed_provenance::<u32>(base + register).read_volatile() }
}

fn set(base: usize, register: usize, value: u32) {
    // SAFETY: `probe`'s contract.
    unsafe { with_exposed_provenance_mut::<u32>(base + register).write_volatile(value) }
}

// SPDX-License-Identifier: MIT
//! What every start has in common once the machine is known: heap, payload, memory banks, and the kernel.

use crate::console::{self, say};
use crate::drivers::virtio::Block;
use crate::heap::Heap;
use crate::platform;
use crate::regions::{ANYWHERE, Regions};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::panic::PanicInfo;
use image_packer::payload::{self, Payload};
use kernel_lite::arch::DIRECT_MAP;
use kernel_lite::boot::Epitaph;
use kernel_lite::log::Line;
use kernel_lite::machine::{BlockDevice, Machine};
use kernel_lite::ram::{Bank, PhysAddr};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// The heap's share of RAM, and its bounds in bytes.
const HEAP_SHARE: u64 = 8;
const HEAP_LEAST: u64 = 8 << 20;
const HEAP_MOST: u64 = 256 << 20;
/// Serial number of the disk that brings a payload.
const INPUT_DISK: &[u8] = b"firstlight-in";
/// Exit code of a start that found no machine or no payload to work with, and of a panic.
const CODE_START: u8 = 64;
const CODE_PANIC: u8 = 70;

/// A machine with virtio disks.
struct Board {
    blocks: Vec<Block>,
}

impl Machine for Board {
    fn console_write(&mut self, bytes: &[u8]) {
        console::write(bytes);
    }
    fn console_read(&mut self) -> Option<u8> {
        console::read()
    }
    fn counter(&self) -> u64 {
        kernel_lite::arch::counter()
    }
    fn counter_hz(&self) -> u64 {
        kernel_lite::arch::counter_hz()
    }
    fn set_timer(&mut self, ticks: Option<u64>) {
        kernel_lite::arch::set_timer(ticks);
    }
    fn heap_free(&self) -> usize {
        HEAP.free_bytes()
    }
    fn block_count(&self) -> usize {
        self.blocks.len()
    }
    fn block(&mut self, index: usize) -> &mut dyn BlockDevice {
        &mut self.blocks[index]
    }
    fn power_off(&mut self, code: u8) -> ! {
        platform::power_off(code)
    }
    fn reset(&mut self) -> ! {
        platform::reset()
    }
}

/// What a platform's discovery found.
pub struct Found {
    /// What the machine calls itself: names, each ended by NUL.
    pub names: &'static [u8],
    /// Free memory: RAM without the image, boot data, and a payload that is in RAM.
    pub memory: Regions,
    /// Where a payload may lie in memory, best first: virtual addresses, mapped for reading.
    pub payloads: [Option<&'static [u8]>; 2],
    /// Virtual addresses of virtio-mmio transports, mapped.
    pub transports: Vec<usize>,
}

/// Gives the heap its share of memory. Before it nothing may allocate.
pub fn start_heap(memory: &mut Regions) -> Option<()> {
    let size = (memory.total() / HEAP_SHARE).clamp(HEAP_LEAST, HEAP_MOST) & !0xfff;
    let at = memory.take(size, 4096, ANYWHERE)?;
    // SAFETY: `take` gave RAM that nobody else has; the direct map reaches it.
    unsafe { HEAP.add((DIRECT_MAP + at) as *mut u8, size as usize) };
    Some(())
}

/// Ends a start that cannot go on.
pub fn give_up(why: &str) -> ! {
    say(&Line::new(why));
    end(&Epitaph::new(CODE_START, "start"))
}

/// From drivers to the kernel.
pub fn start(mut found: Found) -> ! {
    let mut blocks = Vec::new();
    for &registers in &found.transports {
        // SAFETY: discovery mapped the transports that the machine's description names, each once.
        if let Some(block) = unsafe { Block::probe(registers) } {
            blocks.push(block);
        }
    }
    let in_memory =
        found.payloads.iter().flatten().copied().find(|bytes| bytes.starts_with(payload::MAGIC.as_bytes()));
    let payload = in_memory.or_else(|| {
        let disk = blocks.iter_mut().find(|b| b.serial() == INPUT_DISK)?;
        read_payload(disk, &mut found.memory)
    });
    let Some(payload) = payload else {
        give_up("no payload: none behind the monitor in flash, no initrd, no disk with serial firstlight-in");
    };
    let mut banks = Vec::new();
    for &(start, end) in found.memory.list() {
        let at = (DIRECT_MAP + start) as *mut u8;
        // SAFETY: what is left in `memory` is RAM that nobody else has; the direct map reaches it; bytes of
        // any value are valid.
        let bytes = unsafe { core::slice::from_raw_parts_mut(at, (end - start) as usize) };
        banks.push(Bank { base: PhysAddr(start), bytes });
    }
    let machine: &'static mut dyn Machine = Box::leak(Box::new(Board { blocks }));
    kernel_lite::boot::boot(machine, banks, payload, found.names)
}

/// Reads a payload from the beginning of a disk into memory of its own.
fn read_payload(disk: &mut Block, memory: &mut Regions) -> Option<&'static [u8]> {
    let mut page = [0; payload::PAGE];
    disk.read(0, &mut page).ok()?;
    let size = match Payload::parse(&page) {
        Ok(p) => (payload::PAGE as u64).checked_add(p.closure_bytes)?,
        // The kernel says what is wrong with the page.
        Err(_) => payload::PAGE as u64,
    };
    let room = size.checked_next_multiple_of(4096)?;
    if room > disk.sectors().checked_mul(512)?.checked_next_multiple_of(4096)? {
        say(Line::new("the payload on firstlight-in is cut off: it wants ").number(size).text(" bytes"));
        return None;
    }
    let Some(at) = memory.take(room, 4096, ANYWHERE) else {
        let mut line = Line::new("the payload on firstlight-in needs ");
        say(line.number(size).text(" bytes of memory in one piece"));
        return None;
    };
    // SAFETY: `take` gave RAM that nobody else has; the direct map reaches it.
    let bytes = unsafe { core::slice::from_raw_parts_mut((DIRECT_MAP + at) as *mut u8, room as usize) };
    let read = (disk.sectors() * 512).min(room) as usize;
    disk.read(0, &mut bytes[..read]).ok()?;
    Some(&bytes[..size as usize])
}

/// A bug of the monitor: say where, then the line that always ends a run. The bare targets are built so that
/// a failed check is an illegal instruction, so it comes here too; `address` of the epitaph is the place in
/// the monitor, a physical address.
#[unsafe(no_mangle)]
fn monitor_exception(kind: u64, address: u64, pc: u64) -> ! {
    let mut line = Line::new("a defect of the monitor: exception ");
    line.hex(kind).text(" at ").hex(pc).text(", address ").hex(address);
    say(line.text("; please report it"));
    end(&Epitaph { address: pc, ..Epitaph::new(CODE_PANIC, "panic") })
}

/// The same, in a build whose failed checks come here.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let mut line = Line::new("a defect of the monitor");
    if let Some(place) = info.location() {
        line.text(": ").text(place.file()).text(" line ").number(place.line().into());
    }
    say(&line);
    end(&Epitaph::new(CODE_PANIC, "panic"))
}

/// The last line, and the end of the machine.
fn end(epitaph: &Epitaph) -> ! {
    say(&epitaph.line());
    platform::power_off(epitaph.code)
}

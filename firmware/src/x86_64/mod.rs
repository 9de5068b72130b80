// SPDX-License-Identifier: MIT
//! A bare x86_64 machine, started by the PVH protocol.

mod entry;
mod memory;
mod mmu;
mod pit;
pub mod ports;

pub use crate::drivers::ns16550::Ns16550 as Uart;

use crate::console::{self, say};
use crate::regions::Regions;
use crate::start::{Found, give_up, start, start_heap};
use alloc::vec::Vec;
use core::arch::asm;
use kernel_lite::arch::{self, DIRECT_MAP};
use kernel_lite::log::Line;
use kernel_lite::ram::PhysAddr;
use mmu::{Kind, Mapper};

/// COM1.
const SERIAL: u16 = 0x3f8;
/// The local APIC's place after reset (SDM volume 3, section 11.4.1).
const APIC: u64 = 0xfee0_0000;
/// The interrupt masks of the two old controllers (Intel 8259A).
const PIC_MASKS: [u16; 2] = [0x21, 0xa1];
/// QEMU's isa-debug-exit, where the board file puts it.
const DEBUG_EXIT: u16 = 0xf4;
/// QEMU's q35: PM1a control, and the value of soft-off (hw/acpi/ich9.c).
const POWER_CONTROL: u16 = 0x604;
const SOFT_OFF: u16 = 0x2000;
/// Reset control of PCs since the PIIX3: full reset.
const RESET_CONTROL: u16 = 0xcf9;
const RESET: u8 = 6;
/// The first megabyte: BIOS data, video memory, option ROMs.
const LOW_MEMORY: u64 = 1 << 20;
/// The longest command line, and the most map entries and modules, that are believed.
const LONGEST_COMMAND_LINE: usize = 4096;
const MOST_ENTRIES: u32 = 128;

/// Ends the emulator with the code where it has the device for that, else switches the machine off.
pub fn power_off(code: u8) -> ! {
    // SAFETY: ports of devices whose only effect is the end of the machine.
    unsafe {
        ports::out8(DEBUG_EXIT, code);
        ports::out16(POWER_CONTROL, SOFT_OFF);
    }
    stop()
}

/// Restarts the machine.
pub fn reset() -> ! {
    // SAFETY: the port's only effect is a reset.
    unsafe { ports::out8(RESET_CONTROL, RESET) };
    stop()
}

fn stop() -> ! {
    loop {
        // SAFETY: waiting has no effect.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

unsafe extern "C" {
    static image_start: u8;
    static text_end: u8;
    static constants_end: u8;
    static stack_guard: u8;
    static image_end: u8;
}

/// `struct hvm_start_info`, version 1 (Xen `xen/include/public/arch-x86/hvm/start_info.h`).
#[derive(Clone, Copy)]
#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    modules: u32,
    module_list: u64,
    command_line: u64,
    acpi: u64,
    memory_map: u64,
    memory_entries: u32,
    reserved: u32,
}
const START_INFO_MAGIC: u32 = 0x336e_c578;

#[derive(Clone, Copy)]
#[repr(C)]
struct Module {
    at: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct MapEntry {
    at: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}
const KIND_RAM: u32 = 1;

/// A structure of the loader's at a physical address, if the first tables reach it.
fn loaded<T: Copy>(at: u64) -> Option<T> {
    let reach = at != 0 && at.checked_add(size_of::<T>() as u64)? <= 1 << 32;
    // SAFETY: mapped by the first tables; any bytes are values of the structures asked for. The loader keeps
    // the memory as it is until the monitor takes it, after all this has been read.
    reach.then(|| unsafe { ((DIRECT_MAP + at) as *const T).read_unaligned() })
}

/// A list of `count` such structures.
fn loaded_list<T: Copy>(at: u64, count: u32) -> impl Iterator<Item = T> {
    let size = size_of::<T>() as u64;
    (0..count.min(MOST_ENTRIES) as u64).map_while(move |i| loaded(at.checked_add(i * size)?))
}

/// What a machine is called that tells no more of itself than that its loader speaks PVH.
const MACHINE: &[u8] = b"pvh\0";

/// Called by `entry.rs`, in the upper half, on the monitor's stack.
extern "C" fn main(start_info: u64) -> ! {
    // SAFETY: the architecture's serial port.
    console::set(unsafe { Uart::new(SERIAL) });
    let info =
        loaded::<StartInfo>(start_info).filter(|info| info.magic == START_INFO_MAGIC && info.version >= 1);
    let Some(info) = info else {
        give_up("started by something that does not speak PVH with a memory map");
    };
    let map = loaded_list::<MapEntry>(info.memory_map, info.memory_entries);
    let first_module = loaded_list::<Module>(info.module_list, info.modules).next();
    let mut ram = Regions::default();
    for entry in map.filter(|e| e.kind == KIND_RAM) {
        ram.add(entry.at, entry.size);
    }
    ram.remove(0, LOW_MEMORY);
    let image = (&raw const image_start).addr() as u64 - DIRECT_MAP;
    let image_size = (&raw const image_end).addr() as u64 - DIRECT_MAP - image;
    let initrd = first_module.map(|m| (m.at, m.size)).filter(|&(at, size)| at.checked_add(size).is_some());
    let transports = transports(&command_line(info.command_line));
    let mut memory = ram;
    memory.remove(image, image_size);
    if let Some((at, size)) = initrd {
        memory.remove(at, size);
    }
    let mut line = Line::new("x86_64, started by PVH, ");
    say(line.number(ram.total() >> 20).text(" MiB of memory, monitor at ").hex(image));

    let Some(root) = map_everything(&ram, &mut memory, image, image_size, &transports) else {
        give_up("too little memory for the translation tables");
    };
    for port in PIC_MASKS {
        // SAFETY: the masks of the old interrupt controllers; nothing here uses them.
        unsafe { ports::out8(port, 0xff) };
    }
    // SAFETY: `map_everything` made these tables and mapped the APIC.
    unsafe { arch::init(PhysAddr(root), (DIRECT_MAP + APIC) as usize, &pit::wait) };
    let payload = initrd.map(|(at, size)| {
        // SAFETY: in RAM, mapped, and no part of `memory`: nobody writes it.
        unsafe { core::slice::from_raw_parts((DIRECT_MAP + at) as *const u8, size as usize) }
    });
    let transports: Vec<usize> =
        transports.iter().filter(|&&at| at != 0).map(|&at| (DIRECT_MAP + at) as usize).collect();
    start(Found { names: MACHINE, memory, payloads: [payload, None], transports })
}

/// Builds the tables, switches to them, and starts the heap. Returns the top level.
fn map_everything(
    ram: &Regions,
    memory: &mut Regions,
    image: u64,
    image_size: u64,
    transports: &[u64],
) -> Option<u64> {
    let place = |symbol: *const u8| symbol.addr() as u64 - DIRECT_MAP;
    let guard = place(&raw const stack_guard);
    let sections = [
        (image, place(&raw const text_end), Kind::Code),
        (place(&raw const text_end), place(&raw const constants_end), Kind::Constants),
        (place(&raw const constants_end), guard, Kind::Data),
        (guard + 4096, image + image_size, Kind::Data),
    ];
    let mut map = Mapper::new(memory)?;
    for (start, end, kind) in sections {
        map.map(start, end - start, kind)?;
    }
    let mut rest = *ram;
    rest.remove(image, image_size);
    for &(start, end) in rest.list() {
        map.map(start, end - start, Kind::Data)?;
    }
    map.map(APIC, 4096, Kind::Device)?;
    for &at in transports.iter().filter(|&&at| at != 0) {
        map.map(at, 512, Kind::Device)?;
    }
    let root = map.activate();
    start_heap(memory)?;
    Some(root)
}

/// The loader's command line, up to its NUL.
fn command_line(at: u64) -> [u8; LONGEST_COMMAND_LINE] {
    let mut line = [0; LONGEST_COMMAND_LINE];
    for (i, to) in line.iter_mut().enumerate() {
        match loaded(at.wrapping_add(i as u64)) {
            Some(byte) if at != 0 && byte != 0 => *to = byte,
            _ => break,
        }
    }
    line
}

/// The virtio transports that the command line names, as QEMU's microvm does: `virtio_mmio.device=SIZE@BASE:IRQ`
/// (Linux `Documentation/admin-guide/kernel-parameters.txt`); 0 is none.
fn transports(line: &[u8]) -> [u64; 32] {
    let mut found = [0; 32];
    let words = line.split(|&b| b == b' ' || b == 0);
    let places = words.filter_map(|word| {
        let place = word.strip_prefix(b"virtio_mmio.device=")?;
        let base = place.split(|&b| b == b'@').nth(1)?.split(|&b| b == b':').next()?;
        u64::from_str_radix(core::str::from_utf8(base.strip_prefix(b"0x")?).ok()?, 16).ok()
    });
    for (to, at) in found.iter_mut().zip(places.filter(|at| at % 512 == 0 && at >> 46 == 0)) {
        *to = at;
    }
    found
}

// SPDX-License-Identifier: MIT
//! A bare AArch64 machine that a device tree describes.

mod entry;
mod memory;
mod mmu;

pub use crate::drivers::pl011::Pl011 as Uart;

use crate::console::{self, say};
use crate::drivers::gic;
use crate::drivers::psci::{self, Conduit};
use crate::fdt::{Fdt, Node};
use crate::global::Global;
use crate::regions::Regions;
use crate::start::{Found, give_up, start, start_heap};
use alloc::vec::Vec;
use kernel_lite::arch::{self, DIRECT_MAP};
use kernel_lite::log::Line;
use kernel_lite::ram::PhysAddr;
use mmu::{Kind, Mapper};

/// Given as a flash address when the image was not started from flash.
const NOT_FROM_FLASH: u64 = u64::MAX;
/// The largest device tree that is believed (arm64 booting.rst: 2 MiB).
const LARGEST_DEVICE_TREE: usize = 2 << 20;
/// The virtual timer's place in the timer node's `interrupts` (Linux `arm,arch_timer.yaml`), and the number of
/// cells of each; private interrupts begin at 16.
const VIRTUAL_TIMER: usize = 2;
const INTERRUPT_CELLS: usize = 3;
const FIRST_PRIVATE: u32 = 16;
/// Flash that is searched for a payload when the device tree does not say how much there is.
const FLASH_SIZE: u64 = 64 << 20;

static CONDUIT: Global<Conduit> = Global::new();

/// Switches the machine off. PSCI carries no code: it is in the epitaph.
pub fn power_off(_code: u8) -> ! {
    psci::off(CONDUIT.get().unwrap_or(Conduit::None))
}

/// Restarts the machine.
pub fn reset() -> ! {
    psci::reset(CONDUIT.get().unwrap_or(Conduit::None))
}

unsafe extern "C" {
    static text_end: u8;
    static constants_end: u8;
    static file_end: u8;
    static stack_guard: u8;
    static image_end: u8;
}

/// Distance from the image's start, where it is linked, of a linker symbol where it runs.
fn offset(symbol: *const u8, image: u64) -> u64 {
    symbol.addr() as u64 - DIRECT_MAP - image
}

/// `len` bytes of physical memory at `at`.
///
/// # Safety
/// They are mapped as normal memory and do not change from now on.
unsafe fn physical(at: u64, len: usize) -> &'static [u8] {
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts((DIRECT_MAP + at) as *const u8, len) }
}

/// Called by `entry.rs`, in the upper half, on the monitor's stack.
///
/// `tree`, `image`: physical addresses of the device tree and of the image. `flash`: where the image was
/// started in flash. `level`: exception level at entry.
extern "C" fn main(tree: u64, image: u64, flash: u64, level: u64) -> ! {
    // SAFETY: the entry code saw the magic number there, and mapped the GiB around as normal memory.
    let header = unsafe { physical(tree, 8) };
    let size = header.try_into().ok().and_then(Fdt::announced_size).unwrap_or(0).min(LARGEST_DEVICE_TREE);
    // SAFETY: as above; the tree's memory is taken out of what is free below.
    let blob = unsafe { physical(tree, size) };
    let Some(fdt) = Fdt::new(blob) else {
        power_off(0); // Without it there is no console either.
    };
    CONDUIT.set(match fdt.named(b"psci").and_then(|n| n.string(b"method")) {
        Some(b"hvc") => Conduit::Hvc,
        Some(b"smc") => Conduit::Smc,
        _ => Conduit::None,
    });
    let uart = fdt.compatible(&[b"arm,pl011"]).and_then(|n| n.reg(0));
    if let Some((at, _)) = uart {
        // SAFETY: the device tree says what is there; the first tables map it as device memory at the same
        // virtual address as the later ones.
        console::set(unsafe { Uart::new((DIRECT_MAP + at) as usize) });
    }

    let ram = ram(&fdt);
    let initrd = initrd(&fdt);
    let image_size = offset(&raw const image_end, image);
    let mut memory = ram;
    memory.remove(image, image_size);
    memory.remove(tree, size as u64);
    if let Some((at, size)) = initrd {
        memory.remove(at, size);
    }
    for (at, size) in fdt.reservations() {
        memory.remove(at, size);
    }
    fdt.each(&mut |n| {
        if n.parent == b"reserved-memory"
            && let Some((at, size)) = n.reg(0)
        {
            memory.remove(at, size);
        }
    });
    let total = ram.total() >> 20;
    let names = fdt.named(b"").and_then(|n| n.property(b"compatible")).unwrap_or_default();
    let model = names.split(|&byte| byte == 0).next().unwrap_or(b"unknown");
    let mut line = Line::new("");
    line.bytes(model).text(", entered at EL").number(level).text(", ").number(total).text(" MiB of memory, ");
    line.text("device tree of ").number(size as u64).text(" bytes at ").hex(tree);
    say(line.text(", monitor at ").hex(image));

    let flash = (flash != NOT_FROM_FLASH).then(|| {
        // Two banks in a row look like one.
        let mut end = flash + FLASH_SIZE;
        fdt.each(&mut |n| {
            if n.is(b"cfi-flash") {
                for (at, size) in (0..2).map_while(|i| n.reg(i)) {
                    end = end.max(at.saturating_add(size));
                }
            }
        });
        (flash, end)
    });
    let Some((empty, transports)) = map_everything(&fdt, image, &ram, &mut memory, uart, flash) else {
        give_up("too little memory for the translation tables");
    };
    let payload_at = |at: u64, end: u64| {
        // SAFETY: mapped above as constants (flash) or as RAM that nobody writes, being no part of `memory`.
        (at < end).then(|| unsafe { physical(at, (end - at) as usize) })
    };
    let behind = offset(&raw const file_end, image).next_multiple_of(4096);
    let payloads = [
        flash.and_then(|(at, end)| payload_at(at + behind, end)),
        initrd.and_then(|(at, size)| payload_at(at, at + size)),
    ];
    arch::init(empty);
    start_timer(&fdt);
    start(Found { names, memory, payloads, transports })
}

/// The memory nodes.
fn ram(fdt: &Fdt) -> Regions {
    let mut ram = Regions::default();
    fdt.each(&mut |n| {
        if n.string(b"device_type") == Some(b"memory") && n.enabled() {
            for (at, size) in (0..4).map_while(|i| n.reg(i)) {
                ram.add(at, size);
            }
        }
    });
    ram
}

/// Where a boot loader put the initrd: address and size.
fn initrd(fdt: &Fdt) -> Option<(u64, u64)> {
    let chosen = fdt.named(b"chosen")?;
    let start = chosen.number(b"linux,initrd-start")?;
    let end = chosen.number(b"linux,initrd-end")?;
    Some((start, end.checked_sub(start)?))
}

/// The distributor's node, and its version.
fn interrupt_controller<'a>(fdt: &Fdt<'a>) -> Option<(Node<'a>, u32)> {
    match fdt.compatible(&[b"arm,gic-v3"]) {
        Some(node) => Some((node, 3)),
        None => Some((fdt.compatible(&[b"arm,cortex-a15-gic", b"arm,gic-400"])?, 2)),
    }
}

/// Builds the tables, switches to them, and starts the heap. Returns an empty table for the lower half, and the
/// virtio transports.
fn map_everything(
    fdt: &Fdt,
    image: u64,
    ram: &Regions,
    memory: &mut Regions,
    uart: Option<(u64, u64)>,
    flash: Option<(u64, u64)>,
) -> Option<(PhysAddr, Vec<usize>)> {
    let guard = offset(&raw const stack_guard, image);
    let text = offset(&raw const text_end, image);
    let constants = offset(&raw const constants_end, image);
    let image_size = offset(&raw const image_end, image);
    let mut map = Mapper::new(memory, image)?;
    map.map(image, text, Kind::Code)?;
    map.map(image + text, constants - text, Kind::Constants)?;
    map.map(image + constants, guard - constants, Kind::Data)?;
    map.map(image + guard + 4096, image_size - guard - 4096, Kind::Data)?;
    let mut rest = *ram;
    rest.remove(image, image_size);
    for &(start, end) in rest.list() {
        map.map(start, end - start, Kind::Data)?;
    }
    if let Some((start, end)) = flash {
        map.map(start, end - start, Kind::Constants)?;
    }
    if let Some((at, size)) = uart {
        map.map(at, size, Kind::Device)?;
    }
    if let Some((gic, _)) = interrupt_controller(fdt) {
        for (at, size) in (0..2).map_while(|i| gic.reg(i)) {
            map.map(at, size, Kind::Device)?;
        }
    }
    let mut mapped = Some(());
    let mut transports = [0usize; 64];
    let mut count = 0;
    fdt.each(&mut |n| {
        if n.is(b"virtio,mmio")
            && n.enabled()
            && let Some((at, size)) = n.reg(0)
            && count < transports.len()
        {
            mapped = mapped.and_then(|()| map.map(at, size, Kind::Device));
            transports[count] = (DIRECT_MAP + at) as usize;
            count += 1;
        }
    });
    mapped?;
    let empty = map.activate()?;
    start_heap(memory)?;
    Some((empty, transports[..count].to_vec()))
}

/// Lets the virtual timer's interrupt through to user mode.
fn start_timer(fdt: &Fdt) {
    let timer = fdt.compatible(&[b"arm,armv8-timer", b"arm,armv7-timer"]);
    let number = timer.and_then(|n| n.cell(b"interrupts", VIRTUAL_TIMER * INTERRUPT_CELLS + 1));
    let (Some(number @ 0..=15), Some((gic, version))) = (number, interrupt_controller(fdt)) else {
        say(&Line::new("no timer: a program that never ends will not be stopped"));
        return;
    };
    let id = number + FIRST_PRIVATE;
    let frame = |i| gic.reg(i).map(|(at, size)| ((DIRECT_MAP + at) as usize, size as usize));
    if let (Some((distributor, _)), Some((second, size))) = (frame(0), frame(1)) {
        // SAFETY: the device tree says what they are, and `map_everything` mapped them.
        unsafe {
            match version {
                2 => gic::enable_v2(distributor, second, id),
                _ => gic::enable_v3(distributor, second, size, id),
            }
        }
    }
}

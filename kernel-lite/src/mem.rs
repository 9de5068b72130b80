// SPDX-License-Identifier: MIT
//! Frames with reference counts over [`Ram`].
//!
//! A frame is held by each mapping, page table and file extent that names it. The lowest free frame is the
//! next: memory that was used once is used again before any that was never touched, which an emulator would
//! first have to get from its host, and runs stay possible. A bit map of two levels finds it in a few words.

use crate::errno::Errno;
use crate::ram::{Frame, PAGE_SHIFT, PAGE_SIZE, PhysAddr, Ram};
use alloc::vec;
use alloc::vec::Vec;

/// Frames that only the monitor's own needs (page tables of a running program, checkpoints) may take.
const RESERVE: usize = 64;

/// No frame is left but the reserve. A type without content: a `Result<Frame, NoMemory>` fits a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl From<NoMemory> for Errno {
    fn from(_: NoMemory) -> Errno {
        Errno::ENOMEM
    }
}

/// The frames of one bank.
struct Zone {
    first: Frame,
    /// Reference count of each frame; 0 is free.
    counts: Vec<u32>,
    /// One bit a frame; set is in use. Bits past the end are set.
    used: Vec<u64>,
    /// One bit a word of `used`; set: all of its frames are in use. Bits past the end are set.
    full: Vec<u64>,
    /// No word of `full` before this one has a clear bit.
    hint: usize,
}

/// A bit map of `n` clear bits; those past the end are set.
#[inline(never)]
fn bit_map(n: usize) -> Vec<u64> {
    let mut map = vec![0; n.div_ceil(64)];
    if !n.is_multiple_of(64) {
        map[n / 64] = !0 << (n % 64);
    }
    map
}

impl Zone {
    /// Takes the lowest free frame.
    #[inline]
    fn take(&mut self) -> Option<Frame> {
        while self.hint < self.full.len() {
            let room = !self.full[self.hint];
            if room != 0 {
                let word = self.hint * 64 + room.trailing_zeros() as usize;
                let index = word * 64 + self.used[word].trailing_ones() as usize;
                self.hold(index);
                return Some(self.first.offset(index as u32));
            }
            self.hint += 1;
        }
        None
    }

    /// A free frame has one holder.
    #[inline]
    fn hold(&mut self, index: usize) {
        let word = index / 64;
        self.counts[index] = 1;
        self.used[word] |= 1 << (index % 64);
        if self.used[word] == !0 {
            self.full[word / 64] |= 1 << (word % 64);
        }
    }

    /// A frame without holders is free.
    #[inline]
    fn free(&mut self, index: usize) {
        let word = index / 64;
        self.used[word] &= !(1 << (index % 64));
        self.full[word / 64] &= !(1 << (word % 64));
        self.hint = self.hint.min(word / 64);
    }
}

/// Physical memory and who holds it.
pub struct Mem {
    /// The bytes.
    pub ram: Ram,
    zones: Vec<Zone>,
    free: usize,
    total: usize,
}

impl Mem {
    /// Every frame of `ram` is free.
    pub fn new(ram: Ram) -> Mem {
        let mut zones = Vec::new();
        let mut total = 0;
        for (base, len) in ram.banks() {
            let n = len >> PAGE_SHIFT;
            let used = bit_map(n);
            let full = bit_map(used.len());
            zones.push(Zone { first: Frame::of(base), counts: vec![0; n], used, full, hint: 0 });
            total += n;
        }
        Mem { ram, zones, free: total, total }
    }

    /// Frames that nobody holds.
    pub fn free_frames(&self) -> usize {
        self.free
    }

    /// Frames there are.
    pub fn total_frames(&self) -> usize {
        self.total
    }

    /// A zeroed frame with one holder.
    pub fn alloc(&mut self) -> Result<Frame, NoMemory> {
        let frame = self.alloc_dirty()?;
        self.ram.frame_mut(frame).fill(0);
        Ok(frame)
    }

    /// A frame with unknown content and one holder.
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn alloc_dirty(&mut self) -> Result<Frame, NoMemory> {
        if self.free <= RESERVE {
            return Err(NoMemory);
        }
        for zone in &mut self.zones {
            if let Some(frame) = zone.take() {
                self.free -= 1;
                return Ok(frame);
            }
        }
        Err(NoMemory)
    }

    /// `n` adjacent frames with unknown content and one holder each, if there is such a run.
    pub fn alloc_run(&mut self, n: usize) -> Result<Frame, NoMemory> {
        if n == 0 || self.free < RESERVE + n {
            return Err(NoMemory);
        }
        for zone in &mut self.zones {
            let mut run = 0;
            let mut index = 0;
            while index < zone.counts.len() {
                let word = zone.used[index / 64];
                if index % 64 == 0 && word == !0 {
                    run = 0;
                    index += 64;
                    continue;
                }
                run = if word >> (index % 64) & 1 == 0 { run + 1 } else { 0 };
                index += 1;
                if run == n {
                    let first = index - n;
                    (first..index).for_each(|i| zone.hold(i));
                    self.free -= n;
                    return Ok(zone.first.offset(first as u32));
                }
            }
        }
        Err(NoMemory)
    }

    #[inline]
    fn slot(&mut self, frame: Frame) -> (&mut Zone, usize) {
        for zone in &mut self.zones {
            let index = frame.0.wrapping_sub(zone.first.0) as usize;
            if index < zone.counts.len() {
                return (zone, index);
            }
        }
        unreachable!("frames come from here")
    }

    /// One more holder.
    #[inline(never)]
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn share(&mut self, frame: Frame) {
        let (zone, i) = self.slot(frame);
        zone.counts[i] += 1;
    }

    /// One holder less; without any, the frame is free.
    #[inline(never)]
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn release(&mut self, frame: Frame) {
        let (zone, i) = self.slot(frame);
        zone.counts[i] -= 1;
        if zone.counts[i] == 0 {
            zone.free(i);
            self.free += 1;
        }
    }

    /// How many hold the frame.
    #[inline(never)]
    pub fn holders(&mut self, frame: Frame) -> u32 {
        let (zone, i) = self.slot(frame);
        zone.counts[i]
    }

    /// A new frame with the content of `frame`, and one holder.
    pub fn duplicate(&mut self, frame: Frame) -> Result<Frame, NoMemory> {
        let copy = self.alloc_dirty()?;
        self.ram.copy(copy.addr(), frame.addr(), PAGE_SIZE);
        Ok(copy)
    }

    /// Whether `at` is a physical address of these banks.
    pub fn contains(&self, at: PhysAddr) -> bool {
        self.ram.banks().any(|(base, len)| at.0.wrapping_sub(base.0) < len as u64)
    }
}

// SPDX-License-Identifier: MIT
//! Physical memory that user programs, page tables and file contents live in, as safe slices.
//!
//! A machine hands over a few page-aligned banks; everything else addresses bytes by [`PhysAddr`] or whole
//! pages by [`Frame`]. An address outside all banks is a bug of the monitor: reads give an empty slice's
//! panic in tests and never happen in the field, because addresses come from the frame allocator only.

use alloc::vec::Vec;

/// Bytes in a page and in a frame, on both architectures.
pub const PAGE_SIZE: usize = 4096;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = 12;

/// A physical byte address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhysAddr(pub u64);

impl PhysAddr {
    /// The address `n` bytes on.
    #[inline]
    pub const fn offset(self, n: u64) -> PhysAddr {
        PhysAddr(self.0 + n)
    }
}

/// A physical page: the physical address divided by [`PAGE_SIZE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame(pub u32);

impl Frame {
    /// The address of the frame's first byte.
    #[inline]
    pub const fn addr(self) -> PhysAddr {
        PhysAddr((self.0 as u64) << PAGE_SHIFT)
    }
    /// The frame that holds `addr`.
    #[inline]
    pub const fn of(addr: PhysAddr) -> Frame {
        Frame((addr.0 >> PAGE_SHIFT) as u32)
    }
    /// The frame `n` frames on.
    #[inline]
    pub const fn offset(self, n: u32) -> Frame {
        Frame(self.0 + n)
    }
}

/// One contiguous piece of memory.
pub struct Bank {
    /// Physical address of the first byte; page aligned.
    pub base: PhysAddr,
    /// The memory; a whole number of pages.
    pub bytes: &'static mut [u8],
}

impl Bank {
    /// How far `at` is from its beginning, if it lies in it.
    #[inline]
    fn offset(&self, at: PhysAddr) -> Option<usize> {
        Some(at.0.wrapping_sub(self.base.0) as usize).filter(|&off| off < self.bytes.len())
    }
}

/// All of it.
pub struct Ram {
    banks: Vec<Bank>,
}

impl Ram {
    /// Takes over the banks. Each is page aligned, and they do not overlap.
    pub fn new(banks: Vec<Bank>) -> Ram {
        Ram { banks }
    }

    /// The banks, for the frame allocator.
    pub fn banks(&self) -> impl Iterator<Item = (PhysAddr, usize)> {
        self.banks.iter().map(|b| (b.base, b.bytes.len()))
    }

    /// The bank of `at`, and how far in it that is.
    #[inline]
    fn find(&self, at: PhysAddr) -> (&[u8], usize) {
        for bank in &self.banks {
            if let Some(off) = bank.offset(at) {
                return (bank.bytes, off);
            }
        }
        (&[], 0)
    }

    #[inline]
    fn find_mut(&mut self, at: PhysAddr) -> (&mut [u8], usize) {
        for bank in &mut self.banks {
            if let Some(off) = bank.offset(at) {
                return (bank.bytes, off);
            }
        }
        (&mut [], 0)
    }

    /// `len` bytes at `at`; they must lie in one bank.
    #[inline(never)]
    pub fn slice(&self, at: PhysAddr, len: usize) -> &[u8] {
        let (bank, off) = self.find(at);
        &bank[off..off + len]
    }

    /// `len` writable bytes at `at`; they must lie in one bank.
    #[inline(never)]
    pub fn slice_mut(&mut self, at: PhysAddr, len: usize) -> &mut [u8] {
        let (bank, off) = self.find_mut(at);
        &mut bank[off..off + len]
    }

    /// The byte at `at`.
    #[inline(never)]
    pub fn byte(&self, at: PhysAddr) -> u8 {
        let (bank, off) = self.find(at);
        bank[off]
    }

    /// Writes the byte at `at`.
    #[inline(never)]
    pub fn set_byte(&mut self, at: PhysAddr, value: u8) {
        let (bank, off) = self.find_mut(at);
        bank[off] = value;
    }

    /// The little-endian eight-byte word at `at`, as page-table entries are.
    #[inline]
    pub fn word(&self, at: PhysAddr) -> u64 {
        let (bank, off) = self.find(at);
        let mut w = [0; 8];
        w.copy_from_slice(&bank[off..off + 8]);
        u64::from_le_bytes(w)
    }

    /// Writes the little-endian word at `at`.
    #[inline]
    pub fn set_word(&mut self, at: PhysAddr, value: u64) {
        let (bank, off) = self.find_mut(at);
        bank[off..off + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// A whole frame.
    pub fn frame(&self, frame: Frame) -> &[u8] {
        self.slice(frame.addr(), PAGE_SIZE)
    }

    /// A whole frame, writable.
    pub fn frame_mut(&mut self, frame: Frame) -> &mut [u8] {
        self.slice_mut(frame.addr(), PAGE_SIZE)
    }

    /// Copies `len` bytes from `from` to `to`; the ranges may overlap, each lies in one bank.
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn copy(&mut self, to: PhysAddr, from: PhysAddr, len: usize) {
        for bank in &mut self.banks {
            if let (Some(to), Some(from)) = (bank.offset(to), bank.offset(from)) {
                return bank.bytes.copy_within(from..from + len, to);
            }
        }
        self.copy_between(to, from, len);
    }

    /// The same from one bank to another.
    fn copy_between(&mut self, to: PhysAddr, from: PhysAddr, len: usize) {
        for i in 0..self.banks.len() {
            if let Some(at) = self.banks[i].offset(to) {
                // Not in the table while the source is looked up there: the two are borrowed together.
                let bytes = core::mem::take(&mut self.banks[i].bytes);
                bytes[at..at + len].copy_from_slice(self.slice(from, len));
                self.banks[i].bytes = bytes;
                return;
            }
        }
    }
}

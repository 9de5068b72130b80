// SPDX-License-Identifier: MIT
//! A short list of free physical memory, from which pieces are taken away.

use core::ops::Range;

/// Most pieces that are kept; what would need more is given up (and never used).
const MAX: usize = 16;
const PAGE: u64 = 4096;

/// Any place will do.
pub const ANYWHERE: Range<u64> = 0..u64::MAX;
/// Where the first tables of x86_64 reach.
#[cfg(target_arch = "x86_64")]
pub const BELOW_4_GIB: Range<u64> = 0..1 << 32;

/// Free memory, as page-aligned ranges `start..end`, in no order.
#[derive(Clone, Copy, Default)]
pub struct Regions {
    list: [(u64, u64); MAX],
    len: usize,
}

impl Regions {
    /// The ranges.
    pub fn list(&self) -> &[(u64, u64)] {
        &self.list[..self.len]
    }

    /// Bytes in all ranges.
    pub fn total(&self) -> u64 {
        self.list().iter().map(|(start, end)| end - start).sum()
    }

    /// Adds the whole pages of a range.
    pub fn add(&mut self, start: u64, size: u64) {
        let end = start.saturating_add(size) & !(PAGE - 1);
        let start = start.saturating_add(PAGE - 1) & !(PAGE - 1);
        if start < end && self.len < MAX {
            self.list[self.len] = (start, end);
            self.len += 1;
        }
    }

    /// Takes every page that the range touches away.
    pub fn remove(&mut self, start: u64, size: u64) {
        let end = start.saturating_add(size).saturating_add(PAGE - 1) & !(PAGE - 1);
        let start = start & !(PAGE - 1);
        let old = *self;
        self.len = 0;
        for &(s, e) in old.list() {
            // What is left below and above the range; one of them, or both, or all of it.
            self.add(s, start.clamp(s, e) - s);
            self.add(end.clamp(s, e), e - end.clamp(s, e));
        }
    }

    /// Takes `size` bytes, aligned to `align` (a power of two), from as far up as there are such, but all
    /// of them inside `within`.
    pub fn take(&mut self, size: u64, align: u64, within: Range<u64>) -> Option<u64> {
        let mut best = None;
        for &(s, e) in self.list() {
            let at = e.min(within.end).saturating_sub(size) & !(align - 1);
            if at >= s.max(within.start) && best < Some(at) && e.min(within.end) >= size {
                best = Some(at);
            }
        }
        let at = best?;
        self.remove(at, size);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(r: &Regions) -> Vec<(u64, u64)> {
        let mut v = r.list().to_vec();
        v.sort();
        v
    }

    #[test]
    fn remove_splits_and_rounds_outwards() {
        let mut r = Regions::default();
        r.add(0x4000_0001, 0x10_0000);
        assert_eq!(sorted(&r), [(0x4000_1000, 0x4010_0000)]);
        r.remove(0x4000_3800, 0x1000);
        assert_eq!(sorted(&r), [(0x4000_1000, 0x4000_3000), (0x4000_5000, 0x4010_0000)]);
        r.remove(0, 0x4000_2000);
        assert_eq!(sorted(&r), [(0x4000_2000, 0x4000_3000), (0x4000_5000, 0x4010_0000)]);
        r.remove(0x4000_0000, 0x4000);
        assert_eq!(sorted(&r), [(0x4000_5000, 0x4010_0000)]);
        r.remove(0x5000_0000, 0x4000);
        assert_eq!(r.total(), 0xf_b000);
    }

    #[test]
    fn take_aligns_and_prefers_the_top() {
        let mut r = Regions::default();
        r.add(0x1000_0000, 0x10_0000);
        r.add(0x8000_0000, 0x3000);
        assert_eq!(r.take(0x1000, 0x1000, ANYWHERE), Some(0x8000_2000));
        assert_eq!(r.take(0x8_0000, 0x1_0000, ANYWHERE), Some(0x1008_0000));
        assert_eq!(r.take(0x1000, 0x1000, 0x1000_0000..0x1000_4000), Some(0x1000_3000));
        assert_eq!(r.take(0x10_0000, 0x1000, ANYWHERE), None);
    }
}

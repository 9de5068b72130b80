// SPDX-License-Identifier: MIT
//! The monitor's heap: size classes for small things, runs of pages for the rest.
//!
//! Small blocks come from pages cut into equal pieces, kept on one list per class and never given back to
//! the pages. Runs of pages are kept in a list sorted by address and merged with their neighbours. Nothing
//! is stored beside a block in use: its layout comes back with it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};

const PAGE: usize = 4096;
/// Sizes of the small blocks: all multiples of 16, so that 16-byte alignment holds; powers of two are
/// aligned to themselves, because pages are.
const CLASSES: [u16; 12] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048];

/// What begins every free block and run.
struct Free {
    next: Option<NonNull<Free>>,
    /// Pages of the run; not used in blocks.
    pages: usize,
}

/// The lists.
pub struct Lists {
    blocks: [Option<NonNull<Free>>; CLASSES.len()],
    runs: Option<NonNull<Free>>,
    free_pages: usize,
}

/// The class of a layout, or `None` for whole pages.
fn class(layout: Layout) -> Option<usize> {
    let size = if layout.align() > 16 {
        layout.size().max(layout.align()).next_power_of_two()
    } else {
        layout.size()
    };
    CLASSES.iter().position(|&c| c as usize >= size)
}

impl Lists {
    /// No memory yet.
    pub const fn new() -> Lists {
        Lists { blocks: [None; CLASSES.len()], runs: None, free_pages: 0 }
    }

    /// Bytes in free runs.
    pub fn free_bytes(&self) -> usize {
        self.free_pages * PAGE
    }

    /// Puts a run back, keeping the list sorted and neighbours merged.
    ///
    /// # Safety
    /// The pages are this allocator's, aligned, and nobody uses them.
    pub unsafe fn give(&mut self, at: *mut u8, pages: usize) {
        self.free_pages += pages;
        let mut before: Option<NonNull<Free>> = None;
        let mut after = self.runs;
        while let Some(run) = after
            && run.as_ptr().cast::<u8>() < at
        {
            before = after;
            // SAFETY: a run on the list begins with a valid `Free`.
            after = unsafe { run.as_ref() }.next;
        }
        let run = at.cast::<Free>();
        let mut merged = Free { next: after, pages };
        if let Some(after) = after
            && at.wrapping_add(pages * PAGE) == after.as_ptr().cast()
        {
            // SAFETY: as above.
            let after = unsafe { after.as_ref() };
            merged = Free { next: after.next, pages: pages + after.pages };
        }
        // SAFETY: the caller gave us the run; `before` is on the list and no reference to it is alive.
        unsafe {
            match before {
                Some(before)
                    if before.as_ptr().cast::<u8>().wrapping_add((*before.as_ptr()).pages * PAGE) == at =>
                {
                    let before = before.as_ptr();
                    *before = Free { next: merged.next, pages: (*before).pages + merged.pages };
                    return;
                }
                Some(before) => (*before.as_ptr()).next = NonNull::new(run),
                None => self.runs = NonNull::new(run),
            }
            run.write(merged);
        }
    }

    /// The first run of at least `pages`; what is more stays free.
    fn take(&mut self, pages: usize) -> Option<*mut u8> {
        let mut link: *mut Option<NonNull<Free>> = &mut self.runs;
        // SAFETY: `link` is the list's head or the `next` of a run on the list, and runs begin with `Free`.
        unsafe {
            loop {
                let run = (*link)?.as_ptr();
                if (*run).pages > pages {
                    // From the end, so that the list stays as it is.
                    (*run).pages -= pages;
                    self.free_pages -= pages;
                    return Some(run.cast::<u8>().add((*run).pages * PAGE));
                }
                if (*run).pages == pages {
                    *link = (*run).next;
                    self.free_pages -= pages;
                    return Some(run.cast());
                }
                link = &mut (*run).next;
            }
        }
    }

    fn allocate(&mut self, layout: Layout) -> Option<*mut u8> {
        let Some(class) = class(layout) else {
            return if layout.align() <= PAGE { self.take(layout.size().div_ceil(PAGE)) } else { None };
        };
        if let Some(block) = self.blocks[class] {
            // SAFETY: a block on a list begins with a valid `Free`.
            self.blocks[class] = unsafe { block.as_ref() }.next;
            return Some(block.as_ptr().cast());
        }
        let page = self.take(1)?;
        let size = CLASSES[class] as usize;
        for i in 1..PAGE / size {
            // SAFETY: block `i` lies within the page that was just taken.
            unsafe { self.free_block(page.add(i * size), class) };
        }
        Some(page)
    }

    /// # Safety
    /// The block belongs to the class and nobody uses it.
    unsafe fn free_block(&mut self, block: *mut u8, class: usize) {
        let block = block.cast::<Free>();
        // SAFETY: blocks have at least 16 bytes, the size of `Free`, and its alignment.
        unsafe { block.write(Free { next: self.blocks[class], pages: 0 }) };
        self.blocks[class] = NonNull::new(block);
    }

    /// # Safety
    /// `at` came from `allocate(layout)` and nobody uses it.
    unsafe fn free(&mut self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, and the same class or page count as when it was allocated.
        unsafe {
            match class(layout) {
                Some(class) => self.free_block(at, class),
                None => self.give(at, layout.size().div_ceil(PAGE)),
            }
        }
    }
}

/// The global allocator.
pub struct Heap(UnsafeCell<Lists>);

// SAFETY: one core, and no interrupt is taken while the monitor runs, so no two calls ever overlap.
unsafe impl Sync for Heap {}

impl Heap {
    /// No memory yet.
    pub const fn new() -> Heap {
        Heap(UnsafeCell::new(Lists::new()))
    }

    /// Adds memory.
    ///
    /// # Safety
    /// The range is page-aligned memory that nobody else uses.
    #[cfg(target_os = "none")]
    pub unsafe fn add(&self, at: *mut u8, size: usize) {
        // SAFETY: no other reference to the lists is alive (see `Sync`); the rest is the caller's promise.
        unsafe { (*self.0.get()).give(at, size / PAGE) };
    }

    /// Bytes that large allocations can still have.
    #[cfg(target_os = "none")]
    pub fn free_bytes(&self) -> usize {
        // SAFETY: no other reference to the lists is alive (see `Sync`).
        unsafe { (*self.0.get()).free_bytes() }
    }
}

// SAFETY: `Lists` gives out disjoint blocks of the size and alignment asked for and keeps them until freed.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: no other reference to the lists is alive (see `Sync`).
        unsafe { (*self.0.get()).allocate(layout) }.unwrap_or(ptr::null_mut())
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above, and the caller keeps `GlobalAlloc`'s contract.
        unsafe { (*self.0.get()).free(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `GlobalAlloc::realloc`'s contract: `new_size` is not 0 and does not overflow the layout.
        unsafe {
            let new = Layout::from_size_align_unchecked(new_size, layout.align());
            let same = match (class(layout), class(new)) {
                (None, None) => layout.size().div_ceil(PAGE) == new_size.div_ceil(PAGE),
                (old, new) => old == new,
            };
            if same {
                return at;
            }
            let to = self.alloc(new);
            if !to.is_null() {
                ptr::copy_nonoverlapping(at, to, layout.size().min(new_size));
                self.dealloc(at, layout);
            }
            to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena(pages: usize) -> *mut u8 {
        // SAFETY: the layout is not empty.
        unsafe { std::alloc::alloc(Layout::from_size_align(pages * PAGE, PAGE).unwrap()) }
    }

    #[test]
    fn runs_merge_whatever_the_order_they_come_back_in() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 3, 0, 2]] {
            let mut lists = Lists::new();
            // SAFETY: fresh memory.
            unsafe { lists.give(arena(64), 64) };
            let layout = Layout::from_size_align(16 * PAGE, PAGE).unwrap();
            let runs: Vec<_> = (0..4).map(|_| lists.allocate(layout).unwrap()).collect();
            assert_eq!(lists.free_bytes(), 0);
            assert!(lists.allocate(layout).is_none());
            for i in order {
                // SAFETY: allocated above, freed once.
                unsafe { lists.free(runs[i], layout) };
            }
            assert!(lists.allocate(Layout::from_size_align(64 * PAGE, 8).unwrap()).is_some());
        }
    }

    #[test]
    fn blocks_are_aligned_disjoint_and_used_again() {
        let mut lists = Lists::new();
        // SAFETY: fresh memory.
        unsafe { lists.give(arena(256), 256) };
        let mut state = 1u32;
        let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let r = state >> 8;
            if live.len() > 60 || (r & 1 == 0 && !live.is_empty()) {
                let (at, layout, mark) = live.swap_remove((r >> 1) as usize % live.len());
                // SAFETY: a live block of this layout.
                unsafe {
                    let bytes = std::slice::from_raw_parts(at, layout.size());
                    assert!(bytes.iter().all(|&b| b == mark));
                    lists.free(at, layout);
                }
            } else {
                let align = 1 << (r >> 1 & 7);
                let size = 1 + (r >> 8) as usize % if r & 16 == 0 { 300 } else { 9000 };
                let layout = Layout::from_size_align(size, align).unwrap();
                if let Some(at) = lists.allocate(layout) {
                    assert_eq!(at as usize % align, 0);
                    // SAFETY: just allocated with this size.
                    unsafe { at.write_bytes(r as u8, size) };
                    live.push((at, layout, r as u8));
                }
            }
        }
        assert!(lists.free_bytes() > 0);
    }
}

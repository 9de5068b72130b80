// SPDX-License-Identifier: MIT
//! Page tables: a radix tree of four levels of 512 entries, 4 KiB pages, 48-bit addresses, on both
//! architectures. The walk is here; the bits are `arch::pte`'s.

use crate::arch::pte;
use crate::errno::Errno;
use crate::mem::{Mem, NoMemory};
use crate::ram::{Frame, PAGE_SHIFT, PAGE_SIZE, PhysAddr};
use core::ops::BitOr;

/// What user mode may do with a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prot(pub u8);

impl Prot {
    /// Nothing.
    pub const NONE: Prot = Prot(0);
    /// Load.
    pub const READ: Prot = Prot(1);
    /// Store.
    pub const WRITE: Prot = Prot(2);
    /// Fetch.
    pub const EXEC: Prot = Prot(4);

    /// Whether all of `other` is allowed.
    #[inline]
    pub const fn has(self, other: Prot) -> bool {
        self.0 & other.0 == other.0
    }
    /// Without `other`.
    #[inline]
    pub const fn without(self, other: Prot) -> Prot {
        Prot(self.0 & !other.0)
    }
}

impl BitOr for Prot {
    type Output = Prot;
    fn bitor(self, other: Prot) -> Prot {
        Prot(self.0 | other.0)
    }
}

/// What a program, or the monitor on its behalf, wants to do with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Fetch.
    Exec,
}

impl Access {
    /// The protection that allows it.
    #[inline]
    pub const fn needs(self) -> Prot {
        match self {
            Access::Read => Prot::READ,
            Access::Write => Prot::WRITE,
            Access::Exec => Prot::EXEC,
        }
    }
}

/// First address past user space; below the processors' limits and a page from x86_64's canonical hole.
pub const USER_END: u64 = 0x7fff_ffff_f000;

const LEVELS: u32 = 4;
const INDEX_BITS: u32 = 9;

fn entry(table: PhysAddr, addr: u64, level: u32) -> PhysAddr {
    let shift = PAGE_SHIFT + INDEX_BITS * level;
    table.offset((addr >> shift & 511) * 8)
}

fn span(level: u32) -> u64 {
    1 << (PAGE_SHIFT + INDEX_BITS * level)
}

/// A mapped page: its entry, which says where it lies and what user mode may do with it.
#[derive(Clone, Copy, Default)]
pub struct Page(u64);

impl Page {
    /// No page that could be mapped.
    pub const NONE: Page = Page(0);

    /// The page in `frame`.
    #[inline]
    pub fn new(frame: Frame, prot: Prot) -> Page {
        Page(pte::page(frame.addr(), prot))
    }
    /// The page of an entry, if it is one.
    #[inline]
    fn of(entry: u64) -> Option<Page> {
        pte::is_page(entry).then_some(Page(entry))
    }
    /// Where it lies.
    #[inline]
    pub fn at(self) -> PhysAddr {
        pte::address(self.0)
    }
    /// The same as a frame.
    #[inline]
    pub fn frame(self) -> Frame {
        Frame::of(self.at())
    }
    /// What user mode may do with it.
    #[inline]
    pub fn prot(self) -> Prot {
        pte::prot(self.0)
    }
    /// The same page with other rights.
    #[inline]
    pub fn with(self, prot: Prot) -> Page {
        Page::new(self.frame(), prot)
    }
    /// The entry.
    #[inline]
    pub fn entry(self) -> u64 {
        self.0
    }
}

/// What is done with each mapped page: memory, the entry's place, address, page.
type Visit<'a> = &'a mut dyn FnMut(&mut Mem, PhysAddr, u64, Page) -> Result<(), Errno>;

/// One address space's translations.
#[derive(Default)]
pub struct PageTable {
    root: PhysAddr,
}

impl PageTable {
    /// A tree that maps nothing for user mode.
    pub fn new(mem: &mut Mem) -> Result<PageTable, NoMemory> {
        let frame = mem.alloc()?;
        pte::init_root(mem.ram.frame_mut(frame));
        Ok(PageTable { root: frame.addr() })
    }

    /// The top-level table.
    pub fn root(&self) -> PhysAddr {
        self.root
    }

    /// Where the leaf entry of `addr` lies, if its tables exist.
    fn leaf(&self, mem: &Mem, addr: u64) -> Option<PhysAddr> {
        let mut table = self.root;
        for level in (1..LEVELS).rev() {
            table = pte::decode_table(mem.ram.word(entry(table, addr, level)))?;
        }
        Some(entry(table, addr, 0))
    }

    /// Where the leaf entry of `addr` lies; missing tables are made.
    fn leaf_or_new(&self, mem: &mut Mem, addr: u64) -> Result<PhysAddr, NoMemory> {
        let mut table = self.root;
        for level in (1..LEVELS).rev() {
            let at = entry(table, addr, level);
            table = match pte::decode_table(mem.ram.word(at)) {
                Some(next) => next,
                None => {
                    let next = mem.alloc()?.addr();
                    mem.ram.set_word(at, pte::table(next));
                    next
                }
            };
        }
        Ok(entry(table, addr, 0))
    }

    /// The page that `addr` is on.
    pub fn get(&self, mem: &Mem, addr: u64) -> Option<Page> {
        Page::of(mem.ram.word(self.leaf(mem, addr)?))
    }

    /// Maps a page, whose frame is held for the table; a page mapped there before is let go. Without memory for the
    /// tables, the new one is.
    pub fn set(&self, mem: &mut Mem, addr: u64, page: Page) -> Result<(), NoMemory> {
        let set = self.leaf_or_new(mem, addr).map(|at| {
            let old = Page::of(mem.ram.word(at));
            mem.ram.set_word(at, page.0);
            old
        });
        if let Some(gone) = set.unwrap_or(Some(page)) {
            mem.release(gone.frame());
        }
        set.map(drop)
    }

    /// Takes the page at `addr` out, without letting go of its frame.
    pub fn take(&self, mem: &mut Mem, addr: u64) -> Option<Page> {
        let at = self.leaf(mem, addr)?;
        let page = Page::of(mem.ram.word(at))?;
        mem.ram.set_word(at, 0);
        Some(page)
    }

    /// Calls `visit(mem, entry's place, address, page)` for each page mapped in the range.
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn each(&self, mem: &mut Mem, start: u64, end: u64, visit: Visit) -> Result<(), Errno> {
        let mut addr = start & !(PAGE_SIZE as u64 - 1);
        while addr < end {
            let mut table = self.root;
            let mut level = LEVELS - 1;
            // Down to the leaf table, or on to what lies behind the hole.
            while level > 0 {
                match pte::decode_table(mem.ram.word(entry(table, addr, level))) {
                    Some(next) => table = next,
                    None => break,
                }
                level -= 1;
            }
            if level > 0 {
                addr = (addr | (span(level) - 1)) + 1;
                continue;
            }
            let last = end.min((addr | (span(1) - 1)) + 1);
            while addr < last {
                let at = entry(table, addr, 0);
                let word = mem.ram.word(at);
                if word != 0
                    && let Some(page) = Page::of(word)
                {
                    visit(mem, at, addr, page)?;
                }
                addr += PAGE_SIZE as u64;
            }
        }
        Ok(())
    }

    /// Maps the range's pages in `to` as well, and holds them for it. With `copy_on_write`, both lose WRITE.
    /// `to` maps nothing in the range.
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn copy_range(
        &self,
        mem: &mut Mem,
        to: &PageTable,
        start: u64,
        end: u64,
        copy_on_write: bool,
    ) -> Result<(), Errno> {
        // The leaf table of `to` for the 2 MiB that the last page was in.
        let mut leaf = (u64::MAX, PhysAddr(0));
        self.each(mem, start, end, &mut |mem, at, addr, page| {
            if leaf.0 != addr / span(1) {
                let first = addr & !(span(1) - 1);
                leaf = (addr / span(1), to.leaf_or_new(mem, first)?);
            }
            let mut copy = page;
            if copy_on_write && page.prot().has(Prot::WRITE) {
                copy = page.with(page.prot().without(Prot::WRITE));
                mem.ram.set_word(at, copy.0);
            }
            mem.ram.set_word(leaf.1.offset((addr >> PAGE_SHIFT & 511) * 8), copy.0);
            mem.share(page.frame());
            Ok(())
        })
    }

    /// Lets go of every page in the range. Tells whether there was one.
    pub fn clear(&self, mem: &mut Mem, start: u64, end: u64) -> bool {
        let mut any = false;
        let _ = self.each(mem, start, end, &mut |mem, at, _, page| {
            mem.ram.set_word(at, 0);
            mem.release(page.frame());
            any = true;
            Ok(())
        });
        any
    }

    /// Lets go of everything, the tables included. The tree must not be used any more.
    pub fn free(&self, mem: &mut Mem) {
        free_level(mem, self.root, LEVELS - 1);
    }
}

#[cfg_attr(target_os = "none", optimize(speed))]
fn free_level(mem: &mut Mem, table: PhysAddr, level: u32) {
    // The upper half of the top level is the kernel's own, where one table serves both.
    let entries = if level == LEVELS - 1 { 256 } else { 512 };
    for i in 0..entries {
        let word = mem.ram.word(table.offset(i * 8));
        if word == 0 {
            continue;
        }
        if level == 0 {
            if let Some(page) = Page::of(word) {
                mem.release(page.frame());
            }
        } else if let Some(next) = pte::decode_table(word) {
            free_level(mem, next, level - 1);
        }
    }
    mem.release(Frame::of(table));
}

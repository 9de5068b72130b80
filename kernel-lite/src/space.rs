// SPDX-License-Identifier: MIT
//! Address spaces: what a program has mapped, and how a page comes to be there.
//!
//! Pages are made when they are touched, by the program or by the monitor on its behalf: zero pages of
//! anonymous memory, shared frames of files, copies of what a fork shares. A page that may be shared with
//! another space is mapped without WRITE; [`Space::fault`] copies it at the first store.
//!
//! One file, because mapping, faulting, forking and unmapping keep the same promises about the same list of areas and
//! the same page table.

use crate::arch::{self, Root};
use crate::errno::Errno;
use crate::mem::{Mem, NoMemory};
use crate::paging::{Access, Page, PageTable, Prot, USER_END};
use crate::ram::{Frame, PAGE_SHIFT, PAGE_SIZE, PhysAddr};
use crate::vfs::{InodeId, Vfs};
use alloc::vec::Vec;

const PAGE: u64 = PAGE_SIZE as u64;
/// Top of the first thread's stack. Fixed, so that runs are alike.
pub const STACK_TOP: u64 = 0x7fff_ff00_0000;
/// Size of that stack: Linux's default RLIMIT_STACK, made when touched.
pub const STACK_SIZE: u64 = 8 << 20;
/// `mmap` places below this, downwards.
const MMAP_TOP: u64 = 0x7fff_f000_0000;
/// `mmap` places nothing below this.
const MMAP_BOTTOM: u64 = 0x1_0000;
/// Where the signal return code lies, on architectures that need it.
pub const TRAMPOLINE: u64 = 0x7fff_fff0_0000;
/// Mappings that a space may have; Linux's default `vm.max_map_count` is 65530.
const MAX_VMAS: usize = 4096;
/// Pages of a file that a fault maps at most.
const FAULT_AROUND: u64 = 16;

/// Rounds up to a page; saturates below the end of user space's reach.
pub const fn page_up(addr: u64) -> u64 {
    addr.saturating_add(PAGE - 1) & !(PAGE - 1)
}

/// Rounds down to a page.
pub const fn page_down(addr: u64) -> u64 {
    addr & !(PAGE - 1)
}

/// Where a mapping's pages come from.
#[derive(Clone, Copy, Debug)]
pub struct Backing {
    /// The file, which the mapping holds. Without one, pages are zeros, and private.
    pub file: Option<InodeId>,
    /// Page of the file that the mapping starts with; of no meaning without one.
    pub page: u64,
    /// Stores go to the file.
    pub shared: bool,
    /// The file is a nameless one made for shared anonymous memory: it has no end.
    pub nameless: bool,
}

impl Backing {
    /// Zeros.
    pub const ZERO: Backing = Backing { file: None, page: 0, shared: false, nameless: false };
}

/// A mapping: whole pages, `start <= address < end`.
///
/// 64 bytes: lists of them are moved sixteen bytes at a time.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
pub struct Vma {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// What the program may do.
    pub prot: Prot,
    /// Where pages come from.
    pub backing: Backing,
}

/// Why an access is refused. As wide as a register, see [`Errno`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Refusal {
    /// Nothing is mapped there (SEGV_MAPERR).
    Unmapped = 1,
    /// The mapping forbids it (SEGV_ACCERR).
    Forbidden,
    /// Behind the end of the mapped file (BUS_ADRERR).
    BehindEnd,
    /// No memory for the page.
    Memory,
}

impl From<NoMemory> for Refusal {
    fn from(_: NoMemory) -> Refusal {
        Refusal::Memory
    }
}

impl From<Refusal> for Errno {
    fn from(r: Refusal) -> Errno {
        if r == Refusal::Memory { Errno::ENOMEM } else { Errno::EFAULT }
    }
}

/// Translations that the monitor used last, so that small reads and writes walk no page table.
#[derive(Clone, Copy, Default)]
struct Cached {
    number: u64,
    page: Page,
}

const CACHE: usize = 16;
const NOT_CACHED: Cached = Cached { number: !0, page: Page::NONE };

/// An address space.
#[derive(Default)]
pub struct Space {
    table: PageTable,
    asid: u16,
    /// Processes that use it, vfork children included.
    pub users: u32,
    vmas: Vec<Vma>,
    brk_start: u64,
    brk: u64,
    cache: [Cached; CACHE],
}

impl Space {
    /// A space that nobody uses. `asid`: the TLB tag.
    pub fn unused(asid: u16) -> Space {
        Space { asid, ..Default::default() }
    }

    /// The space that nobody used is an empty one with one user.
    pub fn begin(&mut self, table: PageTable) {
        (self.table, self.users) = (table, 1);
        self.set_brk_start(0);
        self.forget();
    }

    /// As the processor sees it.
    #[inline]
    pub fn root(&self) -> Root {
        Root { table: self.table.root(), asid: self.asid }
    }

    /// The TLB tag.
    pub fn asid(&self) -> u16 {
        self.asid
    }

    /// The mappings, in order of addresses.
    pub fn vmas(&self) -> &[Vma] {
        &self.vmas
    }

    fn forget(&mut self) {
        self.cache = [NOT_CACHED; CACHE];
        arch::tlb_flush_space(self.asid);
    }

    /// Lets go of all pages, files and tables. The slot that it is in is free afterwards.
    pub fn free(&mut self, mem: &mut Mem, vfs: &mut Vfs) {
        arch::detach(self.root());
        for vma in &self.vmas {
            release(vma.backing, mem, vfs);
        }
        self.vmas.clear();
        self.table.free(mem);
        self.users = 0;
    }

    fn index(&self, addr: u64) -> usize {
        self.vmas.partition_point(|v| v.end <= addr)
    }

    /// The mapping that `addr` lies in.
    pub fn find(&self, addr: u64) -> Option<&Vma> {
        self.vmas.get(self.index(addr)).filter(|v| v.start <= addr)
    }

    /// Where the byte at `addr` lies; its page is made or copied as the access needs.
    #[inline]
    pub fn translate(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        access: Access,
    ) -> Result<PhysAddr, Refusal> {
        let cached = &self.cache[(addr >> PAGE_SHIFT) as usize % CACHE];
        if cached.number == addr >> PAGE_SHIFT
            && (access == Access::Read || cached.page.prot().has(Prot::WRITE))
        {
            return Ok(cached.page.at().offset(addr % PAGE));
        }
        self.translate_slow(mem, vfs, addr, access)
    }

    #[cold]
    #[cfg_attr(target_os = "none", optimize(speed))]
    fn translate_slow(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        access: Access,
    ) -> Result<PhysAddr, Refusal> {
        let page = match self.table.get(mem, addr.min(USER_END)) {
            Some(page) if addr < USER_END && page.prot().has(access.needs()) => page,
            _ => self.fault(mem, vfs, addr, access)?,
        };
        let number = addr >> PAGE_SHIFT;
        self.cache[number as usize % CACHE] = Cached { number, page };
        Ok(page.at().offset(addr % PAGE))
    }

    /// Makes the page of `addr` fit for the access, or says why not. Returns the page.
    #[cfg_attr(target_os = "none", optimize(speed))]
    pub fn fault(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        access: Access,
    ) -> Result<Page, Refusal> {
        let addr = page_down(addr);
        let vma = *self.find(addr).ok_or(Refusal::Unmapped)?;
        // Every processor that can store or fetch can load here: PROT_WRITE alone implies reading.
        if vma.prot == Prot::NONE || access != Access::Read && !vma.prot.has(access.needs()) {
            return Err(Refusal::Forbidden);
        }
        let mapped = self.table.get(mem, addr);
        let (frame, prot) = match mapped {
            Some(page) if access != Access::Write || page.prot().has(Prot::WRITE) => {
                // The processor held an older translation.
                arch::tlb_flush_page(addr, self.asid);
                return Ok(page);
            }
            Some(page) if vma.backing.shared || mem.holders(page.frame()) == 1 => {
                mem.share(page.frame());
                (page.frame(), vma.prot)
            }
            Some(page) => (mem.duplicate(page.frame())?, vma.prot),
            None => self.new_page(mem, vfs, &vma, addr, access)?,
        };
        let page = Page::new(frame, prot);
        self.set(mem, addr, page)?;
        self.cache[(addr >> PAGE_SHIFT) as usize % CACHE] = NOT_CACHED;
        if mapped.is_some() {
            arch::tlb_flush_page(addr, self.asid);
        } else if access != Access::Write {
            self.map_around(mem, vfs, &vma, addr);
        }
        Ok(page)
    }

    /// Maps a page, whose frame is held for the table.
    fn set(&self, mem: &mut Mem, addr: u64, page: Page) -> Result<(), NoMemory> {
        self.table.set(mem, addr, page)?;
        if page.prot().has(Prot::EXEC) {
            arch::sync_icache(page.at(), PAGE_SIZE);
        }
        Ok(())
    }

    /// A page that is not there yet, held for the table, and how to map it.
    fn new_page(
        &self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        vma: &Vma,
        addr: u64,
        access: Access,
    ) -> Result<(Frame, Prot), Refusal> {
        let Backing { file: Some(inode), page, shared, nameless } = vma.backing else {
            return Ok((mem.alloc()?, vma.prot));
        };
        let index = page + ((addr - vma.start) >> PAGE_SHIFT);
        if !nameless && index >= vfs.size(inode).div_ceil(PAGE) {
            return Err(Refusal::BehindEnd);
        }
        let fill = nameless || shared && vma.prot.has(Prot::WRITE);
        let Some(frame) = vfs.map_page(mem, inode, index, fill).map_err(|_| Refusal::Memory)? else {
            return Ok((mem.alloc()?, vma.prot));
        };
        if !shared && access == Access::Write {
            return Ok((mem.duplicate(frame)?, vma.prot));
        }
        mem.share(frame);
        Ok((frame, if shared { vma.prot } else { vma.prot.without(Prot::WRITE) }))
    }

    /// Maps the pages of a private file mapping that follow a faulting one, so that a program's start costs a
    /// fault for each sixteen pages. What does not work is left for its own fault.
    fn map_around(&mut self, mem: &mut Mem, vfs: &mut Vfs, vma: &Vma, addr: u64) {
        let Backing { file: Some(inode), page, shared: false, .. } = vma.backing else { return };
        let prot = vma.prot.without(Prot::WRITE);
        let behind_file = (vfs.size(inode).div_ceil(PAGE)).saturating_sub(page) * PAGE + vma.start;
        let end = vma.end.min(behind_file).min(addr + FAULT_AROUND * PAGE);
        let mut at = addr + PAGE;
        while at < end {
            let index = page + ((at - vma.start) >> PAGE_SHIFT);
            if self.table.get(mem, at).is_none()
                && let Ok(Some(frame)) = vfs.map_page(mem, inode, index, false)
            {
                mem.share(frame);
                if self.set(mem, at, Page::new(frame, prot)).is_err() {
                    return;
                }
            }
            at += PAGE;
        }
    }

    /// Copies bytes into the space, as the program could (for a new program's stack).
    pub fn write(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        mut addr: u64,
        mut bytes: &[u8],
    ) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let n = bytes.len().min((PAGE - addr % PAGE) as usize);
            let at = self.translate(mem, vfs, addr, Access::Write)?;
            mem.ram.slice_mut(at, n).copy_from_slice(&bytes[..n]);
            (addr, bytes) = (addr + n as u64, &bytes[n..]);
        }
        Ok(())
    }

    /// Copies from the space.
    pub fn read(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        mut addr: u64,
        mut bytes: &mut [u8],
    ) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let n = bytes.len().min((PAGE - addr % PAGE) as usize);
            let at = self.translate(mem, vfs, addr, Access::Read)?;
            let (now, rest) = bytes.split_at_mut(n);
            now.copy_from_slice(mem.ram.slice(at, n));
            (addr, bytes) = (addr + n as u64, rest);
        }
        Ok(())
    }

    /// Makes `addr` a border between mappings.
    fn split(&mut self, vfs: &mut Vfs, addr: u64) {
        let i = self.index(addr);
        let Some(vma) = self.vmas.get_mut(i).filter(|v| v.start < addr) else { return };
        let mut upper = *vma;
        upper.backing.page += (addr - vma.start) >> PAGE_SHIFT;
        upper.start = addr;
        vma.end = addr;
        hold(upper.backing, vfs);
        self.vmas.insert(i + 1, upper);
    }

    /// Joins mapping `i` and the next where they are one in all but name.
    fn join(&mut self, i: usize) {
        if let Some([a, b]) = self.vmas.get(i..i + 2)
            && a.end == b.start
            && a.prot == b.prot
            && a.backing.file.is_none()
            && b.backing.file.is_none()
        {
            self.vmas[i].end = b.end;
            self.vmas.remove(i + 1);
        }
    }

    /// Adds a mapping where nothing is. The backing's file has been held for it.
    fn insert(&mut self, vma: Vma) {
        let i = self.index(vma.start);
        self.vmas.insert(i, vma);
        self.join(i);
        if i > 0 {
            self.join(i - 1);
        }
    }

    /// Whether there is room for the mappings that a call may add.
    fn check_room(&self) -> Result<(), Errno> {
        if self.vmas.len() + 2 > MAX_VMAS { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// A free range of `len` bytes: the highest below [`MMAP_TOP`], or `hint` if that is free.
    fn place(&self, hint: u64, len: u64) -> Result<u64, Errno> {
        let hint = page_down(hint);
        if hint >= MMAP_BOTTOM && self.is_free(hint, len) {
            return Ok(hint);
        }
        let mut top = MMAP_TOP;
        for vma in self.vmas.iter().rev() {
            if vma.end <= top && top - vma.end >= len {
                break;
            }
            top = top.min(vma.start);
        }
        top.checked_sub(len).filter(|&at| at >= MMAP_BOTTOM).ok_or(Errno::ENOMEM)
    }

    fn is_free(&self, start: u64, len: u64) -> bool {
        match start.checked_add(len) {
            Some(end) if end <= USER_END => self.vmas.get(self.index(start)).is_none_or(|v| v.start >= end),
            _ => false,
        }
    }

    /// Maps `len` bytes at `addr` if `fixed` (replacing what is there), else near it or anywhere. The backing's
    /// file is held for the mapping by this function.
    #[allow(clippy::too_many_arguments)] // mmap has six, and the memory and the files are passed along.
    pub fn map(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        len: u64,
        fixed: bool,
        prot: Prot,
        backing: Backing,
    ) -> Result<u64, Errno> {
        let len = page_up(len);
        if len == 0 || len > USER_END {
            return Err(if len == 0 { Errno::EINVAL } else { Errno::ENOMEM });
        }
        self.check_room()?;
        let start = if fixed {
            if !addr.is_multiple_of(PAGE) {
                return Err(Errno::EINVAL);
            }
            if addr > USER_END - len || addr < PAGE {
                return Err(Errno::ENOMEM);
            }
            self.unmap(mem, vfs, addr, len)?;
            addr
        } else {
            self.place(addr, len)?
        };
        hold(backing, vfs);
        self.insert(Vma { start, end: start + len, prot, backing });
        Ok(start)
    }

    /// Whether nothing is mapped in the range (MAP_FIXED_NOREPLACE).
    pub fn vacant(&self, addr: u64, len: u64) -> bool {
        self.is_free(addr, page_up(len))
    }

    /// Checks a user range of whole pages; returns its end.
    fn range(addr: u64, len: u64) -> Result<u64, Errno> {
        if !addr.is_multiple_of(PAGE) || addr > USER_END || len > USER_END - addr {
            return Err(Errno::EINVAL);
        }
        Ok(addr + page_up(len))
    }

    /// Unmaps the range; what is not mapped is left so.
    pub fn unmap(&mut self, mem: &mut Mem, vfs: &mut Vfs, addr: u64, len: u64) -> Result<(), Errno> {
        let end = Space::range(addr, len)?;
        self.check_room()?;
        self.split(vfs, addr);
        self.split(vfs, end);
        let (first, last) = (self.index(addr), self.index(end));
        if first >= last {
            return Ok(());
        }
        for i in (first..last).rev() {
            release(self.vmas.remove(i).backing, mem, vfs);
        }
        if self.table.clear(mem, addr, end) {
            self.forget();
        }
        Ok(())
    }

    /// Changes what the program may do with a range that must be mapped throughout.
    pub fn protect(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        len: u64,
        prot: Prot,
    ) -> Result<(), Errno> {
        let end = Space::range(addr, len)?;
        if addr == end {
            return Ok(());
        }
        self.check_room()?;
        self.check_mapped(addr, end)?;
        self.split(vfs, addr);
        self.split(vfs, end);
        let (first, last) = (self.index(addr), self.index(end));
        let table = &self.table;
        for vma in &mut self.vmas[first..last] {
            vma.prot = prot;
            let shared = vma.backing.shared;
            table.each(mem, vma.start, vma.end, &mut |mem, at, _, page| {
                // A page without WRITE may be shared with another space: its first store decides.
                let keep =
                    if shared || page.prot().has(Prot::WRITE) { prot } else { prot.without(Prot::WRITE) };
                mem.ram.set_word(at, page.with(keep).entry());
                if prot.has(Prot::EXEC) {
                    arch::sync_icache(page.at(), PAGE_SIZE);
                }
                Ok(())
            })?;
        }
        for i in (first.saturating_sub(1)..last.min(self.vmas.len())).rev() {
            self.join(i);
        }
        self.forget();
        Ok(())
    }

    /// ENOMEM unless every page of the range is mapped.
    pub fn check_mapped(&self, addr: u64, end: u64) -> Result<(), Errno> {
        let mut at = addr;
        for vma in &self.vmas[self.index(addr)..] {
            if vma.start > at || at >= end {
                break;
            }
            at = vma.end;
        }
        if at < end { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// MADV_DONTNEED: private pages go back to their backing.
    pub fn discard(&mut self, mem: &mut Mem, addr: u64, len: u64) -> Result<(), Errno> {
        let end = Space::range(addr, len)?;
        self.check_mapped(addr, end)?;
        if self.table.clear(mem, addr, end) {
            self.forget();
        }
        Ok(())
    }

    /// Where the heap begins: behind the program.
    pub fn set_brk_start(&mut self, addr: u64) {
        (self.brk_start, self.brk) = (addr, addr);
    }

    /// Moves the end of the heap if possible; returns where it is.
    pub fn set_brk(&mut self, mem: &mut Mem, vfs: &mut Vfs, new: u64) -> u64 {
        if new < self.brk_start || new >= MMAP_TOP {
            return self.brk;
        }
        let (old_end, new_end) = (page_up(self.brk), page_up(new));
        if new_end > old_end {
            let room = self.check_room().is_ok() && self.is_free(old_end, new_end - old_end + PAGE);
            let available = (new_end - old_end) >> PAGE_SHIFT <= mem.total_frames() as u64;
            if !room || !available {
                return self.brk;
            }
            self.insert(Vma {
                start: old_end,
                end: new_end,
                prot: Prot::READ | Prot::WRITE,
                backing: Backing::ZERO,
            });
        } else if new_end < old_end && self.unmap(mem, vfs, new_end, old_end - new_end).is_err() {
            return self.brk;
        }
        self.brk = new;
        new
    }

    /// Resizes a mapping, moving it if `may_move`, or to `fixed`. Returns where it is.
    #[allow(clippy::too_many_arguments)] // As for `map`.
    pub fn remap(
        &mut self,
        mem: &mut Mem,
        vfs: &mut Vfs,
        addr: u64,
        old_len: u64,
        new_len: u64,
        may_move: bool,
        fixed: Option<u64>,
    ) -> Result<u64, Errno> {
        let old_end = Space::range(addr, old_len)?;
        let (old_len, new_len) = (old_end - addr, page_up(new_len));
        if new_len == 0 || new_len > USER_END || old_len == 0 {
            return Err(Errno::EINVAL);
        }
        let i = self.index(addr);
        let covers = |v: &&Vma| v.start <= addr && v.end >= old_end;
        let mut vma = *self.vmas.get(i).filter(covers).ok_or(Errno::EFAULT)?;
        if fixed.is_none() && new_len <= old_len {
            if new_len < old_len {
                self.unmap(mem, vfs, addr + new_len, old_len - new_len)?;
            }
            return Ok(addr);
        }
        self.check_room()?;
        if fixed.is_none() && vma.end == old_end && self.is_free(old_end, new_len - old_len) {
            self.vmas[i].end = addr + new_len;
            self.join(i);
            return Ok(addr);
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        let to = match fixed {
            Some(to) => {
                let to_end = Space::range(to, new_len)?;
                if to < old_end && addr < to_end || to < PAGE {
                    return Err(Errno::EINVAL);
                }
                self.unmap(mem, vfs, to, new_len)?;
                to
            }
            None => self.place(0, new_len)?,
        };
        vma.backing.page += (addr - vma.start) >> PAGE_SHIFT;
        (vma.start, vma.end) = (to, to + new_len);
        hold(vma.backing, vfs);
        self.insert(vma);
        let mut at = 0;
        while at < old_len.min(new_len) {
            if let Some(page) = self.table.take(mem, addr + at) {
                self.table.set(mem, to + at, page)?;
            }
            at += PAGE;
        }
        self.forget();
        self.unmap(mem, vfs, addr, old_len)?;
        Ok(to)
    }

    /// Makes the empty space in slot `to` a copy of the one in `from`: the same pages, which both will copy when they
    /// store.
    pub fn fork(
        spaces: &mut [Space],
        from: usize,
        to: usize,
        mem: &mut Mem,
        vfs: &mut Vfs,
    ) -> Result<(), Errno> {
        let (parent, child) = (&spaces[from], &spaces[to]);
        let mut result = Ok(());
        for vma in &parent.vmas {
            hold(vma.backing, vfs);
            if result.is_ok() {
                result = parent.table.copy_range(mem, &child.table, vma.start, vma.end, !vma.backing.shared);
            }
        }
        let (vmas, brk_start, brk) = (parent.vmas.clone(), parent.brk_start, parent.brk);
        let child = &mut spaces[to];
        (child.vmas, child.brk_start, child.brk) = (vmas, brk_start, brk);
        spaces[from].forget();
        result
    }

    /// Maps the signal return code, where the architecture has some.
    pub fn map_trampoline(&mut self, mem: &mut Mem, frame: Frame) -> Result<(), Errno> {
        let prot = Prot::READ | Prot::EXEC;
        mem.share(frame);
        self.table.set(mem, TRAMPOLINE, Page::new(frame, prot))?;
        self.insert(Vma { start: TRAMPOLINE, end: TRAMPOLINE + PAGE, prot, backing: Backing::ZERO });
        Ok(())
    }
}

fn hold(backing: Backing, vfs: &mut Vfs) {
    if let Some(inode) = backing.file {
        vfs.hold(inode);
    }
}

fn release(backing: Backing, mem: &mut Mem, vfs: &mut Vfs) {
    if let Some(inode) = backing.file {
        vfs.release(mem, inode);
    }
}

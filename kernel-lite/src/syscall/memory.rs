// SPDX-License-Identifier: MIT
//! Calls that change the address space.

use super::{Args, SysResult};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::Prot;
use crate::ram::{PAGE_SHIFT, PAGE_SIZE};
use crate::space::{Backing, page_up};

const MAP_PRIVATE: u64 = 2;
const MAP_TYPE: u64 = 0xf;
const MAP_FIXED: u64 = 0x10;
const MAP_ANONYMOUS: u64 = 0x20;
const MAP_FIXED_NOREPLACE: u64 = 0x10_0000;

/// PROT_*; W^X: a page is never both written and executed.
fn protection(k: &mut Kernel, bits: u64, addr: u64) -> Result<Prot, Errno> {
    if bits & !7 != 0 {
        return Err(Errno::EINVAL);
    }
    let prot = Prot(bits as u8);
    if prot.has(Prot::WRITE | Prot::EXEC) {
        k.monitor_line("memory both writable and executable refused", addr);
        return Err(Errno::EACCES);
    }
    Ok(prot)
}

/// `brk(end)`.
pub fn brk(k: &mut Kernel, a: Args) -> SysResult {
    let (space, mem, vfs) = k.space();
    Ok(space.set_brk(mem, vfs, a.get(0)))
}

/// `mmap(addr, length, prot, flags, fd, offset)`.
pub fn mmap(k: &mut Kernel, a: Args) -> SysResult {
    let (addr, len, flags, offset) = (a.get(0), a.get(1), a.get(3), a.get(5));
    let prot = protection(k, a.get(2), addr)?;
    let kind = flags & MAP_TYPE;
    if !(1..=3).contains(&kind) || offset % PAGE_SIZE as u64 != 0 || len == 0 {
        return Err(Errno::EINVAL.into());
    }
    // MAP_SHARED and MAP_SHARED_VALIDATE are the others.
    let shared = kind != MAP_PRIVATE;
    let (backing, nameless) = if flags & MAP_ANONYMOUS != 0 {
        if shared {
            let inode = k.vfs.anonymous(&mut k.mem)?;
            (Backing { file: Some(inode), page: 0, shared, nameless: true }, Some(inode))
        } else {
            (Backing::ZERO, None)
        }
    } else {
        let target = k.map_target(a.int(4))?;
        if !target.readable || shared && prot.has(Prot::WRITE) && !target.writable {
            return Err(Errno::EACCES.into());
        }
        if prot.has(Prot::EXEC) {
            k.may_execute(target.inode)?;
        }
        // The file's pages may not be numbered past what an address can say.
        offset.checked_add(page_up(len)).filter(|&end| end < 1 << 62).ok_or(Errno::EOVERFLOW)?;
        k.on_map(target.inode, shared && target.writable);
        (Backing { file: Some(target.inode), page: offset >> PAGE_SHIFT, shared, nameless: false }, None)
    };
    let noreplace = flags & MAP_FIXED_NOREPLACE != 0;
    let (space, mem, vfs) = k.space();
    let result = if noreplace && !space.vacant(addr, len) {
        Err(Errno::EEXIST)
    } else {
        space.map(mem, vfs, addr, len, flags & MAP_FIXED != 0 || noreplace, prot, backing)
    };
    if let Some(inode) = nameless {
        k.vfs.release(&mut k.mem, inode);
    }
    Ok(result?)
}

/// `munmap(addr, length)`.
pub fn munmap(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(1) == 0 {
        return Err(Errno::EINVAL.into());
    }
    let (space, mem, vfs) = k.space();
    space.unmap(mem, vfs, a.get(0), a.get(1))?;
    Ok(0)
}

/// `mprotect(addr, length, prot)`.
pub fn mprotect(k: &mut Kernel, a: Args) -> SysResult {
    let prot = protection(k, a.get(2), a.get(0))?;
    if prot.has(Prot::EXEC) {
        // Every file whose pages become instructions is asked for.
        let end = a.get(0).saturating_add(a.get(1));
        let mut at = a.get(0);
        while at < end {
            let Some(vma) = k.space().0.find(at).copied() else { break };
            if let Backing { file: Some(inode), nameless: false, .. } = vma.backing {
                k.may_execute(inode)?;
            }
            at = vma.end;
        }
    }
    let (space, mem, vfs) = k.space();
    space.protect(mem, vfs, a.get(0), a.get(1), prot)?;
    Ok(0)
}

/// `mremap(addr, old length, new length, flags, new addr)`.
pub fn mremap(k: &mut Kernel, a: Args) -> SysResult {
    let (may_move, fixed) = (a.get(3) & 1 != 0, a.get(3) & 2 != 0);
    if a.get(3) & !3 != 0 || fixed && !may_move {
        return Err(Errno::EINVAL.into());
    }
    let (space, mem, vfs) = k.space();
    Ok(space.remap(mem, vfs, a.get(0), a.get(1), a.get(2), may_move, fixed.then_some(a.get(4)))?)
}

/// `madvise(addr, length, advice)`.
pub fn madvise(k: &mut Kernel, a: Args) -> SysResult {
    const MADV_DONTNEED: u32 = 4;
    const MADV_FREE: u32 = 8;
    match a.uint(2) {
        // A page that may be thrown away may also be kept.
        0..=3 | MADV_FREE | 10..=21 => Ok(0),
        MADV_DONTNEED => {
            let (space, mem, _) = k.space();
            space.discard(mem, a.get(0), a.get(1))?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `mincore(addr, length, vector)`: everything is in memory.
pub fn mincore(k: &mut Kernel, a: Args) -> SysResult {
    let (addr, len) = (a.get(0), page_up(a.get(1)));
    if addr % PAGE_SIZE as u64 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let end = addr.checked_add(len).ok_or(Errno::ENOMEM)?;
    k.space().0.check_mapped(addr, end)?;
    for i in 0..len >> PAGE_SHIFT {
        k.write_user(a.get(2).wrapping_add(i), &[1])?;
    }
    Ok(0)
}

/// Calls about mapped ranges that ask for nothing here: `msync`, `mlock`, `munlock`.
pub fn mapped_range(k: &mut Kernel, a: Args) -> SysResult {
    let end = a.get(0).checked_add(page_up(a.get(1))).ok_or(Errno::ENOMEM)?;
    k.space().0.check_mapped(a.get(0), end)?;
    Ok(0)
}

// SPDX-License-Identifier: MIT
//! Making, moving, removing and listing names; the working directory.

use super::attributes::{device_number, existing, inode_at};
use super::{Args, SysResult};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::vfs::files::{AT_FDCWD, Object};
use crate::vfs::path::Found;
use crate::vfs::tree::{RENAME_EXCHANGE, RENAME_NOREPLACE};
use crate::vfs::{Body, Data, Device, InodeId};
use alloc::boxed::Box;
use alloc::vec::Vec;

const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const AT_REMOVEDIR: u32 = 0x200;
const AT_SYMLINK_FOLLOW: u32 = 0x400;
const AT_EMPTY_PATH: u32 = 0x1000;

const S_IFMT: u32 = 0o170000;
const S_IFREG: u32 = 0o100000;
const S_IFIFO: u32 = 0o010000;
const S_IFCHR: u32 = 0o020000;

/// Where a path argument leads; a link at its end is not followed.
fn name_at(k: &mut Kernel, dirfd: i32, path: u64) -> Result<Box<Found>, Errno> {
    let path = k.read_user_path(path)?;
    k.resolve(dirfd, &path, false)
}

/// The place of a name that is to be made: not there yet, in a real directory.
fn new_name(k: &mut Kernel, dirfd: i32, path: u64, directory: bool) -> Result<Box<Found>, Errno> {
    let found = name_at(k, dirfd, path)?;
    if found.inode.is_some() {
        return Err(Errno::EEXIST);
    }
    if found.slash && !directory {
        return Err(Errno::ENOENT);
    }
    if k.vfs.names(found.dir).is_none() {
        return Err(Errno::EACCES);
    }
    k.begin_creation()?;
    Ok(found)
}

fn permissions(k: &mut Kernel, mode: u32) -> u16 {
    mode as u16 & 0o7777 & !k.proc().fs.umask
}

/// `mkdirat(dirfd, path, mode)`
pub fn mkdirat(k: &mut Kernel, a: Args) -> SysResult {
    let found = new_name(k, a.int(0), a.get(1), true)?;
    let mode = permissions(k, a.uint(2));
    k.vfs.create_directory(&mut k.mem, found.dir, &found.name, mode)?;
    Ok(0)
}

/// `mkdir(path, mode)`
pub fn mkdir(k: &mut Kernel, a: Args) -> SysResult {
    mkdirat(k, at_cwd(a))
}

/// The arguments of an old call as those of its `*at` form.
fn at_cwd(a: Args) -> Args {
    let [first, second, third, fourth, fifth, _] = a.0;
    Args([AT_FDCWD as u64, first, second, third, fourth, fifth])
}

/// `mknodat(dirfd, path, mode, device)`: files, FIFOs, and the devices that `/dev` has, for roots of one's own.
pub fn mknodat(k: &mut Kernel, a: Args) -> SysResult {
    let body = match a.uint(2) & S_IFMT {
        0 | S_IFREG => Body::File(Data::new()),
        S_IFIFO => Body::Fifo(None),
        S_IFCHR => {
            let wanted = (a.uint(3) >> 8, a.uint(3) & 0xff);
            let known = [Device::Null, Device::Zero, Device::Full, Device::Random, Device::Console];
            let device = known.into_iter().find(|known| device_number(*known) == wanted);
            Body::Device(device.ok_or(Errno::EPERM)?)
        }
        _ => return Err(Errno::EPERM.into()),
    };
    let found = new_name(k, a.int(0), a.get(1), false)?;
    let mode = permissions(k, a.uint(2));
    let inode = k.vfs.create_in(&mut k.mem, found.dir, &found.name, body, mode)?;
    let writer = k.log_number();
    k.vfs.inode_mut(inode).writer = writer;
    Ok(0)
}

/// `mknod(path, mode, device)`
pub fn mknod(k: &mut Kernel, a: Args) -> SysResult {
    mknodat(k, at_cwd(a))
}

/// `symlinkat(target, dirfd, path)`
pub fn symlinkat(k: &mut Kernel, a: Args) -> SysResult {
    let target = k.read_user_path(a.get(0))?;
    if target.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    let found = new_name(k, a.int(1), a.get(2), false)?;
    let body = Body::Symlink(target.into());
    k.vfs.create_in(&mut k.mem, found.dir, &found.name, body, 0o777)?;
    Ok(0)
}

/// `symlink(target, path)`
pub fn symlink(k: &mut Kernel, a: Args) -> SysResult {
    let [target, path, ..] = a.0;
    symlinkat(k, Args([target, AT_FDCWD as u64, path, 0, 0, 0]))
}

/// `linkat(olddirfd, oldpath, newdirfd, newpath, flags)`
pub fn linkat(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(4);
    if flags & !(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let follow = if flags & AT_SYMLINK_FOLLOW == 0 { AT_SYMLINK_NOFOLLOW } else { 0 };
    let inode = inode_at(k, a.int(0), a.get(1), flags & AT_EMPTY_PATH | follow, false)?;
    let found = new_name(k, a.int(2), a.get(3), false)?;
    if inode.descriptor().is_some() {
        return Err(Errno::EXDEV.into());
    }
    if k.vfs.is_directory(inode) {
        return Err(Errno::EPERM.into());
    }
    k.vfs.link(found.dir, &found.name, inode)?;
    Ok(0)
}

/// `link(oldpath, newpath)`
pub fn link(k: &mut Kernel, a: Args) -> SysResult {
    let [old, new, ..] = a.0;
    linkat(k, Args([AT_FDCWD as u64, old, AT_FDCWD as u64, new, 0, 0]))
}

/// `unlinkat(dirfd, path, flags)`
pub fn unlinkat(k: &mut Kernel, a: Args) -> SysResult {
    if a.uint(2) & !AT_REMOVEDIR != 0 {
        return Err(Errno::EINVAL.into());
    }
    let found = name_at(k, a.int(0), a.get(1))?;
    let inode = found.existing()?;
    let directory = a.uint(2) & AT_REMOVEDIR != 0;
    if found.name.is_empty() {
        let path = k.read_user_path(a.get(1))?;
        return Err(unnamed(k, &path, found.dir, directory).into());
    }
    if inode.descriptor().is_some() {
        return Err(Errno::EPERM.into());
    }
    k.begin_change();
    if directory {
        k.vfs.remove_directory(&mut k.mem, found.dir, &found.name)?;
    } else {
        k.vfs.remove_file(&mut k.mem, found.dir, &found.name)?;
    }
    Ok(0)
}

/// Why what `/`, `.` or `..` names cannot be removed or moved.
fn unnamed(k: &mut Kernel, path: &[u8], dir: InodeId, directory: bool) -> Errno {
    let last = path.split(|byte| *byte == b'/').rfind(|name| !name.is_empty());
    match last {
        _ if !directory => Errno::EISDIR,
        Some(b".") => Errno::EINVAL,
        Some(b"..") => Errno::ENOTEMPTY,
        _ if dir == k.proc().fs.root => Errno::EBUSY,
        _ => Errno::ENOTDIR,
    }
}

/// `unlink(path)`
pub fn unlink(k: &mut Kernel, a: Args) -> SysResult {
    unlinkat(k, Args([AT_FDCWD as u64, a.get(0), 0, 0, 0, 0]))
}

/// `rmdir(path)`
pub fn rmdir(k: &mut Kernel, a: Args) -> SysResult {
    let flags = u64::from(AT_REMOVEDIR);
    unlinkat(k, Args([AT_FDCWD as u64, a.get(0), flags, 0, 0, 0]))
}

/// `renameat2(olddirfd, oldpath, newdirfd, newpath, flags)`
pub fn renameat2(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(4);
    let both = RENAME_NOREPLACE | RENAME_EXCHANGE;
    if flags & !both != 0 || flags & both == both {
        return Err(Errno::EINVAL.into());
    }
    let from = name_at(k, a.int(0), a.get(1))?;
    let to = name_at(k, a.int(2), a.get(3))?;
    let source = from.existing()?;
    if from.name.is_empty() || to.name.is_empty() {
        return Err(Errno::EBUSY.into());
    }
    if source.descriptor().is_some() || to.inode.is_some_and(|inode| inode.descriptor().is_some()) {
        return Err(Errno::EPERM.into());
    }
    if (from.slash || to.slash) && !k.vfs.is_directory(source) {
        return Err(Errno::ENOTDIR.into());
    }
    k.begin_change();
    let (from, to) = ((from.dir, &from.name[..]), (to.dir, &to.name[..]));
    k.vfs.rename(&mut k.mem, from, to, flags)?;
    Ok(0)
}

/// `renameat(olddirfd, oldpath, newdirfd, newpath)`
pub fn renameat(k: &mut Kernel, a: Args) -> SysResult {
    let [olddirfd, oldpath, newdirfd, newpath, ..] = a.0;
    renameat2(k, Args([olddirfd, oldpath, newdirfd, newpath, 0, 0]))
}

/// `rename(oldpath, newpath)`
pub fn rename(k: &mut Kernel, a: Args) -> SysResult {
    let [old, new, ..] = a.0;
    renameat2(k, Args([AT_FDCWD as u64, old, AT_FDCWD as u64, new, 0, 0]))
}

/// `readlinkat(dirfd, path, buf, size)`
pub fn readlinkat(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(3) <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let path = k.read_user_path(a.get(1))?;
    let inode = if path.is_empty() {
        k.file(a.int(0))?.inode.ok_or(Errno::ENOENT)?
    } else {
        k.resolve_existing(a.int(0), &path, false)?
    };
    let process = k.thread().process;
    let process = &k.processes[process];
    let target = k.vfs.link_target(&process.fs, &process.files, inode)?;
    let count = target.len().min(a.int(3) as usize);
    k.write_user(a.get(2), &target[..count])?;
    Ok(count as u64)
}

/// `readlink(path, buf, size)`
pub fn readlink(k: &mut Kernel, a: Args) -> SysResult {
    readlinkat(k, at_cwd(a))
}

/// `getcwd(buf, size)`
pub fn getcwd(k: &mut Kernel, a: Args) -> SysResult {
    let (root, cwd) = (k.proc().fs.root, k.proc().fs.cwd);
    if k.vfs.inode(cwd).links == 0 {
        return Err(Errno::ENOENT.into());
    }
    let mut path = k.vfs.path_of(root, cwd);
    path.push(0);
    if (a.get(1) as usize) < path.len() {
        return Err(Errno::ERANGE.into());
    }
    k.write_user(a.get(0), &path)?;
    Ok(path.len() as u64)
}

/// A directory becomes the process's working directory, or its root.
fn set_place(k: &mut Kernel, inode: InodeId, root: bool) -> SysResult {
    if inode.descriptor().is_some() || k.vfs.names(inode).is_none() {
        return Err(Errno::ENOTDIR.into());
    }
    k.vfs.hold(inode);
    let fs = &mut k.proc().fs;
    let before = core::mem::replace(if root { &mut fs.root } else { &mut fs.cwd }, inode);
    k.vfs.release(&mut k.mem, before);
    Ok(0)
}

/// `chdir(path)`
pub fn chdir(k: &mut Kernel, a: Args) -> SysResult {
    let inode = existing(k, a.get(0))?;
    set_place(k, inode, false)
}

/// `fchdir(fd)`
pub fn fchdir(k: &mut Kernel, a: Args) -> SysResult {
    let inode = k.file(a.int(0))?.inode.ok_or(Errno::ENOTDIR)?;
    set_place(k, inode, false)
}

/// `chroot(path)`
pub fn chroot(k: &mut Kernel, a: Args) -> SysResult {
    let inode = existing(k, a.get(0))?;
    set_place(k, inode, true)
}

/// `umask(mask)`
pub fn umask(k: &mut Kernel, a: Args) -> SysResult {
    let mask = a.uint(0) as u16 & 0o777;
    Ok(u64::from(core::mem::replace(&mut k.proc().fs.umask, mask)))
}

/// `mount`, `umount2`, `pivot_root`: a step's root is what it is.
pub fn not_permitted(_: &mut Kernel, _: Args) -> SysResult {
    Err(Errno::EPERM.into())
}

/// `d_type` of Linux `include/linux/fs_types.h`.
fn entry_type(body: &Body) -> u8 {
    match body {
        Body::Fifo(_) => 1,
        Body::Device(_) => 2,
        Body::Directory { .. } | Body::SelfFd => 4,
        Body::File(_) => 8,
        Body::Symlink(_) | Body::SelfExe => 10,
    }
}

/// `getdents64(fd, buf, size)`
pub fn getdents64(k: &mut Kernel, a: Args) -> SysResult {
    list(k, a, false)
}

/// `getdents(fd, buf, size)`: the type is the record's last byte.
pub fn getdents(k: &mut Kernel, a: Args) -> SysResult {
    list(k, a, true)
}

/// An entry of a directory: the position behind it, name, inode number, type.
struct Listed {
    next: u64,
    name: Vec<u8>,
    number: u64,
    kind: u8,
}

/// The entry at a position: 0 is `.`, 1 is `..`, then the names by their numbers.
fn entry_at(k: &mut Kernel, dir: InodeId, position: u64) -> Option<Listed> {
    let process = k.thread().process;
    let files = &k.processes[process].files;
    let node = &k.vfs.inode(dir).body;
    let (next, name, inode): (u64, &[u8], InodeId) = match (position, node) {
        (0, _) => (1, b".", dir),
        (1, Body::Directory { parent, .. }) if dir != k.processes[process].fs.root => (2, b"..", *parent),
        (1, _) => (2, b"..", dir),
        (_, Body::Directory { names, .. }) => {
            let (number, name, inode) = names.next(position - 2)?;
            (number + 2, name, inode)
        }
        _ => {
            let fd = files.next(i32::try_from(position - 2).ok()?)?;
            let mut name = Vec::new();
            crate::events::decimal(&mut name, fd as u64);
            return Some(Listed { next: fd as u64 + 3, name, number: position, kind: 10 });
        }
    };
    let kind = entry_type(&k.vfs.inode(inode).body);
    Some(Listed { next, name: name.to_vec(), number: inode.0 as u64 + 1, kind })
}

fn list(k: &mut Kernel, a: Args, old: bool) -> SysResult {
    let file = k.file(a.int(0))?;
    if matches!(file.object, Object::Place) {
        return Err(Errno::EBADF.into());
    }
    if !matches!(file.object, Object::Directory) {
        return Err(Errno::ENOTDIR.into());
    }
    let (dir, mut position) = (file.inode.unwrap_or_default(), file.position);
    let size = u64::from(a.uint(2));
    let mut done = 0;
    if k.vfs.inode(dir).links == 0 && k.vfs.names(dir).is_some() {
        return Err(Errno::ENOENT.into());
    }
    while let Some(entry) = entry_at(k, dir, position) {
        let head = if old { 18 } else { 19 };
        let length = (head + entry.name.len() + if old { 2 } else { 1 }).next_multiple_of(8);
        if done + length as u64 > size {
            if done == 0 {
                return Err(Errno::EINVAL.into());
            }
            break;
        }
        let mut record = [0; 288];
        record[..8].copy_from_slice(&entry.number.to_le_bytes());
        record[8..16].copy_from_slice(&entry.next.to_le_bytes());
        record[16..18].copy_from_slice(&(length as u16).to_le_bytes());
        record[if old { length - 1 } else { 18 }] = entry.kind;
        record[head..head + entry.name.len()].copy_from_slice(&entry.name);
        let written = k.write_user(a.get(1).wrapping_add(done), &record[..length]);
        match written {
            Ok(()) => {}
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
        done += length as u64;
        position = entry.next;
    }
    k.file(a.int(0))?.position = position;
    Ok(done)
}

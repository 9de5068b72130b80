// SPDX-License-Identifier: MIT
//! Opening and closing: open files and the descriptors that lead to them.

use super::{Args, SysResult};
use crate::arch::{ABI, Abi};
use crate::errno::Errno;
use crate::events::Kind;
use crate::kernel::Kernel;
use crate::thread::Key;
use crate::vfs::files::{AT_FDCWD, DESCRIPTORS_MAX, FileId, Object, flag};
use crate::vfs::path::Found;
use crate::vfs::{Body, Data, InodeId, pipe};

/// O_DIRECTORY, O_NOFOLLOW and O_LARGEFILE differ between the architectures: Linux
/// `include/uapi/asm-generic/fcntl.h` and `arch/arm64/include/uapi/asm/fcntl.h`.
const O_DIRECTORY: u32 = match ABI {
    Abi::Aarch64 => 0o40000,
    Abi::X86_64 => 0o200000,
};
const O_NOFOLLOW: u32 = match ABI {
    Abi::Aarch64 => 0o100000,
    Abi::X86_64 => 0o400000,
};
const O_LARGEFILE: u32 = match ABI {
    Abi::Aarch64 => 0o400000,
    Abi::X86_64 => 0o100000,
};

const CLOSE_RANGE_CLOEXEC: u32 = 4;
const CLOSE_RANGE_UNSHARE: u32 = 2;

/// `openat(dirfd, path, flags, mode)`
pub fn openat(k: &mut Kernel, a: Args) -> SysResult {
    open_path(k, a.int(0), a.get(1), a.uint(2), a.uint(3))
}

/// `open(path, flags, mode)`
pub fn open(k: &mut Kernel, a: Args) -> SysResult {
    open_path(k, AT_FDCWD, a.get(0), a.uint(1), a.uint(2))
}

/// `creat(path, mode)`
pub fn creat(k: &mut Kernel, a: Args) -> SysResult {
    let flags = flag::WRITE_ONLY | flag::CREATE | flag::TRUNCATE;
    open_path(k, AT_FDCWD, a.get(0), flags, a.uint(1))
}

/// `openat2(dirfd, path, how, size)`: `struct open_how` without `resolve` restrictions.
pub fn openat2(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(3) < 24 {
        return Err(Errno::EINVAL.into());
    }
    let at = a.get(2);
    let (flags, mode) = (k.read_user_u64(at)?, k.read_user_u64(at.wrapping_add(8))?);
    let resolve = k.read_user_u64(at.wrapping_add(16))?;
    if resolve != 0 || flags > u64::from(u32::MAX) || mode > 0o7777 {
        return Err(Errno::EINVAL.into());
    }
    open_path(k, a.int(0), a.get(1), flags as u32, mode as u32)
}

fn open_path(k: &mut Kernel, dirfd: i32, path: u64, flags: u32, mode: u32) -> SysResult {
    let path = k.read_user_path(path)?;
    k.free_descriptor(0)?;
    let file = open_file(k, dirfd, &path, flags, mode)?;
    let fd = k.install(file, 0, flags & flag::CLOSE_ON_EXEC != 0)?;
    Ok(fd as u64)
}

/// Opens a path for the current process, and logs it.
pub fn open_file(
    k: &mut Kernel,
    dirfd: i32,
    path: &[u8],
    flags: u32,
    mode: u32,
) -> Result<FileId, super::Stop> {
    if flags & flag::ACCESS == flag::ACCESS {
        return Err(Errno::EINVAL.into());
    }
    let place = flags & flag::PATH != 0;
    let create = flags & flag::CREATE != 0 && !place;
    let exclusive = create && flags & flag::EXCLUSIVE != 0;
    let follow = flags & O_NOFOLLOW == 0 && !exclusive;
    let found = match k.resolve(dirfd, path, follow) {
        Ok(found) => found,
        Err(error) => {
            k.note_absence(dirfd, path, error);
            return Err(error.into());
        }
    };
    if flags & flag::TEMPORARY == flag::TEMPORARY && flags & O_DIRECTORY != 0 && !place {
        return Ok(open_temporary(k, &found, flags, mode)?);
    }
    match found.inode {
        Some(_) if exclusive => Err(Errno::EEXIST.into()),
        Some(inode) => open_existing(k, &found, inode, flags),
        None if !create => {
            k.note_absence(dirfd, path, Errno::ENOENT);
            Err(Errno::ENOENT.into())
        }
        None if found.slash => Err(Errno::EISDIR.into()),
        None if k.vfs.names(found.dir).is_none() => Err(Errno::EACCES.into()),
        None if flags & O_DIRECTORY != 0 => Err(Errno::EINVAL.into()),
        None => {
            k.begin_creation()?;
            let mode = mode as u16 & !k.proc().fs.umask & 0o7777;
            let body = Body::File(Data::new());
            let inode = k.vfs.create_in(&mut k.mem, found.dir, &found.name, body, mode)?;
            let writer = k.log_number();
            k.vfs.inode_mut(inode).writer = writer;
            Ok(add(k, Object::File, inode, &found, flags)?)
        }
    }
}

fn open_temporary(k: &mut Kernel, found: &Found, flags: u32, mode: u32) -> Result<FileId, Errno> {
    let dir = found.existing()?;
    if k.vfs.names(dir).is_none() {
        return Err(Errno::ENOTDIR);
    }
    if flags & flag::ACCESS == 0 {
        return Err(Errno::EINVAL);
    }
    let mode = mode as u16 & !k.proc().fs.umask;
    nameless(k, mode, flags & STATUS, b"/tmp/ (deleted)")
}

fn nameless(k: &mut Kernel, mode: u16, flags: u32, shown: &[u8]) -> Result<FileId, Errno> {
    k.begin_creation()?;
    let inode = k.vfs.create(Body::File(Data::new()), mode)?;
    k.vfs.add_open(&mut k.mem, Object::File, Some(inode), flags, shown)
}

/// What of the flags stays with the open file.
const STATUS: u32 = flag::ACCESS | flag::APPEND | flag::NONBLOCK | flag::PATH;

fn add(k: &mut Kernel, object: Object, inode: InodeId, found: &Found, flags: u32) -> Result<FileId, Errno> {
    let root = k.proc().fs.root;
    let name = k.vfs.path_of_found(root, found);
    k.vfs.hold(inode);
    k.vfs.add_open(&mut k.mem, object, Some(inode), flags & STATUS, &name)
}

fn open_existing(k: &mut Kernel, found: &Found, inode: InodeId, flags: u32) -> Result<FileId, super::Stop> {
    let (place, access) = (flags & flag::PATH != 0, flags & flag::ACCESS);
    if let Some(fd) = inode.descriptor() {
        if inode.is_descriptor_link() {
            return Err(Errno::ELOOP.into());
        }
        // A pipe's end, opened again by its name in /proc/self/fd.
        let file = k.file(fd)?;
        let (object, name) = (file.object, file.name.clone());
        let again = k.vfs.add_open(&mut k.mem, object, None, flags & STATUS, &name)?;
        if let Object::Pipe(pipe) = object {
            k.vfs.pipes.open(pipe, access);
        }
        return Ok(again);
    }
    let writes = access != 0;
    let node = k.vfs.inode(inode);
    let object = match &node.body {
        Body::Symlink(_) | Body::SelfExe if place => Object::Place,
        Body::Symlink(_) | Body::SelfExe => return Err(Errno::ELOOP.into()),
        Body::Directory { .. } | Body::SelfFd if place => Object::Place,
        Body::Directory { .. } | Body::SelfFd if writes || flags & flag::CREATE != 0 => {
            return Err(Errno::EISDIR.into());
        }
        Body::Directory { .. } | Body::SelfFd => Object::Directory,
        _ if flags & O_DIRECTORY != 0 => return Err(Errno::ENOTDIR.into()),
        _ if place => Object::Place,
        Body::File(_) => Object::File,
        Body::Device(device) => Object::Device(*device),
        Body::Fifo(pipe) => {
            let pipe = *pipe;
            return open_fifo(k, found, inode, pipe, flags);
        }
    };
    if flags & O_DIRECTORY != 0 && !k.vfs.is_directory(inode) {
        return Err(Errno::ENOTDIR.into());
    }
    if matches!(object, Object::File) {
        let process = k.log_number();
        if writes {
            k.vfs.inode_mut(inode).writer = process;
        }
        if flags & flag::TRUNCATE != 0 && writes && k.vfs.size(inode) > 0 {
            k.begin_change();
            if let Some(data) = k.vfs.data_mut(inode) {
                data.truncate(&mut k.mem, 0)?;
            }
        }
    }
    let file = add(k, object, inode, found, flags)?;
    if matches!(object, Object::File) && flags & flag::ACCESS != flag::WRITE_ONLY {
        let process = k.log_number();
        if core::mem::replace(&mut k.vfs.inode_mut(inode).reader, process) != process {
            let name = k.vfs.open.get(file).name.to_vec();
            k.note(Kind::Read, &name);
        }
    }
    Ok(file)
}

/// A writer waits for a reader. A reader does not wait here but when it reads for the first time: so that the
/// writer can see it although a call that waits has changed nothing.
fn open_fifo(
    k: &mut Kernel,
    found: &Found,
    inode: InodeId,
    pipe: Option<u32>,
    flags: u32,
) -> Result<FileId, super::Stop> {
    let id = match pipe {
        Some(id) => id,
        None => {
            let id = k.vfs.pipes.create()? as u32;
            k.vfs.inode_mut(inode).body = Body::Fifo(Some(id));
            id
        }
    };
    let access = flags & flag::ACCESS;
    if access == flag::WRITE_ONLY && k.vfs.pipes.get(id).readers == 0 {
        if flags & flag::NONBLOCK != 0 {
            return Err(Errno::ENXIO.into());
        }
        return Err(k.block(Key::Pipe(id), None, true));
    }
    k.vfs.pipes.open(id, access);
    let file = match add(k, Object::Pipe(id), inode, found, flags) {
        Ok(file) => file,
        Err(error) => {
            if k.vfs.pipes.close(&mut k.mem, id, access) {
                k.vfs.inode_mut(inode).body = Body::Fifo(None);
            }
            return Err(error.into());
        }
    };
    k.vfs.open.get_mut(file).fresh = true;
    k.wake(Key::Pipe(id));
    Ok(file)
}

/// `close(fd)`
pub fn close(k: &mut Kernel, a: Args) -> SysResult {
    close_descriptor(k, a.int(0))?;
    Ok(0)
}

fn close_descriptor(k: &mut Kernel, fd: i32) -> Result<(), Errno> {
    let file = k.proc().files.take(fd)?;
    k.close_file(file);
    Ok(())
}

/// `close_range(first, last, flags)`
pub fn close_range(k: &mut Kernel, a: Args) -> SysResult {
    let (first, last, flags) = (a.uint(0), a.uint(1), a.uint(2));
    if first > last || flags & !(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut next = first.min(i32::MAX as u32) as i32;
    while let Some(fd) = k.proc().files.next(next) {
        if fd as u32 > last {
            break;
        }
        if flags & CLOSE_RANGE_CLOEXEC != 0 {
            k.proc().files.slot(fd)?.close_on_exec = true;
        } else {
            close_descriptor(k, fd)?;
        }
        next = fd + 1;
    }
    Ok(0)
}

/// `dup(fd)`
pub fn dup(k: &mut Kernel, a: Args) -> SysResult {
    duplicate(k, a.int(0), 0, false)
}

fn duplicate(k: &mut Kernel, fd: i32, from: usize, close_on_exec: bool) -> SysResult {
    let file = k.file_id(fd)?;
    k.vfs.share_open(file);
    Ok(k.install(file, from, close_on_exec)? as u64)
}

/// `dup2(old, new)`
pub fn dup2(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(0) == a.int(1) {
        k.file_id(a.int(0))?;
        return Ok(a.int(1) as u64);
    }
    duplicate_to(k, a.int(0), a.int(1), false)
}

/// `dup3(old, new, flags)`
pub fn dup3(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(0) == a.int(1) || a.uint(2) & !flag::CLOSE_ON_EXEC != 0 {
        return Err(Errno::EINVAL.into());
    }
    duplicate_to(k, a.int(0), a.int(1), a.uint(2) != 0)
}

fn duplicate_to(k: &mut Kernel, old: i32, new: i32, close_on_exec: bool) -> SysResult {
    let file = k.file_id(old)?;
    if new < 0 || new as usize >= k.descriptor_limit() {
        return Err(Errno::EBADF.into());
    }
    k.vfs.share_open(file);
    let before = k.proc().files.take(new);
    if let Err(error) = k.proc().files.put(new as usize, file, close_on_exec) {
        k.close_file(file);
        return Err(error.into());
    }
    if let Ok(before) = before {
        k.close_file(before);
    }
    Ok(new as u64)
}

/// `pipe2(fds, flags)`
pub fn pipe2(k: &mut Kernel, a: Args) -> SysResult {
    make_pipe(k, a.get(0), a.uint(1))
}

/// `pipe(fds)`
pub fn pipe(k: &mut Kernel, a: Args) -> SysResult {
    make_pipe(k, a.get(0), 0)
}

fn make_pipe(k: &mut Kernel, fds: u64, flags: u32) -> SysResult {
    // O_DIRECT (packets) is not among them.
    if flags & !(flag::CLOSE_ON_EXEC | flag::NONBLOCK) != 0 {
        return Err(Errno::EINVAL.into());
    }
    if k.heap_is_low() {
        return Err(Errno::ENFILE.into());
    }
    let id = k.vfs.pipes.create()? as u32;
    let reader = pipe_end(k, id, flags)?;
    let result = pipe_end(k, id, flags | flag::WRITE_ONLY).and_then(|writer| {
        let written = k.write_user_u64(fds, (reader | writer << 32) as u64);
        if written.is_err() {
            close_descriptor(k, writer as i32)?;
        }
        written
    });
    if result.is_err() {
        close_descriptor(k, reader as i32)?;
    }
    result?;
    Ok(0)
}

/// A descriptor for the end of a new pipe that the access mode says. On failure the end is closed.
fn pipe_end(k: &mut Kernel, id: u32, flags: u32) -> Result<usize, Errno> {
    let access = flags & flag::ACCESS;
    let mut name = alloc::vec::Vec::from(&b"pipe:["[..]);
    crate::events::decimal(&mut name, u64::from(id) + 1);
    name.push(b']');
    k.vfs.pipes.open(id, access);
    match k.vfs.add_open(&mut k.mem, Object::Pipe(id), None, flags & STATUS, &name) {
        Ok(file) => k.install(file, 0, flags & flag::CLOSE_ON_EXEC != 0),
        Err(error) => {
            k.vfs.pipes.close(&mut k.mem, id, access);
            Err(error)
        }
    }
}

/// `memfd_create(name, flags)`
pub fn memfd_create(k: &mut Kernel, a: Args) -> SysResult {
    let name = k.read_user_string(a.get(0), 249, Errno::EINVAL)?;
    // MFD_CLOEXEC, MFD_ALLOW_SEALING (there are no seals to add).
    if a.uint(1) & !3 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut full = alloc::vec::Vec::from(&b"/memfd:"[..]);
    full.extend_from_slice(&name);
    let file = nameless(k, 0o777, flag::READ_WRITE, &full)?;
    Ok(k.install(file, 0, a.uint(1) & 1 != 0)? as u64)
}

const F_DUPFD: u32 = 0;
const F_GETFD: u32 = 1;
const F_SETFD: u32 = 2;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;
const F_GETLK: u32 = 5;
const F_SETLK: u32 = 6;
const F_SETLKW: u32 = 7;
const F_SETOWN: u32 = 8;
const F_GETOWN: u32 = 9;
const F_OFD_GETLK: u32 = 36;
const F_OFD_SETLK: u32 = 37;
const F_OFD_SETLKW: u32 = 38;
const F_DUPFD_CLOEXEC: u32 = 1030;
const F_SETPIPE_SZ: u32 = 1031;
const F_GETPIPE_SZ: u32 = 1032;
const FD_CLOEXEC: u64 = 1;
const F_UNLCK: u16 = 2;

/// `fcntl(fd, command, argument)`
pub fn fcntl(k: &mut Kernel, a: Args) -> SysResult {
    let (fd, argument) = (a.int(0), a.get(2));
    let file = k.file(fd)?;
    match a.uint(1) {
        command @ (F_DUPFD | F_DUPFD_CLOEXEC) => {
            if argument >= DESCRIPTORS_MAX as u64 {
                return Err(Errno::EINVAL.into());
            }
            duplicate(k, fd, argument as usize, command == F_DUPFD_CLOEXEC)
        }
        F_GETFD => Ok(u64::from(k.proc().files.slot(fd)?.close_on_exec)),
        F_SETFD => {
            k.proc().files.slot(fd)?.close_on_exec = argument & FD_CLOEXEC != 0;
            Ok(0)
        }
        F_GETFL => {
            let large = if file.inode.is_none() { 0 } else { O_LARGEFILE };
            Ok(u64::from(file.flags | large))
        }
        F_SETFL => {
            let changeable = flag::APPEND | flag::NONBLOCK;
            file.flags = (file.flags & !changeable) | (argument as u32 & changeable);
            Ok(0)
        }
        F_GETLK | F_OFD_GETLK => {
            k.write_user(argument, &F_UNLCK.to_le_bytes())?;
            Ok(0)
        }
        F_SETLK | F_SETLKW | F_OFD_SETLK | F_OFD_SETLKW => {
            k.read_user_u64(argument)?;
            Ok(0)
        }
        F_SETOWN => Ok(0),
        F_GETOWN => Ok(0),
        F_GETPIPE_SZ | F_SETPIPE_SZ if !matches!(file.object, Object::Pipe(_)) => Err(Errno::EBADF.into()),
        F_GETPIPE_SZ => Ok(pipe::CAPACITY as u64),
        F_SETPIPE_SZ if argument <= pipe::CAPACITY as u64 => Ok(pipe::CAPACITY as u64),
        F_SETPIPE_SZ => Err(Errno::EPERM.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `flock(fd, operation)`: always granted; steps do not compete.
pub fn flock(k: &mut Kernel, a: Args) -> SysResult {
    k.file_id(a.int(0))?;
    // LOCK_SH, LOCK_EX, LOCK_UN, each with LOCK_NB.
    match a.uint(1) & !4 {
        1 | 2 | 8 => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

// SPDX-License-Identifier: MIT
//! What a file is, and changing it: stat in its forms, modes, owners, times, sizes.
//!
//! Over 500 lines: thirty calls are variants of a few functions, which stand before them.

use super::{Args, SysResult};
use crate::arch::{ABI, Abi};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::vfs::files::{AT_FDCWD, Object};
use crate::vfs::{Body, Device, InodeId};

const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const AT_EACCESS: u32 = 0x200;
const AT_NO_AUTOMOUNT: u32 = 0x800;
const AT_EMPTY_PATH: u32 = 0x1000;
const AT_STATX_SYNC_TYPE: u32 = 0x6000;

const UTIME_NOW: u64 = 0x3fff_ffff;
const UTIME_OMIT: u64 = 0x3fff_fffe;
const SECOND: u64 = 1_000_000_000;
/// Seconds that a time in nanoseconds (u64) can hold.
const SECONDS_MAX: u64 = u64::MAX / SECOND - 1;

/// The attributes that all forms of stat give.
struct Attributes {
    number: u64,
    mode: u32,
    links: u32,
    /// Major and minor number of a device.
    device: (u32, u32),
    size: u64,
    sectors: u64,
    atime: u64,
    mtime: u64,
    ctime: u64,
}

fn attributes(k: &Kernel, id: InodeId) -> Attributes {
    let inode = k.vfs.inode(id);
    let (kind, device, sectors) = match &inode.body {
        Body::File(data) => (0o100000, (0, 0), data.sectors()),
        Body::Directory { .. } | Body::SelfFd => (0o040000, (0, 0), 0),
        Body::Symlink(_) | Body::SelfExe => (0o120000, (0, 0), 0),
        Body::Fifo(_) => (0o010000, (0, 0), 0),
        Body::Device(device) => (0o020000, device_number(*device), 0),
    };
    Attributes {
        number: id.0 as u64 + 1,
        mode: kind | u32::from(inode.mode),
        links: inode.links,
        device,
        size: k.vfs.size(id),
        sectors,
        atime: inode.atime,
        mtime: inode.mtime,
        ctime: inode.ctime,
    }
}

/// Numbers of Linux `Documentation/admin-guide/devices.txt`.
pub fn device_number(device: Device) -> (u32, u32) {
    match device {
        Device::Null => (1, 3),
        Device::Zero => (1, 5),
        Device::Full => (1, 7),
        Device::Random => (1, 9),
        Device::Console => (5, 1),
    }
}

/// The attributes of something without an inode: a pipe, or a link in `/proc/self/fd`.
fn unnamed(k: &Kernel, mode: u32) -> Attributes {
    let now = k.vfs.now;
    Attributes {
        number: 0,
        mode,
        links: 1,
        device: (0, 0),
        size: 0,
        sectors: 0,
        atime: now,
        mtime: now,
        ctime: now,
    }
}

fn of_descriptor(k: &mut Kernel, fd: i32) -> Result<Attributes, Errno> {
    let file = k.file(fd)?;
    let (object, inode) = (file.object, file.inode);
    match (inode, object) {
        (Some(inode), _) => Ok(attributes(k, inode)),
        (None, Object::PipeRead(pipe) | Object::PipeWrite(pipe) | Object::PipeBoth(pipe)) => {
            let mut found = unnamed(k, 0o010600);
            found.number = u64::from(pipe) + 1;
            Ok(found)
        }
        (None, _) => Err(Errno::EBADF),
    }
}

/// What a path, or with AT_EMPTY_PATH and an empty path a descriptor, leads to.
fn of_path(k: &mut Kernel, dirfd: i32, path: u64, flags: u32) -> Result<Attributes, Errno> {
    if flags & AT_EMPTY_PATH != 0 && k.read_user_string(path, 0, Errno::EINVAL).is_ok() {
        return match dirfd {
            AT_FDCWD => {
                let cwd = k.proc().fs.cwd;
                Ok(attributes(k, cwd))
            }
            fd => of_descriptor(k, fd),
        };
    }
    let path = k.read_user_path(path)?;
    let inode = locate(k, dirfd, &path, flags & AT_SYMLINK_NOFOLLOW == 0)?;
    match inode.descriptor() {
        Some(_) if inode.is_descriptor_link() => Ok(unnamed(k, 0o120700)),
        Some(fd) => of_descriptor(k, fd),
        None => Ok(attributes(k, inode)),
    }
}

/// What a path argument leads to.
pub fn existing(k: &mut Kernel, path: u64) -> Result<InodeId, Errno> {
    let path = k.read_user_path(path)?;
    k.resolve_existing(AT_FDCWD, &path, true)
}

/// An existing path's inode. What is missing although the closure has it is logged.
fn locate(k: &mut Kernel, dirfd: i32, path: &[u8], follow: bool) -> Result<InodeId, Errno> {
    let found = k.resolve_existing(dirfd, path, follow);
    if let Err(error) = found {
        k.note_absence(dirfd, path, error);
    }
    found
}

/// A device number as `stat` packs it (`new_encode_dev`).
fn packed((major, minor): (u32, u32)) -> u64 {
    u64::from(minor & 0xff) | u64::from(major) << 8 | u64::from(minor & !0xff) << 12
}

/// The device number of the one file system.
const FILE_SYSTEM: (u32, u32) = (0, 1);

/// `struct stat`: Linux `include/uapi/asm-generic/stat.h` and `arch/x86/include/uapi/asm/stat.h`.
fn put_stat(k: &mut Kernel, addr: u64, found: &Attributes) -> SysResult {
    let mut raw = [0u8; 144];
    let mut put = |offset: usize, bytes: &[u8]| raw[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(0, &packed(FILE_SYSTEM).to_le_bytes());
    put(8, &found.number.to_le_bytes());
    let size = match ABI {
        Abi::X86_64 => {
            put(16, &u64::from(found.links).to_le_bytes());
            put(24, &found.mode.to_le_bytes());
            put(40, &packed(found.device).to_le_bytes());
            144
        }
        Abi::Aarch64 => {
            put(16, &found.mode.to_le_bytes());
            put(20, &found.links.to_le_bytes());
            put(32, &packed(found.device).to_le_bytes());
            128
        }
    };
    put(48, &found.size.to_le_bytes());
    put(56, &4096u32.to_le_bytes());
    put(64, &found.sectors.to_le_bytes());
    for (offset, time) in [(72, found.atime), (88, found.mtime), (104, found.ctime)] {
        put(offset, &(time / SECOND).to_le_bytes());
        put(offset + 8, &(time % SECOND).to_le_bytes());
    }
    k.write_user(addr, &raw[..size])?;
    Ok(0)
}

/// `newfstatat(dirfd, path, buf, flags)`
pub fn newfstatat(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(3);
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let found = of_path(k, a.int(0), a.get(1), flags)?;
    put_stat(k, a.get(2), &found)
}

/// `fstat(fd, buf)`
pub fn fstat(k: &mut Kernel, a: Args) -> SysResult {
    let found = of_descriptor(k, a.int(0))?;
    put_stat(k, a.get(1), &found)
}

/// `stat(path, buf)`
pub fn stat(k: &mut Kernel, a: Args) -> SysResult {
    let found = of_path(k, AT_FDCWD, a.get(0), 0)?;
    put_stat(k, a.get(1), &found)
}

/// `lstat(path, buf)`
pub fn lstat(k: &mut Kernel, a: Args) -> SysResult {
    let found = of_path(k, AT_FDCWD, a.get(0), AT_SYMLINK_NOFOLLOW)?;
    put_stat(k, a.get(1), &found)
}

/// `statx(dirfd, path, flags, mask, buf)`: `struct statx` of Linux `include/uapi/linux/stat.h`.
pub fn statx(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(2);
    let known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    // The highest bit of the mask is reserved.
    if flags & !known != 0 || a.uint(3) >> 31 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let found = of_path(k, a.int(0), a.get(1), flags)?;
    let mut raw = [0u8; 256];
    let mut put = |offset: usize, bytes: &[u8]| raw[offset..offset + bytes.len()].copy_from_slice(bytes);
    put(0, &0x7ffu32.to_le_bytes()); // STATX_BASIC_STATS
    put(4, &4096u32.to_le_bytes());
    put(16, &found.links.to_le_bytes());
    put(28, &(found.mode as u16).to_le_bytes());
    put(32, &found.number.to_le_bytes());
    put(40, &found.size.to_le_bytes());
    put(48, &found.sectors.to_le_bytes());
    for (offset, time) in [(64, found.atime), (96, found.ctime), (112, found.mtime)] {
        put(offset, &(time / SECOND).to_le_bytes());
        put(offset + 8, &((time % SECOND) as u32).to_le_bytes());
    }
    put(128, &found.device.0.to_le_bytes());
    put(132, &found.device.1.to_le_bytes());
    put(136, &FILE_SYSTEM.0.to_le_bytes());
    put(140, &FILE_SYSTEM.1.to_le_bytes());
    k.write_user(a.get(4), &raw)?;
    Ok(0)
}

/// `struct statfs` of Linux `include/uapi/asm-generic/statfs.h`, as tmpfs fills it.
fn put_statfs(k: &mut Kernel, addr: u64) -> SysResult {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    let total = k.mem.total_frames() as u64;
    let free = k.mem.free_frames() as u64;
    let inodes = k.vfs.inode_count() as u64;
    let fields = [TMPFS_MAGIC, 4096, total, free, free, inodes + free, free, 1, 255, 4096, 0, 0, 0, 0, 0];
    k.write_user_words(addr, &fields)?;
    Ok(0)
}

/// `statfs(path, buf)`
pub fn statfs(k: &mut Kernel, a: Args) -> SysResult {
    existing(k, a.get(0))?;
    put_statfs(k, a.get(1))
}

/// `fstatfs(fd, buf)`
pub fn fstatfs(k: &mut Kernel, a: Args) -> SysResult {
    k.file_id(a.int(0))?;
    put_statfs(k, a.get(1))
}

fn access_path(k: &mut Kernel, dirfd: i32, path: u64, mode: u32, flags: u32) -> SysResult {
    let known = AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    if mode & !7 != 0 || flags & !known != 0 {
        return Err(Errno::EINVAL.into());
    }
    let found = of_path(k, dirfd, path, flags)?;
    // Root may do everything but execute what nobody may.
    let directory = found.mode & 0o170000 == 0o040000;
    if mode & 1 != 0 && !directory && found.mode & 0o111 == 0 {
        return Err(Errno::EACCES.into());
    }
    Ok(0)
}

/// `faccessat(dirfd, path, mode)`
pub fn faccessat(k: &mut Kernel, a: Args) -> SysResult {
    access_path(k, a.int(0), a.get(1), a.uint(2), 0)
}

/// `faccessat2(dirfd, path, mode, flags)`
pub fn faccessat2(k: &mut Kernel, a: Args) -> SysResult {
    access_path(k, a.int(0), a.get(1), a.uint(2), a.uint(3))
}

/// `access(path, mode)`
pub fn access(k: &mut Kernel, a: Args) -> SysResult {
    access_path(k, AT_FDCWD, a.get(0), a.uint(1), 0)
}

/// An inode that is to be changed: by path, or by descriptor.
fn to_change(k: &mut Kernel, dirfd: i32, path: u64, flags: u32) -> Result<Option<InodeId>, Errno> {
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let path = k.read_user_path(path)?;
    let inode = if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
        match dirfd {
            AT_FDCWD => k.proc().fs.cwd,
            fd => match k.file(fd)?.inode {
                Some(inode) => inode,
                None => return Ok(None),
            },
        }
    } else {
        let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
        k.resolve_existing(dirfd, &path, follow)?
    };
    k.begin_change();
    Ok(inode.descriptor().is_none().then_some(inode))
}

fn set_mode(k: &mut Kernel, inode: Option<InodeId>, mode: u32) -> SysResult {
    if let Some(inode) = inode {
        let now = k.vfs.now;
        let node = k.vfs.inode_mut(inode);
        if matches!(node.body, Body::Symlink(_)) {
            return Err(Errno::EOPNOTSUPP.into());
        }
        node.mode = mode as u16 & 0o7777;
        node.ctime = now;
    }
    Ok(0)
}

/// `fchmodat(dirfd, path, mode)`
pub fn fchmodat(k: &mut Kernel, a: Args) -> SysResult {
    let inode = to_change(k, a.int(0), a.get(1), 0)?;
    set_mode(k, inode, a.uint(2))
}

/// `fchmodat2(dirfd, path, mode, flags)`
pub fn fchmodat2(k: &mut Kernel, a: Args) -> SysResult {
    let inode = to_change(k, a.int(0), a.get(1), a.uint(3))?;
    set_mode(k, inode, a.uint(2))
}

/// `chmod(path, mode)`
pub fn chmod(k: &mut Kernel, a: Args) -> SysResult {
    let inode = to_change(k, AT_FDCWD, a.get(0), 0)?;
    set_mode(k, inode, a.uint(1))
}

/// `fchmod(fd, mode)`
pub fn fchmod(k: &mut Kernel, a: Args) -> SysResult {
    let inode = k.file(a.int(0))?.inode;
    k.begin_change();
    set_mode(k, inode, a.uint(1))
}

/// Everything belongs to root: another owner is refused, as to a user without the right to give files away.
fn set_owner(uid: u32, gid: u32) -> SysResult {
    let possible = |id| id == 0 || id == u32::MAX;
    if possible(uid) && possible(gid) { Ok(0) } else { Err(Errno::EPERM.into()) }
}

/// `fchownat(dirfd, path, uid, gid, flags)`
pub fn fchownat(k: &mut Kernel, a: Args) -> SysResult {
    to_change(k, a.int(0), a.get(1), a.uint(4))?;
    set_owner(a.uint(2), a.uint(3))
}

/// `chown(path, uid, gid)`
pub fn chown(k: &mut Kernel, a: Args) -> SysResult {
    to_change(k, AT_FDCWD, a.get(0), 0)?;
    set_owner(a.uint(1), a.uint(2))
}

/// `lchown(path, uid, gid)`
pub fn lchown(k: &mut Kernel, a: Args) -> SysResult {
    to_change(k, AT_FDCWD, a.get(0), AT_SYMLINK_NOFOLLOW)?;
    set_owner(a.uint(1), a.uint(2))
}

/// `fchown(fd, uid, gid)`
pub fn fchown(k: &mut Kernel, a: Args) -> SysResult {
    k.file_id(a.int(0))?;
    set_owner(a.uint(1), a.uint(2))
}

/// `utimensat(dirfd, path, times, flags)`; without a path, the descriptor itself.
pub fn utimensat(k: &mut Kernel, a: Args) -> SysResult {
    let mut times = [UTIME_NOW; 4];
    if a.get(2) != 0 {
        k.read_user_words(a.get(2), &mut times)?;
    } else {
        times[0] = 0;
        times[2] = 0;
    }
    let inode = if a.get(1) == 0 {
        k.begin_change();
        k.file(a.int(0))?.inode
    } else {
        to_change(k, a.int(0), a.get(1), a.uint(3))?
    };
    set_times(k, inode, times)
}

/// Times: seconds and nanoseconds of the last access, then of the last change.
fn set_times(k: &mut Kernel, inode: Option<InodeId>, times: [u64; 4]) -> SysResult {
    let now = k.vfs.now;
    let mut both = [None; 2];
    for (time, pair) in both.iter_mut().zip(times.chunks_exact(2)) {
        *time = match pair[1] {
            UTIME_NOW => Some(now),
            UTIME_OMIT => None,
            // Times before 1970 and after 2554 are kept as the nearest that there is.
            nanoseconds if nanoseconds < SECOND => {
                let seconds = (pair[0] as i64).max(0) as u64;
                Some(seconds.min(SECONDS_MAX) * SECOND + nanoseconds)
            }
            _ => return Err(Errno::EINVAL.into()),
        };
    }
    if let Some(inode) = inode {
        let node = k.vfs.inode_mut(inode);
        node.atime = both[0].unwrap_or(node.atime);
        node.mtime = both[1].unwrap_or(node.mtime);
        node.ctime = now;
    }
    Ok(0)
}

/// `utimes(path, times)`: microseconds.
pub fn utimes(k: &mut Kernel, a: Args) -> SysResult {
    futimesat(k, Args([AT_FDCWD as u64, a.get(0), a.get(1), 0, 0, 0]))
}

/// `futimesat(dirfd, path, times)`: microseconds.
pub fn futimesat(k: &mut Kernel, a: Args) -> SysResult {
    let mut times = [0, UTIME_NOW, 0, UTIME_NOW];
    if a.get(2) != 0 {
        k.read_user_words(a.get(2), &mut times)?;
        for index in [1, 3] {
            if times[index] >= 1_000_000 {
                return Err(Errno::EINVAL.into());
            }
            times[index] *= 1000;
        }
    }
    let inode = to_change(k, a.int(0), a.get(1), 0)?;
    set_times(k, inode, times)
}

/// `utime(path, times)`: seconds.
pub fn utime(k: &mut Kernel, a: Args) -> SysResult {
    let mut times = [0, UTIME_NOW, 0, UTIME_NOW];
    if a.get(1) != 0 {
        let (atime, mtime) = (k.read_user_u64(a.get(1))?, k.read_user_u64(a.get(1).wrapping_add(8))?);
        times = [atime, 0, mtime, 0];
    }
    let inode = to_change(k, AT_FDCWD, a.get(0), 0)?;
    set_times(k, inode, times)
}

fn set_size(k: &mut Kernel, inode: InodeId, size: u64) -> SysResult {
    if size > i64::MAX as u64 {
        return Err(Errno::EINVAL.into());
    }
    if k.vfs.is_directory(inode) {
        return Err(Errno::EISDIR.into());
    }
    if k.vfs.data(inode).is_none() {
        return Err(Errno::EINVAL.into());
    }
    k.begin_change();
    let data = k.vfs.data_mut(inode).ok_or(Errno::EINVAL)?;
    data.truncate(&mut k.mem, size)?;
    Ok(0)
}

/// `truncate(path, length)`
pub fn truncate(k: &mut Kernel, a: Args) -> SysResult {
    let inode = existing(k, a.get(0))?;
    if inode.descriptor().is_some() {
        return Err(Errno::EINVAL.into());
    }
    let writer = k.log_number();
    k.vfs.inode_mut(inode).writer = writer;
    set_size(k, inode, a.get(1))
}

/// `ftruncate(fd, length)`
pub fn ftruncate(k: &mut Kernel, a: Args) -> SysResult {
    let inode = written_file(k, a.int(0))?;
    set_size(k, inode, a.get(1))
}

fn written_file(k: &mut Kernel, fd: i32) -> Result<InodeId, Errno> {
    let file = k.file(fd)?;
    match (file.object, file.inode) {
        (Object::Place, _) => Err(Errno::EBADF),
        (Object::File, Some(inode)) if file.writable() => Ok(inode),
        _ => Err(Errno::EINVAL),
    }
}

/// `fallocate(fd, mode, offset, length)`: allocation, with or without a new size.
pub fn fallocate(k: &mut Kernel, a: Args) -> SysResult {
    const KEEP_SIZE: u32 = 1;
    let (offset, length) = (a.get(2) as i64, a.get(3) as i64);
    let file = k.file(a.int(0))?;
    if !file.writable() {
        return Err(Errno::EBADF.into());
    }
    if offset < 0 || length <= 0 {
        return Err(Errno::EINVAL.into());
    }
    if a.uint(1) & !KEEP_SIZE != 0 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if file.object != Object::File {
        return Err(Errno::ENODEV.into());
    }
    let inode = written_file(k, a.int(0))?;
    let end = offset.checked_add(length).ok_or(Errno::EFBIG)? as u64;
    k.begin_change();
    let data = k.vfs.data_mut(inode).ok_or(Errno::ENODEV)?;
    data.allocate(&mut k.mem, offset as u64, end)?;
    if a.uint(1) == 0 && data.size() < end {
        data.truncate(&mut k.mem, end)?;
    }
    Ok(0)
}

/// `fadvise64`, `readahead`: nothing is to be gained.
pub fn advise(k: &mut Kernel, a: Args) -> SysResult {
    match k.file(a.int(0))?.object {
        Object::PipeRead(_) | Object::PipeWrite(_) | Object::PipeBoth(_) => Err(Errno::ESPIPE.into()),
        _ => Ok(0),
    }
}

/// Extended attributes: there are none.
pub fn no_attributes(_: &mut Kernel, _: Args) -> SysResult {
    Err(Errno::EOPNOTSUPP.into())
}

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
    /// Of the last access, change of content, change of anything.
    times: [u64; 3],
}

fn attributes(k: &mut Kernel, id: InodeId) -> Attributes {
    let now = k.vfs.now;
    if let Some(fd) = id.descriptor() {
        // A link in `/proc/self/fd`, or the pipe that it leads to.
        let (number, mode) = match k.file(fd).map(|file| file.object) {
            Ok(Object::Pipe(pipe)) if !id.is_descriptor_link() => (u64::from(pipe) + 1, 0o010600),
            _ => (0, 0o120700),
        };
        return Attributes { number, mode, links: 1, device: (0, 0), size: 0, sectors: 0, times: [now; 3] };
    }
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
        times: [inode.atime, inode.mtime, inode.ctime],
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

/// What a path, or with AT_EMPTY_PATH and an empty path a descriptor, leads to. What is missing although the closure
/// has it is logged.
fn of_path(k: &mut Kernel, dirfd: i32, path: u64, flags: u32) -> Result<InodeId, Errno> {
    inode_at(k, dirfd, path, flags, true)
}

/// What a path argument leads to.
pub fn existing(k: &mut Kernel, path: u64) -> Result<InodeId, Errno> {
    inode_at(k, AT_FDCWD, path, 0, false)
}

/// Either; `log` is for calls that only ask.
#[inline(never)]
pub fn inode_at(k: &mut Kernel, dirfd: i32, path: u64, flags: u32, log: bool) -> Result<InodeId, Errno> {
    let path = k.read_user_path(path)?;
    if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
        return match dirfd {
            AT_FDCWD => Ok(k.proc().fs.cwd),
            fd => k.inode_of(fd),
        };
    }
    let found = k.resolve_existing(dirfd, &path, flags & AT_SYMLINK_NOFOLLOW == 0);
    if let Err(error) = found
        && log
    {
        k.note_absence(dirfd, &path, error);
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
/// Owner and group are 0.
fn put_stat(k: &mut Kernel, addr: u64, inode: InodeId) -> SysResult {
    let found = attributes(k, inode);
    let (mode, links, device) = (u64::from(found.mode), u64::from(found.links), packed(found.device));
    let [a, b, c, d] = match ABI {
        Abi::X86_64 => [links, mode, 0, device],
        Abi::Aarch64 => [mode | links << 32, 0, device, 0],
    };
    let mut words = [
        packed(FILE_SYSTEM),
        found.number,
        a,
        b,
        c,
        d,
        found.size,
        4096,
        found.sectors,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    for (pair, time) in words[9..].chunks_exact_mut(2).zip(found.times) {
        pair.copy_from_slice(&[time / SECOND, time % SECOND]);
    }
    let size = match ABI {
        Abi::X86_64 => 18,
        Abi::Aarch64 => 16,
    };
    k.write_user_words(addr, &words[..size])?;
    Ok(0)
}

/// `newfstatat(dirfd, path, buf, flags)`
pub fn newfstatat(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(3);
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let inode = of_path(k, a.int(0), a.get(1), flags)?;
    put_stat(k, a.get(2), inode)
}

/// `fstat(fd, buf)`
pub fn fstat(k: &mut Kernel, a: Args) -> SysResult {
    let inode = k.inode_of(a.int(0))?;
    put_stat(k, a.get(1), inode)
}

/// `stat(path, buf)`
pub fn stat(k: &mut Kernel, a: Args) -> SysResult {
    let inode = of_path(k, AT_FDCWD, a.get(0), 0)?;
    put_stat(k, a.get(1), inode)
}

/// `lstat(path, buf)`
pub fn lstat(k: &mut Kernel, a: Args) -> SysResult {
    let inode = of_path(k, AT_FDCWD, a.get(0), AT_SYMLINK_NOFOLLOW)?;
    put_stat(k, a.get(1), inode)
}

/// `statx(dirfd, path, flags, mask, buf)`: `struct statx` of Linux `include/uapi/linux/stat.h`.
pub fn statx(k: &mut Kernel, a: Args) -> SysResult {
    let flags = a.uint(2);
    let known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    // The highest bit of the mask is reserved.
    if flags & !known != 0 || a.uint(3) >> 31 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let inode = of_path(k, a.int(0), a.get(1), flags)?;
    let found = attributes(k, inode);
    let [atime, mtime, ctime] = found.times;
    let mut words = [0; 32];
    // STATX_BASIC_STATS, and the block size.
    words[0] = 0x7ff | 4096 << 32;
    words[2] = u64::from(found.links);
    words[3] = u64::from(found.mode) << 32;
    (words[4], words[5], words[6]) = (found.number, found.size, found.sectors);
    // At 10 is the time of birth, which is not known.
    for (at, time) in [(8, atime), (12, ctime), (14, mtime)] {
        (words[at], words[at + 1]) = (time / SECOND, time % SECOND);
    }
    words[16] = u64::from(found.device.0) | u64::from(found.device.1) << 32;
    words[17] = u64::from(FILE_SYSTEM.0) | u64::from(FILE_SYSTEM.1) << 32;
    k.write_user_words(a.get(4), &words)?;
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
    let inode = of_path(k, dirfd, path, flags)?;
    let found = attributes(k, inode);
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
fn to_change(k: &mut Kernel, dirfd: i32, path: u64, flags: u32) -> Result<InodeId, Errno> {
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let inode = inode_at(k, dirfd, path, flags, false)?;
    k.begin_change();
    Ok(inode)
}

fn set_mode(k: &mut Kernel, inode: InodeId, mode: u32) -> SysResult {
    // A pipe has no inode.
    if inode.descriptor().is_none() {
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
    let inode = k.inode_of(a.int(0))?;
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
        k.inode_of(a.int(0))?
    } else {
        to_change(k, a.int(0), a.get(1), a.uint(3))?
    };
    set_times(k, inode, times)
}

/// Times: seconds and nanoseconds of the last access, then of the last change.
fn set_times(k: &mut Kernel, inode: InodeId, times: [u64; 4]) -> SysResult {
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
    if inode.descriptor().is_none() {
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
    if !matches!(file.object, Object::File) {
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
        Object::Pipe(_) => Err(Errno::ESPIPE.into()),
        _ => Ok(0),
    }
}

/// Extended attributes: there are none.
pub fn no_attributes(_: &mut Kernel, _: Args) -> SysResult {
    Err(Errno::EOPNOTSUPP.into())
}

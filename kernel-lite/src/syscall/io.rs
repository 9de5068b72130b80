// SPDX-License-Identifier: MIT
//! Reading and writing: the hot path of the whole monitor. A one-byte read or write of a file is: descriptor,
//! open file, inode, frame, byte. Nothing is looked up by name, allocated, or logged here.
//!
//! A write that waits for room in a pipe has already written a part: how much stands in the thread's
//! `call.progress`, where the call goes on when it is made again.
//!
//! Over 500 lines: all of these calls are ways into the same few functions.

use super::{Args, Stop, SysResult};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::Access;
use crate::ram::PhysAddr;
use crate::thread::Key;
use crate::vfs::files::{FileId, Object, flag};
use crate::vfs::{Device, InodeId, pipe};

/// Bytes that one call moves at most, as in Linux (MAX_RW_COUNT).
const TRANSFER_MAX: u64 = 0x7fff_f000;
/// Pieces of `readv` and `writev` at most (UIO_MAXIOV).
const PIECES_MAX: u64 = 1024;
const SIGPIPE: u32 = 13;

const SEEK_SET: u32 = 0;
const SEEK_CUR: u32 = 1;
const SEEK_END: u32 = 2;
const SEEK_DATA: u32 = 3;
const SEEK_HOLE: u32 = 4;

/// `read(fd, buf, count)`
#[inline]
#[cfg_attr(target_os = "none", optimize(speed))]
pub fn read(k: &mut Kernel, a: Args) -> SysResult {
    let file = k.descriptor(a.int(0))?;
    read_file(k, file, a.get(1), a.get(2), None)
}

/// `write(fd, buf, count)`
#[inline]
#[cfg_attr(target_os = "none", optimize(speed))]
pub fn write(k: &mut Kernel, a: Args) -> SysResult {
    let file = k.descriptor(a.int(0))?;
    match k.vfs.open.at(file).object {
        Object::Pipe(_) => write_all(k, file, &[(a.get(1), a.get(2))]),
        _ => write_file(k, file, a.get(1), a.get(2), None),
    }
}

/// `pread64(fd, buf, count, offset)`
pub fn pread64(k: &mut Kernel, a: Args) -> SysResult {
    let file = seekable(k, a.int(0), a.get(3))?;
    read_file(k, file, a.get(1), a.get(2), Some(a.get(3)))
}

/// `pwrite64(fd, buf, count, offset)`
pub fn pwrite64(k: &mut Kernel, a: Args) -> SysResult {
    let file = seekable(k, a.int(0), a.get(3))?;
    write_file(k, file, a.get(1), a.get(2), Some(a.get(3)))
}

/// `readv(fd, iov, iovcnt)`
pub fn readv(k: &mut Kernel, a: Args) -> SysResult {
    let file = k.file_id(a.int(0))?;
    move_pieces(k, file, a, None, false)
}

/// `writev(fd, iov, iovcnt)`
pub fn writev(k: &mut Kernel, a: Args) -> SysResult {
    let file = k.file_id(a.int(0))?;
    let pieces = pieces(k, a)?;
    write_all(k, file, &pieces)
}

/// `preadv(fd, iov, iovcnt, offset)`
pub fn preadv(k: &mut Kernel, a: Args) -> SysResult {
    let file = seekable(k, a.int(0), a.get(3))?;
    move_pieces(k, file, a, Some(a.get(3)), false)
}

/// `pwritev(fd, iov, iovcnt, offset)`
pub fn pwritev(k: &mut Kernel, a: Args) -> SysResult {
    let file = seekable(k, a.int(0), a.get(3))?;
    move_pieces(k, file, a, Some(a.get(3)), true)
}

fn seekable(k: &mut Kernel, fd: i32, offset: u64) -> Result<FileId, Errno> {
    let id = k.file_id(fd)?;
    match k.vfs.open.get(id).object {
        Object::Pipe(_) => Err(Errno::ESPIPE),
        _ if offset > i64::MAX as u64 => Err(Errno::EINVAL),
        _ => Ok(id),
    }
}

type Pieces = alloc::vec::Vec<(u64, u64)>;

fn pieces(k: &mut Kernel, a: Args) -> Result<Pieces, Errno> {
    if a.get(2) > PIECES_MAX {
        return Err(Errno::EINVAL);
    }
    let mut pieces = Pieces::new();
    let mut sum = 0u64;
    for number in 0..a.get(2) {
        let at = a.get(1).wrapping_add(16 * number);
        let (addr, len) = (k.read_user_u64(at)?, k.read_user_u64(at.wrapping_add(8))?);
        sum = sum.checked_add(len).ok_or(Errno::EINVAL)?;
        if sum > i64::MAX as u64 {
            return Err(Errno::EINVAL);
        }
        if len > 0 {
            pieces.push((addr, len));
        }
    }
    Ok(pieces)
}

/// Reads or writes pieces one after the other, until one is not moved whole.
fn move_pieces(k: &mut Kernel, file: FileId, a: Args, at: Option<u64>, write: bool) -> SysResult {
    let mut done = 0;
    let mut pieces = pieces(k, a)?;
    if pieces.is_empty() {
        pieces.push((0, 0));
    }
    for (addr, len) in pieces {
        let at = at.map(|at| at + done);
        match if write { write_file(k, file, addr, len, at) } else { read_file(k, file, addr, len, at) } {
            Ok(count) => {
                done += count;
                if count < len {
                    break;
                }
            }
            Err(_) if done > 0 => break,
            Err(stop) => return Err(stop),
        }
    }
    Ok(done)
}

/// Writes pieces one after the other, beginning behind what the call has written before it waited.
fn write_all(k: &mut Kernel, file: FileId, pieces: &[(u64, u64)]) -> SysResult {
    let total = pieces.iter().map(|piece| piece.1).sum::<u64>().min(TRANSFER_MAX);
    let open = k.vfs.open.get(file);
    if !open.writable() {
        return Err(Errno::EBADF.into());
    }
    let (object, nonblocking) = (open.object, open.nonblocking());
    let mut done = k.thread().call.progress;
    let mut skip = done;
    for &(addr, len) in pieces {
        if skip >= len {
            skip -= len;
            continue;
        }
        let (addr, len) = (addr.wrapping_add(skip), len - skip);
        skip = 0;
        let mut written = 0;
        while written < len && done < total {
            let (addr, len) = (addr.wrapping_add(written), (len - written).min(total - done));
            let result = match object {
                Object::Pipe(pipe) => {
                    let whole = if total as usize <= pipe::ATOMIC { total - done } else { 1 };
                    write_pipe(k, pipe, addr, len, whole as usize)
                }
                _ => write_file(k, file, addr, len, None),
            };
            match result {
                Ok(count) => {
                    written += count;
                    done += count;
                    if count == 0 {
                        return Ok(done);
                    }
                }
                Err(Stop::Block) if nonblocking && done > 0 => return Ok(done),
                Err(Stop::Block) if nonblocking => return Err(Errno::EAGAIN.into()),
                Err(Stop::Block) => {
                    k.thread().call.progress = done;
                    return Err(Stop::Block);
                }
                Err(_) if done > 0 => return Ok(done),
                Err(stop) => return Err(stop),
            }
        }
    }
    Ok(done)
}

/// Puts what fits into a pipe; waits until at least `whole` bytes do.
fn write_pipe(k: &mut Kernel, id: u32, addr: u64, len: u64, whole: usize) -> SysResult {
    let pipe = k.vfs.pipes.get(id);
    if pipe.readers == 0 {
        k.raise(SIGPIPE);
        return Err(Errno::EPIPE.into());
    }
    let room = pipe.room();
    if room < whole {
        return Err(k.block(Key::Pipe(id), None, true));
    }
    let len = (len as usize).min(room);
    let done = each_chunk(k, addr, len, Access::Read, |k, from, _, count| {
        k.vfs.pipes.get(id).put(&mut k.mem, from, count)
    });
    k.wake(Key::Pipe(id));
    done
}

/// Walks a user range piece by contiguous piece until `move_bytes` moves fewer than it was given. An error
/// counts only if nothing was moved before.
#[inline]
fn each_chunk(
    k: &mut Kernel,
    addr: u64,
    len: usize,
    access: Access,
    mut move_bytes: impl FnMut(&mut Kernel, PhysAddr, usize, usize) -> Result<usize, Errno>,
) -> SysResult {
    let mut done = 0;
    while done < len {
        let chunk = k.user_chunk(addr.wrapping_add(done as u64), len - done, access);
        let result = match chunk {
            Ok((at, count)) => move_bytes(k, at, done, count).map(|moved| (moved, count)),
            Err(error) => Err(error),
        };
        match result {
            Ok((moved, count)) => {
                done += moved;
                if moved < count {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(done as u64)
}

/// Reads from an open file, at its position or at `at`.
#[inline]
#[cfg_attr(target_os = "none", optimize(speed))]
fn read_file(k: &mut Kernel, id: FileId, addr: u64, len: u64, at: Option<u64>) -> SysResult {
    let file = k.vfs.open.at(id);
    if !file.readable() {
        return Err(Errno::EBADF.into());
    }
    let len = len.min(TRANSFER_MAX) as usize;
    match file.object {
        Object::File => {
            let inode = file.inode.unwrap_or_default();
            let position = at.unwrap_or(file.position);
            let done = read_inode(k, inode, position, addr, len)?;
            if at.is_none() {
                k.vfs.open.set_position(id, position + done);
            }
            Ok(done)
        }
        Object::Pipe(pipe) => read_pipe(k, id, pipe, addr, len),
        Object::Directory => Err(Errno::EISDIR.into()),
        Object::Device(device) => read_device(k, device, file.nonblocking(), addr, len),
        Object::Place => Err(Errno::EBADF.into()),
    }
}

#[inline]
fn read_inode(k: &mut Kernel, inode: InodeId, position: u64, addr: u64, len: usize) -> SysResult {
    let size = k.vfs.size(inode);
    let len = (len as u64).min(size.saturating_sub(position)) as usize;
    each_chunk(k, addr, len, Access::Write, |k, to, done, count| {
        let data = k.vfs.data(inode).ok_or(Errno::EIO)?;
        Ok(data.copy_out(&mut k.mem, position + done as u64, to, count))
    })
}

fn read_pipe(k: &mut Kernel, file: FileId, id: u32, addr: u64, len: usize) -> SysResult {
    let pipe = k.vfs.pipes.get(id);
    let open = k.vfs.open.get_mut(file);
    if pipe.is_empty() {
        let fresh = open.fresh && pipe.writers_ever == 0;
        return match pipe.writers {
            _ if len == 0 => Ok(0),
            0 if !fresh || open.nonblocking() => Ok(0),
            _ if open.nonblocking() => Err(Errno::EAGAIN.into()),
            _ => Err(k.block(Key::Pipe(id), None, true)),
        };
    }
    let len = len.min(pipe.len());
    let done = each_chunk_cold(k, addr, len, Access::Write, &mut |k, to, count| {
        k.vfs.pipes.get(id).take(&mut k.mem, to, count)
    });
    k.wake(Key::Pipe(id));
    done
}

/// [`each_chunk`] for what is not on the hot path: one copy of it.
fn each_chunk_cold(
    k: &mut Kernel,
    addr: u64,
    len: usize,
    access: Access,
    move_bytes: &mut dyn FnMut(&mut Kernel, PhysAddr, usize) -> usize,
) -> SysResult {
    each_chunk(k, addr, len, access, |k, at, _, count| Ok(move_bytes(k, at, count)))
}

#[cold]
fn read_device(k: &mut Kernel, device: Device, nonblocking: bool, addr: u64, len: usize) -> SysResult {
    match device {
        Device::Null => Ok(0),
        Device::Zero | Device::Full => each_chunk_cold(k, addr, len, Access::Write, &mut |k, to, count| {
            k.mem.ram.slice_mut(to, count).fill(0);
            count
        }),
        Device::Random => each_chunk_cold(k, addr, len, Access::Write, &mut |k, to, count| {
            k.random.fill(k.mem.ram.slice_mut(to, count));
            count
        }),
        Device::Console => {
            // The buffer is known to be there before what was typed is taken out of the terminal.
            each_chunk_cold(k, addr, len, Access::Write, &mut |_, _, count| count)?;
            match k.console_input(len) {
                Some(bytes) => {
                    k.write_user(addr, &bytes)?;
                    Ok(bytes.len() as u64)
                }
                None if nonblocking => Err(Errno::EAGAIN.into()),
                None => Err(k.block(Key::Console, None, true)),
            }
        }
    }
}

/// Writes to an open file that is not a pipe, at its position (or its end, with O_APPEND) or at `at`.
#[inline]
#[cfg_attr(target_os = "none", optimize(speed))]
fn write_file(k: &mut Kernel, id: FileId, addr: u64, len: u64, at: Option<u64>) -> SysResult {
    let file = k.vfs.open.at(id);
    if !file.writable() {
        return Err(Errno::EBADF.into());
    }
    let len = len.min(TRANSFER_MAX) as usize;
    match file.object {
        Object::File => {
            let inode = file.inode.unwrap_or_default();
            let append = file.flags & flag::APPEND != 0;
            let position = match at {
                _ if append => k.vfs.size(inode),
                Some(at) => at,
                None => file.position,
            };
            if len == 0 {
                return Ok(0);
            }
            k.begin_change();
            let done = each_chunk(k, addr, len, Access::Read, |k, from, done, count| {
                let data = k.vfs.data_mut(inode).ok_or(Errno::EIO)?;
                data.copy_in(&mut k.mem, position + done as u64, from, count)
            })?;
            if at.is_none() {
                k.vfs.open.set_position(id, position + done);
            }
            Ok(done)
        }
        Object::Device(Device::Full) if len > 0 => Err(Errno::ENOSPC.into()),
        Object::Device(Device::Console) => write_console(k, addr, len),
        Object::Device(_) => Ok(len as u64),
        _ => Err(Errno::EBADF.into()),
    }
}

fn write_console(k: &mut Kernel, addr: u64, len: usize) -> SysResult {
    each_chunk_cold(k, addr, len, Access::Read, &mut |k, from, count| {
        let mut buffer = [0; 256];
        for start in (0..count).step_by(buffer.len()) {
            let part = &mut buffer[..(count - start).min(256)];
            part.copy_from_slice(k.mem.ram.slice(from.offset(start as u64), part.len()));
            k.console_output(part);
        }
        count
    })
}

/// `lseek(fd, offset, whence)`
pub fn lseek(k: &mut Kernel, a: Args) -> SysResult {
    let (offset, whence) = (a.get(1) as i64, a.uint(2));
    let id = k.file_id(a.int(0))?;
    let file = k.vfs.open.get(id);
    let (position, inode) = (file.position, file.inode.unwrap_or_default());
    match file.object {
        Object::File | Object::Directory => {}
        Object::Device(Device::Console) => return Err(Errno::ESPIPE.into()),
        Object::Device(_) => return Ok(0),
        Object::Place => return Err(Errno::EBADF.into()),
        _ => return Err(Errno::ESPIPE.into()),
    }
    let base = match whence {
        SEEK_SET => 0,
        SEEK_CUR => position,
        SEEK_END => k.vfs.size(inode),
        SEEK_DATA | SEEK_HOLE => {
            let data = k.vfs.data(inode).ok_or(Errno::EINVAL)?;
            let from = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
            let found = data.seek(from, whence == SEEK_HOLE).ok_or(Errno::ENXIO)?;
            k.vfs.open.get_mut(id).position = found;
            return Ok(found);
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let position = (base as i64).checked_add(offset).ok_or(Errno::EOVERFLOW)?;
    let position = u64::try_from(position).map_err(|_| Errno::EINVAL)?;
    k.vfs.open.get_mut(id).position = position;
    Ok(position)
}

/// `sendfile(out_fd, in_fd, offset, count)`
pub fn sendfile(k: &mut Kernel, a: Args) -> SysResult {
    let (out, input) = (k.file_id(a.int(0))?, k.file_id(a.int(1))?);
    let explicit = a.get(2) != 0;
    let from = if explicit { k.read_user_u64(a.get(2))? } else { k.vfs.open.get(input).position };
    let done = copy_between(k, input, from, out, None, a.get(3))?;
    if explicit {
        k.write_user_u64(a.get(2), from + done)?;
    } else {
        k.vfs.open.get_mut(input).position = from + done;
    }
    Ok(done)
}

/// `copy_file_range(fd_in, off_in, fd_out, off_out, len, flags)`
pub fn copy_file_range(k: &mut Kernel, a: Args) -> SysResult {
    let (input, out) = (k.file_id(a.int(0))?, k.file_id(a.int(2))?);
    if a.uint(5) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let offset = |k: &mut Kernel, addr: u64, id| match addr {
        0 => Ok(k.vfs.open.get(id).position),
        addr => k.read_user_u64(addr),
    };
    let (from, to) = (offset(k, a.get(1), input)?, offset(k, a.get(3), out)?);
    let end = |start: u64| start.saturating_add(a.get(4));
    let same = k.vfs.open.get(input).inode == k.vfs.open.get(out).inode;
    if !matches!(k.vfs.open.get(out).object, Object::File) || (same && from < end(to) && to < end(from)) {
        return Err(Errno::EINVAL.into());
    }
    let done = copy_between(k, input, from, out, Some(to), a.get(4))?;
    for (addr, id, end) in [(a.get(1), input, from + done), (a.get(3), out, to + done)] {
        match addr {
            0 => k.vfs.open.get_mut(id).position = end,
            addr => k.write_user_u64(addr, end)?,
        }
    }
    Ok(done)
}

/// Copies from a file to a file (at `to`, or its position) or the console; to others callers must do without.
fn copy_between(
    k: &mut Kernel,
    input: FileId,
    from: u64,
    out: FileId,
    to: Option<u64>,
    len: u64,
) -> SysResult {
    let (source, sink) = (k.vfs.open.get(input), k.vfs.open.get(out));
    if !source.readable() || !sink.writable() {
        return Err(Errno::EBADF.into());
    }
    let (object, target) = (sink.object, sink.inode.unwrap_or_default());
    let source_inode = source.inode.unwrap_or_default();
    if !matches!(source.object, Object::File) || !matches!(object, Object::File | Object::Device(_)) {
        return Err(Errno::EINVAL.into());
    }
    let append = sink.flags & flag::APPEND != 0;
    let start = match to {
        Some(to) => to,
        None if append => k.vfs.size(target),
        None => sink.position,
    };
    let mut done = 0;
    k.begin_change();
    while done < len.min(TRANSFER_MAX) {
        let mut buffer = [0; 1024];
        let want = (len - done).min(1024) as usize;
        let data = k.vfs.data(source_inode).ok_or(Errno::EINVAL)?;
        let count = data.read(&k.mem, from.saturating_add(done), &mut buffer[..want]);
        if count == 0 {
            break;
        }
        let result = match object {
            Object::File => {
                let data = k.vfs.data_mut(target).ok_or(Errno::EIO)?;
                data.write(&mut k.mem, start + done, &buffer[..count])
            }
            Object::Device(Device::Console) => {
                k.console_output(&buffer[..count]);
                Ok(count)
            }
            Object::Device(Device::Full) => Err(Errno::ENOSPC),
            _ => Ok(count),
        };
        match result {
            Ok(count) => done += count as u64,
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    if to.is_none() && matches!(object, Object::File) {
        k.vfs.open.get_mut(out).position = start + done;
    }
    Ok(done)
}

/// `fsync`, `fdatasync`, `sync`, `syncfs`: all is where it belongs already.
pub fn sync_file(k: &mut Kernel, a: Args) -> SysResult {
    match k.file(a.int(0))?.object {
        Object::File | Object::Directory => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `sync()`
pub fn sync(_: &mut Kernel, _: Args) -> SysResult {
    Ok(0)
}

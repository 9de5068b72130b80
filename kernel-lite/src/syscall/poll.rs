// SPDX-License-Identifier: MIT
//! Waiting for one of several descriptors, and the terminal's settings.

use super::time::{FOREVER, read_span};
use super::{Args, Stop, SysResult};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::thread::Key;
use crate::vfs::Device;
use crate::vfs::files::{DESCRIPTORS_MAX, Object};
use crate::vfs::pipe;

const POLLIN: u16 = 1;
const POLLOUT: u16 = 4;
const POLLERR: u16 = 8;
const POLLHUP: u16 = 16;
const POLLNVAL: u16 = 32;
const POLLRDNORM: u16 = 64;
const POLLWRNORM: u16 = 256;

/// What can be done with a descriptor now without waiting.
fn readiness(k: &mut Kernel, fd: i32) -> u16 {
    let Ok(file) = k.file(fd) else {
        return POLLNVAL;
    };
    let both = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    let (reader, writer, fresh) = (file.readable(), file.writable(), file.fresh);
    match file.object {
        Object::File | Object::Directory => both,
        Object::Place => POLLNVAL,
        Object::Device(Device::Console) => {
            let _ = !k.interactive || k.console_poll();
            if !k.interactive || k.vfs.tty.readable() { both } else { POLLOUT | POLLWRNORM }
        }
        Object::Device(_) => both,
        Object::Pipe(id) => {
            let pipe = k.vfs.pipes.get(id);
            let mut ready = 0;
            if reader {
                if !pipe.is_empty() {
                    ready |= POLLIN | POLLRDNORM;
                }
                if pipe.writers == 0 && !(fresh && pipe.writers_ever == 0) {
                    ready |= POLLHUP;
                }
            }
            if writer {
                if pipe.readers == 0 {
                    ready |= POLLERR | POLLOUT | POLLWRNORM;
                } else if pipe.room() >= pipe::ATOMIC {
                    ready |= POLLOUT | POLLWRNORM;
                }
            }
            ready
        }
    }
}

/// What ends the waiting of a poll that found nothing: a deadline, or any file event.
fn wait(k: &mut Kernel, timeout: u64) -> Result<(), Stop> {
    if timeout == 0 {
        return Ok(());
    }
    let deadline = k.deadline(timeout);
    if k.timed_out() {
        return Ok(());
    }
    Err(k.block(Key::Poll, Some(deadline), false))
}

fn poll_all(k: &mut Kernel, fds: u64, count: u64, timeout: u64) -> SysResult {
    if count > DESCRIPTORS_MAX as u64 {
        return Err(Errno::EINVAL.into());
    }
    let mut found = 0;
    for index in 0..count {
        let at = fds.wrapping_add(8 * index);
        let word = k.read_user_u64(at)?;
        let (fd, events) = (word as i32, (word >> 32) as u16);
        let ready = match fd {
            0.. => readiness(k, fd) & (events | POLLERR | POLLHUP | POLLNVAL),
            _ => 0,
        };
        k.write_user(at.wrapping_add(6), &ready.to_le_bytes())?;
        found += u64::from(ready != 0);
    }
    if found == 0 {
        wait(k, timeout)?;
    }
    Ok(found)
}

/// `poll(fds, nfds, timeout)`: milliseconds.
pub fn poll(k: &mut Kernel, a: Args) -> SysResult {
    let timeout = u64::try_from(a.int(2)).map_or(FOREVER, |timeout| timeout * 1_000_000);
    poll_all(k, a.get(0), a.get(1), timeout)
}

/// `ppoll(fds, nfds, timeout, mask, masksize)`
pub fn ppoll(k: &mut Kernel, a: Args) -> SysResult {
    let timeout = read_span(k, a.get(2), 1)?;
    if a.get(3) != 0 {
        set_mask(k, a.get(3), a.get(4))?;
    }
    poll_all(k, a.get(0), a.get(1), timeout)
}

fn set_mask(k: &mut Kernel, addr: u64, size: u64) -> Result<(), Errno> {
    if size != 8 {
        return Err(Errno::EINVAL);
    }
    let mask = k.read_user_u64(addr)?;
    k.temporary_mask(mask);
    Ok(())
}

/// `select(nfds, readfds, writefds, exceptfds, timeout)`: microseconds.
pub fn select(k: &mut Kernel, a: Args) -> SysResult {
    let timeout = read_span(k, a.get(4), 1000)?;
    select_all(k, a, timeout)
}

/// `pselect6(nfds, readfds, writefds, exceptfds, timeout, mask)`
pub fn pselect6(k: &mut Kernel, a: Args) -> SysResult {
    let timeout = read_span(k, a.get(4), 1)?;
    if a.get(5) != 0 {
        let (mask, size) = (k.read_user_u64(a.get(5))?, k.read_user_u64(a.get(5).wrapping_add(8))?);
        if mask != 0 {
            set_mask(k, mask, size)?;
        }
    }
    select_all(k, a, timeout)
}

fn select_all(k: &mut Kernel, a: Args, timeout: u64) -> SysResult {
    let count = usize::try_from(a.int(0)).map_err(|_| Errno::EINVAL)?.min(DESCRIPTORS_MAX);
    // What makes a descriptor ready in each of the three sets.
    let kinds = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, 0];
    // The words of 64 descriptors, and where they are.
    let mut results = alloc::vec::Vec::new();
    let mut found = 0;
    for (set, kind) in kinds.into_iter().enumerate() {
        let addr = a.get(1 + set);
        if addr == 0 {
            continue;
        }
        for index in 0..count.div_ceil(64) {
            let at = addr.wrapping_add(8 * index as u64);
            let word = k.read_user_u64(at)?;
            let mut result = 0u64;
            let bits = (count - 64 * index).min(64);
            for bit in (0..bits).filter(|bit| word >> bit & 1 != 0) {
                let ready = readiness(k, (64 * index + bit) as i32);
                if ready & POLLNVAL != 0 {
                    return Err(Errno::EBADF.into());
                }
                if ready & kind != 0 {
                    result |= 1 << bit;
                    found += 1;
                }
            }
            results.push((at, result));
        }
    }
    if found == 0 {
        wait(k, timeout)?;
    }
    for (at, result) in results {
        k.write_user_u64(at, result)?;
    }
    Ok(found)
}

const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TCSETSF: u32 = 0x5404;
const TCSBRK: u32 = 0x5409;
const TCXONC: u32 = 0x540a;
const TCFLSH: u32 = 0x540b;
const TIOCSCTTY: u32 = 0x540e;
const TIOCGPGRP: u32 = 0x540f;
const TIOCSPGRP: u32 = 0x5410;
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
const FIONREAD: u32 = 0x541b;
const FIONBIO: u32 = 0x5421;
const TIOCNOTTY: u32 = 0x5422;
const TIOCGSID: u32 = 0x5429;
const FIONCLEX: u32 = 0x5450;
const FIOCLEX: u32 = 0x5451;

/// `ioctl(fd, request, argument)`. Numbers: Linux `include/uapi/asm-generic/ioctls.h`.
pub fn ioctl(k: &mut Kernel, a: Args) -> SysResult {
    let (fd, request, argument) = (a.int(0), a.uint(1), a.get(2));
    let file = k.file(fd)?;
    let (object, inode, position) = (file.object, file.inode, file.position);
    match request {
        FIOCLEX | FIONCLEX => {
            k.proc().files.slot(fd)?.close_on_exec = request == FIOCLEX;
            return Ok(0);
        }
        FIONBIO => {
            let on = k.read_user_u32(argument)? != 0;
            let file = k.file(fd)?;
            file.flags &= !crate::vfs::files::flag::NONBLOCK;
            if on {
                file.flags |= crate::vfs::files::flag::NONBLOCK;
            }
            return Ok(0);
        }
        FIONREAD => {
            let count = match object {
                Object::File => k.vfs.size(inode.unwrap_or_default()).saturating_sub(position),
                Object::Pipe(id) => k.vfs.pipes.get(id).len() as u64,
                Object::Device(Device::Console) => k.vfs.tty.available() as u64,
                _ => return Err(Errno::ENOTTY.into()),
            };
            k.write_user_u32(argument, count.min(i32::MAX as u64) as u32)?;
            return Ok(0);
        }
        _ => {}
    }
    if !matches!(object, Object::Device(Device::Console)) {
        return Err(Errno::ENOTTY.into());
    }
    k.require_terminal()?;
    terminal(k, request, argument)
}

fn terminal(k: &mut Kernel, request: u32, argument: u64) -> SysResult {
    match request {
        TCGETS => {
            let mut raw = [0u8; 36];
            for (bytes, flags) in raw.chunks_exact_mut(4).zip(k.vfs.tty.flags) {
                bytes.copy_from_slice(&flags.to_le_bytes());
            }
            raw[16..].copy_from_slice(&k.vfs.tty.characters);
            k.write_user(argument, &raw)?;
        }
        TCSETS..=TCSETSF => {
            let mut raw = [0u8; 36];
            k.read_user(argument, &mut raw)?;
            let tty = &mut k.vfs.tty;
            for (flags, bytes) in tty.flags.iter_mut().zip(raw.as_chunks::<4>().0) {
                *flags = u32::from_le_bytes(*bytes);
            }
            tty.characters.copy_from_slice(&raw[16..]);
            if request == TCSETSF {
                tty.flush();
            }
        }
        TIOCGWINSZ => {
            let [rows, columns] = k.vfs.tty.size;
            let mut raw = [0u8; 8];
            raw[..2].copy_from_slice(&rows.to_le_bytes());
            raw[2..4].copy_from_slice(&columns.to_le_bytes());
            k.write_user(argument, &raw)?;
        }
        TIOCSWINSZ => {
            let word = k.read_user_u64(argument)?;
            k.vfs.tty.size = [word as u16, (word >> 16) as u16];
        }
        TIOCGPGRP => {
            let group = k.console_group();
            k.write_user_u32(argument, group)?;
        }
        TIOCSPGRP => {
            let group = k.read_user_u32(argument)?;
            if group == 0 || group > i32::MAX as u32 {
                return Err(Errno::EINVAL.into());
            }
            k.vfs.tty.group = group;
        }
        TIOCGSID => {
            let session = k.proc().session;
            k.write_user_u32(argument, session)?;
        }
        TIOCSCTTY => k.vfs.tty.group = k.proc().group,
        TCFLSH => k.vfs.tty.flush(),
        TIOCNOTTY | TCSBRK | TCXONC => {}
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}

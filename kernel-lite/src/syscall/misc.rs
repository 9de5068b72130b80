// SPDX-License-Identifier: MIT
//! Names, users, limits, futexes, random numbers, and what else fits nowhere.

use super::time::{FOREVER, read_span};
use super::{Args, SysResult};
use crate::arch;
use crate::clock::{Clock, SECOND};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::ram::PAGE_SIZE;
use crate::space::STACK_SIZE;

/// The release that `uname` tells: that of the Linux whose interface this is. C libraries refuse older ones.
const RELEASE: &str = "6.1.0";

/// `uname(buffer)`.
pub fn uname(k: &mut Kernel, a: Args) -> SysResult {
    let mut out = [0; 6 * 65];
    let fields = ["Linux", "firstlight", RELEASE, "#1 Firstlight", arch::UNAME, "(none)"];
    for (to, field) in out.chunks_mut(65).zip(fields) {
        to[..field.len()].copy_from_slice(field.as_bytes());
    }
    k.write_user(a.get(0), &out)?;
    Ok(0)
}

/// `getuid` and its like: everyone is root.
pub fn root(_: &mut Kernel, _: Args) -> SysResult {
    Ok(0)
}

/// Calls that change users: root becomes root, nobody else.
pub fn become_root(_: &mut Kernel, a: Args) -> SysResult {
    let root = |id: u32| id == 0 || id == u32::MAX;
    if root(a.uint(0)) { Ok(0) } else { Err(Errno::EPERM.into()) }
}

/// `getresuid(real, effective, saved)`, `getresgid`.
pub fn three_ids(k: &mut Kernel, a: Args) -> SysResult {
    for i in 0..3 {
        k.write_user_u32(a.get(i), 0)?;
    }
    Ok(0)
}

/// `setgroups(count, list)`.
pub fn setgroups(_: &mut Kernel, a: Args) -> SysResult {
    if a.get(0) <= 32 { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// `getrandom(buffer, length, flags)`.
pub fn getrandom(k: &mut Kernel, a: Args) -> SysResult {
    let (addr, len) = (a.get(0), a.get(1).min(1 << 20));
    let mut done = 0;
    while done < len {
        let mut block = [0; 256];
        let block = &mut block[..(len - done).min(256) as usize];
        k.random.fill(block);
        k.write_user(addr.wrapping_add(done), block)?;
        done += block.len() as u64;
    }
    Ok(len)
}

impl Kernel {
    /// The limits of a resource: soft and hard. Numbers: Linux `include/uapi/asm-generic/resource.h`.
    pub fn limit(&mut self, resource: u32) -> Result<(u64, u64), Errno> {
        const NO_LIMIT: u64 = u64::MAX;
        if let Some(&(_, soft, hard)) = self.proc().limits.iter().find(|l| l.0 == resource) {
            return Ok((soft, hard));
        }
        match resource {
            3 => Ok((STACK_SIZE, NO_LIMIT)),
            4 => Ok((0, NO_LIMIT)),
            6 => Ok((super::process::PROCESS_LIMIT, super::process::PROCESS_LIMIT)),
            7 => Ok((1024, 4096)),
            0..=15 => Ok((NO_LIMIT, NO_LIMIT)),
            _ => Err(Errno::EINVAL),
        }
    }
}

fn set_limit(k: &mut Kernel, resource: u32, at: u64) -> Result<(), Errno> {
    let mut words = [0; 2];
    k.read_user_words(at, &mut words)?;
    let [soft, hard] = words;
    let (_, old) = k.limit(resource)?;
    if soft > hard {
        return Err(Errno::EINVAL);
    }
    if hard > old {
        return Err(Errno::EPERM);
    }
    let limits = &mut k.proc().limits;
    match limits.iter_mut().find(|l| l.0 == resource) {
        Some(limit) => (limit.1, limit.2) = (soft, hard),
        None => limits.push((resource, soft, hard)),
    }
    Ok(())
}

fn write_limit(k: &mut Kernel, at: u64, (soft, hard): (u64, u64)) -> Result<(), Errno> {
    k.write_user_words(at, &[soft, hard])
}

/// `prlimit64(pid, resource, new, old)`.
pub fn prlimit64(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(0) != 0 && a.uint(0) != k.proc().pid {
        return Err(Errno::ESRCH.into());
    }
    let old = k.limit(a.uint(1))?;
    if a.get(2) != 0 {
        set_limit(k, a.uint(1), a.get(2))?;
    }
    if a.get(3) != 0 {
        write_limit(k, a.get(3), old)?;
    }
    Ok(0)
}

/// `getrlimit(resource, limit)`.
pub fn getrlimit(k: &mut Kernel, a: Args) -> SysResult {
    let limits = k.limit(a.uint(0))?;
    write_limit(k, a.get(1), limits)?;
    Ok(0)
}

/// `setrlimit(resource, limit)`.
pub fn setrlimit(k: &mut Kernel, a: Args) -> SysResult {
    set_limit(k, a.uint(0), a.get(1))?;
    Ok(0)
}

/// A `struct rusage`: the logical time of so many calls, nothing else.
pub fn write_rusage(k: &mut Kernel, addr: u64, calls: u64) -> Result<(), Errno> {
    let mut out = [0; 18];
    let micros = calls.saturating_mul(10);
    (out[0], out[1]) = (micros / 1_000_000, micros % 1_000_000);
    k.write_user_words(addr, &out)
}

/// `getrusage(who, usage)`.
pub fn getrusage(k: &mut Kernel, a: Args) -> SysResult {
    let calls = match a.int(0) {
        0 | 1 => k.proc().calls,
        -1 => k.proc().child_calls,
        _ => return Err(Errno::EINVAL.into()),
    };
    write_rusage(k, a.get(1), calls)?;
    Ok(0)
}

/// `sysinfo(info)`.
pub fn sysinfo(k: &mut Kernel, a: Args) -> SysResult {
    let (total, free) = (k.mem.total_frames() as u64, k.mem.free_frames() as u64);
    let uptime = k.clock.read() / SECOND;
    let mut out = [0; 14];
    (out[0], out[4], out[5]) = (uptime, total * PAGE_SIZE as u64, free * PAGE_SIZE as u64);
    // Processes, and the unit of the sizes: halves of their words.
    (out[10], out[13]) = (1, 1);
    k.write_user_words(a.get(0), &out)?;
    Ok(0)
}

/// `prctl(option, …)`.
pub fn prctl(k: &mut Kernel, a: Args) -> SysResult {
    match a.uint(0) {
        // PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS, PR_SET_VMA: without effect.
        1 | 4 | 8 | 38 | 0x5356_4d41 => Ok(0),
        // PR_GET_DUMPABLE.
        3 => Ok(1),
        // PR_SET_NAME, PR_GET_NAME.
        15 => {
            let mut name = [0; 16];
            for (i, to) in name[..15].iter_mut().enumerate() {
                let mut byte = [0];
                k.read_user(a.get(1).wrapping_add(i as u64), &mut byte)?;
                if byte[0] == 0 {
                    break;
                }
                *to = byte[0];
            }
            k.proc().name = name;
            Ok(0)
        }
        16 => {
            let name = k.proc().name;
            k.write_user(a.get(1), &name)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `arch_prctl(code, addr)`: x86_64's thread pointer.
pub fn arch_prctl(k: &mut Kernel, a: Args) -> SysResult {
    match a.uint(0) {
        // ARCH_SET_FS, ARCH_GET_FS.
        0x1002 if a.get(1) < crate::paging::USER_END => {
            k.thread().context.set_tls(a.get(1));
            Ok(0)
        }
        0x1002 => Err(Errno::EPERM.into()),
        0x1003 => {
            let tls = k.thread().context.tls();
            k.write_user_u64(a.get(1), tls)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `personality(persona)`: Linux's plain one.
pub fn personality(_: &mut Kernel, a: Args) -> SysResult {
    match a.uint(0) {
        // A query, PER_LINUX, and without address randomisation, which there is none of.
        u32::MAX | 0 | 0x004_0000 => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `futex(word, operation, value, timeout, word 2, value 3)`.
pub fn futex(k: &mut Kernel, a: Args) -> SysResult {
    let (word, value, bits) = (a.get(0), a.uint(2), a.uint(5));
    let operation = a.uint(1) & 0x7f;
    let realtime = a.uint(1) & 0x100 != 0;
    match operation {
        // FUTEX_WAIT, FUTEX_WAIT_BITSET (whose time is absolute).
        0 | 9 => {
            let time = read_span(k, a.get(3), 1)?;
            let deadline = match (operation, realtime) {
                (0, _) => k.deadline(time),
                (_, true) => Clock::monotonic_of(time),
                (_, false) => time,
            };
            let deadline = (time != FOREVER).then_some(deadline);
            k.futex_wait(word, value, if operation == 0 { !0 } else { bits }, deadline)
        }
        // FUTEX_WAKE, FUTEX_WAKE_BITSET.
        1 => k.futex_wake(word, value, !0),
        10 => k.futex_wake(word, value, bits),
        // FUTEX_REQUEUE, FUTEX_CMP_REQUEUE.
        3 => k.futex_requeue(word, value, a.uint(3), a.get(4), None),
        4 => k.futex_requeue(word, value, a.uint(3), a.get(4), Some(bits)),
        _ => Err(Errno::ENOSYS.into()),
    }
}

/// `sched_getaffinity(pid, size, mask)`: one processor.
pub fn sched_getaffinity(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(1) < 8 || !a.get(1).is_multiple_of(8) {
        return Err(Errno::EINVAL.into());
    }
    k.write_user_u64(a.get(2), 1)?;
    Ok(8)
}

/// `sched_getparam(pid, param)`.
pub fn sched_getparam(k: &mut Kernel, a: Args) -> SysResult {
    k.write_user_u32(a.get(1), 0)?;
    Ok(0)
}

/// `getcpu(cpu, node)`.
pub fn getcpu(k: &mut Kernel, a: Args) -> SysResult {
    for i in 0..2 {
        if a.get(i) != 0 {
            k.write_user_u32(a.get(i), 0)?;
        }
    }
    Ok(0)
}

/// `getpriority(which, who)`: nice 0, in the kernel's form.
pub fn getpriority(_: &mut Kernel, _: Args) -> SysResult {
    Ok(20)
}

/// Calls that may succeed without doing anything.
pub fn nothing(_: &mut Kernel, _: Args) -> SysResult {
    Ok(0)
}

/// Calls that programs try and do without: known, not worth a line in the log.
pub fn absent(_: &mut Kernel, _: Args) -> SysResult {
    Err(Errno::ENOSYS.into())
}

// SPDX-License-Identifier: MIT
//! Processes and threads: making, ending, waiting, numbers, groups.

use super::{Args, Stop, SysResult};
use crate::arch;
use crate::errno::Errno;
use crate::exec::Program;
use crate::kernel::Kernel;
use crate::process::{CloneRequest, Life, MAX_TASKS, NONE, clone as flag};
use crate::signal::sig;
use crate::thread::Key;
use alloc::vec::Vec;

/// Strings of one argument list; their bytes are limited again by `exec`.
const MAX_STRINGS: usize = 1 << 16;
/// Bytes of one string (Linux: 32 pages).
const MAX_STRING: usize = 128 << 10;
/// Bytes of all strings of a list while they are read.
const MAX_BYTES: usize = 2 << 20;

const WNOHANG: u32 = 1;
const WUNTRACED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;

/// `getpid()`.
#[inline]
pub fn getpid(k: &mut Kernel, _: Args) -> SysResult {
    // Written out, and not `k.proc()`: it stands for the cost of any call.
    Ok(k.processes[k.threads[k.current].process].pid as u64)
}

/// `gettid()`.
pub fn gettid(k: &mut Kernel, _: Args) -> SysResult {
    Ok(k.thread().tid as u64)
}

/// `getppid()`: 1 where the parent has ended or is the monitor.
pub fn getppid(k: &mut Kernel, _: Args) -> SysResult {
    let parent = k.proc().parent;
    Ok(k.processes.get(parent).map_or(1, |p| p.pid as u64))
}

fn make(k: &mut Kernel, r: CloneRequest) -> SysResult {
    // Made again after a wait for a vfork child: its number is in the call's progress.
    let child = k.thread().call.progress;
    let child = if child != 0 { child } else { k.clone_current(r)? as u64 };
    if r.flags & flag::VFORK != 0
        && let Some(slot) = k.find_process(child as u32)
        && k.processes[slot].vforked
    {
        k.thread().call.progress = child;
        return Err(k.block(Key::Vfork(slot), None, true));
    }
    Ok(child)
}

/// `clone(flags, stack, parent tid, …)`; the order of the last two arguments is the architecture's.
pub fn clone(k: &mut Kernel, a: Args) -> SysResult {
    let tls = arch::CLONE_TLS_ARG;
    let request = CloneRequest {
        flags: a.get(0),
        stack: a.get(1),
        parent_tid: a.get(2),
        child_tid: a.get(7 - tls),
        tls: a.get(tls),
    };
    make(k, request)
}

/// `fork()`.
pub fn fork(k: &mut Kernel, _: Args) -> SysResult {
    make(k, CloneRequest { flags: sig::CHLD as u64, ..Default::default() })
}

/// `vfork()`.
pub fn vfork(k: &mut Kernel, _: Args) -> SysResult {
    make(k, CloneRequest { flags: flag::VM | flag::VFORK | sig::CHLD as u64, ..Default::default() })
}

/// A list of strings that ends with a null pointer; a null list is empty.
fn strings(k: &mut Kernel, mut at: u64) -> Result<Vec<Vec<u8>>, Errno> {
    let mut list = Vec::new();
    let mut bytes = 0;
    while at != 0 {
        let string = k.read_user_u64(at)?;
        if string == 0 {
            break;
        }
        let string = k.read_user_string(string, MAX_STRING, Errno::E2BIG)?;
        bytes += string.len() + 8;
        if list.len() >= MAX_STRINGS || bytes > MAX_BYTES || k.heap_is_low() {
            return Err(Errno::E2BIG);
        }
        list.push(string);
        at = at.wrapping_add(8);
    }
    Ok(list)
}

/// `execve(path, argv, envp)`.
pub fn execve(k: &mut Kernel, a: Args) -> SysResult {
    let path = k.read_user_path(a.get(0))?;
    let argv = strings(k, a.get(1))?;
    let envp = strings(k, a.get(2))?;
    k.exec(Program { path, argv, envp })?;
    Err(Stop::Done)
}

/// `exit(code)`: the thread.
pub fn exit(k: &mut Kernel, a: Args) -> SysResult {
    k.exit_thread((a.uint(0) & 0xff) << 8);
    Err(Stop::Done)
}

/// `exit_group(code)`: the process.
pub fn exit_group(k: &mut Kernel, a: Args) -> SysResult {
    k.exit_group((a.uint(0) & 0xff) << 8);
    Err(Stop::Done)
}

/// Which children a wait call means.
#[derive(Clone, Copy)]
enum Which {
    Any,
    Pid(u32),
    Group(u32),
}

/// The slot of a child with news, or ECHILD. While there are none the call waits, or finds [`NONE`] with WNOHANG.
fn look(k: &mut Kernel, which: Which, options: u32) -> Result<usize, Stop> {
    let me = k.thread().process;
    let mut any = false;
    for slot in 0..k.processes.len() {
        let p = &k.processes[slot];
        let meant = match which {
            Which::Any => true,
            Which::Pid(pid) => p.pid == pid,
            Which::Group(group) => p.group == group,
        };
        if p.life == Life::Free || p.parent != me || !meant {
            continue;
        }
        any = true;
        let news = match p.life {
            Life::Zombie => options & WEXITED != 0,
            _ => p.unreported && options & if p.stopped { WUNTRACED } else { WCONTINUED } != 0,
        };
        if news {
            return Ok(slot);
        }
    }
    match any {
        false => Err(Errno::ECHILD.into()),
        true if options & WNOHANG != 0 => Ok(NONE),
        true => Err(k.block(Key::Child(me), None, true)),
    }
}

/// The child's news has been told.
fn settle(k: &mut Kernel, slot: usize) {
    let child = &mut k.processes[slot];
    child.unreported = false;
    if child.life == Life::Zombie {
        child.life = Life::Free;
        let calls = child.calls + child.child_calls;
        k.proc().child_calls += calls;
    }
}

/// `wait4(pid, status, options, rusage)`.
pub fn wait4(k: &mut Kernel, a: Args) -> SysResult {
    let options = a.uint(2);
    let which = match a.int(0) {
        i32::MIN => return Err(Errno::ESRCH.into()),
        -1 => Which::Any,
        0 => Which::Group(k.proc().group),
        pid if pid > 0 => Which::Pid(pid as u32),
        group => Which::Group(-group as u32),
    };
    let slot = look(k, which, options | WEXITED)?;
    if slot == NONE {
        return Ok(0);
    }
    if a.get(1) != 0 {
        let status = k.processes[slot].status;
        k.write_user_u32(a.get(1), status)?;
    }
    if a.get(3) != 0 {
        let calls = k.processes[slot].calls;
        super::misc::write_rusage(k, a.get(3), calls)?;
    }
    let pid = k.processes[slot].pid;
    settle(k, slot);
    Ok(pid as u64)
}

/// `waitid(type, id, siginfo, options, rusage)`.
pub fn waitid(k: &mut Kernel, a: Args) -> SysResult {
    let options = a.uint(3);
    if options & (WUNTRACED | WEXITED | WCONTINUED) == 0 {
        return Err(Errno::EINVAL.into());
    }
    let which = match (a.uint(0), a.uint(1)) {
        (0, _) => Which::Any,
        (1, pid) => Which::Pid(pid),
        (2, 0) => Which::Group(k.proc().group),
        (2, group) => Which::Group(group),
        _ => return Err(Errno::EINVAL.into()),
    };
    let slot = look(k, which, options)?;
    let mut info = [0; 16];
    if slot != NONE {
        let status = k.processes[slot].status;
        let (code, value) = match status & 0xff {
            0 => (1, status >> 8),
            0x7f => (5, status >> 8),
            0xff => (6, sig::CONT),
            signal => (2, signal & 0x7f),
        };
        // `siginfo_t`: signal; code; process, user 0; status.
        (info[0], info[1]) = (sig::CHLD as u64, code);
        (info[2], info[3]) = (k.processes[slot].pid as u64, value as u64);
    }
    if a.get(2) != 0 {
        k.write_user_words(a.get(2), &info)?;
    }
    if slot != NONE {
        if a.get(4) != 0 {
            let calls = k.processes[slot].calls;
            super::misc::write_rusage(k, a.get(4), calls)?;
        }
        if options & WNOWAIT == 0 {
            settle(k, slot);
        }
    }
    Ok(0)
}

/// `set_tid_address(addr)`.
pub fn set_tid_address(k: &mut Kernel, a: Args) -> SysResult {
    k.thread().clear_tid = a.get(0);
    gettid(k, a)
}

/// `set_robust_list(head, length)`.
pub fn set_robust_list(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(1) != 24 {
        return Err(Errno::EINVAL.into());
    }
    k.thread().robust_list = a.get(0);
    Ok(0)
}

/// `get_robust_list(tid, head, length)`.
pub fn get_robust_list(k: &mut Kernel, a: Args) -> SysResult {
    let slot = match a.uint(0) {
        0 => k.current,
        tid => k.find_thread(tid).ok_or(Errno::ESRCH)?,
    };
    let head = k.threads[slot].robust_list;
    k.write_user_u64(a.get(1), head)?;
    k.write_user_u64(a.get(2), 24)?;
    Ok(0)
}

/// The process that a `pid` argument names; 0 is the caller's.
fn named(k: &mut Kernel, pid: i32) -> Result<usize, Errno> {
    match pid {
        0 => Ok(k.thread().process),
        pid if pid > 0 => k.find_process(pid as u32).ok_or(Errno::ESRCH),
        _ => Err(Errno::EINVAL),
    }
}

/// `setpgid(pid, group)`.
pub fn setpgid(k: &mut Kernel, a: Args) -> SysResult {
    let slot = named(k, a.int(0))?;
    let me = k.thread().process;
    let group = match a.int(1) {
        0 => k.processes[slot].pid,
        group if group > 0 => group as u32,
        _ => return Err(Errno::EINVAL.into()),
    };
    let (p, session) = (&k.processes[slot], k.processes[me].session);
    if slot != me && p.parent != me {
        return Err(Errno::ESRCH.into());
    }
    let exists = k.processes.iter().any(|q| q.life != Life::Free && q.group == group && q.session == session);
    if p.session != session || p.session == p.pid || group != p.pid && !exists {
        return Err(Errno::EPERM.into());
    }
    k.processes[slot].group = group;
    Ok(0)
}

/// `getpgid(pid)`.
pub fn getpgid(k: &mut Kernel, a: Args) -> SysResult {
    let slot = named(k, a.int(0)).map_err(|_| Errno::ESRCH)?;
    Ok(k.processes[slot].group as u64)
}

/// `getpgrp()`.
pub fn getpgrp(k: &mut Kernel, _: Args) -> SysResult {
    Ok(k.proc().group as u64)
}

/// `getsid(pid)`.
pub fn getsid(k: &mut Kernel, a: Args) -> SysResult {
    let slot = named(k, a.int(0)).map_err(|_| Errno::ESRCH)?;
    Ok(k.processes[slot].session as u64)
}

/// `setsid()`.
pub fn setsid(k: &mut Kernel, _: Args) -> SysResult {
    let pid = k.proc().pid;
    if k.processes.iter().any(|p| p.life != Life::Free && p.group == pid) {
        return Err(Errno::EPERM.into());
    }
    let p = k.proc();
    (p.group, p.session) = (pid, pid);
    Ok(pid as u64)
}

/// `sched_yield()`.
pub fn sched_yield(k: &mut Kernel, _: Args) -> SysResult {
    k.end_turn();
    Ok(0)
}

/// RLIMIT_NPROC's value.
pub const PROCESS_LIMIT: u64 = MAX_TASKS as u64;

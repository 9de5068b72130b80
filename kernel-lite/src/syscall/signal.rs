// SPDX-License-Identifier: MIT
//! Calls about signals.

use super::{Args, Stop, SysResult};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::process::{Life, SIGNALS};
use crate::signal::{AltStack, SI_TKILL, SI_USER, SS_DISABLE, SignalInfo, UNBLOCKABLE, bit, set_of};
use crate::thread::Key;

/// Bytes of the kernel's `sigset_t`.
const SET: u64 = 8;

fn signal_number(n: i32) -> Result<u32, Errno> {
    if (0..=SIGNALS as i32).contains(&n) { Ok(n as u32) } else { Err(Errno::EINVAL) }
}

fn mask_at(k: &mut Kernel, addr: u64, size: u64) -> Result<u64, Errno> {
    if size != SET {
        return Err(Errno::EINVAL);
    }
    k.read_user_u64(addr)
}

/// `rt_sigaction(signal, new, old, size)`.
pub fn rt_sigaction(k: &mut Kernel, a: Args) -> SysResult {
    let signo = signal_number(a.int(0))?;
    if a.get(3) != SET || signo == 0 || a.get(1) != 0 && UNBLOCKABLE & bit(signo) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let index = signo as usize - 1;
    // handler, flags, restorer, mask: on both architectures, AArch64's without a use for the restorer.
    let mut new = [0; 4];
    if a.get(1) != 0 {
        k.read_user_words(a.get(1), &mut new)?;
    }
    let old = k.proc().actions[index];
    if a.get(2) != 0 {
        k.write_user_words(a.get(2), &[old.handler, old.flags, old.restorer, old.mask])?;
    }
    if a.get(1) != 0 {
        let [handler, flags, restorer, mask] = new;
        let mask = mask & !UNBLOCKABLE;
        k.proc().actions[index] = crate::signal::Action { handler, flags, restorer, mask };
        k.discard_ignored(signo);
    }
    Ok(0)
}

/// `rt_sigprocmask(how, new, old, size)`.
pub fn rt_sigprocmask(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(3) != SET {
        return Err(Errno::EINVAL.into());
    }
    let old = k.thread().mask;
    let mut new = old;
    if a.get(1) != 0 {
        let set = k.read_user_u64(a.get(1))?;
        new = match a.int(0) {
            0 => old | set,
            1 => old & !set,
            2 => set,
            _ => return Err(Errno::EINVAL.into()),
        };
    }
    if a.get(2) != 0 {
        k.write_user_u64(a.get(2), old)?;
    }
    k.thread().mask = new & !UNBLOCKABLE;
    Ok(0)
}

/// `rt_sigpending(set, size)`.
pub fn rt_sigpending(k: &mut Kernel, a: Args) -> SysResult {
    if a.get(1) > SET {
        return Err(Errno::EINVAL.into());
    }
    let t = &k.threads[k.current];
    let set = (set_of(&t.pending) | set_of(&k.processes[t.process].pending)) & t.mask;
    k.write_user(a.get(0), &set.to_le_bytes()[..a.get(1) as usize])?;
    Ok(0)
}

/// `rt_sigsuspend(mask, size)`.
pub fn rt_sigsuspend(k: &mut Kernel, a: Args) -> SysResult {
    let mask = mask_at(k, a.get(0), a.get(1))?;
    k.temporary_mask(mask);
    Err(k.block(Key::Sleep, None, false))
}

/// `pause()`.
pub fn pause(k: &mut Kernel, _: Args) -> SysResult {
    Err(k.block(Key::Sleep, None, false))
}

/// `rt_sigtimedwait(set, info, timeout, size)`.
pub fn rt_sigtimedwait(k: &mut Kernel, a: Args) -> SysResult {
    let set = mask_at(k, a.get(0), a.get(3))? & !UNBLOCKABLE;
    if let Some(info) = k.take_signal(set) {
        if a.get(1) != 0 {
            k.write_user(a.get(1), info.to_words().as_flattened())?;
        }
        return Ok(info.signo as u64);
    }
    let span = super::time::read_span(k, a.get(2), 1)?;
    let deadline = k.deadline(span);
    if k.timed_out() {
        return Err(Errno::EAGAIN.into());
    }
    k.thread().wait_set = set;
    Err(k.block(Key::Sleep, Some(deadline), false))
}

/// `rt_sigreturn()`.
pub fn rt_sigreturn(k: &mut Kernel, _: Args) -> SysResult {
    k.return_from_handler();
    Err(Stop::Done)
}

/// `sigaltstack(new, old)`.
pub fn sigaltstack(k: &mut Kernel, a: Args) -> SysResult {
    let t = k.thread();
    let (old, sp) = (t.altstack, t.context.sp());
    let on = old.holds(sp);
    let mut new = None;
    if a.get(0) != 0 {
        if on {
            return Err(Errno::EPERM.into());
        }
        let mut words = [0; 3];
        k.read_user_words(a.get(0), &mut words)?;
        let [sp, flags, size] = words;
        new = Some(match flags as u32 & !0x8000_0000 {
            SS_DISABLE => AltStack::default(),
            0 | 1 if size < 2048 => return Err(Errno::ENOMEM.into()),
            0 | 1 => AltStack { sp, flags: 0, size },
            _ => return Err(Errno::EINVAL.into()),
        });
    }
    if a.get(1) != 0 {
        k.write_user_words(a.get(1), &[old.sp, (old.flags | on as u32) as u64, old.size])?;
    }
    if let Some(new) = new {
        k.thread().altstack = new;
    }
    Ok(0)
}

fn from_me(k: &mut Kernel, signo: u32, code: i32) -> SignalInfo {
    SignalInfo { signo, code, value: k.proc().pid as u64, status: 0 }
}

/// `kill(pid, signal)`.
pub fn kill(k: &mut Kernel, a: Args) -> SysResult {
    let info = signal_number(a.int(1)).map(|signo| from_me(k, signo, SI_USER))?;
    let found = match a.int(0) {
        0 => {
            let group = k.proc().group;
            k.signal_group(group, info)
        }
        i32::MIN => false,
        -1 => {
            let me = k.thread().process;
            let mut any = false;
            for slot in 0..k.processes.len() {
                if slot != me && k.processes[slot].life == Life::Alive {
                    k.send(slot, info);
                    any = true;
                }
            }
            any
        }
        pid if pid > 0 => match k.find_process(pid as u32) {
            Some(slot) => {
                k.send(slot, info);
                true
            }
            None => false,
        },
        group => k.signal_group(-group as u32, info),
    };
    if found { Ok(0) } else { Err(Errno::ESRCH.into()) }
}

fn to_thread(k: &mut Kernel, group: Option<u32>, tid: i32, signo: i32) -> SysResult {
    let signo = signal_number(signo)?;
    if tid <= 0 || group == Some(0) {
        return Err(Errno::EINVAL.into());
    }
    let slot = k.find_thread(tid as u32).ok_or(Errno::ESRCH)?;
    if group.is_some_and(|pid| k.processes[k.threads[slot].process].pid != pid) {
        return Err(Errno::ESRCH.into());
    }
    if signo != 0 {
        let info = from_me(k, signo, SI_TKILL);
        k.send_thread(slot, info);
    }
    Ok(0)
}

/// `tgkill(process, thread, signal)`.
pub fn tgkill(k: &mut Kernel, a: Args) -> SysResult {
    to_thread(k, Some(a.uint(0)), a.int(1), a.int(2))
}

/// `tkill(thread, signal)`.
pub fn tkill(k: &mut Kernel, a: Args) -> SysResult {
    to_thread(k, None, a.int(0), a.int(1))
}

/// `rt_sigqueueinfo(process, signal, info)`.
pub fn rt_sigqueueinfo(k: &mut Kernel, a: Args) -> SysResult {
    let signo = signal_number(a.int(1))?;
    let code = k.read_user_u32(a.get(2).wrapping_add(8))? as i32;
    let value = k.read_user_u64(a.get(2).wrapping_add(16))?;
    let status = k.read_user_u64(a.get(2).wrapping_add(24))?;
    let slot = k.find_process(a.uint(0)).ok_or(Errno::ESRCH)?;
    if code >= 0 && slot != k.thread().process {
        return Err(Errno::EPERM.into());
    }
    k.send(slot, SignalInfo { signo, code, value, status });
    Ok(0)
}

// SPDX-License-Identifier: MIT
//! Futexes: waiting for a word of user memory. One core, so comparing and going to wait is one step.

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::Access;
use crate::process::NONE;
use crate::syscall::SysResult;
use crate::thread::{Key, State};

/// A robust list may have this many entries, as on Linux.
const ROBUST_LIMIT: u32 = 2048;
/// The owner of the lock has ended.
const OWNER_DIED: u32 = 0x4000_0000;
/// Somebody waits for the lock.
const WAITERS: u32 = 0x8000_0000;
/// The owner's number.
const TID_MASK: u32 = 0x3fff_ffff;

impl Kernel {
    /// The key of a futex word: by physical address in shared mappings, so that processes can wake each other,
    /// by space and address else.
    fn futex_key(&mut self, addr: u64) -> Key {
        let slot = self.proc().space;
        let (space, mem, vfs) = self.space();
        let shared = space.find(addr).is_some_and(|v| v.backing.shared);
        match shared.then(|| space.translate(mem, vfs, addr, Access::Read)) {
            Some(Ok(at)) => Key::Futex { space: NONE, addr: at.0 },
            _ => Key::Futex { space: slot, addr },
        }
    }

    /// Waits until woken, if the word still is `value`.
    pub fn futex_wait(&mut self, addr: u64, value: u32, bits: u32, deadline: Option<u64>) -> SysResult {
        if bits == 0 || !addr.is_multiple_of(4) {
            return Err(Errno::EINVAL.into());
        }
        if self.thread().call.woken {
            return Ok(0);
        }
        self.thread().call.deadline = deadline;
        if self.timed_out() {
            return Err(Errno::ETIMEDOUT.into());
        }
        if self.read_user_u32(addr)? != value {
            return Err(Errno::EAGAIN.into());
        }
        self.thread().futex_bits = bits;
        let key = self.futex_key(addr);
        Err(self.block(key, deadline, deadline.is_none()))
    }

    /// Wakes up to `n` that wait for the word.
    pub fn futex_wake(&mut self, addr: u64, n: u32, bits: u32) -> SysResult {
        if bits == 0 || !addr.is_multiple_of(4) {
            return Err(Errno::EINVAL.into());
        }
        let key = self.futex_key(addr);
        Ok(self.wake_some(key, n as usize, bits) as u64)
    }

    /// Wakes up to `n`, and lets up to `m` of the rest wait for `to` instead.
    pub fn futex_requeue(&mut self, addr: u64, n: u32, m: u32, to: u64, expect: Option<u32>) -> SysResult {
        if !addr.is_multiple_of(4) || !to.is_multiple_of(4) {
            return Err(Errno::EINVAL.into());
        }
        if let Some(value) = expect
            && self.read_user_u32(addr)? != value
        {
            return Err(Errno::EAGAIN.into());
        }
        let (from, to) = (self.futex_key(addr), self.futex_key(to));
        let mut count = self.wake_some(from, n as usize, !0);
        let mut left = m;
        while left > 0
            && from != to
            && let Some(slot) = self.longest_waiting(from, !0)
        {
            if let State::Waiting(w) = &mut self.threads[slot].state {
                w.key = to;
            }
            left -= 1;
            count += 1;
        }
        Ok(count as u64)
    }

    /// The locks that the current thread held are marked as their owner's legacy. The list is the program's, so
    /// anything may be wrong with it.
    pub(crate) fn release_robust_list(&mut self) {
        let head = core::mem::take(&mut self.thread().robust_list);
        if head != 0 {
            let _ = self.walk_robust_list(head);
        }
    }

    fn walk_robust_list(&mut self, head: u64) -> Result<(), Errno> {
        let offset = self.read_user_u64(head.wrapping_add(8))?;
        let pending = self.read_user_u64(head.wrapping_add(16))? & !1;
        let mut entry = self.read_user_u64(head)? & !1;
        for _ in 0..ROBUST_LIMIT {
            if entry == head {
                break;
            }
            let next = self.read_user_u64(entry);
            if entry != pending {
                self.inherit_lock(entry.wrapping_add(offset))?;
            }
            entry = next? & !1;
        }
        if pending != 0 {
            self.inherit_lock(pending.wrapping_add(offset))?;
        }
        Ok(())
    }

    fn inherit_lock(&mut self, addr: u64) -> Result<(), Errno> {
        let word = self.read_user_u32(addr)?;
        if word & TID_MASK == self.thread().tid {
            self.write_user_u32(addr, word & WAITERS | OWNER_DIED)?;
            if word & WAITERS != 0 {
                let key = self.futex_key(addr);
                self.wake_some(key, 1, !0);
            }
        }
        Ok(())
    }
}

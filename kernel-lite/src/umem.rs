// SPDX-License-Identifier: MIT
//! The one way into user memory. A user address is an allegation: it becomes a physical address here, after
//! a check against the current space, which also makes demand-zero pages and copies shared ones.

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::Access;
use crate::ram::{PAGE_SIZE, PhysAddr};
use alloc::vec::Vec;

impl Kernel {
    /// Where the current program's byte at `addr` lies, for a read or a write by the monitor; what follows on
    /// the same page is contiguous. EFAULT where the program itself could not.
    #[inline]
    pub fn user_page(&mut self, addr: u64, access: Access) -> Result<PhysAddr, Errno> {
        let slot = self.processes[self.threads[self.current].process].space;
        Ok(self.spaces[slot].translate(&mut self.mem, &mut self.vfs, addr, access)?)
    }

    /// Where the user range begins, and how much of it is contiguous there (up to the page's end).
    #[inline]
    pub fn user_chunk(&mut self, addr: u64, len: usize, access: Access) -> Result<(PhysAddr, usize), Errno> {
        let at = self.user_page(addr, access)?;
        Ok((at, len.min(PAGE_SIZE - addr as usize % PAGE_SIZE)))
    }

    /// Copies from user memory.
    pub fn read_user(&mut self, addr: u64, buf: &mut [u8]) -> Result<(), Errno> {
        let (space, mem, vfs) = self.space();
        space.read(mem, vfs, addr, buf)
    }

    /// Copies to user memory.
    pub fn write_user(&mut self, addr: u64, buf: &[u8]) -> Result<(), Errno> {
        let (space, mem, vfs) = self.space();
        space.write(mem, vfs, addr, buf)
    }

    /// Reads so many `long`s, as most structures are.
    pub fn read_user_words(&mut self, addr: u64, words: &mut [u64]) -> Result<(), Errno> {
        for (i, word) in words.iter_mut().enumerate() {
            *word = self.read_user_u64(addr.wrapping_add(8 * i as u64))?;
        }
        Ok(())
    }

    /// Writes so many `long`s.
    pub fn write_user_words(&mut self, addr: u64, words: &[u64]) -> Result<(), Errno> {
        for (i, &word) in words.iter().enumerate() {
            self.write_user_u64(addr.wrapping_add(8 * i as u64), word)?;
        }
        Ok(())
    }

    /// Reads an `int`.
    pub fn read_user_u32(&mut self, addr: u64) -> Result<u32, Errno> {
        let mut b = [0; 4];
        self.read_user(addr, &mut b)?;
        Ok(u32::from_le_bytes(b))
    }

    /// Reads a `long`.
    pub fn read_user_u64(&mut self, addr: u64) -> Result<u64, Errno> {
        let mut b = [0; 8];
        self.read_user(addr, &mut b)?;
        Ok(u64::from_le_bytes(b))
    }

    /// Writes an `int`.
    pub fn write_user_u32(&mut self, addr: u64, value: u32) -> Result<(), Errno> {
        self.write_user(addr, &value.to_le_bytes())
    }

    /// Writes a `long`.
    pub fn write_user_u64(&mut self, addr: u64, value: u64) -> Result<(), Errno> {
        self.write_user(addr, &value.to_le_bytes())
    }

    /// Reads a string up to its NUL, which is not in the result. Longer than `max` bytes is `too_long`.
    pub fn read_user_string(&mut self, addr: u64, max: usize, too_long: Errno) -> Result<Vec<u8>, Errno> {
        let mut out = Vec::new();
        loop {
            let from = addr.wrapping_add(out.len() as u64);
            let (at, n) = self.user_chunk(from, max + 1 - out.len(), Access::Read)?;
            let bytes = self.mem.ram.slice(at, n);
            match bytes.iter().position(|&b| b == 0) {
                Some(end) => {
                    out.extend_from_slice(&bytes[..end]);
                    return Ok(out);
                }
                None => out.extend_from_slice(bytes),
            }
            if out.len() > max {
                return Err(too_long);
            }
        }
    }

    /// Reads a path: at most 4095 bytes.
    pub fn read_user_path(&mut self, addr: u64) -> Result<Vec<u8>, Errno> {
        self.read_user_string(addr, 4095, Errno::ENAMETOOLONG)
    }
}

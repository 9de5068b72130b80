// SPDX-License-Identifier: MIT
//! Pipes: a ring of sixteen frames, which are taken when bytes come and given back when they are gone.

use super::data::HOLE;
use super::files::flag;
use crate::errno::Errno;
use crate::mem::Mem;
use crate::ram::{Frame, PAGE_SIZE, PhysAddr};
use alloc::vec::Vec;

/// Bytes that a pipe holds, as in Linux.
pub const CAPACITY: usize = 16 * PAGE_SIZE;
/// Writes of up to this many bytes are not torn apart, as in Linux.
pub const ATOMIC: usize = 4096;
/// Pipes at most.
const PIPES_MAX: usize = 16384;

/// A pipe.
pub struct Pipe {
    frames: [Frame; CAPACITY / PAGE_SIZE],
    /// Where the oldest byte is in the ring.
    start: usize,
    length: usize,
    /// Open files that read.
    pub readers: u32,
    /// Open files that write.
    pub writers: u32,
    /// How many writers there ever were.
    pub writers_ever: u32,
}

impl Default for Pipe {
    fn default() -> Pipe {
        let frames = [HOLE; CAPACITY / PAGE_SIZE];
        Pipe { frames, start: 0, length: 0, readers: 0, writers: 0, writers_ever: 0 }
    }
}

impl Pipe {
    /// Bytes in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that fit in addition.
    #[inline]
    pub fn room(&self) -> usize {
        CAPACITY - self.length
    }

    /// Moves at most `len` bytes to the contiguous memory at `to`; how many.
    pub fn take(&mut self, mem: &mut Mem, to: PhysAddr, len: usize) -> usize {
        let len = len.min(self.length);
        let mut done = 0;
        while done < len {
            let within = self.start % PAGE_SIZE;
            let count = (len - done).min(PAGE_SIZE - within);
            let slot = &mut self.frames[self.start / PAGE_SIZE];
            let frame = *slot;
            if frame == HOLE {
                break;
            }
            mem.ram.copy(to.offset(done as u64), frame.addr().offset(within as u64), count);
            done += count;
            self.length -= count;
            // A full ring ends in the page that it begins in: that page is still needed.
            if within + count == PAGE_SIZE && self.length <= CAPACITY - PAGE_SIZE {
                mem.release(frame);
                *slot = HOLE;
            }
            self.start = (self.start + count) % CAPACITY;
        }
        done
    }

    /// Copies as many of `len` contiguous bytes at `from` as fit; how many. ENOMEM if there is no frame for
    /// the first.
    pub fn put(&mut self, mem: &mut Mem, from: PhysAddr, len: usize) -> Result<usize, Errno> {
        let len = len.min(self.room());
        let mut done = 0;
        while done < len {
            let end = (self.start + self.length) % CAPACITY;
            let within = end % PAGE_SIZE;
            let count = (len - done).min(PAGE_SIZE - within);
            let slot = &mut self.frames[end / PAGE_SIZE];
            if *slot == HOLE {
                match mem.alloc_dirty() {
                    Ok(frame) => *slot = frame,
                    Err(error) if done == 0 => return Err(error.into()),
                    Err(_) => break,
                }
            }
            mem.ram.copy(slot.addr().offset(within as u64), from.offset(done as u64), count);
            done += count;
            self.length += count;
        }
        Ok(done)
    }
}

/// How many readers and writers an open file with that access mode is.
fn ends(access: u32) -> (u32, u32) {
    (u32::from(access != flag::WRITE_ONLY), u32::from(access != 0))
}

/// All pipes.
#[derive(Default)]
pub struct Pipes {
    slots: Vec<Option<alloc::boxed::Box<Pipe>>>,
}

impl Pipes {
    /// A new pipe without ends.
    pub fn create(&mut self) -> Result<usize, Errno> {
        let place = match self.slots.iter().position(Option::is_none) {
            Some(place) => place,
            None if self.slots.len() >= PIPES_MAX || self.slots.try_reserve(1).is_err() => {
                return Err(Errno::ENFILE);
            }
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        self.slots[place] = Some(Default::default());
        Ok(place)
    }

    /// The pipe. Asking for one that is gone is a bug of the monitor.
    #[inline(never)]
    pub fn get(&mut self, id: u32) -> &mut Pipe {
        match self.slots.get_mut(id as usize) {
            Some(Some(pipe)) => pipe,
            _ => panic!("pipe {id} is gone"),
        }
    }

    /// One more reader or writer, or both, as an access mode says.
    pub fn open(&mut self, id: u32, access: u32) {
        let (reads, writes) = ends(access);
        let pipe = self.get(id);
        pipe.readers += reads;
        pipe.writers += writes;
        pipe.writers_ever = pipe.writers_ever.wrapping_add(writes);
    }

    /// One reader or writer less. Returns whether the pipe is gone, with what was in it.
    pub fn close(&mut self, mem: &mut Mem, id: u32, access: u32) -> bool {
        let (reads, writes) = ends(access);
        let pipe = self.get(id);
        pipe.readers -= reads;
        pipe.writers -= writes;
        if pipe.readers > 0 || pipe.writers > 0 {
            return false;
        }
        super::data::release(mem, &pipe.frames);
        self.slots[id as usize] = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// The ring wraps in the middle of a page, while full, many times.
    #[test]
    fn a_full_pipe_keeps_every_byte_in_order() {
        let mut mem = testing::mem(4096);
        let buffer = mem.alloc().unwrap().addr();
        let mut pipe = Pipe::default();
        let (mut written, mut read) = (0u32, 0u32);
        let before = mem.free_frames();
        for round in 0..200u32 {
            while pipe.room() > 0 {
                let count = pipe.room().min(1000 + 7 * round as usize);
                for i in 0..count {
                    mem.ram.set_byte(buffer.offset(i as u64), (written + i as u32) as u8);
                }
                assert_eq!(pipe.put(&mut mem, buffer, count), Ok(count));
                written += count as u32;
            }
            for count in [513, 4096, 100 + round as usize] {
                assert_eq!(pipe.take(&mut mem, buffer, count), count);
                for i in 0..count {
                    assert_eq!(
                        mem.ram.byte(buffer.offset(i as u64)),
                        (read + i as u32) as u8,
                        "byte {read} + {i}"
                    );
                }
                read += count as u32;
            }
        }
        while !pipe.is_empty() {
            read += pipe.take(&mut mem, buffer, 4096) as u32;
        }
        assert_eq!(read, written);
        assert!(before - mem.free_frames() <= 1);
    }
}

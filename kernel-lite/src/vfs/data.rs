// SPDX-License-Identifier: MIT
//! A regular file's bytes.
//!
//! A file of the closure is a slice of the payload where it lies; nothing is copied until somebody writes to it
//! or maps it. Every other file is a list of frames, one a page, where a hole has none. A frame that somebody
//! else holds too (a mapping, a copy of the file in another step's root) is copied before it is written.
//! Bytes of the last frame behind the file's end are zero.

use crate::errno::Errno;
use crate::mem::Mem;
use crate::ram::{Frame, PAGE_SIZE, PhysAddr};
use alloc::vec::Vec;

/// Files end here at the latest: 1 TiB.
pub const MAX_SIZE: u64 = 1 << 40;

/// A page without a frame.
pub(super) const HOLE: Frame = Frame(u32::MAX);

/// The bytes.
pub enum Data {
    /// A part of the payload.
    Closure(&'static [u8]),
    /// Frames.
    Pages {
        /// The frame of each page, up to the last one that has a frame.
        frames: Vec<Frame>,
        /// Bytes in the file.
        size: u64,
    },
}

/// What reading a range starts with.
enum Piece<'a> {
    Bytes(&'a [u8]),
    Frame(PhysAddr, usize),
    Zero(usize),
}

pub(super) fn release(mem: &mut Mem, frames: &[Frame]) {
    for &frame in frames {
        if frame != HOLE {
            mem.release(frame);
        }
    }
}

fn page_of(offset: u64) -> usize {
    (offset / PAGE_SIZE as u64) as usize
}

impl Default for Data {
    fn default() -> Data {
        Data::new()
    }
}

impl Data {
    /// An empty file.
    pub const fn new() -> Data {
        Data::Pages { frames: Vec::new(), size: 0 }
    }

    /// Bytes in the file.
    #[inline]
    pub fn size(&self) -> u64 {
        match self {
            Data::Closure(bytes) => bytes.len() as u64,
            Data::Pages { size, .. } => *size,
        }
    }

    /// 512-byte units in use.
    pub fn sectors(&self) -> u64 {
        match self {
            Data::Closure(bytes) => (bytes.len() as u64).div_ceil(512),
            Data::Pages { frames, .. } => frames.iter().filter(|frame| **frame != HOLE).count() as u64 * 8,
        }
    }

    /// The contiguous piece at `offset`, at most `max` bytes, of frames within one page; empty at the end.
    #[inline]
    fn piece(&self, offset: u64, max: usize) -> Piece<'_> {
        let max = (max as u64).min(self.size().saturating_sub(offset)) as usize;
        match self {
            Data::Closure(bytes) => match bytes.get(offset as usize..) {
                Some(bytes) => Piece::Bytes(&bytes[..max]),
                None => Piece::Zero(0),
            },
            Data::Pages { frames, .. } => {
                let within = offset as usize % PAGE_SIZE;
                let length = max.min(PAGE_SIZE - within);
                match frames.get(page_of(offset)) {
                    Some(&frame) if frame != HOLE => Piece::Frame(frame.addr().offset(within as u64), length),
                    _ => Piece::Zero(length),
                }
            }
        }
    }

    /// Copies from the file to the contiguous `len` bytes at `to`. Returns how many; fewer at the end only.
    #[inline]
    pub fn copy_out(&self, mem: &mut Mem, mut offset: u64, to: PhysAddr, len: usize) -> usize {
        let mut done = 0;
        while done < len {
            let to = to.offset(done as u64);
            let count = match self.piece(offset, len - done) {
                Piece::Bytes(bytes) => {
                    mem.ram.slice_mut(to, bytes.len()).copy_from_slice(bytes);
                    bytes.len()
                }
                Piece::Frame(from, count) => {
                    if count == 1 {
                        let byte = mem.ram.byte(from);
                        mem.ram.set_byte(to, byte);
                    } else {
                        mem.ram.copy(to, from, count);
                    }
                    count
                }
                Piece::Zero(count) => {
                    mem.ram.slice_mut(to, count).fill(0);
                    count
                }
            };
            if count == 0 {
                break;
            }
            done += count;
            offset += count as u64;
        }
        done
    }

    /// Hands the bytes from `offset` to `end`, or the file's end, to `take`, piece by piece.
    pub fn each_piece(&self, mem: &Mem, mut offset: u64, end: u64, take: &mut dyn FnMut(&[u8])) {
        while offset < end {
            let zeros;
            let piece = match self.piece(offset, (end - offset) as usize) {
                Piece::Bytes(bytes) => bytes,
                Piece::Frame(from, count) => mem.ram.slice(from, count),
                Piece::Zero(count) => {
                    // Made on the stack: as a constant it would be a page of the image.
                    zeros = [0; PAGE_SIZE];
                    &zeros[..count]
                }
            };
            if piece.is_empty() {
                break;
            }
            take(piece);
            offset += piece.len() as u64;
        }
    }

    /// Copies from the file to a buffer of the monitor's. Returns how many; fewer at the end only.
    pub fn read(&self, mem: &Mem, offset: u64, buf: &mut [u8]) -> usize {
        let mut done = 0;
        let end = offset.saturating_add(buf.len() as u64);
        self.each_piece(mem, offset, end, &mut |piece| {
            buf[done..done + piece.len()].copy_from_slice(piece);
            done += piece.len();
        });
        done
    }

    /// Whether the file's bytes are exactly `bytes`.
    pub fn equals(&self, mem: &Mem, bytes: &[u8]) -> bool {
        let size = bytes.len() as u64;
        let (mut same, mut rest) = (self.size() == size, bytes);
        if same {
            self.each_piece(mem, 0, size, &mut |piece| {
                same &= rest.starts_with(piece);
                rest = &rest[piece.len()..];
            });
        }
        same
    }

    /// Turns a part of the payload into frames.
    fn own(&mut self, mem: &mut Mem) -> Result<(), Errno> {
        let &mut Data::Closure(bytes) = self else {
            return Ok(());
        };
        let mut own = Data::new();
        if own.write(mem, 0, bytes) != Ok(bytes.len()) {
            own.free(mem);
            return Err(Errno::ENOSPC);
        }
        *self = own;
        Ok(())
    }

    /// The frame of a page that is about to be written: its own, or new. `whole` promises that all of it will
    /// be overwritten.
    #[inline]
    fn frame_to_write(
        frames: &mut Vec<Frame>,
        mem: &mut Mem,
        page: usize,
        whole: bool,
    ) -> Result<Frame, Errno> {
        if let Some(&frame) = frames.get(page)
            && frame != HOLE
            && mem.holders(frame) == 1
        {
            return Ok(frame);
        }
        Data::new_frame(frames, mem, page, whole)
    }

    fn new_frame(frames: &mut Vec<Frame>, mem: &mut Mem, page: usize, whole: bool) -> Result<Frame, Errno> {
        if page >= frames.len() {
            let more = page + 1 - frames.len();
            frames.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
            frames.resize(page + 1, HOLE);
        }
        let old = frames[page];
        let new = if whole {
            mem.alloc_dirty()
        } else if old == HOLE {
            mem.alloc()
        } else {
            mem.duplicate(old)
        };
        let new = new.map_err(|_| Errno::ENOSPC)?;
        if old != HOLE {
            mem.release(old);
        }
        frames[page] = new;
        Ok(new)
    }

    /// Copies `len` contiguous bytes at `from` into the file, which grows as needed. Returns how many; fewer
    /// only when memory ran out after the first.
    #[inline]
    pub fn copy_in(
        &mut self,
        mem: &mut Mem,
        offset: u64,
        from: PhysAddr,
        len: usize,
    ) -> Result<usize, Errno> {
        self.put(mem, offset, len, |mem, to, done, count| {
            if count == 1 {
                let byte = mem.ram.byte(from.offset(done as u64));
                mem.ram.set_byte(to, byte);
            } else {
                mem.ram.copy(to, from.offset(done as u64), count);
            }
        })
    }

    /// Writes a buffer of the monitor's, like [`Data::copy_in`].
    pub fn write(&mut self, mem: &mut Mem, offset: u64, buf: &[u8]) -> Result<usize, Errno> {
        self.put(mem, offset, buf.len(), |mem, to, done, count| {
            mem.ram.slice_mut(to, count).copy_from_slice(&buf[done..done + count]);
        })
    }

    #[inline]
    #[cfg_attr(target_os = "none", optimize(speed))]
    fn put(
        &mut self,
        mem: &mut Mem,
        offset: u64,
        len: usize,
        copy: impl Fn(&mut Mem, PhysAddr, usize, usize),
    ) -> Result<usize, Errno> {
        if offset.checked_add(len as u64).is_none_or(|end| end > MAX_SIZE) {
            return Err(Errno::EFBIG);
        }
        self.own(mem)?;
        let Data::Pages { frames, size } = self else {
            return Err(Errno::EIO);
        };
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let within = at as usize % PAGE_SIZE;
            let count = (len - done).min(PAGE_SIZE - within);
            match Data::frame_to_write(frames, mem, page_of(at), count == PAGE_SIZE) {
                Ok(frame) => copy(mem, frame.addr().offset(within as u64), done, count),
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
            done += count;
            *size = (*size).max(at + count as u64);
        }
        Ok(done)
    }

    /// Cuts or extends (with a hole) to `new_size` bytes.
    pub fn truncate(&mut self, mem: &mut Mem, new_size: u64) -> Result<(), Errno> {
        if new_size > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        if new_size == 0 {
            self.free(mem);
            return Ok(());
        }
        if new_size == self.size() {
            return Ok(());
        }
        self.own(mem)?;
        let Data::Pages { frames, size } = self else {
            return Err(Errno::EIO);
        };
        if new_size < *size {
            let within = new_size as usize % PAGE_SIZE;
            let last = page_of(new_size);
            if within > 0 && frames.get(last).is_some_and(|frame| *frame != HOLE) {
                let frame = Data::frame_to_write(frames, mem, last, false)?;
                mem.ram.frame_mut(frame)[within..].fill(0);
            }
            let keep = new_size.div_ceil(PAGE_SIZE as u64) as usize;
            if keep < frames.len() {
                release(mem, &frames[keep..]);
                frames.truncate(keep);
            }
        }
        *size = new_size;
        Ok(())
    }

    /// Gives each hole from `offset` to `end` a frame.
    pub fn allocate(&mut self, mem: &mut Mem, offset: u64, end: u64) -> Result<(), Errno> {
        if end > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        self.own(mem)?;
        let Data::Pages { frames, .. } = self else {
            return Err(Errno::EIO);
        };
        // Refused at once rather than after the memory is gone.
        let pages = end.saturating_sub(offset).div_ceil(PAGE_SIZE as u64);
        if pages > mem.free_frames() as u64 + frames.len() as u64 {
            return Err(Errno::ENOSPC);
        }
        for page in page_of(offset)..end.div_ceil(PAGE_SIZE as u64) as usize {
            if frames.get(page).is_none_or(|frame| *frame == HOLE) {
                Data::new_frame(frames, mem, page, false)?;
            }
        }
        Ok(())
    }

    /// The frame of page `index` for a mapping. `None`: a hole; with `fill` a hole gets a frame.
    pub fn map_page(&mut self, mem: &mut Mem, index: u64, fill: bool) -> Result<Option<Frame>, Errno> {
        self.own(mem)?;
        let Data::Pages { frames, .. } = self else {
            return Err(Errno::EIO);
        };
        let page = usize::try_from(index).map_err(|_| Errno::EFBIG)?;
        match frames.get(page) {
            Some(&frame) if frame != HOLE => Ok(Some(frame)),
            _ if fill && index < MAX_SIZE / PAGE_SIZE as u64 => {
                Data::new_frame(frames, mem, page, false).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The next byte at or behind `offset` that is data (or, with `hole`, that is none); the end counts as a
    /// hole.
    pub fn seek(&self, offset: u64, hole: bool) -> Option<u64> {
        let size = self.size();
        if offset >= size {
            return None;
        }
        let Data::Pages { frames, .. } = self else {
            return Some(if hole { size } else { offset });
        };
        let is_hole = |page: usize| frames.get(page).is_none_or(|frame| *frame == HOLE);
        let mut page = page_of(offset);
        while is_hole(page) != hole {
            page += 1;
            if !hole && page >= frames.len() {
                return None;
            }
        }
        Some((page as u64 * PAGE_SIZE as u64).clamp(offset, size))
    }

    /// A second file with the same bytes, sharing all frames.
    pub fn duplicate(&self, mem: &mut Mem) -> Result<Data, Errno> {
        match self {
            Data::Closure(bytes) => Ok(Data::Closure(bytes)),
            Data::Pages { frames, size } => {
                let mut copy = Vec::new();
                copy.try_reserve_exact(frames.len()).map_err(|_| Errno::ENOSPC)?;
                copy.extend_from_slice(frames);
                for &frame in frames {
                    if frame != HOLE {
                        mem.share(frame);
                    }
                }
                Ok(Data::Pages { frames: copy, size: *size })
            }
        }
    }

    /// Makes the file empty.
    pub fn free(&mut self, mem: &mut Mem) {
        if let Data::Pages { frames, .. } = self {
            release(mem, frames);
        }
        *self = Data::new();
    }
}

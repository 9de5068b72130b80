// SPDX-License-Identifier: MIT
//! Reading ELF64 program files. The bytes are foreign: every field is checked before it is used.
//! Source of the layout: the System V gABI, chapters 4 and 5.

use crate::paging::{Prot, USER_END};
use crate::ram::PAGE_SIZE;
use alloc::vec::Vec;

/// Bytes of the ELF header.
pub const HEADER: usize = 64;
/// Bytes of a program header.
pub const PROGRAM_HEADER: usize = 56;
/// Program headers that a file may have.
const MAX_HEADERS: usize = 64;

/// Why a file is not a program that can be run; all are ENOEXEC to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// Not ELF64, little endian, version 1.
    Format,
    /// For another processor.
    Machine,
    /// Neither ET_EXEC nor ET_DYN.
    Type,
    /// Wants a dynamic linker.
    Dynamic,
    /// The table of program headers is not wholly in the file, or too long.
    Headers,
    /// No segment to load.
    Empty,
    /// A segment's addresses wrap or reach outside user space.
    Address,
    /// A segment's bytes are not wholly in the file, or more than its memory.
    Size,
    /// A segment's file offset and address differ within a page.
    Alignment,
    /// Segments overlap or are not in order.
    Overlap,
    /// A segment may be both written and executed, and it is not the only one.
    WriteExec,
}

/// A segment to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of its first byte, before relocation by the base.
    pub addr: u64,
    /// Offset of that byte in the file.
    pub offset: u64,
    /// Bytes from the file.
    pub file_size: u64,
    /// Bytes in memory; those behind the file's are zero.
    pub size: u64,
    /// What the program may do.
    pub prot: Prot,
}

/// A program file's facts.
#[derive(Debug)]
pub struct Elf {
    /// Entry address, before relocation.
    pub entry: u64,
    /// Where the file may be placed anywhere (static-PIE).
    pub relocatable: bool,
    /// Address of the program headers in memory, before relocation; 0 if no segment has them.
    pub headers: u64,
    /// Their number.
    pub header_count: u64,
    /// Segments, ascending.
    pub segments: Vec<Segment>,
}

/// `N` bytes of a header. Where they are is known when this is compiled, and so that the header has them.
#[inline(always)]
fn bytes<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

#[inline(always)]
fn u16_at(header: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(header, at))
}

#[inline(always)]
fn u32_at(header: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(header, at))
}

#[inline(always)]
fn u64_at(header: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(header, at))
}

/// Offset and length of the program headers, from the ELF header.
pub fn header_table(header: &[u8; HEADER], machine: u16) -> Result<(u64, usize), ElfError> {
    if header[..7] != *b"\x7fELF\x02\x01\x01" || u32_at(header, 20) != 1 {
        return Err(ElfError::Format);
    }
    if u16_at(header, 18) != machine {
        return Err(ElfError::Machine);
    }
    if !matches!(u16_at(header, 16), 2 | 3) {
        return Err(ElfError::Type);
    }
    let count = u16_at(header, 56) as usize;
    if u16_at(header, 54) as usize != PROGRAM_HEADER || count == 0 || count > MAX_HEADERS {
        return Err(ElfError::Headers);
    }
    Ok((u64_at(header, 32), count * PROGRAM_HEADER))
}

/// Checks the program headers of a file of `file_size` bytes.
pub fn parse(header: &[u8; HEADER], table: &[u8], file_size: u64) -> Result<Elf, ElfError> {
    const PT_LOAD: u32 = 1;
    const PT_INTERP: u32 = 3;
    let page = PAGE_SIZE as u64;
    let header_offset = u64_at(header, 32);
    let header_end = header_offset.checked_add(table.len() as u64).ok_or(ElfError::Headers)?;
    let mut elf = Elf {
        entry: u64_at(header, 24),
        relocatable: u16_at(header, 16) == 3,
        headers: 0,
        header_count: (table.len() / PROGRAM_HEADER) as u64,
        segments: Vec::new(),
    };
    let mut behind = 0;
    for p in table.as_chunks::<PROGRAM_HEADER>().0 {
        if u32_at(p, 0) == PT_INTERP {
            return Err(ElfError::Dynamic);
        }
        let flags = u32_at(p, 4);
        let s = Segment {
            offset: u64_at(p, 8),
            addr: u64_at(p, 16),
            file_size: u64_at(p, 32),
            size: u64_at(p, 40),
            // PF_R 4, PF_W 2, PF_X 1.
            prot: Prot((flags >> 2 & 1 | flags & 2 | (flags & 1) << 2) as u8),
        };
        if u32_at(p, 0) != PT_LOAD || s.size == 0 {
            continue;
        }
        let end = s.addr.checked_add(s.size).ok_or(ElfError::Address)?;
        if end > USER_END - page || s.addr < page && !elf.relocatable {
            return Err(ElfError::Address);
        }
        let file_end = s.offset.checked_add(s.file_size).ok_or(ElfError::Size)?;
        if s.file_size > s.size || file_end > file_size {
            return Err(ElfError::Size);
        }
        if s.addr % page != s.offset % page {
            return Err(ElfError::Alignment);
        }
        if s.addr < behind {
            return Err(ElfError::Overlap);
        }
        behind = end;
        if s.offset <= header_offset && header_end <= file_end {
            elf.headers = s.addr + (header_offset - s.offset);
        }
        elf.segments.push(s);
    }
    let write_exec = Prot::WRITE | Prot::EXEC;
    if elf.segments.is_empty() {
        return Err(ElfError::Empty);
    }
    if elf.segments.len() > 1 && elf.segments.iter().any(|s| s.prot.has(write_exec)) {
        return Err(ElfError::WriteExec);
    }
    Ok(elf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// A file of one header for each `(flags, offset, addr, file size, size)`.
    fn file(segments: &[(u32, u64, u64, u64, u64)]) -> ([u8; HEADER], Vec<u8>) {
        let mut h = [0; HEADER];
        h[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        h[16] = 2;
        h[18] = 62;
        h[20] = 1;
        h[24..32].copy_from_slice(&0x401000u64.to_le_bytes());
        h[32] = 64;
        h[54] = 56;
        h[56] = segments.len() as u8;
        let mut table = vec![];
        for &(flags, offset, addr, file_size, size) in segments {
            table.extend(1u32.to_le_bytes());
            table.extend(flags.to_le_bytes());
            for w in [offset, addr, addr, file_size, size, 4096] {
                table.extend(w.to_le_bytes());
            }
        }
        (h, table)
    }

    fn check(segments: &[(u32, u64, u64, u64, u64)]) -> Result<Elf, ElfError> {
        let (h, t) = file(segments);
        parse(&h, &t, 0x3000)
    }

    #[test]
    fn a_plain_program_is_accepted_and_its_headers_found() {
        let elf = check(&[(5, 0, 0x400000, 0x1800, 0x1800), (6, 0x1800, 0x402800, 0x800, 0x5000)]).unwrap();
        assert_eq!(elf.headers, 0x400040);
        assert_eq!(elf.segments[0].prot, Prot::READ | Prot::EXEC);
        assert_eq!(elf.segments[1].prot, Prot::READ | Prot::WRITE);
    }

    #[test]
    fn each_broken_segment_has_its_error() {
        let cases = [
            (vec![(5, 0, u64::MAX - 0xfff, 0x10, 0x2000)], ElfError::Address),
            (vec![(5, 0, USER_END - 0x1000, 0x10, 0x2000)], ElfError::Address),
            (vec![(5, 0, 0, 0x10, 0x10)], ElfError::Address),
            (vec![(5, 0, 0x400000, 0x4000, 0x4000)], ElfError::Size),
            (vec![(5, u64::MAX - 0xfff, 0x400000, 0x2000, 0x2000)], ElfError::Size),
            (vec![(5, 0, 0x400000, 0x20, 0x10)], ElfError::Size),
            (vec![(5, 1, 0x400000, 0x20, 0x20)], ElfError::Alignment),
            (vec![(5, 0, 0x400000, 0x2000, 0x2000), (6, 0x1000, 0x401000, 0x10, 0x10)], ElfError::Overlap),
            (vec![(5, 0, 0x402000, 0x10, 0x10), (6, 0, 0x400000, 0x10, 0x10)], ElfError::Overlap),
            (vec![(7, 0, 0x400000, 0x10, 0x10), (6, 0, 0x402000, 0x10, 0x10)], ElfError::WriteExec),
            (vec![], ElfError::Empty),
        ];
        for (segments, error) in cases {
            assert_eq!(check(&segments).unwrap_err(), error, "{segments:x?}");
        }
    }

    #[test]
    fn headers_may_not_wrap() {
        let (mut h, t) = file(&[(5, 0, 0x400000, 0x1800, 0x1800)]);
        h[32..40].fill(0xff);
        assert_eq!(parse(&h, &t, 0x3000).unwrap_err(), ElfError::Headers);
    }

    #[test]
    fn one_segment_may_be_writable_and_executable() {
        assert!(check(&[(7, 0, 0x400000, 0x10, 0x10)]).is_ok());
    }

    #[test]
    fn no_header_makes_the_reader_panic() {
        // Every byte of a good file replaced by each of a few values.
        let (h, t) = file(&[(5, 0, 0x400000, 0x1800, 0x1800), (6, 0x1800, 0x402800, 0x800, 0x5000)]);
        for i in 0..h.len() + t.len() {
            for v in [0, 1, 0x7f, 0x80, 0xff] {
                let (mut h, mut t) = (h, t.clone());
                if i < h.len() {
                    h[i] = v
                } else {
                    t[i - h.len()] = v
                }
                if let Ok((_, len)) = header_table(&h, 62) {
                    t.resize(len, 0);
                    if let Ok(elf) = parse(&h, &t, 0x3000) {
                        assert!(elf.segments.iter().all(|s| s.addr + s.size < USER_END));
                    }
                }
            }
        }
    }
}

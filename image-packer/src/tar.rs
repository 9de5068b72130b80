// SPDX-License-Identifier: MIT
//! The one form of ustar that a closure has, read strictly and written the same on every host.
//!
//! Regular files, symbolic links and directories; owner 0, no names of owners, fixed mtime, octal fields
//! with leading zeros and one NUL, zero padding, exactly two zero blocks at the end. Everything else is an
//! error: an archive has one spelling. `tar tf` lists it.

use crate::path;
use alloc::vec::Vec;
use core::fmt;

/// Bytes of a header, and the unit that contents are padded to.
pub const BLOCK: usize = 512;
/// Largest file: what eleven octal digits express.
pub const MAX_SIZE: u64 = 0o77_777_777_777;
/// The mtime of every member: all inputs are as old as each other, and not 0, which some tools take for absent.
pub const MTIME: u64 = 1;

/// What says that a header is one of ustar: magic and version.
const MAGIC: &[u8] = b"ustar\x0000";

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
}

/// A member's header. The name is `prefix/name`, or `name` where `prefix` is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// First part of the name; up to 155 bytes.
    pub prefix: &'a [u8],
    /// Second part of the name; up to 100 bytes.
    pub name: &'a [u8],
    /// Permission bits, at most 0o777.
    pub mode: u32,
    /// Bytes of content (regular files only).
    pub size: u64,
    /// What the member is.
    pub kind: Kind,
    /// Target of a symbolic link; empty for others.
    pub link: &'a [u8],
}

/// A member: its header and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The header.
    pub header: Header<'a>,
    /// The content; empty but for regular files.
    pub data: &'a [u8],
}

/// What is wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TarError {
    /// Where the header begins that is wrong, or whose content is, in bytes from the archive's start.
    pub offset: u64,
    /// What is wrong.
    pub problem: Problem,
}

/// The kinds of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The archive ends within a header, within content, or without its two zero blocks.
    Truncated,
    /// Not `ustar` version 00.
    Magic,
    /// A header field has another spelling than the writer's; a byte of it that differs.
    Field(usize),
    /// A name that is absolute, has `..`, control bytes or the like, or does not fit.
    Name,
    /// A member that is no regular file, symbolic link or directory.
    Kind,
    /// Non-zero bytes behind content or behind the end.
    Padding,
}

impl fmt::Display for TarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closure archive, offset {}: ", self.offset)?;
        match self.problem {
            Problem::Truncated => write!(f, "the archive ends too early"),
            Problem::Magic => write!(f, "not a ustar header"),
            Problem::Field(at) => {
                let names = [
                    (field::NAME, "name"),
                    (field::MODE, "mode"),
                    (field::UID, "uid"),
                    (field::GID, "gid"),
                    (field::SIZE, "size"),
                    (field::MTIME, "mtime"),
                    (field::CHECKSUM, "chksum"),
                    (field::LINK, "linkname"),
                    (field::PREFIX, "prefix"),
                ];
                let named = names.iter().find(|((start, len), _)| (*start..start + len).contains(&at));
                write!(f, "header field '{}' is malformed", named.map_or("uname", |named| named.1))
            }
            Problem::Name => write!(f, "member name is not a clean relative path"),
            Problem::Kind => write!(f, "member is no file, symbolic link or directory"),
            Problem::Padding => write!(f, "padding is not zero"),
        }
    }
}

impl core::error::Error for TarError {}

/// A header's fields: offset and length.
mod field {
    pub const NAME: (usize, usize) = (0, 100);
    pub const MODE: (usize, usize) = (100, 8);
    pub const UID: (usize, usize) = (108, 8);
    pub const GID: (usize, usize) = (116, 8);
    pub const SIZE: (usize, usize) = (124, 12);
    pub const MTIME: (usize, usize) = (136, 12);
    pub const CHECKSUM: (usize, usize) = (148, 8);
    pub const KIND: usize = 156;
    pub const LINK: (usize, usize) = (157, 100);
    pub const MAGIC: (usize, usize) = (257, 8);
    pub const PREFIX: (usize, usize) = (345, 155);
}

fn slice(block: &[u8; BLOCK], (at, len): (usize, usize)) -> &[u8] {
    &block[at..at + len]
}

/// What stands in a string field before the first NUL.
fn string(block: &[u8; BLOCK], field: (usize, usize)) -> &[u8] {
    let bytes = slice(block, field);
    &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())]
}

/// The number in an octal field, if all but its last byte are digits.
fn octal(block: &[u8; BLOCK], (at, len): (usize, usize)) -> u64 {
    slice(block, (at, len - 1)).iter().fold(0, |sum, &b| sum << 3 | u64::from(b & 7))
}

fn put_octal(block: &mut [u8; BLOCK], (at, len): (usize, usize), value: u64) {
    block[at + len - 1] = 0;
    for i in 0..len - 1 {
        block[at + len - 2 - i] = b'0' + (value >> (3 * i) & 7) as u8;
    }
}

impl<'a> Header<'a> {
    /// The header of a member, or `None` if its name or size does not fit ustar. The name is split at the
    /// last slash that lets both halves fit.
    pub fn new(path: &'a str, kind: Kind, mode: u32, size: u64, link: &'a str) -> Option<Header<'a>> {
        let (prefix, name) = if path.len() <= 100 {
            ("", path)
        } else {
            // Short names stand whole in `name`, so that each path has one spelling.
            path.match_indices('/')
                .map(|(at, _)| (&path[..at], &path[at + 1..]))
                .rfind(|(prefix, name)| prefix.len() <= 155 && name.len() <= 100)?
        };
        let fits = path::is_member(path) && mode <= 0o777 && size <= MAX_SIZE;
        let fits_kind = match kind {
            Kind::File => link.is_empty(),
            Kind::Symlink => size == 0 && is_link_target(link.as_bytes()),
            Kind::Directory => size == 0 && link.is_empty(),
        };
        let (prefix, name, link) = (prefix.as_bytes(), name.as_bytes(), link.as_bytes());
        (fits && fits_kind).then_some(Header { prefix, name, mode, size, kind, link })
    }

    /// The absolute path that a step sees the member at: a slash and the whole name.
    pub fn path(&self) -> Vec<u8> {
        let mut path = Vec::new();
        for part in [self.prefix, self.name] {
            if !part.is_empty() {
                path.push(b'/');
                path.extend_from_slice(part);
            }
        }
        path
    }

    /// Bytes from the end of the header to the next one.
    pub fn padded_size(&self) -> u64 {
        self.size.next_multiple_of(BLOCK as u64)
    }

    /// The header as it stands in an archive.
    pub fn to_block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |(at, len): (usize, usize), bytes: &[u8]| {
            let len = len.min(bytes.len());
            block[at..at + len].copy_from_slice(&bytes[..len]);
        };
        put(field::NAME, self.name);
        put(field::LINK, self.link);
        put(field::PREFIX, self.prefix);
        put(field::MAGIC, MAGIC);
        put(field::CHECKSUM, b"        ");
        put_octal(&mut block, field::MODE, u64::from(self.mode));
        put_octal(&mut block, field::UID, 0);
        put_octal(&mut block, field::GID, 0);
        put_octal(&mut block, field::SIZE, self.size);
        put_octal(&mut block, field::MTIME, MTIME);
        block[field::KIND] = match self.kind {
            Kind::File => b'0',
            Kind::Symlink => b'2',
            Kind::Directory => b'5',
        };
        // The sum of all bytes, its own field taken as blanks.
        let sum = block.iter().map(|&b| u64::from(b)).sum();
        put_octal(&mut block, field::CHECKSUM, sum);
        block
    }

    /// Reads a header; `None` is the zero block that begins the archive's end.
    pub fn parse(block: &'a [u8; BLOCK]) -> Result<Option<Header<'a>>, Problem> {
        if block.iter().all(|&b| b == 0) {
            return Ok(None);
        }
        if slice(block, field::MAGIC) != MAGIC {
            return Err(Problem::Magic);
        }
        let kind = match block[field::KIND] {
            b'0' => Kind::File,
            b'2' => Kind::Symlink,
            b'5' => Kind::Directory,
            _ => return Err(Problem::Kind),
        };
        let text = |field| string(block, field);
        let (prefix, name, link) = (text(field::PREFIX), text(field::NAME), text(field::LINK));
        let (mode, size) = (octal(block, field::MODE) as u32, octal(block, field::SIZE));
        let header = Header { prefix, name, mode, size, kind, link };
        // The one spelling of what was read: with it, every byte is what the writer writes.
        let again = header.to_block();
        if let Some(at) = (0..BLOCK).find(|&at| block[at] != again[at]) {
            return Err(Problem::Field(at));
        }
        let clean = path::is_member(name) && (prefix.is_empty() || path::is_member(prefix));
        // The writer's split: none for short names, else as late as the prefix field allows.
        let one_spelling = prefix.is_empty()
            || (prefix.len() + 1 + name.len() > 100
                && name.iter().position(|&b| b == b'/').is_none_or(|at| prefix.len() + 1 + at > 155));
        if !clean || !one_spelling {
            return Err(Problem::Name);
        }
        if mode > 0o777 {
            return Err(Problem::Field(field::MODE.0));
        }
        match kind {
            Kind::Symlink if !is_link_target(link) => return Err(Problem::Field(field::LINK.0)),
            Kind::Symlink | Kind::Directory if size != 0 => return Err(Problem::Field(field::SIZE.0)),
            Kind::File | Kind::Directory if !link.is_empty() => return Err(Problem::Field(field::LINK.0)),
            _ => {}
        }
        Ok(Some(header))
    }
}

/// A link's target fits its field and has no control bytes.
fn is_link_target(link: &[u8]) -> bool {
    !link.is_empty() && link.len() <= 100 && link.iter().all(|&b| b >= b' ' && b != 0x7f)
}

/// The members of an archive, in order. After an error the iterator ends.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    size: usize,
    rest: &'a [u8],
    done: bool,
}

impl<'a> Archive<'a> {
    /// Reads `bytes`, which hold the archive and nothing else.
    pub fn new(bytes: &'a [u8]) -> Archive<'a> {
        Archive { size: bytes.len(), rest: bytes, done: false }
    }

    /// The next member; after an error there is none that counts.
    pub fn read(&mut self) -> Result<Option<Member<'a>>, Problem> {
        let (block, behind) = self.rest.split_first_chunk().ok_or(Problem::Truncated)?;
        let Some(header) = Header::parse(block)? else {
            return match behind.len() {
                ..BLOCK => Err(Problem::Truncated),
                BLOCK if behind.iter().all(|&b| b == 0) => Ok(None),
                _ => Err(Problem::Padding),
            };
        };
        let size = usize::try_from(header.size).map_err(|_| Problem::Truncated)?;
        let padded = usize::try_from(header.padded_size()).map_err(|_| Problem::Truncated)?;
        let (stored, next) = behind.split_at_checked(padded).ok_or(Problem::Truncated)?;
        let (data, padding) = stored.split_at(size);
        if padding.iter().any(|&b| b != 0) {
            return Err(Problem::Padding);
        }
        self.rest = next;
        Ok(Some(Member { header, data }))
    }
}

impl<'a> Iterator for Archive<'a> {
    type Item = Result<Member<'a>, TarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let offset = (self.size - self.rest.len()) as u64;
        match self.read() {
            Ok(Some(member)) => Some(Ok(member)),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(problem) => {
                self.done = true;
                Some(Err(TarError { offset, problem }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn archive() -> Vec<u8> {
        let mut bytes = Vec::new();
        let long = ["d".repeat(90), "e".repeat(50), "f".repeat(60)].join("/");
        for (path, kind, data, link) in [
            ("PLAN", Kind::File, &b"plan 1\n"[..], ""),
            (&long, Kind::File, &[9; 512], ""),
            ("empty", Kind::File, b"", ""),
            ("dir", Kind::Directory, b"", ""),
            ("dir/link", Kind::Symlink, b"", "../PLAN"),
        ] {
            let header = Header::new(path, kind, 0o644, data.len() as u64, link).unwrap();
            bytes.extend(header.to_block());
            bytes.extend(data);
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        }
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        bytes
    }

    #[test]
    fn members_come_back() {
        let bytes = archive();
        let members: Vec<_> = Archive::new(&bytes).collect::<Result<_, _>>().unwrap();
        assert_eq!(members.len(), 5);
        assert_eq!(members[0].data, b"plan 1\n");
        assert_eq!(members[1].header.path().len(), 203);
        assert_eq!(members[4].header.link, b"../PLAN");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = archive();
        for len in 0..bytes.len() {
            assert!(Archive::new(&bytes[..len]).any(|m| m.is_err()), "{len}");
        }
    }

    #[test]
    fn every_altered_byte_outside_content_is_an_error() {
        let bytes = archive();
        let members: Vec<_> = Archive::new(&bytes).collect::<Result<_, _>>().unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x11;
            let again: Result<Vec<_>, _> = Archive::new(&damaged).collect();
            // Content is covered by the closure's digest: here it may only change that one content.
            if let Ok(again) = again {
                let same = members.iter().zip(&again).filter(|(a, b)| a == b).count();
                assert_eq!((again.len(), same), (5, 4), "byte {at}");
                assert!(members.iter().zip(&again).all(|(a, b)| a.header == b.header));
            }
        }
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        let long = "a".repeat(101);
        assert!(Header::new(&long, Kind::File, 0o644, 0, "").is_none());
        assert!(Header::new("../a", Kind::File, 0o644, 0, "").is_none());
        // Bytes that are not UTF-8 are a name.
        let other = Header { name: b"\xff", ..Header::new("a", Kind::File, 0o644, 0, "").unwrap() };
        assert_eq!(Header::parse(&other.to_block()), Ok(Some(other)));
        let other = Header { name: b"\x7f", ..other };
        assert_eq!(Header::parse(&other.to_block()), Err(Problem::Name));
        assert!(Header::new("a", Kind::File, 0o644, MAX_SIZE + 1, "").is_none());
        assert!(Header::new("a", Kind::Symlink, 0o777, 0, &long).is_none());
    }
}

// SPDX-License-Identifier: MIT
//! The closure format that the host packer and the monitor share, and (feature `host`) the packer itself.
//!
//! A **closure** is a plain ustar archive: `PLAN`, `INPUTS.sha256`, then every source file that the plan's
//! steps read. A **payload** is one page of text settings followed by a closure; it is what a machine finds
//! in flash, in its initrd or on its second disk. The formats are described in `docs/formats.md`.
//!
//! The part that the monitor links is `no_std`, borrows from the bytes it is given, allocates only lists, and
//! answers every malformed input with an error that says where: it never panics and never guesses.
//!
//! It refuses: names that do not fit ustar, archives with more than one spelling of the same content, and
//! plan lines that it does not know.
#![cfg_attr(not(any(test, feature = "host")), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod hex;
pub mod path;
pub mod payload;
pub mod plan;
pub mod tar;

#[cfg(feature = "host")]
pub mod host;

/// The place of a word in a list with a blank between each two.
fn place(list: &str, word: &[u8]) -> Option<usize> {
    list.as_bytes().split(|&b| b == b' ').position(|one| one == word)
}

// SPDX-License-Identifier: MIT
//! The host packer: from `sources/` to a closure.
//!
//! [`catalogue`] reads every `source.toml` and goal, [`resolve`] finds a goal's steps and their order,
//! [`unpack`] and [`patch`] make the trees of upstream packages, [`audit`] refuses what is not text, and
//! [`closure`] writes the archive. [`lock`] reads and writes answer files. Nothing here downloads: a
//! [`Tarballs`] supplies files, whose digest is checked here.

pub mod audit;
pub mod catalogue;
pub mod closure;
pub mod error;
pub mod lock;
pub mod patch;
pub mod resolve;
pub mod seed;
pub mod tree;
pub mod unpack;
pub mod words;

pub use error::{Error, Problem};

use crate::hex::Digest;
use catalogue::Origin;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Where tarballs come from.
pub trait Tarballs {
    /// A local file that claims to be the origin's tarball, or why there is none.
    fn get(&self, origin: &Origin) -> Result<PathBuf, String>;
}

/// The SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

// SPDX-License-Identifier: MIT
//! End-to-end tests that boot images, and the corpora they use.
//!
//! `tests/t*.rs` are numbered, one property a test. This library starts machines for them: the monitor on a
//! board ([`monitor`]), Debian's kernel in the same emulator as the reference ([`linux`]), and makes the
//! programs that both run ([`programs`]).

pub mod base;
pub mod linux;
pub mod monitor;
pub mod packages;
pub mod programs;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xtask::project::Project;

/// The checkout and the cache.
pub fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| Project::find().expect("the tests run within a checkout"))
}

/// A file of this crate's folder.
pub fn corpus(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An empty folder for one test, below the checkout's `target/`.
pub fn scratch(test: &str) -> PathBuf {
    let folder = project().root.join("target/e2e").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("target/ is writable");
    folder
}

/// What a program did: merged output and exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Standard output and error as they came.
    pub output: String,
    /// Exit status; 128 and the signal's number if one ended it.
    pub status: u8,
}

/// Fails with the first line that differs.
pub fn assert_same(what: &str, expected: &Ran, found: &Ran) {
    if expected == found {
        return;
    }
    let (old, new): (Vec<_>, Vec<_>) = (expected.output.lines().collect(), found.output.lines().collect());
    let at = (0..old.len().max(new.len())).find(|&at| old.get(at) != new.get(at)).unwrap_or(old.len());
    panic!(
        "{what}: differs from Linux at line {}\n  Linux:   {:?}\n  monitor: {:?}\n  status {} and {}\nmonitor's output ends:\n{}",
        at + 1,
        old.get(at),
        new.get(at),
        expected.status,
        found.status,
        new[new.len().saturating_sub(10)..].join("\n"),
    );
}

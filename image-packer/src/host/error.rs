// SPDX-License-Identifier: MIT
//! What goes wrong while packing: each error has the file and, where there is one, the line.

use std::fmt;
use std::path::{Path, PathBuf};

/// An error, and where it is to be mended.
#[derive(Debug)]
pub struct Error {
    /// The file that is wrong.
    pub file: PathBuf,
    /// The line, from 1; 0: the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// The kinds of errors. `Display` gives the sentence that a person reads.
#[derive(Debug)]
#[expect(missing_docs, reason = "the variants' comments name their fields")]
pub enum Problem {
    /// The operating system refused.
    Io(std::io::Error),
    /// TOML that does not parse, or a key that the format does not have.
    Toml(String),
    /// A value that the format does not allow.
    Value(String),
    /// A step or goal needs a path that no step makes and no source has.
    MissingInput { needed_by: String, path: String },
    /// Two steps make the same path.
    TwoMakers { path: String, other: String },
    /// Steps need each other; their names in order, the first again at the end.
    Cycle(Vec<String>),
    /// A name that ustar cannot hold.
    Name(String),
    /// A digest that is not the expected one.
    Sha256 { expected: String, found: String },
    /// The tarball is not there.
    NoTarball(String),
    /// The tarball holds what a source tree must not.
    Tarball(String),
    /// A hunk that does not apply.
    Hunk { patch: PathBuf, hunk: usize, why: String },
    /// Files that are not text, or are generated, and are not listed.
    Audit(Vec<String>),
    /// The closure is damaged.
    Closure(String),
}

impl Error {
    /// An error of the whole file.
    pub fn file(file: impl Into<PathBuf>, problem: Problem) -> Error {
        Error { file: file.into(), line: 0, problem }
    }

    /// An error in a line.
    pub fn line(file: impl Into<PathBuf>, line: usize, problem: Problem) -> Error {
        Error { file: file.into(), line, problem }
    }

    /// For `map_err` behind file operations.
    pub fn io(file: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let file = file.to_owned();
        move |error| Error::file(file, Problem::Io(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file.display(), self.problem),
            line => write!(f, "{}:{line}: {}", self.file.display(), self.problem),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Io(error) => write!(f, "{error}"),
            Problem::Toml(message) | Problem::Value(message) => write!(f, "{message}"),
            Problem::MissingInput { needed_by, path } => {
                write!(f, "{needed_by} needs {path}, which no source has and no step makes")
            }
            Problem::TwoMakers { path, other } => write!(f, "{path} is made by step {other} too"),
            Problem::Cycle(names) => write!(f, "steps need each other: {}", names.join(" -> ")),
            Problem::Name(name) => write!(f, "{name}: the name does not fit a closure (ustar)"),
            Problem::Sha256 { expected, found } => {
                write!(f, "wrong sha256\n  expected {expected}\n  found    {found}")
            }
            Problem::NoTarball(why) => write!(f, "tarball is missing: {why}"),
            Problem::Tarball(what) => write!(f, "{what}"),
            Problem::Hunk { patch, hunk, why } => {
                write!(f, "patch {}, hunk {hunk}, does not apply: {why}", patch.display())
            }
            Problem::Audit(files) => write!(
                f,
                "the text audit refuses (correct it, or add [[listed]] with a reason):\n  {}",
                files.join("\n  ")
            ),
            Problem::Closure(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for Error {}

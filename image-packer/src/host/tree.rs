// SPDX-License-Identifier: MIT
//! A tree of files in memory, sorted by path: what a folder or a tarball holds.

use super::{Error, Problem, sha256};
use crate::hex::Digest;
use crate::path;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A file or symbolic link of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File {
        /// Mode 755 instead of 644.
        executable: bool,
        /// The content.
        data: Vec<u8>,
    },
    /// A symbolic link and its target.
    Symlink(String),
}

impl Entry {
    /// The content of a regular file.
    pub fn data(&self) -> Option<&[u8]> {
        match self {
            Entry::File { data, .. } => Some(data),
            Entry::Symlink(_) => None,
        }
    }
}

/// Files by clean relative path. Directories exist by what is in them.
pub type Tree = BTreeMap<String, Entry>;

/// The digest of the `sha256sum`-form list of the tree's regular files.
pub fn digest(tree: &Tree) -> Digest {
    let mut list = String::new();
    for (path, entry) in tree {
        if let Some(data) = entry.data() {
            list.push_str(&format!("{}  {path}\n", sha256(data)));
        }
    }
    sha256(list.as_bytes())
}

/// Reads a folder of text written here. A file is executable if it begins with `#!`: the checkout's mode bits
/// depend on the host. Names with a leading dot are not read.
pub fn read_folder(folder: &Path) -> Result<Tree, Error> {
    let mut tree = Tree::new();
    read_into(folder, "", &mut tree)?;
    Ok(tree)
}

fn read_into(folder: &Path, prefix: &str, tree: &mut Tree) -> Result<(), Error> {
    for item in fs::read_dir(folder).map_err(Error::io(folder))? {
        let item = item.map_err(Error::io(folder))?;
        let file = item.path();
        let name = item.file_name();
        let Some(name) = name.to_str() else {
            return Err(Error::file(file, Problem::Name("not UTF-8".into())));
        };
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = item.file_type().map_err(Error::io(&file))?;
        if kind.is_dir() {
            read_into(&file, &format!("{path}/"), tree)?;
        } else if !path::is_member(&path) {
            return Err(Error::file(file, Problem::Name(path)));
        } else if kind.is_symlink() {
            let target = fs::read_link(&file).map_err(Error::io(&file))?;
            let target = target.to_str().unwrap_or_default().to_owned();
            tree.insert(path, Entry::Symlink(target));
        } else {
            let data = fs::read(&file).map_err(Error::io(&file))?;
            tree.insert(path, Entry::File { executable: data.starts_with(b"#!"), data });
        }
    }
    Ok(())
}

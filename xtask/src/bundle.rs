// SPDX-License-Identifier: MIT
//! What a run leaves in `out/<where>/<goal>/`: the root file system as a tar archive and the digest lists,
//! in the same form whether the monitor or plain Linux made it.

use anyhow::{Context, Result};
use image_packer::host::lock::{self, Digests};
use image_packer::host::sha256;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is at a path of a root file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A regular file: permission bits and content.
    File {
        /// Permission bits.
        mode: u32,
        /// Content.
        data: Vec<u8>,
    },
    /// A symbolic link.
    Symlink(String),
    /// A folder: permission bits.
    Folder(u32),
}

/// A root file system: relative paths, sorted.
pub type Rootfs = BTreeMap<String, Node>;

/// Writes `rootfs.tar` (owner 0, mtime 0, sorted) and `OUTPUTS.sha256`, which `sha256sum -c` accepts in the
/// unpacked archive. Files below `firstlight/` tell of the run and are left out of the list.
pub fn write_rootfs(folder: &Path, rootfs: &Rootfs) -> Result<Digests> {
    let file = folder.join("rootfs.tar");
    let archive = fs::File::create(&file).with_context(|| file.display().to_string())?;
    let mut archive = tar::Builder::new(std::io::BufWriter::new(archive));
    let mut digests = Digests::new();
    for (path, node) in rootfs {
        let mut header = tar::Header::new_ustar();
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match node {
            Node::File { mode, data } => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_mode(*mode);
                header.set_size(data.len() as u64);
                archive.append_data(&mut header, path, data.as_slice())?;
                if !path.starts_with("firstlight/") {
                    digests.insert(path.clone(), sha256(data));
                }
            }
            Node::Symlink(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_mode(0o777);
                archive.append_link(&mut header, path, target)?;
            }
            Node::Folder(mode) => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(*mode);
                archive.append_data(&mut header, format!("{path}/"), std::io::empty())?;
            }
        }
    }
    archive.into_inner()?.into_inner().map_err(|error| error.into_error())?;
    fs::write(folder.join("OUTPUTS.sha256"), lock::print(&digests))?;
    Ok(digests)
}

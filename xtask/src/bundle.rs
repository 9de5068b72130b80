// SPDX-License-Identifier: MIT
//! What a run leaves in `out/<where>/<goal>/`: the root file system as a tar archive and the digest lists,
//! in the same form whether the monitor or plain Linux made it.

use crate::cpio;
use crate::whole;
use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use image_packer::host::closure::Closure;
use image_packer::host::lock::{self, Digests};
use image_packer::host::sha256;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
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

/// Where the root file system holds the closure that made it.
pub const CLOSURE: &str = "src/closure.tar";

/// Mount points that every root file system has, and their modes; the monitor's are in its `output` module.
const MOUNT_POINTS: [(&str, u32); 4] = [("dev", 0o755), ("proc", 0o555), ("sys", 0o555), ("tmp", 0o1777)];

/// Whether a file of a root file system was made by no step: the closure, and what tells of the run.
pub fn is_paper(path: &str) -> bool {
    path == CLOSURE || path.starts_with("firstlight/")
}

/// The digests of the files that steps made.
pub fn digests(rootfs: &Rootfs) -> Digests {
    let file = |(path, node): (&String, &Node)| match node {
        Node::File { data, .. } if !is_paper(path) => Some((path.clone(), sha256(data))),
        _ => None,
    };
    rootfs.iter().filter_map(file).collect()
}

/// Adds the closure, the papers, mount points, and the folders that paths imply, as the monitor does; an event log
/// is not among them.
pub fn furnish(rootfs: &mut Rootfs, closure: &Closure) -> Result<()> {
    let file = |data: Vec<u8>| Node::File { mode: 0o644, data };
    let archive = closure.to_bytes()?;
    let papers = [
        ("CLOSURE.sha256", format!("{}  {CLOSURE}\n", sha256(&archive))),
        ("INPUTS.sha256", closure.inputs.clone()),
        ("OUTPUTS.sha256", lock::print(&digests(rootfs))),
        ("PLAN", closure.plan.clone()),
    ];
    for (name, text) in papers {
        rootfs.insert(format!("firstlight/{name}"), file(text.into_bytes()));
    }
    rootfs.insert(CLOSURE.into(), file(archive));
    for (path, mode) in MOUNT_POINTS {
        rootfs.entry(path.into()).or_insert(Node::Folder(mode));
    }
    let paths: Vec<String> = rootfs.keys().cloned().collect();
    for path in paths {
        for (at, _) in path.match_indices('/') {
            rootfs.entry(path[..at].to_owned()).or_insert(Node::Folder(0o755));
        }
    }
    Ok(())
}

/// Writes `rootfs.tar` and `rootfs.cpio.gz` (owner 0, mtime 0, sorted) and `OUTPUTS.sha256`, which `sha256sum -c`
/// accepts in the unpacked archive.
pub fn write_rootfs(folder: &Path, rootfs: &Rootfs) -> Result<Digests> {
    whole::write_with(&folder.join("rootfs.tar"), |file| write_tar(file, rootfs))?;
    whole::write_with(&folder.join("rootfs.cpio.gz"), |file| {
        let mut gzip = GzBuilder::new().write(file, Compression::fast());
        gzip.write_all(&cpio::of_rootfs(rootfs))?;
        Ok(gzip.finish().map(drop)?)
    })?;
    let digests = digests(rootfs);
    whole::write(&folder.join("OUTPUTS.sha256"), lock::print(&digests))?;
    Ok(digests)
}

/// Writes a tar archive: owner 0, mtime 0, sorted.
pub fn write_tar(file: &fs::File, rootfs: &Rootfs) -> Result<()> {
    let mut archive = tar::Builder::new(std::io::BufWriter::new(file));
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
    Ok(())
}

/// Reads what [`write_tar`] wrote.
pub fn read_tar(bytes: &[u8]) -> Result<Rootfs> {
    let mut rootfs = Rootfs::new();
    for member in tar::Archive::new(bytes).entries()? {
        let mut member = member?;
        let path = String::from_utf8(member.path_bytes().into_owned())?.trim_end_matches('/').to_owned();
        let (kind, mode) = (member.header().entry_type(), member.header().mode()?);
        let node = if kind.is_dir() {
            Node::Folder(mode)
        } else if kind.is_symlink() {
            let target = member.link_name_bytes().context("a link without a target")?;
            Node::Symlink(String::from_utf8(target.into_owned())?)
        } else {
            let mut data = Vec::new();
            member.read_to_end(&mut data)?;
            Node::File { mode, data }
        };
        rootfs.insert(path, node);
    }
    Ok(rootfs)
}

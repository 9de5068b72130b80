// SPDX-License-Identifier: MIT
//! The archive format that Linux takes as its initramfs: cpio, `newc`.

use crate::bundle::{Node, Rootfs};
use crate::exec::Root;
use image_packer::host::tree::Entry;

/// The archive of a root's files and folders; parent folders are made.
pub fn archive(root: &Root) -> Vec<u8> {
    let mut folders: Vec<String> = root.folders.clone();
    for path in root.files.keys().chain(&root.folders) {
        folders.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
    }
    folders.sort();
    folders.dedup();
    let mut bytes = Vec::new();
    for folder in &folders {
        member(&mut bytes, folder, 0o040755, b"");
    }
    for (path, entry) in &root.files {
        match entry {
            Entry::File { executable: true, data } => member(&mut bytes, path, 0o100755, data),
            Entry::File { executable: false, data } => member(&mut bytes, path, 0o100644, data),
            Entry::Symlink(target) => member(&mut bytes, path, 0o120777, target.as_bytes()),
        }
    }
    member(&mut bytes, "TRAILER!!!", 0, b"");
    bytes
}

/// The archive of a root file system.
pub fn of_rootfs(rootfs: &Rootfs) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, node) in rootfs {
        match node {
            Node::Folder(mode) => member(&mut bytes, path, 0o040000 | mode, b""),
            Node::File { mode, data } => member(&mut bytes, path, 0o100000 | mode, data),
            Node::Symlink(target) => member(&mut bytes, path, 0o120777, target.as_bytes()),
        }
    }
    member(&mut bytes, "TRAILER!!!", 0, b"");
    bytes
}

fn member(bytes: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) {
    bytes.extend(b"070701");
    // ino, mode, uid, gid, nlink, mtime, size, device and rdevice (major, minor), name's length, checksum.
    let fields = [0, mode, 0, 0, 1, 1, data.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
    fields.iter().for_each(|field| bytes.extend(format!("{field:08x}").bytes()));
    bytes.extend(name.bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

// SPDX-License-Identifier: MIT
//! From a path to an inode, and back.

use super::{Body, FD_LINK, FD_OPEN, Files, FsContext, InodeId, NAME_MAX, Vfs};
use crate::errno::Errno;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Symbolic links followed at most, as in Linux.
const LINKS_MAX: u32 = 40;
/// Bytes in a path, its NUL included, as in Linux.
pub const PATH_MAX: usize = 4096;

/// An absolute path as its directory's path and its last name.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(cut) => (&path[..cut], &path[cut + 1..]),
        None => (&[], path),
    }
}

/// Where a path led.
#[derive(Debug)]
pub struct Found {
    /// The directory that the last component is looked up in.
    pub dir: InodeId,
    /// The last component; empty for `/`, `.` and `..`, which name no entry of `dir`.
    pub name: Vec<u8>,
    /// What it names, if it exists.
    pub inode: Option<InodeId>,
    /// A slash follows the last component.
    pub slash: bool,
}

impl Found {
    /// The inode, or ENOENT.
    pub fn existing(&self) -> Result<InodeId, Errno> {
        self.inode.ok_or(Errno::ENOENT)
    }
}

impl Vfs {
    /// Follows `path` from `start` (or from the root, where it begins with a slash). The last component may be
    /// missing; if it is a symbolic link, `follow` says whether to follow it.
    pub fn walk(
        &self,
        fs: &FsContext,
        files: &Files,
        start: InodeId,
        path: &[u8],
        follow: bool,
    ) -> Result<Box<Found>, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let mut dir = if path[0] == b'/' { fs.root } else { start };
        // What is left of the path; behind a link, of its target and the path, which `text` holds.
        let mut rest = path;
        let mut text;
        let mut links = 0;
        loop {
            while let [b'/', behind @ ..] = rest {
                rest = behind;
            }
            let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            let (mut name, behind) = rest.split_at(end);
            let last = behind.iter().all(|byte| *byte == b'/');
            let slash = last && !behind.is_empty();
            if !self.is_directory(dir) {
                return Err(Errno::ENOTDIR);
            }
            if name == b".." && dir != fs.root {
                dir = self.parent(dir);
            }
            let mut inode = Some(dir);
            if matches!(name, b"" | b"." | b"..") {
                name = b"";
            } else if name.len() > NAME_MAX {
                return Err(Errno::ENAMETOOLONG);
            } else {
                inode = self.look_up(files, dir, name);
            }
            if let Some(link) = inode
                && !name.is_empty()
                && (!last || slash || follow)
                && self.is_link(link)
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                if let Some(fd) = link.descriptor() {
                    (inode, name) = (Some(self.descriptor_target(files, fd)?), b"");
                } else {
                    let target: &[u8] = match &self.inode(link).body {
                        Body::Symlink(target) => target,
                        _ => &fs.exe,
                    };
                    if target.len() + behind.len() > PATH_MAX {
                        return Err(Errno::ENAMETOOLONG);
                    }
                    if target.first() == Some(&b'/') {
                        dir = fs.root;
                    }
                    let mut next = target.to_vec();
                    next.extend_from_slice(behind);
                    if next.is_empty() {
                        return Err(Errno::ENOENT);
                    }
                    text = next;
                    rest = &text;
                    continue;
                }
            }
            if !last {
                (dir, rest) = (inode.ok_or(Errno::ENOENT)?, behind);
                continue;
            }
            if slash && inode.is_some_and(|inode| !self.is_directory(inode)) {
                return Err(Errno::ENOTDIR);
            }
            return Ok(Box::new(Found { dir, name: name.to_vec(), inode, slash }));
        }
    }

    fn parent(&self, dir: InodeId) -> InodeId {
        match &self.inode(dir).body {
            Body::Directory { parent, .. } => *parent,
            // /proc/self/fd
            _ => self.proc_self,
        }
    }

    fn look_up(&self, files: &Files, dir: InodeId, name: &[u8]) -> Option<InodeId> {
        match &self.inode(dir).body {
            Body::Directory { names, .. } => names.get(name),
            Body::SelfFd => {
                let fd = u16::try_from(image_packer::payload::decimal(name)?).ok()?;
                files.get(i32::from(fd)).ok()?;
                Some(InodeId(FD_LINK | usize::from(fd)))
            }
            _ => None,
        }
    }

    fn is_link(&self, id: InodeId) -> bool {
        id.is_descriptor_link() || {
            id.descriptor().is_none() && matches!(self.inode(id).body, Body::Symlink(_) | Body::SelfExe)
        }
    }

    fn descriptor_target(&self, files: &Files, fd: i32) -> Result<InodeId, Errno> {
        let file = self.open.get(files.get(fd)?);
        Ok(match file.inode {
            Some(inode) => inode,
            None => InodeId(FD_LINK | FD_OPEN | fd as usize),
        })
    }

    /// What a symbolic link points to.
    pub fn link_target(&self, fs: &FsContext, files: &Files, id: InodeId) -> Result<Vec<u8>, Errno> {
        if let Some(fd) = id.descriptor() {
            if !id.is_descriptor_link() {
                return Err(Errno::EINVAL);
            }
            let file = self.open.get(files.get(fd)?);
            return Ok(match file.inode {
                Some(inode) if self.names(inode).is_some() => self.path_of(fs.root, inode),
                _ => file.name.to_vec(),
            });
        }
        match &self.inode(id).body {
            Body::Symlink(target) => Ok(target.to_vec()),
            Body::SelfExe => Ok(fs.exe.to_vec()),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The absolute path of a directory below `root`.
    pub fn path_of(&self, root: InodeId, mut dir: InodeId) -> Vec<u8> {
        let mut names: Vec<&[u8]> = Vec::new();
        while dir != root {
            let Body::Directory { parent, name, .. } = &self.inode(dir).body else {
                // /proc/self/fd
                names.push(b"fd");
                dir = self.proc_self;
                continue;
            };
            if *parent == dir {
                break;
            }
            names.push(name);
            dir = *parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }

    /// The absolute path of what was found.
    pub fn path_of_found(&self, root: InodeId, found: &Found) -> Vec<u8> {
        let mut path = self.path_of(root, found.dir);
        if !found.name.is_empty() {
            if path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(&found.name);
        }
        path
    }
}

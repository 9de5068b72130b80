// SPDX-License-Identifier: MIT
//! Changing trees: names, and whole trees at a time.

use super::path::split;
use super::{Body, Data, Device, Directory, INPUT_TIME, InodeId, Links, Origin, Vfs};
use crate::errno::Errno;
use crate::mem::Mem;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Names of an inode at most; ext2's limit is lower than Linux's in-memory file systems'.
pub const LINK_MAX: u32 = 32000;

/// `RENAME_NOREPLACE` of Linux `include/uapi/linux/fs.h`.
pub const RENAME_NOREPLACE: u32 = 1;
/// `RENAME_EXCHANGE`.
pub const RENAME_EXCHANGE: u32 = 2;

/// A directory's body. Its parent is set when it gets its name.
fn directory() -> Body {
    Body::Directory { names: Directory::default(), parent: InodeId(0), name: Box::default() }
}

impl Vfs {
    /// A directory without a name, which is its own parent; held once.
    pub fn create_root(&mut self) -> Result<InodeId, Errno> {
        let root = self.create(directory(), 0o755)?;
        self.set_home(root, root, b"");
        self.inode_mut(root).links = 2;
        Ok(root)
    }

    fn set_home(&mut self, dir: InodeId, home: InodeId, own: &[u8]) {
        if let Body::Directory { parent, name, .. } = &mut self.inode_mut(dir).body {
            *parent = home;
            *name = own.into();
        }
    }

    /// Gives a directory, or any other inode, a name in `dir` that is not there yet.
    pub fn link(&mut self, dir: InodeId, name: &[u8], id: InodeId) -> Result<(), Errno> {
        if self.inode(dir).links == 0 {
            return Err(Errno::ENOENT);
        }
        let is_directory = self.names(id).is_some();
        let counted = if is_directory { dir } else { id };
        if self.inode(counted).links >= LINK_MAX {
            return Err(Errno::EMLINK);
        }
        self.names_mut(dir)?.insert(name, id)?;
        let now = self.now;
        if is_directory {
            self.inode_mut(dir).links += 1;
            self.inode_mut(id).links = self.inode(id).links.max(2);
            self.set_home(id, dir, name);
        } else {
            let inode = self.inode_mut(id);
            inode.links += 1;
            inode.ctime = now;
        }
        Ok(())
    }

    /// A new inode with a name in `dir`; not held.
    pub fn create_in(
        &mut self,
        mem: &mut Mem,
        dir: InodeId,
        name: &[u8],
        body: Body,
        mode: u16,
    ) -> Result<InodeId, Errno> {
        let id = self.create(body, mode)?;
        let result = self.link(dir, name, id);
        self.release(mem, id);
        result.map(|()| id)
    }

    /// A new directory in `dir`.
    pub fn create_directory(
        &mut self,
        mem: &mut Mem,
        dir: InodeId,
        name: &[u8],
        mode: u16,
    ) -> Result<InodeId, Errno> {
        self.create_in(mem, dir, name, directory(), mode)
    }

    /// Takes a name away. A directory must be empty (or on its way elsewhere).
    fn unlink(&mut self, mem: &mut Mem, dir: InodeId, name: &[u8]) -> Result<(), Errno> {
        let id = self.names_mut(dir)?.remove(name).ok_or(Errno::ENOENT)?;
        self.drop_name(mem, dir, id);
        Ok(())
    }

    fn drop_name(&mut self, mem: &mut Mem, dir: InodeId, id: InodeId) {
        let now = self.now;
        let is_directory = self.names(id).is_some();
        let inode = self.inode_mut(id);
        inode.ctime = now;
        if is_directory {
            inode.links = 0;
            self.inode_mut(dir).links -= 1;
        } else {
            inode.links -= 1;
        }
        self.collect(mem, id);
    }

    /// `unlink`: removes the name of anything but a directory.
    pub fn remove_file(&mut self, mem: &mut Mem, dir: InodeId, name: &[u8]) -> Result<(), Errno> {
        let names = self.names(dir).ok_or(Errno::EPERM)?;
        let id = names.get(name).ok_or(Errno::ENOENT)?;
        if self.is_directory(id) {
            return Err(Errno::EISDIR);
        }
        self.unlink(mem, dir, name)
    }

    /// `rmdir`: removes an empty directory.
    pub fn remove_directory(&mut self, mem: &mut Mem, dir: InodeId, name: &[u8]) -> Result<(), Errno> {
        let names = self.names(dir).ok_or(Errno::EPERM)?;
        let id = names.get(name).ok_or(Errno::ENOENT)?;
        match self.names(id) {
            None => Err(Errno::ENOTDIR),
            Some(names) if !names.is_empty() => Err(Errno::ENOTEMPTY),
            Some(_) if self.is_fixed(id) => Err(Errno::EBUSY),
            Some(_) => self.unlink(mem, dir, name),
        }
    }

    /// Whether the monitor put it there for good.
    pub(super) fn is_fixed(&self, id: InodeId) -> bool {
        id == self.dev || id == self.proc || id == self.proc_self
    }

    fn is_below(&self, mut dir: InodeId, above: InodeId) -> bool {
        loop {
            if dir == above {
                return true;
            }
            match &self.inode(dir).body {
                Body::Directory { parent, .. } if *parent != dir => dir = *parent,
                _ => return false,
            }
        }
    }

    /// `renameat2`, with the semantics of Linux. Names are those of existing (`from`) and possibly existing
    /// (`to`) entries of directories.
    pub fn rename(
        &mut self,
        mem: &mut Mem,
        from: (InodeId, &[u8]),
        to: (InodeId, &[u8]),
        flags: u32,
    ) -> Result<(), Errno> {
        let source = self.names(from.0).and_then(|names| names.get(from.1));
        let source = source.ok_or(Errno::ENOENT)?;
        let target = self.names(to.0).ok_or(Errno::EPERM)?.get(to.1);
        let is_directory = self.names(source).is_some();
        if self.inode(to.0).links == 0 {
            return Err(Errno::ENOENT);
        }
        if self.is_fixed(source) || target.is_some_and(|id| self.is_fixed(id)) {
            return Err(Errno::EBUSY);
        }
        if is_directory && self.is_below(to.0, source) {
            return Err(Errno::EINVAL);
        }
        if flags & RENAME_EXCHANGE != 0 {
            let target = target.ok_or(Errno::ENOENT)?;
            return self.exchange(from, source, to, target);
        }
        if let Some(target) = target {
            if flags & RENAME_NOREPLACE != 0 {
                return Err(Errno::EEXIST);
            }
            if target == source {
                return Ok(());
            }
            match (is_directory, self.names(target)) {
                (true, None) => return Err(Errno::ENOTDIR),
                (false, Some(_)) => return Err(Errno::EISDIR),
                (_, Some(names)) if !names.is_empty() => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
            self.names_mut(to.0)?.replace(to.1, source);
            self.drop_name(mem, to.0, target);
        } else {
            if is_directory && from.0 != to.0 && self.inode(to.0).links >= LINK_MAX {
                return Err(Errno::EMLINK);
            }
            self.names_mut(to.0)?.insert(to.1, source)?;
        }
        self.names_mut(from.0)?.remove(from.1);
        let now = self.now;
        self.inode_mut(source).ctime = now;
        if is_directory {
            self.inode_mut(from.0).links -= 1;
            self.inode_mut(to.0).links += 1;
            self.set_home(source, to.0, to.1);
        }
        Ok(())
    }

    fn exchange(
        &mut self,
        from: (InodeId, &[u8]),
        source: InodeId,
        to: (InodeId, &[u8]),
        target: InodeId,
    ) -> Result<(), Errno> {
        let both = [(source, from, to), (target, to, from)];
        if self.names(target).is_some() && self.is_below(from.0, target) {
            return Err(Errno::EINVAL);
        }
        for (id, old, new) in both {
            self.names_mut(new.0)?.replace(new.1, id);
            if self.names(id).is_some() {
                self.inode_mut(old.0).links -= 1;
                self.inode_mut(new.0).links += 1;
                self.set_home(id, new.0, new.1);
            }
        }
        Ok(())
    }

    /// Empties a directory, with all that is below it. What is still open lives on without a name.
    pub fn clear_tree(&mut self, mem: &mut Mem, root: InodeId) {
        let mut pending = alloc::vec![root];
        while let Some(&dir) = pending.last() {
            let first = self.names(dir).and_then(|names| names.next(0));
            let Some((_, name, id)) = first else {
                pending.pop();
                continue;
            };
            let name = Vec::from(name);
            let full = self.names(id).is_some_and(|names| !names.is_empty());
            if full && !self.is_fixed(id) {
                pending.push(id);
            } else if self.is_fixed(id) {
                // Shared by all roots: only its name goes.
                let _ = self.names_mut(dir).map(|names| names.remove(&name));
                self.inode_mut(dir).links -= 1;
            } else {
                let _ = self.unlink(mem, dir, &name);
            }
        }
    }

    /// The directory at an absolute path below `root`, made with all its parents where missing.
    pub fn make_directories(&mut self, mem: &mut Mem, root: InodeId, path: &[u8]) -> Result<InodeId, Errno> {
        let mut dir = root;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if name == b"." || name == b".." || name.len() > super::NAME_MAX {
                return Err(Errno::EINVAL);
            }
            let names = self.names(dir).ok_or(Errno::ENOTDIR)?;
            dir = match names.get(name) {
                Some(id) => id,
                None => self.create_directory(mem, dir, name, 0o755)?,
            };
        }
        if self.names(dir).is_none() {
            return Err(Errno::ENOTDIR);
        }
        Ok(dir)
    }

    /// What an absolute path names below `root`, without following links.
    pub fn at(&self, root: InodeId, path: &[u8]) -> Option<InodeId> {
        let mut id = root;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            id = self.names(id)?.get(name)?;
        }
        Some(id)
    }

    /// Copies an inode, or a tree, to an absolute path below another root, where directories may be merged.
    /// Files share their frames; times become [`INPUT_TIME`], origins stay. Devices are left out.
    /// `copies` remembers what was copied, so that hard links stay hard links.
    pub fn copy_tree(
        &mut self,
        mem: &mut Mem,
        source: InodeId,
        root: InodeId,
        path: &[u8],
        copies: &mut Links,
    ) -> Result<(), Errno> {
        let (home, name) = split(path);
        let home = self.make_directories(mem, root, home)?;
        self.copy_into(mem, source, home, name, copies)?;
        // Deeper trees than the kernel's stack: an explicit list.
        let mut pending = alloc::vec![(source, self.at(root, path).ok_or(Errno::EIO)?)];
        while let Some((source, copy)) = pending.pop() {
            let mut number = 0;
            while let Some((next, name, child)) = self.names(source).and_then(|names| names.next(number)) {
                number = next;
                let name = Vec::from(name);
                self.copy_into(mem, child, copy, &name, copies)?;
                if self.names(child).is_some()
                    && let Some(to) = self.names(copy).and_then(|names| names.get(&name))
                {
                    pending.push((child, to));
                }
            }
        }
        Ok(())
    }

    /// Copies one inode; of a directory only itself.
    fn copy_into(
        &mut self,
        mem: &mut Mem,
        source: InodeId,
        dir: InodeId,
        name: &[u8],
        copies: &mut Links,
    ) -> Result<(), Errno> {
        let existing = self.names(dir).ok_or(Errno::ENOTDIR)?.get(name);
        let old = self.inode(source);
        let (mode, origin) = (old.mode, old.origin);
        match &old.body {
            Body::Directory { .. } if name.is_empty() => return Ok(()),
            Body::Directory { .. } => {
                let id = match existing {
                    Some(id) if self.names(id).is_some() => id,
                    Some(_) => return Err(Errno::EEXIST),
                    None => {
                        let id = self.create_directory(mem, dir, name, mode)?;
                        self.inode_mut(id).origin = origin;
                        id
                    }
                };
                self.inode_mut(id).mode = mode;
                return Ok(());
            }
            Body::Device(_) | Body::SelfExe | Body::SelfFd => return Ok(()),
            _ if existing.is_some() => return Err(Errno::EEXIST),
            _ => {}
        }
        if let Some(copy) = copies.get(source) {
            return self.link(dir, name, InodeId(copy));
        }
        let body = match &old.body {
            Body::File(data) => Body::File(data.duplicate(mem)?),
            Body::Symlink(target) => Body::Symlink(target.clone()),
            _ => Body::Fifo(None),
        };
        let id = self.create_in(mem, dir, name, body, mode)?;
        let old = self.inode(source);
        let (links, cleared, digest) = (old.links, old.cleared, old.digest.filter(|_| !old.mapped));
        let inode = self.inode_mut(id);
        (inode.origin, inode.cleared, inode.digest) = (origin, cleared, digest);
        (inode.mtime, inode.ctime, inode.atime) = (INPUT_TIME, INPUT_TIME, INPUT_TIME);
        if links > 1 {
            copies.insert(source, id.0);
        }
        Ok(())
    }

    /// Adds a file of the closure to the store.
    pub fn add_input(
        &mut self,
        mem: &mut Mem,
        path: &[u8],
        bytes: &'static [u8],
        mode: u16,
        origin: Origin,
    ) -> Result<InodeId, Errno> {
        self.add_body(mem, path, Body::File(Data::Closure(bytes)), mode, origin)
    }

    /// The directory and the name of what is about to be added to the store; there is nothing of that name.
    pub fn new_name<'a>(&mut self, mem: &mut Mem, path: &'a [u8]) -> Result<(InodeId, &'a [u8]), Errno> {
        self.now = INPUT_TIME;
        let (home, name) = split(path);
        let dir = self.make_directories(mem, self.store, home)?;
        if matches!(name, b"" | b"." | b"..") || self.names(dir).ok_or(Errno::ENOTDIR)?.get(name).is_some() {
            return Err(Errno::EEXIST);
        }
        Ok((dir, name))
    }

    /// Adds an inode with any content to the store.
    pub fn add_body(
        &mut self,
        mem: &mut Mem,
        path: &[u8],
        body: Body,
        mode: u16,
        origin: Origin,
    ) -> Result<InodeId, Errno> {
        let (dir, name) = self.new_name(mem, path)?;
        if let (Body::File(Data::Closure(bytes)), Origin::Input) = (&body, origin) {
            self.inputs.push(bytes);
        }
        let id = self.create_in(mem, dir, name, body, mode)?;
        self.inode_mut(id).origin = origin;
        Ok(id)
    }

    /// A root for a step: `/dev`, `/proc`, and an empty `/tmp`; held once.
    pub fn create_step_root(&mut self, mem: &mut Mem) -> Result<InodeId, Errno> {
        let root = self.create_root()?;
        self.add_fixed_trees(mem, root)?;
        Ok(root)
    }

    /// Adds `/dev`, `/proc` and `/tmp` to a root.
    pub fn add_fixed_trees(&mut self, mem: &mut Mem, root: InodeId) -> Result<(), Errno> {
        for (name, id) in [(&b"dev"[..], self.dev), (b"proc", self.proc)] {
            if self.names(root).is_some_and(|names| names.get(name).is_none()) {
                self.link(root, name, id)?;
            }
        }
        let tmp = self.make_directories(mem, root, b"/tmp")?;
        self.inode_mut(tmp).mode = 0o1777;
        Ok(())
    }

    /// The store and what all roots share. Memory for these few inodes is there at the start.
    pub(super) fn make_fixed_trees(&mut self, mem: &mut Mem) {
        let mut root = |mode| {
            let dir = self.create_root().unwrap_or_default();
            self.inode_mut(dir).mode = mode;
            dir
        };
        let (store, dev, proc) = (root(0o755), root(0o755), root(0o555));
        (self.store, self.dev, self.proc) = (store, dev, proc);
        let mut add =
            |dir, name: &[u8], body, mode| self.create_in(mem, dir, name, body, mode).unwrap_or_default();
        let proc_self = add(proc, b"self", directory(), 0o555);
        add(proc_self, b"exe", Body::SelfExe, 0o777);
        add(proc_self, b"fd", Body::SelfFd, 0o555);
        for (name, device) in [
            (&b"null"[..], Device::Null),
            (b"zero", Device::Zero),
            (b"full", Device::Full),
            (b"random", Device::Random),
            (b"urandom", Device::Random),
            (b"console", Device::Console),
            (b"tty", Device::Console),
        ] {
            add(dev, name, Body::Device(device), 0o666);
        }
        for (name, target) in [
            (&b"fd"[..], &b"/proc/self/fd"[..]),
            (b"stdin", b"/proc/self/fd/0"),
            (b"stdout", b"/proc/self/fd/1"),
            (b"stderr", b"/proc/self/fd/2"),
        ] {
            add(dev, name, Body::Symlink(target.into()), 0o777);
        }
        self.proc_self = proc_self;
    }
}

// SPDX-License-Identifier: MIT
//! What the plan runner asks of the file system: a root with a step's inputs, the descriptors that a program
//! starts with, the log of what was written, and the outputs.

use super::files::{Object, flag};
use super::path::split;
use super::{Body, Data, Files, FsContext, InodeId, Links, Origin};
use crate::errno::Errno;
use crate::events::Kind;
use crate::kernel::Kernel;
use crate::sha256::Digest;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Where the monitor's own lines go, and a program's standard output where a run names no file.
const CONSOLE: &[u8] = b"/dev/console";

/// A path of PLAN: `PATH`, or `PATH/` for everything below.
fn stem(pattern: &str) -> &[u8] {
    image_packer::path::split_tree(pattern).0.as_bytes()
}

/// Something found in a tree: its absolute path and inode.
pub struct Member {
    /// Absolute path; a directory's ends in a slash.
    pub path: Vec<u8>,
    /// Its inode.
    pub inode: InodeId,
}

impl super::Vfs {
    /// What a path of PLAN names below `root`: `PATH/` a directory, `PATH` something else.
    pub fn named(&self, root: InodeId, pattern: &str) -> Option<InodeId> {
        let (stem, tree) = image_packer::path::split_tree(pattern);
        let found = self.at(root, stem.as_bytes());
        found.filter(|inode| self.names(*inode).is_some() == tree)
    }

    /// Everything below `root` (but for what the monitor put there), directories before what is in them,
    /// sorted by name within a directory.
    pub fn members(&self, root: InodeId) -> Vec<Member> {
        let mut found = Vec::new();
        let mut pending = Vec::new();
        pending.push(Member { path: b"/".into(), inode: root });
        while let Some(dir) = pending.pop() {
            let mut below: Vec<(&[u8], InodeId)> = Vec::new();
            if let Some(names) = self.names(dir.inode) {
                below.extend(names.iter());
            }
            below.sort_unstable();
            // Backwards, because the last one pushed is the next one taken.
            for &(name, inode) in below.iter().rev() {
                if self.is_fixed(inode) {
                    continue;
                }
                let mut path = dir.path.clone();
                path.extend_from_slice(name);
                if self.names(inode).is_some() {
                    path.push(b'/');
                }
                pending.push(Member { path, inode });
            }
            if dir.inode != root {
                found.push(dir);
            }
        }
        found
    }
}

impl Kernel {
    /// A root that holds the inputs, `/dev`, `/proc` and `/tmp`; held once. On an error, which memory alone can
    /// cause, or an input that does not exist, nothing of it is left.
    pub fn step_root(&mut self, inputs: &[&str]) -> Result<InodeId, Errno> {
        self.vfs.now = super::INPUT_TIME;
        self.vfs.heap_is_low = self.heap_is_low();
        let root = self.vfs.create_root()?;
        let mut copies = Links::default();
        let mut result = Ok(());
        for input in inputs {
            let path = stem(input);
            result = match self.vfs.at(self.vfs.store, path) {
                None => Err(Errno::ENOENT),
                Some(source) if path.is_empty() => self.merge_store(source, root, &mut copies),
                Some(source) => self.vfs.copy_tree(&mut self.mem, source, root, path, &mut copies),
            };
            self.vfs.heap_is_low = self.heap_is_low();
            match result {
                // Inputs may overlap: what is there already is the same.
                Err(Errno::EEXIST) => result = Ok(()),
                Err(_) => break,
                Ok(()) => {}
            }
        }
        let result = result.and_then(|()| self.vfs.add_fixed_trees(&mut self.mem, root));
        match result {
            Ok(()) => Ok(root),
            Err(error) => {
                self.drop_root(root);
                Err(error)
            }
        }
    }

    /// Everything in the store becomes the root's, but for what lies where the monitor has trees of its own: an
    /// unpacked root file system has an empty `/dev` and `/proc`.
    fn merge_store(&mut self, store: InodeId, root: InodeId, copies: &mut Links) -> Result<(), Errno> {
        let mut number = 0;
        while let Some((next, name, source)) = self.vfs.names(store).and_then(|names| names.next(number)) {
            number = next;
            if matches!(name, b"dev" | b"proc") {
                continue;
            }
            let mut path = Vec::from(b"/");
            path.extend_from_slice(name);
            self.vfs.copy_tree(&mut self.mem, source, root, &path, copies)?;
        }
        Ok(())
    }

    /// Gives a root back, with everything in it.
    pub fn drop_root(&mut self, root: InodeId) {
        self.vfs.clear_tree(&mut self.mem, root);
        self.vfs.inode_mut(root).links = 0;
        self.vfs.release(&mut self.mem, root);
    }

    /// The descriptors and the place that a program of a step starts with. Standard input is `stdin`'s file
    /// (else empty; the console if a person is there), standard output `stdout`'s, made with its mode (else the
    /// console). Both are logged for the process `path` of the run `self.vfs.events.run`.
    pub fn standard_files(
        &mut self,
        root: InodeId,
        cwd: &[u8],
        stdin: Option<&str>,
        stdout: Option<(&str, u32)>,
    ) -> Result<(Files, FsContext), Errno> {
        self.begin_change();
        let cwd = self.vfs.at(root, cwd).ok_or(Errno::ENOENT)?;
        if self.vfs.names(cwd).is_none() {
            return Err(Errno::ENOTDIR);
        }
        let log = self.vfs.events.number_of(&[]);
        let mut fs = FsContext { root, cwd, umask: 0o022, exe: Box::default(), log, held: true };
        self.vfs.hold(root);
        self.vfs.hold(cwd);
        let mut files = Files::default();
        let result = self.open_standard(&mut fs, &mut files, stdin, stdout);
        match result {
            Ok(()) => Ok((files, fs)),
            Err(error) => {
                self.files_close(files, fs);
                Err(error)
            }
        }
    }

    fn open_standard(
        &mut self,
        fs: &mut FsContext,
        files: &mut Files,
        stdin: Option<&str>,
        stdout: Option<(&str, u32)>,
    ) -> Result<(), Errno> {
        let input = match stdin {
            Some(path) => {
                let inode = self.vfs.at(fs.root, path.as_bytes()).ok_or(Errno::ENOENT)?;
                if self.vfs.data(inode).is_none() {
                    return Err(Errno::EISDIR);
                }
                self.vfs.events.add(fs.log, Kind::Read, path.as_bytes());
                path.as_bytes()
            }
            None if self.interactive => CONSOLE,
            None => b"/dev/null",
        };
        self.open_as(files, 0, fs.root, input, 0)?;
        let (output, flags) = match stdout {
            Some((path, mode)) => {
                self.create_output(fs, path.as_bytes(), mode)?;
                (path.as_bytes(), flag::WRITE_ONLY)
            }
            None => (CONSOLE, flag::READ_WRITE),
        };
        self.open_as(files, 1, fs.root, output, flags)?;
        self.open_as(files, 2, fs.root, CONSOLE, flag::READ_WRITE)
    }

    /// Opens what is there as the descriptor `fd`.
    fn open_as(
        &mut self,
        files: &mut Files,
        fd: usize,
        root: InodeId,
        path: &[u8],
        flags: u32,
    ) -> Result<(), Errno> {
        let inode = self.vfs.at(root, path).ok_or(Errno::ENOENT)?;
        let object = match &self.vfs.inode(inode).body {
            Body::Device(device) => Object::Device(*device),
            _ => Object::File,
        };
        self.vfs.hold(inode);
        let file = self.vfs.add_open(&mut self.mem, object, Some(inode), flags, path)?;
        files.put(fd, file, false)
    }

    /// Creates, or empties, the file of `> FILE mode OCTAL`.
    fn create_output(&mut self, fs: &FsContext, path: &[u8], mode: u32) -> Result<(), Errno> {
        let (dir, name) = split(path);
        let dir = self.vfs.make_directories(&mut self.mem, fs.root, dir)?;
        let inode = match self.vfs.at(fs.root, path) {
            Some(inode) => inode,
            None => self.vfs.create_in(&mut self.mem, dir, name, Body::File(Data::new()), 0)?,
        };
        self.vfs.data_mut(inode).ok_or(Errno::EISDIR)?.truncate(&mut self.mem, 0)?;
        let node = self.vfs.inode_mut(inode);
        (node.mode, node.writer) = (mode as u16 & 0o7777, fs.log);
        Ok(())
    }

    /// Adds a file of the monitor's own to the store, which tells of the run; with its digest where that is known.
    pub fn add_paper(
        &mut self,
        path: &[u8],
        content: &'static [u8],
        digest: Option<Digest>,
    ) -> Result<(), Errno> {
        self.vfs.step = 0;
        let body = Body::File(Data::Closure(content));
        let id = self.vfs.add_body(&mut self.mem, path, body, 0o644, Origin::Monitor)?;
        self.vfs.inode_mut(id).digest = digest;
        Ok(())
    }

    /// Logs each regular file in the root that the running step wrote, with its digest.
    pub fn log_written(&mut self, root: InodeId) {
        let step = self.vfs.step;
        for member in &self.vfs.members(root) {
            let inode = self.vfs.inode(member.inode);
            if self.vfs.data(member.inode).is_some() && inode.origin == Origin::Step(step) {
                let writer = inode.writer;
                let digest = self.vfs.digest(&self.mem, member.inode);
                self.vfs.events.add_written(writer, &member.path, digest);
            }
        }
    }

    /// Makes sure that directories exist which a step's outputs and redirections will lie in.
    pub fn prepare_directories(&mut self, root: InodeId, pattern: &str) -> Result<(), Errno> {
        self.vfs.now = super::INPUT_TIME;
        // Of `PATH/` the directory itself, of `PATH` its parent.
        let (home, _) = split(pattern.as_bytes());
        self.vfs.make_directories(&mut self.mem, root, home)?;
        Ok(())
    }

    /// Copies what an output pattern names from the step's root to the store. ENOENT: the step did not make it, or
    /// something else.
    pub fn keep_output(&mut self, root: InodeId, pattern: &str) -> Result<(), Errno> {
        let source = self.vfs.named(root, pattern).ok_or(Errno::ENOENT)?;
        self.vfs.heap_is_low = self.heap_is_low();
        let store = self.vfs.store;
        self.vfs.copy_tree(&mut self.mem, source, store, stem(pattern), &mut Links::default())
    }
}

// SPDX-License-Identifier: MIT
//! The file system in memory: inodes, names, and the trees that steps see.
//!
//! An inode lives while a name or a user (an open file, a working directory, a mapping) holds it. There is one
//! table of inodes and any number of trees in it: the store, with the closure's files and what finished steps
//! made, and the running step's root, whose files share the store's frames until somebody writes to them.
//!
//! Each inode knows its [`Origin`]. The execution rule rests on it: bytes become instructions only if they are
//! the seed's or were written by a step, and are not a copy of an input.
//!
//! Times are the logical clock's; [`Vfs::now`] is set by the system call that is about to change something.

mod data;
mod dir;
pub mod files;
mod links;
pub mod path;
pub mod pipe;
pub mod step;
pub mod tree;
pub mod tty;

pub use data::{Data, MAX_SIZE};
pub use dir::{Directory, NAME_MAX};
pub use files::{Files, FsContext, MapTarget};
pub use links::Links;

use crate::errno::Errno;
use crate::mem::Mem;
use crate::ram::Frame;
use crate::sha256::{Digest, Sha256};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Nanoseconds since 1970 of everything that no step has touched: one second, as in the closure's archive.
pub const INPUT_TIME: u64 = 1_000_000_000;

/// An inode, by its place in the table. As wide as a register, see [`Errno`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct InodeId(pub usize);

/// Names of the form `/proc/self/fd/N` are inodes without a place: this bit and N.
const FD_LINK: usize = 0x8000_0000;
/// What such a link leads to where it has no inode (a pipe): this bit too.
const FD_OPEN: usize = 0x4000_0000;

impl InodeId {
    /// The descriptor whose link in `/proc/self/fd` this is, or that such a link led to.
    pub fn descriptor(self) -> Option<i32> {
        (self.0 & FD_LINK != 0).then_some((self.0 & !(FD_LINK | FD_OPEN)) as i32)
    }

    /// Whether this is a link in `/proc/self/fd`, not what it leads to.
    pub fn is_descriptor_link(self) -> bool {
        self.0 & (FD_LINK | FD_OPEN) == FD_LINK
    }
}

/// Where an inode's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The monitor: directories, devices.
    Monitor,
    /// The seed of the closure.
    Seed,
    /// Another file of the closure.
    Input,
    /// Written by that step.
    Step(u32),
}

/// The devices in `/dev`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Empty; swallows everything.
    Null,
    /// Zero bytes.
    Zero,
    /// Zero bytes; no space to write.
    Full,
    /// The fixed stream of random bytes.
    Random,
    /// The console.
    Console,
}

/// What an inode is.
pub enum Body {
    /// A regular file.
    File(Data),
    /// A directory.
    Directory {
        /// Its names.
        names: Directory,
        /// The directory that it is in; a root's is itself.
        parent: InodeId,
        /// Its own name there.
        name: Box<[u8]>,
    },
    /// A symbolic link and where it points.
    Symlink(Box<[u8]>),
    /// A named pipe, and its pipe while somebody has it open.
    Fifo(Option<u32>),
    /// A device.
    Device(Device),
    /// `/proc/self/exe`: a link to the program that the reader executes.
    SelfExe,
    /// `/proc/self/fd`: the reader's descriptors.
    SelfFd,
}

/// An inode.
pub struct Inode {
    /// Permission bits.
    pub mode: u16,
    /// Names; of a directory: 2 and its subdirectories; 0 when it is deleted.
    pub links: u32,
    /// Users besides names.
    holds: u32,
    /// Last change of content, in nanoseconds since 1970.
    pub mtime: u64,
    /// Last change of anything.
    pub ctime: u64,
    /// Last access, as far as `utimensat` set it.
    pub atime: u64,
    /// Where the bytes come from.
    pub origin: Origin,
    /// The process that opened it for writing last, by its number in the event log.
    pub writer: u32,
    /// The process whose reading was logged last.
    pub reader: u32,
    /// The execution rule has found no input with the same bytes since the last write.
    pub cleared: bool,
    /// The digest of the bytes, if it was asked for since the last write.
    digest: Option<Digest>,
    /// A shared mapping may write to it at any time.
    pub mapped: bool,
    /// What it is.
    pub body: Body,
}

/// All inodes, open files and pipes.
pub struct Vfs {
    inodes: Vec<Option<Box<Inode>>>,
    free: Vec<usize>,
    /// The tree of the closure's files and of what finished steps made.
    pub store: InodeId,
    proc: InodeId,
    proc_self: InodeId,
    dev: InodeId,
    /// The time of the change that is being made, in nanoseconds since 1970.
    pub now: u64,
    /// The step that runs, from 1; 0 before the first.
    pub step: u32,
    /// Open files.
    pub open: files::OpenFiles,
    /// Pipes.
    pub pipes: pipe::Pipes,
    /// The console as a terminal.
    pub tty: tty::Tty,
    /// Contents of the closure's files other than the seed: what must not be executed.
    inputs: Vec<&'static [u8]>,
    /// Whether the execution rule is in force.
    pub rule: bool,
    /// The monitor's heap is nearly used up: nothing new is made.
    pub heap_is_low: bool,
    /// The event log.
    pub events: crate::events::Events,
}

impl Vfs {
    /// A store without files, and the trees `/dev` and `/proc`.
    pub fn new(mem: &mut Mem) -> Vfs {
        let mut vfs = Vfs {
            inodes: Vec::new(),
            free: Vec::new(),
            store: InodeId(0),
            proc: InodeId(0),
            proc_self: InodeId(0),
            dev: InodeId(0),
            now: INPUT_TIME,
            step: 0,
            open: files::OpenFiles::default(),
            pipes: pipe::Pipes::default(),
            tty: tty::Tty::default(),
            inputs: Vec::new(),
            rule: false,
            heap_is_low: false,
            events: crate::events::Events::default(),
        };
        vfs.make_fixed_trees(mem);
        vfs
    }

    /// The inode. Asking for one that nobody holds is a bug of the monitor.
    #[inline(never)]
    pub fn inode(&self, id: InodeId) -> &Inode {
        self.node(id)
    }

    /// The inode, to be changed.
    #[inline(never)]
    pub fn inode_mut(&mut self, id: InodeId) -> &mut Inode {
        self.node_mut(id)
    }

    /// [`Vfs::inode`] for reading and writing bytes.
    #[inline(always)]
    fn node(&self, id: InodeId) -> &Inode {
        match self.inodes.get(id.0) {
            Some(Some(inode)) => inode,
            _ => panic!("inode {} is gone", id.0),
        }
    }

    #[inline(always)]
    fn node_mut(&mut self, id: InodeId) -> &mut Inode {
        match self.inodes.get_mut(id.0) {
            Some(Some(inode)) => inode,
            _ => panic!("inode {} is gone", id.0),
        }
    }

    /// How many inodes there are.
    pub fn inode_count(&self) -> usize {
        self.inodes.len() - self.free.len()
    }

    /// A new inode without name, held once.
    pub fn create(&mut self, body: Body, mode: u16) -> Result<InodeId, Errno> {
        if self.heap_is_low {
            return Err(Errno::ENOSPC);
        }
        let inode = Box::new(Inode {
            mode: mode & 0o7777,
            links: 0,
            holds: 1,
            mtime: self.now,
            ctime: self.now,
            atime: self.now,
            origin: match self.step {
                0 => Origin::Monitor,
                step => Origin::Step(step),
            },
            writer: 0,
            reader: 0,
            cleared: false,
            digest: None,
            mapped: false,
            body,
        });
        if let Some(place) = self.free.pop() {
            self.inodes[place] = Some(inode);
            return Ok(InodeId(place));
        }
        self.inodes.try_reserve(1).map_err(|_| Errno::ENOSPC)?;
        self.inodes.push(Some(inode));
        Ok(InodeId(self.inodes.len() - 1))
    }

    /// One more user (a mapping, a program's executable) that keeps the inode alive.
    pub fn hold(&mut self, inode: InodeId) {
        self.inode_mut(inode).holds += 1;
    }

    /// One user less.
    pub fn release(&mut self, mem: &mut Mem, id: InodeId) {
        let inode = self.inode_mut(id);
        inode.holds -= 1;
        self.collect(mem, id);
    }

    /// Frees the inode if neither names nor users are left.
    fn collect(&mut self, mem: &mut Mem, id: InodeId) {
        let inode = self.inode_mut(id);
        if inode.links > 0 || inode.holds > 0 {
            return;
        }
        if let Body::File(data) = &mut inode.body {
            data.free(mem);
        }
        self.inodes[id.0] = None;
        self.free.push(id.0);
    }

    /// A nameless file for shared anonymous memory, held once.
    pub fn anonymous(&mut self, _mem: &mut Mem) -> Result<InodeId, Errno> {
        self.create(Body::File(Data::new()), 0o600)
    }

    /// The bytes of a regular file.
    #[inline]
    pub fn data(&self, id: InodeId) -> Option<&Data> {
        match &self.node(id).body {
            Body::File(data) => Some(data),
            _ => None,
        }
    }

    /// The bytes of a regular file that is about to be changed: the step becomes their origin.
    #[inline]
    pub fn data_mut(&mut self, id: InodeId) -> Option<&mut Data> {
        let (now, step) = (self.now, self.step);
        let inode = self.node_mut(id);
        inode.mtime = now;
        inode.ctime = now;
        inode.origin = Origin::Step(step);
        inode.cleared = false;
        inode.digest = None;
        match &mut inode.body {
            Body::File(data) => Some(data),
            _ => None,
        }
    }

    /// The names of a directory.
    pub fn names(&self, id: InodeId) -> Option<&Directory> {
        match &self.inode(id).body {
            Body::Directory { names, .. } => Some(names),
            _ => None,
        }
    }

    fn names_mut(&mut self, id: InodeId) -> Result<&mut Directory, Errno> {
        let now = self.now;
        let inode = self.inode_mut(id);
        match &mut inode.body {
            Body::Directory { names, .. } => {
                inode.mtime = now;
                inode.ctime = now;
                Ok(names)
            }
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// Whether it is a directory, in any form.
    pub fn is_directory(&self, id: InodeId) -> bool {
        id.descriptor().is_none() && matches!(self.inode(id).body, Body::Directory { .. } | Body::SelfFd)
    }

    /// Size in bytes, as `stat` gives it.
    pub fn size(&self, id: InodeId) -> u64 {
        match &self.node(id).body {
            Body::File(data) => data.size(),
            Body::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }

    /// Reads content; short at the end of the file.
    pub fn read_at(
        &mut self,
        mem: &mut Mem,
        id: InodeId,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize, Errno> {
        let data = self.data(id).ok_or(Errno::EINVAL)?;
        Ok(data.read(mem, offset, buf))
    }

    /// The frame of page `index`, for a mapping, which calls `mem.share` itself. Bytes past the end of the
    /// file are zero. `None` is a hole; with `fill`, holes (also behind the end, for anonymous shared
    /// memory) get a frame instead.
    pub fn map_page(
        &mut self,
        mem: &mut Mem,
        id: InodeId,
        index: u64,
        fill: bool,
    ) -> Result<Option<Frame>, Errno> {
        match &mut self.inode_mut(id).body {
            Body::File(data) => data.map_page(mem, index, fill),
            _ => Err(Errno::ENODEV),
        }
    }

    /// The digest of a regular file's bytes; worked out once for all copies of a file.
    pub fn digest(&mut self, mem: &Mem, id: InodeId) -> Digest {
        let inode = self.inode_mut(id);
        if let Some(digest) = inode.digest.filter(|_| !inode.mapped) {
            return digest;
        }
        let mut sha = Sha256::new();
        if let Body::File(data) = &inode.body {
            data.each_piece(mem, 0, data.size(), &mut |bytes| sha.update(bytes));
        }
        let digest = sha.finish();
        inode.digest = Some(digest);
        digest
    }

    /// The execution rule: whether the file's bytes may become instructions.
    pub fn may_execute(&mut self, mem: &Mem, id: InodeId) -> Result<(), Errno> {
        if !self.rule {
            return Ok(());
        }
        let inode = self.inode(id);
        let Body::File(data) = &inode.body else {
            return Err(Errno::EACCES);
        };
        match inode.origin {
            Origin::Seed => return Ok(()),
            Origin::Step(_) if inode.cleared && !inode.mapped => return Ok(()),
            Origin::Step(_) => {}
            Origin::Monitor | Origin::Input => return Err(Errno::EACCES),
        }
        if data.size() > 0 && self.inputs.iter().any(|input| data.equals(mem, input)) {
            return Err(Errno::EACCES);
        }
        self.inode_mut(id).cleared = true;
        Ok(())
    }
}

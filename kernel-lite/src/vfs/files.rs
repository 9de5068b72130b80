// SPDX-License-Identifier: MIT
//! Open files and the descriptors that lead to them, and what the rest of the kernel asks of both.
//!
//! Over 500 lines: a table of descriptors, the open files behind it and their counts change together.

use super::{Body, FD_LINK, FD_OPEN, InodeId, Vfs};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::mem::Mem;
use crate::thread::Key;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Descriptors of a process at most (RLIMIT_NOFILE's hard limit).
pub const DESCRIPTORS_MAX: usize = 4096;
/// Open files at most.
const OPEN_MAX: usize = 65536;

/// Open flags with the same value on both architectures (Linux `include/uapi/asm-generic/fcntl.h`).
pub mod flag {
    #![allow(missing_docs)]
    pub const ACCESS: u32 = 0o3;
    pub const WRITE_ONLY: u32 = 0o1;
    pub const READ_WRITE: u32 = 0o2;
    pub const CREATE: u32 = 0o100;
    pub const EXCLUSIVE: u32 = 0o200;
    pub const TRUNCATE: u32 = 0o1000;
    pub const APPEND: u32 = 0o2000;
    pub const NONBLOCK: u32 = 0o4000;
    pub const CLOSE_ON_EXEC: u32 = 0o2000000;
    pub const PATH: u32 = 0o10000000;
    pub const TEMPORARY: u32 = 0o20000000;
}

/// What reads and writes go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A device.
    Device(super::Device),
    /// The ends of a pipe that the access mode says: the one that is read, the one that is written, or both.
    Pipe(u32),
    /// A file opened with O_PATH: a place, no content.
    Place,
}

/// An open file: what descriptors that were duplicated from one another share.
pub struct OpenFile {
    /// Descriptors that lead here.
    refs: u32,
    /// What it is.
    pub object: Object,
    /// Its inode; pipes without a name have none.
    pub inode: Option<InodeId>,
    /// Where the next read or write begins; in a directory, the number of the last entry given.
    pub position: u64,
    /// Access mode, O_APPEND, O_NONBLOCK.
    pub flags: u32,
    /// The path that it was opened by, or what `/proc/self/fd` shows instead.
    pub name: Box<[u8]>,
    /// A FIFO's reader that no writer has met yet: it waits instead of seeing the end.
    pub fresh: bool,
}

impl OpenFile {
    /// Opened for reading.
    #[inline]
    pub fn readable(&self) -> bool {
        self.flags & flag::ACCESS != flag::WRITE_ONLY && !matches!(self.object, Object::Place)
    }

    /// Opened for writing.
    #[inline]
    pub fn writable(&self) -> bool {
        self.flags & flag::ACCESS != 0 && !matches!(self.object, Object::Place)
    }

    /// Opened, or made, not to wait.
    #[inline]
    pub fn nonblocking(&self) -> bool {
        self.flags & flag::NONBLOCK != 0
    }
}

/// An open file, by its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(usize);

/// All open files.
#[derive(Default)]
pub struct OpenFiles {
    slots: Vec<Option<OpenFile>>,
    free: Vec<usize>,
}

impl OpenFiles {
    /// The open file. Asking for one that is closed is a bug of the monitor.
    #[inline(never)]
    pub fn get(&self, id: FileId) -> &OpenFile {
        self.at(id)
    }

    /// [`OpenFiles::get`] for reading and writing.
    #[inline(always)]
    pub fn at(&self, id: FileId) -> &OpenFile {
        match self.slots.get(id.0) {
            Some(Some(file)) => file,
            _ => panic!("open file {} is gone", id.0),
        }
    }

    /// Moves the place of the next read or write.
    #[inline(always)]
    pub fn set_position(&mut self, id: FileId, position: u64) {
        if let Some(Some(file)) = self.slots.get_mut(id.0) {
            file.position = position;
        }
    }

    /// The open file, to be changed.
    #[inline(never)]
    pub fn get_mut(&mut self, id: FileId) -> &mut OpenFile {
        match self.slots.get_mut(id.0) {
            Some(Some(file)) => file,
            _ => panic!("open file {} is gone", id.0),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn add(&mut self, file: OpenFile) -> Result<FileId, Errno> {
        if let Some(place) = self.free.pop() {
            self.slots[place] = Some(file);
            return Ok(FileId(place));
        }
        if self.slots.len() >= OPEN_MAX || self.slots.try_reserve(1).is_err() {
            return Err(Errno::ENFILE);
        }
        self.slots.push(Some(file));
        Ok(FileId(self.slots.len() - 1))
    }
}

/// A descriptor.
#[derive(Clone, Copy)]
pub struct Slot {
    file: FileId,
    /// Whether exec closes it.
    pub close_on_exec: bool,
}

/// A process's file descriptors.
#[derive(Default)]
pub struct Files {
    slots: Vec<Option<Slot>>,
}

impl Files {
    /// The open file of a descriptor.
    #[inline(never)]
    pub fn get(&self, fd: i32) -> Result<FileId, Errno> {
        self.at(fd)
    }

    /// [`Files::get`] for reading and writing.
    #[inline(always)]
    fn at(&self, fd: i32) -> Result<FileId, Errno> {
        match self.slots.get(fd as usize) {
            Some(Some(slot)) => Ok(slot.file),
            _ => Err(Errno::EBADF),
        }
    }

    /// The descriptor itself.
    pub fn slot(&mut self, fd: i32) -> Result<&mut Slot, Errno> {
        self.slots.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::EBADF)
    }

    /// The lowest free descriptor from `from` on, below `limit`.
    pub fn lowest_free(&self, from: usize, limit: usize) -> Result<usize, Errno> {
        let used = |fd: usize| self.slots.get(fd).is_some_and(|slot| slot.is_some());
        (from..limit).find(|fd| !used(*fd)).ok_or(Errno::EMFILE)
    }

    /// Puts an open file into a free place.
    pub fn put(&mut self, place: usize, file: FileId, close_on_exec: bool) -> Result<(), Errno> {
        if place >= self.slots.len() {
            let more = place + 1 - self.slots.len();
            self.slots.try_reserve(more).map_err(|_| Errno::ENOMEM)?;
            self.slots.resize(place + 1, None);
        }
        self.slots[place] = Some(Slot { file, close_on_exec });
        Ok(())
    }

    /// Takes a descriptor's open file out.
    pub fn take(&mut self, fd: i32) -> Result<FileId, Errno> {
        let slot = self.slots.get_mut(fd as usize).and_then(Option::take);
        slot.map(|slot| slot.file).ok_or(Errno::EBADF)
    }

    /// One past the highest descriptor.
    pub fn end(&self) -> i32 {
        self.slots.len() as i32
    }

    /// The descriptors in use from `from` on.
    pub fn next(&self, from: i32) -> Option<i32> {
        (from.max(0)..self.end()).find(|fd| self.slots[*fd as usize].is_some())
    }
}

/// A process's place in the tree.
#[derive(Clone, Default)]
pub struct FsContext {
    /// `/`; held.
    pub root: InodeId,
    /// The working directory; held.
    pub cwd: InodeId,
    /// Permission bits that new files do not get.
    pub umask: u16,
    /// Absolute path of the program, for `/proc/self/exe`.
    pub exe: Box<[u8]>,
    /// The process's number in the event log; 0 before its first event.
    pub log: u32,
    /// Whether `root` and `cwd` are held by this context.
    pub held: bool,
}

/// What `mmap` and `execveat` need to know of a descriptor.
pub struct MapTarget {
    /// The file.
    pub inode: InodeId,
    /// Opened for reading.
    pub readable: bool,
    /// Opened for writing.
    pub writable: bool,
}

impl Vfs {
    /// Adds an open file, which takes over the caller's hold on the inode. On failure the hold is given back.
    pub fn add_open(
        &mut self,
        mem: &mut Mem,
        object: Object,
        inode: Option<InodeId>,
        flags: u32,
        name: &[u8],
    ) -> Result<FileId, Errno> {
        let file = OpenFile { refs: 1, object, inode, position: 0, flags, name: name.into(), fresh: false };
        let added = self.open.add(file);
        if added.is_err()
            && let Some(inode) = inode
        {
            self.release(mem, inode);
        }
        added
    }

    /// One more descriptor of an open file.
    pub fn share_open(&mut self, id: FileId) {
        self.open.get_mut(id).refs += 1;
    }
}

impl Kernel {
    /// The open file of a descriptor of the current process.
    #[inline(never)]
    pub fn file(&mut self, fd: i32) -> Result<&mut OpenFile, Errno> {
        let id = self.file_id(fd)?;
        Ok(self.vfs.open.get_mut(id))
    }

    /// The same, by its place.
    #[inline(never)]
    pub fn file_id(&self, fd: i32) -> Result<FileId, Errno> {
        self.descriptor(fd)
    }

    /// What a descriptor leads to: its inode, or what [`InodeId::descriptor`] tells from one where it has none.
    pub fn inode_of(&mut self, fd: i32) -> Result<InodeId, Errno> {
        let inode = self.file(fd)?.inode;
        Ok(inode.unwrap_or(InodeId(FD_LINK | FD_OPEN | fd as usize)))
    }

    /// [`Kernel::file_id`] for reading and writing.
    #[inline(always)]
    pub fn descriptor(&self, fd: i32) -> Result<FileId, Errno> {
        let process = self.threads[self.current].process;
        self.processes[process].files.at(fd)
    }

    /// Before a change to the file system: it has a time of its own, later than all before.
    #[inline(never)]
    pub fn begin_change(&mut self) {
        self.vfs.now = self.clock.read_realtime();
    }

    /// Before something is made: ENOSPC if the monitor's own memory is nearly used up.
    pub fn begin_creation(&mut self) -> Result<(), Errno> {
        self.begin_change();
        self.vfs.heap_is_low = self.heap_is_low();
        if self.vfs.heap_is_low {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// The lowest free descriptor of the current process.
    pub fn free_descriptor(&mut self, from: usize) -> Result<usize, Errno> {
        let limit = self.descriptor_limit();
        self.proc().files.lowest_free(from, limit)
    }

    /// One past the highest descriptor that the current process may use: RLIMIT_NOFILE's soft limit.
    pub fn descriptor_limit(&mut self) -> usize {
        const NOFILE: u32 = 7;
        self.limit(NOFILE).map_or(0, |limit| (limit.0 as usize).min(DESCRIPTORS_MAX))
    }

    /// Gives an open file a descriptor in the current process; closes it if there is none left.
    pub fn install(&mut self, id: FileId, from: usize, close_on_exec: bool) -> Result<usize, Errno> {
        let result = self.free_descriptor(from).and_then(|fd| {
            self.proc().files.put(fd, id, close_on_exec)?;
            Ok(fd)
        });
        if result.is_err() {
            self.close_file(id);
        }
        result
    }

    /// One descriptor of an open file less; without any, it is closed.
    pub fn close_file(&mut self, id: FileId) {
        let file = self.vfs.open.get_mut(id);
        file.refs -= 1;
        if file.refs > 0 {
            return;
        }
        let (object, inode, access) = (file.object, file.inode, file.flags & flag::ACCESS);
        self.vfs.open.slots[id.0] = None;
        self.vfs.open.free.push(id.0);
        if let Object::Pipe(pipe) = object {
            let gone = self.vfs.pipes.close(&mut self.mem, pipe, access);
            if gone
                && let Some(inode) = inode
                && let Body::Fifo(open) = &mut self.vfs.inode_mut(inode).body
            {
                *open = None;
            }
            self.wake(Key::Pipe(pipe));
        }
        if let Some(inode) = inode {
            self.vfs.release(&mut self.mem, inode);
        }
    }

    /// A copy of the current process's descriptors and place, for fork.
    pub fn files_fork(&mut self) -> Result<(Files, FsContext), Errno> {
        let process = self.thread().process;
        let process = &self.processes[process];
        let mut slots = Vec::new();
        let used = process.files.slots.iter().rposition(Option::is_some);
        let used = used.map_or(0, |last| last + 1);
        slots.try_reserve_exact(used).map_err(|_| Errno::ENOMEM)?;
        slots.extend_from_slice(&process.files.slots[..used]);
        for slot in slots.iter().flatten() {
            self.vfs.share_open(slot.file);
        }
        let mut fs = process.fs.clone();
        fs.log = 0;
        if fs.held {
            self.vfs.hold(fs.root);
            self.vfs.hold(fs.cwd);
        }
        Ok((Files { slots }, fs))
    }

    /// Closes all of them (exit).
    pub fn files_close(&mut self, files: Files, fs: FsContext) {
        for slot in files.slots.into_iter().flatten() {
            self.close_file(slot.file);
        }
        if fs.held {
            self.vfs.release(&mut self.mem, fs.root);
            self.vfs.release(&mut self.mem, fs.cwd);
        }
    }

    /// Closes the current process's close-on-exec descriptors.
    pub fn files_exec(&mut self) {
        for fd in 0..self.proc().files.end() {
            if self.proc().files.slot(fd).is_ok_and(|slot| slot.close_on_exec)
                && let Ok(id) = self.proc().files.take(fd)
            {
                self.close_file(id);
            }
        }
    }

    /// The regular, executable file that `path` names for the current process.
    pub fn lookup_program(&mut self, path: &[u8]) -> Result<InodeId, Errno> {
        let found = match self.resolve(AT_FDCWD, path, true) {
            Ok(found) => found,
            Err(error) => {
                self.note_absence(AT_FDCWD, path, error);
                return Err(error);
            }
        };
        let Some(inode) = found.inode else {
            self.note_absence(AT_FDCWD, path, Errno::ENOENT);
            return Err(Errno::ENOENT);
        };
        if inode.descriptor().is_some() {
            return Err(Errno::EACCES);
        }
        let root = self.proc().fs.root;
        // Behind /proc/self/exe and the like there is no name of its own: what was asked for serves.
        let full = if found.name.is_empty() { path.into() } else { self.vfs.path_of_found(root, &found) };
        self.vfs.events.program = full;
        let node = self.vfs.inode(inode);
        if self.vfs.data(inode).is_none() || node.mode & 0o111 == 0 {
            return Err(Errno::EACCES);
        }
        Ok(inode)
    }

    /// The file behind a descriptor; EBADF, ENODEV where it cannot be mapped.
    pub fn map_target(&mut self, fd: i32) -> Result<MapTarget, Errno> {
        let file = self.file(fd)?;
        let target = MapTarget {
            inode: file.inode.unwrap_or_default(),
            readable: file.readable(),
            writable: file.writable(),
        };
        match file.object {
            Object::File => {
                let name = file.name.to_vec();
                self.vfs.events.program = name;
                Ok(target)
            }
            Object::Place => Err(Errno::EBADF),
            _ => Err(Errno::ENODEV),
        }
    }

    /// Called when a file is mapped; `write`: stores may reach it.
    pub fn on_map(&mut self, inode: InodeId, write: bool) {
        if write {
            self.begin_change();
            let _ = self.vfs.data_mut(inode);
            self.vfs.inode_mut(inode).mapped = true;
        }
    }

    /// The execution rule: whether the file's bytes may become instructions. A refusal is logged.
    pub fn may_execute(&mut self, inode: InodeId) -> Result<(), Errno> {
        let result = self.vfs.may_execute(&self.mem, inode);
        if result.is_err() {
            let path = core::mem::take(&mut self.vfs.events.program);
            self.note(crate::events::Kind::Refused, &path);
        }
        result
    }

    /// Called when the current process has become `inode` with `argv` (event log, `/proc/self/exe`). `path`
    /// is what exec was asked for; a script's interpreter is the program then.
    pub fn on_exec(&mut self, _inode: InodeId, path: &[u8], _argv: &[Vec<u8>]) {
        let mut full = core::mem::take(&mut self.vfs.events.program);
        if full.is_empty() {
            full = path.into();
        }
        self.note(crate::events::Kind::Exec, &full);
        self.proc().fs.exe = full.into();
    }
}

/// "Relative to the working directory" of Linux `include/uapi/linux/fcntl.h`.
pub const AT_FDCWD: i32 = -100;

impl Kernel {
    /// Follows a path of the current process, relative to the directory that `dirfd` leads to.
    pub fn resolve(
        &mut self,
        dirfd: i32,
        path: &[u8],
        follow: bool,
    ) -> Result<Box<super::path::Found>, Errno> {
        let process = self.thread().process;
        let process = &self.processes[process];
        let start = if dirfd == AT_FDCWD || path.first() == Some(&b'/') {
            process.fs.cwd
        } else {
            let file = self.vfs.open.get(process.files.get(dirfd)?);
            file.inode.ok_or(Errno::ENOTDIR)?
        };
        self.vfs.walk(&process.fs, &process.files, start, path, follow)
    }

    /// The inode at the end of such a path, which must be there.
    #[inline(never)]
    pub fn resolve_existing(&mut self, dirfd: i32, path: &[u8], follow: bool) -> Result<InodeId, Errno> {
        self.resolve(dirfd, path, follow)?.existing()
    }

    /// Logs what the current process did.
    pub fn note(&mut self, kind: crate::events::Kind, path: &[u8]) {
        let process = self.log_number();
        self.vfs.events.add(process, kind, path);
    }

    /// The current process's number in the event log.
    pub fn log_number(&mut self) -> u32 {
        let process = self.thread().process;
        let process = &mut self.processes[process];
        if process.fs.log == 0 {
            process.fs.log = self.vfs.events.number_of(&process.path);
        }
        process.fs.log
    }

    /// Logs that the current process missed `path`, if it is a file of the closure or an earlier output, and
    /// so an input that the step should have declared.
    pub fn note_absence(&mut self, dirfd: i32, path: &[u8], error: Errno) {
        if error != Errno::ENOENT || self.vfs.step == 0 {
            return;
        }
        let root = self.proc().fs.root;
        let mut full = Vec::new();
        if path.first() != Some(&b'/') {
            let start = if dirfd == AT_FDCWD {
                Some(self.proc().fs.cwd)
            } else {
                self.file(dirfd).ok().and_then(|file| file.inode)
            };
            let Some(start) = start else { return };
            if self.vfs.names(start).is_none() {
                return;
            }
            full = self.vfs.path_of(root, start);
        }
        full.push(b'/');
        full.extend_from_slice(path);
        let full = normal(&full);
        if self.vfs.at(self.vfs.store, &full).is_some() && self.vfs.at(root, &full).is_none() {
            self.note(crate::events::Kind::Missing, &full);
        }
    }
}

/// An absolute path without `.`, `..` and double slashes.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut full = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => full.truncate(super::path::split(&full).0.len()),
            name => {
                full.push(b'/');
                full.extend_from_slice(name);
            }
        }
    }
    full
}

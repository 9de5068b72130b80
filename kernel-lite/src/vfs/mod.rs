// SPDX-License-Identifier: MIT
//! The file system in memory. These are the names that the rest of the kernel uses.

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::mem::Mem;
use crate::ram::Frame;

/// An inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InodeId(pub u32);

/// All inodes.
pub struct Vfs {}

impl Vfs {
    /// A root directory and nothing else.
    pub fn new(_mem: &mut Mem) -> Vfs {
        Vfs {}
    }
    /// One more user (a mapping, a program's executable) that keeps the inode alive.
    pub fn hold(&mut self, _inode: InodeId) {}
    /// One user less.
    pub fn release(&mut self, _mem: &mut Mem, _inode: InodeId) {}
    /// Size in bytes.
    pub fn size(&self, _inode: InodeId) -> u64 {
        0
    }
    /// Reads content; short at the end of the file.
    pub fn read_at(
        &mut self,
        _mem: &mut Mem,
        _inode: InodeId,
        _offset: u64,
        _buf: &mut [u8],
    ) -> Result<usize, Errno> {
        Err(Errno::EIO)
    }
    /// The frame of page `index`, for a mapping, which calls `mem.share` itself. Bytes past the end of the
    /// file are zero. `None` is a hole; with `fill`, holes (also behind the end, for anonymous shared
    /// memory) get a frame instead.
    pub fn map_page(
        &mut self,
        _mem: &mut Mem,
        _inode: InodeId,
        _index: u64,
        _fill: bool,
    ) -> Result<Option<Frame>, Errno> {
        Err(Errno::EIO)
    }
    /// A nameless file for shared anonymous memory, held once.
    pub fn anonymous(&mut self, _mem: &mut Mem) -> Result<InodeId, Errno> {
        Err(Errno::ENOMEM)
    }
}

/// A process's file descriptors.
#[derive(Default)]
pub struct Files {}

/// A process's place in the tree: root, working directory, umask.
#[derive(Clone, Default)]
pub struct FsContext {}

/// What `mmap` and `execveat` need to know of a descriptor.
pub struct MapTarget {
    /// The file.
    pub inode: InodeId,
    /// Opened for reading.
    pub readable: bool,
    /// Opened for writing.
    pub writable: bool,
}

impl Kernel {
    /// A copy of the current process's descriptors and place, for fork.
    pub fn files_fork(&mut self) -> Result<(Files, FsContext), Errno> {
        Ok((Files::default(), FsContext::default()))
    }
    /// Closes all of them (exit).
    pub fn files_close(&mut self, _files: Files, _fs: FsContext) {}
    /// Closes the current process's close-on-exec descriptors.
    pub fn files_exec(&mut self) {}
    /// The regular, executable file that `path` names for the current process, and its absolute path.
    pub fn lookup_program(&mut self, _path: &[u8]) -> Result<InodeId, Errno> {
        Err(Errno::ENOENT)
    }
    /// The file behind a descriptor; EBADF, ENODEV where it cannot be mapped.
    pub fn map_target(&mut self, _fd: i32) -> Result<MapTarget, Errno> {
        Err(Errno::EBADF)
    }
    /// Called when a file is mapped; `write`: stores may reach it (event log).
    pub fn on_map(&mut self, _inode: InodeId, _write: bool) {}
    /// Passes what was typed to the terminal; tells whether somebody was woken or signalled.
    pub fn console_poll(&mut self) -> bool {
        false
    }
    /// The execution rule: whether the file's bytes may become instructions.
    pub fn may_execute(&mut self, _inode: InodeId) -> Result<(), Errno> {
        Ok(())
    }
    /// Called when the current process has become `inode` with `argv` (event log, `/proc/self/exe`).
    pub fn on_exec(&mut self, _inode: InodeId, _path: &[u8], _argv: &[alloc::vec::Vec<u8>]) {}
}

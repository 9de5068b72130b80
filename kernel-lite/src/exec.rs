// SPDX-License-Identifier: MIT
//! execve: a new program in the place of the current one.
//!
//! The new address space is built beside the old one, and only when all is well does it take its place.

use crate::arch::{self, UserContext};
use crate::elf::{self, Elf};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::paging::Prot;
use crate::ram::{PAGE_SHIFT, PAGE_SIZE};
use crate::space::{Backing, STACK_SIZE, STACK_TOP, page_down, page_up};
use crate::vfs::InodeId;
use alloc::vec::Vec;

/// Arguments and environment may take a quarter of the stack, as on Linux.
const MAX_ARGUMENTS: usize = (STACK_SIZE / 4) as usize;
/// Interpreters of interpreters.
const MAX_SCRIPTS: u32 = 4;
/// Where a relocatable program lies.
const PIE_BASE: u64 = 0x5555_5555_4000;
/// AT_RANDOM's sixteen bytes: fixed, so that runs are alike; the first is 0 as Linux leaves a canary's.
const RANDOM: [u8; 16] = *b"\0Firstlight rand";

/// The keys of the auxiliary vector (Linux `include/uapi/linux/auxvec.h`). Always 0 are AT_BASE (7), AT_FLAGS (8),
/// AT_UID, AT_EUID, AT_GID, AT_EGID (11 to 14), AT_SECURE (23), and AT_NULL (0), which ends it.
const AUXILIARY: [u8; 19] = [3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 23, 25, 26, 31, 0];

/// What to start.
pub struct Program {
    /// The file as the caller named it.
    pub path: Vec<u8>,
    /// Arguments.
    pub argv: Vec<Vec<u8>>,
    /// Environment.
    pub envp: Vec<Vec<u8>>,
}

impl Program {
    fn bytes(&self) -> usize {
        self.argv.iter().chain(&self.envp).map(|s| s.len() + 1 + 8).sum::<usize>() + self.path.len() + 1
    }
}

/// Where a new program begins: its first instruction and its stack pointer.
struct Start {
    entry: u64,
    sp: u64,
}

impl Kernel {
    /// Replaces the current process's program. On success the current thread starts in the new one.
    pub fn exec(&mut self, mut program: Program) -> Result<(), Errno> {
        let path = program.path.clone();
        let inode = self.find_program(&mut program)?;
        if program.bytes() > MAX_ARGUMENTS {
            return Err(Errno::E2BIG);
        }
        let space = self.new_space()?;
        match self.load(space, inode, &program) {
            Ok(start) => self.become_program(space, start, inode, &path, &program),
            Err(e) => {
                self.leave_space(space);
                return Err(e);
            }
        }
        Ok(())
    }

    /// The file to load: `program`'s, or the interpreter of the script that it is, with arguments to match.
    fn find_program(&mut self, program: &mut Program) -> Result<InodeId, Errno> {
        for _ in 0..MAX_SCRIPTS + 1 {
            let inode = self.lookup_program(&program.path)?;
            let mut start = [0; 256];
            let n = self.vfs.read_at(&mut self.mem, inode, 0, &mut start)?;
            let Some(line) = start[..n].strip_prefix(b"#!") else {
                self.may_execute(inode)?;
                return Ok(inode);
            };
            let end = line.iter().position(|&b| b == b'\n').unwrap_or(line.len());
            let line = line[..end].trim_ascii();
            let split = line.iter().position(|&b| b == b' ' || b == b'\t').unwrap_or(line.len());
            let (interpreter, argument) = (&line[..split], line[split..].trim_ascii());
            if interpreter.is_empty() {
                return Err(Errno::ENOEXEC);
            }
            // The script's path stands for its first argument; before it the interpreter and its argument.
            let argv = &mut program.argv;
            let path = core::mem::replace(&mut program.path, interpreter.to_vec());
            match argv.first_mut() {
                Some(first) => *first = path,
                None => argv.push(path),
            }
            if !argument.is_empty() {
                push_front(argv, argument);
            }
            push_front(argv, interpreter);
        }
        Err(Errno::ELOOP)
    }

    /// Fills the address space in slot `space`.
    fn load(&mut self, space: usize, inode: InodeId, program: &Program) -> Result<Start, Errno> {
        let size = self.vfs.size(inode);
        let mut header = [0; elf::HEADER];
        if self.vfs.read_at(&mut self.mem, inode, 0, &mut header)? < header.len() {
            return Err(Errno::ENOEXEC);
        }
        let refuse = |_| Errno::ENOEXEC;
        let (offset, len) = elf::header_table(&header, arch::MACHINE).map_err(refuse)?;
        if offset.checked_add(len as u64).is_none_or(|end| end > size) {
            return Err(Errno::ENOEXEC);
        }
        let mut table = [0; 64 * elf::PROGRAM_HEADER];
        let table = &mut table[..len];
        if self.vfs.read_at(&mut self.mem, inode, offset, table)? < len {
            return Err(Errno::ENOEXEC);
        }
        let elf = elf::parse(&header, table, size).map_err(refuse)?;
        if elf.segments.iter().any(|s| s.prot.has(Prot::WRITE | Prot::EXEC)) {
            self.say_write_exec(&program.path);
        }
        let base = if elf.relocatable { PIE_BASE } else { 0 };
        self.map_segments(space, inode, &elf, base)?;
        let sp = self.write_stack(space, &elf, base, program)?;
        Ok(Start { entry: elf.entry.wrapping_add(base), sp })
    }

    /// Maps the segments, with the heap behind the last, the stack and the signal return code.
    fn map_segments(&mut self, space: usize, inode: InodeId, elf: &Elf, base: u64) -> Result<(), Errno> {
        let (space, mem, vfs) = (&mut self.spaces[space], &mut self.mem, &mut self.vfs);
        let mut end = 0;
        for s in &elf.segments {
            // A static-PIE of the full size of user space would reach past its end with the base.
            let start = s.addr.checked_add(base).ok_or(Errno::ENOEXEC)?;
            let (file_end, mem_end) = (start + s.file_size, start + s.size);
            let first = page_down(start);
            if s.file_size > 0 {
                let page = s.offset >> PAGE_SHIFT;
                let backing = Backing { file: Some(inode), page, ..Backing::ZERO };
                space.map(mem, vfs, first, page_up(file_end) - first, true, s.prot, backing)?;
            }
            let zero = if s.file_size > 0 { page_up(file_end) } else { first };
            if page_up(mem_end) > zero {
                space.map(mem, vfs, zero, page_up(mem_end) - zero, true, s.prot, Backing::ZERO)?;
            }
            // Zeros that share a page with the file's last bytes.
            if s.size > s.file_size && s.file_size > 0 && file_end < zero && s.prot.has(Prot::WRITE) {
                let zeros = [0; PAGE_SIZE];
                space.write(mem, vfs, file_end, &zeros[..(zero - file_end) as usize])?;
            }
            end = end.max(mem_end);
        }
        space.set_brk_start(page_up(end));
        let stack = STACK_TOP - STACK_SIZE;
        space.map(mem, vfs, stack, STACK_SIZE, true, Prot::READ | Prot::WRITE, Backing::ZERO)?;
        if let Some(frame) = self.trampoline {
            space.map_trampoline(mem, frame)?;
        }
        Ok(())
    }

    /// Strings, auxiliary vector, environment, arguments: as the psABIs of both processors want them.
    fn write_stack(&mut self, space: usize, elf: &Elf, base: u64, program: &Program) -> Result<u64, Errno> {
        // Everything is laid out in a buffer whose end is the top of the stack (less 16 zero bytes).
        let strings: usize = program.bytes() + RANDOM.len() + arch::PLATFORM.len() + 1;
        let string_base = (STACK_TOP - 16 - strings as u64) & !15;
        let mut bytes: Vec<u8> = Vec::with_capacity(strings);
        let mut words: Vec<u8> = Vec::with_capacity((program.argv.len() + program.envp.len() + 48) * 8);
        let random = string_base + add_string(&mut bytes, &RANDOM);
        let platform = string_base + add_string(&mut bytes, arch::PLATFORM);
        let name = string_base + add_string(&mut bytes, &program.path);
        add_word(&mut words, program.argv.len() as u64);
        for list in [&program.argv, &program.envp] {
            for s in list {
                add_word(&mut words, string_base + add_string(&mut bytes, s));
            }
            add_word(&mut words, 0);
        }
        let headers = if elf.headers == 0 { 0 } else { elf.headers + base };
        for key in AUXILIARY {
            let value = match key {
                3 => headers,                      // AT_PHDR
                4 => elf::PROGRAM_HEADER as u64,   // AT_PHENT
                5 => elf.header_count,             // AT_PHNUM
                6 => PAGE_SIZE as u64,             // AT_PAGESZ
                9 => elf.entry.wrapping_add(base), // AT_ENTRY
                15 => platform,                    // AT_PLATFORM
                16 => arch::HWCAP,                 // AT_HWCAP
                17 => 100,                         // AT_CLKTCK
                25 => random,                      // AT_RANDOM
                26 => arch::HWCAP2,                // AT_HWCAP2
                31 => name,                        // AT_EXECFN
                _ => 0,
            };
            add_word(&mut words, key.into());
            add_word(&mut words, value);
        }
        let sp = (string_base - words.len() as u64) & !15;
        let (space, mem, vfs) = (&mut self.spaces[space], &mut self.mem, &mut self.vfs);
        space.write(mem, vfs, string_base, &bytes)?;
        space.write(mem, vfs, sp, &words)?;
        Ok(sp)
    }

    /// The point of no return.
    fn become_program(&mut self, space: usize, start: Start, inode: InodeId, path: &[u8], program: &Program) {
        self.end_other_threads();
        let old_space = self.proc().space;
        self.leave_space(old_space);
        self.vfs.hold(inode);
        let process = self.proc();
        process.space = space;
        let old_exe = process.exe.replace(inode);
        process.name = short_name(path);
        for action in &mut process.actions {
            if action.handler > 1 {
                *action = Default::default();
            }
        }
        if let Some(old) = old_exe {
            self.vfs.release(&mut self.mem, old);
        }
        self.files_exec();
        let pid = self.proc().pid;
        let thread = self.thread();
        thread.context = UserContext::new(start.entry, start.sp);
        thread.context.set_ids(pid, pid);
        thread.tid = pid;
        thread.altstack = Default::default();
        (thread.clear_tid, thread.robust_list) = (0, 0);
        self.fp_forget(self.current);
        self.end_vfork();
        self.on_exec(inode, path, &program.argv);
    }
}

#[inline(never)]
fn push_front(argv: &mut Vec<Vec<u8>>, word: &[u8]) {
    argv.insert(0, word.to_vec());
}

/// Adds a string of the stack's top, with its NUL; returns where it begins there.
fn add_string(bytes: &mut Vec<u8>, s: &[u8]) -> u64 {
    let at = bytes.len() as u64;
    bytes.extend_from_slice(s);
    bytes.push(0);
    at
}

/// A word of the stack.
fn add_word(words: &mut Vec<u8>, word: u64) {
    words.extend_from_slice(&word.to_le_bytes());
}

/// The name that `PR_GET_NAME` gives: the file's, up to fifteen bytes.
fn short_name(path: &[u8]) -> [u8; 16] {
    let base = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    let n = base.len().min(15);
    let mut name = [0; 16];
    name[..n].copy_from_slice(&base[..n]);
    name
}

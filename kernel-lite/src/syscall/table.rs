// SPDX-License-Identifier: MIT
//! The one table of system calls.
//!
//! `NAME AARCH64 X86_64 => HANDLER, STATUS;` where a number of `_` means that the architecture does not have
//! the call, and the status is `full` or `partial "what is missing"`. The file comes in families; a family
//! is added by its owner.

use super::{Args, SysResult, attributes, io, memory, misc, names, open, poll, process, signal, time};
use crate::arch::{ABI, Abi};
use crate::errno::Errno;
use crate::kernel::Kernel;
#[cfg(not(target_os = "none"))]
use alloc::{format, string::String};

/// A number that no call has.
const ABSENT: i64 = -1;

macro_rules! number {
    (_) => {
        ABSENT
    };
    ($n:literal) => {
        $n
    };
}

#[cfg(not(target_os = "none"))]
macro_rules! status {
    (full) => {
        ""
    };
    (partial $missing:literal) => {
        $missing
    };
}

macro_rules! system_calls {
    ($($name:ident $a:tt $x:tt => $handler:path, $status:ident $($missing:literal)?;)*) => {
        /// The numbers.
        #[allow(missing_docs, non_upper_case_globals)]
        pub mod number {
            use super::*;
            $(pub const $name: i64 = match ABI { Abi::Aarch64 => number!($a), Abi::X86_64 => number!($x) };)*
        }

        /// Makes system call `n`. One function, in which the compiler puts most handlers: it is smaller than a table
        /// of them, and apart from the main loop, which is optimised for speed.
        #[allow(unreachable_patterns)]
        #[inline(never)]
        pub fn dispatch(k: &mut Kernel, n: i64, a: Args) -> SysResult {
            match n {
                // The last three are never asked for here: [`Kernel::answer`] knows them.
                ..0 | number::getpid | number::read | number::write => unknown(k, n),
                $(number::$name => $handler(k, a),)*
                _ => unknown(k, n),
            }
        }

        /// The name of call `n` on this architecture, if the table has it.
        #[allow(unreachable_patterns)]
        pub fn name(n: i64) -> Option<&'static str> {
            if n < 0 { return None; }
            Some(match n { $(number::$name => stringify!($name),)* _ => return None })
        }

        #[cfg(not(target_os = "none"))]
        const ROWS: &[(&str, i64, i64, &str)] =
            &[$((stringify!($name), number!($a), number!($x), status!($status $($missing)?)),)*];
    };
}

system_calls! {
    // Processes and threads.
    getpid 172 39 => process::getpid, full;
    gettid 178 186 => process::gettid, full;
    getppid 173 110 => process::getppid, full;
    clone 220 56 => process::clone, partial "no name spaces; CLONE_FILES, CLONE_FS and CLONE_SIGHAND of a process copy";
    fork _ 57 => process::fork, full;
    vfork _ 58 => process::vfork, full;
    clone3 435 435 => misc::absent, partial "always ENOSYS: C libraries then use clone";
    execve 221 59 => process::execve, partial "static ELF64 programs and scripts only";
    exit 93 60 => process::exit, full;
    exit_group 94 231 => process::exit_group, full;
    wait4 260 61 => process::wait4, full;
    waitid 95 247 => process::waitid, partial "no P_PIDFD";
    set_tid_address 96 218 => process::set_tid_address, full;
    set_robust_list 99 273 => process::set_robust_list, full;
    get_robust_list 100 274 => process::get_robust_list, full;
    setpgid 154 109 => process::setpgid, full;
    getpgid 155 121 => process::getpgid, full;
    getpgrp _ 111 => process::getpgrp, full;
    getsid 156 124 => process::getsid, full;
    setsid 157 112 => process::setsid, full;
    sched_yield 124 24 => process::sched_yield, full;

    // Memory.
    brk 214 12 => memory::brk, full;
    mmap 222 9 => memory::mmap, partial "never both PROT_WRITE and PROT_EXEC; no MAP_GROWSDOWN, MAP_HUGETLB";
    munmap 215 11 => memory::munmap, full;
    mprotect 226 10 => memory::mprotect, partial "never both PROT_WRITE and PROT_EXEC";
    mremap 216 25 => memory::mremap, partial "no MREMAP_DONTUNMAP";
    madvise 233 28 => memory::madvise, partial "MADV_DONTNEED; other advice is not taken";
    mincore 232 27 => memory::mincore, full;
    msync 227 26 => memory::mapped_range, full;
    mlock 228 149 => memory::mapped_range, full;
    munlock 229 150 => memory::mapped_range, full;

    // Signals.
    rt_sigaction 134 13 => signal::rt_sigaction, full;
    rt_sigprocmask 135 14 => signal::rt_sigprocmask, full;
    rt_sigpending 136 127 => signal::rt_sigpending, full;
    rt_sigsuspend 133 130 => signal::rt_sigsuspend, full;
    rt_sigtimedwait 137 128 => signal::rt_sigtimedwait, full;
    rt_sigreturn 139 15 => signal::rt_sigreturn, full;
    rt_sigqueueinfo 138 129 => signal::rt_sigqueueinfo, full;
    sigaltstack 132 131 => signal::sigaltstack, partial "SS_AUTODISARM is ignored";
    pause _ 34 => signal::pause, full;
    kill 129 62 => signal::kill, full;
    tkill 130 200 => signal::tkill, full;
    tgkill 131 234 => signal::tgkill, full;

    // Time.
    clock_gettime 113 228 => time::clock_gettime, partial "the logical clock";
    clock_getres 114 229 => time::clock_getres, full;
    clock_settime 112 227 => time::set_time, partial "always EPERM";
    clock_nanosleep 115 230 => time::clock_nanosleep, full;
    nanosleep 101 35 => time::nanosleep, full;
    gettimeofday 169 96 => time::gettimeofday, partial "the logical clock";
    settimeofday 170 164 => time::set_time, partial "always EPERM";
    time _ 201 => time::time, partial "the logical clock";
    getitimer 102 36 => time::getitimer, partial "ITIMER_REAL only";
    setitimer 103 38 => time::setitimer, partial "ITIMER_REAL only";
    alarm _ 37 => time::alarm, full;
    times 153 100 => time::times, partial "counts system calls";

    // Users: root only.
    getuid 174 102 => misc::root, full;
    geteuid 175 107 => misc::root, full;
    getgid 176 104 => misc::root, full;
    getegid 177 108 => misc::root, full;
    setuid 146 105 => misc::become_root, partial "root only";
    setgid 144 106 => misc::become_root, partial "root only";
    setreuid 145 113 => misc::become_root, partial "root only";
    setregid 143 114 => misc::become_root, partial "root only";
    setresuid 147 117 => misc::become_root, partial "root only";
    setresgid 149 119 => misc::become_root, partial "root only";
    getresuid 148 118 => misc::three_ids, full;
    getresgid 150 120 => misc::three_ids, full;
    getgroups 158 115 => misc::root, full;
    setgroups 159 116 => misc::setgroups, partial "forgets the groups";

    // The rest.
    futex 98 202 => misc::futex, partial "WAIT, WAKE, REQUEUE, CMP_REQUEUE and the BITSET forms; no priority inheritance";
    uname 160 63 => misc::uname, full;
    getrandom 278 318 => misc::getrandom, partial "a fixed stream";
    prlimit64 261 302 => misc::prlimit64, partial "remembered, not enforced; the caller's only";
    getrlimit 163 97 => misc::getrlimit, full;
    setrlimit 164 160 => misc::setrlimit, partial "remembered, not enforced";
    getrusage 165 98 => misc::getrusage, partial "time by system calls; no other field";
    sysinfo 179 99 => misc::sysinfo, full;
    prctl 167 157 => misc::prctl, partial "names; a few others without effect";
    arch_prctl _ 158 => misc::arch_prctl, partial "ARCH_SET_FS, ARCH_GET_FS";
    personality 92 135 => misc::personality, full;
    sched_getaffinity 123 204 => misc::sched_getaffinity, full;
    sched_setaffinity 122 203 => misc::nothing, partial "there is one processor";
    sched_getscheduler 120 145 => misc::root, full;
    sched_setscheduler 119 144 => misc::nothing, partial "without effect";
    sched_getparam 121 143 => misc::sched_getparam, full;
    getcpu 168 309 => misc::getcpu, full;
    getpriority 141 140 => misc::getpriority, full;
    setpriority 140 141 => misc::nothing, partial "without effect";
    membarrier 283 324 => misc::absent, partial "always ENOSYS";
    rseq 293 334 => misc::absent, partial "always ENOSYS: C libraries do without";

    // Files, directories, pipes, the terminal.

    // Reading and writing.
    read 63 0 => io::read, full;
    write 64 1 => io::write, full;
    readv 65 19 => io::readv, full;
    writev 66 20 => io::writev, full;
    pread64 67 17 => io::pread64, full;
    pwrite64 68 18 => io::pwrite64, full;
    preadv 69 295 => io::preadv, full;
    pwritev 70 296 => io::pwritev, full;
    lseek 62 8 => io::lseek, full;
    sendfile 71 40 => io::sendfile, partial "from files to files and devices";
    copy_file_range 285 326 => io::copy_file_range, full;
    fsync 82 74 => io::sync_file, full;
    fdatasync 83 75 => io::sync_file, full;
    syncfs 267 306 => io::sync_file, full;
    sync 81 162 => io::sync, full;

    // Descriptors.
    openat 56 257 => open::openat, partial "O_DIRECT, O_SYNC and O_NOATIME without effect";
    open _ 2 => open::open, partial "as openat";
    creat _ 85 => open::creat, full;
    openat2 437 437 => open::openat2, partial "no resolve restrictions";
    close 57 3 => open::close, full;
    close_range 436 436 => open::close_range, partial "CLOSE_RANGE_UNSHARE without effect";
    dup 23 32 => open::dup, full;
    dup2 _ 33 => open::dup2, full;
    dup3 24 292 => open::dup3, full;
    pipe2 59 293 => open::pipe2, partial "no O_DIRECT";
    pipe _ 22 => open::pipe, full;
    memfd_create 279 319 => open::memfd_create, partial "no seals, no huge pages";
    fcntl 25 72 => open::fcntl, partial "locks are granted without being kept; no leases, seals, signals";
    flock 32 73 => open::flock, partial "granted without being kept";

    // Names.
    mkdirat 34 258 => names::mkdirat, full;
    mkdir _ 83 => names::mkdir, full;
    mknodat 33 259 => names::mknodat, partial "files, FIFOs, and the devices that /dev has";
    mknod _ 133 => names::mknod, partial "files, FIFOs, and the devices that /dev has";
    symlinkat 36 266 => names::symlinkat, full;
    symlink _ 88 => names::symlink, full;
    linkat 37 265 => names::linkat, full;
    link _ 86 => names::link, full;
    unlinkat 35 263 => names::unlinkat, full;
    unlink _ 87 => names::unlink, full;
    rmdir _ 84 => names::rmdir, full;
    renameat2 276 316 => names::renameat2, partial "no RENAME_WHITEOUT";
    renameat 38 264 => names::renameat, full;
    rename _ 82 => names::rename, full;
    readlinkat 78 267 => names::readlinkat, full;
    readlink _ 89 => names::readlink, full;
    getcwd 17 79 => names::getcwd, full;
    chdir 49 80 => names::chdir, full;
    fchdir 50 81 => names::fchdir, full;
    chroot 51 161 => names::chroot, full;
    umask 166 95 => names::umask, full;
    mount 40 165 => names::not_permitted, partial "always EPERM";
    umount2 39 166 => names::not_permitted, partial "always EPERM";
    pivot_root 41 155 => names::not_permitted, partial "always EPERM";
    getdents64 61 217 => names::getdents64, full;
    getdents _ 78 => names::getdents, full;

    // Attributes.
    newfstatat 79 262 => attributes::newfstatat, full;
    fstat 80 5 => attributes::fstat, full;
    stat _ 4 => attributes::stat, full;
    lstat _ 6 => attributes::lstat, full;
    statx 291 332 => attributes::statx, partial "basic fields";
    statfs 43 137 => attributes::statfs, full;
    fstatfs 44 138 => attributes::fstatfs, full;
    faccessat 48 269 => attributes::faccessat, full;
    faccessat2 439 439 => attributes::faccessat2, full;
    access _ 21 => attributes::access, full;
    fchmodat 53 268 => attributes::fchmodat, full;
    fchmodat2 452 452 => attributes::fchmodat2, full;
    chmod _ 90 => attributes::chmod, full;
    fchmod 52 91 => attributes::fchmod, full;
    fchownat 54 260 => attributes::fchownat, partial "everything belongs to root";
    chown _ 92 => attributes::chown, partial "everything belongs to root";
    lchown _ 94 => attributes::lchown, partial "everything belongs to root";
    fchown 55 93 => attributes::fchown, partial "everything belongs to root";
    utimensat 88 280 => attributes::utimensat, partial "times before 1970 become 0";
    utimes _ 235 => attributes::utimes, partial "as utimensat";
    futimesat _ 261 => attributes::futimesat, partial "as utimensat";
    utime _ 132 => attributes::utime, partial "as utimensat";
    truncate 45 76 => attributes::truncate, full;
    ftruncate 46 77 => attributes::ftruncate, full;
    fallocate 47 285 => attributes::fallocate, partial "allocation only";
    fadvise64 223 221 => attributes::advise, partial "without effect";
    readahead 213 187 => attributes::advise, partial "without effect";
    setxattr 5 188 => attributes::no_attributes, partial "always EOPNOTSUPP";
    lsetxattr 6 189 => attributes::no_attributes, partial "always EOPNOTSUPP";
    fsetxattr 7 190 => attributes::no_attributes, partial "always EOPNOTSUPP";
    getxattr 8 191 => attributes::no_attributes, partial "always EOPNOTSUPP";
    lgetxattr 9 192 => attributes::no_attributes, partial "always EOPNOTSUPP";
    fgetxattr 10 193 => attributes::no_attributes, partial "always EOPNOTSUPP";
    listxattr 11 194 => attributes::no_attributes, partial "always EOPNOTSUPP";
    llistxattr 12 195 => attributes::no_attributes, partial "always EOPNOTSUPP";
    flistxattr 13 196 => attributes::no_attributes, partial "always EOPNOTSUPP";

    // Waiting for descriptors; the terminal.
    poll _ 7 => poll::poll, full;
    ppoll 73 271 => poll::ppoll, partial "does not write the time left";
    select _ 23 => poll::select, partial "does not write the time left; 4096 descriptors";
    pselect6 72 270 => poll::pselect6, partial "does not write the time left; 4096 descriptors";
    ioctl 29 16 => poll::ioctl, partial "the console's, FIONREAD, FIONBIO, FIOCLEX";
}

#[cold]
fn unknown(k: &mut Kernel, n: i64) -> SysResult {
    k.unknown_call(n);
    Err(Errno::ENOSYS.into())
}

/// `docs/abi.md`: each call, its numbers and what is missing.
#[cfg(not(target_os = "none"))]
pub fn abi_markdown() -> String {
    let mut out = String::from(
        "<!-- SPDX-License-Identifier: MIT -->\n# System calls\n\nGenerated from `kernel-lite/src/syscall/table.rs`. \
         A call that is not listed is logged and returns ENOSYS.\n\n\
         | call | AArch64 | x86_64 | status |\n|---|---|---|---|\n",
    );
    let number = |n: i64| {
        if n == ABSENT { String::from("–") } else { format!("{n}") }
    };
    for (name, a, x, missing) in ROWS {
        let status = if missing.is_empty() { String::from("full") } else { format!("partial: {missing}") };
        out += &format!("| `{name}` | {} | {} | {status} |\n", number(*a), number(*x));
    }
    for (name, a, x) in super::absent::ABSENT {
        assert!(ROWS.iter().all(|row| row.0 != *name), "{name} is there");
        out += &format!("| `{name}` | {a} | {x} | absent |\n");
    }
    out
}

// SPDX-License-Identifier: MIT
//! The one table of system calls.
//!
//! `NAME AARCH64 X86_64 => HANDLER, STATUS;` where a number of `_` means that the architecture does not have
//! the call, and the status is `full` or `partial "what is missing"`. The file comes in families; a family
//! is added by its owner.

use super::{Args, Handler, SysResult, memory, misc, process, signal, time};
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
        #[allow(non_upper_case_globals)]
        mod number {
            use super::*;
            $(pub const $name: i64 = match ABI { Abi::Aarch64 => number!($a), Abi::X86_64 => number!($x) };)*
        }

        /// The handler of call `n` on this architecture.
        #[allow(unreachable_patterns)]
        #[inline]
        fn handler(n: i64) -> Option<Handler> {
            if n < 0 { return None; }
            Some(match n { $(number::$name => $handler,)* _ => return None })
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
}

/// Makes system call `n`.
#[inline]
pub fn dispatch(k: &mut Kernel, n: i64, a: Args) -> SysResult {
    match handler(n) {
        Some(handler) => handler(k, a),
        None => {
            k.unknown_call(n);
            Err(Errno::ENOSYS.into())
        }
    }
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
    out
}

// SPDX-License-Identifier: MIT
//! Names of calls that the table may not have, for the log.

use crate::arch::{ABI, Abi};
use crate::events::decimal;
use alloc::vec::Vec;

macro_rules! names {
    ($($name:ident $aarch64:literal $x86_64:literal;)*) => {
        /// Lines of this architecture's number and the name; packed, because they are only read to write a line.
        const NAMES: &str = match ABI {
            Abi::Aarch64 => concat!($($aarch64, " ", stringify!($name), "\n",)*),
            Abi::X86_64 => concat!($($x86_64, " ", stringify!($name), "\n",)*),
        };
    };
}

names! {
    accept 202 43;
    accept4 242 288;
    acct 89 163;
    add_key 217 248;
    bind 200 49;
    bpf 280 321;
    capget 90 125;
    capset 91 126;
    chroot 51 161;
    clock_adjtime 266 305;
    close_range 436 436;
    connect 203 42;
    copy_file_range 285 326;
    delete_module 106 176;
    epoll_create1 20 291;
    epoll_ctl 21 233;
    epoll_pwait 22 281;
    eventfd2 19 290;
    execveat 281 322;
    faccessat2 439 439;
    fallocate 47 285;
    fanotify_init 262 300;
    flock 32 73;
    fsync 82 74;
    get_mempolicy 236 239;
    getpeername 205 52;
    getsockname 204 51;
    getsockopt 209 55;
    init_module 105 175;
    inotify_init1 26 294;
    io_setup 0 206;
    io_uring_setup 425 425;
    ioprio_get 31 252;
    ioprio_set 30 251;
    keyctl 219 250;
    landlock_create_ruleset 444 444;
    listen 201 50;
    membarrier 283 324;
    memfd_create 279 319;
    mlock2 284 325;
    mlockall 230 151;
    mount 40 165;
    mq_open 180 240;
    msgget 186 68;
    name_to_handle_at 264 303;
    open_tree 428 428;
    openat2 437 437;
    perf_event_open 241 298;
    pidfd_open 434 434;
    pidfd_send_signal 424 424;
    pivot_root 41 155;
    process_vm_readv 270 310;
    ptrace 117 101;
    reboot 142 169;
    recvfrom 207 45;
    recvmsg 212 47;
    request_key 218 249;
    sched_getattr 275 315;
    sched_get_priority_max 125 146;
    sched_get_priority_min 126 147;
    seccomp 277 317;
    semget 190 64;
    sendfile 71 40;
    sendmsg 211 46;
    sendto 206 44;
    setdomainname 162 171;
    sethostname 161 170;
    setns 268 308;
    setsockopt 208 54;
    shmget 194 29;
    shutdown 210 48;
    signalfd4 74 289;
    socket 198 41;
    socketpair 199 53;
    splice 76 275;
    statfs 43 137;
    swapon 224 167;
    sync 81 162;
    sync_file_range 84 277;
    syncfs 267 306;
    syslog 116 103;
    tee 77 276;
    timer_create 107 222;
    timer_settime 110 223;
    timerfd_create 85 283;
    timerfd_settime 86 286;
    umount2 39 166;
    unshare 97 272;
    userfaultfd 282 323;
    vhangup 58 153;
    vmsplice 75 278;
}

/// The name of a call without a handler, if it is one that programs are known to try.
pub fn absent_name(number: u64) -> Option<&'static [u8]> {
    let mut key = Vec::new();
    decimal(&mut key, number);
    key.push(b' ');
    NAMES.as_bytes().split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(&key[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_whole_number() {
        assert_eq!(absent_name(41), Some(&b"socket"[..]));
        assert_eq!(absent_name(4), None, "the beginning of another number");
        assert_eq!(absent_name(9999), None);
    }
}

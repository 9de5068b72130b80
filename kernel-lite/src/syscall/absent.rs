// SPDX-License-Identifier: MIT
//! Names of calls that the table may not have, for the log.

use crate::arch::{ABI, Abi};

/// Name, number on AArch64, number on x86_64; packed, because it is only read to write a line.
const NAMES: &str = "\
accept 202 43\n\
accept4 242 288\n\
acct 89 163\n\
add_key 217 248\n\
bind 200 49\n\
bpf 280 321\n\
capget 90 125\n\
capset 91 126\n\
chroot 51 161\n\
clock_adjtime 266 305\n\
close_range 436 436\n\
connect 203 42\n\
copy_file_range 285 326\n\
delete_module 106 176\n\
epoll_create1 20 291\n\
epoll_ctl 21 233\n\
epoll_pwait 22 281\n\
eventfd2 19 290\n\
execveat 281 322\n\
faccessat2 439 439\n\
fallocate 47 285\n\
fanotify_init 262 300\n\
flock 32 73\n\
fsync 82 74\n\
get_mempolicy 236 239\n\
getpeername 205 52\n\
getsockname 204 51\n\
getsockopt 209 55\n\
init_module 105 175\n\
inotify_init1 26 294\n\
io_setup 0 206\n\
io_uring_setup 425 425\n\
ioprio_get 31 252\n\
ioprio_set 30 251\n\
keyctl 219 250\n\
landlock_create_ruleset 444 444\n\
listen 201 50\n\
membarrier 283 324\n\
memfd_create 279 319\n\
mlock2 284 325\n\
mlockall 230 151\n\
mount 40 165\n\
mq_open 180 240\n\
msgget 186 68\n\
name_to_handle_at 264 303\n\
open_tree 428 428\n\
openat2 437 437\n\
perf_event_open 241 298\n\
pidfd_open 434 434\n\
pidfd_send_signal 424 424\n\
pivot_root 41 155\n\
process_vm_readv 270 310\n\
ptrace 117 101\n\
reboot 142 169\n\
recvfrom 207 45\n\
recvmsg 212 47\n\
request_key 218 249\n\
sched_getattr 275 315\n\
sched_get_priority_max 125 146\n\
sched_get_priority_min 126 147\n\
seccomp 277 317\n\
semget 190 64\n\
sendfile 71 40\n\
sendmsg 211 46\n\
sendto 206 44\n\
setdomainname 162 171\n\
sethostname 161 170\n\
setns 268 308\n\
setsockopt 208 54\n\
shmget 194 29\n\
shutdown 210 48\n\
signalfd4 74 289\n\
socket 198 41\n\
socketpair 199 53\n\
splice 76 275\n\
statfs 43 137\n\
swapon 224 167\n\
sync 81 162\n\
sync_file_range 84 277\n\
syncfs 267 306\n\
syslog 116 103\n\
tee 77 276\n\
timer_create 107 222\n\
timer_settime 110 223\n\
timerfd_create 85 283\n\
timerfd_settime 86 286\n\
umount2 39 166\n\
unshare 97 272\n\
userfaultfd 282 323\n\
vhangup 58 153\n\
vmsplice 75 278";

/// The name of a call without a handler, if it is one that programs are known to try.
pub fn absent_name(number: i64) -> Option<&'static str> {
    NAMES.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (name, aarch64, x86_64) = (words.next()?, words.next()?, words.next()?);
        let mine = if ABI == Abi::Aarch64 { aarch64 } else { x86_64 };
        (mine.parse() == Ok(number)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_name_and_two_numbers() {
        for line in NAMES.lines() {
            let words: alloc::vec::Vec<_> = line.split(' ').collect();
            assert_eq!(words.len(), 3, "{line}");
            assert!(words[1..].iter().all(|w| w.parse::<u16>().is_ok()), "{line}");
        }
        assert_eq!(absent_name(41), Some("socket"));
        assert_eq!(absent_name(9999), None);
    }
}

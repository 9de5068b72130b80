// SPDX-License-Identifier: MIT
//! Unit tests of what several modules do together: memory, processes, signals, time. No test knows real time.
//!
//! Over 500 lines: each needs several modules, so there is no one of these to lie beside.

use crate::arch::{self, Trap, UserContext};
use crate::errno::Errno;
use crate::kernel::Outcome;
use crate::process::FIRST_PID;
use crate::signal::{bit, sig};
use crate::syscall::{self, Args, Stop};
use crate::testing::{SCRATCH, SCRATCH_LEN, begin, empty_kernel, kernel, mem};
use crate::thread::State;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

const ME: u32 = FIRST_PID;
const PAGE: u64 = 4096;
const PRIVATE: u64 = 0x22;
const CLONE_THREAD: u64 = 0x10000 | 0x100;

fn errno(e: Errno) -> Result<u64, Stop> {
    Err(Stop::Errno(e))
}

fn minus(e: Errno) -> i64 {
    -(e as i64)
}

#[test]
fn frames_are_counted() {
    let mut m = mem(256);
    let before = m.free_frames();
    let run = m.alloc_run(100).unwrap();
    let f = m.alloc().unwrap();
    assert!(m.ram.frame(f).iter().all(|&b| b == 0));
    m.share(f);
    m.release(f);
    assert_eq!(m.holders(f), 1);
    m.release(f);
    for i in 0..100 {
        m.release(run.offset(i));
    }
    assert_eq!(m.free_frames(), before);
    let mut taken = Vec::new();
    while let Ok(f) = m.alloc_dirty() {
        taken.push(f);
    }
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), before - m.free_frames());
    assert!(taken.len() > 128, "the second bank is used too");
    assert!(m.alloc_run(100).is_err());
}

#[test]
fn the_lowest_free_frame_is_the_next() {
    // Enough frames for several words of the upper level's map.
    let mut m = mem(10_000);
    let mut taken: Vec<_> = (0..9_000).map(|_| m.alloc_dirty().unwrap()).collect();
    assert!(taken.is_sorted());
    for i in [8_500, 4_096, 63, 64, 3] {
        m.release(taken[i]);
    }
    for i in [3, 63, 64, 4_096, 8_500] {
        assert_eq!(m.alloc_dirty(), Ok(taken[i]));
    }
    // A run is not handed out twice, and comes back.
    let run = m.alloc_run(200).unwrap();
    taken.extend((0..200).map(|i| run.offset(i)));
    while let Ok(frame) = m.alloc_dirty() {
        taken.push(frame);
    }
    let count = taken.len();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), count);
    taken.drain(..).for_each(|frame| m.release(frame));
    assert_eq!(m.free_frames(), m.total_frames());
}

#[test]
fn memory_is_made_when_touched_and_let_go() {
    let mut k = kernel();
    k.write_user_u32(SCRATCH + PAGE - 2, 0x1234_5678).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH + PAGE - 2), Ok(0x1234_5678));
    let before = k.mem.free_frames();
    assert_eq!(k.read_user_u64(SCRATCH + 5 * PAGE), Ok(0));
    assert_eq!(k.mem.free_frames(), before - 1);
    k.call("munmap", &[SCRATCH + 5 * PAGE, PAGE]).unwrap();
    assert_eq!(k.mem.free_frames(), before);
    assert_eq!(k.read_user_u64(SCRATCH + 5 * PAGE), Err(Errno::EFAULT));
    assert_eq!(k.read_user_u64(SCRATCH + 6 * PAGE), Ok(0));
    assert_eq!(k.read_user_u32(SCRATCH + SCRATCH_LEN - 2), Err(Errno::EFAULT));
}

#[test]
fn everything_a_run_took_comes_back() {
    let (mut k, _) = empty_kernel(4096);
    let before = k.mem.free_frames();
    k.first_process(Default::default(), Default::default()).unwrap();
    let at = k.call("mmap", &[0, 64 * PAGE, 3, PRIVATE]).unwrap();
    k.write_user(at, &[7; 64 * PAGE as usize]).unwrap();
    for _ in 0..3 {
        k.call("fork", &[]).unwrap();
    }
    k.write_user(at, &[8; 10 * PAGE as usize]).unwrap();
    k.clear();
    assert_eq!(k.mem.free_frames(), before);
    assert!(k.spaces.iter().all(|s| s.users == 0));
}

#[test]
fn fork_copies_when_either_side_writes() {
    let mut k = kernel();
    k.write_user_u32(SCRATCH, 1).unwrap();
    let child = k.call("fork", &[]).unwrap() as u32;
    let parent = k.current;
    k.write_user_u32(SCRATCH, 2).unwrap();
    k.current = k.find_thread(child).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH), Ok(1));
    k.write_user_u32(SCRATCH, 3).unwrap();
    k.current = parent;
    assert_eq!(k.read_user_u32(SCRATCH), Ok(2));
}

#[test]
fn protections_are_kept_and_never_both() {
    let mut k = kernel();
    k.write_user_u32(SCRATCH, 5).unwrap();
    k.call("mprotect", &[SCRATCH, PAGE, 1]).unwrap();
    assert_eq!(k.write_user_u32(SCRATCH, 6), Err(Errno::EFAULT));
    assert_eq!(k.read_user_u32(SCRATCH), Ok(5));
    k.call("mprotect", &[SCRATCH, PAGE, 0]).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH), Err(Errno::EFAULT));
    k.call("mprotect", &[SCRATCH, PAGE, 3]).unwrap();
    k.write_user_u32(SCRATCH, 6).unwrap();
    assert_eq!(k.call("mprotect", &[SCRATCH, PAGE, 7]), errno(Errno::EACCES));
    assert_eq!(k.call("mmap", &[0, PAGE, 7, PRIVATE]), errno(Errno::EACCES));
    assert_eq!(k.call("mprotect", &[SCRATCH, SCRATCH_LEN + PAGE, 1]), errno(Errno::ENOMEM));
    assert_eq!(k.space().0.vmas().len(), 1, "equal neighbours are joined");
}

#[test]
fn the_heap_moves_up_and_down() {
    let mut k = kernel();
    k.space().0.set_brk_start(0x800_0000);
    let free = k.mem.free_frames();
    assert_eq!(k.call("brk", &[0]), Ok(0x800_0000));
    assert_eq!(k.call("brk", &[0x800_1234]), Ok(0x800_1234));
    k.write_user_u32(0x800_1ff0, 9).unwrap();
    assert_eq!(k.call("brk", &[0x800_0000]), Ok(0x800_0000));
    assert_eq!(k.read_user_u32(0x800_0000), Err(Errno::EFAULT));
    assert_eq!(k.call("brk", &[0x800_2000]), Ok(0x800_2000));
    assert_eq!(k.read_user_u32(0x800_1ff0), Ok(0), "zero again");
    assert_eq!(k.call("brk", &[u64::MAX]), Ok(0x800_2000));
    assert_eq!(k.call("brk", &[0x800_0000]), Ok(0x800_0000));
    assert!(free - k.mem.free_frames() <= 3, "page tables at most");
}

#[test]
fn mremap_grows_moves_and_shrinks() {
    let mut k = kernel();
    let at = k.call("mmap", &[0, 2 * PAGE, 3, PRIVATE]).unwrap();
    let fence = k.call("mmap", &[0, PAGE, 3, PRIVATE]).unwrap();
    assert_eq!(fence, at - PAGE, "mappings are placed downwards");
    k.write_user_u32(fence, 77).unwrap();
    assert_eq!(k.call("mremap", &[fence, PAGE, 2 * PAGE, 0]), errno(Errno::ENOMEM));
    let moved = k.call("mremap", &[fence, PAGE, 3 * PAGE, 1]).unwrap();
    assert_ne!(moved, fence);
    assert_eq!(k.read_user_u32(moved), Ok(77));
    assert_eq!(k.read_user_u32(fence), Err(Errno::EFAULT));
    assert_eq!(k.call("mremap", &[moved, 3 * PAGE, PAGE, 0]), Ok(moved));
    assert_eq!(k.read_user_u32(moved + PAGE), Err(Errno::EFAULT));
    assert_eq!(k.call("mremap", &[0x4000_0000, PAGE, 2 * PAGE, 1]), errno(Errno::EFAULT));
}

#[test]
fn wild_arguments_of_every_call_are_answered() {
    let wild = [
        0,
        1,
        8,
        SCRATCH,
        SCRATCH + SCRATCH_LEN - 4,
        0x7fff_ffff_f000,
        0xffff_8000_0000_0000,
        u64::MAX - 6,
        u64::MAX,
    ];
    let mut k = kernel();
    let before = k.mem.free_frames();
    for n in (0..500).filter(|&n| syscall::name(n).is_some()) {
        for (i, &w) in wild.iter().enumerate() {
            for &v in &wild {
                begin(&mut k);
                let _ = k.answer(n, Args([w, v, w, v, wild[(i + 3) % wild.len()], w]));
            }
        }
    }
    begin(&mut k);
    assert_eq!(k.mem.free_frames(), before);
}

#[test]
fn unknown_calls_are_logged_once() {
    let (mut k, console) = empty_kernel(1024);
    k.first_process(Default::default(), Default::default()).unwrap();
    for _ in 0..2 {
        assert_eq!(k.answer(41, Args([0; 6])), errno(Errno::ENOSYS));
        assert_eq!(k.answer(-1, Args([0; 6])), errno(Errno::ENOSYS));
    }
    let text = String::from_utf8(console.borrow().written.clone()).unwrap();
    assert_eq!(text.matches("no system call 41: ").count(), 1, "{text}");
}

#[test]
fn a_child_is_waited_for() {
    let mut k = kernel();
    k.call_as(ME, "fork", &[]);
    let child = k.result_of(ME) as u32;
    assert_eq!(k.result_of(child), 0);
    k.call_as(ME, "wait4", &[u64::MAX, SCRATCH, 1, 0]);
    assert_eq!(k.result_of(ME), 0, "WNOHANG");
    k.call_as(ME, "wait4", &[u64::MAX, SCRATCH, 0, 0]);
    assert!(matches!(k.state_of(ME), Some(State::Waiting(_))));
    k.call_as(child, "exit_group", &[7]);
    assert_eq!(k.state_of(ME), Some(State::Ready));
    assert_eq!(k.result_of(ME), child as i64);
    k.current = k.find_thread(ME).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH), Ok(7 << 8));
    k.call_as(ME, "wait4", &[u64::MAX, 0, 0, 0]);
    assert_eq!(k.result_of(ME), minus(Errno::ECHILD));
}

#[test]
fn a_vfork_parent_waits_for_exec_or_exit_even_when_signalled() {
    let mut k = kernel();
    k.call_as(ME, "vfork", &[]);
    let child = ME + 1;
    assert!(matches!(k.state_of(ME), Some(State::Waiting(_))));
    k.call_as(child, "kill", &[ME as u64, sig::ALRM as u64]);
    assert!(matches!(k.state_of(ME), Some(State::Waiting(_))));
    k.write_user_u32(SCRATCH, 5).unwrap();
    k.call_as(child, "exit_group", &[0]);
    assert_eq!(k.result_of(ME), child as i64);
    k.current = k.find_thread(ME).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH), Ok(5), "the memory is the parent's");
}

#[test]
fn orphans_have_parent_one_and_leave_no_zombie() {
    let mut k = kernel();
    k.call_as(ME, "fork", &[]);
    k.call_as(ME + 1, "fork", &[]);
    let grandchild = ME + 2;
    k.call_as(ME + 1, "exit_group", &[0]);
    k.call_as(grandchild, "getppid", &[]);
    assert_eq!(k.result_of(grandchild), 1);
    k.call_as(grandchild, "exit_group", &[0]);
    assert!(k.find_process(grandchild).is_none());
    assert!(k.find_process(ME + 1).is_some(), "its own parent has not asked yet");
}

#[test]
fn a_fork_bomb_gets_eagain_and_leaves_nothing() {
    let mut k = kernel();
    let before = k.mem.free_frames();
    let mut made = 0;
    let end = loop {
        match k.call("fork", &[]) {
            Ok(_) => made += 1,
            Err(e) => break e,
        }
    };
    assert!(made > 100);
    assert!(matches!(end, Stop::Errno(Errno::EAGAIN | Errno::ENOMEM)));
    let me = k.current;
    for slot in 0..k.threads.len() {
        if slot != me && k.threads[slot].state != State::Free {
            k.current = slot;
            k.exit_group(sig::KILL);
        }
    }
    k.current = me;
    assert!(before - k.mem.free_frames() < 8);
}

#[test]
fn a_low_heap_refuses_new_processes() {
    let (mut k, console) = empty_kernel(1024);
    k.first_process(Default::default(), Default::default()).unwrap();
    console.borrow_mut().heap_free = Some(1000);
    assert_eq!(k.call("fork", &[]), errno(Errno::EAGAIN));
}

#[test]
fn memory_runs_out_with_an_error() {
    let mut k = kernel();
    let at = k.call("mmap", &[0, 1 << 30, 3, PRIVATE]).unwrap();
    let mut page = 0;
    let e = loop {
        match k.write_user_u32(at + page * PAGE, 1) {
            Ok(()) => page += 1,
            Err(e) => break e,
        }
    };
    assert_eq!(e, Errno::ENOMEM);
    assert!(page > 3000);
    k.call("munmap", &[at, 1 << 30]).unwrap();
    assert!(k.mem.free_frames() > 4000);
}

fn action(k: &mut crate::kernel::Kernel, signo: u32, handler: u64, flags: u64) {
    for (i, w) in [handler, flags, 0, 0].into_iter().enumerate() {
        k.write_user_u64(SCRATCH + i as u64 * 8, w).unwrap();
    }
    k.call("rt_sigaction", &[signo as u64, SCRATCH, 0, 8]).unwrap();
}

const SA_RESTART: u64 = 0x1000_0000;

#[test]
fn a_handler_runs_and_returns_to_where_it_was() {
    let mut k = kernel();
    action(&mut k, sig::ALRM, 0x5000, 0);
    let t = k.thread();
    *t = Default::default();
    (t.tid, t.state) = (ME, State::Ready);
    t.context = UserContext::new(0x4000, SCRATCH + 0x8000);
    t.mask = bit(sig::INT);
    k.call("kill", &[ME as u64, sig::ALRM as u64]).unwrap();
    k.deliver_signals();
    assert_eq!((k.thread().context.pc(), k.thread().context.args()[0]), (0x5000, sig::ALRM as u64));
    assert_eq!(k.thread().mask, bit(sig::INT) | bit(sig::ALRM));
    assert_eq!(k.call("rt_sigreturn", &[]), Err(Stop::Done));
    assert_eq!((k.thread().context.pc(), k.thread().context.sp()), (0x4000, SCRATCH + 0x8000));
    assert_eq!(k.thread().mask, bit(sig::INT));
}

#[test]
fn a_handler_without_a_stack_ends_the_program() {
    let mut k = kernel();
    action(&mut k, sig::ALRM, 0x5000, 0);
    k.thread().context = UserContext::new(0x4000, 0x30);
    k.call("kill", &[ME as u64, sig::ALRM as u64]).unwrap();
    k.deliver_signals();
    assert_eq!(k.first_status, Some(sig::SEGV));
}

#[test]
fn signals_interrupt_or_restart_what_waits() {
    for (flags, result) in [(0, Some(minus(Errno::EINTR))), (SA_RESTART, None)] {
        let mut k = kernel();
        action(&mut k, sig::ALRM, 0x5000, flags);
        k.call_as(ME, "fork", &[]);
        k.thread().context.set_sp(SCRATCH + 0x8000);
        k.thread().context.set_result(99);
        k.thread().context.set_pc(0x4000);
        k.call_as(ME, "wait4", &[u64::MAX, 0, 0, 0]);
        k.call_as(ME + 1, "kill", &[ME as u64, sig::ALRM as u64]);
        assert_eq!(k.state_of(ME), Some(State::Ready));
        k.current = k.find_thread(ME).unwrap();
        assert_eq!(k.thread().context.pc(), 0x5000);
        k.call("rt_sigreturn", &[]).unwrap_err();
        match result {
            Some(value) => assert_eq!((k.result_of(ME), k.thread().context.pc()), (value, 0x4002)),
            None => assert_eq!((k.result_of(ME), k.thread().context.pc()), (99, 0x4000)),
        }
    }
}

#[test]
fn blocked_signals_wait_and_sigtimedwait_takes_them() {
    let mut k = kernel();
    k.write_user_u64(SCRATCH, bit(sig::CHLD)).unwrap();
    k.call("rt_sigprocmask", &[0, SCRATCH, 0, 8]).unwrap();
    k.call_as(ME, "fork", &[]);
    k.call_as(ME, "rt_sigtimedwait", &[SCRATCH, SCRATCH + 64, 0, 8]);
    assert!(matches!(k.state_of(ME), Some(State::Waiting(_))));
    k.call_as(ME + 1, "exit_group", &[3]);
    assert_eq!(k.result_of(ME), sig::CHLD as i64);
    k.current = k.find_thread(ME).unwrap();
    assert_eq!(k.read_user_u32(SCRATCH + 64 + 16), Ok(ME + 1), "si_pid");
    assert_eq!(k.read_user_u32(SCRATCH + 64 + 24), Ok(3), "si_status");
}

#[test]
fn stop_and_continue_are_reported() {
    let mut k = kernel();
    k.call_as(ME, "fork", &[]);
    let child = ME + 1;
    k.call_as(ME, "kill", &[child as u64, sig::STOP as u64]);
    k.current = k.find_thread(child).unwrap();
    k.deliver_signals();
    assert_eq!(k.state_of(child), Some(State::Stopped));
    k.call_as(ME, "wait4", &[u64::MAX, SCRATCH, 2, 0]);
    assert_eq!(k.result_of(ME), child as i64);
    assert_eq!(k.read_user_u32(SCRATCH), Ok(sig::STOP << 8 | 0x7f));
    k.call_as(ME, "kill", &[child as u64, sig::CONT as u64]);
    assert_eq!(k.state_of(child), Some(State::Ready));
    k.call_as(ME, "wait4", &[u64::MAX, SCRATCH, 8, 0]);
    assert_eq!(k.read_user_u32(SCRATCH), Ok(0xffff));
    k.call_as(ME, "kill", &[child as u64, sig::STOP as u64]);
    k.current = k.find_thread(child).unwrap();
    k.deliver_signals();
    k.call_as(ME, "kill", &[child as u64, sig::KILL as u64]);
    k.current = k.find_thread(child).unwrap();
    k.deliver_signals();
    k.call_as(ME, "wait4", &[u64::MAX, SCRATCH, 0, 0]);
    assert_eq!(k.read_user_u32(SCRATCH), Ok(sig::KILL));
}

#[test]
fn futexes_wake_in_order_and_move() {
    let mut k = kernel();
    let mut tids = Vec::new();
    for _ in 0..3 {
        k.call_as(ME, "clone", &[CLONE_THREAD | 0x800, SCRATCH + 0x8000]);
        tids.push(k.result_of(ME) as u32);
    }
    k.call_as(tids[0], "futex", &[SCRATCH, 0, 1, 0, 0, 0]);
    assert_eq!(k.result_of(tids[0]), minus(Errno::EAGAIN));
    for &tid in &tids {
        k.call_as(tid, "futex", &[SCRATCH, 0, 0, 0, 0, 0]);
    }
    k.call_as(ME, "futex", &[SCRATCH, 1, 1, 0, 0, 0]);
    assert_eq!((k.result_of(ME), k.state_of(tids[0])), (1, Some(State::Ready)));
    k.call_as(ME, "futex", &[SCRATCH, 4, 0, 1, SCRATCH + 64, 0]);
    assert_eq!(k.result_of(ME), 1);
    k.call_as(ME, "futex", &[SCRATCH + 64, 1, 9, 0, 0, 0]);
    assert_eq!((k.result_of(ME), k.state_of(tids[1])), (1, Some(State::Ready)));
    assert!(matches!(k.state_of(tids[2]), Some(State::Waiting(_))));
    k.call_as(ME, "futex", &[SCRATCH, 1, 9, 0, 0, 0]);
    assert_eq!((k.result_of(ME), k.result_of(tids[2])), (1, 0));
}

#[test]
fn a_thread_s_end_wakes_its_joiner() {
    let mut k = kernel();
    let word = SCRATCH + 128;
    k.call_as(ME, "clone", &[CLONE_THREAD | 0x20_0000 | 0x10_0000, SCRATCH + 0x8000, word, word]);
    let tid = k.result_of(ME) as u32;
    assert_eq!(k.read_user_u32(word), Ok(tid));
    k.call_as(ME, "futex", &[word, 0, tid as u64, 0, 0, 0]);
    assert!(matches!(k.state_of(ME), Some(State::Waiting(_))));
    k.call_as(tid, "exit", &[0]);
    assert_eq!((k.state_of(ME), k.result_of(ME)), (Some(State::Ready), 0));
    k.current = k.find_thread(ME).unwrap();
    assert_eq!(k.read_user_u32(word), Ok(0));
}

#[test]
fn a_dead_owner_s_lock_is_marked() {
    let mut k = kernel();
    let (head, lock) = (SCRATCH, SCRATCH + 256);
    k.call_as(ME, "clone", &[CLONE_THREAD, SCRATCH + 0x8000]);
    let tid = k.result_of(ME) as u32;
    for (at, w) in [(head, lock), (head + 8, 16), (head + 16, 0), (lock, head)] {
        k.write_user_u64(at, w).unwrap();
    }
    k.write_user_u32(lock + 16, tid).unwrap();
    k.call_as(tid, "set_robust_list", &[head, 24]);
    k.call_as(ME, "get_robust_list", &[tid as u64, SCRATCH + 512, SCRATCH + 520]);
    assert_eq!((k.read_user_u64(SCRATCH + 512), k.read_user_u64(SCRATCH + 520)), (Ok(head), Ok(24)));
    k.call_as(tid, "exit", &[0]);
    k.current = k.find_thread(ME).unwrap();
    assert_eq!(k.read_user_u32(lock + 16), Ok(0x4000_0000));
}

/// Runs a kernel whose first process (pc 0x1000) and its children (told apart by the result of fork) make the
/// calls that `program` says, by pc.
fn run(program: impl FnMut(&mut UserContext) -> Trap + 'static) -> (Outcome, crate::kernel::Kernel) {
    let mut k = kernel();
    k.thread().context = UserContext::new(0x1000, SCRATCH + 0x8000);
    k.ready.push(k.current);
    arch::set_user(Box::new(program));
    let outcome = k.run();
    (outcome, k)
}

const FORK: u64 = 57;
const EXIT: u64 = 231;
const WAIT: u64 = 61;
const GETPID: u64 = 39;
const PAUSE: u64 = 34;
const ALARM: u64 = 37;
const NANOSLEEP: u64 = 35;

#[test]
fn a_run_ends_with_the_first_process() {
    let (outcome, k) = run(|c| match (c.pc(), c.result) {
        (0x1000, _) => c.call(FORK, &[]),
        (0x1002, 0) => c.call(EXIT, &[5]),
        (0x1002, _) => c.call(WAIT, &[u64::MAX, SCRATCH, 0, 0]),
        (_, child) => c.call(EXIT, &[child as u64]),
    });
    assert_eq!(outcome, Outcome::Ended((ME + 1) << 8));
    assert!(k.spaces.iter().all(|s| s.users == 0));
}

#[test]
fn waiting_for_nobody_is_a_deadlock() {
    assert_eq!(run(|c| c.call(PAUSE, &[])).0, Outcome::Deadlock);
}

#[test]
fn when_all_sleep_the_clock_jumps() {
    let (outcome, k) = run(|c| match c.pc() {
        0x1000 => c.call(ALARM, &[1000]),
        0x1002 => c.call(PAUSE, &[]),
        _ => panic!("SIGALRM ends it"),
    });
    assert_eq!(outcome, Outcome::Ended(sig::ALRM));
    assert!(k.clock.now() >= 1_000_000_000_000 && k.clock.now() < 1_010_000_000_000);
}

#[test]
fn a_program_that_only_calls_does_not_keep_others_from_waking() {
    // The child sleeps a second; the parent asks for its number until the child has ended.
    let (outcome, _) = run(move |c| match (c.pc(), c.result) {
        (0x1000, _) => c.call(FORK, &[]),
        (0x1002, 0) => c.call(NANOSLEEP, &[SCRATCH + 0x200, 0]),
        (0x1004, 0) => c.call(EXIT, &[0]),
        (0x1002, _) => {
            c.set_pc(0x2000);
            c.call(GETPID, &[])
        }
        (0x2002, _) => {
            c.set_pc(0x2002);
            c.call(WAIT, &[u64::MAX, 0, 1, 0])
        }
        (0x2004, 0) => {
            c.set_pc(0x2002);
            c.call(GETPID, &[])
        }
        (0x2004, n) if n == ME as i64 => {
            c.set_pc(0x2002);
            c.call(WAIT, &[u64::MAX, 0, 1, 0])
        }
        (0x2004, child) => c.call(EXIT, &[(child == ME as i64 + 1) as u64]),
        (pc, result) => panic!("pc {pc:x} result {result}"),
    });
    assert_eq!(outcome, Outcome::Ended(1 << 8));
}

#[test]
fn faults_end_the_program_with_their_signal() {
    use crate::paging::Access;
    let cases = [
        (Trap::Fault { addr: 0, access: Access::Read }, sig::SEGV),
        (Trap::Fault { addr: SCRATCH, access: Access::Exec }, sig::SEGV),
        (Trap::Fault { addr: u64::MAX, access: Access::Write }, sig::SEGV),
        (Trap::Undefined, sig::ILL),
        (Trap::Arithmetic, sig::FPE),
        (Trap::Alignment { addr: 3 }, sig::BUS),
        (Trap::GeneralProtection, sig::SEGV),
        (Trap::Other(9), sig::KILL),
    ];
    for (trap, signo) in cases {
        assert_eq!(run(move |_| trap).0, Outcome::Ended(signo), "{trap:?}");
    }
}

#[test]
fn the_watchdog_ends_what_never_ends() {
    let mut k = kernel();
    k.ready.push(k.current);
    k.watchdog = Some(10);
    arch::set_user(Box::new(|_| Trap::Timer));
    assert_eq!(k.run(), Outcome::Watchdog);
}

#[test]
fn the_document_of_the_calls_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/abi.md");
    let now = syscall::abi_markdown();
    if std::env::var_os("FIRSTLIGHT_UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == now,
        "docs/abi.md is not what the table says; FIRSTLIGHT_UPDATE=1 cargo test writes it"
    );
}

#[test]
fn a_person_waits_in_real_time() {
    // The child sleeps while the first process waits for a key: the child must wake and end it.
    let mut k = kernel();
    k.interactive = true;
    k.ready.push(k.current);
    k.write_user_u64(SCRATCH, 1).unwrap();
    k.thread().context = UserContext::new(0x1000, SCRATCH + 0x8000);
    arch::set_user(Box::new(|c| match c.pc() {
        0x1000 => c.call(7, &[0, 0, 50]),
        0x1002 => c.call(EXIT, &[c.result as u64]),
        pc => panic!("pc {pc:x}"),
    }));
    assert_eq!(k.run(), Outcome::Ended(0));
    assert!(k.clock.now() >= 1_050_000_000);
}

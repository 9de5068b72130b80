// SPDX-License-Identifier: MIT
//! The file system calls, made as a program makes them (with x86_64's numbers and layouts), one scene a test. One file,
//! because the scenes share the wrappers of the calls that stand first.

use kernel_lite::errno::Errno;
use kernel_lite::kernel::Kernel;
use kernel_lite::syscall::Stop;
use kernel_lite::testing::{SCRATCH, kernel};
use kernel_lite::thread::Key;
use kernel_lite::vfs::Origin;

const CWD: u64 = -100i64 as u64;
const RDONLY: u64 = 0;
const WRONLY: u64 = 1;
const RDWR: u64 = 2;
const CREAT: u64 = 0o100;
const EXCL: u64 = 0o200;
const TRUNC: u64 = 0o1000;
const APPEND: u64 = 0o2000;
const NONBLOCK: u64 = 0o4000;
const DIRECTORY: u64 = 0o200000;
const NOFOLLOW: u64 = 0o400000;
/// Second page of the scratch memory: buffers. The first holds paths.
const BUFFER: u64 = SCRATCH + 0x2000;
/// An address that no program has.
const WILD: u64 = 0x6666_0000_0000;

fn with_inputs(inputs: &[(&str, &'static [u8], u16)]) -> Kernel {
    let mut k = kernel();
    for (path, bytes, mode) in inputs {
        let origin = if path.starts_with("/seed") { Origin::Seed } else { Origin::Input };
        k.vfs.add_input(&mut k.mem, path.as_bytes(), bytes, *mode, origin).unwrap();
    }
    k.vfs.step = 1;
    let names: Vec<&str> = inputs.iter().map(|input| input.0).collect();
    enter(&mut k, &names);
    k
}

/// Gives the current process a root with these inputs.
fn enter(k: &mut Kernel, inputs: &[&str]) {
    let root = k.step_root(inputs).unwrap();
    let (files, fs) = k.standard_files(root, b"/", None, None).unwrap();
    k.proc().files = files;
    k.proc().fs = fs;
}

fn fresh() -> Kernel {
    with_inputs(&[])
}

fn put(k: &mut Kernel, at: u64, text: &str) -> u64 {
    k.write_user(at, &[text.as_bytes(), b"\0"].concat()).unwrap();
    at
}

fn errno(result: Result<u64, Stop>) -> Errno {
    match result {
        Err(Stop::Errno(errno)) => errno,
        other => panic!("{other:?}"),
    }
}

fn open(k: &mut Kernel, path: &str, flags: u64) -> Result<u64, Stop> {
    let path = put(k, SCRATCH, path);
    k.call("open", &[path, flags, 0o644])
}

fn one(k: &mut Kernel, call: &str, path: &str, rest: &[u64]) -> Result<u64, Stop> {
    let path = put(k, SCRATCH, path);
    k.call(call, &[&[path], rest].concat())
}

fn two(k: &mut Kernel, call: &str, first: &str, second: &str) -> Result<u64, Stop> {
    let (first, second) = (put(k, SCRATCH, first), put(k, SCRATCH + 0x1000, second));
    k.call(call, &[first, second])
}

fn write(k: &mut Kernel, fd: u64, text: &[u8]) -> Result<u64, Stop> {
    k.write_user(BUFFER, text).unwrap();
    k.call("write", &[fd, BUFFER, text.len() as u64])
}

fn read(k: &mut Kernel, fd: u64, len: u64) -> Vec<u8> {
    let count = k.call("read", &[fd, BUFFER, len]).unwrap();
    let mut bytes = vec![0; count as usize];
    k.read_user(BUFFER, &mut bytes).unwrap();
    bytes
}

fn make(k: &mut Kernel, path: &str, text: &[u8]) {
    let fd = open(k, path, WRONLY | CREAT | TRUNC).unwrap();
    assert_eq!(write(k, fd, text), Ok(text.len() as u64));
    k.call("close", &[fd]).unwrap();
}

fn content(k: &mut Kernel, path: &str) -> Vec<u8> {
    let fd = open(k, path, RDONLY).unwrap();
    let bytes = read(k, fd, 8192);
    k.call("close", &[fd]).unwrap();
    bytes
}

/// st_ino, st_nlink, st_mode, st_size, mtime in nanoseconds.
fn stat(k: &mut Kernel, path: &str) -> Result<[u64; 5], Stop> {
    one(k, "lstat", path, &[BUFFER])?;
    let word = |k: &mut Kernel, at| k.read_user_u64(BUFFER + at).unwrap();
    let time = word(k, 88) * 1_000_000_000 + word(k, 96);
    Ok([word(k, 8), word(k, 16), word(k, 24) & 0xffff_ffff, word(k, 48), time])
}

/// Names and positions of a directory, read in records of at most `size` bytes a call.
fn list(k: &mut Kernel, fd: u64, size: u64) -> Vec<(String, u64)> {
    let mut names = Vec::new();
    loop {
        let count = k.call("getdents64", &[fd, BUFFER, size]).unwrap();
        if count == 0 {
            return names;
        }
        let mut bytes = vec![0; count as usize];
        k.read_user(BUFFER, &mut bytes).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            let length = u16::from_le_bytes([bytes[at + 16], bytes[at + 17]]) as usize;
            let next = u64::from_le_bytes(bytes[at + 8..at + 16].try_into().unwrap());
            let name = bytes[at + 19..at + length].split(|byte| *byte == 0).next().unwrap();
            names.push((String::from_utf8(name.to_vec()).unwrap(), next));
            at += length;
        }
    }
}

#[test]
fn bytes_written_are_read_back_at_any_offset() {
    let mut k = fresh();
    let fd = open(&mut k, "/f", RDWR | CREAT | EXCL).unwrap();
    assert_eq!(fd, 3);
    for offset in [0u64, 1, 4095, 4096, 12_345] {
        k.call("lseek", &[fd, offset, 0]).unwrap();
        write(&mut k, fd, b"hello").unwrap();
        k.call("lseek", &[fd, offset, 0]).unwrap();
        assert_eq!(read(&mut k, fd, 5), b"hello");
    }
    k.call("lseek", &[fd, 6000, 0]).unwrap();
    assert_eq!(read(&mut k, fd, 4), [0; 4]);
    assert_eq!(k.call("lseek", &[fd, 0, 2]), Ok(12_350));
    assert_eq!(read(&mut k, fd, 10), b"");
    // Big offsets: a hole, not memory.
    let free = k.mem.free_frames();
    assert_eq!(k.call("pwrite64", &[fd, BUFFER, 1, 1 << 30]), Ok(1));
    assert!(free - k.mem.free_frames() < 4);
    assert_eq!(k.call("lseek", &[fd, 100_000, 3]), Ok(1 << 30));
    assert_eq!(k.call("lseek", &[fd, 0, 4]), Ok(8192));
    assert_eq!(errno(k.call("pwrite64", &[fd, BUFFER, 1, 1 << 50])), Errno::EFBIG);
    k.call("ftruncate", &[fd, 3]).unwrap();
    k.call("ftruncate", &[fd, 8]).unwrap();
    assert_eq!(content(&mut k, "/f"), b"hhe\0\0\0\0\0");
}

#[test]
fn every_frame_comes_back() {
    let mut k = fresh();
    make(&mut k, "/warm", &[0; 20_000]);
    one(&mut k, "unlink", "/warm", &[]).unwrap();
    let before = (k.mem.free_frames(), k.vfs.inode_count(), k.vfs.open.count());
    make(&mut k, "/a", &[7; 20_000]);
    let fd = open(&mut k, "/a", RDONLY).unwrap();
    one(&mut k, "unlink", "/a", &[]).unwrap();
    assert_eq!(read(&mut k, fd, 3), [7; 3]);
    assert_eq!(errno(open(&mut k, "/a", RDONLY)), Errno::ENOENT);
    k.call("close", &[fd]).unwrap();
    k.call("pipe", &[BUFFER]).unwrap();
    write(&mut k, 4, &[1; 9000]).unwrap();
    k.call("close", &[3]).unwrap();
    k.call("close", &[4]).unwrap();
    assert_eq!((k.mem.free_frames(), k.vfs.inode_count(), k.vfs.open.count()), before);
}

#[test]
fn open_flags_mean_what_they_say() {
    let mut k = fresh();
    make(&mut k, "/f", b"abc");
    assert_eq!(errno(open(&mut k, "/f", WRONLY | CREAT | EXCL)), Errno::EEXIST);
    assert_eq!(errno(open(&mut k, "/f", RDONLY | DIRECTORY)), Errno::ENOTDIR);
    assert_eq!(errno(open(&mut k, "/f/", RDONLY)), Errno::ENOTDIR);
    assert_eq!(errno(open(&mut k, "/f/x", RDONLY)), Errno::ENOTDIR);
    assert_eq!(errno(open(&mut k, "/tmp", WRONLY)), Errno::EISDIR);
    assert_eq!(errno(open(&mut k, "/no/f", WRONLY | CREAT)), Errno::ENOENT);
    assert_eq!(errno(open(&mut k, "", RDONLY)), Errno::ENOENT);
    let long = "x".repeat(256);
    assert_eq!(errno(open(&mut k, &long, RDONLY)), Errno::ENAMETOOLONG);
    two(&mut k, "symlink", "f", "/l").unwrap();
    assert_eq!(errno(open(&mut k, "/l", RDONLY | NOFOLLOW)), Errno::ELOOP);
    assert_eq!(content(&mut k, "/l"), b"abc");
    two(&mut k, "symlink", "loop", "/loop").unwrap();
    assert_eq!(errno(open(&mut k, "/loop", RDONLY)), Errno::ELOOP);
    // A dangling link makes its target.
    two(&mut k, "symlink", "/tmp/new", "/dangling").unwrap();
    make(&mut k, "/dangling", b"made");
    assert_eq!(content(&mut k, "/tmp/new"), b"made");
    let fd = open(&mut k, "/f", RDWR | APPEND).unwrap();
    write(&mut k, fd, b"d").unwrap();
    assert_eq!(content(&mut k, "/f"), b"abcd");
    let fd = open(&mut k, "/f", RDONLY).unwrap();
    assert_eq!(errno(write(&mut k, fd, b"x")), Errno::EBADF);
    let fd = open(&mut k, "/f", WRONLY).unwrap();
    assert_eq!(errno(k.call("read", &[fd, BUFFER, 1])), Errno::EBADF);
    let fd = open(&mut k, "/tmp", RDWR | 0o20200000).unwrap();
    write(&mut k, fd, b"nameless").unwrap();
    // An absolute path looks at no descriptor, a relative one does.
    let path = put(&mut k, SCRATCH, "/f");
    assert!(k.call("openat", &[99, path, 0, 0]).is_ok());
    assert_eq!(errno(k.call("openat", &[99, path + 1, 0, 0])), Errno::EBADF);
}

#[test]
fn rename_has_all_its_cases() {
    let mut k = fresh();
    for dir in ["/a", "/a/b", "/empty", "/full", "/full/x"] {
        one(&mut k, "mkdir", dir, &[0o755]).unwrap();
    }
    make(&mut k, "/f", b"f");
    make(&mut k, "/g", b"g");
    assert_eq!(errno(two(&mut k, "rename", "/no", "/x")), Errno::ENOENT);
    assert_eq!(errno(two(&mut k, "rename", "/a", "/a/b/c")), Errno::EINVAL);
    assert_eq!(errno(two(&mut k, "rename", "/a", "/full")), Errno::ENOTEMPTY);
    assert_eq!(errno(two(&mut k, "rename", "/a", "/f")), Errno::ENOTDIR);
    assert_eq!(errno(two(&mut k, "rename", "/f", "/empty")), Errno::EISDIR);
    assert_eq!(errno(two(&mut k, "rename", "/f", "/h/")), Errno::ENOTDIR);
    assert_eq!(errno(two(&mut k, "rename", "/.", "/h")), Errno::EBUSY);
    assert_eq!(errno(two(&mut k, "rename", "/dev", "/h")), Errno::EBUSY);
    two(&mut k, "rename", "/f", "/g").unwrap();
    assert_eq!(content(&mut k, "/g"), b"f");
    two(&mut k, "link", "/g", "/same").unwrap();
    two(&mut k, "rename", "/g", "/same").unwrap();
    assert_eq!(stat(&mut k, "/g").unwrap()[1], 2);
    two(&mut k, "rename", "/a", "/empty").unwrap();
    assert!(stat(&mut k, "/empty/b").is_ok() && stat(&mut k, "/a").is_err());
    let links = stat(&mut k, "/").unwrap()[1];
    two(&mut k, "rename", "/empty/b", "/moved").unwrap();
    assert_eq!(stat(&mut k, "/").unwrap()[1], links + 1);
    assert_eq!(stat(&mut k, "/empty").unwrap()[1], 2);
    one(&mut k, "chdir", "/moved", &[]).unwrap();
    assert_eq!(k.call("getcwd", &[BUFFER, 100]), Ok(7));
    // Exchange and no replacement.
    let (old, new) = (put(&mut k, SCRATCH, "/g"), put(&mut k, SCRATCH + 0x1000, "/empty"));
    assert_eq!(errno(k.call("renameat2", &[CWD, old, CWD, new, 1])), Errno::EEXIST);
    k.call("renameat2", &[CWD, old, CWD, new, 2]).unwrap();
    assert_eq!(content(&mut k, "/empty"), b"f");
    assert_eq!(stat(&mut k, "/g").unwrap()[2] & 0o170000, 0o040000);
}

#[test]
fn directories_are_removed_only_when_empty() {
    let mut k = fresh();
    one(&mut k, "mkdir", "/d/", &[0o700]).unwrap();
    make(&mut k, "/d/f", b"");
    assert_eq!(errno(one(&mut k, "mkdir", "/d", &[0o755])), Errno::EEXIST);
    assert_eq!(errno(one(&mut k, "rmdir", "/d", &[])), Errno::ENOTEMPTY);
    assert_eq!(errno(one(&mut k, "unlink", "/d", &[])), Errno::EISDIR);
    assert_eq!(errno(one(&mut k, "rmdir", "/d/f", &[])), Errno::ENOTDIR);
    assert_eq!(errno(one(&mut k, "rmdir", "/d/.", &[])), Errno::EINVAL);
    assert_eq!(errno(one(&mut k, "rmdir", "/", &[])), Errno::EBUSY);
    assert_eq!(errno(one(&mut k, "rmdir", "/proc", &[])), Errno::ENOTEMPTY);
    one(&mut k, "chdir", "/d", &[]).unwrap();
    one(&mut k, "unlink", "f", &[]).unwrap();
    one(&mut k, "rmdir", "/d", &[]).unwrap();
    // The working directory lives on, but nothing can be made in it.
    assert_eq!(errno(k.call("getcwd", &[BUFFER, 100])), Errno::ENOENT);
    assert_eq!(errno(open(&mut k, "f", WRONLY | CREAT)), Errno::ENOENT);
    assert_eq!(errno(one(&mut k, "mkdir", "x", &[0o755])), Errno::ENOENT);
    one(&mut k, "chdir", "..", &[]).unwrap();
    assert_eq!(k.call("getcwd", &[BUFFER, 2]), Ok(2));
    assert_eq!(errno(k.call("getcwd", &[BUFFER, 1])), Errno::ERANGE);
}

#[test]
fn ten_thousand_names_while_others_go_and_come() {
    let mut k = fresh();
    one(&mut k, "mkdir", "/m", &[0o755]).unwrap();
    let start = std::time::Instant::now();
    for number in 0..10_000 {
        let fd = open(&mut k, &format!("/m/name-{number}"), WRONLY | CREAT).unwrap();
        k.call("close", &[fd]).unwrap();
    }
    let dir = open(&mut k, "/m", RDONLY).unwrap();
    // Half of it is read in small pieces, and what was read is deleted meanwhile.
    let mut seen = Vec::new();
    for _ in 0..500 {
        let count = k.call("getdents64", &[dir, BUFFER, 400]).unwrap();
        let mut bytes = vec![0; count as usize];
        k.read_user(BUFFER, &mut bytes).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            let length = u16::from_le_bytes([bytes[at + 16], bytes[at + 17]]) as usize;
            let name = bytes[at + 19..].split(|byte| *byte == 0).next().unwrap();
            seen.push(String::from_utf8(name.to_vec()).unwrap());
            at += length;
        }
        for name in seen.iter().rev().take(5).filter(|name| !name.starts_with('.')) {
            let _ = one(&mut k, "unlink", &format!("/m/{name}"), &[]);
        }
    }
    seen.extend(list(&mut k, dir, 4096).into_iter().map(|entry| entry.0));
    assert_eq!(seen.len(), 10_002);
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 10_002);
    assert_eq!(&seen[..3], &[".", "..", "name-0"]);
    // From a position that was handed out before.
    k.call("lseek", &[dir, 0, 0]).unwrap();
    let all = list(&mut k, dir, 4096);
    k.call("lseek", &[dir, all[100].1, 0]).unwrap();
    assert_eq!(list(&mut k, dir, 4096)[0], all[101]);
    k.call("lseek", &[dir, 0, 0]).unwrap();
    assert_eq!(errno(k.call("getdents64", &[dir, BUFFER, 10])), Errno::EINVAL);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn pipes_carry_wait_end_and_break() {
    let mut k = fresh();
    k.call("pipe2", &[BUFFER, 0]).unwrap();
    assert!(k.call("read", &[3, BUFFER, 1]) == Err(Stop::Block) && matches!(k.blocked.key, Key::Pipe(_)));
    assert_eq!(write(&mut k, 4, b"ab"), Ok(2));
    assert_eq!(read(&mut k, 3, 100), b"ab");
    // 64 KiB fit; then a small write waits as a whole, a large one goes in parts.
    let room = vec![5; 16_384];
    for _ in 0..4 {
        assert_eq!(write(&mut k, 4, &room), Ok(16_384));
    }
    assert!(matches!(write(&mut k, 4, b"x"), Err(Stop::Block)));
    assert_eq!(read(&mut k, 3, 100).len(), 100);
    assert!(matches!(write(&mut k, 4, &[6; 101]), Err(Stop::Block)));
    assert_eq!(write(&mut k, 4, &[6; 100]), Ok(100));
    assert_eq!(read(&mut k, 3, 16_384), vec![5; 16_384]);
    assert!(matches!(write(&mut k, 4, &[7; 20_000]), Err(Stop::Block)));
    assert_eq!(k.thread().call.progress, 16_384);
    assert_eq!(read(&mut k, 3, 16_384), vec![5; 16_384]);
    k.write_user(BUFFER, &[7; 20_000]).unwrap();
    assert_eq!(k.call("write", &[4, BUFFER, 20_000]), Ok(20_000));
    k.thread().call = Default::default();
    // The end, and the broken pipe.
    assert_eq!(k.call("dup", &[4]), Ok(5));
    k.call("close", &[4]).unwrap();
    while k.call("ioctl", &[3, 0x541b, SCRATCH]).is_ok() && k.read_user_u32(SCRATCH).unwrap() > 0 {
        read(&mut k, 3, 16_384);
    }
    assert!(matches!(k.call("read", &[3, BUFFER, 1]), Err(Stop::Block)));
    k.call("close", &[5]).unwrap();
    assert_eq!(read(&mut k, 3, 1), b"");
    k.call("pipe2", &[BUFFER, NONBLOCK]).unwrap();
    assert_eq!(errno(k.call("read", &[4, BUFFER, 1])), Errno::EAGAIN);
    k.call("close", &[4]).unwrap();
    assert_eq!(errno(write(&mut k, 5, b"x")), Errno::EPIPE);
    assert!(k.proc().pending.iter().any(|signal| signal.signo == 13));
}

#[test]
fn poll_tells_what_would_not_wait() {
    let mut k = fresh();
    k.call("pipe", &[BUFFER]).unwrap();
    let poll = |k: &mut Kernel, timeout: i64| {
        // Reading end for input, writing end for output, a descriptor that is not there.
        for (index, word) in [3 | 1 << 32, 4 | 4 << 32, 77 | 1 << 32].into_iter().enumerate() {
            k.write_user_u64(SCRATCH + 8 * index as u64, word).unwrap();
        }
        let result = k.call("poll", &[SCRATCH, 3, timeout as u64]);
        (result, [6, 14, 22].map(|at| k.read_user_u32(SCRATCH + at - 2).unwrap() >> 16))
    };
    assert_eq!(poll(&mut k, -1), (Ok(2), [0, 4, 32]));
    write(&mut k, 4, b"x").unwrap();
    assert_eq!(poll(&mut k, -1), (Ok(3), [1, 4, 32]));
    k.write_user_u64(SCRATCH, 3 | 4 << 32).unwrap();
    assert_eq!(k.call("poll", &[SCRATCH, 1, 0]), Ok(0));
    assert!(matches!(k.call("poll", &[SCRATCH, 1, -1i64 as u64]), Err(Stop::Block)));
    assert!(matches!(
        k.call("poll", &[SCRATCH, 1, 5]),
        Err(Stop::Block) if k.blocked.deadline.is_some() && k.blocked.key == Key::Poll
    ));
    k.thread().call = Default::default();
    // select: the same by bits.
    k.write_user_u64(SCRATCH, 1 << 3).unwrap();
    k.write_user_u64(SCRATCH + 8, 1 << 4).unwrap();
    assert_eq!(k.call("select", &[5, SCRATCH, SCRATCH + 8, 0, 0]), Ok(2));
    k.write_user_u64(SCRATCH, 1 << 9).unwrap();
    assert_eq!(errno(k.call("select", &[10, SCRATCH, 0, 0, 0])), Errno::EBADF);
}

#[test]
fn descriptors_are_shared_by_what_is_duplicated() {
    let mut k = fresh();
    make(&mut k, "/f", b"0123456789");
    let fd = open(&mut k, "/f", RDONLY).unwrap();
    let twin = k.call("dup", &[fd]).unwrap();
    assert_eq!(read(&mut k, fd, 3), b"012");
    assert_eq!(read(&mut k, twin, 3), b"345");
    assert_eq!(k.call("dup2", &[fd, 20]), Ok(20));
    assert_eq!(errno(k.call("dup3", &[fd, fd, 0])), Errno::EINVAL);
    assert_eq!(errno(k.call("dup2", &[fd, 5000])), Errno::EBADF);
    assert_eq!(k.call("fcntl", &[fd, 0, 10]), Ok(10));
    assert_eq!(k.call("fcntl", &[fd, 1030, 10]), Ok(11));
    assert_eq!(k.call("fcntl", &[11, 1, 0]), Ok(1));
    k.files_exec();
    assert_eq!(errno(k.call("fcntl", &[11, 1, 0])), Errno::EBADF);
    assert_eq!(k.call("close_range", &[3, u32::MAX as u64, 0]), Ok(0));
    assert_eq!(errno(k.call("close", &[3])), Errno::EBADF);
    for number in 3..1024 {
        assert_eq!(open(&mut k, "/f", RDONLY), Ok(number));
    }
    assert_eq!(errno(open(&mut k, "/f", RDONLY)), Errno::EMFILE);
}

#[test]
fn proc_and_dev_lead_where_they_should() {
    let mut k = fresh();
    make(&mut k, "/f", b"content");
    let fd = open(&mut k, "/f", RDONLY).unwrap();
    assert_eq!(content(&mut k, &format!("/proc/self/fd/{fd}")), b"content");
    assert_eq!(content(&mut k, &format!("/dev/fd/{fd}")), b"content");
    let count = one(&mut k, "readlink", &format!("/proc/self/fd/{fd}"), &[BUFFER, 100]).unwrap();
    assert_eq!(count, 2);
    assert_eq!(errno(open(&mut k, "/proc/self/fd/99", RDONLY)), Errno::ENOENT);
    k.proc().fs.exe = b"/bin/prog".as_slice().into();
    assert_eq!(one(&mut k, "readlink", "/proc/self/exe", &[BUFFER, 100]), Ok(9));
    k.call("pipe", &[BUFFER]).unwrap();
    let again = open(&mut k, "/proc/self/fd/5", WRONLY).unwrap();
    write(&mut k, again, b"through").unwrap();
    assert_eq!(read(&mut k, 4, 10), b"through");
    let dir = open(&mut k, "/proc/self/fd", RDONLY).unwrap();
    let names: Vec<String> = list(&mut k, dir, 4096).into_iter().map(|entry| entry.0).collect();
    assert_eq!(names, [".", "..", "0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(errno(one(&mut k, "unlink", "/proc/self/fd/3", &[])), Errno::EPERM);
    assert_eq!(errno(one(&mut k, "mkdir", "/proc/self/fd/x", &[0o755])), Errno::EACCES);
    assert_eq!(content(&mut k, "/dev/null"), b"");
    let full = open(&mut k, "/dev/full", RDWR).unwrap();
    assert_eq!(errno(write(&mut k, full, b"x")), Errno::ENOSPC);
    assert_eq!(read(&mut k, full, 4), [0; 4]);
    let random = open(&mut k, "/dev/urandom", RDONLY).unwrap();
    let first = read(&mut k, random, 16);
    assert_ne!(first, read(&mut k, random, 16));
    assert_eq!(stat(&mut k, "/dev/null").unwrap()[2], 0o020666);
    assert_eq!(errno(k.call("ioctl", &[1, 0x5401, BUFFER])), Errno::ENOTTY);
}

#[test]
fn a_fifo_joins_two_that_open_it() {
    let mut k = fresh();
    one(&mut k, "mknod", "/p", &[0o010644]).unwrap();
    assert!(matches!(open(&mut k, "/p", WRONLY), Err(Stop::Block)));
    assert_eq!(errno(open(&mut k, "/p", WRONLY | NONBLOCK)), Errno::ENXIO);
    let reader = open(&mut k, "/p", RDONLY).unwrap();
    // No writer has come yet: this is not the end.
    assert!(matches!(k.call("read", &[reader, BUFFER, 1]), Err(Stop::Block)));
    let writer = open(&mut k, "/p", WRONLY).unwrap();
    write(&mut k, writer, b"x").unwrap();
    assert_eq!(read(&mut k, reader, 5), b"x");
    k.call("close", &[writer]).unwrap();
    assert_eq!(read(&mut k, reader, 5), b"");
}

#[test]
fn a_root_of_ones_own_has_devices() {
    let mut k = fresh();
    one(&mut k, "mkdir", "/r", &[0o755]).unwrap();
    for (name, device) in [("null", 0x103), ("zero", 0x105), ("full", 0x107), ("random", 0x109)] {
        one(&mut k, "mknod", &format!("/r/{name}"), &[0o020666, device]).unwrap();
    }
    // A disk, and a terminal that this machine does not have.
    assert_eq!(errno(one(&mut k, "mknod", "/r/sda", &[0o060666, 0x800])), Errno::EPERM);
    assert_eq!(errno(one(&mut k, "mknod", "/r/tty9", &[0o020666, 0x409])), Errno::EPERM);
    one(&mut k, "chroot", "/r", &[]).unwrap();
    one(&mut k, "chdir", "/", &[]).unwrap();
    assert_eq!(stat(&mut k, "/null").unwrap()[2], 0o020644);
    let null = open(&mut k, "/null", RDWR).unwrap();
    assert_eq!(write(&mut k, null, b"x").unwrap(), 1);
    assert_eq!(read(&mut k, null, 4), b"");
    let zero = open(&mut k, "/zero", RDONLY).unwrap();
    assert_eq!(read(&mut k, zero, 4), [0; 4]);
    let full = open(&mut k, "/full", RDWR).unwrap();
    assert_eq!(errno(write(&mut k, full, b"x")), Errno::ENOSPC);
    assert!(open(&mut k, "/dev/null", RDWR).is_err());
}

#[test]
fn times_only_grow_and_can_be_set() {
    let mut k = with_inputs(&[("/src/a", b"text", 0o644)]);
    assert_eq!(stat(&mut k, "/src/a").unwrap()[4], 1_000_000_000);
    let mut last = 0;
    for number in 0..5 {
        make(&mut k, &format!("/f{number}"), b"x");
        let time = stat(&mut k, &format!("/f{number}")).unwrap()[4];
        assert!(time > last && time > 1_000_000_000_000_000_000);
        last = time;
    }
    for (index, word) in [5u64, 6, 7, 8].into_iter().enumerate() {
        k.write_user_u64(BUFFER + 8 * index as u64, word).unwrap();
    }
    let path = put(&mut k, SCRATCH, "/f0");
    k.call("utimensat", &[CWD, path, BUFFER, 0]).unwrap();
    assert_eq!(stat(&mut k, "/f0").unwrap()[4], 7_000_000_008);
    k.write_user_u64(BUFFER + 24, 2_000_000_000).unwrap();
    assert_eq!(errno(k.call("utimensat", &[CWD, path, BUFFER, 0])), Errno::EINVAL);
}

#[test]
fn a_step_changes_its_own_copy_only() {
    let mut k = with_inputs(&[("/src/a", b"text", 0o644), ("/src/b", &[3; 10_000], 0o755)]);
    make(&mut k, "/src/a", b"changed");
    let fd = open(&mut k, "/src/b", RDWR).unwrap();
    write(&mut k, fd, b"xyz").unwrap();
    assert_eq!(content(&mut k, "/src/b")[..4], *b"xyz\x03");
    enter(&mut k, &["/src/"]);
    assert_eq!(content(&mut k, "/src/a"), b"text");
    assert_eq!(content(&mut k, "/src/b")[..4], [3; 4]);
    // Outputs: kept from one root, seen in the next, and not changed by it.
    assert_eq!(errno(open(&mut k, "/build/x", WRONLY | CREAT)), Errno::ENOENT);
    let root = k.proc().fs.root;
    k.prepare_directories(root, "/build/x").unwrap();
    make(&mut k, "/build/x", &[9; 5000]);
    two(&mut k, "link", "/build/x", "/build/y").unwrap();
    two(&mut k, "symlink", "x", "/build/z").unwrap();
    k.keep_output(root, "/build/").unwrap();
    assert_eq!(k.keep_output(root, "/build/none"), Err(Errno::ENOENT));
    assert_eq!(k.keep_output(root, "/build"), Err(Errno::ENOENT));
    assert_eq!(k.keep_output(root, "/build/x/"), Err(Errno::ENOENT));
    k.vfs.step = 2;
    enter(&mut k, &["/build/"]);
    assert_eq!(stat(&mut k, "/build/y").unwrap()[1], 2);
    assert_eq!(stat(&mut k, "/build/x").unwrap()[4], 1_000_000_000);
    make(&mut k, "/build/y", b"new");
    assert_eq!(content(&mut k, "/build/z"), b"new");
    enter(&mut k, &["/build/x"]);
    assert_eq!(content(&mut k, "/build/x"), vec![9; 5000]);
}

#[test]
fn the_execution_rule() {
    let seed: &[u8] = b"the seed's bytes";
    let input: &[u8] = b"an input's bytes, none of them to be executed";
    let mut k = with_inputs(&[
        ("/seed/hex0", seed, 0o755),
        ("/src/evil", input, 0o755),
        ("/src/s", b"#!/x\n", 0o755),
    ]);
    k.vfs.rule = true;
    let may = |k: &mut Kernel, path: &str| {
        let inode = k.lookup_program(path.as_bytes())?;
        k.may_execute(inode)
    };
    assert_eq!(may(&mut k, "/seed/hex0"), Ok(()));
    assert_eq!(may(&mut k, "/src/evil"), Err(Errno::EACCES));
    // A copy launders nothing, whatever its name; one byte more is another program.
    make(&mut k, "/copy", input);
    one(&mut k, "chmod", "/copy", &[0o755]).unwrap();
    assert_eq!(may(&mut k, "/copy"), Err(Errno::EACCES));
    let fd = open(&mut k, "/copy", WRONLY | APPEND).unwrap();
    write(&mut k, fd, b"!").unwrap();
    assert_eq!(may(&mut k, "/copy"), Ok(()));
    // Made an input's copy again after it was found to be none.
    k.call("ftruncate", &[fd, input.len() as u64]).unwrap();
    assert_eq!(may(&mut k, "/copy"), Err(Errno::EACCES));
    // A copy of the seed is no input's.
    make(&mut k, "/seed2", seed);
    assert_eq!(may(&mut k, "/seed2"), Err(Errno::EACCES), "not executable");
    one(&mut k, "chmod", "/seed2", &[0o755]).unwrap();
    assert_eq!(may(&mut k, "/seed2"), Ok(()));
    // The seed, changed by the step, is what the step made of it.
    let fd = open(&mut k, "/seed/hex0", WRONLY | TRUNC).unwrap();
    write(&mut k, fd, input).unwrap();
    assert_eq!(may(&mut k, "/seed/hex0"), Err(Errno::EACCES));
    let log = String::from_utf8(k.vfs.events.finish()).unwrap();
    assert!(log.contains("refused 0 /src/evil\n"), "{log}");
    assert!(log.contains("refused 0 /copy\n"), "{log}");
    k.vfs.rule = false;
    assert_eq!(may(&mut k, "/src/evil"), Ok(()));
}

#[test]
fn the_log_tells_who_read_wrote_and_missed_what() {
    let mut k = with_inputs(&[("/src/a", b"a", 0o644), ("/src/b", b"b", 0o644)]);
    k.vfs.events.finish();
    k.vfs.events.run = 1;
    enter(&mut k, &["/src/a"]);
    content(&mut k, "/src/a");
    content(&mut k, "/src/a");
    assert_eq!(errno(open(&mut k, "/src/b", RDONLY)), Errno::ENOENT);
    assert_eq!(errno(open(&mut k, "/src/none", RDONLY)), Errno::ENOENT);
    one(&mut k, "chdir", "/src", &[]).unwrap();
    assert!(one(&mut k, "lstat", "../src/./b", &[BUFFER]).is_err());
    make(&mut k, "/tmp/o ut", b"abc");
    make(&mut k, "/tmp/gone", b"abc");
    one(&mut k, "unlink", "/tmp/gone", &[]).unwrap();
    let root = k.proc().fs.root;
    k.log_written(root);
    let log = String::from_utf8(k.vfs.events.finish()).unwrap();
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(log, format!("missing 1 /src/b\nread 1 /src/a\nwrite 1 /tmp/o\\x20ut {abc}\n"));
}

#[test]
fn wild_pointers_are_efault_in_every_call() {
    let mut k = fresh();
    make(&mut k, "/f", &[1; 100]);
    let fd = open(&mut k, "/f", RDWR).unwrap();
    k.call("pipe", &[BUFFER]).unwrap();
    write(&mut k, 5, b"abc").unwrap();
    let dir = open(&mut k, "/", RDONLY).unwrap();
    let zero = open(&mut k, "/dev/zero", RDWR).unwrap();
    let path = put(&mut k, SCRATCH, "/f");
    let link = put(&mut k, SCRATCH + 0x1000, "/l");
    two(&mut k, "symlink", "f", "/l").unwrap();
    let calls: &[(&str, &[u64])] = &[
        ("open", &[WILD, 0]),
        ("openat", &[CWD, WILD, 0]),
        ("openat2", &[CWD, path, WILD, 24]),
        ("creat", &[WILD, 0]),
        ("read", &[fd, WILD, 10]),
        ("read", &[4, WILD, 10]),
        ("read", &[zero, WILD, 10]),
        ("write", &[fd, WILD, 10]),
        ("write", &[5, WILD, 10]),
        ("write", &[1, WILD, 10]),
        ("readv", &[fd, WILD, 1]),
        ("writev", &[fd, WILD, 1]),
        ("pread64", &[fd, WILD, 10, 0]),
        ("pwrite64", &[fd, WILD, 10, 0]),
        ("preadv", &[fd, WILD, 1, 0]),
        ("pwritev", &[fd, WILD, 1, 0]),
        ("sendfile", &[1, fd, WILD, 1]),
        ("copy_file_range", &[fd, WILD, fd, 0, 1, 0]),
        ("pipe", &[WILD]),
        ("pipe2", &[WILD, 0]),
        ("memfd_create", &[WILD, 0]),
        ("fcntl", &[fd, 5, WILD]),
        ("fcntl", &[fd, 6, WILD]),
        ("mkdir", &[WILD, 0]),
        ("mkdirat", &[CWD, WILD, 0]),
        ("mknod", &[WILD, 0]),
        ("symlink", &[WILD, link]),
        ("symlink", &[link, WILD]),
        ("link", &[WILD, link]),
        ("link", &[path, WILD]),
        ("unlink", &[WILD]),
        ("rmdir", &[WILD]),
        ("rename", &[WILD, path]),
        ("rename", &[path, WILD]),
        ("readlink", &[WILD, BUFFER, 10]),
        ("readlink", &[link, WILD, 10]),
        ("getcwd", &[WILD, 10]),
        ("chdir", &[WILD]),
        ("chroot", &[WILD]),
        ("getdents64", &[dir, WILD, 1000]),
        ("getdents", &[dir, WILD, 1000]),
        ("stat", &[WILD, BUFFER]),
        ("stat", &[path, WILD]),
        ("lstat", &[path, WILD]),
        ("fstat", &[fd, WILD]),
        ("newfstatat", &[CWD, WILD, BUFFER, 0]),
        ("statx", &[CWD, path, 0, 0, WILD]),
        ("statfs", &[WILD, BUFFER]),
        ("statfs", &[path, WILD]),
        ("fstatfs", &[fd, WILD]),
        ("access", &[WILD, 0]),
        ("faccessat", &[CWD, WILD, 0]),
        ("chmod", &[WILD, 0]),
        ("fchmodat", &[CWD, WILD, 0]),
        ("chown", &[WILD, 0, 0]),
        ("fchownat", &[CWD, WILD, 0, 0, 0]),
        ("utimensat", &[CWD, path, WILD, 0]),
        ("utimes", &[path, WILD]),
        ("utime", &[path, WILD]),
        ("truncate", &[WILD, 0]),
        ("poll", &[WILD, 1, 0]),
        ("ppoll", &[WILD, 1, WILD, 0, 8]),
        ("select", &[5, WILD, 0, 0, 0]),
        ("pselect6", &[5, 0, 0, 0, WILD, 0]),
        ("ioctl", &[fd, 0x541b, WILD]),
    ];
    for (name, args) in calls {
        assert_eq!(errno(k.call(name, args)), Errno::EFAULT, "{name} {args:x?}");
    }
    // What comes before the bad page is not lost.
    let end = SCRATCH + kernel_lite::testing::SCRATCH_LEN;
    assert_eq!(k.call("pread64", &[fd, end - 10, 50, 0]), Ok(10));
    assert_eq!(k.call("pwrite64", &[fd, end - 10, 50, 0]), Ok(10));
    assert!(k.call("read", &[fd, u64::MAX - 3, 50]).is_err());
}

#[test]
fn full_memory_is_enospc_and_passes() {
    let mut k = fresh();
    let fd = open(&mut k, "/big", WRONLY | CREAT).unwrap();
    let mut written = 0;
    let error = loop {
        match k.call("write", &[fd, SCRATCH, 0x10000]) {
            Ok(count) => written += count,
            Err(Stop::Errno(error)) => break error,
            Err(stop) => panic!("{stop:?}"),
        }
    };
    assert_eq!(error, Errno::ENOSPC);
    assert!(written > 1 << 20);
    assert_eq!(errno(k.call("fallocate", &[fd, 0, 0, 1 << 35])), Errno::ENOSPC);
    k.call("ftruncate", &[fd, 0]).unwrap();
    assert_eq!(k.call("write", &[fd, SCRATCH, 0x10000]), Ok(0x10000));
}

#[test]
fn a_low_heap_refuses_new_things_only() {
    let (mut k, console) = kernel_lite::testing::empty_kernel(4096);
    kernel_lite::testing::begin(&mut k);
    enter(&mut k, &[]);
    make(&mut k, "/f", b"x");
    console.borrow_mut().heap_free = Some(0);
    assert_eq!(errno(open(&mut k, "/new", WRONLY | CREAT)), Errno::ENOSPC);
    assert_eq!(errno(one(&mut k, "mkdir", "/new", &[0o755])), Errno::ENOSPC);
    assert_eq!(errno(two(&mut k, "symlink", "x", "/new")), Errno::ENOSPC);
    assert_eq!(errno(two(&mut k, "link", "/f", "/new")), Errno::ENOSPC);
    assert_eq!(content(&mut k, "/f"), b"x");
    one(&mut k, "unlink", "/f", &[]).unwrap();
}

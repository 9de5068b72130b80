// SPDX-License-Identifier: MIT
//! The reference itself: Debian's kernels start in the emulator, run programs, and mount an ext2 disk that
//! e2fsprogs has made. If these fail, the comparisons say nothing about the monitor.

use image_packer::plan::Arch;
use std::fs;
use std::process::Command;
use tests::{linux, scratch};
use xtask::exec::Root;

fn mounts(arch: Arch, test: &str) {
    let folder = scratch(test);
    fs::create_dir_all(folder.join("tree/sub")).unwrap();
    fs::write(folder.join("tree/sub/file"), "content\n").unwrap();
    let make = Command::new("/usr/sbin/mke2fs")
        .args(["-q", "-t", "ext2", "-d", "tree", "disk.img", "4M"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(make.status.success(), "{make:?}");
    let script = "/ref/busybox mount -t ext4 -o ro /dev/vda /mnt && /ref/busybox cat /mnt/sub/file";
    let text = linux::boot(arch, &Root::default(), script, Some(&folder.join("disk.img"))).unwrap();
    assert!(text.contains("content\n"), "{text}");
}

#[test]
fn t02_debians_arm64_kernel_mounts_ext2() {
    mounts(Arch::Aarch64, "t02");
}

#[test]
fn t03_debians_amd64_kernel_mounts_ext2() {
    mounts(Arch::X86_64, "t03");
}

#[test]
fn t04_status_and_output_of_programs_come_back() {
    let line = "/ref/busybox sh -c 'echo out; echo err >&2; exit 3'".to_owned();
    let ran = linux::run_all(Arch::X86_64, &Root::default(), &[("a".into(), line)]).unwrap();
    assert_eq!((ran["a"].output.as_str(), ran["a"].status), ("out\nerr\n", 3));
}

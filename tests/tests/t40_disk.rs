// SPDX-License-Identifier: MIT
//! The written file system, by readers that share no code with its writer: e2fsck, debugfs, Debian's kernels.

use image_packer::host::sha256;
use image_packer::plan::Arch;
use std::path::PathBuf;
use std::process::Command;
use tests::{linux, monitor, project, scratch};
use xtask::bundle::{Node, Rootfs};
use xtask::exec::Root;
use xtask::{pack, run};

/// The disk that the board wrote for `hex`, and what our own reader finds on it.
fn disk(board: &str, test: &str) -> (PathBuf, Rootfs) {
    let (board, monitor) = monitor::board(board);
    let (_, closure) = pack::make(project(), Some("hex"), board.arch()).unwrap();
    let folder = scratch(test);
    let report = run::run(&board, &monitor, &closure, &folder, Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    let disk = folder.join("output.img");
    let rootfs = run::read_ext2(&disk).unwrap();
    assert!(rootfs.len() > 4);
    (disk, rootfs)
}

#[test]
fn t41_e2fsck_finds_it_clean() {
    let (disk, _) = disk("virt", "t41");
    let check = Command::new("/usr/sbin/e2fsck").args(["-fn"]).arg(&disk).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

#[test]
fn t42_debugfs_reads_every_file() {
    let (disk, rootfs) = disk("virt", "t42");
    for (path, node) in &rootfs {
        let Node::File { data, .. } = node else { continue };
        let cat = format!("cat /{path}");
        let read = Command::new("/usr/sbin/debugfs").args(["-R", &cat]).arg(&disk).output().unwrap();
        assert!(read.stdout == *data, "{path}");
    }
}

/// Mounts the disk under Debian's kernel and compares content, mode and links.
fn mounted(board: &str, arch: Arch, test: &str) {
    let (disk, rootfs) = disk(board, test);
    let script = "b=/ref/busybox; $b mount -t ext4 -o ro /dev/vda /mnt && cd /mnt && echo @mounted && \
                  $b find . -type f -exec $b sha256sum {} + && \
                  $b find . -exec $b stat -c '@stat %a %F %h %n' {} + && \
                  $b find . -type l -exec $b sh -c 'echo \"@link $1 $($0 readlink $1)\"' $b {} ';'; echo @end";
    let text =
        linux::boot(arch, &Root::default(), script, Some(&disk)).unwrap_or_else(|error| panic!("{error:#}"));
    let text = text.split_once("@mounted\n").unwrap_or_else(|| panic!("not mounted:\n{text}")).1;
    assert!(text.contains("@end"), "{text}");
    let mut expected: Vec<String> = Vec::new();
    for (path, node) in &rootfs {
        match node {
            Node::File { mode, data } => {
                expected.push(format!("{}  ./{path}", sha256(data)));
                let kind = if data.is_empty() { "regular empty file" } else { "regular file" };
                expected.push(format!("@stat {mode:o} {kind} 1 ./{path}"));
            }
            Node::Symlink(target) => expected.push(format!("@link ./{path} {target}")),
            Node::Folder(mode) => {
                let is_child = |other: &&String| {
                    other.strip_prefix(&format!("{path}/")).is_some_and(|rest| !rest.contains('/'))
                };
                let folders =
                    rootfs.iter().filter(|(other, node)| is_child(other) && matches!(node, Node::Folder(_)));
                expected.push(format!("@stat {mode:o} directory {} ./{path}", 2 + folders.count()));
            }
        }
    }
    let found: Vec<&str> = text.lines().collect();
    for line in &expected {
        assert!(found.contains(&line.as_str()), "missing: {line}\n{text}");
    }
    let files = found.iter().filter(|line| line.starts_with("@stat") && line.contains(" regular")).count();
    let known = rootfs.values().filter(|node| matches!(node, Node::File { .. })).count();
    assert_eq!(files, known, "{text}");
}

#[test]
fn t43_debians_arm64_kernel_mounts_it() {
    mounted("virt", Arch::Aarch64, "t43");
}

#[test]
fn t44_debians_amd64_kernel_mounts_it() {
    mounted("pc", Arch::X86_64, "t44");
}

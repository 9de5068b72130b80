// SPDX-License-Identifier: MIT
//! The root file system of `base` in use: as a chroot, and under Debian's kernels as initramfs and as disk. A
//! session in it edits, compiles and runs programs.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::{base, corpus, linux, monitor, project, scratch};
use xtask::exec::Root;
use xtask::{cpio, pack, project as host, run};

/// What the session prints, in this order, among other things.
const SAID: [&str; 6] =
    ["cc: 0.333 by 2", "tcc: 0.333 by 2", "made: 0.333 by 2", "letters: 10", "\n0\n", "session ends"];

fn assert_session(what: &str, text: &str) {
    let text = text.replace('\r', "");
    let mut rest = text.as_str();
    for said in SAID {
        rest = rest.split_once(said).unwrap_or_else(|| panic!("{what}: {said:?} is missing:\n{text}")).1;
    }
}

fn session() -> String {
    fs::read_to_string(corpus("base/session.sh")).unwrap()
}

/// Starts Debian's kernel from rootfs.cpio.gz, whose own init runs the session.
fn as_initramfs(arch: Arch, folder: &Path) {
    // The kernel unpacks archives that stand one behind the other.
    let mut more = Root::default();
    more.files.insert("session.sh".into(), Entry::File { executable: false, data: session().into_bytes() });
    let mut archive = fs::read(folder.join("rootfs.cpio.gz")).unwrap();
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend(cpio::archive(&more));
    let initramfs = folder.join("initramfs");
    fs::write(&initramfs, archive).unwrap();
    let kernel = xtask::linux::kernel(project(), arch).unwrap();
    let words = "rdinit=/etc/init -- /bin/sh /session.sh";
    let mut text = String::new();
    let mut listen = |line: &str| text.push_str(&format!("{line}\n"));
    xtask::linux::boot_from(arch, &kernel, &initramfs, words, None, &mut listen).unwrap();
    assert_session("initramfs", &text);
    assert!(text.contains("init: status 0"), "{text}");
}

/// Starts Debian's kernel, whose drivers are modules, and goes on in the root on the disk.
fn as_disk(arch: Arch, disk: &Path) {
    let mut root = Root::default();
    root.files.insert("session.sh".into(), Entry::File { executable: false, data: session().into_bytes() });
    let init = "b=/ref/busybox; $b mount -t ext4 -o ro /dev/vda /mnt && \
                exec $b switch_root /mnt /etc/init /bin/sh -c \"$($b cat /session.sh)\"";
    let text = linux::boot(arch, &root, init, Some(disk)).unwrap();
    assert_session("disk", &text);
    assert!(text.contains("init: status 0"), "{text}");
}

#[test]
fn t97_base_is_a_root_on_x86_64() {
    let folder = base::rootfs(Arch::X86_64, "t97");
    let root = folder.join("root");
    fs::create_dir(&root).unwrap();
    host::run(Command::new("tar").arg("xf").arg(folder.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    let rungs = ["bin/hex0", "bin/hex1", "bin/masm", "bin/c0", "bin/c1"];
    for left_over in ["build", "seed", "tmp/.", "src/musl-1.2.5"].iter().chain(&rungs) {
        let file = root.join(left_over);
        assert!(!file.exists() || fs::read_dir(&file).unwrap().next().is_none(), "{left_over} is not empty");
    }
    fs::write(root.join("tmp/session.sh"), session()).unwrap();
    let ran = base::chroot(&root).args(["/bin/sh", "-l", "/tmp/session.sh"]).output().unwrap();
    assert_session("chroot", &format!("{}\n{ran:?}", String::from_utf8_lossy(&ran.stdout)));

    as_initramfs(Arch::X86_64, &folder);

    // An ext2 image of mke2fs's; the monitor's own is t98's.
    let _ = fs::remove_dir_all(root.join("tmp"));
    fs::create_dir(root.join("tmp")).unwrap();
    let disk = folder.join("disk.img");
    run::new_disk(&disk, 256 << 20).unwrap();
    let mut mke2fs = Command::new("/usr/sbin/mke2fs");
    host::run(mke2fs.args(["-q", "-t", "ext2", "-d"]).arg(&root).arg(&disk)).unwrap();
    as_disk(Arch::X86_64, &disk);
}

/// The monitor builds `base`; its disk and its root are started from.
fn on_board(board: &str, test: &str) {
    let (board, monitor) = monitor::board(board);
    let (_, closure) = pack::make(project(), Some("base"), board.arch()).unwrap();
    let folder = scratch(test);
    let report = run::run(&board, &monitor, &closure, &folder, None).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    as_initramfs(board.arch(), &folder);
    as_disk(board.arch(), &folder.join("output.img"));
    let mut root = Root::read(Some(&folder.join("rootfs.tar")), None).unwrap();
    root.files.insert("session.sh".into(), Entry::File { executable: false, data: session().into_bytes() });
    let words = ["/bin/sh", "-l", "/session.sh"];
    let (ran, boot) = monitor::run(&board.name, &root, &words, &["TERM=linux"]);
    assert_eq!(ran.status, 0, "{}\n{}", ran.output, boot.said());
    assert_session("monitor", &ran.output);
}

#[test]
#[ignore = "an emulated machine builds everything: cargo xtask test --all"]
fn t98_base_on_pc_and_debians_amd64_kernel() {
    on_board("pc", "t98");
}

#[test]
fn t99_base_on_virt_and_debians_arm64_kernel() {
    on_board("virt", "t99");
}

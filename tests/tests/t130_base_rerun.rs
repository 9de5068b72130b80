// SPDX-License-Identifier: MIT
//! The finished root of `base` makes itself: /bin/rerun runs the whole closure in /src from its seed, as a chroot, under
//! Debian's kernels and under the monitor, and every output has the same sha256.

use image_packer::plan::Arch;
use std::fs;
use std::process::Command;
use std::time::Duration;
use tests::{base, monitor, project};
use xtask::exec::{self, Root};
use xtask::project as host;

/// Host time that a machine may take for it.
const LIMIT: Duration = Duration::from_secs(3 * 3600);

fn assert_same(what: &str, text: &str, folder: &std::path::Path) {
    let count = fs::read_to_string(folder.join("OUTPUTS.sha256")).unwrap().lines().count();
    assert!(count > 250, "{count}");
    let said = format!("{count} outputs, each as in /firstlight/OUTPUTS.sha256");
    let end = text.char_indices().rev().nth(3000).map_or(0, |at| at.0);
    assert!(text.contains(&said), "{what}: {said:?} is missing; the output ends:\n{}", &text[end..]);
}

#[test]
fn t130_base_makes_itself_in_a_chroot() {
    let folder = base::rootfs(Arch::X86_64, "t130");
    let root = folder.join("root");
    fs::create_dir(&root).unwrap();
    host::run(Command::new("tar").arg("xf").arg(folder.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    let ran = base::chroot(&root).args(["/bin/rerun", "-t"]).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_same("chroot", &text, &folder);
    fs::remove_dir_all(&folder).unwrap();
}

/// Debian's kernel starts from rootfs.cpio.gz; the steps' roots are on its tmpfs.
fn under_linux(arch: Arch, test: &str) {
    let folder = base::rootfs(arch, test);
    let kernel = xtask::linux::kernel(project(), arch).unwrap();
    let mut text = String::new();
    let mut listen = |line: &str| text.push_str(&format!("{line}\n"));
    let words = "rdinit=/etc/init -- /bin/rerun -t";
    xtask::linux::boot_from(arch, &kernel, &folder.join("rootfs.cpio.gz"), words, None, &mut listen).unwrap();
    fs::write(folder.join("console.log"), &text).unwrap();
    assert_same("initramfs", &text, &folder);
    assert!(text.contains("init: status 0"));
}

#[test]
#[ignore = "minutes in an emulated machine: cargo xtask test --all"]
fn t131_base_makes_itself_under_debians_amd64_kernel() {
    under_linux(Arch::X86_64, "t131");
}

#[test]
#[ignore = "minutes in an emulated machine: cargo xtask test --all"]
fn t132_base_makes_itself_under_debians_arm64_kernel() {
    under_linux(Arch::Aarch64, "t132");
}

/// Boots the monitor with the root.
fn on_monitor(board: &str, test: &str) {
    let (board, monitor) = monitor::board(board);
    let folder = base::rootfs(board.arch(), test);
    let root = Root::read(Some(&folder.join("rootfs.tar")), None).unwrap();
    let mut settings = exec::settings(&board, &["/bin/rerun", "-t"], &[]);
    // The watchdog is for one step; this program runs all of them.
    settings.watchdog_seconds = 0;
    let archive = root.archive().unwrap();
    let mut job = monitor::job(settings, &archive);
    job.limit = Some(LIMIT);
    job.serial_log = Some(folder.join("serial.log"));
    let boot = monitor::boot(&board, &monitor, &job).unwrap();
    let text = String::from_utf8_lossy(&boot.output);
    assert_same(&board.name, &text, &folder);
    assert_eq!(boot.epitaph.code, 0, "{}", boot.said());
}

#[test]
#[ignore = "minutes in an emulated machine: cargo xtask test --all"]
fn t133_base_makes_itself_on_pc() {
    on_monitor("pc", "t133");
}

#[test]
#[ignore = "minutes in an emulated machine: cargo xtask test --all"]
fn t134_base_makes_itself_on_virt() {
    on_monitor("virt", "t134");
}

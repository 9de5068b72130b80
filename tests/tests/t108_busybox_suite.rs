// SPDX-License-Identifier: MIT
//! busybox's own test suite in the root file system of `base`, with its busybox and, for comparison, with Debian's.
//!
//! docs/busybox.md has the reasons of the failures. `hostname-d-works` is left out: it asks the host's name server.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tests::{base, project, scratch};
use xtask::{linux, project as host};

/// What fails with ours.
const FAIL: [&str; 7] = [
    "awk gsub erroneous word start match",
    "cpio lists hardlinks",
    "date-timezone",
    "sed NUL in command",
    "sed embedded NUL",
    "sed nonexistent label",
    "unzip (subdir only)",
];

/// What of it Debian's passes.
const DEBIAN_PASSES: [&str; 1] = ["date-timezone"];

/// Runs in the root, which gets the host's /dev and a /proc of its own.
const ENTER: &str =
    "mount --rbind /dev \"$1/dev\" && mount -t proc none \"$1/proc\" && exec chroot \"$1\" /bin/sh /t/go";
const GO: &str = "cd /t/testsuite && /bin/cc -o echo-ne ../scripts/echo.c && \
    exec env bindir=/t tsdir=/t/testsuite PATH=/t:/bin:/usr/bin HOME=/ sh ./runtest\n";

/// Runs the suite on `busybox`; gives the names of the tests that passed and that failed.
fn suite(root: &Path, busybox: &[u8]) -> [BTreeSet<String>; 2] {
    let at = root.join("t/busybox");
    let _ = fs::remove_file(&at);
    fs::write(&at, busybox).unwrap();
    fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("unshare");
    if host::run(Command::new("id").arg("-u")).unwrap().trim() != "0" {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh"]).arg(root);
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let named =
        |word: &str| said.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect();
    let results: [BTreeSet<String>; 2] = [named("PASS: "), named("FAIL: ")];
    assert!(results[0].len() > 500, "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    results.map(|mut names| {
        names.remove("hostname-d-works");
        names
    })
}

#[test]
#[ignore = "a minute of processor time: cargo xtask test --all"]
fn t108_busyboxs_own_tests() {
    let root = scratch("t108");
    let bundle = base::bundle(Arch::X86_64);
    host::run(Command::new("tar").arg("xf").arg(bundle.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    for (path, entry) in base::upstream("busybox") {
        let Entry::File { executable, data } = entry else { continue };
        if !path.starts_with("testsuite/") && path != "scripts/echo.c" {
            continue;
        }
        let to = root.join("t").join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(&to, data).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
    }
    fs::write(root.join("t/go"), GO).unwrap();
    fs::copy(root.join("build/busybox-list/include/config"), root.join("t/.config")).unwrap();
    let [passed, failed] = suite(&root, &fs::read(root.join("bin/busybox")).unwrap());
    assert_eq!(failed, FAIL.map(str::to_owned).into());
    assert!(passed.len() > 800, "{} tests pass", passed.len());
    let [passed, failed] = suite(&root, &linux::busybox(project(), Arch::X86_64).unwrap());
    assert_eq!(passed.intersection(&FAIL.map(str::to_owned).into()).collect::<Vec<_>>(), DEBIAN_PASSES);
    assert!(failed.len() > FAIL.len());
}

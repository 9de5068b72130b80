// SPDX-License-Identifier: MIT
//! The result makes itself: rerun, a program of the root file system, runs the closure in /src from its seed,
//! under plain Linux and under the monitor, to the same digests.

use image_packer::host::lock::{self, Digests};
use image_packer::host::sha256;
use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::{base, monitor, project, scratch};
use xtask::chain::{self, Options};
use xtask::exec::Root;
use xtask::{bundle, pack, project as host};

/// The bundle of `tcc`, made under plain Linux.
fn tcc(arch: Arch, test: &str) -> PathBuf {
    let (_, closure) = pack::make(project(), Some("tcc"), arch).unwrap_or_else(|error| panic!("{error:#}"));
    let folder = scratch(test);
    chain::run(project(), &closure, &folder, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
    folder
}

const SAME: &str = "outputs, each as in /firstlight/OUTPUTS.sha256";

/// Runs a program in a folder as root directory.
fn in_chroot(root: &Path, words: &[&str]) -> Output {
    base::chroot(root).args(words).output().unwrap()
}

#[test]
fn t84_it_makes_itself_under_linux() {
    let folder = tcc(Arch::X86_64, "t84");
    let root = folder.join("root");
    fs::create_dir(&root).unwrap();
    host::run(Command::new("tar").arg("xf").arg(folder.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    for list in ["OUTPUTS", "CLOSURE"] {
        let list = format!("firstlight/{list}.sha256");
        host::run(Command::new("sha256sum").args(["--quiet", "-c", &list]).current_dir(&root)).unwrap();
    }
    let ran = in_chroot(&root, &["/bin/rerun"]);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains(SAME), "{ran:?}");
    let again = fs::read(root.join("tmp/rerun/OUTPUTS.sha256")).unwrap();
    assert_eq!(again, fs::read(folder.join("OUTPUTS.sha256")).unwrap());

    // gcc's build of the same program says the same.
    let by_gcc = root.join("bin/rerun-by-gcc");
    let source = project().root.join("sources/rerun/rerun.c");
    let gcc = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o"];
    host::run(Command::new("gcc").args(gcc).arg(&by_gcc).arg(source)).unwrap();
    let ran = in_chroot(&root, &["/bin/rerun-by-gcc", "/src/closure.tar", "/tmp/by-gcc"]);
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains(SAME), "{ran:?}");

    // Other outputs than the first run's, and a closure with an altered, or without its last, byte.
    fs::write(root.join("firstlight/OUTPUTS.sha256"), b"other\n").unwrap();
    let ran = in_chroot(&root, &["/bin/rerun"]);
    assert!(
        !ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("are not those of"),
        "{ran:?}"
    );
    let mut archive = fs::read(root.join(bundle::CLOSURE)).unwrap();
    let at = archive.len() - 2000;
    archive[at] ^= 1;
    fs::write(root.join("src/altered.tar"), &archive).unwrap();
    let ran = in_chroot(&root, &["/bin/rerun", "/src/altered.tar"]);
    assert!(
        !ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("wrong sha256"),
        "{ran:?}"
    );
    fs::write(root.join("src/altered.tar"), &archive[..archive.len() - 1024]).unwrap();
    let ran = in_chroot(&root, &["/bin/rerun", "/src/altered.tar"]);
    assert!(!ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("cut off"), "{ran:?}");
}

#[test]
fn t85_a_step_that_fails_is_named() {
    let folder = tcc(Arch::X86_64, "t85");
    let root = folder.join("root");
    fs::create_dir(&root).unwrap();
    host::run(Command::new("tar").arg("xf").arg(folder.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    let (_, mut closure) = pack::make(project(), Some("hex"), Arch::X86_64).unwrap();
    let plan = closure
        .plan
        .replace("run /bin/hex0 < ", "run /bin/hex0 < /src/hex0/bad > /tmp/x\n  run /bin/hex0 < ");
    closure.plan = plan.replace("  in /bin/hex0\n", "  in /bin/hex0\n  in /src/hex0/bad\n");
    assert!(closure.plan.contains("/src/hex0/bad > /tmp/x"));
    closure.files.push((
        "src/hex0/bad".into(),
        Entry::File { executable: false, data: b"7 # half a byte\n".to_vec() },
    ));
    let mut digests = Digests::from([("PLAN".to_owned(), sha256(closure.plan.as_bytes()))]);
    digests
        .extend(closure.files.iter().filter_map(|(path, entry)| Some((path.clone(), sha256(entry.data()?)))));
    closure.inputs = lock::print(&digests);
    fs::write(root.join("src/bad.tar"), closure.to_bytes().unwrap()).unwrap();
    let ran = in_chroot(&root, &["/bin/rerun", "/src/bad.tar"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success(), "{ran:?}");
    for part in ["step cat failed: exit status", "): /bin/hex0 < /src/hex0/bad > /tmp/x", "directory: /"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Boots the monitor with the root and lets it run its closure again.
fn on_monitor(board: &str, arch: Arch, test: &str) {
    let folder = tcc(arch, test);
    let root = Root::read(Some(&folder.join("rootfs.tar")), None).unwrap();
    let (ran, boot) = monitor::run(board, &root, &["/bin/rerun"], &[]);
    assert_eq!(ran.status, 0, "{}\n{}", ran.output, boot.said());
    assert!(ran.output.contains(SAME), "{}", ran.output);
}

#[test]
fn t86_it_makes_itself_on_virt() {
    on_monitor("virt", Arch::Aarch64, "t86");
}

#[test]
fn t87_it_makes_itself_on_pc() {
    on_monitor("pc", Arch::X86_64, "t87");
}

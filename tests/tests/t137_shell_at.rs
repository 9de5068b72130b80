// SPDX-License-Identifier: MIT
//! `shell --at STEP` takes what earlier steps made from the disk of the board's run, and `exec` and `shell` find their
//! program behind links and in unpacked root file systems.

use image_packer::host::sha256;
use image_packer::plan::{Arch, Plan};
use std::fs;
use std::os::unix::fs::symlink;
use tests::linux;
use tests::{monitor, project, scratch};
use xtask::bundle::Node;
use xtask::exec::Root;
use xtask::{chain, checkpoint, pack, run, shell};

#[test]
fn t137_a_steps_inputs_are_the_boards() {
    let (mut board, monitor) = monitor::board("virt");
    board.output.bytes = 64 << 20;
    let (_, closure) = pack::make(project(), Some("hex"), board.arch()).unwrap();
    let folder = scratch("t137");
    let report = run::run(&board, &monitor, &closure, &folder, Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());

    let plan = Plan::parse(&closure.plan).unwrap();
    let digest = sha256(&closure.to_bytes().unwrap());
    let mut made = checkpoint::read(&folder.join("output.img"), &digest, &plan).unwrap();
    assert_eq!(made.len(), plan.steps.len());
    // All of the records together are the root file system.
    let files: xtask::bundle::Rootfs = made.values().flatten().map(|(p, n)| (p.clone(), n.clone())).collect();
    assert_eq!(xtask::bundle::digests(&files), chain::outputs(&folder).unwrap());

    // A step's root has what the board made, whatever plain Linux would make.
    let last = plan.steps.last().unwrap();
    let (path, node) = made.values_mut().flatten().find(|(path, _)| *path == "bin/hex0").unwrap();
    assert!(last.inputs.contains(&format!("/{path}").as_str()), "{:?}", last.inputs);
    *node = Node::File { mode: 0o755, data: b"the board's".to_vec() };
    let (_, files) = shell::at(project(), &plan, &closure, last.name, Some(&made)).unwrap();
    assert!(matches!(&files["bin/hex0"], Node::File { data, .. } if data == b"the board's"));
    let (_, files) = shell::at(project(), &plan, &closure, last.name, None).unwrap();
    assert!(matches!(&files["bin/hex0"], Node::File { data, .. } if data.starts_with(b"\x7fELF")));
}

/// A root file system as tar or debootstrap unpack it: empty /dev and /proc, links on the way to the shell.
#[test]
fn t138_a_folder_is_a_root() {
    let folder = scratch("t138");
    for name in ["dev", "proc", "tmp", "usr/bin"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    fs::write(folder.join("usr/bin/busybox"), linux::busybox(Arch::X86_64).unwrap()).unwrap();
    fs::set_permissions(folder.join("usr/bin/busybox"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    symlink("usr/bin", folder.join("bin")).unwrap();
    symlink("busybox", folder.join("usr/bin/sh")).unwrap();
    let root = Root::read(Some(&folder), None).unwrap();
    root.require_program("/", "/bin/sh").unwrap();
    let script = "echo here >/dev/null; echo there >/tmp/x; /bin/busybox cat /tmp/x; test -e /proc/self/exe";
    let (ran, boot) = monitor::run("pc", &root, &["/bin/sh", "-c", script], &[]);
    assert_eq!((ran.output.as_str(), ran.status), ("there\n", 0), "{}", boot.said());
}

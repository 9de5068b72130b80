// SPDX-License-Identifier: MIT
//! A long session of Debian's static busybox: the same text under Debian's kernel and under the monitor.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::fs;
use tests::{assert_same, corpus, linux, monitor};
use xtask::exec::Root;

fn same_as_linux(board: &str, arch: Arch) {
    let mut root = Root::default();
    root.folders.push("tmp".into());
    root.program("bin/busybox", linux::busybox(arch).unwrap_or_else(|error| panic!("{error:#}")));
    let session = fs::read(corpus("busybox/session.sh")).unwrap();
    root.files.insert("session.sh".into(), Entry::File { executable: false, data: session });
    let line = "/ref/busybox env -i /bin/busybox sh /session.sh".to_owned();
    let expected =
        linux::run_all(arch, &root, &[("session".into(), line)]).unwrap_or_else(|error| panic!("{error:#}"));
    let expected = &expected["session"];
    assert!(expected.output.ends_with("end\n"), "the session did not end under Linux:\n{}", expected.output);
    let (found, _) = monitor::run(board, &root, &["/bin/busybox", "sh", "/session.sh"], &[]);
    assert_same("the session", expected, &found);
}

#[test]
fn t31_session_on_virt() {
    same_as_linux("virt", Arch::Aarch64);
}

#[test]
fn t32_session_on_pc() {
    same_as_linux("pc", Arch::X86_64);
}

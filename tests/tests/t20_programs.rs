// SPDX-License-Identifier: MIT
//! Programs that each cover a family of system calls, linked statically with glibc and musl: what they print
//! under Debian's kernel is what they print under the monitor.

use image_packer::plan::Arch;
use std::fs;
use tests::programs::{Libc, compile};
use tests::{assert_same, corpus, linux, monitor};
use xtask::exec::Root;

/// Every program of `tests/programs` by name.
fn programs(arch: Arch, libc: Libc) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> =
        fs::read_dir(corpus("programs")).unwrap().map(|item| item.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "c"));
    files.sort();
    assert!(files.len() >= 10);
    let make = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, compile(arch, libc, file, &[]).unwrap_or_else(|error| panic!("{error:#}")))
    };
    files.iter().map(make).collect()
}

fn same_as_linux(board: &str, arch: Arch, libc: Libc) {
    let programs = programs(arch, libc);
    let mut root = Root::default();
    root.folders.push("tmp".into());
    programs.iter().for_each(|(name, data)| root.program(&format!("bin/{name}"), data.clone()));
    let commands: Vec<_> =
        programs.iter().map(|(name, _)| (name.clone(), format!("/ref/busybox env -i /bin/{name}"))).collect();
    let expected = linux::run_all(arch, &root, &commands).unwrap_or_else(|error| panic!("{error:#}"));
    let mut wrong = Vec::new();
    for (name, _) in &programs {
        let result = std::panic::catch_unwind(|| {
            let (found, _) = monitor::run(board, &root, &[&format!("/bin/{name}")], &[]);
            assert_same(name, &expected[name], &found);
        });
        if result.is_err() {
            wrong.push(name.as_str());
        }
    }
    assert!(wrong.is_empty(), "{board}, {libc:?}: {wrong:?} differ (above)");
}

#[test]
fn t21_glibc_on_virt() {
    same_as_linux("virt", Arch::Aarch64, Libc::Glibc);
}

#[test]
fn t22_musl_on_virt() {
    same_as_linux("virt", Arch::Aarch64, Libc::Musl);
}

#[test]
fn t23_glibc_on_pc() {
    same_as_linux("pc", Arch::X86_64, Libc::Glibc);
}

#[test]
fn t24_musl_on_pc() {
    same_as_linux("pc", Arch::X86_64, Libc::Musl);
}

// SPDX-License-Identifier: MIT
//! The C library of the chain: its output compared with the system's library, its binary128 with libgcc's.

mod cc;

use cc::*;
use std::process::Command;

/// Builds one program with both libraries, runs both and compares what they print and how they end.
fn same_as_the_system(name: &str) {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_libc_{name}_{arch}"));
        let source = repo("tests/cc/libc").join(name).with_extension("c");
        let archive = libc_by_gcc(arch, &dir);
        let [ours, theirs] = ["ours", "theirs"].map(|file| dir.join(file));
        link_with_libc(arch, &archive, &source, &ours);
        succeed(gcc(arch).args(["-w", "-fno-builtin", "-static", "-o"]).arg(&theirs).arg(&source).arg("-lm"));
        let [ours, theirs] = [ours, theirs].map(|program| {
            let mut command = command(arch, &program);
            feed(command.env("LIBRARY_TEST", "x").arg(dir.join("file")), b"")
        });
        assert_eq!(ours.status.code(), theirs.status.code(), "{arch}");
        let [ours, theirs] = [ours, theirs].map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
        assert!(theirs.lines().count() > 100);
        for (number, (line, other)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(line, other, "{arch}: line {}", number + 1);
        }
        assert_eq!(ours.len(), theirs.len(), "{arch}");
    }
}

#[test]
fn numbers_are_written_and_read_as_by_the_system() {
    same_as_the_system("numbers");
}

#[test]
fn the_rest_of_the_library_does_what_the_system_does() {
    same_as_the_system("library");
}

#[test]
fn binary128_equals_libgcc_bit_for_bit() {
    let dir = scratch("cc_libc_binary128");
    let libgcc = succeed(gcc("aarch64").arg("-print-libgcc-file-name"));
    let libgcc = String::from_utf8(libgcc).unwrap();
    // libgcc's members that define the names, with the names changed
    let names = "addtf3 subtf3 multf3 divtf3 eqtf2 letf2 getf2 unordtf2 fixtfdi fixtfsi fixunstfdi fixunstfsi floatditf \
                 floatsitf floatunditf floatunsitf extenddftf2 extendsftf2 trunctfdf2 trunctfsf2";
    let members = names.split_whitespace().map(|name| format!("{name}.o"));
    succeed(Command::new("ar").arg("x").arg(libgcc.trim()).args(members.clone()).current_dir(&dir));
    let tool = |name: &str| Command::new(format!("aarch64-linux-gnu-{name}"));
    succeed(tool("ld").args(["-r", "-o", "all.o"]).args(members).current_dir(&dir));
    let symbols =
        String::from_utf8(succeed(tool("nm").args(["-g", "--defined-only"]).arg(dir.join("all.o")))).unwrap();
    let mut rename = tool("objcopy");
    for name in symbols.lines().filter_map(|line| line.split_whitespace().nth(2)) {
        rename.arg("--redefine-sym").arg(format!("{name}=their{name}"));
    }
    succeed(rename.args(["all.o", "their.o"]).current_dir(&dir));
    // as gcc and as cc compile it: what depends on an order of evaluation differs between them
    let by_cc = dir.join("binary128.o");
    let source = repo("sources/libc/binary128.c");
    succeed(cc(&cc_by_gcc(&dir), "aarch64").args(["-nostdinc", "-c", "-o"]).arg(&by_cc).arg(&source));
    for ours in [source, by_cc] {
        let program = dir.join("compare");
        let sources = [repo("tests/cc/libc/binary128.c"), ours, dir.join("their.o")];
        succeed(gcc("aarch64").args(["-O1", "-w", "-static", "-o"]).arg(&program).args(sources));
        assert_eq!(String::from_utf8(succeed(&mut command("aarch64", &program))).unwrap(), "0 differ\n");
    }
}

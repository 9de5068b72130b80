// SPDX-License-Identifier: MIT
//! The diverse double compile: cc compiled by gcc, cc compiled by that one, and cc compiled by itself again make the same
//! bytes from every text, themselves included, for both architectures and on both.

mod cc;

use cc::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles cc for `arch` by a compiler that runs on `host`.
fn compile_cc(host: &str, compiler: &Path, arch: &str, dir: &Path, name: &str) -> PathBuf {
    let program = dir.join(name);
    let start = repo("sources/libc").join(arch).join("start.s");
    let mut command = command(host, compiler);
    command.args(["-target", arch, "-nostdinc", "-nostdlib", "-o"]).arg(&program);
    succeed(command.arg(start).arg("main.c").current_dir(repo("sources/cc")));
    program
}

#[test]
fn cc_by_gcc_and_cc_by_itself_are_the_same_compiler() {
    let dir = scratch("cc_twice");
    let host = std::env::consts::ARCH;
    let by_gcc = cc_by_gcc(&dir);
    let second = compile_cc(host, &by_gcc, host, &dir, "second");
    let third = compile_cc(host, &second, host, &dir, "third");
    assert!(fs::read(&second).unwrap() == fs::read(&third).unwrap(), "cc by itself is no fixed point");
    for arch in ARCHES {
        let mut sources = c_files("tests/cc/run");
        sources.extend(c_files("tests/cc/abi"));
        sources.extend(libc_sources(arch));
        sources.push(repo("sources/cc/main.c"));
        for source in sources {
            let objects = [&by_gcc, &second].map(|compiler| {
                let object = dir.join("object.o");
                succeed(cc(compiler, arch).args(["-w", "-c", "-o"]).arg(&object).arg(&source));
                fs::read(object).unwrap()
            });
            assert!(objects[0] == objects[1], "{arch} {}: other bytes", source.display());
        }
    }
}

#[test]
fn a_cross_compiled_cc_equals_the_native_one() {
    let dir = scratch("cc_twice_cross");
    let by_gcc = cc_by_gcc(&dir);
    let host = std::env::consts::ARCH;
    for arch in ARCHES {
        let crossed = compile_cc(host, &by_gcc, arch, &dir, &format!("crossed-{arch}"));
        for other in ARCHES {
            let native = compile_cc(arch, &crossed, other, &dir, &format!("{other}-by-{arch}"));
            let expected = compile_cc(host, &by_gcc, other, &dir, &format!("{other}-by-gcc"));
            assert!(fs::read(native).unwrap() == fs::read(expected).unwrap(), "{other} compiled on {arch}");
        }
    }
}

#[test]
fn the_linker_notices_what_is_missing() {
    let dir = scratch("cc_twice_missing");
    let compiler = cc_by_gcc(&dir);
    let source = dir.join("missing.c");
    fs::write(&source, "int not_there(void); int main(void) { return not_there(); }\n").unwrap();
    let program = dir.join("program");
    for arch in ARCHES {
        let start = repo("sources/libc").join(arch).join("start.s");
        let mut command = Command::new(&compiler);
        command.args(["-target", arch, "-nostdlib", "-o"]).arg(&program).arg(&source).arg(start);
        let done = feed(&mut command, b"");
        assert!(!done.status.success());
        assert!(String::from_utf8_lossy(&done.stderr).contains("not_there"), "{done:?}");
        assert!(!program.exists(), "a program was left behind");
    }
}

// SPDX-License-Identifier: MIT
//! What the tests of the compilers, the library and the tools share: compilers behind one face, and running what
//! they made.
#![allow(dead_code, reason = "each test program uses its own part of this module")]

use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The architectures that the chain is built for.
pub const ARCHES: [&str; 2] = ["aarch64", "x86_64"];

/// A path below the root of the repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// An empty directory of one test.
pub fn scratch(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A command that runs a program of `arch`: by itself where the host is of that architecture, else by qemu-user.
pub fn command(arch: &str, program: &Path) -> Command {
    if arch == std::env::consts::ARCH {
        return Command::new(program);
    }
    let mut command = Command::new(format!("qemu-{arch}"));
    command.arg(program);
    command
}

/// Runs a command with `input` on its standard input, whatever becomes of it. The input comes from a file, so that a
/// program may leave it unread.
pub fn feed(command: &mut Command, input: &[u8]) -> Output {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("input-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut file = fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    fs::remove_file(path).unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    command.stdin(Stdio::from(file));
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Standard output of a command that must succeed.
pub fn succeed(command: &mut Command) -> Vec<u8> {
    let done = feed(command, b"");
    let messages = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {}\n{messages}", done.status);
    done.stdout
}

/// Debian's gcc for `arch`.
pub fn gcc(arch: &str) -> Command {
    Command::new(format!("{arch}-linux-gnu-gcc"))
}

/// The C files of a folder of the repository, sorted.
pub fn c_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repo(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    files
}

/// The library's sources for `arch`: portable C, and the assembly that goes with it.
pub fn libc_sources(arch: &str) -> Vec<PathBuf> {
    let mut files = c_files("sources/libc");
    for name in ["start.s", "machine.s"] {
        files.push(repo("sources/libc").join(arch).join(name));
    }
    files
}

/// Our library for `arch`, compiled by gcc, as an archive in `dir`.
pub fn libc_by_gcc(arch: &str, dir: &Path) -> PathBuf {
    let mut objects = Vec::new();
    for source in libc_sources(arch) {
        let object = dir.join(source.file_name().unwrap()).with_added_extension("o");
        succeed(
            gcc(arch)
                .args([
                    "-O1",
                    "-std=c99",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-Wno-parentheses",
                    "-Wno-unused-parameter",
                ])
                .args(["-nostdinc", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-c", "-I"])
                .arg(repo("sources/libc/include"))
                .arg("-o")
                .arg(&object)
                .arg(&source),
        );
        objects.push(object);
    }
    let archive = dir.join("libc.a");
    succeed(Command::new("ar").arg("rcs").arg(&archive).args(&objects));
    archive
}

/// Compiles one C file by gcc and links it with our library.
pub fn link_with_libc(arch: &str, archive: &Path, source: &Path, program: &Path) {
    succeed(
        gcc(arch)
            .args([
                "-O1",
                "-w",
                "-nostdinc",
                "-nostdlib",
                "-static",
                "-fno-builtin",
                "-fno-stack-protector",
                "-I",
            ])
            .arg(repo("sources/libc/include"))
            .arg("-o")
            .arg(program)
            .arg(source)
            .arg(archive),
    );
}

/// A cc of the host, compiled by gcc: what it makes does not depend on how it was made (cc_twice.rs).
pub fn cc_by_gcc(dir: &Path) -> PathBuf {
    let cc = dir.join("cc-by-gcc");
    let source = repo("sources/cc/main.c");
    succeed(Command::new("gcc").args(["-O1", "-w", "-D__FIRSTLIGHT_HOST__", "-o"]).arg(&cc).arg(source));
    cc
}

/// `cc` for `arch`, with the library's headers and no other.
pub fn cc(cc: &Path, arch: &str) -> Command {
    let mut command = Command::new(cc);
    command.args(["-target", arch, "-nostdinc", "-I"]).arg(repo("sources/libc/include"));
    command
}

/// Our library for `arch`, compiled by `compiler`, as an archive in `dir`.
pub fn libc_by_cc(compiler: &Path, arch: &str, dir: &Path) -> PathBuf {
    let mut objects = Vec::new();
    for source in libc_sources(arch) {
        let object = dir.join(source.file_name().unwrap()).with_added_extension("o");
        succeed(cc(compiler, arch).arg("-c").arg("-o").arg(&object).arg(&source));
        objects.push(object);
    }
    let archive = dir.join("libc.a");
    succeed(cc(compiler, arch).arg("-ar").arg("-o").arg(&archive).args(&objects));
    archive
}

/// The value of a comment line `// KEY: VALUE` in the head of a test.
pub fn note(source: &Path, key: &str) -> Option<String> {
    let text = fs::read_to_string(source).unwrap();
    let start = format!("// {key}: ");
    text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
}

/// Runs a test of the corpus and returns how many checks it made.
pub fn checks(arch: &str, program: &Path) -> usize {
    let done = feed(&mut command(arch, program), b"");
    let said = String::from_utf8_lossy(&done.stdout);
    let number = said.strip_prefix("ok ").and_then(|rest| rest.trim().parse().ok());
    assert!(
        done.status.success() && number.is_some(),
        "{arch} {}: {}\n{said}",
        program.display(),
        done.status
    );
    number.unwrap()
}

// SPDX-License-Identifier: MIT
//! What the tests of the seed chain share: where things are, running a program of either architecture under
//! plain Linux, and the roads to the same bytes that share no code with the chain.
#![allow(dead_code, reason = "each test program uses its own part of this module")]

pub mod assembler;
pub mod chain;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The architectures that the chain is built for.
pub const ARCHES: [&str; 2] = ["aarch64", "x86_64"];

/// A path below the root of the repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Reads a text of the repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(repo(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An empty directory of one test.
pub fn scratch(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Writes an executable file.
pub fn program(path: PathBuf, bytes: &[u8]) -> PathBuf {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
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

/// Runs a command with `input` on its standard input. The input comes from a file: a program that ends before it
/// has read everything is no error here.
pub fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut file = tempfile();
    file.write_all(input).unwrap();
    use std::io::Seek;
    file.rewind().unwrap();
    let name = format!("{command:?}");
    command.stdin(Stdio::from(file)).output().unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An unnamed file.
fn tempfile() -> fs::File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("stdin-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let file = fs::File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .expect("a file for the input");
    fs::remove_file(path).unwrap();
    file
}

/// Standard output of a command that must succeed.
pub fn output(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let name = format!("{command:?}");
    let output = feed(command, input);
    assert!(
        output.status.success(),
        "{name}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Asserts that two byte strings are equal; says where they part instead of printing both.
pub fn assert_same(what: &str, left: &[u8], right: &[u8]) {
    let parting = left.iter().zip(right).position(|(l, r)| l != r);
    let at = parting.unwrap_or(left.len().min(right.len()));
    let (l, r) = (left.len(), right.len());
    assert!(left == right, "{what}: {l} and {r} bytes part at offset {at:#x}");
}

/// What a hex0 listing stands for, read by a program that has nothing in common with hex0.
pub fn read_hex0(listing: &str) -> Vec<u8> {
    let digits: Vec<u32> = listing
        .lines()
        .flat_map(|line| line.split(['#', ';']).next().unwrap().chars())
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap_or_else(|| panic!("{c:?} is no hex digit")))
        .collect();
    assert_eq!(digits.len() % 2, 0, "an odd number of digits");
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// The same by `sed` and `xxd`.
pub fn sed_xxd(listing: &Path) -> Vec<u8> {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"sed 's/[#;].*//; s/[[:space:]]//g' "$0" | xxd -r -p"#]).arg(listing);
    output(&mut shell, b"")
}

/// The GNU assembler's and linker's names for `arch` begin with this.
pub fn gnu(arch: &str) -> String {
    format!("{arch}-linux-gnu-")
}

/// The flat bytes of a text for the GNU assembler.
pub fn gnu_flat(arch: &str, source: &Path, scratch: &Path) -> Vec<u8> {
    let (object, flat) = (scratch.join("gnu.o"), scratch.join("gnu.bin"));
    output(Command::new(gnu(arch) + "as").arg("-o").arg(&object).arg(source), b"");
    output(Command::new(gnu(arch) + "objcopy").args(["-O", "binary"]).arg(&object).arg(&flat), b"");
    fs::read(flat).unwrap()
}

/// Builds a program of hex0's folder or hex1's by the roads that share no code with the chain, asserts that they
/// agree, and returns its bytes.
pub fn by_other_roads(arch: &str, listing: &str, gnu_source: &str, scratch: &Path) -> Vec<u8> {
    let bytes = read_hex0(&text(listing));
    assert_same("sed and xxd", &sed_xxd(&repo(listing)), &bytes);
    assert_same("the GNU assembler", &gnu_flat(arch, &repo(gnu_source), scratch), &bytes);
    bytes
}

/// hex0 of `arch`, from its listing.
pub fn hex0(arch: &str, scratch: &Path) -> PathBuf {
    let bytes = read_hex0(&text(&format!("sources/hex0/{arch}.hex0")));
    program(scratch.join("hex0"), &bytes)
}

/// The macros of a table that are instructions: name, bytes, and the instructions that its comment gives.
pub fn table(arch: &str) -> Vec<(String, Vec<u8>, Vec<String>)> {
    let table = text(&format!("sources/masm/{arch}.m"));
    let macros = table.lines().filter_map(|line| {
        let (code, comment) = line.strip_prefix('=')?.split_once('#')?;
        let (name, bytes) = code.split_once(' ').expect(line);
        let instructions = comment.split_once(" | ").expect(line).1;
        Some((name.to_string(), read_hex0(bytes), instructions.split("; ").map(str::to_string).collect()))
    });
    macros.collect()
}

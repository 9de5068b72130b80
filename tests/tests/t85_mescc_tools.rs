// SPDX-License-Identifier: MIT
//! mescc-tools as the chain builds it, on the ARM architectures: the programs that upstream's tests make for ARMv7, which
//! upstream runs on such a machine only, run here in an emulator; AArch64 branches are those of the GNU assembler.
//! That the same programs come out on both of the chain's processors is a step of the chain itself.

use image_packer::host::sha256;
use image_packer::plan::{Arch, Plan};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::{corpus, project, scratch};
use xtask::bundle::{Node, Rootfs};
use xtask::chain::{self, Options};
use xtask::debian::PrivateApt;
use xtask::{pack, project};

/// All files of the goal `base` on x86_64.
fn base(folder: &Path) -> Rootfs {
    let (_, closure) = pack::make(project(), Some("base"), Arch::X86_64).unwrap();
    let plan = Plan::parse(closure.plan.as_bytes()).unwrap();
    let options = Options { reuse: true, ..Options::default() };
    chain::run_steps(project(), &plan, &closure, folder, &options).unwrap().0
}

/// Writes a file of `files` below `folder`.
fn put(files: &Rootfs, path: &str, folder: &Path) -> PathBuf {
    let Some(Node::File { data, .. }) = files.get(path) else { panic!("{path} is not there") };
    let target = folder.join(path);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(&target, data).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
    target
}

#[test]
fn t85_upstreams_programs_for_armv7_run() {
    let folder = scratch("t85");
    let files = base(&folder);
    let emulators =
        PrivateApt::open(project()).unwrap().unpacked(project(), "qemu-user-static", None).unwrap();
    let run = |number: u32| {
        let program = put(&files, &format!("build/mescc-tools/programs/test{number}-binary"), &folder);
        Command::new(emulators.join("usr/bin/qemu-arm-static")).arg(program).output().unwrap()
    };
    assert_eq!(run(10).status.code(), Some(42));
    for number in [11, 12] {
        let answer = put(&files, &format!("src/mescc-tools-1.5.2/test/test{number}/proof.answer"), &folder);
        let answer = fs::read_to_string(answer).unwrap();
        let done = run(number);
        assert!(done.status.success());
        assert_eq!(sha256(&done.stdout).to_string(), answer.split(' ').next().unwrap(), "{:?}", done.stdout);
    }
}

#[test]
fn t86_aarch64_branches_are_those_of_the_gnu_assembler() {
    let folder = scratch("t86");
    let files = base(&folder);
    let (m1, hex2) = (put(&files, "bin/M1", &folder), put(&files, "bin/hex2", &folder));
    let definitions = put(&files, "src/mescc-tools-1.5.2/M2libc/aarch64/aarch64_defs.M1", &folder);
    let program = project().root.join("sources/mescc-tools/branches-aarch64.M1");
    let (hex, ours) = (folder.join("branches.hex2"), folder.join("branches"));
    let with = |tool: &Path, output: &Path| {
        let mut command = Command::new(tool);
        command.args(["--little-endian", "--architecture", "aarch64", "-o"]).arg(output);
        command
    };
    project::run(with(&m1, &hex).arg("-f").arg(definitions).arg("-f").arg(program)).unwrap();
    project::run(with(&hex2, &ours).args(["--base-address", "0x400078", "-f"]).arg(&hex)).unwrap();
    let (object, theirs) = (folder.join("branches.o"), folder.join("branches.bin"));
    let source = corpus("programs/branches-aarch64.S");
    project::run(Command::new("aarch64-linux-gnu-as").arg("-o").arg(&object).arg(source)).unwrap();
    let copy = ["-O", "binary", "-j", ".text"];
    project::run(Command::new("aarch64-linux-gnu-objcopy").args(copy).arg(&object).arg(&theirs)).unwrap();
    assert!(fs::read(ours).unwrap() == fs::read(theirs).unwrap(), "{} and another", hex.display());
}

#[test]
fn t87_a_string_has_the_same_bytes_where_char_is_signed() {
    let folder = scratch("t87");
    let m1 = put(&base(&folder), "bin/M1", &folder);
    let text = folder.join("text.M1");
    fs::write(&text, "\"é\"\n").unwrap();
    let arguments = ["--little-endian", "--architecture", "amd64", "-f"];
    let hex = project::run(Command::new(m1).args(arguments).arg(text)).unwrap();
    assert_eq!(hex.trim(), "C3 A9 00");
}

// SPDX-License-Identifier: MIT
//! mescc-tools as the chain builds it, on the ARM architectures: the programs that upstream's tests make for ARMv7, which
//! upstream runs on such a machine only, run here in an emulator; AArch64 branches are those of the GNU assembler.
//! That the same programs come out on both of the chain's processors is a step of the chain itself.

use image_packer::host::sha256;
use image_packer::plan::{Arch, Plan};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::{corpus, project, scratch};
use xtask::bundle::{Node, Rootfs};
use xtask::chain::{self, Options};
use xtask::debian::PrivateApt;
use xtask::{pack, project};

/// The tools for this machine, upstream's tree, and a folder.
struct Tools {
    files: Rootfs,
    folder: PathBuf,
}

impl Tools {
    fn new(test: &str) -> Tools {
        let folder = scratch(test);
        let (_, closure) = pack::make(project(), Some("mes"), Arch::X86_64).unwrap();
        let plan = Plan::parse(&closure.plan).unwrap();
        let options = Options { reuse: true, until: Some("mes-test"), ..Options::default() };
        let files = chain::run_steps(project(), &plan, &closure, &folder, &options).unwrap().0;
        Tools { files, folder }
    }

    /// A file of the root, written where this machine can use it.
    fn put(&self, path: &str) -> PathBuf {
        let Some(Node::File { data, .. }) = self.files.get(path) else { panic!("{path} is not there") };
        let target = self.folder.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, data).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        target
    }

    /// A file of upstream's tree.
    fn upstream(&self, path: &str) -> PathBuf {
        self.put(&format!("src/mescc-tools-1.5.2/{path}"))
    }

    /// Runs M1 or hex2 on `inputs`, with `options`, and gives its output's name.
    fn run(&self, tool: &str, options: &[&str], inputs: &[&Path], output: &str) -> PathBuf {
        let output = self.folder.join(output);
        let mut command = Command::new(self.put(&format!("bin/{tool}")));
        command.arg("--little-endian").args(options).arg("-o").arg(&output);
        inputs.iter().for_each(|input| {
            command.arg("-f").arg(input);
        });
        project::run(&mut command).unwrap();
        output
    }
}

#[test]
fn t70_upstreams_programs_for_armv7_run() {
    let tools = Tools::new("t70");
    let packages = PrivateApt::open(project()).unwrap();
    let emulator =
        packages.unpacked(project(), "qemu-user-static", None).unwrap().join("usr/bin/qemu-arm-static");
    let armv7 = ["--architecture", "armv7l", "--base-address", "0x10000"];
    let run = |header: &str, parts: &[&Path]| -> Output {
        let hex = tools.run("M1", &armv7[..2], parts, "hex2");
        let header = tools.upstream(&format!("elf_headers/{header}.hex2"));
        let program = tools.run("hex2", &armv7, &[&header, &hex], "program");
        Command::new(&emulator).arg(program).output().unwrap()
    };
    let exits = tools.upstream("test/test10/exit_42.M1");
    assert_eq!(run("elf32-ARM", &[&exits]).status.code(), Some(42));
    for number in [11, 12] {
        let text = tools.upstream(&format!("test/test{number}/hello.M1"));
        let footer = tools.run("blood-elf", &[], &[&text], "footer.M1");
        let answer = fs::read_to_string(tools.upstream(&format!("test/test{number}/proof.answer"))).unwrap();
        let done = run("elf32-ARM-debug", &[&text, &footer]);
        assert!(done.status.success());
        assert_eq!(sha256(&done.stdout).to_string(), answer.split(' ').next().unwrap(), "{:?}", done.stdout);
    }
}

#[test]
fn t71_aarch64_branches_are_those_of_the_gnu_assembler() {
    let tools = Tools::new("t71");
    let definitions = tools.upstream("M2libc/aarch64/aarch64_defs.M1");
    let program = project().root.join("sources/mescc-tools/branches-aarch64.M1");
    let aarch64 = ["--architecture", "aarch64", "--base-address", "0x400078"];
    let hex = tools.run("M1", &aarch64[..2], &[&definitions, &program], "hex2");
    let ours = tools.run("hex2", &aarch64, &[&hex], "program");
    let (object, theirs) = (tools.folder.join("object"), tools.folder.join("theirs"));
    let source = corpus("programs/branches-aarch64.S");
    project::run(Command::new("aarch64-linux-gnu-as").arg("-o").arg(&object).arg(source)).unwrap();
    let copy = ["-O", "binary", "-j", ".text"];
    project::run(Command::new("aarch64-linux-gnu-objcopy").args(copy).arg(&object).arg(&theirs)).unwrap();
    assert!(fs::read(ours).unwrap() == fs::read(theirs).unwrap(), "another program: {}", hex.display());
}

#[test]
fn t72_a_string_has_the_same_bytes_where_char_is_signed() {
    let tools = Tools::new("t72");
    let text = tools.folder.join("text.M1");
    fs::write(&text, "\"é\"\n").unwrap();
    let hex = tools.run("M1", &["--architecture", "amd64"], &[&text], "hex2");
    assert_eq!(fs::read_to_string(hex).unwrap().trim(), "C3 A9 00");
}

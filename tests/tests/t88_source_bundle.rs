// SPDX-License-Identifier: MIT
//! The source bundle: unpacked in an empty folder, its scripts build the goal on plain Linux without our tools, to
//! the same digests; what is altered is found.

use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::{project, scratch};
use xtask::{pack, portable, project as host};

/// The bundle of a goal for this machine, unpacked.
fn bundle(goal: &str, test: &str) -> PathBuf {
    let (_, closure) = pack::make(project(), Some(goal), Arch::X86_64).unwrap();
    let answers = project().catalogue().unwrap().answers(goal, Arch::X86_64).unwrap();
    assert!(!answers.is_empty());
    let folder = scratch(test);
    let file = folder.join("bundle.tar");
    portable::write(&file, &closure, &answers).unwrap();
    host::run(Command::new("tar").arg("xf").arg(&file).arg("-C").arg(&folder)).unwrap();
    folder.join(format!("{goal}-x86_64"))
}

fn run(folder: &Path) -> Output {
    let mut command = Command::new("sh");
    command.arg(folder.join("run.sh")).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.output().unwrap()
}

#[test]
fn t88_scripts_build_the_goal_from_the_seed() {
    let folder = bundle("tcc", "t88");
    let ran = run(&folder);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("each as in ANSWERS.sha256"), "{ran:?}");
    let answers = fs::read(folder.join("ANSWERS.sha256")).unwrap();
    assert_eq!(fs::read(folder.join("work/OUTPUTS.sha256")).unwrap(), answers);
}

#[test]
fn t89_what_is_altered_is_found() {
    let folder = bundle("hex", "t89");
    let script = |word: &str, said: &str| {
        let ran = run(&folder);
        let text =
            format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(!ran.status.success() && text.contains(said), "{word}: {text}");
    };
    // An answer, an output's digest in a step, a command, a source.
    let alter = |file: &str, from: &str, to: &str| {
        let path = folder.join(file);
        let good = fs::read_to_string(&path).unwrap();
        assert!(good.contains(from), "{file} has no {from}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        move || fs::write(&path, &good).unwrap()
    };
    let restore = alter("ANSWERS.sha256", "build/hex0/cat", "build/hex0/dog");
    script("answer", "the outputs are not those of ANSWERS.sha256");
    restore();
    let restore = alter("steps/002-cat.sh", "output /build/hex0/cat ", "output /build/hex0/cat 0");
    script("digest", "cat: /build/hex0/cat has the wrong sha256");
    restore();
    let restore = alter("steps/002-cat.sh", "input /bin/hex0\n", "");
    script("command", "cat: status");
    restore();
    let restore = alter("src/hex0/cat-x86_64.hex0", "#", "##");
    script("source", "cat-x86_64.hex0: FAILED");
    restore();
    assert!(run(&folder).status.success());
}

// SPDX-License-Identifier: MIT
//! cc's assembler, objects, archives and linker against GNU's; and what they say about bad input.

mod cc;

use cc::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// cc, compiled by the host's gcc.
fn host_cc(dir: &Path) -> PathBuf {
    let program = dir.join("cc");
    succeed(
        Command::new("gcc")
            .args(["-std=gnu99", "-O1", "-w", "-D__FIRSTLIGHT_HOST__", "-o"])
            .arg(&program)
            .arg(repo("sources/cc/main.c")),
    );
    program
}

/// A command of `cc` for `arch`, without anything that the host might have in /include and /lib.
fn cc_for(cc: &Path, arch: &str) -> Command {
    let mut command = Command::new(cc);
    command.args(["-target", arch, "-nostdinc", "-nostdlib"]);
    command
}

fn binutil(arch: &str, tool: &str) -> Command {
    Command::new(format!("{arch}-linux-gnu-{tool}"))
}

/// The content of the named sections, and all relocations, as objdump shows them, sorted.
fn dump(arch: &str, object: &Path) -> Vec<String> {
    let mut command = binutil(arch, "objdump");
    command.args(["-sr", "-j", ".text", "-j", ".data", "-j", ".rodata.x", "-j", ".init_array"]);
    let text = String::from_utf8(succeed(command.arg(object))).unwrap();
    let mut lines: Vec<String> = text.lines().skip(2).map(str::to_owned).collect();
    lines.sort_unstable(); // GNU as puts the relocations of relaxed jumps last
    lines
}

#[test]
fn every_instruction_has_the_bytes_that_gnu_as_gives_it() {
    let dir = scratch("cc_objects_as");
    let cc = host_cc(&dir);
    for arch in ARCHES {
        let source = repo("tests/cc-asm").join(arch).with_extension("s");
        let [ours, theirs] = ["ours", "theirs"].map(|name| dir.join(format!("{name}-{arch}.o")));
        succeed(cc_for(&cc, arch).arg("-c").arg(&source).arg("-o").arg(&ours));
        succeed(binutil(arch, "as").arg(&source).arg("-o").arg(&theirs));
        let [ours, theirs] = [ours, theirs].map(|object| dump(arch, &object));
        assert!(theirs.len() > 100);
        for (line, other) in ours.iter().zip(&theirs) {
            assert_eq!(line, other, "{arch}");
        }
        assert_eq!(ours.len(), theirs.len(), "{arch}");
    }
}

const MAIN: &str = "
extern int first, second, common[4]; extern int each; extern int absent(void) __attribute__((weak));
int called(int); int *pointer = &second;
int main(void) {
    each += 2;
    return called(first) + *pointer + each + common[3] + (absent ? absent() : 0) == 1 + 2 + 42 ? 0 : 1;
}
";

const OTHER: &str = "
int first = 1, second = 2, common[4]; int each = 40;
static int from_data(int n) { return n; }
int (*table[])(int) = { from_data };
int called(int n) { return table[0](n); }
";

/// Two files, each compiled by `cc` or by gcc, the second in an archive of cc's or of GNU's, linked by cc or by gcc.
#[test]
fn objects_and_archives_link_with_gnus_both_ways() {
    let dir = scratch("cc_objects_link");
    let cc = host_cc(&dir);
    for (file, text) in [("main.c", MAIN), ("other_with_a_long_name.c", OTHER)] {
        fs::write(dir.join(file), text).unwrap();
    }
    for arch in ARCHES {
        let library = libc_by_gcc(arch, &dir);
        for mix in 0..16 {
            let compile = |file: &str, by_cc: bool| {
                let object = dir.join(file).with_extension("o");
                let mut command = if by_cc { cc_for(&cc, arch) } else { gcc(arch) };
                if !by_cc {
                    command.args(["-O1", "-fcommon", "-fno-pie"]);
                }
                succeed(command.arg("-c").arg(dir.join(file)).arg("-o").arg(&object));
                object
            };
            let main = compile("main.c", mix & 1 != 0);
            let other = compile("other_with_a_long_name.c", mix & 2 != 0);
            let archive = dir.join("libother.a");
            let _ = fs::remove_file(&archive);
            if mix & 4 != 0 {
                succeed(cc_for(&cc, arch).arg("-ar").arg("-o").arg(&archive).arg(&other));
            } else {
                succeed(binutil(arch, "ar").arg("rcs").arg(&archive).arg(&other));
            }
            let program = dir.join("program");
            if mix & 8 != 0 {
                succeed(cc_for(&cc, arch).args([&main, &archive, &library]).arg("-o").arg(&program));
            } else {
                let mut link = gcc(arch);
                link.args(["-nostdlib", "-static", "-no-pie"]).args([&main, &archive, &library]);
                succeed(link.arg("-o").arg(&program));
            }
            let done = feed(&mut command(arch, &program), b"");
            assert_eq!(done.status.code(), Some(0), "{arch}, mix {mix}");
        }
    }
}

/// Sources, given to the archiver or compiled many at a time, make the same objects as one at a time.
#[test]
fn archives_of_sources_hold_what_their_objects_would() {
    let dir = scratch("cc_objects_sources");
    let cc = host_cc(&dir);
    fs::write(dir.join("a.c"), MAIN).unwrap();
    fs::write(dir.join("b.c"), OTHER).unwrap();
    fs::write(dir.join("c.s"), ".globl c\nc:\n    .long 1\n").unwrap();
    let names = ["a", "b", "c"];
    let sources = ["a.c", "b.c", "c.s"];
    let run = |arguments: &[&str]| {
        let mut command = cc_for(&cc, "x86_64");
        command.current_dir(&dir).args(arguments);
        command
    };
    succeed(run(&["-c"]).args(sources));
    let together: Vec<_> = names.map(|name| fs::read(dir.join(name).with_extension("o")).unwrap()).into();
    for (source, object) in sources.iter().zip(&together) {
        succeed(&mut run(&["-c", "-o", "one.o", source]));
        assert!(fs::read(dir.join("one.o")).unwrap() == *object, "{source}");
    }
    succeed(run(&["-ar", "-o", "objects.a"]).args(names.map(|name| format!("{name}.o"))));
    succeed(run(&["-ar", "-o", "sources.a"]).args(sources));
    assert!(fs::read(dir.join("objects.a")).unwrap() == fs::read(dir.join("sources.a")).unwrap());
    assert!(!dir.join("sources.a.o").exists());
    succeed(&mut run(&["-ar", "-o", "empty.a"]));
    assert!(succeed(Command::new("ar").arg("t").arg(dir.join("empty.a"))).is_empty());
    fs::write(dir.join("b.c"), "int x = ;").unwrap();
    for output in ["bad.a", "bad.o"] {
        let done =
            feed(run(&[if output == "bad.a" { "-ar" } else { "-c" }, "-o", output]).args(&sources[..2]), b"");
        assert_eq!(done.status.code(), Some(1));
        assert!(!dir.join(output).exists());
    }
}

/// A linked program, and what readelf says about its segments: code is not writable, data is not executable.
#[test]
fn segments_have_one_protection_and_equal_inputs_give_equal_programs() {
    let dir = scratch("cc_objects_segments");
    let cc = host_cc(&dir);
    let source = dir.join("a.c");
    fs::write(&source, "int data = 1; const int constant = 2; int main(void) { return data + constant; }")
        .unwrap();
    for arch in ARCHES {
        let programs = ["one", "two"].map(|name| {
            let program = dir.join(name);
            succeed(cc_for(&cc, arch).args(["-e", "main"]).arg(&source).arg("-o").arg(&program));
            fs::read(&program).unwrap()
        });
        assert_eq!(programs[0], programs[1]);
        let text = succeed(binutil(arch, "readelf").arg("-lW").arg(dir.join("one")));
        let text = String::from_utf8(text).unwrap();
        let loads: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("LOAD")).collect();
        assert_eq!(loads.len(), 3, "{text}");
        for (load, flags) in loads.iter().zip([" R   ", " R E ", " RW  "]) {
            assert!(load.contains(flags), "{load}");
        }
    }
}

/// Runs cc on a file that it must refuse, and returns what it says; no output may be left.
fn refused(dir: &Path, cc: &Path, name: &str, content: &[u8]) -> String {
    let [file, output] = [name, "output"].map(|name| dir.join(name));
    fs::write(&file, content).unwrap();
    let mut command = cc_for(cc, "x86_64");
    if name.ends_with('s') {
        command.arg("-c");
    }
    let done = feed(command.arg(&file).arg("-o").arg(&output), b"");
    assert_eq!(done.status.code(), Some(1), "{name}");
    assert!(!output.exists(), "{name}");
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn bad_input_is_named_with_its_file_and_line() {
    let dir = scratch("cc_objects_bad");
    let cc = host_cc(&dir);
    for (text, message) in [
        ("nop\n frobnicate %eax\n", "a.s:2: error: unknown instruction"),
        ("nop\n.frob\n", "a.s:2: error: unknown directive .frob"),
        ("add %al, %ebx\n", "a.s:1: error: bad operands for add"),
        ("x: nop\nx: nop\n", "a.s:2: error: x is already defined"),
        ("jmp 1f\n", "error: local label 1 is not defined"),
        (".align 3\n", "a.s:1: error: the alignment is no power of two"),
        (".ascii \"x\n", "a.s:1: error: string without its end"),
    ] {
        let said = refused(&dir, &cc, "a.s", text.as_bytes());
        assert!(said.contains(message), "{text:?}: {said}");
    }
    let object = dir.join("good.o");
    fs::write(dir.join("good.s"), ".globl _start\n_start: call missing\n").unwrap();
    succeed(cc_for(&cc, "x86_64").arg("-c").arg(dir.join("good.s")).arg("-o").arg(&object));
    let good = fs::read(&object).unwrap();
    let said = refused(&dir, &cc, "undefined.o", &good);
    assert!(said.contains("undefined.o: error: undefined symbol missing"), "{said}");
    for length in (0..good.len()).step_by(7) {
        let said = refused(&dir, &cc, "cut.o", &good[..length]);
        assert!(said.contains("cut.o: error: ") || said.contains("undefined"), "{length}: {said}");
    }
    let said = refused(
        &dir,
        &cc,
        "cut.a",
        b"!<arch>\n/               0           0     0     644     99999     `\n",
    );
    assert!(said.contains("cut.a: error: truncated archive"), "{said}");
}

#[test]
fn a_folder_of_headers_that_is_named_twice_is_searched_once() {
    let dir = scratch("cc_objects_folders");
    let cc = host_cc(&dir);
    for (folder, text) in [("first", "#include_next <x.h>\n"), ("second", "int x;\n")] {
        fs::create_dir(dir.join(folder)).unwrap();
        fs::write(dir.join(folder).join("x.h"), text).unwrap();
    }
    fs::write(dir.join("a.c"), "#include <x.h>\nint *p = &x;\n").unwrap();
    let mut command = cc_for(&cc, "x86_64");
    command.current_dir(&dir).args(["-Ifirst", "-Ifirst", "-Isecond", "-c", "-o", "a.o", "a.c"]);
    succeed(&mut command);
}

// SPDX-License-Identifier: MIT
//! The goal `base`: its fixed points, and that its compilers work. `t97_base_root.rs` makes it on the boards.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use nix::sys::resource::{UsageWho, getrusage};
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::base::{self, Case};
use tests::{corpus, monitor, scratch};
use xtask::exec::Root;
use xtask::{chain, project as host};

/// Pairs of programs that are equal when the compilers say of themselves what others say of them.
const FIXED: [(&str, &str); 3] = [
    ("bin/cc", "build/cc-by-cc/cc"),
    ("bin/cc", "build/cc-again/cc"),
    ("bin/tcc", "build/tcc-with-musl/tcc"),
];

fn fixed_points(arch: Arch) {
    let digests = chain::outputs(&base::bundle(arch)).unwrap();
    for (program, again) in FIXED {
        assert_eq!(digests[program], digests[again], "{arch}: {program} and {again} differ");
    }
    assert_ne!(digests["bin/cc"], digests["build/cc-by-tcc/cc"], "TinyCC's code is not cc's");
}

#[test]
fn t90_fixed_points_under_linux() {
    fixed_points(Arch::X86_64);
}

#[test]
#[ignore = "two minutes under a user-mode emulator"]
fn t91_fixed_points_under_linux_aarch64() {
    fixed_points(Arch::Aarch64);
}

/// Tests of TinyCC's own suite that cannot pass here: `docs/tinycc.md`.
fn not_here(arch: Arch, test: &str) -> bool {
    let number: u32 = test.split('_').next().unwrap().trim_end_matches('+').parse().unwrap();
    match number {
        34 | 98 | 99 => true,        // skipped by upstream's own makefile
        60 | 96 => true, // many programs in a file, each run in memory that is writable and executable
        112..=117 => true, // bounds checking, back-traces and shared libraries are configured off
        73 => arch == Arch::X86_64, // AArch64's calling convention
        85 => arch == Arch::Aarch64, // x86's assembly
        _ => false,
    }
}

/// Compiles every program of TinyCC's tests2 to a file with /bin/tcc, runs it, and compares with what upstream
/// expects.
fn tests2(board: &str) {
    let arch = monitor::board(board).0.arch();
    let mut root = base::root(arch);
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    for (path, entry) in base::upstream("tcc") {
        let Some(file) = path.strip_prefix("tests/tests2/") else { continue };
        if let Some(name) = file.strip_suffix(".expect")
            && !not_here(arch, name)
        {
            let other = if name == "104_inline" { " 104+_inline.c" } else { "" };
            let dollars = if name.starts_with("76_") { "-fdollars-in-identifiers " } else { "" };
            let arguments = match name {
                "31_args" => "arg1 arg2 arg3 arg4 arg5",
                "46_grep" => "[^*\x1d]*[:a:d:\x1d]+\\:\\*-/:\x1d$ 46_grep.c",
                _ => "",
            };
            cases.push(Case {
                name: name.into(),
                commands: vec![
                    format!("/bin/tcc {dollars}-o /tmp/a.out {name}.c{other}"),
                    format!("/tmp/a.out {arguments}"),
                ],
            });
            expected.push((name.to_owned(), entry.data().unwrap().to_vec()));
        }
        root.files.insert(format!("tests2/{file}"), entry);
    }
    assert!(cases.len() > 90);
    let results = base::suite(board, root, "/tests2", &cases);
    let squeeze = |text: &[u8]| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        String::from_utf8_lossy(text).lines().map(words).collect()
    };
    let mut wrong = Vec::new();
    for (name, text) in &expected {
        let (output, status) = &results[name];
        let (found, wanted) = (squeeze(output), squeeze(text));
        if found != wanted {
            let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
            eprintln!(
                "{name}: status {status}\n  expected {:?}\n  found    {:?}",
                wanted.get(at),
                found.get(at)
            );
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{arch}: {wrong:?} fail");
    eprintln!("{arch}: {} pass", cases.len());
}

#[test]
fn t92_tinyccs_tests_on_pc() {
    tests2("pc");
}

#[test]
#[ignore = "two minutes under a user-mode emulator before it begins"]
fn t93_tinyccs_tests_on_virt() {
    tests2("virt");
}

/// In the finished root, a user compiles a program with either compiler, from files and from objects.
#[test]
fn t94_a_user_compiles_and_runs_a_program() {
    const MAIN: &str = "#include <math.h>\n#include <stdio.h>\n#include <wchar.h>\nlong double twice(long double);\n\
        int main(void) { printf(\"%.10g %Lg %ls\\n\", sin(1.0), twice(21), L\"wide\"); return 7; }\n";
    const OTHER: &str = "long double twice(long double x) { return x * 2; }\n";
    let mut root = base::root(Arch::X86_64);
    for (name, text) in [("main.c", MAIN), ("other.c", OTHER)] {
        root.files.insert(
            format!("home/{name}"),
            Entry::File { executable: false, data: text.as_bytes().to_vec() },
        );
    }
    let mut cases = Vec::new();
    for main in COMPILERS {
        cases.push(Case {
            name: main.into(),
            commands: vec![format!("{main} main.c other.c -o /tmp/program -lm"), "/tmp/program".into()],
        });
    }
    for (name, (output, status)) in base::suite("pc", root, "/home", &cases) {
        assert_eq!((output.as_slice(), status), (b"0.8414709848 42 wide\n".as_slice(), 7), "{name}");
    }
}

/// Programs of the chain, each compiled by both compilers: name, folder in the closure, the compilers' words, and the
/// work that they do, in a folder with all programs.
const COMPARED: [(&str, &str, &str, &str); 3] = [
    ("cc", "src/cc", "-D__FIRSTLIGHT_HOST__ main.c", "-c src/cc/main.c -o main.o"),
    (
        "bzip2",
        "src/bzip2-1.0.8",
        "blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c bzip2.c",
        "-kf plan",
    ),
    ("lua", "src/lua-5.4.7/src", "-DLUA_USE_POSIX *.c -lm", "work.lua"),
];

/// What Lua does: calls, strings, a sort.
const LUA: &str = "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n\
    local t = {}\nfor i = 1, 200000 do t[i] = tostring(i * 7 % 1000) end\ntable.sort(t)\nprint(fib(27), #table.concat(t))\n";

/// Bytes of a program file that are loaded.
fn loaded(program: &Path) -> u64 {
    let file = fs::read(program).unwrap();
    let word = |at: usize, len: usize| (0..len).rev().fold(0, |word, i| word << 8 | u64::from(file[at + i]));
    let header = |index: u64| (word(32, 8) + index * word(54, 2)) as usize;
    let loads = (0..word(56, 2)).map(header).filter(|&at| word(at, 4) == 1);
    loads.map(|at| word(at + 32, 8)).sum()
}

/// cc's programs are no larger than TinyCC's of the same sources; how long they take natively is printed.
#[test]
fn t145_ccs_programs_beside_tinyccs() {
    let folder = scratch("t145");
    let (root, work) = (folder.join("root"), folder.join("root/tmp/work"));
    fs::create_dir(&root).unwrap();
    let bundle = base::bundle(Arch::X86_64);
    host::run(Command::new("tar").arg("xf").arg(bundle.join("rootfs.tar")).arg("-C").arg(&root)).unwrap();
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("work.lua"), LUA).unwrap();
    let shell = |script: &str| {
        let ran = base::chroot(&root)
            .args(["/bin/sh", "-ec", &format!("cd /tmp/work; {script}")])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{script}:\n{}", String::from_utf8_lossy(&ran.stderr));
    };
    shell("tar xf /src/closure.tar; rm src/lua-5.4.7/src/luac.c; head -c 4000000 /src/closure.tar > plan");
    for (name, home, words, job) in COMPARED {
        let [ours, theirs] = ["cc", "tcc"].map(|compiler| {
            shell(&format!("cd {home}; /bin/{compiler} -o /tmp/work/{name}.by-{compiler} {words}"));
            let before = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().user_time();
            shell(&format!("for i in 1 2 3; do ./{name}.by-{compiler} {job}; done"));
            let time = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().user_time() - before;
            let seconds = time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
            (loaded(&work.join(format!("{name}.by-{compiler}"))), seconds)
        });
        eprintln!(
            "{name}: {} bytes by cc, {} by TinyCC; {:.3} s, {:.3} s",
            ours.0, theirs.0, ours.1, theirs.1
        );
        assert!(0 < ours.0 && ours.0 <= theirs.0, "{name}: {} bytes, TinyCC's {}", ours.0, theirs.0);
    }
    fs::remove_dir_all(&folder).unwrap();
}

const COMPILERS: [&str; 2] = ["/bin/cc", "/bin/tcc"];

/// What main.c and other.c of tests/base/mix print, whoever compiles them.
const MIXED: &str = "66530 ` 41\n3298534883337 -7\n6.25 -2.75\ntwo 6 2.5 2\n7.000\n16 three:  2.2:-1:!\n2 1 0\n\
    9 1034\n9 7 3 -4\n";

/// An object by GNU's compiler with the root's headers. Both linkers of the root take it: there is nothing in it for
/// shared libraries and nothing of libgcc's, and on AArch64 addresses are whole words, since TinyCC's linker does not
/// know the relocations of narrow loads.
fn gcc_object(arch: Arch, folder: &Path, source: &str) -> Vec<u8> {
    let object = folder.join("by-gcc.o");
    let mut gcc = Command::new(format!("{arch}-linux-gnu-gcc"));
    gcc.args(["-O2", "-c", "-w", "-fno-pic", "-fno-stack-protector", "-nostdinc", "-isystem"]);
    gcc.arg(folder.join("include"));
    gcc.args(match arch {
        Arch::Aarch64 => &["-mcmodel=large", "-mpc-relative-literal-loads"][..],
        Arch::X86_64 => &["-fcf-protection=none"],
    });
    gcc.arg("-o").arg(&object).arg(corpus(&format!("base/mix/{source}")));
    host::run(&mut gcc).unwrap_or_else(|error| panic!("{error:#}"));
    fs::read(object).unwrap()
}

/// The two halves of a program by each pair of the three compilers, linked by both linkers of the root, and run.
fn mixed(board: &str, test: &str) {
    let arch = monitor::board(board).0.arch();
    let folder = scratch(test);
    let mut root = base::root(arch);
    for (path, entry) in root.files.iter().filter(|(path, _)| path.starts_with("include/")) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, entry.data().unwrap()).unwrap();
    }
    let add = |root: &mut Root, name: String, data: Vec<u8>| {
        root.files.insert(format!("home/{name}"), Entry::File { executable: false, data });
    };
    for source in ["main.c", "other.c", "mix.h"] {
        add(&mut root, source.into(), fs::read(corpus(&format!("base/mix/{source}"))).unwrap());
        if source.ends_with(".c") {
            add(&mut root, source.replace(".c", ".gcc.o"), gcc_object(arch, &folder, source));
        }
    }
    let mut cases = Vec::new();
    for compiler in COMPILERS {
        for half in ["main", "other"] {
            cases.push(Case {
                name: format!("{compiler} {half}"),
                commands: vec![format!("{compiler} -c {half}.c -o {half}.{}.o", &compiler[5..])],
            });
        }
    }
    for main in ["cc", "tcc", "gcc"] {
        for other in ["cc", "tcc", "gcc"] {
            // What TinyCC's code calls of its own library.
            for linker in ["/bin/cc", "/bin/tcc"] {
                let library = if linker == "/bin/cc" { " /lib/tcc/libtcc1.a" } else { "" };
                cases.push(Case {
                    name: format!("main by {main}, other by {other}, linked by {linker}"),
                    commands: vec![
                        format!("{linker} main.{main}.o other.{other}.o -o /tmp/program{library}"),
                        "/tmp/program".into(),
                    ],
                });
            }
        }
    }
    let mut wrong = Vec::new();
    for (name, (output, status)) in base::suite(board, root, "/home", &cases) {
        let expected = if name.starts_with('/') { (String::new(), 0) } else { (MIXED.to_owned(), 96) };
        let found = (String::from_utf8_lossy(&output).into_owned(), status);
        if found != expected {
            wrong.push(format!("{name}: status {status}\n{}", found.0));
        }
    }
    assert!(wrong.is_empty(), "{arch}:\n{}", wrong.join("\n"));
}

#[test]
fn t143_objects_of_three_compilers_on_pc() {
    mixed("pc", "t143");
}

#[test]
#[ignore = "two minutes under a user-mode emulator before it begins"]
fn t144_objects_of_three_compilers_on_virt() {
    mixed("virt", "t144");
}

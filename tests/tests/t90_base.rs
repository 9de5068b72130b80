// SPDX-License-Identifier: MIT
//! The goal `base`: its fixed points, and that its compilers work. `t97_base_root.rs` makes it on the boards.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use tests::base::{self, Case};
use tests::monitor;
use xtask::chain;

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
                    format!("/bin/tcc -static {dollars}-o /tmp/a.out {name}.c{other}"),
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

/// In the finished root, a user compiles and runs a program, with either compiler; objects of both link.
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
    let compilers = ["/bin/cc", "/bin/tcc -static"];
    let mut cases = Vec::new();
    for main in compilers {
        for other in compilers {
            for link in compilers {
                cases.push(Case {
                    name: format!("{main}, {other}, {link}"),
                    commands: vec![
                        format!("{main} -c main.c -o /tmp/main.o"),
                        format!("{other} -c other.c -o /tmp/other.o"),
                        format!("{link} /tmp/main.o /tmp/other.o -o /tmp/program"),
                        "/tmp/program".into(),
                    ],
                });
            }
        }
        cases.push(Case {
            name: main.into(),
            commands: vec![format!("{main} main.c other.c -o /tmp/program -lm"), "/tmp/program".into()],
        });
    }
    for (name, (output, status)) in base::suite("pc", root, "/home", &cases) {
        assert_eq!((output.as_slice(), status), (b"0.8414709848 42 wide\n".as_slice(), 7), "{name}");
    }
}

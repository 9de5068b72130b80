// SPDX-License-Identifier: MIT
//! c1: compiled by c0, by gcc and by itself it writes the same text; the programs of tests/cc/run; its messages.

mod seed;

use seed::chain::{self, Chain};
use seed::*;
use std::path::{Path, PathBuf};

/// Makes a program of C1 with the program `c1` of the chain.
fn compile(chain: &Chain, c1: &str, source: &Path, to: &str) {
    let define = PathBuf::from(format!("-D__{}__", chain.arch));
    let made = chain.output(c1, &[&define, source], b"");
    let made_file = chain.dir.join(format!("{to}.m"));
    std::fs::write(&made_file, made).unwrap();
    let [table, start, _] = chain.prelude();
    chain.install(to, &chain.output("masm", &[&table, &start, &made_file], b""));
}

#[test]
fn by_c0_by_gcc_and_by_itself() {
    let c1 = repo("sources/c1/c1.c");
    let mut texts = Vec::new();
    for arch in ARCHES {
        let chain = Chain::up_to("c1", arch, "seed_c1_itself");
        chain::gcc(arch, &c1, &chain.dir.join("by-gcc"));
        let text = chain.output("c1", &[&c1], b"");
        std::fs::write(chain.dir.join("itself.m"), &text).unwrap();
        chain.install("by-itself", &chain.masm(&chain.dir.join("itself.m")));
        for other in ["by-gcc", "by-itself"] {
            assert_same(other, &chain.output(other, &[&c1], b""), &text);
        }
        texts.push(text);
    }
    assert_same("the text does not know the processor", &texts[0], &texts[1]);
}

#[test]
fn cc_by_c0s_c1_and_by_gccs() {
    let cc = repo("sources/cc/main.c");
    let arch = std::env::consts::ARCH;
    let chain = Chain::up_to("c1", arch, "seed_c1_cc");
    chain::gcc(arch, &repo("sources/c1/c1.c"), &chain.dir.join("by-gcc"));
    for target in ARCHES {
        let define = PathBuf::from(format!("-D__{target}__"));
        let [by_c0, by_gcc] = ["c1", "by-gcc"].map(|c1| chain.output(c1, &[&define, &cc], b""));
        assert_same(target, &by_c0, &by_gcc);
    }
}

#[test]
fn the_programs_of_the_compilers_tests() {
    for arch in ARCHES {
        let chain = Chain::up_to("c1", arch, "seed_c1_programs");
        let mut count = 0;
        for file in std::fs::read_dir(repo("tests/cc/run")).unwrap() {
            let file = file.unwrap().path();
            let is_for_cc = |text: String| text.contains("// stage: cc\n");
            if file.extension() != Some("c".as_ref()) || is_for_cc(std::fs::read_to_string(&file).unwrap()) {
                continue;
            }
            compile(&chain, "c1", &file, "program");
            let done = chain.run("program", &[], b"");
            let printed = String::from_utf8_lossy(&done.stdout);
            let what = format!("{arch} {}: {}: {printed}", file.display(), done.status);
            assert!(done.status.success() && printed.starts_with("ok"), "{what}");
            count += 1;
        }
        assert!(count >= 15, "{count} programs");
    }
}

#[test]
fn messages() {
    let chain = Chain::up_to("c1", std::env::consts::ARCH, "seed_c1_messages");
    for (text, message) in [
        ("int f(void) {\n\treturn x;\n}\n", ":2: this name is not declared\n\treturn x;\n\t       ^\n"),
        (
            "int f(void) { return 1 }",
            ":1: ';' is missing\nint f(void) { return 1 }\n                       ^\n",
        ),
        ("#define A b\nint c = A;\n", ":1: this name is not declared\n#define A b\n          ^\n"),
        ("float f;", ":1: a type is missing\n"),
        ("int a; char a;", ":1: this name is declared already\n"),
        ("int f(void) { int a; int a; }", ":1: this name is declared already\n"),
        ("int f(void) { return 0; } int f(void) { return 1; }", ":1: this is defined already\n"),
        ("void f(void) { return 1; }", ":1: this function returns nothing\n"),
        ("int f(int a) { return f(); }", ":1: too few arguments\n"),
        ("int f(int a) { return f(1, 2); }", ":1: too many arguments\n"),
        ("int f(int a) { return a(); }", ":1: this is no function\n"),
        ("int f(int a) { return *a; }", ":1: this is no pointer\n"),
        ("int f(int a) { 1 = a; }", ":1: this cannot be assigned to\n"),
        ("int f(int a) { return a.b; }", ":1: this is no struct\n"),
        ("struct S { int a; }; int f(struct S *s) { return s->b; }", ":1: there is no such member\n"),
        (
            "struct S { int a; }; int f(struct S *s) { return *s + 1; }",
            ":1: a struct cannot be used as a value\n",
        ),
        ("struct S s;", ":1: the size is not known\n"),
        ("int f(int a) { static int b = a; }", ":1: this is not constant\n"),
        ("int f(int a) { int b[2] = {1}; }", ":1: a local array or struct takes no initialiser in C1\n"),
        ("int f(int a) { switch (a) { default: default: ; } }", ":1: this default is there already\n"),
        ("int f(int a) { break; }", ":1: this is in no loop\n"),
        ("int f(int a) { case 1: ; }", ":1: this is in no switch\n"),
        ("int f(int a) {", ":1: '}' is missing\n"),
        ("int a = 99999999999999999999;", ":1: the number is too large\n"),
        ("unsigned long a = 18446744073709551616;", ":1: the number is too large\n"),
        ("long a = 0x10000000000000000;", ":1: the number is too large\n"),
        ("int a = 0x;", ":1: bad number\n"),
        ("#define f f\nint f;", ":1: the program is too large\n"),
        ("struct S { int a; }; struct S { int b; };", ":1: this is defined already\n"),
        ("int f(int a) { enum { B = (a, 1) }; }", ":1: this is not constant\n"),
        ("int a = 09;", ":1: bad number\n"),
        ("int a = 1x;", ":1: bad number\n"),
        ("int a = 'ab';", ":1: bad character constant\n"),
        ("char *a = \"\\q\";", ":1: unknown escape\n"),
        ("char *a = \"open\n\";", ":1: the quote is not closed\n"),
        ("/* open", ":1: the comment is not closed\n"),
        ("#if 1\n#endif\n", ":1: unknown directive\n"),
        ("#define A(x) x\n", ":1: macros with parameters are not in C1\n"),
        ("#ifdef A\n", ":1: #endif is missing\n"),
        ("#endif\n", ":1: #endif without #ifdef\n"),
        ("#include \"missing.h\"\n", ":1: the file cannot be read\n"),
        ("int a[-1];", ":1: the size is negative\n"),
    ] {
        chain.refuses("c1", &[], ".c", text, message);
    }
    let done = chain.run("c1", &[&chain.dir.join("missing.c")], b"");
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(1), &b""[..]));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "c1: the file cannot be read\n");
}

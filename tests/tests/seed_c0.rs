// SPDX-License-Identifier: MIT
//! c0: its subset means what gcc takes it to mean, its text is the same on both architectures, and its messages.

mod seed;

use seed::chain::{self, Chain};
use seed::*;

#[test]
fn the_subset_means_the_same_to_gcc() {
    let source = repo("tests/seed/subset.c");
    let mut texts = Vec::new();
    for arch in ARCHES {
        let chain = Chain::up_to("c0", arch, "seed_c0_subset");
        let made = chain.output("c0", &[&source], b"");
        std::fs::write(chain.dir.join("subset.m"), &made).unwrap();
        chain.install("by-c0", &chain.masm(&chain.dir.join("subset.m")));
        chain::gcc(arch, &source, &chain.dir.join("by-gcc"));
        let [by_c0, by_gcc] = ["by-c0", "by-gcc"].map(|program| chain.run(program, &[], b""));
        assert_eq!(by_c0.status.code(), Some(7), "{arch}");
        assert_eq!(by_gcc.status.code(), Some(7), "{arch}");
        assert_same(arch, &by_c0.stdout, &by_gcc.stdout);
        assert!(by_c0.stdout.starts_with(b"6765\n"));
        texts.push(made);
    }
    assert_same("the text does not know the processor", &texts[0], &texts[1]);
}

#[test]
fn messages() {
    let chain = Chain::up_to("c0", std::env::consts::ARCH, "seed_c0_messages");
    for (text, message) in [
        ("long f() {\n    return x;\n}", ":2: not declared: x"),
        ("long f() { g(); }", ":1: not declared: g"),
        ("int x;", ":1: a type is missing: int"),
        ("long 5;", ":1: a name is missing: 5"),
        ("long f() { return 1 }", ":1: unexpected token: }"),
        ("long f() { 1 = 2; }", ":1: cannot be assigned to: ="),
        ("long f(long a) { return *a; }", ":1: no pointer: ;"),
        ("long f() { break; }", ":1: not in a loop: break"),
        ("long f() { return 99999999999999999999; }", ":1: bad number: 999999999"),
        ("long f() { return 1x; }", ":1: bad number: 1"),
        ("long f() { return 'ab'; }", ":1: bad character: 'a"),
        ("long f() { return \"\\q\"; }", ":1: bad character: \""),
        ("long f() {\n\n", ":3: the text ends too early: "),
        ("/* open", ":1: the text ends too early: "),
        ("long a[x];", ":1: not declared: x"),
        ("long f() { return $; }", ":1: unexpected token: $"),
    ] {
        chain.refuses("c0", &[], ".c", text, message);
    }
    let done = chain.run("c0", &[&chain.dir.join("missing.c")], b"");
    assert_eq!((done.status.code(), &done.stdout[..]), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&done.stderr).ends_with("missing.c: cannot be read\n"));
}

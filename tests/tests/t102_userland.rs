// SPDX-License-Identifier: MIT
//! The root file system of `base` in use: its shell and tools, make, and programs that were built with them.

use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::fs;
use tests::{assert_same, base, corpus, linux, monitor};
use xtask::exec::Root;

/// A long session of the shell: our busybox does the same under Debian's kernel and under the monitor.
#[test]
#[ignore = "boots Debian's kernel after a build of minutes"]
fn t102_a_session_on_pc() {
    let base = base::root(Arch::X86_64);
    let mut root = Root::default();
    root.folders.push("tmp".into());
    root.program("bin/busybox", base.files["bin/busybox"].data().unwrap().to_vec());
    let session = fs::read(corpus("busybox/session.sh")).unwrap();
    root.files.insert("session.sh".into(), Entry::File { executable: false, data: session });
    let line = "/ref/busybox env -i /bin/busybox sh /session.sh".to_owned();
    let expected = linux::run_all(Arch::X86_64, &root, &[("session".into(), line)]).unwrap();
    let expected = &expected["session"];
    assert!(expected.output.ends_with("end\n"), "the session did not end under Linux:\n{}", expected.output);
    let (found, _) = monitor::run("pc", &root, &["/bin/busybox", "sh", "/session.sh"], &[]);
    assert_same("the session", expected, &found);
}

/// What a user does: programs say what they are, a makefile with rules builds a library and a program, an archive
/// and a patch go there and back.
const SCRIPT: &str = r#"set -e
busybox | sed -n '1s/ (.*//p'
busybox --list | wc -l
make --version | head -n 1
lua -v
mkdir work && cd work
cat > Makefile <<'X'
program: main.o libsum.a
	cc -o $@ main.o libsum.a
libsum.a: sum.o
	ar rc $@ $^ && ranlib $@
%.o: %.c sum.h
	cc -c -o $@ $<
X
echo 'int sum(int, int);' > sum.h
printf '#include "sum.h"\nint sum(int a, int b) { return a + b; }\n' > sum.c
cat > main.c <<'X'
#include <stdio.h>
#include <zlib.h>
#include "sum.h"
int main(void) { printf("%d %.3f %s\n", sum(40, 2), 2.0 / 3, zlibVersion()); return 0; }
X
make program.txt 2> /dev/null || echo no rule
sed -i 's/^program: .*/&/; s/cc -o $@ main.o libsum.a/& -L\/usr\/lib -lz/; s/cc -c/& -I\/usr\/include/' Makefile
make -s && ./program
make
touch sum.c && make -n | wc -l
cp main.c old.c && sed -i 's/40, 2/1, 1/' main.c
diff -u old.c main.c > change || true
patch old.c < change > /dev/null && cmp old.c main.c && echo patched
tar czf ../work.tar.gz . && mkdir ../copy && tar xzf ../work.tar.gz -C ../copy && diff -r . ../copy && echo same
head -c 100000 /bin/busybox > data
bzip2 -k data && /usr/bin/bzip2 -dc data.bz2 | cmp - data && /usr/bin/bzip2 -c data | bunzip2 | cmp - data && echo bzip2
echo 'for i = 1, 3 do io.write(i, " ") end print(#arg)' > x.lua && lua x.lua a b
find . -name '*.o' | sort | xargs -n 1 basename
awk 'BEGIN { printf "%.6f\n", exp(1) }'
"#;

const PRINTED: &str = "BusyBox v1.37.0\n165\nGNU Make 4.4.1\nLua 5.4.7  Copyright (C) 1994-2024 Lua.org, PUC-Rio\n\
    no rule\n42 0.667 1.3.1\nmake: 'program' is up to date.\n3\npatched\nsame\nbzip2\n1 2 3 2\nmain.o\nsum.o\n2.718282\n";

#[test]
#[ignore = "after a build of minutes"]
fn t103_make_and_tools_on_pc() {
    let mut root = base::root(Arch::X86_64);
    let script = SCRIPT.as_bytes().to_vec();
    root.files.insert("script".into(), Entry::File { executable: false, data: script });
    let (found, _) =
        monitor::run("pc", &root, &["/bin/busybox", "sh", "/script"], &["PATH=/bin:/usr/bin", "LC_ALL=C"]);
    assert_eq!((found.output.as_str(), found.status), (PRINTED, 0));
}

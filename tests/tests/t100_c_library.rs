// SPDX-License-Identifier: MIT
//! musl as cc compiles it, against tests that were written for other C libraries: those of picolibc (which has
//! Rich Felker's libc-testsuite and newlib's tests in its tree), from Debian's source package.
//!
//! `docs/musl.md` says what fails and why. Each status below is also that of the same program with musl as GCC
//! compiles it (Debian's musl-dev 1.2.3, compared on x86_64).

use image_packer::host::catalogue::Origin;
use std::collections::BTreeMap;
use tests::base::{self, Case};
use tests::monitor;

/// Where the tests are.
fn picolibc() -> Origin {
    Origin {
        url: None,
        debian: Some("picolibc=1.8.10-2".into()),
        file: "picolibc_1.8.10.orig.tar.gz".into(),
        sha256: "d1fc2a20f217472f8d9da084a519a25678e8d91852a41c7f3f1840d3508f7163".into(),
        strip: 1,
        take: Vec::new(),
        patches: Vec::new(),
    }
}

/// Files that are no programs, or that use what only picolibc, newlib or glibc has.
const NOT_FOR_MUSL: &str = "\
    test/complex-funcs test/constructor-skip test/fenv test/lock-valid test/malloc test/math-funcs test/math_errhandling \
    test/math_errhandling_tests test/native-locks test/on_exit test/rounding-mode test/rounding-mode-sub \
    test/stack-smash test/test-atomic test/test-efcvt test/test-flockfile test/test-fma test/test-funopen test/test-memcpy_s \
    test/test-memmove_s test/test-memset_s test/test-sprintf_s test/test-strcat_s test/test-strcpy_s \
    test/test-strerror_s test/test-strerrorlen_s test/test-strncat_s test/test-strncpy_s test/test-strnlen_s \
    test/test-uchar test/test-ubsan test/test-vfprintf_s test/test-vsnprintf_s test/testcases test/tls test/try-ilp32 \
    test/try-ilp32-sub newlib/testsuite/newlib.iconv/iconvnm newlib/testsuite/newlib.search/hsearchtest \
    newlib/testsuite/newlib.stdlib/atexit newlib/testsuite/newlib.wctype/twctype";

/// Programs that do not end with 0, and how they end.
const OTHER_STATUS: [(&str, u8); 12] = [
    ("test/abort", 134),
    ("test/test-except", 132),
    ("test/test-gets", 1),
    ("test/test-scmpu", 77),
    ("newlib/testsuite/newlib.iconv/iconvjp", 77),
    ("newlib/testsuite/newlib.time/asctime", 139),
    ("test/printf-tests", 139),
    ("test/printf_scanf", 1),
    ("test/t_fmemopen", 134),
    ("test/test-ctype", 1),
    ("test/test-raise", 1),
    ("test/libc-testsuite/sscanf", 1),
];

fn c_library(board: &str) {
    let arch = monitor::board(board).0.arch();
    let mut root = base::root(arch);
    let mut cases = Vec::new();
    for (path, entry) in base::tarball(&picolibc()) {
        let Some(name) = path.strip_suffix(".c") else {
            if path.ends_with(".h") && (path.starts_with("test/") || path.starts_with("newlib/testsuite/")) {
                root.files.insert(format!("tests/{path}"), entry);
            }
            continue;
        };
        let depth = path.split('/').count();
        let program = match path.split('/').next() {
            Some("test") => depth == 2 || path.starts_with("test/libc-testsuite/"),
            Some("newlib") => path.starts_with("newlib/testsuite/") && depth == 4,
            _ => false,
        };
        if !program {
            continue;
        }
        if !NOT_FOR_MUSL.split_whitespace().any(|other| other == name) {
            cases.push(Case {
                name: name.into(),
                commands: vec![
                    format!("/bin/cc -D_GNU_SOURCE -Inewlib/testsuite/include -o /tmp/a.out {path} -lm"),
                    "/tmp/a.out".into(),
                ],
            });
        }
        root.files.insert(format!("tests/{path}"), entry);
    }
    assert!(cases.len() > 60, "{}", cases.len());
    let others: BTreeMap<&str, u8> = OTHER_STATUS.into();
    let mut wrong = Vec::new();
    for (name, (output, status)) in base::suite(board, root, "/tests", &cases) {
        let expected = others.get(name.as_str()).copied().unwrap_or(0);
        if status != expected {
            let end = &output[output.len().saturating_sub(600)..];
            eprintln!("{name}: status {status}, not {expected}; it ends\n{}", String::from_utf8_lossy(end));
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{arch}: {wrong:?}");
    eprintln!("{arch}: {} programs, {} of them end with 0", cases.len(), cases.len() - others.len());
}

#[test]
#[ignore = "minutes"]
fn t100_tests_of_other_c_libraries_on_pc() {
    c_library("pc");
}

#[test]
#[ignore = "minutes"]
fn t101_tests_of_other_c_libraries_on_virt() {
    c_library("virt");
}

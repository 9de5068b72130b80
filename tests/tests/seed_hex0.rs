// SPDX-License-Identifier: MIT
//! hex0: its bytes by four roads, its grammar, its size, and what it does with bad input.

mod seed;

use seed::*;
use std::path::Path;
use std::process::{Command, Output};

/// Runs hex0 of `arch` on `input`.
fn run(arch: &str, hex0: &Path, input: &[u8]) -> Output {
    feed(&mut command(arch, hex0), input)
}

#[test]
fn four_roads_lead_to_the_same_seed_and_it_is_small() {
    for (arch, limit) in [("aarch64", 300), ("x86_64", 229)] {
        let dir = scratch(&format!("seed_hex0_roads_{arch}"));
        let listing = format!("sources/hex0/{arch}.hex0");
        let bytes = by_other_roads(arch, &listing, &format!("tests/seed/hex0-{arch}.S"), &dir);
        assert!(bytes.len() <= limit, "{arch}: {} bytes", bytes.len());
        let seed = program(dir.join("hex0"), &bytes);
        assert_same("itself", &output(&mut command(arch, &seed), text(&listing).as_bytes()), &bytes);
    }
}

#[test]
fn blanks_comments_and_both_cases() {
    for arch in ARCHES {
        let seed = hex0(arch, &scratch(&format!("seed_hex0_grammar_{arch}")));
        for (input, bytes) in [
            (&b""[..], &b""[..]),
            (b"# 41 no line end", b""),
            (b";;#\n#;\n", b""),
            (b"4 1\t42\r\n4\n3", b"ABC"),
            (b"fF Ff aA;00\n0 #\n0", b"\xff\xff\xaa\x00"),
            (b"41# a tab\tin a comment 42\n43", b"AC"),
        ] {
            let done = run(arch, &seed, input);
            let what = String::from_utf8_lossy(input);
            assert_eq!((done.status.code(), &done.stdout[..]), (Some(0), bytes), "{arch}: {what}");
        }
        let every: Vec<u8> = (0..=255).collect();
        let digits: String = every.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_same("every byte", &run(arch, &seed, digits.as_bytes()).stdout, &every);
    }
}

#[test]
fn a_text_of_a_megabyte() {
    for arch in ARCHES {
        let seed = hex0(arch, &scratch(&format!("seed_hex0_large_{arch}")));
        let bytes: Vec<u8> = (0..400_000u32).map(|i| (i.wrapping_mul(40_503) >> 7) as u8).collect();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        assert_same("large", &output(&mut command(arch, &seed), digits.as_bytes()), &bytes);
    }
}

#[test]
fn bad_input_ends_with_an_error_and_no_output() {
    for arch in ARCHES {
        let seed = hex0(arch, &scratch(&format!("seed_hex0_bad_{arch}")));
        // One odd digit, and each neighbour of the ranges of digits.
        for input in ["4", "414", "41 4 # 2", "4g", "4G", "4/", "4:", "4@", "4`", "4\"", "4\u{7f}", "é"] {
            let done = run(arch, &seed, input.as_bytes());
            assert_ne!(done.status.code(), Some(0), "{arch}: {input}");
            assert!(done.status.code().is_some(), "{arch}: {input}: ended by a signal");
            assert_eq!(done.stdout, b"", "{arch}: {input}");
        }
    }
}

#[test]
fn a_read_or_write_that_fails_is_an_error() {
    for arch in ARCHES {
        let seed = hex0(arch, &scratch(&format!("seed_hex0_io_{arch}")));
        let directory = std::fs::File::open("/").unwrap();
        let status = command(arch, &seed).stdin(directory).status().unwrap();
        assert!(status.code().is_some_and(|code| code != 0), "{arch}: reading a directory: {status}");
        let mut shell = Command::new("sh");
        let line = if arch == std::env::consts::ARCH { "\"$1\"" } else { "\"qemu-$0\" \"$1\"" };
        shell.arg("-c").arg(format!("echo 41 | {line} > /dev/full")).arg(arch).arg(&seed);
        let status = shell.status().unwrap();
        assert!(status.code().is_some_and(|code| code != 0), "{arch}: writing to a full device: {status}");
    }
}

#[test]
fn cat_joins_files_and_refuses_a_missing_one() {
    for arch in ARCHES {
        let dir = scratch(&format!("seed_hex0_cat_{arch}"));
        let listing = format!("sources/hex0/cat-{arch}.hex0");
        let bytes = by_other_roads(arch, &listing, &format!("tests/seed/cat-{arch}.S"), &dir);
        let seed = hex0(arch, &dir);
        assert_same("hex0", &output(&mut command(arch, &seed), text(&listing).as_bytes()), &bytes);

        let cat = program(dir.join("cat"), &bytes);
        let (one, two) = (dir.join("one"), dir.join("two"));
        let large = b"0123456789abcdef".repeat(100_000);
        std::fs::write(&one, b"one\n").unwrap();
        std::fs::write(&two, &large).unwrap();
        let joined = output(command(arch, &cat).args([&one, &two, &one]), b"");
        assert_same("joined", &joined, &[b"one\n", &large[..], b"one\n"].concat());
        assert_eq!(output(&mut command(arch, &cat), b""), b"");
        for missing in [dir.join("missing"), dir.clone()] {
            let done = command(arch, &cat).args([&one, &missing]).output().unwrap();
            assert_eq!((done.status.code(), &done.stdout[..]), (Some(1), &b""[..]), "{arch}");
        }
    }
}

// SPDX-License-Identifier: MIT
//! Real packages that were not used while cc was developed, compiled by it for both processors, pass their own
//! tests: `tests/packages/`, one file each. The table in `docs/cc.md` has the numbers that these tests print.
//!
//! `PACKAGE=NAME` in the environment runs one package only, and what it needs.

use image_packer::plan::Arch;
use std::env;
use std::time::Instant;
use tests::packages::{self, Workshop};

/// How many lines of code that is at least.
const LINES: usize = 100_000;

fn packages_pass(arch: Arch, test: &str, only: Option<&str>) -> usize {
    let workshop = Workshop::new(arch, test);
    let (mut lines, mut wrong) = (0, Vec::new());
    for (name, package) in packages::ordered(only) {
        let begun = Instant::now();
        let outcome = workshop.outcome(&name, &package);
        eprintln!(
            "{arch} | {name} | {} lines | {} pass | others: {:?} | {} s",
            outcome.lines,
            outcome.passed,
            outcome.others,
            begun.elapsed().as_secs()
        );
        wrong.extend(workshop.differs(&name, &package, &outcome));
        lines += outcome.lines;
    }
    assert!(wrong.is_empty(), "{arch}:\n{}", wrong.join("\n"));
    eprintln!("{arch} | all | {lines} lines");
    lines
}

fn enough_packages_pass(arch: Arch, test: &str) {
    let only = env::var("PACKAGE").ok();
    let lines = packages_pass(arch, test, only.as_deref());
    assert!(only.is_some() || lines >= LINES, "{arch}: {lines} lines are no {LINES}");
}

#[test]
fn t109_a_package_for_x86_64() {
    packages_pass(Arch::X86_64, "t109", Some("lzo"));
}

#[test]
#[ignore = "minutes"]
fn t110_packages_for_x86_64() {
    enough_packages_pass(Arch::X86_64, "t110");
}

#[test]
#[ignore = "minutes, in user-mode emulation"]
fn t111_packages_for_aarch64() {
    enough_packages_pass(Arch::Aarch64, "t111");
}

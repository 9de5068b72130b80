// SPDX-License-Identifier: MIT
//! `cargo xtask doctor`.

use crate::board::Board;
use crate::project::{self, Project, which};
use anyhow::Result;
use std::process::{Command, ExitCode};

/// Tell what this machine has and lacks, and how to get it.
#[derive(clap::Args)]
pub struct Args {}

/// Programs that the tests want beside the emulators, and Debian's packages of them.
pub const TEST_TOOLS: &[(&str, &str)] = &[
    ("gcc", "gcc"),
    ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
    ("aarch64-linux-gnu-as", "binutils-aarch64-linux-gnu"),
    ("musl-gcc", "musl-tools"),
    ("qemu-aarch64", "qemu-user"),
    ("qemu-system-aarch64", "qemu-system-arm"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("csmith", "csmith"),
    ("e2fsck", "e2fsprogs"),
    ("debugfs", "e2fsprogs"),
    ("xxd", "xxd"),
    ("xz", "xz-utils"),
];

/// The verb.
pub fn main(_: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let mut missing: Vec<String> = Vec::new();
    let mut row = |what: &str, found: Option<String>, mend: &str| match found {
        Some(found) => println!("ok       {what:<22} {found}"),
        None => {
            println!("missing  {what:<22} {mend}");
            missing.push(mend.to_owned());
        }
    };
    let version = |program: &str, word: &str| {
        let text = project::run(Command::new(program).arg(word)).ok()?;
        text.lines().next().map(str::to_owned)
    };
    row("rustc", version("rustc", "--version"), "https://rustup.rs");
    let nextest = which("cargo-nextest").and_then(|_| version("cargo-nextest", "--version"));
    row("cargo-nextest", nextest, "cargo install --locked cargo-nextest (optional: cargo test serves)");
    row(
        "apt-get",
        which("apt-get").map(|file| file.display().to_string()),
        "a Debian host, or `fetch --from`",
    );
    for name in Board::names(&project)? {
        let emulator = Board::read(&project, &name)?.emulator;
        let mend = format!("apt-get install {}", emulator.package);
        row(&format!("board {name}"), version(&emulator.program, "--version"), &mend);
    }
    for (program, package) in TEST_TOOLS {
        let found = which(program).map(|file| file.display().to_string());
        row(program, found, &format!("apt-get install {package}"));
    }
    println!("cache    {}", project.cache.display());
    Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// SPDX-License-Identifier: MIT
//! `cargo xtask test`.

use crate::board::Board;
use crate::build;
use crate::debian::require;
use crate::doctor::TEST_TOOLS;
use crate::project::{Project, which};
use anyhow::{Context, Result};
use std::env;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Run the tests: units on this machine, the chain under plain Linux, and images in the emulators.
///
/// What they need is installed first when this runs as root on Debian. Without options this is what CI runs.
#[derive(clap::Args)]
pub struct Args {
    /// Also the long ones (thousands of random programs, every board with every goal).
    #[arg(long)]
    all: bool,
    /// Words for the test runner, for example a part of a test's name.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let started = Instant::now();
    require(TEST_TOOLS)?;
    // Each test is a process of its own: what all need is built once, before.
    for name in Board::names(&project)? {
        let board = Board::read(&project, &name)?;
        eprintln!("building the monitor for {name} …");
        build::monitor(&project, &board)?;
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    if which("cargo-nextest").is_some() {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        if args.all {
            command.args(["--run-ignored", "all"]);
        }
        command.args(&args.rest);
    } else {
        command.args(["test", "--workspace", "--no-fail-fast", "--"]);
        if args.all {
            command.arg("--include-ignored");
        }
        command.args(&args.rest);
    }
    let status = command
        .current_dir(&project.root)
        .env(build::PREBUILT, "1")
        .status()
        .context("cannot start cargo")?;
    eprintln!("{} s", started.elapsed().as_secs());
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

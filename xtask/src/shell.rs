// SPDX-License-Identifier: MIT
//! `cargo xtask shell`.

use crate::board::Board;
use crate::build;
use crate::emulator::{self, Job};
use crate::exec::Root;
use crate::project::Project;
use anyhow::{Result, ensure};
use image_packer::payload::{Console, Mode};
use std::path::PathBuf;
use std::process::ExitCode;

/// An interactive shell on the board's console, in a root of your choice.
///
/// The terminal is the guest's: Ctrl-C goes to its programs. Ctrl-A X ends the emulator.
#[derive(clap::Args)]
pub struct Args {
    /// The board.
    #[arg(long, default_value = "virt")]
    board: String,
    /// A folder or tar archive whose files are the root (default: the last run's rootfs.tar of the furthest goal).
    #[arg(long)]
    root: Option<PathBuf>,
    /// The shell, and arguments.
    #[arg(last = true, default_value = "/bin/sh")]
    program: Vec<String>,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let board = Board::read(&project, &args.board)?;
    emulator::require_emulator(&board)?;
    let root = match args.root {
        Some(root) => root,
        None => {
            let catalogue = project.catalogue()?;
            let goal = catalogue.furthest_goal().map_or("hex", |goal| goal.name.as_str());
            project.bundle(&board.name, goal).join("rootfs.tar")
        }
    };
    ensure!(
        root.exists(),
        "{} does not exist: run the goal first, or name a root with --root",
        root.display()
    );
    let root = Root::read(Some(&root), None)?;
    let program = args.program[0].trim_start_matches('/').to_owned();
    ensure!(root.files.contains_key(&program), "/{program} is not in the root");
    let monitor = build::monitor(&project, &board)?;
    let mut settings = build::plan_settings(&board);
    settings.mode = Mode::Shell;
    settings.console = Console::Plain;
    settings.rule = false;
    settings.output = None;
    settings.args = args.program.iter().map(String::as_str).collect();
    settings.env = vec!["PATH=/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/", "TERM=linux"];
    let archive = root.archive()?;
    let folder = tempfile::tempdir()?;
    let payload = build::payload(&settings, &archive)?;
    let files = build::lay_out(&board, &monitor, &payload, folder.path())?;
    let job = Job {
        settings,
        closure: &archive,
        output: None,
        write_protected: false,
        extra: Vec::new(),
        limit: None,
        serial_log: None,
    };
    let mut command = emulator::command(&board, &files, &job)?;
    // The emulator puts the terminal into raw mode and back.
    command.args(["-display", "none", "-chardev", "stdio,id=console,mux=on,signal=off"]);
    command.args(["-serial", "chardev:console", "-mon", "chardev=console"]);
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

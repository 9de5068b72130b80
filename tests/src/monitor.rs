// SPDX-License-Identifier: MIT
//! Programs under the monitor.

use crate::{Ran, project};
use anyhow::Result;
use image_packer::payload::Payload;
use std::time::Duration;
use xtask::board::Board;
use xtask::build::{self, Monitor};
use xtask::console::{Epitaph, Piece};
use xtask::emulator::{self, Job};
use xtask::exec::{self, Root};

/// Host time that a boot may take before a test gives up.
pub const LIMIT: Duration = Duration::from_secs(300);

/// A board and its built monitor.
pub fn board(name: &str) -> (Board, Monitor) {
    let board = Board::read(project(), name).unwrap_or_else(|error| panic!("{error:#}"));
    let monitor = build::monitor(project(), &board).unwrap_or_else(|error| panic!("{error:#}"));
    (board, monitor)
}

/// What a boot left.
#[derive(Clone, Debug)]
pub struct Boot {
    /// What programs wrote.
    pub output: Vec<u8>,
    /// The monitor's lines.
    pub lines: Vec<String>,
    /// Its last word.
    pub epitaph: Epitaph,
}

impl Boot {
    /// The whole of the monitor's lines, for `contains`.
    pub fn said(&self) -> String {
        self.lines.join("\n")
    }
}

/// Boots a job; the error is the harness's or the missing epitaph, with the console's end.
pub fn boot(board: &Board, monitor: &Monitor, job: &Job<'_>) -> Result<Boot> {
    let (mut output, mut lines) = (Vec::new(), Vec::new());
    let ending = emulator::boot(board, monitor, job, &mut |piece| {
        match piece {
            Piece::Program(bytes) => output.extend(bytes),
            Piece::Monitor(line) => lines.push(line.clone()),
        }
        Ok(())
    })?;
    let epitaph = ending.epitaph().cloned().map_err(|error| {
        let end = String::from_utf8_lossy(&output[output.len().saturating_sub(2000)..]).into_owned();
        let said = lines[lines.len().saturating_sub(10)..].join("\n");
        error.context(format!("console's end:\n{end}\nmonitor's last lines:\n{said}"))
    })?;
    Ok(Boot { output, lines, epitaph })
}

/// A job for `settings` with nothing else.
pub fn job<'a>(settings: Payload<'a>, closure: &'a [u8]) -> Job<'a> {
    Job {
        settings,
        closure,
        output: None,
        write_protected: false,
        extra: Vec::new(),
        limit: Some(LIMIT),
        serial_log: None,
    }
}

/// Runs one program of `root` in `/tmp` and gives what it did.
pub fn run(board: &str, root: &Root, words: &[&str], env: &[&str]) -> (Ran, Boot) {
    let (board, monitor) = self::board(board);
    let mut settings = exec::settings(&board, words, env);
    settings.cwd = b"/tmp";
    let archive = root.archive().unwrap();
    let boot = boot(&board, &monitor, &job(settings, &archive))
        .unwrap_or_else(|error| panic!("{words:?}: {error:#}"));
    let output = String::from_utf8_lossy(&boot.output).into_owned();
    (Ran { output, status: boot.epitaph.code }, boot)
}

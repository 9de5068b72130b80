// SPDX-License-Identifier: MIT
//! Boots a board in its emulator and listens to its console.

use crate::board::Board;
use crate::build::{self, Files, Monitor};
use crate::console::{self, Deframer, Epitaph, Line, Piece};
use crate::debian::require;
use anyhow::{Context, Result, bail};
use image_packer::payload::{Console, Payload};
use image_packer::plan::Arch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What to boot.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The payload's settings; the closure's length and digest are filled in.
    pub settings: Payload<'a>,
    /// The closure archive.
    pub closure: &'a [u8],
    /// The disk that is written.
    pub output: Option<&'a Path>,
    /// Give the output disk write-protected.
    pub write_protected: bool,
    /// Further words for the emulator.
    pub extra: Vec<String>,
    /// Host time after which the emulator is stopped.
    pub limit: Option<Duration>,
    /// Where the raw console goes too.
    pub serial_log: Option<PathBuf>,
}

/// How a machine ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The monitor's last word; none if it had none.
    pub epitaph: Option<Epitaph>,
    /// Host time.
    pub host: Duration,
    /// The user stopped it.
    pub interrupted: bool,
    /// The time limit stopped it.
    pub timed_out: bool,
}

impl Ending {
    /// The epitaph, or why there is none.
    pub fn epitaph(&self) -> Result<&Epitaph> {
        match &self.epitaph {
            Some(epitaph) => Ok(epitaph),
            None if self.interrupted => bail!("stopped"),
            None if self.timed_out => {
                bail!("no epitaph after {} s: the emulator was stopped", self.host.as_secs())
            }
            None => bail!("the emulator ended without the monitor's epitaph"),
        }
    }
}

/// The emulator that Ctrl-C stops; 0: none.
static RUNNING: AtomicI32 = AtomicI32::new(0);
/// Ctrl-C has been typed.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lays out the image, boots it and hands the console's pieces to `listen`, until the machine ends. An error of
/// `listen` ends the machine at once, as a power cut does.
pub fn boot(
    board: &Board,
    monitor: &Monitor,
    job: &Job<'_>,
    listen: &mut dyn FnMut(&Piece) -> Result<()>,
) -> Result<Ending> {
    let folder = tempfile::tempdir()?;
    let payload = build::payload(&job.settings, job.closure)?;
    let files = build::lay_out(board, monitor, &payload, folder.path())?;
    boot_files(board, &files, job, listen)
}

/// As [`boot`], with files that lie there already.
pub fn boot_files(
    board: &Board,
    files: &Files,
    job: &Job<'_>,
    listen: &mut dyn FnMut(&Piece) -> Result<()>,
) -> Result<Ending> {
    let mut command = command(board, files, job)?;
    command.args(["-display", "none", "-monitor", "none", "-chardev", "stdio,id=console,signal=off"]);
    command.args(["-serial", "chardev:console"]);
    // A group of its own: Ctrl-C reaches this program, which ends the emulator in order.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    on_interrupt()?;
    let started = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", board.emulator.program))?;
    RUNNING.store(child.id() as i32, Ordering::SeqCst);
    let (finished, timeout) = (mpsc::channel::<()>(), job.limit);
    let pid = child.id() as i32;
    let watch = std::thread::spawn(move || {
        let ended = match timeout {
            Some(limit) => finished.1.recv_timeout(limit) != Err(mpsc::RecvTimeoutError::Timeout),
            None => true,
        };
        if !ended {
            stop(pid);
        }
        !ended
    });
    let result = pump(&mut child, job, board.arch(), listen);
    if result.is_err() {
        // It may have ended already.
        let _ = child.kill();
    }
    child.wait()?;
    RUNNING.store(0, Ordering::SeqCst);
    drop(finished.0);
    let timed_out = watch.join().unwrap_or(false);
    let epitaph = result?;
    let interrupted = INTERRUPTED.load(Ordering::SeqCst);
    Ok(Ending { epitaph, host: started.elapsed(), interrupted, timed_out })
}

/// The emulator with everything but its console.
pub fn command(board: &Board, files: &Files, job: &Job<'_>) -> Result<Command> {
    let emulator = &board.emulator;
    require_emulator(board)?;
    let mut command = Command::new(&emulator.program);
    command.args(["-nodefaults", "-no-user-config", "-no-reboot"]).args(&emulator.command);
    let mut give = |words: &[String], file: &Path, protect: bool| {
        let protect = if protect { ",readonly=on" } else { "" };
        let file = format!("{}{protect}", file.display());
        command.args(words.iter().map(|word| word.replace("{file}", &file)));
    };
    give(&emulator.image, &files.image, false);
    if let Some(initrd) = &files.initrd {
        give(&emulator.initrd, initrd, false);
    }
    if let Some(output) = job.output {
        give(&emulator.output, output, job.write_protected);
    }
    if let Some(input) = &files.input {
        give(&emulator.input, input, false);
    }
    command.args(&job.extra);
    Ok(command)
}

/// Makes sure that the board's emulator is installed.
pub fn require_emulator(board: &Board) -> Result<()> {
    let emulator = &board.emulator;
    require(&[(&emulator.program, &emulator.package)])
        .with_context(|| format!("the emulator of board {}", board.name))
}

fn on_interrupt() -> Result<()> {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| {
        result = ctrlc::set_handler(|| {
            INTERRUPTED.store(true, Ordering::SeqCst);
            match RUNNING.load(Ordering::SeqCst) {
                0 => std::process::exit(130),
                pid => stop(pid),
            }
        });
    });
    result.context("cannot handle Ctrl-C")
}

/// Asks the emulator to end; it writes out what its disks hold.
fn stop(pid: i32) {
    // It may be gone already.
    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
}

/// Reads the console to its end.
fn pump(
    child: &mut Child,
    job: &Job<'_>,
    arch: Arch,
    listen: &mut dyn FnMut(&Piece) -> Result<()>,
) -> Result<Option<Epitaph>> {
    let mut stdout = child.stdout.take().context("the emulator's output is not a pipe")?;
    let name = || job.serial_log.iter().map(|file| file.display().to_string()).collect::<String>();
    let mut log = job.serial_log.as_ref().map(File::create).transpose().with_context(name)?;
    let mut deframer = Deframer::default();
    let mut epitaph = None;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let len = match stdout.read(&mut buffer) {
            Ok(0) => return Ok(epitaph),
            Ok(len) => len,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if let Some(log) = &mut log {
            log.write_all(&buffer[..len]).with_context(name)?;
        }
        let pieces = match job.settings.console {
            Console::Framed => deframer.push(&buffer[..len]),
            Console::Plain => vec![Piece::Program(buffer[..len].to_vec())],
        };
        for mut piece in pieces {
            if let Piece::Monitor(line) = &mut piece {
                if let Line::End(end) = console::parse(line) {
                    epitaph = Some(end);
                }
                *line = console::name_call(line, arch);
            }
            listen(&piece)?;
        }
    }
}

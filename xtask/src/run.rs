// SPDX-License-Identifier: MIT
//! `cargo xtask run`.

use crate::board::Board;
use crate::build::{self, Monitor};
use crate::bundle::{self, Node, Rootfs};
use crate::chain;
use crate::console::{self, Epitaph, Line, Piece};
use crate::emulator::{self, Ending, Job};
use crate::pack;
use crate::project::Project;
use crate::whole;
use anyhow::{Context, Result, bail, ensure};
use ext4_view::{Ext4, FileType};
use image_packer::host::closure::Closure;
use image_packer::host::lock::{self, Digests};
use image_packer::payload::Console;
use image_packer::plan::Plan;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Switch the board on (in its emulator) and let it build a goal.
///
/// Leaves the bundle in out/BOARD/GOAL/: rootfs.tar, OUTPUTS.sha256, INPUTS.sha256, events.log, serial.log,
/// run.meta and the disk image that the monitor wrote, output.img. Ctrl-C stops the emulator; what was
/// finished is on the disk image.
#[derive(clap::Args)]
pub struct Args {
    /// The board.
    #[arg(long, default_value = "virt")]
    board: String,
    /// The goal (default: the furthest).
    #[arg(long)]
    goal: Option<String>,
    /// Print the result as JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Go on with the disk of the last run: finished steps are checked and taken from it.
    #[arg(long)]
    resume: bool,
    /// Host seconds after which to give up (default: never; each step has the board's watchdog).
    #[arg(long)]
    limit: Option<u64>,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let board = Board::read(&project, &args.board)?;
    emulator::require_emulator(&board)?;
    let (goal, closure) = pack::make(&project, args.goal.as_deref(), board.arch())?;
    eprintln!("building the monitor for {} …", board.name);
    let monitor = build::monitor(&project, &board)?;
    let folder = project.bundle(&board.name, &goal);
    let limit = args.limit.map(Duration::from_secs);
    let disk = folder.join("output.img");
    if !args.resume || !disk.is_file() {
        fs::create_dir_all(&folder)?;
        new_disk(&disk, board.output.bytes)?;
    }
    let report = run(&board, &monitor, &closure, &folder, limit)?;
    if args.json {
        println!("{}", report.json());
    } else {
        println!("{}", report.table());
    }
    Ok(match &report.epitaph {
        Some(end) => ExitCode::from(end.code),
        None => ExitCode::FAILURE,
    })
}

/// The monitor's code for an output disk that is full or does not write.
const DISK: u8 = 7;

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Report {
    /// The board's name.
    pub board: String,
    /// Finished steps: name, guest seconds.
    pub steps: Vec<(String, f64)>,
    /// How many steps the plan has.
    pub count: u32,
    /// The monitor's last word.
    pub epitaph: Option<Epitaph>,
    /// Why there is none.
    pub problem: Option<String>,
    /// Digests of the root file system's files.
    pub outputs: Digests,
    /// Where the bundle is.
    pub folder: PathBuf,
    /// Host time in all.
    pub host: Duration,
    /// Of a step that failed: what it printed last, its command, its directory, how to get a shell there.
    pub failure: Option<String>,
}

impl Report {
    /// For people.
    pub fn table(&self) -> String {
        let mut lines = vec![format!("{:<40} {:>13}", "step", "guest seconds")];
        lines.extend(self.steps.iter().map(|(name, seconds)| format!("{name:<40} {seconds:>13.3}")));
        let total = self.steps.iter().fold(0.0, |sum, step| sum + step.1);
        lines.push(format!("{:<40} {total:>13.3}", format!("{} of {} steps", self.steps.len(), self.count)));
        lines.extend(self.failure.clone());
        lines.push(match (&self.epitaph, &self.problem) {
            (Some(end), _) if end.code == 0 => {
                format!(
                    "{} files in {} ({:.1} s)",
                    self.outputs.len(),
                    self.folder.display(),
                    self.host.as_secs_f64()
                )
            }
            (Some(end), _) => format!(
                "failed: {} (code {}) in step {}, process {}; finished steps are kept in {}",
                end.reason,
                end.code,
                end.step,
                end.process,
                self.folder.display()
            ),
            (None, problem) => format!("failed: {}", problem.as_deref().unwrap_or("no epitaph")),
        });
        lines.join("\n")
    }

    /// For machines.
    pub fn json(&self) -> String {
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|(name, seconds)| serde_json::json!({"name": name, "seconds": seconds}))
            .collect();
        serde_json::json!({
            "board": self.board,
            "steps": steps,
            "count": self.count,
            "code": self.epitaph.as_ref().map(|end| end.code),
            "reason": self.epitaph.as_ref().map(|end| end.reason.as_str()),
            "problem": self.problem,
            "outputs": self.outputs.len(),
            "folder": self.folder,
            "host_seconds": self.host.as_secs_f64(),
        })
        .to_string()
    }
}

/// Runs a closure on a board and leaves the bundle in `folder`; a disk that is there is gone on with.
pub fn run(
    board: &Board,
    monitor: &Monitor,
    closure: &Closure,
    folder: &Path,
    limit: Option<Duration>,
) -> Result<Report> {
    fs::create_dir_all(folder)?;
    let disk = folder.join("output.img");
    if !disk.is_file() {
        new_disk(&disk, board.output.bytes)?;
    }
    let mut settings = build::plan_settings(board);
    settings.console = Console::Framed;
    let job = Job {
        settings,
        closure: &closure.to_bytes()?,
        output: Some(&disk),
        write_protected: false,
        extra: Vec::new(),
        limit,
        serial_log: Some(folder.join("serial.log")),
    };
    whole::write(&folder.join("INPUTS.sha256"), &closure.inputs)?;
    let mut progress = Progress::new();
    let ending = emulator::boot(board, monitor, &job, &mut |piece| {
        progress.take(piece);
        Ok(())
    })?;
    progress.bar.finish_and_clear();
    let outputs = extract(&disk, folder, closure, &ending)?;
    let problem = ending.epitaph().err().map(|error| error.to_string());
    let mut failure = ending.epitaph.as_ref().and_then(|end| failure(board, closure, end, &progress.said));
    // The emulator reports a full host as a disk that does not write.
    if let (Some(Epitaph { code: DISK, .. }), Some(error)) = (&ending.epitaph, whole::full(folder)) {
        let advice = whole::advice(&error).unwrap_or_default();
        failure = Some(format!("{}{error:#}: {advice}", failure.map_or(String::new(), |text| text + "\n")));
    }
    let report = Report {
        board: board.name.clone(),
        steps: progress.done,
        count: progress.count,
        epitaph: ending.epitaph,
        problem,
        outputs,
        folder: folder.to_owned(),
        host: ending.host,
        failure,
    };
    whole::write(&folder.join("run.meta"), report.json() + "\n")?;
    Ok(report)
}

/// What a person is told of a step that ended a run.
fn failure(board: &Board, closure: &Closure, end: &Epitaph, said: &[u8]) -> Option<String> {
    let plan = Plan::parse(&closure.plan).ok()?;
    let step = plan.steps.iter().find(|step| end.code != 0 && step.name == end.step)?;
    // The process is a path in the tree of processes, which begins with the number of the step's program.
    let number = end.process.split('.').next().and_then(|number| number.parse::<usize>().ok());
    let run = number.and_then(|number| step.runs.get(number.checked_sub(1)?));
    let how = format!("{} (code {})", end.reason, end.code);
    let text = match run {
        Some(run) => chain::failure(step, run, &how, &String::from_utf8_lossy(said)),
        None => format!("step {} failed: {how}", step.name),
    };
    Some(format!(
        "{text}\nfor a shell in the step's root: cargo xtask shell --board {} --goal {} --at {}",
        board.name, plan.goal, step.name
    ))
}

/// An empty disk image; the host stores only what is written to it.
pub fn new_disk(file: &Path, bytes: u64) -> Result<()> {
    fs::File::create(file).and_then(|disk| disk.set_len(bytes)).with_context(|| file.display().to_string())
}

/// The progress line, and what it has seen.
struct Progress {
    bar: ProgressBar,
    count: u32,
    done: Vec<(String, f64)>,
    /// What the step's programs have printed, but for what is long past.
    said: Vec<u8>,
}

/// Bytes of a step's output that are kept for the message about its failure.
const SAID: usize = 64 << 10;

impl Progress {
    fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, count: 0, done: Vec::new(), said: Vec::new() }
    }

    fn take(&mut self, piece: &Piece) {
        let text = match piece {
            Piece::Monitor(text) => text,
            Piece::Program(bytes) => {
                self.said.extend(bytes);
                if self.said.len() > 2 * SAID {
                    self.said.drain(..self.said.len() - SAID);
                }
                return;
            }
        };
        match console::parse(text) {
            Line::Step { index, count, name } => {
                self.said.clear();
                self.count = count;
                self.bar.set_message(format!("step {index}/{count} {name}"));
            }
            Line::Done { index, count, name, seconds } => {
                self.bar.suspend(|| eprintln!("step {index}/{count} {name}  {seconds:.3} s"));
                self.count = count;
                self.done.push((name, seconds));
            }
            Line::End(_) => {}
            Line::Other => self.bar.suspend(|| eprintln!("{text}")),
        }
    }
}

/// Reads the disk image with a reader that shares no code with the monitor's writer, and writes the bundle.
fn extract(disk: &Path, folder: &Path, closure: &Closure, ending: &Ending) -> Result<Digests> {
    let good = ending.epitaph.as_ref().is_some_and(|end| end.code == 0);
    let rootfs = match read_ext2(disk) {
        Ok(rootfs) => rootfs,
        // A run that failed early has written no file system.
        Err(_) if !good => return Ok(Digests::new()),
        Err(error) => return Err(error),
    };
    let text = |name: &str| match rootfs.get(&format!("firstlight/{name}")) {
        Some(Node::File { data, .. }) => Ok(data.as_slice()),
        _ => bail!("the disk has no /firstlight/{name}"),
    };
    let digests = bundle::write_rootfs(folder, &rootfs)?;
    if good {
        whole::write(&folder.join("events.log"), text("events.log")?)?;
        let inputs = closure.inputs.as_bytes();
        ensure!(text("INPUTS.sha256")? == inputs, "the disk's INPUTS.sha256 is not the closure's");
        let archive = closure.to_bytes()?;
        ensure!(
            matches!(rootfs.get(bundle::CLOSURE), Some(Node::File { data, .. }) if *data == archive),
            "the disk's /{} is not the closure",
            bundle::CLOSURE
        );
        let claimed = String::from_utf8_lossy(text("OUTPUTS.sha256")?);
        let claimed = lock::parse(&claimed).ok().context("the disk's OUTPUTS.sha256 is malformed")?;
        let differences = lock::diff(&claimed, &digests);
        if !differences.is_empty() {
            bail!(
                "what the monitor says it wrote and what is on the disk differ:\n{}",
                differences.join("\n")
            );
        }
    }
    Ok(digests)
}

/// Everything in an ext2 image but lost+found.
pub fn read_ext2(disk: &Path) -> Result<Rootfs> {
    let fs =
        Ext4::load_from_path(disk).with_context(|| format!("{}: no ext2 file system", disk.display()))?;
    let mut rootfs = Rootfs::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs.read_dir(format!("/{folder}").as_str())? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.as_str().context("a name on the disk is not UTF-8")?;
            if matches!(name, "." | "..") || (folder.is_empty() && name == "lost+found") {
                continue;
            }
            let path = format!("{folder}{name}");
            let absolute = format!("/{path}");
            let meta = fs.symlink_metadata(absolute.as_str())?;
            let mode = u32::from(meta.mode() & 0o7777);
            let node = match meta.file_type() {
                FileType::Regular => Node::File { mode, data: fs.read(absolute.as_str())? },
                FileType::Symlink => {
                    let target = fs.read_link(absolute.as_str())?;
                    Node::Symlink(target.to_str()?.to_owned())
                }
                FileType::Directory => {
                    folders.push(format!("{path}/"));
                    Node::Folder(mode)
                }
                other => bail!("{absolute}: {other:?} on the disk"),
            };
            rootfs.insert(path, node);
        }
    }
    Ok(rootfs)
}

// SPDX-License-Identifier: MIT
//! `cargo xtask bench --chain`: a goal's plan on the monitor, and the same plan, run by the result's own `rerun`,
//! under Debian's kernel in the same emulator.

use crate::board::Board;
use crate::build;
use crate::exec::Root;
use crate::linux::{self, Kernel};
use crate::pack;
use crate::project::{self, Project};
use crate::run;
use crate::whole;
use anyhow::{Context, Result, ensure};
use image_packer::host::tree::Entry;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Seconds by step.
type Times = BTreeMap<String, f64>;

/// What one board gave.
pub struct Compared {
    /// The board's name.
    pub board: String,
    /// The goal.
    pub goal: String,
    /// For people.
    pub table: String,
    /// Under Linux, and under the monitor; `total` is the sum of all steps.
    pub seconds: [f64; 2],
}

/// Runs the goal's plan on the board and under Linux; the fastest of `repeat` runs counts, step by step.
pub fn compare(project: &Project, board: &str, goal: Option<&str>, repeat: u32) -> Result<Compared> {
    let board = Board::read(project, board)?;
    let monitor = build::monitor(project, &board)?;
    let kernel = linux::kernel(project, board.arch())?;
    let (goal, closure) = pack::make(project, goal, board.arch())?;
    let folder = tempfile::tempdir()?;
    let (mut ours, mut reference) = (Times::new(), Times::new());
    let mut order: Vec<String> = Vec::new();
    for _ in 0..repeat {
        eprintln!("{}: {goal} under the monitor …", board.name);
        run::new_disk(&folder.path().join("output.img"), board.output.bytes)?;
        let report = run::run(&board, &monitor, &closure, folder.path(), None)?;
        ensure!(report.epitaph.as_ref().is_some_and(|end| end.code == 0), "{}", report.table());
        order = report.steps.iter().map(|(name, _)| name.clone()).collect();
        report.steps.iter().for_each(|(name, seconds)| keep_fastest(&mut ours, name, *seconds));
        eprintln!("{}: {goal} under Linux …", board.name);
        let root = Root::read(Some(&folder.path().join("rootfs.tar")), None)?;
        let times = under_linux(project, &board, &kernel, root)?;
        times.iter().for_each(|(name, seconds)| keep_fastest(&mut reference, name, *seconds));
    }
    ensure!(reference.len() == ours.len(), "Linux has run {} of {} steps", reference.len(), ours.len());
    let seconds = [&reference, &ours].map(|times| times.values().sum::<f64>());
    let mut table = format!(
        "### {}, goal {goal}\n\nLinux: {}, command line `{}`.\n\n| step | Linux s | monitor s | ratio |\n|---|---:|---:|---:|\n",
        board.name,
        kernel.package,
        linux::kernel_words(board.arch())
    );
    let mut row = |name: &str, linux: f64, monitor: f64| {
        table.push_str(&format!("| {name} | {linux:.3} | {monitor:.3} | {:.2} |\n", monitor / linux));
    };
    order.iter().for_each(|name| row(name, reference[name], ours[name]));
    row("all steps", seconds[0], seconds[1]);
    Ok(Compared { board: board.name, goal, table, seconds })
}

fn keep_fastest(times: &mut Times, name: &str, seconds: f64) {
    let best = times.entry(name.to_owned()).or_insert(seconds);
    *best = best.min(seconds);
}

/// The plan under Debian's kernel: `rerun` of the root file system, working on a tmpfs.
fn under_linux(project: &Project, board: &Board, kernel: &Kernel, mut root: Root) -> Result<Times> {
    ensure!(root.files.contains_key("bin/rerun"), "the goal's root file system has no /bin/rerun");
    let folder = tempfile::tempdir()?;
    let init = folder.path().join("init");
    let mut gcc = Command::new(format!("{}-linux-gnu-gcc", board.arch()));
    gcc.args(["-O2", "-static", "-w", "-o"]).arg(&init).arg(project.root.join("tests/bench/init.c"));
    project::run(&mut gcc)?;
    root.program("init", fs::read(&init)?);
    let plan = b"/bin/rerun -t /src/closure.tar /work/rerun\n".to_vec();
    root.files.insert("bench.plan".into(), Entry::File { executable: false, data: plan });
    let (mut times, mut said, mut same) = (Times::new(), Vec::new(), false);
    linux::boot(board.arch(), kernel, &root, None, &mut |line| {
        if let Some((name, seconds)) = line.strip_prefix("rerun: done ").and_then(|line| {
            let (name, seconds) = line.split_once(' ')?.1.split_once(" seconds=")?;
            Some((name, seconds.parse().ok()?))
        }) {
            times.insert(name.to_owned(), seconds);
        }
        same |= line.contains("each as in /firstlight/OUTPUTS.sha256");
        said.push(line.to_owned());
    })?;
    ensure!(same, "under Linux the plan has failed:\n{}", said[said.len().saturating_sub(20)..].join("\n"));
    Ok(times)
}

/// The heading that begins this part of `docs/performance.md`.
const HEADING: &str = "\n## The chain\n";

/// Puts the tables into the document, behind what the other bench has written.
pub fn write(project: &Project, compared: &[Compared], repeat: u32) -> Result<()> {
    let file = project.root.join("docs/performance.md");
    let text = fs::read_to_string(&file).context("docs/performance.md")?;
    let before = text.split(HEADING).next().unwrap_or_default();
    let tables: Vec<&str> = compared.iter().map(|compared| compared.table.as_str()).collect();
    let prose = format!(
        "Written by `cargo xtask bench --chain --write`. The same closure is run by the monitor, and by `/bin/rerun` of \
         the root file system that the monitor made, under Debian's kernel from an initramfs on a tmpfs, in the same \
         emulator. Seconds are guest time, the fastest of {repeat}. Both lay out each step's root and compare locked \
         digests; the monitor also logs events, hashes what each step wrote and writes it to the disk.\n"
    );
    whole::write(&file, format!("{before}{HEADING}\n{prose}\n{}", tables.join("\n")))?;
    Ok(())
}

/// What of the document is this part, for the bench that writes the other.
pub fn kept(project: &Project) -> String {
    let text = fs::read_to_string(project.root.join("docs/performance.md")).unwrap_or_default();
    text.split_once(HEADING).map_or(String::new(), |(_, rest)| format!("{HEADING}{rest}"))
}

// SPDX-License-Identifier: MIT
//! `cargo xtask bench`.

use crate::bench_chain;
use crate::board::Board;
use crate::build::{self, Monitor};
use crate::console::{self, Line, Piece};
use crate::debian::require;
use crate::emulator::{self, Job};
use crate::exec::{self, Root};
use crate::linux::{self, Kernel};
use crate::project::{self, Project};
use crate::whole;
use anyhow::{Context, Result, ensure};
use image_packer::host::tree::Entry;
use image_packer::payload::{Console, Payload};
use image_packer::plan::Arch;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Time the same static programs, or with --chain a goal's whole plan, under the monitor and under Debian's kernel,
/// in the same emulator.
#[derive(clap::Args)]
pub struct Args {
    /// Only this board (default: virt and pc).
    #[arg(long)]
    board: Option<String>,
    /// How often each workload runs; the fastest counts.
    #[arg(long, default_value_t = 3)]
    repeat: u32,
    /// Time a goal's plan: on the monitor, and by its own result's /bin/rerun under Linux.
    #[arg(long)]
    chain: bool,
    /// The goal of --chain (default: the furthest).
    #[arg(long, requires = "chain")]
    goal: Option<String>,
    /// A flat JSON object instead of the tables.
    #[arg(long)]
    json: bool,
    /// Write the tables to docs/performance.md.
    #[arg(long, conflicts_with = "board")]
    write: bool,
}

/// A workload: its name, what it is, its words under `/bin`, and the most that the monitor may take of Linux's time.
struct Workload {
    name: &'static str,
    prose: &'static str,
    words: &'static str,
    aim: f64,
}

const WORKLOADS: [Workload; 9] = [
    Workload { name: "getpid", prose: "400,000 getpid", words: "bench getpid 400000", aim: 0.5 },
    Workload {
        name: "read1",
        prose: "400,000 one-byte reads of a file",
        words: "bench read1 400000",
        aim: 0.5,
    },
    Workload {
        name: "write1",
        prose: "400,000 one-byte writes of a file",
        words: "bench write1 400000",
        aim: 0.5,
    },
    Workload { name: "brk", prose: "100,000 times brk up and down", words: "bench brk 100000", aim: 0.5 },
    Workload {
        name: "fork-exec",
        prose: "500 times fork, exec, wait",
        words: "bench fork-exec 500",
        aim: 0.5,
    },
    Workload {
        name: "ping-pong",
        prose: "50,000 bytes through two pipes and back",
        words: "bench ping-pong 50000",
        aim: 1.0,
    },
    Workload { name: "big-write", prose: "64 MiB sequential write", words: "bench big-write 64", aim: 1.0 },
    Workload {
        name: "big-read",
        prose: "64 MiB write, 256 MiB sequential read",
        words: "bench big-read 256",
        aim: 1.0,
    },
    Workload {
        name: "untar",
        prose: "untar of 10,000 files",
        words: "busybox tar xf /data/files.tar",
        aim: 1.0,
    },
];

/// How many files the archive has, and their bytes.
const FILES: usize = 10_000;
const FILE_BYTES: usize = 1000;

/// Seconds by workload, fastest of the runs; `power-on` is host time.
type Times = BTreeMap<String, f64>;

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    ensure!(args.repeat > 0, "--repeat wants at least 1");
    require(&[("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"), ("x86_64-linux-gnu-gcc", "gcc")])?;
    let boards = match args.board {
        Some(board) => vec![board],
        None => vec!["virt".to_owned(), "pc".to_owned()],
    };
    let mut flat = serde_json::Map::new();
    if args.chain {
        let compare =
            |board: String| bench_chain::compare(&project, &board, args.goal.as_deref(), args.repeat);
        let compared = boards.into_iter().map(compare).collect::<Result<Vec<_>>>()?;
        for one in &compared {
            for (system, seconds) in ["linux", "monitor"].iter().zip(one.seconds) {
                flat.insert(format!("{}.{system}.{}.seconds", one.board, one.goal), seconds.into());
            }
        }
        if args.json {
            println!("{}", serde_json::to_string_pretty(&flat)?);
        } else {
            compared.iter().for_each(|one| println!("{}", one.table));
        }
        if args.write {
            bench_chain::write(&project, &compared, args.repeat)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut tables = Vec::new();
    for name in boards {
        let board = Board::read(&project, &name)?;
        let monitor = build::monitor(&project, &board)?;
        let kernel = linux::kernel(&project, board.arch())?;
        let programs = programs(&project, board.arch())?;
        eprintln!("{name}: under Linux …");
        let reference = under_linux(&kernel, board.arch(), &programs, args.repeat)?;
        eprintln!("{name}: under the monitor …");
        let ours = under_monitor(&board, &monitor, &programs, args.repeat)?;
        for (system, times) in [("linux", &reference), ("monitor", &ours)] {
            flat.extend(
                times.iter().map(|(key, time)| (format!("{name}.{system}.{key}.seconds"), (*time).into())),
            );
        }
        tables.push(table(&board, &kernel, &reference, &ours));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&flat)?);
    } else {
        println!("{}", tables.join("\n"));
    }
    if args.write {
        let document = document(&tables, args.repeat) + &bench_chain::kept(&project);
        whole::write(&project.root.join("docs/performance.md"), document)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `/bin/bench`, `/bin/busybox`, `/bin/init` and `/data/files.tar`.
fn programs(project: &Project, arch: Arch) -> Result<Root> {
    let folder = tempfile::tempdir()?;
    let mut root = Root::default();
    for name in ["bench", "init"] {
        let output = folder.path().join(name);
        let mut gcc = Command::new(format!("{arch}-linux-gnu-gcc"));
        gcc.args(["-O2", "-static", "-w", "-o"]).arg(&output);
        project::run(gcc.arg(project.root.join(format!("tests/bench/{name}.c"))))?;
        root.program(&format!("bin/{name}"), fs::read(&output)?);
    }
    root.program("bin/busybox", linux::busybox(project, arch)?);
    let mut archive = tar::Builder::new(Vec::new());
    for index in 0..FILES {
        let mut header = tar::Header::new_ustar();
        header.set_size(FILE_BYTES as u64);
        header.set_mode(0o644);
        let data = vec![b'a' + (index % 26) as u8; FILE_BYTES];
        archive.append_data(&mut header, format!("files/{}/{index}", index / 100), data.as_slice())?;
    }
    let data = archive.into_inner()?;
    root.files.insert("data/files.tar".into(), Entry::File { executable: false, data });
    Ok(root)
}

/// Keeps the fastest.
fn note(times: &mut Times, name: &str, seconds: f64) {
    let best = times.entry(name.to_owned()).or_insert(seconds);
    *best = best.min(seconds);
}

fn under_linux(kernel: &Kernel, arch: Arch, programs: &Root, repeat: u32) -> Result<Times> {
    let mut root = programs.clone();
    let init = root.files.remove("bin/init").context("there is no init")?;
    root.files.insert("init".into(), init);
    let mut plan = String::new();
    for workload in &WORKLOADS {
        for _ in 0..repeat {
            plan.push_str(&format!("/bin/{}\n", workload.words));
            if workload.name == "untar" {
                plan.push_str("/bin/busybox rm -rf files\n");
            }
        }
    }
    root.files.insert("bench.plan".into(), Entry::File { executable: false, data: plan.into_bytes() });
    let mut times = Times::new();
    let mut wrong = Vec::new();
    let started = Instant::now();
    linux::boot(arch, kernel, &root, None, &mut |line| {
        let Some((seconds, words)) = line.strip_prefix("bench: ").and_then(|rest| rest.split_once(' '))
        else {
            return;
        };
        if seconds == "entry" {
            note(&mut times, "power-on", started.elapsed().as_secs_f64());
        } else if words.ends_with("(failed)") {
            wrong.push(words.to_owned());
        } else if let Some(workload) =
            WORKLOADS.iter().find(|workload| words == format!("/bin/{}", workload.words))
        {
            note(&mut times, workload.name, seconds.parse().unwrap_or(f64::INFINITY));
        }
    })?;
    ensure!(wrong.is_empty(), "under Linux failed: {}", wrong.join(", "));
    ensure!(times.len() == WORKLOADS.len() + 1, "Linux has not run everything: {times:?}");
    Ok(times)
}

fn under_monitor(board: &Board, monitor: &Monitor, programs: &Root, repeat: u32) -> Result<Times> {
    let mut times = Times::new();
    for _ in 0..repeat {
        let mut root = Root::default();
        root.files.extend(
            programs.files.get_key_value("bin/bench").map(|(path, file)| (path.clone(), file.clone())),
        );
        let settings = exec::settings(board, &["/bin/bench", "getpid", "1"], &[]);
        let started = Instant::now();
        let mut first = None;
        exec::boot(board, monitor, settings, &root, None, &mut |piece| {
            if matches!(piece, Piece::Program(_)) {
                first.get_or_insert(started.elapsed());
            }
            Ok(())
        })?;
        note(&mut times, "power-on", first.context("the program has printed nothing")?.as_secs_f64());
    }
    let mut steps = String::new();
    for workload in &WORKLOADS {
        for run in 0..repeat {
            let name = format!("{}.{run}", workload.name);
            steps.push_str(&format!(
                "step {name}\n  in /bin/bench\n  in /bin/busybox\n  in /data/files.tar\n  out /build/{name}\n  cwd /tmp\n  \
                 run /bin/{} > /build/{name}\nend\n",
                workload.words
            ));
        }
    }
    let count = WORKLOADS.len() as u32 * repeat;
    let plan = format!("plan 1\ngoal bench\narch {}\nsteps {count}\n{steps}", board.arch());
    let mut closure = programs.clone();
    closure.files.remove("bin/init");
    let closure = image_packer::host::closure::Closure {
        inputs: inputs(&closure, &plan),
        files: closure.files.into_iter().collect(),
        plan,
    };
    let folder = tempfile::tempdir()?;
    let disk = folder.path().join("output.img");
    crate::run::new_disk(&disk, board.output.bytes)?;
    let job = Job {
        settings: Payload { console: Console::Framed, rule: false, ..build::plan_settings(board) },
        closure: &closure.to_bytes()?,
        output: Some(&disk),
        write_protected: false,
        extra: Vec::new(),
        limit: Some(Duration::from_secs(1800)),
        serial_log: None,
    };
    let mut said = Vec::new();
    let ending = emulator::boot(board, monitor, &job, &mut |piece| {
        if let Piece::Monitor(line) = piece {
            if let Line::Done { name, seconds, .. } = console::parse(line) {
                note(&mut times, name.split('.').next().unwrap_or(&name), seconds);
            }
            said.push(line.clone());
        }
        Ok(())
    })?;
    let end = ending.epitaph()?;
    ensure!(
        end.code == 0,
        "the monitor's bench ended with {} in step {}:\n{}",
        end.reason,
        end.step,
        said.join("\n")
    );
    Ok(times)
}

fn inputs(root: &Root, plan: &str) -> String {
    let file =
        |(path, entry): (&String, &Entry)| Some((path.clone(), image_packer::host::sha256(entry.data()?)));
    let mut digests: image_packer::host::lock::Digests = root.files.iter().filter_map(file).collect();
    digests.insert("PLAN".into(), image_packer::host::sha256(plan.as_bytes()));
    image_packer::host::lock::print(&digests)
}

/// A board's table, as Markdown.
fn table(board: &Board, kernel: &Kernel, reference: &Times, ours: &Times) -> String {
    let mut text = format!(
        "## {}\n\nLinux: {}, command line `{}`.\n\n| workload | Linux s | monitor s | ratio | aim |\n|---|---:|---:|---:|---:|\n",
        board.name,
        kernel.package,
        linux::kernel_words(board.arch()),
    );
    let mut row = |prose: &str, name: &str, aim: f64| {
        let (linux, monitor) = (reference.get(name), ours.get(name));
        if let (Some(linux), Some(monitor)) = (linux, monitor) {
            let ratio = monitor / linux;
            let met = if ratio <= aim { "" } else { " (missed)" };
            text.push_str(&format!("| {prose} | {linux:.3} | {monitor:.3} | {ratio:.2} | {aim:.1}{met} |\n"));
        }
    };
    WORKLOADS.iter().for_each(|workload| row(workload.prose, workload.name, workload.aim));
    row("power-on to the first program's first output (host time)", "power-on", 0.2);
    text
}

fn document(tables: &[String], repeat: u32) -> String {
    format!(
        "<!-- SPDX-License-Identifier: MIT -->\n# Performance\n\nWritten by `cargo xtask bench --write`. The same static programs (glibc, `tests/bench`; Debian's busybox for \
         untar) run under the monitor and under Debian's kernel from an initramfs, working on a tmpfs, in the same \
         emulator (no acceleration) with the same processor and memory. Seconds are guest time around the whole program, \
         the fastest of {repeat}; power-on is host time until the first program's output arrives. The monitor also hashes, \
         within a step's time, each file that the step leaves behind: those of untar, which stay, and not the file that \
         the others work on, which has no name.\n\n{}",
        tables.join("\n")
    )
}

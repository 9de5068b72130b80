// SPDX-License-Identifier: MIT
//! `cargo xtask shell`.

use crate::board::Board;
use crate::build::{self, Monitor};
use crate::bundle::{Node, Rootfs};
use crate::chain::{self, Options, Runner};
use crate::checkpoint::{self, Made};
use crate::emulator::{self, Job};
use crate::exec::Root;
use crate::linux;
use crate::pack::{self, parse_arch};
use crate::project::Project;
use anyhow::{Context, Result, bail, ensure};
use image_packer::host::closure::Closure;
use image_packer::host::sha256;
use image_packer::host::tree::Entry;
use image_packer::path;
use image_packer::payload::{Console, Mode};
use image_packer::plan::{Arch, Plan, Step};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// An interactive shell on the board's console: in the bootstrapped root, in a root of your choice, or in the
/// root that a step of a plan sees.
///
/// The terminal is the guest's: Ctrl-C goes to its programs. Ctrl-A X ends the emulator. With --at, the outputs of
/// the steps before are taken from the disk of the board's last run, if it was of the same closure; those that are
/// not on it are made under plain Linux first, or taken from out/steps/, where a run that failed has left them.
/// Debian's busybox serves as the shell where the root has none; `. /.shell/step` runs the step.
#[derive(clap::Args)]
pub struct Args {
    /// The board.
    #[arg(long, default_value = "virt")]
    board: String,
    /// `linux`: a chroot under plain Linux instead of the board's emulator. Wants --at.
    #[arg(long, value_parser = ["linux"], requires = "at")]
    on: Option<String>,
    /// The processor, with --on linux.
    #[arg(long, value_parser = parse_arch, requires = "on")]
    arch: Option<Arch>,
    /// The goal (default: the furthest).
    #[arg(long)]
    goal: Option<String>,
    /// The step in whose root the shell begins.
    #[arg(long, conflicts_with = "root")]
    at: Option<String>,
    /// A folder or tar archive whose files are the root (default: the last run's rootfs.tar of the goal).
    #[arg(long)]
    root: Option<PathBuf>,
    /// The shell, and arguments (default: /bin/sh, as login shell where the root has an /etc/profile).
    #[arg(last = true)]
    program: Vec<String>,
}

/// The verb.
pub fn main(mut args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let board = Board::read(&project, &args.board)?;
    if let (Some(_), Some(name)) = (&args.on, &args.at) {
        let arch = args.arch.unwrap_or(board.arch());
        let (_, closure) = pack::make(&project, args.goal.as_deref(), arch)?;
        let plan = Plan::parse(&closure.plan)?;
        let (step, files) = at(&project, &plan, &closure, name, None)?;
        return under_linux(&project, plan.arch, step, &files, &args.program);
    }
    emulator::require_emulator(&board)?;
    let (root, cwd, env) = match &args.at {
        Some(name) => {
            let (_, closure) = pack::make(&project, args.goal.as_deref(), board.arch())?;
            let plan = Plan::parse(&closure.plan)?;
            let made = made_on(&project, &board, &plan, &closure)?;
            let (step, files) = at(&project, &plan, &closure, name, made.as_ref())?;
            if args.program.is_empty() {
                args.program = shell(&files);
            }
            let env = variables(step, &files);
            (root_of(step, &files), step.cwd.to_owned(), env)
        }
        None => {
            (given_root(&project, &board, &args)?, "/".to_owned(), ENVIRONMENT.map(str::to_owned).to_vec())
        }
    };
    let words = match args.program.is_empty() {
        true if root.files.contains_key("etc/profile") => vec!["/bin/sh".to_owned(), "-l".to_owned()],
        true => vec!["/bin/sh".to_owned()],
        false => args.program,
    };
    root.require_program(&cwd, &words[0])?;
    let monitor = build::monitor(&project, &board)?;
    let folder = tempfile::tempdir()?;
    let start = Start { words: &words, env: &env, cwd: &cwd };
    let status = command(&board, &monitor, &root, &start, folder.path())?.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program that a person talks to.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Its path and arguments.
    pub words: &'a [String],
    /// Its whole environment.
    pub env: &'a [String],
    /// Its directory.
    pub cwd: &'a str,
}

/// The emulator with its console on standard input and output; what it boots is laid out in `folder`.
pub fn command(
    board: &Board,
    monitor: &Monitor,
    root: &Root,
    start: &Start<'_>,
    folder: &Path,
) -> Result<Command> {
    let mut settings = build::plan_settings(board);
    settings.mode = Mode::Shell;
    settings.console = Console::Plain;
    settings.rule = false;
    settings.output = None;
    settings.args = start.words.iter().map(String::as_bytes).collect();
    settings.env = start.env.iter().map(String::as_bytes).collect();
    settings.cwd = start.cwd.as_bytes();
    let archive = root.archive()?;
    let payload = build::payload(&settings, &archive)?;
    let files = build::lay_out(board, monitor, &payload, folder)?;
    let job = Job {
        settings,
        closure: &archive,
        output: None,
        write_protected: false,
        extra: Vec::new(),
        limit: None,
        serial_log: None,
    };
    let mut command = emulator::command(board, &files, &job)?;
    // The emulator puts the terminal into raw mode and back.
    command.args(["-display", "none", "-chardev", "stdio,id=console,mux=on,signal=off"]);
    command.args(["-serial", "chardev:console", "-mon", "chardev=console"]);
    Ok(command)
}

/// The environment of a shell that begins in no step's root.
pub const ENVIRONMENT: [&str; 3] = ["PATH=/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/", "TERM=linux"];

/// What the steps of the plan made when the board last ran it; `None`, with a line that says why, if that is not known.
pub fn made_on(project: &Project, board: &Board, plan: &Plan<'_>, closure: &Closure) -> Result<Option<Made>> {
    let disk = project.bundle(&board.name, plan.goal).join("output.img");
    let why = if !disk.is_file() {
        "does not exist"
    } else if !board.output.target.starts_with("serial:") {
        "is not written as a whole"
    } else {
        let made = checkpoint::read(&disk, &sha256(&closure.to_bytes()?), plan)?;
        if !made.is_empty() {
            eprintln!("{} has what {} of {} steps made", disk.display(), made.len(), plan.steps.len());
            return Ok(Some(made));
        }
        "has no finished step of this closure"
    };
    eprintln!("{} {why}: plain Linux makes the inputs", disk.display());
    Ok(None)
}

/// The root of `--root`, or what the goal's last run on the board made.
fn given_root(project: &Project, board: &Board, args: &Args) -> Result<Root> {
    let root = match (&args.root, &args.goal) {
        (Some(root), _) => root.clone(),
        (None, Some(goal)) => project.bundle(&board.name, goal).join("rootfs.tar"),
        (None, None) => {
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
    Root::read(Some(&root), None)
}

/// The step of this name and everything that its root holds, with a shell. `made` is what steps before are known to
/// have made; the others run under plain Linux.
pub fn at<'p>(
    project: &Project,
    plan: &'p Plan<'p>,
    closure: &Closure,
    name: &str,
    made: Option<&Made>,
) -> Result<(&'p Step<'p>, Rootfs)> {
    let Some(step) = plan.steps.iter().find(|step| step.name == name) else {
        let names: Vec<&str> = plan.steps.iter().map(|step| step.name).collect();
        bail!("the plan of {} has no step {name}; steps: {}", plan.goal, names.join(" "));
    };
    let folder = tempfile::tempdir()?;
    let options = Options { reuse: true, until: Some(name), unlocked: true, made, ..Options::default() };
    let (mut files, _) = chain::run_steps(project, plan, closure, folder.path(), &options)?;
    files.retain(|path, _| step.inputs.iter().any(|input| path::covers(input, &format!("/{path}"))));
    let executable = |data| Node::File { mode: 0o755, data };
    files.insert(".shell/busybox".into(), executable(linux::busybox(project, plan.arch)?));
    files.insert(".shell/step".into(), executable(script(step).into_bytes()));
    Ok((step, files))
}

/// The commands of a step for a shell.
fn script(step: &Step<'_>) -> String {
    let mut text = String::new();
    for run in &step.runs {
        let words: Vec<String> = run.words.iter().map(|word| quoted(word)).collect();
        text.push_str(&words.join(" "));
        let stdin = run.stdin.map(quoted).unwrap_or("/dev/null".into());
        text.push_str(&format!(" < {stdin}"));
        if let Some(stdout) = run.stdout {
            let path = quoted(stdout.path);
            text.push_str(&format!(" > {path} && chmod {:o} {path}", stdout.mode));
        }
        text.push_str(" || return 1\n");
    }
    text
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=,:@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn shell(files: &Rootfs) -> Vec<String> {
    let words: &[&str] = if files.contains_key("bin/sh") { &["/bin/sh"] } else { &["/.shell/busybox", "sh"] };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The step's environment, and what makes a shell usable where the step does not say it.
fn variables(step: &Step<'_>, files: &Rootfs) -> Vec<String> {
    let mut variables: Vec<String> = step.env.iter().map(|variable| (*variable).to_owned()).collect();
    let path = if files.contains_key("bin/sh") { "PATH=/bin" } else { "PATH=/bin:/.shell" };
    for variable in [path, "HOME=/", "TERM=linux", "PS1=[step] \\w # "] {
        let name = variable.split('=').next().unwrap_or_default();
        if !variables.iter().any(|set| set.starts_with(&format!("{name}="))) {
            variables.push(variable.to_owned());
        }
    }
    variables
}

/// What [`at`] gave, with the folders that the step finds, for the monitor.
pub fn root_of(step: &Step<'_>, files: &Rootfs) -> Root {
    let mut root = Root::default();
    for (path, node) in files {
        match node {
            Node::File { mode, data } => {
                let entry = Entry::File { executable: mode & 0o100 != 0, data: data.clone() };
                root.files.insert(path.clone(), entry);
            }
            Node::Symlink(target) => drop(root.files.insert(path.clone(), Entry::Symlink(target.clone()))),
            Node::Folder(_) => root.folders.push(path.clone()),
        }
    }
    let outputs = step.outputs.iter().map(|output| path::split_tree(output.path));
    let folders =
        outputs.map(|(stem, tree)| if tree { stem } else { stem.rsplit_once('/').map_or("", |at| at.0) });
    for folder in folders.chain([step.cwd, "/tmp"]) {
        // Each folder on the way to it.
        let folder = folder.trim_start_matches('/');
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        root.folders.extend(ends.map(|end| folder[..end].to_owned()).filter(|folder| !folder.is_empty()));
    }
    root.folders.sort();
    root.folders.dedup();
    root
}

fn under_linux(
    project: &Project,
    arch: Arch,
    step: &Step<'_>,
    files: &Rootfs,
    program: &[String],
) -> Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let all = Step { inputs: vec!["/"], ..step.clone() };
    chain::populate(&all, folder.path(), files)?;
    let runner = Runner::find(project, arch)?;
    runner.prepare(folder.path())?;
    let words = if program.is_empty() { shell(files) } else { program.to_vec() };
    let env = variables(step, files);
    let env: Vec<&str> = env.iter().map(String::as_str).collect();
    let status =
        runner.command(folder.path(), step.cwd, &words, &env).status().context("cannot start the shell")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

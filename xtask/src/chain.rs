// SPDX-License-Identifier: MIT
//! `cargo xtask chain`: the plan runner for plain Linux, which the monitor's results are compared with.

use crate::bundle::{self, Node, Rootfs};
use crate::checkpoint::Made;
use crate::debian::{PrivateApt, require};
use crate::memo::Memo;
use crate::pack::{self, parse_arch};
use crate::project::{Project, host_arch, which};
use crate::whole;
use anyhow::{Context, Result, anyhow, bail};
use image_packer::hex::Digest;
use image_packer::host::closure::Closure;
use image_packer::host::tree::Entry;
use image_packer::host::{lock, sha256};
use image_packer::path;
use image_packer::plan::{Arch, Plan, Run, Step};
use nix::sys::resource::{UsageWho, getrusage};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Run a goal's plan under plain Linux, each step in a root that holds only its declared inputs.
///
/// Native on this machine's architecture, with a user-mode emulator for the other. The results are the same
/// bytes as the monitor's and lie in out/linux-ARCH/GOAL/.
#[derive(clap::Args)]
pub struct Args {
    /// Where to run; `linux` is the one place so far (the monitor's verb is `run`).
    #[arg(long, default_value = "linux", value_parser = ["linux"])]
    on: String,
    /// The processor.
    #[arg(long, value_parser = parse_arch, default_value = "x86_64")]
    arch: Arch,
    /// The goal (default: the furthest).
    #[arg(long)]
    goal: Option<String>,
    /// Go on although an output's digest is not the locked one.
    #[arg(long)]
    unlocked: bool,
    /// Leave the root of a step that fails in out/, and say where.
    #[arg(long)]
    keep_failed: bool,
    /// Take a step's outputs from out/steps/ if it has run on the same inputs before.
    #[arg(long)]
    reuse: bool,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let (goal, closure) = pack::make(&project, args.goal.as_deref(), args.arch)?;
    let folder = project.bundle(&format!("linux-{}", args.arch), &goal);
    let options = Options {
        unlocked: args.unlocked,
        keep_failed: args.keep_failed,
        reuse: args.reuse,
        ..Options::default()
    };
    let report = run(&project, &closure, &folder, &options)?;
    println!("{}", report.table());
    println!("{} files in {}", report.outputs, folder.display());
    Ok(ExitCode::SUCCESS)
}

/// How strict to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Do not compare outputs with locked digests.
    pub unlocked: bool,
    /// Leave a failed step's root.
    pub keep_failed: bool,
    /// Do not run what has run before on the same inputs.
    pub reuse: bool,
    /// Stop before this step.
    pub until: Option<&'a str>,
    /// What a board's run of the same closure made; these steps are not run.
    pub made: Option<&'a Made>,
}

/// Each step's name, wall time and processor time.
pub type Times = Vec<(String, Duration, Duration)>;

/// What a run took.
#[derive(Clone, Debug)]
pub struct Report {
    /// Step by step.
    pub steps: Times,
    /// Regular files in the root file system.
    pub outputs: usize,
}

impl Report {
    /// For people.
    pub fn table(&self) -> String {
        let mut lines = vec![format!("{:<32} {:>9} {:>9}", "step", "wall s", "cpu s")];
        let row = |name: &str, wall: Duration, cpu: Duration| {
            format!("{name:<32} {:>9.3} {:>9.3}", wall.as_secs_f64(), cpu.as_secs_f64())
        };
        lines.extend(self.steps.iter().map(|(name, wall, cpu)| row(name, *wall, *cpu)));
        let wall = self.steps.iter().map(|step| step.1).sum();
        lines.push(row("total", wall, self.steps.iter().map(|step| step.2).sum()));
        lines.join("\n")
    }
}

/// Runs `closure` and leaves the bundle in `folder`.
pub fn run(project: &Project, closure: &Closure, folder: &Path, options: &Options<'_>) -> Result<Report> {
    let plan = Plan::parse(&closure.plan)?;
    fs::create_dir_all(folder)?;
    whole::write(&folder.join("PLAN"), &closure.plan)?;
    whole::write(&folder.join("INPUTS.sha256"), &closure.inputs)?;
    let (files, steps) = run_steps(project, &plan, closure, folder, options)?;
    let sources: BTreeSet<&str> = closure.files.iter().map(|(path, _)| path.as_str()).collect();
    let mut outputs = files;
    outputs.retain(|path, _| !sources.contains(path.as_str()) && plan.keeps(&format!("/{path}")));
    bundle::furnish(&mut outputs, closure)?;
    let digests = bundle::write_rootfs(folder, &outputs)?;
    let meta: Vec<String> =
        steps.iter().map(|(name, wall, cpu)| format!("step {name} wall {wall:?} cpu {cpu:?}\n")).collect();
    whole::write(&folder.join("run.meta"), meta.concat())?;
    Ok(Report { steps, outputs: digests.len() })
}

/// The closure's files as they lie in a step's root.
pub fn closure_files(closure: &Closure) -> Rootfs {
    let node = |entry: &Entry| match entry {
        Entry::File { executable, data } => {
            Node::File { mode: if *executable { 0o755 } else { 0o644 }, data: data.clone() }
        }
        Entry::Symlink(target) => Node::Symlink(target.clone()),
    };
    closure.files.iter().map(|(path, entry)| (path.clone(), node(entry))).collect()
}

/// Runs the steps of a plan (up to `options.until`) and gives all files there are then, and what each step took.
/// What programs print goes to `steps.log` in `folder`.
pub fn run_steps(
    project: &Project,
    plan: &Plan<'_>,
    closure: &Closure,
    folder: &Path,
    options: &Options<'_>,
) -> Result<(Rootfs, Times)> {
    let runner = Runner::find(project, plan.arch)?;
    let memo = Memo::open(project)?;
    let mut files = closure_files(closure);
    let mut steps = Vec::new();
    let mut finished: Vec<(Digest, Rootfs)> = Vec::new();
    let mut log =
        File::options().read(true).write(true).create(true).truncate(true).open(folder.join("steps.log"))?;
    for (number, step) in plan.steps.iter().enumerate() {
        if options.until == Some(step.name) {
            break;
        }
        let (started, cpu) = (Instant::now(), children_time()?);
        let key = Memo::key(plan.arch, step, &files);
        let from_board = options.made.and_then(|made| made.get(step.name));
        let (known, word) = match from_board {
            Some(made) => (Some(made.clone()), "  (from the board's disk)"),
            None => match options.reuse.then(|| memo.find(&key)).flatten() {
                Some(made) => (Some(made), "  (as before)"),
                None => (None, ""),
            },
        };
        eprintln!("step {}/{} {}{word}", number + 1, plan.steps.len(), step.name);
        let made = match known {
            Some(made) => check_locked(step, &made, options).map(|()| made),
            None => {
                writeln!(log, "step {}", step.name)?;
                let root = tempfile::Builder::new().prefix("step-").tempdir_in(folder)?;
                let made = run_step(&runner, step, root.path(), &files, &mut log)
                    .and_then(|()| collect(step, root.path(), options));
                if made.is_err() && options.keep_failed {
                    made.with_context(|| format!("the step's root is {}", root.keep().display()))
                } else {
                    made
                }
            }
        };
        let made = match made {
            Ok(made) => made,
            Err(error) if whole::advice(&error).is_some() => {
                return Err(error.context(format!("step {}", step.name)));
            }
            Err(error) => {
                // The shell that the message tells of wants them.
                finished.iter().try_for_each(|(key, made)| memo.keep(key, made))?;
                let (arch, goal, name) = (plan.arch, plan.goal, step.name);
                let hint = format!(
                    "for a shell in the step's root: cargo xtask shell --on linux --arch {arch} --goal {goal} --at {name}"
                );
                return Err(anyhow!("{error:#}\n{hint}"));
            }
        };
        if options.reuse && word.is_empty() {
            memo.keep(&key, &made)?;
        } else if word.is_empty() {
            finished.push((key, made.clone()));
        }
        steps.push((step.name.to_owned(), started.elapsed(), children_time()?.saturating_sub(cpu)));
        files.extend(made);
    }
    if options.until.is_some() {
        finished.iter().try_for_each(|(key, made)| memo.keep(key, made))?;
    }
    Ok((files, steps))
}

/// Processor time of all ended children.
fn children_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |t: nix::sys::time::TimeVal| Duration::new(t.tv_sec() as u64, t.tv_usec() as u32 * 1000);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// How programs of an architecture are started here.
pub struct Runner {
    foreign: Foreign,
    unshare: PathBuf,
}

/// How programs of the other architecture run.
enum Foreign {
    /// There are none.
    Native,
    /// The kernel starts the emulator, in a user namespace of its own whose table of binary formats (Linux 6.7
    /// and later have one for each) this shell script writes.
    Registered(String),
    /// The emulator is put into the root and started with the program; what that starts in turn does not run.
    Prefixed(PathBuf),
}

/// Where the emulator is within a root; not a declared input, so out of sight.
const EMULATOR: &str = "/.emulator";

impl Runner {
    /// Finds what an architecture's programs need here.
    pub fn find(project: &Project, arch: Arch) -> Result<Runner> {
        require(&[("unshare", "util-linux")])?;
        let unshare = which("unshare").context("unshare is not installed")?;
        if arch.name() == host_arch() {
            return Ok(Runner { foreign: Foreign::Native, unshare });
        }
        let name = format!("qemu-{arch}-static");
        let emulator = match which(&name) {
            Some(file) => file,
            None => {
                let package = PrivateApt::open(project)?.unpacked(project, "qemu-user-static", None)?;
                package.join("usr/bin").join(name)
            }
        };
        // The first five bytes of an ELF64 file and its machine; our smallest headers hold code between the two.
        let machine = match arch {
            Arch::Aarch64 => "\\xb7\\x00",
            Arch::X86_64 => "\\x3e\\x00",
        };
        let (skip, zero) = ("\\x00".repeat(13), "\\x00".repeat(13));
        let magic = format!("\\x7fELF\\x02{skip}{machine}");
        let mask = format!("\\xff\\xff\\xff\\xff\\xff{zero}\\xff\\xff");
        let table = "/proc/sys/fs/binfmt_misc";
        let script = format!(
            "mount -t binfmt_misc none {table} && \
             printf '%s' ':firstlight:M::{magic}:{mask}:{}:PF' >{table}/register || exit 125; exec \"$@\"",
            emulator.display()
        );
        let mut runner = Runner { foreign: Foreign::Registered(script), unshare };
        let tried = runner.namespace().arg("true").stderr(Stdio::null()).status();
        if !tried.is_ok_and(|status| status.success()) {
            runner.foreign = Foreign::Prefixed(emulator);
        }
        Ok(runner)
    }

    /// Copies what the root needs beside the step's inputs.
    pub fn prepare(&self, root: &Path) -> Result<()> {
        if let Foreign::Prefixed(emulator) = &self.foreign {
            let target = root.join(&EMULATOR[1..]);
            fs::copy(emulator, &target).with_context(|| target.display().to_string())?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }

    /// A command that wants the words of another one, which it runs in the namespaces that are needed.
    fn namespace(&self) -> Command {
        let mut command = Command::new(&self.unshare);
        if let Foreign::Registered(script) = &self.foreign {
            command.args(["--user", "--map-root-user", "--mount", "--", "/bin/sh", "-c", script, "sh"]);
        } else if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user", "--"]);
        } else {
            command.arg("--");
        }
        command
    }

    /// The command for a program in a root.
    pub fn command(&self, root: &Path, cwd: &str, words: &[impl AsRef<str>], env: &[&str]) -> Command {
        let mut command = self.namespace();
        // env, so that neither the caller's environment nor what a shell adds to its own gets in.
        command.args(["/usr/bin/env", "-i"]).args(env);
        command.arg(&self.unshare).arg(format!("--root={}", root.display())).arg(format!("--wd={cwd}"));
        command.arg("--");
        if matches!(self.foreign, Foreign::Prefixed(_)) {
            command.arg(EMULATOR);
        }
        command.args(words.iter().map(AsRef::as_ref));
        command
    }
}

/// How many of the last lines of a failed step's output are shown.
pub const LAST_LINES: usize = 40;

/// Runs a step in `root`; what its programs print goes to `log`.
fn run_step(runner: &Runner, step: &Step<'_>, root: &Path, files: &Rootfs, log: &mut File) -> Result<()> {
    populate(step, root, files)?;
    runner.prepare(root)?;
    let begun = log.stream_position()?;
    for run in &step.runs {
        let mut command = runner.command(root, step.cwd, &run.words, &step.env);
        command.stdin(match run.stdin {
            Some(path) => Stdio::from(File::open(inside(root, path)).with_context(|| at(step, run, path))?),
            None => Stdio::null(),
        });
        if let Some(redirect) = run.stdout {
            let target = inside(root, redirect.path);
            let mut open = File::options();
            let file = open.write(true).create(true).truncate(true).mode(redirect.mode).open(&target);
            let file = file.with_context(|| at(step, run, redirect.path))?;
            file.set_permissions(fs::Permissions::from_mode(redirect.mode))?;
            command.stdout(file);
        } else {
            command.stdout(log.try_clone()?);
        }
        command.stderr(log.try_clone()?);
        let status = command.status().with_context(|| at(step, run, "unshare"))?;
        if !status.success() {
            let mut said = Vec::new();
            log.seek(SeekFrom::Start(begun))?;
            log.read_to_end(&mut said)?;
            bail!("{}", failure(step, run, &status.to_string(), &String::from_utf8_lossy(&said)));
        }
    }
    Ok(())
}

/// What a person is told of a step that failed: the last lines of its output, the command, the directory.
pub fn failure(step: &Step<'_>, run: &Run<'_>, how: &str, said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let shown = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let mut text = format!("step {} failed: {how}\n", step.name);
    if shown.is_empty() {
        text.push_str("it printed nothing\n");
    } else {
        text.push_str(&format!("the last {} of {} lines that it printed:\n", shown.len(), lines.len()));
        shown.iter().for_each(|line| text.push_str(&format!("  | {line}\n")));
    }
    text.push_str(&format!("command (PLAN, line {}): {run}\ndirectory: {}", run.line, step.cwd));
    text
}

fn at(step: &Step<'_>, run: &Run<'_>, path: &str) -> String {
    format!("step {}, PLAN line {}: {path}", step.name, run.line)
}

fn inside(root: &Path, absolute: &str) -> PathBuf {
    root.join(&absolute[1..])
}

/// Lays out the declared inputs, the folders of the outputs, /tmp and /dev.
pub fn populate(step: &Step<'_>, root: &Path, files: &Rootfs) -> Result<()> {
    for folder in ["tmp", "dev"] {
        fs::create_dir_all(root.join(folder))?;
    }
    make_devices(&root.join("dev"));
    for (path, node) in files {
        let absolute = format!("/{path}");
        if !step.inputs.iter().any(|input| path::covers(input, &absolute)) {
            continue;
        }
        let target = root.join(path);
        fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        match node {
            Node::File { mode, data } => {
                fs::write(&target, data).with_context(|| target.display().to_string())?;
                fs::set_permissions(&target, fs::Permissions::from_mode(*mode))?;
                File::options()
                    .append(true)
                    .open(&target)?
                    .set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1))?;
            }
            Node::Symlink(link) => std::os::unix::fs::symlink(link, &target)?,
            Node::Folder(_) => fs::create_dir_all(&target)?,
        }
    }
    for output in &step.outputs {
        let (stem, tree) = path::split_tree(output.path);
        let target = inside(root, stem);
        fs::create_dir_all(if tree {
            &target
        } else {
            target.parent().context("an output has a folder")?
        })?;
    }
    fs::create_dir_all(inside(root, step.cwd))?;
    Ok(())
}

/// /dev/null and /dev/zero, where this user may make them; programs of the early chain open neither.
fn make_devices(dev: &Path) {
    use nix::sys::stat::{Mode, SFlag, makedev, mknod};
    for (name, minor) in [("null", 3), ("zero", 5)] {
        let path = dev.join(name);
        if mknod(&path, SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), makedev(1, minor)).is_ok() {
            // The mask of this process took the write bits away; failing leaves a device that only reads.
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o666));
        }
    }
}

/// Reads the declared outputs and checks locked digests.
fn collect(step: &Step<'_>, root: &Path, options: &Options<'_>) -> Result<Rootfs> {
    let mut made = Rootfs::new();
    for output in &step.outputs {
        let (stem, tree) = path::split_tree(output.path);
        let file = inside(root, stem);
        if tree {
            read_below(&file, &stem[1..], &mut made)?;
            continue;
        }
        let node = read_node(&file)
            .with_context(|| format!("step {}: output {} is missing", step.name, output.path))?;
        made.insert(stem[1..].to_owned(), node);
    }
    check_locked(step, &made, options)?;
    Ok(made)
}

/// Compares a step's outputs with the digests that PLAN says.
fn check_locked(step: &Step<'_>, made: &Rootfs, options: &Options<'_>) -> Result<()> {
    for output in &step.outputs {
        if let (Some(expected), Some(Node::File { data, .. })) = (output.sha256, made.get(&output.path[1..]))
        {
            let found = sha256(data);
            if found != expected && !options.unlocked {
                bail!(
                    "step {}: {} has the wrong sha256\n  expected {expected}\n  found    {found}",
                    step.name,
                    output.path
                );
            }
        }
    }
    Ok(())
}

fn read_node(file: &Path) -> Result<Node> {
    let meta = fs::symlink_metadata(file)?;
    if meta.is_symlink() {
        let target = fs::read_link(file)?;
        return Ok(Node::Symlink(target.to_str().context("link target is not UTF-8")?.to_owned()));
    }
    let mode = meta.permissions().mode() & 0o777;
    if meta.is_dir() {
        return Ok(Node::Folder(mode));
    }
    if !meta.is_file() {
        bail!("{}: neither file, folder nor link", file.display());
    }
    Ok(Node::File { mode, data: fs::read(file)? })
}

fn read_below(folder: &Path, prefix: &str, made: &mut Rootfs) -> Result<()> {
    for item in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let item = item?;
        let name = item.file_name().into_string().ok().context("an output's name is not UTF-8")?;
        let path = format!("{prefix}/{name}");
        let node = read_node(&item.path())?;
        let is_folder = matches!(node, Node::Folder(_));
        made.insert(path.clone(), node);
        if is_folder {
            read_below(&item.path(), &path, made)?;
        }
    }
    Ok(())
}

/// The digests that a bundle's OUTPUTS.sha256 lists.
pub fn outputs(folder: &Path) -> Result<lock::Digests> {
    Ok(lock::read(&folder.join("OUTPUTS.sha256"))?)
}

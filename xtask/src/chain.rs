// SPDX-License-Identifier: MIT
//! `cargo xtask chain`: the plan runner for plain Linux, which the monitor's results are compared with.

use crate::bundle::{self, Node, Rootfs};
use crate::debian::{PrivateApt, require};
use crate::pack::{self, parse_arch};
use crate::project::{Project, host_arch, which};
use anyhow::{Context, Result, bail};
use image_packer::host::closure::Closure;
use image_packer::host::tree::Entry;
use image_packer::host::{lock, sha256};
use image_packer::path;
use image_packer::plan::{Arch, Plan, Run, Step};
use nix::sys::resource::{UsageWho, getrusage};
use std::collections::BTreeMap;
use std::fs::{self, File};
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
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let (goal, closure) = pack::make(&project, args.goal.as_deref(), args.arch)?;
    let folder = project.bundle(&format!("linux-{}", args.arch), &goal);
    let options = Options { unlocked: args.unlocked, keep_failed: args.keep_failed };
    let report = run(&project, &closure, &folder, &options)?;
    println!("{}", report.table());
    println!("{} files in {}", report.outputs, folder.display());
    Ok(ExitCode::SUCCESS)
}

/// How strict to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Do not compare outputs with locked digests.
    pub unlocked: bool,
    /// Leave a failed step's root.
    pub keep_failed: bool,
}

/// What a run took.
#[derive(Clone, Debug)]
pub struct Report {
    /// Each step's name, wall time and processor time.
    pub steps: Vec<(String, Duration, Duration)>,
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
pub fn run(project: &Project, closure: &Closure, folder: &Path, options: &Options) -> Result<Report> {
    let plan = Plan::parse(closure.plan.as_bytes())?;
    let runner = Runner::find(project, plan.arch)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("PLAN"), &closure.plan)?;
    fs::write(folder.join("INPUTS.sha256"), &closure.inputs)?;
    let mut files: Rootfs = BTreeMap::new();
    for (path, entry) in &closure.files {
        let node = match entry {
            Entry::File { executable, data } => {
                Node::File { mode: if *executable { 0o755 } else { 0o644 }, data: data.clone() }
            }
            Entry::Symlink(target) => Node::Symlink(target.clone()),
        };
        files.insert(path.clone(), node);
    }
    let mut outputs = Rootfs::new();
    let mut steps = Vec::new();
    for (number, step) in plan.steps.iter().enumerate() {
        eprintln!("step {}/{} {}", number + 1, plan.steps.len(), step.name);
        let (started, cpu) = (Instant::now(), children_time()?);
        let root = tempfile::Builder::new().prefix("step-").tempdir_in(folder)?;
        let made = run_step(&runner, step, root.path(), &files, options);
        let made = match made {
            Ok(made) => made,
            Err(error) if options.keep_failed => {
                let kept = root.keep();
                return Err(error.context(format!("the step's root is {}", kept.display())));
            }
            Err(error) => return Err(error),
        };
        steps.push((step.name.to_owned(), started.elapsed(), children_time()?.saturating_sub(cpu)));
        for (path, node) in made {
            if plan.keeps(&format!("/{path}")) {
                outputs.insert(path.clone(), node.clone());
            }
            files.insert(path, node);
        }
    }
    add_folders(&mut outputs);
    let digests = bundle::write_rootfs(folder, &outputs)?;
    let meta: Vec<String> =
        steps.iter().map(|(name, wall, cpu)| format!("step {name} wall {wall:?} cpu {cpu:?}\n")).collect();
    fs::write(folder.join("run.meta"), meta.concat())?;
    Ok(Report { steps, outputs: digests.len() })
}

/// The folders that the paths imply.
fn add_folders(rootfs: &mut Rootfs) {
    let paths: Vec<String> = rootfs.keys().cloned().collect();
    for path in paths {
        for (at, _) in path.match_indices('/') {
            rootfs.entry(path[..at].to_owned()).or_insert(Node::Folder(0o755));
        }
    }
}

/// Processor time of all ended children.
fn children_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |t: nix::sys::time::TimeVal| Duration::new(t.tv_sec() as u64, t.tv_usec() as u32 * 1000);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// How programs of an architecture are started here.
struct Runner {
    /// A static user-mode emulator to put into the root, for a foreign architecture.
    emulator: Option<PathBuf>,
    unshare: PathBuf,
}

/// Where the emulator is within a root; not a declared input, so out of sight.
const EMULATOR: &str = "/.emulator";

impl Runner {
    fn find(project: &Project, arch: Arch) -> Result<Runner> {
        require(&[("unshare", "util-linux")])?;
        let unshare = which("unshare").context("unshare is not installed")?;
        if arch.name() == host_arch() {
            return Ok(Runner { emulator: None, unshare });
        }
        let name = format!("qemu-{arch}-static");
        let emulator = match which(&name) {
            Some(file) => file,
            None => {
                let package = PrivateApt::open(project)?.unpacked(project, "qemu-user-static", None)?;
                package.join("usr/bin").join(name)
            }
        };
        Ok(Runner { emulator: Some(emulator), unshare })
    }

    /// Copies what the root needs beside the step's inputs.
    fn prepare(&self, root: &Path) -> Result<()> {
        if let Some(emulator) = &self.emulator {
            let target = root.join(&EMULATOR[1..]);
            fs::copy(emulator, &target)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }

    fn command(&self, root: &Path, step: &Step<'_>, run: &Run<'_>) -> Command {
        let mut command = Command::new(&self.unshare);
        command.env_clear();
        if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.arg(format!("--root={}", root.display())).arg(format!("--wd={}", step.cwd)).arg("--");
        if self.emulator.is_some() {
            command.arg(EMULATOR);
        }
        command.args(run.words.iter().map(|word| word.as_ref()));
        for variable in &step.env {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            command.env(name, value);
        }
        command
    }
}

/// Runs a step in `root` and gives its outputs.
fn run_step(
    runner: &Runner,
    step: &Step<'_>,
    root: &Path,
    files: &Rootfs,
    options: &Options,
) -> Result<Rootfs> {
    populate(step, root, files)?;
    runner.prepare(root)?;
    for run in &step.runs {
        let mut command = runner.command(root, step, run);
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
            command.stdout(std::io::stderr());
        }
        let status = command.status().with_context(|| at(step, run, "unshare"))?;
        if !status.success() {
            bail!("step {}: {status}: {}\n(PLAN, line {})", step.name, run, run.line);
        }
    }
    collect(step, root, options)
}

fn at(step: &Step<'_>, run: &Run<'_>, path: &str) -> String {
    format!("step {}, PLAN line {}: {path}", step.name, run.line)
}

fn inside(root: &Path, absolute: &str) -> PathBuf {
    root.join(&absolute[1..])
}

/// Lays out the declared inputs, the folders of the outputs, /tmp and /dev.
fn populate(step: &Step<'_>, root: &Path, files: &Rootfs) -> Result<()> {
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
                fs::write(&target, data)?;
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
fn collect(step: &Step<'_>, root: &Path, options: &Options) -> Result<Rootfs> {
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
        if let (Some(expected), Node::File { data, .. }) = (output.sha256, &node) {
            let found = sha256(data);
            if found != expected && !options.unlocked {
                bail!(
                    "step {}: {} has the wrong sha256\n  expected {expected}\n  found    {found}",
                    step.name,
                    output.path
                );
            }
        }
        made.insert(stem[1..].to_owned(), node);
    }
    Ok(made)
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

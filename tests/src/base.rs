// SPDX-License-Identifier: MIT
//! The root file system of the goal `base`, and test suites that run in it.

use crate::monitor;
use crate::programs::{Libc, compile};
use crate::{corpus, project, scratch};
use image_packer::host::catalogue::Origin;
use image_packer::host::closure::Closure;
use image_packer::host::tree::Tree;
use image_packer::host::unpack;
use image_packer::plan::Arch;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use xtask::chain::{self, Options};
use xtask::exec::{self, Root};
use xtask::fetch::Fetcher;
use xtask::pack;

/// Host time that a suite may take.
const LIMIT: Duration = Duration::from_secs(900);

/// The closure of `base`, with every output in the root file system, also what stays out of the real one.
pub fn closure(arch: Arch) -> Closure {
    let (_, mut closure) =
        pack::make(project(), Some("base"), arch).unwrap_or_else(|error| panic!("{error:#}"));
    let plan: Vec<&str> =
        closure.plan.split_inclusive('\n').filter(|line| !line.starts_with("keep ")).collect();
    closure.plan = plan.concat();
    closure
}

/// The bundle of [`closure`] as plain Linux makes it; it is made once for all tests. Steps that ran before on the
/// same inputs do not run again.
pub fn bundle(arch: Arch) -> PathBuf {
    let folder = project().root.join(format!("target/e2e/base-{arch}"));
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let closure = closure(arch);
    let made = fs::read_to_string(folder.join("made-from")).unwrap_or_default();
    let wanted = format!("{}{}", closure.plan, closure.inputs);
    if made != wanted {
        let options = Options { reuse: true, ..Options::default() };
        chain::run(project(), &closure, &folder, &options).unwrap_or_else(|error| panic!("{error:#}"));
        fs::write(folder.join("made-from"), wanted).unwrap();
    }
    lock.unlock().unwrap();
    folder
}

/// The bundle of `base` as a user gets it, made as [`bundle`], in a folder for one test.
pub fn rootfs(arch: Arch, test: &str) -> PathBuf {
    let (_, closure) = pack::make(project(), Some("base"), arch).unwrap_or_else(|error| panic!("{error:#}"));
    let folder = scratch(test);
    let options = Options { reuse: true, ..Options::default() };
    chain::run(project(), &closure, &folder, &options).unwrap_or_else(|error| panic!("{error:#}"));
    folder
}

/// A command that wants the words of another one, which it runs with `root` as its root directory.
pub fn chroot(root: &Path) -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg(format!("--root={}", root.display())).arg("--");
    command
}

/// The root file system that [`bundle`] leaves, with `/tmp`.
pub fn root(arch: Arch) -> Root {
    let mut root = Root::read(Some(&bundle(arch).join("rootfs.tar")), None).unwrap();
    root.folders.push("tmp".into());
    root
}

/// The whole tree of an upstream package, as in its tarball.
pub fn upstream(name: &str) -> Tree {
    let catalogue = project().catalogue().unwrap();
    tarball(catalogue.sources[name].origin.as_ref().expect("an upstream package"))
}

/// The tree of a tarball.
pub fn tarball(origin: &Origin) -> Tree {
    let file = Fetcher::new(project(), None).fetch(origin).unwrap_or_else(|error| panic!("{error:#}"));
    unpack::unpack(&file, origin).unwrap()
}

/// One test of a suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Commands, run in order until one fails; words are split at blanks, programs named by path.
    pub commands: Vec<String>,
}

/// What a test printed, and the status of its last command.
pub type Results = BTreeMap<String, (Vec<u8>, u8)>;

/// Runs a suite in `root` under the monitor, in the directory `cwd` of it.
pub fn suite(board: &str, mut root: Root, cwd: &str, cases: &[Case]) -> Results {
    let (board, monitor) = monitor::board(board);
    let driver = compile(board.arch(), Libc::Glibc, &corpus("suites/suite.c"), &[]).unwrap();
    root.program("suite", driver);
    let lines: Vec<String> =
        cases.iter().map(|case| format!("{}\t{}\n", case.name, case.commands.join("\t"))).collect();
    root.program("suite.list", lines.concat().into());
    let settings = exec::settings(&board, &["/suite", "/suite.list", cwd], &[]);
    let archive = root.archive().unwrap();
    let mut job = monitor::job(settings, &archive);
    job.limit = Some(LIMIT);
    let log = scratch(&format!("suite-{}-{}", board.name, std::process::id())).join("serial.log");
    job.serial_log = Some(log.clone());
    let boot = monitor::boot(&board, &monitor, &job).unwrap_or_else(|error| panic!("{error:#}"));
    let mut results = Results::new();
    let mut rest = &boot.output[..];
    while let Some(mark) = rest.iter().position(|&b| b == 0x1f) {
        let end = mark + rest[mark..].iter().position(|&b| b == b'\n').expect("a line ends");
        let head = std::str::from_utf8(&rest[mark + 1..end]).unwrap();
        let (name, status) = head.rsplit_once(' ').unwrap();
        results.insert(name.into(), (rest[..mark].into(), status.parse().unwrap()));
        rest = &rest[end + 1..];
    }
    assert_eq!(results.len(), cases.len(), "the suite did not end; its log is {}", log.display());
    results
}

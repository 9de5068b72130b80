// SPDX-License-Identifier: MIT
//! `cargo xtask build`.

use crate::board::{Board, Form, Place};
use crate::debian::PrivateApt;
use crate::pack;
use crate::project::{self, Project};
use crate::whole;
use anyhow::{Context, Result, bail, ensure};
use image_packer::payload::{Console, Mode, Payload};
use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Build the monitor for a board and lay out its firmware image with a goal's closure.
#[derive(clap::Args)]
pub struct Args {
    /// The board (default: all).
    #[arg(long)]
    board: Option<String>,
    /// The goal (default: the furthest).
    #[arg(long)]
    goal: Option<String>,
    /// Only check the monitor's code with clippy, warnings as errors.
    #[arg(long, conflicts_with = "goal")]
    clippy: bool,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let names = match args.board {
        Some(board) => vec![board],
        None => Board::names(&project)?,
    };
    let mut linted = Vec::new();
    for name in names {
        let board = Board::read(&project, &name)?;
        if args.clippy {
            if !linted.contains(&board.target) {
                cargo(&project, &board.target, &["clippy"], &["--", "-D", "warnings"])?;
                linted.push(board.target);
            }
            continue;
        }
        let monitor = monitor(&project, &board)?;
        let (goal, closure) = pack::make(&project, args.goal.as_deref(), board.arch())?;
        let folder = project.bundle(&board.name, &goal);
        fs::create_dir_all(&folder)?;
        let payload = payload(&plan_settings(&board), &closure.to_bytes()?)?;
        let files = lay_out(&board, &monitor, &payload, &folder)?;
        println!("{name}: {goal}: {}", files.image.display());
        for extra in files.initrd.iter().chain(&files.input) {
            println!("{name}: {goal}: {}", extra.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The payload settings of a plain run of a plan.
pub fn plan_settings(board: &Board) -> Payload<'_> {
    Payload {
        board: board.name.as_bytes(),
        machine: board.machine.as_bytes(),
        mode: Mode::Plan,
        closure_bytes: 0,
        closure_sha256: image_packer::hex::Digest([0; 32]),
        output: board.target(),
        watchdog_seconds: board.watchdog_seconds,
        console: Console::Plain,
        rule: true,
        args: Vec::new(),
        env: Vec::new(),
        cwd: b"/",
    }
}

/// The page and the closure; `settings` get the closure's length and digest.
pub fn payload(settings: &Payload<'_>, closure: &[u8]) -> Result<Vec<u8>> {
    let settings = Payload {
        closure_bytes: closure.len() as u64,
        closure_sha256: image_packer::host::sha256(closure),
        ..settings.clone()
    };
    let mut bytes = settings.to_page()?;
    bytes.extend(closure);
    Ok(bytes)
}

/// A built monitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// The ELF file, with debug sections.
    pub elf: PathBuf,
    /// What the machine loads: the flat image, or the ELF without debug sections.
    pub loaded: Vec<u8>,
}

/// The variable that says that the monitors have been built just now.
pub const PREBUILT: &str = "FIRSTLIGHT_PREBUILT";

/// Builds the monitor for the board's target. The build folder is in the cache, one a checkout.
pub fn monitor(project: &Project, board: &Board) -> Result<Monitor> {
    if env::var_os(PREBUILT).is_none() {
        cargo(project, &board.target, &["build"], &[])?;
    }
    let elf = target_folder(project)?.join(&board.target).join("firmware").join("firmware");
    let bytes = fs::read(&elf).with_context(|| elf.display().to_string())?;
    let loaded = match board.image.form {
        Form::Flat => flatten(&bytes)?,
        Form::Elf => strip(&bytes)?,
    };
    Ok(Monitor { elf, loaded })
}

fn target_folder(project: &Project) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    project.root.hash(&mut hasher);
    project.cached(&format!("target/{:016x}", hasher.finish()))
}

/// Runs cargo on the crate `firmware` for a bare target, building `core` and `alloc` from source.
fn cargo(project: &Project, target: &str, verb: &[&str], rest: &[&str]) -> Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(verb).args([
        "--quiet",
        "--package",
        "firmware",
        "--profile",
        "firmware",
        "--target",
        target,
    ]);
    command.args(["-Zbuild-std=core,alloc", "-Zbuild-std-features=optimize_for_size"]).args(rest);
    command.current_dir(&project.root).env("RUSTC_BOOTSTRAP", "1");
    command.env("CARGO_TARGET_DIR", target_folder(project)?);
    if let Some(library) = rust_library(project)? {
        command.env("__CARGO_TESTS_ONLY_SRC_ROOT", library);
    }
    // The outer cargo's settings are for the host.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    // The compiler warns of every target feature that is not stable; what it says counts when it fails.
    let output = command.output().context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the monitor does not build for {target}\n{said}");
    Ok(())
}

/// The folder `library` of rust-src: none where rustup has installed it, else the cache's, from Debian's
/// package `rust-src` of the same version as the compiler.
fn rust_library(project: &Project) -> Result<Option<PathBuf>> {
    let sysroot = project::run(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
        return Ok(None);
    }
    let version = project::run(Command::new("rustc").arg("--version"))?;
    let version = version.split(' ').nth(1).context("rustc --version has no version")?.to_owned();
    let link = project.cached("rust-src")?.join(format!("library-{version}"));
    if link.join("Cargo.lock").is_file() {
        return Ok(Some(link));
    }
    let apt = PrivateApt::open(project)?;
    let packaged = apt.versions("rust-src")?;
    let Some(package) = packaged.iter().find(|package| package.starts_with(&format!("{version}+"))) else {
        bail!(
            "the standard library's source is missing: type `rustup component add rust-src`\n\
             (Debian has rust-src {}, the compiler is {version})",
            packaged.join(", ")
        );
    };
    let folder = apt.unpacked(project, "rust-src", Some(package))?;
    let sources = folder.join("usr/src");
    for item in fs::read_dir(&sources)? {
        let library = item?.path().join("library");
        if library.join("Cargo.lock").is_file() {
            // Two runs at once make the same link.
            let _ = fs::remove_file(&link);
            symlink(&library, &link).or_else(|error| if link.exists() { Ok(()) } else { Err(error) })?;
            return Ok(Some(link));
        }
    }
    bail!("{}: no library folder in it", sources.display())
}

/// A little-endian field of an ELF file.
fn field(bytes: &[u8], at: u64, len: usize) -> Result<u64> {
    let at = usize::try_from(at)?;
    let raw = bytes.get(at..at + len).context("the monitor's ELF file is cut off")?;
    Ok(raw.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// A loadable segment: file offset, physical address, size in the file.
struct Segment {
    offset: u64,
    address: u64,
    size: u64,
}

fn segments(elf: &[u8]) -> Result<Vec<Segment>> {
    ensure!(elf.starts_with(b"\x7fELF\x02\x01"), "the monitor is no little-endian ELF64 file");
    let (table, count) = (field(elf, 32, 8)?, field(elf, 56, 2)?);
    let mut segments = Vec::new();
    for at in (0..count).map(|index| table + 56 * index) {
        let segment = Segment {
            offset: field(elf, at + 8, 8)?,
            address: field(elf, at + 24, 8)?,
            size: field(elf, at + 32, 8)?,
        };
        if field(elf, at, 4)? == 1 && segment.size > 0 {
            segments.push(segment);
        }
    }
    segments.sort_by_key(|segment| segment.address);
    Ok(segments)
}

/// The loadable segments as they lie in memory, gaps zero.
fn flatten(elf: &[u8]) -> Result<Vec<u8>> {
    let segments = segments(elf)?;
    let base = segments.first().context("the monitor has nothing to load")?.address;
    let mut flat = Vec::new();
    for segment in segments {
        let (from, to) = (segment.offset as usize, (segment.offset + segment.size) as usize);
        flat.resize(usize::try_from(segment.address - base)?, 0);
        flat.extend(elf.get(from..to).context("the monitor's ELF file is cut off")?);
    }
    Ok(flat)
}

/// The ELF file up to the end of what is loaded, without section headers.
fn strip(elf: &[u8]) -> Result<Vec<u8>> {
    let mut end = field(elf, 32, 8)? + 56 * field(elf, 56, 2)?;
    for at in (0..field(elf, 56, 2)?).map(|index| field(elf, 32, 8).map(|table| table + 56 * index)) {
        let at = at?;
        end = end.max(field(elf, at + 8, 8)? + field(elf, at + 32, 8)?);
    }
    let mut stripped =
        elf.get(..usize::try_from(end)?).context("the monitor's ELF file is cut off")?.to_vec();
    // e_shoff; e_shentsize, e_shnum, e_shstrndx.
    stripped[40..48].fill(0);
    stripped[58..64].fill(0);
    Ok(stripped)
}

/// The files that a machine is started with.
#[derive(Clone, Debug)]
pub struct Files {
    /// The monitor, in flash with the closure behind it.
    pub image: PathBuf,
    /// The payload as initrd.
    pub initrd: Option<PathBuf>,
    /// The payload on a disk.
    pub input: Option<PathBuf>,
}

/// Writes the firmware image and, where the payload is not in it, the payload's own file.
pub fn lay_out(board: &Board, monitor: &Monitor, payload: &[u8], folder: &Path) -> Result<Files> {
    let mut image = monitor.loaded.clone();
    let behind = image.len().next_multiple_of(image_packer::payload::PAGE);
    let fits = board.image.bytes.is_some_and(|bytes| (behind + payload.len()) as u64 <= bytes);
    let place = if board.closure == Place::Flash && !fits { Place::Disk } else { board.closure };
    if place == Place::Flash {
        image.resize(behind, 0);
        image.extend(payload);
    }
    if let Some(bytes) = board.image.bytes {
        ensure!(image.len() as u64 <= bytes, "the monitor does not fit {bytes} bytes of flash");
    }
    let file = folder.join("firmware.img");
    whole::write_with(&file, |mut out| {
        std::io::Write::write_all(&mut out, &image)?;
        // The rest of the flash is a hole, which reads as zeros.
        Ok(board.image.bytes.map_or(Ok(()), |bytes| out.set_len(bytes))?)
    })?;
    let mut files = Files { image: file, initrd: None, input: None };
    if place != Place::Flash {
        let file = folder.join("payload.img");
        let mut padded = payload.to_vec();
        padded.resize(payload.len().next_multiple_of(512), 0);
        whole::write(&file, padded)?;
        *(if place == Place::Initrd { &mut files.initrd } else { &mut files.input }) = Some(file);
    }
    Ok(files)
}

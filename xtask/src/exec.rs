// SPDX-License-Identifier: MIT
//! `cargo xtask exec`.

use crate::board::Board;
use crate::build::{self, Monitor};
use crate::console::Piece;
use crate::emulator::{self, Ending, Job};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use image_packer::host::closure;
use image_packer::host::tree::{Entry, Tree};
use image_packer::path;
use image_packer::payload::{Console, Mode, Payload};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Boot the monitor and run one static Linux program in it.
///
/// The program's merged output is on standard output, the monitor's lines on standard error, and its exit
/// status is passed on. The rule that only what the chain built may be executed is off.
#[derive(clap::Args)]
pub struct Args {
    /// The board.
    #[arg(long, default_value = "virt")]
    board: String,
    /// A folder (or tar archive) whose files are the program's root.
    #[arg(long)]
    root: Option<PathBuf>,
    /// A closure (as `pack` writes it) whose files are in the root too.
    #[arg(long)]
    closure: Option<PathBuf>,
    /// Set a variable, NAME=VALUE; the environment is empty otherwise.
    #[arg(long)]
    env: Vec<String>,
    /// Working directory.
    #[arg(long, default_value = "/")]
    cwd: String,
    /// Guest seconds after which the program is stopped (default: the board file's).
    #[arg(long)]
    watchdog: Option<u64>,
    /// Path in the root, and arguments.
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let board = Board::read(&project, &args.board)?;
    emulator::require_emulator(&board)?;
    let root = Root::read(args.root.as_deref(), args.closure.as_deref())?;
    root.require_program(&args.cwd, &args.program[0])?;
    let monitor = build::monitor(&project, &board)?;
    let env: Vec<&str> = args.env.iter().map(String::as_str).collect();
    let words: Vec<&str> = args.program.iter().map(String::as_str).collect();
    let mut settings = settings(&board, &words, &env);
    settings.cwd = args.cwd.as_bytes();
    settings.watchdog_seconds = args.watchdog.unwrap_or(board.watchdog_seconds);
    let ending = boot(&board, &monitor, settings, &root, None, &mut |piece| {
        match piece {
            Piece::Program(bytes) => std::io::stdout().write_all(bytes)?,
            Piece::Monitor(line) => eprintln!("{line}"),
        }
        Ok(std::io::stdout().flush()?)
    })?;
    Ok(ExitCode::from(ending.epitaph()?.code))
}

/// Settings for one program with the rule off.
pub fn settings<'a>(board: &'a Board, words: &[&'a str], env: &[&'a str]) -> Payload<'a> {
    Payload {
        mode: Mode::Exec,
        console: Console::Framed,
        rule: false,
        output: None,
        args: words.iter().map(|word| word.as_bytes()).collect(),
        env: env.iter().map(|variable| variable.as_bytes()).collect(),
        ..build::plan_settings(board)
    }
}

/// Boots with a root's files.
pub fn boot(
    board: &Board,
    monitor: &Monitor,
    settings: Payload<'_>,
    root: &Root,
    limit: Option<Duration>,
    listen: &mut dyn FnMut(&Piece) -> Result<()>,
) -> Result<Ending> {
    let job = Job {
        settings,
        closure: &root.archive()?,
        output: None,
        write_protected: false,
        extra: Vec::new(),
        limit,
        serial_log: None,
    };
    emulator::boot(board, monitor, &job, listen)
}

/// The files that a program finds.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// Files and links.
    pub files: Tree,
    /// Folders, also those that are empty.
    pub folders: Vec<String>,
}

impl Root {
    /// Reads a folder or tar archive, and a closure's files.
    pub fn read(folder: Option<&Path>, closure: Option<&Path>) -> Result<Root> {
        let mut root = Root::default();
        if let Some(file) = closure {
            let bytes = fs::read(file).with_context(|| file.display().to_string())?;
            root.files.extend(closure::Closure::verify(file, &bytes)?.files);
        }
        match folder {
            Some(folder) if folder.is_dir() => root.add(folder, "")?,
            Some(file) => root.untar(file)?,
            None => {}
        }
        root.folders.sort();
        Ok(root)
    }

    /// Adds what a host folder holds, below `prefix` (which ends in a slash or is empty).
    pub fn add(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for item in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let item = item?;
            let name = item.file_name().into_string().ok().context("a file name is not UTF-8")?;
            let path = format!("{prefix}{name}");
            if !path::is_member(&path) {
                bail!("{path}: the name does not fit a closure");
            }
            let meta = fs::symlink_metadata(item.path())?;
            if meta.is_dir() {
                self.folders.push(path.clone());
                self.add(&item.path(), &format!("{path}/"))?;
            } else if meta.is_symlink() {
                let target = fs::read_link(item.path())?;
                let target = target.to_str().context("a link's target is not UTF-8")?;
                self.files.insert(path, Entry::Symlink(target.to_owned()));
            } else if meta.is_file() {
                let executable = meta.permissions().mode() & 0o100 != 0;
                self.files.insert(path, Entry::File { executable, data: fs::read(item.path())? });
            }
        }
        Ok(())
    }

    fn untar(&mut self, file: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let tree = image_packer::host::unpack::untar(&bytes, 0);
        self.files.extend(tree.map_err(anyhow::Error::msg).with_context(|| file.display().to_string())?);
        Ok(())
    }

    /// Adds a program at a path.
    pub fn program(&mut self, path: &str, data: Vec<u8>) {
        self.files.insert(path.to_owned(), Entry::File { executable: true, data });
    }

    /// Where a path leads, links followed as in this root; `None` if it leads round and round.
    fn target(&self, cwd: &str, path: &str) -> Option<String> {
        let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        if !path.starts_with('/') {
            pending.extend(cwd.split('/').rev().map(str::to_owned));
        }
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(name) = pending.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => drop(at.pop()),
                _ => at.push(name),
            }
            if let Some(Entry::Symlink(target)) = self.files.get(&at.join("/")) {
                links += 1;
                if links > 40 {
                    return None;
                }
                at.pop();
                if target.starts_with('/') {
                    at.clear();
                }
                pending.extend(target.split('/').rev().map(str::to_owned));
            }
        }
        Some(at.join("/"))
    }

    /// Checks that a path, from the directory `cwd`, names an executable file; the error says what is not so.
    pub fn require_program(&self, cwd: &str, path: &str) -> Result<()> {
        let Some(target) = self.target(cwd, path) else { bail!("{path} in the root is a link to itself") };
        let leads = match target == path.trim_start_matches('/') {
            true => String::new(),
            false => format!(" leads to /{target}, which"),
        };
        match self.files.get(&target) {
            Some(Entry::File { executable: true, .. }) => Ok(()),
            Some(_) => bail!("{path}{leads} is not executable in the root"),
            None if self.folders.contains(&target) => bail!("{path}{leads} is a folder in the root"),
            None => bail!("{path}{leads} is not in the root"),
        }
    }

    /// The archive that the monitor reads.
    pub fn archive(&self) -> Result<Vec<u8>> {
        Ok(closure::archive_of(&self.files, &self.folders)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_within_the_root() {
        let mut root = Root::default();
        root.program("usr/bin/busybox", Vec::new());
        for (path, target) in [
            ("bin", "usr/bin"),
            ("usr/bin/sh", "busybox"),
            ("usr/bin/ash", "/bin/../bin/sh"),
            ("usr/bin/up", "../../../bin/sh"),
            ("usr/bin/round", "round"),
            ("usr/bin/none", "nonesuch"),
        ] {
            root.files.insert(path.into(), Entry::Symlink(target.into()));
        }
        for path in ["/bin/busybox", "/bin/sh", "bin/sh", "/usr/bin/ash", "/bin/up"] {
            root.require_program("/", path).unwrap();
        }
        root.require_program("/usr/bin", "../../bin/./sh").unwrap();
        root.files.insert("text".into(), Entry::File { executable: false, data: Vec::new() });
        root.folders.push("usr/bin".into());
        for (path, why) in [
            ("/bin", "/bin leads to /usr/bin, which is a folder in the root"),
            ("/bin/round", "/bin/round in the root is a link to itself"),
            ("/bin/none", "/bin/none leads to /usr/bin/nonesuch, which is not in the root"),
            ("/sh", "/sh is not in the root"),
            ("/text", "/text is not executable in the root"),
            ("/bin/busybox/x", "/bin/busybox/x leads to /usr/bin/busybox/x, which is not in the root"),
        ] {
            assert_eq!(root.require_program("/", path).unwrap_err().to_string(), why);
        }
    }
}

// SPDX-License-Identifier: MIT
//! Boards: one TOML file each below `boards/`, described in `docs/formats.md`.

use crate::project::Project;
use anyhow::{Context, Result, bail};
use image_packer::payload::Target;
use image_packer::plan::Arch;
use serde::Deserialize;
use std::fs;

/// A board file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Board {
    /// The file's name without `.toml`.
    pub name: String,
    /// What it is, for people.
    pub prose: String,
    /// `aarch64` or `x86_64`.
    arch: String,
    /// What the machine calls itself.
    pub machine: String,
    /// Rust's name of the bare target.
    pub target: String,
    /// Where the closure lies, if it fits.
    pub closure: Place,
    /// Guest seconds that a step may take.
    pub watchdog_seconds: u64,
    /// The monitor's file.
    pub image: Image,
    /// The disk that a run writes.
    pub output: Output,
    /// How the board is emulated.
    pub emulator: Emulator,
}

/// Where a closure lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the image, behind the monitor.
    Flash,
    /// Handed over by the boot loader.
    Initrd,
    /// On the disk with the serial number `firstlight-in`.
    Disk,
}

/// The monitor's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// What is loaded.
    pub form: Form,
    /// The exact size of a flash image.
    pub bytes: Option<u64>,
}

/// Forms of the monitor's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Its segments as they lie in memory.
    Flat,
    /// ELF.
    Elf,
}

/// The disk that a run writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// `serial:NAME` or `gpt-label:NAME`.
    pub target: String,
    /// Size of the disk image that `run` makes.
    pub bytes: u64,
}

/// An emulator's command line; `{file}` stands for the file at hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// The program.
    pub program: String,
    /// Debian's package that has it.
    pub package: String,
    /// What always stands.
    pub command: Vec<String>,
    /// For the monitor's file.
    pub image: Vec<String>,
    /// For the closure as initrd.
    #[serde(default)]
    pub initrd: Vec<String>,
    /// For the closure on a disk.
    pub input: Vec<String>,
    /// For the disk that is written.
    pub output: Vec<String>,
}

impl Board {
    /// Reads `boards/<name>.toml`.
    pub fn read(project: &Project, name: &str) -> Result<Board> {
        let file = project.root.join("boards").join(name).with_extension("toml");
        if !image_packer::plan::is_name(name) || !file.is_file() {
            bail!("there is no board '{name}'; boards: {}", Board::names(project)?.join(", "));
        }
        let text = fs::read_to_string(&file)?;
        let board = Board::parse(&text).with_context(|| file.display().to_string())?;
        if board.name != name {
            bail!("{}: name must be the file's name", file.display());
        }
        Ok(board)
    }

    fn parse(text: &str) -> Result<Board> {
        let board: Board = toml::from_str(text)?;
        if Arch::parse(&board.arch).is_none() {
            bail!("arch is neither aarch64 nor x86_64");
        }
        if Target::parse(board.output.target.as_bytes()).is_none() {
            bail!("output: target is neither serial:NAME nor gpt-label:NAME");
        }
        if board.closure == Place::Flash && (board.image.bytes.is_none() || board.image.form != Form::Flat) {
            bail!("a closure in flash wants a flat image of a stated size");
        }
        Ok(board)
    }

    /// The boards that exist, sorted.
    pub fn names(project: &Project) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for item in fs::read_dir(project.root.join("boards"))? {
            let file = item?.path();
            if file.extension().is_some_and(|ext| ext == "toml") {
                names.extend(file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Its processor.
    pub fn arch(&self) -> Arch {
        // `parse` has checked it.
        Arch::parse(&self.arch).unwrap_or(Arch::Aarch64)
    }

    /// The disk that may be written.
    pub fn target(&self) -> Option<Target<'_>> {
        Target::parse(self.output.target.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_file_is_good() {
        let project = Project::find().unwrap();
        let names = Board::names(&project).unwrap();
        assert!(names.len() >= 3);
        for name in names {
            Board::read(&project, &name).unwrap();
        }
    }

    #[test]
    fn unknown_keys_and_boards_are_errors() {
        let project = Project::find().unwrap();
        let text = fs::read_to_string(project.root.join("boards/virt.toml")).unwrap();
        assert!(Board::parse(&format!("colour = 1\n{text}")).is_err());
        assert!(Board::parse(&text.replace("\"serial:", "\"disk:")).is_err());
        assert!(Board::parse(&text.replace("bytes = 67108864", "")).is_err());
        let error = Board::read(&project, "nonesuch").unwrap_err().to_string();
        assert!(error.contains("virt-image"), "{error}");
    }
}

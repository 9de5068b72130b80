// SPDX-License-Identifier: MIT
//! The folders: the checkout, `out/` in it, and the cache outside it.

use anyhow::{Context, Result, bail};
use image_packer::host::catalogue::Catalogue;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where things are.
#[derive(Clone, Debug)]
pub struct Project {
    /// The checkout.
    pub root: PathBuf,
    /// What survives checkouts: downloads, tool chains, the monitor's build folder.
    pub cache: PathBuf,
}

impl Project {
    /// Finds the checkout: the workspace of the running `cargo`, or the nearest folder above that has
    /// `boards/` and `sources/`. The cache is `$XDG_CACHE_HOME/firstlight` or `~/.cache/firstlight`.
    pub fn find() -> Result<Project> {
        let start = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).map_or_else(env::current_dir, Ok)?;
        let is_root = |dir: &&Path| dir.join("boards").is_dir() && dir.join("sources").is_dir();
        let root = start.ancestors().find(is_root).context("not within a Firstlight checkout")?;
        let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|base| base.is_absolute());
        let base = match base {
            Some(base) => base,
            None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
        };
        let cache = base.join("firstlight");
        fs::create_dir_all(&cache).with_context(|| cache.display().to_string())?;
        Ok(Project { root: root.to_owned(), cache })
    }

    /// Everything below `sources/`.
    pub fn catalogue(&self) -> Result<Catalogue> {
        Ok(Catalogue::read(&self.root.join("sources"))?)
    }

    /// A run's bundle: `out/<where>/<goal>`.
    pub fn bundle(&self, place: &str, goal: &str) -> PathBuf {
        self.root.join("out").join(place).join(goal)
    }

    /// A folder of the cache, made if need be.
    pub fn cached(&self, name: &str) -> Result<PathBuf> {
        let folder = self.cache.join(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }
}

/// The architecture of the machine that this runs on.
pub fn host_arch() -> &'static str {
    env::consts::ARCH
}

/// The path of a program, if it is installed. `sbin` counts, as apt's packages put emulators' helpers there.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs a command to its end; its output belongs to the error.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{command:?}: {}\n{}", output.status, text.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

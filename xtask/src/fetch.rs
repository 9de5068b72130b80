// SPDX-License-Identifier: MIT
//! `cargo xtask fetch`.

use crate::debian::{PrivateApt, require};
use crate::project::{self, Project};
use anyhow::{Context, Result, bail};
use image_packer::hex::Digest;
use image_packer::host::catalogue::{Catalogue, Origin};
use image_packer::host::{Tarballs, resolve, sha256};
use image_packer::plan::Arch;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Download the upstream tarballs that goals need, each by its sha256.
///
/// A tarball comes from a folder of yours (`--from`), from Debian's source package, or from upstream's
/// address, whichever is first to have it. It is kept in the cache under its digest; anything else is
/// discarded. Interrupted downloads go on where they stopped.
#[derive(clap::Args)]
pub struct Args {
    /// Only what these goals need (default: every goal).
    #[arg(long)]
    goal: Vec<String>,
    /// Look for tarballs in this folder first.
    #[arg(long)]
    from: Option<PathBuf>,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let catalogue = project.catalogue()?;
    let fetcher = Fetcher::new(&project, args.from);
    let origins = origins(&catalogue, &args.goal)?;
    for (number, (name, origin)) in origins.iter().enumerate() {
        eprintln!("[{}/{}] {name}: {}", number + 1, origins.len(), origin.file);
        fetcher.fetch(origin)?;
    }
    eprintln!("{} tarballs are in {}", origins.len(), fetcher.store()?.display());
    Ok(ExitCode::SUCCESS)
}

/// The upstream packages whose trees the goals read, by source name.
fn origins<'a>(catalogue: &'a Catalogue, goals: &[String]) -> Result<BTreeMap<&'a str, &'a Origin>> {
    let goals = if goals.is_empty() { catalogue.goals.keys().cloned().collect() } else { goals.to_vec() };
    let mut found = BTreeMap::new();
    for goal in goals {
        let goal = catalogue.goal(&goal)?;
        for arch in Arch::ALL {
            for chosen in resolve::steps(catalogue, goal, arch)? {
                for input in &chosen.step.inputs {
                    let input = resolve::expand(&input.text, arch);
                    if let Some((source, true)) = resolve::source_of(catalogue, &input) {
                        found.extend(source.origin.as_ref().map(|origin| (source.name.as_str(), origin)));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Gets tarballs, downloading those that the cache lacks.
pub struct Fetcher<'a> {
    project: &'a Project,
    from: Option<PathBuf>,
    apt: OnceCell<PrivateApt>,
}

impl Tarballs for Fetcher<'_> {
    fn get(&self, origin: &Origin) -> Result<PathBuf, String> {
        self.fetch(origin).map_err(|error| format!("{error:#}"))
    }
}

impl<'a> Fetcher<'a> {
    /// `from` is a folder to look in first.
    pub fn new(project: &'a Project, from: Option<PathBuf>) -> Fetcher<'a> {
        Fetcher { project, from, apt: OnceCell::new() }
    }

    fn store(&self) -> Result<PathBuf> {
        self.project.cached("tarballs")
    }

    /// The tarball's file in the cache, after its digest has been checked.
    pub fn fetch(&self, origin: &Origin) -> Result<PathBuf> {
        let target = self.store()?.join(format!("{}-{}", &origin.sha256[..16], origin.file));
        if target.is_file() && check(&target, origin).is_ok() {
            return Ok(target);
        }
        let mut tried = Vec::new();
        if let Some(folder) = &self.from {
            let file = folder.join(&origin.file);
            match check(&file, origin) {
                Ok(()) => return keep(&file, &target),
                Err(error) => tried.push(format!("{}: {error:#}", file.display())),
            }
        }
        if let Some(spec) = &origin.debian {
            match self.debian_source(spec, origin, &target) {
                Ok(()) => return Ok(target),
                Err(error) => tried.push(format!("Debian's {spec}: {error:#}")),
            }
        }
        if let Some(url) = &origin.url {
            match from_address(url, origin, &target) {
                Ok(()) => return Ok(target),
                Err(error) => tried.push(format!("{url}: {error:#}")),
            }
        }
        bail!("{}: not to be had\n  {}", origin.file, tried.join("\n  "))
    }

    fn debian_source(&self, spec: &str, origin: &Origin, target: &Path) -> Result<()> {
        if self.apt.get().is_none() {
            let apt = PrivateApt::open(self.project)?;
            // Set only here; a second value cannot be there.
            let _ = self.apt.set(apt);
        }
        let apt = self.apt.get().context("the private apt is not open")?;
        let work = tempfile::tempdir_in(self.store()?)?;
        apt.source(spec, work.path())?;
        let file = work.path().join(&origin.file);
        check(&file, origin)?;
        keep(&file, target).map(drop)
    }
}

/// Downloads with curl, which resumes `target.part`.
fn from_address(url: &str, origin: &Origin, target: &Path) -> Result<()> {
    require(&[("curl", "curl")])?;
    let part = target.with_extension("part");
    let args =
        ["--fail", "--location", "--silent", "--show-error", "--retry", "3", "--connect-timeout", "20"];
    project::run(
        Command::new("curl").args(args).args(["--continue-at", "-", "--output"]).arg(&part).arg(url),
    )?;
    if let Err(error) = check(&part, origin) {
        fs::remove_file(&part)?;
        return Err(error);
    }
    fs::rename(&part, target)?;
    Ok(())
}

/// Checks a file against the origin's digest.
fn check(file: &Path, origin: &Origin) -> Result<()> {
    let bytes = fs::read(file)?;
    let found = sha256(&bytes);
    if Digest::parse(&origin.sha256) != Some(found) {
        bail!("wrong sha256\n    expected {}\n    found    {found}", origin.sha256);
    }
    Ok(())
}

/// Copies a checked file to its place, never leaving half a file there.
fn keep(file: &Path, target: &Path) -> Result<PathBuf> {
    let part = target.with_extension("part");
    fs::copy(file, &part)?;
    fs::rename(&part, target)?;
    Ok(target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(sha256: &str) -> Origin {
        Origin {
            url: None,
            debian: None,
            file: "x.tar".into(),
            sha256: sha256.into(),
            strip: 1,
            take: Vec::new(),
            patches: Vec::new(),
        }
    }

    #[test]
    fn a_tarball_with_the_wrong_sha256_is_refused() {
        let cache = tempfile::tempdir().unwrap();
        let from = tempfile::tempdir().unwrap();
        fs::write(from.path().join("x.tar"), "evil").unwrap();
        let project = Project { root: cache.path().into(), cache: cache.path().into() };
        let fetcher = Fetcher::new(&project, Some(from.path().into()));
        let good = sha256(b"good").to_string();
        let error = fetcher.fetch(&origin(&good)).unwrap_err().to_string();
        assert!(error.contains(&good) && error.contains(&sha256(b"evil").to_string()), "{error}");
        assert_eq!(fs::read_dir(cache.path().join("tarballs")).unwrap().count(), 0);
        let evil = sha256(b"evil").to_string();
        let file = fetcher.fetch(&origin(&evil)).unwrap();
        assert_eq!(fs::read(file).unwrap(), b"evil");
    }
}

// SPDX-License-Identifier: MIT
//! `cargo xtask pack`.

use crate::fetch::Fetcher;
use crate::portable;
use crate::project::Project;
use crate::whole;
use anyhow::{Context, Result};
use image_packer::host::closure::{self, Closure};
use image_packer::host::sha256;
use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a goal's closure, or list, verify or compare closures.
#[derive(clap::Args)]
pub struct Args {
    /// The goal (default: the furthest).
    #[arg(long)]
    goal: Option<String>,
    /// The processor to make it for.
    #[arg(long, value_parser = parse_arch, default_value = "aarch64")]
    arch: Arch,
    /// Where to write the closure (default: out/closures/GOAL.ARCH.tar).
    #[arg(long)]
    to: Option<PathBuf>,
    /// Write a source bundle instead: the closure as files, with a shell script for each step, which run the whole
    /// build on any Linux of the processor from the seed alone.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    bundle: Option<PathBuf>,
    /// List this closure's files: digest, size, name.
    #[arg(long, conflicts_with_all = ["goal", "to"])]
    list: Option<PathBuf>,
    /// Check this closure: structure, plan, digests.
    #[arg(long, conflicts_with_all = ["goal", "to", "list"])]
    verify: Option<PathBuf>,
    /// Compare two closures: + added, - removed, ! changed. Ends with 1 if they differ.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["goal", "to", "list", "verify"])]
    diff: Vec<PathBuf>,
}

/// For clap.
pub fn parse_arch(name: &str) -> Result<Arch, String> {
    Arch::parse(name).ok_or_else(|| "architectures: aarch64, x86_64".into())
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    if let Some(file) = args.list.as_ref().or(args.verify.as_ref()) {
        let closure = open(file)?;
        if args.list.is_some() {
            closure.list().iter().for_each(|line| println!("{line}"));
        } else {
            println!("{}: good, {} files", file.display(), closure.files.len());
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let [old, new] = &args.diff[..] {
        let lines = open(old)?.diff(&open(new)?);
        lines.iter().for_each(|line| println!("{line}"));
        return Ok(if lines.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let project = Project::find()?;
    let (goal, closure) = make(&project, args.goal.as_deref(), args.arch)?;
    if let Some(file) = &args.bundle {
        portable::write(file, &closure, &project.catalogue()?.answers(&goal, args.arch)?)?;
        println!("{}  {}", sha256(&fs::read(file)?), file.display());
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = closure.to_bytes()?;
    let to = args.to.unwrap_or_else(|| project.root.join(format!("out/closures/{goal}.{}.tar", args.arch)));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    whole::write(&to, &bytes)?;
    println!("{}  {}", sha256(&bytes), to.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds a goal's closure (default: the furthest goal's); gives the goal's name too.
pub fn make(project: &Project, goal: Option<&str>, arch: Arch) -> Result<(String, Closure)> {
    let catalogue = project.catalogue()?;
    let goal = match goal {
        Some(goal) => catalogue.goal(goal)?,
        None => catalogue.furthest_goal().context("sources/closures/ has no goal")?,
    };
    let fetcher = Fetcher::new(project, None);
    Ok((goal.name.clone(), closure::build(&catalogue, goal, arch, &fetcher)?))
}

fn open(file: &Path) -> Result<Closure> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(Closure::verify(file, &bytes)?)
}

// SPDX-License-Identifier: MIT
//! `cargo xtask answers`.

use crate::chain::{self, Options};
use crate::fetch::Fetcher;
use crate::project::Project;
use crate::whole;
use anyhow::Result;
use image_packer::host::{closure, lock};
use image_packer::plan::Arch;
use std::process::ExitCode;

/// Compare the answer files with what the goals make under plain Linux; with --update, write them.
///
/// Prints each difference: + a new output, - one that is gone, ! another digest. Ends with 1 if there are
/// differences and they are not written.
#[derive(clap::Args)]
pub struct Args {
    /// Only these goals (default: all).
    #[arg(long)]
    goal: Vec<String>,
    /// Only this processor (default: both).
    #[arg(long, value_parser = crate::pack::parse_arch)]
    arch: Option<Arch>,
    /// Write what was made to sources/answers/.
    #[arg(long)]
    update: bool,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let catalogue = project.catalogue()?;
    let goals = if args.goal.is_empty() { catalogue.goals.keys().cloned().collect() } else { args.goal };
    let fetcher = Fetcher::new(&project, None);
    let mut changed = false;
    for goal in goals {
        let goal = catalogue.goal(&goal)?;
        for arch in Arch::ALL.into_iter().filter(|arch| args.arch.is_none_or(|only| only == *arch)) {
            let closure = closure::build(&catalogue, goal, arch, &fetcher)?;
            let folder = project.bundle(&format!("linux-{arch}"), &goal.name);
            chain::run(&project, &closure, &folder, &Options { unlocked: true, ..Options::default() })?;
            let made = chain::outputs(&folder)?;
            let lines = lock::diff(&catalogue.answers(&goal.name, arch)?, &made);
            let file = catalogue.answers_file(&goal.name, arch);
            println!("{}: {}", file.display(), if lines.is_empty() { "as made" } else { "differs" });
            lines.iter().for_each(|line| println!("  {line}"));
            if args.update && !lines.is_empty() {
                whole::write(&file, lock::print(&made))?;
            } else {
                changed |= !lines.is_empty();
            }
        }
    }
    Ok(if changed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

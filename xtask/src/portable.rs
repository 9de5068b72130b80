// SPDX-License-Identifier: MIT
//! The source bundle of `cargo xtask pack --bundle`: a closure as files, and a plain shell script for each step,
//! which run the whole build on any Linux of the architecture from the seed alone, without these tools.
//!
//! The scripts use sh, coreutils, and util-linux's `unshare` (for a step's root and directory). What is in a
//! step's root is what PLAN declares, as everywhere; the host's programs only lay it out.

use crate::bundle::{self, Node, Rootfs};
use crate::chain;
use crate::shell::quoted;
use crate::whole;
use anyhow::Result;
use image_packer::host::closure::Closure;
use image_packer::host::lock;
use image_packer::path;
use image_packer::plan::{Plan, Step};
use std::fs;
use std::path::Path;

/// What every step's script begins with; `docs/formats.md` describes the bundle.
const FUNCTIONS: &str = include_str!("portable/functions.sh");
const RUN: &str = include_str!("portable/run.sh");
const README: &str = include_str!("portable/README");

/// Writes the bundle of a closure; `answers` are the digests that its root file system must have.
pub fn write(file: &Path, closure: &Closure, answers: &lock::Digests) -> Result<()> {
    let plan = Plan::parse(&closure.plan)?;
    let name = format!("{}-{}", plan.goal, plan.arch);
    let text = |text: String, mode| Node::File { mode, data: text.into_bytes() };
    let mut files = Rootfs::new();
    files.insert(
        "README".into(),
        text(README.replace("@GOAL@", plan.goal).replace("@ARCH@", plan.arch.name()), 0o644),
    );
    files.insert("PLAN".into(), text(closure.plan.clone(), 0o644));
    files.insert("INPUTS.sha256".into(), text(closure.inputs.clone(), 0o644));
    files.insert("ANSWERS.sha256".into(), text(lock::print(answers), 0o644));
    files.insert("functions.sh".into(), text(FUNCTIONS.into(), 0o644));
    files.insert("run.sh".into(), text(RUN.replace("@ARCH@", plan.arch.name()), 0o755));
    for (number, step) in plan.steps.iter().enumerate() {
        let script = script(&plan, step);
        files.insert(format!("steps/{:03}-{}.sh", number + 1, step.name), text(script, 0o755));
    }
    for (name, list) in [("KEEP", &plan.keep), ("DROP", &plan.drop)] {
        files.insert(name.into(), text(list.iter().map(|path| format!("{path}\n")).collect(), 0o644));
    }
    files.extend(chain::closure_files(closure));
    let mut below = Rootfs::new();
    for (path, node) in files {
        let path = format!("{name}/{path}");
        for (at, _) in path.match_indices('/') {
            below.entry(path[..at].to_owned()).or_insert(Node::Folder(0o755));
        }
        below.insert(path, node);
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    whole::write_with(file, |archive| bundle::write_tar(archive, &below))
}

/// The script of a step.
fn script(plan: &Plan<'_>, step: &Step<'_>) -> String {
    let mut text = format!(
        "#!/bin/sh\n# SPDX-License-Identifier: MIT\n# Step {} of {} for {}: see README.\n. ./functions.sh\nbegin {}\n",
        step.name, plan.goal, plan.arch, step.name
    );
    step.inputs.iter().for_each(|input| text.push_str(&format!("input {input}\n")));
    for output in &step.outputs {
        let (stem, tree) = path::split_tree(output.path);
        let folder = if tree { stem } else { stem.rsplit_once('/').map_or("", |at| at.0) };
        text.push_str(&format!("folder {}/\n", quoted(folder)));
    }
    let env: Vec<String> = step.env.iter().map(|variable| quoted(variable)).collect();
    text.push_str(format!("within {} {}", quoted(step.cwd), env.join(" ")).trim_end());
    text.push('\n');
    for run in &step.runs {
        let words: Vec<String> = run.words.iter().map(|word| quoted(word)).collect();
        let from = run.stdin.map_or("/dev/null".into(), |path| format!("\"$root\"{}", quoted(path)));
        text.push_str(&format!("run {} < {from}", words.join(" ")));
        if let Some(to) = run.stdout {
            let path = format!("\"$root\"{}", quoted(to.path));
            text.push_str(&format!(" > {path}\nchmod {:o} {path}", to.mode));
        }
        text.push('\n');
    }
    for output in &step.outputs {
        let digest = output.sha256.map_or(String::new(), |digest| format!(" {digest}"));
        text.push_str(&format!("output {}{digest}\n", output.path));
    }
    text + "end\n"
}

// SPDX-License-Identifier: MIT
//! The transitive closure of a goal: which steps, in which order, and which source files they read.
//!
//! Steps are visited depth first from the goal's needs, inputs in declared order, so that the order of the
//! plan depends on nothing but the texts.

use super::catalogue::{Catalogue, Goal, Source, StepSource};
use super::{Error, Problem};
use crate::path;
use crate::plan::{Arch, overlap};
use std::collections::{BTreeMap, BTreeSet};

/// A step that the goal needs.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// Its source.
    pub source: &'a Source,
    /// The step.
    pub step: &'a StepSource,
}

/// Replaces `{arch}`.
pub fn expand(text: &str, arch: Arch) -> String {
    text.replace("{arch}", arch.name())
}

/// Whether an input is a file of a source, not an output of a step.
pub fn is_source_path(path: &str) -> bool {
    path.starts_with("/src/") || path.starts_with("/seed/")
}

/// The steps of `goal` in the order in which they run.
pub fn steps<'a>(catalogue: &'a Catalogue, goal: &Goal, arch: Arch) -> Result<Vec<Chosen<'a>>, Error> {
    let index = Index::new(catalogue, arch)?;
    let mut walk = Walk { index: &index, arch, done: BTreeSet::new(), path: Vec::new(), order: Vec::new() };
    for need in &goal.needs {
        let makers = index.makers(&expand(&need.text, arch));
        if makers.is_empty() {
            let problem =
                Problem::MissingInput { needed_by: format!("goal {}", goal.name), path: need.text.clone() };
            return Err(Error::line(&goal.file, need.line, problem));
        }
        for maker in makers {
            walk.visit(maker)?;
        }
    }
    Ok(walk.order.into_iter().map(|at| index.steps[at]).collect())
}

/// Every step of an architecture, and who makes what.
struct Index<'a> {
    steps: Vec<Chosen<'a>>,
    /// Output pattern to step.
    outputs: BTreeMap<String, usize>,
}

impl<'a> Index<'a> {
    fn new(catalogue: &'a Catalogue, arch: Arch) -> Result<Index<'a>, Error> {
        let mut index = Index { steps: Vec::new(), outputs: BTreeMap::new() };
        let mut names: BTreeMap<&str, &Source> = BTreeMap::new();
        for source in catalogue.sources.values() {
            for step in &source.steps {
                if let Some(other) = names.insert(&step.name.text, source) {
                    let message =
                        format!("step name {} stands in {} too", step.name.text, other.file.display());
                    return Err(Error::line(&source.file, step.name.line, Problem::Value(message)));
                }
                if !step.arch.contains(&arch) {
                    continue;
                }
                let at = index.steps.len();
                index.steps.push(Chosen { source, step });
                for output in &step.outputs {
                    let path = expand(&output.text, arch);
                    if let Some(&other) = index.makers(&path).first() {
                        let other = index.steps[other].step.name.text.clone();
                        return Err(Error::line(
                            &source.file,
                            output.line,
                            Problem::TwoMakers { path, other },
                        ));
                    }
                    if is_source_path(&path) {
                        let message = format!("{path} is a source's place, not an output's");
                        return Err(Error::line(&source.file, output.line, Problem::Value(message)));
                    }
                    index.outputs.insert(path, at);
                }
            }
        }
        Ok(index)
    }

    /// The steps that make `path`, or something below `PATH/`, in order.
    fn makers(&self, path: &str) -> Vec<usize> {
        let mut makers: Vec<usize> =
            self.outputs.iter().filter(|(output, _)| overlap(output, path)).map(|(_, &at)| at).collect();
        makers.sort_unstable();
        makers.dedup();
        makers
    }
}

struct Walk<'i, 'a> {
    index: &'i Index<'a>,
    arch: Arch,
    done: BTreeSet<usize>,
    /// The steps between the goal and here.
    path: Vec<usize>,
    order: Vec<usize>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, at: usize) -> Result<(), Error> {
        if self.done.contains(&at) {
            return Ok(());
        }
        let Chosen { source, step } = self.index.steps[at];
        if let Some(from) = self.path.iter().position(|&above| above == at) {
            let name = |&at: &usize| self.index.steps[at].step.name.text.clone();
            let names = self.path[from..].iter().chain([&at]).map(name).collect();
            return Err(Error::line(&source.file, step.name.line, Problem::Cycle(names)));
        }
        self.path.push(at);
        for input in &step.inputs {
            let path = expand(&input.text, self.arch);
            if is_source_path(&path) {
                continue;
            }
            let makers = self.index.makers(&path);
            if makers.is_empty() {
                let needed_by = format!("step {}", step.name.text);
                return Err(Error::line(&source.file, input.line, Problem::MissingInput { needed_by, path }));
            }
            for maker in makers {
                self.visit(maker)?;
            }
        }
        self.path.pop();
        self.done.insert(at);
        self.order.push(at);
        Ok(())
    }
}

/// The source whose place `path` is in, and whether it is the upstream tree's.
pub fn source_of<'a>(catalogue: &'a Catalogue, input: &str) -> Option<(&'a Source, bool)> {
    let found = |root: &str| path::covers(root, input);
    catalogue.sources.values().find_map(|source| {
        if found(&source.own_root()) {
            Some((source, false))
        } else if source.origin.is_some() && found(&source.upstream_root()) {
            Some((source, true))
        } else {
            None
        }
    })
}

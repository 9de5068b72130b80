// SPDX-License-Identifier: MIT
//! Everything below `sources/`: the source folders, the goals and their answers, read but not yet resolved.

use super::{Error, Problem, lock};
use crate::hex::Digest;
use crate::path;
use crate::plan::{self, Arch};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A text with the line that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The text.
    pub text: String,
    /// Line of its file, from 1.
    pub line: usize,
}

/// Where an upstream package comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Origin {
    /// Upstream's address of the tarball.
    pub url: Option<String>,
    /// Debian's source package, `NAME=VERSION`.
    pub debian: Option<String>,
    /// The tarball's file name.
    pub file: String,
    /// The tarball's digest.
    pub sha256: String,
    /// Leading components to drop from member names.
    #[serde(default = "one")]
    pub strip: usize,
    /// What to take of the tree; empty: everything.
    #[serde(default)]
    pub take: Vec<String>,
    /// Patches of the folder, in order.
    #[serde(default)]
    pub patches: Vec<String>,
}

fn one() -> usize {
    1
}

/// A file that the text audit would refuse, and why it may stay.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Closure path, or `PATH/`.
    pub path: Located,
    /// The reason.
    pub reason: String,
}

/// A step as declared, for both architectures.
#[derive(Clone, Debug)]
pub struct StepSource {
    /// Name, unique among all sources.
    pub name: Located,
    /// For which processors.
    pub arch: Vec<Arch>,
    /// Inputs, `{arch}` not yet replaced; so with the rest.
    pub inputs: Vec<Located>,
    /// Outputs.
    pub outputs: Vec<Located>,
    /// Environment.
    pub env: Vec<Located>,
    /// Working directory.
    pub cwd: Located,
    /// `run` lines.
    pub run: Vec<Located>,
    /// What `{NAME}` in a `run` line stands for: see [`super::words`].
    pub words: BTreeMap<String, Vec<Located>>,
}

/// A folder below `sources/` with a `source.toml`.
#[derive(Clone, Debug)]
pub struct Source {
    /// The folder.
    pub folder: PathBuf,
    /// `source.toml` itself, for errors.
    pub file: PathBuf,
    /// The folder's name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX licence expression.
    pub licence: String,
    /// Upstream; none for text written here.
    pub origin: Option<Origin>,
    /// Exceptions of the text audit.
    pub listed: Vec<Listed>,
    /// The seed's listing, a file of the folder.
    pub seed: Option<Located>,
    /// The steps.
    pub steps: Vec<StepSource>,
}

impl Source {
    /// Where its own files are in a closure: `/src/NAME/`.
    pub fn own_root(&self) -> String {
        format!("/src/{}/", self.name)
    }

    /// Where the upstream tree is in a closure: `/src/NAME-VERSION/`.
    pub fn upstream_root(&self) -> String {
        format!("/src/{}-{}/", self.name, self.version)
    }
}

/// A goal: `sources/closures/<goal>.toml`.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The file, for errors.
    pub file: PathBuf,
    /// The file's name without `.toml`.
    pub name: String,
    /// What a reader gets.
    pub prose: String,
    /// Place among the goals: the highest is the furthest.
    pub order: u32,
    /// Outputs that must exist.
    pub needs: Vec<Located>,
    /// What is in the root file system; empty: everything.
    pub keep: Vec<Located>,
    /// What of that is not.
    pub drop: Vec<Located>,
}

/// All sources and goals.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The `sources/` folder.
    pub root: PathBuf,
    /// Sources by name.
    pub sources: BTreeMap<String, Source>,
    /// Goals by name.
    pub goals: BTreeMap<String, Goal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceToml {
    name: Spanned<String>,
    version: Spanned<String>,
    licence: Spanned<String>,
    origin: Option<Spanned<Origin>>,
    #[serde(default)]
    listed: Vec<ListedToml>,
    seed: Option<SeedToml>,
    #[serde(default)]
    step: Vec<StepToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedToml {
    path: Spanned<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedToml {
    listing: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepToml {
    name: Spanned<String>,
    arch: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    inputs: Vec<Spanned<String>>,
    outputs: Vec<Spanned<String>>,
    #[serde(default)]
    env: Vec<Spanned<String>>,
    cwd: Option<Spanned<String>>,
    run: Vec<Spanned<String>>,
    #[serde(default)]
    words: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoalToml {
    goal: Spanned<String>,
    prose: String,
    order: u32,
    needs: Vec<Spanned<String>>,
    #[serde(default)]
    keep: Vec<Spanned<String>>,
    #[serde(default)]
    drop: Vec<Spanned<String>>,
}

/// A TOML file's text, for turning spans to lines.
struct File<'a> {
    path: &'a Path,
    text: String,
}

impl File<'_> {
    fn read(path: &Path) -> Result<File<'_>, Error> {
        let text = fs::read_to_string(path).map_err(Error::io(path))?;
        Ok(File { path, text })
    }

    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        toml::from_str(&self.text).map_err(|error| {
            let line = error.span().map_or(0, |span| self.line(span.start));
            Error::line(self.path, line, Problem::Toml(error.message().to_owned()))
        })
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|&&b| b == b'\n').count()
    }

    fn locate(&self, text: Spanned<String>) -> Located {
        let line = self.line(text.span().start);
        Located { text: text.into_inner(), line }
    }

    fn locate_all(&self, texts: Vec<Spanned<String>>) -> Vec<Located> {
        texts.into_iter().map(|text| self.locate(text)).collect()
    }

    fn bad(&self, line: usize, message: impl Into<String>) -> Error {
        Error::line(self.path, line, Problem::Value(message.into()))
    }
}

impl Catalogue {
    /// Reads `root`, which is a `sources/` folder.
    pub fn read(root: &Path) -> Result<Catalogue, Error> {
        let mut sources = BTreeMap::new();
        for folder in sorted_entries(root)? {
            let file = folder.join("source.toml");
            if file.is_file() {
                let source = read_source(&folder, &file)?;
                sources.insert(source.name.clone(), source);
            }
        }
        let mut goals = BTreeMap::new();
        for file in sorted_entries(&root.join("closures"))? {
            if file.extension().is_some_and(|ext| ext == "toml") {
                let goal = read_goal(&file)?;
                goals.insert(goal.name.clone(), goal);
            }
        }
        Ok(Catalogue { root: root.to_owned(), sources, goals })
    }

    /// A goal by name; the error lists those that exist.
    pub fn goal(&self, name: &str) -> Result<&Goal, Error> {
        self.goals.get(name).ok_or_else(|| {
            let known: Vec<_> = self.goals.keys().map(String::as_str).collect();
            let message = format!("there is no goal '{name}'; goals: {}", known.join(", "));
            Error::file(self.root.join("closures"), Problem::Value(message))
        })
    }

    /// The goal of the highest order.
    pub fn furthest_goal(&self) -> Option<&Goal> {
        self.goals.values().max_by_key(|goal| goal.order)
    }

    /// Where a goal's answers are.
    pub fn answers_file(&self, goal: &str, arch: Arch) -> PathBuf {
        self.root.join("answers").join(format!("{goal}.{arch}.sha256"))
    }

    /// A goal's answers; none if it has no answer file.
    pub fn answers(&self, goal: &str, arch: Arch) -> Result<BTreeMap<String, Digest>, Error> {
        let file = self.answers_file(goal, arch);
        if file.exists() { lock::read(&file) } else { Ok(BTreeMap::new()) }
    }
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io(folder))?;
    let mut paths: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(Error::io(folder))?;
    paths.sort();
    Ok(paths)
}

fn read_source(folder: &Path, path: &Path) -> Result<Source, Error> {
    let file = File::read(path)?;
    let toml: SourceToml = file.parse()?;
    let (name, version) = (file.locate(toml.name), file.locate(toml.version));
    if folder.file_name().is_none_or(|folder| folder != name.text.as_str()) || !plan::is_name(&name.text) {
        return Err(file.bad(name.line, "name must be the folder's name"));
    }
    if !plan::is_name(&version.text) {
        return Err(file.bad(version.line, "version has characters other than letters, digits and ._-+"));
    }
    let licence = file.locate(toml.licence);
    if licence.text.is_empty() {
        return Err(file.bad(licence.line, "licence is empty"));
    }
    let origin = match toml.origin {
        None => None,
        Some(origin) => {
            let line = file.line(origin.span().start);
            let origin = origin.into_inner();
            if origin.url.is_none() && origin.debian.is_none() {
                return Err(file.bad(line, "origin has neither url nor debian"));
            }
            if Digest::parse(origin.sha256.as_bytes()).is_none() {
                return Err(file.bad(line, "origin: sha256 is not 64 lower-case hex digits"));
            }
            if !path::is_member(&origin.file) || origin.file.contains('/') {
                return Err(file.bad(line, "origin: file is not a plain file name"));
            }
            if origin.debian.as_ref().is_some_and(|debian| !debian.contains('=')) {
                return Err(file.bad(line, "origin: debian is not NAME=VERSION"));
            }
            Some(origin)
        }
    };
    let mut listed = Vec::new();
    for item in toml.listed {
        let path = file.locate(item.path);
        if item.reason.trim().is_empty() {
            return Err(file.bad(path.line, "listed without a reason"));
        }
        listed.push(Listed { path, reason: item.reason });
    }
    let mut steps = Vec::new();
    for step in toml.step {
        steps.push(read_step(&file, step)?);
    }
    Ok(Source {
        folder: folder.to_owned(),
        file: path.to_owned(),
        name: name.text,
        version: version.text,
        licence: licence.text,
        origin,
        listed,
        seed: toml.seed.map(|seed| file.locate(seed.listing)),
        steps,
    })
}

fn read_step(file: &File<'_>, step: StepToml) -> Result<StepSource, Error> {
    let name = file.locate(step.name);
    if !plan::is_name(&name.text) {
        return Err(file.bad(name.line, "step name has characters other than letters, digits and ._-+"));
    }
    let mut arch = Vec::new();
    for item in file.locate_all(step.arch.unwrap_or_default()) {
        let known = Arch::parse(&item.text);
        arch.push(known.ok_or_else(|| file.bad(item.line, "arch is neither aarch64 nor x86_64"))?);
    }
    if arch.is_empty() {
        arch.extend(Arch::ALL);
    }
    let cwd = match step.cwd {
        Some(cwd) => file.locate(cwd),
        None => Located { text: "/".into(), line: name.line },
    };
    let step = StepSource {
        arch,
        inputs: file.locate_all(step.inputs),
        outputs: file.locate_all(step.outputs),
        env: file.locate_all(step.env),
        run: file.locate_all(step.run),
        words: step.words.into_iter().map(|(name, list)| (name, file.locate_all(list))).collect(),
        cwd,
        name,
    };
    for item in step.inputs.iter().chain(&step.outputs) {
        let plain = item.text.replace("{arch}", "a");
        if !path::is_absolute(path::split_tree(&plain).0) {
            return Err(file.bad(item.line, format!("'{}' is not a clean absolute path", item.text)));
        }
    }
    for item in &step.env {
        if item.text.find('=').is_none_or(|at| at == 0) {
            return Err(file.bad(item.line, format!("'{}' is not NAME=VALUE", item.text)));
        }
    }
    for item in &step.run {
        plan::run(&item.text, item.line)
            .map_err(|problem| file.bad(item.line, plan::PlanError::new(0, problem).to_string()))?;
    }
    if step.run.is_empty() || step.outputs.is_empty() {
        return Err(file.bad(step.name.line, "a step runs something and has outputs"));
    }
    Ok(step)
}

fn read_goal(path: &Path) -> Result<Goal, Error> {
    let file = File::read(path)?;
    let toml: GoalToml = file.parse()?;
    let goal = file.locate(toml.goal);
    if path.file_stem().is_none_or(|stem| stem != goal.text.as_str()) || !plan::is_name(&goal.text) {
        return Err(file.bad(goal.line, "goal must be the file's name"));
    }
    if toml.needs.is_empty() {
        return Err(file.bad(goal.line, "the goal needs nothing"));
    }
    Ok(Goal {
        file: path.to_owned(),
        name: goal.text,
        prose: toml.prose,
        order: toml.order,
        needs: file.locate_all(toml.needs),
        keep: file.locate_all(toml.keep),
        drop: file.locate_all(toml.drop),
    })
}

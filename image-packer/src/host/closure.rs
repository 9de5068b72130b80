// SPDX-License-Identifier: MIT
//! A closure on the host: built from a catalogue, written as the one archive, read back, listed, verified and
//! compared.

use super::catalogue::{Catalogue, Goal, Located, Source};
use super::resolve::{self, Chosen, expand};
use super::tree::{self, Entry, Tree};
use super::{Error, Problem, Tarballs, audit, lock, patch, seed, sha256, unpack, words};
use crate::hex::Digest;
use crate::path;
use crate::plan::{self, Arch, Output, Plan, PlanError, Step};
use crate::tar::{Archive, BLOCK, Header, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A closure: PLAN's text and the members in archive order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// `PLAN`.
    pub plan: String,
    /// `INPUTS.sha256`.
    pub inputs: String,
    /// The files, in PLAN's order.
    pub files: Vec<(String, Entry)>,
}

/// Builds the closure of `goal` for `arch`.
pub fn build(
    catalogue: &Catalogue,
    goal: &Goal,
    arch: Arch,
    tarballs: &dyn Tarballs,
) -> Result<Closure, Error> {
    let chosen = resolve::steps(catalogue, goal, arch)?;
    let answers = catalogue.answers(&goal.name, arch)?;

    let mut texts = Vec::new();
    let mut trees = Trees { catalogue, arch, tarballs, trees: BTreeMap::new(), origins: String::new() };
    let mut files: Vec<(String, Entry)> = Vec::new();
    let mut have = BTreeSet::new();
    for chosen in &chosen {
        let mut names = BTreeSet::new();
        for input in &chosen.step.inputs {
            let path = expand(&input.text, arch);
            if !resolve::is_source_path(&path) {
                continue;
            }
            let found = trees.find(&path)?;
            if found.is_empty() {
                let needed_by = format!("step {}", chosen.step.name.text);
                let problem = Problem::MissingInput { needed_by, path };
                return Err(Error::line(&chosen.source.file, input.line, problem));
            }
            names.extend(found.iter().map(|(path, _)| format!("/{path}")));
            files.extend(found.into_iter().filter(|(path, _)| have.insert(path.clone())));
        }
        texts.push(StepText::new(chosen, arch, &answers, &names)?);
    }
    let plan = print_plan(goal, arch, &chosen, &texts)?;
    audit_files(catalogue, &chosen, &files, arch)?;
    let mut inputs = trees.origins;
    inputs.push_str(&format!("{}  PLAN\n", sha256(plan.as_bytes())));
    for (path, entry) in &files {
        if let Some(data) = entry.data() {
            inputs.push_str(&format!("{}  {path}\n", sha256(data)));
        }
    }
    Ok(Closure { plan, inputs, files })
}

/// A step's texts with `{arch}` replaced, for [`Step`] to borrow.
struct StepText {
    inputs: Vec<String>,
    outputs: Vec<(String, Option<Digest>)>,
    env: Vec<String>,
    cwd: String,
    run: Vec<String>,
}

impl StepText {
    /// `files` are those of the sources that the step reads.
    fn new(
        chosen: &Chosen<'_>,
        arch: Arch,
        answers: &lock::Digests,
        files: &BTreeSet<String>,
    ) -> Result<StepText, Error> {
        let all = |texts: &[Located]| texts.iter().map(|text| expand(&text.text, arch)).collect::<Vec<_>>();
        let step = chosen.step;
        let outputs = all(&step.outputs).into_iter();
        let cwd = expand(&step.cwd.text, arch);
        let mut run = all(&step.run);
        for (name, list) in &step.words {
            let line = list.first().map_or(step.name.line, |first| first.line);
            let bad = |what| Error::line(&chosen.source.file, line, Problem::Value(what));
            let place = format!("{{{name}}}");
            if !run.iter().any(|run| run.contains(&place)) {
                return Err(bad(format!("no run line has {place}")));
            }
            let list = all(list);
            let words = words::expand(list.iter().map(String::as_str), files, &cwd).map_err(bad)?.join(" ");
            run.iter_mut().for_each(|run| *run = run.replace(&place, &words));
        }
        Ok(StepText {
            inputs: all(&step.inputs),
            outputs: outputs.map(|path| (path.clone(), answers.get(&path[1..]).copied())).collect(),
            env: all(&step.env),
            cwd,
            run,
        })
    }
}

fn print_plan(goal: &Goal, arch: Arch, chosen: &[Chosen<'_>], texts: &[StepText]) -> Result<String, Error> {
    let mut steps = Vec::new();
    for (chosen, text) in chosen.iter().zip(texts) {
        let mut runs = Vec::new();
        for (line, run) in chosen.step.run.iter().zip(&text.run) {
            let bad = |problem| {
                let message = PlanError::new(0, problem).to_string();
                Error::line(&chosen.source.file, line.line, Problem::Value(message))
            };
            runs.push(plan::run(run, line.line).map_err(bad)?);
        }
        steps.push(Step {
            line: 0,
            name: &chosen.step.name.text,
            inputs: text.inputs.iter().map(String::as_str).collect(),
            outputs: text.outputs.iter().map(|(path, sha256)| Output { path, sha256: *sha256 }).collect(),
            env: text.env.iter().map(String::as_str).collect(),
            cwd: &text.cwd,
            runs,
        });
    }
    let all = |list: &[Located]| list.iter().map(|path| expand(&path.text, arch)).collect::<Vec<_>>();
    let (keep, drop) = (all(&goal.keep), all(&goal.drop));
    let (keep, drop) = (keep.iter().map(String::as_str), drop.iter().map(String::as_str));
    let plan = Plan { goal: &goal.name, arch, keep: keep.collect(), drop: drop.collect(), steps };
    let text = plan.to_string();
    let wrong = |error: PlanError<'_>| Error::file(&goal.file, Problem::Closure(error.to_string()));
    // What the monitor will refuse is refused here.
    let plan = Plan::parse(&text).map_err(wrong)?;
    plan.check(resolve::is_source_path).map_err(wrong)?;
    Ok(text)
}

/// The trees of the sources that have been asked for, by their root in the closure.
struct Trees<'a> {
    catalogue: &'a Catalogue,
    arch: Arch,
    tarballs: &'a dyn Tarballs,
    trees: BTreeMap<String, Tree>,
    /// The comment lines of INPUTS.sha256.
    origins: String,
}

impl Trees<'_> {
    /// The files that `input` (a path, or `PATH/`) names, by closure member name.
    fn find(&mut self, input: &str) -> Result<Vec<(String, Entry)>, Error> {
        if path::covers(input, "/seed/hex0") {
            return Ok(vec![("seed/hex0".into(), self.seed()?)]);
        }
        let Some((source, upstream)) = resolve::source_of(self.catalogue, input) else {
            return Ok(Vec::new());
        };
        let root = if upstream { source.upstream_root() } else { source.own_root() };
        if !self.trees.contains_key(&root) {
            let tree = if upstream { self.upstream(source)? } else { own_tree(source)? };
            self.trees.insert(root.clone(), tree);
        }
        let matching = |(path, entry): (&String, &Entry)| {
            let whole = format!("{root}{path}");
            path::covers(input, &whole).then(|| (whole[1..].to_owned(), entry.clone()))
        };
        Ok(self.trees[&root].iter().filter_map(matching).collect())
    }

    fn seed(&self) -> Result<Entry, Error> {
        let with_seed =
            self.catalogue.sources.values().find_map(|source| Some((source, source.seed.as_ref()?)));
        let Some((source, listing)) = with_seed else {
            return Err(Error::file(&self.catalogue.root, Problem::Value("no source has a [seed]".into())));
        };
        let file = source.folder.join(expand(&listing.text, self.arch));
        let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
        let data =
            seed::assemble(&text).map_err(|(line, what)| Error::line(&file, line, Problem::Value(what)))?;
        Ok(Entry::File { executable: true, data })
    }

    fn upstream(&mut self, source: &Source) -> Result<Tree, Error> {
        let origin =
            source.origin.as_ref().expect("source_of answers 'upstream' only where there is an origin");
        let file =
            self.tarballs.get(origin).map_err(|why| Error::file(&source.file, Problem::NoTarball(why)))?;
        let mut tree = unpack::unpack(&file, origin)?;
        let (name, version) = (&source.name, &source.version);
        let mut note = format!("# {name}-{version} tarball {}  {}\n", origin.sha256, origin.file);
        note.push_str(&format!("# {name}-{version} upstream {}\n", tree::digest(&tree)));
        if !origin.take.is_empty() {
            tree.retain(|path, _| origin.take.iter().any(|take| path::covers(take, path)));
        }
        for patch in &origin.patches {
            let file = source.folder.join(patch);
            let text = std::fs::read_to_string(&file).map_err(Error::io(&file))?;
            patch::apply(&mut tree, &file, &text)?;
            note.push_str(&format!("# {name}-{version} patch {}  {patch}\n", sha256(text.as_bytes())));
        }
        note.push_str(&format!("# {name}-{version} patched {}\n", tree::digest(&tree)));
        self.origins.push_str(&note);
        Ok(tree)
    }
}

/// A source folder's own files: everything but `source.toml` and `patches/`.
fn own_tree(source: &Source) -> Result<Tree, Error> {
    let mut tree = tree::read_folder(&source.folder)?;
    tree.retain(|path, _| path != "source.toml" && !path.starts_with("patches/"));
    Ok(tree)
}

fn audit_files(
    catalogue: &Catalogue,
    chosen: &[Chosen<'_>],
    files: &[(String, Entry)],
    arch: Arch,
) -> Result<(), Error> {
    let listed: Vec<String> = catalogue
        .sources
        .values()
        .flat_map(|s| &s.listed)
        .map(|item| expand(&item.path.text, arch))
        .collect();
    let mut refused = Vec::new();
    for (member, entry) in files {
        let path = format!("/{member}");
        let finding = entry.data().and_then(audit::examine);
        if let Some(finding) = finding
            && member != "seed/hex0"
            && !listed.iter().any(|listed| path::covers(listed, &path))
        {
            refused.push(format!("{path}: {finding}"));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let file = chosen.first().map_or(catalogue.root.clone(), |chosen| {
        let first = refused[0].split(':').next().unwrap_or_default();
        resolve::source_of(catalogue, first)
            .map_or(chosen.source.file.clone(), |(source, _)| source.file.clone())
    });
    Err(Error::file(file, Problem::Audit(refused)))
}

impl Closure {
    /// The archive.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let text = |text: &str| Entry::File { executable: false, data: text.as_bytes().to_vec() };
        add(&mut bytes, "PLAN", &text(&self.plan))?;
        add(&mut bytes, "INPUTS.sha256", &text(&self.inputs))?;
        for (path, entry) in &self.files {
            add(&mut bytes, path, entry)?;
        }
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        Ok(bytes)
    }

    /// Reads an archive and checks everything that can be checked of it: structure, PLAN, that every file is
    /// in INPUTS.sha256 with its digest, and that PLAN's inputs exist. `file` is for errors.
    pub fn verify(file: &Path, bytes: &[u8]) -> Result<Closure, Error> {
        let bad = |what: String| Error::file(file, Problem::Closure(what));
        let closure = Closure::read(bytes).map_err(bad)?;
        let plan = Plan::parse(&closure.plan).map_err(|e| bad(e.to_string()))?;
        let digests = lock::parse(&closure.inputs)
            .map_err(|line| bad(format!("INPUTS.sha256, line {line}: malformed")))?;
        let mut members: BTreeMap<&str, Option<Digest>> =
            closure.files.iter().map(|(path, entry)| (path.as_str(), entry.data().map(sha256))).collect();
        plan.check(|input| members.keys().any(|member| path::covers(input, &format!("/{member}"))))
            .map_err(|e| bad(e.to_string()))?;
        if members.len() != closure.files.len() {
            return Err(bad("a member stands twice".into()));
        }
        members.insert("PLAN", Some(sha256(closure.plan.as_bytes())));
        for (name, expected) in &digests {
            match members.get(name.as_str()) {
                Some(Some(found)) if found == expected => {}
                Some(Some(found)) => {
                    return Err(bad(format!(
                        "{name}: wrong sha256\n  expected {expected}\n  found    {found}"
                    )));
                }
                _ => return Err(bad(format!("{name}: in INPUTS.sha256 but not in the archive"))),
            }
        }
        match members.iter().find(|(name, digest)| digest.is_some() && !digests.contains_key(**name)) {
            Some((name, _)) => Err(bad(format!("{name}: not in INPUTS.sha256"))),
            None => Ok(closure),
        }
    }

    fn read(bytes: &[u8]) -> Result<Closure, String> {
        let text =
            |name: &[u8]| String::from_utf8(name.to_vec()).map_err(|_| "a name is not UTF-8".to_owned());
        let mut files = Vec::new();
        for member in Archive::new(bytes) {
            let member = member.map_err(|e| e.to_string())?;
            let path = text(&member.header.path()[1..])?;
            let entry = match member.header.kind {
                Kind::File => {
                    Entry::File { executable: member.header.mode & 0o100 != 0, data: member.data.to_vec() }
                }
                Kind::Symlink => Entry::Symlink(text(member.header.link)?),
                Kind::Directory => return Err(format!("{path}: a closure has no folders")),
            };
            files.push((path, entry));
        }
        let mut text = |expected: &str| match files.first() {
            Some((name, Entry::File { data, .. })) if name == expected => {
                let text = String::from_utf8(data.clone()).map_err(|_| format!("{expected} is not UTF-8"))?;
                files.remove(0);
                Ok(text)
            }
            _ => Err(format!("{expected} is missing, or not in its place")),
        };
        let plan = text("PLAN")?;
        let inputs = text("INPUTS.sha256")?;
        Ok(Closure { plan, inputs, files })
    }

    /// A line for each file: digest, size, name.
    pub fn list(&self) -> Vec<String> {
        let row = |(path, entry): &(String, Entry)| match entry {
            Entry::File { data, .. } => format!("{}  {:>10}  {path}", sha256(data), data.len()),
            Entry::Symlink(target) => format!("{:64}  {:>10}  {path} -> {target}", "", ""),
        };
        self.files.iter().map(row).collect()
    }

    /// What differs between two closures, a line each (see [`lock::diff`]).
    pub fn diff(&self, new: &Closure) -> Vec<String> {
        let digests = |closure: &Closure| -> lock::Digests {
            let plan = ("PLAN".to_owned(), sha256(closure.plan.as_bytes()));
            let file = |(path, entry): &(String, Entry)| match entry {
                Entry::File { data, .. } => (path.clone(), sha256(data)),
                Entry::Symlink(target) => (path.clone(), sha256(target.as_bytes())),
            };
            closure.files.iter().map(file).chain([plan]).collect()
        };
        lock::diff(&digests(self), &digests(new))
    }
}

/// An archive of any tree, for `exec` and `shell`: no PLAN. Folders of `folders` are members of their own.
pub fn archive_of(tree: &Tree, folders: &[String]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for folder in folders {
        let header = Header::new(folder, Kind::Directory, 0o755, 0, "");
        bytes.extend(header.ok_or_else(|| Error::file(folder, Problem::Name(folder.clone())))?.to_block());
    }
    for (path, entry) in tree {
        add(&mut bytes, path, entry)?;
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    Ok(bytes)
}

fn add(bytes: &mut Vec<u8>, path: &str, entry: &Entry) -> Result<(), Error> {
    let header = match entry {
        Entry::File { executable, data } => {
            let mode = if *executable { 0o755 } else { 0o644 };
            Header::new(path, Kind::File, mode, data.len() as u64, "")
        }
        Entry::Symlink(target) => Header::new(path, Kind::Symlink, 0o777, 0, target),
    };
    let header = header.ok_or_else(|| Error::file(path, Problem::Name(path.to_owned())))?;
    bytes.extend(header.to_block());
    bytes.extend(entry.data().unwrap_or_default());
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

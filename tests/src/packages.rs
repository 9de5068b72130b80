// SPDX-License-Identifier: MIT
//! Upstream packages that cc was not developed with: built and tested in the root file system of `base`.
//!
//! A package is one file, `tests/packages/NAME.toml`: where its tarball is, the shell script that configures it,
//! builds it and runs its tests, and what the tests say. The tools (shell, make, cc) are this machine's own; headers
//! and libraries are the target's, and so is what cc makes: configure and the tests run it, in user-mode emulation
//! if it is for the other processor. (That cc gives the same bytes on both is tested elsewhere: `cc_twice.rs`.)

use crate::{base, corpus, project, scratch};
use image_packer::host::catalogue::Origin;
use image_packer::plan::Arch;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use xtask::chain::Runner;
use xtask::fetch::Fetcher;
use xtask::project::{host_arch, run};

/// A package, as its file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The tarball.
    pub origin: Origin,
    /// Packages whose trees the script takes something from.
    #[serde(default)]
    pub needs: Vec<String>,
    /// How many tests pass.
    pub passed: usize,
    /// Every other outcome, as the test runner's line says it: `SKIP: name`, `FAIL: name`.
    #[serde(default)]
    pub others: BTreeSet<String>,
    /// Outcomes that only AArch64 has, for tests that pass on x86_64.
    #[serde(default)]
    pub others_on_aarch64: BTreeSet<String>,
    /// For busybox's shell, in the unpacked tree.
    pub script: String,
}

/// What a package's tests said.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many tests pass.
    pub passed: usize,
    /// Lines for the others.
    pub others: BTreeSet<String>,
    /// Lines that are not blank in the `.c` files that cc compiled; included files do not count.
    pub lines: usize,
    /// The script's status.
    pub ended_well: bool,
}

/// The package `name` after those that it needs, or all packages, in an order in which they can be built.
pub fn ordered(name: Option<&str>) -> Vec<(String, Package)> {
    let files = fs::read_dir(corpus("packages")).unwrap().map(|item| item.unwrap().path());
    let all = files.map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), read(&file)));
    let all: BTreeMap<String, Package> = all.collect();
    let mut order = Vec::new();
    for wanted in all.keys().filter(|key| name.is_none_or(|name| *key == name)) {
        after_needs(&all, wanted, &mut order);
    }
    order
}

fn after_needs(all: &BTreeMap<String, Package>, name: &str, order: &mut Vec<(String, Package)>) {
    if order.iter().any(|(known, _)| known == name) {
        return;
    }
    let package = all.get(name).unwrap_or_else(|| panic!("no package {name}"));
    for needed in &package.needs {
        after_needs(all, needed, order);
    }
    order.push((name.to_owned(), package.clone()));
}

fn read(file: &Path) -> Package {
    toml::from_str(&fs::read_to_string(file).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// Before each script: `check NAME COMMAND...` for suites that do not print such lines themselves.
const CHECK: &str = "check() { name=$1; shift; if \"$@\" < /dev/null > /tmp/said 2>&1; then echo \"PASS: $name\"; \
                     else cat /tmp/said; echo \"FAIL: $name\"; fi; }\n";

/// A root file system to build packages in.
pub struct Workshop {
    arch: Arch,
    root: PathBuf,
    runner: Runner,
}

impl Workshop {
    /// Lays it out; as root, for the sake of `/dev`.
    pub fn new(arch: Arch, test: &str) -> Workshop {
        let root = scratch(test);
        let host = Arch::ALL.into_iter().find(|arch| arch.name() == host_arch()).unwrap();
        for (arch, folders) in [(host, ["bin", "etc"].as_slice()), (arch, &["include", "lib", "usr"])] {
            let tar = base::bundle(arch).join("rootfs.tar");
            run(Command::new("tar").arg("xf").arg(tar).arg("-C").arg(&root).args(folders)).unwrap();
        }
        for folder in ["dev", "tmp", "build", "by"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        for (name, minor) in [("null", "3"), ("zero", "5"), ("full", "7"), ("urandom", "9")] {
            let mut mknod = Command::new("mknod");
            run(mknod.args(["-m", "666"]).arg(root.join("dev").join(name)).args(["c", "1", minor])).unwrap();
        }
        let cc = format!(
            "for word; do case $word in\n/*.c) echo $word ;;\n*.c) echo $PWD/$word ;;\nesac; done >>/tmp/compiled\n\
             exec /bin/cc -target {arch} \"$@\"\n"
        );
        // What configure asks for the kind of the machine.
        let uname = format!("case $* in -m|-p) echo {arch} ;; *) exec /bin/uname \"$@\" ;; esac\n");
        for (name, text) in [("cc", cc), ("uname", uname)] {
            fs::write(root.join("by").join(name), format!("#!/bin/sh\n{text}")).unwrap();
            run(Command::new("chmod").arg("755").arg(root.join("by").join(name))).unwrap();
        }
        // Starts what is this machine's own, so that nothing needs to be in the root.
        let runner = Runner::find(project(), arch).unwrap();
        Workshop { arch, root, runner }
    }

    /// Builds and tests a package; what it prints is in `NAME.log` beside its tree.
    pub fn outcome(&self, name: &str, package: &Package) -> Outcome {
        let tarball =
            Fetcher::new(project(), None).fetch(&package.origin).unwrap_or_else(|e| panic!("{e:#}"));
        let folder = self.root.join("build").join(name);
        fs::create_dir(&folder).unwrap();
        let strip = format!("--strip-components={}", package.origin.strip);
        let words = ["--no-same-owner", strip.as_str(), "-C"];
        run(Command::new("tar").arg("xf").arg(tarball).args(words).arg(&folder)).unwrap();
        fs::write(self.root.join("build/script"), format!("{CHECK}set -e\n{}", package.script)).unwrap();
        fs::write(self.root.join("tmp/compiled"), "").unwrap();
        let env = ["PATH=/by:/bin:/usr/bin", "LC_ALL=C", "HOME=/tmp", "SHELL=/bin/sh", "CC=cc"];
        let words = ["/bin/sh", "/build/script"];
        let mut command = self.runner.command(&self.root, &format!("/build/{name}"), &words, &env);
        let log = self.root.join(format!("build/{name}.log"));
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let ended_well = command.status().unwrap().success();
        let mut outcome = Outcome { ended_well, lines: self.lines(), ..Outcome::default() };
        for line in String::from_utf8_lossy(&fs::read(&log).unwrap()).lines() {
            match line.split_once(": ") {
                Some(("PASS", _)) => outcome.passed += 1,
                Some(("FAIL" | "SKIP" | "XFAIL" | "XPASS" | "ERROR", _)) => {
                    outcome.others.insert(line.to_owned());
                }
                _ => {}
            }
        }
        outcome
    }

    /// Compares a package's outcome with what its file says, and says what differs.
    pub fn differs(&self, name: &str, package: &Package, outcome: &Outcome) -> Option<String> {
        let mut expected = package.clone();
        if self.arch == Arch::Aarch64 {
            expected.passed -= expected.others_on_aarch64.len();
            expected.others.append(&mut expected.others_on_aarch64);
        }
        if outcome.ended_well && (outcome.passed, &outcome.others) == (expected.passed, &expected.others) {
            return None;
        }
        Some(format!(
            "{name}: {} pass, not {}; ended well: {}; new: {:?}; gone: {:?}; log: {}",
            outcome.passed,
            expected.passed,
            outcome.ended_well,
            outcome.others.difference(&expected.others),
            expected.others.difference(&outcome.others),
            self.root.join(format!("build/{name}.log")).display()
        ))
    }

    /// Counts what cc compiled and is still there: what configure tried is not.
    fn lines(&self) -> usize {
        let compiled = fs::read_to_string(self.root.join("tmp/compiled")).unwrap();
        let files = compiled.lines().filter_map(|path| fs::canonicalize(self.root.join(&path[1..])).ok());
        let files: BTreeSet<PathBuf> = files.collect();
        let text = |file: &PathBuf| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        files.iter().map(|file| text(file).lines().filter(|line| !line.trim().is_empty()).count()).sum()
    }
}

// SPDX-License-Identifier: MIT
//! Debian's archive: a private apt for sources, foreign packages and `rust-src`, which leaves the system as it
//! is, and the installation of missing host tools, which does not.
//!
//! The mirror is the one that the host's own apt uses. The private apt trusts Debian's archive keyring and
//! keeps everything below the cache.

use crate::project::{self, Project, which};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Suites with their source packages; binary packages come from [`BINARY_SUITES`].
const SOURCE_SUITES: [&str; 4] = ["bullseye", "bookworm", "trixie", "sid"];
/// Suites whose binary packages are indexed; the first that has a package is preferred.
const BINARY_SUITES: [&str; 4] = ["bookworm", "trixie", "trixie-backports", "sid"];

/// A private apt with fresh or cached indexes.
pub struct PrivateApt {
    folder: PathBuf,
    config: PathBuf,
}

impl PrivateApt {
    /// Opens the project's private apt; the first time (or after its lists have changed) it downloads the
    /// indexes: about 100 MB, some 20 s.
    pub fn open(project: &Project) -> Result<PrivateApt> {
        let folder = project.cached("debian")?;
        let config = folder.join("apt.conf");
        let apt = PrivateApt { folder, config };
        let list = sources_list()?;
        let ready = apt.folder.join("ready");
        let versions = apt.folder.join("versions");
        if fs::read_to_string(&ready).is_ok_and(|before| before == list) {
            fs::create_dir_all(&versions)?;
            return Ok(apt);
        }
        if versions.is_dir() {
            fs::remove_dir_all(&versions)?;
        }
        fs::create_dir_all(&versions)?;
        for sub in ["state/lists/partial", "cache/archives/partial", "parts", "preferences"] {
            fs::create_dir_all(apt.folder.join(sub))?;
        }
        fs::write(apt.folder.join("status"), "")?;
        fs::write(apt.folder.join("sources.list"), &list)?;
        let dir = apt.folder.display();
        fs::write(
            &apt.config,
            format!(
                "Dir::State \"{dir}/state\";\nDir::State::lists \"{dir}/state/lists\";\n\
                 Dir::State::status \"{dir}/status\";\nDir::Cache \"{dir}/cache\";\n\
                 Dir::Etc::sourcelist \"{dir}/sources.list\";\nDir::Etc::sourceparts \"{dir}/parts\";\n\
                 Dir::Etc::preferencesparts \"{dir}/preferences\";\nDir::Etc::preferences \"\";\n\
                 APT::Architectures {{\"amd64\";\"arm64\";}};\nAPT::Sandbox::User \"\";\n\
                 Acquire::Languages \"none\";\nAcquire::Retries \"3\";\nAcquire::Check-Valid-Until \"false\";\n"
            ),
        )?;
        eprintln!("indexing Debian's archive in {dir} …");
        project::run(apt.command("apt-get").args(["-q", "update"]))
            .context("the private apt cannot update")?;
        fs::write(&ready, list)?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", &self.config).env("LC_ALL", "C");
        command
    }

    /// The versions of a package (`NAME` or `NAME:ARCH`), the most preferred suite's first. apt takes seconds
    /// for the answer, so it is kept until the indexes are downloaded again.
    pub fn versions(&self, package: &str) -> Result<Vec<String>> {
        let kept = self.folder.join("versions").join(package.replace(':', "_"));
        if let Ok(text) = fs::read_to_string(&kept) {
            return Ok(text.lines().map(str::to_owned).collect());
        }
        let versions = self.ask_versions(package)?;
        // Whole or not at all: other processes ask too.
        let mut file = tempfile::NamedTempFile::new_in(self.folder.join("versions"))?;
        file.write_all(versions.join("\n").as_bytes())?;
        file.persist(&kept)?;
        Ok(versions)
    }

    fn ask_versions(&self, package: &str) -> Result<Vec<String>> {
        let table = project::run(self.command("apt-cache").args(["madison", package]))?;
        let mut rows: Vec<(usize, String)> = Vec::new();
        for line in table.lines().filter(|line| line.contains("Packages")) {
            let mut columns = line.split('|').map(str::trim);
            let (version, place) = (columns.nth(1).unwrap_or_default(), columns.next().unwrap_or_default());
            let suite = place.split(' ').nth(1).and_then(|suite| suite.split('/').next()).unwrap_or_default();
            let rank = BINARY_SUITES.iter().position(|known| *known == suite).unwrap_or(usize::MAX);
            rows.push((rank, version.to_owned()));
        }
        rows.sort();
        let mut versions: Vec<String> = rows.into_iter().map(|(_, version)| version).collect();
        versions.dedup();
        Ok(versions)
    }

    /// Downloads a binary package, unpacks it to `cache/packages/NAME_VERSION_ARCH/` and gives that folder.
    /// `version` picks one of [`PrivateApt::versions`]; none: the preferred.
    pub fn unpacked(&self, project: &Project, package: &str, version: Option<&str>) -> Result<PathBuf> {
        let version = match version {
            Some(version) => version.to_owned(),
            None => {
                let versions = self.versions(package)?;
                versions.into_iter().next().with_context(|| format!("Debian has no package {package}"))?
            }
        };
        let label = format!("{package}_{version}").replace([':', '~', '+'], "-");
        let target = project.cached("packages")?.join(label);
        if target.is_dir() {
            return Ok(target);
        }
        let work = tempfile::tempdir_in(project.cached("packages")?)?;
        let spec = format!("{package}={version}");
        project::run(self.command("apt-get").args(["-q", "download", &spec]).current_dir(work.path()))?;
        let file = only_file(work.path(), ".deb")?;
        let tree = work.path().join("tree");
        project::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&tree))?;
        fs::rename(&tree, &target)?;
        Ok(target)
    }

    /// Downloads a source package's files (`NAME=VERSION`) into `folder`.
    pub fn source(&self, spec: &str, folder: &Path) -> Result<()> {
        let args = ["-q", "source", "--download-only", "--only-source", spec];
        project::run(self.command("apt-get").args(args).current_dir(folder))?;
        Ok(())
    }

    /// What a version of a package depends on, by name.
    pub fn depends(&self, package: &str, version: &str) -> Result<Vec<String>> {
        let text = project::run(self.command("apt-cache").args(["show", &format!("{package}={version}")]))?;
        let list = text.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
        Ok(list.split(',').filter_map(|item| item.split_whitespace().next()).map(str::to_owned).collect())
    }
}

fn only_file(folder: &Path, suffix: &str) -> Result<PathBuf> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.to_string_lossy().ends_with(suffix) {
            return Ok(path);
        }
    }
    bail!("{}: no *{suffix} arrived", folder.display())
}

/// The lists of the private apt, for the mirror of the host's own apt.
fn sources_list() -> Result<String> {
    if which("apt-get").is_none() {
        bail!(
            "this needs Debian's apt; on other hosts put the files in place by hand (`cargo xtask fetch --from DIR`)"
        );
    }
    let mirror = |codename: &str| {
        let filter = format!("Codename: {codename}");
        project::run(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            &filter,
        ]))
    };
    let host = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = host.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or("bookworm");
    let uris = mirror(codename)?;
    let uri = uris.lines().next().context("the host's apt has no index of Debian's main archive")?;
    let mut list = String::new();
    for suite in BINARY_SUITES {
        list.push_str(&format!("deb [signed-by={KEYRING}] {uri} {suite} main\n"));
    }
    for suite in SOURCE_SUITES {
        list.push_str(&format!("deb-src [signed-by={KEYRING}] {uri} {suite} main\n"));
    }
    Ok(list)
}

/// Makes sure that host programs are there. What is missing is installed when this runs as root on Debian;
/// otherwise the error holds the one command to type. `wanted` pairs a program with its package.
pub fn require(wanted: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        wanted.iter().filter(|(program, _)| which(program).is_none()).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !nix::unistd::geteuid().is_root() || which("apt-get").is_none() {
        bail!("not installed: {}\nType: sudo {command}", missing.join(", "));
    }
    eprintln!("installing {} …", missing.join(" "));
    let install = |update: bool| -> Result<()> {
        if update {
            project::run(Command::new("apt-get").args(["-q", "update"]))?;
        }
        let args = ["install", "-q", "-y", "--no-install-recommends"];
        let mut command = Command::new("apt-get");
        project::run(command.args(args).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))?;
        Ok(())
    };
    install(false).or_else(|_| install(true)).with_context(|| format!("cannot install; try: {command}"))
}

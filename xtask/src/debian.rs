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
use std::time::SystemTime;

const APT_HELPER: &str = "/usr/lib/apt/apt-helper";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Suites with their source packages; binary packages come from [`BINARY_SUITES`].
const SOURCE_SUITES: [&str; 4] = ["bullseye", "bookworm", "trixie", "sid"];
/// Suites whose binary packages are indexed; the first that has a package is preferred.
const BINARY_SUITES: [&str; 4] = ["bookworm", "trixie", "trixie-backports", "sid"];

/// A private apt with fresh or cached indexes.
pub struct PrivateApt {
    folder: PathBuf,
    config: PathBuf,
    /// Its sources list.
    list: String,
    opened: SystemTime,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its address.
    pub uri: String,
    /// Its size.
    pub bytes: u64,
}

impl PrivateApt {
    /// Opens the project's private apt; the first time (or after its lists have changed) it downloads the
    /// indexes: about 100 MB, some 20 s.
    pub fn open(project: &Project) -> Result<PrivateApt> {
        PrivateApt::with_list(project.cached("debian")?, sources_list()?)
    }

    fn with_list(folder: PathBuf, list: String) -> Result<PrivateApt> {
        let config = folder.join("apt.conf");
        let apt = PrivateApt { folder, config, list, opened: SystemTime::now() };
        let _lock = apt.lock()?;
        let before = fs::read_to_string(apt.folder.join("ready"));
        if before.is_ok_and(|before| before == apt.list) {
            fs::create_dir_all(apt.folder.join("versions"))?;
            return Ok(apt);
        }
        for sub in ["state/lists/partial", "cache/archives/partial", "parts", "preferences"] {
            fs::create_dir_all(apt.folder.join(sub))?;
        }
        fs::write(apt.folder.join("status"), "")?;
        fs::write(apt.folder.join("sources.list"), &apt.list)?;
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
        apt.update()?;
        Ok(apt)
    }

    /// Held while the indexes change; other processes wait.
    fn lock(&self) -> Result<fs::File> {
        let file = fs::File::create(self.folder.join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Downloads the indexes; what was learnt from the old ones is forgotten.
    fn update(&self) -> Result<()> {
        let ready = self.folder.join("ready");
        if ready.exists() {
            fs::remove_file(&ready)?;
        }
        eprintln!("indexing Debian's archive in {} …", self.folder.display());
        project::run(self.command("apt-get").args(["-q", "update"]))
            .context("the private apt cannot update")?;
        let versions = self.folder.join("versions");
        if versions.is_dir() {
            fs::remove_dir_all(&versions)?;
        }
        fs::create_dir_all(&versions)?;
        fs::write(&ready, &self.list)?;
        Ok(())
    }

    /// Downloads the indexes again, unless that has been done since this was opened. The archive drops files of
    /// old versions, so an index that is some days old names files that are gone.
    pub fn refresh(&self) -> Result<bool> {
        let _lock = self.lock()?;
        let fresh = fs::metadata(self.folder.join("ready")).and_then(|meta| meta.modified());
        if fresh.is_ok_and(|time| time >= self.opened) {
            return Ok(false);
        }
        self.update()?;
        Ok(true)
    }

    /// Does something that needs a file of the archive; if it fails, again with fresh indexes.
    pub fn retrying<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        let first = match work() {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match self.refresh() {
            Ok(true) => work(),
            Ok(false) => Err(first),
            Err(error) => Err(first.context(format!("and the indexes cannot be refreshed: {error:#}"))),
        }
    }

    /// Where the archive has the source file with this digest, whatever its package, version and suite.
    pub fn held(&self, sha256: &str) -> Result<Vec<Held>> {
        let kept = self.folder.join("versions").join(sha256);
        if let Ok(text) = fs::read_to_string(&kept) {
            let row = |line: &str| {
                let (bytes, uri) = line.split_once(' ')?;
                Some(Held { uri: uri.into(), bytes: bytes.parse().ok()? })
            };
            return Ok(text.lines().filter_map(row).collect());
        }
        let args = ["indextargets", "--format", "$(REPO_URI) $(FILENAME)", "Created-By: Sources"];
        let lists = project::run(self.command("apt-get").args(args))?;
        let mut found: Vec<Held> = Vec::new();
        for line in lists.lines() {
            let (base, list) = line.split_once(' ').context("apt's list of indexes is malformed")?;
            let text = project::run(self.command(APT_HELPER).args(["cat-file", list]))?;
            for held in find_source(&text, base, sha256) {
                if !found.contains(&held) {
                    found.push(held);
                }
            }
        }
        let rows: Vec<String> = found.iter().map(|held| format!("{} {}\n", held.bytes, held.uri)).collect();
        self.keep_answer(&kept, &rows.concat())?;
        Ok(found)
    }

    /// The command that downloads `uri` to `target` and goes on with what is there; nothing but a file with
    /// this digest is left under that name.
    pub fn download(&self, uri: &str, target: &Path, sha256: &str) -> Command {
        let mut command = self.command(APT_HELPER);
        command.args(["-q", "download-file", uri]).arg(target).arg(format!("SHA256:{sha256}"));
        command
    }

    /// Keeps an answer until the indexes are downloaded again. Whole or not at all: other processes ask too.
    fn keep_answer(&self, kept: &Path, text: &str) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.folder.join("versions"))?;
        file.write_all(text.as_bytes())?;
        file.persist(kept)?;
        Ok(())
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
        self.keep_answer(&kept, &versions.join("\n"))?;
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
        self.retrying(|| self.try_unpacked(project, package, version))
    }

    fn try_unpacked(&self, project: &Project, package: &str, version: Option<&str>) -> Result<PathBuf> {
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
        // Another process may have been faster.
        fs::rename(&tree, &target).or_else(|error| if target.is_dir() { Ok(()) } else { Err(error) })?;
        Ok(target)
    }

    /// What a version of a package depends on, by name.
    pub fn depends(&self, package: &str, version: &str) -> Result<Vec<String>> {
        let text = project::run(self.command("apt-cache").args(["show", &format!("{package}={version}")]))?;
        let list = text.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
        Ok(list.split(',').filter_map(|item| item.split_whitespace().next()).map(str::to_owned).collect())
    }
}

/// The source files with this digest in the index `text`, whose paths are relative to `base`.
fn find_source(text: &str, base: &str, sha256: &str) -> Vec<Held> {
    let mut found = Vec::new();
    let needle = format!("\n {sha256} ");
    for (at, _) in text.match_indices(&needle) {
        let start = text[..at].rfind("\n\n").map_or(0, |before| before + 2);
        let end = text[at..].find("\n\n").map_or(text.len(), |len| at + len);
        let folder = text[start..end].lines().find_map(|line| line.strip_prefix("Directory: "));
        let row = text[at + needle.len()..].lines().next().and_then(|row| row.split_once(' '));
        if let (Some(folder), Some((bytes, file))) = (folder, row)
            && let Ok(bytes) = bytes.parse()
        {
            let folder = if folder == "." { String::new() } else { format!("{folder}/") };
            found.push(Held { uri: format!("{}/{folder}{file}", base.trim_end_matches('/')), bytes });
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive in a folder, with one source file.
    struct Archive(tempfile::TempDir);

    impl Archive {
        /// Puts `data` at `pool/PLACE/x.tar`, where the index says that it is.
        fn put(&self, place: &str, data: &str) {
            let folder = self.0.path().join("repo/pool").join(place);
            let _ = fs::remove_dir_all(self.0.path().join("repo/pool"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("x.tar"), data).unwrap();
            let digest = image_packer::host::sha256(data.as_bytes());
            let len = data.len();
            let other = "Package: w\nVersion: 1\nDirectory: pool/w\nChecksums-Sha256:\n 00 1 w.tar\n";
            let text = format!(
                "{other}\nPackage: x\nVersion: {place}\nFormat: 1.0\nChecksums-Sha256:\n 11 2 x.dsc\n \
                 {digest} {len} x.tar\nDirectory: pool/{place}\n\n{other}\n"
            );
            fs::write(self.0.path().join("repo/Sources"), text).unwrap();
        }

        fn open(&self) -> PrivateApt {
            let list = format!("deb-src [trusted=yes] copy:{}/repo/ ./\n", self.0.path().display());
            let folder = self.0.path().join("apt");
            fs::create_dir_all(&folder).unwrap();
            PrivateApt::with_list(folder, list).unwrap()
        }
    }

    #[test]
    fn a_file_is_found_by_its_sha256_and_the_index_is_refreshed_once() {
        let archive = Archive(tempfile::tempdir().unwrap());
        archive.put("1", "content");
        let digest = image_packer::host::sha256(b"content").to_string();
        let apt = archive.open();
        let held = apt.held(&digest).unwrap();
        assert_eq!(held.len(), 1);
        assert!(held[0].uri.ends_with("/pool/1/x.tar") && held[0].bytes == 7, "{held:?}");
        let target = archive.0.path().join("x.tar");
        project::run(&mut apt.download(&held[0].uri, &target, &digest)).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"content");
        assert_eq!(apt.held(&"0".repeat(64)).unwrap(), []);

        // The file moves; the index here is old.
        archive.put("2", "content");
        fs::remove_file(&target).unwrap();
        let apt = archive.open();
        let mut tries = 0;
        apt.retrying(|| {
            tries += 1;
            let held = apt.held(&digest)?;
            project::run(&mut apt.download(&held[0].uri, &target, &digest))
        })
        .unwrap();
        assert_eq!((tries, fs::read(&target).unwrap().as_slice()), (2, &b"content"[..]));

        // A file that is gone for good: one refresh a process, then the error.
        let mut tries = 0;
        let error = apt.retrying(|| {
            tries += 1;
            project::run(&mut apt.download(
                &format!("copy:{}", target.with_extension("no").display()),
                &target,
                &digest,
            ))
        });
        assert!(error.is_err());
        assert_eq!(tries, 1);
    }

    #[test]
    fn the_mirrors_wrong_file_is_not_kept() {
        let archive = Archive(tempfile::tempdir().unwrap());
        archive.put("1", "content");
        let digest = image_packer::host::sha256(b"content").to_string();
        let apt = archive.open();
        fs::write(archive.0.path().join("repo/pool/1/x.tar"), "other").unwrap();
        let target = archive.0.path().join("x.tar");
        let held = apt.held(&digest).unwrap();
        let error = project::run(&mut apt.download(&held[0].uri, &target, &digest)).unwrap_err().to_string();
        assert!(error.contains("mismatch"), "{error}");
        assert!(!target.exists());
    }
}

// SPDX-License-Identifier: MIT
//! `cargo xtask fetch`.

use crate::debian::{PrivateApt, require};
use crate::project::Project;
use crate::whole;
use anyhow::{Context, Result, anyhow, bail};
use image_packer::hex::Digest;
use image_packer::host::catalogue::{Catalogue, Origin};
use image_packer::host::{Tarballs, resolve, sha256};
use image_packer::plan::Arch;
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// Download the upstream tarballs that goals need, each by its sha256.
///
/// A tarball comes from a folder of yours (`--from`), from Debian's archive (found by its sha256, in whatever
/// suite), or from upstream's address, whichever is first to have it. It is kept in the cache under its
/// digest; anything else is discarded. Interrupted downloads go on where they stopped.
#[derive(clap::Args)]
pub struct Args {
    /// Only what these goals need (default: every goal).
    #[arg(long)]
    goal: Vec<String>,
    /// Look for tarballs in this folder first, by name, then by digest.
    #[arg(long)]
    from: Option<PathBuf>,
    /// Use nothing but the cache and the folder of --from.
    #[arg(long)]
    offline: bool,
    /// How many downloads run at once.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
}

/// The verb.
pub fn main(args: Args) -> Result<ExitCode> {
    let project = Project::find()?;
    let catalogue = project.catalogue()?;
    let mut fetcher = Fetcher::new(&project, args.from);
    fetcher.offline = args.offline;
    let origins = origins(&catalogue, &args.goal)?;
    let failed = fetcher.fetch_all(&origins, args.jobs);
    eprintln!(
        "{} of {} tarballs are in {}",
        origins.len() - failed.len(),
        origins.len(),
        fetcher.store()?.display()
    );
    failed.iter().for_each(|error| eprintln!("error: {error:#}"));
    failed.iter().find_map(whole::advice).iter().for_each(|advice| eprintln!("{advice}"));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    offline: bool,
    apt: Mutex<Option<PrivateApt>>,
    /// The files of `from` by digest, once they had to be read.
    offered: OnceLock<BTreeMap<String, PathBuf>>,
    bars: MultiProgress,
}

impl Tarballs for Fetcher<'_> {
    fn get(&self, origin: &Origin) -> Result<PathBuf, String> {
        self.fetch(origin).map_err(|error| format!("{error:#}"))
    }
}

impl<'a> Fetcher<'a> {
    /// `from` is a folder to look in first.
    pub fn new(project: &'a Project, from: Option<PathBuf>) -> Fetcher<'a> {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Fetcher { project, from, offline: false, apt: Mutex::new(None), offered: OnceLock::new(), bars }
    }

    fn store(&self) -> Result<PathBuf> {
        self.project.cached("tarballs")
    }

    /// Fetches several at once; gives what went wrong.
    fn fetch_all(&self, origins: &BTreeMap<&str, &Origin>, jobs: usize) -> Vec<anyhow::Error> {
        let queue = Mutex::new(origins.iter().enumerate());
        let failed = Mutex::new(Vec::new());
        let next = || queue.lock().ok().and_then(|mut queue| queue.next());
        std::thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, origins.len().max(1)) {
                scope.spawn(|| {
                    while let Some((number, (name, origin))) = next() {
                        let result = self.fetch(origin);
                        let word = if result.is_ok() { "" } else { "  failed" };
                        let place =
                            format!("[{}/{}] {name}: {}{word}", number + 1, origins.len(), origin.file);
                        self.bars.suspend(|| eprintln!("{place}"));
                        if let (Err(error), Ok(mut failed)) = (result, failed.lock()) {
                            failed.push(error);
                        }
                    }
                });
            }
        });
        failed.into_inner().unwrap_or_default()
    }

    /// The tarball's file in the cache, after its digest has been checked.
    pub fn fetch(&self, origin: &Origin) -> Result<PathBuf> {
        let store = self.store()?;
        let name = format!("{}-{}", &origin.sha256[..16], origin.file);
        let target = store.join(&name);
        if target.is_file() && check(&target, origin).is_ok() {
            return Ok(target);
        }
        // Two processes want the same file: the second waits and finds it.
        let lock = File::create(self.project.cached("locks")?.join(&name))?;
        lock.lock()?;
        if target.is_file() && check(&target, origin).is_ok() {
            return Ok(target);
        }
        let part = store.join(format!("{name}.part"));
        let mut tried = Vec::new();
        for way in [Fetcher::offered, Fetcher::archive, Fetcher::upstream] {
            match way(self, origin, &part) {
                Ok(true) => {
                    fs::rename(&part, &target)?;
                    return Ok(target);
                }
                Ok(false) => {}
                Err(error) if whole::advice(&error).is_some() => {
                    return Err(error.context(origin.file.clone()));
                }
                Err(error) => tried.push(format!("{error:#}")),
            }
        }
        if self.offline {
            tried.push("offline: neither Debian's archive nor upstream was asked".into());
        }
        bail!("{}: not to be had\n  {}", origin.file, tried.join("\n  ").replace('\n', "\n  "))
    }

    /// From the user's folder. Each way fills `part` with the file of the right digest and says true, or says
    /// false where it has nothing to offer.
    fn offered(&self, origin: &Origin, part: &Path) -> Result<bool> {
        let Some(folder) = &self.from else { return Ok(false) };
        let named = folder.join(&origin.file);
        let problem = match check(&named, origin) {
            Ok(()) => return fs::copy(&named, part).context(part.display().to_string()).map(|_| true),
            Err(error) => error,
        };
        let files = self.offered.get_or_init(|| {
            let items = fs::read_dir(folder).into_iter().flatten().flatten();
            let files = items.map(|item| item.path()).filter(|path| path.is_file());
            files.filter_map(|path| Some((digest(&path).ok()?.to_string(), path))).collect()
        });
        match files.get(&origin.sha256) {
            Some(file) => fs::copy(file, part).context(part.display().to_string()).map(|_| true),
            None => Err(problem.context(named.display().to_string())),
        }
    }

    /// From Debian's archive.
    fn archive(&self, origin: &Origin, part: &Path) -> Result<bool> {
        if self.offline {
            return Ok(false);
        }
        if good_part(part, origin) {
            return Ok(true);
        }
        let mut problems = Vec::new();
        for refreshed in [false, true] {
            for (uri, bytes, mut command) in self.downloads(origin, part, refreshed)? {
                match self.watch(&mut command, origin, part, Some(bytes)).and_then(|()| check(part, origin)) {
                    Ok(()) => return Ok(true),
                    Err(error) => problems.push(format!("{uri}: {error:#}")),
                }
            }
            if problems.is_empty() && origin.debian.is_none() {
                return Ok(false);
            }
        }
        problems.dedup();
        match &origin.debian {
            Some(package) if problems.is_empty() => {
                bail!("Debian's archive ({package}): no suite lists a file of this sha256")
            }
            _ => bail!("{}", problems.join("\n")),
        }
    }

    /// The addresses where the archive has the file, with its size and the command that downloads it; nothing if
    /// the indexes should be refreshed for it and are fresh.
    fn downloads(&self, origin: &Origin, part: &Path, refresh: bool) -> Result<Vec<(String, u64, Command)>> {
        let mut opened = self.apt.lock().map_err(|_| anyhow!("another download has failed"))?;
        let apt = match opened.take() {
            Some(apt) => apt,
            None => PrivateApt::open(self.project).context("Debian's archive")?,
        };
        let apt = opened.insert(apt);
        if refresh && !apt.refresh().context("Debian's archive")? {
            return Ok(Vec::new());
        }
        let held = apt.held(&origin.sha256)?;
        let row = |held: crate::debian::Held| {
            let command = apt.download(&held.uri, part, &origin.sha256);
            (held.uri, held.bytes, command)
        };
        Ok(held.into_iter().map(row).collect())
    }

    /// From upstream's address, with curl, which resumes.
    fn upstream(&self, origin: &Origin, part: &Path) -> Result<bool> {
        let Some(url) = origin.url.as_deref().filter(|_| !self.offline) else { return Ok(false) };
        require(&[("curl", "curl")])?;
        for resumed in [part.is_file(), false] {
            if good_part(part, origin) {
                return Ok(true);
            }
            let args = [
                "--fail",
                "--location",
                "--silent",
                "--show-error",
                "--retry",
                "3",
                "--connect-timeout",
                "20",
            ];
            let mut command = Command::new("curl");
            command.args(args).args(["--continue-at", "-", "--output"]).arg(part).arg(url);
            let ended = self.watch(&mut command, origin, part, None);
            let problem = match ended {
                // What has come stays for the next time.
                Err(error) if !resumed => return Err(error.context(url.to_owned())),
                Err(error) => error,
                Ok(()) => match check(part, origin) {
                    Ok(()) => return Ok(true),
                    Err(error) => error,
                },
            };
            // The beginning may be of another file, or there is nothing to go on with: once more from the start.
            fs::remove_file(part)?;
            if !resumed {
                return Err(problem.context(url.to_owned()));
            }
        }
        Ok(false)
    }

    /// Runs a download and shows how much has come; what it says belongs to the error.
    fn watch(&self, command: &mut Command, origin: &Origin, part: &Path, bytes: Option<u64>) -> Result<()> {
        let bar = self.bars.add(ProgressBar::new(bytes.unwrap_or(0)));
        let template = match bytes {
            Some(_) => "{bar:20} {bytes}/{total_bytes} {bytes_per_sec} {msg}",
            None => "{spinner} {bytes} {bytes_per_sec} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(origin.file.clone());
        let said = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            bar.set_position(fs::metadata(part).map_or(0, |meta| meta.len()));
            std::thread::sleep(Duration::from_millis(50));
        };
        bar.finish_and_clear();
        self.bars.remove(&bar);
        if status.success() {
            return Ok(());
        }
        let mut text = String::new();
        let mut said = said;
        std::io::Seek::rewind(&mut said)?;
        said.read_to_string(&mut text)?;
        let lines: BTreeSet<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let errors: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with("E: ")).collect();
        if let Some(error) = part.parent().and_then(whole::full) {
            return Err(error);
        }
        let lines = if errors.is_empty() { lines.into_iter().collect() } else { errors };
        bail!("{}", if lines.is_empty() { status.to_string() } else { lines.join("\n") })
    }
}

/// Whether an earlier download had ended but for its renaming.
fn good_part(part: &Path, origin: &Origin) -> bool {
    part.is_file() && check(part, origin).is_ok()
}

/// A file's digest.
fn digest(file: &Path) -> Result<Digest> {
    Ok(sha256(&fs::read(file)?))
}

/// Checks a file against the origin's digest.
fn check(file: &Path, origin: &Origin) -> Result<()> {
    let found = digest(file)?;
    if Digest::parse(origin.sha256.as_bytes()) != Some(found) {
        let bytes = HumanBytes(fs::metadata(file)?.len());
        bail!(
            "wrong sha256 (cut off, or another file; it has {bytes})\n  expected {}\n  found    {found}",
            origin.sha256
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    fn origin(content: &[u8], url: Option<String>) -> Origin {
        Origin {
            url,
            debian: None,
            file: "x.tar".into(),
            sha256: sha256(content).to_string(),
            strip: 1,
            take: Vec::new(),
            patches: Vec::new(),
        }
    }

    fn place() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { root: folder.path().into(), cache: folder.path().join("cache") };
        (folder, project)
    }

    /// From upstream, without asking Debian's archive; gives the unfinished file.
    fn fetch(project: &Project, origin: &Origin) -> Result<PathBuf> {
        let fetcher = Fetcher::new(project, None);
        let part = fetcher.store()?.join("part");
        if fetcher.upstream(origin, &part)? { Ok(part) } else { bail!("nothing to offer") }
    }

    /// A server of one file: each connection sends at most `most` bytes of what is asked for. Gives its address
    /// and where the ranges that were asked for began.
    fn server(
        content: &'static [u8],
        most: usize,
        connections: usize,
    ) -> (String, std::thread::JoinHandle<Vec<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x.tar", listener.local_addr().unwrap());
        let serve = move || {
            let mut asked = Vec::new();
            for _ in 0..connections {
                let (mut stream, _) = listener.accept().unwrap();
                let head = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> =
                    head.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
                let range = head.iter().find_map(|line| line.strip_prefix("Range: bytes="));
                let from = range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
                asked.push(from);
                let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
                let (len, last) = (content.len() - from, content.len() - 1);
                let all = content.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {len}\r\nContent-Range: bytes {from}-{last}/{all}\r\n\r\n"
                )
                .unwrap();
                stream.write_all(&content[from..(from + most).min(content.len())]).unwrap();
            }
            asked
        };
        (url, std::thread::spawn(serve))
    }

    #[test]
    fn a_tarball_with_the_wrong_sha256_is_refused() {
        let (folder, project) = place();
        let from = folder.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::write(from.join("x.tar"), "evil").unwrap();
        let mut fetcher = Fetcher::new(&project, Some(from));
        fetcher.offline = true;
        let error = fetcher.fetch(&origin(b"good", None)).unwrap_err().to_string();
        for digest in [sha256(b"good"), sha256(b"evil")] {
            assert!(error.contains(&digest.to_string()), "{error}");
        }
        assert!(error.contains("from/x.tar"), "{error}");
        assert_eq!(fs::read_dir(project.cache.join("tarballs")).unwrap().count(), 0);
        let file = fetcher.fetch(&origin(b"evil", None)).unwrap();
        assert_eq!(fs::read(file).unwrap(), b"evil");
    }

    #[test]
    fn a_folder_offers_by_name_or_by_digest() {
        let (folder, project) = place();
        fs::write(folder.path().join("upstreams-name.tar"), "good").unwrap();
        let mut fetcher = Fetcher::new(&project, Some(folder.path().into()));
        fetcher.offline = true;
        assert_eq!(fs::read(fetcher.fetch(&origin(b"good", None)).unwrap()).unwrap(), b"good");
        let error = fetcher.fetch(&origin(b"absent", None)).unwrap_err().to_string();
        assert!(error.contains("x.tar: not to be had") && error.contains("No such file"), "{error}");
    }

    #[test]
    fn what_the_cache_holds_is_checked_each_time() {
        let (folder, project) = place();
        let from = folder.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::write(from.join("x.tar"), "good").unwrap();
        let mut fetcher = Fetcher::new(&project, Some(from));
        fetcher.offline = true;
        let file = fetcher.fetch(&origin(b"good", None)).unwrap();
        fs::write(&file, "go").unwrap();
        assert_eq!(fetcher.fetch(&origin(b"good", None)).unwrap(), file);
        assert_eq!(fs::read(&file).unwrap(), b"good");
    }

    #[test]
    fn an_interrupted_download_goes_on_where_it_stopped() {
        let (_folder, project) = place();
        let (url, served) = server(b"0123456789", 4, 1);
        let origin = origin(b"0123456789", Some(url));
        let error = fetch(&project, &origin).unwrap_err();
        assert!(format!("{error:#}").contains("http://127.0.0.1"), "{error:#}");
        assert_eq!(served.join().unwrap(), [0]);
        let part = project.cache.join("tarballs/part");
        assert_eq!(fs::read(&part).unwrap(), b"0123");
        let (url, served) = server(b"0123456789", 10, 1);
        fetch(&project, &Origin { url: Some(url), ..origin }).unwrap();
        assert_eq!(served.join().unwrap(), [4]);
        assert_eq!(fs::read(&part).unwrap(), b"0123456789");
    }

    #[test]
    fn a_wrong_beginning_is_thrown_away() {
        let (_folder, project) = place();
        let (url, served) = server(b"0123456789", 10, 2);
        project.cached("tarballs").unwrap();
        fs::write(project.cache.join("tarballs/part"), "abc").unwrap();
        let part = fetch(&project, &origin(b"0123456789", Some(url))).unwrap();
        assert_eq!(served.join().unwrap(), [3, 0]);
        assert_eq!(fs::read(part).unwrap(), b"0123456789");
    }

    #[test]
    fn upstreams_other_file_is_not_kept() {
        let (_folder, project) = place();
        let (url, served) = server(b"truncated", 9, 1);
        let error = format!("{:#}", fetch(&project, &origin(b"truncated no more", Some(url))).unwrap_err());
        served.join().unwrap();
        assert!(error.contains("wrong sha256") && error.contains("9 B"), "{error}");
        assert!(!project.cache.join("tarballs/part").exists());
    }
}

// SPDX-License-Identifier: MIT
//! A host without space: each command names the place and says what to do, nothing half-written is taken for whole,
//! and with room the same command goes on.
//!
//! Each test runs itself again in a mount namespace of its own, where its folder is a small file system.

use image_packer::host::catalogue::Origin;
use image_packer::host::sha256;
use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::{monitor, project, scratch};
use xtask::chain::{self, Options};
use xtask::fetch::Fetcher;
use xtask::project::{self as host, Project};
use xtask::{pack, portable, run, whole};

/// Set where the folder is a file system of its own.
const SMALL: &str = "FIRSTLIGHT_SMALL_DISK";

/// Runs `test` with a folder that holds at most `kib` KiB.
fn on_a_small_disk(name: &str, kib: u32, test: impl Fn(&Path)) {
    if let Some(folder) = std::env::var_os(SMALL) {
        return test(Path::new(&folder));
    }
    let folder = scratch(name);
    let script = format!("mount -t tmpfs -o size={kib}k none \"$1\" && shift && exec \"$@\"");
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
        .arg(&folder)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(SMALL, &folder)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

/// Gives the file system of the test's folder room.
fn make_room(folder: &Path) {
    host::run(Command::new("mount").args(["-o", "remount,size=256m"]).arg(folder)).unwrap();
}

/// The error of a full disk, with its place and advice.
fn assert_full(folder: &Path, error: &anyhow::Error) {
    let text = format!("{error:#}");
    assert!(text.contains("No space left") || text.contains("no storage space"), "{text}");
    assert!(text.contains(&folder.display().to_string()), "{text}");
    assert!(whole::advice(error).is_some(), "{text}");
}

fn names(folder: &Path) -> Vec<String> {
    let items = fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = items.collect();
    names.sort();
    names
}

#[test]
fn t105_a_chain_under_linux() {
    on_a_small_disk("t105_a_chain_under_linux", 64, |folder| {
        let (_, closure) = pack::make(project(), Some("c1"), Arch::X86_64).unwrap();
        let out = folder.join("out");
        let make = || chain::run(project(), &closure, &out, &Options::default());
        assert_full(folder, &make().unwrap_err());
        for half in ["rootfs.tar", "rootfs.cpio.gz", "OUTPUTS.sha256"] {
            assert!(!out.join(half).exists(), "{half} in {:?}", names(&out));
        }
        make_room(folder);
        assert!(make().unwrap().outputs > 0);
    });
}

#[test]
fn t106_a_run_on_virt() {
    on_a_small_disk("t106_a_run_on_virt", 1024, |folder| {
        let (board, monitor) = monitor::board("virt");
        let (_, closure) = pack::make(project(), Some("c1"), board.arch()).unwrap();
        let out = folder.join("out");
        let go = || run::run(&board, &monitor, &closure, &out, Some(monitor::LIMIT));
        match go() {
            Ok(report) => {
                assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(7), "{}", report.table());
                let failure = report.failure.clone().unwrap_or_default();
                assert!(failure.contains("make room there"), "{}", report.table());
            }
            Err(error) => assert_full(folder, &error),
        }
        make_room(folder);
        let report = go().unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
        assert_eq!(report.outputs, project().catalogue().unwrap().answers("c1", board.arch()).unwrap());
    });
}

#[test]
fn t107_a_download_and_a_source_bundle() {
    on_a_small_disk("t107_a_download_and_a_source_bundle", 256, |folder| {
        let content = vec![b'x'; 1 << 20];
        let from = scratch("t107-from");
        fs::write(from.join("x.tar"), &content).unwrap();
        let place = Project { root: project().root.clone(), cache: folder.join("cache") };
        let fetcher = Fetcher::new(&place, Some(from));
        let origin = Origin {
            url: None,
            debian: None,
            file: "x.tar".into(),
            sha256: sha256(&content).to_string(),
            strip: 1,
            take: Vec::new(),
            patches: Vec::new(),
        };
        assert_full(folder, &fetcher.fetch(&origin).unwrap_err());
        let whole: PathBuf = folder.join("cache/tarballs");
        assert!(names(&whole).iter().all(|name| name.ends_with(".part")), "{:?}", names(&whole));

        let bundle = folder.join("bundle.tar");
        let (_, closure) = pack::make(project(), Some("tcc"), Arch::X86_64).unwrap();
        let answers = project().catalogue().unwrap().answers("tcc", Arch::X86_64).unwrap();
        assert_full(folder, &portable::write(&bundle, &closure, &answers).unwrap_err());
        assert!(!names(folder).contains(&"bundle.tar".to_string()), "{:?}", names(folder));

        make_room(folder);
        assert_eq!(fs::read(fetcher.fetch(&origin).unwrap()).unwrap(), content);
        portable::write(&bundle, &closure, &answers).unwrap();
    });
}

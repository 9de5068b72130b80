// SPDX-License-Identifier: MIT
//! The same closure gives the same bytes whatever the machine is like: memory, size of the disk, date, cores. Equal are
//! the outputs, the event log, and the file system on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tests::{monitor, project, scratch};
use xtask::{pack, run};

/// Host time that a machine may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// What the emulator is told, and the disk's size in MiB. The board files say one core, 1 GiB and the host's date.
const MACHINES: [(&str, u64); 3] = [
    ("-m 1G", 256),
    ("-m 512M -smp 4 -rtc base=1999-12-31T23:59:58", 300),
    ("-m 3G -smp 2 -rtc base=2038-01-19T03:14:00", 2048),
];

/// Builds the goal on a board with those words behind its own, of which the last count.
fn build(board: &str, goal: &str, words: &str, megabytes: u64, folder: PathBuf) -> PathBuf {
    let (mut board, monitor) = monitor::board(board);
    board.emulator.command.extend(words.split(' ').map(str::to_owned));
    board.output.bytes = megabytes << 20;
    let (_, closure) = pack::make(project(), Some(goal), board.arch()).unwrap();
    let report = run::run(&board, &monitor, &closure, &folder, Some(LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{words}: {}", report.table());
    folder
}

/// The file system's own bytes: ext2 says in its superblock how many blocks of 1024 << N bytes it has.
fn image(folder: &Path) -> Vec<u8> {
    let mut disk = fs::read(folder.join("output.img")).unwrap();
    let word = |at: usize| u32::from_le_bytes(disk[1024 + at..1024 + at + 4].try_into().unwrap());
    let bytes = (word(4) as usize) << (10 + word(24));
    assert!(disk.len() > bytes);
    disk.truncate(bytes);
    disk
}

fn same_on(board: &str, goal: &str, test: &str) {
    let folder = scratch(test);
    let [first, others @ ..] = MACHINES.each_ref().map(|(words, megabytes)| {
        (words, build(board, goal, words, *megabytes, folder.join(format!("{megabytes}"))))
    });
    for (words, other) in others {
        for file in ["OUTPUTS.sha256", "events.log", "rootfs.tar"] {
            assert!(
                fs::read(first.1.join(file)).unwrap() == fs::read(other.join(file)).unwrap(),
                "{board}, {words}: {file} differs"
            );
        }
        assert!(image(&first.1) == image(&other), "{board}, {words}: the file system differs");
    }
    let check = Command::new("/usr/sbin/e2fsck").arg("-fn").arg(first.1.join("output.img")).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn t139_machines_of_all_sizes_make_c1_on_virt() {
    same_on("virt", "c1", "t139");
}

#[test]
fn t140_machines_of_all_sizes_make_c1_on_pc() {
    same_on("pc", "c1", "t140");
}

#[test]
#[ignore = "three emulated machines: cargo xtask test --all"]
fn t141_machines_of_all_sizes_make_tcc_on_virt() {
    same_on("virt", "tcc", "t141");
}

#[test]
#[ignore = "three emulated machines: cargo xtask test --all"]
fn t142_machines_of_all_sizes_make_tcc_on_pc() {
    same_on("pc", "tcc", "t142");
}

// SPDX-License-Identifier: MIT
//! Power cuts in the middle of a run: what finished steps made is taken from the disk, and the end is the same.

use anyhow::bail;
use image_packer::payload::Console;
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::{monitor, project, scratch};
use xtask::console::{Line, Piece, parse};
use xtask::emulator::{self, Job};
use xtask::{build, pack, run};

/// How many steps of the last run came from the disk.
fn restored(folder: &Path) -> usize {
    let log = fs::read(folder.join("serial.log")).unwrap();
    String::from_utf8_lossy(&log).lines().filter(|line| line.contains("firstlight: restored ")).count()
}

/// Takes away the sector that says that the last record is whole, as a cut between a record's content and its header
/// would.
fn lose_last_header(disk: &Path) {
    let mut bytes = fs::read(disk).unwrap();
    // Records grow downwards from the end: the last one written is the first.
    let header = bytes.chunks(512).position(|sector| sector.starts_with(b"firstlight checkpoint 2\n"));
    let at = header.expect("there is no record on the disk") * 512;
    bytes[at..at + 512].fill(0);
    fs::write(disk, bytes).unwrap();
}

#[test]
fn t45_a_run_goes_on_after_power_cuts() {
    let (mut board, monitor) = monitor::board("virt");
    board.output.bytes = 64 << 20;
    let (_, closure) = pack::make(project(), Some("c1"), board.arch()).unwrap();
    let whole = scratch("t45-whole");
    let expected = run::run(&board, &monitor, &closure, &whole, Some(monitor::LIMIT)).unwrap();
    assert_eq!(expected.epitaph.as_ref().map(|end| end.code), Some(0), "{}", expected.table());

    let folder = scratch("t45");
    let disk = folder.join("output.img");
    run::new_disk(&disk, board.output.bytes).unwrap();
    let archive = closure.to_bytes().unwrap();
    let settings = build::plan_settings(&board);
    let settings = image_packer::payload::Payload { console: Console::Framed, ..settings };
    let steps = expected.count;
    assert!(steps >= 6, "{steps}");
    // Begun steps at which the power goes; what ended before each of them is on the disk.
    for (cut, kept) in [(3, 0), (5, 2), (steps, 4)] {
        let log = Some(folder.join("serial.log"));
        let job = Job { output: Some(&disk), serial_log: log, ..monitor::job(settings.clone(), &archive) };
        let ending = emulator::boot(&board, &monitor, &job, &mut |piece| match piece {
            Piece::Monitor(line) => match parse(line) {
                Line::Step { index, .. } if index == cut => bail!("power cut"),
                _ => Ok(()),
            },
            Piece::Program(_) => Ok(()),
        });
        assert_eq!(ending.unwrap_err().to_string(), "power cut");
        assert_eq!(restored(&folder), kept);
    }
    lose_last_header(&disk);
    let report = run::run(&board, &monitor, &closure, &folder, Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    assert_eq!(restored(&folder), steps as usize - 2);
    assert_eq!(report.outputs, expected.outputs);
    for file in ["events.log", "rootfs.tar", "OUTPUTS.sha256"] {
        assert!(
            fs::read(whole.join(file)).unwrap() == fs::read(folder.join(file)).unwrap(),
            "{file} differs"
        );
    }
    let check = Command::new("/usr/sbin/e2fsck").args(["-fn"]).arg(&disk).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

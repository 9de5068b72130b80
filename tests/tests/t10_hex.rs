// SPDX-License-Identifier: MIT
//! The goal `hex` on every board: it ends well, makes the same bytes as plain Linux, and the same each time.

use std::fs;
use std::path::PathBuf;
use tests::{monitor, project, scratch};
use xtask::chain::{self, Options};
use xtask::pack;
use xtask::run::{self, Report};

/// Runs `hex` on a board in a folder of the test's own.
fn hex(board: &str, test: &str) -> (Report, PathBuf) {
    let (board, monitor) = monitor::board(board);
    let (_, closure) =
        pack::make(project(), Some("hex"), board.arch()).unwrap_or_else(|error| panic!("{error:#}"));
    let folder = scratch(test);
    let report = run::run(&board, &monitor, &closure, &folder, Some(monitor::LIMIT));
    (report.unwrap_or_else(|error| panic!("{error:#}")), folder)
}

fn same_as_linux(board: &str, test: &str) {
    let (report, folder) = hex(board, test);
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    assert_eq!(report.steps.len(), report.count as usize);
    let arch = monitor::board(board).0.arch();
    let (_, closure) = pack::make(project(), Some("hex"), arch).unwrap();
    let linux = scratch(&format!("{test}-linux"));
    chain::run(project(), &closure, &linux, &Options::default()).unwrap();
    assert!(!report.outputs.is_empty());
    assert_eq!(report.outputs, chain::outputs(&linux).unwrap());
    let check =
        "mkdir root && tar xf rootfs.tar -C root && cd root && sha256sum --quiet -c ../OUTPUTS.sha256";
    let check = std::process::Command::new("sh").args(["-c", check]).current_dir(&folder).output().unwrap();
    assert!(check.status.success(), "{check:?}");
    for file in ["INPUTS.sha256", "events.log", "serial.log", "run.meta"] {
        assert!(fs::metadata(folder.join(file)).unwrap().len() > 0, "{file}");
    }
}

#[test]
fn t11_virt_makes_the_bytes_that_linux_makes() {
    same_as_linux("virt", "t11");
}

#[test]
fn t12_virt_image_makes_the_bytes_that_linux_makes() {
    same_as_linux("virt-image", "t12");
}

#[test]
fn t13_pc_makes_the_bytes_that_linux_makes() {
    same_as_linux("pc", "t13");
}

#[test]
fn t14_a_second_run_is_equal_byte_for_byte() {
    let (first, second) = (hex("virt", "t14-a").1, hex("virt", "t14-b").1);
    for file in ["output.img", "events.log", "rootfs.tar", "OUTPUTS.sha256"] {
        assert!(
            fs::read(first.join(file)).unwrap() == fs::read(second.join(file)).unwrap(),
            "{file} differs"
        );
    }
}

#[test]
fn t15_the_way_of_starting_leaves_no_trace() {
    let (flash, loaded) = (hex("virt", "t15-a").1, hex("virt-image", "t15-b").1);
    for file in ["output.img", "events.log"] {
        assert!(
            fs::read(flash.join(file)).unwrap() == fs::read(loaded.join(file)).unwrap(),
            "{file} differs"
        );
    }
}

#[test]
fn t16_a_closure_on_the_second_disk_gives_the_same() {
    let (mut board, monitor) = monitor::board("virt");
    board.closure = xtask::board::Place::Disk;
    let (_, closure) = pack::make(project(), Some("hex"), board.arch()).unwrap();
    let folder = scratch("t16");
    let report = run::run(&board, &monitor, &closure, &folder, Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    assert_eq!(report.outputs, hex("virt", "t16-flash").0.outputs);
}

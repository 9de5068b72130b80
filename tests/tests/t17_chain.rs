// SPDX-License-Identifier: MIT
//! The whole chain on every board, from the seed to TinyCC's fixed point: the same bytes as under plain Linux,
//! and the fixed points are fixed.

use tests::{monitor, project, scratch};
use xtask::chain::{self, Options};
use xtask::pack;
use xtask::run;

/// Runs `tcc` on a board and under plain Linux.
fn chain_on(board: &str, test: &str) {
    let (board, monitor) = monitor::board(board);
    let (_, closure) =
        pack::make(project(), Some("tcc"), board.arch()).unwrap_or_else(|error| panic!("{error:#}"));
    let report = run::run(&board, &monitor, &closure, &scratch(test), Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(0), "{}", report.table());
    assert_eq!(report.steps.len(), report.count as usize);
    let linux = scratch(&format!("{test}-linux"));
    chain::run(project(), &closure, &linux, &Options::default()).unwrap();
    assert_eq!(report.outputs, chain::outputs(&linux).unwrap());
    let digests = report.outputs;
    for (program, by_its_predecessor) in [
        ("bin/masm", "build/masm-by-hex1/masm"),
        ("bin/cc", "build/cc-by-cc/cc"),
        ("build/tcc/tcc", "build/tcc-by-tcc/tcc"),
    ] {
        assert!(digests.contains_key(program), "{program} is not there");
        assert_eq!(digests[program], digests[by_its_predecessor], "{program} is no fixed point");
    }
}

#[test]
fn t17_the_chain_on_virt() {
    chain_on("virt", "t17");
}

#[test]
fn t18_the_chain_on_pc() {
    chain_on("pc", "t18");
}

#[test]
fn t19_the_chain_on_virt_image() {
    chain_on("virt-image", "t19");
}

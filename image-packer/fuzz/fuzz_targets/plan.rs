// SPDX-License-Identifier: MIT
//! PLAN. What is read is printed, reads back, and prints the same again.
#![no_main]

use image_packer::plan::{Plan, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = text(data);
    let Ok(plan) = Plan::parse(&data) else { return };
    let _ = plan.check(|path| path.starts_with("/src/") || path == "/seed/hex0");
    let _ = plan.keeps("/bin/hex0");
    let printed = plan.to_string();
    let again = Plan::parse(&printed).expect("what was printed");
    assert_eq!(again.to_string(), printed);
    for (one, other) in plan.steps.iter().zip(&again.steps) {
        assert_eq!((&one.inputs, &one.env, one.cwd), (&other.inputs, &other.env, other.cwd));
        assert!(one.runs.iter().map(|run| &run.words).eq(other.runs.iter().map(|run| &run.words)));
    }
});

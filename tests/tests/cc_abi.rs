// SPDX-License-Identifier: MIT
//! Random functions that call each other across objects of cc and of gcc, both ways, on both architectures: two dozen
//! programs on each run, a thousand in the long one (`cargo test -p tests --release --test cc_abi -- --ignored`;
//! FIRSTLIGHT_ABI=FIRST-LAST chooses other seeds).

mod cc;
#[path = "cc/signatures.rs"]
mod signatures;

use cc::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Functions in a program.
const FUNCTIONS: usize = 20;

/// One half of a program as an object, by cc or by gcc, which optimises every other program.
fn object(arch: &str, compiler: &Path, seed: u64, source: &Path, by_cc: bool) -> Result<PathBuf, String> {
    let object = source.with_extension(if by_cc { "cc.o" } else { "gcc.o" });
    let mut command = if by_cc { Command::new(compiler) } else { gcc(arch) };
    if by_cc {
        command.args(["-target", arch, "-nostdinc"]);
    } else {
        command.args([["-O0", "-O1"][seed as usize % 2], "-fno-builtin"]);
    }
    let done = feed(command.args(["-w", "-c", "-o"]).arg(&object).arg(source), b"");
    if done.status.success() { Ok(object) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// Links a caller and a callee and runs them; what failed, if anything.
fn run(arch: &str, caller: &Path, callee: &Path) -> Result<(), String> {
    let program = caller.with_extension("program");
    succeed(gcc(arch).args(["-static", "-no-pie", "-o"]).arg(&program).args([caller, callee]));
    let done = feed(&mut command(arch, &program), b"");
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", done.status, String::from_utf8_lossy(&done.stdout)))
}

/// Whether both mixes do what they should. `false`: gcc's own halves do not agree, and cc's do, so that nothing can be
/// compared. (gcc 12 for x86_64 reads a structure aligned to 16 bytes by `va_arg` as if it were so aligned among the
/// registers that `va_start` saved: a fault, where it begins with an odd one.)
fn compare(arch: &str, compiler: &Path, seed: u64, dir: &Path) -> Result<bool, String> {
    let program = signatures::program(seed, FUNCTIONS);
    let [caller, callee] = ["caller", "callee"].map(|half| dir.join(format!("{half}-{arch}-{seed}.c")));
    fs::write(&caller, program.caller).unwrap();
    fs::write(&callee, program.callee).unwrap();
    let mut objects = Vec::new();
    for (source, by_cc) in [(&caller, true), (&callee, true), (&caller, false), (&callee, false)] {
        objects.push(object(arch, compiler, seed, source, by_cc)?);
    }
    let [our_caller, our_callee, their_caller, their_callee] = &objects[..] else { unreachable!() };
    let mixes = [
        ("cc calls gcc", run(arch, our_caller, their_callee)),
        ("gcc calls cc", run(arch, their_caller, our_callee)),
    ];
    for (mix, result) in mixes {
        if let Err(how) = result {
            let ours = run(arch, our_caller, our_callee).err();
            let theirs = run(arch, their_caller, their_callee).err();
            if ours.is_none() && theirs.is_some() {
                return Ok(false);
            }
            let [ours, theirs] = [ours, theirs].map(Option::unwrap_or_default);
            return Err(format!("{mix}: {how}\ncc alone: {ours}\ngcc alone: {theirs}"));
        }
    }
    for file in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.contains(&format!("-{arch}-{seed}.")) {
            fs::remove_file(file).unwrap();
        }
    }
    Ok(true)
}

/// Compares the programs of these seeds on one architecture. At most one of a hundred may be one that gcc alone fails.
fn campaign(name: &str, arch: &str, first: u64, last: u64) {
    let dir = scratch(&format!("{name}_{arch}"));
    let compiler = cc_by_gcc(&dir);
    let (mut compared, mut left_out, mut failed) = (0, Vec::new(), Vec::new());
    for seed in first..=last {
        match compare(arch, &compiler, seed, &dir) {
            Ok(true) => compared += 1,
            Ok(false) => left_out.push(seed),
            Err(how) => failed.push(format!("seed {seed}: {how}")),
        }
    }
    assert!(failed.is_empty(), "{arch}: {}\nprograms are in {}", failed.join("\n"), dir.display());
    assert!(left_out.len() * 100 <= compared, "{arch}: gcc alone fails the seeds {left_out:?}");
    println!("{arch}: {compared} programs of {FUNCTIONS} functions; gcc alone fails the seeds {left_out:?}");
}

#[test]
fn random_functions_on_aarch64() {
    campaign("cc_abi", "aarch64", 1, 24);
}

#[test]
fn random_functions_on_x86_64() {
    campaign("cc_abi", "x86_64", 1, 24);
}

#[test]
#[ignore = "half an hour"]
fn a_thousand_programs_of_random_functions() {
    let seeds = std::env::var("FIRSTLIGHT_ABI").unwrap_or_else(|_| "1001-2000".into());
    let (first, last) = seeds.split_once('-').expect("FIRSTLIGHT_ABI=FIRST-LAST");
    for arch in ARCHES {
        campaign("cc_abi_long", arch, first.parse().unwrap(), last.parse().unwrap());
    }
}

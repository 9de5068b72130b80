// SPDX-License-Identifier: MIT
//! Random programs by Csmith, compiled by cc and by gcc, must print the same checksum: fifty on each run, two thousand in
//! the long one (`cargo test -p tests --release --test cc_csmith -- --ignored`; FIRSTLIGHT_CSMITH=FIRST-LAST chooses
//! other seeds).

mod cc;

use cc::*;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What became of one program.
#[derive(PartialEq)]
enum Verdict {
    Same,
    /// It runs too long (Csmith does not promise an end).
    Endless,
    Differs(String),
}

/// The checksum that a program prints and its status; `None` if it does not end within `seconds`.
fn run(arch: &str, program: &Path, seconds: u32) -> Option<(Option<i32>, Vec<u8>)> {
    let program = command(arch, program);
    let mut limited = Command::new("timeout");
    limited.arg(seconds.to_string()).arg(program.get_program()).args(program.get_args());
    let done = feed(&mut limited, b"");
    (done.status.code() != Some(124)).then_some((done.status.code(), done.stdout))
}

fn compare(arch: &str, compiler: &Path, seed: u32, dir: &Path) -> Verdict {
    let file = |suffix: &str| dir.join(format!("{seed}{suffix}"));
    let (source, object, ours, theirs) = (file(".c"), file(".o"), file("-cc"), file("-gcc"));
    succeed(Command::new("csmith").args(["--seed", &seed.to_string(), "-o"]).arg(&source).current_dir(dir));
    let csmith = "/usr/include/csmith";
    succeed(gcc(arch).args(["-w", "-O1", "-static", "-I", csmith, "-o"]).arg(&theirs).arg(&source));
    let Some(expected) = run(arch, &theirs, 5) else { return Verdict::Endless };
    let mut compile = Command::new(compiler);
    compile.args(["-target", arch, "-nostdinc", "-w", "-I"]).arg(repo("tests/cc/csmith"));
    compile
        .arg("-I")
        .arg(repo("sources/libc/include"))
        .args(["-I", csmith, "-c", "-o"])
        .arg(&object)
        .arg(&source);
    let done = feed(&mut compile, b"");
    if !done.status.success() {
        return Verdict::Differs(format!("seed {seed}: cc: {}", String::from_utf8_lossy(&done.stderr)));
    }
    succeed(gcc(arch).args(["-static", "-no-pie", "-o"]).arg(&ours).arg(&object).arg("-lm"));
    match run(arch, &ours, 60) {
        Some(got) if got == expected => {}
        Some((status, text)) => {
            let [text, expected] =
                [text, expected.1].map(|text| String::from_utf8_lossy(&text).trim().to_owned());
            return Verdict::Differs(format!(
                "seed {seed}: {text:?} (status {status:?}) instead of {expected:?}"
            ));
        }
        None => return Verdict::Differs(format!("seed {seed}: does not end")),
    }
    for path in [source, object, ours, theirs] {
        fs::remove_file(path).unwrap();
    }
    Verdict::Same
}

/// Compares the programs of these seeds on both architectures; at least four of five must end.
fn campaign(name: &str, first: u32, last: u32) {
    let dir = scratch(name);
    let compiler = cc_by_gcc(&dir);
    for arch in ARCHES {
        let verdicts: Vec<Verdict> =
            (first..=last).map(|seed| compare(arch, &compiler, seed, &dir)).collect();
        let differ = verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Differs(how) => Some(how.as_str()),
            _ => None,
        });
        let differ: Vec<&str> = differ.collect();
        assert!(differ.is_empty(), "{arch}:\n{}\nprograms are in {}", differ.join("\n"), dir.display());
        let same = verdicts.iter().filter(|verdict| **verdict == Verdict::Same).count();
        println!("{arch}: {same} of {} programs compared", verdicts.len());
        assert!(same * 5 >= verdicts.len() * 4, "{arch}: only {same} of {} programs end", verdicts.len());
    }
}

#[test]
fn fifty_random_programs() {
    campaign("cc_csmith", 1, 50);
}

#[test]
#[ignore = "an hour"]
fn two_thousand_random_programs() {
    let seeds = std::env::var("FIRSTLIGHT_CSMITH").unwrap_or_else(|_| "1001-3000".into());
    let (first, last) = seeds.split_once('-').expect("FIRSTLIGHT_CSMITH=FIRST-LAST");
    campaign("cc_csmith_long", first.parse().unwrap(), last.parse().unwrap());
}

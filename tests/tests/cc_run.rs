// SPDX-License-Identifier: MIT
//! The corpus of the compilers: each test by feature, compiled by gcc (is the test right?) and by cc, linked by cc with
//! the chain's library, on both architectures; and structures, numbers and variable arguments passed between objects of
//! cc and of gcc.

mod cc;

use cc::*;

#[test]
fn every_feature_does_what_gcc_makes_of_it() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_run_{arch}"));
        let compiler = cc_by_gcc(&dir);
        let library = libc_by_cc(&compiler, arch, &dir);
        let mut total = 0;
        for source in c_files("tests/cc/run") {
            let name = source.file_stem().unwrap().to_str().unwrap();
            let stage = note(&source, "stage").unwrap_or_else(|| panic!("{name}: no stage"));
            assert!(["c1", "cc"].contains(&stage.as_str()), "{name}: {stage}");
            let [theirs, ours] = ["gcc", "cc"].map(|compiler| dir.join(format!("{name}-{compiler}")));
            succeed(
                gcc(arch).args(["-w", "-static", "-D__FIRSTLIGHT_HOST__", "-o"]).arg(&theirs).arg(&source),
            );
            succeed(cc(&compiler, arch).args(["-nostdlib", "-o"]).arg(&ours).arg(&source).arg(&library));
            let made = checks(arch, &ours);
            assert_eq!(made, checks(arch, &theirs), "{name}: checks are left out");
            total += made;
        }
        assert!(total >= 400, "{total} checks");
    }
}

#[test]
fn objects_of_cc_and_gcc_link_both_ways() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_run_abi_{arch}"));
        let compiler = cc_by_gcc(&dir);
        let object = |by: &str, side: &str| dir.join(format!("{side}-{by}.o"));
        for side in ["caller", "callee"] {
            let source = repo("tests/cc/abi").join(side).with_extension("c");
            let mut commands = [cc(&compiler, arch), gcc(arch)];
            for (by, command) in ["cc", "gcc"].iter().zip(&mut commands) {
                succeed(
                    command
                        .args(["-w", "-D__FIRSTLIGHT_HOST__", "-c", "-o"])
                        .arg(object(by, side))
                        .arg(&source),
                );
            }
        }
        let mut counts = Vec::new();
        for (caller, callee) in [("gcc", "gcc"), ("gcc", "cc"), ("cc", "gcc"), ("cc", "cc")] {
            let program = dir.join(format!("{caller}-calls-{callee}"));
            let objects = [object(caller, "caller"), object(callee, "callee")];
            succeed(gcc(arch).args(["-static", "-no-pie", "-o"]).arg(&program).args(objects));
            counts.push(checks(arch, &program));
        }
        assert!(counts[0] > 300 && counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    }
}

#[test]
fn the_library_does_the_same_compiled_by_cc() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_run_libc_{arch}"));
        let compiler = cc_by_gcc(&dir);
        let by_cc = libc_by_cc(&compiler, arch, &dir);
        for name in ["numbers", "library"] {
            let source = repo("tests/cc/libc").join(name).with_extension("c");
            let [ours, theirs] = ["cc", "gcc"].map(|compiler| dir.join(format!("{name}-{compiler}")));
            succeed(cc(&compiler, arch).args(["-nostdlib", "-o"]).arg(&ours).arg(&source).arg(&by_cc));
            succeed(
                gcc(arch).args(["-w", "-fno-builtin", "-static", "-o"]).arg(&theirs).arg(&source).arg("-lm"),
            );
            let [ours, theirs] = [ours, theirs].map(|program| {
                let mut command = command(arch, &program);
                feed(command.env("LIBRARY_TEST", "x").arg(dir.join("file")), b"")
            });
            assert_eq!(ours.status.code(), theirs.status.code(), "{arch} {name}");
            assert!(ours.stdout == theirs.stdout && !ours.stdout.is_empty(), "{arch} {name}: other output");
        }
    }
}

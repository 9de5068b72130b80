// SPDX-License-Identifier: MIT
//! From a small `sources/` folder to a closure: what is chosen, in which order, and what is refused.
#![cfg(feature = "host")]

use image_packer::host::catalogue::{Catalogue, Origin};
use image_packer::host::closure::{self, Closure};
use image_packer::host::{Error, Problem, Tarballs, sha256};
use image_packer::plan::{Arch, Plan};
use std::fs;
use std::path::{Path, PathBuf};

/// Tarballs lie in the test's folder.
struct Folder(PathBuf);

impl Tarballs for Folder {
    fn get(&self, origin: &Origin) -> Result<PathBuf, String> {
        let file = self.0.join(&origin.file);
        file.is_file().then_some(file).ok_or_else(|| "not downloaded".into())
    }
}

const SEED: &str = r#"name = "seed"
version = "1"
licence = "MIT"

[seed]
listing = "seed-{arch}.hex0"

[[step]]
name = "hex0"
inputs = ["/seed/hex0", "/src/seed/seed-{arch}.hex0"]
outputs = ["/bin/hex0"]
run = ["/seed/hex0 < /src/seed/seed-{arch}.hex0 > /bin/hex0 mode 755"]
"#;

const TOOL: &str = r#"name = "tool"
version = "2.0"
licence = "MIT"

[[step]]
name = "tool"
inputs = [
  "/bin/hex0",
  "/src/tool/",
]
outputs = ["/bin/tool"]
env = ["A={arch}"]
run = ["/bin/hex0 < /src/tool/a.txt > /bin/tool mode 755"]
"#;

const GOAL: &str = r#"goal = "tool"
prose = "A test."
order = 1
needs = ["/bin/tool"]
"#;

/// A `sources/` folder that the test may change.
struct Sources {
    root: PathBuf,
}

impl Sources {
    fn new(test: &str) -> Sources {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&root);
        let sources = Sources { root };
        sources.write("seed/source.toml", SEED);
        sources.write("seed/seed-aarch64.hex0", "7f 45 # A\n");
        sources.write("seed/seed-x86_64.hex0", "7f 46\n");
        sources.write("tool/source.toml", TOOL);
        sources.write("tool/a.txt", "00\n");
        sources.write("tool/sub/b.sh", "#!/bin/sh\n");
        sources.write("closures/tool.toml", GOAL);
        sources
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn build(&self) -> Result<Closure, Error> {
        let catalogue = Catalogue::read(&self.root)?;
        closure::build(&catalogue, catalogue.goal("tool")?, Arch::Aarch64, &Folder(self.root.clone()))
    }

    /// The error that a changed text gives.
    fn refused(test: &str, path: &str, text: &str) -> Error {
        let sources = Sources::new(test);
        sources.write(path, text);
        sources.build().unwrap_err()
    }
}

#[test]
fn a_closure_holds_what_its_steps_name_and_is_the_same_each_time() {
    let sources = Sources::new("same");
    let closure = sources.build().unwrap();
    let names: Vec<&str> = closure.files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["seed/hex0", "src/seed/seed-aarch64.hex0", "src/tool/a.txt", "src/tool/sub/b.sh"];
    assert_eq!(names, expected);
    let plan = Plan::parse(&closure.plan).unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.name).collect::<Vec<_>>(), ["hex0", "tool"]);
    assert_eq!(plan.steps[1].env, ["A=aarch64"]);
    let bytes = closure.to_bytes().unwrap();
    assert_eq!(bytes, Sources::new("same-again").build().unwrap().to_bytes().unwrap());
    assert_eq!(Closure::verify(Path::new("c"), &bytes).unwrap(), closure);
}

#[test]
fn host_tar_and_sha256sum_read_it() {
    let sources = Sources::new("host-tools");
    sources.write("c.tar", sources.build().unwrap().to_bytes().unwrap());
    let script =
        "mkdir x && tar xf c.tar -C x && cd x && sha256sum --quiet -c INPUTS.sha256 && stat -c %Y PLAN";
    let run =
        std::process::Command::new("sh").args(["-c", script]).current_dir(&sources.root).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(run.stdout, b"1\n");
}

#[test]
fn every_altered_byte_is_found() {
    let bytes = Sources::new("altered").build().unwrap().to_bytes().unwrap();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(Closure::verify(Path::new("c"), &altered).is_err(), "byte {at}");
    }
}

#[test]
fn a_cycle_is_named() {
    let text = SEED.replace("\"/seed/hex0\", ", "\"/seed/hex0\", \"/bin/tool\", ");
    let error = Sources::refused("cycle", "seed/source.toml", &text);
    assert!(matches!(&error.problem, Problem::Cycle(names) if names == &["tool", "hex0", "tool"]), "{error}");
    assert!(error.file.ends_with("tool/source.toml") && error.line == 6, "{error}");
}

#[test]
fn a_missing_input_is_named_with_its_line() {
    for path in ["/bin/absent", "/src/tool/absent", "/src/absent/", "/lib/"] {
        let error = Sources::refused(
            "missing",
            "tool/source.toml",
            &TOOL.replace("/src/tool/\"", &format!("{path}\"")),
        );
        assert!(matches!(error.problem, Problem::MissingInput { .. }), "{error}");
        assert!(error.file.ends_with("tool/source.toml") && error.line == 9, "{error}");
    }
    let error = Sources::refused("missing", "closures/tool.toml", &GOAL.replace("bin/tool", "bin/none"));
    assert!(error.file.ends_with("closures/tool.toml") && error.line == 4, "{error}");
}

#[test]
fn unknown_keys_and_bad_values_name_their_line() {
    for (from, to, line) in [
        ("licence =", "license =", 3),
        ("name = \"tool\"\nversion", "name = \"tol\"\nversion", 1),
        ("env = [", "environment = [", 12),
        ("\"A={arch}\"", "\"A\"", 12),
        ("mode 755", "mode 9", 13),
        ("\"/bin/tool\"", "\"bin/tool\"", 11),
    ] {
        let error = Sources::refused("keys", "tool/source.toml", &TOOL.replacen(from, to, 1));
        assert!(error.file.ends_with("tool/source.toml"), "{error}");
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn two_makers_of_a_path_are_refused() {
    let error =
        Sources::refused("makers", "tool/source.toml", &TOOL.replace("[\"/bin/tool\"]", "[\"/bin/\"]"));
    assert!(matches!(error.problem, Problem::TwoMakers { .. }), "{error}");
}

#[test]
fn the_text_audit_refuses_what_is_not_listed() {
    let sources = Sources::new("audit");
    sources.write("tool/blob", [0u8, 1, 2]);
    sources.write("tool/configure", "#!/bin/sh\n# Generated by GNU Autoconf 2.71\n");
    let error = sources.build().unwrap_err();
    let Problem::Audit(refused) = &error.problem else { panic!("{error}") };
    assert_eq!(refused.len(), 2, "{error}");
    let listed = "\n[[listed]]\npath = \"/src/tool/blob\"\nreason = \"a test\"\n\
                  [[listed]]\npath = \"/src/tool/configure\"\nreason = \"not run\"\n";
    sources.write("tool/source.toml", format!("{TOOL}{listed}"));
    sources.build().unwrap();
    sources.write("tool/source.toml", format!("{TOOL}{}", listed.replace("not run", "")));
    assert!(sources.build().unwrap_err().to_string().contains("without a reason"));
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let sources = Sources::new("names");
    sources.write(&format!("tool/{}", "n".repeat(101)), "x");
    let error = sources.build().unwrap().to_bytes().unwrap_err();
    assert!(matches!(error.problem, Problem::Name(_)), "{error}");
}

#[test]
fn upstream_trees_are_unpacked_and_patched() {
    let sources = Sources::new("upstream");
    let mut tar = tar::Builder::new(Vec::new());
    for (name, data) in [("up-1/a.c", "one\ntwo\n"), ("up-1/skip", "x\n")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, data.as_bytes()).unwrap();
    }
    let tarball = tar.into_inner().unwrap();
    sources.write("up.tar", &tarball);
    let origin = format!(
        "\n[origin]\nurl = \"https://example.org/up.tar\"\nfile = \"up.tar\"\nsha256 = \"{}\"\n\
         take = [\"a.c\"]\npatches = [\"patches/p\"]\n",
        sha256(&tarball)
    );
    let text = TOOL.replace("licence = \"MIT\"\n", &format!("licence = \"MIT\"\n{origin}"));
    sources.write("tool/source.toml", text.replace("/src/tool/\"", "/src/tool-2.0/\", \"/src/tool/a.txt\""));
    sources.write("tool/patches/p", "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n-one\n+ONE\n two\n");
    let closure = sources.build().unwrap();
    let find =
        |name: &str| closure.files.iter().find(|(path, _)| path == name).map(|(_, entry)| entry.data());
    assert_eq!(find("src/tool-2.0/a.c"), Some(Some(&b"ONE\ntwo\n"[..])));
    assert_eq!(find("src/tool-2.0/skip"), None);
    assert!(closure.inputs.contains("# tool-2.0 patch "), "{}", closure.inputs);

    sources.write("tool/patches/p", "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n-uno\n+ONE\n two\n");
    let error = sources.build().unwrap_err();
    assert!(matches!(error.problem, Problem::Hunk { hunk: 1, .. }) && error.file.ends_with("a.c"), "{error}");

    sources.write("up.tar", "evil");
    assert!(matches!(sources.build().unwrap_err().problem, Problem::Sha256 { .. }));
    fs::remove_file(sources.root.join("up.tar")).unwrap();
    assert!(matches!(sources.build().unwrap_err().problem, Problem::NoTarball(_)));
}

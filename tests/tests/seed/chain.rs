// SPDX-License-Identifier: MIT
//! The chain from hex0 to c1, each stage built by the one before it, as the steps in sources/*/source.toml do.

use super::*;

/// The programs of one architecture.
pub struct Chain {
    /// `aarch64` or `x86_64`.
    pub arch: &'static str,
    /// Where they lie.
    pub dir: PathBuf,
}

impl Chain {
    /// Builds the stages up to and including `last`.
    pub fn up_to(last: &str, arch: &'static str, test: &str) -> Chain {
        let chain = Chain { arch, dir: scratch(&format!("{test}_{arch}")) };
        hex0(arch, &chain.dir);
        for stage in ["hex1", "masm", "c0", "c1"] {
            let bytes = match stage {
                "hex1" => chain.output("hex0", &[], text(&format!("sources/hex1/{arch}.hex0")).as_bytes()),
                "masm" => chain.output("hex1", &[], chain.texts(&[&repo("sources/masm/masm.m")]).as_bytes()),
                "c0" => chain.masm(&repo("sources/c0/c0.m")),
                _ => {
                    let made = chain.output("c0", &[&repo("sources/c1/c1.c")], b"");
                    fs::write(chain.dir.join("c1.m"), made).unwrap();
                    chain.masm(&chain.dir.join("c1.m"))
                }
            };
            chain.install(stage, &bytes);
            if stage == last {
                break;
            }
        }
        chain
    }

    /// Puts a program among the stages.
    pub fn install(&self, name: &str, bytes: &[u8]) {
        program(self.dir.join(name), bytes);
    }

    /// Runs a program with these arguments and this input.
    pub fn run(&self, name: &str, arguments: &[&Path], input: &[u8]) -> Output {
        let mut command = command(self.arch, &self.dir.join(name));
        command.args(arguments);
        feed(&mut command, input)
    }

    /// Its output; it must succeed.
    pub fn output(&self, name: &str, arguments: &[&Path], input: &[u8]) -> Vec<u8> {
        let done = self.run(name, arguments, input);
        let error = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{} {name}: {}: {error}", self.arch, done.status);
        done.stdout
    }

    /// The files that stand before a text of the chain's own programs.
    pub fn prelude(&self) -> [PathBuf; 3] {
        [format!("{}.m", self.arch), "start.m".to_string(), "os.m".to_string()]
            .map(|name| repo("sources/masm").join(name))
    }

    /// These texts behind the prelude, as one.
    pub fn texts(&self, files: &[&Path]) -> String {
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        self.prelude().iter().map(PathBuf::as_path).chain(files.iter().copied()).map(read).collect()
    }

    /// The program that masm makes of a text behind the prelude.
    pub fn masm(&self, file: &Path) -> Vec<u8> {
        let [table, start, os] = self.prelude();
        self.output("masm", &[&table, &start, &os, file], b"")
    }

    /// Asserts that a stage refuses a file's text with this message, which names the file, and writes nothing.
    pub fn refuses(&self, stage: &str, before: &[&Path], suffix: &str, text: &str, message: &str) {
        let bad = self.dir.join(format!("bad{suffix}"));
        fs::write(&bad, text).unwrap();
        let done = self.run(stage, &[before, &[&bad]].concat(), b"");
        let error = String::from_utf8_lossy(&done.stderr);
        let what = format!("{} {stage}: {text:?}: {error}", self.arch);
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(1), &b""[..]), "{what}");
        let place = error.split_once("bad.").map_or("", |(_, place)| place);
        assert!(place.starts_with(&format!("{}{message}", &suffix[1..])), "{what}: want {message:?}");
    }
}

/// Compiles the text of a stage with gcc; its functions for files come from tests/seed/os.c.
pub fn gcc(arch: &str, source: &Path, to: &Path) {
    let mut gcc = Command::new(gnu(arch) + "gcc");
    gcc.args(["-std=gnu99", "-funsigned-char", "-w", "-O1", "-static", "-o"]).arg(to).arg(source);
    output(gcc.arg(repo("tests/seed/os.c")), b"");
}

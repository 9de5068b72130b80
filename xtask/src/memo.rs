// SPDX-License-Identifier: MIT
//! What steps made before, by what they were made of: `out/steps/KEY.tar`.
//!
//! The key is the digest of everything that a step can see and be told: its declared inputs with their content,
//! its commands, environment, directory and outputs. For daily work and for shells in the middle of a plan; a
//! proof runs everything.

use crate::bundle::{self, Node, Rootfs};
use crate::project::Project;
use crate::whole;
use anyhow::Result;
use image_packer::hex::Digest;
use image_packer::host::sha256;
use image_packer::path;
use image_packer::plan::{Arch, Step};
use std::fs;
use std::path::PathBuf;

/// The folder of what was made.
pub struct Memo {
    folder: PathBuf,
}

impl Memo {
    /// The checkout's.
    pub fn open(project: &Project) -> Result<Memo> {
        let folder = project.root.join("out/steps");
        fs::create_dir_all(&folder)?;
        Ok(Memo { folder })
    }

    /// The key of a step with the files that there are.
    pub fn key(arch: Arch, step: &Step<'_>, files: &Rootfs) -> Digest {
        let mut text = format!("{arch}\ncwd {}\n", step.cwd);
        step.env.iter().for_each(|variable| text.push_str(&format!("env {variable}\n")));
        step.runs.iter().for_each(|run| text.push_str(&format!("run {run}\n")));
        step.outputs.iter().for_each(|output| text.push_str(&format!("out {}\n", output.path)));
        for (path, node) in files {
            if !step.inputs.iter().any(|input| path::covers(input, &format!("/{path}"))) {
                continue;
            }
            text.push_str(&match node {
                Node::File { mode, data } => format!("file {mode:o} {} {path}\n", sha256(data)),
                Node::Symlink(target) => format!("link {target} {path}\n"),
                Node::Folder(mode) => format!("folder {mode:o} {path}\n"),
            });
        }
        sha256(text.as_bytes())
    }

    fn file(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{key}.tar"))
    }

    /// What the step made; a file that cannot be read is as none.
    pub fn find(&self, key: &Digest) -> Option<Rootfs> {
        bundle::read_tar(&fs::read(self.file(key)).ok()?).ok()
    }

    /// Keeps what the step made.
    pub fn keep(&self, key: &Digest, made: &Rootfs) -> Result<()> {
        let file = self.file(key);
        if !file.is_file() {
            whole::write_with(&file, |file| bundle::write_tar(file, made))?;
        }
        Ok(())
    }
}

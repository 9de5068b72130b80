// SPDX-License-Identifier: MIT
//! Static programs made by Debian's cross compilers with glibc and musl.

use crate::{linux, scratch};
use anyhow::{Context, Result};
use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::project;

/// C libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    /// GNU's.
    Glibc,
    /// musl.
    Musl,
}

/// Compiles one C file to a static program and gives its bytes.
pub fn compile(arch: Arch, libc: Libc, source: &Path, options: &[&str]) -> Result<Vec<u8>> {
    let stem = source.file_stem().and_then(|stem| stem.to_str()).context("a source file has a name")?;
    let folder = scratch(&format!("program-{arch}-{libc:?}-{stem}-{}", std::process::id()));
    let output = folder.join(stem);
    let mut command = match (arch, libc) {
        (Arch::X86_64, Libc::Glibc) => Command::new("x86_64-linux-gnu-gcc"),
        (Arch::Aarch64, Libc::Glibc) => Command::new("aarch64-linux-gnu-gcc"),
        (Arch::X86_64, Libc::Musl) => musl(arch, "x86_64-linux-gnu-gcc")?,
        (Arch::Aarch64, Libc::Musl) => musl(arch, "aarch64-linux-gnu-gcc")?,
    };
    command.args(["-O1", "-static", "-w"]).args(options).arg("-o").arg(&output).arg(source);
    if libc == Libc::Musl {
        command.args(musl_libraries(arch)?);
    } else {
        command.args(["-pthread", "-lm"]);
    }
    project::run(&mut command)?;
    let program = fs::read(&output)?;
    fs::remove_dir_all(&folder)?;
    Ok(program)
}

/// `usr/include/<triple>` and `usr/lib/<triple>` of Debian's musl-dev.
fn musl_folders(arch: Arch) -> Result<(PathBuf, PathBuf)> {
    let package = linux::package("musl-dev", arch)?;
    let triple = format!("{arch}-linux-musl");
    Ok((package.join("usr/include").join(&triple), package.join("usr/lib").join(&triple)))
}

/// The GNU compiler with musl's headers and start files in place of glibc's.
fn musl(arch: Arch, compiler: &str) -> Result<Command> {
    let (include, lib) = musl_folders(arch)?;
    let gcc_include = project::run(Command::new(compiler).arg("-print-file-name=include"))?;
    let mut command = Command::new(compiler);
    command.args(["-nostdinc", "-isystem"]).arg(include).arg("-isystem").arg(gcc_include.trim());
    command.args(["-nostdlib", "-no-pie"]).arg(lib.join("crt1.o")).arg(lib.join("crti.o"));
    Ok(command)
}

fn musl_libraries(arch: Arch) -> Result<Vec<PathBuf>> {
    let (_, lib) = musl_folders(arch)?;
    Ok(vec![lib.join("libc.a"), "-lgcc".into(), "-lgcc_eh".into(), lib.join("libc.a"), lib.join("crtn.o")])
}

// SPDX-License-Identifier: MIT
//! Debian's own kernel in the emulator, from an initramfs: the reference that the monitor is compared with.

use crate::cpio;
use crate::debian::PrivateApt;
use crate::exec::Root;
use crate::project::Project;
use crate::whole;
use anyhow::{Context, Result, bail};
use image_packer::plan::Arch;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Debian's name of an architecture.
pub fn debian_arch(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "arm64",
        Arch::X86_64 => "amd64",
    }
}

/// An unpacked package of Debian's for `arch`.
pub fn package(project: &Project, name: &str, arch: Arch) -> Result<PathBuf> {
    PrivateApt::open(project)?.unpacked(project, &format!("{name}:{}", debian_arch(arch)), None)
}

/// Debian's static busybox.
pub fn busybox(project: &Project, arch: Arch) -> Result<Vec<u8>> {
    let folder = package(project, "busybox-static", arch)?;
    let places = ["bin/busybox", "usr/bin/busybox"];
    let file = places.iter().map(|place| folder.join(place)).find(|file| file.is_file());
    Ok(fs::read(file.context("busybox-static has no busybox")?)?)
}

/// A kernel and the folder of its modules.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// vmlinuz.
    pub image: PathBuf,
    /// `lib/modules/VERSION`.
    pub modules: PathBuf,
    /// Debian's package.
    pub package: String,
}

/// Debian's kernel, by its metapackage.
pub fn kernel(project: &Project, arch: Arch) -> Result<Kernel> {
    let apt = PrivateApt::open(project)?;
    // The kernel's package has its version in its name: with new indexes it is another one.
    apt.retrying(|| find_kernel(project, &apt, arch))
}

fn find_kernel(project: &Project, apt: &PrivateApt, arch: Arch) -> Result<Kernel> {
    let debian = debian_arch(arch);
    let meta = format!("linux-image-{debian}:{debian}");
    let version = apt.versions(&meta)?.into_iter().next().context("Debian has no kernel")?;
    let depends = apt.depends(&meta, &version)?;
    let name = depends.iter().find(|name| name.starts_with("linux-image-")).context("no kernel package")?;
    let folder = apt.unpacked(project, &format!("{name}:{debian}"), None)?;
    let file = |folder: PathBuf, start: &str| -> Result<PathBuf> {
        for item in fs::read_dir(&folder)? {
            let path = item?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)) {
                return Ok(path);
            }
        }
        bail!("{}: no {start}", folder.display())
    };
    let (image, modules) = (file(folder.join("boot"), "vmlinuz")?, file(folder.join("lib/modules"), "")?);
    Ok(Kernel { image, modules, package: format!("{name} {version}") })
}

/// The emulator with a machine of the same processor and memory as the boards `virt` and `pc` have.
pub fn machine(arch: Arch) -> Command {
    let words = match arch {
        Arch::Aarch64 => "qemu-system-aarch64 -M virt -cpu cortex-a72",
        Arch::X86_64 => "qemu-system-x86_64 -M q35 -cpu max",
    };
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).args([
        "-m",
        "1G",
        "-display",
        "none",
        "-nodefaults",
        "-no-reboot",
        "-serial",
        "stdio",
    ]);
    command
}

/// The kernel's command line: quiet, and the fastest that this kernel can be in the emulator. On a busy host the emulated
/// interrupt can be later than the kernel's check of its timer waits for, which then panics: it is told not to check.
pub fn kernel_words(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => {
            "console=ttyAMA0 quiet loglevel=1 panic=-1 kpti=off kaslr.disabled=1 mitigations=off"
        }
        Arch::X86_64 => "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off no_timer_check",
    }
}

/// Boots the kernel with `root` as its initramfs, whose `/init` runs first, until it powers off. `disk` is
/// attached read-only. Each console line goes to `listen` as it comes.
pub fn boot(
    arch: Arch,
    kernel: &Kernel,
    root: &Root,
    disk: Option<&Path>,
    listen: &mut dyn FnMut(&str),
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let initramfs = folder.path().join("initramfs");
    whole::write(&initramfs, cpio::archive(root))?;
    boot_from(arch, kernel, &initramfs, "", disk, listen)
}

/// Boots the kernel with an initramfs, which may be compressed, and further words on the kernel's command line.
pub fn boot_from(
    arch: Arch,
    kernel: &Kernel,
    initramfs: &Path,
    words: &str,
    disk: Option<&Path>,
    listen: &mut dyn FnMut(&str),
) -> Result<()> {
    let mut command = machine(arch);
    command.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(initramfs);
    command.arg("-append").arg(format!("{} {words}", kernel_words(arch)));
    if let Some(disk) = disk {
        let device = match arch {
            Arch::Aarch64 => "virtio-blk-device",
            Arch::X86_64 => "virtio-blk-pci",
        };
        command.arg("-drive").arg(format!("if=none,id=d,format=raw,readonly=on,file={}", disk.display()));
        command.args(["-device", &format!("{device},drive=d")]);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut console = BufReader::new(child.stdout.take().context("the emulator's output is not a pipe")?);
    let mut line = Vec::new();
    while console.read_until(b'\n', &mut line)? > 0 {
        listen(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        line.clear();
    }
    child.wait()?;
    Ok(())
}

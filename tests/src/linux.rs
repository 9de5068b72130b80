// SPDX-License-Identifier: MIT
//! Programs under Debian's own kernel in the emulator, from an initramfs: the reference that the monitor is
//! compared with.

use crate::{Ran, cpio, project};
use anyhow::{Context, Result, bail};
use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use xtask::debian::PrivateApt;
use xtask::exec::Root;

/// Debian's name of an architecture.
pub fn debian_arch(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "arm64",
        Arch::X86_64 => "amd64",
    }
}

/// An unpacked package of Debian's for `arch`.
pub fn package(name: &str, arch: Arch) -> Result<PathBuf> {
    PrivateApt::open(project())?.unpacked(project(), &format!("{name}:{}", debian_arch(arch)), None)
}

/// Debian's static busybox.
pub fn busybox(arch: Arch) -> Result<Vec<u8>> {
    let folder = package("busybox-static", arch)?;
    let places = ["bin/busybox", "usr/bin/busybox"];
    let file = places.iter().map(|place| folder.join(place)).find(|file| file.is_file());
    Ok(fs::read(file.context("busybox-static has no busybox")?)?)
}

/// A kernel and the folder of its modules.
pub struct Kernel {
    /// vmlinuz.
    pub image: PathBuf,
    modules: PathBuf,
}

/// Debian's kernel of bookworm.
pub fn kernel(arch: Arch) -> Result<Kernel> {
    let apt = PrivateApt::open(project())?;
    let debian = debian_arch(arch);
    let meta = format!("linux-image-{debian}:{debian}");
    let version = apt.versions(&meta)?.into_iter().next().context("Debian has no kernel")?;
    let depends = apt.depends(&meta, &version)?;
    let name = depends.iter().find(|name| name.starts_with("linux-image-")).context("no kernel package")?;
    let folder = apt.unpacked(project(), &format!("{name}:{debian}"), None)?;
    let file = |folder: PathBuf, start: &str| -> Result<PathBuf> {
        for item in fs::read_dir(&folder)? {
            let path = item?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)) {
                return Ok(path);
            }
        }
        bail!("{}: no {start}", folder.display())
    };
    Ok(Kernel {
        image: file(folder.join("boot"), "vmlinuz")?,
        modules: file(folder.join("lib/modules"), "")?,
    })
}

/// What a virtual disk with ext2 needs of the kernel's modules, in this order; what is built in is not there.
const MODULES: [&str; 16] = [
    "virtio",
    "virtio_ring",
    "virtio_mmio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "libcrc32c",
    "crc16",
    "crc32c-intel",
    "crc32c_generic",
    "crc-t10dif",
    "mbcache",
    "jbd2",
    "ext4",
    "ext2",
];

fn find_module(folder: &Path, name: &str) -> Option<PathBuf> {
    for item in fs::read_dir(folder).ok()?.flatten() {
        let path = item.path();
        if path.is_dir() {
            if let Some(found) = find_module(&path, name) {
                return Some(found);
            }
        } else if path.file_name().is_some_and(|file| file.to_string_lossy() == format!("{name}.ko")) {
            return Some(path);
        }
    }
    None
}

/// Boots Debian's kernel with `root` and busybox as its initramfs; `init` is a busybox shell script that runs
/// as the first process. Gives the console's text. `disk` is attached read-only.
pub fn boot(arch: Arch, root: &Root, init: &str, disk: Option<&Path>) -> Result<String> {
    let kernel = kernel(arch)?;
    let mut root = root.clone();
    root.program("ref/busybox", busybox(arch)?);
    let mut load = String::new();
    if disk.is_some() {
        for name in MODULES {
            if let Some(file) = find_module(&kernel.modules, name) {
                let path = format!("ref/modules/{name}.ko");
                root.files.insert(path.clone(), Entry::File { executable: false, data: fs::read(file)? });
                load.push_str(&format!("/ref/busybox insmod /{path} 2>/dev/null\n"));
            }
        }
    }
    let script = format!(
        "#!/ref/busybox sh\n/ref/busybox mkdir -p /proc /dev /sys /tmp /mnt\n\
         /ref/busybox mount -t proc proc /proc\n/ref/busybox mount -t devtmpfs dev /dev\n{load}{init}\n\
         /ref/busybox sync\n/ref/busybox poweroff -f\n"
    );
    root.program("init", script.into_bytes());
    let folder = tempfile_folder()?;
    let initramfs = folder.join(format!("initramfs-{arch}-{}", std::process::id()));
    fs::write(&initramfs, cpio::archive(&root))?;
    let mut command = machine(arch);
    command.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(&initramfs);
    command.args(["-append", kernel_words(arch)]);
    if let Some(disk) = disk {
        let device = match arch {
            Arch::Aarch64 => "virtio-blk-device",
            Arch::X86_64 => "virtio-blk-pci",
        };
        command.arg("-drive").arg(format!("if=none,id=d,format=raw,readonly=on,file={}", disk.display()));
        command.args(["-device", &format!("{device},drive=d")]);
    }
    let output = command.stdin(Stdio::null()).output();
    fs::remove_file(&initramfs)?;
    Ok(String::from_utf8_lossy(&output?.stdout).replace('\r', ""))
}

fn tempfile_folder() -> Result<PathBuf> {
    let folder = project().root.join("target/e2e");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The emulator as the boards `virt` and `pc` have it, console on standard output.
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

/// The kernel's command line: quiet, and the fastest that this kernel can be in the emulator.
pub fn kernel_words(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => {
            "console=ttyAMA0 quiet loglevel=1 panic=-1 kpti=off kaslr.disabled=1 mitigations=off"
        }
        Arch::X86_64 => "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off",
    }
}

/// Runs each command line (for busybox's shell) in an empty `/tmp` and gives what each did, by name.
pub fn run_all(arch: Arch, root: &Root, commands: &[(String, String)]) -> Result<BTreeMap<String, Ran>> {
    let mut init = String::new();
    for (name, line) in commands {
        init.push_str(&format!(
            "/ref/busybox rm -rf /tmp; /ref/busybox mkdir /tmp; cd /tmp\n\
             {line} >/ref/out 2>&1 </dev/null\nstatus=$?\ncd /\n\
             echo; echo \"@begin {name} $status\"\n/ref/busybox base64 /ref/out\necho @end\n"
        ));
    }
    let text = boot(arch, root, &init, None)?;
    let mut ran = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("@begin ") else { continue };
        let (name, status) = head.split_once(' ').context("a malformed head")?;
        let encoded: String = lines.by_ref().take_while(|line| *line != "@end").collect();
        let output = String::from_utf8_lossy(&base64(&encoded)?).into_owned();
        ran.insert(name.to_owned(), Ran { output, status: status.parse()? });
    }
    match commands.iter().find(|(name, _)| !ran.contains_key(name)) {
        None => Ok(ran),
        Some((name, _)) => {
            bail!("Linux did not run {name}; its console ends:\n{}", &text[text.len().saturating_sub(2000)..])
        }
    }
}

fn base64(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for c in text.bytes().filter(|c| *c != b'=' && !c.is_ascii_whitespace()) {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => bail!("console noise within base64: {:?}", c as char),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Ok(bytes)
}

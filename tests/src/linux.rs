// SPDX-License-Identifier: MIT
//! Programs under Debian's own kernel in the emulator: the reference that the monitor is compared with.

use crate::{Ran, project};
use anyhow::{Context, Result, bail};
use image_packer::host::tree::Entry;
use image_packer::plan::Arch;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use xtask::exec::Root;
use xtask::linux;

/// An unpacked package of Debian's for `arch`.
pub fn package(name: &str, arch: Arch) -> Result<PathBuf> {
    linux::package(project(), name, arch)
}

/// Debian's static busybox.
pub fn busybox(arch: Arch) -> Result<Vec<u8>> {
    linux::busybox(project(), arch)
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
    let kernel = linux::kernel(project(), arch)?;
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
    let mut text = String::new();
    linux::boot(arch, &kernel, &root, disk, &mut |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    Ok(text)
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

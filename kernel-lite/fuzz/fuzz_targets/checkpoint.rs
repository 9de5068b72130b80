// SPDX-License-Identifier: MIT
//! Checkpoint records: headers as they come, and contents under a header that is right. What is restored is
//! written to a root file system, and saved and restored again without a difference.
#![no_main]

use image_packer::payload::Target;
use kernel_lite::kernel::Kernel;
use kernel_lite::output::checkpoint::{self, Checkpoints};
use kernel_lite::output::{Disk, SECTOR};
use kernel_lite::sha256::digest;
use kernel_lite_fuzz::{SERIAL, with_kernel};
use libfuzzer_sys::fuzz_target;

const SECTORS: usize = 512;
const CLOSURE: [u8; 32] = [9; 32];

fn all(_: &[u8]) -> bool {
    true
}

fn restore(k: &mut Kernel) -> Option<Vec<u8>> {
    let disk = Disk::find(k.machine, Target::Serial(SERIAL)).unwrap();
    Checkpoints::new(disk, CLOSURE).restore(k, b"one").ok().flatten()
}

/// A disk whose last sector is `header` and which has `content` before it.
fn disk(header: &[u8], content: &[u8]) -> Vec<u8> {
    let mut disk = vec![0; SECTORS * SECTOR];
    let end = disk.len() - SECTOR;
    let header = &header[..header.len().min(SECTOR)];
    disk[end..end + header.len()].copy_from_slice(header);
    let content = &content[..content.len().min(end)];
    disk[end - content.len().next_multiple_of(SECTOR)..][..content.len()].copy_from_slice(content);
    disk
}

fuzz_target!(|data: &[u8]| {
    let (header, content) = data.split_at(data.len().min(SECTOR));
    with_kernel(disk(header, content), &[], |k, _| {
        restore(k);
        let disk = Disk::find(k.machine, Target::Serial(SERIAL)).unwrap();
        assert!(checkpoint::lowest(k.machine, &disk).unwrap() <= disk.sectors);
    });

    let mut header = b"firstlight checkpoint 2\n".to_vec();
    header.extend(CLOSURE);
    header.extend(1u64.to_le_bytes());
    header.extend(b"one");
    header.resize(128, 0);
    header.extend((data.len() as u64).to_le_bytes());
    header.extend(digest(data));
    with_kernel(disk(&header, data), &[], |k, _| {
        let Some(events) = restore(k) else { return };
        let sums = k.outputs_sha256(&all);
        let disk = Disk::find(k.machine, Target::Serial(SERIAL)).unwrap();
        let _ = k.write_root(&disk, &all);
        if Checkpoints::new(disk, CLOSURE).save(k, b"one", &all, &events).is_err() {
            return;
        }
        let mut bytes = vec![0; SECTORS * SECTOR];
        for (sector, bytes) in bytes.chunks_exact_mut(SECTOR).enumerate() {
            k.machine.block(0).read(sector as u64, bytes).unwrap();
        }
        with_kernel(bytes, &[], |k, _| {
            assert_eq!(restore(k), Some(events));
            assert!(k.outputs_sha256(&all) == sums);
        });
    });
});

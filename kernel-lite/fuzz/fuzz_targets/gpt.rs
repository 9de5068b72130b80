// SPDX-License-Identifier: MIT
//! The partition table of the output device. A partition that is found lies on the device and is written in its
//! own sectors only.
//!
//! The input is the fields of the header from byte 72 on (16), then the table, which stands in sector 2.
#![no_main]

use image_packer::payload::Target;
use kernel_lite::machine::Machine;
use kernel_lite::output::{Disk, OutputError, SECTOR};
use kernel_lite_fuzz::FuzzMachine;
use libfuzzer_sys::fuzz_target;

const SECTORS: usize = 64;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 })
    })
}

fuzz_target!(|data: &[u8]| {
    // As it comes.
    let mut bytes = vec![0; SECTOR];
    bytes.extend(data);
    bytes.resize(SECTORS * SECTOR, 0);
    let _ = Disk::find(&mut FuzzMachine::new(bytes), Target::GptLabel(b"out"));

    let Some((fields, table)) = data.split_first_chunk::<16>() else { return };
    let mut bytes = vec![0; SECTORS * SECTOR];
    let len = table.len().min((SECTORS - 2) * SECTOR);
    bytes[2 * SECTOR..][..len].copy_from_slice(&table[..len]);
    let word = |at: usize| u32::from_le_bytes(fields[at..at + 4].try_into().unwrap());
    let first = u64::from_le_bytes(fields[..8].try_into().unwrap());
    // The checksums are right, so that they need not be guessed.
    let length = u64::from(word(8)) * u64::from(word(12));
    let at = first.saturating_mul(SECTOR as u64);
    let range =
        at.min(bytes.len() as u64) as usize..at.saturating_add(length).min(bytes.len() as u64) as usize;
    let mut header = [0; 92];
    header[..8].copy_from_slice(b"EFI PART");
    header[12] = 92;
    header[24] = 1;
    header[72..88].copy_from_slice(fields);
    header[88..].copy_from_slice(&crc32(&bytes[range]).to_le_bytes());
    let sum = crc32(&header).to_le_bytes();
    header[16..20].copy_from_slice(&sum);
    bytes[SECTOR..SECTOR + 92].copy_from_slice(&header);

    let mut machine = FuzzMachine::new(bytes);
    let Ok(disk) = Disk::find(&mut machine, Target::GptLabel(b"out")) else { return };
    assert!((1..SECTORS as u64).contains(&disk.sectors));
    assert!(matches!(disk.write(&mut machine, disk.sectors, &[1; SECTOR]), Err(OutputError::Full)));
    for sector in 0..disk.sectors {
        disk.write(&mut machine, sector, &[1; SECTOR]).unwrap();
    }
    let mut sector = [0; SECTOR];
    let written = (0..SECTORS as u64).filter(|&at| {
        machine.block(0).read(at, &mut sector).unwrap();
        sector == [1; SECTOR]
    });
    assert!(written.count() as u64 >= disk.sectors);
});

// SPDX-License-Identifier: MIT
//! The target: a whole device by its serial number, or a GPT partition by its label. Anything that was not
//! named is not written.
//!
//! GPT: UEFI Specification 2.10, chapter 5.3. A table counts only if both its checksums are right.

use super::{OutputError, SECTOR};
use crate::machine::Machine;
use alloc::vec;
use image_packer::payload::Target;

/// Partition entries are looked at up to this many bytes; the specification's least is 16384.
const TABLE_MAX: u64 = 64 << 10;

/// A range of sectors on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    device: usize,
    first: u64,
    /// How many sectors there are.
    pub sectors: u64,
}

impl Disk {
    /// The range that the target names, if exactly one does and it can be written.
    pub fn find(machine: &mut dyn Machine, target: Target<'_>) -> Result<Disk, OutputError> {
        let mut found = Err(OutputError::Missing);
        for device in 0..machine.block_count() {
            let block = machine.block(device);
            let whole = Disk { device, first: 0, sectors: block.sectors() };
            let candidate = match target {
                Target::Serial(name) if block.serial() != name => continue,
                Target::Serial(_) => Ok(whole),
                Target::GptLabel(name) => partition(machine, whole, name),
            };
            match candidate {
                Ok(_) if found.is_ok() => return Err(OutputError::Ambiguous),
                Ok(_) => found = candidate,
                Err(OutputError::Missing) => {}
                Err(OutputError::PartitionTable) => found = found.or(candidate),
                Err(error) => return Err(error),
            }
        }
        match found {
            Ok(disk) if machine.block(disk.device).read_only() => Err(OutputError::ReadOnly),
            found => found,
        }
    }

    fn place(&self, sector: u64, bytes: usize) -> Result<u64, OutputError> {
        let count = (bytes / SECTOR) as u64;
        match sector.checked_add(count) {
            Some(end) if end <= self.sectors => Ok(self.first + sector),
            _ => Err(OutputError::Full),
        }
    }

    /// Writes whole sectors.
    pub fn write(&self, machine: &mut dyn Machine, sector: u64, bytes: &[u8]) -> Result<(), OutputError> {
        let place = self.place(sector, bytes.len())?;
        Ok(machine.block(self.device).write(place, bytes)?)
    }

    /// Reads whole sectors.
    pub fn read(&self, machine: &mut dyn Machine, sector: u64, bytes: &mut [u8]) -> Result<(), OutputError> {
        let place = self.place(sector, bytes.len())?;
        Ok(machine.block(self.device).read(place, bytes)?)
    }

    /// Returns when all is on the medium.
    pub fn flush(&self, machine: &mut dyn Machine) -> Result<(), OutputError> {
        Ok(machine.block(self.device).flush()?)
    }
}

fn le32(bytes: &[u8; SECTOR], at: usize) -> u32 {
    le64(bytes, at) as u32
}

/// Eight bytes as a number.
#[inline(always)]
pub(super) fn le64<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// CRC-32 as in IEEE 802.3, which GPT uses.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// The partition with this label, if the device is partitioned and has one.
fn partition(machine: &mut dyn Machine, whole: Disk, label: &[u8]) -> Result<Disk, OutputError> {
    let total = whole.sectors;
    let mut header = [0; SECTOR];
    if total < 3 {
        return Err(OutputError::Missing);
    }
    whole.read(machine, 1, &mut header)?;
    if &header[..8] != b"EFI PART" {
        return Err(OutputError::Missing);
    }
    let size = le32(&header, 12) as usize;
    if !(92..=SECTOR).contains(&size) {
        return Err(OutputError::PartitionTable);
    }
    let sum = le32(&header, 16);
    header[16..20].fill(0);
    let (first, count, entry) = (le64(&header, 72), le32(&header, 80), le32(&header, 84));
    let length = u64::from(count) * u64::from(entry);
    let fits = length <= TABLE_MAX && entry >= 128 && first < total && first + length.div_ceil(512) <= total;
    if crc32(&header[..size]) != sum || le64(&header, 24) != 1 || !fits {
        return Err(OutputError::PartitionTable);
    }
    let mut table = vec![0; (length as usize).next_multiple_of(SECTOR)];
    whole.read(machine, first, &mut table)?;
    let table = &table[..length as usize];
    if crc32(table) != le32(&header, 88) {
        return Err(OutputError::PartitionTable);
    }
    let mut found = Err(OutputError::Missing);
    for raw in table.chunks_exact(entry as usize) {
        let Some(raw) = raw.first_chunk::<128>() else {
            break;
        };
        let used = raw[..16] != [0; 16];
        let units = raw[56..].as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        // Labels in a payload are ASCII.
        if !used || !units.take_while(|unit| *unit != 0).eq(label.iter().map(|byte| u16::from(*byte))) {
            continue;
        }
        let (first, last) = (le64(raw, 32), le64(raw, 40));
        if first < 2 || last < first || last >= total {
            return Err(OutputError::PartitionTable);
        }
        if found.is_ok() {
            return Err(OutputError::Ambiguous);
        }
        found = Ok(Disk { device: whole.device, first, sectors: last - first + 1 });
    }
    found
}

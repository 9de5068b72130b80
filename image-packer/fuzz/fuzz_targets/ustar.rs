// SPDX-License-Identifier: MIT
//! The closure's archive. An archive has one spelling: what is read whole and written again is the same bytes.
#![no_main]

use image_packer::tar::{Archive, BLOCK, Header};
use libfuzzer_sys::fuzz_target;

/// Puts the checksums right, header after header, so that they need not be guessed.
fn sign(archive: &mut [u8]) {
    let mut at = 0;
    while let Some(block) = archive.get_mut(at..at + BLOCK) {
        if block.iter().all(|&byte| byte == 0) {
            return;
        }
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
        let block: &[u8; BLOCK] = (&*block).try_into().unwrap();
        let Ok(Some(header)) = Header::parse(block) else { return };
        let Ok(size) = usize::try_from(header.padded_size()) else { return };
        at += BLOCK + size;
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = Archive::new(data).count();
    let mut archive = data.to_vec();
    sign(&mut archive);
    let mut again = Vec::new();
    for member in Archive::new(&archive) {
        let Ok(member) = member else { return };
        let header = member.header;
        let path = header.path();
        // The packer's names are UTF-8.
        if let (Ok(path), Ok(link)) = (str::from_utf8(&path[1..]), str::from_utf8(header.link)) {
            let same = Header::new(path, header.kind, header.mode, header.size, link);
            assert_eq!(same, Some(header));
        }
        again.extend(header.to_block());
        again.extend(member.data);
        again.resize(again.len().next_multiple_of(BLOCK), 0);
    }
    again.resize(again.len() + 2 * BLOCK, 0);
    assert!(again == archive, "two spellings of one archive");
});

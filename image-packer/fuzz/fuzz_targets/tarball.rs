// SPDX-License-Identifier: MIT
//! An upstream archive, decompressed. What comes out has clean names, and its links stay in the tree.
#![no_main]

use image_packer::host::tree::Entry;
use image_packer::host::unpack;
use image_packer::path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&strip, archive)) = data.split_first() else { return };
    let Ok(tree) = unpack::untar(archive, usize::from(strip % 3)) else { return };
    for (name, entry) in &tree {
        assert!(path::is_member(name), "{name}");
        if let Entry::Symlink(target) = entry {
            assert!(!target.starts_with('/'), "{name} -> {target}");
        }
        assert!(name.match_indices('/').all(|(at, _)| !tree.contains_key(&name[..at])), "{name}");
    }
});

// SPDX-License-Identifier: MIT
//! Unified diffs. Whatever is applied leaves a tree of clean names.
#![no_main]

use image_packer::host::patch;
use image_packer::host::tree::{Entry, Tree};
use image_packer::path;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    let file = |data: &[u8]| Entry::File { executable: false, data: data.to_vec() };
    let mut tree: Tree = [
        ("f".to_owned(), file(b"a\nb\nc\nd")),
        ("g".to_owned(), file(b"")),
        ("l".to_owned(), Entry::Symlink("f".to_owned())),
    ]
    .into();
    if patch::apply(&mut tree, Path::new("fuzz.patch"), text).is_ok() {
        assert!(tree.keys().all(|name| path::is_member(name)));
        let is_file = |at| tree.contains_key(at);
        assert!(tree.keys().all(|name| !name.match_indices('/').any(|(at, _)| is_file(&name[..at]))));
        assert_eq!(tree.get("l"), Some(&Entry::Symlink("f".to_owned())));
    }
});

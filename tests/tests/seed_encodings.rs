// SPDX-License-Identifier: MIT
//! docs/aarch64-encodings.txt: the fields make the word, the GNU assembler makes it too, and every AArch64
//! instruction that was written by hand is there.

mod seed;

use seed::*;
use std::collections::BTreeMap;

/// The word, the instruction and the fields of each line of the document.
fn encodings() -> BTreeMap<u32, (String, String)> {
    let document = text("docs/aarch64-encodings.txt");
    let mut encodings = BTreeMap::new();
    for line in document.lines().filter(|line| line.starts_with("  ")) {
        let (word, rest) = line.trim_start().split_once("  ").expect(line);
        let (instruction, fields) = rest.split_once("  ").expect(line);
        let entry = (instruction.to_string(), fields.trim().to_string());
        let word = u32::from_str_radix(word, 16).expect(line);
        assert!(encodings.insert(word, entry).is_none(), "twice: {line}");
    }
    encodings
}

#[test]
fn the_fields_make_the_word() {
    for (word, (instruction, fields)) in encodings() {
        let bits: String = fields.split(' ').map(|field| field.rsplit('=').next().unwrap()).collect();
        assert_eq!(bits.len(), 32, "{instruction}");
        assert_eq!(u32::from_str_radix(&bits, 2), Ok(word), "{instruction}");
    }
}

#[test]
fn the_gnu_assembler_agrees() {
    let dir = scratch("seed_encodings_gnu");
    let encodings = encodings();
    let source: String = encodings.values().map(|(instruction, _)| format!("{instruction}\n")).collect();
    std::fs::write(dir.join("all.S"), source).unwrap();
    let bytes = gnu_flat("aarch64", &dir.join("all.S"), &dir);
    assert_eq!(bytes.len(), encodings.len() * 4);
    for ((word, (instruction, _)), made) in encodings.iter().zip(bytes.chunks(4)) {
        assert_eq!(*word, u32::from_le_bytes(made.try_into().unwrap()), "{instruction}");
    }
}

#[test]
fn every_instruction_of_the_listings_and_the_table_is_there() {
    let encodings = encodings();
    let mut seen = std::collections::BTreeSet::new();
    for listing in ["hex0/aarch64.hex0", "hex0/cat-aarch64.hex0", "hex1/aarch64.hex0"] {
        let bytes = read_hex0(&text(&format!("sources/{listing}")));
        seen.extend(bytes[0x70..].chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())));
    }
    for (_, bytes, _) in table("aarch64") {
        seen.extend(bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())));
    }
    let known: std::collections::BTreeSet<u32> = encodings.into_keys().collect();
    assert_eq!(seen, known);
}

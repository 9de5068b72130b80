// SPDX-License-Identifier: MIT
//! An assembler for the language of hex1 and masm that shares nothing with them but the grammar in their headers:
//! it expands macros first, then lays the tokens out, then fills in the addresses.

use std::collections::HashMap;

/// Where the bytes begin in memory.
const BASE: u64 = 0x50_0000;

/// One token's meaning.
enum Piece {
    Bytes(Vec<u8>),
    Address { name: String, from: u64 },
    Addend(u64),
    Label(String),
    Leave(u64),
    Align,
}

/// The bytes that `text` stands for.
pub fn assemble(text: &str) -> Result<Vec<u8>, String> {
    let mut macros = HashMap::new();
    let mut pieces = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        if let Some(definition) = rest.strip_prefix('=') {
            let (name, body) = definition.split_once(' ').ok_or("a macro without a body")?;
            let mut meaning = Vec::new();
            read_line(body, &HashMap::new(), &mut meaning)?;
            let bytes = meaning.into_iter().map(|piece| match piece {
                Piece::Bytes(bytes) => Ok(bytes),
                _ => Err(format!("{name}: a macro makes bytes")),
            });
            let bytes: Vec<u8> = bytes.collect::<Result<Vec<_>, _>>()?.concat();
            if macros.insert(name.to_string(), bytes).is_some() {
                return Err(format!("{name} is defined twice"));
            }
            rest = "";
        }
        read_line(rest, &macros, &mut pieces)?;
    }
    lay_out(&pieces)
}

/// Reads the tokens of one line.
fn read_line(line: &str, macros: &HashMap<String, Vec<u8>>, pieces: &mut Vec<Piece>) -> Result<(), String> {
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with(['#', ';']) {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, behind) = quoted.split_once('"').ok_or("a quote is open")?;
            pieces.push(Piece::Bytes(text.as_bytes().to_vec()));
            rest = behind.trim_start();
            continue;
        }
        if let Some(character) = rest.strip_prefix('\'') {
            let (character, behind) = character.split_at_checked(1).ok_or("no character")?;
            pieces.push(Piece::Bytes(u64::from(character.as_bytes()[0]).to_le_bytes().to_vec()));
            rest = behind.trim_start();
            continue;
        }
        let (token, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = behind.trim_start();
        let name = token[1..].to_string();
        pieces.push(match token.as_bytes()[0] {
            b'%' => Piece::Bytes(number(&name)?.to_le_bytes().to_vec()),
            b'~' => Piece::Addend(number(&name)?),
            b'+' => Piece::Leave(number(&name)?),
            b'@' => Piece::Address { name, from: 0 },
            b'!' => Piece::Address { name, from: BASE },
            b':' => Piece::Label(name),
            b'^' => Piece::Align,
            b'0'..=b'9' | b'A'..=b'F' => {
                let digit =
                    |c: char| c.to_digit(16).filter(|_| !c.is_ascii_lowercase()).ok_or(token.to_string());
                let digits = token.chars().map(digit).collect::<Result<Vec<u32>, _>>()?;
                if digits.len() % 2 != 0 {
                    return Err(format!("{token}: an odd digit"));
                }
                Piece::Bytes(digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
            }
            _ => Piece::Bytes(macros.get(token).ok_or(format!("{token}: no such macro"))?.clone()),
        });
    }
    Ok(())
}

/// A decimal number, as eight bytes hold it.
fn number(text: &str) -> Result<u64, String> {
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
    let value: u64 = digits.parse().map_err(|error| format!("{text}: {error}"))?;
    Ok(if negative { value.wrapping_neg() } else { value })
}

/// Gives each piece its place, and the addresses their values.
fn lay_out(pieces: &[Piece]) -> Result<Vec<u8>, String> {
    let mut labels = HashMap::new();
    let mut place = 0;
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => place += bytes.len() as u64,
            Piece::Address { .. } => place += 8,
            Piece::Addend(_) => {}
            Piece::Leave(size) => place += size,
            Piece::Align => place = place.next_multiple_of(8),
            Piece::Label(name) => {
                if labels.insert(name, BASE + place).is_some() {
                    return Err(format!("{name} is defined twice"));
                }
            }
        }
    }
    let mut bytes = Vec::new();
    let mut left = false;
    for piece in pieces {
        if left && !matches!(piece, Piece::Label(_) | Piece::Leave(_)) {
            return Err("bytes behind memory left out".to_string());
        }
        match piece {
            Piece::Bytes(more) => bytes.extend(more),
            Piece::Address { name, from } => {
                let value = labels.get(name).ok_or(format!("{name}: no such label"))? - from;
                bytes.extend(value.to_le_bytes());
            }
            Piece::Addend(addend) => {
                let at = bytes.len() - 8;
                let value = u64::from_le_bytes(bytes[at..].try_into().unwrap());
                bytes[at..].copy_from_slice(&value.wrapping_add(*addend).to_le_bytes());
            }
            Piece::Align => bytes.resize(bytes.len().next_multiple_of(8), 0),
            Piece::Label(_) => {}
            Piece::Leave(_) => left = true,
        }
    }
    Ok(bytes)
}

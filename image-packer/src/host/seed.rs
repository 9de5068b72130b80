// SPDX-License-Identifier: MIT
//! The seed's bytes from its listing: the hex digits of the text, comments (`#` or `;` to the line's end) left
//! out. This is the only binary of a closure, and this reader the packer's own road to it.

/// The bytes of a listing, or the line (from 1) and what is wrong with it.
pub fn assemble(listing: &str) -> Result<Vec<u8>, (usize, String)> {
    let mut bytes = Vec::new();
    let mut high = None;
    for (index, line) in listing.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or_default();
        for c in code.chars().filter(|c| !c.is_ascii_whitespace()) {
            let Some(digit) = c.to_digit(16) else {
                return Err((index + 1, format!("'{c}' is no hex digit")));
            };
            high = match high {
                None => Some(digit),
                Some(high) => {
                    bytes.push((high << 4 | digit) as u8);
                    None
                }
            };
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err((listing.lines().count(), "odd number of hex digits".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blanks_do_not_count() {
        assert_eq!(assemble("7f 45 # ELF\n; all comment ff\n4 C4\t6\n"), Ok(vec![0x7f, 0x45, 0x4c, 0x46]));
        assert_eq!(assemble("00\nxy\n").unwrap_err().0, 2);
        assert_eq!(assemble("00\n0\n").unwrap_err().0, 2);
    }
}

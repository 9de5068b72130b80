// SPDX-License-Identifier: MIT
//! SHA-256 digests as text: 64 lower-case hex digits, as `sha256sum` prints them.

use core::fmt;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads exactly 64 lower-case hex digits.
    pub fn parse(text: &[u8]) -> Option<Digest> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Digest(bytes))
    }
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_round_trips_and_refuses_other_spellings() {
        let text = "00ff".repeat(16);
        assert_eq!(Digest::parse(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(Digest::parse(text.to_uppercase().as_bytes()), None);
        assert_eq!(Digest::parse(&text.as_bytes()[..62]), None);
        assert_eq!(Digest::parse("é".repeat(32).as_bytes()), None);
    }
}

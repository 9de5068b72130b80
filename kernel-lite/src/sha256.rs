// SPDX-License-Identifier: MIT
//! SHA-256 (FIPS 180-4). Written out here because it is eighty lines: the crate of the field costs 9 to 12 KB
//! of the monitor's code for the same speed on a processor whose extensions the monitor does not use.

/// A digest.
pub type Digest = [u8; 32];

/// The digest of bytes that arrive in pieces.
#[derive(Clone)]
pub struct Sha256 {
    state: [u32; 8],
    block: [u8; 64],
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256 {
    /// The state before the first byte.
    #[inline(never)]
    pub const fn new() -> Self {
        Sha256 { state: H, block: [0; 64], length: 0 }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let used = (self.length % 64) as usize;
        self.length += bytes.len() as u64;
        if used > 0 {
            let take = bytes.len().min(64 - used);
            self.block[used..used + take].copy_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if used + take < 64 {
                return;
            }
            compress(&mut self.state, &self.block);
        }
        let (whole, rest) = bytes.as_chunks::<64>();
        for block in whole {
            compress(&mut self.state, block);
        }
        self.block[..rest.len()].copy_from_slice(rest);
    }

    /// The digest of all bytes taken.
    pub fn finish(mut self) -> Digest {
        let bits = self.length * 8;
        let used = (self.length % 64) as usize;
        self.block[used] = 0x80;
        self.block[used + 1..].fill(0);
        if used >= 56 {
            compress(&mut self.state, &self.block);
            self.block.fill(0);
        }
        self.block[56..].copy_from_slice(&bits.to_be_bytes());
        compress(&mut self.state, &self.block);
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(&self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

/// The digest of `bytes`.
pub fn digest(bytes: &[u8]) -> Digest {
    let mut sha = Sha256::new();
    sha.update(bytes);
    sha.finish()
}

/// A digest as 64 lower-case hexadecimal digits.
pub fn hex(digest: &Digest) -> [u8; 64] {
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}

#[cfg_attr(target_os = "none", optimize(speed))]
fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 16];
    for (word, bytes) in w.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    // Eight rounds at a time return each value to its own variable, so that nothing is moved around.
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $k:expr, $w:expr) => {
            let s1 = $e.rotate_right(6) ^ $e.rotate_right(11) ^ $e.rotate_right(25);
            let choice = $g ^ ($e & ($f ^ $g));
            $h = $h.wrapping_add(s1).wrapping_add(choice).wrapping_add($k).wrapping_add($w);
            $d = $d.wrapping_add($h);
            let s0 = $a.rotate_right(2) ^ $a.rotate_right(13) ^ $a.rotate_right(22);
            let majority = ($a & $b) | ($c & ($a | $b));
            $h = $h.wrapping_add(s0).wrapping_add(majority);
        };
    }
    for (number, k) in K.as_chunks::<16>().0.iter().enumerate() {
        if number > 0 {
            for t in 0..16 {
                let x = w[(t + 1) % 16];
                let y = w[(t + 14) % 16];
                let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
                let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
                w[t] = w[t].wrapping_add(s0).wrapping_add(w[(t + 9) % 16]).wrapping_add(s1);
            }
        }
        for (k, w) in k.as_chunks::<8>().0.iter().zip(w.as_chunks::<8>().0) {
            round!(a b c d e f g h k[0], w[0]);
            round!(h a b c d e f g k[1], w[1]);
            round!(g h a b c d e f k[2], w[2]);
            round!(f g h a b c d e k[3], w[3]);
            round!(e f g h a b c d k[4], w[4]);
            round!(d e f g h a b c k[5], w[5]);
            round!(c d e f g h a b k[6], w[6]);
            round!(b c d e f g h a k[7], w[7]);
        }
    }
    for (sum, value) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = sum.wrapping_add(value);
    }
}

/// FIPS 180-4, 5.3.3: fractional parts of the square roots of the first 8 primes.
const H: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// FIPS 180-4, 4.2.2: fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn text(digest: Digest) -> String {
        String::from_utf8(hex(&digest).to_vec()).unwrap()
    }

    #[test]
    fn the_standard_s_examples() {
        assert_eq!(text(digest(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(text(digest(b"")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    /// Every length around the block's edge, in pieces of every size, against coreutils.
    #[test]
    fn pieces_do_not_matter_and_coreutils_agrees() {
        let data: Vec<u8> = (0..200u32).map(|number| (number * 7) as u8).collect();
        for length in [1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 200] {
            let mut child =
                Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(&data[..length]).unwrap();
            let expected = child.wait_with_output().unwrap().stdout;
            for piece in 1..=length {
                let mut sha = Sha256::new();
                data[..length].chunks(piece).for_each(|bytes| sha.update(bytes));
                assert_eq!(text(sha.finish()).as_bytes(), &expected[..64]);
            }
        }
    }
}

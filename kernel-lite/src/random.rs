// SPDX-License-Identifier: MIT
//! The stream that `getrandom` and `/dev/urandom` give: the same in each run. It is there so that programs
//! work, not to keep secrets.

/// SplitMix64: a counter through a mixing function (Steele, Lea, Flood 2014).
pub struct Random {
    state: u64,
    word: u64,
    left: u32,
}

impl Default for Random {
    fn default() -> Random {
        Random { state: 0x4669_7273_746c_6967, word: 0, left: 0 }
    }
}

impl Random {
    /// The stream from its beginning.
    pub fn new() -> Random {
        Random::default()
    }

    /// The next bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for b in bytes {
            if self.left == 0 {
                self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                (self.word, self.left) = (z ^ z >> 31, 8);
            }
            *b = self.word as u8;
            self.word >>= 8;
            self.left -= 1;
        }
    }
}

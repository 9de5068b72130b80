// SPDX-License-Identifier: MIT
//! The PC's interval timer (Intel 8254), as a clock of known speed to measure the others by.

use super::ports::{in8, out8};

const COUNTER_0: u16 = 0x40;
const CONTROL: u16 = 0x43;
/// Counts per second.
const HZ: u64 = 1_193_182;
/// Counter 0, low byte then high byte, mode 2 (it starts again by itself).
const SET_MODE_2: u8 = 0b0011_0100;
/// Counter 0: keep the count that it has now for reading.
const LATCH: u8 = 0;
/// How long to wait, in counts: half a millisecond.
const WAIT: u16 = 597;

fn count() -> u16 {
    // SAFETY: these ports are the 8254's on every PC; nobody else uses it.
    unsafe {
        out8(CONTROL, LATCH);
        let low = in8(COUNTER_0);
        u16::from_le_bytes([low, in8(COUNTER_0)])
    }
}

/// Waits half a millisecond or a little more, and tells how many nanoseconds it was.
pub fn wait() -> u64 {
    // SAFETY: as above; a count of 0 is 65,536.
    unsafe {
        out8(CONTROL, SET_MODE_2);
        out8(COUNTER_0, 0);
        out8(COUNTER_0, 0);
    }
    let start = count();
    loop {
        let passed = start.wrapping_sub(count());
        if passed >= WAIT {
            return passed as u64 * 1_000_000_000 / HZ;
        }
    }
}

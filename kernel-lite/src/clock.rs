// SPDX-License-Identifier: MIT
//! The logical clock of a step, in nanoseconds. It knows no hardware: reading advances it, and when all
//! threads sleep it jumps to the earliest deadline, so each run of a step sees the same times.

/// What reading the clock advances it by, in nanoseconds.
const READ_STEP: u64 = 1_000;
/// CLOCK_REALTIME at the start of a step: 2001-09-09, ten digits of seconds, later than any input's mtime.
const EPOCH_SECONDS: u64 = 1_000_000_000;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// The clock.
pub struct Clock {
    now: u64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { now: SECOND }
    }
}

impl Clock {
    /// A step's clock: CLOCK_MONOTONIC is one second.
    pub fn new() -> Clock {
        Clock::default()
    }
    /// CLOCK_MONOTONIC, without advancing it.
    pub fn now(&self) -> u64 {
        self.now
    }
    /// Reads CLOCK_MONOTONIC: each reading is later than the one before.
    pub fn read(&mut self) -> u64 {
        self.now += READ_STEP;
        self.now
    }
    /// Reads CLOCK_REALTIME.
    pub fn read_realtime(&mut self) -> u64 {
        Clock::realtime_of(self.read())
    }
    /// CLOCK_REALTIME at a monotonic time.
    pub fn realtime_of(monotonic: u64) -> u64 {
        monotonic + EPOCH_SECONDS * SECOND
    }
    /// The monotonic time of a CLOCK_REALTIME time.
    pub fn monotonic_of(realtime: u64) -> u64 {
        realtime.saturating_sub(EPOCH_SECONDS * SECOND)
    }
    /// Jumps forward; never back.
    pub fn advance_to(&mut self, monotonic: u64) {
        self.now = self.now.max(monotonic);
    }
}

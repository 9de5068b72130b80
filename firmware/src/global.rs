// SPDX-License-Identifier: MIT
//! A value that is found once, at start, and needed everywhere after, the panic handler included.

use core::cell::UnsafeCell;

/// Empty until [`Global::set`].
pub struct Global<T: Copy>(UnsafeCell<Option<T>>);

// SAFETY: one core, and no interrupt is taken while the monitor runs, so no two accesses overlap.
unsafe impl<T: Copy> Sync for Global<T> {}

impl<T: Copy> Global<T> {
    /// Nothing yet.
    pub const fn new() -> Global<T> {
        Global(UnsafeCell::new(None))
    }

    /// Keeps `value`.
    pub fn set(&self, value: T) {
        // SAFETY: no reference into the cell is ever given out, and accesses do not overlap (see `Sync`).
        unsafe { *self.0.get() = Some(value) };
    }

    /// The value, if it is known already.
    pub fn get(&self) -> Option<T> {
        // SAFETY: as above.
        unsafe { *self.0.get() }
    }
}

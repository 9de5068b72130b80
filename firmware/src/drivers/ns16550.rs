// SPDX-License-Identifier: MIT
//! The PC's serial port, a 16550 (National Semiconductor PC16550D), polled, 115,200 baud.

use crate::platform::ports::{in8, out8};

const DATA: u16 = 0;
const INTERRUPTS: u16 = 1;
const FIFO_CONTROL: u16 = 2;
const LINE_CONTROL: u16 = 3;
const MODEM_CONTROL: u16 = 4;
const LINE_STATUS: u16 = 5;
/// LINE_CONTROL: eight bits, no parity; and the latch that turns the first two registers into the divisor.
const EIGHT_BITS: u8 = 3;
const DIVISOR_LATCH: u8 = 1 << 7;
/// FIFO_CONTROL: on, and both emptied.
const FIFO_ON: u8 = 0b111;
/// MODEM_CONTROL: data terminal ready, request to send.
const READY: u8 = 0b11;
/// LINE_STATUS: a byte has come, the transmit FIFO is empty.
const RECEIVED: u8 = 1;
const TRANSMIT_EMPTY: u8 = 1 << 5;
const FIFO: usize = 16;

/// A serial port, by its first port number.
#[derive(Clone, Copy)]
pub struct Ns16550(u16);

impl Ns16550 {
    /// Takes the port over.
    ///
    /// # Safety
    /// A 16550 answers at `base`, or nothing does; nobody else drives it.
    pub unsafe fn new(base: u16) -> Ns16550 {
        let uart = Ns16550(base);
        uart.set(INTERRUPTS, 0);
        uart.set(LINE_CONTROL, EIGHT_BITS | DIVISOR_LATCH);
        uart.set(DATA, 1);
        uart.set(INTERRUPTS, 0);
        uart.set(LINE_CONTROL, EIGHT_BITS);
        uart.set(FIFO_CONTROL, FIFO_ON);
        uart.set(MODEM_CONTROL, READY);
        uart
    }

    fn get(self, register: u16) -> u8 {
        // SAFETY: `new`'s contract.
        unsafe { in8(self.0 + register) }
    }

    fn set(self, register: u16, value: u8) {
        // SAFETY: `new`'s contract.
        unsafe { out8(self.0 + register, value) }
    }

    /// Sends the bytes.
    pub fn write(self, bytes: &[u8]) {
        // One look at the status for a whole FIFO: each is an exit from the emulator's fast path.
        for part in bytes.chunks(FIFO) {
            while self.get(LINE_STATUS) & TRANSMIT_EMPTY == 0 {
                core::hint::spin_loop();
            }
            for &byte in part {
                self.set(DATA, byte);
            }
        }
    }

    /// A received byte, if there is one.
    pub fn read(self) -> Option<u8> {
        (self.get(LINE_STATUS) & RECEIVED != 0).then(|| self.get(DATA))
    }
}

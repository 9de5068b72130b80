// SPDX-License-Identifier: MIT
//! Arm PrimeCell UART PL011 (DDI 0183), polled. The baud rate is left as the loader set it.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

const DR: usize = 0x00;
const FR: usize = 0x18;
const LCR_H: usize = 0x2c;
const CR: usize = 0x30;
/// FR: receive FIFO empty, transmit FIFO empty.
const FR_RXFE: u32 = 1 << 4;
const FR_TXFE: u32 = 1 << 7;
/// LCR_H: eight bits, FIFOs on.
const EIGHT_BITS_FIFO: u32 = 0b11 << 5 | 1 << 4;
/// CR: UARTEN, TXE, RXE.
const ENABLE: u32 = 1 | 1 << 8 | 1 << 9;
/// Depth of the transmit FIFO in the oldest revision.
const FIFO: usize = 16;

/// A UART, by the virtual address of its registers.
#[derive(Clone, Copy)]
pub struct Pl011(usize);

impl Pl011 {
    /// Takes the UART over and switches it on.
    ///
    /// # Safety
    /// `base` is where a PL011's registers are mapped as device memory, for as long as the value is used.
    pub unsafe fn new(base: usize) -> Pl011 {
        let uart = Pl011(base);
        uart.set(LCR_H, EIGHT_BITS_FIFO);
        uart.set(CR, ENABLE);
        uart
    }

    fn get(self, register: usize) -> u32 {
        // SAFETY: `new`'s contract.
        unsafe { with_exposed_provenance::<u32>(self.0 + register).read_volatile() }
    }

    fn set(self, register: usize, value: u32) {
        // SAFETY: `new`'s contract.
        unsafe { with_exposed_provenance_mut::<u32>(self.0 + register).write_volatile(value) }
    }

    /// Sends the bytes.
    pub fn write(self, bytes: &[u8]) {
        // One look at the flags for a whole FIFO: each is an exit from the emulator's fast path.
        for part in bytes.chunks(FIFO) {
            while self.get(FR) & FR_TXFE == 0 {
                core::hint::spin_loop();
            }
            for &byte in part {
                self.set(DR, byte as u32);
            }
        }
    }

    /// A received byte, if there is one.
    pub fn read(self) -> Option<u8> {
        (self.get(FR) & FR_RXFE == 0).then(|| self.get(DR) as u8)
    }
}

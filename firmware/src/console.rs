// SPDX-License-Identifier: MIT
//! The console: the first serial port that was found.

use crate::global::Global;
use crate::platform::Uart;
use kernel_lite::log::Line;

static UART: Global<Uart> = Global::new();

/// Makes `uart` the console.
pub fn set(uart: Uart) {
    UART.set(uart);
}

/// Writes the bytes as they are.
pub fn write(bytes: &[u8]) {
    if let Some(uart) = UART.get() {
        uart.write(bytes);
    }
}

/// The next byte typed, if there is one.
pub fn read() -> Option<u8> {
    UART.get()?.read()
}

/// Prints a line of the monitor's own.
pub fn say(line: &Line) {
    write(line.as_bytes());
    write(b"\n");
}

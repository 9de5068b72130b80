// SPDX-License-Identifier: MIT
//! The console: the first serial port that was found.

use crate::global::Global;
use crate::platform::Uart;
use core::fmt;

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

/// For `write!`.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text.as_bytes());
        Ok(())
    }
}

/// Prints a line of the monitor's own.
macro_rules! say {
    ($($arg:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::console::Console, "firstlight: {}", format_args!($($arg)*));
    }};
}
pub(crate) use say;

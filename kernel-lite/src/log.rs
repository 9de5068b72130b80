// SPDX-License-Identifier: MIT
//! The monitor's own lines on the console. No `core::fmt`: the lines are few and plain, and it costs 3 KB.

use crate::kernel::Kernel;
use crate::sha256::{Digest, hex};

const HEX: &[u8; 16] = b"0123456789abcdef";
/// Begins a monitor line on a framed console: record separator and `M`.
const FRAME: &[u8] = b"\x1eM";

/// A line being put together; what does not fit is cut.
pub struct Line {
    bytes: [u8; 240],
    len: usize,
}

impl Line {
    /// `firstlight: ` and `start`.
    pub fn new(start: &str) -> Line {
        let mut line = Line { bytes: [0; 240], len: 0 };
        line.text("firstlight: ").text(start);
        line
    }
    /// Adds bytes; what is not printable ASCII becomes `?`.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Line {
        for &b in bytes {
            if self.len < self.bytes.len() {
                self.bytes[self.len] = if (0x20..0x7f).contains(&b) { b } else { b'?' };
                self.len += 1;
            }
        }
        self
    }
    /// Adds text.
    pub fn text(&mut self, text: &str) -> &mut Line {
        self.bytes(text.as_bytes())
    }
    /// Adds a decimal number.
    pub fn number(&mut self, mut n: u64) -> &mut Line {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                return self.bytes(&digits[at..]);
            }
        }
    }
    /// Adds `0x` and a hexadecimal number.
    pub fn hex(&mut self, n: u64) -> &mut Line {
        self.text("0x");
        let digits = (64 - n.leading_zeros()).div_ceil(4).max(1);
        for i in (0..digits).rev() {
            self.bytes(&[HEX[(n >> (4 * i) & 15) as usize]]);
        }
        self
    }
    /// Adds a digest in hexadecimal.
    pub fn digest(&mut self, digest: &Digest) -> &mut Line {
        self.bytes(&hex(digest))
    }
    /// What it says.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Kernel {
    /// Writes a line of the monitor's own to the console.
    pub fn say(&mut self, line: &Line) {
        if self.framed {
            self.machine.console_write(FRAME);
        }
        self.machine.console_write(line.as_bytes());
        self.machine.console_write(b"\n");
    }

    /// What happened, the current program, its process path, an address.
    pub fn monitor_line(&mut self, what: &str, addr: u64) {
        let mut line = Line::new(what);
        self.who(line.text(": "));
        self.say(line.text(" address ").hex(addr));
    }

    /// Adds the current program's name and its path in the tree of processes.
    fn who(&mut self, line: &mut Line) {
        let p = self.proc();
        let end = p.name.iter().position(|&b| b == 0).unwrap_or(p.name.len());
        line.bytes(&p.name[..end]).text(" process /");
        for (i, n) in p.path.iter().enumerate() {
            line.text(if i > 0 { "/" } else { "" }).number(*n as u64);
        }
    }

    /// A program is about to end because of its own instruction.
    pub(crate) fn report_fault(&mut self, signo: u32, addr: u64) {
        let pc = self.thread().context.pc();
        let mut line = Line::new("signal ");
        self.who(line.number(signo as u64).text(": "));
        self.say(line.text(" pc ").hex(pc).text(" address ").hex(addr));
    }

    /// The exception to W^X: a program whose only segment is both. Logged once a run.
    pub(crate) fn say_write_exec(&mut self, path: &[u8]) {
        if !core::mem::replace(&mut self.write_exec_said, true) {
            self.say(
                Line::new("memory both writable and executable, as its only segment wants: ").bytes(path),
            );
        }
    }

    /// A system call that the table does not have, by its number (`docs/abi.md`); each is logged once a run.
    pub(crate) fn unknown_call(&mut self, number: i64) {
        let (word, mask) = (number as usize / 64 % 8, 1u64 << (number as u64 % 64));
        if (number as u64) < 512 && self.unknown[word] & mask != 0 {
            return;
        }
        self.unknown[word] |= mask;
        let mut line = Line::new("no system call ");
        self.who(line.number(number as u64).text(": "));
        self.say(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_foreign_bytes() {
        let mut line = Line::new("x ");
        line.number(0).text(" ").number(u64::MAX).text(" ").hex(0).text(" ").hex(0xdead_beef);
        assert_eq!(line.as_bytes(), b"firstlight: x 0 18446744073709551615 0x0 0xdeadbeef");
        assert_eq!(Line::new("").bytes(b"a\n\x1eb").as_bytes(), b"firstlight: a??b");
        assert_eq!(Line::new("").bytes(&[b'x'; 500]).as_bytes().len(), 240);
    }
}

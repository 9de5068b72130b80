// SPDX-License-Identifier: MIT
//! The monitor's own lines on the console. No `core::fmt`: the lines are few and plain.

use crate::kernel::Kernel;
use crate::syscall;

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
        Line { bytes: [0; 240], len: 0 }.text("firstlight: ").text(start)
    }
    /// Adds bytes; what is not printable ASCII becomes `?`.
    pub fn bytes(mut self, bytes: &[u8]) -> Line {
        for &b in bytes {
            if self.len < self.bytes.len() {
                self.bytes[self.len] = if (0x20..0x7f).contains(&b) { b } else { b'?' };
                self.len += 1;
            }
        }
        self
    }
    /// Adds text.
    pub fn text(self, text: &str) -> Line {
        self.bytes(text.as_bytes())
    }
    /// Adds a decimal number.
    pub fn number(self, mut n: u64) -> Line {
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
    pub fn hex(self, n: u64) -> Line {
        let mut out = self.text("0x");
        let digits = (64 - n.leading_zeros()).div_ceil(4).max(1);
        for i in (0..digits).rev() {
            out = out.bytes(&[HEX[(n >> (4 * i) & 15) as usize]]);
        }
        out
    }
    /// Adds a digest in hexadecimal.
    pub fn digest(self, digest: &[u8; 32]) -> Line {
        let mut out = self;
        for byte in digest {
            out = out.bytes(&[HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]);
        }
        out
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
        let line = self.who(Line::new(what).text(": ")).text(" address ").hex(addr);
        self.say(&line);
    }

    /// Adds the current program's name and its path in the tree of processes.
    fn who(&mut self, line: Line) -> Line {
        let p = self.proc();
        let end = p.name.iter().position(|&b| b == 0).unwrap_or(p.name.len());
        let mut line = line.bytes(&p.name[..end]).text(" process /");
        for (i, n) in p.path.iter().enumerate() {
            line = line.text(if i > 0 { "/" } else { "" }).number(*n as u64);
        }
        line
    }

    /// A program is about to end because of its own instruction.
    pub(crate) fn report_fault(&mut self, signo: u32, addr: u64) {
        let pc = self.thread().context.pc();
        let line = self.who(Line::new("signal ").number(signo as u64).text(": "));
        let line = line.text(" pc ").hex(pc).text(" address ").hex(addr);
        self.say(&line);
    }

    /// The exception to W^X: a program whose only segment is both. Logged once a run.
    pub(crate) fn say_write_exec(&mut self, path: &[u8]) {
        if !core::mem::replace(&mut self.write_exec_said, true) {
            self.say(
                &Line::new("memory both writable and executable, as its only segment wants: ").bytes(path),
            );
        }
    }

    /// A system call that the table does not have; each is logged once a run.
    pub(crate) fn unknown_call(&mut self, number: i64) {
        let (word, mask) = (number as usize / 64 % 8, 1u64 << (number as u64 % 64));
        if (number as u64) < 512 && self.unknown[word] & mask != 0 {
            return;
        }
        self.unknown[word] |= mask;
        let line = Line::new("no system call ");
        let line = match syscall::absent_name(number) {
            Some(name) => line.text(name),
            None => line.number(number as u64),
        };
        let line = self.who(line.text(": "));
        self.say(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_foreign_bytes() {
        let line =
            Line::new("x ").number(0).text(" ").number(u64::MAX).text(" ").hex(0).text(" ").hex(0xdead_beef);
        assert_eq!(line.as_bytes(), b"firstlight: x 0 18446744073709551615 0x0 0xdeadbeef");
        assert_eq!(Line::new("").bytes(b"a\n\x1eb").as_bytes(), b"firstlight: a??b");
        assert_eq!(Line::new("").bytes(&[b'x'; 500]).as_bytes().len(), 240);
    }
}

// SPDX-License-Identifier: MIT
//! The console as a terminal: line editing, echo, signals from keys. Only a person at the console
//! (`Kernel::interactive`) makes it one; in all other runs reading it finds the end, and it is no terminal.
//!
//! Flags and characters: Linux `include/uapi/asm-generic/termbits.h`, the same on both architectures.

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::signal::SignalInfo;
use crate::thread::Key;
use alloc::vec::Vec;

const ICRNL: u32 = 0o400;
const INLCR: u32 = 0o100;
const IGNCR: u32 = 0o200;
const OPOST: u32 = 0o1;
const ONLCR: u32 = 0o4;
const ISIG: u32 = 0o1;
const ICANON: u32 = 0o2;
const ECHO: u32 = 0o10;
const ECHOE: u32 = 0o20;
const ECHOK: u32 = 0o40;
const ECHONL: u32 = 0o100;
const ECHOCTL: u32 = 0o1000;

const VINTR: usize = 0;
const VQUIT: usize = 1;
const VERASE: usize = 2;
const VKILL: usize = 3;
const VEOF: usize = 4;
const VTIME: usize = 5;
const VMIN: usize = 6;
const VSUSP: usize = 10;
const VWERASE: usize = 14;

const SIGINT: u32 = 2;
const SIGQUIT: u32 = 3;
const SIGTSTP: u32 = 20;

/// Bytes that wait to be read, at most; more are dropped.
const QUEUE_MAX: usize = 4096;
/// Stands in the queue for an end of file (^D); no key gives it.
const END: u16 = 256;

/// The terminal's settings and what was typed.
pub struct Tty {
    /// `struct termios`: c_iflag, c_oflag, c_cflag, c_lflag.
    pub flags: [u32; 4],
    /// c_line and c_cc.
    pub characters: [u8; 20],
    /// The foreground process group; 0 before one is set.
    pub group: u32,
    /// Rows and columns.
    pub size: [u16; 2],
    /// The line being edited.
    line: Vec<u8>,
    /// What can be read.
    ready: Vec<u16>,
}

impl Default for Tty {
    fn default() -> Tty {
        let mut characters = [0; 20];
        // c_line, then c_cc[]: ^C ^\ DEL ^U ^D 0 1 - ^Q ^S ^Z - ^R ^O ^W ^V.
        let keys = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22];
        characters[1..1 + keys.len()].copy_from_slice(&keys);
        Tty {
            // BRKINT not set; IXON; CS8 | CREAD | B115200; IEXTEN.
            flags: [
                ICRNL | 0o2000,
                OPOST | ONLCR,
                0o60 | 0o200 | 0o10002,
                ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | 0o4000 | 0o100000,
            ],
            characters,
            group: 0,
            size: [24, 80],
            line: Vec::new(),
            ready: Vec::new(),
        }
    }
}

impl Tty {
    fn key(&self, index: usize) -> u8 {
        self.characters[1 + index]
    }

    fn local(&self, flag: u32) -> bool {
        self.flags[3] & flag != 0
    }

    /// Whether a read would give something: a line or its end, or, without line editing, enough bytes.
    pub fn readable(&self) -> bool {
        let least = if self.local(ICANON) { 1 } else { usize::from(self.key(VMIN)).max(1) };
        self.ready.len() >= least
    }

    /// Bytes that can be read now.
    pub fn available(&self) -> usize {
        self.ready.iter().position(|byte| *byte == END).unwrap_or(self.ready.len())
    }

    /// Drops what was typed and not read (TCSETSF, signals).
    pub fn flush(&mut self) {
        self.line.clear();
        self.ready.clear();
    }

    /// The next bytes, up to a line's end. Empty: the end of the file, or nothing is there.
    fn take(&mut self, max: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &byte in self.ready.iter().take(max).take_while(|byte| **byte != END) {
            bytes.push(byte as u8);
            if self.local(ICANON) && byte == u16::from(b'\n') {
                break;
            }
        }
        // The end of the file is taken by the read that finds nothing before it.
        let end = max > 0 && bytes.is_empty() && !self.ready.is_empty();
        self.ready.drain(..bytes.len() + usize::from(end));
        bytes
    }

    /// Takes a typed byte. Returns the signal that it stands for; appends its echo to `echo`.
    fn input(&mut self, mut byte: u8, echo: &mut Vec<u8>) -> Option<u32> {
        if byte == b'\r' && self.flags[0] & IGNCR != 0 {
            return None;
        }
        if byte == b'\r' && self.flags[0] & ICRNL != 0 {
            byte = b'\n';
        } else if byte == b'\n' && self.flags[0] & INLCR != 0 {
            byte = b'\r';
        }
        if self.local(ISIG) && byte != 0 {
            for (key, signal) in [(VINTR, SIGINT), (VQUIT, SIGQUIT), (VSUSP, SIGTSTP)] {
                if byte == self.key(key) {
                    self.echo(byte, echo);
                    self.flush();
                    return Some(signal);
                }
            }
        }
        if !self.local(ICANON) {
            self.push(u16::from(byte));
            self.echo(byte, echo);
            return None;
        }
        if byte == b'\n' {
            if self.local(ECHO) || self.local(ECHONL) {
                echo.push(b'\n');
            }
            self.line.push(byte);
            self.end_line();
        } else if byte != 0 && byte == self.key(VEOF) {
            if self.line.is_empty() {
                self.push(END);
            }
            self.end_line();
        } else if byte != 0 && (byte == self.key(VERASE) || byte == 8) {
            self.erase(echo);
        } else if byte != 0 && byte == self.key(VKILL) {
            while !self.line.is_empty() {
                self.erase(echo);
            }
        } else if byte != 0 && byte == self.key(VWERASE) {
            while self.line.last() == Some(&b' ') {
                self.erase(echo);
            }
            while self.line.last().is_some_and(|last| *last != b' ') {
                self.erase(echo);
            }
        } else if self.line.len() < QUEUE_MAX - 1 {
            self.line.push(byte);
            self.echo(byte, echo);
        }
        None
    }

    fn push(&mut self, byte: u16) {
        if self.ready.len() < QUEUE_MAX {
            self.ready.push(byte);
        }
    }

    fn end_line(&mut self) {
        for byte in core::mem::take(&mut self.line) {
            self.push(u16::from(byte));
        }
    }

    fn echo(&self, byte: u8, echo: &mut Vec<u8>) {
        if !self.local(ECHO) {
            return;
        }
        if byte < b' ' && !matches!(byte, b'\n' | b'\t') && self.local(ECHOCTL) {
            echo.extend_from_slice(&[b'^', byte + b'@']);
        } else {
            echo.push(byte);
        }
    }

    fn erase(&mut self, echo: &mut Vec<u8>) {
        // A character of several bytes (UTF-8) goes as a whole.
        while let Some(byte) = self.line.pop() {
            if byte & 0xc0 != 0x80 {
                let width = if byte < b' ' && self.local(ECHOCTL) { 2 } else { 1 };
                for _ in 0..width {
                    if self.local(ECHO) && self.local(ECHOE) {
                        echo.extend_from_slice(b"\x08 \x08");
                    }
                }
                return;
            }
        }
    }
}

impl Kernel {
    /// Takes what was typed. Returns whether somebody was woken: a reader, or a process by a signal.
    pub fn console_poll(&mut self) -> bool {
        let mut woken = false;
        while let Some(byte) = self.machine.console_read() {
            let mut echo = Vec::new();
            let signal = self.vfs.tty.input(byte, &mut echo);
            self.console_output(&echo);
            if let Some(signal) = signal {
                let group = self.vfs.tty.group;
                if group != 0 {
                    self.signal_group(group, SignalInfo::kernel(signal));
                    woken = true;
                }
            }
        }
        if self.vfs.tty.readable() {
            woken |= self.console_waited();
            self.wake(Key::Console);
        }
        woken
    }

    /// Writes a program's bytes to the console.
    pub fn console_output(&mut self, bytes: &[u8]) {
        let crlf = self.interactive && self.vfs.tty.flags[1] & (OPOST | ONLCR) == OPOST | ONLCR;
        let special = |byte: &u8| (crlf && *byte == b'\n') || (self.framed && *byte == FRAME);
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(special) {
            self.machine.console_write(&rest[..at]);
            let double: &[u8] = if rest[at] == b'\n' { b"\r\n" } else { &[FRAME, FRAME] };
            self.machine.console_write(double);
            rest = &rest[at + 1..];
        }
        self.machine.console_write(rest);
    }

    /// What a read of the console gives; `None`: wait. Never more than `max` bytes.
    pub fn console_input(&mut self, max: usize) -> Option<Vec<u8>> {
        if !self.interactive {
            return Some(Vec::new());
        }
        self.console_poll();
        let tty = &mut self.vfs.tty;
        let poll_only = !tty.local(ICANON) && tty.key(VMIN) == 0 && tty.key(VTIME) == 0;
        if tty.readable() || (poll_only && tty.ready.is_empty()) {
            return Some(tty.take(max));
        }
        None
    }

    /// The foreground group of the console: the asker's own, as long as nobody has set one.
    pub fn console_group(&mut self) -> u32 {
        match self.vfs.tty.group {
            0 => self.proc().group,
            group => group,
        }
    }

    /// ENOTTY unless a person is at the console.
    pub fn require_terminal(&self) -> Result<(), Errno> {
        if self.interactive { Ok(()) } else { Err(Errno::ENOTTY) }
    }
}

/// Begins a monitor line on a framed console.
const FRAME: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(tty: &mut Tty, text: &[u8]) -> (Vec<u8>, Vec<u32>) {
        let mut echo = Vec::new();
        let signals = text.iter().filter_map(|byte| tty.input(*byte, &mut echo));
        let signals = signals.collect();
        (echo, signals)
    }

    #[test]
    fn a_line_is_edited_before_it_is_read() {
        let mut tty = Tty::default();
        let (echo, _) = type_in(&mut tty, b"helk\x7flo wrong\x17");
        assert!(!tty.readable());
        assert!(echo.starts_with(b"helk\x08 \x08lo wrong"));
        type_in(&mut tty, b"world\rnext\n");
        assert_eq!(tty.take(100), b"hello world\n");
        assert_eq!(tty.take(2), b"ne");
        assert_eq!(tty.take(100), b"xt\n");
        assert!(!tty.readable());
    }

    #[test]
    fn the_end_key_ends_a_line_or_the_file() {
        let mut tty = Tty::default();
        type_in(&mut tty, b"abc\x04");
        assert_eq!(tty.take(100), b"abc");
        type_in(&mut tty, b"\x04");
        assert!(tty.readable());
        assert_eq!(tty.take(100), b"");
        assert!(!tty.readable());
    }

    #[test]
    fn keys_give_signals_and_drop_the_line() {
        let mut tty = Tty::default();
        let (echo, signals) = type_in(&mut tty, b"abc\x03\x1a");
        assert_eq!(signals, [SIGINT, SIGTSTP]);
        assert_eq!(echo, b"abc^C^Z");
        type_in(&mut tty, b"\n");
        assert_eq!(tty.take(100), b"\n");
    }

    #[test]
    fn without_line_editing_bytes_come_at_once() {
        let mut tty = Tty::default();
        tty.flags[3] &= !(ICANON | ISIG | ECHO);
        let (echo, signals) = type_in(&mut tty, b"\x03a");
        assert!(echo.is_empty() && signals.is_empty());
        assert_eq!(tty.take(100), b"\x03a");
    }

    #[test]
    fn what_nobody_reads_is_bounded() {
        let mut tty = Tty::default();
        type_in(&mut tty, &[b'x'; 3 * QUEUE_MAX]);
        type_in(&mut tty, b"\n");
        assert!(tty.available() <= QUEUE_MAX);
    }
}

// SPDX-License-Identifier: MIT
//! The event log: what each process of a step executed, read, wrote, missed and was refused. The grammar and
//! what counts as an event stand in `docs/events.md`; a recorder under plain Linux writes the same.

use crate::sha256::{Digest, hex};
use alloc::vec::Vec;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The process became the program.
    Exec,
    /// An input of the closure that the step did not declare was asked for.
    Missing,
    /// The process opened the file for reading.
    Read,
    /// The execution rule refused the file.
    Refused,
    /// The process opened the file for writing last, and it was there at the end of the step.
    Write,
}

/// The kinds' names, in the order of their numbers, which is that of the alphabet.
const NAMES: [&[u8]; 5] = [b"exec", b"missing", b"read", b"refused", b"write"];

/// The events of the running step. An event is one string of bytes, made so that the order of the strings is the order
/// of the log: the numbers of the process's path, each more by one and big-endian, and a zero; its kind; the file's
/// path, and a zero; the digest, if it has one.
#[derive(Default)]
pub struct Events {
    /// Path of each process that has events, as in an event; its number is its place + 1.
    processes: Vec<Vec<u8>>,
    events: Vec<Vec<u8>>,
    /// Length at which duplicates are dropped next.
    next_sort: usize,
    /// Events that did not fit into memory.
    pub lost: u64,
    /// Which of the step's programs runs, from 1: the first number of a process's path.
    pub run: u32,
    /// Absolute path of the program that was looked up last.
    pub program: Vec<u8>,
}

impl Events {
    /// The number of the process with this path below the program that runs.
    pub fn number_of(&mut self, path: &[u32]) -> u32 {
        let mut full = Vec::new();
        for number in core::iter::once(&self.run).chain(path) {
            full.extend_from_slice(&(number + 1).to_be_bytes());
        }
        // A process asks once; only a run's first one is asked for again.
        if path.is_empty()
            && let Some(place) = self.processes.iter().rposition(|known| *known == full)
        {
            return place as u32 + 1;
        }
        self.processes.push(full);
        self.processes.len() as u32
    }

    /// Adds an event of the process with this number.
    pub fn add(&mut self, process: u32, kind: Kind, path: &[u8]) {
        self.push(process, kind, path, &[]);
    }

    /// Adds a written file with the digest that it has at the end of the step.
    pub fn add_written(&mut self, process: u32, path: &[u8], digest: Digest) {
        self.push(process, Kind::Write, path, &digest);
    }

    /// Sorts, and drops what is there twice.
    fn sort(&mut self) {
        let events = &mut self.events;
        events.sort_unstable();
        let mut kept = 0;
        for at in 0..events.len() {
            if kept == 0 || events[at] != events[kept - 1] {
                events.swap(at, kept);
                kept += 1;
            }
        }
        events.truncate(kept);
    }

    fn push(&mut self, process: u32, kind: Kind, path: &[u8], digest: &[u8]) {
        if self.events.len() >= self.next_sort.max(1024) {
            self.sort();
            self.next_sort = 2 * self.events.len();
        }
        let process = &self.processes[process as usize - 1];
        let mut event = Vec::new();
        let size = process.len() + path.len() + digest.len() + 6;
        if self.events.try_reserve(1).is_err() || event.try_reserve_exact(size).is_err() {
            self.lost += 1;
            return;
        }
        for part in [process, &[0, 0, 0, 0, kind as u8][..], path, &[0], digest] {
            event.extend_from_slice(part);
        }
        self.events.push(event);
    }

    /// Ends a step: its events as lines, sorted; nothing of it is left.
    pub fn finish(&mut self) -> Vec<u8> {
        self.sort();
        let mut text = Vec::new();
        for event in &self.events {
            let numbers = event.as_chunks::<4>().0;
            let end = numbers.iter().position(|number| *number == [0; 4]).unwrap_or(0);
            let rest = &event[4 * end + 4..];
            text.extend_from_slice(NAMES[usize::from(rest[0])]);
            let mut separator = b' ';
            for number in &numbers[..end] {
                text.push(separator);
                decimal(&mut text, u64::from(u32::from_be_bytes(*number)) - 1);
                separator = b'.';
            }
            text.push(b' ');
            let rest = &rest[1..];
            let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
            escape(&mut text, &rest[..end]);
            if let Ok(digest) = rest[end + 1..].try_into() {
                text.push(b' ');
                text.extend_from_slice(&hex(digest));
            }
            text.push(b'\n');
        }
        self.processes.clear();
        self.events.clear();
        self.next_sort = 0;
        text
    }
}

/// Appends a number.
pub fn decimal(text: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        decimal(text, number / 10);
    }
    text.push(b'0' + (number % 10) as u8);
}

/// Appends a path; blanks, control bytes, backslashes and bytes from 0x7f on as `\xHH`.
pub fn escape(text: &mut Vec<u8>, path: &[u8]) {
    for byte in path {
        match byte {
            b'!'..=b'[' | b']'..=b'~' => text.push(*byte),
            _ => {
                text.extend_from_slice(b"\\x");
                for digit in [byte >> 4, byte & 15] {
                    text.push(b"0123456789abcdef"[usize::from(digit)]);
                }
            }
        }
    }
}

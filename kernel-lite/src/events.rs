// SPDX-License-Identifier: MIT
//! The event log: what each process of a step executed, read, wrote, missed and was refused. The grammar and
//! what counts as an event stand in `docs/events.md`; a recorder under plain Linux writes the same.

use crate::sha256::{Digest, hex};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl Kind {
    fn name(self) -> &'static [u8] {
        match self {
            Kind::Exec => b"exec",
            Kind::Missing => b"missing",
            Kind::Read => b"read",
            Kind::Refused => b"refused",
            Kind::Write => b"write",
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    /// Number of the process, and its path once the step has ended and numbers are put in order.
    process: u32,
    kind: Kind,
    path: Box<[u8]>,
    digest: Option<Digest>,
}

/// The events of the running step, and the text of those of finished steps.
#[derive(Default)]
pub struct Events {
    /// Path of each process that has events; its number is its place + 1.
    processes: Vec<Vec<u32>>,
    events: Vec<Event>,
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
        let mut full = Vec::with_capacity(1 + path.len());
        full.push(self.run);
        full.extend_from_slice(path);
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
        self.push(Event { process, kind, path: path.into(), digest: None });
    }

    /// Adds a written file with the digest that it has at the end of the step.
    pub fn add_written(&mut self, process: u32, path: &[u8], digest: Digest) {
        self.push(Event { process, kind: Kind::Write, path: path.into(), digest: Some(digest) });
    }

    fn push(&mut self, event: Event) {
        if self.events.len() >= self.next_sort.max(1024) {
            self.events.sort_unstable();
            self.events.dedup();
            self.next_sort = 2 * self.events.len();
        }
        if self.events.try_reserve(1).is_err() {
            self.lost += 1;
            return;
        }
        self.events.push(event);
    }

    /// Ends a step: its events as lines, sorted; nothing of it is left.
    pub fn finish(&mut self) -> Vec<u8> {
        let processes = core::mem::take(&mut self.processes);
        let path = |event: &Event| &processes[event.process as usize - 1][..];
        let mut events = core::mem::take(&mut self.events);
        events.sort_unstable_by(|a, b| {
            let key = (a.kind, &a.path, &a.digest);
            path(a).cmp(path(b)).then_with(|| key.cmp(&(b.kind, &b.path, &b.digest)))
        });
        events.dedup();
        let mut text = Vec::new();
        for event in &events {
            text.extend_from_slice(event.kind.name());
            let mut separator = b' ';
            for number in path(event) {
                text.push(separator);
                crate::events::decimal(&mut text, u64::from(*number));
                separator = b'.';
            }
            text.push(b' ');
            escape(&mut text, &event.path);
            if let Some(digest) = &event.digest {
                text.push(b' ');
                text.extend_from_slice(&hex(digest));
            }
            text.push(b'\n');
        }
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

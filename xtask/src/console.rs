// SPDX-License-Identifier: MIT
//! The framed console: which bytes are the monitor's and which a program's, and what the monitor's lines say.

use image_packer::hex::Digest;
use image_packer::plan::Arch;

/// A piece of console output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that programs wrote.
    Program(Vec<u8>),
    /// A line of the monitor, without its newline.
    Monitor(String),
}

/// The byte that begins a monitor line, and that a program's own is doubled of.
const MARK: u8 = 0x1e;

/// Takes console bytes as they come.
#[derive(Debug)]
pub struct Deframer {
    state: State,
}

impl Default for Deframer {
    fn default() -> Deframer {
        Deframer { state: State::Head(Vec::new()) }
    }
}

/// What a monitor line begins with when it is not framed.
const PREFIX: &str = "firstlight: ";

#[derive(Debug)]
enum State {
    /// Before the first frame the monitor has not read its settings: its lines are plain.
    Head(Vec<u8>),
    Program,
    Mark,
    Monitor(Vec<u8>),
}

impl Deframer {
    /// The pieces that are complete with `bytes`.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut program = Vec::new();
        for &byte in bytes {
            match (&mut self.state, byte) {
                (State::Head(line), MARK) => {
                    program.append(line);
                    self.state = State::Mark;
                }
                (State::Head(line), b'\n') if line.starts_with(PREFIX.as_bytes()) => {
                    pieces.push(monitor(line));
                    line.clear();
                }
                (State::Head(line), byte) => {
                    line.push(byte);
                    let prefix = &PREFIX.as_bytes()[..line.len().min(PREFIX.len())];
                    if !line.starts_with(prefix) {
                        program.append(line);
                        self.state = State::Program;
                    }
                }
                (State::Program, MARK) => self.state = State::Mark,
                (State::Program, byte) => program.push(byte),
                (State::Mark, b'M') => self.state = State::Monitor(Vec::new()),
                (State::Mark, byte) => {
                    // Doubled, or not of the format: then both bytes are shown.
                    program.push(MARK);
                    if byte != MARK {
                        program.push(byte);
                    }
                    self.state = State::Program;
                }
                (State::Monitor(line), b'\n') => {
                    if !program.is_empty() {
                        pieces.push(Piece::Program(std::mem::take(&mut program)));
                    }
                    pieces.push(monitor(line));
                    self.state = State::Program;
                }
                (State::Monitor(line), byte) => line.push(byte),
            }
        }
        if !program.is_empty() {
            pieces.push(Piece::Program(program));
        }
        pieces
    }
}

fn monitor(line: &[u8]) -> Piece {
    Piece::Monitor(String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
}

/// The table of system calls, with those that programs are known to try and that the monitor does not have.
const CALLS: &str = include_str!("../../docs/abi.md");

/// A line of the monitor with the name of the system call that it says is not there.
pub fn name_call(line: &str, arch: Arch) -> String {
    const BEFORE: &str = "no system call ";
    let number = line.strip_prefix(PREFIX).and_then(|text| text.strip_prefix(BEFORE));
    let named = number.and_then(|text| text.split_once(':')).and_then(|(number, rest)| {
        let column = match arch {
            Arch::Aarch64 => 2,
            Arch::X86_64 => 3,
        };
        let mut rows = CALLS.lines().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        let row = rows.find(|row| row.get(column) == Some(&number))?;
        Some(format!("{PREFIX}{BEFORE}{number} ({}):{rest}", row[1].trim_matches('`')))
    });
    named.unwrap_or_else(|| line.to_owned())
}

/// A monitor line that has a meaning to these tools.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants' comments name their fields")]
pub enum Line {
    /// `firstlight: step I/N NAME`
    Step { index: u32, count: u32, name: String },
    /// `firstlight: done I/N NAME seconds=S.mmm`
    Done { index: u32, count: u32, name: String, seconds: f64 },
    /// The epitaph.
    End(Epitaph),
    /// Anything else.
    Other,
}

/// The last line of every run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epitaph {
    /// 0, a program's status (`exec`), or what docs/exit-codes.md lists.
    pub code: u8,
    /// Why the machine ended, one word.
    pub reason: String,
    /// The step, or `-`.
    pub step: String,
    /// The process, or `-`.
    pub process: String,
    /// An address that belongs to the reason, or `-`.
    pub address: String,
    /// Digest of the event log, if there is one.
    pub log: Option<Digest>,
}

/// Reads a monitor line.
pub fn parse(line: &str) -> Line {
    let Some(text) = line.strip_prefix(PREFIX) else { return Line::Other };
    let known = match text.split_once(' ') {
        Some(("step", rest)) => step(rest).map(|(index, count, name)| Line::Step { index, count, name }),
        Some(("done", rest)) => done(rest),
        Some(("end", rest)) => epitaph(rest).map(Line::End),
        _ => None,
    };
    known.unwrap_or(Line::Other)
}

fn step(text: &str) -> Option<(u32, u32, String)> {
    let (place, name) = text.split_once(' ')?;
    let (index, count) = place.split_once('/')?;
    Some((index.parse().ok()?, count.parse().ok()?, name.to_owned()))
}

fn done(text: &str) -> Option<Line> {
    let (place, seconds) = text.rsplit_once(" seconds=")?;
    let (index, count, name) = step(place)?;
    Some(Line::Done { index, count, name, seconds: seconds.parse().ok()? })
}

fn epitaph(text: &str) -> Option<Epitaph> {
    let value = |key: &str| {
        let found = text.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        found.map(str::to_owned)
    };
    Some(Epitaph {
        code: value("code")?.parse().ok()?,
        reason: value("reason")?,
        step: value("step").unwrap_or_else(|| "-".into()),
        process: value("process").unwrap_or_else(|| "-".into()),
        address: value("address").unwrap_or_else(|| "-".into()),
        log: value("log").and_then(|log| Digest::parse(log.as_bytes())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_apart_wherever_they_are_cut() {
        let stream = b"firstlight: plain\r\nout\x1e\x1eput\x1eMfirstlight: x\nfirstlight: forged\n";
        let whole = vec![
            Piece::Monitor("firstlight: plain".into()),
            Piece::Program(b"out\x1eput".to_vec()),
            Piece::Monitor("firstlight: x".into()),
            Piece::Program(b"firstlight: forged\n".to_vec()),
        ];
        assert_eq!(Deframer::default().push(stream), whole);
        for cut in 0..stream.len() {
            let mut deframer = Deframer::default();
            let mut pieces = deframer.push(&stream[..cut]);
            pieces.extend(deframer.push(&stream[cut..]));
            let mut merged: Vec<Piece> = Vec::new();
            for piece in pieces {
                match (merged.last_mut(), piece) {
                    (Some(Piece::Program(before)), Piece::Program(next)) => before.extend(next),
                    (_, piece) => merged.push(piece),
                }
            }
            assert_eq!(merged, whole, "cut at {cut}");
        }
    }

    #[test]
    fn absent_calls_are_named() {
        let line = "firstlight: no system call 198: net process /1";
        assert_eq!(name_call(line, Arch::Aarch64), "firstlight: no system call 198 (socket): net process /1");
        for other in
            ["firstlight: no system call 9999: x", "firstlight: no system call 41", "no system call 41: x"]
        {
            assert_eq!(name_call(other, Arch::X86_64), other);
        }
        assert!(name_call("firstlight: no system call 41: x", Arch::X86_64).contains("(socket)"));
    }

    #[test]
    fn lines_are_understood() {
        assert_eq!(
            parse("firstlight: done 1/2 hex0 seconds=0.125"),
            Line::Done { index: 1, count: 2, name: "hex0".into(), seconds: 0.125 }
        );
        let Line::End(end) =
            parse("firstlight: end code=3 reason=step-failed step=cat process=/1 address=- log=-")
        else {
            panic!("no epitaph")
        };
        assert_eq!(
            (end.code, end.reason.as_str(), end.step.as_str(), end.log),
            (3, "step-failed", "cat", None)
        );
        assert_eq!(parse("end code=3"), Line::Other);
    }
}

// SPDX-License-Identifier: MIT
//! The payload page: 4096 bytes of lines, NUL-padded, in front of the closure.
//!
//! ```text
//! firstlight payload 1
//! board NAME
//! machine NAME                  what the machine must call itself: see `docs/formats.md`
//! mode plan|exec|shell
//! closure-bytes N               length of the archive that follows at offset 4096
//! closure-sha256 HEX
//! output serial:NAME            or gpt-label:NAME; absent: nothing is written to any disk
//! watchdog-seconds N            guest seconds a step may take; 0: no limit
//! console plain|framed
//! rule on|off                   the execution rule
//! arg WORD                      exec and shell: one line a word, the rest of the line as it is
//! env NAME=VALUE
//! cwd PATH
//! ```
//! Each key but `arg` and `env` stands at most once. The first line is fixed; order is free after it.

use crate::hex::Digest;
use crate::path;
use crate::place;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// Bytes of the page; the closure follows directly.
pub const PAGE: usize = 4096;
/// First line of the page. Its presence is how a payload is found.
pub const MAGIC: &str = "firstlight payload 1\n";

/// The keys: those that must stand, those that may stand once, and the others. [`key`] has their places in this list.
const KEYS: &str =
    "board machine mode closure-bytes closure-sha256 watchdog-seconds console rule output cwd arg env";
mod key {
    pub const BOARD: usize = 0;
    pub const MACHINE: usize = 1;
    pub const MODE: usize = 2;
    pub const CLOSURE_BYTES: usize = 3;
    pub const CLOSURE_SHA256: usize = 4;
    pub const WATCHDOG_SECONDS: usize = 5;
    pub const CONSOLE: usize = 6;
    pub const RULE: usize = 7;
    pub const OUTPUT: usize = 8;
    pub const CWD: usize = 9;
    pub const ARG: usize = 10;
    pub const ENV: usize = 11;
}
const REQUIRED: usize = key::OUTPUT;
const ONCE: usize = key::ARG;

/// What the monitor is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Run the closure's PLAN.
    Plan,
    /// Run one program of the closure's files and end with its status.
    Exec,
    /// Run a shell on the console.
    Shell,
}

/// How monitor lines and program output share the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// For people: both as they come.
    Plain,
    /// For `xtask`: a monitor line is `1e 'M' text 0a`; a program's byte `1e` is sent twice.
    Framed,
}

/// The disk that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A whole disk with this serial number.
    Serial(&'a [u8]),
    /// A GPT partition with this label.
    GptLabel(&'a [u8]),
}

/// The settings of a payload, borrowed from its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// Board the payload was made for.
    pub board: &'a [u8],
    /// What the machine must call itself.
    pub machine: &'a [u8],
    /// What to do.
    pub mode: Mode,
    /// Length of the closure archive in bytes.
    pub closure_bytes: u64,
    /// Digest of the closure archive.
    pub closure_sha256: Digest,
    /// The disk that may be written, if any.
    pub output: Option<Target<'a>>,
    /// Guest seconds a step may take; 0 is no limit.
    pub watchdog_seconds: u64,
    /// Console framing.
    pub console: Console,
    /// Whether only the seed and what steps made may be executed.
    pub rule: bool,
    /// Argument words of exec and shell.
    pub args: Vec<&'a [u8]>,
    /// `NAME=VALUE` strings of exec and shell.
    pub env: Vec<&'a [u8]>,
    /// Working directory of exec and shell.
    pub cwd: &'a [u8],
}

/// What is wrong with a payload page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// The first line is not [`MAGIC`]: there is no payload here.
    NotAPayload,
    /// Fewer than [`PAGE`] bytes.
    Truncated,
    /// Something other than NUL behind the text, or a last line that does not end.
    Padding,
    /// A key that is not known, or a value that does not parse, in this line (from 1).
    Line(usize),
    /// A key that stands twice, in this line.
    Twice(usize),
    /// A required key is missing: its place in the page's list of keys.
    Missing(usize),
    /// The settings do not fit the page (writer only).
    TooLong,
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadError::NotAPayload => {
                write!(f, "no payload: the first line is not 'firstlight payload 1'")
            }
            PayloadError::Truncated => write!(f, "payload page is shorter than {PAGE} bytes"),
            PayloadError::Padding => write!(f, "payload page: not lines padded with NUL"),
            PayloadError::Line(line) => write!(f, "payload page, line {line}: unknown key or bad value"),
            PayloadError::Twice(line) => write!(f, "payload page, line {line}: the key stands twice"),
            PayloadError::Missing(key) => {
                write!(f, "payload page: '{}' is missing", KEYS.split(' ').nth(*key).unwrap_or_default())
            }
            PayloadError::TooLong => write!(f, "payload settings do not fit {PAGE} bytes"),
        }
    }
}

impl core::error::Error for PayloadError {}

/// A decimal number without sign or leading zeros.
pub fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 1 && text[0] == b'0' {
        return None;
    }
    let mut number = 0u64;
    for digit in text {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    Some(number)
}

fn word(text: &[u8]) -> Option<&[u8]> {
    (!text.is_empty() && text.iter().all(u8::is_ascii_graphic)).then_some(text)
}

impl<'a> Target<'a> {
    /// Reads `serial:NAME` or `gpt-label:NAME`.
    pub fn parse(text: &'a [u8]) -> Option<Target<'a>> {
        if let Some(name) = text.strip_prefix(b"serial:") {
            return word(name).map(Target::Serial);
        }
        text.strip_prefix(b"gpt-label:").and_then(word).map(Target::GptLabel)
    }
}

impl<'a> Payload<'a> {
    /// Reads the page at the start of `bytes` (which may go on with the closure).
    pub fn parse(bytes: &'a [u8]) -> Result<Payload<'a>, PayloadError> {
        if !bytes.starts_with(MAGIC.as_bytes()) {
            return Err(PayloadError::NotAPayload);
        }
        let page = bytes.get(..PAGE).ok_or(PayloadError::Truncated)?;
        let end = page.iter().position(|&b| b == 0).unwrap_or(PAGE);
        if page[end..].iter().any(|&b| b != 0) {
            return Err(PayloadError::Padding);
        }
        let rows = page[MAGIC.len()..end].strip_suffix(b"\n").ok_or(PayloadError::Padding)?;
        let mut payload = Payload {
            board: b"",
            machine: b"",
            mode: Mode::Plan,
            closure_bytes: 0,
            closure_sha256: Digest([0; 32]),
            output: None,
            watchdog_seconds: 0,
            console: Console::Plain,
            rule: true,
            args: Vec::new(),
            env: Vec::new(),
            cwd: b"/",
        };
        let mut seen = 0u32;
        let mut line = 1;
        for row in rows.split(|&b| b == b'\n') {
            line += 1;
            let Some(key) = payload.take(row) else {
                return Err(PayloadError::Line(line));
            };
            if key < ONCE && seen >> key & 1 != 0 {
                return Err(PayloadError::Twice(line));
            }
            seen |= 1 << key;
        }
        match seen.trailing_ones() as usize {
            missing @ ..REQUIRED => Err(PayloadError::Missing(missing)),
            _ => Ok(payload),
        }
    }

    /// Takes a row's value; the place of its key in [`KEYS`].
    fn take(&mut self, row: &'a [u8]) -> Option<usize> {
        let cut = row.iter().position(|&b| b == b' ')?;
        let (key, value) = (place(KEYS, &row[..cut])?, &row[cut + 1..]);
        match key {
            key::BOARD => self.board = word(value)?,
            key::MACHINE => self.machine = word(value)?,
            key::MODE => self.mode = [Mode::Plan, Mode::Exec, Mode::Shell][place("plan exec shell", value)?],
            key::CLOSURE_BYTES => self.closure_bytes = decimal(value)?,
            key::CLOSURE_SHA256 => self.closure_sha256 = Digest::parse(value)?,
            key::WATCHDOG_SECONDS => self.watchdog_seconds = decimal(value)?,
            key::CONSOLE => self.console = [Console::Plain, Console::Framed][place("plain framed", value)?],
            key::RULE => self.rule = place("off on", value)? == 1,
            key::OUTPUT => self.output = Some(Target::parse(value)?),
            key::CWD if value == b"/" || path::is_absolute(value) => self.cwd = value,
            key::ARG => self.args.push(value),
            key::ENV if value.iter().position(|&b| b == b'=')? > 0 => self.env.push(value),
            _ => return None,
        }
        Some(key)
    }

    /// Writes the page. Words with line breaks or NUL do not fit the format.
    pub fn to_page(&self) -> Result<Vec<u8>, PayloadError> {
        let mut page = Vec::from(MAGIC);
        let mode = match self.mode {
            Mode::Plan => "plan",
            Mode::Exec => "exec",
            Mode::Shell => "shell",
        };
        let console = match self.console {
            Console::Plain => "plain",
            Console::Framed => "framed",
        };
        let rule = if self.rule { "on" } else { "off" };
        let mut put = |key: &str, value: &[u8]| {
            page.extend_from_slice(key.as_bytes());
            page.extend_from_slice(value);
            page.push(b'\n');
        };
        put("board ", self.board);
        put("machine ", self.machine);
        put("mode ", mode.as_bytes());
        put("closure-bytes ", self.closure_bytes.to_string().as_bytes());
        put("closure-sha256 ", self.closure_sha256.to_string().as_bytes());
        match self.output {
            Some(Target::Serial(name)) => put("output serial:", name),
            Some(Target::GptLabel(name)) => put("output gpt-label:", name),
            None => {}
        }
        put("watchdog-seconds ", self.watchdog_seconds.to_string().as_bytes());
        put("console ", console.as_bytes());
        put("rule ", rule.as_bytes());
        self.args.iter().for_each(|arg| put("arg ", arg));
        self.env.iter().for_each(|env| put("env ", env));
        put("cwd ", self.cwd);
        if page.len() > PAGE {
            return Err(PayloadError::TooLong);
        }
        page.resize(PAGE, 0);
        match Payload::parse(&page) {
            Ok(again) if again == *self => Ok(page),
            Ok(_) => Err(PayloadError::Padding),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Payload<'static> {
        Payload {
            board: b"virt",
            machine: b"linux,dummy-virt",
            mode: Mode::Exec,
            closure_bytes: 10240,
            closure_sha256: Digest([7; 32]),
            output: Some(Target::Serial(b"firstlight-out")),
            watchdog_seconds: 60,
            console: Console::Framed,
            rule: false,
            args: alloc::vec![b"/bin/busybox", b"echo", b"", b" two words ", b"\xff\t"],
            env: alloc::vec![b"PATH=/bin"],
            cwd: b"/tmp",
        }
    }

    #[test]
    fn page_round_trips() {
        let page = example().to_page().unwrap();
        assert_eq!(page.len(), PAGE);
        assert_eq!(Payload::parse(&page).unwrap(), example());
    }

    #[test]
    fn words_that_would_forge_lines_are_refused() {
        let forged = Payload { args: alloc::vec![b"a\nrule on"], ..example() };
        assert!(forged.to_page().is_err());
        let long = "x".repeat(PAGE);
        assert_eq!(
            Payload { args: alloc::vec![long.as_bytes()], ..example() }.to_page(),
            Err(PayloadError::TooLong)
        );
    }

    #[test]
    fn every_damaged_byte_is_an_error_or_another_payload() {
        let page = example().to_page().unwrap();
        for at in 0..PAGE {
            for value in [0, b'\n', b' ', 0xff, page[at] ^ 1] {
                let mut damaged = page.clone();
                damaged[at] = value;
                if let Ok(read) = Payload::parse(&damaged) {
                    assert!(damaged == page || read != example(), "byte {at}");
                }
            }
        }
        assert_eq!(Payload::parse(&page[..PAGE - 1]), Err(PayloadError::Truncated));
        assert_eq!(Payload::parse(b""), Err(PayloadError::NotAPayload));
    }

    #[test]
    fn keys_stand_once() {
        let page = example().to_page().unwrap();
        let mut text: Vec<u8> = page.iter().copied().filter(|&b| b != 0).collect();
        let lines = text.iter().filter(|&&b| b == b'\n').count();
        text.extend(b"rule on\n");
        text.resize(PAGE, 0);
        assert_eq!(Payload::parse(&text), Err(PayloadError::Twice(lines + 1)));
    }
}

// SPDX-License-Identifier: MIT
//! From a machine, memory and a payload to the epitaph.
//!
//! The payload's page is read and its closure checked to the last byte before anything of it is used. Then
//! PLAN is run, or one program. Every ending goes through [`finish`].

use crate::errno::Errno;
use crate::exec::Program;
use crate::kernel::{Kernel, Outcome};
use crate::log::Line;
use crate::machine::Machine;
use crate::mem::Mem;
use crate::plan::{self, Closure};
use crate::ram::{Bank, Ram};
use crate::sha256::{self, Digest};
use crate::vfs::{Body, Data, Origin};
use alloc::vec::Vec;
use image_packer::payload::{Console, Mode, PAGE, Payload};
use image_packer::tar::{Archive, Kind, Member};

/// The member that may be executed without having been made.
const SEED: &[u8] = b"/seed/hex0";
/// The first two members of a closure that has a PLAN; they are not files of a step.
const PLAN: &[u8] = b"/PLAN";
const INPUTS: &[u8] = b"/INPUTS.sha256";

/// The last line of a run: see `docs/exit-codes.md`.
#[derive(Clone, Debug)]
pub struct Epitaph {
    /// Exit code.
    pub code: u8,
    /// Why, in one word.
    pub reason: &'static str,
    /// Name of the step.
    pub step: &'static str,
    /// Path in the tree of processes, as the event log names it: which of the step's programs; 0 is none.
    pub process: u32,
    /// An address that says where; 0 is none.
    pub address: u64,
    /// Digest of the event log.
    pub log: Option<Digest>,
}

impl Epitaph {
    /// An ending with nothing more to say.
    #[inline(never)]
    pub fn new(code: u8, reason: &'static str) -> Epitaph {
        Epitaph { code, reason, step: "-", process: 0, address: 0, log: None }
    }

    /// The line.
    pub fn line(&self) -> Line {
        let mut line = Line::new("end code=");
        line.number(self.code as u64).text(" reason=").text(self.reason);
        line.text(" step=").text(self.step).text(" process=");
        match self.process {
            0 => line.text("-"),
            process => line.number(process.into()),
        };
        line.text(" address=");
        match self.address {
            0 => line.text("-"),
            address => line.hex(address),
        };
        line.text(" log=");
        match &self.log {
            Some(digest) => line.digest(digest),
            None => line.text("-"),
        };
        line
    }
}

fn damaged(k: &mut Kernel, what: &str) -> Epitaph {
    k.say(Line::new("the payload is damaged: ").text(what).text("; make the image again"));
    Epitaph::new(65, "closure")
}

/// Takes the machine over. `names` are those that the machine calls itself by, each ended by NUL, as in the root of a
/// device tree.
pub fn boot(machine: &'static mut dyn Machine, banks: Vec<Bank>, payload: &'static [u8], names: &[u8]) -> ! {
    let mut k = Kernel::new(Mem::new(Ram::new(banks)), machine);
    let epitaph = run(&mut k, payload, names);
    finish(&mut k, &epitaph)
}

/// The last line, and the end of the machine.
pub fn finish(k: &mut Kernel, epitaph: &Epitaph) -> ! {
    k.say(&epitaph.line());
    k.machine.power_off(epitaph.code)
}

/// Does what the payload says.
pub fn run(k: &mut Kernel, payload: &'static [u8], names: &[u8]) -> Epitaph {
    let (settings, closure) = match read(payload) {
        Ok(read) => read,
        Err(what) => return damaged(k, what),
    };
    k.framed = settings.console == Console::Framed;
    let mut names = names.split(|&byte| byte == 0);
    if names.clone().all(|name| name != settings.machine) {
        let mut line = Line::new("the payload is for board ");
        line.bytes(settings.board).text(", a machine ").bytes(settings.machine).text("; this is ");
        k.say(line.bytes(names.next().unwrap_or_default()));
        return Epitaph::new(66, "board");
    }
    let closure = match load(k, closure) {
        Ok(closure) => closure,
        Err(Refusal::Damaged(what)) => return damaged(k, what),
        Err(Refusal::Memory) => {
            k.say(&Line::new("no memory for the closure's names"));
            return Epitaph::new(6, "memory");
        }
    };
    k.vfs.rule = settings.rule;
    k.interactive = settings.mode == Mode::Shell;
    match (settings.mode, closure) {
        (Mode::Plan, Some(closure)) => plan::run(k, &settings, &closure),
        (Mode::Plan, None) => damaged(k, "no PLAN"),
        (Mode::Exec | Mode::Shell, _) => program(k, &settings),
    }
}

/// Why a closure is not taken into the store.
enum Refusal {
    Damaged(&'static str),
    Memory,
}

/// The payload's settings and its closure, whose digest is right.
fn read(payload: &'static [u8]) -> Result<(Payload<'static>, &'static [u8]), &'static str> {
    let page = payload.get(..PAGE).ok_or("cut off")?;
    let settings = Payload::parse(page).map_err(|_| "the page of settings")?;
    let end = usize::try_from(settings.closure_bytes).ok().and_then(|len| len.checked_add(PAGE));
    let closure = end.and_then(|end| payload.get(PAGE..end)).ok_or("the closure is cut off")?;
    if sha256::digest(closure) != settings.closure_sha256.0 {
        return Err("the closure has another sha256");
    }
    Ok((settings, closure))
}

/// Puts the closure's files into the store. Returns PLAN and INPUTS.sha256, if there is a PLAN.
fn load(k: &mut Kernel, closure: &'static [u8]) -> Result<Option<Closure>, Refusal> {
    let mut plan = None;
    let mut inputs: &'static [u8] = &[];
    let mut archive = Archive::new(closure);
    let mut number = 0;
    let foreign = |_| Refusal::Damaged("the closure is no archive of ours");
    while let Some(member) = archive.read().map_err(foreign)? {
        number += 1;
        let path = member.header.path();
        if number == 1 && path == PLAN {
            plan = Some(member.data);
        } else if number == 2 && path == INPUTS {
            inputs = member.data;
        } else {
            add(k, &member, &path).map_err(|error| match error {
                Errno::EEXIST | Errno::ENOTDIR => Refusal::Damaged("two members of one name"),
                _ => Refusal::Memory,
            })?;
        }
    }
    Ok(plan.map(|plan| Closure { plan, inputs, archive: closure }))
}

fn add(k: &mut Kernel, member: &Member<'static>, path: &[u8]) -> Result<(), Errno> {
    k.vfs.heap_is_low = k.heap_is_low();
    let (vfs, mem) = (&mut k.vfs, &mut k.mem);
    let body = match member.header.kind {
        Kind::File => Body::File(Data::Closure(member.data)),
        Kind::Symlink => Body::Symlink(member.header.link.into()),
        Kind::Directory => {
            let dir = vfs.make_directories(mem, vfs.store, path)?;
            vfs.inode_mut(dir).mode = member.header.mode as u16;
            return Ok(());
        }
    };
    let origin = if path == SEED { Origin::Seed } else { Origin::Input };
    vfs.add_body(mem, path, body, member.header.mode as u16, origin).map(drop)
}

/// Runs one program in a root of all files.
fn program(k: &mut Kernel, settings: &Payload) -> Epitaph {
    let Some(&path) = settings.args.first() else {
        k.say(&Line::new("the payload names no program"));
        return Epitaph::new(65, "closure");
    };
    if !settings.rule {
        k.say(&Line::new("the execution rule is off"));
    }
    let started = start(k, settings, path);
    if let Err(error) = started {
        k.say(Line::new("cannot start ").bytes(path).text(": error ").number(error as u64));
        return Epitaph::new(if error == Errno::ENOENT { 127 } else { 126 }, "exit");
    }
    k.arm(settings.watchdog_seconds);
    let outcome = k.run();
    k.clear();
    match outcome {
        Outcome::Ended(status) if status & 0x7f == 0 => Epitaph::new((status >> 8) as u8, "exit"),
        Outcome::Ended(status) => Epitaph::new(128 + (status & 0x7f) as u8, "exit"),
        Outcome::Deadlock => Epitaph::new(5, "deadlock"),
        Outcome::Watchdog => Epitaph::new(4, "watchdog"),
    }
}

fn start(k: &mut Kernel, settings: &Payload, path: &[u8]) -> Result<(), Errno> {
    let root = k.step_root(&["/"])?;
    let (files, fs) = k.standard_files(root, settings.cwd, None, None)?;
    let (argv, envp) = (plan::strings(&settings.args), plan::strings(&settings.env));
    k.start(Program { path: path.into(), argv, envp }, files, fs)
}

impl Kernel {
    /// Starts the watchdog: `seconds` of guest time from now; 0 is no limit. The timer runs in any case where a
    /// person is at the console.
    pub fn arm(&mut self, seconds: u64) {
        let hz = self.machine.counter_hz();
        self.watchdog =
            (seconds > 0).then(|| self.machine.counter().saturating_add(seconds.saturating_mul(hz)));
        let period = if self.interactive { hz / 20 } else { hz };
        self.machine.set_timer((seconds > 0 || self.interactive).then_some(period));
    }
}

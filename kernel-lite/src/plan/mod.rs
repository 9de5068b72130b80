// SPDX-License-Identifier: MIT
//! The plan runner: each step in a root that holds its declared inputs and nothing else, its programs one
//! after the other, its outputs checked and kept, and what each process did in the event log.
//!
//! A step begins with the same clock, process numbers and random stream on every machine; within it the clock
//! goes on from program to program, so that no file is newer than a later program's start. Whatever ends a
//! run, what finished steps made is written to the output device first.

use crate::arch;
use crate::boot::Epitaph;
use crate::errno::Errno;
use crate::exec::Program;
use crate::kernel::{Kernel, Outcome};
use crate::log::Line;
use crate::output::checkpoint::Checkpoints;
use crate::output::{Disk, OutputError};
use crate::sha256;
use crate::vfs::InodeId;
use alloc::boxed::Box;
use alloc::vec::Vec;
use image_packer::path;
use image_packer::payload::{Payload, Target};
use image_packer::plan::{Plan, Run, Step, text};

/// What a closure has beside its steps' files.
pub struct Closure {
    /// The member PLAN.
    pub plan: &'static [u8],
    /// The member INPUTS.sha256.
    pub inputs: &'static [u8],
    /// The archive itself.
    pub archive: &'static [u8],
}

/// Where results go.
struct Output {
    disk: Disk,
    checkpoints: Checkpoints,
}

/// Why a step failed: an exit code of `docs/exit-codes.md`, a place in [`REASONS`].
#[derive(Clone, Copy)]
enum Failure {
    Program = 1,
    Output,
    Sha256,
    Watchdog,
    Deadlock,
    Memory,
    Disk,
}

/// The endings of runs that begin a step, by their exit codes.
const REASONS: [&str; 8] = ["done", "step", "output", "sha256", "watchdog", "deadlock", "memory", "disk"];

fn ending(code: u8) -> Epitaph {
    Epitaph::new(code, REASONS[usize::from(code)])
}

/// Runs the steps of a PLAN.
pub fn run(k: &mut Kernel, settings: &Payload<'_>, closure: &Closure) -> Epitaph {
    // It stays to the end, which the epitaph is that names a step of it.
    let plan = Box::leak(Box::new(Plan::default()));
    if let Err(error) = plan.read(text(closure.plan).leak()) {
        return malformed(k, error.line);
    }
    let vfs = &k.vfs;
    if let Err(error) = plan.check(|pattern| vfs.named(vfs.store, pattern).is_some()) {
        return malformed(k, error.line);
    }
    if plan.arch.name() != arch::UNAME {
        k.say(Line::new("the closure is for ").text(plan.arch.name()).text(", this is ").text(arch::UNAME));
        return Epitaph::new(66, "board");
    }
    let mut output = None;
    if let Some(target) = settings.output {
        match Disk::find(k.machine, target) {
            Ok(disk) => {
                let checkpoints = Checkpoints::new(disk, settings.closure_sha256.0);
                output = Some(Output { disk, checkpoints });
            }
            Err(error) => {
                let (Target::Serial(name) | Target::GptLabel(name)) = target;
                k.say(Line::new("output ").bytes(name).text(": ").text(error.words()));
                return Epitaph::new(67, "target");
            }
        }
    }
    let mut log = Vec::from(&b"events 1\nclosure "[..]);
    log.extend_from_slice(&sha256::hex(&settings.closure_sha256.0));
    log.push(b'\n');

    let mut epitaph = run_steps(k, settings, plan, &mut output, &mut log);
    // The root file system may hold it as it is: this is the end.
    let log: &'static [u8] = log.leak();
    if let Some(output) = &output
        && let Err(error) = write(k, settings, closure, plan, &output.disk, log)
    {
        let failure = disk_error(k, error);
        // The first error is the one that counts.
        if epitaph.code == 0 {
            epitaph = ending(failure as u8);
        }
    }
    epitaph.log = Some(sha256::digest(log));
    epitaph
}

fn malformed(k: &mut Kernel, line: usize) -> Epitaph {
    k.say(Line::new("PLAN is malformed, line ").number(line as u64).text("; make the image again"));
    Epitaph::new(65, "closure")
}

fn disk_error(k: &mut Kernel, error: OutputError) -> Failure {
    k.say(&Line::new(error.words()));
    match error {
        OutputError::Memory => Failure::Memory,
        _ => Failure::Disk,
    }
}

/// The root file system: what is kept of the outputs, the closure, and the papers.
#[inline(never)]
fn write(
    k: &mut Kernel,
    settings: &Payload<'_>,
    closure: &Closure,
    plan: &Plan<'_>,
    disk: &Disk,
    log: &'static [u8],
) -> Result<(), OutputError> {
    let keeps = |path: &[u8]| plan.keeps(path);
    let sums = k.outputs_sha256(&keeps);
    let digest = settings.closure_sha256.0;
    let mut its_sum = Vec::from(sha256::hex(&digest));
    its_sum.extend_from_slice(b"  src/closure.tar\n");
    k.vfs.heap_is_low = k.heap_is_low();
    let papers: [(&[u8], &'static [u8]); 5] = [
        (b"/firstlight/CLOSURE.sha256", its_sum.leak()),
        (b"/firstlight/INPUTS.sha256", closure.inputs),
        (b"/firstlight/OUTPUTS.sha256", sums.leak()),
        (b"/firstlight/PLAN", closure.plan),
        (b"/firstlight/events.log", log),
    ];
    for &(path, content) in &papers {
        k.add_paper(path, content, None)?;
    }
    k.add_paper(b"/src/closure.tar", closure.archive, Some(digest))?;
    k.write_root(disk, &keeps).map(drop)
}

fn run_steps(
    k: &mut Kernel,
    settings: &Payload<'_>,
    plan: &Plan<'static>,
    output: &mut Option<Output>,
    log: &mut Vec<u8>,
) -> Epitaph {
    let mut restoring = output.is_some();
    for (index, step) in plan.steps.iter().enumerate() {
        log.extend_from_slice(b"step ");
        log.extend_from_slice(step.name.as_bytes());
        log.push(b'\n');
        let place = (index + 1, plan.steps.len());
        if let Err(failure) = take_step(k, settings, step, place, output, &mut restoring, log) {
            let process = k.vfs.events.run;
            return Epitaph { step: step.name, process, ..ending(failure as u8) };
        }
    }
    ending(0)
}

/// Which step of how many, and its name.
fn progress(word: &str, (number, count): (usize, usize), step: &Step<'_>) -> Line {
    let mut line = Line::new(word);
    line.number(number as u64).text("/").number(count as u64).text(" ").text(step.name);
    line
}

/// Restores the step or runs it. Not inlined, like what else is called once and keeps much: together it would all go by
/// way of the stack.
#[inline(never)]
fn take_step(
    k: &mut Kernel,
    settings: &Payload<'_>,
    step: &Step<'_>,
    place: (usize, usize),
    output: &mut Option<Output>,
    restoring: &mut bool,
    log: &mut Vec<u8>,
) -> Result<(), Failure> {
    if let Some(output) = output
        && *restoring
    {
        match output.checkpoints.restore(k, step.name.as_bytes()) {
            Ok(Some(events)) => {
                check_outputs(k, step, k.vfs.store)?;
                log.extend_from_slice(&events);
                k.say(&progress("restored ", place, step));
                return Ok(());
            }
            Ok(None) => *restoring = false,
            Err(error) => return Err(disk_error(k, error)),
        }
    }
    k.say(&progress("step ", place, step));
    let begun = k.machine.counter();
    k.vfs.step = place.0 as u32;
    let result = run_step(k, settings, step);
    let events = k.vfs.events.finish();
    report(k, step, &events);
    log.extend_from_slice(&events);
    result?;
    if let Some(output) = output {
        let made = |path: &[u8]| step.outputs.iter().any(|output| path::covers(output.path, path));
        let saved = output.checkpoints.save(k, step.name.as_bytes(), &made, &events);
        saved.map_err(|error| disk_error(k, error))?;
    }
    let ticks = k.machine.counter().wrapping_sub(begun);
    let hz = k.machine.counter_hz().max(1);
    let milliseconds = ticks % hz * 1000 / hz;
    let mut line = progress("done ", place, step);
    line.text(" seconds=").number(ticks / hz).text(".");
    line.number(milliseconds / 100).number(milliseconds / 10 % 10).number(milliseconds % 10);
    k.say(&line);
    Ok(())
}

/// `step NAME` and what is to be said of it.
fn of_step(step: &Step<'_>, what: &str) -> Line {
    let mut line = Line::new("step ");
    line.text(step.name).text(what);
    line
}

/// Says what the step missed and what it was refused.
fn report(k: &mut Kernel, step: &Step<'_>, events: &[u8]) {
    for event in events.split(|byte| *byte == b'\n') {
        let why = if event.starts_with(b"missing ") {
            " (not declared as an input)"
        } else if event.starts_with(b"refused ") {
            " (neither the seed nor made by a step: not executed)"
        } else {
            continue;
        };
        k.say(of_step(step, ": ").bytes(event).text(why));
    }
}

/// What memory, and nothing that the step did, made impossible.
fn no_memory(k: &mut Kernel, step: &Step<'_>) -> Failure {
    k.say(&of_step(step, ": out of memory; give the machine more"));
    Failure::Memory
}

fn run_step(k: &mut Kernel, settings: &Payload<'_>, step: &Step<'_>) -> Result<(), Failure> {
    k.clear();
    k.vfs.events.run = 0;
    let Ok(root) = k.step_root(&step.inputs) else {
        return Err(no_memory(k, step));
    };
    k.arm(settings.watchdog_seconds);
    let mut result = run_in(k, step, root);
    k.clear();
    k.log_written(root);
    if result.is_ok() {
        k.vfs.events.run = 0;
        result = keep(k, step, root);
    }
    k.drop_root(root);
    result
}

fn run_in(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Failure> {
    for output in &step.outputs {
        if k.prepare_directories(root, output.path).is_err() {
            return Err(no_memory(k, step));
        }
    }
    if k.vfs.make_directories(&mut k.mem, root, step.cwd.as_bytes()).is_err() {
        return Err(no_memory(k, step));
    }
    for run in &step.runs {
        k.vfs.events.run += 1;
        run_program(k, step, run, root)?;
    }
    Ok(())
}

/// A list as a program gets it.
pub fn strings(list: &[impl AsRef<[u8]>]) -> Vec<Vec<u8>> {
    let mut strings = Vec::with_capacity(list.len());
    for string in list {
        strings.push(string.as_ref().into());
    }
    strings
}

fn run_program(k: &mut Kernel, step: &Step<'_>, run: &Run<'_>, root: InodeId) -> Result<(), Failure> {
    let stdout = run.stdout.map(|stdout| (stdout.path, stdout.mode));
    let now = k.clock.now();
    let started = k.standard_files(root, step.cwd.as_bytes(), run.stdin, stdout).and_then(|(files, fs)| {
        let program = Program {
            path: run.words[0].clone().into(),
            argv: strings(&run.words),
            envp: strings(&step.env),
        };
        let now = k.clock.now().max(now);
        let started = k.start(program, files, fs);
        k.clock.advance_to(now);
        started
    });
    if let Err(error) = started {
        let why = match error {
            Errno::ENOENT => ": no such file among the step's inputs",
            Errno::EACCES => ": not executable, or refused by the execution rule",
            Errno::ENOEXEC => ": no program that this machine runs",
            _ => ": error ",
        };
        let mut line = command(step, run);
        line.text(why);
        if why.ends_with(' ') {
            line.number(error as u64);
        }
        k.say(&line);
        return Err(Failure::Program);
    }
    match k.run() {
        Outcome::Ended(0) => Ok(()),
        Outcome::Ended(status) => {
            let mut line = command(step, run);
            line.text(": ended with ");
            match status & 0x7f {
                0 => line.text("exit status ").number(u64::from(status >> 8)),
                signal => line.text("signal ").number(signal.into()),
            };
            k.say(&line);
            Err(Failure::Program)
        }
        Outcome::Deadlock => {
            k.say(command(step, run).text(": every process waits for another one"));
            Err(Failure::Deadlock)
        }
        Outcome::Watchdog => {
            k.say(command(step, run).text(": took longer than watchdog-seconds"));
            Err(Failure::Watchdog)
        }
    }
}

/// `step NAME, PLAN line N, in CWD: WORDS`, cut to what leaves room for what happened.
fn command(step: &Step<'_>, run: &Run<'_>) -> Line {
    let mut words = Vec::new();
    for word in &run.words {
        words.push(b' ');
        words.extend_from_slice(word.as_bytes());
    }
    words.truncate(100);
    let mut line = of_step(step, ", PLAN line ");
    line.number(run.line as u64);
    line.text(", in ").bytes(&step.cwd.as_bytes()[..step.cwd.len().min(40)]).text(":").bytes(&words);
    line
}

/// Whether the outputs below `root` are there and have the digests that PLAN says.
fn check_outputs(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Failure> {
    for output in &step.outputs {
        let Some(inode) = k.vfs.named(root, output.path) else {
            let mut line = of_step(step, ": no output ");
            k.say(line.text(output.path).text("; correct the step's outputs or commands"));
            return Err(Failure::Output);
        };
        let Some(expected) = &output.sha256 else {
            continue;
        };
        let digest = k.vfs.digest(&k.mem, inode);
        if k.vfs.data(inode).is_none() || digest != expected.0 {
            k.say(of_step(step, ": ").text(output.path).text(" has the wrong sha256"));
            k.say(Line::new("  expected ").digest(&expected.0));
            k.say(Line::new("  found    ").digest(&digest));
            return Err(Failure::Sha256);
        }
    }
    Ok(())
}

/// Checks the outputs and puts them into the store.
fn keep(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Failure> {
    check_outputs(k, step, root)?;
    for output in &step.outputs {
        if k.keep_output(root, output.path).is_err() {
            return Err(no_memory(k, step));
        }
    }
    Ok(())
}

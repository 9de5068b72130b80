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
use crate::events::decimal;
use crate::exec::Program;
use crate::kernel::{Kernel, Outcome};
use crate::log::Line;
use crate::output::checkpoint::Checkpoints;
use crate::output::{Disk, OutputError};
use crate::sha256;
use crate::vfs::InodeId;
use alloc::vec::Vec;
use image_packer::path;
use image_packer::payload::{Payload, Target};
use image_packer::plan::{Plan, Run, Step};

/// What a closure has beside its steps' files.
pub struct Closure {
    /// The member PLAN.
    pub plan: &'static str,
    /// The member INPUTS.sha256.
    pub inputs: &'static [u8],
    /// The archive itself.
    pub archive: &'static [u8],
}

/// Where results go.
struct Output<'a> {
    disk: Disk,
    checkpoints: Checkpoints,
    closure: &'a Closure,
}

/// Runs the steps of a PLAN.
pub fn run(k: &mut Kernel, settings: &Payload<'_>, closure: &Closure) -> Epitaph {
    let plan = match Plan::parse(closure.plan.as_bytes()) {
        Ok(plan) => plan,
        Err(error) => return malformed(k, error.line),
    };
    let vfs = &k.vfs;
    let is_member = |pattern: &str| {
        let (stem, tree) = path::split_tree(pattern);
        let found = vfs.at(vfs.store, stem.as_bytes());
        found.is_some_and(|inode| vfs.names(inode).is_some() == tree)
    };
    if let Err(error) = plan.check(is_member) {
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
                output = Some(Output { disk, checkpoints, closure });
            }
            Err(error) => {
                let (Target::Serial(name) | Target::GptLabel(name)) = target;
                k.say(Line::new("output ").text(name).text(": ").text(error.words()));
                return Epitaph::new(67, "target");
            }
        }
    }
    let mut log = Vec::from(&b"events 1\nclosure "[..]);
    log.extend_from_slice(&sha256::hex(&settings.closure_sha256.0));
    log.push(b'\n');

    let mut epitaph = run_steps(k, settings, &plan, &mut output, &mut log);
    // The root file system may hold it as it is: this is the end.
    let log: &'static [u8] = log.leak();
    if let Some(output) = &output
        && let Err(error) = write(k, settings, &plan, output, log)
    {
        let failed = disk_error(k, error);
        // The first error is the one that counts.
        if epitaph.code == 0 {
            epitaph = failed;
        }
    }
    epitaph.log = Some(sha256::digest(log));
    epitaph
}

fn malformed(k: &mut Kernel, line: usize) -> Epitaph {
    k.say(Line::new("PLAN is malformed, line ").number(line as u64).text("; make the image again"));
    Epitaph::new(65, "closure")
}

fn disk_error(k: &mut Kernel, error: OutputError) -> Epitaph {
    k.say(&Line::new(error.words()));
    match error {
        OutputError::Memory => Epitaph::new(6, "memory"),
        _ => Epitaph::new(7, "disk"),
    }
}

/// The root file system: what is kept of the outputs, the closure, and the papers.
fn write(
    k: &mut Kernel,
    settings: &Payload<'_>,
    plan: &Plan<'_>,
    output: &Output<'_>,
    log: &'static [u8],
) -> Result<(), OutputError> {
    let keeps = |path: &[u8]| core::str::from_utf8(path).is_ok_and(|path| plan.keeps(path));
    let sums = k.outputs_sha256(&keeps);
    let closure = settings.closure_sha256.0;
    let mut its_sum = Vec::from(sha256::hex(&closure));
    its_sum.extend_from_slice(b"  src/closure.tar\n");
    k.vfs.heap_is_low = k.heap_is_low();
    let papers: [(&[u8], &'static [u8]); 5] = [
        (b"/firstlight/CLOSURE.sha256", its_sum.leak()),
        (b"/firstlight/INPUTS.sha256", output.closure.inputs),
        (b"/firstlight/OUTPUTS.sha256", sums.leak()),
        (b"/firstlight/PLAN", output.closure.plan.as_bytes()),
        (b"/firstlight/events.log", log),
    ];
    for (path, content) in papers {
        k.add_paper(path, content, None)?;
    }
    k.add_paper(b"/src/closure.tar", output.closure.archive, Some(closure))?;
    k.write_root(&output.disk, &keeps).map(drop)
}

fn run_steps(
    k: &mut Kernel,
    settings: &Payload<'_>,
    plan: &Plan<'_>,
    output: &mut Option<Output<'_>>,
    log: &mut Vec<u8>,
) -> Epitaph {
    let count = plan.steps.len() as u64;
    let mut restoring = true;
    for (index, step) in plan.steps.iter().enumerate() {
        let place = |word: &str| {
            let mut line = Line::new(word);
            line.number(index as u64 + 1).text("/").number(count).text(" ").text(step.name);
            line
        };
        log.extend_from_slice(b"step ");
        log.extend_from_slice(step.name.as_bytes());
        log.push(b'\n');
        if let Some(output) = output.as_mut().filter(|_| restoring) {
            match output.checkpoints.restore(k, step.name.as_bytes()) {
                Ok(Some(events)) => {
                    let store = k.vfs.store;
                    if let Err(epitaph) = check_outputs(k, step, store) {
                        return of_step(epitaph, step);
                    }
                    log.extend_from_slice(&events);
                    k.say(&place("restored "));
                    continue;
                }
                Ok(None) => restoring = false,
                Err(error) => return of_step(disk_error(k, error), step),
            }
        }
        k.say(&place("step "));
        let begun = k.machine.counter();
        k.vfs.step = index as u32 + 1;
        let result = run_step(k, settings, step);
        let events = k.vfs.events.finish();
        report(k, step, &events);
        log.extend_from_slice(&events);
        if let Err(epitaph) = result {
            return of_step(epitaph, step);
        }
        if let Some(output) = output {
            let made = |path: &[u8]| {
                core::str::from_utf8(path).is_ok_and(|path| {
                    step.outputs.iter().any(|output| path::covers(output.path, path))
                })
            };
            if let Err(error) = output.checkpoints.save(k, step.name.as_bytes(), &made, &events) {
                return of_step(disk_error(k, error), step);
            }
        }
        let ticks = k.machine.counter().wrapping_sub(begun);
        let hz = k.machine.counter_hz().max(1);
        let milliseconds = ticks % hz * 1000 / hz;
        let mut line = place("done ");
        line.text(" seconds=").number(ticks / hz).text(".");
        line.number(milliseconds / 100).number(milliseconds / 10 % 10).number(milliseconds % 10);
        k.say(&line);
    }
    Epitaph::new(0, "done")
}

fn of_step(mut epitaph: Epitaph, step: &Step<'_>) -> Epitaph {
    epitaph.step = Some(step.name.as_bytes().to_vec());
    epitaph
}

/// Says what the step missed and what it was refused.
fn report(k: &mut Kernel, step: &Step<'_>, events: &[u8]) {
    for event in events.split(|byte| *byte == b'\n') {
        let why = match event.split(|byte| *byte == b' ').next() {
            Some(b"missing") => " (not declared as an input)",
            Some(b"refused") => " (neither the seed nor made by a step: not executed)",
            _ => continue,
        };
        k.say(Line::new("step ").text(step.name).text(": ").bytes(event).text(why));
    }
}

/// What memory, and nothing that the step did, made impossible.
fn no_memory(k: &mut Kernel, step: &Step<'_>) -> Epitaph {
    k.say(Line::new("step ").text(step.name).text(": out of memory; give the machine more"));
    Epitaph::new(6, "memory")
}

fn run_step(k: &mut Kernel, settings: &Payload<'_>, step: &Step<'_>) -> Result<(), Epitaph> {
    k.clear();
    k.vfs.events.run = 0;
    let root = match k.step_root(&step.inputs) {
        Ok(root) => root,
        Err(_) => return Err(no_memory(k, step)),
    };
    k.arm(settings.watchdog_seconds);
    let result = run_in(k, step, root);
    k.clear();
    k.log_written(root);
    let result = result.and_then(|()| keep(k, step, root));
    k.drop_root(root);
    result
}

fn run_in(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Epitaph> {
    let mut directories = step.outputs.iter().map(|output| output.path);
    let made = directories.try_for_each(|pattern| k.prepare_directories(root, pattern));
    let made = made.and_then(|()| k.vfs.make_directories(&mut k.mem, root, step.cwd.as_bytes()));
    if made.is_err() {
        return Err(no_memory(k, step));
    }
    for (index, run) in step.runs.iter().enumerate() {
        k.vfs.events.run = index as u32 + 1;
        run_program(k, step, run, root).map_err(|epitaph| {
            let mut process = Vec::new();
            decimal(&mut process, index as u64 + 1);
            Epitaph { process: Some(process), ..epitaph }
        })?;
    }
    Ok(())
}

fn run_program(k: &mut Kernel, step: &Step<'_>, run: &Run<'_>, root: InodeId) -> Result<(), Epitaph> {
    let stdout = run.stdout.map(|stdout| (stdout.path, stdout.mode));
    let now = k.clock.now();
    let started = k.standard_files(root, step.cwd, run.stdin, stdout).and_then(|(files, fs)| {
        let program = Program {
            path: run.words[0].as_bytes().to_vec(),
            argv: run.words.iter().map(|word| word.as_bytes().to_vec()).collect(),
            envp: step.env.iter().map(|variable| variable.as_bytes().to_vec()).collect(),
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
        return Err(Epitaph::new(1, "step"));
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
            Err(Epitaph::new(1, "step"))
        }
        Outcome::Deadlock => {
            k.say(command(step, run).text(": every process waits for another one"));
            Err(Epitaph::new(5, "deadlock"))
        }
        Outcome::Watchdog => {
            k.say(command(step, run).text(": took longer than watchdog-seconds"));
            Err(Epitaph::new(4, "watchdog"))
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
    let mut line = Line::new("step ");
    line.text(step.name).text(", PLAN line ").number(run.line as u64);
    line.text(", in ").bytes(&step.cwd.as_bytes()[..step.cwd.len().min(40)]).text(":").bytes(&words);
    line
}

/// Whether the outputs below `root` are there and have the digests that PLAN says.
fn check_outputs(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Epitaph> {
    for output in &step.outputs {
        let (stem, tree) = path::split_tree(output.path);
        let found = k.vfs.at(root, stem.as_bytes());
        let found = found.filter(|inode| k.vfs.names(*inode).is_some() == tree);
        let Some(inode) = found else {
            let mut line = Line::new("step ");
            line.text(step.name).text(": no output ").text(output.path);
            k.say(line.text("; correct the step's outputs or commands"));
            return Err(Epitaph::new(2, "output"));
        };
        let Some(expected) = output.sha256 else {
            continue;
        };
        let digest = k.vfs.digest(&k.mem, inode);
        if k.vfs.data(inode).is_none() || digest != expected.0 {
            let mut line = Line::new("step ");
            line.text(step.name).text(": ").text(output.path);
            k.say(line.text(" has the wrong sha256"));
            k.say(Line::new("  expected ").digest(&expected.0));
            k.say(Line::new("  found    ").digest(&digest));
            return Err(Epitaph::new(3, "sha256"));
        }
    }
    Ok(())
}

/// Checks the outputs and puts them into the store.
fn keep(k: &mut Kernel, step: &Step<'_>, root: InodeId) -> Result<(), Epitaph> {
    check_outputs(k, step, root)?;
    for output in &step.outputs {
        if k.keep_output(root, output.path).is_err() {
            return Err(no_memory(k, step));
        }
    }
    Ok(())
}

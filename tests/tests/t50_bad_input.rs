// SPDX-License-Identifier: MIT
//! Bad input of every kind: a clear error, the documented code, finished work kept, and never a panic.

use image_packer::host::closure::Closure;
use image_packer::host::tree::Entry;
use image_packer::host::{lock, sha256};
use image_packer::payload::{Payload, Target};
use image_packer::plan::Arch;
use std::fs;
use std::path::{Path, PathBuf};
use tests::monitor::{self, Boot, boot, job};
use tests::programs::{Libc, compile};
use tests::{corpus, linux, project, scratch};
use xtask::board::Board;
use xtask::build::{self, Monitor};
use xtask::emulator::{self, Job};
use xtask::exec::Root;
use xtask::{pack, run};

/// `virt`, its monitor, and the closure of `hex`.
fn virt() -> (Board, Monitor, Closure) {
    let (board, monitor) = monitor::board("virt");
    let (_, closure) = pack::make(project(), Some("hex"), board.arch()).unwrap();
    (board, monitor, closure)
}

fn plan_settings(board: &Board) -> Payload<'_> {
    Payload { console: image_packer::payload::Console::Framed, ..build::plan_settings(board) }
}

/// An output disk for one test.
fn disk(test: &str, bytes: u64) -> PathBuf {
    let disk = scratch(test).join("output.img");
    run::new_disk(&disk, bytes).unwrap();
    disk
}

/// Runs a closure's archive as a plan with a good output disk.
fn run_plan(test: &str, archive: &[u8]) -> (Boot, PathBuf) {
    let (board, monitor) = monitor::board("virt");
    let disk = disk(test, board.output.bytes);
    let job = Job { output: Some(&disk), ..job(plan_settings(&board), archive) };
    (boot(&board, &monitor, &job).unwrap_or_else(|error| panic!("{error:#}")), disk)
}

/// A closure of a plan and files, with right digests.
fn closure(plan: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut digests: lock::Digests =
        files.iter().map(|(path, data)| (path.to_string(), sha256(data))).collect();
    digests.insert("PLAN".into(), sha256(plan.as_bytes()));
    let entry = |data: &[u8]| Entry::File { executable: true, data: data.to_vec() };
    let files = files.iter().map(|(path, data)| (path.to_string(), entry(data))).collect();
    Closure { plan: plan.to_owned(), inputs: lock::print(&digests), files }.to_bytes().unwrap()
}

/// The seed of AArch64.
fn seed() -> Vec<u8> {
    let (_, _, closure) = virt();
    let (_, entry) = closure.files.iter().find(|(path, _)| path == "seed/hex0").unwrap();
    entry.data().unwrap().to_vec()
}

/// The steps of a plan that uses the seed, under the head that a plan has.
fn plan(steps: &str) -> String {
    format!("plan 1\ngoal test\narch aarch64\nsteps {}\n{steps}", steps.matches("step ").count())
}

const FIRST: &str =
    "step first\n  in /seed/hex0\n  in /src/a\n  out /bin/a\n  run /seed/hex0 < /src/a > /bin/a\nend\n";

/// What the disk has of the first step, which a later failure must not take away.
fn assert_first_is_kept(disk: &Path) {
    let rootfs = run::read_ext2(disk).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(rootfs.contains_key("bin/a"), "bin/a is not kept: {:?}", rootfs.keys().collect::<Vec<_>>());
}

#[test]
fn t51_an_altered_closure_is_refused() {
    let (board, monitor, closure) = virt();
    let good = closure.to_bytes().unwrap();
    let payload = build::payload(&plan_settings(&board), &good).unwrap();
    let folder = scratch("t51");
    let step = good.len() / 6;
    for at in (0..7).map(|index| (4096 + index * step).min(payload.len() - 1)) {
        let mut altered = payload.clone();
        altered[at] ^= 0x20;
        let files = build::lay_out(&board, &monitor, &altered, &folder).unwrap();
        let disk = disk("t51-disk", board.output.bytes);
        let job = Job { output: Some(&disk), ..job(plan_settings(&board), &good) };
        let ending = emulator::boot_files(&board, &files, &job, &mut |_| Ok(())).unwrap();
        let end = ending.epitaph().unwrap();
        assert_eq!((end.code, end.reason.as_str()), (65, "closure"), "byte {at}");
    }
}

#[test]
fn t52_a_truncated_closure_is_refused() {
    let (board, monitor, closure) = virt();
    let good = closure.to_bytes().unwrap();
    let payload = build::payload(&plan_settings(&board), &good).unwrap();
    let folder = scratch("t52");
    // The archive ends in 1024 zero bytes, as does the flash behind it: less than those is cut off.
    for len in [4096, 4096 + 512, payload.len() - 1536] {
        let files = build::lay_out(&board, &monitor, &payload[..len], &folder).unwrap();
        let disk = disk("t52-disk", board.output.bytes);
        let job = Job { output: Some(&disk), ..job(plan_settings(&board), &good) };
        let ending = emulator::boot_files(&board, &files, &job, &mut |_| Ok(())).unwrap();
        let end = ending.epitaph().unwrap();
        assert_eq!((end.code, end.reason.as_str()), (65, "closure"), "{len} bytes");
    }
}

#[test]
fn t53_a_closure_without_plan_is_refused() {
    let mut root = Root::default();
    root.program("seed/hex0", seed());
    let (boot, _) = run_plan("t53", &root.archive().unwrap());
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (65, "closure"), "{}", boot.said());
    assert!(boot.said().contains("PLAN"), "{}", boot.said());
}

#[test]
fn t54_an_undeclared_input_is_not_there_and_the_log_says_who_wanted_it() {
    let busybox = linux::busybox(Arch::Aarch64).unwrap();
    let text = plan(
        "step wanting\n  in /bin/busybox\n  out /build/x\n  run /bin/busybox cat /src/hidden > /build/x\nend\n",
    );
    let archive = closure(&text, &[("bin/busybox", &busybox), ("src/hidden", b"hidden")]);
    let (board, monitor) = monitor::board("virt");
    let disk = disk("t54", board.output.bytes);
    let settings = Payload { rule: false, ..plan_settings(&board) };
    let boot = boot(&board, &monitor, &Job { output: Some(&disk), ..job(settings, &archive) }).unwrap();
    assert_eq!((boot.epitaph.code, boot.epitaph.step.as_str()), (1, "wanting"), "{}", boot.said());
    assert!(String::from_utf8_lossy(&boot.output).contains("No such file"), "{:?}", boot.output);
    let named = boot.lines.iter().any(|line| line.contains("/src/hidden") && line.contains("wanting"));
    assert!(named, "{}", boot.said());
}

#[test]
fn t55_a_wrong_digest_shows_both_and_keeps_finished_work() {
    let second = FIRST.replace("step first", "step second").replace("/bin/a", "/bin/b");
    let expected = "ab".repeat(32);
    let second = second.replace("out /bin/b", &format!("out /bin/b sha256 {expected}"));
    let archive =
        closure(&plan(&format!("{FIRST}{second}")), &[("seed/hex0", &seed()), ("src/a", b"41 42\n")]);
    let (boot, disk) = run_plan("t55", &archive);
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (3, "sha256"), "{}", boot.said());
    assert_eq!(boot.epitaph.step, "second");
    assert!(
        boot.said().contains(&expected) && boot.said().contains(&sha256(b"AB").to_string()),
        "{}",
        boot.said()
    );
    assert_first_is_kept(&disk);
}

#[test]
fn t56_a_missing_output_is_named() {
    let second = "step second\n  in /seed/hex0\n  in /src/a\n  out /bin/b\n  run /seed/hex0 < /src/a\nend\n";
    let archive = closure(&plan(&format!("{FIRST}{second}")), &[("seed/hex0", &seed()), ("src/a", b"41\n")]);
    let (boot, disk) = run_plan("t56", &archive);
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (2, "output"), "{}", boot.said());
    assert!(boot.said().contains("/bin/b"), "{}", boot.said());
    assert_first_is_kept(&disk);
}

#[test]
fn t57_a_program_that_no_step_made_is_not_executed() {
    let busybox = linux::busybox(Arch::Aarch64).unwrap();
    let text = plan("step launder\n  in /bin/busybox\n  out /x\n  run /bin/busybox echo > /x\nend\n");
    let (boot, _) = run_plan("t57", &closure(&text, &[("bin/busybox", &busybox), ("seed/hex0", &seed())]));
    assert_eq!(boot.epitaph.code, 1, "{}", boot.said());
    assert!(boot.said().contains("/bin/busybox"), "{}", boot.said());
}

#[test]
fn t58_malformed_elf_files_are_refused() {
    let mut root = Root::default();
    root.folders.push("tmp".into());
    root.program("bin/busybox", linux::busybox(Arch::Aarch64).unwrap());
    let good = seed();
    // The program header begins where e_phoff says; fields of 8 bytes behind its flags.
    let header = u64::from_le_bytes(good[32..40].try_into().unwrap()) as usize;
    let changed = |at: usize, value: u64| {
        let mut bytes = good.clone();
        bytes[header + at..header + at + 8].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let mut two = good.clone();
    two[56] = 2;
    let cases = [
        ("oversized-file", changed(32, 1 << 40)),
        ("oversized-memory", changed(40, 1 << 60)),
        ("wrapping", changed(16, u64::MAX - 0xfff)),
        ("kernel-half", changed(16, 0xffff_8000_0000_0000)),
        ("beyond-the-file", changed(8, 1 << 30)),
        ("less-memory-than-file", changed(40, 1)),
        ("overlapping", two),
        ("cut-off", good[..60].to_vec()),
        ("magic-only", b"\x7fELF".to_vec()),
        ("empty", Vec::new()),
    ];
    let mut script = String::new();
    for (name, bytes) in &cases {
        root.program(&format!("bin/{name}"), bytes.clone());
        // Through env, as a shell takes what the system refuses for a script.
        script.push_str(&format!("/bin/busybox env /bin/{name} </dev/null >/tmp/out 2>&1; echo {name} $?; "));
    }
    let (ran, boot) = monitor::run("virt", &root, &["/bin/busybox", "sh", "-c", &script], &[]);
    assert_eq!(ran.status, 0, "{}\n{}", ran.output, boot.said());
    for (name, _) in &cases {
        let line = ran.output.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_default();
        let status: u32 = line.rsplit(' ').next().unwrap().parse().unwrap_or(0);
        // 126 and 127 are env's own, 128 and above a signal while starting.
        assert!(status >= 126, "{name}: '{line}'\n{}", boot.said());
    }
}

/// Compiles a program of `tests/bad` and runs it.
fn bad(name: &str, watchdog: Option<u64>) -> Boot {
    let program = compile(Arch::Aarch64, Libc::Musl, &corpus(&format!("bad/{name}.c")), &[]).unwrap();
    let mut root = Root::default();
    root.folders.push("tmp".into());
    root.program("bin/bad", program);
    let (board, monitor) = monitor::board("virt");
    let mut settings = xtask::exec::settings(&board, &["/bin/bad"], &[]);
    settings.watchdog_seconds = watchdog.unwrap_or(settings.watchdog_seconds);
    let archive = root.archive().unwrap();
    boot(&board, &monitor, &job(settings, &archive)).unwrap_or_else(|error| panic!("{error:#}"))
}

fn assert_prints(boot: &Boot, text: &str) {
    assert_eq!(boot.epitaph.code, 0, "{}\n{}", String::from_utf8_lossy(&boot.output), boot.said());
    assert_eq!(String::from_utf8_lossy(&boot.output), text, "{}", boot.said());
}

#[test]
fn t59_wild_pointers_in_every_call_harm_the_caller_alone() {
    assert_prints(&bad("wild", None), "survived 1\n");
}

#[test]
fn t60_a_fork_bomb_is_refused() {
    assert_prints(&bad("bomb", None), "refused 1\n");
}

#[test]
fn t61_exhausted_memory_comes_back() {
    assert_prints(&bad("hog", None), "ended 1\nmemory is back\n");
}

#[test]
fn t62_a_program_that_never_ends_is_stopped() {
    let boot = bad("spin", Some(2));
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (4, "watchdog"), "{}", boot.said());
}

/// Runs `hex` with an unusual disk.
fn with_disk(change: impl FnOnce(&mut Board, &mut Job<'_>)) -> Boot {
    let (board, monitor, closure) = virt();
    let archive = closure.to_bytes().unwrap();
    let mut changed = board.clone();
    let mut job = job(plan_settings(&board), &archive);
    change(&mut changed, &mut job);
    boot(&changed, &monitor, &job).unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn t63_a_missing_output_disk_is_named() {
    let boot = with_disk(|_, _| {});
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (67, "target"), "{}", boot.said());
    assert!(boot.said().contains("firstlight-out"), "{}", boot.said());
}

#[test]
fn t64_a_write_protected_disk_is_refused() {
    let disk = disk("t64", 1 << 30);
    let boot = with_disk(|_, job| {
        job.output = Some(Box::leak(disk.into_boxed_path()));
        job.write_protected = true;
    });
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (67, "target"), "{}", boot.said());
}

#[test]
fn t65_a_disk_that_is_not_named_is_not_written() {
    let disk = disk("t65", 1 << 30);
    let boot = with_disk(|board, job| {
        board
            .emulator
            .output
            .iter_mut()
            .for_each(|word| *word = word.replace("serial=firstlight-out", "serial=mine"));
        job.output = Some(Box::leak(disk.clone().into_boxed_path()));
    });
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (67, "target"), "{}", boot.said());
    assert!(fs::read(&disk).unwrap().iter().all(|&byte| byte == 0), "the disk was written");
}

#[test]
fn t66_a_full_disk_is_named() {
    let disk = disk("t66", 32 << 10);
    let boot = with_disk(|_, job| job.output = Some(Box::leak(disk.into_boxed_path())));
    assert!(matches!(boot.epitaph.code, 7 | 67), "{:?}\n{}", boot.epitaph, boot.said());
}

#[test]
fn t67_another_boards_closure_is_refused() {
    let (board, monitor, _) = virt();
    let (_, foreign) = pack::make(project(), Some("hex"), Arch::X86_64).unwrap();
    let disk = disk("t67", board.output.bytes);
    let archive = foreign.to_bytes().unwrap();
    let settings = Payload { board: b"pc", ..plan_settings(&board) };
    let boot = boot(&board, &monitor, &Job { output: Some(&disk), ..job(settings, &archive) }).unwrap();
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (66, "board"), "{}", boot.said());
}

#[test]
fn t68_an_image_without_payload_says_so() {
    let (board, monitor, _) = virt();
    let files = build::lay_out(&board, &monitor, &[], &scratch("t68")).unwrap();
    let settings = Payload { output: Some(Target::Serial(b"firstlight-out")), ..plan_settings(&board) };
    // Before a payload is read the console is plain.
    let log = scratch("t68-log").join("serial.log");
    let job = Job { serial_log: Some(log.clone()), ..job(settings, &[]) };
    emulator::boot_files(&board, &files, &job, &mut |_| Ok(())).unwrap();
    let text = fs::read_to_string(log).unwrap();
    assert!(text.contains("no payload") && text.contains("end code=64 reason=start"), "{text}");
}

#[test]
fn t69_another_machines_payload_is_refused() {
    let (board, monitor, closure) = virt();
    let disk = disk("t69", board.output.bytes);
    let archive = closure.to_bytes().unwrap();
    let settings =
        Payload { board: b"pinebook-pro", machine: b"pine64,pinebook-pro", ..plan_settings(&board) };
    let boot = boot(&board, &monitor, &Job { output: Some(&disk), ..job(settings, &archive) }).unwrap();
    assert_eq!((boot.epitaph.code, boot.epitaph.reason.as_str()), (66, "board"), "{}", boot.said());
    assert!(boot.said().contains("pine64,pinebook-pro; this is linux,dummy-virt"), "{}", boot.said());
    assert!(fs::read(&disk).unwrap().iter().all(|&byte| byte == 0), "the disk was written");
}

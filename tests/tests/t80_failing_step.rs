// SPDX-License-Identifier: MIT
//! A step that fails: what a person is told, on the monitor and under plain Linux, and the shell in its root.

use image_packer::host::closure::Closure;
use image_packer::host::tree::Entry;
use image_packer::plan::{Arch, Plan};
use tests::{monitor, project, scratch};
use xtask::chain::{self, Options};
use xtask::{pack, run, shell};

/// The closure of `hex` and one more step, which prints a hundred lines and then fails.
fn failing(arch: Arch) -> Closure {
    let (_, mut closure) = pack::make(project(), Some("hex"), arch).unwrap();
    let count = Plan::parse(&closure.plan).unwrap().steps.len();
    let plan = closure.plan.replace(&format!("\nsteps {count}\n"), &format!("\nsteps {}\n", count + 1));
    closure.plan = plan
        + "step fails\n  in /build/hex0/cat\n  in /src/lines\n  out /build/x\n  env A=b\n  cwd /src\n  \
           run /build/hex0/cat /src/lines\n  run /build/hex0/cat /src/absent\nend\n";
    let data = (1..=100).map(|number| format!("line {number}.\n")).collect::<String>().into_bytes();
    closure.files.push(("src/lines".into(), Entry::File { executable: false, data }));
    closure
}

fn assert_told(text: &str, how: &str) {
    for part in [
        &format!("step fails failed: {how}"),
        "the last 40 of 100 lines",
        "| line 61.\n",
        "| line 100.\n",
        "): /build/hex0/cat /src/absent\n",
        "directory: /src\n",
        "cargo xtask shell --",
        "--goal hex --at fails",
    ] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
    assert!(!text.contains("line 60.\n"), "{text}");
}

#[test]
fn t81_plain_linux_tells_what_failed() {
    let closure = failing(Arch::X86_64);
    let error = chain::run(project(), &closure, &scratch("t81"), &Options::default()).unwrap_err();
    assert_told(&format!("{error:#}"), "exit status: 1");
}

#[test]
fn t82_the_monitor_tells_what_failed() {
    let (board, monitor) = monitor::board("virt");
    let closure = failing(board.arch());
    let report = run::run(&board, &monitor, &closure, &scratch("t82"), Some(monitor::LIMIT)).unwrap();
    assert_eq!(report.epitaph.as_ref().map(|end| end.code), Some(1), "{}", report.table());
    assert_told(&report.table(), "step (code 1)");
}

#[test]
fn t83_a_shell_in_the_steps_root() {
    let closure = failing(Arch::Aarch64);
    let plan = Plan::parse(&closure.plan).unwrap();
    let (step, files) = shell::at(project(), &plan, &closure, "fails", None).unwrap();
    let root = shell::root_of(step, &files);
    // What is there beside the shell, and the step's commands, of which the second fails.
    let script = "cd /; /.shell/busybox find /src /build -type f -o -type d; \
                  . /.shell/step >/tmp/out || echo failed; /.shell/busybox wc -l </tmp/out";
    let words = ["/.shell/busybox", "sh", "-c", script];
    let (ran, _) = monitor::run("virt", &root, &words, &["PATH=/bin:/.shell"]);
    let mut lines: Vec<&str> = ran.output.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["/build", "/build/hex0", "/build/hex0/cat", "/src", "/src/lines", "100", "failed"],
        "{}",
        ran.output
    );
    let error = shell::at(project(), &plan, &closure, "nonesuch", None).unwrap_err().to_string();
    assert!(error.contains("steps: hex0 cat"), "{error}");
}

// SPDX-License-Identifier: MIT
//! Without an emulator the error says what to type.

use std::process::Command;

#[test]
fn a_missing_emulator_is_named_with_the_command_that_installs_it() {
    for verb in [&["run", "--board", "virt"][..], &["exec", "--board", "virt", "--", "/bin/x"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(verb)
            .env("PATH", "/nonexistent")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success());
        assert!(text.contains("board virt") && text.contains("apt-get install"), "{text}");
        assert!(text.contains("qemu-system-arm"), "{text}");
    }
}

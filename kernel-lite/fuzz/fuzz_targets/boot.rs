// SPDX-License-Identifier: MIT
//! From the payload to the epitaph: a PLAN (the input up to the first NUL) is run over two files, the second of
//! them and the calls that programs make being the rest. Payloads as they come are refused or run, too.
#![no_main]

use image_packer::hex::Digest;
use image_packer::payload::{Console, Mode, Payload, Target};
use image_packer::tar::{BLOCK, Header, Kind};
use kernel_lite::boot;
use kernel_lite::output::SECTOR;
use kernel_lite::sha256::digest;
use kernel_lite_fuzz::{SERIAL, set_calls, with_kernel};
use libfuzzer_sys::fuzz_target;

/// Sectors of the output device.
const SECTORS: usize = 512;
fn payload(plan: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut closure = Vec::new();
    let members: [(&str, u32, &[u8]); 4] = [
        ("PLAN", 0o644, plan),
        ("INPUTS.sha256", 0o644, b""),
        ("seed/hex0", 0o755, rest),
        ("src/a", 0o644, b"a"),
    ];
    for (path, mode, data) in members {
        let header = Header::new(path, Kind::File, mode, data.len() as u64, "").unwrap();
        closure.extend(header.to_block());
        closure.extend(data);
        closure.resize(closure.len().next_multiple_of(BLOCK), 0);
    }
    closure.resize(closure.len() + 2 * BLOCK, 0);
    let page = Payload {
        board: b"fuzz",
        machine: b"fuzz",
        mode: Mode::Plan,
        closure_bytes: closure.len() as u64,
        closure_sha256: Digest(digest(&closure)),
        output: Some(Target::Serial(SERIAL)),
        watchdog_seconds: 60,
        console: Console::Framed,
        rule: true,
        args: Vec::new(),
        env: Vec::new(),
        cwd: b"/",
    };
    [page.to_page().unwrap(), closure].concat()
}

fuzz_target!(|data: &[u8]| {
    with_kernel(Vec::new(), data, |k, data| drop(boot::run(k, data, b"fuzz\0")));
    let end = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let (plan, rest) = data.split_at(end);
    let rest = rest.get(1..).unwrap_or_default();
    set_calls(rest, [0x40_0000, 0x7fff_0000_0000]);
    with_kernel(vec![0; SECTORS * SECTOR], &payload(plan, rest), |k, payload| {
        let epitaph = boot::run(k, payload, b"fuzz\0");
        // A PLAN with steps ends with a log of them.
        assert!(epitaph.code != 0 || epitaph.log.is_some());
    });
});

// SPDX-License-Identifier: MIT
//! System calls with foreign numbers and arguments, by any number of processes and threads. The run ends, and
//! all memory comes back.
#![no_main]

use kernel_lite::arch;
use kernel_lite::exec::Program;
use kernel_lite::vfs::Origin;
use kernel_lite_fuzz::{set_calls, with_kernel};
use libfuzzer_sys::fuzz_target;

/// Where the program lies, and how much memory it has there.
const BASE: u64 = 0x40_0000;
const SIZE: u64 = 0x1_0000;
/// Where the input stands in it: behind the headers and the strings.
const INPUT: u64 = BASE + 0x1000;
/// Paths for calls that take some, at [`STRINGS_AT`].
const STRINGS: &[u8] = b"/src/a\0/tmp/b\0/tmp\0.\0..\0/tmp/c/../b\0/dev/null\0/seed/hex0\0";
const STRINGS_AT: usize = 120;

/// A program file of one segment: headers, strings, input, zeros.
fn file(data: &[u8]) -> Vec<u8> {
    let mut file = vec![0; (INPUT - BASE) as usize];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[STRINGS_AT..][..STRINGS.len()].copy_from_slice(STRINGS);
    file.extend(data.get(..0x4000).unwrap_or(data));
    let size = file.len() as u64;
    // e_type, e_machine, e_version, e_entry, e_phoff, e_phentsize, e_phnum.
    let shorts = [(16, 2), (18, arch::MACHINE), (20, 1), (54, 56), (56, 1), (64, 1), (68, 7)];
    let words = [(24, BASE), (32, 64), (80, BASE), (88, BASE), (96, size), (104, SIZE)];
    shorts.iter().for_each(|&(at, value)| file[at..at + 2].copy_from_slice(&value.to_le_bytes()));
    words.iter().for_each(|&(at, value)| file[at..at + 8].copy_from_slice(&value.to_le_bytes()));
    file
}

fuzz_target!(|data: &[u8]| {
    with_kernel(Vec::new(), &file(data), |k, file| {
        k.vfs.rule = true;
        k.vfs.add_input(&mut k.mem, b"/seed/hex0", file, 0o755, Origin::Seed).unwrap();
        k.vfs.add_input(&mut k.mem, b"/src/a", b"#!/seed/hex0\n", 0o755, Origin::Input).unwrap();
        let before = k.mem.free_frames();
        let root = k.step_root(&["/seed/", "/src/"]).unwrap();
        let (files, fs) = k.standard_files(root, b"/", None, None).unwrap();
        let path = b"/seed/hex0".to_vec();
        k.start(Program { argv: vec![path.clone()], path, envp: Vec::new() }, files, fs).unwrap();
        set_calls(data, [INPUT, BASE + STRINGS_AT as u64]);
        k.arm(60);
        k.run();
        k.clear();
        assert!(k.spaces.iter().all(|space| space.users == 0));
        k.drop_root(root);
        assert_eq!(k.mem.free_frames(), before);
    });
});

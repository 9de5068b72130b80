// SPDX-License-Identifier: MIT
//! hex1: its bytes by four roads, each kind of token, and what it does with bad input.

mod seed;

use seed::chain::Chain;
use seed::*;

#[test]
fn four_roads_lead_to_the_same_bytes() {
    for arch in ARCHES {
        let chain = Chain::up_to("hex1", arch, "seed_hex1_roads");
        let listing = format!("sources/hex1/{arch}.hex0");
        let bytes = by_other_roads(arch, &listing, &format!("tests/seed/hex1-{arch}.S"), &chain.dir);
        assert_same("hex0", &std::fs::read(chain.dir.join("hex1")).unwrap(), &bytes);
        assert!(bytes.len() <= 1024, "{arch}: {} bytes", bytes.len());
    }
}

#[test]
fn each_kind_of_token() {
    let word = |value: u64| value.to_le_bytes().to_vec();
    for arch in ARCHES {
        let chain = Chain::up_to("hex1", arch, "seed_hex1_tokens");
        for (input, bytes) in [
            ("", vec![]),
            ("# 41\n; 42\n43 4445", b"CDE".to_vec()),
            ("\"a b;c#\" \"\"", b"a b;c#".to_vec()),
            ("%0 %258 %-1", [word(0), word(258), word(u64::MAX)].concat()),
            ("'A '' '\"", [word(65), word(39), word(34)].concat()),
            ("41 :here @here !here", [vec![0x41], word(0x50_0001), word(1)].concat()),
            ("@ahead !ahead :ahead", [word(0x50_0010), word(16)].concat()),
            ("41 ^ 42 ^ ^", b"A\0\0\0\0\0\0\0B\0\0\0\0\0\0\0".to_vec()),
            ("=push 50 # 51\n=two %2\npush two push\n", [b"P".to_vec(), word(2), b"P".to_vec()].concat()),
            ("@end :start +16 :end", word(0x50_0018)),
            (":a :ab :abc @ab\t@a", [word(0x50_0000), word(0x50_0000)].concat()),
        ] {
            assert_same(&format!("{arch}: {input:?}"), &chain.output("hex1", &[], input.as_bytes()), &bytes);
            assert_eq!(assembler::assemble(input).as_deref(), Ok(&bytes[..]), "{input:?}");
        }
    }
}

#[test]
fn bad_input_ends_with_an_error_and_no_output() {
    for arch in ARCHES {
        let chain = Chain::up_to("hex1", arch, "seed_hex1_bad");
        for input in [
            "4",
            "4 1",
            "4g",
            "4G",
            "4a",
            "name",
            ":label label",
            "@name",
            "!name",
            "%x",
            "%1x",
            "\"open",
            "=one 41\n=two one\ntwo\n",
            "*",
        ] {
            let done = chain.run("hex1", &[], input.as_bytes());
            assert_eq!((done.status.code(), &done.stdout[..]), (Some(1), &b""[..]), "{arch}: {input:?}");
        }
    }
}

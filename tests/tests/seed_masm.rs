// SPDX-License-Identifier: MIT
//! The macro tables and masm: every macro by the GNU assembler, the machine's meaning, masm by hex1, by itself and
//! by an assembler in Rust, and its messages.

mod seed;

use seed::chain::Chain;
use seed::*;

#[test]
fn every_macro_by_the_gnu_assembler() {
    for arch in ARCHES {
        let dir = scratch(&format!("seed_masm_table_{arch}"));
        let table = table(arch);
        assert!(table.len() > 60, "{arch}: {} macros", table.len());
        // Each macro between marks that no macro has; an operand of the comment is eight bytes that are cut off.
        let mark = [0xEF; 16];
        let mut source = String::from(if arch == "x86_64" { ".intel_syntax noprefix\n" } else { "" });
        for (_, _, instructions) in &table {
            for instruction in instructions {
                source += &match instruction.as_str() {
                    "mov rax, operand" => "movabs rax, 0x1122334455667788".to_string(),
                    "mov rcx, operand" => "movabs rcx, 0x1122334455667788".to_string(),
                    "mov rax, [operand]" => "movabs rax, [0x1122334455667788]".to_string(),
                    "mov [operand], rax" => "movabs [0x1122334455667788], rax".to_string(),
                    plain => ["byte", "word"].iter().fold(plain.to_string(), |line, size| {
                        line.replace(&format!("{size} ["), &format!("{size} ptr ["))
                    }),
                };
                source += "\n";
            }
            source += ".fill 16, 1, 0xEF\n";
        }
        std::fs::write(dir.join("table.S"), source).unwrap();
        let mut rest = &gnu_flat(arch, &dir.join("table.S"), &dir)[..];
        for (name, bytes, _) in &table {
            let end = rest.windows(16).position(|window| window == mark).unwrap();
            let made =
                rest[..end].strip_suffix(&0x1122_3344_5566_7788u64.to_le_bytes()).unwrap_or(&rest[..end]);
            assert_eq!(made, &bytes[..], "{arch}: {name}");
            rest = &rest[end + 16..];
        }
    }
}

#[test]
fn both_tables_have_the_same_macros() {
    let names = |arch| {
        text(&format!("sources/masm/{arch}.m"))
            .lines()
            .filter_map(|line| Some(line.strip_prefix('=')?.split(' ').next().unwrap().to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("aarch64"), names("x86_64"));
}

#[test]
fn masm_by_hex1_and_by_itself_and_by_rust() {
    for arch in ARCHES {
        let chain = Chain::up_to("masm", arch, "seed_masm_itself");
        let by_hex1 = std::fs::read(chain.dir.join("masm")).unwrap();
        assert_same("itself", &chain.masm(&repo("sources/masm/masm.m")), &by_hex1);
        let by_rust = assembler::assemble(&chain.texts(&[&repo("sources/masm/masm.m")])).unwrap();
        assert_same("Rust", &by_rust, &by_hex1);
    }
}

#[test]
fn the_other_stages_by_rust() {
    for arch in ARCHES {
        let chain = Chain::up_to("c1", arch, "seed_masm_stages");
        for (stage, file) in [("c0", repo("sources/c0/c0.m")), ("c1", chain.dir.join("c1.m"))] {
            let by_rust = assembler::assemble(&chain.texts(&[&file])).unwrap();
            assert_same(stage, &std::fs::read(chain.dir.join(stage)).unwrap(), &by_rust);
        }
    }
}

/// A program whose _main is this text; returns its exit status.
fn status_of(chain: &Chain, main: &str) -> Option<i32> {
    let file = chain.dir.join("main.m");
    std::fs::write(&file, format!(":_main enter %16 {main} leave\n^ :file_end :memory +64 :mem_end\n"))
        .unwrap();
    let bytes = chain.masm(&file);
    chain.install("main", &bytes);
    chain.run("main", &[], b"").status.code()
}

#[test]
fn the_machine_means_the_same_on_both_processors() {
    for arch in ARCHES {
        let chain = Chain::up_to("masm", arch, "seed_masm_meaning");
        // Each line leaves A; it must be the number.
        for (code, result) in [
            ("lit %-7 litb %2 divs", -3),
            ("lit %-7 litb %2 mods", -1),
            ("lit %-9223372036854775808 litb %-1 divs", i64::MIN),
            ("lit %-9223372036854775808 litb %-1 mods", 0),
            ("lit %-1 litb %10 divu", 1_844_674_407_370_955_161),
            ("lit %-1 litb %10 modu", 5),
            ("lit %1 litb %65 shl", 2),
            ("lit %-16 litb %2 sar", -4),
            ("lit %-16 litb %60 shr", 15),
            ("lit %-1 litb %1 lts", 1),
            ("lit %-1 litb %1 ltu", 0),
            ("lit %3 litb %3 les push lit %3 litb %3 leu popb add", 2),
            ("lit %4 litb %3 gts push lit %-4 litb %3 gtu popb add", 2),
            ("lit %-4 litb %3 ges push lit %-4 litb %3 geu popb sub", -1),
            ("lit %5 not push lit %0 not popb sub", -1),
            ("lit %511 sx1 push lit %511 zx1 popb sub", -256),
            ("lit %98303 sx2 push lit %98303 zx2 popb add", 65534),
            ("lit %4294967295 sx4 push lit %-1 zx4 popb add", 4_294_967_294),
            ("lit %7 movb lit %5 sub neg", 2),
            ("lit %12 litb %10 and push lit %12 litb %10 xor popb or", 14),
            ("lit %6 push lit %7 popb mul", 42),
            ("lit %-5 put %-8 lit %0 get %-8", -5),
            ("lit %-8 local litb %77 store8 lit %-8 local load8 litb %1 add", 78),
            (
                "lit @memory litb %-2 store4 lit @memory load4u push lit @memory load4s popb sub",
                4_294_967_296,
            ),
            ("lit @memory litb %-2 store2 lit @memory load2u push lit @memory load2s popb sub", 65536),
            ("lit @memory litb %-2 store1 lit @memory load1u push lit @memory load1s popb sub", 256),
            ("lit %9 save @memory lit %0 load @memory", 9),
            ("lit @memory ~8 litb @memory sub", 8),
            ("lit %1 jz @no lit %5 jmp @yes :no lit %6 :yes", 5),
            ("lit %0 jnz @no lit %5 jmp @yes :no lit %6 :yes", 5),
            ("lit %3 push lit %4 push lit @_minus calla drop %16", -1),
            ("lit %3 push lit %4 push call @_minus drop %16", -1),
        ] {
            let function = "leave :_minus enter %0 get %16 push get %24 movb pop litb %0 add";
            let function = if code.contains("_minus") {
                function.replace("movb pop litb %0 add", "popb sub neg")
            } else {
                String::new()
            };
            let main = format!("{code} litb %{result} eq {function}");
            assert_eq!(status_of(&chain, &main), Some(1), "{arch}: {code}");
        }
        // A division by zero ends the program.
        for operation in ["divs", "mods", "divu", "modu"] {
            let status = status_of(&chain, &format!("lit %7 litb %0 {operation}"));
            assert!(status.is_none_or(|status| status >= 128), "{arch}: {operation}: {status:?}");
        }
    }
}

#[test]
fn messages() {
    for arch in ARCHES {
        let chain = Chain::up_to("masm", arch, "seed_masm_messages");
        let start = format!("sources/masm/{arch}.m");
        let [table, start, os] = [start.as_str(), "sources/masm/start.m", "sources/masm/os.m"].map(repo);
        let end = ":_main\n:file_end\n";
        for (text, message) in [
            ("# one\n\n  what 41", ":3: no such macro: what"),
            ("start", ":1: no such macro: start"),
            ("4", ":1: unknown token: 4"),
            ("4G", ":1: unknown token: 4G"),
            ("4f", ":1: unknown token: 4f"),
            ("*", ":1: unknown token: *"),
            ("%", ":1: unknown token: %"),
            ("lit %1x", ":1: unknown token: %1x"),
            ("lit\n%18446744073709551616", ":2: number out of range: %18446744073709551616"),
            ("lit %-99999999999999999999", ":1: number out of range: %-99999999999999999999"),
            ("call @nowhere call @nowhere", ":1: no such label: nowhere"),
            ("lit @push", ":1: no such label: @push"),
            (":start", ":1: defined twice: :start"),
            ("=push 41", ":1: defined twice: =push"),
            (": 41", ":1: a name is missing: :"),
            ("\"open", ":1: the string does not end on its line: \"open"),
            ("=x push\n", ":1: not allowed in a macro: push"),
            ("=x @start\n", ":1: not allowed in a macro: @start"),
            ("+8 41", ":1: bytes behind memory left out: 41"),
        ] {
            let ends = if text.starts_with('+') { "" } else { end };
            let text = format!(
                "{text}\n{}",
                if text.contains("nowhere") || text.contains("@push") {
                    format!("{end}:mem_end\n")
                } else {
                    ends.to_string()
                }
            );
            chain.refuses("masm", &[&table, &start, &os], ".m", &text, message);
        }
        let missing = chain.run("masm", &[&table, &chain.dir.join("missing.m")], b"");
        let error = String::from_utf8_lossy(&missing.stderr);
        assert_eq!((missing.status.code(), &missing.stdout[..]), (Some(1), &b""[..]));
        assert!(error.ends_with("missing.m: cannot be read\n"), "{error}");
    }
}

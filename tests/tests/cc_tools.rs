// SPDX-License-Identifier: MIT
//! The chain's tools, built with its library: compared with the system's tools on good input, and on damaged and
//! hostile input held to a clear error, a status of 1, and nothing outside the tree.

mod cc;

use cc::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One tool for `arch`, in `dir`.
fn tool(arch: &str, name: &str, dir: &Path) -> PathBuf {
    let program = dir.join(name);
    let archive = libc_by_gcc(arch, dir);
    link_with_libc(arch, &archive, &repo("sources/tools").join(name).with_extension("c"), &program);
    program
}

/// Runs a tool that must fail with status 1, and returns what it says.
fn complaint(arch: &str, program: &Path, arguments: &[&str], input: &[u8]) -> String {
    let done = feed(command(arch, program).args(arguments), input);
    let message = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

/// Bytes of several kinds: none, one, text, runs, noise, and all of it together.
fn samples() -> Vec<Vec<u8>> {
    let mut state = 1u32;
    let mut noise = |n: usize| -> Vec<u8> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    };
    let text = fs::read(repo("sources/libc/printf.c")).unwrap().repeat(20);
    let runs: Vec<u8> =
        (0..50_000u32).flat_map(|i| vec![(i / 7) as u8; (i % 5 * (i % 11)) as usize]).collect();
    let mixed = [text.clone(), noise(70_000), runs.clone(), vec![0; 300_000]].concat();
    vec![vec![], vec![b'a'], noise(1000), text, runs, mixed]
}

/// What the system's compressor makes of `input`.
fn compress(program: &[&str], input: &[u8]) -> Vec<u8> {
    let done = feed(Command::new(program[0]).args(&program[1..]), input);
    assert!(done.status.success(), "{program:?}");
    done.stdout
}

/// What is damaged.
const TEXT: &[u8] = b"What is damaged must be noticed: noticed, noticed, and noticed again.";

/// Compressed with each of `compressors`, every sample comes back; so do two behind each other. Then no truncation
/// and no flipped bit of a small file goes unnoticed, but for those in bytes that carry nothing.
fn decompressor(name: &str, compressors: &[&[&str]], carry_nothing: &[usize]) {
    for arch in ARCHES {
        let program = tool(arch, name, &scratch(&format!("cc_tools_{name}_{arch}")));
        for sample in samples() {
            for compressor in compressors {
                let packed = compress(compressor, &sample);
                let done = feed(&mut command(arch, &program), &packed);
                assert!(done.status.success(), "{compressor:?}: {}", String::from_utf8_lossy(&done.stderr));
                assert!(done.stdout == sample, "{arch} {compressor:?}: other bytes");
            }
        }
        let [first, second] = [b"first, ".as_slice(), b"second"].map(|part| compress(compressors[0], part));
        assert_eq!(feed(&mut command(arch, &program), &[first, second].concat()).stdout, b"first, second");
    }
    let arch = std::env::consts::ARCH;
    let program = tool(arch, name, &scratch(&format!("cc_tools_{name}_damage")));
    let packed = compress(compressors[0], TEXT);
    for length in 0..packed.len() {
        let message = complaint(arch, &program, &[], &packed[..length]);
        assert!(message.contains("ends too early") || message.contains("format"), "{length}: {message}");
    }
    let mut unnoticed = 0;
    for bit in 0..packed.len() * 8 {
        if carry_nothing.contains(&(bit / 8)) {
            continue;
        }
        let mut damaged = packed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let done = feed(&mut command(arch, &program), &damaged);
        // Bits that only fill up the last byte of a stream may be anything: then nothing is lost.
        let harmless = done.status.success() && done.stdout == TEXT;
        assert!(
            harmless || done.status.code() == Some(1),
            "bit {} of byte {} goes unnoticed",
            bit % 8,
            bit / 8
        );
        unnoticed += usize::from(harmless);
    }
    assert!(unnoticed < 8, "{unnoticed} bits more than fill up one byte");
    let mut longer = packed.clone();
    longer.push(b'!');
    assert!(complaint(arch, &program, &[], &longer).contains("behind the end"));
    assert!(complaint(arch, &program, &[], b"something else").contains("format"));
    assert!(complaint(arch, &program, &["/no/such/file"], b"").contains("No such file"));
}

#[test]
fn gunzip() {
    // flags (one only says "text"), modification time and operating system say nothing about the content
    decompressor("gunzip", &[&["gzip", "-nc"], &["gzip", "-nc1"], &["gzip", "-nc9"]], &[3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn bunzip2() {
    // the block size only limits, and the last byte ends with padding bits
    let packed =
        compress(&["bzip2", "-c"], b"What is damaged must be noticed: noticed, noticed, and noticed again.");
    decompressor("bunzip2", &[&["bzip2", "-c"], &["bzip2", "-c1"]], &[3, packed.len() - 1]);
}

#[test]
fn unxz() {
    decompressor(
        "unxz",
        &[
            &["xz", "-c"],
            &["xz", "-c0"],
            &["xz", "-c9e"],
            &["xz", "-c", "-Ccrc32"],
            &["xz", "-c", "-Csha256"],
            &["xz", "-c", "-Cnone"],
            &["xz", "-c", "--block-size=100000"],
            &["xz", "-c", "--lzma2=lc=1,lp=3,pb=0"],
            &["xz", "-c", "--lzma2=lc=0,lp=0,pb=4,dict=4096"],
        ],
        &[],
    );
}

#[test]
fn what_xz_can_and_unxz_cannot_is_said() {
    let arch = std::env::consts::ARCH;
    let program = tool(arch, "unxz", &scratch("cc_tools_unxz_filters"));
    let packed = compress(&["xz", "-c", "--x86", "--lzma2"], b"filtered");
    assert!(complaint(arch, &program, &[], &packed).contains("not supported"));
}

#[test]
fn sha256sum_agrees_with_the_systems_and_checks() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_tools_sha256sum_{arch}"));
        let program = tool(arch, "sha256sum", &dir);
        for length in [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 100_000] {
            fs::write(dir.join("data"), vec![b'x'; length]).unwrap();
            let theirs = succeed(Command::new("sha256sum").arg("data").current_dir(&dir));
            assert_eq!(succeed(command(arch, &program).arg("data").current_dir(&dir)), theirs, "{length}");
        }
        fs::write(dir.join("other"), "other").unwrap();
        let list = succeed(Command::new("sha256sum").args(["data", "other"]).current_dir(&dir));
        fs::write(dir.join("list"), &list).unwrap();
        let check = || feed(command(arch, &program).args(["-c", "list"]).current_dir(&dir), b"");
        assert_eq!(String::from_utf8(check().stdout).unwrap(), "data: OK\nother: OK\n");
        fs::write(dir.join("data"), "changed").unwrap();
        let done = check();
        assert_eq!(done.status.code(), Some(1));
        assert_eq!(String::from_utf8(done.stdout).unwrap(), "data: FAILED\nother: OK\n");
        fs::remove_file(dir.join("other")).unwrap();
        assert!(String::from_utf8(check().stdout).unwrap().contains("other: FAILED: No such file"));
        for bad in ["", "no digest\n", &format!("{} x\n", "0".repeat(63)), &format!("{}  \n", "0".repeat(64))]
        {
            fs::write(dir.join("list"), bad).unwrap();
            let done = check();
            assert_eq!(done.status.code(), Some(1), "{bad:?}");
            assert!(String::from_utf8(done.stderr).unwrap().contains("list"), "{bad:?}");
        }
    }
}

#[test]
fn cat_cp_mkdir_chmod() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_tools_small_{arch}"));
        let bin = dir.join("bin");
        fs::create_dir(&bin).unwrap();
        let [cat, cp, mkdir, chmod] = ["cat", "cp", "mkdir", "chmod"].map(|name| tool(arch, name, &bin));
        let run = |program: &Path, words: &str, input: &[u8]| {
            feed(
                command(arch, program).args(words.split(' ').filter(|w| !w.is_empty())).current_dir(&dir),
                input,
            )
        };
        let ok = |program: &Path, words: &str| assert!(run(program, words, b"").status.success(), "{words}");
        let large = vec![b'z'; 200_000];
        fs::write(dir.join("large"), &large).unwrap();
        fs::write(dir.join("small"), "small").unwrap();
        assert!(
            run(&cat, "large small -", b"input").stdout == [large.as_slice(), b"small", b"input"].concat()
        );
        assert_eq!(run(&cat, "", b"only input").stdout, b"only input");
        assert_eq!(run(&cat, "missing", b"").stderr, b"cat: missing: No such file or directory\n");
        ok(&mkdir, "-p a/b//c");
        ok(&mkdir, "-p a/b");
        ok(&mkdir, "d");
        assert_eq!(run(&mkdir, "d", b"").stderr, b"mkdir: d: File exists\n");
        assert_eq!(run(&mkdir, "-p small/x", b"").stderr, b"mkdir: small: exists and is not a directory\n");
        ok(&cp, "large small a/b/c");
        assert!(fs::read(dir.join("a/b/c/large")).unwrap() == large);
        ok(&cp, "-m 755 small program");
        let mode = |file: &str| fs::metadata(dir.join(file)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("program"), mode("a/b/c/small")), (0o755, 0o644));
        ok(&cp, "large large");
        assert!(fs::read(dir.join("large")).unwrap() == large, "a copy to itself");
        std::os::unix::fs::symlink("large", dir.join("link")).unwrap();
        ok(&cp, "small link");
        assert!(fs::read(dir.join("large")).unwrap() == large, "a copy went through a link");
        assert_eq!(run(&cp, "small d/e/f", b"").status.code(), Some(1));
        assert_eq!(run(&cp, "small large program", b"").stderr, b"cp: program: not a directory\n");
        ok(&chmod, "0600 small program");
        assert_eq!((mode("small"), mode("program")), (0o600, 0o600));
        assert_eq!(run(&chmod, "9 small", b"").stderr, b"chmod: 9: not an octal mode\n");
    }
}

/// One header and its data, as tar writes them.
fn member(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    let mut header = vec![0u8; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{:011o}\0", data.len()).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend_from_slice(data);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

/// Everything below a directory: name, kind, mode, content or target.
fn tree(top: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut todo = vec![top.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(top).unwrap().display().to_string();
            if about.is_dir() {
                todo.push(path);
                lines.push(format!("{name}/ {:o}", about.mode()));
            } else if about.is_symlink() {
                lines.push(format!("{name} -> {}", fs::read_link(&path).unwrap().display()));
            } else {
                let content = fs::read(&path).unwrap();
                lines.push(format!("{name} {:o} {} {content:?}", about.mode(), about.nlink()));
            }
        }
    }
    lines.sort();
    lines
}

#[test]
fn untar_unpacks_what_tar_packs() {
    for arch in ARCHES {
        let dir = scratch(&format!("cc_tools_untar_{arch}"));
        let program = tool(arch, "untar", &dir);
        let source = dir.join("source");
        let long = "a_rather_long_component_of_a_name/".repeat(5);
        fs::create_dir_all(source.join(&long)).unwrap();
        fs::create_dir_all(source.join("empty")).unwrap();
        fs::write(source.join("plain"), "content").unwrap();
        fs::write(source.join("nothing"), "").unwrap();
        fs::write(source.join(&long).join("deep"), vec![b'd'; 100_000]).unwrap();
        fs::set_permissions(source.join("plain"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::hard_link(source.join("plain"), source.join("same")).unwrap();
        std::os::unix::fs::symlink("../plain", source.join("empty/link")).unwrap();
        for format in ["ustar", "gnu", "pax"] {
            if format == "gnu" {
                // longer than ustar can say
                std::os::unix::fs::symlink(format!("{long}deep"), source.join("far")).unwrap();
            }
            let packed = succeed(
                Command::new("tar")
                    .arg(format!("--format={format}"))
                    .args(["-C"])
                    .arg(&source)
                    .args(["-c", "."]),
            );
            let target = dir.join(format);
            fs::create_dir(&target).unwrap();
            let done = feed(command(arch, &program).arg(&target), &packed);
            assert!(done.status.success(), "{format}: {}", String::from_utf8_lossy(&done.stderr));
            assert_eq!(tree(&target), tree(&source), "{format}");
        }
        let target = dir.join("stripped");
        fs::create_dir(&target).unwrap();
        let packed = archive(&[
            member("top/", b'5', "", b""),
            member("top/sub/file", b'0', "", b"x"),
            member("top/hard", b'1', "top/sub/file", b""),
        ]);
        assert!(feed(command(arch, &program).args(["-s", "1"]).arg(&target), &packed).status.success());
        assert_eq!(fs::read(target.join("hard")).unwrap(), b"x");
    }
}

#[test]
fn untar_refuses_what_leaves_the_tree() {
    let file = |name: &str| member(name, b'0', "", b"hostile");
    let link = |name: &str, target: &str| member(name, b'2', target, b"");
    let cases: Vec<(&str, Vec<Vec<u8>>, &str)> = vec![
        ("absolute", vec![file("/tmp/x")], "absolute"),
        ("dots", vec![file("../x")], "\"..\""),
        ("dots inside", vec![file("a/../../x")], "\"..\""),
        ("dots at the end", vec![member("a/..", b'5', "", b"")], "\"..\""),
        ("absolute link", vec![link("a", "/etc")], "absolute"),
        ("climbing link", vec![link("a", "..")], "leaves the tree"),
        ("link that climbs later", vec![link("d/a", "x/../../..")], "leaves the tree"),
        ("link by a link", vec![link("d/e/a", "../.."), link("b", "d/e/a/..")], "leaves the tree"),
        (
            "through a link",
            vec![member("d/", b'5', "", b""), link("a", "d"), file("a/x")],
            "through a symbolic link",
        ),
        ("directory over a link", vec![link("a", "d"), member("a", b'5', "", b"")], "symbolic link"),
        ("hard link outside", vec![member("a", b'1', "../secret", b"")], "\"..\""),
        ("hard link, absolute", vec![member("a", b'1', "/etc/passwd", b"")], "absolute"),
        (
            "hard link through a link",
            vec![member("d/", b'5', "", b""), link("a", "d"), member("b", b'1', "a/x", b"")],
            "through a symbolic link",
        ),
        ("device", vec![member("a", b'3', "", b"")], "device"),
        ("block device", vec![member("a", b'4', "", b"")], "device"),
        ("fifo", vec![member("a", b'6', "", b"")], "FIFO"),
        ("unknown", vec![member("a", b'Z', "", b"")], "unknown kind"),
        ("long name with dots", vec![member("x", b'L', "", b"a/../../y\0"), file("x")], "\"..\""),
        ("pax path with dots", vec![member("x", b'x', "", b"18 path=a/../../y\n"), file("x")], "\"..\""),
        ("pax damaged", vec![member("x", b'x', "", b"99 path=a\n"), file("x")], "extended header is damaged"),
        (
            "pax without value",
            vec![member("x", b'x', "", b"7 path\n"), file("x")],
            "extended header is damaged",
        ),
    ];
    let arch = std::env::consts::ARCH;
    let dir = scratch("cc_tools_untar_hostile");
    let program = tool(arch, "untar", &dir);
    let inside = dir.join("jail/inside");
    for (what, members, message) in cases {
        let _ = fs::remove_dir_all(dir.join("jail"));
        fs::create_dir_all(&inside).unwrap();
        fs::write(dir.join("jail/secret"), "secret").unwrap();
        let said = complaint(arch, &program, &[inside.to_str().unwrap()], &archive(&members));
        assert!(said.contains(message), "{what}: {said}");
        let outside: Vec<_> = fs::read_dir(dir.join("jail")).unwrap().collect();
        assert_eq!(outside.len(), 2, "{what}: something was made outside");
        assert_eq!(fs::metadata(dir.join("jail/secret")).unwrap().nlink(), 1, "{what}");
    }
    assert!(!Path::new("/tmp/x").exists());
}

#[test]
fn untar_notices_damage() {
    let arch = std::env::consts::ARCH;
    let dir = scratch("cc_tools_untar_damage");
    let program = tool(arch, "untar", &dir);
    let target = dir.join("target");
    fs::create_dir(&target).unwrap();
    let target = target.to_str().unwrap();
    let packed = archive(&[member("file", b'0', "", &[b'x'; 700]), member("other", b'0', "", b"y")]);
    for length in [0, 1, 511, 512, 600, 1535, 1536, 2000, 2560, 3000] {
        let said = complaint(arch, &program, &[target], &packed[..length]);
        assert!(said.contains("too early"), "{length}: {said}");
    }
    for bit in 0..512 * 8 {
        let mut damaged = packed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let done = feed(command(arch, &program).arg(target), &damaged);
        // blanks and leading zeros of the checksum's own digits carry nothing
        assert!(!done.status.success() || (148..156).contains(&(bit / 8)), "bit {bit} goes unnoticed");
    }
    assert!(complaint(arch, &program, &["/no/such/directory"], &packed).contains("No such file"));
}

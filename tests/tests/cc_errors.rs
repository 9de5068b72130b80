// SPDX-License-Identifier: MIT
//! What cc says about wrong programs: the file, the line, the column, the message, the line of the source with a caret
//! below, a status that is not 0, and no object left behind. gcc refuses each of them too, unless the test names a
//! limit of cc's own (docs/cc.md).

mod cc;

use cc::*;
use std::fs;
use std::os::unix::fs::FileTypeExt;

#[test]
fn each_error_is_said_where_it_is() {
    let dir = scratch("cc_errors");
    let compiler = cc_by_gcc(&dir);
    let object = dir.join("object.o");
    let sources = c_files("tests/cc/fail");
    assert!(sources.len() >= 20, "{} tests", sources.len());
    for source in sources {
        let name = source.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&source).unwrap();
        let want = note(&source, "want").unwrap_or_else(|| panic!("{name}: it does not say what it wants"));
        let refused = feed(gcc("x86_64").args(["-w", "-fsyntax-only"]).arg(&source), b"");
        let own_limit = note(&source, "limit").is_some();
        assert_eq!(refused.status.success(), own_limit, "{name}: gcc takes it?");
        for arch in ARCHES {
            let mut command = cc(&compiler, arch);
            let folder = source.parent().unwrap();
            let done = feed(command.arg("-c").arg("-o").arg(&object).arg(name).current_dir(folder), b"");
            let said = String::from_utf8(done.stderr).unwrap();
            let lines: Vec<&str> = said.lines().collect();
            assert_eq!(lines.first(), Some(&format!("{name}:{want}").as_str()), "{arch}: {said}");
            assert!(!done.status.success() && !object.exists(), "{arch} {name}");
            // LINE:COLUMN: where there is a column, the line and the caret follow
            let numbers: Vec<usize> = want.split(':').map_while(|part| part.parse().ok()).collect();
            if let [line, column] = numbers[..] {
                assert_eq!(lines[1], text.lines().nth(line - 1).unwrap(), "{name}");
                assert_eq!(lines[2], format!("{}^", " ".repeat(column - 1)), "{name}");
            }
        }
    }
}

#[test]
fn a_missing_file_and_an_unknown_option_are_named() {
    let dir = scratch("cc_errors_options");
    let compiler = cc_by_gcc(&dir);
    for words in [&["-c", "not_there.c"][..], &["-target", "pdp11", "x.c"], &["--nonsense"]] {
        let done = feed(cc(&compiler, "x86_64").args(words).current_dir(&dir), b"");
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success(), "{words:?}");
        assert!(
            said.contains(words.iter().find(|word| !["-c", "-target"].contains(word)).unwrap()),
            "{words:?}: {said}"
        );
    }
}

#[test]
fn a_device_as_output_is_written_and_stays() {
    let dir = scratch("cc_errors_device");
    let compiler = cc_by_gcc(&dir);
    let words = ["-xc", "-c", "-", "-o"];
    let done = feed(cc(&compiler, "x86_64").args(words).arg("/dev/stdout"), b"int x = 1;\n");
    assert!(done.status.success() && done.stdout.starts_with(b"\x7fELF"), "{done:?}");
    let done = feed(cc(&compiler, "x86_64").args(words).arg("/dev/full"), b"int x = 1;\n");
    assert!(!done.status.success());
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "cc: writing /dev/full failed\n");
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
}

#[test]
fn the_language_may_be_named() {
    let dir = scratch("cc_errors_language");
    let compiler = cc_by_gcc(&dir);
    for words in [&["-xc"][..], &["-x", "c"]] {
        let done = feed(cc(&compiler, "x86_64").args(words).args(["-E", "-"]), b"#define A 3\nA\n");
        assert!(done.status.success() && done.stdout.ends_with(b"\n3\n"), "{words:?}: {done:?}");
    }
}

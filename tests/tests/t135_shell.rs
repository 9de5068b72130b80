// SPDX-License-Identifier: MIT
//! A person at the board's console, as `cargo xtask shell` connects one: a terminal, keys, the shell of `base`. Lines are
//! edited, recalled and interrupted; a C program is written, changed with vi, compiled by both compilers and run.

use image_packer::plan::Arch;
use nix::pty::openpty;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};
use tests::{base, monitor};
use xtask::exec::Root;
use xtask::shell::{self, Start};

/// Host time that anything which is waited for may take.
const PATIENCE: Duration = Duration::from_secs(240);

const UP: &str = "\x1b[A";
const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";
const HOME: &str = "\x1b[H";
const DELETE: &str = "\x1b[3~";
const BACKSPACE: &str = "\x7f";
const ENTER: &str = "\r";

/// A terminal with a machine behind it.
struct Session {
    child: Child,
    keys: File,
    screen: Receiver<Vec<u8>>,
    /// All that came.
    text: String,
    /// How much of it has been looked at.
    seen: usize,
}

impl Session {
    /// Boots the board with a root, to a login shell.
    fn start(board: &str, root: &Root) -> (Session, tempfile::TempDir) {
        let (board, monitor) = monitor::board(board);
        let folder = tempfile::tempdir().unwrap();
        let words = ["/bin/sh".to_owned(), "-l".to_owned()];
        let env = shell::ENVIRONMENT.map(str::to_owned);
        let start = Start { words: &words, env: &env, cwd: "/" };
        let mut command = shell::command(&board, &monitor, root, &start, folder.path()).unwrap();
        let terminal = openpty(None, None).unwrap();
        let end = || Stdio::from(terminal.slave.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        // The command holds ends of the terminal, too.
        drop(command);
        drop(terminal.slave);
        let keys = File::from(terminal.master);
        let mut source = keys.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // It ends with an error when the emulator has closed the terminal.
            while let Ok(count) = source.read(&mut buffer)
                && count > 0
                && sender.send(buffer[..count].to_vec()).is_ok()
            {}
        });
        (Session { child, keys, screen, text: String::new(), seen: 0 }, folder)
    }

    /// Types keys.
    fn keys(&mut self, keys: &[&str]) {
        self.keys.write_all(keys.concat().as_bytes()).unwrap();
    }

    /// Waits until the text is on the screen, behind what was waited for before.
    fn wait(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.text[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                // The emulator leaves it to this terminal, too, to begin a line at its left.
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes).replace('\r', "")),
                Err(error) => {
                    panic!("{text:?} has not come: {error}; since then:\n{:?}", &self.text[self.seen..])
                }
            }
        }
    }

    /// Waits for the prompt, in /home.
    fn prompt(&mut self) {
        self.wait("/home # ");
    }

    /// Types a line and waits for what it prints, alone on a line, and the prompt.
    fn line(&mut self, keys: &[&str], said: &str) {
        self.keys(keys);
        self.keys(&[ENTER]);
        self.wait(&format!("\n{said}\n"));
        self.prompt();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PROGRAM: [&str; 7] = [
    "#include <stdio.h>",
    "int main(int argc, char **argv)",
    "{",
    "    puts(\"broken\");",
    "    printf(\"%s: %.2f\\n\", argv[1], argc / 3.0);",
    "    return argc;",
    "}",
];

fn a_person_at_the_console(board: &str, arch: Arch, test: &str) {
    let folder = base::rootfs(arch, test);
    let root = Root::read(Some(&folder.join("rootfs.tar")), None).unwrap();
    let (mut session, _files) = Session::start(board, &root);
    // The home directory is the root.
    session.wait("~ # ");
    session.keys(&["mkdir /home; cd /home", ENTER]);
    session.prompt();

    // A key too many, one that is missing, and what another one would have hidden at the line's end.
    session.line(
        &["echoo", BACKSPACE, " frst", LEFT, LEFT, LEFT, "i", RIGHT, RIGHT, RIGHT, " line"],
        "first line",
    );
    session.line(&["xecho second", HOME, DELETE], "second");
    session.line(&[UP], "second");
    session.line(&[UP, UP, BACKSPACE, BACKSPACE, BACKSPACE, BACKSPACE, "word"], "first word");

    // Ctrl-C ends what runs in front, and a line that is being typed.
    session.keys(&["sleep 1000", ENTER]);
    session.wait("sleep 1000\n");
    session.keys(&["\x03"]);
    session.prompt();
    session.keys(&["false half a line"]);
    session.wait("false half a line");
    session.keys(&["\x03"]);
    session.prompt();
    session.line(&["echo status $?"], "status 130");

    // A here-document, then vi: a line goes, a character changes, the file is written.
    session.keys(&["cat >hello.c <<'END'", ENTER]);
    for line in PROGRAM {
        session.wait("> ");
        session.keys(&[line, ENTER]);
    }
    session.wait("> ");
    session.keys(&["END", ENTER]);
    session.prompt();
    session.keys(&["vi hello.c", ENTER]);
    session.wait("1/7");
    session.keys(&["/broken", ENTER]);
    session.wait("4/7");
    session.keys(&["dd"]);
    session.wait("Delete 1 lines");
    session.keys(&["/2f", ENTER, "r3"]);
    session.keys(&[":wq", ENTER]);
    session.prompt();
    session.line(&["grep -c broken hello.c"], "0");
    session.line(&["cc -o by-cc hello.c && ./by-cc cc; echo status $?"], "cc: 0.667\nstatus 2");
    session.line(&["tcc -o by-tcc hello.c && ./by-tcc tcc; echo status $?"], "tcc: 0.667\nstatus 2");
    session.line(&["cmp by-cc by-tcc >/tmp/differ || echo two programs"], "two programs");

    // What is typed while something else runs is not lost.
    session.keys(&["sleep 1", ENTER, "echo a", "head", ENTER]);
    session.wait("\nahead\n");
    session.prompt();

    session.keys(&["exit 7", ENTER]);
    session.wait("end code=7 reason=exit");
    session.child.wait().unwrap();
}

#[test]
fn t135_a_person_at_the_console_of_pc() {
    a_person_at_the_console("pc", Arch::X86_64, "t135");
}

#[test]
#[ignore = "two minutes under a user-mode emulator before it begins"]
fn t136_a_person_at_the_console_of_virt() {
    a_person_at_the_console("virt", Arch::Aarch64, "t136");
}

// SPDX-License-Identifier: MIT
//! The output device: what is written to it, what is refused, and going on after a power cut.

mod disk;

use disk::{Medium, machine, medium};
use image_packer::payload::Target;
use kernel_lite::kernel::Kernel;
use kernel_lite::output::checkpoint::Checkpoints;
use kernel_lite::output::{Disk, OutputError, SECTOR};
use kernel_lite::testing::mem;
use kernel_lite::vfs::{Body, Data, Origin};
use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

fn kernel(medium: &Rc<RefCell<Medium>>) -> (Kernel, Disk) {
    let machine = Box::leak(Box::new(machine(&[("other", &self::medium(8)), ("out", medium)])));
    let mut k = Kernel::new(mem(512), machine);
    let disk = Disk::find(k.machine, Target::Serial(b"out")).unwrap();
    k.vfs.add_input(&mut k.mem, b"/src/a", b"an input", 0o644, Origin::Input).unwrap();
    (k, disk)
}

fn add(k: &mut Kernel, step: u32, path: &str, bytes: &[u8], mode: u16) {
    k.vfs.step = step;
    let mut data = Data::new();
    data.write(&mut k.mem, 0, bytes).unwrap();
    k.vfs.add_body(&mut k.mem, path.as_bytes(), Body::File(data), mode, Origin::Step(step)).unwrap();
}

fn first_step(k: &mut Kernel) {
    add(k, 1, "/bin/tool", &[7; 70_000], 0o755);
    let body = Body::Symlink(b"tool".as_slice().into());
    k.vfs.add_body(&mut k.mem, b"/bin/link", body, 0o777, Origin::Step(1)).unwrap();
    let tool = k.vfs.at(k.vfs.store, b"/bin/tool").unwrap();
    let dir = k.vfs.at(k.vfs.store, b"/bin").unwrap();
    k.vfs.link(dir, b"twin", tool).unwrap();
}

fn second_step(k: &mut Kernel) {
    add(k, 2, "/lib/od d/x", b"library", 0o600);
    let empty = k.vfs.make_directories(&mut k.mem, k.vfs.store, b"/lib/empty").unwrap();
    k.vfs.inode_mut(empty).mode = 0o700;
}

fn all(_: &[u8]) -> bool {
    true
}

fn bin(path: &[u8]) -> bool {
    path.starts_with(b"/bin/")
}

fn lib(path: &[u8]) -> bool {
    path.starts_with(b"/lib/")
}

fn image(medium: &Rc<RefCell<Medium>>, name: &str) -> std::path::PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, &medium.borrow().bytes).unwrap();
    path
}

fn debugfs(image: &Path, command: &str) -> Vec<u8> {
    let output = Command::new("/sbin/debugfs").args(["-R", command]).arg(image).output().unwrap();
    output.stdout
}

#[test]
fn the_root_file_system_holds_the_outputs_and_nothing_else() {
    let disk = medium(20_000);
    let (mut k, target) = kernel(&disk);
    first_step(&mut k);
    second_step(&mut k);
    let sums = k.outputs_sha256(&all);
    k.add_paper(b"/firstlight/OUTPUTS.sha256", sums.clone().leak(), None).unwrap();
    k.add_paper(b"/firstlight/events.log", b"log\n", None).unwrap();
    k.write_root(&target, &all).unwrap();
    let path = image(&disk, "output-root");
    let check = Command::new("/sbin/e2fsck").arg("-fn").arg(&path).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    assert_eq!(debugfs(&path, "cat /bin/twin"), [7; 70_000]);
    assert_eq!(debugfs(&path, "cat /firstlight/events.log"), b"log\n");
    let list = String::from_utf8(debugfs(&path, "ls -p /lib")).unwrap();
    assert!(list.contains("/040700/0/0/empty/"), "{list}");
    let root = String::from_utf8(debugfs(&path, "ls -p /")).unwrap();
    assert_eq!(root.lines().filter(|line| !line.trim().is_empty()).count(), 9, "{root}");
    for mount_point in ["/040755/0/0/dev/", "/040555/0/0/proc/", "/040555/0/0/sys/", "/041777/0/0/tmp/"] {
        assert!(root.contains(mount_point), "{root}");
    }
    // sha256sum -c passes on what debugfs takes out.
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("output-tree");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir(&out).unwrap();
    debugfs(&path, &format!("rdump / {}", out.display()));
    let sum = Command::new("sha256sum")
        .args(["-c", "firstlight/OUTPUTS.sha256"])
        .current_dir(&out)
        .output()
        .unwrap();
    assert!(
        sum.status.success(),
        "{}{}",
        String::from_utf8_lossy(&sum.stdout),
        String::from_utf8_lossy(&sum.stderr)
    );
    assert_eq!(sums.split(|byte| *byte == b'\n').count(), 4);
    std::fs::remove_file(path).unwrap();
    std::fs::remove_dir_all(out).unwrap();

    // What is kept decides; and equal content is an equal image, however it came about.
    let (small, again) = (medium(20_000), medium(20_000));
    let (mut k, target) = kernel(&small);
    second_step(&mut k);
    first_step(&mut k);
    k.write_root(&target, &bin).unwrap();
    let (mut k, target) = kernel(&again);
    first_step(&mut k);
    k.write_root(&target, &bin).unwrap();
    assert!(small.borrow().bytes == again.borrow().bytes);
}

#[test]
fn a_target_is_chosen_by_name_alone() {
    let (one, two) = (medium(100), medium(100));
    let find = |disks: &[(&str, &Rc<RefCell<Medium>>)], name: &str| {
        Disk::find(&mut machine(disks), Target::Serial(name.as_bytes())).map(|disk| disk.sectors)
    };
    assert_eq!(find(&[("a", &one), ("b", &two)], "b"), Ok(100));
    assert_eq!(find(&[("a", &one)], "b"), Err(OutputError::Missing));
    assert_eq!(find(&[], "b"), Err(OutputError::Missing));
    assert_eq!(find(&[("b", &one), ("b", &two)], "b"), Err(OutputError::Ambiguous));
    two.borrow_mut().read_only = true;
    assert_eq!(find(&[("b", &two)], "b"), Err(OutputError::ReadOnly));
}

/// CRC-32 bit by bit, most significant first on mirrored bytes: another road than the monitor's.
fn crc(bytes: &[u8]) -> u32 {
    let mut rest = !0u32;
    for byte in bytes {
        rest ^= u32::from(byte.reverse_bits()) << 24;
        for _ in 0..8 {
            rest = if rest >> 31 != 0 { rest << 1 ^ 0x04c1_1db7 } else { rest << 1 };
        }
    }
    !rest.reverse_bits()
}

/// A disk of 8 MiB with a GPT.
fn partitioned(partitions: &[(&str, u64, u64)]) -> Vec<u8> {
    let mut disk = vec![0; 8 << 20];
    let mut table = vec![0; 128 * 128];
    for (raw, (label, first, last)) in table.chunks_exact_mut(128).zip(partitions) {
        raw[..16].fill(0x11);
        raw[32..40].copy_from_slice(&first.to_le_bytes());
        raw[40..48].copy_from_slice(&last.to_le_bytes());
        for (unit, place) in label.encode_utf16().zip(raw[56..].chunks_exact_mut(2)) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }
    let mut header = vec![0; 92];
    header[..12].copy_from_slice(b"EFI PART\0\0\x01\0");
    header[12..16].copy_from_slice(&92u32.to_le_bytes());
    for (at, value) in [(24, 1u64), (32, 16383), (40, 34), (48, 16350), (72, 2)] {
        header[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    for (at, value) in [(80, 128), (84, 128), (88, crc(&table))] {
        header[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
    }
    let sum = crc(&header);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    disk[512..604].copy_from_slice(&header);
    disk[1024..1024 + table.len()].copy_from_slice(&table);
    disk
}

#[test]
fn crc32_is_the_standard_s() {
    // The check value of CRC-32/ISO-HDLC.
    assert_eq!(crc(b"123456789"), 0xcbf4_3926);
}

#[test]
fn a_partition_is_chosen_by_its_label() {
    let disk = medium(8);
    disk.borrow_mut().bytes = partitioned(&[("other", 2048, 6143), ("first light", 6144, 12287)]);
    let find = |label: &str| Disk::find(&mut machine(&[("x", &disk)]), Target::GptLabel(label.as_bytes()));
    let target = find("first light").unwrap();
    assert_eq!(target.sectors, (3 << 20) / 512);
    assert_eq!(find("first"), Err(OutputError::Missing));
    assert_eq!(find("first light "), Err(OutputError::Missing));
    // Outside of the partition not a byte changes.
    let before = disk.borrow().bytes.clone();
    let machine = Box::leak(Box::new(machine(&[("x", &disk)])));
    let mut k = Kernel::new(mem(1024), machine);
    add(&mut k, 1, "/f", b"text", 0o644);
    k.write_root(&target, &all).unwrap();
    let mut list = Checkpoints::new(target, [1; 32]);
    list.save(&mut k, b"one", &all, b"").unwrap();
    let after = disk.borrow().bytes.clone();
    let changed: Vec<usize> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    assert!(
        changed[0] >= 3 << 20 && *changed.last().unwrap() < 6 << 20,
        "{} {:?}",
        changed[0],
        changed.last()
    );
    // Each byte of the header and of the used entries counts.
    for at in (512..604).chain(1024..1280) {
        disk.borrow_mut().bytes = before.clone();
        disk.borrow_mut().bytes[at] ^= 0x40;
        assert!(find("first light").is_err(), "byte {at}");
    }
}

#[test]
fn full_protected_and_broken_devices_are_errors() {
    let disk = medium(100);
    let (mut k, target) = kernel(&disk);
    first_step(&mut k);
    assert!(matches!(k.write_root(&target, &all), Err(OutputError::Full)));
    let mut list = Checkpoints::new(target, [1; 32]);
    assert!(matches!(list.save(&mut k, b"one", &bin, b""), Err(OutputError::Full)));
    assert!(disk.borrow().bytes.iter().all(|byte| *byte == 0xa5), "nothing was written");
    // Image and checkpoint fit alone, but not together.
    let disk = medium(300);
    let (mut k, target) = kernel(&disk);
    first_step(&mut k);
    k.write_root(&target, &all).unwrap();
    let mut list = Checkpoints::new(target, [1; 32]);
    list.save(&mut k, b"one", &bin, b"").unwrap();
    assert!(matches!(k.write_root(&target, &all), Err(OutputError::Full)));
    disk.borrow_mut().broken = true;
    assert_eq!(list.save(&mut k, b"two", &|_| false, b""), Err(OutputError::Device));
}

#[test]
fn a_run_goes_on_behind_its_last_whole_checkpoint() {
    let disk = medium(4000);
    let closure = [9; 32];
    let (mut k, target) = kernel(&disk);
    first_step(&mut k);
    let mut list = Checkpoints::new(target, closure);
    list.save(&mut k, b"one", &bin, b"events of one\n").unwrap();
    second_step(&mut k);
    list.save(&mut k, b"two", &lib, b"").unwrap();
    let sums = k.outputs_sha256(&all);
    let whole = disk.borrow().bytes.clone();

    let restore = |closure, names: &[&str]| {
        let (mut k, target) = kernel(&disk);
        let mut list = Checkpoints::new(target, closure);
        let mut events = Vec::new();
        for name in names {
            match list.restore(&mut k, name.as_bytes()).unwrap() {
                Some(text) => events.push(text),
                None => break,
            }
        }
        (k, events)
    };
    let (mut again, events) = restore(closure, &["one", "two", "three"]);
    assert_eq!(events, [&b"events of one\n"[..], b""]);
    assert_eq!(again.outputs_sha256(&all), sums);
    let (first, second) = (medium(4000), medium(4000));
    for (k, disk) in [(&mut k, &first), (&mut again, &second)] {
        let (_, target) = kernel(disk);
        let machine = Box::leak(Box::new(machine(&[("other", &medium(8)), ("out", disk)])));
        k.machine = machine;
        k.write_root(&target, &all).unwrap();
    }
    assert!(first.borrow().bytes == second.borrow().bytes, "modes, links and all are restored");

    // Another closure, another order: nothing is taken over.
    assert_eq!(restore([8; 32], &["one"]).1.len(), 0);
    assert_eq!(restore(closure, &["two"]).1.len(), 0);
    // A damaged byte anywhere in a record ends the list before it.
    let mut at = whole.len() - 1;
    while whole[at] == 0 {
        at -= 1;
    }
    for damaged in [at, at - 100, at - 2000, at - 60_000] {
        disk.borrow_mut().bytes = whole.clone();
        disk.borrow_mut().bytes[damaged] ^= 1;
        assert_eq!(restore(closure, &["one", "two"]).1.len(), 0, "byte {damaged}");
    }
    // The power fails after any number of writes of the second step's record.
    let lost = (0..20).map(|writes| {
        disk.borrow_mut().bytes = vec![0; whole.len()];
        let (mut k, target) = kernel(&disk);
        let mut list = Checkpoints::new(target, closure);
        first_step(&mut k);
        list.save(&mut k, b"one", &bin, b"events of one\n").unwrap();
        add(&mut k, 2, "/lib/big", &vec![3; 300_000], 0o644);
        disk.borrow_mut().writes_left = Some(writes);
        list.save(&mut k, b"two", &lib, b"").unwrap();
        disk.borrow_mut().writes_left = None;
        let (k, events) = restore(closure, &["one", "two"]);
        assert!(k.vfs.at(k.vfs.store, b"/bin/tool").is_some());
        assert_eq!(k.vfs.at(k.vfs.store, b"/lib/big").is_some(), events.len() == 2);
        events.len()
    });
    let lost: Vec<usize> = lost.collect();
    assert_eq!(lost[0], 1);
    assert_eq!(*lost.last().unwrap(), 2);
    assert!(lost.is_sorted());
}

/// A record's head: its fields, and nothing behind them.
fn head(closure: [u8; 32], number: u64, step: &[u8], bytes: u64, sha256: [u8; 32]) -> Vec<u8> {
    let mut name = [0; 64];
    name[..step.len()].copy_from_slice(step);
    let parts: [&[u8]; 6] =
        [b"firstlight checkpoint 2\n", &closure, &number.to_le_bytes(), &name, &bytes.to_le_bytes(), &sha256];
    parts.concat()
}

/// A member of a record.
fn member(mode: u16, size: u64, path: &[u8], rest: &[u8]) -> Vec<u8> {
    let second = path.len() as u64 | u64::from(mode) << 32;
    [&size.to_le_bytes(), &second.to_le_bytes(), path, rest].concat()
}

/// Records with right digests but content that nobody writes: an error or nothing, never a panic.
#[test]
fn foreign_records_do_no_harm() {
    let no_events = [0; 8];
    let behind = |member: Vec<u8>| [&no_events[..], &member].concat();
    let contents = [
        b"".to_vec(),
        b"events".to_vec(),
        b"\x05\0\0\0\0\0\0\0abc".to_vec(),
        [0xff; 8].to_vec(),
        behind(b"abc".to_vec()),
        behind(member(0o100644, 10, b"/x", b"abc")),
        behind(member(0o100644, u64::MAX, b"/x", b"abc")),
        behind(member(0o100644, 0, b"/a/../b", b"")),
        behind(member(0o100644, 0, b"/..", b"")),
        behind(member(0o100644, 0, b"", b"")),
        behind(member(0o100644, 0, b"/src/a", b"")),
        behind(member(0o100644, 0, b"/src/a/b", b"")),
        behind(member(0, 5, b"/x", b"/none")),
        behind(member(0, 4, b"/x", b"/src")),
        behind(member(0, 6, b"/src/a", b"/src/a")),
        behind(member(0, 6, b"/src/a/x", b"/src/a")),
        behind(member(0o120777, 5000, b"/x", &[b'x'; 5000])),
        behind(member(0o040644, 0, b"/src/a", b"")),
        behind(member(0o020644, 0, b"/x", b"")),
        behind([0, u64::MAX].map(u64::to_le_bytes).concat()),
        behind([0, 5000].map(u64::to_le_bytes).concat()),
    ];
    let put = |disk: &Rc<RefCell<Medium>>, content: &[u8], head: &[u8]| {
        let mut medium = disk.borrow_mut();
        let end = medium.bytes.len();
        medium.bytes[end - SECTOR..].fill(0);
        medium.bytes[end - SECTOR..][..head.len()].copy_from_slice(head);
        let start = end - SECTOR - content.len().next_multiple_of(SECTOR);
        medium.bytes[start..start + content.len()].copy_from_slice(content);
    };
    for content in contents {
        let disk = medium(64);
        let (mut k, target) = kernel(&disk);
        let digest = kernel_lite::sha256::digest(&content);
        put(&disk, &content, &head([9; 32], 1, b"one", content.len() as u64, digest));
        let result = Checkpoints::new(target, [9; 32]).restore(&mut k, b"one");
        assert_eq!(result, Ok(None), "{}", content.escape_ascii());
    }
    // What is written is found; headers of nonsense sizes are not.
    let digest = kernel_lite::sha256::digest(&no_events);
    for (bytes, found) in [(8, true), (7, false), (u64::MAX, false), (63 * 512 + 1, false), (32768, false)] {
        let disk = medium(64);
        let (mut k, target) = kernel(&disk);
        put(&disk, &no_events, &head([9; 32], 1, b"one", bytes, digest));
        let result = Checkpoints::new(target, [9; 32]).restore(&mut k, b"one");
        assert_eq!(result, Ok(found.then(Vec::new)), "{bytes}");
    }
}

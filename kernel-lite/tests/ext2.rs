// SPDX-License-Identifier: MIT
//! The ext2 writer, judged by e2fsck and debugfs.

use kernel_lite::ext2::{BLOCK, DIRECTORY, Error, FIFO, FILE, Image, SYMLINK};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file's bytes follow from its node number, so that a block in the wrong place is seen.
fn byte(node: usize, offset: u64) -> u8 {
    ((offset ^ (offset >> 8) ^ (offset >> 16)) as u8).wrapping_mul(31).wrapping_add(node as u8)
}

fn write_to(image: &Image, path: &Path) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut read = |node: usize, offset: u64, buffer: &mut [u8]| {
        for (index, slot) in buffer.iter_mut().enumerate() {
            *slot = byte(node, offset + index as u64);
        }
    };
    let mut count = 0;
    image
        .write(&mut read, &mut |block: &[u8; BLOCK]| {
            count += 1;
            file.write_all(block)
        })
        .unwrap();
    file.flush().unwrap();
    assert_eq!(count, image.blocks());
}

fn finished(mut image: Image, id: [u8; 16]) -> Image {
    image.finish(id).unwrap();
    image
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn checked(&self, image: &Image) -> PathBuf {
        let path = self.0.join("image");
        write_to(image, &path);
        let check = Command::new("/sbin/e2fsck").arg("-fn").arg(&path).output().unwrap();
        let text = String::from_utf8_lossy(&check.stdout).into_owned();
        assert!(check.status.success(), "e2fsck: {text}{}", String::from_utf8_lossy(&check.stderr));
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn debugfs(image: &Path, command: &str) -> Vec<u8> {
    let output = Command::new("/sbin/debugfs").args(["-R", command]).arg(image).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn an_empty_root_is_clean() {
    let scratch = Scratch::new("ext2-empty");
    scratch.checked(&finished(Image::new(), [7; 16]));
}

#[test]
fn every_kind_of_entry_is_read_back() {
    let mut tree = Image::new();
    let bin = tree.add(0, b"bin", DIRECTORY | 0o755, 0, b"").unwrap();
    let tool = tree.add(bin, b"tool", FILE | 0o4755, 100_000, b"").unwrap();
    tree.link(0, b"tool-too", tool).unwrap();
    tree.add(0, b"empty", FILE | 0o600, 0, b"").unwrap();
    tree.add(0, b"fast", SYMLINK | 0o777, 0, b"bin/tool").unwrap();
    let long = [b'x'; 300];
    tree.add(0, b"slow", SYMLINK | 0o777, 0, &long).unwrap();
    let edge = [b'y'; 60];
    tree.add(0, b"edge", SYMLINK | 0o777, 0, &edge).unwrap();
    tree.add(0, b"pipe", FIFO | 0o644, 0, b"").unwrap();
    let scratch = Scratch::new("ext2-kinds");
    let image = scratch.checked(&finished(tree, [7; 16]));

    let listing = String::from_utf8(debugfs(&image, "ls -p /")).unwrap();
    for line in
        ["/120777/0/0/fast/8/", "/100600/0/0/empty/0/", "/104755/0/0/tool-too/100000/", "/010644/0/0/pipe/"]
    {
        assert!(listing.contains(line), "{line} in {listing}");
    }
    let expected: Vec<u8> = (0..100_000).map(|offset| byte(tool, offset)).collect();
    assert!(debugfs(&image, "cat /tool-too") == expected);
    let stat = String::from_utf8(debugfs(&image, "stat /slow")).unwrap();
    assert!(stat.contains("Size: 300"), "{stat}");
    assert!(stat.contains("mtime: 0x00000001"), "{stat}");
    let stat = String::from_utf8(debugfs(&image, "stat /bin/tool")).unwrap();
    assert!(stat.contains("Links: 2"), "{stat}");
}

#[test]
fn ten_thousand_names_and_deep_directories() {
    let mut tree = Image::new();
    let many = tree.add(0, b"many", DIRECTORY | 0o755, 0, b"").unwrap();
    for number in 0..10_000 {
        let name = format!("a-rather-long-file-name-{number:05}");
        tree.add(many, name.as_bytes(), FILE | 0o644, number % 3, b"").unwrap();
    }
    let mut parent = 0;
    for depth in 0..200 {
        parent = tree.add(parent, format!("d{depth}").as_bytes(), DIRECTORY | 0o755, 0, b"").unwrap();
    }
    let scratch = Scratch::new("ext2-many");
    let image = scratch.checked(&finished(tree, [7; 16]));
    let listing = String::from_utf8(debugfs(&image, "ls -p /many")).unwrap();
    assert_eq!(listing.lines().filter(|line| line.contains("a-rather-long")).count(), 10_000);
}

/// Inodes without data in more than one group.
#[test]
fn more_inodes_than_a_group_can_hold() {
    let mut tree = Image::new();
    for number in 0..70_000 {
        tree.add(0, format!("{number}").as_bytes(), FILE | 0o644, 0, b"").unwrap();
    }
    Scratch::new("ext2-inodes").checked(&finished(tree, [7; 16]));
}

#[test]
fn single_double_and_triple_indirection() {
    let scratch = Scratch::new("ext2-large");
    let edge = |blocks: u64| blocks * BLOCK as u64;
    let sizes = [
        edge(12),
        edge(12) + 1,
        edge(12 + 1024),
        edge(12 + 1024) + 1,
        edge(12 + 3 * 1024) - 1,
        edge(40_000), // more than one group
    ];
    let mut tree = Image::new();
    let nodes: Vec<_> = sizes
        .iter()
        .map(|&size| tree.add(0, format!("f{size}").as_bytes(), FILE | 0o644, size, b"").unwrap())
        .collect();
    let image = scratch.checked(&finished(tree, [7; 16]));
    for (size, node) in sizes.into_iter().zip(nodes) {
        let found = debugfs(&image, &format!("cat /f{size}"));
        assert_eq!(found.len() as u64, size);
        assert!((0..size).all(|offset| found[offset as usize] == byte(node, offset)), "{size}");
    }
}

/// 4.1 GiB: triple indirection and `large_file`. Written as a sparse file: only what is not zero.
#[test]
fn a_file_of_more_than_four_gibibytes() {
    use std::io::{Seek, SeekFrom, Write};
    let scratch = Scratch::new("ext2-huge");
    let size = (4 << 30) + (100 << 20) + 5;
    let mut tree = Image::new();
    tree.add(0, b"huge", FILE | 0o644, size, b"").unwrap();
    let image = finished(tree, [7; 16]);
    let path = scratch.0.join("image");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut place = 0;
    image
        .write(&mut |_, _, buffer| buffer.fill(0), &mut |block: &[u8; BLOCK]| {
            if block.iter().any(|&byte| byte != 0) {
                file.seek(SeekFrom::Start(place))?;
                file.write_all(block)?;
            }
            place += BLOCK as u64;
            Ok::<(), std::io::Error>(())
        })
        .unwrap();
    file.set_len(place).unwrap();
    let check = Command::new("/sbin/e2fsck").arg("-fn").arg(&path).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    let stat = String::from_utf8(debugfs(&path, "stat /huge")).unwrap();
    assert!(stat.contains(&format!("Size: {size}")), "{stat}");
}

#[test]
fn equal_content_is_an_equal_image() {
    let build = || {
        let mut tree = Image::new();
        let dir = tree.add(0, b"d", DIRECTORY | 0o700, 0, b"").unwrap();
        tree.add(dir, b"f", FILE | 0o644, 5000, b"").unwrap();
        finished(tree, [1; 16])
    };
    let scratch = Scratch::new("ext2-equal");
    let (first, second) = (scratch.0.join("1"), scratch.0.join("2"));
    write_to(&build(), &first);
    write_to(&build(), &second);
    assert!(std::fs::read(first).unwrap() == std::fs::read(second).unwrap());
}

#[test]
fn what_ext2_cannot_hold_is_refused() {
    let mut tree = Image::new();
    let file = tree.add(0, b"f", FILE | 0o644, 1, b"").unwrap();
    for name in [&b""[..], b".", b"..", b"a/b", b"a\0b", &[b'n'; 256]] {
        assert_eq!(tree.add(0, name, FIFO | 0o644, 0, b""), Err(Error::Name));
    }
    assert_eq!(tree.add(file, b"x", FIFO | 0o644, 0, b""), Err(Error::NotADirectory));
    assert_eq!(tree.add(0, b"x", FILE | 0o644, 1 << 43, b""), Err(Error::Size));
    let target = vec![b'x'; BLOCK];
    assert_eq!(tree.add(0, b"x", SYMLINK | 0o777, 0, &target), Err(Error::Size));
    let dir = tree.add(0, b"d", DIRECTORY | 0o755, 0, b"").unwrap();
    assert_eq!(tree.link(0, b"d2", dir), Err(Error::NotADirectory));
    for number in 1..32_000 {
        tree.link(dir, format!("{number}").as_bytes(), file).unwrap();
    }
    assert_eq!(tree.link(dir, b"one too many", file), Err(Error::Links));
    let mut twice = Image::new();
    twice.add(0, b"f", FILE | 0o644, 1, b"").unwrap();
    twice.add(0, b"f", FILE | 0o644, 1, b"").unwrap();
    assert!(matches!(twice.finish([0; 16]), Err(Error::Name)));
}

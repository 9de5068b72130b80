// SPDX-License-Identifier: MIT
//! The ext2 writer, judged by e2fsck and debugfs.

use kernel_lite::ext2::{BLOCK, Builder, Content, Error, Image};
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
    scratch.checked(&Builder::new().finish([7; 16]).unwrap());
}

#[test]
fn every_kind_of_entry_is_read_back() {
    let mut tree = Builder::new();
    let bin = tree.add(0, b"bin", Content::Directory, 0o755).unwrap();
    let tool = tree.add(bin, b"tool", Content::File(100_000), 0o4755).unwrap();
    tree.link(0, b"tool-too", tool).unwrap();
    tree.add(0, b"empty", Content::File(0), 0o600).unwrap();
    tree.add(0, b"fast", Content::Symlink(b"bin/tool".as_slice().into()), 0o777).unwrap();
    let long = [b'x'; 300];
    tree.add(0, b"slow", Content::Symlink(long.as_slice().into()), 0o777).unwrap();
    let edge = [b'y'; 60];
    tree.add(0, b"edge", Content::Symlink(edge.as_slice().into()), 0o777).unwrap();
    tree.add(0, b"pipe", Content::Fifo, 0o644).unwrap();
    let scratch = Scratch::new("ext2-kinds");
    let image = scratch.checked(&tree.finish([7; 16]).unwrap());

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
    let mut tree = Builder::new();
    let many = tree.add(0, b"many", Content::Directory, 0o755).unwrap();
    for number in 0..10_000 {
        let name = format!("a-rather-long-file-name-{number:05}");
        tree.add(many, name.as_bytes(), Content::File(number % 3), 0o644).unwrap();
    }
    let mut parent = 0;
    for depth in 0..200 {
        parent = tree.add(parent, format!("d{depth}").as_bytes(), Content::Directory, 0o755).unwrap();
    }
    let scratch = Scratch::new("ext2-many");
    let image = scratch.checked(&tree.finish([7; 16]).unwrap());
    let listing = String::from_utf8(debugfs(&image, "ls -p /many")).unwrap();
    assert_eq!(listing.lines().filter(|line| line.contains("a-rather-long")).count(), 10_000);
}

/// Inodes without data in more than one group.
#[test]
fn more_inodes_than_a_group_can_hold() {
    let mut tree = Builder::new();
    for number in 0..70_000 {
        tree.add(0, format!("{number}").as_bytes(), Content::File(0), 0o644).unwrap();
    }
    Scratch::new("ext2-inodes").checked(&tree.finish([7; 16]).unwrap());
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
    let mut tree = Builder::new();
    let nodes: Vec<_> = sizes
        .iter()
        .map(|&size| tree.add(0, format!("f{size}").as_bytes(), Content::File(size), 0o644).unwrap())
        .collect();
    let image = scratch.checked(&tree.finish([7; 16]).unwrap());
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
    let mut tree = Builder::new();
    tree.add(0, b"huge", Content::File(size), 0o644).unwrap();
    let image = tree.finish([7; 16]).unwrap();
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
        let mut tree = Builder::new();
        let dir = tree.add(0, b"d", Content::Directory, 0o700).unwrap();
        tree.add(dir, b"f", Content::File(5000), 0o644).unwrap();
        tree.finish([1; 16]).unwrap()
    };
    let scratch = Scratch::new("ext2-equal");
    let (first, second) = (scratch.0.join("1"), scratch.0.join("2"));
    write_to(&build(), &first);
    write_to(&build(), &second);
    assert!(std::fs::read(first).unwrap() == std::fs::read(second).unwrap());
}

#[test]
fn what_ext2_cannot_hold_is_refused() {
    let mut tree = Builder::new();
    let file = tree.add(0, b"f", Content::File(1), 0o644).unwrap();
    for name in [&b""[..], b".", b"..", b"a/b", b"a\0b", &[b'n'; 256]] {
        assert_eq!(tree.add(0, name, Content::Fifo, 0o644), Err(Error::Name));
    }
    assert_eq!(tree.add(file, b"x", Content::Fifo, 0o644), Err(Error::NotADirectory));
    assert_eq!(tree.add(0, b"x", Content::File(1 << 43), 0o644), Err(Error::Size));
    let target = vec![b'x'; BLOCK];
    assert_eq!(tree.add(0, b"x", Content::Symlink(target.into()), 0o777), Err(Error::Size));
    let dir = tree.add(0, b"d", Content::Directory, 0o755).unwrap();
    assert_eq!(tree.link(0, b"d2", dir), Err(Error::NotADirectory));
    for number in 1..32_000 {
        tree.link(dir, format!("{number}").as_bytes(), file).unwrap();
    }
    assert_eq!(tree.link(dir, b"one too many", file), Err(Error::Links));
    let mut twice = Builder::new();
    twice.add(0, b"f", Content::File(1), 0o644).unwrap();
    twice.add(0, b"f", Content::File(1), 0o644).unwrap();
    assert!(matches!(twice.finish([0; 16]), Err(Error::Name)));
}

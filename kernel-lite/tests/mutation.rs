// SPDX-License-Identifier: MIT
//! Readers of foreign bytes against mutations of good input: fixed ones, so that a failure repeats itself.
//! `docs/fuzzing.md` goes further.

mod disk;

use disk::{Medium, machine, medium};
use image_packer::payload::Target;
use kernel_lite::exec::Program;
use kernel_lite::kernel::Kernel;
use kernel_lite::output::checkpoint::Checkpoints;
use kernel_lite::output::{Disk, SECTOR};
use kernel_lite::sha256::digest;
use kernel_lite::testing::{empty_kernel, mem};
use kernel_lite::vfs::{Origin, Vfs};
use kernel_lite::{arch, elf};
use std::cell::RefCell;
use std::rc::Rc;

/// A linear congruential generator (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// One to four changes: a byte, eight bytes with a number of note, a piece taken out, a piece repeated.
    fn mutate(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            let end = bytes.len().min(at + 1 + self.below(16));
            match self.below(8) {
                0..4 => bytes[at] = self.below(256) as u8,
                4 | 5 => {
                    let notable = [0, 1, 0xfff, 0x1000, 1 << 31, (1 << 47) - 0x1000, 1 << 63, u64::MAX];
                    let at = at & !7;
                    let word = notable[self.below(notable.len())].to_le_bytes();
                    bytes.iter_mut().skip(at).zip(word).for_each(|(byte, new)| *byte = new);
                }
                6 => drop(bytes.drain(at..end)),
                _ => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
        bytes
    }
}

/// A program of two segments, and one that can lie anywhere.
fn programs() -> [Vec<u8>; 2] {
    let program = |kind: u16, segments: &[[u64; 5]]| {
        let mut file = vec![0; elf::HEADER];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        let shorts = [(16, kind), (18, arch::MACHINE), (20, 1), (54, 56), (56, segments.len() as u16)];
        shorts.iter().for_each(|&(at, value)| file[at..at + 2].copy_from_slice(&value.to_le_bytes()));
        [(24, 0x40_0080u64), (32, 64)]
            .iter()
            .for_each(|&(at, v)| file[at..at + 8].copy_from_slice(&v.to_le_bytes()));
        for &[flags, offset, addr, file_size, size] in segments {
            file.extend(
                [1 | flags << 32, offset, addr, addr, file_size, size, 4096].map(u64::to_le_bytes).concat(),
            );
        }
        file.resize(0x1200, 0x90);
        file
    };
    [
        program(2, &[[5, 0, 0x40_0000, 0x1100, 0x1100], [6, 0x1100, 0x40_2100, 0x100, 0x3000]]),
        program(3, &[[7, 0, 0, 0x1200, 0x8000]]),
    ]
}

/// Starts a file as a program and looks at both ends of all that it has in memory.
fn start(k: &mut Kernel, file: &'static [u8]) -> bool {
    let before = k.mem.free_frames();
    k.vfs.add_input(&mut k.mem, b"/seed/hex0", file, 0o755, Origin::Seed).unwrap();
    let root = k.step_root(&["/seed/hex0"]).unwrap();
    let (files, fs) = k.standard_files(root, b"/", None, None).unwrap();
    let path = b"/seed/hex0".to_vec();
    let started = k.start(Program { argv: vec![path.clone()], path, envp: vec![] }, files, fs).is_ok();
    if started {
        let ends = k.space().0.vmas().iter().flat_map(|vma| [vma.start, vma.end - 1]);
        for at in ends.collect::<Vec<_>>() {
            let _ = k.read_user(at, &mut [0]);
            let _ = k.write_user(at, &[0]);
        }
        k.run();
    }
    k.clear();
    k.drop_root(root);
    let seed = k.vfs.at(k.vfs.store, b"/seed").unwrap();
    k.vfs.remove_file(&mut k.mem, seed, b"hex0").unwrap();
    assert_eq!(k.mem.free_frames(), before);
    started
}

#[test]
fn mutated_programs_start_or_do_not_and_leave_nothing() {
    arch::set_user(Box::new(|_| arch::Trap::Undefined));
    let (mut k, _) = empty_kernel(256);
    let mut numbers = Numbers(2);
    let mut outcomes = [0; 2];
    for good in programs() {
        assert!(start(&mut k, good.clone().leak()));
        let (head, rest) = good.split_at(elf::HEADER + 2 * elf::PROGRAM_HEADER);
        for _ in 0..1500 {
            let file = [numbers.mutate(head), rest.to_vec()].concat();
            outcomes[usize::from(start(&mut k, file.leak()))] += 1;
        }
    }
    // Neither is the mutation harmless, nor does it only make what is refused at once.
    assert!(outcomes.iter().all(|&count| count > 300), "{outcomes:?}");
}

const SECTORS: usize = 64;

/// One kernel for all records: its frames are for ever.
struct Rig {
    k: Kernel,
    medium: Rc<RefCell<Medium>>,
}

impl Rig {
    fn new() -> Rig {
        let medium = medium(SECTORS);
        Rig { k: Kernel::new(mem(8192), Box::leak(Box::new(machine(&[("out", &medium)])))), medium }
    }

    /// What a new store gets from these sectors: the events, and the digests of the files.
    fn restore(&mut self, bytes: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
        self.medium.borrow_mut().bytes = bytes;
        self.k.vfs = Vfs::new(&mut self.k.mem);
        let events = self.checkpoints().restore(&mut self.k, b"one").unwrap()?;
        Some((events, self.k.outputs_sha256(&|_| true)))
    }

    fn checkpoints(&mut self) -> Checkpoints {
        Checkpoints::new(Disk::find(self.k.machine, Target::Serial(b"out")).unwrap(), [9; 32])
    }
}

/// A disk with one record of this content.
fn record(content: &[u8]) -> Vec<u8> {
    let mut header = b"firstlight checkpoint 2\n".to_vec();
    header.extend([9; 32]);
    header.extend(1u64.to_le_bytes());
    header.extend(b"one");
    header.resize(128, 0);
    header.extend((content.len() as u64).to_le_bytes());
    header.extend(digest(content));
    let mut disk = vec![0; SECTORS * SECTOR];
    let end = (SECTORS - 1) * SECTOR;
    disk[end..end + header.len()].copy_from_slice(&header);
    disk[end - content.len().next_multiple_of(SECTOR)..][..content.len()].copy_from_slice(content);
    disk
}

/// A record's content with a member of every kind.
fn members() -> Vec<u8> {
    let mut content = 4u64.to_le_bytes().to_vec();
    content.extend(b"abc\n");
    let members: [(u16, &str, &str); 8] = [
        (0o040755, "/bin/", ""),
        (0o100755, "/bin/x", "hello"),
        (0o120777, "/bin/y", "x"),
        (0, "/bin/z", "/bin/x"),
        (0o010644, "/f", ""),
        (0o040700, "/a/", ""),
        (0o100644, "/a/b c", ""),
        (0o100644, "/a/d", "longer than the others, so that not every change is one of a number"),
    ];
    for (mode, path, rest) in members {
        content.extend((rest.len() as u64).to_le_bytes());
        content.extend((path.len() as u64 | u64::from(mode) << 32).to_le_bytes());
        content.extend(path.bytes().chain(rest.bytes()));
    }
    content
}

#[test]
fn mutated_records_are_refused_or_restored_and_saved_alike() {
    let mut rig = Rig::new();
    let members = members();
    assert!(rig.restore(record(&members)).is_some());
    let mut numbers = Numbers(1);
    let mut restored = 0;
    for _ in 0..3000 {
        let content = numbers.mutate(&members);
        let Some((events, sums)) = rig.restore(record(&content)) else { continue };
        restored += 1;
        rig.checkpoints().save(&mut rig.k, b"one", &|_| true, &events).unwrap();
        let saved = rig.medium.borrow().bytes.clone();
        assert_eq!(rig.restore(saved), Some((events, sums)), "{}", content.escape_ascii());
    }
    assert!((100..2900).contains(&restored), "{restored}");
}

#[test]
fn a_mutated_header_of_a_record_changes_nothing_that_is_restored() {
    let mut rig = Rig::new();
    let good = record(&members());
    let whole = rig.restore(good.clone());
    assert!(whole.is_some());
    let (content, header) = good.split_at((SECTORS - 1) * SECTOR);
    let length = 168;
    let mut numbers = Numbers(3);
    for _ in 0..1000 {
        let mut header = numbers.mutate(&header[..length]);
        header.resize(SECTOR, 0);
        let found = rig.restore([content, &header].concat());
        assert!(found.is_none() || found == whole, "{}", header.escape_ascii());
    }
}

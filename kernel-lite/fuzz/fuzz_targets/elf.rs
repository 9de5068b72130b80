// SPDX-License-Identifier: MIT
//! Programs: the reader of ELF and of `#!` lines, and the loader. Whatever the file, the program starts or it
//! does not, every page that it has can be looked at, and all memory comes back.
#![no_main]

use kernel_lite::exec::Program;
use kernel_lite::paging::USER_END;
use kernel_lite::vfs::Origin;
use kernel_lite::{arch, elf};
use kernel_lite_fuzz::with_kernel;
use libfuzzer_sys::fuzz_target;

/// The reader alone, with a table of headers as long as it asks for.
fn read(data: &[u8]) {
    let Some((header, rest)) = data.split_first_chunk() else { return };
    let Ok((_, len)) = elf::header_table(header, arch::MACHINE) else { return };
    let mut table = rest.to_vec();
    table.resize(len, 0);
    let Ok(elf) = elf::parse(header, &table, data.len() as u64) else { return };
    let mut behind = 0;
    for s in &elf.segments {
        assert!(behind <= s.addr && s.size > 0 && s.addr + s.size < USER_END);
        assert!(s.file_size <= s.size && s.offset + s.file_size <= data.len() as u64);
        behind = s.addr + s.size;
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    with_kernel(Vec::new(), data, |k, data| {
        arch::set_user(Box::new(|_| arch::Trap::Undefined));
        k.vfs.rule = true;
        k.vfs.add_input(&mut k.mem, b"/seed/hex0", data, 0o755, Origin::Seed).unwrap();
        let before = k.mem.free_frames();
        let root = k.step_root(&["/seed/hex0"]).unwrap();
        let (files, fs) = k.standard_files(root, b"/", None, None).unwrap();
        let path = b"/seed/hex0".to_vec();
        let program = Program { argv: vec![path.clone(), b"x".to_vec()], path, envp: vec![b"A=b".to_vec()] };
        if k.start(program, files, fs).is_ok() {
            let ends = k.space().0.vmas().iter().flat_map(|vma| [vma.start, vma.end - 1]);
            for at in ends.collect::<Vec<_>>() {
                let _ = k.read_user(at, &mut [0]);
                let _ = k.write_user(at, &[0]);
            }
            k.run();
        }
        k.clear();
        k.drop_root(root);
        assert_eq!(k.mem.free_frames(), before);
    });
});

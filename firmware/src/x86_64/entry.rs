// SPDX-License-Identifier: MIT
//! The first instructions: from PVH's 32-bit entry to Rust in the upper half.
//!
//! PVH (Xen `docs/misc/pvh.pandoc`, `xen/include/public/elfnote.h`): the loader finds the physical entry address
//! in a note, and enters with flat 32-bit segments, paging off, ebx = `hvm_start_info`. The first tables map
//! the low 4 GiB in 2 MiB pages, at their own addresses and in the upper half; `mmu.rs` replaces them at
//! once.

use core::arch::global_asm;

/// CR4: PAE, PGE. CR0: PE, MP, WP, PG. EFER: LME, NXE.
const CR4: u32 = 1 << 5 | 1 << 7;
const CR0: u32 = 1 | 1 << 1 | 1 << 16 | 1 << 31;
const EFER: u32 = 0xc000_0080;
const EFER_BITS: u32 = 1 << 8 | 1 << 11;

global_asm!(
    r#"
    .section .note.Xen, "a", @note
    .balign 4
    .long   4                       // name size
    .long   4                       // descriptor size
    .long   18                      // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz  "Xen"
    .long   pvh_entry_address

    .section .text.head, "ax"
    .code32
    .global pvh_entry
pvh_entry:
    cli
    cld
    mov     edi, offset bss_start_address
    mov     ecx, offset image_end_address
    sub     ecx, edi
    shr     ecx, 2
    xor     eax, eax
    rep     stosd

    mov     edi, offset boot_tables_address     // level 4, level 3, four of level 2
    lea     eax, [edi + 0x1003]                 // present, writable
    mov     [edi], eax
    mov     [edi + 8 * 256], eax                // the upper half's first entry
    lea     eax, [edi + 0x2003]
    mov     [edi + 0x1000], eax
    add     eax, 0x1000
    mov     [edi + 0x1008], eax
    add     eax, 0x1000
    mov     [edi + 0x1010], eax
    add     eax, 0x1000
    mov     [edi + 0x1018], eax
    lea     edx, [edi + 0x2000]
    mov     eax, 0x83                           // present, writable, 2 MiB
    mov     ecx, 2048
1:  mov     [edx], eax
    add     eax, 0x200000
    add     edx, 8
    dec     ecx
    jnz     1b

    mov     eax, {cr4}
    mov     cr4, eax
    mov     cr3, edi
    mov     ecx, {efer}
    rdmsr
    or      eax, {efer_bits}
    wrmsr
    mov     eax, {cr0}
    mov     cr0, eax
    lgdt    [boot_segments_address]
    ljmp    8, offset long_mode_address

    .code64
    .global long_mode
long_mode:
    movabs  rax, offset upper_half
    jmp     rax
upper_half:
    xor     eax, eax
    mov     ss, eax
    mov     ds, eax
    mov     es, eax
    lea     rsp, [rip + stack_end]
    xor     ebp, ebp
    mov     edi, ebx
    call    {main}
3:  hlt
    jmp     3b

    // Descriptor table register and table: nothing, 64-bit code. The register's 16 + 32 bits lie in the
    // unused first descriptor.
    .balign 8
    .global boot_segments
boot_segments:
    .word   15
    .long   boot_segments_address
    .word   0
    .quad   0x00af9b000000ffff
    "#,
    cr4 = const CR4,
    cr0 = const CR0,
    efer = const EFER,
    efer_bits = const EFER_BITS,
    main = sym super::main,
);

// SPDX-License-Identifier: MIT
//! The first instructions: from the reset vector or a boot loader to Rust in the upper half.
//!
//! Started in one of two ways, told apart by x0:
//! - by a loader (`-kernel`, U-Boot's `booti`), as the Linux arm64 Image that the header describes
//!   (Linux `Documentation/arch/arm64/booting.rst`): in RAM, x0 holds the device tree's address;
//! - by the reset vector, in flash: the device tree is where the emulator put it, and the image copies
//!   itself to the next 2 MiB boundary behind it.
//!
//! With the MMU off all memory is Device memory: only aligned accesses happen here. The first translation
//! tables map the low 512 GiB in blocks of 1 GiB, at their own addresses and in the upper half, as device
//! memory but for the blocks of the image and the device tree. `mmu.rs` replaces them at once.
//!
//! Registers kept throughout: x19 device tree, x20 the image's physical address, x21 where in flash it was
//! started (or -1), x22 the exception level at entry.

use core::arch::global_asm;

/// Where QEMU's `virt` leaves the device tree when it starts firmware: the bottom of RAM
/// (QEMU `docs/system/arm/virt.rst`, "Hardware configuration information for bare-metal programming").
const DEVICE_TREE_OF_FLASH_START: u64 = 0x4000_0000;

/// The device tree's magic number, 0xd00dfeed, as a little-endian load sees it.
const DEVICE_TREE_MAGIC: u32 = 0xd00d_feed_u32.swap_bytes();

/// MAIR_EL1: index 0 normal write-back memory, 1 Device-nGnRE, 2 normal non-cacheable.
const MAIR: u64 = 0x44_04_ff;
/// TCR_EL1 without IPS: 48-bit halves, 4 KiB granules, walks through write-back inner-shareable memory, 16-bit
/// address space identifiers (A1 = 0: TTBR0's).
const TCR: u64 =
    16 | 16 << 16 | 0b01 << 8 | 0b01 << 10 | 0b11 << 12 | 0b01 << 24 | 0b01 << 26 | 0b11 << 28 | 0b10 << 30;
/// SCTLR_EL1 while the MMU is off: the bits that are reserved as one.
const SCTLR_OFF: u64 = 0x30d0_0800;
/// M, C, I, and SA, SA0: translation, caches, stack alignment checks.
const SCTLR_ON: u64 = SCTLR_OFF | 1 | 1 << 2 | 1 << 12 | 1 << 3 | 1 << 4;

global_asm!(
    r#"
    .section .text.head, "ax"
    .global _start
_start:
    b       entry
    .long   0
    .quad   0                           // text_offset: 2 MiB aligned memory, no further offset
    .quad   image_end - _start          // memory that the loader keeps free
    .quad   0b1010                      // little-endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

entry:
    msr     daifset, #15
    mov     x19, x0
    adr     x20, _start
    mov     x21, #-1
    ldr     w1, ={magic}
    tst     x0, #7
    b.ne    1f
    ldr     w2, [x0]
    cmp     w1, w2
    b.eq    in_ram

1:  ldr     x19, ={dtb}                 // from flash
    ldr     w2, [x19]
    cmp     w1, w2
    b.ne    halt
    ldr     w2, [x19, #4]               // totalsize, big-endian
    rev     w2, w2
    add     x2, x19, x2
    add     x2, x2, #0x1ff, lsl #12
    add     x2, x2, #0xfff
    and     x2, x2, #~0x1fffff          // destination
    mov     x21, x20
    adr     x3, file_end
    mov     x4, x2
2:  ldp     x5, x6, [x20], #16
    stp     x5, x6, [x4], #16
    cmp     x20, x3
    b.lo    2b
    mov     x20, x2
    adr     x3, in_ram
    sub     x3, x3, x21
    add     x3, x3, x2
    dsb     sy
    ic      iallu
    dsb     sy
    isb
    br      x3

in_ram:
    adr     x1, file_end                // zero .bss, the boot tables and the stack
    adrp    x2, image_end
3:  stp     xzr, xzr, [x1], #16
    cmp     x1, x2
    b.lo    3b

    mrs     x22, CurrentEL
    lsr     x22, x22, #2
    cmp     x22, #3
    b.eq    halt                        // nobody below would answer PSCI calls
    ldr     x1, ={sctlr_off}
    msr     sctlr_el1, x1
    isb
    cmp     x22, #2
    b.ne    at_el1
    mov     x1, #1 << 31                // HCR_EL2.RW: EL1 is AArch64; no traps
    msr     hcr_el2, x1
    mov     x1, #3                      // CNTHCTL_EL2: EL1 may use counter and timer
    msr     cnthctl_el2, x1
    msr     cntvoff_el2, xzr
    mov     x1, #0x33ff                 // CPTR_EL2: reserved ones, no traps
    msr     cptr_el2, x1
    msr     hstr_el2, xzr
    msr     vttbr_el2, xzr
    mrs     x1, midr_el1
    msr     vpidr_el2, x1
    mrs     x1, mpidr_el1
    msr     vmpidr_el2, x1
    mrs     x1, id_aa64pfr0_el1         // GIC field: the interrupt controller has system registers
    ubfx    x1, x1, #24, #4
    cbz     x1, 4f
    mrs     x1, s3_4_c12_c9_5           // ICC_SRE_EL2
    mov     x2, #0b1001                 // SRE, Enable
    orr     x1, x1, x2
    msr     s3_4_c12_c9_5, x1
    isb
4:  mov     x1, #0x3c5                  // EL1 with SP_EL1, everything masked
    msr     spsr_el2, x1
    adr     x1, at_el1
    msr     elr_el2, x1
    eret

halt:
    wfe
    b       halt
    .ltorg
    .section .text.head2, "ax"
at_el1:
    msr     spsel, #1                   // the vectors count on it
    adrp    x1, boot_tables             // level 0
    add     x2, x1, #4096               // level 1
    orr     x3, x2, #3
    str     x3, [x1]
    mov     x3, #0
    ldr     x4, =(1 << 54 | 1 << 53 | 1 << 10 | 1 << 2 | 1)   // never execute, accessed, device, block
5:  orr     x5, x4, x3, lsl #30
    str     x5, [x2, x3, lsl #3]
    add     x3, x3, #1
    cmp     x3, #512
    b.lo    5b
    mov     x4, #(1 << 10 | 3 << 8 | 1) // accessed, inner shareable, normal, block
    lsr     x3, x20, #30
    orr     x5, x4, x3, lsl #30
    str     x5, [x2, x3, lsl #3]
    lsr     x3, x19, #30
    orr     x5, x4, x3, lsl #30
    str     x5, [x2, x3, lsl #3]
    dsb     sy

    ldr     x3, ={mair}
    msr     mair_el1, x3
    ldr     x3, ={tcr}
    mrs     x4, id_aa64mmfr0_el1
    and     x5, x4, #7                  // PARange: IPS has the same values
    orr     x3, x3, x5, lsl #32
    ubfx    x4, x4, #4, #4              // ASIDBits: 2 is 16 bits
    cmp     x4, #2
    b.ne    6f
    orr     x3, x3, #1 << 36
6:  msr     tcr_el1, x3
    msr     ttbr0_el1, x1
    msr     ttbr1_el1, x1
    tlbi    vmalle1
    ic      iallu
    dsb     sy
    isb
    ldr     x3, ={sctlr_on}
    msr     sctlr_el1, x3
    isb
    adr     x4, upper_half
    ldr     x3, ={direct_map}
    add     x4, x4, x3
    br      x4

upper_half:
    add     x3, x3, x20                 // the load bias: the image is linked at 0
    adr     x1, relr_start              // RELR (ELF gABI, "Relative relocation table")
    adr     x2, relr_end
7:  cmp     x1, x2
    b.hs    11f
    ldr     x5, [x1], #8
    tbnz    x5, #0, 8f
    add     x4, x5, x3                  // even: the address of the next word
    ldr     x6, [x4]
    add     x6, x6, x3
    str     x6, [x4], #8
    b       7b
8:  mov     x7, x4                      // odd: a bit for each of the 63 words that follow
9:  lsr     x5, x5, #1
    cbz     x5, 10f
    tbz     x5, #0, 12f
    ldr     x6, [x7]
    add     x6, x6, x3
    str     x6, [x7]
12: add     x7, x7, #8
    b       9b
10: add     x4, x4, #63 * 8
    b       7b

11: adrp    x1, stack_end
    mov     sp, x1
    mov     x29, xzr
    mov     x0, x19
    mov     x1, x20
    mov     x2, x21
    mov     x3, x22
    bl      {main}
    b       halt
    .ltorg
    "#,
    magic = const DEVICE_TREE_MAGIC,
    dtb = const DEVICE_TREE_OF_FLASH_START,
    mair = const MAIR,
    tcr = const TCR,
    sctlr_off = const SCTLR_OFF,
    sctlr_on = const SCTLR_ON,
    direct_map = const kernel_lite::arch::DIRECT_MAP,
    main = sym super::main,
);

// SPDX-License-Identifier: MIT
//! memcpy, memmove and memset, which the compiler calls: 64 bytes a turn. The ones that come with the
//! language move single bytes when they are built for size, which makes zeroing a page eight times slower.
//!
//! Unaligned accesses are allowed (normal memory, SCTLR_EL1.A clear). Only registers that the procedure call
//! standard leaves to a callee are used.

core::arch::global_asm!(
    r#"
    .section .text.memory, "ax"
    .global memmove
    .global memcpy
    .global memset
    .balign 16

    // x0 to, x1 from, x2 length; x3 where to write.
memmove:
    sub     x3, x0, x1
    cmp     x3, x2
    b.lo    6f                      // to lies within from..from+length: last bytes first
memcpy:
    mov     x3, x0
1:  subs    x2, x2, #64
    b.lo    2f
    ldp     x4, x5, [x1]            // all is read before anything is written, so that overlapping
    ldp     x6, x7, [x1, #16]       // ranges with to < from are right
    ldp     x8, x9, [x1, #32]
    ldp     x10, x11, [x1, #48]
    add     x1, x1, #64
    stp     x4, x5, [x3]
    stp     x6, x7, [x3, #16]
    stp     x8, x9, [x3, #32]
    stp     x10, x11, [x3, #48]
    add     x3, x3, #64
    b       1b
2:  add     x2, x2, #64
3:  subs    x2, x2, #8
    b.lo    4f
    ldr     x4, [x1], #8
    str     x4, [x3], #8
    b       3b
4:  adds    x2, x2, #8
    b.eq    9f
5:  ldrb    w4, [x1], #1
    strb    w4, [x3], #1
    subs    x2, x2, #1
    b.ne    5b
    ret

6:  add     x1, x1, x2              // from the end downwards
    add     x3, x0, x2
7:  subs    x2, x2, #8
    b.lo    8f
    ldr     x4, [x1, #-8]!
    str     x4, [x3, #-8]!
    b       7b
8:  adds    x2, x2, #8
    b.eq    9f
10: ldrb    w4, [x1, #-1]!
    strb    w4, [x3, #-1]!
    subs    x2, x2, #1
    b.ne    10b
9:  ret

    // x0 to, w1 byte, x2 length.
memset:
    and     x1, x1, #255
    mov     x4, #0x0101010101010101
    mul     x4, x4, x1
    mov     x3, x0
1:  subs    x2, x2, #64
    b.lo    2f
    stp     x4, x4, [x3]
    stp     x4, x4, [x3, #16]
    stp     x4, x4, [x3, #32]
    stp     x4, x4, [x3, #48]
    add     x3, x3, #64
    b       1b
2:  add     x2, x2, #64
3:  subs    x2, x2, #8
    b.lo    4f
    str     x4, [x3], #8
    b       3b
4:  adds    x2, x2, #8
    b.eq    9b
5:  strb    w4, [x3], #1
    subs    x2, x2, #1
    b.ne    5b
    ret
    "#
);

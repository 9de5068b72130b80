// SPDX-License-Identifier: MIT
//! memcpy, memmove, memset and memcmp, through the general registers: the floating-point registers are the
//! programs'. Unaligned accesses are fine here: all of it is normal memory.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .text.memory, "ax"
    .global memcpy
    .global memmove
    .global memset
    .global memcmp
    .global bcmp

    // Every path loads what it stores last before it stores what it stores first, or goes upwards in order,
    // so that memmove can come here when the destination is below the source.
    .balign 16
memcpy:                                 // x0 to, x1 from, x2 bytes -> x0
    cmp     x2, #16
    b.lo    20f
    add     x4, x0, x2                  // ends
    add     x5, x1, x2
    cmp     x2, #32
    b.hi    10f
    ldp     x6, x7, [x1]                // 16 to 32: the first and the last 16
    ldp     x8, x9, [x5, #-16]
    stp     x6, x7, [x0]
    stp     x8, x9, [x4, #-16]
    ret
10: cmp     x2, #64
    b.hi    11f
    ldp     x6, x7, [x1]                // 33 to 64: the first and the last 32
    ldp     x8, x9, [x1, #16]
    ldp     x10, x11, [x5, #-32]
    ldp     x12, x13, [x5, #-16]
    stp     x6, x7, [x0]
    stp     x8, x9, [x0, #16]
    stp     x10, x11, [x4, #-32]
    stp     x12, x13, [x4, #-16]
    ret
11: mov     x3, x0
12: ldp     x6, x7, [x1]                // 64 at a time
    ldp     x8, x9, [x1, #16]
    ldp     x10, x11, [x1, #32]
    ldp     x12, x13, [x1, #48]
    add     x1, x1, #64
    stp     x6, x7, [x3]
    stp     x8, x9, [x3, #16]
    stp     x10, x11, [x3, #32]
    stp     x12, x13, [x3, #48]
    add     x3, x3, #64
    sub     x2, x2, #64
    cmp     x2, #64
    b.hs    12b
13: subs    x2, x2, #16                 // 16 at a time
    b.lo    14f
    ldp     x6, x7, [x1], #16
    stp     x6, x7, [x3], #16
    b       13b
14: adds    x2, x2, #16
    b.eq    16f
15: ldrb    w6, [x1], #1
    strb    w6, [x3], #1
    subs    x2, x2, #1
    b.ne    15b
16: ret
20: tbz     x2, #3, 21f                 // 8 to 15: the first and the last 8
    add     x4, x0, x2
    add     x5, x1, x2
    ldr     x6, [x1]
    ldr     x7, [x5, #-8]
    str     x6, [x0]
    str     x7, [x4, #-8]
    ret
21: tbz     x2, #2, 22f                 // 4 to 7
    add     x4, x0, x2
    add     x5, x1, x2
    ldr     w6, [x1]
    ldr     w7, [x5, #-4]
    str     w6, [x0]
    str     w7, [x4, #-4]
    ret
22: cbz     x2, 23f                     // 1 to 3: first, middle, last
    lsr     x3, x2, #1
    sub     x4, x2, #1
    ldrb    w6, [x1]
    ldrb    w7, [x1, x3]
    ldrb    w8, [x1, x4]
    strb    w6, [x0]
    strb    w7, [x0, x3]
    strb    w8, [x0, x4]
23: ret

    .section .text.memmove, "ax"
memmove:                                // x0 to, x1 from, x2 bytes -> x0
    sub     x3, x0, x1
    cmp     x3, x2
    b.hs    memcpy                      // to is below from, or behind its end
    add     x4, x0, x2                  // else from the end downwards
    add     x5, x1, x2
1:  subs    x2, x2, #16
    b.lo    2f
    ldp     x6, x7, [x5, #-16]!
    stp     x6, x7, [x4, #-16]!
    b       1b
2:  adds    x2, x2, #16
    b.eq    4f
3:  ldrb    w6, [x5, #-1]!
    strb    w6, [x4, #-1]!
    subs    x2, x2, #1
    b.ne    3b
4:  ret

    .section .text.memset, "ax"
memset:                                 // x0 to, w1 byte, x2 bytes -> x0
    and     x6, x1, #0xff
    mov     x7, #0x0101010101010101
    mul     x6, x6, x7
    mov     x3, x0
    cmp     x2, #16
    b.lo    33f
30: subs    x2, x2, #64
    b.lo    31f
    stp     x6, x6, [x3]
    stp     x6, x6, [x3, #16]
    stp     x6, x6, [x3, #32]
    stp     x6, x6, [x3, #48]
    add     x3, x3, #64
    b       30b
31: add     x2, x2, #64
32: subs    x2, x2, #16
    b.lo    34f
    stp     x6, x6, [x3], #16
    b       32b
34: add     x2, x2, #16
33: tbz     x2, #3, 35f
    str     x6, [x3], #8
35: tbz     x2, #2, 36f
    str     w6, [x3], #4
36: tbz     x2, #1, 37f
    strh    w6, [x3], #2
37: tbz     x2, #0, 38f
    strb    w6, [x3]
38: ret

    .section .text.compare, "ax"
bcmp:
memcmp:                                 // x0, x1, x2 bytes -> w0: below, equal, above 0
    subs    x2, x2, #8
    b.lo    42f
41: ldr     x3, [x0], #8
    ldr     x4, [x1], #8
    cmp     x3, x4
    b.ne    44f
    subs    x2, x2, #8
    b.hs    41b
42: adds    x2, x2, #8
    b.eq    45f
43: ldrb    w3, [x0], #1
    ldrb    w4, [x1], #1
    subs    w3, w3, w4
    b.ne    46f
    subs    x2, x2, #1
    b.ne    43b
45: mov     w0, #0
    ret
44: rev     x3, x3
    rev     x4, x4
    cmp     x3, x4
    mov     w3, #1
    cneg    w3, w3, lo
46: mov     w0, w3
    ret
    "#
);

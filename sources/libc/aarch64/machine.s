// SPDX-License-Identifier: MIT
// What C cannot say, AArch64: setjmp, longjmp, and making written code visible.

        .text
// int setjmp(jmp_buf env): x19..x30, sp, d8..d15
        .globl  setjmp
setjmp:
        stp     x19, x20, [x0]
        stp     x21, x22, [x0, #16]
        stp     x23, x24, [x0, #32]
        stp     x25, x26, [x0, #48]
        stp     x27, x28, [x0, #64]
        stp     x29, x30, [x0, #80]
        mov     x2, sp
        str     x2, [x0, #96]
        str     d8, [x0, #104]
        str     d9, [x0, #112]
        str     d10, [x0, #120]
        str     d11, [x0, #128]
        str     d12, [x0, #136]
        str     d13, [x0, #144]
        str     d14, [x0, #152]
        str     d15, [x0, #160]
        mov     x0, #0
        ret

// void longjmp(jmp_buf env, int value): a value of 0 becomes 1
        .globl  longjmp
longjmp:
        ldp     x19, x20, [x0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x30, [x0, #80]
        ldr     x2, [x0, #96]
        mov     sp, x2
        ldr     d8, [x0, #104]
        ldr     d9, [x0, #112]
        ldr     d10, [x0, #120]
        ldr     d11, [x0, #128]
        ldr     d12, [x0, #136]
        ldr     d13, [x0, #144]
        ldr     d14, [x0, #152]
        ldr     d15, [x0, #160]
        mov     w0, w1
        cbnz    w0, 1f
        mov     w0, #1
1:      ret

// void __clear_cache(void *start, void *end): 16 bytes is the shortest line
// that the architecture allows, so no cache register needs to be read.
        .globl  __clear_cache
__clear_cache:
        and     x2, x0, #-16
        mov     x3, x2
1:      cmp     x2, x1
        b.hs    2f
        .long   0xd50b7b22              // dc cvau, x2
        add     x2, x2, #16
        b       1b
2:      .long   0xd5033b9f              // dsb ish
3:      cmp     x3, x1
        b.hs    4f
        .long   0xd50b7523              // ic ivau, x3
        add     x3, x3, #16
        b       3b
4:      .long   0xd5033b9f              // dsb ish
        .long   0xd5033fdf              // isb
        ret

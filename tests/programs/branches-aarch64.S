// SPDX-License-Identifier: MIT
// What sources/mescc-tools/branches-aarch64.M1 says, in the GNU assembler's words. The stack is at x18, as M2libc has it.
_start: mov     x18, sp
        b       over
failed: mov     x0, #1
        mov     x8, #93
        svc     #0
seventeen:
        mov     x0, #17
        ret
over:   bl      back
        mov     x1, x0
        bl      seventeen
        cmp     x1, x0
        b.eq    1f
        b       failed
1:      b       far
        .zero   4096
back:   str     x30, [x18, #-8]!
        bl      seventeen
        ldr     x30, [x18], #8
        ret
text:   .asciz  "M1 and hex2 agree with the processor\n"
        .balign 4, 0
        .zero   70000
far:    ldr     w16, 1f
        b       2f
1:      .word   0x400000 + 0x78 + seventeen - _start
2:      blr     x16
        mov     x1, x0
        ldrsw   x0, 1f
        b       2f
1:      .word   17
2:      cmp     x1, x0
        b.eq    1f
        b       failed
1:      ldr     w1, 1f
        b       2f
1:      .word   0x400000 + 0x78 + far - _start
2:      ldrsw   x0, 1f
        b       2f
1:      .word   text - far
2:      add     x0, x1, x0
        mov     x1, x0
        ldr     w2, 1f
        b       2f
1:      .word   37
2:      mov     x0, #1
        mov     x8, #64
        svc     #0
        ldr     w1, 1f
        b       2f
1:      .word   37
2:      cmp     x1, x0
        b.eq    1f
        b       failed
1:      mov     x0, #0
        mov     x8, #93
        svc     #0

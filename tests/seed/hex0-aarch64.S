# SPDX-License-Identifier: MIT
# The second road to sources/hex0/aarch64.hex0: the same program for the GNU assembler.
        .set base, 0x400000
elf:    .ascii "\177ELF"
        .byte 2, 1, 1, 0
        .quad 0
        .short 2, 183
        .long 1
        .quad base + 0x70
        .quad 0x38
        .quad 0
        .long 0
        .short 64, 56
phdr:   .long 1
        .long 7
        .quad 0
        .quad base
        .quad base
        .quad end - elf
        .quad 0x1000000
        .quad 0x1000
start:  movz    x19, #0x50, lsl #16
        mov     x21, x19
        mov     x1, x19
        mov     x2, x19
        movz    x8, #63
read:   movz    x0, #0
        svc     #0
        tbnz    x0, #63, exit
        add     x1, x1, x0
        cbnz    x0, read
        movz    x0, #1
fresh:  movz    w23, #1
next:   cmp     x19, x1
        b.hs    done
        ldrb    w9, [x19], #1
        cmp     w9, #32
        b.ls    next
        subs    w9, w9, #35
        ccmp    w9, #24, #4, ne
        b.ne    digit
skip:   ldrb    w9, [x19], #1
        cbz     w9, next
        cmp     w9, #10
        b.ne    skip
        b       next
digit:  sub     w9, w9, #13
        cmp     w9, #9
        b.ls    nibble
        orr     w9, w9, #0x20
        sub     w9, w9, #49
        cmp     w9, #5
        b.hi    exit
        add     w9, w9, #10
nibble: orr     w23, w9, w23, lsl #4
        tbz     w23, #8, next
        strb    w23, [x21], #1
        b       fresh
done:   tbnz    w23, #4, exit
        movz    x1, #0x50, lsl #16
        sub     x2, x21, x1
        movz    x8, #64
        svc     #0
        cmp     x0, x2
        cset    x0, ne
exit:   movz    x8, #93
        svc     #0
end:

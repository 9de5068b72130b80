# SPDX-License-Identifier: MIT
# The second road to sources/hex0/cat-aarch64.hex0: the same program for the GNU assembler.
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
        mov     x20, x19
        add     x22, sp, #8
next:   ldr     x1, [x22, #8]!
        cbz     x1, done
        movn    x0, #99
        movz    x2, #0
        movz    x8, #56
        svc     #0
        mov     x21, x0
        tbnz    x0, #63, fail
read:   mov     x0, x21
        mov     x1, x20
        mov     x2, x19
        movz    x8, #63
        svc     #0
        cbz     x0, next
        add     x20, x20, x0
        tbz     x0, #63, read
fail:   movz    x0, #1
        b       exit
done:   movz    x0, #1
        mov     x1, x19
        sub     x2, x20, x19
        movz    x8, #64
        svc     #0
        cmp     x0, x2
        cset    x0, ne
exit:   movz    x8, #93
        svc     #0
end:

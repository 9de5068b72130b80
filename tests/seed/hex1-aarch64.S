# SPDX-License-Identifier: MIT
# The second road to sources/hex1/aarch64.hex0: the same program for the GNU assembler.
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
        .quad 0x600000
        .quad 0x1000
start:  movz    x25, #0x41, lsl #16
        movz    x26, #0x50, lsl #16
        movz    x27, #0x60, lsl #16
        mov     x1, x27
        movz    x2, #0x20, lsl #16
        movz    x8, #63
read:   movz    x0, #0
        svc     #0
        tbnz    x0, #63, fail
        add     x1, x1, x0
        cbnz    x0, read
        mov     x22, x25
        movz    x24, #2
pass:   mov     x19, x27
        mov     x20, x26
        movz    x23, #0
made:   mov     x21, x20
next:   ldrb    w0, [x19], #1
        cmp     w0, #32
        b.hi    token
        cbz     w0, ended
        cmp     w0, #10
        b.ne    next
        cbz     x23, next
        mov     x19, x23
        movz    x23, #0
        b       next
token:  cmp     w0, #35
        b.eq    rest
        cmp     w0, #59
        b.eq    rest
        cmp     w0, #58
        b.eq    label
        cmp     w0, #61
        b.eq    macro
        cmp     w0, #34
        b.eq    string
        cmp     w0, #94
        b.eq    align
        movz    x5, #0
        cmp     w0, #64
        b.eq    address
        mov     x5, x26
        cmp     w0, #33
        b.eq    address
        cmp     w0, #37
        b.eq    decimal
        cmp     w0, #43
        b.eq    reserve
        cmp     w0, #39
        b.eq    char
        cmp     w0, #70
        b.ls    hex
        sub     x19, x19, #1
        bl      lookup
        ldr     x0, [x2, #8]
        cmp     x0, x27
        b.lo    fail
        cbnz    x23, fail
        mov     x23, x19
        mov     x19, x0
        b       next
macro:  bl      lookup
        str     x19, [x2, #8]
rest:   ldrb    w0, [x19], #1
        cbz     w0, seen
        cmp     w0, #10
        b.ne    rest
seen:   sub     x19, x19, #1
        b       next
label:  bl      lookup
        str     x20, [x2, #8]
        b       next
address: bl     lookup
        ldr     x0, [x2, #8]
        cbnz    x0, known
        tbnz    x24, #0, fail
known:  sub     x0, x0, x5
eight:  str     x0, [x20], #8
        b       made
decimal: bl     number
        b       eight
char:   ldrb    w0, [x19], #1
        b       eight
reserve: bl     number
        add     x20, x20, x0
        b       next
string: ldrb    w0, [x19], #1
        cmp     w0, #34
        b.eq    made
        strb    w0, [x20], #1
        cbnz    w0, string
fail:   movz    x0, #1
        b       exit
align:  tst     x20, #7
        b.eq    made
        strb    wzr, [x20], #1
        b       align
hex:    bl      digit
        mov     w1, w0
        ldrb    w0, [x19], #1
        bl      digit
        orr     w0, w0, w1, lsl #4
        strb    w0, [x20], #1
        b       made
digit:  sub     w0, w0, #48
        cmp     w0, #9
        b.ls    back
        sub     w0, w0, #17
        cmp     w0, #5
        b.hi    fail
        add     w0, w0, #10
back:   ret
number: movz    x0, #0
        movz    x3, #10
        ldrb    w4, [x19]
        cmp     w4, #45
        b.ne    figure
        add     x19, x19, #1
figure: ldrb    w1, [x19], #1
        sub     w1, w1, #48
        cmp     w1, #9
        b.hi    last
        madd    x0, x0, x3, x1
        b       figure
last:   ldrb    w1, [x19, #-1]!
        cmp     w1, #32
        b.hi    fail
        cmp     w4, #45
        b.ne    back
        neg     x0, x0
        ret
lookup: mov     x2, x25
entry:  cmp     x2, x22
        b.eq    add
        ldr     x3, [x2]
        mov     x4, x19
same:   ldrb    w0, [x3], #1
        ldrb    w1, [x4], #1
        cmp     w0, #32
        b.ls    end1
        cmp     w0, w1
        b.eq    same
other:  add     x2, x2, #16
        b       entry
end1:   cmp     w1, #32
        b.hi    other
        b       behind
add:    str     x19, [x2]
        add     x22, x22, #16
behind: ldrb    w0, [x19]
        cmp     w0, #32
        b.ls    back
        add     x19, x19, #1
        b       behind
ended:  sub     x24, x24, #1
        cbnz    x24, pass
        cmp     x21, x27
        b.hi    fail
        movz    x0, #1
        mov     x1, x26
        sub     x2, x21, x26
        movz    x8, #64
        svc     #0
        cmp     x0, x2
        cset    x0, ne
exit:   movz    x8, #93
        svc     #0
end:

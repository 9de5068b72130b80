// SPDX-License-Identifier: MIT
// Program entry and the one way into the kernel, AArch64 Linux.
//
// Self-contained: a program that is linked with this file alone runs (cc is).
// The C library hooks in through two variables: `environ`, set here, and
// `__at_exit`, which stdio points at its flush function and which is called
// with main's result still to be returned.
// Each system call that is used exists on both architectures.

        .text
        .globl  _start
_start:
        mov     x29, #0                 // no caller's frame: ends stack walks
        ldr     x0, [sp]                // argc
        add     x1, sp, #8              // argv
        add     x2, x1, x0, lsl #3
        add     x2, x2, #8              // envp is behind argv's null
        adrp    x3, environ
        add     x3, x3, :lo12:environ
        str     x2, [x3]
        bl      main
        mov     x19, x0
        adrp    x3, __at_exit
        add     x3, x3, :lo12:__at_exit
        ldr     x3, [x3]
        cbz     x3, 1f
        blr     x3
1:      mov     x0, x19
        mov     x8, #94                 // exit_group
        svc     #0

// long __syscall(long n, long a, long b, long c, long d, long e, long f)
        .globl  __syscall
__syscall:
        mov     x8, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, x3
        mov     x3, x4
        mov     x4, x5
        mov     x5, x6
        svc     #0
        ret

        .data
        .balign 8
        .globl  environ
environ:
        .quad   0
        .globl  __at_exit
__at_exit:
        .quad   0

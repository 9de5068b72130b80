# SPDX-License-Identifier: MIT
# What C cannot say, x86_64: setjmp and longjmp.

        .text
# int setjmp(jmp_buf env): rbx rbp r12 r13 r14 r15 rsp rip
        .globl  setjmp
setjmp:
        movq    %rbx, (%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)
        leaq    8(%rsp), %rdx           # the stack after the return
        movq    %rdx, 48(%rdi)
        movq    (%rsp), %rdx
        movq    %rdx, 56(%rdi)
        xorl    %eax, %eax
        ret

# void longjmp(jmp_buf env, int value): a value of 0 becomes 1
        .globl  longjmp
longjmp:
        movl    %esi, %eax
        testl   %eax, %eax
        jne     1f
        movl    $1, %eax
1:      movq    (%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        movq    56(%rdi), %rdx
        jmp     *%rdx

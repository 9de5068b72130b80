# SPDX-License-Identifier: MIT
# Program entry and the one way into the kernel, x86_64 Linux.
#
# Self-contained: a program that is linked with this file alone runs (cc is).
# The C library hooks in through two variables: `environ`, set here, and
# `__at_exit`, which stdio points at its flush function and which is called
# with main's result still to be returned.
# Each system call that is used exists on both architectures.

        .text
        .globl  _start
_start:
        xorl    %ebp, %ebp              # no caller's frame: ends stack walks
        movq    (%rsp), %rdi            # argc
        leaq    8(%rsp), %rsi           # argv
        leaq    8(%rsi,%rdi,8), %rdx    # envp is behind argv's null
        movq    %rdx, environ(%rip)
        andq    $-16, %rsp
        call    main
        movl    %eax, %ebx
        movq    __at_exit(%rip), %rax
        testq   %rax, %rax
        je      1f
        call    *%rax
1:      movl    %ebx, %edi
        movl    $231, %eax              # exit_group
        syscall

# long __syscall(long n, long a, long b, long c, long d, long e, long f)
        .globl  __syscall
__syscall:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        ret

        .data
        .balign 8
        .globl  environ
environ:
        .quad   0
        .globl  __at_exit
__at_exit:
        .quad   0

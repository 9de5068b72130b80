// SPDX-License-Identifier: MIT
//! memcpy, memmove, memset and memcmp, through the general registers: the SSE registers are the programs', and
//! string instructions are slow in an emulator, which executes them an element at a time.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .text.memory, "ax"
    .global monitor_memcpy
    .global monitor_memmove
    .global monitor_memset
    .global monitor_memcmp

    .balign 16
monitor_memmove:                        // rdi to, rsi from, rdx bytes -> rax
    mov     rax, rdi
    sub     rax, rsi
    cmp     rax, rdx
    jae     monitor_memcpy              // to is below from, or behind its end
    mov     rax, rdi
11: sub     rdx, 8                      // else from the end downwards
    jb      12f
    mov     rcx, [rsi + rdx]
    mov     [rdi + rdx], rcx
    jmp     11b
12: add     rdx, 8
    jz      14f
13: mov     cl, [rsi + rdx - 1]
    mov     [rdi + rdx - 1], cl
    dec     rdx
    jnz     13b
14: ret

    // Every path loads what it stores last before it stores what it stores first, or goes upwards in order,
    // so that memmove can come here when the destination is below the source.
    .balign 16
monitor_memcpy:                         // rdi to, rsi from, rdx bytes -> rax
    mov     rax, rdi
    cmp     rdx, 16
    ja      22f
    cmp     rdx, 8
    jb      21f
    mov     rcx, [rsi]                  // 8 to 16: the first and the last 8
    mov     r8, [rsi + rdx - 8]
    mov     [rdi], rcx
    mov     [rdi + rdx - 8], r8
    ret
21: cmp     rdx, 4
    jb      26f
    mov     ecx, [rsi]                  // 4 to 7
    mov     r8d, [rsi + rdx - 4]
    mov     [rdi], ecx
    mov     [rdi + rdx - 4], r8d
    ret
26: test    rdx, rdx
    jz      28f
27: mov     cl, [rsi]
    mov     [rdi], cl
    inc     rsi
    inc     rdi
    dec     rdx
    jnz     27b
28: ret
22: sub     rdx, 32
    jb      24f
23: mov     rcx, [rsi]                  // 32 at a time
    mov     r8, [rsi + 8]
    mov     r9, [rsi + 16]
    mov     r10, [rsi + 24]
    mov     [rdi], rcx
    mov     [rdi + 8], r8
    mov     [rdi + 16], r9
    mov     [rdi + 24], r10
    add     rsi, 32
    add     rdi, 32
    sub     rdx, 32
    jae     23b
24: add     rdx, 32
25: sub     rdx, 8                      // 8 at a time
    jb      29f
    mov     rcx, [rsi]
    mov     [rdi], rcx
    add     rsi, 8
    add     rdi, 8
    jmp     25b
29: add     rdx, 8
    jmp     26b

    .balign 16
monitor_memset:                         // rdi to, sil byte, rdx bytes -> rax
    mov     rax, rdi
    movzx   esi, sil
    movabs  rcx, 0x0101010101010101
    imul    rcx, rsi
    sub     rdx, 32
    jb      32f
31: mov     [rdi], rcx
    mov     [rdi + 8], rcx
    mov     [rdi + 16], rcx
    mov     [rdi + 24], rcx
    add     rdi, 32
    sub     rdx, 32
    jae     31b
32: add     rdx, 32
33: sub     rdx, 8
    jb      34f
    mov     [rdi], rcx
    add     rdi, 8
    jmp     33b
34: add     rdx, 8
    jz      36f
35: mov     [rdi], cl
    inc     rdi
    dec     rdx
    jnz     35b
36: ret

    .balign 16
monitor_memcmp:                         // rdi, rsi, rdx bytes -> eax: below, equal, above 0
    sub     rdx, 8
    jb      42f
41: mov     rax, [rdi]
    mov     rcx, [rsi]
    cmp     rax, rcx
    jne     44f
    add     rdi, 8
    add     rsi, 8
    sub     rdx, 8
    jae     41b
42: add     rdx, 8
    jz      45f
43: movzx   eax, byte ptr [rdi]
    movzx   ecx, byte ptr [rsi]
    sub     eax, ecx
    jne     46f
    inc     rdi
    inc     rsi
    dec     rdx
    jnz     43b
45: xor     eax, eax
46: ret
44: bswap   rax
    bswap   rcx
    cmp     rax, rcx
    sbb     eax, eax
    or      eax, 1
    ret
    "#
);

// Under the names that the compiler calls; the tests run on a host that has its own.
#[cfg(target_os = "none")]
global_asm!(
    r#"
    .global memcpy
    .global memmove
    .global memset
    .global memcmp
    .global bcmp
    .set    memcpy, monitor_memcpy
    .set    memmove, monitor_memmove
    .set    memset, monitor_memset
    .set    memcmp, monitor_memcmp
    .set    bcmp, monitor_memcmp
    "#
);

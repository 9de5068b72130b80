# SPDX-License-Identifier: MIT
# The second road to sources/hex0/cat-x86_64.hex0: the same program for the GNU assembler.
        .intel_syntax noprefix
        .set base, 0x400000
        .set buffer, 0x500000
elf:    .ascii "\177ELF"
        .byte 2, 1, 1, 0
        .quad 0
        .short 2, 62
        .long 1
        .quad base + start - elf
        .quad phdr - elf
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
start:  mov     ebp, buffer
        pop     rcx
        pop     rcx
next:   pop     rsi
        test    rsi, rsi
        jz      done
        mov     edi, -100
        xor     edx, edx
        mov     eax, 257
        syscall
        xchg    ebx, eax
        test    ebx, ebx
        js      fail
read:   mov     edi, ebx
        mov     esi, ebp
        mov     edx, buffer
        xor     eax, eax
        syscall
        add     ebp, eax
        test    eax, eax
        jg      read
        jz      next
fail:   mov     edi, 1
        jmp     exit
done:   mov     edi, 1
        mov     esi, buffer
        sub     ebp, esi
        mov     edx, ebp
        mov     eax, edi
        syscall
        xor     edi, edi
        cmp     eax, ebp
        jne     fail
exit:   mov     eax, 60
        syscall
end:

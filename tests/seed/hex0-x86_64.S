# SPDX-License-Identifier: MIT
# The second road to sources/hex0/x86_64.hex0: the same program for the GNU assembler.
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
start:  xor     ebx, ebx
        mov     esi, buffer
        push    rsi
        push    rsi
read:   xor     edi, edi
        xor     eax, eax
        mov     edx, esi
        syscall
        add     esi, eax
        test    eax, eax
        jg      read
        js      done
        mov     byte ptr [rsi], 10
        mov     ebp, esi
        pop     rsi
        mov     edi, esi
fresh:  push    1
        pop     rbx
next:   cmp     esi, ebp
        jae     done
        lodsb
        cmp     al, ' '
        jbe     next
        cmp     al, ';'
        je      skip
        cmp     al, '#'
        jne     digit
skip:   lodsb
        cmp     al, 10
        jne     skip
        jmp     next
digit:  sub     al, '0'
        cmp     al, 9
        jbe     nibble
        or      al, 0x20
        sub     al, 0x31
        cmp     al, 5
        ja      exit
        add     al, 10
nibble: shl     ebx, 4
        or      bl, al
        test    bh, bh
        jz      next
        xchg    eax, ebx
        stosb
        jmp     fresh
done:   pop     rsi
        mov     edx, edi
        sub     edx, esi
        mov     edi, ebx
        dec     ebx
        jnz     exit
        mov     eax, edi
        syscall
        cmp     eax, edx
        setne   bl
exit:   mov     edi, ebx
        push    60
        pop     rax
        syscall
end:

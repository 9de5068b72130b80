# SPDX-License-Identifier: MIT
# The second road to sources/hex1/x86_64.hex0: the same program for the GNU assembler.
        .intel_syntax noprefix
        .set base, 0x400000
        .set names, 0x410000
        .set out, 0x500000
        .set text, 0x600000
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
        .quad 0x600000
        .quad 0x1000
start:  mov     esi, text
read:   xor     edi, edi
        mov     edx, 0x200000
        xor     eax, eax
        syscall
        add     esi, eax
        test    eax, eax
        jg      read
        js      fail
        mov     ebx, names
        mov     ebp, 2
pass:   mov     esi, text
        mov     edi, out
        xor     r12d, r12d
made:   mov     r13d, edi
next:   movzx   eax, byte ptr [rsi]
        inc     esi
        cmp     al, ' '
        ja      token
        test    al, al
        jz      ended
        cmp     al, 10
        jne     next
        test    r12d, r12d
        jz      next
        mov     esi, r12d
        xor     r12d, r12d
        jmp     next
token:  cmp     al, '#'
        je      rest
        cmp     al, ';'
        je      rest
        cmp     al, ':'
        je      label
        cmp     al, '='
        je      macro
        cmp     al, '"'
        je      string
        cmp     al, '^'
        je      align
        xor     edx, edx
        cmp     al, '@'
        je      address
        mov     edx, out
        cmp     al, '!'
        je      address
        cmp     al, '%'
        je      decimal
        cmp     al, '+'
        je      reserve
        cmp     al, 0x27
        je      char
        cmp     al, 'F'
        jbe     hex
        dec     esi
        call    lookup
        mov     eax, [rdx + 8]
        cmp     eax, text
        jb      fail
        test    r12d, r12d
        jnz     fail
        mov     r12d, esi
        mov     esi, eax
        jmp     next
macro:  call    lookup
        mov     [rdx + 8], rsi
rest:   mov     al, [rsi]
        cmp     al, 10
        je      next
        inc     esi
        test    al, al
        jnz     rest
        dec     esi
        jmp     next
label:  call    lookup
        mov     [rdx + 8], rdi
        jmp     next
address: mov    r9d, edx
        call    lookup
        mov     rax, [rdx + 8]
        test    rax, rax
        jnz     known
        cmp     ebp, 1
        je      fail
known:  sub     rax, r9
eight:  stosq
        jmp     made
decimal: call   number
        jmp     eight
char:   movzx   eax, byte ptr [rsi]
        inc     esi
        jmp     eight
reserve: call   number
        add     rdi, rax
        jmp     next
string: lodsb
        cmp     al, '"'
        je      made
        stosb
        test    al, al
        jnz     string
fail:   mov     edi, 1
        jmp     exit
align:  test    edi, 7
        jz      made
        mov     al, 0
        stosb
        jmp     align
hex:    call    digit
        mov     ecx, eax
        lodsb
        call    digit
        shl     ecx, 4
        or      eax, ecx
        stosb
        jmp     made
digit:  sub     al, '0'
        cmp     al, 9
        jbe     back
        sub     al, 17
        cmp     al, 5
        ja      fail
        add     al, 10
back:   ret
number: xor     eax, eax
        xor     ecx, ecx
        cmp     byte ptr [rsi], '-'
        sete    r8b
        jne     figure
        inc     esi
figure: mov     cl, [rsi]
        sub     cl, '0'
        cmp     cl, 9
        ja      last
        imul    rax, rax, 10
        add     rax, rcx
        inc     esi
        jmp     figure
last:   cmp     byte ptr [rsi], ' '
        ja      fail
        test    r8b, r8b
        jz      back
        neg     rax
        ret
lookup: mov     edx, names
entry:  cmp     edx, ebx
        je      add
        mov     ecx, [rdx]
        xor     r8d, r8d
same:   mov     al, [rcx + r8]
        mov     r10b, [rsi + r8]
        inc     r8d
        cmp     al, ' '
        jbe     end1
        cmp     al, r10b
        je      same
other:  add     edx, 16
        jmp     entry
end1:   cmp     r10b, ' '
        ja      other
        jmp     behind
add:    mov     [rdx], rsi
        add     ebx, 16
behind: cmp     byte ptr [rsi], ' '
        jbe     back
        inc     esi
        jmp     behind
ended:  dec     ebp
        jnz     pass
        mov     esi, out
        mov     edx, r13d
        cmp     edx, text
        ja      fail
        sub     edx, esi
        mov     edi, 1
        mov     eax, edi
        syscall
        xor     edi, edi
        cmp     eax, edx
        jne     fail
exit:   mov     eax, 60
        syscall
end:

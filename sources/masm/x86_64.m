# SPDX-License-Identifier: MIT
# The macro machine on x86_64: what a text for hex1 or masm, or a compiler's output, may use.
#
# A machine with two registers A and B, a stack, a frame pointer and memory. This table and the seed listings
# are all that the chain knows about the processor before cc. A is rax, B rcx, the stack
# pointer rsp, the frame pointer rbp.
# No macro but those that say so changes B or reads it; a call, a division or a system call may change B.
# Behind '#': the meaning, then the instructions (each AArch64 word with its bit fields stands in
# docs/aarch64-encodings.txt; tests/tests/seed_masm.rs assembles every line with GNU as).
# The text that follows must define the labels start (where the program begins), file_end (where its bytes
# end) and mem_end (where the memory ends that it reserves behind them).

# --- ELF header; its last eight bytes are also the first eight of the program header
7F454C46 02010100 0000000000000000        # magic; 64 bit, little-endian, version 1, System V; padding
0200 3E00 01000000                        # an executable for x86_64; version 1
@start 3800000000000000                   # entry address; file offset of the program header
0000000000000000 00000000 4000 3800       # no section headers; flags; sizes of this header and the next
# --- program header: the whole file to 500000
01000000 07000000 0000000000000000        # load; readable, writable, executable; from file offset 0
0000500000000000 0000500000000000         # to this address; physical address, not used
!file_end !mem_end 0010000000000000       # bytes in the file; bytes in memory, the rest zero; alignment

# --- System calls and other constants of x86_64, used as operands
=sys_read %0
=sys_write %1
=sys_openat %257
=sys_exit %60


# --- The two registers A and B. An operand, eight bytes, follows the macros marked with *.
=lit     48B8                                         # * A = operand | mov rax, operand
=litb    48B9                                         # * B = operand | mov rcx, operand
=movb    4889C1                                       # B = A | mov rcx, rax
=push    50                                           # push A | push rax
=pop     58                                           # pop A | pop rax
=popb    4889C158                                     # B = A, pop A: the left operand, pushed before the right one, is in A again | mov rcx, rax; pop rax

# --- Memory: local variables lie below the frame pointer, parameters from 16 above it, the last one first.
=local   4801E8                                       # A = A + frame pointer | add rax, rbp
=get     488B0506000000488B0428EB08                   # * A = the eight bytes at frame pointer + operand | mov rax, [rip+6]; mov rax, [rax+rbp]; jmp .+10
=put     488B0D0600000048890429EB08                   # * the eight bytes at frame pointer + operand = A; changes B | mov rcx, [rip+6]; mov [rcx+rbp], rax; jmp .+10
=load    48A1                                         # * A = the eight bytes at operand | mov rax, [operand]
=save    48A3                                         # * the eight bytes at operand = A | mov [operand], rax
=load1s  480FBE00                                     # A = the one byte at A, signed | movsx rax, byte [rax]
=load1u  0FB600                                       # A = the one byte at A, unsigned | movzx eax, byte [rax]
=load2s  480FBF00                                     # A = the two bytes at A, signed | movsx rax, word [rax]
=load2u  0FB700                                       # A = the two bytes at A, unsigned | movzx eax, word [rax]
=load4s  486300                                       # A = the four bytes at A, signed | movsxd rax, dword [rax]
=load4u  8B00                                         # A = the four bytes at A, unsigned | mov eax, [rax]
=load8   488B00                                       # A = the eight bytes at A | mov rax, [rax]
=store1  88084889C8                                   # one byte at A = B, A = B | mov [rax], cl; mov rax, rcx
=store2  6689084889C8                                 # two bytes at A = B, A = B | mov [rax], cx; mov rax, rcx
=store4  89084889C8                                   # four bytes at A = B, A = B | mov [rax], ecx; mov rax, rcx
=store8  4889084889C8                                 # eight bytes at A = B, A = B | mov [rax], rcx; mov rax, rcx

# --- Arithmetic: A = A op B. A division by zero ends the program; the smallest number by -1 is itself.
=sx1     480FBEC0                                     # A = its lowest byte, signed | movsx rax, al
=zx1     0FB6C0                                       # A = its lowest byte, unsigned | movzx eax, al
=sx2     480FBFC0                                     # A = its lowest two bytes, signed | movsx rax, ax
=zx2     0FB7C0                                       # A = its lowest two bytes, unsigned | movzx eax, ax
=sx4     4863C0                                       # A = its lowest four bytes, signed | movsxd rax, eax
=zx4     89C0                                         # A = its lowest four bytes, unsigned | mov eax, eax
=neg     48F7D8                                       # A = -A | neg rax
=not     4885C00F94C00FB6C0                           # A = 1 if it was 0, else 0 | test rax, rax; sete al; movzx eax, al
=add     4801C8                                       # A + B | add rax, rcx
=sub     4829C8                                       # A - B | sub rax, rcx
=mul     480FAFC1                                     # A * B | imul rax, rcx
=and     4821C8                                       # A and B, bit by bit | and rax, rcx
=or      4809C8                                       # A or B, bit by bit | or rax, rcx
=xor     4831C8                                       # A exclusive-or B, bit by bit | xor rax, rcx
=shl     48D3E0                                       # A shifted left by B modulo 64 | shl rax, cl
=shr     48D3E8                                       # A shifted right by B modulo 64, zeros move in | shr rax, cl
=sar     48D3F8                                       # A shifted right by B modulo 64, the sign moves in | sar rax, cl
=divs    4883F9FF750548F7D8EB05489948F7F9             # A / B, signed | cmp rcx, -1; jne .+7; neg rax; jmp .+7; cqo; idiv rcx
=mods    4883F9FF750431C0EB08489948F7F94889D0         # remainder of A / B, signed | cmp rcx, -1; jne .+6; xor eax, eax; jmp .+10; cqo; idiv rcx; mov rax, rdx
=divu    31D248F7F1                                   # A / B, unsigned | xor edx, edx; div rcx
=modu    31D248F7F14889D0                             # remainder of A / B, unsigned | xor edx, edx; div rcx; mov rax, rdx

# --- Comparisons: A = 1 if A op B, else 0.
=eq      4839C80F94C00FB6C0                           # equal | cmp rax, rcx; sete al; movzx eax, al
=ne      4839C80F95C00FB6C0                           # not equal | cmp rax, rcx; setne al; movzx eax, al
=lts     4839C80F9CC00FB6C0                           # less, signed | cmp rax, rcx; setl al; movzx eax, al
=les     4839C80F9EC00FB6C0                           # less or equal, signed | cmp rax, rcx; setle al; movzx eax, al
=gts     4839C80F9FC00FB6C0                           # greater, signed | cmp rax, rcx; setg al; movzx eax, al
=ges     4839C80F9DC00FB6C0                           # greater or equal, signed | cmp rax, rcx; setge al; movzx eax, al
=ltu     4839C80F92C00FB6C0                           # less, unsigned | cmp rax, rcx; setb al; movzx eax, al
=leu     4839C80F96C00FB6C0                           # less or equal, unsigned | cmp rax, rcx; setbe al; movzx eax, al
=gtu     4839C80F97C00FB6C0                           # greater, unsigned | cmp rax, rcx; seta al; movzx eax, al
=geu     4839C80F93C00FB6C0                           # greater or equal, unsigned | cmp rax, rcx; setae al; movzx eax, al

# --- Control. A caller pushes the arguments, the first one first, calls, and drops them; the result is in A.
=jmp     FF2500000000                                 # * go to operand | jmp [rip+0]
=jz      4885C0750EFF2500000000                       # * go to operand if A is 0 | test rax, rax; jne .+16; jmp [rip+0]
=jnz     4885C0740EFF2500000000                       # * go to operand if A is not 0 | test rax, rax; je .+16; jmp [rip+0]
=call    FF1502000000EB08                             # * call operand | call [rip+2]; jmp .+10
=calla   FFD0                                         # call A | call rax
=enter   554889E5482B2502000000EB08                   # * begin a function that has operand bytes of local variables | push rbp; mov rbp, rsp; sub rsp, [rip+2]; jmp .+10
=leave   C9C3                                         # return from it | leave; ret
=drop    48032502000000EB08                           # * drop operand bytes from the stack | add rsp, [rip+2]; jmp .+10
=sys     41594158415A5A5E5F580F05                     # system call: pops six arguments, the last one first, and its number; A = the result | pop r9; pop r8; pop r10; pop rdx; pop rsi; pop rdi; pop rax; syscall
=init    4889E0                                       # at the very start: A = address of the number of arguments, which the arguments follow | mov rax, rsp

# SPDX-License-Identifier: MIT
# The macro machine on AArch64: what a text for hex1 or masm, or a compiler's output, may use.
#
# A machine with two registers A and B, a stack, a frame pointer and memory. This table and the seed listings
# are all that the chain knows about the processor before cc. A is x0, B x1, the stack pointer
# x28 (sp must be a multiple of 16), the frame pointer x29, the return address x30; x16 is scratch.
# No macro but those that say so changes B or reads it; a call, a division or a system call may change B.
# Behind '#': the meaning, then the instructions (each AArch64 word with its bit fields stands in
# docs/aarch64-encodings.txt; tests/tests/seed_masm.rs assembles every line with GNU as).
# The text that follows must define the labels start (where the program begins), file_end (where its bytes
# end) and mem_end (where the memory ends that it reserves behind them).

# --- ELF header; its last eight bytes are also the first eight of the program header
7F454C46 02010100 0000000000000000        # magic; 64 bit, little-endian, version 1, System V; padding
0200 B700 01000000                        # an executable for AArch64; version 1
@start 3800000000000000                   # entry address; file offset of the program header
0000000000000000 00000000 4000 3800       # no section headers; flags; sizes of this header and the next
# --- program header: the whole file to 500000
01000000 07000000 0000000000000000        # load; readable, writable, executable; from file offset 0
0000500000000000 0000500000000000         # to this address; physical address, not used
!file_end !mem_end 0010000000000000       # bytes in the file; bytes in memory, the rest zero; alignment

# --- System calls and other constants of AArch64, used as operands
=sys_read %63
=sys_write %64
=sys_openat %56
=sys_exit %93


# --- The two registers A and B. An operand, eight bytes, follows the macros marked with *.
=lit     40000058 03000014                            # * A = operand | ldr x0, .+8; b .+12
=litb    41000058 03000014                            # * B = operand | ldr x1, .+8; b .+12
=movb    E10300AA                                     # B = A | mov x1, x0
=push    808F1FF8                                     # push A | str x0, [x28, #-8]!
=pop     808740F8                                     # pop A | ldr x0, [x28], #8
=popb    E10300AA 808740F8                            # B = A, pop A: the left operand, pushed before the right one, is in A again | mov x1, x0; ldr x0, [x28], #8

# --- Memory: local variables lie below the frame pointer, parameters from 16 above it, the last one first.
=local   00001D8B                                     # A = A + frame pointer | add x0, x0, x29
=get     70000058 A06B70F8 03000014                   # * A = the eight bytes at frame pointer + operand | ldr x16, .+12; ldr x0, [x29, x16]; b .+12
=put     70000058 A06B30F8 03000014                   # * the eight bytes at frame pointer + operand = A; changes B | ldr x16, .+12; str x0, [x29, x16]; b .+12
=load    70000058 000240F9 03000014                   # * A = the eight bytes at operand | ldr x16, .+12; ldr x0, [x16]; b .+12
=save    70000058 000200F9 03000014                   # * the eight bytes at operand = A | ldr x16, .+12; str x0, [x16]; b .+12
=load1s  00008039                                     # A = the one byte at A, signed | ldrsb x0, [x0]
=load1u  00004039                                     # A = the one byte at A, unsigned | ldrb w0, [x0]
=load2s  00008079                                     # A = the two bytes at A, signed | ldrsh x0, [x0]
=load2u  00004079                                     # A = the two bytes at A, unsigned | ldrh w0, [x0]
=load4s  000080B9                                     # A = the four bytes at A, signed | ldrsw x0, [x0]
=load4u  000040B9                                     # A = the four bytes at A, unsigned | ldr w0, [x0]
=load8   000040F9                                     # A = the eight bytes at A | ldr x0, [x0]
=store1  01000039 E00301AA                            # one byte at A = B, A = B | strb w1, [x0]; mov x0, x1
=store2  01000079 E00301AA                            # two bytes at A = B, A = B | strh w1, [x0]; mov x0, x1
=store4  010000B9 E00301AA                            # four bytes at A = B, A = B | str w1, [x0]; mov x0, x1
=store8  010000F9 E00301AA                            # eight bytes at A = B, A = B | str x1, [x0]; mov x0, x1

# --- Arithmetic: A = A op B. A division by zero ends the program; the smallest number by -1 is itself.
=sx1     001C4093                                     # A = its lowest byte, signed | sxtb x0, w0
=zx1     001C4092                                     # A = its lowest byte, unsigned | and x0, x0, #0xff
=sx2     003C4093                                     # A = its lowest two bytes, signed | sxth x0, w0
=zx2     003C4092                                     # A = its lowest two bytes, unsigned | and x0, x0, #0xffff
=sx4     007C4093                                     # A = its lowest four bytes, signed | sxtw x0, w0
=zx4     E003002A                                     # A = its lowest four bytes, unsigned | mov w0, w0
=neg     E00300CB                                     # A = -A | neg x0, x0
=not     1F0000F1 E0179F9A                            # A = 1 if it was 0, else 0 | cmp x0, #0; cset x0, eq
=add     0000018B                                     # A + B | add x0, x0, x1
=sub     000001CB                                     # A - B | sub x0, x0, x1
=mul     007C019B                                     # A * B | mul x0, x0, x1
=and     0000018A                                     # A and B, bit by bit | and x0, x0, x1
=or      000001AA                                     # A or B, bit by bit | orr x0, x0, x1
=xor     000001CA                                     # A exclusive-or B, bit by bit | eor x0, x0, x1
=shl     0020C19A                                     # A shifted left by B modulo 64 | lsl x0, x0, x1
=shr     0024C19A                                     # A shifted right by B modulo 64, zeros move in | lsr x0, x0, x1
=sar     0028C19A                                     # A shifted right by B modulo 64, the sign moves in | asr x0, x0, x1
=divs    410000B5 00000000 000CC19A                   # A / B, signed | cbnz x1, .+8; udf #0; sdiv x0, x0, x1
=mods    410000B5 00000000 100CC19A 0082019B          # remainder of A / B, signed | cbnz x1, .+8; udf #0; sdiv x16, x0, x1; msub x0, x16, x1, x0
=divu    410000B5 00000000 0008C19A                   # A / B, unsigned | cbnz x1, .+8; udf #0; udiv x0, x0, x1
=modu    410000B5 00000000 1008C19A 0082019B          # remainder of A / B, unsigned | cbnz x1, .+8; udf #0; udiv x16, x0, x1; msub x0, x16, x1, x0

# --- Comparisons: A = 1 if A op B, else 0.
=eq      1F0001EB E0179F9A                            # equal | cmp x0, x1; cset x0, eq
=ne      1F0001EB E0079F9A                            # not equal | cmp x0, x1; cset x0, ne
=lts     1F0001EB E0A79F9A                            # less, signed | cmp x0, x1; cset x0, lt
=les     1F0001EB E0C79F9A                            # less or equal, signed | cmp x0, x1; cset x0, le
=gts     1F0001EB E0D79F9A                            # greater, signed | cmp x0, x1; cset x0, gt
=ges     1F0001EB E0B79F9A                            # greater or equal, signed | cmp x0, x1; cset x0, ge
=ltu     1F0001EB E0279F9A                            # less, unsigned | cmp x0, x1; cset x0, lo
=leu     1F0001EB E0879F9A                            # less or equal, unsigned | cmp x0, x1; cset x0, ls
=gtu     1F0001EB E0979F9A                            # greater, unsigned | cmp x0, x1; cset x0, hi
=geu     1F0001EB E0379F9A                            # greater or equal, unsigned | cmp x0, x1; cset x0, hs

# --- Control. A caller pushes the arguments, the first one first, calls, and drops them; the result is in A.
=jmp     50000058 00021FD6                            # * go to operand | ldr x16, .+8; br x16
=jz      A00000B5 50000058 00021FD6                   # * go to operand if A is 0 | cbnz x0, .+20; ldr x16, .+8; br x16
=jnz     A00000B4 50000058 00021FD6                   # * go to operand if A is not 0 | cbz x0, .+20; ldr x16, .+8; br x16
=call    70000058 00023FD6 03000014                   # * call operand | ldr x16, .+12; blr x16; b .+12
=calla   00003FD6                                     # call A | blr x0
=enter   9D7BBFA9 FD031CAA 70000058 9C0310CB 03000014 # * begin a function that has operand bytes of local variables | stp x29, x30, [x28, #-16]!; mov x29, x28; ldr x16, .+12; sub x28, x28, x16; b .+12
=leave   FC031DAA 9D7BC1A8 C0035FD6                   # return from it | mov x28, x29; ldp x29, x30, [x28], #16; ret
=drop    70000058 9C03108B 03000014                   # * drop operand bytes from the stack | ldr x16, .+12; add x28, x28, x16; b .+12
=sys     8513C1A8 830BC1A8 8103C1A8 888740F8 010000D4 # system call: pops six arguments, the last one first, and its number; A = the result | ldp x5, x4, [x28], #16; ldp x3, x2, [x28], #16; ldp x1, x0, [x28], #16; ldr x8, [x28], #8; svc #0
=init    FC030091 E0030091                            # at the very start: A = address of the number of arguments, which the arguments follow | mov x28, sp; mov x0, sp

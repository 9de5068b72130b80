// SPDX-License-Identifier: MIT
// Every class of instruction that sources/cc/as_aarch64.c knows; assembled by cc
// and by GNU as, the bytes must be equal.
	.text
	.globl start
start:
	add x0, x1, x2
	add w0, w1, w2, lsl #3
	add x0, x1, x2, asr 63
	add sp, sp, x3
	add x0, sp, w1, uxtw #2
	add x5, x6, w7, sxtb
	add x0, x1, #1
	add w0, w1, 4095
	add x0, x1, #1, lsl #12
	add x0, x1, #0x5000
	add x0, x1, #-5
	adds x0, x1, x2
	adds w3, w4, #17
	sub sp, sp, #16
	sub x0, x1, x2, lsr #5
	subs x0, x1, #0
	cmp x0, #1
	cmp w0, w1
	cmp x0, w1, sxtw
	cmp sp, x1
	cmn x0, #1
	cmn w3, w4
	neg x0, x1
	neg w0, w1, lsl #2
	negs x9, x10
	and x0, x1, x2
	and w0, w0, #0xc00000
	and x0, x1, #0xff
	and x0, x1, #0xfffffffffffffff0
	and x0, x1, #0x5555555555555555
	and sp, x1, #-16
	ands x3, x4, x5, ror #7
	bic w1, w1, #0xc00000
	bic x1, x2, x3
	orr w1, w1, w0
	orr x1, x2, #0x8000000000000000
	orn x1, x2, x3
	eor x1, x2, #0x3
	eon w1, w2, w3
	bics x1, x2, x3
	tst x0, #1
	tst w0, w1
	mvn x0, x1
	mvn w0, w1, lsl 4
	mov x0, x1
	mov w0, w1
	mov x0, sp
	mov sp, x0
	mov x29, sp
	mov x0, xzr
	mov x0, #0
	mov x0, #65535
	mov x0, #0x10000
	mov x0, #-1
	mov w0, #-2
	mov w0, #0x12340000
	mov x0, #0xffffffff
	mov x0, #0x0f0f0f0f0f0f0f0f
	mov w3, #0x55555555
	movz x0, #1, lsl #48
	movn x1, #7
	movk w2, #0x1234, lsl 16
	mul x0, x1, x2
	mneg w0, w1, w2
	smull x0, w1, w2
	umull x0, w1, w2
	smulh x0, x1, x2
	umulh x0, x1, x2
	madd x0, x1, x2, x3
	msub w0, w1, w2, w3
	smaddl x0, w1, w2, x3
	umaddl x0, w1, w2, x3
	smsubl x0, w1, w2, x3
	umsubl x0, w1, w2, x3
	udiv x0, x1, x2
	sdiv w0, w1, w2
	adc x0, x1, x2
	adcs x0, x1, x2
	sbc x0, x1, x2
	sbcs w0, w1, w2
	lsl x0, x1, #3
	lsl w0, w1, #31
	lsl x0, x1, x2
	lsr x0, x1, #3
	lsr w0, w1, w2
	asr x0, x1, #63
	asr w0, w1, #1
	ror x0, x1, #3
	ror w0, w1, w2
	rbit x0, x1
	rev16 w0, w1
	rev32 x0, x1
	rev x0, x1
	rev w0, w1
	clz x0, x1
	clz w0, w0
	cls x0, x1
	sxtb w0, w1
	sxtb x0, w1
	sxth x0, w1
	sxtw x0, w1
	uxtb w0, w1
	uxth w0, w1
	sbfx x0, x1, #3, #4
	ubfx w0, w1, #3, #4
	bfxil x0, x1, #3, #4
	sbfiz x0, x1, #3, #4
	ubfiz w0, w1, #3, #4
	bfi x0, x1, #3, #4
	sbfm x0, x1, #3, #4
	ubfm w0, w1, #3, #4
	bfm x0, x1, #3, #4
	extr x0, x1, x2, #17
	csel x0, x1, x2, eq
	csinc w0, w1, w2, ne
	csinv x0, x1, x2, hs
	csneg x0, x1, x2, lo
	cset w0, eq
	csetm x0, lt
	cinc x0, x1, gt
	cinv x0, x1, le
	cneg w0, w1, mi
	ccmp x0, x1, #0, eq
	ccmp w0, #31, #15, ne
	ccmn x0, #3, #4, hi
1:	b 1b
	b 2f
	bl 1b
	b.eq 1b
	b.ne 2f
	bhi 1b
	b.ls start.local
2:	cbz x0, 1b
	cbnz w0, 2b
	tbz x0, #63, 1b
	tbnz w0, #5, 2b
start.local:
	br x16
	blr x8
	ret
	ret x1
	adr x0, 1b
	adr x0, start.local+8
	adrp x0, external
	add x0, x0, :lo12:external
	add x0, x0, #:lo12:external+8
	adrp x1, :got:external
	ldr x1, [x1, :got_lo12:external]
	ldr x1, [x1, #:lo12:external]
	ldrb w1, [x1, #:lo12:external]
	strh w1, [x1, :lo12:external]
	ldr w1, [x1, :lo12:external+4]
	ldr q1, [x1, :lo12:external+16]
	add x1, x2, :tprel_hi12:tls_var
	add x1, x2, :tprel_lo12_nc:tls_var
	adrp x0, :gottprel:tls_var
	ldr x0, [x0, :gottprel_lo12:tls_var]
	movz x0, #:abs_g3:external
	movk x0, #:abs_g2_nc:external
	movk x0, #:abs_g1_nc:external
	movk x0, #:abs_g0_nc:external
	bl external
	b external
	cbz x1, external
	b.lt external
	tbz w1, #3, external
	ldr x0, 1b
	ldr w0, start.local
	ldrsw x0, 1b
	ldr d0, 1b
	ldr x0, [x1]
	ldr w0, [x1, #4]
	ldr x0, [sp, #32760]
	ldr x0, [x1, #-8]
	ldr x0, [x1, #1]
	ldr x0, [x1, x2]
	ldr x0, [x1, x2, lsl #3]
	ldr w0, [x1, w2, sxtw #2]
	ldr w0, [x1, w2, uxtw]
	ldr x0, [x1], #8
	ldr x0, [x1, #-16]!
	ldr q0, [x1, #16]
	ldr q0, [x1, #-16]
	ldr d0, [x1], #8
	str s0, [x1, x2, lsl #2]
	ldr h0, [x1, #2]
	ldr b0, [x1, #1]
	str x30, [x0, #176+8+8]
	str xzr, [sp, -16]!
	strb w0, [x1], 1
	strb w0, [x1, #4095]
	ldrb w0, [x1, x2]
	strh w0, [x1, #8190]
	ldrh w0, [x1, x2, lsl #1]
	ldrsb x0, [x1]
	ldrsb w0, [x1, #7]
	ldrsh x0, [x1, #2]
	ldrsh w0, [x1, x2]
	ldrsw x0, [x1, #4]
	ldrsw x0, [x1], #4
	ldur x0, [x1, #3]
	stur w0, [x1, #-256]
	ldurb w0, [x1, #255]
	sturh w0, [x1, #1]
	ldursw x0, [x1, #-4]
	stp x29, x30, [sp, #-16]!
	stp x29,x30,[sp,-16]!
	ldp x29, x30, [sp], #16
	stp w1, w2, [x0]
	ldp x1, x2, [x0, #504]
	stp d8, d9, [sp, #16]
	ldp q0, q1, [x1, #32]
	ldpsw x0, x1, [x2, #8]
	ldxr w0, [x1]
	ldaxr x0, [x1]
	stxr w0, w1, [x2]
	stlxr w0, x1, [x2]
	ldxrb w0, [x1]
	stlxrb w0, w1, [x2]
	ldaxrh w0, [x1]
	stxrh w0, w1, [x2]
	ldar x0, [x1]
	stlr w0, [x1]
	ldarb w0, [x1]
	stlrh w0, [x1]
	ldxp x0, x1, [x2]
	ldaxp w0, w1, [x2]
	stxp w0, x1, x2, [x3]
	stlxp w0, x1, x2, [x3]
	nop ; yield ; wfe
	wfi
	sev
	svc #0
	svc 0
	brk #1000
	hvc #1
	hint #7
	udf #3
	clrex
	prfm pldl1keep, [x3]
	prfm pldl2strm, [x4, #64]
	prfm pstl1keep, [x5, x6, lsl #3]
	dsb sy
	dmb ish
	dmb ishst
	dmb #3
	isb
	mrs x0, tpidr_el0
	msr tpidr_el0, x0
	mrs x0, fpcr
	msr fpsr, x1
	mrs x2, s3_3_c13_c0_2
	mrs x2, dczid_el0
	mrs x2, cntvct_el0
	msr daifset, #2
	msr daifclr, #15
	msr spsel, #1
	dc zva, x3
	dc civac, x1
	ic iallu
	ic ivau, x2
	tlbi vmalle1
	eret
	fmov d0, d1
	fmov s0, s1
	fmov x0, d1
	fmov d0, x1
	fmov w0, s1
	fmov s0, w1
	fmov d0, xzr
	fabs d0, d1
	fneg s0, s1
	fsqrt d0, d1
	frintn d0, d1
	frintp s0, s1
	frintm d0, d1
	frintz d0, d1
	frinta d0, d1
	frintx d0, d1
	frinti s0, s1
	fmul d0, d1, d2
	fdiv s0, s1, s2
	fadd d0, d1, d2
	fsub d0, d1, d2
	fmax d0, d1, d2
	fminnm d0, d1, d2
	fmaxnm s0, s1, s2
	fnmul d0, d1, d2
	fmadd d0, d1, d2, d3
	fmsub s0, s1, s2, s3
	fnmadd d0, d1, d2, d3
	fnmsub d0, d1, d2, d3
	fcvt d0, s1
	fcvt s0, d1
	fcvt h0, s1
	fcvt d0, h1
	fcvtzs x0, d1
	fcvtzs w0, s1
	fcvtzu x0, d1
	fcvtas x0, s1
	fcvtms w0, d1
	fcvtnu x0, d1
	scvtf d0, x1
	scvtf s0, w1
	ucvtf d0, x1
	fcmp d0, d1
	fcmp s0, #0.0
	fcmpe d0, d1
	fcsel d0, d1, d2, mi
	dup v0.16B, w1
	mov x1, v0.d[0]
	mov x1, v3.D[1]
	.p2align 4
	.word 0x12345678, external, external+4
	.quad external, . - start
	.hword 7
	.short 'a', '\n'
	.byte 1, -1, 0x7f+1
	.balign 4
	.inst 0xd503201f
	.word 3f - start, external - .
3:
	.size start, .-start
	.data
table:
	.xword start, 3b - table2 + 4*(2+3) << 1
table2:
	.ascii "a\tb\\\"\101\x41", "c"
	.asciz "zero"
	.string "s"
	.zero 5
	.skip 3, 0x55
	.fill 2, 4, 0x01020304
	.set five, 5
six = five + 1
	.byte five, six, (1|2)^3, ~0 & 15, 100 % 7, 1<<4 >> 2
	.section .rodata.x, "a", %progbits
	.weak w1
	.hidden h1
	.type start, %function
	.comm cc1, 12, 4
	.local lc
	.comm lc, 8, 8
	.word 1
	.previous
	.byte 9
	.pushsection .init_array, "aw"
	.popsection
	.byte 10

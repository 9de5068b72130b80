# SPDX-License-Identifier: MIT
# Every line of sources/cc/as_x86_64.c's table; assembled by cc and by GNU as, the
# bytes must be equal (forward jumps excepted: cc's are always long).
	.text
	.globl start
start:
1:	add $1, %eax
	add $1000, %eax
	add $1000, %ecx
	add $-1, %rax
	addl $5, (%rax)
	addq $500, 8(%rsp)
	addb $1, (%r12)
	addw $1, 4(%r13)
	add %al, %bl
	add %ax, %r9w
	add %r10, (%r11)
	add (%rax,%rbx,4), %rdx
	or $0x80, %al
	or %sil, %dil
	adc %rax, %rbx
	sbb $0, %rdx
	and $-16, %rsp
	and $0xf, %r8d
	andb $0xf3,1(%rsp)
	or %ch,1(%rsp)
	shl $3,%ch
	sub $8, %rsp
	xor %eax, %eax
	xor %rbp,%rbp
	cmp $0x3fff+13,%ax
	cmp %r8, %r9
	cmpl $0xc67ff800,(%rsp)
	cmpb $0, sym(%rip)
	cmpw $5, 2(%rbx,%rcx,8)
	rol $5, %eax
	ror %cl, %rax
	shl %eax
	shl $1, %rbx
	shlq $4, (%rax)
	sal $3, %ecx
	shr $63, %rax
	sarl %cl, 4(%rdi)
	sar $31, %eax
	not %rax
	negl (%rax)
	mul %rcx
	mulq 8(%rax)
	imul %rcx
	imul %rcx, %rax
	imul $5, %rcx, %rax
	imul $500, %ecx, %eax
	imul (%rax), %edx
	div %r8
	idivl (%rsp)
	inc %rdi
	incl (%rax)
	dec %ecx
	decq 8(%rax)
	bt $5, %eax
	bts %rax, (%rbx)
	btrq $63, (%rax)
	btc %ecx, %edx
	mov %rsp, %rbp
	mov (%rax), %al
	mov 8(%rsp),%ax
	mov %eax, -8(%rbp)
	mov %r15, 0x1000(%r14)
	mov $1, %eax
	mov $1, %rax
	mov $-1, %rax
	mov $0x80000000, %rax
	mov $0x123456789abcdef, %rax
	movabs $sym, %rax
	movabsq $5, %r11
	mov $sym, %eax
	mov $sym, %rax
	movl $sym+4, 8(%rax)
	movq $1, (%rax)
	movb $1, %sil
	movb $-1, (%rsi)
	movw $0x1234, (%rsi)
	movw $1, %cx
	movl $0x5f000000,(%rsp)
	mov sym(%rip), %rax
	mov sym+8(%rip), %eax
	movl $1, sym(%rip)
	mov %fs:0, %rcx
	mov %fs:8(%rax), %ecx
	mov sym, %ecx
	mov sym(,%rax,8), %rcx
	mov arr(%rbx), %rcx
	mov (%rbp), %rax
	mov (%r13), %rax
	mov (%rsp), %rax
	mov (%r12,%r13,2), %rax
	mov (%rbp,%rax), %rax
	movzbl %al, %eax
	movzbl (%rax), %ecx
	movzbq (%rax), %rcx
	movzbq %dil, %rcx
	movzwl %ax, %ecx
	movzwq 4(%rax), %rcx
	movsbl %al, %eax
	movsbq %r9b, %rax
	movsbw %al, %ax
	movswl (%rax), %eax
	movswq %ax, %rax
	movslq %eax, %rcx
	movslq (%rax,%rcx,4), %rcx
	test %eax,%ecx
	test $1, %al
	test $0x100, %eax
	testl $5, (%rax)
	testb $1, 8(%rbx)
	test %ecx,-8(%rsp)
	xchg %eax, (%rcx)
	xchg %rdx, %rcx
	lock xadd %eax, (%rdx)
	lock ; cmpxchg %ecx, (%rdx)
	lock cmpxchg %rcx, 8(%rdx)
	lock ; orl $0,(%rsp)
	cmpxchg16b (%rdi)
	lea -1(%rdi,%rdx),%rdi
	lea sym(%rip), %rax
	lea 0(,%rax,4), %ecx
	leaq 1b(%rip), %r10
	shld $3, %rax, %rbx
	shrd %cl, %eax, (%rbx)
	bsf %rax, %rcx
	bsr %eax,%ecx
	tzcnt %eax, %ecx
	popcnt %rax, %rcx
	bswap %eax
	bswap %r9
	push %rax
	push %r12
	pushq $0xffff
	pushq $0x37f
	push $1
	pushq 64(%rbx)
	pop %rax
	popq 64(%rdi)
	pop %r13
	call sym
	call setjmp@PLT
	call *%rax
	call *8(%r12)
	call *(%rax,%rbx,8)
	jmp *%r11
	jmp *sym(%rip)
	jmp *sym(,%rax,8)
2:	jmp 2b
	jz 2b
	jne 2b
	jbe 2b
	js 2b
	jmp sym
	jae sym
	jrcxz 2b
	loop 2b
	ret
	ret $8
	leave
	nop
	pause
	hlt
	int $0x80
	int3
	syscall
	ud2
	cpuid
	rdtsc
	mfence
	lfence
	sfence
	cld
	std
	clc
	sahf
	pushfq
	popfq
	cltq
	cqto
	cltd
	cwtl
	rep movsb
	rep movsq
	rep stosq
	rep ; stosb
	repne scasb
	repz cmpsb
	sete %al
	setne %r10b
	setb (%rax)
	cmove %rax, %rcx
	cmovl (%rax), %ecx
	cmovnsq %rax, %rcx
	in %dx, %al
	out %al, %dx
	out %eax, $0x80
	ldmxcsr -8(%rsp)
	stmxcsr 28(%rdi)
	fxsave (%rax)
	addss %xmm1, %xmm2
	addsd (%rax), %xmm9
	subpd %xmm1, %xmm2
	mulsd %xmm8, %xmm0
	divss 4(%rax), %xmm15
	sqrtsd %xmm0, %xmm0
	minsd %xmm0, %xmm1
	maxps %xmm0, %xmm1
	movss %xmm0, %xmm1
	movss (%rax), %xmm1
	movss %xmm1, (%rax)
	movsd %xmm0, -8(%rbp)
	movsd -8(%rbp), %xmm10
	movaps %xmm0, %xmm9
	movapd %xmm8, %xmm1
	movups (%rax), %xmm1
	movdqa %xmm1, (%rax)
	movdqu (%r9), %xmm1
	movd %eax, %xmm0
	movd %xmm0, %ecx
	movq %rax, %xmm0
	movq %xmm9, %rcx
	movq %xmm9, (%rcx)
	movq (%rcx), %xmm1
	movq %rax, %rbx
	movq %rdi, 8(%rsp)
	ucomisd %xmm0, %xmm1
	ucomiss (%rax), %xmm1
	comisd %xmm0, %xmm1
	cvtss2sd %xmm0, %xmm1
	cvtsd2ss %xmm0, %xmm1
	cvtsi2sd %eax, %xmm1
	cvtsi2sdq %rax, %xmm1
	cvtsi2ssl (%rax), %xmm1
	cvttsd2si %xmm0, %eax
	cvttss2si %xmm0, %rax
	cvtsd2si %xmm0, %rax
	andps %xmm0, %xmm1
	andpd %xmm0, %xmm1
	andnpd %xmm0, %xmm1
	orps %xmm0, %xmm1
	xorpd %xmm0, %xmm1
	pand %xmm0, %xmm1
	pxor %xmm0, %xmm1
	pcmpeqd %xmm0, %xmm1
	pcmpeqb (%rdi), %xmm1
	pmovmskb %xmm0, %eax
	psrlq $1, %xmm3
	psllq $63, %xmm3
	unpcklps %xmm0, %xmm1
	punpcklqdq %xmm0, %xmm1
	fld %st(1)
	flds (%rsp)
	fldl 8(%rsp)
	fldt 8(%rsp)
	fst %st(2)
	fsts (%rsp)
	fstl (%rsp)
	fstp %st(0)
	fstps (%rsp)
	fstpl (%rsp)
	fstpt (%rsp)
	filds (%rax)
	fildl 8(%rsp)
	fildq 8(%rsp)
	fildll 8(%rsp)
	fistl 8(%rsp)
	fistpl 8(%rsp)
	fistpq 8(%rsp)
	fistpll 8(%rsp)
	fisttpl (%rax)
	fisttpll (%rax)
	fxch
	fxch %st(2)
	fadd %st(1)
	fadd %st(1), %st
	fadd %st, %st(2)
	faddp
	faddp %st(1)
	faddp %st, %st(3)
	fadds (%rax)
	faddl (%rax)
	fmul %st(1)
	fmulp
	fmul %st, %st(1)
	fmull (%rax)
	fsub %st(2)
	fsub %st, %st(2)
	fsubp
	fsubp %st, %st(1)
	fsubr %st(2), %st
	fsubrp
	fsubrp %st(1)
	fsubrp %st, %st(1)
	fsubs (%rax)
	fcom
	fcom %st(3)
	fcomp
	fcomp %st(2)
	fcompp
	fcoms (%rax)
	fcompl 8(%rdi)
	fdiv %st(1)
	fdiv %st, %st(1)
	fdivp
	fdivr %st(1)
	fdivrp %st, %st(1)
	fdivrl (%rax)
	fchs
	fabs
	ftst
	fxam
	fld1
	fldl2t
	fldl2e
	fldpi
	fldlg2
	fldln2
	fldz
	f2xm1
	fyl2x
	fptan
	fpatan
	fprem1
	fprem
	fyl2xp1
	fsqrt
	frndint
	fscale
	fsin
	fcos
	fucomi %st(1), %st
	fucomip %st(1),%st
	fcomi %st(1), %st
	fcomip %st(1), %st
	fucompp
	fucomp %st(1)
	fnstcw (%rsp)
	fstcw (%rsp)
	fldcw (%rsp)
	fnstenv (%rdi)
	fldenv -1(%rdi)
	fnstsw %ax
	fnstsw
	fnstsw (%rax)
	fnclex
	fninit
	fwait
	call start
	call start.local
start.local:
	.size start, .-start
	.data
	.byte 1, -1
	.word 0x1234
	.short 5
	.long sym, . - start.d
start.d:
	.quad sym+8, start
	.asciz "x;y#z"
	.balign 8
	.quad later - start.d
later:
	.section .rodata.x, "a", @progbits
	.weak w1
	.hidden h1
	.type start, @function
	.set five, 5
	.byte five

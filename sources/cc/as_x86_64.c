/* SPDX-License-Identifier: MIT
 *
 * x86_64 instructions: their encoding, which the code generator uses too, and the assembler's table of them, in AT&T
 * syntax: integer, x87, scalar SSE2 and a few packed ones, system instructions.
 *
 * A mnemonic is looked up whole, then without a size suffix; the first form whose operands fit is taken. */

/* Kinds of operands are letters: r h (ah ch dh bh) x t registers, i immediate, m memory; R M when * stood before. */
enum { RIP = 16 };

typedef struct X86Operand X86Operand;
struct X86Operand {
    int kind, reg;
    int size;                   /* of r, h and R: 1 2 4 8 */
    int base;                   /* of m: a register, NONE or RIP */
    int index;                  /* a register or NONE */
    int scale;                  /* 0..3 */
    int segment;                /* prefix byte, or 0 */
    Value value;                /* of i and m */
    int reloc;                  /* from @PLT and so on, or 0 */
};

/* ---- encoding ---- */

/* An opcode is one byte, or two; above them is a prefix byte that goes before REX, and what REX must hold. */
enum { REX = 1 << 24, REX_B = 1 << 25, REX_W = 1 << 26 };
static int x86_high;            /* an operand is ah, ch, dh or bh: REX would make another register of it */

static void x86_opcode(unsigned int op, int rex) {
    if (op & (REX | REX_B | REX_W))
        rex |= 0x40 | (op & REX_B ? 1 : 0) | (op & REX_W ? 8 : 0);
    if (op >> 16 & 255)
        emit8(op >> 16 & 255);
    if (rex && x86_high)
        as_error("a high byte register cannot be used in this %s", mnemonic);
    if (rex)
        emit8(rex);
    if (op >> 8 & 255)
        emit8(op >> 8 & 255);
    emit8(op & 255);
}

/* n bytes: v, or what a relocation will put there */
static void x86_field(int n, Symbol *sym, int type, long v) {
    if (sym)
        emit_reloc(type, sym, v);
    emit_le(n, sym ? 0 : v);
}

/* An instruction with a ModRM byte; `behind` bytes of immediate will follow. */
static void x86_put(unsigned int op, int reg, X86Operand *o, int behind) {
    int rex = reg & 8 ? 0x44 : 0;
    reg = (reg & 7) << 3;
    if ((o->kind | 32) != 'm') {
        x86_opcode(op, rex | (o->reg & 8 ? 0x41 : 0));
        emit8(0xc0 | reg | o->reg & 7);
        return;
    }
    long disp = o->value.add;
    Symbol *sym = o->value.sym;
    int base = o->base & 7;
    int index = o->index < 0 ? 4 : o->index & 7;
    x86_opcode(op, rex | (o->base >= 0 && o->base & 8 ? 0x41 : 0) | (o->index >= 8 ? 0x42 : 0));
    if (o->base == RIP) {
        emit8(reg | 5);
        x86_field(4, sym, o->reloc ? o->reloc : R_X86_64_PC32, sym ? disp - 4 - behind : disp);
        return;
    }
    int mod = o->base < 0 ? 0 : sym || disp < -128 || disp > 127 ? 0x80 : disp || base == 5 ? 0x40 : 0;
    if (o->base < 0 || o->index >= 0 || base == 4) {
        emit8(mod | reg | 4);
        emit8(o->scale << 6 | index << 3 | (o->base < 0 ? 5 : base));
    } else
        emit8(mod | reg | base);
    if (mod == 0x40)
        emit8(disp);
    else if (mod || o->base < 0) {
        if (!sym && disp != (int)disp)
            fatal("displacement out of range in %s", mnemonic);
        x86_field(4, sym, o->reloc ? o->reloc : R_X86_64_32S, disp);
    }
}

/* A jump on condition code cc (NONE: always) over a distance that is known: false when two bytes do not reach. */
static int x86_short_jump(int cc, long distance) {
    if (distance - 2 < -128 || distance - 2 > 127)
        return 0;
    emit8(cc == NONE ? 0xeb : 0x70 | cc);
    emit8(distance - 2);
    return 1;
}

/* ---- the table ----
 * Operand letters:  r register (reg field)  e register or memory  m memory  o register (in the opcode)
 * a accumulator  A %ax  c %cl  d %dx  1 the constant 1  i immediate  I 8-byte immediate  b signed byte that fits
 * B byte  W 16-bit immediate  8 6 4 register or memory of 1, 2, 4 bytes  x xmm (reg field)  X xmm or memory
 * V xmm in rm  t st(i)  T st  j label  J label within a byte  s *register or *memory
 * !, alone, says that the entry is a prefix: the instruction follows.
 * Flags:  b w l q the operand sizes  * the opcode's low bit is clear for bytes  d 64 bits without REX.W */

/* The letters: the kinds of operand; two digits, the size, 0 that of the instruction, and what becomes of it (one of
 * these), and /REG when it must be that register. */
enum { TO_NOTHING, TO_REG, TO_RM, TO_OPCODE, TO_IMMEDIATE };
static Table x86_letters = {
    "r rh 1; e rhm 2; m m 2; o rh 3; a r 0/0; A r 20/0; c r 10/1; d r 20/2; 8 rhm 12; 6 rm 22; 4 rm 42; s RM 82; x x 1;"
    "X xm 2; V x 2; t t 3; T t 0/0; i i 4; b|B i 14; W i 24; I i 84; 1 i 0; j|J m 0;", "", 0
};

static Table x86_table = {
    "lock ! f0; rep|repe|repz ! f3; repne|repnz ! f2; data16 ! 66;"
    "add,or,adc,sbb,and,sub,xor,cmp be 83/n:wlq ia 04+8n:bwlq* ie 80/n:bwlq* re 00+8n:bwlq* er 02+8n:bwlq*;"
    "rol,ror,rcl,rcr,shl|sal,shr,,sar 1e d0/n:bwlq* e d0/n:bwlq* Be c0/n:bwlq* ce d2/n:bwlq*;"
    ",,not,neg,mul,,div,idiv e f6/n:bwlq*; inc,dec e fe/n:bwlq*; imul e f6/5:bwlq* er 0faf:wlq ber 6b:wlq ier 69:wlq;"
    ",,,,bt,bts,btr,btc Be 0fba/n:wlq re 0f83+8n:wlq; j? j 0f80+n; set? 8 0f90+n/0; cmov? er 0f40+n:wlq;"
    "mov re 88:bwlq* er 8a:bwlq* ie c7/0:q io b8:wl io b0:b Io b8:q ie c6/0:bwlq*; movabs Io b8:q;"
    "movzb|movzx 8r 0fb6:wlq; movzw 6r 0fb7:lq; movsb 8r 0fbe:wlq - a4; movsw 6r 0fbf:lq - 66a5; movsl 4r 63:q - a5;"
    "movsq - 48a5; stosb,stosl,lodsb,lodsl,scasb - aa+n; stosw - 66ab; stosq,lodsq,scasq - 48ab+2n; cmpsb - a6;"
    "cmpsq - 48a7; test re 84:bwlq* ia a8:bwlq* ie f6/0:bwlq* er 84:bwlq*; xchg re 86:bwlq* er 86:bwlq*;"
    "xadd re 0fc0:bwlq*; cmpxchg re 0fb0:bwlq*; cmpxchg8b m 0fc7/1; cmpxchg16b m 0fc7/1:q; lea mr 8d:wlq;"
    "shld,shrd Bre 0fa4+8n:wlq cre 0fa5+8n:wlq; bsf,bsr er 0fbc+n:wlq; tzcnt,lzcnt er f30fbc+n:wlq;"
    "popcnt er f30fb8:wlq; bswap o 0fc8:lq; push o 50:qd b 6a:qd i 68:qd e ff/6:qd; pop o 58:qd e 8f/0:qd;"
    "call|callq j e8 s ff/2:qd; jmp|jmpq j e9 s ff/4:qd; jrcxz J e3; loop J e2; ret|retq - c3 W c2; leave|leaveq - c9;"
    "nop - 90 e 0f1f/0:wl; pause - f390; hlt - f4; int B cd; int3 - cc; syscall - 0f05; sysretq - 480f07; ud2 - 0f0b;"
    "cpuid - 0fa2; wrmsr,rdtsc,rdmsr - 0f30+n; lfence,mfence,sfence - 0faee8+8n; clc,stc,cli,sti,cld,std - f8+n;"
    "cmc - f5; pushf|pushfq,popf|popfq,sahf,lahf - 9c+n; iretq - 48cf; cltq - 4898; cqto|cqo - 4899; cltd|cdq - 99;"
    "cwtl - 98; cwtd - 6699; cbtw - 6698; in da ec:bl* Ba e4:bl*; out ad ee:bl* aB e6:bl*;"
    ",,lgdt,lidt,,,,invlpg m 0f01/n; fxsave,fxrstor,ldmxcsr,stmxcsr m 0fae/n; movss Xx f30f10 xX f30f11;"
    "movsd Xx f20f10 xX f20f11; movaps Xx 0f28 xX 0f29; movapd Xx 660f28 xX 660f29; movups Xx 0f10 xX 0f11;"
    "movupd Xx 660f10 xX 660f11; movdqa Xx 660f6f xX 660f7f; movdqu Xx f30f6f xX f30f7f; movd 4x 660f6e x4 660f7e;"
    "movq Xx f30f7e xX 660fd6 ex 660f6e:q xe 660f7e:q; sqrt* Xx 0f51:p; add* Xx 0f58:p; mul* Xx 0f59:p; sub* Xx 0f5c:p;"
    "min* Xx 0f5d:p; div* Xx 0f5e:p; max* Xx 0f5f:p; ucomiss,comiss Xx 0f2e+n; ucomisd,comisd Xx 660f2e+n;"
    "cvtss2sd Xx f30f5a; cvtsd2ss Xx f20f5a; cvtsi2ss ex f30f2a:lq; cvtsi2sd ex f20f2a:lq;"
    "cvttss2si,cvtss2si Xr f30f2c+n:lq; cvttsd2si,cvtsd2si Xr f20f2c+n:lq; andps,andnps,orps,xorps Xx 0f54+n;"
    "andpd,andnpd,orpd,xorpd Xx 660f54+n; pand Xx 660fdb; pandn Xx 660fdf; por Xx 660feb; pxor Xx 660fef;"
    "pcmpeqd Xx 660f76; pcmpeqb Xx 660f74; pmovmskb Vr 660fd7:l; psrlq BV 660f73/2; psrld BV 660f72/2;"
    "pslld BV 660f72/6; psllq BV 660f73/6; unpcklps Xx 0f14; unpcklpd Xx 660f14; punpcklqdq Xx 660f6c;"
    /* x87.  In AT&T syntax the reversed subtractions and divisions change places where the result goes to st(i). */
    "fadds,fmuls,fcoms,fcomps,fsubs,fsubrs,fdivs,fdivrs m d8/n;"
    "faddl,fmull,fcoml,fcompl,fsubl,fsubrl,fdivl,fdivrl m dc/n;"
    "fadd,fmul,,,fsub,fsubr,fdiv,fdivr - dec1+8n t d8c0+8n tT d8c0+8n Tt dcc0+8n;"
    "faddp,fmulp,,,fsubp,fsubrp,fdivp,fdivrp - dec1+8n t dec0+8n Tt dec0+8n; fcom,fcomp - d8d1+8n t d8d0+8n;"
    "fld t d9c0; flds,,fsts,fstps,fldenv,fldcw,fnstenv,fnstcw m d9/n; fldl,fisttpq|fisttpll,fstl,fstpl m dd/n;"
    "fildl,fisttpl,fistl,fistpl,,fldt,,fstpt m db/n; ffree,,fst,fstp,fucom,fucomp t ddc0+8n;"
    "filds,fisttps,fists,fistps,,fildq|fildll,,fistpq|fistpll m df/n; fxch - d9c9 t d9c8;"
    "fchs,fabs,,,ftst,fxam - d9e0+n; fld1,fldl2t,fldl2e,fldpi,fldlg2,fldln2,fldz - d9e8+n;"
    "f2xm1,fyl2x,fptan,fpatan,fxtract,fprem1,,,fprem,fyl2xp1,fsqrt,,frndint,fscale,fsin,fcos - d9f0+n;"
    "fucomi,fcomi tT dbe8+8n; fucomip,fcomip tT dfe8+8n; fcompp - ded9; fucompp - dae9; fstcw m 9b00d9/7;"
    "fnstsw m dd/7 A dfe0 - dfe0; fnclex,fninit - dbe2+n; fwait - 9b;",
    "o,no,b|c|nae,ae|nb|nc,e|z,ne|nz,be|na,a|nbe,s,ns,p|pe,np|po,l|nge,ge|nl,le|ng,g|nle", 0
};

/* ---- operands ---- */

enum { X86_MAX_OPERANDS = 4 };
static X86Operand x86_op[X86_MAX_OPERANDS];
static int x86_nops;

/* ARGS: kind and size; s is a segment, whose number is the prefix, @ a relocation */
static Table x86_registers = {
    "al,cl,dl,bl,spl,bpl,sil,dil,r8b,r9b,r10b,r11b,r12b,r13b,r14b,r15b r1 0+n; ah,ch,dh,bh h1 4+n;"
    "ax,cx,dx,bx,sp,bp,si,di,r8w,r9w,r10w,r11w,r12w,r13w,r14w,r15w r2 0+n;"
    "eax,ecx,edx,ebx,esp,ebp,esi,edi,r8d,r9d,r10d,r11d,r12d,r13d,r14d,r15d r4 0+n;"
    "rax,rcx,rdx,rbx,rsp,rbp,rsi,rdi,r8,r9,r10,r11,r12,r13,r14,r15,rip r8 0+n; st t 0; xmm? x 0+n;"
    "es,cs,ss,ds s 26+8n; fs,gs s 64+n; PLT @ 4; GOTPCREL @ 9; GOTTPOFF|gottpoff @ 16; TPOFF|tpoff @ 17;",
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", 0
};

/* fills kind, reg, size; 0: no register */
static int x86_register(X86Operand *o, char *name) {
    Form *f = find_forms(&x86_registers, name);
    if (!f)
        return 0;
    o->kind = f->args[0];
    o->size = f->args[1] - '0';
    o->reg = f->op;
    return 1;
}

/* %name, the register of an address */
static int x86_address_register(int last) {
    X86Operand r;
    char *name = as_word();
    if (!x86_register(&r, name) || r.kind != 'r' || r.size != 8 || r.reg > last)
        as_error("%%s is no register for an address", name);
    return r.reg;
}

static void x86_memory(X86Operand *o) {
    o->base = NONE;
    o->index = NONE;
    if (!as_take('('))
        return;
    if (as_take('%'))
        o->base = x86_address_register(RIP);
    if (as_take(',')) {
        as_need('%');
        o->index = x86_address_register(15);
        if (as_take(',')) {
            long scale = constant_value();
            o->scale = scale == 8 ? 3 : scale == 4 ? 2 : scale - 1;
            if (o->scale < 0 || o->scale > 3 || 1 << o->scale != scale || o->index == 4)
                as_error("bad scale or index%s", "");
        }
    }
    as_need(')');
}

static void x86_operand(X86Operand *o) {
    mem_set(o, 0, sizeof(X86Operand));
    int star = as_take('*') ? 32 : 0;
    if (as_take('$')) {
        o->kind = 'i';
        expression_value(&o->value);
        return;
    }
    if (as_take('%')) {
        char *name = as_word();
        if (!x86_register(o, name) || o->reg == RIP)
            as_error("unknown register %%s", name);
        if (o->kind == 't' && as_take('(')) {
            o->reg = constant_value();
            as_need(')');
        }
        if (o->kind != 's') {
            o->kind -= star;
            return;
        }
        as_need(':');
        o->segment = o->reg;
    }
    o->kind = 'm' - star;
    skip_blanks();
    char *p = as.p;
    if (!(*p == '(' && (p[1] == '%' || p[1] == ',' || p[1] == ' ')))
        expression_value(&o->value);
    if (as_take('@')) {
        char *name = as_word();
        Form *f = find_forms(&x86_registers, name);
        if (!f || f->args[0] != '@')
            as_error("unknown relocation @%s", name);
        o->reloc = f->op;
    }
    x86_memory(o);
}

static int x86_fits(X86Operand *o, long low, long high) {
    return !o->value.sym && o->value.add >= low && o->value.add <= high;
}

static int x86_match_operand(int letter, X86Operand *o, int size) {
    Form *l = find_letter(&x86_letters, letter);
    int want = l->op >> 4 ? l->op >> 4 : size;
    if (letter_index(l->args, o->kind) < 0 || l->ext != NONE && o->reg != l->ext)
        return 0;
    switch (letter) {
    case 'i':
        if (o->value.sym)
            return size >= 4;
        return x86_fits(o, -1L << (size == 8 ? 31 : size * 8 - 1), size == 8 ? 0x7fffffff : (1L << size * 8) - 1);
    case 'b': return x86_fits(o, -0x80, 0x7f) || size < 8 && x86_fits(o, (1L << size * 8) - 128, (1L << size * 8) - 1);
    case 'B': return x86_fits(o, -0x80, 0xff);
    case 'W': return x86_fits(o, 0, 0xffff);
    case '1': return x86_fits(o, 1, 1);
    case 'j': case 'J': return o->base < 0 && o->index < 0 && o->value.sym;
    }
    return letter_index("rhR", o->kind) < 0 || o->size == want;
}

/* the operand size: the suffix's, or that of a register that has the instruction's size */
static int x86_size(Form *f, int suffix) {
    int sizes = f->flags & F_SIZES;
    if (suffix)
        return sizes & suffix;
    for (int i = 0; i < x86_nops && f->args[i]; i++) {
        if (letter_index("reoa", f->args[i]) >= 0 && letter_index("rh", x86_op[i].kind) >= 0)
            return sizes & x86_op[i].size;
    }
    return sizes & (sizes - 1) ? 0 : sizes;     /* the only one it has */
}

static int x86_matches(Form *f, int size) {
    if (str_len(f->args) != x86_nops || f->flags & F_SIZES && !size)
        return 0;
    for (int i = 0; i < x86_nops; i++)
        if (!x86_match_operand(f->args[i], &x86_op[i], size))
            return 0;
    return 1;
}

/* ---- one instruction ---- */

/* how many bytes an operand is as an immediate */
static int x86_immediate_size(int letter, int size) {
    int how = find_letter(&x86_letters, letter)->op;
    return (how & 15) != TO_IMMEDIATE ? 0 : how >> 4 ? how >> 4 : size == 8 ? 4 : size;
}

/* a label: two bytes when it is known and near, as there is no way back later */
static void x86_jump(int op, X86Operand *o) {
    Symbol *y = o->value.sym;
    if (op != 0xe8 && y->place == PLACE_SECTION && y->sec == here && y->binding == STB_LOCAL && !o->reloc
        && x86_short_jump(op == 0xe9 ? NONE : op & 15, y->value + o->value.add - here->len))
        return;
    x86_opcode(op, 0);
    x86_field(4, y, R_X86_64_PLT32, o->value.add - 4);
}

static void x86_encode(Form *f, int size) {
    X86Operand *rm = 0;
    int reg = f->ext;
    unsigned int op = f->op;
    int behind = 0;
    x86_high = 0;
    if (f->flags & F_WBIT && size > 1)
        op = op | 1;
    if (size == 8 && !(f->flags & F_NARROW))
        op |= REX_W;
    for (int i = 0; i < x86_nops; i++) {
        int c = f->args[i];
        X86Operand *o = &x86_op[i];
        if (c == 'j') {
            x86_jump(op, o);
            return;
        }
        behind += x86_immediate_size(c, size);
        x86_high |= o->kind == 'h';
        if (o->kind == 'r' && o->size == 1 && o->reg >= 4 && o->reg < 8)
            op |= REX;
        switch (find_letter(&x86_letters, c)->op & 15) {
        case TO_REG: reg = o->reg; break;
        case TO_RM: rm = o; break;
        case TO_OPCODE: op += (o->reg & 7) + (o->reg & 8 ? REX_B : 0); break;
        }
    }
    if (rm && rm->segment)
        emit8(rm->segment);
    if (size == 2)
        emit8(0x66);
    if (rm)
        x86_put(op, reg, rm, behind);
    else
        x86_opcode(op, 0);
    for (int i = 0; i < x86_nops; i++) {
        int n = x86_immediate_size(f->args[i], size);
        Value *v = &x86_op[i].value;
        if (v->sym && v->minus)
            as_error("expression is too complicated for %s", mnemonic);
        if (n)
            x86_field(n, v->sym, n == 8 ? R_X86_64_64 : size == 8 ? R_X86_64_32S : R_X86_64_32, v->add);
        else if (f->args[i] == 'J')
            x86_field(1, v->sym, R_X86_64_PC8, v->add - 1);
    }
}

static int x86_try(Form *f, int suffix) {
    for (; f; f = f->next) {
        int size = x86_size(f, suffix);
        if (suffix && !(f->flags & F_SIZES) || !x86_matches(f, size))
            continue;
        x86_encode(f, size);
        return 1;
    }
    return 0;
}

static void x86_instruction(void) {
    Form *whole = find_forms(&x86_table, mnemonic);
    if (whole && whole->args[0] == '!') {
        emit8(whole->op);
        mnemonic = as_word();
        if (mnemonic[0])
            x86_instruction();
        return;
    }
    x86_nops = 0;
    if (!as_at_end())
        do {
            if (x86_nops == X86_MAX_OPERANDS)
                as_bad();
            x86_operand(&x86_op[x86_nops]);
            x86_nops++;
        } while (as_take(','));
    long last = str_len(mnemonic) - 1;
    int suffix = letter_index("bwlq", mnemonic[last]);
    Form *stem = suffix < 0 ? 0 : find_forms(&x86_table, str_save(mnemonic, last));
    if (x86_try(whole, 0) || stem && x86_try(stem, 1 << suffix))
        return;
    if (whole || stem)
        as_bad();
    as_error("unknown instruction %s", mnemonic);
}

/* SPDX-License-Identifier: MIT
 *
 * The AArch64 instructions of the assembler: integer, scalar floating point, loads and stores with exclusives, and
 * system instructions; and the immediates that the code generator shares.
 *
 * The operands are read first, without regard to the mnemonic.  Then the mnemonic's forms are tried in order: each
 * letter of a form says what an operand must be and into which field of the instruction it goes. */

/* of a memory operand: offset, pre-indexed, post-indexed, register offset */
enum { MEM_OFFSET, MEM_PRE, MEM_POST, MEM_REG };

typedef struct A64Operand A64Operand;
struct A64Operand {
    int kind;                   /* a letter: r integer register or zr, p sp, f floating, v vector register, n number,
                                   a address, m memory, s shift, c condition; S T I W names of the system's */
    int reg;                    /* its number, of m the base; of s 0..3 lsl lsr asr ror, 8 + extension; of names bits */
    int log;                    /* a register has 1 << log bytes */
    int mode;                   /* of m */
    int amount;                 /* of s; -1: none given; of v the element */
    A64Operand *part;           /* of m: what is added; of a register there: its shift, or null */
    Value value;                /* of n and a */
    Form *modifier;             /* of a: :lo12: and so on, or null */
    char *name;                 /* the word; of v: what stands behind the dot */
};

enum { A64_MAX_OPERANDS = 5 };
static A64Operand *a64_op[A64_MAX_OPERANDS];
static A64Operand a64_nothing;  /* stands behind the last one */
static int a64_nops;
static int a64_flags;           /* of the form that is tried; also what was taken from a register before: */
enum { A64_HAS_WIDTH = F_W, A64_HAS_TYPE = 256 };
static unsigned int a64_word;   /* the instruction as far as it is put together */

/* ---- immediates ---- */

/* N:immr:imms of a logical immediate, or -1 */
static int a64_logical_imm(unsigned long v, int is64) {
    if (!is64)
        v = (v & 0xffffffff) | v << 32;
    if (v == 0 || v == ~0UL)
        return -1;
    int size = 64;                              /* the smallest element that repeats */
    while (size > 2 && ((v ^ v >> size / 2) & ((1UL << size / 2) - 1)) == 0)
        size = size / 2;
    unsigned long mask = size == 64 ? ~0UL : (1UL << size) - 1;
    v = v & mask;
    int rotation = 0;                           /* turn it until the ones are at the low end */
    for (; !(v & 1) || v >> (size - 1) & 1; rotation++)
        v = (v >> 1 | v << (size - 1)) & mask;
    int ones = 0;
    for (; v & 1; ones++)
        v = v >> 1;
    if (v)
        return -1;
    return (size == 64) << 12 | ((size - rotation) & (size - 1)) << 6 | (-size * 2 & 0x3f) | (ones - 1);
}

/* the 8 bits of FMOV for a double's bit pattern, or -1 */
static int a64_float_imm(unsigned long v) {
    int high = v >> 54 & 0x1ff;
    if (v & 0xffffffffffff || high != 0x100 && high != 0xff)
        return -1;
    return (v >> 56 & 0x80) | (high == 0xff) << 6 | (v >> 48 & 0x3f);
}

/* ---- operands ---- */

/* ARGS: kind, and of registers log; NUMBER: reg */
static Table a64_names = {
    "w? r2 0+n; x? r3 0+n; w31|x31; wzr r2 1f; xzr r3 1f; wsp p2 1f; sp p3 1f; fp r3 1d; lr r3 1e; b? f0 0+n;"
    "h? f1 0+n; s? f2 0+n; d? f3 0+n; q? f4 0+n; v? v 0+n; lsl,lsr,asr,ror s 0+n;"
    "uxtb,uxth,uxtw,uxtx,sxtb,sxth,sxtw,sxtx s 8+n; eq,ne,cs|hs,cc|lo,mi,pl,vs,vc,hi,ls,ge,lt,gt,le,al,nv c 0+n;"
    ",oshld,oshst,osh,,nshld,nshst,nsh,,ishld,ishst,ish,,ld,st,sy T 0+n; daifset,daifclr I 1806+n; spsel I 5;"
    "nzcv,daif S da10+n; fpcr,fpsr S da20+n; tpidr_el0,tpidrro_el0 S de82+n; tpidr_el1 S c684; dczid_el0 S d807;"
    "ctr_el0 S d801; cntfrq_el0,cntpct_el0,cntvct_el0 S df00+n; midr_el1 S c000; mpidr_el1 S c005; currentel S c212;"
    "spsr_el1,elr_el1 S c200+n; sp_el0 S c208; sctlr_el1 S c080; ttbr0_el1,ttbr1_el1,tcr_el1 S c100+n; mair_el1 S c510;"
    "vbar_el1 S c600; esr_el1 S c290; far_el1 S c300; zva S 5ba1; cvac S 5bd1; cvau S 5bd9; civac S 5bf1; ivac S 43b1;"
    "ivau S 5ba9; iallu S 43a8; ialluis S 4388; vmalle1 S 4438; vmalle1is S 4418;"
    "pldl1keep,pldl1strm,pldl2keep,pldl2strm,pldl3keep,pldl3strm W 0+n; pstl1keep,pstl1strm W 10+n;",
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31", 0
};

/* the relocation that a modifier asks for, by the operand letter */
static Table a64_modifiers = {
    "lo12 i 115 M 116; got A 137; got_lo12 M 138; gottprel A 21d; gottprel_lo12 M 21e; tprel_hi12 i 225;"
    "tprel_lo12 i 226 M 228; tprel_lo12_nc i 227 M 229; pg_hi21 A 113; tprel_g2,tprel_g1,tprel_g1_nc H 220+n;"
    "tprel_g0,tprel_g0_nc H 223+n; abs_g0,abs_g0_nc,abs_g1,abs_g1_nc,abs_g2,abs_g2_nc,abs_g3 H 107+n;", "", 0
};

/* The register, shift or name of the system's called `name`: fills kind, reg, log, name.  0: there is none. */
static int a64_named(A64Operand *o, char *name) {
    char *dot = name;
    while (*dot && *dot != '.')
        dot++;
    char *lower = str_save(name, dot - name);
    for (char *c = lower; *c; c++)
        *c |= *c >= 'A' && *c <= 'Z' ? 32 : 0;
    Form *f = find_forms(&a64_names, lower);
    o->name = *dot ? dot + 1 : name;
    if (!f || (f->args[0] == 'v') != (*dot == '.'))
        return 0;
    o->kind = f->args[0];
    o->log = f->args[0] == 'v' ? 0 : f->args[1] - '0';
    o->reg = f->op;
    return 1;
}

/* a number or an address */
static void a64_immediate(A64Operand *o) {
    as_take('#');
    if (as_take(':')) {
        char *name = as_word();
        o->modifier = find_forms(&a64_modifiers, name);
        if (!o->modifier)
            as_error("unknown modifier :%s:", name);
        as_need(':');
    }
    if (str_starts(as.p, "0.0"))                /* of fcmp: the only floating constant */
        as.p += 2;
    expression_value(&o->value);
    o->kind = o->modifier || o->value.sym || o->value.minus ? 'a' : 'n';
}

static A64Operand *a64_operand(void);

/* what stands behind [ */
static A64Operand *a64_memory(void) {
    A64Operand *o = a64_operand();
    if (o->kind != 'r' && o->kind != 'p' || o->log != 3)
        as_error("base register expected%s", "");
    o->kind = 'm';
    o->part = as_take(',') ? a64_operand() : 0;
    if (o->part && o->part->kind == 'r') {
        o->mode = MEM_REG;
        o->part->part = as_take(',') ? a64_operand() : 0;
    }
    as_need(']');
    char *end = as.p;
    if (as_take('!'))
        o->mode = MEM_PRE;
    else if (as_take(',')) {
        skip_blanks();
        if (!o->part && (*as.p == '#' || *as.p == '-' || is_digit(*as.p))) {
            o->mode = MEM_POST;
            o->part = a64_operand();
        } else
            as.p = end;                 /* another operand follows */
    }
    if (!o->part) {
        o->part = xalloc(sizeof(A64Operand));
        o->part->kind = 'n';
    }
    if (letter_index("rna", o->part->kind) < 0 || o->part->part && o->part->part->kind != 's')
        as_bad();
    return o;
}

static A64Operand *a64_operand(void) {
    A64Operand *o = xalloc(sizeof(A64Operand));
    if (as_take('['))
        return a64_memory();
    char *start = as.p;
    int known = a64_named(o, as_word());
    skip_blanks();
    if (known && o->kind == 's')
        o->amount = as_take('#') || is_digit(*as.p) || *as.p == '(' ? constant_value() : -1;
    else if (known && o->kind == 'v' && as_take('[')) {
        o->amount = constant_value();
        as_need(']');
    } else if (!known || *as.p == '+' || *as.p == '-') {
        as.p = start;
        a64_immediate(o);
    }
    return o;
}

/* ---- the table ----
 * Operand letters, with the bits of the field that each fills:
 *   d n m a     integer register at 0, 5, 16, 10; the first one sets bit 31 when it has 64 bits (not with flag w)
 *   x           the same at 0, 64 bits only          q    integer register at 5 and 16
 *   D N         register or sp at 0, 5               v    element 0 or 1 of doubles at 5
 *   f g h k     floating register at 0, 5, 16, 10; the first one sets the type at 22
 *   F           the same at 0, with its type at 15   V    vector of 16 bytes at 0
 *   t           register of a load or store at 0, with its size at 30        u   of a literal load
 *   p P         the two registers of a pair          e    of an exclusive access, with its size at 30
 *   y           at 0, loaded with sign               s    shift or nothing      E    extension, shift of sp, or nothing
 *   i           12 bits, for add; l L  logical immediate, its complement        K    constant of mov
 *   H           16 bits at 5, with shift             0 .. 6, R  numbers         z    zero
 *   w r         amount of lsl; of lsr, asr           R    of ror       X Y  position and width, taken out; put in
 *   b           number of a bit    c C   condition at 12, its opposite
 *   j J B G     label of 26, 19, 14 bits, of a load  A    label or page of adr, adrp
 *   M U Q O     memory operand; without scale; of a pair; base only
 *   S           system register or operation         T    barrier's name        I    daifset and so on    W  of prfm
 * Flags: N bit 22 like bit 31; w no bit 31. */

/* The letters: the kinds that fit, and the lowest bit of the field where the operand's reg goes, or a number, whose
 * length stands before. From LABELS on nothing goes there: a label has the relocation's type behind that. */
static Table a64_letters = {
    "d|x|e|y r 0; n|q r 5; m r 10; a r a; D rp 0; N rp 5; f|F f 0; g f 5; h f 10; k f a; t|u|p rf 0; P rf a; V v 0;"
    "v v 5; 0 n 400; 1 n 1000; 2 n 705; 3 n 408; 4 n 510; 5 n 610; 6 n 1005; R n 60a; w|r|X|Y|b|l|L|K|z n 0;"
    "i|H na 0; s s 16; E s 20000; c c c; C c 20000; S Sa 5; T Tn 408; I I 5; W W 0; M|U|Q|O m 5; j acSTI 1011a;"
    "J acSTI 10118; B acSTI 10117; G acSTI 10111; A acSTI 10112;", "", 0
};
enum { LABELS = 0x10000 };

static Table a64_table = {
    "add,,sub DNi 11000000+20000000n dnms 0b000000+20000000n DNmE 0b200000+20000000n;"
    ",adds,,subs dNi 11000000+20000000n dnms 0b000000+20000000n dNmE 0b200000+20000000n;"
    "cmn,cmp Ni 3100001f+40000000n nms 2b00001f+40000000n NmE 2b20001f+40000000n; neg,negs dms 4b0003e0+20000000n;"
    "tst nl 7200001f nms 6a00001f; mvn dms 2a2003e0; and,orr,eor Dnl 12000000+20000000n dnms 0a000000+20000000n;"
    "bic,orn,eon DnL 12000000+20000000n dnms 0a200000+20000000n; ands dnl 72000000 dnms 6a000000;"
    "bics dnL 72000000 dnms 6a200000; mov dm 2a0003e0 DN 11000000 dK 0 Dl 320003e0 dv 4e083c00:w;"
    "movn,,movz,movk dH 12800000+20000000n; mul,mneg dnm 1b007c00+8000n;"
    "smull,smulh,,,umull,umulh dnm 9b207c00+200000n; madd,msub dnma 1b000000+8000n; smaddl,smsubl dnma 9b200000+8000n;"
    "umaddl,umsubl dnma 9ba00000+8000n; udiv,sdiv dnm 1ac00800+400n; adc,adcs,sbc,sbcs dnm 1a000000+20000000n;"
    "lsl dnm 1ac02000 dnw 53000000:N; lsr dnm 1ac02400 dnr 53000000:N; asr dnm 1ac02800 dnr 13000000:N;"
    "ror dnm 1ac02c00 dqR 13800000:N; lslv,lsrv,asrv,rorv dnm 1ac02000+400n; rbit,rev16,,,clz,cls dn 5ac00000+400n;"
    "rev32 dn dac00800; rev xn dac00c00 dn 5ac00800; sxtb,sxth dn 13001c00+2000n:N; sxtw dn 93407c00;"
    "uxtb,uxth dn 53001c00+2000n:w; uxtw dm 2a0003e0:w; sbfx,bfxil,ubfx dnX 13000000+20000000n:N;"
    "sbfiz,bfi,ubfiz dnY 13000000+20000000n:N; sbfm,bfm,ubfm dn5R 13000000+20000000n:N; extr dnmR 13800000:N;"
    "csel,csinc dnmc 1a800000+400n; csinv,csneg dnmc 5a800000+400n; cset dC 1a9f07e0; csetm dC 5a9f03e0;"
    "cinc dqC 1a800400; cinv,cneg dqC 5a800000+400n; ccmn,ccmp n40c 3a400800+40000000n nm0c 3a400000+40000000n;"
    "b,bl j 14000000+80000000n; b.? J 54000000+n; b? J 54000000+n; cbz,cbnz dJ 34000000+1000000n;"
    "tbz,tbnz dbB 36000000+1000000n:w; br,blr n d61f0000+200000n; ret n d65f0000 - d65f03c0;"
    "adr,adrp dA 10000000+80000000n:w; str tM 38000000; ldr tM 38400000 uG 18000000;"
    "strb,strh dM 38000000+40000000n:w; ldrb,ldrh dM 38400000+40000000n:w; ldrsb,ldrsh yM 38800000+40000000n;"
    "ldrsw dM b8800000:w dG 98000000:w; stur,ldur tU 38000000+400000n; sturb,sturh dU 38000000+40000000n:w;"
    "ldurb,ldurh dU 38400000+40000000n:w; ldursb,ldursh yU 38800000+40000000n; ldursw dU b8800000:w;"
    "stp,ldp pPQ 28000000+400000n; ldpsw daQ 68400000:w; stxrb,stxrh,stxr meO 08007c00+40000000n:w;"
    "stlxrb,stlxrh,stlxr meO 0800fc00+40000000n:w; ldxrb,ldxrh,ldxr eO 085f7c00+40000000n;"
    "ldaxrb,ldaxrh,ldaxr eO 085ffc00+40000000n; stlrb,stlrh,stlr eO 089ffc00+40000000n;"
    "ldarb,ldarh,ldar eO 08dffc00+40000000n; stxp,stlxp meaO 88200000+8000n:w; ldxp,ldaxp eaO 887f0000+8000n:w;"
    "nop,yield,wfe,wfi,sev,sevl - d503201f+20n; eret - d69f03e0; svc,hvc,smc 6 d4000001+n; brk,hlt 6 d4200000+200000n;"
    "udf 1 0; hint 2 d503201f; clrex - d5033f5f T d503305f; dsb,dmb T d503309f+20n; isb - d5033fdf T d50330df;"
    "mrs dS d5300000; msr I3 d500401f Sd d5100000; dc Sd d5080000; ic|tlbi S d508001f Sd d5080000;"
    "fmov fg 1e204000 fn 1e270000 dg 1e260000; fabs,fneg,fsqrt fg 1e20c000+8000n;"
    "frintn,frintp,frintm,frintz,frinta,,frintx,frinti fg 1e244000+8000n;"
    "fmul,fdiv,fadd,fsub,fmax,fmin,fmaxnm,fminnm,fnmul fgh 1e200800+1000n; fmadd,fmsub fghk 1f000000+8000n;"
    "fnmadd,fnmsub fghk 1f200000+8000n; fcvt Fg 1e224000;"
    "fcvtns,fcvtnu,,,fcvtas,fcvtau,,,fcvtps,fcvtpu,,,,,,,fcvtms,fcvtmu,,,,,,,fcvtzs,fcvtzu dg 1e200000+10000n;"
    "scvtf,ucvtf fn 1e220000+10000n; fcmp,fcmpe gh 1e202000+10n gz 1e202008+10n; fcsel fghc 1e200c00;"
    "dup Vn 4e010c00:w; prfm WM f8800000;",
    "eq,ne,cs|hs,cc|lo,mi,pl,vs,vc,hi,ls,ge,lt,gt,le,al,nv", 0
};

/* ---- putting an operand into its field ---- */

static long a64_number(A64Operand *o, long low, long high) {
    if (o->kind != 'n')
        as_bad();
    if (o->value.add < low || o->value.add > high)
        as_error("constant out of range in %s", mnemonic);
    return o->value.add;
}

static void a64_reloc(int type, Value *v) {
    if (!type || !v->sym || v->minus)
        as_bad();
    emit_reloc(type, v->sym, v->add);
}

/* what o's modifier means for an operand of that letter, or 0 */
static int a64_modified(A64Operand *o, int letter) {
    Form *f = o->modifier;
    while (f && f->args[0] != letter)
        f = f->next;
    return f ? f->op : 0;
}

/* s3_3_c13_c0_2 */
static unsigned int a64_system_name(char *name) {
    static int shifts[] = { 14, 11, 7, 3, 0 };
    unsigned int bits = 0;
    char *p = name;
    for (int k = 0; k < 5; k++) {
        while (*p == 's' || *p == 'c' || *p == '_')
            p++;
        if (!is_digit(*p))
            as_error("unknown system register %s", name);
        bits |= digits(&p, 10, 9) << shifts[k];
    }
    return bits;
}

static void a64_add_immediate(A64Operand *o, A64Operand *shift) {
    long v = o->value.add;
    int high = shift->kind == 's' && shift->reg == 0 && shift->amount == 12;
    if (o->kind == 'a') {
        int type = a64_modified(o, 'i');
        a64_reloc(type, &o->value);
        high = type == R_AARCH64_TLSLE_ADD_TPREL_HI12;
        v = 0;
    } else if (v < 0) {
        v = -v;
        a64_word = a64_word ^ 0x40000000;
    }
    if (v > 4095 && !(v & 4095)) {
        high = 1;
        v = v >> 12;
    }
    if (v > 4095)
        as_error("constant out of range in %s", mnemonic);
    a64_word |= high << 22 | v << 10;
}

/* mov of a constant by movz or movn */
static int a64_mov_constant(long v, int wide) {
    int halves = wide ? 4 : 2;
    long all = wide ? -1L : 0xffffffffL;
    for (int not = 0; not < 2; not++)
        for (int i = 0; i < halves; i++) {
            long bits = (not ? ~v : v) & all;
            if (!(bits & ~(0xffffUL << i * 16))) {
                a64_word |= (not ? 0x12800000 : 0x52800000) | i << 21 | (bits >> i * 16 & 0xffff) << 5;
                return 1;
            }
        }
    return 0;
}

static void a64_move_half(A64Operand *o, A64Operand *shift) {
    if (o->modifier) {
        int type = a64_modified(o, 'H');
        a64_reloc(type, &o->value);
        a64_word |= (type >= 547 ? 0 : type >= 545 ? 1 : type == 544 ? 2 : (type - 263) / 2) << 21;
    } else
        a64_word |= (shift->kind == 's' ? shift->amount / 16 : 0) << 21 | a64_number(o, 0, 65535) << 5;
}

/* the memory operand of a load or store whose size is in the word by now */
static int a64_address(A64Operand *o, int scaled) {
    int log = a64_word >> 30 | ((a64_word & 0x04800000) == 0x04800000) << 2;
    A64Operand *part = o->part;
    long v = part->value.add;
    if (o->mode == MEM_REG) {
        A64Operand *shift = part->part;
        int option = shift && shift->reg ? shift->reg - 8 : 3;
        int amount = shift ? shift->amount : -1;
        if (!scaled || amount > 0 && amount != log || option < 2)
            return -1;
        a64_word |= 0x00200800 | part->reg << 16 | option << 13 | (amount > 0 || amount == 0 && log == 0) << 12;
    } else if (part->kind == 'a') {
        int type = a64_modified(part, 'M');
        if (type == R_AARCH64_LDST8_ABS_LO12_NC && log)
            type = log == 4 ? R_AARCH64_LDST128_ABS_LO12_NC : 283 + log;
        else if (type == 552 || type == 553)
            type += log == 4 ? 18 : 2 * log;
        a64_reloc(type, &part->value);
        a64_word |= 0x01000000;
    } else if (o->mode == MEM_OFFSET && scaled && v >= 0 && !(v & ((1 << log) - 1))) {
        if (v >> log > 4095)
            as_error("offset out of range in %s", mnemonic);
        a64_word |= 0x01000000 | v >> log << 10;
    } else {
        a64_number(part, -256, 255);
        a64_word |= (o->mode == MEM_PRE ? 0xc00 : o->mode == MEM_POST ? 0x400 : 0) | (v & 0x1ff) << 12;
    }
    return 1;
}

static void a64_pair_address(A64Operand *o) {
    int size = a64_word & 0x04000000 ? 4 << (a64_word >> 30) : 4 << (a64_word >> 31);
    long v = a64_number(o->part, -64 * size, 63 * size);
    if (v & (size - 1))
        as_bad();
    a64_word |= (v / size & 0x7f) << 15;
    a64_word |= o->mode == MEM_PRE ? 0x01800000 : o->mode == MEM_POST ? 0x00800000 : 0x01000000;
}

/* the fields of the bit-field moves: rotation and last bit */
static void a64_bit_field(int immr, int imms, int width) {
    a64_word |= (immr & (width - 1)) << 16 | imms << 10;
}

/* Puts the operands from op on where `letter` says; returns how many they are, or -1: not what it says. */
static int a64_put(int letter, A64Operand **op) {
    A64Operand *o = op[0];
    Form *l = find_letter(&a64_letters, letter);
    int width = 8 << a64_op[0]->log, is_float = o->kind == 'f', log = o->log, reg = o->reg;
    long v = o->value.add;
    if (letter_index(l->args, o->kind) < 0) {
        a64_word |= letter != 'E' ? 0 : width == 64 ? 3 << 13 : 2 << 13;
        return letter == 's' || letter == 'E' ? 0 : -1;
    }
    if (l->op < LABELS)
        a64_word |= (o->kind == 'n' && l->op >> 8 ? a64_number(o, 0, (1 << (l->op >> 8)) - 1) : reg) << (l->op & 255);
    switch (letter) {
    case 'd': case 'n': case 'm': case 'a': case 'x': case 'q': case 'D': case 'N':
        if (letter == 'x' && log != 3 || (letter == 'D' || letter == 'N') && o->kind == 'r' && reg == 31)
            return -1;
        if (log == 3 && !(a64_flags & A64_HAS_WIDTH))
            a64_word |= 1UL << 31 | (a64_flags & F_BIT22 ? 1 << 22 : 0);
        a64_flags |= A64_HAS_WIDTH;
        a64_word |= letter == 'q' ? reg << 16 : 0;
        break;
    case 'f': case 'g': case 'h': case 'k': case 'F':
        if (letter == 'F' || !(a64_flags & A64_HAS_TYPE))
            a64_word |= (log == 3 ? 1 : log == 1 ? 3 : 0) << (letter == 'F' ? 15 : 22);
        a64_flags |= letter == 'F' ? 0 : A64_HAS_TYPE;
        return log == 0 || log == 4 ? -1 : 1;
    case 't': a64_word |= is_float << 26 | (log & 3) << 30 | (log == 4) << 23; break;
    case 'u': case 'p':
        a64_word |= is_float << 26 | (log - 2) << (letter == 'u' || is_float ? 30 : 31);
        return log >= 2 ? 1 : -1;
    case 'P': return o->kind == a64_op[0]->kind && log == a64_op[0]->log ? 1 : -1;
    case 'e': a64_word |= (a64_word >> 31 && log == 3) << 30; break;
    case 'y': a64_word |= (log == 2) << 22; break;
    case 's':
        a64_word |= (o->amount & 63) << 10;
        return reg < 4 ? 1 : -1;
    case 'E':
        reg = reg ? reg - 8 : width == 64 ? 3 : 2;      /* lsl is uxtx */
        a64_word |= reg << 13 | (o->amount > 0 ? o->amount << 10 : 0);
        return o->amount > 4 || reg < 0 ? -1 : 1;
    case 'i': case 'H':
        if (letter == 'i')
            a64_add_immediate(o, op[1]);
        else
            a64_move_half(o, op[1]);
        return 1 + (op[1]->kind == 's');
    case 'l': case 'L':
        reg = a64_logical_imm(letter == 'L' ? ~v : v, width == 64);
        a64_word |= reg << 10;
        return reg < 0 ? -1 : 1;
    case 'K': return a64_mov_constant(v, width == 64) ? 1 : -1;
    case 'w': a64_bit_field(-v, width - 1 - a64_number(o, 0, width - 1), width); break;
    case 'r': a64_bit_field(a64_number(o, 0, width - 1), width - 1, width); break;
    case 'X': case 'Y': {
        long n = a64_number(op[1], 1, width - a64_number(o, 0, width - 1));
        a64_bit_field(letter == 'Y' ? -v : v, letter == 'Y' ? n - 1 : v + n - 1, width);
        return 2;
    }
    case 'b': a64_word |= (a64_number(o, 0, 63) & 31) << 19 | v >> 5 << 31; break;
    case 'z': return v == 0 ? 1 : -1;
    case 'C': a64_word |= (reg ^ 1) << 12; break;
    case 'j': case 'J': case 'B': case 'A': case 'G':
        if (o->kind != 'a')                     /* a label that is called like a condition */
            o->value.sym = obj_symbol(as.obj, o->name);
        reg = a64_word >> 31 && (letter == 'j' || letter == 'A');       /* bl and adrp have the next type */
        a64_reloc(o->modifier ? a64_modified(o, 'A') : l->op - LABELS + reg, &o->value);
        break;
    case 'M': case 'U': return a64_address(o, letter == 'M');
    case 'Q': a64_pair_address(o); break;
    case 'O': return o->mode == MEM_OFFSET && o->part->kind == 'n' && !o->part->value.add ? 1 : -1;
    case 'S': a64_word |= o->kind == 'a' ? a64_system_name(o->name) << 5 : 0; break;
    case 'V': return str_starts(o->name, "16") ? 1 : -1;
    case 'v':
        a64_word |= o->amount << 20;
        return o->amount < 2 && (*o->name | 32) == 'd' ? 1 : -1;
    }
    return 1;
}

static int a64_try(Form *f) {
    int i = 0;
    a64_word = f->op;
    a64_flags = f->flags;
    for (char *c = f->args; *c; c++) {
        int used = a64_put(*c, &a64_op[i]);
        if (used < 0)
            return 0;
        i += used;
    }
    return i == a64_nops;
}

static void a64_instruction(void) {
    Form *f = find_forms(&a64_table, mnemonic);
    if (!f)
        as_error("unknown instruction %s", mnemonic);
    for (a64_nops = 0; a64_nops ? as_take(',') : !as_at_end(); a64_nops++) {
        if (a64_nops == A64_MAX_OPERANDS - 1)
            as_error("too many operands for %s", mnemonic);
        a64_op[a64_nops] = a64_operand();
    }
    a64_op[a64_nops] = &a64_nothing;
    while (f && !a64_try(f))
        f = f->next;
    if (!f)
        as_bad();
    emit_le(4, a64_word);
}

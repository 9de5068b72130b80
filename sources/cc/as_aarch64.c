/* SPDX-License-Identifier: MIT
 *
 * The AArch64 instructions of the assembler: integer, scalar floating point, loads and stores with exclusives, and
 * system instructions; and the immediates that the code generator shares.
 *
 * The operands are read first, without regard to the mnemonic.  Then the mnemonic's forms are tried in order: each
 * letter of a form says what an operand must be and into which field of the instruction it goes. */

enum { A64_REG, A64_FREG, A64_VREG, A64_IMM, A64_MEM, A64_SHIFT, A64_NAME };

/* of a memory operand: offset, pre-indexed, post-indexed, register offset */
enum { MEM_OFFSET, MEM_PRE, MEM_POST, MEM_REG };

typedef struct A64Operand A64Operand;
struct A64Operand {
    int kind;
    int reg;                    /* of A64_MEM: the base */
    int size;                   /* bytes of a register, or of MEM_REG's index */
    int sp;                     /* the register is sp, not zr */
    int mode;                   /* of A64_MEM */
    int index;                  /* register of MEM_REG; element of A64_VREG */
    int option;                 /* of A64_SHIFT and MEM_REG: 0..3 lsl lsr asr ror; 8 + extend number */
    int amount;                 /* of the shift; -1: none given */
    Value value;                /* of A64_IMM, A64_MEM, and of A64_NAME as a label */
    int modifier;               /* :lo12: and so on: 1 + its number in a64_modifiers */
    char *name;
};

enum { A64_MAX_OPERANDS = 5 };
static A64Operand a64_op[A64_MAX_OPERANDS];
static int a64_nops;
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

/* the relocations of :lo12: and its like, by the instruction: add, a load or store of a byte, any other */
static char *a64_modifiers =
    "lo12,got,got_lo12,gottprel,gottprel_lo12,tprel_hi12,tprel_lo12,tprel_lo12_nc,pg_hi21,"
    "abs_g0,abs_g0_nc,abs_g1,abs_g1_nc,abs_g2,abs_g2_nc,abs_g3,tprel_g0,tprel_g0_nc,tprel_g1,tprel_g1_nc,tprel_g2";
static int a64_add_relocs[] = { 277, 0, 0, 0, 0, 549, 550, 551, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static int a64_load_relocs[] = { 278, 0, 312, 0, 542, 0, 552, 553, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static int a64_other_relocs[] = { 0, 311, 0, 541, 0, 0, 0, 0, 275, 263, 264, 265, 266, 267, 268, 269, 547, 548, 545,
                                  546, 544 };

static char *a64_shifts = "lsl,lsr,asr,ror,,,,,uxtb,uxth,uxtw,uxtx,sxtb,sxth,sxtw,sxtx";
static char *a64_conditions = "eq,ne,cs|hs,cc|lo,mi,pl,vs,vc,hi,ls,ge,lt,gt,le,al,nv";

/* The register called `name`: fills kind, reg, size, sp.  0: no register. */
static int a64_register(A64Operand *o, char *name) {
    o->sp = str_eq(name, "sp") || str_eq(name, "wsp");
    o->kind = A64_REG;
    o->size = name[0] == 'w' ? 4 : 8;
    o->reg = 31;
    if (o->sp || str_eq(name, "xzr") || str_eq(name, "wzr"))
        return 1;
    o->reg = 29 + list_index("fp,lr", name);
    if (o->reg >= 29)
        return 1;
    int class = letter_index("wxbhsdqv", name[0] | 32);
    if (class < 0 || !is_digit(name[1]))
        return 0;
    char *p = name + 1;
    for (o->reg = 0; is_digit(*p); p++)
        o->reg = o->reg * 10 + *p - '0';
    if (o->reg > (class < 2 ? 30 : 31) || *p != (class == 7 ? '.' : 0))
        return 0;
    o->kind = class < 2 ? A64_REG : class < 7 ? A64_FREG : A64_VREG;
    o->size = class < 2 ? 4 << class : 1 << (class - 2);
    o->name = p + 1;
    return 1;
}

static void a64_immediate(A64Operand *o) {
    o->modifier = 0;
    as_take('#');
    if (as_take(':')) {
        char *name = as_word();
        o->modifier = list_index(a64_modifiers, name) + 1;
        if (!o->modifier)
            as_error("unknown modifier :%s:", name);
        as_need(':');
    }
    if (str_starts(as.p, "0.0"))                /* of fcmp: the only floating constant */
        as.p += 2;
    expression_value(&o->value);
}

static void a64_shift(A64Operand *o, char *name) {
    o->option = list_index(a64_shifts, name);
    o->amount = -1;
    skip_blanks();
    if (as_take('#') || is_digit(*as.p) || *as.p == '(')
        o->amount = constant_value();
}

static void a64_memory(A64Operand *o) {
    A64Operand r;
    o->kind = A64_MEM;
    o->mode = MEM_OFFSET;
    if (!a64_register(&r, as_word()) || r.kind != A64_REG || r.size != 8)
        as_error("base register expected%s", "");
    o->reg = r.reg;
    if (as_take(',')) {
        skip_blanks();
        char *start = as.p;
        if (a64_register(&r, as_word())) {
            o->mode = MEM_REG;
            o->index = r.reg;
            o->size = r.size;
            o->amount = -1;
            if (as_take(','))
                a64_shift(o, as_word());
        } else {
            as.p = start;
            a64_immediate(o);
        }
    }
    as_need(']');
    char *end = as.p;
    if (as_take('!'))
        o->mode = MEM_PRE;
    else if (as_take(',')) {
        skip_blanks();
        int number = *as.p == '#' || *as.p == '-' || is_digit(*as.p);
        if (number && o->mode == MEM_OFFSET && !o->value.sym && !o->value.add) {
            o->mode = MEM_POST;
            a64_immediate(o);
        } else
            as.p = end;                 /* another operand follows */
    }
}

static void a64_operand(A64Operand *o) {
    mem_set(o, 0, sizeof(A64Operand));
    if (as_take('[')) {
        a64_memory(o);
        return;
    }
    o->kind = A64_IMM;
    char *start = as.p;
    if (!is_word(*as.p) || is_digit(*as.p)) {
        a64_immediate(o);
        return;
    }
    char *name = as_word();
    if (a64_register(o, name)) {
        if (o->kind == A64_VREG && as_take('[')) {
            o->index = constant_value();
            as_need(']');
        }
        return;
    }
    o->kind = A64_NAME;
    o->name = name;
    if (list_index(a64_shifts, name) >= 0) {
        o->kind = A64_SHIFT;
        a64_shift(o, name);
    } else if (list_index(a64_conditions, name) < 0) {
        as.p = start;
        expression_value(&o->value);
    }
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
 *   H           16 bits at 5, with shift             0 .. 6, R  a64_fields       z    zero
 *   < >         amount of lsl; of lsr, asr           r    of ror       [ ]  position and width, taken out; put in
 *   b           number of a bit    c C   condition at 12, its opposite
 *   j J B       label of 26, 19, 14 bits             A    label or page of adr, adrp
 *   M U Q O     memory operand; without scale; of a pair; base only
 *   S           system register or operation         T    barrier's name        I    daifset and so on
 * Flags: N bit 22 like bit 31; w no bit 31. */

static Table a64_table = {
    "add DNi 11000000 dnms 0b000000 DNmE 0b200000; adds dNi 31000000 dnms 2b000000 dNmE 2b200000;"
    "sub DNi 51000000 dnms 4b000000 DNmE 4b200000; subs dNi 71000000 dnms 6b000000 dNmE 6b200000;"
    "cmn Ni 3100001f nms 2b00001f NmE 2b20001f; cmp Ni 7100001f nms 6b00001f NmE 6b20001f; neg dms 4b0003e0;"
    "negs dms 6b0003e0; tst nl 7200001f nms 6a00001f; mvn dms 2a2003e0; and Dnl 12000000 dnms 0a000000;"
    "orr Dnl 32000000 dnms 2a000000; eor Dnl 52000000 dnms 4a000000; bic DnL 12000000 dnms 0a200000;"
    "orn DnL 32000000 dnms 2a200000; eon DnL 52000000 dnms 4a200000; ands dnl 72000000 dnms 6a000000;"
    "bics dnL 72000000 dnms 6a200000; mov dm 2a0003e0 DN 11000000 dK 0 Dl 320003e0 dv 4e083c00:w; movn dH 12800000;"
    "movz dH 52800000; movk dH 72800000; mul dnm 1b007c00; mneg dnm 1b00fc00; smull dnm 9b207c00; umull dnm 9ba07c00;"
    "smulh dnm 9b407c00; umulh dnm 9bc07c00; madd dnma 1b000000; msub dnma 1b008000; smaddl dnma 9b200000;"
    "umaddl dnma 9ba00000; smsubl dnma 9b208000; umsubl dnma 9ba08000; udiv dnm 1ac00800; sdiv dnm 1ac00c00;"
    "adc dnm 1a000000; adcs dnm 3a000000; sbc dnm 5a000000; sbcs dnm 7a000000; lsl dnm 1ac02000 dn< 53000000:N;"
    "lsr dnm 1ac02400 dn> 53000000:N; asr dnm 1ac02800 dn> 13000000:N; ror dnm 1ac02c00 dqR 13800000:N;"
    "lslv dnm 1ac02000; lsrv dnm 1ac02400; asrv dnm 1ac02800; rorv dnm 1ac02c00; rbit dn 5ac00000; rev16 dn 5ac00400;"
    "rev32 dn dac00800; rev xn dac00c00 dn 5ac00800; clz dn 5ac01000; cls dn 5ac01400; sxtb dn 13001c00:N;"
    "sxth dn 13003c00:N; sxtw dn 93407c00; uxtb dn 53001c00:w; uxth dn 53003c00:w; uxtw dm 2a0003e0:w;"
    "sbfx dn[ 13000000:N; ubfx dn[ 53000000:N; bfxil dn[ 33000000:N; sbfiz dn] 13000000:N; ubfiz dn] 53000000:N;"
    "bfi dn] 33000000:N; sbfm dn5R 13000000:N; bfm dn5R 33000000:N; ubfm dn5R 53000000:N; extr dnmR 13800000:N;"
    "csel dnmc 1a800000; csinc dnmc 1a800400; csinv dnmc 5a800000; csneg dnmc 5a800400; cset dC 1a9f07e0;"
    "csetm dC 5a9f03e0; cinc dqC 1a800400; cinv dqC 5a800000; cneg dqC 5a800400; ccmn n40c 3a400800 nm0c 3a400000;"
    "ccmp n40c 7a400800 nm0c 7a400000; b j 14000000; bl j 94000000; b.? J 54000000+n; b? J 54000000+n;"
    "cbz dJ 34000000; cbnz dJ 35000000; tbz dbB 36000000:w; tbnz dbB 37000000:w; br n d61f0000; blr n d63f0000;"
    "ret n d65f0000 - d65f03c0; adr dA 10000000:w; adrp dA 90000000:w; str tM 38000000; ldr tM 38400000 uJ 18000000;"
    "strb dM 38000000:w; ldrb dM 38400000:w; strh dM 78000000:w; ldrh dM 78400000:w; ldrsb yM 38800000;"
    "ldrsh yM 78800000; ldrsw dM b8800000:w dJ 98000000:w; stur tU 38000000; ldur tU 38400000; sturb dU 38000000:w;"
    "ldurb dU 38400000:w; sturh dU 78000000:w; ldurh dU 78400000:w; ldursb yU 38800000; ldursh yU 78800000;"
    "ldursw dU b8800000:w; stp pPQ 28000000; ldp pPQ 28400000; ldpsw daQ 68400000:w; stxrb meO 08007c00:w;"
    "stlxrb meO 0800fc00:w; ldxrb eO 085f7c00; ldaxrb eO 085ffc00; stlrb eO 089ffc00; ldarb eO 08dffc00;"
    "stxrh meO 48007c00:w; stlxrh meO 4800fc00:w; ldxrh eO 485f7c00; ldaxrh eO 485ffc00; stlrh eO 489ffc00;"
    "ldarh eO 48dffc00; stxr meO 88007c00:w; stlxr meO 8800fc00:w; ldxr eO 885f7c00; ldaxr eO 885ffc00;"
    "stlr eO 889ffc00; ldar eO 88dffc00; stxp meaO 88200000:w; stlxp meaO 88208000:w; ldxp eaO 887f0000:w;"
    "ldaxp eaO 887f8000:w; nop - d503201f; yield - d503203f; wfe - d503205f; wfi - d503207f; sev - d503209f;"
    "sevl - d50320bf; eret - d69f03e0; svc 6 d4000001; hvc 6 d4000002; smc 6 d4000003; brk 6 d4200000;"
    "hlt 6 d4400000; udf 1 0; hint 2 d503201f; clrex - d5033f5f T d503305f; dsb T d503309f; dmb T d50330bf;"
    "isb - d5033fdf T d50330df; mrs dS d5300000; msr I3 d500401f Sd d5100000; dc Sd d5080000;"
    "ic S d508001f Sd d5080000; tlbi S d508001f Sd d5080000; fmov fg 1e204000 fn 1e270000 dg 1e260000;"
    "fabs fg 1e20c000; fneg fg 1e214000; fsqrt fg 1e21c000; frintn fg 1e244000; frintp fg 1e24c000;"
    "frintm fg 1e254000; frintz fg 1e25c000; frinta fg 1e264000; frintx fg 1e274000; frinti fg 1e27c000;"
    "fmul fgh 1e200800; fdiv fgh 1e201800; fadd fgh 1e202800; fsub fgh 1e203800; fmax fgh 1e204800;"
    "fmin fgh 1e205800; fmaxnm fgh 1e206800; fminnm fgh 1e207800; fnmul fgh 1e208800; fmadd fghk 1f000000;"
    "fmsub fghk 1f008000; fnmadd fghk 1f200000; fnmsub fghk 1f208000; fcvt Fg 1e224000; fcvtns dg 1e200000;"
    "fcvtnu dg 1e210000; fcvtas dg 1e240000; fcvtau dg 1e250000; fcvtps dg 1e280000; fcvtpu dg 1e290000;"
    "fcvtms dg 1e300000; fcvtmu dg 1e310000; fcvtzs dg 1e380000; fcvtzu dg 1e390000; scvtf fn 1e220000;"
    "ucvtf fn 1e230000; fcmp gh 1e202000 gz 1e202008; fcmpe gh 1e202010 gz 1e202018; fcsel fghc 1e200c00;"
    "dup Vn 4e010c00:w;",
    "eq,ne,cs|hs,cc|lo,mi,pl,vs,vc,hi,ls,ge,lt,gt,le,al,nv", 0
};

/* plain immediates: letter, lowest bit, number of bits */
static char a64_fields[] = { '0', 0, 4, '1', 0, 16, '2', 5, 7, '3', 8, 4, '4', 16, 5, '5', 16, 6, '6', 5, 16, 'R',
                             10, 6, 0 };
static int a64_positions[] = { 0, 5, 16, 10 };

/* op0:op1:CRn:CRm:op2 of system registers and operations, as in bits 20..5 of the instruction */
static char *a64_system_names =
    "nzcv,daif,fpcr,fpsr,tpidr_el0,tpidrro_el0,tpidr_el1,dczid_el0,ctr_el0,cntfrq_el0,cntpct_el0,cntvct_el0,midr_el1,"
    "mpidr_el1,currentel,sp_el0,spsr_el1,elr_el1,sctlr_el1,ttbr0_el1,ttbr1_el1,tcr_el1,mair_el1,vbar_el1,esr_el1,"
    "far_el1,zva,cvac,cvau,civac,ivac,ivau,iallu,ialluis,vmalle1,vmalle1is";
static int a64_system_bits[] = {
    0xda10, 0xda11, 0xda20, 0xda21, 0xde82, 0xde83, 0xc684, 0xd807, 0xd801, 0xdf00, 0xdf01, 0xdf02, 0xc000,
    0xc005, 0xc212, 0xc208, 0xc200, 0xc201, 0xc080, 0xc100, 0xc101, 0xc102, 0xc510, 0xc600, 0xc290, 0xc300,
    0x5ba1, 0x5bd1, 0x5bd9, 0x5bf1, 0x43b1, 0x5ba9, 0x43a8, 0x4388, 0x4438, 0x4418
};

/* ---- putting an operand into its field ---- */

static int a64_is_number(A64Operand *o) {
    return o->kind == A64_IMM && !o->modifier && !o->value.sym;
}

static long a64_number(A64Operand *o, long low, long high) {
    if (!a64_is_number(o))
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

static unsigned int a64_system_name(char *name) {
    int known = list_index(a64_system_names, name);
    if (known >= 0)
        return a64_system_bits[known] << 5;
    static int shifts[] = { 19, 16, 12, 8, 5 };         /* s3_3_c13_c0_2 */
    unsigned int bits = 0;
    char *p = name;
    for (int k = 0; k < 5; k++) {
        while (*p == 's' || *p == 'c' || *p == '_')
            p++;
        if (!is_digit(*p))
            as_error("unknown system register %s", name);
        int n = 0;
        for (; is_digit(*p); p++)
            n = n * 10 + *p - '0';
        bits |= n << shifts[k];
    }
    return bits;
}

static void a64_add_immediate(A64Operand *o, A64Operand *shift) {
    long v = o->value.add;
    int high = shift->kind == A64_SHIFT && shift->option == 0 && shift->amount == 12;
    if (o->value.sym) {
        int type = o->modifier ? a64_add_relocs[o->modifier - 1] : 0;
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
        int type = a64_other_relocs[o->modifier - 1];
        a64_reloc(type, &o->value);
        a64_word |= (type >= 547 ? 0 : type >= 545 ? 1 : type == 544 ? 2 : (type - 263) / 2) << 21;
    } else
        a64_word |= (shift->kind == A64_SHIFT ? shift->amount / 16 : 0) << 21 | a64_number(o, 0, 65535) << 5;
}

/* the memory operand of a load or store whose size is in the word by now */
static int a64_address(A64Operand *o, int scaled) {
    int log = a64_word >> 30 | ((a64_word & 0x04800000) == 0x04800000) << 2;
    long v = o->value.add;
    a64_word |= o->reg << 5;
    if (o->mode == MEM_REG) {
        int option = o->option ? o->option - 8 : 3;
        if (!scaled || o->amount > 0 && o->amount != log || option < 2)
            return -1;
        a64_word |= 0x00200800 | o->index << 16 | option << 13 | (o->amount > 0 || o->amount == 0 && log == 0) << 12;
    } else if (o->value.sym) {
        int type = o->modifier ? a64_load_relocs[o->modifier - 1] : 0;
        if (type == R_AARCH64_LDST8_ABS_LO12_NC && log)
            type = log == 4 ? R_AARCH64_LDST128_ABS_LO12_NC : 283 + log;
        else if (type == 552 || type == 553)
            type += log == 4 ? 18 : 2 * log;
        a64_reloc(type, &o->value);
        a64_word |= 0x01000000;
    } else if (o->mode == MEM_OFFSET && scaled && v >= 0 && !(v & ((1 << log) - 1))) {
        if (v >> log > 4095)
            as_error("offset out of range in %s", mnemonic);
        a64_word |= 0x01000000 | v >> log << 10;
    } else {
        if (v < -256 || v > 255)
            as_error("offset out of range in %s", mnemonic);
        a64_word |= (o->mode == MEM_PRE ? 0xc00 : o->mode == MEM_POST ? 0x400 : 0) | (v & 0x1ff) << 12;
    }
    return 1;
}

static int a64_pair_address(A64Operand *o) {
    int size = a64_word & 0x04000000 ? 4 << (a64_word >> 30) : 4 << (a64_word >> 31);
    long v = o->value.add;
    if (v & (size - 1) || v / size < -64 || v / size > 63)
        as_error("offset out of range in %s", mnemonic);
    a64_word |= o->reg << 5 | (v / size & 0x7f) << 15;
    a64_word |= o->mode == MEM_PRE ? 0x01800000 : o->mode == MEM_POST ? 0x00800000 : 0x01000000;
    return o->mode == MEM_REG ? -1 : 1;
}

/* the fields of the bit-field moves: rotation and last bit */
static void a64_bit_field(int immr, int imms, int width) {
    a64_word |= (immr & (width - 1)) << 16 | imms << 10;
}

/* Puts the operands from o on where `letter` says; returns how many they are, or -1: not what it says. */
static int a64_put(int letter, A64Operand *o, int flags) {
    static int has_sf;          /* bit 31, the type of floating registers: taken from a register before */
    static int has_type;
    int width = a64_op[0].size * 8;
    int reg = letter_index("dnma", letter);
    int freg = letter_index("fghk", letter);
    if (o == a64_op) {
        has_sf = flags & F_W;
        has_type = 0;
    }
    if (letter == 'D' || letter == 'N')
        reg = o->sp || o->reg < 31 ? letter == 'N' : -2;
    else if (letter == 'x')
        reg = o->size == 8 ? 0 : -2;
    else if (letter == 'q')
        reg = 1;
    else if (reg >= 0 && o->sp)
        reg = -2;
    if (reg != -1) {
        if (reg < 0 || o->kind != A64_REG)
            return -1;
        if (!has_sf && o->size == 8)
            a64_word |= 1UL << 31 | (flags & F_BIT22 ? 1 << 22 : 0);
        has_sf = 1;
        a64_word |= o->reg << a64_positions[reg] | (letter == 'q' ? o->reg << 16 : 0);
        return 1;
    }
    if (freg >= 0 || letter == 'F') {
        int type = o->size == 8 ? 1 : o->size == 2 ? 3 : 0;
        if (o->kind != A64_FREG || o->size == 1 || o->size == 16)
            return -1;
        if (letter == 'F' || !has_type)
            a64_word |= type << (letter == 'F' ? 15 : 22);
        has_type = has_type || letter != 'F';
        a64_word |= o->reg << (letter == 'F' ? 0 : a64_positions[freg]);
        return 1;
    }
    for (char *f = a64_fields; *f; f += 3)
        if (*f == letter) {
            if (!a64_is_number(o))
                return -1;
            a64_word |= a64_number(o, 0, (1L << f[2]) - 1) << f[1];
            return 1;
        }
    int is_register = o->kind == A64_REG && !o->sp || o->kind == A64_FREG;
    int is_float = o->kind == A64_FREG;
    int log = o->size == 16 ? 4 : o->size == 8 ? 3 : o->size == 4 ? 2 : o->size == 2;
    switch (letter) {
    case 't':
        a64_word |= o->reg | is_float << 26 | (log & 3) << 30 | (log == 4) << 23;
        return is_register ? 1 : -1;
    case 'u': case 'p':
        a64_word |= o->reg | is_float << 26 | (letter == 'u' || is_float ? log - 2 : (log - 2) << 1) << 30;
        return is_register && log >= 2 ? 1 : -1;
    case 'P':
        a64_word |= o->reg << 10;
        return o->kind == a64_op[0].kind && o->size == a64_op[0].size && !o->sp ? 1 : -1;
    case 'e': case 'y':
        if (o->kind != A64_REG || o->sp)
            return -1;
        a64_word |= o->reg | (letter == 'y' ? (o->size == 4) << 22 : (a64_word >> 31 && o->size == 8) << 30);
        return 1;
    case 's':
        if (o->kind != A64_SHIFT)
            return 0;
        a64_word |= o->option << 22 | (o->amount & 63) << 10;
        return o->option < 4 ? 1 : -1;
    case 'E': {
        int option = o->kind == A64_SHIFT && o->option ? o->option - 8 : width == 64 ? 3 : 2;  /* lsl is uxtx */
        if (o->kind == A64_SHIFT && o->amount > 4 || option < 0)
            return -1;
        a64_word |= option << 13 | (o->kind == A64_SHIFT && o->amount > 0 ? o->amount << 10 : 0);
        return o->kind == A64_SHIFT;
    }
    case 'i':
        if (o->kind != A64_IMM)
            return -1;
        a64_add_immediate(o, o + 1);
        return 1 + (o[1].kind == A64_SHIFT);
    case 'H':
        if (o->kind != A64_IMM)
            return -1;
        a64_move_half(o, o + 1);
        return 1 + (o[1].kind == A64_SHIFT);
    case 'l': case 'L': {
        int imm = a64_is_number(o) ? a64_logical_imm(letter == 'L' ? ~o->value.add : o->value.add, width == 64) : -1;
        a64_word |= imm << 10;
        return imm < 0 ? -1 : 1;
    }
    case 'K': return a64_is_number(o) && a64_mov_constant(o->value.add, width == 64) ? 1 : -1;
    case '<': case '>':
        if (!a64_is_number(o))
            return -1;
        a64_number(o, 0, width - 1);
        if (letter == '<')
            a64_bit_field(-o->value.add, width - 1 - o->value.add, width);
        else
            a64_bit_field(o->value.add, width - 1, width);
        return 1;
    case '[': case ']': {
        long lsb = a64_number(o, 0, width - 1);
        long n = a64_number(o + 1, 1, width - lsb);
        a64_bit_field(letter == ']' ? -lsb : lsb, letter == ']' ? n - 1 : lsb + n - 1, width);
        return 2;
    }
    case 'b':
        a64_word |= (a64_number(o, 0, 63) & 31) << 19 | o->value.add >> 5 << 31;
        return 1;
    case 'z': return a64_is_number(o) && o->value.add == 0 ? 1 : -1;
    case 'c': case 'C': {
        int condition = o->kind == A64_NAME ? list_index(a64_conditions, o->name) : -1;
        a64_word |= (letter == 'C' ? condition ^ 1 : condition) << 12;
        return condition < 0 ? -1 : 1;
    }
    case 'j': case 'J': case 'B': case 'A': {
        int type = letter == 'J' ? R_AARCH64_CONDBR19 : letter == 'B' ? R_AARCH64_TSTBR14
                   : letter == 'j' ? (a64_word >> 31 ? R_AARCH64_CALL26 : R_AARCH64_JUMP26)
                   : o->modifier ? a64_other_relocs[o->modifier - 1]
                   : a64_word >> 31 ? R_AARCH64_ADR_PREL_PG_HI21 : R_AARCH64_ADR_PREL_LO21;
        if (o->kind != A64_NAME && o->kind != A64_IMM)
            return -1;
        if ((a64_word & 0x3b000000) == 0x18000000)
            type = R_AARCH64_LD_PREL_LO19;
        if (o->kind == A64_NAME && !o->value.sym)       /* a label that is called like a condition */
            o->value.sym = obj_symbol(as.obj, o->name);
        a64_reloc(type, &o->value);
        return 1;
    }
    case 'M': case 'U': return o->kind == A64_MEM ? a64_address(o, letter == 'M') : -1;
    case 'Q': return o->kind == A64_MEM ? a64_pair_address(o) : -1;
    case 'O':
        a64_word |= o->reg << 5;
        return o->kind == A64_MEM && o->mode == MEM_OFFSET && !o->value.add && !o->value.sym ? 1 : -1;
    case 'S':
        if (o->kind != A64_NAME)
            return -1;
        a64_word |= a64_system_name(o->name);
        return 1;
    case 'I': {
        static int fields[] = { 0x300c0, 0x300e0, 0x000a0 };
        int i = o->kind == A64_NAME ? list_index("daifset,daifclr,spsel", o->name) : -1;
        a64_word |= i < 0 ? 0 : fields[i];
        return i < 0 ? -1 : 1;
    }
    case 'T': {
        int option = o->kind == A64_IMM ? a64_number(o, 0, 15)
                     : list_index(",oshld,oshst,osh,,nshld,nshst,nsh,,ishld,ishst,ish,,ld,st,sy", o->name);
        a64_word |= option << 8;
        return option < 0 ? -1 : 1;
    }
    case 'v': case 'V':
        a64_word |= letter == 'V' ? o->reg : o->reg << 5 | o->index << 20;
        if (o->kind != A64_VREG)
            return -1;
        return (letter == 'V' ? str_starts(o->name, "16") : o->index < 2 && (*o->name | 32) == 'd') ? 1 : -1;
    }
    return -1;
}

static int a64_try(Form *f) {
    int i = 0;
    a64_word = f->op;
    for (char *c = f->args; *c; c++) {
        if (i >= a64_nops && *c != 's' && *c != 'E')
            return 0;
        int used = a64_put(*c, &a64_op[i], f->flags);
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
        a64_operand(&a64_op[a64_nops]);
    }
    mem_set(&a64_op[a64_nops], 0, sizeof(A64Operand));
    while (f && !a64_try(f))
        f = f->next;
    if (!f)
        as_bad();
    emit_le(4, a64_word);
}

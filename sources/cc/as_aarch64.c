/* SPDX-License-Identifier: MIT
 *
 * One file, because it is one table and its operand readers.
 *
 * The AArch64 instructions of the assembler: integer, scalar floating point,
 * loads and stores with exclusives, and system instructions.
 *
 * A mnemonic is a line of a64_table: its class, and the bits that tell it from
 * the others of the class.  The operands are read first, without regard to the
 * mnemonic; then the class's function checks them and puts the fields together.
 * Also here: the immediates that the code generator shares.
 */

enum { A64_NONE, A64_REG, A64_FREG, A64_VREG, A64_IMM, A64_MEM, A64_SHIFT, A64_NAME };

/* of a memory operand: offset, pre-indexed, post-indexed, register offset */
enum { MEM_OFFSET, MEM_PRE, MEM_POST, MEM_REG };

typedef struct A64Operand A64Operand;
struct A64Operand {
    int kind;
    int reg;                    /* of A64_MEM: the base */
    int size;                   /* registers: 4 or 8; floating: 1 2 4 8 16 */
    int sp;                     /* the register is sp, not zr */
    int mode;                   /* of A64_MEM */
    int index;                  /* register of MEM_REG */
    int option;                 /* of A64_SHIFT and MEM_REG: 0..3 lsl lsr asr ror; 8 + extend number */
    int amount;                 /* of the shift; -1: none given */
    Value value;                /* of A64_IMM, A64_MEM, and of A64_NAME as a label */
    int modifier;               /* :lo12: and so on: 1 + its line in a64_modifiers */
    char *name;
};

enum { A64_MAX_OPERANDS = 6 };
static A64Operand a64_op[A64_MAX_OPERANDS];
static int a64_nops;
static char *a64_mnemonic;
static Obj *a64_names;

/* ---- immediates ---- */

/* N:immr:imms of a logical immediate, or -1 */
int a64_logical_imm(unsigned long v, int is64) {
    if (!is64)
        v = (v & 0xffffffff) | v << 32;
    if (v == 0 || v == ~0UL)
        return -1;
    int size = 64;                              /* the smallest element that repeats */
    while (size > 2) {
        unsigned long mask = (1UL << size / 2) - 1;
        if ((v & mask) != (v >> size / 2 & mask))
            break;
        size = size / 2;
    }
    unsigned long mask = size == 64 ? ~0UL : (1UL << size) - 1;
    v = v & mask;
    int rotation = 0;                           /* turn it until the ones are at the low end */
    while (!(v & 1) || v >> (size - 1) & 1) {
        v = (v >> 1 | v << (size - 1)) & mask;
        rotation++;
        if (rotation == size)
            return -1;
    }
    int ones = 0;
    while (v & 1) {
        v = v >> 1;
        ones++;
    }
    if (v)
        return -1;
    int imms = (-size * 2 & 0x3f) | (ones - 1);
    return (size == 64) << 12 | ((size - rotation) & (size - 1)) << 6 | imms;
}

/* the 8 bits of FMOV for a double's bit pattern, or -1 */
int a64_float_imm(unsigned long v) {
    int high = v >> 54 & 0x1ff;
    if (v & 0xffffffffffff || high != 0x100 && high != 0xff)
        return -1;
    return (v >> 56 & 0x80) | (high == 0xff) << 6 | (v >> 48 & 0x3f);
}

/* ---- operands ---- */

typedef struct A64Modifier A64Modifier;
struct A64Modifier {
    char *name;
    int add;                    /* relocation type in add */
    int load;                   /* in a byte load; the wider ones follow by a64_load_reloc */
    int other;                  /* in adrp, ldr of an address, movz */
};

static A64Modifier a64_modifiers[] = {
    { "lo12", 277, 278, 0 },            { "got", 0, 0, 311 },               { "got_lo12", 0, 312, 0 },
    { "gottprel", 0, 0, 541 },          { "gottprel_lo12", 0, 542, 0 },     { "tprel_hi12", 549, 0, 0 },
    { "tprel_lo12", 550, 552, 0 },      { "tprel_lo12_nc", 551, 553, 0 },   { "pg_hi21", 0, 0, 275 },
    { "abs_g0", 0, 0, 263 },            { "abs_g0_nc", 0, 0, 264 },         { "abs_g1", 0, 0, 265 },
    { "abs_g1_nc", 0, 0, 266 },         { "abs_g2", 0, 0, 267 },            { "abs_g2_nc", 0, 0, 268 },
    { "abs_g3", 0, 0, 269 },            { "tprel_g0", 0, 0, 547 },          { "tprel_g0_nc", 0, 0, 548 },
    { "tprel_g1", 0, 0, 545 },          { "tprel_g1_nc", 0, 0, 546 },       { "tprel_g2", 0, 0, 544 },
    { 0, 0, 0, 0 }
};

static char *a64_shifts[] = { "lsl", "lsr", "asr", "ror", "", "", "", "", "uxtb", "uxth", "uxtw", "uxtx",
                              "sxtb", "sxth", "sxtw", "sxtx", 0 };
static char *a64_conditions[] = { "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le",
                                  "al", "nv", "hs", "lo", 0 };

static int index_of(char **list, char *name) {
    for (int i = 0; list[i]; i++)
        if (str_eq(list[i], name))
            return i;
    return -1;
}

static int a64_condition(char *name) {
    int i = index_of(a64_conditions, name);
    return i == 16 ? 2 : i == 17 ? 3 : i;
}

static void a64_bad(void) {
    as_error("bad operands for %s", a64_mnemonic);
}

static char a64_letters[] = "wxbhsdq";

/* The register called `name`: fills kind, reg, size, sp.  0: no register. */
static int a64_register(A64Operand *o, char *name) {
    int n = 0;
    int letter = name[0] | 32;
    o->sp = 0;
    o->kind = A64_REG;
    o->size = 8;
    o->reg = 31;
    if (str_eq(name, "sp") || str_eq(name, "wsp")) {
        o->sp = 1;
        o->size = name[0] == 's' ? 8 : 4;
        return 1;
    }
    if (str_eq(name, "xzr") || str_eq(name, "wzr")) {
        o->size = name[0] == 'x' ? 8 : 4;
        return 1;
    }
    if (str_eq(name, "lr") || str_eq(name, "fp")) {
        o->reg = name[0] == 'l' ? 30 : 29;
        return 1;
    }
    int class = -1;
    for (int i = 0; a64_letters[i]; i++)
        if (a64_letters[i] == letter)
            class = i;
    if (class < 0 && letter != 'v' || !is_digit(name[1]))
        return 0;
    char *p = name + 1;
    while (is_digit(*p)) {
        n = n * 10 + *p - '0';
        p++;
    }
    if (n > 31 || n == 31 && class >= 0 && class < 2)
        return 0;
    o->reg = n;
    if (letter == 'v' && *p == '.') {
        o->kind = A64_VREG;
        o->name = p + 1;
        return 1;
    }
    if (*p || class < 0)
        return 0;
    if (class >= 2)
        o->kind = A64_FREG;
    o->size = class < 2 ? 4 << class : 1 << (class - 2);
    return 1;
}

static void a64_immediate(A64Operand *o) {
    o->kind = A64_IMM;
    o->modifier = 0;
    as_take('#');
    if (as_take(':')) {
        char *name = as_word();
        for (int i = 0; a64_modifiers[i].name; i++)
            if (str_eq(a64_modifiers[i].name, name))
                o->modifier = i + 1;
        if (!o->modifier)
            as_error("unknown modifier :%s:", name);
        as_expect(':');
    }
    if (str_starts(as.p, "0.0"))                /* of fcmp: the only floating constant */
        as.p += 2;
    as_expression(&o->value);
}

static void a64_shift(A64Operand *o, char *name) {
    o->option = index_of(a64_shifts, name);
    o->amount = -1;
    skip_blanks();
    if (as_take('#') || is_digit(*as.p) || *as.p == '(')
        o->amount = as_constant();
}

static void a64_memory(A64Operand *o) {
    A64Operand index;
    o->kind = A64_MEM;
    o->mode = MEM_OFFSET;
    o->modifier = 0;
    o->value.sym = 0;
    o->value.minus = 0;
    o->value.add = 0;
    if (!a64_register(&index, as_word()) || index.kind != A64_REG || index.size != 8)
        as_error("base register expected%s", "");
    o->reg = index.reg;
    if (as_take(',')) {
        skip_blanks();
        char *start = as.p;
        if ((*as.p | 32) >= 'a' && a64_register(&index, as_word())) {
            o->mode = MEM_REG;
            o->index = index.reg;
            o->size = index.size;
            o->option = 0;
            o->amount = -1;
            if (as_take(','))
                a64_shift(o, as_word());
        } else {
            as.p = start;
            int reg = o->reg;
            a64_immediate(o);
            o->kind = A64_MEM;
            o->reg = reg;
        }
    }
    as_expect(']');
    if (as_take('!')) {
        o->mode = MEM_PRE;
        return;
    }
    char *before = as.p;
    if (as_take(',')) {
        skip_blanks();
        if (o->mode != MEM_OFFSET || o->value.sym || o->value.add || !(*as.p == '#' || is_digit(*as.p) || *as.p == '-')) {
            as.p = before;
            return;
        }
        as_take('#');
        o->mode = MEM_POST;
        o->value.add = as_constant();
    }
}

static void a64_operand(A64Operand *o) {
    skip_blanks();
    o->kind = A64_NONE;
    char *start = as.p;
    if (as_take('[')) {
        a64_memory(o);
        return;
    }
    if (!((*as.p | 32) >= 'a' && (*as.p | 32) <= 'z' || *as.p == '_' || *as.p == '.')) {
        a64_immediate(o);
        return;
    }
    char *name = as_word();
    if (a64_register(o, name)) {
        if (o->kind == A64_VREG && as_take('[')) {
            o->index = as_constant();
            as_expect(']');
        }
        return;
    }
    if (index_of(a64_shifts, name) >= 0 && name[0]) {
        o->kind = A64_SHIFT;
        a64_shift(o, name);
        return;
    }
    o->kind = A64_NAME;
    o->name = name;
    if (a64_condition(name) >= 0)
        return;
    as.p = start;
    as_expression(&o->value);
}

/* ---- checks and fields ---- */

static int a64_is(int i, int kind) {
    return i < a64_nops && a64_op[i].kind == kind;
}

static int a64_reg(int i) {
    if (!a64_is(i, A64_REG) || a64_op[i].sp)
        a64_bad();
    return a64_op[i].reg;
}

static int a64_reg_or_sp(int i) {
    if (!a64_is(i, A64_REG) || a64_op[i].reg == 31 && !a64_op[i].sp)
        a64_bad();
    return a64_op[i].reg;
}

static int a64_freg(int i) {
    if (!a64_is(i, A64_FREG))
        a64_bad();
    return a64_op[i].reg;
}

static long a64_const(int i, long low, long high) {
    if (!a64_is(i, A64_IMM) || a64_op[i].modifier || a64_op[i].value.sym)
        a64_bad();
    long v = a64_op[i].value.add;
    if (v < low || v > high)
        as_error("constant out of range in %s", a64_mnemonic);
    return v;
}

static int a64_sf(void) {
    return a64_op[0].size == 8 ? 1 << 31 : 0;
}

static void a64_count(int n) {
    if (a64_nops != n)
        as_error("wrong number of operands for %s", a64_mnemonic);
}

static void a64_emit(unsigned int word) {
    sec_u32(as.sec, word);
}

static void a64_reloc(int type, Value *v) {
    if (!type || !v->sym || v->minus)
        a64_bad();
    sec_reloc(as.sec, as.sec->len, type, v->sym, v->add);
}

/* a label operand: a name, or a local label such as 1b, or a constant distance */
static void a64_label(int i, int type) {
    if (!a64_is(i, A64_NAME) && !a64_is(i, A64_IMM))
        a64_bad();
    a64_reloc(type, &a64_op[i].value);
}

/* a missing operand that the alias leaves out: the others move up */
static void a64_insert(int at, int reg) {
    for (int i = a64_nops; i > at; i--)
        mem_copy(&a64_op[i], &a64_op[i - 1], sizeof(A64Operand));
    a64_op[at].kind = A64_REG;
    a64_op[at].reg = reg;
    a64_op[at].sp = 0;
    a64_op[at].size = a64_op[at ? 0 : 1].size;
    a64_nops++;
}

/* ---- classes of instructions ---- */

enum {
    A_ADDSUB, A_CMP, A_NEG, A_LOGIC, A_TST, A_MVN, A_MOV, A_MOVW, A_MUL3, A_MUL4, A_DIV, A_SHIFT, A_UNARY, A_EXTEND, A_BITS, A_SBFM,
    A_EXTR, A_CSEL, A_CSET, A_CINC, A_CCMP, A_B, A_CB, A_TB, A_BR, A_ADR, A_LDST, A_PAIR, A_EXCL, A_EXCL_PAIR, A_FIXED,
    A_EXC, A_HINT, A_BARRIER, A_MRS, A_MSR, A_SYS, A_FMOV, A_FP1, A_FP2, A_FP3, A_FCVT, A_FTOI, A_ITOF, A_FCMP, A_FCSEL, A_DUP
};

typedef struct A64Row A64Row;
struct A64Row {
    char *name;
    int class;
    unsigned int op;
};

static A64Row a64_table[] = {
    { "add", A_ADDSUB, 0x0b000000 },    { "adds", A_ADDSUB, 0x2b000000 },   { "sub", A_ADDSUB, 0x4b000000 },
    { "subs", A_ADDSUB, 0x6b000000 },   { "cmn", A_CMP, 0x2b000000 },       { "cmp", A_CMP, 0x6b000000 },
    { "neg", A_NEG, 0x4b000000 },       { "negs", A_NEG, 0x6b000000 },
    { "and", A_LOGIC, 0x0a000000 },     { "bic", A_LOGIC, 0x0a200000 },     { "orr", A_LOGIC, 0x2a000000 },
    { "orn", A_LOGIC, 0x2a200000 },     { "eor", A_LOGIC, 0x4a000000 },     { "eon", A_LOGIC, 0x4a200000 },
    { "ands", A_LOGIC, 0x6a000000 },    { "bics", A_LOGIC, 0x6a200000 },    { "tst", A_TST, 0x6a000000 },
    { "mvn", A_MVN, 0x2a200000 },       { "mov", A_MOV, 0 },
    { "movn", A_MOVW, 0x12800000 },     { "movz", A_MOVW, 0x52800000 },     { "movk", A_MOVW, 0x72800000 },
    { "mul", A_MUL3, 0x1b007c00 },      { "mneg", A_MUL3, 0x1b00fc00 },     { "smull", A_MUL3, 0x9b207c00 },
    { "umull", A_MUL3, 0x9ba07c00 },    { "smulh", A_MUL3, 0x9b407c00 },    { "umulh", A_MUL3, 0x9bc07c00 },
    { "madd", A_MUL4, 0x1b000000 },     { "msub", A_MUL4, 0x1b008000 },     { "smaddl", A_MUL4, 0x9b200000 },
    { "umaddl", A_MUL4, 0x9ba00000 },   { "smsubl", A_MUL4, 0x9b208000 },   { "umsubl", A_MUL4, 0x9ba08000 },
    { "udiv", A_DIV, 0x1ac00800 },      { "sdiv", A_DIV, 0x1ac00c00 },      { "adc", A_DIV, 0x1a000000 },
    { "adcs", A_DIV, 0x3a000000 },      { "sbc", A_DIV, 0x5a000000 },       { "sbcs", A_DIV, 0x7a000000 },
    { "lsl", A_SHIFT, 0 },              { "lsr", A_SHIFT, 1 },              { "asr", A_SHIFT, 2 },
    { "ror", A_SHIFT, 3 },              { "lslv", A_DIV, 0x1ac02000 },      { "lsrv", A_DIV, 0x1ac02400 },
    { "asrv", A_DIV, 0x1ac02800 },      { "rorv", A_DIV, 0x1ac02c00 },
    { "rbit", A_UNARY, 0x5ac00000 },    { "rev16", A_UNARY, 0x5ac00400 },   { "rev32", A_UNARY, 0xdac00800 },
    { "rev", A_UNARY, 0x5ac00800 },     { "clz", A_UNARY, 0x5ac01000 },     { "cls", A_UNARY, 0x5ac01400 },
    { "sxtb", A_EXTEND, 0x13001c00 },   { "sxth", A_EXTEND, 0x13003c00 },   { "sxtw", A_EXTEND, 0x93407c00 },
    { "uxtb", A_EXTEND, 0x53001c00 },   { "uxth", A_EXTEND, 0x53003c00 },   { "uxtw", A_EXTEND, 0x2a0003e0 },
    { "sbfx", A_BITS, 0x13000000 },     { "ubfx", A_BITS, 0x53000000 },     { "bfxil", A_BITS, 0x33000000 },
    { "sbfiz", A_BITS, 0x13000001 },    { "ubfiz", A_BITS, 0x53000001 },    { "bfi", A_BITS, 0x33000001 },
    { "sbfm", A_SBFM, 0x13000000 },     { "bfm", A_SBFM, 0x33000000 },      { "ubfm", A_SBFM, 0x53000000 },
    { "extr", A_EXTR, 0x13800000 },
    { "csel", A_CSEL, 0x1a800000 },     { "csinc", A_CSEL, 0x1a800400 },    { "csinv", A_CSEL, 0x5a800000 },
    { "csneg", A_CSEL, 0x5a800400 },    { "cset", A_CSET, 0x1a9f07e0 },     { "csetm", A_CSET, 0x5a9f03e0 },
    { "cinc", A_CINC, 0x1a800400 },     { "cinv", A_CINC, 0x5a800000 },     { "cneg", A_CINC, 0x5a800400 },
    { "ccmn", A_CCMP, 0x3a400000 },     { "ccmp", A_CCMP, 0x7a400000 },
    { "b", A_B, 0x14000000 },           { "bl", A_B, 0x94000000 },          { "cbz", A_CB, 0x34000000 },
    { "cbnz", A_CB, 0x35000000 },       { "tbz", A_TB, 0x36000000 },        { "tbnz", A_TB, 0x37000000 },
    { "br", A_BR, 0xd61f0000 },         { "blr", A_BR, 0xd63f0000 },        { "ret", A_BR, 0xd65f0000 },
    { "adr", A_ADR, 0x10000000 },       { "adrp", A_ADR, 0x90000000 },
    /* loads and stores: bits 3..0 the size (16: by the register), bits 31..30 and 23..22 */
    { "str", A_LDST, 0x38000010 },      { "ldr", A_LDST, 0x38400010 },      { "strb", A_LDST, 0x38000001 },
    { "ldrb", A_LDST, 0x38400001 },     { "strh", A_LDST, 0x78000002 },     { "ldrh", A_LDST, 0x78400002 },
    { "ldrsb", A_LDST, 0x38800001 },    { "ldrsh", A_LDST, 0x78800002 },    { "ldrsw", A_LDST, 0xb8800004 },
    { "stur", A_LDST, 0x38000030 },     { "ldur", A_LDST, 0x38400030 },     { "sturb", A_LDST, 0x38000021 },
    { "ldurb", A_LDST, 0x38400021 },    { "sturh", A_LDST, 0x78000022 },    { "ldurh", A_LDST, 0x78400022 },
    { "ldursb", A_LDST, 0x38800021 },   { "ldursh", A_LDST, 0x78800022 },   { "ldursw", A_LDST, 0xb8800024 },
    { "stp", A_PAIR, 0x28000000 },      { "ldp", A_PAIR, 0x28400000 },      { "ldpsw", A_PAIR, 0x68400000 },
    { "stxrb", A_EXCL, 0x08007c00 },    { "stlxrb", A_EXCL, 0x0800fc00 },   { "ldxrb", A_EXCL, 0x085f7c00 },
    { "ldaxrb", A_EXCL, 0x085ffc00 },   { "stlrb", A_EXCL, 0x089ffc00 },    { "ldarb", A_EXCL, 0x08dffc00 },
    { "stxrh", A_EXCL, 0x48007c00 },    { "stlxrh", A_EXCL, 0x4800fc00 },   { "ldxrh", A_EXCL, 0x485f7c00 },
    { "ldaxrh", A_EXCL, 0x485ffc00 },   { "stlrh", A_EXCL, 0x489ffc00 },    { "ldarh", A_EXCL, 0x48dffc00 },
    { "stxr", A_EXCL, 0x88007c00 },     { "stlxr", A_EXCL, 0x8800fc00 },    { "ldxr", A_EXCL, 0x885f7c00 },
    { "ldaxr", A_EXCL, 0x885ffc00 },    { "stlr", A_EXCL, 0x889ffc00 },     { "ldar", A_EXCL, 0x88dffc00 },
    { "stxp", A_EXCL_PAIR, 0x88200000 },    { "stlxp", A_EXCL_PAIR, 0x88208000 },
    { "ldxp", A_EXCL_PAIR, 0x887f0000 },    { "ldaxp", A_EXCL_PAIR, 0x887f8000 },
    { "nop", A_FIXED, 0xd503201f },     { "yield", A_FIXED, 0xd503203f },   { "wfe", A_FIXED, 0xd503205f },
    { "wfi", A_FIXED, 0xd503207f },     { "sev", A_FIXED, 0xd503209f },     { "sevl", A_FIXED, 0xd50320bf },
    { "eret", A_FIXED, 0xd69f03e0 },    { "svc", A_EXC, 0xd4000001 },       { "hvc", A_EXC, 0xd4000002 },
    { "smc", A_EXC, 0xd4000003 },       { "brk", A_EXC, 0xd4200000 },       { "hlt", A_EXC, 0xd4400000 },
    { "udf", A_EXC, 0 },                { "hint", A_HINT, 0xd503201f },
    { "clrex", A_BARRIER, 0xd503305f }, { "dsb", A_BARRIER, 0xd503309f },   { "dmb", A_BARRIER, 0xd50330bf },
    { "isb", A_BARRIER, 0xd50330df },   { "mrs", A_MRS, 0xd5300000 },       { "msr", A_MSR, 0xd5100000 },
    { "dc", A_SYS, 0xd5080000 },        { "ic", A_SYS, 0xd5080000 },        { "tlbi", A_SYS, 0xd5080000 },
    { "fmov", A_FMOV, 0 },              { "fabs", A_FP1, 0x1e20c000 },      { "fneg", A_FP1, 0x1e214000 },
    { "fsqrt", A_FP1, 0x1e21c000 },     { "frintn", A_FP1, 0x1e244000 },    { "frintp", A_FP1, 0x1e24c000 },
    { "frintm", A_FP1, 0x1e254000 },    { "frintz", A_FP1, 0x1e25c000 },    { "frinta", A_FP1, 0x1e264000 },
    { "frintx", A_FP1, 0x1e274000 },    { "frinti", A_FP1, 0x1e27c000 },    { "fmul", A_FP2, 0x1e200800 },
    { "fdiv", A_FP2, 0x1e201800 },      { "fadd", A_FP2, 0x1e202800 },      { "fsub", A_FP2, 0x1e203800 },
    { "fmax", A_FP2, 0x1e204800 },      { "fmin", A_FP2, 0x1e205800 },      { "fmaxnm", A_FP2, 0x1e206800 },
    { "fminnm", A_FP2, 0x1e207800 },    { "fnmul", A_FP2, 0x1e208800 },     { "fmadd", A_FP3, 0x1f000000 },
    { "fmsub", A_FP3, 0x1f008000 },     { "fnmadd", A_FP3, 0x1f200000 },    { "fnmsub", A_FP3, 0x1f208000 },
    { "fcvt", A_FCVT, 0x1e224000 },     { "fcvtns", A_FTOI, 0x1e200000 },   { "fcvtnu", A_FTOI, 0x1e210000 },
    { "fcvtas", A_FTOI, 0x1e240000 },   { "fcvtau", A_FTOI, 0x1e250000 },   { "fcvtps", A_FTOI, 0x1e280000 },
    { "fcvtpu", A_FTOI, 0x1e290000 },   { "fcvtms", A_FTOI, 0x1e300000 },   { "fcvtmu", A_FTOI, 0x1e310000 },
    { "fcvtzs", A_FTOI, 0x1e380000 },   { "fcvtzu", A_FTOI, 0x1e390000 },   { "scvtf", A_ITOF, 0x1e220000 },
    { "ucvtf", A_ITOF, 0x1e230000 },    { "fcmp", A_FCMP, 0x1e202000 },     { "fcmpe", A_FCMP, 0x1e202010 },
    { "fcsel", A_FCSEL, 0x1e200c00 },   { "dup", A_DUP, 0 },
    { 0, 0, 0 }
};

/* Rd, Rn, and a third operand: register with shift or extension, or an immediate of 12 bits */
static void a64_addsub(unsigned int op) {
    unsigned int word = op | a64_sf() | a64_op[0].reg | a64_op[1].reg << 5;
    int with_sp = a64_op[0].sp || a64_op[1].sp;
    if (!a64_is(0, A64_REG) || !a64_is(1, A64_REG))
        a64_bad();
    A64Operand *o = &a64_op[2];
    A64Operand *shift = &a64_op[3];
    if (a64_is(2, A64_IMM)) {
        word = word & ~0x1f000000 | 0x11000000;
        if (!(op & 0x20000000))
            a64_reg_or_sp(0);
        a64_reg_or_sp(1);
        if (o->value.sym) {
            if (!o->modifier)
                a64_bad();
            int type = a64_modifiers[o->modifier - 1].add;
            a64_reloc(type, &o->value);
            word = word | (type == R_AARCH64_TLSLE_ADD_TPREL_HI12) << 22;
        } else {
            long v = o->value.add;
            if (v < 0) {
                v = -v;
                word = word ^ 0x40000000;
            }
            int high = 0;
            if (a64_nops == 4 && shift->kind == A64_SHIFT && shift->option == 0 && shift->amount == 12)
                high = 1;
            else if (v > 4095 && !(v & 4095)) {
                high = 1;
                v = v >> 12;
            }
            if (v > 4095)
                as_error("constant out of range in %s", a64_mnemonic);
            word = word | high << 22 | v << 10;
        }
        a64_emit(word);
        return;
    }
    word = word | a64_reg(2) << 16;
    int option = a64_is(3, A64_SHIFT) ? shift->option : 0;
    int amount = a64_is(3, A64_SHIFT) && shift->amount > 0 ? shift->amount : 0;
    if (option >= 8 || with_sp) {
        if (option == 0)
            option = a64_op[0].size == 8 ? 11 : 10;     /* lsl with sp is uxtx */
        if (amount > 4)
            a64_bad();
        word = word | 0x00200000 | (option - 8) << 13 | amount << 10;
    } else
        word = word | option << 22 | (amount & 63) << 10;
    a64_emit(word);
}

static void a64_logic(unsigned int op) {
    unsigned int word = op | a64_sf() | a64_op[0].reg | a64_reg(1) << 5;
    if (!a64_is(0, A64_REG))
        a64_bad();
    if (a64_is(2, A64_IMM)) {
        long v = a64_const(2, -1L << 63, ~(-1L << 63));
        if (op & 0x00200000)
            v = ~v;
        int imm = a64_logical_imm(v, a64_op[0].size == 8);
        if (imm < 0)
            as_error("not a logical immediate in %s", a64_mnemonic);
        a64_emit(word & ~0x1f200000 | 0x12000000 | imm << 10);
        return;
    }
    word = word | a64_reg(2) << 16;
    if (a64_is(3, A64_SHIFT))
        word = word | a64_op[3].option << 22 | (a64_op[3].amount & 63) << 10;
    a64_emit(word);
}

/* mov of a constant: movz, movn or a logical immediate */
static void a64_mov_const(long v) {
    unsigned int sf = a64_sf();
    unsigned int rd = a64_op[0].reg;
    int half = sf ? 4 : 2;
    if (!sf)
        v = v & 0xffffffff;
    for (int i = 0; i < half; i++)
        if (!(v & ~(0xffffUL << i * 16)) && !a64_op[0].sp) {
            a64_emit(0x52800000 | sf | i << 21 | (v >> i * 16 & 0xffff) << 5 | rd);
            return;
        }
    long not = sf ? ~v : ~v & 0xffffffff;
    for (int i = 0; i < half; i++)
        if (!(not & ~(0xffffUL << i * 16)) && !a64_op[0].sp) {
            a64_emit(0x12800000 | sf | i << 21 | (not >> i * 16 & 0xffff) << 5 | rd);
            return;
        }
    int imm = a64_logical_imm(v, a64_op[0].size == 8);
    if (imm < 0)
        as_error("constant out of range in %s", a64_mnemonic);
    a64_emit(0x320003e0 | sf | imm << 10 | rd);
}

static void a64_mov(void) {
    a64_count(2);
    if (a64_is(0, A64_REG) && a64_is(1, A64_IMM))
        a64_mov_const(a64_const(1, -1L << 63, ~(-1L << 63)));
    else if (a64_is(0, A64_REG) && a64_is(1, A64_VREG) && a64_op[1].index < 2) {        /* mov x0, v1.d[0] */
        if ((a64_op[1].name[0] | 32) != 'd')
            a64_bad();
        a64_emit(0x4e083c00 | a64_op[1].index << 20 | a64_reg(0) | a64_op[1].reg << 5);
    } else if (a64_op[0].sp || a64_op[1].sp)
        a64_emit(0x11000000 | a64_sf() | a64_reg_or_sp(0) | a64_reg_or_sp(1) << 5);
    else
        a64_emit(0x2a0003e0 | a64_sf() | a64_reg(0) | a64_reg(1) << 16);
}

static void a64_movw(unsigned int op) {
    unsigned int word = op | a64_sf() | a64_reg(0);
    if (a64_op[1].modifier) {
        int type = a64_modifiers[a64_op[1].modifier - 1].other;
        a64_reloc(type, &a64_op[1].value);
        int half = type >= 544 ? type < 545 ? 2 : type < 547 : (type - 263) / 2;
        a64_emit(word | half << 21);
        return;
    }
    int shift = a64_is(2, A64_SHIFT) ? a64_op[2].amount / 16 : 0;
    a64_emit(word | shift << 21 | a64_const(1, 0, 65535) << 5);
}

static void a64_shift_insn(int kind) {
    int is64 = a64_op[0].size == 8;
    unsigned int regs = a64_reg(0) | a64_reg(1) << 5;
    if (a64_is(2, A64_REG)) {
        a64_emit(0x1ac02000 | a64_sf() | kind << 10 | regs | a64_reg(2) << 16);
        return;
    }
    int width = is64 ? 64 : 32;
    int n = a64_const(2, 0, width - 1);
    regs = regs | a64_sf() | is64 << 22;
    if (kind == 0)
        a64_emit(0x53000000 | regs | (-n & (width - 1)) << 16 | (width - 1 - n) << 10);
    else if (kind == 3)
        a64_emit(0x13800000 | regs | a64_op[1].reg << 16 | n << 10);
    else
        a64_emit((kind == 1 ? 0x53000000 : 0x13000000) | regs | n << 16 | (width - 1) << 10);
}

static void a64_bits(unsigned int op) {
    int width = a64_op[0].size * 8;
    int lsb = a64_const(2, 0, width - 1);
    int n = a64_const(3, 1, width - lsb);
    int insert = op & 1;
    int immr = insert ? -lsb & (width - 1) : lsb;
    int imms = insert ? n - 1 : lsb + n - 1;
    a64_emit(op & ~1 | a64_sf() | (width == 64) << 22 | a64_reg(0) | a64_reg(1) << 5 | immr << 16 | imms << 10);
}

static int a64_cond(int i) {
    int c = a64_is(i, A64_NAME) ? a64_condition(a64_op[i].name) : -1;
    if (c < 0)
        a64_bad();
    return c;
}

/* ---- loads and stores ---- */

static void a64_ldst(unsigned int op) {
    int size = op & 0x1f;
    int unscaled = op & 0x20 ? 1 : 0;
    A64Operand *t = &a64_op[0];
    A64Operand *m = &a64_op[1];
    size = size & 0x1f;
    op = op & ~0x3f;
    if (!a64_is(0, A64_REG) && !a64_is(0, A64_FREG) || t->sp)
        a64_bad();
    unsigned int word = op | t->reg;
    if (size == 16) {                           /* the register says how wide */
        size = t->size;
        if (t->kind == A64_FREG)
            word = word | 0x04000000 | (size == 16 ? 0x00800000 : 0);
        word = word | (size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0) << 30;
    } else if (t->kind == A64_FREG)
        a64_bad();
    else if (op & 0x00800000 && t->size == 4)   /* sign extension to 32 bits */
        word = word | 0x00400000;
    if (a64_is(1, A64_NAME) || a64_is(1, A64_IMM)) {    /* literal */
        if (!(op == 0x38400000 || op == 0xb8800000) || unscaled)
            a64_bad();
        int kind = op == 0xb8800000 ? 2 : t->kind == A64_FREG ? (size == 16 ? 2 : size == 8) : size == 8;
        a64_label(1, R_AARCH64_LD_PREL_LO19);
        a64_emit(0x18000000 | kind << 30 | (t->kind == A64_FREG) << 26 | t->reg);
        return;
    }
    if (!a64_is(1, A64_MEM))
        a64_bad();
    word = word | m->reg << 5;
    int log = size == 16 ? 4 : size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0;
    long v = m->value.add;
    if (m->mode == MEM_REG) {
        int option = m->option ? m->option - 8 : 3;
        if (unscaled || m->amount > 0 && m->amount != log || option < 2)
            a64_bad();
        a64_emit(word | 0x00200800 | m->index << 16 | option << 13 | (m->amount > 0 || m->amount == 0 && log == 0) << 12);
    } else if (m->mode != MEM_OFFSET || unscaled || v & ((1 << log) - 1) || v < 0) {
        if (v < -256 || v > 255 || m->value.sym)
            as_error("offset out of range in %s", a64_mnemonic);
        a64_emit(word | (m->mode == MEM_PRE ? 0xc00 : m->mode == MEM_POST ? 0x400 : 0) | (v & 0x1ff) << 12);
    } else if (m->value.sym) {
        int type = m->modifier ? a64_modifiers[m->modifier - 1].load : 0;
        if (type == 278 && log)
            type = log == 4 ? 299 : 283 + log;
        else if (type == 552 || type == 553)
            type += log == 4 ? 18 : 2 * log;
        a64_reloc(type, &m->value);
        a64_emit(word | 0x01000000);
    } else {
        if (v >> log > 4095)
            as_error("offset out of range in %s", a64_mnemonic);
        a64_emit(word | 0x01000000 | v >> log << 10);
    }
}

static void a64_pair(unsigned int op) {
    A64Operand *m = &a64_op[2];
    int size = a64_op[0].size;
    if (!a64_is(2, A64_MEM) || a64_op[0].kind != a64_op[1].kind || size != a64_op[1].size || m->mode == MEM_REG)
        a64_bad();
    unsigned int word = op | a64_op[0].reg | a64_op[1].reg << 10 | m->reg << 5;
    if (a64_is(0, A64_FREG))
        word = word | 0x04000000 | (size == 16 ? 2 : size == 8) << 30;
    else if (op >> 30)
        size = 4;                               /* ldpsw */
    else
        word = word | (size == 8) << 31;
    long v = m->value.add;
    if (v & (size - 1) || v / size < -64 || v / size > 63)
        as_error("offset out of range in %s", a64_mnemonic);
    word = word | (v / size & 0x7f) << 15;
    a64_emit(word | (m->mode == MEM_PRE ? 0x01800000 : m->mode == MEM_POST ? 0x00800000 : 0x01000000));
}

static void a64_exclusive(unsigned int op) {
    int status = !(op & 0x00c00000);            /* stxr: a status register first */
    int t = status;
    if (!a64_is(t + 1, A64_MEM) || a64_op[t + 1].mode != MEM_OFFSET || a64_op[t + 1].value.add)
        a64_bad();
    if (op >> 31 && a64_op[t].size == 8)
        op = op | 0x40000000;
    a64_emit(op | (status ? a64_reg(0) << 16 : 0) | a64_reg(t) | a64_op[t + 1].reg << 5);
}

static void a64_exclusive_pair(unsigned int op) {
    int t = !(op & 0x00400000);
    if (!a64_is(t + 2, A64_MEM))
        a64_bad();
    if (a64_op[t].size == 8)
        op = op | 0x40000000;
    a64_emit(op | (t ? a64_reg(0) << 16 : 0) | a64_reg(t) | a64_reg(t + 1) << 10 | a64_op[t + 2].reg << 5);
}

/* ---- system ---- */

typedef struct A64Sys A64Sys;
struct A64Sys {
    char *name;
    int bits;                   /* op0:op1:CRn:CRm:op2 as in the instruction, bits 20..5 shifted down by 5 */
};

static A64Sys a64_registers[] = {
    { "nzcv", 0xda10 },         { "daif", 0xda11 },         { "fpcr", 0xda20 },         { "fpsr", 0xda21 },
    { "tpidr_el0", 0xde82 },    { "tpidrro_el0", 0xde83 },  { "tpidr_el1", 0xc684 },    { "dczid_el0", 0xd807 },
    { "ctr_el0", 0xd801 },      { "cntfrq_el0", 0xdf00 },   { "cntpct_el0", 0xdf01 },   { "cntvct_el0", 0xdf02 },
    { "midr_el1", 0xc000 },     { "mpidr_el1", 0xc005 },    { "currentel", 0xc212 },    { "sp_el0", 0xc208 },
    { "spsr_el1", 0xc200 },     { "elr_el1", 0xc201 },      { "sctlr_el1", 0xc080 },    { "ttbr0_el1", 0xc100 },
    { "ttbr1_el1", 0xc101 },    { "tcr_el1", 0xc102 },      { "mair_el1", 0xc510 },     { "vbar_el1", 0xc600 },
    { "esr_el1", 0xc290 },      { "far_el1", 0xc300 },
    { "zva", 0x5ba1 },          { "cvac", 0x5bd1 },         { "cvau", 0x5bd9 },         { "civac", 0x5bf1 },
    { "ivac", 0x43b1 },         { "ivau", 0x5ba9 },         { "iallu", 0x43a8 },        { "ialluis", 0x4388 },
    { "vmalle1", 0x4438 },      { "vmalle1is", 0x4418 },
    { 0, 0 }
};

static unsigned int a64_system_name(int i) {
    if (!a64_is(i, A64_NAME))
        a64_bad();
    char *name = a64_op[i].name;
    for (A64Sys *s = a64_registers; s->name; s++)
        if (str_eq(s->name, name))
            return s->bits << 5;
    int f[5];                                   /* s3_3_c13_c0_2 */
    for (int k = 0; k < 5; k++) {
        if (*name == 's' || *name == 'c' || *name == '_')
            name++;
        if (*name == 'c')
            name++;
        f[k] = 0;
        if (!is_digit(*name))
            as_error("unknown system register %s", a64_op[i].name);
        for (; is_digit(*name); name++)
            f[k] = f[k] * 10 + *name - '0';
    }
    return f[0] << 19 | f[1] << 16 | f[2] << 12 | f[3] << 8 | f[4] << 5;
}

static char *a64_barriers[] = { "", "oshld", "oshst", "osh", "", "nshld", "nshst", "nsh", "", "ishld", "ishst", "ish", "",
                                "ld", "st", "sy", 0 };

static void a64_barrier(unsigned int op) {
    int option = 15;
    if (a64_is(0, A64_NAME))
        option = index_of(a64_barriers, a64_op[0].name);
    else if (a64_nops)
        option = a64_const(0, 0, 15);
    if (option < 0)
        a64_bad();
    a64_emit(op & ~0xf00 | option << 8);
}

static void a64_msr(unsigned int op) {
    if (a64_is(0, A64_NAME) && a64_is(1, A64_IMM)) {
        char *name = a64_op[0].name;
        int field = str_eq(name, "daifset") ? 0x340c0 : str_eq(name, "daifclr") ? 0x340e0 : str_eq(name, "spsel") ? 0x040a0 : 0;
        if (!field)
            a64_bad();
        a64_emit(0xd500001f | field & 0xf00e0 | 0x4000 | a64_const(1, 0, 15) << 8);
        return;
    }
    a64_emit(op | a64_system_name(0) | a64_reg(1));
}

/* ---- floating point ---- */

static unsigned int a64_ftype(int i) {
    int size = a64_op[i].size;
    if (!a64_is(i, A64_FREG) || size != 4 && size != 8 && size != 2)
        a64_bad();
    return (size == 8 ? 1 : size == 2 ? 3 : 0) << 22;
}

static void a64_fmov(void) {
    a64_count(2);
    if (a64_is(0, A64_FREG) && a64_is(1, A64_FREG))
        a64_emit(0x1e204000 | a64_ftype(0) | a64_op[0].reg | a64_op[1].reg << 5);
    else if (a64_is(0, A64_FREG) && a64_is(1, A64_REG))
        a64_emit(0x1e270000 | a64_ftype(0) | (a64_op[1].size == 8) << 31 | a64_op[0].reg | a64_reg(1) << 5);
    else if (a64_is(0, A64_REG) && a64_is(1, A64_FREG))
        a64_emit(0x1e260000 | a64_ftype(1) | a64_sf() | a64_reg(0) | a64_op[1].reg << 5);
    else
        a64_bad();
}

static void a64_ftoi(unsigned int op) {
    a64_emit(op | a64_ftype(1) | a64_sf() | a64_reg(0) | a64_op[1].reg << 5);
}

static void a64_fcmp(unsigned int op) {
    op = op | a64_ftype(0) | a64_op[0].reg << 5;
    if (a64_is(1, A64_IMM)) {
        a64_const(1, 0, 0);
        a64_emit(op | 8);
    } else
        a64_emit(op | a64_freg(1) << 16);
}

/* ---- one instruction ---- */

static void a64_encode(int class, unsigned int op) {
    switch (class) {
    case A_CMP: a64_insert(0, 31); a64_addsub(op); break;
    case A_NEG: a64_insert(1, 31); a64_addsub(op); break;
    case A_ADDSUB:
        if (a64_nops < 3)
            a64_bad();
        a64_addsub(op);
        break;
    case A_TST: a64_insert(0, 31); a64_logic(op); break;
    case A_MVN: a64_insert(1, 31); a64_logic(op); break;
    case A_LOGIC: a64_logic(op); break;
    case A_MOV: a64_mov(); break;
    case A_MOVW: a64_movw(op); break;
    case A_MUL3: a64_count(3); a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5 | a64_reg(2) << 16); break;
    case A_MUL4:
        a64_count(4);
        a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5 | a64_reg(2) << 16 | a64_reg(3) << 10);
        break;
    case A_DIV: a64_count(3); a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5 | a64_reg(2) << 16); break;
    case A_SHIFT: a64_count(3); a64_shift_insn(op); break;
    case A_UNARY:
        a64_count(2);
        if (op == 0x5ac00800 && a64_op[0].size == 8)    /* rev of 64 bits */
            op = 0xdac00c00;
        a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5);
        break;
    case A_EXTEND:
        a64_count(2);
        if (op == 0x2a0003e0)
            a64_emit(op | a64_reg(0) | a64_reg(1) << 16);
        else
            a64_emit(op | (op >> 30 ? 0 : a64_sf() | (a64_op[0].size == 8) << 22) | a64_reg(0) | a64_reg(1) << 5);
        break;
    case A_BITS: a64_count(4); a64_bits(op); break;
    case A_SBFM:
        a64_count(4);
        a64_emit(op | a64_sf() | (a64_op[0].size == 8) << 22 | a64_reg(0) | a64_reg(1) << 5 | a64_const(2, 0, 63) << 16
                 | a64_const(3, 0, 63) << 10);
        break;
    case A_EXTR:
        a64_emit(op | a64_sf() | (a64_op[0].size == 8) << 22 | a64_reg(0) | a64_reg(1) << 5 | a64_reg(2) << 16
                 | a64_const(3, 0, 63) << 10);
        break;
    case A_CSEL: a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5 | a64_reg(2) << 16 | a64_cond(3) << 12); break;
    case A_CSET: a64_emit(op | a64_sf() | a64_reg(0) | (a64_cond(1) ^ 1) << 12); break;
    case A_CINC: a64_emit(op | a64_sf() | a64_reg(0) | a64_reg(1) << 5 | a64_reg(1) << 16 | (a64_cond(2) ^ 1) << 12); break;
    case A_CCMP:
        op = op | a64_sf() | a64_reg(0) << 5 | a64_const(2, 0, 15) | a64_cond(3) << 12;
        a64_emit(op | (a64_is(1, A64_IMM) ? 0x800 | a64_const(1, 0, 31) << 16 : a64_reg(1) << 16));
        break;
    case A_B: a64_label(0, op >> 31 ? R_AARCH64_CALL26 : R_AARCH64_JUMP26); a64_emit(op); break;
    case A_CB: a64_label(1, R_AARCH64_CONDBR19); a64_emit(op | a64_sf() | a64_reg(0)); break;
    case A_TB:
        a64_label(2, R_AARCH64_TSTBR14);
        op = op | (a64_const(1, 0, 63) & 31) << 19 | (a64_const(1, 0, 63) >> 5) << 31;
        a64_emit(op | a64_reg(0));
        break;
    case A_BR: a64_emit(op | (a64_nops ? a64_reg(0) : 30) << 5); break;
    case A_ADR:
        if (a64_op[1].modifier)
            a64_label(1, a64_modifiers[a64_op[1].modifier - 1].other);
        else
            a64_label(1, op >> 31 ? R_AARCH64_ADR_PREL_PG_HI21 : R_AARCH64_ADR_PREL_LO21);
        a64_emit(op | a64_reg(0));
        break;
    case A_LDST: a64_count(2); a64_ldst(op); break;
    case A_PAIR: a64_count(3); a64_pair(op); break;
    case A_EXCL: a64_exclusive(op); break;
    case A_EXCL_PAIR: a64_exclusive_pair(op); break;
    case A_FIXED: a64_count(0); a64_emit(op); break;
    case A_EXC: a64_count(1); a64_emit(op | a64_const(0, 0, 65535) << (op ? 5 : 0)); break;
    case A_HINT: a64_emit(op | a64_const(0, 0, 127) << 5); break;
    case A_BARRIER: a64_barrier(op); break;
    case A_MRS: a64_count(2); a64_emit(op | a64_system_name(1) | a64_reg(0)); break;
    case A_MSR: a64_count(2); a64_msr(op); break;
    case A_SYS: a64_emit(op | a64_system_name(0) | (a64_nops > 1 ? a64_reg(1) : 31)); break;
    case A_FMOV: a64_fmov(); break;
    case A_FP1: a64_count(2); a64_emit(op | a64_ftype(0) | a64_freg(0) | a64_freg(1) << 5); break;
    case A_FP2: a64_count(3); a64_emit(op | a64_ftype(0) | a64_freg(0) | a64_freg(1) << 5 | a64_freg(2) << 16); break;
    case A_FP3:
        a64_emit(op | a64_ftype(0) | a64_freg(0) | a64_freg(1) << 5 | a64_freg(2) << 16 | a64_freg(3) << 10);
        break;
    case A_FCVT: a64_emit(op & ~0x18000 | a64_ftype(1) | a64_ftype(0) >> 7 | a64_freg(0) | a64_freg(1) << 5 | 0x20000); break;
    case A_FTOI: a64_count(2); a64_ftoi(op); break;
    case A_ITOF: a64_count(2); a64_emit(op | a64_ftype(0) | (a64_op[1].size == 8) << 31 | a64_freg(0) | a64_reg(1) << 5); break;
    case A_FCMP: a64_fcmp(op); break;
    case A_FCSEL:
        a64_emit(op | a64_ftype(0) | a64_freg(0) | a64_freg(1) << 5 | a64_freg(2) << 16 | a64_cond(3) << 12);
        break;
    case A_DUP:                                 /* of a byte to all of a vector */
        if (!a64_is(0, A64_VREG) || !str_starts(a64_op[0].name, "16"))
            a64_bad();
        a64_emit(0x4e010c00 | a64_op[0].reg | a64_reg(1) << 5);
        break;
    }
}

void a64_instruction(char *name) {
    if (!a64_names) {
        a64_names = obj_empty(0, "");
        for (int i = 0; a64_table[i].name; i++)
            obj_symbol(a64_names, a64_table[i].name)->value = i + 1;
    }
    a64_mnemonic = name;
    int condition = name[0] == 'b' ? a64_condition(name + (name[1] == '.' ? 2 : 1)) : -1;
    Symbol *row = obj_find(a64_names, name);
    if (!row && condition < 0)
        as_error("unknown instruction %s", name);
    a64_nops = 0;
    if (!as_at_end())
        do {
            if (a64_nops == A64_MAX_OPERANDS - 1)
                as_error("too many operands for %s", name);
            a64_operand(&a64_op[a64_nops]);
            a64_nops++;
        } while (as_take(','));
    if (row)
        a64_encode(a64_table[row->value - 1].class, a64_table[row->value - 1].op);
    else {
        a64_label(0, R_AARCH64_CONDBR19);
        a64_emit(0x54000000 | condition);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * One file, because it is one table of encodings and one switch over the instructions.
 *
 * The AArch64 back end: one function of ir.h's instructions to machine code (AAPCS64).
 *
 * Machine registers: 0..30 x0..x30; 32..63 v0..v31.  Allocatable are x0..x14 and x19..x28, v0..v29.
 * Scratch: x15 makes addresses that do not fit an instruction, x16 takes a spilled first operand, an
 * address or a result, x17 a spilled second operand or a stored value, v30 and v31 likewise.
 *
 * The frame, from the stack pointer up: outgoing arguments; x29 and x30 (x29 points here); saved
 * registers; the local area, whose offsets in the IR count down from its top; the caller's frame with
 * our stack arguments.  All is reached from x29 with positive offsets, which have the longest reach.
 */

enum { X8 = 8, X9 = 9, X15 = 15, X16 = 16, X17 = 17, X29 = 29, X30 = 30, XSP = 31, XZR = 31, V0 = 32, V30 = 62, V31 = 63 };

typedef struct AFixup AFixup;
struct AFixup {
    int at;                     /* the branch, or the table's entry */
    int label;
    int table;                  /* where the table begins, or -1: a branch */
};

static Func *af;
static unsigned char *ao;       /* where the next instruction goes */
static int a_framed;
static int a_locals;            /* x29 + this is the top of the local area */
static int a_frame_size;
static int *a_labels;           /* offset in the section, or -1 */
static int a_labels_room;
static AFixup *a_fixups;
static int a_nfixups;
static int a_fixups_room;

/* ---- emitting ---- */

static void a_word(unsigned int word) {
    *(unsigned int *)ao = word;
    ao += 4;
}

static long a_here(void) {
    return ao - af->sec->data;
}

/* rd op= rn, rm; bit 31 of `op` is set for 64 bits */
static void a_rrr(unsigned int op, int cls, int rd, int rn, int rm) {
    a_word(op | (cls == K_L) << 31 | (rd & 31) | (rn & 31) << 5 | (rm & 31) << 16);
}

static void a_reloc(int type, Symbol *sym, long addend) {
    sec_reloc(af->sec, a_here(), type, sym, addend);
}

static void a_constant(int cls, int reg, long v) {
    unsigned int sf = (cls == K_L) << 31;
    int halves = 4;
    if (cls != K_L) {
        v = v & 0xffffffff;
        halves = 2;
    }
    int zeros = 0;
    int ones = 0;
    for (int i = 0; i < halves; i++) {
        zeros += (v >> i * 16 & 0xffff) == 0;
        ones += (v >> i * 16 & 0xffff) == 0xffff;
    }
    int logical = zeros < halves - 1 && ones < halves - 1 ? a64_logical_imm(v, cls == K_L) : -1;
    if (logical >= 0) {
        a_word(0x320003e0 | sf | logical << 10 | reg);
        return;
    }
    if (v == 0) {
        a_word(0x52800000 | sf | reg);
        return;
    }
    long background = ones > zeros ? 0xffff : 0;
    int begun = 0;
    for (int i = 0; i < halves; i++) {
        long half = v >> i * 16 & 0xffff;
        if (half == background && (begun || i < halves - 1))
            continue;
        if (begun)
            a_word(0x72800000 | sf | i << 21 | half << 5 | reg);                /* movk */
        else if (background)
            a_word(0x12800000 | sf | i << 21 | (half ^ 0xffff) << 5 | reg);     /* movn */
        else
            a_word(0x52800000 | sf | i << 21 | half << 5 | reg);                /* movz */
        begun = 1;
    }
}

static int a_fits_add(long imm) {
    return imm > -4096 && imm < 4096 || (imm & 4095) == 0 && imm > -4096 * 4096 && imm < 4096 * 4096;
}

/* rd = rn + imm; 31 is the stack pointer; rn may not be x15 when imm is large */
static void a_add_imm(int cls, int rd, int rn, long imm) {
    unsigned int sf = (cls == K_L) << 31;
    unsigned int op = 0x11000000;
    if (imm < 0) {
        op = 0x51000000;
        imm = -imm;
    }
    if (imm < 4096)
        a_word(op | sf | imm << 10 | rn << 5 | rd);
    else if (imm < 4096 * 4096) {
        a_word(op | sf | 1 << 22 | imm >> 12 << 10 | rn << 5 | rd);
        if (imm & 4095)
            a_word(op | sf | (imm & 4095) << 10 | rd << 5 | rd);
    } else {
        a_constant(K_L, X15, op == 0x11000000 ? imm : -imm);
        a_word(0x8b206000 | X15 << 16 | rn << 5 | rd);          /* add rd, rn, x15, uxtx */
    }
}

/* ---- memory ---- */

static unsigned int a_load_ops[] = { 0x39c00000, 0x39400000, 0x79c00000, 0x79400000, 0xb9400000, 0xb9400000, 0xf9400000,
                                     0xbd400000, 0xfd400000, 0x3dc00000 };
static unsigned int a_store_ops[] = { 0x39000000, 0x39000000, 0x79000000, 0x79000000, 0xb9000000, 0xb9000000, 0xf9000000,
                                      0xbd000000, 0xfd000000, 0x3d800000 };
static int a_log_size[] = { 0, 0, 1, 1, 2, 2, 3, 2, 3, 4 };     /* of the memory types */
static int a_slot_type[] = { M_UW, M_L, M_S, M_D, M_X };        /* of the classes */

/* a load or store of 1 << log bytes at base + off */
static void a_access(unsigned int op, int log, int reg, int base, long off) {
    reg = reg & 31;
    if (off >= 0 && (off & ((1 << log) - 1)) == 0 && off >> log < 4096)
        a_word(op | off >> log << 10 | base << 5 | reg);
    else if (off >= -256 && off < 256)
        a_word(op & ~0x01000000 | (off & 511) << 12 | base << 5 | reg);
    else {
        a_add_imm(K_L, X15, base, off);
        a_word(op | X15 << 5 | reg);
    }
}

static void a_slot(unsigned int *ops, int cls, int reg, int place) {
    int type = a_slot_type[cls];
    a_access(ops[type], a_log_size[type], reg, X29, a_locals + place);
}

static void a_move_imm(int cls, int reg, long imm) {
    if (reg < V0) {
        a_constant(cls, reg, imm);
        return;
    }
    int double_imm = cls == K_D ? a64_float_imm(imm) : -1;
    if (double_imm >= 0)
        a_word(0x1e601000 | double_imm << 13 | (reg & 31));
    else if (cls == K_D) {
        if (imm)
            a_constant(K_L, X16, imm);
        a_word(0x9e670000 | (imm ? X16 : XZR) << 5 | (reg & 31));
    } else {
        if (imm)
            a_constant(K_W, X16, imm);
        a_word(0x1e270000 | (imm ? X16 : XZR) << 5 | (reg & 31));
    }
}

static void a_move(int cls, int to, int from) {
    if (to == from)
        return;
    if (to < 0 && from < 0) {
        int scratch = cls >= K_S ? V30 : X16;
        a_slot(a_load_ops, cls, scratch, from);
        a_slot(a_store_ops, cls, scratch, to);
    } else if (to < 0)
        a_slot(a_store_ops, cls, from, to);
    else if (from < 0)
        a_slot(a_load_ops, cls, to, from);
    else if (to < V0 && from < V0)
        a_rrr(0x2a0003e0, cls, to, 0, from);
    else if (cls == K_X)
        a_word(0x4ea01c00 | (from & 31) << 16 | (from & 31) << 5 | (to & 31));
    else
        a_word(0x1e604000 | (from & 31) << 5 | (to & 31));
}

static int a_loc(int v) {
    return af->v[v].loc;
}

/* a register that holds v: its own, or `scratch`, loaded */
static int a_use(int v, int scratch) {
    int place = a_loc(v);
    if (place >= 0)
        return place;
    a_slot(a_load_ops, af->v[v].cls, scratch, place);
    return scratch;
}

/* the register to compute v into; a_done then makes it v's value */
static int a_into(int v, int scratch) {
    return a_loc(v) >= 0 ? a_loc(v) : scratch;
}

static void a_done(int v, int reg) {
    if (a_loc(v) < 0)
        a_slot(a_store_ops, af->v[v].cls, reg, a_loc(v));
}

/* rd = address of sym + off, through adrp and add; of a symbol that may be missing (weak), from the GOT:
 * linkers give adrp of such a symbol its own page, not zero */
static void a_symbol_address(int rd, Symbol *sym, long off) {
    if (sym->binding == STB_WEAK && sym->place == PLACE_UNDEF) {
        a_reloc(R_AARCH64_ADR_GOT_PAGE, sym, 0);
        a_word(0x90000000 | rd);
        a_reloc(R_AARCH64_LD64_GOT_LO12_NC, sym, 0);
        a_word(0xf9400000 | rd << 5 | rd);
        if (off)
            a_add_imm(K_L, rd, rd, off);
        return;
    }
    a_reloc(R_AARCH64_ADR_PREL_PG_HI21, sym, off);
    a_word(0x90000000 | rd);
    a_reloc(R_AARCH64_ADD_ABS_LO12_NC, sym, off);
    a_word(0x91000000 | rd << 5 | rd);
}

static int a_base;              /* the memory operand of an instruction: a register */
static long a_off;              /* and an offset */

static void a_operand_base(Ins *n) {
    a_off = n->off;
    if (n->a == SYM) {
        a_symbol_address(X16, n->sym, n->off);
        a_base = X16;
        a_off = 0;
    } else if (n->a == FRAME) {
        a_base = X29;
        a_off += a_locals;
    } else if (n->a == ARGS) {
        a_base = X29;
        a_off += a_locals;
    } else if (n->a == OUTS)
        a_base = XSP;
    else
        a_base = a_use(n->a, X16);
}

/* the memory operand's access; `op` is one of the tables' */
static void a_memory(Ins *n, unsigned int op, int log, int reg) {
    a_operand_base(n);
    if (n->x >= 0) {
        if (a_off) {
            a_add_imm(K_L, X16, a_base, a_off);
            a_base = X16;
        }
        int index = a_use(n->x, X15);
        if (n->shift == 0 || n->shift == log) {
            a_word(op & ~0x01000000 | 0x00206800 | index << 16 | (n->shift != 0) << 12 | a_base << 5 | (reg & 31));
            return;
        }
        a_word(0x8b000000 | index << 16 | n->shift << 10 | a_base << 5 | X16);
        a_base = X16;
        a_off = 0;
    }
    a_access(op, log, reg, a_base, a_off);
}

static void a_load(Ins *n) {
    unsigned int op = a_load_ops[n->cc];
    int d = a_into(n->dst, n->cc >= M_S ? V30 : X17);
    if (n->cls == K_L && (n->cc == M_SB || n->cc == M_SH))
        op = op ^ 0x00400000;                   /* sign extension to 64 bits */
    else if (n->cls == K_L && n->cc == M_SW)
        op = 0xb9800000;
    a_memory(n, op, a_log_size[n->cc], d);
    a_done(n->dst, d);
}

/* the value is fetched before the address is made: fetching may need x15 */
static void a_store(Ins *n) {
    int value = X17;
    int log = a_log_size[n->cc];
    if (n->b == NONE) {
        if (n->imm == 0)
            value = XZR;
        else
            a_constant(log == 3 ? K_L : K_W, X17, n->imm);
    } else
        value = a_use(n->b, n->cc >= M_S ? V30 : X17);
    a_memory(n, a_store_ops[n->cc], log, value);
}

static void a_load_address(Ins *n) {
    int d = a_into(n->dst, X17);
    if (n->cc == 1) {
        a_word(0xd53bd040 | d);                 /* mrs d, tpidr_el0 */
        a_reloc(R_AARCH64_TLSLE_ADD_TPREL_HI12, n->sym, n->off);
        a_word(0x91400000 | d << 5 | d);
        a_reloc(R_AARCH64_TLSLE_ADD_TPREL_LO12_NC, n->sym, n->off);
        a_word(0x91000000 | d << 5 | d);
    } else if (n->a == SYM && n->x < 0)
        a_symbol_address(d, n->sym, n->off);
    else {
        a_operand_base(n);
        if (n->x >= 0) {
            if (a_off)
                a_add_imm(K_L, X16, a_base, a_off);
            a_word(0x8b000000 | a_use(n->x, X17) << 16 | n->shift << 10 | (a_off ? X16 : a_base) << 5 | d);
        } else
            a_add_imm(K_L, d, a_base, a_off);
    }
    a_done(n->dst, d);
}

/* ---- arithmetic ---- */

static int a_log2(long v) {
    int n = 0;
    while ((v >> n & 1) == 0)
        n++;
    return n;
}

/* the bitfield moves behind the shifts by a constant */
static void a_shift_imm(int op, int cls, int d, int a, int count) {
    int width = cls == K_L ? 64 : 32;
    unsigned int word = (cls == K_L) << 31 | (cls == K_L) << 22 | a << 5 | d;
    count = count & (width - 1);
    if (op == I_SHL)
        a_word(0x53000000 | word | (-count & (width - 1)) << 16 | (width - 1 - count) << 10);
    else
        a_word((op == I_SHR ? 0x53000000 : 0x13000000) | word | count << 16 | (width - 1) << 10);
}

static void a_logical_imm(unsigned int op, int cls, int d, int a, long imm) {
    a_word(op | (cls == K_L) << 31 | a64_logical_imm(imm, cls == K_L) << 10 | a << 5 | d);
}

static void a_arithmetic_imm(Ins *n, int d, int a) {
    long imm = n->cls == K_W ? (int)n->imm : n->imm;
    switch (n->op) {
    case I_ADD: a_add_imm(n->cls, d, a, imm); break;
    case I_SUB: a_add_imm(n->cls, d, a, -imm); break;
    case I_MUL: a_shift_imm(I_SHL, n->cls, d, a, a_log2(imm)); break;
    case I_UDIV: a_shift_imm(I_SHR, n->cls, d, a, a_log2(imm)); break;
    case I_UREM:
        if (imm == 1)
            a_constant(n->cls, d, 0);
        else
            a_logical_imm(0x12000000, n->cls, d, a, imm - 1);
        break;
    case I_AND: a_logical_imm(0x12000000, n->cls, d, a, imm); break;
    case I_OR: a_logical_imm(0x32000000, n->cls, d, a, imm); break;
    case I_XOR: a_logical_imm(0x52000000, n->cls, d, a, imm); break;
    default: a_shift_imm(n->op, n->cls, d, a, imm); break;
    }
}

static void a_arithmetic(Ins *n) {
    int a = a_use(n->a, X16);
    int d = a_into(n->dst, X16);
    if (n->b == NONE) {
        a_arithmetic_imm(n, d, a);
        a_done(n->dst, d);
        return;
    }
    int b = a_use(n->b, X17);
    switch (n->op) {
    case I_ADD: a_rrr(0x0b000000, n->cls, d, a, b); break;
    case I_SUB: a_rrr(0x4b000000, n->cls, d, a, b); break;
    case I_MUL: a_rrr(0x1b007c00, n->cls, d, a, b); break;
    case I_DIV: a_rrr(0x1ac00c00, n->cls, d, a, b); break;
    case I_UDIV: a_rrr(0x1ac00800, n->cls, d, a, b); break;
    case I_REM:
    case I_UREM:
        a_rrr(n->op == I_REM ? 0x1ac00c00 : 0x1ac00800, n->cls, X15, a, b);
        a_rrr(0x1b008000 | a << 10, n->cls, d, X15, b);         /* msub d, x15, b, a */
        break;
    case I_AND: a_rrr(0x0a000000, n->cls, d, a, b); break;
    case I_OR: a_rrr(0x2a000000, n->cls, d, a, b); break;
    case I_XOR: a_rrr(0x4a000000, n->cls, d, a, b); break;
    case I_SHL: a_rrr(0x1ac02000, n->cls, d, a, b); break;
    case I_SHR: a_rrr(0x1ac02400, n->cls, d, a, b); break;
    case I_SAR: a_rrr(0x1ac02800, n->cls, d, a, b); break;
    }
    a_done(n->dst, d);
}

static void a_extend(Ins *n) {
    int a = a_use(n->a, X16);
    int d = a_into(n->dst, X16);
    unsigned int wide = n->cls == K_L ? 0x80400000 : 0;
    unsigned int regs = a << 5 | d;
    switch (n->cc) {
    case M_SB: a_word(0x13001c00 | wide | regs); break;
    case M_UB: a_word(0x53001c00 | regs); break;
    case M_SH: a_word(0x13003c00 | wide | regs); break;
    case M_UH: a_word(0x53003c00 | regs); break;
    case M_SW:
        if (wide) {
            a_word(0x13007c00 | wide | regs);
            break;
        }
    default: a_rrr(0x2a0003e0, K_W, d, 0, a); break;            /* mov clears the upper half */
    }
    a_done(n->dst, d);
}

/* ---- floating point ---- */

static unsigned int a_ftype(int cls) {
    return (cls == K_D) << 22;
}

static void a_float_arithmetic(Ins *n) {
    int a = a_use(n->a, V30);
    int b = a_use(n->b, V31);
    int d = a_into(n->dst, V30);
    unsigned int op = n->op == I_ADD ? 0x1e202800 : n->op == I_SUB ? 0x1e203800 : n->op == I_MUL ? 0x1e200800 : 0x1e201800;
    a_word(op | a_ftype(n->cls) | (b & 31) << 16 | (a & 31) << 5 | (d & 31));
    a_done(n->dst, d);
}

static void a_negate(Ins *n) {
    int is_float = n->cls >= K_S;
    int a = a_use(n->a, is_float ? V30 : X16);
    int d = a_into(n->dst, is_float ? V30 : X16);
    if (is_float)
        a_word(0x1e214000 | a_ftype(n->cls) | (a & 31) << 5 | (d & 31));
    else
        a_rrr(n->op == I_NEG ? 0x4b0003e0 : 0x2a2003e0, n->cls, d, 0, a);
    a_done(n->dst, d);
}

/* conversions: `op` with the types of both sides */
static void a_convert(Ins *n) {
    int from_float = n->op == I_FTOF || n->op == I_FTOI || n->op == I_FTOU;
    int to_float = n->op == I_FTOF || n->op == I_ITOF || n->op == I_UTOF;
    int a = a_use(n->a, from_float ? V30 : X16);
    int d = a_into(n->dst, to_float ? V30 : X16);
    unsigned int regs = (a & 31) << 5 | (d & 31);
    switch (n->op) {
    case I_FTOF: a_word((n->cls == K_D ? 0x1e22c000 : 0x1e624000) | regs); break;
    case I_FTOI: a_word(0x1e380000 | a_ftype(n->cc) | (n->cls == K_L) << 31 | regs); break;
    case I_FTOU: a_word(0x1e390000 | a_ftype(n->cc) | (n->cls == K_L) << 31 | regs); break;
    case I_ITOF: a_word(0x1e220000 | a_ftype(n->cls) | (n->cc == K_L) << 31 | regs); break;
    case I_UTOF: a_word(0x1e230000 | a_ftype(n->cls) | (n->cc != K_W) << 31 | regs); break;
    }
    a_done(n->dst, d);
}

/* ---- comparisons and branches ---- */

enum { A_EQ = 0, A_NE = 1, A_HS = 2, A_LO = 3, A_MI = 4, A_PL = 5, A_HI = 8, A_LS = 9, A_GE = 10, A_LT = 11, A_GT = 12, A_LE = 13 };

static int a_int_conditions[] = { A_EQ, A_NE, A_LT, A_LE, A_GT, A_GE, A_LO, A_LS, A_HI, A_HS };
static int a_float_conditions[] = { A_EQ, A_NE, A_MI, A_LS, A_GT, A_GE, 0, 0, 0, 0, A_PL, A_HI, A_LE, A_LT };

/* compares, and returns the condition that holds then */
static int a_compare(Ins *n) {
    if (n->cls >= K_S) {
        int a = a_use(n->a, V30);
        int b = a_use(n->b, V31);
        a_word(0x1e202000 | a_ftype(n->cls) | (b & 31) << 16 | (a & 31) << 5);
        return a_float_conditions[n->cc];
    }
    int a = a_use(n->a, X16);
    if (n->b != NONE)
        a_rrr(0x6b00001f, n->cls, 0, a, a_use(n->b, X17));
    else {
        long imm = n->cls == K_W ? (int)n->imm : n->imm;
        unsigned int op = imm < 0 ? 0x3100001f : 0x7100001f;    /* cmn, cmp */
        if (imm < 0)
            imm = -imm;
        if (imm >= 4096)
            imm = imm >> 12 | 4096;
        a_word(op | (n->cls == K_L) << 31 | imm << 10 | a << 5);
    }
    return a_int_conditions[n->cc];
}

static void a_compare_to_value(Ins *n) {
    int condition = a_compare(n);
    int d = a_into(n->dst, X16);
    a_word(0x1a9f07e0 | (condition ^ 1) << 12 | d);             /* cset */
    a_done(n->dst, d);
}

static void a_fixup(int label, int table) {
    if (a_nfixups == a_fixups_room) {
        AFixup *more = xalloc((long)(a_fixups_room * 2 + 256) * sizeof(AFixup));
        mem_copy(more, a_fixups, (long)a_nfixups * sizeof(AFixup));
        a_fixups = more;
        a_fixups_room = a_fixups_room * 2 + 256;
    }
    a_fixups[a_nfixups].at = a_here();
    a_fixups[a_nfixups].label = label;
    a_fixups[a_nfixups].table = table;
    a_nfixups++;
}

static void a_jump(unsigned int op, int label) {
    a_fixup(label, -1);
    a_word(op);
}

static void a_branch(Ins *n) {
    if (n->cls < K_S && n->b == NONE && n->imm == 0 && n->cc <= C_NE) {
        int a = a_use(n->a, X16);
        a_jump((n->cc == C_EQ ? 0x34000000 : 0x35000000) | (n->cls == K_L) << 31 | a, n->label);
    } else
        a_jump(0x54000000 | a_compare(n), n->label);
}

static void a_settle_fixups(void) {
    for (int i = 0; i < a_nfixups; i++) {
        AFixup *x = &a_fixups[i];
        unsigned char *p = af->sec->data + x->at;
        if (x->table >= 0) {
            put_le(p, 4, x->label == NONE ? 0 : a_labels[x->label] - x->table);
            continue;
        }
        unsigned int op = get_le(p, 4);
        int type = op >> 26 == 5 ? R_AARCH64_JUMP26 : R_AARCH64_CONDBR19;
        if (reloc_apply(type, p, a_labels[x->label], x->at))
            fatal("function %s is too large for its branches", af->sym->name);
    }
}

static void a_table(Ins *n) {
    int a = a_use(n->a, X17);
    a_word(0x10000000 | 4 << 5 | X16);                          /* adr x16, table */
    a_word(0xb8a07800 | a << 16 | X16 << 5 | X17);              /* ldrsw x17, [x16, a, lsl #2] */
    a_word(0x8b000000 | X17 << 16 | X16 << 5 | X16);
    a_word(0xd61f0000 | X16 << 5);
    int table = a_here();
    for (long i = 0; i < n->imm; i++) {
        af->sec->len = a_here();
        sec_reserve(af->sec, 64);
        ao = af->sec->data + af->sec->len;
        a_fixup(n->table[i], table);
        a_word(0);
    }
}

/* ---- blocks, the stack, calls ---- */

/* n bytes from x1 to x0, or zeros to x0 */
static void a_block(long n, int copy) {
    long at = 0;
    if (!copy)
        a_word(0x6f00e400 | (V30 & 31));                        /* movi v30.2d, #0 */
    if (n > 256) {
        a_constant(K_L, 2, n / 32);
        if (copy)
            a_word(0xacc10000 | 31 << 10 | 1 << 5 | 30);        /* ldp q30, q31, [x1], #32 */
        a_word(0xac810000 | (copy ? 31 : 30) << 10 | 30);       /* stp q30, q31 or q30, [x0], #32 */
        a_word(0xf1000442);                                     /* subs x2, x2, #1 */
        a_word(0x54000001 | ((copy ? -3 : -2) & 0x7ffff) << 5); /* b.ne to the first of the three */
        n = n & 31;
    }
    while (at < n) {
        int type = n - at >= 16 ? M_X : n - at >= 8 ? M_L : n - at >= 4 ? M_UW : n - at >= 2 ? M_UH : M_UB;
        int reg = type == M_X ? 30 : copy ? X16 : XZR;
        if (copy)
            a_access(a_load_ops[type], a_log_size[type], reg, 1, at);
        a_access(a_store_ops[type], a_log_size[type], reg, 0, at);
        at += 1 << a_log_size[type];
    }
}

static int a_needs_frame(Func *f) {
    if (f->frame || f->saved || f->outs || f->calls || f->allocas)
        return 1;
    for (int i = 0; i < f->nins; i++)
        if (f->ins[i].a == ARGS || f->ins[i].a == OUTS || f->ins[i].op == I_ASM || f->ins[i].op == I_FP)
            return 1;
    return 0;
}

/* stores (op of stp) or loads (op of ldp) the saved registers, in pairs */
static void a_saved(unsigned int load) {
    int at = 16;
    for (int half = 0; half < 64; half += 32) {
        int first = -1;
        for (int reg = half; reg < half + 32; reg++) {
            if (!(af->saved >> reg & 1))
                continue;
            if (first < 0) {
                first = reg;
                continue;
            }
            a_word((half ? 0x6d000000 : 0xa9000000) | load | at / 8 << 15 | (reg & 31) << 10 | X29 << 5 | (first & 31));
            at += 16;
            first = -1;
        }
        if (first >= 0) {
            a_access((half ? 0xfd000000 : 0xf9000000) | load, 3, first, X29, at);
            at += 16;
        }
    }
}

static int a_saved_size(void) {
    int ints = 0;
    int floats = 0;
    for (int reg = 0; reg < 32; reg++) {
        ints += af->saved >> reg & 1;
        floats += af->saved >> (reg + 32) & 1;
    }
    return (ints + 1) / 2 * 16 + (floats + 1) / 2 * 16;
}

static void a_prologue(void) {
    if (!a_framed)
        return;
    a_locals = 16 + a_saved_size() + af->frame;
    a_frame_size = a_locals + af->outs;
    if (af->outs == 0 && a_frame_size <= 512)
        a_word(0xa9800000 | (-a_frame_size / 8 & 127) << 15 | X30 << 10 | XSP << 5 | X29);      /* stp x29, x30, [sp, #-n]! */
    else {
        a_add_imm(K_L, XSP, XSP, -a_frame_size);
        if (af->outs <= 504)
            a_word(0xa9000000 | af->outs / 8 << 15 | X30 << 10 | XSP << 5 | X29);
        else {
            a_add_imm(K_L, X16, XSP, af->outs);
            a_word(0xa9000000 | X30 << 10 | X16 << 5 | X29);
        }
    }
    a_add_imm(K_L, X29, XSP, af->outs);
    a_saved(0);
}

static void a_epilogue(void) {
    if (a_framed) {
        a_saved(0x00400000);
        if (af->outs == 0 && a_frame_size <= 504 && !af->allocas)
            a_word(0xa8c00000 | a_frame_size / 8 << 15 | X30 << 10 | XSP << 5 | X29);           /* ldp x29, x30, [sp], #n */
        else {
            a_add_imm(K_L, X16, X29, a_locals);
            a_word(0xa9400000 | X30 << 10 | X29 << 5 | X29);
            a_add_imm(K_L, XSP, X16, 0);
        }
    }
    a_word(0xd65f03c0);
}

static void a_call(Ins *n) {
    if (n->sym) {
        a_reloc(R_AARCH64_CALL26, n->sym, 0);
        a_word(0x94000000);
    } else
        a_word(0xd63f0000 | X9 << 5);
}

static void a_alloca(Ins *n) {
    int a = a_use(n->a, X16);
    int d = a_into(n->dst, X17);
    a_add_imm(K_L, X16, a, 15);
    a_logical_imm(0x12000000, K_L, X16, X16, -16);
    a_word(0xcb206000 | X16 << 16 | XSP << 5 | XSP);            /* sub sp, sp, x16 */
    a_add_imm(K_L, d, XSP, af->outs);
    a_done(n->dst, d);
}

/* ---- functions ---- */

static void a_mov(Ins *n) {
    if (n->a != NONE) {
        a_move(n->cls, a_loc(n->dst), a_loc(n->a));
        return;
    }
    int d = a_into(n->dst, n->cls >= K_S ? V30 : X17);
    a_move_imm(n->cls, d, n->imm);
    a_done(n->dst, d);
}

static void a_frame_address(Ins *n) {
    int d = a_into(n->dst, X16);
    if (n->imm == 0)
        a_add_imm(K_L, d, X29, 0);
    else
        a_access(0xf9400000, 3, d, X29, 8);
    a_done(n->dst, d);
}

static void a_instruction(Ins *n) {
    int d = 0;
    switch (n->op) {
    case I_NOP: break;
    case I_MOV: a_mov(n); break;
    case I_ADDR: a_load_address(n); break;
    case I_LD: a_load(n); break;
    case I_ST: a_store(n); break;
    case I_ADD: case I_SUB: case I_MUL: case I_DIV:
        if (n->cls >= K_S)
            a_float_arithmetic(n);
        else
            a_arithmetic(n);
        break;
    case I_UDIV: case I_REM: case I_UREM: case I_AND: case I_OR: case I_XOR: case I_SHL: case I_SHR: case I_SAR:
        a_arithmetic(n);
        break;
    case I_NEG: case I_NOT: a_negate(n); break;
    case I_EXT: a_extend(n); break;
    case I_FTOF: case I_FTOI: case I_FTOU: case I_ITOF: case I_UTOF: a_convert(n); break;
    case I_CMP: a_compare_to_value(n); break;
    case I_JCC: a_branch(n); break;
    case I_JMP: a_jump(0x14000000, n->label); break;
    case I_LABEL: a_labels[n->label] = a_here(); break;
    case I_TABLE: a_table(n); break;
    case I_CALL: a_call(n); break;
    case I_RET: a_epilogue(); break;
    case I_COPY: a_block(n->imm, 1); break;
    case I_ZERO: a_block(n->imm, 0); break;
    case I_ALLOCA: a_alloca(n); break;
    case I_GETSP:
        d = a_into(n->dst, X16);
        a_add_imm(K_L, d, XSP, 0);
        a_done(n->dst, d);
        break;
    case I_SETSP: a_add_imm(K_L, XSP, a_use(n->a, X16), 0); break;
    case I_FP: a_frame_address(n); break;
    case I_TRAP: a_word(0); break;                              /* udf */
    default: fatal("internal: unknown instruction %s", str_number(n->op));
    }
}

/* a jump to the label that comes next does nothing */
static int a_jumps_to_next(Func *f, int i) {
    if (f->ins[i].op != I_JMP)
        return 0;
    for (int k = i + 1; k < f->nins && (f->ins[k].op == I_LABEL || f->ins[k].op == I_NOP); k++)
        if (f->ins[k].op == I_LABEL && f->ins[k].label == f->ins[i].label)
            return 1;
    return 0;
}

static void a_gen_func(Func *f) {
    af = f;
    if (f->nlabels > a_labels_room) {
        a_labels_room = f->nlabels * 2;
        a_labels = xalloc((long)a_labels_room * sizeof(int));
    }
    for (int i = 0; i < f->nlabels; i++)
        a_labels[i] = -1;
    a_nfixups = 0;
    a_framed = a_needs_frame(f);
    sec_reserve(f->sec, 512);
    ao = f->sec->data + f->sec->len;
    a_prologue();
    f->sec->len = a_here();
    for (int i = 0; i < f->nins;) {
        Ins *n = &f->ins[i];
        sec_reserve(f->sec, 2048);              /* no instruction and no group of moves is longer */
        ao = f->sec->data + f->sec->len;
        if (n->op == I_PUT || n->op == I_GET)
            i = move_group(f, i);
        else {
            if (n->op == I_ASM) {
                as_inline(obj, f->sec, n->text, obj->file, n->line);
                ao = f->sec->data + f->sec->len;
            } else if (!a_jumps_to_next(f, i))
                a_instruction(n);
            i++;
        }
        f->sec->len = a_here();
    }
    a_settle_fixups();
}

static int a_imm_fits(int op, int cls, long imm) {
    if (cls >= K_S)
        return 0;
    if (cls == K_W)
        imm = (int)imm;
    switch (op) {
    case I_ADD: case I_SUB: case I_CMP: case I_JCC: return a_fits_add(imm);
    case I_MUL: case I_UDIV: case I_UREM: return imm > 0 && (imm & (imm - 1)) == 0;
    case I_AND: case I_OR: case I_XOR: return a64_logical_imm(imm, cls == K_L) >= 0;
    case I_SHL: case I_SHR: case I_SAR: return 1;
    default: return 0;
    }
}

/* ---- inline assembly ---- */

static int a_asm_reg(char *name) {
    A64Operand o;
    if (name[0] == 'r' || name[0] == 'v')       /* other spellings of x0 and d0 */
        name = str_join(name[0] == 'r' ? "x" : "d", name + 1, "");
    if (!a64_register(&o, name) || o.reg == 31 && o.kind == A64_REG)
        return NONE;
    return o.kind == A64_FREG ? V0 + o.reg : o.reg;
}

static int a_asm_constraint(int letter) {
    return NONE;
}

static void a_asm_text(char *out, int reg, int cls, int modifier) {
    out[0] = modifier ? modifier : reg >= V0 ? 'v' : 'x';
    char *number = str_number(reg & 31);
    mem_copy(out + 1, number, str_len(number) + 1);
}

static void a_asm_memory(char *out, int reg) {
    char *text = str_join("[x", str_number(reg), "]");
    mem_copy(out, text, str_len(text) + 1);
}

static int a_int_args[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static int a_fp_args[] = { 32, 33, 34, 35, 36, 37, 38, 39 };

Target target_aarch64 = {
    "aarch64", MACH_AARCH64, 8, 8, a_int_args, a_fp_args, a_int_args, a_fp_args,
    X9, { X17, V31 }, X8,
    0x7fffUL | 0x3fff00ffUL << 32,
    0x1ff80000UL | 0xff00UL << 32,
    1, 1, 1,
    a_imm_fits, a_gen_func, a_move, a_move_imm, a_asm_reg, a_asm_constraint, a_asm_text, a_asm_memory
};

/* SPDX-License-Identifier: MIT
 *
 * The AArch64 back end: each of ir.h's instructions in machine code (AAPCS64).
 *
 * Machine registers: 0..30 x0..x30; 32..63 v0..v31.  Allocatable are x0..x14 and x19..x28, v0..v29. Scratch: x15 makes
 * addresses that do not fit an instruction, x16 takes a spilled first operand, an address or a result, x17 a spilled
 * second operand or a stored value, v30 and v31 likewise.
 *
 * The frame, from the stack pointer up: outgoing arguments; x29 and x30 (x29 points here); saved registers; the local
 * area, whose offsets in the IR count down from its top; the caller's frame with our stack arguments.  All is reached
 * from x29 with positive offsets, which have the longest reach. */

enum { X8 = 8, X9 = 9, X15 = 15, X16 = 16, X17 = 17, X29 = 29, X30 = 30, XSP = 31, XZR = 31, V0 = 32, V30 = 62,
       V31 = 63 };

static int a_locals;            /* x29 + this is the top of the local area */
static int a_frame_size;

/* ---- emitting ---- */

static void a_word(unsigned int word) {
    emit_le(4, word);
}

/* bit 31 of integer instructions, bit 22 of floating ones */
static unsigned int a_wide(int cls) {
    return cls == K_L ? 1U << 31 : cls == K_D ? 1 << 22 : 0;
}

/* rd op= rn, rm */
static void a_rrr(unsigned int op, int cls, int rd, int rn, int rm) {
    a_word(op | a_wide(cls) | rd & 31 | (rn & 31) << 5 | (rm & 31) << 16);
}

static void a_constant(int cls, int reg, long v) {
    unsigned int sf = a_wide(cls);
    int top = cls == K_L ? 3 : 1;
    int i = 0;
    int logical = a64_logical_imm(v, cls == K_L);
    if (logical >= 0) {
        a_word(0x320003e0 | sf | logical << 10 | reg);
        return;
    }
    long background = (v >> top * 16 & 0xffff) == 0xffff ? 0xffff : 0;
    unsigned int op = background ? 0x12800000 : 0x52800000;         /* movn, movz; then movk */
    while (i < top && (v >> i * 16 & 0xffff) == background)
        i++;
    for (; i <= top; i++) {
        long half = v >> i * 16 & 0xffff;
        if (op == 0x72800000 && half == background)
            continue;
        a_word(op | sf | i << 21 | (op == 0x12800000 ? half ^ 0xffff : half) << 5 | reg);
        op = 0x72800000;
    }
}

static int a_fits_add(long imm) {
    return imm > -4096 && imm < 4096 || (imm & 4095) == 0 && imm > -4096 * 4096 && imm < 4096 * 4096;
}

/* rd = rn + imm; 31 is the stack pointer; rn may not be x15 when imm is large */
static void a_add_imm(int cls, int rd, int rn, long imm) {
    unsigned int op = (imm < 0 ? 0x51000000 : 0x11000000) | a_wide(cls);
    long size = imm < 0 ? -imm : imm;
    if (size < 4096)
        a_word(op | size << 10 | rn << 5 | rd);
    else if (size < 4096 * 4096) {
        a_word(op | 1 << 22 | size >> 12 << 10 | rn << 5 | rd);
        if (size & 4095)
            a_word(op | (size & 4095) << 10 | rd << 5 | rd);
    } else {
        a_constant(K_L, X15, imm);
        a_rrr(0x0b206000, K_L, rd, rn, X15);                        /* add rd, rn, x15, uxtx */
    }
}

/* ---- memory ---- */

/* loads by memory type, with an offset that counts in their size */
static unsigned int a_load_ops[] = { 0x39c00000, 0x39400000, 0x79c00000, 0x79400000, 0xb9400000, 0xb9400000, 0xf9400000,
                                     0xbd400000, 0xfd400000, 0x3dc00000 };

static unsigned int a_store_op(int type) {
    return a_load_ops[type] & (type == M_X ? ~0x00400000 : ~0x00c00000);
}

/* log2 of the size that such a load or store has */
static int a_log_size(unsigned int op) {
    return op >> 30 | ((op & 0x04800000) == 0x04800000) << 2;
}

static void a_access(unsigned int op, int reg, int base, long off) {
    int log = a_log_size(op);
    op |= reg & 31;
    if (off >= 0 && (off & ((1 << log) - 1)) == 0 && off >> log < 4096)
        a_word(op | off >> log << 10 | base << 5);
    else if (off >= -256 && off < 256)
        a_word(op & ~0x01000000 | (off & 511) << 12 | base << 5);
    else {
        a_add_imm(K_L, X15, base, off);
        a_word(op | X15 << 5);
    }
}

static void a_move_imm(int cls, int reg, long imm) {
    if (reg < V0) {
        a_constant(cls, reg, imm);
        return;
    }
    int double_imm = cls == K_D ? a64_float_imm(imm) : -1;
    if (double_imm >= 0) {
        a_word(0x1e601000 | double_imm << 13 | reg & 31);
        return;
    }
    if (imm)
        a_constant(cls == K_D ? K_L : K_W, X16, imm);
    a_rrr(cls == K_D ? 0x9e670000 : 0x1e270000, K_W, reg, imm ? X16 : XZR, 0);
}

static void a_move(int cls, int to, int from) {
    static int slot_types[] = { M_UW, M_L, M_S, M_D, M_X };
    int type = slot_types[cls];
    int scratch = cls >= K_S ? V30 : X16;
    if (to == from)
        return;
    int with_sp = to == XSP || from == XSP;
    if (with_sp && to >= 0 && from >= 0)
        a_add_imm(K_L, to, from, 0);
    else if (to < 0 && from < 0 || with_sp) {
        a_move(cls, scratch, from);
        a_move(cls, to, scratch);
    } else if (to < 0)
        a_access(a_store_op(type), from, X29, a_locals + to);
    else if (from < 0)
        a_access(a_load_ops[type], to, X29, a_locals + from);
    else if (to < V0)
        a_rrr(0x2a0003e0, cls, to, 0, from);
    else if (cls == K_X)
        a_rrr(0x4ea01c00, K_W, to, from, from);
    else
        a_rrr(0x1e604000, K_W, to, from, 0);
}

static void a_reloc_word(int type, Symbol *sym, long off, unsigned int word) {
    emit_reloc(type, sym, off);
    a_word(word);
}

/* rd = address of sym + off, through adrp and add; of a symbol that may be missing (weak), from the GOT: linkers give
 * adrp of such a symbol its own page, not zero */
static void a_symbol_address(int rd, Symbol *sym, long off) {
    if (sym->binding == STB_WEAK && sym->place == PLACE_UNDEF) {
        a_reloc_word(R_AARCH64_ADR_GOT_PAGE, sym, 0, 0x90000000 | rd);
        a_reloc_word(R_AARCH64_LD64_GOT_LO12_NC, sym, 0, 0xf9400000 | rd << 5 | rd);
        if (off)
            a_add_imm(K_L, rd, rd, off);
        return;
    }
    a_reloc_word(R_AARCH64_ADR_PREL_PG_HI21, sym, off, 0x90000000 | rd);
    a_reloc_word(R_AARCH64_ADD_ABS_LO12_NC, sym, off, 0x91000000 | rd << 5 | rd);
}

static int a_base;              /* the memory operand of an instruction: a register */
static long a_off;              /* and an offset */

static void a_operand_base(Ins *n) {
    a_off = n->off;
    if (n->a == SYM) {
        a_symbol_address(X16, n->sym, n->off);
        a_off = 0;
    } else if (n->a < 0)
        a_off += n->a == ABOVE ? code_fn->outs : n->a == OUTS ? 0 : a_locals;
    a_base = n->a == SYM ? X16 : n->a == FRAME || n->a == ARGS ? X29 : n->a < 0 ? XSP : use(n->a, X16);
}

/* the memory operand's access; `op` is one of the tables' */
static void a_memory(Ins *n, unsigned int op, int reg) {
    a_operand_base(n);
    if (n->x >= 0) {
        if (a_off) {
            a_add_imm(K_L, X16, a_base, a_off);
            a_base = X16;
        }
        int index = use(n->x, X15);
        if (n->shift == 0 || n->shift == a_log_size(op)) {
            a_rrr(op & ~0x01000000 | 0x00206800 | (n->shift != 0) << 12, K_W, reg, a_base, index);
            return;
        }
        a_rrr(0x0b000000 | n->shift << 10, K_L, X16, a_base, index);
        a_base = X16;
        a_off = 0;
    }
    a_access(op, reg, a_base, a_off);
}

static void a_load(Ins *n, int d) {
    unsigned int op = a_load_ops[n->cc];
    if (n->cls == K_L && (n->cc == M_SB || n->cc == M_SH))
        op = op ^ 0x00400000;                   /* sign extension to 64 bits */
    else if (n->cls == K_L && n->cc == M_SW)
        op = 0xb9800000;
    a_memory(n, op, d);
}

/* the value is fetched before the address is made: fetching may need x15 */
static void a_store(Ins *n) {
    int value = n->b != NONE ? use(n->b, n->cc >= M_S ? V30 : X17) : n->imm ? X17 : XZR;
    if (value == X17 && n->b == NONE)
        a_constant(n->cc == M_L ? K_L : K_W, X17, n->imm);
    a_memory(n, a_store_op(n->cc), value);
}

static void a_load_address(Ins *n, int d) {
    if (n->cc == 1) {
        a_word(0xd53bd040 | d);                 /* mrs d, tpidr_el0 */
        a_reloc_word(R_AARCH64_TLSLE_ADD_TPREL_HI12, n->sym, n->off, 0x91400000 | d << 5 | d);
        a_reloc_word(R_AARCH64_TLSLE_ADD_TPREL_LO12_NC, n->sym, n->off, 0x91000000 | d << 5 | d);
    } else if (n->a == SYM && n->x < 0)
        a_symbol_address(d, n->sym, n->off);
    else {
        a_operand_base(n);
        if (n->x < 0) {
            a_add_imm(K_L, d, a_base, a_off);
            return;
        }
        if (a_off)
            a_add_imm(K_L, X16, a_base, a_off);
        a_rrr(0x0b000000 | n->shift << 10, K_L, d, a_off ? X16 : a_base, use(n->x, X17));
    }
}

/* ---- arithmetic ---- */

/* by operation, from I_ADD on: two registers; a register and a logical immediate; floats */
static unsigned int a_ops[] = { 0x0b000000, 0x4b000000, 0x1b007c00, 0x1ac00c00, 0x1ac00800, 0x1ac00c00, 0x1ac00800,
                                0x0a000000, 0x2a000000, 0x4a000000, 0x1ac02000, 0x1ac02400, 0x1ac02800 };
static unsigned int a_logical_ops[] = { 0x12000000, 0x32000000, 0x52000000 };
static unsigned int a_float_ops[] = { 0x1e202800, 0x1e203800, 0x1e200800, 0x1e201800 };

static void a_logical(unsigned int op, int cls, int d, int a, long imm) {
    a_word(op | a_wide(cls) | a64_logical_imm(imm, cls == K_L) << 10 | a << 5 | d);
}

static void a_arithmetic_imm(Ins *n, int d, int a) {
    long imm = n->cls == K_W ? (int)n->imm : n->imm;
    if (n->op == I_ADD || n->op == I_SUB)
        a_add_imm(n->cls, d, a, n->op == I_ADD ? imm : -imm);
    else if (n->op <= I_XOR)
        a_logical(a_logical_ops[n->op - I_AND], n->cls, d, a, imm);
    else {                                      /* shifts are bit-field moves */
        int width = n->cls == K_L ? 64 : 32;
        unsigned int op = (n->op == I_SAR ? 0x13000000 : 0x53000000) | a_wide(n->cls) | (n->cls == K_L) << 22;
        imm = imm & (width - 1);
        if (n->op == I_SHL)
            a_word(op | (-imm & (width - 1)) << 16 | (width - 1 - imm) << 10 | a << 5 | d);
        else
            a_word(op | imm << 16 | (width - 1) << 10 | a << 5 | d);
    }
}

static void a_arithmetic(Ins *n, int d) {
    int a = use(n->a, n->cls >= K_S ? V30 : X16);
    int b = n->b == NONE ? 0 : use(n->b, n->cls >= K_S ? V31 : X17);
    if (n->cls >= K_S)
        a_rrr(a_float_ops[n->op - I_ADD], n->cls, d, a, b);
    else if (n->b == NONE)
        a_arithmetic_imm(n, d, a);
    else if (n->op == I_REM || n->op == I_UREM) {
        a_rrr(a_ops[n->op - I_ADD], n->cls, X15, a, b);
        a_rrr(0x1b008000 | a << 10, n->cls, d, X15, b);             /* msub d, x15, b, a */
    } else
        a_rrr(a_ops[n->op - I_ADD], n->cls, d, a, b);
}

static void a_negate(Ins *n, int d) {
    int a = use(n->a, n->cls >= K_S ? V30 : X16);
    if (n->cls == K_X) {                        /* through the upper half, in x16 */
        a_move(K_X, d, a);
        a_rrr(0x9eae0000, K_W, X16, d, 0);
        a_logical(0x52000000, K_L, X16, X16, 1L << 63);
        a_rrr(0x9eaf0000, K_W, d, X16, 0);
    } else if (n->cls >= K_S)
        a_rrr(0x1e214000, n->cls, d, a, 0);
    else
        a_rrr(n->op == I_NEG ? 0x4b0003e0 : 0x2a2003e0, n->cls, d, 0, a);
}

static void a_extend(Ins *n, int d) {
    static unsigned int ops[] = { 0x13001c00, 0x53001c00, 0x13003c00, 0x53003c00, 0x13007c00 };
    int a = use(n->a, X16);
    int is_signed = n->cc == M_SB || n->cc == M_SH || n->cc == M_SW;
    if (n->cc < M_SW || n->cc == M_SW && n->cls == K_L)
        a_word(ops[n->cc] | (is_signed && n->cls == K_L ? 0x80400000 : 0) | a << 5 | d);
    else
        a_rrr(0x2a0003e0, K_W, d, 0, a);                            /* mov clears the upper half */
}

static void a_convert(Ins *n, int d) {
    int a = use(n->a, n->op <= I_FTOU ? V30 : X16);
    int from = n->cc, to = n->cls;
    if (n->op == I_FTOF)
        a_rrr(to == K_D ? 0x1e22c000 : 0x1e624000, K_W, d, a, 0);
    else if (n->op == I_FTOI || n->op == I_FTOU)
        a_rrr((n->op == I_FTOI ? 0x1e380000 : 0x1e390000) | a_wide(from), to, d, a, 0);
    else
        a_rrr((n->op == I_ITOF ? 0x1e220000 : 0x1e230000) | a_wide(from), to, d, a, 0);
}

/* ---- comparisons and branches ---- */

/* compares, and returns the condition that holds then */
static int a_compare(Ins *n) {
    static char conditions[] = { 0, 1, 11, 13, 12, 10, 3, 9, 8, 2 };                /* eq ne lt le gt ge lo ls hi hs */
    static char float_conditions[] = { 0, 1, 4, 9, 12, 10, 0, 0, 0, 0, 5, 8, 13, 11 };  /* mi ls gt ge, pl hi le lt */
    int is_float = n->cls >= K_S;
    int a = use(n->a, is_float ? V30 : X16);
    if (is_float) {
        a_rrr(0x1e202000, n->cls, 0, a, use(n->b, V31));
        return float_conditions[n->cc];
    }
    if (n->b != NONE)
        a_rrr(0x6b000000, n->cls, XZR, a, use(n->b, X17));
    else {
        long imm = n->cls == K_W ? (int)n->imm : n->imm;
        long size = imm < 0 ? -imm : imm;
        unsigned int op = imm < 0 ? 0x3100001f : 0x7100001f;        /* cmn, cmp */
        a_word(op | a_wide(n->cls) | (size < 4096 ? size : size >> 12 | 4096) << 10 | a << 5);
    }
    return conditions[n->cc];
}

static void a_jump(unsigned int op, int type, int label) {
    refer_to_label(type, label, 0);
    a_word(op);
}

static void a_branch(Ins *n) {
    if (n->cls < K_S && n->b == NONE && n->imm == 0 && n->cc <= C_NE) {
        int a = use(n->a, X16);                 /* cbz, cbnz */
        a_jump((n->cc == C_EQ ? 0x34000000 : 0x35000000) | a_wide(n->cls) | a, R_AARCH64_CONDBR19, n->label);
    } else
        a_jump(0x54000000 | a_compare(n), R_AARCH64_CONDBR19, n->label);
}

/* ---- the stack, calls ---- */

/* stores or (load: the bit that makes it that) loads the saved registers and their neighbours, in pairs; returns where
 * they end */
static int a_saved(unsigned int load, int quiet) {
    static char pairs[] = { 19, 21, 23, 25, 27, 40, 42, 44, 46 };
    int at = 16;
    for (int i = 0; i < 9; i++) {
        unsigned int op = load | (pairs[i] >= V0 ? 0x6d000000 : 0xa9000000);
        if (!(code_fn->saved >> pairs[i] & 3))
            continue;
        if (!quiet)
            a_rrr(op | at / 8 << 15 | (pairs[i] + 1 & 31) << 10, K_W, pairs[i], X29, 0);
        at += 16;
    }
    return at;
}

static void a_prologue(void) {
    int outs = code_fn->outs;
    a_locals = a_saved(0, 1) + code_fn->frame;
    a_frame_size = a_locals + outs;
    if (outs == 0 && a_frame_size <= 512)
        a_word(0xa9800000 | (-a_frame_size / 8 & 127) << 15 | X30 << 10 | XSP << 5 | X29);  /* stp ... [sp, #-n]! */
    else {
        a_add_imm(K_L, XSP, XSP, -a_frame_size);
        a_add_imm(K_L, X16, XSP, outs);
        a_word(0xa9000000 | X30 << 10 | X16 << 5 | X29);            /* stp x29, x30, [x16] */
    }
    a_add_imm(K_L, X29, XSP, outs);
    a_saved(0, 0);
}

static void a_return(void) {
    if (has_frame) {
        a_saved(0x00400000, 0);
        if (code_fn->outs == 0 && a_frame_size <= 504 && !code_fn->allocas)
            a_word(0xa8c00000 | a_frame_size / 8 << 15 | X30 << 10 | XSP << 5 | X29);       /* ldp x29, x30, [sp], #n */
        else {
            a_add_imm(K_L, X16, X29, a_locals);
            a_word(0xa9400000 | X30 << 10 | X29 << 5 | X29);
            a_add_imm(K_L, XSP, X16, 0);
        }
    }
    a_word(0xd65f03c0);
}

/* ---- functions ---- */

static int a_instruction(Ins *n, int d) {
    switch (n->op) {
    case I_MOV: a_move_imm(n->cls, d, n->imm); break;
    case I_ADDR: a_load_address(n, d); break;
    case I_LD: a_load(n, d); break;
    case I_ST: a_store(n); break;
    case I_ADD: case I_SUB: case I_MUL: case I_DIV: case I_UDIV: case I_REM: case I_UREM: case I_AND: case I_OR:
    case I_XOR: case I_SHL: case I_SHR: case I_SAR:
        a_arithmetic(n, d);
        break;
    case I_NEG: case I_NOT: a_negate(n, d); break;
    case I_EXT: a_extend(n, d); break;
    case I_FTOF: case I_FTOI: case I_FTOU: case I_ITOF: case I_UTOF: a_convert(n, d); break;
    case I_CMP: a_word(0x1a9f07e0 | (a_compare(n) ^ 1) << 12 | d); break;       /* cset */
    case I_JCC: a_branch(n); break;
    case I_JMP: a_jump(0x14000000, R_AARCH64_JUMP26, n->label); break;
    case I_TABLE: a_word(0xd61f0000 | use(n->a, X16) << 5); break;
    case I_CALL:
        if (n->sym)
            a_reloc_word(R_AARCH64_CALL26, n->sym, 0, 0x94000000);
        else
            a_word(0xd63f0000 | X9 << 5);
        break;
    case I_RET: a_return(); break;
    case I_TRAP: a_word(0); break;                                  /* udf */
    default: fatal("internal: unknown instruction %s", str_number(n->op));
    }
    return d;
}

static int a_imm_fits(int op, int cls, long imm) {
    if (cls >= K_S)
        return 0;
    if (cls == K_W)
        imm = (int)imm;
    switch (op) {
    case I_ADD: case I_SUB: case I_CMP: case I_JCC: return a_fits_add(imm);
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
    if (!a64_named(&o, name))
        return NONE;
    return o.kind == 'f' ? V0 + o.reg : o.kind == 'r' && o.reg < 31 ? o.reg : NONE;
}

static char *a_asm_text(int reg, int size, int modifier) {
    char *number = str_number(reg & 31);
    char letter[2];
    letter[0] = modifier ? modifier : reg >= V0 ? 'v' : 'x';
    letter[1] = 0;
    return modifier == 'a' ? str_join("[x", number, "]") : str_join(letter, number, "");
}

static int a_int_args[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static int a_fp_args[] = { 32, 33, 34, 35, 36, 37, 38, 39 };

Target target_aarch64 = {
    "aarch64", MACH_AARCH64, { 8, 8 }, { a_int_args, a_fp_args }, { a_int_args, a_fp_args },
    X9, XSP, X29, { X17, V31 }, { X16, V30 }, X8,
    0x7fffUL | 0x3fff00ffUL << 32,
    0x1ff80000UL | 0xff00UL << 32,
    1, { 24, 28 }, { 8, 16 }, { 0, 0 }, 0, 32,
    1, 1, 1, 1,
    a_imm_fits, a_prologue, a_instruction, a_move, a_move_imm, a_asm_reg, a_asm_text, "", 0
};

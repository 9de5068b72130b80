/* SPDX-License-Identifier: MIT
 *
 * The x86_64 back end: each of ir.h's instructions in machine code (System V psABI).
 *
 * Machine registers: 0..15 rax rcx rdx rbx rsp rbp rsi rdi r8..r15; 32..47 xmm0..xmm15; 64 st(0), which carries long
 * double results. rax, rcx, rdx, r10, xmm14 and xmm15 are scratch. An operand whose place is in the frame is used there
 * directly where an instruction can take one memory operand.
 *
 * Frame:   rbp + 16: ARGS    rbp: saved rbp    below: FRAME area, saved registers, OUTS at rsp
 * A leaf that needs none of it has no frame. The 32 bytes below rsp (red zone) carry values to and from x87.
 *
 * Over 500 lines: one function an instruction, and they share the memory operand. */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, XMM0 = 32, XMM14 = 46, XMM15 = 47,
       X87_ST0 = 64 };

enum { MEM = -1 };              /* the place of an operand that is xm; no slot of the frame has that offset */
static X86Operand xm;

/* ---- emitting ---- */

static void xm_set(int base, int off) {
    xm.kind = 'm';
    xm.base = base;
    xm.index = NONE;
    xm.scale = 0;
    xm.value.sym = 0;
    xm.value.add = off;
}

/* with a place: a register, a slot of the frame, or MEM; and an immediate of n bytes */
static void x_op_imm(unsigned int op, int reg, int place, int n, long imm) {
    X86Operand r;
    if (place >= 0) {
        r.kind = 'r';
        r.reg = place;
        x86_put(op, reg, &r, n);
    } else {
        if (place != MEM)
            xm_set(RBP, place);
        x86_put(op, reg, &xm, n);
    }
    emit_le(n, imm);
}

static void x_op(unsigned int op, int reg, int place) {
    x_op_imm(op, reg, place, 0, 0);
}

/* the opcode's short form for an immediate of one byte, or its long one */
static void x_op_either(unsigned int small, unsigned int large, int reg, int place, long imm) {
    if (imm >= -128 && imm < 128)
        x_op_imm(small, reg, place, 1, imm);
    else
        x_op_imm(large, reg, place, 4, imm);
}

static unsigned int x_wide(int cls) {
    return cls == K_L ? REX_W : 0;
}

static unsigned int x_prefix(int cls) {
    return cls == K_S ? 0xF30000 : 0xF20000;
}

/* spl, bpl, sil, dil need a REX */
static unsigned int x_byte_register(int reg) {
    return reg >= 4 && reg < 32 ? REX : 0;
}

/* add, or, and, sub, xor, cmp by their numbers */
static void x_alu_imm(unsigned int wide, int number, int place, long imm) {
    x_op_either(0x83 | wide, 0x81 | wide, number, place, imm);
}

static void x_shift_imm(unsigned int wide, int number, int reg, int count) {
    x_op_imm(0xC1 | wide, number, reg, 1, count);
}

static void x_move(int cls, int to, int from);

static void x_move_imm(int cls, int reg, long v) {
    if (reg < 0 && v == (int)v) {
        x_op_imm(0xC7 | REX_W, 0, reg, 4, v);
        return;
    }
    if (reg < 0) {
        x_move_imm(K_L, RAX, v);
        x_move(K_L, reg, RAX);
        return;
    }
    if (cls == K_W)
        v = v & 0xffffffffL;
    if (reg >= XMM0) {
        if (v == 0) {
            x_op(0x0F57, reg, reg);                                 /* xorps */
            return;
        }
        x_move_imm(cls == K_S ? K_W : K_L, RAX, v);
        x_op(0x660F6E | (cls == K_S ? 0 : REX_W), reg, RAX);        /* movd, movq */
    } else if (v == 0)
        x_op(0x31, reg, reg);
    else if (v < 0 && v == (int)v)
        x_op_imm(0xC7 | REX_W, 0, reg, 4, v);
    else {
        int small = v >= 0 && v <= 0xffffffffL;
        x86_opcode(0xB8 | reg & 7 | (small ? 0 : REX_W), reg >= 8 ? 0x41 : 0);
        emit_le(small ? 4 : 8, v);
    }
}

/* x87 reaches registers through the red zone */
static int x_red_zone(void) {
    xm_set(RSP, -16);
    return MEM;
}

/* to and from x87's stack: integers (fild, fisttp) or floats (fld, fstp) */
static void x_fld(int cls, int place) {
    static unsigned char ops[] = { 0xDB, 0xDF, 0xD9, 0xDD, 0xDB };
    static char numbers[] = { 0, 5, 0, 0, 5 };
    if (place >= 0) {
        x_move(cls, x_red_zone(), place);
        place = MEM;
    }
    x_op(ops[cls], numbers[cls], place);
}

static void x_fstp(int cls, int place) {
    static unsigned char ops[] = { 0xDB, 0xDD, 0xD9, 0xDD, 0xDB };
    static char numbers[] = { 1, 1, 3, 3, 7 };
    x_op(ops[cls], numbers[cls], place < 0 ? place : x_red_zone());
    if (place >= 0)
        x_move(cls, place, MEM);
}

static void x_move(int cls, int to, int from) {
    static int loads[] = { 0x8B, 0x8B | REX_W, 0xF30F10, 0xF20F10, 0x0F10 };
    if (to == from)
        return;
    if (to == X87_ST0)
        x_fld(K_X, from);
    else if (from == X87_ST0)
        x_fstp(K_X, to);
    else if (to < 0 && from < 0) {
        int scratch = cls == K_X ? XMM15 : R10;
        x_move(cls == K_X ? K_X : K_L, scratch, from);
        x_move(cls == K_X ? K_X : K_L, to, scratch);
    } else if (to < 0)
        x_op(from < XMM0 ? 0x89 | REX_W : loads[cls] + 1, from, to);
    else if (from < 0 || to < XMM0 && from < XMM0)
        x_op(loads[cls], to, from);
    else if (from < XMM0)
        x_op(0x660F6E | (cls == K_D ? REX_W : 0), to, from);
    else if (to < XMM0)
        x_op(0x660F7E | (cls == K_D ? REX_W : 0), from, to);
    else
        x_op(0x0F28, to, from);                                     /* movaps */
}

/* xm is the instruction's memory operand */
static void x_address(Ins *n) {
    int base = n->a == SYM ? RIP : n->a == FRAME || n->a == ARGS ? RBP : n->a < 0 ? RSP : use(n->a, R10);
    int index = n->x >= 0 ? use(n->x, RCX) : NONE;
    xm_set(base, n->off + (n->a == ARGS ? 16 : n->a == ABOVE ? code_fn->outs : 0));
    xm.value.sym = n->a == SYM ? n->sym : 0;
    xm.index = index;
    xm.scale = n->shift;
}

/* ---- arithmetic ---- */

/* d = a op b, of an instruction that does d op= b */
static int x_two(Ins *n, unsigned int op, int d) {
    int a = place_of(n->a);
    int b = place_of(n->b);
    if (b == d && a != d) {
        if (n->op == I_SUB || n->op == I_DIV) {
            b = target->result[n->cls >= K_S];
            x_move(n->cls, b, d);
        } else {
            b = a;
            a = d;
        }
    }
    x_move(n->cls, d, a);
    x_op(op, d, b);
    return d;
}

static int x_arithmetic(Ins *n, int d) {
    static char numbers[] = { 0, 5, 0, 0, 0, 0, 0, 4, 1, 6 };      /* of the alu operations, from I_ADD on */
    unsigned int wide = x_wide(n->cls);
    int a = place_of(n->a);
    int number = numbers[n->op - I_ADD];
    unsigned int op = wide | (n->op == I_MUL ? 0x0FAF : number << 3 | 3);
    if (n->b == NONE) {
        long imm = wide ? n->imm : (int)n->imm;
        if (n->op == I_MUL)
            x_op_either(0x6B | wide, 0x69 | wide, d, a, imm);
        else if (place_of(n->dst) == a) {
            x_alu_imm(wide, number, a, imm);
            return a;
        } else if (a >= 0 && (n->op == I_ADD || n->op == I_SUB && imm != -0x80000000L)) {
            xm_set(a, (int)(n->op == I_ADD ? imm : -imm));
            x_op(0x8D | wide, d, MEM);                              /* lea */
        } else {
            x_move(n->cls, d, a);
            x_alu_imm(wide, number, d, imm);
        }
        return d;
    }
    int b = place_of(n->b);
    if (n->op != I_ADD || a < 0 || b < 0 || a == d || b == d)
        return x_two(n, op, d);
    xm_set(a, 0);
    xm.index = b;
    x_op(0x8D | wide, d, MEM);
    return d;
}

static int x_shift(Ins *n, int d) {
    int number = n->op == I_SHL ? 4 : n->op == I_SHR ? 5 : 7;
    if (n->b != NONE)
        x_move(K_W, RCX, place_of(n->b));
    x_move(n->cls, d, place_of(n->a));
    if (n->b == NONE)
        x_shift_imm(x_wide(n->cls), number, d, n->imm & 63);
    else
        x_op(0xD3 | x_wide(n->cls), number, d);
    return d;
}

static int x_divide(Ins *n) {
    int is_signed = n->op == I_DIV || n->op == I_REM;
    x_move(n->cls, RAX, place_of(n->a));
    if (is_signed)
        x86_opcode(0x99 | x_wide(n->cls), 0);                       /* cdq, cqo */
    else
        x_op(0x31, RDX, RDX);
    x_op(0xF7 | x_wide(n->cls), is_signed ? 7 : 6, place_of(n->b));
    return n->op == I_DIV || n->op == I_UDIV ? RAX : RDX;
}

/* ---- floating point ---- */

/* the last byte of addss or its like, and of faddp */
static int x_float_arithmetic(Ins *n, int d) {
    static int sse[] = { 0x58, 0x5C, 0x59, 0x5E };
    static int x87[] = { 0xC1, 0xE9, 0xC9, 0xF9 };
    if (n->cls == K_X) {
        x_fld(K_X, place_of(n->a));
        x_fld(K_X, place_of(n->b));
        x86_opcode(0xDE00 | x87[n->op - I_ADD], 0);
        x_fstp(K_X, d);
        return d;
    }
    return x_two(n, x_prefix(n->cls) | 0x0F00 | sse[n->op - I_ADD], d);
}

static int x_negate(Ins *n, int d) {
    int a = place_of(n->a);
    if (n->cls == K_X) {
        x_fld(K_X, a);
        x86_opcode(0xD9E0, 0);                                      /* fchs */
        x_fstp(K_X, d);
    } else if (n->cls >= K_S) {
        x_move_imm(n->cls, XMM14, n->cls == K_S ? 0x80000000L : 1L << 63);
        x_move(n->cls, d, a);
        x_op(0x0F57, d, XMM14);                                     /* xorps */
    } else {
        x_move(n->cls, d, a);
        x_op(0xF7 | x_wide(n->cls), n->op == I_NEG ? 3 : 2, d);
    }
    return d;
}

static int x_convert(Ins *n, int d) {
    int a = place_of(n->a);
    if (n->cls == K_X || n->cc == K_X) {
        d = place_of(n->dst);
        x_fld(n->cc, a);
        x_fstp(n->cls, d);
    } else if (n->op == I_FTOF)
        x_op(x_prefix(n->cc) | 0x0F5A, d, a);
    else if (n->op == I_FTOI)
        x_op(x_prefix(n->cc) | 0x0F2C | x_wide(n->cls), d, a);
    else
        x_op(x_prefix(n->cls) | 0x0F2A | x_wide(n->cc), d, a);
    return d;
}

/* ---- comparisons and jumps ---- */

/* Sets the flags for n's comparison. The result is the condition code to test. */
static int x_compare(Ins *n) {
    static unsigned char codes[] = { 4, 5, 0xC, 0xE, 0xF, 0xD, 2, 6, 7, 3 };
    static unsigned char float_codes[] = { 0, 0, 7, 3, 7, 3, 0, 0, 0, 0, 6, 2, 6, 2 };
    unsigned int wide = x_wide(n->cls);
    int a = place_of(n->a);
    int b = n->b == NONE ? 0 : place_of(n->b);
    if (n->cls >= K_S) {
        if (n->cc == C_LT || n->cc == C_LE || n->cc == C_NLT || n->cc == C_NLE) {
            int t = a;              /* "above" is the test that is false on unordered: b above a */
            a = b;
            b = t;
        }
        if (n->cls == K_X) {
            x_fld(K_X, b);
            x_fld(K_X, a);
            x86_opcode(0xDFE9, 0);                                  /* fucomip %st(1), %st */
            x86_opcode(0xDDD8, 0);                                  /* fstp %st */
        } else {
            if (a < 0)
                x_move(n->cls, XMM15, a);
            x_op((n->cls == K_D ? 0x660000 : 0) | 0x0F2E, a < 0 ? XMM15 : a, b);
        }
        if (n->cc > C_NE)
            return float_codes[n->cc];
        x_op(0x0F94 | n->cc, 0, RAX);                               /* sete, setne %al: */
        x_op(0x0F9B ^ n->cc, 0, RDX);                               /* setnp, setp %dl: or they are not ordered */
        x_op(n->cc == C_EQ ? 0x20 : 0x08, RDX, RAX);                /* and, or %dl, %al */
        return 5;
    }
    long imm = wide ? n->imm : (int)n->imm;
    if (n->b == NONE && imm == 0 && a >= 0)
        x_op(0x85 | wide, a, a);                                    /* test */
    else if (n->b == NONE)
        x_alu_imm(wide, 7, a, imm);
    else if (a < 0 && b >= 0)
        x_op(0x39 | wide, b, a);
    else
        x_op(0x3B | wide, use(n->a, RAX), b);
    return codes[n->cc];
}

static int x_compare_to_value(Ins *n, int d) {
    x_op(0x0F90 | x_compare(n), 0, RAX);                            /* set.. %al */
    x_op(0x0FB6, d, RAX);
    return d;
}

/* `code`: a condition, or NONE for always */
static void x_jump(int code, int label) {
    if (label_places[label] >= 0 && x86_short_jump(code, label_places[label] - here->len))
        return;
    x86_opcode(code == NONE ? 0xE9 : 0x0F80 | code, 0);
    refer_to_label(R_X86_64_PC32, label, -4);
    emit_le(4, 0);
}

/* ---- memory ---- */

/* loads and stores by memory type */
static unsigned int x_load_ops[] = { 0x0FBE, 0x0FB6, 0x0FBF, 0x0FB7, 0x8B, 0x8B, 0x8B | REX_W, 0xF30F10, 0xF20F10,
                                     0x0F10 };
static unsigned int x_store_ops[] = { 0x88, 0x88, 0x660089, 0x660089, 0x89, 0x89, 0x89 | REX_W, 0xF30F11, 0xF20F11,
                                      0x0F11 };

/* loads of a type, extended to a class */
static unsigned int x_load_op(int type, int cls) {
    if (cls == K_L && (type == M_SB || type == M_SH || type == M_SW))
        return REX_W | (type == M_SW ? 0x63 : x_load_ops[type]);
    return x_load_ops[type];
}

static int x_load(Ins *n, int d) {
    x_address(n);
    if (n->cls == K_X)
        d = XMM15;
    x_op(x_load_op(n->cc, n->cls), d, MEM);
    return d;
}

static int x_extend(Ins *n, int d) {
    int a = place_of(n->a);
    x_op(x_load_op(n->cc, n->cls) | (n->cc <= M_UB ? x_byte_register(a) : 0), d, a);
    return d;
}

static void x_store(Ins *n) {
    unsigned int op = x_store_ops[n->cc];
    int size = n->cc <= M_UB ? 1 : n->cc <= M_UH ? 2 : 4;
    int value = n->b == NONE ? 0 : n->cc == M_X ? XMM15 : use(n->b, n->cc >= M_S ? XMM15 : RAX);
    if (n->cc == M_X)
        x_move(K_X, XMM15, place_of(n->b));
    x_address(n);
    if (n->b == NONE)
        x_op_imm(op + 0x3E, 0, MEM, size, n->imm);                  /* C6, C7 */
    else
        x_op(op | (size == 1 ? x_byte_register(value) : 0), value, MEM);
}

static int x_load_address(Ins *n, int d) {
    if (n->cc == 1) {               /* thread-local: %fs:0 holds the thread pointer */
        emit8(0x64);
        xm_set(NONE, 0);
        x_op(0x8B | REX_W, d, MEM);
        x_op(0x81 | REX_W, 0, d);                                   /* add $sym@tpoff, d */
        x86_field(4, n->sym, R_X86_64_TPOFF32, n->off);
        return d;
    }
    x_address(n);
    if (xm.base != RIP && xm.index < 0 && xm.value.add == 0)
        x_move(K_L, d, xm.base);
    else
        x_op(0x8D | REX_W, d, MEM);
    return d;
}

/* ---- functions ---- */

/* stores or loads the saved registers; returns how deep they reach */
static int x_saved(unsigned int op) {
    int at = code_fn->frame;
    for (int reg = 0; reg < 16; reg++)
        if (code_fn->saved >> reg & 1) {
            at += 8;
            if (op)
                x_op(op, reg, -at);
        }
    return at;
}

static void x_prologue(void) {
    int size = (x_saved(0) + code_fn->outs + 15) & -16;
    emit8(0x55);
    x_move(K_L, RBP, RSP);
    if (size)
        x_alu_imm(REX_W, 5, RSP, size);
    x_saved(0x89 | REX_W);
}

static void x_return(void) {
    if (has_frame) {
        x_saved(0x8B | REX_W);
        emit8(0xC9);                                                /* leave */
    }
    emit8(0xC3);
}

/* one instruction; its result is in the place that is returned, d where that can be */
static int x_instruction(Ins *n, int d) {
    switch (n->op) {
    case I_MOV:
        x_move_imm(n->cls, place_of(n->dst), n->imm);
        return place_of(n->dst);
    case I_ADDR: return x_load_address(n, d);
    case I_LD: return x_load(n, d);
    case I_ST: x_store(n); break;
    case I_ADD: case I_SUB: case I_MUL: case I_AND: case I_OR: case I_XOR:
        return n->cls >= K_S ? x_float_arithmetic(n, d) : x_arithmetic(n, d);
    case I_DIV: case I_UDIV: case I_REM: case I_UREM: return n->cls >= K_S ? x_float_arithmetic(n, d) : x_divide(n);
    case I_SHL: case I_SHR: case I_SAR: return x_shift(n, d);
    case I_NEG: case I_NOT: return x_negate(n, d);
    case I_EXT: return x_extend(n, d);
    case I_FTOF: case I_FTOI: case I_ITOF: return x_convert(n, d);
    case I_CMP: return x_compare_to_value(n, d);
    case I_JCC: x_jump(x_compare(n), n->label); break;
    case I_JMP: x_jump(NONE, n->label); break;
    case I_TABLE: x_op(0xFF, 4, place_of(n->a)); break;
    case I_CALL:
        if (n->sym) {
            emit8(0xE8);
            x86_field(4, n->sym, R_X86_64_PLT32, -4);
        } else
            x_op(0xFF, 2, R11);
        break;
    case I_RET: x_return(); break;
    case I_TRAP: x86_opcode(0x0F0B, 0); break;
    default: fatal("internal: unknown instruction %s", str_number(n->op));
    }
    return d;
}

static int x_imm_fits(int op, int cls, long imm) {
    if (cls >= K_S || op >= I_DIV && op <= I_UREM)
        return 0;
    return cls == K_W || imm == (int)imm;
}

/* ---- inline assembly ---- */

static int x_asm_reg(char *name) {
    X86Operand o;
    if (*name == '%')
        name++;
    int known = x86_register(&o, name);
    return !known ? NONE : o.kind == 'x' ? XMM0 + o.reg : o.kind == 'r' || o.kind == 'h' ? o.reg : NONE;
}

static char *x_asm_text(int reg, int size, int modifier) {
    static char *kinds[] = { "r1", "r2", "r4", "r8" };
    int i = letter_index("bwkq", modifier);
    if (i < 0)
        i = modifier == 'a' || size == 8 ? 3 : size / 2;
    int high = modifier == 'h' && reg < 4;
    char *kind = reg == X87_ST0 ? "t" : reg >= XMM0 ? "x" : high ? "h1" : kinds[i];
    char *name = form_name(&x86_registers, kind, (reg & 31) + 4 * high);
    return modifier == 'a' ? str_join("(%", name, ")") : str_join("%", name, "");
}

static int x_asm_registers[] = { RAX, RBX, RCX, RDX, RSI, RDI, X87_ST0 };
static int x_int_args[] = { RDI, RSI, RDX, RCX, R8, R9 };
static int x_fp_args[] = { 32, 33, 34, 35, 36, 37, 38, 39 };
static int x_int_rets[] = { RAX, RDX };
static int x_fp_rets[] = { 32, 33 };

Target target_x86_64 = {
    "x86_64", MACH_X86_64, { 6, 8 }, { x_int_args, x_fp_args }, { x_int_rets, x_fp_rets },
    R11, RSP, RBP, { R10, XMM15 }, { RAX, XMM15 }, NONE,
    1UL << RSI | 1UL << RDI | 1UL << R8 | 1UL << R9 | 1UL << R11 | 0x3fffUL << 32,
    1UL << RBX | 1UL << R12 | 1UL << R13 | 1UL << R14 | 1UL << R15,
    0, { 0, 4 }, { 16, 16 }, { 48, 176 }, 8, 24,
    0, 0, 0, 0,
    x_imm_fits, x_prologue, x_instruction, x_move, x_move_imm, x_asm_reg, x_asm_text, "abcdSDt", x_asm_registers
};

/* SPDX-License-Identifier: MIT
 *
 * The x86_64 back end: one function of ir.h's instructions to machine code (System V psABI). One file
 * because it is one table of encodings and one switch over the instructions.
 *
 * Machine registers: 0..15 rax rcx rdx rbx rsp rbp rsi rdi r8..r15; 32..47 xmm0..xmm15; 64 st(0), which
 * carries long double results. rax, rcx, rdx, r10, xmm14 and xmm15 are scratch. An operand whose place is in
 * the frame is used there directly where an instruction can take one memory operand.
 *
 * Frame:   rbp + 16: ARGS    rbp: saved rbp    below: FRAME area, saved registers, OUTS at rsp
 * A leaf that needs none of it has no frame. The 32 bytes below rsp (red zone) carry values to and from x87.
 */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, XMM0 = 32, XMM14 = 46, XMM15 = 47,
       X87_ST0 = 64 };

static Func *xf;
static unsigned char *xo;       /* next byte to write; the section's len follows after each instruction */
static int *x_labels;           /* offset of each label, -1: not yet */
static int x_labels_room;

/* A distance to be filled in when all labels are known: 32 bits at `at`, from `from`. */
typedef struct Fixup Fixup;
struct Fixup {
    int at;
    int label;
    int from;
};
static Fixup *x_fixups;
static int x_nfixups;
static int x_fixups_room;

/* The memory operand of the instruction in work. */
static int xm_base;             /* register, or -1: relative to rip, of xm_sym */
static int xm_index;            /* register, or -1 */
static int xm_shift;
static int xm_off;
static Symbol *xm_sym;

/* ---- encodings ---- */

static void x_byte(int b)
{
    *xo = b;
    xo++;
}

static void x_imm32(long v)
{
    put_le(xo, 4, v);
    xo = xo + 4;
}

static void x_imm64(long v)
{
    put_le(xo, 8, v);
    xo = xo + 8;
}

static long x_here(void)
{
    return xo - xf->sec->data;
}

/* Opcodes are one byte, or 0x0F and one byte; a mandatory prefix comes before REX. `byte_reg` is a register
 * used as a byte, or -1: spl, bpl, sil, dil need a REX. */
static void x_opcode(int prefix, int wide, int opcode, int reg, int index, int base, int byte_reg)
{
    int rex = (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    if (prefix)
        x_byte(prefix);
    if (rex || (byte_reg >= 4 && byte_reg < 32))
        x_byte(0x40 | rex);
    if (opcode > 255)
        x_byte(opcode >> 8);
    x_byte(opcode & 255);
}

static void x_reg_byte(int prefix, int wide, int opcode, int reg, int rm, int byte_reg)
{
    x_opcode(prefix, wide, opcode, reg, 0, rm, byte_reg);
    x_byte(0xC0 | (reg & 7) << 3 | (rm & 7));
}

static void x_reg(int prefix, int wide, int opcode, int reg, int rm)
{
    x_reg_byte(prefix, wide, opcode, reg, rm, -1);
}

/* With the memory operand xm_...; `behind` immediate bytes follow it. */
static void x_mem_byte(int prefix, int wide, int opcode, int reg, int behind, int byte_reg)
{
    int index = xm_index < 0 ? 0 : xm_index;
    int base = xm_base < 0 ? 0 : xm_base;
    x_opcode(prefix, wide, opcode, reg, index, base, byte_reg);
    int field = (reg & 7) << 3;
    if (xm_base < 0) {
        x_byte(field | 5);
        sec_reloc(xf->sec, x_here(), R_X86_64_PC32, xm_sym, xm_off - 4 - behind);
        x_imm32(0);
        return;
    }
    int mod = xm_off == 0 && (base & 7) != RBP ? 0 : xm_off >= -128 && xm_off < 128 ? 0x40 : 0x80;
    if (xm_index >= 0 || (base & 7) == RSP) {
        x_byte(mod | field | 4);
        x_byte(xm_shift << 6 | (xm_index < 0 ? RSP : index & 7) << 3 | (base & 7));
    } else
        x_byte(mod | field | (base & 7));
    if (mod == 0x40)
        x_byte(xm_off & 255);
    else if (mod == 0x80)
        x_imm32(xm_off);
}

static void x_mem(int prefix, int wide, int opcode, int reg)
{
    x_mem_byte(prefix, wide, opcode, reg, 0, -1);
}

static void xm_set(int base, int off)
{
    xm_base = base;
    xm_index = -1;
    xm_shift = 0;
    xm_off = off;
}

/* With a place: a register, or a slot of the frame. */
static void x_place(int prefix, int wide, int opcode, int reg, int place)
{
    if (place >= 0)
        x_reg(prefix, wide, opcode, reg, place);
    else {
        xm_set(RBP, place);
        x_mem(prefix, wide, opcode, reg);
    }
}

static void x_move_imm(int cls, int reg, long v)
{
    if (cls == K_W)
        v = v & 0xffffffffL;
    if (reg >= XMM0) {
        if (v == 0) {
            x_reg(0, 0, 0x0F57, reg, reg);                          /* xorps */
            return;
        }
        x_move_imm(cls == K_S ? K_W : K_L, RAX, v);
        x_reg(0x66, cls != K_S, 0x0F6E, reg, RAX);                  /* movd, movq */
    } else if (v == 0)
        x_reg(0, 0, 0x31, reg, reg);
    else if (v >= 0 && v <= 0xffffffffL) {
        x_opcode(0, 0, 0xB8 | (reg & 7), 0, 0, reg, -1);
        x_imm32(v);
    } else if (v >= -0x80000000L && v < 0) {
        x_reg(0, 1, 0xC7, 0, reg);
        x_imm32(v);
    } else {
        x_opcode(0, 1, 0xB8 | (reg & 7), 0, 0, reg, -1);
        x_imm64(v);
    }
}

/* fld and fstp of the x87 formats, for the memory operand. */
static void x_fld(int cls)
{
    if (cls == K_X)
        x_mem(0, 0, 0xDB, 5);
    else
        x_mem(0, 0, cls == K_S ? 0xD9 : 0xDD, 0);
}

static void x_fstp(int cls)
{
    if (cls == K_X)
        x_mem(0, 0, 0xDB, 7);
    else
        x_mem(0, 0, cls == K_S ? 0xD9 : 0xDD, 3);
}

static void x_fld_place(int place)
{
    xm_set(RBP, place);
    x_fld(K_X);
}

static void x_fstp_place(int place)
{
    xm_set(RBP, place);
    x_fstp(K_X);
}

static void x_move(int cls, int to, int from)
{
    if (to == from)
        return;
    if (cls == K_X) {
        if (to == X87_ST0)
            x_fld_place(from);
        else if (from == X87_ST0)
            x_fstp_place(to);
        else {
            x_place(0, 0, 0x0F10, XMM15, from);                     /* movups */
            x_place(0, 0, 0x0F11, XMM15, to);
        }
    } else if (to < 0 && from < 0) {
        x_place(0, 1, 0x8B, R10, from);
        x_place(0, 1, 0x89, R10, to);
    } else if (cls >= K_S) {
        int prefix = cls == K_S ? 0xF3 : 0xF2;
        if (to < 0)
            x_place(prefix, 0, 0x0F11, from, to);
        else if (from < 0)
            x_place(prefix, 0, 0x0F10, to, from);
        else if (from < XMM0)
            x_reg(0x66, cls == K_D, 0x0F6E, to, from);
        else if (to < XMM0)
            x_reg(0x66, cls == K_D, 0x0F7E, from, to);
        else
            x_reg(0, 0, 0x0F28, to, from);                          /* movaps */
    } else if (to < 0)
        x_place(0, 1, 0x89, from, to);
    else if (from < 0)
        x_place(0, cls == K_L, 0x8B, to, from);
    else
        x_reg(0, cls == K_L, 0x8B, to, from);
}

/* ---- operands ---- */

static int x_loc(int v)
{
    return xf->v[v].loc;
}

/* The register that holds v: its own, or scratch, loaded. */
static int x_use(int v, int scratch)
{
    int place = x_loc(v);
    if (place >= 0)
        return place;
    x_move(xf->v[v].cls, scratch, place);
    return scratch;
}

/* The register to compute v into, and what makes it v's value. */
static int x_into(int v, int scratch)
{
    return x_loc(v) >= 0 ? x_loc(v) : scratch;
}

static void x_done(int v, int reg)
{
    x_move(xf->v[v].cls, x_loc(v), reg);
}

static void x_address(Ins *n)
{
    if (n->a == SYM) {
        xm_set(-1, n->off);
        xm_sym = n->sym;
    } else if (n->a == FRAME)
        xm_set(RBP, n->off);
    else if (n->a == ARGS)
        xm_set(RBP, 16 + n->off);
    else if (n->a == OUTS)
        xm_set(RSP, n->off);
    else {
        int base = x_use(n->a, R10);
        xm_set(base, n->off);
    }
    if (n->x >= 0) {
        int index = x_loc(n->x);
        if (index < 0) {            /* loading it uses the memory operand */
            int base = xm_base;
            xm_set(RBP, index);
            x_mem(0, 1, 0x8B, RCX);
            xm_set(base, n->off);
            index = RCX;
        }
        xm_index = index;
        xm_shift = n->shift;
    }
}

/* ---- arithmetic ---- */

/* the register-with-place opcode; the immediate forms' number is bits 3..5 of it */
static int x_alu_opcode(int op)
{
    if (op == I_ADD)
        return 0x03;
    if (op == I_OR)
        return 0x0B;
    if (op == I_AND)
        return 0x23;
    if (op == I_SUB)
        return 0x2B;
    return 0x33;
}

static void x_alu_imm(int wide, int number, int place, long imm)
{
    int small = imm >= -128 && imm < 128;
    int opcode = small ? 0x83 : 0x81;
    if (place >= 0)
        x_reg(0, wide, opcode, number, place);
    else {
        xm_set(RBP, place);
        x_mem_byte(0, wide, opcode, number, small ? 1 : 4, -1);
    }
    if (small)
        x_byte(imm & 255);
    else
        x_imm32(imm);
}

static void x_arithmetic(Ins *n)
{
    int wide = n->cls == K_L;
    int a = x_loc(n->a);
    int d = x_into(n->dst, RAX);
    int opcode = n->op == I_MUL ? 0x0FAF : x_alu_opcode(n->op);
    if (n->b == NONE) {
        long imm = wide ? n->imm : (int)n->imm;
        if (n->op == I_MUL) {
            int small = imm >= -128 && imm < 128;
            if (a >= 0)
                x_reg(0, wide, small ? 0x6B : 0x69, d, a);
            else {
                xm_set(RBP, a);
                x_mem_byte(0, wide, small ? 0x6B : 0x69, d, small ? 1 : 4, -1);
            }
            if (small)
                x_byte(imm & 255);
            else
                x_imm32(imm);
        } else if (x_loc(n->dst) == a) {
            x_alu_imm(wide, opcode >> 3, a, imm);
            return;
        } else if (a >= 0 && (n->op == I_ADD || (n->op == I_SUB && imm != -0x80000000L))) {
            xm_set(a, (int)(n->op == I_ADD ? imm : -imm));
            x_mem(0, wide, 0x8D, d);
        } else {
            x_move(n->cls, d, a);
            x_alu_imm(wide, opcode >> 3, d, imm);
        }
    } else {
        int b = x_loc(n->b);
        if (b == d && a != d) {
            if (n->op == I_SUB) {
                x_reg(0, wide, 0xF7, 3, d);                         /* neg */
                x_place(0, wide, 0x03, d, a);
            } else
                x_place(0, wide, opcode, d, a);
        } else if (n->op == I_ADD && a >= 0 && b >= 0 && a != d) {
            xm_set(a, 0);
            xm_index = b;
            x_mem(0, wide, 0x8D, d);                                /* lea */
        } else {
            x_move(n->cls, d, a);
            x_place(0, wide, opcode, d, b);
        }
    }
    x_done(n->dst, d);
}

static void x_shift(Ins *n)
{
    int wide = n->cls == K_L;
    int number = n->op == I_SHL ? 4 : n->op == I_SHR ? 5 : 7;
    int d = x_into(n->dst, RAX);
    if (n->b == NONE) {
        x_move(n->cls, d, x_loc(n->a));
        x_reg(0, wide, 0xC1, number, d);
        x_byte(n->imm & 63);
    } else {
        x_move(K_W, RCX, x_loc(n->b));
        x_move(n->cls, d, x_loc(n->a));
        x_reg(0, wide, 0xD3, number, d);
    }
    x_done(n->dst, d);
}

static int x_log2(long v)
{
    int n = 0;
    while ((v >> n & 1) == 0)
        n++;
    return n;
}

static void x_divide(Ins *n)
{
    int wide = n->cls == K_L;
    int is_signed = n->op == I_DIV || n->op == I_REM;
    if (n->b == NONE) {             /* a power of two, unsigned: x_imm_fits saw to it */
        int d = x_into(n->dst, RAX);
        x_move(n->cls, d, x_loc(n->a));
        if (n->op == I_UDIV) {
            x_reg(0, wide, 0xC1, 5, d);
            x_byte(x_log2(n->imm));
        } else
            x_alu_imm(wide, 4, d, n->imm - 1);
        x_done(n->dst, d);
        return;
    }
    x_move(n->cls, RAX, x_loc(n->a));
    if (is_signed) {
        x_opcode(0, wide, 0x99, 0, 0, 0, -1);                       /* cdq, cqo */
    } else
        x_reg(0, 0, 0x31, RDX, RDX);
    x_place(0, wide, 0xF7, is_signed ? 7 : 6, x_loc(n->b));
    x_done(n->dst, n->op == I_DIV || n->op == I_UDIV ? RAX : RDX);
}

static void x_extend(Ins *n)
{
    int d = x_into(n->dst, RAX);
    int a = x_loc(n->a);
    int wide = n->cls == K_L;
    if (n->cc <= M_UH) {
        int opcode = n->cc == M_SB ? 0x0FBE : n->cc == M_UB ? 0x0FB6 : n->cc == M_SH ? 0x0FBF : 0x0FB7;
        wide = wide && (n->cc == M_SB || n->cc == M_SH);
        if (a >= 0)
            x_reg_byte(0, wide, opcode, d, a, n->cc <= M_UB ? a : -1);
        else
            x_place(0, wide, opcode, d, a);
    } else if (n->cc == M_SW && wide)
        x_place(0, 1, 0x63, d, a);
    else
        x_place(0, 0, 0x8B, d, a);
    x_done(n->dst, d);
}

/* ---- floating point ---- */

static int x_prefix(int cls)
{
    return cls == K_S ? 0xF3 : 0xF2;
}

static void x_float_arithmetic(Ins *n)
{
    int opcode = n->op == I_ADD ? 0x0F58 : n->op == I_MUL ? 0x0F59 : n->op == I_SUB ? 0x0F5C : 0x0F5E;
    int a = x_loc(n->a);
    int b = x_loc(n->b);
    if (n->cls == K_X) {
        x_fld_place(a);
        x_fld_place(b);
        x_byte(0xDE);
        x_byte(n->op == I_ADD ? 0xC1 : n->op == I_MUL ? 0xC9 : n->op == I_SUB ? 0xE9 : 0xF9);
        x_fstp_place(x_loc(n->dst));
        return;
    }
    int d = x_into(n->dst, XMM15);
    if (b == d && a != d) {
        if (n->op == I_ADD || n->op == I_MUL) {
            b = a;
            a = d;
        } else {
            x_move(n->cls, XMM14, b);
            b = XMM14;
        }
    }
    x_move(n->cls, d, a);
    x_place(x_prefix(n->cls), 0, opcode, d, b);
    x_done(n->dst, d);
}

static void x_negate(Ins *n)
{
    if (n->cls == K_X) {
        x_fld_place(x_loc(n->a));
        x_byte(0xD9);
        x_byte(0xE0);                                               /* fchs */
        x_fstp_place(x_loc(n->dst));
    } else if (n->cls >= K_S) {
        int d = x_into(n->dst, XMM15);
        x_move_imm(n->cls, XMM14, n->cls == K_S ? 0x80000000L : (long)(1UL << 63));
        x_move(n->cls, d, x_loc(n->a));
        x_reg(0, 0, 0x0F57, d, XMM14);
        x_done(n->dst, d);
    } else {
        int d = x_into(n->dst, RAX);
        x_move(n->cls, d, x_loc(n->a));
        x_reg(0, n->cls == K_L, 0xF7, n->op == I_NEG ? 3 : 2, d);
        x_done(n->dst, d);
    }
}

/* The memory operand becomes a place in the red zone. */
static void xm_red_zone(void)
{
    xm_set(RSP, -16);
}

/* Pushes v, of class K_S or K_D, on the x87 stack. */
static void x_fld_value(int v)
{
    int place = x_loc(v);
    int cls = xf->v[v].cls;
    if (place >= 0) {
        xm_red_zone();
        x_mem(x_prefix(cls), 0, 0x0F11, place);
    } else
        xm_set(RBP, place);
    x_fld(cls);
}

static void x_float_to_float(Ins *n)
{
    if (n->cls == K_X) {
        x_fld_value(n->a);
        x_fstp_place(x_loc(n->dst));
    } else if (n->cc == K_X) {
        x_fld_place(x_loc(n->a));
        int d = x_loc(n->dst);
        if (d >= 0)
            xm_red_zone();
        else
            xm_set(RBP, d);
        x_fstp(n->cls);
        if (d >= 0)
            x_mem(x_prefix(n->cls), 0, 0x0F10, d);
    } else {
        int d = x_into(n->dst, XMM15);
        x_place(x_prefix(n->cc), 0, 0x0F5A, d, x_loc(n->a));
        x_done(n->dst, d);
    }
}

/* Pops st(0), truncated, into rax. */
static void x_fisttp(void)
{
    xm_red_zone();
    x_mem(0, 0, 0xDD, 1);
    x_mem(0, 1, 0x8B, RAX);
}

/* A short jump whose distance x_land fills in. */
static unsigned char *x_short(int opcode)
{
    x_byte(opcode);
    x_byte(0);
    return xo;
}

static void x_land(unsigned char *jump)
{
    jump[-1] = xo - jump;
}

static void x_flip_top(void)
{
    x_reg(0, 1, 0x0FBA, 7, RAX);                                    /* btc $63, %rax */
    x_byte(63);
}

static void x_float_to_int(Ins *n)
{
    int wide = n->cls == K_L;
    if (n->op == I_FTOI && n->cc != K_X) {
        int d = x_into(n->dst, RAX);
        x_place(x_prefix(n->cc), wide, 0x0F2C, d, x_loc(n->a));
        x_done(n->dst, d);
        return;
    }
    if (n->op == I_FTOI) {
        x_fld_place(x_loc(n->a));
        x_fisttp();
    } else if (n->cc == K_X) {      /* from 2^63 on: less 2^63, and the top bit set */
        x_fld_place(x_loc(n->a));
        xm_red_zone();
        x_mem_byte(0, 0, 0xC7, 0, 4, -1);
        x_imm32(0x5F000000);
        x_fld(K_S);
        x_byte(0xDB);
        x_byte(0xE9);                                               /* fucomi %st(1), %st */
        unsigned char *small = x_short(0x77);
        x_byte(0xDE);
        x_byte(0xE9);                                               /* fsubrp: a - 2^63 */
        x_fisttp();
        x_flip_top();
        unsigned char *end = x_short(0xEB);
        x_land(small);
        x_byte(0xDD);
        x_byte(0xD8);                                               /* fstp %st */
        x_fisttp();
        x_land(end);
    } else {
        x_move(n->cc, XMM15, x_loc(n->a));
        x_move_imm(n->cc, XMM14, n->cc == K_S ? 0x5F000000L : 0x43E0000000000000L);
        x_reg(n->cc == K_D ? 0x66 : 0, 0, 0x0F2E, XMM15, XMM14);
        unsigned char *big = x_short(0x73);
        x_reg(x_prefix(n->cc), 1, 0x0F2C, RAX, XMM15);
        unsigned char *end = x_short(0xEB);
        x_land(big);
        x_reg(x_prefix(n->cc), 0, 0x0F5C, XMM15, XMM14);
        x_reg(x_prefix(n->cc), 1, 0x0F2C, RAX, XMM15);
        x_flip_top();
        x_land(end);
    }
    x_done(n->dst, RAX);
}

static void x_int_to_float(Ins *n)
{
    int wide = n->cc == K_L;
    int a = x_loc(n->a);
    if (n->cls == K_X) {
        a = x_use(n->a, RAX);
        xm_red_zone();
        x_mem(0, wide, 0x89, a);
        x_mem(0, 0, wide ? 0xDF : 0xDB, wide ? 5 : 0);              /* fild */
        if (n->op == I_UTOF) {
            x_reg(0, 1, 0x85, a, a);
            unsigned char *small = x_short(0x79);
            xm_red_zone();
            x_mem_byte(0, 0, 0xC7, 0, 4, -1);
            x_imm32(0x5F800000);                                    /* 2^64 */
            x_mem(0, 0, 0xD8, 0);
            x_land(small);
        }
        x_fstp_place(x_loc(n->dst));
        return;
    }
    int d = x_into(n->dst, XMM15);
    int prefix = x_prefix(n->cls);
    if (n->op == I_ITOF)
        x_place(prefix, wide, 0x0F2A, d, a);
    else {                          /* from 2^63 on: half of it, with the lost bit kept, twice */
        x_move(K_L, RAX, a);
        x_reg(0, 1, 0x85, RAX, RAX);
        unsigned char *big = x_short(0x78);
        x_reg(prefix, 1, 0x0F2A, d, RAX);
        unsigned char *end = x_short(0xEB);
        x_land(big);
        x_reg(0, 1, 0x8B, RDX, RAX);
        x_reg(0, 1, 0xD1, 5, RDX);
        x_alu_imm(0, 4, RAX, 1);
        x_reg(0, 1, 0x0B, RDX, RAX);
        x_reg(prefix, 1, 0x0F2A, d, RDX);
        x_reg(prefix, 0, 0x0F58, d, d);
        x_land(end);
    }
    x_done(n->dst, d);
}

/* ---- comparisons and jumps ---- */

/* Sets the flags for n's comparison. The result is the condition code to test; for floats that are compared
 * for equality parity (unordered) has to be looked at too. */
static int x_compare(Ins *n)
{
    static unsigned char codes[] = { 4, 5, 0xC, 0xE, 0xF, 0xD, 2, 6, 7, 3 };
    static unsigned char float_codes[] = { 4, 5, 7, 3, 7, 3, 0, 0, 0, 0, 6, 2, 6, 2 };
    int wide = n->cls == K_L;
    int a = x_loc(n->a);
    if (n->cls >= K_S) {
        int b = x_loc(n->b);
        if (n->cc == C_LT || n->cc == C_LE || n->cc == C_NLT || n->cc == C_NLE) {
            int t = a;              /* "above" is the test that is false on unordered: b above a */
            a = b;
            b = t;
        }
        if (n->cls == K_X) {
            x_fld_place(b);
            x_fld_place(a);
            x_byte(0xDF);
            x_byte(0xE9);                                           /* fucomip %st(1), %st */
            x_byte(0xDD);
            x_byte(0xD8);                                           /* fstp %st */
        } else {
            if (a < 0) {
                x_move(n->cls, XMM15, a);
                a = XMM15;
            }
            x_place(n->cls == K_D ? 0x66 : 0, 0, 0x0F2E, a, b);
        }
        return float_codes[n->cc];
    }
    if (n->b == NONE) {
        long imm = wide ? n->imm : (int)n->imm;
        if (imm == 0 && a >= 0)
            x_reg(0, wide, 0x85, a, a);
        else
            x_alu_imm(wide, 7, a, imm);
    } else {
        int b = x_loc(n->b);
        if (a < 0 && b >= 0)
            x_place(0, wide, 0x39, b, a);
        else
            x_place(0, wide, 0x3B, x_use(n->a, RAX), b);
    }
    return codes[n->cc];
}

static void x_compare_to_value(Ins *n)
{
    int code = x_compare(n);
    int equality = n->cls >= K_S && n->cc <= C_NE;
    x_reg(0, 0, 0x0F90 | code, 0, RAX);                             /* set.. %al */
    if (equality) {
        x_reg(0, 0, n->cc == C_EQ ? 0x0F9B : 0x0F9A, 0, RDX);       /* setnp, setp %dl */
        x_reg(0, 0, n->cc == C_EQ ? 0x20 : 0x08, RDX, RAX);         /* and, or %dl, %al */
    }
    int d = x_into(n->dst, RAX);
    x_reg(0, 0, 0x0FB6, d, RAX);
    x_done(n->dst, d);
}

static void x_fixup(int label, long from)
{
    if (x_nfixups == x_fixups_room) {
        Fixup *more = xalloc((long)(x_fixups_room * 2 + 256) * sizeof(Fixup));
        mem_copy(more, x_fixups, (long)x_nfixups * sizeof(Fixup));
        x_fixups = more;
        x_fixups_room = x_fixups_room * 2 + 256;
    }
    x_fixups[x_nfixups].at = (int)x_here();
    x_fixups[x_nfixups].label = label;
    x_fixups[x_nfixups].from = (int)from;
    x_nfixups++;
    x_imm32(0);
}

/* `code`: a condition, or -1 for always. */
static void x_jump(int code, int label)
{
    if (x_labels[label] >= 0) {
        long distance = x_labels[label] - (x_here() + 2);
        if (distance >= -128) {
            x_byte(code < 0 ? 0xEB : 0x70 | code);
            x_byte(distance & 255);
            return;
        }
    }
    if (code < 0)
        x_byte(0xE9);
    else {
        x_byte(0x0F);
        x_byte(0x80 | code);
    }
    x_fixup(label, x_here() + 4);
}

static void x_branch(Ins *n)
{
    int code = x_compare(n);
    if (n->cls >= K_S && n->cc == C_EQ) {
        unsigned char *unordered = x_short(0x7A);
        x_jump(4, n->label);
        x_land(unordered);
        return;
    }
    if (n->cls >= K_S && n->cc == C_NE)
        x_jump(0xA, n->label);
    x_jump(code, n->label);
}

static void x_table(Ins *n)
{
    int a = x_use(n->a, RAX);
    x_reg(0, 1, 0x8D, R10, RBP);                                    /* lea table(%rip), %r10 */
    xo[-1] = 0x15;
    x_imm32(0);
    unsigned char *end_of_lea = xo;
    xm_set(R10, 0);
    xm_index = a;
    xm_shift = 2;
    x_mem(0, 1, 0x63, RCX);                                         /* movslq (%r10,a,4), %rcx */
    x_reg(0, 1, 0x03, RCX, R10);
    x_reg(0, 0, 0xFF, 4, RCX);                                      /* jmp *%rcx */
    put_le(end_of_lea - 4, 4, xo - end_of_lea);
    long table = x_here();
    for (long i = 0; i < n->imm; i++) {
        xf->sec->len = x_here();
        sec_reserve(xf->sec, 64);
        xo = xf->sec->data + xf->sec->len;
        x_fixup(n->table[i], table);
    }
}

/* ---- memory ---- */

static void x_load(Ins *n)
{
    if (n->cc == M_X) {
        x_address(n);
        x_mem(0, 0, 0x0F10, XMM15);
        x_place(0, 0, 0x0F11, XMM15, x_loc(n->dst));
        return;
    }
    if (n->cc >= M_S) {
        int f = x_into(n->dst, XMM15);
        x_address(n);
        x_mem(n->cc == M_S ? 0xF3 : 0xF2, 0, 0x0F10, f);
        x_done(n->dst, f);
        return;
    }
    int d = x_into(n->dst, RAX);
    int wide = n->cls == K_L;
    x_address(n);
    if (n->cc == M_SB)
        x_mem(0, wide, 0x0FBE, d);
    else if (n->cc == M_UB)
        x_mem(0, 0, 0x0FB6, d);
    else if (n->cc == M_SH)
        x_mem(0, wide, 0x0FBF, d);
    else if (n->cc == M_UH)
        x_mem(0, 0, 0x0FB7, d);
    else if (n->cc == M_SW && wide)
        x_mem(0, 1, 0x63, d);
    else
        x_mem(0, n->cc == M_L, 0x8B, d);
    x_done(n->dst, d);
}

static void x_store(Ins *n)
{
    int size = n->cc <= M_UB ? 1 : n->cc <= M_UH ? 2 : n->cc <= M_UW ? 4 : 8;
    if (n->cc == M_X) {
        x_place(0, 0, 0x0F10, XMM15, x_loc(n->b));
        x_address(n);
        x_mem(0, 0, 0x0F11, XMM15);
    } else if (n->cc >= M_S) {
        int value = x_use(n->b, XMM15);
        x_address(n);
        x_mem(n->cc == M_S ? 0xF3 : 0xF2, 0, 0x0F11, value);
    } else if (n->b == NONE) {
        int behind = size > 4 ? 4 : size;
        x_address(n);
        x_mem_byte(size == 2 ? 0x66 : 0, size == 8, size == 1 ? 0xC6 : 0xC7, 0, behind, -1);
        put_le(xo, behind, n->imm);
        xo = xo + behind;
    } else {
        int value = x_use(n->b, RAX);
        x_address(n);
        x_mem_byte(size == 2 ? 0x66 : 0, size == 8, size == 1 ? 0x88 : 0x89, value, 0, size == 1 ? value : -1);
    }
}

static void x_load_address(Ins *n)
{
    int d = x_into(n->dst, RAX);
    if (n->cc == 1) {               /* thread-local: %fs:0 holds the thread pointer */
        x_byte(0x64);
        x_opcode(0, 1, 0x8B, d, 0, 0, -1);
        x_byte((d & 7) << 3 | 4);
        x_byte(0x25);
        x_imm32(0);
        x_opcode(0, 1, 0x81, 0, 0, d, -1);                          /* add $sym@tpoff, d */
        x_byte(0xC0 | (d & 7));
        sec_reloc(xf->sec, x_here(), R_X86_64_TPOFF32, n->sym, n->off);
        x_imm32(0);
    } else {
        x_address(n);
        if (xm_base >= 0 && xm_index < 0 && xm_off == 0)
            x_move(K_L, d, xm_base);
        else
            x_mem(0, 1, 0x8D, d);
    }
    x_done(n->dst, d);
}

/* n bytes from rsi to rdi, or (copy == 0) zeros to rdi. */
static void x_block(long n, int copy)
{
    if (n > 128) {
        if (!copy)
            x_reg(0, 0, 0x31, RAX, RAX);
        x_move_imm(K_L, RCX, n / 8);
        x_byte(0xF3);
        x_byte(0x48);
        x_byte(copy ? 0xA5 : 0xAB);                                 /* rep movsq, stosq */
        for (long i = n & 7; i > 0; i--)
            x_byte(copy ? 0xA4 : 0xAA);
        return;
    }
    int at = 0;
    if (!copy) {
        x_reg(0, 0, 0x0F57, XMM15, XMM15);
        x_reg(0, 0, 0x31, RAX, RAX);
    }
    while (at < n) {
        int size = n - at >= 16 ? 16 : n - at >= 8 ? 8 : n - at >= 4 ? 4 : n - at >= 2 ? 2 : 1;
        int prefix = size == 2 ? 0x66 : 0;
        int reg = size == 16 ? XMM15 : RAX;
        if (copy) {
            xm_set(RSI, at);
            x_mem(prefix, size == 8, size == 16 ? 0x0F10 : size == 1 ? 0x8A : 0x8B, reg);
        }
        xm_set(RDI, at);
        x_mem(prefix, size == 8, size == 16 ? 0x0F11 : size == 1 ? 0x88 : 0x89, reg);
        at = at + size;
    }
}

/* ---- functions ---- */

static int x_has_frame;

static int x_needs_frame(Func *f)
{
    if (f->frame || f->saved || f->outs || f->calls || f->allocas)
        return 1;
    for (int i = 0; i < f->nins; i++)
        if (f->ins[i].a == ARGS || f->ins[i].a == OUTS || f->ins[i].op == I_ASM)
            return 1;
    return 0;
}

static void x_saved(int opcode)
{
    int at = xf->frame;
    for (int reg = 0; reg < 16; reg++)
        if (xf->saved >> reg & 1) {
            at = at + 8;
            xm_set(RBP, -at);
            x_mem(0, 1, opcode, reg);
        }
}

static void x_prologue(void)
{
    if (!x_has_frame)
        return;
    int size = xf->frame + xf->outs;
    for (int reg = 0; reg < 16; reg++)
        if (xf->saved >> reg & 1)
            size = size + 8;
    size = (size + 15) / 16 * 16;
    x_byte(0x55);
    x_reg(0, 1, 0x8B, RBP, RSP);
    if (size)
        x_alu_imm(1, 5, RSP, size);
    x_saved(0x89);
}

static void x_epilogue(void)
{
    if (x_has_frame) {
        x_saved(0x8B);
        x_byte(0xC9);                                               /* leave */
    }
    x_byte(0xC3);
}

static void x_call(Ins *n)
{
    if (n->sym) {
        x_byte(0xE8);
        sec_reloc(xf->sec, x_here(), R_X86_64_PLT32, n->sym, -4);
        x_imm32(0);
    } else
        x_reg(0, 0, 0xFF, 2, R11);
}

static void x_alloca(Ins *n)
{
    x_move(K_L, RAX, x_loc(n->a));
    x_alu_imm(1, 0, RAX, 15);
    x_alu_imm(1, 4, RAX, -16);
    x_reg(0, 1, 0x2B, RSP, RAX);
    xm_set(RSP, xf->outs);
    x_mem(0, 1, 0x8D, RAX);
    x_done(n->dst, RAX);
}

static void x_constant(Ins *n)
{
    int d = x_loc(n->dst);
    if (d < 0 && n->imm >= -0x80000000L && n->imm < 0x80000000L) {
        xm_set(RBP, d);
        x_mem_byte(0, 1, 0xC7, 0, 4, -1);
        x_imm32(n->imm);
        return;
    }
    if (d < 0) {
        x_move_imm(K_L, RAX, n->imm);
        x_place(0, 1, 0x89, RAX, d);
    } else
        x_move_imm(n->cls, d, n->imm);
}

static void x_instruction(Ins *n)
{
    switch (n->op) {
    case I_NOP:
        break;
    case I_MOV:
        if (n->a == NONE)
            x_constant(n);
        else
            x_move(n->cls, x_loc(n->dst), x_loc(n->a));
        break;
    case I_ADDR: x_load_address(n); break;
    case I_LD: x_load(n); break;
    case I_ST: x_store(n); break;
    case I_ADD: case I_SUB: case I_MUL:
        if (n->cls >= K_S)
            x_float_arithmetic(n);
        else
            x_arithmetic(n);
        break;
    case I_AND: case I_OR: case I_XOR: x_arithmetic(n); break;
    case I_DIV:
        if (n->cls >= K_S)
            x_float_arithmetic(n);
        else
            x_divide(n);
        break;
    case I_UDIV: case I_REM: case I_UREM: x_divide(n); break;
    case I_SHL: case I_SHR: case I_SAR: x_shift(n); break;
    case I_NEG: case I_NOT: x_negate(n); break;
    case I_EXT: x_extend(n); break;
    case I_FTOF: x_float_to_float(n); break;
    case I_FTOI: case I_FTOU: x_float_to_int(n); break;
    case I_ITOF: case I_UTOF: x_int_to_float(n); break;
    case I_CMP: x_compare_to_value(n); break;
    case I_JCC: x_branch(n); break;
    case I_JMP: x_jump(-1, n->label); break;
    case I_LABEL: x_labels[n->label] = (int)x_here(); break;
    case I_TABLE: x_table(n); break;
    case I_CALL: x_call(n); break;
    case I_RET: x_epilogue(); break;
    case I_COPY: x_block(n->imm, 1); break;
    case I_ZERO: x_block(n->imm, 0); break;
    case I_ALLOCA: x_alloca(n); break;
    case I_GETSP: x_move(K_L, x_loc(n->dst), RSP); break;
    case I_SETSP: x_move(K_L, RSP, x_loc(n->a)); break;
    case I_FP:
        if (n->imm == 0)
            x_move(K_L, x_loc(n->dst), RBP);
        else {
            xm_set(RBP, 8);
            x_mem(0, 1, 0x8B, RAX);
            x_done(n->dst, RAX);
        }
        break;
    case I_TRAP:
        x_byte(0x0F);
        x_byte(0x0B);
        break;
    default:
        fatal("internal: unknown instruction %s", str_number(n->op));
    }
}

/* A jump to the label that comes next does nothing. */
static int x_jumps_to_next(Func *f, int i)
{
    if (f->ins[i].op != I_JMP)
        return 0;
    for (int k = i + 1; k < f->nins && (f->ins[k].op == I_LABEL || f->ins[k].op == I_NOP); k++)
        if (f->ins[k].op == I_LABEL && f->ins[k].label == f->ins[i].label)
            return 1;
    return 0;
}

static void x_gen_func(Func *f)
{
    xf = f;
    if (f->nlabels > x_labels_room) {
        x_labels_room = f->nlabels * 2;
        x_labels = xalloc((long)x_labels_room * sizeof(int));
    }
    for (int i = 0; i < f->nlabels; i++)
        x_labels[i] = -1;
    x_nfixups = 0;
    x_has_frame = x_needs_frame(f);
    sec_reserve(f->sec, 512);
    xo = f->sec->data + f->sec->len;
    x_prologue();
    f->sec->len = x_here();
    for (int i = 0; i < f->nins;) {
        Ins *n = &f->ins[i];
        sec_reserve(f->sec, 2048);      /* no instruction and no group of moves is longer */
        xo = f->sec->data + f->sec->len;
        if (n->op == I_PUT || n->op == I_GET)
            i = move_group(f, i);
        else {
            if (n->op == I_ASM) {
                as_inline(obj, f->sec, n->text, obj->file, n->line);
                xo = f->sec->data + f->sec->len;
            } else if (!x_jumps_to_next(f, i))
                x_instruction(n);
            i++;
        }
        f->sec->len = x_here();
    }
    for (int i = 0; i < x_nfixups; i++)
        put_le(f->sec->data + x_fixups[i].at, 4, x_labels[x_fixups[i].label] - x_fixups[i].from);
}

static int x_imm_fits(int op, int cls, long imm)
{
    if (cls >= K_S)
        return 0;
    if (op == I_DIV || op == I_REM)
        return 0;
    if (op == I_UDIV || op == I_UREM)
        return imm > 0 && imm <= 0x40000000L && (imm & (imm - 1)) == 0;
    return cls == K_W || (imm >= -0x80000000L && imm < 0x80000000L);
}

/* ---- inline assembly ---- */

static int x_asm_reg(char *name) {
    X86Operand o;
    if (*name == '%')
        name++;
    return !x86_register(&o, name) || o.kind == X_ST ? NONE : o.kind == X_XMM ? XMM0 + o.reg : o.reg;
}

static int x_asm_constraint(int letter) {
    static int registers[] = { RAX, RBX, RCX, RDX, RSI, RDI, X87_ST0 };
    char name[2];
    name[0] = letter;
    name[1] = 0;
    int i = list_index("a,b,c,d,S,D,t", name);
    return i < 0 ? NONE : registers[i];
}

static void x_asm_text(char *out, int reg, int cls, int modifier) {
    char *list = x86_registers[reg >= XMM0 ? 4 : modifier == 'b' ? 0 : modifier == 'w' ? 1
                               : modifier == 'k' || cls == K_W && modifier != 'q' ? 2 : 3];
    if (modifier == 'h' && reg < 4)
        list = "ah,ch,dh,bh";
    char *name = str_join("%", reg == X87_ST0 ? "st" : list_item(list, reg & 31), "");
    mem_copy(out, name, str_len(name) + 1);
}

static void x_asm_memory(char *out, int reg) {
    char *text = str_join("(%", list_item(x86_registers[3], reg), ")");
    mem_copy(out, text, str_len(text) + 1);
}

static int x_int_args[] = { RDI, RSI, RDX, RCX, R8, R9 };
static int x_fp_args[] = { 32, 33, 34, 35, 36, 37, 38, 39 };
static int x_int_rets[] = { RAX, RDX };
static int x_fp_rets[] = { 32, 33 };

Target target_x86_64 = {
    "x86_64", MACH_X86_64, 6, 8, x_int_args, x_fp_args, x_int_rets, x_fp_rets,
    R11, { R10, XMM15 }, NONE,
    1UL << RSI | 1UL << RDI | 1UL << R8 | 1UL << R9 | 1UL << R11 | 0x3fffUL << 32,
    1UL << RBX | 1UL << R12 | 1UL << R13 | 1UL << R14 | 1UL << R15,
    0, 0, 0,
    x_imm_fits, x_gen_func, x_move, x_move_imm, x_asm_reg, x_asm_constraint, x_asm_text, x_asm_memory
};

/* SPDX-License-Identifier: MIT
 *
 * One file, because the lowering of every expression and statement shares one set of helpers.
 *
 * From a function's syntax tree to the instructions of ir.h.
 *
 * Scalars whose address is not taken become virtual registers, the rest gets
 * room in the frame.  A structure's value is its address.
 *
 * Over 500 lines: it is one recursion over the node kinds. */

typedef struct Mem Mem;
struct Mem {                    /* a memory operand */
    int a;
    int x;
    int shift;
    int off;
    Symbol *sym;
};

typedef struct LValue LValue;
struct LValue {
    int vreg;                   /* a variable in a register, or NONE: */
    Mem m;
    Member *bits;               /* a bit-field in m */
    Type *type;
};

enum { X87_RESULT = 64 };       /* the machine register st(0), of x86_64 */

static Func fn;
static int gen_dead;            /* nothing gets here: instructions are dropped until a label */
static Ins dead_ins;
static int cur_frame;           /* bytes of the frame that are in use in this block */
static int block_start;
static int break_label;
static int continue_label;
static Decl *gen_function;
static int sret_vreg;
static int reg_save;            /* FRAME offset of a variadic function's saved registers */
static ArgState named_args;

static int gen(Node *n);
static void gen_stmt(Node *n);
static void record_address(Node *n, Mem *m);
static void branch(Node *n, int label, int sense);
static int gen_call(Node *n, Mem *result);
static void va_arg_address(Node *n, Mem *m);
static void gen_asm(Asm *a);
static void gen_va_start(int list);
static void load_parts(Mem *from, Passing *p, int *parts);
static int result_register(int cls);

/* ---- instructions ---- */

static Ins *emit(int op, int cls, int dst, int a, int b) {
    Ins *i = &dead_ins;
    if (!gen_dead || op == I_LABEL) {
        if (fn.nins == fn.capins) {
            fn.capins = fn.capins * 2 + 1024;
            Ins *more = xalloc(fn.capins * sizeof(Ins));
            mem_copy(more, fn.ins, fn.nins * sizeof(Ins));
            fn.ins = more;
        }
        i = &fn.ins[fn.nins];
        fn.nins++;
    }
    i->op = op;
    i->cls = cls;
    i->cc = 0;
    i->shift = 0;
    i->dst = dst;
    i->a = a;
    i->b = b;
    i->x = NONE;
    i->off = 0;
    i->label = 0;
    i->imm = 0;
    i->sym = 0;
    return i;
}

static int vreg_new(int cls, int home) {
    if (fn.nv == fn.capv) {
        fn.capv = fn.capv * 2 + 512;
        VReg *more = xalloc(fn.capv * sizeof(VReg));
        mem_copy(more, fn.v, fn.nv * sizeof(VReg));
        fn.v = more;
    }
    VReg *v = &fn.v[fn.nv];
    v->cls = cls;
    v->hint = NONE;
    v->home = home;
    fn.nv++;
    return fn.nv - 1;
}

static int tmp(int cls) {
    return vreg_new(cls, NONE);
}

static int new_label(void) {
    fn.nlabels++;
    return fn.nlabels - 1;
}

static void place_label(int label) {
    gen_dead = 0;
    emit(I_LABEL, 0, NONE, NONE, NONE)->label = label;
}

static void jump_to(int label) {
    emit(I_JMP, 0, NONE, NONE, NONE)->label = label;
    gen_dead = 1;
}

static int constant(long v, int cls) {
    int t = tmp(cls);
    emit(I_MOV, cls, t, NONE, NONE)->imm = v;
    return t;
}

static int op2(int op, int cls, int a, int b) {
    int t = tmp(cls);
    emit(op, cls, t, a, b);
    return t;
}

static int op_imm(int op, int cls, int a, long imm) {
    if (!target->imm_fits(op, cls, imm))
        return op2(op, cls, a, constant(imm, op >= I_SHL && op <= I_SAR ? K_W : cls));
    int t = tmp(cls);
    emit(op, cls, t, a, NONE)->imm = imm;
    return t;
}

static void jcc_imm(int cc, int cls, int a, long imm, int label) {
    Ins *i;
    if (target->imm_fits(I_JCC, cls, imm)) {
        i = emit(I_JCC, cls, NONE, a, NONE);
        i->imm = imm;
    } else {
        int b = constant(imm, cls);
        i = emit(I_JCC, cls, NONE, a, b);
    }
    i->cc = cc;
    i->label = label;
}

static void move_to(int dst, int src) {
    if (dst == src)
        return;
    int cls = fn.v[dst].cls;
    if (!gen_dead && fn.nins && fn.v[src].home == NONE) {
        Ins *last = &fn.ins[fn.nins - 1];
        if (last->dst == src && fn.v[src].cls == cls && last->op != I_GET) {
            last->dst = dst;            /* the value is made where it is wanted */
            return;
        }
    }
    emit(I_MOV, cls, dst, src, NONE);
}

static int log2_of(long v) {
    for (int k = 0; k < 63; k++)
        if (v == 1L << k)
            return k;
    return -1;
}

/* ---- memory ---- */

static void mem_at(Mem *m, int a, int off) {
    m->a = a;
    m->x = NONE;
    m->shift = 0;
    m->off = off;
    m->sym = 0;
}

static void mem_set_operand(Ins *i, Mem *m) {
    i->a = m->a;
    i->x = m->x;
    i->shift = m->shift;
    i->off = m->off;
    i->sym = m->sym;
}

static int load(Mem *m, int cls, int mt) {
    int t = tmp(cls);
    Ins *i = emit(I_LD, cls, t, NONE, NONE);
    mem_set_operand(i, m);
    i->cc = mt;
    return t;
}

static void store(Mem *m, int cls, int mt, int v) {
    Ins *i = emit(I_ST, cls, NONE, NONE, v);
    mem_set_operand(i, m);
    i->cc = mt;
}

static int address(Mem *m) {
    if (m->a >= 0 && m->x == NONE && !m->off)
        return m->a;
    int t = tmp(K_L);
    Ins *i = emit(I_ADDR, K_L, t, NONE, NONE);
    mem_set_operand(i, m);
    return t;
}

/* The memory that an address computation leads to: sums become an operand. */
static void mem_of_pointer(Node *n, Mem *m) {
    while (n->op == N_CAST && class_of(n->type) == K_L && class_of(n->a->type) == K_L && n->a->op != N_ADDR)
        n = n->a;
    if (n->op == N_ADD && is_num(n->b) && n->b->val == (int)n->b->val) {
        mem_of_pointer(n->a, m);
        if (m->off + n->b->val == (int)(m->off + n->b->val)) {
            m->off += n->b->val;
            return;
        }
        mem_at(m, address(m), 0);
        mem_at(m, op_imm(I_ADD, K_L, m->a, n->b->val), 0);
        return;
    }
    if (n->op == N_ADDR && n->a->type->kind != TY_FUNC) {
        record_address(n->a, m);
        return;
    }
    if (n->op == N_ADD) {
        Node *b = n->b;
        long scale_by = 1;
        if (b->op == N_MUL && is_num(b->b)) {
            scale_by = b->b->val;
            b = b->a;
        }
        if (scale_by == 1 || scale_by == 2 || scale_by == 4 || scale_by == 8) {
            mem_of_pointer(n->a, m);
            if (m->x != NONE || m->a == SYM || m->a == ARGS || m->a == OUTS)
                mem_at(m, address(m), 0);
            m->x = gen(b);
            m->shift = scale_by == 8 ? 3 : scale_by / 2;
            return;
        }
    }
    mem_at(m, gen(n), 0);
}

static int frame_room(long size, int align) {
    if (align < 8)
        align = 8;
    if (align > 16)
        align = 16;
    cur_frame = (cur_frame + (size + 7 & ~7) + align - 1) & -align;
    if (cur_frame > fn.frame)
        fn.frame = cur_frame;
    return -cur_frame;
}

static void copy_bytes(Mem *to, Mem *from, long size) {
    if (size > 64) {
        int d = address(to);
        int s = address(from);
        emit(I_PUT, K_L, NONE, d, NONE)->imm = target->int_args[0];
        emit(I_PUT, K_L, NONE, s, NONE)->imm = target->int_args[1];
        emit(I_COPY, 0, NONE, NONE, NONE)->imm = size;
        return;
    }
    Mem d;
    Mem s;
    mem_copy(&d, to, sizeof(Mem));
    mem_copy(&s, from, sizeof(Mem));
    long done = 0;
    while (done < size) {
        long left = size - done;
        int n = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        int mt = n == 8 ? M_L : n == 4 ? M_UW : n == 2 ? M_UH : M_UB;
        int cls = n == 8 ? K_L : K_W;
        d.off = to->off + done;
        s.off = from->off + done;
        store(&d, cls, mt, load(&s, cls, mt));
        done += n;
    }
}

static void clear_bytes(Mem *to, long size) {
    if (size > 128) {
        emit(I_PUT, K_L, NONE, address(to), NONE)->imm = target->int_args[0];
        emit(I_ZERO, 0, NONE, NONE, NONE)->imm = size;
        return;
    }
    Mem d;
    mem_copy(&d, to, sizeof(Mem));
    long done = 0;
    while (done < size) {
        long left = size - done;
        int n = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        d.off = to->off + done;
        store(&d, n == 8 ? K_L : K_W, n == 8 ? M_L : n == 4 ? M_UW : n == 2 ? M_UH : M_UB, NONE);
        done += n;
    }
}

/* ---- variables ---- */

static void place_local(Decl *d) {
    if (d->vreg != NONE || d->frame)
        return;
    if (is_scalar(d->type) && !d->addressed && !(d->type->quals & Q_VOLATILE) && !gen_function->has_setjmp)
        d->vreg = vreg_new(class_of(d->type), block_start);
    else {
        int align = type_align(d->type);
        if (d->align > align)
            align = d->align;
        long size = type_size(d->type);
        d->frame = frame_room(size ? size : 1, align);
    }
}

static void lvalue(Node *n, LValue *l) {
    l->vreg = NONE;
    l->bits = 0;
    l->type = n->type;
    if (n->op == N_VAR) {
        Decl *d = n->decl;
        if (d->is_global) {
            mem_at(&l->m, SYM, 0);
            l->m.sym = decl_symbol(d);
            if (d->thread_local) {
                int t = tmp(K_L);
                Ins *i = emit(I_ADDR, K_L, t, SYM, NONE);
                i->sym = l->m.sym;
                i->cc = 1;
                mem_at(&l->m, t, 0);
            }
            return;
        }
        if (d->size_vla) {
            mem_at(&l->m, gen(d->size_vla), 0);
            return;
        }
        place_local(d);
        l->vreg = d->vreg;
        mem_at(&l->m, FRAME, d->frame);
        return;
    }
    record_address(n, &l->m);
    if (n->op == N_MEMBER && n->member->bit_width >= 0)
        l->bits = n->member;
}

/* The address of a structure's value, or of any object. */
static void record_address(Node *n, Mem *m) {
    switch (n->op) {
    case N_VAR: {
        LValue l;
        lvalue(n, &l);
        mem_copy(m, &l.m, sizeof(Mem));
        return;
    }
    case N_STR:
        mem_at(m, SYM, 0);
        m->sym = string_symbol(n);
        return;
    case N_DEREF:
        mem_of_pointer(n->a, m);
        return;
    case N_MEMBER:
        record_address(n->a, m);
        m->off += n->val;
        return;
    case N_COMMA:
        gen(n->a);
        record_address(n->b, m);
        return;
    case N_CAST:
        record_address(n->a, m);
        return;
    case N_ASSIGN:
    case N_INIT: {
        Mem from;
        record_address(n->b, &from);
        record_address(n->a, m);
        copy_bytes(m, &from, type_size(n->type));
        return;
    }
    case N_COND: {
        int other = new_label();
        int end = new_label();
        int t = tmp(K_L);
        branch(n->a, other, 0);
        record_address(n->b, m);
        emit(I_MOV, K_L, t, address(m), NONE);
        jump_to(end);
        place_label(other);
        record_address(n->c, m);
        emit(I_MOV, K_L, t, address(m), NONE);
        place_label(end);
        mem_at(m, t, 0);
        return;
    }
    case N_CALL:
        gen_call(n, m);
        return;
    case N_VA_ARG:
        va_arg_address(n, m);
        return;
    case N_STMT_EXPR: {
        Node *s = n->a->a;
        for (; s && s->next; s = s->next)
            gen_stmt(s);
        record_address(s->a, m);
        return;
    }
    }
    fatal("internal: no address (%s)", str_number(n->op));
}

static int bits_load(LValue *l) {
    Member *b = l->bits;
    int cls = class_of(b->unit);
    int total = cls == K_L ? 64 : 32;
    int v = load(&l->m, cls, memory_type(b->unit));
    int up = total - b->bit_width - b->bit_offset;
    if (up)
        v = op_imm(I_SHL, cls, v, up);
    if (total - b->bit_width)
        v = op_imm(is_unsigned(b->type) ? I_SHR : I_SAR, cls, v, total - b->bit_width);
    return v;
}

static int bits_store(LValue *l, int v) {
    Member *b = l->bits;
    int cls = class_of(b->unit);
    int mt = memory_type(b->unit);
    unsigned long mask = b->bit_width == 64 ? -1L : (1L << b->bit_width) - 1;
    if (l->m.a >= 0 || l->m.x != NONE)
        mem_at(&l->m, address(&l->m), 0);
    int low = op_imm(I_AND, cls, v, mask);
    int bits = b->bit_offset ? op_imm(I_SHL, cls, low, b->bit_offset) : low;
    long keep = ~(mask << b->bit_offset);
    if (cls == K_W)
        keep = (int)keep;
    int old = op_imm(I_AND, cls, load(&l->m, cls, mt), keep);
    store(&l->m, cls, mt, op2(I_OR, cls, old, bits));
    if (is_unsigned(b->type))
        return low;
    int up = (cls == K_L ? 64 : 32) - b->bit_width;
    return up ? op_imm(I_SAR, cls, op_imm(I_SHL, cls, v, up), up) : v;
}

static int lvalue_load(LValue *l) {
    if (l->vreg != NONE)
        return l->vreg;
    if (l->bits)
        return bits_load(l);
    return load(&l->m, class_of(l->type), memory_type(l->type));
}

static int lvalue_store(LValue *l, int v) {
    if (l->bits)
        return bits_store(l, v);
    if (l->vreg != NONE) {
        move_to(l->vreg, v);
        return l->vreg;
    }
    store(&l->m, class_of(l->type), memory_type(l->type), v);
    return v;
}

/* ---- helpers of the long double by calls ---- */

static int helper(char *name, int result, int a, int b) {
    int nint = 0;
    int nfp = 0;
    int args[2];
    args[0] = a;
    args[1] = b;
    for (int i = 0; i < 2; i++)
        if (args[i] != NONE) {
            int cls = fn.v[args[i]].cls;
            Ins *p = emit(I_PUT, cls, NONE, args[i], NONE);
            p->imm = cls >= K_S ? target->fp_args[nfp] : target->int_args[nint];
            if (cls >= K_S)
                nfp++;
            else
                nint++;
        }
    emit(I_CALL, 0, NONE, NONE, NONE)->sym = obj_symbol(obj, name);
    fn.calls = 1;
    int t = tmp(result);
    emit(I_GET, result, t, NONE, NONE)->imm = result >= K_S ? target->fp_rets[0] : target->int_rets[0];
    return t;
}

static char *quad_compare[] = { "__eqtf2", "__netf2", "__lttf2", "__letf2", "__gttf2", "__getf2" };

/* ---- conversions ---- */

static int convert(int v, Type *from, Type *to) {
    int fc = class_of(from);
    int tc = class_of(to);
    Ins *i;
    if (to->kind == TY_BOOL) {
        if (from->kind == TY_BOOL)
            return v;
        int zero = NONE;
        if (fc == K_X && target->x_by_call) {
            v = helper("__netf2", K_W, v, convert(constant(0, K_D), ty_double, ty_ldouble));
            fc = K_W;
        } else if (fc == K_X)
            zero = convert(constant(0, K_D), ty_double, ty_ldouble);
        else if (fc >= K_S)
            zero = constant(0, fc);
        int t = tmp(K_W);
        i = emit(I_CMP, fc, t, v, zero);
        i->cc = C_NE;
        return t;
    }
    if (is_float(to) && is_float(from)) {
        if (fc == tc)
            return v;
        if (target->x_by_call && (fc == K_X || tc == K_X))
            return helper(fc == K_X ? (tc == K_S ? "__trunctfsf2" : "__trunctfdf2") : fc == K_S ? "__extendsftf2" : "__extenddftf2", tc, v, NONE);
        int t = tmp(tc);
        emit(I_FTOF, tc, t, v, NONE)->cc = fc;
        return t;
    }
    if (is_float(to)) {
        int u = is_unsigned(from) && fc == K_L;
        if (target->x_by_call && tc == K_X)
            return helper(fc == K_W ? (is_unsigned(from) && from->size == 4 ? "__floatunsitf" : "__floatsitf") : u ? "__floatunditf" : "__floatditf", tc, v, NONE);
        if (fc == K_W && is_unsigned(from) && from->size == 4) {
            int w = tmp(K_L);
            emit(I_EXT, K_L, w, v, NONE)->cc = M_UW;
            v = w;
            fc = K_L;
        }
        int t = tmp(tc);
        emit(u ? I_UTOF : I_ITOF, tc, t, v, NONE)->cc = fc;
        return t;
    }
    if (is_float(from)) {
        int u = is_unsigned(to) && tc == K_L;
        int wide = u || is_unsigned(to) && to->size == 4 ? K_L : tc;
        int t;
        if (target->x_by_call && fc == K_X)
            t = helper(u ? "__fixunstfdi" : wide == K_L ? "__fixtfdi" : "__fixtfsi", wide, v, NONE);
        else {
            t = tmp(wide);
            emit(u ? I_FTOU : I_FTOI, wide, t, v, NONE)->cc = fc;
        }
        return wide == tc && type_size(to) >= 4 ? t : convert(t, wide == K_L ? ty_long : ty_int, to);
    }
    /* integers and pointers */
    if (tc == K_L) {
        if (fc == K_L)
            return v;
        int t = tmp(K_L);
        emit(I_EXT, K_L, t, v, NONE)->cc = is_unsigned(from) ? M_UW : M_SW;
        return t;
    }
    if (type_size(to) < 4 && (type_size(from) > type_size(to) || type_size(from) == type_size(to) && is_unsigned(from) != is_unsigned(to))) {
        int t = tmp(K_W);
        emit(I_EXT, K_W, t, v, NONE)->cc = memory_type(to);
        return t;
    }
    if (fc == K_L) {
        int t = tmp(K_W);
        emit(I_EXT, K_W, t, v, NONE)->cc = M_UW;
        return t;
    }
    return v;
}

static int truncate_to(int v, Type *type) {
    if (type->kind == TY_BOOL)
        return convert(v, ty_int, type);
    if (is_integer(type) && type->size < 4)
        return convert(v, ty_int, type);
    return v;
}

/* ---- arithmetic ---- */

static int ir_op(int op, Type *type) {
    int u = is_unsigned(type) && !is_float(type);
    switch (op) {
    case N_ADD: return I_ADD;
    case N_SUB: return I_SUB;
    case N_MUL: return I_MUL;
    case N_DIV: return u ? I_UDIV : I_DIV;
    case N_REM: return u ? I_UREM : I_REM;
    case N_AND: return I_AND;
    case N_OR: return I_OR;
    case N_XOR: return I_XOR;
    case N_SHL: return I_SHL;
    }
    return u ? I_SHR : I_SAR;
}

static int arithmetic_by(int op, Type *type, int a, long v) {
    int cls = class_of(type);
    int k = log2_of(cls == K_W ? v & 0xffffffff : v);
    int iop = ir_op(op, type);
    int bits = cls == K_L ? 64 : 32;
    if (k >= 0 && k < bits - 1) {
        if (iop == I_MUL)
            return k ? op_imm(I_SHL, cls, a, k) : a;
        if (iop == I_UDIV)
            return k ? op_imm(I_SHR, cls, a, k) : a;
        if (iop == I_UREM)
            return op_imm(I_AND, cls, a, v - 1);
        if ((iop == I_DIV || iop == I_REM) && k > 0) {
            int sign = op_imm(I_SAR, cls, a, bits - 1);
            int bias = op_imm(I_SHR, cls, sign, bits - k);
            int sum = op2(I_ADD, cls, a, bias);
            if (iop == I_DIV)
                return op_imm(I_SAR, cls, sum, k);
            return op2(I_SUB, cls, a, op_imm(I_AND, cls, sum, -v));
        }
    }
    if (cls == K_W)
        v = (int)v;
    return op_imm(iop, cls, a, v);
}

static int arithmetic_ir(int op, Type *type, int a, Node *b) {
    int cls = class_of(type);
    if (is_num(b) && cls <= K_L)
        return arithmetic_by(op, type, a, b->val);
    int v = gen(b);
    if (cls == K_X && target->x_by_call)
        return helper(op == N_ADD ? "__addtf3" : op == N_SUB ? "__subtf3" : op == N_MUL ? "__multf3" : "__divtf3", K_X, a, v);
    return op2(ir_op(op, type), cls, a, v);
}

static int is_compare(Node *n) {
    return n->op >= N_EQ && n->op <= N_GE;
}

static int condition_code(Node *n) {
    int cc = n->op - N_EQ;
    if (cc >= C_LT && !is_float(n->a->type) && (is_unsigned(n->a->type) || n->a->type->kind == TY_PTR))
        cc += C_ULT - C_LT;
    return cc;
}

static int negated(int cc, int cls) {
    if (cc == C_EQ || cc == C_NE)
        return cc ^ 1;
    if (cls >= K_S)
        return cc + C_NLT - C_LT;
    switch (cc) {
    case C_LT: return C_GE;
    case C_LE: return C_GT;
    case C_GT: return C_LE;
    case C_GE: return C_LT;
    case C_ULT: return C_UGE;
    case C_ULE: return C_UGT;
    case C_UGT: return C_ULE;
    }
    return C_ULT;
}

/* a cc b, to the label or (label == NONE) to a new register. */
static int compare(Node *n, int label, int sense) {
    int cls = class_of(n->a->type);
    int cc = condition_code(n);
    int a = gen(n->a);
    int b = NONE;
    long imm = 0;
    if (cls == K_X && target->x_by_call) {
        a = helper(quad_compare[cc], K_W, a, gen(n->b));
        cls = K_W;
    } else if (is_num(n->b) && cls <= K_L) {
        imm = cls == K_W ? (int)n->b->val : n->b->val;
        if (!target->imm_fits(I_JCC, cls, imm))
            b = constant(imm, cls);
    } else
        b = gen(n->b);
    if (!sense)
        cc = negated(cc, cls);
    int t = label == NONE ? tmp(K_W) : NONE;
    Ins *i = emit(label == NONE ? I_CMP : I_JCC, cls, t, a, b);
    i->cc = cc;
    i->imm = imm;
    i->label = label;
    return t;
}

static void branch(Node *n, int label, int sense) {
    while (n->op == N_CAST && is_integer(n->type) && n->type->kind != TY_BOOL && is_integer(n->a->type) && n->type->size >= n->a->type->size)
        n = n->a;
    if (is_compare(n)) {
        compare(n, label, sense);
        return;
    }
    switch (n->op) {
    case N_NUM:
    case N_REAL:
        if (truth(n) == sense)
            jump_to(label);
        return;
    case N_NOT:
        branch(n->a, label, !sense);
        return;
    case N_COMMA:
        gen(n->a);
        branch(n->b, label, sense);
        return;
    case N_ANDAND:
    case N_OROR:
        if ((n->op == N_ANDAND) == sense) {
            int skip = new_label();
            branch(n->a, skip, !sense);
            branch(n->b, label, sense);
            place_label(skip);
        } else {
            branch(n->a, label, sense);
            branch(n->b, label, sense);
        }
        return;
    }
    int v = gen(n);
    int cls = class_of(n->type);
    if (cls >= K_S) {
        v = convert(v, n->type, ty_bool);
        cls = K_W;
    }
    jcc_imm(sense ? C_NE : C_EQ, cls, v, 0, label);
}

static int label_number(Label *l) {
    if (l->number == NONE)
        l->number = new_label();
    return l->number;
}

/* ---- labels as values ----
 * The value of &&label is its number among the function's labels, counted from
 * 1; goto *e goes through a table of them all.  (So it can be kept anywhere,
 * and compared, but means nothing outside its function.) */

static void gen_computed_goto(Node *n) {
    int at = op_imm(I_SUB, K_L, gen(n->a), 1);
    int count = gen_function->labels->index;
    int *table = xalloc(count * sizeof(int));
    for (Label *l = gen_function->labels; l; l = l->next)
        table[l->index - 1] = label_number(l);
    Ins *i = emit(I_TABLE, K_L, NONE, at, NONE);
    i->imm = count;
    i->table = table;
    gen_dead = 1;
}

/* ---- expressions ---- */

static int gen_real(Node *n) {
    unsigned char out[16];
    int cls = class_of(n->type);
    real_encode(n->real, n->type->kind, out);
    if (cls != K_X)
        return constant(get_le(out, cls == K_S ? 4 : 8), cls);
    Section *s = obj_section(obj, ".rodata", SHT_PROGBITS, SHF_ALLOC);
    sec_align(s, 16);
    Mem m;
    mem_at(&m, SYM, 0);
    m.sym = obj_local(obj);
    sym_define(m.sym, s, s->len);
    sec_bytes(s, (char *)out, 16);
    return load(&m, K_X, M_X);
}

static int gen_logical(Node *n) {
    int t = tmp(K_W);
    int end = new_label();
    int no = new_label();
    branch(n, no, 0);
    emit(I_MOV, K_W, t, NONE, NONE)->imm = 1;
    jump_to(end);
    place_label(no);
    emit(I_MOV, K_W, t, NONE, NONE)->imm = 0;
    place_label(end);
    return t;
}

static int gen_cond(Node *n) {
    int other = new_label();
    int end = new_label();
    int cls = class_of(n->type);
    int t = n->type->kind == TY_VOID ? NONE : tmp(cls);
    branch(n->a, other, 0);
    int v = gen(n->b);
    if (t != NONE)
        emit(I_MOV, cls, t, v, NONE);
    jump_to(end);
    place_label(other);
    v = gen(n->c);
    if (t != NONE)
        emit(I_MOV, cls, t, v, NONE);
    place_label(end);
    return t;
}

static int has_call(Node *n) {
    if (!n)
        return 0;
    switch (n->op) {
    case N_NUM: case N_REAL: case N_VAR: case N_STR: case N_OLD:
        return 0;
    case N_CAST: case N_NEG: case N_COM: case N_DEREF: case N_MEMBER: case N_ADDR:
        return has_call(n->a);
    case N_ADD: case N_SUB: case N_MUL: case N_AND: case N_OR: case N_XOR: case N_SHL: case N_SHR:
        return has_call(n->a) || has_call(n->b);
    }
    return 1;
}

static int gen_assign(Node *n) {
    LValue l;
    if (is_record(n->type) || n->type->kind == TY_ARRAY) {
        Mem m;
        record_address(n, &m);
        return NONE;
    }
    if (n->a->op == N_VAR || !has_call(n->b)) {
        lvalue(n->a, &l);
        return lvalue_store(&l, gen(n->b));
    }
    int v = gen(n->b);
    lvalue(n->a, &l);
    return lvalue_store(&l, v);
}

/* a op= b and a++: b is the new value, and uses the old one by its node c. */
static int gen_set(Node *n) {
    LValue l;
    lvalue(n->a, &l);
    if (l.vreg == NONE && has_call(n->b) && (l.m.x != NONE || l.m.a >= 0))
        mem_at(&l.m, address(&l.m), 0);
    int old = lvalue_load(&l);
    n->c->val = old;
    if (n->op == N_POST && l.vreg != NONE) {
        old = tmp(class_of(n->type));
        emit(I_MOV, class_of(n->type), old, l.vreg, NONE);
    }
    int v = lvalue_store(&l, gen(n->b));
    return n->op == N_POST ? old : v;
}

static int gen_neg(Node *n) {
    int cls = class_of(n->type);
    int v = gen(n->a);
    if (cls != K_X || !target->x_by_call)
        return op2(I_NEG, cls, v, NONE);
    Mem m;
    mem_at(&m, FRAME, frame_room(16, 16));
    store(&m, K_X, M_X, v);
    m.off += 8;
    int word = load(&m, K_L, M_L);
    store(&m, K_L, M_L, op2(I_XOR, K_L, word, constant(1L << 63, K_L)));
    m.off -= 8;
    return load(&m, K_X, M_X);
}

static void gen_void(Node *n) {
    if (is_record(n->type)) {
        Mem m;
        if (n->op != N_VAR && n->op != N_DEREF && n->op != N_MEMBER)
            record_address(n, &m);
    } else if (n->op == N_POST) {           /* i++; needs no old value */
        n->op = N_SET;
        gen(n);
    } else
        gen(n);
}

/* The value of an expression, in a register; NONE when it has none. */
static int gen(Node *n) {
    int v;
    LValue l;
    Mem m;
    switch (n->op) {
    case N_NUM:
        return constant(class_of(n->type) == K_W ? (int)n->val : n->val, class_of(n->type));
    case N_REAL:
        return gen_real(n);
    case N_VAR:
    case N_DEREF:
    case N_MEMBER:
        if (is_record(n->type) || n->type->kind == TY_VOID || n->type->kind == TY_ARRAY || n->type->kind == TY_FUNC) {
            if (n->op == N_DEREF)
                gen(n->a);
            return NONE;
        }
        lvalue(n, &l);
        return lvalue_load(&l);
    case N_ADDR:
        if (n->a->type->kind == TY_FUNC) {
            Node *f = n->a;
            while (f->op == N_DEREF && f->a->op == N_ADDR)
                f = f->a->a;
            if (f->op == N_DEREF)
                return gen(f->a);
            mem_at(&m, SYM, 0);
            m.sym = decl_symbol(f->decl);
            return address(&m);
        }
        record_address(n->a, &m);
        return address(&m);
    case N_CAST:
        if (n->type->kind == TY_VOID) {
            gen_void(n->a);
            return NONE;
        }
        v = gen(n->a);
        return convert(v, n->a->type, n->type);
    case N_ADD:
        if (n->type->kind == TY_PTR && n->b->op == N_MUL && is_num(n->b->b) && n->b->b->val <= 8 && log2_of(n->b->b->val) >= 0) {
            mem_of_pointer(n, &m);
            return address(&m);
        }
        return arithmetic_ir(n->op, n->type, gen(n->a), n->b);
    case N_SUB: case N_MUL: case N_DIV: case N_REM: case N_AND: case N_OR: case N_XOR: case N_SHL: case N_SHR:
        return arithmetic_ir(n->op, n->type, gen(n->a), n->b);
    case N_EQ: case N_NE: case N_LT: case N_LE: case N_GT: case N_GE:
        return compare(n, NONE, 1);
    case N_NEG:
        return gen_neg(n);
    case N_COM:
        return op2(I_NOT, class_of(n->type), gen(n->a), NONE);
    case N_NOT:
        if (is_compare(n->a))
            return compare(n->a, NONE, 0);
        if (n->a->op != N_ANDAND && n->a->op != N_OROR && class_of(n->a->type) <= K_L) {
            v = gen(n->a);
            int t = tmp(K_W);
            emit(I_CMP, class_of(n->a->type), t, v, NONE)->cc = C_EQ;
            return t;
        }
        return gen_logical(n);
    case N_ANDAND:
    case N_OROR:
        return gen_logical(n);
    case N_COND:
        return gen_cond(n);
    case N_COMMA:
        gen_void(n->a);
        return gen(n->b);
    case N_ASSIGN:
    case N_INIT:
        return gen_assign(n);
    case N_OLD:
        return n->val;
    case N_SET:
    case N_POST:
        return gen_set(n);
    case N_ZERO:
        place_local(n->decl);
        if (n->decl->vreg != NONE)
            emit(I_MOV, fn.v[n->decl->vreg].cls, n->decl->vreg, NONE, NONE);
        else {
            mem_at(&m, FRAME, n->decl->frame);
            clear_bytes(&m, type_size(n->decl->type));
        }
        return NONE;
    case N_CALL:
        return gen_call(n, &m);
    case N_STMT_EXPR: {
        Node *s = n->a->a;
        for (; s; s = s->next)
            if (!s->next && s->op == N_EXPR && n->type->kind != TY_VOID)
                return gen(s->a);
            else
                gen_stmt(s);
        return n->type->kind == TY_VOID ? NONE : constant(0, class_of(n->type));
    }
    case N_VA_START:
        gen_va_start(gen(n->a));
        return NONE;
    case N_VA_COPY: {
        Mem from;
        mem_of_pointer(n->a, &m);
        mem_of_pointer(n->b, &from);
        copy_bytes(&m, &from, target->machine == MACH_X86_64 ? 24 : 32);
        return NONE;
    }
    case N_VA_ARG:
        va_arg_address(n, &m);
        return load(&m, class_of(n->type), memory_type(n->type));
    case N_ALLOCA:
        fn.allocas = 1;
        v = tmp(K_L);
        emit(I_ALLOCA, K_L, v, gen(n->a), NONE);
        return v;
    case N_FRAME_ADDRESS:
    case N_RETURN_ADDRESS:
        fn.calls = 1;
        v = tmp(K_L);
        emit(I_FP, K_L, v, NONE, NONE)->imm = n->op == N_RETURN_ADDRESS;
        return v;
    case N_TRAP:
    case N_UNREACHABLE:
        emit(I_TRAP, 0, NONE, NONE, NONE);
        gen_dead = 1;
        return NONE;
    case N_STR:
        record_address(n, &m);
        return address(&m);
    case N_LABEL_ADDR:
        return constant(n->label->index, K_L);
    }
    fatal("internal: expression (%s)", str_number(n->op));
    return NONE;
}

/* ---- statements ---- */

static void gen_list(Node *s) {
    for (; s; s = s->next)
        gen_stmt(s);
}

static void gen_loop_body(Node *body, int next_label, int end_label) {
    int outer_break = break_label;
    int outer_continue = continue_label;
    break_label = end_label;
    continue_label = next_label;
    if (body->op == N_VLA_BODY) {
        int sp = tmp(K_L);
        emit(I_GETSP, K_L, sp, NONE, NONE);
        break_label = new_label();
        continue_label = new_label();
        gen_stmt(body->a);
        place_label(continue_label);
        emit(I_SETSP, K_L, NONE, sp, NONE);
        jump_to(next_label);
        place_label(break_label);
        emit(I_SETSP, K_L, NONE, sp, NONE);
        jump_to(end_label);
        fn.allocas = 1;
    } else
        gen_stmt(body);
    break_label = outer_break;
    continue_label = outer_continue;
}

/* The condition is generated behind the body, so that a turn takes one branch. */
static void gen_for(Node *n) {
    int body = new_label();
    int step = new_label();
    int test = new_label();
    int end = new_label();
    int outer_frame = cur_frame;
    int outer_start = block_start;
    block_start = fn.nins;
    if (n->a)
        gen_stmt(n->a);
    if (n->b && truth(n->b) != 1)
        jump_to(test);
    place_label(body);
    gen_loop_body(n->d, step, end);
    place_label(step);
    if (n->c)
        gen_void(n->c);
    place_label(test);
    if (n->b)
        branch(n->b, body, 1);
    else
        jump_to(body);
    place_label(end);
    cur_frame = outer_frame;
    block_start = outer_start;
}

static void gen_while(Node *n) {
    int body = new_label();
    int test = new_label();
    int end = new_label();
    if (truth(n->a) == 1)
        place_label(test);
    else
        jump_to(test);
    place_label(body);
    gen_loop_body(n->b, test, end);
    if (truth(n->a) != 1)
        place_label(test);
    branch(n->a, truth(n->a) == 1 ? test : body, 1);
    place_label(end);
}

static void gen_do(Node *n) {
    int body = new_label();
    int test = new_label();
    int end = new_label();
    place_label(body);
    gen_loop_body(n->b, test, end);
    place_label(test);
    branch(n->a, body, 1);
    place_label(end);
}


static int case_less(Node *a, Node *b, int u) {
    if (u)
        return (unsigned long)a->val < (unsigned long)b->val;
    return a->val < b->val;
}

static void sort_cases(Node **c, int n, int u) {
    for (int gap = n / 2; gap > 0; gap = gap / 2)
        for (int i = gap; i < n; i++)
            for (int k = i - gap; k >= 0 && case_less(c[k + gap], c[k], u); k -= gap) {
                Node *swap = c[k];
                c[k] = c[k + gap];
                c[k + gap] = swap;
            }
}

static void switch_search(Node **c, int lo, int hi, int v, Type *type, int other) {
    int cls = class_of(type);
    int u = is_unsigned(type);
    long range = c[hi]->b->val - c[lo]->val;
    if (hi - lo >= 4 && range > 0 && range < 4L * (hi - lo + 1) + 8) {
        int at = op_imm(I_SUB, cls, v, cls == K_W ? (int)c[lo]->val : c[lo]->val);
        jcc_imm(C_UGT, cls, at, range, other);
        if (cls == K_W) {
            int wide = tmp(K_L);
            emit(I_EXT, K_L, wide, at, NONE)->cc = M_UW;
            at = wide;
        }
        int *table = xalloc((range + 1) * sizeof(int));
        for (long i = 0; i <= range; i++)
            table[i] = other;
        for (int i = lo; i <= hi; i++)
            for (long k = c[i]->val; k <= c[i]->b->val; k++)
                table[k - c[lo]->val] = label_number(c[i]->label);
        Ins *i = emit(I_TABLE, K_L, NONE, at, NONE);
        i->imm = range + 1;
        i->table = table;
        gen_dead = 1;
        return;
    }
    if (hi - lo < 3) {
        for (int i = lo; i <= hi; i++) {
            int label = label_number(c[i]->label);
            if (c[i]->b->val == c[i]->val)
                jcc_imm(C_EQ, cls, v, cls == K_W ? (int)c[i]->val : c[i]->val, label);
            else {
                int at = op_imm(I_SUB, cls, v, cls == K_W ? (int)c[i]->val : c[i]->val);
                jcc_imm(C_ULE, cls, at, c[i]->b->val - c[i]->val, label);
            }
        }
        jump_to(other);
        return;
    }
    int middle = (lo + hi) / 2;
    int left = new_label();
    long pivot = c[middle + 1]->val;
    jcc_imm(u ? C_ULT : C_LT, cls, v, cls == K_W ? (int)pivot : pivot, left);
    switch_search(c, middle + 1, hi, v, type, other);
    place_label(left);
    switch_search(c, lo, middle, v, type, other);
}

static void gen_switch(Node *n) {
    int count = 0;
    int end = new_label();
    int v = gen(n->a);
    for (Node *c = n->c; c; c = c->c)
        count++;
    Node **array = xalloc((count + 1) * sizeof(Node *));
    int i = count;
    for (Node *c = n->c; c; c = c->c) {
        i--;
        array[i] = c;
    }
    sort_cases(array, count, is_unsigned(n->type));
    for (i = 1; i < count; i++)
        if (array[i]->val == array[i - 1]->val)
            fatal_at(tk.place.file->name, array[i]->line, "two case labels of the same value%s", "");
    int other = n->d ? label_number(n->d->label) : end;
    if (count)
        switch_search(array, 0, count - 1, v, n->type, other);
    else
        jump_to(other);
    int outer = break_label;
    break_label = end;
    gen_stmt(n->b);
    break_label = outer;
    place_label(end);
}

static void gen_return(Node *n) {
    Type *type = gen_function->type->base;
    Passing p;
    if (!n->a || type->kind == TY_VOID) {
        if (n->a)
            gen_void(n->a);
        emit(I_RET, 0, NONE, NONE, NONE);
        gen_dead = 1;
        return;
    }
    if (is_record(type)) {
        Mem from;
        record_address(n->a, &from);
        if (returned_in_memory(type, &p)) {
            Mem to;
            mem_at(&to, sret_vreg, 0);
            copy_bytes(&to, &from, p.size);
            emit(I_PUT, K_L, NONE, sret_vreg, NONE)->imm = target->int_rets[0];
        } else if (p.is_x87) {
            emit(I_PUT, K_X, NONE, load(&from, K_X, M_X), NONE)->imm = X87_RESULT;
        } else {
            int parts[4];
            assign_result(&p);
            load_parts(&from, &p, parts);
            for (int i = 0; i < p.n; i++)
                emit(I_PUT, p.cls[i], NONE, parts[i], NONE)->imm = p.reg[i];
        }
    } else {
        int v = gen(n->a);
        int cls = class_of(type);
        Ins *i = emit(I_PUT, cls, NONE, v, NONE);
        i->imm = result_register(cls);
    }
    emit(I_RET, 0, NONE, NONE, NONE);
    gen_dead = 1;
}

static void gen_stmt(Node *n) {
    int label;
    int end;
    if (!gen_dead && fn.nins)
        fn.ins[fn.nins - 1].line = n->line;
    switch (n->op) {
    case N_EXPR:
        gen_void(n->a);
        return;
    case N_BLOCK: {
        int outer_frame = cur_frame;
        int outer_start = block_start;
        if (!n->val)
            block_start = fn.nins;
        gen_list(n->a);
        if (!n->val) {              /* else it only holds declarations of the block around */
            cur_frame = outer_frame;
            block_start = outer_start;
        }
        return;
    }
    case N_DECL:
        if (!n->decl->size_vla)
            place_local(n->decl);
        if (n->a) {
            if (n->a->op == N_BLOCK)
                gen_list(n->a->a);
            else
                gen_void(n->a);
        }
        return;
    case N_IF:
        label = new_label();
        branch(n->a, label, 0);
        gen_stmt(n->b);
        if (n->c) {
            end = new_label();
            jump_to(end);
            place_label(label);
            gen_stmt(n->c);
            place_label(end);
        } else
            place_label(label);
        return;
    case N_FOR:
        gen_for(n);
        return;
    case N_WHILE:
        gen_while(n);
        return;
    case N_DO:
        gen_do(n);
        return;
    case N_SWITCH:
        gen_switch(n);
        return;
    case N_CASE:
    case N_DEFAULT:
    case N_LABEL:
        place_label(label_number(n->label));
        if (n->a)
            gen_stmt(n->a);
        return;
    case N_GOTO:
        jump_to(label_number(n->label));
        return;
    case N_IGOTO:
        gen_computed_goto(n);
        return;
    case N_BREAK:
        jump_to(break_label);
        return;
    case N_CONTINUE:
        jump_to(continue_label);
        return;
    case N_RETURN:
        gen_return(n);
        return;
    case N_ASM:
        gen_asm(n->assembly);
        return;
    }
    fatal("internal: statement (%s)", str_number(n->op));
}

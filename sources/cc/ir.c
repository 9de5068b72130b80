/* SPDX-License-Identifier: MIT
 *
 * What gen.c, call.c and asm.c make the instructions of ir.h with: virtual registers, memory operands, variables,
 * conversions.
 *
 * Scalars whose address is not taken become virtual registers, the rest gets room in the frame.  A structure's value is
 * its address. */

typedef struct Mem Mem;
struct Mem {                    /* a memory operand, or */
    int a, x, shift, off;
    Symbol *sym;
    int vreg;                   /* a variable in a register, unless NONE */
    Member *bits;               /* a bit-field in memory, unless null */
};

static Func fn;
static int gen_dead;            /* nothing gets here: instructions are dropped until a label */
static Ins dead_ins;
static Ins blank_ins;
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
static void locate(Node *n, Mem *m);

/* ---- instructions ---- */

static Ins *emit(int op, int cls, int dst, int a, int b) {
    Ins *i = &dead_ins;
    if (!gen_dead || op == I_LABEL) {
        fn.ins = grow(fn.ins, fn.nins, &fn.capins, sizeof(Ins));
        i = &fn.ins[fn.nins++];
    }
    mem_copy(i, &blank_ins, sizeof(Ins));
    i->op = op;
    i->cls = cls;
    i->dst = dst;
    i->a = a;
    i->b = b;
    i->x = NONE;
    return i;
}

static int vreg_new(int cls, int home) {
    fn.v = grow(fn.v, fn.nv, &fn.capv, sizeof(VReg));
    VReg *v = &fn.v[fn.nv];
    v->cls = cls;
    v->hint = NONE;
    v->home = home;
    return fn.nv++;
}

static int tmp(int cls) {
    return vreg_new(cls, NONE);
}

static int new_label(void) {
    return fn.nlabels++;
}

static void place_label(int label) {
    gen_dead = 0;
    emit(I_LABEL, 0, NONE, NONE, NONE)->label = label;
}

static void jump_to(int label) {
    emit(I_JMP, 0, NONE, NONE, NONE)->label = label;
    gen_dead = 1;
}

/* an instruction that ends the flow of control */
static void emit_last(int op) {
    emit(op, 0, NONE, NONE, NONE);
    gen_dead = 1;
}

static void set_constant(int dst, int cls, long v) {
    emit(I_MOV, cls, dst, NONE, NONE)->imm = v;
}

static int constant(long v, int cls) {
    int t = tmp(cls);
    set_constant(t, cls, v);
    return t;
}

static int op2(int op, int cls, int a, int b) {
    int t = tmp(cls);
    emit(op, cls, t, a, b);
    return t;
}

/* an instruction with a source class or memory type or condition */
static int op_cc(int op, int cls, int a, int cc) {
    int t = tmp(cls);
    emit(op, cls, t, a, NONE)->cc = cc;
    return t;
}

static int op_imm(int op, int cls, int a, long imm) {
    if (!target->imm_fits(op, cls, imm))
        return op2(op, cls, a, constant(imm, op >= I_SHL && op <= I_SAR ? K_W : cls));
    int t = tmp(cls);
    emit(op, cls, t, a, NONE)->imm = imm;
    return t;
}

static int round_16(int v, int cls) {
    return op_imm(I_AND, cls, op_imm(I_ADD, cls, v, 15), -16);
}

static void jcc_imm(int cc, int cls, int a, long imm, int label) {
    int fits = target->imm_fits(I_JCC, cls, imm);
    int b = fits ? NONE : constant(imm, cls);
    Ins *i = emit(I_JCC, cls, NONE, a, b);
    i->imm = fits ? imm : 0;
    i->cc = cc;
    i->label = label;
}

/* machine registers, in groups */
static void put(int cls, int reg, int v) {
    emit(I_PUT, cls, NONE, v, NONE)->imm = reg;
}

static int get(int cls, int reg) {
    int t = tmp(cls);
    emit(I_GET, cls, t, NONE, NONE)->imm = reg;
    return t;
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

/* a call of one of the library's functions */
static int helper(char *name, int result, int a, int b) {
    int used[2];
    used[0] = used[1] = 0;
    for (int i = 0; i < 2; i++) {
        int v = i ? b : a;
        int cls = v == NONE ? K_W : fn.v[v].cls;
        if (v != NONE)
            put(cls, target->args[cls >= K_S][used[cls >= K_S]++], v);
    }
    emit(I_CALL, 0, NONE, NONE, NONE)->sym = obj_symbol(obj, name);
    fn.framed = 1;
    return get(result, target->rets[result >= K_S][0]);
}

/* ---- memory ---- */

static void mem_at(Mem *m, int a, int off) {
    m->a = a;
    m->x = NONE;
    m->shift = 0;
    m->off = off;
    m->sym = 0;
    m->vreg = NONE;
    m->bits = 0;
}

static void mem_of_symbol(Mem *m, Symbol *sym) {
    mem_at(m, SYM, 0);
    m->sym = sym;
}

static Ins *emit_mem(int op, int cls, int dst, int b, Mem *m) {
    Ins *i = emit(op, cls, dst, m->a, b);
    i->x = m->x;
    i->shift = m->shift;
    i->off = m->off;
    i->sym = m->sym;
    return i;
}

static int load(Mem *m, int cls, int mt) {
    int t = tmp(cls);
    emit_mem(I_LD, cls, t, NONE, m)->cc = mt;
    return t;
}

static void store(Mem *m, int cls, int mt, int v) {
    emit_mem(I_ST, cls, NONE, v, m)->cc = mt;
}

static int address(Mem *m) {
    if (m->a >= 0 && m->x == NONE && !m->off)
        return m->a;
    int t = tmp(K_L);
    emit_mem(I_ADDR, K_L, t, NONE, m);
    return t;
}

/* an operand whose registers may change: its address, in a register of its own */
static void mem_fix(Mem *m) {
    if (m->a < 0 && m->x == NONE)
        return;
    m->a = address(m);
    m->x = NONE;
    m->off = 0;
}

static int memory_type_of_class(int cls) {
    return cls == K_W ? M_UW : cls == K_L ? M_L : cls == K_S ? M_S : cls == K_D ? M_D : M_X;
}

/* whole registers at an offset */
static int load_at(int a, int off, int cls) {
    Mem m;
    mem_at(&m, a, off);
    return load(&m, cls, memory_type_of_class(cls));
}

static void store_at(int a, int off, int cls, int v) {
    Mem m;
    mem_at(&m, a, off);
    store(&m, cls, memory_type_of_class(cls), v);
}

/* The memory that an address computation leads to: sums become an operand. */
static void mem_of_pointer(Node *n, Mem *m) {
    while (n->op == N_CAST && class_of(n->type) == K_L && class_of(n->a->type) == K_L && n->a->op != N_ADDR)
        n = n->a;
    if (n->op == N_ADDR)
        locate(n->a, m);
    else if (n->op != N_ADD)
        mem_at(m, gen(n), 0);
    else if (is_num(n->b)) {
        mem_of_pointer(n->a, m);
        if (m->off + n->b->val == (int)(m->off + n->b->val))
            m->off += n->b->val;
        else
            mem_at(m, op_imm(I_ADD, K_L, address(m), n->b->val), 0);
    } else {
        Node *b = n->b;
        int shift = b->op == N_MUL && is_num(b->b) ? log2_of(b->b->val) : -1;
        mem_of_pointer(n->a, m);
        if (m->x != NONE || m->a == SYM)
            mem_at(m, address(m), 0);
        m->shift = shift < 0 || shift > 3 ? 0 : shift;
        m->x = gen(m->shift ? b->a : b);
    }
}

static int frame_room(long size, int align) {
    align = align < 8 ? 8 : align > 16 ? 16 : align;
    cur_frame = (cur_frame + (size + 7 & ~7) + align - 1) & -align;
    fn.frame = larger(fn.frame, cur_frame);
    return -cur_frame;
}

/* the memory type of the largest piece that `left` bytes begin with, and its size */
static int piece_type(long left, int *size) {
    *size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    return *size == 8 ? M_L : *size == 4 ? M_UW : *size == 2 ? M_UH : M_UB;
}

/* from == 0: zeros; what is long is left to the library */
static void copy_bytes(Mem *to, Mem *from, long size) {
    Mem d, s;
    if (size > (from ? 64 : 128)) {
        int at = address(to);
        int source = from ? address(from) : constant(0, K_W);
        put(K_L, target->args[0][2], constant(size, K_L));
        helper(from ? "memcpy" : "memset", K_L, at, source);
        return;
    }
    mem_copy(&d, to, sizeof(Mem));
    mem_copy(&s, from ? from : to, sizeof(Mem));
    for (int n; size > 0; size -= n) {
        int mt = piece_type(size, &n);
        int cls = mt == M_L ? K_L : K_W;
        store(&d, cls, mt, from ? load(&s, cls, mt) : NONE);
        d.off += n;
        s.off += n;
    }
}

/* ---- variables ---- */

static void place_local(Decl *d) {
    if (d->vreg != NONE || d->frame)
        return;
    if (is_scalar(d->type) && !d->addressed && !(d->type->quals & Q_VOLATILE) && !gen_function->has_setjmp)
        d->vreg = vreg_new(class_of(d->type), block_start);
    else
        d->frame = frame_room(larger(type_size(d->type), 1), larger(type_align(d->type), d->align));
}

/* Where an object is, or a structure's value. */
static void locate(Node *n, Mem *m) {
    Decl *d = n->decl;
    switch (n->op) {
    case N_VAR:
        if (d->size_vla)
            mem_at(m, gen(d->size_vla), 0);
        else if (d->is_global) {
            mem_of_symbol(m, decl_symbol(d));
            if (d->thread_local) {
                int t = tmp(K_L);
                emit_mem(I_ADDR, K_L, t, NONE, m)->cc = 1;
                mem_at(m, t, 0);
            }
        } else {
            place_local(d);
            mem_at(m, FRAME, d->frame);
            m->vreg = d->vreg;
        }
        break;
    case N_STR: mem_of_symbol(m, string_symbol(n)); break;
    case N_DEREF: mem_of_pointer(n->a, m); break;
    case N_MEMBER:
        locate(n->a, m);
        m->off += n->val;
        m->bits = n->bits;
        break;
    case N_COMMA:
        gen(n->a);
        locate(n->b, m);
        break;
    default: mem_at(m, gen(n), 0);
    }
}

static int value_address(Node *n) {
    Mem m;
    locate(n, &m);
    return address(&m);
}

/* the bit-field that v holds from bit `from` on, extended */
static int bits_extend(Member *b, int v, int from) {
    int cls = class_of(b->unit);
    int total = cls == K_L ? 64 : 32;
    if (total - b->bit_width - from)
        v = op_imm(I_SHL, cls, v, total - b->bit_width - from);
    if (total - b->bit_width)
        v = op_imm(is_unsigned(b->type) ? I_SHR : I_SAR, cls, v, total - b->bit_width);
    return cls < class_of(b->type) ? op_cc(I_EXT, K_L, v, is_unsigned(b->type) ? M_UW : M_SW) : v;
}

static int load_value(Mem *m, Type *type) {
    if (m->vreg != NONE)
        return m->vreg;
    if (m->bits)
        type = m->bits->unit;
    int v = load(m, class_of(type), memory_type(type));
    return m->bits ? bits_extend(m->bits, v, m->bits->bit_offset) : v;
}

/* returns the value that is there then */
static int store_value(Mem *m, Type *type, int v) {
    Member *b = m->bits;
    if (m->vreg != NONE) {
        move_to(m->vreg, v);
        return m->vreg;
    }
    if (!b) {
        store(m, class_of(type), memory_type(type), v);
        return v;
    }
    int cls = class_of(b->unit);
    int mt = memory_type(b->unit);
    unsigned long mask = b->bit_width == 64 ? -1L : (1L << b->bit_width) - 1;
    mem_fix(m);
    int low = op_imm(I_AND, cls, v, mask);
    int bits = b->bit_offset ? op_imm(I_SHL, cls, low, b->bit_offset) : low;
    long keep = ~(mask << b->bit_offset);
    int old = op_imm(I_AND, cls, load(m, cls, mt), cls == K_W ? (int)keep : keep);
    store(m, cls, mt, op2(I_OR, cls, old, bits));
    return is_unsigned(b->type) && class_of(b->type) <= cls ? low : bits_extend(b, v, 0);
}

/* ---- conversions ---- */

/* a power of two, by its bits as a float */
static int float_constant(int bits, int cls) {
    int v = constant(bits, K_S);
    return cls == K_S ? v : op_cc(I_FTOF, cls, v, K_S);
}

/* I_FTOF to I_UTOF between those classes. */
static int convert_float(int op, int v, int from, int to) {
    static char *names[] = { "__extend", "__fix", "__fixuns", "__float", "__floatun" };
    static char *modes[] = { "si", "di", "sf", "df", "tf" };
    if (target->x_by_call && (from == K_X || to == K_X)) {
        char *name = op == I_FTOF && from == K_X ? "__trunc" : names[op - I_FTOF];
        return helper(str_join(name, modes[from], str_join(modes[to], op == I_FTOF ? "2" : "", "")), to, v, NONE);
    }
    if (op != I_FTOU && op != I_UTOF || target->has_unsigned)
        return op_cc(op, to, v, from);
    if (op == I_FTOU) {             /* from 2^63 on the signed conversion gives 2^63, and that of what is above is added */
        int low = op_cc(I_FTOI, K_L, v, from);
        int above = op_cc(I_FTOI, K_L, op2(I_SUB, from, v, float_constant(0x5F000000, from)), from);
        return op2(I_OR, K_L, low, op2(I_AND, K_L, above, op_imm(I_SAR, K_L, low, 63)));
    }
    int x = op_cc(I_ITOF, K_X, v, K_L);         /* long double has all 64 bits */
    int end = new_label();
    jcc_imm(C_GE, K_L, v, 0, end);
    emit(I_ADD, K_X, x, x, float_constant(0x5F800000, K_X));    /* 2^64 */
    place_label(end);
    return to == K_X ? x : op_cc(I_FTOF, to, x, K_X);
}

static int convert(int v, Type *from, Type *to) {
    int fc = class_of(from);
    int tc = class_of(to);
    if (is_float(to)) {
        if (is_float(from))
            return fc == tc ? v : convert_float(I_FTOF, v, fc, tc);
        if (fc == K_L || !is_unsigned(from) || from->size < 4)
            return convert_float(fc == K_L && is_unsigned(from) ? I_UTOF : I_ITOF, v, fc, tc);
        return convert_float(I_ITOF, op_cc(I_EXT, K_L, v, M_UW), K_L, tc);
    }
    if (is_float(from)) {
        from = is_unsigned(to) && to->size >= 4 || tc == K_L ? ty_long : ty_int;
        v = convert_float(is_unsigned(to) && tc == K_L ? I_FTOU : I_FTOI, v, fc, class_of(from));
        fc = class_of(from);
    }
    /* integers and pointers */
    long before = type_size(from);
    long after = type_size(to);
    if (tc == K_L)
        return fc == K_L ? v : op_cc(I_EXT, K_L, v, is_unsigned(from) ? M_UW : M_SW);
    if (after < 4 && (before > after || before == after && is_unsigned(from) != is_unsigned(to)))
        return op_cc(I_EXT, K_W, v, memory_type(to));
    return fc == K_L ? op_cc(I_EXT, K_W, v, M_UW) : v;
}

static int truncate_to(int v, Type *type) {
    return is_integer(type) && type->size < 4 ? op_cc(I_EXT, K_W, v, memory_type(type)) : v;
}

/* SPDX-License-Identifier: MIT
 *
 * From a function's syntax tree to the instructions of ir.h.
 *
 * Over 500 lines: it is one recursion over the node kinds. */

/* ---- arithmetic ---- */

/* N_ADD to N_SHR: signed, unsigned, and the call for long double */
static unsigned char signed_ops[] = { I_ADD, I_SUB, I_MUL, I_DIV, I_REM, I_AND, I_OR, I_XOR, I_SHL, I_SAR };
static unsigned char unsigned_ops[] = { I_ADD, I_SUB, I_MUL, I_UDIV, I_UREM, I_AND, I_OR, I_XOR, I_SHL, I_SHR };
static char *quad_ops[] = { "__addtf3", "__subtf3", "__multf3", "__divtf3" };

static int arithmetic_by(int iop, int cls, int a, long v) {
    int k = log2_of(cls == K_W ? v & 0xffffffff : v);
    int bits = cls == K_L ? 64 : 32;
    if (k >= 0 && k < bits - 1) {
        if (iop == I_MUL || iop == I_UDIV)
            return k ? op_imm(iop == I_MUL ? I_SHL : I_SHR, cls, a, k) : a;
        if (iop == I_UREM)
            return op_imm(I_AND, cls, a, v - 1);
        if ((iop == I_DIV || iop == I_REM) && k > 0) {
            int sign = op_imm(I_SAR, cls, a, bits - 1);
            int sum = op2(I_ADD, cls, a, op_imm(I_SHR, cls, sign, bits - k));
            if (iop == I_DIV)
                return op_imm(I_SAR, cls, sum, k);
            return op2(I_SUB, cls, a, op_imm(I_AND, cls, sum, -v));
        }
    }
    return op_imm(iop, cls, a, cls == K_W ? (int)v : v);
}

static int arithmetic_ir(int op, Type *type, int a, Node *b) {
    int cls = class_of(type);
    int iop = is_unsigned(type) && !is_float(type) ? unsigned_ops[op - N_ADD] : signed_ops[op - N_ADD];
    if (is_num(b) && cls <= K_L)
        return arithmetic_by(iop, cls, a, b->val);
    int v = gen(b);
    if (cls == K_X && target->x_by_call)
        return helper(quad_ops[op - N_ADD], K_X, a, v);
    return op2(iop, cls, a, v);
}

/* The scalar n as a condition: a comparison. */
static Node *comparison(Node *n) {
    if (n->op >= N_EQ && n->op <= N_GE)
        return n;
    return node_new(N_NE, ty_int, n, cast(number(0, ty_int), n->type));
}

static int negated(int cc, int cls) {
    static char negations[] = { C_NE, C_EQ, C_GE, C_GT, C_LE, C_LT, C_UGE, C_UGT, C_ULE, C_ULT };
    return cls >= K_S && cc > C_NE ? cc + C_NLT - C_LT : negations[cc];
}

/* a cc b, to the label or (label == NONE) to a new register. */
static int compare(Node *n, int label, int sense) {
    static char *quad_compare[] = { "__eqtf2", "__netf2", "__lttf2", "__letf2", "__gttf2", "__getf2" };
    Type *type = n->a->type;
    int cls = class_of(type);
    int cc = n->op - N_EQ;
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
    if (cc >= C_LT && !is_float(type) && (is_unsigned(type) || type->kind == TY_PTR))
        cc += C_ULT - C_LT;
    int t = label == NONE ? tmp(K_W) : NONE;
    Ins *i = emit(label == NONE ? I_CMP : I_JCC, cls, t, a, b);
    i->cc = sense ? cc : negated(cc, cls);
    i->imm = imm;
    i->label = label;
    return t;
}

static void branch(Node *n, int label, int sense) {
    while (n->op == N_CAST && is_integer(n->type) && n->type->kind != TY_BOOL && is_integer(n->a->type)
           && n->type->size >= n->a->type->size)
        n = n->a;
    switch (n->op) {
    case N_NUM: case N_REAL:
        if (truth(n) == sense)
            jump_to(label);
        return;
    case N_NOT: branch(n->a, label, !sense); return;
    case N_COMMA:
        gen(n->a);
        branch(n->b, label, sense);
        return;
    case N_ANDAND: case N_OROR:
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
    compare(comparison(n), label, sense);
}

static int label_number(Label *l) {
    if (l->number == NONE)
        l->number = new_label();
    return l->number;
}

static void jump_by_table(int at, int *table, long count) {
    Mem m;
    mem_of_symbol(&m, obj_local(obj));
    Symbol *sym = m.sym;
    int base = address(&m);
    mem_at(&m, base, 0);
    m.x = at;
    m.shift = 2;
    Ins *i = emit(I_TABLE, K_L, NONE, op2(I_ADD, K_L, load(&m, K_L, M_SW), base), NONE);
    i->sym = sym;
    i->imm = count;
    i->table = table;
    gen_dead = 1;
}

/* ---- labels as values ----
 * The value of &&label is its number among the function's labels, counted from 1; goto *e goes through a table of them
 * all.  (So it can be kept anywhere, and compared, but means nothing outside its function.) */

static void gen_computed_goto(Node *n) {
    int at = op_imm(I_SUB, K_L, gen(n->a), 1);
    int count = gen_function->labels->index;
    int *table = xalloc(count * sizeof(int));
    for (Label *l = gen_function->labels; l; l = l->next)
        table[l->index - 1] = label_number(l);
    jump_by_table(at, table, count);
}

/* ---- expressions ---- */

static int gen_real(Node *n) {
    unsigned char out[16];
    Mem m;
    int cls = class_of(n->type);
    real_encode(n->real, n->type->kind, out);
    if (cls != K_X)
        return constant(get_le(out, cls == K_S ? 4 : 8), cls);
    mem_of_symbol(&m, string_symbol(string_node((char *)out, 2, ty_ulong)));
    return load(&m, K_X, M_X);
}

static int gen_cond(Node *n) {
    int other = new_label();
    int end = new_label();
    int t = n->type->kind == TY_VOID ? NONE : tmp(class_of(n->type));
    branch(n->a, other, 0);
    int v = gen(n->b);
    if (t != NONE)
        move_to(t, v);
    jump_to(end);
    place_label(other);
    v = gen(n->c);
    if (t != NONE)
        move_to(t, v);
    place_label(end);
    return t;
}

static int has_effects(Node *n) {
    return n && (n->op > N_COM && n->op != N_OLD || has_effects(n->a) || has_effects(n->b));
}

static int gen_assign(Node *n) {
    Mem to, from;
    if (!is_scalar(n->type)) {
        locate(n->b, &from);
        locate(n->a, &to);
        copy_bytes(&to, &from, type_size(n->type));
        return address(&to);
    }
    int value_first = n->a->op != N_VAR && has_effects(n->b);
    int v = value_first ? gen(n->b) : NONE;
    locate(n->a, &to);
    return store_value(&to, n->a->type, value_first ? v : gen(n->b));
}

/* a op= b and a++: b is the new value, and uses the old one by its node c. */
static int gen_set(Node *n) {
    Mem m;
    locate(n->a, &m);
    if (m.vreg == NONE && has_effects(n->b))
        mem_fix(&m);
    int old = load_value(&m, n->a->type);
    n->c->val = old;
    if (n->op == N_POST && m.vreg != NONE)
        old = op2(I_MOV, class_of(n->type), old, NONE);
    int v = store_value(&m, n->a->type, gen(n->b));
    return n->op == N_POST ? old : v;
}

static void gen_void(Node *n) {
    if (n->op == N_POST)                    /* i++; needs no old value */
        n->op = N_SET;
    gen(n);
}

/* ({ ... }): the value of its last statement */
static int gen_statements(Node *n) {
    for (Node *s = n->a->a; s; s = s->next)
        if (s->next || s->op != N_EXPR || n->type->kind == TY_VOID)
            gen_stmt(s);
        else
            return gen(s->a);
    return n->type->kind == TY_VOID ? NONE : constant(0, class_of(n->type));
}

/* The value of an expression, in a register, of a structure its address; NONE when it has none. */
static int gen(Node *n) {
    int cls = class_of(n->type);
    Mem m;
    switch (n->op) {
    case N_NUM: return constant(cls == K_W ? (int)n->val : n->val, cls);
    case N_REAL: return gen_real(n);
    case N_VAR: case N_DEREF: case N_MEMBER:
        locate(n, &m);
        return is_scalar(n->type) ? load_value(&m, n->type) : address(&m);
    case N_ADDR: return value_address(n->a);
    case N_CAST:
        if (n->type->kind == TY_BOOL)
            return compare(comparison(n->a), NONE, 1);
        if (n->type->kind != TY_VOID)
            return convert(gen(n->a), n->a->type, n->type);
        gen_void(n->a);
        return NONE;
    case N_ADD:
        if (n->type->kind == TY_PTR && n->b->op == N_MUL && is_num(n->b->b) && n->b->b->val <= 8
            && log2_of(n->b->b->val) >= 0) {
            mem_of_pointer(n, &m);
            return address(&m);
        }
    case N_SUB: case N_MUL: case N_DIV: case N_REM: case N_AND: case N_OR: case N_XOR: case N_SHL: case N_SHR:
        return arithmetic_ir(n->op, n->type, gen(n->a), n->b);
    case N_EQ: case N_NE: case N_LT: case N_LE: case N_GT: case N_GE: return compare(n, NONE, 1);
    case N_NEG: case N_COM: return op2(n->op == N_NEG ? I_NEG : I_NOT, cls, gen(n->a), NONE);
    case N_NOT:
        if (n->a->op != N_ANDAND && n->a->op != N_OROR)
            return compare(comparison(n->a), NONE, 0);
    case N_ANDAND: case N_OROR:
        n = node_new(N_COND, ty_int, n, number(1, ty_int));
        n->c = number(0, ty_int);
    case N_COND: return gen_cond(n);
    case N_COMMA:
        gen_void(n->a);
        return gen(n->b);
    case N_ASSIGN: case N_INIT: return gen_assign(n);
    case N_OLD: return n->val;
    case N_SET: case N_POST: return gen_set(n);
    case N_ZERO:
        place_local(n->decl);
        mem_at(&m, FRAME, n->decl->frame);
        copy_bytes(&m, 0, type_size(n->decl->type));
        return NONE;
    case N_CALL: return gen_call(n);
    case N_STMT_EXPR: return gen_statements(n);
    case N_VA_START:
        gen_va_start(gen(n->a));
        return NONE;
    case N_VA_ARG: return gen_va_arg(n);
    case N_ALLOCA: {
        int size = round_16(gen(n->a), K_L);
        put(K_L, target->sp, op2(I_SUB, K_L, get(K_L, target->sp), size));
        fn.framed = fn.allocas = 1;
        mem_at(&m, ABOVE, 0);
        return address(&m);
    }
    case N_FRAME_ADDRESS:
        fn.framed = 1;
        return get(K_L, target->fp);
    case N_TRAP:
        emit_last(I_TRAP);
        return NONE;
    case N_STR: return value_address(n);
    case N_LABEL_ADDR: return constant(n->label->index, K_L);
    }
    fatal("internal: expression (%s)", str_number(n->op));
    return NONE;
}

/* ---- statements ---- */

static void gen_list(Node *s) {
    for (; s; s = s->next)
        gen_stmt(s);
}

/* The condition is generated behind the body, so that a turn takes one branch. Each turn and the end give back the room
 * of arrays of variable length. */
static void gen_loop(Node *condition, Node *step, Node *body, int test_first) {
    int always = !condition || truth(condition) == 1;
    int top = new_label();
    int test = always && !step ? top : new_label();
    int next = step ? new_label() : test;
    int end = new_label();
    int sp = body->op == N_VLA_BODY ? get(K_L, target->sp) : NONE;
    fn.allocas |= sp != NONE;
    int outer_break = break_label, outer_continue = continue_label;
    break_label = end;
    continue_label = next;
    if (test_first && !always)
        jump_to(test);
    place_label(top);
    if (sp != NONE)
        put(K_L, target->sp, sp);
    gen_stmt(sp != NONE ? body->a : body);
    break_label = outer_break;
    continue_label = outer_continue;
    if (step) {
        place_label(next);
        gen_void(step);
    }
    if (test != top)
        place_label(test);
    if (always)
        jump_to(top);
    else
        branch(condition, top, 1);
    place_label(end);
    if (sp != NONE)
        put(K_L, target->sp, sp);
}

static void switch_table(Node **c, int lo, int hi, int v, int cls, int other) {
    long first = c[lo]->val;
    long range = c[hi]->b->val - first;
    int at = op_imm(I_SUB, cls, v, cls == K_W ? (int)first : first);
    jcc_imm(C_UGT, cls, at, range, other);
    if (cls == K_W)
        at = op_cc(I_EXT, K_L, at, M_UW);
    int *table = xalloc((range + 1) * sizeof(int));
    for (long i = 0; i <= range; i++)
        table[i] = other;
    for (int i = lo; i <= hi; i++)
        for (long k = c[i]->val; k <= c[i]->b->val; k++)
            table[k - first] = label_number(c[i]->label);
    jump_by_table(at, table, range + 1);
}

static void switch_search(Node **c, int lo, int hi, int v, Type *type, int other) {
    int cls = class_of(type);
    long range = c[hi]->b->val - c[lo]->val;
    if (hi - lo >= 4 && range > 0 && range < 4L * (hi - lo + 1) + 8) {
        switch_table(c, lo, hi, v, cls, other);
        return;
    }
    if (hi - lo < 3) {
        for (int i = lo; i <= hi; i++) {
            int label = label_number(c[i]->label);
            long first = cls == K_W ? (int)c[i]->val : c[i]->val;
            if (c[i]->b->val == c[i]->val)
                jcc_imm(C_EQ, cls, v, first, label);
            else
                jcc_imm(C_ULE, cls, op_imm(I_SUB, cls, v, first), c[i]->b->val - c[i]->val, label);
        }
        jump_to(other);
        return;
    }
    int middle = (lo + hi) / 2;
    int left = new_label();
    long pivot = c[middle + 1]->val;
    jcc_imm(is_unsigned(type) ? C_ULT : C_LT, cls, v, cls == K_W ? (int)pivot : pivot, left);
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
    for (Node *c = n->c; c; c = c->c)
        array[--i] = c;
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
    if (n->a && type->kind != TY_VOID)
        put_result(n->a, type);
    else if (n->a)
        gen_void(n->a);
    emit_last(I_RET);
}

static void gen_if(Node *n) {
    int other = new_label();
    branch(n->a, other, 0);
    gen_stmt(n->b);
    if (n->c) {
        int end = new_label();
        jump_to(end);
        place_label(other);
        gen_stmt(n->c);
        other = end;
    }
    place_label(other);
}

static void gen_stmt(Node *n) {
    int outer_frame = cur_frame, outer_start = block_start;
    if (!gen_dead && fn.nins)
        fn.ins[fn.nins - 1].line = n->line;
    switch (n->op) {
    case N_EXPR: gen_void(n->a); return;
    case N_BLOCK:
        if (n->val) {               /* it only holds declarations of the block around */
            gen_list(n->a);
            return;
        }
        block_start = fn.nins;
        gen_list(n->a);
        break;
    case N_DECL:
        if (!n->decl->size_vla)
            place_local(n->decl);
        if (n->a && n->a->op == N_BLOCK)
            gen_list(n->a->a);
        else if (n->a)
            gen_void(n->a);
        return;
    case N_IF: gen_if(n); return;
    case N_FOR: case N_DO:
        block_start = fn.nins;
        if (n->a)
            gen_stmt(n->a);
        gen_loop(n->b, n->c, n->d, n->op == N_FOR);
        break;
    case N_SWITCH: gen_switch(n); return;
    case N_CASE: case N_DEFAULT: case N_LABEL:
        place_label(label_number(n->label));
        if (n->a)
            gen_stmt(n->a);
        return;
    case N_GOTO: jump_to(label_number(n->label)); return;
    case N_IGOTO: gen_computed_goto(n); return;
    case N_BREAK: jump_to(break_label); return;
    case N_CONTINUE: jump_to(continue_label); return;
    case N_RETURN: gen_return(n); return;
    case N_ASM: gen_asm(n->assembly); return;
    default: fatal("internal: statement (%s)", str_number(n->op));
    }
    cur_frame = outer_frame;
    block_start = outer_start;
}

/* ---- a function ---- */

static void generate(Decl *d) {
    Func *f = &fn;
    f->nins = f->nv = f->nlabels = f->outs = f->frame = f->allocas = 0;
    f->saved = f->avoid = 0;
    f->sym = decl_symbol(d);
    f->sec = d->text[A_SECTION] ? obj_section(obj, d->text[A_SECTION], SHT_PROGBITS, SHF_ALLOC | SHF_EXEC) : obj->text;
    gen_function = d;
    cur_frame = 0;
    block_start = 0;
    gen_dead = 0;
    sret_vreg = NONE;
    gen_entry(d, d->body->decl);
    gen_list(d->body->a);
    if (!gen_dead) {
        if (str_eq(d->id->name, "main") && d->type->base->kind == TY_INT)
            put(K_W, target->rets[0][0], constant(0, K_W));
        emit_last(I_RET);
    }
    f->frame = (f->frame + 15) & -16;
    sec_align(f->sec, target->machine == MACH_AARCH64 ? 4 : 16);
    sym_define(f->sym, f->sec, f->sec->len);
    f->sym->type = STT_FUNC;
    regs_allocate(f);
    code_function(f);
    f->sym->size = f->sec->len - f->sym->value;
    if (has(d, A_CONSTRUCTOR))
        emit_pointer_to(d, ".init_array", SHT_INIT_ARRAY);
    if (has(d, A_DESTRUCTOR))
        emit_pointer_to(d, ".fini_array", SHT_FINI_ARRAY);
}

/* SPDX-License-Identifier: MIT
 *
 * Calls, function entry, variable arguments: abi.c's answers made into
 * instructions. */

static int result_register(int cls) {
    if (cls == K_X && target->machine == MACH_X86_64)
        return X87_RESULT;
    return cls >= K_S ? target->fp_rets[0] : target->int_rets[0];
}

static void put(int cls, int reg, int v) {
    emit(I_PUT, cls, NONE, v, NONE)->imm = reg;
}

static int memory_type_of_class(int cls) {
    return cls == K_W ? M_UW : cls == K_L ? M_L : cls == K_S ? M_S : cls == K_D ? M_D : M_X;
}

/* One part of n bytes, n < 8 and no power of two: nothing behind it may be read. */
static int load_odd(Mem *m, int n) {
    int v = NONE;
    int done = 0;
    Mem at;
    mem_copy(&at, m, sizeof(Mem));
    while (done < n) {
        int k = n - done >= 4 ? 4 : n - done >= 2 ? 2 : 1;
        at.off = m->off + done;
        int piece = load(&at, K_L, k == 4 ? M_UW : k == 2 ? M_UH : M_UB);
        if (done)
            piece = op_imm(I_SHL, K_L, piece, done * 8);
        v = v == NONE ? piece : op2(I_OR, K_L, v, piece);
        done += k;
    }
    return v;
}

static void load_parts(Mem *from, Passing *p, int *parts) {
    Mem m;
    if (from->x != NONE)
        mem_at(from, address(from), 0);
    mem_copy(&m, from, sizeof(Mem));
    for (int i = 0; i < p->n; i++) {
        int left = p->size - p->off[i];
        m.off = from->off + p->off[i];
        if (p->cls[i] == K_L && left < 8)
            parts[i] = load_odd(&m, left);
        else
            parts[i] = load(&m, p->cls[i], memory_type_of_class(p->cls[i]));
    }
}

static void store_parts(Mem *to, Passing *p, int *parts) {
    Mem m;
    mem_copy(&m, to, sizeof(Mem));
    for (int i = 0; i < p->n; i++) {
        m.off = to->off + p->off[i];
        store(&m, p->cls[i], memory_type_of_class(p->cls[i]), parts[i]);
    }
}

/* ---- calls ---- */

typedef struct Arg Arg;
struct Arg {
    Passing p;
    int v;                      /* a scalar's value, or a copy's address */
    Mem m;                      /* a structure */
    int parts[4];
};

static int is_register_record(Arg *a, Type *t) {
    return is_record(t) && a->p.kind == PASS_PARTS && a->p.in_regs;
}

static void evaluate_arg(Node *n, Arg *a, ArgState *state) {
    pass_type(n->type, &a->p);
    assign_place(&a->p, state);
    if (!is_record(n->type)) {
        a->v = gen(n);
        return;
    }
    record_address(n, &a->m);
    if (a->p.kind == PASS_REFERENCE) {
        Mem copy;
        mem_at(&copy, FRAME, frame_room(a->p.size, type_align(n->type)));
        copy_bytes(&copy, &a->m, a->p.size);
        a->v = address(&copy);
    } else if (a->m.x != NONE || a->m.a == SYM)
        mem_at(&a->m, address(&a->m), 0);
}

static void stack_arg(Node *n, Arg *a) {
    Mem to;
    if (a->p.in_regs)
        return;
    mem_at(&to, OUTS, a->p.stack);
    if (is_record(n->type) && a->p.kind != PASS_REFERENCE) {
        copy_bytes(&to, &a->m, a->p.size);
        return;
    }
    int cls = is_record(n->type) ? K_L : class_of(n->type);
    int mt = is_record(n->type) ? M_L : memory_type(n->type);
    store(&to, cls, cls == K_W ? M_UW : mt, a->v);
}

static void take_record(Passing *p, Mem *result) {
    int parts[4];
    for (int i = 0; i < p->n; i++) {
        parts[i] = tmp(p->cls[i]);
        emit(I_GET, p->cls[i], parts[i], NONE, NONE)->imm = p->reg[i];
    }
    store_parts(result, p, parts);
}

/* Returns the value, or fills *result with a structure's address. */
static int gen_call(Node *n, Mem *result) {
    Type *type = n->a->type;
    Node *callee = n->a;
    int indirect = NONE;
    int nargs = 0;
    Arg *args = 0;
    ArgState state;
    Passing p;
    while (callee->op == N_DEREF && callee->a->op == N_ADDR)
        callee = callee->a->a;
    int direct = callee->op == N_VAR && callee->decl->kind == D_FUNC;
    if (!direct) {
        if (callee->op == N_DEREF)
            callee = callee->a;
        indirect = gen(callee);
    }
    for (Node *a = n->b; a; a = a->next)
        nargs++;
    if (nargs)
        args = xalloc(nargs * sizeof(Arg));
    mem_set(&state, 0, sizeof(ArgState));
    int in_memory = returned_in_memory(n->type, &p);
    int result_at = NONE;
    if (is_record(n->type)) {
        mem_at(result, FRAME, frame_room(p.size + 8, type_align(n->type)));
        if (in_memory) {
            result_at = address(result);
            if (target->sret_reg == NONE)
                state.nint = 1;
        }
    }
    int i = 0;
    for (Node *a = n->b; a; a = a->next) {
        evaluate_arg(a->b, &args[i], &state);
        i++;
    }
    i = 0;
    for (Node *a = n->b; a; a = a->next) {
        stack_arg(a->b, &args[i]);
        i++;
    }
    i = 0;
    for (Node *a = n->b; a; a = a->next) {
        if (is_register_record(&args[i], a->b->type))
            load_parts(&args[i].m, &args[i].p, args[i].parts);
        i++;
    }
    if (result_at != NONE)
        put(K_L, target->sret_reg == NONE ? target->int_args[0] : target->sret_reg, result_at);
    i = 0;
    for (Node *a = n->b; a; a = a->next) {
        Arg *arg = &args[i];
        if (is_register_record(arg, a->b->type))
            for (int k = 0; k < arg->p.n; k++)
                put(arg->p.cls[k], arg->p.reg[k], arg->parts[k]);
        else if (arg->p.in_regs)
            put(arg->p.cls[0], arg->p.reg[0], arg->v);
        i++;
    }
    if (indirect != NONE)
        put(K_L, target->call_reg, indirect);
    if (target->machine == MACH_X86_64 && (type->variadic || type->unproto)) {
        Ins *al = emit(I_PUT, K_W, NONE, NONE, NONE);
        al->imm = target->int_rets[0];
        al->off = state.nfp;
    }
    int outs = (state.stack + 15) & -16;
    if (outs > fn.outs)
        fn.outs = outs;
    fn.calls = 1;
    Ins *call_ins = emit(I_CALL, 0, NONE, NONE, NONE);
    if (direct)
        call_ins->sym = decl_symbol(callee->decl);
    if (is_record(n->type)) {
        if (p.is_x87) {
            int v = tmp(K_X);
            emit(I_GET, K_X, v, NONE, NONE)->imm = X87_RESULT;
            store(result, K_X, M_X, v);
        } else if (!in_memory) {
            assign_result(&p);
            take_record(&p, result);
        }
        return NONE;
    }
    if (n->type->kind == TY_VOID)
        return NONE;
    int cls = class_of(n->type);
    int v = tmp(cls);
    emit(I_GET, cls, v, NONE, NONE)->imm = result_register(cls);
    if (is_integer(n->type) && n->type->size < 4) {     /* the upper bits are nobody's promise */
        int t = tmp(K_W);
        emit(I_EXT, K_W, t, v, NONE)->cc = memory_type(n->type);
        v = t;
    }
    return v;
}

/* ---- variable arguments ----
 * x86_64:  { unsigned gp_offset, fp_offset; void *overflow, *save; }
 * AArch64: { void *stack, *gr_top, *vr_top; int gr_offs, vr_offs; } */

static int fp_save_offset(void) {
    return target->nint_args * 8;
}

static void save_registers(int *ints, int *fps) {
    Mem m;
    int quad = target->x_in_regs;
    for (int i = named_args.nint; i < target->nint_args; i++) {
        mem_at(&m, FRAME, reg_save + i * 8);
        store(&m, K_L, M_L, ints[i]);
    }
    for (int i = named_args.nfp; i < target->nfp_args; i++) {
        mem_at(&m, FRAME, reg_save + fp_save_offset() + i * 16);
        store(&m, quad ? K_X : K_D, quad ? M_X : M_D, fps[i]);
    }
}

static void store_address(int list, int field, int base, int off) {
    Mem m;
    Mem to;
    mem_at(&m, base, off);
    mem_at(&to, list, field);
    store(&to, K_L, M_L, address(&m));
}

static void store_int(int list, int field, int v) {
    Mem m;
    mem_at(&m, list, field);
    store(&m, K_W, M_UW, constant(v, K_W));
}

static void gen_va_start(int list) {
    if (target->machine == MACH_X86_64) {
        store_int(list, 0, named_args.nint * 8);
        store_int(list, 4, fp_save_offset() + named_args.nfp * 16);
        store_address(list, 8, ARGS, named_args.stack);
        store_address(list, 16, FRAME, reg_save);
        return;
    }
    store_address(list, 0, ARGS, named_args.stack);
    store_address(list, 8, FRAME, reg_save + fp_save_offset());
    store_address(list, 16, FRAME, reg_save + fp_save_offset() + target->nfp_args * 16);
    store_int(list, 24, (named_args.nint - target->nint_args) * 8);
    store_int(list, 28, (named_args.nfp - target->nfp_args) * 16);
}

/* A value whose parts lie in the save areas, collected in the frame. */
static void collect_parts(Mem *buffer, Passing *p, int ints, int fps) {
    int nint = 0;
    int nfp = 0;
    Mem from;
    Mem to;
    for (int i = 0; i < p->n; i++) {
        int cls = p->cls[i];
        if (cls >= K_S) {
            mem_at(&from, fps, nfp * 16);
            nfp++;
        } else {
            mem_at(&from, ints, nint * 8);
            nint++;
        }
        mem_copy(&to, buffer, sizeof(Mem));
        to.off += p->off[i];
        store(&to, cls, memory_type_of_class(cls), load(&from, cls, memory_type_of_class(cls)));
    }
}

static int va_stack_address(int list, int field, Passing *p) {
    Mem m;
    mem_at(&m, list, field);
    int at = load(&m, K_L, M_L);
    if (p->align == 16)
        at = op_imm(I_AND, K_L, op_imm(I_ADD, K_L, at, 15), -16);
    int size = p->kind == PASS_REFERENCE ? 8 : (p->size + 7) & ~7;
    store(&m, K_L, M_L, op_imm(I_ADD, K_L, at, size));
    return at;
}

static int load_w(int list, int field) {
    Mem m;
    mem_at(&m, list, field);
    return load(&m, K_W, M_UW);
}

static void store_w(int list, int field, int v) {
    Mem m;
    mem_at(&m, list, field);
    store(&m, K_W, M_UW, v);
}

static int load_l(int list, int field) {
    Mem m;
    mem_at(&m, list, field);
    return load(&m, K_L, M_L);
}

static int sum_w(int base, int offset, int mt) {
    int wide = tmp(K_L);
    emit(I_EXT, K_L, wide, offset, NONE)->cc = mt;
    return op2(I_ADD, K_L, base, wide);
}

static void va_from_registers(int list, Passing *p, int result, int on_stack) {
    int ints = NONE;
    int fps = NONE;
    int x86 = target->machine == MACH_X86_64;
    int int_field = x86 ? 0 : 24;
    int fp_field = x86 ? 4 : 28;
    int new_ints = NONE;
    int new_fps = NONE;
    if (p->nint) {
        ints = load_w(list, int_field);
        if (!x86) {
            jcc_imm(C_GE, K_W, ints, 0, on_stack);
            if (p->align == 16) {
                int even = op_imm(I_AND, K_W, op_imm(I_ADD, K_W, ints, 15), -16);
                ints = even;
            }
        }
        new_ints = op_imm(I_ADD, K_W, ints, p->nint * 8);
        if (!x86)
            store_w(list, int_field, new_ints);
        jcc_imm(x86 ? C_UGT : C_GT, K_W, new_ints, x86 ? fp_save_offset() : 0, on_stack);
    }
    if (p->nfp) {
        fps = load_w(list, fp_field);
        if (!x86)
            jcc_imm(C_GE, K_W, fps, 0, on_stack);
        new_fps = op_imm(I_ADD, K_W, fps, p->nfp * 16);
        if (!x86)
            store_w(list, fp_field, new_fps);
        jcc_imm(x86 ? C_UGT : C_GT, K_W, new_fps, x86 ? fp_save_offset() + target->nfp_args * 16 : 0, on_stack);
    }
    if (p->nint) {
        if (x86)
            store_w(list, int_field, new_ints);
        ints = sum_w(load_l(list, x86 ? 16 : 8), ints, x86 ? M_UW : M_SW);
    }
    if (p->nfp) {
        if (x86)
            store_w(list, fp_field, new_fps);
        fps = sum_w(load_l(list, 16), fps, x86 ? M_UW : M_SW);
    }
    int at = p->nint ? ints : fps;
    if (p->nfp && p->n > 1) {
        Mem buffer;
        mem_at(&buffer, FRAME, frame_room(p->size + 8, 16));
        collect_parts(&buffer, p, ints, fps);
        at = address(&buffer);
    }
    emit(I_MOV, K_L, result, at, NONE);
}

static void va_arg_address(Node *n, Mem *m) {
    Passing p;
    int list = gen(n->a);
    pass_type(n->type, &p);
    int result = tmp(K_L);
    int stack_field = target->machine == MACH_X86_64 ? 8 : 0;
    if (p.kind == PASS_STACK || !p.n)
        emit(I_MOV, K_L, result, va_stack_address(list, stack_field, &p), NONE);
    else {
        int on_stack = new_label();
        int end = new_label();
        va_from_registers(list, &p, result, on_stack);
        jump_to(end);
        place_label(on_stack);
        emit(I_MOV, K_L, result, va_stack_address(list, stack_field, &p), NONE);
        place_label(end);
    }
    mem_at(m, p.kind == PASS_REFERENCE ? load_l(result, 0) : result, 0);
}

/* ---- a function ---- */

typedef struct Param Param;
struct Param {
    Passing p;
    int parts[4];
};

static void get_register(int cls, int reg, int *v) {
    *v = tmp(cls);
    emit(I_GET, cls, *v, NONE, NONE)->imm = reg;
}

static void receive_param(Decl *d, Param *q) {
    Mem m;
    int record = is_record(d->type);
    if (q->p.in_regs && !record) {
        int v = q->parts[0];
        if (is_integer(d->type) && d->type->size < 4)
            v = truncate_to(v, d->type);
        if (d->vreg != NONE)
            emit(I_MOV, fn.v[d->vreg].cls, d->vreg, v, NONE);
        else {
            mem_at(&m, FRAME, d->frame);
            store(&m, class_of(d->type), memory_type(d->type), v);
        }
    } else if (q->p.kind == PASS_REFERENCE) {
        Mem from;
        int at = q->parts[0];
        if (!q->p.in_regs) {
            mem_at(&from, ARGS, q->p.stack);
            at = load(&from, K_L, M_L);
        }
        mem_at(&from, at, 0);
        mem_at(&m, FRAME, d->frame);
        copy_bytes(&m, &from, q->p.size);
    } else if (q->p.in_regs) {
        mem_at(&m, FRAME, d->frame);
        store_parts(&m, &q->p, q->parts);
    } else {
        mem_at(&m, ARGS, q->p.stack);
        if (record) {
            Mem to;
            mem_at(&to, FRAME, d->frame);
            copy_bytes(&to, &m, q->p.size);
            return;
        }
        int v = load(&m, class_of(d->type), memory_type(d->type));
        if (d->vreg != NONE)
            emit(I_MOV, fn.v[d->vreg].cls, d->vreg, v, NONE);
        else {
            mem_at(&m, FRAME, d->frame);
            store(&m, class_of(d->type), memory_type(d->type), v);
        }
    }
}

/* Takes all argument registers at once, then sorts them into the parameters. */
static void gen_entry(Decl *d, Decl *params) {
    Type *type = d->type;
    Passing result;
    int n = 0;
    int ints[8];
    int fps[8];
    for (Decl *p = params; p; p = p->next)
        n++;
    Param *list = xalloc((n + 1) * sizeof(Param));
    mem_set(&named_args, 0, sizeof(ArgState));
    if (returned_in_memory(type->base, &result)) {
        get_register(K_L, target->sret_reg == NONE ? target->int_args[0] : target->sret_reg, &sret_vreg);
        fn.v[sret_vreg].home = 0;
        if (target->sret_reg == NONE)
            named_args.nint = 1;
    }
    n = 0;
    for (Decl *p = params; p; p = p->next) {
        Param *q = &list[n];
        n++;
        pass_type(p->type, &q->p);
        assign_place(&q->p, &named_args);
        if (q->p.in_regs)
            for (int k = 0; k < q->p.n; k++)
                get_register(q->p.cls[k], q->p.reg[k], &q->parts[k]);
    }
    named_args.stack = (named_args.stack + 7) & ~7;
    if (type->variadic) {
        int cls = target->x_in_regs ? K_X : K_D;
        for (int i = named_args.nint; i < target->nint_args; i++)
            get_register(K_L, target->int_args[i], &ints[i]);
        for (int i = named_args.nfp; i < target->nfp_args; i++)
            get_register(cls, target->fp_args[i], &fps[i]);
        reg_save = frame_room(fp_save_offset() + target->nfp_args * 16, 16);
        save_registers(ints, fps);
    }
    n = 0;
    for (Decl *p = params; p; p = p->next) {
        if (is_record(p->type))
            p->frame = frame_room(p->type->record->size + 8, type_align(p->type));
        else
            place_local(p);
        receive_param(p, &list[n]);
        n++;
    }
}

static Section *code_section(Decl *d) {
    if (d->section)
        return obj_section(obj, d->section, SHT_PROGBITS, SHF_ALLOC | SHF_EXEC);
    return obj->text;
}

static void generate(Decl *d) {
    Symbol *y = decl_symbol(d);
    gen_function = d;
    fn.sym = y;
    fn.sec = code_section(d);
    fn.nins = 0;
    fn.nv = 0;
    fn.nlabels = 0;
    fn.outs = 0;
    fn.frame = 0;
    fn.calls = 0;
    fn.allocas = 0;
    fn.saved = 0;
    fn.avoid = 0;
    cur_frame = 0;
    block_start = 0;
    gen_dead = 0;
    sret_vreg = NONE;
    gen_entry(d, d->body->decl);
    gen_list(d->body->a);
    if (!gen_dead) {
        if (str_eq(d->id->name, "main") && d->type->base->kind == TY_INT)
            put(K_W, target->int_rets[0], constant(0, K_W));
        emit(I_RET, 0, NONE, NONE, NONE);
    }
    fn.frame = (fn.frame + 15) & -16;
    sec_align(fn.sec, target->machine == MACH_AARCH64 ? 4 : 16);
    sym_define(y, fn.sec, fn.sec->len);
    y->type = STT_FUNC;
    regs_allocate(&fn);
    code_function(&fn);
    y->size = fn.sec->len - y->value;
    if (d->tentative) {
        char *section = d->tentative == 1 ? ".init_array" : ".fini_array";
        emit_pointer_to(d, section, d->tentative == 1 ? SHT_INIT_ARRAY : SHT_FINI_ARRAY);
    }
}

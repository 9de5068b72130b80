/* SPDX-License-Identifier: MIT
 *
 * Calls, function entry, variable arguments: abi.c's answers made into instructions. */

/* where the address of a result in memory is passed */
static int sret_register(void) {
    return target->sret_reg == NONE ? target->args[0][0] : target->sret_reg;
}

/* One part of n bytes, n < 8 and no power of two: nothing behind it may be read. */
static int load_odd(Mem *from, int n) {
    int v = NONE;
    Mem m;
    mem_copy(&m, from, sizeof(Mem));
    for (int done = 0, k; done < n; done += k) {
        int piece = load(&m, K_L, piece_type(n - done, &k));
        if (done)
            piece = op_imm(I_SHL, K_L, piece, done * 8);
        v = v == NONE ? piece : op2(I_OR, K_L, v, piece);
        m.off += k;
    }
    return v;
}

static void load_parts(Mem *from, Passing *p, int *parts) {
    Mem m;
    if (from->x != NONE)
        mem_fix(from);
    mem_copy(&m, from, sizeof(Mem));
    for (int i = 0; i < p->n; i++) {
        int left = p->size - p->off[i];
        m.off = from->off + p->off[i];
        parts[i] = p->cls[i] == K_L && left < 8 ? load_odd(&m, left)
                   : load(&m, p->cls[i], memory_type_of_class(p->cls[i]));
    }
}

static void store_parts(int frame, Passing *p, int *parts) {
    for (int i = 0; i < p->n; i++)
        store_at(FRAME, frame + p->off[i], p->cls[i], parts[i]);
}

static void put_parts(Passing *p, int *parts) {
    for (int i = 0; i < p->n; i++)
        put(p->cls[i], p->reg[i], parts[i]);
}

static void get_parts(Passing *p, int *parts) {
    for (int i = 0; i < p->n; i++)
        parts[i] = get(p->cls[i], p->reg[i]);
}

/* ---- calls ---- */

typedef struct Arg Arg;
struct Arg {                    /* an argument, or a parameter */
    Passing p;
    Node *n;
    Mem m;                      /* a structure */
    int parts[4];               /* a scalar's value or a copy's address, or a structure's parts */
};

static void evaluate_arg(Arg *a, ArgState *state) {
    Node *n = a->n;
    pass_type(n->type, &a->p);
    assign_place(&a->p, state);
    if (!is_record(n->type)) {
        a->parts[0] = gen(n);
        return;
    }
    locate(n, &a->m);
    if (a->p.kind == PASS_REFERENCE) {
        Mem copy;
        mem_at(&copy, FRAME, frame_room(a->p.size, type_align(n->type)));
        copy_bytes(&copy, &a->m, a->p.size);
        a->parts[0] = address(&copy);
    } else if (a->m.x != NONE || a->m.a == SYM)
        mem_at(&a->m, address(&a->m), 0);
}

static void stack_arg(Arg *a) {
    Type *t = a->n->type;
    if (is_record(t) && a->p.kind != PASS_REFERENCE) {
        Mem to;
        mem_at(&to, OUTS, a->p.stack);
        copy_bytes(&to, &a->m, a->p.size);
    } else
        store_at(OUTS, a->p.stack, is_record(t) ? K_L : class_of(t), a->parts[0]);
}

static int gen_call(Node *n) {
    int parts[4];
    Mem result;
    Type *type = n->a->type;
    Node *callee = n->a;
    int indirect = NONE, nargs = 0;
    ArgState state;
    Passing p;
    while (callee->op == N_DEREF && callee->a->op == N_ADDR)
        callee = callee->a->a;
    int direct = callee->op == N_VAR && callee->decl->kind == D_FUNC;
    if (!direct)
        indirect = gen(callee->op == N_DEREF ? callee->a : callee);
    for (Node *a = n->b; a; a = a->next)
        nargs++;
    Arg *args = xalloc(nargs * sizeof(Arg));
    Arg *end = args + nargs;
    mem_set(&state, 0, sizeof(ArgState));
    int in_memory = !pass_result(n->type, &p);
    if (is_record(n->type))
        mem_at(&result, FRAME, frame_room(p.size + 8, type_align(n->type)));
    int result_at = in_memory ? address(&result) : NONE;
    state.used[0] = in_memory && target->sret_reg == NONE;
    Node *next_arg = n->b;
    for (Arg *a = args; a < end; a++) {
        a->n = next_arg->b;
        next_arg = next_arg->next;
        evaluate_arg(a, &state);
    }
    for (Arg *a = args; a < end; a++)
        if (!a->p.in_regs)
            stack_arg(a);
    for (Arg *a = args; a < end; a++)
        if (a->p.in_regs && is_record(a->n->type) && a->p.kind == PASS_PARTS)
            load_parts(&a->m, &a->p, a->parts);
    if (in_memory)
        put(K_L, sret_register(), result_at);
    for (Arg *a = args; a < end; a++)
        if (a->p.in_regs)
            put_parts(&a->p, a->parts);
    if (!direct)
        put(K_L, target->call_reg, indirect);
    if (target->machine == MACH_X86_64 && (type->variadic || type->unproto)) {      /* %al: how many are floating */
        Ins *al = emit(I_PUT, K_W, NONE, NONE, NONE);
        al->imm = target->rets[0][0];
        al->off = state.used[1];
    }
    int outs = (state.stack + 15) & -16;
    fn.outs = outs > fn.outs ? outs : fn.outs;
    fn.framed = 1;
    Ins *call_ins = emit(I_CALL, 0, NONE, NONE, NONE);
    if (direct)
        call_ins->sym = decl_symbol(callee->decl);
    if (n->type->kind == TY_VOID)
        return NONE;
    if (!in_memory)
        get_parts(&p, parts);
    if (!is_record(n->type))
        return truncate_to(parts[0], n->type);      /* nobody promised it */
    if (!in_memory)
        store_parts(result.off, &p, parts);
    return address(&result);
}

/* the value of a return statement, to the registers of the result or the memory for it */
static void put_result(Node *n, Type *type) {
    Mem from, to;
    Passing p;
    int parts[4];
    if (is_record(type))
        locate(n, &from);
    else
        parts[0] = gen(n);
    if (!pass_result(type, &p)) {
        mem_at(&to, sret_vreg, 0);
        copy_bytes(&to, &from, p.size);
        put(K_L, target->rets[0][0], sret_vreg);
        return;
    }
    if (is_record(type))
        load_parts(&from, &p, parts);
    put_parts(&p, parts);
}

/* ---- variable arguments ----
 * x86_64:  { unsigned gp_offset, fp_offset; void *overflow, *save; }
 * AArch64: { void *stack, *gr_top, *vr_top; int gr_offs, vr_offs; }
 * The two offsets count up to a limit, from an address; the registers are saved in one area, integer ones first. */

static void save_registers(void) {
    int values[16];
    int cls[2];
    cls[0] = K_L;
    cls[1] = target->x_in_regs ? K_X : K_D;
    reg_save = frame_room(target->nargs[0] * 8 + target->nargs[1] * 16, 16);
    for (int k = 0; k < 2; k++)
        for (int i = named_args.used[k]; i < target->nargs[k]; i++)
            values[k * 8 + i] = get(cls[k], target->args[k][i]);
    for (int k = 0; k < 2; k++)
        for (int i = named_args.used[k]; i < target->nargs[k]; i++)
            store_at(FRAME, reg_save + k * target->nargs[0] * 8 + (i << 3 + k), cls[k], values[k * 8 + i]);
}

static void va_start_field(int list, int field, int base, int off) {
    Mem m;
    mem_at(&m, base, off);
    store_at(list, field, K_L, address(&m));
}

static void gen_va_start(int list) {
    int end = reg_save;                 /* of the saved registers of a kind */
    va_start_field(list, target->va_stack, ARGS, named_args.stack);
    for (int k = 0; k < 2; k++) {
        int left = target->nargs[k] - named_args.used[k];
        int limit = target->va_limits[k];
        end += target->nargs[k] << 3 + k;
        store_at(list, target->va_offsets[k], K_W, constant(limit - (left << 3 + k), K_W));
        if (!k || target->va_tops[1] != target->va_tops[0])
            va_start_field(list, target->va_tops[k], FRAME, end - limit);
    }
}

static int va_stack_address(int list, Passing *p) {
    int at = load_at(list, target->va_stack, K_L);
    if (p->align == 16)
        at = round_16(at, K_L);
    store_at(list, target->va_stack, K_L, op_imm(I_ADD, K_L, at, stack_size(p)));
    return at;
}

/* The address of a value whose parts were passed in registers; when they were not, on to the label. */
static int va_from_registers(int list, Passing *p, int on_stack) {
    int *counts = p->count;
    int offs[2];
    int ends[2];
    for (int k = 0; k < 2; k++) {
        if (!counts[k])
            continue;
        offs[k] = load_at(list, target->va_offsets[k], K_W);
        if (k == 0 && p->align == 16 && target->in_order)
            offs[k] = round_16(offs[k], K_W);
        ends[k] = op_imm(I_ADD, K_W, offs[k], counts[k] << 3 + k);
        if (target->in_order)       /* what does not fit ends the use of registers */
            store_at(list, target->va_offsets[k], K_W, ends[k]);
        jcc_imm(C_GT, K_W, ends[k], target->va_limits[k], on_stack);
    }
    for (int k = 0; k < 2; k++) {
        if (!counts[k])
            continue;
        if (!target->in_order)
            store_at(list, target->va_offsets[k], K_W, ends[k]);
        int top = load_at(list, target->va_tops[k], K_L);
        offs[k] = op2(I_ADD, K_L, top, op_cc(I_EXT, K_L, offs[k], M_SW));
    }
    if (!counts[1] || p->n == 1)
        return offs[!counts[0]];
    int buffer = frame_room(p->size + 8, 16);       /* the parts are apart in the save areas */
    int done[2];
    done[0] = done[1] = 0;
    for (int i = 0; i < p->n; i++) {
        int k = p->cls[i] >= K_S;
        store_at(FRAME, buffer + p->off[i], p->cls[i], load_at(offs[k], done[k]++ << 3 + k, p->cls[i]));
    }
    Mem m;
    mem_at(&m, FRAME, buffer);
    return address(&m);
}

/* the address of the next argument */
static int gen_va_arg(Node *n) {
    Passing p;
    int list = gen(n->a);
    pass_type(n->type->base, &p);
    int result = tmp(K_L);
    int on_stack = new_label();
    int end = new_label();
    if (p.kind != PASS_STACK && p.n) {
        emit(I_MOV, K_L, result, va_from_registers(list, &p, on_stack), NONE);
        jump_to(end);
        place_label(on_stack);
    }
    emit(I_MOV, K_L, result, va_stack_address(list, &p), NONE);
    place_label(end);
    return p.kind == PASS_REFERENCE ? load_at(result, 0, K_L) : result;
}

/* ---- parameters ---- */

static void receive_param(Decl *d, Arg *q) {
    int record = is_record(d->type);
    int by_reference = q->p.kind == PASS_REFERENCE;
    Mem from;
    mem_at(&from, ARGS, q->p.stack);
    mem_at(&q->m, FRAME, d->frame);
    if (record && q->p.in_regs && !by_reference)
        store_parts(d->frame, &q->p, q->parts);
    else if (record) {
        if (by_reference)
            mem_at(&from, q->p.in_regs ? q->parts[0] : load(&from, K_L, M_L), 0);
        copy_bytes(&q->m, &from, q->p.size);
    } else {
        int cls = class_of(d->type);
        int v = q->p.in_regs ? truncate_to(q->parts[0], d->type) : load(&from, cls, memory_type(d->type));
        if (d->vreg != NONE)
            emit(I_MOV, cls, d->vreg, v, NONE);
        else
            store(&q->m, cls, memory_type(d->type), v);
    }
}

/* Takes all argument registers at once, then sorts them into the parameters. */
static void gen_entry(Decl *d, Decl *params) {
    Passing result;
    int n = 0;
    for (Decl *p = params; p; p = p->next)
        n++;
    Arg *list = xalloc(n * sizeof(Arg));
    Arg *q = list;
    mem_set(&named_args, 0, sizeof(ArgState));
    if (!pass_result(d->type->base, &result)) {
        sret_vreg = get(K_L, sret_register());
        fn.v[sret_vreg].home = 0;
        named_args.used[0] = target->sret_reg == NONE;
    }
    for (Decl *p = params; p; p = p->next) {
        pass_type(p->type, &q->p);
        assign_place(&q->p, &named_args);
        if (q->p.in_regs)
            get_parts(&q->p, q->parts);
        q++;
    }
    named_args.stack = (named_args.stack + 7) & ~7;
    fn.framed = d->type->variadic || named_args.stack;
    if (d->type->variadic)
        save_registers();
    for (Decl *p = params; p; p = p->next) {
        if (is_record(p->type))
            p->frame = frame_room(type_size(p->type) + 8, type_align(p->type));
        else
            place_local(p);
        receive_param(p, list++);
    }
}

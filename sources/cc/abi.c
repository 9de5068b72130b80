/* SPDX-License-Identifier: MIT
 *
 * How values are passed and returned, for both psABIs.
 *
 * A value travels as up to four parts, each in an integer or a floating register; or in memory on the stack (x86_64);
 * or as a pointer to a copy (AArch64).  Caller, callee, va_arg and return all ask here. */

enum { PASS_PARTS, PASS_STACK, PASS_REFERENCE };

typedef struct Passing Passing;
struct Passing {
    int kind;
    int n;                      /* parts */
    int cls[4];
    int off[4];
    int count[2];               /* of integer and of floating parts */
    int size;                   /* bytes of the value */
    int align;                  /* 8 or 16, on the stack */
    int is_x87;                 /* it is returned in st(0) */
    int in_regs;                /* assign_place: its registers, or else */
    int reg[4];
    int stack;                  /* its offset among the stack arguments */
};

typedef struct ArgState ArgState;
struct ArgState {
    int used[2];                /* integer and floating registers */
    int stack;
};

enum { HAS_FLOAT = 1, HAS_INTEGER = 2, IN_MEMORY = 4, HAS_X87 = 8 };

/* What the psABIs ask about the scalars in a structure of up to 64 bytes. */
typedef struct Contents Contents;
struct Contents {
    int eightbytes[8];          /* HAS_... (x86_64) */
    int cls;                    /* of all, when they are floats of one class; else K_W; NONE: there is none (AArch64) */
    unsigned long starts;       /* bit per byte: one begins there */
};

static void look_into(Contents *c, Type *t, long off) {
    if (t->kind == TY_ARRAY)
        for (long i = 0; i < array_len(t); i++)
            look_into(c, t->base, off + i * type_size(t->base));
    else if (is_record(t))
        for (Member *m = t->plain->members; m; m = m->next) {
            long at = off + m->offset;
            if (m->bit_width > 0) {
                look_into(c, ty_char, at + m->bit_offset / 8);
                look_into(c, ty_char, at + (m->bit_offset + m->bit_width - 1) / 8);
            } else if (m->bit_width < 0)
                look_into(c, m->type, at);
        }
    else {
        int cls = is_float(t) ? class_of(t) : K_W;
        c->cls = c->cls == NONE || c->cls == cls ? cls : K_W;
        c->starts |= 1UL << off;
        if (off % type_align(t))
            c->eightbytes[0] |= IN_MEMORY;
        c->eightbytes[off / 8] |= cls == K_X ? HAS_X87 : cls >= K_S ? HAS_FLOAT : HAS_INTEGER;
        if (cls == K_X)
            c->eightbytes[off / 8 + 1] |= HAS_X87;
    }
}

static int class_size(int cls) {
    return cls == K_X ? 16 : cls == K_W || cls == K_S ? 4 : 8;
}

static void add_part(Passing *p, int cls, int off) {
    p->cls[p->n] = cls;
    p->off[p->n++] = off;
    p->count[cls >= K_S]++;
}

static void pass_record_x86_64(Type *t, Passing *p, int *classes) {
    if (p->size == 0)                   /* travels nowhere */
        return;
    p->kind = PASS_STACK;
    p->align = type_align(t) > 8 ? 16 : 8;
    if (p->size > 16)
        return;
    p->is_x87 = classes[0] == HAS_X87 && classes[1] == HAS_X87;
    for (int i = 0; i < 2; i++)         /* a long double goes to memory, unless a union makes an integer of it */
        if (classes[i] & IN_MEMORY || (classes[i] & (HAS_X87 | HAS_INTEGER)) == HAS_X87)
            return;
    p->kind = PASS_PARTS;
    for (int off = 0; off < p->size; off += 8) {
        int cls = p->size - off > 4 ? K_D : K_S;
        if (!off || classes[1])         /* not what is padding altogether */
            add_part(p, classes[off / 8] == HAS_FLOAT ? cls : K_L, off);
    }
}

/* AArch64's alignment of an argument: that of the members, whatever the record's own attribute asks for beyond it. */
static int members_align(Type *t) {
    int align = 1;
    for (Member *m = t->plain->members; m; m = m->next)
        align = type_align(m->type) > align ? type_align(m->type) : align;
    return align < type_align(t) ? align : type_align(t);
}

static void pass_record_aarch64(Type *t, Passing *p, Contents *c) {
    int each = class_size(c->cls);
    int n = c->cls < K_S ? 0 : p->size / each;
    p->align = members_align(t) > 8 ? 16 : 8;
    for (int i = 0; i < n; i++)
        if (!(c->starts >> i * each & 1))
            n = 0;
    if (n > 0 && n <= 4) {                  /* floats of one class, without padding */
        for (int i = 0; i < n; i++)
            add_part(p, c->cls, i * each);
    } else if (p->size > 16) {
        p->kind = PASS_REFERENCE;
        p->align = 8;
        add_part(p, K_L, 0);
    } else
        for (int off = 0; off < p->size; off += 8)
            add_part(p, K_L, off);
}

static void pass_type(Type *t, Passing *p) {
    int x86 = target->machine == MACH_X86_64;
    mem_set(p, 0, sizeof(Passing));
    p->size = type_size(t);
    p->align = t->kind == TY_LDOUBLE ? 16 : 8;
    if (is_record(t)) {
        Contents c;
        mem_set(&c, 0, sizeof(Contents));
        c.cls = NONE;
        if (p->size <= 64)
            look_into(&c, t, 0);
        if (x86)
            pass_record_x86_64(t, p, c.eightbytes);
        else
            pass_record_aarch64(t, p, &c);
    } else if (t->kind == TY_LDOUBLE && x86) {
        p->kind = PASS_STACK;
        p->is_x87 = 1;
    } else
        add_part(p, class_of(t), 0);
}

/* the registers of the parts, out of those two lists behind the used ones */
static void assign_registers(Passing *p, int **lists, int *used) {
    for (int i = 0; i < p->n; i++) {
        int k = p->cls[i] >= K_S;
        p->reg[i] = lists[k][used[k]++];
    }
}

/* bytes of a value on the stack */
static int stack_size(Passing *p) {
    return p->kind == PASS_REFERENCE ? 8 : p->size + 7 & ~7;
}

/* Gives an argument its registers or its place on the stack. */
static void assign_place(Passing *p, ArgState *s) {
    if (p->kind != PASS_STACK && p->n) {
        int even = p->count[0] == 2 && p->align == 16 && target->in_order;
        int first = even ? s->used[0] + 1 & ~1 : s->used[0];
        if (first + p->count[0] <= target->nargs[0] && s->used[1] + p->count[1] <= target->nargs[1]) {
            s->used[0] = first;
            assign_registers(p, target->args, s->used);
            p->in_regs = 1;
            return;
        }
        for (int k = 0; k < 2; k++)
            if (target->in_order && p->count[k])
                s->used[k] = target->nargs[k];
    }
    p->stack = (s->stack + p->align - 1) & -p->align;
    s->stack = p->stack + stack_size(p);
}

/* The registers of a result; false: the caller makes room for it in memory. */
static int pass_result(Type *t, Passing *p) {
    int used[2];
    used[0] = used[1] = 0;
    pass_type(t, p);
    if (p->is_x87) {
        p->kind = PASS_PARTS;
        add_part(p, K_X, 0);
        p->reg[0] = X87_ST0;
    } else
        assign_registers(p, target->rets, used);
    return p->kind == PASS_PARTS;
}

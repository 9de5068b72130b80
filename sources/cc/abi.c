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
    int nint, nfp;
    int size;                   /* bytes of the value */
    int align;                  /* 8 or 16, on the stack */
    int is_x87;                 /* it is returned in st(0) */
    int in_regs;                /* assign_place: its registers, or else */
    int reg[4];
    int stack;                  /* its offset among the stack arguments */
};

typedef struct ArgState ArgState;
struct ArgState {
    int nint, nfp, stack;
};

enum { HAS_FLOAT = 1, HAS_INTEGER = 2, IN_MEMORY = 4, HAS_X87 = 8 };

/* What the two eightbytes of a structure hold (x86_64). */
static void eightbytes(Type *t, long off, int *classes) {
    if (t->kind == TY_ARRAY)
        for (long i = 0; i < array_len(t); i++)
            eightbytes(t->base, off + i * type_size(t->base), classes);
    else if (is_record(t))
        for (Member *m = t->record->members; m; m = m->next) {
            long at = off + m->offset;
            if (m->bit_width > 0) {
                classes[(at + m->bit_offset / 8) / 8] |= HAS_INTEGER;
                classes[(at + (m->bit_offset + m->bit_width - 1) / 8) / 8] |= HAS_INTEGER;
            } else if (m->bit_width < 0)
                eightbytes(m->type, at, classes);
        }
    else if (off % type_align(t))
        classes[0] |= IN_MEMORY;
    else if (t->kind == TY_LDOUBLE) {
        classes[0] |= HAS_X87;
        classes[1] |= HAS_X87;
    } else if (off < 16)
        classes[off / 8] |= is_float(t) ? HAS_FLOAT : HAS_INTEGER;
}

static int class_size(int cls) {
    return cls == K_X ? 16 : cls == K_W || cls == K_S ? 4 : 8;
}

/* The number of members of a homogeneous floating aggregate (AArch64), or 0; *cls becomes their class.  -1: it is none;
 * padding is no member. */
static int homogeneous(Type *t, int *cls) {
    if (is_float(t)) {
        int same = *cls < 0 || *cls == class_of(t);
        *cls = class_of(t);
        return same ? 1 : -1;
    }
    if (t->kind == TY_ARRAY) {
        int each = homogeneous(t->base, cls);
        return each < 0 ? -1 : each * array_len(t);
    }
    if (!is_record(t))
        return -1;
    int n = 0;
    for (Member *m = t->record->members; m; m = m->next) {
        int k = m->bit_width >= 0 ? -1 : homogeneous(m->type, cls);
        if (k < 0)
            return -1;
        n = t->kind != TY_UNION ? n + k : k > n ? k : n;
    }
    return n * class_size(*cls) == type_size(t) ? n : -1;
}

static void add_part(Passing *p, int cls, int off) {
    p->cls[p->n] = cls;
    p->off[p->n++] = off;
    if (cls >= K_S)
        p->nfp++;
    else
        p->nint++;
}

static void pass_record_x86_64(Type *t, Passing *p) {
    int classes[2];
    classes[0] = 0;
    classes[1] = 0;
    if (p->size == 0)                   /* travels nowhere */
        return;
    p->kind = PASS_STACK;
    p->align = type_align(t) > 8 ? 16 : 8;
    if (p->size > 16)
        return;
    eightbytes(t, 0, classes);
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
    for (Member *m = t->record->members; m; m = m->next)
        align = type_align(m->type) > align ? type_align(m->type) : align;
    return align < type_align(t) ? align : type_align(t);
}

static void pass_record_aarch64(Type *t, Passing *p) {
    int cls = -1;
    int n = homogeneous(t, &cls);
    if (n > 0 && n <= 4) {
        for (int i = 0; i < n; i++)
            add_part(p, cls, i * class_size(cls));
        p->align = cls == K_X ? 16 : 8;
    } else if (p->size > 16) {
        p->kind = PASS_REFERENCE;
        add_part(p, K_L, 0);
    } else {
        for (int off = 0; off < p->size; off += 8)
            add_part(p, K_L, off);
        p->align = members_align(t) > 8 ? 16 : 8;
    }
}

static void pass_type(Type *t, Passing *p) {
    int x86 = target->machine == MACH_X86_64;
    mem_set(p, 0, sizeof(Passing));
    p->size = type_size(t);
    p->align = t->kind == TY_LDOUBLE ? 16 : 8;
    if (is_record(t) && x86)
        pass_record_x86_64(t, p);
    else if (is_record(t))
        pass_record_aarch64(t, p);
    else if (t->kind == TY_LDOUBLE && x86) {
        p->kind = PASS_STACK;
        p->is_x87 = 1;
    } else
        add_part(p, class_of(t), 0);
}

/* the registers of the parts, out of those two lists from *nint and *nfp on */
static void assign_registers(Passing *p, int *ints, int *fps, int *nint, int *nfp) {
    for (int i = 0; i < p->n; i++)
        p->reg[i] = p->cls[i] >= K_S ? fps[(*nfp)++] : ints[(*nint)++];
}

/* bytes of a value on the stack */
static int stack_size(Passing *p) {
    return p->kind == PASS_REFERENCE ? 8 : p->size + 7 & ~7;
}

/* Gives an argument its registers or its place on the stack. */
static void assign_place(Passing *p, ArgState *s) {
    if (p->kind != PASS_STACK && p->n) {
        int even = p->nint == 2 && p->align == 16 && target->in_order;
        int nint = even ? s->nint + 1 & ~1 : s->nint;
        if (nint + p->nint <= target->nint_args && s->nfp + p->nfp <= target->nfp_args) {
            s->nint = nint;
            assign_registers(p, target->int_args, target->fp_args, &s->nint, &s->nfp);
            p->in_regs = 1;
            return;
        }
        if (target->in_order && p->nint)
            s->nint = target->nint_args;
        if (target->in_order && p->nfp)
            s->nfp = target->nfp_args;
    }
    p->stack = (s->stack + p->align - 1) & -p->align;
    s->stack = p->stack + stack_size(p);
}

/* The registers of a result; false: the caller makes room for it in memory. */
static int pass_result(Type *t, Passing *p) {
    static int x87[] = { X87_ST0 };
    int nint = 0, nfp = 0;
    pass_type(t, p);
    if (p->is_x87) {
        p->kind = PASS_PARTS;
        add_part(p, K_X, 0);
    }
    assign_registers(p, target->int_rets, p->is_x87 ? x87 : target->fp_rets, &nint, &nfp);
    return p->kind == PASS_PARTS;
}

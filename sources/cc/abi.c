/* SPDX-License-Identifier: MIT
 *
 * How values are passed and returned, for both psABIs.
 *
 * A value travels as up to four parts, each in an integer or a floating
 * register; or in memory on the stack (x86_64); or as a pointer to a copy
 * (AArch64).  Caller, callee, va_arg and return all ask here. */

enum { PASS_PARTS, PASS_STACK, PASS_REFERENCE };

typedef struct Passing Passing;
struct Passing {
    int kind;
    int n;                      /* parts */
    int cls[4];
    int off[4];
    int nint;
    int nfp;
    int size;                   /* bytes of the value */
    int align;                  /* 8 or 16, on the stack */
    int is_x87;                 /* a structure that is returned in st(0) */
    int in_regs;                /* assign_place: its registers, or else */
    int reg[4];
    int stack;                  /* its offset among the stack arguments */
};

typedef struct ArgState ArgState;
struct ArgState {
    int nint;
    int nfp;
    int stack;
};

/* Classes of the two eightbytes (x86_64): 1 floating, 2 integer,
 * 4 memory, 8 x87; integer wins over the others in a union. */
static void eightbytes(Type *t, long off, int *classes) {
    if (t->kind == TY_ARRAY) {
        long each = type_size(t->base);
        for (long i = 0; i < array_len(t); i++)
            eightbytes(t->base, off + i * each, classes);
        return;
    }
    if (is_record(t)) {
        for (Member *m = t->record->members; m; m = m->next) {
            if (m->bit_width >= 0) {
                if (m->bit_width > 0) {
                    classes[(off + m->offset + m->bit_offset / 8) / 8] |= 2;
                    classes[(off + m->offset + (m->bit_offset + m->bit_width - 1) / 8) / 8] |= 2;
                }
                continue;
            }
            eightbytes(m->type, off + m->offset, classes);
        }
        return;
    }
    if (off % type_align(t))
        classes[0] |= 4;
    if (t->kind == TY_LDOUBLE) {
        classes[0] |= 8;
        classes[1] |= 8;
    } else if (off < 16)
        classes[off / 8] |= is_float(t) ? 1 : 2;
}

static int class_size(int cls) {
    return cls == K_X ? 16 : cls == K_W || cls == K_S ? 4 : 8;
}

/* The number of members of a homogeneous floating aggregate (AArch64), or 0;
 * *cls becomes their class.  -1: it is none; padding is no member. */
static int homogeneous(Type *t, int *cls) {
    if (is_float(t)) {
        if (*cls >= 0 && *cls != class_of(t))
            return -1;
        *cls = class_of(t);
        return 1;
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
        if (t->kind == TY_UNION)
            n = k > n ? k : n;
        else
            n += k;
    }
    return n * class_size(*cls) == type_size(t) ? n : -1;
}

static void add_part(Passing *p, int cls, int off) {
    p->cls[p->n] = cls;
    p->off[p->n] = off;
    p->n++;
    if (cls >= K_S)
        p->nfp++;
    else
        p->nint++;
}

static void pass_record_x86_64(Type *t, Passing *p) {
    int classes[2];
    classes[0] = 0;
    classes[1] = 0;
    if (p->size == 0)           /* travels nowhere */
        return;
    p->kind = PASS_STACK;
    if (p->size > 16) {
        p->align = type_align(t) > 8 ? 16 : 8;
        return;
    }
    eightbytes(t, 0, classes);
    if (classes[0] & 4 || (classes[0] & 10) == 8 || (classes[1] & 10) == 8) {
        p->is_x87 = classes[0] == 8 && classes[1] == 8;
        p->align = type_align(t) > 8 ? 16 : 8;
        return;
    }
    p->kind = PASS_PARTS;
    for (int off = 0; off < p->size; off += 8)
        if (!off || classes[1])         /* not what is padding altogether */
            add_part(p, classes[off / 8] & 2 || !classes[off / 8] ? K_L : p->size - off > 4 ? K_D : K_S, off);
}

/* AArch64's alignment of an argument: that of the members, whatever the
 * record's own attribute asks for beyond it. */
static int members_align(Type *t) {
    int align = 1;
    for (Member *m = t->record->members; m; m = m->next)
        if (type_align(m->type) > align)
            align = type_align(m->type);
    return align < type_align(t) ? align : type_align(t);
}

static void pass_record_aarch64(Type *t, Passing *p) {
    int cls = -1;
    int n = homogeneous(t, &cls);
    if (n > 0 && n <= 4) {
        for (int i = 0; i < n; i++)
            add_part(p, cls, i * class_size(cls));
        p->align = cls == K_X ? 16 : 8;
        return;
    }
    if (p->size > 16) {
        p->kind = PASS_REFERENCE;
        add_part(p, K_L, 0);
        return;
    }
    for (int off = 0; off < p->size; off += 8)
        add_part(p, K_L, off);
    p->align = members_align(t) > 8 ? 16 : 8;
}

static void pass_type(Type *t, Passing *p) {
    mem_set(p, 0, sizeof(Passing));
    p->size = type_size(t);
    p->align = 8;
    if (is_record(t)) {
        if (target->machine == MACH_X86_64)
            pass_record_x86_64(t, p);
        else
            pass_record_aarch64(t, p);
        return;
    }
    if (t->kind == TY_LDOUBLE) {
        p->align = 16;
        if (target->machine == MACH_X86_64) {
            p->kind = PASS_STACK;
            return;
        }
    }
    add_part(p, class_of(t), 0);
}

/* Gives an argument its registers or its place on the stack. */
static void assign_place(Passing *p, ArgState *s) {
    if (p->kind != PASS_STACK && p->n) {
        int nint = s->nint;
        int even = p->nint == 2 && p->align == 16 && target->machine == MACH_AARCH64;
        if (even)
            nint = (nint + 1) & ~1;
        if (nint + p->nint <= target->nint_args && s->nfp + p->nfp <= target->nfp_args) {
            if (p->nint)
                s->nint = nint;
            for (int i = 0; i < p->n; i++)
                if (p->cls[i] >= K_S) {
                    p->reg[i] = target->fp_args[s->nfp];
                    s->nfp++;
                } else {
                    p->reg[i] = target->int_args[s->nint];
                    s->nint++;
                }
            p->in_regs = 1;
            return;
        }
        if (target->machine == MACH_AARCH64) {  /* nothing overtakes there */
            if (p->nint)
                s->nint = target->nint_args;
            if (p->nfp)
                s->nfp = target->nfp_args;
        }
    }
    int size = p->kind == PASS_REFERENCE ? 8 : p->size;
    s->stack = (s->stack + p->align - 1) & -p->align;
    p->stack = s->stack;
    s->stack += (size + 7) & ~7;
}

/* The registers of a result in parts. */
static void assign_result(Passing *p) {
    int nint = 0;
    int nfp = 0;
    for (int i = 0; i < p->n; i++)
        if (p->cls[i] >= K_S) {
            p->reg[i] = target->fp_rets[nfp];
            nfp++;
        } else {
            p->reg[i] = target->int_rets[nint];
            nint++;
        }
}

/* A result that the caller makes room for. */
static int returned_in_memory(Type *t, Passing *p) {
    if (!is_record(t))
        return 0;
    pass_type(t, p);
    return p->kind != PASS_PARTS && !p->is_x87;
}

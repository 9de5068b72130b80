/* SPDX-License-Identifier: MIT
 *
 * Types: making, comparing, and describing them. */

static Type *ty_void, *ty_bool, *ty_char, *ty_schar, *ty_uchar, *ty_short, *ty_ushort, *ty_int, *ty_uint, *ty_long,
    *ty_ulong, *ty_llong, *ty_ullong, *ty_float, *ty_double, *ty_ldouble, *ty_char_ptr, *ty_void_ptr, *ty_wchar;

static Type *type_new(int kind, long size, int align) {
    Type *t = xalloc(sizeof(Type));
    t->kind = kind;
    t->size = size;
    t->align = align;
    t->plain = t;
    return t;
}

static Type *pointer_to(Type *base) {
    if (!base->pointer) {
        base->pointer = type_new(TY_PTR, 8, 8);
        base->pointer->base = base;
    }
    return base->pointer;
}

static long type_size(Type *t) {
    return t->plain->size;
}

static int type_align(Type *t) {
    if (t->kind == TY_ARRAY)
        return type_align(t->base);
    return t->plain->align;
}

static Type *array_of(Type *base, long len) {
    Type *t = type_new(TY_ARRAY, len < 0 ? -1 : len * type_size(base), 1);
    t->base = base;
    return t;
}

static long array_len(Type *t) {
    long each = type_size(t->base);
    return t->size < 0 ? -1 : each > 0 ? t->size / each : 0;
}

static Type *function_type(Type *result) {
    Type *t = type_new(TY_FUNC, 1, 1);
    t->base = result;
    return t;
}

static Type *qualify(Type *t, int quals) {
    quals |= t->quals;
    if (quals == t->quals)
        return t;
    if (t->kind == TY_ARRAY) {
        Type *copy = array_of(qualify(t->base, quals), 0);
        copy->size = t->size;
        copy->vla = t->vla;
        return copy;
    }
    Type *copy = xalloc(sizeof(Type));
    mem_copy(copy, t, sizeof(Type));
    copy->quals = quals;
    copy->plain = t->plain;
    copy->pointer = 0;
    return copy;
}

static Type **basic_types[] = { &ty_void, &ty_bool, &ty_char, &ty_schar, &ty_uchar, &ty_short, &ty_ushort, &ty_int,
    &ty_uint, &ty_long, &ty_ulong, &ty_llong, &ty_ullong, &ty_float, &ty_double, &ty_ldouble };
static char basic_sizes[] = { 1, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 4, 8, 16 };
static char basic_classes[] = { K_W, K_W, K_W, K_W, K_W, K_W, K_W, K_W, K_W, K_L, K_L, K_L, K_L, K_S, K_D, K_X };

static void type_init(void) {
    for (int kind = TY_VOID; kind <= TY_LDOUBLE; kind++)
        *basic_types[kind] = type_new(kind, basic_sizes[kind], basic_sizes[kind]);
    ty_char_ptr = pointer_to(ty_char);
    ty_void_ptr = pointer_to(ty_void);
    ty_wchar = target->char_unsigned ? ty_uint : ty_int;
}

static int is_integer(Type *t) {
    return t->kind >= TY_BOOL && t->kind <= TY_ULLONG;
}

static int is_float(Type *t) {
    return t->kind >= TY_FLOAT && t->kind <= TY_LDOUBLE;
}

static int is_arith(Type *t) {
    return t->kind >= TY_BOOL && t->kind <= TY_LDOUBLE;
}

static int is_scalar(Type *t) {
    return t->kind >= TY_BOOL && t->kind <= TY_PTR;
}

static int is_record(Type *t) {
    return t->kind >= TY_STRUCT;
}

static int is_unsigned(Type *t) {
    switch (t->kind) {
    case TY_CHAR: return target->char_unsigned;
    case TY_BOOL: case TY_UCHAR: case TY_USHORT: case TY_UINT: case TY_ULONG: case TY_ULLONG: case TY_PTR: return 1;
    }
    return 0;
}

static int is_complete(Type *t) {
    if (t->kind == TY_VOID || t->kind == TY_FUNC)
        return 0;
    return t->vla || type_size(t) >= 0;
}

/* The type after integer promotion. */
static Type *promote(Type *t) {
    return is_integer(t) && t->size < 4 ? ty_int : t->plain;
}

/* The common type of the usual arithmetic conversions. */
static Type *common_type(Type *a, Type *b) {
    if (is_float(a) || is_float(b))
        return a->kind > b->kind ? a->plain : b->plain;
    a = promote(a);
    b = promote(b);
    Type *high = a->kind > b->kind ? a : b;
    Type *low = a->kind > b->kind ? b : a;
    return *basic_types[high->kind + (is_unsigned(low) && !is_unsigned(high) && low->size == high->size)];
}

static int is_compatible(Type *a, Type *b) {
    if (a == b)
        return 1;
    if (a->kind != b->kind || is_record(a) && a->plain != b->plain || a->base && !is_compatible(a->base, b->base))
        return 0;
    if (a->kind == TY_PTR)
        return ((a->base->quals ^ b->base->quals) & (Q_CONST | Q_VOLATILE)) == 0;
    if (a->kind == TY_ARRAY)
        return a->size == b->size || a->size < 0 || b->size < 0 || a->vla || b->vla;
    if (a->kind != TY_FUNC || a->unproto || b->unproto)
        return 1;
    Decl *q = b->params;
    for (Decl *p = a->params; p; p = p->next) {
        if (!q || !is_compatible(p->type, q->type))
            return 0;
        q = q->next;
    }
    return !q && a->variadic == b->variadic;
}

static char *kind_names[] = { "void", "_Bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int",
    "unsigned int", "long", "unsigned long", "long long", "unsigned long long", "float", "double", "long double" };

static char *type_name(Type *t) {
    char *quals = t->quals & Q_CONST ? "const " : t->quals & Q_VOLATILE ? "volatile " : "";
    switch (t->kind) {
    case TY_PTR:
        return str_join(type_name(t->base), t->base->kind == TY_PTR ? "*" : " *", t->quals & Q_CONST ? " const" : "");
    case TY_ARRAY: return str_join(type_name(t->base), "[]", "");
    case TY_FUNC: return str_join(type_name(t->base), "()", "");
    case TY_STRUCT: case TY_UNION:
        return str_join(quals, t->kind == TY_UNION ? "union " : "struct ",
                        t->id ? t->id->name : "<anonymous>");
    }
    return str_join(quals, kind_names[t->kind], "");
}

/* The member called id, through anonymous members too; *offset gains where it lies. */
static Member *find_member(Type *t, Ident *id, long *offset) {
    for (Member *m = t->plain->members; m; m = m->next) {
        Member *found = m->id == id ? m : m->id ? 0 : find_member(m->type, id, offset);
        if (found) {
            *offset += m->offset;
            return found;
        }
    }
    return 0;
}

/* ---- to the IR's terms ---- */

static int class_of(Type *t) {
    return t->kind > TY_LDOUBLE ? K_L : basic_classes[t->kind];
}

static int memory_type(Type *t) {
    int u = is_unsigned(t);
    if (is_float(t))
        return M_S + t->kind - TY_FLOAT;
    long size = type_size(t);
    return size == 1 ? M_SB + u : size == 2 ? M_SH + u : size == 4 ? M_SW + u : M_L;
}

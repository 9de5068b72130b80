/* SPDX-License-Identifier: MIT
 *
 * Initialisers: of globals to bytes and relocations, of locals to assignments. */

typedef struct InitReloc InitReloc;
struct InitReloc {
    InitReloc *next;
    long offset;
    long addend;
    Symbol *sym;
};

static Decl *init_local;        /* the local variable being initialised, or null: a global */
static unsigned char *init_bytes;
static long init_cap;
static long init_used;          /* bytes that anything was said about */
static InitReloc *init_relocs;
static long init_highest;       /* 1 + the highest offset that a scalar was stored at */
static Node *init_first;        /* a local's assignments */
static Node *init_last;
static int init_outermost;      /* 2: the initialiser as a whole is no list and no string */
static Node *init_pending;      /* an expression read before it was known what it initialises */

static void init_value(Type *type, long off, Member *bits);

static void init_reserve(long n) {
    if (n > init_used)
        init_used = n;
    if (n + 16 <= init_cap)
        return;
    long cap = n * 2 + 256;
    unsigned char *more = xalloc(cap);
    mem_copy(more, init_bytes, init_cap);
    init_bytes = more;
    init_cap = cap;
}

/* ---- constants of the link: symbol + number ---- */

static Symbol *string_symbol(Node *n) {
    if (!n->decl) {
        Decl *d = decl_new(0, n->type, D_VAR);
        d->is_global = 1;
        d->storage = SC_STATIC;
        n->decl = d;
        long each = type_size(n->type->base);
        Section *s = obj_section(obj, ".rodata", SHT_PROGBITS, SHF_ALLOC);
        sec_align(s, each);
        sym_define(decl_symbol(d), s, s->len);
        sec_bytes(s, n->str, n->val * each);
    }
    return n->decl->sym;
}

static int constant_address(Node *n, Symbol **sym, long *addend);

static int constant_lvalue(Node *n, Symbol **sym, long *addend) {
    if (n->op == N_VAR && n->decl->is_global && !n->decl->thread_local) {
        *sym = decl_symbol(n->decl);
        return 1;
    }
    if (n->op == N_STR) {
        *sym = string_symbol(n);
        return 1;
    }
    if (n->op == N_MEMBER && constant_lvalue(n->a, sym, addend)) {
        *addend += n->val;
        return 1;
    }
    return n->op == N_DEREF && constant_address(n->a, sym, addend);
}

static int constant_address(Node *n, Symbol **sym, long *addend) {
    if (n->op == N_NUM) {
        *addend += n->val;
        return 1;
    }
    if (n->op == N_ADDR)
        return constant_lvalue(n->a, sym, addend);
    if (n->op == N_LABEL_ADDR) {
        *addend += n->label->index;
        return 1;
    }
    if (n->op == N_CAST && (n->type->size == 8 || n->a->type->size == n->type->size) && !is_float(n->a->type) && !is_float(n->type))
        return constant_address(n->a, sym, addend);
    if (n->op == N_ADD)
        return constant_address(n->a, sym, addend) && constant_address(n->b, sym, addend);
    if (n->op == N_SUB) {
        Symbol *minus_sym = 0;
        long minus_addend = 0;
        if (!constant_address(n->a, sym, addend) || !constant_address(n->b, &minus_sym, &minus_addend))
            return 0;
        *addend -= minus_addend;
        if (minus_sym && *sym && minus_sym->sec == (*sym)->sec && minus_sym->place == PLACE_SECTION) {
            *addend += (*sym)->value - minus_sym->value;
            *sym = 0;
            return 1;
        }
        return !minus_sym;
    }
    return 0;
}

/* ---- one scalar ---- */

static void init_add(Node *n) {
    Node *s = node_new(N_EXPR, 0, n, 0);
    if (init_last)
        init_last->next = s;
    else
        init_first = s;
    init_last = s;
}

static Node *init_target(Type *type, long off, Member *bits) {
    Node *v = node_new(N_VAR, init_local->type, 0, 0);
    v->decl = init_local;
    if (!is_record(init_local->type) && init_local->type->kind != TY_ARRAY)
        return v;
    Node *m = node_new(N_MEMBER, type, v, 0);
    m->val = off;
    m->member = bits;
    if (!bits) {
        m->member = xalloc(sizeof(Member));
        m->member->bit_width = -1;
        m->member->type = type;
    }
    return m;
}

/* What is initialised again loses the address that it had. */
static void forget_reloc(long off) {
    InitReloc **at = &init_relocs;
    while (*at)
        if ((*at)->offset == off)
            *at = (*at)->next;
        else
            at = &(*at)->next;
}

static void store_bits(long off, Member *m, long v) {
    int size = type_size(m->type);
    unsigned long mask = m->bit_width == 64 ? -1L : (1L << m->bit_width) - 1;
    unsigned long old = get_le(init_bytes + off, size);
    put_le(init_bytes + off, size, old & ~(mask << m->bit_offset) | (v & mask) << m->bit_offset);
}

static void init_scalar(Type *type, long off, Member *bits, Node *n) {
    if (bits && bits->bit_width < 0)
        bits = 0;
    n = convert_to(n, type->plain, "initialisation");
    if (init_local) {
        init_add(node_new(N_INIT, type, init_target(type, off, bits), n));
        return;
    }
    if (off < init_highest)
        forget_reloc(off);
    else
        init_highest = off + 1;
    init_reserve(off + type_size(type));
    if (n->op == N_REAL) {
        unsigned char out[16];
        real_encode(n->real, type->kind, out);
        mem_copy(init_bytes + off, out, type_size(type));
        return;
    }
    Symbol *sym = 0;
    long v = 0;
    if (!constant_address(n, &sym, &v))
        error("the initialiser of a static object is not constant", "");
    if (bits)
        store_bits(off, bits, v);
    else if (sym) {
        InitReloc *r = xalloc(sizeof(InitReloc));
        if (type_size(type) != 8)
            error("an address does not fit into '%s'", type_name(type));
        r->offset = off;
        r->addend = v;
        r->sym = sym;
        r->next = init_relocs;
        init_relocs = r;
    } else
        put_le(init_bytes + off, type_size(type), v);
}

/* ---- aggregates ---- */

static int is_char_array(Type *t, Node *s) {
    return t->kind == TY_ARRAY && is_integer(t->base) && t->base->size == type_size(s->type->base);
}

static void init_string(Type *type, long off, Node *s) {
    long each = type_size(type->base);
    long n = s->val;
    if (type->size >= 0 && n > array_len(type)) {
        if (n > array_len(type) + 1)
            warn(&tk.place, "the string is longer than its array", "");
        n = array_len(type);
    }
    if (!init_local) {
        init_reserve(off + n * each);
        mem_copy(init_bytes + off, s->str, n * each);
        return;
    }
    init_reserve(off + n * each);
    Node *copy = string_node(s->str, n, type->base);
    if (n)
        init_add(node_new(N_INIT, copy->type, init_target(copy->type, off, 0), copy));
}

/* The members that an initialiser without designators visits. */
static Member *next_member(Member *m) {
    while (m && !m->id && !m->type->record)
        m = m->next;
    return m;
}

/* .name or [index], possibly several, and what follows. */
static void init_designated(Type *type, long off);

static Member *designated_member(Record *r, Ident *id) {
    for (Member *m = r->members; m; m = m->next) {
        long inner = 0;
        if (m->id == id || !m->id && m->type->record && find_member(m->type->record, id, &inner))
            return m;
    }
    error("no member is called '%s'", id->name);
    return 0;
}

static void init_after_designator(Type *type, long off, Member *m) {
    if (tk.kind == '.' || tk.kind == '[') {
        init_designated(type, off);
        return;
    }
    accept('=');
    init_value(type, off, m);
}

static void init_designated(Type *type, long off) {
    if (accept('[')) {
        if (type->kind != TY_ARRAY)
            error("[] designates in something that is no array", "");
        long i = constant_expression("an array index");
        expect(']');
        init_after_designator(type->base, off + i * type_size(type->base), 0);
        return;
    }
    expect('.');
    if (!is_record(type))
        error("a member is designated in something that is no struct", "");
    Ident *id = tk.id;
    Member *m = designated_member(type->record, id);
    if (m->id == id) {
        next();
        init_after_designator(m->type, off + m->offset, m);
        return;
    }
    long inner = 0;                     /* in an anonymous member */
    Member *deep = find_member(m->type->record, id, &inner);
    next();
    init_after_designator(deep->type, off + m->offset + inner + deep->offset, deep);
}

/* Behind an element: is there another one for this aggregate? */
static int init_more(int braced) {
    if (init_pending)
        return 0;
    if (braced) {
        if (tk.kind != '}')
            expect(',');
        return tk.kind != '}';
    }
    if (tk.kind != ',')
        return 0;
    int kind = peek();
    if (kind == '}' || kind == '.' || kind == '[')
        return 0;
    next();
    return 1;
}

static void init_array(Type *type, long off, int braced) {
    long each = type_size(type->base);
    long len = array_len(type);
    long i = 0;
    if (braced && tk.kind == '}')
        return;
    do {
        long last = i;
        if (braced && tk.kind == '[') {
            next();
            i = constant_expression("an array index");
            last = i;
            if (accept(T_ELLIPSIS))
                last = constant_expression("an array index");
            expect(']');
            if (len >= 0 && last >= len || i < 0)
                error("an index beyond the array's end", "");
            if (last > i && tk.kind != '.' && tk.kind != '[') {
                accept('=');
                Node *n = assignment();
                for (; i < last; i++)
                    init_scalar(type->base, off + i * each, 0, n);
                init_pending = n;
                init_value(type->base, off + i * each, 0);
            } else
                init_after_designator(type->base, off + i * each, 0);
        } else {
            if (len >= 0 && i >= len)
                error("too many initialisers for '%s'", type_name(type));
            init_value(type->base, off + i * each, 0);
        }
        i++;
        if (off + i * each > init_used)
            init_reserve(off + i * each);
    } while ((braced || len < 0 || i < len) && init_more(braced));
}

static void init_record(Type *type, long off, int braced) {
    Member *m = next_member(type->record->members);
    if (braced && tk.kind == '}')
        return;
    if (!m && !braced)
        return;
    do {
        if (braced && (tk.kind == '.' || tk.kind == T_IDENT && peek() == ':')) {
            if (tk.kind == T_IDENT) {
                m = designated_member(type->record, tk.id);
                next();
                next();
                init_value(m->type, off + m->offset, m);
            } else {
                peek();
                m = designated_member(type->record, tk_ahead.id);
                init_designated(type, off);
            }
        } else {
            if (!m)
                error("too many initialisers for '%s'", type_name(type));
            init_value(m->type, off + m->offset, m);
        }
        m = type->kind == TY_UNION ? 0 : next_member(m->next);
    } while ((braced || m) && init_more(braced));
}

static void init_elements(Type *type, long off, int braced) {
    if (type->kind == TY_ARRAY)
        init_array(type, off, braced);
    else
        init_record(type, off, braced);
}

static void init_value(Type *type, long off, Member *bits) {
    int aggregate = type->kind == TY_ARRAY || is_record(type);
    if (!init_pending && tk.kind == '{') {
        next();
        if (!aggregate) {
            if (tk.kind == '}')
                init_scalar(type, off, bits, number(0, ty_int));
            else
                init_value(type, off, bits);
        } else if (tk.kind == T_STRING && type->kind == TY_ARRAY && is_integer(type->base)) {
            Node *s = string_literal();
            if (is_char_array(type, s))
                init_string(type, off, s);
        } else
            init_elements(type, off, 1);
        accept(',');
        expect('}');
        return;
    }
    Node *n = init_pending;
    init_pending = 0;
    if (!n)
        n = assignment();
    if (!aggregate) {
        init_scalar(type, off, bits, n);
        return;
    }
    if (n->op == N_STR && is_char_array(type, n)) {
        init_string(type, off, n);
        return;
    }
    if (is_record(type) && is_record(n->type) && n->type->record == type->record) {
        if (init_local)
            init_add(node_new(N_INIT, type, init_target(type, off, 0), n));
        else
            init_constant_record(n, off);
        return;
    }
    if (type->kind == TY_ARRAY && n->op == N_VAR && n->type->kind == TY_ARRAY && !init_local) {
        init_constant_record(n, off);
        return;
    }
    if (init_outermost == 2)
        error("an initialiser in braces is needed for '%s'", type_name(type));
    init_pending = n;
    init_elements(type, off, 0);
}

/* A compound literal of static storage as an initialiser: its bytes are copied. */
static void init_constant_record(Node *n, long off) {
    if (n->op != N_VAR || !n->decl->is_global || !n->decl->sym || n->decl->sym->place != PLACE_SECTION)
        error("the initialiser of a static object is not constant", "");
    Symbol *y = n->decl->sym;
    long size = type_size(n->type);
    init_reserve(off + size);
    if (!y->sec->data)
        return;
    mem_copy(init_bytes + off, y->sec->data + y->value, size);
    for (long i = 0; i < y->sec->nrelocs; i++) {
        Reloc *from = &y->sec->relocs[i];
        if (from->offset >= y->value && from->offset < y->value + size) {
            InitReloc *r = xalloc(sizeof(InitReloc));
            r->offset = off + from->offset - y->value;
            r->addend = from->addend;
            r->sym = from->sym;
            r->next = init_relocs;
            init_relocs = r;
        }
    }
}

/* ---- variables ---- */

static Section *variable_section(Decl *d, int has_bytes) {
    if (d->section)
        return obj_section(obj, d->section, SHT_PROGBITS, SHF_ALLOC | (d->type->quals & Q_CONST ? 0 : SHF_WRITE));
    if (d->thread_local)
        return has_bytes ? obj_section(obj, ".tdata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS)
                         : obj_section(obj, ".tbss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS);
    if (!has_bytes)
        return obj->bss;
    Type *t = d->type;
    while (t->kind == TY_ARRAY)
        t = t->base;
    if (t->quals & Q_CONST && !init_relocs)
        return obj_section(obj, ".rodata", SHT_PROGBITS, SHF_ALLOC);
    return obj->data;
}

static Section *place_variable(Decl *d, int has_bytes, long size) {
    Section *s = variable_section(d, has_bytes);
    int align = type_align(d->type);
    if (d->align > align)
        align = d->align;
    if (size >= 16 && align < 16 && d->type->kind == TY_ARRAY)
        align = 16;
    sec_align(s, align);
    Symbol *y = decl_symbol(d);
    sym_define(y, s, s->len);
    y->size = size;
    y->type = d->thread_local ? STT_TLS : STT_OBJECT;
    d->defined = 1;
    return s;
}

static void emit_zero_variable(Decl *d) {
    long size = type_size(d->type);
    init_relocs = 0;
    sec_zero(place_variable(d, 0, size), size);
}

static void init_run(Decl *d) {
    Type *type = d->type;
    init_outermost = tk.kind == '{' || tk.kind == T_STRING ? 1 : 2;
    init_value(type, 0, 0);
    init_outermost = 0;
    if (type->kind == TY_ARRAY && type->size < 0) {
        long each = type_size(type->base);
        d->type = qualify(array_of(type->base, (init_used + each - 1) / each), type->quals);
    }
}

static void global_initializer(Decl *d) {
    Decl *outer_local = init_local;
    unsigned char *outer_bytes = init_bytes;
    long outer_cap = init_cap;
    long outer_used = init_used;
    InitReloc *outer_relocs = init_relocs;
    Node *outer_pending = init_pending;
    long outer_highest = init_highest;
    init_highest = 0;
    init_local = 0;
    init_bytes = 0;
    init_cap = 0;
    init_used = 0;
    init_relocs = 0;
    init_pending = 0;
    init_reserve(type_size(d->type) < 0 ? 0 : type_size(d->type));
    if (d->type->kind == TY_ARRAY && d->type->size < 0)
        init_used = 0;
    init_run(d);
    long size = type_size(d->type);
    long bytes = init_used > size ? init_used : size;
    int all_zero = !init_relocs;
    for (long i = 0; i < bytes && all_zero; i++)
        all_zero = !init_bytes[i];
    Section *s = place_variable(d, !all_zero, bytes);
    long start = s->len;
    if (all_zero)
        sec_zero(s, bytes);
    else
        sec_bytes(s, (char *)init_bytes, bytes);
    InitReloc *r = init_relocs;
    for (; r; r = r->next)
        sec_reloc(s, start + r->offset, reloc_abs(target->machine, 8), r->sym, r->addend);
    init_local = outer_local;
    init_bytes = outer_bytes;
    init_cap = outer_cap;
    init_used = outer_used;
    init_relocs = outer_relocs;
    init_highest = outer_highest;
    init_pending = outer_pending;
}

/* A list of statements. */
static Node *local_initializer(Decl *d) {
    Decl *outer_local = init_local;
    Node *outer_first = init_first;
    Node *outer_last = init_last;
    Node *outer_pending = init_pending;
    long outer_used = init_used;
    init_local = d;
    init_first = 0;
    init_last = 0;
    init_pending = 0;
    init_used = 0;
    int aggregate = d->type->kind == TY_ARRAY || is_record(d->type);
    int braced = tk.kind == '{';
    if (aggregate && (braced || d->type->kind == TY_ARRAY)) {
        Node *z = node_new(N_ZERO, ty_void, 0, 0);
        z->decl = d;
        init_add(z);
    }
    init_run(d);
    Node *list = init_first;
    init_local = outer_local;
    init_first = outer_first;
    init_last = outer_last;
    init_pending = outer_pending;
    init_used = outer_used;
    return node_new(N_BLOCK, 0, list, 0);
}

/* (type){ ... } */
static Node *compound_literal(Type *type) {
    Node *v = node_new(N_VAR, type, 0, 0);
    if (!current_function) {
        Decl *d = decl_new(0, type, D_VAR);
        d->storage = SC_STATIC;
        d->is_global = 1;
        global_initializer(d);
        v->decl = d;
        v->type = d->type;
        return v;
    }
    Decl *d = new_local(0, type);
    d->addressed = 1;
    Node *init = local_initializer(d);
    v->decl = d;
    v->type = d->type;
    Node *n = node_new(N_COMMA, v->type, node_new(N_STMT_EXPR, ty_void, init, 0), v);
    n->val = 1;                         /* an lvalue, unlike other commas */
    return n;
}

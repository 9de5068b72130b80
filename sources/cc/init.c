/* SPDX-License-Identifier: MIT
 *
 * Initialisers: to a list of what is stored where, which becomes the bytes and
 * relocations of a static object, or a local's assignments. */

typedef struct Item Item;
struct Item {
    Item *next;
    Type *type;
    long offset;
    Member *bits;               /* of a bit-field */
    Node *value;
    Symbol *sym;                /* of a static object, unless the value is N_REAL or N_STR: it is sym + number */
    long number;
};

typedef struct Init Init;
struct Init {                   /* one initialiser */
    int is_static;
    Item *items;
    Item **end;
    long used;                  /* bytes that anything was said about */
    long highest;               /* 1 + the highest offset that a scalar was stored at */
    int whole;                  /* it is no list and no string */
    Node *pending;              /* an expression read before it was known what it initialises */
};

static Init *init;              /* the innermost one that is being read */

static void init_value(Type *type, long off, Member *bits);

static void init_reserve(long n) {
    if (n > init->used)
        init->used = n;
}

static Item *init_add(Type *type, long off, Node *value) {
    Item *item = xalloc(sizeof(Item));
    item->type = type;
    item->offset = off;
    item->value = value;
    *init->end = item;
    init->end = &item->next;
    init_reserve(off + type_size(type));
    return item;
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
    if (n->op == N_CAST && (n->type->size == 8 || n->a->type->size == n->type->size) && !is_float(n->a->type)
        && !is_float(n->type))
        return constant_address(n->a, sym, addend);
    if (n->op == N_ADD)
        return constant_address(n->a, sym, addend) && constant_address(n->b, sym, addend);
    if (n->op == N_SUB) {
        Symbol *minus_sym = 0;
        long minus_addend = 0;
        if (!constant_address(n->a, sym, addend) || !constant_address(n->b, &minus_sym, &minus_addend))
            return 0;
        *addend -= minus_addend;
        if (!minus_sym)
            return 1;
        if (!*sym || minus_sym->sec != (*sym)->sec || minus_sym->place != PLACE_SECTION)
            return 0;
        *addend += (*sym)->value - minus_sym->value;
        *sym = 0;
        return 1;
    }
    return 0;
}

/* ---- one value ---- */

static void init_scalar(Type *type, long off, Member *bits, Node *n) {
    n = convert_to(n, type->plain, "initialisation");
    if (bits && bits->bit_width < 0)
        bits = 0;
    if (!bits && off < init->highest)
        for (Item *old = init->items; old; old = old->next)
            if (old->offset == off)     /* what is initialised again loses the address that it had */
                old->sym = 0;
    if (off >= init->highest)
        init->highest = off + 1;
    Item *item = init_add(type, off, n);
    item->bits = bits;
    if (!init->is_static || n->op == N_REAL)
        return;
    if (!constant_address(n, &item->sym, &item->number))
        error("the initialiser of a static object is not constant", "");
    if (item->sym && type_size(type) != 8)
        error("an address does not fit into '%s'", type_name(type));
}

static int is_char_array(Type *t, Node *s) {
    return s->op == N_STR && t->kind == TY_ARRAY && is_integer(t->base) && t->base->size == type_size(s->type->base);
}

static void init_string(Type *type, long off, Node *s) {
    long n = s->val;
    if (type->size >= 0 && n > array_len(type)) {
        if (n > array_len(type) + 1)
            warn(&tk.place, "the string is longer than its array", "");
        n = array_len(type);
    }
    Node *copy = string_node(s->str, n, type->base);
    if (n)
        init_add(copy->type, off, copy);
}

/* A compound literal of static storage as an initialiser: its bytes and addresses are copied. */
static void init_constant_record(Node *n, long off) {
    Symbol *y = n->op == N_VAR && n->decl->is_global ? n->decl->sym : 0;
    if (!y || y->place != PLACE_SECTION)
        error("the initialiser of a static object is not constant", "");
    long size = type_size(n->type);
    init_reserve(off + size);
    if (!y->sec->data)
        return;
    Node *copy = string_node((char *)y->sec->data + y->value, size, ty_char);
    init_add(copy->type, off, copy);
    for (long i = 0; i < y->sec->nrelocs; i++) {
        Reloc *from = &y->sec->relocs[i];
        if (from->offset >= y->value && from->offset < y->value + size) {
            Item *item = init_add(ty_void_ptr, off + from->offset - y->value, number(0, ty_void_ptr));
            item->sym = from->sym;
            item->number = from->addend;
        }
    }
}

/* ---- aggregates ---- */

/* The members that an initialiser without designators visits. */
static Member *next_member(Member *m) {
    while (m && !m->id && !m->type->record)
        m = m->next;
    return m;
}

/* The member that .name or name: designates, or the anonymous one that it is in. */
static Member *designated_member(Type *type) {
    peek();
    Ident *id = tk.kind == '.' ? pending.next->id : tk.id;
    if (!is_record(type))
        error("a member is designated in something that is no struct", "");
    for (Member *m = type->record->members; m; m = m->next) {
        long inner = 0;
        if (m->id == id || !m->id && m->type->record && find_member(m->type->record, id, &inner))
            return m;
    }
    error("no member is called '%s'", id ? id->name : "");
    return 0;
}

/* .name, name: or [index], and what follows; returns the index, of a range the last one. */
static long init_designated(Type *type, long off) {
    Type *inner = type->base;
    Member *m = 0;
    long last = 0;
    if (accept('[')) {
        if (type->kind != TY_ARRAY)
            error("[] designates in something that is no array", "");
        long i = constant_expression("an array index");
        last = accept(T_ELLIPSIS) ? constant_expression("an array index") : i;
        expect(']');
        if (type->size >= 0 && last >= array_len(type) || i < 0)
            error("an index beyond the array's end", "");
        off += i * type_size(inner);
        if (last > i) {
            accept('=');
            Node *n = assignment();
            for (; i <= last; i++) {
                init->pending = n;
                init_value(inner, off, 0);
                off += type_size(inner);
            }
            return last;
        }
    } else {
        m = designated_member(type);
        inner = m->type;
        off += m->offset;
        if (m->id) {
            next();
            next();
        }
    }
    if (tk.kind == '.' || tk.kind == '[' || m && !m->id)
        init_designated(inner, off);
    else {
        accept('=');
        init_value(inner, off, m);
    }
    return last;
}

/* Behind an element: is there another one for this aggregate? */
static int init_more(int braced) {
    if (init->pending)
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

static void init_elements(Type *type, long off, int braced) {
    int is_array = type->kind == TY_ARRAY;
    Member *m = is_array ? 0 : next_member(type->record->members);      /* the next element: this member */
    long i = 0;                                                         /* or the one of this index */
    long each = is_array ? type_size(type->base) : 0;
    long len = is_array ? array_len(type) : 0;
    if (braced ? !init->pending && tk.kind == '}' : !is_array && !m)
        return;
    do {
        if (braced && (tk.kind == '.' || tk.kind == '[' || !is_array && tk.kind == T_IDENT && peek() == ':')) {
            m = is_array ? 0 : designated_member(type);
            i = init_designated(type, off);
        } else if (is_array ? len >= 0 && i >= len : !m)
            error("too many initialisers for '%s'", type_name(type));
        else if (is_array)
            init_value(type->base, off + i * each, 0);
        else
            init_value(m->type, off + m->offset, m);
        i++;
        init_reserve(off + i * each);
        m = !m || type->kind == TY_UNION ? 0 : next_member(m->next);
    } while ((braced || m || is_array && (len < 0 || i < len)) && init_more(braced));
}

static int is_aggregate(Type *type) {
    return type->kind == TY_ARRAY || is_record(type);
}

static void init_braces(Type *type, long off, Member *bits) {
    next();
    if (!is_aggregate(type) && tk.kind == '}')
        init_scalar(type, off, bits, number(0, ty_int));
    else if (!is_aggregate(type))
        init_value(type, off, bits);
    else {
        Node *s = tk.kind == T_STRING && type->kind == TY_ARRAY && is_integer(type->base) ? assignment() : 0;
        if (s && is_char_array(type, s))
            init_string(type, off, s);
        else {
            init->pending = s;
            init_elements(type, off, 1);
        }
    }
    accept(',');
    expect('}');
}

static void init_value(Type *type, long off, Member *bits) {
    if (!init->pending && tk.kind == '{') {
        init_braces(type, off, bits);
        return;
    }
    Node *n = init->pending ? init->pending : assignment();
    init->pending = 0;
    if (!is_aggregate(type))
        init_scalar(type, off, bits, n);
    else if (is_char_array(type, n))
        init_string(type, off, n);
    else if (is_record(type) && n->type->record == type->record && !init->is_static)
        init_add(type, off, n);
    else if (init->is_static && (is_record(type) && n->type->record == type->record
                                 || type->kind == TY_ARRAY && n->type->kind == TY_ARRAY && n->op == N_VAR))
        init_constant_record(n, off);
    else {
        if (init->whole)
            error("an initialiser in braces is needed for '%s'", type_name(type));
        init->pending = n;
        init_elements(type, off, 0);
    }
}

/* The initialiser of d, whose type it may complete. */
static Init *initializer(Decl *d, int is_static) {
    Init *outer = init;
    Init *in = xalloc(sizeof(Init));
    Type *type = d->type;
    init = in;
    in->is_static = is_static;
    in->end = &in->items;
    in->whole = tk.kind != '{' && tk.kind != T_STRING;
    init_value(type, 0, 0);
    init = outer;
    if (type->kind == TY_ARRAY && type->size < 0) {
        long each = type_size(type->base);
        d->type = qualify(array_of(type->base, (in->used + each - 1) / each), type->quals);
    }
    return in;
}

/* ---- static variables ---- */

static Section *variable_section(Decl *d, int has_bytes, int has_addresses) {
    if (d->text[A_SECTION])
        return obj_section(obj, d->text[A_SECTION], SHT_PROGBITS, SHF_ALLOC | (d->type->quals & Q_CONST ? 0 : SHF_WRITE));
    if (d->thread_local)
        return has_bytes ? obj_section(obj, ".tdata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS)
                         : obj_section(obj, ".tbss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS);
    if (!has_bytes)
        return obj->bss;
    Type *t = d->type;
    while (t->kind == TY_ARRAY)
        t = t->base;
    return t->quals & Q_CONST && !has_addresses ? obj_section(obj, ".rodata", SHT_PROGBITS, SHF_ALLOC) : obj->data;
}

/* Defines the variable: at the end of the section that is returned. */
static Section *place_variable(Decl *d, int has_bytes, int has_addresses, long size) {
    Section *s = variable_section(d, has_bytes, has_addresses);
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
    sec_zero(place_variable(d, 0, 0, size), size);
}

static void store_item(unsigned char *to, Item *item) {
    long size = type_size(item->type);
    if (item->value->op == N_REAL) {
        unsigned char out[16];
        real_encode(item->value->real, item->type->kind, out);
        mem_copy(to, out, size);
    } else if (item->value->op == N_STR)
        mem_copy(to, item->value->str, size);
    else if (item->bits) {
        int shift = item->bits->bit_offset;
        unsigned long mask = (item->bits->bit_width == 64 ? 0 : 1UL << item->bits->bit_width) - 1;
        size = type_size(item->bits->unit);
        put_le(to, size, get_le(to, size) & ~(mask << shift) | (item->number & mask) << shift);
    } else
        put_le(to, size, item->sym ? 0 : item->number);
}

static void global_initializer(Decl *d) {
    Init *in = initializer(d, 1);
    long size = type_size(d->type) > in->used ? type_size(d->type) : in->used;
    unsigned char *bytes = xalloc(size + 8);    /* the unit of a packed bit-field may reach over the end */
    int has_addresses = 0;
    for (Item *i = in->items; i; i = i->next) {
        store_item(bytes + i->offset, i);
        has_addresses |= i->sym != 0;
    }
    int has_bytes = has_addresses;
    for (long i = 0; i < size && !has_bytes; i++)
        has_bytes = bytes[i];
    Section *s = place_variable(d, has_bytes, has_addresses, size);
    long start = s->len;
    if (has_bytes)
        sec_bytes(s, (char *)bytes, size);
    else
        sec_zero(s, size);
    for (Item *i = in->items; i; i = i->next)
        if (i->sym)
            sec_reloc(s, start + i->offset, reloc_abs(target->machine, 8), i->sym, i->number);
}

/* ---- local variables ---- */

/* The part of a local variable that an item is stored to. */
static Node *item_target(Decl *d, Item *item) {
    Node *v = variable(d);
    if (!is_aggregate(d->type))
        return v;
    Node *n = node_new(N_MEMBER, item->type, v, 0);
    n->val = item->offset;
    n->bits = item->bits;
    return n;
}

/* A list of statements. */
static Node *local_initializer(Decl *d) {
    Node *list = 0;
    Node **end = &list;
    if (d->type->kind == TY_ARRAY || is_record(d->type) && tk.kind == '{') {
        Node *zero = node_new(N_ZERO, ty_void, 0, 0);
        zero->decl = d;
        list = node_new(N_EXPR, 0, zero, 0);
        end = &list->next;
    }
    for (Item *i = initializer(d, 0)->items; i; i = i->next) {
        *end = node_new(N_EXPR, 0, node_new(N_INIT, i->type, item_target(d, i), i->value), 0);
        end = &(*end)->next;
    }
    return node_new(N_BLOCK, 0, list, 0);
}

/* (type){ ... } */
static Node *compound_literal(Type *type) {
    if (!current_function) {
        Decl *d = decl_new(0, type, D_VAR);
        d->storage = SC_STATIC;
        d->is_global = 1;
        global_initializer(d);
        return variable(d);
    }
    Decl *d = new_local(0, type);
    d->addressed = 1;
    Node *init = local_initializer(d);
    Node *n = node_new(N_COMMA, d->type, node_new(N_STMT_EXPR, ty_void, init, 0), variable(d));
    n->val = 1;                         /* an lvalue, unlike other commas */
    return n;
}

/* SPDX-License-Identifier: MIT
 *
 * Initialisers: to a list of what is stored where, which becomes the bytes and
 * relocations of a static object, or a local's assignments. */

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
    int whole;                  /* it is no list and no string */
    Node *pending;              /* an expression read before it was known what it initialises */
};

static Init *init;              /* the innermost one that is being read */

static Item *init_add(Type *type, long off, Member *bits, Node *value) {
    Item *item = xalloc(sizeof(Item));
    long end = off + type_size(type);
    if (off < init->used && !bits)
        for (Item *old = init->items; old; old = old->next)
            if (old->offset >= off && old->offset < end)
                old->sym = 0;           /* what is initialised again loses the address that it had */
    item->type = type;
    item->offset = off;
    item->bits = bits;
    item->value = value;
    *init->end = item;
    init->end = &item->next;
    init->used = larger(init->used, end);
    return item;
}

/* Adds what an item says once more, `distance` bytes on. */
static void init_again(Item *item, long distance) {
    Item *copy = init_add(item->type, item->offset + distance, item->bits, item->value);
    copy->sym = item->sym;
    copy->number = item->number;
}

/* ---- constants of the link: symbol + number ---- */

static Symbol *string_symbol(Node *n) {
    if (!n->decl) {
        n->decl = decl_new(0, n->type, D_VAR);
        long each = type_size(n->type->base);
        Section *s = obj_section(obj, ".rodata", SHT_PROGBITS, SHF_ALLOC);
        sec_align(s, each);
        sym_define(decl_symbol(n->decl), s, s->len);
        sec_bytes(s, n->str, n->val * each);
    }
    return n->decl->sym;
}

/* Whether the value of n, or its address if `place`, is a constant: it is added to *sym and *addend. */
static int link_constant(Node *n, int place, Symbol **sym, long *addend) {
    Symbol *minus_sym = 0;
    long minus_addend = 0;
    int op = n->op;
    if (place != (op == N_VAR || op == N_STR || op == N_MEMBER || op == N_DEREF))
        return 0;
    switch (op) {
    case N_VAR:
        if (!n->decl->is_global || n->decl->thread_local)
            return 0;
        *sym = decl_symbol(n->decl);
        return 1;
    case N_STR:
        *sym = string_symbol(n);
        return 1;
    case N_MEMBER: case N_NUM:
        *addend += n->val;
        return op == N_NUM || link_constant(n->a, 1, sym, addend);
    case N_LABEL_ADDR:
        *addend += n->label->index;
        return 1;
    case N_DEREF: case N_ADDR:
        return link_constant(n->a, op == N_ADDR, sym, addend);
    case N_CAST:
        return (n->type->size == 8 || n->a->type->size == n->type->size) && !is_float(n->a->type)
            && !is_float(n->type) && link_constant(n->a, 0, sym, addend);
    case N_ADD:
        return link_constant(n->a, 0, sym, addend) && link_constant(n->b, 0, sym, addend);
    case N_SUB:
        if (!link_constant(n->a, 0, sym, addend) || !link_constant(n->b, 0, &minus_sym, &minus_addend))
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

static void init_scalar(Member *m, long off, Node *n) {
    n = convert_to(n, m->type->plain, "initialisation");
    Item *item = init_add(m->type, off, m->bit_width < 0 ? 0 : m, n);
    if (!init->is_static || n->op == N_REAL)
        return;
    if (!link_constant(n, 0, &item->sym, &item->number))
        error("the initialiser of a static object is not constant", "");
    if (item->sym && type_size(m->type) != 8)
        error("an address does not fit into '%s'", type_name(m->type));
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
        init_add(copy->type, off, 0, copy);
}

/* A compound literal of static storage as an initialiser: zeros, and what it was initialised with. */
static void init_constant_record(Node *n, long off) {
    if (n->op != N_VAR || !n->decl->is_global || !n->decl->defined)
        error("the initialiser of a static object is not constant", "");
    long size = type_size(n->type);
    Node *zeros = string_node(xalloc(size), size, ty_char);
    init_add(zeros->type, off, 0, zeros);
    for (Item *item = n->decl->items; item; item = item->next)
        init_again(item, off);
}

/* ---- aggregates ---- */

/* The element behind m of an array, struct or union, or the first one (m is null), as a member; null: there is none.
 * An array has one that moves on. */
static Member *element_behind(Type *type, Member *m) {
    if (type->kind == TY_ARRAY) {
        if (m)
            m->offset += type_size(m->type);
        else
            m = decl_new(0, type->base, D_VAR);
        return type->size >= 0 && m->offset >= type->size ? 0 : m;
    }
    if (m && type->kind == TY_UNION)
        return 0;
    return m ? m->next : type->plain->members;
}

static void init_value(Member *m, long off);

/* .name, name: or [index], and what follows; returns the element, of a range the last one. */
static Member *init_designated(Type *type, long off) {
    Member *m;
    Item **items = init->end;
    long each = 0;
    long more = 0;                      /* elements of the range */
    if (accept('[')) {
        if (type->kind != TY_ARRAY)
            error("[] designates in something that is no array", "");
        m = decl_new(0, type->base, D_VAR);
        each = type_size(type->base);
        long i = constant_expression("an array index");
        if (accept(T_ELLIPSIS))
            more = constant_expression("an array index") - i;
        expect(']');
        if (type->size >= 0 && i + more >= array_len(type) || i < 0)
            error("an index beyond the array's end", "");
        m->offset = i * each;
    } else {
        peek();
        Ident *id = tk.kind == '.' ? pending.next->id : tk.id;
        long inner = 0;
        if (!is_record(type))
            error("a member is designated in something that is no struct", "");
        for (m = type->plain->members; m && m->id != id; m = m->next)
            if (!m->id && find_member(m->type, id, &inner))
                break;                  /* the anonymous one that it is in: it is looked for once more there */
        if (!m)
            error("no member is called '%s'", id ? id->name : "");
        if (m->id) {
            next();
            next();
        }
    }
    off += m->offset;
    if (tk.kind == '.' || tk.kind == '[' || !m->id && is_record(type))
        init_designated(m->type, off);
    else {
        accept('=');
        init_value(m, off);
    }
    m->offset += more * each;
    for (Item *i = *items; i && i->offset + each < off + (more + 1) * each; i = i->next)
        init_again(i, each);            /* until the copies of copies reach the end */
    return m;
}

/* Behind an element: is there another one for this aggregate? */
static int init_more(int braced) {
    if (init->pending || tk.kind != ',')
        return 0;
    int kind = braced ? 0 : peek();
    if (kind == '}' || kind == '.' || kind == '[')
        return 0;                       /* it goes on for one that is around */
    next();
    return tk.kind != '}';
}

static void init_elements(Type *type, long off, int braced) {
    Member *m = element_behind(type, 0);        /* the next one */
    if (braced && !init->pending && tk.kind == '}')
        return;
    do {
        if (braced && (tk.kind == '.' || tk.kind == '[' || is_record(type) && tk.kind == T_IDENT && peek() == ':'))
            m = init_designated(type, off);
        else if (m)
            init_value(m, off + m->offset);
        else
            error("too many initialisers for '%s'", type_name(type));
        init->used = larger(init->used, off + m->offset + type_size(m->type));
        m = element_behind(type, m);
    } while ((braced || m) && init_more(braced));
}

static int is_aggregate(Type *type) {
    return type->kind == TY_ARRAY || is_record(type);
}

static void init_value(Member *m, long off) {
    Type *type = m->type;
    int braced = !init->pending && accept('{');
    if (braced && !is_aggregate(type)) {
        if (tk.kind == '}')
            init_scalar(m, off, number(0, ty_int));
        else
            init_value(m, off);
    } else if (braced && !(tk.kind == T_STRING && type->kind == TY_ARRAY && is_integer(type->base)))
        init_elements(type, off, 1);
    else {
        Node *n = init->pending ? init->pending : assignment();
        init->pending = 0;
        if (!is_aggregate(type))
            init_scalar(m, off, n);
        else if (is_char_array(type, n))
            init_string(type, off, n);
        else if (is_record(type) && n->type->plain == type->plain && !init->is_static)
            init_add(type, off, 0, n);
        else if (init->is_static && (is_record(type) && n->type->plain == type->plain
                                     || type->kind == TY_ARRAY && n->type->kind == TY_ARRAY && n->op == N_VAR))
            init_constant_record(n, off);
        else {
            if (init->whole)
                error("an initialiser in braces is needed for '%s'", type_name(type));
            init->pending = n;
            init_elements(type, off, braced);
        }
    }
    if (braced) {
        accept(',');
        expect('}');
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
    init_value(d, 0);
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

/* Defines the variable with what its items say, or else zeros; `used` bytes when its type has less. */
static void define_variable(Decl *d, long used) {
    long size = larger(type_size(d->type), used);
    unsigned char *bytes = d->items ? xalloc(size + 8) : 0;     /* a packed bit-field's unit may reach over the end */
    int has_addresses = 0;
    for (Item *i = d->items; i; i = i->next) {
        store_item(bytes + i->offset, i);
        has_addresses |= i->sym != 0;
    }
    int has_bytes = has_addresses;
    for (long i = 0; bytes && i < size && !has_bytes; i++)
        has_bytes = bytes[i];
    Section *s = variable_section(d, has_bytes, has_addresses);
    int align = larger(type_align(d->type), d->align);
    if (size >= 16 && align < 16 && d->type->kind == TY_ARRAY)
        align = 16;
    sec_align(s, align);
    Symbol *y = decl_symbol(d);
    sym_define(y, s, s->len);
    y->size = size;
    y->type = d->thread_local ? STT_TLS : STT_OBJECT;
    d->defined = 1;
    if (has_bytes)
        sec_bytes(s, (char *)bytes, size);
    else
        sec_zero(s, size);
    for (Item *i = d->items; i; i = i->next)
        if (i->sym)
            sec_reloc(s, y->value + i->offset, reloc_bytes(target->machine, 8, AS_IS), i->sym, i->number);
}

static void global_initializer(Decl *d) {
    Init *in = initializer(d, 1);
    d->items = in->items;
    define_variable(d, in->used);
}

/* ---- local variables ---- */

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
        Node *part = variable(d);
        if (is_aggregate(d->type)) {
            part = node_new(N_MEMBER, i->type, part, 0);
            part->val = i->offset;
            part->bits = i->bits;
        }
        *end = node_new(N_EXPR, 0, node_new(N_INIT, i->type, part, i->value), 0);
        end = &(*end)->next;
    }
    return node_new(N_BLOCK, 0, list, 0);
}

/* (type){ ... } */
static Node *compound_literal(Type *type) {
    if (!current_function) {
        Decl *d = decl_new(0, type, D_VAR);
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

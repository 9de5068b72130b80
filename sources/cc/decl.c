/* SPDX-License-Identifier: MIT
 *
 * One file, because the grammar of declarations is one recursion.
 *
 * Declarations: specifiers, declarators, structs, enums, attributes, scopes,
 * and function definitions. */

static int depth;               /* of scopes; 0: the file */
static Decl *latest;            /* of what is declared in the open scopes but the file's; linked by `before` */

typedef struct DeclList DeclList;
struct DeclList {
    DeclList *next;
    Decl *decl;
};
static DeclList *unfinished;    /* for the end of the file: inline functions, tentative definitions, aliases */
static Label *labels;
static int vla_count;           /* arrays of variable length declared so far */

/* Where the name's innermost declaration is found: tags are apart from the rest. */
static Decl **meaning_of(Decl *d) {
    return d->kind == D_TAG ? &d->id->tag : &d->id->decl;
}

static void enter_scope(void) {
    depth++;
}

static void leave_scope(void) {
    depth--;
    for (; latest && latest->depth > depth; latest = latest->before)
        if (latest->id)
            *meaning_of(latest) = latest->outer;
}

static Decl *decl_new(Ident *id, Type *type, int kind) {
    Decl *d = xalloc(sizeof(Decl));
    d->id = id;
    d->type = type;
    d->kind = kind;
    d->vreg = NONE;
    d->fixed_reg = NONE;
    d->depth = depth;
    return d;
}

/* Enters a declaration into the current scope. */
static void enter_decl(Decl *d) {
    d->depth = depth;
    if (d->id) {
        d->outer = *meaning_of(d);
        *meaning_of(d) = d;
    }
    if (depth) {
        d->before = latest;
        latest = d;
    }
}

static Decl *declare(Ident *id, Type *type, int kind) {
    Decl *d = decl_new(id, type, kind);
    enter_decl(d);
    return d;
}

static Decl *new_local(Ident *id, Type *type) {
    Decl *d = declare(id, type, D_VAR);
    d->storage = SC_AUTO;
    if (!current_function)
        error("this needs a function around it", "");
    return d;
}

static Symbol *decl_symbol(Decl *d) {
    d->referenced = 1;
    if (d->sym)
        return d->sym;
    char *name = d->asm_name ? d->asm_name : d->id ? d->id->name : "";
    if (d->storage == SC_STATIC && (d->depth || !d->id))
        d->sym = obj_new_symbol(obj, d->id ? str_join(name, ".", str_number(obj->nsymbols)) : "");
    else {
        d->sym = obj_symbol(obj, name);
        if (d->storage != SC_STATIC && d->sym->binding == STB_LOCAL && !d->sym->bound)
            d->sym->binding = STB_GLOBAL;
    }
    if (d->thread_local)
        d->sym->type = STT_TLS;
    return d->sym;
}

/* ---- attributes ---- */

static int attr_is(char *name) {
    char *s = tk.text;
    long n = tk.len;
    if (n > 4 && s[0] == '_' && s[1] == '_' && s[n - 1] == '_' && s[n - 2] == '_') {
        s += 2;
        n -= 4;
    }
    return str_len(name) == n && mem_eq(s, name, n);
}

/* In the order of the A_ constants; the others are read over. */
static char *attribute_names[] = { "packed", "weak", "used", "constructor", "destructor", "gnu_inline", "section",
                                   "alias", "visibility", "aligned", "mode", "cleanup", "vector_size" };

static void attribute(Attr *a) {
    int which = 0;
    while (which < A_NONE && !attr_is(attribute_names[which]))
        which++;
    if (which == A_CLEANUP || which == A_VECTOR_SIZE)
        error("the attribute '%s' is not supported", token_text(&tk));
    if (which == A_ALIGNED)
        a->aligned = 16;
    if (which < A_SECTION)
        a->flags |= 1 << which;
    next();
    if (!accept('('))
        return;
    if (which == A_ALIGNED)
        a->aligned = constant_expression("an alignment");
    else if (which == A_MODE)
        a->mode = attr_is("QI") || attr_is("byte") ? 1 : attr_is("HI") ? 2 : attr_is("SI") ? 4 : 8;
    else if (which >= A_SECTION && which <= A_VISIBILITY)
        a->text[which - A_SECTION] = string_literal()->str;
    for (int nested = 1; nested && tk.kind != T_EOF; next())
        nested += tk.kind == '(' ? 1 : tk.kind == ')' ? -1 : 0;
}

static void attributes(Attr *a) {
    while (accept(K_ATTRIBUTE)) {
        expect('(');
        expect('(');
        while (!accept(')'))
            if (!accept(','))
                attribute(a);
        expect(')');
    }
}

static int has(Attr *a, int which) {
    return a->flags >> which & 1;
}

/* Attributes that say nothing where they stand. */
static void idle_attributes(void) {
    Attr attr;
    attributes(&attr);
}

/* The string of asm("..."). */
static char *asm_string(void) {
    expect('(');
    char *s = string_literal()->str;
    expect(')');
    return s;
}

/* ---- specifiers ---- */

static int token_starts_type(Token *t) {
    return t->kind >= K_VOID && t->kind <= K_ATTRIBUTE
        || t->kind == T_IDENT && t->id->decl && t->id->decl->kind == D_TYPEDEF;
}

static int starts_type(void) {
    return token_starts_type(&tk);
}

static int starts_type_ahead(void) {
    peek();
    return token_starts_type(pending.next);
}

/* The tag behind struct, union or enum, found or made. */
static Decl *tag_specifier(Attr *attr) {
    int kind = tk.kind;
    mem_set(attr, 0, sizeof(Attr));
    next();
    attributes(attr);
    Ident *id = tk.kind == T_IDENT ? tk.id : 0;
    if (id)
        next();
    else if (tk.kind != '{')
        error("expected a tag or '{' before '%s'", token_text(&tk));
    Decl *tag = id ? id->tag : 0;
    int defines = tk.kind == '{' || tk.kind == ';' && kind != K_ENUM;
    if (tag && (tag->depth == depth || !defines)) {
        if (tag->value != kind)
            error("'%s' was declared as another kind of tag", id->name);
        return tag;
    }
    tag = declare(id, 0, D_TAG);
    tag->value = kind;
    return tag;
}

/* Puts a member at the bit *bits or behind it, and *bits behind the member. */
static void place_member(Record *r, Member *m, int packed, long *bits) {
    if (!m->bit_width)
        packed = 0;                     /* what ends a unit does so in packed records too */
    int align = packed ? 1 : type_align(m->type);
    if (!packed && pack_align && align > pack_align)
        align = pack_align;
    if (m->align > align)
        align = m->align;
    int width = m->bit_width;
    long size = type_size(m->type);
    long unit = width < 0 ? align * 8 : size * 8;
    if (width <= 0 || !packed && *bits / unit != (*bits + width - 1) / unit)
        *bits = (*bits + unit - 1) & -unit;
    long start = *bits & -unit;
    m->unit = m->type;
    if (packed && *bits + width - start > unit) {
        start = *bits & -8;             /* a packed field may straddle units: it takes a larger one */
        unit = *bits + width - start;
        if (unit > 64)
            error("a bit-field over nine bytes", "");
        m->unit = unit <= 16 ? ty_ushort : unit <= 32 ? ty_uint : ty_ulong;
    }
    m->offset = start / 8;
    m->bit_offset = *bits - start;
    *bits += width >= 0 ? width : size > 0 ? size * 8 : 0;
    if (align > r->align && (width < 0 || m->id || target->machine == MACH_AARCH64))
        r->align = align;
}

static void place_members(Record *r, int is_union, Attr *attr) {
    long most = 0;
    long bits = 0;
    Member **at = &r->members;
    r->align = attr->aligned > 1 ? attr->aligned : 1;
    while (*at) {
        Member *m = *at;
        place_member(r, m, has(attr, A_PACKED) || m->packed, &bits);
        if (bits > most)
            most = bits;
        if (is_union)
            bits = 0;
        if (m->id || m->bit_width < 0)
            at = &m->next;
        else
            *at = m->next;              /* was there only to take room */
    }
    r->size = ((most + 7) / 8 + r->align - 1) & -(long)r->align;
}

static Member **member_declaration(Member **end) {
    Attr attr;
    if (tk.kind == K_STATIC_ASSERT) {
        static_assertion();
        return end;
    }
    Type *base = specifiers(&attr);
    int anonymous = is_record(base) && tk.kind == ';';
    while (tk.kind != ';' || anonymous) {
        Attr own;
        Member *m = xalloc(sizeof(Member));
        mem_copy(&own, &attr, sizeof(Attr));
        m->type = tk.kind == ':' || anonymous ? base : declarator(base, &m->id, 1);
        m->bit_width = -1;
        if (accept(':')) {
            m->bit_width = constant_expression("a bit-field's width");
            if (!is_integer(m->type) || m->bit_width < 0 || m->bit_width > m->type->size * 8 || m->id && !m->bit_width)
                error("bad bit-field", "");
        }
        attributes(&own);
        if (m->type->kind == TY_FUNC || !is_complete(m->type) && m->type->kind != TY_ARRAY)
            error("member of the incomplete type '%s'", type_name(m->type));
        m->align = own.aligned;
        m->packed = has(&own, A_PACKED);
        *end = m;
        end = &m->next;
        if (anonymous || !accept(','))
            break;
    }
    expect(';');
    return end;
}

static Type *record_specifier(void) {
    Attr attr;
    int is_union = tk.kind == K_UNION;
    Decl *tag = tag_specifier(&attr);
    if (!tag->type) {
        tag->type = type_new(is_union ? TY_UNION : TY_STRUCT, 0, 1);
        tag->type->record = xalloc(sizeof(Record));
        tag->type->record->size = -1;
        tag->type->record->align = 1;
        tag->type->record->id = tag->id;
    }
    Record *r = tag->type->record;
    if (!accept('{'))
        return tag->type;
    if (r->size >= 0)
        error("'%s' is defined twice", tag->id->name);
    Member **end = &r->members;
    while (!accept('}'))
        end = member_declaration(end);
    attributes(&attr);
    place_members(r, is_union, &attr);
    tag->type->size = r->size;
    return tag->type;
}

static Type *enum_specifier(void) {
    Attr attr;
    Decl *tag = tag_specifier(&attr);
    if (tk.kind != '{' && !tag->type)
        tag->type = ty_uint;
    if (!accept('{'))
        return tag->type;
    long v = 0;
    int negative = 0;
    int wide = 0;
    while (tk.kind != '}') {
        Ident *id = name();
        if (accept('='))
            v = constant_expression("an enumeration constant");
        Decl *d = declare(id, v == (int)v ? ty_int : ty_long, D_ENUM_CONST);
        d->value = v;
        negative |= v < 0;
        wide |= v > 0xffffffffL || v < -0x7fffffffL - 1 || negative && v > 0x7fffffff;
        v++;
        if (!accept(','))
            break;
    }
    expect('}');
    attributes(&attr);
    tag->type = wide ? ty_long : negative ? ty_int : ty_uint;
    return tag->type;
}

static Type *typeof_type(void) {
    next();
    expect('(');
    Type *type = starts_type() ? type_of_name() : expression()->type;
    expect(')');
    return type;
}

static void static_assertion(void) {
    next();
    expect('(');
    Place place;
    mem_copy(&place, &tk.place, sizeof(Place));
    long ok = constant_expression("_Static_assert's condition");
    char *why = "";
    if (accept(','))
        why = string_literal()->str;
    if (!ok)
        error_at(&place, "static assertion failed: %s", why);
    expect(')');
    expect(';');
}

static Type *mode_type(Type *type, int size) {
    if (is_float(type))
        return size == 4 ? ty_float : ty_double;
    int kind = size == 1 ? TY_SCHAR : size == 2 ? TY_SHORT : size == 4 ? TY_INT : TY_LONG;
    return *basic_types[kind + is_unsigned(type)];
}

/* How often each word was seen, in one number: 1 << 2 * (kind - K_VOID) for each. */
enum { W_VOID = 1, W_BOOL = 4, W_CHAR = 16, W_SHORT = 64, W_INT = 256, W_LONG = 1024, W_SIGNED = 4096,
       W_UNSIGNED = 16384, W_FLOAT = 65536, W_DOUBLE = 262144 };

static Type *type_of_words(int words) {
    int u = words & 3 * W_UNSIGNED;
    int sign = words & (3 * W_SIGNED | 3 * W_UNSIGNED);
    if (!sign || sign == W_SIGNED || sign == W_UNSIGNED)
        switch (words & ~sign & ~W_INT) {
        case 0: return u ? ty_uint : ty_int;
        case W_SHORT: return u ? ty_ushort : ty_short;
        case W_LONG: return u ? ty_ulong : ty_long;
        case 2 * W_LONG: return u ? ty_ullong : ty_llong;
        }
    switch (words) {
    case W_VOID: return ty_void;
    case W_BOOL: return ty_bool;
    case W_CHAR: return ty_char;
    case W_CHAR + W_SIGNED: return ty_schar;
    case W_CHAR + W_UNSIGNED: return ty_uchar;
    case W_FLOAT: return ty_float;
    case W_DOUBLE: return ty_double;
    case W_LONG + W_DOUBLE: return ty_ldouble;
    }
    error("invalid combination of type specifiers", "");
    return 0;
}

static int qualifiers(void) {
    int quals = 0;
    for (; tk.kind >= K_CONST && tk.kind <= K_RESTRICT; next())
        quals |= tk.kind == K_CONST ? Q_CONST : tk.kind == K_VOLATILE ? Q_VOLATILE : 0;
    return quals;
}

static Type *specifiers(Attr *attr) {
    Type *type = 0;
    int words = 0;
    int quals = 0;
    mem_set(attr, 0, sizeof(Attr));
    while (1) {
        int kind = tk.kind;
        if (kind >= K_VOID && kind <= K_DOUBLE)
            words += 1 << 2 * (kind - K_VOID);
        else if (kind >= K_EXTERN && kind <= K_REGISTER)
            attr->storage = kind - K_EXTERN + SC_EXTERN;
        else if (kind == K_INLINE)
            attr->is_inline = 1;
        else if (kind == K_THREAD)
            attr->is_thread = 1;
        else if (kind == T_IDENT && !type && !words && starts_type()) {
            type = tk.id->decl->type;
            if (tk.id->decl->align > attr->aligned)
                attr->aligned = tk.id->decl->align;
        } else if (kind != K_NORETURN && kind != K_EXTENSION) {
            if (kind >= K_CONST && kind <= K_RESTRICT)
                quals |= qualifiers();
            else if (kind == K_STRUCT || kind == K_UNION)
                type = record_specifier();
            else if (kind == K_ENUM)
                type = enum_specifier();
            else if (kind == K_TYPEOF)
                type = typeof_type();
            else if (kind == K_ATTRIBUTE)
                attributes(attr);
            else if (accept(K_ALIGNAS)) {
                expect('(');
                int align = starts_type() ? type_align(type_of_name()) : constant_expression("an alignment");
                if (align > attr->aligned)
                    attr->aligned = align;
                expect(')');
            } else
                break;
            continue;
        }
        next();
    }
    if (type && words)
        error("two types in one declaration", "");
    if (!type)
        type = type_of_words(words);
    if (attr->mode)
        type = mode_type(type, attr->mode);
    return qualify(type, quals);
}

/* ---- declarators ---- */

static Type *parameters(void) {
    Type *f = function_type(0);
    Decl **end = &f->params;
    Attr attr;
    f->unproto = tk.kind == ')' || tk.kind == T_IDENT && !starts_type();        /* old style: names only, or nothing */
    enter_scope();
    while (tk.kind != ')' && !f->variadic) {
        Ident *id = 0;
        Type *type = ty_int;
        if (accept(T_ELLIPSIS)) {
            f->variadic = 1;
            break;
        }
        if (f->unproto)
            id = name();
        else if (!starts_type() && tk.kind != K_EXTENSION)
            error("expected a parameter's type before '%s'", token_text(&tk));
        else {
            type = decayed(declarator(specifiers(&attr), &id, 2));
            idle_attributes();
        }
        if (type->kind == TY_VOID && !id && !f->params && tk.kind == ')')
            break;
        Decl *d = declare(id, type, D_VAR);
        d->storage = SC_AUTO;
        *end = d;
        end = &d->next;
        if (tk.kind != ')')
            expect(',');
    }
    expect(')');
    leave_scope();
    return f;
}

static Type *array_suffix(void) {
    Type *array = type_new(TY_ARRAY, -1, 1);
    while (accept(K_STATIC) || qualifiers())
        ;
    if (tk.kind == '*' && peek() == ']')
        next();
    else if (tk.kind != ']') {
        Node *n = rvalue(assignment());
        if (!is_num(n))
            array->vla = n;
        else if (n->val < 0)
            error("an array of negative size", "");
        else
            array->size = n->val;
    }
    expect(']');
    return array;
}

/* What a declarator does to its base type, in the order of doing: types linked by `base`, an array's size being its
 * length.  allow_abstract: 0 a name is needed, 1 may be left out (a bit-field), 2 a parameter or a type's name */
static Type *declarator_parts(Ident **id, int allow_abstract) {
    Type *first = 0;
    Type **end = &first;
    while (tk.kind == '*' || tk.kind == K_ATTRIBUTE) {
        idle_attributes();
        if (accept('*')) {
            *end = type_new(TY_PTR, 8, 8);
            (*end)->quals = qualifiers();
            end = &(*end)->base;
        }
    }
    Type *inner = 0;
    if (tk.kind == '(') {
        int kind = peek();
        if (allow_abstract != 2 || kind != ')' && kind != T_ELLIPSIS && (kind == K_ATTRIBUTE || !starts_type_ahead())) {
            next();
            inner = declarator_parts(id, allow_abstract);
            expect(')');
        }
    } else if (tk.kind == T_IDENT || !allow_abstract)
        *id = name();
    while (tk.kind == '[' || tk.kind == '(') {
        int kind = tk.kind;
        next();
        Type *part = kind == '[' ? array_suffix() : parameters();
        part->base = inner;
        inner = part;
    }
    *end = inner;
    return first;
}

static Type *array_type(Type *base, long len, Node *vla) {
    if (base->kind == TY_FUNC || base->kind == TY_VOID || !is_complete(base))
        error("an array of '%s'", type_name(base));
    if (!vla && !base->vla)
        return array_of(base, len);
    Type *array = array_of(base, 0);
    array->vla = binary(N_MUL, vla ? cast(vla, ty_ulong) : number(len, ty_ulong),
                        base->vla ? base->vla : number(type_size(base), ty_ulong));
    return array;
}

static Type *declarator(Type *type, Ident **id, int allow_abstract) {
    *id = 0;
    Type *rest;
    for (Type *part = declarator_parts(id, allow_abstract); part; part = rest) {
        rest = part->base;
        if (part->kind == TY_PTR)
            type = qualify(pointer_to(type), part->quals);
        else if (part->kind == TY_ARRAY)
            type = array_type(type, part->size, part->vla);
        else {
            if (type->kind == TY_ARRAY || type->kind == TY_FUNC)
                error("a function cannot return '%s'", type_name(type));
            part->base = type;
            type = part;
        }
    }
    return type;
}

static Type *type_of_name(void) {
    Attr attr;
    Ident *id;
    if (!starts_type() && tk.kind != K_EXTENSION)
        error("expected a type before '%s'", token_text(&tk));
    Type *type = declarator(specifiers(&attr), &id, 2);
    if (id)
        error("unexpected name '%s' in a type", id->name);
    return type;
}

/* ---- declarations ---- */

static void leave_unfinished(Decl *d) {
    DeclList *l = xalloc(sizeof(DeclList));
    l->decl = d;
    l->next = unfinished;
    unfinished = l;
}

static void set_symbol_attributes(Decl *d, Attr *attr) {
    char *section = attr->text[A_SECTION - A_SECTION];
    char *alias = attr->text[A_ALIAS - A_SECTION];
    char *visibility = attr->text[A_VISIBILITY - A_SECTION];
    if (attr->asm_name)
        d->asm_name = attr->asm_name;
    if (section)
        d->section = section;
    if (attr->aligned)
        d->align = attr->aligned;
    if (attr->is_thread)
        d->thread_local = 1;
    if (has(attr, A_WEAK) || has(attr, A_USED) || visibility || alias)
        decl_symbol(d);
    if (has(attr, A_WEAK)) {
        d->sym->binding = STB_WEAK;
        d->sym->bound = 1;
    }
    if (visibility)
        d->sym->visibility = str_eq(visibility, "hidden") ? STV_HIDDEN
                           : str_eq(visibility, "protected") ? STV_PROTECTED : STV_DEFAULT;
    if (alias) {
        d->alias = alias;
        d->defined = 1;
        leave_unfinished(d);
    }
}

/* A declaration of something with linkage: the one known, if any, is completed. */
static Decl *declare_global(Ident *id, Type *type, Attr *attr) {
    int kind = type->kind == TY_FUNC ? D_FUNC : D_VAR;
    Decl *d = id->decl;
    while (d && d->depth && !(d->is_global && d->storage != SC_STATIC))
        d = d->outer;
    if (d && d->depth == 0 && d->kind != kind)
        error("'%s' was declared as something else", id->name);
    if (d && d->is_global) {
        if (!is_compatible(d->type->plain, type->plain))
            error("conflicting types for '%s'", id->name);
        if (kind == D_VAR ? d->type->kind == TY_ARRAY && d->type->size < 0
                          : d->type->unproto || !d->body && !type->unproto)
            d->type = type;
        if (attr->storage == SC_STATIC && d->storage != SC_STATIC)
            error("static declaration of '%s' follows one that is not", id->name);
        if (depth && id->decl != d) {
            Decl *again = declare(id, d->type, d->kind);
            again->storage = d->storage;
            again->is_global = 1;
            again->sym = decl_symbol(d);
            again->thread_local = d->thread_local;
        }
    } else {
        d = declare(id, type, kind);
        d->is_global = 1;
        d->storage = attr->storage == SC_NONE ? SC_EXTERN : attr->storage;
    }
    d->is_inline |= attr->is_inline;
    set_symbol_attributes(d, attr);
    return d;
}

static void old_style_params(Type *f) {
    while (tk.kind != '{') {
        Attr attr;
        Type *base = specifiers(&attr);
        do {
            Ident *id;
            Type *type = decayed(declarator(base, &id, 0));
            Decl *p = f->params;
            while (p && p->id != id)
                p = p->next;
            if (!p)
                error("'%s' is no parameter", id->name);
            p->type = type;
        } while (accept(','));
        expect(';');
    }
}

static void function_definition(Decl *d, Type *type) {
    if (d->defined)
        error("'%s' is defined twice", d->id->name);
    d->defined = 1;
    d->type = type;
    current_function = d;
    labels = 0;
    enter_scope();
    for (Decl *p = type->params; p; p = p->next) {
        if (!p->id)
            error("a parameter without a name", "");
        if (!is_complete(p->type))
            error("parameter '%s' has an incomplete type", p->id->name);
        enter_decl(p);
        p->storage = SC_AUTO;
    }
    d->body = block();
    leave_scope();
    for (Label *l = labels; l; l = l->next)
        if (!l->defined)
            error_at(&l->place, "label '%s' is used but not defined", l->id->name);
    current_function = 0;
    d->labels = labels;
    /* the parameters hang on the body's node, for gen.c */
    d->body->decl = type->params;
    if (d->is_inline && (d->storage == SC_STATIC || d->extern_inline != 1))
        leave_unfinished(d);
    else
        generate(d);
}

/* A function's declarator; returns whether its definition followed. */
static int function(Ident *id, Type *type, Attr *attr) {
    Decl *d = declare_global(id, type, attr);
    if (has(attr, A_GNU_INLINE) && attr->storage == SC_EXTERN)
        d->extern_inline = -1;
    else if (!d->extern_inline && (attr->storage == SC_EXTERN || !attr->is_inline))
        d->extern_inline = 1;
    if (has(attr, A_CONSTRUCTOR) || has(attr, A_DESTRUCTOR))
        d->tentative = has(attr, A_CONSTRUCTOR) ? 1 : 2;
    if (tk.kind != '{' && !(type->unproto && type->params && starts_type()))
        return 0;
    if (depth)
        error("a function is defined inside a function", "");
    old_style_params(type);
    function_definition(d, type);
    return 1;
}

static void global_variable(Ident *id, Type *type, Attr *attr) {
    Decl *d = declare_global(id, type, attr);
    if (accept('=')) {
        if (d->defined)
            error("'%s' is defined twice", id->name);
        global_initializer(d);
    } else if (attr->storage != SC_EXTERN && !d->tentative && !d->defined) {
        d->tentative = 1;
        leave_unfinished(d);
    }
}

static void static_local(Ident *id, Type *type, Attr *attr) {
    Decl *d = declare(id, type, D_VAR);
    d->storage = SC_STATIC;
    d->is_global = 1;
    set_symbol_attributes(d, attr);
    if (accept('='))
        global_initializer(d);
    else
        emit_zero_variable(d);
}

/* The size of an array of variable length is taken once, where it is declared: what it was computed from may change. */
static Node *keep_size(Type *type) {
    Node *inner = type->base->vla ? keep_size(type->base) : 0;
    Node *v = variable(new_local(0, ty_ulong));
    Node *n = node_new(N_INIT, ty_ulong, v, type->vla);
    type->vla = v;
    return inner ? node_new(N_COMMA, ty_ulong, inner, n) : n;
}

static Node *local_variable(Ident *id, Type *type, Attr *attr) {
    Decl *d = new_local(id, type);
    Node *n = node_new(N_DECL, 0, 0, 0);
    n->decl = d;
    d->align = attr->aligned;
    if (attr->asm_name) {
        d->fixed_reg = target->asm_reg(attr->asm_name);
        if (d->fixed_reg == NONE)
            error("no register is called '%s'", attr->asm_name);
    }
    if (type->vla) {
        d->size_vla = variable(new_local(0, ty_void_ptr));
        n->decl = d->size_vla->decl;
        n->a = keep_size(type);
        n->a = node_new(N_COMMA, ty_void_ptr, n->a, node_new(N_INIT, ty_void_ptr, d->size_vla,
                                                             node_new(N_ALLOCA, ty_void_ptr, type->vla, 0)));
        vla_count++;
        return n;
    }
    if (accept('='))
        n->a = local_initializer(d);
    if (!is_complete(d->type))
        error("'%s' has an incomplete type", id->name);
    return n;
}

static void declare_typedef(Ident *id, Type *type, Attr *attr) {
    Decl *old = id->decl;
    if (old && old->depth == depth && old->kind == D_TYPEDEF && is_compatible(old->type, type))
        old->type = type;
    else
        declare(id, type, D_TYPEDEF)->align = attr->aligned;
}

/* One declaration; local variables come back as a list of statements. */
static Node *declaration(void) {
    Attr attr;
    Node *first = 0;
    Node **end = &first;
    if (tk.kind == K_STATIC_ASSERT) {
        static_assertion();
        return 0;
    }
    if (!starts_type() && tk.kind != T_IDENT && tk.kind != '*' && tk.kind != '(' && tk.kind != K_EXTENSION)
        error("expected a declaration before '%s'", token_text(&tk));
    if (tk.kind == T_IDENT && !starts_type() && peek() == T_IDENT)
        error("unknown type name '%s'", token_text(&tk));
    Type *base = specifiers(&attr);
    if (accept(';'))
        return 0;
    do {
        Ident *id;
        Attr own;
        attributes(&attr);
        mem_copy(&own, &attr, sizeof(Attr));
        Type *type = declarator(base, &id, 0);
        if (accept(K_ASM))
            own.asm_name = asm_string();
        attributes(&own);
        if (own.mode)
            type = mode_type(type, own.mode);
        if (attr.storage == SC_TYPEDEF)
            declare_typedef(id, type, &own);
        else if (type->kind == TY_FUNC) {
            if (function(id, type, &own))
                return 0;
        } else if (!depth || attr.storage == SC_EXTERN)
            global_variable(id, type, &own);
        else {
            if (id->decl && id->decl->depth == depth && !id->decl->is_global)
                error("'%s' is declared twice", id->name);
            if (attr.storage == SC_STATIC)
                static_local(id, type, &own);
            else {
                *end = local_variable(id, type, &own);
                end = &(*end)->next;
            }
        }
    } while (accept(','));
    expect(';');
    return first;
}

/* ---- the whole ---- */

static void emit_pointer_to(Decl *d, char *section, int type) {
    Section *s = obj_section(obj, section, type, SHF_ALLOC | SHF_WRITE);
    sec_align(s, 8);
    sec_reloc(s, s->len, reloc_abs(target->machine, 8), decl_symbol(d), 0);
    sec_zero(s, 8);
}

/* Generates the inline functions that something needs; returns whether there was one. */
static int generate_needed(void) {
    int found = 0;
    for (DeclList *l = unfinished; l; l = l->next) {
        Decl *d = l->decl;
        if (d->body && (d->referenced && d->storage == SC_STATIC || d->extern_inline == 1)) {
            generate(d);
            d->body = 0;
            found = 1;
        }
    }
    return found;
}

static void finish(void) {
    while (generate_needed())
        ;
    for (DeclList *l = unfinished; l; l = l->next) {
        Decl *d = l->decl;
        if (d->kind == D_FUNC || d->defined)
            continue;
        if (d->type->kind == TY_ARRAY && d->type->size < 0)
            d->type = array_of(d->type->base, 1);
        if (!is_complete(d->type))
            error("'%s' has an incomplete type", d->id->name);
        emit_zero_variable(d);
    }
    for (DeclList *l = unfinished; l; l = l->next)
        if (l->decl->alias) {
            Symbol *to = obj_find(obj, l->decl->alias);
            if (!to || to->place == PLACE_UNDEF)
                fatal("alias of '%s', which is not defined", l->decl->alias);
            sym_alias(decl_symbol(l->decl), to);
        }
}

static void translation_unit(void) {
    unfinished = 0;
    next();
    while (tk.kind != T_EOF)
        if (accept(K_ASM)) {
            int line = tk.place.line;
            char *file = tk.place.file->name;
            qualifiers();
            as_inline(obj, obj->text, asm_string(), file, line);
            expect(';');
        } else if (!accept(';'))
            declaration();
    finish();
}

/* SPDX-License-Identifier: MIT
 *
 * One file, because the grammar of declarations is one recursion.
 *
 * Declarations: specifiers, declarators, structs, enums, attributes, scopes,
 * and function definitions. */

typedef struct Scope Scope;
struct Scope {
    Scope *up;
    Decl *decls;
    Tag *tags;
};

static Scope *scope;
static int depth;               /* 0: file scope */
typedef struct DeclList DeclList;
struct DeclList {
    DeclList *next;
    Decl *decl;
};
static DeclList *tentative_list;
static DeclList *inline_list;
static Label *labels;
static int vla_count;           /* arrays of variable length declared so far */

static void enter_scope(void) {
    Scope *s = xalloc(sizeof(Scope));
    s->up = scope;
    scope = s;
    depth++;
}

static void leave_scope(void) {
    for (Decl *d = scope->decls; d; d = d->locals)
        if (d->id)
            d->id->decl = d->outer;
    for (Tag *t = scope->tags; t; t = t->next)
        t->id->tag = t->outer;
    scope = scope->up;
    depth--;
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

/* Enters a declaration into the current scope.  (A scope's declarations are
 * linked by `locals`; a function's parameters use `next` as well.) */
static void enter_decl(Decl *d) {
    d->depth = depth;
    if (d->id) {
        d->outer = d->id->decl;
        d->id->decl = d;
    }
    if (scope) {
        d->locals = scope->decls;
        scope->decls = d;
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
        error("this needs a function around it%s", "");
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

static char *attr_string(void) {
    next();
    expect('(', "(");
    char *s = string_literal()->str;
    expect(')', ")");
    return s;
}

static void attribute(Attr *a) {
    if (attr_is("packed"))
        a->packed = 1;
    else if (attr_is("weak"))
        a->weak = 1;
    else if (attr_is("used"))
        a->used = 1;
    else if (attr_is("noreturn"))
        a->noreturn = 1;
    else if (attr_is("constructor"))
        a->constructor = 1;
    else if (attr_is("destructor"))
        a->destructor = 1;
    else if (attr_is("gnu_inline"))
        a->gnu_inline = 1;
    else if (attr_is("cleanup") || attr_is("vector_size"))
        error("the attribute '%s' is not supported", token_text(&tk));
    else if (attr_is("section")) {
        a->section = attr_string();
        return;
    } else if (attr_is("alias")) {
        a->alias = attr_string();
        return;
    } else if (attr_is("visibility")) {
        a->visibility = attr_string();
        return;
    } else if (attr_is("aligned")) {
        next();
        a->aligned = 16;
        if (accept('(')) {
            a->aligned = constant_expression("an alignment");
            expect(')', ")");
        }
        return;
    } else if (attr_is("mode")) {
        next();
        expect('(', "(");
        a->mode = attr_is("QI") || attr_is("byte") ? 1 : attr_is("HI") ? 2 : attr_is("SI") ? 4 : 8;
        next();
        expect(')', ")");
        return;
    }
    next();
    if (tk.kind == '(') {               /* the arguments of one that is not minded */
        int nested = 0;
        do {
            nested += tk.kind == '(' ? 1 : tk.kind == ')' ? -1 : 0;
            next();
        } while (nested && tk.kind != T_EOF);
    }
}

static void attributes(Attr *a) {
    while (tk.kind == K_ATTRIBUTE) {
        next();
        expect('(', "(");
        expect('(', "(");
        while (tk.kind != ')')
            if (!accept(','))
                attribute(a);
        next();
        expect(')', ")");
    }
}

static void asm_name(Attr *a) {
    if (accept(K_ASM)) {
        expect('(', "(");
        a->asm_name = string_literal()->str;
        expect(')', ")");
    }
    attributes(a);
}

/* ---- specifiers ---- */

static int token_starts_type(Token *t) {
    return t->kind >= K_VOID && t->kind <= K_ATTRIBUTE || t->kind == T_IDENT && t->id->decl && t->id->decl->kind == D_TYPEDEF;
}

static int starts_type(void) {
    return token_starts_type(&tk);
}

static int starts_type_ahead(void) {
    peek();
    return token_starts_type(&tk_ahead);
}

static Tag *tag_new(Ident *id, int kind) {
    Tag *t = xalloc(sizeof(Tag));
    t->id = id;
    t->kind = kind;
    t->depth = depth;
    if (id) {
        t->outer = id->tag;
        id->tag = t;
        if (scope) {
            t->next = scope->tags;
            scope->tags = t;
        }
    }
    return t;
}

static void place_bit_field(Record *r, Member *m, long *bits, int width) {
    long unit = type_size(m->type) * 8;
    if (width == 0) {
        *bits = (*bits + unit - 1) & -unit;
        return;
    }
    if (!r->packed && *bits / unit != (*bits + width - 1) / unit)
        *bits = (*bits + unit - 1) & -unit;
    long start = *bits & -unit;
    if (r->packed && *bits + width - start > unit)
        start = *bits & -8;             /* a packed field may straddle units */
    m->offset = start / 8;
    m->bit_offset = *bits - start;
    m->bit_width = width;
    *bits += width;
}

static void place_member(Record *r, Member *m, int is_union, long *bits, int asked) {
    int align = type_align(m->type);
    if (r->packed)
        align = 1;
    else if (pack_align && align > pack_align)
        align = pack_align;
    if (asked > align)
        align = asked;
    long before = is_union ? 0 : *bits;
    if (m->bit_width >= 0) {
        int width = m->bit_width;
        place_bit_field(r, m, &before, width);
        if (!m->id && (!width || target->machine == MACH_X86_64))
            align = width || target->machine == MACH_X86_64 ? 1 : align;
        if (!m->id && target->machine == MACH_X86_64)
            align = 1;
    } else {
        before = (before + align * 8 - 1) & -(align * 8L);
        m->offset = before / 8;
        long size = type_size(m->type);
        before += (size < 0 ? 0 : size) * 8;
    }
    if (align > r->align)
        r->align = align;
    if (!is_union || before > *bits)
        *bits = before;
}

static void member_declaration(Record *r, Member **last, int is_union, long *bits) {
    Attr attr;
    int storage;
    mem_set(&attr, 0, sizeof(Attr));
    if (tk.kind == K_STATIC_ASSERT) {
        static_assertion();
        return;
    }
    Type *base = specifiers(&storage, &attr);
    int first = 1;
    while (tk.kind != ';' || first && is_record(base)) {
        Ident *id = 0;
        Type *type = base;
        Attr own;
        mem_copy(&own, &attr, sizeof(Attr));
        if (tk.kind != ':' && tk.kind != ';')
            type = declarator(base, &id, 1);
        int width = -1;
        if (accept(':')) {
            width = constant_expression("a bit-field's width");
            if (!is_integer(type) || width < 0 || width > type->size * 8 || id && !width)
                error("bad bit-field%s", "");
        }
        attributes(&own);
        if (type->kind == TY_FUNC || !is_complete(type) && type->kind != TY_ARRAY)
            error("member of the incomplete type '%s'", type_name(type));
        Member *m = xalloc(sizeof(Member));
        m->id = id;
        m->type = type;
        m->bit_width = width;
        if (type->kind == TY_ARRAY && type->size < 0)
            r->flexible = 1;
        int packed = r->packed;
        r->packed |= own.packed;
        place_member(r, m, is_union, bits, own.aligned);
        r->packed = packed;
        if (id || width < 0) {
            if (*last)
                (*last)->next = m;
            else
                r->members = m;
            *last = m;
        }
        first = 0;
        if (!accept(','))
            break;
    }
    expect(';', ";");
}

/* Attributes may stand behind the closing brace, and packed there matters: the
 * members are placed again. */
static void replace_members(Record *r, int is_union, long *bits) {
    *bits = 0;
    r->align = 1;
    for (Member *m = r->members; m; m = m->next)
        place_member(r, m, is_union, bits, 0);
}

static Type *record_specifier(void) {
    int kind = tk.kind;
    Attr attr;
    mem_set(&attr, 0, sizeof(Attr));
    next();
    attributes(&attr);
    Ident *id = 0;
    if (tk.kind == T_IDENT) {
        id = tk.id;
        next();
    }
    Tag *tag = id ? id->tag : 0;
    if (!tag || (tk.kind == '{' || tk.kind == ';') && tag->depth < depth) {
        tag = tag_new(id, kind);
        tag->type = type_new(kind == K_UNION ? TY_UNION : TY_STRUCT, 0, 1);
        tag->type->record = xalloc(sizeof(Record));
        tag->type->record->size = -1;
        tag->type->record->align = 1;
        tag->type->record->tag = tag;
    } else if (tag->kind != kind)
        error("'%s' was declared as another kind of tag", id->name);
    Type *type = tag->type;
    if (tk.kind != '{') {
        if (!id)
            error("expected a tag or '{' before '%s'", token_text(&tk));
        return type;
    }
    next();
    Record *r = type->record;
    if (r->size >= 0)
        error("'%s' is defined twice", id->name);
    long bits = 0;
    Member *last = 0;
    r->packed = attr.packed;
    while (!accept('}'))
        member_declaration(r, &last, kind == K_UNION, &bits);
    int was_packed = r->packed;
    attributes(&attr);
    if (attr.packed && !was_packed) {
        r->packed = 1;
        replace_members(r, kind == K_UNION, &bits);
    }
    if (attr.aligned > r->align)
        r->align = attr.aligned;
    r->size = ((bits + 7) / 8 + r->align - 1) & -(long)r->align;
    type->size = r->size;
    return type;
}

static Type *enum_specifier(void) {
    Attr attr;
    mem_set(&attr, 0, sizeof(Attr));
    next();
    attributes(&attr);
    Ident *id = 0;
    if (tk.kind == T_IDENT) {
        id = tk.id;
        next();
    }
    Tag *tag = id ? id->tag : 0;
    if (!tag || tk.kind == '{' && tag->depth < depth)
        tag = tag_new(id, K_ENUM);
    else if (tag->kind != K_ENUM)
        error("'%s' was declared as another kind of tag", id->name);
    if (tk.kind != '{') {
        if (!tag->type)
            tag->type = ty_uint;
        return tag->type;
    }
    next();
    long v = 0;
    int negative = 0;
    int wide = 0;
    while (tk.kind != '}') {
        if (tk.kind != T_IDENT)
            error("expected a name before '%s'", token_text(&tk));
        Ident *name = tk.id;
        next();
        if (accept('='))
            v = constant_expression("an enumeration constant");
        Decl *d = declare(name, v > 0x7fffffff || v < -0x7fffffffL - 1 ? ty_long : ty_int, D_ENUM_CONST);
        d->value = v;
        negative |= v < 0;
        wide |= v > 0xffffffffL || v < -0x7fffffffL - 1 || negative && v > 0x7fffffff;
        v++;
        if (!accept(','))
            break;
    }
    expect('}', "}");
    attributes(&attr);
    tag->type = wide ? ty_long : negative ? ty_int : ty_uint;
    return tag->type;
}

static Type *typeof_type(void) {
    next();
    expect('(', "(");
    Type *type = starts_type() ? type_of_name() : expression()->type;
    expect(')', ")");
    return type;
}

static void static_assertion(void) {
    next();
    expect('(', "(");
    Place place;
    mem_copy(&place, &tk.place, sizeof(Place));
    long ok = constant_expression("_Static_assert's condition");
    char *why = "";
    if (accept(','))
        why = string_literal()->str;
    if (!ok)
        error_at(&place, "static assertion failed: %s", why);
    expect(')', ")");
    expect(';', ";");
}

static Type *mode_type(Type *type, int size) {
    int u = is_unsigned(type);
    if (is_float(type))
        return size == 4 ? ty_float : ty_double;
    switch (size) {
    case 1: return u ? ty_uchar : ty_schar;
    case 2: return u ? ty_ushort : ty_short;
    case 4: return u ? ty_uint : ty_int;
    }
    return u ? ty_ulong : ty_long;
}

/* How often each word was seen, in one number. */
enum { W_CHAR = 1, W_SHORT = 4, W_INT = 16, W_LONG = 64, W_SIGNED = 256, W_UNSIGNED = 1024, W_FLOAT = 4096,
       W_DOUBLE = 16384, W_VOID = 65536, W_BOOL = 262144, W_OTHER = 1048576 };

static Type *type_of_words(int words) {
    switch (words) {
    case W_VOID: return ty_void;
    case W_BOOL: return ty_bool;
    case W_CHAR: return ty_char;
    case W_CHAR + W_SIGNED: return ty_schar;
    case W_CHAR + W_UNSIGNED: return ty_uchar;
    case W_SHORT: case W_SHORT + W_INT: case W_SHORT + W_SIGNED: case W_SHORT + W_INT + W_SIGNED: return ty_short;
    case W_SHORT + W_UNSIGNED: case W_SHORT + W_INT + W_UNSIGNED: return ty_ushort;
    case 0: case W_INT: case W_SIGNED: case W_INT + W_SIGNED: return ty_int;
    case W_UNSIGNED: case W_UNSIGNED + W_INT: return ty_uint;
    case W_LONG: case W_LONG + W_INT: case W_LONG + W_SIGNED: case W_LONG + W_INT + W_SIGNED: return ty_long;
    case W_LONG + W_UNSIGNED: case W_LONG + W_INT + W_UNSIGNED: return ty_ulong;
    case 2 * W_LONG: case 2 * W_LONG + W_INT: case 2 * W_LONG + W_SIGNED: case 2 * W_LONG + W_INT + W_SIGNED: return ty_llong;
    case 2 * W_LONG + W_UNSIGNED: case 2 * W_LONG + W_INT + W_UNSIGNED: return ty_ullong;
    case W_FLOAT: return ty_float;
    case W_DOUBLE: return ty_double;
    case W_LONG + W_DOUBLE: return ty_ldouble;
    }
    error("invalid combination of type specifiers%s", "");
    return 0;
}

static int word_of(int kind) {
    switch (kind) {
    case K_CHAR: return W_CHAR;
    case K_SHORT: return W_SHORT;
    case K_INT: return W_INT;
    case K_LONG: return W_LONG;
    case K_SIGNED: return W_SIGNED;
    case K_UNSIGNED: return W_UNSIGNED;
    case K_FLOAT: return W_FLOAT;
    case K_DOUBLE: return W_DOUBLE;
    case K_VOID: return W_VOID;
    case K_BOOL: return W_BOOL;
    }
    return 0;
}

static int inline_seen;

static int storage_of(int kind) {
    switch (kind) {
    case K_EXTERN: return SC_EXTERN;
    case K_STATIC: return SC_STATIC;
    case K_TYPEDEF: return SC_TYPEDEF;
    case K_AUTO: case K_REGISTER: return SC_AUTO;
    }
    return SC_NONE;
}

/* Declaration specifiers; sets *storage and inline_seen. */
static Type *specifiers(int *storage, Attr *attr) {
    Type *type = 0;
    int words = 0;
    int quals = 0;
    *storage = SC_NONE;
    inline_seen = 0;
    while (1) {
        int kind = tk.kind;
        if (word_of(kind)) {
            words += word_of(kind);
            next();
        } else if (storage_of(kind)) {
            *storage = storage_of(kind);
            next();
        } else if (kind == K_STRUCT || kind == K_UNION)
            type = record_specifier();
        else if (kind == K_ENUM)
            type = enum_specifier();
        else if (kind == K_TYPEOF)
            type = typeof_type();
        else if (kind == K_CONST || kind == K_VOLATILE || kind == K_RESTRICT) {
            quals |= kind == K_CONST ? Q_CONST : kind == K_VOLATILE ? Q_VOLATILE : 0;
            next();
        } else if (kind == K_INLINE) {
            inline_seen = 1;
            next();
        } else if (kind == K_NORETURN || kind == K_EXTENSION)
            next();
        else if (kind == K_THREAD) {
            attr->is_thread = 1;
            next();
        } else if (kind == K_ATTRIBUTE)
            attributes(attr);
        else if (kind == K_ALIGNAS) {
            next();
            expect('(', "(");
            int align = starts_type() ? type_align(type_of_name()) : constant_expression("an alignment");
            if (align > attr->aligned)
                attr->aligned = align;
            expect(')', ")");
        } else if (kind == T_IDENT && !type && !words && tk.id->decl && tk.id->decl->kind == D_TYPEDEF) {
            type = tk.id->decl->type;
            if (tk.id->decl->align > attr->aligned)
                attr->aligned = tk.id->decl->align;
            next();
        } else
            break;
    }
    if (type && words)
        error("two types in one declaration%s", "");
    if (!type)
        type = type_of_words(words);
    if (attr->mode)
        type = mode_type(type, attr->mode);
    return qualify(type, quals);
}

/* ---- declarators ---- */

/* What a declarator does to its base type, in the order of doing. */
typedef struct Mod Mod;
struct Mod {
    Mod *next;
    int kind;                   /* TY_PTR, TY_ARRAY, TY_FUNC */
    int quals;
    long len;
    Node *vla;
    Type *function;
};


static Mod *mod_new(int kind) {
    Mod *m = xalloc(sizeof(Mod));
    m->kind = kind;
    return m;
}

static Mod *append(Mod *a, Mod *b) {
    if (!a)
        return b;
    Mod *m = a;
    while (m->next)
        m = m->next;
    m->next = b;
    return a;
}

static Type *adjust_param(Type *type) {
    if (type->kind == TY_ARRAY)
        return pointer_to(type->base);
    if (type->kind == TY_FUNC)
        return pointer_to(type);
    return type;
}

static Mod *parameters(void) {
    Mod *m = mod_new(TY_FUNC);
    Type *f = function_type(0);
    m->function = f;
    if (accept(')')) {
        f->unproto = 1;
        return m;
    }
    Decl *last = 0;
    enter_scope();
    if (tk.kind == T_IDENT && !starts_type()) {         /* old style: names only */
        f->unproto = 1;
        do {
            Decl *d = decl_new(tk.id, ty_int, D_VAR);
            if (last)
                last->next = d;
            else
                f->params = d;
            last = d;
            next();
        } while (accept(','));
        expect(')', ")");
        leave_scope();
        return m;
    }
    while (1) {
        if (accept(T_ELLIPSIS)) {
            f->variadic = 1;
            expect(')', ")");
            break;
        }
        Attr attr;
        int storage;
        Ident *id = 0;
        mem_set(&attr, 0, sizeof(Attr));
        if (!starts_type() && tk.kind != K_EXTENSION)
            error("expected a parameter's type before '%s'", token_text(&tk));
        Type *type = specifiers(&storage, &attr);
        type = declarator(type, &id, 2);
        attributes(&attr);
        if (type->kind == TY_VOID && !id && !f->params && tk.kind == ')') {
            next();
            break;
        }
        type = adjust_param(type);
        Decl *d = declare(id, type, D_VAR);
        d->storage = SC_AUTO;
        if (last)
            last->next = d;
        else
            f->params = d;
        last = d;
        if (accept(')'))
            break;
        expect(',', ",");
    }
    leave_scope();
    return m;
}

static Mod *array_suffix(void) {
    Mod *m = mod_new(TY_ARRAY);
    while (tk.kind == K_STATIC || tk.kind == K_CONST || tk.kind == K_RESTRICT || tk.kind == K_VOLATILE)
        next();
    m->len = -1;
    if (tk.kind == '*' && peek() == ']')
        next();
    else if (tk.kind != ']') {
        Node *n = rvalue(assignment());
        if (is_num(n)) {
            m->len = n->val;
            if (n->val < 0)
                error("an array of negative size%s", "");
        } else
            m->vla = n;
    }
    expect(']', "]");
    return m;
}

/* allow_abstract: 0 a name is needed, 1 may be left out (a bit-field), 2 a parameter or a type's name */
static Mod *declarator_mods(Ident **id, int allow_abstract) {
    Mod *mods = 0;
    Attr attr;
    while (tk.kind == '*' || tk.kind == K_ATTRIBUTE) {
        if (tk.kind == K_ATTRIBUTE) {
            attributes(&attr);
            continue;
        }
        next();
        Mod *m = mod_new(TY_PTR);
        while (tk.kind == K_CONST || tk.kind == K_VOLATILE || tk.kind == K_RESTRICT) {
            m->quals |= tk.kind == K_CONST ? Q_CONST : tk.kind == K_VOLATILE ? Q_VOLATILE : 0;
            next();
        }
        mods = append(mods, m);
    }
    Mod *inner = 0;
    if (tk.kind == '(') {
        int kind = peek();
        int is_params = allow_abstract == 2 && (kind == ')' || starts_type_ahead() && kind != K_ATTRIBUTE || kind == T_ELLIPSIS);
        if (!is_params) {
            next();
            inner = declarator_mods(id, allow_abstract);
            expect(')', ")");
        }
    } else if (tk.kind == T_IDENT) {
        *id = tk.id;
        next();
    } else if (!allow_abstract)
        error("expected a name before '%s'", token_text(&tk));
    Mod *suffixes = 0;
    while (tk.kind == '[' || tk.kind == '(') {
        int kind = tk.kind;
        next();
        Mod *m = kind == '[' ? array_suffix() : parameters();
        m->next = suffixes;
        suffixes = m;
    }
    return append(append(mods, suffixes), inner);
}

static Type *declarator(Type *type, Ident **id, int allow_abstract) {
    *id = 0;
    for (Mod *m = declarator_mods(id, allow_abstract); m; m = m->next) {
        if (m->kind == TY_PTR)
            type = qualify(pointer_to(type), m->quals);
        else if (m->kind == TY_FUNC) {
            if (type->kind == TY_ARRAY || type->kind == TY_FUNC)
                error("a function cannot return '%s'", type_name(type));
            m->function->base = type;
            type = m->function;
        } else {
            if (type->kind == TY_FUNC || type->kind == TY_VOID || !is_complete(type))
                error("an array of '%s'", type_name(type));
            if (m->vla || type->vla) {
                Type *array = array_of(type, 0);
                Node *len = m->vla ? cast(m->vla, ty_ulong) : number(m->len, ty_ulong);
                array->vla = binary(N_MUL, len, type->vla ? type->vla : number(type_size(type), ty_ulong));
                type = array;
            } else
                type = array_of(type, m->len);
        }
    }
    return type;
}

static Type *type_of_name(void) {
    Attr attr;
    int storage;
    Ident *id;
    mem_set(&attr, 0, sizeof(Attr));
    if (!starts_type() && tk.kind != K_EXTENSION)
        error("expected a type before '%s'", token_text(&tk));
    Type *type = specifiers(&storage, &attr);
    type = declarator(type, &id, 2);
    if (id)
        error("unexpected name '%s' in a type", id->name);
    return type;
}

/* ---- declarations ---- */

static void set_symbol_attributes(Decl *d, Attr *attr) {
    if (attr->asm_name)
        d->asm_name = attr->asm_name;
    if (attr->section)
        d->section = attr->section;
    if (attr->aligned)
        d->align = attr->aligned;
    if (attr->is_thread)
        d->thread_local = 1;
    if (attr->weak || attr->visibility || attr->alias || attr->used) {
        Symbol *y = decl_symbol(d);
        if (attr->weak) {
            y->binding = STB_WEAK;
            y->bound = 1;
        }
        if (attr->visibility)
            y->visibility = str_eq(attr->visibility, "hidden") ? STV_HIDDEN : str_eq(attr->visibility, "protected") ? STV_PROTECTED : STV_DEFAULT;
    }
}

static DeclList *alias_list;

static void add_to(DeclList **list, Decl *d) {
    DeclList *l = xalloc(sizeof(DeclList));
    l->decl = d;
    l->next = *list;
    *list = l;
}

/* A declaration of something with linkage: the one known, if any, is completed. */
static Decl *declare_global(Ident *id, Type *type, int storage, Attr *attr) {
    Decl *d = id->decl;
    while (d && d->depth && !(d->is_global && d->storage != SC_STATIC))
        d = d->outer;
    if (d && d->depth == 0 && d->kind != (type->kind == TY_FUNC ? D_FUNC : D_VAR))
        error("'%s' was declared as something else", id->name);
    if (d && d->is_global) {
        if (!is_compatible(d->type->plain, type->plain))
            error("conflicting types for '%s'", id->name);
        if (d->type->kind == TY_ARRAY && d->type->size < 0 || d->type->kind == TY_FUNC && (d->type->unproto || d->body == 0 && !type->unproto))
            d->type = type;
        if (storage == SC_STATIC && d->storage != SC_STATIC)
            error("static declaration of '%s' follows one that is not", id->name);
        if (depth && id->decl != d) {
            Decl *again = declare(id, d->type, d->kind);
            mem_copy(&again->storage, &d->storage, 0);
            again->storage = d->storage;
            again->is_global = 1;
            again->sym = decl_symbol(d);
            again->thread_local = d->thread_local;
        }
    } else {
        Scope *inner = scope;
        d = decl_new(id, type, type->kind == TY_FUNC ? D_FUNC : D_VAR);
        enter_decl(d);
        scope = inner;
        d->is_global = 1;
        d->storage = storage == SC_NONE ? SC_EXTERN : storage;
        if (depth == 0)
            d->depth = 0;
    }
    if (type->kind == TY_FUNC && inline_seen) {
        d->is_inline = 1;
    }
    set_symbol_attributes(d, attr);
    if (attr->alias) {
        d->section = attr->alias;
        d->defined = 1;
        add_to(&alias_list, d);
    }
    return d;
}

static void old_style_params(Type *f) {
    while (tk.kind != '{') {
        Attr attr;
        int storage;
        mem_set(&attr, 0, sizeof(Attr));
        Type *base = specifiers(&storage, &attr);
        do {
            Ident *id;
            Type *type = adjust_param(declarator(base, &id, 0));
            Decl *p = f->params;
            while (p && p->id != id)
                p = p->next;
            if (!p)
                error("'%s' is no parameter", id->name);
            p->type = type;
        } while (accept(','));
        expect(';', ";");
    }
}

static void function_definition(Decl *d, Type *type, int emit_now) {
    if (d->defined)
        error("'%s' is defined twice", d->id->name);
    d->defined = 1;
    d->type = type;
    Decl *outer = current_function;
    current_function = d;
    labels = 0;
    enter_scope();
    for (Decl *p = type->params; p; p = p->next) {
        if (!p->id)
            error("a parameter without a name%s", "");
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
    current_function = outer;
    d->labels = labels;
    /* the parameters hang on the body's node, for gen.c */
    d->body->decl = type->params;
    if (emit_now)
        generate(d);
    else
        add_to(&inline_list, d);
}

static void add_tentative(Decl *d) {
    if (!d->tentative && !d->defined) {
        d->tentative = 1;
        add_to(&tentative_list, d);
    }
}

static void register_variable(Decl *d, Attr *attr) {
    if (attr->asm_name) {
        d->fixed_reg = target->asm_reg(attr->asm_name);
        if (d->fixed_reg == NONE)
            error("no register is called '%s'", attr->asm_name);
        d->asm_name = 0;
    }
}

/* The size of an array of variable length is taken once, where it is declared: what it was computed from may change. */
static Node *keep_size(Type *type) {
    Node *inner = type->base->vla ? keep_size(type->base) : 0;
    Node *v = node_new(N_VAR, ty_ulong, 0, 0);
    v->decl = new_local(0, ty_ulong);
    Node *n = node_new(N_INIT, ty_ulong, v, type->vla);
    type->vla = v;
    return inner ? node_new(N_COMMA, ty_ulong, inner, n) : n;
}

static Node *local_variable(Ident *id, Type *type, int storage, Attr *attr) {
    if (storage == SC_STATIC) {
        Decl *d = declare(id, type, D_VAR);
        d->storage = SC_STATIC;
        d->is_global = 1;
        set_symbol_attributes(d, attr);
        if (accept('='))
            global_initializer(d);
        else
            emit_zero_variable(d);
        return 0;
    }
    Decl *d = new_local(id, type);
    d->align = attr->aligned;
    register_variable(d, attr);
    Node *n = node_new(N_DECL, 0, 0, 0);
    n->decl = d;
    if (type->vla) {
        Decl *at = new_local(0, ty_void_ptr);
        Node *v = node_new(N_VAR, ty_void_ptr, 0, 0);
        v->decl = at;
        n->a = keep_size(type);
        n->a = node_new(N_COMMA, ty_void_ptr, n->a, node_new(N_INIT, ty_void_ptr, v, node_new(N_ALLOCA, ty_void_ptr, type->vla, 0)));
        d->size_vla = v;
        n->decl = at;
        vla_count++;
        return n;
    }
    if (accept('='))
        n->a = local_initializer(d);
    if (!is_complete(d->type))
        error("'%s' has an incomplete type", id->name);
    return n;
}

/* One declaration; its local initialisers come back as a list of statements. */
static Node *declaration(void) {
    Attr attr;
    int storage;
    mem_set(&attr, 0, sizeof(Attr));
    if (tk.kind == K_STATIC_ASSERT) {
        static_assertion();
        return 0;
    }
    if (!starts_type() && tk.kind != T_IDENT && tk.kind != '*' && tk.kind != '(' && tk.kind != K_EXTENSION)
        error("expected a declaration before '%s'", token_text(&tk));
    if (tk.kind == T_IDENT && !starts_type() && peek() == T_IDENT)
        error("unknown type name '%s'", token_text(&tk));
    Type *base = specifiers(&storage, &attr);
    int is_inline = inline_seen;
    Node *first = 0;
    Node *last = 0;
    if (accept(';'))
        return 0;
    while (1) {
        Ident *id;
        Attr own;
        mem_copy(&own, &attr, sizeof(Attr));
        Type *type = declarator(base, &id, 0);
        asm_name(&own);
        inline_seen = is_inline;
        if (own.mode)
            type = mode_type(type, own.mode);
        if (storage == SC_TYPEDEF) {
            Decl *old = id->decl;
            if (old && old->depth == depth && old->kind == D_TYPEDEF && is_compatible(old->type, type))
                old->type = type;
            else
                declare(id, type, D_TYPEDEF)->align = own.aligned;
        } else if (type->kind == TY_FUNC) {
            Decl *d = declare_global(id, type, storage, &own);
            if (own.gnu_inline && storage == SC_EXTERN)
                d->extern_inline = -1;
            else if (!d->extern_inline && (storage == SC_EXTERN || !is_inline))
                d->extern_inline = 1;
            if (own.constructor || own.destructor)
                d->tentative = own.constructor ? 1 : 2;
            if (tk.kind == '{' || type->unproto && type->params && starts_type()) {
                if (depth)
                    error("a function is defined inside a function%s", "");
                old_style_params(type);
                int deferred = d->is_inline && (d->storage == SC_STATIC || d->extern_inline != 1);
                function_definition(d, type, !deferred);
                return 0;
            }
        } else if (depth && storage != SC_EXTERN) {
            if (id->decl && id->decl->depth == depth && !id->decl->is_global)
                error("'%s' is declared twice", id->name);
            Node *n = local_variable(id, type, storage, &own);
            if (n) {
                if (last)
                    last->next = n;
                else
                    first = n;
                last = n;
            }
        } else {
            Decl *d = declare_global(id, type, storage, &own);
            if (accept('=')) {
                if (d->defined)
                    error("'%s' is defined twice", id->name);
                global_initializer(d);
            } else if (storage != SC_EXTERN)
                add_tentative(d);
        }
        if (!accept(','))
            break;
        attributes(&attr);
    }
    expect(';', ";");
    return first;
}

static Node *local_declaration(void) {
    return declaration();
}

/* ---- the whole ---- */

static void emit_pointer_to(Decl *d, char *section, int type) {
    Section *s = obj_section(obj, section, type, SHF_ALLOC | SHF_WRITE);
    sec_align(s, 8);
    sec_reloc(s, s->len, reloc_abs(target->machine, 8), decl_symbol(d), 0);
    sec_zero(s, 8);
}

static void finish(void) {
    int again = 1;
    while (again) {             /* inline functions that something needs */
        again = 0;
        for (DeclList *l = inline_list; l; l = l->next) {
            Decl *d = l->decl;
            if (d->body && (d->referenced && d->storage == SC_STATIC || d->extern_inline == 1)) {
                generate(d);
                d->body = 0;
                again = 1;
            }
        }
    }
    for (DeclList *l = tentative_list; l; l = l->next)
        if (!l->decl->defined) {
            Decl *d = l->decl;
            if (d->type->kind == TY_ARRAY && d->type->size < 0)
                d->type = array_of(d->type->base, 1);
            if (!is_complete(d->type))
                error("'%s' has an incomplete type", d->id->name);
            emit_zero_variable(d);
        }
    for (DeclList *l = alias_list; l; l = l->next) {
        Symbol *to = obj_find(obj, l->decl->section);
        if (!to || to->place == PLACE_UNDEF)
            fatal("alias of '%s', which is not defined", l->decl->section);
        sym_alias(decl_symbol(l->decl), to);
    }
}

static void translation_unit(void) {
    next();
    while (tk.kind != T_EOF) {
        if (tk.kind == K_ASM) {
            next();
            while (tk.kind == K_VOLATILE)
                next();
            int line = tk.place.line;
            char *file = tk.place.file->name;
            expect('(', "(");
            char *text = string_literal()->str;
            expect(')', ")");
            expect(';', ";");
            as_inline(obj, obj->text, text, file, line);
        } else if (!accept(';'))
            declaration();
    }
    finish();
}

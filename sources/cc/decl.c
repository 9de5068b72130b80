/* SPDX-License-Identifier: MIT
 *
 * One file, because the grammar of declarations is one recursion.
 *
 * Declarations: specifiers, declarators, structs, enums, attributes, scopes,
 * and function definitions. */

static int depth;               /* of scopes; 0: the file */
static Decl *latest;            /* of what is declared in the open scopes; linked by `before` */

static Decl *unfinished;        /* for the end of the file: inline functions, tentative definitions, aliases; by `next` */
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
    d->bit_width = -1;
    return d;
}

/* Enters a declaration into the current scope. */
static void enter_decl(Decl *d) {
    d->depth = depth;
    if (d->id) {
        d->outer = *meaning_of(d);
        *meaning_of(d) = d;
    }
    d->before = latest;
    latest = d;
}

static Decl *declare(Ident *id, Type *type, int kind) {
    Decl *d = decl_new(id, type, kind);
    enter_decl(d);
    return d;
}

static Decl *new_local(Ident *id, Type *type) {
    Decl *d = declare(id, type, D_VAR);
    if (!current_function)
        error("this needs a function around it", "");
    return d;
}

static Symbol *decl_symbol(Decl *d) {
    d->referenced = 1;
    if (d->sym)
        return d->sym;
    char *name = d->text[A_ASM_NAME] ? d->text[A_ASM_NAME] : d->id ? d->id->name : "";
    if (!d->id || d->storage == SC_STATIC && d->depth)
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
static char *attribute_names[] = { "section", "alias", "visibility", "", "packed", "weak", "used", "constructor",
                                   "destructor", "gnu_inline", "aligned", "mode", "cleanup", "vector_size" };

static void attribute(Decl *d) {
    int which = 0;
    while (which < A_NONE && !attr_is(attribute_names[which]))
        which++;
    if (which == A_CLEANUP || which == A_VECTOR_SIZE)
        error("the attribute '%s' is not supported", token_text(&tk));
    if (which == A_ALIGNED)
        d->align = 16;
    d->attributes |= 1 << which;
    next();
    if (!accept('('))
        return;
    if (which == A_ALIGNED)
        d->align = constant_expression("an alignment");
    else if (which == A_MODE)
        d->mode = attr_is("QI") || attr_is("byte") ? 1 : attr_is("HI") ? 2 : attr_is("SI") ? 4 : 8;
    else if (which < A_ASM_NAME)
        d->text[which] = string_literal()->str;
    for (int nested = 1; nested && tk.kind != T_EOF; next())
        nested += tk.kind == '(' ? 1 : tk.kind == ')' ? -1 : 0;
}

static void attributes(Decl *d) {
    while (accept(K_ATTRIBUTE)) {
        expect('(');
        expect('(');
        while (!accept(')'))
            if (!accept(','))
                attribute(d);
        expect(')');
    }
}

static int has(Decl *d, int which) {
    return d->attributes >> which & 1;
}

/* Attributes that say nothing where they stand. */
static void idle_attributes(void) {
    static Decl nothing;
    attributes(&nothing);
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

/* The tag behind struct, union or enum, found or made; its attributes. */
static Decl *tag_specifier(void) {
    Decl *tag = decl_new(0, 0, D_TAG);
    tag->value = tk.kind;
    next();
    attributes(tag);
    if (tk.kind != '{')
        tag->id = name();
    Decl *old = tag->id ? tag->id->tag : 0;
    int defines = tk.kind == '{' || tk.kind == ';' && tag->value != K_ENUM;
    if (old && (old->depth == depth || !defines)) {
        if (old->value != tag->value)
            error("'%s' was declared as another kind of tag", old->id->name);
        old->attributes = tag->attributes;
        old->align = tag->align;
        return old;
    }
    enter_decl(tag);
    return tag;
}

/* Puts a member at the bit *bits or behind it, and *bits behind the member. */
static void place_member(Type *r, Member *m, int packed, long *bits) {
    if (!m->bit_width)
        packed = 0;                     /* what ends a unit does so in packed records too */
    int align = packed ? 1 : type_align(m->type);
    if (!packed && pack_align && align > pack_align)
        align = pack_align;
    align = larger(align, m->align);
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

static void place_members(Type *r, Decl *tag) {
    long most = 0;
    long bits = 0;
    Member **at = &r->members;
    r->align = larger(tag->align, 1);
    while (*at) {
        Member *m = *at;
        place_member(r, m, has(tag, A_PACKED) || has(m, A_PACKED), &bits);
        most = larger(bits, most);
        if (tag->value == K_UNION)
            bits = 0;
        if (m->id || m->bit_width < 0)
            at = &m->next;
        else
            *at = m->next;              /* was there only to take room */
    }
    r->size = ((most + 7) / 8 + r->align - 1) & -(long)r->align;
}

static Member **member_declaration(Member **end) {
    if (static_assertion())
        return end;
    Decl *base = specifiers();
    if (is_record(base->type) || tk.kind != ';')
        do {
            Member *m = declarator(base, 1);
            if (accept(':')) {
                m->bit_width = constant_expression("a bit-field's width");
                if (!is_integer(m->type) || m->bit_width < 0 || m->bit_width > m->type->size * 8
                    || m->id && !m->bit_width)
                    error("bad bit-field", "");
            }
            attributes(m);
            if (m->type->kind == TY_FUNC || !is_complete(m->type) && m->type->kind != TY_ARRAY)
                error("member of the incomplete type '%s'", type_name(m->type));
            *end = m;
            end = &m->next;
        } while (accept(','));
    expect(';');
    return end;
}

static Type *record_specifier(void) {
    Decl *tag = tag_specifier();
    Type *r = tag->type;
    if (!r) {
        r = tag->type = type_new(tag->value == K_UNION ? TY_UNION : TY_STRUCT, -1, 1);
        r->id = tag->id;
    }
    if (!accept('{'))
        return r;
    if (r->size >= 0)
        error("'%s' is defined twice", tag->id->name);
    Member **end = &r->members;
    while (!accept('}'))
        end = member_declaration(end);
    attributes(tag);
    place_members(r, tag);
    return r;
}

static Type *enum_specifier(void) {
    Decl *tag = tag_specifier();
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
        declare(id, v == (int)v ? ty_int : ty_long, D_ENUM_CONST)->value = v;
        negative |= v < 0;
        wide |= v > 0xffffffffL || v < -0x7fffffffL - 1 || negative && v > 0x7fffffff;
        v++;
        if (!accept(','))
            break;
    }
    expect('}');
    attributes(tag);
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

static int static_assertion(void) {
    if (!accept(K_STATIC_ASSERT))
        return 0;
    expect('(');
    Place place;
    mem_copy(&place, &tk.place, sizeof(Place));
    long ok = constant_expression("_Static_assert's condition");
    char *why = accept(',') ? string_literal()->str : "";
    if (!ok)
        error_at(&place, "static assertion failed: %s", why);
    expect(')');
    expect(';');
    return 1;
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

/* The words that make each of the basic types, but for `int` and `signed` where they are idle. */
static int type_words[] = {
    W_VOID, W_BOOL, W_CHAR, W_CHAR + W_SIGNED, W_CHAR + W_UNSIGNED, W_SHORT, W_SHORT + W_UNSIGNED, 0, W_UNSIGNED,
    W_LONG, W_LONG + W_UNSIGNED, 2 * W_LONG, 2 * W_LONG + W_UNSIGNED, W_FLOAT, W_DOUBLE, W_LONG + W_DOUBLE };

static Type *type_of_words(int words) {
    for (int kind = TY_VOID; kind <= TY_LDOUBLE; kind++) {
        int idle = kind < TY_SHORT || kind > TY_ULLONG ? 0 : type_words[kind] & W_UNSIGNED ? W_INT : W_INT | W_SIGNED;
        if ((words & ~idle) == type_words[kind])
            return *basic_types[kind];
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

/* What a declaration begins with, as a declaration without a name; see `declarator`. */
static Decl *specifiers(void) {
    Decl *d = decl_new(0, 0, D_VAR);
    Type *type = 0;
    int words = 0;
    int quals = 0;
    while (1) {
        int kind = tk.kind;
        if (kind >= K_VOID && kind <= K_DOUBLE) {
            words += 1 << 2 * (kind - K_VOID);
            next();
        } else if (kind >= K_EXTERN && kind <= K_REGISTER) {
            d->storage = kind - K_EXTERN + SC_EXTERN;
            next();
        } else if (kind >= K_CONST && kind <= K_RESTRICT)
            quals |= qualifiers();
        else if (accept(K_INLINE))
            d->is_inline = 1;
        else if (accept(K_THREAD))
            d->thread_local = 1;
        else if (kind == T_IDENT && !type && !words && starts_type()) {
            type = tk.id->decl->type;
            d->align = larger(d->align, tk.id->decl->align);
            next();
        } else if (kind == K_STRUCT || kind == K_UNION)
            type = record_specifier();
        else if (kind == K_ENUM)
            type = enum_specifier();
        else if (kind == K_TYPEOF)
            type = typeof_type();
        else if (kind == K_ATTRIBUTE)
            attributes(d);
        else if (accept(K_ALIGNAS)) {
            expect('(');
            long align = starts_type() ? type_align(type_of_name()) : constant_expression("an alignment");
            d->align = larger(d->align, align);
            expect(')');
        } else if (!accept(K_NORETURN) && !accept(K_EXTENSION))
            break;
    }
    if (type && words)
        error("two types in one declaration", "");
    if (!type)
        type = type_of_words(words);
    d->type = qualify(d->mode ? mode_type(type, d->mode) : type, quals);
    d->mode = 0;
    return d;
}

/* The same, where no type goes without saying. */
static Decl *type_specifiers(void) {
    if (!starts_type() && tk.kind != K_EXTENSION)
        error("expected a type before '%s'", token_text(&tk));
    return specifiers();
}

/* ---- declarators ---- */

static Type *parameters(void) {
    Type *f = function_type(0);
    Decl **end = &f->params;
    f->unproto = tk.kind == ')' || tk.kind == T_IDENT && !starts_type();        /* old style: names only, or nothing */
    enter_scope();
    while (tk.kind != ')') {
        if (accept(T_ELLIPSIS)) {
            f->variadic = 1;
            break;
        }
        Decl *d = declarator(f->unproto ? decl_new(0, ty_int, D_VAR) : type_specifiers(), 2);
        if (d->type->kind == TY_VOID && !d->id && !f->params && tk.kind == ')')
            break;
        d->type = decayed(d->type);
        enter_decl(d);
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

/* A declarator and what may follow it: a declaration, in no scope yet, with what the specifiers `base` said. */
static Decl *declarator(Decl *base, int allow_abstract) {
    Decl *d = xalloc(sizeof(Decl));
    mem_copy(d, base, sizeof(Decl));
    Type *rest;
    for (Type *part = declarator_parts(&d->id, allow_abstract); part; part = rest) {
        rest = part->base;
        if (part->kind == TY_PTR)
            d->type = qualify(pointer_to(d->type), part->quals);
        else if (part->kind == TY_ARRAY)
            d->type = array_type(d->type, part->size, part->vla);
        else {
            if (d->type->kind == TY_ARRAY || d->type->kind == TY_FUNC)
                error("a function cannot return '%s'", type_name(d->type));
            part->base = d->type;
            d->type = part;
        }
    }
    if (accept(K_ASM))
        d->text[A_ASM_NAME] = asm_string();
    attributes(d);
    if (d->mode)
        d->type = mode_type(d->type, d->mode);
    return d;
}

static Type *type_of_name(void) {
    Decl *d = declarator(type_specifiers(), 2);
    if (d->id)
        error("unexpected name '%s' in a type", d->id->name);
    return d->type;
}

/* ---- declarations ---- */

static void leave_unfinished(Decl *d) {
    if (d->is_unfinished)
        return;
    d->is_unfinished = 1;
    d->next = unfinished;
    unfinished = d;
}

static void set_symbol_attributes(Decl *d) {
    char *visibility = d->text[A_VISIBILITY];
    if (has(d, A_WEAK) || has(d, A_USED) || visibility || d->text[A_ALIAS])
        decl_symbol(d);
    if (has(d, A_WEAK)) {
        d->sym->binding = STB_WEAK;
        d->sym->bound = 1;
    }
    if (visibility)
        d->sym->visibility = str_eq(visibility, "hidden") ? STV_HIDDEN
                           : str_eq(visibility, "protected") ? STV_PROTECTED : STV_DEFAULT;
    if (d->text[A_ALIAS]) {
        d->defined = 1;
        leave_unfinished(d);
    }
}

/* Enters a declaration of something with linkage: the one known, if any, is completed and returned. */
static Decl *declare_global(Decl *new) {
    Decl *d = new->id->decl;
    new->kind = new->type->kind == TY_FUNC ? D_FUNC : D_VAR;
    while (d && d->depth && !(d->is_global && d->storage != SC_STATIC))
        d = d->outer;
    if (d && d->depth == 0 && d->kind != new->kind)
        error("'%s' was declared as something else", new->id->name);
    if (d && d->is_global) {
        if (!is_compatible(d->type->plain, new->type->plain))
            error("conflicting types for '%s'", new->id->name);
        if (d->kind == D_VAR ? d->type->kind == TY_ARRAY && d->type->size < 0
                             : d->type->unproto || !d->body && !new->type->unproto)
            d->type = new->type;
        if (new->storage == SC_STATIC && d->storage != SC_STATIC)
            error("static declaration of '%s' follows one that is not", new->id->name);
        if (depth && new->id->decl != d) {
            Decl *again = xalloc(sizeof(Decl));
            decl_symbol(d);
            mem_copy(again, d, sizeof(Decl));
            enter_decl(again);
        }
        d->is_inline |= new->is_inline;
        d->thread_local |= new->thread_local;
        d->attributes |= new->attributes;
        if (new->align)
            d->align = new->align;
        for (int i = A_SECTION; i <= A_ASM_NAME; i++)
            if (new->text[i])
                d->text[i] = new->text[i];
    } else {
        d = new;
        d->is_global = 1;
        enter_decl(d);
    }
    set_symbol_attributes(d);
    return d;
}

static void old_style_params(Type *f) {
    while (tk.kind != '{') {
        Decl *base = specifiers();
        do {
            Decl *d = declarator(base, 0);
            Decl *p = f->params;
            while (p && p->id != d->id)
                p = p->next;
            if (!p)
                error("'%s' is no parameter", d->id->name);
            p->type = decayed(d->type);
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
static int function(Decl *new) {
    Decl *d = declare_global(new);
    if (has(new, A_GNU_INLINE) && new->storage == SC_EXTERN)
        d->extern_inline = -1;
    else if (!d->extern_inline && (new->storage == SC_EXTERN || !new->is_inline))
        d->extern_inline = 1;
    if (tk.kind != '{' && !(new->type->unproto && new->type->params && starts_type()))
        return 0;
    if (depth)
        error("a function is defined inside a function", "");
    old_style_params(new->type);
    function_definition(d, new->type);
    return 1;
}

static void global_variable(Decl *new) {
    Decl *d = declare_global(new);
    if (accept('=')) {
        if (d->defined)
            error("'%s' is defined twice", d->id->name);
        global_initializer(d);
    } else if (new->storage != SC_EXTERN && !d->defined)
        leave_unfinished(d);
}

static void static_local(Decl *d) {
    enter_decl(d);
    d->is_global = 1;
    set_symbol_attributes(d);
    if (accept('='))
        global_initializer(d);
    else
        define_variable(d, 0);
}

/* The size of an array of variable length is taken once, where it is declared: what it was computed from may change. */
static Node *keep_size(Type *type) {
    Node *inner = type->base->vla ? keep_size(type->base) : 0;
    Node *v = variable(new_local(0, ty_ulong));
    Node *n = node_new(N_INIT, ty_ulong, v, type->vla);
    type->vla = v;
    return inner ? node_new(N_COMMA, ty_ulong, inner, n) : n;
}

static Node *local_variable(Decl *d) {
    Type *type = d->type;
    Node *n = node_new(N_DECL, 0, 0, 0);
    n->decl = d;
    enter_decl(d);
    if (d->text[A_ASM_NAME]) {
        d->fixed_reg = target->asm_reg(d->text[A_ASM_NAME]);
        if (d->fixed_reg == NONE)
            error("no register is called '%s'", d->text[A_ASM_NAME]);
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
        error("'%s' has an incomplete type", d->id->name);
    return n;
}

static void declare_typedef(Decl *d) {
    Decl *old = d->id->decl;
    d->kind = D_TYPEDEF;
    if (old && old->depth == depth && old->kind == D_TYPEDEF && is_compatible(old->type, d->type))
        old->type = d->type;
    else
        enter_decl(d);
}

/* One declaration; local variables come back as a list of statements. */
static Node *declaration(void) {
    Node *first = 0;
    Node **end = &first;
    if (static_assertion())
        return 0;
    if (!starts_type() && tk.kind != T_IDENT && tk.kind != '*' && tk.kind != '(' && tk.kind != K_EXTENSION)
        error("expected a declaration before '%s'", token_text(&tk));
    if (tk.kind == T_IDENT && !starts_type() && peek() == T_IDENT)
        error("unknown type name '%s'", token_text(&tk));
    Decl *base = specifiers();
    if (accept(';'))
        return 0;
    do {
        attributes(base);
        Decl *d = declarator(base, 0);
        if (d->storage == SC_TYPEDEF)
            declare_typedef(d);
        else if (d->type->kind == TY_FUNC) {
            if (function(d))
                return 0;
        } else if (!depth || d->storage == SC_EXTERN)
            global_variable(d);
        else {
            Decl *old = d->id->decl;
            if (old && old->depth == depth && !old->is_global)
                error("'%s' is declared twice", d->id->name);
            if (d->storage == SC_STATIC)
                static_local(d);
            else {
                *end = local_variable(d);
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
    sec_reloc(s, s->len, reloc_bytes(target->machine, 8, AS_IS), decl_symbol(d), 0);
    sec_zero(s, 8);
}

static void finish(void) {
    for (int found = 1; found;) {               /* the inline functions that something needs, until nothing new does */
        found = 0;
        for (Decl *d = unfinished; d; d = d->next)
            if (d->body && (d->referenced && d->storage == SC_STATIC || d->extern_inline == 1)) {
                generate(d);
                d->body = 0;
                found = 1;
            }
    }
    for (Decl *d = unfinished; d; d = d->next) {
        if (d->kind == D_FUNC || d->defined)
            continue;
        if (d->type->kind == TY_ARRAY && d->type->size < 0)
            d->type = array_of(d->type->base, 1);
        if (!is_complete(d->type))
            error("'%s' has an incomplete type", d->id->name);
        define_variable(d, 0);
    }
    for (Decl *d = unfinished; d; d = d->next)
        if (d->text[A_ALIAS]) {
            Symbol *to = obj_find(obj, d->text[A_ALIAS]);
            if (!to || to->place == PLACE_UNDEF)
                fatal("alias of '%s', which is not defined", d->text[A_ALIAS]);
            sym_alias(decl_symbol(d), to);
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
            assemble(obj, obj->text, asm_string(), file, line, 1);
            expect(';');
        } else if (!accept(';'))
            declaration();
    finish();
}

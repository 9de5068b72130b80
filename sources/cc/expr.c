/* SPDX-License-Identifier: MIT
 *
 * Expressions: parsing, types and conversions, folding of constants.
 *
 * Over 500 lines: the grammar's levels, and what each operator asks of its
 * operands, read best in one piece. */

static void expect(int kind) {
    if (tk.kind != kind)
        error(str_join("expected '", kind < 256 ? str_of(kind) : keyword_names[kind - K_VOID], "' before '%s'"),
              token_text(&tk));
    next();
}

static Ident *name(void) {
    if (tk.kind != T_IDENT)
        error("expected a name before '%s'", token_text(&tk));
    Ident *id = tk.id;
    next();
    return id;
}

static int accept(int kind) {
    if (tk.kind != kind)
        return 0;
    next();
    return 1;
}

/* ---- constants ---- */

static int is_num(Node *n) {
    return n->op == N_NUM;
}

/* For each of N_EQ to N_GE, the orders of which it holds: bit 0 less, 1 equal, 2 greater, 3 not ordered (a NaN). */
static char holding[] = { 2, 13, 1, 3, 4, 6 };

/* Whether the comparison holds of operands of which the first is less (-1), equal (0), greater (1), not ordered (2). */
static int holds(int op, int order) {
    return holding[op - N_EQ] >> (order + 1) & 1;
}

static long fold_integer(int op, long a, long b, Type *type) {
    unsigned long ua = a;
    unsigned long ub = b;
    int u = is_unsigned(type);
    int bits = type->size * 8 - 1;
    switch (op) {
    case N_ADD: return a + b;
    case N_SUB: return a - b;
    case N_MUL: return a * b;
    case N_DIV: return u ? (long)(ua / ub) : b == -1 ? -a : a / b;
    case N_REM: return u ? (long)(ua % ub) : b == -1 ? 0 : a % b;
    case N_AND: return a & b;
    case N_OR: return a | b;
    case N_XOR: return a ^ b;
    case N_SHL: return a << (b & bits);
    case N_SHR: return u ? (long)(ua >> (b & bits)) : a >> (b & bits);
    }
    return holds(op, a == b ? 0 : (u ? ua < ub : a < b) ? -1 : 1);
}

static Node *fold_real(int op, Real *a, Real *b, int kind, Type *type) {
    switch (op) {
    case N_ADD: return real_node(real_add(a, b, kind), type);
    case N_SUB: return real_node(real_add(a, real_neg(b), kind), type);
    case N_MUL: return real_node(real_mul(a, b, kind), type);
    case N_DIV: return real_node(real_div(a, b, kind), type);
    }
    return number(holds(op, real_compare(a, b)), type);
}

/* a op b; both have the operands' common type. */
static Node *operate(int op, Type *type, Node *a, Node *b) {
    if (is_num(a) && is_num(b) && !((op == N_DIV || op == N_REM) && !b->val))
        return number(fold_integer(op, a->val, b->val, a->type), type);
    if (a->op == N_REAL && b->op == N_REAL)
        return fold_real(op, a->real, b->real, a->type->kind, type);
    if (is_num(b) && type->kind != TY_BOOL) {
        long v = b->val;
        if (v == 0 && (op == N_ADD || op == N_SUB || op == N_SHL || op == N_SHR || op == N_OR || op == N_XOR)
            || v == 1 && (op == N_MUL || op == N_DIV))
            if (a->type->kind == type->kind && a->type->size == type->size)
                return a->type == type ? a : cast(a, type);
        if (op == N_ADD && a->op == N_ADD && is_num(a->b) && class_of(type) == K_L && class_of(a->type) == K_L)
            return operate(N_ADD, type, a->a, number(a->b->val + v, ty_long));
    }
    if (is_num(a) && (op == N_ADD || op == N_MUL || op == N_AND || op == N_OR || op == N_XOR))
        return node_new(op, type, b, a);
    return node_new(op, type, a, b);
}

/* ---- conversions ---- */

static Node *cast(Node *n, Type *type) {
    Type *from = n->type;
    if (type->kind == TY_VOID)
        return node_new(N_CAST, type, n, 0);
    if (is_num(n) && is_scalar(type)) {
        if (is_float(type))
            return real_node(real_from_long(n->val, is_unsigned(from), type->kind), type);
        return number(n->val, type);
    }
    if (n->op == N_REAL) {
        if (is_float(type))
            return real_node(real_convert(n->real, type->kind), type);
        if (is_integer(type))
            return number(type->kind == TY_BOOL ? !real_is_zero(n->real) : real_to_long(n->real), type);
    }
    if (from->plain == type->plain)
        return n;
    return node_new(N_CAST, type, n, 0);
}

static void mark_addressed(Node *n) {
    if (n->op == N_VAR)
        n->decl->addressed = 1;
    if (n->op == N_MEMBER)
        mark_addressed(n->a);
    if (n->op == N_COMMA || n->op == N_COND)
        mark_addressed(n->b);
    if (n->op == N_COND)
        mark_addressed(n->c);
}

static Node *address_of(Node *n, Type *type) {
    if (n->op == N_DEREF)
        return cast(n->a, type);
    if (n->op == N_COMMA)
        return node_new(N_COMMA, type, n->a, address_of(n->b, type));
    if (n->op == N_MEMBER) {            /* &((T *)0)->member is a constant */
        Node *record = address_of(n->a, ty_void_ptr);
        if (is_num(record))
            return number(record->val + n->val, type);
    }
    mark_addressed(n);
    return node_new(N_ADDR, type, n, 0);
}

/* Arrays and functions become pointers. */
static Type *decayed(Type *type) {
    return type->kind == TY_ARRAY ? pointer_to(type->base) : type->kind == TY_FUNC ? pointer_to(type) : type;
}

static Node *rvalue(Node *n) {
    Type *type = decayed(n->type);
    if (type != n->type)
        return address_of(n, type);
    if (n->bits && n->bits->bit_width < 32 && is_unsigned(type))
        return cast(n, ty_int);         /* all its values fit into int */
    return n;
}

static Node *scalar(Node *n) {
    n = rvalue(n);
    if (!is_scalar(n->type))
        error("a scalar is needed here, not '%s'", type_name(n->type));
    return n;
}

static char *two_types(Type *a, char *between, Type *b) {
    return str_join(type_name(a), between, type_name(b));
}

static int is_null(Node *n) {
    return is_num(n) && n->val == 0;
}

static int is_void_ptr(Type *t) {
    return t->kind == TY_PTR && t->base->kind == TY_VOID;
}

/* Pointers to types that differ in more than signs and qualifiers. */
static int are_strangers(Type *a, Type *b) {
    return !is_void_ptr(a) && !is_void_ptr(b) && !is_compatible(a->base->plain, b->base->plain)
        && !(is_integer(a->base) && is_integer(b->base) && a->base->size == b->base->size);
}

static int converts(Type *from, Type *to) {
    return to->kind == TY_VOID || is_scalar(from) && is_scalar(to) && !(from->kind == TY_PTR && is_float(to))
        && !(to->kind == TY_PTR && is_float(from));
}

/* As by assignment to `type`. */
static Node *convert_to(Node *n, Type *type, char *what) {
    n = rvalue(n);
    Type *from = n->type;
    int to_ptr = type->kind == TY_PTR;
    int from_ptr = from->kind == TY_PTR;
    char *doubt = 0;
    if (is_record(type) && type->plain == from->plain)
        return n;
    if (to_ptr && from_ptr && are_strangers(type, from) && !is_null(n))
        doubt = "incompatible pointer types in ";
    else if (to_ptr && is_integer(from) && !is_null(n))
        doubt = "a pointer is made from an integer in ";
    else if (is_integer(type) && type->kind != TY_BOOL && from_ptr)
        doubt = "an integer is made from a pointer in ";
    if (doubt)
        warn(&tk.place, str_join(doubt, what, ": %s"), two_types(from, " to ", type));
    if (!converts(from, type))
        error(str_join("incompatible types in ", what, ": %s"), two_types(from, " to ", type));
    return cast(n, type);
}

/* ---- operators ---- */

static Node *scale(Node *n, Type *base) {
    if (base->vla)
        return binary(N_MUL, cast(n, ty_long), cast(base->vla, ty_long));
    long size = base->kind == TY_FUNC || base->kind == TY_VOID ? 1 : type_size(base);
    if (size < 0)
        error("arithmetic on a pointer to the incomplete type '%s'", type_name(base));
    return operate(N_MUL, ty_long, cast(n, ty_long), number(size, ty_long));
}

/* No arithmetic on pointers but comparisons. */
static Node *binary(int op, Node *a, Node *b) {
    int shifts = op == N_SHL || op == N_SHR;
    int compares = op >= N_EQ;
    Type *pointer = !compares ? 0 : a->type->kind == TY_PTR ? a->type : b->type->kind == TY_PTR ? b->type : 0;
    if (!(pointer ? is_scalar(a->type) && is_scalar(b->type) : is_arith(a->type) && is_arith(b->type))
        || (pointer || op >= N_REM && op <= N_SHR) && (is_float(a->type) || is_float(b->type))) {
        Operator *o = operators;
        while (o->op != op || o->kind == T_SET)
            o++;
        error(str_join("invalid operands of '", o->text, "': %s"), two_types(a->type, " and ", b->type));
    }
    Type *type = pointer ? pointer : shifts ? promote(a->type) : common_type(a->type, b->type);
    return operate(op, compares ? ty_int : type, cast(a, type), cast(b, shifts ? ty_int : type));
}

static Node *arithmetic(int op, Node *a, Node *b) {
    a = rvalue(a);
    b = rvalue(b);
    if (op == N_ADD && is_integer(a->type) && b->type->kind == TY_PTR)
        return arithmetic(op, b, a);
    if (op == N_SUB && a->type->kind == TY_PTR && b->type->kind == TY_PTR) {
        Node *bytes = operate(N_SUB, ty_long, cast(a, ty_long), cast(b, ty_long));
        return binary(N_DIV, bytes, scale(number(1, ty_long), a->type->base));
    }
    if (op != N_ADD && op != N_SUB || a->type->kind != TY_PTR || !is_integer(b->type))
        return binary(op, a, b);
    b = scale(b, a->type->base);
    if (op == N_SUB && is_num(b))
        return operate(N_ADD, a->type, a, number(-b->val, ty_long));
    return operate(op, a->type, a, b);
}

static void need_lvalue(Node *n, char *what) {
    if (n->op == N_COMMA && (n->val || is_record(n->type)))
        return;
    if (n->op != N_VAR && n->op != N_DEREF && n->op != N_MEMBER && n->op != N_STR)
        error("%s needs something that can be assigned to", what);
}

static void need_modifiable(Node *n, char *what) {
    need_lvalue(n, what);
    if (n->type->quals & Q_CONST)
        error("%s to a read-only location", what);
    if (n->type->kind == TY_ARRAY || n->type->kind == TY_FUNC || !is_complete(n->type))
        error("%s to an array, a function or an incomplete type", what);
}

/* a op= b or a++: the new value is an expression of the old one, which is loaded once. */
static Node *set(int how, int op, Node *a, Node *b) {
    need_modifiable(a, how == N_SET ? "assignment" : "increment");
    Type *type = a->type->plain;
    Node *old = node_new(N_OLD, type, 0, 0);
    Node *n = node_new(how, type, a, convert_to(arithmetic(op, old, b), type, "assignment"));
    n->c = old;
    return n;
}

/* n. the member whose name stands here. */
static Node *member_of(Node *n) {
    if (!is_record(n->type))
        error("'%s' is no struct or union", type_name(n->type));
    if (!is_complete(n->type))
        error("'%s' is an incomplete type", type_name(n->type));
    long offset = 0;
    Member *m = tk.kind == T_IDENT ? find_member(n->type, tk.id, &offset) : 0;
    if (!m)
        error(str_join("'", type_name(n->type), "' has no member '%s'"), token_text(&tk));
    next();
    Node *r = node_new(N_MEMBER, qualify(m->type, n->type->quals & (Q_CONST | Q_VOLATILE)), n, 0);
    r->bits = m->bit_width >= 0 ? m : 0;
    r->val = offset;
    return r;
}

static Node *dereference(Node *n) {
    n = rvalue(n);
    if (n->type->kind != TY_PTR)
        error("'%s' is no pointer", type_name(n->type));
    if (n->op == N_ADDR && n->a->type->plain == n->type->base->plain)
        return n->a;
    return node_new(N_DEREF, n->type->base, n, 0);
}

/* The truth of a constant, or -1. */
static int truth(Node *n) {
    if (is_num(n))
        return n->val != 0;
    if (n->op == N_REAL)
        return !real_is_zero(n->real);
    return n->op == N_STR || n->op == N_ADDR && n->a->op == N_STR ? 1 : -1;
}

/* ---- calls ---- */

static int is_setjmp(char *name) {
    return str_eq(name, "setjmp") || str_eq(name, "_setjmp") || str_eq(name, "sigsetjmp")
        || str_eq(name, "__sigsetjmp");
}

static Node *call(Node *f) {
    char *callee = f->op == N_VAR && f->decl->id ? f->decl->id->name : "(*...)";
    if (is_setjmp(callee) && current_function)
        current_function->has_setjmp = 1;
    Type *type = f->type;
    if (type->kind == TY_PTR && type->base->kind == TY_FUNC) {
        type = type->base;
        f = node_new(N_DEREF, type, f, 0);
    }
    if (type->kind != TY_FUNC)
        error("'%s' is called, but is no function", type_name(type));
    Node *n = node_new(N_CALL, type->base->plain, f, 0);
    Node **end = &n->b;
    Decl *param = type->params;
    while (tk.kind != ')') {
        Node *arg = assignment();
        if (param) {
            arg = convert_to(arg, param->type->plain, "argument");
            param = param->next;
        } else {
            if (!type->variadic && !type->unproto)
                error("too many arguments in a call of '%s'", callee);
            arg = rvalue(arg);
            if (arg->type->kind == TY_VOID)
                error("a void expression is given as an argument", "");
            arg = cast(arg, arg->type->kind == TY_FLOAT ? ty_double : promote(arg->type));
        }
        /* an argument node of its own, since a shared one must not be linked */
        *end = node_new(N_COMMA, arg->type, 0, arg);
        end = &(*end)->next;
        if (tk.kind != ')')
            expect(',');
    }
    if (param)
        error("too few arguments in a call of '%s'", callee);
    next();
    return n;
}

/* ---- primary expressions ---- */

static Node *va_list_of(Node *n) {
    if (n->type->kind == TY_ARRAY || n->type->kind == TY_PTR)
        return rvalue(n);
    return address_of(n, pointer_to(n->type));
}

static Node *postfix(Node *n) {
    while (1) {
        int kind = tk.kind;
        if (accept('[')) {
            n = dereference(arithmetic(N_ADD, n, expression()));
            expect(']');
        } else if (accept('('))
            n = call(n);
        else if (accept(T_INC) || accept(T_DEC))
            n = set(N_POST, kind == T_INC ? N_ADD : N_SUB, n, number(1, ty_int));
        else if (accept('.') || accept(T_ARROW))
            n = member_of(kind == '.' ? n : dereference(n));
        else
            return n;
    }
}

static Node *generic_selection(void) {
    next();
    expect('(');
    Type *type = rvalue(assignment())->type->plain;
    Node *chosen = 0;
    while (accept(',')) {
        Type *when = accept(K_DEFAULT) ? 0 : type_of_name();
        expect(':');
        Node *n = assignment();
        if (when ? is_compatible(type, when) : !chosen)
            chosen = n;
    }
    expect(')');
    if (!chosen)
        error("_Generic has no choice for '%s'", type_name(type));
    return chosen;
}

typedef struct Builtin Builtin;
struct Builtin {
    char *arguments;            /* what it takes: e an expression, v a va_list, t a type */
    int op;                     /* N_..., when that is all it is, */
    Type **type;                /* with this type */
};

/* From K_VA_START on. */
static Builtin builtins[] = {
    { "ve", N_VA_START, &ty_void }, { "vt" }, { "v", N_CAST, &ty_void }, { "vv" }, { "" },
    { "e" }, { "ee" }, { "e" }, { "", N_TRAP, &ty_void }, { "", N_TRAP, &ty_void }, { "tt" }, { "eee" },
    { "e", N_FRAME_ADDRESS, &ty_void_ptr }, { "e" },
    { "" }, { "" }, { "" }, { "e" }, { "e" }, { "e" }
};

static Node *builtin(int kind) {
    Builtin *f = &builtins[kind - K_VA_START];
    Node *n[3];
    Type *type[3];
    n[0] = n[1] = 0;
    next();
    expect('(');
    if (kind == K_OFFSETOF) {
        type[0] = type_of_name();
        n[0] = node_new(N_DEREF, type[0], number(0, pointer_to(type[0])), 0);
        expect(',');
        n[0] = postfix(member_of(n[0]));
        expect(')');
        return cast(address_of(n[0], ty_void_ptr), ty_ulong);
    }
    for (int i = 0; f->arguments[i]; i++) {
        if (i)
            expect(',');
        if (f->arguments[i] == 't')
            type[i] = type_of_name();
        else
            n[i] = f->arguments[i] == 'v' ? va_list_of(assignment()) : rvalue(assignment());
    }
    expect(')');
    if (f->op)
        return node_new(f->op, *f->type, n[0], n[1]);
    switch (kind) {
    case K_VA_ARG: return dereference(node_new(N_VA_ARG, pointer_to(type[1]), n[0], 0));
    case K_VA_COPY: return node_new(N_ASSIGN, n[0]->type->base, dereference(n[0]), dereference(n[1]));
    case K_CONSTANT_P: return number(truth(n[0]) >= 0, ty_int);
    case K_EXPECT: return cast(n[0], ty_long);
    case K_ALLOCA: return node_new(N_ALLOCA, ty_void_ptr, cast(n[0], ty_ulong), 0);
    case K_TYPES_COMPATIBLE: return number(is_compatible(type[0]->plain, type[1]->plain), ty_int);
    case K_CHOOSE_EXPR: return constant_of(n[0], "__builtin_choose_expr's condition") ? n[1] : n[2];
    case K_RETURN_ADDRESS:              /* stands above it */
        n[0] = node_new(N_FRAME_ADDRESS, pointer_to(ty_void_ptr), 0, 0);
        return dereference(arithmetic(N_ADD, n[0], number(1, ty_int)));
    }
    Type *real = *basic_types[TY_FLOAT + (kind - K_HUGE_VALF) % 3];
    return real_node(real_new(kind < K_NANF ? REAL_INF : REAL_NAN, 0), real);
}

/* The functions that __builtin_NAME may stand for whose result is no int, behind the letter of its type. */
static char *library[] = {
    "p", "memcpy", "memmove", "memset", "memchr", "mempcpy", "strcpy", "strncpy", "stpcpy", "strcat", "strncat",
    "strchr", "strrchr", "strstr", "strpbrk", "strdup", "strndup", "malloc", "calloc", "realloc",
    "l", "strlen", "strspn", "strcspn", "labs", "llabs",
    "d", "fabs", "sqrt", "floor", "ceil", "copysign", "fmod", "pow", "exp", "log", 0 };

static Type *library_result(char *name) {
    int letter = 0;
    for (int i = 0; library[i]; i++)
        if (!library[i][1])
            letter = library[i][0];
        else if (str_eq(name, library[i]))
            return letter == 'p' ? ty_void_ptr : letter == 'l' ? ty_long : ty_double;
    return ty_int;
}

static Decl *undeclared(Ident *id) {
    if (str_starts(id->name, "__builtin_")) {
        id = ident_named(id->name + 10);
        if (id->decl)
            return id->decl;
    } else if (peek() != '(')
        error("'%s' is not declared", id->name);
    else
        warn(&tk.place, "implicit declaration of function '%s'", id->name);
    Type *type = function_type(library_result(id->name));
    type->unproto = 1;
    Decl *d = declare(id, type, D_FUNC);
    d->is_global = 1;
    return d;
}

static Node *primary(void) {
    Node *n;
    char *name;
    switch (tk.kind) {
    case T_IDENT: {
        Decl *d = tk.id->decl ? tk.id->decl : undeclared(tk.id);
        if (d->kind == D_TYPEDEF)
            error("unexpected type name '%s'", tk.id->name);
        next();
        if (d->kind == D_ENUM_CONST)
            return number(d->value, d->type);
        return variable(d);
    }
    case T_NUMBER: case T_CHAR:
        n = tk.kind == T_NUMBER ? number_literal(&tk) : char_literal(&tk);
        next();
        return n;
    case T_STRING: return string_literal();
    case '(':
        next();
        if (tk.kind == '{') {
            if (!current_function)
                error("a statement expression outside a function", "");
            n = node_new(N_STMT_EXPR, ty_void, block(), 0);
            Node *last = 0;
            for (Node *s = n->a->a; s; s = s->next)
                last = s;
            while (last && last->op == N_LABEL && last->a)
                last = last->a;
            if (last && last->op == N_EXPR) {
                last->a = rvalue(last->a);
                n->type = last->a->type->plain;
            }
        } else
            n = expression();
        expect(')');
        return n;
    case K_FUNC_NAME:
        next();
        name = current_function ? current_function->id->name : "";
        return string_node(name, str_len(name) + 1, ty_char);
    case K_GENERIC: return generic_selection();
    case K_EXTENSION:
        next();
        return cast_expression();
    }
    if (tk.kind >= K_VA_START)
        return builtin(tk.kind);
    error("expected an expression before '%s'", token_text(&tk));
    return 0;
}

static Node *sizeof_expression(int want_align) {
    next();
    Type *type;
    if (tk.kind == '(' && starts_type_ahead()) {
        next();
        type = type_of_name();
        expect(')');
        if (tk.kind == '{')
            type = postfix(compound_literal(type))->type;
    } else {
        Node *n = unary();
        if (n->bits)
            error("sizeof of a bit-field", "");
        if (want_align && n->op == N_VAR && n->decl->align)
            return number(n->decl->align, ty_ulong);
        type = n->type;
    }
    if (want_align)
        return number(type_align(type), ty_ulong);
    if (type->vla)
        return cast(type->vla, ty_ulong);
    if (type->kind != TY_VOID && type->kind != TY_FUNC && !is_complete(type))
        error("sizeof of the incomplete type '%s'", type_name(type));
    return number(type_size(type), ty_ulong);
}

static Node *unary(void) {
    Node *n;
    int kind = tk.kind;
    if (kind == K_SIZEOF || kind == K_ALIGNOF)
        return sizeof_expression(kind == K_ALIGNOF);
    if (accept(T_INC) || accept(T_DEC))
        return set(N_SET, kind == T_INC ? N_ADD : N_SUB, unary(), number(1, ty_int));
    if (accept('*'))
        return dereference(cast_expression());
    if (accept(T_ANDAND)) {
        n = node_new(N_LABEL_ADDR, ty_void_ptr, 0, 0);
        n->label = label_here();
        return n;
    }
    if (accept('&')) {
        n = cast_expression();
        if (n->type->kind != TY_FUNC)
            need_lvalue(n, "'&'");
        if (n->bits)
            error("the address of a bit-field is asked for", "");
        return address_of(n, pointer_to(n->type));
    }
    if (accept('!')) {
        n = scalar(cast_expression());
        return truth(n) >= 0 ? number(!truth(n), ty_int) : node_new(N_NOT, ty_int, n, 0);
    }
    if (!accept('-') && !accept('+') && !accept('~'))
        return postfix(primary());
    n = rvalue(cast_expression());
    if (!is_arith(n->type) || kind == '~' && !is_integer(n->type))
        error("this operator cannot take a value of type '%s'", type_name(n->type));
    if (kind == '-' && n->op == N_REAL)
        return real_node(real_neg(n->real), n->type);
    n = cast(n, promote(n->type));
    if (is_num(n))
        return number(kind == '-' ? -n->val : kind == '~' ? ~n->val : n->val, n->type);
    return kind == '+' ? n : node_new(kind == '-' ? N_NEG : N_COM, n->type, n, 0);
}

static Node *cast_expression(void) {
    if (tk.kind != '(' || !starts_type_ahead())
        return unary();
    next();
    Type *type = type_of_name();
    expect(')');
    if (tk.kind == '{')
        return postfix(compound_literal(type));
    Node *n = rvalue(cast_expression());
    if (type->kind == TY_UNION && !is_record(n->type)) {
        for (Member *m = type->plain->members; m; m = m->next)
            if (is_compatible(m->type->plain, n->type->plain)) {
                Node *v = variable(new_local(0, type));
                return node_new(N_COMMA, type, node_new(N_INIT, m->type, node_new(N_MEMBER, m->type, v, 0), n), v);
            }
    }
    if (is_record(type) && type->plain == n->type->plain)
        return n;
    if (!converts(n->type, type))
        error("invalid cast: %s", two_types(n->type, " to ", type));
    Node *r = cast(n, type->plain);
    return r == n && n->op == N_VAR ? node_new(N_CAST, type->plain, n, 0) : r;
}

/* ---- binary operators by precedence ---- */

static Node *logical(int op, Node *a, Node *b) {
    a = scalar(a);
    b = scalar(b);
    int known = truth(a);
    if (known >= 0 && known == (op == N_OROR))
        return number(known, ty_int);
    if (known >= 0 && truth(b) >= 0)
        return number(truth(b), ty_int);
    return node_new(op, ty_int, a, b);
}

static Node *binary_expression(int level) {
    Node *a = cast_expression();
    while (tk.operator && tk.operator->level >= level) {
        Operator *o = tk.operator;
        next();
        Node *b = binary_expression(o->level + 1);
        a = o->op == N_ANDAND || o->op == N_OROR ? logical(o->op, a, b) : arithmetic(o->op, a, b);
    }
    return a;
}

static Type *conditional_type(Node *a, Node *b) {
    Type *t = a->type;
    Type *u = b->type;
    if (is_arith(t) && is_arith(u))
        return common_type(t, u);
    if (t->kind == TY_VOID || u->kind == TY_VOID)
        return ty_void;
    if (is_record(t) && t->plain == u->plain || t->kind == TY_PTR && (is_null(b) || is_integer(u)))
        return t->plain;
    if (u->kind == TY_PTR && (is_null(a) || is_integer(t)))
        return u->plain;
    if (t->kind == TY_PTR && u->kind == TY_PTR) {
        Type *base = t->base->kind == TY_VOID ? t->base : u->base->kind == TY_VOID ? u->base : t->base;
        return pointer_to(qualify(base, t->base->quals | u->base->quals));
    }
    error("incompatible types in '?:': %s", two_types(t, " and ", u));
    return t;
}

static Node *conditional(void) {
    Node *cond = binary_expression(1);
    if (tk.kind != '?')
        return cond;
    next();
    cond = scalar(cond);
    Node *a = cond;
    if (tk.kind != ':')
        a = rvalue(expression());
    else if (truth(cond) < 0) {                 /* a ?: b */
        a = variable(new_local(0, cond->type->plain));
        cond = node_new(N_INIT, a->type, a, cond);
    }
    expect(':');
    Node *b = rvalue(conditional());
    Type *type = conditional_type(a, b);
    int known = truth(cond);
    if (type->kind != TY_VOID && !is_record(type)) {
        a = cast(a, type);
        b = cast(b, type);
    }
    if (known >= 0)
        return known ? a : b;
    Node *n = node_new(N_COND, type, cond, a);
    n->c = b;
    return n;
}

static Node *assignment(void) {
    Node *a = conditional();
    if (tk.kind == '=') {
        need_modifiable(a, "assignment");
        next();
        return node_new(N_ASSIGN, a->type->plain, a, convert_to(assignment(), a->type->plain, "assignment"));
    }
    if (tk.kind == T_SET) {
        int op = tk.operator->op;
        next();
        return set(N_SET, op, a, assignment());
    }
    return a;
}

static Node *expression(void) {
    Node *a = assignment();
    while (accept(',')) {
        Node *b = rvalue(assignment());
        a = node_new(N_COMMA, b->type, a, b);
    }
    return a;
}

static long constant_of(Node *n, char *what) {
    if (!is_num(n))
        error("%s is no integer constant", what);
    return n->val;
}

static long constant_expression(char *what) {
    return constant_of(conditional(), what);
}

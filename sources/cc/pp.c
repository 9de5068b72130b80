/* SPDX-License-Identifier: MIT
 *
 * One file, because the preprocessor is one state machine over one token stream.
 *
 * The C preprocessor, as a stream: pp() gives one token at a time.
 *
 * Input comes from a stack: files at the bottom, token lists (macro bodies,
 * arguments) above them.  A macro is disabled while its expansion is on the
 * stack, and its name met meanwhile is painted, never to be expanded again.
 *
 * Over 500 lines: directives, macros and conditions share the input stack. */

typedef struct Input Input;
typedef struct Cond Cond;
typedef struct Dir Dir;

struct Macro {
    Token *body;
    int nbody;
    int nparams;                /* -1: not function-like */
    int variadic;
    int disabled;
    int builtin;                /* B_... */
};

struct Input {
    Input *up;
    Token *cur;                 /* a token list; null: a file */
    Token *end;
    Macro *macro;               /* to be enabled again at the list's end */
    int stop;                   /* the list's end is an end of input (an argument being expanded) */
    int first_space;            /* white space before the list's first token, or -1: as it says */
    Cond *conds;                /* a file: conditions open when it was entered; */
    File *file;                 /* and where the includer goes on */
    char *p;
    int line;
    char *name;
};

struct Cond {
    Cond *up;
    int taken;                  /* a group of it was taken */
    int in_else;
    Place place;
};

struct Dir {
    Dir *next;
    char *name;
    int system;
};

enum { B_NONE, B_FILE, B_LINE, B_DATE, B_TIME, B_COUNTER, B_LEVEL };
enum { D_DEFINE = 1, D_UNDEF, D_INCLUDE, D_INCLUDE_NEXT, D_IF, D_IFDEF, D_IFNDEF, D_ELIF, D_ELSE, D_ENDIF, D_LINE,
       D_ERROR, D_WARNING, D_PRAGMA, D_IDENT };

Token tk;
static Token tk_ahead;
static int have_ahead;
int pack_align;                         /* #pragma pack, 0: none */
static int pack_stack[16];
static int pack_depth;

static Input *input;
static Input *free_inputs;
static Cond *conds;
static Dir *dirs;
static Dir *last_dir;
static File *files;
static int include_level;
static int counter;
static char *force_include;

static Ident *id_defined, *id_va_args, *id_pragma, *id_has_include, *id_once, *id_pack, *id_push, *id_pop;

static Place expansion_place;   /* of the last token that came from a file */
int source_is_assembly;         /* a .S file: # may begin a comment */

static void skip_group(void);
static int expand(Token *t);
static int raw(Token *t);

/* ---- growing and transient token vectors ---- */

static Token *vec;              /* a stack: results are collected above what callers hold */
static int nvec;
static int capvec;

static void vec_push(Token *t) {
    if (nvec == capvec) {
        capvec = capvec ? capvec * 2 : 1024;
        Token *more = xalloc(capvec * sizeof(Token));
        mem_copy(more, vec, nvec * sizeof(Token));
        vec = more;
    }
    token_copy(&vec[nvec], t);
    nvec++;
}

enum { POOL_TOKENS = 16384 };
static Token *pool;             /* lists on the input stack; emptied when only files are on it */
static int npool;

/* Moves the vector's tokens from `base` on into a list. */
static Token *vec_take(int base) {
    int n = nvec - base;
    Token *list = pool + npool;
    if (npool + n > POOL_TOKENS)
        list = xalloc((n + 1) * sizeof(Token));
    else
        npool += n;
    mem_copy(list, vec + base, n * sizeof(Token));
    nvec = base;
    return list;
}

/* ---- the input stack ---- */

static Input *push_input(void) {
    Input *in = free_inputs;
    if (in)
        free_inputs = in->up;
    else
        in = xalloc(sizeof(Input));
    in->up = input;
    in->cur = 0;
    in->macro = 0;
    in->stop = 0;
    in->first_space = -1;
    input = in;
    return in;
}

static void pop_input(void) {
    Input *in = input;
    if (in->macro)
        in->macro->disabled = 0;
    input = in->up;
    in->up = free_inputs;
    free_inputs = in;
}

static void push_list(Token *list, int n, Macro *macro, int first_space) {
    Input *in = push_input();
    in->cur = list;
    in->end = list + n;
    in->macro = macro;
    in->first_space = first_space;
    if (macro)
        macro->disabled = 1;
}

static void enter_file(File *f) {
    Input *in = push_input();
    in->conds = conds;
    in->file = src_file;
    in->p = src_p;
    in->line = src_line;
    src_file = f;
    src_p = f->text;
    src_line = 1;
    src_bol = 1;
    include_level++;
}

static int leave_file(void) {
    if (conds != input->conds) {
        error_at(&conds->place, "unterminated conditional directive%s", "");
        conds = input->conds;
    }
    if (!input->up)
        return 0;
    src_file = input->file;
    src_p = input->p;
    src_line = input->line;
    src_bol = 1;
    include_level--;
    pop_input();
    return 1;
}

/* ---- directives ---- */

static void skip_line(void) {
    Token t;
    in_directive = 1;
    while (lex(&t) != T_NEWLINE)
        ;
    in_directive = 0;
}

static void end_directive(Token *t) {
    if (t->kind != T_NEWLINE)
        while (lex(t) != T_NEWLINE)
            ;
}

static File *load_file(char *name, int dir, int system) {
    Ident *key = ident_named(name);
    for (File *f = files; f; f = f->next)
        if (f->name == key->name)
            return f->text ? f : 0;
    File *f = xalloc(sizeof(File));
    f->name = key->name;
    f->dir = dir;
    f->system = system;
    f->next = files;
    files = f;
    long len = 0;
    f->text = read_whole(name, &len);
    if (!f->text)
        return 0;
    splice_lines(f->text, &len);
    f->end = f->text + len;
    return f;
}

static File *find_include(char *name, int quoted_name, int after) {
    if (name[0] == '/')
        return load_file(name, 0, 0);
    if (quoted_name) {
        long n = str_len(src_file->name);
        while (n > 0 && src_file->name[n - 1] != '/')
            n--;
        File *f = load_file(str_join(str_save(src_file->name, n), name, ""), src_file->dir, src_file->system);
        if (f)
            return f;
    }
    int number = 1;
    for (Dir *d = dirs; d; d = d->next) {
        if (number > after) {
            File *f = load_file(str_join(d->name, "/", name), number, d->system);
            if (f)
                return f;
        }
        number++;
    }
    return 0;
}

/* The name after #include: "x", <x>, or a macro that gives one of them. */
static char *include_name(Token *t, int *quoted_name) {
    *quoted_name = 0;
    if (t->kind == T_STRING) {
        *quoted_name = 1;
        return str_save(t->text + 1, t->len - 2);
    }
    if (t->kind == '<' && t->text + 1 == src_p) {
        char *p = src_p;
        while (*p != '>' && *p != '\n' && *p)
            p++;
        char *name = str_save(src_p, p - src_p);
        src_p = *p == '>' ? p + 1 : p;
        return name;
    }
    if (t->kind == '<') {
        char *name = "";
        while (pp(t) != '>' && t->kind != T_NEWLINE)
            name = str_join(name, t->space ? " " : "", token_text(t));
        return name;
    }
    error_token(t, "#include expects \"name\" or <name>%s", "");
    return 0;
}

static void include(int is_next) {
    Token t;
    Token last;
    int quoted_name;
    pp(&t);
    char *name = include_name(&t, &quoted_name);
    if (!name)
        return;
    token_copy(&last, &t);
    end_directive(&last);
    File *f = find_include(name, quoted_name && !is_next, is_next ? src_file->dir : 0);
    if (!f) {
        error_token(&t, "cannot find include file '%s'", name);
        os_exit(1);
    }
    in_directive = 0;
    if (include_level > 200) {
        error_token(&t, "#include is nested too deeply%s", "");
        os_exit(1);
    }
    if (!f->once)
        enter_file(f);
}

static int same_body(Macro *a, Macro *b) {
    if (a->nbody != b->nbody || a->nparams != b->nparams || a->variadic != b->variadic)
        return 0;
    for (int i = 0; i < a->nbody; i++)
        if (a->body[i].kind != b->body[i].kind || a->body[i].len != b->body[i].len
            || !mem_eq(a->body[i].text, b->body[i].text, a->body[i].len))
            return 0;
    return 1;
}

/* Reads "a, b, ...)" and numbers the names. */
static void macro_params(Macro *m, Token *t) {
    m->nparams = 0;
    Ident *names[128];
    while (lex(t) != ')') {
        if (t->kind == T_IDENT) {
            names[m->nparams] = t->id;
            m->nparams++;
            lex(t);
            if (t->kind == T_ELLIPSIS) {
                m->variadic = 1;
                lex(t);
            }
        } else if (t->kind == T_ELLIPSIS) {
            names[m->nparams] = id_va_args;
            m->nparams++;
            m->variadic = 1;
            lex(t);
        }
        if (t->kind == ')')
            break;
        if (t->kind != ',' || m->nparams > 126) {
            error_token(t, "bad macro parameter list%s", "");
            break;
        }
    }
    for (int i = 0; i < m->nparams; i++)
        names[i]->param = i + 1;
}

static void define(void) {
    Token t;
    if (lex(&t) != T_IDENT) {
        error_token(&t, "macro name must be an identifier%s", "");
        end_directive(&t);
        return;
    }
    Token name;
    token_copy(&name, &t);
    Macro *m = xalloc(sizeof(Macro));
    m->nparams = -1;
    lex(&t);
    if (t.kind == '(' && !t.space) {
        macro_params(m, &t);
        lex(&t);
    }
    int base = nvec;
    while (t.kind != T_NEWLINE) {
        if (t.kind == T_IDENT && t.id->param) {
            t.kind = T_PARAM;
            t.line = t.id->param - 1;
        }
        if (t.kind == T_PASTE && nvec > base)
            vec[nvec - 1].joined = 1;
        else
            vec_push(&t);
        lex(&t);
    }
    if (nvec > base)
        vec[nvec - 1].joined = 0;
    for (int i = base; i < nvec; i++)
        if (vec[i].kind == T_PARAM)
            vec[i].bol = 0;
    m->nbody = nvec - base;
    m->body = xalloc(m->nbody * sizeof(Token) + 1);
    mem_copy(m->body, vec + base, m->nbody * sizeof(Token));
    nvec = base;
    for (int i = 0; i < m->nbody; i++)
        if (m->body[i].id)
            m->body[i].id->param = 0;
    id_va_args->param = 0;
    Macro *old = name.id->macro;
    if (old && !old->builtin && !same_body(old, m))
        warn_token(&name, "'%s' redefined", name.id->name);
    name.id->macro = m;
}

/* Parameters that the body does not name keep their number: take it back. */
static void forget_params(char *from, char *to) {
    while (from < to) {
        if (char_class[*from & 255] & CH_IDENT) {
            char *p = from;
            while (char_class[*p & 255] & (CH_IDENT | CH_DIGIT))
                p++;
            ident_of(from, p - from)->param = 0;
            from = p;
        } else
            from++;
    }
}

static void pragma(Token *t) {
    lex(t);
    if (t->id == id_once)
        src_file->once = 1;
    else if (t->id == id_pack && lex(t) == '(') {
        int value = 0;
        int given = 0;
        while (lex(t) != ')' && t->kind != T_NEWLINE) {
            if (t->id == id_push && pack_depth < 16) {
                pack_stack[pack_depth] = pack_align;
                pack_depth++;
                given = 2;
            } else if (t->id == id_pop && pack_depth > 0) {
                pack_depth--;
                pack_align = pack_stack[pack_depth];
                given = 2;
            } else if (t->kind == T_NUMBER) {
                value = t->text[0] - '0';
                if (t->len > 1)
                    value = 16;
                given = 1;
            }
        }
        if (given < 2)
            pack_align = value;
    }
    end_directive(t);
}

static void line_directive(Token *t) {
    pp(t);
    long line = 0;
    int is_unsigned = 0;
    if (t->kind != T_NUMBER || !pp_number_value(t, &line, &is_unsigned)) {
        error_token(t, "#line expects a number%s", "");
        end_directive(t);
        return;
    }
    pp(t);
    if (t->kind == T_STRING) {
        File *f = xalloc(sizeof(File));
        mem_copy(f, src_file, sizeof(File));
        f->name = str_save(t->text + 1, t->len - 2);
        src_file = f;
    }
    end_directive(t);
    src_line = line - 1;
}

/* ---- #if ---- */

static Token if_tk;
static int if_dead;             /* in an operand that is not evaluated */

static long if_conditional(int *is_unsigned);

static int has_include(void) {
    Token t;
    int quoted_name;
    if (lex(&t) != '(')
        return 0;
    pp(&t);
    char *name = include_name(&t, &quoted_name);
    lex(&t);
    return name && find_include(name, quoted_name, 0) != 0;
}

static void if_next(void) {
    while (1) {
        raw(&if_tk);
        if (if_tk.kind != T_IDENT)
            return;
        if (if_tk.id == id_defined) {
            raw(&if_tk);
            int parenthesised = if_tk.kind == '(';
            if (parenthesised)
                raw(&if_tk);
            if (if_tk.kind != T_IDENT)
                error_token(&if_tk, "'defined' expects a name%s", "");
            int yes = if_tk.id && (if_tk.id->macro || if_tk.id == id_has_include);
            if (parenthesised) {
                raw(&if_tk);
                if (if_tk.kind != ')')
                    error_token(&if_tk, "missing ) after 'defined'%s", "");
            }
            if_tk.kind = T_NUMBER;
            if_tk.text = yes ? "1" : "0";
            if_tk.len = 1;
            return;
        }
        if (if_tk.id == id_has_include) {
            int yes = has_include();
            if_tk.kind = T_NUMBER;
            if_tk.text = yes ? "1" : "0";
            if_tk.len = 1;
            return;
        }
        if (if_tk.painted || !if_tk.id->macro || !expand(&if_tk))
            return;
    }
}

static long if_primary(int *is_unsigned) {
    long v = 0;
    *is_unsigned = 0;
    if (if_tk.kind == '(') {
        if_next();
        v = if_conditional(is_unsigned);
        if (if_tk.kind != ')')
            error_token(&if_tk, "missing ) in #if%s", "");
        if_next();
        return v;
    }
    if (if_tk.kind == T_NUMBER) {
        if (!pp_number_value(&if_tk, &v, is_unsigned))
            error_token(&if_tk, "'%s' is no integer constant", token_text(&if_tk));
    } else if (if_tk.kind == T_CHAR) {
        Type *type;
        v = char_literal(&if_tk, &type);
    } else if (if_tk.kind == T_IDENT) {
        if (str_starts(if_tk.id->name, "__has_")) {     /* __has_attribute(x) and its like: no */
            if_next();
            if (if_tk.kind == '(')
                while (if_tk.kind != ')' && if_tk.kind != T_NEWLINE)
                    if_next();
            else
                return 0;
        }
    } else {
        error_token(&if_tk, "expected an expression in #if%s", "");
        return 0;
    }
    if_next();
    return v;
}

static long if_unary(int *is_unsigned) {
    int op = if_tk.kind;
    if (op != '!' && op != '-' && op != '~' && op != '+')
        return if_primary(is_unsigned);
    if_next();
    long v = if_unary(is_unsigned);
    if (op == '!') {
        *is_unsigned = 0;
        return !v;
    }
    return op == '-' ? -v : op == '~' ? ~v : v;
}

static int if_level(int op) {
    switch (op) {
    case '*': case '/': case '%': return 10;
    case '+': case '-': return 9;
    case T_SHL: case T_SHR: return 8;
    case '<': case '>': case T_LE: case T_GE: return 7;
    case T_EQ: case T_NE: return 6;
    case '&': return 5;
    case '^': return 4;
    case '|': return 3;
    case T_ANDAND: return 2;
    case T_OROR: return 1;
    }
    return 0;
}

static long if_operate(int op, long a, long b, int is_unsigned) {
    unsigned long ua = a;
    unsigned long ub = b;
    switch (op) {
    case '*': return a * b;
    case '+': return a + b;
    case '-': return a - b;
    case T_SHL: return a << (b & 63);
    case T_SHR: return is_unsigned ? (long)(ua >> (b & 63)) : a >> (b & 63);
    case '<': return is_unsigned ? ua < ub : a < b;
    case '>': return is_unsigned ? ua > ub : a > b;
    case T_LE: return is_unsigned ? ua <= ub : a <= b;
    case T_GE: return is_unsigned ? ua >= ub : a >= b;
    case T_EQ: return a == b;
    case T_NE: return a != b;
    case '&': return a & b;
    case '^': return a ^ b;
    case '|': return a | b;
    case T_ANDAND: return a && b;
    case T_OROR: return a || b;
    }
    if (b == 0) {
        if (!if_dead)
            error_token(&if_tk, "division by zero in #if%s", "");
        return 0;
    }
    if (op == '/')
        return is_unsigned ? (long)(ua / ub) : b == -1 ? -a : a / b;
    return is_unsigned ? (long)(ua % ub) : b == -1 ? 0 : a % b;
}

static long if_binary(int level, int *is_unsigned) {
    long a = if_unary(is_unsigned);
    while (if_level(if_tk.kind) >= level) {
        int op = if_tk.kind;
        int b_unsigned;
        int dead = if_dead;
        if (op == T_ANDAND && !a || op == T_OROR && a)
            if_dead = 1;
        if_next();
        long b = if_binary(if_level(op) + 1, &b_unsigned);
        if_dead = dead;
        if (op != T_SHL && op != T_SHR)
            *is_unsigned |= b_unsigned;
        a = if_operate(op, a, b, *is_unsigned);
        if (if_level(op) <= 2 || if_level(op) == 6 || if_level(op) == 7)
            *is_unsigned = 0;
    }
    return a;
}

static long if_conditional(int *is_unsigned) {
    long cond = if_binary(1, is_unsigned);
    if (if_tk.kind != '?')
        return cond;
    int dead = if_dead;
    int u1;
    int u2;
    if_next();
    if_dead = dead || !cond;
    long a = if_conditional(&u1);
    if (if_tk.kind != ':')
        error_token(&if_tk, "missing : in #if%s", "");
    if_next();
    if_dead = dead || cond;
    long b = if_conditional(&u2);
    if_dead = dead;
    *is_unsigned = u1 | u2;
    return cond ? a : b;
}

static int if_value(void) {
    int is_unsigned;
    if_next();
    long v = if_conditional(&is_unsigned);
    if (if_tk.kind != T_NEWLINE) {
        error_token(&if_tk, "unexpected '%s' in #if", token_text(&if_tk));
        while (if_tk.kind != T_NEWLINE)
            if_next();
    }
    return v != 0;
}

static void open_cond(Token *t, int value) {
    Cond *c = xalloc(sizeof(Cond));
    c->up = conds;
    c->taken = value;
    c->place.file = t->file;
    c->place.line = t->line;
    c->place.at = t->at;
    conds = c;
    in_directive = 0;
    if (!value)
        skip_group();
}

static int need_cond(Token *t) {
    Input *in = input;
    while (in->cur)
        in = in->up;
    if (conds != in->conds)
        return 1;
    error_token(t, "'#%s' without #if", token_text(t));
    return 0;
}

/* At the start of a line: skips to the directive that ends this group. */
static void skip_group(void) {
    int depth = 0;
    Token t;
    while (1) {
        in_directive = 1;
        while (lex(&t) != T_NEWLINE) {
            if (t.kind != '#' || !t.bol)
                break;
            lex(&t);
            int d = t.id ? t.id->directive : 0;
            if (d == D_IF || d == D_IFDEF || d == D_IFNDEF)
                depth++;
            else if (d == D_ENDIF) {
                if (!depth) {
                    conds = conds->up;
                    end_directive(&t);
                    in_directive = 0;
                    return;
                }
                depth--;
            } else if (!depth && (d == D_ELSE || d == D_ELIF)) {
                if (conds->in_else)
                    error_token(&t, "#%s after #else", token_text(&t));
                if (d == D_ELSE) {
                    conds->in_else = 1;
                    end_directive(&t);
                } else if (!conds->taken)
                    conds->taken = if_value() ? 2 : 0;
                if (d == D_ELSE && !conds->taken || conds->taken == 2) {
                    conds->taken = 1;
                    in_directive = 0;
                    return;
                }
            }
            break;
        }
        in_directive = 0;
        char *p = src_p;                /* the rest of the line, minding comments */
        while (*p != '\n') {
            if (*p == '/' && p[1] == '*') {
                src_p = p;
                block_comment(&t);
                p = src_p;
                continue;
            }
            if (*p == '/' && p[1] == '/') {
                while (*p && *p != '\n')
                    p++;
                continue;
            }
            if (*p == '"' || *p == '\'') {
                int quote = *p;
                char *q = p + 1;
                while (*q != quote && *q != '\n' && *q) {
                    if (*q == '\\' && q[1] != '\n')
                        q++;
                    q++;
                }
                if (*q == quote)
                    p = q;
            }
            if (!*p) {
                src_p = p;
                return;
            }
            p++;
        }
        src_p = p + 1;
        src_line++;
        src_bol = 1;
    }
}

static void directive(Token *hash) {
    Token t;
    in_directive = 1;
    lex(&t);
    int d = t.id ? t.id->directive : 0;
    switch (d) {
    case D_DEFINE: {
        char *from = src_p;
        define();
        forget_params(from, src_p);
        break;
    }
    case D_UNDEF:
        if (lex(&t) == T_IDENT)
            t.id->macro = 0;
        else
            error_token(&t, "#undef expects a name%s", "");
        end_directive(&t);
        break;
    case D_INCLUDE:
    case D_INCLUDE_NEXT:
        include(d == D_INCLUDE_NEXT);
        break;
    case D_IF:
        token_copy(hash, &t);
        open_cond(hash, if_value());
        break;
    case D_IFDEF:
    case D_IFNDEF: {
        Token name;
        if (lex(&name) != T_IDENT)
            error_token(&name, "#%s expects a name", token_text(&t));
        int defined = name.id && (name.id->macro || name.id == id_has_include);
        end_directive(&name);
        open_cond(&t, d == D_IFDEF ? defined : !defined);
        break;
    }
    case D_ELIF:
    case D_ELSE:
        if (!need_cond(&t)) {
            end_directive(&t);
            break;
        }
        if (conds->in_else)
            error_token(&t, "#%s after #else", token_text(&t));
        if (d == D_ELSE)
            conds->in_else = 1;
        end_directive(&t);
        in_directive = 0;
        skip_group();
        break;
    case D_ENDIF:
        if (need_cond(&t))
            conds = conds->up;
        end_directive(&t);
        break;
    case D_LINE:
        line_directive(&t);
        break;
    case D_ERROR:
    case D_WARNING: {
        char *p = src_p;
        while (*p && *p != '\n')
            p++;
        char *text = str_save(src_p, p - src_p);
        if (d == D_WARNING)
            warn_token(&t, "#warning%s", text);
        else {
            error_token(&t, "#error%s", text);
            os_exit(1);
        }
        in_directive = 0;
        skip_line();
        break;
    }
    case D_PRAGMA:
        pragma(&t);
        break;
    case D_IDENT:
        end_directive(&t);
        break;
    default:
        if (t.kind != T_NEWLINE && t.kind != T_NUMBER && !source_is_assembly)
            error_token(&t, "unknown directive '#%s'", token_text(&t));
        end_directive(&t);
    }
    in_directive = 0;
}

/* ---- macros ---- */

/* One token before expansion. */
static int raw(Token *t) {
    while (1) {
        Input *in = input;
        if (in->cur) {
            if (in->cur == in->end) {
                if (in->stop) {
                    t->kind = T_EOF;
                    t->id = 0;
                    return T_EOF;
                }
                pop_input();
                continue;
            }
            token_copy(t, in->cur);
            in->cur++;
            t->file = expansion_place.file;
            t->line = expansion_place.line;
            t->at = expansion_place.at;
            t->bol = 0;
            if (in->first_space >= 0) {
                t->space = in->first_space;
                in->first_space = -1;
            }
        } else {
            lex(t);
            if (t->kind == '#' && t->bol && !in_directive) {
                directive(t);
                continue;
            }
            if (t->kind == T_EOF && leave_file())
                continue;
            expansion_place.file = t->file;
            expansion_place.line = t->line;
            expansion_place.at = t->at;
        }
        if (t->kind == T_IDENT && t->id->macro && t->id->macro->disabled)
            t->painted = 1;
        return t->kind;
    }
}

static void relex(Token *t, char *text, int len) {
    char *p = src_p;
    int bol = src_bol;
    int line = src_line;
    int directive_state = in_directive;
    in_directive = 1;
    src_p = text;
    lex(t);
    if (src_p != text + len) {
        t->kind = T_OTHER;
        t->len = len;
    }
    src_p = p;
    src_bol = bol;
    src_line = line;
    in_directive = directive_state;
    t->file = expansion_place.file;
    t->line = expansion_place.line;
    t->at = expansion_place.at;
    t->bol = 0;
}

/* Pastes vec[i + 1] to vec[i]; a token of no length gives way. */
static void paste(int i) {
    Token *a = &vec[i];
    Token *b = &vec[i + 1];
    int space = a->space;
    if (!a->len)
        token_copy(a, b);
    else if (b->len) {
        int len = a->len + b->len;
        char *text = xalloc(len + 1);
        mem_copy(text, a->text, a->len);
        mem_copy(text + a->len, b->text, b->len);
        relex(a, text, len);
    }
    vec[i].space = space;
    for (int k = i + 1; k < nvec - 1; k++)
        token_copy(&vec[k], &vec[k + 1]);
    nvec--;
}

static void stringize(Token *t, Token *arg, int n) {
    long len = 3;
    for (int i = 0; i < n; i++)
        len += arg[i].len * 2 + 1;
    char *text = xalloc(len);
    char *p = text;
    *p = '"';
    p++;
    for (int i = 0; i < n; i++) {
        if (i && arg[i].space) {
            *p = ' ';
            p++;
        }
        int quoted_token = arg[i].kind == T_STRING || arg[i].kind == T_CHAR;
        for (int k = 0; k < arg[i].len; k++) {
            char c = arg[i].text[k];
            if (quoted_token && (c == '"' || c == '\\')) {
                *p = '\\';
                p++;
            }
            *p = c == '\n' ? ' ' : c;
            p++;
        }
    }
    *p = '"';
    t->kind = T_STRING;
    t->id = 0;
    t->text = text;
    t->len = p + 1 - text;
}

static void builtin_macro(Token *t, int which) {
    char *text = "";
    switch (which) {
    case B_FILE: text = str_join("\"", t->file->name, "\""); break;
    case B_LINE: text = str_number(t->line); break;
    case B_DATE: text = "\"Jan  1 1970\""; break;
    case B_TIME: text = "\"00:00:00\""; break;
    case B_COUNTER: text = str_number(counter); counter++; break;
    case B_LEVEL: text = str_number(include_level - 1); break;
    }
    t->kind = which == B_LINE || which >= B_COUNTER ? T_NUMBER : T_STRING;
    t->id = 0;
    t->text = text;
    t->len = str_len(text);
}

/* The arguments of one macro call, as ranges of lists. */
typedef struct Args Args;
struct Args {
    Token *raw[128];
    int nraw[128];
    Token *full[128];           /* after expansion, made when asked for */
    int nfull[128];
    int n;
};
static Args *free_args[64];
static int nfree_args;

static int collect_args(Token *name, Macro *m, Args *args) {
    Token t;
    int depth = 0;
    int base = nvec;
    args->n = 0;
    while (1) {
        int kind = raw(&t);
        if (kind == T_EOF || kind == T_NEWLINE && in_directive) {
            error_token(name, "unterminated call of macro '%s'", name->id->name);
            os_exit(1);
        }
        if (kind == '(')
            depth++;
        if (!depth && (kind == ')' || kind == ',' && !(m->variadic && args->n == m->nparams - 1))) {
            if (args->n < 128) {
                args->nraw[args->n] = nvec - base;
                args->raw[args->n] = vec_take(base);
                args->full[args->n] = 0;
                args->n++;
            }
            if (kind == ')')
                break;
            continue;
        }
        if (kind == ')')
            depth--;
        if (t.bol)
            t.space = 1;
        t.bol = 0;
        vec_push(&t);
    }
    if (m->nparams == 0 && args->n == 1 && !args->nraw[0])
        args->n = 0;
    if (m->variadic && args->n == m->nparams - 1) {
        args->nraw[args->n] = 0;
        args->raw[args->n] = pool;
        args->full[args->n] = 0;
        args->n++;
    }
    if (args->n != m->nparams) {
        error_token(name, "macro '%s' called with a wrong number of arguments", name->id->name);
        return 0;
    }
    return 1;
}

static void expand_arg(Args *args, int i) {
    push_list(args->raw[i], args->nraw[i], 0, -1);
    input->stop = 1;
    int base = nvec;
    Token t;
    while (pp(&t) != T_EOF)
        vec_push(&t);
    pop_input();
    args->nfull[i] = nvec - base;
    args->full[i] = vec_take(base);
}

/* Pushes the body with the arguments put in onto the vector. */
static void substitute(Macro *m, Args *args) {
    int dropped = 0;            /* the ## before this token is void */
    for (int i = 0; i < m->nbody; i++) {
        Token *b = &m->body[i];
        int pasted = i > 0 && m->body[i - 1].joined && !dropped;
        int start = nvec;
        dropped = 0;
        Token t;
        if (b->kind == '#' && m->nparams >= 0 && i + 1 < m->nbody && b[1].kind == T_PARAM) {
            token_copy(&t, b);
            stringize(&t, args->raw[b[1].line], args->nraw[b[1].line]);
            vec_push(&t);
            i++;
        } else if (b->kind == T_PARAM) {
            int k = b->line;
            Token *list = args->raw[k];
            int n = args->nraw[k];
            if (!pasted && !b->joined && !(i > 0 && m->body[i - 1].joined)) {
                if (!args->full[k])
                    expand_arg(args, k);
                list = args->full[k];
                n = args->nfull[k];
            }
            start = nvec;
            for (int j = 0; j < n; j++)
                vec_push(&list[j]);
            if (!n && (pasted || b->joined)) {
                token_copy(&t, b);
                t.len = 0;
                t.kind = T_OTHER;
                t.id = 0;
                vec_push(&t);
            } else if (n)
                vec[start].space = b->space;
        } else if (b->kind == ',' && b->joined && m->variadic && b[1].kind == T_PARAM && b[1].line == m->nparams - 1) {
            if (!args->nraw[b[1].line]) {       /* , ## __VA_ARGS__ with nothing to come */
                i++;
                continue;
            }
            vec_push(b);
            dropped = 1;
        } else
            vec_push(b);
        if (pasted && nvec > start && start > 0)
            paste(start - 1);
    }
}

/* t names a macro that may be expanded: puts the expansion on the input and
 * returns 1, or returns 0 when it is no call. */
static int expand(Token *t) {
    Macro *m = t->id->macro;
    if (m->builtin) {
        builtin_macro(t, m->builtin);
        return 0;
    }
    if (m->nparams < 0) {
        int has_paste = 0;
        for (int i = 0; i < m->nbody; i++)
            has_paste |= m->body[i].joined;
        if (!has_paste) {
            push_list(m->body, m->nbody, m, t->space);
            return 1;
        }
        int base = nvec;
        substitute(m, 0);
        int n = nvec - base;
        push_list(vec_take(base), n, m, t->space);
        return 1;
    }
    Token name;
    Token paren;
    token_copy(&name, t);
    Place place;
    mem_copy(&place, &expansion_place, sizeof(Place));
    if (in_directive == 0)
        while (!input->cur && *src_p == ' ')
            src_p++;
    raw(&paren);
    if (paren.kind != '(') {
        if (paren.kind == T_EOF && input->cur)
            return 0;
        int base = nvec;
        vec_push(&paren);
        push_list(vec_take(base), 1, 0, -1);
        token_copy(t, &name);
        t->painted = 2;
        return 0;
    }
    Args *args;
    if (nfree_args) {
        nfree_args--;
        args = free_args[nfree_args];
    } else
        args = xalloc(sizeof(Args));
    if (collect_args(&name, m, args)) {
        mem_copy(&expansion_place, &place, sizeof(Place));
        int base = nvec;
        substitute(m, args);
        int kept = base;
        for (int i = base; i < nvec; i++)       /* what pasting left empty */
            if (vec[i].len) {
                if (kept != i)
                    token_copy(&vec[kept], &vec[i]);
                kept++;
            }
        nvec = kept;
        push_list(vec_take(base), kept - base, m, name.space);
    }
    if (nfree_args < 64) {
        free_args[nfree_args] = args;
        nfree_args++;
    }
    return 1;
}

/* _Pragma("...") is read over. */
static void pragma_operator(void) {
    Token t;
    int depth = 0;
    do {
        raw(&t);
        depth += t.kind == '(' ? 1 : t.kind == ')' ? -1 : 0;
    } while (depth > 0 && t.kind != T_EOF);
}

int pp(Token *t) {
    while (1) {
        raw(t);
        if (t->kind != T_IDENT)
            return t->kind;
        if (t->id == id_pragma) {
            pragma_operator();
            continue;
        }
        if (!t->id->macro || t->painted || !expand(t))
            return t->kind;
    }
}

int next(void) {
    if (have_ahead) {
        token_copy(&tk, &tk_ahead);
        have_ahead = 0;
        return tk.kind;
    }
    if (!input->cur)
        npool = 0;
    pp(&tk);
    if (tk.kind == T_IDENT && tk.id->keyword)
        tk.kind = tk.id->keyword;
    return tk.kind;
}

int peek(void) {
    if (!have_ahead) {
        Token saved;
        token_copy(&saved, &tk);
        next();
        token_copy(&tk_ahead, &tk);
        token_copy(&tk, &saved);
        have_ahead = 1;
    }
    return tk_ahead.kind;
}

/* ---- set up ---- */

static char *directive_names[] = { "define", "undef", "include", "include_next", "if", "ifdef", "ifndef", "elif", "else",
                                   "endif", "line", "error", "warning", "pragma", "ident" };

void pp_init(void) {
    input = 0;
    conds = 0;
    files = 0;
    include_level = 0;
    counter = 0;
    have_ahead = 0;
    pack_align = 0;
    pack_depth = 0;
    for (int i = 0; i < 15; i++)
        ident_named(directive_names[i])->directive = i + 1;
    ident_named("sccs")->directive = D_IDENT;
    id_defined = ident_named("defined");
    id_va_args = ident_named("__VA_ARGS__");
    id_pragma = ident_named("_Pragma");
    id_has_include = ident_named("__has_include");
    id_once = ident_named("once");
    id_pack = ident_named("pack");
    id_push = ident_named("push");
    id_pop = ident_named("pop");
    pool = xalloc(POOL_TOKENS * sizeof(Token));
    char *names[6];
    names[0] = "__FILE__";
    names[1] = "__LINE__";
    names[2] = "__DATE__";
    names[3] = "__TIME__";
    names[4] = "__COUNTER__";
    names[5] = "__INCLUDE_LEVEL__";
    for (int i = 0; i < 6; i++) {
        Macro *m = xalloc(sizeof(Macro));
        m->nparams = -1;
        m->builtin = i + 1;
        ident_named(names[i])->macro = m;
    }
}

void pp_add_dir(char *dir, int system) {
    Dir *d = xalloc(sizeof(Dir));
    d->name = dir;
    d->system = system;
    if (last_dir)
        last_dir->next = d;
    else
        dirs = d;
    last_dir = d;
}

void pp_force_include(char *path) {
    force_include = path;
}

void pp_start_text(char *name, char *text, long len) {
    File *f = xalloc(sizeof(File));
    f->name = name;
    f->text = text;
    f->end = text + len;
    enter_file(f);
}

void pp_start(char *path) {
    File *f = load_file(path, 0, 0);
    if (!f)
        fatal("cannot read %s", path);
    enter_file(f);
    if (force_include) {
        File *g = load_file(force_include, 0, 0);
        if (!g)
            fatal("cannot read %s", force_include);
        enter_file(g);
    }
}

/* ---- -E ---- */

static char *text_buffer;
static long text_len;
static long text_cap;

static void put_text(char *s, long n) {
    if (text_len + n > text_cap) {
        text_cap = text_cap * 2 + n + 65536;
        char *more = xalloc(text_cap);
        mem_copy(more, text_buffer, text_len);
        text_buffer = more;
    }
    mem_copy(text_buffer + text_len, s, n);
    text_len += n;
}

/* Everything after preprocessing, as text, with # line marks. */
char *pp_text(long *len) {
    Token t;
    int line = 0;
    char *file = 0;
    char last = 0;
    while (pp(&t) != T_EOF) {
        if (t.file->name != file || t.line < line || t.line > line + 8) {
            file = t.file->name;
            line = t.line;
            put_text(text_len ? "\n# " : "# ", text_len ? 3 : 2);
            put_text(str_number(line), str_len(str_number(line)));
            put_text(" \"", 2);
            put_text(file, str_len(file));
            put_text("\"\n", 2);
        } else {
            int fresh = t.line > line;
            while (line < t.line) {
                put_text("\n", 1);
                line++;
            }
            if (!fresh && (t.space || char_class[last & 255] && char_class[t.text[0] & 255]
                           || last && last == t.text[0] || t.text[0] == '='))
                put_text(" ", 1);
            else if (fresh && t.space)
                put_text(" ", 1);
        }
        put_text(t.text, t.len);
        last = t.text[t.len - 1];
    }
    put_text("\n", 1);
    *len = text_len;
    return text_buffer;
}

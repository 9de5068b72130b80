/* SPDX-License-Identifier: MIT
 *
 * The C preprocessor, as a stream: pp() gives one token at a time.
 *
 * Input comes from a stack: files at the bottom, token lists (macro bodies,
 * arguments) above them.  A macro is disabled while its expansion is on the
 * stack, and its name met meanwhile is painted, never to be expanded again.
 *
 * Over 500 lines: directives, macros and conditions share the input stack. */

typedef struct List List;
typedef struct Input Input;
typedef struct Cond Cond;

struct List {
    Token *tokens;
    int n;
};

struct Macro {
    List body;
    int nparams;                /* -1: not function-like */
    int variadic;
    int pastes;                 /* ## occurs */
    int disabled;
    int builtin;                /* B_... */
};

struct Input {
    Token *cur;                 /* a token list; null: a file */
    Token *end;
    Macro *macro;               /* to be enabled again at the list's end */
    int stop;                   /* the list's end is an end of input (an argument being expanded) */
    int first_space;            /* white space before the list's first token, or -1: as it says */
    Cond *conds;                /* a file: conditions open when it was entered; */
    File *file;                 /* and where the includer goes on */
    char *p;
    int line;
};

struct Cond {
    Cond *up;
    int taken;                  /* a group of it was taken */
    int in_else;
    Place place;
};

enum { MAX_PARAMS = 127, MAX_DIRS = 256, MAX_INPUTS = 4096, MAX_INCLUDES = 200, MAX_PACKS = 16 };
enum { B_FILE = 1, B_LINE, B_DATE, B_TIME, B_COUNTER, B_LEVEL };
enum { D_DEFINE = 1, D_UNDEF, D_INCLUDE, D_INCLUDE_NEXT, D_IF, D_IFDEF, D_IFNDEF, D_ELIF, D_ELSE, D_ENDIF, D_LINE,
       D_ERROR, D_WARNING, D_PRAGMA, D_IDENT, D_SCCS };

static Token tk_ahead;
static int have_ahead;
static int in_condition;                /* of #if: the parser reads its tokens */
static int pack_align;                  /* #pragma pack, 0: none */
static int pack_stack[MAX_PACKS];
static int pack_depth;

static Input inputs_read[MAX_INPUTS];
static Input *input;
static Cond *conds;
static char *dirs[MAX_DIRS];
static int ndirs;
static File *files;
static int include_level;
static int counter;

static Ident *id_defined, *id_va_args, *id_pragma, *id_has_include, *id_once, *id_pack, *id_push, *id_pop;

static Place expansion_place;           /* of the last token that came from a file */
static int source_is_assembly;          /* a .S file: # may begin a comment */

static int expand(Token *t);
static int raw(Token *t);

static void token_copy(Token *to, Token *from) {
    mem_copy(to, from, sizeof(Token));
}

/* Makes t the token that the text spells. */
static void token_set(Token *t, int kind, char *text) {
    t->kind = kind;
    t->id = 0;
    t->operator = 0;
    t->text = text;
    t->len = str_len(text);
}

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
    token_copy(&vec[nvec++], t);
}

/* Moves the vector's tokens from `base` on into a list. */
static void vec_take(int base, List *list) {
    list->n = nvec - base;
    list->tokens = xalloc(list->n * sizeof(Token) + 1);
    mem_copy(list->tokens, vec + base, list->n * sizeof(Token));
    nvec = base;
}

/* ---- the input stack ---- */

static void push_input(void) {
    if (input == inputs_read + MAX_INPUTS - 1)
        error_at(&expansion_place, "macros or files are nested too deeply", "");
    input++;
    input->cur = 0;
    input->macro = 0;
    input->stop = 0;
}

static void push_list(List *list, Macro *macro, int first_space) {
    push_input();
    input->cur = list->tokens;
    input->end = list->tokens + list->n;
    input->macro = macro;
    input->first_space = first_space;
    if (macro)
        macro->disabled = 1;
}

static void pop_list(void) {
    if (input->macro)
        input->macro->disabled = 0;
    input--;
}

static void enter_file(File *f) {
    push_input();
    input->conds = conds;
    input->file = src_file;
    input->p = src_p;
    input->line = src_line;
    src_file = f;
    src_p = f->text;
    src_line = 1;
    src_bol = 1;
    include_level++;
}

static int leave_file(void) {
    if (conds != input->conds)
        error_at(&conds->place, "unterminated conditional directive", "");
    if (input == inputs_read + 1)
        return 0;
    src_file = input->file;
    src_p = input->p;
    src_line = input->line;
    src_bol = 1;
    include_level--;
    input--;
    return 1;
}

/* ---- #include ---- */

static File *load_file(char *name, int dir) {
    Ident *key = ident_named(name);
    for (File *f = files; f; f = f->next)
        if (f->name == key->name)
            return f->text ? f : 0;
    File *f = xalloc(sizeof(File));
    f->name = key->name;
    f->dir = dir;
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

static File *find_include(char *name, int in_quotes, int after) {
    if (name[0] == '/')
        return load_file(name, 0);
    File *f = 0;
    if (in_quotes) {
        long n = str_len(src_file->name);
        while (n > 0 && src_file->name[n - 1] != '/')
            n--;
        f = load_file(str_join(str_save(src_file->name, n), name, ""), src_file->dir);
    }
    for (int i = after; i < ndirs && !f; i++)
        f = load_file(str_join(dirs[i], "/", name), i + 1);
    return f;
}

/* The file after #include: "x", <x>, or a macro that gives one of them. */
static File *included_file(Token *t, char **name, int is_next) {
    Token part;
    pp(t);
    *name = "";
    if (t->kind == T_STRING)
        *name = str_save(t->text + 1, t->len - 2);
    else if (t->kind == '<' && t->text + 1 == src_p) {
        char *p = src_p;
        while (*src_p != '>' && *src_p != '\n' && *src_p)
            src_p++;
        *name = str_save(p, src_p - p);
        src_p += *src_p == '>';
    } else if (t->kind == '<')
        while (pp(&part) != '>' && part.kind != T_NEWLINE)
            *name = str_join(*name, part.space ? " " : "", token_text(&part));
    else
        error_at(&t->place, "#include expects \"name\" or <name>", "");
    return find_include(*name, t->kind == T_STRING && !is_next, is_next ? src_file->dir : 0);
}

static File *include(int is_next) {
    Token t;
    char *name;
    File *f = included_file(&t, &name, is_next);
    if (!f)
        error_at(&t.place, "cannot find include file '%s'", name);
    if (include_level > MAX_INCLUDES)
        error_at(&t.place, "#include is nested too deeply", "");
    return f->once ? 0 : f;
}

/* ---- #define ---- */

static int same_body(Macro *a, Macro *b) {
    int same = a->body.n == b->body.n && a->nparams == b->nparams && a->variadic == b->variadic;
    for (int i = 0; same && i < a->body.n; i++) {
        Token *t = &a->body.tokens[i];
        Token *u = &b->body.tokens[i];
        same = t->kind == u->kind && t->len == u->len && mem_eq(t->text, u->text, t->len);
    }
    return same;
}

static Ident *macro_name(Token *t) {
    if (lex(t) != T_IDENT)
        error_at(&t->place, "macro name must be an identifier", "");
    return t->id;
}

/* Reads "a, b, ...)" and numbers the names. */
static void macro_params(Macro *m, Ident **params) {
    Token t;
    int n = 0;
    while (lex(&t) != ')') {
        if (t.kind == T_IDENT || t.kind == T_ELLIPSIS) {
            params[n] = t.kind == T_IDENT ? t.id : id_va_args;
            n++;
            params[n - 1]->param = n;
            m->variadic = t.kind == T_ELLIPSIS || lex(&t) == T_ELLIPSIS;
            if (m->variadic)
                lex(&t);
        }
        if (t.kind == ')')
            break;
        if (t.kind != ',' || n == MAX_PARAMS)
            error_at(&t.place, "bad macro parameter list", "");
    }
    m->nparams = n;
}

static void define(void) {
    Token t;
    Token name;
    Ident *params[MAX_PARAMS];
    Ident *id = macro_name(&name);
    Macro *m = xalloc(sizeof(Macro));
    m->nparams = -1;
    lex(&t);
    if (t.kind == '(' && !t.space) {
        macro_params(m, params);
        lex(&t);
    }
    int base = nvec;
    for (; t.kind != T_NEWLINE; lex(&t)) {
        if (t.kind == T_IDENT && t.id->param) {
            t.kind = T_PARAM;
            t.param = t.id->param - 1;
        }
        if (t.kind == T_PASTE && nvec > base) {
            vec[nvec - 1].joined = 1;
            m->pastes = 1;
        } else
            vec_push(&t);
    }
    if (nvec > base)
        vec[nvec - 1].joined = 0;
    vec_take(base, &m->body);
    for (int i = 0; i < m->nparams; i++)
        params[i]->param = 0;
    if (id->macro && !id->macro->builtin && !same_body(id->macro, m))
        warn(&name.place, "'%s' redefined", id->name);
    id->macro = m;
}

/* ---- #if ---- */

static int is_defined(Ident *id) {
    return id->macro || id == id_has_include;
}

/* A token of #if: `defined` and what belongs to it is a number, and so is a name that is no macro. */
static void condition_token(Token *t) {
    while (raw(t) == T_IDENT) {
        char *name;
        int yes = 0;
        if (t->id == id_defined) {
            int parenthesised = raw(t) == '(';
            if (parenthesised)
                raw(t);
            if (t->kind != T_IDENT)
                error_at(&t->place, "'defined' expects a name", "");
            yes = is_defined(t->id);
            if (parenthesised && raw(t) != ')')
                error_at(&t->place, "missing ) after 'defined'", "");
        } else if (t->id == id_has_include) {
            raw(t);
            yes = included_file(t, &name, 0) != 0;
            raw(t);
        } else if (str_starts(t->id->name, "__has_")) { /* __has_attribute(x) and its like: no */
            while (raw(t) != ')' && t->kind != T_NEWLINE)
                ;
        } else if (t->id->macro && !t->painted) {
            if (expand(t))
                continue;
            if (t->kind != T_IDENT)
                return;
        }
        token_set(t, T_NUMBER, yes ? "1" : "0");
        return;
    }
}

/* The rest of the line as an expression of the parser's; its tokens come from condition_token(). */
static int if_condition(void) {
    Token saved;
    token_copy(&saved, &tk);
    in_condition = 1;
    next();
    Node *n = conditional();
    in_condition = 0;
    if (tk.kind != T_NEWLINE)
        error("unexpected '%s' in #if", token_text(&tk));
    if (n->op != N_NUM)
        error("#if needs an integer constant", "");
    token_copy(&tk, &saved);
    return n->val != 0;
}

static int open_group(Token *t, int counts) {
    Cond *c = xalloc(sizeof(Cond));
    c->up = conds;
    c->taken = counts;
    mem_copy(&c->place, &t->place, sizeof(Place));
    conds = c;
    return counts;
}

/* #elif, #else or #endif: does the text behind it count? */
static int next_group(Token *t, int d) {
    Input *in = input;
    while (in->cur)
        in--;
    if (conds == in->conds)
        error_at(&t->place, "'#%s' without #if", token_text(t));
    if (d == D_ENDIF) {
        conds = conds->up;
        return 1;
    }
    if (conds->in_else)
        error_at(&t->place, "#%s after #else", token_text(t));
    conds->in_else = d == D_ELSE;
    int counts = !conds->taken && (d == D_ELSE || if_condition());
    conds->taken |= counts;
    return counts;
}

static void end_directive(void) {
    Token t;
    while (lex(&t) != T_NEWLINE)
        ;
    in_directive = 0;
}

/* At the start of a line: skips to behind the directive from which on the text counts. */
static void skip_group(void) {
    int nested = 0;
    int counts = 0;
    Token t;
    while (!counts && lex(&t) != T_EOF) {
        if (t.kind != '#' || !t.bol)
            continue;
        in_directive = 1;
        lex(&t);
        int d = t.id ? t.id->directive : 0;
        if (d == D_IF || d == D_IFDEF || d == D_IFNDEF)
            nested++;
        else if (d == D_ENDIF && nested)
            nested--;
        else if (!nested && (d == D_ELIF || d == D_ELSE || d == D_ENDIF))
            counts = next_group(&t, d);
        end_directive();
    }
}

/* ---- other directives ---- */

static void pragma(void) {
    Token t;
    lex(&t);
    if (t.id == id_once)
        src_file->once = 1;
    else if (t.id == id_pack && lex(&t) == '(') {
        int align = 0;
        while (lex(&t) != ')' && t.kind != T_NEWLINE)
            if (t.id == id_push && pack_depth < MAX_PACKS) {
                align = pack_align;
                pack_stack[pack_depth++] = align;
            } else if (t.id == id_pop && pack_depth > 0)
                align = pack_stack[--pack_depth];
            else if (t.kind == T_NUMBER)
                align = number_literal(&t)->val;
        pack_align = align;
    }
}

static void line_directive(void) {
    Token t;
    if (pp(&t) != T_NUMBER)
        error_at(&t.place, "#line expects a number", "");
    int line = number_literal(&t)->val;
    if (pp(&t) == T_STRING) {
        File *f = xalloc(sizeof(File));
        mem_copy(f, src_file, sizeof(File));
        f->name = str_save(t.text + 1, t.len - 2);
        src_file = f;
    }
    src_line = line - 1;
}

static char *rest_of_line(void) {
    char *p = src_p;
    while (*p && *p != '\n')
        p++;
    return str_save(src_p, p - src_p);
}

static void directive(void) {
    Token t;
    Token name;
    File *f = 0;
    int counts = 1;
    in_directive = 1;
    lex(&t);
    int d = t.id ? t.id->directive : 0;
    switch (d) {
    case D_DEFINE:
        define();
        break;
    case D_UNDEF:
        macro_name(&name)->macro = 0;
        break;
    case D_INCLUDE: case D_INCLUDE_NEXT:
        f = include(d == D_INCLUDE_NEXT);
        break;
    case D_IF:
        counts = open_group(&t, if_condition());
        break;
    case D_IFDEF: case D_IFNDEF:
        counts = open_group(&t, is_defined(macro_name(&name)) == (d == D_IFDEF));
        break;
    case D_ELIF: case D_ELSE: case D_ENDIF:
        counts = next_group(&t, d);
        break;
    case D_LINE:
        line_directive();
        break;
    case D_ERROR:
        error_at(&t.place, "#error%s", rest_of_line());
        break;
    case D_WARNING:
        warn(&t.place, "#warning%s", rest_of_line());
        break;
    case D_PRAGMA:
        pragma();
        break;
    case 0:
        if (t.kind != T_NEWLINE && t.kind != T_NUMBER && !source_is_assembly)
            error_at(&t.place, "unknown directive '#%s'", token_text(&t));
    }
    end_directive();
    if (f)
        enter_file(f);
    if (!counts)
        skip_group();
}

/* ---- macros ---- */

/* One token before expansion. */
static int raw(Token *t) {
    while (1) {
        if (input->cur) {
            if (input->cur == input->end) {
                if (input->stop) {
                    token_set(t, T_EOF, "");
                    return T_EOF;
                }
                pop_list();
                continue;
            }
            token_copy(t, input->cur++);
            mem_copy(&t->place, &expansion_place, sizeof(Place));
            t->bol = 0;
            if (input->first_space >= 0)
                t->space = input->first_space;
            input->first_space = -1;
        } else {
            lex(t);
            if (t->kind == '#' && t->bol && !in_directive) {
                directive();
                continue;
            }
            if (t->kind == T_EOF && leave_file())
                continue;
            mem_copy(&expansion_place, &t->place, sizeof(Place));
        }
        if (t->kind == T_IDENT && t->id->macro && t->id->macro->disabled)
            t->painted = 1;
        return t->kind;
    }
}

/* a ## b into a; a token of no length gives way. */
static void paste(Token *a, Token *b) {
    int space = a->space;
    if (!a->len)
        token_copy(a, b);
    else if (b->len) {
        char *p = src_p;
        int bol = src_bol;
        int directive_state = in_directive;
        char *text = str_join(str_save(a->text, a->len), str_save(b->text, b->len), "");
        int len = a->len + b->len;
        in_directive = 1;
        src_p = text;
        lex(a);
        if (src_p != text + len)
            token_set(a, T_OTHER, text);
        src_p = p;
        src_bol = bol;
        in_directive = directive_state;
        mem_copy(&a->place, &expansion_place, sizeof(Place));
        a->bol = 0;
    }
    a->space = space;
}

static void stringize(Token *t, List *arg) {
    long len = 3;
    for (int i = 0; i < arg->n; i++)
        len += arg->tokens[i].len * 2 + 1;
    char *text = xalloc(len);
    char *p = text;
    *p++ = '"';
    for (int i = 0; i < arg->n; i++) {
        Token *from = &arg->tokens[i];
        if (i && from->space)
            *p++ = ' ';
        for (int k = 0; k < from->len; k++) {
            char c = from->text[k];
            if ((c == '"' || c == '\\') && (from->kind == T_STRING || from->kind == T_CHAR))
                *p++ = '\\';
            *p++ = c == '\n' ? ' ' : c;
        }
    }
    *p = '"';
    token_set(t, T_STRING, text);
}

static void builtin_macro(Token *t) {
    switch (t->id->macro->builtin) {
    case B_FILE: token_set(t, T_STRING, str_join("\"", t->place.file->name, "\"")); break;
    case B_LINE: token_set(t, T_NUMBER, str_number(t->place.line)); break;
    case B_DATE: token_set(t, T_STRING, "\"Jan  1 1970\""); break;
    case B_TIME: token_set(t, T_STRING, "\"00:00:00\""); break;
    case B_COUNTER: token_set(t, T_NUMBER, str_number(counter++)); break;
    case B_LEVEL: token_set(t, T_NUMBER, str_number(include_level - 1)); break;
    }
}

typedef struct MacroArg MacroArg;
struct MacroArg {
    List raw;
    List full;                  /* after expansion, made when asked for */
};

/* The arguments of a call, behind its parenthesis. */
static void collect_args(Token *name, Macro *m, MacroArg *args) {
    Token t;
    int depth = 1;
    int n = 0;
    int base = nvec;
    while (depth) {
        int kind = raw(&t);
        if (kind == T_EOF || kind == T_NEWLINE && in_directive)
            error_at(&name->place, "unterminated call of macro '%s'", name->id->name);
        depth += kind == '(' ? 1 : kind == ')' ? -1 : 0;
        if (!depth || depth == 1 && kind == ',' && !(m->variadic && n == m->nparams - 1) && n < MAX_PARAMS) {
            vec_take(base, &args[n].raw);
            args[n++].full.tokens = 0;
        } else {
            t.space |= t.bol;
            vec_push(&t);
        }
    }
    if (m->nparams == 0 && n == 1 && !args[0].raw.n)
        n = 0;
    if (m->variadic && n == m->nparams - 1) {
        vec_take(base, &args[n].raw);
        args[n++].full.tokens = 0;
    }
    if (n != m->nparams)
        error_at(&name->place, "macro '%s' called with a wrong number of arguments", name->id->name);
}

static List *expanded(MacroArg *arg) {
    if (!arg->full.tokens) {
        int base = nvec;
        Token t;
        push_list(&arg->raw, 0, -1);
        input->stop = 1;
        while (pp(&t) != T_EOF)
            vec_push(&t);
        pop_list();
        vec_take(base, &arg->full);
    }
    return &arg->full;
}

/* Pushes the body with the arguments put in onto the vector.  An empty operand of ## becomes a token of no length. */
static void substitute(Macro *m, MacroArg *args) {
    int base = nvec;
    int joined = 0;             /* ## stands before this token; */
    int pasted = 0;             /* and is not the one of , ## __VA_ARGS__ */
    for (int i = 0; i < m->body.n; i++) {
        Token *b = &m->body.tokens[i];
        Token one;
        List single;
        List *list = &single;
        int space = b->space;
        single.tokens = b;
        single.n = 1;
        if (b->kind == '#' && m->nparams >= 0 && i + 1 < m->body.n && b[1].kind == T_PARAM) {
            token_copy(&one, b++);
            stringize(&one, &args[b->param].raw);
            single.tokens = &one;
            i++;
        } else if (b->kind == T_PARAM) {
            list = joined || b->joined ? &args[b->param].raw : expanded(&args[b->param]);
            if (!list->n && (pasted || b->joined)) {
                token_copy(&one, b);
                token_set(&one, T_OTHER, "");
                single.tokens = &one;
                list = &single;
            }
        }
        for (int j = 0; j < list->n; j++) {
            Token t;
            token_copy(&t, &list->tokens[j]);
            if (!j)
                t.space = space;
            if (!j && pasted && nvec > base)
                paste(&vec[nvec - 1], &t);
            else
                vec_push(&t);
        }
        joined = b->joined;
        pasted = joined;
        if (b->kind == ',' && joined && m->variadic && b[1].kind == T_PARAM && b[1].param == m->nparams - 1) {
            pasted = 0;
            if (!args[b[1].param].raw.n) {
                nvec--;
                i++;
                joined = 0;
            }
        }
    }
    int kept = base;
    for (int i = base; i < nvec; i++)           /* what pasting left empty goes */
        if (vec[i].len)
            token_copy(&vec[kept++], &vec[i]);
    nvec = kept;
}

/* t names a macro that may be expanded: puts the expansion on the input and
 * returns 1, or returns 0 when it is no call. */
static int expand(Token *t) {
    Macro *m = t->id->macro;
    MacroArg args[MAX_PARAMS];
    List list;
    if (m->builtin) {
        builtin_macro(t);
        return 0;
    }
    if (m->nparams >= 0) {
        Token paren;
        Place place;
        mem_copy(&place, &expansion_place, sizeof(Place));
        if (raw(&paren) != '(') {
            if (paren.kind != T_EOF) {
                int base = nvec;
                vec_push(&paren);
                vec_take(base, &list);
                push_list(&list, 0, -1);
            }
            t->painted |= paren.kind != T_EOF;
            return 0;
        }
        collect_args(t, m, args);
        mem_copy(&expansion_place, &place, sizeof(Place));
    }
    if (m->nparams < 0 && !m->pastes)
        push_list(&m->body, m, t->space);
    else {
        int base = nvec;
        substitute(m, args);
        vec_take(base, &list);
        push_list(&list, m, t->space);
    }
    return 1;
}

static int pp(Token *t) {
    while (raw(t) == T_IDENT) {
        if (t->id == id_pragma) {               /* _Pragma("...") is read over */
            int depth = 0;
            do {
                raw(t);
                depth += t->kind == '(' ? 1 : t->kind == ')' ? -1 : 0;
            } while (depth > 0 && t->kind != T_EOF);
        } else if (!t->id->macro || t->painted || !expand(t))
            break;
    }
    return t->kind;
}

/* ---- for the parser ---- */

static int next(void) {
    if (have_ahead) {
        token_copy(&tk, &tk_ahead);
        have_ahead = 0;
        return tk.kind;
    }
    if (in_condition) {
        condition_token(&tk);
        return tk.kind;
    }
    if (pp(&tk) == T_IDENT && tk.id->keyword)
        tk.kind = tk.id->keyword;
    if (tk.kind == T_OTHER)
        error(tk.text[0] == '"' ? "unterminated string" : "stray '%s'", token_text(&tk));
    return tk.kind;
}

static int peek(void) {
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

static char *directive_names[] = { "define", "undef", "include", "include_next", "if", "ifdef", "ifndef", "elif",
                                   "else", "endif", "line", "error", "warning", "pragma", "ident", "sccs" };
static char *builtin_names[] = { "__FILE__", "__LINE__", "__DATE__", "__TIME__", "__COUNTER__", "__INCLUDE_LEVEL__" };

static void pp_init(void) {
    input = inputs_read;
    conds = 0;
    files = 0;
    include_level = 0;
    counter = 0;
    have_ahead = 0;
    pack_align = 0;
    pack_depth = 0;
    for (int d = D_DEFINE; d <= D_SCCS; d++)
        ident_named(directive_names[d - D_DEFINE])->directive = d;
    id_defined = ident_named("defined");
    id_va_args = ident_named("__VA_ARGS__");
    id_pragma = ident_named("_Pragma");
    id_has_include = ident_named("__has_include");
    id_once = ident_named("once");
    id_pack = ident_named("pack");
    id_push = ident_named("push");
    id_pop = ident_named("pop");
    for (int b = B_FILE; b <= B_LEVEL; b++) {
        Macro *m = xalloc(sizeof(Macro));
        m->nparams = -1;
        m->builtin = b;
        ident_named(builtin_names[b - B_FILE])->macro = m;
    }
}

static void pp_add_dir(char *dir) {
    if (ndirs == MAX_DIRS)
        fatal("too many include directories", "");
    dirs[ndirs++] = dir;
}

static void pp_enter(char *path) {
    File *f = load_file(path, 0);
    if (!f)
        fatal("cannot read %s", path);
    enter_file(f);
}

static void pp_enter_text(char *name, char *text) {
    File *f = xalloc(sizeof(File));
    f->name = name;
    f->text = text;
    f->end = text + str_len(text);
    enter_file(f);
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
static char *pp_text(long *len) {
    Token t;
    int line = 0;
    char *file = 0;
    char last = 0;
    text_len = 0;
    while (pp(&t) != T_EOF) {
        int same_line = t.place.line == line;
        if (t.place.file->name != file || t.place.line < line || t.place.line > line + 8) {
            char *mark = str_join(text_len ? "\n# " : "# ", str_number(t.place.line), " \"");
            mark = str_join(mark, t.place.file->name, "\"\n");
            put_text(mark, str_len(mark));
            file = t.place.file->name;
        } else {
            for (; line < t.place.line; line++)
                put_text("\n", 1);
            if (t.space || same_line && (char_class[last & 255] && char_class[t.text[0] & 255]
                                         || last == t.text[0] || t.text[0] == '='))
                put_text(" ", 1);
        }
        line = t.place.line;
        put_text(t.text, t.len);
        last = t.text[t.len - 1];
    }
    put_text("\n", 2);                  /* and the zero behind it */
    *len = text_len - 1;
    return text_buffer;
}

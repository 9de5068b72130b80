/* SPDX-License-Identifier: MIT
 *
 * The C preprocessor, as a stream: pp() gives one token at a time.
 *
 * Input comes from a stack of files, but first from a list of tokens that are
 * pending: expansions, what was looked at too early, or the argument that is
 * being expanded.  A macro is disabled until a T_EXPANDED behind its expansion
 * is read, and its name met meanwhile is painted, never to be expanded again.
 *
 * Over 500 lines: directives, macros and conditions share the input stack. */

typedef struct Input Input;
typedef struct Cond Cond;
typedef struct MacroArg MacroArg;

/* A list of tokens begins with one that does not count and ends with list_end, which reads as T_EOF. */
static Token list_end;

struct Macro {
    Token body;
    int nparams;                /* -1: not function-like */
    int variadic;
    int disabled;
};

struct MacroArg {
    Token raw;
    Token full;                 /* after expansion, made when asked for */
};

struct Input {                  /* of a file: */
    Input *up;
    Cond *conds;                /* conditions open when it was entered; */
    File *file;                 /* and where the includer goes on */
    char *p;
    int line;
};

struct Cond {
    Cond *up;
    int taken;                  /* a group of it was taken */
    int in_else;
    int skipping;               /* around it */
    Place place;
};

enum { MAX_PARAMS = 127, MAX_DIRS = 256, MAX_INCLUDES = 200, MAX_PACKS = 16 };

static int in_condition;                /* of #if: the parser reads its tokens */
static int pack_align;                  /* #pragma pack, 0: none */
static int pack_stack[MAX_PACKS];
static int pack_depth;

static Token pending;                   /* the list that is read before the file; null behind its last token */
static Input *input;
static Cond *conds;
static int skipping;                    /* the text does not count */
static char *dirs[MAX_DIRS];
static int ndirs;
static File *files;
static int include_level;
static int counter;

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

/* A copy of t, put into a list behind `last`. */
static Token *append(Token *last, Token *t) {
    Token *copy = xalloc(sizeof(Token));
    token_copy(copy, t);
    copy->next = last->next;
    last->next = copy;
    return copy;
}

static void enter_file(File *f) {
    Input *in = xalloc(sizeof(Input));
    in->up = input;
    in->conds = conds;
    in->file = src_file;
    in->p = src_p;
    in->line = src_line;
    input = in;
    src_file = f;
    src_p = f->text;
    src_line = 1;
    src_bol = 1;
    include_level++;
}

static int leave_file(void) {
    if (conds != input->conds)
        error_at(&conds->place, "unterminated conditional directive", "");
    if (!input->file)
        return 0;
    src_file = input->file;
    src_p = input->p;
    src_line = input->line;
    src_bol = 1;
    include_level--;
    input = input->up;
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
static File *included_file(Token *t, int is_next, int must_be) {
    Token part;
    char *name = "";
    pp(t);
    if (t->kind == T_STRING)
        name = str_save(t->text + 1, t->len - 2);
    else if (t->kind == '<' && t->text + 1 == src_p) {
        while (*src_p != '>' && *src_p != '\n' && *src_p)
            src_p++;
        name = str_save(t->text + 1, src_p - t->text - 1);
        src_p += *src_p == '>';
    } else if (t->kind == '<')
        while (pp(&part) != '>' && part.kind != T_NEWLINE)
            name = str_join(name, part.space ? " " : "", token_text(&part));
    else
        error_at(&t->place, "#include expects \"name\" or <name>", "");
    File *f = find_include(name, t->kind == T_STRING && !is_next, is_next ? src_file->dir : 0);
    if (!f && must_be)
        error_at(&t->place, "cannot find include file '%s'", name);
    return f;
}

static File *include(int is_next) {
    Token t;
    File *f = included_file(&t, is_next, 1);
    if (include_level > MAX_INCLUDES)
        error_at(&t.place, "#include is nested too deeply", "");
    return f->once ? 0 : f;
}

/* ---- #define ---- */

static int same_macro(Macro *a, Macro *b) {
    Token *t = a->body.next;
    Token *u = b->body.next;
    while (t->kind && t->kind == u->kind && t->len == u->len && mem_eq(t->text, u->text, t->len)) {
        t = t->next;
        u = u->next;
    }
    return t == u && a->nparams == b->nparams && a->variadic == b->variadic;
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
            params[n] = t.kind == T_IDENT ? t.id : ident_named("__VA_ARGS__");
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
    Token t, name;
    Ident *params[MAX_PARAMS];
    Ident *id = macro_name(&name);
    Macro *m = xalloc(sizeof(Macro));
    Token *last = &m->body;
    last->next = &list_end;
    m->nparams = -1;
    lex(&t);
    if (t.kind == '(' && !t.space) {
        macro_params(m, params);
        lex(&t);
    }
    for (; t.kind != T_NEWLINE; lex(&t)) {
        if (t.kind == T_IDENT && t.id->param) {
            t.kind = T_PARAM;
            t.param = t.id->param - 1;
        }
        if (t.kind == T_PASTE)
            last->joined = 1;
        else
            last = append(last, &t);
    }
    last->joined = 0;
    for (int i = 0; i < m->nparams; i++)
        params[i]->param = 0;
    if (id->macro && !same_macro(id->macro, m))
        warn(&name.place, "'%s' redefined", id->name);
    id->macro = m;
}

/* ---- #if ---- */

static int is_defined(Ident *id) {
    return id->macro || id->keyword >= W_HAS_INCLUDE;
}

/* A token of #if: `defined` and what belongs to it is a number, and so is a name that is no macro. */
static int condition_token(Token *t) {
    while (raw(t) == T_IDENT) {
        int yes = 0;
        if (t->id->keyword == W_DEFINED) {
            int parenthesised = raw(t) == '(';
            if (parenthesised)
                raw(t);
            if (t->kind != T_IDENT)
                error_at(&t->place, "'defined' expects a name", "");
            yes = is_defined(t->id);
            if (parenthesised && raw(t) != ')')
                error_at(&t->place, "missing ) after 'defined'", "");
        } else if (t->id->keyword == W_HAS_INCLUDE) {
            raw(t);
            yes = included_file(t, 0, 0) != 0;
            raw(t);
        } else if (str_starts(t->id->name, "__has_")) { /* __has_attribute(x) and its like: no */
            while (raw(t) != ')' && t->kind != T_NEWLINE)
                ;
        } else if (expand(t))
            continue;
        else if (t->kind != T_IDENT)
            break;
        token_set(t, T_NUMBER, yes ? "1" : "0");
        break;
    }
    return t->kind;
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

/* #if, #elif, #else, #endif and their like: does the text behind it count? */
static void conditional_directive(Token *t, int d) {
    Token name;
    if (d == K_IF || d == W_IFDEF || d == W_IFNDEF) {
        Cond *c = xalloc(sizeof(Cond));
        c->up = conds;
        c->taken = skipping;
        c->skipping = skipping;
        mem_copy(&c->place, &t->place, sizeof(Place));
        conds = c;
    } else if (conds == input->conds)
        error_at(&t->place, "'#%s' without #if", token_text(t));
    else if (conds->in_else && d != W_ENDIF)
        error_at(&t->place, "#%s after #else", token_text(t));
    conds->in_else = d == K_ELSE;
    skipping = conds->taken;
    if (d == W_ENDIF) {
        skipping = conds->skipping;
        conds = conds->up;
    } else if (!skipping) {
        if (d == W_IFDEF || d == W_IFNDEF)
            skipping = is_defined(macro_name(&name)) != (d == W_IFDEF);
        else if (d != K_ELSE)
            skipping = !if_condition();
        conds->taken = !skipping;
    }
}

/* ---- other directives ---- */

static void pragma(void) {
    Token t;
    int word = lex(&t) == T_IDENT ? t.id->keyword : 0;
    if (word == W_ONCE)
        src_file->once = 1;
    else if (word == W_PACK && lex(&t) == '(') {
        int align = 0;
        while (lex(&t) != ')' && t.kind != T_NEWLINE) {
            word = t.id ? t.id->keyword : 0;
            if (word == W_PUSH && pack_depth < MAX_PACKS) {
                align = pack_align;
                pack_stack[pack_depth++] = align;
            } else if (word == W_POP && pack_depth > 0)
                align = pack_stack[--pack_depth];
            else if (t.kind == T_NUMBER)
                align = number_literal(&t)->val;
        }
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
    Token t, name;
    File *f = 0;
    in_directive = 1;
    int d = lex(&t) == T_IDENT ? t.id->keyword : 0;
    if (d == K_IF || d == K_ELSE || d >= W_IFDEF && d <= W_ENDIF)
        conditional_directive(&t, d);
    else if (!skipping)
        switch (d) {
        case W_DEFINE: define(); break;
        case W_UNDEF: macro_name(&name)->macro = 0; break;
        case W_INCLUDE: case W_INCLUDE_NEXT: f = include(d == W_INCLUDE_NEXT); break;
        case W_LINE: line_directive(); break;
        case W_ERROR: error_at(&t.place, "#error%s", rest_of_line()); break;
        case W_WARNING: warn(&t.place, "#warning%s", rest_of_line()); break;
        case W_PRAGMA: pragma(); break;
        case W_IDENT: break;
        default:
            if (t.kind != T_NEWLINE && t.kind != T_NUMBER && !source_is_assembly)
                error_at(&t.place, "unknown directive '#%s'", token_text(&t));
        }
    while (lex(&t) != T_NEWLINE)
        ;
    in_directive = 0;
    if (f)
        enter_file(f);
}

/* ---- macros ---- */

/* One token before expansion. */
static int raw(Token *t) {
    while (1) {
        if (pending.next) {
            token_copy(t, pending.next);
            mem_copy(&t->place, &expansion_place, sizeof(Place));
            t->bol = 0;
            if (t->kind == T_EOF)
                return T_EOF;
            pending.next = t->next;
            if (t->kind == T_EXPANDED) {
                t->id->macro->disabled = 0;
                continue;
            }
        } else {
            lex(t);
            if (t->kind == '#' && t->bol && !in_directive) {
                directive();
                continue;
            }
            if (t->kind == T_EOF ? leave_file() : skipping)
                continue;
            mem_copy(&expansion_place, &t->place, sizeof(Place));
        }
        if (t->kind == T_IDENT && t->id->macro && t->id->macro->disabled)
            t->painted = 1;
        return t->kind;
    }
}

/* a ## b into a, the last of its list; a token of no length gives way. */
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
    }
    a->space = space;
    a->next = &list_end;
}

static void stringize(Token *t, Token *list) {
    Section *text = byte_buffer();
    sec_le(text, 1, '"');
    for (Token *from = list->next; from->kind; from = from->next) {
        if (from != list->next && from->space)
            sec_le(text, 1, ' ');
        for (int k = 0; k < from->len; k++) {
            char c = from->text[k];
            if ((c == '"' || c == '\\') && (from->kind == T_STRING || from->kind == T_CHAR))
                sec_le(text, 1, '\\');
            sec_le(text, 1, c == '\n' ? ' ' : c);
        }
    }
    sec_two(text, 1, '"', 0);
    token_set(t, T_STRING, (char *)text->data);
}

/* The arguments of a call, behind its parenthesis. */
static MacroArg *collect_args(Token *name, Macro *m) {
    MacroArg *args = xalloc((m->nparams + 1) * sizeof(MacroArg));
    for (int i = 0; i <= m->nparams; i++) {
        args[i].raw.next = &list_end;
        args[i].full.next = &list_end;
    }
    Token t;
    Token *last = &args[0].raw;
    int n = 0;
    for (int depth = 1; depth;) {
        int kind = raw(&t);
        if (kind == T_EOF || kind == T_NEWLINE && in_directive)
            error_at(&name->place, "unterminated call of macro '%s'", name->id->name);
        depth += kind == '(' ? 1 : kind == ')' ? -1 : 0;
        if (depth == 1 && kind == ',' && n < m->nparams - m->variadic)
            last = &args[++n].raw;
        else if (depth) {
            t.space |= t.bol;
            last = append(last, &t);
        }
    }
    if (n + 1 + m->variadic < m->nparams || n == m->nparams && (n || last != &args[0].raw))
        error_at(&name->place, "macro '%s' called with a wrong number of arguments", name->id->name);
    return args;
}

static Token *expanded(MacroArg *arg) {
    Token *behind = pending.next;
    Token *last = &arg->full;
    Token t;
    if (last->next == &list_end) {
        pending.next = arg->raw.next;
        while (pp(&t) != T_EOF)
            last = append(last, &t);
        pending.next = behind;
    }
    return arg->full.next;
}

/* Puts the body, with the arguments put in, before what is pending. An empty argument becomes a token of no length. */
static void substitute(Token *name, Macro *m, MacroArg *args) {
    int joined = 0;             /* ## stands before this token; */
    int pasted = 0;             /* and is not the one of , ## __VA_ARGS__ */
    Token all;
    Token *last = &all;
    all.next = &list_end;
    for (Token *b = m->body.next; b->kind; b = b->next) {
        Token one;
        Token *list = &one;
        token_copy(&one, b);
        one.next = &list_end;
        if (b->kind == '#' && m->nparams >= 0 && b->next->kind == T_PARAM) {
            b = b->next;
            stringize(&one, &args[b->param].raw);
        } else if (b->kind == T_PARAM) {
            list = joined || b->joined ? args[b->param].raw.next : expanded(&args[b->param]);
            if (list == &list_end) {
                token_set(&one, T_OTHER, "");
                list = &one;
            }
        }
        for (Token *t = list; t->kind; t = t->next)
            if (t == list && pasted)
                paste(last, t);
            else {
                last = append(last, t);
                if (t == list)
                    last->space = one.space;
            }
        joined = b->joined;
        pasted = joined;
        if (b->kind == ',' && joined && m->variadic && b->next->kind == T_PARAM && b->next->param == m->nparams - 1) {
            pasted = 0;
            if (args[b->next->param].raw.next == &list_end)
                last->len = 0;
        }
    }
    last = append(last, name);
    last->kind = T_EXPANDED;
    last->next = pending.next;
    for (last = &all; last->next->kind != T_EXPANDED;)
        if (last->next->len)
            last = last->next;
        else
            last->next = last->next->next;
    pending.next = all.next;
    pending.next->space = name->space;
    m->disabled = 1;
}

/* If t names a macro that may be expanded: puts the expansion on the input and returns 1. */
static int expand(Token *t) {
    Macro *m = t->id->macro;
    MacroArg *args = 0;
    Token paren;
    switch (t->id->keyword) {
    case W_FILE: token_set(t, T_STRING, str_join("\"", t->place.file->name, "\"")); return 0;
    case W_LINE_NUMBER: token_set(t, T_NUMBER, str_number(t->place.line)); return 0;
    case W_COUNTER: token_set(t, T_NUMBER, str_number(counter++)); return 0;
    case W_LEVEL: token_set(t, T_NUMBER, str_number(include_level - 1)); return 0;
    }
    if (!m || t->painted)
        return 0;
    if (m->nparams >= 0) {
        if (raw(&paren) != '(') {
            if (paren.kind != T_EOF) {
                append(&pending, &paren);
                t->painted = 1;
            }
            return 0;
        }
        args = collect_args(t, m);
        mem_copy(&expansion_place, &t->place, sizeof(Place));
    }
    substitute(t, m, args);
    return 1;
}

static int pp(Token *t) {
    while (raw(t) == T_IDENT) {
        if (t->id->keyword == W_PRAGMA_OPERATOR) {      /* _Pragma("...") is read over */
            int depth = 0;
            do {
                raw(t);
                depth += t->kind == '(' ? 1 : t->kind == ')' ? -1 : 0;
            } while (depth > 0 && t->kind != T_EOF);
        } else if (!expand(t))
            break;
    }
    return t->kind;
}

/* ---- for the parser ---- */

static int next(void) {
    if (in_condition)
        return condition_token(&tk);
    if (pp(&tk) == T_IDENT && tk.id->keyword && tk.id->keyword < W_DEFINE)
        tk.kind = tk.id->keyword;
    if (tk.kind == T_OTHER)
        error(tk.text[0] == '"' ? "unterminated string" : "stray '%s'", token_text(&tk));
    return tk.kind;
}

static int peek(void) {
    Token now;
    token_copy(&now, &tk);
    int kind = next();
    tk.painted = 1;
    append(&pending, &tk);
    token_copy(&tk, &now);
    return kind;
}

/* ---- set up ---- */

static void pp_init(void) {
    src_file = 0;
    pending.next = 0;
    files = 0;
    include_level = 0;
    counter = 0;
    pack_align = 0;
    pack_depth = 0;
}

/* A second mention of a directory counts for nothing, or #include_next would find the same file again. */
static void pp_add_dir(char *dir) {
    for (int i = 0; i < ndirs; i++)
        if (str_eq(dirs[i], dir))
            return;
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

/* Everything after preprocessing, as text, with # line marks, a zero behind it. */
static Section *pp_text(void) {
    Section *text = byte_buffer();
    Token t;
    int line = 0;
    char *file = 0;
    char last = 0;
    while (pp(&t) != T_EOF) {
        int same_line = t.place.line == line;
        if (t.place.file->name != file || t.place.line < line || t.place.line > line + 8) {
            char *mark = str_join(text->len ? "\n# " : "# ", str_number(t.place.line), " \"");
            mark = str_join(mark, t.place.file->name, "\"\n");
            sec_bytes(text, mark, str_len(mark));
            file = t.place.file->name;
        } else {
            for (; line < t.place.line; line++)
                sec_le(text, 1, '\n');
            if (t.space || same_line && (char_class[last & 255] && char_class[t.text[0] & 255]
                                         || last == t.text[0] || t.text[0] == '='))
                sec_le(text, 1, ' ');
        }
        line = t.place.line;
        sec_bytes(text, t.text, t.len);
        last = t.text[t.len - 1];
    }
    sec_two(text, 1, '\n', 0);
    return text;
}

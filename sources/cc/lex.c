/* SPDX-License-Identifier: MIT
 *
 * Characters to preprocessing tokens, and the tables of names and operators. */

enum { CH_IDENT = 1, CH_DIGIT = 2, CH_SPACE = 4 };

static unsigned char char_class[256];

/* the file being read */
static File *src_file;
static char *src_p;
static int src_line;
static int src_bol;             /* nothing but white space since the line began */
static int in_directive;        /* a newline is a token, and stays */

/* ---- names ---- */

enum { IDENT_BUCKETS = 16384 };
static Ident **ident_table;

static Ident *ident_of(char *name, int len) {
    unsigned int hash = 0;
    for (int i = 0; i < len; i++)
        hash = hash * 31 + (name[i] & 255);
    Ident **slot = &ident_table[hash & (IDENT_BUCKETS - 1)];
    for (Ident *id = *slot; id; id = id->hash_next)
        if (id->len == len && mem_eq(id->name, name, len))
            return id;
    Ident *id = xalloc(sizeof(Ident));
    id->name = str_save(name, len);
    id->len = len;
    id->hash_next = *slot;
    *slot = id;
    return id;
}

static Ident *ident_named(char *name) {
    return ident_of(name, str_len(name));
}

/* In the order of the K_ and W_ constants; a word's other spellings follow it. */
static char *keyword_names[] = {
    "void", "_Bool", "char", "short", "int", "long", "signed __signed __signed__", "unsigned", "float", "double",
    "extern", "static", "typedef", "auto", "register",
    "const __const __const__", "volatile __volatile __volatile__", "restrict __restrict __restrict__",
    "struct", "union", "enum", "typeof __typeof __typeof__", "_Alignas", "inline __inline __inline__", "_Noreturn",
    "_Thread_local __thread", "__attribute__ __attribute",
    "asm __asm __asm__", "break", "case", "continue", "default", "do", "else", "for", "goto", "if", "return", "switch",
    "while", "__label__", "_Static_assert", "sizeof", "_Alignof __alignof __alignof__", "__extension__",
    "__func__ __FUNCTION__ __PRETTY_FUNCTION__", "_Generic",
    "__builtin_va_start", "__builtin_va_arg", "__builtin_va_end", "__builtin_va_copy", "__builtin_offsetof",
    "__builtin_constant_p", "__builtin_expect", "__builtin_alloca", "__builtin_trap", "__builtin_unreachable",
    "__builtin_types_compatible_p", "__builtin_choose_expr", "__builtin_frame_address", "__builtin_return_address",
    "__builtin_huge_valf __builtin_inff", "__builtin_huge_val __builtin_inf", "__builtin_huge_vall __builtin_infl",
    "__builtin_nanf", "__builtin_nan", "__builtin_nanl",
    "define", "undef", "include", "include_next", "ifdef", "ifndef", "elif", "endif", "line", "error", "warning",
    "pragma", "ident sccs", "once", "pack", "push", "pop", "defined", "_Pragma",
    "__has_include", "__FILE__", "__LINE__", "__COUNTER__", "__INCLUDE_LEVEL__"
};

/* Those of more than one character, and the binary ones with their precedence and what they make; of those that begin
 * with the same character, the longer ones first. */
static Operator operators[] = {
    { "*=", T_SET, 0, N_MUL }, { "*", '*', 10, N_MUL }, { "/=", T_SET, 0, N_DIV }, { "/", '/', 10, N_DIV },
    { "%=", T_SET, 0, N_REM }, { "%:", '#' }, { "%", '%', 10, N_REM },
    { "++", T_INC }, { "+=", T_SET, 0, N_ADD }, { "+", '+', 9, N_ADD },
    { "--", T_DEC }, { "->", T_ARROW }, { "-=", T_SET, 0, N_SUB }, { "-", '-', 9, N_SUB },
    { "<<=", T_SET, 0, N_SHL }, { "<<", T_SHL, 8, N_SHL }, { "<=", T_LE, 7, N_LE }, { "<", '<', 7, N_LT },
    { ">>=", T_SET, 0, N_SHR }, { ">>", T_SHR, 8, N_SHR }, { ">=", T_GE, 7, N_GE }, { ">", '>', 7, N_GT },
    { "==", T_EQ, 6, N_EQ }, { "!=", T_NE, 6, N_NE },
    { "&&", T_ANDAND, 2, N_ANDAND }, { "&=", T_SET, 0, N_AND }, { "&", '&', 5, N_AND },
    { "^=", T_SET, 0, N_XOR }, { "^", '^', 4, N_XOR },
    { "||", T_OROR, 1, N_OROR }, { "|=", T_SET, 0, N_OR }, { "|", '|', 3, N_OR },
    { "##", T_PASTE }, { "...", T_ELLIPSIS }, { "" }
};
static Operator *operators_from[256];   /* the first of those that begin with the character */

static void lex_init(void) {
    ident_table = xalloc(IDENT_BUCKETS * sizeof(Ident *));
    for (int c = 0; c < 256; c++) {
        if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 128)
            char_class[c] = CH_IDENT;
        else if (c >= '0' && c <= '9')
            char_class[c] = CH_DIGIT;
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v')
            char_class[c] = CH_SPACE;
    }
    for (int k = K_VOID; k < K_LAST; k++) {
        char *end = keyword_names[k - K_VOID];
        do {
            char *name = end;
            while (*end && *end != ' ')
                end++;
            ident_of(name, end - name)->keyword = k;
        } while (*end++);
    }
    for (Operator *o = operators; o->text[0]; o++)
        if (!operators_from[o->text[0]])
            operators_from[o->text[0]] = o;
}

/* ---- text to tokens ---- */

/* Joins lines that end in a backslash; the newlines taken out are put back
 * after the joined line, so that line numbers stay true. */
static void splice_lines(char *text, long *len) {
    char *end = text + *len;
    char *p = text;
    while (p < end && *p != '\\')
        p++;
    char *out = p;
    int owed = 0;
    while (p < end)
        if (*p == '\\' && (p[1] == '\n' || p[1] == '\r' && p[2] == '\n')) {
            p += p[1] == '\n' ? 2 : 3;
            owed++;
        } else {
            for (; owed && *p == '\n'; owed--)
                *out++ = '\n';
            *out++ = *p++;
        }
    *out = 0;
    *len = out - text;
}

static void block_comment(void) {
    src_p += 2;
    while (*src_p != '*' || src_p[1] != '/') {
        if (!*src_p && src_p >= src_file->end)
            fatal_at(src_file->name, src_line, "unterminated comment", "");
        src_line += *src_p++ == '\n';
    }
    src_p += 2;
}

/* Skips white space and comments; at a newline inside a directive it stops. */
static void skip_space(Token *t) {
    while (1) {
        char c = *src_p;
        if (char_class[c & 255] == CH_SPACE)
            src_p++;
        else if (c == '\n' && !in_directive) {
            src_p++;
            src_line++;
            src_bol = 1;
        } else if (c == '/' && src_p[1] == '*')
            block_comment();
        else if (c == '/' && src_p[1] == '/')
            while (*src_p && *src_p != '\n')
                src_p++;
        else
            return;
        t->space = 1;
    }
}

/* A string or character from its quote on. One without an end is a lone character: an apostrophe in skipped text. */
static int quoted(Token *t) {
    char quote = *src_p;
    char *p = src_p + 1;
    for (; *p != quote; p++) {
        if (*p == '\n' || !*p) {
            src_p = t->text + 1;
            return T_OTHER;
        }
        if (*p == '\\' && p[1] && p[1] != '\n')
            p++;
    }
    src_p = p + 1;
    return quote == '"' ? T_STRING : T_CHAR;
}

static int pp_number(void) {
    char *p = src_p;
    for (; char_class[*p & 255] & (CH_IDENT | CH_DIGIT) || *p == '.'; p++) {
        int c = *p | 32;
        if ((c == 'e' || c == 'p') && (p[1] == '+' || p[1] == '-'))
            p++;
    }
    src_p = p;
    return T_NUMBER;
}

static int identifier(Token *t) {
    char *p = src_p;
    while (char_class[*p & 255] & (CH_IDENT | CH_DIGIT))
        p++;
    long len = p - t->text;
    src_p = p;
    if ((*p == '"' || *p == '\'') && len <= 2) {        /* is it the prefix of a literal? */
        char c = *t->text;
        if (len == 1 && (c == 'L' || c == 'u' || c == 'U') || len == 2 && c == 'u' && t->text[1] == '8')
            return quoted(t);
    }
    t->id = ident_of(t->text, len);
    return T_IDENT;
}

static int punctuator(Token *t) {
    char *p = src_p++;
    int c = *p & 255;
    for (Operator *o = operators_from[c]; o && o->text[0] == c; o++)
        if (str_starts(p, o->text)) {
            src_p = p + str_len(o->text);
            t->operator = o;
            return o->kind;
        }
    return c > ' ' && c < 127 && c != '`' && c != '@' && c != '\\' ? c : T_OTHER;
}

/* One raw token of the current file into t; returns its kind. */
static int lex(Token *t) {
    t->space = 0;
    skip_space(t);
    char *p = src_p;
    t->bol = src_bol;
    src_bol = 0;
    t->painted = 0;
    t->joined = 0;
    t->text = p;
    t->place.at = p;
    t->place.file = src_file;
    t->place.line = src_line;
    t->id = 0;
    t->operator = 0;
    int c = *p & 255;
    int class = char_class[c];
    if (class & CH_IDENT)
        t->kind = identifier(t);
    else if (class & CH_DIGIT || c == '.' && char_class[p[1] & 255] & CH_DIGIT)
        t->kind = pp_number();
    else if (c == '"' || c == '\'')
        t->kind = quoted(t);
    else if (c == '\n')
        t->kind = T_NEWLINE;
    else if (!c && p >= src_file->end)
        t->kind = in_directive ? T_NEWLINE : T_EOF;
    else
        t->kind = punctuator(t);
    t->len = src_p - p;
    return t->kind;
}

/* SPDX-License-Identifier: MIT
 *
 * Characters to preprocessing tokens, and the table of names. */

enum { CH_IDENT = 1, CH_DIGIT = 2, CH_SPACE = 4 };

static unsigned char char_class[256];

/* the file being read */
static File *src_file;
static char *src_p;
static int src_line;
static int src_bol;             /* nothing but white space since the line began */
static int in_directive;        /* a newline is a token, and stays */

enum { IDENT_BUCKETS = 16384 };
static Ident **ident_table;

static Ident *ident_find(char *name, int len, unsigned int hash) {
    Ident **slot = &ident_table[hash & (IDENT_BUCKETS - 1)];
    for (Ident *id = *slot; id; id = id->hash_next)
        if (id->hash == hash && id->len == len && mem_eq(id->name, name, len))
            return id;
    Ident *id = xalloc(sizeof(Ident));
    id->name = str_save(name, len);
    id->len = len;
    id->hash = hash;
    id->hash_next = *slot;
    *slot = id;
    return id;
}

Ident *ident_of(char *name, int len) {
    unsigned int hash = 0;
    for (int i = 0; i < len; i++)
        hash = hash * 31 + (name[i] & 255);
    return ident_find(name, len, hash);
}

Ident *ident_named(char *name) {
    return ident_of(name, str_len(name));
}

static char *keyword_names[] = {
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "_Bool", "_Alignas", "_Alignof", "_Generic", "_Noreturn", "_Static_assert", "_Thread_local",
    "asm", "__attribute__", "typeof", "__extension__", "__label__", "__func__",
    "__builtin_va_start", "__builtin_va_arg", "__builtin_va_end", "__builtin_va_copy", "__builtin_offsetof",
    "__builtin_constant_p", "__builtin_expect", "__builtin_alloca", "__builtin_trap", "__builtin_unreachable",
    "__builtin_types_compatible_p", "__builtin_choose_expr", "__builtin_frame_address", "__builtin_return_address",
    "__builtin_huge_val", "__builtin_huge_valf", "__builtin_huge_vall", "__builtin_nanf", "__builtin_nan"
};

static char *keyword_aliases[] = {
    "__const", "const", "__const__", "const", "__inline", "inline", "__inline__", "inline", "__restrict", "restrict",
    "__restrict__", "restrict", "__signed", "signed", "__signed__", "signed", "__volatile", "volatile",
    "__volatile__", "volatile", "__asm", "asm", "__asm__", "asm", "__attribute", "__attribute__",
    "__typeof", "typeof", "__typeof__", "typeof", "__alignof__", "_Alignof", "__alignof", "_Alignof",
    "__thread", "_Thread_local", "__FUNCTION__", "__func__", "__PRETTY_FUNCTION__", "__func__",
    "__builtin_inff", "__builtin_huge_valf", "__builtin_inf", "__builtin_huge_val", "__builtin_infl", "__builtin_huge_vall",
    0
};

void lex_init(void) {
    ident_table = xalloc(IDENT_BUCKETS * sizeof(Ident *));
    for (int c = 0; c < 256; c++) {
        if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 128)
            char_class[c] = CH_IDENT;
        else if (c >= '0' && c <= '9')
            char_class[c] = CH_DIGIT;
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v')
            char_class[c] = CH_SPACE;
    }
    for (int k = K_AUTO; k < K_LAST; k++)
        ident_named(keyword_names[k - K_AUTO])->keyword = k;
    for (int i = 0; keyword_aliases[i]; i += 2)
        ident_named(keyword_aliases[i])->keyword = ident_named(keyword_aliases[i + 1])->keyword;
}

void token_copy(Token *to, Token *from) {
    long *p = (long *)to;
    long *q = (long *)from;
    p[0] = q[0];
    p[1] = q[1];
    p[2] = q[2];
    p[3] = q[3];
    p[4] = q[4];
    p[5] = q[5];
}

/* Joins lines that end in a backslash; the newlines taken out are put back
 * after the joined line, so that line numbers stay true. */
static void splice_lines(char *text, long *len) {
    char *end = text + *len;
    char *p = text;
    while (p < end && *p != '\\')
        p++;
    char *out = p;
    int owed = 0;
    while (p < end) {
        if (*p == '\\' && (p[1] == '\n' || p[1] == '\r' && p[2] == '\n')) {
            p += p[1] == '\n' ? 2 : 3;
            owed++;
            continue;
        }
        *out = *p;
        out++;
        if (*p == '\n')
            while (owed) {
                *out = '\n';
                out++;
                owed--;
            }
        p++;
    }
    *out = 0;
    *len = out - text;
}

static void block_comment(Token *t) {
    src_p += 2;
    while (*src_p != '*' || src_p[1] != '/') {
        if (*src_p == '\n')
            src_line++;
        else if (!*src_p && src_p >= src_file->end) {
            t->file = src_file;
            t->line = src_line;
            t->at = src_p - 1;
            error_token(t, "unterminated comment%s", "");
            return;
        }
        src_p++;
    }
    src_p += 2;
}

/* Skips white space and comments; at a newline inside a directive it stops. */
static void skip_space(Token *t) {
    while (1) {
        char c = *src_p;
        if (char_class[c & 255] == CH_SPACE)
            src_p++;
        else if (c == '\n') {
            if (in_directive)
                return;
            src_p++;
            src_line++;
            src_bol = 1;
        } else if (c == '/' && src_p[1] == '*')
            block_comment(t);
        else if (c == '/' && src_p[1] == '/')
            while (*src_p && *src_p != '\n')
                src_p++;
        else
            return;
        t->space = 1;
    }
}

static int quoted(Token *t, char *p, int quote) {
    while (*p != quote) {
        if (*p == '\n' || !*p) {
            if (quote == '\'') {        /* an apostrophe in skipped text or assembly */
                src_p = t->text + 1;
                return T_OTHER;
            }
            error_token(t, "unterminated string%s", "");
            src_p = p;
            return T_STRING;
        }
        if (*p == '\\' && p[1] && p[1] != '\n')
            p++;
        p++;
    }
    src_p = p + 1;
    return quote == '"' ? T_STRING : T_CHAR;
}

static int pp_number(char *p) {
    while (1) {
        int c = *p & 255;
        if ((c == 'e' || c == 'E' || c == 'p' || c == 'P') && (p[1] == '+' || p[1] == '-'))
            p += 2;
        else if (char_class[c] & (CH_IDENT | CH_DIGIT) || c == '.')
            p++;
        else
            break;
    }
    src_p = p;
    return T_NUMBER;
}

static int identifier(Token *t, char *p) {
    unsigned int hash = 0;
    while (char_class[*p & 255] & (CH_IDENT | CH_DIGIT)) {
        hash = hash * 31 + (*p & 255);
        p++;
    }
    long len = p - t->text;
    if ((*p == '"' || *p == '\'') && len <= 2) {
        char c = *t->text;
        if (len == 1 && (c == 'L' || c == 'u' || c == 'U') || len == 2 && c == 'u' && t->text[1] == '8')
            return quoted(t, p + 1, *p);
    }
    src_p = p;
    t->id = ident_find(t->text, len, hash);
    return T_IDENT;
}

static int operator3(char *p, int with_equals, int simple) {
    if (p[0] == '=') {
        src_p = p + 1;
        return with_equals;
    }
    src_p = p;
    return simple;
}

static int punctuator(char *p) {
    int c = *p;
    int d = p[1];
    src_p = p + 2;
    switch (c) {
    case '+':
        if (d == '+') return T_INC;
        if (d == '=') return T_ADD_SET;
        break;
    case '-':
        if (d == '-') return T_DEC;
        if (d == '=') return T_SUB_SET;
        if (d == '>') return T_ARROW;
        break;
    case '*':
        if (d == '=') return T_MUL_SET;
        break;
    case '/':
        if (d == '=') return T_DIV_SET;
        break;
    case '%':
        if (d == '=') return T_MOD_SET;
        if (d == ':') return '#';
        break;
    case '<':
        if (d == '<') return operator3(p + 2, T_SHL_SET, T_SHL);
        if (d == '=') return T_LE;
        break;
    case '>':
        if (d == '>') return operator3(p + 2, T_SHR_SET, T_SHR);
        if (d == '=') return T_GE;
        break;
    case '=':
        if (d == '=') return T_EQ;
        break;
    case '!':
        if (d == '=') return T_NE;
        break;
    case '&':
        if (d == '&') return T_ANDAND;
        if (d == '=') return T_AND_SET;
        break;
    case '|':
        if (d == '|') return T_OROR;
        if (d == '=') return T_OR_SET;
        break;
    case '^':
        if (d == '=') return T_XOR_SET;
        break;
    case '#':
        if (d == '#') return T_PASTE;
        break;
    case '.':
        if (d == '.' && p[2] == '.') {
            src_p = p + 3;
            return T_ELLIPSIS;
        }
        break;
    }
    src_p = p + 1;
    if (c > ' ' && c < 127 && c != '`' && c != '@' && c != '\\')
        return c;
    return T_OTHER;
}

/* One raw token of the current file into t; returns its kind. */
int lex(Token *t) {
    t->space = 0;
    skip_space(t);
    char *p = src_p;
    t->bol = src_bol;
    src_bol = 0;
    t->painted = 0;
    t->joined = 0;
    t->text = p;
    t->at = p;
    t->file = src_file;
    t->line = src_line;
    t->id = 0;
    int c = *p & 255;
    int class = char_class[c];
    if (class & CH_IDENT)
        t->kind = identifier(t, p);
    else if (class & CH_DIGIT || c == '.' && char_class[p[1] & 255] & CH_DIGIT)
        t->kind = pp_number(p);
    else if (c == '"' || c == '\'')
        t->kind = quoted(t, p + 1, c);
    else if (c == '\n')
        t->kind = T_NEWLINE;
    else if (!c && p >= src_file->end)
        t->kind = in_directive ? T_NEWLINE : T_EOF;
    else
        t->kind = punctuator(p);
    t->len = src_p - p;
    return t->kind;
}

/* SPDX-License-Identifier: MIT
 *
 * Numbers, characters and strings: from spelling to value. */

/* ---- nodes ---- */

static Node *node_new(int op, Type *type, Node *a, Node *b) {
    Node *n = xalloc(sizeof(Node));
    n->op = op;
    n->type = type;
    n->a = a;
    n->b = b;
    n->line = tk.place.line;
    return n;
}

/* v cut to the type's size, in the form that a long of that value has. */
static long fit(long v, Type *type) {
    int unused = 64 - type->size * 8;
    if (type->kind == TY_BOOL)
        return v != 0;
    return is_unsigned(type) ? (long)((unsigned long)v << unused >> unused) : v << unused >> unused;
}

static Node *number(long v, Type *type) {
    if (in_condition)
        type = is_unsigned(type) ? ty_ulong : ty_long;
    Node *n = node_new(N_NUM, type, 0, 0);
    n->val = fit(v, type);
    return n;
}

static Node *real_node(Real *r, Type *type) {
    Node *n = node_new(N_REAL, type, 0, 0);
    n->real = r;
    return n;
}

static Node *variable(Decl *d) {
    Node *n = node_new(N_VAR, d->type, 0, 0);
    n->decl = d;
    return n;
}

/* `len` elements, the terminating zero among them. */
static Node *string_node(char *bytes, long len, Type *each) {
    Node *n = node_new(N_STR, array_of(each, len), 0, 0);
    n->str = bytes;
    n->val = len;
    return n;
}

/* ---- numbers ---- */

static Node *number_literal(Token *t) {
    char *p = t->text;
    char *end = p + t->len;
    int prefix = *p == '0' && t->len > 1 ? p[1] | 32 : 0;
    int base = prefix == 'x' ? 16 : prefix == 'b' ? 2 : prefix ? 8 : 10;
    if (base == 16 || base == 2)
        p += 2;
    unsigned long v = 0;
    char *digits = p;
    for (; p < end && hex_digit(*p) >= 0 && hex_digit(*p) < base; p++)
        v = v * base + hex_digit(*p);
    int u = 0;
    int longs = 0;
    for (; p > digits && p < end && ((*p | 32) == 'u' || (*p | 32) == 'l'); p++)
        if ((*p | 32) == 'u')
            u = 1;
        else
            longs++;
    if (p == end && p > digits) {
        if (!longs && v <= 0x7fffffff && !u)
            return number(v, ty_int);
        if (!longs && v <= 0xffffffff && (u || base != 10))
            return number(v, ty_uint);
        u |= v >> 63;
        return number(v, longs > 1 ? u ? ty_ullong : ty_llong : u ? ty_ulong : ty_long);
    }
    int floating = 0;
    for (p = t->text; p < end; p++)
        floating |= *p == '.' || (*p | 32) == (base == 16 ? 'p' : 'e');
    if (!floating)
        error_at(&t->place, "invalid number '%s'", token_text(t));
    int last = end[-1] | 32;
    Type *type = last == 'f' ? ty_float : last == 'l' ? ty_ldouble : ty_double;
    return real_node(real_parse(token_text(t), type->kind), type);
}

/* ---- characters and strings ---- */

static long digits(char **at, int base, int most) {
    long v = 0;
    for (; most > 0 && hex_digit(**at) >= 0 && hex_digit(**at) < base; most--)
        v = v * base + hex_digit(*(*at)++);
    return v;
}

/* One character of a literal whose elements have `size` bytes; advances *at. In a literal of bytes, one that is written
 * by its number in Unicode comes negative. The assembler has no token t. */
static long literal_char(char **at, int size, Token *t) {
    int c = *(*at)++ & 255;
    if (c == '\\') {
        char *escapes = "n\nt\tr\ra\ab\bf\fv\ve\033";
        c = *(*at)++ & 255;
        for (int i = 0; escapes[i]; i += 2)
            if (c == escapes[i])
                return escapes[i + 1];
        if (c == 'x') {
            if (t && hex_digit(**at) < 0)
                error_at(&t->place, "\\x without digits", "");
            return digits(at, 16, 100);
        }
        if (c == 'u' || c == 'U')
            return (size == 1 ? -1 : 1) * digits(at, 16, c == 'u' ? 4 : 8);
        if (c >= '0' && c <= '7') {
            --*at;
            return digits(at, 8, 3);
        }
    } else if (size > 1 && c >= 0xc0) {         /* UTF-8 */
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        c &= 0x3f >> more;
        for (; more > 0; more--)
            c = c << 6 | *(*at)++ & 0x3f;
    }
    return c;
}

/* What stands before the quote decides on the type of the elements. */
static Type *element_type(Token *t) {
    switch (t->text[0]) {
    case 'L': return ty_wchar;
    case 'U': return ty_uint;
    case 'u': return t->text[1] == '8' ? ty_char : ty_ushort;
    }
    return ty_char;
}

static char *behind_quote(Token *t) {
    char *p = t->text;
    while (*p++ != t->text[t->len - 1])
        ;
    return p;
}

static Node *char_literal(Token *t) {
    Type *type = element_type(t);
    char *p = behind_quote(t);
    char *end = t->text + t->len - 1;
    if (p == end)
        error_at(&t->place, "empty character constant", "");
    long v = 0;
    int n = 0;
    for (; p < end; n++)
        v = type->size > 1 ? literal_char(&p, type->size, t) : v << 8 | literal_char(&p, 1, t) & 255;
    if (type->size > 1)
        return number(v, type);
    return number(n == 1 ? fit(v, ty_char) : v, ty_int);
}

static long put_utf8(char *to, long c) {
    int more = c >= 0x10000 ? 3 : c >= 0x800 ? 2 : c >= 0x80;
    *to++ = more ? 0xff00 >> (more + 1) & 0xff | c >> (6 * more) : c;
    for (int i = more - 1; i >= 0; i--)
        *to++ = 0x80 | c >> (6 * i) & 0x3f;
    return more + 1;
}

/* Adjacent string literals to one N_STR, of the widest one's type. */
static Node *string_literal(void) {
    Token all;
    Token *last = &all;
    long room = 1;
    Type *each = ty_char;
    all.next = &list_end;
    for (; tk.kind == T_STRING; next()) {
        if (element_type(&tk)->size > each->size)
            each = element_type(&tk);
        room += tk.len;
        last = append(last, &tk);
    }
    int size = each->size;
    char *bytes = xalloc(room * size);
    long n = 0;
    for (Token *t = all.next; t->kind; t = t->next)
        for (char *p = behind_quote(t); p < t->text + t->len - 1;) {
            long c = literal_char(&p, size, t);
            if (c < 0)
                n += put_utf8(bytes + n, -c);
            else {
                put_le((unsigned char *)bytes + n, size, c);
                n += size;
            }
        }
    return string_node(bytes, n / size + 1, each);
}

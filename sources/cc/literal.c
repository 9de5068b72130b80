/* SPDX-License-Identifier: MIT
 *
 * Numbers, characters and strings: from spelling to value. */

/* Digits and suffix of an integer constant; 0 when it is none.  suffix: bit 0 u,
 * bit 1 l, bit 2 ll. */
static int integer_value(Token *t, unsigned long *value, int *suffix, int *decimal) {
    char *p = t->text;
    char *end = p + t->len;
    int base = 10;
    if (*p == '0' && t->len > 1) {
        base = 8;
        if ((p[1] | 32) == 'x') {
            base = 16;
            p += 2;
        } else if ((p[1] | 32) == 'b') {
            base = 2;
            p += 2;
        }
    }
    unsigned long v = 0;
    char *digits = p;
    while (p < end) {
        int d = hex_digit(*p & 255);
        if (d < 0 || d >= base)
            break;
        v = v * base + d;
        p++;
    }
    if (p == digits)
        return 0;
    *suffix = 0;
    for (; p < end; p++) {
        int c = *p | 32;
        if (c == 'u')
            *suffix |= 1;
        else if (c == 'l')
            *suffix |= *suffix & 2 ? 4 : 2;
        else
            return 0;
    }
    *value = v;
    *decimal = base == 10;
    return 1;
}

int pp_number_value(Token *t, long *value, int *is_unsigned_value) {
    unsigned long v = 0;
    int suffix = 0;
    int decimal = 0;
    int ok = integer_value(t, &v, &suffix, &decimal);
    *value = v;
    *is_unsigned_value = suffix & 1 || v >> 63;
    return ok;
}

Node *number_literal(Token *t) {
    unsigned long v = 0;
    int suffix = 0;
    int decimal = 0;
    if (integer_value(t, &v, &suffix, &decimal)) {
        Type *type;
        int may_be_unsigned = suffix & 1 || !decimal;
        if (!(suffix & 2) && v <= 0x7fffffff && !(suffix & 1))
            type = ty_int;
        else if (!(suffix & 2) && v <= 0xffffffff && may_be_unsigned)
            type = ty_uint;
        else if (!(suffix & 1) && !(v >> 63))
            type = suffix & 4 ? ty_llong : ty_long;
        else
            type = suffix & 4 ? ty_ullong : ty_ulong;
        return number(v, type);
    }
    char *p = t->text;
    int hex = t->len > 2 && (p[1] | 32) == 'x';
    int floating = 0;
    for (int i = 0; i < t->len; i++)
        floating |= p[i] == '.' || !hex && (p[i] | 32) == 'e' || hex && (p[i] | 32) == 'p';
    if (!floating)
        error("invalid number '%s'", token_text(t));
    int last = p[t->len - 1] | 32;
    Type *type = last == 'f' && (!hex || floating) ? ty_float : last == 'l' ? ty_ldouble : ty_double;
    Node *n = node_new(N_REAL, type, 0, 0);
    n->real = real_parse(token_text(t), type->kind);
    return n;
}

/* One character of a literal, escapes seen to; advances *at. */
static long literal_char(char **at, Token *t) {
    char *p = *at;
    long c = *p & 255;
    p++;
    if (c == '\\') {
        c = *p & 255;
        p++;
        switch (c) {
        case 'n': c = '\n'; break;
        case 't': c = '\t'; break;
        case 'r': c = '\r'; break;
        case 'a': c = 7; break;
        case 'b': c = 8; break;
        case 'f': c = 12; break;
        case 'v': c = 11; break;
        case 'e': c = 27; break;
        case 'x':
            c = 0;
            if (hex_digit(*p & 255) < 0)
                error_token(t, "\\x without digits%s", "");
            while (hex_digit(*p & 255) >= 0) {
                c = c << 4 | hex_digit(*p & 255);
                p++;
            }
            break;
        case 'u': case 'U': {
            int n = c == 'u' ? 4 : 8;
            c = 0;
            while (n > 0 && hex_digit(*p & 255) >= 0) {
                c = c << 4 | hex_digit(*p & 255);
                p++;
                n--;
            }
            c |= 1L << 40;              /* a code point, not a byte */
            break;
        }
        case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': {
            c -= '0';
            for (int n = 0; n < 2 && *p >= '0' && *p <= '7'; n++) {
                c = c << 3 | *p - '0';
                p++;
            }
        }
        }
    }
    *at = p;
    return c;
}

static long utf8_char(char **at, Token *t) {
    char *p = *at;
    int c = *p & 255;
    if (c < 0xc0)
        return literal_char(at, t) & ~(1L << 40);
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    long v = c & (0x3f >> more);
    for (int i = 1; i <= more; i++)
        v = v << 6 | p[i] & 0x3f;
    *at = p + 1 + more;
    return v;
}

static int prefix_size(Token *t) {
    switch (t->text[0]) {
    case 'L': case 'U': return 4;
    case 'u': return t->text[1] == '8' ? 1 : 2;
    }
    return 1;
}

long char_literal(Token *t, Type **type) {
    int size = prefix_size(t);
    char *p = t->text;
    char *end = p + t->len - 1;
    while (*p != '\'')
        p++;
    p++;
    if (p == end)
        error_token(t, "empty character constant%s", "");
    long v = 0;
    while (p < end)
        if (size > 1)
            v = utf8_char(&p, t);
        else
            v = v << 8 | literal_char(&p, t) & 255;
    if (size > 1) {
        *type = t->text[0] == 'L' ? ty_wchar : size == 2 ? ty_ushort : ty_uint;
        return v;
    }
    *type = ty_int;
    if (t->len == 3 || t->text[1] == '\\' && !(v >> 8))
        return target->char_unsigned ? v & 255 : (v & 255 ^ 128) - 128;
    return (int)v;
}

static char *literal_buffer;
static long literal_cap;

static long put_code_point(long at, unsigned long c) {
    int more = c >= 0x10000 ? 3 : c >= 0x800 ? 2 : 1;
    if (c < 0x80) {
        literal_buffer[at] = c;
        return at + 1;
    }
    literal_buffer[at] = (0xf00 >> more & 0xff & ~(0xff >> (more + 1))) | c >> (6 * more);
    for (int i = 1; i <= more; i++)
        literal_buffer[at + i] = 0x80 | c >> (6 * (more - i)) & 0x3f;
    return at + more + 1;
}

/* Adjacent string literals to one N_STR. */
Node *string_literal(void) {
    long n = 0;                         /* bytes so far */
    int size = prefix_size(&tk);
    int prefix = tk.text[0];
    while (tk.kind == T_STRING) {
        if (prefix_size(&tk) > size) {
            int wider = prefix_size(&tk);
            for (long i = n / size - 1; i >= 0; i--)
                put_le((unsigned char *)literal_buffer + i * wider, wider, get_le((unsigned char *)literal_buffer + i * size, size));
            n = n / size * wider;
            size = wider;
            prefix = tk.text[0];
        }
        char *p = tk.text;
        char *end = p + tk.len - 1;
        while (*p != '"')
            p++;
        p++;
        if (n + tk.len * 4 + 16 > literal_cap) {
            literal_cap = (n + tk.len * 4) * 2 + 4096;
            char *more = xalloc(literal_cap);
            mem_copy(more, literal_buffer, n);
            literal_buffer = more;
        }
        while (p < end)
            if (size == 1) {
                long c = literal_char(&p, &tk);
                if (c >> 40)
                    n = put_code_point(n, c & 0xffffffff);
                else {
                    literal_buffer[n] = c;
                    n++;
                }
            } else {
                put_le((unsigned char *)literal_buffer + n, size, utf8_char(&p, &tk));
                n += size;
            }
        next();
    }
    mem_set(literal_buffer + n, 0, 4);
    Type *each = size == 1 ? ty_char : size == 2 ? ty_ushort : prefix == 'L' ? ty_wchar : ty_uint;
    Node *s = node_new(N_STR, 0, 0, 0);
    s->str = str_save(literal_buffer, n + size);
    s->val = n / size + 1;
    s->type = array_of(each, s->val);
    return s;
}

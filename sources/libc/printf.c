// SPDX-License-Identifier: MIT
// Formatted output, and the little of formatted input that TinyCC uses.
// Floating-point digits are exact for every precision: the whole decimal
// expansion is written out first, then rounded as text.
#include "real.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where the output goes: to a file, or to a buffer with room for `size` bytes.
struct sink {
    FILE *file;
    char *to;
    size_t size;
    long count;
    int failed;
};

struct spec {
    int plus, blank, left, alternate, zero;
    int width;
    int precision;              // -1: none given
    char conversion;
};

static void put(struct sink *k, const char *s, long n)
{
    if (n <= 0) return;
    if (k->file) {
        if (fwrite(s, 1, (size_t)n, k->file) != (size_t)n) k->failed = 1;
    } else if ((size_t)k->count < k->size) {
        size_t room = k->size - (size_t)k->count;
        memcpy(k->to + k->count, s, (size_t)n < room ? (size_t)n : room);
    }
    k->count += n;
}

static void fill(struct sink *k, char c, long n)
{
    static const char blanks[] = "                ", zeros[] = "0000000000000000";
    for (; n > 0; n -= 16) put(k, c == ' ' ? blanks : zeros, n < 16 ? n : 16);
}

// Pads prefix (sign, 0x) + `zeros` zeros + body to the width.
static void field(struct sink *k, const struct spec *s, const char *prefix, long zeros, const char *body, long n)
{
    long used = (long)strlen(prefix) + zeros + n;
    if (s->zero && !s->left && used < s->width) {
        zeros += s->width - used;
        used = s->width;
    }
    if (!s->left) fill(k, ' ', s->width - used);
    put(k, prefix, (long)strlen(prefix));
    fill(k, '0', zeros);
    put(k, body, n);
    if (s->left) fill(k, ' ', s->width - used);
}

static const char *sign_text(const struct spec *s, int negative)
{
    return negative ? "-" : s->plus ? "+" : s->blank ? " " : "";
}

static void integer(struct sink *k, struct spec *s, unsigned long n, int negative)
{
    char text[24], *p = text + sizeof text;
    unsigned base = s->conversion == 'o' ? 8 : (s->conversion | 32) == 'x' || s->conversion == 'p' ? 16 : 10;
    const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = base != 16 || !s->alternate || !n ? "" : s->conversion == 'X' ? "0X" : "0x";
    long zeros;
    if (s->conversion == 'd') prefix = sign_text(s, negative);
    if (s->precision >= 0) s->zero = 0;
    for (; n; n /= base) *--p = digits[n % base];
    zeros = (s->precision < 0 ? 1 : s->precision) - (text + sizeof text - p);
    if (base == 8 && s->alternate && zeros <= 0) zeros = 1;
    field(k, s, prefix, zeros > 0 ? zeros : 0, p, text + sizeof text - p);
}

// An exact decimal as text: digits[0..n-1], the point before digits[point].
struct digits {
    long n;
    long point;
    char text[LIMBS * 9 + 2];
};

static void expand(struct digits *t, const struct decimal *d)
{
    char *p = t->text + 1;              // room for a carry in front
    for (int i = d->first; i < d->last; i++, p += 9) {
        unsigned v = d->limb[i];
        for (int j = 8; j >= 0; j--, v /= 10) p[j] = (char)('0' + v % 10);
    }
    t->n = p - t->text - 1;
    t->point = 9 * (POINT - d->first);
    p = t->text + 1;
    if (!t->n) t->point = 1;            // zero is "0."
    while (t->n && *p == '0') {
        p++;
        t->n--;
        t->point--;
    }
    memmove(t->text + 1, p, (size_t)t->n);
    t->text[0] = '0';
}

// Keeps `keep` digits (perhaps none), rounding half to even by exact value.
static void round_to(struct digits *t, long keep)
{
    char *text = t->text + 1;
    int up = 0;
    if (keep >= t->n) return;
    if (keep >= 0) {
        up = text[keep] > '5';
        if (text[keep] == '5') {
            long i = keep + 1;
            while (i < t->n && text[i] == '0') i++;
            up = i < t->n || (text[keep - 1] & 1);
        }
    }
    t->n = keep > 0 ? keep : 0;
    if (!up) return;
    while (text[keep - 1] == '9') text[--keep] = '0';
    text[keep - 1]++;
    if (keep == 0) {                    // 99 became 100: the spare digit is used
        memmove(t->text + 1, t->text, (size_t)t->n + 1);
        t->text[0] = '0';
        t->point++;
        t->n++;
    }
}

static void real(struct sink *k, struct spec *s, const struct real *r)
{
    static struct decimal d;
    static struct digits t;
    const char *prefix = sign_text(s, r->negative);
    char kind = (char)(s->conversion | 32);
    int upper = s->conversion < 'a', strip = 0;
    long precision = s->precision < 0 ? 6 : s->precision, exponent, whole;
    char *body, *out;
    if (r->kind != REAL_FINITE) {
        s->zero = 0;
        field(k, s, prefix, 0, r->kind == REAL_NAN ? (upper ? "NAN" : "nan") : upper ? "INF" : "inf", 3);
        return;
    }
    __decimal_from_real(&d, r);
    expand(&t, &d);
    if (kind == 'g') {
        strip = !s->alternate;
        if (precision == 0) precision = 1;
        round_to(&t, precision);
        exponent = t.n ? t.point - 1 : 0;
        kind = exponent < -4 || exponent >= precision ? 'e' : 'f';
        precision -= kind == 'e' ? 1 : exponent + 1;
    }
    round_to(&t, kind == 'e' ? precision + 1 : t.point + precision);
    exponent = t.n ? t.point - 1 : 0;
    if (strip) {
        // digits that are there and not zero decide how many places are written
        long places, n = t.n;
        while (n && t.text[n] == '0') n--;
        places = kind == 'e' ? n - 1 : n - t.point;
        if (places < precision) precision = places > 0 ? places : 0;
    }
    whole = kind == 'e' || t.point <= 0 ? 1 : t.point;
    body = malloc((size_t)(whole + precision) + 8);     // and the point and an exponent
    if (!body) {
        k->failed = 1;
        return;
    }
    out = body;
    for (long i = -whole; i < precision; i++) {
        // which digit stands here: in 'e' form the first digit is the whole
        long at = kind == 'e' ? i + 1 : i + t.point;
        if (i == 0) *out++ = '.';
        *out++ = at >= 0 && at < t.n ? t.text[at + 1] : '0';
    }
    if (precision == 0 && s->alternate) *out++ = '.';
    if (kind == 'e') out += sprintf(out, "%c%+.2ld", upper ? 'E' : 'e', exponent);
    field(k, s, prefix, 0, body, out - body);
    free(body);
}

static int number(const char **p)
{
    int n = 0;
    while (isdigit((unsigned char)**p)) n = n * 10 + *(*p)++ - '0';
    return n;
}

static void format(struct sink *k, const char *f, va_list args)
{
    for (;;) {
        struct spec s = { 0, 0, 0, 0, 0, 0, -1, 0 };
        const char *start = f;
        int size = 4;
        while (*f && *f != '%') f++;
        put(k, start, f - start);
        if (!*f++) return;
        for (; *f && strchr("+ -#0", *f); f++) {
            s.plus |= *f == '+';
            s.blank |= *f == ' ';
            s.left |= *f == '-';
            s.alternate |= *f == '#';
            s.zero |= *f == '0';
        }
        s.width = *f == '*' ? f++, va_arg(args, int) : number(&f);
        if (s.width < 0) {
            s.left = 1;
            s.width = -s.width;
        }
        if (*f == '.') s.precision = *++f == '*' ? f++, va_arg(args, int) : number(&f);
        for (;; f++) {
            if (*f == 'h') size /= 2;
            else if (*f == 'l' || *f == 'z' || *f == 'j' || *f == 't') size = 8;
            else if (*f == 'L') size = 16;
            else break;
        }
        s.conversion = *f++;
        switch (s.conversion) {
        case 'd':
        case 'i': {
            long n = size >= 8 ? va_arg(args, long) : va_arg(args, int);
            s.conversion = 'd';
            if (size == 2) n = (short)n;
            if (size == 1) n = (signed char)n;
            integer(k, &s, n < 0 ? 0 - (unsigned long)n : (unsigned long)n, n < 0);
            break;
        }
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            unsigned long n = size >= 8 ? va_arg(args, unsigned long) : va_arg(args, unsigned);
            if (size == 2) n = (unsigned short)n;
            if (size == 1) n = (unsigned char)n;
            integer(k, &s, n, 0);
            break;
        }
        case 'p':
            s.alternate = 1;
            integer(k, &s, (unsigned long)va_arg(args, void *), 0);
            break;
        case 'c': {
            char c = (char)va_arg(args, int);
            s.zero = 0;
            field(k, &s, "", 0, &c, 1);
            break;
        }
        case 's': {
            const char *text = va_arg(args, const char *);
            long n = 0;
            if (!text) text = "(null)";
            while (n != s.precision && text[n]) n++;
            s.zero = 0;
            field(k, &s, "", 0, text, n);
            break;
        }
        case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': {
            struct real r;
            if (size == 16) __real_from_long_double(&r, va_arg(args, long double));
            else __real_from_double(&r, va_arg(args, double));
            real(k, &s, &r);
            break;
        }
        case '%': put(k, "%", 1); break;
        default:                        // unknown: shown as it stands
            put(k, start, f - start);
            if (!s.conversion) return;
        }
    }
}

int vfprintf(FILE *f, const char *text, va_list args)
{
    struct sink k = { f, NULL, 0, 0, 0 };
    format(&k, text, args);
    return k.failed ? -1 : (int)k.count;
}

int vsnprintf(char *to, size_t size, const char *text, va_list args)
{
    struct sink k = { NULL, to, size ? size - 1 : 0, 0, 0 };
    format(&k, text, args);
    if (size) to[(size_t)k.count < size ? (size_t)k.count : size - 1] = 0;
    return k.failed ? -1 : (int)k.count;
}

int vsprintf(char *to, const char *text, va_list args) { return vsnprintf(to, ~0ul >> 1, text, args); }

int printf(const char *text, ...)
{
    va_list args;
    int n;
    va_start(args, text);
    n = vfprintf(stdout, text, args);
    va_end(args);
    return n;
}

int fprintf(FILE *f, const char *text, ...)
{
    va_list args;
    int n;
    va_start(args, text);
    n = vfprintf(f, text, args);
    va_end(args);
    return n;
}

int sprintf(char *to, const char *text, ...)
{
    va_list args;
    int n;
    va_start(args, text);
    n = vsprintf(to, text, args);
    va_end(args);
    return n;
}

int snprintf(char *to, size_t size, const char *text, ...)
{
    va_list args;
    int n;
    va_start(args, text);
    n = vsnprintf(to, size, text, args);
    va_end(args);
    return n;
}

// Blanks, literal text, and %d %i %u %x %ld ...: what TinyCC reads its version with.
int sscanf(const char *from, const char *text, ...)
{
    va_list args;
    int n = 0;
    va_start(args, text);
    for (; *text; text++) {
        if (isspace((unsigned char)*text)) {
            while (isspace((unsigned char)*from)) from++;
        } else if (*text != '%') {
            if (*from++ != *text) break;
        } else {
            int wide = *++text == 'l';
            char *end;
            long value;
            if (wide) text++;
            value = strtol(from, &end, *text == 'x' ? 16 : *text == 'i' ? 0 : 10);
            if (end == from) break;
            from = end;
            if (wide) *va_arg(args, long *) = value;
            else *va_arg(args, int *) = (int)value;
            n++;
        }
    }
    va_end(args);
    return n;
}

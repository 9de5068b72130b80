// SPDX-License-Identifier: MIT
// Between binary floating point and decimal text, exactly, for float, double
// and both long doubles (x87's 80 bits and binary128), with integers only: the
// processor that compiles must not show in the constants it writes.
//
// Both directions go through a decimal number of base 10^9 (real.h) that is
// multiplied or divided by powers of two. Dividing by 2^9 adds at most one
// limb, because 10^9 = 2^9 * 5^9; so every step is exact.
#include "real.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// A binary format: its precision in bits; the exponent of its largest numbers,
// which are below 2^top; where in two words its exponent field and its sign
// are. x87 writes the leading one, so its exponent field stands a bit higher.
struct format { int precision, top, field, sign; };
static const struct format float_format = { 24, 128, 23, 31 };
static const struct format double_format = { 53, 1024, 52, 63 };
#ifdef __aarch64__
static const struct format long_double_format = { 113, 16384, 112, 127 };
#else
static const struct format long_double_format = { 64, 16384, 64, 79 };
#endif

// Bit n of two words and those above it in the same word.
static unsigned long from_bit(const unsigned long *words, int n) { return words[n / 64] >> n % 64; }
static void add_at_bit(unsigned long *words, int n, unsigned long value) { words[n / 64] += value << n % 64; }

static void decode(struct real *r, unsigned long *words, const struct format *f)
{
    int e = (int)from_bit(words, f->field) & (2 * f->top - 1), leading = f->precision - 1;
    r->negative = (int)from_bit(words, f->sign) & 1;
    words[f->field / 64] &= (1ul << f->field % 64) - 1;
    r->kind = e < 2 * f->top - 1 ? REAL_FINITE : words[0] << (f->precision == 64) | words[1] ? REAL_NAN : REAL_INFINITE;
    if (e && f->field == leading) add_at_bit(words, leading, 1);
    r->exponent = (e ? e : 1) + 2 - f->top - f->precision;
    r->high = words[1];
    r->low = words[0];
}

static void encode(unsigned long *words, const struct real *r, const struct format *f)
{
    int e = r->exponent + f->precision + f->top - 2, leading = f->precision - 1;
    words[0] = r->low;
    words[1] = r->high;
    if (r->kind != REAL_FINITE) {
        e = 2 * f->top - 1;
        words[0] = words[1] = 0;
        add_at_bit(words, leading, 1);
        if (r->kind == REAL_NAN) add_at_bit(words, leading - 1, 1);
    }
    // the leading one, where the format does not write it, adds itself
    if (from_bit(words, leading) & 1) add_at_bit(words, f->field, (unsigned long)(e - (f->field == leading)));
    add_at_bit(words, f->sign, (unsigned long)r->negative);
}

void __real_from_double(struct real *r, double x)
{
    unsigned long words[2] = { 0, 0 };
    memcpy(words, &x, sizeof x);
    decode(r, words, &double_format);
}

void __real_from_long_double(struct real *r, long double x)
{
    unsigned long words[2];
    memcpy(words, &x, sizeof x);
    decode(r, words, &long_double_format);
}

// d *= 2^bits, for bits up to 29.
static void multiply(struct decimal *d, int bits)
{
    unsigned long carry = 0;
    for (int i = d->last; i-- > d->first;) {
        carry += (unsigned long)d->limb[i] << bits;
        d->limb[i] = (unsigned)(carry % LIMB);
        carry /= LIMB;
    }
    if (carry) d->limb[--d->first] = (unsigned)carry;
    while (d->last > d->first && d->limb[d->last - 1] == 0) d->last--;
}

// d /= 2^bits, for bits up to 9. Below the last limb that there is room for,
// only that something was there matters.
static void divide(struct decimal *d, int bits)
{
    unsigned long rest = 0;
    for (int i = d->first; i < d->last; i++) {
        rest = rest * LIMB + d->limb[i];
        d->limb[i] = (unsigned)(rest >> bits);
        rest &= (1ul << bits) - 1;
    }
    if (rest && d->last < LIMBS) d->limb[d->last++] = (unsigned)(rest * LIMB >> bits);
    else if (rest) d->limb[LIMBS - 1] |= 1;
    while (d->first < d->last && d->limb[d->first] == 0) d->first++;
}

static void scale(struct decimal *d, int exponent)
{
    for (; exponent >= 29; exponent -= 29) multiply(d, 29);
    if (exponent > 0) multiply(d, exponent);
    for (; exponent <= -9; exponent += 9) divide(d, 9);
    if (exponent < 0) divide(d, -exponent);
}

// Takes the integer part of d, which is below 2^29, out of it.
static unsigned take_integer(struct decimal *d)
{
    unsigned n = 0;
    if (d->first < POINT && d->first < d->last) {
        n = d->limb[d->first++];        // below one limb, so first was POINT - 1
        while (d->first < d->last && d->limb[d->first] == 0) d->first++;
    }
    return n;
}

void __decimal_from_real(struct decimal *d, const struct real *r)
{
    unsigned long words[2];
    words[0] = r->high;
    words[1] = r->low;
    d->first = d->last = POINT;
    for (int i = 0; i < 8; i++) {
        unsigned chunk = (unsigned)(words[i / 4] >> (48 - i % 4 * 16)) & 0xffff;
        int at = POINT - 1;
        if (d->last > d->first) {
            while (d->last < POINT) d->limb[d->last++] = 0;
            multiply(d, 16);
        }
        if (!chunk) continue;
        while (d->last < POINT) d->limb[d->last++] = 0;
        for (; at >= d->first; at--) {
            d->limb[at] += chunk;
            chunk = d->limb[at] >= LIMB;
            if (chunk) d->limb[at] -= LIMB;
        }
        if (chunk) d->limb[--d->first] = chunk;
    }
    if (d->last > d->first) scale(d, r->exponent);
}

// Reads digits, point and exponent into d; returns the end, or null if there
// is no number. Digits that d has no room for only count as "not zero".
static const char *read_decimal(struct decimal *d, const char *s)
{
    const char *point = NULL, *digits_end, *first = NULL;
    long exponent = 0, top;
    int seen = 0;
    d->first = d->last = POINT;
    for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
        if (*s == '.') point = s;
        else seen = 1;
        if (!first && *s >= '1') first = s;
    }
    if (!seen) return NULL;
    digits_end = s;
    if (!point) point = s;
    if ((*s | 32) == 'e') {
        const char *e = s + 1 + (s[1] == '-' || s[1] == '+');
        int negative = s[1] == '-';
        for (; isdigit((unsigned char)*e); s = ++e)
            if (exponent < 1000000000) exponent = exponent * 10 + *e - '0';
        if (negative) exponent = -exponent;
    }
    if (!first) return s;
    // numbers beyond every format's range are brought to where the array ends
    top = exponent + (first < point ? point - first - 1 : point - first);
    if (top > 9 * POINT - 1) exponent -= top - (9 * POINT - 1);
    if (top < -5100) exponent -= top + 5100;
    for (; first < digits_end; first++) {
        long place = exponent + (first < point ? point - first - 1 : point - first);
        long group = place >= 0 ? place / 9 : -((8 - place) / 9);
        long limb = POINT - 1 - group;
        unsigned weight = 1;
        if (*first == '.' || *first == '0') continue;
        if (d->first == d->last) d->first = d->last = (int)limb;
        while (d->last <= limb && d->last < LIMBS) d->limb[d->last++] = 0;
        if (limb >= LIMBS) {
            d->limb[LIMBS - 1] |= 1;
            break;
        }
        for (place -= 9 * group; place > 0; place--) weight *= 10;
        d->limb[limb] += (unsigned)(*first - '0') * weight;
    }
    return s;
}

// Makes r, which is zero, the number nearest to d in the format, ties to even;
// overflow gives infinity, and both ends set ERANGE.
static void round_decimal(struct real *r, struct decimal *d, const struct format *f)
{
    int exponent = 0, bits, half;
    if (d->first == d->last) return;
    // into 1/2 <= d < 1, by large steps first
    while (d->first < POINT - 1) {
        divide(d, 9);
        exponent += 9;
    }
    while (d->first < POINT) {
        divide(d, 1);
        exponent++;
    }
    while (d->first > POINT + 1) {
        multiply(d, 29);
        exponent -= 29;
    }
    while (d->first > POINT || d->limb[POINT] < LIMB / 2) {
        multiply(d, 1);
        exponent--;
    }
    // numbers near zero have fewer bits
    bits = f->precision;
    if (exponent < 3 - f->top) bits -= 3 - f->top - exponent;
    r->exponent = exponent - bits;
    if (bits < 0) {
        errno = ERANGE;
        return;
    }
    for (int left = bits; left > 0;) {
        int n = left > 29 ? 29 : left;
        multiply(d, n);
        r->high = r->high << n | r->low >> (64 - n);
        r->low = r->low << n | take_integer(d);
        left -= n;
    }
    half = d->first < d->last && d->first == POINT
        ? d->limb[POINT] > LIMB / 2 || (d->limb[POINT] == LIMB / 2 && (d->last > POINT + 1 || r->low & 1)) : 0;
    if (half && ++r->low == 0) r->high++;
    // rounding up may have made one bit more
    if (f->precision < 64 ? r->low >> f->precision : f->precision == 64 ? r->high : r->high >> (f->precision - 64)) {
        r->low = r->low >> 1 | r->high << 63;
        r->high >>= 1;
        r->exponent++;
        bits = f->precision;
    }
    if (r->exponent + f->precision > f->top && bits == f->precision) {
        r->kind = REAL_INFINITE;
        errno = ERANGE;
    }
    if (bits < f->precision && !(r->high | r->low)) errno = ERANGE;
}

// Skips blanks and a sign, recognises inf and nan, converts the rest.
static void convert(unsigned long *words, const char *s, char **end, const struct format *f)
{
    static struct decimal d;
    struct real r = { REAL_FINITE, 0, 0, 0, 0 };
    const char *start = s, *stop = NULL;
    char sign;
    while (isspace((unsigned char)*s)) s++;
    sign = *s;
    if (sign == '-' || sign == '+') s++;
    if ((s[0] | 32) == 'i' && (s[1] | 32) == 'n' && (s[2] | 32) == 'f') r.kind = REAL_INFINITE;
    else if ((s[0] | 32) == 'n' && (s[1] | 32) == 'a' && (s[2] | 32) == 'n') r.kind = REAL_NAN;
    else stop = read_decimal(&d, s);
    if (r.kind != REAL_FINITE) stop = s + 3;
    else if (stop) round_decimal(&r, &d, f);
    r.negative = sign == '-' && stop;
    if (end) *end = (char *)(stop ? stop : start);
    encode(words, &r, f);
}

float strtof(const char *s, char **end)
{
    unsigned long words[2];
    float x;
    convert(words, s, end, &float_format);
    memcpy(&x, words, sizeof x);
    return x;
}

double strtod(const char *s, char **end)
{
    unsigned long words[2];
    double x;
    convert(words, s, end, &double_format);
    memcpy(&x, words, sizeof x);
    return x;
}

long double strtold(const char *s, char **end)
{
    unsigned long words[2];
    long double x;
    convert(words, s, end, &long_double_format);
    memcpy(&x, words, sizeof x);
    return x;
}

// By multiplications. Going down, all but the last are exact, or the result is
// zero: 53 bits are left below each.
double ldexp(double x, int exponent)
{
    unsigned long bits;
    double power;
    exponent = exponent > 5000 ? 5000 : exponent < -5000 ? -5000 : exponent;
    for (; exponent > 1023; exponent -= 1023) x *= 0x1p1023;
    for (; exponent < -1022; exponent += 969) x *= 0x1p-969;
    bits = (unsigned long)(1023 + exponent) << 52;
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

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

union float_bits { float value; unsigned bits; };
union double_bits { double value; unsigned long bits; };
union long_double_bits { long double value; unsigned long words[2]; };

// A binary format: precision in bits and the exponent of its largest numbers,
// which are below 2^top.
struct format { int precision; int top; };
static const struct format float_format = { 24, 128 };
static const struct format double_format = { 53, 1024 };
#ifdef __aarch64__
static const struct format long_double_format = { 113, 16384 };
#else
static const struct format long_double_format = { 64, 16384 };
#endif

void __real_from_double(struct real *r, double x)
{
    union double_bits u;
    int e;
    u.value = x;
    e = (int)(u.bits >> 52 & 0x7ff);
    r->negative = (int)(u.bits >> 63);
    r->high = 0;
    r->low = u.bits & 0xffffffffffffful;
    r->kind = e < 0x7ff ? REAL_FINITE : r->low ? REAL_NAN : REAL_INFINITE;
    if (e) r->low |= 1ul << 52;
    r->exponent = (e ? e : 1) - 1023 - 52;
}

void __real_from_long_double(struct real *r, long double x)
{
    union long_double_bits u;
    int e;
    u.value = x;
    r->low = u.words[0];
#ifdef __aarch64__
    e = (int)(u.words[1] >> 48 & 0x7fff);
    r->negative = (int)(u.words[1] >> 63);
    r->high = u.words[1] & 0xfffffffffffful;
    r->kind = e < 0x7fff ? REAL_FINITE : r->high | r->low ? REAL_NAN : REAL_INFINITE;
    if (e) r->high |= 1ul << 48;
    r->exponent = (e ? e : 1) - 16383 - 112;
#else
    e = (int)(u.words[1] & 0x7fff);
    r->negative = (int)(u.words[1] >> 15 & 1);
    r->high = 0;
    r->kind = e < 0x7fff ? REAL_FINITE : r->low << 1 ? REAL_NAN : REAL_INFINITE;
    r->exponent = (e ? e : 1) - 16383 - 63;
#endif
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

// The number nearest to d in the format, ties to even; overflow gives
// infinity, and both ends set ERANGE.
static void round_decimal(struct real *r, struct decimal *d, const struct format *f)
{
    int exponent = 0, bits, half;
    r->high = r->low = 0;
    r->kind = REAL_FINITE;
    r->exponent = 0;
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
static void convert(struct real *r, const char *s, char **end, const struct format *f)
{
    static struct decimal d;
    const char *start = s, *stop;
    int negative;
    while (isspace((unsigned char)*s)) s++;
    negative = *s == '-';
    if (*s == '-' || *s == '+') s++;
    r->high = r->low = 0;
    r->exponent = 0;
    if ((s[0] | 32) == 'i' && (s[1] | 32) == 'n' && (s[2] | 32) == 'f') {
        r->kind = REAL_INFINITE;
        stop = s + 3;
    } else if ((s[0] | 32) == 'n' && (s[1] | 32) == 'a' && (s[2] | 32) == 'n') {
        r->kind = REAL_NAN;
        stop = s + 3;
    } else {
        stop = read_decimal(&d, s);
        if (stop) round_decimal(r, &d, f);
        else r->kind = REAL_FINITE;
    }
    r->negative = negative && stop;
    if (end) *end = (char *)(stop ? stop : start);
}

// The encoding of float and double: exponent field and fraction in one word.
static unsigned long encode(const struct real *r, const struct format *f)
{
    unsigned long hidden = 1ul << (f->precision - 1), bits = r->low;
    unsigned long field = (unsigned long)(r->exponent + f->precision + f->top - 2);
    if (r->kind != REAL_FINITE) bits = (2ul * (unsigned long)f->top - 1) * hidden + (r->kind == REAL_NAN ? hidden / 2 : 0);
    else if (r->low & hidden) bits += (field - 1) * hidden;
    return bits;
}

float strtof(const char *s, char **end)
{
    struct real r;
    union float_bits u;
    convert(&r, s, end, &float_format);
    u.bits = (unsigned)encode(&r, &float_format) | (unsigned)r.negative << 31;
    return u.value;
}

double strtod(const char *s, char **end)
{
    struct real r;
    union double_bits u;
    convert(&r, s, end, &double_format);
    u.bits = encode(&r, &double_format) | (unsigned long)r.negative << 63;
    return u.value;
}

long double strtold(const char *s, char **end)
{
    struct real r;
    union long_double_bits u;
    unsigned long field;
    convert(&r, s, end, &long_double_format);
    field = (unsigned long)(r.exponent + long_double_format.precision + 16382);
#ifdef __aarch64__
    u.words[0] = r.low;
    u.words[1] = r.high;
    if (r.kind != REAL_FINITE) u.words[1] = r.kind == REAL_NAN ? 0x7ffful << 48 | 1ul << 47 : 0x7ffful << 48, u.words[0] = 0;
    else if (r.high >> 48) u.words[1] += (field - 1) << 48;
    u.words[1] |= (unsigned long)r.negative << 63;
#else
    u.words[0] = r.kind == REAL_FINITE ? r.low : r.kind == REAL_NAN ? 3ul << 62 : 1ul << 63;
    u.words[1] = r.kind != REAL_FINITE ? 0x7fff : r.low >> 63 ? field : 0;
    u.words[1] |= (unsigned long)r.negative << 15;
#endif
    return u.value;
}

double ldexp(double x, int exponent)
{
    struct real r;
    union double_bits u;
    int below;
    __real_from_double(&r, x);
    if (r.kind != REAL_FINITE || r.low == 0) return x;
    while (!(r.low >> 52)) {
        r.low <<= 1;
        r.exponent--;
    }
    r.exponent += exponent > 5000 ? 5000 : exponent < -5000 ? -5000 : exponent;
    below = -1074 - r.exponent;         // how many bits fall off at the small end
    if (r.exponent + 53 > 1024) r.kind = REAL_INFINITE;
    if (below > 54) r.low = 0;
    else if (below > 0) {
        unsigned long half = 1ul << (below - 1), rest = r.low & (2 * half - 1);
        r.low = (r.low >> below) + (rest > half || (rest == half && r.low >> below & 1));
        r.exponent = -1074;
    }
    u.bits = encode(&r, &double_format) | (unsigned long)r.negative << 63;
    return u.value;
}

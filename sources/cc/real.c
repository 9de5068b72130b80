/* SPDX-License-Identifier: MIT
 *
 * Floating constants by integer arithmetic: decimal and hexadecimal text to
 * binary32, binary64, x87's 80 bits and binary128, and folding.  The result
 * does not depend on the machine that cc runs on.
 *
 * Every operation makes its exact result (or enough of it, and whether there
 * is more) as one big integer, which real_round() turns into a value. */

enum { REAL_FINITE, REAL_INF, REAL_NAN };
enum { LIMBS = 4, GUARD = 34, BIG = 720 };  /* 32-bit limbs, least significant first */

/* The value m * 2^exp; zero when m is.  An infinity is a value that every format rounds to one: so most rules for it
 * need no code. */
struct Real {
    int kind;
    int negative;
    int exp;
    unsigned int m[LIMBS];
};

static unsigned int big[BIG];
static int nbig;

/* A format: bits of precision, exponent bits' largest value. */
static int real_precision(int type) {
    if (type == TY_LDOUBLE)
        return target->machine == MACH_X86_64 ? 64 : 113;
    return type == TY_FLOAT ? 24 : 53;
}

static int real_max_exp(int type) {
    return type == TY_FLOAT ? 127 : type == TY_DOUBLE ? 1023 : 16383;
}

static Real *real_new(int kind, int negative) {
    Real *r = xalloc(sizeof(Real));
    r->kind = kind;
    r->negative = negative;
    if (kind == REAL_INF) {
        r->m[0] = 1;
        r->exp = 100000;
    }
    return r;
}

static int real_is_zero(Real *r) {
    return r->kind == REAL_FINITE && !(r->m[0] | r->m[1] | r->m[2] | r->m[3]);
}

static int either_is(int kind, Real *a, Real *b) {
    return a->kind == kind || b->kind == kind;
}

/* ---- big integers ---- */

static void big_clear(int n) {
    mem_set(big, 0, n * 4);
    nbig = n;
}

static unsigned int bit(unsigned int *limbs, int i) {
    return i < 0 ? 0 : limbs[i / 32] >> (i % 32) & 1;
}

/* big = the mantissa of r, shifted left. */
static void big_from(Real *r, int shift) {
    big_clear(shift / 32 + LIMBS + 2);
    for (int i = 0; i < LIMBS; i++) {
        unsigned long v = (unsigned long)r->m[i] << (shift % 32);
        big[shift / 32 + i] |= v;
        big[shift / 32 + i + 1] = v >> 32;
    }
}

static void big_mul_add(unsigned long factor, unsigned long add) {
    for (int i = 0; i < nbig; i++) {
        unsigned long v = big[i] * factor + add;
        big[i] = v;
        add = v >> 32;
    }
    if (add && nbig < BIG)
        big[nbig++] = add;
}

/* big = big * 2^32 / divisor. Returns whether there is a rest. */
static int big_div(unsigned long divisor) {
    unsigned long v = 0;
    for (int i = nbig; i >= 0; i--) {
        v = v % divisor << 32 | (i ? big[i - 1] : 0);
        big[i] = v / divisor;
    }
    nbig += big[nbig] != 0;
    return v % divisor != 0;
}

static Real *real_convert(Real *r, int type);

/* big * 2^exp to the nearest value of the type, of two equally near ones to the even; `sticky`: it is a little more.
 * The mantissa has all its bits, or the exponent is the least. */
static Real *real_round(int negative, int exp, int type, int sticky) {
    Real *r = real_new(REAL_FINITE, negative);
    int precision = real_precision(type);
    int least = 2 - real_max_exp(type) - precision;
    int top = nbig * 32;
    while (top && !bit(big, top - 1))
        top--;
    int drop = top - precision;
    if (exp + drop < least)
        drop = least - exp;
    r->exp = exp + drop;
    for (int i = top - 1; i >= 0 && i >= drop; i--)
        r->m[(i - drop) / 32] |= bit(big, i) << ((i - drop) % 32);
    if (drop > 0 && drop <= top && bit(big, drop - 1)) {
        for (int i = drop - 2; i >= 0 && !sticky; i--)
            sticky = bit(big, i);
        unsigned long carry = sticky || r->m[0] & 1;
        for (int i = 0; i < LIMBS; i++) {
            carry += r->m[i];
            r->m[i] = carry;
            carry = carry >> 32;
        }
    }
    if (bit(r->m, precision))
        return real_convert(r, type);
    if (bit(r->m, precision - 1) && r->exp + precision - 1 > real_max_exp(type))
        return real_new(REAL_INF, negative);
    return r;
}

static Real *real_convert(Real *r, int type) {
    if (r->kind != REAL_FINITE)
        return r;
    big_from(r, 0);
    return real_round(r->negative, r->exp, type, 0);
}

/* ---- text ---- */

static int hex_digit(int c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static long exponent(char *p) {
    int negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    long e = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (e < 100000)
            e = e * 10 + *p - '0';
    return negative ? -e : e;
}

/* A decimal exponent is multiplied in by steps of 32 binary digits. Behind the number's own limbs there are as many more
 * as make the result exact but for its last 300 bits and more. Thus, it is on the same side of the middle between two
 * values as the exact one: to be nearer to it, but not there, the number would have to have more digits. */
static Real *real_parse(char *p, int type) {
    int exp = 0;
    int point = 0;
    int sticky = 0;
    int hex = p[0] == '0' && (p[1] | 32) == 'x';
    int digit_exp = hex ? 4 : 1;
    big_clear(0);
    if (hex)
        p += 2;
    for (; *p == '.' || hex_digit(*p) >= 0 && (hex || hex_digit(*p) < 10); p++)
        if (*p == '.')
            point = 1;
        else if (nbig > 600) {
            sticky |= *p != '0';
            exp += point ? 0 : digit_exp;
        } else {
            big_mul_add(hex ? 16 : 10, hex_digit(*p));
            exp -= point ? digit_exp : 0;
        }
    if ((*p | 32) == (hex ? 'p' : 'e'))
        exp += exponent(p + 1);
    if (hex)
        return real_round(0, exp, type, sticky);
    exp = !nbig ? 0 : exp > 5000 ? 5000 : exp < -12000 ? -12000 : exp;          /* infinite; zero */
    nbig += GUARD;
    for (int i = nbig - 1; i >= 0; i--)
        big[i] = i < GUARD ? 0 : big[i - GUARD];
    int binary = exp - 32 * GUARD;
    while (exp) {
        int step = exp > 13 ? 13 : exp < -13 ? -13 : exp;
        unsigned long power = 1;
        for (int i = 0; i < step || i < -step; i++)
            power *= 5;
        if (step < 0)
            sticky |= big_div(power);
        else {
            big_mul_add(power, 0);
            sticky |= big[0] != 0;
            mem_copy(big, big + 1, --nbig * 4);
        }
        binary += step < 0 ? -32 : 32;
        exp -= step;
    }
    return real_round(0, binary, type, sticky);
}

/* ---- arithmetic; results are rounded to the type ---- */

static Real *real_from_long(long v, int is_unsigned, int type) {
    Real *r = real_new(REAL_FINITE, v < 0 && !is_unsigned);
    if (r->negative)
        v = -v;
    r->m[0] = v;
    r->m[1] = v >> 32;
    return real_convert(r, type);
}

static long real_to_long(Real *r) {
    unsigned long v = 0;
    for (int i = 0; i < LIMBS * 32; i++)
        if (bit(r->m, i) && i + r->exp > 63)
            return 1L << 63;
        else if (bit(r->m, i) && i + r->exp >= 0)
            v |= 1UL << (i + r->exp);
    return r->negative ? -v : v;
}

static Real *real_neg(Real *a) {
    Real *r = real_new(0, 0);
    mem_copy(r, a, sizeof(Real));
    r->negative = !a->negative;
    return r;
}

static Real *real_add(Real *a, Real *b, int type) {
    int negative = a->negative;
    int minus = negative != b->negative;
    int distance = a->exp - b->exp;
    if (either_is(REAL_NAN, a, b) || a->kind == REAL_INF && b->kind == REAL_INF && minus)
        return real_new(REAL_NAN, 0);
    if (real_is_zero(a) != real_is_zero(b))
        return real_is_zero(a) ? b : a;
    if (distance < 0)
        return real_add(b, a, type);
    if (distance > 300)                 /* so far below a, b only says that there is something */
        distance = 300;
    big_from(a, distance);
    long carry = 0;
    int zero = 1;
    for (int i = 0; i < nbig; i++) {
        long limb = i < LIMBS ? b->m[i] : 0;
        carry += big[i] + (minus ? -limb : limb);
        big[i] = carry;
        carry = carry >> 32;
        zero &= !big[i];
    }
    if (carry < 0)
        return real_add(b, a, type);
    return real_round(negative && !(zero && minus), a->exp - distance, type, 0);
}

static Real *real_mul(Real *a, Real *b, int type) {
    int negative = a->negative != b->negative;
    if (either_is(REAL_NAN, a, b) || either_is(REAL_INF, a, b) && (real_is_zero(a) || real_is_zero(b)))
        return real_new(REAL_NAN, 0);
    big_clear(2 * LIMBS);
    for (int i = 0; i < LIMBS; i++) {
        unsigned long carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += big[i + j] + (unsigned long)a->m[i] * b->m[j];
            big[i + j] = carry;
            carry = carry >> 32;
        }
        big[i + LIMBS] = carry;
    }
    return real_round(negative, a->exp + b->exp, type, 0);
}

enum { QUOTIENT = 240 };                /* bits behind the point: enough for any two mantissas */

static Real *real_div(Real *a, Real *b, int type) {
    int negative = a->negative != b->negative;
    if (either_is(REAL_NAN, a, b) || a->kind == REAL_INF && b->kind == REAL_INF || real_is_zero(a) && real_is_zero(b))
        return real_new(REAL_NAN, 0);
    if (real_is_zero(b))
        return real_new(REAL_INF, negative);
    unsigned int rest[LIMBS + 1], less[LIMBS + 1];
    mem_set(rest, 0, sizeof(rest));
    big_clear(QUOTIENT / 32 + LIMBS + 1);
    for (int i = QUOTIENT + LIMBS * 32 - 1; i >= 0; i--) {      /* long division, a bit at a time */
        unsigned long carry = bit(a->m, i - QUOTIENT);
        long borrow = 0;
        for (int j = 0; j <= LIMBS; j++) {
            carry |= (unsigned long)rest[j] << 1;
            rest[j] = carry;
            carry = carry >> 32;
            borrow += (long)rest[j] - (j < LIMBS ? b->m[j] : 0);
            less[j] = borrow;
            borrow = borrow >> 32;
        }
        if (!borrow) {
            mem_copy(rest, less, sizeof(rest));
            big[i / 32] |= 1U << (i % 32);
        }
    }
    int sticky = (rest[0] | rest[1] | rest[2] | rest[3]) != 0;
    return real_round(negative, a->exp - b->exp - QUOTIENT, type, sticky);
}

/* -1, 0, 1; 2: not ordered */
static int real_compare(Real *a, Real *b) {
    if (either_is(REAL_NAN, a, b))
        return 2;
    Real *d = real_add(a, real_neg(b), TY_LDOUBLE);
    return d->kind == REAL_NAN || real_is_zero(d) ? 0 : d->negative ? -1 : 1;
}

/* ---- the bytes of a value ---- */

static void real_encode(Real *r, int type, unsigned char *out) {
    int precision = real_precision(type);
    int max = real_max_exp(type);
    int leading = precision - 1;
    int is_x87 = precision == 64;       /* which keeps the leading bit */
    int place = is_x87 ? 64 : leading;  /* of the exponent */
    Real *v = real_neg(real_convert(r, type));
    long e = bit(v->m, leading) ? v->exp + leading + max : 0;
    if (v->kind != REAL_FINITE) {
        e = max * 2 + 1;
        mem_set(v->m, 0, sizeof(v->m));
        v->m[leading / 32] = 1U << (leading % 32);
        if (v->kind == REAL_NAN)
            v->m[(leading - 1) / 32] |= 1U << ((leading - 1) % 32);
    }
    if (!is_x87)
        v->m[leading / 32] &= ~(1U << (leading % 32));
    v->m[place / 32] |= e << (place % 32) | (v->negative ? 0 : 1U << (is_x87 ? 15 : 31));
    for (int i = 0; i < LIMBS; i++)
        put_le(out + i * 4, 4, v->m[i]);
}

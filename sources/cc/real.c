/* SPDX-License-Identifier: MIT
 *
 * Floating constants by integer arithmetic: decimal and hexadecimal text to
 * binary32, binary64, x87's 80 bits and binary128, and folding.  The result
 * does not depend on the machine that cc runs on. */

enum { REAL_ZERO, REAL_FINITE, REAL_INF, REAL_NAN };

/* The value 1.m * 2^exp: the 128 bits hi:lo, whose top bit is set, stand for 1.m */
struct Real {
    int kind;
    int negative;
    int exp;
    unsigned long hi;
    unsigned long lo;
};

/* A format: bits of precision, exponent bits' largest value. */
static int real_precision(int type) {
    if (type == TY_FLOAT)
        return 24;
    if (type == TY_DOUBLE)
        return 53;
    return target->machine == MACH_X86_64 ? 64 : 113;
}

static int real_max_exp(int type) {
    return type == TY_FLOAT ? 127 : type == TY_DOUBLE ? 1023 : 16383;
}

static Real *real_new(int kind) {
    Real *r = xalloc(sizeof(Real));
    r->kind = kind;
    return r;
}

static void shift_right(Real *r, int n, int *sticky) {
    while (n > 0) {
        int k = n > 32 ? 32 : n;
        if (r->lo & ((1L << k) - 1))
            *sticky = 1;
        r->lo = r->lo >> k | r->hi << (64 - k);
        r->hi = r->hi >> k;
        n -= k;
        if (!r->hi && !r->lo)
            return;
    }
}

static void real_normalize(Real *r) {
    if (!r->hi && !r->lo) {
        r->kind = REAL_ZERO;
        return;
    }
    while (!(r->hi >> 63)) {
        r->hi = r->hi << 1 | r->lo >> 63;
        r->lo = r->lo << 1;
        r->exp--;
    }
}

/* Rounds to nearest even in the given format; `sticky`: there was more below lo. */
static void real_round(Real *r, int type, int sticky) {
    if (r->kind != REAL_FINITE)
        return;
    int drop = 128 - real_precision(type);
    int min = 1 - real_max_exp(type);
    if (r->exp < min)
        drop += min - r->exp;
    if (drop > 128) {
        if (drop > 129 || !sticky && r->hi == 1UL << 63 && !r->lo) {
            r->kind = REAL_ZERO;
            return;
        }
        drop = 129;
    }
    int exp = r->exp;
    int below = sticky;
    shift_right(r, drop - 1, &below);
    int half = r->lo & 1;
    int none = 0;
    shift_right(r, 1, &none);
    if (half && (below || r->lo & 1)) {
        r->lo++;
        if (!r->lo)
            r->hi++;
    }
    r->exp = exp + drop;
    real_normalize(r);
    if (r->kind == REAL_FINITE && r->exp > real_max_exp(type))
        r->kind = REAL_INF;
}

static Real *real_copy(Real *r, int type) {
    Real *to = real_new(0);
    mem_copy(to, r, sizeof(Real));
    real_round(to, type, 0);
    return to;
}

/* ---- text ---- */

static int hex_digit(int c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


enum { BIG = 2200 };            /* 32-bit limbs, least significant first */

static unsigned int *big;
static int nbig;

static void big_mul_add(unsigned long factor, unsigned long add) {
    for (int i = 0; i < nbig; i++) {
        unsigned long v = big[i] * factor + add;
        big[i] = v;
        add = v >> 32;
    }
    if (add && nbig < BIG) {
        big[nbig] = add;
        nbig++;
    }
}

static int big_div(unsigned long divisor) {
    unsigned long rest = 0;
    for (int i = nbig - 1; i >= 0; i--) {
        unsigned long v = rest << 32 | big[i];
        big[i] = v / divisor;
        rest = v % divisor;
    }
    while (nbig && !big[nbig - 1])
        nbig--;
    return rest != 0;
}

/* The top 128 bits of big * 2^exp into r. */
static Real *big_to_real(int exp, int type, int sticky) {
    Real *r = real_new(REAL_FINITE);
    while (nbig && !big[nbig - 1])
        nbig--;
    if (!nbig) {
        r->kind = REAL_ZERO;
        return r;
    }
    int top = nbig * 32 - 1;
    while (!(big[top / 32] >> (top % 32) & 1))
        top--;
    for (int i = top; i >= 0; i--) {
        long bit = big[i / 32] >> (i % 32) & 1;
        int place = top - i;
        if (place < 64)
            r->hi |= bit << (63 - place);
        else if (place < 128)
            r->lo |= bit << (127 - place);
        else if (bit)
            sticky = 1;
    }
    r->exp = top + exp;
    real_round(r, type, sticky);
    return r;
}

static long exponent(char *p) {
    int negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    long e = 0;
    while (*p >= '0' && *p <= '9') {
        if (e < 100000)
            e = e * 10 + *p - '0';
        p++;
    }
    return negative ? -e : e;
}

static Real *real_parse(char *p, int type) {
    if (!big)
        big = xalloc(BIG * 4);
    nbig = 0;
    long exp = 0;
    int point = 0;
    int sticky = 0;
    int hex = p[0] == '0' && (p[1] | 32) == 'x';
    if (hex)
        p += 2;
    for (;; p++) {
        int d = hex_digit(*p & 255);
        if (*p == '.') {
            point = 1;
            continue;
        }
        if (d < 0 || !hex && d > 9)
            break;
        if (nbig > 600) {
            sticky |= d != 0;
            exp += point ? 0 : hex ? 4 : 1;
            continue;
        }
        if (!nbig && d) {
            big[0] = 0;
            nbig = 1;
        }
        big_mul_add(hex ? 16 : 10, d);
        if (point)
            exp -= hex ? 4 : 1;
    }
    if (hex)
        return big_to_real(exp + ((*p | 32) == 'p' ? exponent(p + 1) : 0), type, sticky);
    if ((*p | 32) == 'e')
        exp += exponent(p + 1);
    if (!nbig)
        return real_new(REAL_ZERO);
    if (exp > 5000)
        return real_new(REAL_INF);
    if (exp < -12000)
        return real_new(REAL_ZERO);
    for (; exp >= 9; exp -= 9)
        big_mul_add(1000000000, 0);
    for (; exp > 0; exp--)
        big_mul_add(10, 0);
    if (!exp)
        return big_to_real(0, type, sticky);
    int limbs = 6 + -exp * 10 / 93;
    for (int i = nbig - 1; i >= 0; i--)
        big[i + limbs] = big[i];
    for (int i = 0; i < limbs; i++)
        big[i] = 0;
    nbig += limbs;
    for (; exp <= -9; exp += 9)
        sticky |= big_div(1000000000);
    for (; exp < 0; exp++)
        sticky |= big_div(10);
    return big_to_real(-32 * limbs, type, sticky);
}

/* ---- arithmetic; results are rounded to the type ---- */

static Real *real_from_long(long v, int is_unsigned, int type) {
    Real *r = real_new(REAL_FINITE);
    if (v < 0 && !is_unsigned) {
        r->negative = 1;
        v = -v;
    }
    r->hi = v;
    r->exp = 63;
    real_normalize(r);
    real_round(r, type, 0);
    return r;
}

static long real_to_long(Real *r) {
    if (r->kind != REAL_FINITE || r->exp < 0)
        return 0;
    if (r->exp > 63)
        return 1L << 63;
    unsigned long v = r->hi >> (63 - r->exp);
    return r->negative ? -v : v;
}

static Real *real_neg(Real *a) {
    Real *r = real_new(0);
    mem_copy(r, a, sizeof(Real));
    r->negative = !a->negative;
    return r;
}

/* -1, 0, 1; 2: not ordered */
static int real_compare(Real *a, Real *b) {
    if (a->kind == REAL_NAN || b->kind == REAL_NAN)
        return 2;
    if (a->kind == REAL_ZERO && b->kind == REAL_ZERO)
        return 0;
    if (a->kind == REAL_ZERO)
        return b->negative ? 1 : -1;
    if (b->kind == REAL_ZERO || a->negative != b->negative)
        return a->negative ? -1 : 1;
    int more = a->negative ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind == REAL_INF ? more : -more;
    if (a->kind == REAL_INF)
        return 0;
    if (a->exp != b->exp)
        return a->exp > b->exp ? more : -more;
    if (a->hi != b->hi)
        return a->hi > b->hi ? more : -more;
    if (a->lo != b->lo)
        return a->lo > b->lo ? more : -more;
    return 0;
}

static Real *real_add(Real *a, Real *b, int type) {
    if (a->kind == REAL_NAN || b->kind == REAL_ZERO && !(a->kind == REAL_ZERO && a->negative))
        return a;
    if (b->kind == REAL_NAN || a->kind == REAL_ZERO)
        return b;
    if (a->kind == REAL_INF)
        return b->kind == REAL_INF && a->negative != b->negative ? real_new(REAL_NAN) : a;
    if (b->kind == REAL_INF)
        return b;
    if (a->exp < b->exp || a->exp == b->exp && (a->hi < b->hi || a->hi == b->hi && a->lo < b->lo)) {
        Real *swap = a;
        a = b;
        b = swap;
    }
    Real *r = real_new(0);
    Real *s = real_new(0);
    mem_copy(r, a, sizeof(Real));
    mem_copy(s, b, sizeof(Real));
    int sticky = 0;
    int none = 0;
    shift_right(r, 2, &none);           /* operands have at most 113 bits: room for a carry */
    shift_right(s, a->exp - b->exp > 130 ? 130 : a->exp - b->exp + 2, &sticky);
    r->exp = a->exp + 2;
    if (a->negative == b->negative) {
        r->lo += s->lo;
        r->hi += s->hi + (r->lo < s->lo);
    } else {
        unsigned long lo = r->lo;
        r->lo = lo - s->lo - sticky;
        r->hi -= s->hi + (lo < s->lo || lo == s->lo && sticky);
    }
    real_normalize(r);
    if (r->kind == REAL_ZERO)
        r->negative = 0;
    real_round(r, type, sticky);
    return r;
}

static Real *real_mul(Real *a, Real *b, int type) {
    if (a->kind == REAL_NAN || b->kind == REAL_NAN || a->kind == REAL_INF && b->kind == REAL_ZERO
        || a->kind == REAL_ZERO && b->kind == REAL_INF)
        return real_new(REAL_NAN);
    Real *r = real_new(a->kind == REAL_INF || b->kind == REAL_INF ? REAL_INF : REAL_FINITE);
    if (a->kind == REAL_ZERO || b->kind == REAL_ZERO)
        r->kind = REAL_ZERO;
    r->negative = a->negative != b->negative;
    if (r->kind != REAL_FINITE)
        return r;
    int sticky = 0;
    for (int i = 0; i < 128; i++) {     /* shift and add, keeping the upper half */
        unsigned long bit = i < 64 ? b->lo >> i : b->hi >> (i - 64);
        unsigned long carry = 0;
        if (bit & 1) {
            unsigned long lo = r->lo + a->lo;
            unsigned long c = lo < a->lo;
            unsigned long hi = r->hi + a->hi;
            carry = hi < a->hi;
            hi += c;
            carry |= c && !hi;
            r->lo = lo;
            r->hi = hi;
        }
        shift_right(r, 1, &sticky);
        r->hi |= carry << 63;
    }
    r->exp = a->exp + b->exp + 1;
    real_normalize(r);
    real_round(r, type, sticky);
    return r;
}

static Real *real_div(Real *a, Real *b, int type) {
    if (a->kind == REAL_NAN || b->kind == REAL_NAN || a->kind == b->kind && a->kind != REAL_FINITE)
        return real_new(REAL_NAN);
    Real *r = real_new(REAL_FINITE);
    r->negative = a->negative != b->negative;
    if (a->kind == REAL_ZERO || b->kind == REAL_INF)
        r->kind = REAL_ZERO;
    else if (a->kind == REAL_INF || b->kind == REAL_ZERO)
        r->kind = REAL_INF;
    if (r->kind != REAL_FINITE)
        return r;
    unsigned long hi = a->hi;
    unsigned long lo = a->lo;
    int carry = 0;
    for (int i = 0; i < 128; i++) {     /* long division, a bit at a time */
        int fits = carry || hi > b->hi || hi == b->hi && lo >= b->lo;
        if (fits) {
            hi = hi - b->hi - (lo < b->lo);
            lo = lo - b->lo;
        }
        r->hi = r->hi << 1 | r->lo >> 63;
        r->lo = r->lo << 1 | fits;
        carry = hi >> 63;
        hi = hi << 1 | lo >> 63;
        lo = lo << 1;
    }
    r->exp = a->exp - b->exp;
    real_normalize(r);
    real_round(r, type, hi || lo || carry);
    return r;
}

/* ---- the bytes of a value ---- */

static void real_encode(Real *r, int type, unsigned char *out) {
    int precision = real_precision(type);
    int max = real_max_exp(type);
    long e = 0;
    Real m;
    mem_copy(&m, r, sizeof(Real));
    real_round(&m, type, 0);
    mem_set(out, 0, 16);
    if (m.kind == REAL_ZERO) {
        m.hi = 0;
        m.lo = 0;
    } else if (m.kind == REAL_FINITE) {
        int none = 0;
        e = m.exp + max;
        int down = 128 - precision;
        if (e <= 0) {
            down += 1 - e;
            e = 0;
        }
        shift_right(&m, down, &none);
    } else {
        e = max * 2 + 1;
        m.hi = 0;
        m.lo = 0;
        if (precision == 64)
            m.lo = m.kind == REAL_NAN ? 3L << 62 : 1L << 63;
        else if (m.kind == REAL_NAN && precision == 113)
            m.hi = 1L << 47;
        else if (m.kind == REAL_NAN)
            m.lo = 1L << (precision - 2);
    }
    long sign = m.negative;
    if (precision == 24)
        put_le(out, 4, (m.lo & 0x7fffff) | e << 23 | sign << 31);
    else if (precision == 53)
        put_le(out, 8, (m.lo & 0xfffffffffffffL) | e << 52 | sign << 63);
    else if (precision == 64) {
        put_le(out, 8, m.lo);
        put_le(out + 8, 2, e | sign << 15);
    } else {
        put_le(out, 8, m.lo);
        put_le(out + 8, 8, (m.hi & 0xffffffffffffL) | e << 48 | sign << 63);
    }
}

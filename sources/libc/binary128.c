// SPDX-License-Identifier: MIT
// AArch64: arithmetic of its long double, IEEE binary128, which the processor
// does not have. The names and meanings are libgcc's; compilers emit calls to
// them. Everything rounds to nearest, ties to even.
//
// Inside, a number is a sign, a biased exponent and a 128-bit fraction whose
// top bit is the leading one: 113 bits that count and 15 for rounding, the
// lowest of which also remembers whether anything was lost ("sticky").
#ifdef __aarch64__

typedef unsigned long u64;
typedef long double f128;

struct number {
    int negative;
    int exponent;               // biased; NONFINITE for infinities and NaNs
    u64 high;                   // fraction; zero for zeros and infinities
    u64 low;
};

enum { BIAS = 16383, NONFINITE = 0x7fff };
#define TOP (1ul << 63)

union bits128 { f128 value; u64 word[2]; };
union bits64 { double value; u64 bits; };
union bits32 { float value; unsigned bits; };

static void shift_left(struct number *n, int by)
{
    if (by >= 64) {
        n->high = n->low << (by - 64);
        n->low = 0;
    } else if (by) {
        n->high = n->high << by | n->low >> (64 - by);
        n->low <<= by;
    }
}

static void shift_right_sticky(struct number *n, int by)
{
    u64 lost = 0;
    if (by >= 128) {
        lost = n->high | n->low;
        n->high = n->low = 0;
    } else if (by >= 64) {
        lost = n->low | (by > 64 ? n->high << (128 - by) : 0);
        n->low = n->high >> (by - 64);
        n->high = 0;
    } else if (by > 0) {
        lost = n->low << (64 - by);
        n->low = n->low >> by | n->high << (64 - by);
        n->high >>= by;
    }
    if (lost) n->low |= 1;
}

// Moves the leading one to the top.
static void normalise(struct number *n)
{
    int by = 0;
    u64 w = n->high ? n->high : n->low;
    if (!w) return;
    if (!n->high) by = 64;
    for (; !(w & TOP); w <<= 1) by++;
    shift_left(n, by);
    n->exponent -= by;
}

static void unpack(struct number *n, f128 value)
{
    union bits128 u;
    u.value = value;
    n->negative = (int)(u.word[1] >> 63);
    n->exponent = (int)(u.word[1] >> 48 & 0x7fff);
    n->high = u.word[1] & 0xfffffffffffful;
    n->low = u.word[0];
    if (n->exponent == NONFINITE) return;
    if (n->exponent) n->high |= 1ul << 48;
    else n->exponent = 1;
    shift_left(n, 15);
    normalise(n);
}

static f128 pack(struct number *n)
{
    union bits128 u;
    u64 rest, carry;
    if (n->exponent == NONFINITE && n->high | n->low && !(n->high & TOP)) n->high |= 1ul << 47;
    else if (n->exponent >= NONFINITE) {
        n->exponent = NONFINITE;
        n->high = n->low = 0;
    } else {
        if (n->exponent <= 0) {
            shift_right_sticky(n, 1 - n->exponent);
            n->exponent = 0;
        }
        rest = n->low & 0x7fff;
        n->low = n->low >> 15 | n->high << 49;
        n->high >>= 15;
        carry = rest > 0x4000 || (rest == 0x4000 && n->low & 1);
        n->low += carry;
        n->high += carry && !n->low;
        // the leading one adds itself to the exponent field, as does a carry
        if (n->exponent) n->exponent--;
        if (!(n->high | n->low)) n->exponent = 0;
    }
    u.word[0] = n->low;
    u.word[1] = n->high + ((u64)n->exponent << 48) + ((u64)n->negative << 63);
    return u.value;
}

static int is_nan(const struct number *n) { return n->exponent == NONFINITE && n->high | n->low; }
static int is_infinite(const struct number *n) { return n->exponent == NONFINITE && !(n->high | n->low); }
static int is_zero(const struct number *n) { return n->exponent != NONFINITE && !(n->high | n->low); }

static f128 make_nan(void)
{
    union bits128 u;
    u.word[0] = 0;
    u.word[1] = 0x7fff8ul << 44;
    return u.value;
}

static f128 make(int negative, int exponent)
{
    union bits128 u;
    u.word[0] = 0;
    u.word[1] = (u64)exponent << 48 | (u64)negative << 63;
    return u.value;
}

static int smaller(const struct number *a, const struct number *b)
{
    if (a->exponent != b->exponent) return a->exponent < b->exponent;
    if (a->high != b->high) return a->high < b->high;
    return a->low < b->low;
}

static f128 add(f128 x, f128 y, int flip)
{
    struct number a, b;
    unpack(&a, x);
    unpack(&b, y);
    if (is_nan(&a)) return pack(&a);
    if (is_nan(&b)) return pack(&b);
    b.negative ^= flip;
    if (is_infinite(&a)) return is_infinite(&b) && a.negative != b.negative ? make_nan() : x;
    if (is_infinite(&b)) return make(b.negative, NONFINITE);
    if (is_zero(&a) && is_zero(&b)) return make(a.negative & b.negative, 0);
    if (is_zero(&a)) return pack(&b);
    if (is_zero(&b)) return x;
    if (smaller(&a, &b)) {
        struct number t = a;
        a = b;
        b = t;
    }
    shift_right_sticky(&b, a.exponent - b.exponent);
    if (a.negative == b.negative) {
        u64 carry;
        a.low += b.low;
        carry = a.low < b.low;
        a.high += b.high + carry;
        if (a.high < b.high || (carry && a.high == b.high)) {
            shift_right_sticky(&a, 1);
            a.high |= TOP;
            a.exponent++;
        }
    } else {
        u64 borrow = a.low < b.low;
        a.low -= b.low;
        a.high -= b.high + borrow;
        if (!(a.high | a.low)) return make(0, 0);
        normalise(&a);
    }
    return pack(&a);
}

f128 __addtf3(f128 x, f128 y) { return add(x, y, 0); }
f128 __subtf3(f128 x, f128 y) { return add(x, y, 1); }

// high:low = a * b
static void multiply(u64 a, u64 b, u64 *high, u64 *low)
{
    u64 a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
    u64 m = a1 * b0 + (a0 * b0 >> 32), n = a0 * b1 + (m & 0xffffffff);
    *low = a * b;
    *high = a1 * b1 + (m >> 32) + (n >> 32);
}

f128 __multf3(f128 x, f128 y)
{
    struct number a, b, r;
    u64 h, l, mid, low, t;
    unpack(&a, x);
    unpack(&b, y);
    if (is_nan(&a)) return pack(&a);
    if (is_nan(&b)) return pack(&b);
    r.negative = a.negative ^ b.negative;
    if (is_infinite(&a) || is_infinite(&b)) return is_zero(&a) || is_zero(&b) ? make_nan() : make(r.negative, NONFINITE);
    if (is_zero(&a) || is_zero(&b)) return make(r.negative, 0);
    r.exponent = a.exponent + b.exponent - BIAS + 1;
    // 256-bit product: words high, low, mid, bottom
    multiply(a.high, b.high, &r.high, &r.low);
    multiply(a.low, b.low, &mid, &low);
    multiply(a.high, b.low, &h, &l);
    mid += l;
    t = mid < l;
    r.low += t;
    r.high += r.low < t;
    r.low += h;
    r.high += r.low < h;
    multiply(a.low, b.high, &h, &l);
    mid += l;
    t = mid < l;
    r.low += t;
    r.high += r.low < t;
    r.low += h;
    r.high += r.low < h;
    if (!(r.high & TOP)) {
        r.high = r.high << 1 | r.low >> 63;
        r.low = r.low << 1 | mid >> 63;
        mid <<= 1;
        r.exponent--;
    }
    if (mid | low) r.low |= 1;
    return pack(&r);
}

f128 __divtf3(f128 x, f128 y)
{
    struct number a, b, r;
    u64 over = 0;
    unpack(&a, x);
    unpack(&b, y);
    if (is_nan(&a)) return pack(&a);
    if (is_nan(&b)) return pack(&b);
    r.negative = a.negative ^ b.negative;
    if (is_infinite(&a)) return is_infinite(&b) ? make_nan() : make(r.negative, NONFINITE);
    if (is_zero(&b)) return is_zero(&a) ? make_nan() : make(r.negative, NONFINITE);
    if (is_infinite(&b) || is_zero(&a)) return make(r.negative, 0);
    r.exponent = a.exponent - b.exponent + BIAS;
    r.high = r.low = 0;
    // one quotient bit a turn; the first is the whole part, 1 or 0
    for (int i = 0; i < 128; i++) {
        int fits = over || a.high > b.high || (a.high == b.high && a.low >= b.low);
        r.high = r.high << 1 | r.low >> 63;
        r.low = r.low << 1 | (u64)fits;
        if (fits) {
            a.high -= b.high + (a.low < b.low);
            a.low -= b.low;
        }
        over = a.high >> 63;
        a.high = a.high << 1 | a.low >> 63;
        a.low <<= 1;
    }
    if (!(r.high & TOP)) {
        r.high = r.high << 1 | r.low >> 63;
        r.low <<= 1;
        r.exponent--;
    }
    if (over | a.high | a.low) r.low |= 1;
    return pack(&r);
}

// -1, 0, 1, or `unordered` when either is not a number
static int compare(f128 x, f128 y, int unordered)
{
    struct number a, b;
    unpack(&a, x);
    unpack(&b, y);
    if (is_nan(&a) || is_nan(&b)) return unordered;
    if (is_zero(&a) && is_zero(&b)) return 0;
    if (is_zero(&a)) return b.negative ? 1 : -1;
    if (is_zero(&b)) return a.negative ? -1 : 1;
    if (a.negative != b.negative) return a.negative ? -1 : 1;
    if (smaller(&a, &b)) return a.negative ? 1 : -1;
    if (smaller(&b, &a)) return a.negative ? -1 : 1;
    return 0;
}

int __eqtf2(f128 x, f128 y) { return compare(x, y, 1); }
int __netf2(f128 x, f128 y) { return compare(x, y, 1); }
int __lttf2(f128 x, f128 y) { return compare(x, y, 1); }
int __letf2(f128 x, f128 y) { return compare(x, y, 1); }
int __gttf2(f128 x, f128 y) { return compare(x, y, -1); }
int __getf2(f128 x, f128 y) { return compare(x, y, -1); }
int __unordtf2(f128 x, f128 y) { return compare(x, y, 2) == 2; }

static f128 from_integer(u64 value, int negative)
{
    struct number n;
    if (!value) return make(0, 0);
    n.negative = negative;
    n.exponent = BIAS + 63;
    n.high = value;
    n.low = 0;
    normalise(&n);
    return pack(&n);
}

f128 __floatditf(long value) { return from_integer(value < 0 ? 0 - (u64)value : (u64)value, value < 0); }
f128 __floatsitf(int value) { return __floatditf(value); }
f128 __floatunditf(u64 value) { return from_integer(value, 0); }
f128 __floatunsitf(unsigned value) { return from_integer(value, 0); }

// The magnitude, cut towards zero; what is too large becomes `limit`.
static u64 to_integer(f128 value, u64 limit, int *negative)
{
    struct number n;
    u64 whole;
    unpack(&n, value);
    *negative = n.negative;
    if (is_nan(&n) || n.exponent < BIAS || is_zero(&n)) return 0;
    if (n.exponent > BIAS + 63) return limit;
    whole = n.high >> (BIAS + 63 - n.exponent);
    return whole > limit ? limit : whole;
}

long __fixtfdi(f128 value)
{
    int negative;
    u64 n = to_integer(value, TOP, &negative);
    if (negative) return (long)(0 - n);
    return n == TOP ? (long)(TOP - 1) : (long)n;
}

int __fixtfsi(f128 value)
{
    int negative;
    u64 n = to_integer(value, 1ul << 31, &negative);
    if (negative) return (int)-(long)n;
    return n == 1ul << 31 ? 0x7fffffff : (int)n;
}

u64 __fixunstfdi(f128 value)
{
    int negative;
    u64 n = to_integer(value, ~0ul, &negative);
    return negative ? 0 : n;
}

unsigned __fixunstfsi(f128 value)
{
    int negative;
    u64 n = to_integer(value, 0xffffffff, &negative);
    return negative ? 0 : (unsigned)n;
}

// From and to the smaller formats, given the bits of their fraction and their
// bias.
static f128 widen(u64 bits, int fraction, int bias, int negative)
{
    struct number n;
    n.negative = negative;
    n.exponent = (int)(bits >> fraction);
    n.high = bits << (63 - fraction) | TOP;
    n.low = 0;
    if (n.exponent == 2 * bias + 1) {
        n.high = (n.high << 1) >> 16;
        n.exponent = NONFINITE;
        return pack(&n);
    }
    if (n.exponent) n.exponent += BIAS - bias;
    else {
        n.high <<= 1;
        n.high >>= 1;
        n.exponent = BIAS - bias + 1;
        if (!n.high) return make(negative, 0);
        normalise(&n);
    }
    return pack(&n);
}

static u64 narrow(f128 value, int fraction, int bias, int *negative)
{
    struct number n;
    u64 infinity = (u64)(2 * bias + 1) << fraction, bits, half = 1ul << (62 - fraction), rest;
    unpack(&n, value);
    *negative = n.negative;
    if (is_nan(&n)) return infinity | 1ul << (fraction - 1) | n.high << 16 >> (64 - fraction);
    if (is_zero(&n)) return 0;
    n.exponent -= n.exponent == NONFINITE ? 0 : BIAS - bias;
    if (n.exponent > 2 * bias) return infinity;
    if (n.exponent <= 0) {
        shift_right_sticky(&n, 1 - n.exponent);
        n.exponent = 0;
    }
    bits = n.high >> (63 - fraction);
    rest = n.high & (2 * half - 1);
    if (n.exponent) bits += (u64)(n.exponent - 1) << fraction;
    return bits + (rest > half || (rest == half && (n.low || bits & 1)));
}

f128 __extenddftf2(double value)
{
    union bits64 u;
    u.value = value;
    return widen(u.bits << 1 >> 1, 52, 1023, (int)(u.bits >> 63));
}

f128 __extendsftf2(float value)
{
    union bits32 u;
    u.value = value;
    return widen(u.bits & 0x7fffffff, 23, 127, (int)(u.bits >> 31));
}

double __trunctfdf2(f128 value)
{
    union bits64 u;
    int negative;
    u.bits = narrow(value, 52, 1023, &negative);
    u.bits |= (u64)negative << 63;
    return u.value;
}

float __trunctfsf2(f128 value)
{
    union bits32 u;
    int negative;
    u.bits = (unsigned)narrow(value, 23, 127, &negative);
    u.bits |= (unsigned)negative << 31;
    return u.value;
}

#endif

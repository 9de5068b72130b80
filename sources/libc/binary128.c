// SPDX-License-Identifier: MIT
// AArch64: arithmetic of its long double, IEEE binary128, which the processor
// does not have. The names and meanings are libgcc's; compilers emit calls to
// them. Everything rounds to nearest, ties to even; there is one NaN.
//
// Inside, a number of any format is a sign, binary128's exponent field, which
// may leave its range, and a 128-bit fraction whose top bit is the leading one.
// Of binary128, 113 bits count and 15 are for rounding, the lowest of which
// also remembers whether anything was lost ("sticky").
#ifdef __aarch64__

typedef unsigned long u64;
typedef long double f128;

struct number {
    int negative;
    int exponent;
    u64 high;                   // fraction; zero for zeros and infinities
    u64 low;
};

enum { BIAS = 16383, NONFINITE = 1 << 20, ZERO = -NONFINITE };
#define TOP (1ul << 63)

static int is_nan(const struct number *n) { return n->exponent == NONFINITE && n->high | n->low; }

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

// Returns whether anything was lost.
static int shift_right(struct number *n, int by)
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
    return lost != 0;
}

// Moves the leading one to the top.
static void normalise(struct number *n)
{
    if (!(n->high | n->low)) n->exponent = ZERO;
    else
        for (; !(n->high & TOP); n->exponent--) shift_left(n, 1);
}

// Takes apart a format with an exponent of `width` bits; its bits stand at the
// top of high and low.
static void unpack(struct number *n, u64 high, u64 low, int width)
{
    int largest = (1 << width) - 1;
    n->negative = (int)(high >> 63);
    n->exponent = (int)(high >> (63 - width)) & largest;
    n->high = high;
    n->low = low;
    shift_left(n, width);       // at the top is the lowest bit of the exponent
    n->high &= ~TOP;
    if (n->exponent == largest) n->exponent = NONFINITE;
    else {
        if (n->exponent) n->high |= TOP;
        else n->exponent = 1;
        n->exponent += BIAS - largest / 2;
        normalise(n);
    }
}

// The reverse, with `precision` bits that count.
static void pack(struct number *n, int precision, int width)
{
    int largest = (1 << width) - 1, exponent = n->exponent - BIAS + largest / 2;
    if (exponent >= largest) {
        n->high = (u64)largest << (63 - width) | (is_nan(n) ? TOP >> 1 >> width : 0);
        n->low = 0;
    } else {
        int lost = shift_right(n, 126 - precision + (exponent < 1 ? 1 - exponent : 0));
        int rest = (int)(n->low & 3) | lost, up;
        shift_right(n, 2);
        up = rest == 3 || (rest == 2 && n->low & 1);
        n->low += (u64)up;
        n->high += up && !n->low;
        shift_left(n, 128 - precision - width);
        // the leading one adds itself to the exponent field, as does a carry
        if (exponent > 1) n->high += (u64)(exponent - 1) << (63 - width);
    }
    n->high |= (u64)n->negative << 63;
}

union bits128 { f128 value; u64 word[2]; };

static void read(struct number *n, f128 value)
{
    union bits128 u;
    u.value = value;
    unpack(n, u.word[1], u.word[0], 15);
}

static f128 write(struct number *n)
{
    union bits128 u;
    pack(n, 113, 15);
    u.word[1] = n->high;
    u.word[0] = n->low;
    return u.value;
}

// By magnitude; a NaN is the largest.
static int smaller(const struct number *a, const struct number *b)
{
    if (a->exponent != b->exponent) return a->exponent < b->exponent;
    if (a->high != b->high) return a->high < b->high;
    return a->low < b->low;
}

// Adds the fraction of b to that of a and returns the carry.
static int add_fraction(struct number *a, const struct number *b)
{
    u64 high = a->high + b->high, carry;
    a->low += b->low;
    carry = a->low < b->low;
    a->high = high + carry;
    return high < b->high || a->high < carry;
}

static void subtract_fraction(struct number *a, const struct number *b)
{
    a->high -= b->high + (a->low < b->low);
    a->low -= b->low;
}

static f128 add(f128 x, f128 y, int flip)
{
    struct number a, b;
    read(&a, x);
    read(&b, y);
    b.negative ^= flip;
    if (smaller(&a, &b)) {
        struct number t = a;
        a = b;
        b = t;
    }
    if (a.exponent == NONFINITE) {
        if (b.exponent == NONFINITE && a.negative != b.negative) a.high = TOP;
        return write(&a);
    }
    u64 lost = (u64)shift_right(&b, a.exponent - b.exponent);   // a statement of its own: the call changes b.low
    b.low |= lost;
    if (a.negative != b.negative) {
        subtract_fraction(&a, &b);
        if (!(a.high | a.low)) a.negative = 0;
        normalise(&a);
    } else if (add_fraction(&a, &b)) {
        lost = (u64)shift_right(&a, 1);
        a.low |= lost;
        a.high |= TOP;
        a.exponent++;
    }
    return write(&a);
}

f128 __addtf3(f128 x, f128 y) { return add(x, y, 0); }
f128 __subtf3(f128 x, f128 y) { return add(x, y, 1); }

f128 __multf3(f128 x, f128 y)
{
    struct number a, b, r;
    int lost = 0;
    read(&a, x);
    read(&b, y);
    r.negative = a.negative ^ b.negative;
    r.exponent = a.exponent + b.exponent - BIAS + 1;
    r.high = r.low = 0;
    if (a.exponent == NONFINITE || b.exponent == NONFINITE) {
        r.exponent = NONFINITE;
        r.high = is_nan(&a) || is_nan(&b) || a.exponent == ZERO || b.exponent == ZERO;
        return write(&r);
    }
    // the upper half of the product; one bit of b a turn
    for (int i = 0; i < 128; i++) {
        int carry = b.low & 1 && add_fraction(&r, &a);
        lost |= shift_right(&r, 1);
        if (carry) r.high |= TOP;
        shift_right(&b, 1);
    }
    normalise(&r);
    r.low |= (u64)lost;
    return write(&r);
}

f128 __divtf3(f128 x, f128 y)
{
    struct number a, b, r;
    int over = 0;
    read(&a, x);
    read(&b, y);
    r.negative = a.negative ^ b.negative;
    r.exponent = a.exponent - b.exponent + BIAS;
    r.high = r.low = 0;
    if (a.exponent == NONFINITE || b.exponent == NONFINITE || b.exponent == ZERO) {
        // neither infinity by infinity nor zero by zero is a number
        r.high = is_nan(&a) || is_nan(&b) || a.exponent == b.exponent;
        r.exponent = r.high || b.exponent != NONFINITE ? NONFINITE : ZERO;
        return write(&r);
    }
    // one quotient bit a turn; the first is the whole part, 1 or 0
    a.exponent = b.exponent;
    for (int i = 0; i < 128; i++) {
        shift_left(&r, 1);
        if (over || !smaller(&a, &b)) {
            subtract_fraction(&a, &b);
            r.low |= 1;
        }
        over = a.high >> 63 != 0;
        shift_left(&a, 1);
    }
    normalise(&r);
    r.low |= over || a.high | a.low;
    return write(&r);
}

// -1, 0, 1, or `unordered` when either is not a number
static int compare(f128 x, f128 y, int unordered)
{
    struct number a, b;
    int order;
    read(&a, x);
    read(&b, y);
    if (is_nan(&a) || is_nan(&b)) return unordered;
    if (a.exponent == ZERO && b.exponent == ZERO) return 0;
    order = smaller(&a, &b) ? -1 : a.negative != b.negative || smaller(&b, &a);
    if (a.negative != b.negative) order = 1;
    return a.negative ? -order : order;
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
    struct number n = { negative, BIAS + 63, value, 0 };
    normalise(&n);
    return write(&n);
}

f128 __floatditf(long value) { return from_integer(value < 0 ? 0 - (u64)value : (u64)value, value < 0); }
f128 __floatsitf(int value) { return __floatditf(value); }
f128 __floatunditf(u64 value) { return from_integer(value, 0); }
f128 __floatunsitf(unsigned value) { return from_integer(value, 0); }

// Cut towards zero; what is too large becomes the largest, or minus the
// largest below zero.
static u64 to_integer(f128 value, u64 largest, u64 largest_below)
{
    struct number n;
    u64 limit, whole = 0;
    read(&n, value);
    limit = n.negative ? largest_below : largest;
    if (n.exponent > BIAS + 63) whole = is_nan(&n) ? 0 : limit;
    else if (n.exponent >= BIAS) whole = n.high >> (BIAS + 63 - n.exponent);
    if (whole > limit) whole = limit;
    return n.negative ? 0 - whole : whole;
}

long __fixtfdi(f128 value) { return (long)to_integer(value, TOP - 1, TOP); }
int __fixtfsi(f128 value) { return (int)to_integer(value, 0x7fffffff, 0x80000000); }
u64 __fixunstfdi(f128 value) { return to_integer(value, ~0ul, 0); }
unsigned __fixunstfsi(f128 value) { return (unsigned)to_integer(value, 0xffffffff, 0); }

union bits64 { double value; u64 bits; };
union bits32 { float value; unsigned bits; };

f128 __extenddftf2(double value)
{
    struct number n;
    union bits64 u;
    u.value = value;
    unpack(&n, u.bits, 0, 11);
    return write(&n);
}

f128 __extendsftf2(float value)
{
    struct number n;
    union bits32 u;
    u.value = value;
    unpack(&n, (u64)u.bits << 32, 0, 8);
    return write(&n);
}

double __trunctfdf2(f128 value)
{
    struct number n;
    union bits64 u;
    read(&n, value);
    pack(&n, 53, 11);
    u.bits = n.high;
    return u.value;
}

float __trunctfsf2(f128 value)
{
    struct number n;
    union bits32 u;
    read(&n, value);
    pack(&n, 24, 8);
    u.bits = (unsigned)(n.high >> 32);
    return u.value;
}

#endif

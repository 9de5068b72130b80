// SPDX-License-Identifier: MIT
// Compares our binary128 helpers with libgcc's (whose names get the prefix
// "their") on random and on awkward operands, bit for bit.
#include <stdio.h>

typedef unsigned long u64;
typedef long double f128;
union bits { f128 value; u64 word[2]; };

#define BINARY(f) f128 f(f128, f128); f128 their##f(f128, f128);
#define COMPARE(f) int f(f128, f128); int their##f(f128, f128);
#define CONVERT(f, result, argument) result f(argument); result their##f(argument);
BINARY(__addtf3) BINARY(__subtf3) BINARY(__multf3) BINARY(__divtf3)
COMPARE(__eqtf2) COMPARE(__netf2) COMPARE(__lttf2) COMPARE(__letf2) COMPARE(__gttf2) COMPARE(__getf2) COMPARE(__unordtf2)
CONVERT(__fixtfdi, long, f128) CONVERT(__fixtfsi, int, f128)
CONVERT(__fixunstfdi, u64, f128) CONVERT(__fixunstfsi, unsigned, f128)
CONVERT(__floatditf, f128, long) CONVERT(__floatsitf, f128, int)
CONVERT(__floatunditf, f128, u64) CONVERT(__floatunsitf, f128, unsigned)
CONVERT(__extenddftf2, f128, double) CONVERT(__extendsftf2, f128, float)
CONVERT(__trunctfdf2, double, f128) CONVERT(__trunctfsf2, float, f128)

static u64 state = 88172645463325252ul;
static long bad;

static u64 random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void set_exponent(union bits *b, u64 exponent)
{
    b->word[1] = (b->word[1] & 0x8000fffffffffffful) | exponent << 48;
}

// Operands of a kind: near 1, small, infinite, zero, near another, short ...
static f128 operand(f128 near)
{
    union bits b, n;
    n.value = near;
    b.word[0] = random_bits();
    b.word[1] = random_bits();
    switch (random_bits() % 12) {
    case 0:
    case 1:
    case 2: set_exponent(&b, 16383 - 130 + random_bits() % 260); break;
    case 3: set_exponent(&b, 0); break;
    case 4: set_exponent(&b, 0x7fff); break;
    case 5: b.word[0] = 0, b.word[1] = random_bits() << 63; break;
    case 6: b.word[0] = 0, b.word[1] = 0x7ffful << 48; break;
    case 7: b = n, b.word[0] ^= 1ul << random_bits() % 64, b.word[1] ^= random_bits() << 63; break;
    case 8: b.word[0] = 0, b.word[1] &= 0xffffff0000000000ul; break;
    case 9: b = n, b.word[1] ^= random_bits() << 63; break;
    case 10: set_exponent(&b, 16383 - 2 + random_bits() % 70), b.word[0] &= 0 - (random_bits() & 1); break;
    case 11:
        set_exponent(&b, 16383 - (random_bits() & 1 ? 1100 : 160) + random_bits() % 200);
        if (random_bits() & 1) b.word[0] = 0, b.word[1] &= 0xffffffffff000000ul;
        break;
    }
    return b.value;
}

static int is_nan(f128 x)
{
    union bits b;
    b.value = x;
    return (b.word[1] >> 48 & 0x7fff) == 0x7fff && (b.word[1] << 16 | b.word[0]);
}

static int same(f128 x, f128 y)
{
    union bits a, b;
    a.value = x;
    b.value = y;
    return (is_nan(x) && is_nan(y)) || (a.word[0] == b.word[0] && a.word[1] == b.word[1]);
}

static void report(int right, const char *name, f128 x, f128 y)
{
    union bits a, b;
    a.value = x;
    b.value = y;
    if (!right && bad++ < 20) printf("%s of %lx:%lx and %lx:%lx\n", name, a.word[1], a.word[0], b.word[1], b.word[0]);
}

static int sign(int x) { return (x > 0) - (x < 0); }

#define CHECK2(f) report(same(f(a, b), their##f(a, b)), #f, a, b);
#define CHECK_EQUAL(f) report(!f(a, b) == !their##f(a, b), #f, a, b);
#define CHECK_ORDER(f) report(sign(f(a, b)) == sign(their##f(a, b)), #f, a, b);
#define CHECK_FIX(f) report(f(a) == their##f(a), #f, a, a);
#define CHECK_FROM(f, x) report(same(f(x), their##f(x)), #f, a, a);

int main(void)
{
    f128 a = 1, b;
    for (int i = 0; i < 200000; i++) {
        union { double value; u64 bits; } d, e;
        union { float value; unsigned bits; } s, t;
        u64 n = random_bits() >> random_bits() % 64;
        a = operand(1);
        b = operand(a);
        CHECK2(__addtf3) CHECK2(__subtf3) CHECK2(__multf3) CHECK2(__divtf3)
        CHECK_EQUAL(__eqtf2) CHECK_EQUAL(__netf2) CHECK_EQUAL(__unordtf2)
        CHECK_ORDER(__lttf2) CHECK_ORDER(__letf2) CHECK_ORDER(__gttf2) CHECK_ORDER(__getf2)
        if (!is_nan(a)) {
            CHECK_FIX(__fixtfdi) CHECK_FIX(__fixtfsi) CHECK_FIX(__fixunstfdi) CHECK_FIX(__fixunstfsi)
        }
        d.value = __trunctfdf2(a);
        e.value = their__trunctfdf2(a);
        report(is_nan(a) ? d.value != d.value : d.bits == e.bits, "__trunctfdf2", a, a);
        s.value = __trunctfsf2(a);
        t.value = their__trunctfsf2(a);
        report(is_nan(a) ? s.value != s.value : s.bits == t.bits, "__trunctfsf2", a, a);
        d.bits = random_bits();
        s.bits = (unsigned)random_bits();
        if (i % 5 == 0) d.bits &= ~(0x7fful << 52), s.bits &= ~(0xffu << 23);
        if (i % 17 == 0) d.bits = (d.bits & 1ul << 63) | 0x7fful << 52;
        CHECK_FROM(__extenddftf2, d.value) CHECK_FROM(__extendsftf2, s.value)
        CHECK_FROM(__floatditf, (long)n) CHECK_FROM(__floatunditf, n)
        CHECK_FROM(__floatsitf, (int)n) CHECK_FROM(__floatunsitf, (unsigned)n)
    }
    printf("%ld differ\n", bad);
    return bad != 0;
}

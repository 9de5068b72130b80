// SPDX-License-Identifier: MIT
// The calling side of the ABI test: see shapes.h.
#include "shapes.h"
#include "../check.h"

// What callee.c computes is computed here again, so that each side's reading
// of a structure is compared with the other side's.
#define F(member) t = t * 3 + (double)x.member;
#define SHAPE(n, members, scalars) \
    static double own_sum_##n(struct n x) { double t = 0; scalars return t; }
SHAPES
#undef SHAPE
#undef F
#define F(member) x.member = x.member + by;
#define SHAPE(n, members, scalars) \
    static struct n own_change_##n(struct n x, int by) { scalars return x; }
SHAPES
#undef SHAPE
#undef F

#define F(member)
#define SHAPE(n, members, scalars) \
    static void test_##n(void) \
    { \
        struct n x = make_##n(1), y = make_##n(4), z; \
        double sx = own_sum_##n(x), sy = own_sum_##n(y), sz; \
        eq("sum of " #n, (long)sum_##n(x), (long)sx); \
        z = change_##n(x, 3); \
        sz = own_sum_##n(z); \
        eq("changed " #n, (long)sz, (long)own_sum_##n(own_change_##n(x, 3))); \
        eq("argument of change unharmed " #n, (long)own_sum_##n(x), (long)sx); \
        eq("among others " #n, (long)among_##n(1, 2, x, 3, y, 4, z, 5, 6, x, 7), (long)(1 + 4 + 3 * sx + 12 + 5 * sy + 24 + 7 * sz + 40 + 54 + 10 * sx + 77)); \
        eq("variadic " #n, (long)variadic_##n(3, x, 1.0, 2, y, 3.0, 4, z, 5.0, 6), \
           (long)((((((((sx * 2 + 1) * 2 + 2) * 2 + sy) * 2 + 3) * 2 + 4) * 2 + sz) * 2 + 5) * 2 + 6)); \
        eq("called back " #n, (long)back_##n(own_change_##n, x), (long)own_sum_##n(own_change_##n(x, 12))); \
    }
SHAPES
#undef SHAPE

int main(void)
{
    int five = 5;
    struct l3 s = { 1, 2, 3 };
    struct f3 f = { 1, 2, 3 };
    struct dl m = { 4, 5 };
    // through pointers, so that no compiler knows the callee
    signed char (*volatile nc)(int) = narrow_char;
    short (*volatile ns)(int) = narrow_short;
#define SHAPE(n, members, scalars) test_##n();
    SHAPES
    eq("char result", nc(0x1ff), -1);
    eq("char result 127", narrow_char(0x7f7f), 127);
    eq("unsigned char result", narrow_uchar(0x1ff), 255);
    eq("short result", ns(0x18000), -32768);
    eq("unsigned short result", narrow_ushort(-1), 65535);
    eq("bool result", narrow_bool(256) + narrow_bool(0), 1);
    eq("float result", (long)(narrow_float(2.75) * 4), 11);
    eq("small arguments", small_arguments((signed char)-1, (unsigned char)255, (short)-2, (unsigned short)65535, 7, -3, 4000000000u, (signed char)127, (short)-32768, (unsigned char)200),
       -1 + 510 - 6 + 262140 + 5 - 18 + 28000000000L + 1016 - 294912 + 2000);
    eq("many integers", many_integers(1, -2, 3, -4, 5, -6, 7, -8, 9, 'a', -11, -12), 1 - 4 + 9 - 16 + 25 - 36 + 49 - 64 + 81 + 970 - 121 - 144);
    eq("many reals", (long)many_reals(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 506);
    eq("both kinds", (long)both_kinds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20), 2870);
    eq("long doubles", (long)long_doubles(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 385);
    eq("long double result", (long)(returns_long_double(7) * 2), 15);
    eq("variadic mix", (long)variadic_mix("idlpuLsfmidlpuLsfm", 1, 2.0, 3L, &five, 4u, 6.0L, s, f, m, 1, 2.0, 3L, &five, 4u, 6.0L, s, f, m), 523773);
    eq("variadic doubles", (long)variadic_mix("dddddddddddd", 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 4095);
    eq("variadic long doubles", (long)variadic_mix("LLLLLLLLLL", 1.0L, 1.0L, 1.0L, 1.0L, 1.0L, 1.0L, 1.0L, 1.0L, 1.0L, 1.0L), 1023);
    eq("no variadic argument", (long)variadic_mix(""), 0);
    return done();
}

// SPDX-License-Identifier: MIT
// stage: cc
// feature: long double: x87 80 bit or binary128
#include "../check.h"

typedef long double ld;
static ld id(ld x) { return x; }
static int exact(ld a, ld b) { return a == b; }
static ld mixed(int a, ld b, double c, ld d, long e, ld f) { return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f; }
static ld global = 1.25L;
static ld table[3] = { 1, 2.5L, -3.75L };
static ld special[3] = { __builtin_nanl(""), -__builtin_nanl(""), -__builtin_infl() };
static double special_double = -__builtin_nan("");
static float special_float = __builtin_nanf("");
struct S { char c; ld x; };

/* x87's second register as an operand: the remainder, exact. */
static long double remainder_of(long double x, long double y)
{
#ifdef __x86_64__
    unsigned short status;
    do __asm__("fprem; fnstsw %%ax" : "+t"(x), "=a"(status) : "u"(y)); while (status & 0x400);
#else
    while (x >= y) x -= y;
#endif
    return x;
}

int main(void)
{
    ld a = id(1.5L), b = id(-0.25L), zero = id(0), third = id(1) / id(3), nan = zero / zero;
    ld big = 1;
    struct S s = { 'x', 6.5L };
    ld *p = table;
    int i;
    eq("size", sizeof(ld), 16);
    eq("constant nan", special[0] != special[0] && special[1] != special[1], 1);
    eq("constant infinity", special[2] < -1e308L && special[2] == 2 * special[2], 1);
    eq("constant nan of double and float", special_double != special_double && special_float != special_float, 1);
    eq("the largest wchar_t", __WCHAR_MAX__ == (__WCHAR_TYPE__)(((unsigned)-1) >> ((__WCHAR_TYPE__)-1 < 0)), 1);
    eq("alignment", (char *)&s.x - (char *)&s, 16);
    eq("add", (long)((a + b) * 100), 125);
    eq("subtract", (long)((a - b) * 100), 175);
    eq("multiply", (long)(a * b * 1000), -375);
    eq("divide", exact(third * 3, 1) || third * 3 < 1.0L, 1);
    eq("more precise than double", third == (double)third, 0);
    eq("much more precise", (long)((third - (double)third) * 0x1p60L) != 0, 1);
    eq("negate", exact(-a, -1.5L), 1);
    eq("global", exact(global, 1.25L), 1);
    eq("table", (long)((p[0] + p[1] + *(p + 2)) * 100), -25);
    eq("struct", exact(s.x, 6.5L), 1);
    eq("integer constants fit exactly", exact(9007199254740993.0L, 9007199254740993L), 1);
    eq("long is exact", (long)id(0x7ffffffffffffffdL), 0x7ffffffffffffffdL);
    eq("unsigned long is exact", (unsigned long)id(0xfffffffffffffffdUL) == 0xfffffffffffffffdUL, 1);
    eq("negative long", (long)id(-0x7ffffffffffffffdL), -0x7ffffffffffffffdL);
    eq("to int truncates", (int)id(-7.9L), -7);
    eq("to unsigned", (unsigned)id(4000000000.5L), 4000000000L);
    eq("to unsigned char", (unsigned char)id(200.9L), 200);
    eq("from int", exact((int)-5, -5.0L), 1);
    eq("from unsigned", exact((unsigned)-1, 4294967295.0L), 1);
    eq("to double", (double)id(0.1L) == 0.1, 1);
    eq("to float", (float)id(0.1L) == 0.1f, 1);
    eq("from float", exact(0.5f, 0.5L), 1);
    eq("0.1L is not 0.1", 0.1L == 0.1, 0);
    eq("<", b < a, 1); eq(">", b > a, 0); eq("<=", a <= a, 1); eq(">=", b >= a, 0); eq("!=", a != b, 1);
    eq("nan ==", nan == nan, 0); eq("nan !=", nan != nan, 1); eq("nan <", nan < a, 0); eq("nan >=", nan >= a, 0);
    eq("not (nan > a)", !(nan > a), 1);
    eq("truth", a ? 1 : 2, 1); eq("zero", zero ? 1 : 2, 2); eq("not", !zero, 1); eq("and", a && b, 1); eq("nan is true", nan ? 1 : 2, 1);
    for (i = 0; i < 5000; i++) big *= 2;
    eq("beyond double's range", big > 1e308L, 1);
    for (i = 0; i < 4990; i++) big /= 2;
    eq("and back", (long)big, 1024);
    eq("constant beyond double", 1e4000L > 1e3999L, 1);
    a += 1; a *= 2; eq("compound", exact(a, 5), 1);
    a++; eq("++", exact(a, 6), 1); eq("post --", exact(a--, 6), 1); eq("after", exact(a, 5), 1);
    i = 3; i *= 1.5L; eq("int *= long double", i, 4);
    eq("arguments", (long)mixed(1, 2, 3, 4, 5, 6), 654321);
    eq("conditional", exact(i ? a : 0, 5), 1);
    eq("mixed with double", sizeof(a + 1.0), 16);
    big = 0;
    for (i = 0; i < 20; i++) big += remainder_of(id(100.5L) + i, id(7.25L));
    eq("remainders", (long)(big * 100), 6850);
    eq("folding", (long)(1.0L / 4 * 100), 25);
    return done();
}

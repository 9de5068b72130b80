// SPDX-License-Identifier: MIT
// stage: cc
// feature: variadic functions
#include "../check.h"

#include <stdarg.h>
struct Small { int a, b; };
struct Big { long v[5]; };
struct Fl { double x, y; };
static long sum(int n, ...)
{
    long t = 0;
    va_list ap;
    va_start(ap, n);
    while (n-- > 0) t = t * 3 + va_arg(ap, int);
    va_end(ap);
    return t;
}
static double mixed(const char *f, ...)
{
    double t = 0;
    va_list ap;
    va_start(ap, f);
    for (; *f; f++) switch (*f) {
        case 'i': t = t * 2 + va_arg(ap, int); break;
        case 'l': t = t * 2 + va_arg(ap, long); break;
        case 'd': t = t * 2 + va_arg(ap, double); break;
        case 'p': t = t * 2 + *va_arg(ap, int *); break;
        case 'L': t = t * 2 + va_arg(ap, long double); break;
        case 's': { struct Small s = va_arg(ap, struct Small); t = t * 2 + s.a + s.b; break; }
        case 'B': { struct Big b = va_arg(ap, struct Big); t = t * 2 + b.v[0] + b.v[4]; break; }
        case 'F': { struct Fl s = va_arg(ap, struct Fl); t = t * 2 + s.x + s.y; break; }
        case 'u': t = t * 2 + va_arg(ap, unsigned); break;
    }
    va_end(ap);
    return t;
}
static long inner(va_list ap) { return va_arg(ap, long); }
static long outer(int n, ...)
{
    va_list ap;
    long t;
    va_start(ap, n);
    t = inner(ap);
    va_end(ap);
    return t;
}
static long twice(int n, ...)
{
    va_list ap, copy;
    long t = 0;
    va_start(ap, n);
    va_copy(copy, ap);
    for (int i = 0; i < n; i++) t += va_arg(ap, long);
    for (int i = 0; i < n; i++) t += 1000 * va_arg(copy, long);
    va_end(copy);
    va_end(ap);
    return t;
}
static long after_named(int a, double b, long c, int d, int e, int f, int g, int h, ...)
{
    va_list ap;
    long t;
    va_start(ap, h);
    t = va_arg(ap, int);
    t = t * 100 + (long)va_arg(ap, double);
    t = t * 100 + va_arg(ap, int);
    va_end(ap);
    return t + a * 0 + (long)b * 0 + c * 0 + d * 0 + e * 0 + f * 0 + g * 0;
}
static long (*pointer)(int, ...) = sum;

int main(void)
{
    int five = 5;
    float f = 2.5f;
    signed char c = -3;
    struct Small s = { 3, 4 };
    struct Big b = { { 1, 2, 3, 4, 5 } };
    struct Fl fl = { 1.5, 2.5 };
    eq("none", sum(0), 0);
    eq("three", sum(3, 1, 2, 3), 18);
    eq("more than registers", sum(12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 398574);
    eq("doubles", (long)mixed("ddd", 1.0, 2.0, 3.0), 11);
    eq("many doubles", (long)mixed("dddddddddd", 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 1023);
    eq("mixed", (long)mixed("idlpd", 1, 2.0, 3L, &five, 6.0), 60);
    eq("long mix", (long)mixed("idididididididididid", 1, 1., 1, 1., 1, 1., 1, 1., 1, 1., 1, 1., 1, 1., 1, 1., 1, 1., 1, 1.), 1048575);
    eq("float promotes", (long)(mixed("d", f) * 10), 25);
    eq("char promotes", (long)mixed("i", c), -3);
    eq("long double", (long)mixed("iLd", 1, 2.5L, 3.0), 12);
    eq("long doubles on the stack", (long)mixed("LLiL", 1.0L, 2.0L, 3, 4.0L), 26);
    eq("small struct", (long)mixed("is", 1, s), 9);
    eq("structs until they spill", (long)mixed("ssssssss", s, s, s, s, s, s, s, s), 7 * 255);
    eq("big struct", (long)mixed("iBi", 1, b, 2), 18);
    eq("struct of doubles", (long)mixed("dFd", 1.0, fl, 2.0), 14);
    eq("unsigned", (long)mixed("u", 4000000000u), 4000000000L);
    eq("va_list passed on", outer(1, 77L), 77);
    eq("va_copy", twice(3, 1L, 2L, 3L), 6006);
    eq("many named parameters", after_named(1, 2., 3, 4, 5, 6, 7, 8, 9, 10., 11), 91011);
    eq("through a pointer", pointer(2, 4, 5), 17);
    return done();
}

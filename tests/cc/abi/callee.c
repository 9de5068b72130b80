// SPDX-License-Identifier: MIT
// The defining side of the ABI test: see shapes.h.
#include "shapes.h"

#define SHAPE(n, members, scalars) \
    struct n make_##n(int k) { struct n x; scalars return x; }
#define F(member) x.member = k++;
SHAPES
#undef SHAPE
#undef F

#define F(member) x.member = x.member + by;
#define SHAPE(n, members, scalars) \
    struct n change_##n(struct n x, int by) { scalars return x; }
SHAPES
#undef SHAPE
#undef F

#define F(member) t = t * 3 + (double)x.member;
#define SHAPE(n, members, scalars) \
    double sum_##n(struct n x) { double t = 0; scalars return t; } \
    double among_##n(int i1, double d1, struct n x, long i2, struct n y, float f, struct n z, long double l, short s, struct n w, int last) \
    { \
        return i1 + 2 * d1 + 3 * sum_##n(x) + 4 * (double)i2 + 5 * sum_##n(y) + 6 * f + 7 * sum_##n(z) + 8 * (double)l + 9 * s + 10 * sum_##n(w) + 11 * last; \
    } \
    double variadic_##n(int count, ...) \
    { \
        double t = 0; \
        va_list list; \
        va_start(list, count); \
        while (count--) { \
            t = t * 2 + sum_##n(va_arg(list, struct n)); \
            t = t * 2 + va_arg(list, double); \
            t = t * 2 + va_arg(list, int); \
        } \
        va_end(list); \
        return t; \
    } \
    double back_##n(struct n (*f)(struct n, int), struct n x) { x = f(x, 5); return sum_##n(f(x, 7)); }
SHAPES
#undef SHAPE
#undef F

signed char narrow_char(int x) { return (signed char)x; }
unsigned char narrow_uchar(int x) { return (unsigned char)x; }
short narrow_short(int x) { return (short)x; }
unsigned short narrow_ushort(int x) { return (unsigned short)x; }
_Bool narrow_bool(int x) { return x != 0; }
float narrow_float(double x) { return (float)x; }
long small_arguments(signed char a, unsigned char b, short c, unsigned short d, _Bool e, int f, unsigned g, signed char h, short i, unsigned char j)
{
    return a + 2L * b + 3L * c + 4L * d + 5L * e + 6L * f + 7L * g + 8L * h + 9L * i + 10L * j;
}
long many_integers(int a, long b, int c, long d, int e, long f, int g, long h, int i, char j, long k, short l)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}
double many_reals(float a, double b, float c, double d, float e, double f, float g, double h, float i, double j, float k)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k;
}
double both_kinds(int a, double b, long c, float d, int e, double f, long g, float h, int i, double j, long k, double l, int m, double n, long o, double p, int q, double r, float s, char t)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l + 13 * m + 14 * n + 15 * o + 16 * p + 17 * q + 18 * r + 19 * s + 20 * t;
}
long double long_doubles(long double a, int b, long double c, double d, long double e, long double f, long double g, long double h, long double i, long double j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
long double returns_long_double(int x) { return x + 0.5L; }
double variadic_list(const char *kinds, va_list list)
{
    double t = 0;
    for (; *kinds; kinds++) {
        t *= 2;
        switch (*kinds) {
        case 'i': t += va_arg(list, int); break;
        case 'u': t += va_arg(list, unsigned); break;
        case 'l': t += va_arg(list, long); break;
        case 'd': t += va_arg(list, double); break;
        case 'L': t += va_arg(list, long double); break;
        case 'p': t += *va_arg(list, int *); break;
        case 's': { struct l3 x = va_arg(list, struct l3); t += x.a + x.b + x.c; break; }
        case 'f': { struct f3 x = va_arg(list, struct f3); t += x.a + x.b + x.c; break; }
        case 'm': { struct dl x = va_arg(list, struct dl); t += x.a + x.b; break; }
        }
    }
    return t;
}
double variadic_mix(const char *kinds, ...)
{
    va_list list;
    double t;
    va_start(list, kinds);
    t = variadic_list(kinds, list);
    va_end(list);
    return t;
}

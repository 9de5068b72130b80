// SPDX-License-Identifier: MIT
// Structures of every shape that the calling conventions tell apart, and the
// functions that caller.c calls and callee.c defines. The two files are
// compiled by different compilers and linked.
//
// SHAPE(name, members, scalars): the scalars are those members that F(...)
// can add to and read.
#include <stdarg.h>

struct two_floats { float x, y; };
struct int_char { int i; char c; };
#define SHAPES \
    SHAPE(c1, char a;, F(a)) \
    SHAPE(c2, char a[2];, F(a[0]) F(a[1])) \
    SHAPE(c3, char a[3];, F(a[0]) F(a[1]) F(a[2])) \
    SHAPE(c7, char a[7];, F(a[0]) F(a[6])) \
    SHAPE(c9, char a[9];, F(a[0]) F(a[8])) \
    SHAPE(c15, char a[15];, F(a[0]) F(a[14])) \
    SHAPE(c16, char a[16];, F(a[0]) F(a[15])) \
    SHAPE(c17, char a[17];, F(a[0]) F(a[16])) \
    SHAPE(s1, short a;, F(a)) \
    SHAPE(s3, short a[3];, F(a[0]) F(a[2])) \
    SHAPE(i1, int a;, F(a)) \
    SHAPE(i2, int a; int b;, F(a) F(b)) \
    SHAPE(i3, int a; int b; int c;, F(a) F(b) F(c)) \
    SHAPE(i5, int a[5];, F(a[0]) F(a[4])) \
    SHAPE(l1, long a;, F(a)) \
    SHAPE(l2, long a; long b;, F(a) F(b)) \
    SHAPE(l3, long a; long b; long c;, F(a) F(b) F(c)) \
    SHAPE(cl, char a; long b;, F(a) F(b)) \
    SHAPE(lc, long a; char b;, F(a) F(b)) \
    SHAPE(csi, char a; short b; int c;, F(a) F(b) F(c)) \
    SHAPE(f1, float a;, F(a)) \
    SHAPE(f2, float a; float b;, F(a) F(b)) \
    SHAPE(f3, float a; float b; float c;, F(a) F(b) F(c)) \
    SHAPE(f4, float a[4];, F(a[0]) F(a[1]) F(a[2]) F(a[3])) \
    SHAPE(f5, float a[5];, F(a[0]) F(a[4])) \
    SHAPE(d1, double a;, F(a)) \
    SHAPE(d2, double a; double b;, F(a) F(b)) \
    SHAPE(d3, double a; double b; double c;, F(a) F(b) F(c)) \
    SHAPE(d4, double a[4];, F(a[0]) F(a[1]) F(a[2]) F(a[3])) \
    SHAPE(d5, double a[5];, F(a[0]) F(a[4])) \
    SHAPE(fi, float a; int b;, F(a) F(b)) \
    SHAPE(if_, int a; float b;, F(a) F(b)) \
    SHAPE(ffi, float a; float b; int c;, F(a) F(b) F(c)) \
    SHAPE(iff, int a; float b; float c;, F(a) F(b) F(c)) \
    SHAPE(di, double a; int b;, F(a) F(b)) \
    SHAPE(id, int a; double b;, F(a) F(b)) \
    SHAPE(fd, float a; double b;, F(a) F(b)) \
    SHAPE(lf, long a; float b;, F(a) F(b)) \
    SHAPE(ld, long a; double b;, F(a) F(b)) \
    SHAPE(dl, double a; long b;, F(a) F(b)) \
    SHAPE(ldi, long a; double b; int c;, F(a) F(b) F(c)) \
    SHAPE(nf, struct two_floats a; struct two_floats b;, F(a.x) F(a.y) F(b.x) F(b.y)) \
    SHAPE(nf3, struct two_floats a; float b;, F(a.x) F(a.y) F(b)) \
    SHAPE(nic, struct int_char a; char b;, F(a.i) F(a.c) F(b)) \
    SHAPE(af, struct two_floats a[2];, F(a[0].x) F(a[1].y)) \
    SHAPE(x1, long double a;, F(a)) \
    SHAPE(x2, long double a; long double b;, F(a) F(b)) \
    SHAPE(ix, int a; long double b;, F(a) F(b)) \
    SHAPE(x5, long double a[5];, F(a[0]) F(a[4])) \
    SHAPE(xp, struct { long double a; long double b; } __attribute__((packed)) p;, F(p.a) F(p.b)) \
    SHAPE(uld, union { long l; char c[8]; } a;, F(a.l)) \
    SHAPE(ufd, union { float f; double d; } a;, F(a.d)) \
    SHAPE(uid, union { int i; double d; } a; int b;, F(a.d) F(b)) \
    SHAPE(bits, int a : 5; int b : 20; long c : 40;, F(a) F(b) F(c)) \
    SHAPE(big, int a[40];, F(a[0]) F(a[39]))

#define SHAPE(n, members, scalars) \
    struct n { members }; \
    struct n make_##n(int start); \
    struct n change_##n(struct n x, int by); \
    double sum_##n(struct n x); \
    double among_##n(int i1, double d1, struct n x, long i2, struct n y, float f, struct n z, long double l, short s, struct n w, int last); \
    double variadic_##n(int count, ...); \
    double back_##n(struct n (*f)(struct n, int), struct n x);
SHAPES
#undef SHAPE

signed char narrow_char(int x);
unsigned char narrow_uchar(int x);
short narrow_short(int x);
unsigned short narrow_ushort(int x);
_Bool narrow_bool(int x);
float narrow_float(double x);
long small_arguments(signed char a, unsigned char b, short c, unsigned short d, _Bool e, int f, unsigned g, signed char h, short i, unsigned char j);
long many_integers(int a, long b, int c, long d, int e, long f, int g, long h, int i, char j, long k, short l);
double many_reals(float a, double b, float c, double d, float e, double f, float g, double h, float i, double j, float k);
double both_kinds(int a, double b, long c, float d, int e, double f, long g, float h, int i, double j, long k, double l, int m, double n, long o, double p, int q, double r, float s, char t);
long double long_doubles(long double a, int b, long double c, double d, long double e, long double f, long double g, long double h, long double i, long double j);
long double returns_long_double(int x);
double variadic_mix(const char *kinds, ...);
double variadic_list(const char *kinds, va_list list);

// SPDX-License-Identifier: MIT
// stage: cc
// feature: structures by value: assignment, parameters, results
#include "../check.h"

struct P1 { char c; };
struct P3 { char c[3]; };
struct P8 { int a, b; };
struct P12 { int a, b, c; };
struct P16 { long a, b; };
struct P24 { long a, b, c; };
struct P40 { int v[10]; };
struct F2 { float x, y; };
struct F3 { float x, y, z; };
struct D2 { double x, y; };
struct D4 { double a, b, c, d; };
struct FI { float f; int i; };
struct DI { double d; long i; };
struct N { struct F2 p; struct F2 q; };
struct LD { long double x; };
union UV { long l; double d; };
static struct P1 p1(struct P1 s) { s.c++; return s; }
static struct P3 p3(struct P3 s) { char t = s.c[0]; s.c[0] = s.c[2]; s.c[2] = t; return s; }
static struct P8 p8(struct P8 s) { struct P8 r = { s.b, s.a }; return r; }
static struct P12 p12(int x, struct P12 s) { s.a += x; s.b += s.a; s.c += s.b; return s; }
static struct P16 p16(struct P16 s, long k) { s.a *= k; s.b *= k; return s; }
static struct P24 p24(struct P24 s, struct P24 t) { s.a += t.a; s.b += t.b; s.c += t.c; return s; }
static struct P40 p40(struct P40 s) { for (int i = 0; i < 5; i++) { int t = s.v[i]; s.v[i] = s.v[9 - i]; s.v[9 - i] = t; } return s; }
static struct F2 f2(struct F2 s) { struct F2 r = { s.y, s.x }; return r; }
static struct F3 f3(struct F3 s) { struct F3 r = { s.z, s.x, s.y }; return r; }
static struct D2 d2(double k, struct D2 s) { s.x *= k; s.y *= k; return s; }
static struct D4 d4(struct D4 s) { struct D4 r = { s.d, s.c, s.b, s.a }; return r; }
static struct FI fi(struct FI s) { s.f *= 2; s.i *= 3; return s; }
static struct DI di(struct DI s) { s.d *= 2; s.i *= 3; return s; }
static struct N n(struct N s) { struct N r = { s.q, s.p }; return r; }
static struct LD ldv(struct LD s) { s.x *= 3; return s; }
static union UV uv(union UV u) { u.l++; return u; }
static long spill(long a, long b, long c, long d, long e, struct P16 s, long f, struct P8 t, struct P24 u, int g)
{
    return a + b + c + d + e + 10 * s.a + 100 * s.b + 1000 * f + 10000 * t.a + 100000 * t.b + 1000000 * (u.a + u.b + u.c) + g;
}
static double spilld(struct D4 a, struct D4 b, struct D2 c, double d) { return a.a + 10 * a.d + 100 * b.a + 1000 * b.d + 10000 * c.x + 100000 * c.y + 1000000 * d; }
static struct P24 pick(int which, struct P24 a, struct P24 b) { return which ? a : b; }
static long touch(struct P24 s) { s.a = 99; return s.a; }

int main(void)
{
    struct P40 big, copy;
    struct P24 x = { 1, 2, 3 }, y = { 10, 20, 30 }, z;
    struct P24 array[2], *p = array;
    struct P8 pair = { 1, 2 };
    struct P1 one = { 'a' };
    struct P3 three = { { 'x', 'y', 'z' } };
    union UV u;
    int i;
    z = x; z.b = 7; eq("assignment copies", x.b, 2); eq("copied", z.a * 100 + z.b * 10 + z.c, 173);
    array[0] = x; array[1] = y; eq("array elements", p[1].c, 30);
    *p++ = y; eq("through a pointer", array[0].a, 10); *p = x; eq("and on", array[1].b, 2);
    z = y = x; eq("chained", z.c + y.a, 4);
    for (i = 0; i < 10; i++) big.v[i] = i;
    copy = big; big.v[3] = 100; eq("large copy", copy.v[3] * 10 + copy.v[9], 39);
    eq("one byte", p1(one).c, 'b');
    eq("three bytes", p3(three).c[0] * 256 + p3(three).c[2], 'z' * 256 + 'x');
    eq("argument unchanged", three.c[0], 'x');
    eq("eight bytes", p8(pair).a * 10 + p8(pair).b, 21);
    { struct P12 s = { 1, 2, 3 }; s = p12(10, s); eq("twelve bytes", s.a * 10000 + s.b * 100 + s.c, 111316); }
    { struct P16 s = { 3, 4 }; s = p16(s, 5); eq("sixteen bytes", s.a * 100 + s.b, 1520); }
    z = p24(x, array[0]); eq("in memory", z.a * 10000 + z.b * 100 + z.c, 11 * 10000 + 22 * 100 + 33);
    eq("forty bytes", p40(copy).v[0] * 10 + p40(copy).v[9], 90);
    { struct F2 s = { 1.5f, 2.5f }; s = f2(s); eq("two floats", (long)(s.x * 100 + s.y), 251); }
    { struct F3 s = { 1, 2, 3 }; s = f3(s); eq("three floats", (long)(s.x * 100 + s.y * 10 + s.z), 312); }
    { struct D2 s = { 1.5, 2.5 }; s = d2(2, s); eq("two doubles", (long)(s.x * 10 + s.y), 35); }
    { struct D4 s = { 1, 2, 3, 4 }; s = d4(s); eq("four doubles", (long)(s.a * 1000 + s.b * 100 + s.c * 10 + s.d), 4321); }
    { struct FI s = { 1.5f, 7 }; s = fi(s); eq("float and int", (long)(s.f * 100 + s.i), 321); }
    { struct DI s = { 1.5, 7 }; s = di(s); eq("double and long", (long)(s.d * 100 + s.i), 321); }
    { struct N s = { { 1, 2 }, { 3, 4 } }; s = n(s); eq("nested", (long)(s.p.x * 1000 + s.p.y * 100 + s.q.x * 10 + s.q.y), 3412); }
    { struct LD s = { 1.5L }; eq("long double", (long)(ldv(s).x * 10), 45); }
    u.l = 41; eq("union", uv(u).l, 42);
    { struct P16 s = { 6, 7 }; eq("spilled to the stack", spill(1, 2, 3, 4, 5, s, 8, pair, x, 9), 15 + 60 + 700 + 8000 + 10000 + 200000 + 6000000 + 9); }
    { struct D4 a = { 1, 0, 0, 2 }, b = { 3, 0, 0, 4 }; struct D2 c = { 5, 6 }; eq("doubles spilled", (long)spilld(a, b, c, 7), 7654321); }
    eq("conditional of structs", pick(0, x, array[0]).b, 20);
    eq("member of a call", p24(x, x).c, 6);
    eq("nested calls", p24(p24(x, x), p24(x, x)).a, 4);
    eq("callee's changes stay there", touch(x) * 10 + x.a, 991);
    eq("comma", (z = x, z).b, 2);
    eq("parenthesised member", (x).c, 3);
    return done();
}

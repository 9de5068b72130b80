// SPDX-License-Identifier: MIT
// stage: cc
// feature: bit-fields
#include "../check.h"

struct A { unsigned a : 3, b : 5; int c : 4; unsigned d : 20; };
struct B { long x : 40; unsigned long y : 24; };
struct C { char c; int f : 4; int : 0; int g : 4; };
struct D { unsigned char a : 1, b : 1, : 2, c : 4; unsigned short s : 9; };
struct E { int a : 3; char tail; };
struct F { unsigned long u : 33; };
struct G { _Bool t : 1; unsigned r : 31; };
union U { unsigned all; struct { unsigned lo : 16, hi : 16; } part; };
static struct A global = { 5, 17, -3, 0xabcde };
static unsigned word(void *p) { return *(unsigned *)p; }

int main(void)
{
    struct A a = { 1, 2, 3, 4 };
    struct A *p = &a;
    struct B b = { -5, 0xffffff };
    struct D d = { 0 };
    struct E e = { 0, 'z' };
    struct F f;
    struct G g = { 4, 5 };
    union U u;
    int i;
    eq("size", sizeof(struct A), 4); eq("long size", sizeof(struct B), 8);
    eq("zero width starts anew", sizeof(struct C), 8);
    eq("small", sizeof(struct D), 4); eq("tail fits the unit", sizeof(struct E), 4);
    eq("tail's place", (char *)&e.tail - (char *)&e, 1);
    eq("layout", word(&global), 5 | 17 << 3 | 13 << 8 | 0xabcdeu << 12);
    eq("read a", global.a, 5); eq("read b", global.b, 17); eq("signed", global.c, -3); eq("read d", global.d, 0xabcde);
    a.b = 31; eq("write keeps neighbours", a.a * 10000 + a.b * 100 + a.c * 10 + a.d, 13134);
    p->c = 7; eq("through a pointer", p->c, 7); p->c = 8; eq("wraps to negative", p->c, -8);
    eq("the value of an assignment", (a.a = 9), 1); eq("assigned", a.a, 1);
    a.a += 3; eq("+=", a.a, 4); a.a++; eq("++", a.a, 5); eq("post --", a.a--, 5); eq("after", a.a, 4);
    a.d |= 0x80000; eq("|=", a.d, 0x80004); a.b <<= 1; eq("<<= cut", a.b, 30);
    eq("long field", b.x, -5); eq("unsigned long field", b.y, 0xffffff);
    b.x = 0x7fffffffffL; eq("40 bits", b.x, 0x7fffffffffL); eq("neighbour", b.y, 0xffffff);
    d.b = 1; d.c = 9; d.s = 511; eq("bytes", *(unsigned char *)&d, 0x92); eq("short field", d.s, 511); d.s++; eq("wraps", d.s, 0);
    e.a = 3; eq("tail untouched", e.tail, 'z'); e.tail = 'q'; eq("field untouched", e.a, 3);
    f.u = 0x1ffffffffUL; eq("33 bits", f.u == 0x1ffffffffUL, 1); f.u = f.u + 1; eq("wraps at 33", f.u, 0);
    eq("bool field", g.t, 1); g.t = 0; eq("bool cleared", g.t * 10 + g.r, 5);
    eq("promotes to int", a.a - 10 < 0, 1);
    u.all = 0x12345678; eq("union of fields", u.part.hi, 0x1234); u.part.lo = 0xffff; eq("write", u.all, 0x1234ffff);
    for (i = 0; i < 8; i++) { a.a = (unsigned)i; if (a.a != (unsigned)i) break; }
    eq("all values", i, 8);
    eq("condition", a.c ? 1 : 0, 1); a.c = 0; eq("zero", !a.c, 1);
    return done();
}

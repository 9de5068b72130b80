// SPDX-License-Identifier: MIT
// stage: c1
// feature: assignment operators, increment and decrement
#include "../check.h"

struct Pair { int a; long b; };
static int index_calls;
static int next(void) { index_calls++; return index_calls; }

int main(int argc, char **argv)
{
    int a = 10;
    long l = 1;
    unsigned char c = 250;
    short s = 32767;
    int v[4];
    int *p = v;
    struct Pair pair;
    int b;
    int d;
    a += 5; eq("+=", a, 15);
    a -= 3; eq("-=", a, 12);
    a *= 4; eq("*=", a, 48);
    a /= 5; eq("/=", a, 9);
    a %= 5; eq("%=", a, 4);
    a <<= 3; eq("<<=", a, 32);
    a >>= 2; eq(">>=", a, 8);
    a |= 3; eq("|=", a, 11);
    a &= 6; eq("&=", a, 2);
    a ^= 7; eq("^=", a, 5);
    eq("the value of an assignment", (a = 9), 9);
    a = b = d = 4;
    eq("assignment is right associative", a + b + d, 12);
    eq("post increment gives the old", a++, 4);
    eq("then the new", a, 5);
    eq("pre increment gives the new", ++a, 6);
    eq("post decrement", a--, 6);
    eq("pre decrement", --a, 4);
    c += 10; eq("unsigned char wraps", c, 4);
    c = 255; c++; eq("unsigned char increment wraps", c, 0);
    c--; eq("and back", c, 255);
    eq("the value of a narrow assignment is narrow", (c = 0x1ff), 255);
    s++; eq("short wraps", s, -32768);
    l <<= 40; eq("long shift assign", l, 0x10000000000L);
    l += a; eq("long += int", l, 0x10000000004L);
    p[0] = 1; p[1] = 2; p[2] = 3; p[3] = 4;
    eq("*p++", *p++, 1);
    eq("p moved", p - v, 1);
    eq("*++p", *++p, 3);
    eq("(*p)++", (*p)++, 3);
    eq("changed", v[2], 4);
    p -= 2; eq("pointer -=", *p, 1);
    p += 3; eq("pointer +=", *p, 4);
    eq("*--p", *--p, 4);
    index_calls = 0;
    v[next()] += 5;
    eq("the left side is evaluated once", index_calls, 1);
    eq("its value", v[1], 7);
    v[next()]++;
    eq("once with ++", index_calls, 2);
    pair.a = 3; pair.b = 4;
    pair.a += pair.b; pair.b *= pair.a;
    eq("member +=", pair.a, 7);
    eq("member *=", pair.b, 28);
    eq("compound on unsigned char", (c = 200, c *= 2, c), 144);
    c = 200; c >>= 1; eq("unsigned char >>=", c, 100);
    c = 7; c /= 2; eq("unsigned char /=", c, 3);
    return done();
}

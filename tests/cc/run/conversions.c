// SPDX-License-Identifier: MIT
// stage: c1
// feature: integer conversions and casts
#include "../check.h"

static int id(int x) { return x; }
static long idl(long x) { return x; }
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

int main(int argc, char **argv)
{
    int i = id(-1);
    u8 b = (u8)i;
    u16 h = (u16)i;
    short s = (short)id(0x18000);
    u32 w;
    u64 q;
    eq("to unsigned char", b, 255);
    eq("to unsigned short", h, 65535);
    eq("to short wraps", s, -32768);
    eq("cast to signed char", (signed char)id(0x1ff), -1);
    eq("cast to short", (short)id(70000), 4464);
    eq("cast long to int", (int)idl(0x1ffffffffL), -1);
    eq("cast long to unsigned", (long)(u32)idl(-1), 0xffffffffL);
    w = (u32)i; eq("unsigned holds", w, 0xffffffffL);
    q = (u64)i; eq("sign extended first", q == 0xffffffffffffffffUL, 1);
    q = w; eq("zero extended", (long)q, 0xffffffffL);
    eq("char promotes to int", (u8)200 + (u8)100, 300);
    eq("unsigned short promotes to int", (u16)0 - (u16)1, -1);
    eq("complement of unsigned char is int", ~(u8)0, -1);
    eq("shift of unsigned char is int", (u8)255 << 8, 65280);
    eq("compare unsigned char with -1", (u8)255 == i, 0);
    eq("signed char equals -1", (signed char)255 == i, 1);
    eq("narrow parameter chain", (u8)(u16)(u32)idl(0x1234567890L), 0x90);
    eq("cast binds tighter than plus", (u8)255 + 1, 256);
    eq("cast of parenthesis", (u8)(255 + 1), 0);
    eq("pointer to long and back", *(int *)(long)&i, -1);
    eq("sizeof promoted", sizeof(b + b), 4);
    eq("sizeof mixed", sizeof(b + idl(1)), 8);
    eq("unsigned int and long is long", idl(-1) < (u32)1, 1);
    eq("unsigned char divide is signed", (u8)1 / id(-1), -1);
    eq("sizeof types", sizeof(char) + sizeof(short) * 10 + sizeof(int) * 100 + sizeof(long) * 1000 + sizeof(char *) * 10000, 88421);
    eq("sizeof unsigned types", sizeof(u8) + sizeof(u16) + sizeof(u32) + sizeof(u64), 15);
    eq("sizeof is unsigned long", sizeof(sizeof(int)), 8);
    eq("minus sizeof is large", (long)(sizeof(int) - 5 > 0), 1);
    eq("assignment to long from unsigned expression", (long)(w + 1), 0);
    eq("unsigned long arithmetic of a cast", (long)((u64)w + 1), 0x100000000L);
    return done();
}

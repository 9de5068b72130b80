// SPDX-License-Identifier: MIT
// stage: c1
// feature: unsigned arithmetic and comparison
#include "../check.h"

static unsigned idu(unsigned x) { return x; }
static unsigned long idul(unsigned long x) { return x; }
static int id(int x) { return x; }

int main(int argc, char **argv)
{
    unsigned big = idu(0xfffffff0u);
    unsigned long huge = idul(0xfffffffffffffff0UL);
    eq("wraps at 32 bits", big + 0x20u, 0x10);
    eq("0 - 1", idu(0) - 1u, 0xffffffffL);
    eq("unsigned divide", big / 16u, 0x0fffffff);
    eq("unsigned remainder", big % 7u, 4294967280L % 7);
    eq("unsigned long divide", (long)(huge / 16), 0x0fffffffffffffffL);
    eq("unsigned long remainder", (long)(huge % 10), 0);
    eq("unsigned compare", big > 1u, 1);
    eq("mixed compare is unsigned", id(-1) > 1u, 1);
    eq("mixed compare with less", id(-1) < 1u, 0);
    eq("unsigned long compare", huge > 1, 1);
    eq("int against unsigned long", id(-1) == 0xffffffffffffffffUL, 1);
    eq("unsigned against long is a long comparison", idu(0xffffffffu) > (long)-1, 1);
    eq("unsigned shift right", big >> 4, 0x0fffffff);
    eq("unsigned long shift right", (long)(huge >> 60), 15);
    eq("unsigned to long is zero extended", (long)big, 0xfffffff0L);
    eq("int to unsigned long is sign extended", (long)((unsigned long)id(-2) >> 1), 0x7fffffffffffffffL);
    eq("unsigned multiply wraps", idu(0x10001u) * idu(0x10001u), 0x20001);
    eq("unsigned minus is unsigned", -idu(1), 0xffffffffL);
    eq("complement of unsigned", ~idu(0), 0xffffffffL);
    eq("<= unsigned", idu(3) <= idu(3), 1);
    eq(">= unsigned", big >= idu(0x80000000u), 1);
    eq("divide by a large unsigned", idu(0xfffffffeu) / idu(0xffffffffu), 0);
    eq("hex constant with the top bit is unsigned", 0x80000000 > 0, 1);
    eq("a large decimal constant is long", 4294967295 > 0, 1);
    eq("-1 < 0x80000000 converts", id(-1) < 0x80000000, 0);
    return done();
}

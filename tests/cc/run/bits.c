// SPDX-License-Identifier: MIT
// stage: c1
// feature: bits: and, or, xor, not, shifts
#include "../check.h"

static int id(int x) { return x; }
static long idl(long x) { return x; }

int main(int argc, char **argv)
{
    int i = 0;
    long sum = 0;
    eq("and", id(0xff0f) & 0x0ff0, 0x0f00);
    eq("or", id(0xf000) | 0x000f, 0xf00f);
    eq("xor", id(0xff) ^ 0x0f, 0xf0);
    eq("not", ~id(5), -6);
    eq("not long", ~idl(0), -1);
    eq("shift left", id(3) << 4, 48);
    eq("shift right keeps the sign", id(-16) >> 2, -4);
    eq("shift right long keeps the sign", idl(-1L << 40) >> 36, -16);
    eq("shift left long", idl(1) << 40, 0x10000000000L);
    eq("shift by variable", 1 << id(10), 1024);
    eq("the shift's type is the left operand's", 1 << idl(4), 16);
    eq("sizeof of a shift", sizeof(id(1) << idl(1)), 4);
    eq("precedence: shift below plus", 1 << 2 + 1, 8);
    eq("precedence: and below equality", (6 & 3 == 3) , 0);
    eq("precedence: or, xor, and", (1 | 2 ^ 3 & 2), 1);
    eq("64-bit mask", idl(0x0123456789abcdefL) & 0xff00ff00ff00ff00L, 0x010045008900cd00L);
    while (i < 64) {
        if ((0x5555555555555555L >> i & 1) == 1) sum = sum + i;
        i++;
    }
    eq("each bit", sum, 992);
    eq("unsigned 32-bit rotate", ((unsigned)id(0x12345678) << 8) | ((unsigned)id(0x12345678) >> 24), 0x34567812);
    return done();
}

// SPDX-License-Identifier: MIT
// stage: c1
// feature: integer arithmetic
#include "../check.h"

static int id(int x) { return x; }
static long idl(long x) { return x; }

int main(int argc, char **argv)
{
    int a = id(17);
    int b = id(-5);
    long big = idl(0x123456789abcdefL);
    eq("add", a + b, 12);
    eq("subtract", a - b, 22);
    eq("multiply", a * b, -85);
    eq("divide truncates towards zero", a / b, -3);
    eq("divide negative", b / 2, -2);
    eq("remainder has the dividend's sign", b % 3, -2);
    eq("remainder by negative", a % b, 2);
    eq("unary minus", -a, -17);
    eq("unary minus of negative", -b, 5);
    eq("unary plus", +b, -5);
    eq("minus minus", - -a, 17);
    eq("int wraps in 32 bits by unsigned", (int)((unsigned)id(2147483647) + 1u), (long)(-2147483647 - 1));
    eq("long add", big + big, 0x2468acf13579bdeL);
    eq("long multiply", big * 16, 0x123456789abcdef0L);
    eq("long divide", big / 0x1000, 0x123456789abcL);
    eq("long remainder", big % 0x1000, 0xdef);
    eq("int times long is long", id(1000000) * idl(1000000), 1000000000000L);
    eq("int operand is widened with sign", idl(0x100000000L) + b, 0xfffffffbL);
    eq("constant folding", 2 + 3 * 4 - 10 / 3, 11);
    eq("precedence of unary and binary", -2 * -3, 6);
    eq("left associative minus", 10 - 3 - 2, 5);
    eq("left associative divide", 100 / 10 / 2, 5);
    eq("parentheses", 10 - (3 - 2), 9);
    eq("divide by a power of two, negative", id(-7) / 4, -1);
    eq("remainder by a power of two, negative", id(-7) % 4, -3);
    eq("divide by minus one", id(12345) / -1, -12345);
    eq("smallest int divided by 2", id(-2147483647 - 1) / 2, -1073741824);
    eq("long minimum", idl(-9223372036854775807L - 1) / 2, -4611686018427387904L);
    return done();
}

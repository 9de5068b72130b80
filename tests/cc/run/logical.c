// SPDX-License-Identifier: MIT
// stage: c1
// feature: comparison and logical operators
#include "../check.h"

static int calls;
static int id(int x) { return x; }
static int yes(void) { calls++; return 7; }
static int no(void) { calls++; return 0; }

int main(int argc, char **argv)
{
    char *p = "x";
    char *q = 0;
    long l = 0x100000000L;
    eq("==", id(3) == 3, 1);
    eq("!=", id(3) != 3, 0);
    eq("<", id(-3) < 3, 1);
    eq(">", id(-3) > 3, 0);
    eq("<=", id(3) <= 3, 1);
    eq(">=", id(2) >= 3, 0);
    eq("not of value", !id(9), 0);
    eq("not of zero", !id(0), 1);
    eq("not of pointer", !p, 0);
    eq("not of null", !q, 1);
    eq("double not", !!id(9), 1);
    eq("a long with low bits clear is true", l ? 1 : 2, 1);
    eq("not of such a long", !l, 0);
    eq("such a long in &&", l && 1, 1);
    eq("and gives 1", id(4) && id(2), 1);
    eq("or gives 1", id(0) || id(2), 1);
    eq("or gives 0", id(0) || id(0), 0);
    calls = 0;
    eq("and stops", no() && yes(), 0);
    eq("one call", calls, 1);
    eq("or stops", yes() || no(), 1);
    eq("two calls", calls, 2);
    eq("chain", yes() && yes() && no() && yes(), 0);
    eq("five calls", calls, 5);
    eq("and binds tighter than or", 1 || 0 && 0, 1);
    eq("conditional", id(1) ? 10 : 20, 10);
    eq("conditional false", id(0) ? 10 : 20, 20);
    eq("nested conditional", id(0) ? 1 : id(0) ? 2 : 3, 3);
    calls = 0;
    eq("only one arm", id(1) ? 5 : yes(), 5);
    eq("no call", calls, 0);
    eq("comma", (yes(), id(4)), 4);
    eq("comma calls", calls, 1);
    eq("comparison in arithmetic", (id(3) < 4) + (id(3) < 2) + (id(3) == 3), 2);
    eq("comparison chain is left to right", (3 > 2) > 1, 0);
    eq("pointer against null", p != 0, 1);
    eq("conditional with common type long", sizeof(id(1) ? 1 : 1L), 8);
    eq("conditional widens unsigned", (long)(id(1) ? id(-1) : 1u), 0xffffffffL);
    return done();
}

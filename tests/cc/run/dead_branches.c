// SPDX-License-Identifier: MIT
// stage: cc
// feature: a branch that a constant rules out may call what does not exist, and is kept if a jump enters it
#include "../check.h"

int nowhere(int a);
int gone;

static int calls(int a)
{
    if (0 && a) {
        int i;
        for (i = 0; i < a; i++) gone += nowhere(a > 1 ? a : 2);
        return nowhere(i);
    }
    if (1 || a) a++; else return nowhere(a ? 1 : 2);
    if (sizeof(long) == 4) while (nowhere(a)) a--;
    return a;
}

static int entered(int a)
{
    int n = 0;
    if (a > 2) goto inside;
    if (0) {
        n = 100;
inside:
        n += a;
    }
    return n;
}

static int by_case(int a)
{
    int n = 1;
    switch (a) {
        if (0) {
    case 1: n += 10;
    default: n += 100;
        } else
            n = 9;
    }
    return n;
}

int main(int argc, char **argv)
{
    eq("branches that are not taken", calls(4), 5);
    eq("not entered", entered(2), 0);
    eq("entered by goto", entered(3), 3);
    eq("entered by case", by_case(1), 111);
    eq("entered by default", by_case(5), 101);
    return done();
}

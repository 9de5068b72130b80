// SPDX-License-Identifier: MIT
// stage: c1
// feature: control flow: if, while, do, for, break, continue
#include "../check.h"

int main(int argc, char **argv)
{
    int n = 0;
    int i;
    int found = 0;
    for (i = 0; i < 10; i++) n += i;
    eq("for", n, 45);
    eq("counter after", i, 10);
    n = 0;
    while (n < 7) n += 3;
    eq("while", n, 9);
    n = 0;
    do n++; while (n < 0);
    eq("do runs once", n, 1);
    n = 0;
    for (i = 0; ; i++) { if (i == 5) break; if (i % 2) continue; n += i; }
    eq("break and continue", n, 6);
    n = 0; i = 0;
    do { i++; if (i == 3) continue; n += i; } while (i < 5);
    eq("continue in do", n, 12);
    n = 0;
    for (int j = 0; j < 3; j++) for (int k = 0; k < 3; k++) { if (k == j) break; n += 10 * j + k; }
    eq("break leaves the inner loop only", n, 10 + 20 + 21);
    n = 0;
    for (i = 0, n = 100; i < 3; i++, n--) ;
    eq("empty body, commas", n, 97);
    if (n > 1000) n = 1; else if (n > 90) n = 2; else n = 3;
    eq("else if", n, 2);
    if (0) if (1) n = 5; else n = 6;
    eq("else belongs to the nearer if", n, 2);
    i = 3;
    while (i) { i--; { int i = 100; n += i; } }
    eq("inner scope hides", n, 302);
    for (i = 2; i < 50 && !found; i++) if (i * i == 49) found = i;
    eq("condition with &&", found, 7);
    n = 0;
    for (i = 10; i--;) n++;
    eq("for without step", n, 10);
    n = 0;
    while (1) { if (++n > 4) break; while (1) break; }
    eq("nested break", n, 5);
    ;
    {}
    if (n == 5) {} else n = 0;
    eq("empty blocks", n, 5);
    return done();
}

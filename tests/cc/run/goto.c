// SPDX-License-Identifier: MIT
// stage: cc
// feature: goto, labels, Duff's device
#include "../check.h"

static int search(int want)
{
    int i, j;
    for (i = 0; i < 5; i++) for (j = 0; j < 5; j++) if (i * j == want) goto found;
    return -1;
found:
    return i * 10 + j;
}
static int backwards(int n) { int t = 0; again: t += n; if (--n) goto again; return t; }
static int into(int x) { int t = 0; if (x) goto inside; while (t < 3) { t += 1; inside: t += 10; } return t; }
static void duff(char *to, const char *from, int n)
{
    int times = (n + 3) / 4;
    switch (n % 4) {
    case 0: do { *to++ = *from++;
    case 3: *to++ = *from++;
    case 2: *to++ = *from++;
    case 1: *to++ = *from++;
            } while (--times > 0);
    }
}
static int same_name(int x) { int end = 3; struct end { int end; } s = { 4 }; if (x) goto end; s.end = 50; end: return end + s.end; }
static int cleanup(int fail)
{
    int r = 1;
    if (fail == 1) goto out;
    r = 2;
    if (fail == 2) goto out;
    r = 3;
out:
    return r * 10;
}
int main(void)
{
    char b[12] = "...........";
    eq("out of two loops", search(6), 23); eq("not found", search(11), -1);
    eq("backwards", backwards(5), 15); eq("into a loop", into(1), 10); eq("not into", into(0), 11);
    duff(b, "hello world", 11); eq("Duff", b[0] * 65536 + b[5] * 256 + b[10], 'h' * 65536 + ' ' * 256 + 'd');
    duff(b, "12345678", 6); eq("Duff 6", b[5] * 256 + b[6], '6' * 256 + 'w');
    eq("labels have their own name space", same_name(1), 7); eq("not jumped", same_name(0), 53);
    eq("clean up", cleanup(0) + cleanup(1) + cleanup(2), 60);
    goto end;
    eq("skipped", 1, 2);
end:;
    { int n = 0; loop: if (n++ < 5) goto loop; eq("label in a block", n, 6); }
    return done();
}

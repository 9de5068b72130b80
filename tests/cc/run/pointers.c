// SPDX-License-Identifier: MIT
// stage: c1
// feature: pointers and arrays
#include "../check.h"

static int table[5] = { 10, 20, 30, 40, 50 };
static char *names[] = { "zero", "one", "two" };
static int grid[3][4];

static void swap(int *a, int *b) { int t = *a; *a = *b; *b = t; }
static long length(const char *s) { const char *e = s; while (*e) e++; return e - s; }
static int sum(int *v, int n) { int t = 0; while (n-- > 0) t += v[n]; return t; }
static void set(int **pp, int *p) { *pp = p; }
static int corner(int g[3][4]) { return g[2][3]; }

int main(int argc, char **argv)
{
    int a = 1;
    int b = 2;
    int *p = &a;
    int **pp = &p;
    long *lp;
    long longs[3];
    char bytes[16];
    short *sp = (short *)bytes;
    int i;
    int j;
    swap(&a, &b);
    eq("swap", a * 10 + b, 21);
    *p = 5; eq("through a pointer", a, 5);
    **pp = 6; eq("through two", a, 6);
    set(pp, &b); eq("set through a parameter", p == &b, 1);
    eq("index", table[3], 40);
    eq("index is commutative", 3[table], 40);
    eq("pointer plus", *(table + 2), 30);
    eq("int plus pointer", *(1 + table), 20);
    eq("difference", &table[4] - &table[1], 3);
    eq("difference in bytes", (char *)&table[4] - (char *)&table[1], 12);
    eq("compare", &table[1] < &table[2], 1);
    eq("sum", sum(table, 5), 150);
    eq("negative index", (table + 4)[-1], 40);
    eq("array of strings", names[2][1], 'w');
    eq("length", length(names[0]), 4);
    eq("sizeof array", sizeof(table), 20);
    eq("elements by sizeof", sizeof(names) / sizeof(names[0]), 3);
    i = 0;
    while (i < 3) {
        j = 0;
        while (j < 4) { grid[i][j] = i * 10 + j; j++; }
        i++;
    }
    eq("two dimensions", grid[2][1], 21);
    eq("row is an array", sizeof(grid[0]), 16);
    eq("row-major", *(&grid[0][0] + 7), 13);
    eq("pointer to row", *grid[1], 10);
    eq("array parameter", corner(grid), 23);
    eq("row arithmetic", (char *)(grid + 1) - (char *)grid, 16);
    lp = longs; *lp++ = 1; *lp++ = 0x1122334455667788L; *lp = 3;
    eq("longs", longs[0] + longs[2], 4);
    eq("bytes of a long are little-endian", *(unsigned char *)&longs[1], 0x88);
    eq("byte 7", ((unsigned char *)&longs[1])[7], 0x11);
    sp[0] = -2; sp[1] = 0x1234;
    eq("short store", (unsigned char)bytes[0], 0xfe);
    eq("short load", sp[1], 0x1234);
    eq("short negative", sp[0], -2);
    eq("address of element", &grid[1][2] - &grid[0][0], 6);
    eq("null", (long)(char *)0, 0);
    eq("void pointer round trip", *(int *)(void *)&table[1], 20);
    eq("string literal index", "abc"[1], 'b');
    eq("string literal size", sizeof("abc"), 4);
    return done();
}

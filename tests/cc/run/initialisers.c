// SPDX-License-Identifier: MIT
// stage: cc
// feature: initialisers: designated, nested, partial, local aggregates, compound literals
#include "../check.h"

struct P { int x, y; };
struct L { struct P a, b; int v[4]; const char *s; };
union U { int i; double d; char c[8]; };
static struct P designated = { .y = 2, .x = 1 };
static int sparse[10] = { [3] = 30, 40, [8] = 80, [1] = 10 };
static int sized[] = { [5] = 1, 2 };
static struct L nested = { .b.y = 9, .v[2] = 7, .a = { 1 }, .s = "text" };
static struct P points[] = { [1].x = 5, [1].y = 6, [0] = { 7, 8 } };
static struct L flat = { 1, 2, 3, 4, 5, 6, 7, 8, "flat" };
static union U by_name = { .d = 1.5 };
static union U by_first = { 65 };
static char chars[4] = "four";
static char lines[][6] = { "one", "three" };
static int *literal = (int[]){ 10, 20, 30 };
static struct P *point = &(struct P){ 3, 4 };
static int ranges[6] = { 1, 2, [4] = 5 };
static struct { int n; struct { char tag; union { long l; char *s; } u; } item[2]; } deep = { 2, { { 'a', { 5 } }, { 'b', { .s = "deep" } } } };
static int add(struct P p) { return p.x + p.y; }
static int total(const int *v, int n) { int t = 0; while (n--) t += v[n]; return t; }

int main(void)
{
    int a[5] = { 1, 2 };
    int k = 4;
    struct P p = { k, k * 2 }, q = p, r = { .y = k };
    struct L l = { .a = p, .v = { [1] = k } };
    char text[] = "local", padded[10] = "pad";
    int grid[2][3] = { { 1, 2 }, { 4 } }, flat_grid[2][3] = { 1, 2, 3, 4 };
    struct P two[2] = { 1, 2, 3, 4 };
    struct P braced = { { 5 }, 6 };
    int scalar = { 7 };
    int last[] = { [2] = k, k + 1 };
    eq("designated", designated.x * 10 + designated.y, 12);
    eq("sparse", sparse[1] + sparse[3] + sparse[4] + sparse[8] + sparse[9], 160);
    eq("size from a designator", sizeof sized / sizeof *sized, 7);
    eq("nested designator", nested.a.x * 100 + nested.b.y * 10 + nested.v[2], 197);
    eq("unnamed are zero", nested.a.y + nested.v[0], 0);
    eq("string member", nested.s[3], 't');
    eq("array of structs by member", points[1].x * 10 + points[1].y + points[0].x * 1000, 7056);
    eq("flat braces", flat.b.x * 1000 + flat.v[3] * 10 + flat.s[0], 3000 + 80 + 'f');
    eq("union by name", by_name.d == 1.5, 1); eq("union by first", by_first.c[0], 'A');
    eq("no room for the null", sizeof chars * 1000 + chars[3], 4000 + 'r');
    eq("array of strings", lines[1][4] + sizeof lines, 'e' + 12);
    eq("compound literal array", literal[0] + literal[2], 40);
    eq("address of compound literal", point->x * 10 + point->y, 34);
    eq("after a designator", ranges[4] * 10 + ranges[5], 50);
    eq("deep", deep.item[0].u.l * 1000 + deep.item[1].u.s[1], 5000 + 'e');
    eq("local rest is zero", a[1] * 10 + a[4], 20);
    eq("local from expressions", p.x * 10 + p.y, 48);
    eq("local struct copy", q.y, 8);
    eq("local designated", r.x * 10 + r.y, 4);
    eq("member from a struct value", l.a.y * 10 + l.v[1] + l.b.x, 84);
    eq("local string", sizeof text * 1000 + text[4], 6000 + 'l');
    eq("local string padding", padded[9] + padded[2], 'd');
    eq("local grid", grid[0][1] * 100 + grid[0][2] * 10 + grid[1][0], 204);
    eq("flat grid", flat_grid[1][0] * 10 + flat_grid[1][2], 40);
    eq("flat structs", two[1].x * 10 + two[1].y, 34);
    eq("braced scalar member", braced.x * 10 + braced.y, 56);
    eq("braced scalar", scalar, 7);
    eq("local size from a designator", sizeof last / sizeof *last * 100 + last[2] * 10 + last[3], 445);
    eq("compound literal argument", add((struct P){ k, .y = 9 }), 13);
    eq("compound literal array argument", total((int[]){ 1, k, 3 }, 3), 8);
    eq("compound literal is an lvalue", ((struct P){ 1, 2 }.y), 2);
    for (int i = 0, t = 0; i < 3; i++) { int fresh[3] = { 1 }; t += fresh[0] + fresh[2]; fresh[2] = 9; if (i == 2) eq("initialised each time", t, 3); }
    { struct P *m = &(struct P){ .x = k }; m->y = 3; eq("local literal can be written", m->x * 10 + m->y, 43); }
    return done();
}

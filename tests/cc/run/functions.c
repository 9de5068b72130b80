// SPDX-License-Identifier: MIT
// stage: c1
// feature: functions: recursion, many parameters, function pointers
#include "../check.h"

typedef int (*Binary)(int, int);
struct Ops { char *name; int (*apply)(int, int); };
static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int mul(int a, int b) { return a * b; }
static int (*table[3])(int, int) = { add, sub, mul };
static struct Ops ops[] = { { "add", add }, { "mul", mul } };
static int later(int x);
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int even(int n);
static int odd(int n) { return n == 0 ? 0 : even(n - 1); }
static int even(int n) { return n == 0 ? 1 : odd(n - 1); }
static long eight(long a, int b, char c, short d, unsigned e, unsigned char f, long *g, int h)
{
    return a + 10 * b + 100 * c + 1000 * d + 10000 * (long)e + 100000 * f + 1000000 * *g + 10000000 * h;
}
static int apply(int (*f)(int, int), int x, int y) { return f(x, y); }
static Binary choose(int i) { return i ? mul : sub; }
static void none(void) { return; }
static int deep(int n) { int local = n; if (n == 0) return 0; return deep(n - 1) + local; }
static int ackermann(int m, int n)
{
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}
static unsigned char narrow(int x) { return (unsigned char)x; }
static int count;
static int tick(void) { return ++count; }
static int modify(int x) { x += 1; return x; }

int main(int argc, char **argv)
{
    long g = 7;
    Binary f = add;
    int (*local)(int, int) = &sub;
    int x = 5;
    eq("fib", fib(15), 610);
    eq("mutual recursion", even(20) * 10 + odd(7), 11);
    eq("eight parameters", eight(1, 2, 3, 4, 5, 6, &g, 8), 87654321);
    eq("pointer call", f(3, 4), 7);
    eq("starred call", (*f)(3, 4), 7);
    eq("address-of function", local(9, 4), 5);
    eq("as parameter", apply(mul, 6, 7), 42);
    eq("as result", choose(0)(9, 5), 4);
    eq("array of functions", table[2](5, 5) + table[1](5, 5), 25);
    eq("in a struct", ops[1].apply(3, 3), 9);
    eq("assign from array", (f = table[1], f(1, 3)), -2);
    eq("compare functions", f == sub, 1);
    eq("deep recursion", deep(1000), 500500);
    eq("ackermann", ackermann(2, 3), 9);
    eq("narrow result", narrow(0x1234), 0x34);
    eq("prototype first", later(4), 16);
    eq("nested calls", add(add(1, mul(2, 3)), sub(add(10, 5), 6)), 16);
    eq("arguments by value", modify(x) * 10 + x, 65);
    none();
    tick(); tick();
    eq("side effects", tick(), 3);
    eq("argc", argc, 1);
    eq("argv ends", argv[1] == 0, 1);
    eq("argv[0]", argv[0] != 0, 1);
    return done();
}
static int later(int x) { return x * x; }

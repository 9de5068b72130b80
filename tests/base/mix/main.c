// SPDX-License-Identifier: MIT
// Prints what functions of other.c give it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mix.h"

static long by_length(const void *a, const void *b)
{
    return (long)strlen(a) - (long)strlen(b);
}

const char *const names[] = { "one", "three", "eleven", NULL };
compare *const order = by_length;

static long total(struct wide w, int i)
{
    return w.a + w.b * i;
}

static int descending(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

int main(void)
{
    struct narrow n = { 1000, 'a' };
    struct wide w = { 1L << 40, -3 }, v = { 7, 9 };
    struct point p = { 1.5, -2 }, q = { 3, 0.25 };
    struct large l = { "nobody", 5, 2.5 };
    int numbers[] = { 3, 9, -4, 7 };
    char buffer[40];
    n = narrow(n, -5, 65535);
    printf("%d %c %d\n", n.a, n.b, counter);
    w = wide(3, w, 1.5f, v);
    printf("%ld %ld\n", w.a, w.b);
    p = point(p, 4, q);
    printf("%g %g\n", p.x, p.y);
    l = large(l, "a name of nineteen.");
    l = large(l, "two");
    printf("%s %ld %g %ld\n", l.name, l.n, l.x, untouched[99]);
    printf("%.3Lf\n", mean(6, 1, 2.5, 3.25L, 40UL, -5, 0.25));
    printf("%d ", text(buffer, sizeof buffer, "%s:%5.1f:%ld:%c", names[1], 2.25, -1L, '!'));
    puts(buffer);
    printf("%d %d %d\n", weekday(3, 7), even(6), even(7));
    printf("%ld %ld\n", apply(by_length, "four", "seven"), calls_back(total, 0));
    qsort(numbers, 4, sizeof *numbers, descending);
    printf("%d %d %d %d\n", numbers[0], numbers[1], numbers[2], numbers[3]);
    return n.b;
}

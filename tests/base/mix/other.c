// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>
#include "mix.h"

int counter = 40;
long untouched[100];
static const short table[7] = { 0, 3, 2, 5, 0, 3, 5 };

struct narrow narrow(struct narrow n, signed char c, unsigned short s)
{
    counter++;
    n.a += c + s;
    n.b ^= 1;
    return n;
}

struct wide wide(int i, struct wide w, float f, struct wide v)
{
    struct wide r = { w.a * i + v.b, w.b - v.a + (long)(f * 2) };
    return r;
}

struct point point(struct point p, double by, struct point q)
{
    p.x = p.x * by + q.y;
    p.y -= q.x / by;
    return p;
}

struct large large(struct large l, const char *name)
{
    strncpy(l.name, name, sizeof l.name - 1);
    l.n = untouched[99]++ - l.n;
    l.x = -l.x;
    return l;
}

long double mean(int count, ...)
{
    long double sum = 0;
    va_list list;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        switch (i % 4) {
        case 0: sum += va_arg(list, int); break;
        case 1: sum += va_arg(list, double); break;
        case 2: sum += va_arg(list, long double); break;
        case 3: sum += va_arg(list, unsigned long); break;
        }
    va_end(list);
    return sum / count;
}

int text(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    int length;
    va_start(list, format);
    length = vsnprintf(buffer, size, format, list);
    va_end(list);
    return length;
}

unsigned char weekday(unsigned month, int day)
{
    return (unsigned char)((table[month % 7] + day + 256) % 7 | 0);
}

_Bool even(unsigned long n)
{
    return ~n & 1;
}

long apply(compare *f, const void *a, const void *b)
{
    return f(a, b) + order(b, a) * 10;
}

long calls_back(long (*f)(struct wide, int), int depth)
{
    struct wide w = { depth, depth * 2L };
    return f(w, depth) + (names[depth] != NULL ? calls_back(f, depth + 1) : 1000);
}

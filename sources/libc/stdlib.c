// SPDX-License-Identifier: MIT
// Integers from text, and sorting.
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

// Reads sign, prefix and digits. *overflow tells whether 64 bits were enough.
static unsigned long integer(const char *s, char **end, int base, int *negative, int *overflow)
{
    const char *start = s;
    const char *digits;
    unsigned long n = 0;
    *overflow = 0;
    while (isspace((unsigned char)*s)) s++;
    *negative = *s == '-';
    if (*s == '-' || *s == '+') s++;
    if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && isxdigit((unsigned char)s[2])) {
        s += 2;
        base = 16;
    } else if (base == 0) {
        base = *s == '0' ? 8 : 10;
    }
    for (digits = s;; s++) {
        int c = (unsigned char)*s;
        int d = isdigit(c) ? c - '0' : isalpha(c) ? (c | 32) - 'a' + 10 : 99;
        if (d >= base) break;
        if (n > (ULONG_MAX - (unsigned long)d) / (unsigned long)base) *overflow = 1;
        n = n * (unsigned long)base + (unsigned long)d;
    }
    if (end) *end = (char *)(s == digits ? start : s);
    return n;
}

unsigned long strtoul(const char *s, char **end, int base)
{
    int negative, overflow;
    unsigned long n = integer(s, end, base, &negative, &overflow);
    if (overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return negative ? 0 - n : n;
}

long strtol(const char *s, char **end, int base)
{
    int negative, overflow;
    unsigned long n = integer(s, end, base, &negative, &overflow);
    if (overflow || n > (unsigned long)LONG_MAX + (unsigned long)negative) {
        errno = ERANGE;
        return negative ? LONG_MIN : LONG_MAX;
    }
    return (long)(negative ? 0 - n : n);
}

unsigned long long strtoull(const char *s, char **end, int base) { return strtoul(s, end, base); }
long long strtoll(const char *s, char **end, int base) { return strtol(s, end, base); }
int atoi(const char *s) { return (int)strtol(s, NULL, 10); }

static void swap(char *a, char *b, size_t size)
{
    while (size--) {
        char t = *a;
        *a++ = *b;
        *b++ = t;
    }
}

// A heap sort: in place, and n log n for every input.
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *v = base;
    size_t start = count / 2, end = count;
    if (count < 2) return;
    while (end > 1) {
        size_t root, child;
        if (start > 0) start--;
        else swap(v, v + --end * size, size);
        for (root = start; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && compare(v + child * size, v + (child + 1) * size) < 0) child++;
            if (compare(v + root * size, v + child * size) >= 0) break;
            swap(v + root * size, v + child * size, size);
        }
    }
}

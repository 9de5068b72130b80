// SPDX-License-Identifier: MIT
// What main.c and other.c, compiled by different compilers, share. Structures by value are of those shapes that TinyCC
// passes as the psABIs say: docs/tinycc.md lists the others.
#include <stdarg.h>
#include <stddef.h>

struct narrow { int a; char b; };
struct wide { long a, b; };
struct point { double x, y; };
struct large { char name[20]; long n; double x; };

typedef long compare(const void *, const void *);

extern int counter;                         // other.c's, initialised
extern long untouched[100];                 // other.c's, zero
extern const char *const names[];           // main.c's, ends with NULL
extern compare *const order;                // main.c's, a pointer to code

struct narrow narrow(struct narrow, signed char, unsigned short);
struct wide wide(int, struct wide, float, struct wide);
struct point point(struct point, double, struct point);
struct large large(struct large, const char *);
long double mean(int, ...);
int text(char *, size_t, const char *, ...);
unsigned char weekday(unsigned, int);
_Bool even(unsigned long);
long apply(compare *, const void *, const void *);
long calls_back(long (*)(struct wide, int), int);

// SPDX-License-Identifier: MIT
// stage: c1
// feature: global initialisers and static variables
#include "../check.h"

#define SIZE 4
enum { FIRST = 3, SECOND, THIRD = FIRST * 10, NEGATIVE = -7 };
int zero;
int one = 1;
long expression = (2 + 3) * 4 - sizeof(int) + (1 ? 5 : 6);
long chosen = 0 || sizeof(long) == 8 && !0 ? (0 ? 1u : -1) + 0L : 3;
unsigned char byte = 300 & 255;
short negative = -12345;
char text[] = "hello";
char padded[8] = "ab";
char *pointer = "world";
int *address = &one;
int array[SIZE] = { 1, 2 };
int *element = &array[1];
int unsized[] = { 1, 2, 3, 4, 5, };
int matrix[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
char words[3][4] = { "ab", "cde", "f" };
char *strings[] = { "alpha", "beta", 0 };
struct Rule { char *name; int code; short v[3]; };
struct Rule rules[] = { { "first", 1, { 1, 2, 3 } }, { "second", NEGATIVE, { 4 } } };
struct Rule *which = &rules[1];
int minus = -(5), inverse = ~0;
long big = 0x7fffffffffffffffL;
unsigned long top = 1UL << 63;
int enumerated = THIRD + SECOND;
void *self = &self;
char *offset = text + 1;
static int counter(void) { static int n = 10; static int z; z += 2; n++; return n * 100 + z; }
static int fn(int x) { return x + 1; }
int (*function)(int) = fn;
extern int defined_later;

int main(int argc, char **argv)
{
    eq("zero", zero, 0);
    eq("one", one, 1);
    eq("expression", expression, 21);
    eq("chosen", chosen, 0xffffffffL);
    eq("byte", byte, 44);
    eq("negative", negative, -12345);
    eq("text size", sizeof text, 6);
    eq("text", text[4] * 256 + text[5], 'o' * 256);
    eq("padded", padded[1] * 256 + padded[7], 'b' * 256);
    eq("pointer", pointer[4], 'd');
    eq("address", *address, 1);
    eq("rest of an array is zero", array[1] * 10 + array[3], 20);
    eq("element", *element, 2);
    eq("unsized", sizeof unsized / sizeof unsized[0], 5);
    eq("matrix", matrix[1][0] * 10 + matrix[0][2], 43);
    eq("words", words[1][2], 'e');
    eq("word padding", words[2][1], 0);
    eq("strings", strings[1][0], 'b');
    eq("null in strings", strings[2] == 0, 1);
    eq("struct table", rules[1].code, -7);
    eq("its array", rules[0].v[2] * 10 + rules[1].v[0], 34);
    eq("unwritten members are zero", rules[1].v[2], 0);
    eq("struct strings", which->name[0], 's');
    eq("minus and inverse", minus + inverse, -6);
    eq("big", big >> 32, 0x7fffffffL);
    eq("top", (long)(top >> 60), 8);
    eq("enumerated", enumerated, 34);
    eq("self", self == &self, 1);
    eq("offset", *offset, 'e');
    counter();
    counter();
    eq("static locals keep", counter(), 1306);
    eq("function pointer", function(4), 5);
    eq("extern before definition", defined_later, 99);
    return done();
}
int defined_later = 99;

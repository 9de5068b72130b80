// SPDX-License-Identifier: MIT
// stage: cc
// feature: C99 and GNU extensions that real packages use
#include "../check.h"

struct Anonymous { int a; union { int i; float f; struct { short lo, hi; }; }; struct { int z; }; };
struct Flexible { int n; char data[]; };
struct Old { int n; int data[0]; };
struct Packed { char c; int i; short s; } __attribute__((packed));
struct Aligned { char c; int i __attribute__((aligned(16))); };
struct __attribute__((__aligned__(32))) Whole { int i; };
struct Part { char c; int i __attribute__((packed)); };
static inline int inlined(int x) { return x * 2; }
extern inline __attribute__((gnu_inline)) int maybe(int x) { return x + 1; }
static int unused(int x) __attribute__((unused));
static int unused(int x) { return x; }
static __attribute__((noinline)) int noinline(int x) { return x + 3; }
static int restricted(int *restrict a, const int *restrict b) { *a = *b; return *a; }
static int vla(int n) { int v[n]; int t = 0; for (int i = 0; i < n; i++) v[i] = i; for (int i = 0; i < n; i++) t += v[i]; return t * 1000 + (int)sizeof v; }
static __attribute__((noinline)) void *returned_to(void) { return __builtin_return_address(0); }
static int vla2(int n, int m, int g[n][m]) { return g[n - 1][m - 1] + (int)(sizeof g[0]); }
static int knr(a, b) int a; char b; { return a * 10 + b; }
static int array_static(int v[static 3]) { return v[2]; }
static int takes(int (f)(int)) { return f(4); }
static const char *name_of(int x) { return _Generic(x, int: "int", long: "long", default: "other"); }
_Static_assert(sizeof(int) == 4, "int has 32 bits");
static _Bool truth(int x) { return x; }
static int __attribute__((section(".data.special"))) special = 11;
extern int weak_missing(void) __attribute__((weak));
static volatile int volatile_value = 3;
#define max(a, b) ({ typeof(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
enum Big { SMALL = -1, LARGE = 0x7fffffff };
enum { TRAILING, COMMA, };
typedef int Matrix[2][3];
typedef struct { int tag; } Untagged;
static int (*returns_pointer(int x))(int) { return x ? inlined : noinline; }
static int (*table[2])(int) = { inlined, noinline };

union Casted { long l; int *p; };
static int in_range[6] = { [1 ... 3] = 7, [5] = 9 };
static int *pointed[4] = { [0 ... 3] = in_range, [2] = in_range + 5, [3] = 0 };
static struct { char c; int v[2]; } lists[4] = { [0 ... 2] = { 'r', { 1, 2 } }, [1 ... 2].v[1] = 5 };
static struct { int n; int *p; } literal = { 1, in_range }, copies[2] = { [1] = (typeof(literal)){ 4, in_range + 1 } };

static long size_is_kept(int *p, int a, int b)
{
    char one[p ? 1 : 50];
    int two[a][b];
    p = &a;
    a = b = 0;
    two[1][2] = 9;
    return (long)sizeof one * 10000 + (long)sizeof two * 100 + (long)sizeof two[0] + (&two[2][0] - &two[0][0]);
}

int main(void)
{
    struct Anonymous s = { .a = 1, .i = 0x20003, .z = 4 };
    struct { struct Flexible f; char room[8]; } flex = { { 3 } };
    struct Packed pk = { 1, 2, 3 };
    int a = 5, b = 6, calls = 0;
    long long ll = 0x123456789abLL;
    unsigned long long ull = ~0ULL;
    Matrix m = { { 1, 2, 3 }, { 4, 5, 6 } };
    int g[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    int complicated = sizeof(int (*(*)[3])(void));
    eq("anonymous union", s.lo * 10 + s.hi, 32); eq("anonymous struct", s.z, 4); eq("anonymous size", sizeof s, 12);
    eq("flexible array", sizeof(struct Flexible), 4); flex.f.data[0] = 'x'; eq("flexible write", flex.room[0], 'x');
    eq("zero-length array", sizeof(struct Old), 4);
    eq("packed", sizeof(struct Packed), 7); eq("packed members", pk.c * 100 + pk.i * 10 + pk.s, 123); eq("packed offset", (char *)&pk.s - (char *)&pk, 5);
    eq("aligned member", sizeof(struct Aligned), 32); eq("aligned struct", sizeof(struct Whole), 32); eq("alignof", __alignof__(struct Whole), 32);
    eq("packed member", sizeof(struct Part), 5); eq("_Alignof", _Alignof(double), 8);
    eq("inline", inlined(4), 8); eq("noinline", noinline(4), 7); eq("restrict", restricted(&a, &b), 6);
    eq("statement expression", ({ int t = 3; t * t; }), 9); eq("typeof max", max(3, 7L), 7); eq("sizeof statement expression", sizeof(max((char)1, 2L)), 8);
    eq("max evaluates once", max(++calls, 0) + calls, 2);
    eq("vla", vla(5), 10020); eq("vla parameter", vla2(2, 3, g), 18); eq("K&R definition", knr(4, 2), 42);
    eq("static in an array parameter", array_static(g[0]), 3); eq("function parameter", takes(inlined), 8);
    eq("_Generic", name_of(1)[0], 'i'); eq("_Generic default", _Generic(1.0f, int: 1, default: 2), 2); eq("_Generic pointer", _Generic(&a, int *: 3, default: 4), 3);
    eq("_Bool", truth(256), 1); { _Bool t = 0.5; t += 5; eq("_Bool of double", t, 1); } eq("_Bool size", sizeof(_Bool), 1); { _Bool t = 1; t--; eq("_Bool --", t, 0); }
    eq("section", special, 11); eq("weak undefined is null", weak_missing == 0, 1); eq("volatile", volatile_value + volatile_value, 6);
    eq("long long", ll >> 32, 0x123); eq("unsigned long long", ull / 3 == 0x5555555555555555ULL, 1); eq("LL size", sizeof(1LL), 8);
    eq("elvis", (a ?: 9) * 10 + (0 ?: 9), 69);
    eq("enum of an int", LARGE + (long)SMALL, 0x7ffffffe); eq("trailing comma", COMMA, 1);
    eq("typedef of array", sizeof(Matrix) + m[1][2], 30); eq("untagged", sizeof(Untagged), 4);
    eq("function returning pointer", returns_pointer(0)(1), 4); eq("array of function pointers", table[1](2) + (*table[0])(2), 9); eq("complicated", complicated, 8);
    eq("offsetof", __builtin_offsetof(struct Packed, s), 5); eq("offsetof array", __builtin_offsetof(struct { int a; int v[4]; }, v[2]), 12);
    eq("constant_p", __builtin_constant_p(3), 1); eq("expect", __builtin_expect(a, 1), 6); eq("types_compatible", __builtin_types_compatible_p(int, int), 1);
    eq("case range", ({ int r; switch (a) { case 1 ... 10: r = 1; break; default: r = 2; } r; }), 1);
    eq("alloca", ({ char *p = __builtin_alloca(100); p[99] = 7; p[99]; }), 7);
    eq("return address", (long)returned_to() > 0xfff && (long)returned_to() != (long)returned_to(), 1);
    eq("unsigned char constant", '\377' < 0 || '\377' == 255, 1); eq("wide", L'x' + sizeof(L"ab"), 'x' + 12); eq("u8", sizeof(u8"é"), 3); eq("universal name", sizeof("\u00e9"), 3); eq("universal name as UTF-8", "\u00e9"[0] && "\u00e9"[0] == "é"[0] && "\U0001f600"[3] == "😀"[3] && "\u20ac"[0] == "€"[0], 1); eq("wide non-ASCII", L"é"[0], 0xe9);
    eq("adjacent wide", sizeof(L"a" "b"), 12);
    eq("sizeof a type in an expression", sizeof(struct { char c; long l; }), 16);
    { extern int declared_in_block; eq("block extern", declared_in_block, 21); }
    { int function_in_block(int); eq("block prototype", function_in_block(3), 9); }
    { typedef char Local; Local Local2 = 3; eq("block typedef", Local2 + sizeof(Local), 4); } { enum { INNER = 7 }; eq("block enum", INNER, 7); }
    { struct Shadow { char c; }; { struct Shadow { long l; }; eq("inner tag", sizeof(struct Shadow), 8); } eq("outer tag", sizeof(struct Shadow), 1); }
    { static int counter = 5; static const char *const names[] = { "a", "b" }; counter++; eq("static local", counter * 100 + names[1][0], 698); }
    for (int a = 0; a < 1; a++) eq("for scope", a, 0); eq("unharmed", a, 6);
    eq("comma in for", ({ int t = 0; for (int i = 0, j = 10; i < j; i++, j--) t++; t; }), 5);
    { int t = 0; int *const p = &t; *p = 3; eq("const pointer", t, 3); }
    eq("range", in_range[0] * 1000 + in_range[1] * 100 + in_range[3] * 10 + in_range[5], 779);
    eq("range of addresses", *pointed[1] * 100 + *pointed[2] * 10 + (pointed[3] == 0), 91);
    eq("range of lists", lists[0].v[1] * 1000 + lists[2].v[1] * 100 + lists[2].c, 2500 + 'r');
    eq("copied literal", copies[1].n * 100 + *copies[1].p + literal.n + copies[0].n, 408); eq("cast to a union", *((union Casted)(int *)(in_range + 1)).p, 7);
    eq("the size of an array of variable length stays", size_is_kept(0, 3, 5), 500000 + 6000 + 20 + 10);
    return done();
}
int declared_in_block = 21;
int function_in_block(int x) { return x * x; }

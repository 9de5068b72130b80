// SPDX-License-Identifier: MIT
// stage: cc
// feature: preprocessor
#include "../check.h"

#define ADD(a, b) ((a) + (b))
#define STR(x) #x
#define XSTR(x) STR(x)
#define CAT(a, b) a##b
#define XCAT(a, b) CAT(a, b)
#define NOTHING()
#define APPLY(f, ...) f(__VA_ARGS__)
#define COUNT(...) (sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))
#define GNU(first, rest...) APPLY(first, rest)
#define MAYBE(f, ...) pick(f, ##__VA_ARGS__)
#define SELF SELF + 1
#define PING PONG
#define PONG PING
#define f(x) x + g
#define g(x) f(x)
#define EMPTY
#define LP (
#define CALL(x) x)
#define VALUE 42
#define t(x, y, z) x##y##z
#define HASHHASH a # ## # b
#define VERSION_AT_LEAST(a, b) (3 * 100 + 5 >= (a) * 100 + (b))
static int pick(int a) { return a; }
static int same(const char *a, const char *b) { while (*a && *a == *b) { a++; b++; } return *a == *b; }
#if 1 + 2 * 3 == 7 && defined VALUE && !defined(MISSING) && (1 ? 2 : 3) == 2
static int expression = 1;
#else
static int expression = 2;
#endif
#if 0
#error "not here"
#elif -1 > 0u
static int unsigned_rule = 1;
#else
static int unsigned_rule = 2;
#endif
#if MISSING || 'a' != 97 || 1 << 3 != 8 || 0x10 != 16
#error "arithmetic"
#endif
#if VERSION_AT_LEAST(3, 4) && (0 || 1)
static int version = 1;
#endif
#ifdef MISSING
# if garbage ((
# endif
#elif 1
static int elif_taken = 1;
#endif
static int line_before = __LINE__;
#line 1000
static int line_after = __LINE__;
#define va_two(x, ...) #x ":" #__VA_ARGS__
#pragma some unknown pragma
_Pragma("also unknown")
int main(void)
{
    int xy = 7, x1 = 8;
    eq("function-like", ADD(1, 2) * 2, 6);
    eq("nested", ADD(ADD(1, 2), ADD(3, 4)), 10);
    eq("parentheses protect commas", ADD((1, 2), 3), 5);
    eq("without parentheses it is a name", sizeof(ADD(1, 1)), 4);
    eq("stringify", same(STR(a + b), "a + b"), 1);
    eq("stringify keeps no outer blanks", same(STR(  a   +   b  ), "a + b"), 1);
    eq("stringify quotes", same(STR("x\n" '"'), "\"x\\n\" '\"'"), 1);
    eq("not expanded before #", same(STR(VALUE), "VALUE"), 1);
    eq("expanded by a level more", same(XSTR(VALUE), "42"), 1);
    eq("paste", CAT(x, y), 7); eq("paste a number", CAT(x, 1), 8); eq("paste expanded", XCAT(x, 1), 8);
    eq("paste with empty", CAT(xy, ), 7); eq("three", t(x, , y), 7);
    eq("hash hash", same(XSTR(HASHHASH), "a ## b"), 1);
    eq("variadic", APPLY(ADD, 3, 4), 7); eq("count", COUNT(1, 2, 3), 3); eq("GNU variadic", GNU(ADD, 1, 2), 3);
    eq("comma swallowed", MAYBE(5), 5);
    eq("variadic text", same(va_two(a, b, c), "a:b, c"), 1);
    eq("self reference stops", same(XSTR(SELF), "SELF + 1"), 1);
    eq("mutual reference stops", same(XSTR(PING), "PING"), 1);
    eq("rescan", same(XSTR(f(2)(9)), "2 + 9 + g"), 1);
    eq("empty argument list", 1 NOTHING(), 1);
    eq("#line", line_after, 1000);
    eq("expression", expression, 1); eq("unsigned in #if", unsigned_rule, 1); eq("function-like in #if", version, 1); eq("elif", elif_taken, 1);
    eq("continued \
string", 1, 1);
    eq("file", sizeof(__FILE__) > 5, 1); eq("func", same(__func__, "main"), 1);
    eq("date", sizeof(__DATE__), 12); eq("time", sizeof(__TIME__), 9); eq("stdc", __STDC__, 1);
    eq("C99 or later", __STDC_VERSION__ >= 199901L, 1);
    eq("comment is a blank", same(STR(a/* */b), "a b"), 1);
    eq("spaces between arguments' tokens", same(STR(- -x), "- -x"), 1);
    eq("minus minus by macro", - EMPTY - 3, 3);
    eq("name over two lines", ADD
        (1,
         2), 3);
#undef VALUE
#define VALUE 43
    eq("redefined", VALUE, 43);
#if !defined __x86_64__ && !defined __aarch64__
#error "no architecture is predefined"
#endif
    eq("lp64", __SIZEOF_LONG__ == 8 && __SIZEOF_POINTER__ == 8, 1);
    return done();
}

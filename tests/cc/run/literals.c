// SPDX-License-Identifier: MIT
// stage: c1
// feature: character and string literals
#include "../check.h"

#define GREETING "hi" " " "there"
static int same(const char *a, const char *b)
{
    while (*a && *a == *b) { a++; b++; }
    return *a == *b;
}

int main(int argc, char **argv)
{
    unsigned char *u = (unsigned char *)"\xff\x7f\377\0end";
    eq("letter", 'A', 65);
    eq("newline", '\n', 10);
    eq("tab", '\t', 9);
    eq("return", '\r', 13);
    eq("bell, backspace, form feed, vertical tab", '\a' * 1000000 + '\b' * 10000 + '\f' * 100 + '\v', 7081211);
    eq("quote", '\'', 39);
    eq("double quote", '"', 34);
    eq("backslash", '\\', 92);
    eq("question", '\?', 63);
    eq("zero", '\0', 0);
    eq("octal", '\101', 'A');
    eq("hex", '\x41', 'A');
    eq("a character constant is int", sizeof('a'), 4);
    eq("hex in string", u[0], 255);
    eq("second", u[1], 127);
    eq("octal in string", u[2], 255);
    eq("embedded zero", u[3], 0);
    eq("after zero", u[4], 'e');
    eq("size counts embedded zero", sizeof("a\0b"), 4);
    eq("adjacent literals join", same("ab" "cd", "abcd"), 1);
    eq("by macro", same(GREETING, "hi there"), 1);
    eq("joined size", sizeof("ab" "cd"), 5);
    eq("octal stops after three digits", sizeof("\1012"), 3);
    eq("escape at a join", sizeof("\x4" "1"), 3);
    eq("empty", sizeof(""), 1);
    eq("quotes inside", same("a\"b'c", "a" "\"" "b" "'" "c"), 1);
    eq("comment text in a string", sizeof("/*x*/"), 6);
    eq("slashes in a string", sizeof("//"), 3);
    eq("non-ASCII passes through", sizeof("é"), 3);
    eq("different pointers, same text", same("x", "x"), 1);
    return done();
}

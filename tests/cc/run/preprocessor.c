// SPDX-License-Identifier: MIT
// stage: c1
// feature: preprocessor, the part that C1 has
#include "../check.h"

#include "include_once.h"
#include "include_once.h"
#define ONE 1
#define TWO (ONE + ONE)
#define EMPTY
#define FOUR TWO \
    * TWO
#define RETURN_TYPE long
#ifdef ONE
#define A 1
#else
#define A 2
#endif
#ifndef ONE
#define B 1
#else
#define B 2
#endif
#ifdef NOT_DEFINED
this is not C at all @ \ 0x
#ifdef ONE
neither
#else
nor
#endif
#else
#define C 3
#endif
#undef ONE
#define ONE 7
#define later_value hidden_value
static int hidden_value = 12;
static RETURN_TYPE typed(void) { return 1L << 40; } /* a comment
over two lines */
int main(int argc, char **argv)
{
    eq("object-like", TWO, 14);
    eq("continuation line", FOUR, 196);
    eq("empty macro", EMPTY 5 EMPTY, 5);
    eq("ifdef", A, 1);
    eq("ifndef", B, 2);
    eq("skipped groups nest", C, 3);
    eq("redefined after undef", ONE, 7);
    eq("macro for a name", later_value, 12);
    eq("macro for a type", typed(), 1L << 40);
    eq("not in strings", "ONE"[0], 'O');
    eq("not within words", sizeof("xONEx"), 6);
    eq("included once", included_times, 1);
    eq("comment /* is a blank", 4/**/+/* + 100 */3, 7); // eq("no", 1, 2);
    return done();
}

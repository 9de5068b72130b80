// SPDX-License-Identifier: MIT
// stage: cc
// feature: packed bit-fields that straddle the units of their types
#include "../check.h"

struct __attribute__((packed)) Straddling {
    short first : 6;
    unsigned long one : 1;
    signed char across : 8;
    int far : 29;
    unsigned char low : 5;
    long wide : 50;
};
struct Ended { char c : 2; int : 0; long rest : 9; } __attribute__((packed));
struct Behind { char c; int : 3; unsigned long bits : 17; int rest : 32; } __attribute__((packed));

static struct Straddling fixed = { -5, 1, -77, 123456789, 21, -333333333333L };
static struct Behind behind = { 1, 0x1f0f1, -2000000000 };
static struct {
    unsigned char before[6];
    long field : 22;
    unsigned char between[7];
    unsigned long positive : 22;
} __attribute__((packed)) narrow;

int main(int argc, char **argv)
{
    struct Straddling s = { -5, 1, -77, 123456789, 21, -333333333333L };
    struct Straddling *p = &s;
    unsigned char *bytes = (unsigned char *)&fixed;
    eq("size", sizeof(struct Straddling), 13);
#ifdef __aarch64__
    eq("size with the end of a unit", sizeof(struct Ended), 8);
#else
    eq("size with the end of a unit", sizeof(struct Ended), 6);
#endif
    eq("size with an unnamed field", sizeof(struct Behind), 8);
    eq("static: before", fixed.first, -5);
    eq("static: one", fixed.one, 1);
    eq("static: across a byte", fixed.across, -77);
    eq("static: far", fixed.far, 123456789);
    eq("static: low", fixed.low, 21);
    eq("static: wide", fixed.wide, -333333333333L);
    eq("its second byte", bytes[1], 0xd9);
    eq("its third byte", bytes[2], 0x8a);
    eq("local: across", s.across, -77);
    eq("local: far", s.far, 123456789);
    eq("local: wide", s.wide, -333333333333L);
    p->across = 100;
    eq("stored", s.across, 100);
    eq("neighbour below", s.first, -5);
    eq("neighbour above", s.far, 123456789);
    eq("value of an assignment", p->far = -1, -1);
    eq("still across", s.across, 100);
    eq("still low", s.low, 21);
    s.wide += 333333333334L;
    eq("wide", s.wide, 1);
    eq("cut to its width", s.across = 300, 44);
    eq("behind an unnamed field", behind.bits, 0x1f0f1);
    eq("the last one", behind.rest, -2000000000);
    narrow.field = -2;          // three bytes of a long
    eq("a long in a smaller unit", narrow.field, -2);
    long value = narrow.field = -3;
    eq("its value as it is assigned", value, -3);
    unsigned long positive = narrow.positive = 0x3fffffffffful;
    eq("the same without sign", positive, 0x3fffff);
    eq("read again", narrow.positive, 0x3fffff);
    eq("the field before it", narrow.field, -3);
    return done();
}

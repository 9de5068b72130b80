// SPDX-License-Identifier: MIT
// stage: c1
// feature: switch
#include "../check.h"

enum Colour { RED, GREEN = 5, BLUE };
static int plain(int x)
{
    switch (x) {
    case 0: return 100;
    case 1:
    case 2: return 200;
    case -3: return 300;
    case 'a': return 400;
    case BLUE: return 500;
    case 1 << 10: return 600;
    default: return -1;
    }
}
static int fall(int x)
{
    int n = 0;
    switch (x) {
    case 3: n += 3;
    case 2: n += 2;
    case 1: n += 1; break;
    default: n = 50;
    case 9: n += 9;
    }
    return n;
}
static int nested(int x, int y)
{
    int n = 0;
    for (int i = 0; i < 3; i++) {
        switch (x) {
        case 1:
            switch (y) { case 1: n += 1; break; case 2: n += 2; continue; }
            n += 10;
            break;
        case 2: n += 100; continue;
        }
        n += 1000;
    }
    return n;
}
static int many(int x)
{
    switch (x) {
    case 10: return 1; case 20: return 2; case 30: return 3; case 40: return 4;
    case 50: return 5; case 60: return 6; case 70: return 7; case 80: return 8;
    case 11: return 9; case 21: return 10; case 31: return 11; case 41: return 12;
    case 51: return 13; case 61: return 14; case 71: return 15; case 81: return 16;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int n = 0;
    long wide = 0x100000001L;
    unsigned char c = 200;
    eq("0", plain(0), 100);
    eq("1 and 2 share", plain(1) + plain(2), 400);
    eq("negative", plain(-3), 300);
    eq("character", plain('a'), 400);
    eq("enumerator", plain(6), 500);
    eq("constant expression", plain(1024), 600);
    eq("default", plain(7), -1);
    eq("fall from 3", fall(3), 6);
    eq("fall from 2", fall(2), 3);
    eq("stops at break", fall(1), 1);
    eq("default in the middle falls", fall(77), 59);
    eq("after default", fall(9), 9);
    eq("nested, break", nested(1, 1), 3033);
    eq("nested, continue", nested(1, 2), 6);
    eq("continue in a switch", nested(2, 0), 300);
    eq("no case matches", nested(7, 0), 3000);
    for (int i = 0; i < 100; i++) n += many(i);
    eq("many cases", n, 136);
    n = 0;
    switch (wide) { case 1: n = 1; break; case 0x100000001L: n = 2; break; }
    eq("on a long", n, 2);
    switch (c) { case 200: n = 3; break; case -56: n = 4; }
    eq("on an unsigned char", n, 3);
    switch (n) { default: n = 8; }
    eq("only a default", n, 8);
    switch (n) { case 8: { int inner = 4; n = inner; } }
    eq("block in a case", n, 4);
    return done();
}

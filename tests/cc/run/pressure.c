// SPDX-License-Identifier: MIT
// stage: cc
// feature: code generation under pressure: many live values, large frames, large constants
#include "../check.h"

static long id(long x) { return x; }
static int big_frame(int n)
{
    int a[5000];
    char far;
    int b[5000];
    far = (char)n;
    for (int i = 0; i < 5000; i++) { a[i] = i; b[4999 - i] = i * 2; }
    return a[n] + b[n] * 10 + far;
}
static long live(long a, long b, long c, long d, long e, long f, long g, long h)
{
    return (a + (b * (c - (d + (e * (f - (g + h * (a - (b + (c * (d - (e + f * (g - h)))))))))))))
         + ((a * b + c * d) * (e * f + g * h) - (a + b) * (c + d) * (e + f) * (g + h));
}
static long calls_between(long a) { return id(a) + id(a + 1) * (id(a + 2) + id(a + 3) * (id(a + 4) - id(a + 5))); }
static int divisions(int a, int b, int c) { return (a / b) * (c % b) + (a % c) / (b - c ? b - c : 1) + ((a << (b & 7)) >> (c & 3)); }
static unsigned char bytes[300];
static long deep(long x)
{
    return x == 0 ? 0 : ((((((((((x + 1) * 2 + 1) * 2 + 1) * 2 + 1) * 2 + 1) * 2 + 1) * 2 + 1) * 2 + 1) ^ x) & 0xffff) + deep(x - 1);
}
static double mixed_live(double a, long b, double c, long d)
{
    return (a + b) * (c - d) + (a * c) / (double)(b + d) - (double)(long)(a * b) + (b > d ? a : c) * (a < c ? b : d);
}
static long select_large(int i) { return i == 0 ? 0x123456789abcdef0L : i == 1 ? -0x123456789abcdef0L : i == 2 ? 0xffffL << 16 : i == 3 ? 0x8000000000000000L : i == 4 ? 0xffffffff0000L : -4097; }

int main(void)
{
    long x = 1;
    int i;
    unsigned u = 0;
    eq("large frame", big_frame(100), 100 + 97980 + 100);
    eq("live values", live(1, 2, 3, 4, 5, 6, 7, 8), -3532);
    eq("calls in an expression", calls_between(3), -1);
    eq("divisions", divisions(1000, 7, 13), 142 * 6 + 12 / -6 + (1000 << 7 >> 1));
    for (i = 0; i < 300; i++) bytes[i] = (unsigned char)(i * 7);
    for (i = 0; i < 300; i++) u = u * 31 + bytes[i];
    eq("byte loop", u, 3329360922L);
    eq("deep expression", deep(50), 174675);
    eq("mixed", (long)(mixed_live(1.5, 2, 3.5, 4) * 1000), 3125);
    eq("large constants", select_large(0) + select_large(1), 0); eq("shifted", select_large(2), 4294901760L); eq("lowest", select_large(3) >> 63, -1); eq("middle", select_large(4), 281474976645120L); eq("-4097", select_large(5), -4097);
    for (i = 0; i < 40; i++) x = (long)((unsigned long)x * 6364136223846793005UL + 1442695040888963407UL);
    eq("congruential", x, 5638592747408768233L);
    { long v[3] = { 1, 2, 3 }; long *p = v; i = 1; p[i++] += 5; eq("side effect in an index", v[1] + i * 100, 207); }

    { struct { char pad[5000]; int far; } s; s.far = 77; eq("large offset", s.far, 77); }
    { int (*f)(int) = big_frame; eq("pointer to it", f(0), 99980); }
    return done();
}

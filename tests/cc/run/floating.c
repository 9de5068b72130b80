// SPDX-License-Identifier: MIT
// stage: cc
// feature: float and double: arithmetic, comparison, conversion
#include "../check.h"

union D { double d; unsigned long u; };
union F { float f; unsigned u; };
static double idd(double x) { return x; }
static float idf(float x) { return x; }
static int idi(int x) { return x; }
static long idl(long x) { return x; }
static unsigned long bits(double d) { union D u; u.d = d; return u.u; }
static unsigned bitsf(float f) { union F u; u.f = f; return u.u; }
static double constants[] = { 0.1, 1e308, 5e-324, 2.2250738585072014e-308, 123456789.0, 1e23, 0x1.8p3, .5, 3., 1e-7 };
static float fconstants[] = { 0.1f, 3.4028235e38f, 1e-45f, 16777217.0f };
static double hypot2(double a, float b, int c, double d, long e, float f) { return a + b * 10 + c * 100 + d * 1000 + e * 10000 + f * 100000; }
static double many(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
static double power(double x, int n) { double r = 1; while (n-- > 0) r *= x; return r; }

int main(void)
{
    double a = idd(1.5), b = idd(-2.25), zero = idd(0.0), nan = zero / zero, inf = 1 / zero;
    float f = idf(0.1f);
    double array[3] = { 1, 2.5, -3 };
    double *p = array;
    int i;
    unsigned long sum;
    eq("add", bits(a + b), 0xbfe8000000000000);
    eq("subtract", bits(a - b), bits(3.75));
    eq("multiply", bits(a * b), bits(-3.375));
    eq("divide", bits(idd(1) / idd(3)), 0x3fd5555555555555);
    eq("0.1 + 0.2", bits(idd(0.1) + idd(0.2)), 0x3fd3333333333334);
    eq("negate", bits(-a), bits(-1.5));
    eq("negative zero", bits(-zero), 1L << 63);
    eq("float add rounds to float", bitsf(idf(16777216.0f) + idf(1.0f)), 0x4b800000);
    eq("float multiply", bitsf(f * f), 0x3c23d70b);
    eq("float to double", bits(f), 0x3fb99999a0000000);
    eq("double to float", bitsf((float)idd(0.1)), 0x3dcccccd);
    eq("float with double is double", bits(f + 0.0), 0x3fb99999a0000000);
    eq("constant 0.1", bits(constants[0]), 0x3fb999999999999a);
    eq("constant 1e308", bits(constants[1]), 0x7fe1ccf385ebc8a0);
    eq("smallest denormal", bits(constants[2]), 1);
    eq("smallest normal", bits(constants[3]), 0x0010000000000000);
    eq("constant 1e23", bits(constants[5]), 0x44b52d02c7e14af6);
    eq("hex constant", bits(constants[6]), bits(12.0));
    eq("leading and trailing points", bits(constants[7] + constants[8]), bits(3.5));
    eq("constant 1e-7", bits(constants[9]), 0x3e7ad7f29abcaf48);
    eq("float 0.1f", bitsf(fconstants[0]), 0x3dcccccd);
    eq("largest float", bitsf(fconstants[1]), 0x7f7fffff);
    eq("smallest float", bitsf(fconstants[2]), 1);
    eq("float constant rounds once", bitsf(fconstants[3]), 0x4b800000);
    eq("int to double", bits(idi(-7)), bits(-7.0));
    eq("long to double rounds", bits((double)idl(0x7fffffffffffffff)), 0x43e0000000000000);
    eq("unsigned long to double", bits((double)(unsigned long)idl(-1)), 0x43f0000000000000);
    eq("large unsigned long to double", bits((double)((unsigned long)idl(1) << 63 | 1025)), 0x43e0000000000001);
    eq("unsigned long to float", bitsf((float)(unsigned long)idl(-1)), 0x5f800000);
    eq("unsigned int to double", bits((unsigned)idi(-1)), 0x41efffffffe00000);
    eq("int to float rounds", bitsf(idi(16777217)), 0x4b800000);
    eq("double to int truncates", (int)idd(-3.99), -3);
    eq("double to unsigned", (unsigned)idd(4000000000.0), 4000000000L);
    eq("double to long", (long)idd(-1e15), -1000000000000000L);
    eq("double to unsigned long", (long)((unsigned long)idd(1e19) >> 1), 5000000000000000000L);
    eq("small double to unsigned long", (long)(unsigned long)idd(7.9), 7);
    eq("float to long", (long)idf(1e10f), 10000000000L);
    eq("double to unsigned char", (unsigned char)idd(200.5), 200);
    eq("double to short", (short)idd(-1234.5), -1234);
    eq("double to bool", (_Bool)idd(0.25), 1);
    eq("<", a < b, 0); eq(">", a > b, 1); eq("<=", a <= a, 1); eq(">=", b >= a, 0);
    eq("==", a == 1.5, 1); eq("!=", a != 1.5, 0);
    eq("zeros are equal", zero == -zero, 1);
    eq("nan == nan", nan == nan, 0); eq("nan != nan", nan != nan, 1);
    eq("nan <", nan < a, 0); eq("nan >", nan > a, 0); eq("nan <=", nan <= a, 0); eq("nan >=", nan >= a, 0);
    eq("not nan <", !(nan < a), 1);
    eq("a < nan", a < nan, 0); eq("a >= nan", a >= nan, 0);
    eq("if nan compare", nan < a ? 1 : nan >= a ? 2 : 3, 3);
    eq("while of nan", nan ? 1 : 0, 1);
    eq("infinity", inf > 1e308, 1); eq("minus infinity", bits(-inf), 0xfff0000000000000);
    eq("float compare", f < 0.1, 0); eq("float compare float", f == 0.1f, 1);
    eq("float nan", idf((float)nan) == idf((float)nan), 0);
    eq("truth", a ? 1 : 2, 1); eq("truth of zero", zero ? 1 : 2, 2); eq("truth of minus zero", -zero ? 1 : 2, 2);
    eq("not", !a, 0); eq("not zero", !zero, 1); eq("and", a && zero, 0); eq("or", zero || a, 1);
    eq("conditional", bits(idi(1) ? a : 3), bits(1.5)); eq("conditional converts", bits(idi(0) ? a : idi(3)), bits(3.0));
    a += 2; eq("+=", bits(a), bits(3.5));
    a *= 2; a -= 1; a /= 4; eq("*= -= /=", bits(a), bits(1.5));
    a++; ++a; a--; eq("++", bits(a), bits(2.5));
    eq("post increment", bits(a++), bits(2.5)); eq("after", bits(a), bits(3.5));
    i = 7; i *= 1.5; eq("int *= double", i, 10);
    i = 10; i += 0.9; eq("int += double", i, 10);
    f = 1; f += 0.1; eq("float += double", bitsf(f), 0x3f8ccccd);
    f++; eq("float ++", bitsf(f), 0x40066666);
    eq("array", bits(p[1] + *p++ + p[1]), bits(0.5));
    eq("mixed arguments", bits(hypot2(1, 2, 3, 4, 5, 6)), bits(654321.0));
    eq("ten arguments", bits(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), bits(385.0));
    eq("nested calls keep registers", bits(power(2, 10) + power(3, 4) * power(idd(2), idi(3))), bits(1672.0));
    eq("constant folding", bits(1.0 / 3.0), bits(idd(1) / idd(3)));
    eq("constant folding to int", (int)(2.5 * 4), 10);
    eq("folded comparison", 1.5 < 2.5, 1);
    eq("sizeof", sizeof(1.0) * 100 + sizeof(1.0f) * 10 + sizeof(f * 1.0), 848);
    eq("promotion of char", bits((char)3 * 0.5), bits(1.5));
    for (i = 0, sum = 0; i < 100; i++) sum = sum * 31 + bits(power(1.1, i));
    eq("a hundred powers", sum, (long)8546378837344484550UL);
    return done();
}

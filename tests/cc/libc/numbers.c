// SPDX-License-Identifier: MIT
// Prints numbers in every format and reads them back: linked with our library
// and with the system's, it must print the same. The inputs are chosen cases
// and a fixed random sequence.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long u64;
union double_bits { double value; u64 bits; };
union float_bits { float value; unsigned bits; };
union long_double_bits { long double value; u64 word[2]; };

static const char *formats[] = {
    "%f", "%e", "%g", "%.0f", "%.0e", "%.3g", "%#.0f", "%.12g", "%+.10f", "%20.5f|", "%-20.3e|", "%020.2f", "%.17g",
    "%.40e", "%.60f", "% g", "%G", "%E", "%.1f", "%.15g",
};
static const char *long_formats[] = {
    "%Lf", "%Le", "%Lg", "%.0Lf", "%.0Le", "%.3Lg", "%.21Lg", "%.36Lg", "%.50Le", "%.40Lf",
};
enum { FORMATS = sizeof formats / sizeof *formats, LONG_FORMATS = sizeof long_formats / sizeof *long_formats };

static u64 state = 88172645463325252ul;
static u64 random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void show_read(const char *text)
{
    char *end;
    union double_bits d;
    union float_bits f;
    union long_double_bits l = { 0 };
    d.value = strtod(text, &end);
    f.value = strtof(text, NULL);
    l.value = strtold(text, NULL);
#ifdef __x86_64__
    l.word[1] &= 0xffff;                // the rest is padding
#endif
    printf("%.60s: %lx %x %lx:%lx after %d\n", text, d.bits, f.bits, l.word[1], l.word[0], (int)(end - text));
}

static void round_trip(const char *format, double value)
{
    char text[100];
    sprintf(text, format, value);
    if (strtod(text, NULL) != value) printf("%s is read back as something else\n", text);
}

static void chosen_outputs(void)
{
    static const double values[] = {
        0, -0.0, 1, -1, 0.1, 0.5, 1.5, 2.5, 0.05, 9.5, 99.5, 999999.5, 1e5, 1e6, 123456, 1234567, 1e-4, 1e-5, 9.9999e-5,
        1e21, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 3.14159265358979, 0.000123456, 100,
        1000000, 0.25, 0.125, 0.375, 1e100, 1e308 * 10, -1e308 * 10,
    };
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
        for (int j = 0; j < FORMATS; j++) {
            printf(formats[j], values[i]);
            putchar('\n');
        }
}

static void random_outputs(void)
{
    for (int i = 0; i < 3000; i++) {
        union double_bits u;
        long double wide;
        char text[100];
        u.bits = random_bits();
        if ((u.bits >> 52 & 0x7ff) == 0x7ff) continue;
        printf(formats[i % FORMATS], u.value);
        putchar('\n');
        round_trip("%.17g", u.value);
        round_trip("%.25e", u.value);
        wide = u.value;
        wide = wide * wide / 3;
        printf(long_formats[i % LONG_FORMATS], wide);
        putchar('\n');
        sprintf(text, "%.40Le", wide);
        if (strtold(text, NULL) != wide) printf("%s is read back as something else\n", text);
    }
}

static void inputs(void)
{
    static const char *chosen[] = {
        "1e4950", "1e-4950", "1e-4966", "3.6e-4951", "3.64e-4951", "1.1897314953572317650857593266280070e4932", "1.2e4932",
        "1e400", "1e-400", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "9007199254740993",
        "9007199254740993.00000000000000000000000000000000000000000000000001", "16777217", "1e", "1e+", "1.e5", ".5", ".",
        "-.5e1x", "+7", "0e999999999", "0.0000000000000000000000000000001e31", "1e99999999999999999999", "  12",
        "1e-99999999999999999999", "2.2250738585072011e-308", "1..2", "1.2.3", "-", "-e5", "inf", "-Infinity"
    };
    char text[100];
    for (unsigned i = 0; i < sizeof chosen / sizeof *chosen - 2; i++) show_read(chosen[i]);
    for (int i = 0; i < 3000; i++) {
        int n = 0, length = 1 + (int)(random_bits() % 40), point = (int)(random_bits() % 40);
        for (int k = 0; k < length; k++) {
            text[n++] = (char)('0' + random_bits() % 10);
            if (k == point) text[n++] = '.';
        }
        sprintf(text + n, "e%d", (int)(random_bits() % 700) - 350);
        show_read(text);
    }
}

static void show_ldexp(double x, int exponent)
{
    union double_bits u;
    u.value = ldexp(x, exponent);
    printf("ldexp %g %d: %lx\n", x, exponent, u.bits);
}

static void integers(void)
{
    char text[8];
    printf("[%5d][%-5d][%05d][%+d][% d][%x][%#x][%#o][%o][%X]\n", 42, 42, 42, 42, 42, 255, 255, 8, 8, 0xabc);
    printf("[%lx][%ld][%lld][%hhd][%hd][%zu][%u]\n", 1ul << 40, -1l << 40, -5ll, 300, 70000, (size_t)9, -1);
    printf("[%.3d][%8.3d][%-8.3d|][%.0d][%05.2d]\n", 5, 5, 5, 0, 7);
    printf("[%s][%10s][%-10s][%.2s][%.*s][%*s][%c][%5c][%%][%-*d|]\n", "abc", "abc", "abc", "abc", 1, "abc", 6, "abc", 'x', 'y', 6, 7);
    printf("%d\n", snprintf(text, 5, "%s", "hello world"));
    puts(text);
    printf("%ld %ld %lu %ld\n", strtol("-0x1fz", NULL, 0), strtol("99999999999999999999", NULL, 10), strtoul("0777", NULL, 0), strtol("zz", NULL, 36));
}

int main(void)
{
    chosen_outputs();
    random_outputs();
    inputs();
    for (int i = -2200; i < 2200; i += 37) {
        show_ldexp(1.2345678901234567, i);
        show_ldexp(5e-324, i);
        show_ldexp(1.7e308, i);
    }
    for (int i = -1080; i < -1015; i++) show_ldexp(1.2345678901234567, i);
    integers();
    return 0;
}

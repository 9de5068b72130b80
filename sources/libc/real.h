// SPDX-License-Identifier: MIT
// Floating-point numbers taken apart, and exact decimals: what number.c gives
// to printf.
#pragma once

// value = (-1)^negative * (high * 2^64 + low) * 2^exponent
struct real {
    enum { REAL_FINITE, REAL_INFINITE, REAL_NAN } kind;
    int negative;
    int exponent;
    unsigned long high;
    unsigned long low;
};

// An exact number in base 10^9 with a fixed point: limb[i] weighs
// 10^(9 * (POINT - 1 - i)); the limbs outside first..last-1 are zero. POINT
// leaves room for the largest long double, LIMBS for the smallest one's
// 16,494 decimal places and the digits of any number that strtold can need.
enum { POINT = 552, LIMBS = POINT + 1900, LIMB = 1000000000 };
struct decimal {
    int first;
    int last;
    unsigned limb[LIMBS];
};

void __real_from_double(struct real *r, double x);
void __real_from_long_double(struct real *r, long double x);
void __decimal_from_real(struct decimal *d, const struct real *r);

// SPDX-License-Identifier: MIT
#pragma once
double ldexp(double x, int exponent);

// SPDX-License-Identifier: MIT
// Csmith's header wants these, which the chain's own library leaves out.
#define FLT_MAX 3.40282347e+38F
#define DBL_MAX 1.7976931348623157e+308
float fabsf(float x);
double fabs(double x);

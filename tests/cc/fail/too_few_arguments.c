// SPDX-License-Identifier: MIT
// want: 3:45: error: too few arguments in a call of 'f'
int f(int, int); int main(void) { return f(1); }

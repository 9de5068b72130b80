// SPDX-License-Identifier: MIT
// want: 3:43: error: too many arguments in a call of 'f'
int f(int); int main(void) { return f(1, 2); }

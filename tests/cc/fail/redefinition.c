// SPDX-License-Identifier: MIT
// want: 3:39: error: 'f' is defined twice
int f(void) { return 1; } int f(void) { return 2; } int main(void) { return 0; }

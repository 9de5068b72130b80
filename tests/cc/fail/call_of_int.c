// SPDX-License-Identifier: MIT
// want: 3:34: error: 'int' is called, but is no function
int a; int main(void) { return a(1); }

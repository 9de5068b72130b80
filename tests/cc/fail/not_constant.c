// SPDX-License-Identifier: MIT
// want: 3:25: error: the initialiser of a static object is not constant
int f(void); int a = f(); int main(void) { return a; }

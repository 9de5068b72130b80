// SPDX-License-Identifier: MIT
// want: 3:53: error: invalid operands of '+': struct s and int
struct s { int a; } x; int main(void) { return x + 1; }

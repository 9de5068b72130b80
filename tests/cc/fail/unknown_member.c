// SPDX-License-Identifier: MIT
// want: 3:50: error: 'struct s' has no member 'b'
struct s { int a; } x; int main(void) { return x.b; }

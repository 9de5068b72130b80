// SPDX-License-Identifier: MIT
// want: 3:38: error: 'x' has an incomplete type
struct s; int main(void) { struct s x; return 0; }

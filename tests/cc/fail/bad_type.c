// SPDX-License-Identifier: MIT
// want: 3:34: error: invalid combination of type specifiers
int main(void) { unsigned double d; return 0; }

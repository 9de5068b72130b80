// SPDX-License-Identifier: MIT
// want: 3:16: error: static assertion failed: int has eight bytes
_Static_assert(sizeof(int) == 8, "int has eight bytes");
int main(void) { return 0; }

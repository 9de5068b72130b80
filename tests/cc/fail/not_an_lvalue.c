// SPDX-License-Identifier: MIT
// want: 3:20: error: assignment needs something that can be assigned to
int main(void) { 1 = 2; return 0; }

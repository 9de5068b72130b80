// SPDX-License-Identifier: MIT
// want: 3:38: error: 'int' is no pointer
int main(void) { int a = 1; return *a; }

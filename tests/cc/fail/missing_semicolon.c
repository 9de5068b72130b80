// SPDX-License-Identifier: MIT
// want: 3:28: error: expected ';' before 'return'
int main(void) { int a = 1 return a; }

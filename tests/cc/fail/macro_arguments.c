// SPDX-License-Identifier: MIT
// want: 4:25: error: macro 'two' called with a wrong number of arguments
#define two(a, b) a + b
int main(void) { return two(1); }

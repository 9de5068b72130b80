// SPDX-License-Identifier: MIT
// want: 3:2: error: #error this is wanted
#error this is wanted
int main(void) { return 0; }

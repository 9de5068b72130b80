// SPDX-License-Identifier: MIT
// want: 3:9: error: an array of negative size
int a[-1]; int main(void) { return 0; }

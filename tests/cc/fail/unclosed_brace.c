// SPDX-License-Identifier: MIT
// want: 4: error: the file ends within a block
int main(void) { return 0;

// SPDX-License-Identifier: MIT
// want: 3:56: error: two case labels of the same value
int main(int c, char **v) { switch (c) { case 1: case 1: return 1; } return 0; }

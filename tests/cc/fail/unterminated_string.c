// SPDX-License-Identifier: MIT
// want: 3:11: error: unterminated string
char *s = "no end;
int main(void) { return 0; }

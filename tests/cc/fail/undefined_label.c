// SPDX-License-Identifier: MIT
// want: 3:23: error: label 'nowhere' is used but not defined
int main(void) { goto nowhere; }

// SPDX-License-Identifier: MIT
// want: 3:25: error: 'nothing_here' is not declared
int main(void) { return nothing_here; }

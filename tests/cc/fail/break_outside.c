// SPDX-License-Identifier: MIT
// want: 3:18: error: 'break' outside a loop or switch
int main(void) { break; }

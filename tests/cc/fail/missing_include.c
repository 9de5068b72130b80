// SPDX-License-Identifier: MIT
// want: 3:10: error: cannot find include file 'not_there.h'
#include "not_there.h"
int main(void) { return 0; }

// SPDX-License-Identifier: MIT
#ifndef INCLUDE_ONCE_H
#define INCLUDE_ONCE_H
static int included_times = 1;
#endif

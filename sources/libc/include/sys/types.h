// SPDX-License-Identifier: MIT
#ifndef _SYS_TYPES_H
#define _SYS_TYPES_H
typedef long off_t;
typedef long ssize_t;
typedef unsigned mode_t;
#endif

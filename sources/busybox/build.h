/* SPDX-License-Identifier: MIT
 * What kbuild's command lines say to the compiler, for the first busybox, which is built without kbuild. */
#define _GNU_SOURCE
#define NDEBUG
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#define BB_VER "1.37.0"
#include "autoconf.h"

// SPDX-License-Identifier: MIT
#ifndef _SYS_STAT_H
#define _SYS_STAT_H
#include <sys/types.h>
int chmod(const char *path, mode_t mode);
int mkdir(const char *path, mode_t mode);
#endif

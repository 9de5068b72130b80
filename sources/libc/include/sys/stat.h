// SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>
int chmod(const char *path, mode_t mode);
int mkdir(const char *path, mode_t mode);

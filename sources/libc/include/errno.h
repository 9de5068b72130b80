// SPDX-License-Identifier: MIT
// The numbers that Linux gives on both architectures.
#pragma once
extern int errno;
enum { EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EBADF = 9, ENOMEM = 12, EACCES = 13, EEXIST = 17, ENOTDIR = 20,
       EISDIR = 21, EINVAL = 22, ENOSPC = 28, EPIPE = 32, ERANGE = 34, ENAMETOOLONG = 36, ELOOP = 40 };

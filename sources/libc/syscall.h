// SPDX-License-Identifier: MIT
// The system calls that the library makes, and how it makes them. Only calls
// that both architectures have (openat, not open).
#pragma once
#ifdef __aarch64__
enum { SYS_GETCWD = 17, SYS_MKDIRAT = 34, SYS_UNLINKAT = 35, SYS_SYMLINKAT = 36, SYS_LINKAT = 37, SYS_CHDIR = 49, SYS_FCHMODAT = 53,
       SYS_OPENAT = 56, SYS_CLOSE = 57, SYS_LSEEK = 62, SYS_READ = 63, SYS_WRITE = 64, SYS_READLINKAT = 78,
       SYS_EXIT_GROUP = 94, SYS_CLOCK_GETTIME = 113, SYS_KILL = 129, SYS_GETPID = 172, SYS_MUNMAP = 215,
       SYS_EXECVE = 221, SYS_MMAP = 222, SYS_MPROTECT = 226 };
#else
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_CLOSE = 3, SYS_LSEEK = 8, SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MUNMAP = 11,
       SYS_GETPID = 39, SYS_EXECVE = 59, SYS_KILL = 62, SYS_GETCWD = 79, SYS_CHDIR = 80, SYS_CLOCK_GETTIME = 228,
       SYS_EXIT_GROUP = 231, SYS_OPENAT = 257, SYS_MKDIRAT = 258, SYS_UNLINKAT = 263, SYS_LINKAT = 265,
       SYS_SYMLINKAT = 266, SYS_READLINKAT = 267, SYS_FCHMODAT = 268 };
#endif
#define AT_FDCWD (-100)
#define AT_REMOVEDIR 0x200

long __syscall(long n, long a, long b, long c, long d, long e, long f);

// The kernel's result as C's: -1 and errno for errors.
long __result(long value);

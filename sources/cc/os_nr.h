/* SPDX-License-Identifier: MIT
 *
 * The system calls that cc makes, and their numbers. */
#ifdef __aarch64__
enum { NR_openat = 56, NR_close = 57, NR_read = 63, NR_write = 64, NR_exit_group = 94, NR_mmap = 222, NR_unlinkat = 35,
       NR_clone = 220, NR_wait4 = 260 };
#else
#ifdef __x86_64__
enum { NR_openat = 257, NR_close = 3, NR_read = 0, NR_write = 1, NR_exit_group = 231, NR_mmap = 9, NR_unlinkat = 263,
       NR_clone = 56, NR_wait4 = 61 };
#endif
#endif

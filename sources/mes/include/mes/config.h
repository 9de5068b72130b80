/* SPDX-License-Identifier: MIT */
/* What Mes's configure script would write with --with-system-libc: the C library is the system's, here musl. */
#define SYSTEM_LIBC 1
#define MES_VERSION "0.24.2"

/* SPDX-License-Identifier: MIT
 *
 * What every program here prints: one line for each fact, "name: value". Nothing that differs between two
 * machines that both keep the ABI is printed (no process ids, addresses, times), so that the output under
 * Linux is the expected output under the monitor.
 */
#ifndef REPORT_H
#define REPORT_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name of the error, not its text: the texts of C libraries differ. */
static inline const char *errno_name(int e)
{
    switch (e) {
    case 0: return "0";
#define E(n) case n: return #n
    E(EPERM); E(ENOENT); E(ESRCH); E(EINTR); E(EIO); E(ENXIO); E(E2BIG); E(ENOEXEC); E(EBADF); E(ECHILD);
    E(EAGAIN); E(ENOMEM); E(EACCES); E(EFAULT); E(EBUSY); E(EEXIST); E(EXDEV); E(ENODEV); E(ENOTDIR);
    E(EISDIR); E(EINVAL); E(ENFILE); E(EMFILE); E(ENOTTY); E(ETXTBSY); E(EFBIG); E(ENOSPC); E(ESPIPE);
    E(EROFS); E(EMLINK); E(EPIPE); E(EDOM); E(ERANGE); E(EDEADLK); E(ENAMETOOLONG); E(ENOSYS);
    E(ENOTEMPTY); E(ELOOP); E(ETIMEDOUT); E(EOVERFLOW); E(EOWNERDEAD); E(ENOTRECOVERABLE);
#undef E
    default: return "other";
    }
}

/* A call's result: its value, or the name of its error. */
static inline void result(const char *what, long r)
{
    if (r == -1)
        printf("%s: -1 %s\n", what, errno_name(errno));
    else
        printf("%s: %ld\n", what, r);
}

static inline void number(const char *what, long n) { printf("%s: %ld\n", what, n); }
static inline void text(const char *what, const char *s) { printf("%s: %s\n", what, s); }

/* A step that must work for the rest to make sense. */
static inline void must(const char *what, int ok)
{
    if (!ok) {
        printf("%s: failed, %s\n", what, errno_name(errno));
        exit(99);
    }
}
#endif

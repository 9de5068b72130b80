// SPDX-License-Identifier: MIT
// Thin wrappers of system calls, time, and the end of the process.
#include "syscall.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int errno;
extern void (*__at_exit)(void);

long __result(long value)
{
    if (value < 0 && value > -4096) {
        errno = (int)-value;
        return -1;
    }
    return value;
}

// A system call of up to four arguments, its error in errno.
static long call(long number, long a, long b, long c, long d)
{
    return __result(__syscall(number, a, b, c, d, 0, 0));
}

int open(const char *path, int flags, ...)
{
    int mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, int);
        va_end(args);
    }
    return (int)call(SYS_OPENAT, AT_FDCWD, (long)path, flags, mode);
}

int close(int fd) { return (int)call(SYS_CLOSE, fd, 0, 0, 0); }
ssize_t read(int fd, void *buffer, size_t size) { return call(SYS_READ, fd, (long)buffer, (long)size, 0); }
ssize_t write(int fd, const void *buffer, size_t size) { return call(SYS_WRITE, fd, (long)buffer, (long)size, 0); }
off_t lseek(int fd, off_t offset, int whence) { return call(SYS_LSEEK, fd, offset, whence, 0); }
int chdir(const char *path) { return (int)call(SYS_CHDIR, (long)path, 0, 0, 0); }
int mkdir(const char *path, mode_t mode) { return (int)call(SYS_MKDIRAT, AT_FDCWD, (long)path, mode, 0); }
int chmod(const char *path, mode_t mode) { return (int)call(SYS_FCHMODAT, AT_FDCWD, (long)path, mode, 0); }
int unlink(const char *path) { return (int)call(SYS_UNLINKAT, AT_FDCWD, (long)path, 0, 0); }
int symlink(const char *to, const char *path) { return (int)call(SYS_SYMLINKAT, (long)to, AT_FDCWD, (long)path, 0); }

int remove(const char *path)
{
    int r = unlink(path);
    return r < 0 && errno == EISDIR ? (int)call(SYS_UNLINKAT, AT_FDCWD, (long)path, AT_REMOVEDIR, 0) : r;
}

int link(const char *from, const char *to)
{
    return (int)__result(__syscall(SYS_LINKAT, AT_FDCWD, (long)from, AT_FDCWD, (long)to, 0, 0));
}

ssize_t readlink(const char *path, char *buffer, size_t size)
{
    return call(SYS_READLINKAT, AT_FDCWD, (long)path, (long)buffer, (long)size);
}

char *getcwd(char *buffer, size_t size)
{
    return call(SYS_GETCWD, (long)buffer, (long)size, 0, 0) < 0 ? NULL : buffer;
}

int mprotect(void *start, size_t size, int protection)
{
    return (int)call(SYS_MPROTECT, (long)start, (long)size, protection, 0);
}

// Looks for the file in PATH when its name has no slash.
int execvp(const char *file, char *const argv[])
{
    char path[4096];
    const char *dirs = getenv("PATH");
    int r;
    if (!dirs || strchr(file, '/')) dirs = "";
    do {
        const char *end = strchr(dirs, ':');
        int n = (int)(end ? (size_t)(end - dirs) : strlen(dirs));
        r = snprintf(path, sizeof path, n ? "%.*s/%s" : "%.*s%s", n, dirs, file);
        if (r < (int)sizeof path)
            call(SYS_EXECVE, (long)path, (long)argv, (long)environ, 0);
        dirs = end ? end + 1 : NULL;
    } while (dirs && (errno == ENOENT || errno == EACCES));
    return -1;
}

char *getenv(const char *name)
{
    size_t n = strlen(name);
    for (char **e = environ; e && *e; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') return *e + n + 1;
    return NULL;
}

void exit(int status)
{
    if (__at_exit) __at_exit();
    for (;;) __syscall(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

void abort(void)
{
    __syscall(SYS_KILL, __syscall(SYS_GETPID, 0, 0, 0, 0, 0, 0), 6, 0, 0, 0, 0);
    for (;;) __syscall(SYS_EXIT_GROUP, 127, 0, 0, 0, 0, 0);
}

void __assert_fail(const char *text, const char *file, unsigned line, const char *function)
{
    fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, text);
    abort();
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec t;
    (void)zone;
    if (call(SYS_CLOCK_GETTIME, 0, (long)&t, 0, 0) < 0) return -1;
    now->tv_sec = t.tv_sec;
    now->tv_usec = t.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timeval now = { 0, 0 };
    gettimeofday(&now, NULL);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// Years are counted from 1 March 0000, so that the leap day ends a year.
struct tm *gmtime(const time_t *when)
{
    static struct tm t;
    long days = *when / 86400, seconds = *when % 86400;
    long era, year, day, month;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    t.tm_hour = (int)(seconds / 3600);
    t.tm_min = (int)(seconds / 60 % 60);
    t.tm_sec = (int)(seconds % 60);
    t.tm_wday = (int)(((days + 4) % 7 + 7) % 7);
    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    day = days - era * 146097;
    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    t.tm_mday = (int)(day - (153 * month + 2) / 5 + 1);
    t.tm_mon = (int)(month < 10 ? month + 2 : month - 10);
    year += era * 400 + (month >= 10);
    t.tm_year = (int)(year - 1900);
    t.tm_yday = (int)(month >= 10 ? day - 306 : day + 59 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
    t.tm_isdst = 0;
    return &t;
}

// The chain knows no time zone but UTC.
struct tm *localtime(const time_t *when)
{
    return gmtime(when);
}

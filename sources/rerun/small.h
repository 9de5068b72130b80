// SPDX-License-Identifier: MIT
// What rerun calls and the chain's own library does not have. With another
// library (gcc's, musl) this file is not used.
#pragma once
#include <fcntl.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

long __syscall(long n, long a, long b, long c, long d, long e, long f);
long __result(long value);

#ifdef __aarch64__
enum { NR_DUP3 = 24, NR_MKNODAT = 33, NR_RENAMEAT = 38, NR_CHROOT = 51, NR_GETDENTS64 = 61, NR_NEWFSTATAT = 79, NR_UTIMENSAT = 88,
       NR_UMASK = 166, NR_CLONE = 220, NR_EXECVE = 221, NR_WAIT4 = 260, NR_UNLINKAT = 35 };
#else
enum { NR_CLONE = 56, NR_EXECVE = 59, NR_WAIT4 = 61, NR_UMASK = 95, NR_CHROOT = 161, NR_GETDENTS64 = 217, NR_MKNODAT = 259,
       NR_NEWFSTATAT = 262, NR_UNLINKAT = 263, NR_RENAMEAT = 264, NR_UTIMENSAT = 280, NR_DUP3 = 292 };
#endif
#ifndef AT_FDCWD
#define AT_FDCWD (-100)
#endif

typedef int pid_t;

// The kernel's structure; what lies behind the mode is not read.
struct stat {
    unsigned long st_dev, st_ino;
#ifdef __aarch64__
    unsigned st_mode, st_nlink;
#else
    unsigned long st_nlink;
    unsigned st_mode, st_uid;
#endif
    unsigned long rest[16];
};
#define S_IFCHR 0020000
#define S_ISDIR(mode) (((mode) & 0170000) == 0040000)
#define S_ISREG(mode) (((mode) & 0170000) == 0100000)
#define S_ISLNK(mode) (((mode) & 0170000) == 0120000)
#define makedev(major, minor) ((major) << 8 | (minor))

static inline int lstat(const char *path, struct stat *s)
{
    return (int)__result(__syscall(NR_NEWFSTATAT, AT_FDCWD, (long)path, (long)s, 0x100, 0, 0));
}

static inline pid_t fork(void)
{
    return (pid_t)__result(__syscall(NR_CLONE, 17, 0, 0, 0, 0, 0));     // SIGCHLD
}

static inline pid_t waitpid(pid_t pid, int *status, int options)
{
    return (pid_t)__result(__syscall(NR_WAIT4, pid, (long)status, options, 0, 0, 0));
}

static inline int execve(const char *path, char *const argv[], char *const env[])
{
    return (int)__result(__syscall(NR_EXECVE, (long)path, (long)argv, (long)env, 0, 0, 0));
}

static inline int chroot(const char *path)
{
    return (int)__result(__syscall(NR_CHROOT, (long)path, 0, 0, 0, 0, 0));
}

static inline int dup2(int from, int to)
{
    return from == to ? to : (int)__result(__syscall(NR_DUP3, from, to, 0, 0, 0, 0));
}

static inline int mknod(const char *path, mode_t mode, unsigned long device)
{
    return (int)__result(__syscall(NR_MKNODAT, AT_FDCWD, (long)path, mode, (long)device, 0, 0));
}

static inline int utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
    return (int)__result(__syscall(NR_UTIMENSAT, dir, (long)path, (long)times, flags, 0, 0));
}

static inline int rename(const char *from, const char *to)
{
    return (int)__result(__syscall(NR_RENAMEAT, AT_FDCWD, (long)from, AT_FDCWD, (long)to, 0, 0));
}

static inline int rmdir(const char *path)
{
    return (int)__result(__syscall(NR_UNLINKAT, AT_FDCWD, (long)path, 0x200, 0, 0, 0));
}

static inline mode_t umask(mode_t mask)
{
    return (mode_t)__syscall(NR_UMASK, mask, 0, 0, 0, 0, 0);
}

// The kernel's record of a directory.
struct dirent {
    unsigned long d_ino;
    long d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

typedef struct {
    int fd;
    long at, end;
    long buffer[1024];
} DIR;

static inline DIR *opendir(const char *path)
{
    DIR *dir;
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return NULL;
    dir = calloc(1, sizeof *dir);
    if (dir) dir->fd = fd;
    return dir;
}

static inline struct dirent *readdir(DIR *dir)
{
    struct dirent *e;
    if (dir->at >= dir->end) {
        dir->end = __syscall(NR_GETDENTS64, dir->fd, (long)dir->buffer, sizeof dir->buffer, 0, 0, 0);
        dir->at = 0;
        if (dir->end <= 0) return NULL;
    }
    e = (struct dirent *)((char *)dir->buffer + dir->at);
    dir->at += e->d_reclen;
    return e;
}

static inline void closedir(DIR *dir)
{
    close(dir->fd);
    free(dir);
}

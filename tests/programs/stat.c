/* SPDX-License-Identifier: MIT
 * Family: metadata: stat, statx, modes, owners, times, statfs, access. */
#include "report.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <time.h>

int main(void)
{
    struct stat s;
    umask(0);
    int fd = open("m", O_RDWR | O_CREAT, 0666);
    must("create", fd >= 0);
    fstat(fd, &s);
    printf("mode: %o\n", s.st_mode);
    result("chmod", chmod("m", 04751));
    stat("m", &s);
    printf("mode: %o\n", s.st_mode);
    result("fchmod", fchmod(fd, 0600));
    stat("m", &s);
    printf("mode: %o\n", s.st_mode);
    result("fchmodat", fchmodat(AT_FDCWD, "m", 0644, 0));
    number("umask", umask(077));
    close(open("u", O_WRONLY | O_CREAT, 0777));
    stat("u", &s);
    printf("mode under umask: %o\n", s.st_mode);
    number("umask", umask(022));
    struct timespec ts[2] = {{1000000, 5}, {2000000, 7}};
    result("utimensat", utimensat(AT_FDCWD, "m", ts, 0));
    stat("m", &s);
    printf("times: %ld.%09ld %ld.%09ld\n", (long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec,
           s.st_mtim.tv_nsec);
    ts[0].tv_nsec = UTIME_OMIT;
    ts[1].tv_sec = 3000000;
    ts[1].tv_nsec = 0;
    result("futimens", futimens(fd, ts));
    stat("m", &s);
    printf("times: %ld %ld\n", (long)s.st_atim.tv_sec, (long)s.st_mtim.tv_sec);
    struct timeval tv[2] = {{4000000, 0}, {5000000, 0}};
    result("utimes", utimes("m", tv));
    stat("m", &s);
    number("mtime", s.st_mtim.tv_sec);
    write(fd, "x", 1);
    fstat(fd, &s);
    number("write moves mtime", s.st_mtim.tv_sec != 5000000);
    close(open("older", O_WRONLY | O_CREAT, 0644));
    close(open("newer", O_WRONLY | O_CREAT, 0644));
    struct stat n;
    stat("older", &s);
    stat("newer", &n);
    number("mtime never goes back",
           n.st_mtim.tv_sec > s.st_mtim.tv_sec ||
               (n.st_mtim.tv_sec == s.st_mtim.tv_sec && n.st_mtim.tv_nsec >= s.st_mtim.tv_nsec));
    result("utimensat missing", utimensat(AT_FDCWD, "none", ts, 0));
    result("chown", chown("m", getuid(), getgid()));
    result("lchown", lchown("m", -1, -1));
    result("access r", access("m", R_OK));
    result("access x", access("m", X_OK));
    result("access missing", access("none", F_OK));
    number("blksize is set", (fstat(fd, &s), s.st_blksize > 0));
    ftruncate(fd, 3000);
    fstat(fd, &s);
    number("size", s.st_size);
    stat("/dev/null", &s);
    printf("null: %d %d,%d\n", S_ISCHR(s.st_mode), major(s.st_rdev), minor(s.st_rdev));
    stat(".", &s);
    number("dot is directory", S_ISDIR(s.st_mode));
    result("mkfifo", mkfifo("ff", 0600));
    stat("ff", &s);
    number("fifo", S_ISFIFO(s.st_mode));
    struct statfs f;
    result("statfs", statfs(".", &f));
    number("statfs says block size", f.f_bsize > 0);
    result("statfs missing", statfs("none", &f));
    result("stat bad pointer", syscall(SYS_newfstatat, AT_FDCWD, "m", 8, 0)); /* the libraries convert the structure */
#ifdef STATX_BASIC_STATS
    struct statx x;
    long r = statx(AT_FDCWD, "m", 0, STATX_BASIC_STATS, &x);
    must("statx", r == 0 && x.stx_size == 3000 && (x.stx_mode & 0777) == 0644);
#endif
    result("fsync", fsync(fd));
    result("fdatasync", fdatasync(fd));
    sync();
    return 0;
}

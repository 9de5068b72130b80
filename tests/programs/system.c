/* SPDX-License-Identifier: MIT
 * Family: identity, limits, uname, random bytes, environment, floating point, unknown calls. */
#include "report.h"
#include <fcntl.h>
#include <math.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>

int main(int argc, char **argv, char **envp)
{
    struct utsname u;
    result("uname", uname(&u));
    text("sysname", u.sysname);
    text("machine", u.machine);
    result("uname bad pointer", syscall(SYS_uname, 8));
    printf("ids: %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
    number("getgroups", getgroups(0, 0) >= 0);
    unsigned char a[32] = {0}, b[32] = {0};
    result("getrandom", getrandom(a, 32, 0));
    result("getrandom", getrandom(b, 32, 0));
    number("two draws differ", memcmp(a, b, 32) != 0);
    result("getrandom bad pointer", syscall(SYS_getrandom, 8, 10, 0));
    struct rlimit r, s;
    result("getrlimit", getrlimit(RLIMIT_NOFILE, &r));
    number("files", r.rlim_cur >= 256);
    r.rlim_cur = 64;
    result("setrlimit", setrlimit(RLIMIT_NOFILE, &r));
    getrlimit(RLIMIT_NOFILE, &s);
    number("now", s.rlim_cur);
    int n = 0, fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        n++;
    printf("limit: %s below 64 %d\n", errno_name(errno), n < 64);
    result("dup2 over limit", dup2(0, 64));
    for (int i = 3; i < 64; i++)
        close(i);
    result("bad resource", getrlimit(99, &r));
    number("page size", getauxval(AT_PAGESZ));
    number("random bytes given", getauxval(AT_RANDOM) != 0);
    number("secure", getauxval(AT_SECURE));
    number("phnum", getauxval(AT_PHNUM) > 0);
    number("execfn", getauxval(AT_EXECFN) != 0);
    number("online", sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    number("argc", argc);
    number("argv ends", argv[argc] == 0);
    number("environment", envp != 0);
    result("prctl name", prctl(PR_SET_NAME, "fl-test"));
    char name[17] = {0};
    result("prctl get", prctl(PR_GET_NAME, name));
    text("name", name);
    result("unknown call", syscall(5000));
    struct winsize w;
    fd = open("/dev/null", O_RDWR);
    result("winsize of null", ioctl(fd, TIOCGWINSZ, &w));
    struct termios t;
    result("tcgetattr of null", tcgetattr(fd, &t));
    result("unknown ioctl", ioctl(fd, 0x12345678, 0));
    volatile double x = 2.0, y = 10.0;
    printf("sqrt 2: %.15f 1/10: %.20f\n", sqrt(x), 1 / y);
    printf("int to float: %.1f, float to int: %d\n", (double)(argc + 6), (int)(y / 3));
    volatile long double ld = 1.0L / 3;
    printf("long double: %.15Lf\n", ld);
    printf("%g %e %a\n", 12345.678, 1e-300, 1.0);
    number("strtod", strtod("1e23", 0) == 1e23);
    number("sched_yield", syscall(SYS_sched_yield));
    number("gettid is getpid", syscall(SYS_gettid) == getpid());
    result("sync", (sync(), 0));
    result("close_range bad", syscall(SYS_close_range, 10, 5, 0));
    result("close_range", syscall(SYS_close_range, 40, 60, 0));
    return 33;
}

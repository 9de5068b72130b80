/* SPDX-License-Identifier: MIT
 * Family: clocks, sleeps, timers, resource use. */
#include "report.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static long long ns(clockid_t c)
{
    struct timespec t;
    if (clock_gettime(c, &t))
        return -1;
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void)
{
    clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                       CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        long long a = ns(ids[i]), b = ns(ids[i]);
        struct timespec r = {9, 9};
        printf("clock %u: %d %d %d\n", i, a >= 0, b >= a, clock_getres(ids[i], &r) == 0 && r.tv_sec == 0);
    }
    result("bad clock", ns(77));
    long long a = ns(CLOCK_MONOTONIC);
    struct timespec t = {0, 20000000};
    result("nanosleep", nanosleep(&t, 0));
    number("slept", ns(CLOCK_MONOTONIC) - a >= 20000000);
    t.tv_nsec = 2000000000;
    result("bad nanoseconds", nanosleep(&t, 0));
    t.tv_sec = -1;
    t.tv_nsec = 0;
    result("negative", nanosleep(&t, 0));
    result("bad pointer", nanosleep((void *)8, 0));
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += 5000000;
    if (t.tv_nsec >= 1000000000)
        t.tv_sec++, t.tv_nsec -= 1000000000;
    number("absolute sleep", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0));
    number("past deadline", (a = ns(CLOCK_MONOTONIC)) >= t.tv_sec * 1000000000LL + t.tv_nsec);
    number("absolute in the past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0));
    struct timeval tv;
    result("gettimeofday", gettimeofday(&tv, 0));
    number("agrees with time()", time(0) - tv.tv_sec <= 100);
    struct tms m;
    number("times", times(&m) != (clock_t)-1);
    struct rusage u;
    result("getrusage", getrusage(RUSAGE_SELF, &u));
    result("getrusage children", getrusage(RUSAGE_CHILDREN, &u));
    result("getrusage bad", getrusage(55, &u));
    struct tm *g = gmtime(&(time_t){86400 * 365});
    printf("gmtime: %d-%d-%d\n", g->tm_year, g->tm_mon, g->tm_mday);
    struct itimerval it = {{0, 0}, {10000, 0}}, old;
    result("setitimer", setitimer(ITIMER_REAL, &it, 0));
    result("getitimer", getitimer(ITIMER_REAL, &old));
    number("remaining", old.it_value.tv_sec >= 9000 && old.it_value.tv_sec <= 10000);
    number("alarm returns the rest", alarm(0) >= 9000);
    number("none left", alarm(0));
    return 0;
}

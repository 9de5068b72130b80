// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
typedef long time_t;
struct timespec { time_t tv_sec; long tv_nsec; };
struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;
    int tm_mon;
    int tm_year;
    int tm_wday;
    int tm_yday;
    int tm_isdst;
};
time_t time(time_t *result);
struct tm *gmtime(const time_t *when);
struct tm *localtime(const time_t *when);

// SPDX-License-Identifier: MIT
#pragma once
struct timeval { long tv_sec; long tv_usec; };
int gettimeofday(struct timeval *now, void *zone);

// SPDX-License-Identifier: MIT
#pragma once
typedef unsigned long size_t;
typedef long ptrdiff_t;
#ifdef __aarch64__
typedef unsigned int wchar_t;
#else
typedef int wchar_t;
#endif
#define NULL ((void *)0)
#define offsetof(type, member) ((size_t)&((type *)0)->member)

// SPDX-License-Identifier: MIT
// want: 3:68: error: a bit-field over nine bytes
struct __attribute__((packed)) S { int a : 5; long b : 60; int c; };

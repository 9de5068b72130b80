// SPDX-License-Identifier: MIT
// limit: a packed bit-field lies in at most eight bytes
// want: 4:68: error: a bit-field over nine bytes
struct __attribute__((packed)) S { int a : 5; long b : 60; int c; };

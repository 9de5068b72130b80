// SPDX-License-Identifier: MIT
// What the tools share: messages, input by file name or standard input, and
// output that is known to have been written.
//
// A tool is one C file that includes this one. It uses nothing of the library
// that C99 and POSIX do not have.
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *tool_name = "tool";
static const char *input_name = "standard input";

// Says what is wrong and ends with status 1; the output is then not complete.
static void die(const char *format, ...) __attribute__((noreturn));
static void die(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static inline FILE *open_input(const char *name)
{
    FILE *f = stdin;
    if (strcmp(name, "-") != 0) {
        f = fopen(name, "rb");
        if (!f) die("%s: %s", name, strerror(errno));
        input_name = name;
    }
    return f;
}

static inline void *allocate(size_t size)
{
    void *p = malloc(size);
    if (!p) die("no memory for %lu bytes", (unsigned long)size);
    return p;
}

static inline void put_bytes(const void *p, size_t n)
{
    if (fwrite(p, 1, n, stdout) != n) die("cannot write the output: %s", strerror(errno));
}

static inline int finish(void)
{
    if (fflush(stdout)) die("cannot write the output: %s", strerror(errno));
    return 0;
}

// The one argument of a decompressor: a file, or standard input if there is none.
static inline FILE *only_argument(int argc, char **argv)
{
    if (argc > 2) die("usage: %s [FILE] > OUTPUT", tool_name);
    return open_input(argc == 2 ? argv[1] : "-");
}

static inline int next_byte(FILE *f)
{
    int c = fgetc(f);
    if (c != EOF) return c;
    if (ferror(f)) die("%s: %s", input_name, strerror(errno));
    die("%s: ends too early", input_name);
}

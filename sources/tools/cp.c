// SPDX-License-Identifier: MIT
// cp [-m MODE] FILE... TARGET: copies files to a file or into a directory.
//
// The target is made anew (mode 644 or the octal MODE), so a copy never writes
// through a link, and copying a file to itself leaves its content.
#include "tool.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy(const char *from, const char *to, unsigned mode)
{
    static char buffer[65536];
    ssize_t n, put;
    int out, in = open(from, O_RDONLY);
    if (in < 0) die("%s: %s", from, strerror(errno));
    n = read(in, buffer, sizeof buffer);
    if (n < 0) die("%s: %s", from, strerror(errno));
    unlink(to);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (out < 0) die("%s: %s", to, strerror(errno));
    for (; n > 0; n = read(in, buffer, sizeof buffer))
        for (ssize_t at = 0; at < n; at += put) {
            put = write(out, buffer + at, (size_t)(n - at));
            if (put <= 0) die("%s: %s", to, strerror(errno));
        }
    if (n < 0) die("%s: %s", from, strerror(errno));
    if (close(out) < 0 || chmod(to, mode) < 0) die("%s: %s", to, strerror(errno));
    close(in);
}

int main(int argc, char **argv)
{
    unsigned mode = 0644;
    const char *target = argv[argc - 1];
    int first = 1, directory;
    tool_name = "cp";
    if (argc > 2 && strcmp(argv[1], "-m") == 0) {
        char *end;
        mode = (unsigned)strtoul(argv[2], &end, 8);
        if (*end || end == argv[2] || mode > 0777) die("%s: not an octal mode", argv[2]);
        first = 3;
    }
    if (argc - first < 2) die("usage: cp [-m MODE] FILE... TARGET");
    directory = open(target, O_RDONLY | O_DIRECTORY);
    if (directory < 0 && argc - first > 2) die("%s: not a directory", target);
    for (int i = first; i < argc - 1; i++) {
        const char *base = strrchr(argv[i], '/');
        char *path;
        base = base ? base + 1 : argv[i];
        path = allocate(strlen(target) + strlen(base) + 2);
        sprintf(path, directory < 0 ? "%s" : "%s/%s", target, base);
        copy(argv[i], path, mode);
        free(path);
    }
    return 0;
}

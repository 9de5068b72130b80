// SPDX-License-Identifier: MIT
// mkdir [-p] DIRECTORY...: makes directories; -p also those above, and is
// content with those that exist.
#include "tool.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void make(const char *path, int may_exist)
{
    int fd;
    if (mkdir(path, 0755) == 0) return;
    if (errno != EEXIST || !may_exist) die("%s: %s", path, strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) die("%s: exists and is not a directory", path);
    close(fd);
}

int main(int argc, char **argv)
{
    int parents = argc > 1 && strcmp(argv[1], "-p") == 0;
    tool_name = "mkdir";
    if (argc < 2 + parents) die("usage: mkdir [-p] DIRECTORY...");
    for (int i = 1 + parents; i < argc; i++) {
        for (char *p = argv[i] + 1; parents && *argv[i] && *p; p++)
            if (*p == '/' && p[1] && p[-1] != '/') {
                *p = 0;
                make(argv[i], 1);
                *p = '/';
            }
        make(argv[i], parents);
    }
    return 0;
}

// SPDX-License-Identifier: MIT
// chmod MODE FILE...: sets the octal mode.
#include "tool.h"
#include <sys/stat.h>

int main(int argc, char **argv)
{
    char *end;
    unsigned long mode;
    tool_name = "chmod";
    if (argc < 3) die("usage: chmod MODE FILE...");
    mode = strtoul(argv[1], &end, 8);
    if (*end || end == argv[1] || mode > 07777) die("%s: not an octal mode", argv[1]);
    for (int i = 2; i < argc; i++)
        if (chmod(argv[i], (mode_t)mode) < 0) die("%s: %s", argv[i], strerror(errno));
    return 0;
}

// SPDX-License-Identifier: MIT
// cat [FILE...]: writes the files, or standard input, to standard output.
#include "tool.h"

static void copy(const char *name)
{
    static char buffer[65536];
    FILE *f = open_input(name);
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) put_bytes(buffer, n);
    if (ferror(f)) die("%s: %s", name, strerror(errno));
    if (f != stdin) fclose(f);
}

int main(int argc, char **argv)
{
    tool_name = "cat";
    if (argc < 2) copy("-");
    for (int i = 1; i < argc; i++) copy(argv[i]);
    return finish();
}

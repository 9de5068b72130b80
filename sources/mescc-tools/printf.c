// SPDX-License-Identifier: MIT
// printf TEXT: as much of it as kaem's tests use.
#include <stdio.h>

int main(int argc, char **argv)
{
    return argc == 2 && fputs(argv[1], stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// suite LIST DIRECTORY: runs a test suite where there is no shell yet.
//
// Each line of LIST is a test: its name and commands, split by tabs; a
// command's words are split by blanks (\x1d stands for a blank in a word).
// They run in DIRECTORY, one after the other until one fails; all that they
// print goes to standard output, and behind it a line "\x1fNAME STATUS" (128 and the signal if one ended it).
// The host compares.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 65536, WORDS = 4096 };

static int run(char *command)
{
    static char *words[WORDS + 1];
    static char *environment[] = { "PATH=/bin", 0 };
    int count = 0, status = 0;
    pid_t child;
    for (char *word = strtok(command, " "); word && count < WORDS; word = strtok(0, " ")) {
        for (char *blank = word; (blank = strchr(blank, '\x1d'));) *blank = ' ';
        words[count++] = word;
    }
    words[count] = 0;
    child = fork();
    if (child < 0) return 126;
    if (child == 0) {
        dup2(1, 2);
        execve(words[0], words, environment);
        printf("%s: %s\n", words[0], strerror(errno));
        fflush(stdout);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static char line[LINE];
    FILE *list = argc == 3 ? fopen(argv[1], "re") : 0;
    if (!list || chdir(argv[2])) return 2;
    while (fgets(line, LINE, list)) {
        char *name = line, *command, *rest;
        int status = 0;
        line[strcspn(line, "\n")] = 0;
        rest = strchr(line, '\t');
        if (rest) *rest++ = 0;
        while (rest && status == 0) {
            command = rest;
            rest = strchr(rest, '\t');
            if (rest) *rest++ = 0;
            status = run(command);
        }
        printf("\x1f%s %d\n", name, status);
        fflush(stdout);
    }
    return 0;
}

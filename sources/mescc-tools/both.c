// SPDX-License-Identifier: MIT
// both OUTPUT PROGRAM [ARG...]: runs a program with its standard output and its messages in one file, whatever its
// status; what a shell writes as `PROGRAM ARG... > OUTPUT 2>&1`. Three of kaem's tests are about scripts that fail.
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int output, status;
    pid_t child;
    if (argc < 3) return 2;
    output = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (output < 0) {
        perror(argv[1]);
        return 2;
    }
    child = fork();
    if (child == 0) {
        dup2(output, 1);
        dup2(output, 2);
        execv(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("both");
        return 2;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? 0 : 1;
}

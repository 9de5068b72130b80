/* SPDX-License-Identifier: MIT
 * Forks until the system refuses, every child too. The first process sees the refusal and ends them all. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    setpgid(0, 0);
    signal(SIGTERM, SIG_IGN);
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGTERM, SIG_DFL);
            while (fork() >= 0)
                ;
            for (;;)
                pause();
        }
        if (pid < 0) {
            int refusal = errno;
            kill(0, SIGTERM);
            while (waitpid(-1, 0, 0) > 0)
                ;
            printf("refused %d\n", refusal == EAGAIN || refusal == ENOMEM);
            return 0;
        }
    }
}

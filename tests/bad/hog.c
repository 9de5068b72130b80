/* SPDX-License-Identifier: MIT
 * Takes and touches memory until there is none; a child does, so that the end of it is seen. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            void *p = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (p == MAP_FAILED)
                _exit(0);
            memset(p, 1, 16 << 20);
        }
    }
    int status;
    if (waitpid(pid, &status, 0) != pid)
        return 1;
    /* Refused, or ended by a signal when it touched what could not be had. */
    printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WIFSIGNALED(status));
    void *p = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 2;
    memset(p, 1, 16 << 20);
    puts("memory is back");
    return 0;
}

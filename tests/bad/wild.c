/* SPDX-License-Identifier: MIT
 * Every system call with wild pointers: each call in a process of its own, which may end in any way but must
 * leave the others and the system alone. */
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int skipped(long n)
{
    /* What ends or multiplies the caller, or stops the machine, whatever its arguments are. */
    switch (n) {
    case SYS_exit: case SYS_exit_group: case SYS_rt_sigreturn: case SYS_clone: case SYS_kill: case SYS_tkill:
    case SYS_reboot:
#ifdef SYS_fork
    case SYS_fork: case SYS_vfork:
#endif
        return 1;
    }
    return 0;
}

int main(void)
{
    static const unsigned long wild[] = {
        1, 0x1000, 0xfff, 0x7ffffffffff8, 0x7fffffffffff, 0x800000000000, 0xffff800000000000, 0xfffffffffffff000,
        0xffffffffffffffff, 0x8000000000000000,
    };
    int children = 0;
    for (long n = 0; n < 470; n++) {
        if (skipped(n))
            continue;
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            alarm(1); /* for what blocks */
            for (unsigned i = 0; i < sizeof wild / sizeof *wild; i++) {
                unsigned long w = wild[i];
                syscall(n, w, w, w, w, w, w);
                syscall(n, 1L, w, 64L, w, w, w);
                syscall(n, -100L, w, w, 0L, w, 8L);
                syscall(n, w, 8L, 8L, 8L, 8L, 8L);
            }
            _exit(0);
        }
        int status;
        while (waitpid(pid, &status, 0) != pid)
            ;
        children++;
    }
    printf("survived %d\n", children > 400);
    return 0;
}

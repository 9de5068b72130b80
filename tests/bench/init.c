/* SPDX-License-Identifier: MIT
 *
 * The first process under Linux for the bench: runs each line of /bench.plan (words split at blanks, the
 * first is the program) in /work on a tmpfs, and prints "bench: SECONDS LINE" with the guest's monotonic
 * time around it. It says "bench: entry SECONDS" first, with the time since the kernel's clock began.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void)
{
    double entry = now();
    char line[500], copy[500], *args[40], *env[] = {"PATH=/bin", 0};
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/work", 0755);
    mount("dev", "/dev", "devtmpfs", 0, 0);
    mount("proc", "/proc", "proc", 0, 0);
    mount("work", "/work", "tmpfs", 0, 0);
    int console = open("/dev/console", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(console, i);
    printf("bench: entry %.6f\n", entry);
    fflush(stdout);
    FILE *plan = fopen("/bench.plan", "r");
    while (plan && fgets(line, sizeof line, plan)) {
        line[strcspn(line, "\n")] = 0;
        strcpy(copy, line);
        int n = 0, st = 0;
        for (char *w = strtok(copy, " "); w && n < 39; w = strtok(0, " "))
            args[n++] = w;
        args[n] = 0;
        if (n == 0)
            continue;
        double start = now();
        int pid = fork();
        if (pid == 0) {
            chdir("/work");
            execve(args[0], args, env);
            _exit(127);
        }
        waitpid(pid, &st, 0);
        printf("bench: %.6f %s%s\n", now() - start, line, st ? " (failed)" : "");
        fflush(stdout);
    }
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}

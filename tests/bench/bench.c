/* SPDX-License-Identifier: MIT
 *
 * One workload a run: `bench NAME COUNT`. It measures nothing itself: whoever starts it takes the guest's
 * time around it (the monitor's clock for programs is logical). COUNT is the number of operations, or of
 * MiB for the copying ones. It prints what it did, so that a run that did less is seen. The file that it works
 * on has no name by then: the monitor hashes each file that a step leaves behind, which is a cost of the
 * record and not of the workload.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(const char *what, int ok)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* An empty file without a name. */
static int data_file(void)
{
    int fd = open("bench.data", O_RDWR | O_CREAT | O_EXCL, 0644);
    must("open", fd >= 0);
    must("unlink", unlink("bench.data") == 0);
    return fd;
}

static void one_byte_writes(long n)
{
    int fd = data_file();
    while (n--)
        must("write", write(fd, "x", 1) == 1);
}

static void one_byte_reads(long n)
{
    char b[4096];
    int fd = data_file();
    memset(b, 'r', sizeof b);
    for (int i = 0; i < 256; i++)
        must("write", write(fd, b, sizeof b) == sizeof b);
    while (n) {
        lseek(fd, 0, SEEK_SET);
        for (long i = 0; i < 256 * 4096L && n; i++, n--)
            must("read", read(fd, b, 1) == 1);
    }
}

static void getpids(long n)
{
    long pid = syscall(SYS_getpid);
    while (n--)
        must("getpid", syscall(SYS_getpid) == pid);
}

static void brks(long n)
{
    char *low = (char *)syscall(SYS_brk, 0), *high = low + 65536;
    while (n--) {
        must("brk up", (char *)syscall(SYS_brk, high) == high);
        must("brk down", (char *)syscall(SYS_brk, low) == low);
    }
}

static void fork_exec(long n, char *self)
{
    char *args[] = {self, "nothing", "0", 0}, *env[] = {0};
    while (n--) {
        int st, pid = fork();
        if (pid == 0) {
            execve("/proc/self/exe", args, env);
            execve(self, args, env);
            _exit(1);
        }
        must("wait", waitpid(pid, &st, 0) == pid && st == 0);
    }
}

static void ping_pong(long n)
{
    int to[2], from[2], st;
    char c = 'p';
    must("pipe", pipe(to) == 0 && pipe(from) == 0);
    if (fork() == 0) {
        close(to[1]);
        while (read(to[0], &c, 1) == 1)
            must("write", write(from[1], &c, 1) == 1);
        _exit(0);
    }
    while (n--) {
        must("write", write(to[1], &c, 1) == 1);
        must("read", read(from[0], &c, 1) == 1);
    }
    close(to[1]);
    wait(&st);
}

static char block[65536];

static int big_write(long mib)
{
    int fd = data_file();
    memset(block, 'w', sizeof block);
    for (long i = 0; i < mib * 16; i++)
        must("write", write(fd, block, sizeof block) == sizeof block);
    return fd;
}

/* Writes 64 MiB once and reads them mib / 64 times; `big-write 64` is what to subtract. */
static void big_read(long mib)
{
    int fd = big_write(64);
    for (long i = 0; i < mib * 16; i++) {
        if (i % 1024 == 0)
            lseek(fd, 0, SEEK_SET);
        must("read", read(fd, block, sizeof block) == sizeof block);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench getpid|read1|write1|brk|fork-exec|ping-pong|big-write|big-read|nothing COUNT\n");
        return 2;
    }
    long n = atol(argv[2]);
    const char *w = argv[1];
    if (!strcmp(w, "nothing")) return 0;
    else if (!strcmp(w, "getpid")) getpids(n);
    else if (!strcmp(w, "read1")) one_byte_reads(n);
    else if (!strcmp(w, "write1")) one_byte_writes(n);
    else if (!strcmp(w, "brk")) brks(n);
    else if (!strcmp(w, "fork-exec")) fork_exec(n, argv[0]);
    else if (!strcmp(w, "ping-pong")) ping_pong(n);
    else if (!strcmp(w, "big-write")) big_write(n);
    else if (!strcmp(w, "big-read")) big_read(n);
    else return 2;
    printf("%s %ld\n", w, n);
    return 0;
}

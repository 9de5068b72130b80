/* SPDX-License-Identifier: MIT
 * Family: pipes, FIFOs, poll, select, SIGPIPE. */
#include "report.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>

static volatile int pipes_seen;
static void on_pipe(int s) { pipes_seen += s == SIGPIPE; }

static int ask(int fd, int events)
{
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, 0);
    return n < 0 ? -1 : p.revents;
}

int main(void)
{
    int p[2], q[2], n;
    char b[70000];
    must("pipe", pipe(p) == 0);
    printf("poll empty: r %x w %x\n", ask(p[0], POLLIN), ask(p[1], POLLOUT));
    result("write", write(p[1], "hello", 5));
    printf("poll full: r %x\n", ask(p[0], POLLIN));
    ioctl(p[0], FIONREAD, &n);
    number("fionread", n);
    result("read part", read(p[0], b, 2));
    result("read rest", read(p[0], b, 100));
    result("seek", lseek(p[0], 0, SEEK_SET));
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    result("read empty", read(p[0], b, 1));
    long total = 0, w;
    while ((w = write(p[1], b, 4096)) > 0)
        total += w;
    result("write full", w);
    number("capacity", total);
    printf("poll full: w %x\n", ask(p[1], POLLOUT));
    while (read(p[0], b, sizeof b) > 0)
        ;
    fcntl(p[0], F_SETFL, 0);
    fcntl(p[1], F_SETFL, 0);
    result("wrong end", write(p[0], "x", 1));
    result("wrong end", read(p[1], b, 1));
    fflush(stdout);

    /* more than the capacity through a child */
    if (fork() == 0) {
        close(p[0]);
        memset(b, 'z', sizeof b);
        for (int i = 0; i < 10; i++)
            if (write(p[1], b, sizeof b) != sizeof b)
                _exit(1);
        _exit(0);
    }
    close(p[1]);
    for (total = 0; (w = read(p[0], b, sizeof b)) > 0;)
        total += w;
    number("through child", total);
    int st;
    wait(&st);
    number("child", st);
    printf("poll hung up: %x\n", ask(p[0], POLLIN));
    close(p[0]);

    signal(SIGPIPE, on_pipe);
    pipe(p);
    close(p[0]);
    result("write without reader", write(p[1], "x", 1));
    number("sigpipe handled", pipes_seen);
    printf("poll without reader: %x\n", ask(p[1], POLLOUT));
    signal(SIGPIPE, SIG_DFL);
    fflush(stdout);
    if (fork() == 0) {
        write(p[1], "x", 1);
        _exit(0);
    }
    wait(&st);
    number("killed by SIGPIPE", WIFSIGNALED(st) && WTERMSIG(st) == SIGPIPE);
    printf("poll bad fd: %x\n", ask(999, POLLIN));

    pipe(p);
    pipe(q);
    fflush(stdout);
    if (fork() == 0) {
        usleep(20000);
        write(q[1], "late", 4);
        _exit(0);
    }
    struct pollfd two[2] = {{p[0], POLLIN, 0}, {q[0], POLLIN, 0}};
    result("poll two", poll(two, 2, 60000));
    printf("revents: %x %x\n", two[0].revents, two[1].revents);
    wait(&st);
    fd_set r;
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    FD_SET(q[0], &r);
    struct timeval tv = {60, 0};
    result("select", select(q[1] + 1, &r, 0, 0, &tv));
    printf("ready: %d %d\n", FD_ISSET(p[0], &r) != 0, FD_ISSET(q[0], &r) != 0);
    read(q[0], b, 10);
    tv.tv_sec = 0;
    tv.tv_usec = 1000;
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    result("select times out", select(p[0] + 1, &r, 0, 0, &tv));
    result("poll times out", poll(two, 1, 1));
    struct timespec ts = {0, 1000};
    result("ppoll times out", ppoll(two, 1, &ts, 0));
    result("poll nothing", poll(0, 0, 1));

    mkfifo("fifo", 0600);
    fflush(stdout);
    if (fork() == 0) {
        int f = open("fifo", O_WRONLY);
        write(f, "through the fifo", 16);
        _exit(0);
    }
    int f = open("fifo", O_RDONLY);
    n = read(f, b, 100);
    b[n > 0 ? n : 0] = 0;
    text("fifo", b);
    result("fifo end", read(f, b, 100));
    wait(&st);
    result("fifo without reader", open("fifo", O_WRONLY | O_NONBLOCK));
    result("pipe2", pipe2(p, O_CLOEXEC | O_NONBLOCK));
    number("cloexec", fcntl(p[0], F_GETFD));
    result("pipe2 bad flag", pipe2(p, 0x40000000));
    result("pipe bad pointer", pipe((int *)8));
    return 0;
}

/* SPDX-License-Identifier: MIT
 * Family: brk, mmap, mprotect, munmap, mremap, madvise. */
#include "report.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int dies(volatile char *p, int write)
{
    int st;
    fflush(stdout);
    if (fork() == 0) {
        if (write)
            *p = 1;
        else
            (void)*p;
        _exit(0);
    }
    wait(&st);
    return WIFSIGNALED(st) ? WTERMSIG(st) : 0;
}

int main(void)
{
    const long P = 4096;
    /* The call itself: musl's sbrk refuses to move. */
    char *b0 = (char *)syscall(SYS_brk, 0), *top = b0 + 10 * P;
    number("brk up", (char *)syscall(SYS_brk, top) == top);
    memset(b0, 7, 10 * P);
    number("brk down", (char *)syscall(SYS_brk, b0 + 5 * P) == b0 + 5 * P);
    number("below kept", b0[5 * P - 1]);
    number("brk up", (char *)syscall(SYS_brk, top) == top);
    number("above fresh", b0[5 * P]);
    number("brk wild", (char *)syscall(SYS_brk, 8) == top);

    char *m = mmap(0, 8 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must("mmap", m != MAP_FAILED);
    number("zero", m[0] == 0 && m[8 * P - 1] == 0);
    memset(m, 1, 8 * P);
    result("munmap middle", munmap(m + 2 * P, 2 * P));
    number("hole", dies(m + 2 * P, 0));
    number("left", m[2 * P - 1] + m[4 * P]);
    result("mprotect none", mprotect(m, P, PROT_NONE));
    number("none", dies(m, 0));
    result("mprotect read", mprotect(m, P, PROT_READ));
    number("read", m[0]);
    number("write dies", dies(m, 1));
    result("mprotect over hole", mprotect(m, 8 * P, PROT_READ));
    result("mprotect unaligned", mprotect(m + 1, P, PROT_READ));
    char *f = mmap(m + 2 * P, P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    number("fixed", f == m + 2 * P && *f == 0);
    number("fixed noreplace", mmap(m + 2 * P, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
    text("errno", errno_name(errno));
    result("munmap nothing", munmap(m + 3 * P, P));
    result("munmap unaligned", munmap(m + 1, P));
    number("zero length", mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    text("errno", errno_name(errno));

    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (int i = 0; i < 3; i++) {
        char page[4096];
        memset(page, 'a' + i, P);
        write(fd, page, i < 2 ? P : 100);
    }
    char *v = mmap(0, 3 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    must("map file", v != MAP_FAILED);
    printf("file: %c %c %c %d\n", v[0], v[P], v[2 * P + 99], v[2 * P + 100]);
    v[0] = 'Z';
    char c;
    pread(fd, &c, 1, 0);
    printf("private write stays private: %c %c\n", v[0], c);
    char *o = mmap(0, P, PROT_READ, MAP_PRIVATE, fd, P);
    printf("offset: %c\n", *o);
    number("bad offset", mmap(0, P, PROT_READ, MAP_PRIVATE, fd, 100) == MAP_FAILED);
    text("errno", errno_name(errno));
    close(fd);
    printf("after close: %c\n", v[P]);
    number("past the end", dies(mmap(0, 2 * P, PROT_READ, MAP_PRIVATE, open("mapped", O_RDONLY), 2 * P) + P, 0));
    number("bad fd", mmap(0, P, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED);
    text("errno", errno_name(errno));

    char *r = mmap(0, 2 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(r + P, "moved");
    char *q = mremap(r, 2 * P, 64 * P, MREMAP_MAYMOVE);
    must("mremap", q != MAP_FAILED);
    text("content", q + P);
    number("new part is zero", q[63 * P]);
    q = mremap(q, 64 * P, P, 0);
    number("shrink", q != MAP_FAILED);
    number("gone", dies(q + P, 0));

    char *big = mmap(0, 1L << 34, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    number("big reservation", big != MAP_FAILED);
    big[1L << 33] = 5;
    number("touched", big[1L << 33]);
    result("madvise", madvise(big + (1L << 33), P, MADV_DONTNEED));
    number("dropped", big[1L << 33]);
    result("munmap", munmap(big, 1L << 34));

    char *s = mmap(0, P, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    if (fork() == 0) {
        strcpy(s, "from the child");
        _exit(0);
    }
    wait(0);
    text("shared", s);
    char *heap[100];
    for (int i = 0; i < 100; i++)
        memset(heap[i] = malloc(1000 * i + 1), i, 1000 * i + 1);
    long sum = 0;
    for (int i = 0; i < 100; i++) {
        sum += heap[i][1000 * i];
        free(heap[i]);
    }
    number("malloc", sum);
    char deep[3 << 20];
    deep[0] = 1;
    deep[sizeof deep - 1] = 2;
    number("deep stack", deep[0] + deep[sizeof deep - 1]);
    return 0;
}

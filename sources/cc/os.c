/* SPDX-License-Identifier: MIT
 *
 * Files, memory and exit through __syscall alone, and string functions.
 *
 * A file is read whole and written whole, so that a compilation takes few
 * system calls and a failing one leaves no partial output. */

long __syscall(long n, long a, long b, long c, long d, long e, long f);

#ifdef __FIRSTLIGHT_HOST__
#define _GNU_SOURCE
long syscall(long n, ...);
long __syscall(long n, long a, long b, long c, long d, long e, long f)
{
    long r = syscall(n, a, b, c, d, e, f);
    return r == -1 ? -5 : r;
}
#endif

enum { AT_FDCWD = -100, O_WRONLY_CREAT_TRUNC = 577, ARENA_CHUNK = 16777216 };

void os_exit(int code) {
    __syscall(NR_exit_group, code, 0, 0, 0, 0, 0);
}

/* ---- memory: one bump allocator over large chunks of fresh (zero) pages ---- */

static char *arena_free;
static char *arena_end;

void *xalloc(long n) {
    n = (n + 15) & ~15;
    if (n > arena_end - arena_free) {
        long chunk = n > ARENA_CHUNK / 4 ? (n + 4095) & ~4095 : ARENA_CHUNK;
        long pages = __syscall(NR_mmap, 0, chunk, 3, 0x22, -1, 0);
        if (pages < 0 && pages > -4096)
            fatal("out of memory", "");
        if (chunk != ARENA_CHUNK)
            return (char *)pages;
        arena_free = (char *)pages;
        arena_end = arena_free + chunk;
    }
    arena_free += n;
    return arena_free - n;
}

/* ---- files ---- */

char *read_whole(char *path, long *len) {
    long fd = str_eq(path, "-") ? 0 : __syscall(NR_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
    if (fd < 0)
        return 0;
    char *buf = 0;
    long cap = 0;
    long n = 0;
    long got = 0;
    do {
        n += got;
        if (n + 16 >= cap) {
            cap = cap ? cap * 4 : 65536;
            char *more = xalloc(cap);
            mem_copy(more, buf, n);
            buf = more;
        }
        got = __syscall(NR_read, fd, (long)(buf + n), cap - 16 - n, 0, 0, 0);
    } while (got > 0);
    if (fd)
        __syscall(NR_close, fd, 0, 0, 0, 0, 0);
    if (arena_free == buf + cap)
        arena_free = buf + ((n + 31) & ~15);
    *len = n;
    return got < 0 ? 0 : buf;
}

static int write_fd(int fd, char *p, long len) {
    while (len > 0) {
        long n = __syscall(NR_write, fd, (long)p, len, 0, 0, 0);
        if (n <= 0)
            return 0;
        p += n;
        len -= n;
    }
    return 1;
}

void remove_file(char *path) {
    if (!str_starts(path, "/dev/"))
        __syscall(NR_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

/* A file takes the place of the one before (which may be running); configure scripts also name /dev/null. */
void write_whole(char *path, void *data, long len, int executable) {
    int mode = executable ? 0755 : 0644;
    remove_file(path);
    long fd = str_eq(path, "/dev/stdout") ? 1 : __syscall(NR_openat, AT_FDCWD, (long)path, O_WRONLY_CREAT_TRUNC, mode, 0, 0);
    if (fd < 0)
        fatal("cannot write %s", path);
    if (!write_fd(fd, data, len)) {
        remove_file(path);
        fatal("writing %s failed", path);
    }
    __syscall(NR_close, fd, 0, 0, 0, 0, 0);
}

void print_err(char *s) {
    write_fd(2, s, str_len(s));
}

/* ---- strings ---- */

long larger(long a, long b) {
    return a > b ? a : b;
}

void mem_copy(void *to, void *from, long n) {
    char *p = to;
    char *q = from;
    for (; n >= 8; n -= 8) {
        *(long *)p = *(long *)q;
        p += 8;
        q += 8;
    }
    for (; n > 0; n--)
        *p++ = *q++;
}

void mem_set(void *to, int byte, long n) {
    char *p = to;
    for (; n > 0; n--)
        *p++ = byte;
}

int mem_eq(void *a, void *b, long n) {
    char *p = a;
    char *q = b;
    for (long i = 0; i < n; i++)
        if (p[i] != q[i])
            return 0;
    return 1;
}

long str_len(char *s) {
    long n = 0;
    while (s[n])
        n++;
    return n;
}

int str_eq(char *a, char *b) {
    long n = str_len(a);
    return str_len(b) == n && mem_eq(a, b, n);
}

int str_starts(char *s, char *prefix) {
    while (*prefix && *s == *prefix) {
        s++;
        prefix++;
    }
    return !*prefix;
}

int str_ends(char *s, char *suffix) {
    long n = str_len(s);
    long m = str_len(suffix);
    return n >= m && str_eq(s + n - m, suffix);
}

char *str_save(char *s, long n) {
    char *p = xalloc(n + 1);
    mem_copy(p, s, n);
    return p;
}

/* c as a string */
char *str_of(int c) {
    char one = c;
    return str_save(&one, 1);
}

char *str_join(char *a, char *b, char *c) {
    long la = str_len(a);
    long lb = str_len(b);
    long lc = str_len(c);
    char *p = xalloc(la + lb + lc + 1);
    mem_copy(p, a, la);
    mem_copy(p + la, b, lb);
    mem_copy(p + la + lb, c, lc);
    return p;
}

char *str_number(long v) {
    char *p = (char *)xalloc(32) + 30;
    unsigned long u = v < 0 ? -(unsigned long)v : v;
    do {
        *--p = '0' + u % 10;
        u = u / 10;
    } while (u);
    if (v < 0)
        *--p = '-';
    return p;
}

char *str_format(char *message, char *arg) {
    for (long i = 0; message[i]; i++)
        if (message[i] == '%' && message[i + 1] == 's')
            return str_join(str_save(message, i), arg, message + i + 2);
    return message;
}

/* ---- the end ---- */

void fatal(char *message, char *arg) {
    print_err(str_join("cc: ", str_format(message, arg), "\n"));
    os_exit(1);
}

void fatal_at(char *file, int line, char *message, char *arg) {
    char *place = line ? str_join(file, ":", str_number(line)) : file;
    print_err(str_join(place, ": error: ", str_join(str_format(message, arg), "\n", "")));
    os_exit(1);
}

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
    print_flush();
    __syscall(NR_exit_group, code, 0, 0, 0, 0, 0);
}

/* ---- memory: one bump allocator over large chunks of fresh (zero) pages ---- */

static char *arena_free;
static char *arena_end;

static char *fresh_pages(long n) {
    long p = __syscall(NR_mmap, 0, n, 3, 0x22, -1, 0);
    if (p < 0 && p > -4096)
        fatal("out of memory%s", "");
    return (char *)p;
}

void *xalloc(long n) {
    n = (n + 15) & ~15;
    if (n > arena_end - arena_free) {
        if (n > ARENA_CHUNK / 4)
            return fresh_pages((n + 4095) & ~4095);
        arena_free = fresh_pages(ARENA_CHUNK);
        arena_end = arena_free + ARENA_CHUNK;
    }
    char *p = arena_free;
    arena_free += n;
    return p;
}

/* ---- files ---- */

char *read_whole(char *path, long *len) {
    long fd = 0;
    if (!str_eq(path, "-"))
        fd = __syscall(NR_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
    if (fd < 0)
        return 0;
    long cap = 65536;
    long n = 0;
    char *buf = xalloc(cap);
    long got = __syscall(NR_read, fd, (long)buf, cap - 16, 0, 0, 0);
    while (got > 0) {
        n += got;
        if (n + 16 == cap) {
            cap = cap * 4;
            char *more = xalloc(cap);
            mem_copy(more, buf, n);
            buf = more;
        }
        got = __syscall(NR_read, fd, (long)(buf + n), cap - 16 - n, 0, 0, 0);
    }
    if (fd)
        __syscall(NR_close, fd, 0, 0, 0, 0, 0);
    if (got < 0)
        return 0;
    if (arena_free == buf + cap)
        arena_free = buf + ((n + 31) & ~15);
    *len = n;
    return buf;
}

void write_whole(char *path, void *data, long len, int executable) {
    __syscall(NR_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
    long fd = __syscall(NR_openat, AT_FDCWD, (long)path, O_WRONLY_CREAT_TRUNC, executable ? 0755 : 0644, 0, 0);
    if (fd < 0)
        fatal("cannot write %s", path);
    char *p = data;
    while (len > 0) {
        long n = __syscall(NR_write, fd, (long)p, len, 0, 0, 0);
        if (n <= 0) {
            __syscall(NR_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
            fatal("writing %s failed", path);
        }
        p += n;
        len -= n;
    }
    __syscall(NR_close, fd, 0, 0, 0, 0, 0);
}

static char out_buffer[65536];
static long out_len;

static void write_fd(int fd, char *p, long len) {
    while (len > 0) {
        long n = __syscall(NR_write, fd, (long)p, len, 0, 0, 0);
        if (n <= 0)
            return;
        p += n;
        len -= n;
    }
}

void print_flush(void) {
    write_fd(1, out_buffer, out_len);
    out_len = 0;
}

void print_out(void *data, long len) {
    if (out_len + len > 65536)
        print_flush();
    if (len > 65536) {
        write_fd(1, data, len);
        return;
    }
    mem_copy(out_buffer + out_len, data, len);
    out_len += len;
}

void print_err(char *s) {
    write_fd(2, s, str_len(s));
}

/* ---- strings ---- */

void mem_copy(void *to, void *from, long n) {
    char *p = to;
    char *q = from;
    while (n >= 8) {
        *(long *)p = *(long *)q;
        p += 8;
        q += 8;
        n -= 8;
    }
    while (n > 0) {
        *p = *q;
        p++;
        q++;
        n--;
    }
}

void mem_set(void *to, int byte, long n) {
    char *p = to;
    while (n > 0) {
        *p = byte;
        p++;
        n--;
    }
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
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
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
        p--;
        *p = '0' + u % 10;
        u = u / 10;
    } while (u);
    if (v < 0) {
        p--;
        *p = '-';
    }
    return p;
}

/* ---- the end ---- */

static void print_message(char *message, char *arg) {
    char one[2];
    one[1] = 0;
    for (; *message; message++)
        if (*message == '%' && message[1] == 's') {
            print_err(arg);
            message++;
        } else {
            one[0] = *message;
            print_err(one);
        }
    print_err("\n");
}

void fatal(char *message, char *arg) {
    print_err("cc: ");
    print_message(message, arg);
    os_exit(1);
}

void fatal_at(char *file, int line, char *message, char *arg) {
    print_err(file);
    print_err(":");
    if (line) {
        print_err(str_number(line));
        print_err(":");
    }
    print_err(" error: ");
    print_message(message, arg);
    os_exit(1);
}

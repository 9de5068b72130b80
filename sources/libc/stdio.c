// SPDX-License-Identifier: MIT
// Buffered files. A file's buffer holds either what was read and not yet
// taken (at < end) or what was written and not yet flushed (dirty bytes from
// the buffer's start up to `at`).
#include "syscall.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READABLE = 1, WRITABLE = 2, UNBUFFERED = 4, FAILED = 8, DIRTY = 16 };

struct FILE {
    int fd;
    int flags;
    unsigned char *buffer;      // allocated at first use
    unsigned char *at;
    unsigned char *end;
    FILE *next;                 // in the list of open files, for the flush at exit
};

static FILE files[3] = {
    { 0, READABLE, NULL, NULL, NULL, &files[1] },
    { 1, WRITABLE, NULL, NULL, NULL, &files[2] },
    { 2, WRITABLE | UNBUFFERED, NULL, NULL, NULL, NULL },
};
static FILE *open_files = &files[0];
FILE *stdin = &files[0];
FILE *stdout = &files[1];
FILE *stderr = &files[2];
extern void (*__at_exit)(void);

static void flush_all(void)
{
    fflush(NULL);
}

static int prepare(FILE *f, int want)
{
    if (!(f->flags & want)) {
        errno = EBADF;
        f->flags |= FAILED;
        return EOF;
    }
    if (!f->buffer) {
        f->buffer = malloc(BUFSIZ);
        if (!f->buffer) {
            f->flags |= FAILED;
            return EOF;
        }
        f->at = f->end = f->buffer;
    }
    if (want == WRITABLE && !(f->flags & DIRTY)) {
        if (f->at != f->end) lseek(f->fd, f->at - f->end, SEEK_CUR);
        f->at = f->end = f->buffer;
        f->flags |= DIRTY;
        __at_exit = flush_all;
    }
    if (want == READABLE && f->flags & DIRTY) return fflush(f);
    return 0;
}

FILE *fdopen(int fd, const char *mode)
{
    FILE *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->fd = fd;
    f->flags = strchr(mode, '+') ? READABLE | WRITABLE : *mode == 'r' ? READABLE : WRITABLE;
    f->next = open_files;
    open_files = f;
    return f;
}

FILE *fopen(const char *path, const char *mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    int fd;
    FILE *f;
    if (*mode == 'w') flags |= O_CREAT | O_TRUNC;
    if (*mode == 'a') flags |= O_CREAT | O_APPEND;
    fd = open(path, flags, 0666);
    if (fd < 0) return NULL;
    f = fdopen(fd, mode);
    if (!f) close(fd);
    return f;
}

int fflush(FILE *f)
{
    unsigned char *p;
    if (!f) {
        int r = 0;
        for (f = open_files; f; f = f->next)
            if (f->flags & DIRTY && fflush(f)) r = EOF;
        return r;
    }
    if (!(f->flags & DIRTY)) return 0;
    f->flags &= ~DIRTY;
    for (p = f->buffer; p < f->at;) {
        ssize_t n = write(f->fd, p, (size_t)(f->at - p));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            f->flags |= FAILED;
            break;
        }
        p += n;
    }
    f->at = f->end = f->buffer;
    return f->flags & FAILED ? EOF : 0;
}

int fclose(FILE *f)
{
    FILE **link = &open_files;
    int r = fflush(f);
    if (close(f->fd) < 0) r = EOF;
    while (*link && *link != f) link = &(*link)->next;
    if (*link) *link = f->next;
    free(f->buffer);
    f->buffer = NULL;
    if (f < files || f >= files + 3) free(f);
    return r;
}

int ferror(FILE *f) { return f->flags & FAILED; }

// Reads the next bufferful; false at the end or on an error.
static int fill(FILE *f)
{
    ssize_t n;
    if (prepare(f, READABLE)) return 0;
    do n = read(f->fd, f->buffer, BUFSIZ); while (n < 0 && errno == EINTR);
    f->at = f->buffer;
    f->end = f->buffer + (n > 0 ? n : 0);
    if (n < 0) f->flags |= FAILED;
    return n > 0;
}

int fgetc(FILE *f)
{
    if (f->flags & DIRTY || f->at == f->end)
        if (!fill(f)) return EOF;
    return *f->at++;
}

char *fgets(char *buffer, int size, FILE *f)
{
    char *p = buffer;
    int c = 0;
    while (size > 1 && c != '\n' && (c = fgetc(f)) != EOF) {
        *p++ = (char)c;
        size--;
    }
    *p = 0;
    return p == buffer ? NULL : buffer;
}

size_t fread(void *to, size_t size, size_t count, FILE *f)
{
    size_t want = size * count, got = 0;
    while (got < want) {
        size_t n = f->flags & DIRTY ? 0 : (size_t)(f->end - f->at);
        if (n == 0) {
            if (!fill(f)) break;
            continue;
        }
        if (n > want - got) n = want - got;
        memcpy((char *)to + got, f->at, n);
        f->at += n;
        got += n;
    }
    return size ? got / size : 0;
}

int fputc(int c, FILE *f)
{
    unsigned char b = (unsigned char)c;
    return fwrite(&b, 1, 1, f) == 1 ? b : EOF;
}

int putchar(int c) { return fputc(c, stdout); }

size_t fwrite(const void *from, size_t size, size_t count, FILE *f)
{
    size_t want = size * count, put = 0;
    if (!(f->flags & DIRTY) && prepare(f, WRITABLE)) return 0;
    while (put < want) {
        size_t n = (size_t)(f->buffer + BUFSIZ - f->at);
        if (n == 0) {
            if (fflush(f) || prepare(f, WRITABLE)) break;
            continue;
        }
        if (n > want - put) n = want - put;
        memcpy(f->at, (const char *)from + put, n);
        f->at += n;
        put += n;
    }
    if (f->flags & UNBUFFERED && fflush(f)) return 0;
    return size ? put / size : 0;
}

int fputs(const char *s, FILE *f)
{
    size_t n = strlen(s);
    return fwrite(s, 1, n, f) == n ? 0 : EOF;
}

int puts(const char *s)
{
    return fputs(s, stdout) || fputc('\n', stdout) == EOF ? EOF : 0;
}

int fseek(FILE *f, long offset, int whence)
{
    if (f->flags & DIRTY) {
        if (fflush(f)) return -1;
    } else if (whence == SEEK_CUR) {
        offset -= f->end - f->at;
    }
    f->at = f->end = f->buffer;
    return lseek(f->fd, offset, whence) < 0 ? -1 : 0;
}

long ftell(FILE *f)
{
    long position = lseek(f->fd, 0, SEEK_CUR);
    if (position < 0) return -1;
    return f->flags & DIRTY ? position + (f->at - f->buffer) : position - (f->end - f->at);
}

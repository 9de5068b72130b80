// SPDX-License-Identifier: MIT
// Memory and strings. The copies go by eight-byte words; both architectures
// allow them at any address.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long word;

void *memcpy(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        ((word *)d)[0] = ((const word *)s)[0];
        ((word *)d)[1] = ((const word *)s)[1];
        ((word *)d)[2] = ((const word *)s)[2];
        ((word *)d)[3] = ((const word *)s)[3];
    }
    for (; n >= 8; n -= 8, d += 8, s += 8) *(word *)d = *(const word *)s;
    while (n--) *d++ = *s++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;
    if ((size_t)(d - s) >= n) return n ? memcpy(to, from, n) : to;
    for (; n >= 8; n -= 8) *(word *)(d + n - 8) = *(const word *)(s + n - 8);
    while (n--) d[n] = s[n];
    return to;
}

void *memset(void *to, int c, size_t n)
{
    char *d = to;
    word w = (unsigned char)c * 0x0101010101010101ul;
    for (; n >= 32; n -= 32, d += 32) {
        ((word *)d)[0] = w;
        ((word *)d)[1] = w;
        ((word *)d)[2] = w;
        ((word *)d)[3] = w;
    }
    while (n--) *d++ = (char)c;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;
    for (; n; n--, p++, q++)
        if (*p != *q) return *p - *q;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;
    for (; n; n--, p++)
        if (*p == (unsigned char)c) return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *e = s;
    while (*e) e++;
    return (size_t)(e - s);
}

char *strcpy(char *to, const char *from)
{
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
    size_t i = 0;
    for (; i < n && from[i]; i++) to[i] = from[i];
    for (; i < n; i++) to[i] = 0;
    return to;
}

char *strcat(char *to, const char *from)
{
    strcpy(to + strlen(to), from);
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a) return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c) return (char *)s;
        if (!*s) return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *found = NULL;
    do {
        if (*s == (char)c) found = s;
    } while (*s++);
    return (char *)found;
}

char *strstr(const char *s, const char *part)
{
    size_t n = strlen(part);
    if (!n) return (char *)s;
    for (; (s = strchr(s, *part)); s++)
        if (strncmp(s, part, n) == 0) return (char *)s;
    return NULL;
}

size_t strspn(const char *s, const char *set)
{
    size_t n = 0;
    while (s[n] && strchr(set, s[n])) n++;
    return n;
}

size_t strcspn(const char *s, const char *set)
{
    size_t n = 0;
    while (s[n] && !strchr(set, s[n])) n++;
    return n;
}

char *strerror(int number)
{
    static const struct { int number; const char *text; } texts[] = {
        { EPERM, "Operation not permitted" }, { ENOENT, "No such file or directory" },
        { EIO, "Input/output error" }, { EBADF, "Bad file descriptor" },
        { ENOMEM, "Cannot allocate memory" }, { EACCES, "Permission denied" },
        { EEXIST, "File exists" }, { ENOTDIR, "Not a directory" },
        { EISDIR, "Is a directory" }, { EINVAL, "Invalid argument" },
        { ENOSPC, "No space left on device" }, { EPIPE, "Broken pipe" },
        { ENAMETOOLONG, "File name too long" }, { ELOOP, "Too many levels of symbolic links" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].number == number) return (char *)texts[i].text;
    return "Unknown error";
}

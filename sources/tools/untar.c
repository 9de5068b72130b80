// SPDX-License-Identifier: MIT
// untar [-s N] DIRECTORY < ARCHIVE: unpacks ustar, GNU and pax archives; -s
// leaves out the first N components of each name.
//
// An archive is not trusted. Nothing is made outside DIRECTORY:
//  - absolute names and names with a ".." are refused;
//  - no name may lead through a symbolic link;
//  - a symbolic link may climb only with leading ".."s, and not above the top;
//  - devices and FIFOs are refused, set-id bits are dropped.
// So each link leads from a real directory to a place in the tree, however
// many there are. A refused member ends the run with status 1.
#include "tool.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, MAX_NAME = 4096 };

static unsigned char header[BLOCK];
static char name[MAX_NAME], target[MAX_NAME];
static char long_name[MAX_NAME], long_target[MAX_NAME];
static unsigned long long_size;
static int has_long_size;
static unsigned long offset, consumed;  // of the header, for messages; read so far

__attribute__((noreturn)) static void bad(const char *what)
{
    die("%s: at byte %lu: %s", input_name, offset, what);
}

__attribute__((noreturn)) static void refuse(const char *what)
{
    die("%s: %s: %s; nothing after it was unpacked", input_name, name, what);
}

static void read_block(unsigned char *b)
{
    consumed += BLOCK;
    if (fread(b, 1, BLOCK, stdin) != BLOCK) bad(ferror(stdin) ? strerror(errno) : "the archive ends too early");
}

static unsigned long octal(const unsigned char *field, int n)
{
    unsigned long v = 0;
    int i = 0, digits = 0;
    while (i < n && field[i] == ' ') i++;
    for (; i < n && field[i] >= '0' && field[i] <= '7'; i++, digits++) v = v * 8 + field[i] - '0';
    if (!digits || (i < n && field[i] != 0 && field[i] != ' ')) bad("a number in a header is damaged");
    return v;
}

// The name in the header: prefix (ustar only), slash, name.
static void header_name(char *to)
{
    size_t n = 0;
    if (memcmp(header + 257, "ustar\0", 6) == 0)
        while (n < 155 && header[345 + n]) {
            to[n] = (char)header[345 + n];
            n++;
        }
    if (n) to[n++] = '/';
    for (size_t i = 0; i < 100 && header[i]; i++) to[n++] = (char)header[i];
    to[n] = 0;
}

// Leaves out "." components, doubled and trailing slashes and the first
// `strip` components; refuses what could leave the tree.
static void clean(char *path, int strip)
{
    char *out = path;
    const char *s = path;
    if (*s == '/') refuse("an absolute name");
    while (*s) {
        size_t n = strcspn(s, "/");
        if (n == 2 && memcmp(s, "..", 2) == 0) refuse("a name with \"..\"");
        if (n && !(n == 1 && *s == '.') && strip-- <= 0) {
            if (out != path) *out++ = '/';
            memmove(out, s, n);
            out += n;
        }
        s += n;
        while (*s == '/') s++;
    }
    *out = 0;
}

// Makes the directories above a name and sees that none is a link.
static void make_parents(char *path)
{
    char text[2];
    for (char *p = path; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        if (readlink(path, text, sizeof text) >= 0) {
            *p = '/';
            refuse("its name leads through a symbolic link");
        }
        if (mkdir(path, 0755) < 0 && errno != EEXIST) die("%s: %s", path, strerror(errno));
        *p = '/';
    }
}

static void check_target(void)
{
    int depth = 0, climbing = 1;
    for (const char *p = name; *p; p++) depth += *p == '/';
    if (!*target || *target == '/') refuse("a symbolic link to an absolute name");
    for (const char *s = target; *s;) {
        size_t n = strcspn(s, "/");
        if (n == 2 && memcmp(s, "..", 2) == 0) {
            if (!climbing || --depth < 0) refuse("a symbolic link that leaves the tree");
        } else if (n && !(n == 1 && *s == '.')) {
            climbing = 0;
        }
        s += n;
        while (*s == '/') s++;
    }
}

static void make_file(unsigned long size, unsigned mode)
{
    static unsigned char data[128 * BLOCK];
    int fd;
    unlink(name);
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) die("%s: %s", name, strerror(errno));
    while (size) {
        size_t n = size < sizeof data ? size : sizeof data, whole = (n + BLOCK - 1) / BLOCK * BLOCK;
        ssize_t put;
        consumed += whole;
        if (fread(data, 1, whole, stdin) != whole) bad("the archive ends too early");
        for (size_t at = 0; at < n; at += (size_t)put) {
            put = write(fd, data + at, n - at);
            if (put <= 0) die("%s: %s", name, strerror(errno));
        }
        size -= n;
    }
    if (close(fd) < 0 || chmod(name, mode) < 0) die("%s: %s", name, strerror(errno));
}

static void make_directory(unsigned mode)
{
    char text[2];
    if (readlink(name, text, sizeof text) >= 0) refuse("a directory in the place of a symbolic link");
    if (mkdir(name, mode) < 0 && errno != EEXIST) die("%s: %s", name, strerror(errno));
    if (chmod(name, mode | 0700) < 0) die("%s: %s", name, strerror(errno));
}

// Reads a member's data as text; more than fits is an error.
static void read_text(char *to, unsigned long size, unsigned long room)
{
    unsigned char b[BLOCK];
    if (size >= room) bad("a long name or extended header is too long");
    for (unsigned long at = 0; at < size; at += BLOCK) {
        read_block(b);
        memcpy(to + at, b, size - at < BLOCK ? size - at : BLOCK);
    }
    to[size] = 0;
}

// pax records: "LENGTH KEY=VALUE\n"
static void extended(char *text, unsigned long size)
{
    for (char *s = text; s < text + size;) {
        char *end, *key, *value;
        unsigned long n = strtoul(s, &end, 10);
        if (end == s || *end != ' ' || n < 5 || n > (unsigned long)(text + size - s) || s[n - 1] != '\n') bad("an extended header is damaged");
        key = end + 1;
        s[n - 1] = 0;
        value = strchr(key, '=');
        if (!value) bad("an extended header is damaged");
        *value++ = 0;
        if (strlen(value) != (size_t)(s + n - 1 - value)) bad("an extended header has a zero byte");
        if (strlen(value) >= MAX_NAME) bad("a name is too long");
        if (strcmp(key, "path") == 0) strcpy(long_name, value);
        if (strcmp(key, "linkpath") == 0) strcpy(long_target, value);
        if (strcmp(key, "size") == 0) {
            long_size = strtoul(value, &end, 10);
            has_long_size = 1;
            if (*end || end == value) bad("an extended header is damaged");
        }
        s += n;
    }
}

static void skip(unsigned long size)
{
    unsigned char b[BLOCK];
    for (unsigned long at = 0; at < size; at += BLOCK) read_block(b);
}

static void member(int strip)
{
    static char text[65536];
    unsigned long size = octal(header + 124, 12), sum = 0;
    unsigned mode = (unsigned)octal(header + 100, 8) & 0777;
    int kind = header[156];
    for (int i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? ' ' : header[i];
    if (octal(header + 148, 8) != sum) bad("a header's checksum differs");
    if (kind == 'L') {
        read_text(long_name, size, MAX_NAME);
        return;
    }
    if (kind == 'K') {
        read_text(long_target, size, MAX_NAME);
        return;
    }
    if (kind == 'x') {
        read_text(text, size, sizeof text);
        extended(text, size);
        return;
    }
    if (kind == 'g') {                  // comments for the whole archive
        skip(size);
        return;
    }
    if (has_long_size) size = long_size;
    header_name(name);
    if (*long_name) strcpy(name, long_name);
    memcpy(target, header + 157, 100);
    target[100] = 0;
    if (*long_target) strcpy(target, long_target);
    *long_name = *long_target = 0;
    has_long_size = 0;
    if (kind == 0 && *name && name[strlen(name) - 1] == '/') kind = '5';
    clean(name, strip);
    if (!*name) {
        skip(kind == '0' || kind == 0 ? size : 0);
        return;
    }
    make_parents(name);
    switch (kind) {
    case 0:
    case '0':
    case '7': make_file(size, mode); break;
    case '5': make_directory(mode); break;
    case '1':
        clean(target, strip);
        {
            char own[MAX_NAME];
            strcpy(own, target);
            make_parents(own);
        }
        unlink(name);
        if (link(target, name) < 0) die("%s: cannot link to %s: %s", name, target, strerror(errno));
        break;
    case '2':
        check_target();
        unlink(name);
        if (symlink(target, name) < 0) die("%s: %s", name, strerror(errno));
        break;
    case '3':
    case '4': refuse("a device");
    case '6': refuse("a FIFO");
    default: refuse("a member of unknown kind");
    }
}

static int is_zero(const unsigned char *b)
{
    for (int i = 0; i < BLOCK; i++)
        if (b[i]) return 0;
    return 1;
}

int main(int argc, char **argv)
{
    int first = 1, strip = 0;
    tool_name = "untar";
    if (argc == 4 && strcmp(argv[1], "-s") == 0) {
        strip = atoi(argv[2]);
        first = 3;
    }
    if (argc != first + 1) die("usage: untar [-s N] DIRECTORY < ARCHIVE");
    if (chdir(argv[first]) < 0) die("%s: %s", argv[first], strerror(errno));
    for (;;) {
        offset = consumed;
        read_block(header);
        if (is_zero(header)) break;
        member(strip);
    }
    return 0;
}

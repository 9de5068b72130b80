// SPDX-License-Identifier: MIT
// rerun [-t] [-u] [CLOSURE [WORK]]: runs a closure's PLAN again, from its seed.
//
// It is part of the root file system that such a closure made, so that the
// result can make itself: on any Linux, or under the monitor. CLOSURE is the
// archive (/src/closure.tar), WORK a directory that need not exist and in
// which all happens (/tmp/rerun). docs/formats.md describes both formats.
//
// For each step, WORK/root is made anew with the step's declared inputs, its
// programs run in it (chroot), and the declared outputs are checked, moved to
// WORK/out, and given to the steps that name them. At the end, WORK/out is
// what the plan made, and WORK/OUTPUTS.sha256 lists what of it is in the root
// file system; if /firstlight/OUTPUTS.sha256 exists, the two are compared.
// Status 0: everything ran, and everything is as it was.
//
//   -t   says how long each step took
//   -u   goes on although an output's digest is not the one in PLAN; says so
//
// Wants to be root (elsewhere: `unshare -r`), for chroot. It does not hide the
// clock, nor processes that a step leaves behind; the digests tell.
//
// Over 500 lines: one program in one file, which one command compiles.
#ifdef SMALL
#include "small.h"
#else
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#include <sys/time.h>
#include "../tools/sha256.h"
#include "../tools/tool.h"

enum { BLOCK = 512, MAX_PATH = 4096, MAX_WORDS = 4096 };

// A file, link or directory: of the closure (data), or made by a step (its
// bytes are at WORK/out/PATH).
struct file {
    char *path;                 // without the leading slash
    int mode;
    char kind;                  // '0' file, '2' link, '5' directory, as in ustar
    char *target;               // of a link
    const unsigned char *data;  // of a closure's file
    unsigned long size;
    int made;
};

static struct file *files;
static unsigned long file_count, file_room;
static const char *closure = "/src/closure.tar", *work = "/tmp/rerun";
static int timed, unlocked, failed;

static char *text_of(const char *s, size_t n)
{
    char *t = allocate(n + 1);
    memcpy(t, s, n);
    t[n] = 0;
    return t;
}

static struct file *new_file(char *path, char kind, int mode)
{
    struct file *f;
    if (file_count == file_room) {
        file_room = file_room ? 2 * file_room : 1024;
        files = realloc(files, file_room * sizeof *files);
        if (!files) die("no memory for %lu files", file_room);
    }
    f = &files[file_count++];
    memset(f, 0, sizeof *f);
    f->path = path;
    f->kind = kind;
    f->mode = mode;
    return f;
}

static struct file *find(const char *path)
{
    for (unsigned long i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0) return &files[i];
    return NULL;
}

// Whether the pattern (an absolute path, or PATH/ for everything below) names
// the file.
static int covers(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);
    return pattern[n - 1] == '/' ? strncmp(pattern + 1, path, n - 1) == 0 : strcmp(pattern + 1, path) == 0;
}

// WORK/PART/PATH, in one of two buffers in turn; PATH may begin with a slash.
static char *place(const char *part, const char *path)
{
    static char buffer[2][MAX_PATH];
    static int turn;
    char *b = buffer[turn ^= 1];
    if (*path == '/') path++;
    if (snprintf(b, MAX_PATH, *part ? "%s/%s/%s" : "%s%s/%s", work, part, path) >= MAX_PATH) die("%s: the name is too long", path);
    return b;
}

// The directories above a name; the name itself too if `all`.
static void make_directories(char *path, int all)
{
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(path, 0755) < 0 && errno != EEXIST) die("%s: %s", path, strerror(errno));
            *p = '/';
        }
    if (all && mkdir(path, 0755) < 0 && errno != EEXIST) die("%s: %s", path, strerror(errno));
}

// Removes what is at a path, and what is below it.
static void clear(const char *path)
{
    struct stat s;
    if (lstat(path, &s) < 0) return;
    if (S_ISDIR(s.st_mode)) {
        DIR *dir = opendir(path);
        struct dirent *e;
        if (!dir) die("%s: %s", path, strerror(errno));
        while ((e = readdir(dir)) != NULL) {
            char below[MAX_PATH];
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
            if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= MAX_PATH) die("%s: the name is too long", path);
            clear(below);
        }
        closedir(dir);
        if (rmdir(path) < 0) die("%s: %s", path, strerror(errno));
    } else if (unlink(path) < 0) {
        die("%s: %s", path, strerror(errno));
    }
}

static unsigned char *read_whole(const char *path, unsigned long *size)
{
    int fd = open(path, O_RDONLY);
    long n = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    unsigned char *data;
    if (n < 0 || lseek(fd, 0, SEEK_SET) < 0) die("%s: %s", path, strerror(errno));
    data = allocate((size_t)n + 1);
    for (long at = 0, got; at < n; at += got) {
        got = read(fd, data + at, (size_t)(n - at));
        if (got <= 0) die("%s: cannot be read to its end", path);
    }
    close(fd);
    data[n] = 0;
    *size = (unsigned long)n;
    return data;
}

static void write_whole(const char *path, const unsigned char *data, unsigned long size, int mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) die("%s: %s", path, strerror(errno));
    for (unsigned long at = 0; at < size;) {
        ssize_t put = write(fd, data + at, size - at);
        if (put <= 0) die("%s: %s", path, strerror(errno));
        at += (unsigned long)put;
    }
    if (close(fd) < 0 || chmod(path, (mode_t)mode) < 0) die("%s: %s", path, strerror(errno));
}

static void hex_digest(const unsigned char *data, unsigned long size, char hex[65])
{
    struct sha256 h;
    unsigned char digest[32];
    sha256_start(&h);
    sha256_add(&h, data, size);
    sha256_end(&h, digest);
    for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
}

// ---- the closure

static unsigned long octal(const unsigned char *field, int n)
{
    unsigned long v = 0;
    for (int i = 0; i < n && field[i] >= '0' && field[i] <= '7'; i++) v = v * 8 + field[i] - '0';
    return v;
}

// Reads the archive: members in order, the plain spelling that docs/formats.md
// says and no other.
static void read_closure(void)
{
    unsigned long size, at = 0;
    unsigned char *all = read_whole(closure, &size);
    for (;;) {
        unsigned char *h = all + at;
        unsigned long sum = 0, bytes;
        char name[257];
        struct file *f;
        if (at + BLOCK > size) die("%s: cut off", closure);
        if (!*h) return;
        for (int i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? ' ' : h[i];
        if (octal(h + 148, 8) != sum || memcmp(h + 257, "ustar", 6) != 0) die("%s: at byte %lu: no member of a closure", closure, at);
        snprintf(name, sizeof name, "%.155s%s%.100s", (char *)h + 345, h[345] ? "/" : "", (char *)h);
        if (*name == '/' || strstr(name, "..")) die("%s: %s: not a name of a closure", closure, name);
        bytes = octal(h + 124, 12);
        at += BLOCK;
        if (bytes > size || at + bytes > size) die("%s: cut off", closure);
        f = new_file(text_of(name, strlen(name)), (char)h[156], (int)octal(h + 100, 8) & 0777);
        if (f->kind != '0' && f->kind != '2') die("%s: %s: neither file nor link", closure, name);
        if (f->kind == '2') {
            char target[101];
            snprintf(target, sizeof target, "%.100s", (char *)h + 157);
            f->target = text_of(target, strlen(target));
        }
        f->data = all + at;
        f->size = bytes;
        at += (bytes + BLOCK - 1) / BLOCK * BLOCK;
    }
}

// Compares the closure's files with INPUTS.sha256; every file must be in it.
static void check_closure(void)
{
    struct file *list = file_count > 1 ? &files[1] : NULL;
    const char *p, *end;
    unsigned long listed = 0, regular = 0;
    if (!list || strcmp(files[0].path, "PLAN") != 0 || strcmp(list->path, "INPUTS.sha256") != 0)
        die("%s: PLAN and INPUTS.sha256 are not in their places", closure);
    p = (const char *)list->data;
    for (end = p + list->size; p < end;) {
        const char *line = p;
        char hex[65], *name;
        struct file *f;
        while (p < end && *p != '\n') p++;
        p++;
        if (*line == '#') continue;
        if (p - line < 68) die("%s: INPUTS.sha256 is malformed", closure);
        name = text_of(line + 66, (size_t)(p - line) - 67);
        f = find(name);
        if (!f || f->kind != '0') die("%s: %s: in INPUTS.sha256 but not in the archive", closure, name);
        hex_digest(f->data, f->size, hex);
        if (memcmp(hex, line, 64) != 0) die("%s: %s: wrong sha256\n  expected %.64s\n  found    %s", closure, name, line, hex);
        free(name);
        listed++;
    }
    for (unsigned long i = 0; i < file_count; i++) regular += files[i].kind == '0' && &files[i] != list;
    if (listed != regular) die("%s: %lu files, of which INPUTS.sha256 lists %lu", closure, regular, listed);
}

// ---- the plan

struct list {
    char **items;
    int count, room;
};

static void add(struct list *l, char *item)
{
    if (l->count + 1 >= l->room) {
        l->room = l->room ? 2 * l->room : 16;
        l->items = realloc(l->items, (size_t)l->room * sizeof *l->items);
        if (!l->items) die("no memory for the plan");
    }
    l->items[l->count++] = item;
    l->items[l->count] = NULL;
}

struct run {
    int line;
    char *text;
};

static struct {
    char *name, *cwd;
    struct list in, out, env;   // of an output "PATH sha256 HEX" all three words
    struct run *runs;
    int run_count, run_room;
} step;

static struct list keep, drop;

// The words of a run line; quoted text is one word, in which \" and \\ stand
// for " and \. Splits `text` in place; gives the redirections apart.
static char **split(char *text, char **from, char **to, int *mode)
{
    static char *words[MAX_WORDS];
    int n = 0, target = 0;      // what the next word is: 1 < FILE, 2 > FILE, 3 mode
    char *s = text, *out = text;
    *from = *to = NULL;
    *mode = 0644;
    for (;;) {
        int quoted = 0;
        char *word;
        while (*s == ' ') s++;
        if (!*s) break;
        word = out;
        if (*s == '"') {
            quoted = 1;
            for (s++; *s && *s != '"'; *out++ = *s++)
                if (*s == '\\' && s[1]) s++;
            if (*s) s++;
        } else {
            while (*s && *s != ' ') *out++ = *s++;
        }
        if (*s) s++;
        *out++ = 0;
        if (target == 1) *from = word, target = 0;
        else if (target == 2) *to = word, target = 0;
        else if (target == 3) *mode = (int)strtol(word, NULL, 8), target = 0;
        else if (!quoted && strcmp(word, "<") == 0) target = 1;
        else if (!quoted && strcmp(word, ">") == 0) target = 2;
        else if (!quoted && *to && strcmp(word, "mode") == 0) target = 3;
        else if (n + 1 < MAX_WORDS) words[n++] = word;
        else die("step %s: a command of more than %d words", step.name, MAX_WORDS);
    }
    if (!n || target) die("step %s: PLAN has a malformed run line", step.name);
    words[n] = NULL;
    return words;
}

static void make_devices(void)
{
    static const struct {
        const char *name;
        int major, minor;
    } devices[] = { { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
    static int said;
    for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++) {
        char path[32];
        sprintf(path, "dev/%s", devices[i].name);
        if (mknod(place("root", path), S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) == 0) chmod(place("root", path), 0666);
        else if (i == 0 && !said++) fprintf(stderr, "rerun: no devices in the steps' roots: %s\n", strerror(errno));
    }
}

// Lays out the step's inputs, the directories of its outputs, /tmp and /dev.
static void make_root(void)
{
    static const struct timespec second[2] = { { 1, 0 }, { 1, 0 } };
    clear(place("", "root"));
    make_directories(place("root", "tmp/"), 0);
    make_directories(place("root", "dev/"), 0);
    chmod(place("root", "tmp"), 01777);
    make_devices();
    for (unsigned long i = 2; i < file_count; i++) {
        struct file *f = &files[i];
        char *target = place("root", f->path);
        int wanted = 0;
        for (int n = 0; n < step.in.count && !wanted; n++) wanted = covers(step.in.items[n], f->path);
        if (!wanted) continue;
        make_directories(target, f->kind == '5');
        if (f->kind == '2') {
            if (symlink(f->target, target) < 0) die("%s: %s", target, strerror(errno));
        } else if (f->kind == '0') {
            if (f->made) {
                unsigned long size;
                unsigned char *data = read_whole(place("out", f->path), &size);
                target = place("root", f->path);
                write_whole(target, data, size, f->mode);
                free(data);
            } else {
                write_whole(target, f->data, f->size, f->mode);
            }
            utimensat(AT_FDCWD, target, second, 0);
        }
    }
    for (int i = 0; i < step.out.count; i++) {
        char *word = step.out.items[i], *end = strchr(word, ' ');
        char *path = text_of(word, end ? (size_t)(end - word) : strlen(word));
        make_directories(place("root", path), 0);
        free(path);
    }
    make_directories(place("root", step.cwd), 1);
}

static void run(struct run *r)
{
    char *command = text_of(r->text, strlen(r->text)), *from, *to;
    int mode, status;
    char **words = split(command, &from, &to, &mode);
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child < 0) die("fork: %s", strerror(errno));
    if (child == 0) {
        int in = open(from ? place("root", from) : place("", "empty"), O_RDONLY);
        int out = to ? open(place("root", to), O_WRONLY | O_CREAT | O_TRUNC, 0600) : 1;
        if (in < 0) die("step %s: %s: %s", step.name, from, strerror(errno));
        if (out < 0 || (to && chmod(place("root", to), (mode_t)mode) < 0)) die("step %s: %s: %s", step.name, to, strerror(errno));
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0) die("dup2: %s", strerror(errno));
        if (in > 2) close(in);
        if (out > 2) close(out);
        if (chroot(place("", "root")) < 0) die("chroot: %s", strerror(errno));
        if (chdir(step.cwd) < 0) die("step %s: %s: %s", step.name, step.cwd, strerror(errno));
        execve(words[0], words, step.env.items);
        die("step %s: %s: %s", step.name, words[0], strerror(errno));
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) die("wait: %s", strerror(errno));
    if (status) {
        fprintf(stderr, "command (PLAN, line %d): %s\ndirectory: %s\nroot: %s\n", r->line, r->text, step.cwd, place("", "root"));
        if (status & 0x7f) die("step %s failed: signal %d", step.name, status & 0x7f);
        die("step %s failed: exit status %d", step.name, status >> 8);
    }
    free(command);
}

// Moves an output from the step's root to where later steps find it.
static void take(const char *path, const char *expected)
{
    struct stat s;
    struct file *f;
    char *name = text_of(path, strlen(path));
    if (lstat(place("root", path), &s) < 0) die("step %s: no output /%s", step.name, path);
    if (find(path)) die("step %s: /%s exists already", step.name, path);
    f = new_file(name, '0', (int)s.st_mode & 0777);
    f->made = 1;
    make_directories(place("out", path), S_ISDIR(s.st_mode));
    if (S_ISDIR(s.st_mode)) {
        char below[MAX_PATH];
        DIR *dir = opendir(place("root", path));
        struct dirent *e;
        f->kind = '5';
        if (!dir) die("%s: %s", path, strerror(errno));
        while ((e = readdir(dir)) != NULL)
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
                if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= MAX_PATH) die("%s: the name is too long", path);
                take(below, NULL);
            }
        closedir(dir);
        return;
    }
    if (S_ISLNK(s.st_mode)) {
        char target[MAX_PATH];
        ssize_t n = readlink(place("root", path), target, sizeof target - 1);
        if (n < 0) die("%s: %s", path, strerror(errno));
        f->kind = '2';
        f->target = text_of(target, (size_t)n);
    } else if (!S_ISREG(s.st_mode)) {
        die("step %s: /%s: neither file, directory nor link", step.name, path);
    }
    {
        char *from = place("root", path);
        if (rename(from, place("out", path)) < 0) die("%s: %s", from, strerror(errno));
    }
    if (expected) {
        unsigned long size;
        unsigned char *data = read_whole(place("out", path), &size);
        char hex[65];
        hex_digest(data, size, hex);
        free(data);
        if (memcmp(hex, expected, 64) != 0) {
            fprintf(stderr, "rerun: step %s: /%s has the wrong sha256\n  expected %.64s\n  found    %s\n", step.name, path, expected, hex);
            if (!unlocked) exit(1);
            failed = 1;
        }
    }
}

static void take_outputs(void)
{
    for (int i = 0; i < step.out.count; i++) {
        char *word = step.out.items[i], *end = strchr(word, ' ');
        char *digest = end ? strstr(end, "sha256 ") : NULL;
        size_t n = end ? (size_t)(end - word) : strlen(word);
        char *path = text_of(word + 1, n - 1);
        // Of PATH/ what is below it; the directory itself is made on the way.
        if (n > 1 && word[n - 1] == '/') path[n - 2] = 0;
        take(path, digest ? digest + 7 : NULL);
        free(path);
    }
}

static double now(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void run_step(long number, long count)
{
    double begun = now();
    printf("rerun: step %ld/%ld %s\n", number, count, step.name);
    fflush(stdout);
    make_root();
    for (int i = 0; i < step.run_count; i++) run(&step.runs[i]);
    take_outputs();
    if (timed) printf("rerun: done %ld/%ld %s seconds=%.3f\n", number, count, step.name, now() - begun);
    clear(place("", "root"));
}

// Reads the plan and runs each step as its `end` comes.
static void run_plan(void)
{
    char *s = (char *)files[0].data;
    char *all = text_of(s, files[0].size);
    long count = 0, number = 0;
    int open_step = 0, line = 0;
    for (char *p = all, *next; *p; p = next) {
        char *key, *rest;
        line++;
        next = strchr(p, '\n');
        if (!next) die("PLAN, line %d: cut off", line);
        *next++ = 0;
        while (*p == ' ') p++;
        if (!*p || *p == '#') continue;
        key = p;
        rest = strchr(p, ' ');
        if (rest) *rest++ = 0;
        else rest = p + strlen(p);
        while (*rest == ' ') rest++;
        if (strcmp(key, "step") == 0) {
            open_step = 1;
            step.name = rest;
            step.cwd = "/";
            step.in.count = step.out.count = step.env.count = step.run_count = 0;
            if (!step.env.items) add(&step.env, NULL), step.env.count = 0;
            step.env.items[0] = NULL;
        } else if (strcmp(key, "in") == 0 && open_step) {
            add(&step.in, rest);
        } else if (strcmp(key, "out") == 0 && open_step) {
            add(&step.out, rest);
        } else if (strcmp(key, "env") == 0 && open_step) {
            add(&step.env, rest);
        } else if (strcmp(key, "cwd") == 0 && open_step) {
            step.cwd = rest;
        } else if (strcmp(key, "run") == 0 && open_step) {
            if (step.run_count == step.run_room) {
                step.run_room = step.run_room ? 2 * step.run_room : 64;
                step.runs = realloc(step.runs, (size_t)step.run_room * sizeof *step.runs);
                if (!step.runs) die("no memory for the plan");
            }
            step.runs[step.run_count].line = line;
            step.runs[step.run_count++].text = rest;
        } else if (strcmp(key, "end") == 0 && open_step) {
            open_step = 0;
            run_step(++number, count);
        } else if (strcmp(key, "steps") == 0) {
            count = strtol(rest, NULL, 10);
        } else if (strcmp(key, "keep") == 0) {
            add(&keep, rest);
        } else if (strcmp(key, "drop") == 0) {
            add(&drop, rest);
        } else if (strcmp(key, "plan") == 0) {
            if (strcmp(rest, "1") != 0) die("PLAN is of version %s, this reads 1", rest);
        } else if (strcmp(key, "goal") != 0 && strcmp(key, "arch") != 0) {
            die("PLAN, line %d: unknown or misplaced '%s'", line, key);
        }
    }
    if (number != count || open_step) die("PLAN says %ld steps and has %ld", count, number);
}

// ---- what it made

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static int is_kept(const char *path)
{
    int kept = keep.count == 0;
    for (int i = 0; i < keep.count && !kept; i++) kept = covers(keep.items[i], path);
    for (int i = 0; i < drop.count && kept; i++) kept = !covers(drop.items[i], path);
    return kept;
}

// Writes WORK/OUTPUTS.sha256; compares it with what the first run wrote.
static void list_outputs(void)
{
    static const char *before = "/firstlight/OUTPUTS.sha256";
    unsigned long count = 0, size, at = 0, room = 1;
    char *list;
    int fd;
    qsort(files, file_count, sizeof *files, by_path);
    for (unsigned long i = 0; i < file_count; i++) room += strlen(files[i].path) + 68;
    list = allocate(room);
    for (unsigned long i = 0; i < file_count; i++) {
        struct file *f = &files[i];
        unsigned char *data;
        char hex[65];
        if (!f->made || f->kind != '0' || !is_kept(f->path)) continue;
        data = read_whole(place("out", f->path), &size);
        hex_digest(data, size, hex);
        free(data);
        at += (unsigned long)sprintf(list + at, "%s  %s\n", hex, f->path);
        count++;
    }
    unlink(place("", "OUTPUTS.sha256"));
    write_whole(place("", "OUTPUTS.sha256"), (unsigned char *)list, at, 0644);
    fd = open(before, O_RDONLY);
    if (fd >= 0) {
        char *old = (char *)read_whole(before, &size);
        close(fd);
        if (size != at || memcmp(old, list, at) != 0) die("%lu outputs, and they are not those of %s; mine are in %s", count, before, place("", "OUTPUTS.sha256"));
        printf("rerun: %lu outputs, each as in %s\n", count, before);
    } else {
        printf("rerun: %lu outputs, listed in %s\n", count, place("", "OUTPUTS.sha256"));
    }
}

int main(int argc, char **argv)
{
    int i = 1;
    double begun = now();
    tool_name = "rerun";
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-t") == 0) timed = 1;
        else if (strcmp(argv[i], "-u") == 0) unlocked = 1;
        else die("usage: rerun [-t] [-u] [CLOSURE [WORK]]");
    }
    if (i < argc) closure = argv[i++];
    if (i < argc) work = argv[i++];
    if (i < argc || *work != '/') die("usage: rerun [-t] [-u] [CLOSURE [WORK]]; WORK is an absolute path");
    umask(022);
    read_closure();
    check_closure();
    clear(place("", "out"));
    make_directories(place("out", ""), 0);
    unlink(place("", "empty"));
    write_whole(place("", "empty"), NULL, 0, 0644);
    run_plan();
    list_outputs();
    if (timed) printf("rerun: total seconds=%.3f\n", now() - begun);
    if (failed) die("some outputs are not those that PLAN expects");
    return finish();
}

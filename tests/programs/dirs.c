/* SPDX-License-Identifier: MIT
 * Family: directories, links, names, the working directory. */
#include "report.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void list(const char *dir)
{
    char *names[300];
    int n = 0;
    DIR *d = opendir(dir);
    if (!d) {
        printf("list %s: %s\n", dir, errno_name(errno));
        return;
    }
    for (struct dirent *e; (e = readdir(d)) && n < 300;)
        names[n++] = strcpy(malloc(strlen(e->d_name) + 3), e->d_name),
        strcat(names[n - 1], e->d_type == DT_DIR ? "/" : e->d_type == DT_LNK ? "@" : "");
    closedir(d);
    qsort(names, n, sizeof *names, by_name);
    printf("list %s:", dir);
    for (int i = 0; i < n; i++)
        printf(" %s", names[i]);
    printf("\n");
}

static void touch(const char *p)
{
    int fd = open(p, O_WRONLY | O_CREAT, 0644);
    must(p, fd >= 0);
    write(fd, p, strlen(p));
    close(fd);
}

int main(void)
{
    char b[PATH_MAX], *base;
    struct stat s, t;
    umask(022);
    result("mkdir", mkdir("dd", 0777));
    result("mkdir again", mkdir("dd", 0777));
    stat("dd", &s);
    number("mode", s.st_mode & 07777);
    number("links", s.st_nlink);
    result("chdir", chdir("dd"));
    getcwd(b, sizeof b);
    base = strrchr(b, '/');
    text("cwd ends in", base);
    touch("a");
    touch("b");
    mkdir("sub", 0700);
    mkdir("sub/deep", 0700);
    touch("sub/deep/x");
    list(".");
    stat(".", &s);
    number("links", s.st_nlink);
    result("link", link("a", "hard"));
    stat("a", &s);
    stat("hard", &t);
    number("same inode", s.st_ino == t.st_ino && s.st_nlink == 2);
    result("link over", link("a", "b"));
    result("link directory", link("sub", "sub2"));
    result("symlink", symlink("sub/deep", "sl"));
    result("symlink over", symlink("x", "a"));
    memset(b, 0, sizeof b);
    result("readlink", readlink("sl", b, sizeof b));
    text("link text", b);
    result("readlink of a file", readlink("a", b, sizeof b));
    list("sl");
    lstat("sl", &s);
    number("is link", S_ISLNK(s.st_mode));
    number("link size", s.st_size);
    symlink("loop2", "loop1");
    symlink("loop1", "loop2");
    result("loop", open("loop1", O_RDONLY));
    symlink("nowhere", "dangling");
    result("dangling open", open("dangling", O_RDONLY));
    result("dangling create", open("dangling", O_WRONLY | O_CREAT, 0600) >= 0);
    result("created through link", access("nowhere", F_OK));
    result("rename", rename("a", "c"));
    result("rename onto file", rename("c", "b"));
    result("rename missing", rename("zzz", "y"));
    result("rename dir onto file", rename("sub", "b"));
    result("rename file onto dir", rename("b", "sub"));
    result("rename dir into itself", rename("sub", "sub/deep/in"));
    mkdir("empty", 0755);
    mkdir("other", 0755);
    result("rename dir onto empty dir", rename("other", "empty"));
    touch("empty/f");
    mkdir("other", 0755);
    result("rename dir onto full dir", rename("other", "empty"));
    result("rename to itself", rename("b", "b"));
    result("rename to hard link", rename("b", "hard"));
    list(".");
    result("rmdir full", rmdir("empty"));
    result("rmdir file", rmdir("b"));
    result("unlink directory", unlink("empty"));
    result("rmdir dot", rmdir("."));
    result("unlink missing", unlink("zzz"));
    int dfd = open("sub", O_RDONLY | O_DIRECTORY);
    result("openat", openat(dfd, "deep/x", O_RDONLY) >= 0);
    result("mkdirat", mkdirat(dfd, "made", 0755));
    result("unlinkat dir flag missing", unlinkat(dfd, "made", 0));
    result("unlinkat", unlinkat(dfd, "made", AT_REMOVEDIR));
    result("fstatat", fstatat(dfd, "deep", &s, 0));
    result("fstatat empty path", fstatat(dfd, "", &s, AT_EMPTY_PATH));
    result("fstatat empty", fstatat(dfd, "", &s, 0));
    result("faccessat", faccessat(dfd, "deep/x", R_OK, 0));
    result("linkat", linkat(dfd, "deep/x", AT_FDCWD, "xlink", 0));
    result("symlinkat", symlinkat("deep/x", dfd, "s"));
    result("readlinkat", readlinkat(dfd, "s", b, 3));
    result("renameat", renameat(dfd, "s", AT_FDCWD, "moved"));
    result("bad dirfd", openat(999, "deep/x", O_RDONLY));
    result("file as dirfd", openat(open("xlink", O_RDONLY), "y", O_RDONLY));
    result("fchdir", fchdir(dfd));
    list(".");
    result("dotdot", chdir("../sub/./deep/.."));
    list(".");
    result("chdir file", chdir("deep/x"));
    chdir("..");
    memset(b, 'n', 300);
    b[300] = 0;
    result("long name", open(b, O_WRONLY | O_CREAT, 0644));
    result("empty path", open("", O_RDONLY));
    result("trailing slash on file", open("b/", O_RDONLY));
    result("trailing slash mkdir", mkdir("slash/", 0755));
    result("create in slash", open("newfile/", O_WRONLY | O_CREAT, 0644));
    result("null path", open((char *)0, O_RDONLY));
    mkdir("many", 0755);
    for (int i = 0; i < 250; i++) {
        sprintf(b, "many/%03d", i);
        touch(b);
    }
    DIR *d = opendir("many");
    int seen = 0;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') {
            seen++;
            sprintf(b, "many/%s", e->d_name);
            unlink(b);
        }
    number("deleted while reading", seen);
    rewinddir(d);
    seen = 0;
    while (readdir(d))
        seen++;
    number("left", seen);
    closedir(d);
    result("rmdir", rmdir("many"));
    result("realpath", realpath("sub/../sl/x", b) != 0);
    text("realpath ends", strstr(b, "/dd/"));
    return 0;
}

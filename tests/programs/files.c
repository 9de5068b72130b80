/* SPDX-License-Identifier: MIT
 * Family: open, read, write, seek, truncate, dup, fcntl on regular files. */
#include "report.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

int main(void)
{
    char b[64] = {0};
    struct stat st;
    unlink("f1");
    int fd = open("f1", O_RDWR | O_CREAT | O_EXCL, 0640);
    must("create", fd >= 0);
    result("create again", open("f1", O_RDWR | O_CREAT | O_EXCL, 0640));
    result("write", write(fd, "hello, world\n", 13));
    result("seek set", lseek(fd, 7, SEEK_SET));
    result("read", read(fd, b, 5));
    text("read text", b);
    result("seek cur", lseek(fd, -2, SEEK_CUR));
    result("seek end", lseek(fd, 100, SEEK_END));
    result("seek negative", lseek(fd, -500, SEEK_CUR));
    result("seek bad whence", lseek(fd, 0, 77));
    result("write past end", write(fd, "x", 1));
    fstat(fd, &st);
    number("size", st.st_size);
    number("mode", st.st_mode & 0777);
    number("nlink", st.st_nlink);
    memset(b, 'q', sizeof b);
    result("pread hole", pread(fd, b, 10, 20));
    number("hole is zero", b[0] == 0 && b[9] == 0);
    result("pwrite", pwrite(fd, "ABC", 3, 0));
    result("pread", pread(fd, b, 13, 0));
    b[13] = 0;
    text("pread text", b);
    result("ftruncate down", ftruncate(fd, 5));
    fstat(fd, &st);
    number("size", st.st_size);
    result("ftruncate up", ftruncate(fd, 10000));
    fstat(fd, &st);
    number("size", st.st_size);
    result("pread", pread(fd, b, 8, 3));
    number("regrown is zero", b[0] == 'l' && b[1] == 'o' && b[2] == 0 && b[7] == 0);
    result("read at end", pread(fd, b, 8, 10000));
    result("truncate by name", truncate("f1", 3));
    result("truncate missing", truncate("nothing", 3));

    struct iovec v[3] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
    lseek(fd, 0, SEEK_SET);
    result("writev", writev(fd, v, 3));
    char x[5], y[20];
    struct iovec r[2] = {{x, 5}, {y, 20}};
    lseek(fd, 0, SEEK_SET);
    result("readv", readv(fd, r, 2));
    printf("readv text: %.5s|%.8s\n", x, y);

    int d = dup(fd);
    lseek(fd, 2, SEEK_SET);
    result("dup shares offset", lseek(d, 0, SEEK_CUR));
    result("dup2", dup2(fd, 20));
    result("dup2 same", dup2(20, 20));
    result("dup2 bad", dup2(99, 21));
    result("dup3 same", dup3(20, 20, 0));
    result("dup3", dup3(fd, 21, O_CLOEXEC));
    result("getfd", fcntl(21, F_GETFD));
    result("getfd", fcntl(20, F_GETFD));
    result("setfd", fcntl(20, F_SETFD, FD_CLOEXEC));
    result("getfd", fcntl(20, F_GETFD));
    result("dupfd", fcntl(fd, F_DUPFD, 30));
    result("dupfd cloexec", fcntl(fd, F_DUPFD_CLOEXEC, 30));
    number("getfl", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    result("setfl append", fcntl(fd, F_SETFL, O_APPEND));
    lseek(fd, 0, SEEK_SET);
    result("append", write(fd, "!", 1));
    result("offset after append", lseek(fd, 0, SEEK_CUR));
    number("append seen by dup", (fcntl(d, F_GETFL) & O_APPEND) != 0);

    int ro = open("f1", O_RDONLY), wo = open("f1", O_WRONLY);
    result("write to read-only", write(ro, "x", 1));
    result("read from write-only", read(wo, b, 1));
    result("zero write", write(wo, "", 0));
    result("close", close(ro));
    result("close again", close(ro));
    result("read closed", read(ro, b, 1));
    result("open missing", open("no/such", O_RDONLY));
    result("open as directory", open("f1", O_RDONLY | O_DIRECTORY));
    result("open below file", open("f1/x", O_RDONLY));
    result("open directory for write", open(".", O_WRONLY));
    result("read directory", read(open(".", O_RDONLY), b, 1));
    result("open trunc", open("f1", O_WRONLY | O_TRUNC) >= 0);
    stat("f1", &st);
    number("size", st.st_size);
    symlink("f1", "l1");
    result("nofollow", open("l1", O_RDONLY | O_NOFOLLOW));
    result("follow", open("l1", O_RDONLY) >= 0);
    unlink("l1");
    result("unlink open", unlink("f1"));
    result("write to unlinked", write(wo, "still", 5));
    fstat(wo, &st);
    number("nlink", st.st_nlink);
    number("size", st.st_size);
    result("write bad pointer", write(wo, (void *)16, 4));
    result("read bad pointer", pread(fd, (void *)16, 4, 0));
    int null = open("/dev/null", O_RDWR);
    result("null write", write(null, "abc", 3));
    result("null read", read(null, b, 3));
    int zero = open("/dev/zero", O_RDONLY);
    memset(b, 1, 8);
    result("zero read", read(zero, b, 8));
    number("zeros", b[0] == 0 && b[7] == 0);
    result("isatty", isatty(null));
    printf("isatty errno: %s\n", errno_name(errno));
    return 0;
}

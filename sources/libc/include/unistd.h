// SPDX-License-Identifier: MIT
#ifndef _UNISTD_H
#define _UNISTD_H
#include <stddef.h>
#include <sys/types.h>
#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define _SC_PAGESIZE 30
extern char **environ;
int close(int fd);
int execvp(const char *file, char *const argv[]);
char *getcwd(char *buffer, size_t size);
off_t lseek(int fd, off_t offset, int whence);
ssize_t read(int fd, void *buffer, size_t size);
ssize_t readlink(const char *path, char *buffer, size_t size);
int link(const char *from, const char *to);
int symlink(const char *target, const char *path);
long sysconf(int name);
int unlink(const char *path);
ssize_t write(int fd, const void *buffer, size_t size);
#endif

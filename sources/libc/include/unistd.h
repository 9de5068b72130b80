// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <sys/types.h>
extern char **environ;
int chdir(const char *path);
int close(int fd);
int execvp(const char *file, char *const argv[]);
char *getcwd(char *buffer, size_t size);
off_t lseek(int fd, off_t offset, int whence);
ssize_t read(int fd, void *buffer, size_t size);
ssize_t readlink(const char *path, char *buffer, size_t size);
int link(const char *from, const char *to);
int symlink(const char *target, const char *path);
int unlink(const char *path);
ssize_t write(int fd, const void *buffer, size_t size);

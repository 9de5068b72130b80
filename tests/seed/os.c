/* SPDX-License-Identifier: MIT
 *
 * sources/masm/os.m for gcc: how the stages before cc reach the system. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

long os_open(char *name) {
    return open(name, O_RDONLY);
}

long os_read(long file, char *to, long size) {
    return read(file, to, size);
}

long os_write(long file, char *from, long size) {
    return write(file, from, size);
}

void os_exit(long status) {
    _exit(status);
}

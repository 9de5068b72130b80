// SPDX-License-Identifier: MIT
// Memory: size classes with free lists over chunks from mmap.
//
// A block is preceded by sixteen bytes that hold its class. Classes are four
// to each power of two, so at most a fifth of a block is slack, and a growing
// buffer moves only when it leaves its class. Freed blocks go to their class's
// list, last in, first out. Blocks above LARGE are mapped and unmapped alone.
#include "syscall.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 16
#define CHUNK (1ul << 20)
#define LARGE (1ul << 18)

struct block { struct block *next; };
static struct block *free_lists[64];
static char *chunk;
static size_t chunk_left;

// Class c holds (4 + c % 4) * 2^(c / 4) * 4 bytes: 16, 20, 24, 28, 32, 40 ...
static size_t class_size(unsigned c)
{
    return ((size_t)(4 + c % 4) << c / 4) * 4 + 15 & ~15ul;
}

static unsigned class_of(size_t size)
{
    unsigned c = 0;
    for (size_t top = (size - 1) >> 5; top; top >>= 1) c += 4;
    while (class_size(c) < size) c++;
    return c;
}

static void *map(size_t size)
{
    long p = __syscall(SYS_MMAP, 0, (long)size, 3, 0x22, -1, 0);
    if (p < 0 && p > -4096) {
        errno = ENOMEM;
        return NULL;
    }
    return (void *)p;
}

void *malloc(size_t size)
{
    size_t *head;
    unsigned c;
    if (size == 0) size = 1;
    if (size > LARGE) {
        if (size > ~0ul >> 2) {
            errno = ENOMEM;
            return NULL;
        }
        size = (size + HEADER + 4095 & ~4095ul) - HEADER;
        head = map(size + HEADER);
        if (!head) return NULL;
        head[0] = size;
        return (char *)head + HEADER;
    }
    c = class_of(size);
    if (free_lists[c]) {
        struct block *b = free_lists[c];
        free_lists[c] = b->next;
        return b;
    }
    size = class_size(c);
    if (size + HEADER > chunk_left) {
        char *fresh = map(CHUNK);
        if (!fresh) return NULL;
        chunk = fresh;
        chunk_left = CHUNK;
    }
    head = (size_t *)chunk;
    chunk += size + HEADER;
    chunk_left -= size + HEADER;
    head[0] = size;
    return (char *)head + HEADER;
}

void free(void *block)
{
    size_t size;
    struct block *b = block;
    unsigned c;
    if (!block) return;
    size = ((size_t *)block)[-2];
    if (size > class_size(class_of(LARGE))) {
        __syscall(SYS_MUNMAP, (long)block - HEADER, (long)(size + HEADER), 0, 0, 0, 0);
        return;
    }
    c = class_of(size);
    b->next = free_lists[c];
    free_lists[c] = b;
}

void *realloc(void *old, size_t size)
{
    size_t had;
    void *fresh;
    if (!old) return malloc(size);
    had = ((size_t *)old)[-2];
    if (size <= had) return old;
    fresh = malloc(size);
    if (!fresh) return NULL;
    memcpy(fresh, old, had);
    free(old);
    return fresh;
}

void *calloc(size_t count, size_t size)
{
    void *block;
    if (size && count > ~0ul / size) {
        errno = ENOMEM;
        return NULL;
    }
    block = malloc(count * size);
    return block ? memset(block, 0, count * size) : NULL;
}

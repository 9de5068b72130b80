// SPDX-License-Identifier: MIT
// CRC-32 as gzip and xz use it (polynomial 0x04c11db7, reflected).
#pragma once
#include <stddef.h>

static unsigned crc32_table[256];

// Continues a checksum over n more bytes; the first time with crc = 0.
static inline unsigned crc32(unsigned crc, const unsigned char *p, size_t n)
{
    if (!crc32_table[1])
        for (unsigned i = 0; i < 256; i++) {
            unsigned c = i;
            for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
            crc32_table[i] = c;
        }
    crc = ~crc;
    while (n--) crc = crc32_table[(crc ^ *p++) & 255] ^ crc >> 8;
    return ~crc;
}

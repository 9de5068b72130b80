// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4).
#pragma once
#include <stddef.h>
#include <string.h>

struct sha256 {
    unsigned state[8];
    unsigned char block[64];
    unsigned long length;       // in bytes
};

static const unsigned sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline void sha256_start(struct sha256 *h)
{
    static const unsigned initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    memcpy(h->state, initial, sizeof initial);
    h->length = 0;
}

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

static inline void sha256_block(struct sha256 *h)
{
    unsigned w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (unsigned)h->block[4 * i] << 24 | h->block[4 * i + 1] << 16 | h->block[4 * i + 2] << 8 | h->block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        unsigned a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (ROTATE(a, 7) ^ ROTATE(a, 18) ^ a >> 3) + w[i - 7] + (ROTATE(b, 17) ^ ROTATE(b, 19) ^ b >> 10);
    }
    memcpy(v, h->state, sizeof v);
    for (int i = 0; i < 64; i++) {
        unsigned e = v[4], a = v[0];
        unsigned t = v[7] + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + sha256_k[i] + w[i];
        unsigned u = (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t;
        v[0] = t + u;
    }
    for (int i = 0; i < 8; i++) h->state[i] += v[i];
}

static inline void sha256_add(struct sha256 *h, const unsigned char *p, size_t n)
{
    while (n) {
        size_t at = h->length & 63, take = 64 - at < n ? 64 - at : n;
        memcpy(h->block + at, p, take);
        h->length += take;
        p += take;
        n -= take;
        if (at + take == 64) sha256_block(h);
    }
}

static inline void sha256_end(struct sha256 *h, unsigned char digest[32])
{
    unsigned long bits = h->length * 8;
    unsigned char end[72] = { 0x80 };
    size_t n = (h->length & 63) < 56 ? 56 - (h->length & 63) : 120 - (h->length & 63);
    for (int i = 0; i < 8; i++) end[n + (size_t)i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_add(h, end, n + 8);
    for (int i = 0; i < 32; i++) digest[i] = (unsigned char)(h->state[i / 4] >> (24 - i % 4 * 8));
}

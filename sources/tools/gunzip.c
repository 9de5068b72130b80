// SPDX-License-Identifier: MIT
// gunzip [FILE] > OUTPUT: decompresses gzip (RFC 1952, deflate RFC 1951).
//
// Every member's checksum and length are compared; members may follow each
// other. Whatever is not gzip is an error.
#include "tool.h"
#include "crc32.h"

enum { WINDOW = 32768, MAX_BITS = 15 };

static FILE *in;
static unsigned bit_buffer, bit_count;
static unsigned char window[WINDOW];
static unsigned window_at, crc;
static unsigned long length;

// A prefix code: how many codes of each length there are, and the symbols in
// the order of their codes.
struct code { unsigned short count[MAX_BITS + 1], symbol[288]; };

__attribute__((noreturn)) static void bad(const char *what)
{
    die("%s: %s", input_name, what);
}

static unsigned bits(unsigned n)
{
    unsigned v;
    while (bit_count < n) {
        bit_buffer |= (unsigned)next_byte(in) << bit_count;
        bit_count += 8;
    }
    v = bit_buffer & ((1u << n) - 1);
    bit_buffer >>= n;
    bit_count -= n;
    return v;
}

static void flush_window(void)
{
    crc = crc32(crc, window, window_at);
    put_bytes(window, window_at);
    length += window_at;
    window_at = 0;
}

static void put(unsigned c)
{
    window[window_at++] = (unsigned char)c;
    if (window_at == WINDOW) flush_window();
}

// Builds a code from its lengths. Too many codes are an error, too few only
// where a code of one symbol allows it.
static void build(struct code *c, const unsigned char *lengths, unsigned n)
{
    unsigned short offset[MAX_BITS + 1];
    int left = 1;
    memset(c->count, 0, sizeof c->count);
    for (unsigned i = 0; i < n; i++) c->count[lengths[i]]++;
    for (int i = 1; i <= MAX_BITS; i++) {
        left = 2 * left - c->count[i];
        if (left < 0) bad("a prefix code has too many codes");
    }
    if (left > 0 && n - c->count[0] > 1) bad("a prefix code is incomplete");
    offset[1] = 0;
    for (int i = 1; i < MAX_BITS; i++) offset[i + 1] = (unsigned short)(offset[i] + c->count[i]);
    for (unsigned i = 0; i < n; i++)
        if (lengths[i]) c->symbol[offset[lengths[i]]++] = (unsigned short)i;
}

static unsigned decode(const struct code *c)
{
    int code = 0, first = 0, index = 0;
    for (int i = 1; i <= MAX_BITS; i++) {
        code |= (int)bits(1);
        if (code - c->count[i] < first) return c->symbol[index + code - first];
        index += c->count[i];
        first = (first + c->count[i]) << 1;
        code <<= 1;
    }
    bad("a bit sequence is no code");
}

static void inflate_block(const struct code *literals, const struct code *distances)
{
    static const unsigned short base[29] = {
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    };
    static const unsigned short distance_base[30] = {
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    };
    for (;;) {
        unsigned symbol = decode(literals), n, distance;
        if (symbol < 256) {
            put(symbol);
            continue;
        }
        if (symbol == 256) return;
        symbol -= 257;
        if (symbol >= 29) bad("a length symbol does not exist");
        n = base[symbol] + bits(symbol < 8 || symbol == 28 ? 0 : symbol / 4 - 1);
        symbol = decode(distances);
        if (symbol >= 30) bad("a distance symbol does not exist");
        distance = distance_base[symbol] + bits(symbol < 4 ? 0 : symbol / 2 - 1);
        if (distance > length + window_at) bad("a distance reaches before the start");
        while (n--) put(window[(window_at - distance) & (WINDOW - 1)]);
    }
}

static void stored(void)
{
    unsigned n;
    bit_buffer = bit_count = 0;
    n = bits(16);
    if (bits(16) != (n ^ 0xffff)) bad("a stored block's length is damaged");
    while (n--) put((unsigned)next_byte(in));
}

static void fixed(void)
{
    static struct code literals, distances;
    unsigned char lengths[288];
    for (int i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    build(&literals, lengths, 288);
    memset(lengths, 5, 32);
    build(&distances, lengths, 32);
    inflate_block(&literals, &distances);
}

static void dynamic(void)
{
    static const unsigned char order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
    static struct code literals, distances;
    unsigned char lengths[320] = { 0 };
    unsigned n = bits(5) + 257, m = bits(5) + 1, k = bits(4) + 4, at = 0;
    if (n > 286 || m > 30) bad("a block announces too many codes");
    for (unsigned i = 0; i < k; i++) lengths[order[i]] = (unsigned char)bits(3);
    build(&literals, lengths, 19);
    while (at < n + m) {
        unsigned symbol = decode(&literals), value = 0, repeat;
        if (symbol < 16) {
            lengths[at++] = (unsigned char)symbol;
            continue;
        }
        if (symbol == 16) {
            if (!at) bad("a repetition without a first length");
            value = lengths[at - 1];
            repeat = 3 + bits(2);
        } else {
            repeat = symbol == 17 ? 3 + bits(3) : 11 + bits(7);
        }
        if (at + repeat > n + m) bad("a repetition goes beyond the codes");
        while (repeat--) lengths[at++] = (unsigned char)value;
    }
    if (!lengths[256]) bad("a block has no end symbol");
    build(&distances, lengths + n, m);
    build(&literals, lengths, n);
    inflate_block(&literals, &distances);
}

static void skip_text(void)
{
    while (next_byte(in)) {}
}

static void member(void)
{
    unsigned flags, last;
    if (next_byte(in) != 0x8b || next_byte(in) != 8) bad("not in gzip format");
    flags = (unsigned)next_byte(in);
    if (flags & 0xe0) bad("unknown flags in the header");
    for (int i = 0; i < 6; i++) next_byte(in);
    bit_buffer = bit_count = crc = window_at = 0;
    length = 0;
    if (flags & 4)
        for (unsigned n = bits(16); n; n--) next_byte(in);
    if (flags & 8) skip_text();
    if (flags & 16) skip_text();
    if (flags & 2) bits(16);
    do {
        last = bits(1);
        switch (bits(2)) {
        case 0: stored(); break;
        case 1: fixed(); break;
        case 2: dynamic(); break;
        default: bad("a block of unknown kind");
        }
    } while (!last);
    flush_window();
    bit_buffer = bit_count = 0;
    last = bits(16);
    if ((last | bits(16) << 16) != crc) bad("the checksum differs: the data is damaged");
    last = bits(16);
    if ((last | bits(16) << 16) != (unsigned)length) bad("the length differs: the data is damaged");
}

int main(int argc, char **argv)
{
    int c;
    tool_name = "gunzip";
    in = only_argument(argc, argv);
    if (next_byte(in) != 0x1f) bad("not in gzip format");
    for (;;) {
        member();
        c = fgetc(in);
        if (c == EOF) break;
        if (c != 0x1f) bad("there is something else behind the end");
    }
    return finish();
}

// SPDX-License-Identifier: MIT
// bunzip2 [FILE] > OUTPUT: decompresses bzip2. Every block's and every
// stream's checksum is compared; streams may follow each other.
#include "tool.h"

enum { MAX_TABLES = 6, MAX_SYMBOLS = 258, MAX_LENGTH = 20, GROUP = 50, MAX_SELECTORS = 18002 };

static FILE *in;
static unsigned bit_buffer, bit_count;
static unsigned crc_table[256];
static unsigned *block;                 // the last column, then also the links
static unsigned char selectors[MAX_SELECTORS];

struct code {
    int limit[MAX_LENGTH + 2];          // the first code that is longer than i bits, left-aligned on i bits
    int base[MAX_LENGTH + 2];           // code - base = place in `symbol`
    unsigned short symbol[MAX_SYMBOLS];
};
static struct code codes[MAX_TABLES];

__attribute__((noreturn)) static void bad(const char *what)
{
    die("%s: %s", input_name, what);
}

static unsigned bits(unsigned n)
{
    unsigned v = 0;
    for (; n > 8; n -= 8) v = v << 8 | bits(8);
    while (bit_count < n) {
        bit_buffer = bit_buffer << 8 | (unsigned)next_byte(in);
        bit_count += 8;
    }
    bit_count -= n;
    return v << n | (bit_buffer >> bit_count & ((1u << n) - 1));
}

static void build(struct code *c, const unsigned char *lengths, int n)
{
    int code = 0, at = 0;
    for (int i = 1; i <= MAX_LENGTH; i++) {
        c->base[i] = code - at;
        for (int s = 0; s < n; s++)
            if (lengths[s] == i) {
                c->symbol[at++] = (unsigned short)s;
                code++;
            }
        if (code > 1 << i) bad("a prefix code has too many codes");
        c->limit[i] = code;
        code <<= 1;
    }
}

static int decode(const struct code *c)
{
    int code = 0;
    for (int i = 1; i <= MAX_LENGTH; i++) {
        code = code << 1 | (int)bits(1);
        if (code < c->limit[i] && code - c->base[i] >= 0) return c->symbol[code - c->base[i]];
    }
    bad("a bit sequence is no code");
}

// Reads the code tables; returns the number of symbols, end of block included.
static int read_tables(unsigned char *alphabet, int *selector_count)
{
    unsigned char lengths[MAX_SYMBOLS], order[MAX_TABLES];
    int symbols = 0, tables;
    unsigned ranges = bits(16);
    for (int i = 0; i < 16; i++)
        if (ranges >> (15 - i) & 1)
            for (unsigned used = bits(16), j = 0; j < 16; j++)
                if (used >> (15 - j) & 1) alphabet[symbols++] = (unsigned char)(16 * (unsigned)i + j);
    if (!symbols) bad("a block uses no bytes");
    symbols += 2;
    tables = (int)bits(3);
    *selector_count = (int)bits(15);
    if (tables < 2 || tables > MAX_TABLES || !*selector_count) bad("a block's tables are damaged");
    for (int i = 0; i < tables; i++) order[i] = (unsigned char)i;
    for (int i = 0; i < *selector_count; i++) {
        int j = 0;
        unsigned char t;
        while (bits(1))
            if (++j >= tables) bad("a selector does not exist");
        t = order[j];
        memmove(order + 1, order, (size_t)j);
        order[0] = t;
        if (i < MAX_SELECTORS) selectors[i] = t;        // more can never be used
    }
    if (*selector_count > MAX_SELECTORS) *selector_count = MAX_SELECTORS;
    for (int t = 0; t < tables; t++) {
        int length = (int)bits(5);
        for (int s = 0; s < symbols; s++) {
            while (bits(1)) length += bits(1) ? -1 : 1;
            if (length < 1 || length > MAX_LENGTH) bad("a code length is out of range");
            lengths[s] = (unsigned char)length;
        }
        build(&codes[t], lengths, symbols);
    }
    return symbols;
}

// Undoes prefix coding, runs and move-to-front; returns the block's length.
static unsigned read_block(unsigned limit, unsigned count[256])
{
    unsigned char alphabet[256];
    int selector_count, symbols = read_tables(alphabet, &selector_count), group = 0, left = 0, symbol;
    unsigned n = 0, run = 0, weight = 1;
    const struct code *code = NULL;
    memset(count, 0, 256 * sizeof *count);
    for (;;) {
        if (left-- == 0) {
            if (group == selector_count) bad("a block has too few selectors");
            code = &codes[selectors[group++]];
            left = GROUP - 1;
        }
        symbol = decode(code);
        if (symbol <= 1) {
            if (weight > limit) bad("a run is too long");
            run += weight << symbol;
            weight <<= 1;
            continue;
        }
        if (run) {
            if (run > limit - n) bad("a block is longer than announced");
            count[alphabet[0]] += run;
            while (run--) block[n++] = alphabet[0];
        }
        run = 0;
        weight = 1;
        if (symbol == symbols - 1) return n;
        if (n >= limit) bad("a block is longer than announced");
        symbol--;
        {
            unsigned char c = alphabet[symbol];
            memmove(alphabet + 1, alphabet, (size_t)symbol);
            alphabet[0] = c;
            count[c]++;
            block[n++] = c;
        }
    }
}

// Follows the sorted rotations, expands runs of four and more, writes.
static unsigned write_block(unsigned n, unsigned start, unsigned count[256])
{
    unsigned sum = 0, at, crc = ~0u, same = 0, last = 256;
    for (int i = 0; i < 256; i++) {
        unsigned t = count[i];
        count[i] = sum;
        sum += t;
    }
    for (unsigned i = 0; i < n; i++) block[count[block[i] & 255]++] |= i << 8;
    at = block[start] >> 8;
    for (unsigned i = 0; i < n; i++) {
        unsigned c = block[at] & 255, times = 1;
        at = block[at] >> 8;
        if (same == 4) {
            times = c;
            c = last;
            same = 0;
            last = 256;
        } else {
            same = c == last ? same + 1 : 1;
            last = c;
        }
        while (times--) {
            crc = crc << 8 ^ crc_table[crc >> 24 ^ c];
            if (fputc((int)c, stdout) == EOF) die("cannot write the output: %s", strerror(errno));
        }
    }
    return ~crc;
}

static void stream(void)
{
    unsigned combined = 0, level, count[256];
    if (next_byte(in) != 'Z' || next_byte(in) != 'h') bad("not in bzip2 format");
    level = (unsigned)next_byte(in) - '0';
    if (level < 1 || level > 9) bad("not in bzip2 format");
    bit_count = 0;
    for (;;) {
        unsigned magic = bits(24), rest = bits(24), crc = bits(32), start, n;
        if (magic == 0x177245 && rest == 0x385090) {
            if (crc != combined) bad("the stream's checksum differs: the data is damaged");
            return;
        }
        if (magic != 0x314159 || rest != 0x265359) bad("a block's start is damaged");
        if (bits(1)) bad("a randomised block (bzip2 before 0.9.5) is not supported");
        start = bits(24);
        n = read_block(level * 100000, count);
        if (start >= n) bad("a block's start index is out of range");
        if (write_block(n, start, count) != crc) bad("a block's checksum differs: the data is damaged");
        combined = (combined << 1 | combined >> 31) ^ crc;
    }
}

int main(int argc, char **argv)
{
    int c;
    tool_name = "bunzip2";
    in = only_argument(argc, argv);
    block = allocate(900000 * sizeof *block);
    for (unsigned i = 0; i < 256; i++) {
        unsigned v = i << 24;
        for (int k = 0; k < 8; k++) v = v >> 31 ? v << 1 ^ 0x04c11db7 : v << 1;
        crc_table[i] = v;
    }
    if (next_byte(in) != 'B') bad("not in bzip2 format");
    for (;;) {
        stream();
        c = fgetc(in);
        if (c == EOF) break;
        if (c != 'B') bad("there is something else behind the end");
    }
    return finish();
}

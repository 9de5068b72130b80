// SPDX-License-Identifier: MIT
// unxz [FILE] > OUTPUT: decompresses .xz files with the LZMA2 filter.
//
// All checksums of the container are compared (headers, index, footer) and the
// content's CRC-32, CRC-64 or SHA-256; a file without a check is accepted, as
// xz does. Streams may follow each other, with padding.
#include "tool.h"
#include "crc32.h"
#include "sha256.h"

typedef unsigned long u64;

enum { MAX_DICTIONARY = 1 << 30, HEADER_MAX = 1024 };

static FILE *in;
static u64 in_count;                    // bytes read so far

__attribute__((noreturn)) static void bad(const char *what)
{
    die("%s: %s", input_name, what);
}

static unsigned byte(void)
{
    in_count++;
    return (unsigned)next_byte(in);
}

static void get(unsigned char *to, size_t n)
{
    while (n--) *to++ = (unsigned char)byte();
}

static unsigned little(const unsigned char *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (unsigned)p[3] << 24;
}

// ---- the content's check ----

static int check_kind;
static unsigned check_crc32;
static u64 check_crc64, crc64_table[256];
static struct sha256 check_sha256;

static void check_start(void)
{
    check_crc32 = 0;
    check_crc64 = ~0ul;
    sha256_start(&check_sha256);
    for (unsigned i = 0; i < 256; i++) {
        u64 c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xc96c5795d7870f42ul : c >> 1;
        crc64_table[i] = c;
    }
}

static void check_add(const unsigned char *p, size_t n)
{
    if (check_kind == 1) check_crc32 = crc32(check_crc32, p, n);
    else if (check_kind == 4) while (n--) check_crc64 = crc64_table[(check_crc64 ^ *p++) & 255] ^ check_crc64 >> 8;
    else if (check_kind == 10) sha256_add(&check_sha256, p, n);
}

static int check_size(void)
{
    return check_kind == 0 ? 0 : check_kind == 1 ? 4 : check_kind == 4 ? 8 : 32;
}

static void check_end(void)
{
    unsigned char want[32], have[32] = { 0 };
    get(want, (size_t)check_size());
    if (check_kind == 1) for (int i = 0; i < 4; i++) have[i] = (unsigned char)(check_crc32 >> 8 * i);
    else if (check_kind == 4) for (int i = 0; i < 8; i++) have[i] = (unsigned char)(~check_crc64 >> 8 * i);
    else if (check_kind == 10) sha256_end(&check_sha256, have);
    if (memcmp(have, want, (size_t)check_size()) != 0) bad("the checksum differs: the data is damaged");
}

// ---- the dictionary: the last `size` bytes written ----

static unsigned char *dictionary;
static size_t dictionary_size, dictionary_room, dictionary_at, dictionary_full, dictionary_flushed;
static u64 out_count;

static void dictionary_flush(void)
{
    check_add(dictionary + dictionary_flushed, dictionary_at - dictionary_flushed);
    put_bytes(dictionary + dictionary_flushed, dictionary_at - dictionary_flushed);
    out_count += dictionary_at - dictionary_flushed;
    if (dictionary_at == dictionary_size) dictionary_at = 0;
    dictionary_flushed = dictionary_at;
}

static void dictionary_put(unsigned c)
{
    dictionary[dictionary_at++] = (unsigned char)c;
    if (dictionary_full < dictionary_size) dictionary_full++;
    if (dictionary_at == dictionary_size) dictionary_flush();
}

// The byte that was written distance + 1 bytes ago.
static unsigned dictionary_get(size_t distance)
{
    size_t back = distance + 1;
    return dictionary[dictionary_at >= back ? dictionary_at - back : dictionary_at + dictionary_size - back];
}

// ---- the range decoder ----

static unsigned range, code;
static size_t packed_left;

static unsigned packed_byte(void)
{
    if (!packed_left--) bad("a chunk is longer than announced");
    return byte();
}

static void normalise(void)
{
    if (range < 1u << 24) {
        range <<= 8;
        code = code << 8 | packed_byte();
    }
}

static unsigned bit(unsigned short *probability)
{
    unsigned bound;
    normalise();
    bound = (range >> 11) * *probability;
    if (code < bound) {
        range = bound;
        *probability = (unsigned short)(*probability + ((2048 - *probability) >> 5));
        return 0;
    }
    range -= bound;
    code -= bound;
    *probability = (unsigned short)(*probability - (*probability >> 5));
    return 1;
}

static unsigned tree(unsigned short *p, unsigned n)
{
    unsigned m = 1;
    while (m < 1u << n) m = 2 * m + bit(p + m);
    return m - (1u << n);
}

static unsigned reverse_tree(unsigned short *p, unsigned n)
{
    unsigned m = 1, v = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned b = bit(p + m);
        m = 2 * m + b;
        v |= b << i;
    }
    return v;
}

static unsigned direct(unsigned n)
{
    unsigned v = 0;
    while (n--) {
        normalise();
        range >>= 1;
        v <<= 1;
        if (code >= range) {
            code -= range;
            v |= 1;
        }
    }
    return v;
}

// ---- LZMA ----

struct length_coder { unsigned short choice[2], low[16][8], middle[16][8], high[256]; };
static struct probabilities {
    unsigned short is_match[12][16], is_repeat[12], is_repeat0[12], is_repeat1[12], is_repeat2[12], is_long0[12][16];
    unsigned short slot[4][64], special[128], align[16], literal[16][0x300];
    struct length_coder match, repeat;
} p;
static unsigned lc, lp, pb, state;
static size_t repeats[4];
static u64 position;                    // bytes since the dictionary was reset

static void reset_state(void)
{
    unsigned short *all = (unsigned short *)&p;
    for (size_t i = 0; i < sizeof p / sizeof *all; i++) all[i] = 1024;
    memset(repeats, 0, sizeof repeats);
    state = 0;
}

static unsigned length_of(struct length_coder *c, unsigned place)
{
    if (!bit(&c->choice[0])) return 2 + tree(c->low[place], 3);
    if (!bit(&c->choice[1])) return 10 + tree(c->middle[place], 3);
    return 18 + tree(c->high, 8);
}

static void literal(void)
{
    unsigned before = dictionary_full ? dictionary_get(0) : 0, symbol = 1;
    unsigned short *l = p.literal[((position & ((1u << lp) - 1)) << lc) + (before >> (8 - lc))];
    if (state >= 7) {
        unsigned match = dictionary_get(repeats[0]), offset = 0x100;
        while (symbol < 0x100) {
            unsigned m = (match <<= 1) & offset, b = bit(l + offset + m + symbol);
            symbol = 2 * symbol + b;
            offset &= b ? m : ~m;
        }
    } else {
        while (symbol < 0x100) symbol = 2 * symbol + bit(l + symbol);
    }
    dictionary_put(symbol & 255);
    position++;
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
}

static size_t new_distance(unsigned length)
{
    unsigned slot = tree(p.slot[length < 6 ? length - 2 : 3], 6), n;
    size_t distance;
    if (slot < 4) return slot;
    n = slot / 2 - 1;
    distance = (size_t)(2 | (slot & 1)) << n;
    if (slot < 14) return distance + reverse_tree(p.special + (distance - slot), n);
    distance += (size_t)direct(n - 4) << 4;
    return distance + reverse_tree(p.align, 4);
}

static void lzma(size_t n)
{
    while (n) {
        unsigned place = (unsigned)position & ((1u << pb) - 1), length;
        if (!bit(&p.is_match[state][place])) {
            literal();
            n--;
            continue;
        }
        if (bit(&p.is_repeat[state])) {
            size_t d = repeats[0];
            if (!bit(&p.is_repeat0[state])) {
                if (!bit(&p.is_long0[state][place])) {
                    state = state < 7 ? 9 : 11;
                    length = 1;
                    goto copy;
                }
            } else {
                if (!bit(&p.is_repeat1[state])) d = repeats[1];
                else {
                    if (!bit(&p.is_repeat2[state])) d = repeats[2];
                    else {
                        d = repeats[3];
                        repeats[3] = repeats[2];
                    }
                    repeats[2] = repeats[1];
                }
                repeats[1] = repeats[0];
                repeats[0] = d;
            }
            length = length_of(&p.repeat, place);
            state = state < 7 ? 8 : 11;
        } else {
            repeats[3] = repeats[2];
            repeats[2] = repeats[1];
            repeats[1] = repeats[0];
            length = length_of(&p.match, place);
            repeats[0] = new_distance(length);
            state = state < 7 ? 7 : 10;
        }
    copy:
        if (repeats[0] >= dictionary_full) bad("a distance reaches before the start");
        if (length > n) bad("a chunk unpacks to more than announced");
        n -= length;
        position += length;
        while (length--) dictionary_put(dictionary_get(repeats[0]));
    }
    normalise();
    if (code != 0 || packed_left != 0) bad("a chunk does not end where it should");
}

static void set_properties(unsigned v)
{
    if (v >= 225) bad("LZMA properties out of range");
    lc = v % 9;
    lp = v / 9 % 5;
    pb = v / 45;
    if (lc + lp > 4) bad("LZMA properties out of range");
}

static void lzma2(void)
{
    int need_dictionary = 1, need_state = 1, need_properties = 1;
    for (;;) {
        unsigned control = byte();
        size_t n;
        if (control == 0) break;
        if (control >= 0xe0 || control == 1) {
            need_dictionary = 0;
            dictionary_full = 0;
            position = 0;
        } else if (need_dictionary) {
            bad("the first chunk does not reset the dictionary");
        }
        if (control < 0x80) {
            if (control > 2) bad("a chunk of unknown kind");
            n = byte() << 8;
            n = (n | byte()) + 1;
            position += n;
            while (n--) dictionary_put(byte());
            continue;
        }
        n = (size_t)(control & 31) << 16;
        n |= byte() << 8;
        n = (n | byte()) + 1;
        packed_left = byte() << 8;
        packed_left = (packed_left | byte()) + 1;
        if (control >= 0xc0) {
            set_properties(byte());
            need_properties = 0;
        } else if (need_properties) {
            bad("the first chunk has no properties");
        }
        if (control >= 0xa0) {
            reset_state();
            need_state = 0;
        } else if (need_state) {
            bad("the first chunk does not reset the state");
        }
        if (packed_byte() != 0) bad("a chunk does not begin with a zero byte");
        range = ~0u;
        code = 0;
        for (int i = 0; i < 4; i++) code = code << 8 | packed_byte();
        lzma(n);
    }
    dictionary_flush();
}

// ---- the container ----

// A number of seven bits a byte, low first; *at moves on.
static u64 number(const unsigned char *b, size_t *at, size_t end)
{
    u64 v = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        unsigned c;
        if (*at >= end) break;
        c = b[(*at)++];
        v |= (u64)(c & 127) << shift;
        if (c < 128) {
            if (c == 0 && shift) bad("a number has needless bytes");
            return v;
        }
    }
    bad("a number does not end");
}

static void set_dictionary(unsigned v)
{
    u64 size;
    if (v > 40) bad("dictionary size out of range");
    size = v == 40 ? ~0u : (u64)(2 | (v & 1)) << (v / 2 + 11);
    if (size > MAX_DICTIONARY) die("%s: needs a dictionary of %lu bytes, more than %d", input_name, size, MAX_DICTIONARY);
    if (size > dictionary_room) {
        free(dictionary);
        dictionary = allocate(size);
        dictionary_room = size;
    }
    dictionary_size = size;
    dictionary_at = dictionary_full = dictionary_flushed = 0;
}

struct record { u64 unpadded, uncompressed; };
static struct record *records;
static size_t record_count, record_room;

static void add_record(u64 unpadded, u64 uncompressed)
{
    if (record_count == record_room) {
        record_room = record_room ? 2 * record_room : 64;
        records = realloc(records, record_room * sizeof *records);
        if (!records) die("no memory for the index");
    }
    records[record_count].unpadded = unpadded;
    records[record_count++].uncompressed = uncompressed;
}

static void block(unsigned size_byte)
{
    unsigned char h[HEADER_MAX];
    size_t size = 4 * ((size_t)size_byte + 1), at = 2;
    u64 packed = ~0ul, unpacked = ~0ul, start = in_count - 1, data, id, properties;
    h[0] = (unsigned char)size_byte;
    get(h + 1, size - 1);
    if (little(h + size - 4) != crc32(0, h, size - 4)) bad("a block header is damaged");
    if (h[1] & 0x3c) bad("a block has unknown flags");
    if (h[1] & 3) bad("a filter other than LZMA2 (delta, BCJ) is not supported");
    if (h[1] & 0x40) packed = number(h, &at, size - 4);
    if (h[1] & 0x80) unpacked = number(h, &at, size - 4);
    id = number(h, &at, size - 4);
    if (id != 0x21) die("%s: filter 0x%lx is not supported, only LZMA2", input_name, id);
    properties = number(h, &at, size - 4);
    if (properties != 1 || at >= size - 4) bad("LZMA2 properties out of range");
    set_dictionary(h[at++]);
    for (; at < size - 4; at++)
        if (h[at]) bad("a block header's padding is not zero");
    data = in_count;
    out_count = 0;
    check_start();
    lzma2();
    if (packed != ~0ul && in_count - data != packed) bad("a block's packed size differs");
    if (unpacked != ~0ul && out_count != unpacked) bad("a block's size differs");
    add_record(in_count - start + (u64)check_size(), out_count);
    while ((in_count - data) & 3)
        if (byte()) bad("a block's padding is not zero");
    check_end();
}

static unsigned index_crc;
static u64 index_number(void)
{
    unsigned char b[9];
    size_t n = 0, at = 0;
    do {
        if (n == 9) bad("a number does not end");
        b[n] = (unsigned char)byte();
        index_crc = crc32(index_crc, b + n, 1);
    } while (b[n++] >= 128);
    return number(b, &at, n);
}

// Compares the index with the blocks; returns its size.
static u64 read_index(void)
{
    unsigned char b[4] = { 0 };
    u64 start = in_count - 1;
    index_crc = crc32(0, b, 1);
    if (index_number() != record_count) bad("the index has another number of blocks");
    for (size_t i = 0; i < record_count; i++)
        if (index_number() != records[i].unpadded || index_number() != records[i].uncompressed)
            bad("the index has other block sizes");
    while ((in_count - start) & 3) {
        get(b, 1);
        if (b[0]) bad("the index's padding is not zero");
        index_crc = crc32(index_crc, b, 1);
    }
    get(b, 4);
    if (little(b) != index_crc) bad("the index is damaged");
    return in_count - start;
}

static void stream(void)
{
    static const unsigned char magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
    unsigned char h[12], f[12];
    unsigned size;
    u64 index_size;
    h[0] = 0xfd;
    get(h + 1, 11);
    if (memcmp(h, magic, 6) != 0) bad("not in xz format");
    if (little(h + 8) != crc32(0, h + 6, 2)) bad("the stream header is damaged");
    check_kind = h[7];
    if (h[6] || (check_kind != 0 && check_kind != 1 && check_kind != 4 && check_kind != 10)) die("%s: check kind %d is not supported", input_name, h[7]);
    record_count = 0;
    while ((size = byte()) != 0) block(size);
    index_size = read_index();
    get(f, 12);
    if (memcmp(f + 10, "YZ", 2) != 0 || little(f) != crc32(0, f + 4, 6)) bad("the stream footer is damaged");
    if (((u64)little(f + 4) + 1) * 4 != index_size || memcmp(f + 8, h + 6, 2) != 0) bad("the stream footer does not fit the stream");
}

int main(int argc, char **argv)
{
    int c;
    tool_name = "unxz";
    in = only_argument(argc, argv);
    c = next_byte(in);
    for (;;) {
        if (c != 0xfd) bad("not in xz format");
        in_count = 1;
        stream();
        for (in_count = 0; (c = fgetc(in)) == 0;) in_count++;
        if (in_count & 3) bad("the padding between streams is damaged");
        if (c == EOF) break;
        if (c != 0xfd) bad("there is something else behind the end");
    }
    return finish();
}

/* SPDX-License-Identifier: MIT
 *
 * ar archives: written with a symbol index, and read through it.
 *
 * A member is a 60-byte header (name 16, date 12, uid 6, gid 6, mode 8, size 10,
 * "`\n") and its bytes, padded to an even length.  The member "/" is the index:
 * a big-endian count, that many member offsets, that many names.  The member
 * "//" holds the names longer than 15 bytes, each ended by "/\n".
 */

enum { AR_HEADER = 60 };

int ar_is_archive(unsigned char *image, long len) {
    return len >= 8 && mem_eq(image, "!<arch>\n", 8);
}

static long get_be32(unsigned char *p) {
    return (long)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void put_be32(Section *out, long v) {
    sec_u8(out, v >> 24);
    sec_u8(out, v >> 16);
    sec_u8(out, v >> 8);
    sec_u8(out, v);
}

/* ---- reading ---- */

static long ar_number(unsigned char *p, int n) {
    long v = 0;
    for (int i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++)
        v = v * 10 + p[i] - '0';
    return v;
}

/* the size of the member whose header is at `at`; fatal when it is damaged */
static long member_size(char *path, unsigned char *image, long len, long at) {
    if (at < 8 || at > len - AR_HEADER || image[at + 58] != '`' || image[at + 59] != '\n')
        fatal_at(path, 0, "damaged archive%s", "");
    long size = ar_number(image + at + 48, 10);
    if (size > len - at - AR_HEADER)
        fatal_at(path, 0, "truncated archive%s", "");
    return size;
}

static char *member_name(unsigned char *image, long at, unsigned char *long_names, long nlong) {
    char *name = (char *)image + at;
    long max = 16;
    long i = 0;
    if (name[0] == '/' && name[1] >= '0' && name[1] <= '9') {
        long from = ar_number(image + at + 1, 15);
        if (!long_names || from >= nlong)
            return "?";
        name = (char *)long_names + from;
        max = nlong - from;
    }
    while (i < max && name[i] != '/' && name[i] != '\n')
        i++;
    return str_save(name, i);
}

/* The object at offset `at` of the archive, named "path(member)". */
Obj *ar_member(char *path, unsigned char *image, long len, long at) {
    long size = member_size(path, image, len, at);
    unsigned char *long_names = 0;
    long nlong = 0;
    long p = 8;
    for (int i = 0; i < 2 && p < len; i++) {            /* "//" is the first member or the second */
        long n = member_size(path, image, len, p);
        if (mem_eq(image + p, "// ", 3)) {
            long_names = image + p + AR_HEADER;
            nlong = n;
        }
        p += AR_HEADER + n + (n & 1);
    }
    char *name = member_name(image, at, long_names, nlong);
    return elf_read_object(str_join(path, str_join("(", name, ")"), ""), image + at + AR_HEADER, size);
}

/* Calls found(path, symbol, offset of its member) for every entry of the index. */
void ar_index(char *path, unsigned char *image, long len, void (*found)(char *name, long at)) {
    if (len == 8)
        return;
    long size = member_size(path, image, len, 8);
    if (!mem_eq(image + 8, "/ ", 2))
        fatal_at(path, 0, "archive without a symbol index%s", "");
    unsigned char *p = image + 8 + AR_HEADER;
    long count = get_be32(p);
    char *name = (char *)p + 4 + 4 * count;
    char *end = (char *)p + size;
    for (long i = 0; i < count; i++) {
        long n = 0;
        while (name + n < end && name[n])
            n++;
        if (name + n >= end)
            fatal_at(path, 0, "damaged archive index%s", "");
        found(name, get_be32(p + 4 + 4 * i));
        name += n + 1;
    }
}

/* ---- writing ---- */

static void ar_field(Section *out, char *text, int width) {
    long n = str_len(text);
    sec_bytes(out, text, n);
    for (; n < width; n++)
        sec_u8(out, ' ');
}

static void ar_header(Section *out, char *name, long size) {
    ar_field(out, name, 16);
    ar_field(out, "0", 12);
    ar_field(out, "0", 6);
    ar_field(out, "0", 6);
    ar_field(out, "644", 8);
    ar_field(out, str_number(size), 10);
    sec_bytes(out, "`\n", 2);
}

static void ar_content(Section *out, unsigned char *data, long n) {
    sec_bytes(out, (char *)data, n);
    if (n & 1)
        sec_u8(out, '\n');
}

static char *base_name(char *path) {
    char *base = path;
    for (; *path; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}

static Section *ar_offsets;     /* for each symbol of the index, where its member is among the members */
static Section *ar_names;
static Section *ar_long_names;
static Section *ar_members;

void ar_start(void) {
    ar_offsets = byte_buffer();
    ar_names = byte_buffer();
    ar_long_names = byte_buffer();
    ar_members = byte_buffer();
}

/* the file at `path`, as the member `name` */
void ar_add(char *name, char *path) {
    long len = 0;
    unsigned char *image = (unsigned char *)read_whole(path, &len);
    if (!image)
        fatal("cannot read %s", path);
    if (elf_is_object(image, len)) {
        Obj *o = elf_read_object(path, image, len);
        for (Symbol *y = o->symbols; y; y = y->next)
            if (y->binding != STB_LOCAL && y->place != PLACE_UNDEF) {
                sec_u32(ar_offsets, ar_members->len);
                sec_bytes(ar_names, y->name, str_len(y->name) + 1);
            }
    }
    name = base_name(name);
    if (str_len(name) > 15) {
        char *at = str_number(ar_long_names->len);
        sec_bytes(ar_long_names, str_join(name, "/\n", ""), str_len(name) + 2);
        name = str_join("/", at, "");
    } else
        name = str_join(name, "/", "");
    ar_header(ar_members, name, len);
    ar_content(ar_members, image, len);
}

void ar_write(char *path) {
    long count = ar_offsets->len / 4;
    long index_size = 4 + 4 * count + ar_names->len;
    long base = 8 + AR_HEADER + index_size + (index_size & 1);
    if (ar_long_names->len)
        base += AR_HEADER + ar_long_names->len + (ar_long_names->len & 1);
    Section *out = byte_buffer();
    sec_bytes(out, "!<arch>\n", 8);
    ar_header(out, "/", index_size);
    put_be32(out, count);
    for (long i = 0; i < count; i++)
        put_be32(out, base + get_le(ar_offsets->data + 4 * i, 4));
    sec_bytes(out, (char *)ar_names->data, ar_names->len);
    if (index_size & 1)
        sec_u8(out, '\n');
    if (ar_long_names->len) {
        ar_header(out, "//", ar_long_names->len);
        ar_content(out, ar_long_names->data, ar_long_names->len);
    }
    sec_bytes(out, (char *)ar_members->data, ar_members->len);
    write_whole(path, out->data, out->len, 0);
}

/* SPDX-License-Identifier: MIT
 *
 * ar archives: written with a symbol index, and read through it.
 *
 * A member is a 60-byte header (name 16, date 12, uid 6, gid 6, mode 8, size 10, "`\n") and its bytes, padded to an
 * even length.  The member "/" is the index: a big-endian count, that many member offsets, that many names.  The
 * member "//" holds the names longer than 15 bytes, each ended by "/\n". */

enum { AR_HEADER = 60 };

typedef struct Archive Archive;
struct Archive {
    char *path;
    unsigned char *image;
    long len;
    char *long_names;
    long nlong;
    unsigned char *loaded;      /* by offset / 2: members start at even offsets */
};

int ar_is_archive(unsigned char *image, long len) {
    return len >= 8 && mem_eq(image, "!<arch>\n", 8);
}

static long get_be32(unsigned char *p) {
    return (long)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void put_be32(Section *out, long v) {
    for (int shift = 24; shift >= 0; shift -= 8)
        sec_le(out, 1, v >> shift);
}

/* ---- reading ---- */

/* the size of the member whose header is at `at`; fatal when it is damaged */
static long member_size(Archive *a, long at) {
    if (at < 8 || at > a->len - AR_HEADER || a->image[at + 58] != '`' || a->image[at + 59] != '\n')
        fatal_at(a->path, 0, "damaged archive%s", "");
    char *number = (char *)a->image + at + 48;
    long size = digits(&number, 10, 10);
    if (size > a->len - at - AR_HEADER)
        fatal_at(a->path, 0, "truncated archive%s", "");
    return size;
}

/* the object at offset `at` of the archive, named "path(member)" */
static Obj *ar_member(Archive *a, long at) {
    long size = member_size(a, at);
    char *name = (char *)a->image + at;
    long max = 16;
    if (name[0] == '/') {
        name++;
        long from = digits(&name, 10, 15);
        max = from < a->nlong ? a->nlong - from : 0;
        name = a->long_names + from;
    }
    long n = 0;
    while (n < max && name[n] != '/' && name[n] != '\n')
        n++;
    name = str_join(a->path, str_join("(", str_save(name, n), ")"), "");
    return elf_read_object(name, a->image + at + AR_HEADER, size);
}

/* calls found(symbol, offset of its member) for every entry of the index */
static void ar_index(Archive *a, void (*found)(char *name, long at)) {
    if (a->len == 8)
        return;
    long size = member_size(a, 8);
    unsigned char *p = a->image + 8 + AR_HEADER;
    char *end = (char *)p + size;
    long second = 8 + AR_HEADER + size + (size & 1);
    if (!mem_eq(a->image + 8, "/ ", 2) || size < 4)
        fatal_at(a->path, 0, "archive without a symbol index%s", "");
    if (second < a->len && mem_eq(a->image + second, "// ", 3)) {
        a->nlong = member_size(a, second);
        a->long_names = (char *)a->image + second + AR_HEADER;
    }
    long count = get_be32(p);
    char *name = (char *)p + 4 + 4 * count;
    for (long i = 0; i < count; i++) {
        long n = 0;
        while (name + n < end && name[n])
            n++;
        if (name + n >= end)
            fatal_at(a->path, 0, "damaged archive index%s", "");
        found(name, get_be32(p + 4 + 4 * i));
        name += n + 1;
    }
}

/* ---- writing ---- */

static void ar_padded(Section *out, char *text, int width) {
    long n = str_len(text);
    sec_bytes(out, text, n);
    for (; n < width; n++)
        sec_le(out, 1, ' ');
}

static void ar_put(Section *out, char *name, void *data, long n) {
    ar_padded(out, name, 16);
    ar_padded(out, "0           0     0     644", 32);
    ar_padded(out, str_number(n), 10);
    sec_bytes(out, "`\n", 2);
    sec_bytes(out, data, n);
    if (n & 1)
        sec_le(out, 1, '\n');
}

static char *base_name(char *path) {
    char *base = path;
    for (; *path; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}

/* for each symbol of the index, where its member is among the members */
static Section ar_owners, ar_names, ar_long_names, ar_members;

/* the file at `path`, as the member `name` */
void ar_add(char *name, char *path) {
    long len = 0;
    unsigned char *image = (unsigned char *)read_whole(path, &len);
    if (!image)
        fatal("cannot read %s", path);
    Obj *o = elf_is_object(image, len) ? elf_read_object(path, image, len) : 0;
    for (Symbol *y = o ? o->symbols : 0; y; y = y->next)
        if (y->binding != STB_LOCAL && y->place != PLACE_UNDEF) {
            sec_le(&ar_owners, 8, ar_members.len);
            sec_bytes(&ar_names, y->name, str_len(y->name) + 1);
        }
    name = str_join(base_name(name), "/", "");
    if (str_len(name) > 16) {
        char *at = str_number(ar_long_names.len);
        sec_bytes(&ar_long_names, str_join(name, "\n", ""), str_len(name) + 1);
        name = str_join("/", at, "");
    }
    ar_put(&ar_members, name, image, len);
}

void ar_write(char *path) {
    long count = ar_owners.len / 8;
    long index_size = 4 + 4 * count + ar_names.len;
    long base = 8 + AR_HEADER + index_size + (index_size & 1);
    if (ar_long_names.len)
        base += AR_HEADER + ar_long_names.len + (ar_long_names.len & 1);
    Section *index = byte_buffer();
    put_be32(index, count);
    for (long i = 0; i < count; i++)
        put_be32(index, base + get_le(ar_owners.data + 8 * i, 8));
    sec_bytes(index, ar_names.data, ar_names.len);
    Section *out = byte_buffer();
    sec_bytes(out, "!<arch>\n", 8);
    ar_put(out, "/", index->data, index_size);
    if (ar_long_names.len)
        ar_put(out, "//", ar_long_names.data, ar_long_names.len);
    sec_bytes(out, ar_members.data, ar_members.len);
    write_whole(path, out->data, out->len, 0);
}

/* SPDX-License-Identifier: MIT
 *
 * ELF64 relocatable files, written and read.
 */

enum { EHDR_SIZE = 64, SHDR_SIZE = 64, SYM_SIZE = 24, RELA_SIZE = 24, PHDR_SIZE = 56 };
enum { SHN_ABS = 0xfff1, SHN_COMMON = 0xfff2 };

/* The first 64 bytes of any ELF file of ours. */
void elf_header(Section *out, int machine, int type, long entry, int nphdrs, long shoff, int nshdrs) {
    sec_bytes(out, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
    sec_u16(out, type);
    sec_u16(out, machine);
    sec_u32(out, 1);
    sec_u64(out, entry);
    sec_u64(out, nphdrs ? EHDR_SIZE : 0);
    sec_u64(out, shoff);
    sec_u32(out, 0);
    sec_u16(out, EHDR_SIZE);
    sec_u16(out, nphdrs ? PHDR_SIZE : 0);
    sec_u16(out, nphdrs);
    sec_u16(out, nshdrs ? SHDR_SIZE : 0);
    sec_u16(out, nshdrs);
    sec_u16(out, nshdrs ? nshdrs - 1 : 0);      /* section names come last */
}

/* ---- writing ---- */

Section *byte_buffer(void) {
    Section *s = xalloc(sizeof(Section));
    s->type = SHT_PROGBITS;
    s->align = 1;
    return s;
}

static long add_string(Section *strings, char *s) {
    long at = strings->len;
    sec_bytes(strings, s, str_len(s) + 1);
    return at;
}

static void section_header(Section *out, long name, int type, long flags, long offset, long size, int link, int info,
                           long align, long entsize) {
    sec_u32(out, name);
    sec_u32(out, type);
    sec_u64(out, flags);
    sec_u64(out, 0);
    sec_u64(out, offset);
    sec_u64(out, size);
    sec_u32(out, link);
    sec_u32(out, info);
    sec_u64(out, align);
    sec_u64(out, entsize);
}

static void write_symbol(Section *out, Section *strings, Symbol *y, int binding) {
    int shndx = 0;
    if (y->place == PLACE_SECTION)
        shndx = y->sec->index;
    else if (y->place == PLACE_ABS)
        shndx = SHN_ABS;
    else if (y->place == PLACE_COMMON)
        shndx = SHN_COMMON;
    sec_u32(out, y->name[0] ? add_string(strings, y->name) : 0);
    sec_u8(out, binding << 4 | y->type);
    sec_u8(out, y->visibility);
    sec_u16(out, shndx);
    sec_u64(out, y->value);
    sec_u64(out, y->size);
}

static int written_binding(Symbol *y) {
    if (y->binding == STB_LOCAL && (y->place == PLACE_UNDEF || y->place == PLACE_COMMON))
        return STB_GLOBAL;
    return y->binding;
}

/* the local symbols, then the others; returns the number of the first global one */
static int write_symbols(Obj *o, Section *out, Section *strings) {
    sec_zero(out, SYM_SIZE);
    int n = 1;
    int first_global = 1;
    for (Section *s = o->sections; s; s = s->next)
        for (long i = 0; i < s->nrelocs; i++)
            s->relocs[i].sym->used = 2;
    for (int global = 0; global < 2; global++) {
        for (Symbol *y = o->symbols; y; y = y->next) {
            int binding = written_binding(y);
            if ((binding != STB_LOCAL) != global)
                continue;
            if (y->used != 2 && (y->place == PLACE_UNDEF || y->type == STT_SECTION || sym_is_temporary(y)))
                continue;
            y->index = n;
            n++;
            write_symbol(out, strings, y, binding);
        }
        if (!global)
            first_global = n;
    }
    return first_global;
}

static void write_relocs(Section *out, Section *s) {
    sec_reserve(out, s->nrelocs * RELA_SIZE);
    for (long i = 0; i < s->nrelocs; i++) {
        Reloc *r = &s->relocs[i];
        sec_u64(out, r->offset);
        sec_u32(out, r->type);
        sec_u32(out, r->sym->index);
        sec_u64(out, r->addend);
    }
}

void elf_write_object(Obj *o, char *path) {
    obj_resolve(o);
    obj_section(o, ".note.GNU-stack", SHT_PROGBITS, 0);     /* the stack need not be executable */
    int n = 1;
    for (Section *s = o->sections; s; s = s->next) {
        s->index = n;
        n++;
    }
    int symtab = n;
    Section *strings = byte_buffer();
    Section *names = byte_buffer();
    Section *symbols = byte_buffer();
    Section *headers = byte_buffer();
    Section *out = byte_buffer();
    sec_u8(strings, 0);
    sec_u8(names, 0);
    int first_global = write_symbols(o, symbols, strings);

    sec_zero(out, EHDR_SIZE);
    sec_zero(headers, SHDR_SIZE);
    for (Section *s = o->sections; s; s = s->next) {
        long at = (out->len + s->align - 1) & -s->align;
        if (s->type != SHT_NOBITS) {
            sec_zero(out, at - out->len);
            sec_bytes(out, (char *)s->data, s->len);
        }
        section_header(headers, add_string(names, s->name), s->type, s->flags, at, s->len, 0, 0, s->align, s->entsize);
    }
    sec_zero(out, -out->len & 7);
    section_header(headers, add_string(names, ".symtab"), SHT_SYMTAB, 0, out->len, symbols->len, symtab + 1, first_global,
                   8, SYM_SIZE);
    sec_bytes(out, (char *)symbols->data, symbols->len);
    section_header(headers, add_string(names, ".strtab"), SHT_STRTAB, 0, out->len, strings->len, 0, 0, 1, 0);
    sec_bytes(out, (char *)strings->data, strings->len);
    sec_zero(out, -out->len & 7);
    n += 3;
    for (Section *s = o->sections; s; s = s->next)
        if (s->nrelocs) {
            section_header(headers, add_string(names, str_join(".rela", s->name, "")), SHT_RELA, 64, out->len,
                           s->nrelocs * RELA_SIZE, symtab, s->index, 8, RELA_SIZE);
            write_relocs(out, s);
            n++;
        }
    long name = add_string(names, ".shstrtab");
    section_header(headers, name, SHT_STRTAB, 0, out->len, names->len, 0, 0, 1, 0);
    sec_bytes(out, (char *)names->data, names->len);
    sec_zero(out, -out->len & 7);
    Section *header = byte_buffer();
    elf_header(header, o->machine, 1, 0, 0, out->len, n);
    mem_copy(out->data, header->data, EHDR_SIZE);
    sec_bytes(out, (char *)headers->data, headers->len);
    write_whole(path, out->data, out->len, 0);
}

/* ---- reading ---- */

typedef struct ElfReader ElfReader;
struct ElfReader {
    Obj *obj;
    unsigned char *image;
    long len;
    unsigned char *headers;
    int nheaders;
    Section **sections;         /* by header index */
    Symbol **symbols;           /* by number in the file */
    long nsymbols;
};

int elf_is_object(unsigned char *image, long len) {
    return len >= EHDR_SIZE && mem_eq(image, "\177ELF\2\1", 6) && get_le(image + 16, 2) == 1;
}

static void damaged(ElfReader *e, char *what) {
    fatal_at(e->obj->file, 0, "damaged object file (%s)", what);
}

/* n bytes at offset `at` of the file, or a fatal error */
static unsigned char *file_range(ElfReader *e, long at, long n, char *what) {
    if (at < 0 || n < 0 || at > e->len || n > e->len - at)
        damaged(e, what);
    return e->image + at;
}

static unsigned char *header_at(ElfReader *e, long i) {
    if (i < 0 || i >= e->nheaders)
        damaged(e, "section index");
    return e->headers + i * SHDR_SIZE;
}

static unsigned char *section_content(ElfReader *e, unsigned char *header) {
    return file_range(e, get_le(header + 24, 8), get_le(header + 32, 8), "section outside the file");
}

static char *string_at(ElfReader *e, unsigned char *header, long at) {
    char *strings = (char *)section_content(e, header);
    long n = get_le(header + 32, 8);
    if (at >= n || strings[n - 1])
        damaged(e, "string table");
    return strings + at;
}

static void read_section(ElfReader *e, int i, unsigned char *names) {
    unsigned char *h = header_at(e, i);
    int type = get_le(h + 4, 4);
    if (type == 0 || type == SHT_SYMTAB || type == SHT_STRTAB || type == SHT_RELA || type == SHT_GROUP)
        return;
    Section *s = sec_new(e->obj, string_at(e, names, get_le(h, 4)), type, get_le(h + 8, 8));
    s->align = get_le(h + 48, 8);
    if (s->align == 0)
        s->align = 1;
    if (s->align & (s->align - 1) || s->align < 0 || s->align > 0x100000)
        damaged(e, "section alignment");
    s->entsize = get_le(h + 56, 8);
    s->len = get_le(h + 32, 8);
    if (s->len < 0 || s->len > 0x7fffffff)
        damaged(e, "section size");
    if (type != SHT_NOBITS)
        s->data = section_content(e, h);
    s->cap = s->len;
    e->sections[i] = s;
}

static void read_symbols(ElfReader *e, unsigned char *h) {
    unsigned char *p = section_content(e, h);
    unsigned char *strings = header_at(e, get_le(h + 40, 4));
    e->nsymbols = get_le(h + 32, 8) / SYM_SIZE;
    e->symbols = xalloc(e->nsymbols * sizeof(Symbol *));
    for (long i = 0; i < e->nsymbols; i++) {
        char *name = string_at(e, strings, get_le(p, 4));
        int binding = p[4] >> 4;
        Symbol *y = binding == STB_LOCAL ? obj_new_symbol(e->obj, name) : obj_symbol(e->obj, name);
        int shndx = get_le(p + 6, 2);
        y->binding = binding == STB_LOCAL || binding == STB_WEAK ? binding : STB_GLOBAL;
        y->bound = 1;
        y->type = p[4] & 15;
        y->visibility = p[5] & 3;
        y->value = get_le(p + 8, 8);
        y->size = get_le(p + 16, 8);
        if (shndx == SHN_ABS)
            y->place = PLACE_ABS;
        else if (shndx == SHN_COMMON)
            y->place = PLACE_COMMON;
        else if (shndx) {
            header_at(e, shndx);
            y->sec = e->sections[shndx];
            if (y->sec)
                y->place = PLACE_SECTION;
        }
        e->symbols[i] = y;
        p += SYM_SIZE;
    }
}

static void read_relocs(ElfReader *e, unsigned char *h) {
    header_at(e, get_le(h + 44, 4));
    Section *s = e->sections[get_le(h + 44, 4)];
    if (!s)
        return;
    unsigned char *p = section_content(e, h);
    s->nrelocs = get_le(h + 32, 8) / RELA_SIZE;
    s->caprelocs = s->nrelocs;
    s->relocs = xalloc(s->nrelocs * sizeof(Reloc));
    for (long i = 0; i < s->nrelocs; i++) {
        Reloc *r = &s->relocs[i];
        r->offset = get_le(p, 8);
        r->type = get_le(p + 8, 4);
        long number = get_le(p + 12, 4);
        r->addend = get_le(p + 16, 8);
        if (number >= e->nsymbols)
            damaged(e, "symbol number");
        if (r->offset < 0 || r->offset >= s->len)
            damaged(e, "relocation outside its section");
        r->sym = e->symbols[number];
        r->sym->used = 1;
        p += RELA_SIZE;
    }
}

Obj *elf_read_object(char *file, unsigned char *image, long len) {
    ElfReader reader;
    ElfReader *e = &reader;
    if (!elf_is_object(image, len))
        fatal_at(file, 0, "not an ELF64 object file%s", "");
    e->obj = obj_empty(get_le(image + 18, 2), file);
    e->image = image;
    e->len = len;
    e->nsymbols = 0;
    e->nheaders = get_le(image + 60, 2);
    if (get_le(image + 58, 2) != SHDR_SIZE)
        damaged(e, "section headers");
    e->headers = file_range(e, get_le(image + 40, 8), (long)e->nheaders * SHDR_SIZE, "section headers");
    e->sections = xalloc((e->nheaders + 1) * sizeof(Section *));
    unsigned char *names = header_at(e, get_le(image + 62, 2));
    for (int i = 1; i < e->nheaders; i++)
        read_section(e, i, names);
    for (int i = 1; i < e->nheaders; i++)
        if (get_le(header_at(e, i) + 4, 4) == SHT_SYMTAB)
            read_symbols(e, header_at(e, i));
    for (int i = 1; i < e->nheaders; i++)
        if (get_le(header_at(e, i) + 4, 4) == SHT_RELA)
            read_relocs(e, header_at(e, i));
    return e->obj;
}

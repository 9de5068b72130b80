/* SPDX-License-Identifier: MIT
 *
 * ELF64 relocatable files, written and read. */

enum { EHDR_SIZE = 64, SHDR_SIZE = 64, SYM_SIZE = 24, RELA_SIZE = 24, PHDR_SIZE = 56 };
enum { SHN_ABS = 0xfff1, SHN_COMMON = 0xfff2 };

/* the first 64 bytes of any ELF file of ours */
void elf_header(Section *out, int machine, int type, long entry, int nphdrs, long shoff, int nshdrs) {
    sec_bytes(out, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
    sec_two(out, 2, type, machine);
    sec_le(out, 4, 1);
    sec_le(out, 8, entry);
    sec_two(out, 8, nphdrs ? EHDR_SIZE : 0, shoff);
    sec_le(out, 4, 0);
    sec_two(out, 2, EHDR_SIZE, nphdrs ? PHDR_SIZE : 0);
    sec_two(out, 2, nphdrs, nshdrs ? SHDR_SIZE : 0);
    sec_two(out, 2, nshdrs, nshdrs ? nshdrs - 1 : 0);       /* section names come last */
}

/* ---- writing ---- */

static long add_string(Section *strings, char *s) {
    long at = strings->len;
    sec_bytes(strings, s, str_len(s) + 1);
    return at;
}

static void section_header(Section *out, Section *s, long name) {
    sec_two(out, 4, name, s->type);
    sec_two(out, 8, s->flags, 0);
    sec_two(out, 8, s->out_offset, s->len);
    sec_two(out, 4, s->link, s->info);
    sec_two(out, 8, s->align, s->entsize);
}

static void write_symbol(Section *out, Section *strings, Symbol *y, int binding) {
    int shndx = y->place == PLACE_SECTION ? y->sec->index : y->place == PLACE_ABS ? SHN_ABS
                : y->place == PLACE_COMMON ? SHN_COMMON : 0;
    sec_le(out, 4, y->name[0] ? add_string(strings, y->name) : 0);
    sec_two(out, 1, binding << 4 | y->type, y->visibility);
    sec_le(out, 2, shndx);
    sec_two(out, 8, y->value, y->size);
}

/* the local symbols, then the others */
static void write_symbols(Obj *o, Section *out, Section *strings) {
    int n = 1;
    sec_zero(out, SYM_SIZE);
    sec_zero(strings, 1);
    for (Section *s = o->sections; s; s = s->next)
        for (long i = 0; i < s->nrelocs; i++)
            s->relocs[i].sym->used = 2;
    for (int global = 0; global < 2; global++) {
        out->info = n;                          /* the first global one */
        for (Symbol *y = o->symbols; y; y = y->next) {
            int outside = y->place == PLACE_UNDEF || y->place == PLACE_COMMON;
            int binding = y->binding == STB_LOCAL && outside ? STB_GLOBAL : y->binding;
            if ((binding != STB_LOCAL) != global)
                continue;
            if (y->used != 2 && (y->place == PLACE_UNDEF || y->type == STT_SECTION || sym_is_temporary(y)))
                continue;
            y->index = n++;
            write_symbol(out, strings, y, binding);
        }
    }
}

static void write_relocs(Section *out, Section *s) {
    for (long i = 0; i < s->nrelocs; i++) {
        Reloc *r = &s->relocs[i];
        sec_le(out, 8, r->offset);
        sec_two(out, 4, r->type, r->sym->index);
        sec_le(out, 8, r->addend);
    }
}

/* a section that describes the others */
static Section *meta_section(Obj *o, char *name, int type, int align, int entsize) {
    Section *s = sec_new(o, name, type, 0);
    s->align = align;
    s->entsize = entsize;
    return s;
}

void elf_write_object(Obj *o, char *path) {
    int n = 1;
    obj_resolve(o);
    obj_section(o, ".note.GNU-stack", SHT_PROGBITS, 0);     /* the stack need not be executable */
    for (Section *s = o->sections; s; s = s->next)
        s->index = n++;
    Section *symbols = meta_section(o, ".symtab", SHT_SYMTAB, 8, SYM_SIZE);
    Section *strings = meta_section(o, ".strtab", SHT_STRTAB, 1, 0);
    symbols->link = n + 1;
    write_symbols(o, symbols, strings);
    for (Section *s = o->sections; s != symbols; s = s->next)
        if (s->nrelocs) {
            Section *relocs = meta_section(o, str_join(".rela", s->name, ""), SHT_RELA, 8, RELA_SIZE);
            relocs->flags = SHF_INFO;
            relocs->link = n;
            relocs->info = s->index;
            write_relocs(relocs, s);
        }
    Section *names = meta_section(o, ".shstrtab", SHT_STRTAB, 1, 0);
    Section *headers = byte_buffer();
    Section *out = byte_buffer();
    sec_zero(names, 1);
    sec_zero(out, EHDR_SIZE);
    sec_zero(headers, SHDR_SIZE);
    for (Section *s = o->sections; s; s = s->next) {
        long name = add_string(names, s->name);
        s->out_offset = (out->len + s->align - 1) & -s->align;
        if (s->type != SHT_NOBITS) {
            sec_zero(out, s->out_offset - out->len);
            sec_bytes(out, s->data, s->len);
        }
        section_header(headers, s, name);
    }
    sec_zero(out, -out->len & 7);
    Section *header = byte_buffer();
    elf_header(header, o->machine, 1, 0, 0, out->len, headers->len / SHDR_SIZE);
    mem_copy(out->data, header->data, EHDR_SIZE);
    sec_bytes(out, headers->data, headers->len);
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
    s->align = get_le(h + 48, 8) ? get_le(h + 48, 8) : 1;
    if (s->align & (s->align - 1) || s->align < 0 || s->align > 0x100000)
        damaged(e, "section alignment");
    s->len = get_le(h + 32, 8);
    if (s->len < 0 || s->len > 0x7fffffff)
        damaged(e, "section size");
    if (type != SHT_NOBITS)
        s->data = section_content(e, h);
    e->sections[i] = s;
}

static void read_symbols(ElfReader *e, unsigned char *h) {
    unsigned char *p = section_content(e, h);
    unsigned char *strings = header_at(e, get_le(h + 40, 4));
    e->nsymbols = get_le(h + 32, 8) / SYM_SIZE;
    e->symbols = xalloc(e->nsymbols * sizeof(Symbol *));
    for (long i = 0; i < e->nsymbols; i++) {
        Symbol *y = obj_new_symbol(e->obj, string_at(e, strings, get_le(p, 4)));
        int binding = p[4] >> 4;
        int shndx = get_le(p + 6, 2);
        y->binding = binding == STB_LOCAL || binding == STB_WEAK ? binding : STB_GLOBAL;
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
            y->place = y->sec ? PLACE_SECTION : PLACE_UNDEF;
        }
        e->symbols[i] = y;
        p += SYM_SIZE;
    }
}

static void read_relocs(ElfReader *e, unsigned char *h) {
    header_at(e, get_le(h + 44, 4));
    Section *s = e->sections[get_le(h + 44, 4)];
    unsigned char *p = section_content(e, h);
    for (long n = s ? get_le(h + 32, 8) / RELA_SIZE : 0; n > 0; n--) {
        long offset = get_le(p, 8);
        long number = get_le(p + 12, 4);
        if (number >= e->nsymbols)
            damaged(e, "symbol number");
        if (offset < 0 || offset >= s->len)
            damaged(e, "relocation outside its section");
        sec_reloc(s, offset, get_le(p + 8, 4), e->symbols[number], get_le(p + 16, 8));
        p += RELA_SIZE;
    }
}

/* fatal when it is none; the image must stay */
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
    for (int type = SHT_SYMTAB; type <= SHT_RELA; type++)       /* symbols before relocations */
        for (int i = 1; i < e->nheaders; i++) {
            unsigned char *h = header_at(e, i);
            if (type == SHT_SYMTAB && get_le(h + 4, 4) == type)
                read_symbols(e, h);
            else if (type == SHT_RELA && get_le(h + 4, 4) == type)
                read_relocs(e, h);
        }
    return e->obj;
}

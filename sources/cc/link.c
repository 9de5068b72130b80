/* SPDX-License-Identifier: MIT
 *
 * The static linker.
 *
 * link_start; then link_add_object and link_add_file in order; link_finish pulls
 * archive members until nothing more is wanted, lays out the output, applies the
 * relocations and writes the file.
 *
 * Every global name has one Symbol in `globals` that stands for all of that name.
 * The output has up to three segments of one protection each: read only (with the
 * ELF header), code, and data.  Equal inputs give equal bytes.
 */

enum { BASE_ADDRESS = 0x400000, MAX_PAGE = 0x10000, FILE_PAGE = 0x1000 };
enum { PT_LOAD = 1, PT_TLS = 7, PT_GNU_STACK = 0x6474e551 };
enum { STT_GNU_IFUNC = 10 };

typedef struct Archive Archive;
struct Archive {
    char *path;
    unsigned char *image;
    long len;
    unsigned char *loaded;      /* by offset / 2: members start at even offsets */
};

typedef struct ObjList ObjList;
struct ObjList {
    Obj *obj;
    ObjList *next;
};

typedef struct Linker Linker;
struct Linker {
    int machine;
    ObjList *objs;
    ObjList *last;
    Obj *globals;               /* used for its hash table only */
    Obj *lazy;                  /* what archives define: sec unused, value = member, obj = the archive's number */
    Section *wanted;            /* queue of Symbol pointers, undefined and strongly referenced */
    Archive *archives;
    int narchives;
    Obj *out;                   /* the output sections */
    Section *got;               /* null while not needed */
    Section *tls;               /* the first section with thread-local data */
    long tls_start;
    long tls_size;
    long tls_align;
    int errors;
};

enum { MAX_ARCHIVES = 256 };
static Linker linker;

void link_start(int machine) {
    linker.machine = machine;
    linker.globals = obj_empty(machine, "");
    linker.lazy = obj_empty(machine, "");
    linker.wanted = byte_buffer();
    linker.archives = xalloc(MAX_ARCHIVES * sizeof(Archive));
    linker.out = obj_empty(machine, "");
}

/* ---- symbols ---- */

static void want(Symbol *g) {
    sec_u64(linker.wanted, (long)g);
}

static void take_definition(Symbol *g, Symbol *y, Obj *o) {
    sym_alias(g, y);
    g->binding = y->binding;
    g->obj = o;
}

/* y of object o meets the symbol g that stands for its name */
static void merge_symbol(Symbol *g, Symbol *y, Obj *o) {
    if (!g->obj) {
        g->obj = o;
        g->binding = STB_WEAK;
    }
    y->global = g;
    if (y->type == STT_GNU_IFUNC)
        fatal_at(o->file, 0, "%s is an indirect function: not supported", y->name);
    if (y->place == PLACE_UNDEF) {
        if (g->place == PLACE_UNDEF && g->binding == STB_WEAK && y->binding != STB_WEAK) {
            g->binding = STB_GLOBAL;
            g->obj = o;
            want(g);
        }
    } else if (g->place == PLACE_UNDEF)
        take_definition(g, y, o);
    else if (y->place == PLACE_COMMON && g->place == PLACE_COMMON) {
        if (y->size > g->size)
            g->size = y->size;
        if (y->value > g->value)
            g->value = y->value;
    } else if (y->binding != STB_WEAK && (g->binding == STB_WEAK || g->place == PLACE_COMMON))
        take_definition(g, y, o);
    else if (y->binding != STB_WEAK && y->place != PLACE_COMMON) {
        print_err(str_join(o->file, ": error: ", str_join(y->name, " is already defined in ", str_join(g->obj->file, "\n", ""))));
        linker.errors++;
    }
}

void link_add_object(Obj *o) {
    if (o->machine != linker.machine)
        fatal_at(o->file, 0, "object file for another machine%s", "");
    obj_resolve(o);
    ObjList *entry = xalloc(sizeof(ObjList));
    entry->obj = o;
    if (linker.last)
        linker.last->next = entry;
    else
        linker.objs = entry;
    linker.last = entry;
    for (Symbol *y = o->symbols; y; y = y->next)
        if (y->name[0] && (y->binding != STB_LOCAL || y->place == PLACE_UNDEF && y->used
                           || y->place == PLACE_COMMON))
            merge_symbol(obj_symbol(linker.globals, y->name), y, o);
}

/* ---- archives ---- */

static void archive_defines(char *name, long at) {
    Symbol *y = obj_symbol(linker.lazy, name);
    if (y->place == PLACE_UNDEF) {
        y->place = PLACE_ABS;
        y->value = at;
        y->index = linker.narchives;
    }
}

void link_add_file(char *path) {
    long len = 0;
    unsigned char *image = (unsigned char *)read_whole(path, &len);
    if (!image)
        fatal("cannot read %s", path);
    if (!ar_is_archive(image, len)) {
        link_add_object(elf_read_object(path, image, len));
        return;
    }
    if (linker.narchives == MAX_ARCHIVES)
        fatal_at(path, 0, "too many archives%s", "");
    Archive *a = &linker.archives[linker.narchives];
    a->path = path;
    a->image = image;
    a->len = len;
    a->loaded = xalloc(len / 2 + 1);
    ar_index(path, image, len, archive_defines);
    linker.narchives++;
}

static void pull_members(void) {
    for (long i = 0; i < linker.wanted->len; i += 8) {
        Symbol *g = (Symbol *)get_le(linker.wanted->data + i, 8);
        Symbol *y = obj_find(linker.lazy, g->name);
        if (g->place != PLACE_UNDEF || !y)
            continue;
        Archive *a = &linker.archives[y->index];
        if (a->loaded[y->value / 2])
            continue;
        a->loaded[y->value / 2] = 1;
        link_add_object(ar_member(a->path, a->image, a->len, y->value));
    }
}

/* ---- output sections ---- */

/* .text.f goes to .text, .data.rel.ro.x to .data; what has no well-known stem keeps its name */
static char *merged_stems[] = { ".text", ".rodata", ".data", ".bss", ".tdata", ".tbss", ".init_array", ".fini_array", 0 };

static char *output_name(char *name) {
    for (char **stem = merged_stems; *stem; stem++)
        if (str_starts(name, *stem)) {
            char next = name[str_len(*stem)];
            if (next == 0 || next == '.')
                return *stem;
        }
    return name;
}

static void place_section(Section *s) {
    Section *out = obj_section(linker.out, output_name(s->name), s->type, s->flags);
    if (s->align > out->align)
        out->align = s->align;
    out->flags = out->flags | s->flags & (SHF_WRITE | SHF_EXEC | SHF_ALLOC | SHF_TLS);
    if (s->type != SHT_NOBITS && out->type == SHT_NOBITS)
        out->type = SHT_PROGBITS;
    out->len = (out->len + s->align - 1) & -s->align;
    s->out = out;
    s->out_offset = out->len;
    out->len += s->len;
}

/* .init_array.00042 runs before .init_array: those with a number first, in its order */
static long array_priority(Section *s) {
    if (s->len && (str_starts(s->name, ".init_array.") || str_starts(s->name, ".fini_array.")))
        return ar_number((unsigned char *)s->name + 12, 9);
    return -1;
}

static void place_sections(void) {
    Section **numbered = 0;
    long n = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            numbered = xalloc(n * sizeof(Section *));
        n = 0;
        for (ObjList *l = linker.objs; l; l = l->next)
            for (Section *s = l->obj->sections; s; s = s->next) {
                if (array_priority(s) < 0)
                    continue;
                if (pass) {
                    long i = n;
                    for (; i > 0 && array_priority(numbered[i - 1]) > array_priority(s); i--)
                        numbered[i] = numbered[i - 1];
                    numbered[i] = s;
                }
                n++;
            }
    }
    for (long i = 0; i < n; i++)
        place_section(numbered[i]);
    for (ObjList *l = linker.objs; l; l = l->next)
        for (Section *s = l->obj->sections; s; s = s->next)
            if (s->flags & SHF_ALLOC && s->len && !s->out)
                place_section(s);
}

static void place_common(void) {
    Section *bss = 0;
    for (Symbol *g = linker.globals->symbols; g; g = g->next)
        if (g->place == PLACE_COMMON) {
            if (!bss)
                bss = obj_section(linker.out, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE);
            if (g->value > bss->align)
                bss->align = g->value;
            bss->len = (bss->len + g->value - 1) & -g->value;
            long at = bss->len;
            bss->len += g->size;
            sym_define(g, bss, at);
        }
}

/* the symbol that decides where y is */
static Symbol *resolved(Symbol *y) {
    return y->global ? y->global : y;
}

static void scan_relocs(Section *s) {
    for (long i = 0; i < s->nrelocs; i++) {
        Symbol *y = resolved(s->relocs[i].sym);
        RelocKind *k = reloc_kind(s->relocs[i].type);
        if (!k || k->of == OF_SYM || k->of == OF_TP)
            continue;
        if (!linker.got)
            linker.got = obj_section(linker.out, ".got", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
        linker.got->align = 8;
        if (k->of == OF_GOT && !y->got || k->of == OF_GOT_TP && !y->got_tp) {
            linker.got->len += 8;
            if (k->of == OF_GOT)
                y->got = linker.got->len / 8;
            else
                y->got_tp = linker.got->len / 8;
        }
    }
}

static void scan_all_relocs(void) {
    for (ObjList *l = linker.objs; l; l = l->next)
        for (Section *s = l->obj->sections; s; s = s->next)
            if (s->out)
                scan_relocs(s);
}

/* the order of output sections: by protection, then thread-local data and arrays, ordinary data, zero data */
static int section_rank(Section *s) {
    int nobits = s->type == SHT_NOBITS;
    if (s->flags & SHF_EXEC && s->flags & SHF_WRITE)
        fatal("section %s is writable code", s->name);
    if (s->flags & SHF_EXEC)
        return 1;
    if (s->flags & SHF_TLS)
        return 2 + nobits;
    if (!(s->flags & SHF_WRITE))
        return 0;
    if (nobits)
        return 6;
    return s->type >= SHT_INIT_ARRAY && s->type <= SHT_PREINIT_ARRAY ? 4 : 5;
}

enum { RANKS = 7 };

/* ---- addresses ---- */

typedef struct Segment Segment;
struct Segment {
    int flags;                  /* PF_R 4, PF_W 2, PF_X 1 */
    long offset;
    long addr;
    long file_size;
    long mem_size;
};

typedef struct Layout Layout;
struct Layout {
    Segment segments[3];        /* read only, code, data */
    int nphdrs;
    long offset;                /* where the next byte goes, in the file */
    long addr;                  /* and in memory */
    long bss_start;
    long text_end;
    long data_end;
};

static void place_output(Layout *l, Section *s) {
    if (s->flags & SHF_TLS)
        s->align = linker.tls_align;
    long pad = -l->addr & (s->align - 1);
    l->addr += pad;
    s->addr = l->addr;
    if (s->flags & SHF_TLS) {
        if (!linker.tls)
            linker.tls_start = s->addr;
        linker.tls = s;
        linker.tls_size = s->addr + s->len - linker.tls_start;
        if (s->type == SHT_NOBITS) {            /* takes no room in the image */
            l->addr -= pad;
            return;
        }
    }
    l->addr += s->len;
    if (s->type != SHT_NOBITS) {
        l->offset += pad + s->len;
        l->bss_start = l->addr;
    }
}

/* the first rank of each segment */
static int first_rank[4] = { 0, 1, 2, RANKS };

static void layout(Layout *l) {
    mem_set(l, 0, sizeof(Layout));
    for (Section *s = linker.out->sections; s; s = s->next) {
        s->index = section_rank(s);
        if (s->flags & SHF_TLS && s->align > linker.tls_align)
            linker.tls_align = s->align;
    }
    l->nphdrs = linker.tls_align ? 5 : 4;       /* three segments, thread-local data, the stack's protection */
    l->offset = EHDR_SIZE + l->nphdrs * PHDR_SIZE;
    l->addr = BASE_ADDRESS + l->offset;
    for (int i = 0; i < 3; i++) {
        Segment *seg = &l->segments[i];
        seg->flags = i == 0 ? 4 : i == 1 ? 5 : 6;
        seg->offset = 0;
        seg->addr = BASE_ADDRESS;
        if (i) {                                /* its own page in memory and in the file */
            l->offset = (l->offset + FILE_PAGE - 1) & -FILE_PAGE;
            l->addr = ((l->addr + MAX_PAGE - 1) & -MAX_PAGE) + l->offset % MAX_PAGE;
            seg->offset = l->offset;
            seg->addr = l->addr;
            l->bss_start = l->addr;
        }
        for (int rank = first_rank[i]; rank < first_rank[i + 1]; rank++)
            for (Section *s = linker.out->sections; s; s = s->next)
                if (s->index == rank)
                    place_output(l, s);
        seg->file_size = l->offset - seg->offset;
        seg->mem_size = l->addr - seg->addr;
        if (i == 1)
            l->text_end = l->addr;
    }
    l->data_end = l->bss_start;
}

/* ---- symbols that the linker defines ---- */

static void define_at(char *name, long addr) {
    Symbol *g = obj_find(linker.globals, name);
    if (g && g->place == PLACE_UNDEF) {
        g->place = PLACE_ABS;
        g->value = addr;
    }
}

static void define_bounds(char *start, char *end, Section *s) {
    define_at(start, s ? s->addr : 0);
    define_at(end, s ? s->addr + s->len : 0);
}

static Section *output_section(char *name) {
    for (Section *s = linker.out->sections; s; s = s->next)
        if (str_eq(s->name, name))
            return s;
    return 0;
}

static void define_symbols(Layout *l) {
    define_at("__ehdr_start", BASE_ADDRESS);
    define_at("__executable_start", BASE_ADDRESS);
    define_at("etext", l->text_end);
    define_at("_etext", l->text_end);
    define_at("edata", l->data_end);
    define_at("_edata", l->data_end);
    define_at("__bss_start", l->bss_start);
    define_at("end", l->addr);
    define_at("_end", l->addr);
    if (linker.got)
        define_at("_GLOBAL_OFFSET_TABLE_", linker.got->addr);
    define_bounds("__preinit_array_start", "__preinit_array_end", output_section(".preinit_array"));
    define_bounds("__init_array_start", "__init_array_end", output_section(".init_array"));
    define_bounds("__fini_array_start", "__fini_array_end", output_section(".fini_array"));
    define_bounds("__rela_iplt_start", "__rela_iplt_end", 0);
    for (Section *s = linker.out->sections; s; s = s->next)
        define_bounds(str_join("__start_", s->name, ""), str_join("__stop_", s->name, ""), s);
}

static void report_undefined(void) {
    for (Symbol *g = linker.globals->symbols; g; g = g->next)
        if (g->place == PLACE_UNDEF && g->binding != STB_WEAK) {
            print_err(str_join(g->obj->file, ": error: undefined symbol ", str_join(g->name, "\n", "")));
            linker.errors++;
        }
    if (linker.errors)
        fatal("linking failed%s", "");
}

/* ---- relocation ---- */

static long symbol_address(Symbol *y, Section *user) {
    if (y->place == PLACE_UNDEF)
        return 0;                               /* weak */
    if (y->place == PLACE_ABS)
        return y->value;
    if (y->sec->obj == linker.out)
        return y->sec->addr + y->value;
    if (!y->sec->out)
        fatal_at(user->obj->file, 0, "%s is in a section that is not part of the program", y->name);
    return y->sec->out->addr + y->sec->out_offset + y->value;
}

/* x86_64 puts the thread pointer at the end of the data, AArch64 16 bytes before its start */
static long thread_offset(long addr) {
    long align = linker.tls_align ? linker.tls_align : 1;
    if (linker.machine == MACH_X86_64)
        return addr - (linker.tls_start + ((linker.tls_size + align - 1) & -align));
    return addr - linker.tls_start + ((16 + align - 1) & -align);
}

static void relocate(Section *s, unsigned char *image, Layout *l) {
    Segment *seg = &l->segments[s->out->flags & SHF_EXEC ? 1 : s->out->index ? 2 : 0];
    long addr = s->out->addr + s->out_offset;
    unsigned char *data = image + seg->offset + (addr - seg->addr);
    for (long i = 0; i < s->nrelocs; i++) {
        Reloc *r = &s->relocs[i];
        RelocKind *k = reloc_kind(r->type);
        if (r->type == 0 || r->type == 256)
            continue;
        if (!k)
            fatal_at(s->obj->file, 0, "relocation type %s is not supported", str_number(r->type));
        if (r->offset + (k->at == BYTES ? k->bits / 8 : 4) > s->len)
            fatal_at(s->obj->file, 0, "relocation outside its section%s", "");
        Symbol *y = resolved(r->sym);
        long value = 0;
        if (k->of == OF_GOT)
            value = linker.got->addr + (y->got - 1) * 8;
        else if (k->of == OF_GOT_TP)
            value = linker.got->addr + (y->got_tp - 1) * 8;
        else {
            value = symbol_address(y, s);
            if (k->of == OF_TP)
                value = thread_offset(value);
            else if (y->place == PLACE_UNDEF && (r->type == R_AARCH64_CALL26 || r->type == R_AARCH64_JUMP26))
                value = addr + r->offset + 4;   /* a call of a weak undefined symbol does nothing */
        }
        char *wrong = reloc_apply(r->type, data + r->offset, value + r->addend, addr + r->offset);
        if (wrong)
            fatal_at(s->obj->file, 0, wrong, r->sym->name[0] ? r->sym->name : s->name);
    }
}

static void fill_got(Symbol *symbols, unsigned char *got) {
    for (Symbol *y = symbols; y; y = y->next) {
        if (y->global)
            continue;
        if (y->got)
            put_le(got + (y->got - 1) * 8, 8, symbol_address(y, linker.got));
        if (y->got_tp)
            put_le(got + (y->got_tp - 1) * 8, 8, thread_offset(symbol_address(y, linker.got)));
    }
}

/* ---- writing ---- */

static void program_header(Section *out, int type, int flags, long offset, long addr, long file_size, long mem_size, long align) {
    sec_u32(out, type);
    sec_u32(out, flags);
    sec_u64(out, offset);
    sec_u64(out, addr);
    sec_u64(out, addr);
    sec_u64(out, file_size);
    sec_u64(out, mem_size);
    sec_u64(out, align);
}

static void write_headers(Section *out, Layout *l, long entry) {
    elf_header(out, linker.machine, 2, entry, l->nphdrs, 0, 0);
    for (int i = 0; i < 3; i++) {
        Segment *seg = &l->segments[i];
        program_header(out, seg->mem_size ? PT_LOAD : 0, seg->flags, seg->offset, seg->addr, seg->file_size, seg->mem_size, MAX_PAGE);
    }
    if (linker.tls) {
        Segment *seg = &l->segments[2];
        long file_size = 0;
        for (Section *s = linker.out->sections; s; s = s->next)
            if (s->flags & SHF_TLS && s->type != SHT_NOBITS)
                file_size = s->addr + s->len - linker.tls_start;
        program_header(out, PT_TLS, 4, seg->offset + linker.tls_start - seg->addr, linker.tls_start, file_size, linker.tls_size,
                       linker.tls_align);
    }
    program_header(out, PT_GNU_STACK, 6, 0, 0, 0, 0, 16);
}

void link_finish(char *path, char *entry) {
    Symbol *start = obj_symbol(linker.globals, entry);
    if (!start->obj) {
        start->obj = linker.globals;
        start->obj->file = path;
    }
    if (start->place == PLACE_UNDEF) {
        start->binding = STB_GLOBAL;
        want(start);
    }
    pull_members();
    place_sections();
    place_common();
    scan_all_relocs();
    Layout l;
    layout(&l);
    define_symbols(&l);
    report_undefined();
    unsigned char *image = xalloc(l.offset);
    Section *headers = byte_buffer();
    write_headers(headers, &l, symbol_address(start, 0));
    mem_copy(image, headers->data, headers->len);
    for (ObjList *o = linker.objs; o; o = o->next)
        for (Section *s = o->obj->sections; s; s = s->next)
            if (s->out && s->type != SHT_NOBITS) {
                Segment *seg = &l.segments[s->out->flags & SHF_EXEC ? 1 : s->out->index ? 2 : 0];
                mem_copy(image + seg->offset + (s->out->addr - seg->addr) + s->out_offset, s->data, s->len);
                relocate(s, image, &l);
            }
    if (linker.got) {
        Segment *seg = &l.segments[2];
        unsigned char *got = image + seg->offset + (linker.got->addr - seg->addr);
        fill_got(linker.globals->symbols, got);
        for (ObjList *o = linker.objs; o; o = o->next)
            fill_got(o->obj->symbols, got);
    }
    write_whole(path, image, l.offset, 1);
}

/* SPDX-License-Identifier: MIT
 *
 * The static linker.
 *
 * link_start; then link_add_object and link_add_file in order; link_finish pulls archive members until nothing more is
 * wanted (archives are searched as one group), lays out the output, applies the relocations and writes the file, an
 * ELF64 ET_EXEC.
 *
 * Every global name has one Symbol in `globals` that stands for all of that name. The output has up to three segments
 * of one protection each: read only (with the ELF header), code, and data.  Equal inputs give equal bytes. */

enum { BASE_ADDRESS = 0x400000, MAX_PAGE = 0x10000, FILE_PAGE = 0x1000 };
enum { PT_LOAD = 1, PT_TLS = 7, PT_GNU_STACK = 0x6474e551 };
enum { MAX_ARCHIVES = 256, SEGMENTS = 3, RANKS = 7, LAST = 1000000000 };

typedef struct Linker Linker;
struct Linker {
    Obj *objs;
    Obj *last;
    Section *inputs;            /* what goes to the output, linked by next_input */
    Section *last_input;
    Obj *globals;               /* used for its hash table only */
    Obj *lazy;                  /* what archives define: value = member, index = the archive's number */
    Section *wanted;            /* queue of Symbol pointers, undefined and strongly referenced */
    Archive archives[MAX_ARCHIVES];
    int narchives;
    Obj *out;                   /* the output sections */
    Section *got;               /* null while not needed */
    Section *tls;               /* the first section with thread-local data */
    long tls_end;               /* address of the end of it all */
    long tls_image;             /* and of the part that is in the file */
    long tls_align;
    int errors;
};

static Linker linker;

void link_start(int machine) {
    linker.globals = obj_empty(machine, "");
    linker.lazy = obj_empty(machine, "");
    linker.out = obj_empty(machine, "");
    linker.wanted = byte_buffer();
}

/* ---- symbols ---- */

static void want(Symbol *g) {
    sec_le(linker.wanted, 8, (long)g);
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
    int strong = y->binding != STB_WEAK;
    int common = y->place == PLACE_COMMON;
    if (y->place == PLACE_UNDEF) {
        if (g->place == PLACE_UNDEF && g->binding == STB_WEAK && strong) {
            g->binding = STB_GLOBAL;
            g->obj = o;
            want(g);
        }
    } else if (common && g->place == PLACE_COMMON) {
        g->size = larger(g->size, y->size);
        g->value = larger(g->value, y->value);
    } else if (g->place == PLACE_UNDEF || strong && (g->binding == STB_WEAK || g->place == PLACE_COMMON)) {
        sym_alias(g, y);
        g->binding = y->binding;
        g->obj = o;
    } else if (strong && !common) {
        print_err(str_join(o->file, ": error: ", y->name));
        print_err(str_join(" is already defined in ", g->obj->file, "\n"));
        linker.errors++;
    }
}

void link_add_object(Obj *o) {
    if (o->machine != linker.out->machine)
        fatal_at(o->file, 0, "object file for another machine%s", "");
    obj_resolve(o);
    if (linker.last)
        linker.last->next = o;
    else
        linker.objs = o;
    linker.last = o;
    for (Section *s = o->sections; s; s = s->next)
        if (s->flags & SHF_ALLOC && s->len) {
            if (linker.last_input)
                linker.last_input->next_input = s;
            else
                linker.inputs = s;
            linker.last_input = s;
        }
    for (Symbol *y = o->symbols; y; y = y->next)
        if (y->name[0] && (y->binding != STB_LOCAL || y->place == PLACE_UNDEF && y->used || y->place == PLACE_COMMON))
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

/* an object or an archive */
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
    ar_index(a, archive_defines);
    linker.narchives++;
}

static void pull_members(void) {
    for (long i = 0; i < linker.wanted->len; i += 8) {
        Symbol *g = (Symbol *)get_le(linker.wanted->data + i, 8);
        Symbol *y = obj_find(linker.lazy, g->name);
        Archive *a = y ? &linker.archives[y->index] : 0;
        if (g->place == PLACE_UNDEF && y && !a->loaded[y->value / 2]) {
            a->loaded[y->value / 2] = 1;
            link_add_object(ar_member(a, y->value));
        }
    }
}

/* ---- output sections ---- */

/* .text.f goes to .text, .data.rel.ro.x to .data; what has no well-known stem keeps its name */
static char *output_name(char *name) {
    char *stem = section_stem(name);
    Form *kind = find_forms(&section_kinds, stem);
    return kind && kind->args[0] == 'a' ? stem : name;
}

static void place_section(Section *s) {
    Section *out = obj_section(linker.out, output_name(s->name), s->type, s->flags);
    out->flags |= s->flags & (SHF_WRITE | SHF_EXEC | SHF_ALLOC | SHF_TLS);
    sec_align(out, s->align);
    s->out = out;
    s->out_offset = out->len;
    if (s->type == SHT_NOBITS)
        sec_zero(out, s->len);
    else
        sec_bytes(out, s->data, s->len);
}

/* .init_array.00042 runs before .init_array: those with a number first, in its order */
static long array_priority(Section *s) {
    char *number = s->name + 12;
    return str_starts(s->name, ".init_array.") || str_starts(s->name, ".fini_array.") ? digits(&number, 10, 9) : -1;
}

static void place_sections(void) {
    for (long done = -1; done < LAST;) {
        long next = LAST;
        for (Section *s = linker.inputs; s; s = s->next_input)
            if (array_priority(s) > done && array_priority(s) < next)
                next = array_priority(s);
        for (Section *s = linker.inputs; s; s = s->next_input)
            if (array_priority(s) == (next == LAST ? -1 : next))
                place_section(s);
        done = next;
    }
    for (Symbol *g = linker.globals->symbols; g; g = g->next)
        if (g->place == PLACE_COMMON)
            sym_place_common(g, obj_section(linker.out, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE));
}

/* the symbol that decides where y is */
static Symbol *resolved(Symbol *y) {
    return y->global ? y->global : y;
}

/* a slot in the GOT, that a relocation will fill; x86_64's types serve both machines */
static long got_slot(Symbol *y, int type) {
    if (!linker.got) {
        linker.got = obj_section(linker.out, ".got", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
        linker.got->align = 8;
        linker.got->out = linker.got;
    }
    sec_reloc(linker.got, linker.got->len, type, y, 0);
    sec_le(linker.got, 8, 0);
    return linker.got->len - 7;
}

static void make_got(void) {
    for (Section *s = linker.inputs; s; s = s->next_input)
        for (long i = 0; i < s->nrelocs; i++) {
            Symbol *y = resolved(s->relocs[i].sym);
            RelocKind *k = reloc_kind(s->relocs[i].type);
            if (k && k->of == OF_GOT && !y->got)
                y->got = got_slot(y, R_X86_64_64);
            if (k && k->of == OF_GOT_TP && !y->got_tp)
                y->got_tp = got_slot(y, R_X86_64_TPOFF64);
        }
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

/* ---- addresses ---- */

typedef struct Layout Layout;
struct Layout {
    long start[SEGMENTS];       /* read only, code, data: offsets in the file, which addresses follow: */
    long file_end[SEGMENTS];
    long end[SEGMENTS];         /* zero data included */
    int nphdrs;
};

/* the address of an offset: each segment has its own pages */
static long address_in(int segment, long offset) {
    return BASE_ADDRESS + segment * MAX_PAGE + offset;
}

/* places s at `at` or behind it, and returns its end */
static long place_output(Section *s, int segment, long at) {
    int tls = s->flags & SHF_TLS;
    s->align = tls ? linker.tls_align : s->align;
    s->out_offset = (at + s->align - 1) & -s->align;
    s->addr = address_in(segment, s->out_offset);
    if (tls) {
        if (!linker.tls)
            linker.tls = s;
        linker.tls_end = s->addr + s->len;
        if (s->type == SHT_NOBITS)
            return at;                          /* takes no room in the image */
        linker.tls_image = linker.tls_end;
    }
    return s->out_offset + s->len;
}

static void layout(Layout *l) {
    static int first_rank[] = { 0, 1, 2, RANKS };
    for (Section *s = linker.out->sections; s; s = s->next) {
        s->index = section_rank(s);
        if (s->flags & SHF_TLS)
            linker.tls_align = larger(linker.tls_align, s->align);
    }
    l->nphdrs = linker.tls_align ? 5 : 4;       /* three segments, thread-local data, the stack's protection */
    long at = EHDR_SIZE + l->nphdrs * PHDR_SIZE;
    for (int i = 0; i < SEGMENTS; i++) {
        at = i ? (at + FILE_PAGE - 1) & -FILE_PAGE : at;
        l->start[i] = i ? at : 0;
        l->file_end[i] = at;
        for (int rank = first_rank[i]; rank < first_rank[i + 1]; rank++)
            for (Section *s = linker.out->sections; s; s = s->next)
                if (s->index == rank) {
                    at = place_output(s, i, at);
                    if (s->type != SHT_NOBITS)
                        l->file_end[i] = at;
                }
        l->end[i] = at;
    }
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

static void define_symbols(Layout *l) {
    static char *arrays[] = { "preinit_array", "init_array", "fini_array", "rela_iplt" };
    static char *names[] = { "_etext", "_edata", "_end" };
    long ends[3];
    ends[0] = address_in(1, l->end[1]);
    ends[1] = address_in(2, l->file_end[2]);
    ends[2] = address_in(2, l->end[2]);
    for (int i = 0; i < 3; i++) {
        define_at(names[i], ends[i]);
        define_at(names[i] + 1, ends[i]);
    }
    define_at("__bss_start", ends[1]);
    define_at("__ehdr_start", BASE_ADDRESS);
    define_at("__executable_start", BASE_ADDRESS);
    if (linker.got)
        define_at("_GLOBAL_OFFSET_TABLE_", linker.got->addr);
    for (int i = 0; i < 4; i++) {
        Section *s = obj_find_section(linker.out, str_join(".", arrays[i], ""));
        define_bounds(str_join("__", arrays[i], "_start"), str_join("__", arrays[i], "_end"), s);
    }
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
    long align = larger(linker.tls_align, 1);
    long start = linker.tls ? linker.tls->addr : 0;
    if (linker.out->machine == MACH_X86_64)
        return addr - (start + ((linker.tls_end - start + align - 1) & -align));
    return addr - start + ((16 + align - 1) & -align);
}

/* s starts at `offset` of its output section */
static void relocate(Section *s, long offset) {
    for (long i = 0; i < s->nrelocs; i++) {
        Reloc *r = &s->relocs[i];
        RelocKind *k = reloc_kind(r->type);
        long at = offset + r->offset;
        if (r->type == 0 || r->type == 256)
            continue;
        if (!k)
            fatal_at(s->obj->file, 0, "relocation type %s is not supported", str_number(r->type));
        if (r->offset + (k->at == BYTES ? k->bits / 8 : 4) > s->len)
            fatal_at(s->obj->file, 0, "relocation outside its section%s", "");
        Symbol *y = resolved(r->sym);
        long value = k->of == OF_GOT ? linker.got->addr + y->got - 1
                     : k->of == OF_GOT_TP ? linker.got->addr + y->got_tp - 1 : symbol_address(y, s);
        if (k->of == OF_TP)
            value = thread_offset(value);
        if (y->place == PLACE_UNDEF && (r->type == R_AARCH64_CALL26 || r->type == R_AARCH64_JUMP26))
            value = s->out->addr + at + 4;      /* a call of a weak undefined symbol does nothing */
        char *wrong = reloc_apply(r->type, s->out->data + at, value + r->addend, s->out->addr + at);
        if (wrong)
            fatal_at(s->obj->file, 0, wrong, r->sym->name[0] ? r->sym->name : s->name);
    }
}

/* ---- writing ---- */

static void program_header(Section *out, int type, int flags, long offset, long addr, long file_size, long mem_size,
                           long align) {
    sec_two(out, 4, type, flags);
    sec_two(out, 8, offset, addr);
    sec_two(out, 8, addr, file_size);
    sec_two(out, 8, mem_size, align);
}

static Section *output_image(Layout *l, long entry) {
    static int protections[] = { 4, 5, 6 };     /* PF_R 4, PF_W 2, PF_X 1 */
    Section *out = byte_buffer();
    elf_header(out, linker.out->machine, 2, entry, l->nphdrs, 0, 0);
    for (int i = 0; i < SEGMENTS; i++) {
        long start = l->start[i];
        program_header(out, l->end[i] > start ? PT_LOAD : 0, protections[i], start, address_in(i, start),
                       l->file_end[i] - start, l->end[i] - start, MAX_PAGE);
    }
    Section *tls = linker.tls;
    if (tls)
        program_header(out, PT_TLS, 4, tls->out_offset, tls->addr, linker.tls_image ? linker.tls_image - tls->addr : 0,
                       linker.tls_end - tls->addr, linker.tls_align);
    program_header(out, PT_GNU_STACK, 6, 0, 0, 0, 0, 16);
    sec_zero(out, l->file_end[2] - out->len);
    for (Section *s = linker.out->sections; s; s = s->next)
        if (s->type != SHT_NOBITS)
            mem_copy(out->data + s->out_offset, s->data, s->len);
    return out;
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
    make_got();
    Layout l;
    layout(&l);
    define_symbols(&l);
    report_undefined();
    for (Section *s = linker.inputs; s; s = s->next_input)
        relocate(s, s->out_offset);
    if (linker.got)
        relocate(linker.got, 0);
    Section *image = output_image(&l, symbol_address(start, 0));
    write_whole(path, image->data, image->len, 1);
}

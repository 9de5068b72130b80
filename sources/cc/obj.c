/* SPDX-License-Identifier: MIT
 *
 * Building an object in memory: sections, symbols, relocations. */

enum { HASH_SIZE = 16384 };

/* n little-endian bytes, zero extended */
long get_le(unsigned char *p, int n) {
    unsigned long v = 0;
    while (n > 0)
        v = v << 8 | p[--n];
    return v;
}

void put_le(unsigned char *p, int n, long v) {
    if (n == 4)                 /* by far the most frequent */
        *(int *)p = v;
    else
        for (; n > 0; n--) {
            *p++ = v;
            v = v >> 8;
        }
}

/* A list of n elements with room for one more; *room is for how many there is. */
void *grow(void *list, int n, int *room, long size) {
    if (n < *room)
        return list;
    *room = n * 2 + 64;
    void *more = xalloc(*room * size);
    mem_copy(more, list, n * size);
    return more;
}

/* ---- sections ---- */

/* a buffer of bytes that belongs to no object */
Section *byte_buffer(void) {
    Section *s = xalloc(sizeof(Section));
    s->type = SHT_PROGBITS;
    s->align = 1;
    return s;
}

/* even if there is one of that name */
Section *sec_new(Obj *o, char *name, int type, long flags) {
    Section *s = byte_buffer();
    s->name = name;
    s->obj = o;
    s->type = type;
    s->flags = flags;
    if (o->last_section)
        o->last_section->next = s;
    else
        o->sections = s;
    o->last_section = s;
    return s;
}

/* found by name, or null */
Section *obj_find_section(Obj *o, char *name) {
    Section *s = o->sections;
    while (s && !str_eq(s->name, name))
        s = s->next;
    return s;
}

/* found by name, else made */
Section *obj_section(Obj *o, char *name, int type, long flags) {
    Section *s = obj_find_section(o, name);
    return s ? s : sec_new(o, name, type, flags);
}

/* without the first three sections */
Obj *obj_empty(int machine, char *file) {
    Obj *o = xalloc(sizeof(Obj));
    o->file = file;
    o->machine = machine;
    return o;
}

Obj *obj_new(int machine, char *file) {
    Obj *o = obj_empty(machine, file);
    o->text = sec_new(o, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXEC);
    o->data = sec_new(o, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
    o->bss = sec_new(o, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE);
    return o;
}

/* room for n bytes more, which will be data: a .bss that gets some becomes a section with content */
static unsigned char *sec_grow(Section *s, long n) {
    s->type = s->type == SHT_NOBITS ? SHT_PROGBITS : s->type;
    if (s->len + n > s->cap) {
        long cap = s->cap * 2 > s->len + n + 64 ? s->cap * 2 : s->len + n + 64;
        unsigned char *data = xalloc(cap);
        if (s->data)
            mem_copy(data, s->data, s->len);
        s->data = data;
        s->cap = cap;
    }
    s->len += n;
    return s->data + s->len - n;
}

void sec_le(Section *s, int n, long v) {
    put_le(sec_grow(s, n), n, v);
}

/* two fields of n bytes */
void sec_two(Section *s, int n, long a, long b) {
    sec_le(s, n, a);
    sec_le(s, n, b);
}

void sec_bytes(Section *s, void *p, long n) {
    mem_copy(sec_grow(s, n), p, n);
}

void sec_zero(Section *s, long n) {
    if (s->type == SHT_NOBITS)
        s->len += n;
    else
        mem_set(sec_grow(s, n), 0, n);
}

/* pads code with nops, other things with zeros */
void sec_align(Section *s, long align) {
    s->align = larger(s->align, align);
    long pad = -s->len & (align - 1);
    int nop = !(s->flags & SHF_EXEC) ? 0 : s->obj->machine == MACH_AARCH64 ? 4 : 1;
    sec_zero(s, nop ? pad & (nop - 1) : pad);
    for (pad = nop ? pad & -nop : 0; pad; pad -= nop)
        sec_le(s, nop, nop == 4 ? 0xd503201f : 0x90);
}

void sec_reloc(Section *s, long offset, int type, Symbol *sym, long addend) {
    s->relocs = grow(s->relocs, s->nrelocs, &s->caprelocs, sizeof(Reloc));
    Reloc *r = &s->relocs[s->nrelocs++];
    r->offset = offset;
    r->type = type;
    r->sym = sym;
    r->minus = 0;
    r->addend = addend;
    sym->used = 1;
}

/* ---- the section that the assembler and the code generators fill ---- */

Section *here;

void emit8(long v) {
    if (here->len < here->cap && here->type != SHT_NOBITS)
        here->data[here->len++] = v;
    else
        sec_le(here, 1, v);
}

void emit_le(int n, long v) {
    sec_le(here, n, v);
}

/* for what comes next */
void emit_reloc(int type, Symbol *sym, long addend) {
    sec_reloc(here, here->len, type, sym, addend);
}

/* ---- symbols ---- */

void sym_define(Symbol *y, Section *s, long value) {
    y->place = PLACE_SECTION;
    y->sec = s;
    y->value = value;
}

/* y, that is PLACE_COMMON, gets its place */
void sym_place_common(Symbol *y, Section *bss) {
    sec_align(bss, y->value);
    sym_define(y, bss, bss->len);
    sec_zero(bss, y->size);
}

/* y is target's place, value, size, type; target must be defined */
void sym_alias(Symbol *y, Symbol *target) {
    y->place = target->place;
    y->sec = target->sec;
    y->value = target->value;
    y->size = target->size;
    y->type = target->type;
}

/* y, that is PLACE_ALIAS, takes its target's place, once that has one */
void sym_settle(Symbol *y) {
    long add = y->value;
    if (y->global->place == PLACE_ALIAS)
        sym_settle(y->global);
    if (y->global->place == PLACE_UNDEF)
        fatal("undefined symbol %s in an expression", y->global->name);
    sym_alias(y, y->global);
    y->value += add;
    y->global = 0;
}

/* made, not entered in the hash table */
Symbol *obj_new_symbol(Obj *o, char *name) {
    Symbol *y = xalloc(sizeof(Symbol));
    y->name = name;
    if (o->last_symbol)
        o->last_symbol->next = y;
    else
        o->symbols = y;
    o->last_symbol = y;
    o->nsymbols++;
    return y;
}

/* a fresh nameless label: never written to a file */
Symbol *obj_local(Obj *o) {
    return obj_new_symbol(o, "");
}

static unsigned int hash_name(char *name) {
    unsigned int h = 5381;
    for (unsigned char *p = (unsigned char *)name; *p; p++)
        h = h * 33 + *p;
    return h ^ h >> 15;
}

/* found, or null */
Symbol *obj_find(Obj *o, char *name) {
    unsigned int hash = hash_name(name);
    for (Symbol *y = o->hash ? o->hash[hash % HASH_SIZE] : 0; y; y = y->hash_next)
        if (y->hash == hash && str_eq(y->name, name))
            return y;
    return 0;
}

/* found by name, else made, undefined */
Symbol *obj_symbol(Obj *o, char *name) {
    Symbol *y = obj_find(o, name);
    if (y)
        return y;
    if (!o->hash)
        o->hash = xalloc(HASH_SIZE * sizeof(Symbol *));
    y = obj_new_symbol(o, name);
    y->hash = hash_name(name);
    y->hash_next = o->hash[y->hash % HASH_SIZE];
    o->hash[y->hash % HASH_SIZE] = y;
    return y;
}

/* the section's own symbol */
Symbol *sec_symbol(Section *s) {
    if (!s->sym) {
        s->sym = obj_local(s->obj);
        s->sym->type = STT_SECTION;
        sym_define(s->sym, s, 0);
    }
    return s->sym;
}

/* .L or nameless: not for the file */
int sym_is_temporary(Symbol *y) {
    return y->binding == STB_LOCAL && (!y->name[0] || y->name[0] == '.' && y->name[1] == 'L') && y->type != STT_SECTION;
}

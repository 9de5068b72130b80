/* SPDX-License-Identifier: MIT
 *
 * Building an object in memory: sections, symbols, relocations.
 */

long get_le(unsigned char *p, int n) {
    unsigned long v = 0;
    while (n > 0) {
        n--;
        v = v << 8 | p[n];
    }
    return v;
}

void put_le(unsigned char *p, int n, long v) {
    for (int i = 0; i < n; i++) {
        p[i] = v;
        v = v >> 8;
    }
}

/* ---- sections ---- */

Section *sec_new(Obj *o, char *name, int type, long flags) {
    Section *s = xalloc(sizeof(Section));
    s->name = name;
    s->obj = o;
    s->type = type;
    s->flags = flags;
    s->align = 1;
    if (o->last_section)
        o->last_section->next = s;
    else
        o->sections = s;
    o->last_section = s;
    return s;
}

Section *obj_section(Obj *o, char *name, int type, long flags) {
    for (Section *s = o->sections; s; s = s->next)
        if (str_eq(s->name, name))
            return s;
    return sec_new(o, name, type, flags);
}

Obj *obj_empty(int machine, char *file) {
    Obj *o = xalloc(sizeof(Obj));
    o->file = file;
    o->machine = machine;
    o->nhash = 256;
    o->hash = xalloc(o->nhash * sizeof(Symbol *));
    return o;
}

Obj *obj_new(int machine, char *file) {
    Obj *o = obj_empty(machine, file);
    o->text = sec_new(o, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXEC);
    o->data = sec_new(o, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
    o->bss = sec_new(o, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE);
    return o;
}

void sec_reserve(Section *s, long more) {
    if (s->len + more <= s->cap)
        return;
    long cap = s->cap * 2;
    if (cap < s->len + more + 64)
        cap = s->len + more + 64;
    unsigned char *data = xalloc(cap);
    if (s->data)
        mem_copy(data, s->data, s->len);
    s->data = data;
    s->cap = cap;
}

static void sec_le(Section *s, int n, long v) {
    if (s->type == SHT_NOBITS)
        s->type = SHT_PROGBITS;         /* data for .bss: it becomes a section with content */
    sec_reserve(s, n);
    put_le(s->data + s->len, n, v);
    s->len += n;
}

void sec_u8(Section *s, long v) {
    if (s->len >= s->cap || s->type == SHT_NOBITS)
        sec_le(s, 1, v);
    else {
        s->data[s->len] = v;
        s->len++;
    }
}

void sec_u16(Section *s, long v) {
    sec_le(s, 2, v);
}

void sec_u32(Section *s, long v) {
    sec_le(s, 4, v);
}

void sec_u64(Section *s, long v) {
    sec_le(s, 8, v);
}

void sec_bytes(Section *s, char *p, long n) {
    sec_reserve(s, n);
    mem_copy(s->data + s->len, p, n);
    s->len += n;
    if (s->type == SHT_NOBITS)
        s->type = SHT_PROGBITS;
}

void sec_zero(Section *s, long n) {
    if (s->type != SHT_NOBITS) {
        sec_reserve(s, n);
        mem_set(s->data + s->len, 0, n);
    }
    s->len += n;
}

void sec_align(Section *s, long align) {
    if (align > s->align)
        s->align = align;
    long pad = -s->len & (align - 1);
    if (!(s->flags & SHF_EXEC)) {
        sec_zero(s, pad);
        return;
    }
    if (s->obj->machine == MACH_AARCH64) {
        sec_zero(s, pad & 3);
        for (pad = pad & ~3; pad; pad -= 4)
            sec_u32(s, 0xd503201f);
    } else
        for (; pad; pad--)
            sec_u8(s, 0x90);
}

void sec_reloc(Section *s, long offset, int type, Symbol *sym, long addend) {
    if (s->nrelocs == s->caprelocs) {
        s->caprelocs = s->caprelocs * 2 + 16;
        Reloc *relocs = xalloc(s->caprelocs * sizeof(Reloc));
        if (s->nrelocs)
            mem_copy(relocs, s->relocs, s->nrelocs * sizeof(Reloc));
        s->relocs = relocs;
    }
    Reloc *r = &s->relocs[s->nrelocs];
    s->nrelocs++;
    r->offset = offset;
    r->type = type;
    r->sym = sym;
    r->addend = addend;
    sym->used = 1;
}

/* ---- the section that the assembler and the code generators fill ---- */

Section *here;

void emit8(long v) {
    sec_u8(here, v);
}

void emit_le(int n, long v) {
    sec_le(here, n, v);
}

void emit_reloc(int type, Symbol *sym, long addend) {
    sec_reloc(here, here->len, type, sym, addend);
}

/* ---- symbols ---- */

static unsigned int hash_name(char *name) {
    unsigned int h = 5381;
    for (unsigned char *p = (unsigned char *)name; *p; p++)
        h = h * 33 + *p;
    return h ^ h >> 15;
}

static void grow_hash(Obj *o) {
    long n = o->nhash * 4;
    Symbol **table = xalloc(n * sizeof(Symbol *));
    for (long i = 0; i < o->nhash; i++) {
        Symbol *y = o->hash[i];
        while (y) {
            Symbol *next = y->hash_next;
            y->hash_next = table[y->hash & (n - 1)];
            table[y->hash & (n - 1)] = y;
            y = next;
        }
    }
    o->hash = table;
    o->nhash = n;
}

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

static Symbol *find_hashed(Obj *o, char *name, unsigned int hash) {
    for (Symbol *y = o->hash[hash & (o->nhash - 1)]; y; y = y->hash_next)
        if (y->hash == hash && str_eq(y->name, name))
            return y;
    return 0;
}

Symbol *obj_find(Obj *o, char *name) {
    return find_hashed(o, name, hash_name(name));
}

Symbol *obj_symbol(Obj *o, char *name) {
    unsigned int hash = hash_name(name);
    Symbol *y = find_hashed(o, name, hash);
    if (y)
        return y;
    if (o->nsymbols > o->nhash)
        grow_hash(o);
    y = obj_new_symbol(o, name);
    y->hash = hash;
    y->hash_next = o->hash[hash & (o->nhash - 1)];
    o->hash[hash & (o->nhash - 1)] = y;
    return y;
}

Symbol *obj_local(Obj *o) {
    return obj_new_symbol(o, "");
}

Symbol *sec_symbol(Section *s) {
    if (!s->sym) {
        s->sym = obj_new_symbol(s->obj, "");
        s->sym->type = STT_SECTION;
        sym_define(s->sym, s, 0);
    }
    return s->sym;
}

void sym_define(Symbol *y, Section *s, long value) {
    y->place = PLACE_SECTION;
    y->sec = s;
    y->value = value;
}

void sym_common(Symbol *y, long size, long align) {
    y->place = PLACE_COMMON;
    y->type = STT_OBJECT;
    y->size = size;
    y->value = align;
}

void sym_alias(Symbol *y, Symbol *target) {
    y->place = target->place;
    y->sec = target->sec;
    y->value = target->value;
    y->size = target->size;
    y->type = target->type;
}

/* ---- relocations that need no linker ----
 * A pc-relative reference to a local label of the same section is settled
 * here, and its relocation dropped.  The others that name a nameless or .L
 * label are turned to the section's symbol, so that the label need not be
 * written. */

int sym_is_temporary(Symbol *y) {
    return y->binding == STB_LOCAL && (!y->name[0] || y->name[0] == '.' && y->name[1] == 'L') && y->type != STT_SECTION;
}

void obj_resolve(Obj *o) {
    for (Section *s = o->sections; s; s = s->next) {
        long kept = 0;
        for (long i = 0; i < s->nrelocs; i++) {
            Reloc *r = &s->relocs[i];
            Symbol *y = r->sym;
            if (y->place == PLACE_SECTION && y->sec == s && y->binding == STB_LOCAL
                && reloc_is_pcrel(r->type)) {
                char *wrong = reloc_apply(r->type, s->data + r->offset, y->value + r->addend, r->offset);
                if (wrong)
                    fatal_at(o->file, 0, wrong, y->name);
                continue;
            }
            if (y->place == PLACE_SECTION && sym_is_temporary(y) && !(y->sec->flags & SHF_MERGE)) {
                r->addend += y->value;
                r->sym = sec_symbol(y->sec);
                r->sym->used = 1;
            }
            mem_copy(&s->relocs[kept], r, sizeof(Reloc));
            kept++;
        }
        s->nrelocs = kept;
    }
}

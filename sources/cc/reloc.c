/* SPDX-License-Identifier: MIT
 *
 * Relocation types: what each computes and where it puts the bits.  The numbers of the two machines do not overlap, so
 * one table serves both.
 */

enum { R_X86_64_64 = 1, R_X86_64_PC32 = 2, R_X86_64_PLT32 = 4, R_X86_64_GOTPCREL = 9, R_X86_64_32 = 10,
       R_X86_64_32S = 11, R_X86_64_PC8 = 15, R_X86_64_TPOFF64 = 18, R_X86_64_GOTTPOFF = 22, R_X86_64_TPOFF32 = 23 };
enum { R_AARCH64_ABS64 = 257, R_AARCH64_ADR_PREL_PG_HI21 = 275, R_AARCH64_ADD_ABS_LO12_NC = 277,
       R_AARCH64_LDST8_ABS_LO12_NC = 278, R_AARCH64_CONDBR19 = 280, R_AARCH64_JUMP26 = 282, R_AARCH64_CALL26 = 283,
       R_AARCH64_LDST128_ABS_LO12_NC = 299, R_AARCH64_ADR_GOT_PAGE = 311, R_AARCH64_LD64_GOT_LO12_NC = 312,
       R_AARCH64_TLSLE_ADD_TPREL_HI12 = 549, R_AARCH64_TLSLE_ADD_TPREL_LO12_NC = 551 };

/* what S stands for: the symbol, its slot in the GOT, its offset from the thread pointer, or the slot with that */
enum { OF_SYM = 0, OF_GOT = 1, OF_TP = 2, OF_GOT_TP = 3 };
/* the value: S + A, S + A - P, the distance of the two pages, or the low 12 bits */
enum { AS_IS = 0, FROM_HERE = 1, PAGES = 2, IN_PAGE = 3 };
/* what must hold of the value cut to `bits` bits after the shift */
enum { ANY = 0, SIGNED = 1, UNSIGNED = 2, EITHER = 3 };
/* where: `bits` bits at bit `at` of a 32-bit instruction; or whole bytes; or ADR's split field */
enum { BYTES = -1, ADR_FIELD = -2 };

typedef struct RelocKind RelocKind;
struct RelocKind {
    int of, value;
    int shift;                  /* bits dropped at the low end; they must be zero where there are less than 12 */
    int bits, at, check;
};

/* Name and number of each type; S, G, T or I, the four of the first list above; nothing, -, p or l, those of the
 * second; bits; @ and the lowest bit, or a for ADR's field, or nothing: bytes; > and a shift; s, u or e: checks. */
static char *reloc_table =
    "64 1 S 64; PC32 2 S- 32s; PLT32 4 S- 32s; GOTPCREL 9 G- 32s; 32 10 S 32u; 32S 11 S 32s; 16 12 S 16e;"
    "PC16 13 S- 16s; 8 14 S 8e; PC8 15 S- 8s; TPOFF64 18 T 64; GOTTPOFF 22 I- 32s; TPOFF32 23 T 32s; PC64 24 S- 64;"
    "GOTPCRELX 41 G- 32s; REX_GOTPCRELX 42 G- 32s; ABS64 257 S 64; ABS32 258 S 32e; ABS16 259 S 16e;"
    "PREL64 260 S- 64; PREL32 261 S- 32e; PREL16 262 S- 16e; MOVW_UABS_G0 263 S 16@5u; MOVW_UABS_G0_NC 264 S 16@5;"
    "MOVW_UABS_G1 265 S 16@5>16u; MOVW_UABS_G1_NC 266 S 16@5>16; MOVW_UABS_G2 267 S 16@5>32u;"
    "MOVW_UABS_G2_NC 268 S 16@5>32; MOVW_UABS_G3 269 S 16@5>48; LD_PREL_LO19 273 S- 19@5>2s;"
    "ADR_PREL_LO21 274 S- 21as; ADR_PREL_PG_HI21 275 Sp 21a>12s; ADR_PREL_PG_HI21_NC 276 Sp 21a>12;"
    "ADD_ABS_LO12_NC 277 Sl 12@10; LDST8_ABS_LO12_NC 278 Sl 12@10; TSTBR14 279 S- 14@5>2s; CONDBR19 280 S- 19@5>2s;"
    "JUMP26 282 S- 26@0>2s; CALL26 283 S- 26@0>2s; LDST16_ABS_LO12_NC 284 Sl 11@10>1u;"
    "LDST32_ABS_LO12_NC 285 Sl 10@10>2u; LDST64_ABS_LO12_NC 286 Sl 9@10>3u; LDST128_ABS_LO12_NC 299 Sl 8@10>4u;"
    "ADR_GOT_PAGE 311 Gp 21a>12s; LD64_GOT_LO12_NC 312 Gl 9@10>3u; TLSIE_ADR_GOTTPREL_PAGE21 541 Ip 21a>12s;"
    "TLSIE_LD64_GOTTPREL_LO12_NC 542 Il 9@10>3u; TLSLE_MOVW_TPREL_G2 544 T 16@5>32;"
    "TLSLE_MOVW_TPREL_G1 545 T 16@5>16u; TLSLE_MOVW_TPREL_G1_NC 546 T 16@5>16; TLSLE_MOVW_TPREL_G0 547 T 16@5u;"
    "TLSLE_MOVW_TPREL_G0_NC 548 T 16@5; TLSLE_ADD_TPREL_HI12 549 T 12@10>12u; TLSLE_ADD_TPREL_LO12 550 T 12@10u;"
    "TLSLE_ADD_TPREL_LO12_NC 551 Tl 12@10; TLSLE_LDST8_TPREL_LO12_NC 553 Tl 12@10;"
    "TLSLE_LDST16_TPREL_LO12_NC 555 Tl 11@10>1u; TLSLE_LDST32_TPREL_LO12_NC 557 Tl 10@10>2u;"
    "TLSLE_LDST64_TPREL_LO12_NC 559 Tl 9@10>3u; TLSLE_LDST128_TPREL_LO12_NC 571 Tl 8@10>4u;";

enum { RELOC_TYPES = 600 };
static RelocKind reloc_kinds[RELOC_TYPES];      /* bits == 0: there is no such type */

/* where c is among the letters, or -1 */
static int letter_index(char *letters, int c) {
    for (int i = 0; letters[i]; i++)
        if (letters[i] == c)
            return i;
    return -1;
}

static void read_relocs_table(void) {
    for (char *p = reloc_table; *p; p++) {
        while (*p++ != ' ') {
        }
        RelocKind *k = &reloc_kinds[digits(&p, 10, 9)];
        k->of = letter_index("SGTI", p[1]);
        k->value = letter_index(" -pl", p[2]);
        p += k->value ? 4 : 3;
        k->bits = digits(&p, 10, 9);
        k->at = *p == 'a' ? ADR_FIELD : BYTES;
        p += *p == 'a';
        for (; *p != ';' && *p != ' '; p++)
            if (*p == '@' || *p == '>') {
                int *field = *p == '@' ? &k->at : &k->shift;
                p++;
                *field = digits(&p, 10, 9);
                p--;
            } else
                k->check = letter_index(" sue", *p);
        p += p[1] == ' ';
    }
}

/* null: not a type that we know */
RelocKind *reloc_kind(int type) {
    if (!reloc_kinds[1].bits)
        read_relocs_table();
    return type > 0 && type < RELOC_TYPES && reloc_kinds[type].bits ? &reloc_kinds[type] : 0;
}

/* the type whose value (AS_IS or FROM_HERE) is put as n bytes */
int reloc_bytes(int machine, int n, int value) {
    for (int type = machine == MACH_X86_64 ? 1 : R_AARCH64_ABS64; type < RELOC_TYPES; type++) {
        RelocKind *k = reloc_kind(type);
        if (k && k->of == OF_SYM && k->value == value && k->at == BYTES && k->bits == n * 8)
            return type;
    }
    fatal("no relocation has %s bytes", str_number(n));
    return 0;
}

/* Stores at p what a relocation of `type` asks for: S + A is `value`, the place's address is `place`. Returns null, or
 * what is wrong. */
char *reloc_apply(int type, unsigned char *p, long value, long place) {
    RelocKind *k = reloc_kind(type);
    if (!k)
        return "unknown relocation type for %s";
    if (k->value == FROM_HERE)
        value -= place;
    else if (k->value == PAGES)
        value = (value & ~0xfff) - (place & ~0xfff);
    else if (k->value == IN_PAGE)
        value = value & 0xfff;
    if (k->shift && k->shift < 12 && value & ((1L << k->shift) - 1))
        return "misaligned address of %s";
    value = value >> k->shift;
    if (k->check != ANY) {
        long over = value >> (k->bits - 1);             /* all bits from the sign bit on */
        int fits_signed = over == 0 || over == -1;
        int fits_unsigned = over >> 1 == 0;
        if (!(k->check & SIGNED && fits_signed || k->check & UNSIGNED && fits_unsigned))
            return "relocation out of range for %s";
    }
    if (k->at == BYTES) {
        put_le(p, k->bits / 8, value);
        return 0;
    }
    unsigned int mask = k->at == ADR_FIELD ? 0x60ffffe0 : ((1 << k->bits) - 1) << k->at;
    unsigned int field = k->at == ADR_FIELD ? (value & 3) << 29 | (value >> 2 & 0x7ffff) << 5 : value << k->at;
    put_le(p, 4, get_le(p, 4) & ~mask | field & mask);
    return 0;
}

/* ---- relocations that need no linker ---- */

/* A difference of labels: true when it is a constant. From a label of s it becomes a distance. */
static int settle_difference(Obj *o, Section *s, Reloc *r) {
    Symbol *y = r->sym, *minus = r->minus;
    if (minus->place != PLACE_SECTION || minus->sec != s && minus->sec != y->sec)
        fatal_at(o->file, 0, "undefined symbol %s in an expression", minus->name);
    if (y->place == PLACE_SECTION && y->sec == minus->sec) {
        put_le(s->data + r->offset, r->type, y->value - minus->value + r->addend);
        return 1;
    }
    r->addend += r->offset - minus->value;
    r->type = reloc_bytes(o->machine, r->type, FROM_HERE);
    r->minus = 0;
    return 0;
}

/* A pc-relative reference to a local label of the same section is settled here, and its relocation dropped.  The others
 * that name a nameless or .L label are turned to the section's symbol, so that the label need not be written. */
void obj_resolve(Obj *o) {
    for (Symbol *y = o->symbols; y; y = y->next)
        if (y->place == PLACE_ALIAS)
            sym_settle(y);
    for (Section *s = o->sections; s; s = s->next) {
        long kept = 0;
        for (long i = 0; i < s->nrelocs; i++) {
            Reloc *r = &s->relocs[i];
            Symbol *y = r->sym;
            if (r->minus && settle_difference(o, s, r))
                continue;
            RelocKind *k = reloc_kind(r->type);
            int placed = y->place == PLACE_SECTION;
            if (placed && y->sec == s && y->binding == STB_LOCAL && k && k->of == OF_SYM && k->value == FROM_HERE) {
                char *wrong = reloc_apply(r->type, s->data + r->offset, y->value + r->addend, r->offset);
                if (wrong)
                    fatal_at(o->file, 0, wrong, y->name);
                continue;
            }
            if (placed && sym_is_temporary(y) && !(y->sec->flags & SHF_MERGE)) {
                r->addend += y->value;
                r->sym = sec_symbol(y->sec);
                r->sym->used = 1;
            }
            mem_copy(&s->relocs[kept++], r, sizeof(Reloc));
        }
        s->nrelocs = kept;
    }
}

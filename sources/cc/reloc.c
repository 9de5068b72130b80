/* SPDX-License-Identifier: MIT
 *
 * Relocation types: what each computes and where it puts the bits, one line a
 * type.  The numbers of the two machines do not overlap, so one table serves both.
 */

enum { R_X86_64_64 = 1, R_X86_64_PC32 = 2, R_X86_64_PLT32 = 4, R_X86_64_GOTPCREL = 9, R_X86_64_32 = 10,
       R_X86_64_32S = 11, R_X86_64_16 = 12, R_X86_64_PC16 = 13, R_X86_64_8 = 14, R_X86_64_PC8 = 15,
       R_X86_64_TPOFF64 = 18, R_X86_64_GOTTPOFF = 22, R_X86_64_TPOFF32 = 23, R_X86_64_PC64 = 24 };
enum { R_AARCH64_ABS64 = 257, R_AARCH64_ABS32 = 258, R_AARCH64_ABS16 = 259, R_AARCH64_PREL64 = 260,
       R_AARCH64_PREL32 = 261, R_AARCH64_PREL16 = 262, R_AARCH64_LD_PREL_LO19 = 273, R_AARCH64_ADR_PREL_LO21 = 274,
       R_AARCH64_ADR_PREL_PG_HI21 = 275, R_AARCH64_ADD_ABS_LO12_NC = 277, R_AARCH64_LDST8_ABS_LO12_NC = 278,
       R_AARCH64_TSTBR14 = 279, R_AARCH64_CONDBR19 = 280, R_AARCH64_JUMP26 = 282, R_AARCH64_CALL26 = 283,
       R_AARCH64_LDST128_ABS_LO12_NC = 299, R_AARCH64_ADR_GOT_PAGE = 311, R_AARCH64_LD64_GOT_LO12_NC = 312,
       R_AARCH64_TLSLE_ADD_TPREL_HI12 = 549, R_AARCH64_TLSLE_ADD_TPREL_LO12_NC = 551 };

/* what S stands for: the symbol, its slot in the GOT, its offset from the thread
 * pointer, or the slot that holds that */
enum { OF_SYM = 0, OF_GOT = 1, OF_TP = 2, OF_GOT_TP = 3 };
/* the value: S + A, S + A - P, the distance of the two pages, or the low 12 bits */
enum { AS_IS = 0, FROM_HERE = 1, PAGES = 2, IN_PAGE = 3 };
/* what must hold of the value cut to `bits` bits after the shift */
enum { ANY = 0, SIGNED = 1, UNSIGNED = 2, EITHER = 3 };
/* where: `bits` bits at bit `at` of a 32-bit instruction; or whole bytes; or ADR's split field */
enum { BYTES = -1, ADR_FIELD = -2 };

typedef struct RelocKind RelocKind;
struct RelocKind {
    int type;
    int of;
    int value;
    int shift;                  /* bits dropped at the low end; they must be zero where there are less than 12 */
    int bits;
    int at;
    int check;
};

static RelocKind reloc_kinds[] = {
    { 1, OF_SYM, AS_IS, 0, 64, BYTES, ANY },                    /* R_X86_64_64 */
    { 2, OF_SYM, FROM_HERE, 0, 32, BYTES, SIGNED },             /* PC32 */
    { 4, OF_SYM, FROM_HERE, 0, 32, BYTES, SIGNED },             /* PLT32 */
    { 9, OF_GOT, FROM_HERE, 0, 32, BYTES, SIGNED },             /* GOTPCREL */
    { 10, OF_SYM, AS_IS, 0, 32, BYTES, UNSIGNED },              /* 32 */
    { 11, OF_SYM, AS_IS, 0, 32, BYTES, SIGNED },                /* 32S */
    { 12, OF_SYM, AS_IS, 0, 16, BYTES, EITHER },                /* 16 */
    { 13, OF_SYM, FROM_HERE, 0, 16, BYTES, SIGNED },            /* PC16 */
    { 14, OF_SYM, AS_IS, 0, 8, BYTES, EITHER },                 /* 8 */
    { 15, OF_SYM, FROM_HERE, 0, 8, BYTES, SIGNED },             /* PC8 */
    { 18, OF_TP, AS_IS, 0, 64, BYTES, ANY },                    /* TPOFF64 */
    { 22, OF_GOT_TP, FROM_HERE, 0, 32, BYTES, SIGNED },         /* GOTTPOFF */
    { 23, OF_TP, AS_IS, 0, 32, BYTES, SIGNED },                 /* TPOFF32 */
    { 24, OF_SYM, FROM_HERE, 0, 64, BYTES, ANY },               /* PC64 */
    { 41, OF_GOT, FROM_HERE, 0, 32, BYTES, SIGNED },            /* GOTPCRELX */
    { 42, OF_GOT, FROM_HERE, 0, 32, BYTES, SIGNED },            /* REX_GOTPCRELX */
    { 257, OF_SYM, AS_IS, 0, 64, BYTES, ANY },                  /* R_AARCH64_ABS64 */
    { 258, OF_SYM, AS_IS, 0, 32, BYTES, EITHER },               /* ABS32 */
    { 259, OF_SYM, AS_IS, 0, 16, BYTES, EITHER },               /* ABS16 */
    { 260, OF_SYM, FROM_HERE, 0, 64, BYTES, ANY },              /* PREL64 */
    { 261, OF_SYM, FROM_HERE, 0, 32, BYTES, EITHER },           /* PREL32 */
    { 262, OF_SYM, FROM_HERE, 0, 16, BYTES, EITHER },           /* PREL16 */
    { 263, OF_SYM, AS_IS, 0, 16, 5, UNSIGNED },                 /* MOVW_UABS_G0 */
    { 264, OF_SYM, AS_IS, 0, 16, 5, ANY },                      /* MOVW_UABS_G0_NC */
    { 265, OF_SYM, AS_IS, 16, 16, 5, UNSIGNED },                /* MOVW_UABS_G1 */
    { 266, OF_SYM, AS_IS, 16, 16, 5, ANY },                     /* MOVW_UABS_G1_NC */
    { 267, OF_SYM, AS_IS, 32, 16, 5, UNSIGNED },                /* MOVW_UABS_G2 */
    { 268, OF_SYM, AS_IS, 32, 16, 5, ANY },                     /* MOVW_UABS_G2_NC */
    { 269, OF_SYM, AS_IS, 48, 16, 5, ANY },                     /* MOVW_UABS_G3 */
    { 273, OF_SYM, FROM_HERE, 2, 19, 5, SIGNED },               /* LD_PREL_LO19 */
    { 274, OF_SYM, FROM_HERE, 0, 21, ADR_FIELD, SIGNED },       /* ADR_PREL_LO21 */
    { 275, OF_SYM, PAGES, 12, 21, ADR_FIELD, SIGNED },          /* ADR_PREL_PG_HI21 */
    { 276, OF_SYM, PAGES, 12, 21, ADR_FIELD, ANY },             /* ADR_PREL_PG_HI21_NC */
    { 277, OF_SYM, IN_PAGE, 0, 12, 10, ANY },                   /* ADD_ABS_LO12_NC */
    { 278, OF_SYM, IN_PAGE, 0, 12, 10, ANY },                   /* LDST8_ABS_LO12_NC */
    { 279, OF_SYM, FROM_HERE, 2, 14, 5, SIGNED },               /* TSTBR14 */
    { 280, OF_SYM, FROM_HERE, 2, 19, 5, SIGNED },               /* CONDBR19 */
    { 282, OF_SYM, FROM_HERE, 2, 26, 0, SIGNED },               /* JUMP26 */
    { 283, OF_SYM, FROM_HERE, 2, 26, 0, SIGNED },               /* CALL26 */
    { 284, OF_SYM, IN_PAGE, 1, 11, 10, UNSIGNED },              /* LDST16_ABS_LO12_NC */
    { 285, OF_SYM, IN_PAGE, 2, 10, 10, UNSIGNED },              /* LDST32_ABS_LO12_NC */
    { 286, OF_SYM, IN_PAGE, 3, 9, 10, UNSIGNED },               /* LDST64_ABS_LO12_NC */
    { 299, OF_SYM, IN_PAGE, 4, 8, 10, UNSIGNED },               /* LDST128_ABS_LO12_NC */
    { 311, OF_GOT, PAGES, 12, 21, ADR_FIELD, SIGNED },          /* ADR_GOT_PAGE */
    { 312, OF_GOT, IN_PAGE, 3, 9, 10, UNSIGNED },               /* LD64_GOT_LO12_NC */
    { 541, OF_GOT_TP, PAGES, 12, 21, ADR_FIELD, SIGNED },       /* TLSIE_ADR_GOTTPREL_PAGE21 */
    { 542, OF_GOT_TP, IN_PAGE, 3, 9, 10, UNSIGNED },            /* TLSIE_LD64_GOTTPREL_LO12_NC */
    { 544, OF_TP, AS_IS, 32, 16, 5, ANY },                      /* TLSLE_MOVW_TPREL_G2 */
    { 545, OF_TP, AS_IS, 16, 16, 5, UNSIGNED },                 /* TLSLE_MOVW_TPREL_G1 */
    { 546, OF_TP, AS_IS, 16, 16, 5, ANY },                      /* TLSLE_MOVW_TPREL_G1_NC */
    { 547, OF_TP, AS_IS, 0, 16, 5, UNSIGNED },                  /* TLSLE_MOVW_TPREL_G0 */
    { 548, OF_TP, AS_IS, 0, 16, 5, ANY },                       /* TLSLE_MOVW_TPREL_G0_NC */
    { 549, OF_TP, AS_IS, 12, 12, 10, UNSIGNED },                /* TLSLE_ADD_TPREL_HI12 */
    { 550, OF_TP, AS_IS, 0, 12, 10, UNSIGNED },                 /* TLSLE_ADD_TPREL_LO12 */
    { 551, OF_TP, IN_PAGE, 0, 12, 10, ANY },                    /* TLSLE_ADD_TPREL_LO12_NC */
    { 553, OF_TP, IN_PAGE, 0, 12, 10, ANY },                    /* TLSLE_LDST8_TPREL_LO12_NC */
    { 555, OF_TP, IN_PAGE, 1, 11, 10, UNSIGNED },               /* TLSLE_LDST16_TPREL_LO12_NC */
    { 557, OF_TP, IN_PAGE, 2, 10, 10, UNSIGNED },               /* TLSLE_LDST32_TPREL_LO12_NC */
    { 559, OF_TP, IN_PAGE, 3, 9, 10, UNSIGNED },                /* TLSLE_LDST64_TPREL_LO12_NC */
    { 571, OF_TP, IN_PAGE, 4, 8, 10, UNSIGNED },                /* TLSLE_LDST128_TPREL_LO12_NC */
    { 0, 0, 0, 0, 0, 0, 0 }
};

enum { RELOC_TYPES = 600 };
static RelocKind *reloc_by_type[RELOC_TYPES];

/* null: not a type that we know */
RelocKind *reloc_kind(int type) {
    if (!reloc_by_type[1])
        for (RelocKind *k = reloc_kinds; k->type; k++)
            reloc_by_type[k->type] = k;
    return type >= 0 && type < RELOC_TYPES ? reloc_by_type[type] : 0;
}

/* the type of a plain address of n bytes */
int reloc_abs(int machine, int n) {
    if (machine == MACH_X86_64)
        return n == 8 ? R_X86_64_64 : n == 4 ? R_X86_64_32 : n == 2 ? R_X86_64_16 : R_X86_64_8;
    return n == 8 ? R_AARCH64_ABS64 : n == 4 ? R_AARCH64_ABS32 : R_AARCH64_ABS16;
}

/* that of a distance of n bytes */
int reloc_pcrel(int machine, int n) {
    if (machine == MACH_X86_64)
        return n == 8 ? R_X86_64_PC64 : n == 4 ? R_X86_64_PC32 : n == 2 ? R_X86_64_PC16 : R_X86_64_PC8;
    return n == 8 ? R_AARCH64_PREL64 : n == 4 ? R_AARCH64_PREL32 : R_AARCH64_PREL16;
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

/* ---- relocations that need no linker ----
 * A pc-relative reference to a local label of the same section is settled here, and its relocation dropped.  The others
 * that name a nameless or .L label are turned to the section's symbol, so that the label need not be written. */
void obj_resolve(Obj *o) {
    for (Section *s = o->sections; s; s = s->next) {
        long kept = 0;
        for (long i = 0; i < s->nrelocs; i++) {
            Reloc *r = &s->relocs[i];
            Symbol *y = r->sym;
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

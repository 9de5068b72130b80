/* SPDX-License-Identifier: MIT
 *
 * The object file in memory: what the code generators and the assembler fill, what elf.c reads and writes, and what
 * link.c links.
 *
 * An Obj holds sections (growing byte buffers with relocations) and symbols (found through a hash table).  Code
 * generators emit bytes straight into a section; nothing goes through assembly text.  References to symbols are always
 * written as relocations; obj_resolve() later settles those that stay inside one section and are local. */

enum { MACH_X86_64 = 62, MACH_AARCH64 = 183 };

/* section types and flags, as in ELF */
enum { SHT_PROGBITS = 1, SHT_SYMTAB = 2, SHT_STRTAB = 3, SHT_RELA = 4, SHT_NOTE = 7, SHT_NOBITS = 8,
       SHT_INIT_ARRAY = 14, SHT_FINI_ARRAY = 15, SHT_PREINIT_ARRAY = 16, SHT_GROUP = 17 };
enum { SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXEC = 4, SHF_MERGE = 16, SHF_STRINGS = 32, SHF_INFO = 64, SHF_TLS = 1024 };

/* symbol binding, type, visibility, as in ELF */
enum { STB_LOCAL = 0, STB_GLOBAL = 1, STB_WEAK = 2 };
enum { STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, STT_SECTION = 3, STT_TLS = 6, STT_GNU_IFUNC = 10 };
enum { STV_DEFAULT = 0, STV_INTERNAL = 1, STV_HIDDEN = 2, STV_PROTECTED = 3 };

typedef struct Obj Obj;
typedef struct Section Section;
typedef struct Symbol Symbol;
typedef struct Reloc Reloc;

struct Reloc {
    long offset;
    long addend;
    Symbol *sym;
    Symbol *minus;              /* until obj_resolve(): sym - minus + addend is wanted, `type` says of how many bytes */
    int type;                   /* R_X86_64_..., R_AARCH64_... */
};

struct Section {
    char *name;
    Obj *obj;
    Section *next;              /* in order of creation */
    unsigned char *data;        /* null while SHT_NOBITS */
    long len;
    long cap;
    Reloc *relocs;
    long nrelocs;
    int caprelocs;
    long flags;                 /* SHF_... */
    long align;                 /* power of two, at least 1 */
    long entsize;
    int type;                   /* SHT_... */
    int index;                  /* writer: header index; linker: order */
    int link;                   /* writer: the header's fields of these names */
    int info;
    Section *next_input;        /* linker: among all that go to the output */
    Section *out;               /* linker: the output section this one went to */
    long out_offset;            /* linker: and where in it; an output section: where in the file */
    long addr;                  /* linker: address (output sections) */
    Symbol *sym;                /* its STT_SECTION symbol, made when asked for */
};

enum { PLACE_UNDEF = 0, PLACE_SECTION = 1, PLACE_ABS = 2, PLACE_COMMON = 3, PLACE_ALIAS = 4 };

struct Symbol {
    char *name;
    Symbol *hash_next;
    Symbol *next;               /* in order of creation */
    Section *sec;               /* when place == PLACE_SECTION */
    long value;                 /* offset in sec; absolute value; alignment of a common symbol */
    long size;
    unsigned int hash;
    int index;                  /* writer: its number in the symbol table */
    unsigned char binding;      /* STB_...; an undefined symbol is written as global at least */
    unsigned char type;         /* STT_... */
    unsigned char visibility;   /* STV_... */
    unsigned char place;        /* PLACE_... */
    unsigned char bound;        /* binding was stated (.globl, .weak, .local) */
    unsigned char used;         /* a relocation names it */
    Symbol *global;             /* linker: the symbol that stands for all of this name; PLACE_ALIAS: global + value */
    Obj *obj;                   /* linker: who defines it, or asked for it first */
    long got;                   /* linker: 1 + the offset of its address in the GOT */
    long got_tp;                /* linker: 1 + that of its offset from the thread pointer */
};

struct Obj {
    char *file;                 /* for messages */
    int machine;                /* MACH_... */
    Obj *next;                  /* linker: in order of the command */
    Section *sections;
    Section *last_section;
    Symbol *symbols;
    Symbol *last_symbol;
    long nsymbols;
    Symbol **hash;              /* HASH_SIZE lists */
    Section *text;              /* made by obj_new: .text .data .bss, the first three */
    Section *data;
    Section *bss;
};

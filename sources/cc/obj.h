/* SPDX-License-Identifier: MIT
 *
 * The object file in memory: what the code generators and the assembler fill,
 * what elf.c reads and writes, and what link.c links.
 *
 * An Obj holds sections (growing byte buffers with relocations) and symbols
 * (found through a hash table).  Code generators emit bytes straight into a
 * section; nothing goes through assembly text.  References to symbols are
 * always written as relocations; obj_resolve() later settles those that stay
 * inside one section and are local.
 */

enum { MACH_X86_64 = 62, MACH_AARCH64 = 183 };

/* section types and flags, as in ELF */
enum { SHT_PROGBITS = 1, SHT_SYMTAB = 2, SHT_STRTAB = 3, SHT_RELA = 4, SHT_NOTE = 7, SHT_NOBITS = 8,
       SHT_INIT_ARRAY = 14, SHT_FINI_ARRAY = 15, SHT_PREINIT_ARRAY = 16, SHT_GROUP = 17 };
enum { SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXEC = 4, SHF_MERGE = 16, SHF_STRINGS = 32, SHF_GROUP = 512, SHF_TLS = 1024 };

/* symbol binding, type, visibility, as in ELF */
enum { STB_LOCAL = 0, STB_GLOBAL = 1, STB_WEAK = 2 };
enum { STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, STT_SECTION = 3, STT_FILE = 4, STT_COMMON = 5, STT_TLS = 6 };
enum { STV_DEFAULT = 0, STV_INTERNAL = 1, STV_HIDDEN = 2, STV_PROTECTED = 3 };

typedef struct Obj Obj;
typedef struct Section Section;
typedef struct Symbol Symbol;
typedef struct Reloc Reloc;

struct Reloc {
    long offset;
    long addend;
    Symbol *sym;
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
    long caprelocs;
    long flags;                 /* SHF_... */
    long align;                 /* power of two, at least 1 */
    long entsize;
    int type;                   /* SHT_... */
    int index;                  /* writer: header index; linker: order */
    Section *out;               /* linker: the output section this one went to */
    long out_offset;            /* linker: and where in it */
    long addr;                  /* linker: address (output sections) */
    Symbol *sym;                /* its STT_SECTION symbol, made when asked for */
};

enum { PLACE_UNDEF = 0, PLACE_SECTION = 1, PLACE_ABS = 2, PLACE_COMMON = 3 };

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
    Symbol *global;             /* linker: the symbol that stands for all of this name */
    Obj *obj;                   /* linker: who defines it, or asked for it first */
    long got;                   /* linker: 1 + the number of its address's slot in the GOT */
    long got_tp;                /* linker: 1 + that of its thread-pointer offset's slot */
};

struct Obj {
    char *file;                 /* for messages */
    int machine;                /* MACH_... */
    Section *sections;
    Section *last_section;
    Symbol *symbols;
    Symbol *last_symbol;
    Symbol **hash;
    long nsymbols;
    long nhash;                 /* power of two */
    Section *text;              /* made by obj_new: .text .data .bss, the first three */
    Section *data;
    Section *bss;
};

/* ---- obj.c ---- */
Obj *obj_new(int machine, char *file);
Obj *obj_empty(int machine, char *file);                         /* without the first three sections */
Section *sec_new(Obj *o, char *name, int type, long flags);     /* even if there is one of that name */
Section *obj_section(Obj *o, char *name, int type, long flags);  /* found by name, else made */
Symbol *obj_symbol(Obj *o, char *name);                         /* found by name, else made, undefined */
Symbol *obj_find(Obj *o, char *name);                           /* found, or null */
Symbol *obj_new_symbol(Obj *o, char *name);                     /* made, not entered in the hash table */
Symbol *obj_local(Obj *o);                                      /* a fresh nameless label: never written to a file */
int sym_is_temporary(Symbol *y);                                /* .L or nameless: not for the file */
Symbol *sec_symbol(Section *s);                                 /* the section's own symbol */
void obj_resolve(Obj *o);                                       /* settle relocations within a section */

void sec_reserve(Section *s, long more);    /* room for `more` bytes behind len */
void sec_u8(Section *s, long v);
void sec_u16(Section *s, long v);
void sec_u32(Section *s, long v);
void sec_u64(Section *s, long v);
void sec_bytes(Section *s, char *p, long n);
void sec_zero(Section *s, long n);
void sec_align(Section *s, long align);     /* pads code with nops, other things with zeros */
void sec_reloc(Section *s, long offset, int type, Symbol *sym, long addend);

extern Section *here;                       /* the section that is being filled: */
void emit8(long v);
void emit_le(int n, long v);
void emit_reloc(int type, Symbol *sym, long addend);    /* for what comes next */

void sym_define(Symbol *y, Section *s, long value);             /* place = section */
void sym_common(Symbol *y, long size, long align);
void sym_alias(Symbol *y, Symbol *target);  /* y is target's place, value, size, type; target must be defined */

long get_le(unsigned char *p, int n);       /* n little-endian bytes, zero extended */
void put_le(unsigned char *p, int n, long v);

/* ---- elf.c ---- */
void elf_write_object(Obj *o, char *path);
Obj *elf_read_object(char *file, unsigned char *image, long len);   /* fatal when it is none; the image must stay */
int elf_is_object(unsigned char *image, long len);

/* ---- ar.c ---- */
int ar_is_archive(unsigned char *image, long len);
void ar_start(void);
void ar_add(char *name, char *path);
void ar_write(char *path);

/* ---- link.c ----
 * Inputs are given in order; archives are searched as one group until nothing
 * more is found.  The output file is an ELF64 ET_EXEC, mode 755. */
void link_start(int machine);
void link_add_object(Obj *o);
void link_add_file(char *path);             /* an object or an archive */
void link_finish(char *path, char *entry);

/* ---- reloc.c ----
 * Stores at p what a relocation of `type` asks for: S + A is `value`, the place's
 * address is `place`.  Returns null, or what is wrong. */
char *reloc_apply(int type, unsigned char *p, long value, long place);
int reloc_is_pcrel(int type);           /* depends on nothing but the distance */
int reloc_abs(int machine, int n);      /* the type of a plain address of n bytes */
int reloc_pcrel(int machine, int n);    /* that of a distance of n bytes */

/* ---- as.c ----
 * Assembles GNU syntax for o->machine.  Errors are reported as file:line and end the program. */
void as_file(Obj *o, char *file, char *text);                       /* a .s file, already preprocessed if .S */
void as_inline(Obj *o, Section *s, char *text, char *file, int line);   /* an asm() string, into s */

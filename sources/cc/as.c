/* SPDX-License-Identifier: MIT
 *
 * One file, because the directives share one line reader.
 *
 * The assembler, as far as it does not depend on the processor: statements,
 * labels, expressions and directives of the GNU syntax.  as_x86_64.c and
 * as_aarch64.c encode the instructions.
 *
 * One pass.  An instruction whose label is still unknown gets a relocation;
 * obj_resolve() settles it when the label turns out to be near.
 */

typedef struct Value Value;
struct Value {                  /* sym - minus + add */
    Symbol *sym;
    Symbol *minus;
    long add;
};

/* what could not be computed when it was read: a difference of labels, or .set of a later label */
typedef struct Deferred Deferred;
struct Deferred {
    Deferred *next;
    Section *sec;
    long offset;
    int size;                   /* bytes, or 0: `target` is to be set */
    Symbol *target;
    Value value;
    int line;
};

enum { LOCAL_LABELS = 100, SECTION_STACK = 8 };

typedef struct As As;
struct As {
    Obj *obj;
    Section *sec;
    Section *previous;
    Section *stack[SECTION_STACK];
    int depth;
    char *p;                    /* the cursor */
    char *file;
    int line;
    int inside;                 /* an asm() string: the line stays the statement's */
    Symbol *back[LOCAL_LABELS];         /* what 1b and 1f mean */
    Symbol *forward[LOCAL_LABELS];
    Deferred *deferred;
};
static As as;

void x86_instruction(char *mnemonic);
void a64_instruction(char *mnemonic);

static Obj *as_directive_names;

void as_error(char *message, char *arg) {
    fatal_at(as.file, as.line, message, arg);
}

/* ---- characters and words ---- */

static int is_digit(int c) {
    return c >= '0' && c <= '9';
}

static int is_word(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || is_digit(c) || c == '_' || c == '.' || c == '$';
}

static void as_skip_line(void) {
    while (*as.p && *as.p != '\n')
        as.p++;
}

static void skip_blanks(void) {
    int x86 = as.obj->machine == MACH_X86_64;
    while (1) {
        char *p = as.p;
        if (*p == ' ' || *p == '\t' || *p == '\r')
            as.p++;
        else if (p[0] == '/' && p[1] == '*') {
            for (p += 2; *p && !(p[0] == '*' && p[1] == '/'); p++)
                if (*p == '\n' && !as.inside)
                    as.line++;
            as.p = *p ? p + 2 : p;
        } else if (x86 && *p == '#' || !x86 && p[0] == '/' && p[1] == '/')
            as_skip_line();
        else
            return;
    }
}

int as_at_end(void) {
    skip_blanks();
    return *as.p == 0 || *as.p == '\n' || *as.p == ';';
}

/* takes c if it comes next */
int as_take(int c) {
    skip_blanks();
    if (*as.p != c)
        return 0;
    as.p++;
    return 1;
}

void as_expect(int c) {
    char text[2];
    text[0] = c;
    text[1] = 0;
    if (!as_take(c))
        as_error("'%s' expected", text);
}

/* the next word, or "" */
char *as_word(void) {
    skip_blanks();
    char *start = as.p;
    while (is_word(*as.p))
        as.p++;
    return str_save(start, as.p - start);
}

static char *name_word(void) {
    skip_blanks();
    if (*as.p == '"') {
        char *start = as.p + 1;
        for (as.p++; *as.p && *as.p != '"' && *as.p != '\n'; as.p++) {
        }
        char *name = str_save(start, as.p - start);
        as_expect('"');
        return name;
    }
    char *name = as_word();
    if (!name[0])
        as_error("name expected%s", "");
    return name;
}


/* ---- expressions ---- */

void as_expression(Value *v);

static int escape_char(void) {
    int c = *as.p;
    as.p++;
    if (c >= '0' && c <= '7') {
        int n = c - '0';
        for (int i = 0; i < 2 && *as.p >= '0' && *as.p <= '7'; i++) {
            n = n * 8 + *as.p - '0';
            as.p++;
        }
        return n & 255;
    }
    if (c == 'x') {
        int n = 0;
        while (is_digit(*as.p) || (*as.p | 32) >= 'a' && (*as.p | 32) <= 'f') {
            n = n * 16 + (is_digit(*as.p) ? *as.p - '0' : (*as.p | 32) - 'a' + 10);
            as.p++;
        }
        return n & 255;
    }
    return c == 'n' ? 10 : c == 't' ? 9 : c == 'r' ? 13 : c == 'b' ? 8 : c == 'f' ? 12 : c;
}

static int digit_value(int c) {
    if (is_digit(c))
        return c - '0';
    c = c | 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static void as_number(Value *v) {
    char *start = as.p;
    int base = 10;
    if (*as.p == '0' && (as.p[1] | 32) == 'x' && digit_value(as.p[2]) < 16) {
        base = 16;
        as.p += 2;
    } else if (*as.p == '0' && (as.p[1] | 32) == 'b' && digit_value(as.p[2]) < 2) {
        base = 2;
        as.p += 2;
    } else if (*as.p == '0')
        base = 8;
    for (; digit_value(*as.p) < base; as.p++)
        v->add = v->add * base + digit_value(*as.p);
    int direction = *as.p;
    if (base > 2 && base < 16 && (direction == 'b' || direction == 'f') && !is_word(as.p[1])) {
        int n = v->add;
        if (base == 8 && start[1] != direction || n >= LOCAL_LABELS)
            as_error("bad local label%s", "");
        as.p++;
        if (direction == 'b' && !as.back[n])
            as_error("local label %s is not defined before", str_number(n));
        if (direction == 'f' && !as.forward[n])
            as.forward[n] = obj_local(as.obj);
        v->sym = direction == 'b' ? as.back[n] : as.forward[n];
        v->add = 0;
    }
    if (is_word(*as.p))
        as_error("bad number%s", "");
}

static void as_primary(Value *v) {
    v->sym = 0;
    v->minus = 0;
    v->add = 0;
    skip_blanks();
    int c = *as.p;
    if (c == '(') {
        as.p++;
        as_expression(v);
        as_expect(')');
    } else if (c == '-' || c == '~' || c == '+') {
        as.p++;
        as_primary(v);
        if (c != '+' && v->sym)
            as_error("constant expected%s", "");
        v->add = c == '-' ? -v->add : c == '~' ? ~v->add : v->add;
    } else if (is_digit(c))
        as_number(v);
    else if (c == '\'') {
        as.p++;
        c = *as.p;
        as.p++;
        v->add = c == '\\' ? escape_char() : c;
        if (*as.p == '\'')
            as.p++;
    } else if (c == '.' && !is_word(as.p[1])) {
        as.p++;
        v->sym = obj_local(as.obj);
        sym_define(v->sym, as.sec, as.sec->len);
    } else if (is_word(c) || c == '"')
        v->sym = obj_symbol(as.obj, name_word());
    else
        as_error("expression expected%s", "");
    if (v->sym && v->sym->place == PLACE_ABS) {
        v->add += v->sym->value;
        v->sym = 0;
    }
}

static void settle(Value *v) {
    if (v->sym && v->minus && v->sym->place == PLACE_SECTION && v->minus->place == PLACE_SECTION
        && v->sym->sec == v->minus->sec) {
        v->add += v->sym->value - v->minus->value;
        v->sym = 0;
        v->minus = 0;
    }
}

/* 2: * / % << >>, 1: | & ^, 0: + - */
static int operator_level(char *p) {
    if (*p == '*' || *p == '/' || *p == '%' || p[0] == '<' && p[1] == '<' || p[0] == '>' && p[1] == '>')
        return 2;
    if (*p == '|' || *p == '&' || *p == '^')
        return 1;
    return *p == '+' || *p == '-' ? 0 : -1;
}

static void combine(Value *a, int op, Value *b) {
    if (op == '+' && !(a->sym && b->sym)) {
        a->sym = a->sym ? a->sym : b->sym;
        a->minus = a->minus ? a->minus : b->minus;
        a->add += b->add;
        return;
    }
    if (op == '-' && !b->minus && !(a->minus && b->sym)) {
        a->minus = b->sym ? b->sym : a->minus;
        a->add -= b->add;
        settle(a);
        return;
    }
    if (a->sym || b->sym)
        as_error("expression is too complicated for a relocation%s", "");
    if ((op == '/' || op == '%') && b->add == 0)
        as_error("division by zero%s", "");
    switch (op) {
    case '*': a->add = a->add * b->add; break;
    case '/': a->add = a->add / b->add; break;
    case '%': a->add = a->add % b->add; break;
    case '<': a->add = a->add << b->add; break;
    case '>': a->add = a->add >> b->add; break;
    case '|': a->add = a->add | b->add; break;
    case '&': a->add = a->add & b->add; break;
    case '^': a->add = a->add ^ b->add; break;
    }
}

static void as_binary(Value *v, int level) {
    if (level == 3) {
        as_primary(v);
        return;
    }
    as_binary(v, level + 1);
    skip_blanks();
    while (operator_level(as.p) == level) {
        int op = *as.p;
        as.p += op == '<' || op == '>' ? 2 : 1;
        Value right;
        as_binary(&right, level + 1);
        combine(v, op, &right);
        skip_blanks();
    }
}

void as_expression(Value *v) {
    as_binary(v, 0);
}

long as_constant(void) {
    Value v;
    as_expression(&v);
    if (v.sym || v.minus)
        as_error("constant expected%s", "");
    return v.add;
}

/* ---- values that end up in memory ---- */

static void defer(int size, Symbol *target, Value *v) {
    Deferred *d = xalloc(sizeof(Deferred));
    d->next = as.deferred;
    as.deferred = d;
    d->sec = as.sec;
    d->offset = as.sec->len;
    d->size = size;
    d->target = target;
    mem_copy(&d->value, v, sizeof(Value));
    d->line = as.line;
}

void as_data(int size, Value *v) {
    if (v->minus && v->minus->place == PLACE_SECTION && v->minus->sec == as.sec && v->sym && v->sym->place != PLACE_UNDEF) {
        sec_reloc(as.sec, as.sec->len, reloc_pcrel(as.obj->machine, size), v->sym, v->add + as.sec->len - v->minus->value);
    } else if (v->minus)
        defer(size, 0, v);
    else if (v->sym)
        sec_reloc(as.sec, as.sec->len, reloc_abs(as.obj->machine, size), v->sym, v->add);
    long c = v->sym ? 0 : v->add;
    if (size == 1)
        sec_u8(as.sec, c);
    else if (size == 2)
        sec_u16(as.sec, c);
    else if (size == 4)
        sec_u32(as.sec, c);
    else
        sec_u64(as.sec, c);
}

static void set_symbol(Symbol *y, Value *v) {
    if (!v->sym && !v->minus) {
        y->place = PLACE_ABS;
        y->value = v->add;
    } else if (v->minus || v->sym->place == PLACE_UNDEF)
        defer(0, y, v);
    else {
        sym_alias(y, v->sym);
        y->value += v->add;
    }
}

static void settle_deferred(void) {
    Deferred *list = as.deferred;
    as.deferred = 0;
    for (int changed = 1; list && changed;) {           /* .set a, b may come before .set b, c */
        Deferred *later = 0;
        changed = 0;
        while (list) {
            Deferred *d = list;
            list = d->next;
            Value *v = &d->value;
            settle(v);
            as.line = d->line;
            as.sec = d->sec;
            if (d->size && v->sym && v->minus && v->minus->place == PLACE_SECTION && v->minus->sec == d->sec)
                sec_reloc(d->sec, d->offset, reloc_pcrel(as.obj->machine, d->size), v->sym,
                          v->add + d->offset - v->minus->value);
            else if (d->size && !v->sym)
                put_le(d->sec->data + d->offset, d->size, v->add);
            else if (d->target && !v->minus && (!v->sym || v->sym->place != PLACE_UNDEF))
                set_symbol(d->target, v);
            else {
                d->next = later;
                later = d;
                continue;
            }
            changed = 1;
        }
        list = later;
    }
    if (list) {
        as.line = list->line;
        as_error("undefined symbol %s in an expression", list->value.sym ? list->value.sym->name : "");
    }
}

/* ---- directives ---- */

enum {
    DIR_IGNORE, DIR_SECTION_NAME, DIR_SECTION, DIR_PUSH, DIR_POP, DIR_PREVIOUS, DIR_GLOBAL, DIR_WEAK, DIR_LOCAL,
    DIR_VISIBILITY, DIR_TYPE, DIR_SIZE, DIR_ALIGN, DIR_P2ALIGN, DIR_DATA, DIR_WORD, DIR_ASCII, DIR_SKIP, DIR_FILL, DIR_SET,
    DIR_COMM, DIR_LCOMM
};

typedef struct Directive Directive;
struct Directive {
    char *name;
    int what;
    int arg;
};

static Directive directives[] = {
    { ".text", DIR_SECTION_NAME, 0 },       { ".data", DIR_SECTION_NAME, 0 },       { ".bss", DIR_SECTION_NAME, 0 },
    { ".section", DIR_SECTION, 0 },         { ".pushsection", DIR_PUSH, 0 },        { ".popsection", DIR_POP, 0 },
    { ".previous", DIR_PREVIOUS, 0 },       { ".globl", DIR_GLOBAL, 0 },            { ".global", DIR_GLOBAL, 0 },
    { ".weak", DIR_WEAK, 0 },               { ".local", DIR_LOCAL, 0 },             { ".hidden", DIR_VISIBILITY, STV_HIDDEN },
    { ".internal", DIR_VISIBILITY, STV_INTERNAL },  { ".protected", DIR_VISIBILITY, STV_PROTECTED },
    { ".type", DIR_TYPE, 0 },               { ".size", DIR_SIZE, 0 },               { ".align", DIR_ALIGN, 0 },
    { ".balign", DIR_ALIGN, 1 },            { ".p2align", DIR_P2ALIGN, 0 },         { ".byte", DIR_DATA, 1 },
    { ".short", DIR_DATA, 2 },              { ".hword", DIR_DATA, 2 },              { ".2byte", DIR_DATA, 2 },
    { ".value", DIR_DATA, 2 },              { ".word", DIR_WORD, 0 },               { ".int", DIR_DATA, 4 },
    { ".long", DIR_DATA, 4 },               { ".4byte", DIR_DATA, 4 },              { ".inst", DIR_DATA, 4 },
    { ".quad", DIR_DATA, 8 },               { ".xword", DIR_DATA, 8 },              { ".8byte", DIR_DATA, 8 },
    { ".dword", DIR_DATA, 8 },              { ".ascii", DIR_ASCII, 0 },             { ".asciz", DIR_ASCII, 1 },
    { ".string", DIR_ASCII, 1 },            { ".zero", DIR_SKIP, 0 },               { ".skip", DIR_SKIP, 0 },
    { ".space", DIR_SKIP, 0 },              { ".fill", DIR_FILL, 0 },               { ".set", DIR_SET, 0 },
    { ".equ", DIR_SET, 0 },                 { ".comm", DIR_COMM, 0 },               { ".lcomm", DIR_LCOMM, 0 },
    { ".file", DIR_IGNORE, 0 },             { ".ident", DIR_IGNORE, 0 },            { ".loc", DIR_IGNORE, 0 },
    { ".arch", DIR_IGNORE, 0 },             { ".cpu", DIR_IGNORE, 0 },              { ".cfi", DIR_IGNORE, 0 },
    { 0, 0, 0 }
};

static void enter_section(Section *s) {
    as.previous = as.sec;
    as.sec = s;
}

/* the flags that a section has by its name, when none are given */
static long default_flags(char *name) {
    if (str_starts(name, ".text") || str_eq(name, ".init") || str_eq(name, ".fini"))
        return SHF_ALLOC | SHF_EXEC;
    if (str_starts(name, ".rodata"))
        return SHF_ALLOC;
    if (str_starts(name, ".tdata") || str_starts(name, ".tbss"))
        return SHF_ALLOC | SHF_WRITE | SHF_TLS;
    if (str_starts(name, ".data") || str_starts(name, ".bss") || str_starts(name, ".init_array") || str_starts(name, ".fini_array"))
        return SHF_ALLOC | SHF_WRITE;
    return 0;
}

static int section_type(char *name) {
    return str_starts(name, ".bss") || str_starts(name, ".tbss") ? SHT_NOBITS
           : str_starts(name, ".init_array") ? SHT_INIT_ARRAY
           : str_starts(name, ".fini_array") ? SHT_FINI_ARRAY
           : str_starts(name, ".note") ? SHT_NOTE : SHT_PROGBITS;
}

static void section_directive(void) {
    char *name = name_word();
    while (!as_at_end() && *as.p != ',') {      /* names such as .note.GNU-stack */
        as.p++;
        char *rest = as_word();
        name = str_join(name, "-", rest);
    }
    long flags = default_flags(name);
    int type = section_type(name);
    long entsize = 0;
    if (as_take(',')) {
        flags = 0;
        as_expect('"');
        for (; *as.p && *as.p != '"'; as.p++) {
            int c = *as.p;
            flags = flags | (c == 'a' ? SHF_ALLOC : c == 'w' ? SHF_WRITE : c == 'x' ? SHF_EXEC : c == 'M' ? SHF_MERGE
                             : c == 'S' ? SHF_STRINGS : c == 'T' ? SHF_TLS : 0);
        }
        as_expect('"');
        if (as_take(',')) {
            if (!as_take('@') && !as_take('%'))
                as_error("section type expected%s", "");
            char *word = as_word();
            type = str_eq(word, "nobits") ? SHT_NOBITS : str_eq(word, "note") ? SHT_NOTE
                   : str_eq(word, "init_array") ? SHT_INIT_ARRAY : str_eq(word, "fini_array") ? SHT_FINI_ARRAY : SHT_PROGBITS;
            if (as_take(','))
                entsize = as_constant();
        }
    }
    Section *s = obj_section(as.obj, name, type, flags);
    s->entsize = entsize;
    enter_section(s);
}

static void type_directive(void) {
    Symbol *y = obj_symbol(as.obj, name_word());
    as_take(',');
    if (!as_take('@') && !as_take('%'))
        as_take('#');
    char *word = as_word();
    y->type = str_eq(word, "function") || str_eq(word, "STT_FUNC") ? STT_FUNC
              : str_eq(word, "object") || str_eq(word, "STT_OBJECT") ? STT_OBJECT
              : str_eq(word, "tls_object") ? STT_TLS : STT_NOTYPE;
}

static void align_directive(int power) {
    long n = as_constant();
    if (power) {
        if (n < 0 || n > 16)
            as_error("bad alignment%s", "");
        n = 1L << n;
    }
    if (n == 0)
        n = 1;
    if (n < 0 || n & (n - 1))
        as_error("the alignment is no power of two%s", "");
    long pad = -as.sec->len & (n - 1);
    if (as_take(',') && !as_at_end() && *as.p != ',') {
        int fill = as_constant();
        if (as_take(',') && as_constant() < pad)
            return;
        for (; pad; pad--)
            sec_u8(as.sec, fill);
    } else if (as_take(',') && as_constant() < pad)
        return;
    sec_align(as.sec, n);
}

static void ascii_directive(int zero) {
    do {
        as_expect('"');
        while (*as.p && *as.p != '"' && *as.p != '\n') {
            int c = *as.p;
            as.p++;
            sec_u8(as.sec, c == '\\' ? escape_char() : c);
        }
        if (*as.p != '"')
            as_error("string without its end%s", "");
        as.p++;
        if (zero)
            sec_u8(as.sec, 0);
    } while (as_take(','));
}

static void fill_directive(int with_size) {
    long n = as_constant();
    long size = 1;
    long v = 0;
    if (with_size && as_take(','))
        size = as_constant();
    if (as_take(','))
        v = as_constant();
    if (n < 0 || size < 1 || size > 8)
        as_error("bad fill%s", "");
    if (v == 0)
        sec_zero(as.sec, n * size);
    else
        for (long i = 0; i < n * size; i++)
            sec_u8(as.sec, v >> i % size * 8);
}

static void comm_directive(int local) {
    Symbol *y = obj_symbol(as.obj, name_word());
    as_expect(',');
    long size = as_constant();
    long align = as_take(',') ? as_constant() : 1;
    if (align & (align - 1) || align < 1)
        as_error("the alignment is no power of two%s", "");
    if (!local && !(y->bound && y->binding == STB_LOCAL)) {
        sym_common(y, size, align);
        y->binding = STB_GLOBAL;
        return;
    }
    sec_align(as.obj->bss, align);
    sym_define(y, as.obj->bss, as.obj->bss->len);
    y->size = size;
    y->type = STT_OBJECT;
    sec_zero(as.obj->bss, size);
}

static void symbol_list(int what, int arg) {
    do {
        Symbol *y = obj_symbol(as.obj, name_word());
        if (what == DIR_VISIBILITY)
            y->visibility = arg;
        else {
            y->bound = 1;
            y->binding = what == DIR_GLOBAL ? STB_GLOBAL : what == DIR_WEAK ? STB_WEAK : STB_LOCAL;
        }
    } while (as_take(','));
}

static void as_directive(char *name) {
    if (!as_directive_names) {
        as_directive_names = obj_empty(0, "");
        for (int i = 0; directives[i].name; i++)
            obj_symbol(as_directive_names, directives[i].name)->value = i + 1;
    }
    Symbol *found = obj_find(as_directive_names, str_starts(name, ".cfi_") ? ".cfi" : name);
    if (!found)
        as_error("unknown directive %s", name);
    Directive *d = &directives[found->value - 1];
    Value v;
    Symbol *y = 0;
    int size = d->arg;
    switch (d->what) {
    case DIR_IGNORE:
        while (!as_at_end())
            if (*as.p == '"') {
                for (as.p++; *as.p && *as.p != '"' && *as.p != '\n'; as.p++) {
                }
                as_expect('"');
            } else
                as.p++;
        break;
    case DIR_SECTION_NAME:
        enter_section(obj_section(as.obj, name, SHT_PROGBITS, default_flags(name)));
        break;
    case DIR_PUSH:
        if (as.depth == SECTION_STACK)
            as_error(".pushsection is nested too deeply%s", "");
        as.stack[as.depth] = as.sec;
        as.depth++;
        section_directive();
        break;
    case DIR_SECTION:
        section_directive();
        break;
    case DIR_POP:
        if (as.depth == 0)
            as_error(".popsection without .pushsection%s", "");
        as.depth--;
        enter_section(as.stack[as.depth]);
        break;
    case DIR_PREVIOUS:
        enter_section(as.previous);
        break;
    case DIR_GLOBAL:
    case DIR_WEAK:
    case DIR_LOCAL:
    case DIR_VISIBILITY:
        symbol_list(d->what, d->arg);
        break;
    case DIR_TYPE:
        type_directive();
        break;
    case DIR_SIZE:
        y = obj_symbol(as.obj, name_word());
        as_expect(',');
        as_expression(&v);
        if (v.sym || v.minus)
            as_error("the size of %s is not a constant", y->name);
        y->size = v.add;
        break;
    case DIR_ALIGN:
        align_directive(!d->arg && as.obj->machine == MACH_AARCH64);
        break;
    case DIR_P2ALIGN:
        align_directive(1);
        break;
    case DIR_WORD:
        size = as.obj->machine == MACH_X86_64 ? 2 : 4;
    case DIR_DATA:
        do {
            as_expression(&v);
            as_data(size, &v);
        } while (as_take(','));
        break;
    case DIR_ASCII:
        ascii_directive(d->arg);
        break;
    case DIR_SKIP:
        fill_directive(0);
        break;
    case DIR_FILL:
        fill_directive(1);
        break;
    case DIR_SET:
        y = obj_symbol(as.obj, name_word());
        as_expect(',');
        as_expression(&v);
        set_symbol(y, &v);
        break;
    case DIR_COMM:
    case DIR_LCOMM:
        comm_directive(d->what == DIR_LCOMM);
        break;
    }
}

/* ---- statements ---- */

static void define_label(char *name) {
    Symbol *y = 0;
    if (is_digit(name[0])) {
        int n = 0;
        for (char *p = name; *p; p++)
            n = is_digit(*p) ? n * 10 + *p - '0' : LOCAL_LABELS;
        if (n >= LOCAL_LABELS)
            as_error("bad label %s", name);
        y = as.forward[n] ? as.forward[n] : obj_local(as.obj);
        as.forward[n] = 0;
        as.back[n] = y;
    } else {
        y = obj_symbol(as.obj, name);
        if (y->place != PLACE_UNDEF)
            as_error("%s is already defined", name);
    }
    sym_define(y, as.sec, as.sec->len);
    if (as.sec->flags & SHF_TLS)
        y->type = STT_TLS;
}

static void as_statement(void) {
    while (1) {
        if (as_at_end())
            return;
        if (*as.p == '#') {             /* AArch64: a line of the preprocessor */
            as_skip_line();
            return;
        }
        char *name = name_word();
        if (as_take(':')) {
            define_label(name);
            continue;
        }
        if (*as.p == '=' && as.p[1] != '=') {
            as.p++;
            Value v;
            as_expression(&v);
            set_symbol(obj_symbol(as.obj, name), &v);
        } else if (name[0] == '.')
            as_directive(name);
        else if (as.obj->machine == MACH_X86_64)
            x86_instruction(name);
        else
            a64_instruction(name);
        if (!as_at_end())
            as_error("unexpected text after the statement%s", "");
        return;
    }
}

static void assemble(Obj *o, Section *s, char *text, char *file, int line, int inside) {
    if (as.obj != o)
        mem_set(&as, 0, sizeof(As));
    as.obj = o;
    as.sec = s;
    as.previous = s;
    as.depth = 0;
    as.p = text;
    as.file = file;
    as.line = line;
    as.inside = inside;
    while (1) {
        as_statement();
        if (!*as.p)
            break;
        if (*as.p == '\n' && !inside)
            as.line++;
        as.p++;
    }
    settle_deferred();
    for (int i = 0; i < LOCAL_LABELS; i++)
        if (as.forward[i])
            as_error("local label %s is not defined behind", str_number(i));
}

void as_file(Obj *o, char *file, char *text) {
    assemble(o, o->text, text, file, 1, 0);
}

void as_inline(Obj *o, Section *s, char *text, char *file, int line) {
    assemble(o, s, text, file, line, 1);
}

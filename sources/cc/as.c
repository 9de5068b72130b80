/* SPDX-License-Identifier: MIT
 *
 * The assembler, as far as it does not depend on the processor: statements, labels, expressions and directives of
 * the GNU syntax, and the reader of the tables of instructions.  as_x86_64.c and as_aarch64.c hold these tables.
 *
 * One pass.  An instruction whose label is still unknown gets a relocation; obj_resolve() settles it when the label
 * turns out to be near.
 *
 * Over 500 lines: the directives share one line reader. */

typedef struct Value Value;
struct Value {                  /* sym - minus + add */
    Symbol *sym, *minus;
    long add;
};

enum { LOCAL_LABELS = 100, SECTION_STACK = 8 };

typedef struct As As;
struct As {
    Obj *obj;
    Section *previous;
    Section *stack[SECTION_STACK];
    int depth;
    char *p;                    /* the cursor */
    char *file;
    int line;
    int inside;                 /* an asm() string: the line stays the statement's */
    Symbol *back[LOCAL_LABELS];         /* what 1b and 1f mean */
    Symbol *forward[LOCAL_LABELS];
};
static As as;
static char *mnemonic;

static void x86_instruction(void);
static void a64_instruction(void);

static void as_error(char *message, char *arg) {
    fatal_at(as.file, as.line, message, arg);
}

static void as_bad(void) {
    as_error("bad operands for %s", mnemonic);
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

static int as_at_end(void) {
    skip_blanks();
    return *as.p == 0 || *as.p == '\n' || *as.p == ';';
}

/* takes c if it comes next */
static int as_take(int c) {
    skip_blanks();
    if (*as.p != c)
        return 0;
    as.p++;
    return 1;
}

static void as_need(int c) {
    if (!as_take(c))
        as_error("'%s' expected", str_of(c));
}

/* the next word, or "" */
static char *as_word(void) {
    skip_blanks();
    char *start = as.p;
    while (is_word(*as.p))
        as.p++;
    return str_save(start, as.p - start);
}

/* up to the closing quote */
static char *as_quoted(void) {
    as_need('"');
    char *start = as.p;
    while (*as.p && *as.p != '"' && *as.p != '\n')
        as.p++;
    char *text = str_save(start, as.p - start);
    as_need('"');
    return text;
}

static char *name_word(void) {
    skip_blanks();
    char *name = *as.p == '"' ? as_quoted() : as_word();
    if (!name[0])
        as_error("name expected%s", "");
    return name;
}

static Symbol *symbol_word(void) {
    return obj_symbol(as.obj, name_word());
}

/* ---- tables ----
 * A table is text.  An entry is a name and one or more forms, with ; behind the last:
 *     NAME ARGS NUMBER ARGS NUMBER ... ;
 * In the tables of instructions ARGS is a letter an operand, - for none, and NUMBER the opcode; the others say what
 * they mean.  NUMBER is
 *     HEX[+STEPn][/REG][:FLAGS]
 * with REG a digit for the reg field of x86_64, FLAGS letters out of form_flags.  A family of entries that differ
 * in a number has one line: names with a comma between have the numbers 0, 1, 2 ...; names with | have the same. STEP
 * times the number is added to the opcode; /n is the number in the reg field.  A name's ? stands for the table's
 * endings, its * for ps, pd, ss, sd, whose number chooses the prefix.  An entry without a form takes its names away. */

enum { F_B = 1, F_W = 2, F_L = 4, F_Q = 8, F_SIZES = 15, F_WBIT = 16, F_NARROW = 32, F_BIT22 = 64 };
static char *form_flags = "bwlq*dN";

typedef struct Form Form;
struct Form {
    Form *next;                 /* another one of the same name */
    char *args;
    unsigned int op;
    int ext;                    /* the reg field, or NONE */
    int flags;                  /* F_... */
};

typedef struct Table Table;
struct Table {
    char *text, *endings;
    Obj *names;                 /* each symbol's value is its first form; null until the table is read */
};

static char *table_word(char **text) {
    char *p = *text;
    while (*p == ' ')
        p++;
    char *start = p;
    while (*p != ' ' && *p != ';')
        p++;
    *text = p;
    return str_save(start, p - start);
}

/* the forms at `text`, for the name with that number */
static Form *read_forms(char *text, int number) {
    static int prefixes[] = { 0, 0x660000, 0xf20000, 0xf30000 };
    while (*text == ' ')
        text++;
    if (*text == ';')
        return 0;
    Form *f = xalloc(sizeof(Form));
    f->args = table_word(&text);
    if (f->args[0] == '-')
        f->args = "";
    f->ext = NONE;
    char *c = table_word(&text);
    f->op = digits(&c, 16, 8);
    if (*c == '+') {
        c++;
        f->op += (*c == 'n' ? 1 : digits(&c, 16, 8)) * number;
        c++;
    }
    if (*c == '/') {
        f->ext = c[1] == 'n' ? number : c[1] - '0';
        c += 2;
    }
    for (; *c; c++)
        if (*c == 'p')
            f->op |= prefixes[number];
        else
            for (int i = 0; form_flags[i]; i++)
                f->flags |= (form_flags[i] == *c) << i;
    f->next = read_forms(text, number);
    return f;
}

static void read_table(Table *t) {
    t->names = obj_empty(0, "");
    for (char *text = t->text; *text;) {
        char *list = table_word(&text);
        long last = str_len(list) - 1;
        char *stem = "";
        if (list[last] == '?' || list[last] == '*') {
            stem = str_save(list, last);
            list = list[last] == '?' ? t->endings : "ps,pd,sd,ss";
        }
        int number = 0;
        while (*list) {
            char *start = list;
            while (is_word(*list))
                list++;
            if (list > start) {
                Symbol *y = obj_symbol(t->names, str_join(stem, str_save(start, list - start), ""));
                y->value = (long)read_forms(text, number);
            }
            if (*list)
                number += *list++ == ',';
        }
        while (*text++ != ';') {
        }
        while (*text == ' ')
            text++;
    }
}

static Form *find_forms(Table *t, char *name) {
    if (!t->names)
        read_table(t);
    Symbol *y = obj_find(t->names, name);
    return y ? (Form *)y->value : 0;
}

/* the first form of an entry with a name of one letter */
static Form *find_letter(Table *t, int letter) {
    return find_forms(t, str_of(letter));
}

/* the name of a form, by what it is */
static char *form_name(Table *t, char *args, unsigned int op) {
    find_forms(t, "");
    Symbol *y = t->names->symbols;
    while (!str_eq(((Form *)y->value)->args, args) || ((Form *)y->value)->op != op)
        y = y->next;
    return y->name;
}

/* ---- expressions ---- */

static void expression_value(Value *v);

static void number_value(Value *v) {
    char *start = as.p;
    int base = *as.p != '0' ? 10 : (as.p[1] | 32) == 'x' && hex_digit(as.p[2]) >= 0 ? 16
               : (as.p[1] | 32) == 'b' && (as.p[2] | 1) == '1' ? 2 : 8;
    if (base == 16 || base == 2)
        as.p += 2;
    v->add = digits(&as.p, base, 99);
    int direction = *as.p;
    if ((base == 10 || base == 8) && (direction == 'b' || direction == 'f') && !is_word(as.p[1])) {
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

static void primary_value(Value *v) {
    mem_set(v, 0, sizeof(Value));
    skip_blanks();
    int c = *as.p;
    if (as_take('(')) {
        expression_value(v);
        as_need(')');
    } else if (as_take('-') || as_take('~') || as_take('+')) {
        primary_value(v);
        if (c != '+' && v->sym)
            as_error("constant expected%s", "");
        v->add = c == '-' ? -v->add : c == '~' ? ~v->add : v->add;
    } else if (is_digit(c))
        number_value(v);
    else if (as_take('\'')) {
        v->add = literal_char(&as.p, 1, 0);
        if (*as.p == '\'')
            as.p++;
    } else if (c == '.' && !is_word(as.p[1])) {
        as.p++;
        v->sym = obj_local(as.obj);
        sym_define(v->sym, here, here->len);
    } else if (is_word(c) || c == '"')
        v->sym = symbol_word();
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
    a->add = fold_integer(N_ADD + letter_index("+-*/%&|^<>", op), a->add, b->add, ty_long);
}

static void binary_value(Value *v, int level) {
    static char *operators[] = { "+-", "|&^", "*/%<>", 0 };
    if (!operators[level]) {
        primary_value(v);
        return;
    }
    binary_value(v, level + 1);
    skip_blanks();
    while (letter_index(operators[level], *as.p) >= 0) {
        int op = *as.p++;
        Value right;
        if (op == '<' || op == '>')             /* << and >> */
            as_need(op);
        binary_value(&right, level + 1);
        combine(v, op, &right);
        skip_blanks();
    }
}

static void expression_value(Value *v) {
    binary_value(v, 0);
}

static long constant_value(void) {
    Value v;
    expression_value(&v);
    if (v.sym || v.minus)
        as_error("constant expected%s", "");
    return v.add;
}

/* ---- values that end up in memory ---- */

/* What cannot be computed yet, obj_resolve() will: a difference of labels, .set of a later label. */
static void data_value(int size, Value *v) {
    if (v->sym && v->minus) {
        emit_reloc(size, v->sym, v->add);
        here->relocs[here->nrelocs - 1].minus = v->minus;
    } else if (v->minus)
        as_error("expression is too complicated for a relocation%s", "");
    else if (v->sym)
        emit_reloc(reloc_bytes(as.obj->machine, size, AS_IS), v->sym, v->add);
    emit_le(size, v->sym ? 0 : v->add);
}

static void set_symbol(Symbol *y, Value *v) {
    if (v->minus)
        as_error("expression is too complicated for a symbol%s", "");
    y->place = v->sym ? PLACE_ALIAS : PLACE_ABS;
    y->value = v->add;
    y->global = v->sym;
    if (v->sym && v->sym->place != PLACE_UNDEF)
        sym_settle(y);
}

/* ---- directives ---- */

/* ARGS: the directive's letter, then what they have in common: y a symbol and a comma, k a constant, v a value.
 * NUMBER tells those with the same letter apart. The types of .type are here as well. */
static Table directives = {
    ".text|.data|.bss S 0; .section s 0; .pushsection s 1; .popsection o 0; .previous p 0;"
    ".local,.globl|.global,.weak b 0+n; .internal,.hidden,.protected h 1+n; .type ty 0; .size zyk 0; .balign ak 0;"
    ".p2align ak 1; .align ak 2; .byte d 1; .short|.hword|.2byte|.value d 2; .int|.long|.4byte|.inst d 4;"
    ".quad|.xword|.8byte|.dword d 8; .word d 0; .ascii q 0; .asciz|.string q 1; .zero|.skip|.space fk 0; .fill fk 1;"
    ".set|.equ =yv 0; .comm cyk 0; .lcomm cyk 1; .file|.ident|.loc|.arch|.cpu - 0;"
    "object|STT_OBJECT - 1; function|STT_FUNC - 2; tls_object - 6;", "", 0
};

/* what a section is by the first part of its name, when nothing is said: the flags as .section spells them, and the
 * type; and the types' own names */
static Table section_kinds = {
    ".text|.init|.fini ax 1; .rodata a 1; .data aw 1; .bss aw 8; .tdata awT 1; .tbss awT 8; .note|note - 7;"
    ".init_array|init_array aw e; .fini_array|fini_array aw f; nobits - 8; progbits - 1;", "", 0
};

static char *section_stem(char *name) {
    long n = 1;
    while (name[n] && name[n] != '.')
        n++;
    return str_save(name, n);
}

static void enter_section(Section *s) {
    as.previous = here;
    here = s;
}

static void section_directive(char *name) {
    for (; !as_at_end() && *as.p == '-'; name = str_join(name, "-", as_word()))     /* such as .note.GNU-stack */
        as.p++;
    Form *kind = find_forms(&section_kinds, section_stem(name));
    int type = kind ? kind->op : SHT_PROGBITS;
    long flags = 0;
    for (char *c = as_take(',') ? as_quoted() : kind ? kind->args : ""; *c; c++)
        flags |= *c == 'a' ? SHF_ALLOC : *c == 'w' ? SHF_WRITE : *c == 'x' ? SHF_EXEC : *c == 'M' ? SHF_MERGE
                 : *c == 'S' ? SHF_STRINGS : *c == 'T' ? SHF_TLS : 0;
    if (as_take(',')) {
        if (!as_take('@'))
            as_need('%');
        kind = find_forms(&section_kinds, as_word());
        type = kind ? kind->op : SHT_PROGBITS;
    }
    enter_section(obj_section(as.obj, name, type, flags));
    here->entsize = as_take(',') ? constant_value() : 0;
}

static long alignment(long n) {
    if (n < 1 || n & (n - 1))
        as_error("the alignment is no power of two%s", "");
    return n;
}

static void align_directive(long n, int is_power) {
    if (is_power && (n < 0 || n > 16))
        as_error("bad alignment%s", "");
    n = is_power ? 1L << n : alignment(n ? n : 1);
    long pad = -here->len & (n - 1), most = pad;
    int fill = NONE;
    if (as_take(',') && !as_at_end() && *as.p != ',')
        fill = constant_value() & 255;
    if (as_take(','))
        most = constant_value();
    if (pad > most)
        return;
    for (; fill != NONE && pad; pad--)
        emit8(fill);
    sec_align(here, n);
}

static void ascii_directive(int zero) {
    as_need('"');
    while (*as.p && *as.p != '"' && *as.p != '\n')
        emit8(literal_char(&as.p, 1, 0));
    if (*as.p != '"')
        as_error("string without its end%s", "");
    as.p++;
    if (zero)
        emit8(0);
}

static void fill_directive(long n, int with_size) {
    long size = with_size && as_take(',') ? constant_value() : 1;
    long v = as_take(',') ? constant_value() : 0;
    if (n < 0 || size < 1 || size > 8)
        as_error("bad fill%s", "");
    if (v == 0)
        sec_zero(here, n * size);
    else
        for (long i = 0; i < n * size; i++)
            emit8(v >> i % size * 8);
}

static void comm_directive(Symbol *y, long size, int local) {
    y->place = PLACE_COMMON;
    y->type = STT_OBJECT;
    y->size = size;
    y->value = alignment(as_take(',') ? constant_value() : 1);
    if (local || y->bound && y->binding == STB_LOCAL)
        sym_place_common(y, as.obj->bss);
    else
        y->binding = STB_GLOBAL;
}

/* an item of those that take a list */
static void list_directive(int letter, long n) {
    Value v;
    Symbol *y = letter == 'b' || letter == 'h' ? symbol_word() : 0;
    if (letter == 'h')
        y->visibility = n;
    else if (y) {
        y->binding = n;
        y->bound = 1;
    } else if (letter == 'q')
        ascii_directive(n);
    else {
        expression_value(&v);
        data_value(n ? n : as.obj->machine == MACH_X86_64 ? 2 : 4, &v);
    }
}

static void as_directive(char *name) {
    Form *f = find_forms(&directives, str_starts(name, ".cfi_") ? ".loc" : name);
    if (!f)
        as_error("unknown directive %s", name);
    long n = f->op;
    Symbol *y = 0;
    Value v;
    for (char *c = f->args; *c; c++)
        if (*c == 'y') {
            y = symbol_word();
            if (!as_take(',') && c[1])
                as_error("',' expected%s", "");
        } else if (*c == 'k')
            v.add = constant_value();
        else if (*c == 'v')
            expression_value(&v);
    switch (f->args[0]) {
    case 'S': enter_section(obj_section(as.obj, name, SHT_PROGBITS, 0)); break;
    case 's':
        if (n && as.depth == SECTION_STACK)
            as_error(".pushsection is nested too deeply%s", "");
        if (n)
            as.stack[as.depth++] = here;
        section_directive(name_word());
        break;
    case 'o':
        if (as.depth == 0)
            as_error(".popsection without .pushsection%s", "");
        enter_section(as.stack[--as.depth]);
        break;
    case 'p': enter_section(as.previous); break;
    case 't':
        if (!as_take('@') && !as_take('%'))
            as_take('#');
        f = find_forms(&directives, as_word());
        y->type = f ? f->op : STT_NOTYPE;
        break;
    case 'z': y->size = v.add; break;
    case 'a': align_directive(v.add, n == 1 || n == 2 && as.obj->machine == MACH_AARCH64); break;
    case 'f': fill_directive(v.add, n); break;
    case '=': set_symbol(y, &v); break;
    case 'c': comm_directive(y, v.add, n); break;
    case 0:
        while (!as_at_end())
            if (*as.p == '"')
                as_quoted();
            else
                as.p++;
        break;
    default:
        do
            list_directive(f->args[0], n);
        while (as_take(','));
    }
}

/* ---- statements ---- */

static void define_label(char *name) {
    Symbol *y = 0;
    if (is_digit(name[0])) {
        char *p = name;
        long n = digits(&p, 10, 9);
        if (*p || n >= LOCAL_LABELS)
            as_error("bad label %s", name);
        y = as.forward[n] ? as.forward[n] : obj_local(as.obj);
        as.forward[n] = 0;
        as.back[n] = y;
    } else {
        y = obj_symbol(as.obj, name);
        if (y->place != PLACE_UNDEF)
            as_error("%s is already defined", name);
    }
    sym_define(y, here, here->len);
    if (here->flags & SHF_TLS)
        y->type = STT_TLS;
}

static void as_statement(void) {
    if (as_at_end())
        return;
    if (*as.p == '#') {             /* AArch64: a line of the preprocessor */
        as_skip_line();
        return;
    }
    char *name = name_word();
    if (as_take(':')) {
        define_label(name);
        as_statement();
        return;
    }
    if (*as.p == '=' && as.p[1] != '=') {
        as.p++;
        Value v;
        expression_value(&v);
        set_symbol(obj_symbol(as.obj, name), &v);
    } else if (name[0] == '.')
        as_directive(name);
    else {
        mnemonic = name;
        if (as.obj->machine == MACH_X86_64)
            x86_instruction();
        else
            a64_instruction();
    }
    if (!as_at_end())
        as_error("unexpected text after the statement%s", "");
}

/* A file, or a string `inside` one. */
void assemble(Obj *o, Section *s, char *text, char *file, int line, int inside) {
    if (as.obj != o)
        mem_set(&as, 0, sizeof(As));
    as.obj = o;
    as.previous = s;
    as.depth = 0;
    as.p = text;
    as.file = file;
    as.line = line;
    as.inside = inside;
    here = s;
    while (1) {
        as_statement();
        if (!*as.p)
            break;
        if (*as.p++ == '\n' && !inside)
            as.line++;
    }
    for (int i = 0; i < LOCAL_LABELS; i++)
        if (as.forward[i])
            as_error("local label %s is not defined behind", str_number(i));
    here = s;
}

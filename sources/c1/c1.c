// SPDX-License-Identifier: MIT
//
// c1: a compiler for C1, the C in which cc is written; itself in the subset that c0 takes (see c0.m).
//
//     c1 [-DNAME]... FILE > TEXT      TEXT is for masm, behind the table and start.m
//
// C1 is C99 without: float and double, bit-fields, structs by value (assignment, parameter, result), goto, macros with
// parameters, #if, definitions of variadic functions, compound literals, designators, initialisers of local arrays and
// structs, anonymous members, VLAs, long long. In a constant, what an unsigned long from 2^63 on is divided by, shifted
// right by or compared with is not computed. char is signed; int has 32 bits, long and pointers 64. A tag is known up
// to the end of the file; a case that stands twice is not found. One file with its includes is a program; its labels
// are the C names with _ before them.
//
// Made by: c0. Makes: cc, its first time. Retired by: cc.
//
// How it works. One pass, no tree: while it reads an expression, c1 writes text for the macro machine. What is known of
// the value so far stands in five variables, the operand:
//     x_kind    X_ACC     what the code leaves in A
//               X_KNOWN   the label x_label, unless that is 0, + x_value: no code was written
//               X_LOCAL   frame pointer + x_value: no code was written
//     x_lvalue  1: that is the address of the value; 0: it is the value
//     x_type
// So constants are folded, and members and constant indexes of variables cost nothing. Everything else goes through A:
// the left operand is pushed while the right one is computed. The code runs once, to compile cc: that it is short to
// write counts for more than that it is fast. All values are held extended to 64 bits, signed or not as their type is.
// As the output is text, code that turns out to be of no use (a push, the operand of sizeof) is dropped by going back.
//
// c0 has no structs: a table's columns are arrays, and an entry is an index. 0 is no entry.
//
// Index: errors; names; output; preprocessor and tokens; types; symbols; the operand; expressions; declarations;
// initialisers; statements; main. The file is one, and long, because c0 knows no include.

long os_open(char *name);
long os_read(long file, char *to, long size);
long os_write(long file, char *from, long size);
void os_exit(long status);

enum {
    TEXT_SIZE = 8388608, OUTPUT_SIZE = 33554432, PART_SIZE = 8388608,
    IDS = 32768, TYPES = 65536, MEMBERS = 65536, SYMBOLS = 65536, FILES = 256, INPUTS = 256, HASHES = 16384
};

// Tokens: characters stand for themselves, operators of two and three for their characters, the first one lowest.
enum {
    T_END, T_NUMBER, T_STRING, T_NAME,
    T_INC = 11051, T_DEC = 11565, T_SHL = 15420, T_SHR = 15934, T_ARROW = 15917, T_DOTS = 3026478,
    K_VOID = 128, K_CHAR, K_SHORT, K_INT, K_LONG, K_SIGNED, K_UNSIGNED, K_CONST, K_STATIC, K_EXTERN, K_TYPEDEF,
    K_STRUCT, K_UNION, K_ENUM, K_SIZEOF, K_IF, K_ELSE, K_WHILE, K_DO, K_FOR, K_SWITCH, K_CASE, K_DEFAULT,
    K_BREAK, K_CONTINUE, K_RETURN,
    K_DEFINE, K_UNDEF, K_IFDEF, K_IFNDEF, K_ENDIF, K_INCLUDE     // behind # only
};

enum { X_ACC, X_KNOWN, X_LOCAL };

// The integer types have these numbers in the table of types; a kind above ULONG is not arithmetic.
enum { VOID = 1, CHAR, UCHAR, SHORT, USHORT, INT, UINT, LONG, ULONG, POINTER, ARRAY, FUNCTION, STRUCT };

enum { S_LOCAL = 1, S_GLOBAL, S_TYPEDEF, S_CONSTANT };

// ---- errors

char text[TEXT_SIZE];           // all files, each with a zero behind it, and their names
long text_end, at;              // where in `text` the next character is read
long token_at, tok;             // where the token began, and what it is
long file_name[FILES], file_start[FILES], files;

void write_all(long file, char *from, long size) {
    while (size > 0) {
        long n = os_write(file, from, size);
        if (n <= 0)
            os_exit(1);
        from = from + n;
        size -= n;
    }
}

void print(char *s) {
    long n = 0;
    while (s[n])
        n++;
    write_all(2, s, n);
}

void print_number(long n) {
    if (n > 9)
        print_number(n / 10);
    write_all(2, "0123456789" + n % 10, 1);
}

// FILE:LINE: MESSAGE, the line, and a caret below the place. In a macro, the place is its definition.
void error(char *message) {
    long file = files, line = 1, start, c;
    while (file && file_start[file] > token_at)
        file -= 1;
    if (file) {
        start = file_start[file];
        for (c = start; c < token_at; c++)
            if (text[c] == '\n') {
                line++;
                start = c + 1;
            }
        print(text + file_name[file]);
        print(":");
        print_number(line);
        print(": ");
        print(message);
        print("\n");
        for (c = start; text[c] && text[c] != '\n'; c++)
            ;
        write_all(2, text + start, c - start);
        print("\n");
        for (c = start; c < token_at; c++)
            print(text[c] == '\t' ? "\t" : " ");
        print("^\n");
    } else {
        print("c1: ");
        print(message);
        print("\n");
    }
    os_exit(1);
}

// The number of a new entry in a table.
long one_more(long count, long size) {
    if (count + 1 >= size)
        error("the program is too large");
    return count + 1;
}

// ---- names: each spelling has one number; what it means is found from there

long id_at[IDS], id_length[IDS];    // where in `text` it is written
long id_next[IDS];              // in its chain
long id_keyword[IDS];
long id_macro[IDS];             // where its macro's tokens begin, or 0
long id_symbol[IDS];            // what it declares, in the innermost scope
long id_tag[IDS];               // struct or union: the type
long ids, chains[HASHES];
long name;                      // of the token T_NAME

long intern(long from, long length) {
    long hash = 0, id, i;
    for (i = 0; i < length; i++)
        hash = (hash + text[from + i]) * 31;
    hash = (hash ^ hash >> 14) & 16383;
    for (id = chains[hash]; id; id = id_next[id])
        if (id_length[id] == length) {
            for (i = 0; i < length && text[id_at[id] + i] == text[from + i]; i++)
                ;
            if (i == length)
                return id;
        }
    ids = one_more(ids, IDS);
    id_at[ids] = from;
    id_length[ids] = length;
    id_next[ids] = chains[hash];
    chains[hash] = ids;
    return ids;
}

long text_add(char *s, long n) {    // returns where it was put; a zero follows it
    long start = text_end;
    for (long i = 0; i < n && s[i]; i++)
        text[text_end++] = s[i];
    text[text_end] = 0;
    return start;
}

// ---- output: text in four parts that are written one behind the other

enum { P_CODE, P_DATA, P_STRINGS, P_MEMORY, PARTS };

char output[OUTPUT_SIZE];
long out[PARTS];                // where in `output` the next character of each goes
long part;                      // the one that is being written
long labels, unnamed;           // numbers given to places in the code, and to strings and static locals

void emit_char(long c) {
    output[out[part]++] = c;
    if (out[part] == (part + 1) * PART_SIZE)
        error("the program is too large");
}

void emit(char *s) {
    for (long i = 0; s[i]; i++)
        emit_char(s[i]);
}

void emit_number(long n) {
    if (n < 0)
        emit("-");
    if (n > 9 || n < -9)
        emit_number(n < 0 ? -(n / 10) : n / 10);
    n = n % 10;
    emit_char('0' + (n < 0 ? -n : n));
}

// A macro and its number.
void emit_op(char *s, long n) {
    emit(s);
    emit_number(n);
    emit(" ");
}

// A macro and the label of a name or, less than 0, of a string or static local.
void emit_at(char *s, long label) {
    emit(s);
    if (label < 0)
        emit_op("s", -label);
    else {
        emit("_");
        for (long i = 0; i < id_length[label]; i++)
            emit_char(text[id_at[label] + i]);
        emit(" ");
    }
}

void emit_byte(long c) {
    emit_char("0123456789ABCDEF"[c >> 4 & 15]);
    emit_char("0123456789ABCDEF"[c & 15]);
}

long new_label() {
    return labels += 1;
}

void emit_label(long l) {
    emit_op("\n:l", l);
}

// ---- preprocessor and tokens

long input_at[INPUTS];          // the inputs that are being read, files and macros within them: where each goes on
long input_file[INPUTS];        // its file, or 0: a macro
long inputs;
long conditions;                // the #ifdefs that are open
long number_value, number_type; // of T_NUMBER

void enter_input(long file, long start) {
    input_at[inputs] = at;
    inputs = one_more(inputs, INPUTS);
    input_file[inputs] = file;
    at = start;
}

void read_file(char *directory, long directory_length, char *path, long length) {
    long start = text_add(directory, directory_length), n = 1;
    text_add(path, length);
    long file = os_open(text + start);
    if (file < 0)
        error("the file cannot be read");
    files = one_more(files, FILES);
    file_name[files] = start;
    file_start[files] = text_end += 1;
    enter_input(files, text_end);
    while (n) {
        n = os_read(file, text + text_end, TEXT_SIZE - 4096 - text_end);
        if (n < 0)
            error("the file cannot be read");
        text_end += n;
        if (text_end == TEXT_SIZE - 4096)
            error("the text is too large");
    }
    text[text_end++] = 0;
}

long is_letter(long c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
}

long is_digit(long c) {
    return c >= '0' && c <= '9';
}

void skip_blanks() {            // within a line
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')
        at++;
}

void skip_line() {
    while (text[at] && (text[at] != '\n' || text[at - 1] == '\\'))
        at++;
}

long word() {                   // reads a name
    skip_blanks();
    long start = at;
    while (is_letter(text[at]) || is_digit(text[at]))
        at++;
    if (at == start)
        error("a name is missing");
    return intern(start, at - start);
}

// After a condition that is false: on to its #endif, or, if `to_else`, to its #else.
void skip_group(long to_else) {
    long depth = 1;
    while (depth) {
        skip_line();
        if (text[at] == 0)
            error("#endif is missing");
        at++;
        skip_blanks();
        if (text[at] == '#') {
            at++;
            long d = id_keyword[word()];
            depth += (d == K_IFDEF) + (d == K_IFNDEF) + (d == K_IF) - (d == K_ENDIF);
            if (d == K_ELSE && depth == 1 && to_else)
                return;
        }
    }
    conditions -= 1;
}

void include() {
    skip_blanks();
    long start = at += 1, directory = 0;
    if (text[at - 1] != '"')
        error("a file name in quotes is missing");
    while (text[at] != '"' && text[at])
        at++;
    long length = at - start, includer = file_name[input_file[inputs]];
    for (long i = includer; text[i]; i++)
        if (text[i] == '/')
            directory = i + 1 - includer;
    skip_line();
    read_file(text + includer, directory, text + start, length);
}

void directive() {
    token_at = at++;
    long d = id_keyword[word()];
    if (d == K_INCLUDE) {
        include();
        return;
    }
    if (d == K_DEFINE) {
        long id = word();
        if (text[at] == '(')
            error("macros with parameters are not in C1");
        id_macro[id] = at;
    } else if (d == K_IFDEF || d == K_IFNDEF) {
        conditions++;
        if ((id_macro[word()] != 0) != (d == K_IFDEF))
            skip_group(1);
    } else if (d == K_ELSE || d == K_ENDIF) {
        if (conditions == 0)
            error(d == K_ELSE ? "#else without #ifdef" : "#endif without #ifdef");
        if (d == K_ELSE)
            skip_group(0);
        else
            conditions -= 1;
    } else if (d == K_UNDEF)
        id_macro[word()] = 0;
    else
        error("unknown directive");
    skip_line();
}

long digit() {                  // the value of the one at `at`, or 99
    long c = text[at];
    return is_digit(c) ? c - '0' : is_letter(c) ? (c | 32) - 'a' + 10 : 99;
}

// The character at `at` of a string or character constant.
long character() {
    long c = text[at++], i;
    if (c == '\n' || c == 0)
        error("the quote is not closed");
    if (c != '\\')
        return c;
    long base = text[at] == 'x' ? 16 : 8, most = base == 16 ? 99 : 3;
    if (base == 16)
        at++;
    if (digit() < base) {
        for (c = 0; digit() < base && most; most -= 1) {
            c = c * base + digit();
            at++;
        }
        return c & 255;
    }
    c = text[at++];
    for (i = 0; i < 7; i++)
        if (c == "abtnvfr"[i])
            return 7 + i;
    if (c != '\\' && c != '\'' && c != '"' && c != '?')
        error("unknown escape");
    return c;
}

void number_token() {
    long base = 10, n = 0, is_unsigned = 0, is_long = 0;
    if (text[at] == '0') {
        base = (text[at + 1] | 32) == 'x' ? 16 : 8;
        if (base == 16)
            at += 2;
        if (digit() >= base)
            error("bad number");
    }
    // n * base + digit must be less than 2^64, and n may be so large that it counts as less than 0
    long limit = base == 10 ? 1844674407370955161 : base == 16 ? 1152921504606846975 : 2305843009213693951;
    for (; digit() < base; at++) {
        if (n < 0 || n > limit - (base == 10 && digit() > 5))
            error("the number is too large");
        n = n * base + digit();
    }
    for (; (text[at] | 32) == 'u' || (text[at] | 32) == 'l'; at++)
        if ((text[at] | 32) == 'u')
            is_unsigned = 1;
        else
            is_long = 1;
    if (digit() < 99 || text[at] == '.')
        error("bad number");
    tok = T_NUMBER;
    number_value = n;
    if (is_long || n < 0 || n > 4294967295)
        number_type = n < 0 ? ULONG : LONG;
    else
        number_type = n <= 2147483647 ? INT : base == 10 && is_unsigned == 0 ? LONG : UINT;
    if (is_unsigned && (number_type == INT || number_type == LONG))
        number_type++;
}

// The token at `at`, which is no name, number or string.
void punctuator() {
    char *pairs = "++--<<>>&&||==!=<=>=+=-=*=/=%=&=|=^=->";
    tok = text[at++];
    if (tok == '\'') {
        number_value = character();
        number_type = INT;
        tok = T_NUMBER;
        if (text[at++] != '\'')
            error("bad character constant");
        return;
    }
    if (tok == '.' && text[at] == '.' && text[at + 1] == '.') {
        at += 2;
        tok = T_DOTS;
    }
    for (long i = 0; pairs[i]; i += 2)
        if (tok == pairs[i] && text[at] == pairs[i + 1]) {
            tok += text[at++] * 256;
            if (text[at] == '=' && (tok == T_SHL || tok == T_SHR)) {
                at++;
                tok += '=' << 16;
            }
            return;
        }
}

void comment() {
    token_at = at;
    at += 2;
    while (text[at] != '*' || text[at + 1] != '/')
        if (text[at++] == 0)
            error("the comment is not closed");
    at += 2;
}

void next() {
    while (1) {
        long c = text[at];
        token_at = at;
        if (c == 0 || c == '\n' && input_file[inputs] == 0) {
            if (inputs == 1) {
                tok = T_END;
                if (conditions)
                    error("#endif is missing");
                return;
            }
            inputs -= 1;
            at = input_at[inputs];
        } else if (is_letter(c)) {
            name = word();
            if (id_macro[name])
                enter_input(0, id_macro[name]);
            else {
                tok = id_keyword[name] && id_keyword[name] <= K_RETURN ? id_keyword[name] : T_NAME;
                return;
            }
        } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
            at++;
        else if (c == '/' && text[at + 1] == '/')
            skip_line();
        else if (c == '/' && text[at + 1] == '*')
            comment();
        else if (c == '\\' && text[at + 1] == '\n')
            at += 2;
        else if (c == '#')
            directive();
        else {
            if (is_digit(c))
                number_token();
            else if (c == '"') {
                at++;
                tok = T_STRING;         // `at` is at its first character
            } else
                punctuator();
            return;
        }
    }
}

long accept(long t) {
    if (tok != t)
        return 0;
    next();
    return 1;
}

void expect(long t, char *message) {
    if (accept(t) == 0)
        error(message);
}

// ---- types

long t_kind[TYPES];
long t_size[TYPES], t_align[TYPES]; // size 0: incomplete
long t_base[TYPES];             // of a pointer, array; a function's result; 1: a union, with kind STRUCT
long t_pointer[TYPES];          // the pointer to this type, once there is one
long t_first[TYPES], t_last[TYPES]; // a struct's members, a function's parameters
long types;

long m_name[MEMBERS], m_type[MEMBERS];  // members and parameters; type 0: the rest is variable
long m_offset[MEMBERS], m_next[MEMBERS];
long members;

long new_type(long kind, long size, long align, long base) {
    types = one_more(types, TYPES);
    t_kind[types] = kind;
    t_size[types] = size;
    t_align[types] = align;
    t_base[types] = base;
    return types;
}

long pointer_to(long t) {
    if (t_pointer[t] == 0)
        t_pointer[t] = new_type(POINTER, 8, 8, t);
    return t_pointer[t];
}

void add_member(long t, long id, long type, long offset) {
    members = one_more(members, MEMBERS);
    m_name[members] = id;
    m_type[members] = type;
    m_offset[members] = offset;
    if (t_first[t])
        m_next[t_last[t]] = members;
    else
        t_first[t] = members;
    t_last[t] = members;
}

long is_unsigned(long t) {
    return t == UCHAR || t == USHORT || t == UINT || t >= ULONG;
}

long common(long a, long b) {   // the usual arithmetic conversions; the numbers of the types are their ranks
    long t = a > b ? a : b;
    return t < INT ? INT : t > ULONG ? ULONG : t;
}

void check_scalar(long t) {
    if (t_kind[t] > FUNCTION)
        error("a struct cannot be used as a value");
    if (t_kind[t] == VOID)
        error("there is no value");
}

long sized(long t) {            // its size
    if (t_size[t] == 0)
        error("the size is not known");
    return t_size[t];
}

// ---- symbols

long s_kind[SYMBOLS], s_type[SYMBOLS];
long s_value[SYMBOLS];          // place in the frame, or a constant
long s_label[SYMBOLS];          // a global's name or, less than 0, number
long s_name[SYMBOLS], s_outer[SYMBOLS]; // and the symbol that it hides
long s_state[SYMBOLS];          // a global: 0 declared, 1 needs memory, 2 defined
long symbols;

long scope_mark;                // symbols from here on are of the innermost scope
long in_function, result_type;
long frame, frame_most;         // bytes of local variables: in scope, and in this function

long declare(long id, long kind, long t, long value) {
    if (id == 0)
        error("a name is missing");
    symbols = one_more(symbols, SYMBOLS);
    s_kind[symbols] = kind;
    s_type[symbols] = t;
    s_value[symbols] = value;
    s_label[symbols] = id;
    s_name[symbols] = id;
    s_outer[symbols] = id_symbol[id];
    s_state[symbols] = 0;
    id_symbol[id] = symbols;
    return symbols;
}

void leave_scope(long mark) {
    for (; symbols > mark; symbols -= 1)
        id_symbol[s_name[symbols]] = s_outer[symbols];
}

long new_local(long size) {     // returns its place
    frame += size + 7 & ~7;
    frame_most = frame > frame_most ? frame : frame_most;
    return -frame;
}

// ---- the operand

long x_kind, x_lvalue, x_label, x_value, x_type;

void expression();
void assignment();

void operand(long kind, long lvalue, long label, long value, long t) {
    x_kind = kind;
    x_lvalue = lvalue;
    x_label = label;
    x_value = value;
    x_type = t;
}

void set_acc(long t) {
    operand(X_ACC, 0, 0, 0, t);
}

long is_number() {              // a constant that is no address
    return x_kind == X_KNOWN && x_label == 0 && x_lvalue == 0;
}

void emit_address(char *s) {    // of an X_KNOWN with a label
    emit_at(s, x_label);
    if (x_value)
        emit_op("~", x_value);
}

// Writes the code that leaves the address, if x_lvalue, else the value in A.
void to_a() {
    if (x_kind != X_ACC) {
        if (x_label)
            emit_address("lit @");
        else
            emit_op("lit %", x_value);
        if (x_kind == X_LOCAL)
            emit("local ");
    }
    x_kind = X_ACC;
}

void emit_load(long t) {
    emit_op("load", t_size[t]);
    if (t_size[t] < 8) {
        out[part] -= 1;
        emit(is_unsigned(t) ? "u " : "s ");
    }
}

void emit_extend(long t) {
    if (t_size[t] < 8)
        emit_op(is_unsigned(t) ? "zx" : "sx", t_size[t]);
}

// From the place to its value. An array is the address of its first element, a function its own.
void value() {
    if (t_kind[x_type] == ARRAY || t_kind[x_type] == FUNCTION) {
        x_type = pointer_to(t_kind[x_type] == ARRAY ? t_base[x_type] : x_type);
        x_lvalue = 0;
    } else if (x_lvalue) {
        check_scalar(x_type);
        to_a();
        emit_load(x_type);
        x_lvalue = 0;
    }
}

void scalar() {
    value();
    check_scalar(x_type);
}

void to_value() {               // a value in A
    scalar();
    to_a();
}

long truncated(long value, long t) {
    long bits = 64 - t_size[t] * 8, one = 1;    // a long: to other compilers a constant is an int
    if (bits <= 0)
        return value;
    value = value << bits >> bits;
    return is_unsigned(t) && value < 0 ? value + (one << 64 - bits) : value;
}

// The value to the type t, of which it has then the extension.
void convert(long t) {
    scalar();
    check_scalar(t);
    if (is_number())
        x_value = truncated(x_value, t);
    else if (x_type != t && t_size[t] < 8) {
        to_a();
        emit_extend(t);
    }
    x_type = t;
}

void multiply(long size) {
    if (is_number())
        x_value = x_value * size;
    else if (size != 1) {
        to_a();
        emit_op("litb %", size);
        emit("mul ");
    }
}

void check_lvalue() {
    if (x_lvalue == 0 || t_kind[x_type] == ARRAY || t_kind[x_type] == FUNCTION)
        error("this cannot be assigned to");
    check_scalar(x_type);
}

// ---- expressions

// The row of a binary operator, or the zero behind the last: how strongly it binds; its characters; its macros, for
// signed and for other types, in five characters each. && and || have the jumps that pass over the right side.
char *operator_row(long op) {
    char *row =
        "0||jnz  jnz  "
        "1&&jz   jz   "
        "2| or   or   "
        "3^ xor  xor  "
        "4& and  and  "
        "5==eq   eq   "
        "5!=ne   ne   "
        "6< lts  ltu  "
        "6<=les  leu  "
        "6> gts  gtu  "
        "6>=ges  geu  "
        "7<<shl  shl  "
        "7>>sar  shr  "
        "8+ add  add  "
        "8- sub  sub  "
        "9* mul  mul  "
        "9/ divs divu "
        "9% mods modu ";
    while (*row && op != row[1] + (row[2] == ' ' ? 0 : row[2] * 256))
        row = row + 13;
    return row;
}

void emit_word(char *s) {       // up to its blank
    for (; *s != ' '; s++)
        emit_char(*s);
    emit(" ");
}

// Sets number_value to the result and returns 1, or 0 where the machine must do it.
long fold(char *row, long a, long b, long t) {
    long op = row[1], twice = row[2] == op;
    long divides = op == '/' || op == '%';
    if (divides && (b == 0 || b == -1))
        return 0;
    if (is_unsigned(t) && (a < 0 || b < 0) && (divides || *row == '6' || *row == '7' && op == '>'))
        return 0;
    number_value = op == '+' ? a + b
        : op == '-' ? a - b
        : op == '*' ? a * b
        : op == '/' ? a / b
        : op == '%' ? a % b
        : op == '&' ? a & b
        : op == '|' ? a | b
        : op == '^' ? a ^ b
        : op == '=' ? a == b
        : op == '!' ? a != b
        : op == '<' ? twice ? a << (b & 63) : row[2] == '=' ? a <= b : a < b
        : twice ? a >> (b & 63) : row[2] == '=' ? a >= b : a > b;
    return 1;
}

void binary(long least);

enum { BY_PRECEDENCE, BY_ASSIGNMENT, BY_EXPRESSION };

// The operand is the left side of the operator; reads the right side and applies it.
void operate(char *row, long how) {
    scalar();
    long left = x_type, kind = x_kind, label = x_label, known = x_value, adds = *row == '8', shifts = *row == '7';
    long mark = out[part], size = 1;
    if (kind == X_ACC)
        emit("push ");
    if (how == BY_PRECEDENCE)
        binary(*row - '0' + 1);
    else if (how == BY_ASSIGNMENT)
        assignment();
    else
        expression();
    scalar();
    long left_pointer = t_kind[left] == POINTER, right_pointer = t_kind[x_type] == POINTER;
    long result = shifts ? common(left, INT) : common(left, x_type);
    long computed = result;             // the type in which it is computed
    if (adds && (left_pointer || right_pointer)) {
        result = left_pointer ? left : x_type;
        size = t_kind[t_base[result]] == VOID ? 1 : sized(t_base[result]);
        if (left_pointer && right_pointer)
            result = LONG;
        else if (left_pointer)
            multiply(size);
        else if (kind == X_KNOWN)
            known = known * size;
        else {                          // what is to be multiplied lies below the pointer
            to_a();
            emit_op("put %", new_local(8));
            emit_op("pop litb %", size);
            emit_op("mul push get %", -frame);
        }
    }
    if (shifts == 0)
        convert(computed);
    if (kind != X_ACC)
        known = truncated(known, computed);
    long compares = *row == '5' || *row == '6', difference = adds && left_pointer && right_pointer;
    if (kind != X_ACC && is_number() && (label == 0 && kind == X_KNOWN || adds) && difference == 0)
        if (fold(row, known, x_value, computed)) {
            result = compares ? INT : result;
            operand(kind, 0, label, truncated(number_value, result), result);
            return;
        }
    if (kind != X_ACC) {
        to_a();
        emit("movb ");
        operand(kind, 0, label, known, left);
        to_a();
    } else {
        if (is_number()) {
            out[part] = mark;           // no need of the push
            emit_op("litb %", x_value);
        } else {
            to_a();
            emit("popb ");
        }
        if (left != computed)
            emit_extend(computed);
    }
    emit_word(row + (is_unsigned(computed) ? 8 : 3));
    if (difference) {
        emit_op("litb %", size);
        emit("divs ");
    }
    set_acc(compares ? INT : result);
    if (compares == 0)
        emit_extend(result);
}

void logical(char *row) {       // && and ||
    long label = new_label(), mark = out[part], left = x_value != 0, known = is_number();
    to_value();
    emit_word(row + 3);
    emit_op("@l", label);
    binary(*row - '0' + 1);
    long right = x_value != 0;
    known = known && is_number();
    to_value();
    emit_label(label);
    emit("not not ");
    set_acc(INT);
    if (known) {                        // no code is needed
        out[part] = mark;
        operand(X_KNOWN, 0, 0, *row == '0' ? left | right : left & right, INT);
    }
}

void unary();

void binary(long least) {
    unary();
    while (1) {
        char *row = operator_row(tok);
        if (*row == 0 || *row - '0' < least)
            return;
        next();
        if (*row <= '1')
            logical(row);
        else
            operate(row, BY_PRECEDENCE);
    }
}

void conditional() {
    binary(0);
    if (accept('?') == 0)
        return;
    long otherwise = new_label(), done = new_label(), mark = out[part], chosen = x_value, known = is_number();
    to_value();
    emit_op("jz @l", otherwise);
    expression();
    value();
    long first = x_type, value_of_first = x_value;
    known = known && is_number();
    to_a();
    emit_op("jmp @l", done);
    expect(':', "':' is missing");
    emit_label(otherwise);
    conditional();
    value();
    known = known && is_number();
    to_a();
    emit_label(done);
    if (t_kind[first] == POINTER && (t_kind[x_type] != POINTER || t_kind[t_base[x_type]] == VOID))
        x_type = first;
    else if (first <= ULONG && x_type <= ULONG && x_type != VOID) {
        x_type = common(first, x_type);
        emit_extend(x_type);
        if (known) {                    // all three: no code is needed
            out[part] = mark;
            operand(X_KNOWN, 0, 0, truncated(chosen ? value_of_first : x_value, x_type), x_type);
        }
    }
}

void assignment() {
    conditional();
    long op = tok >> 16 == '=' ? tok & 65535 : tok >> 8 == '=' ? tok & 255 : 0, t = x_type;
    if (tok != '=' && op == 0)
        return;
    next();
    check_lvalue();
    to_a();
    emit("push ");
    if (op) {
        value();
        operate(operator_row(op), BY_ASSIGNMENT);
    } else
        assignment();
    convert(t);
    to_a();
    emit("popb ");
    emit_op("store", t_size[t]);
    set_acc(t);
}

void expression() {
    assignment();
    while (accept(',')) {
        assignment();
        value();
        to_a();                         // it is no constant
    }
}

void emit_add(long n, long t) {
    emit_op("litb %", n);
    emit("add ");
    emit_extend(t);
}

void step(long sign, long after) {      // ++ and --
    long t = x_type;
    next();
    if (after == 0) {
        unary();
        t = x_type;
    }
    if (t_kind[t] == POINTER)
        sign = sign * sized(t_base[t]);
    check_lvalue();
    to_a();
    emit("push ");
    value();
    emit_add(sign, t);
    emit("popb ");
    emit_op("store", t_size[t]);
    if (after)
        emit_add(-sign, t);
    set_acc(t);
}

// Writes the bytes of the string and of those that follow it; returns how many.
long string_bytes() {
    long n = 0;
    while (tok == T_STRING) {
        for (; text[at] != '"'; n++)
            emit_byte(character());
        at++;
        next();
    }
    return n;
}

void string_literal() {
    long outer = part, label = -(unnamed += 1);
    part = P_STRINGS;
    emit_at("\n:", label);
    long n = string_bytes();
    emit_byte(0);
    part = outer;
    operand(X_KNOWN, 1, label, 0, new_type(ARRAY, n + 1, 1, CHAR));
}

long starts_type() {
    return tok == T_NAME ? s_kind[id_symbol[name]] == S_TYPEDEF : tok >= K_VOID && tok <= K_ENUM;
}

long type_name();

void call() {
    long callee = t_kind[x_type] == FUNCTION && x_kind == X_KNOWN ? x_label : 0, place = 0, n = 0, t;
    value();
    t = t_base[x_type];
    if (t_kind[x_type] != POINTER || t_kind[t] != FUNCTION)
        error("this is no function");
    if (callee == 0) {
        to_a();
        place = new_local(8);
        emit_op("put %", place);
    }
    long parameter = t_first[t];
    while (tok != ')') {
        assignment();
        to_value();
        emit("push ");
        n++;
        if (parameter == 0)
            error("too many arguments");
        if (m_type[parameter])
            parameter = m_next[parameter];
        if (accept(',') == 0)
            break;
    }
    expect(')', "')' is missing");
    if (parameter && m_type[parameter])
        error("too few arguments");
    if (callee)
        emit_at("call @", callee);
    else {
        emit_op("get %", place);
        emit("calla ");
    }
    emit_op("drop %", n * 8);
    set_acc(t_base[t]);
}

void member() {
    if (t_kind[x_type] != STRUCT || x_lvalue == 0)
        error("this is no struct");
    next();
    if (tok != T_NAME)
        error("a member's name is missing");
    long m = t_first[x_type];
    while (m && m_name[m] != name)
        m = m_next[m];
    if (m == 0)
        error("there is no such member");
    next();
    if (x_kind != X_ACC)
        x_value += m_offset[m];
    else if (m_offset[m])
        emit_add(m_offset[m], LONG);
    x_type = m_type[m];
}

void dereference() {
    value();
    if (t_kind[x_type] != POINTER)
        error("this is no pointer");
    x_lvalue = 1;
    x_type = t_base[x_type];
}

void primary() {
    if (tok == T_NUMBER) {
        operand(X_KNOWN, 0, 0, number_value, number_type);
        next();
    } else if (tok == T_STRING)
        string_literal();
    else if (accept('(')) {
        expression();
        expect(')', "')' is missing");
    } else {
        long s = tok == T_NAME ? id_symbol[name] : 0;
        if (tok != T_NAME || s_kind[s] == S_TYPEDEF)
            error("an expression is missing");
        if (s == 0)
            error("this name is not declared");
        next();
        if (s_kind[s] == S_CONSTANT)
            operand(X_KNOWN, 0, 0, s_value[s], INT);
        else if (s_kind[s] == S_LOCAL)
            operand(X_LOCAL, 1, 0, s_value[s], s_type[s]);
        else
            operand(X_KNOWN, 1, s_label[s], 0, s_type[s]);
    }
}

void postfix() {
    while (1) {
        if (accept('[')) {
            operate(operator_row('+'), BY_EXPRESSION);
            expect(']', "']' is missing");
            dereference();
        } else if (accept('('))
            call();
        else if (tok == '.')
            member();
        else if (tok == T_ARROW) {
            dereference();
            member();
        } else if (tok == T_INC || tok == T_DEC)
            step(tok == T_INC ? 1 : -1, 1);
        else
            return;
    }
}

void parenthesis() {            // behind '(': a cast, or what primary and postfix would read
    if (starts_type()) {
        long t = type_name();
        expect(')', "')' is missing");
        unary();
        if (t_kind[t] != VOID)
            convert(t);
        x_type = t;
    } else {
        expression();
        expect(')', "')' is missing");
        postfix();
    }
}

void size_of() {
    long mark = out[part];
    if (accept('(')) {
        if (starts_type()) {
            x_type = type_name();
            expect(')', "')' is missing");
        } else {
            expression();
            expect(')', "')' is missing");
            postfix();
        }
    } else
        unary();
    out[part] = mark;
    operand(X_KNOWN, 0, 0, sized(x_type), ULONG);
}

void arithmetic(long op) {      // - ~ +
    unary();
    scalar();
    if (x_type > ULONG)
        error("this is no number");
    convert(common(x_type, INT));
    long t = x_type;
    if (is_number())
        operand(X_KNOWN, 0, 0, truncated(op == '-' ? -x_value : op == '~' ? ~x_value : x_value, t), t);
    else {
        to_a();
        emit(op == '-' ? "neg " : op == '~' ? "litb %-1 xor " : "");
        emit_extend(t);
    }
}

void unary() {
    long op = tok;
    if (accept('('))
        parenthesis();
    else if (accept('*')) {
        unary();
        dereference();
    } else if (accept('&')) {
        unary();
        if (x_lvalue == 0)
            error("this has no address");
        x_lvalue = 0;
        x_type = pointer_to(x_type);
    } else if (accept('-') || accept('~') || accept('+'))
        arithmetic(op);
    else if (accept('!')) {
        unary();
        scalar();
        if (is_number())
            operand(X_KNOWN, 0, 0, x_value == 0, INT);
        else {
            to_a();
            emit("not ");
            set_acc(INT);
        }
    } else if (tok == T_INC || tok == T_DEC)
        step(tok == T_INC ? 1 : -1, 0);
    else if (accept(K_SIZEOF))
        size_of();
    else {
        primary();
        postfix();
    }
}

long constant_value() {
    long mark = out[part];
    conditional();
    value();
    if (is_number() == 0 || out[part] != mark)
        error("this is not constant");
    return x_value;
}

// ---- declarations

long storage;                   // of the declaration: K_STATIC, K_EXTERN, K_TYPEDEF, 0
long declared;                  // the name that a declarator declares, or 0

long declarator(long t);
long specifiers();

void struct_members(long t, long is_union) {
    long size = 0, align = 1;
    while (accept('}') == 0) {
        long base = specifiers();
        while (1) {
            long type = declarator(base), offset = is_union ? 0 : size + t_align[type] - 1 & -t_align[type];
            if (declared == 0)
                error("a member's name is missing");
            add_member(t, declared, type, offset);
            align = t_align[type] > align ? t_align[type] : align;
            size = offset + sized(type) > size ? offset + sized(type) : size;
            if (accept(',') == 0)
                break;
        }
        expect(';', "';' is missing");
    }
    t_size[t] = size + align - 1 & -align;
    t_align[t] = align;
    t_base[t] = is_union;
}

long struct_specifier() {
    long is_union = tok == K_UNION, t = 0;
    next();
    if (tok == T_NAME) {
        if (id_tag[name] == 0)
            id_tag[name] = new_type(STRUCT, 0, 1, 0);
        t = id_tag[name];
        next();
    }
    if (accept('{')) {
        if (t && t_size[t])
            error("this is defined already");
        t = t ? t : new_type(STRUCT, 0, 1, 0);
        struct_members(t, is_union);
    }
    return t;
}

void enum_specifier() {
    long value = 0;
    next();
    accept(T_NAME);
    if (accept('{') == 0)
        return;
    while (tok == T_NAME) {
        long id = name;
        next();
        if (accept('='))
            value = constant_value();
        declare(id, S_CONSTANT, INT, value);
        value++;
        if (accept(',') == 0)
            break;
    }
    expect('}', "'}' is missing");
}

long specifiers() {
    long t = 0, sign = 0, size = 0, stored = 0;
    while (1) {
        if (tok == K_STRUCT || tok == K_UNION)
            t = struct_specifier();
        else if (tok == K_ENUM) {
            enum_specifier();
            t = INT;
        } else {
            if (tok == K_STATIC || tok == K_EXTERN || tok == K_TYPEDEF)
                stored = tok;
            else if (tok == K_SIGNED || tok == K_UNSIGNED)
                sign = tok;
            else if (tok == K_CHAR || tok == K_SHORT || tok == K_LONG)
                size = tok;
            else if (tok == K_INT || tok == K_VOID)
                t = tok == K_INT ? INT : VOID;
            else if (tok == T_NAME && t == 0 && sign == 0 && size == 0 && starts_type())
                t = s_type[id_symbol[name]];
            else if (tok != K_CONST)
                break;
            next();
        }
    }
    storage = stored;
    if (size || sign && t == 0)
        t = size == K_CHAR ? CHAR : size == K_SHORT ? SHORT : size == K_LONG ? LONG : INT;
    if (t == 0)
        error("a type is missing");
    return sign == K_UNSIGNED ? t + 1 : t;
}

// The parameters of a function, as members of its type.
void parameters(long t) {
    while (tok != ')') {
        long type = 0;
        declared = 0;
        if (accept(T_DOTS) == 0) {
            type = declarator(specifiers());
            if (t_kind[type] == VOID && t_first[t] == 0 && tok == ')')
                break;
            if (t_kind[type] == ARRAY || t_kind[type] == FUNCTION)
                type = pointer_to(t_kind[type] == ARRAY ? t_base[type] : type);
            check_scalar(type);
        }
        add_member(t, declared, type, 0);
        if (accept(',') == 0)
            break;
    }
    expect(')', "')' is missing");
}

// What follows the name: [n]... or (parameters).
long suffix(long t) {
    if (accept('[')) {
        long length = tok == ']' ? 0 : constant_value();
        if (length < 0)
            error("the size is negative");
        expect(']', "']' is missing");
        t = suffix(t);
        return new_type(ARRAY, length * t_size[t], t_align[t], t);
    }
    if (accept('(')) {
        long function = new_type(FUNCTION, 0, 1, 0);
        parameters(function);
        t_base[function] = suffix(t);
        return function;
    }
    return t;
}

// Sets `declared` and returns the type.
long declarator(long t) {
    long id = 0;
    while (tok == '*' || tok == K_CONST) {
        if (tok == '*')
            t = pointer_to(t);
        next();
    }
    if (accept('(')) {
        // The type of what is inside is known only when what is behind is: until then it is a type to be filled
        long hole = new_type(VOID, 0, 1, 0), inner = declarator(hole);
        id = declared;
        expect(')', "')' is missing");
        t = suffix(t);
        t_kind[hole] = t_kind[t];
        t_size[hole] = t_size[t];
        t_align[hole] = t_align[t];
        t_base[hole] = t_base[t];
        t_first[hole] = t_first[t];
        t = inner == hole ? t : inner;
    } else {
        if (tok == T_NAME) {
            id = name;
            next();
        }
        t = suffix(t);
    }
    declared = id;
    return t;
}

long type_name() {
    long t = declarator(specifiers());
    if (declared)
        error("a type takes no name here");
    return t;
}

// ---- initialisers of globals and static locals

void zeros(long n) {
    for (; n > 0; n -= 1)
        emit_byte(0);
}

long initialiser(long t);

// Returns the type, which gets its length here if it has none.
long initialise_array(long t, long braces) {
    long base = t_base[t], size = t_size[base], length = 0;
    if (size == 1 && tok == T_STRING) {
        length = string_bytes();
        if (t_size[t] == 0) {
            emit_byte(0);
            length++;
        }
        if (t_size[t] && length > t_size[t])
            error("the string is too long");
    } else {
        if (braces == 0 && t_size[t] == 0)
            error("'{' is missing");
        while (tok != '}' && (t_size[t] == 0 || length * size < t_size[t])) {
            initialiser(base);
            length++;
            if (tok == '}' || braces == 0 && length * size == t_size[t])
                break;
            expect(',', "',' is missing");
        }
    }
    if (t_size[t] == 0)
        return new_type(ARRAY, length * size, t_align[base], base);
    zeros(t_size[t] - length * size);
    return t;
}

void initialise_struct(long t, long braces) {
    long m = t_first[t], done = 0;
    while (m && tok != '}') {
        zeros(m_offset[m] - done);
        initialiser(m_type[m]);
        done = m_offset[m] + t_size[m_type[m]];
        m = t_base[t] ? 0 : m_next[m];
        if (tok == '}' || m == 0 && braces == 0)
            break;
        expect(',', "',' is missing");
    }
    zeros(t_size[t] - done);
}

long initialiser(long t) {
    long braces = accept('{');
    if (t_kind[t] == ARRAY)
        t = initialise_array(t, braces);
    else if (t_kind[t] == STRUCT)
        initialise_struct(t, braces);
    else {
        long mark = out[part];
        assignment();
        convert(t);
        if (out[part] != mark || x_kind != X_KNOWN)
            error("this is not constant");
        if (x_label)
            emit_address(" @");
        else
            for (long n = t_size[t]; n; n -= 1) {
                emit_byte(x_value);
                x_value = x_value >> 8;
            }
    }
    if (braces) {
        accept(',');
        expect('}', "'}' is missing");
    }
    return t;
}

// The initialiser of the global or static local s, behind its '='.
void initialise(long s) {
    if (s_state[s] == 2)
        error("this is defined already");
    s_state[s] = 2;
    part = P_DATA;
    emit_at("\n^ :", s_label[s]);
    s_type[s] = initialiser(s_type[s]);
    part = P_CODE;
}

void reserve(long s) {          // memory for a variable without initialiser
    part = P_MEMORY;
    emit_at("\n:", s_label[s]);
    emit_op("+", sized(s_type[s]) + 7 & ~7);
    part = P_CODE;
}

// ---- statements

long break_label, continue_label;
long switch_place;              // of the innermost switch: where its value lies in the frame, or 0
long case_label, default_label; // where the next case is checked; where `default` stands, or 0

void statement();
void declaration();

void jump(long label) {
    emit_op("jmp @l", label);
}

void jump_if_not(long label) {  // reads a condition
    expression();
    to_value();
    emit_op("jz @l", label);
}

void condition(long label) {
    expect('(', "'(' is missing");
    jump_if_not(label);
    expect(')', "')' is missing");
}

void end_statement() {
    expect(';', "';' is missing");
}

void compound() {
    while (accept('}') == 0) {
        if (tok == T_END)
            error("'}' is missing");
        statement();
    }
}

void if_statement() {
    long otherwise = new_label(), done = new_label();
    condition(otherwise);
    statement();
    if (tok == K_ELSE)
        jump(done);
    emit_label(otherwise);
    if (accept(K_ELSE))
        statement();
    emit_label(done);
}

void while_statement() {
    long done = break_label = new_label(), repeat = continue_label = new_label();
    emit_label(repeat);
    condition(done);
    statement();
    jump(repeat);
    emit_label(done);
}

void do_statement() {
    long done = break_label = new_label(), check = continue_label = new_label(), repeat = new_label();
    emit_label(repeat);
    statement();
    emit_label(check);
    expect(K_WHILE, "'while' is missing");
    condition(done);
    jump(repeat);
    emit_label(done);
    end_statement();
}

void for_statement() {
    long done = break_label = new_label(), go_on = continue_label = new_label();
    long repeat = new_label(), body = new_label();
    expect('(', "'(' is missing");
    if (starts_type())
        declaration();
    else {
        if (tok != ';')
            expression();
        end_statement();
    }
    emit_label(repeat);
    if (tok != ';')
        jump_if_not(done);
    end_statement();
    jump(body);
    emit_label(go_on);
    if (tok != ')')
        expression();
    jump(repeat);
    emit_label(body);
    expect(')', "')' is missing");
    statement();
    jump(go_on);
    emit_label(done);
}

// Each case checks whether it is meant, and passes on to the next.
void switch_statement() {
    long outer_place = switch_place, outer_case = case_label, outer_default = default_label;
    long done = break_label = new_label();
    expect('(', "'(' is missing");
    expression();
    to_value();
    expect(')', "')' is missing");
    switch_place = new_local(8);
    case_label = new_label();
    default_label = 0;
    emit_op("put %", switch_place);
    jump(case_label);
    statement();
    jump(done);
    emit_label(case_label);
    if (default_label)
        jump(default_label);
    emit_label(done);
    switch_place = outer_place;
    case_label = outer_case;
    default_label = outer_default;
}

void case_statement(long is_default) {
    long body = new_label();
    if (switch_place == 0)
        error("this is in no switch");
    next();
    if (is_default) {
        if (default_label)
            error("this default is there already");
        default_label = body;
    } else {
        jump(body);
        emit_label(case_label);
        case_label = new_label();
        emit_op("get %", switch_place);
        emit_op("litb %", constant_value());
        emit_op("eq jz @l", case_label);
    }
    expect(':', "':' is missing");
    emit_label(body);
}

void leap(long label) {
    if (label == 0)
        error("this is in no loop");
    next();
    end_statement();
    jump(label);
}

void return_statement() {
    if (tok != ';') {
        if (t_kind[result_type] == VOID)
            error("this function returns nothing");
        expression();
        convert(result_type);
        to_a();
    } else if (t_kind[result_type] != VOID)
        error("a value is missing");
    end_statement();
    emit("leave ");
}

// A statement that has a scope, or is left by break.
void nested(long kind) {
    long outer_break = break_label, outer_continue = continue_label;
    long mark = symbols, outer_mark = scope_mark, outer_frame = frame;
    scope_mark = symbols;
    next();
    if (kind == '{')
        compound();
    else if (kind == K_WHILE)
        while_statement();
    else if (kind == K_DO)
        do_statement();
    else if (kind == K_FOR)
        for_statement();
    else
        switch_statement();
    leave_scope(mark);
    scope_mark = outer_mark;
    frame = outer_frame;
    break_label = outer_break;
    continue_label = outer_continue;
}

void statement() {
    if (tok == '{' || tok == K_WHILE || tok == K_DO || tok == K_FOR || tok == K_SWITCH)
        nested(tok);
    else if (accept(K_IF))
        if_statement();
    else if (tok == K_CASE || tok == K_DEFAULT)
        case_statement(tok == K_DEFAULT);
    else if (tok == K_BREAK || tok == K_CONTINUE)
        leap(tok == K_BREAK ? break_label : continue_label);
    else if (accept(K_RETURN))
        return_statement();
    else if (starts_type())
        declaration();
    else if (accept(';') == 0) {
        expression();
        end_statement();
    }
    emit("\n");
}

void function_body(long s) {
    long t = s_type[s], m, mark = symbols, place = 16;
    if (s_state[s] == 2)
        error("this is defined already");
    s_state[s] = 2;
    scope_mark = symbols;
    for (m = t_first[t]; m; m = m_next[m])
        place += 8;
    for (m = t_first[t]; m; m = m_next[m])      // the last one lies at 16
        declare(m_name[m], S_LOCAL, m_type[m], place -= 8);
    in_function = 1;
    frame = 0;
    frame_most = 0;
    result_type = t_base[t];
    emit_at("\n:", s_label[s]);
    emit("enter %");
    long head = out[part];
    emit("           ");        // for the size of the frame, known at the end
    compound();
    emit("leave\n");
    long end = out[part];
    out[part] = head;
    emit_number(frame_most);
    out[part] = end;
    in_function = 0;
    leave_scope(mark);
    scope_mark = 0;
}

void local_variable(long id, long t) {
    if (id_symbol[id] > scope_mark && s_kind[id_symbol[id]] == S_LOCAL)
        error("this name is declared already");
    long place = new_local(sized(t));
    declare(id, S_LOCAL, t, place);
    if (accept('=')) {
        if (t_kind[t] == ARRAY || t_kind[t] == STRUCT)
            error("a local array or struct takes no initialiser in C1");
        assignment();
        convert(t);
        to_a();
        emit_op("put %", place);
    }
}

long global(long id, long t) {  // its symbol, new or as it was declared before
    long s = id_symbol[id];
    if (s && s_kind[s] == S_GLOBAL && (in_function == 0 || storage != K_STATIC)) {
        if (t_size[s_type[s]] == 0 || t_kind[t] == FUNCTION)
            s_type[s] = t;          // this declaration may say more, or name the parameters
        else if (t_size[t] && t_size[t] != t_size[s_type[s]])
            error("this name is declared already");
        return s;
    }
    if (s > scope_mark)
        error("this name is declared already");
    s = declare(id, S_GLOBAL, t, 0);
    if (in_function && storage == K_STATIC)
        s_label[s] = -(unnamed += 1);
    return s;
}

void declaration() {
    long base = specifiers(), stored = storage;
    if (accept(';'))
        return;
    while (1) {
        long t = declarator(base), id = declared;
        storage = stored;
        if (stored == K_TYPEDEF)
            declare(id, S_TYPEDEF, t, 0);
        else if (in_function && stored == 0 && t_kind[t] != FUNCTION)
            local_variable(id, t);
        else {
            long s = global(id, t);
            if (t_kind[t] == FUNCTION) {
                if (in_function == 0 && accept('{')) {
                    function_body(s);
                    return;
                }
            } else if (accept('='))
                initialise(s);
            else if (in_function && stored == K_STATIC)
                reserve(s);
            else if (stored != K_EXTERN && s_state[s] == 0)
                s_state[s] = 1;
        }
        if (accept(',') == 0)
            break;
    }
    end_statement();
}

// ---- main

void keywords(char *list) {     // in the order of the K_ constants, each followed by a blank
    for (long k = K_VOID; *list; k++) {
        long n = 0;
        while (list[n] != ' ')
            n++;
        id_keyword[intern(text_add(list, n), n)] = k;
        list = list + n + 1;
    }
}

long main(long argc, char **argv) {
    long i;
    text_add(" \n", 2);         // so that 0 is no place of a macro, and 1 that of an empty one
    keywords("void char short int long signed unsigned const static extern typedef struct union enum sizeof "
        "if else while do for switch case default break continue return define undef ifdef ifndef endif include ");
    for (i = 0; i < PARTS; i++)
        out[i] = i * PART_SIZE;
    for (i = VOID; i <= ULONG; i++)     // the sizes are 0, and two each of 1, 2, 4 and 8
        new_type(i, i == VOID ? 0 : 1 << i / 2 - 1, i == VOID ? 1 : 1 << i / 2 - 1, 0);
    for (i = 1; argv[i] && argv[i][0] == '-' && argv[i][1] == 'D'; i++) {
        at = text_add(argv[i] + 2, TEXT_SIZE);
        id_macro[word()] = 1;
        if (text[at])
            error("a macro of the command line has no value in C1");
    }
    if (argv[i] == 0 || argv[i][0] == '-' || argv[i + 1])
        error("usage: c1 [-DNAME]... FILE");
    read_file("", 0, argv[i], TEXT_SIZE);
    next();
    while (tok != T_END)
        declaration();
    emit("^\n");
    for (i = 1; i <= symbols; i++)
        if (s_kind[i] == S_GLOBAL && s_state[i] == 1)
            reserve(i);
    part = P_STRINGS;
    emit("\n^ :file_end\n");
    part = P_MEMORY;
    emit("\n:mem_end\n");
    for (i = 0; i < PARTS; i++)
        write_all(1, output + i * PART_SIZE, out[i] - i * PART_SIZE);
    return 0;
}

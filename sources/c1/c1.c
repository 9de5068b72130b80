// SPDX-License-Identifier: MIT
//
// c1: a compiler for C1, the C in which cc is written; itself in the subset that c0 takes (see c0.m).
//
//     c1 [-DNAME[=TOKENS]]... FILE > TEXT      TEXT is for masm, behind the table and start.m
//
// C1 is C99 without: float and double, bit-fields, structs by value (assignment, parameter, result), goto, function-like
// macros, #if, variadic functions, compound literals, designators, initialisers of local arrays and structs, anonymous
// members, VLAs, long long, addresses with an offset in the initialisers of globals. char is signed; int has 32 bits,
// long and pointers 64. One file with its includes is a program; its labels are the C names with _ before them.
//
// Made by: c0. Makes: cc, its first time. Retired by: cc.
//
// How it works. One pass, no tree: while it reads an expression, c1 appends text for the macro machine to `code`. What
// is known of the value so far stands in five variables, the operand:
//     x_kind  X_CONST   x_value
//             X_LOCAL   frame pointer + x_value
//             X_GLOBAL  the label x_label + x_value
//             X_ACC     what the code leaves in A, + x_value
//     x_lvalue   1: that is the address of the value; 0: it is the value
//     x_type
// So constants are folded, members and constant indexes cost nothing, and a variable can be loaded straight to B when it
// is the right operand. All values are held extended to 64 bits, signed or not as their type is. As the output is text,
// code can still be put in before code that exists ("push ", when the right operand turns out to need A), moved (the
// step of a for loop) or dropped (the operand of sizeof).
//
// c0 has no structs: a table's columns are arrays, and an entry is an index. 0 is no entry.
//
// Index: errors; names; output; preprocessor and tokens; types; symbols; the operand; expressions; declarations;
// initialisers; statements; main. The file is one because c0 knows no include.

long os_open(char *name);
long os_read(long file, char *to, long size);
long os_write(long file, char *from, long size);
void os_exit(long status);

enum {
    TEXT_SIZE = 8388608, CODE_SIZE = 33554432, DATA_SIZE = 4194304, SIDE_SIZE = 1048576,
    IDS = 32768, TYPES = 65536, MEMBERS = 65536, SYMBOLS = 65536, FILES = 256, INPUTS = 256, CASES = 4096, HASHES = 16384
};

// Tokens: characters stand for themselves, operators of two and three for their characters, the first one lowest.
enum {
    T_END, T_NUMBER, T_STRING, T_NAME,
    T_INC = 11051, T_DEC = 11565, T_SHL = 15420, T_SHR = 15934, T_LE = 15676, T_GE = 15678, T_EQ = 15677, T_NE = 15649,
    T_AND = 9766, T_OR = 31868, T_ARROW = 15917, T_DOTS = 3026478,
    K_VOID = 128, K_CHAR, K_SHORT, K_INT, K_LONG, K_SIGNED, K_UNSIGNED, K_CONST, K_STATIC, K_EXTERN, K_TYPEDEF,
    K_STRUCT, K_UNION, K_ENUM, K_SIZEOF, K_IF, K_ELSE, K_WHILE, K_DO, K_FOR, K_SWITCH, K_CASE, K_DEFAULT,
    K_BREAK, K_CONTINUE, K_RETURN
};

enum { X_CONST, X_LOCAL, X_GLOBAL, X_ACC };

// The integer types have these numbers in the table of types; a kind above ULONG is not arithmetic.
enum { VOID = 1, CHAR, UCHAR, SHORT, USHORT, INT, UINT, LONG, ULONG, POINTER, ARRAY, FUNCTION, STRUCT };

enum { S_LOCAL = 1, S_GLOBAL, S_TYPEDEF, S_CONSTANT };

char text[TEXT_SIZE];           // all files, each with a zero behind it
long text_end;
char code[CODE_SIZE];           // output: functions
long out;
char data[DATA_SIZE];           // output: initialised variables and strings
long data_end;
char side[SIDE_SIZE];           // code put aside
long side_end;

// ---- errors

long file_name[FILES];          // names lie in `text` too
long file_start[FILES];
long files;

long input_at[INPUTS];          // the inputs that are being read: files, and macros within them
long input_end[INPUTS];
long input_file[INPUTS];        // of a file
long input_macro[INPUTS];       // of a macro: its name
long inputs;
long at;                        // where in `text` the next character is
long end;                       // and where this input ends
long token_at;                  // where the token began
long tok;

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

// FILE:LINE: MESSAGE, the line, and a caret below the place. In a macro, the place is where the macro stands.
void error(char *message) {
    long place = token_at;
    long i = inputs;
    while (i > 0 && input_macro[i]) {
        i -= 1;
        place = input_at[i];
    }
    if (i > 0 && files > 0) {
        long line = 1;
        long start = file_start[input_file[i]];
        long c = start;
        while (c < place) {
            if (text[c] == '\n') {
                line++;
                start = c + 1;
            }
            c++;
        }
        print(text + file_name[input_file[i]]);
        print(":");
        print_number(line);
        print(": ");
        print(message);
        print("\n");
        c = start;
        while (text[c] && text[c] != '\n')
            c++;
        write_all(2, text + start, c - start);
        print("\n");
        while (start < place) {
            if (text[start] == '\t')
                print("\t");
            else
                print(" ");
            start++;
        }
        print("^");
    } else {
        print("c1: ");
        print(message);
    }
    print("\n");
    os_exit(1);
}

// ---- names: each spelling has one number; what it means is found from there

long id_at[IDS];                // where in `text` it is written
long id_length[IDS];
long id_next[IDS];              // in its chain
long id_keyword[IDS];
long id_macro[IDS];             // where its macro's tokens begin, or 0
long id_macro_end[IDS];
long id_busy[IDS];              // the macro is being read
long id_symbol[IDS];            // what it declares, in the innermost scope
long id_tag[IDS];               // struct, union, enum: the type
long ids;
long chains[HASHES];
long name;                      // of the token T_NAME

long intern(long from, long length) {
    long hash = 0;
    long i = 0;
    while (i < length) {
        hash = (hash + text[from + i]) * 31;
        i++;
    }
    hash = (hash ^ hash >> 14) & 16383;
    long id = chains[hash];
    while (id) {
        if (id_length[id] == length) {
            i = 0;
            while (i < length && text[id_at[id] + i] == text[from + i])
                i++;
            if (i == length)
                return id;
        }
        id = id_next[id];
    }
    ids++;
    if (ids >= IDS)
        error("too many names");
    id_at[ids] = from;
    id_length[ids] = length;
    id_next[ids] = chains[hash];
    chains[hash] = ids;
    return ids;
}

long text_add(char *s) {        // returns where it was put; a zero follows it
    long start = text_end;
    long i = 0;
    while (s[i]) {
        text[text_end] = s[i];
        text_end++;
        i++;
    }
    text[text_end] = 0;
    text_end++;
    return start;
}

// ---- output

void emit(char *s) {
    long i = 0;
    while (s[i]) {
        code[out] = s[i];
        out++;
        i++;
    }
    if (out > CODE_SIZE - 4096)
        error("the program is too large");
}

void emit_number(long n) {
    if (n < 0) {
        emit("-");
        if (n < -9) {
            emit_number(-(n / 10));
            n = n % 10;
        }
        n = -n;
    } else if (n > 9) {
        emit_number(n / 10);
        n = n % 10;
    }
    code[out] = '0' + n;
    out++;
}

// A macro and its number.
void emit_op(char *s, long n) {
    emit(s);
    emit_number(n);
    emit(" ");
}

// A macro and the label of a symbol, or, less than 0, of a string or a static local.
void emit_symbol_name(long id) {
    long i = 0;
    emit("_");
    while (i < id_length[id]) {
        code[out] = text[id_at[id] + i];
        out++;
        i++;
    }
}

void emit_at(char *s, long label) {
    emit(s);
    if (label < 0) {
        emit_op("s", -label);
        return;
    }
    emit_symbol_name(label);
    emit(" ");
}

// Puts "push " before the code from `mark` on.
void insert_push(long mark) {
    long i = out;
    emit("push ");
    while (i > mark) {
        i -= 1;
        code[i + 5] = code[i];
    }
    code[mark] = 'p';
    code[mark + 1] = 'u';
    code[mark + 2] = 's';
    code[mark + 3] = 'h';
    code[mark + 4] = ' ';
}

void put_aside(long mark) {
    long i = mark;
    while (i < out) {
        side[side_end] = code[i];
        side_end++;
        i++;
    }
    if (side_end > SIDE_SIZE - 65536)
        error("too complex");
    out = mark;
}

void bring_back(long mark) {
    long i = mark;
    while (i < side_end) {
        code[out] = side[i];
        out++;
        i++;
    }
    side_end = mark;
}

long labels;

long new_label() {
    labels++;
    return labels;
}

void emit_label(long l) {
    emit_op("\n:l", l);
}

// ---- preprocessor and tokens

long number_value;              // of T_NUMBER
long number_type;
long conditions;                // the #ifdefs that are open

void read_file(char *path_start, long directory_length, char *path, long length) {
    if (files >= FILES - 1 || inputs >= INPUTS - 1)
        error("too many files");
    long start = text_end;
    long i = 0;
    while (i < directory_length) {
        text[text_end] = path_start[i];
        text_end++;
        i++;
    }
    i = 0;
    while (i < length) {
        text[text_end] = path[i];
        text_end++;
        i++;
    }
    text[text_end] = 0;
    text_end++;
    long file = os_open(text + start);
    if (file < 0)
        error("the file cannot be read");
    input_at[inputs] = at;
    input_end[inputs] = end;
    inputs++;
    files++;
    file_name[files] = start;
    file_start[files] = text_end;
    input_file[inputs] = files;
    input_macro[inputs] = 0;
    at = text_end;
    while (1) {
        i = os_read(file, text + text_end, TEXT_SIZE - 4096 - text_end);
        if (i < 0)
            error("the file cannot be read");
        if (i == 0)
            break;
        text_end += i;
        if (text_end == TEXT_SIZE - 4096)
            error("the text is too large");
    }
    end = text_end;
    text[text_end] = 0;
    text_end++;
}

void leave_input() {
    if (input_macro[inputs])
        id_busy[input_macro[inputs]] = 0;
    inputs -= 1;
    at = input_at[inputs];
    end = input_end[inputs];
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

long word() {                   // reads a name, for a directive
    skip_blanks();
    long start = at;
    while (is_letter(text[at]) || is_digit(text[at]))
        at++;
    if (at == start)
        error("a name is missing");
    return intern(start, at - start);
}

void skip_line() {
    while (at < end && text[at] != '\n')
        at++;
}

long same(long id, char *s) {
    long i = 0;
    while (i < id_length[id] && s[i] == text[id_at[id] + i])
        i++;
    return i == id_length[id] && s[i] == 0;
}

// After a condition that is false: on to its #endif, or, if `to_else`, to its #else.
void skip_group(long to_else) {
    long depth = 0;
    while (1) {
        skip_line();
        if (at >= end)
            error("#endif is missing");
        at++;
        skip_blanks();
        if (text[at] == '#') {
            at++;
            skip_blanks();
            if (is_letter(text[at])) {
                long id = word();
                if (same(id, "ifdef") || same(id, "ifndef") || same(id, "if"))
                    depth++;
                else if (same(id, "endif")) {
                    if (depth == 0) {
                        conditions -= 1;
                        return;
                    }
                    depth -= 1;
                } else if (same(id, "else") && depth == 0 && to_else)
                    return;
            }
        }
    }
}

void define(long id) {          // its tokens begin at `at` and go on to the end of the line
    skip_blanks();
    id_macro[id] = at;
    while (at < end && text[at] != '\n') {
        if (text[at] == '\\' && text[at + 1] == '\n')
            at++;
        at++;
    }
    id_macro_end[id] = at;
}

void directive() {
    token_at = at;
    at++;
    long id = word();
    if (same(id, "define")) {
        id = word();
        if (text[at] == '(')
            error("macros with parameters are not in C1");
        define(id);
    } else if (same(id, "undef")) {
        id_macro[word()] = 0;
        skip_line();
    } else if (same(id, "ifdef") || same(id, "ifndef")) {
        long wanted = same(id, "ifdef");
        conditions++;
        if ((id_macro[word()] != 0) != wanted)
            skip_group(1);
        skip_line();
    } else if (same(id, "else")) {
        if (conditions == 0)
            error("#else without #ifdef");
        skip_group(0);
        skip_line();
    } else if (same(id, "endif")) {
        if (conditions == 0)
            error("#endif without #ifdef");
        conditions -= 1;
        skip_line();
    } else if (same(id, "include")) {
        skip_blanks();
        if (text[at] != '"')
            error("a file name in quotes is missing");
        at++;
        long start = at;
        while (text[at] != '"' && at < end)
            at++;
        long length = at - start;
        at++;
        long includer = file_name[input_file[inputs]];
        long i = 0;
        long directory = 0;
        while (text[includer + i]) {
            i++;
            if (text[includer + i - 1] == '/')
                directory = i;
        }
        read_file(text + includer, directory, text + start, length);
    } else
        error("unknown directive");
}

// The character at `at` of a string or character constant.
long character() {
    long c = text[at];
    at++;
    if (c == '\n' || c == 0)
        error("the quote is not closed");
    if (c != '\\')
        return c;
    c = text[at];
    at++;
    if (c == 'n')
        return '\n';
    if (c == 't')
        return '\t';
    if (c == 'r')
        return '\r';
    if (c == 'a')
        return 7;
    if (c == 'b')
        return 8;
    if (c == 'f')
        return 12;
    if (c == 'v')
        return 11;
    if (c == 'x') {
        long n = 0;
        while (1) {
            c = text[at];
            if (is_digit(c))
                c -= '0';
            else if (c >= 'a' && c <= 'f')
                c -= 'a' - 10;
            else if (c >= 'A' && c <= 'F')
                c -= 'A' - 10;
            else
                return n & 255;
            n = n * 16 + c;
            at++;
        }
    }
    if (c >= '0' && c <= '7') {
        c -= '0';
        long first = at;
        while (text[at] >= '0' && text[at] <= '7' && at - first < 2) {
            c = c * 8 + text[at] - '0';
            at++;
        }
        return c & 255;
    }
    if (c == '\\' || c == '\'' || c == '"' || c == '?')
        return c;
    error("unknown escape");
}

void number_token() {
    long base = 10;
    long n = 0;
    long digits = 0;
    if (text[at] == '0') {
        base = 8;
        digits = 1;
        at++;
        if (text[at] == 'x' || text[at] == 'X') {
            base = 16;
            digits = 0;
            at++;
        }
    }
    while (1) {
        long c = text[at] | 32;
        if (is_digit(text[at]))
            c = c - '0';
        else if (base == 16 && c >= 'a' && c <= 'f')
            c = c - 'a' + 10;
        else
            break;
        if (c >= base)
            error("a digit is too large");
        // n * base + c must fit 64 bits: n is compared as if it had no sign
        if (n < 0 && base != 10 || base == 16 && (n >> 60 & 15) || base == 8 && (n >> 61 & 7)
            || base == 10 && (n < 0 || n > 922337203685477580 && (n > 1844674407370955161 || n == 1844674407370955161 && c > 5)))
            error("the number is too large");
        n = n * base + c;
        digits = 1;
        at++;
    }
    long is_unsigned = 0;
    long is_long = 0;
    while (1) {
        long c = text[at] | 32;
        if (c == 'u')
            is_unsigned = 1;
        else if (c == 'l')
            is_long = 1;
        else
            break;
        at++;
    }
    if (digits == 0 || is_letter(text[at]) || is_digit(text[at]) || text[at] == '.')
        error("bad number");
    tok = T_NUMBER;
    number_value = n;
    number_type = LONG;
    if (is_long == 0 && n >= 0 && n <= 2147483647)
        number_type = INT;
    else if (is_long == 0 && n >= 0 && n <= 4294967295 && (base != 10 || is_unsigned))
        number_type = UINT;
    else if (n < 0)
        number_type = ULONG;
    if (is_unsigned && (number_type == INT || number_type == LONG))
        number_type++;
}

void next() {
    while (1) {
        long c = text[at];
        if (at >= end) {
            if (inputs == 1) {
                token_at = at;
                tok = T_END;
                if (conditions)
                    error("#endif is missing");
                return;
            }
            leave_input();
        } else if (is_letter(c)) {
            token_at = at;
            while (is_letter(text[at]) || is_digit(text[at]))
                at++;
            name = intern(token_at, at - token_at);
            if (id_macro[name] && id_busy[name] == 0) {
                if (inputs >= INPUTS - 1)
                    error("too many macros within each other");
                input_at[inputs] = at;
                input_end[inputs] = end;
                if (input_macro[inputs] == 0)
                    input_at[inputs] = at;
                inputs++;
                input_macro[inputs] = name;
                input_file[inputs] = input_file[inputs - 1];
                id_busy[name] = 1;
                at = id_macro[name];
                end = id_macro_end[name];
            } else {
                tok = T_NAME;
                if (id_keyword[name])
                    tok = id_keyword[name];
                return;
            }
        } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
            at++;
        else if (c == '/' && text[at + 1] == '/')
            skip_line();
        else if (c == '/' && text[at + 1] == '*') {
            token_at = at;
            at += 2;
            while (text[at] != '*' || text[at + 1] != '/') {
                if (at >= end)
                    error("the comment is not closed");
                at++;
            }
            at += 2;
        } else if (c == '\\' && text[at + 1] == '\n')
            at += 2;
        else if (c == '#')
            directive();
        else {
            token_at = at;
            if (is_digit(c)) {
                number_token();
                return;
            }
            at++;
            tok = c;
            if (c == '"') {
                tok = T_STRING;         // `at` is at its first character
                return;
            }
            if (c == '\'') {
                number_value = character();
                number_type = INT;
                tok = T_NUMBER;
                if (text[at] != '\'')
                    error("bad character constant");
                at++;
                return;
            }
            long d = text[at];
            if (d == '=' && (c == '=' || c == '!' || c == '<' || c == '>' || c == '+' || c == '-' || c == '*' || c == '/'
                    || c == '%' || c == '&' || c == '|' || c == '^')
                || d == c && (c == '+' || c == '-' || c == '<' || c == '>' || c == '&' || c == '|')
                || c == '-' && d == '>') {
                at++;
                tok = c + d * 256;
                if (text[at] == '=' && (tok == T_SHL || tok == T_SHR)) {
                    at++;
                    tok += '=' << 16;
                }
            } else if (c == '.' && d == '.' && text[at + 1] == '.') {
                at += 2;
                tok = T_DOTS;
            }
            return;
        }
    }
}

void expect(long t, char *message) {
    if (tok != t)
        error(message);
    next();
}

long accept(long t) {
    if (tok != t)
        return 0;
    next();
    return 1;
}

// ---- types

long t_kind[TYPES];
long t_size[TYPES];             // 0: incomplete
long t_align[TYPES];
long t_base[TYPES];             // of a pointer, array; a function's result; 1: a union, with kind STRUCT
long t_pointer[TYPES];          // the pointer to this type, once there is one
long t_first[TYPES];            // a struct's members, a function's parameters
long types;

long m_name[MEMBERS];           // members and parameters
long m_type[MEMBERS];
long m_offset[MEMBERS];
long m_next[MEMBERS];
long members;

long new_type(long kind, long size, long align, long base) {
    types++;
    if (types >= TYPES)
        error("too many types");
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

long new_member(long id, long t, long offset) {
    members++;
    if (members >= MEMBERS)
        error("too many members");
    m_name[members] = id;
    m_type[members] = t;
    m_offset[members] = offset;
    return members;
}

long is_unsigned(long t) {
    return t == UCHAR || t == USHORT || t == UINT || t >= ULONG;
}

// Is every value of type `from` one of type `to`, extended as it is?
long fits(long from, long to) {
    if (t_size[to] == 8 || t_kind[to] == VOID)
        return 1;
    if (t_size[from] == t_size[to])
        return is_unsigned(from) == is_unsigned(to);
    return t_size[from] < t_size[to] && (is_unsigned(from) || is_unsigned(to) == 0);
}

long promoted(long t) {
    if (t < INT)
        return INT;
    return t;
}

long common(long a, long b) {   // the usual arithmetic conversions; the numbers of the types are their ranks
    a = promoted(a);
    b = promoted(b);
    if (a > ULONG || b > ULONG)
        return ULONG;
    if (a > b)
        return a;
    return b;
}

// ---- symbols

long s_kind[SYMBOLS];
long s_type[SYMBOLS];
long s_value[SYMBOLS];          // place in the frame, or a constant
long s_label[SYMBOLS];          // a global's name or, less than 0, number
long s_name[SYMBOLS];
long s_outer[SYMBOLS];          // the one that it hides
long s_state[SYMBOLS];          // a global: 0 declared, 1 needs memory, 2 defined
long s_tag[SYMBOLS];            // a tag: the type that it hides, plus 1
long symbols;

long declare(long id, long kind, long t, long value) {
    symbols++;
    if (symbols >= SYMBOLS)
        error("too many names");
    s_kind[symbols] = kind;
    s_type[symbols] = t;
    s_value[symbols] = value;
    s_label[symbols] = id;
    s_name[symbols] = id;
    s_outer[symbols] = id_symbol[id];
    s_tag[symbols] = 0;
    s_state[symbols] = 0;
    id_symbol[id] = symbols;
    return symbols;
}

void declare_tag(long id, long t) {
    long hidden = id_symbol[id];
    long s = declare(id, 0, 0, 0);
    id_symbol[id] = hidden;
    s_tag[s] = id_tag[id] + 1;
    id_tag[id] = t;
}

void leave_scope(long mark) {
    while (symbols > mark) {
        if (s_tag[symbols])
            id_tag[s_name[symbols]] = s_tag[symbols] - 1;
        else
            id_symbol[s_name[symbols]] = s_outer[symbols];
        symbols -= 1;
    }
}

long scope_mark;                // symbols from here on are of the innermost scope
long in_function;
long frame;                     // bytes of local variables in scope
long frame_most;                // in this function
long result_type;

long new_local(long size) {     // returns its place
    frame += size + 7 & ~7;
    if (frame > frame_most)
        frame_most = frame;
    return -frame;
}

// ---- the operand

long x_kind;
long x_lvalue;
long x_value;
long x_label;
long x_type;
long undo_from;                 // the code from here on to `undo_to` only makes x of x++, which nobody may want
long undo_to;

void expression();
void assignment();

void set_constant(long value, long t) {
    x_kind = X_CONST;
    x_lvalue = 0;
    x_value = value;
    x_type = t;
}

void set_acc(long t) {
    x_kind = X_ACC;
    x_lvalue = 0;
    x_value = 0;
    x_type = t;
}

long truncated(long value, long t) {
    if (t_size[t] >= 8 || t_size[t] == 0)
        return value;
    long bits = 64 - t_size[t] * 8;
    long one = 1;                       // a long: to other compilers a constant is an int
    value = value << bits >> bits;
    if (is_unsigned(t) && value < 0)
        value += one << 64 - bits;
    return value;
}

void decay() {                  // an array is the address of its first element, a function its own
    if (t_kind[x_type] == ARRAY) {
        x_type = pointer_to(t_base[x_type]);
        x_lvalue = 0;
    } else if (t_kind[x_type] == FUNCTION) {
        x_type = pointer_to(x_type);
        x_lvalue = 0;
    }
}

void emit_width(char *s, long t, char *after) { // as in load4u: size and sign
    long size = t_size[t];
    emit(s);
    emit_number(size);
    if (size < 8) {
        if (is_unsigned(t))
            emit("u");
        else
            emit("s");
    }
    emit(after);
}

void emit_extend(long t) {
    if (is_unsigned(t))
        emit_op("zx", t_size[t]);
    else
        emit_op("sx", t_size[t]);
}

void check_scalar(long t) {
    if (t_kind[t] > FUNCTION)
        error("a struct cannot be used as a value");
    if (t_kind[t] == VOID)
        error("there is no value");
}

void emit_place(char *s) {      // of an X_GLOBAL
    emit_at(s, x_label);
    if (x_value)
        emit_op("~", x_value);
}

// Leaves the address, if x_lvalue, else the value in A.
void to_a() {
    if (x_kind == X_CONST)
        emit_op("lit %", x_value);
    else if (x_kind == X_LOCAL) {
        emit_op("lit %", x_value);
        emit("local ");
    } else {
        if (x_kind == X_GLOBAL)
            emit_place("lit @");
        else if (x_value) {
            emit_op("litb %", x_value);
            emit("add ");
        }
    }
    x_kind = X_ACC;
    x_value = 0;
}

// Leaves the value in A.
void load() {
    decay();
    if (x_lvalue) {
        check_scalar(x_type);
        if (x_kind == X_GLOBAL && t_size[x_type] == 8) {
            emit_place("load @");
            set_acc(x_type);
        } else {
            to_a();
            emit_width("load", x_type, " ");
        }
        x_lvalue = 0;
    } else
        to_a();
}

void load_b() {
    if (x_kind == X_GLOBAL)
        emit_place("litb @");
    else
        emit_op("litb %", x_value);
    if (x_kind == X_LOCAL)
        emit("localb ");
    if (x_lvalue) {
        check_scalar(x_type);
        emit_width("load", x_type, "b ");
    }
}

void convert(long t) {          // the value to the type t, of which it has then the extension
    decay();
    if (x_kind == X_CONST && x_lvalue == 0)
        set_constant(truncated(x_value, t), t);
    else if (t_kind[t] != VOID) {
        check_scalar(x_type);
        check_scalar(t);
        if (fits(x_type, t) == 0) {
            load();
            emit_extend(t);
            x_type = t;
        }
    }
}

// Stores A to the address that the operand was, which is no X_ACC.
void store(long kind, long value, long label, long t) {
    x_kind = kind;
    x_value = value;
    x_label = label;
    if (t_size[t] == 8 && kind == X_LOCAL)
        emit_op("put %", value);
    else if (t_size[t] == 8 && kind == X_GLOBAL)
        emit_place("save @");
    else {
        emit("movb ");
        to_a();
        emit_op("store", t_size[t]);
    }
    set_acc(t);
}

void check_lvalue() {
    if (x_lvalue == 0 || t_kind[x_type] == ARRAY || t_kind[x_type] == FUNCTION)
        error("this cannot be assigned to");
    check_scalar(x_type);
}

// ---- expressions

long precedence(long op) {
    if (op == ')' || op == ';' || op == ',' || op == '=' || op == ']')
        return 0;
    if (op == '*' || op == '/' || op == '%')
        return 10;
    if (op == '+' || op == '-')
        return 9;
    if (op == T_SHL || op == T_SHR)
        return 8;
    if (op == '<' || op == '>' || op == T_LE || op == T_GE)
        return 7;
    if (op == T_EQ || op == T_NE)
        return 6;
    if (op == '&')
        return 5;
    if (op == '^')
        return 4;
    if (op == '|')
        return 3;
    if (op == T_AND)
        return 2;
    return op == T_OR;
}

void emit_operator(long op, long t) {
    long u = is_unsigned(t);
    if (op == '+')
        emit("add ");
    else if (op == '-')
        emit("sub ");
    else if (op == '*')
        emit("mul ");
    else if (op == '&')
        emit("and ");
    else if (op == '|')
        emit("or ");
    else if (op == '^')
        emit("xor ");
    else if (op == T_SHL)
        emit("shl ");
    else if (op == T_EQ)
        emit("eq ");
    else if (op == T_NE)
        emit("ne ");
    else if (op == T_SHR) {
        if (u)
            emit("shr ");
        else
            emit("sar ");
    } else {
        if (op == '/')
            emit("div");
        else if (op == '%')
            emit("mod");
        else if (op == '<')
            emit("lt");
        else if (op == '>')
            emit("gt");
        else if (op == T_LE)
            emit("le");
        else
            emit("ge");
        if (u)
            emit("u ");
        else
            emit("s ");
    }
}

// Sets number_value to the result and returns 1, or 0 where the machine must do it.
long fold(long op, long a, long b, long t) {
    if (op == '+')
        number_value = a + b;
    else if (op == '-')
        number_value = a - b;
    else if (op == '*')
        number_value = a * b;
    else if (op == '&')
        number_value = a & b;
    else if (op == '|')
        number_value = a | b;
    else if (op == '^')
        number_value = a ^ b;
    else if (op == T_SHL)
        number_value = a << (b & 63);
    else if (op == T_EQ)
        number_value = a == b;
    else if (op == T_NE)
        number_value = a != b;
    else if (is_unsigned(t) && (a < 0 || b < 0))
        return 0;
    else if (op == T_SHR)
        number_value = a >> (b & 63);
    else if (op == '<')
        number_value = a < b;
    else if (op == '>')
        number_value = a > b;
    else if (op == T_LE)
        number_value = a <= b;
    else if (op == T_GE)
        number_value = a >= b;
    else if (b == 0 || b == -1)
        return 0;
    else if (op == '/')
        number_value = a / b;
    else
        number_value = a % b;
    return 1;
}

void binary(long least);

enum { BY_PRECEDENCE, BY_ASSIGNMENT, BY_EXPRESSION };

// The operand is the left side of `op`; reads the right side and applies it.
void operate(long op, long how) {
    decay();
    // What is known without code can wait for the right side
    long waits = x_lvalue == 0 && x_kind != X_ACC;
    if (waits == 0)
        load();
    check_scalar(x_type);
    long kind = x_kind;
    long value = x_value;
    long label = x_label;
    long left = x_type;
    long mark = out;
    if (how == BY_PRECEDENCE)
        binary(precedence(op) + 1);
    else if (how == BY_ASSIGNMENT)
        assignment();
    else
        expression();
    decay();
    check_scalar(x_type);
    long right = x_type;
    long left_pointer = t_kind[left] == POINTER;
    long right_pointer = t_kind[right] == POINTER;
    long size = 1;
    long result = common(left, right);
    if ((left_pointer || right_pointer) && (op == '+' || op == '-')) {
        result = left;
        if (right_pointer && op == '+')
            result = right;
        size = t_size[t_base[result]];
        if (t_kind[t_base[result]] == VOID)
            size = 1;
        if (size == 0)
            error("the size is not known");
        if (left_pointer && right_pointer)
            result = LONG;
        else if (left_pointer) {
            if (x_kind == X_CONST && x_lvalue == 0) {
                size = size * x_value;
                if (op == '-')
                    size = -size;
                x_kind = kind;
                x_value = value + size;
                x_label = label;
                x_type = left;
                return;
            }
            if (size != 1) {
                load();
                emit_op("litb %", size);
                emit("mul ");
            }
        } else {                        // integer + pointer: the left side is to be multiplied
            load();
            if (waits) {
                x_value = value * size;
                x_type = result;
                return;
            }
            insert_push(mark);
            long place = new_local(8);
            emit_op("put %", place);
            emit_op("pop litb %", size);
            emit("mul movb ");
            emit_op("get %", place);
            emit("add ");
            set_acc(result);
            return;
        }
    } else if (op == T_SHL || op == T_SHR)
        result = promoted(left);
    long operands = result;             // the type in which it is computed
    if (left_pointer || right_pointer)
        operands = ULONG;
    long compares = precedence(op) == 6 || precedence(op) == 7;
    if (compares)
        result = INT;
    if (kind == X_CONST && waits && x_kind == X_CONST && x_lvalue == 0) {
        if (fold(op, truncated(value, operands), truncated(x_value, operands), operands)) {
            set_constant(truncated(number_value, result), result);
            return;
        }
    }
    long shifts = op == T_SHL || op == T_SHR;
    if (waits && kind == X_CONST)
        value = truncated(value, operands);
    if (x_kind == X_CONST && x_lvalue == 0 && shifts == 0)
        x_value = truncated(x_value, operands);
    else if (shifts == 0 && fits(right, operands) == 0) {
        load();
        emit_extend(operands);
    }
    long right_kind = x_kind;
    if (x_kind != X_ACC && out == mark) {
        if (waits) {                    // both are known without code
            long right_value = x_value;
            long right_label = x_label;
            long right_lvalue = x_lvalue;
            x_kind = kind;
            x_value = value;
            x_label = label;
            to_a();
            x_kind = right_kind;
            x_value = right_value;
            x_label = right_label;
            x_lvalue = right_lvalue;
            x_type = right;
        } else if (fits(left, operands) == 0)
            emit_extend(operands);
        load_b();
    } else {
        load();
        if (waits) {
            emit("movb ");
            x_kind = kind;
            x_value = value;
            x_label = label;
            to_a();
        } else {
            insert_push(mark);
            emit("popb ");
            if (fits(left, operands) == 0)
                emit_extend(operands);
        }
    }
    emit_operator(op, operands);
    if (left_pointer && right_pointer && op == '-' && size != 1) {
        emit_op("litb %", size);
        emit("divs ");
    }
    if ((op == '+' || op == '-' || op == '*' || op == T_SHL) && t_size[result] < 8)
        emit_extend(result);
    set_acc(result);
}

void truth() {                  // makes the value 0 or 1
    if (x_kind == X_CONST && x_lvalue == 0)
        set_constant(x_value != 0, INT);
    else {
        load();
        emit("not not ");
        set_acc(INT);
    }
}

void logical(long op) {
    decay();
    check_scalar(x_type);
    if (x_kind == X_CONST && x_lvalue == 0) {
        long decided = (x_value != 0) == (op == T_OR);
        long mark = out;
        binary(precedence(op) + 1);
        decay();
        if (decided) {
            out = mark;
            set_constant(op == T_OR, INT);
        } else
            truth();
        return;
    }
    long label = new_label();
    load();
    if (op == T_OR)
        emit_op("jnz @l", label);
    else
        emit_op("jz @l", label);
    binary(precedence(op) + 1);
    decay();
    load();
    emit_label(label);
    emit("not not ");
    set_acc(INT);
}

void unary();

void binary(long least) {
    unary();
    while (1) {
        long op = tok;
        long level = precedence(op);
        if (level == 0 || level < least)
            return;
        next();
        if (level <= 2)
            logical(op);
        else
            operate(op, BY_PRECEDENCE);
    }
}

void conditional() {
    binary(1);
    if (tok != '?')
        return;
    next();
    decay();
    long mark = out;
    if (x_kind == X_CONST && x_lvalue == 0) {
        long chosen = x_value;
        expression();
        expect(':', "':' is missing");
        if (chosen) {                   // keep the first, drop the second
            decay();
            long kind = x_kind;
            long lvalue = x_lvalue;
            long value = x_value;
            long label = x_label;
            long t = x_type;
            mark = out;
            conditional();
            out = mark;
            x_kind = kind;
            x_lvalue = lvalue;
            x_value = value;
            x_label = label;
            x_type = t;
        } else {
            out = mark;
            conditional();
            decay();
        }
        return;
    }
    load();
    long otherwise = new_label();
    long done = new_label();
    emit_op("jz @l", otherwise);
    expression();
    if (t_kind[x_type] != VOID)
        load();
    long first = x_type;
    emit_op("jmp @l", done);
    expect(':', "':' is missing");
    emit_label(otherwise);
    conditional();
    if (t_kind[x_type] != VOID)
        load();
    emit_label(done);
    long t = x_type;
    if (t_kind[first] == POINTER && (t_kind[t] != POINTER || t_kind[t_base[t]] == VOID))
        t = first;
    else if (t <= ULONG && first <= ULONG && t != VOID) {
        t = common(first, t);
        if (fits(first, t) == 0 || fits(x_type, t) == 0)
            emit_extend(t);
    }
    set_acc(t);
}

void assignment() {
    conditional();
    long op = 0;
    if (tok >> 16 == '=')
        op = tok & 65535;
    else if (tok >> 8 == '=' && precedence(tok) == 0)
        op = tok & 255;
    if (tok != '=' && op == 0)
        return;
    next();
    check_lvalue();
    long kind = x_kind;
    long value = x_value;
    long label = x_label;
    long t = x_type;
    if (kind == X_ACC)
        to_a();
    if (op) {
        if (kind == X_ACC)
            emit("push ");
        load();
        operate(op, BY_ASSIGNMENT);
        convert(t);
        load();
        if (kind == X_ACC) {
            emit("popb ");
            emit_op("store", t_size[t]);
            set_acc(t);
        } else
            store(kind, value, label, t);
        return;
    }
    long mark = out;
    assignment();
    convert(t);
    if (kind != X_ACC) {
        load();
        store(kind, value, label, t);
        return;
    }
    if (x_kind != X_ACC && out == mark)
        load_b();
    else {
        load();
        insert_push(mark);
        emit("popb ");
    }
    emit_op("store", t_size[t]);
    set_acc(t);
}

void expression() {
    assignment();
    while (tok == ',') {
        next();
        assignment();
    }
}

void step(long sign, long after) {      // ++ and --
    check_lvalue();
    long kind = x_kind;
    long value = x_value;
    long label = x_label;
    long t = x_type;
    if (t_kind[t] == POINTER)
        sign = sign * t_size[t_base[t]];
    if (kind == X_ACC) {
        to_a();
        emit("push ");
    }
    load();
    emit_op("litb %", sign);
    emit("add ");
    if (t_size[t] < 8)
        emit_extend(t);
    if (kind == X_ACC) {
        emit("popb ");
        emit_op("store", t_size[t]);
        set_acc(t);
    } else
        store(kind, value, label, t);
    if (after) {
        undo_from = out;
        emit_op("litb %", sign);
        emit("sub ");
        if (t_size[t] < 8)
            emit_extend(t);
        undo_to = out;
    }
}

long strings;

// Data is text like code: it is made at the end of `code`, and moved to `data` when it is complete.
void emit_byte(long c) {
    code[out] = "0123456789ABCDEF"[c >> 4 & 15];
    code[out + 1] = "0123456789ABCDEF"[c & 15];
    out += 2;
}

void move_to_data(long mark) {
    long i = mark;
    if (data_end + out - mark > DATA_SIZE)
        error("too much data");
    while (i < out) {
        data[data_end] = code[i];
        data_end++;
        i++;
    }
    out = mark;
}

// Makes the bytes of the string and of those that follow it; returns how many.
long string_bytes() {
    long n = 0;
    while (tok == T_STRING) {
        while (text[at] != '"') {
            emit_byte(character());
            n++;
        }
        at++;
        next();
    }
    return n;
}

void string_literal() {
    long mark = out;
    strings++;
    long label = -strings;
    emit_at("\n:", label);
    long n = string_bytes();
    emit_byte(0);
    move_to_data(mark);
    x_kind = X_GLOBAL;
    x_lvalue = 1;
    x_value = 0;
    x_label = label;
    x_type = new_type(ARRAY, n + 1, 1, CHAR);
}

long starts_type() {
    if (tok == T_NAME)
        return s_kind[id_symbol[name]] == S_TYPEDEF;
    return tok >= K_VOID && tok <= K_ENUM;
}

long type_name();

void call() {
    long place = 0;
    long callee = 0;
    long t = x_type;
    if (t_kind[t] == FUNCTION && x_kind == X_GLOBAL)
        callee = x_label;
    else {
        load();
        t = t_base[x_type];
        if (t_kind[x_type] != POINTER || t_kind[t] != FUNCTION)
            error("this is no function");
        place = new_local(8);
        emit_op("put %", place);
    }
    long n = 0;
    long parameter = t_first[t];
    if (tok != ')') {
        while (1) {
            assignment();
            decay();
            check_scalar(x_type);
            load();
            emit("push ");
            n++;
            if (parameter == 0)
                error("too many arguments");
            if (m_type[parameter])              // 0: the rest is variable
                parameter = m_next[parameter];
            if (tok != ',')
                break;
            next();
        }
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
    if (n)
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
    x_value += m_offset[m];
    x_type = m_type[m];
}

void dereference() {
    decay();
    if (t_kind[x_type] != POINTER)
        error("this is no pointer");
    if (x_lvalue)
        load();
    x_lvalue = 1;
    x_type = t_base[x_type];
}

void primary() {
    if (tok == T_NUMBER) {
        set_constant(number_value, number_type);
        next();
    } else if (tok == T_STRING)
        string_literal();
    else if (tok == '(') {
        next();
        expression();
        expect(')', "')' is missing");
    } else if (tok == T_NAME) {
        long s = id_symbol[name];
        if (s == 0)
            error("this name is not declared");
        if (s_kind[s] == S_TYPEDEF)
            error("an expression is missing");
        next();
        if (s_kind[s] == S_CONSTANT)
            set_constant(s_value[s], INT);
        else {
            x_kind = X_GLOBAL;
            if (s_kind[s] == S_LOCAL)
                x_kind = X_LOCAL;
            x_lvalue = 1;
            x_value = s_value[s];
            x_label = s_label[s];
            x_type = s_type[s];
        }
    } else
        error("an expression is missing");
}

void postfix() {
    while (1) {
        if (tok == '[') {
            next();
            operate('+', BY_EXPRESSION);
            expect(']', "']' is missing");
            dereference();
        } else if (tok == '(') {
            next();
            call();
        } else if (tok == '.')
            member();
        else if (tok == T_ARROW) {
            dereference();
            member();
        } else if (tok == T_INC) {
            next();
            step(1, 1);
        } else if (tok == T_DEC) {
            next();
            step(-1, 1);
        } else
            return;
    }
}

void cast(long t) {
    if (t_kind[t] == VOID) {
        x_type = t;
        return;
    }
    convert(t);
    if (x_lvalue)
        load();
    x_type = t;
}

void unary() {
    long op = tok;
    if (op == '(') {
        next();
        if (starts_type()) {
            long t = type_name();
            expect(')', "')' is missing");
            unary();
            cast(t);
        } else {
            expression();
            expect(')', "')' is missing");
            postfix();
        }
    } else if (op == '*') {
        next();
        unary();
        dereference();
    } else if (op == '&') {
        next();
        unary();
        if (x_lvalue == 0)
            error("this has no address");
        x_lvalue = 0;
        x_type = pointer_to(x_type);
    } else if (op == '-' || op == '~' || op == '+') {
        next();
        unary();
        decay();
        if (x_type > ULONG || x_type == VOID)
            error("this is no number");
        long t = promoted(x_type);
        if (x_kind == X_CONST && x_lvalue == 0) {
            if (op == '-')
                x_value = -x_value;
            if (op == '~')
                x_value = ~x_value;
            set_constant(truncated(x_value, t), t);
            return;
        }
        load();
        if (op == '-')
            emit("neg ");
        if (op == '~')
            emit("litb %-1 xor ");
        if (op != '+' && t_size[t] < 8)
            emit_extend(t);
        set_acc(t);
    } else if (op == '!') {
        next();
        unary();
        decay();
        check_scalar(x_type);
        if (x_kind == X_CONST && x_lvalue == 0)
            set_constant(x_value == 0, INT);
        else {
            load();
            emit("not ");
            set_acc(INT);
        }
    } else if (op == T_INC) {
        next();
        unary();
        step(1, 0);
    } else if (op == T_DEC) {
        next();
        unary();
        step(-1, 0);
    } else if (op == K_SIZEOF) {
        next();
        long mark = out;
        if (tok == '(') {
            next();
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
        out = mark;
        if (t_size[x_type] == 0)
            error("the size is not known");
        set_constant(t_size[x_type], ULONG);
    } else {
        primary();
        postfix();
    }
}

long constant_value() {
    long mark = out;
    conditional();
    decay();
    if (x_kind != X_CONST || x_lvalue || out != mark)
        error("this is not constant");
    return x_value;
}

// ---- declarations

long storage;                   // of the declaration: K_STATIC, K_EXTERN, K_TYPEDEF, 0
long declared;                  // the name that a declarator declares, or 0

long declarator(long t);
long specifiers();

void struct_members(long t) {
    long last = 0;
    long is_union = t_kind[t] == K_UNION;
    t_kind[t] = STRUCT;
    long size = 0;
    long align = 1;
    while (tok != '}') {
        long base = specifiers();
        while (1) {
            long type = declarator(base);
            if (declared == 0)
                error("a member's name is missing");
            if (t_size[type] == 0)
                error("the size is not known");
            if (t_align[type] > align)
                align = t_align[type];
            long offset = size + t_align[type] - 1 & -t_align[type];
            if (is_union) {
                offset = 0;
                if (t_size[type] > size)
                    size = t_size[type];
            } else
                size = offset + t_size[type];
            long m = new_member(declared, type, offset);
            if (last)
                m_next[last] = m;
            else
                t_first[t] = m;
            last = m;
            if (tok != ',')
                break;
            next();
        }
        expect(';', "';' is missing");
    }
    next();
    t_size[t] = size + align - 1 & -align;
    t_align[t] = align;
    t_base[t] = is_union;
}

long struct_specifier() {
    long is_union = tok == K_UNION;
    next();
    long id = 0;
    long t = 0;
    if (tok == T_NAME) {
        id = name;
        t = id_tag[id];
        next();
    }
    if (t == 0 || tok == '{' && t_size[t]) {
        t = new_type(STRUCT, 0, 1, 0);
        if (id)
            declare_tag(id, t);
    }
    if (accept('{')) {
        if (is_union)
            t_kind[t] = K_UNION;
        struct_members(t);
    }
    return t;
}

void enum_specifier() {
    next();
    if (tok == T_NAME)
        next();
    if (accept('{') == 0)
        return;
    long value = 0;
    while (tok != '}') {
        if (tok != T_NAME)
            error("a name is missing");
        long id = name;
        next();
        if (accept('='))
            value = constant_value();
        declare(id, S_CONSTANT, INT, value);
        value++;
        if (tok != ',')
            break;
        next();
    }
    expect('}', "'}' is missing");
}

long specifiers() {
    long t = 0;
    long sign = 0;
    long size = 0;
    storage = 0;
    while (1) {
        if (tok == K_STATIC || tok == K_EXTERN || tok == K_TYPEDEF)
            storage = tok;
        else if (tok == K_SIGNED || tok == K_UNSIGNED)
            sign = tok;
        else if (tok == K_CHAR || tok == K_SHORT || tok == K_LONG)
            size = tok;
        else if (tok == K_INT)
            t = INT;
        else if (tok == K_VOID)
            t = VOID;
        else if (tok == K_STRUCT || tok == K_UNION) {
            long stored = storage;
            t = struct_specifier();
            storage = stored;
            continue;
        } else if (tok == K_ENUM) {
            enum_specifier();
            t = INT;
            continue;
        } else if (tok == T_NAME && t == 0 && sign == 0 && size == 0 && s_kind[id_symbol[name]] == S_TYPEDEF)
            t = s_type[id_symbol[name]];
        else if (tok != K_CONST)
            break;
        next();
    }
    if (size == K_CHAR)
        t = CHAR;
    else if (size == K_SHORT)
        t = SHORT;
    else if (size == K_LONG)
        t = LONG;
    else if (t == 0 && sign)
        t = INT;
    if (t == 0)
        error("a type is missing");
    if (sign == K_UNSIGNED)
        t++;
    return t;
}

// The parameters of a function, as members of its type.
void parameters(long t) {
    long last = 0;
    if (accept(')'))
        return;
    while (1) {
        long type = 0;
        if (accept(T_DOTS))
            declared = 0;
        else {
            type = declarator(specifiers());
            if (t_kind[type] == VOID && last == 0 && tok == ')')
                break;
            if (t_kind[type] == ARRAY)
                type = pointer_to(t_base[type]);
            else if (t_kind[type] == FUNCTION)
                type = pointer_to(type);
            check_scalar(type);
        }
        long m = new_member(declared, type, 0);
        if (last)
            m_next[last] = m;
        else
            t_first[t] = m;
        last = m;
        if (tok != ',')
            break;
        next();
    }
    expect(')', "')' is missing");
}

// What follows the name: [n]... or (parameters).
long suffix(long t) {
    if (accept('[')) {
        long length = 0;
        if (tok != ']')
            length = constant_value();
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
    while (tok == '*' || tok == K_CONST) {
        if (tok == '*')
            t = pointer_to(t);
        next();
    }
    declared = 0;
    if (tok == '(') {
        // The type of what is inside is known only when what is behind is: until then it is a type to be filled
        next();
        long hole = new_type(VOID, 0, 1, 0);
        long inner = declarator(hole);
        long id = declared;
        expect(')', "')' is missing");
        t = suffix(t);
        declared = id;
        t_kind[hole] = t_kind[t];
        t_size[hole] = t_size[t];
        t_align[hole] = t_align[t];
        t_base[hole] = t_base[t];
        t_first[hole] = t_first[t];
        if (inner == hole)
            return t;
        return inner;
    }
    long id = 0;
    if (tok == T_NAME) {
        id = name;
        next();
    }
    t = suffix(t);
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
    while (n > 0) {
        emit_byte(0);
        n -= 1;
    }
}

long initialiser(long t);

// Returns the type, which gets its length here if it has none.
long initialise_array(long t, long braces) {
    long base = t_base[t];
    long size = t_size[base];
    long length = 0;
    if (size == 1 && tok == T_STRING) {
        length = string_bytes();
        if (t_size[t] == 0) {
            emit_byte(0);
            length++;
        }
        if (t_size[t] && length > t_size[t])
            error("the string is too long");
    } else {
        if (braces == 0)
            if (t_size[t] == 0)
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
    long m = t_first[t];
    long done = 0;
    while (m && tok != '}') {
        zeros(m_offset[m] - done);
        initialiser(m_type[m]);
        done = m_offset[m] + t_size[m_type[m]];
        m = m_next[m];
        if (t_base[t])
            m = 0;
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
        long mark = out;
        assignment();
        convert(t);
        if (out != mark || x_lvalue || x_kind != X_CONST && x_kind != X_GLOBAL)
            error("this is not constant");
        if (x_kind == X_GLOBAL) {
            if (t_size[t] != 8)
                error("an address takes eight bytes");
            emit_place(" @");
        } else {
            long n = t_size[t];
            while (n) {
                emit_byte(x_value);
                x_value = x_value >> 8;
                n -= 1;
            }
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
    long mark = out;
    emit_at("\n^ :", s_label[s]);
    s_type[s] = initialiser(s_type[s]);
    move_to_data(mark);
}

// ---- statements

long break_label;
long continue_label;
long case_value[CASES];         // of the switches that are open
long case_label[CASES];
long cases;
long in_switch;
long first_case;                // of the innermost switch
long default_label;             // or 0

char memory[DATA_SIZE];         // output: variables without initialiser
long memory_end;

void statement();
void declaration();

void reserve(long s) {          // memory for a variable
    long mark = out;
    long size = t_size[s_type[s]];
    if (size == 0)
        error("the size is not known");
    emit_at(":", s_label[s]);
    emit_op("+", size + 7 & ~7);
    emit("\n");
    long i = mark;
    while (i < out) {
        memory[memory_end] = code[i];
        memory_end++;
        i++;
    }
    if (memory_end > DATA_SIZE - 4096)
        error("too many variables");
    out = mark;
}

void discard() {                // an expression whose value nobody wants
    undo_to = 0;
    expression();
    if (undo_to == out)
        out = undo_from;
}

// Reads a condition and jumps to the label if it is 0.
void jump_if_not(long label) {
    expression();
    decay();
    check_scalar(x_type);
    load();
    if (code[out - 1] == ' ' && code[out - 2] == 't' && code[out - 5] == ' ' && code[out - 6] == 't' && code[out - 7] == 'o'
        && code[out - 8] == 'n' && code[out - 4] == 'n')
        out -= 8;                       // "not not ": only whether it is 0 matters
    emit_op("jz @l", label);
}

void condition(long label) {
    expect('(', "'(' is missing");
    jump_if_not(label);
    expect(')', "')' is missing");
}

void compound() {
    long mark = symbols;
    long outer_mark = scope_mark;
    long outer_frame = frame;
    scope_mark = symbols;
    while (tok != '}') {
        if (tok == T_END)
            error("'}' is missing");
        statement();
    }
    next();
    leave_scope(mark);
    scope_mark = outer_mark;
    frame = outer_frame;
}

void if_statement() {
    long otherwise = new_label();
    condition(otherwise);
    statement();
    if (accept(K_ELSE)) {
        long done = new_label();
        emit_op("jmp @l", done);
        emit_label(otherwise);
        statement();
        emit_label(done);
    } else
        emit_label(otherwise);
}

void while_statement() {
    continue_label = new_label();
    break_label = new_label();
    long repeat = continue_label;
    long done = break_label;
    emit_label(repeat);
    condition(done);
    statement();
    emit_op("jmp @l", repeat);
    emit_label(done);
}

void do_statement() {
    long repeat = new_label();
    continue_label = new_label();
    break_label = new_label();
    long check = continue_label;
    long done = break_label;
    emit_label(repeat);
    statement();
    emit_label(check);
    if (accept(K_WHILE) == 0)
        error("'while' is missing");
    condition(done);
    emit_op("jmp @l", repeat);
    emit_label(done);
    expect(';', "';' is missing");
}

void for_statement() {
    long mark = symbols;
    long outer_mark = scope_mark;
    long outer_frame = frame;
    long aside = side_end;
    long repeat = new_label();
    continue_label = new_label();
    break_label = new_label();
    long go_on = continue_label;
    long done = break_label;
    scope_mark = symbols;
    expect('(', "'(' is missing");
    if (starts_type())
        declaration();
    else {
        if (tok != ';')
            discard();
        expect(';', "';' is missing");
    }
    emit_label(repeat);
    if (tok != ';')
        jump_if_not(done);
    expect(';', "';' is missing");
    long step_from = out;
    if (tok != ')')
        discard();
    put_aside(step_from);
    expect(')', "')' is missing");
    statement();
    emit_label(go_on);
    bring_back(aside);
    emit_op("jmp @l", repeat);
    emit_label(done);
    leave_scope(mark);
    scope_mark = outer_mark;
    frame = outer_frame;
}

void switch_statement() {
    long outer_first = first_case;
    long outer_default = default_label;
    long outer_switch = in_switch;
    long choose = new_label();
    break_label = new_label();
    long done = break_label;
    first_case = cases;
    default_label = 0;
    in_switch = 1;
    expect('(', "'(' is missing");
    expression();
    load();
    expect(')', "')' is missing");
    emit_op("jmp @l", choose);
    statement();
    emit_op("jmp @l", done);
    emit_label(choose);
    emit("movb ");
    long i = first_case;
    while (i < cases) {
        emit_op("lit %", case_value[i]);
        emit_op("eq jnz @l", case_label[i]);
        i++;
    }
    if (default_label)
        emit_op("jmp @l", default_label);
    emit_label(done);
    cases = first_case;
    first_case = outer_first;
    default_label = outer_default;
    in_switch = outer_switch;
}

void loop(long kind) {          // and switch
    long outer_break = break_label;
    long outer_continue = continue_label;
    next();
    if (kind == K_WHILE)
        while_statement();
    else if (kind == K_DO)
        do_statement();
    else if (kind == K_FOR)
        for_statement();
    else
        switch_statement();
    break_label = outer_break;
    continue_label = outer_continue;
}

void case_statement() {
    long is_case = tok == K_CASE;
    if (in_switch == 0)
        error("this is in no switch");
    next();
    long label = new_label();
    if (is_case) {
        long value = constant_value();
        long i = first_case;
        while (i < cases) {
            if (case_value[i] == value)
                error("this case is there already");
            i++;
        }
        if (cases >= CASES)
            error("too many cases");
        case_value[cases] = value;
        case_label[cases] = label;
        cases++;
    } else {
        if (default_label)
            error("this default is there already");
        default_label = label;
    }
    expect(':', "':' is missing");
    emit_label(label);
}

void leap(long label) {
    if (label == 0)
        error("this is in no loop");
    next();
    expect(';', "';' is missing");
    emit_op("jmp @l", label);
}

void return_statement() {
    next();
    if (tok != ';') {
        if (t_kind[result_type] == VOID)
            error("this function returns nothing");
        expression();
        convert(result_type);
        load();
    } else if (t_kind[result_type] != VOID)
        error("a value is missing");
    expect(';', "';' is missing");
    emit("leave ");
}

void statement() {
    if (accept('{'))
        compound();
    else if (accept(K_IF))
        if_statement();
    else if (tok == K_WHILE || tok == K_DO || tok == K_FOR || tok == K_SWITCH)
        loop(tok);
    else if (tok == K_CASE || tok == K_DEFAULT)
        case_statement();
    else if (tok == K_BREAK)
        leap(break_label);
    else if (tok == K_CONTINUE)
        leap(continue_label);
    else if (tok == K_RETURN)
        return_statement();
    else if (starts_type())
        declaration();
    else if (accept(';') == 0) {
        discard();
        expect(';', "';' is missing");
    }
    emit("\n");
}

void function_body(long s) {
    long t = s_type[s];
    long m = t_first[t];
    long mark = symbols;
    long place = 8;
    if (s_state[s] == 2)
        error("this is defined already");
    s_state[s] = 2;
    while (m) {
        place += 8;
        m = m_next[m];
    }
    m = t_first[t];
    scope_mark = symbols;
    while (m) {
        if (m_name[m] == 0)
            error("a parameter's name is missing");
        declare(m_name[m], S_LOCAL, m_type[m], place);
        place -= 8;
        m = m_next[m];
    }
    in_function = 1;
    frame = 0;
    frame_most = 0;
    result_type = t_base[t];
    emit_at("\n:", s_label[s]);
    long head = out;
    compound();
    emit("leave\n");
    // Now the size of the frame is known
    long aside = side_end;
    put_aside(head);
    emit_op("enter %", frame_most);
    emit("\n");
    bring_back(aside);
    in_function = 0;
    leave_scope(mark);
    scope_mark = 0;
}

void declaration() {
    long base = specifiers();
    long stored = storage;
    if (accept(';'))
        return;
    while (1) {
        long t = declarator(base);
        long id = declared;
        long s = id_symbol[id];
        if (id == 0)
            error("a name is missing");
        if (stored == K_TYPEDEF)
            declare(id, S_TYPEDEF, t, 0);
        else if (in_function == 0 || stored || t_kind[t] == FUNCTION) {
            long is_static_local = in_function && stored == K_STATIC;
            if (s == 0 || s_kind[s] != S_GLOBAL || is_static_local) {
                if (s > scope_mark)
                    error("this name is declared already");
                s = declare(id, S_GLOBAL, t, 0);
                if (is_static_local) {
                    strings++;
                    s_label[s] = -strings;
                }
            } else if (t_size[s_type[s]] == 0 || t_kind[t] == FUNCTION) {
                s_type[s] = t;          // this declaration may say more, or name the parameters
            } else if (t_size[t] && t_size[t] != t_size[s_type[s]])
                error("this name is declared already");
            if (t_kind[t] == FUNCTION) {
                if (tok == '{' && in_function == 0) {
                    next();
                    function_body(s);
                    return;
                }
            } else if (accept('='))
                initialise(s);
            else if (stored != K_EXTERN) {
                if (s_state[s] == 0)
                    s_state[s] = 1;
                if (is_static_local)
                    reserve(s);
            }
        } else {
            if (s > scope_mark && s_kind[s] == S_LOCAL)
                error("this name is declared already");
            if (t_size[t] == 0)
                error("the size is not known");
            s = declare(id, S_LOCAL, t, new_local(t_size[t]));
            if (accept('=')) {
                check_scalar(t);
                if (t_kind[t] == ARRAY || tok == '{')
                    error("a local array or struct takes no initialiser in C1");
                assignment();
                convert(t);
                load();
                store(X_LOCAL, s_value[s], 0, t);
            }
        }
        if (tok != ',')
            break;
        next();
    }
    expect(';', "';' is missing");
}

// ---- main

void keywords(char *list) {     // in the order of the K_ constants, each followed by a blank
    long k = K_VOID;
    long start = text_add(list);
    long i = start;
    while (text[i]) {
        if (text[i] == ' ') {
            id_keyword[intern(start, i - start)] = k;
            k++;
            start = i + 1;
        }
        i++;
    }
}

void options(char **argv) {
    long i = 1;
    while (argv[i] && argv[i][0] == '-' && argv[i][1] == 'D') {
        long start = text_add(argv[i] + 2);
        at = start;
        end = text_end - 1;
        long id = word();
        if (text[at] == '=')
            at++;
        define(id);
        i++;
    }
    if (argv[i] == 0 || argv[i][0] == '-' || argv[i + 1])
        error("usage: c1 [-DNAME[=TOKENS]]... FILE");
    long length = 0;
    while (argv[i][length])
        length++;
    at = 0;
    end = 0;
    read_file(argv[i], 0, argv[i], length);
}

long main(long argc, char **argv) {
    text_add(" ");              // so that 0 is no place of a macro
    keywords("void char short int long signed unsigned const static extern typedef struct union enum sizeof if else while do for switch case default break continue return ");
    new_type(VOID, 0, 1, 0);
    new_type(CHAR, 1, 1, 0);
    new_type(UCHAR, 1, 1, 0);
    new_type(SHORT, 2, 2, 0);
    new_type(USHORT, 2, 2, 0);
    new_type(INT, 4, 4, 0);
    new_type(UINT, 4, 4, 0);
    new_type(LONG, 8, 8, 0);
    new_type(ULONG, 8, 8, 0);
    options(argv);
    next();
    while (tok != T_END)
        declaration();
    emit("^\n");
    long i = 1;
    while (i <= symbols) {
        if (s_kind[i] == S_GLOBAL && s_state[i] == 1)
            reserve(i);
        i++;
    }
    write_all(1, code, out);
    write_all(1, data, data_end);
    write_all(1, "\n^ :file_end\n", 13);
    write_all(1, memory, memory_end);
    write_all(1, ":mem_end\n", 9);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The front end's data: tokens, types, declarations, syntax trees. */

typedef struct Ident Ident;
typedef struct Token Token;
typedef struct Operator Operator;
typedef struct Place Place;
typedef struct File File;
typedef struct Macro Macro;
typedef struct Type Type;
typedef struct Decl Decl;
typedef struct Decl Member;
typedef struct Node Node;
typedef struct Real Real;
typedef struct Label Label;
typedef struct Item Item;

/* ---- tokens ---- */

/* One-character tokens are their own kind. */
enum {
    T_EOF = 0, T_NEWLINE = 10,
    T_IDENT = 256, T_NUMBER, T_STRING, T_CHAR, T_OTHER, T_PARAM, T_EXPANDED,
    T_ARROW, T_INC, T_DEC, T_SHL, T_SHR, T_LE, T_GE, T_EQ, T_NE, T_ANDAND, T_OROR, T_ELLIPSIS, T_PASTE,
    T_SET,                      /* all of the form op= */
    /* keywords, in the order of keyword_names; up to K_ATTRIBUTE they can begin a declaration */
    K_VOID, K_BOOL, K_CHAR, K_SHORT, K_INT, K_LONG, K_SIGNED, K_UNSIGNED, K_FLOAT, K_DOUBLE,
    K_EXTERN, K_STATIC, K_TYPEDEF, K_AUTO, K_REGISTER, K_CONST, K_VOLATILE, K_RESTRICT,
    K_STRUCT, K_UNION, K_ENUM, K_TYPEOF, K_ALIGNAS, K_INLINE, K_NORETURN, K_THREAD, K_ATTRIBUTE,
    K_ASM, K_BREAK, K_CASE, K_CONTINUE, K_DEFAULT, K_DO, K_ELSE, K_FOR, K_GOTO, K_IF, K_RETURN, K_SWITCH,
    K_WHILE, K_LABEL, K_STATIC_ASSERT, K_SIZEOF, K_ALIGNOF, K_EXTENSION, K_FUNC_NAME, K_GENERIC,
    K_VA_START, K_VA_ARG, K_VA_END, K_VA_COPY, K_OFFSETOF, K_CONSTANT_P, K_EXPECT, K_ALLOCA, K_TRAP, K_UNREACHABLE,
    K_TYPES_COMPATIBLE, K_CHOOSE_EXPR, K_FRAME_ADDRESS, K_RETURN_ADDRESS, K_HUGE_VALF, K_HUGE_VAL, K_HUGE_VALL,
    K_NANF, K_NAN, K_NANL,
    /* words that only the preprocessor knows; from W_HAS_INCLUDE on they count as macros */
    W_DEFINE, W_UNDEF, W_INCLUDE, W_INCLUDE_NEXT, W_IFDEF, W_IFNDEF, W_ELIF, W_ENDIF, W_LINE, W_ERROR, W_WARNING,
    W_PRAGMA, W_IDENT, W_ONCE, W_PACK, W_PUSH, W_POP, W_DEFINED, W_PRAGMA_OPERATOR,
    W_HAS_INCLUDE, W_FILE, W_LINE_NUMBER, W_COUNTER, W_LEVEL,
    K_LAST
};

/* The spelling of a name, entered once: what it means is found from here. */
struct Ident {
    Ident *hash_next;
    char *name;
    int len;
    int keyword;                /* K_... or W_..., or 0 */
    Macro *macro;
    Decl *decl;                 /* the innermost declaration in scope */
    Decl *tag;                  /* the innermost struct, union or enum tag */
    int param;                  /* 1 + parameter number, while a macro is being defined */
};

struct Operator {
    char *text;
    int kind;                   /* of the token */
    int level;                  /* of a binary operator: its precedence, 1 the lowest; or 0 */
    int op;                     /* N_..., of binary ones and T_SET */
};

struct Place {                  /* what a message points to */
    char *at;                   /* in the file's text */
    File *file;
    int line;
};

struct Token {
    int kind;
    int len;
    Token *next;                /* in a list */
    char *text;                 /* spelling */
    Ident *id;                  /* of T_IDENT and keywords */
    Operator *operator;         /* of those in the table */
    Place place;
    unsigned char space;        /* white space before it */
    unsigned char bol;          /* first on its line */
    unsigned char painted;      /* a macro's name that must not be expanded any more */
    unsigned char joined;       /* followed by ## */
    unsigned char param;        /* T_PARAM: its number */
};

struct File {
    char *name;
    char *text;
    char *end;
    int once;                   /* #pragma once */
    int dir;                    /* number of the include directory it was found in */
    File *next;
};

/* ---- types ---- */

enum {
    TY_VOID, TY_BOOL, TY_CHAR, TY_SCHAR, TY_UCHAR, TY_SHORT, TY_USHORT, TY_INT, TY_UINT, TY_LONG, TY_ULONG,
    TY_LLONG, TY_ULLONG, TY_FLOAT, TY_DOUBLE, TY_LDOUBLE, TY_PTR, TY_ARRAY, TY_FUNC, TY_STRUCT, TY_UNION
};

enum { Q_CONST = 1, Q_VOLATILE = 2, Q_RESTRICT = 4 };

struct Type {
    unsigned char kind;
    unsigned char quals;        /* Q_... */
    unsigned char variadic;     /* TY_FUNC */
    unsigned char unproto;      /* TY_FUNC declared with () */
    int align;
    long size;                  /* -1: incomplete; of a struct or union, in the type without qualifiers only */
    Type *base;                 /* of pointer, array; result of a function */
    Type *pointer;              /* the pointer type to this one, once made */
    Type *plain;                /* this type without qualifiers (itself when it has none) */
    Member *members;            /* the same way, of a struct or union */
    Ident *id;                  /* its tag, or null */
    Decl *params;               /* TY_FUNC, linked by `next` */
    Node *vla;                  /* array of variable length: its size in bytes, as an expression */
};

/* ---- declarations ---- */

enum { D_VAR, D_FUNC, D_TYPEDEF, D_ENUM_CONST, D_TAG };
enum { SC_NONE, SC_EXTERN, SC_STATIC, SC_TYPEDEF, SC_AUTO, SC_REGISTER };  /* from SC_EXTERN on like the keywords */

/* attributes, in the order of attribute_names: first those with a text, asm("...") among them */
enum { A_SECTION, A_ALIAS, A_VISIBILITY, A_ASM_NAME, A_PACKED, A_WEAK, A_USED, A_CONSTRUCTOR, A_DESTRUCTOR,
       A_GNU_INLINE, A_ALIGNED, A_MODE, A_CLEANUP, A_VECTOR_SIZE, A_NONE };

/* Of a variable, function, typedef, enumeration constant, tag, or member of a struct or union. */
struct Decl {
    Decl *outer;                /* the declaration of that name that this one hides */
    Decl *before;               /* what was declared before it, in the scopes that were open then */
    Decl *next;                 /* parameter, member; in the list of the unfinished */
    Ident *id;
    Type *type;
    int kind;
    int storage;
    int depth;                  /* of its scope; 0: file */
    int is_global;              /* has a symbol; else it lives in a frame */
    int defined;
    int is_unfinished;          /* stands in the list of those */
    int is_inline;
    int extern_inline;          /* an inline function: 1 must be emitted for others, -1 never (gnu_inline) */
    int referenced;
    int addressed;              /* a local: its address is taken, so it lives in memory */
    int thread_local;
    int align;                  /* asked for, or 0 */
    int vreg;                   /* a local kept in a virtual register, or NONE */
    int frame;                  /* a local in memory: its FRAME offset */
    int fixed_reg;              /* register ... asm("x8"): the machine register, or NONE */
    long value;                 /* of an enumeration constant; of a tag K_STRUCT, K_UNION or K_ENUM */
    Symbol *sym;
    int attributes;             /* 1 << A_... */
    char *text[A_ASM_NAME + 1];
    int mode;                   /* size in bytes that the attribute asks for, or 0 */
    Node *body;                 /* a function's, until it is generated */
    Node *size_vla;
    int has_setjmp;
    Label *labels;              /* a function's */
    Item *items;                /* a variable's initialiser (init.c) */
    long offset;                /* a member's */
    int bit_width;              /* -1: no bit-field */
    int bit_offset;             /* from the least significant bit of the unit at offset */
    Type *unit;                 /* of a bit-field: what is loaded and stored to get at it */
};

/* ---- syntax trees ---- */

enum {
    N_NUM,              /* val */
    N_REAL,             /* real */
    N_STR,              /* string literal: str, val; decl once it is in a section */
    N_VAR,              /* decl */
    N_DEREF,            /* *a */
    N_ADDR,             /* &a */
    N_MEMBER,           /* a.member: at the offset val in a */
    N_CAST,             /* (type)a */
    N_ADD, N_SUB, N_MUL, N_DIV, N_REM, N_AND, N_OR, N_XOR, N_SHL, N_SHR,
    N_EQ, N_NE, N_LT, N_LE, N_GT, N_GE,
    N_NEG, N_COM, N_NOT,
    N_ANDAND, N_OROR, N_COND, N_COMMA,
    N_ASSIGN,           /* a = b */
    N_SET,              /* a op= ..., b is the new value, c the node in it that stands for the old one */
    N_POST,             /* the same, but the value is the old one: a++ */
    N_OLD,              /* the old value, in the register val */
    N_INIT,             /* a = b while a local is initialised (const does not matter) */
    N_ZERO,             /* clear the variable decl */
    N_CALL,             /* a(args b, linked by next) */
    N_STMT_EXPR,        /* ({ a }) */
    N_VA_START,
    N_VA_ARG,           /* the address of the next argument, from the va_list a */
    N_ALLOCA, N_FRAME_ADDRESS, N_TRAP,
    N_LABEL_ADDR,       /* &&label */
    /* statements, linked by next */
    N_EXPR, N_BLOCK, N_IF, N_FOR, N_DO, N_SWITCH, N_CASE, N_DEFAULT, N_LABEL, N_GOTO, N_IGOTO,
    N_BREAK, N_CONTINUE, N_RETURN, N_DECL, N_ASM,
    N_VLA_BODY          /* a, a loop's body that declares arrays of variable length */
};

typedef struct Asm Asm;
typedef struct AsmOperand AsmOperand;

struct Node {
    int op;
    int line;
    Type *type;
    Node *a, *b, *c, *d;
    Node *next;
    Decl *decl;
    Member *bits;               /* N_MEMBER of a bit-field: it */
    Real *real;
    Label *label;
    Asm *assembly;
    char *str;                  /* N_STR: its elements, val of them, the terminating zero too */
    long val;
};

struct Label {
    Label *next;
    Ident *id;
    int number;                 /* gen.c's label, or NONE */
    int index;                  /* among the function's labels, from 1 */
    int defined;
    Place place;
};

struct AsmOperand {
    AsmOperand *next;
    char *constraint;
    Ident *name;
    Node *expr;
    int is_output;
    int reg;
    int value;                  /* gen.c: the virtual register that goes in or comes out */
};

struct Asm {
    char *text;
    char *file;
    int line;
    int is_basic;
    AsmOperand *operands;
    char **clobbers;
    int nclobbers;
};

/* ---- what is used before it stands, across the front end's files ---- */
static Token tk;                                        /* the parser's current token */

/* pp.c */
static int pp(Token *t);                                /* one token after preprocessing */
static int next(void);                                  /* to the parser's next token */

/* literal.c */
static Node *number_literal(Token *t);
static int hex_digit(int c);
static long digits(char **at, int base, int most);
static long literal_char(char **at, int size, Token *t);

/* expr.c */
static Node *expression(void);
static Node *assignment(void);
static Node *conditional(void);
static Node *cast_expression(void);
static Node *unary(void);
static Node *binary(int op, Node *a, Node *b);
static Node *cast(Node *n, Type *type);
static long constant_of(Node *n, char *what);
static long fold_integer(int op, long a, long b, Type *type);
static Type *type_of_name(void);

/* decl.c */
static Decl *current_function;
static int starts_type_ahead(void);
static Decl *new_local(Ident *id, Type *type);
static Decl *declare(Ident *id, Type *type, int kind);

static int static_assertion(void);
static Decl *specifiers(void);
static Decl *declarator(Decl *base, int allow_abstract);
static int has(Decl *d, int which);

/* init.c */
static Node *compound_literal(Type *type);
static void define_variable(Decl *d, long used);
static void global_initializer(Decl *d);
static Node *local_initializer(Decl *d);

/* stmt.c */
static Node *block(void);
static Label *label_here(void);

/* gen.c */
static void generate(Decl *d);

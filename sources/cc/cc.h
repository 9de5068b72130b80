/* SPDX-License-Identifier: MIT
 *
 * The front end's data: tokens, types, declarations, syntax trees. */

typedef struct Ident Ident;
typedef struct Token Token;
typedef struct Place Place;
typedef struct File File;
typedef struct Macro Macro;
typedef struct Type Type;
typedef struct Record Record;
typedef struct Member Member;
typedef struct Decl Decl;
typedef struct Tag Tag;
typedef struct Node Node;
typedef struct Real Real;
typedef struct Attr Attr;
typedef struct Label Label;

/* ---- tokens ---- */

/* One-character tokens are their own kind. */
enum {
    T_EOF = 0, T_NEWLINE = 10,
    T_IDENT = 256, T_NUMBER, T_STRING, T_CHAR, T_OTHER, T_PARAM,
    T_ARROW, T_INC, T_DEC, T_SHL, T_SHR, T_LE, T_GE, T_EQ, T_NE, T_ANDAND, T_OROR, T_ELLIPSIS, T_PASTE,
    T_MUL_SET, T_DIV_SET, T_MOD_SET, T_ADD_SET, T_SUB_SET, T_SHL_SET, T_SHR_SET, T_AND_SET, T_XOR_SET, T_OR_SET,
    /* keywords, in the order of keyword_names */
    K_AUTO, K_BREAK, K_CASE, K_CHAR, K_CONST, K_CONTINUE, K_DEFAULT, K_DO, K_DOUBLE, K_ELSE, K_ENUM, K_EXTERN,
    K_FLOAT, K_FOR, K_GOTO, K_IF, K_INLINE, K_INT, K_LONG, K_REGISTER, K_RESTRICT, K_RETURN, K_SHORT, K_SIGNED,
    K_SIZEOF, K_STATIC, K_STRUCT, K_SWITCH, K_TYPEDEF, K_UNION, K_UNSIGNED, K_VOID, K_VOLATILE, K_WHILE,
    K_BOOL, K_ALIGNAS, K_ALIGNOF, K_GENERIC, K_NORETURN, K_STATIC_ASSERT, K_THREAD,
    K_ASM, K_ATTRIBUTE, K_TYPEOF, K_EXTENSION, K_LABEL, K_FUNC_NAME,
    K_VA_START, K_VA_ARG, K_VA_END, K_VA_COPY, K_OFFSETOF, K_CONSTANT_P, K_EXPECT, K_ALLOCA, K_TRAP, K_UNREACHABLE,
    K_TYPES_COMPATIBLE, K_CHOOSE_EXPR, K_FRAME_ADDRESS, K_RETURN_ADDRESS, K_BUILTIN_HUGE, K_BUILTIN_HUGEF,
    K_BUILTIN_HUGEL, K_BUILTIN_NANF, K_BUILTIN_NAN,
    K_LAST
};

/* The spelling of a name, entered once: what it means is found from here. */
struct Ident {
    Ident *hash_next;
    char *name;
    int len;
    unsigned int hash;
    int keyword;                /* K_..., or 0 */
    int directive;              /* D_..., or 0 (pp.c) */
    Macro *macro;
    Decl *decl;                 /* the innermost declaration in scope */
    Tag *tag;                   /* the innermost struct, union or enum tag */
    int param;                  /* 1 + parameter number, while a macro is being defined */
};

struct Token {
    int kind;
    int len;
    char *text;                 /* spelling */
    Ident *id;                  /* of T_IDENT and keywords */
    char *at;                   /* for the caret: where in the file's text */
    File *file;
    int line;
    unsigned char space;        /* white space before it */
    unsigned char bol;          /* first on its line */
    unsigned char painted;      /* a macro's name that must not be expanded any more */
    unsigned char joined;       /* T_PARAM: operand of ##;  others: followed by ## */
};

struct Place {
    char *at;
    File *file;
    int line;
};

struct File {
    char *name;
    char *text;
    char *end;
    int once;                   /* #pragma once */
    int system;                 /* found on the system path */
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
    unsigned char is_enum;      /* an enumerated type: kind is its integer type */
    unsigned char va_list;      /* stands for the platform's va_list */
    int align;
    long size;                  /* of a complete type that is no struct; -1: incomplete array */
    Type *base;                 /* of pointer, array; result of a function */
    Type *pointer;              /* the pointer type to this one, once made */
    Type *plain;                /* this type without qualifiers (itself when it has none) */
    Record *record;             /* struct and union */
    Decl *params;               /* TY_FUNC, linked by `next` */
    Node *vla;                  /* array of variable length: its size in bytes, as an expression */
};

struct Record {
    Member *members;
    long size;                  /* -1: incomplete */
    int align;
    int packed;
    Tag *tag;
    int flexible;
};

struct Member {
    Member *next;
    Ident *id;                  /* null: anonymous */
    Type *type;
    long offset;
    int bit_width;              /* -1: no bit-field */
    int bit_offset;             /* from the least significant bit of the unit at offset */
};

struct Tag {
    Tag *outer;                 /* the tag of that name that this one hides */
    Tag *next;                  /* in the same scope */
    Ident *id;
    Type *type;
    int kind;                   /* K_STRUCT, K_UNION, K_ENUM */
    int depth;
};

/* ---- declarations ---- */

enum { D_VAR, D_FUNC, D_TYPEDEF, D_ENUM_CONST, D_BUILTIN };
enum { SC_NONE, SC_EXTERN, SC_STATIC, SC_AUTO, SC_TYPEDEF };

struct Attr {
    int packed;
    int aligned;
    int weak;
    int used;
    int noreturn;
    int constructor;
    int destructor;
    int is_thread;
    int common;                 /* -1: nocommon */
    int transparent;
    int gnu_inline;
    int always_inline;
    int mode;                   /* size in bytes asked for by mode() */
    char *section;
    char *alias;
    char *visibility;
    char *asm_name;
};

struct Decl {
    Decl *outer;                /* the declaration of that name that this one hides */
    Decl *next;                 /* in the same scope, or the next parameter */
    Ident *id;
    Type *type;
    int kind;
    int storage;
    int depth;                  /* of its scope; 0: file */
    int is_global;              /* has a symbol; else it lives in a frame */
    int defined;
    int tentative;
    int is_inline;
    int extern_inline;          /* an inline function: 1 must be emitted for others, -1 never (gnu_inline) */
    int referenced;
    int addressed;              /* a local: its address is taken, so it lives in memory */
    int thread_local;
    int align;                  /* asked for, or 0 */
    int vreg;                   /* a local kept in a virtual register, or NONE */
    int frame;                  /* a local in memory: its FRAME offset */
    int home;                   /* gen.c */
    int param_index;
    int fixed_reg;              /* register ... asm("x8"): the machine register, or NONE */
    long value;                 /* enumeration constant */
    Symbol *sym;
    char *asm_name;
    char *section;
    Node *body;                 /* a function's, until it is generated */
    Decl *locals;               /* a function's parameters, in scope */
    Node *size_vla;
    int has_setjmp;
    Label *labels;              /* a function's */
};

/* ---- syntax trees ---- */

enum {
    N_NUM,              /* val */
    N_REAL,             /* real */
    N_STR,              /* string literal: str, val; decl once it is in a section */
    N_VAR,              /* decl */
    N_DEREF,            /* *a */
    N_ADDR,             /* &a */
    N_MEMBER,           /* a.member */
    N_CAST,             /* (type)a */
    N_ADD, N_SUB, N_MUL, N_DIV, N_REM, N_AND, N_OR, N_XOR, N_SHL, N_SHR,
    N_EQ, N_NE, N_LT, N_LE, N_GT, N_GE,
    N_NEG, N_COM, N_NOT,
    N_ANDAND, N_OROR, N_COND, N_COMMA,
    N_ASSIGN,           /* a = b */
    N_SET,              /* a op= b, computed in type cast_type, op in val */
    N_POST,             /* a++: val is what is added */
    N_INIT,             /* a = b while a local is initialised (const does not matter) */
    N_ZERO,             /* clear the variable decl */
    N_CALL,             /* a(args b, linked by next) */
    N_STMT_EXPR,        /* ({ a }) */
    N_VA_START, N_VA_ARG, N_VA_COPY,
    N_ALLOCA, N_FRAME_ADDRESS, N_RETURN_ADDRESS, N_TRAP, N_UNREACHABLE,
    N_LABEL_ADDR,       /* &&label */
    /* statements, linked by next */
    N_EXPR, N_BLOCK, N_IF, N_WHILE, N_DO, N_FOR, N_SWITCH, N_CASE, N_DEFAULT, N_LABEL, N_GOTO, N_IGOTO,
    N_BREAK, N_CONTINUE, N_RETURN, N_DECL, N_ASM,
    N_VLA_BODY          /* a, a loop's body that declares arrays of variable length */
};

typedef struct Case Case;
typedef struct Asm Asm;
typedef struct AsmOperand AsmOperand;

struct Node {
    int op;
    int line;
    Type *type;
    Node *a;
    Node *b;
    Node *c;
    Node *d;
    Node *next;
    Decl *decl;
    Member *member;
    Real *real;
    Type *cast_type;
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
    int depth;
    Place place;
};

struct AsmOperand {
    AsmOperand *next;
    char *constraint;
    Ident *name;
    Node *expr;
    int is_output;
    int reg;
    int out_vreg;
};

struct Asm {
    char *text;
    char *file;
    int line;
    int is_basic;
    AsmOperand *operands;
    int noutputs;
    char **clobbers;
    int nclobbers;
    Label **labels;
    int nlabels;
};

/* ---- diag.c ---- */
extern int error_count;
void get_place(Place *p);                               /* of the current token */
void error(char *message, char *arg);                   /* at the current token */
void error_at(Place *p, char *message, char *arg);
void error_token(Token *t, char *message, char *arg);
void warn_token(Token *t, char *message, char *arg);
char *token_text(Token *t);

/* ---- lex.c ---- */
Ident *ident_of(char *name, int len);
Ident *ident_named(char *name);
void lex_init(void);
int lex(Token *t);                                      /* one raw token of the current file */
void token_copy(Token *to, Token *from);

/* ---- pp.c ---- */
extern Token tk;                                        /* the parser's current token */
void pp_init(void);
void pp_add_dir(char *dir, int system);
void pp_start(char *path);
void pp_start_text(char *name, char *text, long len);
void pp_force_include(char *path);
int pp(Token *t);                                       /* one token after preprocessing */
char *pp_text(long *len);                               /* the whole file, as -E gives it */
int next(void);                                         /* to the parser's next token */
int peek(void);                                         /* the kind of the one after it */

/* ---- literal.c ---- */
Node *number_literal(Token *t);
long char_literal(Token *t, Type **type);
int pp_number_value(Token *t, long *value, int *is_unsigned);   /* for #if */

/* ---- expr.c ---- */
Node *node_new(int op, Type *type, Node *a, Node *b);
Node *number(long v, Type *type);
Node *cast(Node *n, Type *type);
Node *expression(void);
Node *assignment(void);
Node *conditional(void);
Node *rvalue(Node *n);
Node *convert_to(Node *n, Type *type, char *what);
Node *plus(Node *a, Node *b);
Node *binary(int op, Node *a, Node *b);
long constant_expression(char *what);
Type *type_of_name(void);
int starts_type(void);
void expect(int kind, char *text);
int accept(int kind);

/* ---- decl.c ---- */
extern Decl *current_function;
void translation_unit(void);
Node *local_declaration(void);
Decl *new_local(Ident *id, Type *type);
Node *compound_literal(Type *type);
Symbol *decl_symbol(Decl *d);
Decl *declare(Ident *id, Type *type, int kind);
void enter_scope(void);
void leave_scope(void);
Node *string_literal(void);
Type *typeof_type(void);

/* ---- stmt.c ---- */
Node *block(void);
Label *label_named(Ident *id);

/* ---- type.c ---- */
extern Type *ty_void, *ty_bool, *ty_char, *ty_schar, *ty_uchar, *ty_short, *ty_ushort, *ty_int, *ty_uint, *ty_long,
    *ty_ulong, *ty_llong, *ty_ullong, *ty_float, *ty_double, *ty_ldouble, *ty_va_list, *ty_char_ptr, *ty_void_ptr, *ty_wchar;

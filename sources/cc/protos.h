/* SPDX-License-Identifier: MIT
 *
 * Prototypes of the front end's functions that call each other across files. */

extern int pack_align;
extern int source_is_assembly;
extern int no_warnings;

/* expr.c */
static Node *cast_expression(void);
static Node *unary(void);

/* decl.c */
static int starts_type_ahead(void);
static void static_assertion(void);
static Type *specifiers(int *storage, Attr *attr);
static Type *declarator(Type *type, Ident **id, int allow_abstract);
static Decl *decl_new(Ident *id, Type *type, int kind);

/* init.c */
static void emit_zero_variable(Decl *d);
static void global_initializer(Decl *d);
static Node *local_initializer(Decl *d);
static void init_constant_record(Node *n, long off);

/* call.c */
static void generate(Decl *d);

/* real.c */
static int hex_digit(int c);

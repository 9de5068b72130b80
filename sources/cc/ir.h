/* SPDX-License-Identifier: MIT
 *
 * The intermediate representation of one function, and what a back end is.
 *
 * gen.c lowers a parsed function to a flat array of instructions over virtual
 * registers; regs.c gives every virtual register a place; the target's
 * gen_func() turns the array into machine code, straight into a section.
 *
 * Virtual registers are not in SSA form: a scalar local whose address is never
 * taken is one virtual register, assigned as often as the program says.
 *
 * Classes: K_W 32-bit integer, K_L 64-bit integer or pointer, K_S float,
 * K_D double, K_X long double (16 bytes).  The upper half of a K_W register is
 * unspecified.  Values of char and short are kept extended to K_W.
 *
 * Operands.  In an arithmetic instruction `a` is a virtual register and `b` is
 * a virtual register or NONE; when b is NONE the operand is the constant `imm`,
 * and then target->imm_fits(op, cls, imm) held when it was emitted.
 * A memory operand is the four fields a, x, shift, off (and sym):
 *     a   = a virtual register, or FRAME, ARGS, OUTS, ABOVE, or SYM (address of `sym`)
 *     x   = NONE, or an index register (K_L), times 1 << shift (0..3); x is only
 *           used when a is a virtual register or FRAME
 *     off = a constant added
 * FRAME offsets count from the top of the frame's local area and are negative;
 * Func.frame says how deep the area is (spill slots included, multiple of 16).
 * ARGS is where the caller put the first stack argument.  OUTS is the lowest
 * address of the frame (the stack pointer when the call happens); Func.outs
 * bytes are kept there for stack arguments, ABOVE is behind them.  (With alloca
 * they move down with the stack pointer.)
 *
 * Calls.  A group of I_PUT instructions fills machine registers, all at once
 * (move_group in regs.c orders the moves), then comes I_CALL, I_RET
 * or I_ASM; after a call or at the function's start a group of I_GET
 * takes machine registers, all at once, into virtual ones.  An indirect call's
 * address is put into target->call_reg.  I_CALL and I_ASM lose
 * all caller-saved registers; nothing else loses any allocatable register.
 */

enum { K_W = 0, K_L = 1, K_S = 2, K_D = 3, K_X = 4 };

/* memory types, of I_LD, I_ST and I_EXT */
enum { M_SB = 0, M_UB = 1, M_SH = 2, M_UH = 3, M_SW = 4, M_UW = 5, M_L = 6, M_S = 7, M_D = 8, M_X = 9 };

enum { NONE = -1, FRAME = -2, ARGS = -3, OUTS = -4, ABOVE = -5, SYM = -6 };

/* conditions; the unsigned ones are for K_W and K_L.  For K_S, K_D and K_X only
 * the first six occur; all but C_NE are false when an operand is a NaN.  The
 * last four are the negations of C_LT..C_GE for floats: true on NaN. */
enum { C_EQ = 0, C_NE = 1, C_LT = 2, C_LE = 3, C_GT = 4, C_GE = 5, C_ULT = 6, C_ULE = 7, C_UGT = 8, C_UGE = 9,
       C_NLT = 10, C_NLE = 11, C_NGT = 12, C_NGE = 13 };

enum {
    I_NOP,
    I_MOV,      /* dst = a; or, a == NONE: dst = imm (for K_S, K_D its bit pattern, never for K_X) */
    I_ADDR,     /* dst = address of the memory operand; cc == 1: sym is thread-local */
    I_LD,       /* dst = memory, of type cc, extended to cls */
    I_ST,       /* memory, of type cc, = b, or imm when b == NONE (integer types; imm 32 bits signed) */
    I_ADD, I_SUB, I_MUL,        /* dst = a op b; integers and floats */
    I_DIV,                      /* signed, or float */
    I_UDIV, I_REM, I_UREM,
    I_AND, I_OR, I_XOR,
    I_SHL, I_SHR, I_SAR,        /* the count is K_W or K_L, only its low bits count */
    I_NEG, I_NOT,               /* dst = op a; I_NEG also float (flips the sign bit) */
    I_EXT,      /* dst = a cut to memory type cc (M_SB..M_UW) and extended to cls */
    I_FTOF,     /* dst (float class cls) = a (float class cc) */
    I_FTOI,     /* dst (K_W or K_L) = a (float class cc), truncated */
    I_FTOU,     /* the same, to unsigned K_L */
    I_ITOF,     /* dst (float class cls) = a (signed, class cc K_W or K_L) */
    I_UTOF,     /* the same, from unsigned K_L */
    I_CMP,      /* dst (K_W, 0 or 1) = a cc b; cls is the class of a and b */
    I_JCC,      /* to label if a cc b; cls is the class of a and b */
    I_JMP,      /* to label */
    I_LABEL,    /* label: */
    I_TABLE,    /* to the address a, one of imm labels; `table` of them follows, sym is where, as distances from there */
    I_PUT,      /* machine register imm = a (class cls); a == NONE: = off, a constant */
    I_GET,      /* dst (class cls) = machine register imm */
    I_CALL,     /* of sym, or of target->call_reg when sym is null */
    I_RET,      /* back to the caller; the results were put */
    I_ASM,      /* assemble text */
    I_TRAP      /* stop with an illegal instruction */
};

typedef struct Ins Ins;
typedef struct VReg VReg;
typedef struct Func Func;
typedef struct Target Target;

struct Ins {
    unsigned char op;
    unsigned char cls;
    unsigned char cc;           /* condition, memory type or source class */
    unsigned char shift;        /* of the index in a memory operand */
    int dst;                    /* virtual register, or NONE */
    int a, b, x, off;           /* operands, as said above */
    int label;
    int line;
    long imm;
    Symbol *sym;
    int *table;                 /* I_TABLE */
    char *text;                 /* I_ASM */
};

struct VReg {
    int cls;
    int loc;                    /* after regs.c: a machine register (>= 0), or a FRAME offset (< 0) */
    int start;                  /* live from this instruction */
    int end;                    /* to this one */
    int hint;                   /* a machine register that would save a move, or NONE */
    int weight;                 /* uses, by depth of loops */
    int like;                   /* a virtual register whose place it would like to share, or NONE */
    int next;                   /* that starts at the same instruction */
    int home;                   /* first instruction of the block that declares it, for loops; temporaries: NONE */
};

struct Func {
    Symbol *sym;                /* defined by the caller of gen_func */
    Section *sec;               /* where the code goes */
    Ins *ins;
    int nins;
    int capins;
    VReg *v;
    int nv;
    int capv;
    int nlabels;                /* labels are 0 .. nlabels-1 */
    int outs;                   /* bytes of outgoing stack arguments, multiple of 16 */
    int frame;                  /* bytes of the local area, multiple of 16 */
    int framed;                 /* has a frame: ARGS, I_CALL or I_ASM occurs, or fp is asked for */
    int allocas;                /* sp is set */
    unsigned long saved;        /* callee-saved machine registers used, bit per register */
    unsigned long avoid;        /* registers that an asm statement names: saved, but not allocated */
};

/* Machine registers: 0..31 are the integer registers by the processor's own
 * numbers, 32..63 the floating ones.  A back end keeps scratch registers that
 * are in neither mask below; move_group uses target->scratch to break cycles. */
struct Target {
    char *name;                 /* "x86_64" */
    int machine;                /* MACH_... */
    int nargs[2];               /* machine registers of arguments: how many, integer and floating, */
    int *args[2];               /* and which */
    int *rets[2];               /* of results: two, or (AArch64) four */
    int call_reg;               /* of an indirect call */
    int sp, fp;                 /* the stack's and the frame's; the return address is 8 bytes above fp */
    int scratch[2];             /* an integer and a floating register for move_group's cycles */
    int result[2];              /* the same for a result that goes to the frame */
    int sret_reg;               /* of the result's address; NONE: it is the first integer argument */
    unsigned long caller_saved; /* allocatable and lost in calls, bit per register, integer and float */
    unsigned long callee_saved; /* allocatable and kept (floats: only their low 64 bits, so never for K_X) */
    int in_order;               /* an argument without registers ends their use; 16 bytes start at an even one */
    int va_offsets[2];          /* va_list's fields: offsets of the next integer and floating register, */
    int va_tops[2];             /* the addresses that these count from */
    int va_limits[2];           /* where each ends */
    int va_stack;               /* the field with the next stack argument */
    int va_size;
    int x_in_regs;              /* K_X lives in floating registers; else always in the frame */
    int x_by_call;              /* K_X arithmetic is done by __addtf3 and its like: only
                                   I_MOV, I_LD, I_ST, I_NEG, I_PUT, I_GET occur for K_X */
    int char_unsigned;
    int has_unsigned;           /* knows I_FTOU and I_UTOF */
    int (*imm_fits)(int op, int cls, long imm);     /* for I_ADD..I_SAR, I_CMP and I_JCC */
    void (*prologue)(void);
    int (*instruction)(Ins *n, int d);              /* with its result in d, or else the place that is returned */
    void (*move)(int cls, int to, int from);        /* between places as in VReg.loc; both may be in the frame */
    void (*move_imm)(int cls, int reg, long imm);   /* constant to a machine register */
    /* inline assembly: the register called `name`, or NONE; those that one-letter constraints name; the operand text of
     * a register for a size and a modifier letter (0: none; a: the memory at the address in it) */
    int (*asm_reg)(char *name);
    char *(*asm_text)(int reg, int size, int modifier);
    char *asm_letters;
    int *asm_letter_regs;
};

extern Target *target;
extern Target target_x86_64;
extern Target target_aarch64;
extern Obj *obj;                /* the object being compiled */

/* SPDX-License-Identifier: MIT
 *
 * One file, because it is one table and its operand readers.
 *
 * The x86_64 instructions of the assembler, in AT&T syntax: integer, x87, scalar
 * SSE2 and a few packed ones, system instructions.
 *
 * x86_table says for each mnemonic which operands it takes, its opcode and its
 * operand sizes; families that differ in one number (add or adc ..., the
 * conditions, the x87 and SSE arithmetic) share lines.  A mnemonic is looked up
 * whole, then without a size suffix.
 */

enum { X_REG, X_XMM, X_ST, X_IMM, X_MEM };

typedef struct X86Operand X86Operand;
struct X86Operand {
    int kind;
    int reg;
    int size;                   /* of X_REG: 1 2 4 8 */
    int high;                   /* ah ch dh bh */
    int star;                   /* * stood before it */
    int base;                   /* of X_MEM: -1 none, 16 rip */
    int index;                  /* -1 none */
    int scale;                  /* 0..3 */
    int segment;                /* prefix byte, or 0 */
    Value value;                /* of X_IMM and X_MEM */
    int reloc;                  /* from @PLT and so on, or 0 */
};

enum { X86_MAX_OPERANDS = 4 };
static X86Operand x86_op[X86_MAX_OPERANDS];
static int x86_nops;
static char *x86_mnemonic;

/* Operand letters:  r register (reg field)  e register or memory  m memory  o register (in the opcode)
 * a accumulator  A %ax  c %cl  d %dx  1 the constant 1  i immediate  I 8-byte immediate  b signed byte that fits
 * B byte  W 16-bit immediate  8 6 4 register or memory of 1, 2, 4 bytes  x xmm (reg field)  X xmm or memory
 * V xmm in rm  t st(i)  T st  j label  J label within a byte  s *register or *memory */
enum { SB = 1, SW = 2, SL = 4, SQ = 8, SWLQ = 14, SALL = 15,
       WBIT = 16,               /* the opcode's low bit is clear for bytes */
       D64 = 32,                /* 64 bits without REX.W */
       P66 = 64, PF3 = 128, PF2 = 256,
       N8 = 512,                /* opcode += 8 * number of the family's member */
       NEXT = 1024,             /* the member's number goes to the reg field */
       NADD = 2048,             /* opcode += member's number */
       P9B = 4096 };

typedef struct X86Row X86Row;
struct X86Row {
    char *name;
    char *args;
    int op;
    int ext;                    /* reg field when no operand fills it; -1: no modrm without operands */
    int flags;
};

static X86Row x86_table[] = {
    { "=alu", "be", 0x83, 0, SWLQ | NEXT },     { "=alu", "ia", 0x04, -1, SALL | WBIT | N8 },
    { "=alu", "ie", 0x80, 0, SALL | WBIT | NEXT },  { "=alu", "re", 0x00, 0, SALL | WBIT | N8 },
    { "=alu", "er", 0x02, 0, SALL | WBIT | N8 },
    { "=shift", "1e", 0xd0, 0, SALL | WBIT | NEXT },    { "=shift", "e", 0xd0, 0, SALL | WBIT | NEXT },
    { "=shift", "Be", 0xc0, 0, SALL | WBIT | NEXT },    { "=shift", "ce", 0xd2, 0, SALL | WBIT | NEXT },
    { "=unary", "e", 0xf6, 0, SALL | WBIT | NEXT },     { "=incdec", "e", 0xfe, 0, SALL | WBIT | NEXT },
    { "=bit", "Be", 0x0fba, 0, SWLQ | NEXT },           { "=bit", "re", 0x0f83, 0, SWLQ | N8 },
    { "=j", "j", 0x0f80, -1, NADD },            { "=set", "8", 0x0f90, 0, NADD },
    { "=cmov", "er", 0x0f40, 0, SWLQ | NADD },
    { "mov", "re", 0x88, 0, SALL | WBIT },      { "mov", "er", 0x8a, 0, SALL | WBIT },
    { "mov", "ie", 0xc7, 0, SQ },               { "mov", "io", 0xb8, -1, SW | SL },
    { "mov", "io", 0xb0, -1, SB },              { "mov", "Io", 0xb8, -1, SQ },
    { "mov", "ie", 0xc6, 0, SALL | WBIT },      { "movabs", "Io", 0xb8, -1, SQ },
    { "movzb", "8r", 0x0fb6, 0, SWLQ },         { "movzw", "6r", 0x0fb7, 0, SL | SQ },
    { "movsb", "8r", 0x0fbe, 0, SWLQ },         { "movsw", "6r", 0x0fbf, 0, SL | SQ },
    { "movsl", "4r", 0x63, 0, SQ },             { "movzx", "8r", 0x0fb6, 0, SWLQ },
    { "test", "re", 0x84, 0, SALL | WBIT },     { "test", "ia", 0xa8, -1, SALL | WBIT },
    { "test", "ie", 0xf6, 0, SALL | WBIT },     { "test", "er", 0x84, 0, SALL | WBIT },
    { "xchg", "re", 0x86, 0, SALL | WBIT },     { "xchg", "er", 0x86, 0, SALL | WBIT },
    { "xadd", "re", 0x0fc0, 0, SALL | WBIT },   { "cmpxchg", "re", 0x0fb0, 0, SALL | WBIT },
    { "cmpxchg8b", "m", 0x0fc7, 1, 0 },         { "cmpxchg16b", "m", 0x0fc7, 1, SQ },
    { "lea", "mr", 0x8d, 0, SWLQ },             { "imul", "er", 0x0faf, 0, SWLQ },
    { "imul", "ber", 0x6b, 0, SWLQ },           { "imul", "ier", 0x69, 0, SWLQ },
    { "shld", "Bre", 0x0fa4, 0, SWLQ },         { "shld", "cre", 0x0fa5, 0, SWLQ },
    { "shrd", "Bre", 0x0fac, 0, SWLQ },         { "shrd", "cre", 0x0fad, 0, SWLQ },
    { "bsf", "er", 0x0fbc, 0, SWLQ },           { "bsr", "er", 0x0fbd, 0, SWLQ },
    { "tzcnt", "er", 0x0fbc, 0, SWLQ | PF3 },   { "lzcnt", "er", 0x0fbd, 0, SWLQ | PF3 },
    { "popcnt", "er", 0x0fb8, 0, SWLQ | PF3 },  { "bswap", "o", 0x0fc8, -1, SL | SQ },
    { "push", "o", 0x50, -1, SQ | D64 },        { "push", "b", 0x6a, -1, SQ | D64 },
    { "push", "i", 0x68, -1, SQ | D64 },        { "push", "e", 0xff, 6, SQ | D64 },
    { "pop", "o", 0x58, -1, SQ | D64 },         { "pop", "e", 0x8f, 0, SQ | D64 },
    { "call", "j", 0xe8, -1, 0 },               { "call", "s", 0xff, 2, SQ | D64 },
    { "jmp", "j", 0xe9, -1, 0 },                { "jmp", "s", 0xff, 4, SQ | D64 },
    { "jrcxz", "J", 0xe3, -1, 0 },              { "loop", "J", 0xe2, -1, 0 },
    { "ret", "", 0xc3, -1, 0 },                 { "ret", "W", 0xc2, -1, 0 },
    { "retq", "", 0xc3, -1, 0 },                { "callq", "j", 0xe8, -1, 0 },
    { "jmpq", "j", 0xe9, -1, 0 },
    { "leave", "", 0xc9, -1, 0 },               { "leaveq", "", 0xc9, -1, 0 },
    { "nop", "", 0x90, -1, 0 },                 { "nop", "e", 0x0f1f, 0, SW | SL },
    { "pause", "", 0x90, -1, PF3 },             { "hlt", "", 0xf4, -1, 0 },
    { "int", "B", 0xcd, -1, 0 },                { "int3", "", 0xcc, -1, 0 },
    { "syscall", "", 0x0f05, -1, 0 },           { "sysretq", "", 0x480f07, -1, 0 },
    { "ud2", "", 0x0f0b, -1, 0 },               { "cpuid", "", 0x0fa2, -1, 0 },
    { "rdtsc", "", 0x0f31, -1, 0 },             { "mfence", "", 0x0faef0, -1, 0 },
    { "lfence", "", 0x0faee8, -1, 0 },          { "sfence", "", 0x0faef8, -1, 0 },
    { "cld", "", 0xfc, -1, 0 },                 { "std", "", 0xfd, -1, 0 },
    { "cli", "", 0xfa, -1, 0 },                 { "sti", "", 0xfb, -1, 0 },
    { "clc", "", 0xf8, -1, 0 },                 { "stc", "", 0xf9, -1, 0 },
    { "cmc", "", 0xf5, -1, 0 },                 { "sahf", "", 0x9e, -1, 0 },
    { "lahf", "", 0x9f, -1, 0 },                { "pushfq", "", 0x9c, -1, 0 },
    { "popfq", "", 0x9d, -1, 0 },               { "pushf", "", 0x9c, -1, 0 },
    { "popf", "", 0x9d, -1, 0 },                { "iretq", "", 0x48cf, -1, 0 },
    { "cltq", "", 0x4898, -1, 0 },              { "cqto", "", 0x4899, -1, 0 },
    { "cltd", "", 0x99, -1, 0 },                { "cwtl", "", 0x98, -1, 0 },
    { "cqo", "", 0x4899, -1, 0 },               { "cdq", "", 0x99, -1, 0 },
    { "cwtd", "", 0x6699, -1, 0 },              { "cbtw", "", 0x6698, -1, 0 },
    { "movsb", "", 0xa4, -1, 0 },               { "movsw", "", 0x66a5, -1, 0 },
    { "movsl", "", 0xa5, -1, 0 },               { "movsq", "", 0x48a5, -1, 0 },
    { "stosb", "", 0xaa, -1, 0 },               { "stosw", "", 0x66ab, -1, 0 },
    { "stosl", "", 0xab, -1, 0 },               { "stosq", "", 0x48ab, -1, 0 },
    { "lodsb", "", 0xac, -1, 0 },               { "lodsl", "", 0xad, -1, 0 },
    { "lodsq", "", 0x48ad, -1, 0 },             { "scasb", "", 0xae, -1, 0 },
    { "scasq", "", 0x48af, -1, 0 },             { "cmpsb", "", 0xa6, -1, 0 },
    { "cmpsq", "", 0x48a7, -1, 0 },             { "rdmsr", "", 0x0f32, -1, 0 },
    { "wrmsr", "", 0x0f30, -1, 0 },             { "in", "da", 0xec, -1, SB | SL | WBIT },
    { "out", "ad", 0xee, -1, SB | SL | WBIT },  { "in", "Ba", 0xe4, -1, SB | SL | WBIT },
    { "out", "aB", 0xe6, -1, SB | SL | WBIT },  { "invlpg", "m", 0x0f01, 7, 0 },
    { "lgdt", "m", 0x0f01, 2, 0 },              { "lidt", "m", 0x0f01, 3, 0 },
    { "fxsave", "m", 0x0fae, 0, 0 },            { "fxrstor", "m", 0x0fae, 1, 0 },
    { "ldmxcsr", "m", 0x0fae, 2, 0 },           { "stmxcsr", "m", 0x0fae, 3, 0 },
    /* SSE */
    { "=sse", "Xx", 0x0f00, 0, NADD },
    { "movss", "Xx", 0x0f10, 0, PF3 },          { "movss", "xX", 0x0f11, 0, PF3 },
    { "movsd", "Xx", 0x0f10, 0, PF2 },          { "movsd", "xX", 0x0f11, 0, PF2 },
    { "movaps", "Xx", 0x0f28, 0, 0 },           { "movaps", "xX", 0x0f29, 0, 0 },
    { "movapd", "Xx", 0x0f28, 0, P66 },         { "movapd", "xX", 0x0f29, 0, P66 },
    { "movups", "Xx", 0x0f10, 0, 0 },           { "movups", "xX", 0x0f11, 0, 0 },
    { "movupd", "Xx", 0x0f10, 0, P66 },         { "movupd", "xX", 0x0f11, 0, P66 },
    { "movdqa", "Xx", 0x0f6f, 0, P66 },         { "movdqa", "xX", 0x0f7f, 0, P66 },
    { "movdqu", "Xx", 0x0f6f, 0, PF3 },         { "movdqu", "xX", 0x0f7f, 0, PF3 },
    { "movd", "4x", 0x0f6e, 0, P66 },           { "movd", "x4", 0x0f7e, 0, P66 },
    { "movq", "Xx", 0x0f7e, 0, PF3 },           { "movq", "xX", 0x0fd6, 0, P66 },
    { "movq", "ex", 0x0f6e, 0, P66 | SQ },      { "movq", "xe", 0x0f7e, 0, P66 | SQ },
    { "ucomiss", "Xx", 0x0f2e, 0, 0 },          { "ucomisd", "Xx", 0x0f2e, 0, P66 },
    { "comiss", "Xx", 0x0f2f, 0, 0 },           { "comisd", "Xx", 0x0f2f, 0, P66 },
    { "cvtss2sd", "Xx", 0x0f5a, 0, PF3 },       { "cvtsd2ss", "Xx", 0x0f5a, 0, PF2 },
    { "cvtsi2ss", "ex", 0x0f2a, 0, PF3 | SL | SQ }, { "cvtsi2sd", "ex", 0x0f2a, 0, PF2 | SL | SQ },
    { "cvttss2si", "Xr", 0x0f2c, 0, PF3 | SL | SQ },    { "cvttsd2si", "Xr", 0x0f2c, 0, PF2 | SL | SQ },
    { "cvtss2si", "Xr", 0x0f2d, 0, PF3 | SL | SQ }, { "cvtsd2si", "Xr", 0x0f2d, 0, PF2 | SL | SQ },
    { "andps", "Xx", 0x0f54, 0, 0 },            { "andpd", "Xx", 0x0f54, 0, P66 },
    { "andnps", "Xx", 0x0f55, 0, 0 },           { "andnpd", "Xx", 0x0f55, 0, P66 },
    { "orps", "Xx", 0x0f56, 0, 0 },             { "orpd", "Xx", 0x0f56, 0, P66 },
    { "xorps", "Xx", 0x0f57, 0, 0 },            { "xorpd", "Xx", 0x0f57, 0, P66 },
    { "pand", "Xx", 0x0fdb, 0, P66 },           { "pandn", "Xx", 0x0fdf, 0, P66 },
    { "por", "Xx", 0x0feb, 0, P66 },            { "pxor", "Xx", 0x0fef, 0, P66 },
    { "pcmpeqd", "Xx", 0x0f76, 0, P66 },        { "pcmpeqb", "Xx", 0x0f74, 0, P66 },
    { "pmovmskb", "Vr", 0x0fd7, 0, P66 | SL },  { "psrlq", "BV", 0x0f73, 2, P66 },
    { "psrld", "BV", 0x0f72, 2, P66 },          { "pslld", "BV", 0x0f72, 6, P66 },
    { "psllq", "BV", 0x0f73, 6, P66 },
    { "psllq", "BV", 0x0f73, 6, P66 },          { "unpcklps", "Xx", 0x0f14, 0, 0 },
    { "unpcklpd", "Xx", 0x0f14, 0, P66 },       { "punpcklqdq", "Xx", 0x0f6c, 0, P66 },
    /* x87 */
    { "fld", "t", 0xd9c0, -1, 0 },              { "flds", "m", 0xd9, 0, 0 },
    { "fldl", "m", 0xdd, 0, 0 },                { "fldt", "m", 0xdb, 5, 0 },
    { "fst", "t", 0xddd0, -1, 0 },              { "fsts", "m", 0xd9, 2, 0 },
    { "fstl", "m", 0xdd, 2, 0 },                { "fstp", "t", 0xddd8, -1, 0 },
    { "fstps", "m", 0xd9, 3, 0 },               { "fstpl", "m", 0xdd, 3, 0 },
    { "fstpt", "m", 0xdb, 7, 0 },               { "filds", "m", 0xdf, 0, 0 },
    { "fildl", "m", 0xdb, 0, 0 },               { "fildq", "m", 0xdf, 5, 0 },
    { "fildll", "m", 0xdf, 5, 0 },              { "fists", "m", 0xdf, 2, 0 },
    { "fistl", "m", 0xdb, 2, 0 },               { "fistps", "m", 0xdf, 3, 0 },
    { "fistpl", "m", 0xdb, 3, 0 },              { "fistpq", "m", 0xdf, 7, 0 },
    { "fistpll", "m", 0xdf, 7, 0 },             { "fisttps", "m", 0xdf, 1, 0 },
    { "fisttpl", "m", 0xdb, 1, 0 },             { "fisttpq", "m", 0xdd, 1, 0 },
    { "fisttpll", "m", 0xdd, 1, 0 },            { "fxch", "", 0xd9c9, -1, 0 },
    { "fxch", "t", 0xd9c8, -1, 0 },             { "fchs", "", 0xd9e0, -1, 0 },
    { "fabs", "", 0xd9e1, -1, 0 },              { "ftst", "", 0xd9e4, -1, 0 },
    { "fxam", "", 0xd9e5, -1, 0 },              { "fld1", "", 0xd9e8, -1, 0 },
    { "fldl2t", "", 0xd9e9, -1, 0 },            { "fldl2e", "", 0xd9ea, -1, 0 },
    { "fldpi", "", 0xd9eb, -1, 0 },             { "fldlg2", "", 0xd9ec, -1, 0 },
    { "fldln2", "", 0xd9ed, -1, 0 },            { "fldz", "", 0xd9ee, -1, 0 },
    { "f2xm1", "", 0xd9f0, -1, 0 },             { "fyl2x", "", 0xd9f1, -1, 0 },
    { "fptan", "", 0xd9f2, -1, 0 },             { "fpatan", "", 0xd9f3, -1, 0 },
    { "fxtract", "", 0xd9f4, -1, 0 },           { "fprem1", "", 0xd9f5, -1, 0 },
    { "fprem", "", 0xd9f8, -1, 0 },             { "fyl2xp1", "", 0xd9f9, -1, 0 },
    { "fsqrt", "", 0xd9fa, -1, 0 },             { "frndint", "", 0xd9fc, -1, 0 },
    { "fscale", "", 0xd9fd, -1, 0 },            { "fsin", "", 0xd9fe, -1, 0 },
    { "fcos", "", 0xd9ff, -1, 0 },              { "fucomi", "tT", 0xdbe8, -1, 0 },
    { "fucomip", "tT", 0xdfe8, -1, 0 },         { "fcomi", "tT", 0xdbf0, -1, 0 },
    { "fcomip", "tT", 0xdff0, -1, 0 },          { "fucompp", "", 0xdae9, -1, 0 },
    { "fucomp", "t", 0xdde8, -1, 0 },           { "fucom", "t", 0xdde0, -1, 0 },
    { "fnstcw", "m", 0xd9, 7, 0 },              { "fstcw", "m", 0xd9, 7, P9B },
    { "fldcw", "m", 0xd9, 5, 0 },               { "fnstenv", "m", 0xd9, 6, 0 },
    { "fldenv", "m", 0xd9, 4, 0 },              { "fnstsw", "m", 0xdd, 7, 0 },
    { "fnstsw", "A", 0xdfe0, -1, 0 },          { "fnstsw", "", 0xdfe0, -1, 0 },
    { "fnclex", "", 0xdbe2, -1, 0 },            { "fninit", "", 0xdbe3, -1, 0 },
    { "fwait", "", 0x9b, -1, 0 },               { "ffree", "t", 0xddc0, -1, 0 },
    { 0, 0, 0, 0, 0 }
};

typedef struct X86Member X86Member;
struct X86Member {
    char *name;
    char *family;
    int number;
};

static X86Member x86_members[] = {
    { "add", "=alu", 0 },       { "or", "=alu", 1 },        { "adc", "=alu", 2 },       { "sbb", "=alu", 3 },
    { "and", "=alu", 4 },       { "sub", "=alu", 5 },       { "xor", "=alu", 6 },       { "cmp", "=alu", 7 },
    { "rol", "=shift", 0 },     { "ror", "=shift", 1 },     { "rcl", "=shift", 2 },     { "rcr", "=shift", 3 },
    { "shl", "=shift", 4 },     { "sal", "=shift", 4 },     { "shr", "=shift", 5 },     { "sar", "=shift", 7 },
    { "not", "=unary", 2 },     { "neg", "=unary", 3 },     { "mul", "=unary", 4 },     { "imul", "=unary", 5 },
    { "div", "=unary", 6 },     { "idiv", "=unary", 7 },    { "inc", "=incdec", 0 },    { "dec", "=incdec", 1 },
    { "bt", "=bit", 4 },        { "bts", "=bit", 5 },       { "btr", "=bit", 6 },       { "btc", "=bit", 7 },
    { "sqrt", "=sse", 0x51 },   { "add", "=sse", 0x58 },    { "mul", "=sse", 0x59 },    { "sub", "=sse", 0x5c },
    { "min", "=sse", 0x5d },    { "div", "=sse", 0x5e },    { "max", "=sse", 0x5f },
    { "fadd", "=fpu", 0 },      { "fmul", "=fpu", 1 },      { "fcom", "=fpu", 2 },      { "fsub", "=fpu", 4 },
    { "fsubr", "=fpu", 5 },     { "fdiv", "=fpu", 6 },      { "fdivr", "=fpu", 7 },
    { "o", "cc", 0 },   { "no", "cc", 1 },  { "b", "cc", 2 },   { "c", "cc", 2 },   { "nae", "cc", 2 }, { "ae", "cc", 3 },
    { "nb", "cc", 3 },  { "nc", "cc", 3 },  { "e", "cc", 4 },   { "z", "cc", 4 },   { "ne", "cc", 5 },  { "nz", "cc", 5 },
    { "be", "cc", 6 },  { "na", "cc", 6 },  { "a", "cc", 7 },   { "nbe", "cc", 7 }, { "s", "cc", 8 },   { "ns", "cc", 9 },
    { "p", "cc", 10 },  { "pe", "cc", 10 }, { "np", "cc", 11 }, { "po", "cc", 11 }, { "l", "cc", 12 },  { "nge", "cc", 12 },
    { "ge", "cc", 13 }, { "nl", "cc", 13 }, { "le", "cc", 14 }, { "ng", "cc", 14 }, { "g", "cc", 15 },  { "nle", "cc", 15 },
    { 0, 0, 0 }
};

typedef struct X86Prefix X86Prefix;
struct X86Prefix {
    char *name;
    int byte;
};
static X86Prefix x86_prefixes[] = { { "lock", 0xf0 }, { "rep", 0xf3 }, { "repe", 0xf3 }, { "repz", 0xf3 }, { "repne", 0xf2 },
                                    { "repnz", 0xf2 }, { "data16", 0x66 }, { 0, 0 } };

/* ---- operands ---- */

static char *x86_reg8[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", 0 };
static char *x86_reg_high[] = { "ah", "ch", "dh", "bh", 0 };
static char *x86_reg16[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", 0 };
static char *x86_segments[] = { "es", "cs", "ss", "ds", "fs", "gs", 0 };
static int x86_segment_bytes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

static void x86_bad(void) {
    as_error("bad operands for %s", x86_mnemonic);
}

/* 8..15 of r8 .. r15, and what is behind the number, or -1 */
static int x86_number(char *p, char **rest) {
    int n = 0;
    if (!is_digit(*p))
        return -1;
    while (is_digit(*p)) {
        n = n * 10 + *p - '0';
        p++;
    }
    *rest = p;
    return n;
}

/* fills kind, reg, size, high; 0: no register */
static int x86_register(X86Operand *o, char *name) {
    char *rest = "";
    o->kind = X_REG;
    o->high = 0;
    o->reg = index_of(x86_reg8, name);
    o->size = 1;
    if (o->reg >= 0)
        return 1;
    o->reg = index_of(x86_reg_high, name) + 4;
    o->high = o->reg >= 4;
    if (o->high)
        return 1;
    o->size = 2;
    o->reg = index_of(x86_reg16, name);
    if (o->reg >= 0)
        return 1;
    o->size = name[0] == 'e' ? 4 : 8;
    o->reg = name[0] == 'e' || name[0] == 'r' ? index_of(x86_reg16, name + 1) : -1;
    if (o->reg >= 0)
        return 1;
    if (name[0] == 'r') {
        o->reg = x86_number(name + 1, &rest);
        o->size = *rest == 0 ? 8 : *rest == 'd' ? 4 : *rest == 'w' ? 2 : 1;
        return o->reg >= 8 && o->reg < 16;
    }
    o->kind = X_XMM;
    if (str_starts(name, "xmm")) {
        o->reg = x86_number(name + 3, &rest);
        return o->reg >= 0 && o->reg < 16 && !*rest;
    }
    o->kind = X_ST;
    o->reg = 0;
    return str_eq(name, "st");
}

static void x86_memory(X86Operand *o) {
    X86Operand r;
    o->kind = X_MEM;
    o->base = -1;
    o->index = -1;
    o->scale = 0;
    if (!as_take('('))
        return;
    if (as_take('%')) {
        char *name = as_word();
        if (str_eq(name, "rip"))
            o->base = 16;
        else if (x86_register(&r, name) && r.kind == X_REG && r.size == 8)
            o->base = r.reg;
        else
            as_error("%%%s is no base register", name);
    }
    if (as_take(',')) {
        as_expect('%');
        if (!x86_register(&r, as_word()) || r.kind != X_REG || r.size != 8 || r.reg == 4)
            as_error("bad index register%s", "");
        o->index = r.reg;
        if (as_take(',')) {
            long scale = as_constant();
            if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
                as_error("bad scale%s", "");
            o->scale = scale == 1 ? 0 : scale == 2 ? 1 : scale == 4 ? 2 : 3;
        }
    }
    as_expect(')');
}

static void x86_operand(X86Operand *o) {
    mem_set(o, 0, sizeof(X86Operand));
    o->star = as_take('*');
    if (as_take('$')) {
        o->kind = X_IMM;
        as_expression(&o->value);
        return;
    }
    if (as_take('%')) {
        char *name = as_word();
        int segment = index_of(x86_segments, name);
        if (segment >= 0 && as_take(':'))
            o->segment = x86_segment_bytes[segment];
        else {
            if (!x86_register(o, name))
                as_error("unknown register %%%s", name);
            if (o->kind == X_ST && as_take('(')) {
                o->reg = as_constant();
                as_expect(')');
            }
            return;
        }
    }
    skip_blanks();
    char *p = as.p;
    if (!(*p == '(' && (p[1] == '%' || p[1] == ',' || p[1] == ' ')))
        as_expression(&o->value);
    if (as_take('@')) {
        char *word = as_word();
        o->reloc = str_eq(word, "PLT") ? R_X86_64_PLT32 : str_eq(word, "GOTPCREL") ? R_X86_64_GOTPCREL
                   : str_eq(word, "GOTTPOFF") || str_eq(word, "gottpoff") ? R_X86_64_GOTTPOFF
                   : str_eq(word, "TPOFF") || str_eq(word, "tpoff") ? R_X86_64_TPOFF32 : 0;
        if (!o->reloc)
            as_error("unknown relocation @%s", word);
    }
    x86_memory(o);
}

/* ---- matching ---- */

static int x86_fits(X86Operand *o, long low, long high) {
    return o->kind == X_IMM && !o->value.sym && o->value.add >= low && o->value.add <= high;
}

static int x86_is_reg(X86Operand *o, int size, int reg) {
    return o->kind == X_REG && o->size == size && !o->high && o->reg == reg;
}

static int x86_match_operand(int letter, X86Operand *o, int size) {
    int is_mem = o->kind == X_MEM && !o->star;
    switch (letter) {
    case 'r': case 'o': return o->kind == X_REG && o->size == size && !o->star;
    case 'e': return o->kind == X_REG && o->size == size && !o->star || is_mem;
    case 's': return o->star && (o->kind == X_REG && o->size == 8 || o->kind == X_MEM);
    case 'm': return is_mem;
    case '8': return o->kind == X_REG && o->size == 1 || is_mem;
    case '6': return o->kind == X_REG && o->size == 2 || is_mem;
    case '4': return o->kind == X_REG && o->size == 4 || is_mem;
    case 'a': return x86_is_reg(o, size, 0);
    case 'A': return x86_is_reg(o, 2, 0);
    case 'c': return x86_is_reg(o, 1, 1);
    case 'd': return x86_is_reg(o, 2, 2);
    case '1': return x86_fits(o, 1, 1);
    case 'i':
        if (o->kind == X_IMM && o->value.sym)
            return size >= 4;
        return size == 8 ? x86_fits(o, -0x80000000L, 0x7fffffff) : size == 4 ? x86_fits(o, -0x80000000L, 0xffffffffL)
               : size == 2 ? x86_fits(o, -0x8000, 0xffff) : x86_fits(o, -0x80, 0xff);
    case 'I': return o->kind == X_IMM;
    case 'b': return x86_fits(o, -0x80, 0x7f) || size == 2 && x86_fits(o, 0xff80, 0xffff)
                     || size == 4 && x86_fits(o, 0xffffff80L, 0xffffffffL);
    case 'B': return x86_fits(o, -0x80, 0xff);
    case 'W': return x86_fits(o, 0, 0xffff);
    case 'x': case 'V': return o->kind == X_XMM;
    case 'X': return o->kind == X_XMM || is_mem;
    case 't': return o->kind == X_ST;
    case 'T': return o->kind == X_ST && o->reg == 0;
    case 'j': case 'J': return is_mem && o->base < 0 && o->index < 0 && (o->value.sym || !o->value.add);
    }
    return 0;
}

/* the operand size: the suffix's, or that of a register that has the instruction's size */
static int x86_size(X86Row *row, int suffix) {
    int sizes = row->flags & SALL;
    if (suffix)
        return sizes & suffix ? suffix : 0;
    for (int i = 0; row->args[i]; i++) {
        int c = row->args[i];
        if ((c == 'r' || c == 'e' || c == 'o' || c == 'a') && x86_op[i].kind == X_REG)
            return sizes & x86_op[i].size ? x86_op[i].size : 0;
    }
    return sizes & (sizes - 1) ? 0 : sizes;     /* the only one it has */
}

static int x86_matches(X86Row *row, int size) {
    if (str_len(row->args) != x86_nops || row->flags & SALL && !size)
        return 0;
    for (int i = 0; i < x86_nops; i++)
        if (!x86_match_operand(row->args[i], &x86_op[i], size))
            return 0;
    return 1;
}

/* ---- encoding ---- */

static int x86_rex(X86Operand *o, int bit) {
    if (o->kind == X_REG && o->size == 1 && !o->high && o->reg >= 4 && o->reg < 8)
        return 0x40;
    return o->kind <= X_XMM && o->reg >= 8 ? 0x40 | bit : 0;
}

static void x86_opcode(int op) {
    if (op >> 16)
        sec_u8(as.sec, op >> 16);
    if (op >> 8)
        sec_u8(as.sec, op >> 8 & 255);
    sec_u8(as.sec, op & 255);
}

/* modrm, sib and displacement; `behind` bytes of immediate follow */
static void x86_modrm(int reg, X86Operand *o, int behind) {
    reg = (reg & 7) << 3;
    if (o->kind != X_MEM) {
        sec_u8(as.sec, 0xc0 | reg | (o->reg & 7));
        return;
    }
    long disp = o->value.add;
    Symbol *sym = o->value.sym;
    if (o->base == 16) {
        sec_u8(as.sec, reg | 5);
        if (sym)
            sec_reloc(as.sec, as.sec->len, o->reloc ? o->reloc : R_X86_64_PC32, sym, disp - 4 - behind);
        sec_u32(as.sec, sym ? 0 : disp);
        return;
    }
    int mod = 0x80;
    if (o->base < 0)
        mod = 0;
    else if (!sym && disp == 0 && (o->base & 7) != 5)
        mod = 0;
    else if (!sym && disp >= -128 && disp < 128)
        mod = 0x40;
    if (o->base < 0 || o->index >= 0 || (o->base & 7) == 4) {
        sec_u8(as.sec, mod | reg | 4);
        sec_u8(as.sec, o->scale << 6 | (o->index < 0 ? 4 : o->index & 7) << 3 | (o->base < 0 ? 5 : o->base & 7));
    } else
        sec_u8(as.sec, mod | reg | (o->base & 7));
    if (mod == 0x40)
        sec_u8(as.sec, disp);
    else if (mod == 0x80 || o->base < 0) {
        if (sym)
            sec_reloc(as.sec, as.sec->len, o->reloc ? o->reloc : R_X86_64_32S, sym, disp);
        else if (disp < -0x80000000L || disp > 0x7fffffff)
            as_error("displacement out of range in %s", x86_mnemonic);
        sec_u32(as.sec, sym ? 0 : disp);
    }
}

static int x86_immediate_size(int letter, int size) {
    if (letter == 'b' || letter == 'B')
        return 1;
    if (letter == 'W')
        return 2;
    if (letter == 'I')
        return 8;
    return letter == 'i' ? size == 8 ? 4 : size : 0;
}

static void x86_immediate(X86Operand *o, int n, int size) {
    if (o->value.sym) {
        if (o->value.minus)
            as_error("expression is too complicated for %s", x86_mnemonic);
        sec_reloc(as.sec, as.sec->len, n == 8 ? R_X86_64_64 : size == 8 ? R_X86_64_32S : R_X86_64_32, o->value.sym, o->value.add);
    }
    long v = o->value.sym ? 0 : o->value.add;
    for (int i = 0; i < n; i++)
        sec_u8(as.sec, v >> i * 8 & 255);
}

/* a label: two bytes when it is known and near, as there is no way back later */
static void x86_branch(int op, X86Operand *o) {
    Symbol *y = o->value.sym;
    long at = as.sec->len;
    if (!y)
        x86_bad();
    if (op != 0xe8 && y->place == PLACE_SECTION && y->sec == as.sec && y->binding == STB_LOCAL && !o->reloc) {
        long distance = y->value + o->value.add - (at + 2);
        if (distance >= -128) {
            sec_u8(as.sec, op == 0xe9 ? 0xeb : op - 0x0f80 + 0x70);
            sec_u8(as.sec, distance & 255);
            return;
        }
    }
    x86_opcode(op);
    sec_reloc(as.sec, as.sec->len, R_X86_64_PLT32, y, o->value.add - 4);
    sec_u32(as.sec, 0);
}

static void x86_encode(X86Row *row, int size, int number, int prefix) {
    X86Operand *reg = 0;
    X86Operand *rm = 0;
    X86Operand *low = 0;                /* in the opcode's low bits */
    int op = row->op;
    int behind = 0;
    int flags = row->flags | prefix;
    if (flags & N8)
        op += number * 8;
    if (flags & NADD)
        op += number;
    if (flags & WBIT && size > 1)
        op = op | 1;
    for (int i = 0; i < x86_nops; i++) {
        int c = row->args[i];
        X86Operand *o = &x86_op[i];
        if (c == 'j') {
            x86_branch(op, o);
            return;
        }
        if (c == 'r' || c == 'x')
            reg = o;
        else if (c == 'e' || c == 'm' || c == '8' || c == '6' || c == '4' || c == 'X' || c == 'V' || c == 's')
            rm = o;
        else if (c == 'o' || c == 't')
            low = o;
        behind += x86_immediate_size(c, size);
    }
    if (rm && rm->segment)
        sec_u8(as.sec, rm->segment);
    if (flags & P9B)
        sec_u8(as.sec, 0x9b);
    if (flags & P66 || size == 2)
        sec_u8(as.sec, 0x66);
    if (flags & (PF3 | PF2))
        sec_u8(as.sec, flags & PF3 ? 0xf3 : 0xf2);
    int rex = size == 8 && !(flags & D64) ? 0x48 : 0;
    if (reg)
        rex = rex | x86_rex(reg, 4);
    if (low && low->kind == X_REG)
        rex = rex | x86_rex(low, 1);
    if (rm && rm->kind == X_MEM)
        rex = rex | (rm->base >= 8 && rm->base < 16 ? 0x41 : 0) | (rm->index >= 8 ? 0x42 : 0);
    else if (rm)
        rex = rex | x86_rex(rm, 1);
    if (rex)
        sec_u8(as.sec, rex);
    for (int i = 0; i < x86_nops; i++)
        if (rex && x86_op[i].kind == X_REG && x86_op[i].high)
            as_error("a high byte register cannot be used in this %s", x86_mnemonic);
    if (low)
        op += low->reg & 7;
    x86_opcode(op);
    if (rm)
        x86_modrm(reg ? reg->reg : flags & NEXT ? number : row->ext, rm, behind);
    for (int i = 0; i < x86_nops; i++) {
        int n = x86_immediate_size(row->args[i], size);
        if (n)
            x86_immediate(&x86_op[i], n, size);
        else if (row->args[i] == 'J') {
            if (!x86_op[i].value.sym)
                x86_bad();
            sec_reloc(as.sec, as.sec->len, R_X86_64_PC8, x86_op[i].value.sym, x86_op[i].value.add - 1);
            sec_u8(as.sec, 0);
        }
    }
}

/* ---- mnemonics ---- */

static Obj *x86_names;          /* first line of each name in x86_table, plus one; the lines of a name need not be adjacent */
static int x86_next[sizeof(x86_table) / sizeof(X86Row)];

static void x86_enter_names(void) {
    x86_names = obj_empty(0, "");
    int last = 0;
    while (x86_table[last].name)
        last++;
    for (int i = last - 1; i >= 0; i--) {
        Symbol *y = obj_symbol(x86_names, x86_table[i].name);
        x86_next[i] = y->value;
        y->value = i + 1;
    }
}

/* tries the lines called `name`; suffix: 0 or the size it stands for */
static int x86_try(char *name, int suffix, int number, int prefix) {
    Symbol *y = obj_find(x86_names, name);
    for (int i = y ? y->value : 0; i; i = x86_next[i - 1]) {
        X86Row *row = &x86_table[i - 1];
        int size = x86_size(row, suffix);
        if (suffix && !(row->flags & SALL) || !x86_matches(row, size))
            continue;
        x86_encode(row, size, number, prefix);
        return 1;
    }
    return 0;
}

static int x86_member(char *family, char *name) {
    for (X86Member *m = x86_members; m->name; m++)
        if (str_eq(m->name, name) && str_eq(m->family, family))
            return m->number;
    return -1;
}

/* conditions, and members of families that stand for themselves */
static int x86_try_family(char *name, int suffix) {
    int cc = -1;
    if (name[0] == 'j') {
        cc = x86_member("cc", name + 1);
        if (cc >= 0)
            return x86_try("=j", 0, cc, 0);
    }
    if (str_starts(name, "set") || str_starts(name, "cmov")) {
        cc = x86_member("cc", name + (name[0] == 's' ? 3 : 4));
        if (cc >= 0)
            return x86_try(name[0] == 's' ? "=set" : "=cmov", name[0] == 's' ? 0 : suffix, cc, 0);
    }
    for (X86Member *m = x86_members; m->name; m++)
        if (m->family[0] == '=' && str_eq(m->name, name) && x86_try(m->family, suffix, m->number, 0))
            return 1;
    return 0;
}

/* addsd and its like: the last two letters choose the prefix */
static int x86_try_sse(char *name) {
    long n = str_len(name);
    if (n < 5)
        return 0;
    char *kind = name + n - 2;
    int prefix = str_eq(kind, "ss") ? PF3 : str_eq(kind, "sd") ? PF2 : str_eq(kind, "pd") ? P66 : str_eq(kind, "ps") ? 0 : -1;
    int number = x86_member("=sse", str_save(name, n - 2));
    return prefix >= 0 && number >= 0 && x86_try("=sse", 0, number, prefix);
}

/* fadd and its like: of memory (s, l), of st(i), and with a pop.  In AT&T syntax the reversed
 * subtractions and divisions change places where the result goes to st(i). */
static int x86_try_fpu(char *name) {
    long n = str_len(name);
    int number = x86_member("=fpu", name);
    int last = name[n - 1];
    if (number < 0 || last == 'p' || x86_nops == 1 && x86_op[0].kind == X_MEM)
        number = x86_member("=fpu", str_save(name, n - 1));
    else
        last = 0;
    if (number < 0)
        return 0;
    X86Operand *o = &x86_op[0];
    if (x86_nops == 1 && o->kind == X_MEM && (last == 's' || last == 'l')) {
        X86Row row;
        row.args = "m";
        row.op = last == 's' ? 0xd8 : 0xdc;
        row.ext = number;
        row.flags = 0;
        x86_encode(&row, 0, 0, 0);
        return 1;
    }
    if (last && last != 'p' || x86_nops > 2 || x86_nops && o->kind != X_ST || x86_nops == 2 && x86_op[1].kind != X_ST)
        return 0;
    int reg = x86_nops == 0 ? 1 : o->reg;
    int base = 0xd8;
    if (last == 'p' || x86_nops == 0)
        base = 0xde;
    if (x86_nops == 2 && (last == 'p' || x86_op[1].reg)) {
        reg = x86_op[1].reg;
        base = last == 'p' ? 0xde : 0xdc;
    }
    sec_u8(as.sec, base);
    sec_u8(as.sec, 0xc0 | number << 3 | reg);
    return 1;
}

void x86_instruction(char *name) {
    if (!x86_names)
        x86_enter_names();
    for (X86Prefix *p = x86_prefixes; p->name; p++)
        if (str_eq(p->name, name)) {
            sec_u8(as.sec, p->byte);
            if (!as_at_end())
                x86_instruction(as_word());
            return;
        }
    x86_mnemonic = name;
    x86_nops = 0;
    if (!as_at_end())
        do {
            if (x86_nops == X86_MAX_OPERANDS)
                x86_bad();
            x86_operand(&x86_op[x86_nops]);
            x86_nops++;
        } while (as_take(','));
    if (x86_try(name, 0, 0, 0) || x86_try_family(name, 0) || x86_try_sse(name) || name[0] == 'f' && x86_try_fpu(name))
        return;
    long n = str_len(name);
    int last = n > 1 ? name[n - 1] : 0;
    int suffix = last == 'b' ? 1 : last == 'w' ? 2 : last == 'l' ? 4 : last == 'q' ? 8 : 0;
    char *stem = str_save(name, n ? n - 1 : 0);
    if (suffix && (x86_try(stem, suffix, 0, 0) || x86_try_family(stem, suffix)))
        return;
    if (obj_find(x86_names, name) || suffix && obj_find(x86_names, stem) || x86_member("=alu", name) >= 0 || x86_member("=alu", stem) >= 0)
        x86_bad();
    as_error("unknown instruction, or operands that it cannot have: %s", name);
}

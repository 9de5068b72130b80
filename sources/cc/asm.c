/* SPDX-License-Identifier: MIT
 *
 * asm statements: operands to machine registers, the template to text for the
 * assembler.
 *
 * Every operand gets a register of its own that calls may change (I_ASM counts
 * as a call), unless its constraint or declaration names one; inputs are put
 * there in one group, outputs taken from there in another. */

enum { ASM_OPERANDS = 30 };

static unsigned long asm_taken;         /* registers given away in this statement */
static LValue asm_lvalues[ASM_OPERANDS];
static char *asm_buffer;
static long asm_len;
static int asm_unique;

static char *asm_letters(AsmOperand *o) {
    char *c = o->constraint;
    while (*c == '=' || *c == '+' || *c == '&' || *c == '%' || *c == '*')
        c++;
    return c;
}

static int has_letter(AsmOperand *o, char *letters) {
    for (char *c = asm_letters(o); *c && *c != ','; c++)
        for (char *l = letters; *l; l++)
            if (*c == *l)
                return 1;
    return 0;
}

static int is_immediate(AsmOperand *o) {
    Symbol *sym = 0;
    long add = 0;
    if (o->is_output || !has_letter(o, "inIJKLMNeZSs"))
        return 0;
    return is_num(o->expr) || constant_address(o->expr, &sym, &add);
}

static int is_memory(AsmOperand *o) {
    return has_letter(o, "moQVgu") && !has_letter(o, "r");
}

static void take_register(int reg) {
    asm_taken |= 1UL << (reg & 63);
    if (target->callee_saved >> (reg & 63) & 1)
        fn.avoid |= 1UL << reg;
}

static int free_register(Asm *a, int is_float_operand) {
    int first = is_float_operand ? 32 : 0;
    for (int reg = first; reg < first + 18; reg++) {
        int lost = target->caller_saved >> reg & 1 || reg - first < 3;
        if (lost && !(asm_taken >> reg & 1) && reg != target->scratch[is_float_operand]) {
            take_register(reg);
            return reg;
        }
    }
    fatal_at(a->file, a->line, "asm needs too many registers%s", "");
    return NONE;
}

static AsmOperand *asm_operand(Asm *a, int number) {
    AsmOperand *o = a->operands;
    for (; o && number; number--)
        o = o->next;
    if (!o)
        fatal_at(a->file, a->line, "asm: no such operand%s", "");
    return o;
}

/* Registers that are named come first, the others take what is left. */
static void choose_named(Asm *a) {
    asm_taken = 0;
    for (int i = 0; i < a->nclobbers; i++) {
        int reg = target->asm_reg(a->clobbers[i]);
        if (reg != NONE)
            take_register(reg);
    }
    for (AsmOperand *o = a->operands; o; o = o->next) {
        o->reg = NONE;
        if (is_memory(o) || is_immediate(o))
            continue;
        if (o->expr->op == N_VAR && o->expr->decl->fixed_reg != NONE)
            o->reg = o->expr->decl->fixed_reg;
        else if (!has_letter(o, "rqQlgR"))
            for (char *c = asm_letters(o); *c && o->reg == NONE; c++)
                o->reg = target->asm_constraint(*c);
        if (o->reg != NONE)
            take_register(o->reg);
    }
}

static void choose_free(Asm *a) {
    for (AsmOperand *o = a->operands; o; o = o->next) {
        char c = *asm_letters(o);
        if (o->reg != NONE || is_immediate(o) || c >= '0' && c <= '9')
            continue;
        o->reg = free_register(a, !is_memory(o) && is_float(o->expr->type));
    }
    for (AsmOperand *o = a->operands; o; o = o->next) {
        char c = *asm_letters(o);
        if (o->reg == NONE && c >= '0' && c <= '9')
            o->reg = asm_operand(a, c - '0')->reg;
    }
}

static void asm_put(char *s) {
    long n = str_len(s);
    mem_copy(asm_buffer + asm_len, s, n);
    asm_len += n;
}

static void operand_text(Asm *a, AsmOperand *o, int modifier) {
    char out[64];
    if (is_immediate(o)) {
        Symbol *sym = 0;
        long add = 0;
        constant_address(o->expr, &sym, &add);
        int plain = modifier == 'c' || modifier == 'P' || modifier == 'a';
        asm_put(target->machine == MACH_X86_64 ? (plain ? "" : "$") : "");
        if (sym)
            asm_put(sym->name);
        if (sym && add)
            asm_put("+");
        if (!sym || add)
            asm_put(str_number(add));
        return;
    }
    if (is_memory(o)) {
        target->asm_memory(out, o->reg);
        asm_put(out);
        return;
    }
    int cls = class_of(o->expr->type);
    if (!modifier && target->machine == MACH_X86_64 && cls == K_W)
        modifier = o->expr->type->size == 1 ? 'b' : o->expr->type->size == 2 ? 'w' : 0;
    if (modifier == 'a') {
        target->asm_memory(out, o->reg);
        asm_put(out);
        return;
    }
    target->asm_text(out, o->reg, cls, modifier);
    asm_put(out);
}

static AsmOperand *named_operand(Asm *a, char *p, long n) {
    for (AsmOperand *o = a->operands; o; o = o->next)
        if (o->name && o->name->len == n && mem_eq(o->name->name, p, n))
            return o;
    fatal_at(a->file, a->line, "asm: no operand is called '%s'", str_save(p, n));
    return 0;
}

/* A 'u' operand is x87's second register: it lies in memory, is pushed below the first and dropped from there. */
static AsmOperand *below_top(Asm *a) {
    for (AsmOperand *o = a->operands; o; o = o->next)
        if (has_letter(o, "u"))
            return o;
    return 0;
}

/* The template with its operands put in. */
static char *asm_expand(Asm *a) {
    asm_buffer = xalloc(str_len(a->text) * 24 + 256);
    asm_len = 0;
    asm_unique++;
    AsmOperand *below = below_top(a);
    if (below) {
        asm_put("fldt ");
        operand_text(a, below, 0);
        asm_put("\nfxch\n");
    }
    for (char *p = a->text; *p; p++) {
        if (*p != '%') {
            asm_buffer[asm_len] = *p;
            asm_len++;
            continue;
        }
        p++;
        int modifier = 0;
        if (*p == '%') {
            asm_put("%");
            continue;
        }
        if (*p == '=') {
            asm_put(str_number(asm_unique));
            continue;
        }
        if (*p >= 'a' && *p <= 'z' || *p >= 'A' && *p <= 'Z') {
            modifier = *p;
            p++;
        }
        if (*p == '[') {
            long n = 0;
            while (p[n] && p[n] != ']')
                n++;
            operand_text(a, named_operand(a, p + 1, n - 1), modifier);
            p += n;
        } else if (*p >= '0' && *p <= '9') {
            int number = *p - '0';
            if (p[1] >= '0' && p[1] <= '9') {
                p++;
                number = number * 10 + *p - '0';
            }
            operand_text(a, asm_operand(a, number), modifier);
        } else
            fatal_at(a->file, a->line, "asm: '%%' without an operand%s", "");
    }
    if (below)
        asm_put("\nfstp %st(1)\n");
    return asm_buffer;
}

static void gen_asm(Asm *a) {
    int values[ASM_OPERANDS];
    int n = 0;
    choose_named(a);
    choose_free(a);
    for (AsmOperand *o = a->operands; o; o = o->next) {
        if (n == ASM_OPERANDS)
            fatal_at(a->file, a->line, "asm has too many operands%s", "");
        values[n] = NONE;
        if (is_memory(o)) {
            Mem m;
            record_address(o->expr, &m);
            values[n] = address(&m);
        } else if (o->is_output) {
            lvalue(o->expr, &asm_lvalues[n]);
            LValue *l = &asm_lvalues[n];
            if (l->vreg == NONE && (l->m.a >= 0 || l->m.x != NONE))
                mem_at(&l->m, address(&l->m), 0);
            if (*o->constraint == '+')
                values[n] = lvalue_load(l);
        } else if (!is_immediate(o))
            values[n] = gen(o->expr);
        n++;
    }
    n = 0;
    for (AsmOperand *o = a->operands; o; o = o->next) {
        if (values[n] != NONE)
            put(is_memory(o) ? K_L : class_of(o->expr->type), o->reg, values[n]);
        n++;
    }
    Ins *i = emit(I_ASM, 0, NONE, NONE, NONE);
    i->text = a->is_basic ? a->text : asm_expand(a);
    i->line = a->line;
    i->sym = 0;
    fn.calls = 1;
    n = 0;
    for (AsmOperand *o = a->operands; o; o = o->next) {
        values[n] = NONE;
        if (o->is_output && !is_memory(o)) {
            int cls = class_of(o->expr->type);
            values[n] = tmp(cls);
            emit(I_GET, cls, values[n], NONE, NONE)->imm = o->reg;
        }
        n++;
    }
    n = 0;
    for (AsmOperand *o = a->operands; o; o = o->next) {
        if (values[n] != NONE)
            lvalue_store(&asm_lvalues[n], truncate_to(values[n], o->expr->type));
        n++;
    }
}

/* SPDX-License-Identifier: MIT
 *
 * asm statements: operands to machine registers, the template to text for the assembler.
 *
 * Every operand gets a register of its own that calls may change (I_ASM counts as a call), unless its constraint or
 * declaration names one; inputs are put there in one group, outputs taken from there in another. */

enum { ASM_OPERANDS = 30 };

static unsigned long asm_taken;         /* registers given away in this statement */
static Section *asm_out;                /* the text */
static int asm_unique;

static char *asm_letters(AsmOperand *o) {
    char *c = o->constraint;
    while (*c == '=' || *c == '+' || *c == '&' || *c == '%' || *c == '*')
        c++;
    return c;
}

static int has_letter(AsmOperand *o, char *letters) {
    for (char *c = asm_letters(o); *c && *c != ','; c++)
        if (letter_index(letters, *c) >= 0)
            return 1;
    return 0;
}

static int is_immediate(AsmOperand *o) {
    Symbol *sym = 0;
    long add = 0;
    if (o->is_output || !has_letter(o, "inIJKLMNeZSs"))
        return 0;
    return is_num(o->expr) || link_constant(o->expr, 0, &sym, &add);
}

static int is_memory(AsmOperand *o) {
    return has_letter(o, "moQVgu") && !has_letter(o, "r");
}

static int is_number(AsmOperand *o) {
    return is_digit(*asm_letters(o));
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

/* The operand with the number or [name] that *at points to, which is moved behind it. */
static AsmOperand *asm_operand(Asm *a, char **at) {
    char *name = *at + 1;
    char *end = name;
    AsmOperand *o = a->operands;
    if (**at == '[') {
        while (*end && *end != ']')
            end++;
        *at = *end ? end + 1 : end;
        while (o && !(o->name && o->name->len == end - name && mem_eq(o->name->name, name, end - name)))
            o = o->next;
    } else
        for (long number = digits(at, 10, 2); o && number; number--)
            o = o->next;
    if (!o)
        fatal_at(a->file, a->line, "asm: there is no operand %s", str_save(name - 1, *at - name + 1));
    return o;
}

/* Registers that are named come first, the others take what is left. */
static void choose_registers(Asm *a) {
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
            for (char *c = asm_letters(o); *c && o->reg == NONE; c++) {
                int i = letter_index(target->asm_letters, *c);
                o->reg = i < 0 ? NONE : target->asm_letter_regs[i];
            }
        if (o->reg != NONE)
            take_register(o->reg);
    }
    for (AsmOperand *o = a->operands; o; o = o->next)
        if (o->reg == NONE && !is_immediate(o) && !is_number(o))
            o->reg = free_register(a, !is_memory(o) && is_float(o->expr->type));
    for (AsmOperand *o = a->operands; o; o = o->next)
        if (o->reg == NONE && is_number(o)) {
            char *number = asm_letters(o);
            o->reg = asm_operand(a, &number)->reg;
        }
}

static void asm_put(char *s) {
    sec_bytes(asm_out, s, str_len(s));
}

static void operand_text(AsmOperand *o, int modifier) {
    Symbol *sym = 0;
    long add = 0;
    if (!is_immediate(o)) {
        int size = class_of(o->expr->type) == K_W ? o->expr->type->size : 8;
        asm_put(target->asm_text(o->reg, size, is_memory(o) ? 'a' : modifier));
        return;
    }
    link_constant(o->expr, 0, &sym, &add);
    if (target->machine == MACH_X86_64 && modifier != 'c' && modifier != 'P' && modifier != 'a')
        asm_put("$");
    if (sym)
        asm_put(sym->name);
    if (sym && add)
        asm_put("+");
    if (!sym || add)
        asm_put(str_number(add));
}

/* what stands behind a % of the template; returns its end */
static char *expand_one(Asm *a, char *p) {
    int modifier = 0;
    if (*p == '%' || *p == '=') {
        asm_put(*p == '%' ? "%" : str_number(asm_unique));
        return p + 1;
    }
    if (is_word(*p) && !is_digit(*p))
        modifier = *p++;
    if (*p != '[' && !is_digit(*p))
        fatal_at(a->file, a->line, "asm: '%%' without an operand%s", "");
    operand_text(asm_operand(a, &p), modifier);
    return p;
}

/* A 'u' operand is x87's second register: it lies in memory, is pushed below the first and dropped from there. */
static AsmOperand *below_top(Asm *a) {
    AsmOperand *o = a->operands;
    while (o && !has_letter(o, "u"))
        o = o->next;
    return o;
}

/* The template with its operands put in. */
static char *asm_expand(Asm *a) {
    AsmOperand *below = below_top(a);
    asm_out = byte_buffer();
    asm_unique++;
    if (below) {
        asm_put("fldt ");
        operand_text(below, 0);
        asm_put("\nfxch\n");
    }
    for (char *p = a->text; *p;)
        if (*p == '%')
            p = expand_one(a, p + 1);
        else
            sec_le(asm_out, 1, *p++);
    if (below)
        asm_put("\nfstp %st(1)\n");
    sec_le(asm_out, 1, 0);
    return (char *)asm_out->data;
}

static void gen_asm(Asm *a) {
    static Mem places[ASM_OPERANDS];
    Mem *m = places;
    choose_registers(a);
    for (AsmOperand *o = a->operands; o; o = o->next) {
        if (m == places + ASM_OPERANDS)
            fatal_at(a->file, a->line, "asm has too many operands%s", "");
        o->value = NONE;
        if (is_memory(o))
            o->value = value_address(o->expr);
        else if (o->is_output) {
            locate(o->expr, m);
            mem_fix(m);
            if (*o->constraint == '+')
                o->value = load_value(m, o->expr->type);
        } else if (!is_immediate(o))
            o->value = gen(o->expr);
        m++;
    }
    for (AsmOperand *o = a->operands; o; o = o->next)
        if (o->value != NONE)
            put(is_memory(o) ? K_L : class_of(o->expr->type), o->reg, o->value);
    Ins *i = emit(I_ASM, 0, NONE, NONE, NONE);
    i->text = a->is_basic ? a->text : asm_expand(a);
    i->line = a->line;
    fn.framed = 1;
    for (AsmOperand *o = a->operands; o; o = o->next)
        o->value = o->is_output && !is_memory(o) ? get(class_of(o->expr->type), o->reg) : NONE;
    m = places;
    for (AsmOperand *o = a->operands; o; o = o->next) {
        if (o->value != NONE)
            store_value(m, o->expr->type, truncate_to(o->value, o->expr->type));
        m++;
    }
}

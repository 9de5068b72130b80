/* SPDX-License-Identifier: MIT
 *
 * From the instructions of ir.h to machine code, as far as both processors have it in common: the places of virtual
 * registers, labels, tables of jumps. The target's `instruction` encodes one instruction. */

/* A reference to a label of the function, a relocation that is applied when all labels are known. */
typedef struct Fixup Fixup;
struct Fixup {
    int at, label;
    int type;                   /* R_... */
    int addend;
};

static Func *code_fn;
static int has_frame;
static int *label_places;       /* where in the section; -1: not yet */
static Fixup *fixups;
static int nfixups;
static int label_room;
static int fixup_room;

static int place_of(int v) {
    return code_fn->v[v].loc;
}

/* the register that holds v: its own, or `scratch`, loaded */
static int use(int v, int scratch) {
    int at = place_of(v);
    if (at >= 0)
        return at;
    target->move(code_fn->v[v].cls, scratch, at);
    return scratch;
}

/* what comes next refers to a label */
static void refer_to_label(int type, int label, int addend) {
    fixups = grow(fixups, nfixups, &fixup_room, sizeof(Fixup));
    Fixup *x = &fixups[nfixups++];
    x->at = here->len;
    x->label = label;
    x->type = type;
    x->addend = addend;
}

/* distances from the table to its labels */
static void jump_table(Ins *n) {
    long table = here->len;
    sym_define(n->sym, here, table);
    for (long i = 0; i < n->imm; i++) {
        refer_to_label(reloc_bytes(target->machine, 4, FROM_HERE), n->table[i], here->len - table);
        emit_le(4, 0);
    }
}

static void settle_fixups(void) {
    for (int i = 0; i < nfixups; i++) {
        Fixup *x = &fixups[i];
        if (reloc_apply(x->type, here->data + x->at, label_places[x->label] + x->addend, x->at))
            fatal("function %s is too large for its branches", code_fn->sym->name);
    }
}

/* a jump to the label that comes next does nothing */
static int jumps_to_next(Func *f, int i) {
    int label = f->ins[i].label;
    for (i++; i < f->nins && (f->ins[i].op == I_LABEL || f->ins[i].op == I_NOP); i++)
        if (f->ins[i].op == I_LABEL && f->ins[i].label == label)
            return 1;
    return 0;
}

static void code_instruction(Ins *n) {
    if (n->dst == NONE) {
        target->instruction(n, NONE);
        if (n->op == I_TABLE)
            jump_table(n);
        return;
    }
    VReg *v = &code_fn->v[n->dst];
    if (n->op == I_MOV && n->a != NONE)
        target->move(n->cls, v->loc, place_of(n->a));
    else if (v->loc >= 0 || v->cls == K_X && !target->x_in_regs)
        target->move(v->cls, v->loc, target->instruction(n, v->loc));
    else
        target->move(v->cls, v->loc, target->instruction(n, target->result[v->cls >= K_S]));
}

static void code_function(Func *f) {
    code_fn = f;
    here = f->sec;
    nfixups = 0;
    if (f->nlabels > label_room) {
        label_room = f->nlabels * 2;
        label_places = xalloc(label_room * sizeof(int));
    }
    for (int i = 0; i < f->nlabels; i++)
        label_places[i] = -1;
    has_frame = f->framed || f->frame || f->saved;
    if (has_frame)
        target->prologue();
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        if (n->op == I_PUT || n->op == I_GET)
            i = move_group(f, i) - 1;
        else if (n->op == I_ASM)
            assemble(obj, here, n->text, obj->file, n->line, 1);
        else if (n->op == I_LABEL)
            label_places[n->label] = here->len;
        else if (n->op != I_NOP && !(n->op == I_JMP && jumps_to_next(f, i)))
            code_instruction(n);
    }
    settle_fixups();
}

/* SPDX-License-Identifier: MIT
 *
 * Register allocation: every virtual register of a function gets one place for its whole life, a machine register or a
 * slot in the frame.
 *
 * It is a linear scan over live intervals (first to last mention in the instruction array). Loops widen intervals:
 * where a branch goes back from J to L, what was alive before L and is mentioned in the loop stays alive until J; what
 * is first mentioned in the loop but declared outside it (`home` before L) may carry a value from one turn to the next,
 * so it lives from L to J. Temporaries never carry one.
 *
 * An instruction's operands are read before its result is written, so a result may take the register of an operand that
 * ends there; back ends know that. */

typedef struct Loop Loop;
struct Loop {
    int head;                   /* the label's instruction */
    int tail;                   /* the branch back */
};

typedef struct Slot Slot;
struct Slot {
    int offset;
    int end;                    /* last instruction of the register that has it now */
    int size;
};

static Func *ra_func;
static Loop *ra_loops;
static int ra_nloops;
static int ra_loop_room;
static int ra_owner[64];        /* per machine register: the virtual register in it, or NONE */
static Slot *ra_slots;
static int ra_nslots;
static int ra_slot_room;
static int *ra_calls;           /* per instruction: register-losing instructions before it */
static int *ra_scratch;         /* per instruction, label or virtual register, whatever a pass needs */
static int ra_room;             /* of these two; the largest function decides */

static int loses_registers(int op) {
    return op == I_CALL || op == I_ASM;
}

/* Instructions that do nothing but give `dst` its value. */
static int is_pure(int op) {
    return op == I_MOV || op == I_ADDR || op >= I_ADD && op <= I_CMP && (op < I_DIV || op > I_UREM);
}

/* adds to the uses of n's operands */
static void count_uses(Ins *n, int *uses, int more) {
    if (n->a >= 0)
        uses[n->a] += more;
    if (n->b >= 0)
        uses[n->b] += more;
    if (n->x >= 0)
        uses[n->x] += more;
}

/* Takes out pure instructions whose result nobody reads. */
static void drop_dead(Func *f) {
    int *uses = ra_scratch;
    mem_set(uses, 0, f->nv * sizeof(int));
    for (int i = 0; i < f->nins; i++)
        count_uses(&f->ins[i], uses, 1);
    for (int i = f->nins - 1; i >= 0; i--) {
        Ins *n = &f->ins[i];
        if (n->dst >= 0 && uses[n->dst] == 0 && is_pure(n->op)) {
            count_uses(n, uses, -1);
            n->op = I_NOP;
            n->dst = n->a = n->b = n->x = NONE;
        }
    }
}

static void mention(Func *f, int v, int at, int weight) {
    if (v < 0)
        return;
    VReg *r = &f->v[v];
    r->start = r->start < 0 ? at : r->start;
    r->end = at;
    r->weight += weight;
}

/* only the last branch back to a label matters: it makes the longest loop */
static void branch_back(int head, int from) {
    if (head < 0 || head > from)
        return;
    for (int i = 0; i < ra_nloops; i++)
        if (ra_loops[i].head == head) {
            ra_loops[i].tail = from;
            return;
        }
    ra_loops = grow(ra_loops, ra_nloops, &ra_loop_room, sizeof(Loop));
    ra_loops[ra_nloops].head = head;
    ra_loops[ra_nloops++].tail = from;
}

static void find_loops(Func *f) {
    int *label_at = ra_scratch;
    ra_nloops = 0;
    for (int i = 0; i < f->nlabels; i++)
        label_at[i] = -1;
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        if (n->op == I_LABEL)
            label_at[n->label] = i;
        else if (n->op == I_JMP || n->op == I_JCC)
            branch_back(label_at[n->label], i);
        else if (n->op == I_TABLE)
            for (long k = 0; k < n->imm; k++)
                branch_back(label_at[n->table[k]], i);
    }
}

/* First and last mention, weights by depth of loops, counts of calls. */
static void find_intervals(Func *f) {
    int *deeper = ra_scratch;
    for (int i = 0; i <= f->nins; i++)
        deeper[i] = 0;
    for (int i = 0; i < ra_nloops; i++) {
        deeper[ra_loops[i].head]++;
        deeper[ra_loops[i].tail + 1]--;
    }
    for (VReg *v = f->v; v < f->v + f->nv; v++) {
        v->start = v->end = -1;
        v->weight = v->loc = 0;
        v->hint = v->like = NONE;
    }
    int depth = 0, calls = 0;
    int group = -1;                 /* first instruction of the group of I_GET that we are in */
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        depth += deeper[i];
        int weight = depth > 3 ? 1000 : depth == 3 ? 512 : depth == 2 ? 64 : depth == 1 ? 8 : 1;
        ra_calls[i] = calls;
        calls += loses_registers(n->op);
        mention(f, n->a, i, weight);
        mention(f, n->b, i, weight);
        mention(f, n->x, i, weight);
        mention(f, n->dst, i, weight);
        group = n->op != I_GET ? -1 : group < 0 ? i : group;
        VReg *dst = n->dst >= 0 ? &f->v[n->dst] : 0;
        VReg *a = n->a >= 0 ? &f->v[n->a] : 0;
        if (n->op == I_GET) {
            dst->start = dst->start == i ? group : dst->start;      /* the whole group happens at once */
            dst->hint = n->imm;
        } else if (n->op == I_PUT && a)
            a->hint = a->hint == NONE ? n->imm : a->hint;
        else if (dst && a && n->op <= I_NOT && n->op != I_ADDR && n->op != I_LD) {
            dst->like = dst->like == NONE ? n->a : dst->like;
            if (n->op == I_MOV && a->like == NONE)
                a->like = n->dst;
        }
    }
    ra_calls[f->nins] = calls;
}

static void widen_intervals(Func *f) {
    int changed = ra_nloops > 0;
    while (changed) {
        changed = 0;
        for (VReg *r = f->v; r < f->v + f->nv; r++) {
            if (r->start < 0 || r->home == NONE && r->end - r->start < 2)
                continue;
            for (Loop *l = ra_loops; l < ra_loops + ra_nloops; l++) {
                if (r->start > l->tail || r->end < l->head)
                    continue;
                if (r->start >= l->head && (r->home == NONE || r->home >= l->head))
                    continue;
                changed |= r->start > l->head || r->end < l->tail;
                r->start = r->start > l->head ? l->head : r->start;
                r->end = r->end < l->tail ? l->tail : r->end;
            }
        }
    }
}

/* a slot of the frame */
static void spill(VReg *r) {
    int size = r->cls == K_X ? 16 : 8;
    int i = ra_nslots - 1;
    while (i >= 0 && i >= ra_nslots - 32 && !(ra_slots[i].size == size && ra_slots[i].end < r->start))
        i--;
    if (i < 0 || i < ra_nslots - 32) {
        ra_slots = grow(ra_slots, ra_nslots, &ra_slot_room, sizeof(Slot));
        i = ra_nslots++;
        ra_func->frame = (ra_func->frame + 2 * size - 1) & -size;
        ra_slots[i].offset = -ra_func->frame;
        ra_slots[i].size = size;
    }
    ra_slots[i].end = r->end;
    r->loc = ra_slots[i].offset;
}

static int crosses_call(VReg *r) {
    int here_too = loses_registers(ra_func->ins[r->start].op);
    return r->end > r->start && ra_calls[r->end] - ra_calls[r->start] - here_too > 0;
}

/* Worth of keeping it in a register: mentions, per length of life. */
static long worth(VReg *r) {
    return (long)r->weight * 4096 / (r->end - r->start + 4);
}

static int free_in(unsigned long set, int reg) {
    return reg >= 0 && reg < 64 && set >> reg & 1 && ra_owner[reg] == NONE;
}

/* the register that r would like best, or NONE */
static int wanted_register(Func *f, VReg *r, unsigned long set) {
    VReg *like = r->like == NONE ? r : &f->v[r->like];
    if (free_in(set, r->hint))
        return r->hint;
    if (like->start >= 0 && like->start < r->start && free_in(set, like->loc))
        return like->loc;
    return free_in(set, like->hint) ? like->hint : NONE;
}

static void place(Func *f, int v) {
    VReg *r = &f->v[v];
    int first = r->cls >= K_S ? 32 : 0;
    if (r->cls == K_X && !target->x_in_regs) {
        spill(r);
        return;
    }
    unsigned long set = r->cls == K_X ? 0 : target->callee_saved;
    if (!crosses_call(r))
        set |= target->caller_saved;
    set &= ~f->avoid;
    int reg = wanted_register(f, r, set);
    for (int pass = 0; pass < 2 && reg == NONE; pass++)     /* first what needs no saving */
        for (int i = first; i < first + 32 && reg == NONE; i++)
            if ((target->caller_saved >> i & 1) == (pass == 0) && free_in(set, i))
                reg = i;
    if (reg == NONE) {              /* the least worthy one goes to the frame */
        long least = worth(r);
        for (int i = first; i < first + 32; i++)
            if (set >> i & 1 && ra_owner[i] != NONE && worth(&f->v[ra_owner[i]]) < least) {
                least = worth(&f->v[ra_owner[i]]);
                reg = i;
            }
        spill(reg == NONE ? r : &f->v[ra_owner[reg]]);
        if (reg == NONE)
            return;
    }
    r->loc = reg;
    ra_owner[reg] = v;
    if (target->callee_saved >> reg & 1)
        f->saved |= 1UL << reg;
}

static void regs_allocate(Func *f) {
    int most = f->nins > f->nv ? f->nins : f->nv;
    most = (f->nlabels > most ? f->nlabels : most) + 2;
    if (most > ra_room) {
        ra_room = most * 2;
        ra_calls = xalloc(ra_room * sizeof(int));
        ra_scratch = xalloc(ra_room * sizeof(int));
    }
    ra_func = f;
    ra_nslots = 0;
    drop_dead(f);
    find_loops(f);
    find_intervals(f);
    widen_intervals(f);
    f->saved = f->avoid & target->callee_saved;
    int *starts = ra_scratch;       /* per instruction: the virtual registers that start there, linked by next */
    for (int i = 0; i < f->nins; i++)
        starts[i] = NONE;
    for (int v = f->nv - 1; v >= 0; v--)
        if (f->v[v].start >= 0) {
            f->v[v].next = starts[f->v[v].start];
            starts[f->v[v].start] = v;
        }
    for (int i = 0; i < 64; i++)
        ra_owner[i] = NONE;
    for (int i = 0; i < f->nins; i++) {
        if (starts[i] == NONE)
            continue;
        for (int reg = 0; reg < 64; reg++)
            if (ra_owner[reg] != NONE && f->v[ra_owner[reg]].end <= i)
                ra_owner[reg] = NONE;
        for (int v = starts[i]; v != NONE; v = f->v[v].next)
            place(f, v);
    }
    f->frame = (f->frame + 15) & -16;
}

/* ---- groups of moves ---- */

enum { CONSTANT = 1000 };           /* no place has that number */

typedef struct Move Move;
struct Move {
    int to, from, cls, imm;
};

static Move moves[80];

static int is_source(int n, int place, int but) {
    for (int k = 0; k < n; k++)
        if (k != but && moves[k].from == place)
            return 1;
    return 0;
}

/* only cycles are left: park one source */
static void park(int n, unsigned long filled) {
    int from = moves[0].from;
    int scratch = target->scratch[from >= 32];
    if (filled >> scratch & 1)      /* an asm statement asks for it: another one that is never allocated */
        for (scratch = 0; (filled | target->caller_saved | target->callee_saved) >> scratch & 1;)
            scratch++;
    target->move(moves[0].cls, scratch, from);
    for (int k = 0; k < n; k++)
        if (moves[k].from == from)
            moves[k].from = scratch;
}

/* Emits the group of I_PUT or I_GET that begins at instruction i; returns the first instruction after the group. */
static int move_group(Func *f, int i) {
    int op = f->ins[i].op;
    int n = 0;
    unsigned long filled = 0;
    for (; i < f->nins && f->ins[i].op == op; i++) {
        Ins *in = &f->ins[i];
        Move *m = &moves[n];
        if (op == I_PUT)
            filled |= 1UL << (in->imm & 63);
        if (op == I_GET && f->v[in->dst].end == f->v[in->dst].start)
            continue;               /* nobody reads it */
        if (n == 79)
            fatal("internal: too many moves in a group%s", "");
        m->cls = in->cls;
        m->imm = in->off;
        m->from = op == I_GET ? in->imm : in->a < 0 ? CONSTANT : f->v[in->a].loc;
        m->to = op == I_GET ? f->v[in->dst].loc : in->imm;
        n += m->from != m->to;
    }
    while (n > 0) {
        int k = 0;
        while (k < n && is_source(n, moves[k].to, k))
            k++;
        if (k == n) {
            park(n, filled);
            continue;
        }
        Move *m = &moves[k];
        if (m->from == CONSTANT)
            target->move_imm(m->cls, m->to, m->imm);
        else
            target->move(m->cls, m->to, m->from);
        mem_copy(m, &moves[--n], sizeof(Move));
    }
    return i;
}

/* SPDX-License-Identifier: MIT
 *
 * Register allocation: every virtual register of a function gets one place for its whole life, a machine
 * register or a slot in the frame.
 *
 * It is a linear scan over live intervals (first to last mention in the instruction array). Loops widen
 * intervals: where a branch goes back from J to L, what was alive before L and is mentioned in the loop
 * stays alive until J; what is first mentioned in the loop but declared outside it (`home` before L) may
 * carry a value from one turn to the next, so it lives from L to J. Temporaries never carry one.
 *
 * An instruction's operands are read before its result is written, so a result may take the register of
 * an operand that ends there; back ends know that.
 */

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
static int *ra_calls;           /* per instruction: register-losing instructions before it */
static int *ra_first;           /* per instruction: the virtual registers that start there, linked by ra_next */
static int *ra_next;
static int *ra_like;            /* per virtual register: one whose place it would like to share, or NONE */
static int ra_owner[64];        /* per machine register: the virtual register in it, or NONE */
static Slot *ra_slots;
static int ra_nslots;
static int ra_capslots;

/* Arrays that live for one function are kept and reused: the largest function decides. */
static int ra_room;

static void ra_reserve(int n)
{
    if (n <= ra_room)
        return;
    ra_room = n * 2;
    ra_loops = xalloc((long)ra_room * sizeof(Loop));
    ra_calls = xalloc((long)ra_room * sizeof(int));
    ra_first = xalloc((long)ra_room * sizeof(int));
    ra_next = xalloc((long)ra_room * sizeof(int));
    ra_like = xalloc((long)ra_room * sizeof(int));
}

static int loses_registers(int op)
{
    return op == I_CALL || op == I_COPY || op == I_ZERO || op == I_ASM;
}

/* Instructions that do nothing but give `dst` its value. */
static int is_pure(int op)
{
    return op == I_MOV || op == I_ADDR || (op >= I_ADD && op <= I_CMP && op != I_DIV && op != I_UDIV && op != I_REM && op != I_UREM);
}

static void drop_use(int *uses, int v)
{
    if (v >= 0)
        uses[v]--;
}

/* Takes out pure instructions whose result nobody reads. */
static void drop_dead(Func *f)
{
    int *uses = ra_next;
    for (int v = 0; v < f->nv; v++)
        uses[v] = 0;
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        if (n->a >= 0)
            uses[n->a]++;
        if (n->b >= 0)
            uses[n->b]++;
        if (n->x >= 0)
            uses[n->x]++;
    }
    for (int i = f->nins - 1; i >= 0; i--) {
        Ins *n = &f->ins[i];
        if (n->dst >= 0 && uses[n->dst] == 0 && is_pure(n->op)) {
            drop_use(uses, n->a);
            drop_use(uses, n->b);
            drop_use(uses, n->x);
            n->op = I_NOP;
            n->dst = NONE;
            n->a = NONE;
            n->b = NONE;
            n->x = NONE;
        }
    }
}

static void mention(Func *f, int v, int at, int weight)
{
    if (v < 0)
        return;
    VReg *r = &f->v[v];
    if (r->start < 0)
        r->start = at;
    r->end = at;
    r->weight = r->weight + weight;
}

static void branch_back(int *label_at, int label, int from)
{
    int head = label_at[label];
    if (head < 0 || head > from)
        return;
    /* only the last branch back to a label matters: it makes the longest loop */
    for (int i = 0; i < ra_nloops; i++)
        if (ra_loops[i].head == head) {
            if (ra_loops[i].tail < from)
                ra_loops[i].tail = from;
            return;
        }
    ra_loops[ra_nloops].head = head;
    ra_loops[ra_nloops].tail = from;
    ra_nloops++;
}

static void find_loops(Func *f)
{
    int *label_at = ra_next;
    ra_nloops = 0;
    for (int i = 0; i < f->nlabels; i++)
        label_at[i] = -1;
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        if (n->op == I_LABEL)
            label_at[n->label] = i;
        else if (n->op == I_JMP || n->op == I_JCC)
            branch_back(label_at, n->label, i);
        else if (n->op == I_TABLE)
            for (long k = 0; k < n->imm; k++)
                branch_back(label_at, n->table[k], i);
    }
}

/* First and last mention, weights by depth of loops, counts of calls. */
static void find_intervals(Func *f)
{
    int *deeper = ra_first;
    for (int i = 0; i <= f->nins; i++)
        deeper[i] = 0;
    for (int i = 0; i < ra_nloops; i++) {
        deeper[ra_loops[i].head]++;
        deeper[ra_loops[i].tail + 1]--;
    }
    for (int v = 0; v < f->nv; v++) {
        f->v[v].start = -1;
        f->v[v].end = -1;
        f->v[v].weight = 0;
        f->v[v].hint = NONE;
        f->v[v].loc = 0;
        ra_like[v] = NONE;
    }
    int depth = 0;
    int calls = 0;
    int group = -1;                 /* first instruction of the group of I_GET that we are in */
    for (int i = 0; i < f->nins; i++) {
        Ins *n = &f->ins[i];
        depth = depth + deeper[i];
        int weight = depth > 3 ? 1000 : depth == 3 ? 512 : depth == 2 ? 64 : depth == 1 ? 8 : 1;
        ra_calls[i] = calls;
        if (loses_registers(n->op))
            calls++;
        mention(f, n->a, i, weight);
        mention(f, n->b, i, weight);
        mention(f, n->x, i, weight);
        if (n->op != I_GET)
            group = -1;
        else if (group < 0)
            group = i;
        mention(f, n->dst, i, weight);
        if (n->op == I_GET) {
            if (f->v[n->dst].start == i)
                f->v[n->dst].start = group;     /* the whole group happens at once */
            f->v[n->dst].hint = (int)n->imm;
        } else if (n->op == I_PUT && n->a >= 0) {
            if (f->v[n->a].hint == NONE)
                f->v[n->a].hint = (int)n->imm;
        } else if (n->dst >= 0 && n->a >= 0 && n->op <= I_NOT && n->op != I_ADDR && n->op != I_LD) {
            if (ra_like[n->dst] == NONE)
                ra_like[n->dst] = n->a;
            if (n->op == I_MOV && ra_like[n->a] == NONE)
                ra_like[n->a] = n->dst;
        }
    }
    ra_calls[f->nins] = calls;
}

static void widen_intervals(Func *f)
{
    int changed = ra_nloops > 0;
    while (changed) {
        changed = 0;
        for (int v = 0; v < f->nv; v++) {
            VReg *r = &f->v[v];
            if (r->start < 0 || (r->home == NONE && r->end - r->start < 2))
                continue;
            for (int i = 0; i < ra_nloops; i++) {
                int head = ra_loops[i].head;
                int tail = ra_loops[i].tail;
                if (r->start > tail || r->end < head)
                    continue;
                if (r->start >= head && (r->home == NONE || r->home >= head))
                    continue;
                if (r->start > head) {
                    r->start = head;
                    changed = 1;
                }
                if (r->end < tail) {
                    r->end = tail;
                    changed = 1;
                }
            }
        }
    }
}

static int take_slot(int size, int start, int end)
{
    for (int i = ra_nslots - 1; i >= 0 && i >= ra_nslots - 32; i--)
        if (ra_slots[i].size == size && ra_slots[i].end < start) {
            ra_slots[i].end = end;
            return ra_slots[i].offset;
        }
    if (ra_nslots == ra_capslots) {
        Slot *more = xalloc((long)(ra_capslots * 2 + 64) * sizeof(Slot));
        mem_copy(more, ra_slots, (long)ra_nslots * sizeof(Slot));
        ra_slots = more;
        ra_capslots = ra_capslots * 2 + 64;
    }
    if (size == 16)
        ra_func->frame = (ra_func->frame + 15) / 16 * 16;
    ra_func->frame = ra_func->frame + size;
    ra_slots[ra_nslots].offset = -ra_func->frame;
    ra_slots[ra_nslots].end = end;
    ra_slots[ra_nslots].size = size;
    ra_nslots++;
    return -ra_func->frame;
}

static void spill(VReg *r)
{
    r->loc = take_slot(r->cls == K_X ? 16 : 8, r->start, r->end);
}

static int crosses_call(VReg *r)
{
    return r->end > r->start && ra_calls[r->end] - ra_calls[r->start] - loses_registers(ra_func->ins[r->start].op) > 0;
}

/* Worth of keeping it in a register: mentions, per length of life. */
static long worth(VReg *r)
{
    return (long)r->weight * 4096 / (r->end - r->start + 4);
}

static int free_in(unsigned long set, int reg)
{
    return reg >= 0 && reg < 64 && (set >> reg & 1) && ra_owner[reg] == NONE;
}

static void place(Func *f, int v)
{
    VReg *r = &f->v[v];
    if (r->cls == K_X && !target->x_in_regs) {
        spill(r);
        return;
    }
    int is_float = r->cls >= K_S;
    unsigned long kind = is_float ? 0xffffffff00000000UL : 0xffffffffUL;
    unsigned long set = target->callee_saved;
    if (r->cls == K_X)
        set = 0;
    if (!crosses_call(r))
        set = set | target->caller_saved;
    set = set & kind & ~f->avoid;
    int reg = NONE;
    if (free_in(set, r->hint))
        reg = r->hint;
    if (reg == NONE && ra_like[v] != NONE) {
        VReg *like = &f->v[ra_like[v]];
        if (like->start >= 0 && like->start < r->start && free_in(set, like->loc))
            reg = like->loc;
        else if (like->hint != NONE && free_in(set, like->hint))
            reg = like->hint;
    }
    unsigned long lost = target->caller_saved;
    for (int pass = 0; pass < 2 && reg == NONE; pass++)     /* first what needs no saving */
        for (int i = is_float ? 32 : 0; i < (is_float ? 64 : 32); i++)
            if ((lost >> i & 1) == (pass == 0) && free_in(set, i)) {
                reg = i;
                break;
            }
    if (reg == NONE) {              /* the least worthy one goes to the frame */
        long least = worth(r);
        for (int i = is_float ? 32 : 0; i < (is_float ? 64 : 32); i++)
            if ((set >> i & 1) && ra_owner[i] != NONE && worth(&f->v[ra_owner[i]]) < least) {
                least = worth(&f->v[ra_owner[i]]);
                reg = i;
            }
        if (reg == NONE) {
            spill(r);
            return;
        }
        spill(&f->v[ra_owner[reg]]);
    }
    r->loc = reg;
    ra_owner[reg] = v;
    if (target->callee_saved >> reg & 1)
        f->saved = f->saved | 1UL << reg;
}

void regs_allocate(Func *f)
{
    int most = f->nins > f->nv ? f->nins : f->nv;
    if (f->nlabels > most)
        most = f->nlabels;
    ra_reserve(most + 2);
    ra_func = f;
    ra_nslots = 0;
    drop_dead(f);
    find_loops(f);
    find_intervals(f);
    widen_intervals(f);
    f->saved = f->avoid & target->callee_saved;
    for (int i = 0; i < f->nins; i++)
        ra_first[i] = NONE;
    for (int v = f->nv - 1; v >= 0; v--)
        if (f->v[v].start >= 0) {
            ra_next[v] = ra_first[f->v[v].start];
            ra_first[f->v[v].start] = v;
        }
    for (int i = 0; i < 64; i++)
        ra_owner[i] = NONE;
    for (int i = 0; i < f->nins; i++) {
        if (ra_first[i] == NONE)
            continue;
        for (int reg = 0; reg < 64; reg++)
            if (ra_owner[reg] != NONE && f->v[ra_owner[reg]].end <= i)
                ra_owner[reg] = NONE;
        for (int v = ra_first[i]; v != NONE; v = ra_next[v])
            place(f, v);
    }
    f->frame = (f->frame + 15) / 16 * 16;
}

/* ---- groups of moves ---- */

static int mg_to[80];
static int mg_from[80];
static int mg_cls[80];
static long mg_imm[80];

static int is_source(int n, int place, int but)
{
    for (int k = 0; k < n; k++)
        if (k != but && mg_from[k] == place)
            return 1;
    return 0;
}

/* The move k is done: the last one takes its place. */
static void move_done(int k, int last)
{
    mg_to[k] = mg_to[last];
    mg_from[k] = mg_from[last];
    mg_cls[k] = mg_cls[last];
    mg_imm[k] = mg_imm[last];
}

static int is_constant(int k)
{
    return mg_from[k] == 1000;      /* no place has that number */
}

int move_group(Func *f, int i)
{
    int op = f->ins[i].op;
    int n = 0;
    unsigned long filled = 0;
    for (; i < f->nins && f->ins[i].op == op; i++) {
        Ins *in = &f->ins[i];
        if (op == I_PUT)
            filled |= 1UL << (in->imm & 63);
        if (op == I_GET && f->v[in->dst].end == f->v[in->dst].start)
            continue;               /* nobody reads it */
        if (n == 80)
            fatal("internal: too many moves in a group%s", "");
        mg_cls[n] = in->cls;
        mg_imm[n] = in->off;
        if (op == I_GET) {
            mg_from[n] = (int)in->imm;
            mg_to[n] = f->v[in->dst].loc;
        } else {
            mg_to[n] = (int)in->imm;
            mg_from[n] = in->a < 0 ? 1000 : f->v[in->a].loc;
        }
        if (mg_from[n] != mg_to[n])
            n++;
    }
    while (n > 0) {
        int k = 0;
        while (k < n && is_source(n, mg_to[k], k))
            k++;
        if (k < n) {
            if (is_constant(k))
                target->move_imm(mg_cls[k], mg_to[k], mg_imm[k]);
            else
                target->move(mg_cls[k], mg_to[k], mg_from[k]);
            n--;
            move_done(k, n);
        } else {                    /* only cycles are left: park one source */
            int from = mg_from[0];
            int scratch = target->scratch[from >= 32];
            if (filled >> scratch & 1)  /* an asm statement asks for it: another one that is never allocated */
                for (scratch = 0; (filled | target->caller_saved | target->callee_saved) >> scratch & 1;)
                    scratch++;
            target->move(mg_cls[0], scratch, from);
            for (k = 0; k < n; k++)
                if (mg_from[k] == from)
                    mg_from[k] = scratch;
        }
    }
    return i;
}

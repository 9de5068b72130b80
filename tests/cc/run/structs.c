// SPDX-License-Identifier: MIT
// stage: c1
// feature: structures and unions
#include "../check.h"

struct Small { char c; short s; int i; long l; };
struct Node { int value; struct Node *next; };
struct Inner { int x; int y; };
struct Outer { char tag; struct Inner in; struct Inner arr[2]; int (*f)(int); };
union Mixed { long l; int i; unsigned char b[8]; };
struct WithUnion { int kind; union Mixed u; };
typedef struct Node Node;
typedef struct Later Later;
struct Later { Later *self; long v; };

static struct Node nodes[4];
static struct Outer global_outer = { 'g', { 1, 2 }, { { 3, 4 }, { 5, 6 } }, 0 };
static int twice(int x) { return 2 * x; }

static int list_sum(struct Node *n)
{
    int t = 0;
    for (; n; n = n->next) t += n->value;
    return t;
}

int main(int argc, char **argv)
{
    struct Small s;
    struct Small *sp = &s;
    struct Outer o;
    struct Outer *op = &o;
    union Mixed m;
    struct WithUnion w;
    Later later;
    int i;
    s.c = -1; s.s = -2; s.i = -3; s.l = -4;
    eq("sizeof", sizeof(struct Small), 16);
    eq("offset of s", (char *)&s.s - (char *)&s, 2);
    eq("offset of i", (char *)&s.i - (char *)&s, 4);
    eq("offset of l", (char *)&s.l - (char *)&s, 8);
    eq("arrow", sp->i + sp->l, -7);
    eq("short member", sp->s, -2);
    for (i = 0; i < 4; i++) {
        nodes[i].value = i + 1;
        nodes[i].next = i < 3 ? &nodes[i + 1] : 0;
    }
    eq("linked list", list_sum(nodes), 10);
    eq("chain of arrows", nodes[0].next->next->value, 3);
    o.in.x = 11; o.in.y = 12; o.arr[1].x = 13; op->arr[1].y = 14; o.f = twice;
    eq("nested member", op->in.x + op->in.y, 23);
    eq("array of structs in a struct", o.arr[1].x * 100 + o.arr[1].y, 1314);
    eq("function pointer member", op->f(21), 42);
    eq("function pointer member, starred", (*o.f)(4), 8);
    eq("size with padding", sizeof(struct Outer), 40);
    eq("global initialiser", global_outer.arr[1].y * 10 + global_outer.in.x, 61);
    eq("global tag", global_outer.tag, 'g');
    m.l = 0x0102030405060708L;
    eq("union shares", m.i, 0x05060708);
    eq("union bytes", m.b[7], 1);
    eq("union size", sizeof(union Mixed), 8);
    w.kind = 1; w.u.i = 77;
    eq("union in a struct", w.u.i, 77);
    eq("its offset", (char *)&w.u - (char *)&w, 8);
    later.self = &later; later.v = 5;
    eq("typedef before definition", later.self->self->v, 5);
    eq("sizeof expression", sizeof *sp, 16);
    eq("sizeof member", sizeof(sp->s), 2);
    eq("pointer to struct steps", (char *)(sp + 1) - (char *)sp, 16);
    eq("address of member of array", (char *)&nodes[2].next - (char *)nodes, 40);
    eq("offset by null pointer", (long)&((struct Outer *)0)->arr, 12);
    return done();
}

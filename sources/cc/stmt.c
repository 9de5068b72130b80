/* SPDX-License-Identifier: MIT
 *
 * Statements. */

static int loop_depth;
static int switch_depth;
static Node *current_switch;
static int jump_targets;        /* how many places there were so far that a jump from outside may reach */

static Label *label_named(Ident *id) {
    for (Label *l = labels; l; l = l->next)
        if (l->id == id)
            return l;
    Label *l = xalloc(sizeof(Label));
    l->id = id;
    l->number = NONE;
    l->index = labels ? labels->index + 1 : 1;
    l->next = labels;
    labels = l;
    mem_copy(&l->place, &tk.place, sizeof(Place));
    return l;
}

static Node *statement(void);

/* A declaration where a statement may stand: it belongs to the block around. */
static Node *declarations_here(void) {
    Node *n = node_new(N_BLOCK, 0, declaration(), 0);
    n->val = 1;
    return n;
}

static Node *condition(void) {
    expect('(');
    Node *n = scalar(expression());
    expect(')');
    return n;
}

/* A body that declares arrays of variable length is wrapped: gen.c gives their
 * room back at the end of each turn. */
static Node *loop_body(void) {
    int before = vla_count;
    loop_depth++;
    Node *n = statement();
    loop_depth--;
    return vla_count == before ? n : node_new(N_VLA_BODY, 0, n, 0);
}

static Node *for_statement(void) {
    Node *n = node_new(N_FOR, 0, 0, 0);
    next();
    expect('(');
    enter_scope();
    if (starts_type())
        n->a = declarations_here();
    else if (!accept(';')) {
        n->a = node_new(N_EXPR, 0, expression(), 0);
        expect(';');
    }
    if (tk.kind != ';')
        n->b = scalar(expression());
    expect(';');
    if (tk.kind != ')')
        n->c = expression();
    expect(')');
    n->d = loop_body();
    leave_scope();
    return n;
}

static Node *switch_statement(void) {
    next();
    Node *value = condition();
    if (!is_integer(value->type))
        error("switch needs an integer, not '%s'", type_name(value->type));
    Node *n = node_new(N_SWITCH, promote(value->type), cast(value, promote(value->type)), 0);
    Node *outer = current_switch;
    current_switch = n;
    switch_depth++;
    n->b = statement();
    switch_depth--;
    current_switch = outer;
    return n;
}

/* case a: and case a ... b: are linked from the switch by c. */
static Node *case_label(void) {
    if (!current_switch)
        error("'case' outside a switch", "");
    Node *n = node_new(N_CASE, 0, 0, 0);
    next();
    n->val = fit(constant_expression("a case label"), current_switch->type);
    long last = n->val;
    if (accept(T_ELLIPSIS))
        last = fit(constant_expression("a case label"), current_switch->type);
    expect(':');
    n->b = number(last, ty_long);
    n->c = current_switch->c;
    current_switch->c = n;
    n->label = xalloc(sizeof(Label));
    n->label->number = NONE;
    jump_targets++;
    n->a = tk.kind == '}' ? 0 : statement();
    return n;
}

static AsmOperand *asm_operands(int is_output) {
    AsmOperand *first = 0;
    AsmOperand *last = 0;
    while (tk.kind == T_STRING || tk.kind == '[') {
        AsmOperand *o = xalloc(sizeof(AsmOperand));
        if (accept('[')) {
            o->name = tk.id;
            next();
            expect(']');
        }
        o->constraint = string_literal()->str;
        o->is_output = is_output;
        o->reg = NONE;
        expect('(');
        o->expr = is_output ? expression() : rvalue(expression());
        char *c = o->constraint;
        int memory = 0;
        for (; *c; c++)
            memory |= *c == 'm' || *c == 'Q' || *c == 'o' || *c == 'u';
        if (memory && !is_output && o->expr->op == N_ADDR && o->expr->a->type->kind == TY_ARRAY)
            o->expr = o->expr->a;
        if (memory)
            mark_addressed(o->expr);
        expect(')');
        if (last)
            last->next = o;
        else
            first = o;
        last = o;
        if (!accept(','))
            break;
    }
    return first;
}

static Node *asm_statement(void) {
    Node *n = node_new(N_ASM, 0, 0, 0);
    Asm *a = xalloc(sizeof(Asm));
    n->assembly = a;
    a->line = tk.place.line;
    a->file = tk.place.file->name;
    next();
    while (tk.kind == K_VOLATILE || tk.kind == K_INLINE || tk.kind == K_GOTO)
        next();
    expect('(');
    a->text = string_literal()->str;
    a->is_basic = tk.kind == ')';
    if (accept(':'))
        a->operands = asm_operands(1);
    AsmOperand *last = a->operands;
    for (AsmOperand *o = a->operands; o; o = o->next) {
        a->noutputs++;
        last = o;
    }
    if (accept(':')) {
        AsmOperand *inputs = asm_operands(0);
        if (last)
            last->next = inputs;
        else
            a->operands = inputs;
    }
    if (accept(':')) {
        a->clobbers = xalloc(64 * sizeof(char *));
        while (tk.kind == T_STRING && a->nclobbers < 64) {
            a->clobbers[a->nclobbers] = string_literal()->str;
            a->nclobbers++;
            accept(',');
        }
    }
    expect(')');
    expect(';');
    return n;
}

static Node *return_statement(void) {
    Node *n = node_new(N_RETURN, 0, 0, 0);
    next();
    Type *type = current_function->type->base;
    if (tk.kind != ';') {
        Node *value = expression();
        if (type->kind == TY_VOID) {
            value = rvalue(value);
            if (value->type->kind != TY_VOID)
                warn(&tk.place, "a void function returns a value", "");
            n->a = cast(value, ty_void);
        } else
            n->a = convert_to(value, type->plain, "return");
    }
    expect(';');
    return n;
}

static Node *labelled(void) {
    Node *n = node_new(N_LABEL, 0, 0, 0);
    n->label = label_named(tk.id);
    if (n->label->defined)
        error("label '%s' is defined twice", tk.id->name);
    n->label->defined = 1;
    jump_targets++;
    next();
    next();
    idle_attributes();
    n->a = tk.kind == '}' ? 0 : starts_type() ? declarations_here() : statement();
    return n;
}

static Node *jump(int op) {
    if (op == N_CONTINUE && !loop_depth || op == N_BREAK && !loop_depth && !switch_depth)
        error("'%s' outside a loop or switch", token_text(&tk));
    next();
    expect(';');
    return node_new(op, 0, 0, 0);
}

/* A branch of an if. One that a constant condition rules out is dropped, unless a jump may enter it: it may call what
 * is nowhere defined, and many programs rely on that. */
static Node *branch_of_if(Node *condition, int sense) {
    int before = jump_targets;
    Node *n = statement();
    if (condition->op == N_NUM && (condition->val == 0) == sense && jump_targets == before)
        return node_new(N_BLOCK, 0, 0, 0);
    return n;
}

static Node *statement(void) {
    Node *n;
    switch (tk.kind) {
    case '{':
        return block();
    case ';':
        next();
        return node_new(N_BLOCK, 0, 0, 0);
    case K_IF:
        next();
        n = node_new(N_IF, 0, condition(), 0);
        n->b = branch_of_if(n->a, 1);
        if (accept(K_ELSE))
            n->c = branch_of_if(n->a, 0);
        return n;
    case K_WHILE:
        next();
        n = node_new(N_WHILE, 0, condition(), 0);
        n->b = loop_body();
        return n;
    case K_DO:
        next();
        n = node_new(N_DO, 0, 0, 0);
        n->b = loop_body();
        expect(K_WHILE);
        n->a = condition();
        expect(';');
        return n;
    case K_FOR:
        return for_statement();
    case K_SWITCH:
        return switch_statement();
    case K_CASE:
        return case_label();
    case K_DEFAULT:
        if (!current_switch)
            error("'default' outside a switch", "");
        n = node_new(N_DEFAULT, 0, 0, 0);
        next();
        expect(':');
        n->label = xalloc(sizeof(Label));
        n->label->number = NONE;
        jump_targets++;
        if (current_switch->d)
            error("two 'default' labels in one switch", "");
        current_switch->d = n;
        n->a = tk.kind == '}' ? 0 : statement();
        return n;
    case K_BREAK:
        return jump(N_BREAK);
    case K_CONTINUE:
        return jump(N_CONTINUE);
    case K_RETURN:
        return return_statement();
    case K_GOTO:
        next();
        if (accept('*')) {
            n = node_new(N_IGOTO, 0, rvalue(expression()), 0);
        } else {
            if (tk.kind != T_IDENT)
                error("expected a label before '%s'", token_text(&tk));
            n = node_new(N_GOTO, 0, 0, 0);
            n->label = label_named(tk.id);
            next();
        }
        expect(';');
        return n;
    case K_ASM:
        return asm_statement();
    case T_IDENT:
        if (peek() == ':')
            return labelled();
        if (!tk.id->decl && peek() == T_IDENT)
            error("unknown type name '%s'", tk.id->name);
    }
    n = node_new(N_EXPR, 0, 0, 0);
    n->a = expression();
    expect(';');
    return n;
}

static Node *block(void) {
    expect('{');
    Node *n = node_new(N_BLOCK, 0, 0, 0);
    Node *last = 0;
    enter_scope();
    while (tk.kind != '}') {
        if (tk.kind == T_EOF)
            error("the file ends within a block", "");
        Node *s;
        if (tk.kind == K_LABEL) {
            while (tk.kind != ';')
                next();
            next();
            continue;
        }
        if (tk.kind == K_EXTENSION) {
            next();
            continue;
        }
        if (tk.kind == K_STATIC_ASSERT || starts_type() && !(tk.kind == T_IDENT && peek() == ':') && !(tk.kind == K_ATTRIBUTE))
            s = declaration();
        else if (tk.kind == K_ATTRIBUTE) {
            idle_attributes();
            continue;
        } else
            s = statement();
        if (!s)
            continue;
        if (last)
            last->next = s;
        else
            n->a = s;
        while (s->next)
            s = s->next;
        last = s;
    }
    leave_scope();
    next();
    return n;
}

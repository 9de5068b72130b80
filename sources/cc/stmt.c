/* SPDX-License-Identifier: MIT
 *
 * Statements. */

static int loop_depth;
static Node *current_switch;
static int jump_targets;        /* how many places there were so far that a jump from outside may reach */

/* The label whose name stands here. */
static Label *label_here(void) {
    Label *l = labels;
    while (l && l->id != tk.id)
        l = l->next;
    if (!l) {
        l = xalloc(sizeof(Label));
        l->id = tk.id;
        l->number = NONE;
        l->index = labels ? labels->index + 1 : 1;
        l->next = labels;
        labels = l;
        mem_copy(&l->place, &tk.place, sizeof(Place));
    }
    name();
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
    n->b = statement();
    current_switch = outer;
    return n;
}

/* What a label stands before. */
static Node *labelled(Node *n) {
    jump_targets++;
    n->a = tk.kind == '}' ? 0 : starts_type() ? declarations_here() : statement();
    return n;
}

/* case a: and case a ... b: are linked from the switch by c, the highest first; its d is the default. */
static Node *case_label(void) {
    Node *n = node_new(tk.kind == K_CASE ? N_CASE : N_DEFAULT, 0, 0, 0);
    Node *s = current_switch;
    if (!s)
        error("'%s' outside a switch", token_text(&tk));
    next();
    n->label = xalloc(sizeof(Label));
    n->label->number = NONE;
    if (n->op == N_CASE) {
        n->val = fit(constant_expression("a case label"), s->type);
        n->b = number(accept(T_ELLIPSIS) ? fit(constant_expression("a case label"), s->type) : n->val, ty_long);
        Node **at = &s->c;
        while (*at && fold_integer(N_GT, (*at)->val, n->val, s->type))
            at = &(*at)->c;
        if (*at && (*at)->val == n->val)
            error("two case labels of the same value", "");
        n->c = *at;
        *at = n;
    } else {
        if (s->d)
            error("two 'default' labels in one switch", "");
        s->d = n;
    }
    expect(':');
    return labelled(n);
}

static AsmOperand **asm_operands(AsmOperand **end, int is_output) {
    while (tk.kind == T_STRING || tk.kind == '[') {
        AsmOperand *o = xalloc(sizeof(AsmOperand));
        if (accept('[')) {
            o->name = name();
            expect(']');
        }
        o->constraint = string_literal()->str;
        o->is_output = is_output;
        o->reg = NONE;
        expect('(');
        o->expr = is_output ? expression() : rvalue(expression());
        int memory = 0;
        for (char *c = o->constraint; *c; c++)
            memory |= *c == 'm' || *c == 'Q' || *c == 'o' || *c == 'u';
        if (memory && !is_output && o->expr->op == N_ADDR && o->expr->a->type->kind == TY_ARRAY)
            o->expr = o->expr->a;
        if (memory)
            mark_addressed(o->expr);
        expect(')');
        *end = o;
        end = &o->next;
        if (!accept(','))
            break;
    }
    return end;
}

static Node *asm_statement(void) {
    Node *n = node_new(N_ASM, 0, 0, 0);
    Asm *a = xalloc(sizeof(Asm));
    n->assembly = a;
    a->line = tk.place.line;
    a->file = tk.place.file->name;
    while (next() == K_VOLATILE || tk.kind == K_INLINE || tk.kind == K_GOTO)
        ;
    expect('(');
    a->text = string_literal()->str;
    a->is_basic = tk.kind == ')';
    AsmOperand **end = &a->operands;
    if (accept(':'))
        end = asm_operands(end, 1);
    if (accept(':'))
        asm_operands(end, 0);
    if (accept(':')) {
        a->clobbers = xalloc(64 * sizeof(char *));
        while (tk.kind == T_STRING && a->nclobbers < 64) {
            a->clobbers[a->nclobbers++] = string_literal()->str;
            accept(',');
        }
    }
    expect(')');
    expect(';');
    return n;
}

static Node *return_statement(void) {
    Node *n = node_new(N_RETURN, 0, 0, 0);
    Type *type = current_function->type->base;
    if (next() != ';') {
        Node *value = expression();
        if (type->kind == TY_VOID && value->type->kind != TY_VOID)
            warn(&tk.place, "a void function returns a value", "");
        n->a = convert_to(value, type->plain, "return");
    }
    expect(';');
    return n;
}

static Node *jump(int op) {
    if (op == N_CONTINUE && !loop_depth || op == N_BREAK && !loop_depth && !current_switch)
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
    case '{': return block();
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
        n = node_new(N_FOR, 0, 0, condition());
        n->d = loop_body();
        return n;
    case K_DO:
        next();
        n = node_new(N_DO, 0, 0, 0);
        n->d = loop_body();
        expect(K_WHILE);
        n->b = condition();
        expect(';');
        return n;
    case K_FOR: return for_statement();
    case K_SWITCH: return switch_statement();
    case K_CASE: case K_DEFAULT: return case_label();
    case K_BREAK: return jump(N_BREAK);
    case K_CONTINUE: return jump(N_CONTINUE);
    case K_RETURN: return return_statement();
    case K_GOTO:
        next();
        n = node_new(accept('*') ? N_IGOTO : N_GOTO, 0, 0, 0);
        if (n->op == N_IGOTO)
            n->a = rvalue(expression());
        else
            n->label = label_here();
        expect(';');
        return n;
    case K_ASM: return asm_statement();
    case T_IDENT:
        if (peek() == ':') {
            n = node_new(N_LABEL, 0, 0, 0);
            n->label = label_here();
            if (n->label->defined)
                error("label '%s' is defined twice", n->label->id->name);
            n->label->defined = 1;
            next();
            idle_attributes();
            return labelled(n);
        }
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
    Node **end = &n->a;
    enter_scope();
    while (tk.kind != '}') {
        if (tk.kind == T_EOF)
            error("the file ends within a block", "");
        while (*end)
            end = &(*end)->next;
        if (accept(K_LABEL))
            while (!accept(';'))
                next();
        else if (tk.kind == K_ATTRIBUTE)
            idle_attributes();
        else if (tk.kind == K_STATIC_ASSERT || starts_type() && !(tk.kind == T_IDENT && peek() == ':'))
            *end = declaration();
        else if (!accept(K_EXTENSION))
            *end = statement();
    }
    leave_scope();
    next();
    return n;
}

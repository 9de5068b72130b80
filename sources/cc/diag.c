/* SPDX-License-Identifier: MIT
 *
 * Messages: file:line:column, the text, the source line and a caret. */

static int no_warnings;

static void show(Place *p, char *kind, char *message, char *arg) {
    File *f = p->file;
    int known = p->at < f->end;
    char *start = p->at;
    char *end = p->at;
    while (known && start > f->text && start[-1] != '\n')
        start--;
    while (known && end < f->end && *end != '\n')
        end++;
    char *column = known ? str_join(":", str_number(p->at - start + 1), "") : "";
    print_err(str_join(f->name, ":", str_join(str_number(p->line), column, ": ")));
    print_err(str_join(kind, str_format(message, arg), "\n"));
    if (!known)
        return;
    char *under = str_save(start, p->at - start);
    for (long i = 0; under[i]; i++)
        if (under[i] != '\t')
            under[i] = ' ';
    print_err(str_join(str_save(start, end - start), "\n", str_join(under, "^\n", "")));
}

void error_at(Place *p, char *message, char *arg) {
    show(p, "error: ", message, arg);
    os_exit(1);
}

void error(char *message, char *arg) {
    error_at(&tk.place, message, arg);
}

void warn(Place *p, char *message, char *arg) {
    if (!no_warnings)
        show(p, "warning: ", message, arg);
}

char *token_text(Token *t) {
    return t->kind == T_EOF ? "end of file" : str_save(t->text, t->len);
}

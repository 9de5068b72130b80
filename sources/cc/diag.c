/* SPDX-License-Identifier: MIT
 *
 * Messages: file:line:column, the text, the source line and a caret. */

int error_count;
int no_warnings;

static void show(File *file, int line, char *at, char *kind, char *message) {
    int known = file && at >= file->text && at < file->end;
    print_err(file ? file->name : "cc");
    print_err(":");
    print_err(str_number(line));
    char *start = at;
    if (known) {
        while (start > file->text && start[-1] != '\n')
            start--;
        print_err(":");
        print_err(str_number(at - start + 1));
    }
    print_err(": ");
    print_err(kind);
    print_err(message);
    print_err("\n");
    if (!known)
        return;
    long len = 0;
    while (start + len < file->end && start[len] != '\n')
        len++;
    char *under = str_save(start, at - start + 1);
    for (long i = 0; i < at - start; i++)
        if (under[i] != '\t')
            under[i] = ' ';
    under[at - start] = '^';
    print_err(str_save(start, len));
    print_err("\n");
    print_err(under);
    print_err("\n");
}

static char *fill_in(char *message, char *arg) {
    for (long i = 0; message[i]; i++)
        if (message[i] == '%' && message[i + 1] == 's')
            return str_join(str_save(message, i), arg, message + i + 2);
    return message;
}

static void count_error(void) {
    error_count++;
    if (error_count >= 20)
        os_exit(1);
}

void error_at(Place *p, char *message, char *arg) {
    show(p->file, p->line, p->at, "error: ", fill_in(message, arg));
    count_error();
}

void error_token(Token *t, char *message, char *arg) {
    show(t->file, t->line, t->at, "error: ", fill_in(message, arg));
    count_error();
}

void warn_token(Token *t, char *message, char *arg) {
    if (no_warnings)
        return;
    show(t->file, t->line, t->at, "warning: ", fill_in(message, arg));
}

void get_place(Place *p) {
    p->file = tk.file;
    p->line = tk.line;
    p->at = tk.at;
}

/* A syntax error leaves the parser without a foothold: it ends the program. */
void error(char *message, char *arg) {
    error_token(&tk, message, arg);
    os_exit(1);
}

char *token_text(Token *t) {
    if (t->kind == T_EOF)
        return "end of file";
    return str_save(t->text, t->len);
}

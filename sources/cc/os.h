/* SPDX-License-Identifier: MIT
 *
 * What cc needs of an operating system, and the few string functions it uses. */

void *xalloc(long n);                       /* zeroed, aligned to 16, never freed */
char *read_whole(char *path, long *len);    /* with a zero byte behind it; null: cannot be read; "-": standard input */
void write_whole(char *path, void *data, long len, int executable); /* or a fatal error, and no file is left */
void remove_file(char *path);               /* unless it is a device */
void print_err(char *s);
void os_exit(int code);

long larger(long a, long b);
void mem_copy(void *to, void *from, long n);
void mem_set(void *to, int byte, long n);
int mem_eq(void *a, void *b, long n);
long str_len(char *s);
int str_eq(char *a, char *b);
int str_starts(char *s, char *prefix);
int str_ends(char *s, char *suffix);
char *str_save(char *s, long n);            /* a copy of n bytes and a zero */
char *str_of(int c);                        /* that one character */
char *str_join(char *a, char *b, char *c);
char *str_number(long v);                   /* in decimal */
char *str_format(char *message, char *arg); /* %s stands for arg, once */

/* fatal: "cc: " message, formatted with arg; ends the program with status 1.
 * fatal_at puts file:line: before it (line 0: only the file). */
void fatal(char *message, char *arg);
void fatal_at(char *file, int line, char *message, char *arg);

/* SPDX-License-Identifier: MIT
 *
 * generate: makes the files that busybox's kbuild makes with a shell, sed and kconfig, before there is a shell.
 *
 *     generate OUT CONFIG TREE FILE...
 *
 * CONFIG lists the options that are on (CONFIG_NAME=VALUE, '#' begins a comment); every other option is off, 0 or "".
 * TREE is busybox's, the FILEs are its C files and Config.* files, sorted.  Written into the directory OUT:
 *
 *     config        every option with its value: kbuild's .config
 *     autoconf.h    the same as macros
 *     applets.h     include/applets.src.h with the lines //applet: of all files
 *     usage.h       include/usage.src.h with the lines //usage: of all files, as macros
 *     common_bufsiz.h, embedded_scripts.h     for buffers of plain size, and no scripts within the program
 *
 *     generate -octal FILE
 *
 * prints usage_compressed.h: the bytes of FILE (which upstream's applets/usage.c prints) as a C string.
 *
 * Dependencies and 'select' of the options are not followed: CONFIG names the outcome.  kbuild, which follows them, makes
 * the same files of it; the step that runs it compares them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 4096 };

typedef struct { char *name, *value; int known; } Setting;

static Setting settings[MAX_OPTIONS];
static int nsettings;
static char *seen[MAX_OPTIONS];         /* options that have been written: some are declared twice */
static int nseen;

static void fail(const char *what, const char *name) {
    fprintf(stderr, "generate: %s: %s\n", name, what);
    exit(1);
}

static FILE *open_file(const char *folder, const char *name, const char *mode) {
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    sprintf(path, "%s/%s", folder, name);
    FILE *f = fopen(path, mode);
    if (!f)
        fail("cannot be opened", path);
    free(path);
    return f;
}

static FILE *open_input(const char *name) {
    FILE *f = fopen(name, "r");
    if (!f)
        fail("cannot be read", name);
    return f;
}

/* The next line without its newline, or 0. It stays until the next call. */
static char *line_of(FILE *f) {
    static char *line;
    static size_t room;
    ssize_t n = getline(&line, &room, f);
    if (n < 0)
        return 0;
    if (n && line[n - 1] == '\n')
        line[n - 1] = 0;
    return line;
}

/* What follows `prefix` in `line`, or 0. */
static char *after(char *line, const char *prefix) {
    size_t n = strlen(prefix);
    return strncmp(line, prefix, n) ? 0 : line + n;
}

/* ---- options ---- */

static void read_settings(const char *path) {
    FILE *f = open_input(path);
    for (char *line; (line = line_of(f));) {
        char *name = after(line, "CONFIG_");
        char *equals = strchr(line, '=');
        if (!*line || *line == '#')
            continue;
        if (!name || !equals || nsettings == MAX_OPTIONS)
            fail("neither CONFIG_NAME=VALUE nor a comment", line);
        *equals = 0;
        settings[nsettings].name = strdup(name);
        settings[nsettings].value = strdup(equals + 1);
        nsettings++;
    }
    fclose(f);
}

static int is_first(const char *name) {
    for (int i = 0; i < nseen; i++)
        if (!strcmp(seen[i], name))
            return 0;
    if (nseen == MAX_OPTIONS)
        fail("too many options", name);
    seen[nseen++] = strdup(name);
    return 1;
}

static void write_option(FILE *config, FILE *macros, const char *name, const char *type) {
    const char *value = !strcmp(type, "bool") ? 0 : !strcmp(type, "string") ? "\"\"" : "0";
    if (!is_first(name))
        return;
    for (int i = 0; i < nsettings; i++)
        if (!strcmp(settings[i].name, name)) {
            value = settings[i].value;
            settings[i].known = 1;
        }
    if (!value) {
        fprintf(config, "# CONFIG_%s is not set\n", name);
        fprintf(macros, "#undef CONFIG_%s\n#define ENABLE_%s 0\n#define IF_%s(...)\n#define IF_NOT_%s(...) __VA_ARGS__\n",
                name, name, name, name);
        return;
    }
    fprintf(config, "CONFIG_%s=%s\n", name, value);
    fprintf(macros, "#define CONFIG_%s %s\n#define ENABLE_%s 1\n#ifdef MAKE_SUID\n", name, strcmp(value, "y") ? value : "1", name);
    fprintf(macros, "# define IF_%s(...) __VA_ARGS__ \"CONFIG_%s\"\n#else\n# define IF_%s(...) __VA_ARGS__\n#endif\n", name, name, name);
    fprintf(macros, "#define IF_NOT_%s(...)\n", name);
}

/* `config NAME`, then `bool`, `int`, `hex` or `string` in one of the next lines; in C files each behind "//config:". */
static void read_options(const char *path, FILE *config, FILE *macros) {
    char name[128] = "", type[16];
    FILE *f = open_input(path);
    size_t n = strlen(path);
    int is_c = n > 2 && !strcmp(path + n - 2, ".c");
    for (char *line; (line = line_of(f));) {
        char *text = is_c ? after(line, "//config:") : line;
        if (!text)
            continue;
        if (sscanf(text, "config %127s", name) == 1)
            continue;
        if (*name && sscanf(text, " %15s", type) == 1
            && (!strcmp(type, "bool") || !strcmp(type, "int") || !strcmp(type, "hex") || !strcmp(type, "string"))) {
            write_option(config, macros, name, type);
            *name = 0;
        }
    }
    fclose(f);
}

/* ---- applets and usage texts ---- */

static void put_applet(FILE *out, char *line) {
    char *text = after(line, "//applet:");
    if (text)
        fprintf(out, "%s\n", text);
}

/* A macro a text: its lines are continued, and an empty line ends the one before. */
static void put_usage(FILE *out, char *line) {
    char *text = after(line, "//usage:");
    if (text && *text)
        fprintf(out, *text == ' ' || *text == '\t' ? "%s \\\n" : "\n%s \\\n", text);
}

/* Copies include/SOURCE and puts what `put` makes of the files at its line INSERT. */
static void insert(const char *tree, const char *source, FILE *out, void (*put)(FILE *, char *), char **files, int nfiles) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/include", tree);
    FILE *f = open_file(folder, source, "r");
    fprintf(out, "/* DO NOT EDIT. This file is generated from %s */\n", source);
    char *line;
    while ((line = line_of(f)) && strcmp(line, "INSERT"))
        fprintf(out, "%s\n", line);
    for (int i = 0; i < nfiles; i++) {
        FILE *c = open_input(files[i]);
        while (strstr(files[i], ".c") && (line = line_of(c)))
            put(out, line);
        fclose(c);
    }
    while ((line = line_of(f)))
        fprintf(out, "%s\n", line);
    fclose(f);
}

static void close_output(FILE *f) {
    if (ferror(f) || fclose(f))
        fail("writing failed", "output");
}

static void write_text(const char *folder, const char *name, const char *text) {
    FILE *f = open_file(folder, name, "w");
    fputs(text, f);
    close_output(f);
}

/* ---- the usage texts as a string ---- */

static void octal(const char *path) {
    FILE *f = open_input(path);
    long n = 0;
    int c;
    printf("#define UNPACKED_USAGE \"\" \\\n");
    while ((c = getc(f)) != EOF) {
        printf(n % 16 ? "\\%03o" : "\"\\%03o", c);
        if (++n % 16 == 0)
            printf("\" \\\n");
    }
    printf(n % 16 ? "\" \\\n\n" : "\n");
    printf("#define UNPACKED_USAGE_LENGTH %ld\n\n", n);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "-octal")) {
        octal(argv[2]);
        close_output(stdout);
        return 0;
    }
    if (argc < 5)
        fail("generate OUT CONFIG TREE FILE...", "usage");
    char *out = argv[1], *tree = argv[3];
    char **files = argv + 4;
    int nfiles = argc - 4;
    read_settings(argv[2]);
    FILE *config = open_file(out, "config", "w");
    FILE *macros = open_file(out, "autoconf.h", "w");
    fprintf(macros, "#define AUTOCONF_TIMESTAMP \"\"\n");
    for (int i = 0; i < nfiles; i++)
        read_options(files[i], config, macros);
    for (int i = 0; i < nsettings; i++)
        if (!settings[i].known)
            fail("no such option", settings[i].name);
    close_output(config);
    close_output(macros);
    FILE *applets = open_file(out, "applets.h", "w");
    insert(tree, "applets.src.h", applets, put_applet, files, nfiles);
    close_output(applets);
    FILE *usage = open_file(out, "usage.h", "w");
    insert(tree, "usage.src.h", usage, put_usage, files, nfiles);
    close_output(usage);
    write_text(out, "common_bufsiz.h", "enum { COMMON_BUFSIZE = 1024 };\nextern char bb_common_bufsiz1[];\n"
                                       "#define setup_common_bufsiz() ((void)0)\n");
    write_text(out, "embedded_scripts.h", "#define NUM_SCRIPTS 0\n");
    return 0;
}

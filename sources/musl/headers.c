// SPDX-License-Identifier: MIT
// headers alltypes FILE... | syscall FILE | version FILE: writes to standard
// output the header that musl's makefile makes of these files.
//
// alltypes: a line of the input that begins with one of three words becomes a
//           declaration that is made once, and only where it is asked for:
//               TYPEDEF type name;      STRUCT name { ... };      UNION name { ... };
//           Any other line stays (upstream: tools/mkalltypes.sed).
// syscall:  the file, and behind it each of its __NR_name again as SYS_name.
// version:  the file's one line as the macro VERSION.
//
// The first half of the chain has neither sed nor a shell. When they are
// there, a test compares all three with what upstream's own commands give.
#include "../tools/tool.h"

enum { LINE = 4096 };
static char line[LINE];

// The next line without its newline; 0 at the end.
static int next_line(FILE *f)
{
    size_t n;
    if (!fgets(line, LINE, f)) {
        if (ferror(f)) die("%s: %s", input_name, strerror(errno));
        fclose(f);
        return 0;
    }
    n = strlen(line);
    if (n == 0 || line[n - 1] != '\n') die("%s: a line is too long, or the last one does not end", input_name);
    line[n - 1] = 0;
    return 1;
}

static void guarded(const char *name, const char *keyword, const char *text)
{
    printf("#if defined(__NEED_%s) && !defined(__DEFINED_%s)\n", name, name);
    printf("%s %s;\n#define __DEFINED_%s\n#endif\n\n", keyword, text, name);
}

// "KEYWORD name rest": the tag has a name space of its own.
static void tagged(const char *keyword, const char *prefix, char *text)
{
    char name[64];
    while (*text == ' ') text++;
    if (strcspn(text, " ") >= sizeof name - strlen(prefix)) die("%s: the name %s is too long", input_name, text);
    sprintf(name, "%s%.*s", prefix, (int)strcspn(text, " "), text);
    guarded(name, keyword, text);
}

static void alltypes_line(void)
{
    size_t n = strlen(line);
    int ends = n > 0 && line[n - 1] == ';';
    if (ends) line[n - 1] = 0;
    if (ends && strncmp(line, "TYPEDEF ", 8) == 0)
        guarded(strrchr(line, ' ') + 1, "typedef", line + 8);
    else if (ends && strncmp(line, "STRUCT ", 7) == 0)
        tagged("struct", "struct_", line + 7);
    else if (ends && strncmp(line, "UNION ", 6) == 0)
        tagged("union", "union_", line + 6);
    else
        printf("%s%s\n", line, ends ? ";" : "");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    FILE *f;
    tool_name = "headers";
    if (argc < 3) die("usage: headers alltypes FILE... | syscall FILE | version FILE > OUTPUT");
    if (strcmp(what, "alltypes") == 0) {
        for (int i = 2; i < argc; i++)
            for (f = open_input(argv[i]); next_line(f);) alltypes_line();
    } else if (strcmp(what, "syscall") == 0) {
        for (f = open_input(argv[2]); next_line(f);) printf("%s\n", line);
        for (f = open_input(argv[2]); next_line(f);) {
            char *number = strstr(line, "__NR_");
            if (!number) continue;
            *number = 0;
            printf("%sSYS_%s\n", line, number + 5);
        }
    } else if (strcmp(what, "version") == 0) {
        f = open_input(argv[2]);
        if (!next_line(f)) die("%s: empty", input_name);
        printf("#define VERSION \"%s\"\n", line);
    } else
        die("what is '%s'?", what);
    return finish();
}

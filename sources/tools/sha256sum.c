// SPDX-License-Identifier: MIT
// sha256sum [FILE...]: writes "DIGEST  NAME" lines.
// sha256sum -c LIST: checks the files that such a list names.
//
// With -c every file is looked at; the status is 1 if any differs, is missing,
// or if a line of the list is none.
#include "tool.h"
#include "sha256.h"

static int digest_of(const char *name, char hex[65])
{
    static unsigned char buffer[65536];
    unsigned char digest[32];
    struct sha256 h;
    size_t n;
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (!f) return 0;
    sha256_start(&h);
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) sha256_add(&h, buffer, n);
    if (ferror(f)) {
        int error = errno;
        fclose(f);
        errno = error;
        return 0;
    }
    if (f != stdin) fclose(f);
    sha256_end(&h, digest);
    for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
    return 1;
}

static int check(const char *list)
{
    static char line[8192];
    FILE *f = open_input(list);
    long number = 0, bad = 0;
    while (fgets(line, sizeof line, f)) {
        char hex[65];
        size_t n = strlen(line);
        number++;
        if (n && line[n - 1] == '\n') line[--n] = 0;
        else if (n == sizeof line - 1) die("%s:%ld: line too long", list, number);
        if (strspn(line, "0123456789abcdefABCDEF") != 64 || line[64] != ' ' || (line[65] != ' ' && line[65] != '*') || !line[66])
            die("%s:%ld: not of the form DIGEST  NAME", list, number);
        for (char *p = line; p < line + 64; p++)
            if (*p >= 'A' && *p <= 'F') *p += 'a' - 'A';
        if (!digest_of(line + 66, hex)) {
            printf("%s: FAILED: %s\n", line + 66, strerror(errno));
            bad++;
        } else if (memcmp(hex, line, 64) != 0) {
            printf("%s: FAILED\n", line + 66);
            bad++;
        } else {
            printf("%s: OK\n", line + 66);
        }
    }
    if (number == 0) die("%s: no digests in it", list);
    if (bad) die("%ld of %ld files differ", bad, number);
    return finish();
}

int main(int argc, char **argv)
{
    char hex[65];
    tool_name = "sha256sum";
    if (argc == 3 && strcmp(argv[1], "-c") == 0) return check(argv[2]);
    for (int i = argc < 2 ? 0 : 1; i < argc; i++) {
        const char *name = argc < 2 ? "-" : argv[i];
        if (!digest_of(name, hex)) die("%s: %s", name, strerror(errno));
        printf("%s  %s\n", hex, name);
    }
    return finish();
}

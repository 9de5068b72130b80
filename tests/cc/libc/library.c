// SPDX-License-Identifier: MIT
// The rest of the library: memory, strings, files, sorting, jumps, time. It
// prints the same when linked with the system's library.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long state = 42;
static unsigned random_number(void)
{
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(state >> 33);
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void sorting(void)
{
    for (int n = 0; n < 200; n += 7) {
        int v[200];
        for (int i = 0; i < n; i++) v[i] = (int)(random_number() % 50);
        qsort(v, (size_t)n, sizeof *v, by_value);
        for (int i = 1; i < n; i++) if (v[i - 1] > v[i]) printf("unsorted at %d of %d\n", i, n);
    }
}

// Blocks of random sizes are filled, checked, grown and freed.
static void memory(void)
{
    static struct { unsigned char *p; size_t n; unsigned char fill; } b[200];
    for (int turn = 0; turn < 20000; turn++) {
        unsigned i = random_number() % 200;
        size_t n = random_number() % (turn % 50 == 0 ? 2000000 : 700);
        if ((size_t)b[i].p & 15) printf("a block is not aligned\n");
        for (size_t k = 0; k < b[i].n; k += k < 64 ? 1 : 997)
            if (b[i].p[k] != b[i].fill) { printf("a block changed\n"); break; }
        if (turn % 3 == 0) {
            free(b[i].p);
            b[i].p = n % 2 ? malloc(n) : calloc(n / 2 + 1, 2);
            if (n % 2 == 0) for (size_t k = 0; k < n; k++) if (b[i].p[k]) { printf("calloc is not zero\n"); break; }
        } else {
            unsigned char *p = realloc(b[i].p, n + 1);
            size_t kept = b[i].n < n ? b[i].n : n;
            for (size_t k = 0; k < kept; k += 61) if (p[k] != b[i].fill) { printf("realloc lost data\n"); break; }
            b[i].p = p;
        }
        b[i].n = n;
        b[i].fill = (unsigned char)turn;
        memset(b[i].p, b[i].fill, n);
    }
}

static void copies(void)
{
    static unsigned char a[300], b[300], c[300];
    for (int turn = 0; turn < 20000; turn++) {
        unsigned from = random_number() % 200, to = random_number() % 200, n = random_number() % 100;
        for (int i = 0; i < 300; i++) c[i] = b[i] = a[i] = (unsigned char)random_number();
        memmove(a + to, a + from, n);
        for (unsigned i = 0; i < n; i++) b[to + i] = c[from + i];
        if (memcmp(a, b, 300) != 0) { printf("memmove %u %u %u\n", from, to, n); break; }
        memcpy(a, c, n);
        memset(a + n, (int)n, 100);
        for (unsigned i = 0; i < n + 100; i++) if (a[i] != (i < n ? c[i] : (unsigned char)n)) { printf("memcpy or memset %u\n", n); break; }
    }
}

static int sign(int x) { return (x > 0) - (x < 0); }

static void strings(void)
{
    static const char *words[] = { "", "a", "ab", "abc", "b", "abcabd", "\xff", "aab", "cab" };
    char buffer[50];
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 9; j++) {
            const char *a = words[i], *b = words[j], *found = strstr(a, b);
            printf("%d%d%d%d%ld ", sign(strcmp(a, b)), sign(strncmp(a, b, 2)), (int)strspn(a, b), (int)strcspn(a, b), found ? (long)(found - a) : -1L);
        }
    strcpy(buffer, "one");
    strcat(buffer, "/two/three");
    printf("%s %s %s %ld %s\n", buffer, strchr(buffer, '/'), strrchr(buffer, '/'), (long)strlen(strchr(buffer, 0)), (char *)memchr(buffer, 'h', 20));
    strncpy(buffer, "xy", 5);
    printf("%d %d %s\n", buffer[3], buffer[4], buffer + 5);
    for (int c = -1; c < 256; c++)
        if (c < 128) printf("%d%d%d%d%d%d%d%d%c", !!isalnum(c), !!isalpha(c), !!isdigit(c), !!islower(c), !!isspace(c), !!isupper(c), !!isxdigit(c), !!isprint(c), isprint(c) ? toupper(tolower(c)) : '.');
    printf("\n%s; %s\n", strerror(ENOENT), strerror(EEXIST));
}

static void files(const char *path)
{
    static char data[200000], back[200000];
    FILE *f = fopen(path, "w");
    long n;
    char line[20];
    for (int i = 0; i < 200000; i++) data[i] = (char)(i * 7 + i / 1000);
    fwrite(data, 1, 100000, f);
    for (int i = 100000; i < 150000; i++) fputc(data[i], f);
    printf("%ld ", ftell(f));
    fseek(f, 10, SEEK_SET);
    fputs("changed", f);
    fseek(f, 0, SEEK_END);
    fwrite(data + 150000, 2, 25000, f);
    printf("%d %ld\n", ferror(f) != 0, ftell(f));
    fclose(f);
    memcpy(data + 10, "changed", 7);
    f = fopen(path, "r");
    n = (long)fread(back, 1, 5, f);
    while (n < 1000) back[n++] = (char)fgetc(f);
    n += (long)fread(back + n, 1, sizeof back - (size_t)n, f);
    printf("%ld %d ", n, memcmp(data, back, 200000));
    printf("%d ", fgetc(f));
    printf("%d\n", (int)fread(back, 1, 1, f));
    fseek(f, -5, SEEK_END);
    printf("%ld ", ftell(f));
    printf("%d ", fgetc(f) == (data[199995] & 255));
    fseek(f, 1, SEEK_CUR);
    printf("%d ", fgetc(f) == (data[199997] & 255));
    printf("%ld\n", ftell(f));
    fclose(f);
    f = fopen(path, "r+");
    fgetc(f);
    fgetc(f);
    fseek(f, 0, SEEK_CUR);
    fputs("XY", f);
    fflush(f);
    fseek(f, 0, SEEK_SET);
    printf("%d ", fgetc(f) == (data[0] & 255));
    printf("%d\n", (fgetc(f), fgetc(f)));
    fclose(f);
    f = fopen(path, "a");
    fputs("\nline one\nline two is longer than the buffer\nlast", f);
    fclose(f);
    f = fopen(path, "r");
    fseek(f, 200001, SEEK_SET);
    while (fgets(line, sizeof line, f)) printf("<%s>", line);
    fclose(f);
    printf("\n%d", fopen("/no/such/file", "r") == NULL);
    printf(" %d", errno);
    printf(" %d", remove(path));
    printf(" %d", open(path, O_RDONLY));
    printf(" %d\n", errno);
}

static jmp_buf env;
static void jump(int value) { longjmp(env, value); }
static void jumps(void)
{
    volatile int times = 0;
    int v = setjmp(env);
    times++;
    if (times < 4) jump(times == 2 ? 0 : times * 10);
    printf("%d %d\n", v, times);
}

static void dates(void)
{
    for (long t = -70000000000; t < 70000000000; t += 1234567891) {
        time_t when = t;
        struct tm *m = gmtime(&when);
        printf("%d-%d-%d %d:%d:%d %d %d\n", m->tm_year, m->tm_mon, m->tm_mday, m->tm_hour, m->tm_min, m->tm_sec, m->tm_wday, m->tm_yday);
    }
}

int main(int argc, char **argv)
{
    int a = 0, b = 0, c = 0, n = sscanf("0.9.27", "%d.%d.%d", &a, &b, &c);
    printf("%d %d %d %d\n", n, a, b, c);
    printf("%s %d\n", getenv("LIBRARY_TEST"), getenv("LIBRARY") == NULL);
    sorting();
    memory();
    copies();
    strings();
    if (argc > 1) files(argv[1]);
    jumps();
    dates();
    return 7;
}

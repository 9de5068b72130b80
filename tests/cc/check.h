// SPDX-License-Identifier: MIT
// What a test of the compilers needs, in the C1 subset and with nothing but
// __syscall beneath, so that c1 and a cc without a library can run it.
//
// A test calls eq("what is checked", got, want) and ends `return done();`.
// It prints one line a failure, then "ok N" or "FAILED n of N".
#ifdef __FIRSTLIGHT_HOST__
long syscall(long n, ...);
static long __syscall(long n, long a, long b, long c, long d, long e, long f)
{
    return syscall(n, a, b, c, d, e, f);
}
#else
long __syscall(long n, long a, long b, long c, long d, long e, long f);
#endif

#ifdef __aarch64__
#define SYS_WRITE 64
#else
#define SYS_WRITE 1
#endif

static int checks_made;
static int checks_failed;

static void put_text(const char *s)
{
    long n = 0;
    while (s[n]) n++;
    __syscall(SYS_WRITE, 1, (long)s, n, 0, 0, 0);
}

static void put_number(long value)
{
    char digits[24];
    char *p = digits + 23;
    unsigned long u = (unsigned long)value;
    if (value < 0) u = 0 - u;
    *p = 0;
    do {
        p--;
        *p = (char)('0' + (int)(u % 10));
        u = u / 10;
    } while (u);
    if (value < 0) {
        p--;
        *p = '-';
    }
    put_text(p);
}

static void eq(const char *what, long got, long want)
{
    checks_made++;
    if (got == want) return;
    checks_failed++;
    put_text("check ");
    put_number(checks_made);
    put_text(" (");
    put_text(what);
    put_text("): got ");
    put_number(got);
    put_text(", want ");
    put_number(want);
    put_text("\n");
}

static int done(void)
{
    if (checks_failed) {
        put_text("FAILED ");
        put_number(checks_failed);
        put_text(" of ");
    } else {
        put_text("ok ");
    }
    put_number(checks_made);
    put_text("\n");
    return checks_failed != 0;
}

// SPDX-License-Identifier: MIT
//
// All of the subset that c0 takes, in a program that prints: seed_c0.rs compiles it with c0 and with gcc.

enum { A, B = 5, C };
long os_write(long file, char *from, long size);
long g; char buf[100]; long arr[10], extra, more[C], *unused; char *s, letters[3];
long fib(long n) { if (n < 2) return n; return fib(n - 1) + fib(n - 2); }
long putn(long n) {
    long i = 99;
    if (n < 0) { os_write(1, "-", 1); n = -n; }
    buf[99] = '\n';
    while (1) { i = i - 1; buf[i] = '0' + n % 10; n = n / 10; if (n == 0) break; }
    os_write(1, buf + i, 100 - i);
}
long later(long a, char *b, long c);
long main(long argc, char **argv) {
    putn(fib(20)); putn(A + B * 10 + C * 100);
    long i = 0;
    while (i < 10) { arr[i] = i * i; i++; if (i == 3) continue; g += arr[i - 1]; }
    putn(g); putn(argc); putn(argv[0][0]);
    s = "hello" " world\t\"x\"\n"; i = 0; while (s[i]) i++; os_write(1, s, i);
    putn(1 && 2); putn(0 || 0); putn(0 || 3); putn(!5); putn(~5); putn(-7 / 2); putn(-7 % 3); putn(1 << 10 | 3 ^ 1 & 7);
    putn(later(1, s, 3)); putn(-1 >> 1); putn(*s); putn('\\' - '\'');
    char *q = s; q++; putn(*q); q += 2; putn(q[0]); q--; putn(*q); putn(q++ == s + 2); i = 5; putn(i++ + i--); putn(i);
    buf[3] = 300; putn(buf[3]); i = g = 4; putn(i); putn(i >= 4 && i <= 4 && i != 5 || 0); 
    long a = 3, b, *p = arr, c = a ? b = 2 : 9;
    putn(a == 3 ? b == 2 ? 20 : 21 : 22); putn(c); putn(p[2]); more[C - 1] = extra = 8; putn(more[5] + (extra ? -1 : 1));
    for (long k = 0, m = 9; k < m; k++) { if (k == 2) continue; for (i = 0; i < 2; i++) ; if (k == 6) break; putn(k * 10 + m--); }
    for (i = 3; i; i -= 1) letters[3 - i] = 'a' + i;
    os_write(1, letters, 3);
    return 7;
}
long later(long a, char *b, long c) { return a * 100 + b[0] + c; } // end

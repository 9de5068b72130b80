// SPDX-License-Identifier: MIT
// stage: c1
// feature: larger programs: sieve, sort, hash, queens, matrix, big numbers
#include "../check.h"

static unsigned char composite[10000];
static int heap[500];
static int heap_used;
static unsigned int seed = 12345;
static unsigned int crc_table[256];
static int board[8];
static unsigned int digits[40];

static unsigned int random_number(void) { seed = seed * 1103515245u + 12345u; return seed >> 16 & 0x7fff; }

static int sieve(int n)
{
    int count = 0;
    for (int i = 2; i < n; i++) {
        if (composite[i]) continue;
        count++;
        for (int j = i + i; j < n; j += i) composite[j] = 1;
    }
    return count;
}
static void push(int v)
{
    int i = heap_used++;
    while (i > 0 && heap[(i - 1) / 2] > v) { heap[i] = heap[(i - 1) / 2]; i = (i - 1) / 2; }
    heap[i] = v;
}
static int pop(void)
{
    int top = heap[0];
    int v = heap[--heap_used];
    int i = 0;
    while (2 * i + 1 < heap_used) {
        int c = 2 * i + 1;
        if (c + 1 < heap_used && heap[c + 1] < heap[c]) c++;
        if (heap[c] >= v) break;
        heap[i] = heap[c];
        i = c;
    }
    heap[i] = v;
    return top;
}
static unsigned int crc(const unsigned char *p, long n)
{
    unsigned int c = 0xffffffffu;
    for (unsigned int i = 0; i < 256; i++) {
        unsigned int v = i;
        for (int k = 0; k < 8; k++) v = v & 1 ? v >> 1 ^ 0xedb88320u : v >> 1;
        crc_table[i] = v;
    }
    while (n--) c = crc_table[(c ^ *p++) & 255] ^ c >> 8;
    return ~c;
}
static int queens(int row)
{
    int n = 0;
    if (row == 8) return 1;
    for (int c = 0; c < 8; c++) {
        int ok = 1;
        for (int r = 0; r < row; r++) {
            int d = board[r] - c;
            if (d == 0 || d == row - r || d == r - row) { ok = 0; break; }
        }
        if (ok) { board[row] = c; n += queens(row + 1); }
    }
    return n;
}
static unsigned long fnv(const char *s)
{
    unsigned long h = 14695981039346656037UL;
    while (*s) { h ^= (unsigned long)(*s++ & 255); h *= 1099511628211UL; }
    return h;
}
static int digit_sum_of_power(int power)
{
    int sum = 0;
    digits[0] = 1;
    for (int i = 0; i < power; i++) {
        unsigned int carry = 0;
        for (int j = 0; j < 40; j++) { digits[j] = digits[j] * 2 + carry; carry = digits[j] / 1000000000u; digits[j] %= 1000000000u; }
    }
    for (int j = 0; j < 40; j++) for (unsigned int d = digits[j]; d; d /= 10) sum += (int)(d % 10);
    return sum;
}

int main(int argc, char **argv)
{
    int last = -1;
    int sorted = 1;
    eq("primes below 10,000", sieve(10000), 1229);
    for (int i = 0; i < 500; i++) push((int)random_number());
    for (int i = 0; i < 500; i++) { int v = pop(); if (v < last) sorted = 0; last = v; }
    eq("heap sort", sorted, 1);
    eq("the largest", last, 32699);
    eq("crc32", crc((const unsigned char *)"123456789", 9), 0xcbf43926L);
    eq("eight queens", queens(0), 92);
    eq("fnv hash", (long)fnv("firstlight"), (long)3371426884565087147UL);
    eq("digits of two to the thousandth", digit_sum_of_power(1000), 1366);
    return done();
}

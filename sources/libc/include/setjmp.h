// SPDX-License-Identifier: MIT
// The registers that a call preserves; the order is in {arch}/machine.s.
#ifndef _SETJMP_H
#define _SETJMP_H
typedef unsigned long jmp_buf[24];
int setjmp(jmp_buf env);
void longjmp(jmp_buf env, int value) __attribute__((noreturn));
#endif

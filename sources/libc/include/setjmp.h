// SPDX-License-Identifier: MIT
// The registers that a call preserves; the order is in {arch}/machine.s.
#pragma once
typedef unsigned long jmp_buf[24];
int setjmp(jmp_buf env);
void longjmp(jmp_buf env, int value) __attribute__((noreturn));

# SPDX-License-Identifier: MIT
# The start of every program of the macro machine: calls _main with the number of arguments and their
# addresses, and ends with what it returns. Stands right behind the table. A C function f is the label _f.

:start init movb                          # B = address of the number of arguments
  lit sys_exit push                       # the number of the last system call
  lit %0 add load8 push                   # first argument: how many
  lit %8 add push                         # second argument: where their addresses lie
  call @_main drop %16
  push push push push push push sys       # the result is the status; the other arguments do not matter

# --- all that a program needs of the system: long __syscall(long number, long a, long b, long c, long d, long e, long f)
:___syscall enter %0
  get %64 push get %56 push get %48 push get %40 push get %32 push get %24 push get %16 push sys leave

# SPDX-License-Identifier: MIT
# The start of every program of the macro machine: calls _main with the number of arguments and their
# addresses, and ends with what it returns. Stands right behind the table. Then the functions by which
# programs reach the system: a C function f is the label _f.

:start init movb                          # B = address of the number of arguments
  lit sys_exit push                       # the number of the last system call
  lit %0 add load8 push                   # first argument: how many
  lit %8 add push                         # second argument: where their addresses lie
  call @_main drop %16
  push push push push push push sys       # the result is the status; the other arguments do not matter

# --- long __syscall(long number, long a, long b, long c, long d, long e, long f)
:___syscall enter %0
  get %64 push get %56 push get %48 push get %40 push get %32 push get %24 push get %16 push sys leave

# --- long os_open(char *name): opens a file for reading; less than 0 is an error
:_os_open enter %0
  lit sys_openat push lit %-100 push get %16 push lit %0 push push push push sys leave

# --- long os_read(long file, char *to, long size), long os_write(long file, char *from, long size)
:_os_read enter %0
  lit sys_read push get %32 push get %24 push get %16 push lit %0 push push push sys leave
:_os_write enter %0
  lit sys_write push get %32 push get %24 push get %16 push lit %0 push push push sys leave

# --- void os_exit(long status)
:_os_exit enter %0
  lit sys_exit push get %16 push push push push push push sys

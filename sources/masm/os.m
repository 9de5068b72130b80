# SPDX-License-Identifier: MIT
# How the programs before cc reach the system, whose calls' numbers differ between processors.

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

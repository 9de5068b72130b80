#!/bin/sh
# SPDX-License-Identifier: MIT
# configure.sh ARCH: make's own configure script. It is told the machine, which it would else ask `uname` for, and what
# the system has not: a linker of its own, translations, loadable modules.
export CONFIG_SHELL=/bin/sh SHELL=/bin/sh
exec ./configure --build=$1-linux-musl --host=$1-linux-musl --prefix=/ CC=cc LD=cc --disable-dependency-tracking \
    --disable-nls --disable-load --without-guile

#!/bin/sh
# SPDX-License-Identifier: MIT
# branches.sh OUTPUT: assembles branches-aarch64.M1, and runs it where it can run, as upstream's tests do with theirs.
set -e
M1 --little-endian --architecture aarch64 -f M2libc/aarch64/aarch64_defs.M1 \
    -f /src/mescc-tools/branches-aarch64.M1 -o /tmp/branches.hex2
hex2 --little-endian --architecture aarch64 --base-address 0x400000 \
    -f M2libc/aarch64/ELF-aarch64.hex2 -f /tmp/branches.hex2 -o "$1"
if [ "$(get_machine)" = aarch64 ]; then
    [ "$("$1")" = "M1 and hex2 agree with the processor" ]
fi

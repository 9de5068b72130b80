#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh STAGE CC... : compiles and runs each test in run/ that STAGE (c1 or
# cc) accepts. CC... is a command to which "-o PROGRAM FILE" is appended.
# RUN (environment) is put before the program, e.g. RUN=qemu-aarch64.
# Interim: the Rust runner in tests/ replaces it.
stage=$1; shift
dir=$(dirname "$0"); tmp=$(mktemp -d); bad=0; n=0
for t in "$dir"/run/*.c; do
    case "$stage:$(sed -n 's,^// stage: ,,p' "$t")" in c1:cc) continue;; esac
    n=$((n+1))
    if ! "$@" -o "$tmp/prog" "$t" 2>"$tmp/err"; then
        echo "FAIL $t: does not compile"; head -3 "$tmp/err"; bad=$((bad+1)); continue
    fi
    out=$($RUN "$tmp/prog" 2>&1); rc=$?
    case "$rc:$out" in 0:ok*) ;; *) echo "FAIL $t: exit $rc: $out"; bad=$((bad+1));; esac
done
rm -rf "$tmp"
echo "$((n-bad)) of $n pass"; [ $bad = 0 ]

#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every step, then compares what they made with ANSWERS.sha256: see README.
set -eu
cd "$(dirname "$0")"
if [ "$(uname -m)" != @ARCH@ ]; then
    echo "this bundle is for @ARCH@, and this machine is $(uname -m)" >&2
    exit 1
fi
sha256sum --quiet -c INPUTS.sha256
rm -rf work
for script in steps/*.sh; do
    sh "$script"
done

# Whether the list FILE names PATH, or with a slash at the end a directory above it.
names() {
    while IFS= read -r name; do
        case $name in
        */) case $2 in "$name"*) return 0 ;; esac ;;
        *) if [ "$2" = "$name" ]; then return 0; fi ;;
        esac
    done < "$1"
    return 1
}

# What KEEP names of the outputs (all, if it is empty) and DROP does not, in the order of their names.
cd work/out
find . -type f | sed 's,^\./,,' | LC_ALL=C sort | while IFS= read -r path; do
    if [ -s ../../KEEP ] && ! names ../../KEEP "/$path"; then continue; fi
    if ! names ../../DROP "/$path"; then
        sha256sum "$path"
    fi
done > ../OUTPUTS.sha256
cd ../..
count=$(wc -l < work/OUTPUTS.sha256)
if [ ! -s ANSWERS.sha256 ]; then
    echo "$count outputs in work/out, listed in work/OUTPUTS.sha256; there are no answers to compare with"
elif cmp -s work/OUTPUTS.sha256 ANSWERS.sha256; then
    echo "$count outputs in work/out, each as in ANSWERS.sha256"
else
    diff ANSWERS.sha256 work/OUTPUTS.sha256 || :
    echo "the outputs are not those of ANSWERS.sha256" >&2
    exit 1
fi

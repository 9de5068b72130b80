#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds busybox with its own makefiles, and compares what they generate with what generate.c made for the first one.
set -e
made=/build/busybox-list/include
cp $made/config .config
yes '' | make oldconfig CC=kcc HOSTCC=kcc AR=ar > /tmp/oldconfig || { cat /tmp/oldconfig; exit 1; }
make CC=kcc HOSTCC=kcc AR=ar STRIP=true busybox_unstripped

same() {
    cmp "$1" "$2" || { diff "$1" "$2" | head -20; echo "$3 differs from what generate.c made"; exit 1; }
    echo "the same: $3"
}
for file in applets.h usage.h applet_tables.h NUM_APPLETS.h embedded_scripts.h; do
    same $made/$file include/$file $file
done
# The scripts also write the usage texts compressed, and the configuration with headings.
sed '/^#define PACKED_USAGE/,$d' include/usage_compressed.h > /tmp/usage
same $made/usage_compressed.h /tmp/usage usage_compressed.h
for file in autoconf.h common_bufsiz.h; do
    grep '^#' include/$file | sort -u > /tmp/kbuild
    grep '^#' $made/$file | sort -u > /tmp/ours
    same /tmp/ours /tmp/kbuild $file
done
grep CONFIG_ .config | sort > /tmp/kbuild
sort $made/config > /tmp/ours
same /tmp/ours /tmp/kbuild .config

./busybox_unstripped --list > /tmp/kbuild
$made/../busybox --list > /tmp/ours
same /tmp/ours /tmp/kbuild 'the list of applets'
$made/../busybox cp busybox_unstripped /bin/busybox
$made/../busybox cp /src/busybox/ar /src/busybox/ranlib /bin
for applet in $($made/../busybox --list); do
    $made/../busybox ln -sf busybox "/bin/$applet"
done

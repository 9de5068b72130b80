#!/bin/sh
# SPDX-License-Identifier: MIT
# links.sh BUSYBOX FOLDER: gives every applet of BUSYBOX its name in FOLDER, as a symbolic link.
for applet in $("$1" --list); do
    "$1" ln -s "$1" "$2/$applet" || exit 1
done

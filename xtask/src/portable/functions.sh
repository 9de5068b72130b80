# SPDX-License-Identifier: MIT
# What the steps' scripts share. A step's root is work/root; it holds the step's declared inputs and nothing else.
# What a step made is in work/out, where later steps find it.
set -eu
umask 022
LC_ALL=C
export LC_ALL
here=$(pwd)
work=$here/work
root=$work/root
out=$work/out
unshare=$(command -v unshare) || { echo "unshare (util-linux) is not installed" >&2; exit 1; }
namespace=
[ "$(id -u)" = 0 ] || namespace="--user --map-root-user"

# Says what is wrong and ends.
fail() {
    echo "$step: $*" >&2
    exit 1
}

# begin NAME: an empty root.
begin() {
    step=$1
    echo "step $step"
    rm -rf "$root"
    mkdir -p "$root/tmp" "$root/dev" "$out"
    chmod 1777 "$root/tmp"
    # Without the right to make them (in a user namespace), the steps do without.
    mknod "$root/dev/null" c 1 3 2>/dev/null && chmod 666 "$root/dev/null" || :
    mknod "$root/dev/zero" c 1 5 2>/dev/null && chmod 666 "$root/dev/zero" || :
    : > "$work/inputs"
}

# input PATH: a file, or with a slash at the end everything below; of the bundle, of an earlier step, or both.
input() {
    found=
    for from in "$here" "$out"; do
        if [ -e "$from$1" ] || [ -L "$from$1" ]; then
            found=1
            case $1 in
            */) mkdir -p "$root$1" && cp -a "$from$1." "$root$1" ;;
            *) mkdir -p "$root${1%/*}" && cp -a "$from$1" "$root$1" ;;
            esac
        fi
    done
    [ "$found" ] || fail "no input $1"
    # Inputs may overlap; times are set once all are there.
    echo "$1" >> "$work/inputs"
}

# folder PATH: where an output will lie.
folder() {
    mkdir -p "$root$1"
}

# within DIRECTORY [NAME=VALUE...]: where the commands run, and their whole environment.
within() {
    while read -r path; do
        find "$root$path" -type f -exec touch -d @1 {} +
    done < "$work/inputs"
    directory=$1
    shift
    mkdir -p "$root$directory"
    : > "$work/environment"
    for variable; do
        printf '%s\n' "$variable" >> "$work/environment"
    done
}

# run PROGRAM WORD...: in the root, with status 0 or the step fails.
run() {
    set -- "$unshare" $namespace --root="$root" --wd="$directory" -- "$@"
    while IFS= read -r variable; do
        set -- "$variable" "$@"
    done < "$work/environment"
    env -i "$@" || fail "status $? of: $*"
}

# output PATH [SHA256]: must be there, and is kept.
output() {
    case $1 in
    */)
        [ -d "$root$1" ] || fail "no output $1"
        mkdir -p "$out$1"
        cp -a "$root$1." "$out$1"
        ;;
    *)
        [ -e "$root$1" ] || [ -L "$root$1" ] || fail "no output $1"
        mkdir -p "$out${1%/*}"
        cp -a "$root$1" "$out$1"
        ;;
    esac
    if [ $# = 2 ]; then
        sum=$(sha256sum < "$out$1")
        [ "${sum%% *}" = "$2" ] || fail "$1 has the wrong sha256: expected $2, found ${sum%% *}"
    fi
}

# The root goes; what it made stays.
end() {
    rm -rf "$root"
}

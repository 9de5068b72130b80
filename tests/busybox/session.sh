# SPDX-License-Identifier: MIT
# A session of a busybox shell: `busybox sh session.sh` in an empty directory, PATH unset, busybox at $BB.
# It prints nothing that differs between two systems that keep the ABI; the output under Linux is what the
# monitor must print. Each block exercises some applets and one family of shell features.
BB=${BB:-/bin/busybox}
mkdir -p bin 2>/dev/null || $BB mkdir -p bin
for a in $($BB --list); do $BB ln -sf "$BB" bin/$a; done
PATH=$($BB pwd)/bin
export PATH
LC_ALL=C; export LC_ALL
umask 022
say() { echo "== $*"; }

say files and directories
mkdir -p d/e/f
echo one > d/1; echo two > d/2; printf 'three\n' > d/e/3
cp d/1 d/copy; cp -r d dd; mv d/copy d/moved; ln d/1 d/hard; ln -s 1 d/soft
ls d; ls -R dd; readlink d/soft; cat d/soft d/hard; stat -c '%n %s %a %F' d/1 d/soft; stat -c '%n %a %F' d/e
chmod 750 d/moved; stat -c %a d/moved; touch -d '2001-02-03 04:05:06' d/1; stat -c %Y d/1
rm d/hard; rmdir d/e/f; ls d/e; test -e d/hard || echo gone; [ -L d/soft ] && echo link
basename /a/b/c.txt .txt; dirname /a/b/c.txt; realpath d/../d/1 | sed 's,.*/d/,d/,'
du -s dd >size.txt && cut -f2 size.txt; truncate -s 100 d/t; wc -c < d/t
t=$(mktemp -d tmp.XXXXXX); echo ${t%.*}; rmdir $t; mkfifo ff; [ -p ff ] && echo fifo; unlink d/t; ls d | tr '\n' ' '; echo

say pipes and redirections
seq 1 1000 | sort -rn | head -3; seq 5 | tac; seq 20 | tail -n 2; seq 9 | paste -s -d, -
echo abc | rev; echo hello world | tr a-z A-Z; printf 'b\na\nc\na\n' | sort | uniq -c | sed 's/^ *//'
echo err 1>&2 2>err.txt; ls /nonexistent 2>err.txt || echo status $?; wc -l < err.txt
{ echo out; echo err 1>&2; } 2>&1 | sort; echo more >> d/1; cat d/1; cat < d/1 > d/9; cmp d/1 d/9 && echo same
seq 3 | tee t1 t2 | wc -l; cat t1 t2 | md5sum; yes | head -n 3; exec 3> three; echo to three >&3; exec 3>&-; cat three
echo 'a:b:c' | cut -d: -f2; echo abcdef | cut -c2-4; expand -t 4 <<T | od -c | head -2
	tab
T
seq 1 100000 | wc -c; (exit 3); echo $?; true && echo yes; false || echo no; ! false && echo not

say here-documents and expansion
x=value
cat <<EOF
x is $x and $(echo substituted) and $((6 * 7))
EOF
cat <<'EOF'
x is $x, untouched
EOF
cat <<-EOF
	tabs removed
	EOF
set -- a 'b c' d; echo $# "$2"; for i in "$@"; do echo "[$i]"; done; shift; echo "$*"
y=path/to/file.tar.gz; echo ${y##*/} ${y%.gz} ${y%%.*} ${#y} ${z:-default} ${y/to/from}
case $y in *.tar.gz) echo tarball;; *) echo other;; esac
f() { local v=$1; [ $v -le 1 ] && { echo 1; return; }; echo $((v * $(f $((v - 1))))); }; f 6
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); [ $i = 3 ] && continue; echo -n "$i "; done; echo
until [ $i = 0 ]; do i=$((i - 1)); done; echo $i; eval 'echo evaluated'; trap 'echo trapped' USR1; kill -USR1 $$; trap - USR1
read a b <<EOF
first second third
EOF
echo "$a|$b"; printf '%05d|%-6s|%x|%c\n' 42 ab 255 z; echo a{b}c "$(printf 'x\ny')"; IFS=:; set -- $(echo p:q:r); echo $2; unset IFS

say jobs
sleep 1 & p=$!; wait $p; echo waited $?; (sleep 0.1; exit 7) & wait $!; echo $?
mkfifo go2 go3; (read x < go3; echo job 3) & (read x < go2; echo job 2; echo > go3) & (echo job 1; echo > go2) & wait; rm go2 go3
(echo from fifo > ff) & cat ff; wait
sleep 100 & kill $!; wait $! 2>/dev/null; echo killed $?
sh -c 'trap "echo bye; exit 4" TERM; kill -TERM $$; echo never'; echo $?
sh -c 'kill -SEGV $$' 2>/dev/null; echo $?; echo input | xargs -n 1 echo got; seq 6 | xargs -n 2
timeout 1 sleep 5; echo $?; env -i A=1 env; env | grep -c '^PATH='; which ls | sed 's,.*/,,'; id -u; uname -s; nohup true 2>/dev/null; echo $?

say text tools
seq 30 | grep -E '^(1|2).*[05]$'; printf 'a 1\nb 2\nc 3\n' | awk '{ s += $2; print $1 } END { print s, NR }'
awk 'BEGIN { for (i = 0; i < 3; i++) a[i] = i * i; for (i = 2; i >= 0; i--) printf "%d ", a[i]; print length("abc"), substr("hello", 2, 3), sprintf("%.3f", 1 / 3) }'
printf 'one\ntwo\nthree\n' | sed -n '/two/,$p; s/one/ONE/p'; sed -i 's/two/2/' d/2; cat d/2
printf '3 c\n1 a\n2 b\n' | sort -k2 ; printf '10\n9\n' | sort -n; printf 'x\ny\n' > l; printf 'y\nz\n' > r; diff l r; diff -u l r | tail -n +3
nl l; fold -w 3 <<T
abcdefgh
T
strings d/1; od -A d -t x1 d/1 | head -1; hexdump -C d/1 | head -1; xxd d/1 | head -1; base64 d/1; base64 d/1 | base64 -d
md5sum d/1; sha1sum d/1; sha256sum d/1; sha512sum d/1 | cut -c1-32; expr 3 + 4 \* 2; expr abc : 'a\(.*\)'; bc <<T || dc -e '2 3 + p'
2^100
T
echo '5 3 - p' | dc; factor 360; date -u -d @86400 '+%Y-%m-%d %H:%M:%S'; cal 2 2024 | head -3; seq -s ' ' 0 5 20; printf 'a\tb\n' | unexpand; dd if=/dev/zero bs=512 count=3 2>/dev/null | wc -c
ed -s d/2 <<T 2>/dev/null
1s/2/edited/
w
q
T
cat d/2; vi -h >/dev/null 2>&1; [ 3 -gt 2 ] && test abc != def && echo tests; uudecode -o - <<T 2>/dev/null || echo no uudecode
T
printf 'patch me\n' > p; printf -- '--- p\n+++ p\n@@ -1 +1 @@\n-patch me\n+patched\n' | patch p; cat p

say archives
tar cf a.tar d; tar tf a.tar | sort; tar cf - d | gzip -9 | gunzip | tar tf - | wc -l; gzip -k t1; zcat t1.gz; bzip2 -k t1; bzcat t1.bz2; xz --help 2>&1 | head -0
mkdir x; tar xf a.tar -C x; diff -r d x/d && echo equal trees; find d | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null | sort; rm -rf x

say ten thousand files
mkdir tree
i=0
while [ $i -lt 100 ]; do
  mkdir tree/$i
  j=0
  while [ $j -lt 100 ]; do echo "file $i $j" > tree/$i/$j; j=$((j + 1)); done
  i=$((i + 1))
done
find tree -type f | wc -l; find tree -name 7 -type f | sort | head -3; find tree -type f | sort | xargs sha256sum | sha256sum
find tree -type f -exec cat {} + | sort | sha256sum; cat tree/*/5 | awk '{ s += $2 * $3 } END { print s }'
tar cf - tree | gzip -1 > tree.tgz; mkdir back; tar xzf tree.tgz -C back; (cd back; find tree -type f | sort | xargs cat | sha256sum)
diff -r tree back/tree && echo equal trees; grep -rl 'file 42 4' tree | sort | wc -l; ls tree/50 | sort -n | tail -1
mv back/tree moved; rm -rf tree back; ls | sort | tr '\n' ' '; echo; find moved -type f -name '9*' -exec rm {} +; find moved -type f | wc -l; rm -rf moved; du -s . > size.txt; echo end

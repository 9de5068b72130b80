# What a user does in the bootstrapped root: edits, compiles and runs a program, with both compilers and make.
cd /tmp
cat >hello.c <<'END'
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("%s: %.3f of %d\n", argv[1], 1.0 / 3, argc);
    return 0;
}
END
ed -s hello.c <<'END'
,s/ of / by /
w
END
cc -o by-cc hello.c && ./by-cc cc
tcc -o by-tcc hello.c && ./by-tcc tcc
printf 'all: by-cc\n\t@./by-cc made\n' >Makefile
make -s
ls /bin | sort | grep -c .
echo "seven
eight" | awk '{ n += length($1) } END { print n }' | sed 's/^/letters: /'
cd / && sha256sum -c firstlight/OUTPUTS.sha256 | grep -vc ': OK$'
echo session ends

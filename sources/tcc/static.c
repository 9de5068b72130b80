// SPDX-License-Identifier: MIT
// TinyCC's program, unmodified, but for one default: an executable is static,
// as if -static stood on the command line. Where there is no dynamic loader
// nothing else runs. LD_SO=LOADER in the environment, which is TinyCC's own way
// to name one, asks for a dynamic executable again.
#define ONE_SOURCE 1
#include "libtcc.c"

// tcc.c calls it once for each output, when it has read the command line and
// before it looks for any library.
static int set_output_type(TCCState *s, int type)
{
    if (type == TCC_OUTPUT_EXE && !getenv("LD_SO")) s->static_link = 1;
    return tcc_set_output_type(s, type);
}

// The library is here already; what follows is main.
#undef ONE_SOURCE
#define ONE_SOURCE 0
#define tcc_set_output_type set_output_type
#include "tcc.c"

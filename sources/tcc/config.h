// SPDX-License-Identifier: MIT
// What TinyCC's configure script would have written: where things are in the
// root file system of the chain, and which parts are left out.
#define TCC_VERSION "0.9.27"

#define CONFIG_TCCBOOT 1            // no bounds checking, no back-traces
#define CONFIG_TCC_STATIC 1         // no dlopen

#define CONFIG_TCCDIR "/lib/tcc"    // its own headers and libtcc1.a
#define CONFIG_TCC_SYSINCLUDEPATHS "/include:{B}/include"
#define CONFIG_TCC_LIBPATHS "{B}:/lib"
#define CONFIG_TCC_CRTPREFIX "/lib"

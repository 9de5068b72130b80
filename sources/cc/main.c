/* SPDX-License-Identifier: MIT
 *
 * cc: C to machine code for x86_64 and AArch64, with assembler and linker.
 *
 *     cc [-c | -E | -ar] [-o FILE] [-target ARCH] [-I DIR] [-D NAME[=V]] [-L DIR] [-l LIB] FILE...
 *
 * Compiled by c1 (or gcc with -D__FIRSTLIGHT_HOST__), then by itself.  This
 * file is the driver; everything else is included, so that the program is one
 * translation unit.  docs/cc.md says what is supported. */

#ifdef __FIRSTLIGHT_HOST__
#pragma GCC diagnostic ignored "-Wparentheses"
#endif

#include "os_nr.h"
#include "os.h"
#include "obj.h"
#include "ir.h"
#include "cc.h"
#include "os.c"
#include "obj.c"
#include "reloc.c"
#include "elf.c"
#include "ar.c"
#include "link.c"
#include "as.c"
#include "as_aarch64.c"
#include "as_x86_64.c"
#include "regs.c"
#include "code.c"
#include "gen_x86_64.c"
#include "gen_aarch64.c"
#include "diag.c"
#include "lex.c"
#include "pp.c"
#include "type.c"
#include "real.c"
#include "literal.c"
#include "expr.c"
#include "decl.c"
#include "init.c"
#include "stmt.c"
#include "abi.c"
#include "gen.c"
#include "call.c"
#include "asm.c"

Target *target;
Obj *obj;

enum { MAX_FILES = 4096, SIGCHLD = 17 };

static char *inputs[MAX_FILES];
static int ninputs;
static char *lib_dirs[64];
static int nlib_dirs;
static char *output;
static char *link_entry;
static char *force_include;
static int only_compile;
static int only_preprocess;
static int make_archive;
static int no_std_include;
static int no_std_lib;
static int no_start_files;

/* ---- what the command line says before the file is read ---- */

static char *defines;

static void add_define(char *line) {
    defines = defines ? str_join(defines, line, "\n") : str_join(line, "\n", "");
}

static char *common_macros =
    "#define __STDC__ 1\n#define __STDC_VERSION__ 201112L\n#define __STDC_HOSTED__ 1\n#define __STDC_NO_COMPLEX__ 1\n"
    "#define __STDC_NO_ATOMICS__ 1\n#define __STDC_NO_VLA__ 1\n#define __STDC_UTF_16__ 1\n#define __STDC_UTF_32__ 1\n"
    "#define __linux__ 1\n#define __linux 1\n#define linux 1\n#define __unix__ 1\n#define __unix 1\n#define unix 1\n"
    "#define __gnu_linux__ 1\n#define __ELF__ 1\n#define __LP64__ 1\n#define _LP64 1\n#define __CHAR_BIT__ 8\n"
    "#define __SIZEOF_SHORT__ 2\n#define __SIZEOF_INT__ 4\n#define __SIZEOF_LONG__ 8\n#define __SIZEOF_LONG_LONG__ 8\n"
    "#define __SIZEOF_POINTER__ 8\n#define __SIZEOF_SIZE_T__ 8\n#define __SIZEOF_FLOAT__ 4\n#define __SIZEOF_DOUBLE__ 8\n"
    "#define __SIZEOF_LONG_DOUBLE__ 16\n#define __SIZEOF_WCHAR_T__ 4\n#define __SIZEOF_PTRDIFF_T__ 8\n"
    "#define __SIZE_TYPE__ unsigned long\n#define __PTRDIFF_TYPE__ long\n#define __WINT_TYPE__ unsigned int\n"
    "#define __INTMAX_TYPE__ long\n#define __UINTMAX_TYPE__ unsigned long\n#define __INTPTR_TYPE__ long\n#define __UINTPTR_TYPE__ unsigned long\n"
    "#define __INT8_TYPE__ signed char\n#define __INT16_TYPE__ short\n#define __INT32_TYPE__ int\n#define __INT64_TYPE__ long\n"
    "#define __UINT8_TYPE__ unsigned char\n#define __UINT16_TYPE__ unsigned short\n#define __UINT32_TYPE__ unsigned int\n#define __UINT64_TYPE__ unsigned long\n"
    "#define __SCHAR_MAX__ 127\n#define __SHRT_MAX__ 32767\n#define __INT_MAX__ 2147483647\n#define __LONG_MAX__ 9223372036854775807L\n"
    "#define __LONG_LONG_MAX__ 9223372036854775807LL\n"
    "#define __ORDER_LITTLE_ENDIAN__ 1234\n#define __ORDER_BIG_ENDIAN__ 4321\n#define __BYTE_ORDER__ 1234\n#define __FLOAT_WORD_ORDER__ 1234\n"
    "#define __USER_LABEL_PREFIX__\n#define __REGISTER_PREFIX__\n#define __GNUC_STDC_INLINE__ 1\n#define __NO_INLINE__ 1\n#define __firstlight_cc__ 1\n";

static char *x86_64_macros =
    "#define __x86_64__ 1\n#define __x86_64 1\n#define __amd64__ 1\n#define __amd64 1\n#define __WCHAR_TYPE__ int\n#define __SSE2__ 1\n#define __SSE__ 1\n";

static char *aarch64_macros =
    "#define __aarch64__ 1\n#define __AARCH64EL__ 1\n#define __ARM_64BIT_STATE 1\n#define __ARM_ARCH 8\n#define __CHAR_UNSIGNED__ 1\n"
    "#define __WCHAR_TYPE__ unsigned int\n";

/* no arithmetic on it, but headers lay out registers with it */
static char *int128 = "typedef struct { unsigned long __low, __high; } __attribute__((aligned(16))) __int128, __int128_t, __uint128_t;\n";

static char *x86_64_va_list = "typedef struct { unsigned __gp, __fp; void *__overflow, *__save; } __builtin_va_list[1];\n";
static char *aarch64_va_list = "typedef struct { void *__stack, *__gr_top, *__vr_top; int __gr_offs, __vr_offs; } __builtin_va_list;\n";

static void start_front_end(char *path, int is_assembly) {
    int x86 = target->machine == MACH_X86_64;
    lex_init();
    pp_init();
    type_init();
    source_is_assembly = is_assembly;
    char *text = str_join(common_macros, x86 ? x86_64_macros : aarch64_macros, defines ? defines : "");
    if (is_assembly)
        text = str_join(text, "#define __ASSEMBLER__ 1\n", "");
    else if (!only_preprocess)
        text = str_join(text, x86 ? x86_64_va_list : aarch64_va_list, int128);
    pp_enter(path);
    if (force_include)
        pp_enter(force_include);
    pp_enter_text("<built in>", text);
}

/* ---- one file ---- */

static Obj *compile(char *path) {
    start_front_end(path, 0);
    obj = obj_new(target->machine, path);
    translation_unit();
    obj_resolve(obj);
    return obj;
}

static Obj *assemble_file(char *path) {
    char *text;
    long len = 0;
    if (str_ends(path, ".S")) {
        start_front_end(path, 1);
        text = pp_text(&len);
        text[len] = 0;
    } else
        text = read_whole(path, &len);
    if (!text)
        fatal("cannot read %s", path);
    obj = obj_new(target->machine, path);
    as_file(obj, path, text);
    obj_resolve(obj);
    return obj;
}

static int is_source_file(char *path) {
    return str_ends(path, ".c") || str_ends(path, ".s") || str_ends(path, ".S") || str_ends(path, ".i") || str_eq(path, "-");
}

static Obj *translate(char *path) {
    if (str_ends(path, ".s") || str_ends(path, ".S"))
        return assemble_file(path);
    return compile(path);
}

/* a/b.c to b.o, in the current directory */
static char *object_name(char *path) {
    long n = str_len(path);
    long start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return str_join(str_save(path + start, n - start - 2), ".o", "");
}

/* With many files, a child translates each: when it ends, its memory is given back. */
static void translate_to(char *source, char *object) {
    int status = 1;
    long child = only_compile && ninputs == 1 ? 0 : __syscall(NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (!child) {
        elf_write_object(translate(source), object);
        os_exit(0);
    }
    if (child < 0)
        fatal("cannot start a process%s", "");
    __syscall(NR_wait4, child, (long)&status, 0, 0, 0, 0);
    if (status)
        os_exit(1);
}

/* An archive of the inputs; a source's object is made beside the archive for a moment. */
static void archive_all(void) {
    if (!output)
        fatal("-ar needs -o%s", "");
    char *object = str_join(output, ".o", "");
    ar_start();
    for (int i = 0; i < ninputs; i++)
        if (is_source_file(inputs[i])) {
            translate_to(inputs[i], object);
            ar_add(object_name(inputs[i]), object);
            __syscall(NR_unlinkat, AT_FDCWD, (long)object, 0, 0, 0, 0);
        } else
            ar_add(inputs[i], inputs[i]);
    ar_write(output);
}

static int file_exists(char *path) {
    long fd = __syscall(NR_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
    if (fd < 0)
        return 0;
    __syscall(NR_close, fd, 0, 0, 0, 0, 0);
    return 1;
}

static char *find_library(char *prefix, char *name, char *suffix) {
    for (int i = 0; i < nlib_dirs; i++) {
        char *path = str_join(str_join(lib_dirs[i], "/", prefix), name, suffix);
        if (file_exists(path))
            return path;
    }
    return 0;
}

static void link_all(void) {
    link_start(target->machine);
    if (!no_start_files) {
        char *start = find_library("", "crt1", ".o");
        if (!start)
            start = find_library("", "start", ".o");
        if (start)
            link_add_file(start);
    }
    for (int i = 0; i < ninputs; i++) {
        char *path = inputs[i];
        if (str_starts(path, "-l")) {
            char *lib = find_library("lib", path + 2, ".a");
            if (!lib)
                fatal("cannot find the library %s", path + 2);
            link_add_file(lib);
        } else if (is_source_file(path))
            link_add_object(translate(path));
        else
            link_add_file(path);
    }
    if (!no_std_lib) {
        for (int i = 0; i < 2; i++) {
            char *lib = find_library("lib", i ? "cc" : "c", ".a");
            if (lib)
                link_add_file(lib);
        }
    }
    link_finish(output ? output : "a.out", link_entry ? link_entry : "_start");
}

/* ---- the command line ---- */

static int arg_i;
static int arg_n;
static char **arg_v;

/* The argument of an option, joined to it or the next word. */
static char *option_value(char *option) {
    char *word = arg_v[arg_i];
    if (word[str_len(option)])
        return word + str_len(option);
    arg_i++;
    if (arg_i >= arg_n)
        fatal("%s needs an argument", option);
    return arg_v[arg_i];
}

static void choose_target(char *name) {
    if (str_eq(name, target_x86_64.name))
        target = &target_x86_64;
    else if (str_eq(name, target_aarch64.name))
        target = &target_aarch64;
    else
        fatal("no such target: %s (x86_64 and aarch64 are)", name);
}

static void add_input(char *path) {
    if (ninputs == MAX_FILES)
        fatal("too many files", "");
    inputs[ninputs] = path;
    ninputs++;
}

static void add_lib_dir(char *dir) {
    if (nlib_dirs < 64) {
        lib_dirs[nlib_dirs] = dir;
        nlib_dirs++;
    }
}

static char *define_line(char *text) {
    long n = 0;
    while (text[n] && text[n] != '=')
        n++;
    if (!text[n])
        return str_join("#define ", text, " 1");
    return str_join("#define ", str_join(str_save(text, n), " ", text + n + 1), "");
}

static void option(char *a) {
    if (str_eq(a, "-c"))
        only_compile = 1;
    else if (str_eq(a, "-E"))
        only_preprocess = 1;
    else if (str_eq(a, "-ar"))
        make_archive = 1;
    else if (str_eq(a, "-nostdinc"))
        no_std_include = 1;
    else if (str_eq(a, "-nostdlib")) {
        no_std_lib = 1;
        no_start_files = 1;
    } else if (str_eq(a, "-nostartfiles"))
        no_start_files = 1;
    else if (str_eq(a, "-nodefaultlibs"))
        no_std_lib = 1;
    else if (str_eq(a, "-target"))
        choose_target(option_value("-target"));
    else if (str_eq(a, "-include"))
        force_include = option_value("-include");
    else if (str_eq(a, "-isystem") || str_eq(a, "-idirafter"))
        pp_add_dir(option_value(a));
    else if (str_eq(a, "-MF") || str_eq(a, "-MT") || str_eq(a, "-MQ"))
        option_value(a);
    else if (str_starts(a, "-x"))
        option_value("-x");
    else if (str_starts(a, "-o"))
        output = option_value("-o");
    else if (str_starts(a, "-I"))
        pp_add_dir(option_value("-I"));
    else if (str_starts(a, "-D"))
        add_define(define_line(option_value("-D")));
    else if (str_starts(a, "-U"))
        add_define(str_join("#undef ", option_value("-U"), ""));
    else if (str_starts(a, "-L"))
        add_lib_dir(option_value("-L"));
    else if (str_starts(a, "-l"))
        add_input(str_join("-l", option_value("-l"), ""));
    else if (str_eq(a, "-e"))
        link_entry = option_value("-e");
    else if (str_eq(a, "-w"))
        no_warnings = 1;
    else if (str_eq(a, "-S"))
        fatal("%s: cc writes objects, not assembly", a);
    else if (!str_starts(a, "-O") && !str_starts(a, "-W") && !str_starts(a, "-g") && !str_starts(a, "-f")
             && !str_starts(a, "-m") && !str_starts(a, "-std=") && !str_starts(a, "-M") && !str_eq(a, "-static")
             && !str_eq(a, "-pipe") && !str_starts(a, "-pedantic") && !str_eq(a, "-ansi") && !str_eq(a, "-s")
             && !str_eq(a, "-ffreestanding") && !str_eq(a, "-P") && !str_eq(a, "-pthread"))
        fatal("unknown option %s", a);
}

int main(int argc, char **argv) {
#ifdef __aarch64__
    target = &target_aarch64;
#else
    target = &target_x86_64;
#endif
    arg_n = argc;
    arg_v = argv;
    for (arg_i = 1; arg_i < argc; arg_i++) {
        char *a = argv[arg_i];
        if (a[0] == '-' && a[1])
            option(a);
        else
            add_input(a);
    }
    if (!ninputs && !make_archive)
        fatal("no input file", "");
    if (!no_std_include)
        pp_add_dir("/include");
    add_lib_dir("/lib");
    if (make_archive)
        archive_all();
    else if (only_preprocess) {
        long len = 0;
        start_front_end(inputs[0], str_ends(inputs[0], ".S"));
        char *text = pp_text(&len);
        if (output)
            write_whole(output, text, len, 0);
        else
            print_out(text, len);
    } else if (only_compile) {
        if (output && ninputs > 1)
            fatal("-o names one object, but there are more files", "");
        for (int i = 0; i < ninputs; i++)
            translate_to(inputs[i], output ? output : object_name(inputs[i]));
    } else
        link_all();
    os_exit(0);
    return 0;
}

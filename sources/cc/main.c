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
#include "type.c"
#include "as.c"
#include "link.c"
#include "as_aarch64.c"
#include "as_x86_64.c"
#include "regs.c"
#include "code.c"
#include "gen_x86_64.c"
#include "gen_aarch64.c"
#include "diag.c"
#include "lex.c"
#include "pp.c"
#include "real.c"
#include "literal.c"
#include "expr.c"
#include "decl.c"
#include "init.c"
#include "stmt.c"
#include "abi.c"
#include "ir.c"
#include "call.c"
#include "asm.c"
#include "gen.c"

#ifdef __aarch64__
Target *target = &target_aarch64;
#else
Target *target = &target_x86_64;
#endif
Obj *obj;

enum { MAX_FILES = 4096, MAX_LIB_DIRS = 64, SIGCHLD = 17 };

static char *inputs[MAX_FILES];
static int ninputs;
static char *lib_dirs[MAX_LIB_DIRS];
static int nlib_dirs;
static char *output;
static char *link_entry;
static char *force_include;
static int only_compile, only_preprocess, make_archive;
static int no_std_include, no_std, no_std_lib, no_start_files;

/* ---- what the command line says before the file is read ---- */

static char *defines = "";      /* by -D and -U */

/* Lists of macros as -D takes them, each with a ; behind it. */
static char *common_macros =
    "__STDC__;__STDC_VERSION__=201112L;__STDC_HOSTED__;__STDC_NO_COMPLEX__;__STDC_NO_ATOMICS__;__STDC_NO_VLA__;"
    "__STDC_UTF_16__;__STDC_UTF_32__;__linux__;__linux;linux;__unix__;__unix;unix;__gnu_linux__;__ELF__;__LP64__;"
    "_LP64;__CHAR_BIT__=8;__SIZEOF_SHORT__=2;__SIZEOF_INT__=4;__SIZEOF_LONG__=8;__SIZEOF_LONG_LONG__=8;"
    "__SIZEOF_POINTER__=8;__SIZEOF_SIZE_T__=8;__SIZEOF_FLOAT__=4;__SIZEOF_DOUBLE__=8;__SIZEOF_LONG_DOUBLE__=16;"
    "__SIZEOF_WCHAR_T__=4;__SIZEOF_PTRDIFF_T__=8;__SIZE_TYPE__=unsigned long;__PTRDIFF_TYPE__=long;"
    "__WINT_TYPE__=unsigned int;__INTMAX_TYPE__=long;__UINTMAX_TYPE__=unsigned long;__INTPTR_TYPE__=long;"
    "__UINTPTR_TYPE__=unsigned long;__INT8_TYPE__=signed char;__INT16_TYPE__=short;__INT32_TYPE__=int;"
    "__INT64_TYPE__=long;__UINT8_TYPE__=unsigned char;__UINT16_TYPE__=unsigned short;__UINT32_TYPE__=unsigned int;"
    "__UINT64_TYPE__=unsigned long;__SCHAR_MAX__=127;__SHRT_MAX__=32767;__INT_MAX__=2147483647;"
    "__LONG_MAX__=9223372036854775807L;__LONG_LONG_MAX__=9223372036854775807LL;__ORDER_LITTLE_ENDIAN__=1234;"
    "__ORDER_BIG_ENDIAN__=4321;__BYTE_ORDER__=1234;__FLOAT_WORD_ORDER__=1234;__USER_LABEL_PREFIX__=;"
    "__REGISTER_PREFIX__=;__GNUC_STDC_INLINE__;__NO_INLINE__;__firstlight_cc__;"
    "__DATE__=\"Jan  1 1970\";__TIME__=\"00:00:00\";";

static char *x86_64_macros =
    "__x86_64__;__x86_64;__amd64__;__amd64;__WCHAR_TYPE__=int;__WCHAR_MAX__=2147483647;";

static char *aarch64_macros =
    "__aarch64__;__AARCH64EL__;__ARM_64BIT_STATE;__ARM_ARCH=8;__CHAR_UNSIGNED__;__WCHAR_TYPE__=unsigned int;"
    "__WCHAR_MAX__=4294967295U;";

/* NAME or NAME=VALUE as a line */
static char *define_line(char *text) {
    long n = 0;
    while (text[n] && text[n] != '=')
        n++;
    return str_join("#define ", str_save(text, n), str_join(" ", text[n] ? text + n + 1 : "1", "\n"));
}

static char *define_lines(char *list) {
    char *lines = "";
    for (char *p = list; *p; p++)
        if (*p == ';') {
            lines = str_join(lines, define_line(str_save(list, p - list)), "");
            list = p + 1;
        }
    return lines;
}

/* no arithmetic on it, but headers lay out registers with it */
static char *int128 =
    "typedef struct { unsigned long __low, __high; } __attribute__((aligned(16))) __int128, __int128_t, __uint128_t;\n";

static char *x86_64_va_list =
    "typedef struct { unsigned __gp, __fp; void *__overflow, *__save; } __builtin_va_list[1];\n";
static char *aarch64_va_list =
    "typedef struct { void *__stack, *__gr_top, *__vr_top; int __gr_offs, __vr_offs; } __builtin_va_list;\n";

static void start_front_end(char *path, int is_assembly) {
    int x86 = target->machine == MACH_X86_64;
    lex_init();
    pp_init();
    source_is_assembly = is_assembly;
    char *text = str_join(define_lines(common_macros), define_lines(x86 ? x86_64_macros : aarch64_macros), defines);
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

static Obj *translate(char *path) {
    long len;
    int preprocessed = str_ends(path, ".S");
    obj = obj_new(target->machine, path);
    type_init();
    if (preprocessed || str_ends(path, ".s")) {
        if (preprocessed)
            start_front_end(path, 1);
        char *text = preprocessed ? (char *)pp_text()->data : read_whole(path, &len);
        if (!text)
            fatal("cannot read %s", path);
        assemble(obj, obj->text, text, path, 1, 0);
    } else {
        start_front_end(path, 0);
        translation_unit();
    }
    obj_resolve(obj);
    return obj;
}

static int is_source_file(char *path) {
    return str_ends(path, ".c") || str_ends(path, ".i") || str_ends(path, ".s") || str_ends(path, ".S")
        || str_eq(path, "-");
}

/* a/b.c to b.o, in the current directory */
static char *object_name(char *path) {
    char *name = base_name(path);
    return str_join(str_save(name, str_len(name) - 2), ".o", "");
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
    for (int i = 0; i < ninputs; i++)
        if (is_source_file(inputs[i])) {
            translate_to(inputs[i], object);
            ar_add(object_name(inputs[i]), object);
            remove_file(object);
        } else
            ar_add(inputs[i], inputs[i]);
    ar_write(output);
}

/* Links the library or start file of that name, if it is found. */
static int link_found(char *prefix, char *name, char *suffix) {
    for (int i = 0; i < nlib_dirs; i++) {
        char *path = str_join(str_join(lib_dirs[i], "/", prefix), name, suffix);
        long fd = __syscall(NR_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
        if (fd >= 0) {
            __syscall(NR_close, fd, 0, 0, 0, 0, 0);
            link_add_file(path);
            return 1;
        }
    }
    return 0;
}

static void link_all(void) {
    link_start(target->machine);
    if (!no_std && !no_start_files && !link_found("", "crt1", ".o"))
        link_found("", "start", ".o");
    for (int i = 0; i < ninputs; i++)
        if (is_source_file(inputs[i]))
            link_add_object(translate(inputs[i]));
        else if (!str_starts(inputs[i], "-l"))
            link_add_file(inputs[i]);
        else if (!link_found("lib", inputs[i] + 2, ".a"))
            fatal("cannot find the library %s", inputs[i] + 2);
    if (!no_std && !no_std_lib) {
        link_found("lib", "c", ".a");
        link_found("lib", "cc", ".a");
    }
    link_finish(output ? output : "a.out", link_entry ? link_entry : "_start");
}

/* ---- the command line ---- */

static char **arg;              /* the word that is read; a null pointer is behind the last one */

/* The argument of an option, joined to it or the next word. */
static char *option_value(char *option) {
    char *joined = *arg + str_len(option);
    if (*joined)
        return joined;
    if (!*++arg)
        fatal("%s needs an argument", option);
    return *arg;
}

static void choose_target(char *name) {
    target = str_eq(name, target_x86_64.name) ? &target_x86_64 : &target_aarch64;
    if (!str_eq(name, target->name))
        fatal("no such target: %s (x86_64 and aarch64 are)", name);
}

static void add_input(char *path) {
    if (ninputs == MAX_FILES)
        fatal("too many files", "");
    inputs[ninputs++] = path;
}

static void add_library(char *name) {
    add_input(str_join("-l", name, ""));
}

static void add_lib_dir(char *dir) {
    if (nlib_dirs < MAX_LIB_DIRS)
        lib_dirs[nlib_dirs++] = dir;
}

static void add_define(char *text) {
    defines = str_join(defines, define_line(text), "");
}

static void add_undef(char *name) {
    defines = str_join(defines, "#undef ", str_join(name, "\n", ""));
}

typedef struct Option Option;
struct Option {
    char *name;
    int how;
    int *flag;                  /* to be set to 1 */
    char **text;                /* to be set to the value */
    void (*act)(char *value);
};

enum { O_WORD, O_PREFIX, O_VALUE };     /* a word; the beginning of one; with a value, joined to it or the next word */

/* The first that fits is meant.  Those that only have a name have no effect. */
static Option options[] = {
    { "-c", O_WORD, &only_compile }, { "-E", O_WORD, &only_preprocess }, { "-ar", O_WORD, &make_archive },
    { "-nostdinc", O_WORD, &no_std_include }, { "-nostdlib", O_WORD, &no_std },
    { "-nostartfiles", O_WORD, &no_start_files }, { "-nodefaultlibs", O_WORD, &no_std_lib },
    { "-w", O_WORD, &no_warnings }, { "-o", O_VALUE, 0, &output }, { "-e", O_VALUE, 0, &link_entry },
    { "-include", O_VALUE, 0, &force_include }, { "-target", O_VALUE, 0, 0, choose_target },
    { "-I", O_VALUE, 0, 0, pp_add_dir }, { "-isystem", O_VALUE, 0, 0, pp_add_dir },
    { "-idirafter", O_VALUE, 0, 0, pp_add_dir }, { "-D", O_VALUE, 0, 0, add_define },
    { "-U", O_VALUE, 0, 0, add_undef }, { "-L", O_VALUE, 0, 0, add_lib_dir }, { "-l", O_VALUE, 0, 0, add_library },
    { "-MF", O_VALUE }, { "-MT", O_VALUE }, { "-MQ", O_VALUE }, { "-x", O_VALUE }, { "-M", O_PREFIX },
    { "-O", O_PREFIX }, { "-W", O_PREFIX }, { "-g", O_PREFIX }, { "-f", O_PREFIX }, { "-m", O_PREFIX },
    { "-std=", O_PREFIX }, { "-pedantic", O_PREFIX }, { "-static", O_WORD }, { "-pipe", O_WORD }, { "-ansi", O_WORD },
    { "-s", O_WORD }, { "-P", O_WORD }, { "-pthread", O_WORD }, { 0 }
};

static void option(char *a) {
    Option *o = options;
    while (o->name && !(o->how == O_WORD ? str_eq(a, o->name) : str_starts(a, o->name)))
        o++;
    if (!o->name)
        fatal("unknown option %s", a);
    if (o->flag)
        *o->flag = 1;
    char *value = o->how == O_VALUE ? option_value(o->name) : 0;
    if (o->text)
        *o->text = value;
    if (o->act)
        o->act(value);
}

int main(int argc, char **argv) {
    for (arg = argv + 1; *arg; arg++)
        if (**arg == '-' && (*arg)[1])
            option(*arg);
        else
            add_input(*arg);
    if (!ninputs && !make_archive)
        fatal("no input file", "");
    if (!no_std_include)
        pp_add_dir("/include");
    add_lib_dir("/lib");
    type_init();
    if (make_archive)
        archive_all();
    else if (only_preprocess) {
        start_front_end(inputs[0], str_ends(inputs[0], ".S"));
        Section *text = pp_text();
        write_whole(output ? output : "/dev/stdout", text->data, text->len - 1, 0);
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

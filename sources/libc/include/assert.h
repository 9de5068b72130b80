// SPDX-License-Identifier: MIT
// Without an include guard: NDEBUG may change between inclusions.
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
void __assert_fail(const char *text, const char *file, unsigned line, const char *function);
#define assert(condition) ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

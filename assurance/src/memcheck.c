/* Requests to valgrind's memcheck. Outside of valgrind they do nothing. */
#include <stddef.h>
#include <valgrind/memcheck.h>

int sealwright_under_memcheck(void) { return RUNNING_ON_VALGRIND != 0; }

void sealwright_make_undefined(const void *start, size_t length) { VALGRIND_MAKE_MEM_UNDEFINED(start, length); }

void sealwright_make_defined(void *start, size_t length) { VALGRIND_MAKE_MEM_DEFINED(start, length); }

unsigned sealwright_complaints(void) { return VALGRIND_COUNT_ERRORS; }

/* Where the core gets its memory from.
 *
 * Built with MECBOPT_COUNT_ALLOCATIONS (the build of the tests), every request is counted, one of them can be made
 * to fail, and what is still held can be asked for; otherwise these are the functions of the C library.
 */
#ifndef MECBOPT_COMMON_MEMORY_H
#define MECBOPT_COMMON_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

#ifdef MECBOPT_COUNT_ALLOCATIONS
void *core_malloc(size_t size);
void *core_calloc(size_t count, size_t size);
void *core_realloc(void *block, size_t size);
void core_free(void *block);
#else
#define core_malloc malloc
#define core_calloc calloc
#define core_realloc realloc
#define core_free free
#endif

#endif

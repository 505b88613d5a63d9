/* The counting allocator of the test build; nothing in any other. */
#include "common/memory.h"

#ifdef MECBOPT_COUNT_ALLOCATIONS
#include "common/counting.h"

static long long requests, fail_from, fail_until, held;

void core_allocation_plan(long long first, long long count) {
    requests = 0;
    fail_from = first;
    fail_until = first + count;
}

long long core_allocation_requests(void) { return requests; }

long long core_allocation_held(void) { return held; }

static int refused(void) {
    const long long number = requests++;
    return fail_from <= number && number < fail_until;
}

void *core_malloc(size_t size) {
    if (refused()) return NULL;
    void *block = malloc(size);
    held += block != NULL;
    return block;
}

void *core_calloc(size_t count, size_t size) {
    if (refused()) return NULL;
    void *block = calloc(count, size);
    held += block != NULL;
    return block;
}

void *core_realloc(void *block, size_t size) {
    if (refused()) return NULL;
    void *moved = realloc(block, size);
    held += moved != NULL && block == NULL;
    return moved;
}

void core_free(void *block) {
    held -= block != NULL;
    free(block);
}
#else
/* ISO C wants a declaration in every unit. */
typedef int core_memory_is_the_library_s;
#endif

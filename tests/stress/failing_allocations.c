/* Preloaded: the n-th allocation from an address range (the compiled core) fails, once or from then on. */
#include <stddef.h>
#include <stdint.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static uintptr_t range_begin, range_end;
static long countdown = -1;
static int failing_on;

void stress_set_range(uintptr_t begin, uintptr_t end) {
    range_begin = begin;
    range_end = end;
}

/* count < 0: nothing fails. */
void stress_fail_after(long count, int from_then_on) {
    countdown = count;
    failing_on = from_then_on;
}

long stress_left(void) { return countdown; }

static int fails(void *caller) {
    uintptr_t address = (uintptr_t)caller;
    if (countdown < 0 || address < range_begin || address >= range_end) return 0;
    if (countdown > 0) {
        countdown--;
        return 0;
    }
    if (!failing_on) countdown = -1;
    return 1;
}

void *malloc(size_t size) { return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
}

/* The frontier: open nodes as numbers, taken out of one search and put into another of the same problem.
 *
 * A node leaves without its basis, whose columns are those of its search; it is bounded from a cold basis where it
 * arrives.  Boxes and touching intervals are kept to the bit.
 */
#include "tree/search.h"

static double *write_node(const mb_search *search, const mb_node *node, double *numbers) {
    const int cells = search->instance.cells;
    *numbers++ = node->bound;
    *numbers++ = node->point;
    *numbers++ = node->cell;
    *numbers++ = node->depth;
    *numbers++ = node->done;
    mb_node_box(search, node, numbers, numbers + cells);
    mb_node_touches(search, node, numbers + 2 * cells, numbers + 3 * cells);
    return numbers + 4 * cells;
}

int mb_frontier_stride(const mb_search *search) { return 5 + 4 * search->instance.cells; }

long long mb_frontier_size(const mb_search *search) { return (long long)(search->heap_size + search->stack_size); }

void mb_frontier_read(const mb_search *search, double *numbers) {
    for (size_t i = 0; i < search->heap_size; i++) numbers = write_node(search, search->heap[i], numbers);
    for (size_t i = 0; i < search->stack_size; i++) numbers = write_node(search, search->stack[i], numbers);
}

int mb_frontier_ready(const mb_search *search) {
    const int tightening = search->root_stage >= 0 && search->nodes == 0 && search->heap_size == 1;
    return search->root_done && !tightening;
}

long long mb_frontier_take(mb_search *search, long long count, double *numbers) {
    mb_node *kept[MB_FRONTIER_MOST];
    long long taken = 0, left = 0;
    if (!mb_frontier_ready(search)) return 0;
    if (count > MB_FRONTIER_MOST) count = MB_FRONTIER_MOST;
    while (taken < count && search->heap_size) {
        mb_node *node = mb_heap_pop(search);
        numbers = write_node(search, node, numbers);
        mb_node_free(search, node);
        taken++;
        /* Every other one stays: both sides go on with nodes of every bound. */
        if (search->heap_size) kept[left++] = mb_heap_pop(search);
    }
    /* Their places in the heap are still there. */
    while (left > 0) mb_heap_push(search, kept[--left]);
    search->root_stage = -1;
    return taken;
}

long long mb_frontier_put(mb_search *search, long long count, const double *numbers) {
    const int cells = search->instance.cells;
    for (long long i = 0; i < count; i++, numbers += mb_frontier_stride(search)) {
        const double *box = numbers + 5;
        mb_simplex_cold(&search->node_lp);
        memcpy(search->touch_from, box + 2 * cells, sizeof(double) * (size_t)cells);
        memcpy(search->touch_to, box + 3 * cells, sizeof(double) * (size_t)cells);
        mb_node *node = mb_node_new(search, box, box + cells, numbers[0]);
        if (!node) return i;
        node->point = numbers[1];
        node->cell = (uint16_t)numbers[2];
        node->depth = (uint16_t)numbers[3];
        node->done = (uint16_t)numbers[4];
        if (mb_heap_push(search, node)) {
            mb_node_free(search, node);
            return i;
        }
        search->finished = 0;
        if (node->bound < search->lower_bound) search->lower_bound = node->bound;
    }
    return count;
}

void mb_frontier_resume(mb_search *search, double settled_bound, double lower_bound) {
    search->starts_done = search->settings.random_starts;
    search->start_waits = 0;
    search->root_done = 1;
    search->root_stage = -1;
    search->settled_bound = fmin(search->settled_bound, settled_bound);
    search->lower_bound = lower_bound;
}

double mb_frontier_settled(const mb_search *search) { return search->settled_bound; }

int mb_search_offer(mb_search *search, int count, const int32_t *mappings, const double *weights) {
    const int waited = search->start_waits;
    double kept[MB_MAX_CELLS];
    memcpy(kept, search->start_coupling, sizeof kept);
    const int failed = mb_take_start(search, count, mappings, weights);
    memcpy(search->start_coupling, kept, sizeof kept);
    search->start_waits = waited;
    return failed;
}

/* Rows that change while a search goes on, and the mixtures that they are made from.
 *
 * A convex limit is known by half-spaces that hold it.  The search runs on some of them, without a local search, since
 * what is feasible for these need not be within the limit; the caller looks at the mixtures of the boxes left open,
 * cuts those off that violate it, and says which values are attained.  A node keeps the basis of its parent: a row that
 * became another one may make it singular, and the linear program then begins from the empty basis.
 */
#include "tree/search.h"

static void set_row(mb_simplex *lp, int row, const double *coefficient, double lower, double upper) {
    memcpy(lp->linear + (size_t)row * (size_t)lp->cells, coefficient, sizeof(double) * (size_t)lp->cells);
    lp->lower[lp->linear0 + row] = fmax(lower, -MB_WIDE);
    lp->upper[lp->linear0 + row] = fmin(upper, MB_WIDE);
}

void mb_search_set_row(mb_search *search, int row, const double *coefficient, double lower, double upper) {
    mb_instance *instance = &search->instance;
    memcpy(instance->linear + (size_t)row * (size_t)instance->cells, coefficient,
           sizeof(double) * (size_t)instance->cells);
    instance->linear_lower[row] = lower;
    instance->linear_upper[row] = upper;
    set_row(&search->node_lp, row, coefficient, lower, upper);
    set_row(&search->vertex_lp, row, coefficient, lower, upper);
}

void mb_search_attained(mb_search *search, double value) {
    if (value >= search->best) return;
    search->best = value;
    search->support = 0;
}

/* Keep the mixture that solved the last relaxation. */
void mb_watch(mb_search *search) {
    double coupling[MB_MAX_CELLS];
    if (search->seen == 2) return;
    const int at = search->seen++;
    search->seen_support[at] = mb_read_vertex(&search->node_lp, coupling, search->seen_id[at], search->seen_weight[at]);
}

/* Columns as mappings: rows of n letters. */
int mb_write_mappings(const mb_search *search, int support, const uint32_t *ids, int capacity, int32_t *mappings) {
    const int n = search->instance.n, m = search->instance.m;
    if (support > capacity) return 0;
    for (int i = 0; i < support; i++)
        for (int y = 0; y < m; y++) {
            const mb_set set = search->columns.blocks[(size_t)ids[i] * (size_t)m + (size_t)y];
            for (int x = 0; x < n; x++)
                if (set >> x & 1) mappings[i * n + x] = y;
        }
    return support;
}

int mb_search_seen(const mb_search *search, int which, int capacity, int32_t *mappings, double *weights) {
    if (which >= search->seen) return 0;
    const int support =
        mb_write_mappings(search, search->seen_support[which], search->seen_id[which], capacity, mappings);
    memcpy(weights, search->seen_weight[which], sizeof(double) * (size_t)support);
    return support;
}

int mb_search_minimise(mb_search *search, const double *cost, core_question ask, int capacity, int32_t *mappings,
                       double *weights) {
    double coupling[MB_MAX_CELLS], found[MB_MAX_SUPPORT];
    uint32_t ids[MB_MAX_SUPPORT];
    int support = 0;
    search->patience = core_patience_of(ask);
    const int status = mb_solve_vertex(search, cost, coupling, &support, ids, found);
    search->patience.ask = NULL;
    if (mb_breaks_off(status)) return -1;
    if (status != MB_OPTIMAL) return 0;
    support = mb_write_mappings(search, support, ids, capacity, mappings);
    memcpy(weights, found, sizeof(double) * (size_t)support);
    return support;
}

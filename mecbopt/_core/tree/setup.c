/* Making and freeing a search. */
#include "tree/search.h"

/* Shares of an interval that a split keeps on either side: secants alone gain from even splits (1.2 to 2.6 times fewer
 * nodes at 12x2 to 14x2 than with the smaller one, a sixth more in one case of 16x2). */
static const double MARGIN_WITH_JENSEN = 0.2, MARGIN_OF_SWEEPS = 0.4;

mb_search *mb_search_new(int n, int m, const double *p_x, const double *p_y, const double *law_lower,
                         const double *law_upper, double rate, int s, const double *p_s_given_x,
                         const double *label_table, double label_limit, int linear_count, const double *linear,
                         const double *linear_lower, const double *linear_upper, double joint_limit, double joint_slack,
                         int minimise_label, double entropy_floor, const mb_settings *settings, uint64_t seed,
                         int start_count, const int32_t *start_mappings, const double *start_weights) {
    mb_search *search = core_calloc(1, sizeof(mb_search));
    if (!search) return NULL;
    search->settings = *settings;
    /* The Jensen rows speak of H(X,Y). */
    if (minimise_label) search->settings.jensen_rows = search->settings.sharpening = 0;
    search->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    search->best = MB_INFINITY;
    search->settled_bound = MB_INFINITY;
    search->clock = 16;
    int first[2 * MB_MAX_CELLS], second[2 * MB_MAX_CELLS];
    double ones[MB_MAX_LETTERS];
    for (int y = 0; y < m; y++) ones[y] = 1.0;
    int failed = mb_instance_build(&search->instance, n, m, p_x, law_lower ? ones : p_y, rate, s, p_s_given_x,
                                   label_table, label_limit) ||
                 mb_instance_linear(&search->instance, linear_count, linear, linear_lower, linear_upper) ||
                 mb_instance_unseen(&search->instance, s, p_s_given_x, joint_limit, joint_slack, minimise_label);
    if (!failed) {
        if (law_lower) mb_instance_law(&search->instance, law_lower, law_upper);
        search->lower_bound = entropy_floor;
        if (settings->symmetry) search->order_rows = mb_order_rows(&search->instance, p_s_given_x, s, first, second);
        if (n >= settings->sweep_letters) failed = mb_sweep_build(&search->sweep, &search->instance, s, p_s_given_x);
        if (search->sweep.serves) search->settings.jensen_rows = search->settings.sharpening = 0;
        if (settings->branching_margin < 0.0)
            search->settings.branching_margin = search->sweep.serves ? MARGIN_OF_SWEEPS : MARGIN_WITH_JENSEN;
        search->tables.with_jensen = search->settings.jensen_rows;
        failed = failed || mb_columns_build(&search->columns, &search->instance, settings->pool_limit + 1024) ||
                 (!search->sweep.serves && mb_pricing_build(&search->pricing, &search->instance)) ||
                 mb_simplex_build(&search->node_lp, &search->instance, &search->tables, &search->columns, 1,
                                  search->order_rows, first, second) ||
                 mb_simplex_build(&search->vertex_lp, &search->instance, &search->tables, &search->columns, 0, 0, NULL,
                                  NULL);
        search->vertex_lp.feasibility = 1e-12;
    }
    mb_set blocks[MB_MAX_LETTERS];
    for (int y = 0; y < m && !failed; y++) {
        memset(blocks, 0, sizeof blocks);
        blocks[y] = ((mb_set)1 << n) - 1;
        const int id = mb_columns_add(&search->columns, &search->instance, blocks);
        if (id < 0)
            failed = MB_NO_MEMORY;
        else {
            const int position = mb_columns_enter(&search->columns, (uint32_t)id);
            mb_simplex_new_column(&search->node_lp, position);
            mb_simplex_new_column(&search->vertex_lp, position);
        }
    }
    if (!failed && start_count > 0) failed = mb_take_start(search, start_count, start_mappings, start_weights);
    if (failed) {
        mb_search_free(search);
        return NULL;
    }
    return search;
}

int mb_search_sweeps(const mb_search *search) { return search->sweep.serves; }

double mb_search_sweep(mb_search *search, const double *linear, double on_rate, double on_label) {
    return mb_sweep_price(&search->sweep, &search->instance, linear, on_rate, on_label);
}

void mb_search_free(mb_search *search) {
    if (!search) return;
    for (size_t i = 0; i < search->heap_size; i++) core_free(search->heap[i]);
    for (size_t i = 0; i < search->stack_size; i++) core_free(search->stack[i]);
    core_free(search->heap);
    core_free(search->stack);
    mb_simplex_free(&search->node_lp);
    mb_simplex_free(&search->vertex_lp);
    mb_trace_free(&search->trace);
    mb_pricing_free(&search->pricing);
    mb_columns_free(&search->columns);
    mb_instance_free(&search->instance);
    core_free(search);
}

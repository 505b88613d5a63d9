/* Linear programs over all m^n mappings by column generation, with bounds that hold for any duals.
 *
 * Weak duality: for row multipliers y with the right signs (Jensen rows in [-1, 0]) and any mixture w of *all*
 * mappings,  objective(w) >= sum_i y_i bound_i + min over f of (cost(f) - sum_i y_i a_if),  since the weights
 * sum to 1.  The minimum comes from exact pricing, so a bound never depends on the pool, on the basis, or on
 * the accuracy of the simplex method.
 */
#include "tree/search.h"

/* Reduced costs above this count as zero. */
static const double PRICING_TOLERANCE = 1e-9;
/* Rounding of a bound, relative to the sum of the absolute values of its terms; and what a multiplier adds to
 * that sum, whose score table is a sum of at most a hundred products with entries below ten. */
static const double BOUND_ROUNDING = 1e-12;
static const double MULTIPLIER_SIZE = 0.1;
enum { MAX_ROUNDS = 200, MAX_PIVOTS = 2000, MAX_NEW_COLUMNS = 64 };

/* The multiplier cut to the sign that its row allows, and its term of the bound. */
static double bound_term(const mb_simplex *lp, int row, double *multiplier) {
    double y = *multiplier;
    if (lp->lower[row] < lp->upper[row]) {
        if (lp->lower[row] <= -MB_WIDE && y > 0.0) y = 0.0;
        if (lp->upper[row] >= MB_WIDE && y < 0.0) y = 0.0;
    }
    *multiplier = y;
    return y > 0.0 ? y * lp->lower[row] : y * lp->upper[row];
}

/* Lower bound of the linear program from its duals; leaves the pricing tables of those duals behind. */
static double dual_bound(mb_search *search, mb_simplex *lp, int rotation, double *least) {
    double total = 0.0, size = 1.0;
    for (int row = 0; row < lp->rows; row++) {
        double y = mb_is_unused(lp, row) ? 0.0 : lp->dual[row];
        if (mb_is_elastic(lp, row)) y = y < -1.0 ? -1.0 : y > 0.0 ? 0.0 : y;
        const double term = bound_term(lp, row, &y);
        total += term;
        size += fabs(term) + MULTIPLIER_SIZE * fabs(y);
        lp->direction[row] = -y;
    }
    mb_score_table(lp, lp->cost, lp->direction, search->pricing.score);
    *least = mb_price(&search->pricing, lp->instance, rotation);
    return total + *least - BOUND_ROUNDING * (size + fabs(*least));
}

/* Whether the multipliers in `direction` prove that no mixture of any mappings meets the rows. */
static int farkas_proves(mb_search *search, mb_simplex *lp, int rotation, double *least) {
    double total = 0.0, size = 1.0;
    for (int row = 0; row < lp->rows; row++) {
        double y = mb_is_unused(lp, row) || mb_is_elastic(lp, row) ? 0.0 : lp->direction[row];
        const double term = bound_term(lp, row, &y);
        total += term;
        size += fabs(term) + MULTIPLIER_SIZE * fabs(y);
        lp->direction[row] = -y;
    }
    mb_score_table(lp, NULL, lp->direction, search->pricing.score);
    *least = mb_price(&search->pricing, lp->instance, rotation);
    return total + *least > 1e-11 + BOUND_ROUNDING * size;
}

/* Put the best mappings of the pricing tables that are not in the pool yet into it; their number, or -1. */
static int add_columns(mb_search *search, int rotation) {
    const mb_instance *instance = &search->instance;
    mb_pricing *pricing = &search->pricing;
    mb_set blocks[MB_MAX_LETTERS];
    int added = 0;
    for (int attempt = 0; attempt < 4 * MAX_NEW_COLUMNS && added < search->settings.columns_per_round; attempt++) {
        int best = -1;
        double value = -PRICING_TOLERANCE;
        for (int set = 0; set < instance->subsets; set++)
            if (pricing->last[set] < value) {
                value = pricing->last[set];
                best = set;
            }
        if (best < 0) break;
        pricing->last[best] = MB_INFINITY;
        mb_price_blocks(pricing, instance, rotation, best, blocks);
        const int id = mb_columns_add(&search->columns, instance, blocks);
        if (id < 0) return -1;
        if (search->columns.position[id] >= 0) continue;
        const int position = mb_columns_enter(&search->columns, (uint32_t)id);
        if (position < 0) break;
        search->columns.last_used[position] = (uint32_t)search->clock;
        mb_simplex_new_column(&search->node_lp, position);
        mb_simplex_new_column(&search->vertex_lp, position);
        added++;
    }
    return added;
}

/* Make the costs nonnegative by a constant for each X-letter (its weights sum to p_X(x)): then the empty basis
 * is dual feasible.  Returns what was taken out of the objective. */
static double set_costs(mb_simplex *lp, const double *cost) {
    const mb_instance *instance = lp->instance;
    double constant = 0.0;
    for (int x = 0; x < instance->n; x++) {
        double least = MB_INFINITY;
        for (int y = 0; y < instance->m; y++) least = fmin(least, cost[x * instance->m + y]);
        for (int y = 0; y < instance->m; y++) lp->cost[x * instance->m + y] = cost[x * instance->m + y] - least;
        constant += instance->p_x[x] * least;
    }
    return constant;
}

/* Column generation from the present basis: MB_OPTIMAL, MB_INFEASIBLE, MB_CUTOFF, MB_STALLED,
 * MB_NO_MEMORY or MB_STOPPED.  `*bound` rises to the best bound proved, constants included. */
static int generate(mb_search *search, mb_simplex *lp, double constant, double cutoff, double *bound) {
    int primal_ready = 0, retries = 0;
    double stop_at = cutoff;
    search->lps++;
    mb_pool_refresh(lp);
    mb_simplex_refactor(lp);
    for (int round = 0; round < MAX_ROUNDS; round++) {
        if (core_asked_to_stop(&search->patience)) return MB_STOPPED;
        int status = MB_NEEDS_DUAL;
        double least;
        if (primal_ready) status = mb_simplex_primal(lp, MAX_PIVOTS);
        if (status != MB_OPTIMAL) status = mb_simplex_dual(lp, stop_at - constant, MAX_PIVOTS);
        const int rotation = round % lp->instance->m;
        if (status == MB_INFEASIBLE) {
            if (farkas_proves(search, lp, rotation, &least)) return MB_INFEASIBLE;
        } else {
            const double proved = constant + dual_bound(search, lp, rotation, &least);
            search->dual_value = proved;
            if (proved > *bound) *bound = proved;
            if (*bound > cutoff) return MB_CUTOFF;
        }
        const int added = least < -PRICING_TOLERANCE ? add_columns(search, rotation) : 0;
        if (added < 0) return MB_NO_MEMORY;
        if (added == 0) {
            if (status == MB_OPTIMAL) return MB_OPTIMAL;
            /* Stopped at the cutoff without a proof of it, or stalled: go on without, then from scratch. */
            if (status == MB_CUTOFF && stop_at < MB_INFINITY)
                stop_at = MB_INFINITY;
            else if (retries++ == 0)
                mb_simplex_cold(lp);
            else
                return MB_STALLED;
        }
        primal_ready = status == MB_OPTIMAL;
    }
    return MB_STALLED;
}

/* The multipliers that `generate` ended with, as an event; the box's secants and touching intervals go with them. */
static void trace_relaxation(mb_search *search, const mb_simplex *lp, int status) {
    const size_t cells = (size_t)lp->cells, rows = (size_t)lp->rows;
    const size_t labels = lp->joint_row < 0 ? 0 : (size_t)(search->instance.labels * search->instance.m);
    double *room = mb_trace_room(&search->trace, 3 + 3 * cells + rows + labels);
    if (!room) return;
    room[0] = MB_TRACE_RELAXATION;
    room[1] = status == MB_INFEASIBLE;
    room[2] = search->dual_value;
    memcpy(room + 3, search->tables.slope, sizeof(double) * cells);
    memcpy(room + 3 + cells, search->tables.touch_from, sizeof(double) * cells);
    memcpy(room + 3 + 2 * cells, search->tables.touch_to, sizeof(double) * cells);
    for (size_t row = 0; row < rows; row++) room[3 + 3 * cells + row] = -lp->direction[row];
    if (!labels) return;
    room[3 + 3 * cells + (size_t)lp->joint_row] /= lp->joint_scale;
    memcpy(room + 3 + 3 * cells + rows, search->label_slope, sizeof(double) * labels);
}

/* Solve the relaxation on a box, from the basis that the node's linear program holds.  Leaves the bound, the
 * point, what each cell's bound is off by, and the cells' duals in `search`. */
int mb_node_solve(mb_search *search, const double *lower, const double *upper, double cutoff) {
    mb_simplex *lp = &search->node_lp;
    mb_tables *tables = &search->tables;
    mb_tables_set(tables, &search->instance, lower, upper, search->touch_from, search->touch_to);
    double constant = 0.0, other_cost[MB_MAX_CELLS];
    const int minimise_label = search->instance.minimise_label, free_law = search->instance.free_law;
    for (int cell = 0; cell < lp->cells && !free_law; cell++) {
        constant += tables->intercept[cell];
        lp->lower[cell] = lower[cell];
        lp->upper[cell] = upper[cell];
        lp->upper[lp->jensen0 + cell] = tables->intercept[cell];
    }
    if (free_law) mb_law_rows(search, lower, upper, other_cost);
    if (minimise_label) constant = mb_label_cost(search, lower, upper, other_cost);
    if (lp->joint_row >= 0) mb_label_secants(search, lower, upper);
    constant += set_costs(lp, minimise_label || free_law ? other_cost : tables->slope);
    search->last_bound = -MB_INFINITY;
    const int status = generate(search, lp, constant, cutoff, &search->last_bound);
    for (int place = 0; place < lp->size; place++)
        search->columns.last_used[lp->basic[place]] = (uint32_t)search->clock;
    if (!mb_breaks_off(status)) trace_relaxation(search, lp, status);
    if (status != MB_OPTIMAL && status != MB_STALLED) return status;
    if (free_law) mb_law_point(search);
    for (int cell = 0; cell < lp->cells && !free_law; cell++) {
        const double p = lp->activity[cell] > 0.0 ? lp->activity[cell] : 0.0;
        const double jensen = tables->with_jensen ? lp->activity[lp->jensen0 + cell] - tables->intercept[cell] : 0.0;
        search->point[cell] = search->place[cell] = p;
        const double bound = tables->intercept[cell] + tables->slope[cell] * p + (jensen > 0.0 ? jensen : 0.0);
        search->cell_error[cell] = minimise_label ? 0.0 : core_phi(p) - bound;
        search->cell_dual[cell] = lp->dual[cell];
    }
    if (search->instance.labels) mb_label_errors(search, lower, upper, search->cell_error);
    return status;
}

/* Choose the touching intervals anew for the mixture that solved the relaxation last; returns the sum of what
 * the cells' bounds gain at that mixture. */
double mb_sharpen(mb_search *search) {
    const mb_simplex *lp = &search->node_lp;
    const mb_instance *instance = &search->instance;
    double total = 0.0;
    mb_set *sets = search->touch_sets;
    for (int y = 0; y < instance->m; y++) {
        int count = 0;
        for (int place = 0; place < lp->size; place++) {
            const mb_set set = lp->columns->block[y][lp->basic[place]];
            if (set && lp->weight[place] > 1e-12) {
                sets[count] = set;
                lp->work1[count++] = lp->weight[place];
            }
        }
        for (int x = 0; x < instance->n; x++) {
            const int cell = x * instance->m + y;
            if (search->tables.upper[cell] - search->tables.lower[cell] < 1e-7) continue;
            total += mb_best_touch(&search->tables, instance, cell, count, sets, lp->work1, &search->touch_from[cell],
                                   &search->touch_to[cell]);
        }
    }
    return total;
}

/* Minimise a linear function of the coupling over the feasible set; the vertex is in `vertex_lp`. */
int mb_linear_solve(mb_search *search, const double *cost) {
    mb_simplex *lp = &search->vertex_lp;
    double bound = -MB_INFINITY;
    mb_simplex_cold(lp);
    set_costs(lp, cost);
    return generate(search, lp, 0.0, MB_INFINITY, &bound);
}

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
/* Steps of exact pricing from which columns are looked for by moves first. */
static const double SLOW_PRICING = 1e6;
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

/* The least over all mappings of what the multipliers in `direction` make of rows and costs; leaves what was priced
 * behind. */
static double price(mb_search *search, const mb_simplex *lp, const double *cost, int rotation) {
    if (!search->sweep.serves) {
        mb_score_table(lp, cost, lp->direction, search->pricing.score);
        return mb_price(&search->pricing, lp->instance, rotation);
    }
    double linear[MB_MAX_CELLS];
    mb_linear_part(lp, cost, lp->direction, linear);
    return mb_sweep_price(&search->sweep, lp->instance, linear, lp->direction[lp->rate_row],
                          lp->direction[lp->label_row]);
}

/* Lower bound of the linear program from its duals; leaves what was priced with those duals behind. */
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
    *least = price(search, lp, lp->cost, rotation);
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
    *least = price(search, lp, NULL, rotation);
    return total + *least > 1e-11 + BOUND_ROUNDING * size;
}

/* A last block with the value of the best mapping that has it. */
typedef struct {
    double value;
    int set;
} priced_block;

static int before(priced_block one, priced_block other) {
    return one.value < other.value || (one.value == other.value && one.set < other.set);
}

/* Down the heap of the blocks kept so far, the worst one on top. */
static void sift(priced_block *heap, int size, int place) {
    const priced_block moving = heap[place];
    for (int child; (child = 2 * place + 1) < size; place = child) {
        if (child + 1 < size && before(heap[child], heap[child + 1])) child++;
        if (!before(moving, heap[child])) break;
        heap[place] = heap[child];
    }
    heap[place] = moving;
}

enum { MAX_TRIED = 4 * MAX_NEW_COLUMNS };

/* The best last blocks of the pricing tables in order, at most MAX_TRIED, by one pass; their number. */
static int best_blocks(const mb_pricing *pricing, int subsets, priced_block *blocks) {
    int count = 0;
    for (int set = 0; set < subsets; set++) {
        const priced_block found = {pricing->last[set], set};
        if (found.value >= -PRICING_TOLERANCE) continue;
        if (count < MAX_TRIED) {
            blocks[count++] = found;
            if (count == MAX_TRIED)
                for (int place = count / 2 - 1; place >= 0; place--) sift(blocks, count, place);
        } else if (before(found, blocks[0])) {
            blocks[0] = found;
            sift(blocks, count, 0);
        }
    }
    if (count < MAX_TRIED)
        for (int place = count / 2 - 1; place >= 0; place--) sift(blocks, count, place);
    for (int left = count - 1; left > 0; left--) {
        const priced_block worst = blocks[0];
        blocks[0] = blocks[left];
        blocks[left] = worst;
        sift(blocks, left, 0);
    }
    return count;
}

/* Put a mapping into the pool: 1, or 0 where it is there or the pool is full, or -1 without memory. */
int mb_new_column(mb_search *search, const mb_set *blocks) {
    const int id = mb_columns_add(&search->columns, &search->instance, blocks);
    if (id < 0) return -1;
    if (search->columns.position[id] >= 0) return 0;
    const int position = mb_columns_enter(&search->columns, (uint32_t)id);
    if (position < 0) return 0;
    search->columns.last_used[position] = (uint32_t)search->clock;
    mb_simplex_new_column(&search->node_lp, position);
    mb_simplex_new_column(&search->vertex_lp, position);
    return 1;
}

/* The same with the sets that a sweep met. */
static int add_swept(mb_search *search) {
    mb_sweep *sweep = &search->sweep;
    int added = 0;
    const int count = mb_sweep_best(sweep, -PRICING_TOLERANCE, MAX_TRIED);
    for (int i = 0; i < count && added < search->settings.columns_per_round; i++) {
        const mb_set set = sweep->found[i].set, all = (mb_set)(search->instance.subsets - 1);
        const int entered = mb_new_column(search, (const mb_set[]){all ^ set, set});
        if (entered < 0) return -1;
        added += entered;
    }
    return added;
}

/* Put the best mappings of the pricing tables that are not in the pool yet into it; their number, or -1. */
static int add_columns(mb_search *search, int rotation) {
    if (search->sweep.serves) return add_swept(search);
    const mb_instance *instance = &search->instance;
    priced_block best[MAX_TRIED];
    mb_set blocks[MB_MAX_LETTERS];
    int added = 0;
    const int count = best_blocks(&search->pricing, instance->subsets, best);
    for (int i = 0; i < count && added < search->settings.columns_per_round; i++) {
        mb_price_blocks(&search->pricing, instance, rotation, best[i].set, blocks);
        const int entered = mb_new_column(search, blocks);
        if (entered < 0) return -1;
        added += entered;
    }
    return added;
}

/* Where a round of exact pricing takes a millisecond and more. */
static int prices_slowly(const mb_instance *instance) {
    double pairs = instance->m - 2;
    for (int x = 0; x < instance->n; x++) pairs *= 3.0;
    return pairs + 16.0 * instance->m * instance->subsets > SLOW_PRICING;
}

/* Columns by single moves for the multipliers that the linear program ended with: as `add_columns`. */
static int move_columns(mb_search *search, mb_simplex *lp, int status) {
    if (search->sweep.serves || !prices_slowly(lp->instance)) return 0;
    for (int row = 0; row < lp->rows; row++) {
        double y = mb_is_unused(lp, row) ? 0.0 : status == MB_INFEASIBLE ? lp->direction[row] : lp->dual[row];
        if (mb_is_elastic(lp, row)) y = status == MB_INFEASIBLE ? 0.0 : y < -1.0 ? -1.0 : y > 0.0 ? 0.0 : y;
        bound_term(lp, row, &y);
        lp->multiplier[row] = -y;
    }
    return mb_price_by_moves(search, lp, status == MB_INFEASIBLE ? NULL : lp->cost, lp->multiplier, PRICING_TOLERANCE);
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
    mb_jensen_refresh(lp);
    mb_simplex_refactor(lp);
    for (int round = 0; round < MAX_ROUNDS; round++) {
        if (core_asked_to_stop(&search->patience)) return MB_STOPPED;
        int status = MB_NEEDS_DUAL;
        double least;
        if (primal_ready) status = mb_simplex_primal(lp, MAX_PIVOTS);
        if (status != MB_OPTIMAL) status = mb_simplex_dual(lp, stop_at - constant, MAX_PIVOTS);
        const int rotation = round % lp->instance->m;
        const int moved = move_columns(search, lp, status);
        if (moved < 0) return MB_NO_MEMORY;
        primal_ready = status == MB_OPTIMAL;
        if (moved > 0) continue;
        /* A vertex needs no proof. */
        if (!lp->boxed && status == MB_OPTIMAL && !search->sweep.serves && prices_slowly(lp->instance))
            return MB_OPTIMAL;
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

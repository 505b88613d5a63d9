/* Best-first spatial branch and bound over boxes on the coupling (Falk and Soland 1969).
 *
 * The search advances in steps (a local start, the root, a round of root tightening, a node with its two
 * children), each deterministic: however a caller slices it, the tree is the same.
 */
#include "tree/search.h"

/* Cells narrower than this are not split: phi moves by less than 1e-8 bits on them. */
static const double NARROWEST_SPLIT = 1e-10;
/* A box is solved again when a cell lost this share of its width to reduced costs. */
static const double WORTH_A_ROUND = 0.2;
/* ... or when new touching intervals gain this share of what is missing to the cutoff. */
static const double WORTH_SHARPENING = 0.25;
static const double SLACK = 1e-9;
enum { TIGHTENING_ROUNDS = 3, ROOT_ROUNDS = 3, SLABS = 6, TRY_EVERY = 8 };
/* Root tightening: share of a cell's interval that is tried first, and the width that is not worth a try. */
static const double FIRST_SLAB = 0.2;
static const double NARROWEST_SLAB = 1e-4;
/* Another round is made when the last one left less than this share of the total width. */
static const double WORTH_ROOT_ROUND = 0.9;
static double cutoff_of(const mb_search *search) { return search->best - search->margin; }

static void settle(mb_search *search, double bound) {
    if (bound < search->settled_bound) search->settled_bound = bound;
}

/* Shrink a box by the reduced costs of its cells: a bound `gap` below the cutoff lets a cell with dual d > 0
 * rise by at most gap / d above its lower end.  Returns whether another round pays. */
static int reduced_cost_box(mb_search *search, double *lower, double *upper, double cutoff) {
    const double gap = cutoff - search->dual_value;
    int worth = 0, cut = 0;
    for (int cell = 0; cell < search->instance.cells; cell++) {
        const double dual = search->cell_dual[cell], width = upper[cell] - lower[cell];
        double low = lower[cell], high = upper[cell];
        if (dual > 1e-9)
            high = fmin(high, low + gap / dual + SLACK);
        else if (dual < -1e-9)
            low = fmax(low, high + gap / dual - SLACK);
        if (width - (high - low) > WORTH_A_ROUND * width + SLACK) worth = 1;
        cut |= low > lower[cell] || high < upper[cell];
        lower[cell] = low;
        upper[cell] = high;
    }
    /* What was cut off is bounded by the cutoff, not excluded: the optimum may lie there, within the margin. */
    if (cut) settle(search, cutoff);
    return worth;
}

/* What became of a box; a negative number is minus the status that broke the work off. */
enum { BOX_CLOSED = 0, BOX_OPEN = 1 };

static int closed_by(mb_search *search, double reason) {
    mb_trace_event(&search->trace, reason, 0, NULL);
    return BOX_CLOSED;
}

/* Bound a box from the present basis; where it stays open, `bound` is its bound and the point is in `search`. */
static int bound_box(mb_search *search, double *lower, double *upper, double *bound) {
    if (!mb_propagate(search, lower, upper)) return closed_by(search, MB_TRACE_EMPTY);
    const int rounds = search->settings.reduced_cost_tightening || search->settings.sharpening ? TIGHTENING_ROUNDS : 1;
    for (int round = 0; round < rounds; round++) {
        const double cutoff = cutoff_of(search);
        const int status = mb_node_solve(search, lower, upper, cutoff);
        if (mb_breaks_off(status)) return -status;
        if (status == MB_INFEASIBLE) return closed_by(search, MB_TRACE_INFEASIBLE);
        if (search->last_bound > *bound) *bound = search->last_bound;
        if (*bound > cutoff) {
            settle(search, *bound);
            return closed_by(search, MB_TRACE_BOUNDED);
        }
        if (status != MB_OPTIMAL) {
            search->trouble++;
            return BOX_OPEN;
        }
        if (round + 1 == rounds || search->best == MB_INFINITY) return BOX_OPEN;
        int worth = 0;
        if (search->settings.sharpening) worth = mb_sharpen(search) > WORTH_SHARPENING * (cutoff - search->last_bound);
        if (search->settings.reduced_cost_tightening) worth |= reduced_cost_box(search, lower, upper, cutoff);
        if (!worth) return BOX_OPEN;
        if (!mb_propagate(search, lower, upper)) {
            settle(search, cutoff);
            return closed_by(search, MB_TRACE_CUT_OFF);
        }
    }
    return BOX_OPEN;
}

/* The cell with the largest error of the relaxation, and where to split it. */
static int choose_split(const mb_search *search, const double *lower, const double *upper, double *point) {
    int chosen = -1;
    double worst = -1.0;
    for (int cell = 0; cell < search->instance.cells; cell++) {
        if (upper[cell] - lower[cell] <= NARROWEST_SPLIT) continue;
        if (search->cell_error[cell] > worst) {
            worst = search->cell_error[cell];
            chosen = cell;
        }
    }
    if (chosen >= 0) {
        const double margin = search->settings.branching_margin * (upper[chosen] - lower[chosen]);
        *point = fmin(fmax(search->place[chosen], lower[chosen] + margin), upper[chosen] - margin);
    }
    return chosen;
}

static int keep_open(mb_search *search, const double *lower, const double *upper, double bound, int depth) {
    double point = 0.0;
    const int cell = choose_split(search, lower, upper, &point);
    if (cell < 0) {
        /* Nothing left to split: its bound stands. */
        settle(search, bound);
        mb_trace_event(&search->trace, MB_TRACE_NARROW, 0, NULL);
        return 0;
    }
    mb_node *node = mb_node_new(search, lower, upper, bound);
    if (!node) return MB_NO_MEMORY;
    node->cell = (uint16_t)cell;
    node->point = point;
    node->depth = (uint16_t)depth;
    const int failed = search->diving ? mb_stack_push(search, node) : mb_heap_push(search, node);
    if (failed)
        mb_node_free(search, node);
    else
        mb_trace_event(&search->trace, MB_TRACE_OPEN, 3, (const double[]){(double)node->order, cell, point});
    return failed;
}

/* Descend from the relaxation's point where it looks better than the incumbent.  What breaks it off loses no box. */
static int try_point(mb_search *search, int always) {
    if (!search->settings.local_search) {
        mb_watch(search);
        return 0;
    }
    const double value = mb_objective(&search->instance, search->point);
    if (!always && value >= search->best - 1e-9) return 0;
    /* A point outside the limit of a label without the seed looks better nearly always, and seldom leads to more. */
    if (!always && search->instance.has_joint_row && search->nodes % TRY_EVERY &&
        mb_label_entropy(&search->instance, search->point) > search->instance.joint_limit)
        return 0;
    double coupling[MB_MAX_CELLS];
    memcpy(coupling, search->point, sizeof coupling);
    return mb_improve_from(search, coupling);
}

/* Keep the pool small: columns not basic for longest leave it (they stay stored). */
static void purge(mb_search *search) {
    mb_columns *columns = &search->columns;
    if (columns->size <= search->settings.pool_limit) return;
    uint32_t age = 8;
    while (columns->size > search->settings.pool_limit * 3 / 4) {
        for (int position = columns->size - 1; position >= 0; position--)
            if (columns->last_used[position] + age < (uint32_t)search->clock || age == 0)
                mb_columns_remove(columns, position);
        if (age == 0) break;
        age /= 2;
    }
}

static int solve_root(mb_search *search) {
    double bound = search->lower_bound;
    memset(search->root_lower, 0, sizeof search->root_lower);
    for (int x = 0; x < search->instance.n; x++)
        for (int y = 0; y < search->instance.m; y++)
            search->root_upper[x * search->instance.m + y] =
                search->instance.free_law ? 1.0 : fmin(search->instance.p_x[x], search->instance.p_y[y]);
    mb_simplex_cold(&search->node_lp);
    mb_whole_curves(search);
    mb_trace_event(&search->trace, MB_TRACE_SIDE, 2, (const double[]){-1.0, 0.0});
    const int open = bound_box(search, search->root_lower, search->root_upper, &bound);
    if (open < 0) return -open;
    const int failed = open ? keep_open(search, search->root_lower, search->root_upper, bound, 0) : 0;
    if (failed) return failed;
    /* Not before: until the root is in the tree, or closed, nothing but the floor that was given is known. */
    search->root_done = 1;
    return open ? try_point(search, 1) : 0;
}

/* Bound a copy of a box from the basis of a node, the tables left as they are; as `bound_box`. */
static int probe(mb_search *search, const mb_node *node, const double *lower, const double *upper, int cell, double low,
                 double high) {
    double box_lower[MB_MAX_CELLS], box_upper[MB_MAX_CELLS], bound = node->bound;
    memcpy(box_lower, lower, sizeof box_lower);
    memcpy(box_upper, upper, sizeof box_upper);
    box_lower[cell] = low;
    box_upper[cell] = high;
    const int failed = mb_node_basis(search, node);
    if (failed) return -failed;
    return bound_box(search, box_lower, box_upper, &bound);
}

/* Cut slabs off one cell's root interval, from both ends, as long as a relaxation of its own closes them. */
static int tighten_root_cell(mb_search *search, const mb_node *root, int cell) {
    double *lower = search->root_lower, *upper = search->root_upper;
    for (int side = 0; side < 2; side++) {
        double share = FIRST_SLAB;
        for (int attempt = 0; attempt < SLABS; attempt++) {
            const double low = lower[cell], high = upper[cell], part = share * (high - low);
            if (high - low < NARROWEST_SLAB) return 0;
            const int open = side ? probe(search, root, lower, upper, cell, high - part, high)
                                  : probe(search, root, lower, upper, cell, low, low + part);
            if (open < 0) return -open;
            if (open) break;
            if (side)
                upper[cell] = high - part;
            else
                lower[cell] = low + part;
            share = fmin(0.5, 1.6 * share);
        }
    }
    return 0;
}

static double root_width(const mb_search *search) {
    double total = 0.0;
    for (int cell = 0; cell < search->instance.cells; cell++)
        total += search->root_upper[cell] - search->root_lower[cell];
    return total;
}

/* One cell of the root tightening; after the last one the root is bounded again on what is left of its box. */
static int tighten_root(mb_search *search) {
    mb_node *root = search->heap[0];
    const int cells = search->instance.cells, cell = search->root_stage % cells;
    search->clock++;
    if (cell == 0) search->width_before = root_width(search);
    int failed = tighten_root_cell(search, root, cell);
    if (!failed && !mb_propagate(search, search->root_lower, search->root_upper)) {
        settle(search, cutoff_of(search));
        mb_node_free(search, mb_heap_pop(search));
        search->root_stage = -1;
        return 0;
    }
    if (failed) return failed;
    if (cell + 1 < cells) {
        search->root_stage++;
        return 0;
    }
    const int round = search->root_stage / cells + 1;
    if (round < ROOT_ROUNDS && root_width(search) < WORTH_ROOT_ROUND * search->width_before) {
        search->root_stage++;
        return 0;
    }
    double bound = root->bound;
    failed = mb_node_basis(search, root);
    if (failed) return failed;
    const int open = bound_box(search, search->root_lower, search->root_upper, &bound);
    if (open < 0) return -open;
    /* Out of the heap first, so that its place is free: the old root goes back there where memory fails. */
    mb_heap_pop(search);
    failed = open ? keep_open(search, search->root_lower, search->root_upper, bound, 0) : 0;
    if (failed) {
        mb_heap_push(search, root);
        return failed;
    }
    search->root_stage = -1;
    mb_node_free(search, root);
    return 0;
}

/* The next node: the best one; or, once the open nodes fill their memory, the last one of a subtree that is
 * searched to its end before the next best one, which keeps the number of open nodes nearly constant. */
static mb_node *take_node(mb_search *search) {
    if (search->stack_size) return search->stack[--search->stack_size];
    mb_node *best = mb_heap_pop(search);
    search->diving = search->heap_bytes > (size_t)search->settings.node_bytes;
    search->dive_bound = best->bound;
    return best;
}

/* A node whose expansion broke off returns to where it was taken from; where no memory is left even for that, its
 * bound stands for what is lost. */
static void put_back(mb_search *search, mb_node *node, int from_stack) {
    if (from_stack ? mb_stack_push(search, node) : mb_heap_push(search, node)) {
        settle(search, node->bound);
        mb_node_free(search, node);
    }
}

static int expand(mb_search *search) {
    const int from_stack = search->stack_size > 0;
    mb_node *parent = take_node(search);
    int failed = 0;
    search->clock++;
    if (parent->bound > cutoff_of(search)) {
        settle(search, parent->bound);
        mb_node_free(search, parent);
        search->nodes++;
        return 0;
    }
    mb_simplex_cold(&search->node_lp);
    purge(search);
    for (int side = parent->done; side < 2 && !failed; side++) {
        double lower[MB_MAX_CELLS], upper[MB_MAX_CELLS], bound = parent->bound;
        mb_node_box(search, parent, lower, upper);
        if (side)
            lower[parent->cell] = parent->point;
        else
            upper[parent->cell] = parent->point;
        failed = mb_node_basis(search, parent);
        if (failed) break;
        memcpy(search->point, lower, sizeof search->point);
        memcpy(search->place, lower, sizeof search->place);
        mb_trace_event(&search->trace, MB_TRACE_SIDE, 2, (const double[]){(double)parent->order, side});
        const int open = bound_box(search, lower, upper, &bound);
        failed = open < 0 ? -open : open ? keep_open(search, lower, upper, bound, parent->depth + 1) : 0;
        if (failed) break;
        /* From here on this side is in the tree, or closed. */
        parent->done = (uint16_t)(side + 1);
        if (open) failed = try_point(search, 0);
    }
    if (parent->done < 2) {
        put_back(search, parent, from_stack);
        return failed;
    }
    mb_node_free(search, parent);
    search->nodes++;
    return failed;
}

static void update_bound(mb_search *search) {
    if (!search->root_done) return;
    double bound = search->settled_bound;
    if (search->heap_size && search->heap[0]->bound < bound) bound = search->heap[0]->bound;
    if (search->stack_size && search->dive_bound < bound) bound = search->dive_bound;
    if (bound > search->best) bound = search->best;
    if (bound > search->lower_bound) search->lower_bound = bound;
}

static int step(mb_search *search) {
    search->seen = 0;
    if (search->start_waits) {
        const int failed = mb_improve_from(search, search->start_coupling);
        if (!failed) search->start_waits = 0;
        return failed;
    }
    if (search->starts_done < search->settings.random_starts) {
        const int failed = mb_random_start(search);
        if (failed) return failed;
        search->starts_done++;
        if (search->infeasible) {
            search->lower_bound = MB_INFINITY;
            search->finished = 1;
        }
        return 0;
    }
    if (!search->root_done) return solve_root(search);
    if (search->heap_size == 1 && search->nodes == 0 && search->root_stage >= 0 && search->settings.root_tightening &&
        search->best < MB_INFINITY && search->heap[0]->bound <= cutoff_of(search))
        return tighten_root(search);
    if (search->heap_size == 0 && search->stack_size == 0) {
        search->finished = 1;
        return 0;
    }
    return expand(search);
}

static void snapshot(const mb_search *search, mb_report *report, int capacity, int32_t *mappings, double *weights) {
    report->best = search->best;
    report->lower_bound = search->lower_bound;
    report->steps = search->steps;
    report->nodes = search->nodes;
    report->lps = search->lps;
    report->pivots = search->node_lp.pivots + search->vertex_lp.pivots;
    report->pool_size = search->columns.size;
    report->columns = search->columns.count;
    report->open_nodes = (long long)(search->heap_size + search->stack_size);
    report->peak_bytes = (long long)search->peak_bytes;
    report->finished = search->finished;
    report->infeasible = search->infeasible;
    report->support = search->support <= capacity ? search->support : 0;
    report->trouble = search->trouble;
    mb_write_mappings(search, report->support, search->support_id, capacity, mappings);
    memcpy(weights, search->support_weight, sizeof(double) * (size_t)report->support);
}

int mb_search_run(mb_search *search, double margin, long long steps, double seconds, core_question ask,
                  mb_report *report, int capacity, int32_t *mappings, double *weights) {
    const double started = core_seconds();
    int failed = 0;
    search->margin = margin;
    search->patience = core_patience_of(ask);
    for (long long done = 0; done < steps && !search->finished && !failed; done++) {
        if (search->best < MB_INFINITY && search->lower_bound >= cutoff_of(search)) break;
        failed = step(search);
        if (failed == MB_NO_MEMORY) search->trouble++;
        if (!failed) search->steps++;
        update_bound(search);
        if (core_seconds() - started >= seconds) break;
    }
    search->patience.ask = NULL;
    snapshot(search, report, capacity, mappings, weights);
    return failed;
}

/* Lower bound on the joint entropy in a box, its Jensen rows chosen anew between `rounds` of solving.  Infinity
 * where the box holds no feasible coupling.  For checks: it may let columns into the pool. */
int mb_search_relax(mb_search *search, const double *lower, const double *upper, int rounds, double *bound) {
    mb_simplex_cold(&search->node_lp);
    mb_whole_curves(search);
    *bound = -MB_INFINITY;
    for (int round = 0; round < rounds; round++) {
        const int status = mb_node_solve(search, lower, upper, MB_INFINITY);
        if (mb_breaks_off(status)) return status;
        if (status == MB_INFEASIBLE) {
            *bound = MB_INFINITY;
            return 0;
        }
        *bound = fmax(*bound, search->last_bound);
        mb_sharpen(search);
    }
    return 0;
}

void mb_search_trace(mb_search *search) { search->trace.on = 1; }

long long mb_search_take_trace(mb_search *search, const double **numbers) {
    const size_t size = search->trace.size;
    *numbers = search->trace.numbers;
    search->trace.size = 0;
    return (long long)size;
}

int mb_search_trace_broken(const mb_search *search) { return search->trace.broken; }

int mb_search_order(const mb_search *search, int32_t *first, int32_t *second) {
    for (int row = 0; row < search->order_rows; row++) {
        first[row] = search->node_lp.order_first[row];
        second[row] = search->node_lp.order_second[row];
    }
    return search->order_rows;
}

int mb_search_bound_box(mb_search *search, const double *lower, const double *upper, double cutoff, core_question ask) {
    double box_lower[MB_MAX_CELLS] = {0}, box_upper[MB_MAX_CELLS] = {0}, bound = -MB_INFINITY, point = 0.0;
    memcpy(box_lower, lower, sizeof(double) * (size_t)search->instance.cells);
    memcpy(box_upper, upper, sizeof(double) * (size_t)search->instance.cells);
    /* The search's own bound must not hear of boxes that are not its own. */
    const double settled = search->settled_bound, margin = search->margin;
    search->margin = search->best < MB_INFINITY ? search->best - cutoff : 0.0;
    search->patience = core_patience_of(ask);
    search->clock++;
    purge(search);
    mb_simplex_cold(&search->node_lp);
    mb_whole_curves(search);
    mb_trace_event(&search->trace, MB_TRACE_SIDE, 2, (const double[]){-1.0, 0.0});
    const int open = bound_box(search, box_lower, box_upper, &bound);
    if (open == BOX_OPEN) {
        const int cell = choose_split(search, box_lower, box_upper, &point);
        if (cell < 0)
            mb_trace_event(&search->trace, MB_TRACE_NARROW, 0, NULL);
        else
            mb_trace_event(&search->trace, MB_TRACE_OPEN, 3, (const double[]){-1.0, cell, point});
    }
    search->patience.ask = NULL;
    search->settled_bound = settled;
    search->margin = margin;
    return open < 0 ? -open : 0;
}

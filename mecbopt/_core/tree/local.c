/* Incumbents: linearise the concave objective at a coupling and solve again (Frank and Wolfe).
 *
 * Each step minimises the tangent of sum phi(P) over the feasible polytope; the objective is concave, so it
 * falls at least as much as its tangent, and the search ends at a vertex, whose support has at most m + 2
 * mappings, and one more a linear row.
 */
#include "tree/search.h"

static const double IMPROVEMENT = 1e-10;
enum { MAX_STEPS = 50 };

static double joint_entropy(const double *coupling, int cells) {
    double total = 0.0;
    for (int cell = 0; cell < cells; cell++) total += core_phi(coupling[cell]);
    return total;
}

/* One step of iterative refinement of the vertex's weights: residuals near 1e-16 whatever the inverse. */
static void polish(mb_simplex *lp) {
    mb_simplex_refactor(lp);
    mb_simplex_primal_values(lp);
    for (int round = 0; round < 2; round++) {
        for (int place = 0; place < lp->size; place++) {
            const int row = lp->active[place];
            lp->work1[place] = mb_row_bound(lp, row, lp->state[row]) - lp->activity[row];
        }
        mb_inverse_times(lp, lp->work1, lp->work2);
        for (int place = 0; place < lp->size; place++) {
            lp->weight[place] += lp->work2[place];
            mb_accumulate(lp, lp->basic[place], lp->work2[place], lp->activity);
        }
        mb_derived_rows(lp, lp->activity);
    }
}

/* The coupling of the vertex; its support goes into ids and weights.  Returns the support's size. */
static int read_vertex(const mb_search *search, double *coupling, uint32_t *ids, double *weights) {
    const mb_simplex *lp = &search->vertex_lp;
    int support = 0;
    for (int cell = 0; cell < lp->cells; cell++) coupling[cell] = fmax(lp->activity[cell], 0.0);
    for (int place = 0; place < lp->size; place++)
        if (lp->weight[place] > 1e-14) {
            ids[support] = lp->columns->id[lp->basic[place]];
            weights[support++] = lp->weight[place];
        }
    for (int position = 0; position < lp->columns->size && support < MB_MAX_SUPPORT - 1; position++)
        if (lp->at_one[position] && lp->basic_place[position] < 0) {
            ids[support] = lp->columns->id[position];
            weights[support++] = 1.0;
        }
    return support;
}

/* Whether the weights meet marginals and limits to 1e-12. */
static int meets(const mb_search *search, int support, const uint32_t *ids, const double *weights) {
    const mb_instance *instance = &search->instance;
    double rate = 0.0, label = 0.0, total = 0.0;
    double law[MB_MAX_LETTERS] = {0.0}, coupling[MB_MAX_CELLS] = {0.0};
    for (int i = 0; i < support; i++) {
        total += weights[i];
        for (int y = 0; y < instance->m; y++) {
            const uint16_t set = search->columns.blocks[(size_t)ids[i] * (size_t)instance->m + (size_t)y];
            law[y] += weights[i] * instance->mass[set];
            rate += weights[i] * instance->entropy_term[set];
            label += weights[i] * instance->label_term[set];
            for (int x = 0; x < instance->n; x++)
                if (set >> x & 1) coupling[x * instance->m + y] += weights[i] * instance->p_x[x];
        }
    }
    for (int row = 0; row < instance->linear_count; row++) {
        const double *coefficient = instance->linear + (size_t)row * (size_t)instance->cells;
        double level = 0.0;
        for (int cell = 0; cell < instance->cells; cell++) level += coefficient[cell] * coupling[cell];
        if (level < instance->linear_lower[row] - 1e-12 || level > instance->linear_upper[row] + 1e-12) return 0;
    }
    for (int y = 0; y < instance->m; y++)
        if (fabs(law[y] - instance->p_y[y]) > 1e-12) return 0;
    return fabs(total - 1.0) <= 1e-12 && rate <= instance->rate + 1e-12 && label <= instance->label_limit + 1e-12;
}

static void take(mb_search *search, double value, const double *coupling, int support, const uint32_t *ids,
                 const double *weights) {
    if (value >= search->best || !meets(search, support, ids, weights)) return;
    search->best = value;
    search->support = support;
    memcpy(search->best_coupling, coupling, sizeof(double) * (size_t)search->instance.cells);
    memcpy(search->support_id, ids, sizeof(uint32_t) * (size_t)support);
    memcpy(search->support_weight, weights, sizeof(double) * (size_t)support);
}

/* Descend from a cost; `current` is the value to beat for going on.  MB_NO_MEMORY or MB_STOPPED where that
 * broke it off, else 0. */
static int descend(mb_search *search, double *cost, double current) {
    const int cells = search->instance.cells;
    double coupling[MB_MAX_CELLS], weights[MB_MAX_SUPPORT];
    uint32_t ids[MB_MAX_SUPPORT];
    for (int step = 0; step < MAX_STEPS; step++) {
        const int status = mb_linear_solve(search, cost);
        if (status == MB_INFEASIBLE) search->infeasible = 1;
        if (status == MB_NO_MEMORY || status == MB_STOPPED) return status;
        if (status != MB_OPTIMAL) return 0;
        polish(&search->vertex_lp);
        const int support = read_vertex(search, coupling, ids, weights);
        const double value = joint_entropy(coupling, cells);
        take(search, value, coupling, support, ids, weights);
        if (value >= current - IMPROVEMENT) return 0;
        current = value;
        for (int cell = 0; cell < cells; cell++) cost[cell] = -log2(fmax(coupling[cell], 1e-9)) - CORE_LOG2_E;
    }
    return 0;
}

int mb_improve_from(mb_search *search, const double *coupling) {
    double cost[MB_MAX_CELLS];
    for (int cell = 0; cell < search->instance.cells; cell++)
        cost[cell] = -log2(fmax(coupling[cell], 1e-9)) - CORE_LOG2_E;
    return descend(search, cost, joint_entropy(coupling, search->instance.cells));
}

/* Descend from the vertex of a random direction; one that broke off draws the same direction again. */
int mb_random_start(mb_search *search) {
    const uint64_t before = search->random;
    double cost[MB_MAX_CELLS];
    for (int cell = 0; cell < search->instance.cells; cell++) cost[cell] = core_normal(&search->random);
    const int failed = descend(search, cost, MB_INFINITY);
    if (failed) search->random = before;
    return failed;
}

/* A start given by the caller: k mappings (rows of n letters) with weights.  It is the incumbent at once; the
 * first step descends from it. */
int mb_take_start(mb_search *search, int k, const int32_t *mappings, const double *weights) {
    const mb_instance *instance = &search->instance;
    double coupling[MB_MAX_CELLS] = {0.0};
    uint32_t ids[MB_MAX_SUPPORT];
    for (int i = 0; i < k; i++) {
        uint16_t blocks[MB_MAX_LETTERS] = {0};
        for (int x = 0; x < instance->n; x++) {
            const int y = mappings[i * instance->n + x];
            blocks[y] |= (uint16_t)(1u << x);
            coupling[x * instance->m + y] += weights[i] * instance->p_x[x];
        }
        const int id = mb_columns_add(&search->columns, instance, blocks);
        if (id < 0) return MB_NO_MEMORY;
        const int position = mb_columns_enter(&search->columns, (uint32_t)id);
        if (position < 0) return MB_NO_MEMORY;
        mb_simplex_new_column(&search->node_lp, position);
        mb_simplex_new_column(&search->vertex_lp, position);
        if (i < MB_MAX_SUPPORT - 1) ids[i] = (uint32_t)id;
    }
    if (k <= MB_MAX_SUPPORT - 1) take(search, joint_entropy(coupling, instance->cells), coupling, k, ids, weights);
    memcpy(search->start_coupling, coupling, sizeof coupling);
    search->start_waits = 1;
    return 0;
}

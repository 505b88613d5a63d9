/* Incumbents: linearise the concave objective at a coupling and solve again (Frank and Wolfe).
 *
 * Each step minimises the tangent of sum phi(P) over the feasible polytope; the objective is concave, so it
 * falls at least as much as its tangent, and the search ends at a vertex, whose support has at most m + 2
 * mappings, and one more a linear row.
 */
#include "tree/search.h"

static const double IMPROVEMENT = 1e-10;
enum { MAX_STEPS = 50 };

/* H(X,Y), H(X|Y) where the law of Y varies, or H(S,Y) where that is minimised; all are concave. */
double mb_objective(const mb_instance *instance, const double *coupling) {
    if (instance->minimise_label) return mb_label_entropy(instance, coupling);
    double total = 0.0;
    for (int cell = 0; cell < instance->cells; cell++) total += core_phi(coupling[cell]);
    return instance->free_law ? total - mb_law_entropy(instance, coupling) : total;
}

static void set_gradient(const mb_instance *instance, const double *coupling, double *cost) {
    if (instance->minimise_label) {
        mb_label_gradient(instance, coupling, cost);
        return;
    }
    for (int cell = 0; cell < instance->cells; cell++) cost[cell] = -log2(fmax(coupling[cell], 1e-9)) - CORE_LOG2_E;
    if (instance->free_law) mb_law_gradient(instance, coupling, cost);
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
int mb_read_vertex(const mb_simplex *lp, double *coupling, uint32_t *ids, double *weights) {
    int support = 0;
    for (int cell = 0; cell < lp->cells; cell++) coupling[cell] = fmax(lp->activity[cell], 0.0);
    for (int place = 0; place < lp->size && support < MB_MAX_SUPPORT - 1; place++)
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
            const mb_set set = search->columns.blocks[(size_t)ids[i] * (size_t)instance->m + (size_t)y];
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
    if (instance->has_joint_row &&
        mb_label_entropy(instance, coupling) > instance->joint_limit + 0.5 * instance->joint_slack)
        return 0;
    for (int y = 0; y < instance->m; y++)
        if (law[y] < instance->law_lower[y] - 1e-12 || law[y] > instance->law_upper[y] + 1e-12) return 0;
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

/* The vertex of a linear program over the feasible set; MB_OPTIMAL or why there is none. */
int mb_solve_vertex(mb_search *search, const double *cost, double *coupling, int *support, uint32_t *ids,
                    double *weights) {
    const int status = mb_linear_solve(search, cost);
    if (status != MB_OPTIMAL) return status;
    polish(&search->vertex_lp);
    *support = mb_read_vertex(&search->vertex_lp, coupling, ids, weights);
    return MB_OPTIMAL;
}

/* From a coupling outside the limit on H(S,Y) to a vertex within, by descending in H(S,Y) alone. */
static int restore(mb_search *search, double *coupling) {
    double cost[MB_MAX_CELLS], weights[MB_MAX_SUPPORT], level = MB_INFINITY;
    uint32_t ids[MB_MAX_SUPPORT];
    int support;
    mb_label_tangents(search, NULL);
    for (int step = 0; step < MAX_STEPS; step++) {
        mb_label_gradient(&search->instance, coupling, cost);
        const int status = mb_solve_vertex(search, cost, coupling, &support, ids, weights);
        if (status != MB_OPTIMAL) return status;
        const double now = mb_label_entropy(&search->instance, coupling);
        if (now <= search->instance.joint_limit) {
            take(search, mb_objective(&search->instance, coupling), coupling, support, ids, weights);
            return MB_OPTIMAL;
        }
        if (now >= level - IMPROVEMENT) return MB_INFEASIBLE;
        level = now;
    }
    return MB_INFEASIBLE;
}

/* Descend from a cost; `current` is the value to beat for going on.  A limit on H(S,Y) is linearised by tangents, at
 * `from` first (nowhere where it is NULL), then at every vertex: what meets them is feasible, and the vertex that they
 * were taken at stays so.  MB_NO_MEMORY or MB_STOPPED where that broke it off, else 0. */
static int descend(mb_search *search, double *cost, double current, const double *from) {
    const mb_instance *instance = &search->instance;
    double coupling[MB_MAX_CELLS], weights[MB_MAX_SUPPORT], at[MB_MAX_CELLS];
    uint32_t ids[MB_MAX_SUPPORT];
    int support, restored = 0;
    if (instance->has_joint_row) mb_label_tangents(search, from);
    if (from) memcpy(at, from, sizeof(double) * (size_t)instance->cells);
    for (int step = 0; step < MAX_STEPS; step++) {
        const int status = mb_solve_vertex(search, cost, coupling, &support, ids, weights);
        if (mb_breaks_off(status)) return status;
        if (status == MB_INFEASIBLE && instance->has_joint_row && from) {
            /* Only the tangents have no room: begin again from a coupling within the limit. */
            if (restored++) return 0;
            const int outcome = restore(search, at);
            if (outcome != MB_OPTIMAL) return mb_breaks_off(outcome) ? outcome : 0;
            current = MB_INFINITY;
            set_gradient(instance, at, cost);
            mb_label_tangents(search, at);
            continue;
        }
        if (status == MB_INFEASIBLE) search->infeasible = 1;
        if (status != MB_OPTIMAL) return 0;
        if (instance->has_joint_row) {
            memcpy(at, coupling, sizeof(double) * (size_t)instance->cells);
            from = at;
            mb_label_tangents(search, at);
            if (mb_label_entropy(instance, coupling) > instance->joint_limit + 0.5 * instance->joint_slack) continue;
        }
        const double value = mb_objective(instance, coupling);
        take(search, value, coupling, support, ids, weights);
        if (value >= current - IMPROVEMENT) return 0;
        current = value;
        set_gradient(instance, coupling, cost);
    }
    return 0;
}

int mb_improve_from(mb_search *search, const double *coupling) {
    const mb_instance *instance = &search->instance;
    if (!search->settings.local_search) return 0;
    double cost[MB_MAX_CELLS], current = mb_objective(instance, coupling);
    /* What is not feasible has nothing to beat. */
    if (instance->has_joint_row && mb_label_entropy(instance, coupling) > instance->joint_limit) current = MB_INFINITY;
    set_gradient(instance, coupling, cost);
    return descend(search, cost, current, coupling);
}

/* Descend from the vertex of a random direction; one that broke off draws the same direction again. */
int mb_random_start(mb_search *search) {
    const uint64_t before = search->random;
    double cost[MB_MAX_CELLS];
    for (int cell = 0; cell < search->instance.cells; cell++) cost[cell] = core_normal(&search->random);
    const int failed = descend(search, cost, MB_INFINITY, NULL);
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
        mb_set blocks[MB_MAX_LETTERS] = {0};
        for (int x = 0; x < instance->n; x++) {
            const int y = mappings[i * instance->n + x];
            blocks[y] |= (mb_set)1 << x;
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
    if (k <= MB_MAX_SUPPORT - 1) take(search, mb_objective(instance, coupling), coupling, k, ids, weights);
    memcpy(search->start_coupling, coupling, sizeof coupling);
    search->start_waits = 1;
    return 0;
}

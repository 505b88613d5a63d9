/* A law of Y that varies: the objective is H(X|Y), and boxes hold the posteriors t(x, y) = P(x, y) / P_Y(y).
 *
 * psi(a, b) = b phi(a / b) is concave and homogeneous, and so is b g(a / b) for every concave g; H(X|Y) is the sum of
 * psi(P(x, y), P_Y(y)).  So on a box of posteriors, where the secant alpha + beta t and the Jensen function g lie
 * below phi,
 *     psi(P, P_Y) >= alpha P_Y + beta P                                        (linear)
 *     psi(P, P_Y) >= sum_k w_k p_X(A_k) g(p_X(x) [x in A_k] / p_X(A_k))         (homogeneous and concave: superadditive)
 * whatever the law is: the tables are those of a law of masses 1, and nothing has to be branched on but posteriors
 * (lemma posterior_rows).  The box itself is two rows a cell, lower t * P_Y <= P <= upper t * P_Y.
 */
#include "tree/search.h"

/* Tangents are taken at no less: their slope is infinite at 0. */
static const double SMALLEST_TANGENT = 1e-9;
/* Letters of Y with less mass have no posterior. */
static const double SMALLEST_LAW = 1e-12;

static void law_of(const mb_instance *instance, const double *coupling, double *law) {
    for (int y = 0; y < instance->m; y++) {
        law[y] = 0.0;
        for (int x = 0; x < instance->n; x++) law[y] += coupling[x * instance->m + y];
    }
}

/* H(Y) of a coupling. */
double mb_law_entropy(const mb_instance *instance, const double *coupling) {
    double law[MB_MAX_LETTERS], total = 0.0;
    law_of(instance, coupling, law);
    for (int y = 0; y < instance->m; y++) total += core_phi(law[y]);
    return total;
}

/* Adds the derivative of -H(Y) by every cell. */
void mb_law_gradient(const mb_instance *instance, const double *coupling, double *gradient) {
    double law[MB_MAX_LETTERS];
    law_of(instance, coupling, law);
    for (int y = 0; y < instance->m; y++) {
        const double slope = log2(fmax(law[y], SMALLEST_TANGENT)) + CORE_LOG2_E;
        for (int x = 0; x < instance->n; x++) gradient[x * instance->m + y] += slope;
    }
}

/* The node's rows for a box of posteriors whose tables are set, and the objective: slopes over cells. */
void mb_law_rows(mb_search *search, const double *lower, const double *upper, double *cost) {
    mb_simplex *lp = &search->node_lp;
    const mb_tables *tables = &search->tables;
    const int n = search->instance.n, m = search->instance.m;
    for (int y = 0; y < m; y++) {
        double intercepts = 0.0;
        for (int x = 0; x < n; x++) intercepts += tables->intercept[x * m + y];
        for (int x = 0; x < n; x++) cost[x * m + y] = tables->slope[x * m + y] + intercepts;
    }
    for (int cell = 0; cell < lp->cells; cell++) {
        const int above = lp->posterior0 + cell, below = above + lp->cells;
        lp->posterior[cell] = upper[cell];
        lp->posterior[lp->cells + cell] = lower[cell];
        /* Posteriors lie between 0 and 1 by themselves. */
        lp->upper[above] = upper[cell] < 1.0 ? 0.0 : MB_WIDE;
        lp->lower[below] = lower[cell] > 0.0 ? 0.0 : -MB_WIDE;
        lp->upper[lp->jensen0 + cell] = 0.0;
    }
}

/* The point of the relaxation solved last, its posteriors, what each cell's bound is off by, and what a unit of its
 * posterior is worth at least. */
void mb_law_point(mb_search *search) {
    const mb_simplex *lp = &search->node_lp;
    const mb_tables *tables = &search->tables;
    const mb_instance *instance = &search->instance;
    double law[MB_MAX_LETTERS];
    for (int cell = 0; cell < lp->cells; cell++) search->point[cell] = fmax(lp->activity[cell], 0.0);
    law_of(instance, search->point, law);
    for (int cell = 0; cell < lp->cells; cell++) {
        const int y = cell % instance->m;
        const double p = search->point[cell], jensen = tables->with_jensen ? lp->activity[lp->jensen0 + cell] : 0.0;
        const int has_mass = law[y] > SMALLEST_LAW;
        const double t = has_mass ? fmin(p / law[y], 1.0) : 0.5 * (tables->lower[cell] + tables->upper[cell]);
        const double bound = tables->intercept[cell] * law[y] + tables->slope[cell] * p + fmax(jensen, 0.0);
        search->place[cell] = t;
        search->cell_error[cell] = has_mass && !instance->minimise_label ? law[y] * core_phi(t) - bound : 0.0;
        /* A row P - t P_Y <= 0 with dual y is worth |y| P_Y a unit of the posterior, and P_Y is at least its lower end;
         * of two rows the greater counts, since each bounds by itself. */
        const double above = lp->dual[lp->posterior0 + cell], below = lp->dual[lp->posterior0 + lp->cells + cell];
        search->cell_dual[cell] = (fabs(above) > fabs(below) ? above : below) * instance->law_lower[y];
    }
}

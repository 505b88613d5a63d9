/* The label without the seed: H(S,Y) = sum over (s, y) of phi(Q(s, y)) with Q(s, y) = sum over x of p(s|x) P(x, y),
 * as a limit H(S,Y) <= C + H(Y), or as the objective.
 *
 * The limit is reverse convex.  On an interval that holds Q(s, y), phi lies above its secant: the sum of the secants
 * is one linear row over the cells, which every feasible coupling of the box meets.  phi lies below each of its
 * tangents: the sum of the tangents at a coupling is a linear row, and what meets it is feasible.  Nodes have the
 * former, the local search the latter.
 */
#include "tree/search.h"

/* Intervals of less width have a tangent in place of a secant. */
static const double NARROW = 1e-13;
/* What the sums that bound Q(s, y) are off by at most; intervals grow by it. */
static const double ROUNDING = 1e-14;
/* Tangents are taken at no less: their slope is infinite at 0. */
static const double SMALLEST_TANGENT = 1e-13;

/* Q(s, y) of a coupling, shape (s, m). */
static void joint_law(const mb_instance *instance, const double *coupling, double *joint) {
    const int m = instance->m;
    memset(joint, 0, sizeof(double) * (size_t)(instance->labels * m));
    for (int x = 0; x < instance->n; x++)
        for (int s = 0; s < instance->labels; s++)
            for (int y = 0; y < m; y++)
                joint[s * m + y] += instance->channel[x * instance->labels + s] * coupling[x * m + y];
}

double mb_label_entropy(const mb_instance *instance, const double *coupling) {
    double joint[MB_MAX_LABELS * MB_MAX_LETTERS], total = 0.0;
    joint_law(instance, coupling, joint);
    for (int i = 0; i < instance->labels * instance->m; i++) total += core_phi(joint[i]);
    return instance->free_law ? total - mb_law_entropy(instance, coupling) : total;
}

/* The derivative of H(S,Y) by every cell. */
void mb_label_gradient(const mb_instance *instance, const double *coupling, double *gradient) {
    const int m = instance->m;
    double joint[MB_MAX_LABELS * MB_MAX_LETTERS];
    joint_law(instance, coupling, joint);
    for (int i = 0; i < instance->labels * m; i++) joint[i] = -log2(fmax(joint[i], 1e-9)) - CORE_LOG2_E;
    for (int x = 0; x < instance->n; x++)
        for (int y = 0; y < m; y++) {
            double total = 0.0;
            for (int s = 0; s < instance->labels; s++)
                total += instance->channel[x * instance->labels + s] * joint[s * m + y];
            gradient[x * m + y] = total;
        }
    if (instance->free_law) mb_law_gradient(instance, coupling, gradient);
}

/* The least Q(s, y) in a box, the column summing to p_Y(y): mass goes to the letters of least p(s|x) first; with
 * `sign` -1 the greatest. */
static double extreme(const mb_instance *instance, const double *lower, const double *upper, int s, int y, int sign) {
    const int n = instance->n, m = instance->m;
    const unsigned char *order = instance->channel_order + (size_t)s * (size_t)n;
    double total = 0.0, rest = instance->p_y[y];
    for (int x = 0; x < n; x++) {
        total += instance->channel[x * instance->labels + s] * lower[x * m + y];
        rest -= lower[x * m + y];
    }
    for (int i = 0; i < n && rest > 0.0; i++) {
        const int x = order[sign > 0 ? i : n - 1 - i];
        const double part = fmin(rest, upper[x * m + y] - lower[x * m + y]);
        total += instance->channel[x * instance->labels + s] * part;
        rest -= part;
    }
    return total;
}

/* Secants of phi on the intervals of Q(s, y) that a box leaves; the sum of their intercepts. */
static double set_secants(mb_search *search, const double *lower, const double *upper) {
    const mb_instance *instance = &search->instance;
    double constant = 0.0;
    for (int s = 0; s < instance->labels; s++)
        for (int y = 0; y < instance->m; y++) {
            const double low = fmax(extreme(instance, lower, upper, s, y, 1) - ROUNDING, 0.0);
            const double high = fmin(extreme(instance, lower, upper, s, y, -1) + ROUNDING, 1.0);
            const double phi_low = core_phi(low), phi_high = core_phi(high), width = high - low;
            const double slope =
                width > NARROW ? (phi_high - phi_low) / width : -log2(fmax(high, SMALLEST_TANGENT)) - CORE_LOG2_E;
            const int i = s * instance->m + y;
            search->label_slope[i] = slope;
            search->label_intercept[i] = fmin(phi_low - slope * low, phi_high - slope * high);
            constant += search->label_intercept[i];
        }
    return constant;
}

/* sum over s of slope(s, y) p(s|x): what a unit of a cell adds.  Where the law of Y varies intercepts are what a unit
 * of P_Y(y) adds; NULL for none. */
static void cell_slopes(const mb_instance *instance, const double *slope, const double *intercept, double *cells) {
    const int m = instance->m;
    for (int x = 0; x < instance->n; x++)
        for (int y = 0; y < m; y++) {
            double total = 0.0;
            for (int s = 0; s < instance->labels; s++) {
                total += instance->channel[x * instance->labels + s] * slope[s * m + y];
                if (intercept) total += intercept[s * m + y];
            }
            cells[x * m + y] = total;
        }
}

/* The row sum of slopes * Q <= rest of a linear program.  Columns of the coupling have given sums, so a constant of
 * each is taken out (of all together where the law of Y varies); the rest is scaled to coefficients of at most 1. */
static void set_row(mb_search *search, mb_simplex *lp, const double *slope, const double *intercept, double rest) {
    const mb_instance *instance = &search->instance;
    const int n = instance->n, m = instance->m;
    double *row = lp->linear + (size_t)(lp->joint_row - lp->linear0) * (size_t)lp->cells, largest = 0.0;
    cell_slopes(instance, slope, intercept, row);
    if (instance->free_law) {
        double least = row[0];
        for (int cell = 1; cell < lp->cells; cell++) least = fmin(least, row[cell]);
        for (int cell = 0; cell < lp->cells; cell++) largest = fmax(largest, row[cell] -= least);
        rest -= least;
    }
    for (int y = 0; y < m && !instance->free_law; y++) {
        double least = row[y];
        for (int x = 1; x < n; x++) least = fmin(least, row[x * m + y]);
        for (int x = 0; x < n; x++) largest = fmax(largest, row[x * m + y] -= least);
        rest -= least * instance->p_y[y];
    }
    const double scale = fmax(largest, 1e-9);
    for (int cell = 0; cell < lp->cells; cell++) row[cell] /= scale;
    lp->joint_scale = scale;
    lp->upper[lp->joint_row] = fmin(fmax(rest / scale, -0.5 * MB_WIDE), MB_WIDE);
}

/* The node's row for a box, relaxed by the slack. */
void mb_label_secants(mb_search *search, const double *lower, const double *upper) {
    const mb_instance *instance = &search->instance;
    const double constant = set_secants(search, lower, upper), limit = instance->joint_limit + instance->joint_slack;
    if (instance->free_law)
        set_row(search, &search->node_lp, search->label_slope, search->label_intercept, limit);
    else
        set_row(search, &search->node_lp, search->label_slope, NULL, limit - constant);
}

/* The objective H(S,Y) from below on a box: slopes over cells; returns the constant. */
double mb_label_cost(mb_search *search, const double *lower, const double *upper, double *cost) {
    const double constant = set_secants(search, lower, upper);
    const int free_law = search->instance.free_law;
    cell_slopes(&search->instance, search->label_slope, free_law ? search->label_intercept : NULL, cost);
    return free_law ? 0.0 : constant;
}

/* The local search's row: tangents at a coupling, or no row where it is NULL. */
void mb_label_tangents(mb_search *search, const double *coupling) {
    const mb_instance *instance = &search->instance;
    double joint[MB_MAX_LABELS * MB_MAX_LETTERS], rest = instance->joint_limit;
    if (!coupling) {
        search->vertex_lp.upper[search->vertex_lp.joint_row] = MB_WIDE;
        return;
    }
    joint_law(instance, coupling, joint);
    if (instance->free_law) {
        /* H(S|Y) is concave and homogeneous: its tangent is the surprise of the posteriors, without a constant. */
        for (int y = 0; y < instance->m; y++) {
            double law = 0.0;
            for (int x = 0; x < instance->n; x++) law += coupling[x * instance->m + y];
            for (int s = 0; s < instance->labels; s++) {
                const int i = s * instance->m + y;
                joint[i] =
                    law > SMALLEST_TANGENT ? -log2(fmax(joint[i] / law, SMALLEST_TANGENT)) : log2(instance->labels);
            }
        }
        set_row(search, &search->vertex_lp, joint, NULL, rest);
        return;
    }
    for (int i = 0; i < instance->labels * instance->m; i++) {
        const double at = fmax(joint[i], SMALLEST_TANGENT);
        joint[i] = -log2(at) - CORE_LOG2_E;
        rest -= at * CORE_LOG2_E;
    }
    set_row(search, &search->vertex_lp, joint, NULL, rest);
}

/* Adds to the cells' errors what the secants of the label are off by at the point, shared out by what each cell adds
 * to the width of Q(s, y). */
void mb_label_errors(const mb_search *search, const double *lower, const double *upper, double *error) {
    const mb_instance *instance = &search->instance;
    const int n = instance->n, m = instance->m;
    double joint[MB_MAX_LABELS * MB_MAX_LETTERS], weight = 1.0;
    double law[MB_MAX_LETTERS];
    joint_law(instance, search->point, joint);
    for (int y = 0; y < m; y++) {
        law[y] = 0.0;
        for (int x = 0; x < n; x++) law[y] += search->point[x * m + y];
    }
    if (!instance->minimise_label) {
        const mb_simplex *lp = &search->node_lp;
        if (mb_label_entropy(instance, search->point) <= instance->joint_limit) return;
        weight = fmax(fabs(lp->dual[lp->joint_row]) / lp->joint_scale, 1.0);
    }
    for (int s = 0; s < instance->labels; s++)
        for (int y = 0; y < m; y++) {
            const int i = s * m + y;
            /* Where the law of Y varies, of the posterior, and times the mass of its letter. */
            const double unit = instance->free_law ? law[y] : 1.0, at = unit > 0.0 ? joint[i] / unit : 0.0;
            const double off = unit * (core_phi(at) - search->label_intercept[i] - search->label_slope[i] * at);
            double width = 1e-300;
            for (int x = 0; x < n; x++)
                width += instance->channel[x * instance->labels + s] * (upper[x * m + y] - lower[x * m + y]);
            for (int x = 0; x < n; x++)
                error[x * m + y] += weight * off * instance->channel[x * instance->labels + s] *
                                    (upper[x * m + y] - lower[x * m + y]) / width;
        }
}

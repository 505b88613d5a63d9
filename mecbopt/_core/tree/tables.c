/* Static tables of a problem, and the secant and column Jensen tables of a box.
 *
 * Column Jensen bound: with beta_k = w_k q_k(y) / p_Y(y), sum_k beta_k = 1 by the marginal, and P(x, y) is the
 * beta-mean of the atoms v_k(x) = p_Y(y) p_X(x) [x in A_k] / p_X(A_k).  For any concave g with g <= phi on the
 * box [l, u], where P lies,
 *     phi(P(x, y)) >= g(P(x, y)) >= sum_k w_k (p_X(A_k) / p_Y(y)) g(v_k(x)),
 * linear in w, with coefficients that depend on (x, y, A_k) only.  Mappings with A_k empty drop out.  Here g is
 * phi on a touching interval [from, to] in the box, the chords to the ends of the box beside it, and straight
 * on outside: [l, u] gives the curve with its end tangents, one point two chords with a kink.
 */
#include "tree/tables.h"

int mb_instance_build(mb_instance *instance, int n, int m, const double *p_x, const double *p_y, double rate, int s,
                      const double *p_s_given_x, const double *label_table, double label_limit) {
    const int subsets = 1 << n;
    instance->n = n;
    instance->m = m;
    instance->cells = n * m;
    instance->subsets = subsets;
    memcpy(instance->p_x, p_x, sizeof(double) * (size_t)n);
    memcpy(instance->p_y, p_y, sizeof(double) * (size_t)m);
    memcpy(instance->law_lower, p_y, sizeof(double) * (size_t)m);
    memcpy(instance->law_upper, p_y, sizeof(double) * (size_t)m);
    instance->rate = rate;
    instance->label_limit = s > 0 ? label_limit : MB_INFINITY;
    instance->mass = core_calloc((size_t)subsets, sizeof(double));
    instance->entropy_term = core_calloc((size_t)subsets, sizeof(double));
    instance->label_term = core_calloc((size_t)subsets, sizeof(double));
    instance->spread = core_calloc((size_t)subsets, sizeof(uint64_t));
    instance->log_mass = core_calloc((size_t)subsets, sizeof(double));
    if (!instance->mass || !instance->entropy_term || !instance->label_term || !instance->spread || !instance->log_mass)
        return MB_NO_MEMORY;
    int digit = 1; /* bits that name a letter of Y */
    while (1 << digit < m) digit++;
    for (int x = 0; x < n; x++)
        for (int set = 0; set < 1 << x; set++)
            instance->spread[(1 << x) + set] = instance->spread[set] | (uint64_t)1 << (digit * x);
    mb_sums_over_sets(n, p_x, 1, instance->mass);
    for (int label = 0; label < s && !label_table; label++) {
        double parts[MB_MAX_LETTERS], *part = instance->log_mass;
        for (int x = 0; x < n; x++) parts[x] = p_x[x] * p_s_given_x[x * s + label];
        mb_sums_over_sets(n, parts, 1, part);
        for (int set = 1; set < subsets; set++) instance->label_term[set] += core_phi(part[set]);
    }
    for (int set = 1; set < subsets; set++) {
        const double mass = instance->mass[set], entropy = core_phi(mass);
        instance->log_mass[set] = log2(mass);
        /* The full set has mass 1 up to rounding; its entropy is zero exactly. */
        instance->entropy_term[set] = set == subsets - 1 ? 0.0 : entropy;
        if (label_table)
            instance->label_term[set] = label_table[set];
        else if (s > 0)
            instance->label_term[set] -= entropy;
    }
    instance->log_mass[0] = 0.0;
    for (int x = 0; x < n; x++)
        for (int y = 0; y < m; y++) instance->log_cell[x * m + y] = log2(p_x[x] * p_y[y]);
    return 0;
}

/* A law of Y between two ends; the tables were built for masses of 1. */
void mb_instance_law(mb_instance *instance, const double *lower, const double *upper) {
    instance->free_law = 1;
    memcpy(instance->law_lower, lower, sizeof(double) * (size_t)instance->m);
    memcpy(instance->law_upper, upper, sizeof(double) * (size_t)instance->m);
}

/* Rows on the coupling itself, beside rate and label. */
int mb_instance_linear(mb_instance *instance, int count, const double *linear, const double *lower,
                       const double *upper) {
    const size_t rows = (size_t)count, cells = (size_t)instance->cells;
    if (count == 0) return 0;
    instance->linear = core_malloc(sizeof(double) * rows * cells);
    instance->linear_lower = core_malloc(sizeof(double) * rows);
    instance->linear_upper = core_malloc(sizeof(double) * rows);
    if (!instance->linear || !instance->linear_lower || !instance->linear_upper) return MB_NO_MEMORY;
    memcpy(instance->linear, linear, sizeof(double) * rows * cells);
    memcpy(instance->linear_lower, lower, sizeof(double) * rows);
    memcpy(instance->linear_upper, upper, sizeof(double) * rows);
    instance->linear_count = count;
    return 0;
}

/* A label without the seed: H(S,Y) is limited, or the objective where `minimise` is set. */
int mb_instance_unseen(mb_instance *instance, int labels, const double *channel, double limit, double slack,
                       int minimise) {
    const int n = instance->n;
    instance->joint_limit = limit;
    instance->joint_slack = slack;
    instance->minimise_label = minimise;
    instance->has_joint_row = !minimise && limit < MB_INFINITY;
    if (!minimise && !instance->has_joint_row) return 0;
    instance->channel = core_malloc(sizeof(double) * (size_t)(n * labels));
    instance->channel_order = core_malloc((size_t)(n * labels));
    if (!instance->channel || !instance->channel_order) return MB_NO_MEMORY;
    instance->labels = labels;
    memcpy(instance->channel, channel, sizeof(double) * (size_t)(n * labels));
    for (int s = 0; s < labels; s++) {
        unsigned char *order = instance->channel_order + (size_t)s * (size_t)n;
        for (int x = 0; x < n; x++) {
            int place = x;
            for (; place > 0 && channel[order[place - 1] * labels + s] > channel[x * labels + s]; place--)
                order[place] = order[place - 1];
            order[place] = (unsigned char)x;
        }
    }
    return 0;
}

void mb_instance_free(mb_instance *instance) {
    core_free(instance->mass);
    core_free(instance->entropy_term);
    core_free(instance->label_term);
    core_free(instance->spread);
    core_free(instance->log_mass);
    core_free(instance->linear);
    core_free(instance->channel);
    core_free(instance->channel_order);
    core_free(instance->linear_lower);
    core_free(instance->linear_upper);
}

/* A point of the curve.  Logarithms are half the work of a box's tables, so every one is taken once. */
typedef struct {
    double at, log, phi;
} curve_point;

static curve_point with_log(double at, double log) { return (curve_point){at, log, at > 0.0 ? -at * log : 0.0}; }

static curve_point curve_at(double at) { return with_log(at, at > 0.0 ? log2(at) : 0.0); }

static curve_point in_box(double at, curve_point low, curve_point high) {
    return at == low.at ? low : at == high.at ? high : curve_at(at);
}

static double tangent(curve_point point) { return point.at > 0.0 ? -point.log - CORE_LOG2_E : 0.0; }

/* What two values of phi, of at most .54 bits, may be off by together.  A chord over a short gap magnifies it, and
 * slopes may be wrong to one side alone: any greater one on the left and any smaller one on the right keeps the bound
 * concave and below phi on the box (lemma rounded_jensen). */
static const double PHI_ROUNDING = 5e-16;

static mb_concave concave_of(curve_point low, curve_point high, curve_point from, curve_point to) {
    mb_concave g = {from.at, to.at, 0.0, 0.0, 0.0, 0.0};
    if (from.at - low.at > 1e-12)
        g.left_slope = (from.phi - low.phi + PHI_ROUNDING) / (from.at - low.at);
    else
        g.left_slope = tangent(from);
    if (high.at - to.at > 1e-12)
        g.right_slope = (high.phi - to.phi - PHI_ROUNDING) / (high.at - to.at);
    else
        g.right_slope = tangent(to);
    g.left_zero = from.phi - g.left_slope * from.at;
    g.right_zero = to.phi - g.right_slope * to.at;
    return g;
}

static double concave_at(const mb_concave *g, double v, double phi_v) {
    if (v < g->from) return g->left_zero + g->left_slope * v;
    return v <= g->to ? phi_v : g->right_zero + g->right_slope * v;
}

/* A mass that no set exceeds. */
static const double BEYOND = 2.0;

/* One cell's Jensen row, less the secant's slope (so that it reads "excess <= intercept").  The atom of a set of mass
 * M is c / M with c = p_X(x) p_Y(y), so that M g(c / M) is a line in M beside the curve, and c (log2 M - log2 c) on
 * it. */
static void set_jensen(mb_tables *tables, const mb_instance *instance, int x, int y, int cell) {
    const curve_point low = with_log(tables->lower[cell], tables->lower_log[cell]);
    const curve_point high = with_log(tables->upper[cell], tables->upper_log[cell]);
    const mb_concave g =
        concave_of(low, high, in_box(tables->touch_from[cell], low, high), in_box(tables->touch_to[cell], low, high));
    const double per_mass = 1.0 / instance->p_y[y], secant = tables->slope[cell] * instance->p_x[x];
    const double c = instance->p_x[x] * instance->p_y[y], of_law = instance->free_law ? tables->intercept[cell] : 0.0;
    mb_jensen *row = &tables->jensen[cell];
    row->outside = concave_at(&g, 0.0, 0.0) * per_mass - of_law;
    row->right_end = g.to > 0.0 ? c / g.to : BEYOND;
    row->left_end = g.from > 0.0 ? c / g.from : BEYOND;
    row->right[0] = g.right_zero * per_mass - of_law;
    row->right[1] = g.right_slope * c * per_mass - secant;
    row->left[0] = g.left_zero * per_mass - of_law;
    row->left[1] = g.left_slope * c * per_mass - secant;
    row->middle[0] = -of_law;
    row->middle[1] = -c * per_mass * instance->log_cell[cell] - secant;
    row->middle[2] = c * per_mass;
}

/* Posteriors of letters of Y with less mass say nothing. */
static const double SMALLEST_LAW = 1e-12;

/* The touching interval of a cell that makes the most of a mixture: `sets` and `weights` of `count` mappings.
 * Returns by how much it lifts the Jensen bound above the better of the present one and the secant. */
double mb_best_touch(const mb_tables *tables, const mb_instance *instance, int cell, int count, const mb_set *sets,
                     const double *weights, double *from, double *to) {
    const int x = cell / instance->m, y = cell - x * instance->m;
    const curve_point low = with_log(tables->lower[cell], tables->lower_log[cell]);
    const curve_point high = with_log(tables->upper[cell], tables->upper_log[cell]);
    double p = 0.0, law = 0.0;
    for (int i = 0; i < count; i++) {
        law += weights[i] * instance->mass[sets[i]];
        if (sets[i] >> x & 1) p += weights[i] * instance->p_x[x];
    }
    if (!instance->free_law) law = instance->p_y[y];
    if (law <= SMALLEST_LAW) return 0.0;
    if (instance->free_law) p /= law;
    const curve_point inside = in_box(fmin(fmax(p, low.at), high.at), low, high);
    const curve_point center = in_box(fmin(fmax(instance->p_x[x] * instance->p_y[y], low.at), high.at), low, high);
    const curve_point choice[6][2] = {
        {in_box(tables->touch_from[cell], low, high), in_box(tables->touch_to[cell], low, high)},
        {low, high},
        {center, center},
        {inside, inside},
        {inside, high},
        {low, inside}};
    double present = tables->intercept[cell] + tables->slope[cell] * p, best = 0.0;
    mb_concave g[6];
    double values[6] = {0.0}, at_zero[6], without = 0.0;
    for (int option = 0; option < 6; option++) {
        g[option] = concave_of(low, high, choice[option][0], choice[option][1]);
        at_zero[option] = concave_at(&g[option], 0.0, 0.0);
    }
    for (int i = 0; i < count; i++) {
        const double mass = instance->mass[sets[i]], share = weights[i] * mass;
        if (!(sets[i] >> x & 1)) {
            without += share;
            continue;
        }
        const double atom = instance->p_x[x] * instance->p_y[y] / mass;
        const double atom_phi = atom * (instance->log_mass[sets[i]] - instance->log_cell[cell]);
        for (int option = 0; option < 6; option++) values[option] += share * concave_at(&g[option], atom, atom_phi);
    }
    for (int option = 0; option < 6; option++) {
        const double value = (values[option] + without * at_zero[option]) / law;
        if (option == 0) {
            *from = choice[0][0].at;
            *to = choice[0][1].at;
            present = fmax(present, value);
        } else if (value - present > best) {
            best = value - present;
            *from = choice[option][0].at;
            *to = choice[option][1].at;
        }
    }
    return instance->free_law ? best * law : best;
}

void mb_tables_set(mb_tables *tables, const mb_instance *instance, const double *lower, const double *upper,
                   const double *touch_from, const double *touch_to) {
    for (int x = 0; x < instance->n; x++)
        for (int y = 0; y < instance->m; y++) {
            const int cell = x * instance->m + y;
            const double low = lower[cell], high = upper[cell];
            /* A touching interval that left the box says nothing more: back to the whole curve. */
            double from = fmax(touch_from[cell], low), to = fmin(touch_to[cell], high);
            if (from > to || from >= high - 1e-12 || to <= low + 1e-12) from = low, to = high;
            if (tables->valid && low == tables->lower[cell] && high == tables->upper[cell] &&
                from == tables->touch_from[cell] && to == tables->touch_to[cell])
                continue;
            const curve_point low_end = curve_at(low), high_end = curve_at(high);
            tables->lower[cell] = low;
            tables->upper[cell] = high;
            tables->lower_log[cell] = low_end.log;
            tables->upper_log[cell] = high_end.log;
            tables->touch_from[cell] = from;
            tables->touch_to[cell] = to;
            /* A box of no width has no secant; the tangent at its point is as valid and as tight. */
            const double width = high - low;
            double slope;
            if (width > 1e-13)
                slope = (high_end.phi - low_end.phi) / width;
            else
                slope = tangent(high_end);
            tables->slope[cell] = slope;
            /* The lesser of the two ends: rounding in the slope can then never lift the secant above phi. */
            const double at_low = low_end.phi - slope * low, at_high = high_end.phi - slope * high;
            tables->intercept[cell] = width > 1e-13 && at_high < at_low ? at_high : at_low;
            tables->changed[cell] = 1;
            if (tables->with_jensen) set_jensen(tables, instance, x, y, cell);
        }
    tables->valid = 1;
}

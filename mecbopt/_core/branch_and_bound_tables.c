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
#include "branch_and_bound_internal.h"

static const double LOG2_E = 1.4426950408889634074;

double mb_phi(double p) { return p > 0.0 ? -p * log2(p) : 0.0; }

int mb_instance_build(mb_instance *instance, int n, int m, const double *p_x, const double *p_y, double rate,
                      int s, const double *p_s_given_x, double label_limit) {
    const int subsets = 1 << n;
    instance->n = n;
    instance->m = m;
    instance->cells = n * m;
    instance->subsets = subsets;
    memcpy(instance->p_x, p_x, sizeof(double) * (size_t)n);
    memcpy(instance->p_y, p_y, sizeof(double) * (size_t)m);
    instance->rate = rate;
    instance->label_limit = s > 0 ? label_limit : MB_INFINITY;
    instance->mass = calloc((size_t)subsets, sizeof(double));
    instance->entropy_term = calloc((size_t)subsets, sizeof(double));
    instance->label_term = calloc((size_t)subsets, sizeof(double));
    instance->spread = calloc((size_t)subsets, sizeof(uint64_t));
    const size_t table = (size_t)instance->cells * (size_t)subsets;
    instance->atom = calloc(table, sizeof(double));
    instance->atom_phi = calloc(table, sizeof(double));
    if (!instance->mass || !instance->entropy_term || !instance->label_term || !instance->spread ||
        !instance->atom || !instance->atom_phi)
        return MB_NO_MEMORY;
    for (int set = 1; set < subsets; set++) {
        double mass = 0.0;
        uint64_t spread = 0;
        for (int x = 0; x < n; x++)
            if (set >> x & 1) {
                mass += p_x[x];
                spread |= (uint64_t)1 << (4 * x);
            }
        instance->mass[set] = mass;
        instance->spread[set] = spread;
        /* The full set has mass 1 up to rounding; its entropy is zero exactly. */
        instance->entropy_term[set] = set == subsets - 1 ? 0.0 : mb_phi(mass);
        double joint = 0.0;
        for (int label = 0; label < s; label++) {
            double part = 0.0;
            for (int x = 0; x < n; x++)
                if (set >> x & 1) part += p_x[x] * p_s_given_x[x * s + label];
            joint += mb_phi(part);
        }
        instance->label_term[set] = s > 0 ? joint - mb_phi(mass) : 0.0;
    }
    for (int y = 0; y < m; y++)
        for (int x = 0; x < n; x++) {
            const size_t base = (size_t)(y * n + x) * (size_t)subsets;
            for (int set = 1; set < subsets; set++)
                if (set >> x & 1) {
                    const double atom = p_y[y] * p_x[x] / instance->mass[set];
                    instance->atom[base + (size_t)set] = atom;
                    instance->atom_phi[base + (size_t)set] = mb_phi(atom);
                }
        }
    return 0;
}

void mb_instance_free(mb_instance *instance) {
    free(instance->mass);
    free(instance->entropy_term);
    free(instance->label_term);
    free(instance->spread);
    free(instance->atom);
    free(instance->atom_phi);
}

int mb_tables_build(mb_tables *tables, const mb_instance *instance, int with_jensen) {
    tables->with_jensen = with_jensen;
    tables->valid = 0;
    tables->excess = NULL;
    if (!with_jensen) return 0;
    tables->excess = calloc((size_t)instance->cells * (size_t)instance->subsets, sizeof(double));
    return tables->excess ? 0 : MB_NO_MEMORY;
}

void mb_tables_free(mb_tables *tables) { free(tables->excess); }

/* The concave function g of one cell's Jensen row, and its value at an atom. */
typedef struct {
    double from, to;                               /* the curve phi itself in between */
    double left_slope, left_zero;                  /* the line below `from` */
    double right_slope, right_zero;                /* the line above `to` */
} concave_bound;

static concave_bound concave_of(double low, double high, double from, double to) {
    concave_bound g = {from, to, 0.0, 0.0, 0.0, 0.0};
    const double phi_from = mb_phi(from), phi_to = mb_phi(to);
    if (from - low > 1e-12) g.left_slope = (phi_from - mb_phi(low)) / (from - low);
    else g.left_slope = from > 0.0 ? -log2(from) - LOG2_E : 0.0;
    if (high - to > 1e-12) g.right_slope = (mb_phi(high) - phi_to) / (high - to);
    else g.right_slope = to > 0.0 ? -log2(to) - LOG2_E : 0.0;
    g.left_zero = phi_from - g.left_slope * from;
    g.right_zero = phi_to - g.right_slope * to;
    return g;
}

static double concave_at(const concave_bound *g, double v, double phi_v) {
    if (v < g->from) return g->left_zero + g->left_slope * v;
    return v <= g->to ? phi_v : g->right_zero + g->right_slope * v;
}

/* One cell's row of the Jensen table, less the secant's slope (so that the row reads "excess <= intercept"). */
static void set_jensen(mb_tables *tables, const mb_instance *instance, int x, int y, int cell) {
    const int subsets = instance->subsets;
    const size_t base = (size_t)(y * instance->n + x) * (size_t)subsets;
    const double *atom = instance->atom + base, *atom_phi = instance->atom_phi + base;
    double *excess = tables->excess + base;
    const concave_bound g =
        concave_of(tables->lower[cell], tables->upper[cell], tables->touch_from[cell], tables->touch_to[cell]);
    const double per_mass = 1.0 / instance->p_y[y], secant = tables->slope[cell] * instance->p_x[x];
    const double outside = concave_at(&g, 0.0, 0.0) * per_mass;
    for (int set = 1; set < subsets; set++) {
        const double mass = instance->mass[set];
        if (set >> x & 1) excess[set] = mass * per_mass * concave_at(&g, atom[set], atom_phi[set]) - secant;
        else excess[set] = mass * outside;
    }
}

/* The touching interval of a cell that makes the most of a mixture: `sets` and `weights` of `count` mappings.
 * Returns by how much it lifts the Jensen bound above the better of the present one and the secant. */
double mb_best_touch(const mb_tables *tables, const mb_instance *instance, int cell, int count,
                     const uint16_t *sets, const double *weights, double *from, double *to) {
    const int x = cell / instance->m, y = cell - x * instance->m;
    const size_t base = (size_t)(y * instance->n + x) * (size_t)instance->subsets;
    const double low = tables->lower[cell], high = tables->upper[cell];
    double p = 0.0;
    for (int i = 0; i < count; i++)
        if (sets[i] >> x & 1) p += weights[i] * instance->p_x[x];
    const double inside = fmin(fmax(p, low), high), center = fmin(fmax(instance->p_x[x] * instance->p_y[y], low), high);
    const double choice[6][2] = {{tables->touch_from[cell], tables->touch_to[cell]}, {low, high}, {center, center},
                                 {inside, inside}, {inside, high}, {low, inside}};
    double present = tables->intercept[cell] + tables->slope[cell] * p, best = 0.0;
    for (int option = 0; option < 6; option++) {
        const concave_bound g = concave_of(low, high, choice[option][0], choice[option][1]);
        double value = 0.0;
        for (int i = 0; i < count; i++) {
            const size_t at = base + sets[i];
            value += weights[i] * instance->mass[sets[i]] * concave_at(&g, instance->atom[at], instance->atom_phi[at]);
        }
        value /= instance->p_y[y];
        if (option == 0) {
            *from = choice[0][0];
            *to = choice[0][1];
            present = fmax(present, value);
        } else if (value - present > best) {
            best = value - present;
            *from = choice[option][0];
            *to = choice[option][1];
        }
    }
    return best;
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
            tables->lower[cell] = low;
            tables->upper[cell] = high;
            tables->touch_from[cell] = from;
            tables->touch_to[cell] = to;
            /* A box of no width has no secant; the tangent at its point is as valid and as tight. */
            const double width = high - low;
            double slope;
            if (width > 1e-13) slope = (mb_phi(high) - mb_phi(low)) / width;
            else slope = high > 0.0 ? -log2(high) - LOG2_E : 0.0;
            tables->slope[cell] = slope;
            /* The lesser of the two ends: rounding in the slope can then never lift the secant above phi. */
            const double at_low = mb_phi(low) - slope * low, at_high = mb_phi(high) - slope * high;
            tables->intercept[cell] = width > 1e-13 && at_high < at_low ? at_high : at_low;
            if (tables->with_jensen) set_jensen(tables, instance, x, y, cell);
        }
    tables->valid = 1;
}

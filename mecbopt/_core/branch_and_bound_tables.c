/* Static tables of a problem, and the secant and column Jensen tables of a box.
 *
 * Column Jensen bound: with beta_k = w_k q_k(y) / p_Y(y), sum_k beta_k = 1 by the marginal, and P(x, y) is the
 * beta-mean of the atoms v_k(x) = p_Y(y) p_X(x) [x in A_k] / p_X(A_k).  On a box [l, u] let phi~ be phi inside
 * and its end tangents outside: concave, and equal to phi where P lies.  Hence
 *     phi(P(x, y)) >= sum_k w_k (p_X(A_k) / p_Y(y)) phi~(v_k(x)),
 * linear in w, with coefficients that depend on (x, y, A_k) only.  Mappings with A_k empty drop out.
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

/* One cell's row of the Jensen table, less the secant's slope (so that the row reads "excess <= intercept"). */
static void set_jensen(mb_tables *tables, const mb_instance *instance, int x, int y, double low, double high,
                       double slope) {
    const int subsets = instance->subsets;
    const size_t base = (size_t)(y * instance->n + x) * (size_t)subsets;
    const double *atom = instance->atom + base, *atom_phi = instance->atom_phi + base;
    double *excess = tables->excess + base;
    /* End tangents of phi at t: phi(t) + phi'(t)(v - t) = -v log2 t + (t - v) log2 e. */
    const double log_low = low > 0.0 ? log2(low) + LOG2_E : 0.0;
    const double log_high = high > 0.0 ? log2(high) + LOG2_E : 0.0;
    const double per_mass = 1.0 / instance->p_y[y], outside = low * LOG2_E * per_mass;
    const double secant = slope * instance->p_x[x];
    for (int set = 1; set < subsets; set++) {
        const double mass = instance->mass[set];
        if (!(set >> x & 1)) {
            excess[set] = mass * outside;
            continue;
        }
        const double v = atom[set];
        double value;
        if (v < low) value = low * LOG2_E - v * log_low;
        else if (v <= high) value = atom_phi[set];
        else value = high > 0.0 ? high * LOG2_E - v * log_high : 0.0;
        excess[set] = mass * per_mass * value - secant;
    }
}

void mb_tables_set(mb_tables *tables, const mb_instance *instance, const double *lower, const double *upper) {
    for (int x = 0; x < instance->n; x++)
        for (int y = 0; y < instance->m; y++) {
            const int cell = x * instance->m + y;
            const double low = lower[cell], high = upper[cell];
            if (tables->valid && low == tables->lower[cell] && high == tables->upper[cell]) continue;
            tables->lower[cell] = low;
            tables->upper[cell] = high;
            /* A box of no width has no secant; the tangent at its point is as valid and as tight. */
            const double width = high - low;
            double slope;
            if (width > 1e-13) slope = (mb_phi(high) - mb_phi(low)) / width;
            else slope = high > 0.0 ? -log2(high) - LOG2_E : 0.0;
            tables->slope[cell] = slope;
            /* The lesser of the two ends: rounding in the slope can then never lift the secant above phi. */
            const double at_low = mb_phi(low) - slope * low, at_high = mb_phi(high) - slope * high;
            tables->intercept[cell] = width > 1e-13 && at_high < at_low ? at_high : at_low;
            if (tables->with_jensen) set_jensen(tables, instance, x, y, low, high, slope);
        }
    tables->valid = 1;
}

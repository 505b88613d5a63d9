/* Memory, columns and random numbers of the local search, and a quick p log p. */
#include "local_search_internal.h"

/* log2 by a table over the leading 7 bits of the mantissa and a short series: the remainder r is below 2^-8, so
   the series is exact to rounding (r^7 / 7 < 2e-18), and the same on every machine. */
enum { TABLE_BITS = 7, TABLE_SIZE = 1 << TABLE_BITS };
static double table_inverse[TABLE_SIZE], table_log[TABLE_SIZE];

static void build_table(void) {
    for (int i = 0; i < TABLE_SIZE; i++) {
        const double centre = 1.0 + (i + 0.5) / TABLE_SIZE;
        table_inverse[i] = 1.0 / centre;
        table_log[i] = -log2(table_inverse[i]);
    }
}

static inline double phi(double p) {
    if (p < 1e-300) return 0.0;
    uint64_t bits;
    memcpy(&bits, &p, sizeof bits);
    const int exponent = (int)(bits >> 52) - 1023;
    const int index = (int)(bits >> (52 - TABLE_BITS)) & (TABLE_SIZE - 1);
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    double mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    const double r = mantissa * table_inverse[index] - 1.0;
    const double series =
        r * (1.0 - r * (1.0 / 2 - r * (1.0 / 3 - r * (1.0 / 4 - r * (1.0 / 5 - r * (1.0 / 6))))));
    return -p * (exponent + (table_log[index] + 1.4426950408889634 * series));
}

double ls_phi(double p) { return phi(p); }

double ls_phi_sum(const double *p, int count) {
    double total = 0.0;
    for (int i = 0; i < count; i++) total += phi(p[i]);
    return total;
}

/* splitmix64 (Steele, Lea and Flood 2014). */
uint64_t ls_random(ls_search *search) {
    uint64_t z = (search->random += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double ls_uniform(ls_search *search) { return (double)(ls_random(search) >> 11) * 0x1p-53; }

/* Box and Muller. */
double ls_normal(ls_search *search) {
    const double radius = sqrt(-2.0 * log(1.0 - ls_uniform(search)));
    return radius * cos(6.283185307179586 * ls_uniform(search));
}

/* Output law, rate and label entropy of a mapping. */
void ls_column(const ls_search *search, const ls_letter *mapping, double *column) {
    const int n = search->n, m = search->m, s = search->s;
    for (int y = 0; y < m; y++) column[y] = 0.0;
    for (int x = 0; x < n; x++) column[mapping[x]] += search->p_x[x];
    if (search->rate_row >= 0) column[search->rate_row] = ls_phi_sum(column, m);
    if (search->label_row >= 0) {
        double *joint = search->scratch;
        memset(joint, 0, sizeof(double) * (size_t)(m * s));
        for (int x = 0; x < n; x++)
            for (int i = 0; i < s; i++) joint[mapping[x] * s + i] += search->joint_label[x * s + i];
        column[search->label_row] = ls_phi_sum(joint, m * s) - ls_phi_sum(column, m);
    }
}

static double *doubles(size_t count) { return calloc(count ? count : 1, sizeof(double)); }

static int allocate(ls_search *search) {
    const size_t n = (size_t)search->n, m = (size_t)search->m, s = (size_t)search->s;
    const size_t r = (size_t)search->rows, cells = n * m;
    ls_letter **letter_arrays[] = {&search->letters, &search->start_letters, &search->best_letters,
                                   &search->found_letters, &search->trial, &search->blocks.mapping};
    const size_t letter_sizes[] = {r * n, r * n, r * n, n, n, n};
    for (size_t i = 0; i < sizeof letter_sizes / sizeof *letter_sizes; i++)
        if (!(*letter_arrays[i] = calloc(letter_sizes[i], sizeof(ls_letter)))) return -1;
    double **arrays[] = {&search->p_x,         &search->p_y,          &search->joint_label, &search->target,
                         &search->perturbed,   &search->columns,      &search->inverse,     &search->level,
                         &search->coupling,    &search->best_level,   &search->trial_column,
                         &search->trial_cells, &search->direction,    &search->scratch,     &search->cost,
                         &search->price,       &search->score,        &search->blocks.mass, &search->blocks.joint};
    const size_t sizes[] = {n, m, n * s, r, r, r * r, r * r, r, cells, r, r,
                            cells, r, 2 * r * r + m * (s + 1), cells, r, cells, m, m * s};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!(*arrays[i] = doubles(sizes[i]))) return -1;
    search->kind = calloc(r, 1);
    search->start_kind = calloc(r, 1);
    search->best_kind = calloc(r, 1);
    search->slack_row = calloc(r, sizeof(int));
    search->start_slack_row = calloc(r, sizeof(int));
    return search->kind && search->start_kind && search->best_kind && search->slack_row &&
                   search->start_slack_row
               ? 0
               : -1;
}

ls_search *ls_search_new(int n, int m, const double *p_x, const double *p_y, double rate, int s,
                         const double *p_s_given_x, double label_limit, uint64_t seed, int k,
                         const int32_t *mappings, const double *weights) {
    ls_search *search = calloc(1, sizeof *search);
    if (!search) return NULL;
    build_table();
    const int has_rate = isfinite(rate), has_label = s > 0 && isfinite(label_limit);
    search->n = n;
    search->m = m;
    search->s = has_label ? s : 0;
    search->cells = n * m;
    search->rate_row = has_rate ? m : -1;
    search->label_row = has_label ? m + has_rate : -1;
    search->rows = m + has_rate + has_label;
    search->random = seed;
    search->best = HUGE_VAL;
    search->phase = LS_DESCENT;
    if (allocate(search)) {
        ls_search_free(search);
        return NULL;
    }
    memcpy(search->p_x, p_x, sizeof(double) * (size_t)n);
    memcpy(search->p_y, p_y, sizeof(double) * (size_t)m);
    for (int x = 0; x < n; x++)
        for (int i = 0; i < search->s; i++) search->joint_label[x * s + i] = p_x[x] * p_s_given_x[x * s + i];
    memcpy(search->target, p_y, sizeof(double) * (size_t)m);
    if (has_rate) search->target[search->rate_row] = rate;
    if (has_label) search->target[search->label_row] = label_limit;
    if (ls_basis_from_support(search, k, mappings, weights)) {
        ls_search_free(search);
        return NULL;
    }
    ls_remember(search);
    ls_scan_restart(search);
    return search;
}

void ls_search_free(ls_search *search) {
    if (!search) return;
    void *arrays[] = {search->letters,     search->start_letters, search->best_letters, search->found_letters,
                      search->trial,       search->blocks.mapping, search->p_x,         search->p_y,
                      search->joint_label, search->target,        search->perturbed,    search->columns,
                      search->inverse,     search->level,         search->coupling,     search->best_level,
                      search->trial_column, search->trial_cells,  search->direction,    search->scratch,
                      search->cost,        search->price,         search->score,        search->blocks.mass,
                      search->blocks.joint, search->kind,         search->start_kind,   search->best_kind,
                      search->slack_row,   search->start_slack_row};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
    free(search);
}

/* Memory and columns of the local search. */
#include "pivots/internal.h"

double ls_phi_sum(const double *p, int count) {
    double total = 0.0;
    for (int i = 0; i < count; i++) total += core_phi_quick(p[i]);
    return total;
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

static double *doubles(size_t count) { return core_calloc(count ? count : 1, sizeof(double)); }

static int allocate(ls_search *search) {
    const size_t n = (size_t)search->n, m = (size_t)search->m, s = (size_t)search->s;
    const size_t r = (size_t)search->rows, cells = n * m;
    ls_letter **letter_arrays[] = {&search->letters,       &search->start_letters, &search->current_letters,
                                   &search->best_letters,  &search->found_letters, &search->trial,
                                   &search->blocks.mapping};
    const size_t letter_sizes[] = {r * n, r * n, r * n, r * n, n, n, n};
    for (size_t i = 0; i < sizeof letter_sizes / sizeof *letter_sizes; i++)
        if (!(*letter_arrays[i] = core_calloc(letter_sizes[i], sizeof(ls_letter)))) return -1;
    double **arrays[] = {&search->p_x,       &search->p_y,         &search->joint_label,  &search->target,
                         &search->perturbed, &search->columns,     &search->inverse,      &search->level,
                         &search->coupling,  &search->best_level,  &search->trial_column, &search->trial_cells,
                         &search->direction, &search->scratch,     &search->cost,         &search->price,
                         &search->score,     &search->blocks.mass, &search->blocks.joint};
    const size_t sizes[] = {n,     m, n * s,           r,     r, r * r, r * r, r,    cells, r, r,
                            cells, r, r + m * (s + 1), cells, r, cells, m,     m * s};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!(*arrays[i] = doubles(sizes[i]))) return -1;
    unsigned char **kinds[] = {&search->kind, &search->start_kind, &search->current_kind, &search->best_kind};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!(*kinds[i] = core_calloc(r, 1))) return -1;
    int **rows[] = {&search->slack_row, &search->start_slack_row, &search->current_slack_row, &search->exchanged};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(*rows[i] = core_calloc(r, sizeof(int)))) return -1;
    return 0;
}

ls_search *ls_search_new(int n, int m, const double *p_x, const double *p_y, double rate, int s,
                         const double *p_s_given_x, double label_limit, uint64_t seed, int k, const int32_t *mappings,
                         const double *weights) {
    ls_search *search = core_calloc(1, sizeof *search);
    if (!search) return NULL;
    core_phi_prepare();
    const int has_rate = isfinite(rate), has_label = s > 0 && isfinite(label_limit);
    search->n = n;
    search->m = m;
    search->s = has_label ? s : 0;
    search->cells = n * m;
    search->rate_row = has_rate ? m : -1;
    search->label_row = has_label ? m + has_rate : -1;
    search->rows = m + has_rate + has_label;
    search->random = seed;
    search->best = search->current_value = HUGE_VAL;
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
    void *arrays[] = {search->letters,
                      search->start_letters,
                      search->current_letters,
                      search->best_letters,
                      search->found_letters,
                      search->trial,
                      search->blocks.mapping,
                      search->p_x,
                      search->p_y,
                      search->joint_label,
                      search->target,
                      search->perturbed,
                      search->columns,
                      search->inverse,
                      search->level,
                      search->coupling,
                      search->best_level,
                      search->trial_column,
                      search->trial_cells,
                      search->direction,
                      search->scratch,
                      search->cost,
                      search->price,
                      search->score,
                      search->blocks.mass,
                      search->blocks.joint,
                      search->kind,
                      search->start_kind,
                      search->current_kind,
                      search->best_kind,
                      search->slack_row,
                      search->start_slack_row,
                      search->current_slack_row,
                      search->exchanged};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) core_free(arrays[i]);
    core_free(search);
}

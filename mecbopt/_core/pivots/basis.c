/* The basis of a vertex: factors, ratio test, exchange, and the joint entropy at the end of an edge. */
#include "pivots/internal.h"

/* Right-hand sides are moved by about this much, into the cone of the first basis, so that no vertex is degenerate
   (the classical perturbation); a basis is judged by the given right-hand sides before it is remembered. */
#define PERTURBATION 1e-10
/* Entries of a direction below this are rounding errors; pivots must be larger. */
#define SMALLEST_ENTRY 1e-11
#define SMALLEST_PIVOT 1e-8
/* Exchanges between two inversions from scratch. */
#define REFACTOR_INTERVAL 40
/* What a limit may be exceeded by, the package's CONSTRAINT_SLACK, and a weight that rounds to zero. */
#define SLACK_TOLERANCE 1e-10
#define WEIGHT_TOLERANCE 1e-12

static void slack_column(const ls_search *search, int row, double *column) {
    for (int i = 0; i < search->rows; i++) column[i] = i == row;
}

/* Inverts the basis in place by Gauss and Jordan with partial pivoting; -1 where it is singular.

   `columns` is the basis transposed, and its inverse transposed makes the inverse times a column a sum of rows.
   One matrix in place of basis and unit matrix side by side: a quarter of the operations, .5 s at 1,000 rows. */
static int refactor(ls_search *search) {
    const size_t r = (size_t)search->rows;
    double *matrix = search->inverse;
    memcpy(matrix, search->columns, sizeof(double) * r * r);
    for (size_t j = 0; j < r; j++) {
        size_t best = j;
        for (size_t i = j + 1; i < r; i++)
            if (fabs(matrix[i * r + j]) > fabs(matrix[best * r + j])) best = i;
        double *pivot_line = matrix + j * r, *best_line = matrix + best * r;
        if (fabs(best_line[j]) < 1e-13) return -1;
        search->exchanged[j] = (int)best;
        for (size_t c = 0; best != j && c < r; c++) {
            const double swap = pivot_line[c];
            pivot_line[c] = best_line[c];
            best_line[c] = swap;
        }
        const double scale = 1.0 / pivot_line[j];
        pivot_line[j] = 1.0;
        for (size_t c = 0; c < r; c++) pivot_line[c] *= scale;
        for (size_t i = 0; i < r; i++) {
            double *line = matrix + i * r;
            const double factor = line[j];
            if (i == j || factor == 0.0) continue;
            line[j] = 0.0;
            for (size_t c = 0; c < r; c++) line[c] -= factor * pivot_line[c];
        }
    }
    /* The rows were exchanged: so must be the columns of the inverse, in the opposite order. */
    for (size_t j = r; j-- > 0;) {
        const size_t other = (size_t)search->exchanged[j];
        for (size_t i = 0; other != j && i < r; i++) {
            const double swap = matrix[i * r + j];
            matrix[i * r + j] = matrix[i * r + other];
            matrix[i * r + other] = swap;
        }
    }
    search->since_refactor = 0;
    return 0;
}

static void inverse_times(const ls_search *search, const double *column, double *result) {
    const int r = search->rows;
    for (int i = 0; i < r; i++) result[i] = 0.0;
    for (int row = 0; row < r; row++) {
        const double entry = column[row];
        if (entry == 0.0) continue;
        const double *line = search->inverse + (size_t)row * (size_t)r;
        for (int i = 0; i < r; i++) result[i] += entry * line[i];
    }
}

static void residual(const ls_search *search, const double *target, const double *level, double *result) {
    const int r = search->rows;
    for (int row = 0; row < r; row++) result[row] = target[row];
    for (int place = 0; place < r; place++)
        for (int row = 0; row < r; row++) result[row] -= level[place] * search->columns[place * r + row];
}

static void coupling_of(const ls_search *search, const double *level, double *cells) {
    memset(cells, 0, sizeof(double) * (size_t)search->cells);
    for (int place = 0; place < search->rows; place++) {
        if (search->kind[place] != LS_MAPPING) continue;
        const ls_letter *mapping = search->letters + (size_t)place * (size_t)search->n;
        for (int x = 0; x < search->n; x++) cells[x * search->m + mapping[x]] += level[place] * search->p_x[x];
    }
}

/* Levels, coupling and value of the basis for the perturbed right-hand sides. */
void ls_basis_point(ls_search *search) {
    inverse_times(search, search->perturbed, search->level);
    for (int place = 0; place < search->rows; place++)
        if (search->level[place] < 0.0) search->level[place] = 0.0;
    coupling_of(search, search->level, search->coupling);
    search->value = ls_phi_sum(search->coupling, search->cells);
}

static void set_place(ls_search *search, int place, const ls_letter *mapping, int slack) {
    double *column = search->columns + (size_t)place * (size_t)search->rows;
    search->kind[place] = slack >= 0 ? LS_SLACK : LS_MAPPING;
    search->slack_row[place] = slack;
    if (slack >= 0) {
        slack_column(search, slack, column);
        return;
    }
    memcpy(search->letters + (size_t)place * (size_t)search->n, mapping, sizeof(ls_letter) * (size_t)search->n);
    ls_column(search, mapping, column);
}

int ls_basis_take(ls_search *search, const ls_letter *letters, const unsigned char *kind, const int *slack_row) {
    for (int place = 0; place < search->rows; place++)
        set_place(search, place, letters + (size_t)place * (size_t)search->n,
                  kind[place] == LS_SLACK ? slack_row[place] : -1);
    if (refactor(search)) return -1;
    ls_basis_point(search);
    return 0;
}

/* Adds the column of `place` to a system in echelon form when it is independent of it.

   Elimination by the row of the greatest entry, zeros left out: orthonormal systems take ten times as long. */
static int extend(const ls_search *search, double *system, int count, int place) {
    const int r = search->rows;
    double *fresh = system + (size_t)count * (size_t)r;
    memcpy(fresh, search->columns + (size_t)place * (size_t)r, sizeof(double) * (size_t)r);
    double before = 0.0, after = 0.0;
    for (int row = 0; row < r; row++) before = fmax(before, fabs(fresh[row]));
    for (int i = 0; i < count; i++) {
        const double *known = system + (size_t)i * (size_t)r;
        const double factor = fresh[search->exchanged[i]];
        if (factor == 0.0) continue;
        for (int row = 0; row < r; row++) fresh[row] -= factor * known[row];
        fresh[search->exchanged[i]] = 0.0;
    }
    for (int row = 0; row < r; row++)
        if (fabs(fresh[row]) > after) {
            after = fabs(fresh[row]);
            search->exchanged[count] = row;
        }
    if (after <= 1e-9 * before) return 0;
    const double scale = 1.0 / fresh[search->exchanged[count]];
    for (int row = 0; row < r; row++) fresh[row] *= scale;
    return 1;
}

/* The basis of a vertex given by its mappings: completed by the slacks of loose limits, whose levels are positive,
   then by constants and the other slacks, which span everything, at level zero. */
int ls_basis_from_support(ls_search *search, int k, const int32_t *mappings, const double *weights) {
    const int r = search->rows, n = search->n, m = search->m, limits = r - m;
    double *system = core_malloc((size_t)(r + 1) * (size_t)r * sizeof(double));
    if (!system) return -1;
    double *slack = search->level;
    memcpy(slack, search->target, sizeof(double) * (size_t)r);
    for (int i = 0; i < k; i++) {
        for (int x = 0; x < n; x++) search->trial[x] = (ls_letter)mappings[(size_t)i * (size_t)n + (size_t)x];
        ls_column(search, search->trial, search->trial_column);
        for (int row = m; row < r; row++) slack[row] -= weights[i] * search->trial_column[row];
    }
    int place = 0;
    /* Candidates in turn: the support, loose slacks, constants, tight slacks. */
    for (int i = 0; place < r && i < k + limits + m + limits; i++) {
        const int constant = i - k - limits;
        int row = -1;
        if (i >= k && i < k + limits) row = m + i - k;
        if (constant >= m) row = constant;
        if (row >= 0 && (slack[row] > SLACK_TOLERANCE) != (constant < 0)) continue;
        for (int x = 0; x < n; x++)
            search->trial[x] = (ls_letter)(i < k     ? mappings[(size_t)i * (size_t)n + (size_t)x]
                                           : row < 0 ? constant
                                                     : 0);
        set_place(search, place, search->trial, row);
        place += extend(search, system, place, place);
    }
    core_free(system);
    if (place < r || refactor(search)) return -1;
    /* The perturbation keeps this basis feasible, with every level positive. */
    inverse_times(search, search->target, search->level);
    for (int i = 0; i < r; i++)
        search->level[i] = fmax(search->level[i], 0.0) + PERTURBATION * (0.5 + core_uniform(&search->random));
    memset(search->perturbed, 0, sizeof(double) * (size_t)r);
    for (int i = 0; i < r; i++)
        for (int row = 0; row < r; row++) search->perturbed[row] += search->level[i] * search->columns[i * r + row];
    ls_basis_point(search);
    memcpy(search->start_letters, search->letters, sizeof(ls_letter) * (size_t)(r * n));
    memcpy(search->start_kind, search->kind, (size_t)r);
    memcpy(search->start_slack_row, search->slack_row, sizeof(int) * (size_t)r);
    return 0;
}

/* Length of the edge along `direction` (B^-1 of the entering column), and the place that it empties. */
static double ratio_test(const ls_search *search, const double *direction, int *leaving) {
    double length = HUGE_VAL;
    *leaving = -1;
    for (int place = 0; place < search->rows; place++) {
        if (direction[place] <= SMALLEST_ENTRY) continue;
        const double ratio = search->level[place] / direction[place];
        if (ratio < length) {
            length = ratio;
            *leaving = place;
        }
    }
    return length;
}

/* Brings a mapping (or, where slack >= 0, a slack) into the basis; -1 where that is numerically unsafe. */
int ls_enter(ls_search *search, const ls_letter *mapping, int slack) {
    const int r = search->rows;
    int leaving;
    if (slack >= 0)
        slack_column(search, slack, search->trial_column);
    else
        ls_column(search, mapping, search->trial_column);
    inverse_times(search, search->trial_column, search->direction);
    const double length = ratio_test(search, search->direction, &leaving);
    if (leaving < 0 || !isfinite(length) || search->direction[leaving] < SMALLEST_PIVOT) return -1;
    set_place(search, leaving, mapping, slack);
    const double pivot = 1.0 / search->direction[leaving];
    for (int row = 0; row < r; row++) {
        double *line = search->inverse + (size_t)row * (size_t)r;
        const double share = line[leaving] * pivot;
        if (share == 0.0) continue;
        for (int place = 0; place < r; place++) line[place] -= search->direction[place] * share;
        line[leaving] = share;
    }
    search->pivots++;
    if (++search->since_refactor >= REFACTOR_INTERVAL && refactor(search)) return -1;
    ls_basis_point(search);
    return 0;
}

/* Joint entropy at the other end of the edge on which `direction`'s column enters; infinity without an edge. */
static double edge_value(ls_search *search, const ls_letter *mapping, double *direction) {
    const int n = search->n, m = search->m;
    int leaving;
    const double length = ratio_test(search, direction, &leaving);
    if (leaving < 0 || direction[leaving] < SMALLEST_PIVOT) return HUGE_VAL;
    double *cells = search->trial_cells;
    memcpy(cells, search->coupling, sizeof(double) * (size_t)search->cells);
    for (int place = 0; place < search->rows; place++) {
        const double step = length * direction[place];
        if (step == 0.0 || search->kind[place] != LS_MAPPING) continue;
        const ls_letter *other = search->letters + (size_t)place * (size_t)n;
        for (int x = 0; x < n; x++) cells[x * m + other[x]] -= step * search->p_x[x];
    }
    if (mapping)
        for (int x = 0; x < n; x++) cells[x * m + mapping[x]] += length * search->p_x[x];
    return ls_phi_sum(cells, search->cells);
}

double ls_evaluate(ls_search *search, const ls_letter *mapping, const double *column) {
    inverse_times(search, column, search->direction);
    return edge_value(search, mapping, search->direction);
}

double ls_evaluate_slack(ls_search *search, int row) {
    slack_column(search, row, search->trial_column);
    inverse_times(search, search->trial_column, search->direction);
    return edge_value(search, NULL, search->direction);
}

/* Keeps the vertex where it is the best yet and feasible for the right-hand sides as given. */
void ls_remember(ls_search *search) {
    const int r = search->rows;
    if (search->value >= search->best + LS_GAIN) return;
    if (search->since_refactor && refactor(search)) return;
    double *level = search->direction, *rest = search->trial_column, *correction = search->scratch;
    inverse_times(search, search->target, level);
    for (int round = 0; round < 2; round++) {
        residual(search, search->target, level, rest);
        inverse_times(search, rest, correction);
        for (int i = 0; i < r; i++) level[i] += correction[i];
    }
    for (int i = 0; i < r; i++) {
        if (level[i] < (search->kind[i] == LS_SLACK ? -SLACK_TOLERANCE : -WEIGHT_TOLERANCE)) return;
        if (search->kind[i] == LS_MAPPING && level[i] < WEIGHT_TOLERANCE) level[i] = 0.0;
    }
    residual(search, search->target, level, rest);
    for (int row = 0; row < r; row++)
        if (fabs(rest[row]) > 1e-11) return;
    coupling_of(search, level, search->trial_cells);
    double value = 0.0;
    for (int cell = 0; cell < search->cells; cell++)
        if (search->trial_cells[cell] > 0.0) value -= search->trial_cells[cell] * log2(search->trial_cells[cell]);
    if (value >= search->best) return;
    search->best = value;
    memcpy(search->best_letters, search->letters, sizeof(ls_letter) * (size_t)(r * search->n));
    memcpy(search->best_kind, search->kind, (size_t)r);
    memcpy(search->best_level, level, sizeof(double) * (size_t)r);
}

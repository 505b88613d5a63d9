/* The working basis of the simplex method: only the kernel is inverted.
 *
 * A basis of the relaxation holds structural columns and logicals.  With k basic mappings exactly k rows are
 * active (their logicals nonbasic); all else follows from the k x k matrix K of those rows and columns, far
 * smaller than the number of rows.  A pivot borders K, replaces one of its rows or columns, or shrinks it.
 */
#include "tree/simplex.h"

/* Pivots below this are refused: the exchange fails, and the caller refactors. */
static const double SMALLEST_PIVOT = 1e-9;

int mb_simplex_build(mb_simplex *lp, const mb_instance *instance, mb_tables *tables, mb_columns *columns, int boxed,
                     int order_rows, const int *order_first, const int *order_second) {
    memset(lp, 0, sizeof *lp);
    lp->instance = instance;
    lp->tables = tables;
    lp->columns = columns;
    lp->boxed = boxed;
    lp->cells = instance->cells;
    lp->marginal0 = lp->cells;
    lp->rate_row = lp->marginal0 + instance->m;
    lp->label_row = lp->rate_row + 1;
    lp->jensen0 = lp->label_row + 1;
    lp->order0 = lp->jensen0 + lp->cells;
    lp->linear0 = lp->order0 + order_rows;
    const int linear_rows = instance->linear_count + instance->has_joint_row;
    lp->posterior0 = lp->linear0 + linear_rows;
    lp->rows = lp->posterior0 + (boxed && instance->free_law ? 2 * lp->cells : 0);
    lp->joint_row = instance->has_joint_row ? lp->posterior0 - 1 : -1;
    lp->stride = boxed ? lp->rows + 4 : instance->m + linear_rows + 6;
    lp->feasibility = 1e-10;
    lp->noise = UINT64_C(0x2545F4914F6CDD1D);
    for (int row = 0; row < order_rows; row++) {
        lp->order_first[row] = order_first[row];
        lp->order_second[row] = order_second[row];
    }
    const size_t rows = (size_t)lp->rows, stride = (size_t)lp->stride, pool = (size_t)columns->pool_capacity;
    lp->place_capacity = columns->pool_capacity;
    lp->lower = core_malloc(sizeof(double) * rows);
    lp->upper = core_malloc(sizeof(double) * rows);
    lp->activity = core_calloc(rows, sizeof(double));
    lp->dual = core_calloc(rows, sizeof(double));
    lp->direction = core_calloc(rows, sizeof(double));
    lp->multiplier = core_calloc(rows, sizeof(double));
    lp->state = core_calloc(rows, 1);
    lp->active_place = core_malloc(sizeof(int) * rows);
    lp->basic = core_malloc(sizeof(int) * stride);
    lp->active = core_malloc(sizeof(int) * stride);
    lp->weight = core_calloc(stride, sizeof(double));
    lp->work1 = core_calloc(stride, sizeof(double));
    lp->work2 = core_calloc(stride, sizeof(double));
    lp->work3 = core_calloc(stride, sizeof(double));
    lp->inverse = core_calloc(stride * stride, sizeof(double));
    lp->scratch_matrix = core_calloc(2 * stride * stride, sizeof(double));
    lp->basic_place = core_malloc(sizeof(int) * pool);
    lp->at_one = core_calloc(pool, 1);
    lp->reduced = core_calloc(pool, sizeof(double));
    lp->alpha = core_calloc(pool, sizeof(double));
    lp->shift = core_calloc(pool, sizeof(double));
    const size_t stated = (size_t)instance->linear_count * (size_t)instance->cells;
    lp->linear = core_calloc((size_t)linear_rows * (size_t)instance->cells + 1, sizeof(double));
    lp->list = core_malloc(sizeof(int) * (rows + pool));
    lp->ratio = core_malloc(sizeof(double) * (rows + pool));
    if (!lp->lower || !lp->upper || !lp->activity || !lp->dual || !lp->direction || !lp->multiplier || !lp->state ||
        !lp->active_place || !lp->basic || !lp->active || !lp->weight || !lp->work1 || !lp->work2 || !lp->work3 ||
        !lp->inverse || !lp->scratch_matrix || !lp->basic_place || !lp->at_one || !lp->reduced || !lp->alpha ||
        !lp->shift || !lp->linear || !lp->list || !lp->ratio || mb_scores_build(lp))
        return MB_NO_MEMORY;
    for (size_t row = 0; row < rows; row++) {
        lp->lower[row] = -MB_WIDE;
        lp->upper[row] = MB_WIDE;
        lp->active_place[row] = -1;
    }
    for (int y = 0; y < instance->m; y++) {
        lp->lower[lp->marginal0 + y] = instance->law_lower[y];
        lp->upper[lp->marginal0 + y] = instance->law_upper[y];
    }
    if (instance->rate < MB_WIDE) lp->upper[lp->rate_row] = instance->rate;
    if (instance->label_limit < MB_WIDE) lp->upper[lp->label_row] = instance->label_limit;
    for (int row = lp->order0; row < lp->linear0; row++) lp->lower[row] = 0.0;
    if (stated) memcpy(lp->linear, instance->linear, sizeof(double) * stated);
    for (int row = lp->linear0; row < lp->linear0 + instance->linear_count; row++) {
        lp->lower[row] = fmax(instance->linear_lower[row - lp->linear0], -MB_WIDE);
        lp->upper[row] = fmin(instance->linear_upper[row - lp->linear0], MB_WIDE);
    }
    mb_simplex_cold(lp);
    return 0;
}

void mb_simplex_free(mb_simplex *lp) {
    core_free(lp->lower), core_free(lp->upper), core_free(lp->activity), core_free(lp->dual), core_free(lp->direction),
        core_free(lp->multiplier), core_free(lp->state);
    core_free(lp->active_place), core_free(lp->basic), core_free(lp->active), core_free(lp->weight),
        core_free(lp->work1);
    core_free(lp->work2), core_free(lp->work3), core_free(lp->inverse), core_free(lp->scratch_matrix),
        core_free(lp->basic_place);
    core_free(lp->at_one), core_free(lp->reduced), core_free(lp->alpha), core_free(lp->shift), core_free(lp->list);
    core_free(lp->ratio), core_free(lp->linear);
    mb_scores_free(lp);
}

/* The basis without mappings. */
void mb_simplex_cold(mb_simplex *lp) {
    lp->size = 0;
    for (int row = 0; row < lp->rows; row++) {
        lp->active_place[row] = -1;
        lp->state[row] = MB_INACTIVE;
    }
    for (int position = 0; position < lp->columns->size; position++) {
        lp->basic_place[position] = -1;
        lp->at_one[position] = 0;
        lp->shift[position] = 0.0;
    }
}

double mb_row_bound(const mb_simplex *lp, int row, int state) {
    if (state == MB_AT_LOWER) return lp->lower[row];
    return state == MB_AT_TOP ? lp->upper[row] + MB_WIDE : lp->upper[row];
}

/* The coefficient of a pool column in a row. */
double mb_entry(const mb_simplex *lp, int row, int position) {
    const mb_instance *instance = lp->instance;
    const int m = instance->m;
    if (row < lp->cells) {
        const int x = row / m, y = row - x * m;
        return lp->columns->block[y][position] >> x & 1 ? instance->p_x[x] : 0.0;
    }
    if (row < lp->rate_row) return instance->mass[lp->columns->block[row - lp->marginal0][position]];
    if (row == lp->rate_row) return lp->columns->rate[position];
    if (row == lp->label_row) return lp->columns->label[position];
    if (row < lp->order0) {
        const int cell = row - lp->jensen0;
        return lp->jensen[(size_t)cell * lp->jensen_width + mb_jensen_place(lp, cell % m, position)];
    }
    if (row >= lp->posterior0) {
        const int cell = mb_posterior_cell(lp, row);
        return mb_entry(lp, cell, position) -
               lp->posterior[row - lp->posterior0] * mb_entry(lp, lp->marginal0 + cell % m, position);
    }
    if (row >= lp->linear0) {
        const double *coefficient = mb_linear_row(lp, row);
        double total = 0.0;
        for (int y = 0; y < m; y++) {
            const mb_set set = lp->columns->block[y][position];
            for (int x = 0; set >> x; x++)
                if (set >> x & 1) total += coefficient[x * m + y] * instance->p_x[x];
        }
        return total;
    }
    return mb_entry(lp, lp->order_first[row - lp->order0], position) -
           mb_entry(lp, lp->order_second[row - lp->order0], position);
}

/* Entries of a column in the active rows. */
void mb_column_entries(const mb_simplex *lp, int position, double *entries) {
    for (int place = 0; place < lp->size; place++) entries[place] = mb_entry(lp, lp->active[place], position);
}

static void inverse_times(const mb_simplex *lp, const double *vector, double *result) {
    for (int i = 0; i < lp->size; i++) {
        const double *row = lp->inverse + (size_t)i * (size_t)lp->stride;
        double total = 0.0;
        for (int j = 0; j < lp->size; j++) total += row[j] * vector[j];
        result[i] = total;
    }
}

/* The coefficients of the basic columns in a row: `mb_entry` with its cases outside the loop. */
static void basic_entries(const mb_simplex *lp, int row, double *restrict entries) {
    const mb_instance *instance = lp->instance;
    const int *restrict basic = lp->basic;
    const int jensen = row >= lp->jensen0 && row < lp->order0;
    if (row < lp->cells || jensen) {
        const int cell = jensen ? row - lp->jensen0 : row, x = cell / instance->m, y = cell - x * instance->m;
        const mb_set *restrict block = lp->columns->block[y];
        if (jensen) {
            const double *restrict coefficient = lp->jensen + (size_t)cell * lp->jensen_width;
            if (lp->by_sets)
                for (int i = 0; i < lp->size; i++) entries[i] = coefficient[block[basic[i]]];
            else
                for (int i = 0; i < lp->size; i++) entries[i] = coefficient[basic[i]];
        } else {
            const double mass = instance->p_x[x];
            for (int i = 0; i < lp->size; i++) entries[i] = block[basic[i]] >> x & 1 ? mass : 0.0;
        }
    } else {
        for (int i = 0; i < lp->size; i++) entries[i] = mb_entry(lp, row, basic[i]);
    }
}

static void times_inverse(const mb_simplex *lp, const double *vector, double *restrict result) {
    memset(result, 0, sizeof(double) * (size_t)lp->size);
    for (int i = 0; i < lp->size; i++) {
        const double factor = vector[i];
        if (factor == 0.0) continue;
        const double *restrict row = lp->inverse + (size_t)i * (size_t)lp->stride;
        for (int j = 0; j < lp->size; j++) result[j] += factor * row[j];
    }
}

/* result = (entries of `row` in the basic columns) K^-1; uses work3. */
void mb_row_times_inverse(const mb_simplex *lp, int row, double *result) {
    basic_entries(lp, row, lp->work3);
    times_inverse(lp, lp->work3, result);
}

/* result = K^-1 (entries of the column in the active rows); uses work3. */
void mb_inverse_times_column(const mb_simplex *lp, int position, double *result) {
    mb_column_entries(lp, position, lp->work3);
    inverse_times(lp, lp->work3, result);
}

void mb_inverse_times(const mb_simplex *lp, const double *vector, double *result) { inverse_times(lp, vector, result); }

static double *inverse_row(const mb_simplex *lp, int i) { return lp->inverse + (size_t)i * (size_t)lp->stride; }

/* Border: a row becomes active and a column basic. */
static int border(mb_simplex *lp, int row, int column) {
    const int k = lp->size;
    double *u = lp->work1, *v = lp->work2;
    mb_inverse_times_column(lp, column, u);
    double pivot = mb_entry(lp, row, column);
    mb_row_times_inverse(lp, row, v);
    mb_column_entries(lp, column, lp->work3);
    for (int j = 0; j < k; j++) pivot -= v[j] * lp->work3[j];
    if (fabs(pivot) < SMALLEST_PIVOT || k + 1 >= lp->stride) return 0;
    for (int i = 0; i < k; i++) {
        double *restrict out = inverse_row(lp, i);
        const double factor = u[i] / pivot;
        for (int j = 0; j < k; j++) out[j] += factor * v[j];
        out[k] = -factor;
    }
    double *out = inverse_row(lp, k);
    for (int j = 0; j < k; j++) out[j] = -v[j] / pivot;
    out[k] = 1.0 / pivot;
    lp->basic[k] = column;
    lp->active[k] = row;
    lp->basic_place[column] = k;
    lp->active_place[row] = k;
    lp->size = k + 1;
    return 1;
}

/* A row takes the place of another active row. */
static int replace_row(mb_simplex *lp, int row, int place) {
    double *v = lp->work2;
    mb_row_times_inverse(lp, row, v);
    const double pivot = v[place];
    if (fabs(pivot) < SMALLEST_PIVOT) return 0;
    for (int i = 0; i < lp->size; i++) {
        double *restrict out = inverse_row(lp, i);
        const double factor = out[place] / pivot;
        for (int j = 0; j < lp->size; j++) out[j] -= factor * v[j];
        out[place] = factor;
    }
    lp->active_place[lp->active[place]] = -1;
    lp->active[place] = row;
    lp->active_place[row] = place;
    return 1;
}

/* A column takes the place of another basic column. */
static int replace_column(mb_simplex *lp, int column, int place) {
    double *u = lp->work1;
    mb_inverse_times_column(lp, column, u);
    const double pivot = u[place];
    if (fabs(pivot) < SMALLEST_PIVOT) return 0;
    double *pivot_row = inverse_row(lp, place);
    for (int j = 0; j < lp->size; j++) pivot_row[j] /= pivot;
    for (int i = 0; i < lp->size; i++) {
        if (i == place || u[i] == 0.0) continue;
        double *restrict out = inverse_row(lp, i);
        for (int j = 0; j < lp->size; j++) out[j] -= u[i] * pivot_row[j];
    }
    lp->basic_place[lp->basic[place]] = -1;
    lp->basic[place] = column;
    lp->basic_place[column] = place;
    return 1;
}

/* A column and a row leave the kernel. */
static int shrink(mb_simplex *lp, int column_place, int row_place) {
    const int last = lp->size - 1;
    double *pivot_row = inverse_row(lp, column_place);
    const double pivot = pivot_row[row_place];
    if (fabs(pivot) < SMALLEST_PIVOT) return 0;
    for (int i = 0; i <= last; i++) {
        double *restrict out = inverse_row(lp, i);
        if (i == column_place || out[row_place] == 0.0) continue;
        const double factor = out[row_place] / pivot;
        for (int j = 0; j <= last; j++) out[j] -= factor * pivot_row[j];
    }
    lp->basic_place[lp->basic[column_place]] = -1;
    lp->active_place[lp->active[row_place]] = -1;
    if (column_place != last) {
        memcpy(inverse_row(lp, column_place), inverse_row(lp, last), sizeof(double) * (size_t)(last + 1));
        lp->basic[column_place] = lp->basic[last];
        lp->basic_place[lp->basic[column_place]] = column_place;
    }
    if (row_place != last) {
        for (int i = 0; i < last; i++) inverse_row(lp, i)[row_place] = inverse_row(lp, i)[last];
        lp->active[row_place] = lp->active[last];
        lp->active_place[lp->active[row_place]] = row_place;
    }
    lp->size = last;
    return 1;
}

/* One pivot.  `leaving_row` becomes active or the basic column at `leaving_place` becomes nonbasic (the other
 * is -1); `entering_column` becomes basic or the row at `entering_place` inactive.  Returns 0 when the pivot
 * is too small, and then nothing has changed. */
int mb_exchange(mb_simplex *lp, int leaving_row, int leaving_place, int entering_column, int entering_place) {
    lp->since_refactor++;
    lp->pivots++;
    if (leaving_row >= 0)
        return entering_column >= 0 ? border(lp, leaving_row, entering_column)
                                    : replace_row(lp, leaving_row, entering_place);
    return entering_column >= 0 ? replace_column(lp, entering_column, leaving_place)
                                : shrink(lp, leaving_place, entering_place);
}

/* Invert K afresh by Gauss-Jordan elimination; rows and columns that depend on others leave the kernel.
 * Returns the number of those. */
int mb_simplex_refactor(mb_simplex *lp) {
    int dropped = 0;
    for (;;) {
        const int k = lp->size, width = 2 * lp->stride;
        double *matrix = lp->scratch_matrix;
        for (int i = 0; i < k; i++) {
            double *row = matrix + (size_t)i * (size_t)width;
            for (int j = 0; j < k; j++) row[j] = mb_entry(lp, lp->active[i], lp->basic[j]);
            memset(row + k, 0, sizeof(double) * (size_t)k);
            row[k + i] = 1.0;
        }
        int *owner = lp->list; /* the column that a row was chosen for */
        for (int i = 0; i < k; i++) owner[i] = -1;
        int failed_column = -1;
        for (int column = 0; column < k; column++) {
            int chosen = -1;
            double largest = SMALLEST_PIVOT;
            for (int i = 0; i < k; i++) {
                const double size = fabs(matrix[(size_t)i * (size_t)width + (size_t)column]);
                if (owner[i] < 0 && size > largest) {
                    largest = size;
                    chosen = i;
                }
            }
            if (chosen < 0) {
                failed_column = column;
                break;
            }
            owner[chosen] = column;
            double *pivot_row = matrix + (size_t)chosen * (size_t)width;
            const double scale = 1.0 / pivot_row[column];
            for (int j = column; j < 2 * k; j++) pivot_row[j] *= scale;
            for (int i = 0; i < k; i++) {
                double *restrict row = matrix + (size_t)i * (size_t)width;
                const double factor = row[column];
                if (i == chosen || factor == 0.0) continue;
                for (int j = column; j < 2 * k; j++) row[j] -= factor * pivot_row[j];
            }
        }
        lp->since_refactor = 0;
        if (failed_column < 0) {
            for (int i = 0; i < k; i++)
                memcpy(inverse_row(lp, owner[i]), matrix + (size_t)i * (size_t)width + k, sizeof(double) * (size_t)k);
            return dropped;
        }
        /* Drop the dependent column and a row that no column chose; then try again. */
        int free_row = 0;
        while (owner[free_row] >= 0) free_row++;
        const int last = k - 1, column = lp->basic[failed_column], row = lp->active[free_row];
        lp->basic_place[column] = -1;
        lp->active_place[row] = -1;
        lp->state[row] = MB_INACTIVE;
        lp->basic[failed_column] = lp->basic[last];
        if (failed_column != last) lp->basic_place[lp->basic[failed_column]] = failed_column;
        lp->active[free_row] = lp->active[last];
        if (free_row != last) lp->active_place[lp->active[free_row]] = free_row;
        lp->size = last;
        dropped++;
    }
}

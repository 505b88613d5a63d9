/* What a combination of rows is worth at mappings: at those of the pool for the simplex methods, and as a table over
 * sets for exact pricing.  Every row has coefficients that split over (y, A_y).
 */
#include "tree/simplex.h"

/* What sum_cells extra * entry + sum_rows multiplier * entry has for every unit of P(x, y): all rows but those of
 * rate, label and Jensen. */
void mb_linear_part(const mb_simplex *lp, const double *cell_extra, const double *multiplier, double *linear) {
    const int m = lp->instance->m;
    double on_law[MB_MAX_LETTERS];
    memcpy(on_law, multiplier + lp->marginal0, sizeof(double) * (size_t)m);
    for (int cell = 0; cell < lp->cells; cell++) {
        linear[cell] = cell_extra ? cell_extra[cell] : 0.0;
        if (lp->boxed) linear[cell] += multiplier[cell];
    }
    if (lp->boxed)
        for (int row = lp->order0; row < lp->linear0; row++) {
            linear[lp->order_first[row - lp->order0]] += multiplier[row];
            linear[lp->order_second[row - lp->order0]] -= multiplier[row];
        }
    for (int row = lp->posterior0; row < lp->rows; row++) {
        const int cell = mb_posterior_cell(lp, row);
        linear[cell] += multiplier[row];
        on_law[cell % m] -= multiplier[row] * lp->posterior[row - lp->posterior0];
    }
    for (int row = lp->linear0; row < lp->posterior0; row++) {
        const double factor = multiplier[row], *restrict coefficient = mb_linear_row(lp, row);
        if (factor == 0.0) continue;
        for (int cell = 0; cell < lp->cells; cell++) linear[cell] += factor * coefficient[cell];
    }
    for (int cell = 0; cell < lp->cells; cell++) linear[cell] += on_law[cell % m];
}

/* Sums over all sets of the letters from `first` on, `count` of them. */
static void set_sums(const mb_instance *instance, const double *linear, int y, int first, int count,
                     double *restrict out) {
    out[0] = 0.0;
    for (int x = 0; x < count; x++) {
        const double step = linear[(first + x) * instance->m + y] * instance->p_x[first + x];
        const int half = 1 << x;
        for (int set = 0; set < half; set++) out[half + set] = out[set] + step;
    }
}

/* `factor` times the coefficients of one Jensen row, less what they are where x is outside. */
typedef struct {
    int x;
    double right_end, left_end, right[2], middle[3], left[2];
} jensen_step;

static jensen_step jensen_step_of(const mb_jensen *row, int x, double factor) {
    return (jensen_step){x,
                         row->right_end,
                         row->left_end,
                         {factor * (row->right[0] - row->outside), factor * row->right[1]},
                         {factor * (row->middle[0] - row->outside), factor * row->middle[1], factor * row->middle[2]},
                         {factor * (row->left[0] - row->outside), factor * row->left[1]}};
}

/* Add it for `count` sets that lie side by side and all hold x. */
static void add_jensen(const jensen_step *step, int count, const double *restrict masses, const double *restrict logs,
                       double *restrict out) {
    const double right_end = step->right_end, left_end = step->left_end;
    for (int set = 0; set < count; set++) {
        const double mass = masses[set];
        const double right = step->right[0] * mass + step->right[1], left = step->left[0] * mass + step->left[1];
        const double middle = step->middle[0] * mass + step->middle[1] + step->middle[2] * logs[set];
        out[set] += mass <= right_end ? right : mass >= left_end ? left : middle;
    }
}

/* Sets that are dealt with at a time: what is known of them stays in the fastest memory. */
enum { CHUNK_LETTERS = 9 };

/* The table whose value at a mapping is sum_cells extra * entry + sum_rows multiplier * entry. */
void mb_score_table(const mb_simplex *lp, const double *cell_extra, const double *multiplier, double *score) {
    const mb_instance *instance = lp->instance;
    const int n = instance->n, m = instance->m, subsets = instance->subsets;
    const int chunk = subsets < 1 << CHUNK_LETTERS ? subsets : 1 << CHUNK_LETTERS;
    double linear[MB_MAX_CELLS];
    jensen_step steps[MB_MAX_LETTERS];
    mb_linear_part(lp, cell_extra, multiplier, linear);
    const double on_rate = multiplier[lp->rate_row], on_label = multiplier[lp->label_row];
    for (int y = 0; y < m; y++) {
        double *table = score + (size_t)y * (size_t)subsets, outside = 0.0;
        int count = 0;
        set_sums(instance, linear, y, 0, n, table);
        for (int x = 0; x < n && lp->boxed && lp->tables->with_jensen; x++) {
            const double factor = multiplier[lp->jensen0 + x * m + y];
            if (factor == 0.0) continue;
            outside += factor * lp->tables->jensen[x * m + y].outside;
            steps[count++] = jensen_step_of(&lp->tables->jensen[x * m + y], x, factor);
        }
        for (int first = 0; first < subsets; first += chunk) {
            double *restrict out = table + first;
            const double *restrict masses = instance->mass + first, *restrict logs = instance->log_mass + first;
            const double *restrict entropies = instance->entropy_term + first;
            const double *restrict labels = instance->label_term + first;
            if (on_rate != 0.0 || on_label != 0.0 || outside != 0.0)
                for (int set = 0; set < chunk; set++)
                    out[set] += on_rate * entropies[set] + on_label * labels[set] + outside * masses[set];
            for (int i = 0; i < count; i++) {
                const int bit = 1 << steps[i].x;
                if (bit >= chunk) {
                    if (first & bit) add_jensen(&steps[i], chunk, masses, logs, out);
                    continue;
                }
                for (int base = bit; base < chunk; base += 2 * bit)
                    add_jensen(&steps[i], bit, masses + base, logs + base, out + base);
            }
        }
    }
}

/* The same sum for every column of the pool, without a table over all sets. */
void mb_pool_scores(const mb_simplex *lp, const double *cell_extra, const double *multiplier, double *restrict result) {
    enum { HALF = MB_MAX_LETTERS / 2 };
    const mb_instance *instance = lp->instance;
    const mb_columns *columns = lp->columns;
    const int n = instance->n, m = instance->m, size = columns->size, low_letters = n / 2;
    const mb_set low_mask = ((mb_set)1 << low_letters) - 1;
    double linear[MB_MAX_CELLS], low[1 << HALF], high[1 << HALF];
    mb_linear_part(lp, cell_extra, multiplier, linear);
    const double on_rate = multiplier[lp->rate_row], on_label = multiplier[lp->label_row];
    for (int position = 0; position < size; position++)
        result[position] = on_rate * columns->rate[position] + on_label * columns->label[position];
    for (int y = 0; y < m; y++) {
        const mb_set *restrict block = columns->block[y];
        set_sums(instance, linear, y, 0, low_letters, low);
        set_sums(instance, linear, y, low_letters, n - low_letters, high);
        for (int position = 0; position < size; position++)
            result[position] += low[block[position] & low_mask] + high[block[position] >> low_letters];
    }
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) {
        const double factor = multiplier[lp->jensen0 + cell];
        if (factor == 0.0) continue;
        const double *restrict coefficient = lp->pool_jensen + (size_t)cell * (size_t)lp->place_capacity;
        for (int position = 0; position < size; position++) result[position] += factor * coefficient[position];
    }
}

/* The coefficients of the columns from `first` on in the Jensen row of a cell. */
static void read_jensen(mb_simplex *lp, int cell, int first) {
    const int m = lp->instance->m, x = cell / m;
    const mb_set *restrict block = lp->columns->block[cell - x * m];
    double *restrict coefficient = lp->pool_jensen + (size_t)cell * (size_t)lp->place_capacity;
    for (int position = first; position < lp->columns->size; position++)
        coefficient[position] = mb_jensen_entry(lp->instance, &lp->tables->jensen[cell], x, block[position]);
}

/* The pool's coefficients in the Jensen rows of the box at hand, where the box or the pool changed. */
void mb_pool_refresh(mb_simplex *lp) {
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) {
        if (lp->tables->changed[cell] || lp->columns->moved) read_jensen(lp, cell, 0);
        lp->tables->changed[cell] = 0;
    }
    lp->columns->moved = 0;
}

/* A column that joined the pool after the last duals. */
void mb_simplex_new_column(mb_simplex *lp, int position) {
    lp->basic_place[position] = -1;
    lp->at_one[position] = 0;
    lp->shift[position] = 0.0;
    lp->reduced[position] = 0.0;
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) read_jensen(lp, cell, position);
}

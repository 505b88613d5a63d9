/* What a combination of rows is worth at mappings: at those of the pool for the simplex methods, and as a table over
 * sets for exact pricing.  Every row has coefficients that split over (y, A_y).
 *
 * With few letters of X the pool, too, is read off a table over all sets, which is built for every pivot; with more, off
 * tables over half the letters each and the columns' own coefficients in the Jensen rows.  The latter has 3 % fewer
 * instructions a pivot at 7x7, 15 % at 8x8 and takes half as long at 12x2; the former 8 % fewer at 6x6.
 */
#include "tree/simplex.h"

/* Letters of X up to which scores are read off tables over all sets. */
enum { LETTERS_BY_SETS = 6 };

/* What sum_cells extra * entry + sum_rows multiplier * entry has for each x in A_y: all rows but those of rate, label
 * and Jensen. */
void mb_linear_part(const mb_simplex *lp, const double *cell_extra, const double *multiplier, double *restrict linear) {
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
    for (int x = 0; x < lp->instance->n; x++) {
        const double mass = lp->instance->p_x[x];
        double *restrict letter = linear + x * m;
        for (int y = 0; y < m; y++) letter[y] = (letter[y] + on_law[y]) * mass;
    }
}

/* The coefficients of a Jensen row for sets that hold x, times `factor`, less `outside` times their masses. */
static mb_jensen inside_of(const mb_jensen *row, double factor, double outside) {
    mb_jensen inside = *row;
    for (int i = 0; i < 2; i++) inside.right[i] *= factor, inside.left[i] *= factor;
    for (int i = 0; i < 3; i++) inside.middle[i] *= factor;
    inside.right[0] -= outside, inside.middle[0] -= outside, inside.left[0] -= outside;
    return inside;
}

/* Add them for `count` sets that lie side by side and all hold x. */
static void add_jensen(const mb_jensen *row, int count, const double *restrict masses, const double *restrict logs,
                       double *restrict out) {
    for (int set = 0; set < count; set++) out[set] += mb_jensen_inside(row, masses[set], logs[set]);
}

/* Sets that are dealt with at a time: what is known of them stays in the fastest memory. */
enum { CHUNK_LETTERS = 9 };

static void add_times(double factor, const double *restrict from, int count, double *restrict out) {
    if (factor == 0.0) return;
    for (int i = 0; i < count; i++) out[i] += factor * from[i];
}

/* Add to one letter's table what rate, label and Jensen rows have, from the tables over sets. */
static void add_known(const mb_simplex *lp, const double *multiplier, int y, double *table) {
    const mb_instance *instance = lp->instance;
    add_times(multiplier[lp->rate_row], instance->entropy_term, instance->subsets, table);
    add_times(multiplier[lp->label_row], instance->label_term, instance->subsets, table);
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = y; cell < lp->cells; cell += instance->m)
        add_times(multiplier[lp->jensen0 + cell], lp->jensen + (size_t)cell * lp->jensen_width, instance->subsets,
                  table);
}

/* The same without a table for each cell. */
static void add_in_chunks(const mb_simplex *lp, const double *multiplier, int y, double *table) {
    const mb_instance *instance = lp->instance;
    const int n = instance->n, m = instance->m, subsets = instance->subsets;
    const int chunk = subsets < 1 << CHUNK_LETTERS ? subsets : 1 << CHUNK_LETTERS;
    const double on_rate = multiplier[lp->rate_row], on_label = multiplier[lp->label_row];
    mb_jensen steps[MB_MAX_LETTERS];
    double outside = 0.0;
    int letter[MB_MAX_LETTERS], count = 0;
    for (int x = 0; x < n && lp->boxed && lp->tables->with_jensen; x++) {
        const double factor = multiplier[lp->jensen0 + x * m + y];
        if (factor == 0.0) continue;
        const mb_jensen *row = &lp->tables->jensen[x * m + y];
        outside += factor * row->outside;
        letter[count] = x;
        steps[count++] = inside_of(row, factor, factor * row->outside);
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
            const int bit = 1 << letter[i];
            if (bit >= chunk) {
                if (first & bit) add_jensen(&steps[i], chunk, masses, logs, out);
                continue;
            }
            for (int base = bit; base < chunk; base += 2 * bit)
                add_jensen(&steps[i], bit, masses + base, logs + base, out + base);
        }
    }
}

/* The table whose value at a mapping is sum_cells extra * entry + sum_rows multiplier * entry. */
void mb_score_table(const mb_simplex *lp, const double *cell_extra, const double *multiplier, double *score) {
    const mb_instance *instance = lp->instance;
    double linear[MB_MAX_CELLS];
    mb_linear_part(lp, cell_extra, multiplier, linear);
    for (int y = 0; y < instance->m; y++) {
        double *table = score + (size_t)y * (size_t)instance->subsets;
        mb_sums_over_sets(instance->n, linear + y, instance->m, table);
        (lp->by_sets ? add_known : add_in_chunks)(lp, multiplier, y, table);
    }
}

/* Letters of X in the first of the two tables of half the letters each. */
static int low_letters(const mb_instance *instance) { return instance->n / 2; }

/* How many numbers the two tables of a letter of Y have. */
static size_t half_sets(const mb_instance *instance) {
    return ((size_t)1 << low_letters(instance)) + ((size_t)1 << (instance->n - low_letters(instance)));
}

/* Take the same sum up, to be read off at columns. */
void mb_combine(mb_simplex *lp, const double *cell_extra, const double *multiplier) {
    mb_combination *combined = &lp->combined;
    if (lp->by_sets) {
        mb_score_table(lp, cell_extra, multiplier, combined->table);
        return;
    }
    const mb_instance *instance = lp->instance;
    const int m = instance->m, low = low_letters(instance);
    double linear[MB_MAX_CELLS];
    mb_linear_part(lp, cell_extra, multiplier, linear);
    for (int y = 0; y < m; y++) {
        double *table = combined->table + (size_t)y * half_sets(instance);
        mb_sums_over_sets(low, linear + y, m, table);
        mb_sums_over_sets(instance->n - low, linear + low * m + y, m, table + ((size_t)1 << low));
    }
    combined->on_rate = multiplier[lp->rate_row];
    combined->on_label = multiplier[lp->label_row];
    combined->jensen_count = 0;
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) {
        if (multiplier[lp->jensen0 + cell] == 0.0) continue;
        combined->jensen_cell[combined->jensen_count] = cell;
        combined->jensen_factor[combined->jensen_count++] = multiplier[lp->jensen0 + cell];
    }
}

/* What was combined, at a column of the pool. */
double mb_column_score(const mb_simplex *lp, int position) {
    const mb_instance *instance = lp->instance;
    const mb_columns *columns = lp->columns;
    const mb_combination *combined = &lp->combined;
    double total = 0.0;
    if (lp->by_sets) {
        for (int y = 0; y < instance->m; y++)
            total += combined->table[(size_t)y * (size_t)instance->subsets + columns->block[y][position]];
        return total;
    }
    const int low = low_letters(instance);
    const mb_set low_mask = ((mb_set)1 << low) - 1;
    total = combined->on_rate * columns->rate[position] + combined->on_label * columns->label[position];
    for (int y = 0; y < instance->m; y++) {
        const double *table = combined->table + (size_t)y * half_sets(instance);
        const mb_set set = columns->block[y][position];
        total += table[set & low_mask] + table[((size_t)1 << low) + (set >> low)];
    }
    for (int i = 0; i < combined->jensen_count; i++)
        total += combined->jensen_factor[i] *
                 lp->jensen[(size_t)combined->jensen_cell[i] * lp->jensen_width + (size_t)position];
    return total;
}

/* What was combined, at the whole pool: a letter or row at a time, so that every pass runs along two arrays. */
void mb_pool_scores(const mb_simplex *lp, double *restrict result) {
    const mb_instance *instance = lp->instance;
    const mb_columns *columns = lp->columns;
    const mb_combination *combined = &lp->combined;
    const int size = columns->size;
    if (lp->by_sets) {
        /* Two letters at a time: the result passes through memory half as often. */
        const size_t subsets = (size_t)instance->subsets;
        for (int y = 0; y + 1 < instance->m; y += 2) {
            const mb_set *restrict block = columns->block[y], *restrict next = columns->block[y + 1];
            const double *restrict table = combined->table + (size_t)y * subsets, *restrict other = table + subsets;
            if (y == 0)
                for (int position = 0; position < size; position++)
                    result[position] = table[block[position]] + other[next[position]];
            else
                for (int position = 0; position < size; position++)
                    result[position] += table[block[position]] + other[next[position]];
        }
        if (instance->m % 2) {
            const mb_set *restrict block = columns->block[instance->m - 1];
            const double *restrict table = combined->table + (size_t)(instance->m - 1) * subsets;
            for (int position = 0; position < size; position++) result[position] += table[block[position]];
        }
        return;
    }
    const int low = low_letters(instance);
    const mb_set low_mask = ((mb_set)1 << low) - 1;
    for (int position = 0; position < size; position++)
        result[position] = combined->on_rate * columns->rate[position] + combined->on_label * columns->label[position];
    for (int y = 0; y < instance->m; y++) {
        const mb_set *restrict block = columns->block[y];
        const double *restrict first = combined->table + (size_t)y * half_sets(instance);
        const double *restrict others = first + ((size_t)1 << low);
        for (int position = 0; position < size; position++)
            result[position] += first[block[position] & low_mask] + others[block[position] >> low];
    }
    for (int i = 0; i < combined->jensen_count; i++)
        add_times(combined->jensen_factor[i], lp->jensen + (size_t)combined->jensen_cell[i] * lp->jensen_width, size,
                  result);
}

/* The coefficients of all sets in the Jensen row of a cell: as if none held x, then those that do. */
static void read_by_sets(const mb_simplex *lp, int cell) {
    const mb_instance *instance = lp->instance;
    const mb_jensen row = lp->tables->jensen[cell];
    const int subsets = instance->subsets, bit = 1 << cell / instance->m;
    const double *restrict masses = instance->mass, *restrict logs = instance->log_mass;
    double *restrict coefficient = lp->jensen + (size_t)cell * lp->jensen_width;
    for (int set = 0; set < subsets; set++) coefficient[set] = row.outside * masses[set];
    for (int set = bit; set < subsets; set = (set + 1) | bit)
        coefficient[set] = mb_jensen_inside(&row, masses[set], logs[set]);
}

/* The coefficients of the columns from `first` on in the Jensen row of a cell. */
static void read_by_places(const mb_simplex *lp, int cell, int first) {
    const int m = lp->instance->m, x = cell / m;
    const mb_set *restrict block = lp->columns->block[cell - x * m];
    double *restrict coefficient = lp->jensen + (size_t)cell * lp->jensen_width;
    for (int position = first; position < lp->columns->size; position++)
        coefficient[position] = mb_jensen_entry(lp->instance, &lp->tables->jensen[cell], x, block[position]);
}

/* The coefficients in the Jensen rows of the box at hand, where the box or the pool changed. */
void mb_jensen_refresh(mb_simplex *lp) {
    if (!lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) {
        if (lp->by_sets) {
            if (lp->tables->changed[cell]) read_by_sets(lp, cell);
        } else if (lp->tables->changed[cell] || lp->columns->moved)
            read_by_places(lp, cell, 0);
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
    if (lp->by_sets || !lp->boxed || !lp->tables->with_jensen) return;
    for (int cell = 0; cell < lp->cells; cell++) read_by_places(lp, cell, position);
}

int mb_scores_build(mb_simplex *lp) {
    const mb_instance *instance = lp->instance;
    const size_t subsets = (size_t)instance->subsets, m = (size_t)instance->m;
    lp->by_sets = instance->n <= LETTERS_BY_SETS;
    lp->jensen_width = lp->by_sets ? subsets : (size_t)lp->place_capacity;
    lp->jensen = core_calloc(lp->boxed ? (size_t)lp->cells * lp->jensen_width : 1, sizeof(double));
    lp->combined.table = core_calloc(m * (lp->by_sets ? subsets : half_sets(instance)), sizeof(double));
    return lp->jensen && lp->combined.table ? 0 : MB_NO_MEMORY;
}

void mb_scores_free(mb_simplex *lp) {
    core_free(lp->jensen);
    core_free(lp->combined.table);
}

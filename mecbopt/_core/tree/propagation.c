/* Boxes: what marginals and the order of exchangeable letters imply, without a linear program. */
#include "tree/search.h"

/* Room for the rounding of a sum of at most MB_MAX_LETTERS = 20 ends of cells, each at most 1, and of its updates:
   some 40 roundings of at most 1.8e-15 each. */
static const double ROUNDING = 1e-13;
/* Cells with less in a linear row are not tightened by it. */
static const double SMALLEST_COEFFICIENT = 1e-4;

static int tighten(double *lower, double *upper, const int *cells, int count, double sum, int *changed) {
    double low = 0.0, high = 0.0;
    for (int i = 0; i < count; i++) {
        low += lower[cells[i]];
        high += upper[cells[i]];
    }
    if (low > sum + 1e-9 || high < sum - 1e-9) return 0;
    for (int i = 0; i < count; i++) {
        const int cell = cells[i];
        const double least = sum - (high - upper[cell]) - ROUNDING, most = sum - (low - lower[cell]) + ROUNDING;
        if (least > lower[cell] + 1e-12) {
            low += least - lower[cell];
            lower[cell] = least;
            *changed = 1;
        }
        if (most < upper[cell] - 1e-12) {
            high += most - upper[cell];
            upper[cell] = most;
            *changed = 1;
        }
        if (lower[cell] > upper[cell]) {
            if (lower[cell] > upper[cell] + 1e-9) return 0;
            /* Crossed by rounding: keep both ends inside. */
            const double swap = lower[cell];
            lower[cell] = upper[cell];
            upper[cell] = swap;
        }
    }
    return 1;
}

/* What sum of sign * coefficient * P <= bound leaves of the cells' intervals; 0 when nothing is. */
static int tighten_by_row(const double *coefficient, double sign, double bound, int cells, double *lower, double *upper,
                          int *changed) {
    double low = 0.0, size = 1.0;
    if (bound >= MB_WIDE) return 1;
    for (int cell = 0; cell < cells; cell++) {
        const double a = sign * coefficient[cell];
        low += a * (a > 0.0 ? lower[cell] : upper[cell]);
        size += fabs(a);
    }
    if (low > bound + 1e-9 * size) return 0;
    /* How far a term may rise above its least value, the others at theirs. */
    const double room = fmax(bound - low, 0.0) + ROUNDING * size;
    for (int cell = 0; cell < cells; cell++) {
        const double a = sign * coefficient[cell];
        if (a > SMALLEST_COEFFICIENT && lower[cell] + room / a < upper[cell] - 1e-12)
            upper[cell] = lower[cell] + room / a, *changed = 1;
        else if (a < -SMALLEST_COEFFICIENT && upper[cell] + room / a > lower[cell] + 1e-12)
            lower[cell] = upper[cell] + room / a, *changed = 1;
    }
    return 1;
}

/* The same for a box of posteriors t(x, y) = P(x, y) / P_Y(y): columns sum to 1, and sum_y P_Y(y) t(x, y) = p_X(x)
 * with P_Y(y) between its ends.  Orders across columns say nothing of posteriors. */
static int propagate_posteriors(const mb_search *search, double *lower, double *upper) {
    const mb_instance *instance = &search->instance;
    const int n = instance->n, m = instance->m;
    const double *least = instance->law_lower, *most = instance->law_upper;
    int cells[MB_MAX_LETTERS];
    for (int round = 0; round < 6; round++) {
        int changed = 0;
        for (int y = 0; y < m; y++) {
            for (int x = 0; x < n; x++) cells[x] = x * m + y;
            if (!tighten(lower, upper, cells, n, 1.0, &changed)) return 0;
        }
        for (int x = 0; x < n; x++) {
            double low = 0.0, high = 0.0, *from = lower + x * m, *to = upper + x * m;
            for (int y = 0; y < m; y++) low += least[y] * from[y], high += most[y] * to[y];
            if (low > instance->p_x[x] + 1e-9 || high < instance->p_x[x] - 1e-9) return 0;
            for (int y = 0; y < m; y++) {
                const double part_high = instance->p_x[x] - (low - least[y] * from[y]) + ROUNDING;
                const double part_low = instance->p_x[x] - (high - most[y] * to[y]) - ROUNDING;
                if (part_high < least[y] * to[y] - 1e-12) {
                    const double end = fmax(part_high / least[y], from[y]);
                    high -= most[y] * (to[y] - end), to[y] = end, changed = 1;
                }
                if (part_low > most[y] * from[y] + 1e-12) {
                    const double end = fmin(part_low / most[y], to[y]);
                    low += least[y] * (end - from[y]), from[y] = end, changed = 1;
                }
            }
        }
        for (int row = 0; row < search->order_rows; row++) {
            const int first = search->node_lp.order_first[row], second = search->node_lp.order_second[row];
            if (first % m != second % m) continue;
            if (lower[second] > lower[first] + 1e-12) lower[first] = lower[second], changed = 1;
            if (upper[first] < upper[second] - 1e-12) upper[second] = upper[first], changed = 1;
            if (lower[first] > upper[first] + 1e-9 || lower[second] > upper[second] + 1e-9) return 0;
            if (lower[first] > upper[first]) lower[first] = upper[first];
            if (lower[second] > upper[second]) upper[second] = lower[second];
        }
        if (!changed) break;
    }
    return 1;
}

/* Shrink a box; 0 when it is empty. */
int mb_propagate(const mb_search *search, double *lower, double *upper) {
    const mb_instance *instance = &search->instance;
    const int n = instance->n, m = instance->m;
    for (int cell = 0; cell < instance->cells; cell++)
        if (lower[cell] > upper[cell]) {
            if (lower[cell] > upper[cell] + 1e-9) return 0;
            const double swap = lower[cell];
            lower[cell] = upper[cell];
            upper[cell] = swap;
        }
    if (!search->settings.propagation) return 1;
    if (instance->free_law) return propagate_posteriors(search, lower, upper);
    int cells[MB_MAX_LETTERS];
    for (int round = 0; round < 6; round++) {
        int changed = 0;
        for (int x = 0; x < n; x++) {
            for (int y = 0; y < m; y++) cells[y] = x * m + y;
            if (!tighten(lower, upper, cells, m, instance->p_x[x], &changed)) return 0;
        }
        for (int y = 0; y < m; y++) {
            for (int x = 0; x < n; x++) cells[x] = x * m + y;
            if (!tighten(lower, upper, cells, n, instance->p_y[y], &changed)) return 0;
        }
        for (int row = 0; row < search->order_rows; row++) {
            const int first = search->node_lp.order_first[row], second = search->node_lp.order_second[row];
            if (lower[second] > lower[first] + 1e-12) lower[first] = lower[second], changed = 1;
            if (upper[first] < upper[second] - 1e-12) upper[second] = upper[first], changed = 1;
            if (lower[first] > upper[first] + 1e-9 || lower[second] > upper[second] + 1e-9) return 0;
            if (lower[first] > upper[first]) lower[first] = upper[first];
            if (lower[second] > upper[second]) upper[second] = lower[second];
        }
        for (int row = 0; row < instance->linear_count; row++) {
            const double *coefficient = instance->linear + (size_t)row * (size_t)instance->cells;
            if (!tighten_by_row(coefficient, 1.0, instance->linear_upper[row], instance->cells, lower, upper,
                                &changed) ||
                !tighten_by_row(coefficient, -1.0, -instance->linear_lower[row], instance->cells, lower, upper,
                                &changed))
                return 0;
        }
        if (!changed) break;
    }
    return 1;
}

typedef struct {
    int *first, *second, count;
} order_list;

static void in_order(order_list *order, int first, int second) {
    order->first[order->count] = first;
    order->second[order->count++] = second;
}

/* Neighbours within a class are sorted by one line; letters of the class `own` up to `last` stand already. */
static void sort_classes(order_list *order, const int *class_of, int letters, int step, int line, int own, int last) {
    for (int one = 0; one < letters; one++)
        for (int next = one + 1; next < letters; next++)
            if (class_of[next] == class_of[one]) {
                if (class_of[one] != own || one > last) in_order(order, one * step + line, next * step + line);
                break;
            }
}

/* Order rows P[first] >= P[second] that every orbit of exchangeable letters meets: at most 2 * cells of them.
 *
 * X-letters of equal mass and equal label law, and Y-letters of equal mass or equal ends of it, may be permuted, where
 * every linear row has the same coefficients at both.  Of the largest classes A and B, a greatest entry of A x B moves
 * to the first cell (a, b).  With `pivots` a greatest one of what A and B have left moves to the next cell of the
 * diagonal, and so on, until one is used up; without, this ends after the first.  The rest of A and every other X-class
 * are sorted by the column of the last such cell, the rest of B and every other Y-class by its row: these permutations
 * fix the cells before and do not disturb each other.  A greatest entry that is all of its letters leaves nothing but
 * ties in its row and column: there pivots go on where the sorting of these lines has no effect. */
int mb_order_rows(const mb_instance *instance, const double *p_s_given_x, int s, int pivots, int *first, int *second) {
    const int n = instance->n, m = instance->m;
    int x_class[MB_MAX_LETTERS], y_class[MB_MAX_LETTERS], x_size[MB_MAX_LETTERS] = {0}, y_size[MB_MAX_LETTERS] = {0};
    for (int x = 0; x < n; x++) {
        x_class[x] = x;
        for (int other = 0; other < x && x_class[x] == x; other++) {
            int same = instance->p_x[x] == instance->p_x[other];
            for (int label = 0; label < s && same; label++)
                same = p_s_given_x[x * s + label] == p_s_given_x[other * s + label];
            for (int i = 0; i < instance->linear_count * m && same; i++) {
                const double *row = instance->linear + (size_t)(i / m) * (size_t)instance->cells + i % m;
                same = row[x * m] == row[other * m];
            }
            if (same) x_class[x] = x_class[other];
        }
        x_size[x_class[x]]++;
    }
    for (int y = 0; y < m; y++) {
        y_class[y] = y;
        for (int other = 0; other < y && y_class[y] == y; other++) {
            int same = instance->law_lower[y] == instance->law_lower[other] &&
                       instance->law_upper[y] == instance->law_upper[other];
            for (int i = 0; i < instance->linear_count * n && same; i++)
                same = instance->linear[i * m + y] == instance->linear[i * m + other];
            if (same) y_class[y] = y_class[other];
        }
        y_size[y_class[y]]++;
    }
    int a = 0, b = 0, in_a[MB_MAX_LETTERS] = {0}, in_b[MB_MAX_LETTERS] = {0}, rows = 0, columns = 0;
    for (int x = 0; x < n; x++)
        if (x_size[x] > x_size[a]) a = x;
    for (int y = 0; y < m; y++)
        if (y_size[y] > y_size[b]) b = y;
    if (x_size[a] == 1 && y_size[b] == 1) return 0;
    for (int x = 0; x < n; x++)
        if (x_class[x] == a) in_a[rows++] = x;
    for (int y = 0; y < m; y++)
        if (y_class[y] == b) in_b[columns++] = y;
    order_list order = {first, second, 0};
    int stages = rows < columns ? rows : columns;
    if (!pivots) stages = 1;
    for (int k = 0; k < stages; k++) {
        const int pivot = in_a[k] * m + in_b[k];
        /* Where another stage follows, its own pivot is above the inner cells. */
        for (int i = k; i < rows; i++)
            for (int j = k; j < columns; j++)
                if (i + j > 2 * k && (i == k || j == k || k + 1 == stages || (i == k + 1 && j == k + 1)))
                    in_order(&order, pivot, in_a[i] * m + in_b[j]);
    }
    /* What was moved to the diagonal stands; the chain through it is in the rows above. */
    sort_classes(&order, x_class, n, m, in_b[stages - 1], a, in_a[stages - 1]);
    sort_classes(&order, y_class, m, 1, in_a[stages - 1] * m, b, in_b[stages - 1]);
    return order.count;
}

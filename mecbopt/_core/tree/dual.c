/* Bounded dual and primal simplex on the kernel of `kernel.c`.
 *
 * The linear program: minimise cost . P(w) + sum over Jensen rows of max(0, s_i(w) - upper_i) over mixtures w
 * of the pool, subject to row bounds.  Jensen rows are elastic: their dual lies in [-1, 0]; an inactive one is
 * either slack (dual 0) or ABOVE (dual -1).  Weights are boxed in [0, 1], so that any basis can be made dual
 * feasible by moving nonbasic weights between their bounds.
 */
#include "tree/simplex.h"

static const double DUAL_TOLERANCE = 1e-10;
static const double PIVOT_TOLERANCE = 1e-9;
static const double TIE = 1e-12;
enum { REFACTOR_EVERY = 40, STALL_LIMIT = 60 };

static int is_fixed(const mb_simplex *lp, int row) { return lp->lower[row] == lp->upper[row]; }

/* Add `weight` times a column to `activity` (all rows but those that `mb_derived_rows` has from the cells). */
void mb_accumulate(const mb_simplex *lp, int position, double weight, double *restrict activity) {
    const mb_instance *instance = lp->instance;
    const int m = instance->m, with_jensen = lp->boxed && lp->tables->with_jensen;
    const size_t next = (size_t)m * lp->jensen_width;
    double *const jensen = activity + lp->jensen0;
    activity[lp->rate_row] += weight * lp->columns->rate[position];
    activity[lp->label_row] += weight * lp->columns->label[position];
    for (int y = 0; y < m; y++) {
        const mb_set set = lp->columns->block[y][position];
        if (!set) continue;
        activity[lp->marginal0 + y] += weight * instance->mass[set];
        const double *mass = instance->p_x;
        mb_set rest = set;
        for (int cell = y; rest; cell += m, mass++, rest >>= 1)
            if (rest & 1) activity[cell] += weight * *mass;
        if (!with_jensen) continue;
        const double *coefficient = lp->jensen + (size_t)y * lp->jensen_width;
        size_t at = mb_jensen_place(lp, y, position);
        for (int cell = y; cell < lp->cells; cell += m, at += next) jensen[cell] += weight * coefficient[at];
    }
}

/* The order rows, the linear rows and those of the posteriors, from cells and marginals. */
void mb_derived_rows(const mb_simplex *lp, double *activity) {
    for (int row = lp->order0; row < lp->linear0; row++)
        activity[row] = activity[lp->order_first[row - lp->order0]] - activity[lp->order_second[row - lp->order0]];
    for (int row = lp->posterior0; row < lp->rows; row++) {
        const int cell = mb_posterior_cell(lp, row);
        activity[row] =
            activity[cell] - lp->posterior[row - lp->posterior0] * activity[lp->marginal0 + cell % lp->instance->m];
    }
    for (int row = lp->linear0; row < lp->posterior0; row++) {
        const double *coefficient = lp->linear + (size_t)(row - lp->linear0) * (size_t)lp->cells;
        double total = 0.0;
        for (int cell = 0; cell < lp->cells; cell++) total += coefficient[cell] * activity[cell];
        activity[row] = total;
    }
}

/* Weights of the basic columns and activities of all rows; returns the objective. */
double mb_simplex_primal_values(mb_simplex *lp) {
    double *right = lp->work1;
    for (int place = 0; place < lp->size; place++)
        right[place] = mb_row_bound(lp, lp->active[place], lp->state[lp->active[place]]);
    memset(lp->activity, 0, sizeof(double) * (size_t)lp->rows);
    for (int position = 0; position < lp->columns->size; position++)
        if (lp->at_one[position]) {
            mb_accumulate(lp, position, 1.0, lp->activity);
            for (int place = 0; place < lp->size; place++) right[place] -= mb_entry(lp, lp->active[place], position);
        }
    mb_inverse_times(lp, right, lp->weight);
    for (int place = 0; place < lp->size; place++) mb_accumulate(lp, lp->basic[place], lp->weight[place], lp->activity);
    mb_derived_rows(lp, lp->activity);
    double objective = 0.0;
    for (int cell = 0; cell < lp->cells; cell++) objective += lp->cost[cell] * lp->activity[cell];
    if (lp->boxed)
        for (int row = lp->jensen0; row < lp->order0; row++) {
            if (lp->state[row] == MB_ABOVE) objective += lp->activity[row] - lp->upper[row];
            if (lp->state[row] == MB_AT_TOP) objective += MB_WIDE;
        }
    return objective;
}

/* Row duals and reduced costs of the pool, from the basis. */
void mb_simplex_duals(mb_simplex *lp) {
    const mb_columns *columns = lp->columns;
    for (int row = 0; row < lp->rows; row++) lp->direction[row] = lp->state[row] == MB_ABOVE ? 1.0 : 0.0;
    mb_combine(lp, lp->cost, lp->direction);
    memset(lp->work2, 0, sizeof(double) * (size_t)lp->size);
    for (int i = 0; i < lp->size; i++) {
        const double cost = mb_column_score(lp, lp->basic[i]) + lp->shift[lp->basic[i]];
        const double *inverse = lp->inverse + (size_t)i * (size_t)lp->stride;
        for (int j = 0; j < lp->size; j++) lp->work2[j] += cost * inverse[j];
    }
    for (int row = 0; row < lp->rows; row++) {
        lp->dual[row] = lp->state[row] == MB_ABOVE ? -1.0 : 0.0;
        if (lp->active_place[row] >= 0) lp->dual[row] = lp->work2[lp->active_place[row]];
        lp->direction[row] = -lp->dual[row];
    }
    mb_combine(lp, lp->cost, lp->direction);
    mb_pool_scores(lp, lp->reduced);
    for (int position = 0; position < columns->size; position++)
        lp->reduced[position] = lp->basic_place[position] >= 0 ? 0.0 : lp->reduced[position] + lp->shift[position];
}

/* Move nonbasic weights and active rows to the bound that their dual value asks for. */
static void make_dual_feasible(mb_simplex *lp) {
    for (int position = 0; position < lp->columns->size; position++)
        lp->at_one[position] = lp->basic_place[position] < 0 && lp->reduced[position] < -DUAL_TOLERANCE;
    for (int place = 0; place < lp->size; place++) {
        const int row = lp->active[place];
        const double dual = lp->dual[row];
        if (mb_is_elastic(lp, row))
            lp->state[row] = dual > DUAL_TOLERANCE          ? MB_AT_LOWER
                             : dual < -1.0 - DUAL_TOLERANCE ? MB_AT_TOP
                                                            : MB_AT_UPPER;
        else if (dual > DUAL_TOLERANCE)
            lp->state[row] = MB_AT_LOWER;
        else if (dual < -DUAL_TOLERANCE)
            lp->state[row] = MB_AT_UPPER;
        else if (lp->lower[row] <= -MB_WIDE)
            lp->state[row] = MB_AT_UPPER;
        else if (lp->upper[row] >= MB_WIDE)
            lp->state[row] = MB_AT_LOWER;
    }
}

/* How far a row is outside the interval that its state stands for; `side` +1: must fall, -1: must rise. */
static double row_violation(const mb_simplex *lp, int row, int *side) {
    double low = lp->lower[row], high = lp->upper[row];
    if (lp->state[row] == MB_ABOVE) {
        low = high;
        high += MB_WIDE;
    }
    const double above = lp->activity[row] - high, below = low - lp->activity[row];
    *side = above > 0.0 ? 1 : -1;
    return above > below ? above : below;
}

typedef struct {
    int row, place, side; /* leaving: a row, or the column at a place of the kernel */
    double violation;
} leaving_choice;

/* The leaving variable: greatest violation^2 over the squared norm of its row of the full basis inverse
 * (dual steepest edge, norms computed afresh for the violated ones). */
static leaving_choice choose_leaving(mb_simplex *lp) {
    leaving_choice choice = {-1, -1, 0, 0.0};
    double best = 0.0;
    for (int i = 0; i < lp->size; i++) {
        const double weight = lp->weight[i];
        const double violation = weight < 0.0 ? -weight : weight - 1.0;
        if (violation <= lp->feasibility) continue;
        const double *inverse = lp->inverse + (size_t)i * (size_t)lp->stride;
        double norm = 1e-30;
        for (int j = 0; j < lp->size; j++) norm += inverse[j] * inverse[j];
        if (violation * violation > best * norm) {
            best = violation * violation / norm;
            choice = (leaving_choice){-1, i, weight < 0.0 ? -1 : 1, violation};
        }
    }
    for (int row = 0; row < lp->rows; row++) {
        int side;
        /* First, since nearly all rows are inside. */
        const double violation = row_violation(lp, row, &side);
        if (violation <= lp->feasibility || violation * violation <= best) continue;
        if (lp->active_place[row] >= 0 || mb_is_unused(lp, row)) continue;
        mb_row_times_inverse(lp, row, lp->work1);
        double norm = 1.0;
        for (int j = 0; j < lp->size; j++) norm += lp->work1[j] * lp->work1[j];
        if (violation * violation > best * norm) {
            best = violation * violation / norm;
            choice = (leaving_choice){row, -1, side, violation};
        }
    }
    return choice;
}

/* The dual direction of a leaving variable: `direction` over rows and `alpha` over the pool. */
static void dual_direction(mb_simplex *lp, const leaving_choice *leaving) {
    memset(lp->direction, 0, sizeof(double) * (size_t)lp->rows);
    if (leaving->row >= 0) {
        mb_row_times_inverse(lp, leaving->row, lp->work1);
        const double sign = leaving->side > 0 ? -1.0 : 1.0;
        for (int j = 0; j < lp->size; j++) lp->direction[lp->active[j]] = -sign * lp->work1[j];
        lp->direction[leaving->row] = sign;
    } else {
        const double *inverse = lp->inverse + (size_t)leaving->place * (size_t)lp->stride;
        const double sign = leaving->side > 0 ? 1.0 : -1.0;
        for (int j = 0; j < lp->size; j++) lp->direction[lp->active[j]] = sign * inverse[j];
    }
    mb_combine(lp, NULL, lp->direction);
    mb_pool_scores(lp, lp->alpha);
}

/* Collect what can block the dual step: pool positions, and kernel places as ~place. */
static int collect_candidates(mb_simplex *lp) {
    int count = 0;
    const int size = lp->columns->size;
    const int *restrict basic_place = lp->basic_place;
    const unsigned char *restrict at_one = lp->at_one;
    const double *restrict reduced = lp->reduced, *restrict alphas = lp->alpha;
    int *restrict list = lp->list;
    double *restrict ratios = lp->ratio;
    /* Half of them are candidates, in no order that a branch could be foretold by. */
    for (int position = 0; position < size; position++) {
        const double alpha = at_one[position] ? -alphas[position] : alphas[position];
        list[count] = position;
        count += (alpha > PIVOT_TOLERANCE) & (basic_place[position] < 0);
    }
    for (int i = 0; i < count; i++) {
        const double ratio = reduced[list[i]] / alphas[list[i]];
        ratios[i] = ratio > 0.0 ? ratio : 0.0;
    }
    for (int place = 0; place < lp->size; place++) {
        const int row = lp->active[place];
        const double slope = lp->direction[row], dual = lp->dual[row];
        if (is_fixed(lp, row) || fabs(slope) <= PIVOT_TOLERANCE) continue;
        double room; /* how far the dual may go in this direction */
        const int rises = slope > 0.0;
        switch (lp->state[row]) {
        case MB_AT_LOWER:
            if (rises) continue;
            room = dual;
            break;
        case MB_AT_TOP:
            if (!rises) continue;
            room = -1.0 - dual;
            break;
        default:
            if (rises)
                room = -dual;
            else if (mb_is_elastic(lp, row))
                room = dual + 1.0;
            else
                continue;
        }
        lp->list[count] = ~place;
        lp->ratio[count++] = room > 0.0 ? room / fabs(slope) : 0.0;
    }
    return count;
}

static double candidate_slope(const mb_simplex *lp, int code) {
    return fabs(code >= 0 ? lp->alpha[code] : lp->direction[lp->active[~code]]);
}

static double candidate_range(const mb_simplex *lp, int code) {
    if (code >= 0) return 1.0;
    const int row = lp->active[~code];
    return mb_is_elastic(lp, row) ? MB_WIDE : lp->upper[row] - lp->lower[row];
}

static void flip(mb_simplex *lp, int code) {
    if (code >= 0) {
        lp->at_one[code] ^= 1;
        return;
    }
    const int row = lp->active[~code];
    lp->state[row] = lp->state[row] == MB_AT_LOWER ? MB_AT_UPPER : MB_AT_LOWER;
}

static void perturb(mb_simplex *lp) {
    for (int position = 0; position < lp->columns->size; position++) {
        if (lp->basic_place[position] >= 0) continue;
        const double noise = 1e-8 * (0.5 + core_uniform(&lp->noise)) * (lp->at_one[position] ? -1.0 : 1.0);
        lp->shift[position] += noise;
        lp->reduced[position] += noise;
    }
}

/* Dual simplex from the present basis.  MB_OPTIMAL, MB_CUTOFF (objective above `cutoff`), MB_INFEASIBLE (the
 * Farkas multipliers are in `direction`), or MB_STALLED. */
int mb_simplex_dual(mb_simplex *lp, double cutoff, int max_pivots) {
    int degenerate = 0, failures = 0, fresh = 0;
    for (int iteration = 0; iteration < max_pivots; iteration++) {
        if (!fresh) {
            if (lp->since_refactor >= REFACTOR_EVERY || failures) mb_simplex_refactor(lp);
            mb_simplex_duals(lp);
            make_dual_feasible(lp);
            fresh = 1;
        }
        if (mb_simplex_primal_values(lp) > cutoff) return MB_CUTOFF;
        leaving_choice leaving = choose_leaving(lp);
        if (leaving.row < 0 && leaving.place < 0) return MB_OPTIMAL;
        dual_direction(lp, &leaving);
        int count = collect_candidates(lp);
        double slope = leaving.violation;
        const double own_limit = leaving.row >= 0 && mb_is_elastic(lp, leaving.row) &&
                                         lp->activity[leaving.row] >= lp->lower[leaving.row] &&
                                         !(lp->state[leaving.row] == MB_ABOVE && leaving.side > 0)
                                     ? 1.0
                                     : MB_INFINITY;
        int entering = 0, found = 0;
        double step = 0.0;
        while (count > 0) {
            int best = 0;
            for (int i = 1; i < count; i++)
                if (lp->ratio[i] < lp->ratio[best] - TIE ||
                    (lp->ratio[i] < lp->ratio[best] + TIE &&
                     candidate_slope(lp, lp->list[i]) > candidate_slope(lp, lp->list[best])))
                    best = i;
            if (lp->ratio[best] >= own_limit) break;
            const int code = lp->list[best];
            const double loss = candidate_slope(lp, code) * candidate_range(lp, code);
            if (slope - loss <= TIE) {
                entering = code;
                step = lp->ratio[best];
                found = 1;
                break;
            }
            slope -= loss;
            flip(lp, code);
            lp->list[best] = lp->list[--count];
            lp->ratio[best] = lp->ratio[count];
        }
        if (!found && own_limit < MB_INFINITY) {
            lp->state[leaving.row] = lp->state[leaving.row] == MB_ABOVE ? MB_INACTIVE : MB_ABOVE;
            fresh = 0;
            if (lp->since_refactor < REFACTOR_EVERY) {
                /* No pivot: only the duals move. */
                for (int row = 0; row < lp->rows; row++) lp->dual[row] += lp->direction[row];
                lp->dual[leaving.row] = lp->state[leaving.row] == MB_ABOVE ? -1.0 : 0.0;
                for (int position = 0; position < lp->columns->size; position++)
                    if (lp->basic_place[position] < 0) lp->reduced[position] -= lp->alpha[position];
                fresh = 1;
            }
            continue;
        }
        if (!found) {
            if (lp->since_refactor > 0 && !failures) {
                /* Believe an infeasibility only on a fresh inverse. */
                failures = 1;
                fresh = 0;
                continue;
            }
            return MB_INFEASIBLE;
        }
        failures = 0;
        if (candidate_slope(lp, entering) < 1e-7 && lp->since_refactor > 0) {
            failures = 1;
            fresh = 0;
            continue;
        }
        const int entering_row = entering >= 0 ? -1 : lp->active[~entering];
        const int leaving_column = leaving.place >= 0 ? lp->basic[leaving.place] : -1;
        const double rise = entering_row >= 0 ? lp->direction[entering_row] : 0.0;
        if (!mb_exchange(lp, leaving.row, leaving.place, entering >= 0 ? entering : -1,
                         entering >= 0 ? -1 : ~entering)) {
            if (lp->since_refactor <= 1) return MB_STALLED;
            failures = 1;
            fresh = 0;
            continue;
        }
        for (int row = 0; row < lp->rows; row++) lp->dual[row] += step * lp->direction[row];
        for (int position = 0; position < lp->columns->size; position++)
            lp->reduced[position] -= step * lp->alpha[position];
        if (entering >= 0) {
            lp->at_one[entering] = 0;
            lp->reduced[entering] = 0.0;
        } else {
            const int above =
                (mb_is_elastic(lp, entering_row) && lp->state[entering_row] == MB_AT_UPPER && rise < 0.0) ||
                (lp->state[entering_row] == MB_AT_TOP && rise > 0.0);
            lp->state[entering_row] = above ? MB_ABOVE : MB_INACTIVE;
            lp->dual[entering_row] = above ? -1.0 : 0.0;
        }
        if (leaving.row >= 0) {
            if (lp->state[leaving.row] == MB_ABOVE)
                lp->state[leaving.row] = leaving.side > 0 ? MB_AT_TOP : MB_AT_UPPER;
            else
                lp->state[leaving.row] = leaving.side > 0 ? MB_AT_UPPER : MB_AT_LOWER;
        } else {
            lp->at_one[leaving_column] = leaving.side > 0;
            lp->reduced[leaving_column] = leaving.side > 0 ? -step : step;
        }
        for (int i = 0; i < lp->size; i++) lp->reduced[lp->basic[i]] = 0.0;
        if (step < TIE && ++degenerate % STALL_LIMIT == 0) perturb(lp);
        if (lp->since_refactor >= REFACTOR_EVERY) fresh = 0;
    }
    return MB_STALLED;
}

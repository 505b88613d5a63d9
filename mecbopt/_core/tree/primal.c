/* Primal simplex on the kernel: re-optimises after columns joined the pool of a primal feasible basis.
 *
 * The slopes of elastic rows change along a step, so the ratio test passes their breakpoints while the
 * objective still falls.
 */
#include "tree/simplex.h"

static const double DUAL_TOLERANCE = 1e-9;
static const double PIVOT_TOLERANCE = 1e-9;
static const double TIE = 1e-12;
/* Primal infeasibility that the ratio test can absorb; more is left to the dual simplex. */
static const double FEASIBLE = 1e-8;
enum { REFACTOR_EVERY = 40, STALL_LIMIT = 30 };

typedef struct {
    int column, place, sign; /* entering: a pool position, or the active row at a place; direction */
    double violation;
} entering_choice;

static entering_choice choose_entering(const mb_simplex *lp) {
    entering_choice choice = {-1, -1, 0, DUAL_TOLERANCE};
    for (int position = 0; position < lp->columns->size; position++) {
        if (lp->basic_place[position] >= 0) continue;
        const double violation = lp->at_one[position] ? lp->reduced[position] : -lp->reduced[position];
        if (violation > choice.violation)
            choice = (entering_choice){position, -1, lp->at_one[position] ? -1 : 1, violation};
    }
    for (int place = 0; place < lp->size; place++) {
        const int row = lp->active[place];
        const double dual = lp->dual[row];
        if (lp->lower[row] == lp->upper[row]) continue;
        int sign = 0;
        double violation = 0.0;
        if (lp->state[row] == MB_AT_LOWER)
            sign = 1, violation = -dual;
        else if (mb_is_elastic(lp, row) && dual < -1.0)
            sign = 1, violation = -1.0 - dual;
        else
            sign = -1, violation = dual;
        if (violation > choice.violation) choice = (entering_choice){-1, place, sign, violation};
    }
    return choice;
}

/* Change of the basic weights (work2) and of the activities (`direction`) along the entering variable. */
static void primal_direction(mb_simplex *lp, const entering_choice *entering) {
    double *change = lp->work2;
    if (entering->column >= 0) {
        mb_inverse_times_column(lp, entering->column, change);
        for (int i = 0; i < lp->size; i++) change[i] *= -entering->sign;
    } else
        for (int i = 0; i < lp->size; i++)
            change[i] = entering->sign * lp->inverse[(size_t)i * (size_t)lp->stride + (size_t)entering->place];
    memset(lp->direction, 0, sizeof(double) * (size_t)lp->rows);
    if (entering->column >= 0) mb_accumulate(lp, entering->column, entering->sign, lp->direction);
    for (int i = 0; i < lp->size; i++)
        if (change[i] != 0.0) mb_accumulate(lp, lp->basic[i], change[i], lp->direction);
    mb_derived_rows(lp, lp->direction);
}

static void add_candidate(mb_simplex *lp, int *count, int code, double room, double speed) {
    lp->list[*count] = code;
    lp->ratio[(*count)++] = room > 0.0 ? room / speed : 0.0;
}

/* Blocking candidates: kernel places as ~place, rows as themselves.  Returns -1 when the basis is not primal
 * feasible. */
static int collect_candidates(mb_simplex *lp) {
    int count = 0;
    for (int i = 0; i < lp->size; i++) {
        const double change = lp->work2[i], weight = lp->weight[i];
        if (weight < -FEASIBLE || weight > 1.0 + FEASIBLE) return -1;
        if (change < -PIVOT_TOLERANCE)
            add_candidate(lp, &count, ~i, weight, -change);
        else if (change > PIVOT_TOLERANCE)
            add_candidate(lp, &count, ~i, 1.0 - weight, change);
    }
    for (int row = 0; row < lp->rows; row++) {
        if (lp->active_place[row] >= 0 || mb_is_unused(lp, row)) continue;
        double low = lp->lower[row], high = lp->upper[row];
        if (lp->state[row] == MB_ABOVE) low = high, high += MB_WIDE;
        const double activity = lp->activity[row], change = lp->direction[row];
        if (activity < low - FEASIBLE || activity > high + FEASIBLE) return -1;
        if (change < -PIVOT_TOLERANCE)
            add_candidate(lp, &count, row, activity - low, -change);
        else if (change > PIVOT_TOLERANCE)
            add_candidate(lp, &count, row, high - activity, change);
    }
    return count;
}

static double speed_of(const mb_simplex *lp, int code) {
    return fabs(code >= 0 ? lp->direction[code] : lp->work2[~code]);
}

/* Whether the objective only bends where the candidate is reached (an elastic row between slack and above). */
static int only_bends(const mb_simplex *lp, int code) {
    if (code < 0 || !mb_is_elastic(lp, code)) return 0;
    return (lp->state[code] == MB_INACTIVE) == (lp->direction[code] > 0.0);
}

/* Primal simplex: MB_OPTIMAL, MB_NEEDS_DUAL when the basis is not primal feasible, or MB_STALLED. */
int mb_simplex_primal(mb_simplex *lp, int max_pivots) {
    int degenerate = 0;
    for (int iteration = 0; iteration < max_pivots; iteration++) {
        if (lp->since_refactor >= REFACTOR_EVERY) mb_simplex_refactor(lp);
        mb_simplex_duals(lp);
        mb_simplex_primal_values(lp);
        const entering_choice entering = choose_entering(lp);
        if (entering.sign == 0) return MB_OPTIMAL;
        primal_direction(lp, &entering);
        int count = collect_candidates(lp);
        if (count < 0) return MB_NEEDS_DUAL;
        const int entering_row = entering.place >= 0 ? lp->active[entering.place] : -1;
        double own_limit = 1.0;
        if (entering_row >= 0)
            own_limit = mb_is_elastic(lp, entering_row) ? MB_WIDE : lp->upper[entering_row] - lp->lower[entering_row];
        double slope = -entering.violation, step = own_limit;
        int leaving = 0, found = 0;
        while (count > 0) {
            int best = 0;
            for (int i = 1; i < count; i++)
                if (lp->ratio[i] < lp->ratio[best] - TIE ||
                    (lp->ratio[i] < lp->ratio[best] + TIE && speed_of(lp, lp->list[i]) > speed_of(lp, lp->list[best])))
                    best = i;
            if (lp->ratio[best] >= own_limit) break;
            const int code = lp->list[best];
            if (!only_bends(lp, code) || slope + speed_of(lp, code) >= -TIE) {
                leaving = code;
                step = lp->ratio[best];
                found = 1;
                break;
            }
            slope += speed_of(lp, code);
            lp->state[code] = lp->state[code] == MB_ABOVE ? MB_INACTIVE : MB_ABOVE;
            lp->list[best] = lp->list[--count];
            lp->ratio[best] = lp->ratio[count];
        }
        if (!found) { /* the entering variable reaches its other bound */
            if (entering_row < 0)
                lp->at_one[entering.column] ^= 1;
            else if (mb_is_elastic(lp, entering_row))
                return MB_STALLED;
            else
                lp->state[entering_row] = lp->state[entering_row] == MB_AT_LOWER ? MB_AT_UPPER : MB_AT_LOWER;
            continue;
        }
        const int leaving_row = leaving >= 0 ? leaving : -1, leaving_place = leaving >= 0 ? -1 : ~leaving;
        const int leaving_column = leaving_place >= 0 ? lp->basic[leaving_place] : -1;
        const int to_upper = leaving_row >= 0 ? lp->direction[leaving_row] > 0.0 : lp->work2[leaving_place] > 0.0;
        if (!mb_exchange(lp, leaving_row, leaving_place, entering.column, entering.place)) return MB_STALLED;
        if (entering_row >= 0)
            lp->state[entering_row] =
                mb_is_elastic(lp, entering_row) && entering.sign > 0 && lp->state[entering_row] == MB_AT_UPPER
                    ? MB_ABOVE
                    : MB_INACTIVE;
        else
            lp->at_one[entering.column] = 0;
        if (leaving_row >= 0) {
            if (lp->state[leaving_row] == MB_ABOVE)
                lp->state[leaving_row] = to_upper ? MB_AT_TOP : MB_AT_UPPER;
            else
                lp->state[leaving_row] = to_upper ? MB_AT_UPPER : MB_AT_LOWER;
        } else
            lp->at_one[leaving_column] = (unsigned char)to_upper;
        if (step > TIE)
            degenerate = 0;
        else if (++degenerate > STALL_LIMIT)
            return MB_STALLED;
    }
    return MB_STALLED;
}

/* Exact pricing for two letters of Y by the cells of an arrangement of lines, in O(n^2 log n) steps in place of 2^n.
 *
 * Without Jensen rows what is priced is, with A = f^{-1}(1) and q(A) = (P(A, S = 0), P(A, S = 1)),
 *     F(A) = sum over x in A of d_x + g(q(A)),    g = a combination of entropies with weights >= 0: concave.
 * Where A* is the best set and c a supergradient of g at q(A*), for every A
 *     F(A) <= F(A*) + l(A) - l(A*),    l(A) = sum over x in A of (d_x + c . P(x, .)),
 * so that a set that minimises l is a best one, and one that misses the least l by e is at most e worse.  With
 * r_x = d_x / p_x, s_x = p(S = 1 | x) and c . P(x, .) = p_x (a + b s_x), the sets that minimise such forms are those
 * below a level in the order of r_x + b s_x.  That order is the one by s_x, falling, for b = -infinity, and two letters
 * change places once, at b = (r_j - r_i) / (s_i - s_j): the sweep meets all its initial parts, n + 1 + n (n - 1) / 2
 * at most.  Rounding changes the order of letters only where their forms agree up to rounding.  Without a label the
 * order is that of r_x.
 */
#include "tree/sweep.h"

/* What the table of the label may be off a concave function of the masses, per unit of its multiplier: bounds leave
 * twice that for rounding. */
static const double CONCAVE_TO = 4e-14;

/* Whether the table of the label is a form linear in the set and a nonnegative multiple of the label entropy. */
static int is_concave(const mb_instance *instance, const double *p_s_given_x, double *first, double *second,
                      double *linear) {
    const int n = instance->n, subsets = instance->subsets, full = subsets - 1;
    double parts[2][MB_MAX_LETTERS], letters[MB_MAX_LETTERS];
    for (int x = 0; x < n; x++)
        for (int s = 0; s < 2; s++) parts[s][x] = instance->p_x[x] * p_s_given_x[2 * x + s];
    mb_sums_over_sets(n, parts[0], 1, first);
    mb_sums_over_sets(n, parts[1], 1, second);
    for (int set = 0; set < subsets; set++)
        first[set] = core_phi(first[set]) + core_phi(second[set]) - core_phi(instance->mass[set]);
    double singles = 0.0, given = 0.0;
    for (int x = 0; x < n; x++) singles += first[1 << x], given += instance->label_term[1 << x];
    if (!(first[full] - singles > 0.0)) return 0;
    const double factor = (instance->label_term[full] - given) / (first[full] - singles);
    for (int x = 0; x < n; x++) letters[x] = instance->label_term[1 << x] - factor * first[1 << x];
    mb_sums_over_sets(n, letters, 1, linear);
    double worst = 0.0;
    for (int set = 0; set < subsets; set++)
        worst = fmax(worst, fabs(instance->label_term[set] - factor * first[set] - linear[set]));
    return factor >= 0.0 && worst <= CONCAVE_TO;
}

/* Whether and how a problem is priced by sweeps; MB_NO_MEMORY or 0.  With the rate alone chains prove more (the engine
 * of that name). */
int mb_sweep_build(mb_sweep *sweep, const mb_instance *instance, int s, const double *p_s_given_x) {
    const int n = instance->n;
    sweep->serves = 0;
    if (instance->m != 2 || instance->free_law) return 0;
    if (instance->label_limit == MB_INFINITY && instance->linear_count == 0) return 0;
    if (instance->label_limit < MB_INFINITY) {
        if (s != 2) return 0;
        const size_t subsets = (size_t)instance->subsets;
        double *room = core_malloc(sizeof(double) * 3 * subsets);
        if (!room) return MB_NO_MEMORY;
        const int concave = is_concave(instance, p_s_given_x, room, room + subsets, room + 2 * subsets);
        core_free(room);
        if (!concave) return 0;
    }
    for (int x = 0; x < n; x++) {
        sweep->share[x] = instance->label_limit < MB_INFINITY ? p_s_given_x[2 * x + 1] : 0.0;
        int place = x;
        for (; place > 0 && sweep->share[sweep->falling[place - 1]] < sweep->share[x]; place--)
            sweep->falling[place] = sweep->falling[place - 1];
        sweep->falling[place] = (unsigned char)x;
    }
    sweep->serves = 1;
    return 0;
}

/* Shell's method, with Ciura's gaps: the turns are few. */
static void sort_turns(mb_turn *turn, int count) {
    static const int gaps[] = {132, 57, 23, 10, 4, 1};
    for (int which = 0; which < 6; which++)
        for (int i = gaps[which]; i < count; i++) {
            const mb_turn moving = turn[i];
            int place = i;
            for (; place >= gaps[which] && turn[place - gaps[which]].at > moving.at; place -= gaps[which])
                turn[place] = turn[place - gaps[which]];
            turn[place] = moving;
        }
}

/* A sweep under way: the letters in the present order, and what its initial parts hold and are worth in d. */
typedef struct {
    const mb_instance *instance;
    double on_rate, on_label, constant;
    const double *step;                  /* d_x */
    unsigned char order[MB_MAX_LETTERS]; /* [place]: letter */
    unsigned char place[MB_MAX_LETTERS]; /* [letter] */
    mb_set part[MB_MAX_LETTERS + 1];     /* [k]: the first k letters */
    double sum[MB_MAX_LETTERS + 1], least;
} sweep_state;

static void meet(mb_sweep *sweep, sweep_state *state, int length) {
    const mb_instance *instance = state->instance;
    const mb_set set = state->part[length], rest = (mb_set)(instance->subsets - 1) ^ set;
    double value = state->constant + state->sum[length];
    if (state->on_rate != 0.0) value += state->on_rate * (instance->entropy_term[set] + instance->entropy_term[rest]);
    if (state->on_label != 0.0) value += state->on_label * (instance->label_term[set] + instance->label_term[rest]);
    if (value < state->least) state->least = value;
    sweep->found[sweep->count++] = (mb_swept){value, set};
}

/* The letter at a place is the one that the initial part ends with that is one longer. */
static void lengthen(sweep_state *state, int place) {
    const int letter = state->order[place];
    state->place[letter] = (unsigned char)place;
    state->part[place + 1] = state->part[place] | (mb_set)1 << letter;
    state->sum[place + 1] = state->sum[place] + state->step[letter];
}

/* Two letters change places where they are neighbours; whether they were. */
static int take_turn(mb_sweep *sweep, sweep_state *state, const mb_turn *turn) {
    const int place = state->place[turn->first];
    if (state->place[turn->second] != place + 1) return 0;
    state->order[place] = turn->second;
    state->order[place + 1] = turn->first;
    state->place[turn->first] = (unsigned char)(place + 1);
    lengthen(state, place);
    meet(sweep, state, place + 1);
    return 1;
}

/* Where letters meet in one point up to rounding, turns may come too early: they wait until their letters are
 * neighbours. */
static void take_turns(mb_sweep *sweep, sweep_state *state, int count) {
    int waiting = 0; /* the first turns of the array are those that wait */
    for (int i = 0; i < count; i++) {
        if (!take_turn(sweep, state, &sweep->turn[i])) {
            sweep->turn[waiting++] = sweep->turn[i];
            continue;
        }
        for (int again = 0; again < waiting;) {
            if (!take_turn(sweep, state, &sweep->turn[again])) {
                again++;
                continue;
            }
            waiting--;
            memmove(sweep->turn + again, sweep->turn + again + 1, sizeof(mb_turn) * (size_t)(waiting - again));
            again = 0;
        }
    }
}

/* The least value over all sets A of sum over x of linear[x][x in A] + on_rate * entropy + on_label * label, the
 * factors nonnegative; the sets met stay in `found`. */
double mb_sweep_price(mb_sweep *sweep, const mb_instance *instance, const double *linear, double on_rate,
                      double on_label) {
    const int n = instance->n;
    double step[MB_MAX_LETTERS], ratio[MB_MAX_LETTERS];
    sweep_state state;
    state.instance = instance;
    state.on_rate = on_rate, state.on_label = on_label, state.constant = 0.0;
    state.step = step;
    state.part[0] = 0, state.sum[0] = 0.0, state.least = MB_INFINITY;
    for (int x = 0; x < n; x++) {
        state.constant += linear[2 * x];
        step[x] = linear[2 * x + 1] - linear[2 * x];
        ratio[x] = step[x] / instance->p_x[x];
    }
    /* By falling share, where a label is priced; then by the ratio. */
    for (int i = 0; i < n; i++) {
        const unsigned char letter = sweep->falling[i];
        int place = i;
        for (; place > 0; place--) {
            const unsigned char before = state.order[place - 1];
            if (on_label != 0.0 && sweep->share[before] > sweep->share[letter]) break;
            if (ratio[before] <= ratio[letter]) break;
            state.order[place] = before;
        }
        state.order[place] = letter;
    }
    sweep->count = 0;
    meet(sweep, &state, 0);
    for (int place = 0; place < n; place++) {
        lengthen(&state, place);
        meet(sweep, &state, place + 1);
    }
    if (on_label == 0.0) return state.least;
    int count = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const unsigned char first = state.order[i], second = state.order[j];
            const double apart = sweep->share[first] - sweep->share[second];
            if (apart > 0.0) sweep->turn[count++] = (mb_turn){(ratio[second] - ratio[first]) / apart, first, second};
        }
    sort_turns(sweep->turn, count);
    take_turns(sweep, &state, count);
    return state.least;
}

/* Bring the best of the sets met that are worth less than `below` to the front, in order, at most so many; their
 * number. */
int mb_sweep_best(mb_sweep *sweep, double below, int most) {
    int count = 0;
    while (count < most && count < sweep->count) {
        int best = count;
        for (int i = count + 1; i < sweep->count; i++)
            if (sweep->found[i].value < sweep->found[best].value) best = i;
        const mb_swept found = sweep->found[best];
        if (!(found.value < below)) break;
        sweep->found[best] = sweep->found[count];
        sweep->found[count++] = found;
    }
    return count;
}

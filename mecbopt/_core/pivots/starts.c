/* Where descents begin: at vertices by a random direction, or near the last good one (iterated local search).
 *
 * With U the mixture's index, I(X;Y) = I(X;Y|U) - I(X;U|Y) = H(Y|U) - I(X;U|Y), hence
 *     R - I(X;Y) = (R - H(Y|U)) + I(X;U|Y),
 * and the loss vanishes only where each y has the same preimage in every mapping that uses it.  A good vertex is
 * therefore described by one posterior for each y, and leaves a good neighbourhood by a change of posteriors, which
 * takes several pivots through vertices that are worse.  A kick draws such a change for
 * P(x,y) / (p_X(x) p_Y(y)), and the linear program with its negative logarithm as the cost looks for the mappings and
 * weights that come close to it.  Kicks by pivots along random directions lose what the vertex had: at 8x8 and
 * R = .5 H(Y) they left three times the loss after three seconds, as much as fresh starts do.
 */
#include "pivots/internal.h"

/* Descents in a row without a gain after which a fresh start is made. */
enum { MAX_FAILURES = 50 };
/* Changes of one kick, at most. */
enum { MAX_CHANGES = 3 };
enum { CHANGE_LETTERS, CHANGE_POSTERIORS, CHANGE_CELLS, CHANGE_PREIMAGE, CHANGE_COUNT };
/* What is added to the ratio P(x,y) / (p_X(x) p_Y(y)), which is 0 outside a preimage. */
static const double RATIO_FLOOR = 0.01;

static int draw(ls_search *search, int count) { return (int)(core_random(&search->random) % (uint64_t)count); }

static void exchange(double *a, double *b) {
    const double other = *a;
    *a = *b;
    *b = other;
}

/* One random change of the ratios: two letters of X or of Y trade places, a letter of X moves from the preimage of
   one y to that of another, or a preimage is drawn afresh. */
static void change(ls_search *search, double *ratio) {
    const int n = search->n, m = search->m, kind = draw(search, CHANGE_COUNT);
    const int x = draw(search, n), other_x = draw(search, n), y = draw(search, m), other_y = draw(search, m);
    switch (kind) {
    case CHANGE_LETTERS:
        for (int j = 0; j < m; j++) exchange(&ratio[x * m + j], &ratio[other_x * m + j]);
        return;
    case CHANGE_POSTERIORS:
        for (int i = 0; i < n; i++) exchange(&ratio[i * m + y], &ratio[i * m + other_y]);
        return;
    case CHANGE_CELLS: exchange(&ratio[x * m + y], &ratio[x * m + other_y]); return;
    default:
        for (int i = 0; i < n; i++) ratio[i * m + y] = draw(search, 2) ? 2.0 : 0.0;
    }
}

/* The cost whose linear program looks for a vertex near a change of the present coupling. */
static void kick(ls_search *search) {
    const int m = search->m;
    double *cost = search->cost;
    for (int cell = 0; cell < search->cells; cell++)
        cost[cell] = search->coupling[cell] / (search->p_x[cell / m] * search->p_y[cell % m]);
    for (int changes = 1 + draw(search, MAX_CHANGES); changes > 0; changes--) change(search, cost);
    for (int cell = 0; cell < search->cells; cell++)
        cost[cell] = -search->p_x[cell / m] * log2(cost[cell] + RATIO_FLOOR);
}

/* Sets basis and cost for the linear pivots that lead to the next descent; -1 where the start's basis is singular. */
int ls_begin(ls_search *search) {
    if (search->failures < MAX_FAILURES &&
        !ls_basis_take(search, search->current_letters, search->current_kind, search->current_slack_row)) {
        kick(search);
        return 0;
    }
    search->failures = 0;
    search->current_value = HUGE_VAL;
    if (ls_basis_take(search, search->start_letters, search->start_kind, search->start_slack_row)) return -1;
    for (int cell = 0; cell < search->cells; cell++)
        search->cost[cell] = search->p_x[cell / search->m] * core_normal(&search->random);
    return 0;
}

/* The end of a descent is where kicks go on from unless it is worse. */
void ls_end(ls_search *search) {
    const size_t r = (size_t)search->rows;
    ls_remember(search);
    search->starts++;
    search->failures = search->value < search->current_value - LS_GAIN ? 0 : search->failures + 1;
    if (search->value > search->current_value + LS_GAIN) return;
    search->current_value = search->value;
    memcpy(search->current_letters, search->letters, sizeof(ls_letter) * r * (size_t)search->n);
    memcpy(search->current_kind, search->kind, r);
    memcpy(search->current_slack_row, search->slack_row, sizeof(int) * r);
}

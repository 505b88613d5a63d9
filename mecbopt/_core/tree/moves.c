/* Pricing by single moves: where exact pricing takes milliseconds it is asked only once this finds nothing.
 *
 * From every basic column letters move one at a time as long as the score falls.  Scores of single sets need no
 * table: n terms for what is linear in the coupling, one for rate and label each, and one for every Jensen row with a
 * multiplier.  What is found are columns; bounds stay with exact pricing.
 */
#include "tree/search.h"

enum { MOST_ROUNDS = 20 };

/* The sum of multiplier * entry as a function of (y, A_y). */
typedef struct {
    const mb_instance *instance;
    double linear[MB_MAX_CELLS]; /* times p_X(x) */
    double on_rate, on_label;
    int count[MB_MAX_LETTERS]; /* Jensen rows of a letter of Y */
    int letter[MB_MAX_LETTERS][MB_MAX_LETTERS];
    double factor[MB_MAX_LETTERS][MB_MAX_LETTERS];
    const mb_jensen *jensen;
} set_form;

static void form_of(const mb_simplex *lp, const double *cell_extra, const double *multiplier, set_form *form) {
    const mb_instance *instance = lp->instance;
    form->instance = instance;
    form->jensen = lp->tables->jensen;
    mb_linear_part(lp, cell_extra, multiplier, form->linear);
    form->on_rate = multiplier[lp->rate_row];
    form->on_label = multiplier[lp->label_row];
    for (int y = 0; y < instance->m; y++) {
        form->count[y] = 0;
        if (!lp->boxed || !lp->tables->with_jensen) continue;
        for (int x = 0; x < instance->n; x++) {
            const double factor = multiplier[lp->jensen0 + x * instance->m + y];
            if (factor == 0.0) continue;
            form->letter[y][form->count[y]] = x;
            form->factor[y][form->count[y]++] = factor;
        }
    }
}

static double score_of(const set_form *form, int y, mb_set set) {
    const mb_instance *instance = form->instance;
    double total = form->on_rate * instance->entropy_term[set] + form->on_label * instance->label_term[set];
    for (int x = 0; x < instance->n; x++)
        if (set >> x & 1) total += form->linear[x * instance->m + y];
    for (int i = 0; i < form->count[y]; i++) {
        const int x = form->letter[y][i];
        total += form->factor[y][i] * mb_jensen_entry(instance, &form->jensen[x * instance->m + y], x, set);
    }
    return total;
}

/* Move letters one at a time while the score falls; the score at the end. */
static double descend(const set_form *form, mb_set *blocks) {
    const mb_instance *instance = form->instance;
    double own[MB_MAX_LETTERS], total = 0.0;
    int at[MB_MAX_LETTERS];
    for (int y = 0; y < instance->m; y++) {
        total += own[y] = score_of(form, y, blocks[y]);
        for (int x = 0; x < instance->n; x++)
            if (blocks[y] >> x & 1) at[x] = y;
    }
    int still = 0; /* letters in a row that stay where they are */
    for (int step = 0; still < instance->n && step < MOST_ROUNDS * instance->n; step++) {
        const int x = step % instance->n, from = at[x];
        const mb_set bit = (mb_set)1 << x;
        const double without = score_of(form, from, blocks[from] ^ bit) - own[from];
        int best = from;
        double gain = -1e-12, with = 0.0;
        for (int y = 0; y < instance->m; y++) {
            if (y == from) continue;
            const double joined = score_of(form, y, blocks[y] | bit), change = without + joined - own[y];
            if (change >= gain) continue;
            gain = change;
            best = y;
            with = joined;
        }
        still++;
        if (best == from) continue;
        own[from] += without;
        own[best] = with;
        blocks[from] ^= bit;
        blocks[best] |= bit;
        at[x] = best;
        total += gain;
        still = 0;
    }
    return total;
}

/* Columns of negative score found by moves from the basic ones, put into the pool; their number, or -1. */
int mb_price_by_moves(mb_search *search, const mb_simplex *lp, const double *cell_extra, const double *multiplier,
                      double tolerance) {
    const mb_instance *instance = &search->instance;
    set_form form;
    int added = 0;
    form_of(lp, cell_extra, multiplier, &form);
    for (int place = 0; place < lp->size && added < search->settings.columns_per_round; place++) {
        mb_set blocks[MB_MAX_LETTERS];
        for (int y = 0; y < instance->m; y++) blocks[y] = lp->columns->block[y][lp->basic[place]];
        if (descend(&form, blocks) >= -tolerance) continue;
        const int entered = mb_new_column(search, blocks);
        if (entered < 0) return -1;
        added += entered;
    }
    return added;
}

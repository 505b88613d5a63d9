/* Which columns may enter: neighbours of the basis in stages.  All m^n mappings as neighbours found no more optima
   a start than these (5x5: 79 of 100 at 100 starts either way) at nine times the cost. */
#include "pivots/internal.h"

/* Stages of a neighbourhood, cheapest and most fruitful first. */
enum { STAGE_LETTER, STAGE_SWAP, STAGE_BLOCK, STAGE_TWO_LETTERS, STAGE_PRICED, STAGE_COUNT };
/* Two-letter changes tried before a vertex counts as a local optimum (all where there are fewer). */
#define MAX_TWO_LETTERS 20000
/* Smoothings of the linearised objective for which columns are priced. */
#define PRICED_ROUNDS 4
/* A stage is left for a pivot once this many candidates were seen and one of them improves. */
#define FIRST_IMPROVEMENT 50
/* The costly stages are spared where the vertex lies this many bits above the best one: at 5x5 that takes a third
   off a start and loses 2 of 100 optima at 200 starts, which the starts it pays for more than make up. */
#define PROMISING 0.005
/* A move counts where it gains more than rounding makes up: this share of the largest price (10^9 with a label that
   says next to nothing).  Even so a descent ends after some moves for each letter: any mapping is a candidate. */
#define ROUNDING_SHARE 1e-14
#define MOVES_PER_LETTER 20

static long long greatest_divisor(long long a, long long b) {
    while (b) {
        const long long rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static long long two_letters(const ls_search *search) {
    const long long n = search->n, others = search->m - 1;
    return n * (n - 1) / 2 * others * others * search->rows;
}

static void open_stage(ls_search *search, int stage) {
    const long long n = search->n, m = search->m, r = search->rows;
    const long long sizes[STAGE_COUNT] = {r * n * (m - 1), r * n * (n - 1) / 2, r * (r - 1) * m, two_letters(search),
                                          PRICED_ROUNDS * r};
    search->stage = stage;
    search->cursor = 0;
    /* A walk through the stage in steps coprime to its size visits every candidate once, in scrambled order. */
    search->stage_size = sizes[stage];
    if (search->stage_size == 0) return;
    search->stage_offset = (long long)(core_random(&search->random) % (uint64_t)search->stage_size);
    do search->stage_step = 1 + (long long)(core_random(&search->random) % (uint64_t)search->stage_size);
    while (greatest_divisor(search->stage_step, search->stage_size) != 1);
}

void ls_scan_restart(ls_search *search) {
    search->found = 0;
    search->found_value = search->value - LS_IMPROVEMENT;
    for (int row = search->m; row < search->rows; row++) {
        const double value = ls_evaluate_slack(search, row);
        search->candidates++;
        if (value < search->found_value) {
            search->found_value = value;
            search->found = 1;
            search->found_slack = row;
        }
    }
    open_stage(search, 0);
}

static void offer(ls_search *search, const ls_letter *mapping, const double *column) {
    const double value = ls_evaluate(search, mapping, column);
    search->candidates++;
    if (!(value < search->found_value)) return;
    search->found_value = value;
    search->found = 1;
    search->found_slack = -1;
    memcpy(search->found_letters, mapping, sizeof(ls_letter) * (size_t)search->n);
}

/* ------------------------------------------------------------- pricing by descent over single letters */
static void blocks_set(ls_search *search, const ls_letter *mapping) {
    ls_blocks *blocks = &search->blocks;
    const int n = search->n, m = search->m, s = search->s;
    memcpy(blocks->mapping, mapping, sizeof(ls_letter) * (size_t)n);
    memset(blocks->mass, 0, sizeof(double) * (size_t)m);
    memset(blocks->joint, 0, sizeof(double) * (size_t)(m * s));
    for (int x = 0; x < n; x++) {
        blocks->mass[mapping[x]] += search->p_x[x];
        for (int i = 0; i < s; i++) blocks->joint[mapping[x] * s + i] += search->joint_label[x * s + i];
    }
}

/* Change of the priced part when the mass of letter x joins (sign 1) or leaves (-1) block y. */
static double block_change(const ls_search *search, int x, int y, double sign, double rate_price, double label_price) {
    const ls_blocks *blocks = &search->blocks;
    const double before = fmax(blocks->mass[y], 0.0);
    const double after = fmax(before + sign * search->p_x[x], 0.0);
    double change = (rate_price - label_price) * (core_phi_quick(after) - core_phi_quick(before));
    if (label_price != 0.0)
        for (int i = 0; i < search->s; i++) {
            const double joint = blocks->joint[y * search->s + i];
            const double moved = joint + sign * search->joint_label[x * search->s + i];
            change += label_price * (core_phi_quick(fmax(moved, 0.0)) - core_phi_quick(fmax(joint, 0.0)));
        }
    return change;
}

static void block_move(ls_search *search, int x, int y, double sign) {
    ls_blocks *blocks = &search->blocks;
    blocks->mass[y] += sign * search->p_x[x];
    for (int i = 0; i < search->s; i++)
        blocks->joint[y * search->s + i] += sign * search->joint_label[x * search->s + i];
}

/* Moves letters of the mapping in `blocks` while the score sum_x score[x][f(x)] + prices falls. */
static void descend_score(ls_search *search, double rate_price, double label_price) {
    ls_blocks *blocks = &search->blocks;
    const int n = search->n, m = search->m;
    const int first = (int)(core_random(&search->random) % (uint64_t)n);
    double scale = 0.0;
    for (int row = 0; row < search->rows; row++) scale = fmax(scale, fabs(search->price[row]));
    const double least_gain = 1e-12 + ROUNDING_SHARE * scale;
    int moves = 0;
    for (int unchanged = 0, x = first; unchanged < n && moves < MOVES_PER_LETTER * n; x = (x + 1) % n) {
        const int from = blocks->mapping[x];
        const double leaving =
            block_change(search, x, from, -1.0, rate_price, label_price) - search->score[x * m + from];
        int best = from;
        double best_change = -least_gain;
        for (int y = 0; y < m; y++) {
            if (y == from) continue;
            const double change =
                leaving + search->score[x * m + y] + block_change(search, x, y, 1.0, rate_price, label_price);
            if (change < best_change) {
                best_change = change;
                best = y;
            }
        }
        unchanged++;
        if (best == from) continue;
        block_move(search, x, from, -1.0);
        block_move(search, x, best, 1.0);
        blocks->mapping[x] = (ls_letter)best;
        unchanged = 0;
        moves++;
    }
}

/* Prices of the rows for cell costs `cost` (mass included): cost of the basic columns times the inverse. */
static void row_prices(ls_search *search, const double *cost) {
    const int r = search->rows, m = search->m, n = search->n;
    for (int row = 0; row < r; row++) search->price[row] = 0.0;
    for (int place = 0; place < r; place++) {
        if (search->kind[place] != LS_MAPPING) continue;
        const ls_letter *mapping = search->letters + (size_t)place * (size_t)n;
        double total = 0.0;
        for (int x = 0; x < n; x++) total += cost[x * m + mapping[x]];
        for (int row = 0; row < r; row++) search->price[row] += total * search->inverse[row * r + place];
    }
    for (int x = 0; x < n; x++)
        for (int y = 0; y < m; y++) search->score[x * m + y] = cost[x * m + y] - search->p_x[x] * search->price[y];
}

static double limit_price(const ls_search *search, int row) { return row < 0 ? 0.0 : -search->price[row]; }

/* Reduced cost of a mapping under the prices set last. */
static double reduced_cost(const ls_search *search, const ls_letter *mapping, const double *column) {
    double total = 0.0;
    for (int x = 0; x < search->n; x++) total += search->score[x * search->m + mapping[x]];
    for (int row = search->m; row < search->rows; row++) total -= search->price[row] * column[row];
    return total;
}

/* Part of a pivot of the primal simplex method for the linear objective `cost`: LS_PIVOT when it is done,
   LS_NO_PIVOT when no entering column is known, LS_PRICING when a place was priced in vain and the next call goes on
   with the next (at 1000x100 a place takes milliseconds). */
int ls_linear_pivot(ls_search *search) {
    const int n = search->n;
    double best = -1e-9;
    if (search->pricing_place < 0) {
        int slack = -1;
        row_prices(search, search->cost);
        for (int row = search->m; row < search->rows; row++)
            if (-search->price[row] < best) {
                best = -search->price[row];
                slack = row;
            }
        search->pricing_first = (int)(core_random(&search->random) % (uint64_t)search->rows);
        if (slack >= 0) return ls_enter(search, search->found_letters, slack) ? LS_NO_PIVOT : LS_PIVOT;
        search->pricing_place = 0;
    }
    /* Partial pricing: the first place that yields a column serves; any improving column will do. */
    const int place = (search->pricing_first + search->pricing_place) % search->rows;
    if (++search->pricing_place == search->rows) search->pricing_place = -1;
    const int outcome = search->pricing_place < 0 ? LS_NO_PIVOT : LS_PRICING;
    if (search->kind[place] != LS_MAPPING) return outcome;
    blocks_set(search, search->letters + (size_t)place * (size_t)n);
    descend_score(search, limit_price(search, search->rate_row), limit_price(search, search->label_row));
    ls_column(search, search->blocks.mapping, search->trial_column);
    if (reduced_cost(search, search->blocks.mapping, search->trial_column) >= best) return outcome;
    search->pricing_place = -1;
    memcpy(search->found_letters, search->blocks.mapping, sizeof(ls_letter) * (size_t)n);
    return ls_enter(search, search->found_letters, -1) ? LS_NO_PIVOT : LS_PIVOT;
}

/* ------------------------------------------------------------- neighbours of the basis */
/* Candidate `index` of the stage, in search->trial; 0 where it is not a mapping worth a try. */
static int neighbour(ls_search *search, long long index) {
    const int n = search->n, m = search->m, r = search->rows;
    const int place = (int)(index % r);
    long long rest = index / r;
    ls_letter *trial = search->trial;
    if (search->kind[place] != LS_MAPPING) return 0;
    const ls_letter *mapping = search->letters + (size_t)place * (size_t)n;
    memcpy(trial, mapping, sizeof(ls_letter) * (size_t)n);
    switch (search->stage) {
    case STAGE_LETTER: {
        const int x = (int)(rest % n), shift = 1 + (int)(rest / n);
        trial[x] = (ls_letter)((trial[x] + shift) % m);
        return 1;
    }
    case STAGE_SWAP:
    case STAGE_TWO_LETTERS: {
        int x = 0;
        long long pair = rest % ((long long)n * (n - 1) / 2);
        rest /= (long long)n * (n - 1) / 2;
        while (pair >= n - 1 - x) pair -= n - 1 - x++;
        const int other = x + 1 + (int)pair;
        if (search->stage == STAGE_SWAP) {
            if (trial[x] == trial[other]) return 0;
            trial[x] = mapping[other];
            trial[other] = mapping[x];
            return 1;
        }
        trial[x] = (ls_letter)((trial[x] + 1 + rest % (m - 1)) % m);
        trial[other] = (ls_letter)((trial[other] + 1 + rest / (m - 1)) % m);
        return 1;
    }
    case STAGE_BLOCK: { /* the block of y in another mapping is taken over */
        const int y = (int)(rest % m);
        int donor = (int)(rest / m), changed = 0;
        donor += donor >= place;
        if (search->kind[donor] != LS_MAPPING) return 0;
        const ls_letter *other = search->letters + (size_t)donor * (size_t)n;
        for (int x = 0; x < n; x++)
            if (other[x] == y && trial[x] != y) {
                trial[x] = (ls_letter)y;
                changed++;
            }
        return changed > 1; /* a single change is in the stage of letters */
    }
    default: { /* priced: the linearised objective, smoothed, descended from a mapping of the basis */
        static const double smoothing[PRICED_ROUNDS] = {1e-1, 1e-2, 1e-3, 1e-5};
        const double floor = smoothing[rest % PRICED_ROUNDS];
        for (int x = 0; x < n; x++)
            for (int y = 0; y < m; y++)
                search->cost[x * m + y] =
                    -search->p_x[x] * log2(search->coupling[x * m + y] / search->p_x[x] + floor * search->p_y[y]);
        row_prices(search, search->cost);
        blocks_set(search, mapping);
        descend_score(search, limit_price(search, search->rate_row), limit_price(search, search->label_row));
        memcpy(trial, search->blocks.mapping, sizeof(ls_letter) * (size_t)n);
        return memcmp(trial, mapping, sizeof(ls_letter) * (size_t)n) != 0;
    }
    }
}

/* Evaluates up to `count` candidates; 1 when the neighbourhood is done or a pivot was found that should be taken. */
int ls_scan(ls_search *search, long long count) {
    while (count-- > 0) {
        long long limit = search->stage_size;
        if (search->stage == STAGE_TWO_LETTERS && limit > MAX_TWO_LETTERS) limit = MAX_TWO_LETTERS;
        if (search->stage >= STAGE_TWO_LETTERS && search->value > search->best + PROMISING) limit = 0;
        if (search->cursor >= limit || (search->found && search->cursor % FIRST_IMPROVEMENT == FIRST_IMPROVEMENT - 1)) {
            if (search->found || search->stage + 1 == STAGE_COUNT) return 1;
            open_stage(search, search->stage + 1);
            continue;
        }
        /* No overflow: long stages are cut at MAX_TWO_LETTERS, the others grow with r n^2 alone. */
        const uint64_t walked = (uint64_t)search->cursor * (uint64_t)search->stage_step;
        const long long index = (long long)((walked + (uint64_t)search->stage_offset) % (uint64_t)search->stage_size);
        search->cursor++;
        if (!neighbour(search, index)) continue;
        ls_column(search, search->trial, search->trial_column);
        offer(search, search->trial, search->trial_column);
    }
    return 0;
}

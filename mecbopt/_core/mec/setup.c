/* Set-up, answers and reconstruction of the exact minimum entropy coupling search. */
#include "mec/internal.h"

static int build_bounds(mec_search *s, double target, int iterations, core_question ask) {
    core_patience patience = core_patience_of(ask);
    double largest = 0.0, profile = mec_profile_remainder(s, 0, 0, 0);
    for (int i = 0; i < s->count; i++) largest = s->value[i] > largest ? s->value[i] : largest;
    s->coarse_inverse = (MEC_BUCKETS - 1) / largest / MEC_FINE_PER_COARSE;
    if (mec_pattern_bound_build(&s->bounds[0], s->n, s->value, s->m, s->value + s->n, largest, target, iterations,
                                &patience) ||
        mec_pattern_bound_build(&s->bounds[1], s->m, s->value + s->n, s->n, s->value, largest, target, iterations,
                                &patience))
        return -1;
    for (int i = 0; i < s->n; i++) {
        s->potential[0][i] = s->bounds[0].valid ? s->bounds[0].item_potential[i] : 0.0;
        s->potential[1][i] = s->bounds[1].valid ? s->bounds[1].bin_potential[i] : 0.0;
    }
    for (int j = 0; j < s->m; j++) {
        s->potential[0][s->n + j] = s->bounds[0].valid ? s->bounds[0].bin_potential[j] : 0.0;
        s->potential[1][s->n + j] = s->bounds[1].valid ? s->bounds[1].item_potential[j] : 0.0;
    }
    s->sorting = s->bounds[1].total > s->bounds[0].total;
    s->root_bound = profile;
    for (int o = 0; o < 2; o++)
        if (s->bounds[o].valid && s->bounds[o].total > s->root_bound) s->root_bound = s->bounds[o].total;
    for (int cell = 0; cell < MEC_COARSE; cell++) {
        const mec_pattern_bound *b = &s->bounds[s->sorting];
        if (b->bin_open_coarse[cell] < s->open_floor) s->open_floor = b->bin_open_coarse[cell];
        if (b->item_open_coarse[cell] < s->open_floor) s->open_floor = b->item_open_coarse[cell];
    }
    return 0;
}

mec_search *mec_search_new(int n, int m, const long long *masses, double scale, double target, int iterations,
                           core_question ask) {
    if (n < 1 || m < 1 || n + m > 62) return NULL;
    mec_search *s = core_calloc(1, sizeof(mec_search));
    if (!s) return NULL;
    s->n = n;
    s->m = m;
    s->count = n + m;
    s->scale = scale;
    /* Before the first pass nothing is known but the bounds of the root. */
    s->best = INFINITY;
    s->failed = 1;
    s->full = (1ull << s->count) - 1;
    s->rows = (1ull << n) - 1;
    for (int i = 0; i < s->count; i++) {
        s->mass[i] = masses[i];
        s->value[i] = (double)masses[i] * scale;
        s->entropy[i] = core_phi(s->value[i]);
        int first = i && i != n && masses[i] == masses[i - 1] ? s->group_first[i - 1] : i;
        s->group_first[i] = first;
        s->group_size[first]++;
        if (first != i) s->tied |= 1ull << i | 1ull << first;
    }
    long long largest = masses[0] > masses[n] ? masses[0] : masses[n];
    while (largest >> s->shift > 63) s->shift++;
    for (int all = 0; all < MEC_SIGNATURES; all++)
        for (int part = 0; part < MEC_SIGNATURES; part++)
            if (!(part & ~all)) s->within[all] |= 1ull << part;
    if (build_bounds(s, target, iterations, ask)) {
        mec_search_free(s);
        return NULL;
    }
    for (int i = 0; i < s->count; i++)
        s->leaves[i] =
            (state){.key = 1ull << i,
                    .bound = {s->bounds[0].total - s->potential[0][i], s->bounds[1].total - s->potential[1][i]},
                    .difference = i < n ? masses[i] : -masses[i],
                    .edges = {MEC_NO_EDGE, MEC_NO_EDGE, 0}};
    return s;
}

void mec_search_free(mec_search *s) {
    if (!s) return;
    core_free(s->states);
    core_free(s->table);
    core_free(s->order);
    for (int layer = 0; layer < 64; layer++) core_free(s->layer_list[layer]);
    for (int side = 0; side < 2; side++)
        for (int layer = -1; layer < 32; layer++) {
            shelf *h = layer < 0 ? &s->branches[side] : &s->growing[layer][side];
            core_free(h->list);
            core_free(h->first);
        }
    core_free(s);
}

double mec_search_root_bound(const mec_search *s) { return s->root_bound; }

double mec_search_best(const mec_search *s) { return s->best; }

double mec_state_bound(const mec_search *s, const state *e) {
    double pattern = mec_pattern_remainder(s, e->bound[0], e->bound[1], e->difference, e->edges.most);
    double profile = mec_profile_remainder(s, e->key, e->difference, e->edges.most);
    return e->entropy + (pattern > profile ? pattern : profile);
}

double mec_search_lower_bound(const mec_search *s) {
    double bound = s->limit < s->best ? s->limit : s->best;
    if (s->width || s->failed) return s->root_bound;
    if (s->status != 1) {
        /* Until the end, some state that waits for its expansion lies on the way to any better coupling. */
        for (size_t i = s->order_next; i < s->order_count; i++)
            if (s->order[i].value < bound) bound = s->order[i].value;
        const double end = core_seconds() + 0.25;
        for (int layer = s->layer + 1; layer <= s->count; layer++) {
            double least = INFINITY;
            size_t i = 0;
            for (; i < s->layer_count[layer] && (i % 1024 || core_seconds() < end); i++) {
                double waiting = mec_state_bound(s, s->states + s->layer_list[layer][i]);
                least = waiting < least ? waiting : least;
            }
            if (i < s->layer_count[layer] && s->layer_least[layer] < least) least = s->layer_least[layer];
            bound = least < bound ? least : bound;
        }
    }
    return bound > s->root_bound ? bound : s->root_bound;
}

typedef struct {
    int used[64]; /* per group of equal items: how many are placed */
    int *rows, *columns, cells;
    long long *masses;
} drawing;

uint64_t mec_without(const mec_search *s, uint64_t key, uint64_t part) {
    uint64_t rest = key & ~part & ~s->tied, left = key & s->tied;
    while (left) {
        int first = s->group_first[__builtin_ctzll(left)];
        uint64_t group = ((1ull << s->group_size[first]) - 1) << first;
        int remaining = __builtin_popcountll(key & group) - __builtin_popcountll(part & group);
        rest |= ((1ull << remaining) - 1) << first;
        left &= ~group;
    }
    return rest;
}

static void draw_cell(const mec_search *s, drawing *d, int one, int other, int64_t mass) {
    if (!mass) return;
    d->rows[d->cells] = one < s->n ? one : other;
    d->columns[d->cells] = (one < s->n ? other : one) - s->n;
    d->masses[d->cells++] = mass;
}

/* Draws the tree of `key`; returns its open item and the mass that is open there. */
static int draw(const mec_search *s, drawing *d, uint64_t key, int64_t *open) {
    if (!(key & (key - 1))) {
        int first = s->group_first[__builtin_ctzll(key)], item = first + d->used[first]++;
        *open = s->mass[item];
        return item;
    }
    const state *e = s->states + s->table[mec_slot(s, key)];
    int64_t given;
    /* A tied single item was recorded by its own bit; only the group counts. */
    uint64_t joined = e->joined;
    if (!(joined & (joined - 1))) joined = 1ull << s->group_first[__builtin_ctzll(joined)];
    int item = draw(s, d, mec_without(s, key, joined), open);
    int branch = draw(s, d, joined, &given);
    draw_cell(s, d, item, branch, given);
    *open -= given;
    return item;
}

int mec_search_cells(const mec_search *s, int capacity, int *rows, int *columns, long long *masses) {
    drawing d = {.rows = rows, .columns = columns, .masses = masses};
    int64_t open;
    if (s->best == INFINITY || capacity < s->count) return 0;
    /* Equal letters are numbered as they are drawn: the part with the heaviest column takes the first ones. */
    uint64_t first = s->best_key >> s->n & 1 ? s->best_key : mec_without(s, s->full, s->best_key);
    int one = draw(s, &d, first, &open), other = draw(s, &d, mec_without(s, s->full, first), &open);
    draw_cell(s, &d, one, other, open);
    return d.cells;
}

/* Set-up, answers and reconstruction of the exact minimum entropy coupling search. */
#include "mec/internal.h"

static int build_bounds(mec_search *s, double target, int iterations, core_question ask) {
    core_patience patience = core_patience_of(ask);
    double largest = 0.0, profile = mec_profile_remainder(s, 0, 0);
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
        s->logarithm[i] = log2(s->value[i]);
        int first = i && i != n && masses[i] == masses[i - 1] ? s->group_first[i - 1] : i;
        s->group_first[i] = first;
        s->group_size[first]++;
        if (first != i) s->tied |= 1ull << i | 1ull << first;
    }
    if (build_bounds(s, target, iterations, ask)) {
        mec_search_free(s);
        return NULL;
    }
    return s;
}

void mec_search_free(mec_search *s) {
    if (!s) return;
    core_free(s->states);
    core_free(s->table);
    core_free(s->order);
    for (int layer = 0; layer < 64; layer++) core_free(s->layer_list[layer]);
    for (int side = 0; side < 2; side++) {
        core_free(s->hang[side].list);
        core_free(s->hang[side].glances);
    }
    core_free(s);
}

double mec_search_root_bound(const mec_search *s) { return s->root_bound; }

double mec_search_best(const mec_search *s) { return s->best; }

static double state_bound(const mec_search *s, const state *e) {
    double pattern = mec_pattern_remainder(s, e->bound[0], e->bound[1], e->difference);
    double profile = mec_profile_remainder(s, e->key, e->difference);
    return e->entropy[MEC_ANY] + (pattern > profile ? pattern : profile);
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
                double waiting = state_bound(s, s->states + s->layer_list[layer][i]);
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

static uint64_t without(const mec_search *s, uint64_t key, uint64_t part) {
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

/* Draws the tree of `key` and kind; returns its open item and the signed mass that is open there. */
static int draw(const mec_search *s, drawing *d, uint64_t key, int kind, int64_t *open) {
    if (!(key & (key - 1))) {
        int first = s->group_first[__builtin_ctzll(key)], item = first + d->used[first]++;
        *open = item < s->n ? s->mass[item] : -s->mass[item];
        return item;
    }
    const state *e = s->states + s->table[mec_slot(s, key)];
    int64_t left_open, right_open;
    /* A tied single item was recorded by its own bit; only the group counts. */
    uint64_t joined = e->joined[kind];
    int single = !(joined & (joined - 1));
    if (single) joined = 1ull << s->group_first[__builtin_ctzll(joined)];
    int left = draw(s, d, without(s, key, joined), single ? MEC_ANY : MEC_BARE, &left_open);
    int right = draw(s, d, joined, MEC_ANY, &right_open);
    int64_t left_mass = mec_absolute(left_open), right_mass = mec_absolute(right_open);
    int64_t moved = left_mass < right_mass ? left_mass : right_mass;
    if (moved) {
        d->rows[d->cells] = left < s->n ? left : right;
        d->columns[d->cells] = (left < s->n ? right : left) - s->n;
        d->masses[d->cells++] = moved;
    }
    *open = left_open + right_open;
    return left_mass > right_mass ? left : right;
}

int mec_search_cells(const mec_search *s, int capacity, int *rows, int *columns, long long *masses) {
    drawing d = {.rows = rows, .columns = columns, .masses = masses};
    int64_t open;
    if (s->best == INFINITY || capacity < s->count) return 0;
    draw(s, &d, s->full, MEC_ANY, &open);
    return d.cells;
}

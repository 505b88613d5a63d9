/* Layered dynamic program over pairs of subsets (rows used, columns used); docs/mec.md proves that every vertex
   of the transportation polytope is reached.  A state keeps the least entropy of a tree on its set in which
   one open item still has mass |difference| to give; single items extend it, light subtrees hang on it. */
#include "mec/internal.h"

static size_t first_slot(const mec_search *s, uint64_t key) {
    key *= 0x9E3779B97F4A7C15ull;
    return (size_t)(key ^ key >> 32) & (s->table_size - 1);
}

size_t mec_slot(const mec_search *s, uint64_t key) {
    size_t slot = first_slot(s, key);
    while (s->table[slot] != UINT32_MAX && s->states[s->table[slot]].key != key)
        slot = (slot + 1) & (s->table_size - 1);
    return slot;
}

static int grow_table(mec_search *s) {
    size_t size = s->table_size ? 2 * s->table_size : 1u << 12;
    uint32_t *table = core_malloc(size * sizeof(uint32_t));
    if (!table) return -1;
    core_free(s->table);
    s->table = table;
    s->table_size = size;
    memset(table, 255, size * sizeof(uint32_t));
    for (size_t i = 0; i < s->state_count; i++) table[mec_slot(s, s->states[i].key)] = (uint32_t)i;
    return 0;
}

/* Doubles an array; returns the old pointer and sets `failed` when memory is short. */
static void *grown(mec_search *s, void *array, size_t *capacity, size_t item) {
    size_t wanted = *capacity ? 2 * *capacity : 1024;
    void *more = core_realloc(array, wanted * item);
    if (!more) {
        s->failed = 1;
        return array;
    }
    *capacity = wanted;
    return more;
}

static void keep(mec_search *s, const offer *o) {
    size_t slot = mec_slot(s, o->key);
    if (s->table[slot] != UINT32_MAX) {
        state *old = s->states + s->table[slot];
        for (int kind = o->kind; kind <= MEC_ANY; kind++)
            if (o->entropy < old->entropy[kind]) {
                old->entropy[kind] = o->entropy;
                old->joined[kind] = o->joined;
            }
        return;
    }
    int layer = __builtin_popcountll(o->key);
    if (s->state_count == s->state_capacity) s->states = grown(s, s->states, &s->state_capacity, sizeof(state));
    if (s->layer_count[layer] == s->layer_capacity[layer])
        s->layer_list[layer] = grown(s, s->layer_list[layer], &s->layer_capacity[layer], sizeof(uint32_t));
    if (s->failed || s->state_count >= UINT32_MAX - 1) {
        s->failed = 1;
        return;
    }
    double bare = o->kind == MEC_BARE ? o->entropy : INFINITY;
    s->states[s->state_count] =
        (state){o->key, {o->joined, o->joined}, {bare, o->entropy}, {o->bound[0], o->bound[1]}, o->difference};
    s->table[slot] = (uint32_t)s->state_count;
    s->layer_list[layer][s->layer_count[layer]++] = (uint32_t)s->state_count++;
    if (2 * s->state_count > s->table_size && grow_table(s)) s->failed = 1;
}

/* Keeps what waits: the table's lines were asked for when the offers came, the states' are asked for here. */
static void keep_waiting(mec_search *s) {
    for (int i = 0; i < s->waiting_count; i++) {
        uint32_t index = s->table[first_slot(s, s->waiting[i].key)];
        if (index != UINT32_MAX) __builtin_prefetch(s->states + index);
    }
    for (int i = 0; i < s->waiting_count && !s->failed; i++) keep(s, s->waiting + i);
    s->waiting_count = 0;
}

/* Offers a tree on `key` of bound `least`; `kind` says whether its open item is still bare. */
static void propose(mec_search *s, uint64_t key, int kind, double entropy, double bound0, double bound1,
                    int64_t difference, uint64_t joined, double least) {
    if (s->waiting_count == MEC_BATCH) keep_waiting(s);
    int layer = __builtin_popcountll(key);
    if (least < s->layer_least[layer]) s->layer_least[layer] = least;
    __builtin_prefetch(s->table + first_slot(s, key));
    s->waiting[s->waiting_count++] = (offer){key, joined, entropy, {bound0, bound1}, difference, kind};
}

/* Bound on the cells still to come, from both orientations of the pattern bound. */
double mec_pattern_remainder(const mec_search *s, double bound0, double bound1, int64_t difference) {
    if (difference) {
        double residual = (double)mec_absolute(difference) * s->scale;
        if (s->bounds[0].valid) bound0 += mec_pattern_open(&s->bounds[0], residual, difference > 0);
        if (s->bounds[1].valid) bound1 += mec_pattern_open(&s->bounds[1], residual, difference < 0);
    }
    return bound0 > bound1 ? bound0 : bound1;
}

/* Collects the unused items of one side in decreasing order, the open item's residual among them. */
static int residual_side(const mec_search *s, uint64_t key, int from, int to, double open, double *values,
                         double *logs) {
    int count = 0;
    double log_open = open > 0.0 ? log2(open) : 0.0;
    for (int i = from; i < to; i++) {
        if (key >> i & 1) continue;
        if (open >= s->value[i]) {
            values[count] = open;
            logs[count++] = log_open;
            open = -1.0;
        }
        values[count] = s->value[i];
        logs[count++] = s->logarithm[i];
    }
    if (open > 0.0) {
        values[count] = open;
        logs[count++] = log_open;
    }
    return count;
}

double mec_profile_remainder(const mec_search *s, uint64_t key, int64_t difference) {
    double a[64], log_a[64], b[64], log_b[64], open = (double)mec_absolute(difference) * s->scale;
    int rows = residual_side(s, key, 0, s->n, difference > 0 ? open : -1.0, a, log_a);
    int columns = residual_side(s, key, s->n, s->count, difference < 0 ? open : -1.0, b, log_b);
    return mec_profile_bound(rows, a, log_a, columns, b, log_b);
}

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_group(const void *a, const void *b) {
    const subtree *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->reduced != y->reduced) return x->reduced < y->reduced ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int signature(const hanging *h, uint64_t key) {
    int bits = 0;
    for (int i = 0; i < MEC_SIGNATURE_ITEMS; i++)
        if (h->signature_items[i] >= 0) bits |= (int)(key >> h->signature_items[i] & 1) << i;
    return bits;
}

/* Items used by nearly half of the subtrees tell most; tied ones tell nothing, their bits stand for others. */
static void choose_signature(const mec_search *s, hanging *h) {
    size_t used[64] = {0};
    uint64_t open = s->full & ~s->tied;
    for (size_t i = 0; i < h->count; i++)
        for (uint64_t left = h->list[i].key & open; left; left &= left - 1) used[__builtin_ctzll(left)]++;
    for (int i = 0; i < MEC_SIGNATURE_ITEMS; i++) {
        int best = -1;
        for (uint64_t left = open; left; left &= left - 1) {
            int item = __builtin_ctzll(left);
            size_t even = 2 * used[item] > h->count ? h->count - used[item] : used[item];
            size_t lead = best < 0 ? 0 : 2 * used[best] > h->count ? h->count - used[best] : used[best];
            if (best < 0 || even > lead) best = item;
        }
        h->signature_items[i] = best;
        if (best >= 0) open &= ~(1ull << best);
    }
}

/* Sorts the subtrees of a side into groups for the scans of this layer.  Light are those that are smaller than
   what they hang on (the list holds no others yet) and not larger than what is still to come then. */
static void index_subtrees(mec_search *s, hanging *h) {
    size_t light = 0;
    for (size_t i = 0; i < h->count; i++)
        if (2 * h->list[i].size <= s->count - s->layer) h->list[light++] = h->list[i];
    if (light == h->count && light == h->indexed) return;
    h->count = h->indexed = light;
    choose_signature(s, h);
    for (size_t i = 0; i < h->count; i++) {
        subtree *t = h->list + i;
        int cell = (int)((double)mec_absolute(t->difference) * s->scale * s->coarse_inverse);
        t->group = cell * MEC_SIGNATURES + signature(h, t->key);
    }
    if (h->count) qsort(h->list, h->count, sizeof(subtree), by_group);
    core_free(h->glances);
    h->glances = core_malloc((h->count ? h->count : 1) * sizeof(glance));
    if (!h->glances) {
        s->failed = 1;
        return;
    }
    size_t at = 0;
    for (int group = 0; group <= MEC_COARSE * MEC_SIGNATURES; group++) {
        while (at < h->count && h->list[at].group < group) at++;
        h->first[group] = at;
    }
    for (size_t i = 0; i < h->count; i++) h->glances[i] = (glance){h->list[i].key, h->list[i].reduced};
}

/* Drops what cannot beat the limit, sorts a beam, and hangs the layer's subtrees up for later use.  Returns 0 where
   it was asked to stop first: then nothing has changed. */
static int open_layer(mec_search *s, core_patience *patience) {
    int layer = s->layer, largest_light = (s->count - 1) / 3;
    size_t generated = s->layer_count[layer];
    s->order_count = s->order_next = 0;
    ranked *order = core_realloc(s->order, (generated ? generated : 1) * sizeof(ranked));
    if (!order) {
        s->failed = 1;
        return 1;
    }
    s->order = order;
    for (size_t i = 0; i < generated; i++) {
        if (i % 256 == 0 && core_asked_to_stop(patience)) {
            s->order_count = 0;
            return 0;
        }
        uint32_t index = s->layer_list[layer][i];
        const state *e = s->states + index;
        double bound = e->entropy[MEC_ANY] + mec_pattern_remainder(s, e->bound[0], e->bound[1], e->difference);
        double profile = e->entropy[MEC_ANY] + mec_profile_remainder(s, e->key, e->difference);
        if (profile > bound) bound = profile;
        if (bound <= s->limit) s->order[s->order_count++] = (ranked){bound, index};
    }
    if (s->width && (long long)s->order_count > s->width) {
        qsort(s->order, s->order_count, sizeof(ranked), by_value);
        s->order_count = (size_t)s->width;
    }
    index_subtrees(s, &s->hang[0]);
    index_subtrees(s, &s->hang[1]);
    if (layer < 2 || layer > largest_light) return 1;
    for (size_t i = 0; i < s->order_count; i++) {
        const state *e = s->states + s->order[i].index;
        /* Side 0 hangs on rows (it lacks mass), side 1 on columns; a balanced subtree hangs on either. */
        for (int side = 0; side < 2; side++) {
            hanging *h = s->hang + side;
            if (e->difference && (e->difference > 0) != side) continue;
            if (h->count == h->capacity) h->list = grown(s, h->list, &h->capacity, sizeof(subtree));
            if (s->failed) return 1;
            double cell = (double)mec_absolute(e->difference) * s->scale;
            subtree t = {.key = e->key, .entropy = e->entropy[MEC_ANY] + core_phi(cell)};
            t.difference = e->difference;
            for (int o = 0; o < 2; o++) t.potential[o] = s->bounds[o].valid ? s->bounds[o].total - e->bound[o] : 0.0;
            t.reduced = t.entropy - t.potential[s->sorting];
            t.size = layer;
            h->list[h->count++] = t;
        }
    }
    return 1;
}

/* Union of two sets of items; of equal items only the number counts, the first ones stand for them. */
static int united(const mec_search *s, uint64_t a, uint64_t b, uint64_t *key) {
    if (a & b & ~s->tied) return 0;
    uint64_t both = (a | b) & ~s->tied, left = (a | b) & s->tied;
    while (left) {
        int first = s->group_first[__builtin_ctzll(left)], size = s->group_size[first];
        uint64_t group = ((1ull << size) - 1) << first;
        int used = __builtin_popcountll(a & group) + __builtin_popcountll(b & group);
        if (used > size) return 0;
        both |= ((1ull << used) - 1) << first;
        left &= ~group;
    }
    *key = both;
    return 1;
}

static void add_single_items(mec_search *s, const state *e) {
    int64_t open = mec_absolute(e->difference);
    double open_entropy = core_phi((double)open * s->scale);
    for (int side = 0; side < 2; side++) {
        /* Rows join an open column and columns an open row; nothing is open when all is balanced. */
        if (side ? e->difference < 0 : e->difference > 0) continue;
        uint64_t free_items = s->full & ~e->key & (side ? ~s->rows : s->rows);
        for (; free_items; free_items &= free_items - 1) {
            int i = __builtin_ctzll(free_items);
            if (i > s->group_first[i] && !(e->key >> (i - 1) & 1)) continue;
            /* A heavier item takes over as the open one, bare; a lighter one is a leaf of the open one. */
            int kind = s->mass[i] < open ? MEC_ANY : MEC_BARE;
            double entropy = e->entropy[MEC_ANY] + (kind == MEC_ANY ? s->entropy[i] : open_entropy);
            int64_t difference = e->difference + (side ? -s->mass[i] : s->mass[i]);
            double bound0 = e->bound[0] - s->potential[0][i], bound1 = e->bound[1] - s->potential[1][i];
            double least = entropy + mec_pattern_remainder(s, bound0, bound1, difference);
            if (least <= s->limit)
                propose(s, e->key | 1ull << i, kind, entropy, bound0, bound1, difference, 1ull << i, least);
        }
    }
}

static void hang_one(mec_search *s, const state *e, const subtree *t) {
    uint64_t key = t->key | e->key;
    if (mec_absolute(t->difference) > mec_absolute(e->difference)) return;
    if (s->tied && !united(s, e->key, t->key, &key)) return;
    double entropy = e->entropy[MEC_BARE] + t->entropy;
    double bound0 = e->bound[0] - t->potential[0], bound1 = e->bound[1] - t->potential[1];
    int64_t difference = e->difference + t->difference;
    double least = entropy + mec_pattern_remainder(s, bound0, bound1, difference);
    if (least <= s->limit) propose(s, key, MEC_BARE, entropy, bound0, bound1, difference, t->key, least);
}

static void hang_subtrees(mec_search *s, const state *e, int side) {
    const hanging *h = s->hang + side;
    const mec_pattern_bound *sorting = s->bounds + s->sorting;
    int64_t open = mec_absolute(e->difference);
    int last = (int)((double)open * s->scale * s->coarse_inverse);
    int item_open = s->sorting ? e->difference < 0 : e->difference > 0;
    int allowed = (MEC_SIGNATURES - 1) & ~signature(h, e->key);
    uint64_t blocked = e->key & ~s->tied;
    const double *coarse = item_open ? sorting->item_open_coarse : sorting->bin_open_coarse;
    for (int cell = 0; cell <= last; cell++) {
        /* After giving a mass of this cell away the residual lies in one of two cells (three with rounding);
           the list is sorted, so one threshold cuts all that cannot pay.  The slack 1e-12 covers rounding. */
        double threshold = INFINITY;
        if (sorting->valid) {
            double least = INFINITY;
            for (int k = last - cell - 1; k <= last - cell + 1; k++)
                if (k >= 0 && k < MEC_COARSE && coarse[k] < least) least = coarse[k];
            threshold = s->limit - e->entropy[MEC_BARE] - e->bound[s->sorting] - least + 1e-12;
        }
        for (int part = allowed;; part = (part - 1) & allowed) {
            int group = cell * MEC_SIGNATURES + part;
            for (size_t i = h->first[group]; i < h->first[group + 1]; i++) {
                if (h->glances[i].reduced > threshold) break;
                if (!(h->glances[i].key & blocked)) hang_one(s, e, h->list + i);
            }
            if (!part) break;
        }
    }
}

int mec_search_run(mec_search *s, double seconds, core_question ask) {
    double end = core_seconds() + seconds;
    core_patience patience = core_patience_of(ask);
    if (!s->table) /* no pass has begun, or there was no memory for one */
        return 3;
    while (!s->status) {
        if (s->order_next == s->order_count) {
            keep_waiting(s);
            if (++s->layer >= s->count) {
                size_t slot = mec_slot(s, s->full);
                if (s->table[slot] != UINT32_MAX) s->best = s->states[s->table[slot]].entropy[MEC_ANY];
                s->status = 1;
                break;
            }
            if (!open_layer(s, &patience)) {
                s->layer--;
                break;
            }
        }
        for (int burst = 0; burst < 16 && s->order_next < s->order_count && !s->failed; burst++) {
            /* A copy: the array may move while its successors are kept. */
            ranked next = s->order[s->order_next++];
            state e = s->states[next.index];
            add_single_items(s, &e);
            if (next.value + (e.entropy[MEC_BARE] - e.entropy[MEC_ANY]) <= s->limit)
                hang_subtrees(s, &e, e.difference < 0);
        }
        if (s->failed)
            s->status = 3;
        else if ((long long)s->state_count > s->max_states)
            s->status = 2;
        if (core_seconds() > end || core_asked_to_stop(&patience)) break;
    }
    keep_waiting(s);
    return s->status;
}

int mec_search_start(mec_search *s, double upper, double gap, long long width, long long max_states) {
    s->state_count = 0;
    for (int side = 0; side < 2; side++) s->hang[side].count = s->hang[side].indexed = 0;
    for (int side = 0; side < 2; side++) memset(s->hang[side].first, 0, sizeof s->hang[side].first);
    memset(s->layer_count, 0, sizeof s->layer_count);
    s->order_count = s->order_next = 0;
    s->layer = s->status = s->failed = s->waiting_count = 0;
    s->width = width;
    s->max_states = max_states;
    s->limit = upper - gap;
    s->best = INFINITY;
    for (int layer = 0; layer < 64; layer++) s->layer_least[layer] = INFINITY;
    if (s->table)
        memset(s->table, 255, s->table_size * sizeof(uint32_t));
    else if (grow_table(s)) {
        s->failed = 1;
        return -1;
    }
    for (int i = 0; i < s->count; i++)
        if (s->group_first[i] == i)
            propose(s, 1ull << i, MEC_BARE, 0.0, s->bounds[0].total - s->potential[0][i],
                    s->bounds[1].total - s->potential[1][i], i < s->n ? s->mass[i] : -s->mass[i], 0, -INFINITY);
    keep_waiting(s);
    return s->failed ? -1 : 0;
}

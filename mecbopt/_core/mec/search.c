/* Layered dynamic program over pairs of subsets (rows used, columns used); docs/mec.md proves that every optimal
   coupling is reached.  A state keeps the least entropy of a tree on its set in which one open item still has
   mass |difference| to give; branches hang on the open item by descending mass. */
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
void *mec_grown(mec_search *s, void *array, size_t *capacity, size_t item) {
    size_t wanted = *capacity ? 2 * *capacity : 1024;
    void *more = core_realloc(array, wanted * item);
    if (!more) {
        s->failed = 1;
        return array;
    }
    *capacity = wanted;
    return more;
}

/* What is true of both. */
static mec_edges agreed(const mec_edges *a, const mec_edges *b) {
    return (mec_edges){a->least > b->least ? a->least : b->least, a->most > b->most ? a->most : b->most,
                       a->cells & b->cells};
}

static void keep(mec_search *s, const offer *o) {
    size_t slot = mec_slot(s, o->key);
    if (s->table[slot] != UINT32_MAX) {
        state *old = s->states + s->table[slot];
        /* Of trees that rounding cannot tell apart only what they share is known. */
        if (o->entropy >= old->entropy + MEC_NEAR) return;
        old->edges = o->entropy > old->entropy - MEC_NEAR ? agreed(&o->edges, &old->edges) : o->edges;
        if (o->entropy < old->entropy) {
            old->entropy = o->entropy;
            old->joined = o->joined;
        }
        return;
    }
    int layer = __builtin_popcountll(o->key);
    if (s->state_count == s->state_capacity) s->states = mec_grown(s, s->states, &s->state_capacity, sizeof(state));
    if (s->layer_count[layer] == s->layer_capacity[layer])
        s->layer_list[layer] = mec_grown(s, s->layer_list[layer], &s->layer_capacity[layer], sizeof(uint32_t));
    if (s->failed || s->state_count >= UINT32_MAX - 1) {
        s->failed = 1;
        return;
    }
    s->states[s->state_count] = *o;
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

/* Offers a tree whose bound is `least`. */
void mec_propose(mec_search *s, const offer *o, double least) {
    if (s->waiting_count == MEC_BATCH) keep_waiting(s);
    int layer = __builtin_popcountll(o->key);
    if (least < s->layer_least[layer]) s->layer_least[layer] = least;
    __builtin_prefetch(s->table + first_slot(s, o->key));
    s->waiting[s->waiting_count++] = *o;
}

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Drops what cannot beat the limit, sorts a beam, and puts the layer's states where scans find them.  Returns 0
   where it was asked to stop first: then nothing has changed. */
static int open_layer(mec_search *s, core_patience *patience) {
    int layer = s->layer;
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
        double bound = mec_state_bound(s, s->states + index);
        if (bound <= s->limit) s->order[s->order_count++] = (ranked){bound, index};
    }
    if (s->width && (long long)s->order_count > s->width) {
        qsort(s->order, s->order_count, sizeof(ranked), by_value);
        s->order_count = (size_t)s->width;
    }
    for (size_t i = 0; i < s->order_count; i++) {
        const state *e = s->states + s->order[i].index;
        int side = e->difference > 0; /* of the open item: 1 for rows */
        double cell = core_phi((double)mec_absolute(e->difference) * s->scale);
        /* The larger of a branch and what it hangs on looks for the other. */
        if (layer > 1 && 2 * layer <= s->count && mec_is_branch(e))
            mec_shelf_put(s, &s->branches[side], s->order[i].index, mec_absolute(e->difference), e->entropy + cell);
        if (2 * layer < s->count && e->difference)
            mec_shelf_put(s, &s->growing[layer][side], s->order[i].index, mec_reach(e), e->entropy);
        if (s->failed) return 1;
    }
    for (int side = 0; side < 2; side++) {
        mec_shelf_sort(s, &s->branches[side]);
        if (2 * layer < s->count) mec_shelf_sort(s, &s->growing[layer][side]);
    }
    return 1;
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
            state e = s->states[s->order[s->order_next++].index];
            if (mec_expand(s, &e)) break;
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
    for (int side = 0; side < 2; side++) {
        s->branches[side].count = 0;
        for (int layer = 0; layer < 32; layer++) s->growing[layer][side].count = 0;
    }
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
        if (s->group_first[i] == i) mec_propose(s, &s->leaves[i], -INFINITY);
    keep_waiting(s);
    return s->failed ? -1 : 0;
}

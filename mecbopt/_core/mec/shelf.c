/* Where scans find the states that fit together: by the mass of an edge and by a few items, best first. */
#include "mec/internal.h"

static int by_group(const void *a, const void *b) {
    const glance *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->reduced != y->reduced) return x->reduced < y->reduced ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

int mec_signature(const shelf *h, uint64_t key) {
    int bits = 0;
    for (int i = 0; i < MEC_SIGNATURE_ITEMS; i++)
        if (h->signature_items[i] >= 0) bits |= (int)(key >> h->signature_items[i] & 1) << i;
    return bits;
}

/* Items used by nearly half of the states tell most; tied ones tell nothing, their bits stand for others. */
static void choose_signature(const mec_search *s, shelf *h) {
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

int mec_coarse_cell(const mec_search *s, int64_t mass) { return (int)((double)mass * s->scale * s->coarse_inverse); }

/* The most that the next edge at the open item can carry. */
int64_t mec_reach(const state *e) {
    int64_t open = mec_absolute(e->difference);
    return open < e->edges.most ? open : e->edges.most;
}

/* Whether the open item may hand all that is open over at once, as a branch: its smallest edge. */
int mec_is_branch(const state *e) {
    int64_t open = mec_absolute(e->difference);
    return open && open < e->edges.least && open <= e->edges.most;
}

void mec_shelf_put(mec_search *s, shelf *h, uint32_t index, int64_t mass, double entropy) {
    if (h->count == h->capacity) h->list = mec_grown(s, h->list, &h->capacity, sizeof(glance));
    if (s->failed) return;
    const state *e = s->states + index;
    int o = s->sorting;
    double reduced = entropy - (s->bounds[o].valid ? s->bounds[o].total - e->bound[o] : 0.0);
    h->list[h->count++] = (glance){e->key, reduced, index, (uint32_t)(mec_coarse_cell(s, mass) * MEC_SIGNATURES)};
}

void mec_shelf_sort(mec_search *s, shelf *h) {
    memset(h->present, 0, sizeof h->present);
    if (!h->count) return;
    if (!h->first) h->first = core_malloc((MEC_COARSE * MEC_SIGNATURES + 1) * sizeof(uint32_t));
    if (!h->first) {
        s->failed = 1;
        return;
    }
    choose_signature(s, h);
    for (size_t i = 0; i < h->count; i++) {
        glance *g = h->list + i;
        int cell = (int)(g->group / MEC_SIGNATURES), bits = mec_signature(h, g->key);
        g->group = (uint32_t)(cell * MEC_SIGNATURES + bits);
        h->present[cell] |= 1ull << bits;
    }
    qsort(h->list, h->count, sizeof(glance), by_group);
    size_t at = 0;
    for (uint32_t group = 0; group <= MEC_COARSE * MEC_SIGNATURES; group++) {
        while (at < h->count && h->list[at].group < group) at++;
        h->first[group] = (uint32_t)at;
    }
}

/* How trees grow in the search: branches hang on the open item by descending mass, two branches that hold all items
   make a tree, and what is balanced begins the next tree of a forest. */
#include "mec/internal.h"

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

/* Cells of mass in which the open item cannot have an edge beside one of mass `given` at whose far end there are
   edges in `cells`: |a - b| >= given for every two of them.  Only cells that are barred as a whole. */
static uint64_t barred(const mec_search *s, uint64_t cells, int64_t given) {
    int distance = (int)(given >> s->shift) - 1;
    if (distance < 0) return 0;
    uint64_t up = cells, down = cells;
    for (int done = 0, step; done < distance; done += step) {
        step = done + 1 < distance - done ? done + 1 : distance - done;
        up |= up << step;
        down |= down >> step;
    }
    return up | down;
}

/* Hangs a branch that hands `given` over on the open item of e. */
static void hang(mec_search *s, const state *e, const state *branch, uint64_t key, int64_t given, double entropy) {
    const mec_edges *far = &branch->edges;
    if (given > e->edges.most || (e->edges.cells & barred(s, far->cells, given))) return;
    offer o = {.key = key, .joined = branch->key, .entropy = entropy};
    int64_t most = e->edges.most < given ? e->edges.most : given;
    o.edges.least = e->edges.least < given ? e->edges.least : given;
    o.edges.most = far->least - given < most ? far->least - given : most;
    o.edges.cells = e->edges.cells | 1ull << (given >> s->shift);
    o.difference = e->difference + branch->difference;
    int64_t rest = mec_absolute(o.difference);
    if (rest) {
        uint64_t others = s->full & ~key & (o.difference > 0 ? ~s->rows : s->rows);
        if ((double)rest > (double)o.edges.most * __builtin_popcountll(others) * (1 + 1e-12)) return;
    }
    for (int side = 0; side < 2; side++)
        o.bound[side] = e->bound[side] - (s->bounds[side].valid ? s->bounds[side].total - branch->bound[side] : 0.0);
    double least = entropy + mec_pattern_remainder(s, o.bound[0], o.bound[1], o.difference, o.edges.most);
    if (least <= s->limit) mec_propose(s, &o, least);
}

static void hang_leaves(mec_search *s, const state *e) {
    uint64_t free_items = s->full & ~e->key & (e->difference > 0 ? ~s->rows : s->rows);
    int64_t most = mec_reach(e);
    for (; free_items; free_items &= free_items - 1) {
        int i = __builtin_ctzll(free_items);
        if (s->mass[i] > most || (i > s->group_first[i] && !(e->key >> (i - 1) & 1))) continue;
        hang(s, e, &s->leaves[i], e->key | 1ull << i, s->mass[i], e->entropy + s->entropy[i]);
    }
}

/* When all is balanced, any item begins the next tree of the forest. */
static void begin_next(mec_search *s, const state *e) {
    for (uint64_t free_items = s->full & ~e->key; free_items; free_items &= free_items - 1) {
        int i = __builtin_ctzll(free_items);
        if (i > s->group_first[i] && !(e->key >> (i - 1) & 1)) continue;
        offer o = s->leaves[i];
        o.key = e->key | 1ull << i;
        o.joined = e->key;
        o.entropy = e->entropy;
        for (int side = 0; side < 2; side++) o.bound[side] = e->bound[side] - s->potential[side][i];
        double least = o.entropy + mec_pattern_remainder(s, o.bound[0], o.bound[1], o.difference, o.edges.most);
        if (least <= s->limit) mec_propose(s, &o, least);
    }
}

static void meet(mec_search *s, const state *e, const state *branch, double entropy) {
    uint64_t key = branch->key | e->key;
    int64_t given = mec_absolute(branch->difference);
    if (given > mec_absolute(e->difference)) return;
    if (s->tied && !united(s, e->key, branch->key, &key)) return;
    hang(s, e, branch, key, given, entropy);
}

/* Hangs branches that are not larger than e on it. */
static void hang_branches(mec_search *s, const state *e) {
    const shelf *h = s->branches + (e->difference < 0);
    if (!h->count) return;
    const mec_pattern_bound *sorting = s->bounds + s->sorting;
    int64_t open = mec_absolute(e->difference);
    int last = mec_coarse_cell(s, open), highest = mec_coarse_cell(s, mec_reach(e));
    int item_open = s->sorting ? e->difference < 0 : e->difference > 0;
    uint64_t within = s->within[(MEC_SIGNATURES - 1) & ~mec_signature(h, e->key)], blocked = e->key & ~s->tied;
    const double *coarse = item_open ? sorting->item_open_coarse : sorting->bin_open_coarse;
    for (int cell = 0; cell <= highest; cell++) {
        uint64_t groups = h->present[cell] & within;
        if (!groups) continue;
        /* After giving a mass of this cell away the residual lies in one of two cells (three with rounding);
           the list is sorted, so one threshold cuts all that cannot pay.  The slack 1e-12 covers rounding. */
        double threshold = INFINITY;
        if (sorting->valid) {
            double least = INFINITY;
            for (int k = last - cell - 1; k <= last - cell + 1; k++)
                if (k >= 0 && k < MEC_COARSE && coarse[k] < least) least = coarse[k];
            threshold = s->limit - e->entropy - e->bound[s->sorting] - least + 1e-12;
        }
        for (; groups; groups &= groups - 1) {
            int group = cell * MEC_SIGNATURES + __builtin_ctzll(groups);
            for (uint32_t i = h->first[group]; i < h->first[group + 1]; i++) {
                if (h->list[i].reduced > threshold) break;
                if (h->list[i].key & blocked) continue;
                const state *branch = s->states + h->list[i].index;
                double cost = core_phi((double)mec_absolute(branch->difference) * s->scale);
                meet(s, e, branch, e->entropy + (branch->entropy + cost));
            }
        }
    }
}

/* Hangs the branch e on all that is smaller. */
static void hang_on_others(mec_search *s, const state *e) {
    int64_t given = mec_absolute(e->difference);
    double entropy = e->entropy + core_phi((double)given * s->scale), threshold = INFINITY;
    int o = s->sorting, from = mec_coarse_cell(s, given);
    if (s->bounds[o].valid) threshold = s->limit - entropy - e->bound[o] - s->open_floor + 1e-12;
    uint64_t blocked = e->key & ~s->tied;
    for (int layer = 1; layer < s->layer && layer < s->count - s->layer; layer++) {
        const shelf *h = &s->growing[layer][e->difference < 0];
        if (!h->count) continue;
        uint64_t within = s->within[(MEC_SIGNATURES - 1) & ~mec_signature(h, e->key)];
        for (int cell = from; cell < MEC_COARSE; cell++)
            for (uint64_t groups = h->present[cell] & within; groups; groups &= groups - 1) {
                int group = cell * MEC_SIGNATURES + __builtin_ctzll(groups);
                for (uint32_t i = h->first[group]; i < h->first[group + 1]; i++) {
                    if (h->list[i].reduced > threshold) break;
                    if (h->list[i].key & blocked) continue;
                    const state *other = s->states + h->list[i].index;
                    meet(s, other, e, other->entropy + entropy);
                }
            }
    }
}

/* Two branches that hold all items between them make a tree. */
static void complete(mec_search *s, const state *e) {
    uint32_t index = s->table[mec_slot(s, mec_without(s, s->full, e->key))];
    if (index == UINT32_MAX) return;
    double cell = core_phi((double)mec_absolute(e->difference) * s->scale);
    double entropy = e->entropy + s->states[index].entropy + cell;
    if (entropy < s->best) {
        s->best = entropy;
        s->best_key = e->key;
    }
}

int mec_expand(mec_search *s, const state *e) {
    if (mec_absolute(e->difference) <= e->edges.most && 2 * s->layer >= s->count) complete(s, e);
    if (!e->difference) {
        begin_next(s, e);
        return 0;
    }
    hang_leaves(s, e);
    hang_branches(s, e);
    if (s->layer == 1 || !mec_is_branch(e)) return 0;
    hang_on_others(s, e);
    return 1;
}

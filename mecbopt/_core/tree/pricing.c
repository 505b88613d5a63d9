/* Columns: the store of generated mappings, the pool that the linear programs see, and exact pricing.
 *
 * Pricing: the least value over all m^n mappings of sum_y G[y][f^{-1}(y)] is a minimum over ordered partitions
 * of the X-letters into m blocks, found by dynamic programming over subsets in O(m 3^n) steps:
 *     V_0(T) = G[y_0][T],   V_j(T) = min over A in T of V_{j-1}(T - A) + G[y_j][A].
 * The last stage is kept open, one best mapping a last block, which yields several columns a round.  Sets that differ
 * in their lowest three letters alone lie side by side: a pair of sets of the other letters has 27 steps that need no
 * more than two lines of memory.
 */
#include "tree/columns.h"

int mb_columns_build(mb_columns *columns, const mb_instance *instance, int pool_capacity) {
    memset(columns, 0, sizeof *columns);
    columns->instance = instance;
    columns->m = instance->m;
    columns->capacity = 1024;
    columns->hash_size = 4096;
    columns->pool_capacity = pool_capacity;
    const size_t places = (size_t)pool_capacity;
    columns->blocks = core_malloc(sizeof(mb_set) * columns->capacity * (size_t)columns->m);
    columns->position = core_malloc(sizeof(int32_t) * columns->capacity);
    columns->key = core_malloc(sizeof(uint64_t) * columns->capacity);
    columns->hash = core_calloc(columns->hash_size, sizeof(uint32_t));
    columns->id = core_malloc(sizeof(uint32_t) * places);
    columns->last_used = core_malloc(sizeof(uint32_t) * places);
    columns->rate = core_malloc(sizeof(double) * places);
    columns->label = core_malloc(sizeof(double) * places);
    int missing = !columns->blocks || !columns->position || !columns->key || !columns->hash || !columns->id ||
                  !columns->last_used || !columns->rate || !columns->label;
    for (int y = 0; y < columns->m; y++) {
        columns->block[y] = core_malloc(sizeof(mb_set) * places);
        missing |= !columns->block[y];
    }
    return missing ? MB_NO_MEMORY : 0;
}

void mb_columns_free(mb_columns *columns) {
    core_free(columns->blocks);
    core_free(columns->position);
    core_free(columns->key);
    core_free(columns->hash);
    core_free(columns->id);
    core_free(columns->last_used);
    core_free(columns->rate);
    core_free(columns->label);
    for (int y = 0; y < columns->m; y++) core_free(columns->block[y]);
}

static uint32_t slot_of(const mb_columns *columns, uint64_t key) {
    uint64_t mixed = key * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t slot = (uint32_t)(mixed >> 32) & (columns->hash_size - 1);
    while (columns->hash[slot] && columns->key[columns->hash[slot] - 1] != key)
        slot = (slot + 1) & (columns->hash_size - 1);
    return slot;
}

static int grow(mb_columns *columns) {
    const uint32_t capacity = columns->capacity * 2;
    mb_set *blocks = core_realloc(columns->blocks, sizeof(mb_set) * capacity * (size_t)columns->m);
    if (blocks) columns->blocks = blocks;
    int32_t *position = core_realloc(columns->position, sizeof(int32_t) * capacity);
    if (position) columns->position = position;
    uint64_t *key = core_realloc(columns->key, sizeof(uint64_t) * capacity);
    if (key) columns->key = key;
    uint32_t *hash = core_calloc((size_t)columns->hash_size * 2, sizeof(uint32_t));
    if (!blocks || !position || !key || !hash) {
        core_free(hash);
        return MB_NO_MEMORY;
    }
    core_free(columns->hash);
    columns->hash = hash;
    columns->hash_size *= 2;
    columns->capacity = capacity;
    for (uint32_t id = 0; id < columns->count; id++) columns->hash[slot_of(columns, columns->key[id])] = id + 1;
    return 0;
}

/* The id of a mapping, stored if new; -1 when out of memory. */
int mb_columns_add(mb_columns *columns, const mb_instance *instance, const mb_set *blocks) {
    uint64_t key = 0;
    for (int y = 0; y < columns->m; y++) key += (uint64_t)y * instance->spread[blocks[y]];
    uint32_t slot = slot_of(columns, key);
    if (columns->hash[slot]) return (int)columns->hash[slot] - 1;
    if (columns->count == columns->capacity) {
        if (grow(columns)) return -1;
        slot = slot_of(columns, key);
    }
    const uint32_t id = columns->count++;
    memcpy(columns->blocks + (size_t)id * (size_t)columns->m, blocks, sizeof(mb_set) * (size_t)columns->m);
    columns->key[id] = key;
    columns->position[id] = -1;
    columns->hash[slot] = id + 1;
    return (int)id;
}

/* Put a stored column into the pool; its position, or -1 when the pool is full. */
int mb_columns_enter(mb_columns *columns, uint32_t id) {
    if (columns->position[id] >= 0) return columns->position[id];
    if (columns->size == columns->pool_capacity) return -1;
    const int position = columns->size++;
    columns->id[position] = id;
    columns->last_used[position] = 0;
    columns->position[id] = position;
    columns->rate[position] = columns->label[position] = 0.0;
    for (int y = 0; y < columns->m; y++) {
        const mb_set set = columns->blocks[(size_t)id * (size_t)columns->m + (size_t)y];
        columns->block[y][position] = set;
        columns->rate[position] += columns->instance->entropy_term[set];
        columns->label[position] += columns->instance->label_term[set];
    }
    return position;
}

/* Take a column out of the pool; the last one moves to its place. */
void mb_columns_remove(mb_columns *columns, int position) {
    const int last = --columns->size;
    columns->moved = 1;
    columns->position[columns->id[position]] = -1;
    if (position == last) return;
    columns->id[position] = columns->id[last];
    columns->last_used[position] = columns->last_used[last];
    columns->rate[position] = columns->rate[last];
    columns->label[position] = columns->label[last];
    columns->position[columns->id[position]] = position;
    for (int y = 0; y < columns->m; y++) columns->block[y][position] = columns->block[y][last];
}

int mb_pricing_build(mb_pricing *pricing, const mb_instance *instance) {
    const size_t subsets = (size_t)instance->subsets, stages = instance->m > 2 ? (size_t)instance->m - 2 : 0;
    pricing->score = core_malloc(sizeof(double) * (size_t)instance->m * subsets);
    pricing->value = core_malloc(sizeof(double) * (stages * subsets + 1));
    pricing->last = core_malloc(sizeof(double) * subsets);
    return pricing->score && pricing->value && pricing->last ? 0 : MB_NO_MEMORY;
}

void mb_pricing_free(mb_pricing *pricing) {
    core_free(pricing->score);
    core_free(pricing->value);
    core_free(pricing->last);
}

enum { LOW_LETTERS = 3, LOW_SETS = 1 << LOW_LETTERS };

/* One stage: value[T] = min over A in T of previous[T - A] + own[A]. */
static void stage_of_few(const double *previous, const double *own, int subsets, double *value) {
    for (int total = 0; total < subsets; total++) {
        double best = previous[total] + own[0];
        for (int block = total; block; block = (block - 1) & total) {
            const double candidate = previous[total ^ block] + own[block];
            best = candidate < best ? candidate : best;
        }
        value[total] = best;
    }
}

static void stage_of_many(const double *restrict previous, const double *restrict own, int subsets,
                          double *restrict value) {
    for (int total = 0; total < subsets / LOW_SETS; total++) {
        double best[LOW_SETS];
        for (int low = 0; low < LOW_SETS; low++) best[low] = MB_INFINITY;
        for (int block = total;; block = (block - 1) & total) {
            const double *restrict rest = previous + (size_t)(total ^ block) * LOW_SETS;
            const double *restrict part = own + (size_t)block * LOW_SETS;
#pragma GCC unroll 8
            for (int inner = 0; inner < LOW_SETS; inner++)
#pragma GCC unroll 8
                for (int low = 0; low < LOW_SETS; low++)
                    if ((inner & low) == inner) {
                        const double candidate = rest[low ^ inner] + part[inner];
                        best[low] = candidate < best[low] ? candidate : best[low];
                    }
            if (block == 0) break;
        }
        memcpy(value + (size_t)total * LOW_SETS, best, sizeof best);
    }
}

/* Least score over all mappings.  `rotation` turns the order of the Y-letters: the bound is the same, the
 * columns found beside the best one differ. */
double mb_price(mb_pricing *pricing, const mb_instance *instance, int rotation) {
    const int m = instance->m, subsets = instance->subsets;
    const double *previous = pricing->score + (size_t)(rotation % m) * (size_t)subsets;
    for (int stage = 1; stage < m - 1; stage++) {
        const double *own = pricing->score + (size_t)((rotation + stage) % m) * (size_t)subsets;
        double *value = pricing->value + (size_t)(stage - 1) * (size_t)subsets;
        (instance->n > LOW_LETTERS ? stage_of_many : stage_of_few)(previous, own, subsets, value);
        previous = value;
    }
    const double *own = pricing->score + (size_t)((rotation + m - 1) % m) * (size_t)subsets;
    double least = MB_INFINITY;
    for (int block = 0; block < subsets; block++) {
        pricing->last[block] = previous[(subsets - 1) ^ block] + own[block];
        if (pricing->last[block] < least) least = pricing->last[block];
    }
    return least;
}

/* The block of the last of two stages in the best split of `total`: found again rather than kept for every set. */
static int best_block(const double *previous, const double *own, int total) {
    int chosen = 0;
    double best = previous[total] + own[0];
    for (int block = total; block; block = (block - 1) & total)
        if (previous[total ^ block] + own[block] < best) {
            best = previous[total ^ block] + own[block];
            chosen = block;
        }
    return chosen;
}

/* The best mapping with a given last block, after `mb_price` with the same rotation. */
void mb_price_blocks(const mb_pricing *pricing, const mb_instance *instance, int rotation, int last, mb_set *blocks) {
    const int m = instance->m, subsets = instance->subsets;
    blocks[(rotation + m - 1) % m] = (mb_set)last;
    int rest = (subsets - 1) ^ last;
    for (int stage = m - 2; stage >= 1; stage--) {
        const double *previous = stage > 1 ? pricing->value + (size_t)(stage - 2) * (size_t)subsets
                                           : pricing->score + (size_t)(rotation % m) * (size_t)subsets;
        const double *own = pricing->score + (size_t)((rotation + stage) % m) * (size_t)subsets;
        const int block = best_block(previous, own, rest);
        blocks[(rotation + stage) % m] = (mb_set)block;
        rest ^= block;
    }
    blocks[rotation % m] = (mb_set)rest;
}

/* Shared by the units of the exact minimum entropy coupling search. */
#ifndef MECBOPT_MEC_INTERNAL_H
#define MECBOPT_MEC_INTERNAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ask.h"
#include "common/memory.h"
#include "common/phi.h"
#include "mec/mec.h"

#define MEC_MAX_SIDE 61
#define MEC_BUCKETS 2048
/* Coarse cells of the same range, for thresholds over whole groups of subtrees. */
#define MEC_COARSE 64
#define MEC_FINE_PER_COARSE (MEC_BUCKETS / MEC_COARSE)
/* Items that index the hanging subtrees: whole groups that share one of them with a state are skipped. */
#define MEC_SIGNATURE_ITEMS 6
#define MEC_SIGNATURES (1 << MEC_SIGNATURE_ITEMS)
/* Pattern bounds enumerate the subsets of one side; beyond this the profile bound serves alone. */
#define MEC_PATTERN_LIMIT 16
/* Widens every bucket, so that rounding cannot move a residual mass across a border. */
#define MEC_PAD 1e-12

/* Bound on what is left, additive over items: total minus the potentials of used items plus a function of the
   residual mass of the open item, read from tables (docs/mec.md, "Pattern bound"). */
typedef struct {
    int valid;
    double total;
    double item_potential[64], bin_potential[64];
    double inverse_width;
    double bin_open[MEC_BUCKETS + 1];
    double item_open_slope[MEC_BUCKETS + 1], item_open_jump[MEC_BUCKETS + 1];
    double bin_open_coarse[MEC_COARSE], item_open_coarse[MEC_COARSE];
} mec_pattern_bound;

static inline int64_t mec_absolute(int64_t x) { return x < 0 ? -x : x; }

static inline double mec_pattern_open(const mec_pattern_bound *bound, double residual, int item_is_open) {
    int bucket = (int)(residual * bound->inverse_width);
    if (!item_is_open) return bound->bin_open[bucket];
    double slope = residual * bound->item_open_slope[bucket], jump = bound->item_open_jump[bucket];
    return slope < jump ? slope : jump;
}

/* Fills `bound` for bins to be filled with items; returns 0, or -1 when memory is short. */
int mec_pattern_bound_build(mec_pattern_bound *bound, int items, const double *item, int bins, const double *bin,
                            double largest, double target, int iterations, core_patience *patience);

/* Least entropies of a set: MEC_BARE while no leaf hangs on the open item yet, MEC_ANY without that condition.
   Subtrees hang on bare states only: of all orders in which an item takes its branches, leaves last suffices. */
enum { MEC_BARE = 0, MEC_ANY = 1 };

typedef struct {
    uint64_t key, joined[2]; /* items used; the part joined last, for reconstruction */
    double entropy[2];
    double bound[2]; /* total minus potentials, for both orientations of the pattern bound */
    int64_t difference;
} state;

/* A finished subtree that hands |difference| to the item it will hang on; entropy includes that cell. */
typedef struct {
    uint64_t key;
    double reduced; /* entropy minus potentials in the sorting orientation */
    double entropy;
    double potential[2];
    int64_t difference;
    int size, group; /* group: coarse cell of |difference|, then signature */
} subtree;

/* What the scan reads of a subtree, apart from the rest so that it stays in the cache. */
typedef struct {
    uint64_t key;
    double reduced;
} glance;

typedef struct {
    subtree *list;
    glance *glances;
    size_t count, indexed, capacity;
    int signature_items[MEC_SIGNATURE_ITEMS];
    size_t first[MEC_COARSE * MEC_SIGNATURES + 1]; /* sorted by (group, reduced) */
} hanging;

typedef struct {
    double value;
    uint32_t index;
} ranked;

/* A tree that waits to be kept: memory is fetched for a batch of them at once. */
typedef struct {
    uint64_t key, joined;
    double entropy, bound[2];
    int64_t difference;
    int kind;
} offer;

#define MEC_BATCH 64

struct mec_search {
    int n, m, count;
    int64_t mass[64];
    double scale, value[64], entropy[64], logarithm[64];
    uint64_t full, rows, tied; /* tied: items with an equal on their side */
    int group_first[64], group_size[64];
    mec_pattern_bound bounds[2];
    double potential[2][64];
    double root_bound, coarse_inverse;
    int sorting; /* the orientation whose pattern bound is the better one */
    /* one pass */
    state *states;
    size_t state_count, state_capacity;
    uint32_t *table;
    size_t table_size;
    offer waiting[MEC_BATCH];
    int waiting_count;
    uint32_t *layer_list[64];
    size_t layer_count[64], layer_capacity[64];
    double layer_least[64]; /* at most the bound of every state of the layer that waits */
    hanging hang[2];
    ranked *order;
    size_t order_count, order_next;
    int layer, status, failed;
    long long width, max_states;
    double limit, best;
};

/* Slot of the table that holds `key`, or the empty one where it belongs. */
size_t mec_slot(const mec_search *s, uint64_t key);
/* Bound on the cells still to come when the items of `key` are used and |difference| is open. */
double mec_profile_remainder(const mec_search *s, uint64_t key, int64_t difference);
double mec_pattern_remainder(const mec_search *s, double bound0, double bound1, int64_t difference);

/* Profile bound on the coupling of two decreasing vectors of equal total; logs[i] = log2 of the entry. */
double mec_profile_bound(int n, const double *a, const double *log_a, int m, const double *b, const double *log_b);

#endif

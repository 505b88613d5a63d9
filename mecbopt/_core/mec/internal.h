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
    double bin_open[MEC_BUCKETS + 1], bin_open_slope[MEC_BUCKETS + 1];
    double item_open_slope[MEC_BUCKETS + 1], item_open_jump[MEC_BUCKETS + 1];
    double bin_open_coarse[MEC_COARSE], item_open_coarse[MEC_COARSE];
} mec_pattern_bound;

static inline int64_t mec_absolute(int64_t x) { return x < 0 ? -x : x; }

/* Least reduced cost of the open item's `residual`, which lies in cells of at most `most`. */
static inline double mec_pattern_open(const mec_pattern_bound *bound, double residual, double most, int item_is_open) {
    int bucket = (int)(most * bound->inverse_width);
    if (item_is_open) {
        double slope = residual * bound->item_open_slope[bucket];
        double jump = residual / most * bound->item_open_jump[bucket];
        return slope < jump ? slope : jump;
    }
    double whole = bound->bin_open[(int)(residual * bound->inverse_width)];
    double slope = most < residual ? residual * bound->bin_open_slope[bucket] : whole;
    return slope > whole ? slope : whole;
}

/* Fills `bound` for bins to be filled with items; returns 0, or -1 when memory is short. */
int mec_pattern_bound_build(mec_pattern_bound *bound, int items, const double *item, int bins, const double *bin,
                            double largest, double target, int iterations, core_patience *patience);

/* No edge yet: above every mass. */
#define MEC_NO_EDGE (INT64_C(1) << 61)

/* What is known of the edges at the open item of a tree (docs/mec.md, "Order of the edges"). */
typedef struct {
    int64_t least;  /* the smallest of them is not above this */
    int64_t most;   /* those still to come are not above this */
    uint64_t cells; /* bits of cells of mass (2^shift wide) with an edge */
} mec_edges;

typedef struct {
    uint64_t key, joined; /* items used; the branch joined last, for reconstruction */
    double entropy;
    double bound[2]; /* total minus potentials, for both orientations of the pattern bound */
    int64_t difference;
    mec_edges edges;
} state;

/* A state as a scan sees it. */
typedef struct {
    uint64_t key;
    double reduced; /* entropy minus potentials in the sorting orientation; of a branch with the cell it hangs by */
    uint32_t index, group; /* group: coarse cell of a mass, then signature */
} glance;

/* States of one side, by (group, reduced): branches by the mass they hand over, growing trees by the most that an
   edge can still carry. */
typedef struct {
    glance *list;
    size_t count, capacity;
    int signature_items[MEC_SIGNATURE_ITEMS];
    uint64_t present[MEC_COARSE]; /* signatures with a state in the cell */
    uint32_t *first;              /* per group */
} shelf;

typedef struct {
    double value;
    uint32_t index;
} ranked;

/* A tree that waits to be kept: memory is fetched for a batch of them at once. */
typedef state offer;

/* Entropies closer than this (bits) may be equal: sums of 123 terms have less rounding. */
#define MEC_NEAR 1e-11
#define MEC_BATCH 64

struct mec_search {
    int n, m, count;
    int64_t mass[64];
    double scale, value[64], entropy[64];
    uint64_t full, rows, tied; /* tied: items with an equal on their side */
    int group_first[64], group_size[64];
    mec_pattern_bound bounds[2];
    double potential[2][64];
    double root_bound, coarse_inverse, open_floor;
    int shift;
    uint64_t within[MEC_SIGNATURES]; /* within[a]: signatures whose items are all in a */
    int sorting;                     /* the orientation whose pattern bound is the better one */
    /* one pass */
    state *states;
    size_t state_count, state_capacity;
    uint32_t *table;
    size_t table_size;
    offer waiting[MEC_BATCH];
    int waiting_count;
    uint32_t *layer_list[64];
    size_t layer_count[64], layer_capacity[64];
    double layer_least[64];            /* at most the bound of every state of the layer that waits */
    state leaves[64];                  /* each item alone */
    shelf branches[2], growing[32][2]; /* growing: per layer, below half of the items */
    ranked *order;
    size_t order_count, order_next;
    int layer, status, failed;
    long long width, max_states;
    double limit, best;
    uint64_t best_key; /* one part of the best tree; the other items are the other */
};

/* Doubles an array; returns the old pointer and sets `failed` when memory is short. */
void *mec_grown(mec_search *s, void *array, size_t *capacity, size_t item);
/* Offers a tree whose bound is `least`. */
void mec_propose(mec_search *s, const offer *o, double least);
/* All that grows out of a state; whether that was a long scan. */
int mec_expand(mec_search *s, const state *e);

/* The most that the next edge at the open item can carry. */
int64_t mec_reach(const state *e);
/* Whether the open item may hand all that is open over at once, as a branch: by its smallest edge. */
int mec_is_branch(const state *e);
int mec_coarse_cell(const mec_search *s, int64_t mass);
/* Puts a state of this entropy on a shelf, under a mass; a shelf is to be sorted before it is scanned. */
void mec_shelf_put(mec_search *s, shelf *h, uint32_t index, int64_t mass, double entropy);
void mec_shelf_sort(mec_search *s, shelf *h);
/* Bits for those of the shelf's items that `key` holds. */
int mec_signature(const shelf *h, uint64_t key);

/* Slot of the table that holds `key`, or the empty one where it belongs. */
size_t mec_slot(const mec_search *s, uint64_t key);
/* Bound on the cells still to come when the items of `key` are used and |difference| is open, in cells of at
   most `most`. */
double mec_profile_remainder(const mec_search *s, uint64_t key, int64_t difference, int64_t most);
double mec_pattern_remainder(const mec_search *s, double bound0, double bound1, int64_t difference, int64_t most);
/* Bound on all trees with a tree. */
double mec_state_bound(const mec_search *s, const state *e);
/* `key` without `part`: of equal items only the number counts. */
uint64_t mec_without(const mec_search *s, uint64_t key, uint64_t part);

/* `weight` of a side in atoms of at most `most`. */
typedef struct {
    int64_t weight, most;
} mec_level;
/* Majorize-profile bound on couplings of two sides of equal weight, each by descending `most`. */
double mec_profile_bound(const mec_level *sides[2], const int counts[2], double scale);

#endif

/* Lower bounds for the minimum entropy coupling search: the majorize-profile bound (Compton, Katz, Qi, Greenewald,
   Kocaoglu 2023) and the pattern bound, the Lagrangian dual of filling every column on its own. */
#include "mec/internal.h"

static double sum_of_equal(int64_t count, int64_t atom, double scale) {
    return (double)count * core_phi((double)atom * scale);
}

/* Exact but for the logarithms.  Corners (low, most): the levels of one side that are not above `most` weigh `low`
   together, and all of it lies in atoms of at most `most`.  Where atoms, by descending mass, have left `rest`, the next
   is at most max(most, rest - low) for every corner. */
double mec_profile_bound(const mec_level *sides[2], const int counts[2], double scale) {
    mec_level corners[128];
    int64_t highest[129], low[2] = {0, 0};
    int next[2] = {counts[0] - 1, counts[1] - 1}, count = 0;
    /* By ascending low + most. */
    while (next[0] >= 0 || next[1] >= 0) {
        int64_t sums[2];
        for (int k = 0; k < 2; k++)
            sums[k] = next[k] < 0 ? INT64_MAX : low[k] + sides[k][next[k]].weight + sides[k][next[k]].most;
        int k = sums[1] < sums[0];
        low[k] += sides[k][next[k]].weight;
        corners[count++] = (mec_level){low[k], sides[k][next[k]--].most};
    }
    highest[0] = 0;
    for (int k = 0; k < count; k++) highest[k + 1] = corners[k].weight > highest[k] ? corners[k].weight : highest[k];
    int64_t rest = low[0], least = INT64_MAX;
    double bound = 0.0;
    while (rest > 0) {
        for (; count && corners[count - 1].weight + corners[count - 1].most > rest; count--)
            if (corners[count - 1].most < least) least = corners[count - 1].most;
        int64_t above = highest[count], atom = rest - above, times = 1;
        if (atom >= least) {
            /* As often as it stays the next one: an open item may stand for many small atoms. */
            if (count && corners[count - 1].weight + corners[count - 1].most > above)
                above = corners[count - 1].weight + corners[count - 1].most;
            atom = least;
            times = (rest - above) / least;
            if (times < 1) times = 1;
        }
        bound += sum_of_equal(times, atom, scale);
        rest -= times * atom;
    }
    return bound;
}

/* A bin filled with the whole items of `subset` and `rest` more, taken from one item of `candidates`. */
typedef struct {
    uint32_t subset, candidates;
    double rest, cost;
} pattern;

typedef struct {
    int items, bins;
    const double *item, *bin;
    double *sum, *cost, *priced; /* per subset: mass, entropy of whole items, their price */
    pattern *patterns;
    size_t *first;
} filling;

static void filling_free(filling *fill) {
    core_free(fill->sum);
    core_free(fill->cost);
    core_free(fill->priced);
    core_free(fill->patterns);
    core_free(fill->first);
}

static int filling_build(filling *fill) {
    uint32_t subsets = 1u << fill->items;
    fill->sum = core_calloc(subsets, sizeof(double));
    fill->cost = core_calloc(subsets, sizeof(double));
    fill->priced = core_calloc(subsets, sizeof(double));
    fill->first = core_calloc((size_t)fill->bins + 1, sizeof(size_t));
    if (!fill->sum || !fill->cost || !fill->priced || !fill->first) return -1;
    for (uint32_t subset = 1; subset < subsets; subset++) {
        int lowest = __builtin_ctz(subset);
        fill->sum[subset] = fill->sum[subset & (subset - 1)] + fill->item[lowest];
        fill->cost[subset] = fill->cost[subset & (subset - 1)] + core_phi(fill->item[lowest]);
    }
    size_t count = 0;
    for (int y = 0; y < fill->bins; y++)
        for (uint32_t subset = 0; subset < subsets; subset++) count += fill->sum[subset] <= fill->bin[y] + MEC_PAD;
    fill->patterns = core_malloc((count ? count : 1) * sizeof(pattern));
    if (!fill->patterns) return -1;
    count = 0;
    for (int y = 0; y < fill->bins; y++) {
        fill->first[y] = count;
        for (uint32_t subset = 0; subset < subsets; subset++) {
            double rest = fill->bin[y] - fill->sum[subset];
            if (rest < -MEC_PAD) continue;
            if (rest < MEC_PAD) rest = 0.0;
            uint32_t candidates = 0;
            for (int x = 0; x < fill->items; x++)
                if (!(subset >> x & 1) && fill->item[x] >= rest - MEC_PAD) candidates |= 1u << x;
            if (rest > 0.0 && !candidates) continue;
            fill->patterns[count++] = (pattern){subset, candidates, rest, fill->cost[subset] + core_phi(rest)};
        }
    }
    fill->first[fill->bins] = count;
    return 0;
}

static void filling_price(filling *fill, const double *price) {
    for (uint32_t subset = 1; subset < 1u << fill->items; subset++) {
        int lowest = __builtin_ctz(subset);
        fill->priced[subset] = fill->priced[subset & (subset - 1)] + price[lowest] * fill->item[lowest];
    }
}

/* Value of the dual at `price`; `gradient` is what of each item stays unplaced, bin_value[y] the reduced cost. */
static double filling_dual(filling *fill, const double *price, double *bin_value, double *gradient) {
    int order[32];
    double value = 0.0;
    filling_price(fill, price);
    for (int x = 0; x < fill->items; x++) {
        int at = x;
        for (; at && price[order[at - 1]] < price[x]; at--) order[at] = order[at - 1];
        order[at] = x;
        gradient[x] = fill->item[x];
        value += price[x] * fill->item[x];
    }
    for (int y = 0; y < fill->bins; y++) {
        double best = INFINITY;
        const pattern *chosen = NULL;
        int partial = -1;
        for (size_t k = fill->first[y]; k < fill->first[y + 1]; k++) {
            const pattern *p = fill->patterns + k;
            double reduced = p->cost - fill->priced[p->subset];
            int x = -1;
            if (p->rest > 0.0) {
                int at = 0;
                while (!(p->candidates >> order[at] & 1)) at++;
                x = order[at];
                reduced -= price[x] * p->rest;
            }
            if (reduced < best) {
                best = reduced;
                chosen = p;
                partial = x;
            }
        }
        bin_value[y] = best;
        value += best;
        if (!chosen) continue;
        for (int x = 0; x < fill->items; x++)
            if (chosen->subset >> x & 1) gradient[x] -= fill->item[x];
        if (partial >= 0) gradient[partial] -= chosen->rest;
    }
    return value;
}

/* Subgradient ascent with Polyak steps towards `target`; any multipliers give a valid bound. */
static double filling_ascend(filling *fill, double target, int iterations, double *price, double *bin_value,
                             core_patience *patience) {
    double trial[32], values[64], gradient[32], best = -INFINITY, step = 1.0;
    int stalled = 0;
    memcpy(trial, price, sizeof(double) * (size_t)fill->items);
    /* One round at least: `price` and `bin_value` must belong together. */
    for (int iteration = 0; iteration < iterations && !(iteration && core_asked_to_stop(patience)); iteration++) {
        double value = filling_dual(fill, trial, values, gradient), norm = 0.0;
        if (value > best) {
            if (value > best + 1e-5) stalled = 0;
            best = value;
            memcpy(price, trial, sizeof(double) * (size_t)fill->items);
            memcpy(bin_value, values, sizeof(double) * (size_t)fill->bins);
        } else if (++stalled > 15) {
            step *= 0.6;
            stalled = 0;
            memcpy(trial, price, sizeof(double) * (size_t)fill->items);
            continue;
        }
        for (int x = 0; x < fill->items; x++) norm += gradient[x] * gradient[x];
        if (norm < 1e-18 || target <= value) break;
        for (int x = 0; x < fill->items; x++) trial[x] += step * (target - value) / norm * gradient[x];
    }
    return best;
}

static double minimum(double a, double b) { return a < b ? a : b; }

static int bucket_of(const mec_pattern_bound *bound, double mass) {
    int bucket = (int)(mass * bound->inverse_width);
    return bucket < 0 ? 0 : bucket >= MEC_BUCKETS ? MEC_BUCKETS - 1 : bucket;
}

/* bin_open[k]: least reduced cost of filling a bin whose mass lies anywhere in bucket k. */
static int tabulate_bins(mec_pattern_bound *bound, const filling *fill, const double *price) {
    double width = 1.0 / bound->inverse_width;
    double *whole = core_malloc(MEC_BUCKETS * sizeof(double)), *rest = core_malloc(MEC_BUCKETS * sizeof(double));
    if (!whole || !rest) {
        core_free(whole);
        core_free(rest);
        return -1;
    }
    for (int x = 0; x < fill->items; x++) {
        int longest = 0;
        for (int k = 0; k < MEC_BUCKETS; k++) whole[k] = rest[k] = INFINITY;
        for (uint32_t subset = 0; subset < 1u << fill->items; subset++) {
            if (subset >> x & 1 || fill->sum[subset] * bound->inverse_width >= MEC_BUCKETS) continue;
            /* A sum on a border belongs to both neighbours: rounding may put the same mass on either side. */
            double reduced = fill->cost[subset] - fill->priced[subset];
            for (int k = bucket_of(bound, fill->sum[subset] - MEC_PAD);
                 k <= bucket_of(bound, fill->sum[subset] + MEC_PAD); k++)
                whole[k] = minimum(whole[k], reduced);
        }
        /* Masses j buckets apart differ by more than j - 1 and less than j + 1 widths; the cost of a partial
           item is concave, hence least at an end of that range. */
        for (int j = 0; j < MEC_BUCKETS; j++) {
            double low = (j - 1) * width - MEC_PAD, high = (j + 1) * width + MEC_PAD;
            if (low < 0.0) low = 0.0;
            if (high > fill->item[x]) high = fill->item[x];
            if (low > high) break;
            rest[j] = minimum(core_phi(low) - price[x] * low, core_phi(high) - price[x] * high);
            longest = j;
        }
        for (int k = 0; k < MEC_BUCKETS; k++) {
            if (whole[k] == INFINITY) continue;
            int last = longest < MEC_BUCKETS - 1 - k ? longest : MEC_BUCKETS - 1 - k;
            for (int j = 0; j <= last; j++)
                bound->bin_open[k + j] = minimum(bound->bin_open[k + j], whole[k] + rest[j]);
        }
        /* The full subset with nothing partial (needed where every item is whole). */
        uint32_t all = (1u << fill->items) - 1;
        if (fill->sum[all] * bound->inverse_width < MEC_BUCKETS) {
            int k = bucket_of(bound, fill->sum[all]);
            bound->bin_open[k] = minimum(bound->bin_open[k], fill->cost[all] - fill->priced[all]);
        }
    }
    core_free(whole);
    core_free(rest);
    return 0;
}

/* The open item may enter bins beside the others: its own price is the largest that lowers no bin's value.
   A bin with part v of it costs at least bin_open(b - v) + phi(v), which is concave in v between the full
   fillings, so v is either such a rest (slope table) or all of the residual mass (jump table). */
static void tabulate_items(mec_pattern_bound *bound, const filling *fill, const double *bin_value) {
    double width = 1.0 / bound->inverse_width;
    for (int y = 0; y < fill->bins; y++)
        for (uint32_t subset = 0; subset < 1u << fill->items; subset++) {
            double part = fill->bin[y] - fill->sum[subset];
            if (part <= MEC_PAD) continue;
            double slope = (fill->cost[subset] - fill->priced[subset] + core_phi(part) - bin_value[y]) / part;
            int k = bucket_of(bound, part - MEC_PAD);
            bound->item_open_slope[k] = minimum(bound->item_open_slope[k], slope);
        }
    for (int k = 1; k < MEC_BUCKETS; k++)
        bound->item_open_slope[k] = minimum(bound->item_open_slope[k], bound->item_open_slope[k - 1]);
    for (int k = 0; k < MEC_BUCKETS; k++) {
        double low = k * width, high = (k + 1) * width, own = minimum(core_phi(low), core_phi(high));
        for (int y = 0; y < fill->bins; y++) {
            if (fill->bin[y] < low - MEC_PAD) continue;
            double least = fill->bin[y] - high - MEC_PAD, most = fill->bin[y] - low + MEC_PAD;
            for (int j = bucket_of(bound, least < 0.0 ? 0.0 : least); j <= bucket_of(bound, most); j++)
                bound->item_open_jump[k] = minimum(bound->item_open_jump[k], bound->bin_open[j] + own - bin_value[y]);
        }
    }
}

/* Atoms of at most `most` in an open bin cost at least their mass times this. */
static void tabulate_slopes(mec_pattern_bound *bound, const filling *fill, const double *price) {
    double width = 1.0 / bound->inverse_width;
    for (int k = 0; k <= MEC_BUCKETS; k++) {
        double most = (k + 1) * width + MEC_PAD, slope = INFINITY;
        for (int x = 0; x < fill->items; x++)
            slope = minimum(slope, -log2(minimum(most, fill->item[x] + MEC_PAD)) - price[x]);
        bound->bin_open_slope[k] = slope;
    }
}

static void tabulate_coarse(mec_pattern_bound *bound) {
    double width = 1.0 / bound->inverse_width;
    for (int k = 0; k < MEC_BUCKETS; k++) {
        int cell = k / MEC_FINE_PER_COARSE;
        double slope = bound->item_open_slope[k];
        double item = minimum(minimum(k * width * slope, (k + 1) * width * slope), bound->item_open_jump[k]);
        bound->bin_open_coarse[cell] = minimum(bound->bin_open_coarse[cell], bound->bin_open[k]);
        bound->item_open_coarse[cell] = minimum(bound->item_open_coarse[cell], item);
    }
    /* A residual mass of exactly zero costs nothing. */
    bound->bin_open_coarse[0] = minimum(bound->bin_open_coarse[0], 0.0);
    bound->item_open_coarse[0] = minimum(bound->item_open_coarse[0], 0.0);
}

int mec_pattern_bound_build(mec_pattern_bound *bound, int items, const double *item, int bins, const double *bin,
                            double largest, double target, int iterations, core_patience *patience) {
    double price[32], bin_value[64];
    filling fill = {.items = items, .bins = bins, .item = item, .bin = bin};
    bound->valid = 0;
    bound->total = -INFINITY;
    if (items > MEC_PATTERN_LIMIT || iterations < 1) return 0;
    if (filling_build(&fill)) {
        filling_free(&fill);
        return -1;
    }
    for (int x = 0; x < items; x++) price[x] = -log2(item[x]);
    bound->total = filling_ascend(&fill, target, iterations, price, bin_value, patience);
    filling_price(&fill, price);
    bound->inverse_width = (MEC_BUCKETS - 1) / largest;
    for (int k = 0; k <= MEC_BUCKETS; k++)
        bound->bin_open[k] = bound->item_open_slope[k] = bound->item_open_jump[k] = INFINITY;
    for (int k = 0; k < MEC_COARSE; k++) bound->bin_open_coarse[k] = bound->item_open_coarse[k] = INFINITY;
    if (tabulate_bins(bound, &fill, price)) {
        filling_free(&fill);
        return -1;
    }
    tabulate_items(bound, &fill, bin_value);
    tabulate_slopes(bound, &fill, price);
    /* Products with an infinite slope at residual 0 would be nan: no bin takes any of the item there. */
    for (int k = 0; k <= MEC_BUCKETS; k++) bound->item_open_slope[k] = minimum(bound->item_open_slope[k], 1e6);
    tabulate_coarse(bound);
    for (int x = 0; x < items; x++) bound->item_potential[x] = price[x] * item[x];
    for (int y = 0; y < bins; y++) bound->bin_potential[y] = bin_value[y];
    bound->valid = isfinite(bound->total);
    filling_free(&fill);
    return 0;
}

/* Bound on the cells still to come, from both orientations of the pattern bound. */
double mec_pattern_remainder(const mec_search *s, double bound0, double bound1, int64_t difference, int64_t most) {
    if (difference) {
        int64_t open = mec_absolute(difference);
        double residual = (double)open * s->scale, cell = (double)(open < most ? open : most) * s->scale;
        if (s->bounds[0].valid) bound0 += mec_pattern_open(&s->bounds[0], residual, cell, difference > 0);
        if (s->bounds[1].valid) bound1 += mec_pattern_open(&s->bounds[1], residual, cell, difference < 0);
    }
    return bound0 > bound1 ? bound0 : bound1;
}

/* Collects the unused items of one side by descending mass, what is `open` in cells of `most` at most among them. */
static int levels_of(const mec_search *s, uint64_t key, int from, int to, int64_t open, int64_t most,
                     mec_level *levels) {
    int count = 0;
    for (int i = from; i < to; i++) {
        if (key >> i & 1) continue;
        if (open && most >= s->mass[i]) {
            levels[count++] = (mec_level){open, most};
            open = 0;
        }
        levels[count++] = (mec_level){s->mass[i], s->mass[i]};
    }
    if (open) levels[count++] = (mec_level){open, most};
    return count;
}

double mec_profile_remainder(const mec_search *s, uint64_t key, int64_t difference, int64_t most) {
    mec_level rows[64], columns[64];
    int64_t open = mec_absolute(difference);
    if (open < most) most = open;
    const int counts[2] = {levels_of(s, key, 0, s->n, difference > 0 ? open : 0, most, rows),
                           levels_of(s, key, s->n, s->count, difference < 0 ? open : 0, most, columns)};
    const mec_level *sides[2] = {rows, columns};
    return mec_profile_bound(sides, counts, s->scale);
}

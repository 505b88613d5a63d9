/* A peer for the exact minimum entropy coupling: the two exponential-time methods of Compton, Katz, Qi, Greenewald and
   Kocaoglu (AISTATS 2023), written afresh from what they do.  It shares no line with the package's core.

   Masses are integers times `unit`, so that what is used up is exactly zero. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 32 };
/* What a run ended with. */
enum { DONE = 0, OUT_OF_TIME = 1, OUT_OF_MEMORY = 2 };
/* Trees are cut where the bound comes this close to the best one, bits: sums of 64 terms have less rounding. */
static const double CLOSE = 1e-12;

static double processor_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static double term(int64_t mass, double unit) {
    double z = (double)mass * unit;
    return z > 0.0 ? -z * log2(z) : 0.0;
}

/* ---- Backtracking: atoms are taken off in descending order --------------------------------------------------- */

/* Letters with mass left, by descending mass. */
typedef struct {
    int count;
    int64_t mass[MOST];
} side;

typedef struct {
    double unit, best, end;
    long long nodes;
    int stopped;
} backtracking;

/* Takes `mass` off one letter and keeps the order. */
static void take(side *from, int letter, int64_t mass) {
    int64_t left = from->mass[letter] - mass;
    int last = --from->count, at = letter;
    for (; at < last && from->mass[at + 1] > left; at++) from->mass[at] = from->mass[at + 1];
    if (left > 0) {
        from->mass[at] = left;
        from->count++;
        return;
    }
    for (; at < last; at++) from->mass[at] = from->mass[at + 1];
}

/* The majorize-profile bound.  Let the letters of one side that weigh at most y weigh `low` together: each lies in
   atoms of at most y, so these atoms weigh `low` or more.  Where the atoms, by descending mass, have left `rest`, the
   next one therefore weighs at most max(y, rest - low), for every letter's y; the atoms that weigh as much as this
   allows majorize all others, by induction over partial sums S: S' <= max(S + y, total - low) grows with S. */
static double majorize_profile(const side sides[2], double unit) {
    struct {
        int64_t low, y;
    } corner[2 * MOST];
    int64_t highest_low[2 * MOST + 1], low[2] = {0, 0}, total = 0;
    int next[2] = {sides[0].count - 1, sides[1].count - 1}, corners = 0;
    for (int i = 0; i < sides[0].count; i++) total += sides[0].mass[i];
    /* By ascending low + y. */
    while (next[0] >= 0 || next[1] >= 0) {
        int64_t reach[2];
        for (int s = 0; s < 2; s++) reach[s] = next[s] >= 0 ? low[s] + 2 * sides[s].mass[next[s]] : INT64_MAX;
        int s = reach[1] < reach[0];
        int64_t y = sides[s].mass[next[s]--];
        low[s] += y;
        corner[corners].low = low[s];
        corner[corners++].y = y;
    }
    highest_low[0] = 0;
    for (int k = 0; k < corners; k++)
        highest_low[k + 1] = corner[k].low > highest_low[k] ? corner[k].low : highest_low[k];
    double bound = 0.0;
    int64_t rest = total, least_y = INT64_MAX;
    while (rest > 0) {
        while (corners && corner[corners - 1].low + corner[corners - 1].y > rest) {
            corners--;
            if (corner[corners].y < least_y) least_y = corner[corners].y;
        }
        int64_t atom = rest - highest_low[corners];
        if (atom > least_y) atom = least_y;
        bound += term(atom, unit);
        rest -= atom;
    }
    return bound;
}

/* The atoms of an optimal coupling, by descending mass, each use up a row or a column of what is left: otherwise
   moving mass from both neighbours to the largest would lower the entropy. */
static void peel(backtracking *run, const side sides[2], double entropy, int64_t last) {
    if (++run->nodes % 4096 == 0 && processor_seconds() > run->end) run->stopped = 1;
    if (run->stopped || entropy + majorize_profile(sides, run->unit) >= run->best - CLOSE) return;
    if (!sides[0].count) {
        run->best = entropy;
        return;
    }
    for (int x = 0; x < sides[0].count && !run->stopped; x++)
        for (int y = 0; y < sides[1].count && !run->stopped; y++) {
            int64_t p = sides[0].mass[x], q = sides[1].mass[y], atom = p < q ? p : q;
            if (atom > last) continue;
            side left[2] = {sides[0], sides[1]};
            take(&left[0], x, atom);
            take(&left[1], y, atom);
            peel(run, left, entropy + term(atom, run->unit), atom);
        }
}

int reference_backtracking(int n, const int64_t *rows, int m, const int64_t *columns, double unit, double seconds,
                           double *entropy, long long *nodes) {
    side sides[2] = {{.count = 0}, {.count = 0}};
    backtracking run = {.unit = unit, .best = DBL_MAX, .end = processor_seconds() + seconds};
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < (s ? m : n); i++) {
            int64_t mass = s ? columns[i] : rows[i];
            int at = sides[s].count++;
            for (; at && sides[s].mass[at - 1] < mass; at--) sides[s].mass[at] = sides[s].mass[at - 1];
            sides[s].mass[at] = mass;
        }
    peel(&run, sides, 0.0, INT64_MAX);
    *entropy = run.best;
    *nodes = run.nodes;
    return run.stopped ? OUT_OF_TIME : DONE;
}

/* ---- Dynamic program: sets of letters, one of which holds what the set has left over --------------------------- */

/* value[set * letters + hub]: least entropy of the cells of a tree on `set` in which only `hub` still gives mass
   away.  A tree is a hub with one branch, or two trees that share nothing but the hub; letter 0 is the last hub. */
int reference_subsets(int n, const int64_t *rows, int m, const int64_t *columns, double unit, double seconds,
                      double *entropy, long long *joins) {
    const int letters = n + m;
    const uint32_t sets = UINT32_C(1) << letters;
    const double end = processor_seconds() + seconds;
    *entropy = DBL_MAX;
    *joins = 0;
    if (letters > 24) return OUT_OF_MEMORY;
    int64_t *excess = malloc(sets * sizeof(int64_t)); /* rows minus columns */
    double *value = malloc((size_t)sets * (size_t)letters * sizeof(double));
    if (!excess || !value) {
        free(excess);
        free(value);
        return OUT_OF_MEMORY;
    }
    int stopped = 0;
    excess[0] = 0;
    for (uint32_t set = 1; set < sets && !stopped; set++) {
        int lowest = __builtin_ctz(set);
        excess[set] = excess[set & (set - 1)] + (lowest < n ? rows[lowest] : -columns[lowest - n]);
        stopped = processor_seconds() > end;
        for (int hub = 0; hub < letters; hub++) {
            double best = DBL_MAX;
            const uint32_t others = set & ~(UINT32_C(1) << hub);
            const int64_t given = hub < n ? excess[set] : -excess[set];
            /* Once letter 0 is in the set, all hang on it; a negative rest would be mass that nobody has. */
            if (others != set && given >= 0 && (!(set & 1) || hub == 0)) {
                if (!others) best = 0.0;
                for (int branch = hub < n ? n : 0; branch < (hub < n ? letters : n); branch++) {
                    const int64_t handed = branch < n ? excess[others] : -excess[others];
                    if (!(others >> branch & 1) || handed < 0) continue;
                    double sum = value[(size_t)others * (size_t)letters + (size_t)branch] + term(handed, unit);
                    if (sum < best) best = sum;
                }
                /* The part with the lowest of the other letters stands for both. */
                const uint32_t first = others & (~others + 1), free_ones = others ^ first;
                for (uint32_t part = (free_ones - 1) & free_ones; free_ones; part = (part - 1) & free_ones) {
                    const uint32_t one = part | first | UINT32_C(1) << hub;
                    const uint32_t two = (others ^ first ^ part) | UINT32_C(1) << hub;
                    double sum = value[(size_t)one * (size_t)letters + (size_t)hub] +
                                 value[(size_t)two * (size_t)letters + (size_t)hub];
                    if (sum < best) best = sum;
                    ++*joins;
                    if (!part) break;
                }
            }
            value[(size_t)set * (size_t)letters + (size_t)hub] = best;
        }
    }
    if (!stopped) *entropy = value[(size_t)(sets - 1) * (size_t)letters];
    free(excess);
    free(value);
    return stopped ? OUT_OF_TIME : DONE;
}

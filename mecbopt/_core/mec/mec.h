/* Exact minimum entropy coupling by dynamic programming over pairs of subsets; see docs/mec.md. */
#ifndef MECBOPT_MEC_H
#define MECBOPT_MEC_H

#include "common/common.h"

typedef struct mec_search mec_search;

/* Masses (rows first, then columns, each side in decreasing order, all positive, equal totals) are integers
   times `scale`; target steers the bounds of the root (any upper bound will do), iterations = 0
   leaves the pattern bounds out; `ask` may end their ascent early, which weakens them.  Returns NULL when memory
   is short or n + m > 62. */
mec_search *mec_search_new(int n, int m, const long long *masses, double scale, double target, int iterations,
                           core_question ask);
void mec_search_free(mec_search *search);

/* Begins a pass: states whose bound exceeds upper - gap are dropped.  width > 0 keeps only so many states a
   layer (a beam: finds couplings, proves nothing); width = 0 keeps all. */
int mec_search_start(mec_search *search, double upper, double gap, long long width, long long max_states);
/* Works for about `seconds`: 0 more to do, 1 pass complete, 2 max_states reached, 3 out of memory.  `ask` may end
   it earlier. */
int mec_search_run(mec_search *search, double seconds, core_question ask);

double mec_search_root_bound(const mec_search *search);
/* Bits: of the best coupling of this pass (infinity when none), and the bound this pass has proved so far (with many
   states waiting a quick one, weaker, for those that a quarter of a second does not suffice for). */
double mec_search_best(const mec_search *search);
double mec_search_lower_bound(const mec_search *search);
/* Positive cells of the best coupling; the arrays hold `capacity` entries, n + m suffice.  Returns their number, 0
   where there is no coupling or no room. */
int mec_search_cells(const mec_search *search, int capacity, int *rows, int *columns, long long *masses);

/* The greedy coupling of several marginals.  `letters` and `masses` hold the `counts` positive letters of each, one
   marginal after the other, by descending mass and, where equal, ascending letter; `dust` the mass, for each of all the
   `sizes` letters, at or below which a rest is rounding.  Writes the atoms in the order in which they come about, with
   repetitions: a row of `marginals` letters and a weight each, at most as many as there are positive letters.  Returns
   their number, MEC_GREEDY_NO_MEMORY, or MEC_GREEDY_STOPPED where `ask` ended it. */
enum { MEC_GREEDY_NO_MEMORY = -1, MEC_GREEDY_STOPPED = -2 };
long long mec_greedy(int marginals, const long long *counts, const long long *letters, const double *masses,
                     const long long *sizes, const double *dust, long long *cells, double *weights, core_question ask);

#endif

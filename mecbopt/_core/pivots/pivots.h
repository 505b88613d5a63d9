/* Public face of the compiled local search (read by cffi: typedefs and prototypes only). */
#ifndef MECBOPT_PIVOTS_H
#define MECBOPT_PIVOTS_H

#include <stdint.h>

#include "common/common.h"

typedef struct ls_search ls_search;

typedef struct {
    double best;
    long long starts;
    long long pivots;
    long long candidates;
    int support;
} ls_report;

/* The start (k mappings, rows of n letters) is a feasible vertex; masses are positive; s = 0 without a label.
   NULL when memory is short. */
ls_search *ls_search_new(int n, int m, const double *p_x, const double *p_y, double rate, int s,
                         const double *p_s_given_x, double label_limit, uint64_t seed, int k, const int32_t *mappings,
                         const double *weights);
void ls_search_free(ls_search *search);
/* Works until `starts` descents (the one from the given start included) are done in all, `candidates`
   neighbours were evaluated in all, or `seconds` are over; the results depend on the first two alone.  Before it
   returns it takes a descent that is under way into account where that is at its limits or `take_now` is set.  The
   report and the best vertex (room for `capacity` mappings, m + 2 suffice) are of one moment.  `ask` is asked
   whether to return earlier; the result says whether it did. */
int ls_search_run(ls_search *search, long long starts, long long candidates, double seconds, int take_now,
                  core_question ask, ls_report *report, int capacity, int32_t *mappings, double *weights);

#endif

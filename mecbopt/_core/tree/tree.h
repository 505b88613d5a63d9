/* Public face of the compiled exact solver (read by cffi: typedefs and prototypes only). */
#ifndef MECBOPT_TREE_H
#define MECBOPT_TREE_H

#include <stdint.h>

#include "common/common.h"

typedef struct mb_search mb_search;

typedef struct {
    int jensen_rows;
    int sharpening;
    int propagation;
    int reduced_cost_tightening;
    int root_tightening;
    int symmetry;
    int columns_per_round;
    int pool_limit;
    int random_starts;
    double branching_margin;
    long long node_bytes;
} mb_settings;

typedef struct {
    double best;
    double lower_bound;
    long long steps;
    long long nodes;
    long long lps;
    long long pivots;
    long long pool_size;
    long long columns;
    long long open_nodes;
    long long peak_bytes;
    int finished;
    int infeasible;
    int support;
    int trouble;
} mb_report;

mb_search *mb_search_new(int n, int m, const double *p_x, const double *p_y, double rate, int s,
                         const double *p_s_given_x, const double *label_table, double label_limit,
                         const mb_settings *settings, uint64_t seed, int start_count, const int32_t *start_mappings,
                         const double *start_weights);
void mb_search_free(mb_search *search);
/* Results of `mb_search_run` other than 0: what was found stays valid, and the step that broke off is repeated by
   the next call. */
enum { MB_RUN_NO_MEMORY = 5, MB_RUN_STOPPED = 6, MB_MAX_SUPPORT = 16 };
/* Advances by whole steps until `steps` are done, `seconds` are over or the lower bound reaches best - margin; a
   box is closed once its bound is above best - margin.  `ask` may end a step that takes long.  The report and the
   incumbent (room for `capacity` mappings, MB_MAX_SUPPORT suffice) are of one moment, however the call ends. */
int mb_search_run(mb_search *search, double margin, long long steps, double seconds, core_question ask,
                  mb_report *report, int capacity, int32_t *mappings, double *weights);
int mb_search_relax(mb_search *search, const double *lower, const double *upper, int rounds, double *bound);

#endif

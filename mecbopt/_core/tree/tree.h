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
    int symmetry; /* of letters: 0: none, 1: ordered by one row and column, 2: by pivots */
    int columns_per_round;
    int pool_limit;
    int random_starts;
    int sweep_letters;       /* of X, from which two letters of Y are priced by sweeps, and without Jensen rows */
    int local_search;        /* 0: no descents; what relaxations leave open is kept for `mb_search_seen` */
    double branching_margin; /* negative: by the way of pricing */
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

/* Events of a trace.  A number that says what happened is followed by, in this order:
   MB_TRACE_SIDE        the node's number (-1 for the root), the side of its split (0: below the point); what follows
                        bounds this box.  A side that stands again repeats one that broke off
   MB_TRACE_RELAXATION  1 where it is infeasible else 0, the bound proved; for each cell the slope of its secant, for
                        each the start of its touching interval, for each the end; a multiplier for each row: cells,
                        marginals, rate, label, Jensen rows, order rows,
                        linear rows, the label without the seed; for the latter the slope of the secant of each (s, y)
   MB_TRACE_OPEN        the number of the node that the box became, the cell of its split, the point
   MB_TRACE_EMPTY       (nothing) the sums of rows and columns leave the box no coupling
   MB_TRACE_INFEASIBLE  (nothing) by the last relaxation
   MB_TRACE_BOUNDED     (nothing) a relaxation, of this box or of one that holds it, proves it no better than the
                        cutoff
   MB_TRACE_CUT_OFF     (nothing) the reduced costs of the last relaxation leave nothing of it
   MB_TRACE_NARROW      (nothing) too small to be split: its bound stands
   Nodes that are left when the search ends, and those taken up without a side, are bounded by their relaxations. */
enum {
    MB_TRACE_SIDE = 0,
    MB_TRACE_RELAXATION = 1,
    MB_TRACE_OPEN = 2,
    MB_TRACE_EMPTY = 3,
    MB_TRACE_INFEASIBLE = 4,
    MB_TRACE_BOUNDED = 5,
    MB_TRACE_CUT_OFF = 6,
    MB_TRACE_NARROW = 7
};

/* A law of Y that varies lies between `law_lower` and `law_upper`, both NULL where it is `p_y`; the objective is then
   H(X|Y), boxes hold posteriors P(x, y) / P_Y(y), and one of the linear rows has to say that the coupling sums to 1.
   `linear` holds `linear_count` rows of coefficients over the cells, at most MB_MAX_LINEAR: the coupling keeps each
   between its `linear_lower` and its `linear_upper`, infinite where absent.  A label without the seed has H(S,Y) <= `joint_limit` (infinite where
   absent), in bounds relaxed by `joint_slack`; with `minimise_label`, H(S,Y) takes the place of the objective H(X,Y).
   `entropy_floor` is a lower bound on the
   joint entropy that is known beforehand; 0 where none is. */
mb_search *mb_search_new(int n, int m, const double *p_x, const double *p_y, const double *law_lower,
                         const double *law_upper, double rate, int s, const double *p_s_given_x,
                         const double *label_table, double label_limit, int linear_count, const double *linear,
                         const double *linear_lower, const double *linear_upper, double joint_limit, double joint_slack,
                         int minimise_label, double entropy_floor, const mb_settings *settings, uint64_t seed,
                         int start_count, const int32_t *start_mappings, const double *start_weights);
void mb_search_free(mb_search *search);
/* Results of `mb_search_run` other than 0: what was found stays valid, and the step that broke off is repeated by
   the next call. */
enum { MB_RUN_NO_MEMORY = 5, MB_RUN_STOPPED = 6, MB_MAX_LINEAR = 64, MB_MAX_SUPPORT = 512 };
/* Advances by whole steps until `steps` are done, `seconds` are over or the lower bound reaches best - margin; a
   box is closed once its bound is above best - margin.  `ask` may end a step that takes long.  The report and the
   incumbent (room for `capacity` mappings, MB_MAX_SUPPORT suffice) are of one moment, however the call ends. */
int mb_search_run(mb_search *search, double margin, long long steps, double seconds, core_question ask,
                  mb_report *report, int capacity, int32_t *mappings, double *weights);
/* The frontier: open nodes as rows of `mb_frontier_stride` numbers (bound, point and cell of the split, depth, sides
   done; then for each cell the lower end, for each the upper end, the start and the end of its touching interval), to
   be put into another search of the same problem with the same settings. */
enum { MB_FRONTIER_MOST = 256 };
int mb_frontier_stride(const mb_search *search);
long long mb_frontier_size(const mb_search *search);
/* Whether the root is bounded and tightened, or closed: before, there is no frontier. */
int mb_frontier_ready(const mb_search *search);
/* Copies all open nodes. */
void mb_frontier_read(const mb_search *search, double *numbers);
/* Removes up to `count` nodes, at most MB_FRONTIER_MOST, every other one from the best on; returns how many.  The
   search no longer answers for them. */
long long mb_frontier_take(mb_search *search, long long count, double *numbers);
/* Adds nodes; returns how many: fewer than `count` where memory runs out, and the caller answers for the rest. */
long long mb_frontier_put(mb_search *search, long long count, const double *numbers);
/* Makes a new search one that has only what it is given, besides what was settled elsewhere at `settled_bound`. */
void mb_frontier_resume(mb_search *search, double settled_bound, double lower_bound);
/* The least bound at which a subtree was closed. */
double mb_frontier_settled(const mb_search *search);
/* A mixture found elsewhere, taken as the incumbent if it is better. */
int mb_search_offer(mb_search *search, int count, const int32_t *mappings, const double *weights);
/* For limits that are cut as the search goes: linear rows change between two runs, each new one a valid limit.  What
   was proved before holds all the same.  Bounds are for rows as they were when a box was bounded. */
void mb_search_set_row(mb_search *search, int row, const double *coefficient, double lower, double upper);
/* A value that is known to be attained within the limits: the incumbent's, without its mixture. */
void mb_search_attained(mb_search *search, double value);
/* Mixtures that solved the relaxations of boxes that the last step left open, at most two: `which` is 0 or 1.  The
   number of mappings written, 0 where there is no such mixture. */
int mb_search_seen(const mb_search *search, int which, int capacity, int32_t *mappings, double *weights);
/* The vertex at which a linear function of the coupling, given by its cells, is least within the rows: the number of
   mappings written, 0 where there is none, -1 where memory runs out or `ask` says to stop. */
int mb_search_minimise(mb_search *search, const double *cost, core_question ask, int capacity, int32_t *mappings,
                       double *weights);
/* Whether pricing goes by sweeps (sweep.c). */
int mb_search_sweeps(const mb_search *search);
/* The least of sum over x of linear[x][f(x)] + on_rate * H(f) + on_label * (the label's table) over all mappings, by a
   sweep; factors of at least 0.  For checks. */
double mb_search_sweep(mb_search *search, const double *linear, double on_rate, double on_label);
int mb_search_relax(mb_search *search, const double *lower, const double *upper, int rounds, double *bound);
/* Keep a trace from here on; before the first run. */
void mb_search_trace(mb_search *search);
/* The numbers kept since the last call, which become the caller's until the next call into the search; their count. */
long long mb_search_take_trace(mb_search *search, const double **numbers);
/* Whether memory for the trace ran out. */
int mb_search_trace_broken(const mb_search *search);
/* The order of exchangeable letters that the search obeys, P[first] >= P[second]: the number of pairs. */
int mb_search_order(const mb_search *search, int32_t *first, int32_t *second);
/* Bound a box as the search would one of its own, with a cutoff of the caller's; the trace tells the outcome. */
int mb_search_bound_box(mb_search *search, const double *lower, const double *upper, double cutoff, core_question ask);

#endif

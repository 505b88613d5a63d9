/* The state of a search, shared by the units that move it. */
#ifndef MECBOPT_TREE_SEARCH_H
#define MECBOPT_TREE_SEARCH_H

#include "common/ask.h"
#include "tree/simplex.h"
#include "tree/sweep.h"
#include "tree/trace.h"
#include "tree/tree.h"

typedef struct {
    double bound;
    double point;                     /* where to split */
    uint64_t order;                   /* of creation: breaks ties, so that the tree is deterministic */
    uint16_t cell, size, depth, done; /* done: sides of the split that were bounded before a step broke off */
    unsigned char bytes[];            /* boxes (2 * cells floats), basis ids, active rows, their states, rows above */
} mb_node;

struct mb_search {
    mb_instance instance;
    mb_tables tables;
    mb_columns columns;
    mb_pricing pricing;
    mb_sweep sweep;
    mb_simplex node_lp, vertex_lp;
    mb_settings settings;
    int order_rows;
    double margin; /* boxes bounded above best - margin are closed: handed in, never decided here */
    core_patience patience;
    /* incumbent: a vertex, mappings as column ids */
    double best;
    int support;
    uint32_t support_id[MB_MAX_SUPPORT];
    double support_weight[MB_MAX_SUPPORT];
    double best_coupling[MB_MAX_CELLS], start_coupling[MB_MAX_CELLS];
    /* open nodes */
    mb_node **heap;
    size_t heap_size, heap_capacity, heap_bytes, peak_bytes;
    mb_node **stack; /* of the subtree being searched to its end */
    size_t stack_size, stack_capacity;
    int diving;
    double dive_bound;
    uint64_t created;
    double settled_bound; /* least bound at which a subtree was closed */
    double lower_bound;   /* reported: never decreases */
    double root_lower[MB_MAX_CELLS], root_upper[MB_MAX_CELLS];
    int start_waits, root_done, finished, infeasible, starts_done, root_stage;
    double width_before;
    int trouble;
    uint64_t random;
    long long steps, nodes, lps, clock;
    double touch_from[MB_MAX_CELLS], touch_to[MB_MAX_CELLS]; /* of the box at hand */
    mb_set touch_sets[5 * MB_MAX_CELLS];
    /* the relaxation solved last */
    double point[MB_MAX_CELLS], cell_error[MB_MAX_CELLS], cell_dual[MB_MAX_CELLS], last_bound;
    double place[MB_MAX_CELLS]; /* the point in the box: its posteriors, where the law of Y varies */
    double dual_value;          /* bound of the very duals in cell_dual; last_bound may stem from earlier ones */
    /* secants of the label without the seed on the box at hand: [s][y] */
    double label_slope[MB_MAX_LABELS * MB_MAX_LETTERS], label_intercept[MB_MAX_LABELS * MB_MAX_LETTERS];
    mb_trace trace;
    /* mixtures of the last step's open boxes, where there is no local search */
    int seen, seen_support[2];
    uint32_t seen_id[2][MB_MAX_SUPPORT];
    double seen_weight[2][MB_MAX_SUPPORT];
};

/* open nodes */
mb_node *mb_node_new(mb_search *search, const double *lower, const double *upper, double bound);
void mb_node_free(mb_search *search, mb_node *node);
void mb_node_box(const mb_search *search, const mb_node *node, double *lower, double *upper);
void mb_node_touches(const mb_search *search, const mb_node *node, double *from, double *to);
void mb_whole_curves(mb_search *search);
int mb_node_basis(mb_search *search, const mb_node *node);
int mb_heap_push(mb_search *search, mb_node *node);
int mb_stack_push(mb_search *search, mb_node *node);
mb_node *mb_heap_pop(mb_search *search);

/* Whether a step cannot go on: its box has to stay where it was. */
static inline int mb_breaks_off(int status) { return status == MB_NO_MEMORY || status == MB_STOPPED; }

/* relaxation */
int mb_node_solve(mb_search *search, const double *lower, const double *upper, double cutoff);
double mb_sharpen(mb_search *search);
int mb_linear_solve(mb_search *search, const double *cost);
int mb_new_column(mb_search *search, const mb_set *blocks);
int mb_price_by_moves(mb_search *search, const mb_simplex *lp, const double *cell_extra, const double *multiplier,
                      double tolerance);

/* the label without the seed */
double mb_label_entropy(const mb_instance *instance, const double *coupling);
void mb_label_gradient(const mb_instance *instance, const double *coupling, double *gradient);
void mb_label_secants(mb_search *search, const double *lower, const double *upper);
double mb_label_cost(mb_search *search, const double *lower, const double *upper, double *cost);
void mb_label_tangents(mb_search *search, const double *coupling);
void mb_label_errors(const mb_search *search, const double *lower, const double *upper, double *error);

/* a law of Y that varies */
double mb_law_entropy(const mb_instance *instance, const double *coupling);
void mb_law_gradient(const mb_instance *instance, const double *coupling, double *gradient);
void mb_law_rows(mb_search *search, const double *lower, const double *upper, double *cost);
void mb_law_point(mb_search *search);

/* propagation */
int mb_propagate(const mb_search *search, double *lower, double *upper);
int mb_order_rows(const mb_instance *instance, const double *joint_label, int s, int *first, int *second);

/* rows that change, and what they are made from */
void mb_watch(mb_search *search);
int mb_write_mappings(const mb_search *search, int support, const uint32_t *ids, int capacity, int32_t *mappings);

/* local search */
int mb_read_vertex(const mb_simplex *lp, double *coupling, uint32_t *ids, double *weights);
int mb_solve_vertex(mb_search *search, const double *cost, double *coupling, int *support, uint32_t *ids,
                    double *weights);
double mb_objective(const mb_instance *instance, const double *coupling);
int mb_improve_from(mb_search *search, const double *coupling);
int mb_random_start(mb_search *search);
int mb_take_start(mb_search *search, int k, const int32_t *mappings, const double *weights);

#endif

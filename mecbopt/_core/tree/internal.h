/* Structures shared by the units of the compiled exact solver (not seen by Python).
 *
 * Conventions: X-letters x < n, Y-letters y < m, cell (x, y) has the index x * m + y; a set of X-letters is a
 * bit mask A < 2^n; a mapping f is the ordered partition (A_0, ..., A_{m-1}) with A_y = f^{-1}(y).  Every row
 * of the relaxation has coefficients that split over (y, A_y), so a linear form over mappings is a score
 * table G[y * subsets + A], and its value at f is sum_y G[y][A_y].
 */
#ifndef MECBOPT_TREE_INTERNAL_H
#define MECBOPT_TREE_INTERNAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/phi.h"
#include "common/random.h"
#include "tree/tree.h"

enum { MB_MAX_LETTERS = 12, MB_MAX_CELLS = MB_MAX_LETTERS * MB_MAX_LETTERS };

/* Wide enough never to bind, small enough to keep the arithmetic exact to 1e-13: bounds of rows that have
 * none of their own. */
#define MB_WIDE 1000.0
#define MB_INFINITY HUGE_VAL

/* ------------------------------------------------------------------ the problem and its static tables */
typedef struct {
    int n, m, cells, subsets;
    double p_x[MB_MAX_LETTERS], p_y[MB_MAX_LETTERS];
    double rate, label_limit; /* MB_INFINITY where absent */
    double *mass;             /* [A]: p_X(A) */
    double *entropy_term;     /* [A]: phi(p_X(A)) */
    double *label_term;       /* [A]: the given table, else sum_s phi(P(s, A)) - phi(p_X(A)) */
    double *atom;             /* [y][x][A]: v = p_Y(y) p_X(x) / p_X(A) for x in A, else 0 */
    double *atom_phi;         /* [y][x][A]: phi(v) */
    uint64_t *spread;         /* [A]: sum over x in A of 16^x, so that sum_y y * spread[A_y] names f */
} mb_instance;

/* ------------------------------------------------------------------ tables of a box */
typedef struct {
    double lower[MB_MAX_CELLS], upper[MB_MAX_CELLS];
    double lower_log[MB_MAX_CELLS], upper_log[MB_MAX_CELLS]; /* log2 of the ends; 0 at 0 */
    double touch_from[MB_MAX_CELLS], touch_to[MB_MAX_CELLS]; /* where the Jensen function is phi itself */
    double slope[MB_MAX_CELLS], intercept[MB_MAX_CELLS]; /* secant of phi on [lower, upper] */
    double *excess;                                      /* [y][x][A]: Jensen coefficient less the secant's */
    int with_jensen;
    int valid;
} mb_tables;

/* ------------------------------------------------------------------ columns: all ever made, and the pool */
typedef struct {
    int m, subsets;
    uint32_t count, capacity; /* all columns ever generated */
    uint16_t *blocks;         /* [id][m] */
    int32_t *position;        /* [id]: place in the pool, or -1 */
    uint64_t *key;            /* [id] */
    uint32_t *hash;           /* open addressing, id + 1, 0 = free */
    uint32_t hash_size;
    int size, pool_capacity; /* the pool: columns that the linear programs see */
    uint32_t *id;            /* [position] */
    uint16_t *block[MB_MAX_LETTERS]; /* [y][position] */
    uint32_t *last_used;             /* [position] */
} mb_columns;

typedef struct {
    double *value;    /* [stage][A] */
    uint16_t *choice; /* [stage][A] */
    double *last;     /* [A]: best total with A as the last block */
} mb_pricing;

/* ------------------------------------------------------------------ simplex */
enum { MB_INACTIVE = 0, MB_ABOVE = 1, MB_AT_LOWER = 2, MB_AT_UPPER = 3, MB_AT_TOP = 4 };
enum { MB_OPTIMAL = 0, MB_INFEASIBLE = 1, MB_CUTOFF = 2, MB_STALLED = 3, MB_NEEDS_DUAL = 4, MB_NO_MEMORY = 5 };

typedef struct {
    const mb_instance *instance;
    const mb_tables *tables;
    mb_columns *columns;
    int cells, marginal0, rate_row, label_row, jensen0, order0, rows;
    int boxed; /* 0: only marginals, rate and label are rows */
    int order_first[2 * MB_MAX_CELLS], order_second[2 * MB_MAX_CELLS]; /* order row: P[first] >= P[second] */
    double cost[MB_MAX_CELLS];                                      /* objective, per unit of P(x, y) */
    double *lower, *upper, *activity, *dual;
    unsigned char *state; /* of a row */
    int size;             /* k: structural columns in the basis = active rows */
    int stride;
    int *basic, *active;               /* pool positions; rows */
    int *active_place;                 /* [row]: place in `active` or -1 */
    int *basic_place;                  /* [pool position]: place in `basic` or -1 */
    unsigned char *at_one;             /* [pool position]: nonbasic at its upper bound 1 */
    double *inverse, *scratch_matrix;  /* inverse of rows `active` x columns `basic` */
    double *weight;                    /* [place]: value of basic structural */
    double *reduced, *alpha;           /* [pool position] */
    double *shift;                     /* [pool position]: cost perturbation against stalling */
    double *score, *direction;         /* score table; row multipliers */
    double *work1, *work2, *work3;     /* [stride] */
    int *list;                         /* [rows + pool capacity] */
    double *ratio;                     /* [rows + pool capacity] */
    int place_capacity;                /* of the arrays over pool positions */
    double feasibility;                /* primal tolerance */
    int since_refactor;
    long pivots;
    uint64_t noise;
} mb_simplex;

/* ------------------------------------------------------------------ search */
typedef struct {
    double bound;
    double point;         /* where to split */
    uint64_t order;       /* of creation: breaks ties, so that the tree is deterministic */
    uint16_t cell, size, depth;
    unsigned char bytes[]; /* boxes (2 * cells floats), basis ids, active rows, their states, rows above */
} mb_node;

struct mb_search {
    mb_instance instance;
    mb_tables tables;
    mb_columns columns;
    mb_pricing pricing;
    mb_simplex node_lp, vertex_lp;
    mb_settings settings;
    int order_rows;
    double gap;
    /* incumbent: a vertex, mappings as column ids */
    double best;
    int support;
    uint32_t support_id[MB_MAX_LETTERS + 4];
    double support_weight[MB_MAX_LETTERS + 4];
    double best_coupling[MB_MAX_CELLS];
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
    int root_done, finished, infeasible, starts_done, root_stage;
    double width_before;
    int trouble;
    uint64_t random;
    long steps, nodes, lps, clock;
    double touch_from[MB_MAX_CELLS], touch_to[MB_MAX_CELLS]; /* of the box at hand */
    uint16_t touch_sets[5 * MB_MAX_CELLS];
    /* the relaxation solved last */
    double point[MB_MAX_CELLS], cell_bound[MB_MAX_CELLS], cell_dual[MB_MAX_CELLS], last_bound;
    double dual_value; /* bound of the very duals in cell_dual; last_bound may stem from earlier ones */
};

/* tables */
int mb_instance_build(mb_instance *instance, int n, int m, const double *p_x, const double *p_y, double rate,
                      int s, const double *p_s_given_x, const double *label_table, double label_limit);
void mb_instance_free(mb_instance *instance);
int mb_tables_build(mb_tables *tables, const mb_instance *instance, int with_jensen);
void mb_tables_set(mb_tables *tables, const mb_instance *instance, const double *lower, const double *upper,
                   const double *touch_from, const double *touch_to);
double mb_best_touch(const mb_tables *tables, const mb_instance *instance, int cell, int count,
                     const uint16_t *sets, const double *weights, double *from, double *to);
void mb_tables_free(mb_tables *tables);

/* columns and pricing */
int mb_columns_build(mb_columns *columns, const mb_instance *instance, int pool_capacity);
void mb_columns_free(mb_columns *columns);
int mb_columns_add(mb_columns *columns, const mb_instance *instance, const uint16_t *blocks);
int mb_columns_enter(mb_columns *columns, uint32_t id);
void mb_columns_remove(mb_columns *columns, int position);
int mb_pricing_build(mb_pricing *pricing, const mb_instance *instance);
void mb_pricing_free(mb_pricing *pricing);
double mb_price(mb_pricing *pricing, const mb_instance *instance, const double *score, int rotation);
void mb_price_blocks(const mb_pricing *pricing, const mb_instance *instance, int rotation, int last,
                     uint16_t *blocks);

/* simplex */
int mb_simplex_build(mb_simplex *lp, const mb_instance *instance, const mb_tables *tables, mb_columns *columns,
                     int boxed, int order_rows, const int *order_first, const int *order_second);
void mb_simplex_free(mb_simplex *lp);
void mb_simplex_cold(mb_simplex *lp);
int mb_simplex_refactor(mb_simplex *lp);
void mb_simplex_duals(mb_simplex *lp);
void mb_accumulate(const mb_simplex *lp, int position, double weight, double *activity);
double mb_simplex_primal_values(mb_simplex *lp);
int mb_simplex_dual(mb_simplex *lp, double cutoff, int max_pivots);
int mb_simplex_primal(mb_simplex *lp, int max_pivots);
void mb_simplex_new_column(mb_simplex *lp, int position);
double mb_row_bound(const mb_simplex *lp, int row, int state);
void mb_score_table(const mb_simplex *lp, const double *cell_extra, const double *row_multiplier, double *score);
double mb_column_score(const mb_columns *columns, const double *score, int position);
void mb_pool_scores(const mb_columns *columns, const double *score, double *restrict result);
double mb_entry(const mb_simplex *lp, int row, int position);
int mb_exchange(mb_simplex *lp, int leaving_row, int leaving_place, int entering_column, int entering_place);
void mb_column_entries(const mb_simplex *lp, int position, double *entries);
void mb_inverse_times_column(const mb_simplex *lp, int position, double *result);
void mb_inverse_times(const mb_simplex *lp, const double *vector, double *result);
void mb_row_times_inverse(const mb_simplex *lp, int row, double *result);

/* open nodes */
mb_node *mb_node_new(mb_search *search, const double *lower, const double *upper, double bound);
void mb_node_free(mb_search *search, mb_node *node);
void mb_node_box(const mb_search *search, const mb_node *node, double *lower, double *upper);
void mb_whole_curves(mb_search *search);
int mb_node_basis(mb_search *search, const mb_node *node);
int mb_heap_push(mb_search *search, mb_node *node);
int mb_stack_push(mb_search *search, mb_node *node);
mb_node *mb_heap_pop(mb_search *search);

/* relaxation */
int mb_node_solve(mb_search *search, const double *lower, const double *upper, double cutoff);
double mb_sharpen(mb_search *search);
int mb_linear_solve(mb_search *search, const double *cost);

/* propagation */
int mb_propagate(const mb_search *search, double *lower, double *upper);
int mb_order_rows(const mb_instance *instance, const double *joint_label, int s, int *first, int *second);

/* local search */
void mb_improve_from(mb_search *search, const double *coupling);
void mb_random_start(mb_search *search);
int mb_take_start(mb_search *search, int k, const int32_t *mappings, const double *weights);

#endif

/* The linear program over the pool, and the simplex methods on its kernel. */
#ifndef MECBOPT_TREE_SIMPLEX_H
#define MECBOPT_TREE_SIMPLEX_H

#include "common/random.h"
#include "tree/columns.h"

enum { MB_INACTIVE = 0, MB_ABOVE = 1, MB_AT_LOWER = 2, MB_AT_UPPER = 3, MB_AT_TOP = 4 };

/* A combination of rows, to be read off at mappings. */
typedef struct {
    double *table; /* by sets: [y][set]; else sums over the sets of the first half of the letters, [y][set], and of
                                 the others */
    double on_rate, on_label; /* not by sets: what those tables lack */
    int jensen_count;
    int jensen_cell[MB_MAX_CELLS];
    double jensen_factor[MB_MAX_CELLS];
} mb_combination;

typedef struct {
    const mb_instance *instance;
    mb_tables *tables;
    mb_columns *columns;
    int cells, marginal0, rate_row, label_row, jensen0, order0, linear0, rows;
    int posterior0; /* P(x, y) - end * P_Y(y) for the upper ends of a law that varies, then the lower */
    double posterior[2 * MB_MAX_CELLS]; /* those ends */
    int joint_row;                      /* the linear row that a label without the seed has, or -1 */
    double joint_scale;                 /* of its coefficients */
    int boxed;                          /* 0: only marginals, rate, label and linear rows */
    int order_first[2 * MB_MAX_CELLS], order_second[2 * MB_MAX_CELLS]; /* order row: P[first] >= P[second] */
    double *linear;            /* [row - linear0][cell]: coefficients of the linear rows */
    double cost[MB_MAX_CELLS]; /* objective, per unit of P(x, y) */
    double *lower, *upper, *activity, *dual;
    unsigned char *state; /* of a row */
    int size;             /* k: structural columns in the basis = active rows */
    int stride;
    int *basic, *active;              /* pool positions; rows */
    int *active_place;                /* [row]: place in `active` or -1 */
    int *basic_place;                 /* [pool position]: place in `basic` or -1 */
    unsigned char *at_one;            /* [pool position]: nonbasic at its upper bound 1 */
    double *inverse, *scratch_matrix; /* inverse of rows `active` x columns `basic` */
    double *weight;                   /* [place]: value of basic structural */
    double *reduced, *alpha;          /* [pool position] */
    double *shift;                    /* [pool position]: cost perturbation against stalling */
    double *direction;                /* row multipliers */
    int by_sets;                      /* whether there are tables over all sets: see scores.c */
    double *jensen;                   /* [cell][set, or pool position]: coefficients in the Jensen rows */
    size_t jensen_width;              /* sets, or pool positions */
    mb_combination combined;          /* by `mb_combine` */
    double *work1, *work2, *work3;    /* [stride] */
    double *multiplier;               /* [row]: for pricing by moves */
    int *list;                        /* [rows + pool capacity] */
    double *ratio;                    /* [rows + pool capacity] */
    int place_capacity;               /* of the arrays over pool positions */
    double feasibility;               /* primal tolerance */
    int since_refactor;
    long pivots;
    uint64_t noise;
} mb_simplex;

/* Jensen rows may be exceeded, at a price of 1. */
static inline int mb_is_elastic(const mb_simplex *lp, int row) { return row >= lp->jensen0 && row < lp->order0; }

/* The cell of a row of the posteriors. */
static inline int mb_posterior_cell(const mb_simplex *lp, int row) {
    const int at = row - lp->posterior0;
    return at < lp->cells ? at : at - lp->cells;
}

/* Rows that this program has no use for: they are counted, and never active. */
static inline int mb_is_unused(const mb_simplex *lp, int row) {
    if (!lp->boxed) return row < lp->marginal0 || (row >= lp->jensen0 && row < lp->linear0);
    return mb_is_elastic(lp, row) && !lp->tables->with_jensen;
}

/* Where the coefficient of a column in the Jensen rows of a letter of Y stands, set by set or place by place. */
static inline size_t mb_jensen_place(const mb_simplex *lp, int y, int position) {
    return lp->by_sets ? lp->columns->block[y][position] : (size_t)position;
}

/* The coefficients of a linear row over the cells. */
static inline const double *mb_linear_row(const mb_simplex *lp, int row) {
    return lp->linear + (size_t)(row - lp->linear0) * (size_t)lp->cells;
}

int mb_simplex_build(mb_simplex *lp, const mb_instance *instance, mb_tables *tables, mb_columns *columns, int boxed,
                     int order_rows, const int *order_first, const int *order_second);
void mb_simplex_free(mb_simplex *lp);
void mb_simplex_cold(mb_simplex *lp);
int mb_simplex_refactor(mb_simplex *lp);
void mb_simplex_duals(mb_simplex *lp);
void mb_accumulate(const mb_simplex *lp, int position, double weight, double *activity);
void mb_derived_rows(const mb_simplex *lp, double *activity);
double mb_simplex_primal_values(mb_simplex *lp);
int mb_simplex_dual(mb_simplex *lp, double cutoff, int max_pivots);
int mb_simplex_primal(mb_simplex *lp, int max_pivots);
void mb_simplex_new_column(mb_simplex *lp, int position);
double mb_row_bound(const mb_simplex *lp, int row, int state);
int mb_scores_build(mb_simplex *lp);
void mb_scores_free(mb_simplex *lp);
void mb_jensen_refresh(mb_simplex *lp);
void mb_linear_part(const mb_simplex *lp, const double *cell_extra, const double *row_multiplier, double *linear);
void mb_score_table(const mb_simplex *lp, const double *cell_extra, const double *row_multiplier, double *score);
void mb_combine(mb_simplex *lp, const double *cell_extra, const double *row_multiplier);
double mb_column_score(const mb_simplex *lp, int position);
void mb_pool_scores(const mb_simplex *lp, double *restrict result);
double mb_entry(const mb_simplex *lp, int row, int position);
int mb_exchange(mb_simplex *lp, int leaving_row, int leaving_place, int entering_column, int entering_place);
void mb_column_entries(const mb_simplex *lp, int position, double *entries);
void mb_inverse_times_column(const mb_simplex *lp, int position, double *result);
void mb_inverse_times(const mb_simplex *lp, const double *vector, double *result);
void mb_row_times_inverse(const mb_simplex *lp, int row, double *result);

#endif

/* A problem with its static tables, and the tables of a box.
 *
 * Conventions: X-letters x < n, Y-letters y < m, cell (x, y) has the index x * m + y; a set of X-letters is a
 * bit mask A < 2^n; a mapping f is the ordered partition (A_0, ..., A_{m-1}) with A_y = f^{-1}(y).  Every row
 * of the relaxation has coefficients that split over (y, A_y), so a linear form over mappings is a score
 * table G[y * subsets + A], and its value at f is sum_y G[y][A_y].
 */
#ifndef MECBOPT_TREE_TABLES_H
#define MECBOPT_TREE_TABLES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/memory.h"
#include "common/phi.h"

/* Letters of X and of Y, and cells; what the tables over sets leave possible says `inputs.takes` in Python. */
enum { MB_MAX_LETTERS = 20, MB_MAX_CELLS = 144, MB_MAX_LABELS = 64 };

typedef uint32_t mb_set; /* a set of X-letters */

/* Wide enough never to bind, small enough to keep the arithmetic exact to 1e-13: bounds of rows that have
 * none of their own. */
#define MB_WIDE 1000.0
#define MB_INFINITY HUGE_VAL

/* What became of a call: 0, or the reason why it went no further. */
enum {
    MB_OPTIMAL = 0,
    MB_INFEASIBLE = 1,
    MB_CUTOFF = 2,
    MB_STALLED = 3,
    MB_NEEDS_DUAL = 4,
    MB_NO_MEMORY = 5,
    MB_STOPPED = 6
};

/* The problem and its static tables. */
typedef struct {
    int n, m, cells, subsets;
    double p_x[MB_MAX_LETTERS], p_y[MB_MAX_LETTERS];
    int free_law; /* whether the law of Y varies (free_law.c): then p_y is 1 in the tables */
    double law_lower[MB_MAX_LETTERS], law_upper[MB_MAX_LETTERS]; /* of P_Y(y); p_y itself where it is given */
    double rate, label_limit;                                    /* MB_INFINITY where absent */
    double *mass;                                                /* [A]: p_X(A) */
    double *entropy_term;                                        /* [A]: phi(p_X(A)) */
    double *label_term;            /* [A]: the given table, else sum_s phi(P(s, A)) - phi(p_X(A)) */
    double *log_mass;              /* [A]: log2 p_X(A); 0 for the empty set */
    double log_cell[MB_MAX_CELLS]; /* log2(p_X(x) p_Y(y)) */
    uint64_t *spread;              /* [A]: sum over x in A of b^x, b >= m, so that sum_y y * spread[A_y] names f */
    int linear_count;              /* rows lower <= sum over cells of coefficient * P(x, y) <= upper */
    double *linear;                /* [row][cell]: coefficients, at most about 1 */
    double *linear_lower, *linear_upper; /* [row]: beyond MB_WIDE where absent */
    int labels;                          /* of a label without the seed; 0 where there is none */
    double *channel;                     /* [x][s]: p(s|x) */
    unsigned char *channel_order;        /* [s]: letters of X by rising p(s|x) */
    double joint_limit, joint_slack;     /* H(S,Y) <= joint_limit, relaxed by the slack in bounds */
    int has_joint_row, minimise_label;   /* whether H(S,Y) is limited, or the objective */
} mb_instance;

/* The concave function g of one cell's Jensen row. */
typedef struct {
    double from, to;                /* the curve phi itself in between */
    double left_slope, left_zero;   /* the line below `from` */
    double right_slope, right_zero; /* the line above `to` */
} mb_concave;

/* The coefficient of a mapping in the Jensen row of a cell (x, y), less the secant's: with the mass M of A_y
 *     x not in A_y:  outside M
 *     x in A_y:      right[0] M + right[1]                            for M <= right_end (atoms beyond `to`)
 *                    middle[0] M + middle[1] + middle[2] log2 M       for M in between (atoms on the curve)
 *                    left[0] M + left[1]                              for M >= left_end. */
typedef struct {
    double outside, right_end, left_end, right[2], middle[3], left[2];
} mb_jensen;

/* The tables of a box. */
typedef struct {
    double lower[MB_MAX_CELLS], upper[MB_MAX_CELLS];
    double lower_log[MB_MAX_CELLS], upper_log[MB_MAX_CELLS]; /* log2 of the ends; 0 at 0 */
    double touch_from[MB_MAX_CELLS], touch_to[MB_MAX_CELLS]; /* where the Jensen function is phi itself */
    double slope[MB_MAX_CELLS], intercept[MB_MAX_CELLS];     /* secant of phi on [lower, upper] */
    mb_jensen jensen[MB_MAX_CELLS];                          /* of the cells' Jensen rows */
    unsigned char changed[MB_MAX_CELLS];                     /* since the pool's coefficients were read off */
    int with_jensen;
    int valid;
} mb_tables;

int mb_instance_build(mb_instance *instance, int n, int m, const double *p_x, const double *p_y, double rate, int s,
                      const double *p_s_given_x, const double *label_table, double label_limit);
void mb_instance_law(mb_instance *instance, const double *lower, const double *upper);
int mb_instance_linear(mb_instance *instance, int count, const double *linear, const double *lower,
                       const double *upper);
int mb_instance_unseen(mb_instance *instance, int labels, const double *channel, double limit, double slack,
                       int minimise);
void mb_instance_free(mb_instance *instance);
void mb_tables_set(mb_tables *tables, const mb_instance *instance, const double *lower, const double *upper,
                   const double *touch_from, const double *touch_to);
double mb_best_touch(const mb_tables *tables, const mb_instance *instance, int cell, int count, const mb_set *sets,
                     const double *weights, double *from, double *to);

/* What the letters of each set add up to, in ascending order; those of `letters` are `apart` places from each other. */
static inline void mb_sums_over_sets(int n, const double *letters, int apart, double *restrict sums) {
    sums[0] = 0.0;
    for (int x = 0; x < n; x++) {
        const double step = letters[x * apart];
        const int half = 1 << x;
        for (int set = 0; set < half; set++) sums[half + set] = sums[set] + step;
    }
}

/* The coefficient of a mapping with A_y of a mass in the Jensen row of a cell (x, y), where it holds x.  All three are
 * worked out, so that loops over sets have no branch. */
static inline double mb_jensen_inside(const mb_jensen *row, double mass, double log_mass) {
    const double right = row->right[0] * mass + row->right[1], left = row->left[0] * mass + row->left[1];
    const double middle = row->middle[0] * mass + row->middle[1] + row->middle[2] * log_mass;
    return mass <= row->right_end ? right : mass >= row->left_end ? left : middle;
}

/* The same whether or not A_y = `set` holds x. */
static inline double mb_jensen_entry(const mb_instance *instance, const mb_jensen *row, int x, mb_set set) {
    const double mass = instance->mass[set];
    return set >> x & 1 ? mb_jensen_inside(row, mass, instance->log_mass[set]) : row->outside * mass;
}

#endif

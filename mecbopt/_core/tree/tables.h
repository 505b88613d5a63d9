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

enum { MB_MAX_LETTERS = 12, MB_MAX_CELLS = MB_MAX_LETTERS * MB_MAX_LETTERS, MB_MAX_LABELS = 64 };

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
    double *label_term;                  /* [A]: the given table, else sum_s phi(P(s, A)) - phi(p_X(A)) */
    double *atom;                        /* [y][x][A]: v = p_Y(y) p_X(x) / p_X(A) for x in A, else 0 */
    double *atom_phi;                    /* [y][x][A]: phi(v) */
    uint64_t *spread;                    /* [A]: sum over x in A of 16^x, so that sum_y y * spread[A_y] names f */
    int linear_count;                    /* rows lower <= sum over cells of coefficient * P(x, y) <= upper */
    double *linear;                      /* [row][cell]: coefficients, at most about 1 */
    double *linear_lower, *linear_upper; /* [row]: beyond MB_WIDE where absent */
    int labels;                          /* of a label without the seed; 0 where there is none */
    double *channel;                     /* [x][s]: p(s|x) */
    unsigned char *channel_order;        /* [s]: letters of X by rising p(s|x) */
    double joint_limit, joint_slack;     /* H(S,Y) <= joint_limit, relaxed by the slack in bounds */
    int has_joint_row, minimise_label;   /* whether H(S,Y) is limited, or the objective */
} mb_instance;

/* The tables of a box. */
typedef struct {
    double lower[MB_MAX_CELLS], upper[MB_MAX_CELLS];
    double lower_log[MB_MAX_CELLS], upper_log[MB_MAX_CELLS]; /* log2 of the ends; 0 at 0 */
    double touch_from[MB_MAX_CELLS], touch_to[MB_MAX_CELLS]; /* where the Jensen function is phi itself */
    double slope[MB_MAX_CELLS], intercept[MB_MAX_CELLS];     /* secant of phi on [lower, upper] */
    double *excess;                                          /* [y][x][A]: Jensen coefficient less the secant's */
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
int mb_tables_build(mb_tables *tables, const mb_instance *instance, int with_jensen);
void mb_tables_set(mb_tables *tables, const mb_instance *instance, const double *lower, const double *upper,
                   const double *touch_from, const double *touch_to);
double mb_best_touch(const mb_tables *tables, const mb_instance *instance, int cell, int count, const uint16_t *sets,
                     const double *weights, double *from, double *to);
void mb_tables_free(mb_tables *tables);

#endif

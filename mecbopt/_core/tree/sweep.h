/* Exact pricing for two letters of Y without a table over sets: see sweep.c. */
#ifndef MECBOPT_TREE_SWEEP_H
#define MECBOPT_TREE_SWEEP_H

#include "tree/tables.h"

enum { MB_SWEEP_PAIRS = MB_MAX_LETTERS * (MB_MAX_LETTERS - 1) / 2 };

typedef struct {
    double at; /* the direction in which the two letters change their order */
    unsigned char first, second;
} mb_turn;

typedef struct {
    double value;
    mb_set set; /* A_1 */
} mb_swept;

typedef struct {
    int serves;
    double share[MB_MAX_LETTERS];          /* p(S = 1 | x) */
    unsigned char falling[MB_MAX_LETTERS]; /* letters by falling share */
    mb_turn turn[MB_SWEEP_PAIRS];
    int count; /* sets met by the last sweep */
    mb_swept found[MB_SWEEP_PAIRS + MB_MAX_LETTERS + 1];
} mb_sweep;

int mb_sweep_build(mb_sweep *sweep, const mb_instance *instance, int s, const double *p_s_given_x);
double mb_sweep_price(mb_sweep *sweep, const mb_instance *instance, const double *linear, double on_rate,
                      double on_label);
int mb_sweep_best(mb_sweep *sweep, double below, int most);

#endif

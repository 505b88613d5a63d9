/* Shared by the units of the compiled local search (not seen by Python).
 *
 * The polytope is {w >= 0 : sum_k w_k a_k = b}: m marginal rows, then one row for each limit (rate, label) with a
 * slack column.  Constants have q = e_y, so with the slacks the rows have full rank r = m + limits and a vertex
 * has a basis of r columns, kept with its explicit inverse.
 */
#ifndef MECBOPT_PIVOTS_INTERNAL_H
#define MECBOPT_PIVOTS_INTERNAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ask.h"
#include "common/memory.h"
#include "common/phi.h"
#include "common/random.h"
#include "pivots/pivots.h"

/* An improvement below this many bits does not count: descents must end. */
#define LS_IMPROVEMENT 1e-10
/* What makes one vertex better than another, bits: the perturbation moves values by far less. */
#define LS_GAIN 1e-7

typedef uint16_t ls_letter;

enum { LS_MAPPING = 0, LS_SLACK = 1 };
enum { LS_AIM = 0, LS_LINEAR = 1, LS_DESCENT = 2 };
enum { LS_NO_PIVOT = 0, LS_PIVOT = 1, LS_PRICING = 2 };

/* One letter of a mapping after another moves to its best image; block masses are kept up to date. */
typedef struct {
    ls_letter *mapping;
    double *mass;  /* [y] */
    double *joint; /* [y][s] */
} ls_blocks;

struct ls_search {
    int n, m, s, cells, rows, rate_row, label_row; /* a row is -1 where there is no such limit */
    double *p_x, *p_y, *joint_label;               /* joint_label[x][s] = P(x, s) */
    double *target, *perturbed;                    /* right-hand sides [row]: given, and made non-degenerate */
    /* basis */
    ls_letter *letters;  /* [place][x] */
    unsigned char *kind; /* [place] */
    int *slack_row;      /* [place]: of a slack column */
    int *exchanged;      /* [row]: by which row it was replaced in an inversion; pivots of an elimination */
    double *columns;     /* [place][row] */
    double *inverse;     /* [row][place], so that B^-1 a is a sum of contiguous rows */
    double *level;       /* [place] */
    double *coupling;    /* [x][y] */
    double value;        /* joint entropy of the coupling, bits */
    int since_refactor;
    /* the start, the vertex that kicks start from, and the best one */
    ls_letter *start_letters, *current_letters, *best_letters;
    unsigned char *start_kind, *current_kind, *best_kind;
    int *start_slack_row, *current_slack_row;
    double current_value;
    int failures; /* descents in a row that ended no lower than the current vertex */
    double *best_level;
    double best;
    /* scan of a neighbourhood */
    int phase, linear_pivots;
    int pricing_place, pricing_first; /* places priced for the present linear pivot (-1: none begun), and the first */
    int stage;
    long long cursor, stage_size, stage_offset, stage_step;
    double found_value;
    int found;
    ls_letter *found_letters;
    int found_slack; /* row of an entering slack, or -1 */
    ls_letter *trial;
    double *trial_column, *trial_cells, *direction, *scratch;
    double *cost;  /* [x][y]: of a linear objective, mass included */
    double *price; /* [row] */
    double *score; /* [x][y] */
    ls_blocks blocks;
    uint64_t random;
    long long starts, pivots, candidates;
};

/* tables */
double ls_phi_sum(const double *p, int count);
void ls_column(const ls_search *search, const ls_letter *mapping, double *column);

/* basis */
int ls_basis_take(ls_search *search, const ls_letter *letters, const unsigned char *kind, const int *slack_row);
int ls_basis_from_support(ls_search *search, int k, const int32_t *mappings, const double *weights);
void ls_basis_point(ls_search *search);
int ls_enter(ls_search *search, const ls_letter *mapping, int slack);
double ls_evaluate(ls_search *search, const ls_letter *mapping, const double *column);
double ls_evaluate_slack(ls_search *search, int row);
void ls_remember(ls_search *search);

/* starts */
int ls_begin(ls_search *search);
void ls_end(ls_search *search);

/* candidates */
int ls_linear_pivot(ls_search *search);
int ls_scan(ls_search *search, long long count);
void ls_scan_restart(ls_search *search);

#endif

/* Descents: from the given start, then from vertices that minimise random linear functions. */
#include "pivots/internal.h"

/* Candidates between two looks at the clock. */
enum { CHUNK = 256, MAX_LINEAR_PIVOTS = 400 };

static void begin_descent(ls_search *search) {
    search->phase = LS_DESCENT;
    ls_scan_restart(search);
}

static void end_descent(ls_search *search) {
    ls_remember(search);
    search->starts++;
    search->phase = LS_AIM;
}

static void step(ls_search *search) {
    switch (search->phase) {
    case LS_AIM:
        if (ls_basis_take(search, search->start_letters, search->start_kind, search->start_slack_row)) return;
        for (int cell = 0; cell < search->cells; cell++)
            search->cost[cell] = search->p_x[cell / search->m] * core_normal(&search->random);
        search->linear_pivots = 0;
        search->phase = LS_LINEAR;
        return;
    case LS_LINEAR:
        if (++search->linear_pivots > MAX_LINEAR_PIVOTS || !ls_linear_pivot(search)) begin_descent(search);
        return;
    default:
        if (!ls_scan(search, CHUNK)) return;
        if (!search->found || ls_enter(search, search->found_letters, search->found_slack))
            end_descent(search);
        else
            ls_scan_restart(search);
    }
}

void ls_search_run(ls_search *search, long long starts, long long candidates, double seconds) {
    const double end = core_seconds() + seconds;
    while (search->starts < starts && search->candidates < candidates) {
        step(search);
        if (core_seconds() > end) return;
    }
    if (search->phase == LS_DESCENT) ls_remember(search);
}

void ls_search_report(const ls_search *search, ls_report *report) {
    report->best = search->best;
    report->starts = search->starts;
    report->pivots = search->pivots;
    report->candidates = search->candidates;
    report->support = 0;
    if (search->best < HUGE_VAL)
        for (int i = 0; i < search->rows; i++)
            report->support += search->best_kind[i] == LS_MAPPING && search->best_level[i] > 0.0;
}

int ls_search_incumbent(const ls_search *search, int32_t *mappings, double *weights) {
    int count = 0;
    if (search->best == HUGE_VAL) return 0;
    for (int i = 0; i < search->rows; i++) {
        if (search->best_kind[i] != LS_MAPPING || search->best_level[i] <= 0.0) continue;
        for (int x = 0; x < search->n; x++)
            mappings[count * search->n + x] = search->best_letters[i * search->n + x];
        weights[count++] = search->best_level[i];
    }
    return count;
}

/* Descents: from the given start, then from vertices that minimise linear functions (`starts.c` says which). */
#include "pivots/internal.h"

enum { MAX_LINEAR_PIVOTS = 400 };
/* Candidates between two looks at the clock, and operations after which fewer are: a candidate at 1000x100 takes as
 * long as a thousand at 5x5. */
enum { CHUNK = 256, CHUNK_OPERATIONS = 1 << 22 };

static void begin_descent(ls_search *search) {
    search->phase = LS_DESCENT;
    ls_scan_restart(search);
}

static long long chunk(const ls_search *search) {
    const long long rows = search->rows, one = search->cells + rows * (search->n + rows);
    const long long count = CHUNK_OPERATIONS / (one + 1);
    return count < 1 ? 1 : count > CHUNK ? CHUNK : count;
}

static void step(ls_search *search) {
    switch (search->phase) {
    case LS_AIM:
        if (ls_begin(search)) return;
        search->linear_pivots = 0;
        search->pricing_place = -1;
        search->phase = LS_LINEAR;
        return;
    case LS_LINEAR: {
        if (search->pricing_place < 0 && ++search->linear_pivots > MAX_LINEAR_PIVOTS) {
            begin_descent(search);
            return;
        }
        const int outcome = ls_linear_pivot(search);
        if (outcome == LS_NO_PIVOT) begin_descent(search);
        return;
    }
    default:
        if (!ls_scan(search, chunk(search))) return;
        if (!search->found || ls_enter(search, search->found_letters, search->found_slack)) {
            ls_end(search);
            search->phase = LS_AIM;
        } else {
            ls_scan_restart(search);
        }
    }
}

static void snapshot(const ls_search *search, ls_report *report, int capacity, int32_t *mappings, double *weights) {
    report->best = search->best;
    report->starts = search->starts;
    report->pivots = search->pivots;
    report->candidates = search->candidates;
    report->support = 0;
    if (search->best == HUGE_VAL || capacity < search->rows) return;
    int count = 0;
    for (int i = 0; i < search->rows; i++) {
        if (search->best_kind[i] != LS_MAPPING || search->best_level[i] <= 0.0) continue;
        for (int x = 0; x < search->n; x++)
            mappings[(size_t)count * (size_t)search->n + (size_t)x] = search->best_letters[i * search->n + x];
        weights[count++] = search->best_level[i];
    }
    report->support = count;
}

int ls_search_run(ls_search *search, long long starts, long long candidates, double seconds, int take_now,
                  core_question ask, ls_report *report, int capacity, int32_t *mappings, double *weights) {
    const double end = core_seconds() + seconds;
    core_patience patience = core_patience_of(ask);
    int out_of_time = 0;
    while (search->starts < starts && search->candidates < candidates && !out_of_time) {
        step(search);
        out_of_time = core_seconds() > end || core_asked_to_stop(&patience);
    }
    if ((take_now || !out_of_time) && search->phase == LS_DESCENT) ls_remember(search);
    snapshot(search, report, capacity, mappings, weights);
    return patience.stopped;
}

/* The greedy coupling of Kocaoglu, Dimakis, Vishwanath and Hassibi for any number of marginals.
 *
 * Each step takes the largest remaining letter of every marginal and gives their combination the least of the
 * masses.  The letters of a marginal are a sorted list of whole ones beside a heap of rests.
 */
#include "mec/internal.h"

typedef struct {
    double mass;
    long long letter;
} part;

typedef struct {
    const part *whole;
    const double *dust; /* by letter: a rest at or below is rounding */
    long long next, count;
    part *rests;
    long long size;
    part top;
    int empty;
} queue;

static int comes_first(part a, part b) { return a.mass > b.mass || (a.mass == b.mass && a.letter < b.letter); }

static void push(queue *letters, part rest) {
    long long at = letters->size++;
    while (at > 0 && comes_first(rest, letters->rests[(at - 1) / 2])) {
        letters->rests[at] = letters->rests[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    letters->rests[at] = rest;
}

static part pop(queue *letters) {
    const part first = letters->rests[0], last = letters->rests[--letters->size];
    long long at = 0;
    for (;;) {
        long long child = 2 * at + 1;
        if (child >= letters->size) break;
        if (child + 1 < letters->size && comes_first(letters->rests[child + 1], letters->rests[child])) child++;
        if (!comes_first(letters->rests[child], last)) break;
        letters->rests[at] = letters->rests[child];
        at = child;
    }
    if (letters->size) letters->rests[at] = last;
    return first;
}

static void take(queue *letters) {
    const int whole = letters->next < letters->count;
    if (whole && (!letters->size || comes_first(letters->whole[letters->next], letters->rests[0])))
        letters->top = letters->whole[letters->next++];
    else if (letters->size)
        letters->top = pop(letters);
    else
        letters->empty = 1;
}

long long mec_greedy(int marginals, const long long *counts, const long long *letters, const double *masses,
                     const long long *sizes, const double *dust, long long *cells, double *weights, core_question ask) {
    core_patience patience = core_patience_of(ask);
    long long total = 0, atoms = 0;
    for (int k = 0; k < marginals; k++) total += counts[k];
    queue *queues = core_calloc((size_t)marginals, sizeof(queue));
    part *whole = core_malloc(sizeof(part) * (size_t)(total + 1)),
         *rests = core_malloc(sizeof(part) * (size_t)(total + 1));
    if (!queues || !whole || !rests) {
        atoms = MEC_GREEDY_NO_MEMORY;
        goto done;
    }
    for (long long i = 0; i < total; i++) whole[i] = (part){masses[i], letters[i]};
    long long start = 0, start_dust = 0;
    for (int k = 0; k < marginals; k++) {
        queues[k] =
            (queue){.whole = whole + start, .dust = dust + start_dust, .count = counts[k], .rests = rests + start};
        start += counts[k];
        start_dust += sizes[k];
        take(&queues[k]);
    }
    for (;;) {
        double mass = 2.0;
        int empty = 0;
        for (int k = 0; k < marginals; k++) {
            empty |= queues[k].empty;
            mass = fmin(mass, queues[k].top.mass);
        }
        /* The sums agree up to rounding: when one marginal is used up, the others hold nothing but rounding. */
        if (empty) break;
        weights[atoms] = mass;
        for (int k = 0; k < marginals; k++) {
            const part top = queues[k].top;
            cells[atoms * marginals + k] = top.letter;
            if (top.mass - mass > queues[k].dust[top.letter]) push(&queues[k], (part){top.mass - mass, top.letter});
            take(&queues[k]);
        }
        atoms++;
        if (!(atoms & 0xfff) && core_asked_to_stop(&patience)) {
            atoms = MEC_GREEDY_STOPPED;
            break;
        }
    }
done:
    core_free(queues);
    core_free(whole);
    core_free(rests);
    return atoms;
}

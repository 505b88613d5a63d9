/* What a search did, as a list of events: enough to prove its outcome again without it. */
#ifndef MECBOPT_TREE_TRACE_H
#define MECBOPT_TREE_TRACE_H

#include <stddef.h>

#include "common/memory.h"

/* Every event is its kind followed by numbers; their meaning is in tree.h. */
typedef struct {
    int on, broken; /* broken: memory ran out, the events that follow are lost */
    double *numbers;
    size_t size, capacity;
} mb_trace;

double *mb_trace_room(mb_trace *trace, size_t count);
void mb_trace_event(mb_trace *trace, double kind, int count, const double *numbers);
void mb_trace_free(mb_trace *trace);

#endif

/* The buffer of events.  Where memory runs out the trace ends and says so; the search does not notice. */
#include "tree/trace.h"

#include <string.h>

/* Numbers of the first buffer; it doubles. */
enum { FIRST_CAPACITY = 1 << 14 };

/* Room for `count` more numbers, to be filled by the caller; NULL when nothing is traced, or not any more. */
double *mb_trace_room(mb_trace *trace, size_t count) {
    if (!trace->on || trace->broken) return NULL;
    if (trace->size + count > trace->capacity) {
        size_t capacity = trace->capacity ? trace->capacity : FIRST_CAPACITY;
        while (trace->size + count > capacity) capacity *= 2;
        double *numbers = core_realloc(trace->numbers, sizeof(double) * capacity);
        if (!numbers) {
            trace->broken = 1;
            return NULL;
        }
        trace->numbers = numbers;
        trace->capacity = capacity;
    }
    double *room = trace->numbers + trace->size;
    trace->size += count;
    return room;
}

void mb_trace_event(mb_trace *trace, double kind, int count, const double *numbers) {
    double *room = mb_trace_room(trace, 1 + (size_t)count);
    if (!room) return;
    room[0] = kind;
    if (count) memcpy(room + 1, numbers, sizeof(double) * (size_t)count);
}

void mb_trace_free(mb_trace *trace) { core_free(trace->numbers); }

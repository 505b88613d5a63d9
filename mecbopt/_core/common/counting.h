/* Public in the test build alone: which requests for memory fail, and what is held (see memory.h). */
#ifndef MECBOPT_COMMON_COUNTING_H
#define MECBOPT_COMMON_COUNTING_H

/* Starts counting anew; the requests number first, ..., first + count - 1 (from 0) fail. */
void core_allocation_plan(long long first, long long count);
long long core_allocation_requests(void);
/* Blocks that were handed out and not given back, since the program began. */
long long core_allocation_held(void);

#endif

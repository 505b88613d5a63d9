/* Seconds of a clock that never goes back, for the slices of a search. */
#ifndef MECBOPT_COMMON_CLOCK_H
#define MECBOPT_COMMON_CLOCK_H

double core_seconds(void);

#endif

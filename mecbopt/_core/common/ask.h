/* The question whether to go on, asked from within long work. */
#ifndef MECBOPT_COMMON_ASK_H
#define MECBOPT_COMMON_ASK_H

#include "common/clock.h"
#include "common/common.h"

typedef struct {
    core_question ask; /* NULL: nobody to ask */
    double next;       /* when to ask again */
    int stopped;
} core_patience;

#define CORE_ASK_SECONDS 0.05

static inline core_patience core_patience_of(core_question ask) {
    return (core_patience){ask, core_seconds() + CORE_ASK_SECONDS, 0};
}

/* Whether to stop; once said, it stands. */
static inline int core_asked_to_stop(core_patience *patience) {
    if (!patience->ask || patience->stopped) return patience->stopped;
    const double now = core_seconds();
    if (now < patience->next) return 0;
    patience->stopped = patience->ask() != 0;
    patience->next = core_seconds() + CORE_ASK_SECONDS;
    return patience->stopped;
}

#endif

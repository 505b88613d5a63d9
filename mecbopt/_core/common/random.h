/* The one generator of the core: splitmix64 (Steele, Lea and Flood 2014), and what is drawn from it. */
#ifndef MECBOPT_COMMON_RANDOM_H
#define MECBOPT_COMMON_RANDOM_H

#include <math.h>
#include <stdint.h>

static inline uint64_t core_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* In [0, 1). */
static inline double core_uniform(uint64_t *state) { return (double)(core_random(state) >> 11) * 0x1p-53; }

/* Gaussian, by Box and Muller. */
static inline double core_normal(uint64_t *state) {
    const double radius = sqrt(-2.0 * log(1.0 - core_uniform(state)));
    return radius * cos(6.283185307179586 * core_uniform(state));
}

#endif

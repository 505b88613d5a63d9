/* phi(p) = -p log2 p, the one definition of the core: by the C library where bounds rest on it, and a quick one for
 * the local search, which evaluates it some million times a second and proves nothing. */
#ifndef MECBOPT_COMMON_PHI_H
#define MECBOPT_COMMON_PHI_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define CORE_LOG2_E 1.4426950408889634074

static inline double core_phi(double p) { return p > 0.0 ? -p * log2(p) : 0.0; }

/* log2 by a table over the leading 7 bits of the mantissa and a short series: the remainder r is below 2^-8, so
 * the series is exact to rounding (r^7 / 7 < 2e-18), and the same on every machine. */
enum { CORE_PHI_BITS = 7, CORE_PHI_SIZE = 1 << CORE_PHI_BITS };
extern double core_phi_inverse[CORE_PHI_SIZE], core_phi_log[CORE_PHI_SIZE];

/* Fills the tables; to be called before the first `core_phi_quick`, as often as one likes. */
void core_phi_prepare(void);

static inline double core_phi_quick(double p) {
    if (p < 1e-300) return 0.0;
    uint64_t bits;
    memcpy(&bits, &p, sizeof bits);
    const int exponent = (int)(bits >> 52) - 1023;
    const int index = (int)(bits >> (52 - CORE_PHI_BITS)) & (CORE_PHI_SIZE - 1);
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    double mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    const double r = mantissa * core_phi_inverse[index] - 1.0;
    const double series = r * (1.0 - r * (1.0 / 2 - r * (1.0 / 3 - r * (1.0 / 4 - r * (1.0 / 5 - r * (1.0 / 6))))));
    return -p * (exponent + (core_phi_log[index] + CORE_LOG2_E * series));
}

#endif

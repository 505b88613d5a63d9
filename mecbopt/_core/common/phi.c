/* The tables of the quick phi. */
#include "common/phi.h"

double core_phi_inverse[CORE_PHI_SIZE], core_phi_log[CORE_PHI_SIZE];

void core_phi_prepare(void) {
    for (int i = 0; i < CORE_PHI_SIZE; i++) {
        const double centre = 1.0 + (i + 0.5) / CORE_PHI_SIZE;
        core_phi_inverse[i] = 1.0 / centre;
        core_phi_log[i] = -log2(core_phi_inverse[i]);
    }
}

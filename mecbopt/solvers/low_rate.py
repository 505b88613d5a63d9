"""The low-rate theorem: below R_low the optimum mixes the constants with one mapping (theory, section 4).

For 0 <= R < R_low = min_y p_Y(y) h(p_min) / (1 - p_min), p_min the least mass of X, and no label, every
vertex has positive weight on all m constants, hence on at most one other mapping f, and

    P = p_X p_Y + (R / H(f(X))) (M_f - p_X q_f).
"""

from __future__ import annotations

import math

import numpy as np

from mecbopt.control import BOUND_ROUNDING, Clock
from mecbopt.info import binary_entropy, phi
from mecbopt.mappings import Instance, enumerate_mappings, mapping_count
from mecbopt.solvers.vertex import Incumbent
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["applies", "low_rate_limit", "optimum"]

_CHUNK = 1 << 15
#: Above this a tree search is quicker than the enumeration of every mapping.
_MAX_MAPPINGS = 200_000


def low_rate_limit(instance: Instance) -> float:
    """R_low, bits."""
    least = float(instance.p_x.min())
    return float(instance.p_y.min() * binary_entropy(least) / (1.0 - least))


def applies(instance: Instance) -> bool:
    """Whether the theorem's conditions hold and its mappings can be enumerated."""
    return (
        min(instance.shape) >= 2
        and not instance.has_label
        and instance.has_rate
        and instance.rate < low_rate_limit(instance)
        and mapping_count(*instance.shape) <= _MAX_MAPPINGS
    )


def optimum(instance: Instance, clock: Clock) -> tuple[Incumbent, float]:
    """The best mixture of the constants with one mapping, and a bound.  Cost O(m^n n m).

    The bound is that of the rate relaxed by `LIMIT_SLACK`.

    Raises
    ------
    Expired
        The clock's limit is reached.
    """
    n, m = instance.shape
    mappings = enumerate_mappings(n, m)
    independent = instance.p_x[:, None] * instance.p_y
    best, best_mapping, best_share = math.inf, mappings[0], 0.0
    for start in range(0, len(mappings), _CHUNK):
        clock.check()
        block = mappings[start : start + _CHUNK]
        block = block[np.any(block != block[:, :1], axis=1)]
        if len(block) == 0:
            continue
        laws, rates = instance.output_laws(block), instance.rates(block)
        shares = instance.rate * (1.0 + LIMIT_SLACK) / rates
        chosen = block[:, :, None] == np.arange(m)
        points = independent + (shares[:, None, None] * instance.p_x[:, None]) * (chosen - laws[:, None, :])
        values = phi(np.maximum(points, 0.0)).sum(axis=(1, 2))
        k = int(np.argmin(values))
        if values[k] < best:
            best, best_mapping, best_share = float(values[k]), block[k], float(shares[k])
    best_share /= 1.0 + LIMIT_SLACK
    law = instance.output_laws(best_mapping[None, :])[0]
    support = np.vstack([instance.constants(), best_mapping])
    weights = np.append(instance.p_y - best_share * law, best_share)
    keep = weights > 0
    value = instance.joint_entropy(support[keep], weights[keep])
    return Incumbent(support[keep], weights[keep], value), best - BOUND_ROUNDING

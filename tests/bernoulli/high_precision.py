"""The binary problem in 700 digits: the polygon of (delta, t) by all of its vertices, no closed form.

Masses down to 1e-300 and their complements need that many digits; nothing is rearranged against cancellation.
"""

from __future__ import annotations

import itertools

from mpmath import mp, mpf

DIGITS = 700
#: Far below every distance between two rows that floating-point input can make, far above the rounding here.
_SLACK = mpf(10) ** -640


def h(p):
    """Binary entropy, bits."""
    return -sum(mp.log(q, 2) * q for q in (p, 1 - p) if q > 0)


def information(a, b, delta):
    """h(b) - Phi(delta), the plain difference."""
    return h(b) - (1 - a) * h(b - a * delta) - a * h(b + (1 - a) * delta)


def _vertices(a, b, low, top):
    """Every vertex of { p1, p2, p3, p4 >= 0, low <= t <= top } in (delta, t)."""
    k = 1 - 2 * a
    # u . (delta, t) <= v
    rows = [(1, -1, 0), (-1, -1, 0), (0, 1, top), (0, -1, -low), (-k, 1, 2 * b), (k, 1, 2 * (1 - b))]
    for (u1, u2, v), (w1, w2, z) in itertools.combinations(rows, 2):
        determinant = u1 * w2 - u2 * w1
        if determinant == 0:
            continue
        delta, t = (v * w2 - u2 * z) / determinant, (u1 * z - v * w1) / determinant
        if all(r1 * delta + r2 * t <= limit + _SLACK for r1, r2, limit in rows):
            yield delta, t


def value(a, b, rate, crossover=None, limit=None):
    """Largest I(X;Y), bits; None where infeasible.  Exact floats in; 0 < a, b < 1."""
    with mp.workdps(DIGITS):
        a, b = mpf(a), mpf(b)
        top = min(mpf(rate) / h(a), mpf(1))
        low = mpf(0)
        if crossover is not None:
            eta = mpf(crossover)
            plain, least = h(a * (1 - eta) + (1 - a) * eta), h(eta)
            if plain > least:
                low = max((plain - mpf(limit)) / (plain - least), mpf(0))
            elif limit < plain:
                return None
        deltas = [delta for delta, _ in _vertices(a, b, low, top)]
        if low > top or not deltas:
            return None
        return max(information(a, b, delta) for delta in (min(deltas), max(deltas)))


def crossover_rate(a, b):
    """R* by bisection on the plain difference of the two ends, for 0 < a, b < 1/2."""
    with mp.workdps(DIGITS):
        a, b = mpf(a), mpf(b)
        low, high = b / (1 - a), min(b / a, (1 - b) / (1 - a))
        level = information(a, b, -low)
        while high > low * (1 + mpf(10) ** -20):
            middle = mp.sqrt(low * high)
            if information(a, b, middle) < level:
                low = middle
            else:
                high = middle
        return low * h(a)

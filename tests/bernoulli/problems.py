"""Random binary problems, with every boundary in their support; the predecessor's printed distortion."""

from __future__ import annotations

import math

import numpy as np


def random_problems(count, seed):
    """Rows (q_x, q_y, rate, crossover, max_label_entropy); about a fifth have an entry on a boundary.

    HiGHS drops coefficients of 1e-9 and less, and 1e-7 is too close to it; smaller masses have tests of
    their own.

    Half of the label limits are drawn between the least and the largest label entropy, so that they bind; the
    others are uniform, and many of those are infeasible.
    """
    random = np.random.default_rng(seed)
    q_x, q_y, crossover = random.random((3, count))
    edge = random.random((5, count)) < 0.05
    q_x = np.where(edge[0], random.choice([0.0, 0.5, 1.0, 1e-5, 1 - 1e-5], count), q_x)
    q_y = np.where(edge[1], random.choice([0.0, 0.5, 1.0, 1e-5, 1 - 1e-5], count), q_y)
    q_y = np.where(random.random(count) < 0.03, np.where(random.random(count) < 0.5, q_x, 1 - q_x), q_y)
    crossover = np.where(edge[2], random.choice([0.0, 0.5, 1.0], count), crossover)
    rate = random.random(count) * random.choice([0.1, 1.0], count)
    rate = np.where(edge[3], random.choice([0.0, 1.0, np.inf], count), rate)
    low = _h(crossover)
    high = _h(q_x * (1 - crossover) + (1 - q_x) * crossover)
    limit = np.where(
        random.random(count) < 0.5, low + (high - low) * random.random(count), random.random(count)
    )
    limit = np.where(edge[4], random.choice([0.0, 1.0, np.inf], count), limit)
    return np.stack([q_x, q_y, rate, crossover, limit], axis=1)


def _h(p):
    safe = np.clip(p, 1e-300, 1 - 1e-16)
    return np.where((p <= 0) | (p >= 1), 0.0, -safe * np.log2(safe) - (1 - safe) * np.log2(1 - safe))


def entropy(p):
    """h(p) in bits, written out."""
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log1p(-p) / math.log(2)


def mass_of_label(a, noise):
    """P(S=1) for S = X xor N."""
    return a * (1 - noise) + (1 - a) * noise


def printed_distortion(a, b, rate, noise, limit):
    """The predecessor's Theorem 2 as far as it reached us: T(R) is reconstructed.

    D_ind - 2a(1-a) R/h(a) for C above T(R); with (h(m)-C)/(h(m)-h(eta)) in place of R/h(a) below.
    """
    plain, told = entropy(mass_of_label(a, noise)), entropy(noise)
    share = rate / entropy(a)
    if limit < (1 - share) * plain + share * told:
        share = (plain - limit) / (plain - told)
    return a + b - 2 * a * b - 2 * a * (1 - a) * share

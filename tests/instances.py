"""Seeded random instances shared by tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mecbopt._core import tree as compiled
from tests.oracle import bits, smallest_label_entropy

#: The branch and bound engines of this installation: the compiled one needs a C compiler.
TREE_ENGINES = ("highs", "compiled") if compiled.available() else ("highs",)


@dataclass(frozen=True)
class RandomInstance:
    """Arguments of a problem, and whether it was made infeasible."""

    p_x: np.ndarray
    p_y: np.ndarray
    rate: float
    channel: np.ndarray | None = None
    limit: float | None = None
    feasible: bool = True


def dirichlet_marginals(letters_x: int, letters_y: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Marginals drawn uniformly from the simplex."""
    random = np.random.default_rng(1000 * seed + 10 * letters_x + letters_y)
    return random.dirichlet(np.ones(letters_x)), random.dirichlet(np.ones(letters_y))


def random_instance(letters_x: int, letters_y: int, seed: int, label: str = "none") -> RandomInstance:
    """An instance with R between 0.02 and 1.2 H(Y); `label` is "none", "feasible" or "infeasible"."""
    random = np.random.default_rng([seed, letters_x, letters_y])
    p_x = random.dirichlet(np.ones(letters_x))
    p_y = random.dirichlet(np.ones(letters_y))
    rate = float(random.uniform(0.02, 1.2) * bits(p_y).sum())
    if label == "none":
        return RandomInstance(p_x, p_y, rate)
    channel = random.dirichlet(np.ones(3), size=letters_x)
    least = smallest_label_entropy(p_x, p_y, rate, channel)
    joint = p_x @ channel
    if label == "infeasible":
        return RandomInstance(p_x, p_y, rate, channel, least * random.uniform(0.9, 0.999), feasible=False)
    limit = least + random.uniform(0.02, 1.0) * (float(bits(joint).sum()) - least)
    return RandomInstance(p_x, p_y, rate, channel, limit)

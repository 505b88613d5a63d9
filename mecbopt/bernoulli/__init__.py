"""Binary sources in closed form: the optimum, the comonotone branch, the crossover rate, least P(X != Y).

X ~ Bern(q_x), Y ~ Bern(q_y), and optionally a label S = X xor N with N ~ Bern(crossover).  Every formula is
derived by machine in `proofs/`; `mecbopt prove` runs the derivations.
"""

from mecbopt.bernoulli.arrays import value
from mecbopt.bernoulli.coupling import Weights
from mecbopt.bernoulli.crossover import crossover_rate
from mecbopt.bernoulli.distortion import HammingOptimum, hamming
from mecbopt.bernoulli.optimum import (
    BernoulliOptimum,
    comonotone,
    smallest_label_entropy,
    smallest_rate,
    solve,
)

__all__ = [
    "BernoulliOptimum",
    "HammingOptimum",
    "Weights",
    "comonotone",
    "crossover_rate",
    "hamming",
    "smallest_label_entropy",
    "smallest_rate",
    "solve",
    "value",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)

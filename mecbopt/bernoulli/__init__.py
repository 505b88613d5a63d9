"""Binary sources in closed form: the true optimum, the comonotone branch, the crossover rate.

X ~ Bern(q_x), Y ~ Bern(q_y), and optionally a label S = X xor N with N ~ Bern(crossover).  Every formula is
derived by machine in `proofs/`; `mecbopt prove` runs the derivations.
"""

from mecbopt.bernoulli.arrays import value
from mecbopt.bernoulli.crossover import crossover_rate
from mecbopt.bernoulli.optimum import (
    BernoulliOptimum,
    Weights,
    comonotone,
    smallest_label_entropy,
    smallest_rate,
    solve,
)

__all__ = [
    "BernoulliOptimum",
    "Weights",
    "comonotone",
    "crossover_rate",
    "smallest_label_entropy",
    "smallest_rate",
    "solve",
    "value",
]

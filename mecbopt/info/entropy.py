"""Shannon entropy and its relatives, in bits, with 0 log 0 = 0.

In numpy alone: importing SciPy, whose `entr` does the same, is a quarter of a second of a first solve.

NaN propagates, negative entries give negative values: callers validate.  Source of the definitions: Cover and
Thomas, Elements of Information Theory, 2nd ed., chapter 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt.units import BITS_PER_NAT

__all__ = ["binary_entropy", "conditional_entropy", "entropy", "mutual_information", "phi"]

#: The least normal number (smaller ones may be flushed to 0): its logarithm is finite, 0 times it is 0.
_LEAST = float(np.finfo(float).tiny)


def phi(p: ArrayLike) -> Any:
    """-p log2 p, elementwise, in bits.

    >>> phi([0.0, 0.25, 0.5]).tolist()
    [0.0, 0.5, 0.5]
    """
    p = np.asarray(p, dtype=float)
    # The subtraction leaves no -0.0 where p = 0.
    return 0.0 - p * np.log2(np.maximum(p, _LEAST))


def entropy(p: ArrayLike, axis: int | tuple[int, ...] | None = None) -> Any:
    """Entropy of a pmf p of any shape, in bits: of all entries together, or along `axis` where it is given.

    >>> float(entropy([0.25, 0.25, 0.5]))
    1.5
    """
    return phi(p).sum(axis=axis)


def binary_entropy(p: ArrayLike) -> Any:
    """h(p) = entropy of Bern(p), elementwise, in bits, accurate to a few units of the last place.

    The smaller of p and 1 - p is exact in floating point and the other's logarithm is taken by log1p, so that
    h(p) = -p log2 p + p / ln 2 - ... keeps both of its terms however small the mass is.

    >>> float(binary_entropy(0.5)), f"{binary_entropy(1e-20):.6e}"
    (1.0, '6.788126e-19')
    """
    p = np.asarray(p, dtype=float)
    small = np.minimum(p, 1.0 - p)
    return phi(small) - (1.0 - small) * np.log1p(-small) * BITS_PER_NAT


def mutual_information(coupling: ArrayLike) -> float:
    """I(X;Y) of a joint pmf P(x, y), shape (n, m), in bits.

    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    """
    joint: NDArray[np.float64] = np.asarray(coupling, dtype=float)
    return float(entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint))


def conditional_entropy(joint: ArrayLike) -> float:
    """H(A|B) of a joint pmf P(a, b), shape (a, b), in bits."""
    table: NDArray[np.float64] = np.asarray(joint, dtype=float)
    return float(entropy(table) - entropy(table.sum(axis=0)))

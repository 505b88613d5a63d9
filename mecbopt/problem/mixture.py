"""A mixture of deterministic mappings: the shared seed U picks f_k with probability w_k (Theorem 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt.errors import SolutionError
from mecbopt.info import entropy

__all__ = ["Mixture"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Deterministic mappings f_1 .. f_k from the letters of X to those of Y, and their probabilities.

    Attributes
    ----------
    mappings : ndarray of int, shape (k, n)
        `mappings[j, x]` is f_j(x).
    weights : ndarray, shape (k,)
        All positive, summing to 1.

    Raises
    ------
    SolutionError
        Shapes that do not agree, negative letters, weights that are not positive or do not sum to 1.
    """

    mappings: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        mappings = np.array(self.mappings, dtype=np.int64)
        weights = np.array(self.weights, dtype=float)
        if mappings.ndim != 2 or weights.shape != (len(mappings),) or mappings.size == 0:
            raise SolutionError(
                f"mixture has mappings of shape {mappings.shape} and weights of shape {weights.shape}: "
                "give shapes (k, n) and (k,) with k, n >= 1."
            )
        if mappings.min() < 0:
            raise SolutionError(f"mappings hold the letter {mappings.min()}: letters of Y count from 0.")
        if not (np.all(weights > 0) and abs(weights.sum() - 1.0) <= 1e-9):
            raise SolutionError(
                f"weights sum to {weights.sum():.12g} with minimum {weights.min():.3g}: "
                "they must be positive and sum to 1."
            )
        mappings.setflags(write=False)
        weights.setflags(write=False)
        object.__setattr__(self, "mappings", mappings)
        object.__setattr__(self, "weights", weights)

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.weights)

    def coupling(self, p_x: ArrayLike, letters_y: int | None = None) -> NDArray[np.float64]:
        """P(x, y) = p_X(x) sum_k w_k [f_k(x) = y], shape (n, m); `letters_y` is m.  Cost O(k n)."""
        source = np.asarray(p_x, dtype=float)
        size = int(self.mappings.max()) + 1 if letters_y is None else letters_y
        channel = np.zeros((len(source), size))
        for mapping, weight in zip(self.mappings, self.weights, strict=True):
            channel[np.arange(len(source)), mapping] += weight
        return source[:, None] * channel

    def output_laws(self, p_x: ArrayLike, letters_y: int | None = None) -> NDArray[np.float64]:
        """q_k(y) = P(f_k(X) = y), shape (k, m)."""
        size = int(self.mappings.max()) + 1 if letters_y is None else letters_y
        laws = np.zeros((len(self), size))
        for law, mapping in zip(laws, self.mappings, strict=True):
            np.add.at(law, mapping, np.asarray(p_x, dtype=float))
        return laws

    def rate(self, p_x: ArrayLike) -> float:
        """H(Y|U) = sum_k w_k H(q_k), in bits."""
        return float(self.weights @ entropy(self.output_laws(p_x), axis=1))

    def label_entropy_with_seed(self, p_x: ArrayLike, p_s_given_x: ArrayLike) -> float:
        """H(S|Y,U) = sum_k w_k H(S|f_k(X)), in bits; the channel has shape (n, s)."""
        joint = np.asarray(p_x, dtype=float)[:, None] * np.asarray(p_s_given_x, dtype=float)
        total = 0.0
        for mapping, weight in zip(self.mappings, self.weights, strict=True):
            table = np.zeros((int(mapping.max()) + 1, joint.shape[1]))
            np.add.at(table, mapping, joint)
            total += weight * float(entropy(table) - entropy(table.sum(axis=1)))
        return total

    def label_entropy_without_seed(self, p_x: ArrayLike, p_s_given_x: ArrayLike) -> float:
        """H(S|Y) for a classifier that does not know the seed, in bits."""
        table = self.coupling(p_x).T @ np.asarray(p_s_given_x, dtype=float)
        return float(entropy(table) - entropy(table.sum(axis=1)))

    def equals(self, other: Any) -> bool:
        """Whether both hold the same mappings with the same weights in the same order."""
        return (
            isinstance(other, Mixture)
            and np.array_equal(self.mappings, other.mappings)
            and np.array_equal(self.weights, other.weights)
        )

"""The numbers a solver works on: a presolved problem, and what each mapping costs.

All masses are positive.  The label entropy of a mapping splits over its output letters,
H(S|f(X)) = sum_y [ sum_s phi(P(s, A_y)) - phi(p_X(A_y)) ] with A_y = f^{-1}(y), and so does its rate,
H(f(X)) = sum_y phi(p_X(A_y)): both are sums of subset functions, which pricing exploits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mecbopt.info import entropy, phi
from mecbopt.mappings.limits import FloatArray, IntArray, LabelLimit, Limit, RateLimit
from mecbopt.tolerances import LIMIT_SLACK

#: Beyond this ratio of columns scaling no longer helps.
_SMALLEST_WEIGHT = 1e-15

__all__ = ["FloatArray", "Instance", "IntArray"]


@dataclass(frozen=True, eq=False)
class Instance:
    """Marginals with positive masses and the limits that can bind.

    Attributes
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
    rate : float
        R in bits; infinity when the limit cannot bind.
    p_s_given_x : ndarray, shape (n, s), or None
        None when the label limit cannot bind.
    label_limit : float
        C in bits; infinity when it cannot bind.
    """

    p_x: FloatArray
    p_y: FloatArray
    rate: float = math.inf
    p_s_given_x: FloatArray | None = None
    label_limit: float = math.inf

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.p_x), len(self.p_y)

    @property
    def has_rate(self) -> bool:
        """Whether the rate limit can bind."""
        return math.isfinite(self.rate)

    @property
    def has_label(self) -> bool:
        """Whether the label limit can bind."""
        return self.p_s_given_x is not None and math.isfinite(self.label_limit)

    @property
    def vertex_size(self) -> int:
        """The largest number of mappings a vertex of the feasible polytope can have (support lemma)."""
        return len(self.p_y) + int(self.has_rate) + int(self.has_label)

    @cached_property
    def rate_limit(self) -> RateLimit | None:
        """The rate as a scaled row; None where it cannot bind."""
        return RateLimit(self.p_x, len(self.p_y), self.rate) if self.has_rate else None

    @cached_property
    def label_limit_row(self) -> LabelLimit | None:
        """The label entropy as a scaled row; None where it cannot bind."""
        if self.p_s_given_x is None or not self.has_label:
            return None
        return LabelLimit(self.p_x, self.p_s_given_x, len(self.p_y), self.label_limit)

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that can bind, as scaled rows."""
        return tuple(row for row in (self.rate_limit, self.label_limit_row) if row is not None)

    @cached_property
    def entropy_sum(self) -> float:
        """H(X) + H(Y), bits: I(X;Y) is this minus H(X,Y)."""
        return float(entropy(self.p_x) + entropy(self.p_y))

    @cached_property
    def joint_label(self) -> FloatArray | None:
        """P(x, s), shape (n, s)."""
        return None if self.p_s_given_x is None else self.p_x[:, None] * self.p_s_given_x

    def output_laws(self, mappings: IntArray) -> FloatArray:
        """q_k(y) = P(f_k(X) = y), shape (k, m), for mappings of shape (k, n)."""
        return np.stack([(mappings == y) @ self.p_x for y in range(len(self.p_y))], axis=1)

    def rates(self, mappings: IntArray) -> FloatArray:
        """H(f_k(X)), shape (k,), bits."""
        rates: FloatArray = entropy(self.output_laws(mappings), axis=1)
        return rates

    def label_entropies(self, mappings: IntArray) -> FloatArray:
        """H(S|f_k(X)), shape (k,), bits; zeros without a label."""
        if self.joint_label is None:
            return np.zeros(len(mappings))
        total = np.zeros(len(mappings))
        for y in range(len(self.p_y)):
            block = (mappings == y) @ self.joint_label
            total += entropy(block, axis=1) - phi(block.sum(axis=1))
        return total

    def coupling(self, mappings: IntArray, weights: FloatArray) -> FloatArray:
        """P(x, y) of a mixture, shape (n, m)."""
        n, m = self.shape
        cells = (np.arange(n) * m + mappings).ravel()
        channel = np.bincount(cells, weights=np.repeat(weights, n), minlength=n * m).reshape(n, m)
        coupling: FloatArray = self.p_x[:, None] * channel
        return coupling

    def joint_entropy(self, mappings: IntArray, weights: FloatArray) -> float:
        """H(X,Y) of a mixture, bits: what the solvers minimise."""
        return float(entropy(self.coupling(mappings, weights)))

    def largest_weights(self, laws: FloatArray, values: FloatArray, bounds: FloatArray) -> FloatArray:
        """The greatest weight that each mapping can have, shape (k,).

        min_y p_Y(y) / q_k(y) by the marginals, and bound / value by every limit.  Columns scaled by it have
        entries of at most 1 in rows that are scaled to right-hand sides of about 1, so that a linear program
        sees every mass and every rate, however small.

        Parameters
        ----------
        laws : ndarray, shape (k, m)
        values, bounds : ndarray, shapes (l, k), (l,)
            Limits as scaled, their left-hand sides at least 0; relaxed by `LIMIT_SLACK` here.
        """
        with np.errstate(divide="ignore", over="ignore"):
            weights: FloatArray = np.min(np.where(laws > 0, self.p_y / laws, 1.0), axis=1)
            for value, bound in zip(values, bounds, strict=True):
                reach = max(bound, 0.0) + LIMIT_SLACK
                weights = np.minimum(weights, np.where(value > reach, reach / value, 1.0))
        return np.clip(weights, _SMALLEST_WEIGHT, 1.0)

    def constants(self) -> IntArray:
        """The m constant mappings, shape (m, n)."""
        n, m = self.shape
        return np.repeat(np.arange(m, dtype=np.int64)[:, None], n, axis=1)

"""What engines see: masses, one objective, a tuple of limits.

All masses are positive and every limit can bind, once a problem is presolved.  Mappings are rows of letters
of Y, one for each letter of X; a mixture of them is a coupling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mecbopt.formulation.convex import ConvexLimit
from mecbopt.formulation.enumeration import enumerate_mappings
from mecbopt.formulation.limits import FloatArray, IntArray, LabelLimit, Limit, RateLimit
from mecbopt.formulation.objectives import JointEntropy, Objective
from mecbopt.formulation.partitions import block_sums
from mecbopt.info import entropy, phi
from mecbopt.problem.mixture import coupling_of
from mecbopt.tolerances import LIMIT_SLACK

#: Beyond this ratio of columns scaling no longer helps.
_SMALLEST_WEIGHT = 1e-15

__all__ = ["FloatArray", "Formulation", "IntArray"]


@dataclass(frozen=True, eq=False)
class Formulation:
    """A problem as data for engines.

    Attributes
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
    objective : Objective
    limits : tuple of Limit
        Beside the marginals.
    convex : tuple of ConvexLimit
        Convex sets in which the coupling must lie.
    free_law : bool
        Whether the law of Y may vary, within the limits; `p_y` is then one law among others.
    unseen_label : bool
        Whether C limits H(S|Y), of which H(S|Y,U), that the label limit speaks of, is a lower bound.  Most
        engines know limits that are linear in the weights alone (`mecbopt.engines.base.support`).
    shape : tuple of int
        (n, m).
    rate_limit : RateLimit or None
        The limit on H(Y|U), where there is one.
    label_limit : LabelLimit or None
        The limit on H(S|Y,U), where there is one.
    other_limits : tuple of Limit
        The limits that are neither on the rate nor on the label.
    """

    p_x: FloatArray
    p_y: FloatArray
    objective: Objective
    limits: tuple[Limit, ...] = ()
    convex: tuple[ConvexLimit, ...] = ()
    free_law: bool = False
    unseen_label: bool = False
    shape: tuple[int, int] = field(init=False)
    rate_limit: RateLimit | None = field(init=False)
    label_limit: LabelLimit | None = field(init=False)
    other_limits: tuple[Limit, ...] = field(init=False)

    @classmethod
    def of(
        cls,
        p_x: FloatArray,
        p_y: FloatArray,
        rate: float = math.inf,
        p_s_given_x: FloatArray | None = None,
        max_label_entropy: float = math.inf,
    ) -> Formulation:
        """The greatest mutual information at a rate and, with a label, within an H(S|Y,U)."""
        limits: list[Limit] = []
        if math.isfinite(rate):
            limits.append(RateLimit(p_x, len(p_y), rate))
        if p_s_given_x is not None and math.isfinite(max_label_entropy):
            limits.append(LabelLimit(p_x, p_s_given_x, len(p_y), max_label_entropy))
        return cls(p_x, p_y, JointEntropy.of(p_x, p_y, rate), tuple(limits))

    def __post_init__(self) -> None:
        """Sort the limits by kind, which every engine asks for."""
        rate, label, others = None, None, []
        for limit in self.limits:
            if isinstance(limit, RateLimit):
                rate = rate or limit
            elif isinstance(limit, LabelLimit):
                label = label or limit
            else:
                others.append(limit)
        object.__setattr__(self, "shape", (len(self.p_x), len(self.p_y)))
        object.__setattr__(self, "rate_limit", rate)
        object.__setattr__(self, "label_limit", label)
        object.__setattr__(self, "other_limits", tuple(others))

    @cached_property
    def least_masses(self) -> tuple[float, float]:
        """The least mass of a letter of X, and of Y."""
        return float(self.p_x.min()), float(self.p_y.min())

    @property
    def entropy_y(self) -> float:
        """H(Y) at `p_y`, bits: an objective that is made of it knows it already."""
        if isinstance(self.objective, JointEntropy):
            return self.objective.entropy_y
        return float(entropy(self.p_y))

    @property
    def rate(self) -> float:
        """R in bits; infinity without a limit."""
        return math.inf if self.rate_limit is None else self.rate_limit.rate

    @property
    def vertex_size(self) -> int:
        """The largest number of mappings a vertex of the feasible polytope can have (support lemma)."""
        if not self.free_law:
            return len(self.p_y) + len(self.limits)
        # However many facets the set of laws has, no more than m - 1 of them are independent.
        on_the_law = [limit for limit in self.limits if limit.name == "p_y_tolerance"]
        return min(1 + len(on_the_law), len(self.p_y)) + len(self.limits) - len(on_the_law)

    @property
    def is_linear(self) -> bool:
        """Whether the feasible mixtures are a polytope: most engines know no other."""
        return not (self.unseen_label or self.convex)

    @property
    def law_for_the_core(self) -> FloatArray:
        """p_Y; an even law where it varies, of which the compiled core wants positive masses alone."""
        m = len(self.p_y)
        return np.full(m, 1.0 / m) if self.free_law else self.p_y

    @property
    def stated_label_entropy(self) -> float:
        """C in bits; infinity without a label limit."""
        return math.inf if self.label_limit is None else self.label_limit.limit

    def label_entropy(self, mappings: IntArray, weights: FloatArray) -> float:
        """H(S|Y) of a mixture, bits; for formulations with a label limit."""
        label = self.label_limit
        if label is None:
            raise ValueError("the formulation has no label")
        joint = self.coupling(mappings, weights).T @ label.channel
        return float(phi(joint).sum() - phi(joint.sum(axis=1)).sum())

    # Mappings and mixtures ----------------------------------------------------------------------------------

    def output_laws(self, mappings: IntArray) -> FloatArray:
        """q_k(y) = P(f_k(X) = y), shape (k, m), for mappings of shape (k, n)."""
        return block_sums(mappings, self.p_x[:, None], len(self.p_y))[..., 0]

    def marginal_rows(self, laws: FloatArray) -> FloatArray:
        """Rows that mixtures meet with 1: marginals in shares of p_Y, shape (m, k), or the sum of weights.

        Parameters
        ----------
        laws : ndarray, shape (k, m)
            `output_laws`.
        """
        rows: FloatArray = np.ones((1, len(laws))) if self.free_law else (laws / self.p_y).T
        return rows

    def coupling(self, mappings: IntArray, weights: FloatArray) -> FloatArray:
        """P(x, y) of a mixture, shape (n, m)."""
        return coupling_of(self.p_x, mappings, weights, len(self.p_y))

    def cost(self, mappings: IntArray, weights: FloatArray) -> float:
        """The objective of a mixture: what engines minimise."""
        return float(self.objective.costs(self.coupling(mappings, weights).ravel()))

    def largest_weights(self, laws: FloatArray, values: FloatArray, limits: tuple[Limit, ...]) -> FloatArray:
        """The greatest weight that each mapping can have, shape (k,).

        min_y p_Y(y) / q_k(y) by the marginals, and bound / value by every limit whose left-hand sides are at
        least 0, relaxed by `LIMIT_SLACK`.  Columns scaled by it have entries of at most 1 in rows that are
        scaled to right-hand sides of about 1, so that a linear program sees every mass and every rate.

        Parameters
        ----------
        laws : ndarray, shape (k, m)
        values : ndarray, shape (l, k)
            Left-hand sides of `limits`.
        """
        with np.errstate(divide="ignore", over="ignore"):
            weights: FloatArray = np.ones(len(laws))
            if not self.free_law:
                weights = np.min(np.where(laws > 0, self.p_y / laws, 1.0), axis=1)
            for value, limit in zip(values, limits, strict=True):
                if limit.nonnegative:
                    reach = max(limit.bound, 0.0) + LIMIT_SLACK
                    weights = np.minimum(weights, np.where(value > reach, reach / value, 1.0))
        return np.clip(weights, _SMALLEST_WEIGHT, 1.0)

    @cached_property
    def family(self) -> tuple[IntArray, FloatArray]:
        """All m^n mappings and their laws, shapes (m^n, n), (m^n, m): for small alphabets, kept."""
        mappings = enumerate_mappings(*self.shape)
        return mappings, self.output_laws(mappings)

    def constants(self) -> IntArray:
        """The m constant mappings, shape (m, n)."""
        n, m = self.shape
        return np.repeat(np.arange(m, dtype=np.int64)[:, None], n, axis=1)

"""The problem as a cvxpy model: variable, expressions and constraints, to build a model of one's own on.

Section 2 of the theory with cvxpy's words.  The weights w of all m^n mappings determine everything: coupling,
rate H(Y|U) and label entropy with the seed are affine in w.  Where neither is limited, the coupling itself is
variable enough: every coupling is a mixture of mappings.  I(X;Y) is convex, so it can be minimised or limited
from above, not maximised; that is what `mecbopt.solve` is for.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import Name, NotSupportedError, ProblemError, SolutionError
from mecbopt.formulation.enumeration import enumerate_mappings, mapping_count, mapping_count_in_words
from mecbopt.info import entropy
from mecbopt.problem import Mixture, Problem
from mecbopt.problem.constraints import constraint_parts, cvxpy_module
from mecbopt.units import BITS_PER_NAT

__all__ = ["CvxpyModel"]

FloatArray = NDArray[np.float64]

#: Columns that a modelling language still handles in seconds.
_MAX_MAPPINGS = 20_000
#: Weights of a solution below this are the tolerance of its solver.
_NO_WEIGHT = 1e-9


@dataclass(frozen=True, eq=False)
class CvxpyModel:
    """Pieces of a problem for a cvxpy model of one's own; expressions are in bits.

    Attributes
    ----------
    problem : Problem
    variable : cvxpy.Variable
        The weights, shape (k,), or the coupling, shape (n, m).
    weights : cvxpy.Variable or None
        w_k, one for each mapping; None where the coupling is the variable.
    mappings : ndarray of int, shape (k, n), or None
    coupling : cvxpy expression, shape (n, m)
        P(x, y), affine.
    output_law : cvxpy expression, shape (m,)
        P(y), affine.
    constraints : list of cvxpy constraints
        All that the problem states: marginals or tolerance, rate, label, and the problem's own constraints.
    mutual_information : cvxpy expression
        I(X;Y), convex.
    joint_entropy, output_entropy : cvxpy expressions
        H(X,Y) and H(Y), concave.
    rate : cvxpy expression or None
        H(Y|U), affine in the weights; None where the coupling is the variable.
    label_entropy_with_seed : cvxpy expression or None
        H(S|Y,U), affine in the weights; None without weights or label.
    label_entropy_without_seed : cvxpy expression or None
        H(S|Y), concave; None without a label.
    expected_distortion : cvxpy expression or None
        E d(X,Y), affine; None without a distortion.
    """

    problem: Problem
    variable: Any
    weights: Any | None
    mappings: NDArray[np.int64] | None
    coupling: Any
    output_law: Any
    constraints: list[Any]
    mutual_information: Any
    joint_entropy: Any
    output_entropy: Any
    rate: Any | None
    label_entropy_with_seed: Any | None
    label_entropy_without_seed: Any | None
    expected_distortion: Any | None

    @classmethod
    def of(cls, problem: Problem, variable: str = "weights") -> CvxpyModel:
        """The model of a problem; see `Problem.to_cvxpy`."""
        return _model(problem, variable)

    def mixture(self) -> Mixture:
        """The mappings and weights of the values that a solve left, weights below 1e-9 dropped.

        Raises
        ------
        SolutionError
            There are no values yet, or no weights.
        """
        if self.weights is None or self.mappings is None:
            raise SolutionError(
                argument="weights",
                value=None,
                found="is None: the coupling is the variable",
                remedy="call to_cvxpy(variable='weights')",
            )
        if self.weights.value is None:
            raise SolutionError(
                argument="weights", value=None, found="has no value", remedy="solve a cvxpy.Problem first"
            )
        values = np.asarray(self.weights.value, dtype=float)
        kept = np.flatnonzero(values > _NO_WEIGHT)
        return Mixture(self.mappings[kept], values[kept] / values[kept].sum())


def _model(problem: Problem, variable: str) -> CvxpyModel:
    """The pieces put together."""
    if not isinstance(variable, Hashable) or variable not in ("weights", "coupling"):
        raise ProblemError(argument="variable", value=variable, required="be 'weights' or 'coupling'")
    _refuse_reverse_convex(problem)
    cvxpy = cvxpy_module()
    n, m = problem.shape
    weights, mappings, indicators = None, None, None
    if variable == "coupling":
        _refuse_without_weights(problem)
        chosen = coupling = cvxpy.Variable((n, m), nonneg=True, name="coupling")
        marginals = [cvxpy.sum(coupling, axis=1) == problem.p_x]
    else:
        mappings = _all_mappings(n, m)
        chosen = weights = cvxpy.Variable(len(mappings), nonneg=True, name="weights")
        indicators = (mappings[:, :, None] == np.arange(m)).astype(float)
        columns = (problem.p_x[:, None] * indicators).reshape(len(mappings), n * m)
        coupling = cvxpy.reshape(columns.T @ weights, (n, m), order="C")
        marginals = [cvxpy.sum(weights) == 1]
    output_law = cvxpy.sum(coupling, axis=0)
    pieces = _pieces(cvxpy, problem, coupling, output_law)
    if indicators is not None:
        pieces |= _with_weights(problem, weights, indicators)
    stated = [*marginals, *_limits(cvxpy, problem, output_law, pieces)]
    for position, constraint in enumerate(problem.constraints):
        stated += constraint_parts(constraint, coupling, f"constraints[{position}]")
    return CvxpyModel(problem, chosen, weights, mappings, coupling, output_law, stated, **pieces)


def _pieces(cvxpy: Any, problem: Problem, coupling: Any, output_law: Any) -> dict[str, Any]:
    """Expressions that follow from the coupling."""
    independent = cvxpy.multiply(
        problem.p_x[:, None], cvxpy.reshape(output_law, (1, problem.shape[1]), order="C")
    )
    pieces = {
        "mutual_information": BITS_PER_NAT * cvxpy.sum(cvxpy.rel_entr(coupling, independent)),
        "joint_entropy": BITS_PER_NAT * cvxpy.sum(cvxpy.entr(coupling)),
        "output_entropy": BITS_PER_NAT * cvxpy.sum(cvxpy.entr(output_law)),
        "rate": None,
        "label_entropy_with_seed": None,
        "label_entropy_without_seed": None,
        "expected_distortion": None,
    }
    if problem.p_s_given_x is not None:
        table = problem.p_s_given_x.T @ coupling
        totals = np.ones((len(problem.p_s_given_x.T), 1)) @ cvxpy.reshape(
            output_law, (1, problem.shape[1]), order="C"
        )
        pieces["label_entropy_without_seed"] = -BITS_PER_NAT * cvxpy.sum(cvxpy.rel_entr(table, totals))
    if problem.distortion is not None:
        pieces["expected_distortion"] = cvxpy.sum(cvxpy.multiply(problem.distortion, coupling))
    return pieces


def _with_weights(problem: Problem, weights: Any, indicators: FloatArray) -> dict[str, Any]:
    """Expressions that need to know which mapping the seed picked."""
    laws = np.einsum("x,kxy->ky", problem.p_x, indicators)
    found = {"rate": entropy(laws, axis=1) @ weights}
    if problem.p_s_given_x is not None:
        tables = np.einsum("x,xs,kxy->kys", problem.p_x, problem.p_s_given_x, indicators)
        label = entropy(tables, axis=(1, 2)) - entropy(laws, axis=1)
        found["label_entropy_with_seed"] = label @ weights
    return found


def _limits(cvxpy: Any, problem: Problem, output_law: Any, pieces: dict[str, Any]) -> list[Any]:
    """The constraints of the problem's numbers."""
    found = []
    if problem.p_y is not None:
        found.append(
            cvxpy.norm1(output_law - problem.p_y) <= 2.0 * problem.p_y_tolerance
            if problem.p_y_tolerance > 0.0
            else output_law == problem.p_y
        )
    if pieces["rate"] is not None and math.isfinite(problem.rate):
        found.append(pieces["rate"] <= problem.rate)
    if problem.max_label_entropy is not None:
        found.append(pieces["label_entropy_with_seed"] <= problem.max_label_entropy)
    if problem.min_label_entropy is not None:
        found.append(pieces["label_entropy_without_seed"] >= problem.min_label_entropy)
    return found


def _all_mappings(n: int, m: int) -> NDArray[np.int64]:
    """Every mapping, where a model can hold a weight for each."""
    if mapping_count(n, m) > _MAX_MAPPINGS:
        raise NotSupportedError(
            argument="problem",
            value=(n, m),
            found=f"has {mapping_count_in_words(n, m)}",
            required=f"have at most {_MAX_MAPPINGS} for a weight each",
            remedy="use variable='coupling' where neither the rate nor a label is limited",
        )
    return enumerate_mappings(n, m)


def _refuse_reverse_convex(problem: Problem) -> None:
    """H(S|Y) is concave: an upper limit on it is no constraint that cvxpy takes."""
    if problem.max_label_entropy is not None and not problem.label_sees_seed:
        raise NotSupportedError(
            argument="label_sees_seed",
            value=False,
            found="is False, and H(S|Y) <= max_label_entropy is not convex",
            remedy=(
                "leave ",
                Name("max_label_entropy"),
                " out and use label_entropy_without_seed of the model, or use mecbopt.solve",
            ),
        )


def _refuse_without_weights(problem: Problem) -> None:
    """What the coupling alone does not determine."""
    limits = {
        "rate": None if math.isinf(problem.rate) else problem.rate,
        "max_label_entropy": problem.max_label_entropy,
    }
    for name, value in limits.items():
        if value is not None:
            raise NotSupportedError(
                argument="variable",
                value="coupling",
                found=("is 'coupling', which does not determine what ", Name(name), " limits"),
                remedy=("use variable='weights', or leave ", Name(name), " out"),
            )

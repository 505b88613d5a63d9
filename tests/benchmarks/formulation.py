"""The problem as a general solver sees it (the finite form), and the judgement of the point it returns.

Independent of the package: the columns come from the oracle of the tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tests.oracle import bits, polytope

__all__ = ["CELL_LOWER_BOUND", "FiniteForm", "finite_form", "judge"]

#: Peers cannot take the logarithm of 0.
CELL_LOWER_BOUND = 1e-9


@dataclass(frozen=True)
class FiniteForm:
    """min sum phi(P) over P = sum_k w_k M_k with the marginals of Y and the rate.

    Without a binding rate (`mapping_entropies` is None) every coupling is such a mixture, and the marginals
    alone describe the polytope: that is what the peers get, since it is by far the easier form.
    """

    p_x: NDArray[np.float64]
    p_y: NDArray[np.float64]
    rate: float
    letters: NDArray[np.bool_] | None
    mapping_entropies: NDArray[np.float64] | None

    @property
    def entropy_sum(self) -> float:
        """H(X) + H(Y), bits."""
        return float(bits(self.p_x).sum() + bits(self.p_y).sum())

    @property
    def cell_bounds(self) -> NDArray[np.float64]:
        """The largest value of each cell, shape (n, m)."""
        return np.minimum.outer(self.p_x, self.p_y)


def finite_form(p_x: NDArray[np.float64], p_y: NDArray[np.float64], rate: float) -> FiniteForm:
    """The finite form; `letters[k, x, y]` says whether mapping k takes x to y."""
    if rate >= bits(p_y).sum() - 1e-12:
        return FiniteForm(p_x, p_y, math.inf, None, None)
    body = polytope(p_x, p_y, rate)
    cells = body.cells[: body.count].reshape(body.count, len(p_x), len(p_y))
    return FiniteForm(p_x, p_y, rate, cells > 0, body.columns[-1, : body.count])


def judge(form: FiniteForm, coupling: NDArray[np.float64]) -> dict[str, float]:
    """What a returned coupling is worth once it satisfies the constraints exactly.

    A solver meets constraints within a tolerance only, and phi has an unbounded slope at 0, so its own
    objective can be off in either direction.  One linear program in the direction of the gradient moves the
    point to a vertex of the true polytope that is at least as good up to the violation (concavity).

    Returns
    -------
    dict
        "value" (bits, of the vertex), "value_as_returned" (bits, of the coupling itself) and "violation"
        (largest deviation of its marginals).
    """
    body = polytope(form.p_x, form.p_y, form.rate)
    slope = -np.log2(np.clip(coupling, CELL_LOWER_BOUND, None)).ravel()
    moved = linprog(body.cells @ slope, A_eq=body.columns, b_eq=body.target)
    vertex = np.clip(body.cells.T @ moved.x, 0.0, None)
    returned = np.clip(coupling, 0.0, None)
    return {
        "value": form.entropy_sum - float(bits(vertex).sum()),
        "value_as_returned": form.entropy_sum - float(bits(returned).sum()),
        "violation": float(
            max(np.abs(coupling.sum(axis=1) - form.p_x).max(), np.abs(coupling.sum(axis=0) - form.p_y).max())
        ),
    }

"""What every search of the compiled tree states of a formulation, and what it answers between slices."""

from __future__ import annotations

import math
from typing import Any

from mecbopt._core import tree
from mecbopt.formulation import Formulation, linear_rows

__all__ = ["CompiledTree", "core_arguments"]


def core_arguments(formulation: Formulation, seed: int, *, slack: float) -> dict[str, Any]:
    """The arguments of a `CompiledSearch` that a formulation decides.

    With a label or linear rows bounds are for the limits relaxed by the slack that every coupling is allowed:
    one that is met with equality by a single point would leave no room for rounding, and its price may be
    large.  Without one a slack s of the rate is worth of the order of R s bits, and none is needed.
    """
    label = formulation.label_limit
    rows, law = linear_rows(formulation) if formulation.other_limits or formulation.free_law else (None, None)
    return {
        "p_x": formulation.p_x,
        "p_y": formulation.law_for_the_core,
        "rate": formulation.rate * (1.0 + slack),
        "p_s_given_x": None if label is None else label.channel,
        "max_label_entropy": None if label is None else label.bound + slack,
        "label_table": None if label is None else label.table[0],
        "linear": (rows.coefficients, rows.lower, rows.upper) if rows else None,
        "law_between": law,
        "seed": seed,
    }


class CompiledTree:
    """A search in C and the bound that was known before it."""

    in_one_step = False
    _search: tree.CompiledSearch
    _floor: float

    @property
    def cost_bound(self) -> float:
        """A valid lower bound on the cost; never decreases."""
        bound = self._search.entropy_lower_bound
        # Infinity would say "infeasible", which the feasible start contradicts: then nothing was proved.
        return max(self._floor, bound) if bound < math.inf else self._floor

    @property
    def nodes(self) -> int:
        """Nodes processed."""
        return self._search.nodes

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        return self._search.finished

    @property
    def trouble(self) -> bool:
        """Whether a part of the tree could not be closed for numerical reasons."""
        return self._search.trouble > 0 or self._search.infeasible

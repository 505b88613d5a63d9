"""Chains as an engine: quantisers with two outputs, for any number of letters of X."""

from __future__ import annotations

from dataclasses import dataclass

from mecbopt.engines.base import YES, Request, Support
from mecbopt.engines.chains.search import ChainSearch
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation

__all__ = ["Chains"]


@dataclass(frozen=True)
class Chains:
    """The search over chains of nested sets.

    Attributes
    ----------
    letters_from : int
        Letters of X from which it is picked by itself: below, the compiled tree is as quick.
    """

    letters_from: int = 8
    name = "chains"
    method = "exact"

    def supports(self, formulation: Formulation) -> Support:
        """Two letters of Y, and no limit but on the rate."""
        if formulation.objective.name != "mutual_information":
            return Support(f"does not take the objective {formulation.objective.name!r}")
        others = [limit.name for limit in formulation.limits if limit is not formulation.rate_limit]
        if others:
            return Support(f"does not take a limit by {others[0]}")
        if formulation.shape[1] != 2 or formulation.shape[0] < 2:
            return Support("takes two letters of Y")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """From a number of letters on."""
        return formulation.shape[0] >= self.letters_from

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> ChainSearch:
        """A search in Python."""
        return ChainSearch(formulation, feasible, cost_bound, request)

"""The branch and bound in C as an engine (`mecbopt._core.tree`)."""

from __future__ import annotations

from dataclasses import dataclass

from mecbopt._core import tree
from mecbopt.engines.base import YES, Request, Support
from mecbopt.engines.tree_executor import TreeInExecutor
from mecbopt.engines.tree_search import TreeInSlices
from mecbopt.engines.tree_threads import TreeInThreads
from mecbopt.engines.vertex import Incumbent
from mecbopt.formulation import Formulation, LinearLimit, linear_rows

__all__ = ["Tree"]


@dataclass(frozen=True)
class Tree(tree.Settings):
    """The compiled tree with its settings; those of `mecbopt._core.tree.Settings` are its arguments.

    >>> Tree(pool_limit=200).pool_limit
    200
    """

    name = "compiled"
    method = "exact"
    takes_unseen_label = True

    def supports(self, formulation: Formulation) -> Support:
        """Letters as the tables allow, a rate, a label, linear limits, whatever law of Y they leave."""
        if not tree.available():
            return Support("was not built (no C compiler at installation)")
        n, m = formulation.shape
        if min(n, m) < 2:
            return Support("takes two letters a side and more")
        if not tree.takes(n, m):
            return Support(f"takes {tree.LETTERS_TAKEN}; the problem has n, m = {n, m}")
        if formulation.objective.name not in ("mutual_information", "conditional_entropy"):
            return Support(f"does not take the objective {formulation.objective.name!r}")
        for limit in formulation.other_limits:
            if not isinstance(limit, LinearLimit):
                return Support(f"does not take a limit by {limit.name}")
        label = formulation.label_limit
        if formulation.unseen_label and label is not None and label.channel.shape[1] > tree.MAX_LABELS:
            return Support(
                f"takes at most {tree.MAX_LABELS} labels, the problem has {label.channel.shape[1]}"
            )
        rows = len(linear_rows(formulation)[0]) if formulation.other_limits else 0
        if rows > tree.MAX_LINEAR_ROWS:
            return Support(f"takes at most {tree.MAX_LINEAR_ROWS} linear rows, the problem has {rows}")
        return YES

    def suits(self, formulation: Formulation, request: Request) -> bool:
        """Always: the quickest where it applies."""
        return True

    def start(
        self, formulation: Formulation, feasible: Incumbent, cost_bound: float, request: Request
    ) -> TreeInSlices:
        """A search in C, here, in threads, or on an executor."""
        kind: type[TreeInSlices] = TreeInSlices if request.workers == 1 else TreeInThreads
        if request.executor is not None:
            kind = TreeInExecutor
        return kind(self, formulation, feasible, cost_bound, request)

"""Whether what a certificate claims is true of the problem that it states, by the solver in floats."""

from __future__ import annotations

import functools
import json
from fractions import Fraction

import mecbopt as mb
from tests.certificates.second import Verdict

#: What the solver's tolerances of the limits can move its ends by.
SLACK = Fraction(1, 10**6)


@functools.lru_cache(maxsize=4096)
def _ends(stated: str) -> tuple[Fraction, Fraction] | None:
    """Ends of the optimum of a stated problem; None where it has no coupling."""
    problem = json.loads(stated)
    label, rate = problem["label"] or {}, problem["rate"]
    limit = label.get("max_entropy")
    solution = mb.solve(
        mb.Problem(
            [Fraction(p) for p in problem["p_x"]],
            [Fraction(p) for p in problem["p_y"]],
            rate=float("inf") if rate is None else Fraction(rate),
            p_s_given_x=[[Fraction(p) for p in row] for row in label["p_s_given_x"]] if label else None,
            max_label_entropy=None if limit is None else Fraction(limit),
        ),
        gap=1e-8,
    )
    if solution.status is mb.Status.INFEASIBLE:
        return None
    return Fraction(solution.mutual_information), Fraction(solution.upper_bound)


def holds(stated: dict, verdict: Verdict) -> bool:
    """Whether an accepted certificate's interval holds the optimum."""
    ends = _ends(json.dumps(stated, sort_keys=True))
    if ends is None or verdict.lower is None or verdict.upper is None:
        return ends is None and verdict.lower is None
    value, upper_bound = ends
    return verdict.lower <= upper_bound + SLACK and verdict.upper >= value - SLACK
